//! The signature, and everything else that makes a call Bitget's.
//!
//! What is signed is what is sent: time, method, path with the query in the order of its names, and the body, byte for
//! byte. Both generations sign alike; play money is told by a header, not by the host.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_base64;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::{Millis, SECOND_MS};

/// How long after its timestamp the exchange still takes a request. It is the same for everybody: no field shortens it.
const VALID_MS: Millis = 30 * SECOND_MS;
/// What was executed in the last moment may show a little later.
const LAG_MS: Millis = 2 * SECOND_MS;
/// How long an order without an answer can still come to life or come to light.
pub(super) const FENCE_MS: Millis = VALID_MS + LAG_MS;

const TIME_PATH: &str = "/api/v2/public/time";

/// How Bitget signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: TIME_PATH, time_of: wire::server_time };

/// Signs everything in one line.
fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    let target = Call { query: call.query.clone().sorted(), ..call.clone() }.target();
    let mut headers = Vec::new();
    if call.signed {
        let signature = hmac_sha256_base64(&keys.secret, &format!("{time}{}{target}{}", call.method, call.body));
        headers.push(("ACCESS-KEY", keys.key.expose().to_owned()));
        headers.push(("ACCESS-SIGN", signature));
        headers.push(("ACCESS-TIMESTAMP", time.to_string()));
        headers.push(("ACCESS-PASSPHRASE", keys.password.expose().to_owned()));
    }
    // Contracts and prices of play money are told apart as its accounts are; there is one clock for both.
    if keys.demo && call.path != TIME_PATH {
        headers.push(("paptrading", "1".to_owned()));
    }
    if !call.body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    HttpRequest { method: call.method, target, headers, body: call.body.clone().into_bytes() }
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
        request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Every signed request of the vectors, with its own body text.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/bitget_vectors.json")).unwrap();
        let mut signed = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            let Some(signature) = vector["request"]["headers"]["ACCESS-SIGN"].as_str() else { continue };
            let target = vector["request"]["url"].as_str().unwrap().strip_prefix("https://api.bitget.com").unwrap();
            let method = if vector["request"]["method"] == "GET" { "GET" } else { "POST" };
            let body = vector["request"]["body"].as_str().unwrap_or_default().to_owned();
            let call = Call { body, ..Call::query(method, target.to_owned(), Params::new()) };
            let request = sign(&keys(vector["input"]["demo"] == true), &call, TIME);
            assert_eq!(header(&request, "ACCESS-SIGN"), Some(signature), "{}", vector["name"]);
            assert_eq!(request.headers.len(), vector["request"]["headers"].as_object().unwrap().len(), "{}", vector["name"]);
            signed += 1;
        }
        assert_eq!(signed, 74);
    }

    #[test]
    fn a_query_is_sent_and_signed_in_the_order_of_its_names() {
        let params = Params::new().with("symbol", "ETHUSDT").with("clientOid", "a-1").with("productType", "USDT-FUTURES");
        let request = sign(&keys(false), &Call::get("/api/v2/mix/order/detail", params), TIME);
        assert_eq!(request.target, "/api/v2/mix/order/detail?clientOid=a-1&productType=USDT-FUTURES&symbol=ETHUSDT");
        let text = format!("{TIME}GET{}", request.target);
        assert_eq!(header(&request, "ACCESS-SIGN").unwrap(), hmac_sha256_base64(&Secret::new("test-api-secret"), &text));
        assert_eq!((header(&request, "Content-Type"), header(&request, "paptrading")), (None, None));
    }

    #[test]
    fn play_money_is_told_by_a_header_of_every_call_but_the_clocks() {
        let demo = sign(&keys(true), &Call::post("/x", &Params::new().with("a", "1")), TIME);
        assert_eq!((header(&demo, "paptrading"), header(&demo, "Content-Type")), (Some("1"), Some("application/json")));
        assert_eq!(demo.body, br#"{"a":"1"}"#);
        let public = |demo, path| sign(&keys(demo), &Call::public(path, Params::new()), TIME).headers;
        assert_eq!(public(true, "/api/v2/mix/market/ticker"), [("paptrading", "1".to_owned())]);
        assert!(public(true, TIME_PATH).is_empty() && public(false, "/api/v2/mix/market/ticker").is_empty());
    }
}
