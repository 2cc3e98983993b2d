//! Selects the credential that the environment provides.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use azure_core::Result;
use azure_core::credentials::TokenCredential;
use azure_core::error::{Error, ErrorKind};
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertion, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId, WorkloadIdentityCredential,
    WorkloadIdentityCredentialOptions,
};
use rolecall_model::Code;

use super::assertion::{GitHub, Given};
use super::bridge::client_options;
use super::certificate::Certificate;
use crate::secret::Secret;
use crate::transport::Transport;

/// The variable that selects a credential by name, if the environment provides several or the machine has a managed
/// identity.
const CHOICE: &str = "ROLECALL_ENTRA_CREDENTIAL";

/// The source of tokens.
#[derive(Clone)]
pub struct Credential {
    kind: Kind,
}

#[derive(Clone)]
enum Kind {
    /// A fixed token, for the sandbox.
    Fixed(Secret),
    ClientSecret {
        tenant: String,
        client: String,
        secret: Secret,
    },
    ClientCertificate {
        tenant: String,
        client: String,
        path: String,
        authority: String,
    },
    WorkloadIdentity {
        tenant: String,
        client: String,
        file: String,
    },
    GitHub {
        tenant: String,
        client: String,
        url: String,
        request_token: Secret,
    },
    GitLab {
        tenant: String,
        client: String,
        id_token: Secret,
    },
    ManagedIdentity {
        client: Option<String>,
    },
    AzureCli {
        tenant: String,
    },
}

/// A credential, ready to request tokens.
pub(super) enum Opened {
    Fixed(Secret),
    Azure(Arc<dyn TokenCredential>),
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Credential({})", self.name())
    }
}

/// The error for an environment without a credential, or with an incomplete one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there are no credentials for Microsoft Graph: {}", reason(missing.as_ref()))]
pub struct NoCredentials {
    /// The incomplete credential and the missing variable.
    pub missing: Option<(&'static str, &'static str)>,
    /// The credentials that were looked for, one line each.
    pub looked_for: Vec<String>,
}

fn reason(missing: Option<&(&'static str, &'static str)>) -> String {
    match missing {
        Some((name, variable)) => format!("{name} requires {variable}, which is not set"),
        None => "the environment provides none".to_owned(),
    }
}

impl NoCredentials {
    /// Returns the diagnostic code.
    pub fn code(&self) -> Code {
        Code::NoCredentials
    }

    /// Returns how to fix the error: the credentials that were looked for.
    pub fn help(&self) -> String {
        format!("set up one of these, in order of precedence: {}", self.looked_for.join("; "))
    }
}

/// The credentials in order of precedence: the name, and how each is detected.
const CHOICES: [(&str, &str); 7] = [
    ("client-secret", "AZURE_CLIENT_SECRET"),
    ("client-certificate", "AZURE_CLIENT_CERTIFICATE_PATH"),
    ("workload-identity", "AZURE_FEDERATED_TOKEN_FILE"),
    (
        "github",
        "ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN (permission id-token: write)",
    ),
    ("gitlab", "ROLECALL_ENTRA_ID_TOKEN or GITLAB_OIDC_TOKEN"),
    ("managed-identity", "IDENTITY_ENDPOINT"),
    ("azure-cli", "the program az, signed in"),
];

impl Credential {
    /// Creates a credential with a fixed token, such as the sandbox's.
    pub fn fixed(token: Secret) -> Self {
        Self { kind: Kind::Fixed(token) }
    }

    /// Returns whether the token is fixed, as for the sandbox.
    pub fn is_fixed(&self) -> bool {
        matches!(self.kind, Kind::Fixed(_))
    }

    /// Selects a credential: the variables of `azure_identity`'s credentials first, then those of pipelines, then a
    /// managed identity, then the Azure CLI. `ROLECALL_ENTRA_CREDENTIAL` selects one by name, which is required for a
    /// virtual machine's managed identity, since nothing in its environment reveals it.
    ///
    /// `tenant` is a verified domain or the id of the tenant; `AZURE_TENANT_ID` takes precedence. `variable` returns
    /// the value of an environment variable.
    ///
    /// # Errors
    /// Returns an error if there is no credential, or an incomplete one.
    pub fn from_environment(
        tenant: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> std::result::Result<Self, NoCredentials> {
        let environment = Environment { tenant, variable };
        let chosen = environment.get(CHOICE);
        for (name, _) in CHOICES {
            if chosen.as_ref().is_some_and(|chosen| chosen != name) {
                continue;
            }
            if let Some(kind) = environment.look_for(name, chosen.is_some())? {
                return Ok(Self { kind });
            }
        }
        Err(environment.nothing(None))
    }

    /// Returns its display name.
    pub fn name(&self) -> &'static str {
        match &self.kind {
            Kind::Fixed(_) => "fixed token",
            Kind::ClientSecret { .. } => "client secret",
            Kind::ClientCertificate { .. } => "client certificate",
            Kind::WorkloadIdentity { .. } => "workload identity",
            Kind::GitHub { .. } => "GitHub OIDC",
            Kind::GitLab { .. } => "id token",
            Kind::ManagedIdentity { .. } => "managed identity",
            Kind::AzureCli { .. } => "Azure CLI",
        }
    }

