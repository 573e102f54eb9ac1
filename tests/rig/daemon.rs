//! The daemon's process: started, heard, killed.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::PATIENCE;

/// What it has said so far, and whether it will say more.
#[derive(Default)]
struct Heard {
    lines: Mutex<(Vec<String>, bool)>,
    news: Condvar,
}

/// A running daemon; killed when dropped.
pub struct Daemon {
    child: Child,
    heard: Arc<Heard>,
    pub port: u16,
}

impl Daemon {
    /// Starts it and waits for the line that names its port.
    pub fn start(mut command: Command) -> Daemon {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program starts");
        let stderr = child.stderr.take().expect("a pipe");
        let heard = Arc::new(Heard::default());
        let hearing = Arc::clone(&heard);
        std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lock(&hearing.lines).0.push(line);
                hearing.news.notify_all();
            }
            lock(&hearing.lines).1 = true;
            hearing.news.notify_all();
        });
        let mut daemon = Daemon { child, heard, port: 0 };
        daemon.port = daemon.named_port();
        daemon
    }

    fn named_port(&self) -> u16 {
        let deadline = Instant::now() + PATIENCE;
        let mut lines = lock(&self.heard.lines);
        loop {
            let address = lines.0.iter().find_map(|line| line.split_once("listen=")?.1.split_whitespace().next());
            if let Some(port) = address.and_then(|address| address.rsplit_once(':')?.1.parse().ok()) {
                return port;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!lines.1 && !left.is_zero(), "it never listened:\n{}", lines.0.join("\n"));
            lines = self.heard.news.wait_timeout(lines, left).map_or_else(|error| error.into_inner().0, |(lines, _)| lines);
        }
    }

    /// All lines so far.
    pub fn log(&self) -> Vec<String> {
        lock(&self.heard.lines).0.clone()
    }

    /// Whether a line contains this.
    pub fn said(&self, text: &str) -> bool {
        lock(&self.heard.lines).0.iter().any(|line| line.contains(text))
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child of ours")
    }

    /// SIGTERM, without waiting for the end.
    pub fn terminate(&self) {
        let sent = Command::new("sh").args(["-c", &format!("kill -TERM {}", self.child.id())]).status();
        assert!(sent.is_ok_and(|status| status.success()), "the signal is sent");
    }

    /// SIGTERM; returns how long it took to end well.
    pub fn stop(&mut self) -> Duration {
        let began = Instant::now();
        self.terminate();
        loop {
            if let Some(status) = self.ended() {
                assert!(status.success(), "it ended with {status}:\n{}", self.log().join("\n"));
                return began.elapsed();
            }
            assert!(began.elapsed() < PATIENCE, "it never ended:\n{}", self.log().join("\n"));
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.kill();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
