//! Worlds with every value that AWS's model allows. Whatever they are, the plan of what import writes only adopts, and its
//! operations only tag, so that every attribute stays byte for byte what it was.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::{prop_assert, prop_assert_eq, proptest};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rolecall_model::operation::Edit;
use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::{
    AwsOperation, Boundary, CustomerPolicy, Operation, PermissionSet, Policy, SessionDuration, Snapshot,
};
use rolecall_sandbox::generate::{GenerateSpec, generate};
use serde_json::{Map, Value, json};

use crate::odd_worlds::{add_rows, disturb_groups, disturb_organization, is_control_tower, one_in, rename};
use crate::roundtrip::{Found, cases, found, imported, planned, without_drift};

/// Characters of IAM's names and paths.
const OF_NAMES: &str = "abcXYZ019_+=,.@-";

fn text(random: &mut ChaCha8Rng, characters: &[char], least: usize, most: usize) -> String {
    // Long texts are as good as none for the limits, and short ones for all else.
    let length = if one_in(random, 8) { most } else { random.random_range(least..=most.min(24)) };
    (0..length).map(|_| *characters.choose(random).unwrap()).collect()
}

fn characters(ranges: &[std::ops::RangeInclusive<char>]) -> Vec<char> {
    ranges.iter().cloned().flatten().collect()
}

/// A generated world, with any legal value in every permission set.
pub(crate) fn legal_world(spec: &GenerateSpec, random: &mut ChaCha8Rng) -> Snapshot {
    let mut world = generate(spec).unwrap().snapshot;
    rename(&mut world, random);
    disturb_organization(&mut world, random);
    disturb_groups(&mut world, random);
    add_rows(&mut world, random);
    for set in &mut world.permission_sets {
        let owner = match random.random_range(0..4) {
            0 => Some("acme"),
            1 => Some("other"),
            _ => None,
        };
        set.tags = tags(random);
        set.tags.extend(owner.map(|owner| (STACK_TAG.to_owned(), owner.to_owned())));
        set.details = Some(details(set.details.take().unwrap(), random));
    }
    world.sort();
    world
}

/// `[\p{L}\p{Z}\p{N}_.:/=+\-@]`
fn tags(random: &mut ChaCha8Rng) -> BTreeMap<String, String> {
    let characters: Vec<char> = "aZ9_.:/=+-@ éß中\u{A0}\u{2003}\u{2028}٣".chars().collect();
    let most = if one_in(random, 10) { 49 } else { 4 };
    let mut tags: BTreeMap<String, String> = (0..random.random_range(0..=most))
        .map(|_| (text(random, &characters, 1, 128), text(random, &characters, 0, 256)))
        .collect();
    if one_in(random, 4) {
        tags.insert("aws:cloudformation:stack-id".to_owned(), "x".to_owned());
    }
    tags
}

fn details(before: PermissionSet, random: &mut ChaCha8Rng) -> PermissionSet {
    let of_descriptions = characters(&['\t'..='\n', '\r'..='\r', ' '..='~', '\u{A1}'..='\u{FF}']);
    let of_relay_states: Vec<char> = (' '..='~').filter(|c| !"<>^`".contains(*c)).collect();
    let mut details = PermissionSet::new(before.name);
    if !one_in(random, 4) {
        details.description = Some(text(random, &of_descriptions, 1, 700));
    }
    if one_in(random, 2) {
        details.relay_state = Some(text(random, &of_relay_states, 1, 240));
    }
    if one_in(random, 20) {
        details.description = Some(" ".to_owned());
        details.relay_state = Some(" ".to_owned());
    }
    let seconds = random.random_range(3_600..=43_200);
    details.session = SessionDuration::from_iso_8601(&format!("PT{seconds}S")).unwrap();
    let most = if one_in(random, 10) { 12 } else { 3 };
    for _ in 0..random.random_range(0..=most) {
        details.managed_policies.insert(managed_policy(random));
        details.customer_policies.insert(customer_policy(random));
    }
    details.boundary = match random.random_range(0..4) {
        0 => Some(Boundary::ManagedPolicy(managed_policy(random))),
        1 => Some(Boundary::CustomerPolicy(customer_policy(random))),
        _ => None,
    };
    if !one_in(random, 4) {
        details.inline_policy = Some(Policy::from_json(&policy(random).to_string()).unwrap());
    }
    details
}

fn path(random: &mut ChaCha8Rng) -> String {
    let characters: Vec<char> = OF_NAMES.chars().collect();
    let parts = (0..random.random_range(0..4)).map(|_| text(random, &characters, 1, 100));
    parts.fold("/".to_owned(), |path, part| format!("{path}{part}/"))
}

fn managed_policy(random: &mut ChaCha8Rng) -> String {
    let characters: Vec<char> = OF_NAMES.chars().collect();
    format!("arn:aws:iam::aws:policy{}{}", path(random), text(random, &characters, 1, 128))
}

fn customer_policy(random: &mut ChaCha8Rng) -> CustomerPolicy {
    let characters: Vec<char> = OF_NAMES.chars().collect();
    CustomerPolicy { name: text(random, &characters, 1, 128), path: path(random) }
}

