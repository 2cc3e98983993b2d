//! The reach of a guard or a `keep`: the assignments that it matches, in a form comparable between checkouts.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{AccountSetIx, KeepRule, KeptPrincipals, On, RowFilter};
use rolecall_model::{Config, Diagnostic, OriginId, Snapshot};

use super::{BasePlace, spelling};
use crate::desired::selectors::{AccountResolver, Mask};
use crate::inputs::Checkout;

/// Maximum number of changed items that are compared pairwise. Beyond it, quadratic time would not pay off: no one
/// rewrites that many at once and reviews each.
const MOST_COMPARED_PAIRWISE: usize = 200;

/// The relation between a reach in the configuration and one in the base.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Same,
    /// At least everything from before.
    Wider,
    /// At most what was before.
    Narrower,
    /// Neither.
    Other,
}

impl Relation {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Same, one) | (one, Self::Same) => one,
            (one, two) if one == two => one,
            _ => Self::Other,
        }
    }

    fn invert(self) -> Self {
        match self {
            Self::Wider => Self::Narrower,
            Self::Narrower => Self::Wider,
            Self::Same | Self::Other => self,
        }
    }

    pub(super) fn of_sets<T: Ord>(before: &BTreeSet<T>, after: &BTreeSet<T>) -> Self {
        match (before.is_subset(after), after.is_subset(before)) {
            (true, true) => Self::Same,
            (true, false) => Self::Wider,
            (false, true) => Self::Narrower,
            (false, false) => Self::Other,
        }
    }

    fn of_masks(before: &Mask, after: &Mask) -> Self {
        match (before.is_subset(after), after.is_subset(before)) {
            (true, true) => Self::Same,
            (true, false) => Self::Wider,
            (false, true) => Self::Narrower,
            (false, false) => Self::Other,
        }
    }
}

/// One part: its list, or `None` for everything.
type Part<T> = Option<BTreeSet<T>>;

fn relation_of_parts<T: Ord>(before: &Part<T>, after: &Part<T>) -> Relation {
    match (before, after) {
        (None, None) => Relation::Same,
        (Some(_), None) => Relation::Wider,
        (None, Some(_)) => Relation::Narrower,
        (Some(before), Some(after)) => Relation::of_sets(before, after),
    }
}

fn part<T>(listed: BTreeSet<T>) -> Part<T> {
    (!listed.is_empty()).then_some(listed)
}

