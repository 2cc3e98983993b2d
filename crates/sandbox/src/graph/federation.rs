//! The tenant's federation metadata, which describes Entra ID as an identity provider to service providers.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;

use super::ask::Ask;
use super::certificates;
use super::tenancy::Tenancy;
use super::wire::{Body, Done, GraphAnswer, GraphFailure};
use crate::world::World;

/// The subject of the tenant's certificate, which applications without their own use.
const OF_TENANT: &str = "CN=accounts.accesscontrol.windows.net";

/// Handles `GET /{tenant}/federationmetadata/2007-06/federationmetadata.xml?appid=`. The document is not signed. It
/// contains all certificates of the application whose bytes the sandbox knows, the active one first.
pub(super) fn get(tenancy: &mut Tenancy, world: &mut World, ask: &Ask<'_>) -> GraphAnswer {
    let tenant = tenancy.tenant();
    let named = ask.first();
    if named != tenant.id && !tenant.domains.contains(named) {
        let message = format!("AADSTS90002: Tenant '{named}' not found.");
        return Err(GraphFailure::new(400, "invalid_request", message));
    }
    let mut keys = Vec::new();
    if let Some(client) = ask.parameter("appid") {
        let found = tenant.applications.iter().find(|one| one.client_id.as_str() == client);
        let application =
            found.filter(|one| tenancy.is_visible(&one.service_principal_id, world.now)).ok_or_else(
                || GraphFailure::new(400, "invalid_request", "AADSTS700016: Application was not found."),
            )?;
        let mut all: Vec<_> = application.certificates.iter().collect();
        all.sort_by_key(|one| Some(&one.thumbprint) != application.preferred_thumbprint.as_ref());
        let made = all.into_iter().filter_map(|one| {
            let made = certificates::make(&one.subject, one.not_after)?;
            (made.certificate.thumbprint == one.thumbprint).then_some(made.der)
        });
        keys.extend(made);
    }
    if keys.is_empty() {
        // A date in the far future, as for the tenant's own keys.
        let end = Timestamp::from_second(1_924_992_000).unwrap_or(Timestamp::MAX);
        keys.extend(certificates::make(OF_TENANT, end).map(|made| made.der));
    }
    Ok(Done { status: 200, body: Body::Xml(document(&tenant.id, &keys)) })
}

fn document(tenant: &str, keys: &[Vec<u8>]) -> String {
    let id = crate::random::uuid_of(&[tenant.as_bytes(), &keys.concat()]);
    let keys: String = keys
        .iter()
        .map(|der| {
            format!(
                "<KeyDescriptor use=\"signing\"><KeyInfo xmlns=\"http://www.w3.org/2000/09/xmldsig#\"><X509Data>\
                 <X509Certificate>{}</X509Certificate></X509Data></KeyInfo></KeyDescriptor>",
                BASE64_STANDARD.encode(der)
            )
        })
        .collect();
    let place = format!("https://login.microsoftonline.com/{tenant}/saml2");
    let service = |name: &str, binding: &str| {
        format!("<{name} Binding=\"urn:oasis:names:tc:SAML:2.0:bindings:{binding}\" Location=\"{place}\"/>")
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><EntityDescriptor ID=\"_{id}\" \
         entityID=\"https://sts.windows.net/{tenant}/\" xmlns=\"urn:oasis:names:tc:SAML:2.0:metadata\">\
         <IDPSSODescriptor protocolSupportEnumeration=\"urn:oasis:names:tc:SAML:2.0:protocol\">{keys}{}{}{}\
         </IDPSSODescriptor></EntityDescriptor>",
        service("SingleLogoutService", "HTTP-Redirect"),
        service("SingleSignOnService", "HTTP-Redirect"),
        service("SingleSignOnService", "HTTP-POST"),
    )
}
