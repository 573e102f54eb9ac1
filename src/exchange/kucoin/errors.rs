//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Failures come with status 200 as well as with others: the code decides, and some codes need their text. One order of a
//! batch fails in the shape of a whole answer, inside an answer that is a success. An answer that is not the exchange's
//! own (a gateway's page, half an answer) says nothing about the order.

use serde::Deserialize;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::integer;
use crate::market::{Millis, SECOND_MS};

/// The code of everything that is no failure.
const SUCCESS: i64 = 200_000;
/// The key is not known, or of another version.
const UNKNOWN_KEY: i64 = 400_003;
/// The passphrase is wrong, or signed for another version.
const WRONG_PHRASE: i64 = 400_004;
/// A pool of requests is filled anew this often: what is waited when nothing else is said.
const POOL_MS: Millis = 30 * SECOND_MS;
/// How long the host's gateway locks an address out.
const EDGE_MS: Millis = 30 * SECOND_MS;
/// How long a single path is to be left alone.
const PATH_MS: Millis = 10 * SECOND_MS;
/// A longer wait is a misunderstanding.
const WAIT_MAX_MS: Millis = 3600 * SECOND_MS;
/// What the gateway writes where it locks an address out.
const EDGE_WORDS: &str = "error code: 1015";

/// The frame of every answer, and of the verdict on one order of a batch.
#[derive(Deserialize)]
struct Envelope {
    #[serde(deserialize_with = "integer")]
    code: i64,
    msg: Option<String>,
}

/// What a failed answer says about the order; `None` when it is no failure of the call, but maybe of orders inside.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    match serde_json::from_slice::<Envelope>(failure.body) {
        Ok(envelope) if failure.status == 200 && envelope.code == SUCCESS => None,
        Ok(envelope) => Some(failed(attempt, failure, envelope.code, envelope.msg.as_deref().unwrap_or_default())),
        Err(_) => (failure.status != 200).then(|| unreadable(attempt, failure)),
    }
}

/// Not the exchange's own words.
fn unreadable(attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
    let locked_out = || String::from_utf8_lossy(failure.body).to_ascii_lowercase().contains(EDGE_WORDS);
    match failure.status {
        429 => refusal(limited(failure), "", "too many requests"),
        403 if locked_out() => refusal(banned(failure), "1015", "this address is locked out"),
        status => attempt.unknown(describe(status, "", "")),
    }
}

fn failed(attempt: &Attempt, failure: &Failure<'_>, code: i64, text: &str) -> ExchangeError {
    let reason = match code {
        429_000 => limited(failure),
        1_015 => banned(failure),
        200_002 => Reason::RateLimited { until: failure.now.saturating_add(PATH_MS) },
        _ if failure.status == 429 => limited(failure),
        _ => reason_of(code, text),
    };
    if is_unsure(code) || failure.status >= 500 && reason == Reason::Other {
        // A read changes nothing: "failed" is then all there is to know.
        return match attempt.changes {
            true => attempt.unknown(describe(failure.status, &code.to_string(), text)),
            false => refusal(Reason::Busy, code, text),
        };
    }
    match advice(code) {
        "" => refusal(reason, code, text),
        advice => refusal(reason, code, &format!("{}: {advice}", text.trim_end_matches('.'))),
    }
}

/// Codes after which the order must be asked for. The first one comes here with a status that contradicts it.
fn is_unsure(code: i64) -> bool {
    matches!(code, SUCCESS | 500_000 | 408_000)
}

fn limited(failure: &Failure<'_>) -> Reason {
    failure.limited(POOL_MS, SECOND_MS..=WAIT_MAX_MS)
}

fn banned(failure: &Failure<'_>) -> Reason {
    Reason::Banned { until: failure.now.saturating_add(EDGE_MS) }
}

