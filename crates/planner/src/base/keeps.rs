//! `keep`: live assignments that stay although no `assign` grants them.

use rolecall_model::config::KeepRule;

use super::ends::end_moved;
use super::guards::describe_change;
use super::reach::{Pairs, Reach, Relation, Sides};
use super::{BaseDifference, BasePlace, Effect, Subject};

/// Compares every `keep`.
pub(super) fn compare(sides: &Sides<'_>, found: &mut Vec<BaseDifference>) {
    let (before, after) = (&sides.base.config().keeps, &sides.head.config().keeps);
    let (old, new) = (&sides.base.keeps, &sides.head.keeps);
    let mut push = |effect, place: BasePlace, message| {
        found.push(BaseDifference {
            effect,
            subject: Subject::Keep,
            message,
            assignments: Vec::new(),
            place,
        });
    };
    let pairs = Pairs::new(old, new, Relation::Wider);
    for at in pairs.gone {
        let message = format!("keep is removed: {}", old[at].summary());
        push(Effect::Tightens, sides.base.place(before[at].origin), message);
    }
    for at in pairs.new {
        let message = format!("keep is added: {}", in_words(&after[at], &new[at]));
        push(Effect::Loosens, sides.head.place(after[at].origin), message);
    }
    for (old_at, at, relation) in pairs.both {
        let place = sides.head.place(after[at].origin);
        let how = match relation {
            Relation::Same => None,
            Relation::Wider => Some((Effect::Loosens, "matches more assignments")),
            Relation::Narrower => Some((Effect::Tightens, "matches fewer assignments")),
            Relation::Other => Some((Effect::Changes, "matches different assignments")),
        };
        if let Some((effect, how)) = how {
            push(effect, place.clone(), format!("keep {how}: {}", describe_change(&old[old_at], &new[at])));
        }
        let end = |keep: &KeepRule| keep.until.map(|until| until.date);
        if let Some((effect, how)) = end_moved(1, end(&before[old_at]), end(&after[at])) {
            push(effect, place, format!("keep {how}: {}", new[at].summary()));
        }
    }
}

fn in_words(keep: &KeepRule, reach: &Reach) -> String {
    let end = keep.until.map_or(", without an end".to_owned(), |until| format!(", until {}", until.date));
    let reason = keep.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{}{end}{reason}", reach.summary())
}
