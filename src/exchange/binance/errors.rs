//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Codes are stable, texts are not, but a few codes carry several cases. New codes appear without notice: an unknown
//! one is a refusal of class [`Reason::Other`]. An answer that is not the exchange's own (a gateway's page, half an
//! answer) says nothing about the order.

use serde::Deserialize;

use crate::exchange::attempt::{Attempt, Failure, describe, refusal};
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::integer;
use crate::market::{Millis, SECOND_MS};

/// The shortest ban, taken when the answer names no end.
const BAN_MS: Millis = 120 * SECOND_MS;
/// The longest ban; a later end is a misunderstanding.
const BAN_MAX_MS: Millis = 3 * 24 * 3600 * SECOND_MS;
/// Weight and order counters start anew with every minute of the exchange's clock …
const MINUTE_MS: Millis = 60 * SECOND_MS;
/// … and the short order counter every ten seconds.
const ORDER_WINDOW_MS: Millis = 10 * SECOND_MS;

/// The code of successes that carry one.
pub(super) const SUCCESS_CODE: i64 = 200;

/// What every error looks like; some successes too, with the code 200.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope {
    #[serde(deserialize_with = "integer")]
    pub(super) code: i64,
    #[serde(default)]
    pub(super) msg: String,
}

/// What a failed answer says about the order; `None` when it is no failure. Batches answer with status 200 even when
/// orders inside failed.
pub(super) fn judge(attempt: &Attempt, failure: &Failure<'_>) -> Option<ExchangeError> {
    let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
    if failure.status == 200 && envelope.as_ref().is_none_or(|envelope| matches!(envelope.code, SUCCESS_CODE | 0)) {
        return None;
    }
    let code = envelope.as_ref().map(|envelope| envelope.code);
    let text = envelope.as_ref().map_or_else(|| plain_text(failure.body), |envelope| &envelope.msg);
    Some(failed(attempt, failure, code, text))
}

/// An answer that says no, or says nothing.
fn failed(attempt: &Attempt, failure: &Failure<'_>, code: Option<i64>, text: &str) -> ExchangeError {
    let words = code.map(|code| code.to_string()).unwrap_or_default();
    let refused = |reason| refusal(reason, &words, text);
    let unknown = || attempt.unknown(describe(failure.status, &words, text));
    match (failure.status, code) {
        (418, _) => refused(Reason::Banned { until: ban_end(attempt, failure, text) }),
        (429, _) | (_, Some(-1003 | -1015)) => refused(limited(attempt, failure, code, text)),
        (451, _) => refused(Reason::IpNotAllowed),
        (408, _) => unknown(),
        (503, _) if text.starts_with("Unknown error") => unknown(),
        (503, _) if text == "Service Unavailable." => refused(Reason::Busy),
        (status, Some(code)) => {
            let reason = reason_of(code, text);
            let unsure = is_unsure(code, attempt.changes) || status >= 500 && reason == Reason::Other;
            if unsure { unknown() } else { refused(reason) }
        }
        // The firewall's page. It stands before the exchange, but who else might have sent it is anyone's guess.
        (403, None) if !attempt.changes => refused(Reason::RateLimited { until: failure.now.saturating_add(MINUTE_MS) }),
        (status, None) => attempt.unknown(describe(status, "", "")),
    }
}

/// Codes after which the order must be asked for.
fn is_unsure(code: i64, changes: bool) -> bool {
    match code {
        -1000 | -1006 | -1007 => true,
        // Documented as failures, yet asking once before an order is repeated costs little. -4083: each order of the batch must be asked for.
        -1001 | -5041 | -4083 => changes,
        _ => false,
    }
}

fn limited(attempt: &Attempt, failure: &Failure<'_>, code: Option<i64>, text: &str) -> Reason {
    if text.contains("banned until") {
        return Reason::Banned { until: ban_end(attempt, failure, text) };
    }
    let window = if code == Some(-1015) && text.contains("SECOND") { ORDER_WINDOW_MS } else { MINUTE_MS };
    let into_window = failure.now.saturating_add_signed(attempt.offset_ms) % window;
    let wait = match failure.retry_after_s {
        Some(seconds) => seconds.saturating_mul(SECOND_MS).min(BAN_MAX_MS),
        None => window - into_window,
    };
    Reason::RateLimited { until: failure.now.saturating_add(wait) }
}

