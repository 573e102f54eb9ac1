//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Nearly everything comes with status 200. A call that was refused names a code of its own; a call that carries orders
//! has the codes 1 (all of them failed) or 2 (some did), and the reason stands with each order. Such an order is judged
//! by the same function: its `sCode` and `sMsg` are read like a call's `code` and `msg`.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::integer;
use crate::market::{Millis, SECOND_MS};

/// All limits are counted over two seconds, and no header says how much is left of them.
const WINDOW_MS: Millis = 2 * SECOND_MS;
/// A longer wait asked for by a gateway is a misunderstanding.
const WAIT_MAX_MS: Millis = 3600 * SECOND_MS;

/// Codes of calls in which all or some orders failed.
const FAILED: std::ops::RangeInclusive<i64> = 1..=2;
/// Leverage cannot be read in portfolio margin mode.
pub(super) const NO_LEVERAGE: &str = "59111";

/// What every answer looks like, and every order in it.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(alias = "sCode", deserialize_with = "integer")]
    code: i64,
    #[serde(default, alias = "sMsg")]
    msg: String,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

/// One order in an answer.
#[derive(Deserialize)]
struct Element {
    #[serde(rename = "sCode", deserialize_with = "integer")]
    code: i64,
    #[serde(default, rename = "sMsg")]
    msg: String,
}

impl Envelope<'_> {
    /// The orders of an answer that says that some of them failed.
    fn failed_orders(&self) -> Vec<Element> {
        let data = self.data.filter(|_| FAILED.contains(&self.code));
        data.and_then(|data| serde_json::from_str(data.get()).ok()).unwrap_or_default()
    }
}

/// What a failed answer says about the order; `None` when it is no failure of the call, but maybe of orders inside.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(failure.body) else {
        return (failure.status != 200).then(|| unreadable(attempt, failure));
    };
    let orders = envelope.failed_orders();
    if failure.status == 200 && (envelope.code == 0 || !orders.is_empty()) {
        return None;
    }
    let first = orders.into_iter().find(|order| order.code != 0);
    let (code, text) = first.map_or((envelope.code, envelope.msg), |order| (order.code, order.msg));
    Some(failed(attempt, failure, code, &text))
}

/// Not the exchange's own words: a gateway's page, or half an answer.
fn unreadable(attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
    match failure.status {
        429 => refusal(limited(failure), "", "too many requests"),
        status => attempt.unknown(describe(status, "", "")),
    }
}

fn failed(attempt: &Attempt, failure: &Failure<'_>, code: i64, text: &str) -> ExchangeError {
    let reason = match code {
        _ if is_unsure(code) => match attempt.changes {
            true => return attempt.unknown(describe(failure.status, &code.to_string(), text)),
            false => Reason::Busy,
        },
        50_011 | 50_040 | 50_061 | 51_113 => limited(failure),
        _ if failure.status == 429 => limited(failure),
        _ => reason_of(code, text),
    };
    if code == 0 || failure.status >= 500 && reason == Reason::Other {
        return attempt.unknown(describe(failure.status, &code.to_string(), text));
    }
    match advice(code, text) {
        "" => refusal(reason, code, text),
        advice => refusal(reason, code, &format!("{}: {advice}", text.trim_end_matches('.'))),
    }
}

/// Codes after which the order must be asked for: time-outs, and failures nobody says the end of.
fn is_unsure(code: i64) -> bool {
    matches!(code, 50_004 | 50_013 | 50_026 | 51_054 | 51_149 | 51_412)
}

fn limited(failure: &Failure<'_>) -> Reason {
    failure.limited(WINDOW_MS, WINDOW_MS..=WAIT_MAX_MS)
}

