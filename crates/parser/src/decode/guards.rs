//! `guard`: limits of a plan and of the configuration.

use std::collections::BTreeMap;

use rolecall_model::config::{
    Forbid, Guard, GuardException, MaxDeletions, MaxGrants, Protected, RequireUntil, RowFilter,
};
use rolecall_model::{OriginId, PermissionSetName, Place};

use super::Decoder;
use super::assignments::reason_text;
use crate::limits::is_policy_name;
use crate::syntax::{Node, Value};
use crate::words::{
    ExceptionWord, GuardFilterWord, GuardWord, MaxDeletionsProperties, RequireUntilProperties,
};

/// The combination of the `guard` nodes decoded so far: the strictest of each value, and the default only if there is
/// none.
#[derive(Debug, Default)]
pub(super) struct Guards {
    deletions: Option<(u32, OriginId)>,
    percent: Option<u32>,
    grants: Option<MaxGrants>,
    protected: BTreeMap<PermissionSetName, OriginId>,
    forbids: BTreeMap<String, Forbid>,
    require_untils: Vec<RequireUntil>,
    /// Each with the name of its `forbid`, which may be decoded later.
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
            // If there is none of that name, resolution has reported it.
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

/// The lines that define to which assignments a guard applies.
#[derive(Default)]
struct FilterLines<'n> {
    permission_set: Vec<&'n Node>,
    grants_policy: Vec<&'n Node>,
    to: Vec<&'n Node>,
    to_user: Vec<&'n Node>,
    on: Vec<&'n Node>,
    except_to: Vec<&'n Node>,
    except_to_user: Vec<&'n Node>,
}

impl<'n> FilterLines<'n> {
    /// The lines of a `forbid` or a `require-until`.
    fn of(node: &'n Node) -> Self {
        let mut lines = Self::default();
        for (word, child) in node.words() {
            let of_word = match word {
                GuardFilterWord::PermissionSet => &mut lines.permission_set,
                GuardFilterWord::GrantsPolicy => &mut lines.grants_policy,
                GuardFilterWord::To => &mut lines.to,
                GuardFilterWord::ToUser => &mut lines.to_user,
                GuardFilterWord::On => &mut lines.on,
                GuardFilterWord::ExceptTo => &mut lines.except_to,
                GuardFilterWord::ExceptToUser => &mut lines.except_to_user,
            };
            of_word.push(child);
        }
        lines
    }
}

impl Decoder<'_> {
    pub(super) fn guard(&mut self, node: &Node) {
        let mut protect = Vec::new();
        for (word, child) in node.words() {
            match word {
                GuardWord::MaxDeletions => self.max_deletions(child),
                GuardWord::MaxGrants => self.max_grants(child),
                GuardWord::Protect => protect.push(child),
                GuardWord::Forbid => self.forbid(child),
                GuardWord::RequireUntil => self.require_until(child),
                GuardWord::Exception => self.exception(child),
            }
        }
        self.protect(&protect);
    }

    fn max_deletions(&mut self, node: &Node) {
        let count = node.arguments.first().and_then(|value| value.number());
        if let Some(count) =
            count.filter(|count| self.parts.guards.deletions.is_none_or(|(least, _)| *count < least))
        {
            self.parts.guards.deletions = Some((count, self.origin(node.header)));
        }
        let MaxDeletionsProperties { percent } = node.values();
        let percent = percent.and_then(Value::number);
        let guards = &mut self.parts.guards;
        guards.percent = guards.percent.into_iter().chain(percent).min();
    }

    fn max_grants(&mut self, node: &Node) {
        let Some(count) = node.arguments.first().and_then(|value| value.number()) else { return };
        if self.parts.guards.grants.is_none_or(|least| count < least.count) {
            self.parts.guards.grants = Some(MaxGrants { count, origin: self.origin(node.header) });
        }
    }

    /// Several guards may protect the same permission set.
    fn protect(&mut self, lines: &[&Node]) {
        for (text, place) in self.distinct_texts(lines) {
            if let Some(name) = self.permission_set_name(&text, place) {
                let origin = self.origin(place);
                self.parts.guards.protected.entry(name).or_insert(origin);
            }
        }
    }

    fn forbid(&mut self, node: &Node) {
        let rows = self.row_filter(&FilterLines::of(node));
        let origin = self.origin(node.header);
        let Some((name, _)) = node.text() else { return };
        let forbid = Forbid { name: name.to_owned(), rows, exceptions: Vec::new(), origin };
        // A second one of the same name has been reported.
        self.parts.guards.forbids.entry(name.to_owned()).or_insert(forbid);
    }

    fn require_until(&mut self, node: &Node) {
        let RequireUntilProperties { within_days } = node.values();
        let within_days = within_days.and_then(Value::number);
        let rows = self.row_filter(&FilterLines::of(node));
        let origin = self.origin(node.header);
        self.parts.guards.require_untils.push(RequireUntil { within_days, rows, origin });
    }

    fn exception(&mut self, node: &Node) {
        let name = node.text().map(|(name, place)| {
            self.names.forbid(name, place);
            name.to_owned()
        });
        let (mut lines, mut until, mut reason) = (FilterLines::default(), None, None);
        for (word, child) in node.words() {
            match word {
                ExceptionWord::PermissionSet => lines.permission_set.push(child),
                ExceptionWord::To => lines.to.push(child),
                ExceptionWord::ToUser => lines.to_user.push(child),
                ExceptionWord::On => lines.on.push(child),
                ExceptionWord::Until => until = until.or(Some(child)),
                ExceptionWord::Reason => reason = reason.or(Some(child)),
            }
        }
        let rows = self.row_filter(&lines);
        let until = until.and_then(|until| self.until(until));
        let origin = self.origin(node.header);
        if let (Some(name), Some(until), Some(reason)) = (name, until, reason.and_then(reason_text)) {
            self.parts.guards.exceptions.push((name, GuardException { rows, until, reason, origin }));
        }
    }

    fn row_filter(&mut self, lines: &FilterLines<'_>) -> RowFilter {
        let FilterLines { permission_set, grants_policy, to, to_user, on, except_to, except_to_user } = lines;
        let sets = self.distinct_texts(permission_set);
        RowFilter {
            permission_sets: self.permission_sets(sets.iter().map(|(name, place)| (name.as_str(), *place))),
            grants_policies: self.granted_policies(grants_policy),
            groups: self.groups(to),
            users: self.users(to_user),
            on: self.on(on),
            except_groups: self.groups(except_to),
            except_users: self.users(except_to_user),
        }
    }

    fn granted_policies(&mut self, lines: &[&Node]) -> Vec<String> {
        let mut policies = Vec::new();
        for (text, place) in self.distinct_texts(lines) {
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
                "a policy: the name of an AWS managed policy with its path, its ARN, or the name of a customer managed policy",
            );
            return false;
        }
        true
    }
}