/// The end of a ban, in our clock: `Retry-After`, else the time in the text (the exchange's clock), else the shortest.
fn ban_end(attempt: &Attempt, failure: &Failure<'_>, text: &str) -> Millis {
    let named = text.split("banned until ").nth(1).and_then(|rest| {
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        Some(digits.parse::<Millis>().ok()?.saturating_add_signed(attempt.offset_ms.saturating_neg()))
    });
    let asked = failure.retry_after_s.map(|seconds| failure.now.saturating_add(seconds.saturating_mul(SECOND_MS)));
    let end = asked.max(named.filter(|end| *end > failure.now)).unwrap_or(failure.now.saturating_add(BAN_MS));
    end.min(failure.now.saturating_add(BAN_MAX_MS))
}

/// The class of a code. Those that leave the outcome open are not decided here.
fn reason_of(code: i64, text: &str) -> Reason {
    match code {
        -1001 | -1008 | -5041 => Reason::Busy,
        // The last two were seen in the maintenance of June 2026.
        -1016 | -1109 | 239_999 => Reason::Maintenance,
        -1021 | -5028 => Reason::ClockSkew,
        // A printed address is the hint that the white list refused it; without one the key or its permission did.
        -2015 if text.contains("request ip") => Reason::IpNotAllowed,
        -1002 | -1022 | -2014 | -2015 | -2017 | -4056 | -4057 | -4109 => Reason::Credentials,
        -1011 => Reason::IpNotAllowed,
        -2023 | -4087 | -4088 | -4192 | -4402..=-4400 | -4408 | -4411 => Reason::AccountRestricted,
        -2018 | -2019 | -2024 | -4050 | -4051 => Reason::InsufficientBalance,
        -4116 => Reason::DuplicateClientId,
        // -4117: it is triggering at this moment, so no longer a conditional order.
        -2011 | -2013 | -4117 => Reason::UnknownOrder,
        -4028 if text.contains("already exist") => Reason::NoChangeNeeded,
        -4046 | -4059 | -4171 | -5027 => Reason::NoChangeNeeded,
        -2021 | -4142 | -5022 => Reason::WouldTrigger,
        -2022 | -4118 | -4509 => Reason::NoPosition,
        -4130 => Reason::AlreadyProtected,
        -4003 | -4004 => Reason::MinSize,
        -4005 => Reason::MaxSize,
        -4164 | -5029 => Reason::MinNotional,
        -1111 | -4014 | -4023 => Reason::Precision,
        -4001 | -4002 | -4006 | -4007 | -4013 | -4016 | -4024 | -4183 | -4184 | -4210 | -4211 => Reason::PriceBand,
        // The book is too thin.
        -1112 | -2020 | -4131 => Reason::PriceBand,
        -2027 | -2028 | -4028 | -4161 | -4209..=-4202 | -4403 => Reason::Leverage,
        -4047 | -4048 | -4067 | -4068 | -4170..=-4167 | -4172 | -4531 => Reason::SettingBlocked,
        -1106 if text.to_ascii_lowercase().contains("reduceonly") => Reason::PositionMode,
        -4062..=-4060 => Reason::PositionMode,
        -1121 | -1122 | -4022 | -4140 | -4141 | -4144 => Reason::SymbolUnknown,
        -2025 | -4045 => Reason::TooManyOrders,
        -1102 | -1106..=-1104 | -1117..=-1114 | -1128 | -1130 => Reason::BadRequest,
        -2026 | -4015 | -4020 | -4082 | -4083 | -4120 | -4138..=-4136 | -4500 | -5000 => Reason::BadRequest,
        _ => Reason::Other,
    }
}

