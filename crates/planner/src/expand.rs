//! From rules to rows: every permission set to every principal on every account, as sorted runs of small numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use rolecall_model::config::{AssignmentRule, GroupIx, KeptPrincipals, Until};
use rolecall_model::{Account, Code, Date, Diagnostic, PermissionSetName, Principal};

use crate::Inputs;
use crate::accounts::AccountResolver;
use crate::keeps::{self, Keep};
use crate::principals::{Directory, Found};

/// A row by numbers into [`Tables`]; its order is the order of what the numbers stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) set: u32,
    pub(crate) account: u32,
    pub(crate) principal: u32,
}

/// A row that a rule asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct WantedRow {
    pub(crate) key: Key,
    /// The number of the rule in the configuration.
    pub(crate) rule: u32,
}

/// What the numbers in keys stand for. All lists are sorted.
pub(crate) struct Tables<'a> {
    pub(crate) sets: Vec<&'a PermissionSetName>,
    pub(crate) accounts: &'a [Account],
    pub(crate) principals: Vec<Principal>,
}

impl<'a> Tables<'a> {
    fn new(inputs: &'a Inputs<'a>, resolved: &Principals) -> Self {
        let config = inputs.config;
        let declared = config.permission_sets.iter().map(|set| &set.permission_set.name);
        let external = config.external_permission_sets.iter().map(|set| &set.name);
        let live = inputs.snapshot.permission_sets.iter().map(|set| &set.name);
        let sets: BTreeSet<&PermissionSetName> = declared.chain(external).chain(live).collect();
        let wanted = resolved.groups.values().cloned();
        let wanted = wanted.chain(resolved.users.values().cloned());
        let mut seen: HashSet<&Principal> = HashSet::new();
        let live = inputs.snapshot.assignments.iter().map(|row| &row.principal);
        let live = live.filter(|principal| seen.insert(principal)).cloned();
        let mut principals: Vec<Principal> = live.chain(wanted).collect();
        principals.sort_unstable();
        principals.dedup();
        Self {
            sets: sets.into_iter().collect(),
            accounts: &inputs.snapshot.organization.accounts,
            principals,
        }
    }

    pub(crate) fn set(&self, name: &PermissionSetName) -> Option<u32> {
        self.sets.binary_search(&name).ok().map(number)
    }

    pub(crate) fn principal(&self, principal: &Principal) -> Option<u32> {
        self.principals.binary_search(principal).ok().map(number)
    }
}

/// Positions are counted in `u32`: the lists are bounded by AWS's quotas, far below that.
fn number(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// The declared groups and the named users that were found.
#[derive(Default)]
pub(crate) struct Principals {
    pub(crate) groups: BTreeMap<GroupIx, Principal>,
    /// By user name.
    pub(crate) users: BTreeMap<String, Principal>,
}

impl Principals {
    fn resolve(inputs: &Inputs<'_>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let directory = Directory::new(inputs.snapshot, inputs.config);
        let mut resolved = Self::default();
        for (index, group) in inputs.config.referenced_groups() {
            match directory.group(group, inputs) {
                Ok(Found { principal, warning }) => {
                    resolved.groups.insert(index, principal);
                    diagnostics.extend(warning);
                }
                Err(diagnostic) => diagnostics.push(*diagnostic),
            }
        }
        resolved.refuse_twins(inputs, diagnostics);
        let mut missing = BTreeSet::new();
        let assigned = inputs.config.assignments.iter().flat_map(|rule| &rule.users);
        let kept = inputs.config.keeps.iter().flat_map(|keep| match &keep.principals {
            KeptPrincipals::These { groups: _, users } => users.as_slice(),
            KeptPrincipals::Anyone | KeptPrincipals::Undeclared => &[],
        });
        for user in assigned.chain(kept) {
            let name = user.name.to_string();
            if resolved.users.contains_key(&name) || missing.contains(&name) {
                continue;
            }
            match directory.user(user, inputs) {
                Ok(id) => {
                    resolved.users.insert(name, Principal::User(id));
                }
                Err(diagnostic) => {
                    missing.insert(name);
                    diagnostics.push(*diagnostic);
                }
            }
        }
        resolved
    }
}

impl Principals {
    /// Two declarations of one group would each be believed to be about somebody else.
    fn refuse_twins(&self, inputs: &Inputs<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let mut first: BTreeMap<&Principal, GroupIx> = BTreeMap::new();
        for (index, principal) in &self.groups {
            let Some(other) = first.get(principal) else {
                first.insert(principal, *index);
                continue;
            };
            let (one, two) = (&inputs.config[*other], &inputs.config[*index]);
            diagnostics.push(
                Diagnostic::error(
                    Code::AmbiguousGroup,
                    format!("`{}` and `{}` are one group ({})", one.label, two.label, principal.id()),
                )
                .at_origin(inputs.origins, two.origin, "this is the same group")
                .and(inputs.origins.place(one.origin), "as this")
                .help("declare it once, or correct the id of the other"),
            );
        }
    }

    /// How the files call a principal that they name.
    fn label(&self, principal: &Principal, inputs: &Inputs<'_>) -> String {
        let group = self.groups.iter().find(|(_, group)| *group == principal);
        match group {
            Some((index, _)) => format!("`{}`", inputs.config[*index].label),
            None => {
                let user = self.users.iter().find(|(_, user)| *user == principal);
                user.map_or_else(|| principal.id().to_owned(), |(name, _)| format!("`{name}`"))
            }
        }
    }
}

/// The desired state, as rows.
pub(crate) struct Desired<'a> {
    pub(crate) tables: Tables<'a>,
    pub(crate) principals: Principals,
    /// The rows that are wanted today, sorted, one per key.
    pub(crate) rows: Vec<WantedRow>,
    /// The rows whose end has passed, sorted, one per key, none of which is wanted today.
    pub(crate) expired: Vec<WantedRow>,
    /// The `keep` nodes that hold today.
    pub(crate) keeps: Vec<Keep>,
}