/// The class of a code. Those that leave the outcome open, and limits, are not decided here.
fn reason_of(code: i64, text: &str) -> Reason {
    match code {
        _ if text.contains("exist.order.or.position") => Reason::SettingBlocked,
        50_002 => Reason::SettingBlocked,
        100_001 | 300_000 | 400_000 | 400_100 => bad_parameter(text),
        100_004 => Reason::UnknownOrder,
        200_005 | 300_003 | 330_008 => Reason::InsufficientBalance,
        300_018 => Reason::DuplicateClientId,
        300_009 | 300_010 => Reason::NoPosition,
        // The last two: nobody stands on the other side of the book.
        300_006 | 300_007 | 300_011 | 300_012 | 300_008 | 300_013 => Reason::PriceBand,
        300_005 | 300_016 => Reason::Leverage,
        300_001 | 300_004 => Reason::TooManyOrders,
        330_005 | 330_011 | 330_012 => Reason::PositionMode,
        400_001 | UNKNOWN_KEY | WRONG_PHRASE | 400_005 | 400_007 => Reason::Credentials,
        // Frozen, of a region or person that may not trade, or not of the kind that has what was asked for.
        411_100 | 40_010 | 400_303 | 112_010 => Reason::AccountRestricted,
        400_006 => Reason::IpNotAllowed,
        400_002 => Reason::ClockSkew,
        300_014 => Reason::Busy,
        // Not there, suspended or in settlement. That may last, and other contracts trade on: for maintenance the whole
        // account would be held back.
        100_003 | 200_003 | 400_600 | 300_002 | 300_015 => Reason::SymbolUnknown,
        404_000 if names(text, &["symbol", "contract"]) => Reason::SymbolUnknown,
        404_000 => Reason::BadRequest,
        _ => Reason::Other,
    }
}

/// Codes for whatever is wrong with a request: the text tells.
fn bad_parameter(text: &str) -> Reason {
    let text = text.to_ascii_lowercase();
    let quantity = names(&text, &["lot", "size", "quantity", "qty", "amount"]);
    match () {
        () if is_about_no_order(&text) => Reason::UnknownOrder,
        () if names(&text, &["clientoid"]) && names(&text, &["dup", "exist", "repeat", "used"]) => Reason::DuplicateClientId,
        () if names(&text, &["leverage"]) => Reason::Leverage,
        () if quantity && names(&text, &["minim", " min ", "less than", "too small", "at least"]) => Reason::MinSize,
        () if quantity && names(&text, &["maxim", " max ", "exceed", "greater than", "too large"]) => Reason::MaxSize,
        () if quantity || names(&text, &["price", "tick", "precision", "increment", "multiple"]) => Reason::Precision,
        () => Reason::BadRequest,
    }
}

/// That there is no such order is spelled in many ways. `error.createOrder.symbolNotExist` is none of them.
fn is_about_no_order(text: &str) -> bool {
    let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
    let missing = ["notexist", "doesntexist", "notfound"];
    let directly = ["order", "orderis", "orderdoes", "orders", "ordersdo", "ordersare"];
    let order = || missing.iter().any(|end| directly.iter().any(|start| letters.contains(&format!("{start}{end}"))));
    letters.contains("clientoid") && names(&letters, &missing) || order()
}

fn names(text: &str, words: &[&str]) -> bool {
    let text = text.to_ascii_lowercase();
    words.iter().any(|word| text.contains(word))
}

/// Whether a call may have been refused for the version of its key.
pub(super) fn doubts_version(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Refused(refusal) if [UNKNOWN_KEY, WRONG_PHRASE].iter().any(|code| refusal.code == code.to_string()))
}

