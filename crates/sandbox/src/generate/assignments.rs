//! Assignments: rules that add up to an exact number, within AWS's quotas.

use std::collections::BTreeSet;

use rand::RngExt;
use rand::seq::{IndexedRandom, SliceRandom};
use rand_chacha::ChaCha8Rng;

use super::Row;
use super::catalogue::Catalogue;
use super::company::Company;
use super::people::{Cluster, People};
use crate::limits;

/// The number of consecutive rules that do not fit after which the rest is filled in systematically.
const PATIENCE: usize = 200;

/// The most accounts in a rule that completes the number of assignments, if there is another way.
const MOST_LISTED: usize = 200;

/// An `assign` node. No two rules share a pair of permission set and group unless they list accounts, so their
/// assignments never overlap.
pub(super) struct Rule {
    pub(super) sets: Vec<u32>,
    pub(super) groups: Vec<u32>,
    pub(super) on: On,
    /// The domain in whose file it is.
    pub(super) domain: Option<usize>,
}

/// The accounts of a rule.
pub(super) enum On {
    /// An account set, by index.
    Set(usize),
    /// A list of accounts.
    Accounts(Vec<u32>),
}

/// The lengths of the three lists that assignments index.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) sets: usize,
    pub(super) accounts: usize,
    pub(super) groups: usize,
}

/// The rules so far and their assignments.
pub(super) struct Allocation {
    size: Size,
    rules: Vec<Rule>,
    rows: Vec<Row>,
    used_pairs: BTreeSet<(u32, u32)>,
    /// Number of groups by permission set and account; at most 100.
    groups_at: Vec<u8>,
    /// Number of permission sets by account.
    sets_at: Vec<u16>,
    /// The indices of account sets by domain, and of those without a domain.
    own_sets: Vec<Vec<usize>>,
    global_sets: Vec<usize>,
}

impl Allocation {
    pub(super) fn new(size: Size, company: &Company) -> Self {
        let mut own_sets = vec![Vec::new(); company.domains.len()];
        let mut global_sets = Vec::new();
        for (place, set) in company.account_sets.iter().enumerate() {
            match set.domain {
                Some(domain) => own_sets[domain].push(place),
                None => global_sets.push(place),
            }
        }
        Self {
            size,
            rules: Vec::new(),
            rows: Vec::new(),
            used_pairs: BTreeSet::new(),
            groups_at: vec![0; size.sets * size.accounts],
            sets_at: vec![0; size.accounts],
            own_sets,
            global_sets,
        }
    }