/// Resolves every name against the snapshot and opens every rule.
///
/// # Errors
/// Every mistake that was found. A name that does not resolve ends the plan: a partial view must not revoke.
pub(crate) fn expand<'a>(inputs: &'a Inputs<'a>, today: Date) -> (Result<Desired<'a>, ()>, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let principals = Principals::resolve(inputs, &mut diagnostics);
    let tables = Tables::new(inputs, &principals);
    let mut resolver = AccountResolver::new(inputs);
    let mut all = Vec::new();
    for (at, rule) in inputs.config.assignments.iter().enumerate() {
        open_rule(rule, number(at), inputs, &tables, &principals, &mut resolver, &mut all);
    }
    let keeps = keeps::keeps(inputs, today, &tables, &principals, &mut resolver);
    diagnostics.extend(resolver.into_diagnostics());
    all.sort_unstable();
    let (rows, expired) = settle_expiries(&all, inputs, today, &tables, &principals, &mut diagnostics);
    diagnostics.extend(ends_that_a_keep_undoes(inputs, rows.iter().chain(&expired), &keeps));
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    let desired = if failed { Err(()) } else { Ok(Desired { tables, principals, rows, expired, keeps }) };
    (desired, diagnostics)
}

/// The groups and users that were found, without any row: for a look at what is live that ends at no mistake.
pub(crate) fn principals_alone<'a>(inputs: &'a Inputs<'a>, diagnostics: &mut Vec<Diagnostic>) -> Desired<'a> {
    let principals = Principals::resolve(inputs, diagnostics);
    let tables = Tables::new(inputs, &principals);
    Desired { tables, principals, rows: Vec::new(), expired: Vec::new(), keeps: Vec::new() }
}

fn open_rule(
    rule: &AssignmentRule,
    number_of_rule: u32,
    inputs: &Inputs<'_>,
    tables: &Tables<'_>,
    resolved: &Principals,
    resolver: &mut AccountResolver<'_>,
    all: &mut Vec<WantedRow>,
) {
    let AssignmentRule { permission_sets, groups, users, on, until: _, reason: _, origin: _ } = rule;
    let accounts = resolver.all_of(on);
    let groups = groups.iter().filter_map(|index| resolved.groups.get(index));
    let groups = groups.filter_map(|id| tables.principal(id));
    let users = users.iter().filter_map(|user| resolved.users.get(user.name.as_str()));
    let users = users.filter_map(|principal| tables.principal(principal));
    let principals: Vec<u32> = groups.chain(users).collect();
    for reference in permission_sets {
        let Some(set) = tables.set(inputs.config.permission_set_name(*reference)) else {
            continue;
        };
        for account in accounts.ones() {
            for principal in &principals {
                let key = Key { set, account: number(account), principal: *principal };
                all.push(WantedRow { key, rule: number_of_rule });
            }
        }
    }
}

/// One row per key: the wanted one, and apart from those the expired ones. Two rules that disagree about the end of
/// one row are reported once per pair of rules, not once per row.
fn settle_expiries(
    all: &[WantedRow],
    inputs: &Inputs<'_>,
    today: Date,
    tables: &Tables<'_>,
    principals: &Principals,
    diagnostics: &mut Vec<Diagnostic>,
) -> (Vec<WantedRow>, Vec<WantedRow>) {
    let until_of = |row: &WantedRow| inputs.config.assignments[row.rule as usize].until;
    let (mut rows, mut expired) = (Vec::with_capacity(all.len()), Vec::new());
    // With the first row on which each pair disagrees.
    let mut conflicts: BTreeMap<(u32, u32), Key> = BTreeMap::new();
    let mut overlaps: BTreeSet<(u32, u32)> = BTreeSet::new();
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
            _ => rows.push(holds),
        }
    }
    diagnostics.extend(
        conflicts.iter().map(|(pair, key)| conflicting_ends(*pair, *key, inputs, tables, principals)),
    );
    diagnostics.extend(overlaps.iter().map(|pair| overlapping_ends(*pair, inputs)));
    (rows, expired)
}

