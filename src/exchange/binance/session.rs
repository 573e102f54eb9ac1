//! How a call is made: clock, signature, one attempt, and the answer read as what it should be.

use std::io::Read;

use serde::de::DeserializeOwned;

use super::errors::{Attempt, Failure};
use super::sign::Params;
use super::wire::ServerTime;
use crate::exchange::Clock;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::http::{Http, HttpRequest, HttpResponse};
use crate::market::Millis;
use crate::secret::Secret;

/// Largest answer that is read whole; a thousand fills are a third of it.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// Largest answer that is read as a stream; the list of contracts is about a tenth of it.
const STREAM_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// A measurement of the clock that may be further off than this is not taken while there is a better one.
const CLOCK_ERROR_MAX_MS: Millis = 400;

/// The account's line to the exchange.
pub(super) struct Session {
    http: Box<dyn Http>,
    key: Secret,
    secret: Secret,
    clock: Clock,
    /// The exchange's clock minus ours; `None` until measured.
    offset_ms: Option<i64>,
}

/// A fresh answer with status 200, and the attempt it belongs to.
struct Answer {
    response: HttpResponse,
    attempt: Attempt,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Security {
    Public,
    Signed,
}

impl Session {
    pub(super) fn new(http: Box<dyn Http>, key: Secret, secret: Secret, clock: Clock) -> Session {
        Session { http, key, secret, clock, offset_ms: None }
    }

    /// The exchange's clock minus ours, as far as it is known.
    pub(super) fn offset_ms(&self) -> i64 {
        self.offset_ms.unwrap_or(0)
    }

    /// Whether signed calls can be made at all.
    pub(super) fn has_key(&self) -> bool {
        !self.key.is_empty()
    }

    /// Our time.
    pub(super) fn now(&self) -> Millis {
        (self.clock)()
    }

    /// Reads the exchange's clock and measures the offset: its time belongs to the middle of the round trip.
    pub(super) fn server_time(&mut self) -> Result<Millis> {
        let before = self.now();
        let answer = self.attempt("GET", "/fapi/v1/time", &Params::new(), Security::Public)?;
        let time = self.read::<ServerTime>(answer)?.server_time;
        let error = self.now().saturating_sub(before) / 2;
        if self.offset_ms.is_none() || error <= CLOCK_ERROR_MAX_MS {
            let middle = before.saturating_add(error);
            self.offset_ms = Some(i64::try_from(time).unwrap_or(i64::MAX).saturating_sub_unsigned(middle));
        }
        Ok(time)
    }

    /// The clock was refused: measures it anew, whatever the round trip. A failure shows with the next call.
    pub(super) fn reset_clock(&mut self) -> Result<Millis> {
        self.offset_ms = None;
        self.server_time()
    }

    /// A call without key and signature.
    pub(super) fn public<T: DeserializeOwned>(&mut self, path: &str, params: &Params) -> Result<T> {
        let answer = self.attempt("GET", path, params, Security::Public)?;
        self.read(answer)
    }

    /// A public call whose answer is read as a stream.
    pub(super) fn public_stream<T>(&mut self, path: &str, read: impl FnOnce(&mut dyn Read) -> serde_json::Result<T>) -> Result<T> {
        let answer = self.attempt("GET", path, &Params::new(), Security::Public)?;
        read_stream(answer, read)
    }

    /// A signed call.
    pub(super) fn signed<T: DeserializeOwned>(&mut self, method: &'static str, path: &str, params: &Params) -> Result<T> {
        Ok(self.signed_with_attempt(method, path, params)?.0)
    }

    /// A signed call, with the attempt that was answered: a readable answer may still not be the one that was asked for.
    pub(super) fn signed_with_attempt<T: DeserializeOwned>(
        &mut self,
        method: &'static str,
        path: &str,
        params: &Params,
    ) -> Result<(T, Attempt)> {
        let answer = self.send_signed(method, path, params)?;
        let attempt = answer.attempt;
        Ok((self.read(answer)?, attempt))
    }

