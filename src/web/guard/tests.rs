use std::collections::VecDeque;
use std::io;
use std::task::{Context, ready};

use proptest::prelude::*;

use super::*;
use crate::alert::ALERT_BYTES_MAX;

/// A peer who says these pieces and then hangs up, or falls silent.
struct Peer {
    pieces: VecDeque<Vec<u8>>,
    hangs_up: bool,
    heard: Vec<u8>,
}

impl Peer {
    fn saying(pieces: impl IntoIterator<Item = Vec<u8>>) -> Peer {
        Peer { pieces: pieces.into_iter().filter(|piece| !piece.is_empty()).collect(), hangs_up: true, heard: Vec::new() }
    }

    fn falling_silent(text: &str) -> Peer {
        Peer { hangs_up: false, ..Peer::saying([text.as_bytes().to_vec()]) }
    }
}

impl AsyncRead for Peer {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
        let Some(mut piece) = self.pieces.pop_front() else {
            return if self.hangs_up { Poll::Ready(Ok(0)) } else { Poll::Pending };
        };
        let len = piece.len().min(room.len());
        room[..len].copy_from_slice(&piece[..len]);
        if piece.len() > len {
            self.pieces.push_front(piece.split_off(len));
        }
        Poll::Ready(Ok(len))
    }
}

impl AsyncWrite for Peer {
    fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.heard.extend(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(context))?;
        Poll::Ready(Ok(()))
    }
}

fn hasty() -> Limits {
    let moment = Duration::from_millis(20);
    Limits { head: moment, body: moment, idle: moment, ..Limits::default() }
}

/// What the guard makes of a peer, request by request, until the peer or the guard ends it.
fn hear(peer: Peer) -> (Vec<String>, Guard<Peer>) {
    let mut guard = Guard::new(peer, hasty());
    let mut outcomes = Vec::new();
    smol::block_on(async {
        while guard.wait().await {
            match guard.next_request().await {
                Ok(Some(request)) => {
                    let body = String::from_utf8_lossy(&request.body).into_owned();
                    outcomes.push(format!("{} {}?{} {body}", request.method, request.path, request.query));
                }
                Ok(None) => return,
                Err(refusal) => return outcomes.push(format!("{} {}", refusal.status, refusal.reason)),
            }
        }
    });
    (outcomes, guard)
}

fn said(bytes: &[u8]) -> Vec<String> {
    hear(Peer::saying([bytes.to_vec()])).0
}

fn status_of(peer: Peer) -> String {
    let (outcomes, _) = hear(peer);
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes[0].split(' ').next().unwrap().to_owned()
}

#[test]
fn pipelined_requests_come_out_one_by_one() {
    let one = "POST /webhook HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbody";
    assert_eq!(said(one.repeat(5).as_bytes()), vec!["POST /webhook? body"; 5]);
}

#[test]
fn an_empty_line_before_a_request_is_overlooked() {
    let text = "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n\r\n";
    assert_eq!(said(text.as_bytes()), ["GET /? "]);
    assert_eq!(hear(Peer::falling_silent(text)).0, ["GET /? "], "and it begins no request that could be late");
}

#[test]
fn whoever_is_late_is_told_so() {
    assert_eq!(status_of(Peer::falling_silent("POST /web")), "408");
    assert_eq!(status_of(Peer::falling_silent("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\nbo")), "408");
    assert!(hear(Peer::falling_silent("")).0.is_empty(), "silence between requests ends without a word");
}

