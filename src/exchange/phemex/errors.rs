//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! The trading API fails with status 200 and a code, its gateway with a code that may be text, market data with an error
//! of its own shape. Codes 401 and 10500 cover several causes, told apart by their words. An answer that is not the
//! exchange's own (a gateway's page, half an answer) says nothing about the order.

use serde::Deserialize;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::{decimal_if_said, integer};
use crate::market::{Decimal, Millis, SECOND_MS};

/// What is waited when the end of a limit was not named. Requests are counted by the minute.
const WAIT_MS: Millis = 10 * SECOND_MS;
/// How long an address is shut out that asked far too often. No limit of the exchange's ends later.
pub(super) const BLOCK_MS: Millis = 300 * SECOND_MS;

/// The code for whatever went wrong behind the gateway, a passing trouble or a mistake of ours.
const CATCH_ALL: i64 = 10500;

/// The frame of every answer; of a single order, what was made of it stands in the order itself.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "decimal_if_said")]
    code: Option<Decimal>,
    #[serde(default, rename = "bizError", deserialize_with = "decimal_if_said")]
    biz_error: Option<Decimal>,
    #[serde(default)]
    msg: Option<String>,
    /// Of market data.
    #[serde(default)]
    error: Option<MarketError>,
}

#[derive(Deserialize)]
struct MarketError {
    #[serde(deserialize_with = "integer")]
    code: i64,
    #[serde(default)]
    message: Option<String>,
}

impl Envelope {
    /// Code and words, if it says that the call failed.
    fn failure(&self) -> Option<(i64, &str)> {
        if let Some(error) = &self.error {
            return Some((error.code, error.message.as_deref().unwrap_or_default()));
        }
        let said = |code: Option<Decimal>| code.and_then(|code| i64::try_from(code).ok()).filter(|code| *code != 0);
        let code = said(self.code).or(said(self.biz_error))?;
        Some((code, self.msg.as_deref().unwrap_or_default()))
    }
}

/// What a failed answer says about the order; `None` when it is no failure.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
    match envelope.as_ref().and_then(Envelope::failure) {
        Some((code, text)) => Some(coded(attempt, failure, code, text)),
        None if failure.status == 200 => None,
        None => Some(uncoded(attempt, failure)),
    }
}

/// An answer of the exchange's own.
fn coded(attempt: &Attempt, failure: &Failure<'_>, code: i64, text: &str) -> ExchangeError {
    let refused = |reason| refusal(reason, code, text);
    if failure.status == 429 || matches!(code, 429 | 39995) {
        return refused(limited(failure));
    }
    if failure.status < 500 && !is_unsure(code, text) {
        return refused(reason_of(code, text));
    }
    // A read changes nothing: "failed" is then all there is to know.
    if attempt.changes { attempt.unknown(describe(failure.status, &code.to_string(), text)) } else { refused(Reason::Busy) }
}

/// What stands before the exchange: its gateway, mostly.
fn uncoded(attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
    let refused = |reason| refusal(reason, failure.status, "");
    match failure.status {
        429 => refused(limited(failure)),
        401 | 403 if !attempt.changes => refused(Reason::Credentials),
        status => attempt.unknown(describe(status, "", "")),
    }
}

/// Codes after which the order must be asked for: its engine was not reached, or nobody says.
fn is_unsure(code: i64, text: &str) -> bool {
    match code {
        11025 | 11107 => true,
        CATCH_ALL => reason_in(text).is_none(),
        _ => (500..600).contains(&code),
    }
}

fn limited(failure: &Failure<'_>) -> Reason {
    let wait = failure.retry_after_s.map_or(WAIT_MS, |seconds| seconds.max(1).saturating_mul(SECOND_MS));
    Reason::RateLimited { until: failure.now.saturating_add(wait.min(BLOCK_MS)) }
}

/// The class of a code. Those that leave the outcome open, and limits, are not decided here.
fn reason_of(code: i64, text: &str) -> Reason {
    match code {
        401 => reason_in(text).unwrap_or(Reason::Credentials),
        CATCH_ALL => reason_in(text).unwrap_or(Reason::Other),
        403 | 39996 => Reason::Credentials,
        412 | 30000 => Reason::Precision,
        6001 | 11027 | 11070 | 39997 => Reason::SymbolUnknown,
        10001 | 11033 | 11085 | 19999 => Reason::DuplicateClientId,
        // No such order, or one that has ended or cannot be cancelled any more.
        10002..=10005 | 11061..=11063 => Reason::UnknownOrder,
        11001 | 11005 | 11082 | 11100 | 11106 => Reason::InsufficientBalance,
        11002 | 11004 | 11081 | 39108 => Reason::Leverage,
        11011 | 11013 | 11014 | 11057 | 11059 | 11060 => Reason::NoPosition,
        // Banned, in liquidation, in auto-deleveraging.
        11022..=11024 => Reason::AccountRestricted,
        11031 | 11032 => Reason::TooManyOrders,
        // There is no mark or last price now.
        11040..=11042 => Reason::Busy,
        11043 | 11044 => Reason::WouldTrigger,
        11045 | 11046 | 11053..=11055 => Reason::PriceBand,
        11056 | 11114 => Reason::MaxSize,
        // The contract's open interest is at its limit: positions may only become smaller.
        11150 => Reason::MaxSize,
        11058 => Reason::MinSize,
        11115 => Reason::MinNotional,
        11065 => Reason::NoChangeNeeded,
        20004 => Reason::PositionMode,
        _ => Reason::Other,
    }
}

