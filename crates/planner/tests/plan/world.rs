//! Worlds in a few lines, and what happens to them when operations are carried out.

use std::collections::{BTreeMap, BTreeSet};

use rolecall_model::permission_set::STACK_TAG;
use rolecall_model::snapshot::{
    Caller, Coverage, ExternalId, Group, Instance, LivePermissionSet, Organization, User,
};
use rolecall_model::{
    AccessControlState, Account, AccountId, AccountState, Assignment, AwsOperation, Boundary, Edit,
    Operation, OrganizationalUnit, PermissionSet, PermissionSetName, Policy, Principal, ProvisionTarget,
    Snapshot,
};

const MANAGEMENT: &str = "999999999999";

/// An Identity Store id that depends on the name alone.
pub(crate) fn id_of(name: &str) -> String {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{:08x}-0000-4000-8000-{:012x}", hash >> 32, hash & 0xffff_ffff)
}

/// Reads a world. Each line is a word and its parts, in which `~` stands for a space:
///
/// ```text
/// delegated                                     the caller is a delegated administrator
/// account NAME ID PATH [STATE] [key=value…]     PATH is a path of units, or / for the root
/// group NAME [external=ID]
/// user NAME
/// set NAME [owner=STACK] [session=8h] [managed=A,B] [customer=/p/n] [boundary=N] [inline=ACTION] [tag:K=V]
/// row SET PRINCIPAL ACCOUNT…                    PRINCIPAL is a group, user:NAME or gone:NAME
/// outdated SET ACCOUNT…
/// attributes KEY=SOURCE…                        attributes for access control, which are off otherwise
/// attributes-unread
/// ```
pub(crate) fn world(text: &str) -> Snapshot {
    let mut snapshot = empty();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let words: Vec<String> = line.split_whitespace().map(|word| word.replace('~', " ")).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words[..] {
            ["delegated"] => snapshot.caller.account = "888888888888".parse().unwrap(),
            ["account", name, id, path, ref rest @ ..] => add_account(&mut snapshot, name, id, path, rest),
            ["group", name, ref rest @ ..] => {
                let external = |id: &str| ExternalId { issuer: "entra".into(), id: id.into() };
                snapshot.groups.push(Group {
                    id: id_of(name).parse().unwrap(),
                    display_name: name.into(),
                    external_ids: rest
                        .iter()
                        .filter_map(|w| w.strip_prefix("external="))
                        .map(external)
                        .collect(),
                });
            }
            ["user", name] => {
                let id = id_of(&format!("user:{name}")).parse().unwrap();
                snapshot.users.push(User { id, user_name: name.parse().unwrap() });
            }
            ["set", name, ref rest @ ..] => add_set(&mut snapshot, name, rest),
            ["row", set, principal, ref accounts @ ..] => {
                for account in accounts {
                    let row = row(&snapshot, set, principal, account);
                    live_set(&mut snapshot, set).provisioned.insert(row.account);
                    snapshot.assignments.push(row);
                }
            }
            ["outdated", set, ref accounts @ ..] => {
                for account in accounts {
                    let id = account_id(&snapshot, account);
                    let live = live_set(&mut snapshot, set);
                    live.provisioned.insert(id);
                    live.outdated.insert(id);
                }
            }
            ["attributes", ref pairs @ ..] => {
                let pair = |pair: &&str| pair.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
                let attributes = pairs.iter().map(|one| pair(one).unwrap()).collect();
                snapshot.access_control = AccessControlState::On(attributes);
            }
            ["attributes-unread"] => snapshot.access_control = AccessControlState::NotRead,
            _ => panic!("not a line of a world: {line}"),
        }
    }
    snapshot.sort();
    snapshot
}

