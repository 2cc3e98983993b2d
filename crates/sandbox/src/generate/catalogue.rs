//! The permission sets: some general ones, the rest by domain.

use std::collections::{BTreeMap, BTreeSet};

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rolecall_model::{Boundary, CustomerPolicy, PermissionSet, PermissionSetName, Policy, SessionDuration};
use serde_json::json;

use super::company::Company;

/// General permission sets, and the AWS managed policy of each.
const GENERAL: &[(&str, &str)] = &[
    ("ReadOnly", "ReadOnlyAccess"),
    ("PowerUser", "PowerUserAccess"),
    ("AdministratorAccess", "AdministratorAccess"),
    ("ViewOnly", "job-function/ViewOnlyAccess"),
    ("SupportUser", "job-function/SupportUser"),
    ("Billing", "job-function/Billing"),
    ("SecurityAudit", "SecurityAudit"),
    ("NetworkAdmin", "job-function/NetworkAdministrator"),
    ("DatabaseAdmin", "job-function/DatabaseAdministrator"),
    ("SystemAdmin", "job-function/SystemAdministrator"),
    ("DataScientist", "job-function/DataScientist"),
    ("BreakGlass", "AdministratorAccess"),
];
/// General permission sets that only the platform's groups get.
const PLATFORM_ONLY: &[&str] = &["AdministratorAccess", "Billing", "NetworkAdmin", "BreakGlass"];
const ROLES: &[&str] =
    &["Deploy", "Operate", "Debug", "Data", "Read", "Test", "Release", "Audit", "Migrate", "Support"];
/// The parts of the domains' permission sets.
const MANAGED: &[&str] = &[
    "job-function/SupportUser",
    "job-function/ViewOnlyAccess",
    "AmazonS3ReadOnlyAccess",
    "AmazonEC2ReadOnlyAccess",
    "CloudWatchReadOnlyAccess",
    "AmazonECS_FullAccess",
    "AWSLambda_ReadOnlyAccess",
    "AmazonDynamoDBReadOnlyAccess",
];
const MANAGED_PREFIX: &str = "arn:aws:iam::aws:policy/";

/// All permission sets, sorted by name.
pub(super) struct Catalogue {
    pub(super) sets: Vec<SetPlan>,
    /// The indices of the general permission sets.
    pub(super) general: Vec<u32>,
    /// The indices of general permission sets that teams get, too.
    pub(super) general_for_teams: Vec<u32>,
    /// The indices of each domain's permission sets.
    pub(super) of_domain: Vec<Vec<u32>>,
}

/// A declared permission set. Its details contain the declared tags.
#[derive(Clone)]
pub(super) struct SetPlan {
    pub(super) details: PermissionSet,
    pub(super) arn_digits: String,
    pub(super) inline: Inline,
    domain: Option<usize>,
}

/// The form of an inline policy in the configuration.
#[derive(Clone)]
pub(super) enum Inline {
    None,
    /// A separate file with this text.
    File(String),
    /// KDL, by its lines.
    Kdl(Vec<String>),
}

/// Creates the catalogue.
pub(super) fn compile(count: usize, company: &Company, random: &mut ChaCha8Rng) -> Catalogue {
    let mut sets: Vec<SetPlan> = name_sets(count, company)
        .into_iter()
        .enumerate()
        .map(|(number, (name, domain))| {
            let name = name.parse().expect("names are made of at most 32 letters and digits");
            plan_set(number, name, domain, company, random)
        })
        .collect();
    sets.sort_by(|a, b| a.details.name.cmp(&b.details.name));
    let mut general = Vec::new();
    let mut of_domain = vec![Vec::new(); company.domains.len()];
    for (at, set) in (0..).zip(&sets) {
        match set.domain {
            Some(domain) => of_domain[domain].push(at),
            None => general.push(at),
        }
    }
    let for_teams = |at: &u32| !PLATFORM_ONLY.contains(&sets[*at as usize].details.name.as_str());
    let general_for_teams = general.iter().copied().filter(for_teams).collect();
    Catalogue { sets, general, general_for_teams, of_domain }
}

