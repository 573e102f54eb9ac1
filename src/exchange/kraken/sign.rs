//! The signature, and everything else that makes a call Kraken's.
//!
//! What is signed is what is sent: the query or the form, percent-encoded, and the path without its first part. No time
//! is part of it, and no nonce is sent, so that nothing has to arrive in order; calls that carry orders say instead when
//! they die.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::{base64_key, hmac_sha512_base64, sha256};
use crate::exchange::http::HttpRequest;
use crate::exchange::params::push_pair;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;
use crate::time::utc_text;

/// How long an order may be on its way: the exchange refuses it afterwards.
const LIVES_MS: Millis = 5000;
/// By so much our measurement of the exchange's clock may be off.
const CLOCK_MS: Millis = 1000;
/// How long what was executed may still be missing in answers, or be in some of them only.
pub(super) const LAG_MS: Millis = 5000;
/// After this an order that the exchange does not know will never exist.
pub(super) const FENCE_MS: Millis = LIVES_MS + CLOCK_MS + LAG_MS;

/// Paths are signed without this.
const PREFIX: &str = "/derivatives";

/// How Kraken signs and fails. Every answer tells the time; there is no call that does nothing else.
pub(super) const DIALECT: Dialect = Dialect {
    fence_ms: FENCE_MS,
    sign,
    judge: errors::judge,
    time_path: "/derivatives/api/v3/tickers/PF_ETHUSD",
    time_of: wire::server_time,
};

/// A call with a fence of its own is one that says when it dies.
fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    let mut body = call.body.clone();
    if call.fence_ms.is_some() {
        push_pair(&mut body, "processBefore", &(utc_text(time.saturating_add(LIVES_MS)) + "Z"));
    }
    let mut headers = Vec::new();
    if call.signed {
        headers.push(("APIKey", keys.key.expose().to_owned()));
        headers.push(("Authent", authent(keys, call, &body)));
        headers.push(("Accept", "application/json".to_owned()));
    }
    if !body.is_empty() {
        headers.push(("Content-Type", "application/x-www-form-urlencoded".to_owned()));
    }
    HttpRequest { method: call.method, target: call.target(), headers, body: body.into_bytes() }
}

/// Empty, which the exchange refuses, when the secret is none of its own; `open` says so before.
fn authent(keys: &Keys, call: &Call, body: &str) -> String {
    let path = call.path.strip_prefix(PREFIX).unwrap_or(&call.path);
    let digest = sha256(&format!("{}{body}{path}", call.query.query()));
    base64_key(&keys.secret).map(|key| hmac_sha512_base64(&key, &digest)).unwrap_or_default()
}

/// Whether calls can be signed with this secret at all.
pub(super) fn can_sign(keys: &Keys) -> bool {
    base64_key(&keys.secret).is_some_and(|key| !key.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::params::Params;
    use crate::secret::Secret;

    const TIME: Millis = 1_700_000_000_000;

    fn keys(secret: &str) -> Keys {
        Keys { key: Secret::new("test-api-key"), secret: Secret::new(secret), ..Keys::none() }
    }

    fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
        request.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    /// Every signed request of the vectors that has no nonce, from its own query and body.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/kraken_vectors.json")).unwrap();
        let keys = keys(vectors["secret_base64"].as_str().unwrap());
        let (mut signed, mut nonces) = (0, 0);
        for vector in vectors["vectors"].as_array().unwrap() {
            let request = &vector["request"];
            let Some(authent) = request["headers"]["Authent"].as_str() else { continue };
            if !request["headers"]["Nonce"].is_null() {
                nonces += 1;
                continue;
            }
            let url = request["url"].as_str().unwrap().strip_prefix("https://futures.kraken.com").unwrap();
            let (path, query) = url.split_once('?').unwrap_or((url, ""));
            let mut params = Params::new();
            for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
                params = params.with(Box::leak(name.to_owned().into_boxed_str()), value);
            }
            let body = request["body"].as_str().unwrap_or("").to_owned();
            let method = ["GET", "POST", "PUT"].into_iter().find(|method| request["method"] == *method).unwrap();
            let call = Call { body, path: path.to_owned().into(), ..Call::query(method, "", params) };
            let ours = sign(&keys, &call, TIME);
            assert_eq!((header(&ours, "Authent"), header(&ours, "APIKey")), (Some(authent), Some("test-api-key")), "{}", vector["name"]);
            assert_eq!(ours.target, url);
            signed += 1;
        }
        assert_eq!((signed, nonces), (56, 2));
    }

    #[test]
    fn an_order_says_when_it_dies_within_what_is_signed() {
        let form = Params::new().with("orderType", "mkt").with("symbol", "PF_ETHUSD").with("side", "buy");
        let form = form.with("size", "0.1").with("cliOrdId", "whk-0001");
        let call = Call { fence_ms: Some(FENCE_MS), ..Call::form("/derivatives/api/v3/sendorder", &form) };
        let request = sign(&keys("dGVzdC1hcGktc2VjcmV0"), &call, TIME);
        let vectors = include_str!("../../../tests/data/kraken_vectors.json");
        assert!(vectors.contains(std::str::from_utf8(&request.body).unwrap()), "{:?}", std::str::from_utf8(&request.body));
        assert!(vectors.contains(header(&request, "Authent").unwrap()));
        assert!(sign(&keys(""), &Call::public("/x", Params::new()), TIME).headers.is_empty());
    }

    #[test]
    fn a_secret_that_is_no_base64_signs_nothing() {
        for secret in ["", "not base64!", "dGVzdA", "dGVz dA=="] {
            assert!(!can_sign(&keys(secret)), "{secret}");
        }
        assert!(can_sign(&keys("dGVzdC1hcGktc2VjcmV0")));
        assert_eq!(header(&sign(&keys("no base64"), &Call::get("/x", Params::new()), TIME), "Authent"), Some(""));
    }
}
