//! A world that has something of everything that a snapshot can hold, and more than one page of most.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::{
    Caller, Coverage, ExternalId, Group, Instance, LivePermissionSet, Organization, User,
};
use rolecall_model::{
    AccessControlState, Account, AccountId, AccountState, Assignment, Boundary, CustomerPolicy, GroupId,
    OrganizationalUnit, OuId, PermissionSet, PermissionSetName, Policy, Principal, Snapshot, UserId,
};
use rolecall_sandbox::{Sandbox, Settings};

use crate::{Clients, Connection, connect};

/// A sandbox of the world with default settings, and clients connected to it.
pub(super) async fn sandbox() -> (Sandbox, Clients) {
    let sandbox = Sandbox::new(world(), Settings::default());
    let clients = connect(Connection::embedded(world().instance.region, sandbox.http_client())).await;
    (sandbox, clients)
}

pub(super) fn account(number: u64) -> AccountId {
    AccountId::from_number(111_111_111_100 + number).unwrap()
}

/// Numbers from 200 up belong to nobody.
pub(super) fn group(number: u64) -> GroupId {
    format!("9067642ac3-4f6c1d2e-0000-4000-8000-{number:012x}").parse().unwrap()
}

/// Numbers from 200 up belong to nobody.
pub(super) fn user(number: u64) -> UserId {
    format!("a3f1c2d4-0000-4000-8000-{number:012x}").parse().unwrap()
}

pub(super) fn name(text: &str) -> PermissionSetName {
    text.parse().unwrap()
}

pub(super) const COST_CENTER: &str = "${path:enterprise.costCenter}";

pub(super) fn attributes(sources: &[(&str, &str)]) -> BTreeMap<String, String> {
    sources.iter().map(|(key, source)| ((*key).to_owned(), (*source).to_owned())).collect()
}

pub(super) fn grant(set: &str, on: u64, to: u64) -> Assignment {
    Assignment { permission_set: name(set), account: account(on), principal: Principal::Group(group(to)) }
}

pub(super) fn world() -> Snapshot {
    let arn = "arn:aws:sso:::instance/ssoins-7223abcd1234ef56".to_owned();
    let mut snapshot = Snapshot {
        instance: Instance {
            arn,
            id: "ssoins-7223abcd1234ef56".parse().unwrap(),
            identity_store_id: "d-9067642ac3".to_owned(),
            owner_account: account(1),
            region: "eu-west-1".parse().unwrap(),
        },
        caller: Caller { account: account(1), arn: format!("arn:aws:iam::{}:user/planner", account(1)) },
        organization: organization(),
        groups: (1..=105).map(a_group).collect(),
        users: (1..=3)
            .map(|number| User {
                id: user(number),
                user_name: format!("user{number}@acme.com").parse().unwrap(),
            })
            .collect(),
        permission_sets: permission_sets(),
        assignments: assignments(),
        coverage: Coverage::Everything,
        access_control: AccessControlState::On(attributes(&[("costCenter", COST_CENTER)])),
        memberships: BTreeMap::new(),
        entra: None,
        absent_means_empty: BTreeSet::new(),
    };
    snapshot.sort();
    snapshot
}

fn a_group(number: u64) -> Group {
    let external = ExternalId {
        issuer: "https://scim.aws.com/id".to_owned(),
        id: format!("4f6c1d2e-0000-4000-8000-{number:012x}"),
    };
    let external_ids = if number.is_multiple_of(2) { vec![external] } else { Vec::new() };
    Group { id: group(number), display_name: format!("Group {number}"), external_ids }
}

/// Units three deep and 22 beside each other, and 45 accounts in them.
fn organization() -> Organization {
    let root: OuId = "r-ab12".parse().unwrap();
    let unit_id = |number: u64| -> OuId { format!("ou-ab12-{number:08}").parse().unwrap() };
    let units = (1..=24)
        .map(|number| {
            let parent = match number {
                23 => unit_id(1),
                24 => unit_id(23),
                _ => root.clone(),
            };
            OrganizationalUnit { id: unit_id(number), name: format!("Unit {number}"), parent }
        })
        .collect();
    let accounts = (1..=45)
        .map(|number| Account {
            id: account(number),
            name: format!("account-{number}"),
            state: match number {
                40 => AccountState::Suspended,
                41 => AccountState::PendingClosure,
                42 => AccountState::Closed,
                43 => AccountState::PendingActivation,
                _ => AccountState::Active,
            },
            parent: match number {
                1..=4 => root.clone(),
                _ => unit_id(number % 24 + 1),
            },
            tags: Some(BTreeMap::from([("number".to_owned(), number.to_string())])),
        })
        .collect();
    Organization {
        id: "o-a1b2c3d4e5".to_owned(),
        management_account: account(1),
        root,
        delegated_administrators: BTreeSet::from([account(2)]),
        units,
        accounts,
    }
}

