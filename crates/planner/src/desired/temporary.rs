//! Temporary assignments: those with an end in the future.

use std::collections::BTreeMap;

use rolecall_model::Date;

use super::Desired;
use super::keys::{Index as _, RuleIx};
use crate::inputs::Checkout;
use crate::plan::Temporary;

/// Returns the rules with an end in the future, with the number of assignments of each.
pub(crate) fn temporary(files: &Checkout<'_>, today: Date, desired: &Desired<'_>) -> Vec<Temporary> {
    let mut counts: BTreeMap<RuleIx, usize> = BTreeMap::new();
    for wanted in &desired.wanted {
        *counts.entry(wanted.rule).or_default() += 1;
    }
    let config = files.config;
    let temporary = counts.into_iter().filter_map(|(rule, assignments)| {
        let rule = &config.assignments[rule.at()];
        let until = rule.until?.date;
        let groups = rule.groups.iter().map(|index| config[*index].label.clone());
        let users = rule.users.iter().map(|user| user.name.to_string());
        let sets = rule.permission_sets.iter().map(|one| config.permission_set_name(*one).clone());
        Some(Temporary {
            until,
            days_left: (until - today).get_days(),
            assignments,
            principals: groups.chain(users).collect(),
            permission_sets: sets.collect(),
            note: rule.reason.clone(),
            written: files.written(rule.origin),
        })
    });
    let mut temporary: Vec<Temporary> = temporary.collect();
    temporary.sort_by(|a, b| (a.until, &a.written).cmp(&(b.until, &b.written)));
    temporary
}