    /// The numbers of permission sets and groups.
    pub(super) fn lengths(&self) -> (u32, u32) {
        let length = |length| u32::try_from(length).expect("AWS's quotas are far below four billion");
        (length(self.size.sets), length(self.size.groups))
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    pub(super) fn sorted_rows(&self) -> Vec<Row> {
        let mut rows = self.rows.clone();
        rows.sort_unstable();
        rows
    }

    /// Adds rules until there are exactly `wanted` assignments, which must be possible.
    pub(super) fn allocate(
        &mut self,
        wanted: usize,
        company: &Company,
        people: &People,
        catalogue: &Catalogue,
        random: &mut ChaCha8Rng,
    ) {
        let mut order: Vec<usize> = (0..people.clusters.len()).collect();
        order.shuffle(random);
        // The platform's groups come first, while there is room for rules with many accounts.
        order.sort_by_key(|cluster| people.clusters[*cluster].domain.is_some());
        let rules_aimed_at = self.size.groups / 2 + 8;
        let mut failures = 0;
        let mut turns = order.iter().cycle();
        while self.rows.len() < wanted
            && failures < PATIENCE
            && let Some(turn) = turns.next()
        {
            let left = wanted - self.rows.len();
            let rules_left = rules_aimed_at.saturating_sub(self.rules.len()).max(order.len() / 4).max(1);
            let aim = left as f64 / rules_left as f64 * random.random_range(0.3..1.9);
            let rule = self.draw(&people.clusters[*turn], aim, left, company, catalogue, random);
            let added = rule.is_some_and(|rule| self.add(rule, company));
            failures = if added { 0 } else { failures + 1 };
        }
        self.fill(wanted, company, people);
    }

    /// Adds a rule for a cluster with about `aim` assignments, and at most `left`.
    fn draw(
        &self,
        cluster: &Cluster,
        aim: f64,
        left: usize,
        company: &Company,
        catalogue: &Catalogue,
        random: &mut ChaCha8Rng,
    ) -> Option<Rule> {
        let mut sets = self.draw_sets(cluster, catalogue, random)?;
        let mut groups = cluster.groups.clone();
        if random.random_bool(0.3) {
            groups.truncate(1);
        }
        let pairs = sets.len() * groups.len();
        let place =
            self.draw_account_set(cluster.domain, aim / pairs as f64, left / pairs, company, random)?;
        let members = &company.account_sets[place].accounts;
        while sets.len() * groups.len() * members.len() > left && sets.len() + groups.len() > 2 {
            if groups.len() > 1 {
                groups.pop()
            } else {
                sets.pop()
            };
        }
        let on = match members.len() {
            size if size <= left => On::Set(place),
            _ if left <= MOST_LISTED => On::Accounts(members[..left].to_vec()),
            _ => return None,
        };
        Some(Rule { sets, groups, on, domain: cluster.domain })
    }

    /// Chooses one or two permission sets that none of the cluster's groups has yet: the domain's own or general ones,
    /// or else any.
    fn draw_sets(
        &self,
        cluster: &Cluster,
        catalogue: &Catalogue,
        random: &mut ChaCha8Rng,
    ) -> Option<Vec<u32>> {
        let (own, general) = match cluster.domain {
            Some(domain) => (&catalogue.of_domain[domain][..], &catalogue.general_for_teams),
            None => (&[][..], &catalogue.general),
        };
        let is_free =
            |set: &u32| cluster.groups.iter().all(|group| !self.used_pairs.contains(&(*set, *group)));
        let mut free: Vec<u32> = own.iter().chain(general).copied().filter(is_free).collect();
        if free.is_empty() {
            let (any, _) = self.lengths();
            let tries = if any == 0 { 0 } else { 8 };
            free = (0..tries).map(|_| random.random_range(0..any)).find(is_free).into_iter().collect();
        }
        free.shuffle(random);
        free.truncate(if random.random_bool(0.4) { 2 } else { 1 });
        free.sort_unstable();
        (!free.is_empty()).then_some(free)
    }

    /// Chooses the account set with a size nearest to `aim`, mostly from the domain's own. The platform's groups get
    /// any set, including large ones, that leaves most of what is `left` to others.
    fn draw_account_set(
        &self,
        domain: Option<usize>,
        aim: f64,
        left: usize,
        company: &Company,
        random: &mut ChaCha8Rng,
    ) -> Option<usize> {
        if domain.is_none() {
            let modest = |place: &&usize| company.account_sets[**place].accounts.len() <= left / 12;
            let modest: Vec<&usize> = self.global_sets.iter().filter(modest).collect();
            if let Some(place) = modest.choose(random) {
                return Some(**place);
            }
        }
        let own = domain.map_or(&[][..], |domain| &self.own_sets[domain]);
        let only_own = !own.is_empty() && random.random_bool(0.85);
        let others = if only_own { &[][..] } else { &self.global_sets };
        let distance = |place: &usize| {
            let size = company.account_sets[*place].accounts.len() as f64;
            (size.ln() - aim.max(1.0).ln()).abs()
        };
        own.iter().chain(others).copied().min_by(|a, b| distance(a).total_cmp(&distance(b)))
    }

    /// Adds a rule, if its assignments are within the quotas.
    fn add(&mut self, rule: Rule, company: &Company) -> bool {
        let accounts = match &rule.on {
            On::Set(place) => &company.account_sets[*place].accounts,
            On::Accounts(accounts) => accounts,
        };
        if !accounts.iter().all(|account| self.has_room(&rule.sets, *account, rule.groups.len())) {
            return false;
        }
        for set in &rule.sets {
            self.used_pairs.extend(rule.groups.iter().map(|group| (*set, *group)));
            for account in accounts {
                for group in &rule.groups {
                    self.rows.push(Row { set: *set, account: *account, group: *group });
                }
                take_room(
                    &mut self.groups_at,
                    &mut self.sets_at,
                    self.size,
                    (*set, *account),
                    rule.groups.len(),
                );
            }
        }
        self.rules.push(rule);
        true
    }

    fn has_room(&self, sets: &[u32], account: u32, groups: usize) -> bool {
        let at = |set: &u32| usize::from(self.groups_at[place(self.size, *set, account)]);
        let new_sets = sets.iter().filter(|set| at(set) == 0).count();
        let all_sets = usize::from(self.sets_at[account as usize]) + new_sets;
        all_sets <= limits::PERMISSION_SETS_PER_ACCOUNT
            && sets.iter().all(|set| at(set) + groups <= limits::GROUPS_PER_PERMISSION_SET_AND_ACCOUNT)
    }

    /// Reserves room for one assignment without a rule, if there is room.
    pub(super) fn take(&mut self, row: Row) -> bool {
        let free = self.has_room(&[row.set], row.account, 1);
        if free {
            take_room(&mut self.groups_at, &mut self.sets_at, self.size, (row.set, row.account), 1);
        }
        free
    }

    /// Goes through all permission sets and groups, and lists accounts where there is room, until there are `wanted`
    /// assignments. The quotas apply to each account separately, so this finds every possible assignment.
    fn fill(&mut self, wanted: usize, company: &Company, people: &People) {
        if self.rows.len() >= wanted {
            return;
        }
        let before = self.sorted_rows();
        for set in 0..self.lengths().0 {
            for (group, plan) in (0..).zip(&people.groups) {
                let left = wanted - self.rows.len();
                let free = |account: &u32| {
                    before.binary_search(&Row { set, account: *account, group }).is_err()
                        && self.has_room(&[set], *account, 1)
                };
                let accounts: Vec<u32> = company.members.iter().copied().filter(free).take(left).collect();
                if accounts.is_empty() {
                    continue;
                }
                let (on, domain) = (On::Accounts(accounts), plan.domain);
                self.add(Rule { sets: vec![set], groups: vec![group], on, domain }, company);
                if self.rows.len() == wanted {
                    return;
                }
            }
        }
    }
}

fn place(size: Size, set: u32, account: u32) -> usize {
    set as usize * size.accounts + account as usize
}

fn take_room(
    groups_at: &mut [u8],
    sets_at: &mut [u16],
    size: Size,
    (set, account): (u32, u32),
    groups: usize,
) {
    let count = &mut groups_at[place(size, set, account)];
    if *count == 0 {
        sets_at[account as usize] += 1;
    }
    // `has_room` keeps the sum at 100 or less.
    *count = count.saturating_add(u8::try_from(groups).unwrap_or(u8::MAX));
}
