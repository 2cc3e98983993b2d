//! `guard`: what one plan may do, and what the files may want.

use std::collections::BTreeMap;

use rolecall_model::config::{
    Forbid, Guard, GuardException, MaxDeletions, MaxGrants, Protected, RequireUntil, RowFilter,
};
use rolecall_model::{OriginId, PermissionSetName, Place};

use super::Decoder;
use super::assignments::reason;
use crate::limits::is_policy_name;
use crate::syntax::Node;

/// What the `guard` nodes read so far say together: the strictest of each value, and the default only where none
/// says anything.
#[derive(Debug, Default)]
pub(super) struct Guards {
    deletions: Option<(u32, OriginId)>,
    percent: Option<u32>,
    grants: Option<MaxGrants>,
    protected: BTreeMap<PermissionSetName, OriginId>,
    forbids: BTreeMap<String, Forbid>,
    require_untils: Vec<RequireUntil>,
    /// Each with the name of its `forbid`, which may be read later.
    exceptions: Vec<(String, GuardException)>,
}

impl Guards {
    pub(super) fn into_guard(self) -> Guard {
        let Self { deletions, percent, grants, protected, mut forbids, require_untils, exceptions } = self;
        let Guard { max_deletions: default, .. } = Guard::default();
        let max_deletions = MaxDeletions {
            count: deletions.map_or(default.count, |(count, _)| count),
            percent: percent.unwrap_or(default.percent),
            origin: deletions.map(|(_, origin)| origin),
        };
        for (name, exception) in exceptions {
            // Where there is none of that name, resolution has reported it.
            if let Some(forbid) = forbids.get_mut(&name) {
                forbid.exceptions.push(exception);
            }
        }
        Guard {
            max_deletions,
            max_grants: grants,
            protected: protected.into_iter().map(|(name, origin)| Protected { name, origin }).collect(),
            forbids: forbids.into_values().collect(),
            require_untils,
        }
    }
}

impl Decoder<'_> {
    pub(super) fn guard(&mut self, node: &Node) {
        for child in node.children() {
            match child.word.as_str() {
                "max-deletions" => self.max_deletions(child),
                "max-grants" => self.max_grants(child),
                "forbid" => self.forbid(child),
                "require-until" => self.require_until(child),
                "exception" => self.exception(child),
                // `protect` follows; the check has reported every other word.
                _ => {}
            }
        }
        self.protect(node);
    }

    fn max_deletions(&mut self, node: &Node) {
        let count = node.arguments.first().and_then(|value| value.number());
        if let Some(count) =
            count.filter(|count| self.parts.guards.deletions.is_none_or(|(least, _)| *count < least))
        {
            self.parts.guards.deletions = Some((count, self.origin(node.header)));
        }
        let percent = node.property("percent").and_then(|value| value.number());
        let guards = &mut self.parts.guards;
        guards.percent = guards.percent.into_iter().chain(percent).min();
    }

    fn max_grants(&mut self, node: &Node) {
        let Some(count) = node.arguments.first().and_then(|value| value.number()) else { return };
        if self.parts.guards.grants.is_none_or(|least| count < least.count) {
            self.parts.guards.grants = Some(MaxGrants { count, origin: self.origin(node.header) });
        }
    }

    /// Several guards may protect one set; that is said twice, and no mistake.
    fn protect(&mut self, node: &Node) {
        for (text, place) in self.distinct_texts(node, "protect") {
            if let Some(name) = self.permission_set_name(&text, place) {
                let origin = self.origin(place);
                self.parts.guards.protected.entry(name).or_insert(origin);
            }
        }
    }

    fn forbid(&mut self, node: &Node) {
        let rows = self.row_filter(node);
        let origin = self.origin(node.header);
        let Some((name, _)) = node.text() else { return };
        let forbid = Forbid { name: name.to_owned(), rows, exceptions: Vec::new(), origin };
        // A second one of the name has been reported.
        self.parts.guards.forbids.entry(name.to_owned()).or_insert(forbid);
    }

    fn require_until(&mut self, node: &Node) {
        let within_days = node.property("within-days").and_then(|value| value.number());
        let rows = self.row_filter(node);
        let origin = self.origin(node.header);
        self.parts.guards.require_untils.push(RequireUntil { within_days, rows, origin });
    }

    fn exception(&mut self, node: &Node) {
        let name = node.text().map(|(name, place)| {
            self.names.forbid(name, place);
            name.to_owned()
        });
        let rows = self.row_filter(node);
        let until = self.until(node);
        let origin = self.origin(node.header);
        if let (Some(name), Some(until), Some(reason)) = (name, until, reason(node)) {
            self.parts.guards.exceptions.push((name, GuardException { rows, until, reason, origin }));
        }
    }

    fn row_filter(&mut self, node: &Node) -> RowFilter {
        let sets = self.distinct_texts(node, "permission-set");
        RowFilter {
            permission_sets: self.permission_sets(sets.iter().map(|(name, place)| (name.as_str(), *place))),
            grants_policies: self.granted_policies(node),
            groups: self.groups(node, "to"),
            users: self.users(node, "to-user"),
            on: self.on(node),
            except_groups: self.groups(node, "except-to"),
            except_users: self.users(node, "except-to-user"),
        }
    }

    fn granted_policies(&mut self, node: &Node) -> Vec<String> {
        let mut policies = Vec::new();
        for (text, place) in self.distinct_texts(node, "grants-policy") {
            if self.is_granted_policy(&text, place) {
                policies.push(text);
            }
        }
        policies.sort_unstable();
        policies
    }

    fn is_granted_policy(&mut self, text: &str, place: Place) -> bool {
        if text.starts_with("arn:") {
            return self.managed_policy(text, place).is_some();
        }
        if !is_policy_name(text) {
            self.invalid(
                place,
                text,
                "a policy: the name of an AWS managed one with its path, its ARN, or the name of a customer managed one",
            );
            return false;
        }
        true
    }
}