    /// Creates the client that requests tokens. Files are read here, so that a renewed token file is read again.
    pub(super) fn open(&self, transport: &Arc<dyn Transport>) -> Result<Opened> {
        let client_options = client_options(transport);
        let credential: Arc<dyn TokenCredential> = match self.kind.clone() {
            Kind::Fixed(token) => return Ok(Opened::Fixed(token)),
            Kind::ClientSecret { tenant, client, secret } => {
                let options = ClientSecretCredentialOptions { client_options };
                let secret = azure_core::credentials::Secret::new(secret.expose().to_owned());
                ClientSecretCredential::new(&tenant, client, secret, Some(options))?
            }
            Kind::ClientCertificate { tenant, client, path, authority } => {
                let pem = std::fs::read(Path::new(&path)).map_err(|error| {
                    Error::with_message(ErrorKind::Credential, format!("{path} cannot be read: {error}"))
                })?;
                let audience = format!("{authority}/{tenant}/oauth2/v2.0/token");
                let certificate = Certificate::from_pem(&pem, client.clone(), audience)?;
                asserting(tenant, client, certificate, client_options)?
            }
            Kind::GitHub { tenant, client, url, request_token } => {
                let assertion = GitHub { url, request_token, transport: Arc::clone(transport) };
                asserting(tenant, client, assertion, client_options)?
            }
            Kind::GitLab { tenant, client, id_token } => {
                asserting(tenant, client, Given(id_token), client_options)?
            }
            Kind::WorkloadIdentity { tenant, client, file } => {
                let credential_options = ClientAssertionCredentialOptions { client_options };
                WorkloadIdentityCredential::new(Some(WorkloadIdentityCredentialOptions {
                    credential_options,
                    client_id: Some(client),
                    tenant_id: Some(tenant),
                    token_file_path: Some(file.into()),
                }))?
            }
            Kind::ManagedIdentity { client } => {
                let user_assigned_id = client.map(UserAssignedId::ClientId);
                let options = ManagedIdentityCredentialOptions { user_assigned_id, client_options };
                ManagedIdentityCredential::new(Some(options))?
            }
            Kind::AzureCli { tenant } => {
                let options = AzureCliCredentialOptions {
                    tenant_id: Some(tenant),
                    ..AzureCliCredentialOptions::default()
                };
                AzureCliCredential::new(Some(options))?
            }
        };
        Ok(Opened::Azure(credential))
    }
}

fn asserting<A: ClientAssertion + 'static>(
    tenant: String,
    client: String,
    assertion: A,
    client_options: azure_core::http::ClientOptions,
) -> Result<Arc<dyn TokenCredential>> {
    let options = ClientAssertionCredentialOptions { client_options };
    Ok(ClientAssertionCredential::new(tenant, client, assertion, Some(options))?)
}

struct Environment<'a> {
    tenant: &'a str,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

type Found = std::result::Result<Option<Kind>, NoCredentials>;

