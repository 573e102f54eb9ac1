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
    use crate::exchange::vectors::{AT, header, keys, signed};
    use crate::secret::Secret;

    fn keys_of(secret: &str) -> Keys {
        Keys { secret: Secret::new(secret), ..keys() }
    }

    /// Every signed request of the file that has no nonce comes out when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let file = include_str!("../../../tests/data/kraken_vectors.json");
        let secret: serde_json::Value = serde_json::from_str(file).unwrap();
        let keys = keys_of(secret["secret_base64"].as_str().unwrap());
        let (nonces, vectors): (Vec<_>, Vec<_>) =
            signed(file, "Authent").into_iter().partition(|vector| vector.headers().contains_key("Nonce"));
        assert_eq!((vectors.len(), nonces.len()), (56, 2));
        for vector in vectors {
            vector.assert_same(&sign(&keys, &vector.call(), AT), ["Authent", "APIKey"]);
        }
    }

    #[test]
    fn an_order_says_when_it_dies_within_what_is_signed() {
        let form = Params::new().with("orderType", "mkt").with("symbol", "PF_ETHUSD").with("side", "buy");
        let form = form.with("size", "0.1").with("cliOrdId", "whk-0001");
        let call = Call { fence_ms: Some(FENCE_MS), ..Call::form("/derivatives/api/v3/sendorder", &form) };
        let request = sign(&keys_of("dGVzdC1hcGktc2VjcmV0"), &call, AT);
        let vectors = include_str!("../../../tests/data/kraken_vectors.json");
        assert!(vectors.contains(std::str::from_utf8(&request.body).unwrap()), "{:?}", std::str::from_utf8(&request.body));
        assert!(vectors.contains(header(&request, "Authent").unwrap()));
        assert!(sign(&keys_of(""), &Call::public("/x", Params::new()), AT).headers.is_empty());
    }

    #[test]
    fn a_secret_that_is_no_base64_signs_nothing() {
        for secret in ["", "not base64!", "dGVzdA", "dGVz dA=="] {
            assert!(!can_sign(&keys_of(secret)), "{secret}");
        }
        assert!(can_sign(&keys_of("dGVzdC1hcGktc2VjcmV0")));
        assert_eq!(header(&sign(&keys_of("no base64"), &Call::get("/x", Params::new()), AT), "Authent"), Some(""));
    }
}
