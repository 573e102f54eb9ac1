//! The web room over real sockets, with a daemon that only counts: hostile bytes get their status, nothing of them reaches the daemon,
//! and the next honest request is served.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use perphook::alert::{AlertError, Command, Parsed, Signal};
use perphook::config::Mode;
use perphook::market::Side;
use perphook::secret::Secret;
use perphook::web::{Health, Inbound, Limits, Message, Routes, Verdict, serve};
use serde_json::{Value, json};

const TOKEN: &str = "right-token-0123456789";
const ALERT: &str = r#"{"token":"right-token-0123456789"}"#;
/// Longer than any answer here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running web room.
struct House {
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

fn house(limits: Limits) -> House {
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
                let _ = inbound.respond.try_send(Verdict::Accepted(number as u64));
            }
        }
    };
    smol::future::or(serve(listener, routes, limits), daemon).await;
}

fn quick() -> Limits {
    Limits { head: Duration::from_millis(300), body: Duration::from_millis(300), linger: Duration::from_millis(300), ..Limits::default() }
}

/// One client's connection.
struct Client {
    stream: TcpStream,
    bytes: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

impl House {
    fn connect(&self) -> Client {
        let stream = TcpStream::connect(self.address).expect("the house listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a live socket");
        Client { stream, bytes: Vec::new() }
    }

    /// All answers to these bytes, said at once and followed by a half-close.
    fn ask(&self, bytes: &[u8]) -> Vec<Answer> {
        let mut client = self.connect();
        client.say(bytes);
        let _ = client.stream.shutdown(Shutdown::Write);
        std::iter::from_fn(|| client.hear()).collect()
    }

    fn alerts(&self) -> usize {
        self.alerts.load(Ordering::SeqCst)
    }

    fn assert_alive(&self, after: &str) {
        let answers = self.ask(b"GET /health HTTP/1.1\r\nHost: h\r\n\r\n");
        assert!(matches!(&answers[..], [Answer { status: 200, .. }]), "after {after}: {answers:?}");
    }
}

impl Client {
    /// The peer may have closed already; what it said before is still to be heard.
    fn say(&mut self, bytes: &[u8]) {
        let _ = self.stream.write_all(bytes);
    }

