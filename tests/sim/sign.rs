//! What exchanges check signatures with.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// HMAC-SHA256 of these texts, one after the other.
pub fn hmac_sha256(secret: &str, texts: &[&str]) -> Vec<u8> {
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return Vec::new() };
    texts.iter().for_each(|text| mac.update(text.as_bytes()));
    mac.finalize().into_bytes().to_vec()
}

/// Lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Base64 with padding.
pub fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0, |word, byte| (word << 8) | usize::from(*byte)) << (8 * (3 - chunk.len()));
        let letter = |place: usize| LETTERS.get((word >> (18 - 6 * place)) & 63).map_or('=', |letter| char::from(*letter));
        out.extend((0..4).map(|place| if place <= chunk.len() { letter(place) } else { '=' }));
    }
    out
}
