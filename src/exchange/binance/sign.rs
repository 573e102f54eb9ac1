//! The signature, and everything else that makes a call Binance's.
//!
//! What is signed is what is sent: values are encoded first, the encoded text is signed, and that very text goes into
//! the query string. For POST too, because a head without a body is one write.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_hex;
use crate::exchange::http::HttpRequest;
use crate::exchange::params::push_pair;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;

/// How long after its timestamp the exchange may still take a request. Short, because it is also how long an order
/// whose outcome is unknown can still come to life.
const RECV_WINDOW_MS: Millis = 5000;
/// The exchange also takes timestamps up to a second ahead of its clock, so a request may live that much longer.
pub(super) const FENCE_MS: Millis = RECV_WINDOW_MS + 1000;

/// How Binance signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/fapi/v1/time", time_of: wire::server_time };

/// The timestamp first, the signature last.
fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    if !call.signed {
        return HttpRequest { method: call.method, target: call.target(), headers: Vec::new(), body: Vec::new() };
    }
    let mut query = format!("timestamp={time}");
    call.query.push_to(&mut query);
    push_pair(&mut query, "recvWindow", &RECV_WINDOW_MS.to_string());
    let signature = hmac_sha256_hex(&keys.secret, &query);
    push_pair(&mut query, "signature", &signature);
    let headers = vec![("X-MBX-APIKEY", keys.key.expose().to_owned())];
    HttpRequest { method: call.method, target: format!("{}?{query}", call.path), headers, body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::params::Params;
    use crate::market::Symbol;
    use crate::secret::Secret;

    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/binance_vectors.json")).unwrap();
        let known = vectors["signing_known_answers"].as_array().unwrap();
        assert_eq!(known.len(), 5);
        for answer in known {
            let secret = Secret::new(answer["secret"].as_str().unwrap());
            let text = answer["string_to_sign"].as_str().unwrap();
            assert_eq!(hmac_sha256_hex(&secret, text), answer["signature"].as_str().unwrap(), "{}", answer["what"]);
        }
    }

    #[test]
    fn values_are_encoded_and_the_encoded_text_is_signed() {
        let keys = Keys { key: Secret::new("key"), secret: Secret::new("test-api-secret"), ..Keys::none() };
        let params = Params::of(&Symbol::new("测试USDT")).with("list", r#"[{"a":"1 +/"}]"#);
        let request = sign(&keys, &Call::get("/x", params), 1_700_000_000_000);
        let (text, signed) = request.target.strip_prefix("/x?").unwrap().rsplit_once("&signature=").unwrap();
        assert_eq!(
            text,
            "timestamp=1700000000000&symbol=%E6%B5%8B%E8%AF%95USDT&list=%5B%7B%22a%22%3A%221%20%2B%2F%22%7D%5D&recvWindow=5000"
        );
        assert_eq!(signed, hmac_sha256_hex(&keys.secret, text));
        assert_eq!(request.headers, [("X-MBX-APIKEY", "key".to_owned())]);
    }
}
