//! `keep`: live rows that stay although no `assign` wants them. A `keep` never grants: it is asked about live rows
//! alone.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use rolecall_model::config::{KeepRule, KeptPrincipals};
use rolecall_model::{Date, Principal};

use crate::Inputs;
use crate::accounts::AccountResolver;
use crate::expand::{Key, Principals, Tables};
use crate::matcher::RowMatcher;

/// A `keep` that holds on the plan's day.
pub(crate) struct Keep {
    /// Its number in the configuration.
    pub(crate) rule: u32,
    rows: RowMatcher,
}

/// Resolves every `keep`, also those whose end has passed: what is wrong with those is wrong as well. Only the ones that
/// hold are returned, those that end last first.
pub(crate) fn keeps(
    inputs: &Inputs<'_>,
    today: Date,
    tables: &Tables<'_>,
    resolved: &Principals,
    resolver: &mut AccountResolver<'_>,
) -> Vec<Keep> {
    let existing: BTreeSet<_> = inputs.snapshot.groups.iter().map(|group| &group.id).collect();
    let declared: BTreeSet<_> = resolved
        .groups
        .values()
        .filter_map(|principal| match principal {
            Principal::Group(id) => Some(id),
            Principal::NewGroup(_) | Principal::User(_) => None,
        })
        .collect();
    let mut found = Vec::new();
    for (rule, keep) in (0_u32..).zip(&inputs.config.keeps) {
        let KeepRule { permission_sets, principals, on, until, reason: _, origin: _ } = keep;
        let names = permission_sets.iter().map(|one| inputs.config.permission_set_name(*one));
        let principals = match principals {
            KeptPrincipals::Anyone => None,
            KeptPrincipals::Undeclared => {
                let undeclared = existing.difference(&declared).map(|id| Principal::Group((*id).clone()));
                Some(tables.principal_numbers(undeclared))
            }
            KeptPrincipals::These { groups, users } => {
                let groups = groups.iter().filter_map(|index| resolved.groups.get(index)).cloned();
                let users = users.iter().filter_map(|user| resolved.users.get(user.name.as_str())).cloned();
                Some(tables.principal_numbers(groups.chain(users)))
            }
        };
        let rows = RowMatcher {
            sets: (!permission_sets.is_empty()).then(|| tables.set_numbers(names)),
            accounts: (!on.is_empty()).then(|| resolver.all_of(on)),
            principals,
            ..RowMatcher::default()
        };
        if until.is_none_or(|until| until.date >= today) {
            found.push((until.map(|until| until.date), Keep { rule, rows }));
        }
    }
    // The one without an end, or with the latest, holds a row the longest: it is what is shown and judged.
    found.sort_by_key(|(until, keep)| (Reverse(until.unwrap_or(Date::MAX)), keep.rule));
    found.into_iter().map(|(_, keep)| keep).collect()
}

/// The first `keep` that matches a row.
pub(crate) fn keeping(keeps: &[Keep], key: Key) -> Option<u32> {
    keeps.iter().find(|keep| keep.rows.matches(key)).map(|keep| keep.rule)
}
