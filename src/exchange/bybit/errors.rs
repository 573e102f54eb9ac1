//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Failures come with status 200 and a code that is not zero; single orders of a batch fail in the same way, under
//! shorter names. Code 10001 is a catch-all, told apart by its words. An answer that is not the exchange's own (a
//! gateway's page, half an answer) says nothing about the order.

use serde::Deserialize;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::{integer, millis_or_zero};
use crate::market::{Millis, SECOND_MS};

/// How long an address that asked too often stays locked out, at least. No limit of the exchange's ends later.
const BAN_MS: Millis = 600 * SECOND_MS;
/// Limits are counted over a rolling second: what is waited when no end was named.
const WINDOW_MS: Millis = SECOND_MS;

/// The code for "no margin mode can be set now"; the reasons stand beside the words.
const MARGIN_MODE_BLOCKED: i64 = 3_400_045;

/// The frame of every answer, and of the verdict on one order of a batch.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    #[serde(alias = "code", deserialize_with = "integer")]
    ret_code: i64,
    #[serde(default, alias = "msg")]
    ret_msg: String,
}

/// Why a margin mode could not be set.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Reasons {
    #[serde(default)]
    reasons: Vec<Why>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Why {
    #[serde(default)]
    reason_code: String,
    #[serde(default)]
    reason_msg: String,
}

impl Reasons {
    /// The refusal in the exchange's words; `None` without a reason.
    pub(super) fn refusal(&self) -> Option<ExchangeError> {
        (!self.reasons.is_empty()).then(|| refusal(Reason::SettingBlocked, MARGIN_MODE_BLOCKED, &self.words()))
    }

    fn words(&self) -> String {
        let words = |why: &Why| format!("{} ({})", why.reason_msg, why.reason_code);
        self.reasons.iter().map(words).collect::<Vec<_>>().join(", ")
    }
}

/// What a failed answer says about the order; `None` when it is no failure.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
    if failure.status == 200 && envelope.as_ref().is_none_or(|envelope| envelope.ret_code == 0) {
        return None;
    }
    Some(match envelope {
        Some(envelope) => coded(attempt, failure, envelope.ret_code, &envelope.ret_msg),
        None => uncoded(attempt, failure),
    })
}

/// An answer of the exchange's own.
fn coded(attempt: &Attempt, failure: &Failure<'_>, code: i64, text: &str) -> ExchangeError {
    let refused = |reason| refusal(reason, code, text);
    if asks_too_often(failure.status, text) || code == 10018 {
        return refused(Reason::Banned { until: failure.now.saturating_add(BAN_MS) });
    }
    match code {
        10006 | 429 => refused(limited(attempt, failure)),
        _ if failure.status == 429 => refused(limited(attempt, failure)),
        _ if code == 0 || is_unsure(code) || failure.status >= 500 => {
            // A read changes nothing: "failed" is then all there is to know.
            if attempt.changes { attempt.unknown(describe(failure.status, &code.to_string(), text)) } else { refused(Reason::Busy) }
        }
        MARGIN_MODE_BLOCKED => blocked(failure, text),
        _ => refused(reason_of(code, text)),
    }
}

/// What stands before the exchange: its gateway, mostly.
fn uncoded(attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
    let text = String::from_utf8_lossy(failure.body);
    let refused = |reason, words: &str| refusal(reason, failure.status, words);
    let banned = Reason::Banned { until: failure.now.saturating_add(BAN_MS) };
    match failure.status {
        429 => refused(limited(attempt, failure), ""),
        status if asks_too_often(status, &text) => refused(banned, "this address asks too often"),
        403 if text.to_ascii_lowercase().contains("country") => refused(Reason::IpNotAllowed, "not served in this address's country"),
        // Whether by the lock-out or by the region is not said, and who wrote it is anyone's guess.
        403 if !attempt.changes => refused(banned, "this address is locked out"),
        401 if !attempt.changes => refused(Reason::Credentials, ""),
        status => attempt.unknown(describe(status, "", "")),
    }
}

