//! The command line: what is asked, who answers, which exit code it ends with. Knows nothing of trading.

mod args;
pub mod check;
pub mod explain;
#[cfg(test)]
mod fake;
mod help;
mod table;
pub mod trades;

use std::ffi::OsString;
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use args::Command;
use trades::{OpenRow, TradeRow};

use crate::config::{self, Account, Config, Mistake, Sources};
use crate::daemon::Failure;
use crate::exchange::Exchange;
use crate::logging;

/// How the program ends, in the numbers of `sysexits.h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// The command line or the alert on it is wrong.
    Usage,
    /// Something outside is not there: an exchange, the state directory, the port.
    Unavailable,
    /// The settings are wrong.
    Config,
}

impl Exit {
    /// The number.
    pub fn code(self) -> u8 {
        match self {
            Exit::Done => 0,
            Exit::Usage => 64,
            Exit::Unavailable => 69,
            Exit::Config => 78,
        }
    }

    /// The one with the higher number.
    fn worse(self, other: Exit) -> Exit {
        if self.code() >= other.code() { self } else { other }
    }
}

/// Opens an account's exchange (nothing is sent yet), or says why not.
pub type Connect = fn(&Config, &Account) -> Result<Box<dyn Exchange>, String>;

/// The rooms behind the commands.
#[derive(Clone, Copy)]
pub struct Wiring {
    /// The daemon itself; returns when it was told to stop.
    pub run: fn(Config) -> Result<(), Failure>,
    /// For `check --online` and `explain`.
    pub connect: Connect,
    /// The history, oldest first, for `trades`.
    pub closed_trades: fn(&Config) -> Result<Vec<TradeRow>, String>,
    /// For `status`.
    pub open_trades: fn(&Config) -> Result<Vec<OpenRow>, String>,
}

/// Does what the arguments (without the program's name) ask.
pub fn main(arguments: impl IntoIterator<Item = OsString>, wiring: &Wiring) -> ExitCode {
    let mut out = io::stdout().lock();
    let ended = carry_out(arguments, wiring, &mut out).and_then(|exit| out.flush().map(|()| exit));
    let exit = match ended {
        Ok(exit) => exit,
        // Whoever reads has seen enough (`perphook trades | head`).
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Exit::Done,
        Err(error) => complain(Exit::Unavailable, &format!("cannot write the answer: {error}")),
    };
    ExitCode::from(exit.code())
}

fn carry_out(arguments: impl IntoIterator<Item = OsString>, wiring: &Wiring, out: &mut dyn Write) -> io::Result<Exit> {
    let command = match args::parse(arguments) {
        Ok(command) => command,
        Err(reason) => return Ok(complain(Exit::Usage, &format!("{reason}\nperphook --help tells how it is used"))),
    };
    match command {
        Command::Help => return help::print(out).map(|()| Exit::Done),
        Command::Version => return writeln!(out, "perphook {}", env!("CARGO_PKG_VERSION")).map(|()| Exit::Done),
        _ => {}
    }
    let config = match config::load(&Sources::of_process(), command == Command::Run { live: true }) {
        Ok(config) => config,
        Err(mistakes) => return Ok(complain(Exit::Config, &listed(&mistakes))),
    };
    match command {
        Command::Help | Command::Version => Ok(Exit::Done),
        Command::Run { .. } => Ok(run(config, wiring)),
        Command::Check { online } => {
            check::offline(&config, out)?;
            if online { check::online(&config, wiring.connect, crate::time::now_ms, out) } else { Ok(Exit::Done) }
        }
        Command::Explain { alert } => explain::explain(&config, wiring.connect, &alert, out),
        Command::Trades { format } => match (wiring.closed_trades)(&config) {
            Ok(rows) => trades::print_trades(&rows, format, out).map(|()| Exit::Done),
            Err(reason) => Ok(complain(Exit::Unavailable, &reason)),
        },
        Command::Status => match (wiring.open_trades)(&config) {
            Ok(rows) => trades::print_status(&rows, out).map(|()| Exit::Done),
            Err(reason) => Ok(complain(Exit::Unavailable, &reason)),
        },
    }
}

fn run(config: Config, wiring: &Wiring) -> Exit {
    if let Err(error) = logging::init(config.log_level, config.log_file.as_deref()) {
        return complain(Exit::Config, &format!("LOG_FILE: cannot be written: {error}"));
    }
    for warning in &config.warnings {
        log::warn!("event=setting detail={warning:?}");
    }
    match (wiring.run)(config) {
        Ok(()) => Exit::Done,
        Err(failure) => {
            log::error!("event=stopped detail={:?}", failure.to_string());
            failure.exit()
        }
    }
}

fn listed(mistakes: &[Mistake]) -> String {
    let lines: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

/// Says on stderr what is wrong; there is nobody to tell if that fails.
fn complain(exit: Exit, reason: &str) -> Exit {
    let _ = writeln!(io::stderr(), "{reason}");
    exit
}
