//! The web room over real sockets, with a daemon that only counts: hostile bytes get their status, nothing of them reaches the daemon,
//! and the next honest request is served.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

mod hostile;
mod house;
mod told;

use std::io::{ErrorKind, Read, Write};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use perphook::web::Limits;

use hostile::{Row, hostile_heads, hostile_messages, hostile_texts, post, raw};
use house::{ALERT, Answer, Client, PATIENCE, TOKEN, house, quick};

#[test]
fn every_hostile_request_gets_its_status_and_harms_nobody() {
    let house = house(Limits::default());
    let rows: Vec<Row> = hostile_heads().into_iter().chain(hostile_messages()).chain(hostile_texts()).collect();
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
    let seeds = [
        post("/webhook", "Expect: 100-continue\r\nX-A: b\r\n", "{}"),
        post("/whook/some-token", "", "close token:x\r\nclose"),
        raw("GET /whook?response=a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
    ];
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

/// Runs an ignored test of this program in a process of its own, after these words of the shell.
fn alone(test: &str, before: &str) {
    let this = std::env::current_exe().expect("a path");
    let script = format!("{before} exec \"$0\" --exact --ignored {test}");
    let output = std::process::Command::new("sh").arg("-c").arg(script).arg(this).output().expect("a shell");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
}

#[test]
fn memory_stays_bounded_whatever_is_sent() {
    alone("child_that_is_sent_without_end", "");
}

#[test]
#[ignore = "run by memory_stays_bounded_whatever_is_sent, where no other test takes memory"]
fn child_that_is_sent_without_end() {
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

/// Of this process: client and server.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).expect("a number") * 4096
}

#[test]
fn want_of_file_handles_is_waited_out() {
    alone("child_without_file_handles", "ulimit -n 48 &&");
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
    house.ask(&post("/whook", forwarded, "close token:wrong-token-in-a-word"));
    house.ask(&post("/whook", "", &format!("close token:{TOKEN}")));
    house.ask(&post(&format!("/whook/{TOKEN}"), "", &format!("nonsense token:{TOKEN}")));
    house.ask(&raw(&format!("GET /whook/{TOKEN}?response=a HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")));
    house.ask(&post(&format!("/webhook/{TOKEN}"), forwarded, "{\"fault\":\"stop_loss\"}"));
    house.ask(&post(&format!("/webhook/{TOKEN}/"), "", ALERT));
    house.ask(&post(&format!("/webhook/{TOKEN}"), "Expect: miracles\r\n", ALERT));
    let logged = LOGGED.lock().expect("no panic").clone();
    assert!(!logged.iter().any(|line| line.contains(TOKEN) || line.contains("wrong-token-in")), "{logged:?}");
    let wrong: Vec<_> = logged.iter().filter(|line| line.contains("wrong_token peer=203.0.113.77")).collect();
    assert_eq!(wrong, ["refused=wrong_token peer=203.0.113.77 count=1"]);
    assert!(logged.iter().any(|line| line.contains("invalid_alert peer=203.0.113.77") && line.contains("stop_loss")), "{logged:?}");
}