/// A `keep` without an end over a row with one would let it stand for ever, and no plan would show that; one that ends
/// later moves the end.
fn ends_that_a_keep_undoes<'r>(
    inputs: &Inputs<'_>,
    rows: impl Iterator<Item = &'r WantedRow>,
    keeps: &[Keep],
) -> Vec<Diagnostic> {
    let config = inputs.config;
    let mut told: BTreeSet<(u32, u32)> = BTreeSet::new();
    let mut found = Vec::new();
    for row in rows {
        let Some(until) = config.assignments[row.rule as usize].until else { continue };
        let Some(number) = keeps::keeping(keeps, row.key) else { continue };
        let keep = &config.keeps[number as usize];
        if keep.until.is_some_and(|kept| kept.date <= until.date) || !told.insert((row.rule, number)) {
            continue;
        }
        found.push(match keep.until {
            None => Diagnostic::error(
                Code::ConflictingExpiry,
                "an assignment has an end, and a `keep` without one holds some of its rows",
            )
            .at_origin(inputs.origins, until.origin, "this ends it")
            .and(inputs.origins.place(keep.origin), "this would let the rows stand for ever")
            .help("narrow the `keep`, or give it an `until`: together the end would never come"),
            Some(later) => Diagnostic::warning(
                Code::LaterExpiryHolds,
                "an assignment ends before the `keep` that holds some of its rows; the later end holds",
            )
            .at_origin(inputs.origins, later.origin, format!("{} holds", later.date))
            .and(inputs.origins.place(until.origin), format!("{} does not", until.date))
            .help("write one end for these rows"),
        });
    }
    found
}

fn conflicting_ends(
    (one, other): (u32, u32),
    key: Key,
    inputs: &Inputs<'_>,
    tables: &Tables<'_>,
    principals: &Principals,
) -> Diagnostic {
    let rules = &inputs.config.assignments;
    let (one, other) = (&rules[one as usize], &rules[other as usize]);
    let (lasting, ending) = if one.until.is_none() { (one, other) } else { (other, one) };
    let end = ending.until.map_or(ending.origin, |until| until.origin);
    let (set, account) = (tables.sets[key.set as usize], &tables.accounts[key.account as usize].name);
    let who = principals.label(&tables.principals[key.principal as usize], inputs);
    let found = Diagnostic::error(
        Code::ConflictingExpiry,
        format!("`{set}` on {account} is wanted for {who} both with and without an end"),
    )
    .at_origin(inputs.origins, end, "this ends it")
    .and(inputs.origins.place(lasting.origin), "this wants some of the same rows without an end");
    let found = match inputs.origins.used_at(lasting.origin) {
        Some(used) => found.and(used, "by the template that is used here"),
        None => found,
    };
    found.help("remove one of the two: together the end would never come, and no plan would show it")
}

fn overlapping_ends((one, other): (u32, u32), inputs: &Inputs<'_>) -> Diagnostic {
    let rules = &inputs.config.assignments;
    let ends: Vec<Until> = [one, other].iter().filter_map(|rule| rules[*rule as usize].until).collect();
    let mut diagnostic =
        Diagnostic::warning(Code::LaterExpiryHolds, "an assignment has two ends; the later holds")
            .help("write one `assign` with one `until` for these rows");
    if let [first, second] = ends[..] {
        let (later, earlier) = if first.date > second.date { (first, second) } else { (second, first) };
        diagnostic = diagnostic
            .at_origin(inputs.origins, later.origin, format!("{} holds", later.date))
            .and(inputs.origins.place(earlier.origin), format!("{} does not", earlier.date));
    }
    diagnostic
}

/// The live rows by the same numbers, sorted like the snapshot's list.
pub(crate) fn live_keys(inputs: &Inputs<'_>, tables: &Tables<'_>) -> Vec<Key> {
    let numbers: HashMap<&Principal, u32> =
        tables.principals.iter().enumerate().map(|(at, principal)| (principal, number(at))).collect();
    let mut keys = Vec::with_capacity(inputs.snapshot.assignments.len());
    for pair in inputs
        .snapshot
        .assignments
        .chunk_by(|a, b| a.account == b.account && a.permission_set == b.permission_set)
    {
        let account = tables.accounts.binary_search_by_key(&pair[0].account, |account| account.id).ok();
        // A snapshot lists the set and the account of every row: both are always found.
        let (Some(set), Some(account)) = (tables.set(&pair[0].permission_set), account) else {
            continue;
        };
        for row in pair {
            keys.push(Key { set, account: number(account), principal: numbers[&row.principal] });
        }
    }
    keys
}
