//! `keep`: live assignments that stay although no `assign` grants them. A `keep` never grants: it matches only live
//! assignments.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rolecall_model::config::{Config, KeepRule, KeptPrincipals};
use rolecall_model::{Date, GroupId, Principal, Snapshot};

use super::keys::{KeepIx, Key, Tables, indexed};
use super::matcher::Matcher;
use super::selectors::AccountResolver;
use crate::directory::Resolution;

/// A `keep` that applies on the plan's day.
pub(crate) struct Keep {
    /// Its index in the configuration.
    pub(crate) rule: KeepIx,
    matcher: Matcher,
}

/// Resolves every `keep`, including ended ones, whose errors are reported too. Returns only those that apply, sorted by
/// end, latest first.
pub(crate) fn resolve(
    config: &Config,
    snapshot: &Snapshot,
    today: Date,
    tables: &Tables<'_>,
    resolution: &Resolution<'_>,
    resolver: &mut AccountResolver<'_>,
) -> Vec<Keep> {
    let undeclared = undeclared_groups(snapshot, resolution);
    let mut found = Vec::new();
    for (rule, keep) in indexed(&config.keeps) {
        let KeepRule { permission_sets, principals, on, until, reason: _, origin: _ } = keep;
        let names = permission_sets.iter().map(|one| config.permission_set_name(*one));
        let principals = match principals {
            KeptPrincipals::Anyone => None,
            KeptPrincipals::Undeclared => Some(tables.find_principals(undeclared.iter())),
            KeptPrincipals::These { groups, users } => {
                let groups = groups.iter().filter_map(|index| resolution.group(*index));
                let users = users.iter().filter_map(|user| resolution.user(&user.name));
                Some(tables.find_principals(groups.chain(users)))
            }
        };
        let matcher = Matcher {
            sets: (!permission_sets.is_empty()).then(|| tables.find_sets(names)),
            accounts: (!on.is_empty()).then(|| resolver.all_of(on).into()),
            principals,
            ..Matcher::default()
        };
        if until.is_none_or(|until| until.date >= today) {
            found.push((until.map(|until| until.date), Keep { rule, matcher }));
        }
    }
    // The `keep` with the latest end, or with none, keeps an assignment longest: it is shown and evaluated.
    found.sort_by_key(|(until, keep)| (Reverse(until.unwrap_or(Date::MAX)), keep.rule));
    found.into_iter().map(|(_, keep)| keep).collect()
}

/// The groups of the Identity Store that the configuration does not declare.
fn undeclared_groups(snapshot: &Snapshot, resolution: &Resolution<'_>) -> Vec<Principal> {
    let declared: BTreeSet<&GroupId> = resolution
        .group_principals()
        .filter_map(|(_, principal)| match principal {
            Principal::Group(id) => Some(id),
            Principal::NewGroup(_) | Principal::User(_) => None,
        })
        .collect();
    let groups = snapshot.groups.iter().map(|group| &group.id);
    groups.filter(|id| !declared.contains(id)).map(|id| Principal::Group(id.clone())).collect()
}

/// The first `keep` that matches an assignment.
pub(crate) fn keeping(keeps: &[Keep], key: Key) -> Option<KeepIx> {
    keeps.iter().find(|keep| keep.matcher.matches(key)).map(|keep| keep.rule)
}
