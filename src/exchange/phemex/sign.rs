//! The signature, and everything else that makes a call Phemex's.
//!
//! What is signed is what is sent: path, query as it stands in the address, expiry and body. Instead of a timestamp a
//! request carries the whole second after which the exchange refuses it.

use super::{errors, wire};
use crate::exchange::Keys;
use crate::exchange::encode::hmac_sha256_hex;
use crate::exchange::http::HttpRequest;
use crate::exchange::session::{Call, Dialect};
use crate::market::{Millis, SECOND_MS};

/// How many seconds the exchange may still take a request. Few, because that is also how long an order whose outcome is
/// unknown can still come to life.
const LIVES_S: u64 = 6;
/// The second named in the expiry may count as a whole.
const ROUNDING_MS: Millis = SECOND_MS;
/// How long an order may be missing in answers after it was taken: what has ended is looked up in a database that lags.
const LAG_MS: Millis = 10 * SECOND_MS;
/// After this an order that the exchange does not know will never exist.
pub(super) const FENCE_MS: Millis = LIVES_S * SECOND_MS + ROUNDING_MS + LAG_MS;

/// How Phemex signs and fails.
pub(super) const DIALECT: Dialect =
    Dialect { fence_ms: FENCE_MS, sign, judge: errors::judge, time_path: "/public/time", time_of: wire::server_time };

fn sign(keys: &Keys, call: &Call, time: Millis) -> HttpRequest {
    let (method, target, body) = (call.method, call.target(), call.body.clone().into_bytes());
    if !call.signed {
        return HttpRequest { method, target, headers: Vec::new(), body };
    }
    let expiry = (time / SECOND_MS).saturating_add(LIVES_S);
    let text = format!("{}{}{expiry}{}", call.path, call.query.query(), call.body);
    let mut headers = vec![
        ("x-phemex-access-token", keys.key.expose().to_owned()),
        ("x-phemex-request-expiry", expiry.to_string()),
        ("x-phemex-request-signature", hmac_sha256_hex(&keys.secret, &text)),
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

    /// When a request must be sent to expire when the vectors' do.
    const EXPIRES_WITH_THEIRS: Millis = 1_700_000_054_999;

    /// Every signed request of the file comes out when its own parts go through.
    #[test]
    fn the_known_signatures_come_out() {
        let vectors = signed(include_str!("../../../tests/data/phemex_vectors.json"), "x-phemex-request-signature");
        assert_eq!(vectors.len(), 52);
        let names = ["x-phemex-request-signature", "x-phemex-access-token", "x-phemex-request-expiry", "Content-Type"];
        for vector in vectors {
            vector.assert_same(&sign(&keys(), &vector.call(), EXPIRES_WITH_THEIRS), names);
        }
    }

    #[test]
    fn a_request_expires_with_a_whole_second_and_public_calls_show_no_key() {
        for (time, expiry) in [(1_700_000_000_000, "1700000006"), (1_700_000_000_999, "1700000006"), (1_700_000_001_000, "1700000007")] {
            let request = sign(&keys(), &Call::get("/x", Params::new()), time);
            assert_eq!(header(&request, "x-phemex-request-expiry"), Some(expiry));
        }
        assert!(sign(&keys(), &Call::public("/x", Params::new()), AT).headers.is_empty());
    }
}
