//! `adopt`, `renamed-from` and `release-permission-set`, and contradictions between them.

use std::collections::BTreeMap;

use rolecall_model::config::{Release, RenamedFrom};
use rolecall_model::{Code, Diagnostic, OriginId, Place};

use super::Decoder;
use crate::resolve::Names;
use crate::syntax::Node;

/// The names in lifecycle words. They are compared once all files are decoded.
#[derive(Debug, Default)]
pub(super) struct Lifecycle {
    renames: Vec<Rename>,
    /// By the released name.
    released: BTreeMap<String, Place>,
}

/// A `renamed-from`.
#[derive(Debug)]
struct Rename {
    from: String,
    /// Where `from` is written.
    place: Place,
    /// The name of the new permission set.
    to: String,
    to_place: Place,
}

impl Decoder<'_> {
    pub(super) fn release_permission_set(&mut self, node: &Node) {
        let Some((text, place)) = node.text() else { return };
        let Some(name) = self.permission_set_name(text, place) else { return };
        if let Some(first) = self.lifecycle.released.get(text) {
            let found = Diagnostic::error(
                Code::DuplicateDeclaration,
                format!("the permission set `{text}` is released more than once"),
            );
            self.found.push(
                found
                    .at(place, format!("duplicate release of `{text}`"))
                    .and(*first, format!("`{text}` is first released here"))
                    .help("keep one of the two"),
            );
            return;
        }
        self.lifecycle.released.insert(text.to_owned(), place);
        let origin = self.origin(node.header);
        self.parts.releases.push(Release { name, origin });
    }

    /// Decodes `adopt` of a permission set; `renamed` is its `renamed-from`.
    pub(super) fn adopt(&mut self, adopt: &Node, renamed: Option<&Node>) -> OriginId {
        if let Some(renamed) = renamed {
            self.found.push(
                Diagnostic::error(
                    Code::LifecycleContradiction,
                    "`adopt` and `renamed-from` contradict each other",
                )
                .at(renamed.header, "according to this, the permission set exists under another name")
                .and(adopt.word_place, "according to this, the permission set exists under this name")
                .help("keep one of the two"),
            );
        }
        self.origin(adopt.header)
    }

    /// Decodes `renamed-from` of a permission set; `to` is the new name, if it is valid.
    pub(super) fn renamed_from(&mut self, node: &Node, to: Option<(&str, Place)>) -> Option<RenamedFrom> {
        let (text, place) = node.text()?;
        let name = self.permission_set_name(text, place)?;
        if let Some((to, to_place)) = to {
            self.lifecycle.renames.push(Rename { from: text.to_owned(), place, to: to.to_owned(), to_place });
        }
        Some(RenamedFrom { name, origin: self.origin(node.header) })
    }

    /// Reports contradictions of lifecycle words with each other and with declarations.
    pub(super) fn lifecycle_contradictions(&mut self) {
        let Lifecycle { renames, released } = std::mem::take(&mut self.lifecycle);
        let mut first_renames: BTreeMap<&str, &Rename> = BTreeMap::new();
        for rename in &renames {
            let first = *first_renames.entry(&rename.from).or_insert(rename);
            self.found.extend(contradiction(rename, first, &released, &self.names));
        }
        for (name, place) in &released {
            let Some((declared, false)) = self.names.declared_permission_set(name) else { continue };
            self.found.push(
                Diagnostic::error(
                    Code::LifecycleContradiction,
                    format!("the permission set `{name}` is declared and released"),
                )
                .at(*place, format!("this releases `{name}`"))
                .and(declared, format!("this declares that the stack owns `{name}`"))
                .help("remove one of the two; to assign the permission set without owning it, declare it with `external-permission-set`"),
            );
        }
    }
}

/// Returns the first contradiction of a `renamed-from`. `first` is the first that names the same permission set.
fn contradiction(
    rename: &Rename,
    first: &Rename,
    released: &BTreeMap<String, Place>,
    names: &Names,
) -> Option<Diagnostic> {
    let Rename { from, place, to, to_place } = rename;
    let error = |message: String| Diagnostic::error(Code::LifecycleContradiction, message);
    let gone = format!("`{from}` is deleted once `{to}` replaces it");
    if from == to {
        return Some(
            error(format!("the permission set `{to}` is renamed from its own name"))
                .at(*place, "the permission set already has this name")
                .and(*to_place, format!("`{to}` is declared here"))
                .help("write the previous name of the permission set, or remove `renamed-from`"),
        );
    }
    if let Some((declared, _)) = names.declared_permission_set(from) {
        return Some(
            error(format!("`{to}` is renamed from `{from}`, which is also declared"))
                .at(*place, gone)
                .and(declared, format!("`{from}` is declared here"))
                .help(format!("remove the declaration of `{from}` or the `renamed-from`")),
        );
    }
    if let Some(release) = released.get(from) {
        return Some(
            error(format!("`{to}` is renamed from `{from}`, which is also released"))
                .at(*place, gone)
                .and(*release, format!("this releases `{from}`"))
                .help("remove one of the two"),
        );
    }
    if first.place != *place {
        return Some(
            error(format!("`{to}` and `{}` are both renamed from `{from}`", first.to))
                .at(*place, format!("`{to}` replaces `{from}`"))
                .and(first.place, format!("`{}` also replaces `{from}`", first.to))
                .help("only one permission set can replace another; remove one `renamed-from`"),
        );
    }
    None
}
