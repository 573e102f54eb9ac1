//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Failures come with status 200 and a code that is not zero; single orders of a batch, and single cancels, fail in the
//! same shape. Few codes are documented, so a few classes are told by the words, and an unknown code is a refusal. An
//! answer that is not the exchange's own (a gateway's page, half an answer) says nothing about the order.

use serde::Deserialize;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::integer;
use crate::market::{Millis, SECOND_MS};

/// Limits are counted by the second, and no header says when one ends.
const WINDOW_MS: Millis = SECOND_MS;
/// A longer wait asked for by a gateway is a misunderstanding.
const WAIT_MAX_MS: Millis = 600 * SECOND_MS;
/// An order that may not rest found nobody to trade with.
const UNFILLED: i64 = 3621;

/// The frame of every answer, and of every element of a batch.
#[derive(Debug, Deserialize)]
struct Envelope {
    #[serde(deserialize_with = "integer")]
    code: i64,
    #[serde(default)]
    message: String,
}

/// What a failed answer says about the order; `None` when it is no failure.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
    if failure.status == 200 && envelope.as_ref().is_none_or(|envelope| envelope.code == 0) {
        return None;
    }
    Some(match envelope {
        Some(envelope) => coded(attempt, failure, envelope.code, &envelope.message),
        None if failure.status == 429 => refusal(limited(failure), failure.status, "too many requests"),
        None => attempt.unknown(describe(failure.status, "", "")),
    })
}

/// An answer of the exchange's own.
fn coded(attempt: &Attempt, failure: &Failure<'_>, code: i64, text: &str) -> ExchangeError {
    let refused = |reason| refusal(reason, code, text);
    let words = text.to_ascii_lowercase();
    if matches!(code, 4123 | 4213) || failure.status == 429 {
        return refused(limited(failure));
    }
    // Around the time of funding; whatever the code, nothing was done.
    if code != 0 && failure.status < 500 && words.contains("funding fee settlement") {
        return refused(Reason::Maintenance);
    }
    if code == 0 || is_unsure(code) || failure.status >= 500 {
        // A read changes nothing: "failed" is then all there is to know.
        return if attempt.changes { attempt.unknown(describe(failure.status, &code.to_string(), text)) } else { refused(Reason::Busy) };
    }
    refused(reason_of(code, &words))
}

fn limited(failure: &Failure<'_>) -> Reason {
    failure.limited(WINDOW_MS, WINDOW_MS..=WAIT_MAX_MS)
}

/// Codes after which the order must be asked for: time-outs, and failures nobody says the end of. The short ones are of
/// the older generation, which still comes through.
fn is_unsure(code: i64) -> bool {
    matches!(code, 3008 | 4001..=4003 | 35 | 36)
}

/// The class of a code and its words in lower case. Those that leave the outcome open, and limits, are not decided here.
fn reason_of(code: i64, words: &str) -> Reason {
    match code {
        3109 | 107 => Reason::InsufficientBalance,
        3127 => Reason::MinSize,
        3600 => Reason::UnknownOrder,
        3606 | 3615..=3619 | 3632..=3635 | UNFILLED => Reason::PriceBand,
        _ if is_thin(code) => Reason::PriceBand,
        // Call auctions, and the time of protection in which only makers are let in.
        3157 | 3610 | 3612..=3614 | 3638 => Reason::Maintenance,
        3622 => Reason::WouldTrigger,
        4005 | 4006 | 4008 | 24 | 25 | 4512 | 158 => Reason::Credentials,
        4007 | 23 => Reason::IpNotAllowed,
        4010 | 4017 | 227 => Reason::ClockSkew,
        4011 | 4018 | 4115 | 4117 | 4130 | 4158 | 4159 => Reason::AccountRestricted,
        4004 | 4009 => Reason::BadRequest,
        _ => reason_in(words).unwrap_or(if code == 3639 { Reason::BadRequest } else { Reason::Other }),
    }
}

/// Codes of a book that is too thin for the quantity.
fn is_thin(code: i64) -> bool {
    matches!(code, 3620 | 3627..=3629)
}

/// Whether the book was too thin for the order. It was not placed.
pub(super) fn is_too_thin(error: &ExchangeError) -> bool {
    code_of(error).is_some_and(is_thin)
}

/// Whether the order reached too far, in price or quantity. It was not placed; one that found nobody reached far enough.
pub(super) fn is_too_far(error: &ExchangeError) -> bool {
    error.reason() == Some(Reason::PriceBand) && code_of(error) != Some(UNFILLED)
}