/// The class behind a code of several causes, from its words; `None` when they tell none.
fn reason_in(text: &str) -> Option<Reason> {
    let text = text.to_ascii_lowercase();
    let says = |words: &str| text.contains(words);
    if says("ip mismatch") {
        Some(Reason::IpNotAllowed)
    } else if says("request expired") {
        Some(Reason::ClockSkew)
    } else if says("signature") || says("api key") || says("privilege") {
        Some(Reason::Credentials)
    } else if says("missing required") {
        Some(Reason::BadRequest)
    } else if says("must between") {
        Some(Reason::Precision)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, PAGE, is_unknown, rate_limited};

    const BENCH: Bench = Bench { judge, statuses: &[200], body };

    fn body(code: i64, msg: &str) -> String {
        serde_json::json!({"code": code, "msg": msg, "data": null}).to_string()
    }

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class() {
        use Reason::*;
        BENCH.assert_table(&[
            (InsufficientBalance, &[11001, 11005, 11082, 11100, 11106]),
            (DuplicateClientId, &[11085, 10001, 11033, 19999]),
            (UnknownOrder, &[10002, 10003, 10004, 10005, 11061, 11062, 11063]),
            (NoChangeNeeded, &[11065]),
            (WouldTrigger, &[11043, 11044]),
            (NoPosition, &[11011, 11057, 11013, 11014, 11059, 11060]),
            (MinSize, &[11058]),
            (MinNotional, &[11115]),
            (MaxSize, &[11056, 11114, 11150]),
            (PriceBand, &[11053, 11054, 11055, 11045, 11046]),
            (Leverage, &[11004, 11081, 11002, 39108]),
            (Credentials, &[401, 403, 39996]),
            (rate_limited(WAIT_MS), &[39995, 429]),
            (Busy, &[11040, 11041, 11042]),
            (AccountRestricted, &[11022, 11023, 11024]),
            (SymbolUnknown, &[39997, 6001, 11027, 11070]),
            (PositionMode, &[20004]),
            (Precision, &[30000, 412]),
            (TooManyOrders, &[11031, 11032]),
            (Other, &[11074, 999_999, 7]),
        ]);
    }

    #[test]
    fn codes_of_several_causes_are_told_apart_by_their_words() {
        let cases = [
            (401, "401 Failed to load API KEY.", Reason::Credentials),
            (401, "401 Insufficient privilege.", Reason::Credentials),
            (401, "401 Request IP mismatch.", Reason::IpNotAllowed),
            (401, "401 Request Expired at 1700000006", Reason::ClockSkew),
            (10500, "API Signature verification failed.", Reason::Credentials),
            (10500, "Api key not found", Reason::Credentials),
            (10500, "Missing required parameter", Reason::BadRequest),
            (10500, "OrderQty must between 0.01 and 10000", Reason::Precision),
        ];
        for (code, text, reason) in cases {
            assert_eq!(BENCH.coded(200, code, text).reason(), Some(reason), "{text}");
            // The gateway writes its code as text.
            let gateway = format!(r#"{{"code":"{code}","msg":"{text}"}}"#);
            assert_eq!(BENCH.change(401, &gateway).reason(), Some(reason), "{text}");
        }
    }

    #[test]
    fn a_single_order_and_market_data_fail_in_shapes_of_their_own() {
        let rejected = r#"{"bizError":11001,"orderID":"","ordStatus":"Rejected"}"#;
        assert_eq!(BENCH.change(200, rejected).reason(), Some(Reason::InsufficientBalance));
        let body = r#"{"error":{"code":6001,"message":"invalid argument"},"id":null,"result":null}"#;
        assert_eq!(BENCH.question(200, body).reason(), Some(Reason::SymbolUnknown));
        BENCH.assert_passes(&[
            r#"{"bizError":0,"orderID":"ab"}"#,
            r#"{"error":null,"id":0,"result":{}}"#,
            r#"{"code":0,"msg":"","data":{}}"#,
        ]);
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for (code, text) in [(11107, "words"), (11025, "words"), (10500, "Please try again later"), (10500, "words"), (500, "words")] {
            BENCH.assert_unsure(200, code, text);
        }
        for (status, code) in [(500, 11001), (500, 0), (404, 0)] {
            assert!(is_unknown(&BENCH.coded(status, code, "words")), "{status} {code}");
        }
        BENCH.assert_strangers_say_nothing();
        // Left to whoever reads it.
        BENCH.assert_passes(&[PAGE, "", "null", "[]", r#"{"code":"","msg":null}"#, r#"{"code":true}"#]);
        assert_eq!(BENCH.question(401, PAGE).reason(), Some(Reason::Credentials));
    }

    #[test]
    fn limits_say_until_when() {
        let many = r#"{"code":39995,"msg":"Too many requests."}"#;
        BENCH.assert_limits(&[
            (200, Some(7), many, rate_limited(7000)),
            (429, Some(7), "<html>", rate_limited(7000)),
            (429, Some(0), r#"{"code":0}"#, rate_limited(1000)),
            (429, Some(u64::MAX), many, rate_limited(BLOCK_MS)),
            (429, None, r#"{"code":11001,"msg":""}"#, rate_limited(WAIT_MS)),
            (200, None, many, rate_limited(WAIT_MS)),
        ]);
    }
}