fn name_sets(count: usize, company: &Company) -> Vec<(String, Option<usize>)> {
    let general = GENERAL.len().min(count.div_ceil(2));
    let mut named: Vec<(String, Option<usize>)> =
        GENERAL[..general].iter().map(|(name, _)| ((*name).to_owned(), None)).collect();
    let mut taken: BTreeSet<String> = named.iter().map(|(name, _)| name.clone()).collect();
    let domains = company.domains.len();
    let mut number = 0;
    while named.len() < count {
        let (round, domain) = (number / domains, number % domains);
        let (role, again) = (ROLES[round % ROLES.len()], round / ROLES.len());
        let mut name = format!("{}{role}", company.domains[domain].title);
        if again > 0 {
            name = format!("{name}{}", again + 1);
        }
        if name.len() <= 32 && taken.insert(name.clone()) {
            named.push((name, Some(domain)));
        }
        number += 1;
    }
    named
}

fn plan_set(
    number: usize,
    name: PermissionSetName,
    domain: Option<usize>,
    company: &Company,
    random: &mut ChaCha8Rng,
) -> SetPlan {
    let owner = domain.map_or("platform", |domain| company.domains[domain].name.as_str());
    let mut details = PermissionSet::new(name);
    details.description = Some(match domain {
        Some(_) => format!("{} of the {owner} team", details.name),
        None => format!("{}, for everyone", details.name),
    });
    let minutes = [60, 120, 240, 480, 90, 720][random.random_range(0..6)];
    details.session = SessionDuration::from_minutes(minutes).expect("an hour to twelve is a session");
    if number % 7 == 3 {
        details.relay_state = Some("https://console.aws.amazon.com/cloudwatch/home".to_owned());
    }
    let policies =
        match GENERAL.iter().find(|(general, _)| domain.is_none() && *general == details.name.as_str()) {
            Some((_, policy)) => vec![*policy],
            None => (0..random.random_range(1..=2))
                .map(|_| MANAGED[random.random_range(0..MANAGED.len())])
                .collect(),
        };
    details.managed_policies = policies.iter().map(|policy| format!("{MANAGED_PREFIX}{policy}")).collect();
    if number % 5 == 2 {
        details.customer_policies.insert(in_platform(&format!("{owner}-base")));
    }
    details.boundary = match number % 12 {
        4 => Some(Boundary::CustomerPolicy(in_platform("workload-boundary"))),
        10 => Some(Boundary::ManagedPolicy(format!("{MANAGED_PREFIX}PowerUserAccess"))),
        _ => None,
    };
    let inline = match number % 6 {
        1 => write_policy_file(&mut details, owner),
        4 => write_policy_in_kdl(&mut details, owner),
        _ => Inline::None,
    };
    details.tags = BTreeMap::from([("owner".to_owned(), owner.to_owned())]);
    SetPlan { details, arn_digits: format!("{:016x}", random.random::<u64>()), inline, domain }
}

fn in_platform(name: &str) -> CustomerPolicy {
    CustomerPolicy { name: name.to_owned(), path: "/platform/".to_owned() }
}

fn write_policy_file(details: &mut PermissionSet, owner: &str) -> Inline {
    let document = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Secrets",
                "Effect": "Allow",
                "Action": ["secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"],
                "Resource": format!("arn:aws:secretsmanager:*:*:secret:{owner}/*"),
            },
            { "Sid": "KeepOut", "Effect": "Deny", "Action": "iam:*", "Resource": "*" },
        ],
    });
    let text = format!("{document:#}\n");
    details.inline_policy = Some(Policy::from_value(document));
    Inline::File(text)
}

fn write_policy_in_kdl(details: &mut PermissionSet, owner: &str) -> Inline {
    details.inline_policy = Some(Policy::from_value(json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Sid": "Objects",
            "Effect": "Allow",
            "Action": ["s3:GetObject", "s3:PutObject"],
            "Resource": [format!("arn:aws:s3:::{owner}-*/*")],
            "Condition": { "StringEquals": { "aws:ResourceTag/domain": [owner] } },
        }],
    })));
    Inline::Kdl(vec![
        "allow \"s3:GetObject\" \"s3:PutObject\" sid=\"Objects\" {".to_owned(),
        format!("    resource \"arn:aws:s3:::{owner}-*/*\""),
        format!("    when \"StringEquals\" \"aws:ResourceTag/domain\" \"{owner}\""),
        "}".to_owned(),
    ])
}
