//! The federation metadata document, which describes the tenant to service providers.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use rolecall_model::entra::{FederationMetadata, SigningCertificate};
use roxmltree::{Document, Node};
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::thumbprint;

/// The namespaces of SAML's metadata and of XML signatures.
const METADATA: &str = "urn:oasis:names:tc:SAML:2.0:metadata";
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// The error for an unusable metadata document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MetadataError {
    /// Not XML, or with a document type, which no metadata document has.
    #[error("invalid XML: {0}")]
    Xml(String),
    /// A required part is missing.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A certificate is invalid.
    #[error("a signing certificate is invalid")]
    Certificate,
}

/// Parses a document. Only the certificates for signing SAML are read: the document's own signature and the roles of
/// WS-Federation have others.
pub(crate) fn read(document: &[u8]) -> Result<FederationMetadata, MetadataError> {
    let text = std::str::from_utf8(document).map_err(|_| MetadataError::Xml("not UTF-8".to_owned()))?;
    // A byte order mark is not part of the text.
    let text = text.trim_start_matches('\u{feff}');
    let parsed = Document::parse(text).map_err(|error| MetadataError::Xml(error.to_string()))?;
    let root = parsed.root_element();
    if !root.has_tag_name((METADATA, "EntityDescriptor")) {
        return Err(MetadataError::Missing("EntityDescriptor"));
    }
    let entity_id = root.attribute("entityID").ok_or(MetadataError::Missing("entityID"))?.to_owned();
    let provider = child(root, "IDPSSODescriptor").ok_or(MetadataError::Missing("IDPSSODescriptor"))?;
    let keys = provider.children().filter(|node| node.has_tag_name((METADATA, "KeyDescriptor")));
    // A key without a use is for signing, too.
    let signing = keys.filter(|key| key.attribute("use").is_none_or(|purpose| purpose == "signing"));
    let mut certificates = signing
        .flat_map(|key| key.descendants())
        .filter(|node| node.has_tag_name((SIGNATURE, "X509Certificate")))
        .map(certificate)
        .collect::<Result<Vec<_>, _>>()?;
    certificates.sort_by(|a, b| a.thumbprint.cmp(&b.thumbprint));
    certificates.dedup();
    let characters = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    Ok(FederationMetadata { entity_id, certificates, characters })
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &'static str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name((METADATA, name)))
}

fn certificate(node: Node<'_, '_>) -> Result<SigningCertificate, MetadataError> {
    let text: String = node.text().unwrap_or_default().split_whitespace().collect();
    let der = BASE64_STANDARD.decode(text).map_err(|_| MetadataError::Certificate)?;
    let (_, parsed) = X509Certificate::from_der(&der).map_err(|_| MetadataError::Certificate)?;
    let end = parsed.validity().not_after.timestamp();
    let not_after = Timestamp::from_second(end).map_err(|_| MetadataError::Certificate)?;
    Ok(SigningCertificate {
        thumbprint: thumbprint::of_certificate(&der),
        subject: parsed.subject().to_string(),
        not_after,
    })
}

#[cfg(test)]
mod tests {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;

    use super::*;

    fn document(inner: &str) -> String {
        format!(
            "\u{feff}<?xml version=\"1.0\" encoding=\"utf-8\"?><EntityDescriptor ID=\"_1\" \
             entityID=\"https://sts.windows.net/t/\" xmlns=\"{METADATA}\">{inner}</EntityDescriptor>"
        )
    }

    fn key(purpose: &str, certificate: &str) -> String {
        format!(
            "<KeyDescriptor use=\"{purpose}\"><KeyInfo xmlns=\"{SIGNATURE}\"><X509Data><X509Certificate>{certificate}\
             </X509Certificate></X509Data></KeyInfo></KeyDescriptor>"
        )
    }

    #[test]
    fn the_certificates_that_sign_saml_are_read_and_no_others() {
        let pem = include_bytes!("../tests/graph/client-certificate.pem");
        let der = CertificateDer::from_pem_slice(pem).unwrap();
        let (first, second) = (BASE64_STANDARD.encode(&der), "AAAA");
        let (start, end) = first.split_at(64);
        let inner = format!(
            "<Signature xmlns=\"{SIGNATURE}\"><KeyInfo><X509Data><X509Certificate>{second}</X509Certificate></X509Data>\
             </KeyInfo></Signature><RoleDescriptor>{}</RoleDescriptor><IDPSSODescriptor>{}{}</IDPSSODescriptor>",
            key("signing", second),
            key("signing", &format!("{start}\n{end}")),
            key("encryption", second),
        );
        let text = document(&inner);
        let read = read(text.as_bytes()).unwrap();
        assert_eq!(read.entity_id, "https://sts.windows.net/t/");
        assert_eq!(read.characters as usize, text.chars().count() - 1);
        let [certificate] = &read.certificates[..] else { panic!("{read:?}") };
        assert_eq!(certificate.thumbprint, thumbprint::of_certificate(&der));
        assert_eq!(certificate.subject, "CN=rolecall test");
    }

    #[test]
    fn a_document_that_cannot_be_used_says_why() {
        let broken = format!("<IDPSSODescriptor>{}</IDPSSODescriptor>", key("signing", "AAAA"));
        assert_eq!(read(document(&broken).as_bytes()), Err(MetadataError::Certificate));
        assert_eq!(read(document("").as_bytes()), Err(MetadataError::Missing("IDPSSODescriptor")));
        assert_eq!(read(b"<html/>"), Err(MetadataError::Missing("EntityDescriptor")));
        // A document type could define entities that grow without bound.
        let bomb = "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>";
        assert!(matches!(read(bomb.as_bytes()), Err(MetadataError::Xml(_))));
    }
}
