//! What a request is signed with.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, Sha512};

use super::super::sign;

/// The right signature of a request. `secret` is what the customer's base64 text stands for.
pub fn signature(secret: &str, post_data: &str, nonce: &str, endpoint: &str) -> String {
    let mut hash = Sha256::new();
    [post_data, nonce, endpoint].iter().for_each(|text| hash.update(text.as_bytes()));
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(&hash.finalize());
    sign::base64(&mac.finalize().into_bytes())
}
