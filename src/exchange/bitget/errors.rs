//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! One table for both generations: their codes do not collide. The code in the body decides, whatever the status;
//! business errors come with status 400 as a rule. The exchange re-mapped its codes in October 2025, so old and new ones
//! are known. An answer that is not the exchange's own says nothing about the order.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::market::{Millis, SECOND_MS};

/// Limits of single endpoints are counted by the second.
const LIMIT_MS: Millis = SECOND_MS;
/// The limit of the address needs this long to recover; a later end is a misunderstanding.
const LIMIT_MAX_MS: Millis = 300 * SECOND_MS;

/// The code of a success.
pub(super) const SUCCESS_CODE: &str = "00000";

/// What every answer looks like.
#[derive(Deserialize)]
struct Envelope {
    code: Box<RawValue>,
    msg: Option<String>,
}

/// What a failed answer says about the order; `None` when it is no failure. Batches succeed even when all orders inside failed.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
    let code = envelope.as_ref().map(|envelope| envelope.code.get().trim_matches('"'));
    if failure.status == 200 && code.is_none_or(|code| code == SUCCESS_CODE) {
        return None;
    }
    let text = envelope.as_ref().and_then(|envelope| envelope.msg.as_deref()).unwrap_or_default();
    let limited = || {
        let wait = failure.retry_after_s.map_or(LIMIT_MS, |seconds| seconds.saturating_mul(SECOND_MS).min(LIMIT_MAX_MS));
        refusal(Reason::RateLimited { until: failure.now.saturating_add(wait) }, code.unwrap_or_default(), text)
    };
    Some(match (failure.status, code) {
        (429, _) => limited(),
        (_, Some(code)) if is_limit(code) => limited(),
        (status, Some(code)) => coded(attempt, status, code, text),
        // The region is refused before the exchange is reached, but who else might have sent that page is anyone's guess.
        (403, None) if !attempt.changes => refusal(Reason::IpNotAllowed, "", "HTTP 403"),
        (status, None) => attempt.unknown(describe(status, "", "")),
    })
}

/// What is said about one order of a batch that failed.
pub(super) fn of_element(attempt: &Attempt, code: &str, text: &str) -> ExchangeError {
    match code {
        code if is_limit(code) => refusal(Reason::RateLimited { until: attempt.at.saturating_add(LIMIT_MS) }, code, text),
        // Failed cancels are listed without a code, in these words.
        "" if text.eq_ignore_ascii_case("notExistend") => refusal(Reason::UnknownOrder, code, text),
        code => coded(attempt, 200, code, text),
    }
}

/// Whether an answer to the first question of all says that the account is of the other, older kind.
pub(super) fn is_classic(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Refused(refusal) if matches!(refusal.code.as_str(), "40084" | "25245"))
}

fn coded(attempt: &Attempt, status: u16, code: &str, text: &str) -> ExchangeError {
    let number = code.parse().unwrap_or(0);
    let reason = reason_of(number, text);
    match is_unsure(number) || status >= 500 && reason == Reason::Other || code == SUCCESS_CODE {
        true if attempt.changes => attempt.unknown(describe(status, code, text)),
        true => refusal(Reason::Busy, code, text),
        false => refusal(reason, code, text),
    }
}

/// Codes after which the order must be asked for. 40808 is also said of wrong parameters: asking once costs little.
fn is_unsure(code: u32) -> bool {
    matches!(code, 40010 | 40015 | 40725 | 40808 | 40908 | 40910 | 45001 | 25000 | 25001 | 25003)
}

fn is_limit(code: &str) -> bool {
    matches!(code, "429" | "45129" | "25004")
}

