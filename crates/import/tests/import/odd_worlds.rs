//! Worlds in which nothing is as it should be: names that clash, quotes and backslashes, people without groups,
//! principals that are gone, accounts that are closed, and owners of every kind.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::User;
use rolecall_model::{
    AccountState, Assignment, Boundary, CustomerPolicy, PermissionSetName, Policy, Principal,
    SessionDuration, Snapshot, UserId,
};
use rolecall_sandbox::generate::{GenerateSpec, generate};
use serde_json::{Value, json};

use crate::roundtrip::{Found, cases, found, imported, without_drift};

const ODD_NAMES: &[&str] = &[
    "quote \" and \\ backslash",
    "über größe",
    "日本語 チーム",
    "line\nbreak\ttab",
    "right\u{202E}to left\u{200B}",
    "{ braces } // comment /* too */",
    " leading and trailing ",
    "   ",
    "ou-a1b2-34567890",
    "123456789012",
    "slash/in/name",
    "#\"raw\"#",
    "*",
    "\u{7}\u{85}\u{FEFF}",
    "${aws:username}",
];
const CONTROL_TOWER: &[&str] = &["AWSReadOnlyAccess", "AWSAdministratorAccess"];

pub(crate) fn is_control_tower(name: &PermissionSetName) -> bool {
    CONTROL_TOWER.contains(&name.as_str())
}

pub(crate) fn one_in(random: &mut ChaCha8Rng, times: u32) -> bool {
    random.random_range(0..times) == 0
}

fn odd_name(random: &mut ChaCha8Rng) -> String {
    (*ODD_NAMES.choose(random).unwrap()).to_owned()
}

/// A generated world, with everything about it made odd here and there.
fn odd_world(spec: &GenerateSpec, random: &mut ChaCha8Rng) -> Snapshot {
    let mut world = generate(spec).unwrap().snapshot;
    rename(&mut world, random);
    disturb_organization(&mut world, random);
    disturb_groups(&mut world, random);
    add_rows(&mut world, random);
    for set in &mut world.permission_sets {
        match random.random_range(0..4) {
            0 => drop(set.tags.remove(STACK_TAG)),
            1 if one_in(random, 3) => drop(set.tags.insert(STACK_TAG.to_owned(), "other".to_owned())),
            _ => {}
        }
        if one_in(random, 3) {
            set.tags.insert("aws:cloudformation:stack-id".to_owned(), "x".to_owned());
            set.tags.insert("kind".to_owned(), String::new());
        }
        disturb_details(set.details.as_mut().unwrap(), random);
    }
    world.sort();
    world
}

/// Gives sets the names that Control Tower gives.
pub(crate) fn rename(world: &mut Snapshot, random: &mut ChaCha8Rng) {
    let names: Vec<_> = world.permission_sets.iter().map(|set| set.name.clone()).collect();
    for (name, new) in names.iter().zip(CONTROL_TOWER) {
        if one_in(random, 2) {
            continue;
        }
        for set in world.permission_sets.iter_mut().filter(|set| set.name == *name) {
            set.name = new.parse().unwrap();
            set.details.as_mut().unwrap().name = new.parse().unwrap();
        }
        for row in world.assignments.iter_mut().filter(|row| row.permission_set == *name) {
            row.permission_set = new.parse().unwrap();
        }
    }
}

pub(crate) fn disturb_organization(world: &mut Snapshot, random: &mut ChaCha8Rng) {
    let organization = &mut world.organization;
    let names: Vec<String> = organization.accounts.iter().map(|account| account.name.clone()).collect();
    let units: Vec<_> =
        organization.units.iter().map(|unit| unit.id.clone()).chain([organization.root.clone()]).collect();
    for account in &mut organization.accounts {
        match random.random_range(0..12) {
            0 => account.name = odd_name(random),
            1 => account.name.clone_from(names.choose(random).unwrap()),
            2 => account.parent = units.choose(random).unwrap().clone(),
            3 if account.id != organization.management_account => {
                account.state =
                    *[AccountState::Suspended, AccountState::PendingClosure].choose(random).unwrap();
            }
            _ => {}
        }
    }
    for unit in &mut organization.units {
        match random.random_range(0..6) {
            0 => unit.name = odd_name(random),
            1 => unit.name = "Prod".to_owned(),
            _ => {}
        }
    }
}

