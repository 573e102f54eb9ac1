//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Most failures come with status 200 and a code that is not zero. A few codes are shared by faults of all kinds, told
//! apart by their words. An endpoint that gave the same error too often is closed for a while, and the end of that
//! stands in the text. A code that says what is wrong is a refusal; one that does not, with words of a time-out or the
//! advice to try again, leaves open what happened. An answer that is not the exchange's own (a gateway's page, half an
//! answer) says nothing about the order.

use serde::Deserialize;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason, Refusal};
use crate::exchange::numbers::integer;
use crate::market::{Millis, SECOND_MS};

/// What is waited at a limit without a named end; the account's patience doubles it.
const LIMIT_MS: Millis = SECOND_MS;
/// What is waited after too many wrong requests: minutes, says the exchange.
const BAN_MS: Millis = 120 * SECOND_MS;
/// A later end is a misunderstanding.
const WAIT_MAX_MS: Millis = 3600 * SECOND_MS;
/// Digits of a time in milliseconds.
const TIME_DIGITS: usize = 13;

/// The frame of every answer.
#[derive(Deserialize)]
struct Envelope {
    #[serde(deserialize_with = "integer")]
    code: i64,
    #[serde(default)]
    msg: Option<String>,
}

/// What a failed answer says about the order; `None` when it is no failure.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
    if failure.status == 200 && envelope.as_ref().is_none_or(|envelope| envelope.code == 0) {
        return None;
    }
    Some(match envelope {
        Some(Envelope { code, msg }) => coded(attempt, failure, code, &msg.unwrap_or_default()),
        None => uncoded(attempt, failure),
    })
}

/// An answer of the exchange's own.
fn coded(attempt: &Attempt, failure: &Failure<'_>, code: i64, text: &str) -> ExchangeError {
    let refused = |reason| refusal(reason, code, text);
    let text_in_small = text.to_ascii_lowercase();
    match (failure.status, code) {
        (418, _) | (_, 109_429) => refused(Reason::Banned { until: end_of(attempt, failure, text, BAN_MS) }),
        // Whatever code comes with it, that status is about all requests.
        (429, _) => refusal(Reason::RateLimited { until: end_of(attempt, failure, text, LIMIT_MS) }, 429, text),
        (_, 100_410) => refused(Reason::RateLimited { until: end_of(attempt, failure, text, LIMIT_MS) }),
        (status, code) if code == 0 || status >= 500 || is_unsure(code, &text_in_small) => {
            // A read changes nothing: "failed" is then all there is to know.
            if attempt.changes { attempt.unknown(describe(status, &code.to_string(), text)) } else { refused(Reason::Busy) }
        }
        _ => refused(reason_of(code, text)),
    }
}

/// What stands before the exchange: its gateway, mostly.
fn uncoded(attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
    let refused = |reason| refusal(reason, failure.status, "");
    match failure.status {
        418 => refused(Reason::Banned { until: end_of(attempt, failure, "", BAN_MS) }),
        429 => refused(Reason::RateLimited { until: end_of(attempt, failure, "", LIMIT_MS) }),
        status => attempt.unknown(describe(status, "", "")),
    }
}

/// Codes after which the order must be asked for: "busy" was seen as the answer to an order that was there already.
fn is_unsure(code: i64, text: &str) -> bool {
    let says = |words: &str| text.contains(words);
    match code {
        // The last one: the account's assets are being processed.
        100_500 | 109_500 | 110_500 | 101_500 | 80_012 | 80_001 => true,
        _ if says("system is busy") => true,
        _ if says("timeout") || says("timed out") || says("try again") => {
            matches!(reason_of(code, text), Reason::Other | Reason::BadRequest | Reason::Busy)
        }
        _ => false,
    }
}

/// Whether a limit is that of one endpoint only, by the words that come with its code.
pub(super) fn is_of_endpoint(code: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    code == "100410" && (text.contains("endpoint") || text.contains("error code"))
}

/// Whether a refusal says that the order has ended, which it can only have done if it was there.
pub(super) fn has_ended(refusal: &Refusal) -> bool {
    matches!(refusal.code.as_str(), "80018" | "109422")
}

/// When a limit ends, in our clock: the last time named in the text, which is of the exchange's clock, else the usual wait.
fn end_of(attempt: &Attempt, failure: &Failure<'_>, text: &str, usual_ms: Millis) -> Millis {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == TIME_DIGITS);
    let named = numbers.next_back().and_then(|digits| digits.parse::<Millis>().ok());
    let named = named.map(|end| end.saturating_add_signed(attempt.offset_ms.saturating_neg()));
    let asked = failure.retry_after_s.map(|seconds| failure.now.saturating_add(seconds.saturating_mul(SECOND_MS)));
    let end = named.max(asked).filter(|end| *end > failure.now).unwrap_or(failure.now.saturating_add(usual_ms));
    end.min(failure.now.saturating_add(WAIT_MAX_MS))
}

