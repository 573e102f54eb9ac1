//! How a call is made: clock, signature, one attempt, and the answer judged and then read as what it should be.
//!
//! What differs between exchanges is a [`Dialect`]; an adapter says what it wants as a [`Call`].

use std::borrow::Cow;
use std::io::Read;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::attempt::{Attempt, Failure};
use super::error::{ExchangeError, Reason, Result};
use super::http::{Http, HttpRequest, HttpResponse};
use super::params::Params;
use super::{Clock, Keys};
use crate::market::Millis;

/// Largest answer that is read whole; a thousand fills are a third of it.
const ANSWER_BYTES_MAX: u64 = 1024 * 1024;
/// Largest answer that is read as a stream; the list of contracts is about a tenth of it.
const STREAM_BYTES_MAX: u64 = 16 * 1024 * 1024;
/// So much of a streamed answer is judged before it is read; whatever is a failure is shorter.
const HEAD_BYTES: u64 = 4 * 1024;
/// A measurement of the clock that may be further off than this is not taken while there is a better one.
const CLOCK_ERROR_MAX_MS: Millis = 400;

/// How one exchange signs and fails.
pub(crate) struct Dialect {
    /// How long after its timestamp a request can still be executed, and what it did still be unseen.
    pub(crate) fence_ms: Millis,
    /// Makes the request; the time is the exchange's.
    pub(crate) sign: fn(&Keys, &Call, Millis) -> HttpRequest,
    /// What a failed answer says about the order; `None` when the answer is no failure. Sees every answer, those with status 200 too.
    pub(crate) judge: fn(&Attempt, &Failure<'_>) -> Option<ExchangeError>,
    /// Where the exchange's clock is read, and how.
    pub(crate) time_path: &'static str,
    pub(crate) time_of: fn(&[u8]) -> serde_json::Result<Millis>,
}

/// One request, in the adapter's words.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) method: &'static str,
    pub(crate) path: Cow<'static, str>,
    /// What goes into the query.
    pub(crate) query: Params,
    /// What goes into the body, as JSON text or as a form; empty for none.
    pub(crate) body: String,
    /// Whether key and signature belong to it.
    pub(crate) signed: bool,
    /// Other than the dialect's, for calls that live longer.
    pub(crate) fence_ms: Option<Millis>,
}

impl Call {
    /// Without key and signature.
    pub(crate) fn public(path: impl Into<Cow<'static, str>>, query: Params) -> Call {
        Call { method: "GET", path: path.into(), query, body: String::new(), signed: false, fence_ms: None }
    }

    /// A signed read.
    pub(crate) fn get(path: impl Into<Cow<'static, str>>, query: Params) -> Call {
        Call::query("GET", path, query)
    }

    /// A signed call whose parameters all go into the query.
    pub(crate) fn query(method: &'static str, path: impl Into<Cow<'static, str>>, query: Params) -> Call {
        Call { method, signed: true, ..Call::public(path, query) }
    }

    /// A signed call with a JSON body: an object of parameters, or a list of them.
    pub(crate) fn post(path: impl Into<Cow<'static, str>>, body: &impl serde::Serialize) -> Call {
        // Parameters are texts, flags and numbers: there is nothing in them that could fail.
        let body = serde_json::to_string(body).unwrap_or_default();
        Call { body, ..Call::query("POST", path, Params::new()) }
    }

    /// A signed call whose parameters are a form in the body.
    pub(crate) fn form(path: &'static str, form: &Params) -> Call {
        Call { body: form.query(), ..Call::query("POST", path, Params::new()) }
    }

    /// Path and query as they are sent.
    pub(crate) fn target(&self) -> String {
        let query = self.query.query();
        if query.is_empty() { self.path.to_string() } else { format!("{}?{query}", self.path) }
    }
}

/// The account's line to the exchange.
pub(crate) struct Session {
    http: Box<dyn Http>,
    keys: Keys,
    clock: Clock,
    dialect: &'static Dialect,
    /// The exchange's clock minus ours; `None` until measured.
    offset_ms: Option<i64>,
}

/// An answer that is no failure by its head, and the attempt it belongs to.
struct Answer {
    response: HttpResponse,
    attempt: Attempt,
}

impl Session {
    pub(crate) fn new(http: Box<dyn Http>, keys: Keys, clock: Clock, dialect: &'static Dialect) -> Session {
        Session { http, keys, clock, dialect, offset_ms: None }
    }

    /// The exchange's clock minus ours, as far as it is known.
    pub(crate) fn offset_ms(&self) -> i64 {
        self.offset_ms.unwrap_or(0)
    }

    /// Signs and judges otherwise from now on.
    pub(crate) fn set_dialect(&mut self, dialect: &'static Dialect) {
        self.dialect = dialect;
    }

    /// Whether signed calls can be made at all.
    pub(crate) fn has_key(&self) -> bool {
        !self.keys.key.is_empty()
    }

    /// Our time.
    pub(crate) fn now(&self) -> Millis {
        (self.clock)()
    }

    /// Reads the exchange's clock and measures the offset: its time belongs to the middle of the round trip.
    pub(crate) fn server_time(&mut self) -> Result<Millis> {
        let before = self.now();
        let answer = self.attempt(&Call::public(self.dialect.time_path, Params::new()))?;
        let attempt = answer.attempt;
        let body = self.body_of(answer)?;
        let time = (self.dialect.time_of)(&body).map_err(|error| attempt.unreadable(&error))?;
        let error = self.now().saturating_sub(before) / 2;
        if self.offset_ms.is_none() || error <= CLOCK_ERROR_MAX_MS {
            let middle = before.saturating_add(error);
            self.offset_ms = Some(i64::try_from(time).unwrap_or(i64::MAX).saturating_sub_unsigned(middle));
        }
        Ok(time)
    }

