//! HTTP status and words of a failed call → one of the three families of [`ExchangeError`].
//!
//! Failures come in four shapes: status 200 with a name (`error`); another status with a code and a message (`errors`),
//! 500 among them, which is then a plain refusal; a success whose order or cancel has a `status` that is none; and, for
//! lists of the past, a status with a reason. Names may be followed by `: ` and what they are about.

use serde::Deserialize;
use serde::de::Deserializer;
use serde_json::value::RawValue;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::market::{Millis, SECOND_MS};

/// Limits are counted over ten seconds, and no header says how much is left of them.
const WINDOW_MS: Millis = 10 * SECOND_MS;
/// A longer wait asked for by a gateway is a misunderstanding.
const WAIT_MAX_MS: Millis = 3600 * SECOND_MS;

/// What a status of an order is called whose word is newer than the interface.
const UNTOLD: &str = "unknown";

/// The parts of an answer that say that it is none. What is of another shape is passed over: the rest may still tell.
#[derive(Deserialize)]
struct Envelope {
    #[serde(default, deserialize_with = "text")]
    result: String,
    #[serde(default, deserialize_with = "text")]
    error: String,
    #[serde(default, deserialize_with = "coded")]
    errors: Vec<Coded>,
    /// Of lists of the past.
    #[serde(default, deserialize_with = "text")]
    reason: String,
}

/// A code, zero where the message alone tells.
#[derive(Default)]
struct Coded {
    code: i64,
    message: String,
}

impl Coded {
    /// A code with a message, or the message alone; `None` when it says nothing.
    fn read(element: &RawValue) -> Option<Coded> {
        #[derive(Deserialize)]
        struct Parts {
            code: Option<Box<RawValue>>,
            message: Option<Box<RawValue>>,
        }
        let read = match serde_json::from_str::<Parts>(element.get()) {
            Ok(Parts { code, message }) => Coded {
                code: code.and_then(|code| code.get().trim_matches('"').parse().ok()).unwrap_or(0),
                message: message.map(|message| text_in(&message)).unwrap_or_default(),
            },
            Err(_) => Coded { code: 0, message: text_in(element) },
        };
        (read.code != 0 || !read.message.is_empty()).then_some(read)
    }
}

/// Empty when it is no text.
fn text_in(value: &RawValue) -> String {
    serde_json::from_str(value.get()).unwrap_or_default()
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(text_in(&Box::<RawValue>::deserialize(deserializer)?))
}

fn coded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Coded>, D::Error> {
    let list = Box::<RawValue>::deserialize(deserializer)?;
    let elements: Vec<Box<RawValue>> = serde_json::from_str(list.get()).unwrap_or_default();
    Ok(elements.iter().filter_map(|element| Coded::read(element)).collect())
}

/// What a failed answer says about the order; `None` when it is no failure of the call, but maybe of what it carried.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(failure.body) else {
        return (failure.status != 200).then(|| unreadable(attempt, failure));
    };
    let Envelope { result, error, errors, reason } = envelope;
    let says_so = result == "error" || result.is_empty() && !error.is_empty();
    if failure.status == 200 && !says_so {
        return None;
    }
    let first = errors.into_iter().next().unwrap_or_default();
    let words = [error, first.message, reason].into_iter().find(|words| !words.is_empty()).unwrap_or_default();
    Some(failed(attempt, failure, first.code, &words))
}

/// Not the exchange's own words: a gateway's page, or half an answer.
fn unreadable(attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
    match failure.status {
        429 => refusal(limited(failure), "", "too many requests"),
        401 if !attempt.changes => refusal(Reason::Credentials, "", "HTTP 401"),
        status => attempt.unknown(describe(status, "", "")),
    }
}

