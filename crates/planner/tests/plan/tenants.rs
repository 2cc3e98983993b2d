//! Tenants of Entra ID, and configurations that name them.

use rolecall_model::entra::{
    AccessPolicy, AppRole, AppRoleAssignment, ConditionalAccessPolicy, DirectoryGroup, EnterpriseApplication,
    PolicyState, SigningCertificate, SyncJob, SyncState, Tenant,
};
use rolecall_model::snapshot::ExternalId;
use rolecall_model::{ObjectId, Snapshot};
use rolecall_parser::{MemoryFiles, Project};

use crate::case::{HEAD, diagnostics_text};
use crate::world::{id_of, world};

const METADATA: &str = r#"<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1234567890">
<SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">
<AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST" Location="https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1234" index="0" isDefault="true"/>
</SPSSODescriptor></EntityDescriptor>"#;

/// An `application` block of these lines.
pub(crate) fn application(lines: &str) -> String {
    format!("entra tenant=\"acme.onmicrosoft.com\" {{\n application \"AWS\" {{\n{lines}\n }}\n}}\n")
}

pub(crate) const EVERYTHING: &str = "assign-groups
provisioning scim-token-expires=\"2027-06-01\"
saml sign-on-metadata=\"aws.xml\"
require-mfa \"AWS needs MFA\" strength=\"phishing-resistant\" state=\"report-only\" { except-to \"break-glass\" }";

pub(crate) const FILES: &str = "group \"devs\"\ngroup \"break-glass\"
permission-set \"Deploy\" { managed-policy \"A\" }
assign \"Deploy\" { to \"devs\"; on { account \"one\" } }\n";

pub(crate) fn project(config: &str) -> Project {
    let files = [("rolecall.kdl", format!("{HEAD}{config}")), ("aws.xml", METADATA.to_owned())];
    let files: MemoryFiles = files.into_iter().collect();
    let project = rolecall_parser::load(&files, "rolecall.kdl");
    assert!(project.config.is_some(), "{}", diagnostics_text(&project.diagnostics, &project));
    project
}

pub(crate) fn object(name: &str) -> ObjectId {
    id_of(&format!("entra:{name}")).parse().unwrap()
}

pub(crate) fn group(name: &str) -> DirectoryGroup {
    DirectoryGroup {
        id: object(name),
        display_name: name.to_owned(),
        security_enabled: true,
        members: (0..7).map(|user| object(&format!("{name}{user}"))).collect(),
        nested: [].into(),
    }
}

pub(crate) fn tenant(groups: &[&str]) -> Tenant {
    let mut groups: Vec<DirectoryGroup> = groups.iter().map(|name| group(name)).collect();
    groups.sort_by(|a, b| a.id.cmp(&b.id));
    Tenant {
        id: "7d0c3b52-66e1-4f0a-8c55-1b9e2f7a4d10".to_owned(),
        domains: ["acme.onmicrosoft.com".to_owned()].into(),
        groups,
        users: Vec::new(),
        applications: Vec::new(),
        conditional_access: Vec::new(),
        logs: Default::default(),
    }
}

/// An application at work, to which these groups are assigned.
pub(crate) fn working(groups: &[&str]) -> EnterpriseApplication {
    EnterpriseApplication {
        service_principal_id: object("sp"),
        application_id: object("app"),
        client_id: object("client"),
        display_name: "AWS".to_owned(),
        template_id: None,
        app_roles: vec![AppRole { id: object("role"), display_name: "User".to_owned(), is_enabled: true }],
        sign_on_mode: Some("saml".to_owned()),
        identifier_uris: ["https://eu-west-1.signin.aws.amazon.com/platform/saml/d-1234567890".to_owned()]
            .into(),
        redirect_uris: ["https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1234".to_owned()].into(),
        certificates: vec![certificate("AA", "2029-01-01T00:00:00Z")],
        preferred_thumbprint: Some("AA".to_owned()),
        assignments: groups
            .iter()
            .map(|name| AppRoleAssignment {
                id: format!("assignment-{name}"),
                principal: object(name),
                principal_name: (*name).to_owned(),
                is_group: true,
                app_role: object("role"),
            })
            .collect(),
        jobs: vec![job(SyncState::Active)],
        federation: None,
    }
}

pub(crate) fn certificate(thumbprint: &str, not_after: &str) -> SigningCertificate {
    SigningCertificate {
        thumbprint: thumbprint.to_owned(),
        subject: "CN=AWS".to_owned(),
        not_after: not_after.parse().unwrap(),
    }
}

pub(crate) fn job(state: SyncState) -> SyncJob {
    SyncJob {
        id: "aws.1".to_owned(),
        template_id: "aws".to_owned(),
        state,
        quarantine: None,
        last_success: None,
        last_error: None,
        failures_in_a_row: 0,
        interval_seconds: 2_400,
        group_external_id: Some("objectId".to_owned()),
        user_external_id: Some("objectId".to_owned()),
        group_rule_id: Some("rule".to_owned()),
        has_secrets: true,
    }
}

pub(crate) fn policy(state: PolicyState) -> ConditionalAccessPolicy {
    let policy = AccessPolicy {
        name: "AWS needs MFA".to_owned(),
        state,
        applications: [object("client").to_string()].into(),
        include_users: ["All".to_owned()].into(),
        include_groups: [].into(),
        exclude_groups: [object("break-glass")].into(),
        exclude_users: [].into(),
        client_app_types: ["all".to_owned()].into(),
        controls: [].into(),
        strength: Some("00000000-0000-0000-0000-000000000004".to_owned()),
    };
    ConditionalAccessPolicy { id: object("policy"), policy }
}

/// A world in which these groups came from Entra.
pub(crate) fn live(text: &str, provisioned: &[&str], tenant: Tenant) -> Snapshot {
    let mut snapshot = world(&format!("account one 111111111111 /\nset Deploy owner=acme managed=A\n{text}"));
    for name in provisioned {
        snapshot.groups.push(rolecall_model::snapshot::Group {
            id: id_of(name).parse().unwrap(),
            display_name: (*name).to_owned(),
            external_ids: vec![ExternalId { issuer: "entra".to_owned(), id: object(name).to_string() }],
        });
    }
    snapshot.entra = Some(tenant);
    snapshot.sort();
    snapshot
}
