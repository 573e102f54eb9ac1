//! Signatures and encodings that exchanges ask for.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::secret::Secret;

/// HMAC-SHA256 of the text.
fn hmac_sha256(secret: &Secret, text: &str) -> impl AsRef<[u8]> {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes()
}

/// HMAC-SHA256 of the text, in lower-case hex.
pub(crate) fn hmac_sha256_hex(secret: &Secret, text: &str) -> String {
    let mut hex = String::with_capacity(64);
    for byte in hmac_sha256(secret, text).as_ref() {
        push_hex(&mut hex, *byte, false);
    }
    hex
}

/// HMAC-SHA256 of the text, in Base64.
pub(crate) fn hmac_sha256_base64(secret: &Secret, text: &str) -> String {
    BASE64_STANDARD.encode(hmac_sha256(secret, text))
}

/// Everything but RFC 3986's unreserved characters is written as `%XX`, byte by byte of its UTF-8.
pub(crate) fn percent_encode(out: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => {
                out.push('%');
                push_hex(out, byte, true);
            }
        }
    }
}

fn push_hex(out: &mut String, byte: u8, upper: bool) {
    for nibble in [byte >> 4, byte & 0x0f] {
        let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        out.push(if upper { digit.to_ascii_uppercase() } else { digit });
    }
}
