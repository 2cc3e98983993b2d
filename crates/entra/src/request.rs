//! Requests: a route with its parameters, query and body.

use std::fmt;

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::routes::{ChangeRoute, ReadRoute, Route};

/// The characters that are not encoded: RFC 3986's unreserved ones.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A request. Its `Debug` is its route, since the body may contain a secret.
#[derive(Clone)]
pub(crate) struct Call {
    pub(crate) route: &'static Route,
    address: Address,
    body: Bytes,
}

#[derive(Clone)]
enum Address {
    /// Path and query, percent-encoded, without Graph's version.
    Path(String),
    /// The validated absolute link to the next page.
    Link(String),
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.route, formatter)
    }
}

impl Call {
    fn new(route: &'static Route, parameters: &[&str]) -> Self {
        let mut parameters = parameters.iter();
        let segments = route.template.split('/').map(|segment| {
            if segment.starts_with('{') {
                let parameter = parameters.next().copied().unwrap_or_default();
                utf8_percent_encode(parameter, RESERVED).to_string()
            } else {
                segment.to_owned()
            }
        });
        let path = segments.collect::<Vec<_>>().join("/");
        Self { route, address: Address::Path(path), body: Bytes::new() }
    }

    fn query(mut self, name: &str, value: &str) -> Self {
        if let Address::Path(path) = &mut self.address {
            let mark = if path.contains('?') { '&' } else { '?' };
            // `$` is allowed in a query, and unencoded in Graph's documentation.
            *path = format!("{path}{mark}{name}={}", utf8_percent_encode(value, RESERVED));
        }
        self
    }

    /// Returns path and query relative to Graph's version; `None` for a link.
    pub(crate) fn path(&self) -> Option<&str> {
        match &self.address {
            Address::Path(path) => Some(path),
            Address::Link(_) => None,
        }
    }

    /// The absolute URI under a base, such as `https://graph.microsoft.com/v1.0`.
    pub(crate) fn uri(&self, base: &str) -> String {
        match &self.address {
            Address::Path(path) => format!("{base}{path}"),
            Address::Link(link) => link.clone(),
        }
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }
}

/// Serializes a body as JSON. Bodies consist of texts, lists and maps with text keys, which always serialize.
fn json(body: &impl Serialize) -> Bytes {
    Bytes::from(serde_json::to_vec(body).expect("texts, lists and maps of texts can be written as JSON"))
}

/// A request that reads.
#[derive(Debug, Clone)]
pub(crate) struct Read(pub(crate) Call);

impl Read {
    /// Creates a request to a route, with a parameter for each name in braces.
    pub(crate) fn of(route: ReadRoute, parameters: &[&str]) -> Self {
        Self(Call::new(route.0, parameters))
    }

    pub(crate) fn query(self, name: &str, value: &str) -> Self {
        Self(self.0.query(name, value))
    }

    pub(crate) fn filter(self, filter: &str) -> Self {
        self.query("$filter", filter)
    }

    pub(crate) fn select(self, properties: &str) -> Self {
        self.query("$select", properties)
    }

    /// Requests the largest pages that Graph supports for directory objects.
    pub(crate) fn large_pages(self) -> Self {
        self.query("$top", "999")
    }

    /// Creates the request for the page behind a validated link.
    pub(crate) fn link(route: &'static Route, link: String) -> Self {
        Self(Call { route, address: Address::Link(link), body: Bytes::new() })
    }

    /// Creates a batch of reads.
    pub(crate) fn batch(route: ReadRoute, body: &impl Serialize) -> Self {
        Self(Call { body: json(body), ..Call::new(route.0, &[]) })
    }
}

/// A request that changes something.
#[derive(Debug, Clone)]
pub(crate) struct Change(pub(crate) Call);

impl Change {
    /// Creates a request to a route, with a parameter for each name in braces.
    pub(crate) fn of(route: ChangeRoute, parameters: &[&str]) -> Self {
        Self(Call::new(route.0, parameters))
    }

    pub(crate) fn body(self, body: &impl Serialize) -> Self {
        Self(Call { body: json(body), ..self.0 })
    }
}

/// Quotes a text for a filter.
pub(crate) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;
    use crate::routes::{GET_GROUP, LIST_GROUPS};

    #[test]
    fn names_with_quotes_and_reserved_characters_arrive_as_they_are() {
        let name = "O'Neill & Söhne #1 100%+";
        let read = Read::of(LIST_GROUPS, &[])
            .filter(&format!("displayName eq {}", quoted(name)))
            .select("id,displayName");
        assert_eq!(
            read.0.uri("https://graph.microsoft.com/v1.0"),
            "https://graph.microsoft.com/v1.0/groups?$filter=displayName%20eq%20%27O%27%27Neill%20%26%20S%C3%B6hne%20%231\
             %20100%25%2B%27&$select=id%2CdisplayName"
        );
        assert_eq!(Read::of(GET_GROUP, &["../users?a"]).0.path(), Some("/groups/..%2Fusers%3Fa"));
    }

    proptest! {
        /// Whatever the name of a group, its filter is one text literal, and the request has one parameter.
        #[test]
        fn no_name_leaves_its_quotes(name in any::<String>()) {
            let quoted = quoted(&name);
            let inner = &quoted[1..quoted.len() - 1];
            prop_assert!(!inner.replace("''", "").contains('\''));
            let read = Read::of(LIST_GROUPS, &[]).filter(&quoted);
            let query = read.0.path().unwrap().split_once('?').unwrap().1;
            prop_assert!(!query.contains(['&', '#', ' ', '\'', '+']), "{query}");
            let value = query.split_once('=').unwrap().1;
            prop_assert_eq!(percent_encoding::percent_decode_str(value).decode_utf8().unwrap(), quoted);
        }
    }
}
