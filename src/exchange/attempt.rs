//! One sent request, and what a failed answer to it says about the order.

use std::ops::RangeInclusive;

use super::error::{ExchangeError, Reason, Refusal};
use super::http::HttpError;
use crate::market::{Millis, SECOND_MS};

/// How much of an exchange's words is kept.
pub(crate) const MESSAGE_CHARS_MAX: usize = 240;

/// One sent request, as far as judging its answer needs it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Attempt {
    /// Whether it may change something at the exchange.
    pub(crate) changes: bool,
    /// Our time when its timestamp was taken.
    pub(crate) at: Millis,
    /// The exchange's clock minus ours.
    pub(crate) offset_ms: i64,
    /// How long after its timestamp it can still be executed, and what it did still be unseen.
    pub(crate) fence_ms: Millis,
}

/// An answer that may be a failure.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure<'a> {
    /// HTTP status.
    pub(crate) status: u16,
    /// `Retry-After`, in seconds.
    pub(crate) retry_after_s: Option<u64>,
    /// When the exchange says that its limit is lifted, in its own time, where it has a header for that.
    pub(crate) limit_resets_at: Option<Millis>,
    /// The body, or the first part of a long one.
    pub(crate) body: &'a [u8],
    /// Our time when it arrived.
    pub(crate) now: Millis,
}

impl Failure<'_> {
    /// Too many requests: to be waited for as long as was asked, within reason, or as usual where nothing was.
    pub(crate) fn limited(&self, usual_ms: Millis, within_ms: RangeInclusive<Millis>) -> Reason {
        let asked = self.retry_after_s.map_or(usual_ms, |seconds| seconds.saturating_mul(SECOND_MS));
        Reason::RateLimited { until: self.now.saturating_add(asked.clamp(*within_ms.start(), *within_ms.end())) }
    }
}

impl Attempt {
    /// Sent, but nobody can say what became of it.
    pub(crate) fn unknown(&self, detail: impl Into<String>) -> ExchangeError {
        // Timestamp and offset were taken together, so the fence in our clock is simply that much later.
        ExchangeError::Unknown { detail: detail.into(), fence: self.at.saturating_add(self.fence_ms) }
    }

    /// Answered with what cannot be read. Says where and why, never what: an answer may hold what does not belong into a log.
    pub(crate) fn unreadable(&self, error: &serde_json::Error) -> ExchangeError {
        self.unknown(format!("unreadable answer ({:?} error in line {}, column {})", error.classify(), error.line(), error.column()))
    }

    /// Answered with what cannot be calculated with.
    pub(crate) fn too_large(&self) -> ExchangeError {
        self.unknown("a quantity in the answer is beyond calculation")
    }

    /// No answer at all.
    pub(crate) fn broken(&self, error: HttpError) -> ExchangeError {
        if error.maybe_sent { self.unknown(error.detail) } else { ExchangeError::NeverSent(error.detail) }
    }
}

/// A definite no.
pub(crate) fn refusal(reason: Reason, code: impl ToString, text: &str) -> ExchangeError {
    ExchangeError::Refused(Refusal { reason, code: code.to_string(), message: shorten(text) })
}

/// A failed answer in a few words.
pub(crate) fn describe(status: u16, code: &str, text: &str) -> String {
    match (code, text) {
        ("", "") => format!("HTTP {status} without a readable answer"),
        ("", text) => format!("HTTP {status}: {}", shorten(text)),
        (code, text) => format!("HTTP {status}, code {code}: {}", shorten(text)),
    }
}

/// The exchange's words on one line of bounded length.
pub(crate) fn shorten(text: &str) -> String {
    text.chars().take(MESSAGE_CHARS_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
