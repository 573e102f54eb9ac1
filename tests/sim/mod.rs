//! Simulated exchanges for tests: the engine of the paper exchange behind the exchanges' own wires.
//!
//! Written from the exchanges' documentation, not from our adapters: they are the adapters' judges. In process they run in
//! virtual time behind [`SimHttp`]; on a port ([`server`]) they serve the daemon's binary and foreign clients.
//!
//! [`Sim`] is one account: a [`Floor`], the same for every exchange, and a [`Wire`], which says things in one exchange's
//! words. [`Floor::book`] is the truth, [`Floor::log`] what was asked and answered, [`Floor::faults`] what goes wrong; a
//! [`line::Line`] is an order as most exchanges show it. A [`Venue`] holds several accounts on one host, with one market.

#![allow(missing_docs, unreachable_pub, reason = "fields of rows have the exchanges' names, and what tests share is public")]

pub mod address;
pub mod binance;
pub mod bingx;
pub mod bitget;
pub mod bybit;
pub mod clock;
pub mod coinex;
pub mod contracts;
pub mod control;
pub mod executions;
pub mod faults;
pub mod floor;
mod frame;
mod json;
pub mod kind;
pub mod kraken;
pub mod kucoin;
pub mod line;
pub mod log;
pub mod okx;
pub mod params;
pub mod phemex;
pub mod reply;
pub mod server;
pub mod sign;
mod transport;
pub mod venue;
pub mod wire;

pub use faults::{Conditions, Fault, Faults, Rule};
pub use floor::{Floor, SimConfig};
pub use frame::Sim;
pub use kind::Kind;
pub use log::{Entry, RequestLog};
pub use reply::{Answer, Outcome, Reply};
pub use transport::{SharedSim, SimHttp};
pub use venue::Venue;
pub use wire::Wire;