/// What only the account's owner can do about it.
fn advice(code: i64) -> &'static str {
    match code {
        UNKNOWN_KEY | WRONG_PHRASE => "key, secret and passphrase must be of one key, of version 2 or 3, made for futures",
        400_007 => "give the key the permission for futures trading",
        112_010 => "this is a classic account, of which was asked what only unified ones have",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, NOW, rate_limited};
    use serde_json::json;

    const BENCH: Bench = Bench { judge, statuses: &[200, 400], body };

    fn body(code: i64, msg: &str) -> String {
        json!({"code": code.to_string(), "msg": msg}).to_string()
    }

    /// Every code of the exchange's that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class_whatever_the_status() {
        use Reason::*;
        BENCH.assert_table(&[
            (InsufficientBalance, &[300_003, 330_008, 200_005]),
            (DuplicateClientId, &[300_018]),
            (UnknownOrder, &[100_004]),
            (NoPosition, &[300_009, 300_010]),
            (PriceBand, &[300_011, 300_012, 300_006, 300_007, 300_008, 300_013]),
            (Leverage, &[300_016, 300_005]),
            (TooManyOrders, &[300_001, 300_004]),
            (PositionMode, &[330_005, 330_011, 330_012]),
            (SettingBlocked, &[50_002]),
            (Credentials, &[400_001, 400_003, 400_004, 400_005, 400_007]),
            (AccountRestricted, &[411_100, 40_010, 400_303, 112_010]),
            (IpNotAllowed, &[400_006]),
            (ClockSkew, &[400_002]),
            (rate_limited(30_000), &[429_000]),
            (rate_limited(10_000), &[200_002]),
            (Banned { until: NOW + 30_000 }, &[1_015]),
            (Busy, &[300_014]),
            (SymbolUnknown, &[400_600, 100_003, 200_003, 300_002, 300_015]),
            (BadRequest, &[100_001, 300_000, 400_100, 400_000, 404_000]),
            (Other, &[999_999, 7]),
        ]);
        assert!(BENCH.coded(200, 400_003, "KC-API-KEY not exists").to_string().contains("of one key"));
        // Said to classic accounts: it is no sign of a unified one.
        assert!(BENCH.coded(200, 112_010, "words").to_string().contains("this is a classic account"));
    }

    #[test]
    fn some_codes_need_their_text() {
        use Reason::*;
        BENCH.assert_words(&[
            (100_001, "error.getOrder.orderNotExist", UnknownOrder),
            (400_100, "order_not_exist_or_not_allow_to_cancel", UnknownOrder),
            (100_001, "The order does not exist.", UnknownOrder),
            (400_100, "order not found", UnknownOrder),
            (400_100, "clientOid a-1 does not exist", UnknownOrder),
            (100_001, "error.getOrder.clientOidNotExist", UnknownOrder),
            (300_000, "error.createOrder.symbolNotExist", BadRequest),
            (400_100, "clientOid duplicate", DuplicateClientId),
            (400_100, "The clientOid already exists", DuplicateClientId),
            (400_100, "The same clientOid was used already", DuplicateClientId),
            (100_001, "Quantity parameter cannot be less than the minimum 1 lot", MinSize),
            (300_000, "The order size exceeds the maximum", MaxSize),
            (400_100, "The parameter shall follow the tick size rule", Precision),
            (100_001, "price invalid: 1900.001", Precision),
            (100_001, "Leverage parameter invalid.", Leverage),
            (300_000, "error.createOrder.stopInvalid", BadRequest),
            (404_000, "Contract symbol not found", SymbolUnknown),
            (50_002, "exist.order.or.position", SettingBlocked),
            (400_100, "exist.order.or.position", SettingBlocked),
        ]);
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for (status, code) in [(200, 500_000), (500, 500_000), (200, 408_000), (503, 999_999), (201, 200_000)] {
            BENCH.assert_unsure(status, code, "words");
        }
        BENCH.assert_strangers_say_nothing();
        // A code that is clear stays so under a status that is not.
        assert_eq!(BENCH.coded(503, 300_003, "too little").reason(), Some(Reason::InsufficientBalance));
    }

    #[test]
    fn limits_say_until_when() {
        let many = body(429_000, "Too many requests");
        BENCH.assert_limits(&[
            (429, None, &many, rate_limited(30_000)),
            (200, Some(4), &many, rate_limited(4000)),
            (429, None, "<html>", rate_limited(30_000)),
            (429, Some(0), "", rate_limited(1000)),
            (429, Some(u64::MAX), &body(999_999, "x"), rate_limited(WAIT_MAX_MS)),
            (403, None, "Error code: 1015", Reason::Banned { until: NOW + 30_000 }),
        ]);
    }

    #[test]
    fn orders_that_failed_are_no_failure_of_a_call_that_was_answered() {
        let batch = json!({"code": "200000", "data": [{"orderId": null, "code": "300003", "msg": "too little"}]}).to_string();
        BENCH.assert_passes(&[&batch, r#"{"code":200000,"msg":null}"#, "{", "[]", ""]);
    }
}
