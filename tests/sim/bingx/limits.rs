//! How often one may ask, and how often one may fail.

use std::collections::{BTreeMap, VecDeque};

use perphook::market::Millis;

use super::fail::Fail;

/// So long an error is remembered.
const MEMORY_MS: Millis = 480_000;
/// So many equal errors an endpoint bears within that time.
const EQUAL_ERRORS_MAX: usize = 20;
/// So long it is closed then: "for minutes" is all that is known, so it is as long as the memory.
const CLOSED_MS: Millis = MEMORY_MS;

/// Errors by endpoint (method and path) and code, and the endpoints that are closed for them.
#[derive(Default)]
pub struct Errors {
    seen: BTreeMap<(String, String), VecDeque<Millis>>,
    closed: BTreeMap<String, (Millis, String)>,
}

impl Errors {
    /// An endpoint has answered with an error.
    pub fn note(&mut self, endpoint: &str, code: &str, now: Millis) {
        let times = self.seen.entry((endpoint.to_owned(), code.to_owned())).or_default();
        times.retain(|at| at + MEMORY_MS > now);
        times.push_back(now);
        if times.len() >= EQUAL_ERRORS_MAX {
            times.clear();
            self.closed.insert(endpoint.to_owned(), (now + CLOSED_MS, code.to_owned()));
        }
    }

    /// When an endpoint opens again, and the code that closed it; none if it is open.
    pub fn closed(&self, endpoint: &str, now: Millis) -> Option<&(Millis, String)> {
        self.closed.get(endpoint).filter(|(until, _)| now < *until)
    }
}

/// The answer of a closed endpoint. The time is that of the exchange's clock.
pub fn over_errors(endpoint: &str, code: &str, until: Millis) -> Fail {
    let words = format!(
        "code:100410:The endpoint trigger frequency limit rule is currently in the disabled period ({endpoint}): over {EQUAL_ERRORS_MAX} \
         error code:{code} requests within {MEMORY_MS} ms, can retry after time: {until}"
    );
    Fail::new(100_410, words)
}

/// The answer to too many requests.
pub fn over_frequency(until: Millis) -> Fail {
    Fail::new(100_410, format!("code:100410:The endpoint trigger frequency limit rule, it will be unblocked after {until}"))
}
