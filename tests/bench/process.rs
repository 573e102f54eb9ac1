//! Processes the bench starts, and what the system knows of their memory and processor time.

use std::fmt;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Result;
use crate::client::Client;
use crate::sim::SimConfig;

/// Longest wait for the daemon to be ready.
const START_MAX: Duration = Duration::from_secs(20);
/// Between the first successful call and the idle reading.
const SETTLE: Duration = Duration::from_secs(2);

/// A process that ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    address: String,
}

/// One of our own: the simulated exchange or a bare server.
pub(crate) type Helper = Process;

impl Process {
    /// Starts this program again with other arguments; it says its address in its first line.
    pub(crate) fn start(arguments: &[&str]) -> Result<Helper> {
        let mut child = Command::new(std::env::current_exe()?).args(arguments).stdout(Stdio::piped()).spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().ok_or("no stdout")?).read_line(&mut address)?;
        Ok(Process { child, address: address.trim_end().to_owned() })
    }

    /// Starts the program under test with one account on its own state directory, and waits until it is connected and quiet.
    pub(crate) fn daemon(home: &Path, exchange: &str) -> Result<Process> {
        let keys = SimConfig::default();
        let account =
            [("BINANCE_API_KEY", keys.key.as_str()), ("BINANCE_API_SECRET", keys.secret.as_str()), ("BINANCE_BASE_URL", exchange)];
        Process::daemon_of(home, exchange, &account)
    }

    /// The same with the accounts that these settings name, all at this exchange.
    pub(crate) fn daemon_of(home: &Path, exchange: &str, accounts: &[(&str, &str)]) -> Result<Process> {
        let home = home.join(format!("daemon-{}", exchange.rsplit(':').next().unwrap_or("")));
        fs::create_dir_all(&home)?;
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = Command::new(env!("CARGO_BIN_EXE_perphook"))
            .current_dir(&home)
            .env_clear()
            .envs(accounts.iter().copied())
            .env("WEBHOOK_TOKEN", crate::day::TOKEN)
            .env("SERVICE_PORT", port.to_string())
            .env("STATE_DIRECTORY", home.join("state"))
            // The door closes at 4096 alerts within the window, and the bench knocks faster than any chart.
            .env("DUPLICATE_WINDOW", "1")
            .stdout(Stdio::null())
            .stderr(File::create(home.join("log"))?)
            .spawn()?;
        let daemon = Process { child, address: format!("127.0.0.1:{port}") };
        daemon.wait_until_healthy()?;
        std::thread::sleep(SETTLE);
        Ok(daemon)
    }

    fn wait_until_healthy(&self) -> Result<()> {
        let begin = Instant::now();
        while begin.elapsed() < START_MAX {
            if matches!(Client::connect(&self.address).and_then(|mut client| client.request("GET", "/health", "")), Ok((200, _))) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("the daemon does not become healthy".into())
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn memory(&self) -> Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let field = |name: &str| -> Result<u64> {
            let line = status.lines().find(|line| line.starts_with(name)).ok_or("a field is missing in /proc")?;
            Ok(line.split_whitespace().nth(1).ok_or("a value is missing in /proc")?.parse()?)
        };
        Ok(Memory { rss: field("VmRSS:")?, anon: field("RssAnon:")?, peak: field("VmHWM:")?, threads: field("Threads:")? })
    }

    /// Processor time of all threads so far, in µs.
    pub(crate) fn cpu_us(&self) -> Result<u64> {
        let mut ns = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let times = fs::read_to_string(thread?.path().join("schedstat"))?;
            ns += times.split(' ').next().ok_or("no schedstat")?.parse::<u64>()?;
        }
        Ok(ns / 1000)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Fails only when it is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Memory in kB.
pub(crate) struct Memory {
    rss: u64,
    anon: u64,
    peak: u64,
    threads: u64,
}

impl Memory {
    pub(crate) fn rss(&self) -> u64 {
        self.rss
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Memory { rss, anon, peak, threads } = self;
        write!(f, "RSS {rss} (anonymous {anon}, highest {peak}), {threads} threads")
    }
}
