//! A small company, and clients for it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_ssoadmin::config::{
    BehaviorVersion, Region, SharedHttpClient, StalledStreamProtectionConfig, retry::RetryConfig,
    timeout::TimeoutConfig,
};
use aws_sdk_ssoadmin::types::{PrincipalType, StatusValues, TargetType};
use rolecall_model::snapshot::{
    Caller, Coverage, ExternalId, Group, Instance, LivePermissionSet, Organization, Snapshot, User,
};
use rolecall_model::{
    AccessControlState, Account, AccountId, AccountState, Assignment, OrganizationalUnit, PermissionSet,
    PermissionSetName, Principal,
};
use rolecall_sandbox::faults::FaultPlan;
use rolecall_sandbox::{Sandbox, Settings};

/// The management account, three active accounts, and a suspended one.
pub(crate) const ACCOUNTS: [&str; 5] =
    ["100000000001", "200000000001", "200000000002", "200000000003", "900000000009"];
pub(crate) const GROUPS: [&str; 2] =
    ["906a0b0c0d-00000000-0000-4000-8000-00000000000a", "906a0b0c0d-00000000-0000-4000-8000-00000000000b"];
pub(crate) const USER: &str = "906a0b0c0d-00000000-0000-4000-8000-0000000000ff";
pub(crate) const INSTANCE: &str = "arn:aws:sso:::instance/ssoins-7223abcd1234ef56";
pub(crate) const STORE: &str = "d-906a0b0c0d";

pub(crate) fn id(text: &str) -> AccountId {
    text.parse().unwrap()
}

pub(crate) fn name(text: &str) -> PermissionSetName {
    text.parse().unwrap()
}

/// A company with one permission set, `Deploy`, which is assigned to the first group in the first member account.
pub(crate) fn company() -> Snapshot {
    let unit = |id: &str, name: &str, parent: &str| OrganizationalUnit {
        id: id.parse().unwrap(),
        name: name.to_owned(),
        parent: parent.parse().unwrap(),
    };
    let account = |number: usize, name: &str, parent: &str| Account {
        id: id(ACCOUNTS[number]),
        name: name.to_owned(),
        state: if number == 4 { AccountState::Suspended } else { AccountState::Active },
        parent: parent.parse().unwrap(),
        tags: Some(BTreeMap::from([("env".to_owned(), name.to_owned())])),
    };
    let deploy = LivePermissionSet {
        arn: "arn:aws:sso:::permissionSet/ssoins-7223abcd1234ef56/ps-0000000000000001".to_owned(),
        name: name("Deploy"),
        tags: BTreeMap::from([("rolecall:stack".to_owned(), "acme".to_owned())]),
        details: Some(PermissionSet {
            description: Some("Ship things".to_owned()),
            relay_state: Some("https://console.aws.amazon.com/".to_owned()),
            ..PermissionSet::new(name("Deploy"))
        }),
        provisioned: BTreeSet::from([id(ACCOUNTS[1])]),
        outdated: BTreeSet::new(),
    };
    let group = |number: usize, display_name: &str| Group {
        id: GROUPS[number].parse().unwrap(),
        display_name: display_name.to_owned(),
        external_ids: vec![ExternalId {
            issuer: "https://scim.example.com".to_owned(),
            id: format!("00000000-0000-4000-8000-00000000e00{number}"),
        }],
    };
    Snapshot {
        instance: Instance {
            arn: INSTANCE.to_owned(),
            id: "ssoins-7223abcd1234ef56".parse().unwrap(),
            identity_store_id: STORE.to_owned(),
            owner_account: id(ACCOUNTS[0]),
            region: "eu-west-1".parse().unwrap(),
        },
        caller: Caller {
            account: id(ACCOUNTS[0]),
            arn: format!("arn:aws:sts::{}:assumed-role/rolecall/ci", ACCOUNTS[0]),
        },
        organization: Organization {
            id: "o-abcdefghij".to_owned(),
            management_account: id(ACCOUNTS[0]),
            root: "r-ab12".parse().unwrap(),
            delegated_administrators: BTreeSet::from([id(ACCOUNTS[3])]),
            units: vec![
                unit("ou-ab12-aaaaaaaa", "Workloads", "r-ab12"),
                unit("ou-ab12-bbbbbbbb", "Prod", "ou-ab12-aaaaaaaa"),
            ],
            accounts: vec![
                account(0, "management", "r-ab12"),
                account(1, "payments-prod", "ou-ab12-bbbbbbbb"),
                account(2, "search-prod", "ou-ab12-bbbbbbbb"),
                account(3, "identity", "r-ab12"),
                account(4, "old", "ou-ab12-aaaaaaaa"),
            ],
        },
        groups: vec![group(0, "payments-devs"), group(1, "search-devs")],
        users: vec![User { id: USER.parse().unwrap(), user_name: "jane@acme.com".parse().unwrap() }],
        permission_sets: vec![deploy],
        assignments: vec![Assignment {
            permission_set: name("Deploy"),
            account: id(ACCOUNTS[1]),
            principal: Principal::Group(GROUPS[0].parse().unwrap()),
        }],
        coverage: Coverage::Everything,
        access_control: AccessControlState::Off,
        memberships: BTreeMap::new(),
        entra: None,
        absent_means_empty: BTreeSet::new(),
    }
}

