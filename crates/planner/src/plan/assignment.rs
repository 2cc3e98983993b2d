//! Account assignments with display names.

use std::fmt;

use rolecall_model::Assignment;

/// An account assignment with its names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NamedAssignment {
    /// The natural key.
    pub assignment: Assignment,
    /// The principal's name.
    pub principal_name: PrincipalName,
    /// The account's name.
    pub account_name: String,
}

/// The name of a principal, and whether it still exists.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrincipalName {
    /// A group that exists.
    Group {
        /// Its label in the configuration, if declared.
        label: Option<String>,
        /// Its display name in the Identity Store.
        live_name: String,
    },
    /// A user who exists, by user name.
    User(String),
    /// A deleted group or user; only the id is known.
    Orphan(String),
}

impl PrincipalName {
    /// Returns the text that lists are sorted by.
    pub(crate) fn sort_text(&self) -> &str {
        match self {
            Self::Group { label: Some(name), .. }
            | Self::Group { label: None, live_name: name }
            | Self::User(name)
            | Self::Orphan(name) => name,
        }
    }
}

/// For display: marks a name that the configuration does not declare, or that differs from the declared one, so that no
/// reader confuses two groups.
impl fmt::Display for PrincipalName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Group { label: Some(label), live_name } if label == live_name => formatter.write_str(label),
            Self::Group { label: Some(label), live_name } => write!(formatter, "{label} ({live_name})"),
            Self::Group { label: None, live_name } => write!(formatter, "{live_name} [undeclared]"),
            Self::User(name) => write!(formatter, "user {name}"),
            Self::Orphan(id) => {
                // The last part of a UUID distinguishes principals; JSON has the complete id.
                let end = id.rsplit('-').next().unwrap_or(id);
                write!(formatter, "deleted …{end}")
            }
        }
    }
}