/// The class of a code. Those that leave the outcome open, and limits, are not decided here.
fn reason_of(code: i64, text: &str) -> Reason {
    match code {
        50_001 | 51_029 | 51_030 => Reason::Maintenance,
        50_102 | 50_112 | 50_036 | 50_037 => Reason::ClockSkew,
        50_110 | 50_121 | 50_035 => Reason::IpNotAllowed,
        50_030 | 50_100 | 50_101 | 50_103..=50_109 | 50_111 | 50_113 | 50_114 | 50_119 | 50_120 => Reason::Credentials,
        50_072 | 51_010 | 51_128 | 59_113 => Reason::AccountRestricted,
        50_071 | 51_016 | 51_065 | 51_068 => Reason::DuplicateClientId,
        51_000 => bad_parameter(text),
        // Not listed yet, suspended, ended or in delivery: other contracts trade on.
        51_001 | 51_015 | 51_021 | 51_022 | 51_027 | 51_028 | 54_072 => Reason::SymbolUnknown,
        51_004 | 51_105..=51_107 | 51_186 | 51_187 | 59_102 => Reason::Leverage,
        51_005 | 51_101 | 51_201..=51_203 => Reason::MaxSize,
        51_006 | 51_031 | 51_116 | 51_135..=51_138 => Reason::PriceBand,
        50_122 | 51_007 | 51_020 | 51_120 => Reason::MinSize,
        51_008 | 51_119 | 51_127 | 51_131 | 51_502 | 59_103 | 59_108 | 59_109 | 59_200 => Reason::InsufficientBalance,
        // A closing order larger than the position is refused as a whole; 51170: the position is on the other side.
        51_023 | 51_058 | 51_112 | 51_134 | 51_148 | 51_169 | 51_170 | 51_205 | 51_206 => Reason::NoPosition,
        51_041 | 59_000 | 59_101 | 59_107 | 59_112 => Reason::SettingBlocked,
        51_046..=51_053 | 51_277..=51_280 | 51_300..=51_308 => Reason::WouldTrigger,
        51_063 | 51_400..=51_402 | 51_410 | 51_503 | 51_603 => Reason::UnknownOrder,
        51_088 => Reason::AlreadyProtected,
        51_121 | 51_150 => Reason::Precision,
        51_102 | 51_103 | 51_174 | 51_261 | 51_299 => Reason::TooManyOrders,
        _ => Reason::Other,
    }
}

/// "Parameter … error": which one is the reason.
fn bad_parameter(text: &str) -> Reason {
    match () {
        () if names(text, |word| word == "posside") => Reason::PositionMode,
        () if names(text, |word| word == "tdmode") => Reason::AccountRestricted,
        () if names(text, |word| word == "sz" || word.ends_with("px")) => Reason::Precision,
        () => Reason::BadRequest,
    }
}

fn names(text: &str, is: impl Fn(&str) -> bool) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| is(&word.to_ascii_lowercase()))
}