/// A body that is not JSON: a short text of the exchange's, or a gateway's page, of which nothing is worth repeating.
fn plain_text(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or("").trim();
    if text.starts_with('<') { "" } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::attempt::MESSAGE_CHARS_MAX;
    use crate::exchange::judging::{Bench, NOW, PAGE, QUESTION, answer, is_unknown};

    const BENCH: Bench = Bench { judge, statuses: &[400], body: |code, words| serde_json::json!({"code": code, "msg": words}).to_string() };

    /// Every code of the exchange sheet that is a plain refusal, with its class.
    #[test]
    fn every_known_code_has_its_class() {
        use Reason::*;
        BENCH.assert_table(&[
            (Busy, &[-1008]),
            (Maintenance, &[-1016, -1109, 239_999]),
            (ClockSkew, &[-1021, -5028]),
            (Credentials, &[-1022, -1002, -2014, -2015, -2017, -4056, -4057, -4109]),
            (IpNotAllowed, &[-1011]),
            (AccountRestricted, &[-4192, -4087, -4088, -4400, -4401, -4402, -4408, -2023, -4411]),
            (InsufficientBalance, &[-2018, -2019, -4050, -4051, -2024]),
            (DuplicateClientId, &[-4116]),
            (UnknownOrder, &[-2011, -2013, -4117]),
            (NoChangeNeeded, &[-4046, -4059, -4171, -5027]),
            (WouldTrigger, &[-2021, -4142, -5022]),
            (NoPosition, &[-2022, -4118, -4509]),
            (AlreadyProtected, &[-4130]),
            (MinSize, &[-4003, -4004]),
            (MaxSize, &[-4005]),
            (MinNotional, &[-4164, -5029]),
            (Precision, &[-1111, -4014, -4023]),
            (PriceBand, &[-4001, -4002, -4013, -4006, -4007, -4016, -4024, -4183, -4184, -4210, -4211, -4131, -2020, -1112]),
            (Leverage, &[-4028, -4161, -2027, -2028, -4202, -4203, -4205, -4206, -4208, -4209, -4403]),
            (SettingBlocked, &[-4047, -4048, -4067, -4068, -4531, -4167, -4168, -4169, -4170, -4172]),
            (PositionMode, &[-4060, -4061, -4062]),
            (SymbolUnknown, &[-1121, -4144, -1122, -4022, -4140, -4141]),
            (TooManyOrders, &[-2025, -4045]),
            (BadRequest, &[-4015, -4136, -4020, -4137, -4138, -2026, -4120, -4500, -4082, -5000]),
            (BadRequest, &[-1102, -1104, -1105, -1106, -1114, -1115, -1116, -1117, -1128, -1130]),
            (Other, &[-5021, -1125, -5047, -4425, -9999, 7]),
        ]);
    }

    #[test]
    fn some_codes_need_their_text() {
        BENCH.assert_words(&[
            (-2015, "Invalid API-key, IP, or permissions for action, request ip: 192.0.2.1", Reason::IpNotAllowed),
            (-2015, "Invalid API-key, IP, or permissions for action.", Reason::Credentials),
            (-1106, "Parameter 'reduceonly' sent when not required.", Reason::PositionMode),
            (-1106, "Parameter 'timeInForce' sent when not required.", Reason::BadRequest),
            (-4028, "Leverage 200 is not valid", Reason::Leverage),
            (-4028, "Leverage 20 already exist", Reason::NoChangeNeeded),
        ]);
    }

    #[test]
    fn what_may_have_been_executed_is_unknown_with_a_fence_in_our_clock() {
        for (status, code) in
            [(408, -1007), (400, -1007), (400, -1006), (400, -1000), (503, -1001), (400, -5041), (400, -4083), (500, -7777)]
        {
            let error = BENCH.coded(status, code, "words");
            assert!(is_unknown(&error), "{status} {code}: {error}");
        }
        let busy = "Unknown error, please check your request or try again later.";
        assert!(
            is_unknown(&BENCH.coded(503, -1000, busy))
                && is_unknown(&BENCH.coded(503, -1008, busy))
                && is_unknown(&BENCH.change(503, busy))
        );
        BENCH.assert_strangers_say_nothing();
    }

    #[test]
    fn what_was_surely_not_executed_is_refused() {
        assert_eq!(BENCH.coded(503, -1008, "Request throttled by system-level protection.").reason(), Some(Reason::Busy));
        assert_eq!(BENCH.coded(503, 0, "Service Unavailable.").reason(), Some(Reason::Busy));
        assert_eq!(BENCH.change(503, "Service Unavailable.").reason(), Some(Reason::Busy));
        assert_eq!(BENCH.change(451, PAGE).reason(), Some(Reason::IpNotAllowed));
        // A read changes nothing: "failed" is then all there is to know.
        assert_eq!(BENCH.question(503, r#"{"code":-1001,"msg":"Internal error"}"#).reason(), Some(Reason::Busy));
        assert!(matches!(BENCH.question(403, PAGE).reason(), Some(Reason::RateLimited { .. })));
    }

    #[test]
    fn limits_and_bans_say_until_when_in_our_clock() {
        let next_minute = 1_700_000_040_000;
        let many = r#"{"code":-1003,"msg":"Too many requests; current limit is 2400 requests per minute."}"#;
        let banned = r#"{"code":-1003,"msg":"Way too many requests; IP banned until 1700000120000. Please use the websocket"}"#;
        let far = r#"{"code":-1003,"msg":"IP banned until 99999999999999999999."}"#;
        let past = r#"{"code":-1003,"msg":"IP banned until 1600000000000."}"#;
        let orders = r#"{"code":-1015,"msg":"Too many new orders; current limit is 300 orders per 10 SECOND."}"#;
        let limited = |until| Reason::RateLimited { until };
        let ban = |until| Reason::Banned { until };
        BENCH.assert_limits(&[
            (429, Some(7), many, limited(NOW + 7000)),
            (429, None, many, limited(next_minute)),
            (400, None, many, limited(next_minute)),
            (429, None, "<html>", limited(next_minute)),
            (429, Some(u64::MAX), many, limited(NOW + BAN_MAX_MS)),
            (429, None, orders, limited(1_700_000_020_000)),
            (429, None, banned, ban(1_700_000_120_000)),
            (418, None, banned, ban(1_700_000_120_000)),
            (418, Some(300), banned, ban(NOW + 300_000)),
            (418, None, "", ban(NOW + BAN_MS)),
            (418, None, far, ban(NOW + BAN_MS)),
            (418, None, past, ban(NOW + BAN_MS)),
            (418, Some(u64::MAX), "", ban(NOW + BAN_MAX_MS)),
        ]);
        let error = BENCH.failed(&Attempt { offset_ms: 20_000, ..QUESTION }, &answer(418, banned));
        assert_eq!(error.reason(), Some(ban(1_700_000_100_000)));
    }

    #[test]
    fn the_exchanges_words_are_kept_short_and_on_one_line() {
        let error = BENCH.coded(400, -9999, &"a\nb\u{1b}[31m".repeat(200));
        let ExchangeError::Refused(refusal) = error else { panic!("{error}") };
        assert!(refusal.message.chars().count() == MESSAGE_CHARS_MAX && !refusal.message.chars().any(char::is_control));
    }

    /// The bodies another client's authors collected: each has a class of its own, none falls through.
    #[test]
    fn every_listed_error_body_maps_to_a_class() {
        let vectors: serde_json::Value = serde_json::from_str(include_str!("../../../tests/data/binance_vectors.json")).unwrap();
        let listed = vectors["errors_as_ccxt_sees_them"].as_array().unwrap();
        assert_eq!(listed.len(), 42);
        for case in listed {
            let status = u16::try_from(case["http"].as_u64().unwrap()).unwrap();
            let error = BENCH.change(status, &case["body"].to_string());
            assert_ne!(error.reason(), Some(Reason::Other), "{case}");
            assert_eq!(is_unknown(&error), case["ccxt_class"] == "RequestTimeout", "{case}: {error}");
        }
    }
}
