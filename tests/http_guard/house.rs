//! A running web room with a daemon that only counts, and a client that keeps no rules.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

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

/// A running web room.
pub(crate) struct House {
    address: SocketAddr,
    /// How many alerts reached the daemon.
    alerts: Arc<AtomicUsize>,
}

fn parse(body: &[u8]) -> Result<Parsed, AlertError> {
    let error = |field: &str| AlertError { field: field.to_owned(), line: 1, column: 2, reason: "is wrong".to_owned() };
    let alert: Value = serde_json::from_slice(body).map_err(|_| error(""))?;
    let signal = match alert.get("fault").and_then(Value::as_str) {
        Some(field) => Err(error(field)),
        None => {
            let symbol = serde_json::from_value(json!("ETHUSDT")).map_err(|_| error("symbol"))?;
            Ok(Signal { account: None, key: None, symbol, command: Command::Exit { side: Side::Long } })
        }
    };
    Ok(Parsed { token: alert.get("token").and_then(Value::as_str).map(Secret::new), signal })
}

pub(crate) fn house(limits: Limits) -> House {
    let alerts = Arc::new(AtomicUsize::new(0));
    let (tell, told) = std::sync::mpsc::channel();
    let count = Arc::clone(&alerts);
    std::thread::spawn(move || smol::block_on(run(limits, tell, count)));
    House { address: told.recv().expect("the house stands"), alerts }
}

async fn run(limits: Limits, tell: std::sync::mpsc::Sender<SocketAddr>, alerts: Arc<AtomicUsize>) {
    let listener = smol::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    tell.send(listener.local_addr().expect("an address")).expect("somebody waits");
    let (inbox, messages) = smol::channel::bounded::<Inbound>(256);
    let health = || Health { exchanges: vec![("binance".to_owned(), "connected".to_owned())], ..Health::default() };
    let routes = Routes { token: Some(Secret::new(TOKEN)), mode: Mode::Live, parse, inbox, health: Rc::new(health) };
    let daemon = async {
        while let Ok(inbound) = messages.recv().await {
            if matches!(inbound.message, Message::Alert { .. }) {
                let number = alerts.fetch_add(1, Ordering::SeqCst) + 1;
                let _ = inbound.respond.try_send(Verdict::Accepted { number: number as u64, warnings: Vec::new() });
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
        self.alerts.load(Ordering::SeqCst)
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
