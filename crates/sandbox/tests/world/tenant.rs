//! A tenant for the small company, and a client for it.

use std::collections::BTreeSet;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use rolecall_model::entra::{
    AppRole, AppRoleAssignment, DirectoryGroup, DirectoryUser, EnterpriseApplication, SyncJob, SyncState,
    Tenant,
};
use rolecall_model::{GroupId, ObjectId, Snapshot};
use rolecall_sandbox::faults::{AdminChange, FaultPlan};
use rolecall_sandbox::{ConnectionLost, DirectoryChange, GraphService, SANDBOX_TOKEN, Sandbox, Settings};
use serde_json::{Value, json};

use crate::company;

pub(crate) const TENANT: &str = "aaaaaaaa-0000-4000-8000-000000000001";
/// The groups that are in the Identity Store, too.
pub(crate) const PAYMENTS: &str = "00000000-0000-4000-8000-00000000e000";
pub(crate) const SEARCH: &str = "00000000-0000-4000-8000-00000000e001";
/// A group of seven users and a nested group, which is not assigned.
pub(crate) const NEW: &str = "00000000-0000-4000-8000-00000000e002";
/// A group that is not a security group.
pub(crate) const MAILING: &str = "00000000-0000-4000-8000-00000000e003";
pub(crate) const SERVICE_PRINCIPAL: &str = "bbbbbbbb-0000-4000-8000-000000000001";
pub(crate) const APPLICATION: &str = "bbbbbbbb-0000-4000-8000-000000000002";
pub(crate) const CLIENT: &str = "bbbbbbbb-0000-4000-8000-000000000003";
pub(crate) const ROLE: &str = "18d14569-c3bd-439b-9a66-3a2aee01d14f";
pub(crate) const JOB: &str = "aws.tenant.job";
pub(crate) const RULE: &str = "cccccccc-0000-4000-8000-000000000001";
pub(crate) const CYCLE: Duration = Duration::from_secs(40 * 60);

pub(crate) fn object(text: &str) -> ObjectId {
    text.parse().unwrap()
}

/// Returns a user's id. User 0 is in the company's Identity Store; user 7 has no last name.
pub(crate) fn user(number: usize) -> ObjectId {
    object(&format!("dddddddd-0000-4000-8000-00000000000{number}"))
}

pub(crate) fn tenant() -> Tenant {
    let group = |id: &str, name: &str, members: std::ops::Range<usize>| DirectoryGroup {
        id: object(id),
        display_name: name.to_owned(),
        security_enabled: id != MAILING,
        members: members.map(user).collect(),
        nested: BTreeSet::new(),
    };
    let users = (0..8).map(|number| DirectoryUser {
        id: user(number),
        user_principal_name: if number == 0 {
            "jane@acme.com".to_owned()
        } else {
            format!("user{number}@acme.com")
        },
        display_name: format!("User {number}"),
        given_name: Some("User".to_owned()),
        surname: (number < 7).then(|| number.to_string()),
        account_enabled: true,
    });
    let assignment = |number: usize, group: &str, name: &str| AppRoleAssignment {
        id: format!("assignment-{number}"),
        principal: object(group),
        principal_name: name.to_owned(),
        is_group: true,
        app_role: object(ROLE),
    };
    let nesting = DirectoryGroup { nested: BTreeSet::from([object(SEARCH)]), ..group(NEW, "new-team", 1..8) };
    let job = SyncJob {
        id: JOB.to_owned(),
        template_id: "aws".to_owned(),
        state: SyncState::Active,
        quarantine: None,
        last_success: None,
        last_error: None,
        failures_in_a_row: 0,
        interval_seconds: 2_400,
        group_external_id: Some("objectId".to_owned()),
        user_external_id: Some("objectId".to_owned()),
        group_rule_id: Some(RULE.to_owned()),
        has_secrets: true,
    };
    let application = EnterpriseApplication {
        service_principal_id: object(SERVICE_PRINCIPAL),
        application_id: object(APPLICATION),
        client_id: object(CLIENT),
        display_name: "AWS IAM Identity Center".to_owned(),
        template_id: None,
        app_roles: vec![AppRole { id: object(ROLE), display_name: "User".to_owned(), is_enabled: true }],
        sign_on_mode: None,
        identifier_uris: BTreeSet::new(),
        redirect_uris: BTreeSet::new(),
        certificates: Vec::new(),
        preferred_thumbprint: None,
        assignments: vec![assignment(1, PAYMENTS, "payments-devs"), assignment(2, SEARCH, "search-devs")],
        jobs: vec![job],
        federation: None,
    };
    Tenant {
        id: TENANT.to_owned(),
        domains: BTreeSet::from(["acme.onmicrosoft.com".to_owned()]),
        groups: vec![
            group(PAYMENTS, "payments-devs", 0..2),
            group(SEARCH, "search-devs", 2..3),
            nesting,
            group(MAILING, "news", 0..1),
        ],
        users: users.collect(),
        applications: vec![application],
        conditional_access: Vec::new(),
        logs: rolecall_model::entra::AuditLogs::default(),
    }
}

