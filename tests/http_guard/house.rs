//! A running web room with a daemon that only counts, and a client that keeps no rules.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use perphook::alert::text::{self, Line, Roster, Text};
use perphook::alert::{AlertError, Command, Parsed, Signal};
use perphook::config::Mode;
use perphook::market::Side;
use perphook::secret::Secret;
use perphook::web::{Health, Inbound, Limits, Message, Routes, Verdict, serve};
use serde_json::{Value, json};

pub(crate) const TOKEN: &str = "right-token-0123456789";
pub(crate) const ALERT: &str = r#"{"token":"right-token-0123456789"}"#;
/// Longer than any answer here may take on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// A line that is an order.
pub(crate) const ORDER: &str = "close";
/// One whose verdict waits for [`House::release`].
pub(crate) const HELD_ORDER: &str = "held";

/// A running web room.
pub(crate) struct House {
    address: SocketAddr,
    seen: Arc<Seen>,
    release: smol::channel::Sender<()>,
}

/// What reached the daemon.
#[derive(Default)]
struct Seen {
    /// How many alerts.
    alerts: AtomicUsize,
    /// What became of the answers to text alerts.
    told: Mutex<Vec<(Vec<u64>, bool)>>,
}

fn parse(body: &[u8]) -> Result<Parsed, AlertError> {
    let error = |field: &str| AlertError { field: field.to_owned(), line: 1, column: 2, reason: "is wrong".to_owned() };
    let alert: Value = serde_json::from_slice(body).map_err(|_| error(""))?;
    let signal = match alert.get("fault").and_then(Value::as_str) {
        Some(field) => Err(error(field)),
        None => Ok(signal(Command::Exit { side: Side::Long })),
    };
    Ok(Parsed { token: alert.get("token").and_then(Value::as_str).map(Secret::new), signal })
}

fn signal(command: Command) -> Signal {
    Signal { account: None, key: None, symbol: serde_json::from_value(json!("ETHUSDT")).expect("a symbol"), command }
}

/// Understands orders and tokens; everything else is for the real one to refuse.
fn parse_text(body: &[u8], roster: &Roster) -> Result<Text, AlertError> {
    let mut read = Text { tokens: Vec::new(), lines: Vec::new() };
    for (at, line) in std::str::from_utf8(body).unwrap_or_default().lines().enumerate() {
        let (tokens, words): (Vec<_>, Vec<_>) = line.split(' ').partition(|word| word.starts_with("token:"));
        read.tokens.extend(tokens.iter().map(|word| Secret::new(word.trim_start_matches("token:"))));
        let key = (words == [HELD_ORDER]).then(|| HELD_ORDER.to_owned());
        if words != [ORDER] && key.is_none() {
            return text::parse(body, roster);
        }
        read.lines.push(Line { number: at + 1, signal: Ok(Signal { key, ..signal(Command::Close { percent: None }) }) });
    }
    match read.lines[..] {
        [] => text::parse(body, roster),
        _ => Ok(read),
    }
}

pub(crate) fn house(limits: Limits) -> House {
    let seen = Arc::new(Seen::default());
    let (tell, told) = std::sync::mpsc::channel();
    let (release, released) = smol::channel::unbounded();
    let seeing = Arc::clone(&seen);
    std::thread::spawn(move || smol::block_on(run(limits, tell, seeing, released)));
    House { address: told.recv().expect("the house stands"), seen, release }
}

async fn run(limits: Limits, tell: std::sync::mpsc::Sender<SocketAddr>, seen: Arc<Seen>, released: smol::channel::Receiver<()>) {
    let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
    let (inbox, messages) = smol::channel::bounded::<Inbound>(256);
    let health = || Health { exchanges: vec![("binance".to_owned(), "connected".to_owned())], ..Health::default() };
    let (token, roster) = (Some(Secret::new(TOKEN)), Roster::default());
    let routes = Routes { token, mode: Mode::Live, parse, parse_text, roster, inbox, health: Rc::new(health) };
    let accept = || Verdict::Accepted { number: seen.alerts.fetch_add(1, Ordering::SeqCst) as u64 + 1, warnings: Vec::new() };
    let daemon = async {
        while let Ok(inbound) = messages.recv().await {
            match inbound.message {
                Message::Alert { .. } => drop(inbound.respond.try_send(accept())),
                Message::Lines { lines, .. } => {
                    if lines.iter().any(|(_, signal)| signal.key.is_some()) {
                        let _ = released.recv().await;
                    }
                    let _ = inbound.respond.try_send(Verdict::Lines(lines.iter().map(|_| accept()).collect()));
                }
                Message::Told { alerts, written } => seen.told.lock().expect("no panic").push((alerts, written)),
                _ => {}
            }
        }
    };
    smol::future::or(serve(listener, routes, limits), daemon).await;
}

pub(crate) fn quick() -> Limits {
    Limits { head: Duration::from_millis(300), body: Duration::from_millis(300), linger: Duration::from_millis(300), ..Limits::default() }
}

/// One client's connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    bytes: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Value,
}

impl House {
    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("the house listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a live socket");
        Client { stream, bytes: Vec::new() }
    }

    /// All answers to these bytes, said at once and followed by a half-close.
    pub(crate) fn ask(&self, bytes: &[u8]) -> Vec<Answer> {
        let mut client = self.connect();
        client.say(bytes);
        let _ = client.stream.shutdown(Shutdown::Write);
        std::iter::from_fn(|| client.hear()).collect()
    }

    pub(crate) fn alerts(&self) -> usize {
        self.seen.alerts.load(Ordering::SeqCst)
    }

    /// Lets the daemon give the verdict that it holds back.
    pub(crate) fn release(&self) {
        self.release.try_send(()).expect("the house stands");
    }

    /// Waits until the daemon has heard this of an answer.
    pub(crate) fn until_told(&self, is_it: impl Fn(&(Vec<u64>, bool)) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !self.seen.told.lock().expect("no panic").iter().any(&is_it) {
            assert!(Instant::now() < deadline, "never told: {:?}", self.seen.told);
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Whether the daemon has heard anything of the answer to this alert.
    pub(crate) fn has_told(&self, alert: u64) -> bool {
        self.seen.told.lock().expect("no panic").iter().any(|(alerts, _)| alerts.contains(&alert))
    }

    pub(crate) fn assert_alive(&self, after: &str) {
        let answers = self.ask(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
        assert!(matches!(&answers[..], [Answer { status: 200, .. }]), "after {after}: {answers:?}");
    }
}

impl Client {
    /// The peer may have closed already; what it said before is still to be heard.
    pub(crate) fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next answer; `None` at the end. A reset is no end: it can destroy an answer before it is read.
    pub(crate) fn hear(&mut self) -> Option<Answer> {
        loop {
            if let Some(answer) = self.cut_answer() {
                return Some(answer);
            }
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(len) => self.bytes.extend(&chunk[..len]),
                Err(error) => panic!("no answer: {error}"),
            }
        }
    }

    fn cut_answer(&mut self) -> Option<Answer> {
        let end = self.bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
        let head = String::from_utf8(self.bytes[..end].to_vec()).expect("an ASCII head");
        let len = head.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |len| len.parse().expect("a length"));
        let body = self.bytes.get(end..end + len)?.to_vec();
        self.bytes.drain(..end + len);
        let status = head[9..12].parse().expect("a status");
        Some(Answer { status, head, body: serde_json::from_slice(&body).unwrap_or(Value::Null) })
    }
}
