//! Client certificates: the caller signs its own assertions.
//!
//! `azure_identity` supports this only with openssl, which is not a dependency. aws-lc-rs signs instead, as it does
//! for TLS.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use azure_core::Result;
use azure_core::error::{Error, ErrorKind};
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;

/// Lifetime of an assertion, in seconds.
const LIFETIME: i64 = 600;

/// A certificate with its RSA key, which signs assertions of the caller's identity.
pub(super) struct Certificate {
    /// The token endpoint, which is the audience of the assertions.
    pub(super) audience: String,
    pub(super) client_id: String,
    /// The SHA-256 of the certificate, in Base64 for URLs.
    thumbprint: String,
    key: KeyPair,
}

impl fmt::Debug for Certificate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Certificate").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

impl Certificate {
    /// Parses PEM with a certificate and its unencrypted RSA key, in any order. The first of several certificates is
    /// the caller's.
    ///
    /// # Errors
    /// Returns an error if one of the two is missing, or the key cannot sign.
    pub(super) fn from_pem(pem: &[u8], client_id: String, audience: String) -> Result<Self> {
        let certificate = CertificateDer::from_pem_slice(pem)
            .map_err(|_| credential("the file contains no PEM certificate (convert PKCS #12 to PEM)"))?;
        let key = PrivateKeyDer::from_pem_slice(pem)
            .map_err(|_| credential("the file contains no unencrypted PEM private key"))?;
        let key = match &key {
            PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
            PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            _ => return Err(credential("the key is not an RSA key, which Entra ID requires")),
        };
        let key = key.map_err(|_| credential("the key is not an RSA key of at least 2,048 bits"))?;
        let thumbprint = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, &certificate));
        Ok(Self { audience, client_id, thumbprint, key })
    }

    /// Creates a signed assertion (RFC 7523; Entra's page on certificate credentials).
    fn assert(&self, now: i64) -> Result<String> {
        let mut number = [0_u8; 16];
        aws_lc_rs::rand::fill(&mut number)
            .map_err(|_| credential("the system provides no random numbers"))?;
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.thumbprint });
        let claims = json!({
            "aud": self.audience,
            "iss": self.client_id,
            "sub": self.client_id,
            "jti": BASE64_URL_SAFE_NO_PAD.encode(number),
            "nbf": now,
            "exp": now + LIFETIME,
        });
        let part = |value: serde_json::Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| credential("signing with the key failed"))?;
        Ok(format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature)))
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Certificate {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> Result<String> {
        self.assert(jiff::Timestamp::now().as_second())
    }
}

fn credential(message: &'static str) -> Error {
    Error::with_message(ErrorKind::Credential, message)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
    use x509_parser::prelude::{FromDer, X509Certificate};

    use super::*;

    /// Created for this test with `openssl req -x509 -newkey rsa:2048 -nodes`; it grants nothing.
    const PEM: &str = include_str!("../../tests/graph/client-certificate.pem");

    #[test]
    fn an_assertion_is_signed_by_the_key_of_its_certificate() {
        let audience = "https://login.microsoftonline.com/acme/oauth2/v2.0/token";
        let certificate =
            Certificate::from_pem(PEM.as_bytes(), "client".to_owned(), audience.to_owned()).unwrap();
        let assertion = certificate.assert(1_000_000).unwrap();
        let (signed, signature) = assertion.rsplit_once('.').unwrap();
        let der = CertificateDer::from_pem_slice(PEM.as_bytes()).unwrap();
        let (_, parsed) = X509Certificate::from_der(&der).unwrap();
        let public = UnparsedPublicKey::new(
            &RSA_PSS_2048_8192_SHA256,
            parsed.public_key().subject_public_key.data.to_vec(),
        );
        let signature = BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
        public.verify(signed.as_bytes(), &signature).unwrap();
        let claims = BASE64_URL_SAFE_NO_PAD.decode(signed.split_once('.').unwrap().1).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
        assert_eq!((&claims["aud"], &claims["sub"]), (&json!(audience), &json!("client")));
        assert_eq!(claims["exp"], json!(1_000_600));
    }

    #[test]
    fn what_is_no_certificate_with_a_key_is_refused_without_being_shown() {
        let only_certificate = PEM.split("-----BEGIN PRIVATE KEY-----").next().unwrap();
        for pem in ["", "secret text", only_certificate] {
            let error =
                Certificate::from_pem(pem.as_bytes(), "client".to_owned(), String::new()).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("secret text"));
        }
    }
}
