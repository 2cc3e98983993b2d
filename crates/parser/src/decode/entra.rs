//! `entra`: the tenant of the groups, and the configuration of its application for AWS.

mod metadata;

use rolecall_model::config::{Application, Entra, Provisioning, RequireMfa, Saml, ServiceProvider, Unassign};
use rolecall_model::entra::{MfaStrength, PolicyState};
use rolecall_model::{Code, Diagnostic, ObjectId, Place};

use self::metadata::Wrong;
use super::files::NamedFile;
use super::{CheckedFile, Decoder};
use crate::MAX_METADATA_FILE_BYTES;
use crate::syntax::{Node, Value};
use crate::words::{
    ApplicationWord, EntraProperties, EntraWord, FileWord, ProvisioningProperties, RequireMfaProperties,
    RequireMfaWord, SamlProperties, StateChoice, StrengthChoice,
};

/// Default number of days before its expiry at which plans warn of a certificate: time for two applies, and for uploading
/// the new certificate to AWS in between.
const CERTIFICATE_WARNING_DAYS: u32 = 45;
/// Maximum length of a domain name and of one of its labels, in characters (RFC 1035, section 2.3.4).
const MAX_DOMAIN: usize = 253;
const MAX_DOMAIN_LABEL: usize = 63;

/// The lines of an `application`. All but `unassign` are unique.
#[derive(Default)]
struct ApplicationLines<'n> {
    create: Option<&'n Node>,
    assign_groups: Option<&'n Node>,
    unassign: Vec<&'n Node>,
    provisioning: Option<&'n Node>,
    saml: Option<&'n Node>,
    require_mfa: Option<&'n Node>,
}

impl<'n> ApplicationLines<'n> {
    fn of(node: &'n Node) -> Self {
        let mut lines = Self::default();
        for (word, child) in node.words() {
            let once = match word {
                ApplicationWord::UnassignGroup => {
                    lines.unassign.push(child);
                    continue;
                }
                ApplicationWord::Create => &mut lines.create,
                ApplicationWord::AssignGroups => &mut lines.assign_groups,
                ApplicationWord::Provisioning => &mut lines.provisioning,
                ApplicationWord::Saml => &mut lines.saml,
                ApplicationWord::RequireMfa => &mut lines.require_mfa,
            };
            once.get_or_insert(child);
        }
        lines
    }
}

