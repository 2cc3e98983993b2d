//! The organization: business domains, the units and accounts of each, and the account sets that group them.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rolecall_model::snapshot::Organization;
use rolecall_model::{Account, AccountId, AccountState, OrganizationalUnit, OuId};

const DOMAINS: &[&str] = &[
    "payments",
    "search",
    "checkout",
    "identity",
    "billing",
    "catalog",
    "orders",
    "shipping",
    "inventory",
    "pricing",
    "analytics",
    "mobile",
    "web",
    "messaging",
    "notifications",
    "reporting",
    "fraud",
    "loyalty",
    "support",
    "people",
    "finance",
    "legal",
    "marketing",
    "media",
    "streaming",
    "learning",
    "data-lake",
    "devices",
    "logistics",
    "returns",
    "partners",
    "content",
    "suggestions",
    "profiles",
    "risk",
    "treasury",
    "claims",
    "underwriting",
    "ledger",
    "settlement",
];
const DOMAIN_SUFFIXES: &[&str] = &["", "-eu", "-us", "-apac", "-core", "-edge", "-labs"];
const MOST_DOMAINS: usize = DOMAINS.len() * DOMAIN_SUFFIXES.len();
const ACCOUNTS_PER_DOMAIN: usize = 16;

/// The company's organization and the account sets of its configuration.
pub(super) struct Company {
    pub(super) organization: Organization,
    /// The member accounts, by index in the organization's list.
    pub(super) members: Vec<u32>,
    pub(super) domains: Vec<Domain>,
    /// Account sets, each after those that it uses.
    pub(super) account_sets: Vec<AccountSetPlan>,
}

/// A business domain.
pub(super) struct Domain {
    /// A name such as `data-lake`.
    pub(super) name: String,
    /// A name such as `DataLake`.
    pub(super) title: String,
    /// Its relative size.
    pub(super) weight: f64,
}

/// A declared account set, and the accounts that it matches.
pub(super) struct AccountSetPlan {
    pub(super) name: String,
    /// The lines of its body.
    pub(super) lines: Vec<String>,
    /// The indices of the sets that it uses.
    pub(super) uses: Vec<usize>,
    pub(super) accounts: Vec<u32>,
    pub(super) domain: Option<usize>,
}

/// An account without its id.
struct AccountPlan {
    name: String,
    unit: &'static [&'static str],
    domain: Option<usize>,
    environment: &'static str,
    team: String,
}

/// Creates the organization.
pub(super) fn found(accounts: usize, random: &mut ChaCha8Rng) -> Company {
    let members = accounts - 1;
    let (shared, sandboxes) = if members < 4 { (0, 0) } else { ((members * 6 / 100).max(1), members / 10) };
    let workloads = members - shared - sandboxes;
    let domains = name_domains((workloads / ACCOUNTS_PER_DOMAIN).clamp(1, MOST_DOMAINS), random);
    let mut plans = plan_workloads(workloads, &domains, random);
    plans.extend((1..=shared).map(plan_shared));
    plans.extend((1..=sandboxes).map(|number| AccountPlan {
        name: format!("sandbox-{number:03}"),
        unit: &["Sandbox"],
        domain: None,
        environment: "sandbox",
        team: "experiments".to_owned(),
    }));
    settle(plans, domains, random)
}

fn name_domains(count: usize, random: &mut ChaCha8Rng) -> Vec<Domain> {
    let names = DOMAIN_SUFFIXES
        .iter()
        .flat_map(|suffix| DOMAINS.iter().map(move |domain| format!("{domain}{suffix}")));
    names
        .take(count)
        .enumerate()
        .map(|(rank, name)| Domain {
            title: title(&name),
            name,
            // A few domains are large and many are small.
            weight: random.random_range(0.6..1.4) / ((rank + 2) as f64).sqrt(),
        })
        .collect()
}

/// Converts `data-lake` to `DataLake`.
pub(super) fn title(name: &str) -> String {
    let capital = |word: &str| {
        let mut word = word.to_owned();
        if let Some(first) = word.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        word
    };
    name.split('-').map(capital).collect()
}

/// Divides `total` by weight, so that the parts add up.
pub(super) fn share_by_weight(total: usize, weights: &[f64]) -> Vec<usize> {
    let sum: f64 = weights.iter().sum();
    let mut so_far = 0.0;
    let mut given = 0;
    weights
        .iter()
        .enumerate()
        .map(|(number, weight)| {
            so_far += weight;
            let until = if number + 1 == weights.len() {
                total
            } else {
                (total as f64 * so_far / sum).round() as usize
            };
            let share = until.min(total).saturating_sub(given);
            given += share;
            share
        })
        .collect()
}

