//! Guards: what a plan may not do, however the files came to say so. They are judged on the whole desired state as well
//! as on the changes.

use std::collections::BTreeSet;

use rolecall_model::config::{
    Config, Forbid, Guard, MaxDeletions, MaxGrants, Protected, RequireUntil, RowFilter,
};
use rolecall_model::permission_set::{ADMINISTRATOR_ACCESS, managed_policy_name};
use rolecall_model::{
    Assignment, Code, Date, Diagnostic, OriginId, PermissionSet, PermissionSetName, Principal, Severity,
};

use crate::Inputs;
use crate::accounts::{AccountResolver, nearest};
use crate::compare::{Comparison, Naming};
use crate::expand::{Desired, Key, WantedRow, expand};
use crate::keeps::keeping;
use crate::matcher::RowMatcher;
use crate::plan::{Action, Change, Reason, Row, Violation, Written};
use crate::principals::Directory;
use crate::render::wording;
use crate::replacement::Replacements;

/// From so many deletions up, the percentage counts: of few rows, a few are a large part.
const PERCENT_COUNTS_FROM: usize = 10;

/// What the guards say of a plan.
#[derive(Debug, Default)]
pub(crate) struct Judgement {
    /// The guards that stop it.
    pub(crate) violations: Vec<Violation>,
    pub(crate) findings: Vec<Diagnostic>,
}

/// A row that is wanted or kept, and how long.
#[derive(Debug, Clone, Copy)]
struct Standing {
    key: Key,
    until: Option<Date>,
}

/// Judges a comparison.
pub(crate) fn judge(
    inputs: &Inputs<'_>,
    today: Date,
    desired: &Desired<'_>,
    compared: &Comparison,
    replacements: &Replacements,
) -> Judgement {
    // The guards of another checkout are read with its names, its texts and its places.
    let source = match &inputs.guards {
        Some(source) => Inputs {
            config: source.config,
            sources: source.sources,
            origins: source.origins,
            snapshot: inputs.snapshot,
            guards: None,
        },
        None => *inputs,
    };
    let mut judge = Judge {
        inputs,
        is_foreign: inputs.guards.is_some(),
        source: &source,
        today,
        desired,
        directory: Directory::new(inputs.snapshot, source.config),
        naming: Naming::new(inputs, desired),
        judgement: Judgement::default(),
    };
    let Guard { max_deletions, max_grants, protected, forbids, require_untils } = &source.config.guard;
    judge.max_deletions(*max_deletions, compared, replacements);
    if let Some(max_grants) = max_grants {
        judge.max_grants(*max_grants, &compared.changes);
    }
    let ended = judge.ended_rows(protected, &compared.changes);
    for one in protected {
        judge.protected(one, &compared.changes, ended.as_ref(), replacements);
    }
    if !forbids.is_empty() || !require_untils.is_empty() {
        let standing = standing_rows(inputs, desired, compared);
        let mut resolver = AccountResolver::new(&source);
        for forbid in forbids {
            judge.forbid(forbid, &standing, &mut resolver);
        }
        for guard in require_untils {
            judge.require_until(guard, &standing, &mut resolver);
        }
        judge.report_selectors(resolver.into_diagnostics());
    }
    judge.judgement
}

/// Every row that is wanted or kept today, sorted.
fn standing_rows(inputs: &Inputs<'_>, desired: &Desired<'_>, compared: &Comparison) -> Vec<Standing> {
    let Config { assignments, keeps, .. } = inputs.config;
    let wanted = desired.rows.iter().map(|WantedRow { key, rule }| {
        let until = assignments[*rule as usize].until.map(|until| until.date);
        // A `keep` that ends later holds the row beyond its own end.
        let kept = until.and(keeping(&desired.keeps, *key)).map(|keep| keeps[keep as usize].until);
        let until = match kept {
            Some(Some(kept)) => until.map(|until| until.max(kept.date)),
            Some(None) => None,
            None => until,
        };
        Standing { key: *key, until }
    });
    let kept = compared.kept_rows.iter().map(|row| {
        let until = row.keep.and_then(|keep| keeps[keep as usize].until);
        Standing { key: row.key, until: until.map(|until| until.date) }
    });
    let mut rows: Vec<Standing> = wanted.chain(kept).collect();
    rows.sort_unstable_by_key(|row| row.key);
    rows
}

