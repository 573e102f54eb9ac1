//! Parameters, percent-encoding and the signature.
//!
//! What is signed is what is sent: values are encoded first, the encoded text is signed, and that very text goes into
//! the query string. For POST too, because a head without a body is one write.

use hmac::{Hmac, KeyInit, Mac};
use serde::ser::{Serialize, SerializeMap, Serializer};
use sha2::Sha256;

use crate::market::{Decimal, Millis, Symbol};
use crate::secret::Secret;

/// How long after its timestamp the exchange may still take a request. Short, because it is also how long an order
/// whose outcome is unknown can still come to life.
pub(super) const RECV_WINDOW_MS: Millis = 5000;

/// The parameters of one request, in the order they were given.
#[derive(Clone, Debug, Default)]
pub(super) struct Params(Vec<(&'static str, String)>);

impl Params {
    pub(super) fn new() -> Params {
        Params::default()
    }

    /// The parameters of a call about one contract.
    pub(super) fn of(symbol: &Symbol) -> Params {
        Params::new().with("symbol", symbol.as_str())
    }

    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Params {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a number as plain decimal text: no exponent, no trailing zeros.
    pub(super) fn with_decimal(self, name: &'static str, value: Decimal) -> Params {
        self.with(name, value.normalize().to_string())
    }

    /// The unsigned query, percent-encoded; empty without parameters.
    pub(super) fn query(&self) -> String {
        let mut query = String::new();
        for (name, value) in &self.0 {
            push_pair(&mut query, name, value);
        }
        query
    }

    /// The query of a signed call: the timestamp first, the signature last.
    pub(super) fn signed_query(&self, timestamp: Millis, secret: &Secret) -> String {
        let mut query = format!("timestamp={timestamp}");
        for (name, value) in &self.0 {
            push_pair(&mut query, name, value);
        }
        push_pair(&mut query, "recvWindow", &RECV_WINDOW_MS.to_string());
        let signature = signature(secret, &query);
        push_pair(&mut query, "signature", &signature);
        query
    }
}

/// As an object of a batch request, every value as text.
impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    percent_encode(query, value);
}

/// Everything but RFC 3986's unreserved characters is written as `%XX`, byte by byte of its UTF-8.
fn percent_encode(out: &mut String, text: &str) {
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

/// HMAC-SHA256 of the text, in lower-case hex.
fn signature(secret: &Secret, text: &str) -> String {
    #[expect(clippy::expect_used, reason = "HMAC is defined for keys of every length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    let mut hex = String::with_capacity(64);
    for byte in mac.finalize().into_bytes() {
        push_hex(&mut hex, byte, false);
    }
    hex
}

fn push_hex(out: &mut String, byte: u8, upper: bool) {
    for nibble in [byte >> 4, byte & 0x0f] {
        let digit = char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        out.push(if upper { digit.to_ascii_uppercase() } else { digit });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/binance_vectors.json")).unwrap();
        let known = vectors["signing_known_answers"].as_array().unwrap();
        assert_eq!(known.len(), 5);
        for answer in known {
            let secret = Secret::new(answer["secret"].as_str().unwrap());
            let text = answer["string_to_sign"].as_str().unwrap();
            assert_eq!(signature(&secret, text), answer["signature"].as_str().unwrap(), "{}", answer["what"]);
        }
    }

    #[test]
    fn values_are_encoded_and_the_encoded_text_is_signed() {
        let secret = Secret::new("test-api-secret");
        let query = Params::of(&Symbol::new("测试USDT")).with("list", r#"[{"a":"1 +/"}]"#).signed_query(1_700_000_000_000, &secret);
        let (text, signed) = query.rsplit_once("&signature=").unwrap();
        assert_eq!(
            text,
            "timestamp=1700000000000&symbol=%E6%B5%8B%E8%AF%95USDT&list=%5B%7B%22a%22%3A%221%20%2B%2F%22%7D%5D&recvWindow=5000"
        );
        assert_eq!(signed, signature(&secret, text));
    }

    #[test]
    fn numbers_are_plain_decimals() {
        for (number, text) in [("0.0000001", "n=0.0000001"), ("1900.00", "n=1900"), ("1000000", "n=1000000"), ("0.10", "n=0.1")] {
            assert_eq!(Params::new().with_decimal("n", number.parse().unwrap()).query(), text);
        }
        assert_eq!(Params::new().query(), "");
    }
}