    /// The next answer; `None` at the end. A reset is no end: it can destroy an answer before it is read.
    fn hear(&mut self) -> Option<Answer> {
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

/// A POST of an alert with more headers.
fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("POST {path} HTTP/1.1\r\nHost: h\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

fn raw(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// A name, bytes, the statuses they get, and how many alerts of them reach the daemon.
type Row = (&'static str, Vec<u8>, &'static [u16], usize);

/// What async-h1 on its own gets wrong, and what else a guard has to stand.
fn hostile_heads() -> Vec<Row> {
    let length = ALERT.len();
    let head = |lines: &str| raw(&format!("POST /webhook HTTP/1.1\r\n{lines}\r\n{ALERT}"));
    let with_length = |lines: &str| head(&format!("Host: h\r\n{lines}Content-Length: {length}\r\n"));
    vec![
        ("non-ASCII header value", with_length("X-Name: café\r\n"), &[400], 0),
        ("non-ASCII header name", with_length("X-Näme: x\r\n"), &[400], 0),
        ("non-ASCII host", head(&format!("Host: é\r\nContent-Length: {length}\r\n")), &[400], 0),
        ("non-ASCII path", post("/webhook/é", "", ALERT), &[400], 0),
        ("invalid UTF-8 in a header", [b"GET / HTTP/1.1\r\nHost: h\r\nX: \xff\xfe\r\n\r\n".as_slice()].concat(), &[400], 0),
        ("NUL in a header", raw("GET / HTTP/1.1\r\nHost: h\r\nX: a\0b\r\n\r\n"), &[400], 0),
        ("TLS greeting", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".to_vec(), &[400], 0),
        ("HTTP/2 preface", raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), &[505], 0),
        ("HTTP/3.0", raw("GET / HTTP/3.0\r\nHost: h\r\n\r\n"), &[505], 0),
        ("HTTP/0.9", raw("GET /\r\n\r\n"), &[400], 0),
        ("HTTP/1.0", raw(&format!("POST /webhook HTTP/1.0\r\nContent-Length: {length}\r\n\r\n{ALERT}")), &[200], 1),
        ("HTTP/1.0 with keep-alive", raw("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n"), &[200, 200], 0),
        ("HTTP/1.0 closes", raw("GET / HTTP/1.0\r\n\r\nGET / HTTP/1.0\r\n\r\n"), &[200], 0),
        ("9 kB head", with_length(&format!("X: {}\r\n", "a".repeat(9000))), &[431], 0),
        ("9 kB path", post(&format!("/webhook/{}", "a".repeat(9000)), "", ALERT), &[431], 0),
        ("200 headers", with_length(&"A: b\r\n".repeat(200)), &[431], 0),
        ("CL and TE", with_length("Transfer-Encoding: chunked\r\n"), &[411], 0),
        (
            "chunked",
            raw(&format!("POST /webhook HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n22\r\n{ALERT}\r\n0\r\n\r\n")),
            &[411],
            0,
        ),
        ("chunked with a trailer", head("Host: h\r\nTransfer-Encoding: chunked\r\nTrailer: X-É\r\n"), &[400], 0),
        ("TE: gzip, chunked", head("Host: h\r\nTransfer-Encoding: gzip, chunked\r\n"), &[411], 0),
        ("TE: identity", with_length("Transfer-Encoding: identity\r\n"), &[411], 0),
        ("two lengths", with_length("Content-Length: 0\r\n"), &[400], 0),
        ("two equal lengths", with_length(&format!("Content-Length: {length}\r\n")), &[400], 0),
        ("length +41", head("Host: h\r\nContent-Length: +41\r\n"), &[400], 0),
        ("length -1", head("Host: h\r\nContent-Length: -1\r\n"), &[400], 0),
        ("length 1e3", head("Host: h\r\nContent-Length: 1e3\r\n"), &[400], 0),
        ("length with a space before the colon", head("Host: h\r\nContent-Length : 34\r\n"), &[400], 0),
        ("huge length", head("Host: h\r\nContent-Length: 18446744073709551617\r\n"), &[413], 0),
        ("300 MB body", head("Host: h\r\nContent-Length: 300000000\r\n"), &[413], 0),
        ("body of 16385", post("/webhook", "", &"a".repeat(16385)), &[413], 0),
        ("cut head", raw("POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Le"), &[400], 0),
        ("cut body", head("Host: h\r\nContent-Length: 500\r\n"), &[400], 0),
        (
            "host that is a path",
            raw(&format!("POST /other HTTP/1.1\r\nHost: h/webhook?\r\nContent-Length: {length}\r\n\r\n{ALERT}")),
            &[400],
            0,
        ),
        ("host with a user", head(&format!("Host: a@h\r\nContent-Length: {length}\r\n")), &[400], 0),
        ("two hosts", with_length("Host: g\r\n"), &[400], 0),
        ("no host", head(&format!("Content-Length: {length}\r\n")), &[400], 0),
        ("empty host", head(&format!("Host: \r\nContent-Length: {length}\r\n")), &[400], 0),
        ("bare line feeds", raw(&format!("POST /webhook HTTP/1.1\nHost: h\nContent-Length: {length}\n\n{ALERT}")), &[400], 0),
        ("one bare line feed", raw("GET / HTTP/1.1\r\nHost: h\nX: y\r\n\r\n"), &[400], 0),
        ("bare carriage return", raw("GET / HTTP/1.1\r\nHost: h\rX: y\r\n\r\n"), &[400], 0),
        ("folded line", with_length("X: a\r\n b\r\n"), &[400], 0),
        ("folded first line", raw("GET / HTTP/1.1\r\n Host: h\r\n\r\n"), &[400], 0),
        ("no colon", with_length("nonsense\r\n"), &[400], 0),
        ("no header name", with_length(": x\r\n"), &[400], 0),
        ("two spaces", raw("GET  / HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("words only", raw("hello there\r\n\r\n"), &[400], 0),
        ("lower-case method", raw("get / HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("unknown method", raw("BREW /webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[501], 0),
        ("CONNECT", raw("CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n"), &[400], 0),
        ("absolute target", raw("GET http://evil/webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("asterisk target", raw("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("path with dots", post("/x/../webhook", "", ALERT), &[400], 0),
        ("path with escaped dots", post("/x/%2e%2e/webhook", "", ALERT), &[400], 0),
        ("path with a backslash", post("/x\\..\\webhook", "", ALERT), &[400], 0),
        ("path with a fragment", post("/webhook#x", "", ALERT), &[400], 0),
        ("unknown expectation", with_length("Expect: miracles\r\n"), &[417], 0),
    ]
}

/// Clean requests that say the wrong thing, and some that say the right one in an odd way.
fn hostile_messages() -> Vec<Row> {
    let one = post("/webhook", "", ALERT);
    let wrong = |token: &str| post("/webhook", "", &format!("{{\"token\":\"{token}\"}}"));
    vec![
        ("an honest alert", one.clone(), &[200], 1),
        ("pipelined x5", one.repeat(5), &[200, 200, 200, 200, 200], 5),
        ("pipelined, the second unclean", [one.clone(), raw("GET /\0"), one.clone()].concat(), &[200, 400], 1),
        ("pipelined behind a close", [post("/webhook", "Connection: close\r\n", ALERT), one.clone()].concat(), &[200], 1),
        ("pipelined behind a 401", [wrong("x"), one.clone()].concat(), &[401, 200], 1),
        ("an empty line after the body", [one.clone(), raw("\r\n"), one.clone()].concat(), &[200, 200], 2),
        ("a request hidden in a body", post("/nowhere", "", &String::from_utf8_lossy(&one)), &[404], 0),
        (
            "a request behind a length of 0",
            [raw("POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n"), one].concat(),
            &[400, 200],
            1,
        ),
        ("no body", raw("POST /webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[400], 0),
        ("blank body", post("/webhook", "", " \r\n "), &[400], 0),
        ("text body", post("/webhook", "Content-Type: application/json\r\n", "ETHUSDT buy 10"), &[400], 0),
        ("broken JSON", post("/webhook", "", "{\"token\":"), &[400], 0),
        ("JSON array", post("/webhook", "", "[1]"), &[400], 0),
        ("binary body", post("/webhook", "", "\0\u{1}\u{2}"), &[400], 0),
        ("BOM before JSON", post("/webhook", "", &format!("\u{feff}{ALERT}")), &[200], 1),
        ("JSON as text/plain", post("/webhook", "Content-Type: text/plain\r\n", ALERT), &[200], 1),
        ("a field at fault", post("/webhook/right-token-0123456789", "", "{\"fault\":\"stop_loss\"}"), &[400], 0),
        ("wrong token", wrong("wrong"), &[401], 0),
        ("empty token", wrong(""), &[401], 0),
        ("no token", post("/webhook", "", "{}"), &[401], 0),
        ("token with a letter too few", wrong("right-token-012345678"), &[401], 0),
        ("token with a letter too many", wrong("right-token-01234567890"), &[401], 0),
        ("token that is a number", post("/webhook", "", "{\"token\":1}"), &[401], 0),
        ("long token", wrong(&"t".repeat(16000)), &[401], 0),
        ("token in the query", post("/webhook?token=right-token-0123456789", "", "{}"), &[401], 0),
        ("token in the path", post("/whook/right-token-0123456789", "", "{}"), &[200], 1),
        ("token in the header", post("/webhook", "X-Webhook-Token: right-token-0123456789\r\n", "{}"), &[200], 1),
        ("wrong token and fault", post("/webhook", "", "{\"token\":\"x\",\"fault\":\"stop_loss\"}"), &[401], 0),
        ("paper price on live", post("/paper/price", "", "{}"), &[404], 0),
        ("unknown path", post("/admin", "", ALERT), &[404], 0),
        ("GET on the webhook", raw("GET /webhook HTTP/1.1\r\nHost: h\r\n\r\n"), &[405], 0),
        (
            "GET with a body",
            raw("GET / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbodyGET / HTTP/1.1\r\nHost: h\r\n\r\n"),
            &[200, 200],
            0,
        ),
        ("POST on health", post("/health", "", ""), &[405], 0),
    ]
}

#[test]
fn every_hostile_request_gets_its_status_and_harms_nobody() {
    let house = house(Limits::default());
    let rows: Vec<Row> = hostile_heads().into_iter().chain(hostile_messages()).collect();
    assert!(rows.len() >= 60, "{}", rows.len());
    for (name, bytes, statuses, alerts) in rows {
        let before = house.alerts();
        let answers = house.ask(&bytes);
        assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), statuses, "{name}: {answers:?}");
        assert_eq!(house.alerts() - before, alerts, "{name}");
        for Answer { status, head, body } in &answers {
            assert!(head.contains("content-type: application/json\r\n"), "{name}: {head}");
            assert!(*status == 200 || body["success"] == false && body["error"].is_string(), "{name}: {body}");
            assert!(*status != 405 || head.contains("\r\nallow: "), "{name}: {head}");
        }
        house.assert_alive(name);
    }
}

#[test]
fn mutilated_requests_neither_kill_nor_hang() {
    let house = house(Limits::default());
    let seeds = [post("/webhook", "Expect: 100-continue\r\nX-A: b\r\n", "{}"), raw("GET /?a=b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")];
    let mut random = 1u64;
    let mut draw = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    for _ in 0..600 {
        let mut bytes = seeds[draw(seeds.len())].repeat(1 + draw(2));
        for _ in 0..1 + draw(4) {
            let at = draw(bytes.len());
            match draw(3) {
                0 => bytes[at] = draw(256) as u8,
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"\r\n\0: \xff\t/"[draw(8)]),
            }
        }
        for answer in house.ask(&bytes) {
            assert!((100..=505).contains(&answer.status), "{answer:?} to {:?}", String::from_utf8_lossy(&bytes));
        }
    }
    assert_eq!(house.alerts(), 0, "no token, no alert");
    house.assert_alive("600 mutilated requests");
}

#[test]
fn slow_peers_are_told_and_dropped() {
    let house = house(Limits { idle: Duration::from_millis(300), ..quick() });
    for (bytes, expected) in [
        ("POST /webhook HTTP/1.1\r\nHo", Some(408)),
        ("POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 40\r\n\r\n{", Some(408)),
        ("", None),
    ] {
        let start = Instant::now();
        let mut client = house.connect();
        client.say(bytes.as_bytes());
        assert_eq!(client.hear().map(|answer| answer.status), expected, "{bytes:?}");
        assert!(client.hear().is_none(), "and then it is closed");
        assert!(start.elapsed() >= Duration::from_millis(290), "not before its time: {bytes:?}");
    }
    assert_eq!(house.alerts(), 0);
    house.assert_alive("slow peers");
}

#[test]
fn a_peer_that_dribbles_has_no_more_time_than_others() {
    let house = house(quick());
    let mut client = house.connect();
    let start = Instant::now();
    client.stream.set_nonblocking(true).expect("a live socket");
    let mut answer = [0; 64];
    let len = loop {
        let _ = client.stream.write(b"a");
        match client.stream.read(&mut answer) {
            Ok(len) => break len,
            Err(_) => std::thread::sleep(Duration::from_millis(5)),
        }
        assert!(start.elapsed() < PATIENCE, "still served");
    };
    assert!(answer[..len].starts_with(b"HTTP/1.1 408"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn a_peer_that_does_not_read_its_answers_is_dropped() {
    let house = house(Limits { write: Duration::from_millis(300), ..quick() });
    let mut client = house.connect();
    client.stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a live socket");
    let request = raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n").repeat(1000);
    let start = Instant::now();
    // Its answers fill both sides' socket buffers; then the write deadline passes and the connection is closed under it.
    while start.elapsed() < PATIENCE {
        match client.stream.write_all(&request) {
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            _ => {}
        }
    }
    assert!(start.elapsed() < PATIENCE, "still served");
    house.assert_alive("a peer that does not read");
}

#[test]
fn continue_then_the_answer() {
    let house = house(Limits::default());
    let mut client = house.connect();
    client.say(format!("POST /webhook HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", ALERT.len()).as_bytes());
    assert_eq!(client.hear().map(|answer| answer.status), Some(100));
    client.say(ALERT.as_bytes());
    assert_eq!(client.hear().map(|answer| answer.status), Some(200));
    client.say(b"POST /webhook HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n");
    assert_eq!(client.hear().map(|answer| answer.status), Some(413), "and the body need not be sent at all");
}

#[test]
fn answers_of_a_kept_connection_do_not_wait_for_delayed_acks() {
    let house = house(Limits::default());
    let mut client = house.connect();
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let start = Instant::now();
            client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
            assert!(client.hear().is_some_and(|answer| answer.head.contains("connection: keep-alive")));
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    assert!(times[10] < Duration::from_millis(20), "{times:?}");
}

#[test]
fn a_refusal_half_closes_and_reads_the_rest_away() {
    let house = house(Limits { linger: PATIENCE * 3, ..Limits::default() });
    let mut client = house.connect();
    client.say(b"GET / HTTP/9.9\r\nHost: h\r\n\r\n");
    assert_eq!(client.hear().map(|answer| answer.status), Some(505));
    assert!(client.hear().is_none(), "the end comes although this side has closed nothing");
    for _ in 0..50 {
        client.stream.write_all(&[b'a'; 10_000]).expect("somebody still reads");
    }
    client.stream.write_all(&vec![b'a'; 64 * 1024 * 1024]).expect_err("but not for ever");
    house.assert_alive("a refusal");
}

#[test]
fn head_gets_the_head_alone() {
    let house = house(Limits::default());
    let mut client = house.connect();
    client.say(b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
    let mut text = String::new();
    client.stream.read_to_string(&mut text).expect("an answer");
    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("\r\n\r\n"), "{text}");
}

#[test]
fn at_the_cap_the_oldest_idle_connection_gives_way() {
    let house = house(Limits { connections: 4, ..Limits::default() });
    let get = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    let mut clients: Vec<Client> = (0..4)
        .map(|_| {
            let mut client = house.connect();
            client.say(get);
            assert!(client.hear().is_some());
            client
        })
        .collect();
    clients[0].say(get);
    assert!(clients[0].hear().is_some(), "which makes the second one the oldest");
    let mut newcomer = house.connect();
    newcomer.say(get);
    assert_eq!(newcomer.hear().map(|answer| answer.status), Some(200));
    assert!(clients[1].hear().is_none(), "closed, without a word");
    for index in [0, 2, 3] {
        clients[index].say(get);
        assert_eq!(clients[index].hear().map(|answer| answer.status), Some(200), "connection {index} stays");
    }
}

#[test]
fn a_busy_connection_never_gives_way() {
    let house = house(Limits { connections: 2, ..Limits::default() });
    let head = format!("POST /webhook HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", ALERT.len());
    let mut busy: Vec<Client> = (0..2)
        .map(|_| {
            let mut client = house.connect();
            client.say(head.as_bytes());
            assert_eq!(client.hear().map(|answer| answer.status), Some(100));
            client
        })
        .collect();
    let turned_away = house.connect().hear().expect("a word");
    assert_eq!(turned_away.status, 503);
    assert!(turned_away.head.contains("retry-after: 5\r\n"), "{}", turned_away.head);
    for client in &mut busy {
        client.say(ALERT.as_bytes());
        assert_eq!(client.hear().map(|answer| answer.status), Some(200));
    }
    house.assert_alive("a full house");
}

#[test]
fn hundreds_of_connections_are_no_harm() {
    let house = house(Limits { connections: 64, ..Limits::default() });
    let _idle: Vec<Client> = (0..300).map(|_| house.connect()).collect();
    house.assert_alive("300 idle connections");
    assert_eq!(house.ask(&post("/webhook", "", ALERT)).len(), 1);
}

#[test]
fn memory_stays_bounded_whatever_is_sent() {
    let house = house(Limits::default());
    house.assert_alive("the start");
    let before = resident_bytes();
    let mut most = before;
    let endless = ["", "POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 300000000\r\n\r\n", "POST / HTTP/1.1\r\nHost: h\r\n"];
    for start in endless {
        let mut client = house.connect();
        client.say(start.as_bytes());
        let chunk = vec![b'a'; 64 * 1024];
        for _ in 0..1600 {
            if client.stream.write_all(&chunk).is_err() {
                break;
            }
            most = most.max(resident_bytes());
        }
    }
    assert!(most - before < 16 * 1024 * 1024, "{before} -> {most}");
    house.assert_alive("100 MiB without a newline");
}

/// Of this process: client, server and the tests beside this one.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4096
}

#[test]
fn want_of_file_handles_is_waited_out() {
    let this = std::env::current_exe().expect("a path");
    let script = "ulimit -n 48 && exec \"$0\" --exact --ignored child_without_file_handles";
    let output = std::process::Command::new("sh").arg("-c").arg(script).arg(this).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
#[ignore = "run by want_of_file_handles_is_waited_out, with few file handles"]
fn child_without_file_handles() {
    let house = house(Limits::default());
    house.assert_alive("the start");
    let mut hoard: Vec<std::fs::File> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).take(1000).collect();
    assert!(hoard.len() < 48, "the limit does not hold");
    hoard.pop();
    let mut client = house.connect();
    client.say(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    client.stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a live socket");
    assert!(client.stream.read(&mut [0; 1]).is_err(), "nobody can accept it now");
    client.stream.set_read_timeout(Some(PATIENCE)).expect("a live socket");
    hoard.clear();
    assert_eq!(client.hear().map(|answer| answer.status), Some(200));
}

/// What was logged by this process.
static LOGGED: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Collect;

impl log::Log for Collect {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LOGGED.lock().expect("no panic").push(record.args().to_string());
    }

    fn flush(&self) {}
}

#[test]
fn no_token_reaches_the_log_and_strangers_get_one_line() {
    log::set_logger(&Collect).expect("the first logger");
    log::set_max_level(log::LevelFilter::Trace);
    let house = house(Limits::default());
    let forwarded = "X-Forwarded-For: 6.6.6.6, 203.0.113.77\r\n";
    for _ in 0..30 {
        house.ask(&post("/webhook/wrong-token-in-the-path", forwarded, "{\"token\":\"wrong-token-in-the-body\"}"));
    }
    house.ask(&post(&format!("/webhook/{TOKEN}"), forwarded, "{\"fault\":\"stop_loss\"}"));
    house.ask(&post(&format!("/webhook/{TOKEN}/"), "", ALERT));
    house.ask(&post(&format!("/webhook/{TOKEN}"), "Expect: miracles\r\n", ALERT));
    let logged = LOGGED.lock().expect("no panic").clone();
    assert!(!logged.iter().any(|line| line.contains(TOKEN) || line.contains("wrong-token-in")), "{logged:?}");
    let wrong: Vec<_> = logged.iter().filter(|line| line.contains("wrong_token peer=203.0.113.77")).collect();
    assert_eq!(wrong, ["refused=wrong_token peer=203.0.113.77 count=1"]);
    assert!(logged.iter().any(|line| line.contains("invalid_alert peer=203.0.113.77") && line.contains("stop_loss")), "{logged:?}");
}