/// The class of a code. Those that leave the outcome open, limits and bans are not decided here.
pub(super) fn reason_of(code: i64, text: &str) -> Reason {
    match code {
        101_204 | 101_206 | 101_253 | 100_202 | 110_424 => Reason::InsufficientBalance,
        // Other orders that close hold the position: the exchange asks to cancel them.
        101_212 => Reason::InsufficientBalance,
        101_481 | 109_201 => Reason::DuplicateClientId,
        80_016 | 80_018 | 109_421 | 109_422 => Reason::UnknownOrder,
        80_017 | 101_205 | 109_420 | 101_290 | 110_203 => Reason::NoPosition,
        101_202 | 101_485 | 110_422 => Reason::MinSize,
        110_425 if text.to_ascii_lowercase().contains("minimum") => Reason::MinNotional,
        110_425 => Reason::Precision,
        101_211 | 101_460 | 101_461 | 100_440 | 110_402 => Reason::PriceBand,
        101_215 | 110_411..=110_414 => Reason::WouldTrigger,
        110_406 | 110_407 => Reason::AlreadyProtected,
        101_201 | 101_222 | 101_414 | 101_209 | 101_429 | 110_287 | 112_414 => Reason::Leverage,
        // The position limit of an account whose owner is not identified yet.
        101_424 => Reason::Leverage,
        104_103 | 104_108 => Reason::SettingBlocked,
        100_001 | 100_004 | 100_412 | 100_413 => Reason::Credentials,
        100_419 => Reason::IpNotAllowed,
        100_421 if text.to_ascii_lowercase().contains("time") => Reason::ClockSkew,
        100_421 | 109_425 | 100_204 | 109_417 | 109_418 => Reason::SymbolUnknown,
        // Risk control: nothing but a look by the user helps.
        109_403 | 80_020 | 101_515 => Reason::AccountRestricted,
        80_001 => Reason::Busy,
        101_415 | 110_280 | 101_413 | 104_424 => Reason::Maintenance,
        // Funding is being settled, for seconds.
        101_214 => Reason::Maintenance,
        101_419 | 80_013 | 110_206 => Reason::TooManyOrders,
        80_014 | 101_400 | 109_400 | 110_400 => reason_in(code, &text.to_ascii_lowercase()),
        _ => Reason::Other,
    }
}

