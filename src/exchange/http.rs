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
    /// How long the exchange asks to be left alone, as [`retry_after_s`] reads it.
    pub retry_after_s: Option<u64>,
    /// When the exchange lifts its limit, in its own time, if it was said in a header of [`LIMIT_HEADERS`].
    pub limit_resets_at: Option<Millis>,
    /// The body. Reading it to the end is what lets the connection be used again; `Http` reads the rest away.
    pub body: Box<dyn Read>,
}

/// Headers that say in seconds how long to wait: the common one, and Phemex's in its place.
const RETRY_HEADERS: [&str; 3] = ["retry-after", "x-ratelimit-retry-after-contract", "x-ratelimit-retry-after"];

/// Headers that name the end of a limit as a time in milliseconds.
pub const LIMIT_HEADERS: [&str; 1] = ["x-bapi-limit-reset-timestamp"];

/// How long the exchange asks to be left alone, in whole seconds; KuCoin says it in milliseconds.
pub fn retry_after_s(header: impl Fn(&str) -> Option<u64>) -> Option<u64> {
    let seconds = RETRY_HEADERS.iter().find_map(|name| header(name));
    seconds.or_else(|| header("gw-ratelimit-reset").map(|ms| ms.div_ceil(1000)))
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_seconds_or_milliseconds() {
        let asked =
            |headers: &[(&str, u64)]| retry_after_s(|wanted| headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value));
        assert_eq!(asked(&[("retry-after", 7), ("gw-ratelimit-reset", 100)]), Some(7));
        assert_eq!([asked(&[("gw-ratelimit-reset", 12_001)]), asked(&[("gw-ratelimit-reset", 0)]), asked(&[])], [Some(13), Some(0), None]);
    }
}
