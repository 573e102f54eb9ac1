//! The signature, and everything else that makes a call Bybit's.
//!
//! What is signed is what is sent: the query as it stands in the address, or the bytes of the body, after time, key and
//! window. All three travel in headers of their own.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_hex;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;

/// How long after its timestamp the exchange may still take a request. Short, because it is also how long an order
/// whose outcome is unknown can still come to life.
const RECV_WINDOW_MS: Millis = 5000;
/// Timestamps up to a second ahead of the exchange's clock are taken as well.
const AHEAD_MS: Millis = 1000;
/// How long an order may be missing in answers after it was taken.
const LAG_MS: Millis = 2000;
/// After this an order that the exchange does not know will never exist.
pub(super) const FENCE_MS: Millis = RECV_WINDOW_MS + AHEAD_MS + LAG_MS;

/// How Bybit signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/v5/market/time", time_of: wire::server_time };

fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    let (method, target, body) = (call.method, call.target(), call.body.clone().into_bytes());
    if !call.signed {
        return HttpRequest { method, target, headers: Vec::new(), body };
    }
    let payload = if call.body.is_empty() { call.query.query() } else { call.body.clone() };
    let text = format!("{time}{}{RECV_WINDOW_MS}{payload}", keys.key.expose());
    let mut headers = vec![
        ("X-BAPI-API-KEY", keys.key.expose().to_owned()),
        ("X-BAPI-TIMESTAMP", time.to_string()),
        ("X-BAPI-RECV-WINDOW", RECV_WINDOW_MS.to_string()),
        ("X-BAPI-SIGN", hmac_sha256_hex(&keys.secret, &text)),
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

    /// Every signed request of the file comes out when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors = signed(include_str!("../../../tests/data/bybit_vectors.json"), "X-BAPI-SIGN");
        assert_eq!(vectors.len(), 48);
        for vector in vectors {
            let ours = sign(&keys(), &vector.call(), AT);
            vector.assert_same(&ours, ["X-BAPI-SIGN", "X-BAPI-API-KEY", "X-BAPI-TIMESTAMP", "X-BAPI-RECV-WINDOW"]);
        }
    }

    #[test]
    fn only_what_has_a_body_names_its_type_and_public_calls_show_no_key() {
        let get = sign(&keys(), &Call::get("/x", Params::new().with("cursor", "a b")), AT);
        assert_eq!((get.target.as_str(), header(&get, "Content-Type"), get.body.len()), ("/x?cursor=a%20b", None, 0));
        let post = sign(&keys(), &Call::post("/x", &Params::new().with("a", "b")), AT);
        assert_eq!((post.target.as_str(), header(&post, "Content-Type")), ("/x", Some("application/json")));
        assert_eq!(post.body, br#"{"a":"b"}"#);
        assert!(sign(&keys(), &Call::public("/x", Params::new()), AT).headers.is_empty());
    }
}