/// A reach: the assignments that every part matches.
#[derive(Debug)]
pub(super) struct Reach {
    sets: Part<String>,
    policies: Part<String>,
    principals: Part<(&'static str, String)>,
    excepted: BTreeSet<(&'static str, String)>,
    on: Part<String>,
    /// The accounts of `on`, where both sides fit the live state.
    accounts: Option<Mask>,
    /// Where they do not: whether `on` names an account set whose text differs, or that names one whose text does.
    names_changed_set: bool,
}

impl Reach {
    fn of_filter(config: &Config, filter: &RowFilter) -> Self {
        let RowFilter { permission_sets, grants_policies, groups, users, on, except_groups, except_users } =
            filter;
        let excepted = spelling::principals(config, except_groups, except_users);
        Self {
            sets: part(spelling::set_names(config, permission_sets)),
            policies: part(grants_policies.iter().cloned().collect()),
            principals: part(spelling::principals(config, groups, users)),
            excepted: excepted.into_iter().map(|(word, name)| (except_word(word), name)).collect(),
            on: part(spelling::ons(config, on)),
            accounts: None,
            names_changed_set: false,
        }
    }

    fn of_keep(config: &Config, keep: &KeepRule) -> Self {
        let KeepRule { permission_sets, principals, on, until: _, reason: _, origin: _ } = keep;
        let principals = match principals {
            KeptPrincipals::Anyone => None,
            KeptPrincipals::Undeclared => Some(BTreeSet::from([("to-undeclared", String::new())])),
            // Never everyone, even if no principal is listed.
            KeptPrincipals::These { groups, users } => Some(spelling::principals(config, groups, users)),
        };
        Self {
            sets: part(spelling::set_names(config, permission_sets)),
            policies: None,
            principals,
            excepted: BTreeSet::new(),
            on: part(spelling::ons(config, on)),
            accounts: None,
            names_changed_set: false,
        }
    }

    /// Returns the relation to the base. If neither text contains the other, today's accounts decide, but only towards
    /// `alarming`: a reach with more accounts today may have fewer tomorrow.
    pub(super) fn since(&self, before: &Self, alarming: Relation) -> Relation {
        // Destructured, so that no new part is forgotten.
        let Self { sets, policies, principals, excepted, on, accounts, names_changed_set } = self;
        let written = relation_of_parts(&before.on, on);
        let accounts = match (&before.accounts, accounts) {
            (Some(before), Some(after)) if on.is_some() => Relation::of_masks(before, after),
            _ if before.names_changed_set || *names_changed_set => Relation::Other,
            _ => Relation::Same,
        };
        let on = match written {
            Relation::Other if accounts == alarming => alarming,
            written => written.and(accounts),
        };
        relation_of_parts(&before.sets, sets)
            .and(relation_of_parts(&before.policies, policies))
            .and(relation_of_parts(&before.principals, principals))
            .and(Relation::of_sets(&before.excepted, excepted).invert())
            .and(on)
    }

    /// Formats it as configuration on one line.
    pub(super) fn text(&self) -> String {
        // Destructured, so that no new part is forgotten.
        let Self { sets, policies, principals, excepted, on, accounts: _, names_changed_set: _ } = self;
        let mut parts = Vec::new();
        let mut say = |word: &str, names: &Part<String>| {
            if let Some(names) = names {
                parts.push(format!("{word} {}", spelling::quote(names.iter().map(String::as_str))));
            }
        };
        say("permission-set", sets);
        say("grants-policy", policies);
        let mut by_word: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (word, name) in principals.iter().flatten().chain(excepted) {
            by_word.entry(word).or_default().insert(name);
        }
        for (word, names) in by_word {
            parts.push(match word {
                "to-undeclared" => word.to_owned(),
                _ => format!("{word} {}", spelling::quote(names)),
            });
        }
        parts.extend(on.iter().flatten().map(|on| format!("on {on}")));
        match parts.is_empty() {
            true => "every assignment".to_owned(),
            false => parts.join("; "),
        }
    }

    /// Formats the text for a message.
    pub(super) fn summary(&self) -> String {
        spelling::shorten(&self.text())
    }
}

fn except_word(word: &str) -> &'static str {
    if word == "to" { "except-to" } else { "except-to-user" }
}

/// One of the two checkouts, with what its guards and keeps reach, in the order of its configuration.
pub(super) struct Side<'a> {
    pub(super) files: Checkout<'a>,
    in_base: bool,
    /// By `forbid`: its own reach, and those of its exceptions.
    pub(super) forbids: Vec<(Reach, Vec<Reach>)>,
    pub(super) require_untils: Vec<Reach>,
    pub(super) keeps: Vec<Reach>,
}

impl<'a> Side<'a> {
    fn new(files: Checkout<'a>, in_base: bool) -> Self {
        let config = files.config;
        let forbids = config.guard.forbids.iter().map(|forbid| {
            let exceptions = forbid.exceptions.iter().map(|one| Reach::of_filter(config, &one.rows));
            (Reach::of_filter(config, &forbid.rows), exceptions.collect())
        });
        let require_untils = config.guard.require_untils.iter();
        Self {
            files,
            in_base,
            forbids: forbids.collect(),
            require_untils: require_untils.map(|one| Reach::of_filter(config, &one.rows)).collect(),
            keeps: config.keeps.iter().map(|keep| Reach::of_keep(config, keep)).collect(),
        }
    }

    pub(super) fn config(&self) -> &'a Config {
        self.files.config
    }

    pub(super) fn place(&self, origin: OriginId) -> BasePlace {
        super::place(&self.files, origin, self.in_base)
    }

    /// Returns each reach with its `on`.
    fn reaches(&mut self) -> impl Iterator<Item = (&'a [On], &mut Reach)> {
        let config = self.files.config;
        let filters = config.guard.filters().map(|filter| filter.on.as_slice());
        let forbids =
            self.forbids.iter_mut().flat_map(|(own, exceptions)| std::iter::once(own).chain(exceptions));
        let guards = filters.zip(forbids.chain(&mut self.require_untils));
        guards.chain(config.keeps.iter().map(|keep| keep.on.as_slice()).zip(&mut self.keeps))
    }

    fn resolver(&self, snapshot: &'a Snapshot) -> AccountResolver<'a> {
        AccountResolver::new(self.files.config, self.files.origins, snapshot)
    }

    /// Resolves the accounts of every `on`; returns `false` if one cannot be resolved.
    fn find_accounts(&mut self, snapshot: &'a Snapshot) -> bool {
        let mut resolver = self.resolver(snapshot);
        for (on, reach) in self.reaches() {
            reach.accounts = (!on.is_empty()).then(|| resolver.all_of(on));
        }
        !resolver.into_diagnostics().iter().any(Diagnostic::is_error)
    }

    fn mark_changed_sets(&mut self, changed: &BTreeSet<&str>) {
        let config = self.files.config;
        for (on, reach) in self.reaches() {
            let mut named = on.iter().flat_map(|part| spelling::sets_named_on(config, part));
            reach.accounts = None;
            reach.names_changed_set = named.any(|name| changed.contains(name));
        }
    }
}

