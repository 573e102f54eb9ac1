//! The signature, and everything else that makes a call KuCoin's.
//!
//! What is signed is what is sent: time, method, path with its query, and the body's text. The passphrase goes signed
//! too. Beside it stands the version of the key, of which there are two that sign alike; which one a key is of is not told.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_base64;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::Millis;

/// The exchange takes a request whose timestamp is at most this far from its clock; it cannot be asked for less.
const WINDOW_MS: Millis = 5000;
/// By so much our idea of its clock may be ahead.
const AHEAD_MS: Millis = 1000;
/// How long what was executed may still be missing in answers.
const LAG_MS: Millis = 2000;

/// How long after its timestamp a request can still be executed, and what it did still be unseen.
pub(super) const FENCE_MS: Millis = WINDOW_MS + AHEAD_MS + LAG_MS;

/// How KuCoin signs and fails; nearly every key is of this version.
pub(super) const VERSION_2: Dialect = dialect(|keys, call, time| sign(keys, call, time, "2"));
/// The same for keys of the next version.
pub(super) const VERSION_3: Dialect = dialect(|keys, call, time| sign(keys, call, time, "3"));

const fn dialect(sign: fn(&Keys, &Call, Millis) -> HttpRequest) -> Dialect {
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/api/v1/timestamp", time_of: wire::server_time }
}

fn sign(keys: &Keys, call: &Call, time: Millis, version: &str) -> HttpRequest {
    let target = call.target();
    let mut headers = Vec::new();
    if call.signed {
        let time = time.to_string();
        let signature = hmac_sha256_base64(&keys.secret, &format!("{time}{}{target}{}", call.method, call.body));
        headers.push(("KC-API-KEY", keys.key.expose().to_owned()));
        headers.push(("KC-API-SIGN", signature));
        headers.push(("KC-API-TIMESTAMP", time));
        headers.push(("KC-API-PASSPHRASE", hmac_sha256_base64(&keys.secret, keys.password.expose())));
        headers.push(("KC-API-KEY-VERSION", version.to_owned()));
    }
    if !call.body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    HttpRequest { method: call.method, target, headers, body: call.body.as_bytes().to_vec() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::params::Params;
    use crate::exchange::vectors::{AT, keys, signed};

    /// Every signed request of the file comes out when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors = signed(include_str!("../../../tests/data/kucoin_vectors.json"), "KC-API-SIGN");
        assert_eq!(vectors.len(), 44);
        for vector in vectors {
            let call = vector.call();
            let theirs = vector.headers().keys().map(String::as_str);
            // Theirs names a type even where there is nothing of it.
            vector.assert_same(&sign(&keys(), &call, AT, "2"), theirs.filter(|name| *name != "Content-Type" || !call.body.is_empty()));
        }
    }

    #[test]
    fn a_public_call_says_nothing_of_the_account() {
        assert!(sign(&keys(), &Call::public("/x", Params::new()), AT, "3").headers.is_empty());
    }
}
