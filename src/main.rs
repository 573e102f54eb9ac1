//! The program: the command line wired to the daemon.

use std::process::ExitCode;

use perphook::cli::{self, Wiring};
use perphook::daemon;

fn main() -> ExitCode {
    let wiring =
        Wiring { run: daemon::run, connect: daemon::connect, closed_trades: daemon::closed_trades, open_trades: daemon::open_trades };
    cli::main(std::env::args_os().skip(1), &wiring)
}