    /// A signed call whose answer is read as a stream.
    pub(super) fn signed_stream<T>(
        &mut self,
        path: &str,
        params: &Params,
        read: impl FnOnce(&mut dyn Read) -> serde_json::Result<T>,
    ) -> Result<T> {
        let answer = self.send_signed("GET", path, params)?;
        read_stream(answer, read)
    }

    /// One attempt. A refusal because of the clock proves that nothing happened, so the clock is set and the same
    /// request, with a fresh timestamp, goes out once more.
    fn send_signed(&mut self, method: &'static str, path: &str, params: &Params) -> Result<Answer> {
        let refused = match self.attempt(method, path, params, Security::Signed) {
            Err(error) if error.reason() == Some(Reason::ClockSkew) => error,
            other => return other,
        };
        match self.reset_clock() {
            Ok(_) => self.attempt(method, path, params, Security::Signed),
            Err(_) => Err(refused),
        }
    }

    fn attempt(&mut self, method: &'static str, path: &str, params: &Params, security: Security) -> Result<Answer> {
        let attempt = Attempt { changes: method != "GET", at: self.now(), offset_ms: self.offset_ms() };
        let request = self.request(method, path, params, security, &attempt);
        let response = self.http.send(&request).map_err(|error| attempt.broken(error))?;
        if response.status == 200 {
            return Ok(Answer { response, attempt });
        }
        let (status, retry_after_s) = (response.status, response.retry_after_s);
        // A cut error page still has its status.
        let body = read_body(response).unwrap_or_else(|partial| partial);
        Err(attempt.failed(&Failure { status, retry_after_s, body: &body, now: self.now() }))
    }

    fn request(&self, method: &'static str, path: &str, params: &Params, security: Security, attempt: &Attempt) -> HttpRequest {
        let (query, headers) = match security {
            Security::Public => (params.query(), Vec::new()),
            Security::Signed => {
                let timestamp = attempt.at.saturating_add_signed(attempt.offset_ms);
                let headers = vec![("X-MBX-APIKEY", self.key.expose().to_owned())];
                (params.signed_query(timestamp, &self.secret), headers)
            }
        };
        let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        HttpRequest { method, target, headers, body: Vec::new() }
    }

    /// Reads a status-200 answer. What is neither the expected shape nor an error of the exchange's leaves the outcome open.
    fn read<T: DeserializeOwned>(&self, Answer { response, attempt }: Answer) -> Result<T> {
        let body = read_body(response).map_err(|_| attempt.unknown("the answer was cut off or too long"))?;
        serde_json::from_slice(&body).map_err(|error| self.judge(&attempt, &body, &error))
    }

    /// What a status-200 text that is not what was expected means: an error of the exchange's, or nothing that can be trusted.
    pub(super) fn judge(&self, attempt: &Attempt, text: &[u8], error: &serde_json::Error) -> ExchangeError {
        let failure = Failure { status: 200, retry_after_s: None, body: text, now: self.now() };
        match attempt.failed_inside(&failure) {
            Some(error) => error,
            None => attempt.unknown(unreadable(error)),
        }
    }
}

fn read_stream<T>(answer: Answer, read: impl FnOnce(&mut dyn Read) -> serde_json::Result<T>) -> Result<T> {
    let mut body = answer.response.body.take(STREAM_BYTES_MAX);
    read(&mut body).map_err(|error| answer.attempt.unknown(unreadable(&error)))
}

/// The body, or as much of it as came before it broke or grew too long.
fn read_body(response: HttpResponse) -> std::result::Result<Vec<u8>, Vec<u8>> {
    let mut body = Vec::new();
    let read = response.body.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut body);
    if read.is_ok() && body.len() as u64 <= ANSWER_BYTES_MAX { Ok(body) } else { Err(body) }
}

/// Where and why, never what: an answer may hold what does not belong into a log.
fn unreadable(error: &serde_json::Error) -> String {
    format!("unreadable answer ({:?} error in line {}, column {})", error.classify(), error.line(), error.column())
}
