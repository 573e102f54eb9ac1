//! A scripted exchange for the adapters' own tests: every request must be the one the script says, and gets the answer it says.
//!
//! What an answer looks like is the adapter's own; what happens to a request is the same everywhere.

use std::collections::VecDeque;
use std::fmt::Debug;
use std::io::Cursor;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;

use super::catalogue::Catalogue;
use super::error::{ExchangeError, Reason};
use super::http::{Http, HttpError, HttpRequest, HttpResponse};
use super::{Keys, Line};
use crate::market::{ClientId, Decimal, Installation, Leg, Millis};
use crate::secret::Secret;

/// When every script begins.
pub(crate) const START: Millis = 1_700_000_000_000;

/// What happens to one request: which it must be, how long it takes, what comes back.
pub(crate) struct Step {
    expected: &'static str,
    takes_ms: Millis,
    reply: Result<(u16, String), HttpError>,
}

impl Step {
    /// The same, after a while.
    pub(crate) fn takes(self, takes_ms: Millis) -> Step {
        Step { takes_ms, ..self }
    }
}

/// A step answered with these bytes.
pub(crate) fn raw(expected: &'static str, status: u16, body: &str) -> Step {
    Step { expected, takes_ms: 0, reply: Ok((status, body.to_owned())) }
}

/// A step without an answer.
pub(crate) fn broken(expected: &'static str, maybe_sent: bool) -> Step {
    Step { expected, takes_ms: 0, reply: Err(HttpError { maybe_sent, detail: "cable cut".to_owned() }) }
}

/// The adapter's end of the line.
#[derive(Clone)]
pub(crate) struct Script {
    steps: Arc<Mutex<VecDeque<Step>>>,
    seen: Arc<Mutex<Vec<HttpRequest>>>,
    time: Arc<AtomicU64>,
}

impl Http for Script {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        self.seen.lock().unwrap().push(request.clone());
        let step = self.steps.lock().unwrap().pop_front().unwrap_or_else(|| panic!("nothing scripted for {request:?}"));
        assert_eq!(format!("{request:?}"), step.expected);
        self.time.fetch_add(step.takes_ms, Ordering::Relaxed);
        let (status, body) = step.reply?;
        Ok(HttpResponse { status, retry_after_s: None, limit_resets_at: None, body: Box::new(Cursor::new(body.into_bytes())) })
    }
}

/// An adapter, the steps it must still take, what it has sent, and its clock.
pub(crate) struct Stage<E> {
    pub(crate) exchange: E,
    script: Script,
}

impl<E> Stage<E> {
    /// The adapter at the end of a scripted line; `make` may put other keys into it.
    pub(crate) fn of(make: impl FnOnce(Line) -> E) -> Stage<E> {
        let script = Script { steps: Arc::default(), seen: Arc::default(), time: Arc::new(AtomicU64::new(START)) };
        let time = Arc::clone(&script.time);
        let secret = |text| Secret::new(text);
        let keys = Keys {
            key: secret("a-key-of-the-script"),
            secret: secret("a-secret-of-the-script"),
            password: secret("a-password-of-it"),
            demo: false,
        };
        let clock = Arc::new(move || time.load(Ordering::Relaxed));
        let line = Line { http: Box::new(script.clone()), keys, clock, settle: "USDT".to_owned(), catalogue: Catalogue::default() };
        Stage { exchange: make(line), script }
    }

    /// Another end of the same line.
    pub(crate) fn line(&self) -> Box<Script> {
        Box::new(self.script.clone())
    }

    /// Says what must happen next; everything said before must have happened.
    pub(crate) fn expect(&mut self, steps: impl IntoIterator<Item = Step>) -> &mut E {
        self.done();
        self.script.seen.lock().unwrap().clear();
        self.script.steps.lock().unwrap().extend(steps);
        &mut self.exchange
    }

    /// Everything said has happened.
    pub(crate) fn done(&self) {
        let left: Vec<_> = self.script.steps.lock().unwrap().iter().map(|step| step.expected).collect();
        assert_eq!(left, [""; 0], "calls that were not made");
    }

    /// The adapter's time.
    pub(crate) fn now(&self) -> Millis {
        self.script.time.load(Ordering::Relaxed)
    }

    /// Lets time go by.
    pub(crate) fn pass(&self, ms: Millis) {
        self.script.time.fetch_add(ms, Ordering::Relaxed);
    }

    /// The request that was sent as number `at` since the last expectation.
    pub(crate) fn request(&self, at: usize) -> HttpRequest {
        self.script.seen.lock().unwrap()[at].clone()
    }

    /// All of them, as logs would show them.
    fn shown(&self) -> String {
        format!("{:?}", self.script.seen.lock().unwrap())
    }

    /// Its body.
    pub(crate) fn body(&self, at: usize) -> Value {
        serde_json::from_slice(&self.request(at).body).unwrap()
    }

    /// Its query.
    pub(crate) fn query(&self, at: usize) -> String {
        self.request(at).target.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default()
    }

    /// A parameter of its query, or of its body where that is a form.
    pub(crate) fn asked(&self, at: usize, name: &str) -> Option<String> {
        let form = String::from_utf8(self.request(at).body).unwrap();
        let pairs = format!("{}&{form}", self.query(at));
        pairs.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(str::to_owned)
    }

    /// A text of its body, or a parameter; empty when it was not sent.
    pub(crate) fn sent(&self, at: usize, name: &str) -> String {
        match serde_json::from_slice::<Value>(&self.request(at).body) {
            Ok(body) => body[name].as_str().unwrap_or_default().to_owned(),
            Err(_) => self.asked(at, name).unwrap_or_default(),
        }
    }

    /// One of its headers.
    pub(crate) fn header(&self, at: usize, name: &str) -> Option<String> {
        self.request(at).headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.clone())
    }

    /// What is shown of requests and of this holds neither keys nor anything that was signed.
    pub(crate) fn hides_keys(&self, error: &impl Debug) {
        let shown = format!("{error:?} {}", self.shown());
        let signed = (0..self.script.seen.lock().unwrap().len()).flat_map(|at| {
            let headers = self.request(at).headers;
            headers.into_iter().filter(|(name, _)| *name != "Content-Type").map(|(_, value)| value).chain([self.query(at)])
        });
        for hidden in signed.filter(|text| !text.is_empty()).chain(["of-the-script", "password-of-it"].map(str::to_owned)) {
            assert!(!shown.contains(&hidden), "{hidden} in {shown}");
        }
    }
}

/// The name of a trade's order.
pub(crate) fn id(leg: Leg) -> ClientId {
    ClientId::derive(&Installation::from_random([7; 8]), "a", 1, leg, 1)
}

/// Why a call was refused.
pub(crate) fn reason<T>(result: super::Result<T>) -> Option<Reason> {
    result.err().and_then(|error| error.reason())
}

/// Nobody can say what became of it before that time.
pub(crate) fn is_unknown<T>(result: &super::Result<T>, fence: Millis) -> bool {
    matches!(result, Err(ExchangeError::Unknown { fence: named, .. }) if *named == fence)
}

/// A number.
pub(crate) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A row of an answer with some of its fields changed.
pub(crate) fn with(mut row: Value, changes: Value) -> Value {
    row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    row
}
