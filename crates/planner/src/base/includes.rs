//! `may-contain`: what the files of an `include` may contain.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::OriginId;
use rolecall_model::config::Include;

use super::reach::Relation;
use super::{BaseDifference, Effect, Subject, place, spelling};
use crate::inputs::Checkout;

/// The limit of a pattern, `None` for none, and where the pattern was written.
type Limits<'c> = BTreeMap<&'c str, (Option<BTreeSet<&'c str>>, OriginId)>;

/// Compares every pattern.
pub(super) fn compare(head: &Checkout<'_>, base: &Checkout<'_>, found: &mut Vec<BaseDifference>) {
    let (before, after) = (limits(&base.config.includes), limits(&head.config.includes));
    let mut push = |effect, place, message| {
        found.push(BaseDifference {
            effect,
            subject: Subject::Include,
            message,
            assignments: Vec::new(),
            place,
        });
    };
    for (pattern, (old, origin)) in &before {
        let Some(old) = old else {
            continue;
        };
        let before_text = quote(old);
        match after.get(pattern) {
            None => {
                let message =
                    format!("include {pattern:?} is removed; its files could contain only {before_text}");
                push(Effect::Changes, place(base, *origin, true), message);
            }
            Some((None, origin)) => {
                let message = format!(
                    "files of include {pattern:?} may now contain everything (before: {before_text})"
                );
                push(Effect::Loosens, place(head, *origin, false), message);
            }
            Some((Some(new), origin)) => {
                let effect = match Relation::of_sets(old, new) {
                    Relation::Same => continue,
                    Relation::Wider => Effect::Loosens,
                    Relation::Narrower => Effect::Tightens,
                    Relation::Other => Effect::Changes,
                };
                let new = quote(new);
                let message =
                    format!("files of include {pattern:?} may now contain {new} (before: {before_text})");
                push(effect, place(head, *origin, false), message);
            }
        }
    }
    // If no include was limited, another one without a limit is not reported.
    let limits_any = before.values().any(|(limit, _)| limit.is_some());
    for (pattern, (new, origin)) in &after {
        let place = place(head, *origin, false);
        match (before.get(pattern), new) {
            (Some((None, _)), Some(new)) => {
                let new = quote(new);
                push(
                    Effect::Tightens,
                    place,
                    format!("files of include {pattern:?} may now contain only {new}"),
                );
            }
            (None, None) if limits_any => {
                let message = format!("include {pattern:?} is added; its files may contain everything");
                push(Effect::Loosens, place, message);
            }
            (None, Some(new)) if limits_any => {
                let message = format!("include {pattern:?} is added; its files may contain {}", quote(new));
                push(Effect::Changes, place, message);
            }
            _ => {}
        }
    }
}

/// Returns the limits; several limits on one pattern all apply.
fn limits(includes: &[Include]) -> Limits<'_> {
    let mut limits = Limits::new();
    for Include { pattern, may_contain, origin } in includes {
        let pattern = pattern.strip_prefix("./").unwrap_or(pattern);
        let words = may_contain.as_ref().map(|words| words.iter().map(String::as_str).collect());
        let (limit, _) = limits.entry(pattern).or_insert((None, *origin));
        *limit = match (limit.take(), words) {
            (Some(one), Some(other)) => Some(&one & &other),
            (one, other) => one.or(other),
        };
    }
    limits
}

fn quote(words: &BTreeSet<&str>) -> String {
    spelling::quote(words.iter().copied())
}
