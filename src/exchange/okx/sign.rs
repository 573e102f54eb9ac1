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
    use crate::exchange::vectors::{AT, header, keys, signed};

    fn keys_of(demo: bool) -> Keys {
        Keys { demo, ..keys() }
    }

    /// Every signed request of the file comes out when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors = signed(include_str!("../../../tests/data/okx_vectors.json"), "OK-ACCESS-SIGN");
        assert_eq!(vectors.len(), 49);
        for vector in vectors {
            let theirs = vector.headers();
            let ours = sign(&keys_of(theirs.contains_key("x-simulated-trading")), &vector.call(), AT);
            vector.assert_same(&ours, theirs.keys().map(String::as_str));
            assert_eq!(ours.headers.len(), theirs.len(), "{:?}", vector.0);
        }
    }

    #[test]
    fn an_order_says_when_it_dies_and_a_public_call_says_nothing_but_demo() {
        let order = Call { fence_ms: Some(ORDER_FENCE_MS), ..Call::post("/x", &Params::new().with("a", "1")) };
        assert_eq!(header(&sign(&keys(), &order, AT), "expTime"), Some("1700000005000"));
        let public = Call::public("/x", Params::new());
        assert!(sign(&keys(), &public, AT).headers.is_empty());
        assert_eq!(sign(&keys_of(true), &public, AT).headers, [("x-simulated-trading", "1".to_owned())]);
    }
}
