//! The way to write a case: [`check`] a text, and ask the [`Checked`] project.

use rolecall_model::config::{GroupIx, PermissionSetRef, UserRef};
use rolecall_model::{Code, Config, Place};
use rolecall_parser::{MemoryFiles, Project, load};

/// What begins the project file of a case.
pub(crate) const HEAD: &str = "rolecall language=1 stack=\"acme\"\nidentity-center region=\"eu-west-1\"\n";

/// Loads a project with this text beneath the head of its file.
pub(crate) fn check(text: &str) -> Checked {
    check_files(&[("rolecall.kdl", &format!("{HEAD}{text}"))])
}

/// Loads a project of these files, which have no head but their own.
pub(crate) fn check_files<T: AsRef<str>>(files: &[(&str, T)]) -> Checked {
    let files: MemoryFiles = files.iter().map(|(path, text)| (*path, text.as_ref())).collect();
    Checked(load(&files, "rolecall.kdl"))
}

/// A project that was loaded.
pub(crate) struct Checked(pub(crate) Project);

impl Checked {
    /// The configuration of a project that must have one.
    pub(crate) fn config(self) -> Config {
        let messages = self.messages().join("\n");
        self.0.config.unwrap_or_else(|| panic!("{messages}"))
    }

    /// The codes of all that was found, in the order of places.
    pub(crate) fn codes(&self) -> Vec<Code> {
        self.0.diagnostics.iter().map(|found| found.code).collect()
    }

    /// The messages of all that was found, in the order of places.
    pub(crate) fn messages(&self) -> Vec<&str> {
        self.0.diagnostics.iter().map(|found| found.message.as_str()).collect()
    }

    /// The messages, each with the text at its place.
    pub(crate) fn placed_messages(&self) -> Vec<(&str, &str)> {
        let text_at = |place: Place| &self.0.sources.get(place.file).text[place.range()];
        let found = self.0.diagnostics.iter();
        found
            .map(|found| (found.message.as_str(), found.primary.as_ref().map_or("", |at| text_at(at.place))))
            .collect()
    }
}

/// References to all declared groups, in the order of their labels.
pub(crate) fn groups(config: &Config) -> Vec<GroupIx> {
    config.referenced_groups().map(|(group, _)| group).collect()
}

/// References to all declared permission sets: the stack's own, then those that are externally managed.
pub(crate) fn permission_sets(config: &Config) -> Vec<PermissionSetRef> {
    let owned = config.referenced_permission_sets().map(|(set, _)| PermissionSetRef::Owned(set));
    let external =
        config.referenced_external_permission_sets().map(|(set, _)| PermissionSetRef::External(set));
    owned.chain(external).collect()
}

/// The names of users.
pub(crate) fn user_names(users: &[UserRef]) -> Vec<&str> {
    users.iter().map(|user| user.name.as_str()).collect()
}
