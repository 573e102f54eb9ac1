//! A simulated exchange for tests: the engine of the paper exchange behind an exchange's own wire.
//!
//! Written from the exchange's documentation, not from our adapter: it is the adapter's judge. In process it runs in
//! virtual time behind [`SimHttp`]; on a port ([`server`]) it serves the daemon's binary and foreign clients.
//! [`Sim`] is one account; a [`Venue`] holds several on one host, with one market. [`Sim::book`] is the truth, [`Sim::log`] what was asked and answered, [`Sim::faults`] what goes wrong.

#![allow(dead_code, unreachable_pub, unused_imports)]

pub mod binance;
pub mod control;
pub mod faults;
pub mod log;
pub mod params;
pub mod server;
mod transport;
pub mod venue;

pub use binance::{Sim, SimConfig};
pub use faults::{Conditions, Fault, Faults, Rule};
pub use log::{Entry, RequestLog};
pub use transport::{SharedSim, SimHttp};
pub use venue::Venue;

use perphook::market::Millis;

/// An answer's head and body.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// `Retry-After`, in seconds.
    pub retry_after_s: Option<u64>,
    /// Whether the body is a page for humans and not JSON.
    pub html: bool,
    /// Request weight used in this minute.
    pub used_weight: u32,
    /// Orders counted in this 10 seconds and this minute; on order replies only.
    pub order_counts: Option<(u32, u32)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What the client gets to see.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A whole answer.
    Reply(Reply),
    /// The head and half of the body, then the connection is cut.
    Half(Reply),
    /// The connection is cut without an answer. Whether the request was executed is in the log only.
    Cut,
    /// No connection: not a byte was taken.
    Unreachable,
}

/// What the client gets to see, and when.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How much later than usual it arrives.
    pub delay_ms: Millis,
    /// What arrives.
    pub outcome: Outcome,
}