struct Judge<'a> {
    inputs: &'a Inputs<'a>,
    is_foreign: bool,
    /// Where the guards were written.
    source: &'a Inputs<'a>,
    today: Date,
    desired: &'a Desired<'a>,
    directory: Directory<'a>,
    naming: Naming<'a>,
    judgement: Judgement,
}

impl Judge<'_> {
    /// Rows whose place something else takes do not count.
    fn max_deletions(
        &mut self,
        max_deletions: MaxDeletions,
        compared: &Comparison,
        replacements: &Replacements,
    ) {
        let MaxDeletions { count, percent, origin } = max_deletions;
        let revokes = revoked(&compared.changes).filter(|row| !replacements.replaces(&row.assignment));
        let lost: BTreeSet<&Row> = revokes.chain(entra_rows(&compared.changes)).collect();
        let rows = lost.len();
        let is_lost = |change: &&Change| {
            matches!(change.action, Action::DeletePermissionSet { .. })
                && !matches!(change.reason, Reason::Renamed { .. })
        };
        let sets = compared.changes.iter().filter(is_lost).count();
        let written = origin.map(|origin| self.source.written(origin));
        let source = if written.is_some() { "" } else { " (the default)" };
        if rows + sets > count as usize {
            let message = format!(
                "{} deletions ({}, {}); max-deletions is {count}{source}",
                rows + sets,
                wording::count(rows, "row"),
                wording::count(sets, "permission set"),
            );
            self.stop(Code::TooManyDeletions, message, Vec::new(), written.clone());
        }
        // Compared without division, so that no rounding decides.
        let of_ours = compared.rows_of_ours;
        if rows >= PERCENT_COUNTS_FROM && rows * 100 > percent as usize * of_ours {
            let message = format!(
                "{rows} of {of_ours} live rows would go; max-deletions allows {percent} per cent{source}"
            );
            self.stop(Code::TooManyDeletions, message, Vec::new(), written);
        }
    }

    /// The rows that a rename moves to its new name give nobody anything, and do not count.
    fn max_grants(&mut self, max_grants: MaxGrants, changes: &[Change]) {
        let MaxGrants { count, origin } = max_grants;
        let moved: BTreeSet<Assignment> = changes.iter().filter_map(moved).collect();
        let granted = changes.iter().filter_map(|change| match &change.action {
            Action::Grant(row) => Some(&row.assignment),
            _ => None,
        });
        let rows = granted.filter(|row| !moved.contains(row)).count();
        if rows > count as usize {
            let message = format!("{}; max-grants is {count}", wording::count(rows, "grant"));
            let written = Some(self.source.written(origin));
            self.stop(Code::TooManyGrants, message, Vec::new(), written);
        }
    }

    /// `ended` are the rows of [`Self::ended_rows`].
    fn protected(
        &mut self,
        protected: &Protected,
        changes: &[Change],
        ended: Option<&BTreeSet<Assignment>>,
        replacements: &Replacements,
    ) {
        let Protected { name, origin } = protected;
        let written = Some(self.source.written(*origin));
        let is_allowed = |change: &Change| match (&change.reason, &change.action) {
            (Reason::Orphan, _) => true,
            (Reason::Expired { .. }, Action::Revoke(row)) => {
                ended.is_none_or(|ended| ended.contains(&row.assignment))
            }
            _ => false,
        };
        let lost =
            changes.iter().filter(|change| !is_allowed(change)).filter_map(|change| match &change.action {
                Action::Revoke(row) if row.assignment.permission_set == *name => Some(row),
                _ => None,
            });
        let lost = lost.filter(|row| !replacements.rows.contains(&row.assignment));
        let unassigned = entra_rows(changes).filter(|row| row.assignment.permission_set == *name);
        let lost: BTreeSet<Row> = lost.chain(unassigned).cloned().collect();
        let lost: Vec<Row> = lost.into_iter().collect();
        let is_deletion = |change: &Change| {
            matches!(change.action, Action::DeletePermissionSet { .. })
                && change.action.permission_set() == Some(name)
        };
        let is_deleted = changes.iter().any(is_deletion);
        let is_released = changes.iter().any(|change| {
            matches!(&change.action, Action::ReleasePermissionSet { permission_set } if permission_set == name)
        });
        if is_released {
            let message =
                format!("`{name}` is protected, and would be released: no guard would protect it then");
            self.stop(Code::ProtectedLoses, message, Vec::new(), written.clone());
        }
        let rows = wording::count(lost.len(), "row");
        let message = match (is_deleted, lost.is_empty()) {
            (false, true) => {
                let config = self.inputs.config;
                let is_declared = config.permission_sets.iter().any(|set| set.permission_set.name == *name)
                    || config.external_permission_sets.iter().any(|set| set.name == *name);
                if !is_declared && self.inputs.snapshot.permission_set(name).is_none() {
                    self.unknown_protected(name, *origin);
                }
                return;
            }
            (true, true) => format!("`{name}` is protected, and would be deleted"),
            (true, false) => format!("`{name}` is protected, and would be deleted with {rows}"),
            (false, false) => format!("`{name}` is protected, and would lose {rows}"),
        };
        self.stop(Code::ProtectedLoses, message, lost, written);
    }

    fn unknown_protected(&mut self, name: &PermissionSetName, origin: OriginId) {
        let config = self.inputs.config;
        let declared = config.permission_sets.iter().map(|set| set.permission_set.name.as_str());
        let live = self.inputs.snapshot.permission_sets.iter().map(|set| set.name.as_str());
        let help = match nearest(name.as_str(), declared.chain(live)) {
            Some(near) => format!("did you mean `{near}`? Names match exactly"),
            None => "if the set is gone for good, take the word away".to_owned(),
        };
        let what = format!("`protect` names `{name}`, which is neither declared nor live");
        let lint = Diagnostic::warning(Code::IdleWord, what)
            .at_origin(self.source.origins, origin, "no permission set of this name exists")
            .help(help);
        self.report(lint);
    }

    /// The rows whose end has passed in the checkout that the guards are of: an end that only the change itself brings
    /// does not count. `None` where that is this checkout.
    fn ended_rows(&self, protected: &[Protected], changes: &[Change]) -> Option<BTreeSet<Assignment>> {
        if !self.is_foreign {
            return None;
        }
        let has_expired = changes.iter().any(|change| {
            matches!(change.reason, Reason::Expired { .. })
                && protected.iter().any(|one| change.action.permission_set() == Some(&one.name))
        });
        if !has_expired {
            return Some(BTreeSet::new());
        }
        let (desired, _) = expand(self.source, self.today);
        let Ok(desired) = desired else { return Some(BTreeSet::new()) };
        let naming = Naming::new(self.source, &desired);
        Some(desired.expired.iter().map(|row| naming.row(row.key).assignment).collect())
    }

    fn forbid(&mut self, forbid: &Forbid, standing: &[Standing], resolver: &mut AccountResolver<'_>) {
        let Forbid { name, rows, exceptions, origin } = forbid;
        let forbidden = self.matcher(rows, *origin, Severity::Error, resolver);
        let mut allowed = Vec::new();
        for exception in exceptions {
            let matcher = self.matcher(&exception.rows, exception.origin, Severity::Warning, resolver);
            if exception.until.date >= self.today {
                allowed.push(matcher);
            } else {
                let what = format!("an exception to `{name}` ended on {}", exception.until.date);
                self.idle(what, exception.origin, "this exception no longer holds");
            }
        }
        let stopped = standing.iter().map(|row| row.key).filter(|key| {
            forbidden.matches(*key) && !allowed.iter().any(|exception| exception.matches(*key))
        });
        let rows = self.rows(stopped);
        if !rows.is_empty() {
            let message = format!("{} forbidden: {name}", wording::count(rows.len(), "row"));
            let written = Some(self.source.written(*origin));
            self.stop(Code::ForbiddenRows, message, rows, written);
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
        let ends_in_time = |row: &Standing| {
            row.until.is_some_and(|until| {
                let days = i64::from((until - self.today).get_days());
                within_days.is_none_or(|within| days <= i64::from(within))
            })
        };
        let stopped = standing.iter().filter(|row| concerned.matches(row.key) && !ends_in_time(row));
        let rows = self.rows(stopped.map(|row| row.key));
        if rows.is_empty() {
            return;
        }
        let count = wording::count(rows.len(), "row");
        let message = match within_days {
            None => format!("{count} without an end; require-until wants one"),
            Some(days) => {
                format!("{count} that must end within {}", wording::count(*days as usize, "day"))
            }
        };
        let written = Some(self.source.written(*origin));
        self.stop(Code::UntilRequired, message, rows, written);
    }

    /// Which rows a filter is about. Whatever the filter names and the live state does not have has no rows.
    ///
    /// `missing` says how much a group or user weighs that the filter is about and that does not resolve: where it makes a
    /// guard weaker, nothing may be planned.
    fn matcher(
        &mut self,
        filter: &RowFilter,
        origin: OriginId,
        missing: Severity,
        resolver: &mut AccountResolver<'_>,
    ) -> RowMatcher {
        let RowFilter { permission_sets, grants_policies, groups, users, on, except_groups, except_users } =
            filter;
        let tables = &self.desired.tables;
        let names: Vec<&PermissionSetName> =
            permission_sets.iter().map(|one| self.source.config.permission_set_name(*one)).collect();
        // A set that takes the place of one that the guard names is meant as well.
        let successors =
            self.inputs.config.permission_sets.iter().filter(|set| {
                set.renamed_from.as_ref().is_some_and(|renamed| names.contains(&&renamed.name))
            });
        let successors = successors.map(|set| &set.permission_set.name);
        let mut sets = (!permission_sets.is_empty())
            .then(|| tables.set_numbers(names.iter().copied().chain(successors)));
        if !grants_policies.is_empty() {
            self.report_unknown_policies(grants_policies, origin);
            let granting = self.sets_that_grant(grants_policies);
            let granting = tables.set_numbers(granting.iter());
            match &mut sets {
                Some(sets) => sets.intersect_with(&granting),
                None => sets = Some(granting),
            }
        }
        let principals =
            (!groups.is_empty() || !users.is_empty()).then(|| self.principals(groups, users, missing));
        let principals = principals.map(|found| tables.principal_numbers(found.into_iter()));
        let excepted = self.principals(except_groups, except_users, Severity::Warning);
        RowMatcher {
            sets,
            accounts: (!on.is_empty()).then(|| resolver.all_of(on)),
            principals,
            excepted: tables.principal_numbers(excepted.into_iter()),
        }
    }

    fn principals(
        &mut self,
        groups: &[rolecall_model::config::GroupIx],
        users: &[rolecall_model::config::UserRef],
        missing: Severity,
    ) -> Vec<Principal> {
        let mut found = Vec::new();
        for index in groups {
            match self.directory.group(&self.source.config[*index], self.source) {
                Ok(group) => found.push(group.principal),
                // A group of this checkout has been reported, as an error. One of another may have been renamed, or have
                // a namesake now: whom the guard is about is then not known, and it must not fall silent.
                Err(diagnostic) if self.is_foreign => {
                    self.report(Diagnostic { severity: missing, ..*diagnostic });
                }
                Err(_) => {}
            }
        }
        for user in users {
            match self.directory.user(user, self.source) {
                Ok(id) => found.push(Principal::User(id)),
                Err(diagnostic) => {
                    self.report(Diagnostic { severity: Severity::Warning, ..*diagnostic });
                }
            }
        }
        found
    }

    /// A guard that asks for a policy that no set grants is about nobody, most often by a slip of the pen.
    fn report_unknown_policies(&mut self, policies: &[String], origin: OriginId) {
        let declared = self.inputs.config.permission_sets.iter().map(|set| &set.permission_set);
        let live = self.inputs.snapshot.permission_sets.iter().filter_map(|set| set.details.as_ref());
        let sets: Vec<&PermissionSet> = declared.chain(live).collect();
        for policy in policies {
            let is_administrators = managed_policy_name(policy) == ADMINISTRATOR_ACCESS;
            if is_administrators || sets.iter().any(|set| set.grants_policy(policy)) {
                continue;
            }
            let attached = sets.iter().flat_map(|set| {
                let customer = set.customer_policies.iter().map(|policy| policy.name.as_str());
                set.managed_policies.iter().map(|arn| managed_policy_name(arn)).chain(customer)
            });
            let help = match nearest(policy, attached.chain([ADMINISTRATOR_ACCESS])) {
                Some(near) => format!("did you mean `{near}`? Names match exactly"),
                None => {
                    "names match exactly, with their path; correct it, or take the filter away".to_owned()
                }
            };
            let lint = Diagnostic::warning(Code::IdleWord, format!("no permission set grants `{policy}`"))
                .at_origin(self.source.origins, origin, "`grants-policy` matches nothing here")
                .help(help);
            self.report(lint);
        }
    }

    /// The sets that grant one of these policies: declared ones as the files want them, external ones as they are live.
    fn sets_that_grant(&mut self, policies: &[String]) -> Vec<PermissionSetName> {
        let config = self.inputs.config;
        let mut found = Vec::new();
        let grants = |set: &PermissionSet| policies.iter().any(|policy| set.grants_policy(policy));
        for set in config.permission_sets.iter().map(|set| &set.permission_set) {
            if grants(set) {
                found.push(set.name.clone());
            }
        }
        for external in &config.external_permission_sets {
            let live = self.inputs.snapshot.permission_set(&external.name);
            match live.and_then(|live| live.details.as_ref()) {
                Some(details) if grants(details) => found.push(external.name.clone()),
                Some(_) => {}
                None => self.judgement.findings.push(
                    Diagnostic::error(
                        Code::SnapshotUnusable,
                        format!(
                            "what `{}` grants was not read, and a guard asks with `grants-policy`",
                            external.name
                        ),
                    )
                    .at_origin(self.inputs.origins, external.origin, "made elsewhere, so only the live set tells")
                    .help("take the snapshot again with `rolecall snapshot`, which reads every permission set whole"),
                ),
            }
        }
        found
    }

    /// An account set that holds nothing any more forbids nothing; other mistakes of selectors stop the plan.
    fn report_selectors(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            let is_gone = matches!(diagnostic.code, Code::SelectorMatchesNothing | Code::AccountSetEmpty);
            let severity = if self.is_foreign && is_gone { Severity::Warning } else { diagnostic.severity };
            self.report(Diagnostic { severity, ..diagnostic });
        }
    }

    fn idle(&mut self, what: String, origin: OriginId, label: &str) {
        let lint = Diagnostic::warning(Code::IdleWord, what)
            .at_origin(self.source.origins, origin, label)
            .help("take it away");
        self.report(lint);
    }

    /// Reports what is wrong with guards. Places of another checkout say nothing beside this one's texts, so they are
    /// written out.
    fn report(&mut self, diagnostic: Diagnostic) {
        let diagnostic = if self.is_foreign {
            let place = diagnostic.primary.as_ref().map(|label| label.place);
            let at = place.map(|place| format!("{}: ", self.source.sources.file_and_line(place)));
            let message = format!("in the guards given, {}{}", at.unwrap_or_default(), diagnostic.message);
            Diagnostic { message, primary: None, secondary: Vec::new(), suggestion: None, ..diagnostic }
        } else {
            diagnostic
        };
        if !self.judgement.findings.contains(&diagnostic) {
            self.judgement.findings.push(diagnostic);
        }
    }

    fn rows(&self, keys: impl Iterator<Item = Key>) -> Vec<Row> {
        let mut rows: Vec<Row> = keys.map(|key| self.naming.row(key)).collect();
        rows.sort();
        rows
    }

    fn stop(&mut self, code: Code, message: String, rows: Vec<Row>, written: Option<Written>) {
        self.judgement.violations.push(Violation { code, message, rows, written });
    }
}

/// The rows that go with groups that are unassigned in Entra ID.
fn entra_rows(changes: &[Change]) -> impl Iterator<Item = &Row> {
    changes.iter().flat_map(|change| match &change.action {
        Action::Entra(entra) => entra.rows.as_slice(),
        _ => &[],
    })
}

fn revoked(changes: &[Change]) -> impl Iterator<Item = &Row> {
    changes.iter().filter_map(|change| match &change.action {
        Action::Revoke(row) => Some(row),
        _ => None,
    })
}

/// The grant that takes the place of a row whose set is renamed.
fn moved(change: &Change) -> Option<Assignment> {
    match (&change.action, &change.reason) {
        (Action::Revoke(row), Reason::Renamed { to }) => {
            Some(Assignment { permission_set: to.clone(), ..row.assignment.clone() })
        }
        _ => None,
    }
}
