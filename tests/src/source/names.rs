//! The names that a module defines, imports and refers to.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Span, TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemUse, Macro, Path, UseTree, VisRestricted};

use super::is_for_tests;

/// A path in the source, such as `super::wire::Answer`, without generic arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reference {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
    /// Whether it is the path of `use …::*`.
    pub(super) is_glob: bool,
}

/// The names of one module.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Items that the module defines.
    pub(super) defined: BTreeSet<String>,
    /// Imported names, with the path of each.
    pub(super) imported: BTreeMap<String, Vec<String>>,
    /// The paths of `use …::*`.
    pub(super) globs: Vec<Vec<String>>,
    /// Every path with at least two segments, including those of `use`.
    pub(super) references: Vec<Reference>,
}

impl Names {
    /// Collects the names of these items, except modules, which have names of their own, and items for tests.
    pub(super) fn of(items: &[Item]) -> Self {
        let mut names = Self::default();
        for item in items {
            if is_for_tests(attributes(item)) || matches!(item, Item::Mod(_)) {
                continue;
            }
            names.defined.extend(defined_name(item));
            names.visit_item(item);
        }
        names
    }

    fn refer(&mut self, segments: Vec<String>, span: Span) {
        self.references.push(Reference { segments, line: span.start().line, is_glob: false });
    }

    fn import(&mut self, tree: &UseTree, path: &[String]) {
        let extended = |name: &syn::Ident| [path, &[name.to_string()]].concat();
        match tree {
            UseTree::Path(inner) => self.import(&inner.tree, &extended(&inner.ident)),
            UseTree::Name(name) if name.ident == "self" => {
                let alias = path.last().cloned().unwrap_or_default();
                self.bring_in(alias, path.to_vec(), name.ident.span());
            }
            UseTree::Name(name) => {
                self.bring_in(name.ident.to_string(), extended(&name.ident), name.ident.span());
            }
            UseTree::Rename(rename) => {
                let whole = if rename.ident == "self" { path.to_vec() } else { extended(&rename.ident) };
                self.bring_in(rename.rename.to_string(), whole, rename.ident.span());
            }
            UseTree::Glob(glob) => {
                let line = glob.star_token.spans[0].start().line;
                self.globs.push(path.to_vec());
                self.references.push(Reference { segments: path.to_vec(), line, is_glob: true });
            }
            UseTree::Group(group) => group.items.iter().for_each(|inner| self.import(inner, path)),
        }
    }

    fn bring_in(&mut self, alias: String, path: Vec<String>, span: Span) {
        self.imported.insert(alias, path.clone());
        self.refer(path, span);
    }

    /// Finds paths in the tokens of a macro, which cannot be parsed in general.
    fn search(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Group(group) => self.search(group.stream()),
                TokenTree::Ident(first) => {
                    let segments = segments_from(&tokens[at..]);
                    // Each further segment is two colons and a name.
                    let skipped = 3 * (segments.len() - 1);
                    if segments.len() > 1
                        && !is_punctuation(at.checked_sub(1).map(|before| &tokens[before]), '$')
                    {
                        self.refer(segments, first.span());
                    }
                    at += skipped;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }
}

fn is_punctuation(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

/// Returns the segments of a path whose first name is the first token.
fn segments_from(tokens: &[TokenTree]) -> Vec<String> {
    let mut segments = Vec::new();
    for step in tokens.chunks(3) {
        let [TokenTree::Ident(name), rest @ ..] = step else { break };
        segments.push(name.to_string());
        if rest.len() < 2 || !rest.iter().all(|token| is_punctuation(Some(token), ':')) {
            break;
        }
    }
    segments
}

impl<'ast> Visit<'ast> for Names {
    fn visit_item(&mut self, item: &'ast Item) {
        // A function may contain items for tests.
        if !is_for_tests(attributes(item)) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        if import.leading_colon.is_none() {
            self.import(&import.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'ast Path) {
        if path.leading_colon.is_none() && path.segments.len() > 1 {
            let segments = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
            self.refer(segments, path.segments[0].ident.span());
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        visit::visit_macro(self, call);
        self.search(call.tokens.clone());
    }

    /// Skips `pub(super)`, which is not a dependency.
    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        // This enum of another crate may grow. New kinds of items have no attributes that are known here.
        _ => &[],
    }
}

fn defined_name(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::TraitAlias(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}