fn asks_too_often(status: u16, text: &str) -> bool {
    status == 403 && text.to_ascii_lowercase().contains("too frequent")
}

/// Codes after which the order must be asked for. The last one: the request is there already.
fn is_unsure(code: i64) -> bool {
    matches!(code, 10000 | 10016 | 110_079 | 10014)
}

/// The end of a limit is a time of the exchange's clock, which the answer itself tells better than an older measurement.
fn limited(attempt: &Attempt, failure: &Failure<'_>) -> Reason {
    #[derive(Deserialize)]
    struct Sent {
        #[serde(deserialize_with = "millis_or_zero")]
        time: Millis,
    }
    let sent = serde_json::from_slice::<Sent>(failure.body).ok().map(|sent| sent.time).filter(|time| *time > 0);
    let there = sent.unwrap_or(failure.now.saturating_add_signed(attempt.offset_ms));
    let named = failure.limit_resets_at.map(|end| failure.now.saturating_add(end.saturating_sub(there)));
    let asked = failure.retry_after_s.map(|seconds| failure.now.saturating_add(seconds.saturating_mul(SECOND_MS)));
    let end = named.max(asked).filter(|end| *end > failure.now).unwrap_or(failure.now.saturating_add(WINDOW_MS));
    Reason::RateLimited { until: end.min(failure.now.saturating_add(BAN_MS)) }
}

fn blocked(failure: &Failure<'_>, text: &str) -> ExchangeError {
    #[derive(Deserialize)]
    struct Answer {
        result: Reasons,
    }
    let why = serde_json::from_slice::<Answer>(failure.body).ok().and_then(|answer| answer.result.refusal());
    why.unwrap_or_else(|| refusal(Reason::SettingBlocked, MARGIN_MODE_BLOCKED, text))
}

/// The class of a code. Those that leave the outcome open, limits and bans are not decided here.
fn reason_of(code: i64, text: &str) -> Reason {
    match code {
        10001 => reason_in(&text.to_ascii_lowercase()),
        10002 | -1 => Reason::ClockSkew,
        10003 | 10004 | 10005 | 10007 | 10008 | 10028 | 33004 => Reason::Credentials,
        10009 | 10024 | 10027 | 110_066 | 110_123 | 110_125 | 110_132 => Reason::AccountRestricted,
        10010 => Reason::IpNotAllowed,
        10029 => Reason::SymbolUnknown,
        110_001 | 110_008 | 110_010 | 110_019 => Reason::UnknownOrder,
        110_004 | 110_006 | 110_007 | 110_012 | 110_014 | 110_044 | 110_045 | 110_051..=110_053 => Reason::InsufficientBalance,
        // The leverage asked for would liquidate at once.
        110_011 => Reason::InsufficientBalance,
        110_009 | 110_020 | 110_061 => Reason::TooManyOrders,
        110_013 | 110_086 | 110_087 | 110_090 | 30135 => Reason::Leverage,
        110_021 | 110_089 | 3_400_139 => Reason::Leverage,
        110_017 | 110_034 => Reason::NoPosition,
        110_003 | 110_120 | 110_121 | 30208 | 30209 => Reason::PriceBand,
        // The book is too thin.
        110_118 => Reason::PriceBand,
        110_022 | 110_023 | 110_042 => Reason::Maintenance,
        110_063 | 110_074 | 110_095..=110_098 | 30228 => Reason::Maintenance,
        110_024 | 110_028 | 110_029 | 110_036 | 110_038 | 110_073 | MARGIN_MODE_BLOCKED => Reason::SettingBlocked,
        110_025..=110_027 | 110_043 | 34040 => Reason::NoChangeNeeded,
        110_072 => Reason::DuplicateClientId,
        110_092 | 110_093 => Reason::WouldTrigger,
        110_094 => Reason::MinNotional,
        _ => Reason::Other,
    }
}

