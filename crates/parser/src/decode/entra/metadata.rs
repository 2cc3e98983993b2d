//! The service provider's SAML metadata, which the IAM Identity Center console offers for the identity provider.
//!
//! The format is defined in "Metadata for the OASIS Security Assertion Markup Language (SAML) V2.0"; the addresses in it
//! are from the IAM Identity Center User Guide, "Workforce access through an additional Region".

use std::collections::BTreeSet;
use std::ops::Range;

use rolecall_model::Region;
use rolecall_model::config::ServiceProvider;
use roxmltree::{Attribute, Document, Error, Node, ParsingOptions};

/// How to get the right document.
pub(super) const DOWNLOAD: &str = "download the metadata again from the IAM Identity Center console: Settings, Identity source, Actions, Manage authentication, Download metadata file";

/// The namespace of metadata, and the binding with which Entra responds.
const NAMESPACE: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const HTTP_POST: &str = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST";
/// The hosts after the Region. Instances created since February 2026 only have the short ones, of which the second is
/// the dual-stack one.
const HOSTS: [&str; 5] = [
    "signin.aws.amazon.com",
    "signin.aws",
    "sso.signin.aws",
    "signin.amazonaws-us-gov.com",
    "signin.amazonaws.cn",
];
/// The beginnings of the paths of the entity ID and of an assertion consumer service; an ID follows.
const ENTITY: &str = "platform/saml/";
const CONSUMER: &str = "platform/saml/acs/";

/// Maximum number of attributes and namespace declarations in a document. That of IAM Identity Center has four attributes
/// for each address, and up to three addresses for each Region. The XML crate compares each with each.
const MAX_ATTRIBUTES: usize = 2_000;
const MAX_NAMESPACES: usize = 64;

/// An error in a document.
#[derive(Debug)]
pub(super) struct Wrong {
    /// Its place, in bytes.
    pub(super) range: Range<usize>,
    pub(super) message: String,
    pub(super) label: &'static str,
    pub(super) help: &'static str,
}

/// Parses the metadata of IAM Identity Center; `path` is the name of the file in messages.
///
/// # Errors
/// It is not XML, or has a document type declaration, or it is the metadata of something else. There is at least one
/// [`Wrong`].
pub(super) fn service_provider(text: &str, path: &str) -> Result<ServiceProvider, Vec<Wrong>> {
    let document = parse(text, path).map_err(|wrong| vec![wrong])?;
    let metadata = Metadata { text, path };
    let (entity_id, consumers) = metadata.addresses(&document).map_err(|wrong| vec![wrong])?;
    let wrong: Vec<Wrong> = metadata.not_of_identity_center(&entity_id, &consumers);
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let consumers = consumers.iter().map(|consumer| consumer.value().to_owned());
    Ok(ServiceProvider { entity_id: entity_id.value().to_owned(), assertion_consumers: consumers.collect() })
}

/// Parses the document, within limits that keep the crate's work in proportion to the text.
fn parse<'t>(text: &'t str, path: &str) -> Result<Document<'t>, Wrong> {
    let quotes = text.bytes().filter(|byte| matches!(byte, b'"' | b'\'')).count();
    if quotes > 2 * MAX_ATTRIBUTES || text.matches("xmlns").nth(MAX_NAMESPACES).is_some() {
        return Err(Wrong {
            range: 0..text.find(['\n', '\r']).unwrap_or(text.len()),
            message: format!("`{path}` has too many attributes for a metadata document"),
            label: "this is not the metadata of IAM Identity Center",
            help: DOWNLOAD,
        });
    }
    let options = ParsingOptions { allow_dtd: false, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).map_err(|error| {
        let (reason, range) = reason(&error, text);
        Wrong {
            range,
            message: format!("`{path}` is not valid XML: {reason}"),
            label: "the XML cannot be parsed beyond this point",
            help: DOWNLOAD,
        }
    })
}

/// Returns why a document cannot be parsed, and where: one character, or nothing at the end.
fn reason(error: &Error, text: &str) -> (&'static str, Range<usize>) {
    let reason = match error {
        Error::DtdDetected => {
            let start = text.find("<!DOCTYPE").unwrap_or(0);
            let end = start + "<!DOCTYPE".len();
            return ("it declares a document type", start..end.min(text.len()));
        }
        Error::NoRootNode => return ("it has no element", text.len()..text.len()),
        Error::UnclosedRootNode | Error::UnexpectedEndOfStream => {
            return ("it ends before its elements are closed", text.len()..text.len());
        }
        Error::UnexpectedCloseTag(..) => "the closing tag does not match the open element",
        Error::UnknownNamespace(..) => "the prefix of a name is not declared",
        Error::UnknownEntityReference(..) | Error::MalformedEntityReference(_) => {
            "an unknown or malformed entity reference"
        }
        Error::DuplicatedAttribute(..) | Error::DuplicatedNamespace(..) => "a duplicate attribute",
        Error::NonXmlChar(..) => "a character that XML does not allow",
        _ => "it is not well-formed",
    };
    let at = error.pos();
    let start = offset(text, at.row, at.col);
    let length = text[start..].chars().next().map_or(0, char::len_utf8);
    (reason, start..start + length)
}

