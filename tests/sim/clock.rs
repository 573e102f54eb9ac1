//! Times as exchanges write them that do not count milliseconds.

use perphook::market::Millis;
use perphook::time::{utc_ms, utc_text};

/// What [`read`] takes, with every digit a zero.
const SHAPE: &str = "0000-00-00T00:00:00.000Z";

/// `2023-11-14T22:13:20.000Z`.
pub fn text(at: Millis) -> String {
    format!("{}Z", utc_text(at))
}

/// `2023-11-14T22:13:20Z`: whole seconds.
pub fn seconds(at: Millis) -> String {
    let text = utc_text(at);
    format!("{}Z", text.split_once('.').map_or(text.as_str(), |(seconds, _)| seconds))
}

/// Reads `2023-11-14T22:13:20.000Z`: three decimals and a Z, nothing else.
pub fn read(text: &str) -> Option<Millis> {
    let shape = text.bytes().map(|byte| if byte.is_ascii_digit() { b'0' } else { byte });
    if shape.eq(SHAPE.bytes()) { utc_ms(text) } else { None }
}
