//! The seam under every adapter: one request, one answer. The real one is made of ureq; tests put a recorder or a
//! simulated exchange here.

use std::fmt;
use std::io::Read;

use crate::market::Millis;

/// A request to an exchange. Path and query are sent byte for byte as given: what was signed is what is sent.
#[derive(Clone)]
pub struct HttpRequest {
    /// `GET`, `POST`, `PUT` or `DELETE`.
    pub method: &'static str,
    /// Path, and the query with its `?` if there is one.
    pub target: String,
    /// Headers, spelled as they shall be sent.
    pub headers: Vec<(&'static str, String)>,
    /// Body; empty for none.
    pub body: Vec<u8>,
}

/// Method and path only: query and headers carry signature and key.
impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.target.split('?').next().unwrap_or(""))
    }
}

/// An answer: status, the few headers adapters look at, and the body as a stream.
pub struct HttpResponse {
    /// HTTP status.
    pub status: u16,
    /// Seconds from one of [`RETRY_HEADERS`], if it was there.
    pub retry_after_s: Option<u64>,
    /// When the exchange lifts its limit, in its own time, if it was said in a header of [`LIMIT_HEADERS`].
    pub limit_resets_at: Option<Millis>,
    /// The body. Reading it to the end is what lets the connection be used again; `Http` reads the rest away.
    pub body: Box<dyn Read>,
}

/// Headers that say in seconds how long to wait: the common one, and what exchanges have in its place.
pub const RETRY_HEADERS: [&str; 3] = ["retry-after", "x-ratelimit-retry-after-contract", "x-ratelimit-retry-after"];

/// Headers that name the end of a limit as a time in milliseconds.
pub const LIMIT_HEADERS: [&str; 1] = ["x-bapi-limit-reset-timestamp"];

/// Why no answer came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpError {
    /// Whether a byte of the request may have left this machine.
    pub maybe_sent: bool,
    /// What happened; holds no secret (never the query).
    pub detail: String,
}

impl fmt::Display for HttpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for HttpError {}

/// Sends requests to one host over one warm connection.
pub trait Http: Send {
    /// Sends one request, once, and returns the head of the answer. Never retries, never follows a redirect.
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError>;
}
