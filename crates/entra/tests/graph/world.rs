//! A company with a tenant, and clients for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{Request, Response};
use rolecall_applier::{CancellationToken, Failure, Started, Target as _};
use rolecall_entra::{
    Connection, ConnectionError, Credential, Endpoints, EntraTarget, Reader, ScimSecrets, Scope, Secret,
    Transport, Writer, connect, connect_for_writing,
};
use rolecall_model::entra::{AccessPolicy, AuditLogs, DirectoryGroup, DirectoryUser, PolicyState, Tenant};
use rolecall_model::snapshot::{Caller, Coverage, Instance, Organization, Snapshot};
use rolecall_model::{AccessControlState, Account, AccountState, EntraOperation, ObjectId};
use rolecall_sandbox::faults::FaultPlan;
use rolecall_sandbox::{GraphService, SANDBOX_TOKEN, Sandbox, Settings};

pub(crate) const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
pub(crate) const DOMAIN: &str = "acme.onmicrosoft.com";
pub(crate) const NAME: &str = "AWS IAM Identity Center";
/// A group of seven users.
pub(crate) const DEVS: &str = "00000000-0000-4000-8000-00000000e001";
/// A group whose name has a quote, with a group nested in it.
pub(crate) const OPS: &str = "00000000-0000-4000-8000-00000000e002";
pub(crate) const OPS_NAME: &str = "O'Neill & Söhne #1";
/// The nested group, in which the one that it is in is nested again.
pub(crate) const NESTED: &str = "00000000-0000-4000-8000-00000000e003";
/// A group without members that is not for security.
pub(crate) const NEWS: &str = "00000000-0000-4000-8000-00000000e004";
pub(crate) const SCIM_TOKEN: &str = "sandbox-scim-token";
pub(crate) const ENDPOINT: &str = "https://scim.eu-west-1.amazonaws.com/abc/scim/v2/";

pub(crate) fn object(text: &str) -> ObjectId {
    text.parse().unwrap()
}

pub(crate) fn user(number: usize) -> ObjectId {
    object(&format!("dddddddd-0000-4000-8000-0000000000{number:02}"))
}

fn group(id: &str, name: &str, members: std::ops::Range<usize>) -> DirectoryGroup {
    DirectoryGroup {
        id: object(id),
        display_name: name.to_owned(),
        security_enabled: id != NEWS,
        members: members.map(user).collect(),
        nested: BTreeSet::new(),
    }
}

/// A tenant without an application.
pub(crate) fn tenant() -> Tenant {
    let users = (0..9).map(|number| DirectoryUser {
        id: user(number),
        user_principal_name: format!("user{number}@acme.com"),
        display_name: format!("User {number}"),
        given_name: Some("User".to_owned()),
        surname: (number != 8).then(|| number.to_string()),
        account_enabled: number != 1,
    });
    Tenant {
        id: TENANT.to_owned(),
        domains: BTreeSet::from([DOMAIN.to_owned(), "acme.com".to_owned()]),
        groups: vec![
            group(DEVS, "devs", 0..7),
            DirectoryGroup { nested: BTreeSet::from([object(NESTED)]), ..group(OPS, OPS_NAME, 7..8) },
            DirectoryGroup { nested: BTreeSet::from([object(OPS)]), ..group(NESTED, "nested", 8..9) },
            group(NEWS, "news", 0..0),
        ],
        users: users.collect(),
        applications: Vec::new(),
        conditional_access: Vec::new(),
        logs: AuditLogs::default(),
    }
}

pub(crate) fn snapshot(tenant: Tenant) -> Snapshot {
    let account = "100000000001".parse().unwrap();
    Snapshot {
        instance: Instance {
            arn: "arn:aws:sso:::instance/ssoins-7223abcd1234ef56".to_owned(),
            id: "ssoins-7223abcd1234ef56".parse().unwrap(),
            identity_store_id: "d-906a0b0c0d".to_owned(),
            owner_account: account,
            region: "eu-west-1".parse().unwrap(),
        },
        caller: Caller { account, arn: format!("arn:aws:sts::{account}:assumed-role/rolecall/ci") },
        organization: Organization {
            id: "o-abcdefghij".to_owned(),
            management_account: account,
            root: "r-ab12".parse().unwrap(),
            delegated_administrators: BTreeSet::new(),
            units: Vec::new(),
            accounts: vec![Account {
                id: account,
                name: "management".to_owned(),
                state: AccountState::Active,
                parent: "r-ab12".parse().unwrap(),
                tags: None,
            }],
        },
        groups: Vec::new(),
        users: Vec::new(),
        permission_sets: Vec::new(),
        assignments: Vec::new(),
        coverage: Coverage::Everything,
        access_control: AccessControlState::Off,
        memberships: BTreeMap::new(),
        absent_means_empty: BTreeSet::new(),
        entra: Some(tenant),
    }
}

/// The sandbox's service as a transport, which notes what is sent and may answer in the service's place.
#[derive(Debug, Clone)]
pub(crate) struct Wire {
    service: GraphService,
    pub(crate) sent: Arc<Mutex<Vec<Request<Bytes>>>>,
    answer: fn(&Request<Bytes>) -> Option<Response<Bytes>>,
}

impl Transport for Wire {
    fn send(&self, request: Request<Bytes>) -> BoxFuture<'_, Result<Response<Bytes>, ConnectionError>> {
        self.sent.lock().unwrap().push(request.clone());
        Box::pin(async move {
            if let Some(answer) = (self.answer)(&request) {
                return Ok(answer);
            }
            self.service
                .call(request)
                .await
                .map_err(|lost| ConnectionError { message: lost.to_string(), may_have_arrived: true })
        })
    }
}

