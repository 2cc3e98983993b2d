//! Signing certificates, which are real and can be verified.
//!
//! A certificate depends only on its subject and end, so a snapshot, which contains no more, describes it completely.
//! All use one key, which is in the source: nothing relies on what they sign.

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use rolecall_model::entra::SigningCertificate;

use crate::random::fingerprint;

/// The validity of a certificate: three years, the maximum in Entra ID.
pub(super) const VALIDITY: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// An RSA key of 2,048 bits.
const KEY: &[u8] = include_bytes!("signing-key.der");

/// A certificate with its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    pub(super) certificate: SigningCertificate,
    pub(super) der: Vec<u8>,
}

/// Returns the sandbox's certificate for a subject such as `CN=AWS` and an end with a precision of seconds. If it is in
/// a tenant, the federation metadata contains it; others are left out, since the sandbox does not know their bytes.
/// Returns `None` for a subject without a common name, or an end that no certificate can have.
pub fn signing_certificate(subject: &str, not_after: Timestamp) -> Option<SigningCertificate> {
    make(subject, not_after).map(|made| made.certificate)
}

/// Creates a certificate.
pub(super) fn make(subject: &str, not_after: Timestamp) -> Option<Made> {
    let name = subject.strip_prefix("CN=").filter(|name| !name.is_empty())?;
    let end = Duration::from_secs(u64::try_from(not_after.as_second()).ok()?);
    // RFC 5280 allows dates up to the year 9999.
    if end > Duration::from_secs(253_402_300_799) {
        return None;
    }
    let start_of_time = date_time_ymd(1970, 1, 1);
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = start_of_time + end.saturating_sub(VALIDITY);
    params.not_after = start_of_time + end;
    let serial = fingerprint(&[subject.as_bytes(), &end.as_secs().to_be_bytes()]);
    params.serial_number = Some(SerialNumber::from(serial >> 1));
    let key = KeyPair::from_pkcs8_der_and_sign_algo(&KEY.into(), &PKCS_RSA_SHA256).ok()?;
    let der = params.self_signed(&key).ok()?.der().to_vec();
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &der);
    let thumbprint = hash.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let not_after = Timestamp::from_second(not_after.as_second()).ok()?;
    Some(Made { certificate: SigningCertificate { thumbprint, subject: subject.to_owned(), not_after }, der })
}

/// Returns the latest end of a certificate created at a time.
pub(super) fn three_years_after(at: Timestamp) -> Timestamp {
    let later = TimeZone::UTC.to_datetime(at).checked_add(3.years());
    later.and_then(|later| TimeZone::UTC.to_timestamp(later)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_the_same_each_time_and_another_one_is_another() {
        let end: Timestamp = "2029-01-01T00:00:00Z".parse().unwrap();
        let made = make("CN=AWS", end).unwrap();
        assert_eq!(make("CN=AWS", end).unwrap(), made);
        assert_ne!(
            make("CN=AWS", end - Duration::from_secs(1)).unwrap().certificate.thumbprint,
            made.certificate.thumbprint
        );
        assert_eq!(made.certificate.thumbprint.len(), 40);
        assert!(make("AWS", end).is_none());
    }
}