fn plan_workloads(count: usize, domains: &[Domain], random: &mut ChaCha8Rng) -> Vec<AccountPlan> {
    let least = if count >= 2 * domains.len() { 2 } else { 0 };
    let weights: Vec<f64> = domains.iter().map(|domain| domain.weight).collect();
    let shares = share_by_weight(count - least * domains.len(), &weights);
    let mut plans = Vec::with_capacity(count);
    for (number, (domain, share)) in domains.iter().zip(shares).enumerate() {
        let all = share + least;
        let production = if all == 0 { 0 } else { (all * 2 / 5).max(1) };
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for place in 0..all {
            let environment =
                if place < production { "prod" } else { ["dev", "test", "stage"][(place - production) % 3] };
            let in_environment = counts.entry(environment).or_default();
            *in_environment += 1;
            let team = ["core", "apps", "data"][random.random_range(0..3)];
            plans.push(AccountPlan {
                name: format!("{}-{environment}-{in_environment}", domain.name),
                unit: if environment == "prod" { &["Workloads", "Prod"] } else { &["Workloads", "NonProd"] },
                domain: Some(number),
                environment,
                team: format!("{}-{team}", domain.name),
            });
        }
    }
    plans
}

fn plan_shared(number: usize) -> AccountPlan {
    let (name, unit): (String, &[&str]) = match number {
        1 => ("shared-services".to_owned(), &["Infrastructure", "Core", "Services"]),
        2 => ("security-audit".to_owned(), &["Infrastructure", "Core", "Security"]),
        3 => ("log-archive".to_owned(), &["Infrastructure", "Core", "Security"]),
        4 => ("network-hub".to_owned(), &["Infrastructure", "Core", "Services"]),
        _ => (format!("shared-services-{}", number - 3), &["Infrastructure", "Core", "Services"]),
    };
    AccountPlan { name, unit, domain: None, environment: "shared", team: "platform".to_owned() }
}

/// Gives ids to accounts and units, and sorts the accounts by id.
fn settle(plans: Vec<AccountPlan>, domains: Vec<Domain>, random: &mut ChaCha8Rng) -> Company {
    let digits: String = (0..4).map(|_| base_36(random)).collect();
    let root: OuId = format!("r-{digits}").parse().expect("r- and four characters are a root's id");
    let mut units = Units { root: root.clone(), digits, by_path: BTreeMap::new(), list: Vec::new() };
    let mut ids = BTreeSet::new();
    while ids.len() <= plans.len() {
        ids.insert(random.random_range(100_000_000_000..1_000_000_000_000_u64));
    }
    let mut ids: Vec<u64> = ids.into_iter().collect();
    ids.shuffle(random);
    let mut ids =
        ids.into_iter().map(|id| AccountId::from_number(id).expect("twelve digits are an account id"));
    let management_account = ids.next().expect("there is an id for the management account too");

    let mut settled: Vec<(Account, Option<AccountPlan>)> = plans
        .into_iter()
        .zip(ids)
        .map(|(plan, id)| {
            let mut path = plan.unit.to_vec();
            path.extend(plan.domain.map(|domain| domains[domain].title.as_str()));
            let parent = units.of_path(&path, random);
            let domain = plan.domain.map_or("platform", |domain| domains[domain].name.as_str());
            let tags = [("env", plan.environment), ("domain", domain), ("team", plan.team.as_str())];
            let tags = tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
            (
                Account {
                    id,
                    name: plan.name.clone(),
                    state: AccountState::Active,
                    parent,
                    tags: Some(tags),
                },
                Some(plan),
            )
        })
        .collect();
    let management = Account {
        id: management_account,
        name: "acme-management".to_owned(),
        state: AccountState::Active,
        parent: root.clone(),
        tags: Some(BTreeMap::new()),
    };
    settled.push((management, None));
    settled.sort_by_key(|(account, _)| account.id);

    let mut sets = AccountSets::default();
    let placed: Vec<(u32, &AccountPlan)> =
        (0..).zip(&settled).filter_map(|(at, (_, plan))| Some((at, plan.as_ref()?))).collect();
    sets.declare_global(&placed);
    sets.declare_domains(&placed, &domains);
    let account_sets = sets.list;
    let members = placed.iter().map(|(at, _)| *at).collect();
    units.list.sort_by(|a, b| a.id.cmp(&b.id));
    let organization = Organization {
        id: format!("o-{}", (0..10).map(|_| base_36(random)).collect::<String>()),
        management_account,
        root,
        delegated_administrators: BTreeSet::new(),
        units: units.list,
        accounts: settled.into_iter().map(|(account, _)| account).collect(),
    };
    Company { organization, members, domains, account_sets }
}

fn base_36(random: &mut ChaCha8Rng) -> char {
    char::from(b"abcdefghijklmnopqrstuvwxyz0123456789"[random.random_range(0..36)])
}

/// The units so far.
struct Units {
    root: OuId,
    /// The four characters that the ids of all units share with the root's.
    digits: String,
    by_path: BTreeMap<String, OuId>,
    list: Vec<OrganizationalUnit>,
}