/// Returns the offset of a line and column, both counted from one, with columns in characters.
fn offset(text: &str, line: u32, column: u32) -> usize {
    let before: usize = text.split_inclusive('\n').take(line.saturating_sub(1) as usize).map(str::len).sum();
    let rest = &text[before..];
    let within = rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(at, _)| at);
    before + within
}

/// A document that is being parsed.
struct Metadata<'t> {
    text: &'t str,
    path: &'t str,
}

/// The attributes with the entity ID and the addresses of the assertion consumer services.
type Addresses<'a, 'd> = (Attribute<'a, 'd>, Vec<Attribute<'a, 'd>>);

impl Metadata<'_> {
    fn addresses<'a, 'd>(&self, document: &'a Document<'d>) -> Result<Addresses<'a, 'd>, Wrong> {
        let path = self.path;
        let root = document.root_element();
        if !is_named(root, "EntityDescriptor") {
            let message = format!("`{path}` is not a SAML metadata document");
            return Err(self.wrong_element(root, message, "`EntityDescriptor` is expected here", DOWNLOAD));
        }
        let providers: Vec<Node<'a, 'd>> =
            root.children().filter(|child| is_named(*child, "SPSSODescriptor")).collect();
        let Some(provider) = providers.first() else {
            let message = format!("`{path}` does not describe a service provider");
            let is_of_entra = root.children().any(|child| is_named(child, "IDPSSODescriptor"));
            let help = if is_of_entra {
                "this is the identity provider's metadata, which is meant for AWS; download the service provider's metadata from the IAM Identity Center console: Settings, Identity source, Actions, Manage authentication, Download metadata file"
            } else {
                DOWNLOAD
            };
            return Err(self.wrong_element(root, message, "this has no `SPSSODescriptor`", help));
        };
        let Some(entity_id) = root.attribute_node("entityID") else {
            let message = format!("`{path}` has no entity ID");
            return Err(self.wrong_element(root, message, "`entityID` is missing here", DOWNLOAD));
        };
        let services = providers.iter().flat_map(Node::children);
        let consumers: Vec<Attribute<'a, 'd>> = services
            .filter(|child| {
                is_named(*child, "AssertionConsumerService") && child.attribute("Binding") == Some(HTTP_POST)
            })
            .filter_map(|service| service.attribute_node("Location"))
            .collect();
        if consumers.is_empty() {
            let message = format!("`{path}` has no address to which Entra could send its response");
            let label = "this has no `AssertionConsumerService` with the binding `HTTP-POST`";
            return Err(self.wrong_element(*provider, message, label, DOWNLOAD));
        }
        Ok((entity_id, consumers))
    }

    /// Returns errors for addresses that do not belong to IAM Identity Center. A document about something else is a
    /// single error.
    fn not_of_identity_center(
        &self,
        entity_id: &Attribute<'_, '_>,
        consumers: &[Attribute<'_, '_>],
    ) -> Vec<Wrong> {
        let federation = [*entity_id].into_iter().chain(consumers.iter().copied());
        if let Some(address) = federation.into_iter().find(|address| is_of_iam(address.value())) {
            return vec![Wrong {
                range: address.range_value(),
                message: format!("`{}` is the metadata of IAM, not of IAM Identity Center", self.path),
                label: "with this, users would sign in to a single account through IAM federation",
                help: DOWNLOAD,
            }];
        }
        if !is_of_identity_center(entity_id.value(), ENTITY) {
            return vec![Wrong {
                range: entity_id.range_value(),
                message: format!("`{}` is not the entity ID of IAM Identity Center", entity_id.value()),
                label: "`https://<region>.signin.aws.amazon.com/platform/saml/<id>` is expected",
                help: DOWNLOAD,
            }];
        }
        let mut told = BTreeSet::new();
        let wrong = consumers.iter().filter(|one| !is_of_identity_center(one.value(), CONSUMER));
        wrong
            .filter(|address| told.insert(address.value()))
            .map(|address| Wrong {
                range: address.range_value(),
                message: format!("`{}` is not an address of IAM Identity Center", address.value()),
                label: "an address such as `https://<region>.signin.aws/platform/saml/acs/<id>` is expected",
                help: DOWNLOAD,
            })
            .collect()
    }

    /// Returns an error at the name of an element.
    fn wrong_element(
        &self,
        node: Node<'_, '_>,
        message: String,
        label: &'static str,
        help: &'static str,
    ) -> Wrong {
        let start = node.range().start;
        let tag = &self.text[start..];
        let length = tag.find(|c: char| c.is_whitespace() || matches!(c, '>' | '/')).unwrap_or(tag.len());
        Wrong { range: start..start + length, message, label, help }
    }
}

