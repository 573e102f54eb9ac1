//! Signatures and times: what a request is signed with, and how its clock is written.

use hmac::{Hmac, KeyInit, Mac};
use perphook::market::Millis;
use sha2::{Digest, Sha256, Sha512};

use super::super::okx::clock;
use super::super::sign;

const DAY_MS: Millis = 86_400_000;

/// The right signature of a request. `secret` is what the customer's base64 text stands for.
pub fn signature(secret: &str, post_data: &str, nonce: &str, endpoint: &str) -> String {
    let mut hash = Sha256::new();
    [post_data, nonce, endpoint].iter().for_each(|text| hash.update(text.as_bytes()));
    // A key may have any length.
    let Ok(mut mac) = Hmac::<Sha512>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(&hash.finalize());
    sign::base64(&mac.finalize().into_bytes())
}

/// Reads `2023-11-14T22:13:20.000Z`.
pub fn from_iso(text: &str) -> Option<Millis> {
    clock::from_iso(text)
}

/// Writes a time in the same way.
pub fn to_iso(at: Millis) -> String {
    let (days, rest) = (at / DAY_MS, at % DAY_MS);
    // Years begin in March, so that the leap day is the last; eras have 400 years.
    let from_era = days + 719_468;
    let (era, in_era) = (from_era / 146_097, from_era % 146_097);
    let year_of_era = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * in_year + 2) / 153;
    let day = in_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute, second, ms) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60, rest % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}
