//! Account assignments with the names that people know them by.

use std::fmt;

use rolecall_model::Assignment;

/// An account assignment with its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedAssignment {
    /// The natural key.
    pub assignment: Assignment,
    /// What the principal is called.
    pub principal_name: PrincipalName,
    /// What the account is called.
    pub account_name: String,
}

/// What a principal is called, and whether it still exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalName {
    /// A group that exists.
    Group {
        /// How the files call it, if they declare it.
        label: Option<String>,
        /// Its display name in the Identity Store.
        live_name: String,
    },
    /// A user who exists, by user name.
    User(String),
    /// A group or user that is gone; only the raw id is left.
    Orphan(String),
}

impl PrincipalName {
    /// What lists are sorted by.
    pub(crate) fn sort_text(&self) -> &str {
        match self {
            Self::Group { label: Some(name), .. }
            | Self::Group { label: None, live_name: name }
            | Self::User(name)
            | Self::Orphan(name) => name,
        }
    }
}

/// For people: a name that the files do not declare, or that differs from what they say, is marked, so that nobody
/// takes one group for another.
impl fmt::Display for PrincipalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { label: Some(label), live_name } if label == live_name => formatter.write_str(label),
            Self::Group { label: Some(label), live_name } => write!(formatter, "{label} ({live_name})"),
            Self::Group { label: None, live_name } => write!(formatter, "{live_name} [undeclared]"),
            Self::User(name) => write!(formatter, "user {name}"),
            Self::Orphan(id) => {
                // The last part of a UUID tells principals apart; JSON has the whole id.
                let end = id.rsplit('-').next().unwrap_or(id);
                write!(formatter, "deleted …{end}")
            }
        }
    }
}
