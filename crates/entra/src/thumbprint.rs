//! Thumbprints: the SHA-1 of a certificate.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

/// Length of a SHA-1 in bytes.
const LENGTH: usize = 20;

/// Returns the thumbprint of a certificate, in upper-case hexadecimal digits.
pub(crate) fn of_certificate(der: &[u8]) -> String {
    hexadecimal(digest(&SHA1_FOR_LEGACY_USE_ONLY, der).as_ref())
}

/// Parses Graph's `customKeyIdentifier`. It is the Base64 of the bytes; some clients stored the Base64 of the
/// hexadecimal digits. Anything else is not a thumbprint.
pub(crate) fn of_identifier(identifier: &str) -> Option<String> {
    let bytes = BASE64_STANDARD.decode(identifier).ok()?;
    if bytes.len() == LENGTH {
        return Some(hexadecimal(&bytes));
    }
    let text = String::from_utf8(bytes).ok()?;
    (text.len() == 2 * LENGTH && text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .then(|| text.to_ascii_uppercase())
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_is_the_bytes_or_the_digits_of_a_thumbprint() {
        let digits = "5EAE6A1B2C3D4E5F60718293A4B5C6D7E8F90A1B";
        let bytes: Vec<u8> =
            (0..20).map(|at| u8::from_str_radix(&digits[2 * at..2 * at + 2], 16).unwrap()).collect();
        assert_eq!(of_identifier(&BASE64_STANDARD.encode(&bytes)).as_deref(), Some(digits));
        assert_eq!(of_identifier(&BASE64_STANDARD.encode(digits.to_lowercase())).as_deref(), Some(digits));
        assert_eq!(of_identifier("c29tZXRoaW5nIGVsc2U="), None);
        assert_eq!(of_identifier("not Base64"), None);
    }

    #[test]
    fn a_thumbprint_is_a_sha_1() {
        assert_eq!(of_certificate(b"abc"), "A9993E364706816ABA3E25717850C26C9CD0D89D");
    }
}