pub(crate) fn disturb_groups(world: &mut Snapshot, random: &mut ChaCha8Rng) {
    let names: Vec<String> = world.groups.iter().map(|group| group.display_name.clone()).collect();
    let ids: Vec<_> = world.groups.iter().flat_map(|group| group.external_ids.clone()).collect();
    for group in &mut world.groups {
        match random.random_range(0..8) {
            0 => group.display_name = odd_name(random),
            1 => group.display_name.clone_from(names.choose(random).unwrap()),
            2 => group.display_name = "AWSControlTowerAdmins".to_owned(),
            _ => {}
        }
        match random.random_range(0..6) {
            0 => group.external_ids.clear(),
            1 => group.external_ids[0].id = "not-a-uuid".to_owned(),
            2 => group.external_ids = vec![ids.choose(random).unwrap().clone()],
            3 => group.external_ids[0].id.make_ascii_uppercase(),
            _ => {}
        }
    }
    // Groups that are deleted leave their rows behind.
    world.groups.retain(|_| !one_in(random, 10));
}

/// Rows of users, and of anybody in the management account.
pub(crate) fn add_rows(world: &mut Snapshot, random: &mut ChaCha8Rng) {
    let user = |number: usize| -> UserId {
        format!("9067642ac3-00000000-0000-4000-8000-{number:012}").parse().unwrap()
    };
    for (number, name) in ["jane@acme.com", "o\"hara\\", "twice", "twice", " "].into_iter().enumerate() {
        if one_in(random, 2) {
            world.users.push(User { id: user(number), user_name: name.parse().unwrap() });
        }
    }
    let accounts = &world.organization.accounts;
    let mut rows = Vec::new();
    for set in &world.permission_sets {
        for _ in 0..random.random_range(0..4) {
            let principal = match world.groups.choose(random) {
                Some(group) if one_in(random, 3) => Principal::Group(group.id.clone()),
                _ => Principal::User(user(random.random_range(0..7))),
            };
            let account = if one_in(random, 3) {
                world.organization.management_account
            } else {
                accounts.choose(random).unwrap().id
            };
            rows.push(Assignment { permission_set: set.name.clone(), account, principal });
        }
    }
    for row in &rows {
        let set = world.permission_sets.iter_mut().find(|set| set.name == row.permission_set).unwrap();
        set.provisioned.insert(row.account);
    }
    world.assignments.extend(rows);
}

fn disturb_details(details: &mut rolecall_model::PermissionSet, random: &mut ChaCha8Rng) {
    if one_in(random, 4) {
        details.description = Some(odd_name(random));
    }
    if one_in(random, 6) {
        details.session = SessionDuration::from_iso_8601("PT5000S").unwrap();
    }
    if one_in(random, 6) {
        details.relay_state = Some((*["https://a/?b=\"c\\d\"", "<odd>"].choose(random).unwrap()).to_owned());
    }
    if one_in(random, 6) {
        details.managed_policies.insert("arn:aws-cn:iam::aws:policy/Foreign".to_owned());
    }
    if one_in(random, 6) {
        details.customer_policies.insert(CustomerPolicy { name: "plain".to_owned(), path: "/".to_owned() });
        details
            .customer_policies
            .insert(CustomerPolicy { name: "odd name".to_owned(), path: "/x".to_owned() });
    }
    if one_in(random, 6) {
        details.boundary = Some(Boundary::ManagedPolicy("arn:aws:iam::123456789012:policy/Odd".to_owned()));
    }
    if one_in(random, 2) {
        details.inline_policy = Some(Policy::from_value(odd_policy(random)));
    }
}

