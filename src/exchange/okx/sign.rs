//! The signature, and everything else that makes a call OKX's.
//!
//! What is signed is what is sent: time, method, path with its query, and the body's text. Demo keys are told by a
//! header, on public calls too, which is not part of the signature.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_base64;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;
use crate::time::utc_text;

/// The exchange takes a request this long after its timestamp; it cannot be asked for less.
const WINDOW_MS: Millis = 30_000;
/// Plain orders carry a time after which the exchange refuses them.
const ORDER_LIVES_MS: Millis = 5000;
/// How long what was executed may still be missing in answers.
const LAG_MS: Millis = 2000;

/// Stops and targets, and everything else without an end of its own.
pub(super) const FENCE_MS: Millis = WINDOW_MS + LAG_MS;
/// Plain orders.
pub(super) const ORDER_FENCE_MS: Millis = ORDER_LIVES_MS + LAG_MS;

/// How OKX signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/api/v5/public/time", time_of: wire::server_time };

/// A call with a fence of its own is one that says when it dies.
fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    let target = call.target();
    let mut headers = Vec::new();
    if keys.demo {
        headers.push(("x-simulated-trading", "1".to_owned()));
    }
    if call.signed {
        let stamp = utc_text(time) + "Z";
        let signature = hmac_sha256_base64(&keys.secret, &format!("{stamp}{}{target}{}", call.method, call.body));
        headers.push(("OK-ACCESS-KEY", keys.key.expose().to_owned()));
        headers.push(("OK-ACCESS-SIGN", signature));
        headers.push(("OK-ACCESS-TIMESTAMP", stamp));
        headers.push(("OK-ACCESS-PASSPHRASE", keys.password.expose().to_owned()));
    }
    if !call.body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    if let Some(fence_ms) = call.fence_ms {
        headers.push(("expTime", time.saturating_add(fence_ms.saturating_sub(LAG_MS)).to_string()));
    }
    HttpRequest { method: call.method, target, headers, body: call.body.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::params::Params;
    use crate::secret::Secret;

    const TIME: Millis = 1_700_000_000_000;

    fn keys(demo: bool) -> Keys {
        Keys { key: Secret::new("test-api-key"), secret: Secret::new("test-api-secret"), password: Secret::new("test-password"), demo }
    }

    fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
        request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// Every signed request of the vectors, from its own target and its own body's text.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/okx_vectors.json")).unwrap();
        let mut signed = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            let request = &vector["request"];
            let Some(signature) = request["headers"]["OK-ACCESS-SIGN"].as_str() else { continue };
            let target: &'static str = request["url"].as_str().unwrap().split_once(".com").unwrap().1.to_owned().leak();
            let method = if request["method"] == "GET" { "GET" } else { "POST" };
            let body = request["body"].as_str().unwrap_or("").to_owned();
            let call = Call { body, ..Call::query(method, target, Params::new()) };
            let demo = !request["headers"]["x-simulated-trading"].is_null();
            let ours = sign(&keys(demo), &call, TIME);
            let theirs = request["headers"].as_object().unwrap();
            assert_eq!(header(&ours, "OK-ACCESS-SIGN"), Some(signature), "{}", vector["name"]);
            assert_eq!(ours.headers.len(), theirs.len(), "{}", vector["name"]);
            for (name, value) in theirs {
                assert_eq!(header(&ours, name), value.as_str(), "{}", vector["name"]);
            }
            signed += 1;
        }
        assert_eq!(signed, 49);
    }

    #[test]
    fn an_order_says_when_it_dies_and_a_public_call_says_nothing_but_demo() {
        let order = Call { fence_ms: Some(ORDER_FENCE_MS), ..Call::post("/x", &Params::new().with("a", "1")) };
        assert_eq!(header(&sign(&keys(false), &order, TIME), "expTime"), Some("1700000005000"));
        let public = Call::public("/x", Params::new());
        assert!(sign(&keys(false), &public, TIME).headers.is_empty());
        assert_eq!(sign(&keys(true), &public, TIME).headers, [("x-simulated-trading", "1".to_owned())]);
    }
}
