//! What one exchange says, and how: everything of a simulated exchange that is not every exchange's.
//!
//! A wire answers requests out of a [`Floor`]: it checks key, clock and signature, reads the request, acts on the floor's
//! book and writes the answer. When it is asked, what goes wrong, what is logged: that is the frame's business.

use perphook::exchange::http::HttpRequest;
use perphook::exchange::paper::Knobs;
use perphook::market::{Instrument, Millis};
use serde_json::Value;

use super::faults::Class;
use super::floor::Floor;
use super::params::Params;
use super::reply::Reply;

/// One exchange's paths, words and habits. What an account has is in the floor; a wire keeps only what the floor cannot
/// know, for example counters of its own.
pub trait Wire: Send {
    /// Headers it reads, in any spelling; the first one carries the key.
    fn headers(&self) -> &'static [&'static str];

    /// At least so many contracts, with the exchange's native names. Quantities are in coins, whatever the wire counts in.
    fn instruments(&self, wanted: usize) -> Vec<Instrument>;

    /// How the exchange differs from the book's defaults; asked once.
    fn habits(&self, knobs: Knobs) -> Knobs {
        knobs
    }

    /// What kind of request this is; `None` when no such path is served.
    fn class(&self, call: &Call<'_>) -> Option<Class>;

    /// Authorises, executes and answers. Error codes are told to [`Floor::note_code`], for the log.
    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply;

    /// What the exchange does of its own accord once prices or positions have moved.
    fn settle(&mut self, _floor: &mut Floor, _now: Millis) {}

    /// Says that something went wrong. Nothing was executed by this.
    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply;

    /// How it refuses an order for which there is too little margin.
    fn poor(&self) -> Refusal;
}

/// What can be wrong before, after or instead of a request's execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is served under this path.
    NoSuchPath {
        /// Method asked with.
        method: &'static str,
        /// Path asked for.
        path: String,
    },
    /// The fault plan says how: status, code and words are given.
    Refuse(Refusal),
    /// Overloaded: not executed, worth another try.
    Busy,
    /// An internal error that leaves open whether the request was executed.
    Unsure,
    /// The matching engine did not answer in time: it may have been executed.
    Timeout,
    /// Too many requests; to be silent until then (true time).
    TooMany {
        /// When the next request is welcome.
        until: Millis,
    },
    /// Shut out until then (true time).
    Banned {
        /// When the ban ends.
        until: Millis,
    },
}

/// A refusal in the exchange's own words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// HTTP status.
    pub status: u16,
    /// The exchange's code.
    pub code: String,
    /// The exchange's words.
    pub msg: String,
}

impl Refusal {
    /// A refusal; codes may be numbers or words.
    pub fn new(status: u16, code: impl ToString, msg: &str) -> Refusal {
        Refusal { status, code: code.to_string(), msg: msg.to_owned() }
    }
}

/// A request taken apart.
pub struct Call<'a> {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path without query.
    pub path: &'a str,
    /// Query as it came, without its `?`.
    pub query: &'a str,
    /// Body as it came.
    pub body: &'a str,
    /// What the request names, decoded: the query, then the fields of the form or of the JSON object.
    pub params: Params,
    /// The body, when it is JSON.
    pub json: Option<Value>,
    headers: &'a [(&'static str, String)],
}

impl<'a> Call<'a> {
    /// Takes a request apart. A body that is not UTF-8 counts as none.
    pub fn read(request: &'a HttpRequest) -> Call<'a> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let body = std::str::from_utf8(&request.body).unwrap_or_default();
        let json: Option<Value> = if body.starts_with(['{', '[']) { serde_json::from_str(body).ok() } else { None };
        let mut params = Params::parse(query, if json.is_some() { "" } else { body });
        params.0.extend(json.iter().flat_map(|body| Params::of(body).0));
        Call { method: request.method, path, query, body, params, json, headers: &request.headers }
    }

    /// A header that is there and not empty, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&'a str> {
        header(self.headers, name)
    }
}

/// The value of a header that is there and not empty, whatever the case of its name.
pub fn header<'a>(headers: &'a [(&'static str, String)], name: &str) -> Option<&'a str> {
    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
}
