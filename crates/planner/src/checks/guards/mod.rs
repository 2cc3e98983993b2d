//! Guards: limits on plans, independent of how the configuration asks for a change. They evaluate the whole desired
//! state as well as the changes.

mod filter;
mod protect;

use std::collections::BTreeSet;

use rolecall_model::config::{Forbid, Guard, MaxDeletions, MaxGrants, RequireUntil};
use rolecall_model::{Assignment, Code, Date, Diagnostic, OriginId, Severity, Snapshot};

use crate::compare::KeptKey;
use crate::compare::replacements::Replacements;
use crate::desired::Desired;
use crate::desired::keeps::keeping;
use crate::desired::keys::{Index as _, Key};
use crate::desired::selectors::AccountResolver;
use crate::directory::{Directory, Resolution};
use crate::inputs::Checkout;
use crate::phrases;
use crate::plan::{Action, Change, NamedAssignment, PermissionSetChange, Reason, Violation, Written};

/// Minimum number of deletions for the percentage to apply: of few assignments, a few are a large share.
const PERCENT_COUNTS_FROM: usize = 10;

/// The result of evaluating the guards.
#[derive(Debug, Default)]
pub(crate) struct Verdict {
    /// The guards that stop the plan.
    pub(crate) violations: Vec<Violation>,
    pub(crate) findings: Vec<Diagnostic>,
}

/// An assignment that is granted or kept, with its end.
#[derive(Debug, Clone, Copy)]
struct Standing {
    key: Key,
    until: Option<Date>,
}

/// Inputs of the guards.
pub(crate) struct Subject<'a> {
    /// The configuration that is planned.
    pub(crate) files: &'a Checkout<'a>,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) today: Date,
    pub(crate) desired: &'a Desired<'a>,
    /// What would change, in AWS and in Entra ID.
    pub(crate) changes: &'a [Change],
    pub(crate) replacements: &'a Replacements,
    pub(crate) kept: &'a [KeptKey],
    /// Number of live assignments that are managed and not blocked: the base of the percentage.
    pub(crate) managed: usize,
}

/// The source of guards: the configuration's own, or those of another checkout, with their names resolved there.
pub(crate) struct Source<'a> {
    pub(crate) files: &'a Checkout<'a>,
    pub(crate) resolution: &'a Resolution<'a>,
    pub(crate) directory: &'a Directory<'a>,
    /// Whether it is a different checkout from the planned one.
    pub(crate) is_foreign: bool,
}

/// Evaluates the guards of a source.
pub(crate) fn evaluate(subject: &Subject<'_>, source: &Source<'_>) -> Verdict {
    let mut evaluator = Evaluator { subject, source, verdict: Verdict::default() };
    let Guard { max_deletions, max_grants, protected, forbids, require_untils } = &source.files.config.guard;
    evaluator.max_deletions(*max_deletions);
    if let Some(max_grants) = max_grants {
        evaluator.max_grants(*max_grants);
    }
    let ended = evaluator.ended_assignments(protected);
    for one in protected {
        evaluator.protected(one, ended.as_ref());
    }
    if !forbids.is_empty() || !require_untils.is_empty() {
        let standing = standing_assignments(subject);
        let mut resolver = AccountResolver::new(source.files.config, source.files.origins, subject.snapshot);
        for forbid in forbids {
            evaluator.forbid(forbid, &standing, &mut resolver);
        }
        for guard in require_untils {
            evaluator.require_until(guard, &standing, &mut resolver);
        }
        evaluator.report_selectors(resolver.into_diagnostics());
    }
    evaluator.verdict
}

