//! `entra`: which tenant the groups come from, and what is wanted of its application for AWS.

mod metadata;

use rolecall_model::config::{Application, Entra, Provisioning, RequireMfa, Saml, ServiceProvider, Unassign};
use rolecall_model::entra::{MfaStrength, PolicyState};
use rolecall_model::{Code, Diagnostic, ObjectId, OriginId, Place};

use self::metadata::Wrong;
use super::files::NamedFile;
use super::{CheckedFile, Decoder};
use crate::MAX_METADATA_FILE_BYTES;
use crate::syntax::Node;

/// So many days before its end a certificate is told, unless the files say otherwise: time for two applies and for
/// somebody to carry the new one to AWS in between.
const CERTIFICATE_WARNING_DAYS: u32 = 45;
/// The longest domain name and the longest of its labels, in characters (RFC 1035, section 2.3.4).
const MAX_DOMAIN: usize = 253;
const MAX_DOMAIN_LABEL: usize = 63;

impl Decoder<'_> {
    /// The tenant of a project, which says it once.
    pub(super) fn entra(&mut self, checked: &[CheckedFile<'_>]) -> Option<Entra> {
        let node = self.first_of(checked, "entra")?;
        let tenant = self.tenant(node);
        let application = node.children_named("application").next().and_then(|child| self.application(child));
        let origin = self.origin(node.header);
        Some(Entra { tenant: tenant?, application, origin })
    }

    /// The tenant in lower case: neither domains nor ids are compared by case.
    fn tenant(&mut self, node: &Node) -> Option<String> {
        let value = node.property("tenant")?;
        let text = value.text()?;
        if text.parse::<ObjectId>().is_ok() || is_domain(text) {
            return Some(text.to_ascii_lowercase());
        }
        self.invalid(value.place, text, "a tenant: a domain, such as acme.onmicrosoft.com, or a UUID");
        None
    }

    fn application(&mut self, node: &Node) -> Option<Application> {
        let create = self.said(node, "create");
        let assign_groups = self.said(node, "assign-groups");
        let unassign = self.unassign(node);
        let provisioning = self.provisioning(node);
        let saml = self.saml(node);
        let require_mfa = self.require_mfa(node);
        let origin = self.origin(node.header);
        let (name, _) = node.text()?;
        let name = name.to_owned();
        Some(Application { name, create, assign_groups, unassign, provisioning, saml, require_mfa, origin })
    }

    /// Where a word that says all by itself stands, if it does.
    fn said(&mut self, node: &Node, word: &str) -> Option<OriginId> {
        let child = node.children_named(word).next()?;
        Some(self.origin(child.header))
    }

    /// Sorted, since order says nothing.
    fn unassign(&mut self, node: &Node) -> Vec<Unassign> {
        let mut unassign: Vec<Unassign> = self
            .distinct_texts(node, "unassign-group")
            .into_iter()
            .map(|(group, place)| Unassign { group, origin: self.origin(place) })
            .collect();
        unassign.sort_by(|a, b| a.group.cmp(&b.group));
        unassign
    }

    fn provisioning(&mut self, node: &Node) -> Option<Provisioning> {
        let node = node.children_named("provisioning").next()?;
        let expires = node.property("scim-token-expires");
        let token_expires = expires.and_then(|value| {
            let help = "write the day on which the token ends, such as `scim-token-expires=\"2027-06-01\"`";
            self.date(value.text()?, value.place, help)
        });
        Some(Provisioning { token_expires, origin: self.origin(node.header) })
    }

    fn saml(&mut self, node: &Node) -> Option<Saml> {
        let node = node.children_named("saml").next()?;
        let days = node.property("certificate-warning-days").and_then(|value| value.number());
        let file = node.property("sign-on-metadata")?;
        let service_provider = self.service_provider(file.text()?, file.place)?;
        Some(Saml {
            service_provider,
            certificate_warning_days: days.unwrap_or(CERTIFICATE_WARNING_DAYS),
            origin: self.origin(node.header),
        })
    }

    fn service_provider(&mut self, path: &str, place: Place) -> Option<ServiceProvider> {
        let kind = NamedFile {
            what: "metadata file",
            most_bytes: MAX_METADATA_FILE_BYTES,
            too_large: metadata::DOWNLOAD.to_owned(),
        };
        let text = self.text_of(path, place, &kind)?;
        let file = self.sources.add(path, text.as_str());
        match metadata::service_provider(&text, path) {
            Ok(service_provider) => Some(service_provider),
            Err(wrong) => {
                for Wrong { range, message, label, help } in wrong {
                    self.found.push(
                        Diagnostic::error(Code::InvalidMetadata, message)
                            .at(Place::new(file, range), label)
                            .and(place, "the file is used here")
                            .help(help),
                    );
                }
                None
            }
        }
    }

    fn require_mfa(&mut self, node: &Node) -> Option<RequireMfa> {
        let node = node.children_named("require-mfa").next()?;
        let property = |name: &str| node.property(name).and_then(|value| value.text());
        let strength = match property("strength") {
            Some("passwordless") => MfaStrength::Passwordless,
            Some("phishing-resistant") => MfaStrength::PhishingResistant,
            _ => MfaStrength::Mfa,
        };
        let state = match property("state") {
            Some("enabled") => PolicyState::Enabled,
            _ => PolicyState::EnabledForReportingButNotEnforced,
        };
        let except = self.groups(node, "except-to");
        if state == PolicyState::Enabled {
            self.somebody_is_excepted(node);
        }
        let origin = self.origin(node.header);
        let (name, _) = node.text()?;
        Some(RequireMfa { name: name.to_owned(), strength, state, except, origin })
    }

    /// A policy that binds everybody binds those too who would have to take it back.
    fn somebody_is_excepted(&mut self, node: &Node) {
        // Empty braces have been reported, and a word that was not understood may be the exception.
        let is_unread = node.block.as_ref().is_some_and(|block| block.has_unknown || block.nodes.is_empty());
        let Some(state) = node.property("state").filter(|_| !is_unread) else { return };
        if node.children_named("except-to").next().is_some() {
            return;
        }
        let named = node.text().map_or(String::new(), |(name, _)| format!(" `{name}`"));
        self.found.push(
            Diagnostic::error(
                Code::MfaWithoutException,
                format!("the policy{named} is enabled, and excepts nobody"),
            )
            .at(state.place, "if MFA fails, this locks everybody out")
            .help("except the group for emergencies, as in `{ except-to \"break-glass\" }`, or write `state=\"report-only\"`")
            .suggest(state.place, "\"report-only\""),
        );
    }
}

/// Whether a text is a domain name of at least two labels, in ASCII.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_DOMAIN_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Digits at the end make an address of a machine.
    let is_top = |label: &str| label.bytes().any(|byte| byte.is_ascii_alphabetic());
    text.len() <= MAX_DOMAIN
        && text.split('.').all(is_label)
        && text.rsplit_once('.').is_some_and(|(_, top)| is_top(top))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_has_two_labels_at_least() {
        for domain in ["acme.onmicrosoft.com", "acme.com", "xn--bcher-kva.example", "a-b.c1"] {
            assert!(is_domain(domain), "{domain}");
        }
        let long = format!("{}.com", "a".repeat(64));
        for other in [
            "acme",
            "",
            ".",
            "acme.",
            ".com",
            "-a.com",
            "a_b.com",
            "10.0.0.1",
            "https://acme.com",
            "bü.de",
            &long,
        ] {
            assert!(!is_domain(other), "{other}");
        }
    }
}