#[test]
fn a_request_cut_short_is_no_request() {
    assert_eq!(status_of(Peer::saying([b"POST /webhook HTTP/1.1\r\nHo".to_vec()])), "400");
    assert_eq!(status_of(Peer::saying([b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 500\r\n\r\n{\"token\":".to_vec()])), "400");
    assert!(said(b"").is_empty());
}

#[test]
fn continue_is_said_only_to_whom_it_helps() {
    let head = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n".to_vec();
    let (outcomes, guard) = hear(Peer::saying([head.clone(), b"body".to_vec()]));
    assert_eq!((outcomes, guard.stream.heard.as_slice()), (vec!["POST /? body".to_owned()], CONTINUE));
    let (outcomes, guard) = hear(Peer::saying([[head.as_slice(), b"body"].concat()]));
    assert_eq!((outcomes, guard.stream.heard), (vec!["POST /? body".to_owned()], Vec::new()));
    let old = "POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
    let (_, guard) = hear(Peer::saying([old.as_bytes().to_vec(), b"body".to_vec()]));
    assert!(guard.stream.heard.is_empty(), "HTTP/1.0 knows no 100");
}

#[test]
fn the_longest_head_passes_and_the_next_byte_is_refused() {
    let head = |len: usize| {
        let frame = "GET / HTTP/1.0\r\nX: \r\n\r\n".len();
        format!("GET / HTTP/1.0\r\nX: {}\r\n\r\n", "a".repeat(len - frame))
    };
    assert_eq!(said(head(HEAD_BYTES_MAX).as_bytes()), ["GET /? "]);
    assert_eq!(status_of(Peer::saying([head(HEAD_BYTES_MAX + 1).into_bytes()])), "431");
}

#[test]
fn the_buffer_never_holds_more_than_one_head_or_body() {
    let (outcomes, guard) = hear(Peer::saying(vec![vec![b'a'; 1024 * 1024]; 100]));
    assert!(outcomes[0].starts_with("431"), "{outcomes:?}");
    assert!(guard.bytes.capacity() <= 2 * HEAD_BYTES_MAX, "{}", guard.bytes.capacity());
    let whole = format!("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: {ALERT_BYTES_MAX}\r\n\r\n{}", "b".repeat(ALERT_BYTES_MAX));
    let (outcomes, guard) = hear(Peer::saying([whole.repeat(20).into_bytes()]));
    assert_eq!(outcomes.len(), 20);
    assert!(guard.bytes.capacity() <= 2 * ALERT_BYTES_MAX, "{}", guard.bytes.capacity());
}

#[test]
fn reading_away_after_the_last_answer_has_an_end() {
    let patient = Limits { linger: Duration::from_secs(60), ..hasty() };
    let mut endless = Peer::saying(vec![vec![b'a'; 1024]; 8 * 1024]);
    smol::block_on(Guard::new(&mut endless, patient).close());
    assert_eq!((8 * 1024 - endless.pieces.len()) * 1024, LINGER_BYTES_MAX);
    let mut leaving = Peer::saying(vec![vec![b'a'; 1024]; 8]);
    smol::block_on(Guard::new(&mut leaving, patient).close());
    assert!(leaving.pieces.is_empty());
    let start = Instant::now();
    let mut silent = Peer::falling_silent("x");
    smol::block_on(Guard::new(&mut silent, Limits { linger: Duration::from_millis(20), ..patient }).close());
    assert!(start.elapsed() < Duration::from_secs(30));
}

/// Texts that look like requests more often than random bytes do.
fn almost_requests() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just("GET / HTTP/1.1\r\n".to_owned()),
        Just("POST /webhook HTTP/1.0\r\n".to_owned()),
        Just("Host: h\r\n".to_owned()),
        Just("Content-Length: 4\r\n".to_owned()),
        Just("Expect: 100-continue\r\n".to_owned()),
        Just("Transfer-Encoding: chunked\r\n".to_owned()),
        Just("\r\n".to_owned()),
        Just("\n".to_owned()),
        Just("body".to_owned()),
        Just("X-Token: caf\u{e9}\r\n".to_owned()),
        "[ -~]{0,12}",
        "[A-Za-z-]{1,8}: [ -~]{0,12}\r\n",
        "[A-Z]{1,9} /[ -~]{0,12} HTTP/1.1\r\n",
        ".{0,6}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

proptest! {
    #[test]
    fn no_bytes_harm_the_guard(bytes in prop::collection::vec(any::<u8>(), 0..400), text in almost_requests()) {
        said(&bytes);
        said(&text);
    }

    #[test]
    fn it_does_not_matter_how_the_bytes_are_cut(text in almost_requests(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6)) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).chain([0, text.len()]).collect();
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|pair| text[pair[0]..pair[1]].to_vec());
        prop_assert_eq!(hear(Peer::saying(pieces)).0, said(&text));
        prop_assert_eq!(hear(Peer::saying(text.iter().map(|&byte| vec![byte]))).0, said(&text));
    }

    #[test]
    fn a_clean_request_always_passes(
        method in prop_oneof![Just("GET"), Just("POST"), Just("HEAD"), Just("PUT"), Just("DELETE"), Just("PATCH")],
        path in "(/[A-Za-z0-9_~!$&'()*+,;=:@-]{1,20}){1,6}",
        query in "[A-Za-z0-9_=&-]{0,30}",
        host in "[a-z0-9.-]{1,30}(:[0-9]{1,5})?",
        headers in prop::collection::vec("X-[A-Za-z0-9-]{1,20}:[ \t]{0,3}[ -~]{0,60}\r\n", 0..20),
        body in "[ -~\r\n\u{e9}\u{20ac}]{0,300}",
        version in 0..2,
    ) {
        let head = format!("{method} {path}?{query} HTTP/1.{version}\r\nHost: {host}\r\n{}Content-Length: {}\r\n\r\n", headers.concat(), body.len());
        prop_assert_eq!(said((head + &body).as_bytes()), [format!("{method} {path}?{query} {body}")]);
    }
}
