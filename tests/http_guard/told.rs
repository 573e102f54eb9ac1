//! Whether the answer to a text alert was written out decides whether the same body again is a resend: the daemon hears of it in every case.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use perphook::web::Limits;

use super::hostile::{post, raw};
use super::house::{ALERT, HELD_ORDER, ORDER, PATIENCE, TOKEN, house, quick};

fn text(body: &str) -> Vec<u8> {
    post(&format!("/whook/{TOKEN}"), "", body)
}

#[test]
fn an_answer_that_was_written() {
    let house = house(Limits::default());
    assert_eq!(house.ask(&text(&format!("{ORDER}\n{ORDER}")))[0].status, 200);
    house.until_told(|told| *told == (vec![1, 2], true));
    let answers = house.ask(&[post("/webhook", "", ALERT), text(ORDER)].concat());
    assert_eq!(answers.len(), 2);
    house.until_told(|told| *told == (vec![4], true));
}

#[test]
fn a_peer_that_is_gone() {
    let house = house(Limits::default());
    let mut client = house.connect();
    client.say(&[raw("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), text(HELD_ORDER)].concat());
    client.stream.peek(&mut [0; 1]).expect("the first answer");
    // Bytes that nobody has read make this a reset.
    drop(client);
    house.release();
    house.until_told(|told| *told == (vec![1], false));
    house.assert_alive("a peer that is gone");
}

#[test]
fn a_peer_that_does_not_read() {
    let house = house(Limits { write: Duration::from_millis(300), ..quick() });
    let mut client = house.connect();
    client.stream.set_write_timeout(Some(Duration::from_secs(1))).expect("a live socket");
    let requests = text(ORDER).repeat(1000);
    let start = Instant::now();
    while start.elapsed() < PATIENCE {
        match client.stream.write_all(&requests) {
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) => break,
            _ => {}
        }
    }
    house.until_told(|(_, written)| *written);
    house.until_told(|(_, written)| !*written);
}

#[test]
fn a_verdict_that_comes_too_late_tells_nobody() {
    let house = house(Limits { verdict: Duration::from_millis(50), ..Limits::default() });
    let answers = house.ask(&text(HELD_ORDER));
    assert_eq!(answers[0].status, 503);
    assert!(answers[0].head.contains("retry-after: 5\r\n"), "{}", answers[0].head);
    house.release();
    assert_eq!(house.ask(&text(ORDER))[0].status, 200);
    house.until_told(|told| *told == (vec![2], true));
    assert!(!house.has_told(1), "the daemon saw by itself that nobody waited any more");
}