    /// The clock was refused: measures it anew, whatever the round trip. A failure shows with the next call.
    pub(crate) fn reset_clock(&mut self) -> Result<Millis> {
        self.offset_ms = None;
        self.server_time()
    }

    /// Sets the clock when elements of an answer were refused for it: what the rest of the call did cannot be repeated, so
    /// the next call shall be on time.
    pub(crate) fn mind_clock<T>(&mut self, results: &[Result<T>]) {
        if results.iter().any(|result| matches!(result, Err(error) if error.reason() == Some(Reason::ClockSkew))) {
            let _ = self.reset_clock();
        }
    }

    /// Makes a call.
    pub(crate) fn call<T: DeserializeOwned>(&mut self, call: &Call) -> Result<T> {
        Ok(self.call_with_attempt(call)?.0)
    }

    /// Makes a call and tells which attempt was answered: a readable answer may still not be the one that was asked for.
    pub(crate) fn call_with_attempt<T: DeserializeOwned>(&mut self, call: &Call) -> Result<(T, Attempt)> {
        let (body, attempt) = self.send(call, |session, answer| {
            let attempt = answer.attempt;
            Ok((session.body_of(answer)?, attempt))
        })?;
        let value = serde_json::from_slice(&body).map_err(|error| attempt.unreadable(&error))?;
        Ok((value, attempt))
    }

    /// Makes a call whose answer is read as a stream.
    pub(crate) fn stream<T>(&mut self, call: &Call, read: impl FnOnce(&mut dyn Read) -> serde_json::Result<T>) -> Result<T> {
        let (head, rest, attempt) = self.send(call, |session, answer| {
            let mut head = Vec::new();
            let mut rest = answer.response.body;
            let read = rest.by_ref().take(HEAD_BYTES).read_to_end(&mut head);
            read.map_err(|_| answer.attempt.unknown("the answer was cut off"))?;
            session.judge(&answer.attempt, answer.response.retry_after_s, answer.response.limit_resets_at, &head)?;
            Ok((head, rest, answer.attempt))
        })?;
        let mut body = head.as_slice().chain(rest).take(STREAM_BYTES_MAX);
        read(&mut body).map_err(|error| attempt.unreadable(&error))
    }

    /// What an element of an answer with status 200 holds, where single orders of a batch fail in the shape of a whole answer.
    pub(crate) fn element<T: DeserializeOwned>(&self, attempt: &Attempt, element: &RawValue) -> Result<T> {
        self.judge(attempt, None, None, element.get().as_bytes())?;
        serde_json::from_str(element.get()).map_err(|error| attempt.unreadable(&error))
    }

    /// One attempt. A refusal because of the clock proves that nothing happened, so the clock is set and the same
    /// request, with a fresh timestamp, goes out once more.
    fn send<T>(&mut self, call: &Call, mut take: impl FnMut(&Session, Answer) -> Result<T>) -> Result<T> {
        let mut once = |session: &mut Session| session.attempt(call).and_then(|answer| take(session, answer));
        match once(self) {
            Err(refused) if call.signed && refused.reason() == Some(Reason::ClockSkew) => match self.reset_clock() {
                Ok(_) => once(self),
                Err(_) => Err(refused),
            },
            other => other,
        }
    }

    fn attempt(&mut self, call: &Call) -> Result<Answer> {
        let fence_ms = call.fence_ms.unwrap_or(self.dialect.fence_ms);
        let attempt = Attempt { changes: call.method != "GET", at: self.now(), offset_ms: self.offset_ms(), fence_ms };
        let request = (self.dialect.sign)(&self.keys, call, attempt.at.saturating_add_signed(attempt.offset_ms));
        let response = self.http.send(&request).map_err(|error| attempt.broken(error))?;
        if response.status == 200 {
            return Ok(Answer { response, attempt });
        }
        let (status, retry_after_s, limit_resets_at) = (response.status, response.retry_after_s, response.limit_resets_at);
        // A cut error page still has its status.
        let body = read_body(response.body).unwrap_or_else(|partial| partial);
        let failure = Failure { status, retry_after_s, limit_resets_at, body: &body, now: self.now() };
        let judged = (self.dialect.judge)(&attempt, &failure);
        let error = judged.unwrap_or_else(|| attempt.unknown(format!("HTTP {status} without a readable answer")));
        Err(self.keys.redacted(error))
    }

    /// The whole body of an answer with status 200, unless it says that the call failed.
    fn body_of(&self, Answer { response, attempt }: Answer) -> Result<Vec<u8>> {
        let body = read_body(response.body).map_err(|_| attempt.unknown("the answer was cut off or too long"))?;
        self.judge(&attempt, response.retry_after_s, response.limit_resets_at, &body)?;
        Ok(body)
    }

    fn judge(&self, attempt: &Attempt, retry_after_s: Option<u64>, limit_resets_at: Option<Millis>, body: &[u8]) -> Result<()> {
        let failure = Failure { status: 200, retry_after_s, limit_resets_at, body, now: self.now() };
        (self.dialect.judge)(attempt, &failure).map_or(Ok(()), |error| Err(self.keys.redacted(error)))
    }
}

/// The body, or as much of it as came before it broke or grew too long.
fn read_body(stream: Box<dyn Read>) -> std::result::Result<Vec<u8>, Vec<u8>> {
    let mut body = Vec::new();
    let read = stream.take(ANSWER_BYTES_MAX + 1).read_to_end(&mut body);
    if read.is_ok() && body.len() as u64 <= ANSWER_BYTES_MAX { Ok(body) } else { Err(body) }
}