impl Units {
    /// Returns the unit at a path of names, and creates it and its parents if they are missing.
    fn of_path(&mut self, path: &[&str], random: &mut ChaCha8Rng) -> OuId {
        let Some((name, above)) = path.split_last() else { return self.root.clone() };
        if let Some(id) = self.by_path.get(&path.join("/")) {
            return id.clone();
        }
        let parent = self.of_path(above, random);
        let rest: String = (0..8).map(|_| base_36(random)).collect();
        let id: OuId = format!("ou-{}-{rest}", self.digits)
            .parse()
            .expect("ou-, four and eight characters are a unit's id");
        self.list.push(OrganizationalUnit { id: id.clone(), name: (*name).to_owned(), parent });
        self.by_path.insert(path.join("/"), id.clone());
        id
    }
}

/// The account sets so far.
#[derive(Default)]
struct AccountSets {
    list: Vec<AccountSetPlan>,
}

impl AccountSets {
    /// Declares a set, unless it would be empty, and returns its index.
    fn declare(
        &mut self,
        name: String,
        lines: &[&str],
        uses: Vec<usize>,
        accounts: Vec<u32>,
        domain: Option<usize>,
    ) -> Option<usize> {
        if accounts.is_empty() {
            return None;
        }
        let lines = lines.iter().map(|line| (*line).to_owned()).collect();
        self.list.push(AccountSetPlan { name, lines, uses, accounts, domain });
        Some(self.list.len() - 1)
    }

    fn declare_global(&mut self, placed: &[(u32, &AccountPlan)]) {
        let select = |matches: &dyn Fn(&AccountPlan) -> bool| -> Vec<u32> {
            placed.iter().filter(|(_, plan)| matches(plan)).map(|(at, _)| *at).collect()
        };
        let in_unit =
            |unit: &'static [&'static str]| select(&|plan: &AccountPlan| plan.unit.starts_with(unit));
        let every = select(&|_: &AccountPlan| true);
        let sandboxes = in_unit(&["Sandbox"]);
        let but_sandboxes = select(&|plan: &AccountPlan| plan.unit != ["Sandbox"]);
        let simple = [
            ("workloads", "ou \"Workloads\"", in_unit(&["Workloads"])),
            ("production", "ou \"Workloads/Prod\"", in_unit(&["Workloads", "Prod"])),
            ("nonproduction", "ou \"Workloads/NonProd\"", in_unit(&["Workloads", "NonProd"])),
            ("shared", "ou \"Infrastructure\"", in_unit(&["Infrastructure"])),
            ("everywhere", "every-member-account", every),
        ];
        for (name, line, accounts) in simple {
            self.declare(name.to_owned(), &[line], Vec::new(), accounts, None);
        }
        if let Some(place) =
            self.declare("sandboxes".to_owned(), &["name \"sandbox-*\""], Vec::new(), sandboxes, None)
        {
            let lines = ["every-member-account", "except {", "    accounts \"sandboxes\"", "}"];
            self.declare("all-but-sandboxes".to_owned(), &lines, vec![place], but_sandboxes, None);
        }
    }

    fn declare_domains(&mut self, placed: &[(u32, &AccountPlan)], domains: &[Domain]) {
        let mut of_domain: Vec<Vec<(u32, &AccountPlan)>> = vec![Vec::new(); domains.len()];
        for (at, plan) in placed {
            if let Some(domain) = plan.domain {
                of_domain[domain].push((*at, plan));
            }
        }
        for (number, (Domain { name, title, weight: _ }, own)) in domains.iter().zip(&of_domain).enumerate() {
            let select = |matches: &dyn Fn(&str) -> bool| -> Vec<u32> {
                own.iter().filter(|(_, plan)| matches(plan.environment)).map(|(at, _)| *at).collect()
            };
            let (production, rest) = (select(&|env| env == "prod"), select(&|env| env != "prod"));
            let line = format!("ou \"Workloads/Prod/{title}\"");
            let production =
                self.declare(format!("{name}-prod"), &[&line], Vec::new(), production, Some(number));
            let (by_unit, tag) =
                (format!("ou \"Workloads/NonProd/{title}\""), format!("    tag \"domain\" \"{name}\""));
            let by_tag = ["ou \"Workloads/NonProd\"", "only {", &tag, "}"];
            let lines = if number % 3 == 0 { &by_tag[..] } else { &[by_unit.as_str()][..] };
            let rest = self.declare(format!("{name}-nonprod"), lines, Vec::new(), rest, Some(number));
            let line = format!("name \"{name}-dev-*\"");
            self.declare(
                format!("{name}-dev"),
                &[&line],
                Vec::new(),
                select(&|env| env == "dev"),
                Some(number),
            );
            if let (Some(production), Some(rest)) = (production, rest) {
                let line = format!("accounts \"{name}-prod\" \"{name}-nonprod\"");
                self.declare(
                    format!("{name}-all"),
                    &[&line],
                    vec![production, rest],
                    select(&|_| true),
                    Some(number),
                );
            }
        }
    }
}