/// The two checkouts.
pub(super) struct Sides<'a> {
    pub(super) head: Side<'a>,
    pub(super) base: Side<'a>,
    /// The checkout whose guards are evaluated, where it is not the head.
    pub(super) guards: Option<Checkout<'a>>,
    snapshot: &'a Snapshot,
    /// Whether the accounts of both are known.
    fit: bool,
}

impl<'a> Sides<'a> {
    /// `both_fit` means that all names of both exist in the live state. Then the accounts of an `on` are known;
    /// otherwise only its text is.
    pub(super) fn new(
        head: Checkout<'a>,
        base: Checkout<'a>,
        guards: Option<Checkout<'a>>,
        snapshot: &'a Snapshot,
        both_fit: bool,
    ) -> Self {
        let (head_side, base_side) = (Side::new(head, false), Side::new(base, true));
        let mut sides = Self { head: head_side, base: base_side, guards, snapshot, fit: false };
        sides.fit = both_fit && sides.head.find_accounts(snapshot) && sides.base.find_accounts(snapshot);
        if !sides.fit {
            let changed = changed_account_sets(head.config, base.config);
            sides.head.mark_changed_sets(&changed);
            sides.base.mark_changed_sets(&changed);
        }
        sides
    }

    /// Returns how the accounts of a set that both declare relate today; `None` if they are unknown.
    pub(super) fn relation_of_sets(&self) -> Option<impl FnMut(AccountSetIx, AccountSetIx) -> Relation> {
        let mut resolvers =
            self.fit.then(|| [&self.base, &self.head].map(|side| side.resolver(self.snapshot)))?;
        Some(move |before, after| {
            let [base, head] = &mut resolvers;
            Relation::of_masks(&base.named_set(before), &head.named_set(after))
        })
    }
}

/// Returns the account sets whose text differs, and those that refer to such a set, directly or not.
fn changed_account_sets<'c>(head: &'c Config, base: &'c Config) -> BTreeSet<&'c str> {
    let spelled = |config: &'c Config| -> BTreeMap<&'c str, String> {
        let sets = config.account_sets.iter();
        sets.map(|set| (set.name.as_str(), spelling::selection(config, &set.selection))).collect()
    };
    let (after, before) = (spelled(head), spelled(base));
    let mut users: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for config in [head, base] {
        for set in &config.account_sets {
            for named in spelling::sets_named(config, &set.selection) {
                users.entry(named).or_default().push(&set.name);
            }
        }
    }
    let names = after.keys().chain(before.keys());
    let mut pending: Vec<&str> = names.copied().filter(|name| after.get(name) != before.get(name)).collect();
    let mut changed = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if changed.insert(name) {
            pending.extend(users.get(name).into_iter().flatten().copied());
        }
    }
    changed
}

/// Pairs of items of two lists, by position.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// In both, with their relation.
    pub(super) both: Vec<(usize, usize, Relation)>,
    /// Only in the base.
    pub(super) gone: Vec<usize>,
    /// Only in the configuration.
    pub(super) new: Vec<usize>,
}

impl Pairs {
    /// Pairs items with the same text first, then items of which one is wider than the other.
    pub(super) fn new(before: &[Reach], after: &[Reach], alarming: Relation) -> Self {
        let mut pairs = Self::default();
        let mut by_text: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, reach) in before.iter().enumerate().rev() {
            by_text.entry(reach.text()).or_default().push(at);
        }
        for (new, reach) in after.iter().enumerate() {
            match by_text.get_mut(&reach.text()).and_then(Vec::pop) {
                Some(old) => pairs.both.push((old, new, reach.since(&before[old], alarming))),
                None => pairs.new.push(new),
            }
        }
        pairs.gone = by_text.into_values().flatten().collect();
        pairs.gone.sort_unstable();
        if pairs.gone.len().max(pairs.new.len()) <= MOST_COMPARED_PAIRWISE {
            pairs.pair_related(before, after, alarming);
        }
        pairs
    }

    fn pair_related(&mut self, before: &[Reach], after: &[Reach], alarming: Relation) {
        let new = &mut self.new;
        let both = &mut self.both;
        self.gone.retain(|old| {
            let related = new.iter().enumerate().find_map(|(at, new)| {
                let relation = after[*new].since(&before[*old], alarming);
                (relation != Relation::Other).then_some((at, relation))
            });
            let Some((at, relation)) = related else { return true };
            both.push((*old, new.remove(at), relation));
            false
        });
    }
}
