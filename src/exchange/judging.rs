//! A bench for the adapters' tests of judging failed answers: what every one of them must make of codes, words, limits
//! and strangers' pages.
//!
//! How a failure is written, and which code means what, is the adapter's own.

use super::attempt::{Attempt, Failure};
use super::error::{ExchangeError, Reason};
use crate::market::Millis;

/// When every answer arrives.
pub(crate) const NOW: Millis = 1_700_000_012_345;

/// No exchange's own: the fence must be taken from the attempt.
const FENCE_MS: Millis = 7_890;

/// A request that may change something, sent a moment ago while both clocks agreed.
pub(crate) const CHANGE: Attempt = Attempt { changes: true, at: NOW - 100, offset_ms: 0, fence_ms: FENCE_MS };

/// A request that only reads.
pub(crate) const QUESTION: Attempt = Attempt { changes: false, ..CHANGE };

/// A gateway's page, whose words are not worth repeating.
pub(crate) const PAGE: &str = "<html><head><title>503 Service Unavailable</title></head></html>";

/// Answers that no exchange gives: gateways' pages, and halves of something.
const STRANGE: [(u16, &str); 17] = [
    (202, "{}"),
    (301, PAGE),
    (302, ""),
    (400, "\0"),
    (400, "[]"),
    (401, ""),
    (401, PAGE),
    (403, PAGE),
    (404, ""),
    (404, PAGE),
    (408, PAGE),
    (500, "{"),
    (502, PAGE),
    (503, ""),
    (503, PAGE),
    (504, ""),
    (520, PAGE),
];

/// An adapter's way to judge, and its exchange's way to fail.
pub(crate) struct Bench {
    pub(crate) judge: fn(&Attempt, &Failure<'_>) -> Option<ExchangeError>,
    /// The statuses that failures come with.
    pub(crate) statuses: &'static [u16],
    /// The body of a failure with this code and these words.
    pub(crate) body: fn(i64, &str) -> String,
}

impl Bench {
    /// What an answer to a change says; it must be a failure.
    pub(crate) fn change(&self, status: u16, body: &str) -> ExchangeError {
        self.failed(&CHANGE, &answer(status, body))
    }

    /// What an answer to a question says; it must be a failure.
    pub(crate) fn question(&self, status: u16, body: &str) -> ExchangeError {
        self.failed(&QUESTION, &answer(status, body))
    }

    /// What a failure with this code says about a change.
    pub(crate) fn coded(&self, status: u16, code: i64, words: &str) -> ExchangeError {
        self.change(status, &(self.body)(code, words))
    }

    /// The same for any attempt and answer.
    pub(crate) fn failed(&self, attempt: &Attempt, failure: &Failure<'_>) -> ExchangeError {
        (self.judge)(attempt, failure).unwrap_or_else(|| panic!("{} {} passed", failure.status, String::from_utf8_lossy(failure.body)))
    }

    /// No failures of the call: whoever reads these bodies finds out what they are.
    pub(crate) fn assert_passes(&self, bodies: &[&str]) {
        for body in bodies {
            for attempt in [CHANGE, QUESTION] {
                assert_eq!((self.judge)(&attempt, &answer(200, body)), None, "{body}");
            }
        }
    }

    /// Each code has its class, and the user is told the code and the exchange's words.
    pub(crate) fn assert_table(&self, table: &[(Reason, &[i64])]) {
        for (reason, codes) in table {
            for code in *codes {
                for status in self.statuses {
                    let error = self.coded(*status, *code, "some words");
                    assert_eq!(error.reason(), Some(*reason), "{status} {code}: {error}");
                    assert!(error.to_string().contains(&code.to_string()) && error.to_string().contains("some words"), "{error}");
                }
            }
        }
    }

    /// Codes of several cases, told apart by their words.
    pub(crate) fn assert_words(&self, cases: &[(i64, &str, Reason)]) {
        for (code, words, reason) in cases {
            for status in self.statuses {
                assert_eq!(self.coded(*status, *code, words).reason(), Some(*reason), "{status} {code} {words}");
            }
        }
    }

    /// Nobody can say what became of a change. A read changes nothing: "failed" is then all there is to know.
    pub(crate) fn assert_unsure(&self, status: u16, code: i64, words: &str) {
        let error = self.coded(status, code, words);
        assert!(is_unknown(&error) && error.to_string().contains(words), "{status} {code}: {error}");
        assert_eq!(self.question(status, &(self.body)(code, words)).reason(), Some(Reason::Busy), "{status} {code} {words}");
    }

    /// What is not the exchange's own says nothing about a change, and is not repeated.
    pub(crate) fn assert_strangers_say_nothing(&self) {
        for (status, body) in STRANGE {
            let error = self.change(status, body);
            assert!(is_unknown(&error) && !error.to_string().contains("title"), "{status} {body}: {error}");
        }
    }

    /// Limits and bans: status, `Retry-After` in seconds and body of an answer, and until when is to be waited.
    pub(crate) fn assert_limits(&self, cases: &[(u16, Option<u64>, &str, Reason)]) {
        for (status, retry_after_s, body, reason) in cases {
            let error = self.failed(&CHANGE, &Failure { retry_after_s: *retry_after_s, ..answer(*status, body) });
            assert_eq!(error.reason(), Some(*reason), "{status} {retry_after_s:?} {body}");
        }
    }
}

/// An answer without headers that matter.
pub(crate) fn answer(status: u16, body: &str) -> Failure<'_> {
    Failure { status, retry_after_s: None, limit_resets_at: None, body: body.as_bytes(), now: NOW }
}

/// Nobody can say what became of a change before its fence.
pub(crate) fn is_unknown(error: &ExchangeError) -> bool {
    matches!(error, ExchangeError::Unknown { fence, .. } if *fence == CHANGE.at + FENCE_MS)
}

/// To be waited for that long.
pub(crate) fn rate_limited(ms: Millis) -> Reason {
    Reason::RateLimited { until: NOW + ms }
}