/// The class behind the codes that are shared by many faults, from their words in small letters.
fn reason_in(code: i64, text: &str) -> Reason {
    let says = |words: &str| text.contains(words);
    if says("order not exist") {
        Reason::UnknownOrder
    } else if says("position not exist") {
        Reason::NoPosition
    } else if says("one-way mode") || says("hedge mode") {
        Reason::PositionMode
    } else if says("positions or pending orders") {
        Reason::SettingBlocked
    } else if says("copy trading signal") {
        Reason::Busy
    } else if says("temporarily disabled") {
        Reason::Maintenance
    } else if says("symbol not exist") || says("not available for trading") {
        Reason::SymbolUnknown
    } else if says("nominal value") {
        Reason::MinNotional
    } else if says("clientorderid") && (code == 101_400 || says("repeated")) {
        Reason::DuplicateClientId
    } else if says("timestamp is invalid") {
        Reason::ClockSkew
    } else {
        Reason::BadRequest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, CHANGE, NOW, PAGE, answer, is_unknown, rate_limited};

    const BENCH: Bench = Bench { judge, statuses: &[200], body };

    fn body(code: i64, msg: &str) -> String {
        serde_json::json!({"code": code, "msg": msg, "data": {}}).to_string()
    }

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class() {
        use Reason::*;
        BENCH.assert_table(&[
            (InsufficientBalance, &[101_204, 101_206, 101_253, 100_202, 110_424, 101_212]),
            (DuplicateClientId, &[101_481, 109_201]),
            (UnknownOrder, &[80_016, 109_421, 80_018, 109_422]),
            (NoPosition, &[80_017, 101_205, 109_420, 101_290, 110_203]),
            (MinSize, &[101_202, 101_485, 110_422]),
            (Precision, &[110_425]),
            (PriceBand, &[101_211, 101_460, 101_461, 100_440, 110_402]),
            (WouldTrigger, &[101_215, 110_411, 110_412, 110_413, 110_414]),
            (AlreadyProtected, &[110_406, 110_407]),
            (Leverage, &[101_201, 101_222, 101_414, 101_209, 101_429, 110_287, 112_414, 101_424]),
            (SettingBlocked, &[104_103, 104_108]),
            (Credentials, &[100_001, 100_412, 100_413, 100_004]),
            (IpNotAllowed, &[100_419]),
            (SymbolUnknown, &[100_421, 109_425, 100_204, 109_417, 109_418]),
            (rate_limited(LIMIT_MS), &[100_410]),
            (Banned { until: NOW + BAN_MS }, &[109_429]),
            (AccountRestricted, &[109_403, 80_020, 101_515]),
            (Maintenance, &[101_415, 110_280, 101_413, 104_424, 101_214]),
            (TooManyOrders, &[101_419, 80_013, 110_206]),
            (BadRequest, &[109_400, 110_400, 80_014, 101_400]),
            (Other, &[999_999, 7, -1]),
        ]);
    }

    #[test]
    fn codes_shared_by_many_faults_are_told_apart_by_their_words() {
        BENCH.assert_words(&[
            (109_400, "In the One-way mode, the 'PositionSide' field can only be set to BOTH", Reason::PositionMode),
            (109_400, "In the Hedge mode, the 'PositionSide' field can only be set to LONG or SHORT", Reason::PositionMode),
            (109_400, "parameter quantity or stopPrice is must", Reason::BadRequest),
            (109_400, "the account has positions or pending orders", Reason::SettingBlocked),
            (109_400, "foo symbol not exist, please verify it", Reason::SymbolUnknown),
            (109_400, "copy trading signal in process", Reason::Busy),
            (109_400, "order not exist", Reason::UnknownOrder),
            (80_014, "timestamp is invalid", Reason::ClockSkew),
            (80_014, "API orders are temporarily disabled", Reason::Maintenance),
            (80_014, "positionSide: This field is required", Reason::BadRequest),
            (80_014, "timestamp: This field is required", Reason::BadRequest),
            (101_400, "the minimum nominal value of the order must be greater than 2u", Reason::MinNotional),
            (101_400, "trading pair is not available for trading", Reason::SymbolUnknown),
            (101_400, "clientOrderID exists already", Reason::DuplicateClientId),
            (109_400, "clientOrderID is too long", Reason::BadRequest),
            (101_481, "clientOrderID cannot be repeated", Reason::DuplicateClientId),
            (100_421, "Null timestamp or timestamp mismatch", Reason::ClockSkew),
            (110_425, "the minimum is 2 USDT", Reason::MinNotional),
        ]);
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for code in [100_500, 109_500, 110_500, 101_500, 80_012] {
            BENCH.assert_unsure(200, code, "words");
        }
        assert!(is_unknown(&BENCH.coded(200, 109_400, "the System is busy")));
        assert!(is_unknown(&BENCH.coded(200, 80_001, "account assets are being processed")));
        for text in ["Request Timeout", "the request timed out", "server error, please Try Again later"] {
            for code in [109_400, 80_014, 999_999] {
                BENCH.assert_unsure(200, code, text);
            }
        }
        // A code that says what is wrong says that nothing happened, whatever its words advise.
        let advice = "The available amount is insufficient. Please cancel your pending orders for this trading pair and try again.";
        assert_eq!(BENCH.coded(200, 101_212, advice).reason(), Some(Reason::InsufficientBalance));
        let late = "timestamp is invalid, timeout";
        assert_eq!(BENCH.coded(200, 80_014, late).reason(), Some(Reason::ClockSkew));
        for (status, code) in [(500, 101_204), (500, 0), (404, 0)] {
            BENCH.assert_unsure(status, code, "margin");
        }
        BENCH.assert_strangers_say_nothing();
        // A page with a good status is left to whoever reads it.
        BENCH.assert_passes(&[PAGE]);
        assert_eq!(BENCH.coded(400, 101_204, "margin").reason(), Some(Reason::InsufficientBalance));
        assert_eq!(BENCH.change(200, r#"{"code":"101204","msg":null}"#).reason(), Some(Reason::InsufficientBalance));
    }

    #[test]
    fn limits_say_until_when_in_our_clock() {
        let closed = |until: Millis| body(100_410, &format!("the endpoint is in the disabled period and will be unblocked after {until}"));
        let repeated =
            format!("over 20 error code:100202 requests within 480000 ms, first {}, can retry after time: {}", NOW - 480_000, NOW + 60_000);
        let banned = |until| Reason::Banned { until };
        let cases = [
            (0, 200, closed(NOW + 5000), rate_limited(5000)),
            (20_000, 200, closed(NOW + 25_000), rate_limited(5000)),
            (-20_000, 200, closed(NOW - 15_000), rate_limited(5000)),
            (0, 200, body(100_410, &repeated), rate_limited(60_000)),
            (0, 429, body(0, ""), rate_limited(LIMIT_MS)),
            (0, 429, "<html>".to_owned(), rate_limited(LIMIT_MS)),
            (0, 200, closed(NOW - 5), rate_limited(LIMIT_MS)),
            (0, 200, closed(9_999_999_999_999), rate_limited(WAIT_MAX_MS)),
            (0, 200, body(100_410, "try again in 99999999999999999 ms"), rate_limited(LIMIT_MS)),
            (0, 418, String::new(), banned(NOW + BAN_MS)),
            (0, 418, closed(NOW + 5000), banned(NOW + 5000)),
        ];
        for (offset_ms, status, text, reason) in cases {
            let error = BENCH.failed(&Attempt { offset_ms, ..CHANGE }, &answer(status, &text));
            assert_eq!(error.reason(), Some(reason), "{offset_ms} {status} {text}");
        }
    }
}