/// Returns every assignment that is granted or kept today, sorted.
fn standing_assignments(subject: &Subject<'_>) -> Vec<Standing> {
    let Subject { files, desired, kept, .. } = subject;
    let keeps = &files.config.keeps;
    let wanted = desired.wanted.iter().map(|wanted| {
        let until = desired.end_of(wanted.rule);
        // A `keep` that ends later keeps the assignment beyond its own end.
        let held = until.and(keeping(&desired.keeps, wanted.key)).map(|keep| keeps[keep.at()].until);
        let until = match held {
            Some(Some(held)) => until.map(|until| until.max(held.date)),
            Some(None) => None,
            None => until,
        };
        Standing { key: wanted.key, until }
    });
    let kept = kept.iter().map(|kept| {
        let until = kept.by.keep().and_then(|keep| keeps[keep.at()].until);
        Standing { key: kept.key, until: until.map(|until| until.date) }
    });
    let mut standing: Vec<Standing> = wanted.chain(kept).collect();
    standing.sort_unstable_by_key(|standing| standing.key);
    standing
}

struct Evaluator<'a> {
    subject: &'a Subject<'a>,
    source: &'a Source<'a>,
    verdict: Verdict,
}

impl Evaluator<'_> {
    /// Replaced assignments do not count.
    fn max_deletions(&mut self, max_deletions: MaxDeletions) {
        let MaxDeletions { count, percent, origin } = max_deletions;
        let Subject { changes, replacements, managed, .. } = *self.subject;
        let revoked = changes.iter().filter_map(Change::revoked);
        let revoked = revoked.filter(|revoked| !replacements.replaces(&revoked.assignment));
        let lost: BTreeSet<&NamedAssignment> =
            revoked.chain(changes.iter().flat_map(Change::lost_with_group)).collect();
        let assignments = lost.len();
        let is_lost = |change: &&Change| {
            matches!(change.action, Action::PermissionSet(PermissionSetChange::Delete { .. }))
                && !matches!(change.reason, Reason::Renamed { .. })
        };
        let sets = changes.iter().filter(is_lost).count();
        let written = origin.map(|origin| self.source.files.written(origin));
        let source = if written.is_some() { "" } else { " (the default)" };
        if assignments + sets > count as usize {
            let message = format!(
                "{} deletions ({}, {}); max-deletions is {count}{source}",
                assignments + sets,
                phrases::count(assignments, "assignment"),
                phrases::count(sets, "permission set"),
            );
            self.stop(Code::TooManyDeletions, message, Vec::new(), written.clone());
        }
        // Compared without division, to avoid rounding.
        if assignments >= PERCENT_COUNTS_FROM && assignments * 100 > percent as usize * managed {
            let message = format!(
                "{assignments} of {managed} live assignments would be revoked; max-deletions allows {percent} percent{source}"
            );
            self.stop(Code::TooManyDeletions, message, Vec::new(), written);
        }
    }

    /// Assignments that a rename moves to the new name grant nothing new, and do not count.
    fn max_grants(&mut self, max_grants: MaxGrants) {
        let MaxGrants { count, origin } = max_grants;
        let changes = self.subject.changes;
        let moved: BTreeSet<Assignment> = changes.iter().filter_map(successor).collect();
        let granted = changes.iter().filter_map(Change::granted);
        let grants = granted.filter(|granted| !moved.contains(&granted.assignment)).count();
        if grants > count as usize {
            let message = format!("{}; max-grants is {count}", phrases::count(grants, "grant"));
            let written = Some(self.source.files.written(origin));
            self.stop(Code::TooManyGrants, message, Vec::new(), written);
        }
    }

    fn forbid(&mut self, forbid: &Forbid, standing: &[Standing], resolver: &mut AccountResolver<'_>) {
        let Forbid { name, rows, exceptions, origin } = forbid;
        let forbidden = self.matcher(rows, *origin, Severity::Error, resolver);
        let mut allowed = Vec::new();
        for exception in exceptions {
            let matcher = self.matcher(&exception.rows, exception.origin, Severity::Warning, resolver);
            if exception.until.date >= self.subject.today {
                allowed.push(matcher);
            } else {
                let what = format!("an exception to `{name}` ended on {}", exception.until.date);
                self.idle(what, exception.origin, "this exception no longer applies");
            }
        }
        let stopped = standing.iter().map(|standing| standing.key).filter(|key| {
            forbidden.matches(*key) && !allowed.iter().any(|exception| exception.matches(*key))
        });
        let assignments = self.named(stopped);
        if !assignments.is_empty() {
            let message = format!("{} forbidden: {name}", phrases::count(assignments.len(), "assignment"));
            let written = Some(self.source.files.written(*origin));
            self.stop(Code::ForbiddenRows, message, assignments, written);
        }
    }

    fn require_until(
        &mut self,
        guard: &RequireUntil,
        standing: &[Standing],
        resolver: &mut AccountResolver<'_>,
    ) {
        let RequireUntil { within_days, rows, origin } = guard;
        let concerned = self.matcher(rows, *origin, Severity::Error, resolver);
        let today = self.subject.today;
        let ends_in_time = |standing: &Standing| {
            standing.until.is_some_and(|until| {
                let days = i64::from((until - today).get_days());
                within_days.is_none_or(|within| days <= i64::from(within))
            })
        };
        let stopped = standing.iter().filter(|one| concerned.matches(one.key) && !ends_in_time(one));
        let assignments = self.named(stopped.map(|standing| standing.key));
        if assignments.is_empty() {
            return;
        }
        let count = phrases::count(assignments.len(), "assignment");
        let message = match within_days {
            None => format!("{count} without an end; require-until requires one"),
            Some(days) => {
                format!(
                    "{count} without an end within {}; require-until requires one",
                    phrases::count(*days as usize, "day")
                )
            }
        };
        let written = Some(self.source.files.written(*origin));
        self.stop(Code::UntilRequired, message, assignments, written);
    }

    /// An account set that has become empty forbids nothing; other selector errors stop the plan.
    fn report_selectors(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let is_gone = matches!(diagnostic.code, Code::SelectorMatchesNothing | Code::AccountSetEmpty);
            let is_harmless = self.source.is_foreign && is_gone;
            let severity = if is_harmless { Severity::Warning } else { diagnostic.severity };
            self.report(Diagnostic { severity, ..diagnostic });
        }
    }

    fn idle(&mut self, what: String, origin: OriginId, label: &str) {
        let lint = Diagnostic::warning(Code::IdleWord, what)
            .at_origin(self.source.files.origins, origin, label)
            .help("remove it");
        self.report(lint);
    }

    /// Reports problems with guards. Places of another checkout cannot be shown with this one's texts, so they become
    /// part of the message.
    fn report(&mut self, diagnostic: Diagnostic) {
        let diagnostic = if self.source.is_foreign {
            let place = diagnostic.primary.as_ref().map(|label| label.place);
            let at = place.map(|place| format!("{}: ", self.source.files.sources.file_and_line(place)));
            let message = format!("in the given guards, {}{}", at.unwrap_or_default(), diagnostic.message);
            Diagnostic { message, primary: None, secondary: Vec::new(), suggestion: None, ..diagnostic }
        } else {
            diagnostic
        };
        if !self.verdict.findings.contains(&diagnostic) {
            self.verdict.findings.push(diagnostic);
        }
    }

    fn named(&self, keys: impl Iterator<Item = Key>) -> Vec<NamedAssignment> {
        let mut assignments: Vec<NamedAssignment> = keys.map(|key| self.subject.desired.named(key)).collect();
        assignments.sort();
        assignments
    }

    fn stop(
        &mut self,
        code: Code,
        message: String,
        assignments: Vec<NamedAssignment>,
        written: Option<Written>,
    ) {
        self.verdict.violations.push(Violation { code, message, assignments, written });
    }
}

/// Returns the grant that replaces an assignment of a renamed permission set.
fn successor(change: &Change) -> Option<Assignment> {
    let revoked = &change.revoked()?.assignment;
    match &change.reason {
        Reason::Renamed { to } => Some(Assignment { permission_set: to.clone(), ..revoked.clone() }),
        Reason::Declared { .. }
        | Reason::Undeclared
        | Reason::Expired { .. }
        | Reason::Orphan
        | Reason::PermissionSetDropped
        | Reason::Adopted
        | Reason::Released
        | Reason::Outdated => None,
    }
}