/// What only the account's owner can do about it.
fn advice(code: i64, text: &str) -> &'static str {
    match code {
        51_010 => "switch the account to Futures mode by hand, in the exchange's app or on its website",
        50_072 => "use cross margin",
        51_000 if bad_parameter(text) == Reason::AccountRestricted => "the account may not trade with this margin mode; use cross margin",
        59_113 => "the exchange wants the account's owner verified first",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, is_unknown, rate_limited};
    use serde_json::json;

    const BENCH: Bench = Bench { judge, statuses: &[200], body: whole };

    fn whole(code: i64, msg: &str) -> String {
        json!({"code": code.to_string(), "msg": msg, "data": []}).to_string()
    }

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class_in_calls_and_in_orders() {
        use Reason::*;
        let table: &[(Reason, &[i64])] = &[
            (InsufficientBalance, &[51008, 51119, 51127, 51131, 51502, 59200, 59103, 59108, 59109]),
            (DuplicateClientId, &[51016, 51065, 51068, 50071]),
            (UnknownOrder, &[51603, 51400, 51401, 51402, 51410, 51503, 51063]),
            (WouldTrigger, &[51277, 51278, 51279, 51280, 51300, 51301, 51302, 51303, 51304, 51305, 51306, 51307, 51308]),
            (WouldTrigger, &[51046, 51047, 51048, 51049, 51050, 51051, 51052, 51053]),
            (NoPosition, &[51023, 51058, 51112, 51134, 51148, 51169, 51170, 51205, 51206]),
            (MinSize, &[51020, 51120, 51007, 50122]),
            (Precision, &[51121, 51150]),
            (MaxSize, &[51005, 51101, 51201, 51202, 51203]),
            (PriceBand, &[51006, 51116, 51135, 51136, 51137, 51138, 51031]),
            (Leverage, &[51004, 51186, 51187, 59102, 51105, 51106, 51107]),
            (Credentials, &[50100, 50101, 50103, 50104, 50105, 50106, 50107, 50108, 50109, 50111, 50113, 50114, 50119, 50120, 50030]),
            (IpNotAllowed, &[50110, 50121, 50035]),
            (ClockSkew, &[50102, 50112, 50036, 50037]),
            (rate_limited(2000), &[50011, 50040, 50061, 51113]),
            (Maintenance, &[50001, 51029, 51030]),
            (SymbolUnknown, &[51001, 51015, 51022, 51027, 51028, 51021, 54072]),
            (SettingBlocked, &[59000, 51041, 59101, 59107, 59112]),
            (AccountRestricted, &[51010, 50072, 51128, 59113]),
            (AlreadyProtected, &[51088]),
            (TooManyOrders, &[51261, 51299, 51102, 51103, 51174]),
            (BadRequest, &[51000]),
            (Other, &[59111, 51333, 51100, 50024, 99999, 7, 1]),
        ];
        BENCH.assert_table(table);
        for code in table.iter().flat_map(|(_, codes)| *codes) {
            let order = json!({"clOrdId": "x", "sCode": code.to_string(), "sMsg": "some words"}).to_string();
            assert_eq!(BENCH.change(200, &order), BENCH.coded(200, *code, "some words"), "{code}");
        }
    }

    #[test]
    fn some_codes_need_their_text() {
        BENCH.assert_words(&[
            (51000, "Parameter posSide error", Reason::PositionMode),
            (51000, "Parameter tdMode  error", Reason::AccountRestricted),
            (51000, "Parameter sz error", Reason::Precision),
            (51000, "Parameter px error", Reason::Precision),
            (51000, "Parameter slTriggerPx error", Reason::Precision),
            (51000, "Parameter clOrdId error", Reason::BadRequest),
            (51000, "", Reason::BadRequest),
        ]);
        let said = BENCH.coded(200, 51010, "Request unsupported under current account mode.").to_string();
        assert!(said.contains("current account mode: switch the account to Futures mode by hand"), "{said}");
        assert!(BENCH.coded(200, 51000, "Parameter tdMode error").to_string().contains("use cross margin"));
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for code in [50004, 50013, 50026, 51054, 51149, 51412] {
            BENCH.assert_unsure(200, code, "words");
            let nameless = json!({"sCode": code.to_string(), "sMsg": "words"}).to_string();
            assert!(is_unknown(&BENCH.change(200, &nameless)), "{code}");
        }
        BENCH.assert_strangers_say_nothing();
        assert!(is_unknown(&BENCH.coded(500, 59999, "new")));
        assert!(is_unknown(&BENCH.coded(201, 0, "")), "a success must come as one");
        assert_eq!(BENCH.coded(503, 50001, "down").reason(), Some(Reason::Maintenance));
    }

    #[test]
    fn limits_say_until_when() {
        let many = whole(50011, "Too Many Requests");
        BENCH.assert_limits(&[
            (429, None, &many, rate_limited(2000)),
            (200, None, &many, rate_limited(2000)),
            (429, None, "<html>", rate_limited(2000)),
            (429, Some(7), "", rate_limited(7000)),
            (429, Some(0), "", rate_limited(2000)),
            (429, Some(u64::MAX), &whole(99999, "x"), rate_limited(WAIT_MAX_MS)),
        ]);
    }

    #[test]
    fn orders_that_failed_are_no_failure_of_a_call_that_was_answered() {
        let orders = |code: &str, first: &str| {
            json!({"code": code, "msg": "", "data": [{"sCode": first, "sMsg": "a"}, {"sCode": "51008", "sMsg": "b"}]}).to_string()
        };
        BENCH.assert_passes(&[&orders("0", "0"), &orders("1", "51000"), &orders("2", "0"), &whole(0, ""), "{", "[]"]);
        // With another status nobody looks inside: what the first refused order says is the answer.
        assert_eq!(BENCH.change(400, &orders("2", "0")).reason(), Some(Reason::InsufficientBalance));
        for data in [json!(null), json!({}), json!([]), json!([{}]), json!([1])] {
            let body = json!({"code": "1", "msg": "Operation failed", "data": data}).to_string();
            assert_eq!(BENCH.change(200, &body).reason(), Some(Reason::Other), "{body}");
        }
    }

    /// The bodies another client's authors collected: each has a class of its own, none falls through.
    #[test]
    fn every_listed_error_body_maps_to_a_class() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/okx_vectors.json")).unwrap();
        let listed = vectors["error_probes"].as_array().unwrap();
        assert_eq!(listed.len(), 38);
        for case in listed {
            let body = match case["response"]["code"].as_str() {
                Some("1") => &case["response"]["data"][0],
                _ => &case["response"],
            };
            let error = BENCH.change(200, &body.to_string());
            assert_ne!(error.reason(), Some(Reason::Other), "{case}");
            let code = body["code"].as_str().or(body["sCode"].as_str()).unwrap();
            assert_eq!(is_unknown(&error), ["50004", "50013", "50026", "51149"].contains(&code), "{case}: {error}");
        }
    }
}