impl Decoder<'_> {
    /// Decodes the tenant of a project, which is given once.
    pub(super) fn entra(&mut self, checked: &[CheckedFile<'_>]) -> Option<Entra> {
        let node = self.first_of(checked, FileWord::Entra)?;
        let tenant = self.tenant(node);
        let first = node.words().next();
        let application = first.and_then(|(EntraWord::Application, child)| self.application(child));
        let origin = self.origin(node.header);
        Some(Entra { tenant: tenant?, application, origin })
    }

    /// Decodes the tenant, in lower case: neither domains nor IDs are case-sensitive.
    fn tenant(&mut self, node: &Node) -> Option<String> {
        let EntraProperties { tenant } = node.values();
        let value = tenant?;
        let text = value.text()?;
        if text.parse::<ObjectId>().is_ok() || is_domain(text) {
            return Some(text.to_ascii_lowercase());
        }
        self.invalid(value.place, text, "a tenant: a domain, such as acme.onmicrosoft.com, or a UUID");
        None
    }

    fn application(&mut self, node: &Node) -> Option<Application> {
        let lines = ApplicationLines::of(node);
        let ApplicationLines { create, assign_groups, unassign, provisioning, saml, require_mfa } = lines;
        let create = create.map(|line| self.origin(line.header));
        let assign_groups = assign_groups.map(|line| self.origin(line.header));
        let unassign = self.unassign(&unassign);
        let provisioning = provisioning.map(|line| self.provisioning(line));
        let saml = saml.and_then(|line| self.saml(line));
        let require_mfa = require_mfa.and_then(|line| self.require_mfa(line));
        let origin = self.origin(node.header);
        let (name, _) = node.text()?;
        let name = name.to_owned();
        Some(Application { name, create, assign_groups, unassign, provisioning, saml, require_mfa, origin })
    }

    /// Decodes the groups, sorted, because order has no meaning.
    fn unassign(&mut self, lines: &[&Node]) -> Vec<Unassign> {
        let mut unassign: Vec<Unassign> = self
            .distinct_texts(lines)
            .into_iter()
            .map(|(group, place)| Unassign { group, origin: self.origin(place) })
            .collect();
        unassign.sort_by(|a, b| a.group.cmp(&b.group));
        unassign
    }

    fn provisioning(&mut self, node: &Node) -> Provisioning {
        let ProvisioningProperties { scim_token_expires } = node.values();
        let token_expires = scim_token_expires.and_then(|value: &Value| {
            let help =
                "write the day on which the token expires, such as `scim-token-expires=\"2027-06-01\"`";
            self.date(value.text()?, value.place, help)
        });
        Provisioning { token_expires, origin: self.origin(node.header) }
    }

    fn saml(&mut self, node: &Node) -> Option<Saml> {
        let SamlProperties { sign_on_metadata, certificate_warning_days, aws_has_certificate } =
            node.values();
        let days = certificate_warning_days.and_then(Value::number);
        let file: &Value = sign_on_metadata?;
        let service_provider = self.service_provider(file.text()?, file.place)?;
        Some(Saml {
            service_provider,
            certificate_warning_days: days.unwrap_or(CERTIFICATE_WARNING_DAYS),
            aws_has: aws_has_certificate.and_then(|value| self.thumbprint(value)),
            origin: self.origin(node.header),
        })
    }

    fn thumbprint(&mut self, value: &Value) -> Option<String> {
        let text = value.text()?;
        let is_thumbprint = text.len() == 40 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !is_thumbprint {
            let wanted = "the thumbprint of a certificate (40 hexadecimal digits), as the plan shows it";
            self.invalid(value.place, text, wanted);
            return None;
        }
        Some(text.to_ascii_uppercase())
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
                            .and(place, "the file is referenced here")
                            .help(help),
                    );
                }
                None
            }
        }
    }

    fn require_mfa(&mut self, node: &Node) -> Option<RequireMfa> {
        let RequireMfaProperties { strength, state } = node.values();
        let strength = strength.and_then(Value::text).and_then(StrengthChoice::of);
        let strength = match strength.unwrap_or(StrengthChoice::Mfa) {
            StrengthChoice::Mfa => MfaStrength::Mfa,
            StrengthChoice::Passwordless => MfaStrength::Passwordless,
            StrengthChoice::PhishingResistant => MfaStrength::PhishingResistant,
        };
        let except: Vec<&Node> = node.words().map(|(RequireMfaWord::ExceptTo, child)| child).collect();
        let chosen = state.and_then(Value::text).and_then(StateChoice::of);
        let policy_state = match chosen.unwrap_or(StateChoice::ReportOnly) {
            StateChoice::ReportOnly => PolicyState::EnabledForReportingButNotEnforced,
            StateChoice::Enabled => PolicyState::Enabled,
        };
        if let (Some(StateChoice::Enabled), Some(state), true) = (chosen, state, except.is_empty()) {
            self.nobody_is_excepted(node, state);
        }
        let except = self.groups(&except);
        let origin = self.origin(node.header);
        let (name, _) = node.text()?;
        Some(RequireMfa { name: name.to_owned(), strength, state: policy_state, except, origin })
    }

    /// Reports a policy that excludes nobody, not even those who would have to disable it.
    fn nobody_is_excepted(&mut self, node: &Node, state: &Value) {
        // Empty braces have been reported, and a word that was not understood may be the exception.
        let is_unread = node.block.as_ref().is_some_and(|block| block.has_unknown || block.nodes.is_empty());
        if is_unread {
            return;
        }
        let named = node.text().map_or(String::new(), |(name, _)| format!(" `{name}`"));
        self.found.push(
            Diagnostic::error(
                Code::MfaWithoutException,
                format!("the policy{named} is enabled and excludes nobody"),
            )
            .at(state.place, "if MFA fails, this locks everyone out")
            .help("exclude an emergency-access group with `{ except-to \"break-glass\" }`, or write `state=\"report-only\"`")
            .suggest(state.place, "\"report-only\""),
        );
    }
}

/// Returns whether a text is an ASCII domain name of at least two labels.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        (1..=MAX_DOMAIN_LABEL).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // Only digits at the end would be an IP address.
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