/// The class of a code. Those that leave the outcome open are not decided here.
fn reason_of(code: u32, text: &str) -> Reason {
    match code {
        40200 | 40844 | 45043 | 41114 | 25102 | 25106 => Reason::Maintenance,
        40005 | 40008 | 40078 => Reason::ClockSkew,
        40001..=40003 | 40006 | 40009 | 40011 | 40012 | 40014 | 40036 | 40037 | 40041 | 40099 => Reason::Credentials,
        40018 | 40038 | 22010 | 40103 | 40104 => Reason::IpNotAllowed,
        // 40762 is also said of a position above its tier.
        40754 | 40762 | 40798 | 40800 | 43012 | 45002 | 45008 | 25202 | 25203 | 25219 => Reason::InsufficientBalance,
        40786 | 43118 | 45034 | 25212 => Reason::DuplicateClientId,
        40109 | 43001 | 43025 | 43020 | 45057 | 22001 | 31007 | 25204 | 25597 => Reason::UnknownOrder,
        40814 | 45054 | 40923 | 25600 => Reason::NoChangeNeeded,
        40830..=40836 | 40915 | 40917 | 43013..=43016 | 43034 | 43035 | 45060..=45067 | 45122 => Reason::WouldTrigger,
        25585..=25592 | 25650..=25652 => Reason::WouldTrigger,
        22002 | 31008 | 40757 | 40804 | 40837 | 40891 | 40939 | 43023 | 43029 | 43043 | 45003 | 45006 | 45068 => Reason::NoPosition,
        25225..=25227 | 25231 | 25232 | 25601 => Reason::NoPosition,
        // 25595: together they would be larger than the position.
        43030 | 43031 | 25594 | 25595 => Reason::AlreadyProtected,
        43006 | 45111 | 45114 | 25207 => Reason::MinSize,
        22034 | 43027 | 43037 | 45110 | 25611 => Reason::MinNotional,
        43007 | 45112 | 45113 | 25208 => Reason::MaxSize,
        22038 | 43028 | 45035 | 45115 | 25244 | 25606..=25610 => Reason::Precision,
        // 22045: the book is too thin.
        40706 | 40748 | 40815 | 40816 | 22045 | 43008 | 43009 | 22006..=22009 | 25205 | 25206 => Reason::PriceBand,
        // A position too large for its leverage, and a leverage too large for the contract.
        40921 | 45120 | 25230 | 25233 | 40797 | 43050 | 45044 | 45045 | 40914 | 25223 => Reason::Leverage,
        40730 | 40880 | 40920 | 45097 | 45117 | 25228 => Reason::SettingBlocked,
        // The account has become one of the other kind: opening it anew finds that out.
        40084 | 40085 | 25245 => Reason::PositionMode,
        40774 | 45018 | 45020 | 45021 | 45109 | 43075 | 22042 | 25236 | 25237 | 25010 => Reason::PositionMode,
        40034 if text.to_ascii_lowercase().contains("symbol") => Reason::SymbolUnknown,
        40072 | 40102 | 40309 | 40845 | 25100 | 25104 => Reason::SymbolUnknown,
        40889 | 40890 | 43005 | 43071 | 25211 | 25599 => Reason::TooManyOrders,
        172 | 40017 | 40019 | 40020 | 40034 | 43011 => Reason::BadRequest,
        _ => Reason::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::judging::{Bench, CHANGE, NOW, PAGE, is_unknown, rate_limited};

    const BENCH: Bench = Bench { judge, statuses: &[200, 400], body: |code, words| body_of(&code.to_string(), words) };

    fn body_of(code: &str, msg: &str) -> String {
        serde_json::json!({"code": code, "msg": msg, "requestTime": NOW, "data": null}).to_string()
    }

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class() {
        use Reason::*;
        BENCH.assert_table(&[
            (InsufficientBalance, &[40754, 40762, 40798, 40800, 43012, 45002, 45008, 25202, 25203, 25219]),
            (DuplicateClientId, &[40786, 43118, 45034, 25212]),
            (UnknownOrder, &[40109, 43001, 43025, 43020, 45057, 22001, 31007, 25204, 25597]),
            (NoChangeNeeded, &[40814, 45054, 40923, 25600]),
            (WouldTrigger, &[40830, 40831, 40832, 40833, 40834, 40835, 40836, 40915, 40917, 43013, 43014, 43015, 43016, 43034]),
            (WouldTrigger, &[43035, 45060, 45061, 45062, 45063, 45064, 45065, 45066, 45067, 45122, 25585, 25586, 25587, 25588]),
            (WouldTrigger, &[25589, 25590, 25591, 25592, 25650, 25651, 25652]),
            (NoPosition, &[22002, 31008, 40757, 40804, 40837, 40891, 40939, 43023, 43029, 43043, 45003, 45006, 45068, 25225]),
            (NoPosition, &[25226, 25227, 25231, 25232, 25601]),
            (AlreadyProtected, &[43030, 43031, 25594, 25595]),
            (MinSize, &[43006, 45111, 45114, 25207]),
            (MinNotional, &[22034, 43027, 43037, 45110, 25611]),
            (MaxSize, &[43007, 45112, 45113, 25208]),
            (Precision, &[22038, 43028, 45035, 45115, 25244, 25606, 25607, 25608, 25609, 25610]),
            (PriceBand, &[40706, 40748, 40815, 40816, 22045, 43008, 43009, 22006, 22007, 22008, 22009, 25205, 25206]),
            (Leverage, &[40921, 45120, 25230, 25233, 40797, 43050, 45044, 45045, 40914, 25223]),
            (Credentials, &[40001, 40002, 40003, 40006, 40009, 40011, 40012, 40014, 40036, 40037, 40041, 40099]),
            (IpNotAllowed, &[40018, 40038, 22010, 40103, 40104]),
            (ClockSkew, &[40005, 40008, 40078]),
            (Maintenance, &[40200, 40844, 45043, 41114, 25102, 25106]),
            (SymbolUnknown, &[40072, 40102, 40309, 40845, 25100, 25104]),
            (SettingBlocked, &[40730, 40880, 40920, 45097, 45117, 25228]),
            (PositionMode, &[40084, 40085, 25245, 40774, 45018, 45020, 45021, 45109, 43075, 22042, 25236, 25237, 25010]),
            (TooManyOrders, &[40889, 40890, 43005, 43071, 25211, 25599]),
            (BadRequest, &[40017, 40019, 40020, 40034, 43011]),
            (rate_limited(1000), &[429, 45129, 25004]),
            (Other, &[99999, 30001]),
        ]);
        assert_eq!(BENCH.change(400, &body_of("00172", "Parameter verification failed")).reason(), Some(BadRequest));
        assert_eq!(BENCH.change(400, &body_of("40034", "Parameter symbol does not exist")).reason(), Some(SymbolUnknown));
        assert_eq!(BENCH.change(400, &body_of("no-number", "x")).reason(), Some(Other));
        assert_eq!(BENCH.change(400, r#"{"code":40786,"msg":null}"#).reason(), Some(DuplicateClientId));
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for code in [40010, 40015, 40725, 40808, 40908, 40910, 45001, 25000, 25001, 25003] {
            for status in [200, 400, 500] {
                BENCH.assert_unsure(status, code, "words");
            }
        }
        assert!(is_unknown(&BENCH.change(500, &body_of("99999", "words"))) && is_unknown(&BENCH.change(400, &body_of("00000", "success"))));
        BENCH.assert_strangers_say_nothing();
        assert_eq!(BENCH.question(403, PAGE).reason(), Some(Reason::IpNotAllowed));
    }

    #[test]
    fn limits_say_until_when() {
        BENCH.assert_limits(&[
            (429, None, "<html>", rate_limited(1000)),
            (429, Some(7), &body_of("429", "Too Many Requests"), rate_limited(7000)),
            (429, Some(u64::MAX), "", rate_limited(300_000)),
        ]);
        assert_eq!(of_element(&Attempt { at: NOW, ..CHANGE }, "429", "").reason(), Some(rate_limited(1000)));
    }

    #[test]
    fn success_is_no_failure_and_neither_is_what_is_not_an_answer_yet() {
        BENCH.assert_passes(&[
            r#"{"code":"00000","msg":"success","data":{}}"#,
            r#"{"code":"00000","msg":"success","data":[{"symb"#,
            "<html>",
        ]);
    }

    /// The bodies another client's authors collected: each has a class of its own, none falls through.
    #[test]
    fn every_listed_error_body_maps_to_a_class() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/bitget_vectors.json")).unwrap();
        let listed = vectors["error_probes"].as_array().unwrap();
        assert_eq!(listed.len(), 43);
        for case in listed {
            let error = BENCH.change(400, &case["response"].to_string());
            assert_ne!(error.reason(), Some(Reason::Other), "{case}");
            let unsure = ["40010", "40015", "40725", "40808", "45001"].contains(&case["response"]["code"].as_str().unwrap());
            assert_eq!(is_unknown(&error), unsure, "{case}: {error}");
        }
    }
}
