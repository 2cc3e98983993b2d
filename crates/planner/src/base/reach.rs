//! Which rows a guard or a `keep` is about, in a form in which those of two checkouts compare.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::config::{AccountSetIx, KeepRule, KeptPrincipals, On, RowFilter};
use rolecall_model::{Config, Diagnostic, OriginId, Snapshot};

use super::{BasePlace, spelling};
use crate::desired::selectors::{AccountResolver, Mask};
use crate::inputs::Checkout;

/// Beyond so many that are not written alike, the two sides are not held against each other one by one: the time would
/// grow with the square, and nobody rewrites as many at once and reads what became of each.
const HELD_AGAINST_EACH_OTHER: usize = 200;

/// How what the files reach relates to what the base reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Same,
    /// Everything as before, and perhaps more.
    Wider,
    /// At most what was before.
    Narrower,
    /// Neither can be said.
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

    fn turned(self) -> Self {
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

/// One part: what it lists, or `None` for everything.
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

/// Which rows something is about: those that every part matches.
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
            // Never everybody, even if nobody is listed.
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

    /// How this relates to what the base had. Where neither contains the other as it is written, the accounts of today
    /// decide, but only towards `alarming`: what holds more accounts today may hold fewer tomorrow.
    pub(super) fn since(&self, before: &Self, alarming: Relation) -> Relation {
        let on = relation_of_parts(&before.on, &self.on);
        let accounts = match (&before.accounts, &self.accounts) {
            (Some(before), Some(after)) if self.on.is_some() => Relation::of_masks(before, after),
            _ if before.names_changed_set || self.names_changed_set => Relation::Other,
            _ => Relation::Same,
        };
        relation_of_parts(&before.sets, &self.sets)
            .and(relation_of_parts(&before.policies, &self.policies))
            .and(relation_of_parts(&before.principals, &self.principals))
            .and(Relation::of_sets(&before.excepted, &self.excepted).turned())
            .and(if on == Relation::Other && accounts == alarming { alarming } else { on.and(accounts) })
    }

    /// As the files would write it on one line.
    pub(super) fn text(&self) -> String {
        let mut said = Vec::new();
        let mut say = |word: &str, names: &Part<String>| {
            if let Some(names) = names {
                said.push(format!("{word} {}", spelling::quoted(names.iter().map(String::as_str))));
            }
        };
        say("permission-set", &self.sets);
        say("grants-policy", &self.policies);
        let mut by_word: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (word, name) in self.principals.iter().flatten().chain(&self.excepted) {
            by_word.entry(word).or_default().insert(name);
        }
        for (word, names) in by_word {
            said.push(match word {
                "to-undeclared" => word.to_owned(),
                _ => format!("{word} {}", spelling::quoted(names)),
            });
        }
        said.extend(self.on.iter().flatten().map(|on| format!("on {on}")));
        match said.is_empty() {
            true => "every assignment".to_owned(),
            false => said.join("; "),
        }
    }

    /// The text, for a message.
    pub(super) fn said(&self) -> String {
        spelling::shortened(&self.text())
    }
}

fn except_word(word: &str) -> &'static str {
    if word == "to" { "except-to" } else { "except-to-user" }
}

/// One of the two checkouts, with what its guards and keeps reach, in the order of its configuration.
pub(super) struct Side<'a> {
    pub(super) files: Checkout<'a>,
    in_base: bool,
    /// By `forbid`: its own rows, and those of its exceptions.
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

    /// Each reach with the `on` that it was made from.
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

    /// Looks up the accounts of every `on`; `false` where one cannot be.
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
    /// `both_fit` says that all names of both are found in the live state. Then what an `on` reaches is known; else only
    /// how it is written.
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

    /// How the accounts of a set that both declare relate today; `None` where they are not known.
    pub(super) fn relation_of_sets(&self) -> Option<impl FnMut(AccountSetIx, AccountSetIx) -> Relation> {
        let mut resolvers =
            self.fit.then(|| [&self.base, &self.head].map(|side| side.resolver(self.snapshot)))?;
        Some(move |before, after| {
            let [base, head] = &mut resolvers;
            Relation::of_masks(&base.named_set(before), &head.named_set(after))
        })
    }
}

/// The account sets whose text differs, and those that name such a set, at whatever distance.
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

/// Which of two lists belong together, by their positions.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// In the base and in the files, and how the two relate.
    pub(super) both: Vec<(usize, usize, Relation)>,
    /// Only in the base.
    pub(super) gone: Vec<usize>,
    /// Only in the files.
    pub(super) new: Vec<usize>,
}

impl Pairs {
    /// First those that are written alike; of the others, those of which one is wider than the other.
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
        if pairs.gone.len().max(pairs.new.len()) <= HELD_AGAINST_EACH_OTHER {
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