impl Environment<'_> {
    /// Returns the value of a variable that is set and not empty.
    fn get(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.trim().is_empty())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.get(name).map(|text| Secret::new(text.trim()))
    }

    /// Returns `AZURE_TENANT_ID`, or else the tenant in the configuration.
    fn tenant(&self) -> String {
        self.get("AZURE_TENANT_ID").unwrap_or_else(|| self.tenant.to_owned())
    }

    fn client(&self, name: &'static str) -> std::result::Result<String, NoCredentials> {
        self.get("AZURE_CLIENT_ID").ok_or_else(|| self.nothing(Some((name, "AZURE_CLIENT_ID"))))
    }

    fn nothing(&self, missing: Option<(&'static str, &'static str)>) -> NoCredentials {
        let looked_for = CHOICES.iter().map(|(name, known_by)| format!("{name} ({known_by})"));
        let mut looked_for: Vec<String> = looked_for.collect();
        if let Some(chosen) = self.get(CHOICE) {
            looked_for.push(format!("{CHOICE} is {chosen:?}"));
        }
        NoCredentials { missing, looked_for }
    }

    /// Returns the credential of this name, if the environment provides it. `must` is set if it was selected by name.
    fn look_for(&self, name: &'static str, must: bool) -> Found {
        let lacks = |variable| if must { Err(self.nothing(Some((name, variable)))) } else { Ok(None) };
        let tenant = self.tenant();
        let kind = match name {
            "client-secret" => {
                let Some(secret) = self.secret("AZURE_CLIENT_SECRET") else {
                    return lacks("AZURE_CLIENT_SECRET");
                };
                Kind::ClientSecret { tenant, client: self.client(name)?, secret }
            }
            "client-certificate" => {
                let Some(path) = self.get("AZURE_CLIENT_CERTIFICATE_PATH") else {
                    return lacks("AZURE_CLIENT_CERTIFICATE_PATH");
                };
                let authority = self.get("AZURE_AUTHORITY_HOST");
                let authority = authority.unwrap_or_else(|| "https://login.microsoftonline.com".to_owned());
                let authority = authority.trim_end_matches('/').to_owned();
                Kind::ClientCertificate { tenant, client: self.client(name)?, path, authority }
            }
            "workload-identity" => {
                let Some(file) = self.get("AZURE_FEDERATED_TOKEN_FILE") else {
                    return lacks("AZURE_FEDERATED_TOKEN_FILE");
                };
                Kind::WorkloadIdentity { tenant, client: self.client(name)?, file }
            }
            "github" => {
                let Some(url) = self.get("ACTIONS_ID_TOKEN_REQUEST_URL") else {
                    return lacks("ACTIONS_ID_TOKEN_REQUEST_URL");
                };
                let Some(request_token) = self.secret("ACTIONS_ID_TOKEN_REQUEST_TOKEN") else {
                    return lacks("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
                };
                // A job may use its id token only for AWS, and be signed in to Azure with `az`.
                if !must && self.get("AZURE_CLIENT_ID").is_none() && self.has_azure_cli() {
                    return Ok(None);
                }
                Kind::GitHub { tenant, client: self.client(name)?, url, request_token }
            }
            "gitlab" => {
                let id_token =
                    self.secret("ROLECALL_ENTRA_ID_TOKEN").or_else(|| self.secret("GITLAB_OIDC_TOKEN"));
                let Some(id_token) = id_token else { return lacks("ROLECALL_ENTRA_ID_TOKEN") };
                Kind::GitLab { tenant, client: self.client(name)?, id_token }
            }
            "managed-identity" if must || self.get("IDENTITY_ENDPOINT").is_some() => {
                Kind::ManagedIdentity { client: self.get("AZURE_CLIENT_ID") }
            }
            "azure-cli" if must || self.has_azure_cli() => Kind::AzureCli { tenant },
            _ => return Ok(None),
        };
        Ok(Some(kind))
    }

    /// Returns whether the program `az` is in `PATH`.
    fn has_azure_cli(&self) -> bool {
        let path = self.get("PATH").unwrap_or_default();
        std::env::split_paths(&path)
            .any(|directory| ["az", "az.cmd"].iter().any(|name| directory.join(name).is_file()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn choose(variables: &[(&str, &str)]) -> std::result::Result<Credential, NoCredentials> {
        let variables: BTreeMap<&str, &str> = variables.iter().copied().collect();
        Credential::from_environment("acme.com", &|name| variables.get(name).map(|value| (*value).to_owned()))
    }

    #[test]
    fn each_credential_is_known_by_its_variables() {
        let client = ("AZURE_CLIENT_ID", "c");
        let name = |variables: &[(&str, &str)]| choose(variables).unwrap().name();
        assert_eq!(name(&[client, ("AZURE_CLIENT_SECRET", "s")]), "client secret");
        assert_eq!(name(&[client, ("AZURE_CLIENT_CERTIFICATE_PATH", "a.pem")]), "client certificate");
        assert_eq!(name(&[client, ("AZURE_FEDERATED_TOKEN_FILE", "/t")]), "workload identity");
        let github = [("ACTIONS_ID_TOKEN_REQUEST_URL", "https://a"), ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "t")];
        assert_eq!(name(&[client, github[0], github[1]]), "GitHub OIDC");
        assert_eq!(name(&[client, ("GITLAB_OIDC_TOKEN", "t")]), "id token");
        assert_eq!(name(&[("IDENTITY_ENDPOINT", "http://a"), ("IDENTITY_HEADER", "h")]), "managed identity");
        assert_eq!(name(&[(CHOICE, "managed-identity"), ("AZURE_CLIENT_SECRET", "s")]), "managed identity");
        assert_eq!(name(&[(CHOICE, "azure-cli")]), "Azure CLI");
    }

    #[test]
    fn half_a_credential_says_what_it_lacks_and_none_lists_what_was_looked_for() {
        let error = choose(&[("AZURE_CLIENT_SECRET", "hush")]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "there are no credentials for Microsoft Graph: client-secret requires AZURE_CLIENT_ID, which is not set"
        );
        assert!(!format!("{error:?} {}", error.help()).contains("hush"));
        let error = choose(&[(CHOICE, "gitlab")]).unwrap_err();
        assert_eq!(error.missing, Some(("gitlab", "ROLECALL_ENTRA_ID_TOKEN")));
        // Without `id-token: write`, GitHub sets neither variable.
        let error = choose(&[("AZURE_CLIENT_ID", "c")]).unwrap_err();
        assert_eq!(error.code(), Code::NoCredentials);
        assert!(CHOICES.iter().all(|(name, _)| error.help().contains(name)), "{}", error.help());
        assert_eq!(choose(&[(CHOICE, "keychain")]).unwrap_err().missing, None);
    }

    #[test]
    fn a_credential_prints_as_its_name() {
        let credential = choose(&[("AZURE_CLIENT_ID", "c"), ("AZURE_CLIENT_SECRET", "hush")]).unwrap();
        assert_eq!(format!("{credential:?}"), "Credential(client secret)");
    }
}