fn failed(attempt: &Attempt, failure: &Failure<'_>, code: i64, words: &str) -> ExchangeError {
    let shown = if code == 0 { String::new() } else { code.to_string() };
    let reason = match reason_of(code, words) {
        _ if failure.status == 429 || code == 10 || is(words, "apiLimitExceeded") => limited(failure),
        None if failure.status == 401 => Reason::Credentials,
        // A code is a refusal whatever the status is; a name nobody knows may be the end of anything.
        None if code != 0 || failure.status < 500 && !words.is_empty() && !is_unsure(words) => Reason::Other,
        None if attempt.changes => return attempt.unknown(describe(failure.status, &shown, words)),
        None => Reason::Busy,
        Some(reason) => reason,
    };
    match advice(words) {
        "" => refusal(reason, shown, words),
        advice => refusal(reason, shown, &format!("{words}: {advice}")),
    }
}

/// What a status that is no success says about an order, or about a cancel.
pub(super) fn refused(attempt: &Attempt, status: &str) -> ExchangeError {
    if status.is_empty() || status == UNTOLD || is_unsure(status) {
        return attempt.unknown(format!("the exchange says `{status}` about the order"));
    }
    refusal(reason_of(0, status).unwrap_or(Reason::Other), "", status)
}

/// Names after which the order must be asked for.
fn is_unsure(words: &str) -> bool {
    ["Server Error", "Unavailable", "unknownError"].into_iter().any(|name| is(words, name))
}

/// Names may say after a colon what they are about.
pub(super) fn is(words: &str, name: &str) -> bool {
    name_in(words) == name
}

fn name_in(words: &str) -> &str {
    words.split(':').next().unwrap_or("").trim()
}

fn limited(failure: &Failure<'_>) -> Reason {
    failure.limited(WINDOW_MS, WINDOW_MS..=WAIT_MAX_MS)
}

/// The class of a name, or of a code. Those that leave the outcome open, and limits, are not decided here.
fn reason_of(code: i64, words: &str) -> Option<Reason> {
    Some(match name_in(words) {
        "insufficientAvailableFunds" | "insufficientFunds" | "wouldCauseLiquidation" => Reason::InsufficientBalance,
        "clientOrderIdAlreadyExist" => Reason::DuplicateClientId,
        "notFound" | "orderForEditNotFound" | "orderForEditNotAStop" | "filled" => Reason::UnknownOrder,
        "noOrdersToCancel" => Reason::NoChangeNeeded,
        "wouldNotReducePosition" => Reason::NoPosition,
        "postWouldExecute" => Reason::WouldTrigger,
        "invalidSize" | "tooManySmallOrders" => Reason::MinSize,
        "invalidPrice" | "outsidePriceCollar" | "wouldIncreasePriceDislocation" => Reason::PriceBand,
        "maxPositionViolation" | "fixedLeverageTooHigh" => Reason::Leverage,
        "clientOrderIdInvalid" | "clientOrderIdTooLong" | "clientOrderIdTooBig" => Reason::BadRequest,
        "invalidSide" | "invalidOrderType" | "invalidArgument" | "requiredArgumentMissing" | "Json Parse Error" => Reason::BadRequest,
        "marketSuspended" | "marketInactive" | "marketIsPostOnly" | "marketUnavailable" => Reason::Maintenance,
        "tooManyOrders" => Reason::TooManyOrders,
        "wouldProcessAfterSpecifiedTime" | "nonceBelowThreshold" | "nonceDuplicate" => Reason::ClockSkew,
        "authenticationError" | "accountInactive" | "invalidAccount" | "unauthorized" => Reason::Credentials,
        "contractNotFound" => Reason::SymbolUnknown,
        "selfFill" | "iocWouldNotExecute" => Reason::Other,
        name if name.starts_with("cannotEdit") => Reason::Other,
        _ => return reason_of_code(code),
    })
}

fn reason_of_code(code: i64) -> Option<Reason> {
    match code {
        11 => Some(Reason::BadRequest),
        18 => Some(Reason::Credentials),
        41 | 92 => Some(Reason::InsufficientBalance),
        87 | 88 => Some(Reason::SymbolUnknown),
        _ => None,
    }
}