pub(crate) fn with_tenant() -> Snapshot {
    Snapshot { entra: Some(tenant()), ..company() }
}

/// A client of Graph.
pub(crate) struct Graph {
    pub(crate) sandbox: Sandbox,
    pub(crate) service: GraphService,
}

/// An answer: status, headers, body.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub(crate) fn retry_after(&self) -> Option<&str> {
        self.headers.get("retry-after").map(|value| value.to_str().unwrap())
    }

    /// Returns a property of each object in a list.
    pub(crate) fn all(&self, property: &str) -> Vec<&str> {
        let list = self.body["value"].as_array().unwrap_or_else(|| panic!("{}", self.body));
        list.iter().map(|object| object[property].as_str().unwrap_or_default()).collect()
    }
}

impl Graph {
    pub(crate) fn of(snapshot: Snapshot, settings: Settings) -> Self {
        let sandbox = Sandbox::new(snapshot, settings);
        Self { service: sandbox.graph_service(), sandbox }
    }

    pub(crate) fn new() -> Self {
        Self::of(with_tenant(), Settings::default())
    }

    pub(crate) fn struck(faults: FaultPlan) -> Self {
        Self::of(with_tenant(), Settings { faults, ..Settings::default() })
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Answer, ConnectionLost> {
        let response = self.service.call(request).await?;
        let (head, body) = response.into_parts();
        let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
        Ok(Answer { status: head.status.as_u16(), headers: head.headers, body })
    }

    pub(crate) fn request(method: Method, path: &str, body: Option<&Value>) -> Request<Bytes> {
        let uri = if path.starts_with("https://") {
            path.to_owned()
        } else {
            format!("https://graph.microsoft.com/v1.0{path}").replace(' ', "%20").replace('\'', "%27")
        };
        let request = Request::builder()
            .method(method)
            .uri(uri)
            .header("authorization", format!("Bearer {SANDBOX_TOKEN}"))
            .header("consistencylevel", "eventual")
            .header("content-type", "application/json");
        request.body(body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()))).unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Self::request(Method::GET, path, None)).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(Self::request(Method::POST, path, Some(&body))).await.unwrap()
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(Self::request(Method::PATCH, path, Some(&body))).await.unwrap()
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(Self::request(Method::PUT, path, Some(&body))).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Self::request(Method::DELETE, path, None)).await.unwrap()
    }

    pub(crate) async fn assign(&self, group: &str) -> Answer {
        let body = json!({ "principalId": group, "resourceId": SERVICE_PRINCIPAL, "appRoleId": ROLE });
        self.post(&format!("/servicePrincipals/{SERVICE_PRINCIPAL}/appRoleAssignedTo"), body).await
    }

    pub(crate) async fn on_demand(&self, group: &str, members: &[ObjectId]) -> Answer {
        let members: Vec<Value> =
            members.iter().map(|id| json!({ "objectId": id.as_str(), "objectTypeName": "User" })).collect();
        let subject =
            json!({ "objectId": group, "objectTypeName": "Group", "links": { "members": members } });
        let body = json!({ "parameters": [{ "ruleId": RULE, "subjects": [subject] }] });
        self.post(&job("/provisionOnDemand"), body).await
    }

    pub(crate) fn intervene(&self, change: DirectoryChange) {
        assert!(self.sandbox.intervene(&AdminChange::Directory(change)));
    }

    /// Returns the group of the Identity Store with the external id of a group.
    pub(crate) fn store_group(&self, id: &str) -> Option<(GroupId, String)> {
        let groups = self.sandbox.snapshot().groups;
        let found =
            groups.into_iter().find(|group| group.external_ids.iter().any(|external| external.id == id));
        found.map(|group| (group.id, group.display_name))
    }

    /// Returns the user names of the members of a group in the Identity Store.
    pub(crate) fn store_members(&self, id: &str) -> Vec<String> {
        let snapshot = self.sandbox.snapshot();
        let Some((group, _)) = self.store_group(id) else { return Vec::new() };
        let Some(members) = snapshot.memberships.get(&group) else { return Vec::new() };
        let users = snapshot.users.iter().filter(|user| members.contains(&user.id));
        let mut names: Vec<String> = users.map(|user| user.user_name.to_string()).collect();
        names.sort();
        names
    }

    /// Returns the unsuccessful entries of the log: name, status and code.
    pub(crate) fn troubles(&self) -> Vec<(String, String, String)> {
        let log = self.sandbox.snapshot().entra.unwrap().logs.provisioning;
        let troubles = log.into_iter().filter(|event| event.status != "success");
        troubles.map(|event| (event.name, event.status, event.error_code.unwrap_or_default())).collect()
    }
}

/// Returns the path of the job with a suffix.
pub(crate) fn job(rest: &str) -> String {
    format!("/servicePrincipals/{SERVICE_PRINCIPAL}/synchronization/jobs/{JOB}{rest}")
}