/// The class behind the catch-all code, from its words in lower case. Those on stops are told by users, not documented.
fn reason_in(text: &str) -> Reason {
    let says = |words: &str| text.contains(words);
    if says("position idx") || says("positionidx") {
        Reason::PositionMode
    } else if says("zero position") {
        Reason::NoPosition
    } else if says("liq_price") {
        // The stop lies behind the price of liquidation.
        Reason::PriceBand
    } else if says("base_price") {
        Reason::WouldTrigger
    } else if says("number of contracts") {
        if says("minimum") { Reason::MinSize } else { Reason::MaxSize }
    } else if says("qty") {
        Reason::Precision
    } else if says("symbol") {
        Reason::SymbolUnknown
    } else {
        Reason::BadRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, CHANGE, NOW, PAGE, answer, is_unknown, rate_limited};

    const BENCH: Bench = Bench {
        judge,
        statuses: &[200],
        body: |code, words| serde_json::json!({"retCode": code, "retMsg": words, "result": {}, "retExtInfo": {}, "time": NOW}).to_string(),
    };

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class() {
        use Reason::*;
        BENCH.assert_table(&[
            (InsufficientBalance, &[110_004, 110_006, 110_007, 110_011, 110_012, 110_014, 110_044, 110_045, 110_051, 110_052, 110_053]),
            (DuplicateClientId, &[110_072]),
            (UnknownOrder, &[110_001, 110_008, 110_010, 110_019]),
            (NoChangeNeeded, &[110_025, 110_026, 110_027, 110_043, 34040]),
            (WouldTrigger, &[110_092, 110_093]),
            (NoPosition, &[110_017, 110_034]),
            (Maintenance, &[110_022, 110_023, 110_042]),
            (Maintenance, &[110_063, 110_074, 110_095, 110_096, 110_097, 110_098, 30228]),
            (MinNotional, &[110_094]),
            (PriceBand, &[110_003, 110_120, 110_121, 30208, 30209, 110_118]),
            (Leverage, &[110_013, 110_086, 110_087, 110_090, 30135, 110_021, 110_089, 3_400_139]),
            (Credentials, &[10003, 10004, 10005, 10007, 33004, 10008, 10028]),
            (AccountRestricted, &[10009, 10024, 10027, 110_066, 110_132, 110_123, 110_125]),
            (IpNotAllowed, &[10010]),
            (ClockSkew, &[10002, -1]),
            (SymbolUnknown, &[10029]),
            (SettingBlocked, &[110_024, 110_028, 110_029, 110_036, 110_038, 110_073, 3_400_045]),
            (TooManyOrders, &[110_009, 110_020, 110_061]),
            (rate_limited(WINDOW_MS), &[10006, 429]),
            (Banned { until: NOW + BAN_MS }, &[10018]),
            (BadRequest, &[10001]),
            (Other, &[110_015, 999_999, 7]),
        ]);
    }

    #[test]
    fn the_catch_all_code_is_told_apart_by_its_words() {
        BENCH.assert_words(&[
            (10001, "position idx not match position mode", Reason::PositionMode),
            (10001, "Qty invalid", Reason::Precision),
            (10001, "The number of contracts exceeds maximum limit allowed: too large", Reason::MaxSize),
            (10001, "The number of contracts exceeds minimum limit allowed", Reason::MinSize),
            (10001, "params error: symbol invalid ETHUSD", Reason::SymbolUnknown),
            (10001, "StopLoss:215000000 set for Buy position should lower than base_price:214100000??LastPrice", Reason::WouldTrigger),
            (
                10001,
                "StopLoss:211.5 set for Buy position should be between liq_price:212 and base_price:214.1??LastPrice",
                Reason::PriceBand,
            ),
            (10001, "can not set tp/sl/ts for zero position", Reason::NoPosition),
            (10001, "Request parameter error.", Reason::BadRequest),
        ]);
    }

    #[test]
    fn one_order_of_a_batch_fails_like_a_whole_answer() {
        let error = BENCH.change(200, r#"{"code":110007,"msg":"ab not enough for new order"}"#);
        assert_eq!(error.reason(), Some(Reason::InsufficientBalance));
        BENCH.assert_passes(&[r#"{"code":0,"msg":"OK"}"#]);
        assert!(is_unknown(&BENCH.change(200, r#"{"code":10016,"msg":"Internal error"}"#)));
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for code in [10000, 10016, 110_079, 10014] {
            BENCH.assert_unsure(200, code, "words");
        }
        for (status, code) in [(500, 110_007), (500, 0), (404, 0)] {
            BENCH.assert_unsure(status, code, "words");
        }
        BENCH.assert_strangers_say_nothing();
        // Left to whoever reads it.
        BENCH.assert_passes(&[PAGE]);
    }

    #[test]
    fn limits_and_bans_say_until_when_in_our_clock() {
        let many = r#"{"retCode":10006,"retMsg":"Too many visits!"}"#;
        let until = |offset_ms, limit_resets_at, status, body: &str| {
            BENCH.failed(&Attempt { offset_ms, ..CHANGE }, &Failure { limit_resets_at, ..answer(status, body) }).reason()
        };
        let cases = [
            (0, Some(NOW + 300), 200, many, rate_limited(300)),
            (20_000, Some(NOW + 20_300), 200, many, rate_limited(300)),
            (-20_000, Some(NOW - 19_700), 429, "", rate_limited(300)),
            (0, Some(NOW - 5), 200, many, rate_limited(WINDOW_MS)),
            (0, None, 429, "<html>", rate_limited(WINDOW_MS)),
            (0, None, 429, r#"{"retCode":0,"retMsg":""}"#, rate_limited(WINDOW_MS)),
            (0, Some(Millis::MAX), 200, many, rate_limited(BAN_MS)),
        ];
        for (offset_ms, resets_at, status, body, reason) in cases {
            assert_eq!(until(offset_ms, resets_at, status, body), Some(reason), "{offset_ms} {resets_at:?} {status} {body}");
        }
        let banned = Some(Reason::Banned { until: NOW + BAN_MS });
        for body in ["403, access too frequent", r#"{"retCode":403,"retMsg":"Access too frequent, please try again in 5 minutes"}"#] {
            assert_eq!(until(0, None, 403, body), banned, "{body}");
        }
        // A page without those words: for a read, it must be taken for the same; an order may have passed before it.
        assert_eq!(BENCH.question(403, "<html>").reason(), banned);
        let region = "<html>The distribution is configured to block access from your country.</html>";
        assert_eq!(BENCH.change(403, region).reason(), Some(Reason::IpNotAllowed));
        assert_eq!(BENCH.question(401, "").reason(), Some(Reason::Credentials));
    }

    #[test]
    fn a_margin_mode_that_cannot_be_set_says_why() {
        let body = r#"{"retCode":3400045,"retMsg":"Set margin mode failed","result":{"reasons":[
            {"reasonCode":"3400000","reasonMsg":"Equity needs to be equal to or greater than 1000 USDC"},{"reasonCode":"3400093","reasonMsg":"open orders"}]}}"#;
        let error = BENCH.change(200, body);
        assert_eq!(error.reason(), Some(Reason::SettingBlocked));
        assert!(error.to_string().contains("1000 USDC (3400000), open orders (3400093)"), "{error}");
    }

    /// The bodies another client's authors collected: each has a class of its own, none falls through.
    #[test]
    fn every_listed_error_body_maps_to_a_class() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/bybit_vectors.json")).unwrap();
        let listed = vectors["error_probes"].as_array().unwrap();
        assert_eq!(listed.len(), 28);
        for case in listed {
            let error = BENCH.change(200, &case["response"].to_string());
            assert_ne!(error.reason(), Some(Reason::Other), "{case}");
            assert_eq!(is_unknown(&error), case["response"]["retCode"] == 10016, "{case}: {error}");
        }
    }
}
