//! The shell.

use std::fmt;

use crate::cli::Exit;
use crate::cli::trades::{OpenRow, TradeRow};
use crate::config::{Account, Config};
use crate::exchange::Exchange;

/// Why the daemon ended.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// With which exit code.
    pub fn exit(&self) -> Exit {
        Exit::Unavailable
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Runs until told to stop.
pub fn run(_: Config) -> Result<(), Failure> {
    Err(Failure("the daemon is not part of this build".to_owned()))
}

/// Opens an account's exchange.
pub fn connect(_: &Config, account: &Account) -> Result<Box<dyn Exchange>, String> {
    Err(format!("{} is not part of this build", account.venue.as_str()))
}

/// The history.
pub fn closed_trades(_: &Config) -> Result<Vec<TradeRow>, String> {
    Ok(Vec::new())
}

/// What is open.
pub fn open_trades(_: &Config) -> Result<Vec<OpenRow>, String> {
    Ok(Vec::new())
}
