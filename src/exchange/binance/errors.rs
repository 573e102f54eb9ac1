//! HTTP status, code and text of a failed call → one of the three families of [`ExchangeError`].
//!
//! Codes are stable, texts are not, but a few codes carry several cases. New codes appear without notice: an unknown
//! one is a refusal of class [`Reason::Other`]. An answer that is not the exchange's own (a gateway's page, half an
//! answer) says nothing about the order.

use serde::Deserialize;

use super::sign::RECV_WINDOW_MS;
use super::wire::integer;
use crate::exchange::error::{ExchangeError, Reason, Refusal};
use crate::exchange::http::HttpError;
use crate::market::{Millis, SECOND_MS};

/// The exchange also takes timestamps up to a second ahead of its clock, so a request may live that much longer.
const FENCE_MARGIN_MS: Millis = SECOND_MS;
/// How long after its timestamp a request can still be executed.
pub(super) const FENCE_MS: Millis = RECV_WINDOW_MS + FENCE_MARGIN_MS;
/// The shortest ban, taken when the answer names no end.
const BAN_MS: Millis = 120 * SECOND_MS;
/// The longest ban; a later end is a misunderstanding.
const BAN_MAX_MS: Millis = 3 * 24 * 3600 * SECOND_MS;
/// Weight and order counters start anew with every minute of the exchange's clock …
const MINUTE_MS: Millis = 60 * SECOND_MS;
/// … and the short order counter every ten seconds.
const ORDER_WINDOW_MS: Millis = 10 * SECOND_MS;
/// How much of the exchange's words is kept.
const MESSAGE_CHARS_MAX: usize = 240;

/// One sent request, as far as judging its answer needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    /// Whether it may change something at the exchange.
    pub(super) changes: bool,
    /// Our time when its timestamp was taken.
    pub(super) at: Millis,
    /// The exchange's clock minus ours.
    pub(super) offset_ms: i64,
}

/// A failed answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failure<'a> {
    pub(super) status: u16,
    pub(super) retry_after_s: Option<u64>,
    pub(super) body: &'a [u8],
    /// Our time when it arrived.
    pub(super) now: Millis,
}

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

impl Attempt {
    /// Sent, but nobody can say what became of it.
    pub(super) fn unknown(&self, detail: impl Into<String>) -> ExchangeError {
        // Timestamp and offset were taken together, so the fence in our clock is simply that much later.
        ExchangeError::Unknown { detail: detail.into(), fence: self.at.saturating_add(FENCE_MS) }
    }

    /// No answer at all.
    pub(super) fn broken(&self, error: HttpError) -> ExchangeError {
        if error.maybe_sent { self.unknown(error.detail) } else { ExchangeError::NeverSent(error.detail) }
    }

    /// An answer that says no, or says nothing.
    pub(super) fn failed(&self, failure: &Failure<'_>) -> ExchangeError {
        let envelope = serde_json::from_slice::<Envelope>(failure.body).ok();
        let text = match &envelope {
            Some(envelope) => envelope.msg.as_str(),
            None => plain_text(failure.body),
        };
        let code = envelope.as_ref().map(|envelope| envelope.code);
        let refused = |reason| refusal(reason, code, text);
        match (failure.status, code) {
            (418, _) => refused(Reason::Banned { until: self.ban_end(failure, text) }),
            (429, _) | (_, Some(-1003 | -1015)) => refused(self.limited(failure, code, text)),
            (451, _) => refused(Reason::IpNotAllowed),
            (408, _) => self.unknown(describe(failure.status, code, text)),
            (503, _) if text.starts_with("Unknown error") => self.unknown(describe(failure.status, code, text)),
            (503, _) if text == "Service Unavailable." => refused(Reason::Busy),
            (status, Some(code)) => self.by_code(status, code, text),
            // The firewall's page. It stands before the exchange, but who else might have sent it is anyone's guess.
            (403, None) if !self.changes => refused(Reason::RateLimited { until: failure.now.saturating_add(MINUTE_MS) }),
            (status, None) => self.unknown(describe(status, None, "")),
        }
    }

    /// An error that came with status 200 (batches answer so); `None` when the text is no error of the exchange's.
    pub(super) fn failed_inside(&self, failure: &Failure<'_>) -> Option<ExchangeError> {
        let envelope = serde_json::from_slice::<Envelope>(failure.body).ok()?;
        (envelope.code != SUCCESS_CODE && envelope.code != 0).then(|| self.failed(failure))
    }

    fn by_code(&self, status: u16, code: i64, text: &str) -> ExchangeError {
        let unsure = match code {
            -1000 | -1006 | -1007 => true,
            // Documented as failures, yet asking once before an order is repeated costs little. -4083: each order of the batch must be asked for.
            -1001 | -5041 | -4083 => self.changes,
            _ => false,
        };
        let reason = reason_of(code, text);
        if unsure || (status >= 500 && reason == Reason::Other) {
            return self.unknown(describe(status, Some(code), text));
        }
        refusal(reason, Some(code), text)
    }

    fn limited(&self, failure: &Failure<'_>, code: Option<i64>, text: &str) -> Reason {
        if text.contains("banned until") {
            return Reason::Banned { until: self.ban_end(failure, text) };
        }
        let window = if code == Some(-1015) && text.contains("SECOND") { ORDER_WINDOW_MS } else { MINUTE_MS };
        let into_window = failure.now.saturating_add_signed(self.offset_ms) % window;
        let wait = match failure.retry_after_s {
            Some(seconds) => seconds.saturating_mul(SECOND_MS).min(BAN_MAX_MS),
            None => window - into_window,
        };
        Reason::RateLimited { until: failure.now.saturating_add(wait) }
    }

    /// The end of a ban, in our clock: `Retry-After`, else the time in the text (the exchange's clock), else the shortest.
    fn ban_end(&self, failure: &Failure<'_>, text: &str) -> Millis {
        let named = text.split("banned until ").nth(1).and_then(|rest| {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            Some(digits.parse::<Millis>().ok()?.saturating_add_signed(self.offset_ms.saturating_neg()))
        });
        let asked = failure.retry_after_s.map(|seconds| failure.now.saturating_add(seconds.saturating_mul(SECOND_MS)));
        let end = asked.max(named.filter(|end| *end > failure.now)).unwrap_or(failure.now.saturating_add(BAN_MS));
        end.min(failure.now.saturating_add(BAN_MAX_MS))
    }
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

fn refusal(reason: Reason, code: Option<i64>, text: &str) -> ExchangeError {
    let code = code.map(|code| code.to_string()).unwrap_or_default();
    ExchangeError::Refused(Refusal { reason, code, message: shorten(text) })
}

fn describe(status: u16, code: Option<i64>, text: &str) -> String {
    match code {
        Some(code) => format!("HTTP {status}, code {code}: {}", shorten(text)),
        None if text.is_empty() => format!("HTTP {status} without a readable answer"),
        None => format!("HTTP {status}: {}", shorten(text)),
    }
}

/// A body that is not JSON: a short text of the exchange's, or a gateway's page, of which nothing is worth repeating.
fn plain_text(body: &[u8]) -> &str {
    let text = std::str::from_utf8(body).unwrap_or("").trim();
    if text.starts_with('<') { "" } else { text }
}

/// The exchange's words on one line of bounded length.
fn shorten(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
