//! The real program on real sockets and real files against the simulated exchange: what all end-to-end tests share.
//!
//! A [`Rig`] is one exchange in this process, one working directory, and the daemon's binary as a child of its own.
//! Nothing here sleeps for luck: [`Rig::until`] waits for a condition against a deadline, and a failure tells the story
//! (the daemon's log, the exchange's requests).

#![allow(dead_code, unused_imports, unreachable_pub, reason = "no test uses all of it")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

pub mod accounts;
pub mod asked;
pub mod audit;
pub mod daemon;
pub mod dice;
pub mod exchange;
pub mod http;
pub mod kill;
pub mod say;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use perphook::desk::Record;
use perphook::journal::{Replayed, read_history};
use serde_json::Value;

use crate::sim::SimConfig;
use daemon::Daemon;
pub use exchange::{Exchange, Resting};
pub use http::Answer;
pub use say::{TOKEN, entry, exit};

/// Keys as they look; whoever finds them in a log has found a leak.
pub const KEY: &str = "rig7Kq2vXW0yHfPzLr5nTdBc8mGsJu3eAo6iYb1k";
pub const SECRET: &str = "rigS9wEx4tRz6pLm1kVn8bGh3jFd5sQa7yUo2cXi0";
/// Longer than anything that is waited for may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(45);

/// Looks often at first, and never more rarely than this.
const POLL_MAX: Duration = Duration::from_millis(50);

/// A working directory, removed at the end of a test that went well.
pub struct Home(PathBuf);

