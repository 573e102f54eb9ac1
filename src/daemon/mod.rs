//! The shell: opens the journal, starts the threads, runs the one executor, and carries out what the desk wants.
//!
//! Threads: the executor (web and desk), the journal, and one courier for each account. No rule of trading lives here.

mod accounts;
mod asks;
mod health;
mod history;
mod notify;
mod shell;
mod slips;

use std::cell::RefCell;
use std::fmt;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use async_signal::{Signal, Signals};
use smol::stream::StreamExt;

use crate::cli::Exit;
use crate::config::{Config, Mode};
use crate::desk::{Desk, Memory, Record};
use crate::journal::{self, JournalError, Replayed};
use crate::time::now_ms;
use crate::{alert, web};
pub use accounts::{connect, roster};
pub use history::{closed_trades, open_trades};
use shell::{Heard, Shell};

/// Events that may wait for the executor: a few calls and journal reports; more would mean it is stuck.
const HEARD_MAX: usize = 1024;
/// Requests that may wait for the desk's word; the web room's cap on connections keeps it below.
const INBOX_MAX: usize = 512;
/// Time for calls under way to come back after SIGTERM.
const GRACE: Duration = Duration::from_secs(4);

/// Why the daemon could not start or go on.
#[derive(Debug)]
pub enum Failure {
    /// The state directory cannot be used (locked, damaged, a newer format).
    Journal(JournalError),
    /// The configuration cannot be used as it stands.
    Config(String),
    /// The operating system refused something: the port, a thread.
    System(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Journal(error) => write!(f, "{error}"),
            Failure::Config(reason) | Failure::System(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// How the program ends.
    pub fn exit(&self) -> Exit {
        match self {
            Failure::Config(_) => Exit::Config,
            Failure::Journal(_) | Failure::System(_) => Exit::Unavailable,
        }
    }
}

/// Runs until SIGTERM or SIGINT.
///
/// # Errors
/// See [`Failure`]; nothing was sent to any exchange then.
pub fn run(config: Config) -> Result<(), Failure> {
    let mut memory = Memory::default();
    let opened = journal::open(&config.state_directory, &mut |_, replayed| remember(&mut memory, replayed)).map_err(Failure::Journal)?;
    for warning in &opened.warnings {
        log::warn!("journal: {warning}");
    }
    accounts::forbid_mixing(&config, &memory)?;
    let (hear, heard) = smol::channel::bounded(HEARD_MAX);
    let team = accounts::hire(&config, &hear)?;
    let installation = opened.installation.clone();
    let snapshot = snapshot(&memory).map_err(|error| Failure::System(format!("the snapshot cannot be written: {error}")))?;
    let told = hear.clone();
    let tell = Box::new(move |told_what| {
        let _ = told.send_blocking(Heard::Journal(told_what));
    });
    let writer = opened.start(now_ms(), snapshot, tell).map_err(|error| Failure::System(format!("journal thread: {error}")))?;
    let desk = Desk::new(installation, config.rules.clone(), team.setups, memory);
    let shell = Rc::new(RefCell::new(Shell::new(desk, writer, team.couriers, team.paper)));
    let executor = smol::LocalExecutor::new();
    smol::block_on(executor.run(serve(&executor, config, shell, heard)))
}

/// The memory as the journal takes it.
fn snapshot(memory: &Memory) -> serde_json::Result<journal::Pieces> {
    let mut text = journal::Pieces::default();
    serde_json::to_writer(&mut text, memory)?;
    Ok(text)
}

fn remember(memory: &mut Memory, replayed: Replayed<'_>) -> Result<(), String> {
    match replayed {
        Replayed::Snapshot(text) => *memory = serde_json::from_str(text).map_err(|error| error.to_string())?,
        Replayed::Record(text) => memory.apply(&serde_json::from_str::<Record>(text).map_err(|error| error.to_string())?),
    }
    Ok(())
}

async fn serve<'a>(
    executor: &smol::LocalExecutor<'a>,
    config: Config,
    shell: Rc<RefCell<Shell>>,
    heard: smol::channel::Receiver<Heard>,
) -> Result<(), Failure> {
    let address = SocketAddr::new(config.host, config.port);
    let listener =
        smol::net::TcpListener::bind(address).await.map_err(|error| Failure::System(format!("cannot listen on {address}: {error}")))?;
    let address = listener.local_addr().unwrap_or(address);
    let (inbox, inbound) = smol::channel::bounded(INBOX_MAX);
    let health = {
        let shell = Rc::clone(&shell);
        Rc::new(move || shell.borrow().health(now_ms()))
    };
    let routes = web::Routes {
        token: config.token.clone(),
        mode: config.mode,
        parse: alert::json::parse,
        parse_text: alert::text::parse,
        roster: roster(&config),
        inbox,
        health,
    };
    executor.spawn(web::serve(listener, routes, web::Limits::default())).detach();
    let mut signals =
        Signals::new([Signal::Term, Signal::Int]).map_err(|error| Failure::System(format!("signals cannot be received: {error}")))?;
    greet(&config, address);
    notify::ready();
    shell.borrow_mut().start(now_ms());
    executor.spawn(notify::watchdog()).detach();
    let work = shell::work(&shell, &heard, &inbound);
    let stop = async {
        signals.next().await;
    };
    smol::future::or(work, stop).await;
    log::info!("stopping: no new alerts, calls under way are finished");
    notify::stopping();
    shell.borrow_mut().stop();
    let finish = shell::finish(&shell, &heard, &inbound);
    let enough = async {
        smol::Timer::after(GRACE).await;
    };
    smol::future::or(finish, enough).await;
    shell.borrow_mut().close();
    log::info!("stopped");
    Ok(())
}

fn greet(config: &Config, address: SocketAddr) {
    let accounts: Vec<String> = config.accounts.iter().map(|account| format!("{} ({})", account.name, account.venue.as_str())).collect();
    log::info!("perphook {} mode={} listen={address} accounts={}", env!("CARGO_PKG_VERSION"), config.mode.as_str(), accounts.join(","));
    if config.mode == Mode::Paper {
        log::info!("this is paper trading: no keys are set, no order reaches any exchange");
        log::info!("try it: {}", accounts::first_alert(config, address));
    }
}