fn empty() -> Snapshot {
    let management: AccountId = MANAGEMENT.parse().unwrap();
    Snapshot {
        instance: Instance {
            arn: "arn:aws:sso:::instance/ssoins-7223abcd1234ef56".into(),
            id: "ssoins-7223abcd1234ef56".parse().unwrap(),
            identity_store_id: "d-1234567890".into(),
            owner_account: management,
            region: "eu-west-1".parse().unwrap(),
        },
        caller: Caller { account: management, arn: format!("arn:aws:iam::{MANAGEMENT}:role/ci") },
        organization: Organization {
            id: "o-acme123456".into(),
            management_account: management,
            root: "r-acme".parse().unwrap(),
            delegated_administrators: BTreeSet::new(),
            units: Vec::new(),
            accounts: vec![Account {
                id: management,
                name: "management".into(),
                state: AccountState::Active,
                parent: "r-acme".parse().unwrap(),
                tags: Some(BTreeMap::new()),
            }],
        },
        groups: Vec::new(),
        users: Vec::new(),
        permission_sets: Vec::new(),
        assignments: Vec::new(),
        coverage: Coverage::Everything,
        access_control: AccessControlState::Off,
        memberships: BTreeMap::new(),
        entra: None,
        absent_means_empty: BTreeSet::new(),
    }
}

fn add_account(snapshot: &mut Snapshot, name: &str, id: &str, path: &str, rest: &[&str]) {
    let mut parent = snapshot.organization.root.clone();
    for unit in path.split('/').filter(|unit| !unit.is_empty()) {
        let units = &mut snapshot.organization.units;
        parent = match units.iter().find(|other| other.parent == parent && other.name == unit) {
            Some(found) => found.id.clone(),
            None => {
                let id: rolecall_model::OuId = format!("ou-acme-{:08x}", units.len()).parse().unwrap();
                units.push(OrganizationalUnit { id: id.clone(), name: unit.into(), parent });
                id
            }
        };
    }
    let state = match rest.first() {
        Some(&"SUSPENDED") => AccountState::Suspended,
        _ => AccountState::Active,
    };
    let tags =
        rest.iter().filter_map(|word| word.split_once('=')).map(|(k, v)| (k.into(), v.into())).collect();
    let account = Account { id: id.parse().unwrap(), name: name.into(), state, parent, tags: Some(tags) };
    snapshot.organization.accounts.push(account);
    snapshot.organization.accounts.sort_by_key(|account| account.id);
}

fn add_set(snapshot: &mut Snapshot, name: &str, rest: &[&str]) {
    let mut details = PermissionSet::new(name.parse().unwrap());
    let mut tags = BTreeMap::new();
    let arn = |name: &str| format!("arn:aws:iam::aws:policy/{name}");
    for word in rest {
        match word.split_once('=').unwrap() {
            ("owner", stack) => {
                tags.insert(STACK_TAG.to_owned(), stack.to_owned());
            }
            ("session", text) => details.session = text.parse().unwrap(),
            ("description", text) => details.description = Some(text.to_owned()),
            ("managed", names) => details.managed_policies = names.split(',').map(arn).collect(),
            ("boundary", name) => details.boundary = Some(Boundary::ManagedPolicy(arn(name))),
            ("inline", action) => {
                let text = format!(
                    r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":["{action}"],"Resource":["*"]}}]}}"#
                );
                details.inline_policy = Some(Policy::from_json(&text).unwrap());
            }
            (key, value) => {
                tags.insert(key.strip_prefix("tag:").unwrap().to_owned(), value.to_owned());
            }
        }
    }
    snapshot.permission_sets.push(LivePermissionSet {
        arn: format!("arn:aws:sso:::permissionSet/ssoins-7223abcd1234ef56/ps-{name}"),
        name: name.parse().unwrap(),
        tags,
        details: Some(details),
        provisioned: BTreeSet::new(),
        outdated: BTreeSet::new(),
    });
}

fn account_id(snapshot: &Snapshot, name: &str) -> AccountId {
    let account = snapshot.organization.accounts.iter().find(|account| account.name == name);
    account.unwrap_or_else(|| panic!("no account {name}")).id
}

pub(crate) fn row(snapshot: &Snapshot, set: &str, principal: &str, account: &str) -> Assignment {
    let principal = match principal.split_once(':') {
        Some(("user", _)) => Principal::User(id_of(principal).parse().unwrap()),
        _ => Principal::Group(id_of(principal).parse().unwrap()),
    };
    Assignment { permission_set: set.parse().unwrap(), account: account_id(snapshot, account), principal }
}

fn live_set<'s>(snapshot: &'s mut Snapshot, name: &str) -> &'s mut LivePermissionSet {
    let set = snapshot.permission_sets.iter_mut().find(|set| set.name.as_str() == name);
    set.unwrap_or_else(|| panic!("no permission set {name}"))
}

