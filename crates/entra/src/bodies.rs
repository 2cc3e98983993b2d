//! The bodies of requests and responses, as far as they are used.

use serde::Deserialize;

pub(crate) mod applications;
pub(crate) mod directory;
pub(crate) mod logs;
pub(crate) mod policies;
pub(crate) mod synchronization;

/// A page of a list.
#[derive(Debug, Deserialize)]
pub(crate) struct Page<T> {
    pub(crate) value: Vec<T>,
    #[serde(rename = "@odata.nextLink")]
    pub(crate) next_link: Option<String>,
}
