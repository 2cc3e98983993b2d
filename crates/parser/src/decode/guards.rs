//! `guard`: what one plan may do.

use rolecall_model::config::{Guard, MaxDeletions};
use rolecall_model::{OriginId, Origins};

use super::Decoder;
use crate::syntax::Node;

/// What the `guard` nodes read so far say together: the strictest of each value, and the default only where none
/// says anything.
#[derive(Debug, Default)]
pub(super) struct Guards {
    deletions: Option<(u32, OriginId)>,
    percent: Option<u32>,
}

impl Guards {
    pub(super) fn into_guard(self) -> Guard {
        let Guard { max_deletions: default, .. } = Guard::default();
        let max_deletions = MaxDeletions {
            count: self.deletions.map_or(default.count, |(count, _)| count),
            percent: self.percent.unwrap_or(default.percent),
            origin: self.deletions.map(|(_, origin)| origin),
        };
        Guard { max_deletions, ..Guard::default() }
    }

    fn max_deletions(&mut self, node: &Node, origins: &mut Origins) {
        let count = node.arguments.first().and_then(|value| value.number());
        if let Some(count) = count.filter(|count| self.deletions.is_none_or(|(least, _)| *count < least)) {
            self.deletions = Some((count, origins.add(node.header)));
        }
        let percent = node.property("percent").and_then(|value| value.number());
        self.percent = self.percent.into_iter().chain(percent).min();
    }
}

impl Decoder<'_> {
    pub(super) fn guard(&mut self, node: &Node) {
        for child in node.children_named("max-deletions") {
            self.parts.guards.max_deletions(child, &mut self.origins);
        }
    }
}
