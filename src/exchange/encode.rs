//! Signatures and encodings that exchanges ask for.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

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

/// HMAC-SHA512 of the bytes, in Base64; the key is bytes too.
pub(crate) fn hmac_sha512_base64(key: &[u8], bytes: &[u8]) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(bytes);
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// SHA-256 of the text.
pub(crate) fn sha256(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

/// The key behind a secret that is Base64; `None` when it is not.
pub(crate) fn base64_key(secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    BASE64_STANDARD.decode(secret.expose()).ok().map(Zeroizing::new)
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