/// What only the account's owner can do about it.
fn advice(words: &str) -> &'static str {
    match name_in(words) {
        "authenticationError" => "keys of the spot exchange are unknown here: make one for futures, with access to orders",
        "nonceBelowThreshold" | "nonceDuplicate" => "another program uses this key with a nonce: make a key for this one alone",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, CHANGE, PAGE, is_unknown, rate_limited};
    use serde_json::json;

    const BENCH: Bench = Bench { judge, statuses: &[200, 400, 500], body: coded };

    fn named(name: &str) -> String {
        json!({"result": "error", "error": name, "serverTime": "2023-11-14T22:13:20.000Z"}).to_string()
    }

    fn coded(code: i64, message: &str) -> String {
        json!({"status": "INTERNAL_SERVER_ERROR", "result": "error", "errors": [{"code": code, "message": message}]}).to_string()
    }

    /// Every name of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_name_has_its_class_in_calls_and_in_orders() {
        use Reason::*;
        let table: &[(Reason, &[&str])] = &[
            (InsufficientBalance, &["insufficientAvailableFunds", "insufficientFunds", "wouldCauseLiquidation"]),
            (DuplicateClientId, &["clientOrderIdAlreadyExist"]),
            (BadRequest, &["clientOrderIdInvalid", "clientOrderIdTooLong", "clientOrderIdTooBig"]),
            (
                BadRequest,
                &["invalidSide", "invalidOrderType", "invalidArgument: limitPrice", "requiredArgumentMissing: size", "Json Parse Error"],
            ),
            (UnknownOrder, &["notFound", "orderForEditNotFound", "orderForEditNotAStop", "filled"]),
            (NoChangeNeeded, &["noOrdersToCancel"]),
            (NoPosition, &["wouldNotReducePosition"]),
            (WouldTrigger, &["postWouldExecute"]),
            (MinSize, &["invalidSize", "tooManySmallOrders"]),
            (PriceBand, &["invalidPrice", "outsidePriceCollar", "wouldIncreasePriceDislocation"]),
            (Leverage, &["maxPositionViolation", "fixedLeverageTooHigh"]),
            (Maintenance, &["marketSuspended", "marketInactive", "marketIsPostOnly", "marketUnavailable"]),
            (TooManyOrders, &["tooManyOrders"]),
            (ClockSkew, &["wouldProcessAfterSpecifiedTime", "nonceBelowThreshold", "nonceDuplicate"]),
            (Credentials, &["authenticationError", "accountInactive", "invalidAccount"]),
            (SymbolUnknown, &["contractNotFound"]),
            (Other, &["selfFill", "iocWouldNotExecute", "cannotEditOrder", "somethingNew"]),
        ];
        for (reason, names) in table {
            for name in *names {
                let error = BENCH.change(200, &named(name));
                assert_eq!(error.reason(), Some(*reason), "{name}: {error}");
                assert!(error.to_string().contains(name), "{error}");
                assert_eq!(refused(&CHANGE, name).reason(), Some(*reason), "{name}");
            }
        }
    }

    #[test]
    fn a_code_is_a_refusal_whatever_the_status_is() {
        for (code, reason) in [
            (11, Reason::BadRequest),
            (18, Reason::Credentials),
            (41, Reason::InsufficientBalance),
            (92, Reason::InsufficientBalance),
            (87, Reason::SymbolUnknown),
            (88, Reason::SymbolUnknown),
            (10, rate_limited(WINDOW_MS)),
            (99, Reason::Other),
        ] {
            for status in BENCH.statuses {
                let error = BENCH.coded(*status, code, "SOME_WORDS");
                assert_eq!(error.reason(), Some(reason), "{code}");
                assert!(error.to_string().contains(&format!("({code}): SOME_WORDS")), "{error}");
            }
        }
        // Without a code the message tells.
        assert_eq!(BENCH.coded(404, 0, "contractNotFound").reason(), Some(Reason::SymbolUnknown));
        assert!(is_unknown(&BENCH.coded(500, 0, "SOMETHING_NEW")));
        let past = json!({"status": "unauthorized", "reason": "wrong key"}).to_string();
        assert_eq!(BENCH.question(401, &past).reason(), Some(Reason::Credentials));
        let spot = BENCH.question(200, &named("authenticationError")).to_string();
        assert!(spot.contains("authenticationError: keys of the spot exchange"), "{spot}");
    }

    #[test]
    fn one_strange_element_does_not_hide_the_rest() {
        let limited = Some(rate_limited(WINDOW_MS));
        for (body, reason) in [
            (r#"{"error":"apiLimitExceeded","errors":["apiLimitExceeded"]}"#, limited),
            (r#"{"errors":["apiLimitExceeded"]}"#, limited),
            (r#"{"result":"error","errors":[{"code":null,"message":"contractNotFound"}]}"#, Some(Reason::SymbolUnknown)),
            (r#"{"result":"error","error":"invalidSize","errors":[{"code":null,"message":null}]}"#, Some(Reason::MinSize)),
            (r#"{"result":"error","errors":[7,null,[],{"code":"92"}]}"#, Some(Reason::InsufficientBalance)),
            (r#"{"result":"error","error":"insufficientFunds","errors":"insufficientFunds"}"#, Some(Reason::InsufficientBalance)),
            (r#"{"result":"error","error":"invalidSize","errors":null}"#, Some(Reason::MinSize)),
            (
                r#"{"result":null,"error":{"name":"x"},"errors":[{"code":87,"message":"CONTRACT_DOES_NOT_EXIST"}]}"#,
                Some(Reason::SymbolUnknown),
            ),
            // The name comes first where both say something.
            (r#"{"result":"error","error":"invalidSize","errors":[{"code":11,"message":"X"}]}"#, Some(Reason::MinSize)),
            (r#"{"result":"error","error":"somethingNew","errors":[{"code":87,"message":"X"}]}"#, Some(Reason::SymbolUnknown)),
        ] {
            let error = BENCH.change(400, body);
            assert_eq!(error.reason(), reason, "{body}: {error}");
        }
        let both = BENCH.change(400, r#"{"error":"somethingNew","errors":[{"code":87,"message":"X"}]}"#).to_string();
        assert!(both.contains("somethingNew") && both.contains("87"), "{both}");
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for name in ["Server Error", "Unavailable", "unknownError", ""] {
            assert!(is_unknown(&BENCH.change(200, &named(name))), "{name}");
            // A read changes nothing: "failed" is then all there is to know.
            assert_eq!(BENCH.question(200, &named(name)).reason(), Some(Reason::Busy), "{name}");
        }
        BENCH.assert_strangers_say_nothing();
        assert_eq!(BENCH.question(401, PAGE).reason(), Some(Reason::Credentials));
        assert!(is_unknown(&BENCH.change(500, &named("somethingNew"))));
        assert!(is_unknown(&BENCH.change(500, r#"{"result":"success"}"#)), "a success must come as one");
        for status in ["", "unknown", "Unavailable"] {
            assert!(is_unknown(&refused(&CHANGE, status)), "{status}");
        }
    }

    #[test]
    fn limits_say_until_when() {
        BENCH.assert_limits(&[
            (200, None, &named("apiLimitExceeded"), rate_limited(10_000)),
            (429, None, "<html>", rate_limited(10_000)),
            (429, Some(30), "", rate_limited(30_000)),
            (429, Some(0), &named("somethingNew"), rate_limited(10_000)),
            (429, Some(u64::MAX), &coded(10, "x"), rate_limited(WAIT_MAX_MS)),
        ]);
    }

    #[test]
    fn what_is_no_failure_of_a_call_is_left_to_whoever_reads_it() {
        let refused = json!({"result": "success", "sendStatus": {"status": "invalidSize"}}).to_string();
        BENCH.assert_passes(&[&refused, r#"{"elements":[],"len":0}"#, r#"{"result":"success"}"#, "<html>", "[]", "{"]);
    }
}