/// What may be in the texts of a policy: whatever JSON can say, as long as it is escaped where AWS wants that.
const TEXTS: &[&str] = &[
    "",
    " ",
    "plain",
    "a\"b\\c/d",
    "${aws:username}",
    "${aws:PrincipalTag/team, 'none'}",
    "\u{e9}\u{ff}\u{a0}",
    "\u{7f}\u{80}\u{1}\n\t",
    "\u{4e2d}\u{6587} \u{1F600}",
    "\u{202e}\u{feff}\u{2028}",
    "{ braces } // comment",
    "*",
];

fn values(random: &mut ChaCha8Rng, one: impl Fn(&mut ChaCha8Rng) -> Value) -> Value {
    match random.random_range(0..6) {
        0 => json!([]),
        1..=3 => one(random),
        _ => (0..random.random_range(1..4)).map(|_| one(random)).collect(),
    }
}

fn action(random: &mut ChaCha8Rng) -> Value {
    let known =
        ["*", "*:*", "s3:Get*", "s3:GetObject", "ec2:*", "s3.s:List?", "no-such:Thing", "s3:Get Object"];
    (*known.choose(random).unwrap()).into()
}

fn resource(random: &mut ChaCha8Rng) -> Value {
    let text = TEXTS.choose(random).unwrap();
    if one_in(random, 2) { "*".into() } else { format!("arn:aws:s3:::{text}").into() }
}

fn condition_value(random: &mut ChaCha8Rng) -> Value {
    match random.random_range(0..8) {
        0 => json!(one_in(random, 2)),
        1 => json!(random.random_range(i64::MIN..i64::MAX)),
        2 => [json!(0.1), json!(1e30), json!(5.0), json!(u64::MAX)].choose(random).unwrap().clone(),
        _ => (*TEXTS.choose(random).unwrap()).into(),
    }
}

fn condition(random: &mut ChaCha8Rng) -> Value {
    let operators = ["StringLike", "ForAnyValue:StringEqualsIfExists", "Bool", "NumericLessThan", "Null"];
    let mut condition = Map::new();
    for _ in 0..random.random_range(0..3) {
        let mut keys = Map::new();
        for _ in 0..random.random_range(0..3) {
            let key = ["aws:PrincipalTag/x y", "aws:SourceIp", "s3:\"quoted\"", "saml:\u{fc}"]
                .choose(random)
                .unwrap();
            keys.insert((*key).to_owned(), values(random, condition_value));
        }
        condition.insert((*operators.choose(random).unwrap()).to_owned(), Value::Object(keys));
    }
    if one_in(random, 10) {
        condition.insert("NoSuchOperator".to_owned(), json!({}));
    }
    Value::Object(condition)
}

fn statement(number: usize, random: &mut ChaCha8Rng) -> Value {
    let effect = ["Allow", "Deny", "Deny", "allow", "DENY"].choose(random).unwrap();
    let mut statement = json!({ "Effect": effect });
    match random.random_range(0..4) {
        0 => statement["Sid"] = format!("S{number}").into(),
        1 => statement["Sid"] = "".into(),
        _ => {}
    }
    let (actions, resources) = (values(random, action), values(random, resource));
    statement[if one_in(random, 4) { "NotAction" } else { "Action" }] = actions;
    statement[if one_in(random, 4) { "NotResource" } else { "Resource" }] = resources;
    if one_in(random, 2) {
        statement["Condition"] = condition(random);
    }
    statement
}

/// Any policy that IAM accepts.
fn policy(random: &mut ChaCha8Rng) -> Value {
    let statements: Vec<Value> =
        (0..random.random_range(0..5)).map(|number| statement(number, random)).collect();
    let statements = match &statements[..] {
        [one] if one_in(random, 2) => one.clone(),
        _ => statements.into(),
    };
    let mut document = json!({ "Statement": statements });
    match random.random_range(0..4) {
        0 => {}
        1 => document["Version"] = "2008-10-17".into(),
        _ => document["Version"] = "2012-10-17".into(),
    }
    if one_in(random, 4) {
        document["Id"] = (*TEXTS.choose(random).unwrap()).into();
    }
    document
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn an_import_loses_nothing(accounts in 2..40_usize, sets in 1..10_usize, groups in 1..40_usize, share in 0..100_usize, seed in 0..u64::MAX) {
        let spec = without_drift(accounts, sets, groups, share, seed);
        let world = legal_world(&spec, &mut ChaCha8Rng::seed_from_u64(seed));
        let written = imported(&world, None);
        let errors: Vec<_> = written.diagnostics.iter().filter(|found| found.is_error()).collect();
        prop_assert!(errors.is_empty(), "{errors:#?}");

        let is_adopted = |set: &&rolecall_model::snapshot::LivePermissionSet| {
            !set.tags.contains_key(STACK_TAG) && !is_control_tower(&set.name)
        };
        let adopted: BTreeSet<_> =
            world.permission_sets.iter().filter(is_adopted).map(|set| set.name.clone()).collect();
        prop_assert_eq!(found(&written.files, &world), Found { adopted: adopted.clone(), ..Found::default() });

        // All that apply does is to tag.
        let graph = rolecall_planner::order(&planned(&written.files, &world));
        let mut tagged = BTreeSet::new();
        for node in graph.graph().node_weights() {
            match &node.operation {
                Operation::Aws(AwsOperation::Edit { permission_set, edit: Edit::Tag(tags) }) if tags.keys().eq([STACK_TAG]) => {
                    tagged.insert(permission_set.clone());
                }
                other => prop_assert!(false, "{other:?}"),
            }
        }
        prop_assert_eq!(tagged, adopted);
    }
}
