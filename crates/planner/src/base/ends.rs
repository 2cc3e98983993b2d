//! Changed ends of assignments, guards and keeps.

use std::collections::BTreeMap;

use rolecall_model::Date;
use rolecall_model::config::AssignmentRule;

use super::{BaseDifference, Effect, Subject, place, spelling};
use crate::inputs::Checkout;

/// Returns the effect of a changed end of `of` things, and its description; `None` if it did not change.
pub(super) fn end_moved(of: usize, before: Option<Date>, after: Option<Date>) -> Option<(Effect, String)> {
    let (end, no_longer) = if of == 1 { ("ends", "no longer ends") } else { ("end", "no longer end") };
    match (before, after) {
        (None, None) => None,
        (Some(before), None) => Some((Effect::Loosens, format!("{no_longer} ({before} before)"))),
        (None, Some(after)) => Some((Effect::Tightens, format!("now {end} {after} (no end before)"))),
        (Some(before), Some(after)) if before == after => None,
        (Some(before), Some(after)) => {
            let (effect, how) =
                if after > before { (Effect::Loosens, "later") } else { (Effect::Tightens, "earlier") };
            Some((effect, format!("{end} {how}: {after} ({before} before)")))
        }
    }
}

/// Compares ends if assignments cannot be compared: of rules that are written alike in both except for their ends.
pub(super) fn compare_as_written(
    head: &Checkout<'_>,
    base: &Checkout<'_>,
    today: Date,
) -> Vec<BaseDifference> {
    let mut differences = Vec::new();
    let (after, before) = (rules_as_written(head), rules_as_written(base));
    for (text, (rule, to)) in after {
        let Some((_, from)) = before.get(&text) else { continue };
        let Some((effect, how)) = end_moved(1, *from, to) else { continue };
        let origin = rule.until.map_or(rule.origin, |until| until.origin);
        let text = spelling::shorten(&text);
        let stood = from.is_none_or(|from| from >= today);
        let (effect, message) = match to {
            Some(to) if to < today && stood => {
                (Effect::Changes, format!("assign ended on {to}, and its assignments are lost: {text}"))
            }
            _ => (effect, format!("assign {how}: {text}")),
        };
        let place = place(head, origin, false);
        differences.push(BaseDifference {
            effect,
            subject: Subject::End,
            message,
            assignments: Vec::new(),
            place,
        });
    }
    differences
}

/// Returns rules by their text without ends, each with its end; of several that are written alike, the one that ends
/// last.
fn rules_as_written<'c>(files: &Checkout<'c>) -> BTreeMap<String, (&'c AssignmentRule, Option<Date>)> {
    let mut rules: BTreeMap<String, (&AssignmentRule, Option<Date>)> = BTreeMap::new();
    for rule in &files.config.assignments {
        let end = rule.until.map(|until| until.date);
        let entry = rules.entry(spelling::rule(files.config, rule)).or_insert((rule, end));
        // No end counts as later than any end.
        let is_later = entry.1.is_some_and(|other| end.is_none_or(|end| end > other));
        if is_later {
            *entry = (rule, end);
        }
    }
    rules
}
