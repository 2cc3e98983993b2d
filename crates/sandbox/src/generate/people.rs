//! The groups: a few of the platform, the rest by team.

use std::collections::BTreeMap;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rolecall_model::GroupId;
use rolecall_model::snapshot::{ExternalId, Group};

use super::company::Company;
use super::group_id;
use crate::identity_store::SCIM_ISSUER;

const PLATFORM_GROUPS: &[&str] = &[
    "platform-admins",
    "platform-engineers",
    "security-audit",
    "security-response",
    "network-ops",
    "finops",
    "data-governance",
    "sre-oncall",
    "helpdesk",
    "compliance",
    "architects",
    "release-managers",
];
const TEAMS: &[&str] = &["core", "apps", "data", "api", "ui", "batch", "edge", "tools"];
const ROLES: &[&str] = &["devs", "oncall", "leads", "testers", "readers", "ops"];

/// All groups and their clusters.
pub(super) struct People {
    /// The groups, sorted by id.
    pub(super) groups: Vec<GroupPlan>,
    /// Clusters of a few groups that are assigned together, by index.
    pub(super) clusters: Vec<Cluster>,
}

/// A declared group.
pub(super) struct GroupPlan {
    pub(super) id: GroupId,
    pub(super) label: String,
    pub(super) display_name: String,
    pub(super) object_id: String,
    /// Whether the configuration contains its object id.
    pub(super) is_pinned: bool,
    pub(super) domain: Option<usize>,
}

impl GroupPlan {
    pub(super) fn to_live(&self) -> Group {
        Group {
            id: self.id.clone(),
            display_name: self.display_name.clone(),
            external_ids: vec![ExternalId { issuer: SCIM_ISSUER.to_owned(), id: self.object_id.clone() }],
        }
    }
}

/// Up to three groups of one team.
pub(super) struct Cluster {
    pub(super) groups: Vec<u32>,
    pub(super) domain: Option<usize>,
}

/// A group without its ids, and its cluster.
struct Draft {
    label: String,
    domain: Option<usize>,
    cluster: usize,
}

/// Creates the groups.
pub(super) fn hire(count: usize, company: &Company, store_digits: &str, random: &mut ChaCha8Rng) -> People {
    let platform = PLATFORM_GROUPS.len().min(count.div_ceil(20));
    let mut drafts: Vec<Draft> = PLATFORM_GROUPS[..platform]
        .iter()
        .enumerate()
        .map(|(number, name)| Draft { label: (*name).to_owned(), domain: None, cluster: number / 2 })
        .collect();
    let mut cluster = platform.div_ceil(2);
    let weights: Vec<f64> = company.domains.iter().map(|domain| domain.weight).collect();
    let shares = super::company::share_by_weight(count - platform, &weights);
    for (number, (domain, share)) in company.domains.iter().zip(shares).enumerate() {
        let mut left = share;
        let mut team = 0;
        while left > 0 {
            let name = TEAMS[team % TEAMS.len()];
            let name = if team < TEAMS.len() {
                name.to_owned()
            } else {
                format!("{name}{}", team / TEAMS.len() + 1)
            };
            let roles = random.random_range(2..=ROLES.len()).min(left);
            for (place, role) in ROLES[..roles].iter().enumerate() {
                let label = format!("{}-{name}-{role}", domain.name);
                drafts.push(Draft { label, domain: Some(number), cluster: cluster + place / 3 });
            }
            cluster += roles.div_ceil(3);
            left -= roles;
            team += 1;
        }
    }
    settle(drafts, store_digits, random)
}

fn settle(drafts: Vec<Draft>, store_digits: &str, random: &mut ChaCha8Rng) -> People {
    let mut settled: Vec<(GroupPlan, usize)> = drafts
        .into_iter()
        .enumerate()
        .map(|(number, Draft { label, domain, cluster })| {
            let id = group_id(store_digits, random);
            let display_name = if number % 6 == 5 { format!("AWS {label}") } else { label.clone() };
            let object_id = crate::random::uuid(random);
            let is_pinned = domain.is_none() || number % 4 == 1;
            (GroupPlan { id, label, display_name, object_id, is_pinned, domain }, cluster)
        })
        .collect();
    settled.sort_by(|(a, _), (b, _)| a.id.cmp(&b.id));
    let mut clusters: BTreeMap<usize, Cluster> = BTreeMap::new();
    for (at, (group, cluster)) in (0..).zip(&settled) {
        let new = || Cluster { groups: Vec::new(), domain: group.domain };
        clusters.entry(*cluster).or_insert_with(new).groups.push(at);
    }
    People {
        groups: settled.into_iter().map(|(group, _)| group).collect(),
        clusters: clusters.into_values().collect(),
    }
}