/// Carries out one operation as AWS would, refusing what AWS refuses.
pub(crate) fn carry_out(snapshot: &mut Snapshot, operation: &Operation) {
    let Operation::Aws(operation) = operation else { panic!("{operation} is about another service") };
    if let AwsOperation::SetAccessControl { attributes, is_new } = operation {
        assert_eq!(*is_new, snapshot.access_control == AccessControlState::Off, "{operation}");
        snapshot.access_control = AccessControlState::On(attributes.clone());
    }
    if let Some(name) = operation.permission_set().cloned() {
        carry_out_on_set(snapshot, operation, name);
    }
    snapshot.sort();
}

fn carry_out_on_set(snapshot: &mut Snapshot, operation: &AwsOperation, name: PermissionSetName) {
    match operation {
        AwsOperation::CreatePermissionSet { attributes, tags, .. } => {
            assert!(snapshot.permission_set(&name).is_none(), "{name} exists");
            let mut details = PermissionSet::new(name.clone());
            attributes.clone().apply_to(&mut details);
            snapshot.permission_sets.push(LivePermissionSet {
                arn: format!("arn:aws:sso:::permissionSet/ssoins-7223abcd1234ef56/ps-{name}"),
                name,
                tags: tags.clone(),
                details: Some(details),
                provisioned: BTreeSet::new(),
                outdated: BTreeSet::new(),
            });
        }
        AwsOperation::Edit { edit, .. } => carry_out_edit(live_set(snapshot, name.as_str()), edit),
        AwsOperation::Provision { target, .. } => {
            let live = live_set(snapshot, name.as_str());
            match target {
                ProvisionTarget::AllProvisionedAccounts => live.outdated.clear(),
                ProvisionTarget::Account(account) => {
                    live.outdated.remove(account);
                }
            }
        }
        AwsOperation::CreateAssignment(row) => {
            let live = live_set(snapshot, name.as_str());
            live.provisioned.insert(row.account);
            live.outdated.remove(&row.account);
            snapshot.assignments.push(row.clone());
        }
        AwsOperation::DeleteAssignment(row) => {
            let before = snapshot.assignments.len();
            snapshot.assignments.retain(|other| other != row);
            assert_eq!(snapshot.assignments.len() + 1, before, "{operation} removes one row");
            let remains = |other: &Assignment| other.permission_set == name && other.account == row.account;
            if !snapshot.assignments.iter().any(remains) {
                let live = live_set(snapshot, name.as_str());
                live.provisioned.remove(&row.account);
                live.outdated.remove(&row.account);
            }
        }
        AwsOperation::DeletePermissionSet { .. } => {
            assert!(!snapshot.assignments.iter().any(|row| row.permission_set == name), "{name} is assigned");
            snapshot.permission_sets.retain(|set| set.name != name);
        }
        AwsOperation::SetAccessControl { .. } => unreachable!("it is about no permission set"),
    }
}

fn carry_out_edit(live: &mut LivePermissionSet, edit: &Edit) {
    let details = live.details.as_mut().unwrap();
    match edit {
        Edit::SetAttributes(attributes) => attributes.clone().apply_to(details),
        Edit::Tag(tags) => {
            live.tags.extend(tags.clone());
            return;
        }
        Edit::Untag(keys) => {
            live.tags.retain(|key, _| !keys.contains(key));
            return;
        }
        Edit::PutBoundary(boundary) => details.boundary = Some(boundary.clone()),
        Edit::DeleteBoundary => details.boundary = None,
        Edit::DetachManagedPolicy(arn) => assert!(details.managed_policies.remove(arn)),
        Edit::DetachCustomerPolicy(policy) => assert!(details.customer_policies.remove(policy)),
        Edit::DeleteInlinePolicy => details.inline_policy = None,
        Edit::AttachManagedPolicy(arn) => assert!(details.managed_policies.insert(arn.clone())),
        Edit::AttachCustomerPolicy(policy) => assert!(details.customer_policies.insert(policy.clone())),
        Edit::PutInlinePolicy(policy) => details.inline_policy = Some(policy.clone()),
    }
    live.outdated = live.provisioned.clone();
}
