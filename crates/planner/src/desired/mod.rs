//! The desired state: every rule of a configuration expanded to the assignments that it grants.

pub(crate) mod keeps;
pub(crate) mod keys;
pub(crate) mod matcher;
pub(crate) mod selectors;
pub(crate) mod temporary;

mod ends;
mod units;

use rolecall_model::config::AssignmentRule;
use rolecall_model::{Assignment, Config, Date, Diagnostic, Snapshot};

use crate::directory::Resolution;
use crate::inputs::Checkout;
use crate::plan::NamedAssignment;
use keeps::Keep;
use keys::{AccountIx, Index as _, Key, PrincipalIx, RuleIx, Tables, Wanted, indexed};
use selectors::AccountResolver;

/// The desired state of a configuration on one day.
pub(crate) struct Desired<'a> {
    pub(crate) tables: Tables<'a>,
    pub(crate) resolution: &'a Resolution<'a>,
    /// The assignments that are granted on this day, sorted, one per key.
    pub(crate) wanted: Vec<Wanted>,
    /// The assignments whose end has passed, sorted, one per key, none of which is granted on this day.
    pub(crate) expired: Vec<Wanted>,
    /// The `keep` nodes that apply on this day.
    pub(crate) keeps: Vec<Keep>,
    config: &'a Config,
}

impl Desired<'_> {
    /// An assignment with its ids and names.
    pub(crate) fn named(&self, key: Key) -> NamedAssignment {
        let account = self.tables.account(key.account);
        let principal = self.tables.principal(key.principal).clone();
        NamedAssignment {
            principal_name: self.resolution.name_of(&principal),
            account_name: account.name.clone(),
            assignment: Assignment {
                permission_set: self.tables.set(key.set).clone(),
                account: account.id,
                principal,
            },
        }
    }

    /// Whether the principal of an assignment no longer exists.
    pub(crate) fn is_orphan(&self, key: Key) -> bool {
        self.resolution.is_orphan(self.tables.principal(key.principal))
    }

    /// The rule behind an index.
    pub(crate) fn rule(&self, index: RuleIx) -> &AssignmentRule {
        &self.config.assignments[index.at()]
    }

    /// Returns the last day of a rule, if it has one.
    pub(crate) fn end_of(&self, index: RuleIx) -> Option<Date> {
        self.rule(index).until.map(|until| until.date)
    }

    /// Returns the expired rule of an assignment that is not granted.
    pub(crate) fn expired_rule(&self, key: Key) -> Option<RuleIx> {
        let at = self.expired.binary_search_by_key(&key, |wanted| wanted.key).ok()?;
        Some(self.expired[at].rule)
    }

    /// Whether an assignment is granted on this day.
    pub(crate) fn wants(&self, key: Key) -> bool {
        self.wanted.binary_search_by_key(&key, |wanted| wanted.key).is_ok()
    }
}

/// The desired state, if there are no errors, and all diagnostics. An unresolved name is an error: a partial view must
/// not revoke access.
pub(crate) struct Expansion<'a> {
    pub(crate) desired: Option<Desired<'a>>,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// Expands every rule of a configuration against a snapshot.
pub(crate) fn expand<'a>(
    files: &Checkout<'a>,
    snapshot: &'a Snapshot,
    resolution: &'a Resolution<'a>,
    today: Date,
) -> Expansion<'a> {
    let config = files.config;
    let mut diagnostics = resolution.diagnostics().to_vec();
    let tables = Tables::new(config, snapshot, resolution);
    let mut resolver = AccountResolver::new(config, files.origins, snapshot);
    let mut all = Vec::new();
    for (index, rule) in indexed(&config.assignments) {
        expand_rule(rule, index, config, &tables, resolution, &mut resolver, &mut all);
    }
    let keeps = keeps::resolve(config, snapshot, today, &tables, resolution, &mut resolver);
    diagnostics.extend(resolver.into_diagnostics());
    all.sort_unstable();
    let ends::Settled { wanted, expired, diagnostics: found } =
        ends::settle(&all, files, today, &tables, resolution);
    diagnostics.extend(found);
    diagnostics.extend(ends::undone_by_keeps(files, wanted.iter().chain(&expired), &keeps));
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let desired = (!failed).then_some(Desired { tables, resolution, wanted, expired, keeps, config });
    Expansion { desired, diagnostics }
}

/// Every permission set of a rule, for every principal, in every account.
fn expand_rule(
    rule: &AssignmentRule,
    index: RuleIx,
    config: &Config,
    tables: &Tables<'_>,
    resolution: &Resolution<'_>,
    resolver: &mut AccountResolver<'_>,
    all: &mut Vec<Wanted>,
) {
    let AssignmentRule { permission_sets, groups, users, on, until: _, reason: _, origin: _ } = rule;
    let accounts = resolver.all_of(on);
    let groups = groups.iter().filter_map(|index| resolution.group(*index));
    let users = users.iter().filter_map(|user| resolution.user(&user.name));
    let principals: Vec<PrincipalIx> =
        groups.chain(users).filter_map(|principal| tables.find_principal(principal)).collect();
    for reference in permission_sets {
        let Some(set) = tables.find_set(config.permission_set_name(*reference)) else {
            continue;
        };
        for account in accounts.ones().map(AccountIx::new) {
            for principal in &principals {
                all.push(Wanted { key: Key { set, account, principal: *principal }, rule: index });
            }
        }
    }
}