fn is_named(node: Node<'_, '_>, name: &str) -> bool {
    node.has_tag_name((NAMESPACE, name))
}

/// Returns whether an address is `https://`, a Region, one of the hosts, the path, and an ID.
fn is_of_identity_center(address: &str, path: &str) -> bool {
    let Some((host, rest)) = address.strip_prefix("https://").and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let region = |known: &&str| host.strip_suffix(*known).and_then(|head| head.strip_suffix('.'));
    let is_host = HOSTS.iter().filter_map(region).any(|text| text.parse::<Region>().is_ok());
    let is_id = |id: &str| {
        !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
    };
    is_host && rest.strip_prefix(path).is_some_and(is_id)
}

/// Returns whether an entity ID or address belongs to federation with IAM roles: `urn:amazon:webservices`, or `/saml` on
/// a sign-in host, with or without a Region (IAM User Guide, "Configure SAML assertions for the authentication
/// response").
fn is_of_iam(address: &str) -> bool {
    let of_host = |(host, rest): (&str, &str)| {
        let is_host =
            |known: &&str| host == *known || host.strip_suffix(known).is_some_and(|head| head.ends_with('.'));
        HOSTS.iter().any(is_host) && (rest == "saml" || rest.starts_with("saml/"))
    };
    address == "urn:amazon:webservices"
        || address.starts_with("urn:amazon:webservices:")
        || address.strip_prefix("https://").and_then(|rest| rest.split_once('/')).is_some_and(of_host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_identity_center_are_told_from_others() {
        for (address, path) in [
            ("https://eu-west-1.signin.aws.amazon.com/platform/saml/d-936712ab34", ENTITY),
            ("https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1f2e-3d4c", CONSUMER),
            ("https://us-west-2.signin.aws/platform/saml/acs/1111111111111111-aaee-ffff", CONSUMER),
            ("https://us-west-2.sso.signin.aws/platform/saml/acs/1111111111111111-aaee-ffff", CONSUMER),
            ("https://us-gov-west-1.signin.amazonaws-us-gov.com/platform/saml/d-0000000000", ENTITY),
            ("https://cn-north-1.signin.amazonaws.cn/platform/saml/acs/1f2e-3d4c", CONSUMER),
        ] {
            assert!(is_of_identity_center(address, path), "{address}");
            assert!(!is_of_iam(address), "{address}");
        }
        for address in [
            "http://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1f2e",
            "https://signin.aws.amazon.com/platform/saml/acs/1f2e",
            "https://eu-west-1.signin.aws.amazon.com.evil.example/platform/saml/acs/1f2e",
            "https://evil.example/eu-west-1.signin.aws.amazon.com/platform/saml/acs/1f2e",
            "https://eu-west-1.evilsignin.aws/platform/saml/acs/1f2e",
            "https://user@eu-west-1.signin.aws/platform/saml/acs/1f2e",
            "https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/",
            "https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1f2e?x=y",
            "https://eu-west-1.signin.aws.amazon.com/platform/saml/acs/1f2e/../x",
        ] {
            assert!(!is_of_identity_center(address, CONSUMER), "{address}");
        }
        for address in [
            "urn:amazon:webservices",
            "urn:amazon:webservices:govcloud",
            "https://signin.aws.amazon.com/saml",
            "https://eu-west-1.signin.aws.amazon.com/saml",
            "https://eu-west-1.signin.aws.amazon.com/saml/acs/SAMLSP1",
            "https://signin.amazonaws-us-gov.com/saml",
        ] {
            assert!(is_of_iam(address), "{address}");
        }
    }

    #[test]
    fn a_line_and_column_become_the_offset_of_a_character() {
        let text = "<a>\n<é/>\r\n</b>";
        assert_eq!(&text[offset(text, 2, 2)..][..2], "é");
        assert_eq!(&text[offset(text, 3, 1)..], "</b>");
        assert_eq!(offset(text, 9, 9), text.len());
    }
}