fn code_of(error: &ExchangeError) -> Option<i64> {
    if let ExchangeError::Refused(refusal) = error { refusal.code.parse().ok() } else { None }
}

/// What the words tell where the code does not. The code of a close or a stop without a position is documented nowhere.
fn reason_in(words: &str) -> Option<Reason> {
    let says = |part: &str| words.contains(part);
    let missing = says("not found") || says("not exist");
    if missing && says("order") {
        Some(Reason::UnknownOrder)
    } else if missing && says("market") {
        Some(Reason::SymbolUnknown)
    } else if says("no position") || missing && says("position") {
        Some(Reason::NoPosition)
    } else if says("leverage") {
        Some(Reason::Leverage)
    } else if says("precision") || says("decimal") {
        Some(Reason::Precision)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, PAGE, rate_limited};

    const BENCH: Bench = Bench { judge, statuses: &[200], body };

    fn body(code: i64, message: &str) -> String {
        serde_json::json!({"code": code, "data": {}, "message": message}).to_string()
    }

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class() {
        use Reason::*;
        BENCH.assert_table(&[
            (InsufficientBalance, &[3109, 107]),
            (MinSize, &[3127]),
            (UnknownOrder, &[3600]),
            (PriceBand, &[3606, 3615, 3616, 3617, 3618, 3619, 3621, 3632, 3633, 3634, 3635, 3627, 3628, 3629, 3620]),
            (Maintenance, &[3610, 3612, 3613, 3614, 3638, 3157]),
            (WouldTrigger, &[3622]),
            (BadRequest, &[3639, 4004, 4009]),
            (Credentials, &[4005, 24, 25, 4006, 4008, 4512, 158]),
            (IpNotAllowed, &[4007, 23]),
            (ClockSkew, &[4010, 4017, 227]),
            (AccountRestricted, &[4011, 4018, 4115, 4117, 4130, 4158, 4159]),
            (rate_limited(WINDOW_MS), &[4123, 4213]),
            (Other, &[3999, 7, -1]),
        ]);
        let all = |is: fn(&ExchangeError) -> bool| (3600..3700).filter(|code| is(&BENCH.coded(200, *code, "words"))).collect::<Vec<i64>>();
        assert_eq!(all(is_too_thin), [3620, 3627, 3628, 3629]);
        assert_eq!(all(is_too_far), [3606, 3615, 3616, 3617, 3618, 3619, 3620, 3627, 3628, 3629, 3632, 3633, 3634, 3635]);
    }

    #[test]
    fn words_tell_what_codes_do_not() {
        BENCH.assert_words(&[
            (3639, "market ETHUSD not found", Reason::SymbolUnknown),
            (3639, "invalid leverage", Reason::Leverage),
            (3639, "amount precision error", Reason::Precision),
            (3639, "invalid argument", Reason::BadRequest),
            (3101, "order not exists", Reason::UnknownOrder),
            (3102, "Order not found", Reason::UnknownOrder),
            (3103, "position not exist", Reason::NoPosition),
            (3104, "No position to close", Reason::NoPosition),
            (4001, "Service is not available during funding fee settlement", Reason::Maintenance),
            (3105, "Service is not available during funding fee settlement", Reason::Maintenance),
        ]);
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for code in [3008, 4001, 35, 4002, 36, 4003] {
            BENCH.assert_unsure(200, code, "words");
        }
        for (status, code) in [(500, 3109), (500, 0), (404, 0)] {
            BENCH.assert_unsure(status, code, "words");
        }
        BENCH.assert_strangers_say_nothing();
        // A page with a good status is left to whoever reads it.
        BENCH.assert_passes(&[PAGE, &body(0, "OK")]);
        assert_eq!(BENCH.coded(400, 3109, "balance not enough").reason(), Some(Reason::InsufficientBalance));
    }

    #[test]
    fn limits_are_waited_for_a_second_or_as_long_as_is_asked() {
        let many = body(4213, "too many requests");
        BENCH.assert_limits(&[
            (200, None, &many, rate_limited(1000)),
            (429, None, "<html>", rate_limited(1000)),
            (429, Some(7), "", rate_limited(7000)),
            (429, Some(0), &body(0, ""), rate_limited(1000)),
            (200, Some(u64::MAX), &many, rate_limited(WAIT_MAX_MS)),
        ]);
    }
}
