//! A request to a route, and its result.

use serde_json::Value;

use super::limits::Family;
use super::tenancy::Tenancy;
use super::wire::GraphAnswer;
use crate::faults::RequestFault;
use crate::world::World;

/// A request on its way to its route.
pub(crate) struct Ask<'a> {
    /// The route.
    pub(crate) route: &'static Route,
    /// The path as received, without the version.
    pub(crate) path: &'a str,
    /// The path parameters, in order.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: &'a [(String, String)],
    /// The body; `null` where there is none.
    pub(crate) body: &'a Value,
    /// The body as received, for the one route that takes a form.
    pub(crate) text: &'a [u8],
    /// Whether there is `ConsistencyLevel: eventual`.
    pub(crate) eventual: bool,
    pub(crate) base: &'a str,
}

impl Ask<'_> {
    /// Returns the first path parameter, or an empty text.
    pub(crate) fn first(&self) -> &str {
        self.parameters.first().map_or("", String::as_str)
    }
}

/// A route.
pub(crate) struct Route {
    /// The method and the template of the path, such as `GET /groups/{id}`.
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    /// Its cost within its family's limit.
    pub(crate) cost: u32,
    pub(crate) run: Run,
}

/// The implementation of a route.
pub(crate) enum Run {
    /// A request to Graph, which needs a token.
    Graph(fn(&mut Tenancy, &mut World, &Ask<'_>) -> GraphAnswer),
    /// Several requests to Graph in one.
    Batch,
    /// A request outside Graph, which needs no token.
    Open(fn(&mut Tenancy, &mut World, &Ask<'_>) -> GraphAnswer),
}

impl Route {
    /// Returns whether it reads a list, which may be outdated.
    pub(crate) fn lags(&self) -> bool {
        self.family == Family::Directory && self.name.starts_with("GET ") && !self.name.ends_with('}')
    }

    /// Returns the names of its path parameters.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let segments = self.name.split('/');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// The answer to a request, and the fault that was injected.
pub(super) struct Handled {
    pub(super) answer: GraphAnswer,
    pub(super) fault: Option<RequestFault>,
}
