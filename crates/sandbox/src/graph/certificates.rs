//! Signing certificates: real ones, that whoever reads a document can verify.
//!
//! A certificate follows from its subject and its end alone, so a snapshot, which holds no more of it, holds all of it.
//! All have one key, which is in the source: they sign nothing that anybody relies on.

use std::time::Duration;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use rcgen::{
    CertificateParams, DistinguishedName, DnType, KeyPair, PKCS_RSA_SHA256, SerialNumber, date_time_ymd,
};
use rolecall_model::entra::SigningCertificate;

use crate::random::fingerprint;

/// From the start to the end of a certificate: three years, the most that Entra gives.
pub(super) const VALIDITY: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// An RSA key of 2,048 bits.
const KEY: &[u8] = include_bytes!("signing-key.der");

/// A certificate with its bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Made {
    pub(super) certificate: SigningCertificate,
    pub(super) der: Vec<u8>,
}

/// The certificate that the sandbox makes for a subject such as `CN=AWS` and an end, which counts to the second. Put
/// into a tenant, it is in the federation metadata; another is not, since the sandbox does not know its bytes. `None`
/// for a subject without a common name, or an end that no certificate can have.
pub fn signing_certificate(subject: &str, not_after: Timestamp) -> Option<SigningCertificate> {
    make(subject, not_after).map(|made| made.certificate)
}

/// Makes a certificate.
pub(super) fn make(subject: &str, not_after: Timestamp) -> Option<Made> {
    let name = subject.strip_prefix("CN=").filter(|name| !name.is_empty())?;
    let end = Duration::from_secs(u64::try_from(not_after.as_second()).ok()?);
    // RFC 5280 ends with the year 9999.
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

/// The latest end of a certificate that is made at a time.
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
