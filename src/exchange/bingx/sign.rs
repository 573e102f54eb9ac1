//! The signature, and everything else that makes a call BingX's.
//!
//! All parameters go into the query, for POST and DELETE too, sorted by name. What is signed is the query with its values
//! as they are; what is sent has them percent-encoded.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_hex;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;

/// How long after its timestamp the exchange may still take a request, and the longest it allows. It is also how long an
/// order whose outcome is unknown can still come to life.
const RECV_WINDOW_MS: Millis = 5000;
/// A timestamp may be ahead of the exchange's clock by as much as our measurement of it was wrong.
const AHEAD_MS: Millis = 1000;
/// How long an order may be missing in answers after it was taken.
const LAG_MS: Millis = 3000;
/// After this an order that the exchange does not know will never exist.
pub(super) const FENCE_MS: Millis = RECV_WINDOW_MS + AHEAD_MS + LAG_MS;

/// How BingX signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/openApi/swap/v2/server/time", time_of: wire::server_time };

/// The signature comes last.
fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    if !call.signed {
        return HttpRequest { method: call.method, target: call.target(), headers: Vec::new(), body: Vec::new() };
    }
    let params = call.query.clone().with("recvWindow", RECV_WINDOW_MS).with("timestamp", time).sorted();
    let signature = hmac_sha256_hex(&keys.secret, &params.raw_query());
    let target = format!("{}?{}&signature={signature}", call.path, params.query());
    HttpRequest { method: call.method, target, headers: vec![("X-BX-APIKEY", keys.key.expose().to_owned())], body: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::params::Params;
    use crate::exchange::vectors::{AT, keys};

    /// Every signature of the file comes out of the text it names; the request that has our window comes out whole.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/bingx_vectors.json")).unwrap();
        let (mut signed, mut whole) = (0, 0);
        for vector in vectors["vectors"].as_array().unwrap() {
            let Some(text) = vector["string_to_sign"].as_str() else { continue };
            let (sent, known) = vector["request"]["url"].as_str().unwrap().split_once("&signature=").unwrap();
            assert_eq!(hmac_sha256_hex(&keys().secret, text), known, "{}", vector["name"]);
            signed += 1;
            if !text.contains("recvWindow=5000") {
                continue;
            }
            let mut params = Params::new();
            for (name, value) in text.split('&').filter_map(|pair| pair.split_once('=')) {
                if !matches!(name, "timestamp" | "recvWindow") {
                    params = params.with(Box::leak(name.to_owned().into_boxed_str()), value);
                }
            }
            let request = sign(&keys(), &Call::query("POST", "/x", params), AT);
            assert_eq!(request.target, format!("/x?{}&signature={known}", sent.split_once('?').unwrap().1));
            assert_eq!((request.headers, request.body), (vec![("X-BX-APIKEY", "test-api-key".to_owned())], Vec::new()));
            whole += 1;
        }
        assert_eq!((signed, whole), (47, 1));
    }

    #[test]
    fn values_are_signed_as_they_are_and_sent_encoded() {
        let params = Params::new().with("symbol", "测试-USDT").with("list", r#"["a", 1]"#);
        let request = sign(&keys(), &Call::get("/x", params), AT);
        let (sent, signature) = request.target.split_once("&signature=").unwrap();
        let rest = "&recvWindow=5000&symbol=%E6%B5%8B%E8%AF%95-USDT&timestamp=1700000000000";
        assert_eq!(sent, format!("/x?list=%5B%22a%22%2C%201%5D{rest}"));
        let text = r#"list=["a", 1]&recvWindow=5000&symbol=测试-USDT&timestamp=1700000000000"#;
        assert_eq!(signature, hmac_sha256_hex(&keys().secret, text));
    }

    #[test]
    fn public_calls_show_no_key() {
        let request = sign(&keys(), &Call::public("/x", Params::new().with("symbol", "ETH-USDT")), AT);
        assert_eq!((request.target.as_str(), request.headers.len()), ("/x?symbol=ETH-USDT", 0));
    }
}
