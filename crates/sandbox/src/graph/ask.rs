//! A request on its way to its route, and what becomes of it.

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
    /// The path as it came, without the version.
    pub(crate) path: &'a str,
    /// What stands in the path for the names in braces, in their order.
    pub(crate) parameters: Vec<String>,
    pub(crate) query: &'a [(String, String)],
    /// The body; `null` where there is none.
    pub(crate) body: &'a Value,
    /// The body as it came, for the one route that takes a form.
    pub(crate) text: &'a [u8],
    /// Whether there is `ConsistencyLevel: eventual`.
    pub(crate) eventual: bool,
    pub(crate) base: &'a str,
}

impl Ask<'_> {
    /// What stands in the path for the first name in braces; empty where there is none.
    pub(crate) fn first(&self) -> &str {
        self.parameters.first().map_or("", String::as_str)
    }
}

/// A route.
pub(crate) struct Route {
    /// The method and the template of the path, such as `GET /groups/{id}`.
    pub(crate) name: &'static str,
    pub(crate) family: Family,
    /// What it uses up of its family's allowance.
    pub(crate) cost: u32,
    pub(crate) run: Run,
}

/// What a route does.
pub(crate) enum Run {
    /// One request of Graph's, with a token.
    Graph(fn(&mut Tenancy, &mut World, &Ask<'_>) -> GraphAnswer),
    /// Several of Graph's requests in one.
    Batch,
    /// A request outside Graph, without a token.
    Open(fn(&mut Tenancy, &mut World, &Ask<'_>) -> GraphAnswer),
}

impl Route {
    /// Whether it reads a list, which may lag behind.
    pub(crate) fn lags(&self) -> bool {
        self.family == Family::Directory && self.name.starts_with("GET ") && !self.name.ends_with('}')
    }

    /// The names in braces.
    pub(crate) fn parameter_names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let segments = self.name.split('/');
        segments.filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// What became of one request: an answer, or the fault that struck it on the way.
pub(super) struct Handled {
    pub(super) answer: GraphAnswer,
    pub(super) fault: Option<RequestFault>,
}
