//! Ends of assignments: which end applies if several rules grant one assignment, and what has expired.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::Until;
use rolecall_model::{Code, Date, Diagnostic};

use super::keeps::{self, Keep};
use super::keys::{Index as _, KeepIx, Key, RuleIx, Tables, Wanted};
use crate::directory::Resolution;
use crate::inputs::Checkout;

/// One assignment per key: the desired ones, and separately the expired ones.
pub(super) struct Settled {
    pub(super) wanted: Vec<Wanted>,
    pub(super) expired: Vec<Wanted>,
    pub(super) diagnostics: Vec<Diagnostic>,
}

/// Settles sorted assignments. Two rules that disagree about the end of one are reported once per pair of rules, not once
/// per assignment.
pub(super) fn settle(
    all: &[Wanted],
    files: &Checkout<'_>,
    today: Date,
    tables: &Tables<'_>,
    resolution: &Resolution<'_>,
) -> Settled {
    let until_of = |wanted: &Wanted| files.config.assignments[wanted.rule.at()].until;
    let (mut wanted, mut expired) = (Vec::with_capacity(all.len()), Vec::new());
    // Each pair with the first assignment on which it disagrees.
    let mut conflicts: BTreeMap<(RuleIx, RuleIx), Key> = BTreeMap::new();
    let mut overlaps: BTreeSet<(RuleIx, RuleIx)> = BTreeSet::new();
    for same in all.chunk_by(|a, b| a.key == b.key) {
        let mut holds = same[0];
        for other in &same[1..] {
            match (until_of(&holds), until_of(other)) {
                (None, None) => {}
                (Some(one), Some(two)) => {
                    if one.date != two.date {
                        overlaps.insert((holds.rule, other.rule));
                    }
                    if two.date > one.date {
                        holds = *other;
                    }
                }
                (None, Some(_)) | (Some(_), None) => {
                    conflicts.entry((holds.rule, other.rule)).or_insert(holds.key);
                }
            }
        }
        match until_of(&holds) {
            Some(until) if until.date < today => expired.push(holds),
            _ => wanted.push(holds),
        }
    }
    let conflicts = conflicts.iter().map(|(pair, key)| conflicting(*pair, *key, files, tables, resolution));
    let overlaps = overlaps.iter().map(|pair| overlapping(*pair, files));
    Settled { wanted, expired, diagnostics: conflicts.chain(overlaps).collect() }
}

/// Reports keeps that override ends: a `keep` without an end would keep an assignment forever without any plan showing
/// it; one that ends later moves the end.
pub(super) fn undone_by_keeps<'r>(
    files: &Checkout<'_>,
    assignments: impl Iterator<Item = &'r Wanted>,
    keeps: &[Keep],
) -> Vec<Diagnostic> {
    let config = files.config;
    let mut reported: BTreeSet<(RuleIx, KeepIx)> = BTreeSet::new();
    let mut found = Vec::new();
    for wanted in assignments {
        let Some(until) = config.assignments[wanted.rule.at()].until else { continue };
        let Some(index) = keeps::keeping(keeps, wanted.key) else { continue };
        let keep = &config.keeps[index.at()];
        if keep.until.is_some_and(|kept| kept.date <= until.date) || !reported.insert((wanted.rule, index)) {
            continue;
        }
        found.push(match keep.until {
            None => Diagnostic::error(
                Code::ConflictingExpiry,
                "an `assign` has an end, and a `keep` without one keeps some of its assignments",
            )
            .at_origin(files.origins, until.origin, "this ends it")
            .and(files.origins.place(keep.origin), "this would keep the assignments forever")
            .help("narrow the `keep`, or give it an `until`: with both, the assignments would never end"),
            Some(later) => Diagnostic::warning(
                Code::LaterExpiryHolds,
                "an `assign` ends before a `keep` that keeps some of its assignments; the later end applies",
            )
            .at_origin(files.origins, later.origin, format!("{} applies", later.date))
            .and(files.origins.place(until.origin), format!("{} does not", until.date))
            .help("write the same end in both"),
        });
    }
    found
}

fn conflicting(
    (one, other): (RuleIx, RuleIx),
    key: Key,
    files: &Checkout<'_>,
    tables: &Tables<'_>,
    resolution: &Resolution<'_>,
) -> Diagnostic {
    let rules = &files.config.assignments;
    let (one, other) = (&rules[one.at()], &rules[other.at()]);
    let (lasting, ending) = if one.until.is_none() { (one, other) } else { (other, one) };
    let end = ending.until.map_or(ending.origin, |until| until.origin);
    let (set, account) = (tables.set(key.set), &tables.account(key.account).name);
    let who = resolution.label_of(tables.principal(key.principal), files.config);
    let found = Diagnostic::error(
        Code::ConflictingExpiry,
        format!("`{set}` on {account} is assigned to {who} both with and without an end"),
    )
    .at_origin(files.origins, end, "this ends it")
    .and(files.origins.place(lasting.origin), "this grants some of the same assignments without an end");
    let found = match files.origins.used_at(lasting.origin) {
        Some(used) => found.and(used, "from the template that is used here"),
        None => found,
    };
    found.help("remove one of the two: with both, the assignments would never end, and no plan would show it")
}

fn overlapping((one, other): (RuleIx, RuleIx), files: &Checkout<'_>) -> Diagnostic {
    let rules = &files.config.assignments;
    let ends: Vec<Until> = [one, other].iter().filter_map(|rule| rules[rule.at()].until).collect();
    let mut diagnostic =
        Diagnostic::warning(Code::LaterExpiryHolds, "an assignment has two ends; the later one applies")
            .help("write one `assign` with one `until` for these assignments");
    if let [first, second] = ends[..] {
        let (later, earlier) = if first.date > second.date { (first, second) } else { (second, first) };
        diagnostic = diagnostic
            .at_origin(files.origins, later.origin, format!("{} applies", later.date))
            .and(files.origins.place(earlier.origin), format!("{} does not", earlier.date));
    }
    diagnostic
}
