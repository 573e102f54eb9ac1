//! perphook: a TradingView alert comes in, orders on a perpetual-futures exchange come out, and the trade is
//! looked after until it is flat.
//!
//! Data goes one way: [`web`] → [`alert`] → [`journal`] → [`desk`] → [`exchange`]. What comes back from an
//! exchange enters the desk again as an event. [`desk`], [`market`] and [`alert`] are pure: they never read a
//! clock, sleep, or touch a file or a socket. [`daemon`] is the shell that does those things for them.

pub mod alert;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod desk;
pub mod exchange;
pub mod journal;
pub mod logging;
pub mod market;
pub mod secret;
pub mod time;
pub mod web;

// The simulated exchanges, built once for all tests. They stand outside and speak of us as tests do.
#[cfg(all(feature = "sim", not(test)))]
extern crate self as perphook;
#[cfg(all(feature = "sim", not(test)))]
#[path = "../tests/sim/mod.rs"]
pub mod sim;
