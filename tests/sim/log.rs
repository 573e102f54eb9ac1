//! What was asked, and what was answered.

use std::collections::VecDeque;

use perphook::market::Millis;
use serde::Serialize;

/// Entries kept.
pub const LOG_MAX: usize = 200_000;

/// One request. Never holds the key or the signature.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// When it arrived, true time.
    pub at: Millis,
    /// The same in µs, on a port only; 0 in virtual time.
    pub arrived_us: u64,
    /// Method.
    pub method: &'static str,
    /// Path without query.
    pub path: String,
    /// Decoded parameters.
    pub params: Vec<(String, String)>,
    /// HTTP status of the answer; 0 when there was none.
    pub status: u16,
    /// The exchange's error code, when the body was an error (batch: of the first element that is one).
    pub code: Option<String>,
    /// The fault that struck, by name.
    pub fault: Option<&'static str>,
    /// Whether the request reached the engine.
    pub executed: bool,
}

/// The last requests, oldest first.
#[derive(Clone, Debug, Default)]
pub struct RequestLog {
    /// The entries.
    pub entries: VecDeque<Entry>,
    /// How many had to give way.
    pub dropped: u64,
}

impl RequestLog {
    /// Adds an entry; the oldest gives way.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.len() >= LOG_MAX {
            self.entries.pop_front();
            self.dropped += 1;
        }
        self.entries.push_back(entry);
    }

    /// Notes when exactly the newest request arrived.
    pub fn stamp(&mut self, arrived_us: u64) {
        if let Some(entry) = self.entries.back_mut() {
            entry.arrived_us = arrived_us;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = RequestLog::default();
    }

    /// How many requests of a method had this path.
    pub fn count(&self, method: &str, path: &str) -> usize {
        self.entries.iter().filter(|entry| entry.method == method && entry.path == path).count()
    }
}
