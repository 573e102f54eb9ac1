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
    use crate::secret::Secret;

    const AT: Millis = 1_700_000_000_000;

    fn keys() -> Keys {
        Keys { key: Secret::new("test-api-key"), secret: Secret::new("test-api-secret"), ..Keys::none() }
    }

    fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
        request.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// Every signed request of the file comes out with the documented signature when its own text goes through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/coinex_vectors.json")).unwrap();
        let mut signed = 0;
        for vector in vectors["vectors"].as_array().unwrap() {
            let Some(known) = vector["documented_sign"].as_str() else { continue };
            let (sent, name) = (&vector["request"], &vector["name"]);
            let target = sent["url"].as_str().unwrap().strip_prefix(super::super::LIVE_URL).unwrap();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let mut params = Params::new();
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                params = params.with(Box::leak(name.to_owned().into_boxed_str()), value);
            }
            let method = if sent["method"] == "GET" { "GET" } else { "POST" };
            let body = sent["body"].as_str().unwrap_or("").to_owned();
            let call = Call { body, ..Call::query(method, path.to_owned(), params) };
            let request = sign(&keys(), &call, AT);
            assert_eq!(header(&request, "X-COINEX-SIGN"), Some(known), "{name}");
            for header_name in ["X-COINEX-KEY", "X-COINEX-TIMESTAMP"] {
                assert_eq!(header(&request, header_name), sent["headers"][header_name].as_str(), "{name}");
            }
            signed += 1;
        }
        assert_eq!(signed, 38);
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
