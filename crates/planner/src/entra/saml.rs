//! `saml`: single sign-on, checked from both sides.

use jiff::Timestamp;
use jiff::tz::Offset;
use rolecall_model::config::Saml;
use rolecall_model::entra::{EnterpriseApplication, FederationMetadata, SigningCertificate};
use rolecall_model::{Code, Date, EntraOperation};
use serde_json::{Value, json};

use super::Comparer;

/// Validity of a new certificate in years. Graph allows at most three.
const CERTIFICATE_YEARS: i16 = 3;
/// Maximum length of a metadata document in AWS, in characters.
const MOST_CHARACTERS: u32 = 75_000;

impl Comparer<'_> {
    pub(super) fn saml(&mut self) {
        let Some(saml) = self.declared.saml.clone() else { return };
        let application = self.declared.name.clone();
        let live = self.live.cloned();
        let mode = live.as_ref().and_then(|live| live.sign_on_mode.clone());
        if mode.as_deref() != Some("saml") {
            let step = EntraOperation::SetSamlMode { application };
            self.change(step, json!({ "signOnMode": mode }), saml.origin);
        }
        self.urls(&saml, live.as_ref());
        self.certificates(&saml, live.as_ref());
        if let Some(federation) = live.as_ref().and_then(|live| live.federation.as_ref()) {
            self.federation(&saml, federation, live.as_ref());
        }
    }

    /// Adds URLs and removes none: those of another Region may be in use.
    fn urls(&mut self, saml: &Saml, live: Option<&EnterpriseApplication>) {
        let (mut identifiers, mut redirects) =
            live.map(|live| (live.identifier_uris.clone(), live.redirect_uris.clone())).unwrap_or_default();
        let before = json!({ "identifierUris": identifiers, "redirectUris": redirects });
        let known = identifiers.len() + redirects.len();
        identifiers.insert(saml.service_provider.entity_id.clone());
        redirects.extend(saml.service_provider.assertion_consumers.iter().cloned());
        if identifiers.len() + redirects.len() == known {
            return;
        }
        let step = EntraOperation::SetUrls {
            application: self.declared.name.clone(),
            identifier_uris: identifiers,
            redirect_uris: redirects,
        };
        self.change(step, before, saml.origin);
    }

    /// Rotates a certificate in two applies: the first adds it, a person uploads it to AWS, and the second makes it
    /// sign.
    fn certificates(&mut self, saml: &Saml, live: Option<&EnterpriseApplication>) {
        let certificates = live.map(|live| &live.certificates[..]).unwrap_or_default();
        let valid: Vec<&SigningCertificate> =
            certificates.iter().filter(|one| last_day(one.not_after) >= self.settings.today).collect();
        let preferred = live.and_then(|live| live.preferred_thumbprint.clone());
        let signing = valid.iter().find(|one| Some(&one.thumbprint) == preferred.as_ref()).copied();
        match signing {
            Some(signing) => self.rotate_certificate(saml, &valid, signing),
            None => self.choose_certificate(saml, &valid, preferred.as_deref()),
        }
    }

    /// Makes a certificate sign where no valid one does.
    fn choose_certificate(&mut self, saml: &Saml, valid: &[&SigningCertificate], preferred: Option<&str>) {
        let application = self.declared.name.clone();
        // With several certificates, it is unknown which one signs, so the one that AWS has is used. A single one
        // was left by an interrupted apply.
        let known = valid.iter().find(|one| saml.aws_has.as_ref() == Some(&one.thumbprint));
        let only = valid.first().filter(|_| valid.len() == 1 && preferred.is_none());
        let thumbprint = known.or(only).map(|one| one.thumbprint.clone());
        if thumbprint.is_none() && !valid.is_empty() {
            self.warn(
                Code::SamlMismatch,
                "no valid certificate is selected for signing, although the application has some".to_owned(),
                saml.origin,
                "a certificate that AWS does not know would lock everyone out",
                "write the one that AWS has: aws-has-certificate=\"…\" (the AWS console shows it)",
            );
            self.metadata_step(saml);
            return;
        }
        // If none is valid, no one can sign in through SAML now, so a change cannot break sign-ins.
        if thumbprint.is_none() {
            let not_after = self.years_ahead();
            let (application, subject) = (application.clone(), format!("CN={application}"));
            let step = EntraOperation::AddCertificate { application, subject, not_after };
            self.change(step, Value::Null, saml.origin);
        }
        let step = EntraOperation::PreferCertificate { application, thumbprint };
        self.change(step, json!({ "thumbprint": preferred }), saml.origin);
        self.metadata_step(saml);
    }

    /// Prepares the next certificate once the one that signs is about to expire.
    fn rotate_certificate(
        &mut self,
        saml: &Saml,
        valid: &[&SigningCertificate],
        signing: &SigningCertificate,
    ) {
        let application = self.declared.name.clone();
        let days = (last_day(signing.not_after) - self.settings.today).get_days();
        if days > i32::try_from(saml.certificate_warning_days).unwrap_or(i32::MAX) {
            return;
        }
        self.warn(
            Code::CertificateEndsSoon,
            format!("the certificate that signs sign-ins expires in {days} days"),
            saml.origin,
            "after its last day, nobody can sign in to AWS",
            "an apply adds the next one; upload it to AWS by hand, and a second apply makes it sign",
        );
        let later = || valid.iter().filter(|one| one.not_after > signing.not_after);
        let known = later().find(|one| saml.aws_has.as_ref() == Some(&one.thumbprint));
        match known.or_else(|| later().max_by_key(|one| one.not_after)) {
            None => {
                let (subject, not_after) = (format!("CN={application}"), self.years_ahead());
                let step = EntraOperation::AddCertificate { application, subject, not_after };
                self.change(step, Value::Null, saml.origin);
                self.metadata_step(saml);
            }
            Some(next) if saml.aws_has.as_ref() == Some(&next.thumbprint) => {
                let thumbprint = Some(next.thumbprint.clone());
                let step = EntraOperation::PreferCertificate { application, thumbprint };
                self.change(step, json!({ "thumbprint": signing.thumbprint }), saml.origin);
            }
            // AWS has no API that lists its certificates, and one that it does not know locks everyone out.
            Some(next) => {
                self.warn(
                    Code::CertificateEndsSoon,
                    format!("the next certificate ({}) waits until AWS has it", next.thumbprint),
                    saml.origin,
                    "it signs once the configuration says that its metadata is uploaded to AWS",
                    &format!(
                        "upload the metadata to AWS as the other finding says, then write aws-has-certificate=\"{}\"",
                        next.thumbprint
                    ),
                );
                self.metadata_step(saml);
            }
        }
    }

    fn years_ahead(&self) -> Date {
        let ahead = self.settings.today.saturating_add(jiff::Span::new().years(CERTIFICATE_YEARS));
        // One day less, so that time zones cannot make it more than three years.
        ahead.yesterday().unwrap_or(ahead)
    }

    /// Checks the tenant's metadata document against AWS's requirements.
    fn federation(
        &mut self,
        saml: &Saml,
        federation: &FederationMetadata,
        live: Option<&EnterpriseApplication>,
    ) {
        let FederationMetadata { entity_id, certificates, characters } = federation;
        let wanted = format!("https://sts.windows.net/{}/", self.tenant.id);
        if *entity_id != wanted {
            self.warn(
                Code::SamlMismatch,
                format!("the metadata of the tenant names `{entity_id}`, not `{wanted}`"),
                saml.origin,
                "AWS would reject its sign-ins",
                "check that the application and the tenant are the intended ones",
            );
        }
        if *characters > MOST_CHARACTERS {
            self.warn(
                Code::SamlMismatch,
                format!(
                    "the metadata of the tenant has {characters} characters; AWS allows {MOST_CHARACTERS}"
                ),
                saml.origin,
                "AWS rejects the document",
                "remove expired certificates from the application",
            );
        }
        let preferred = live.and_then(|live| live.preferred_thumbprint.as_ref());
        if let Some(preferred) =
            preferred.filter(|preferred| !certificates.iter().any(|one| one.thumbprint == **preferred))
        {
            self.warn(
                Code::SamlMismatch,
                format!("the certificate that signs ({preferred}) is not in the metadata of the tenant"),
                saml.origin,
                "AWS cannot check the signatures of sign-ins",
                "wait some minutes after a change; then download the metadata again and upload it to AWS",
            );
        }
    }

    /// Adds the manual SAML step, for which AWS has no API.
    fn metadata_step(&mut self, saml: &Saml) {
        let tenant = &self.tenant.id;
        let client = self.live.map_or_else(|| "<client id>".to_owned(), |live| live.client_id.to_string());
        self.warn(
            Code::ConsoleStep,
            "manual step in AWS: upload the metadata of the tenant, with the certificate that will sign".to_owned(),
            saml.origin,
            "AWS has no API for this",
            &format!(
                "download https://login.microsoftonline.com/{tenant}/federationmetadata/2007-06/\
                 federationmetadata.xml?appid={client} and upload it in AWS: IAM Identity Center, Settings, Identity \
                 source, Actions, Manage authentication (Change identity source, the first time)"
            ),
        );
    }
}

/// Returns the last day on which a certificate is valid, at least in part.
fn last_day(not_after: Timestamp) -> Date {
    Offset::UTC.to_datetime(not_after).date()
}
