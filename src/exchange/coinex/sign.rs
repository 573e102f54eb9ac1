//! The signature, and everything else that makes a call CoinEx's.
//!
//! What is signed is what is sent: method, path with its query, the bytes of the body, and the time, with nothing between
//! them. The window stands in a header of its own and is not signed.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_hex;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;

/// How long after its timestamp the exchange may still take a request. Short, because it is also how long an order
/// whose outcome is unknown can still come to life.
const WINDOW_MS: Millis = 5000;
/// Whether a timestamp ahead of the exchange's clock is taken is not said: as much as others take.
const AHEAD_MS: Millis = 1000;
/// How long an order may be missing in lists after it was taken.
const LAG_MS: Millis = 3000;
/// After this an order that the exchange does not know will never exist.
pub(super) const FENCE_MS: Millis = WINDOW_MS + AHEAD_MS + LAG_MS;

/// How CoinEx signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/v2/time", time_of: wire::server_time };

fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    let (method, target, body) = (call.method, call.target(), call.body.clone().into_bytes());
    if !call.signed {
        return HttpRequest { method, target, headers: Vec::new(), body };
    }
    let text = format!("{method}{target}{}{time}", call.body);
    let mut headers = vec![
        ("X-COINEX-KEY", keys.key.expose().to_owned()),
        ("X-COINEX-SIGN", hmac_sha256_hex(&keys.secret, &text)),
        ("X-COINEX-TIMESTAMP", time.to_string()),
        ("X-COINEX-WINDOWTIME", WINDOW_MS.to_string()),
    ];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    HttpRequest { method, target, headers, body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::params::Params;
    use crate::exchange::vectors::{AT, header, keys, signed};

    /// Every signed request of the file comes out with the documented signature when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors = signed(include_str!("../../../tests/data/coinex_vectors.json"), "X-COINEX-KEY");
        assert_eq!(vectors.len(), 38);
        for vector in vectors {
            let ours = sign(&keys(), &vector.call(), AT);
            assert_eq!(header(&ours, "X-COINEX-SIGN"), vector.0["documented_sign"].as_str(), "{}", vector.0["name"]);
            vector.assert_same(&ours, ["X-COINEX-KEY", "X-COINEX-TIMESTAMP"]);
        }
    }

    #[test]
    fn only_what_has_a_body_names_its_type_and_public_calls_show_no_key() {
        let get = sign(&keys(), &Call::get("/v2/x", Params::new().with("a", "b c")), AT);
        assert_eq!((get.target.as_str(), header(&get, "Content-Type"), get.body.len()), ("/v2/x?a=b%20c", None, 0));
        assert_eq!(header(&get, "X-COINEX-WINDOWTIME"), Some("5000"));
        let post = sign(&keys(), &Call::post("/v2/x", &Params::new().with("a", "b")), AT);
        assert_eq!((post.target.as_str(), header(&post, "Content-Type")), ("/v2/x", Some("application/json")));
        assert_eq!(post.body, br#"{"a":"b"}"#);
        assert!(sign(&keys(), &Call::public("/v2/x", Params::new()), AT).headers.is_empty());
    }
}