fn odd_policy(random: &mut ChaCha8Rng) -> Value {
    let statements: Vec<Value> = (0..random.random_range(0..4))
        .map(|number| {
            let mut statement = json!({ "Effect": "Allow", "Action": ["s3:Get*", "ec2:Describe*"], "Resource": "*" });
            let parts = [
                json!({ "Sid": format!("S{number}") }),
                json!({ "Sid": "same" }),
                json!({ "Sid": "with space" }),
                json!({ "Sid": odd_name(random) }),
                json!({ odd_name(random): odd_name(random) }),
                json!({ "Effect": "Deny" }),
                json!({ "Action": "*" }),
                json!({ "Resource": ["arn:aws:s3:::a\"b\\c/${aws:username}", "arn:aws:s3:::x"] }),
                json!({ "Condition": { "StringLike": { "aws:PrincipalTag/x": ["a\"b", "\u{e9}", ""] } } }),
                json!({ "Condition": { "Bool": { "aws:SecureTransport": true }, "NumericLessThan": { "aws:x": 5 } } }),
                json!({ "Condition": {} }),
            ];
            for _ in 0..random.random_range(0..4) {
                let part = parts.choose(random).unwrap().as_object().unwrap().clone();
                statement.as_object_mut().unwrap().extend(part);
            }
            if one_in(random, 5) {
                let action = statement.as_object_mut().unwrap().remove("Action").unwrap();
                statement["NotAction"] = action;
            }
            statement
        })
        .collect();
    let statement = match &statements[..] {
        [one] if one_in(random, 2) => one.clone(),
        _ => statements.into(),
    };
    let mut document = json!({ "Version": "2012-10-17", "Statement": statement });
    match random.random_range(0..6) {
        0 => document["Version"] = "2008-10-17".into(),
        1 => document["Id"] = "policy".into(),
        _ => {}
    }
    document
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn what_is_left_out_was_told(accounts in 2..40_usize, sets in 1..10_usize, groups in 1..40_usize, share in 0..100_usize, seed in 0..u64::MAX) {
        let spec = without_drift(accounts, sets, groups, share, seed);
        let world = odd_world(&spec, &mut ChaCha8Rng::seed_from_u64(seed));
        let written = imported(&world, None);
        let found = found(&written.files, &world);

        let owner = |name: &str| world.permission_set(&name.parse().unwrap()).unwrap().tags.get(STACK_TAG).cloned();
        let names: Vec<_> = world.permission_sets.iter().map(|set| set.name.clone()).collect();
        let told = |name: &PermissionSetName| {
            let message = format!("the permission set {name:?} is not imported: ", name = name.as_str());
            written.diagnostics.iter().any(|found| found.is_error() && found.message.starts_with(&message))
        };
        let (left_out, kept): (BTreeSet<_>, BTreeSet<_>) = names.into_iter().partition(told);
        let adopted: BTreeSet<_> =
            kept.into_iter().filter(|name| owner(name.as_str()).is_none() && !is_control_tower(name)).collect();
        let released: BTreeSet<_> =
            left_out.iter().filter(|name| owner(name.as_str()).as_deref() == Some("acme")).cloned().collect();
        prop_assert_eq!(found, Found { adopted, released, ..Found::default() });
        prop_assert_eq!(written.summary.left_out, left_out.len());
        for name in &left_out {
            let declared = format!("permission-set {:?}", name.as_str());
            let sets = written.files.iter().filter(|(path, _)| path.starts_with("permission-sets"));
            prop_assert!(!sets.into_iter().any(|(_, text)| text.lines().any(|line| line.starts_with(&declared))));
        }
        let counts: BTreeMap<_, usize> = written.diagnostics.iter().fold(BTreeMap::new(), |mut counts, warning| {
            *counts.entry(&warning.message).or_default() += 1;
            counts
        });
        prop_assert!(counts.values().all(|count| *count == 1), "{:#?}", counts);
    }
}
