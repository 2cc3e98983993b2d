//! The modules of a crate, found by the compiler's rules.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

use super::names::Names;

/// The modules of one crate, or of one test binary.
#[derive(Debug)]
pub struct Crate {
    /// The first is the root.
    pub(super) modules: Vec<Module>,
}

/// A module: a file, or a block within one.
#[derive(Debug)]
pub(super) struct Module {
    /// Its names from the root on, which itself has none.
    pub(super) path: Vec<String>,
    pub(super) file: PathBuf,
    /// Whether it is compiled only for tests.
    pub(super) is_for_tests: bool,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    pub(super) names: Names,
}

/// An error in loading a crate.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A module has no file.
    #[error("module `{module}` of {file} has no file", file = .file.display())]
    Missing {
        /// The file that declares the module.
        file: PathBuf,
        /// The module.
        module: String,
    },
    /// A file is not Rust.
    #[error("{file}: {source}", file = .file.display())]
    Malformed {
        /// The file.
        file: PathBuf,
        /// The cause.
        #[source]
        source: syn::Error,
    },
}

impl Crate {
    /// Loads a crate by its root file. `read` returns the text of a file, or `None` where there is none.
    ///
    /// # Errors
    /// A module has no file, or a file is not Rust.
    pub fn load(root: &Path, read: &dyn Fn(&Path) -> Option<String>) -> Result<Self, LoadError> {
        let mut loader = Loader { read, modules: Vec::new() };
        let missing = || LoadError::Missing { file: root.to_owned(), module: "crate".to_owned() };
        let items = loader.parse(root)?.ok_or_else(missing)?;
        let directory = root.parent().unwrap_or(Path::new("")).to_owned();
        loader.add(None, &[], false, &Origin { file: root.to_owned(), directory, items })?;
        Ok(Self { modules: loader.modules })
    }

    /// Returns the files of the crate, including those for tests.
    pub fn files(&self) -> BTreeSet<&Path> {
        self.modules.iter().map(|module| module.file.as_path()).collect()
    }
}

struct Loader<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    modules: Vec<Module>,
}

/// The source of a module's items.
struct Origin {
    file: PathBuf,
    /// The directory of its children's files.
    directory: PathBuf,
    items: Vec<Item>,
}

impl Loader<'_> {
    /// Adds a module and its descendants.
    fn add(
        &mut self,
        parent: Option<usize>,
        path: &[String],
        is_for_tests: bool,
        origin: &Origin,
    ) -> Result<usize, LoadError> {
        let index = self.modules.len();
        self.modules.push(Module {
            path: path.to_owned(),
            file: origin.file.clone(),
            is_for_tests,
            parent,
            children: BTreeMap::new(),
            names: Names::of(&origin.items),
        });
        for item in &origin.items {
            let Item::Mod(child) = item else { continue };
            let name = child.ident.to_string();
            let path = [path, std::slice::from_ref(&name)].concat();
            let is_for_tests = is_for_tests || super::is_for_tests(&child.attrs);
            let added = self.add(Some(index), &path, is_for_tests, &self.origin_of(child, origin)?)?;
            self.modules[index].children.insert(name, added);
        }
        Ok(index)
    }

    /// Finds the items of a declared module, in a block or in a file of its own.
    fn origin_of(&self, child: &ItemMod, parent: &Origin) -> Result<Origin, LoadError> {
        let name = child.ident.to_string();
        let beneath = parent.directory.join(&name);
        if let Some((_, items)) = &child.content {
            return Ok(Origin { file: parent.file.clone(), directory: beneath, items: items.clone() });
        }
        let candidates = match named_file(&child.attrs) {
            Some(named) => {
                let file = parent.file.parent().unwrap_or(Path::new("")).join(named);
                let directory = file.parent().unwrap_or(Path::new("")).to_owned();
                vec![(file, directory)]
            }
            None => vec![
                (parent.directory.join(format!("{name}.rs")), beneath.clone()),
                (beneath.join("mod.rs"), beneath),
            ],
        };
        for (file, directory) in candidates {
            if let Some(items) = self.parse(&file)? {
                return Ok(Origin { file, directory, items });
            }
        }
        Err(LoadError::Missing { file: parent.file.clone(), module: name })
    }

    fn parse(&self, file: &Path) -> Result<Option<Vec<Item>>, LoadError> {
        let Some(text) = (self.read)(file) else { return Ok(None) };
        match syn::parse_file(&text) {
            Ok(parsed) => Ok(Some(parsed.items)),
            Err(source) => Err(LoadError::Malformed { file: file.to_owned(), source }),
        }
    }
}

/// Returns the file of `#[path = "…"]`.
fn named_file(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(file), .. }) => Some(file.value()),
            _ => None,
        },
        Meta::NameValue(_) | Meta::List(_) | Meta::Path(_) => None,
    })
}