/// Clients of all services, without retries or a clock of their own.
pub(crate) struct Clients {
    pub(crate) sandbox: Sandbox,
    pub(crate) sso: aws_sdk_ssoadmin::Client,
    pub(crate) store: aws_sdk_identitystore::Client,
    pub(crate) organizations: aws_sdk_organizations::Client,
    pub(crate) sts: aws_sdk_sts::Client,
}

macro_rules! client {
    ($service:ident, $http:expr, $endpoint:expr) => {{
        let mut config = $service::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDSANDBOX", "secret", None, None, "test"))
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        config.set_http_client($http);
        config.set_endpoint_url($endpoint);
        $service::Client::from_conf(config.build())
    }};
}

impl Clients {
    pub(crate) fn new(sandbox: Sandbox, http: Option<SharedHttpClient>, endpoint: Option<String>) -> Self {
        Self {
            sso: client!(aws_sdk_ssoadmin, http.clone(), endpoint.clone()),
            store: client!(aws_sdk_identitystore, http.clone(), endpoint.clone()),
            organizations: client!(aws_sdk_organizations, http.clone(), endpoint.clone()),
            sts: client!(aws_sdk_sts, http, endpoint),
            sandbox,
        }
    }

    pub(crate) fn deploy(&self) -> String {
        self.arn("Deploy")
    }

    pub(crate) fn arn(&self, set: &str) -> String {
        self.sandbox.snapshot().permission_set(&name(set)).unwrap().arn.clone()
    }
}

/// Creates a sandbox that starts as `snapshot`, and in-process clients.
pub(crate) fn world(snapshot: Snapshot) -> Clients {
    struck(snapshot, FaultPlan::default())
}

/// Creates a sandbox with a fault plan, and in-process clients.
pub(crate) fn struck(snapshot: Snapshot, faults: FaultPlan) -> Clients {
    let sandbox = Sandbox::new(snapshot, Settings { empty_pages: false, faults, ..Settings::default() });
    let http = sandbox.http_client();
    Clients::new(sandbox, Some(http), None)
}

/// Requests an assignment of a group, and returns the id of the request.
pub(crate) async fn assign(
    clients: &Clients,
    set: &str,
    group: &str,
    account: &str,
) -> Result<String, String> {
    let answer = clients
        .sso
        .create_account_assignment()
        .instance_arn(INSTANCE)
        .permission_set_arn(clients.arn(set))
        .principal_type(PrincipalType::Group)
        .principal_id(group)
        .target_type(TargetType::AwsAccount)
        .target_id(account)
        .send()
        .await;
    let answer = answer.map_err(|error| code(&error.into_service_error()))?;
    Ok(answer.account_assignment_creation_status.unwrap().request_id.unwrap())
}

/// Requests the deletion of an assignment.
pub(crate) async fn unassign(
    clients: &Clients,
    set: &str,
    group: &str,
    account: &str,
) -> Result<String, String> {
    let answer = clients
        .sso
        .delete_account_assignment()
        .instance_arn(INSTANCE)
        .permission_set_arn(clients.arn(set))
        .principal_type(PrincipalType::Group)
        .principal_id(group)
        .target_type(TargetType::AwsAccount)
        .target_id(account)
        .send()
        .await;
    let answer = answer.map_err(|error| code(&error.into_service_error()))?;
    Ok(answer.account_assignment_deletion_status.unwrap().request_id.unwrap())
}

/// Follows a creation until it finishes, and returns its status, its reason and its latency.
pub(crate) async fn follow(clients: &Clients, request: &str) -> (StatusValues, Option<String>, Duration) {
    let start = tokio::time::Instant::now();
    loop {
        let describe = clients.sso.describe_account_assignment_creation_status().instance_arn(INSTANCE);
        let answer = describe.account_assignment_creation_request_id(request).send().await.unwrap();
        let status = answer.account_assignment_creation_status.unwrap();
        if status.status != Some(StatusValues::InProgress) {
            return (status.status.unwrap(), status.failure_reason, start.elapsed());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Returns the type and message of an error.
pub(crate) fn code(error: &impl aws_sdk_ssoadmin::error::ProvideErrorMetadata) -> String {
    format!("{}: {}", error.code().unwrap_or("?"), error.message().unwrap_or("?"))
}