/// `Deploy` with everything, `Base` with a managed boundary and an older version in two accounts, and 101 plain ones,
/// one of them external and one tagged by another stack.
fn permission_sets() -> Vec<LivePermissionSet> {
    let plain = (1..=101).map(|number| {
        let stack = (number == 7).then(|| (STACK_TAG.to_owned(), "other".to_owned()));
        live(
            100 + number,
            PermissionSet::new(name(&format!("Plain{number}"))),
            stack.into_iter().collect(),
            3..4,
        )
    });
    let mut deploy = PermissionSet::new(name("Deploy"));
    deploy.description = Some("Ship payments services".to_owned());
    deploy.session = "1h30m".parse().unwrap();
    deploy.relay_state = Some("https://console.aws.amazon.com/ecs".to_owned());
    deploy.managed_policies = ["ReadOnlyAccess", "job-function/SupportUser"]
        .map(|policy| format!("arn:aws:iam::aws:policy/{policy}"))
        .into();
    deploy.customer_policies = BTreeSet::from([customer_policy("deploy-base", "/platform/")]);
    deploy.boundary = Some(Boundary::CustomerPolicy(customer_policy("dev-boundary", "/")));
    deploy.inline_policy = Some(policy("s3:GetObject"));
    let ours =
        BTreeMap::from([(STACK_TAG.to_owned(), "acme".to_owned()), ("owner".to_owned(), "a".to_owned())]);
    let mut base = PermissionSet::new(name("Base"));
    base.boundary = Some(Boundary::ManagedPolicy("arn:aws:iam::aws:policy/PowerUserAccess".to_owned()));
    let mut base = live(2, base, ours.clone(), 5..12);
    base.outdated = BTreeSet::from([account(5), account(6)]);
    plain.chain([live(1, deploy, ours, 1..31), base]).collect()
}

pub(super) fn customer_policy(name: &str, path: &str) -> CustomerPolicy {
    CustomerPolicy { name: name.to_owned(), path: path.to_owned() }
}

pub(super) fn policy(action: &str) -> Policy {
    let statement = format!(r#"{{"Effect":"Allow","Action":"{action}","Resource":"*"}}"#);
    Policy::from_json(&format!(r#"{{"Version":"2012-10-17","Statement":[{statement}]}}"#)).unwrap()
}

fn live(
    number: u64,
    details: PermissionSet,
    tags: BTreeMap<String, String>,
    accounts: std::ops::Range<u64>,
) -> LivePermissionSet {
    LivePermissionSet {
        arn: format!("arn:aws:sso:::permissionSet/ssoins-7223abcd1234ef56/ps-{number:016x}"),
        name: details.name.clone(),
        tags,
        details: Some(details),
        provisioned: accounts.map(account).collect(),
        outdated: BTreeSet::new(),
    }
}

/// A pair with more than a page of rows, users, and orphans of both kinds. `Base` is provisioned in account 11 and
/// assigned to nobody there.
fn assignments() -> Vec<Assignment> {
    let spread = (1..31).map(|number| grant("Deploy", number, number % 7 + 1));
    let crowd = (1..=104).map(|number| grant("Base", 5, number));
    let base = (6..11).map(|number| grant("Base", number, 1));
    let plain = (1..=101).map(|number| grant(&format!("Plain{number}"), 3, number));
    let odd = [Principal::User(user(1)), Principal::User(user(200)), Principal::Group(group(200))];
    let odd = odd.map(|principal| Assignment { principal, ..grant("Deploy", 9, 1) });
    spread.chain(crowd).chain(base).chain(plain).chain(odd).collect()
}
