//! Operations whose missing lists are accepted as empty.

use std::collections::BTreeSet;

use super::can_be_empty;
use crate::api::Api;

/// The operations whose response may lack its list, or its single member, when there is nothing: the way out if AWS
/// omits an empty list somewhere. Empty unless the user names operations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AbsentMeansEmpty(BTreeSet<Api>);

/// The name of an operation that cannot be chosen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnknownOperation {
    /// Rolecall calls no such operation, or its response has nothing that could be empty.
    #[error("{name} is not an operation whose response may be empty; those are {}", known.join(", "))]
    Unknown {
        /// What was given.
        name: String,
        /// The operations that can be chosen.
        known: Vec<String>,
    },
    /// Several services have an operation of this name.
    #[error("{name} is an operation of several services; name one: {}", choices.join(", "))]
    Ambiguous {
        /// What was given.
        name: String,
        /// The operations with that name.
        choices: Vec<String>,
    },
}

impl AbsentMeansEmpty {
    /// Parses the name of one operation, such as `ListInstances` or `sso-admin:ListTagsForResource`.
    ///
    /// # Errors
    /// Returns an error for a name that is not exactly one operation.
    pub fn of(name: &str) -> Result<Self, UnknownOperation> {
        Ok(Self(BTreeSet::from([operation(name)?])))
    }

    /// Returns whether the operation is one of them.
    pub(crate) fn contains(&self, api: Api) -> bool {
        self.0.contains(&api)
    }

    /// Returns the operations as statistics name them, such as `sso-admin:ListInstances`.
    pub fn names(&self) -> BTreeSet<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromIterator<Self> for AbsentMeansEmpty {
    fn from_iter<I: IntoIterator<Item = Self>>(all: I) -> Self {
        Self(all.into_iter().flat_map(|one| one.0).collect())
    }
}

fn operation(name: &str) -> Result<Api, UnknownOperation> {
    let named: Vec<Api> =
        can_be_empty().filter(|api| api.operation == name || api.to_string() == name).collect();
    match named[..] {
        [api] => Ok(api),
        [] => Err(UnknownOperation::Unknown {
            name: name.to_owned(),
            known: can_be_empty().map(|api| api.to_string()).collect(),
        }),
        _ => Err(UnknownOperation::Ambiguous {
            name: name.to_owned(),
            choices: named.iter().map(ToString::to_string).collect(),
        }),
    }
}