impl Home {
    pub fn new() -> Home {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Process numbers come round again, and a failed test leaves its directory behind.
        let now_ms = perphook::time::now_ms();
        let name = format!("perphook-rig-{}-{now_ms}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a directory of our own");
        Home(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the working directory is kept: {}", self.0.display());
        } else {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

/// Exchange, working directory and daemon. The daemon is declared first, so that it ends before its directory goes.
pub struct Rig {
    daemon: Option<Daemon>,
    /// The only account, or the first of several.
    pub exchange: Exchange,
    /// All of them.
    pub accounts: Vec<Exchange>,
    pub home: Home,
    /// The daemon's whole environment.
    pub settings: Vec<(String, String)>,
}

impl Rig {
    /// A connected daemon with these settings on top of the usual ones.
    pub fn start(settings: &[(&str, &str)]) -> Rig {
        Rig::with(SimConfig::default(), 0, settings)
    }

    /// The same in front of an exchange of your choice, whose calls take so long.
    pub fn with(config: SimConfig, latency_ms: u64, settings: &[(&str, &str)]) -> Rig {
        let mut rig = Rig::idle(config, latency_ms, settings);
        rig.run();
        rig.connected();
        rig
    }

    /// Nothing runs yet but the exchange.
    pub fn idle(config: SimConfig, latency_ms: u64, settings: &[(&str, &str)]) -> Rig {
        let exchange = Exchange::start(SimConfig { key: KEY.to_owned(), secret: SECRET.to_owned(), ..config }, latency_ms);
        let mut rig = Rig::around(vec![exchange]);
        let url = rig.exchange.url.clone();
        let usual = [
            ("BINANCE_API_KEY", KEY),
            ("BINANCE_API_SECRET", SECRET),
            ("BINANCE_BASE_URL", url.as_str()),
            ("WEBHOOK_TOKEN", TOKEN),
            ("SERVICE_PORT", "0"),
        ];
        for (name, value) in usual.iter().chain(settings) {
            rig.set(name, value);
        }
        rig
    }

    /// Nothing is set, and nothing runs yet but these.
    pub fn around(accounts: Vec<Exchange>) -> Rig {
        let exchange = accounts.first().expect("at least one account").clone();
        Rig { daemon: None, exchange, accounts, home: Home::new(), settings: Vec::new() }
    }

    /// Changes a setting for the next start; an empty value takes it away.
    pub fn set(&mut self, name: &str, value: &str) {
        self.settings.retain(|(known, _)| known != name);
        if !value.is_empty() {
            self.settings.push((name.to_owned(), value.to_owned()));
        }
    }

    /// Starts the daemon and waits until it listens.
    pub fn run(&mut self) {
        self.daemon = None;
        let command = self.command(&["run"]);
        self.daemon = Some(Daemon::start(command));
    }

    /// The program with these arguments, in this directory and with these settings only.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_perphook"));
        command.args(arguments).current_dir(self.home.path()).env_clear().envs(self.settings.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end: exit code, standard output, standard error.
    pub fn tell(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let output = self.command(arguments).output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    }

    /// Waits until the exchange is connected.
    pub fn connected(&self) {
        self.until("the exchange is connected", || self.get("/health").status == 200);
    }

    pub fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("a running daemon")
    }

    pub fn daemon_mut(&mut self) -> &mut Daemon {
        self.daemon.as_mut().expect("a running daemon")
    }

    /// SIGKILL, at once.
    pub fn kill(&mut self) {
        self.daemon_mut().kill();
    }

    /// SIGTERM, and how long it took to end.
    pub fn stop(&mut self) -> Duration {
        self.daemon_mut().stop()
    }

    pub fn get(&self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nHost: rig\r\nConnection: close\r\n\r\n");
        http::ask(self.daemon().port, request.as_bytes()).expect("an answer")
    }

    /// Sends an alert and reads its answer.
    pub fn alert(&self, body: &str) -> Answer {
        http::alert(self.daemon().port, body).expect("an answer")
    }

    /// Sends an alert that must be taken, and returns its number.
    pub fn accepted(&self, body: &str) -> u64 {
        let answer = self.alert(body);
        assert_eq!((answer.status, answer.is_duplicate()), (200, false), "{answer:?} to {body}\n{}", self.story());
        answer.number().expect("a number")
    }

    /// Sends alerts all at once, each from a thread of its own; the answers in the same order.
    pub fn alerts_at_once(&self, bodies: &[String]) -> Vec<Answer> {
        let port = self.daemon().port;
        let gate = std::sync::Barrier::new(bodies.len());
        std::thread::scope(|scope| {
            let senders: Vec<_> = bodies
                .iter()
                .map(|body| {
                    scope.spawn(|| {
                        gate.wait();
                        http::alert(port, body).expect("an answer")
                    })
                })
                .collect();
            senders.into_iter().map(|sender| sender.join().expect("a sender")).collect()
        })
    }

    /// Waits for a condition.
    pub fn until(&self, what: &str, is_so: impl FnMut() -> bool) {
        self.until_within(PATIENCE, what, is_so);
    }

    /// The same with another patience.
    pub fn until_within(&self, patience: Duration, what: &str, is_so: impl FnMut() -> bool) {
        assert!(within(patience, is_so), "never happened: {what}\n{}", self.story());
    }

    /// Waits until this and nothing else of ours is in the books of a contract.
    pub fn until_resting(&self, symbol: &str, wanted: Resting) {
        let is_so = within(PATIENCE, || self.exchange.resting(symbol) == wanted);
        assert!(is_so, "{symbol}: {:?} instead of {wanted:?}\n{}", self.exchange.resting(symbol), self.story());
    }

    /// Waits until the daemon has read all positions as they are now: one look may be under way, the next is not.
    pub fn looked(&self) {
        let looks = || {
            self.exchange
                .requests()
                .iter()
                .filter(|entry| entry.path == "/fapi/v3/positionRisk" && exchange::param(entry, "symbol").is_empty())
                .count()
        };
        let before = looks();
        self.until("two looks at the positions", || looks() >= before + 2);
    }

    /// Waits for a line of the daemon's log that contains this.
    pub fn until_said(&self, text: &str) {
        self.until(text, || self.daemon().said(text));
    }

    /// Waits until an alert has its verdict in the journal, and returns it.
    pub fn verdict(&self, alert: u64) -> perphook::desk::Outcome {
        let mut found = None;
        self.until(&format!("a verdict on alert {alert}"), || {
            found = self.journal().into_iter().find_map(|record| match record {
                Record::Verdict { alert: number, outcome } if number == alert => Some(outcome),
                _ => None,
            });
            found.is_some()
        });
        found.expect("it was waited for")
    }

    /// Everything in the journal, oldest first.
    pub fn journal(&self) -> Vec<Record> {
        let mut records = Vec::new();
        let read = read_history(&self.state(), &mut |_, replayed| {
            if let Replayed::Record(text) = replayed {
                records.push(serde_json::from_str(text).expect("a record that the program wrote"));
            }
        });
        read.expect("a journal that can be read");
        records
    }

    pub fn state(&self) -> PathBuf {
        self.home.path().join("state")
    }

    /// `perphook trades --json`.
    pub fn trades(&self) -> Value {
        let (code, out, err) = self.tell(&["trades", "--json"]);
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str(&out).expect("JSON")
    }

    /// Waits until so many trades are in the history, and returns them.
    pub fn closed(&self, count: usize) -> Vec<Value> {
        self.until(&format!("{count} closed trades"), || {
            self.journal().iter().filter(|record| matches!(record, Record::Closed(_))).count() == count
        });
        self.trades()["trades"].as_array().expect("a list").clone()
    }

    /// The daemon's log and the exchange's requests, for a failing test.
    pub fn story(&self) -> String {
        let log = self.daemon.as_ref().map_or_else(Vec::new, Daemon::log);
        let from = log.len().saturating_sub(80);
        format!("log:\n{}\nexchange:\n{}", log[from..].join("\n"), self.exchange.story(80))
    }
}

/// Whether a condition comes true in time.
pub fn within(time: Duration, mut is_so: impl FnMut() -> bool) -> bool {
    let deadline = Instant::now() + time;
    let mut pause = Duration::from_millis(2);
    while !is_so() {
        if Instant::now() >= deadline {
            return false;
        }
        std::thread::sleep(pause);
        pause = (pause * 3 / 2).min(POLL_MAX);
    }
    true
}
