//! The real program as its users have it: a process, real sockets, real files, and the simulated exchange on a port.
//!
//! One program of tests for all of it, because rig and simulator take longer to compile than to use. Its tests run side by
//! side, so none may count on being alone: each has a directory, a port and an exchange of its own.

mod accounts;
mod bracket;
mod cli;
mod duplicates;
mod exchanges;
mod kill_steps;
mod predecessor;
mod refusals;
#[path = "../rig/mod.rs"]
mod rig;
mod secrets;
mod text_live;
mod whook_user;

use perphook::sim;
