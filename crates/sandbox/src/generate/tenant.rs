//! The Entra tenant that a generated world was provisioned from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rolecall_model::entra::{
    AppRole, AppRoleAssignment, AuditLogs, DirectoryGroup, DirectoryUser, EnterpriseApplication,
    GALLERY_TEMPLATE, SyncJob, SyncState, Tenant,
};
use rolecall_model::snapshot::{Group, User};
use rolecall_model::{GroupId, ObjectId, Snapshot, UserId};

use crate::graph::{SYNC_TEMPLATE, gallery_roles, signing_certificate};

const FIRST_NAMES: &[&str] = &[
    "Ada", "Bo", "Chidi", "Dana", "Emre", "Fatou", "Goran", "Hana", "Ines", "Jun", "Kofi", "Lea", "Mika",
    "Noor",
];
const LAST_NAMES: &[&str] = &[
    "Adler", "Bakker", "Costa", "Diallo", "Eriksen", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Kaya",
    "Lund",
];

/// The tenant's domain.
const DOMAIN: &str = "acme.onmicrosoft.com";
/// Ten minutes before the start of the sandbox's calendar.
const LAST_CYCLE: &str = "2025-12-31T23:50:00Z";
/// The end of the signing certificate.
const CERTIFICATE_END: &str = "2028-06-30T00:00:00Z";
/// The most members of a group.
const MOST_MEMBERS: usize = 8;

/// Adds the Entra tenant `acme.onmicrosoft.com`, from which the groups of a generated world come. Each group of the Identity
/// Store with an external id gets a group in the tenant with that object id and some users, who are added to the Identity
/// Store, too. All groups are assigned to an enterprise application with SAML sign-on and provisioning.
pub fn add_tenant(snapshot: &mut Snapshot, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x00e4_72a0);
    let store_digits = snapshot.instance.identity_store_id.trim_start_matches("d-").to_owned();
    let users: Vec<(DirectoryUser, UserId)> = (0..3 + snapshot.groups.len() * 2)
        .map(|number| draw_user(number, &store_digits, &mut random))
        .collect();
    let mut groups = Vec::new();
    let mut memberships: BTreeMap<GroupId, BTreeSet<UserId>> = BTreeMap::new();
    for group in &snapshot.groups {
        let Some(id) = object_id_of(group) else { continue };
        let members: BTreeSet<usize> =
            (0..random.random_range(2..=MOST_MEMBERS)).map(|_| random.random_range(0..users.len())).collect();
        memberships.insert(group.id.clone(), members.iter().map(|at| users[*at].1.clone()).collect());
        groups.push(DirectoryGroup {
            id,
            display_name: group.display_name.clone(),
            security_enabled: true,
            members: members.iter().map(|at| users[*at].0.id.clone()).collect(),
            nested: BTreeSet::new(),
        });
    }
    let in_groups: BTreeSet<&UserId> = memberships.values().flatten().collect();
    let provisioned = users.iter().filter(|(_, id)| in_groups.contains(id)).filter_map(|(user, id)| {
        Some(User { id: id.clone(), user_name: user.user_principal_name.parse().ok()? })
    });
    snapshot.users.extend(provisioned);
    snapshot.memberships.extend(memberships);
    let application = draw_application(snapshot, &groups, &mut random);
    snapshot.entra = Some(Tenant {
        id: crate::random::uuid(&mut random),
        domains: BTreeSet::from([DOMAIN.to_owned()]),
        groups,
        users: users.into_iter().map(|(user, _)| user).collect(),
        applications: vec![application],
        conditional_access: Vec::new(),
        logs: AuditLogs::default(),
    });
    snapshot.sort();
}

fn object_id_of(group: &Group) -> Option<ObjectId> {
    group.external_ids.iter().find_map(|external| external.id.parse().ok())
}

fn draw_id(random: &mut ChaCha8Rng) -> ObjectId {
    crate::random::uuid(random).parse().expect("a UUID is an object id")
}

fn draw_user(number: usize, store_digits: &str, random: &mut ChaCha8Rng) -> (DirectoryUser, UserId) {
    let first = FIRST_NAMES[number % FIRST_NAMES.len()];
    let last = LAST_NAMES[number / FIRST_NAMES.len() % LAST_NAMES.len()];
    let user = DirectoryUser {
        id: draw_id(random),
        user_principal_name: format!("{}.{}{number}@{DOMAIN}", first.to_lowercase(), last.to_lowercase()),
        display_name: format!("{first} {last}"),
        given_name: Some(first.to_owned()),
        surname: Some(last.to_owned()),
        account_enabled: true,
    };
    let id = format!("{store_digits}-{}", crate::random::uuid(random));
    (user, id.parse().expect("ten hexadecimal digits and a UUID are a user id"))
}

/// Returns the roles of the gallery application. Groups get the first.
fn draw_application(
    snapshot: &Snapshot,
    groups: &[DirectoryGroup],
    random: &mut ChaCha8Rng,
) -> EnterpriseApplication {
    let app_roles: Vec<AppRole> = gallery_roles().collect();
    let assign = |group: &DirectoryGroup| {
        Some(AppRoleAssignment {
            id: crate::random::uuid(random),
            principal: group.id.clone(),
            principal_name: group.display_name.clone(),
            is_group: true,
            app_role: app_roles.first()?.id.clone(),
        })
    };
    let assignments = groups.iter().filter_map(assign).collect();
    let instance = &snapshot.instance;
    let uri = |path: &str| {
        format!(
            "https://{}.signin.aws.amazon.com/platform/{path}/{}",
            instance.region, instance.identity_store_id
        )
    };
    let end: Option<Timestamp> = CERTIFICATE_END.parse().ok();
    let certificate = end.and_then(|end| signing_certificate("CN=AWS IAM Identity Center", end));
    let job = SyncJob {
        id: format!("{SYNC_TEMPLATE}.{}", crate::random::uuid(random)),
        template_id: SYNC_TEMPLATE.to_owned(),
        state: SyncState::Active,
        quarantine: None,
        last_success: LAST_CYCLE.parse().ok(),
        last_error: None,
        failures_in_a_row: 0,
        interval_seconds: 40 * 60,
        group_external_id: Some("objectId".to_owned()),
        user_external_id: Some("objectId".to_owned()),
        group_rule_id: Some(crate::random::uuid(random)),
        has_secrets: true,
    };
    EnterpriseApplication {
        service_principal_id: draw_id(random),
        application_id: draw_id(random),
        client_id: draw_id(random),
        display_name: "AWS IAM Identity Center".to_owned(),
        template_id: Some(GALLERY_TEMPLATE.to_owned()),
        app_roles,
        sign_on_mode: Some("saml".to_owned()),
        identifier_uris: BTreeSet::from([uri("saml")]),
        redirect_uris: BTreeSet::from([uri("saml/acs")]),
        preferred_thumbprint: certificate.as_ref().map(|one| one.thumbprint.clone()),
        certificates: certificate.into_iter().collect(),
        assignments,
        jobs: vec![job],
        federation: None,
    }
}
