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
    use crate::exchange::vectors::{AT, header, keys, signed};

    fn keys_of(demo: bool) -> Keys {
        Keys { demo, ..keys() }
    }

    /// Every signed request of the file comes out when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors = signed(include_str!("../../../tests/data/bitget_vectors.json"), "ACCESS-SIGN");
        assert_eq!(vectors.len(), 74);
        for vector in vectors {
            let theirs = vector.headers();
            let ours = sign(&keys_of(vector.0["input"]["demo"] == true), &vector.call(), AT);
            vector.assert_same(&ours, theirs.keys().map(String::as_str));
            assert_eq!(ours.headers.len(), theirs.len(), "{:?}", vector.0);
        }
    }

    #[test]
    fn a_query_is_sent_and_signed_in_the_order_of_its_names() {
        let params = Params::new().with("symbol", "ETHUSDT").with("clientOid", "a-1").with("productType", "USDT-FUTURES");
        let request = sign(&keys(), &Call::get("/api/v2/mix/order/detail", params), AT);
        assert_eq!(request.target, "/api/v2/mix/order/detail?clientOid=a-1&productType=USDT-FUTURES&symbol=ETHUSDT");
        let text = format!("{AT}GET{}", request.target);
        assert_eq!(header(&request, "ACCESS-SIGN").unwrap(), hmac_sha256_base64(&keys().secret, &text));
        assert_eq!((header(&request, "Content-Type"), header(&request, "paptrading")), (None, None));
    }

    #[test]
    fn play_money_is_told_by_a_header_of_every_call_but_the_clocks() {
        let demo = sign(&keys_of(true), &Call::post("/x", &Params::new().with("a", "1")), AT);
        assert_eq!((header(&demo, "paptrading"), header(&demo, "Content-Type")), (Some("1"), Some("application/json")));
        assert_eq!(demo.body, br#"{"a":"1"}"#);
        let public = |demo, path| sign(&keys_of(demo), &Call::public(path, Params::new()), AT).headers;
        assert_eq!(public(true, "/api/v2/mix/market/ticker"), [("paptrading", "1".to_owned())]);
        assert!(public(true, TIME_PATH).is_empty() && public(false, "/api/v2/mix/market/ticker").is_empty());
    }
}
