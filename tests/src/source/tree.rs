//! The modules of a crate, found as the compiler finds them.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use syn::{Attribute, Expr, ExprLit, Item, ItemMod, Lit, Meta};

use super::is_for_tests;
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
    /// Its names from the root on, which has none.
    pub(super) path: Vec<String>,
    pub(super) file: PathBuf,
    pub(super) parent: Option<usize>,
    pub(super) children: BTreeMap<String, usize>,
    pub(super) names: Names,
}

/// A crate's sources could not be taken for what they are.
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
        /// Why.
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
        loader.add(None, &[], root, &directory, &items)?;
        Ok(Self { modules: loader.modules })
    }
}

struct Loader<'a> {
    read: &'a dyn Fn(&Path) -> Option<String>,
    modules: Vec<Module>,
}

impl Loader<'_> {
    /// Adds a module and those beneath it. `directory` is where the files of its children lie.
    fn add(
        &mut self,
        parent: Option<usize>,
        path: &[String],
        file: &Path,
        directory: &Path,
        items: &[Item],
    ) -> Result<usize, LoadError> {
        let index = self.modules.len();
        let (children, names) = (BTreeMap::new(), Names::of(items));
        self.modules.push(Module { path: path.to_owned(), file: file.to_owned(), parent, children, names });
        for item in items {
            let Item::Mod(child) = item else { continue };
            if is_for_tests(&child.attrs) {
                continue;
            }
            let name = child.ident.to_string();
            let path = [path, std::slice::from_ref(&name)].concat();
            let child = self.add_child(index, &path, file, directory, child)?;
            self.modules[index].children.insert(name, child);
        }
        Ok(index)
    }

    fn add_child(
        &mut self,
        parent: usize,
        path: &[String],
        file: &Path,
        directory: &Path,
        child: &ItemMod,
    ) -> Result<usize, LoadError> {
        let name = child.ident.to_string();
        let beneath = directory.join(&name);
        if let Some((_, items)) = &child.content {
            return self.add(Some(parent), path, file, &beneath, items);
        }
        if let Some(named) = named_file(&child.attrs) {
            let own = file.parent().unwrap_or(Path::new("")).join(named);
            let items =
                self.parse(&own)?.ok_or(LoadError::Missing { file: file.to_owned(), module: name })?;
            let directory = own.parent().unwrap_or(Path::new("")).to_owned();
            return self.add(Some(parent), path, &own, &directory, &items);
        }
        for own in [directory.join(format!("{name}.rs")), beneath.join("mod.rs")] {
            if let Some(items) = self.parse(&own)? {
                return self.add(Some(parent), path, &own, &beneath, &items);
            }
        }
        Err(LoadError::Missing { file: file.to_owned(), module: name })
    }

    fn parse(&self, file: &Path) -> Result<Option<Vec<Item>>, LoadError> {
        let Some(text) = (self.read)(file) else { return Ok(None) };
        match syn::parse_file(&text) {
            Ok(parsed) => Ok(Some(parsed.items)),
            Err(source) => Err(LoadError::Malformed { file: file.to_owned(), source }),
        }
    }
}

/// The file of `#[path = "…"]`.
fn named_file(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(file), .. }) => Some(file.value()),
            _ => None,
        },
        Meta::NameValue(_) | Meta::List(_) | Meta::Path(_) => None,
    })
}