/// An answer without headers.
pub(crate) fn answer(status: u16, body: &str) -> Response<Bytes> {
    Response::builder().status(status).body(Bytes::from(body.to_owned())).unwrap()
}

/// A sandbox with clients.
pub(crate) struct Bench {
    pub(crate) sandbox: Sandbox,
    pub(crate) wire: Wire,
}

impl Bench {
    pub(crate) fn of(tenant: Tenant, settings: Settings) -> Self {
        let sandbox = Sandbox::new(snapshot(tenant), settings);
        let wire = Wire {
            service: sandbox.graph_service(),
            sent: Arc::new(Mutex::new(Vec::new())),
            answer: |_| None,
        };
        Self { sandbox, wire }
    }

    pub(crate) fn new() -> Self {
        Self::of(tenant(), Settings::default())
    }

    pub(crate) fn struck(faults: FaultPlan) -> Self {
        Self::of(tenant(), Settings { faults, ..Settings::default() })
    }

    /// The same, with some requests answered by a function.
    pub(crate) fn answering(answer: fn(&Request<Bytes>) -> Option<Response<Bytes>>) -> Self {
        let mut bench = Self::new();
        bench.wire.answer = answer;
        bench
    }

    pub(crate) fn connection(&self) -> Connection {
        Connection {
            transport: Arc::new(self.wire.clone()),
            endpoints: Endpoints::default(),
            credential: Credential::fixed(Secret::new(SANDBOX_TOKEN)),
            seed: 0,
        }
    }

    pub(crate) fn reader(&self) -> Reader {
        connect(self.connection())
    }

    pub(crate) fn writer(&self) -> Writer {
        connect_for_writing(self.connection())
    }

    /// A target that knows the tenant as it is.
    pub(crate) fn target(&self) -> EntraTarget {
        EntraTarget::new(self.writer(), &self.live(), Some(secrets()))
    }

    /// The tenant as it is.
    pub(crate) fn live(&self) -> Tenant {
        self.sandbox.snapshot().entra.unwrap()
    }

    /// A tenant with everything in it.
    pub(crate) async fn working() -> Self {
        let bench = Self::new();
        let target = bench.target();
        for operation in everything() {
            start(&target, &operation)
                .await
                .unwrap_or_else(|failure| panic!("{}: {failure}", operation.name()));
        }
        bench
    }
}

/// Starts a step, and is not stopped.
pub(crate) async fn start(target: &EntraTarget, operation: &EntraOperation) -> Result<Started, Failure> {
    target.start(operation, &CancellationToken::new()).await
}

pub(crate) fn secrets() -> ScimSecrets {
    ScimSecrets { endpoint: ENDPOINT.to_owned(), token: Secret::new(SCIM_TOKEN) }
}

pub(crate) fn scope() -> Scope {
    Scope {
        tenant: DOMAIN.to_owned(),
        group_names: BTreeSet::from(["devs".to_owned(), OPS_NAME.to_owned(), "nobody".to_owned()]),
        group_ids: BTreeSet::from([object(NEWS)]),
        application: Some(NAME.to_owned()),
        federation: true,
        provisioning: true,
        conditional_access: true,
    }
}

pub(crate) fn policy() -> AccessPolicy {
    AccessPolicy {
        name: "AWS needs MFA".to_owned(),
        state: PolicyState::EnabledForReportingButNotEnforced,
        applications: BTreeSet::new(),
        include_users: BTreeSet::from(["All".to_owned()]),
        include_groups: BTreeSet::new(),
        exclude_groups: BTreeSet::from([object(OPS)]),
        exclude_users: BTreeSet::new(),
        client_app_types: BTreeSet::from(["all".to_owned()]),
        controls: BTreeSet::new(),
        strength: Some("00000000-0000-0000-0000-000000000004".to_owned()),
    }
}

pub(crate) fn assign(id: &str, name: &str) -> EntraOperation {
    EntraOperation::AssignGroup { application: NAME.to_owned(), group: object(id), name: name.to_owned() }
}

pub(crate) fn provision(id: &str, name: &str, members: std::ops::Range<usize>) -> EntraOperation {
    EntraOperation::ProvisionGroup {
        application: NAME.to_owned(),
        group: object(id),
        name: name.to_owned(),
        members: members.map(user).collect(),
    }
}

pub(crate) fn urls() -> (BTreeSet<String>, BTreeSet<String>) {
    let place = "https://eu-west-1.signin.aws.amazon.com/platform/saml";
    (BTreeSet::from([format!("{place}/d-906a0b0c0d")]), BTreeSet::from([format!("{place}/acs/1")]))
}

/// The steps that take a tenant from nothing to working.
pub(crate) fn everything() -> Vec<EntraOperation> {
    let application = || NAME.to_owned();
    let (identifier_uris, redirect_uris) = urls();
    vec![
        EntraOperation::CreateApplication { name: application() },
        EntraOperation::SetSamlMode { application: application() },
        EntraOperation::SetUrls { application: application(), identifier_uris, redirect_uris },
        EntraOperation::AddCertificate {
            application: application(),
            subject: format!("CN={NAME}"),
            not_after: "2028-12-30".parse().unwrap(),
        },
        EntraOperation::PreferCertificate { application: application(), thumbprint: None },
        assign(DEVS, "devs"),
        assign(OPS, OPS_NAME),
        EntraOperation::CreateSyncJob { application: application() },
        EntraOperation::SetSyncSecrets { application: application() },
        EntraOperation::StartSync { application: application() },
        provision(DEVS, "devs", 0..7),
        EntraOperation::CreatePolicy { application: application(), policy: policy() },
    ]
}
