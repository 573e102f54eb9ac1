//! The transport against small servers on this machine, each misbehaving in one way.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
const SHORT: Duration = Duration::from_millis(150);
/// No lookup leaves this machine for it: a label of a name has at most 63 characters.
const NO_SUCH_HOST: &str = "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";

/// What a server saw: which connection, and the head of the request.
type Arrived = Receiver<(usize, String)>;

/// A server that reads requests and lets `answer` write; `false` ends the connection.
fn serve(answer: impl Fn(&mut TcpStream) -> bool + Send + Sync + 'static) -> (String, Arrived) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (seen, arrived) = channel();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (mut stream, seen, answer) = (stream.unwrap(), seen.clone(), Arc::clone(&answer));
            thread::spawn(move || {
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                while let Some(head) = read_head(&mut reader) {
                    let _ = seen.send((number, head));
                    if !answer(&mut stream) {
                        return;
                    }
                }
            });
        }
    });
    (format!("http://{address}"), arrived)
}

fn read_head(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut head = String::new();
    loop {
        if reader.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if head.ends_with("\r\n\r\n") {
            return Some(head);
        }
    }
}

fn answering(answer: impl Into<String>) -> (String, Arrived) {
    let answer = answer.into();
    serve(move |stream| stream.write_all(answer.as_bytes()).is_ok())
}

/// With patience: only where waiting itself is tested are the time-outs short, so that a busy machine fails no test.
fn client(base_url: &str) -> UreqHttp {
    UreqHttp::new(base_url, TimeOuts::default())
}

fn request(method: &'static str, target: &str) -> HttpRequest {
    HttpRequest { method, target: target.to_owned(), headers: vec![("X-MBX-APIKEY", "key-in-header".to_owned())], body: Vec::new() }
}

fn post() -> HttpRequest {
    request("POST", "/fapi/v1/order?symbol=ETHUSDT&signature=c0ffee")
}

fn error_of(result: Result<HttpResponse, HttpError>) -> HttpError {
    match result {
        Err(error) => {
            assert!(!error.detail.contains("c0ffee") && !error.detail.contains("key-in-header"), "{error}");
            error
        }
        Ok(response) => panic!("answered with {}", response.status),
    }
}

fn read(response: HttpResponse) -> io::Result<String> {
    let mut text = String::new();
    { response.body }.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn the_request_goes_out_byte_for_byte() {
    let (url, arrived) = answering(OK);
    let mut http = client(&url);
    for (method, length) in [("GET", ""), ("DELETE", ""), ("POST", "content-length: 0\r\n"), ("PUT", "content-length: 0\r\n")] {
        let response = http.send(&request(method, "/a/%E6%B5%8B?x=%5B%7B&y=~!*'()+&x=2")).unwrap();
        assert_eq!((response.status, read(response).unwrap().as_str()), (200, "{}"));
        let (_, head) = arrived.recv().unwrap();
        let (line, headers) = head.split_once("\r\n").unwrap();
        assert_eq!(line, format!("{method} /a/%E6%B5%8B?x=%5B%7B&y=~!*'()+&x=2 HTTP/1.1"));
        let mut headers: Vec<&str> = headers.split_inclusive("\r\n").collect();
        headers.retain(|header| *header != "\r\n");
        headers.sort_unstable();
        let host = format!("host: {}\r\n", url.trim_start_matches("http://"));
        let agent = format!("user-agent: {USER_AGENT}\r\n");
        let mut expected = vec!["X-MBX-APIKEY: key-in-header\r\n", length, &host, &agent];
        expected.retain(|header| !header.is_empty());
        expected.sort_unstable();
        assert_eq!(headers, expected, "{method}");
    }
}

#[test]
fn what_never_connected_was_never_sent() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = error_of(client(&format!("http://{free}")).send(&post()));
    assert!(!error.maybe_sent, "refused: {error}");

    let error = error_of(client(&format!("https://{NO_SUCH_HOST}")).send(&post()));
    assert!(!error.maybe_sent, "no such host: {error}");

    // A server that takes the connection but knows nothing of TLS, and one that says nothing.
    for answer in ["HTTP/1.1 400 Bad Request\r\n\r\n", ""] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let held = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            stream.write_all(answer.as_bytes()).unwrap();
            // Held open until the client gives up.
            let _ = io::copy(&mut stream, &mut io::sink());
        });
        let error =
            error_of(UreqHttp::new(&format!("https://{address}"), TimeOuts { connect: SHORT, ..TimeOuts::default() }).send(&post()));
        assert!(!error.maybe_sent, "no TLS: {error}");
        held.join().unwrap();
    }
}

#[test]
fn a_malformed_target_is_never_sent_and_never_shown() {
    let (url, arrived) = answering(OK);
    for target in ["/a?signature=c0ffee \u{7f}", "/a?{\"signature\":\"c0ffee\"}", "no-slash?c0ffee\n"] {
        let error = error_of(client(&url).send(&request("POST", target)));
        assert!(!error.maybe_sent, "{error}");
    }
    assert!(arrived.try_recv().is_err());
    for url in ["", "localhost", "ftp://localhost", "https:/"] {
        let error = error_of(client(url).send(&post()));
        assert!(!error.maybe_sent, "{error}");
    }
}

#[test]
fn without_an_answer_the_request_may_have_been_sent_and_went_out_once() {
    let hung = serve(|_| {
        thread::sleep(SHORT * 4);
        false
    });
    let dropped = serve(|_| false);
    let half_a_head = serve(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-").is_err());
    let garbage = serve(|stream| stream.write_all(b"what?\r\n\r\n").is_err());
    for (name, (url, arrived)) in [("hung", hung), ("dropped", dropped), ("half a head", half_a_head), ("garbage", garbage)] {
        let error = error_of(UreqHttp::new(&url, TimeOuts { receive: SHORT, ..TimeOuts::default() }).send(&post()));
        assert!(error.maybe_sent, "{name}: {error}");
        assert!(name != "hung" || error.detail.contains("receive response"), "the phase is named: {error}");
        assert!(arrived.recv().is_ok() && arrived.try_recv().is_err(), "{name}: arrived once");
    }
}

#[test]
fn the_mark_is_set_back_for_every_request() {
    let (url, _arrived) = serve(|stream| {
        let _ = stream.write_all(OK.as_bytes());
        false
    });
    let mut http = client(&url);
    read(http.send(&post()).unwrap()).unwrap();
    let error = error_of(http.send(&request("POST", "/a?signature=c0ffee \u{7f}")));
    assert!(!error.maybe_sent, "{error}");
}

#[test]
fn a_body_that_breaks_off_or_dawdles_is_an_error_not_an_end() {
    let cut = serve(|stream| stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"orderId\":").is_err());
    let slow = serve(|stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n");
        // Each byte comes in time, the whole does not.
        (0..100).all(|_| {
            thread::sleep(SHORT / 10);
            stream.write_all(b" ").is_ok()
        })
    });
    for (url, _arrived) in [cut, slow] {
        let response = UreqHttp::new(&url, TimeOuts { receive_body: SHORT, ..TimeOuts::default() }).send(&post()).unwrap();
        assert_eq!(response.status, 200);
        assert!(read(response).is_err());
    }
}

#[test]
fn refusals_and_redirects_come_back_as_they_are() {
    let head = "Content-Length: 2\r\n\r\n{}";
    for (status, extra, retry_after_s) in [
        (302, "Location: /elsewhere\r\n", None),
        (307, "Location: /elsewhere\r\n", None),
        (400, "", None),
        (418, "Retry-After: 120\r\n", Some(120)),
        (429, "retry-after: 7\r\n", Some(7)),
        (429, "x-ratelimit-retry-after-CONTRACT: 9\r\n", Some(9)),
        (429, "Retry-After: Wed, 21 Oct 2026 07:28:00 GMT\r\n", None),
        (503, "", None),
    ] {
        let (url, arrived) = answering(format!("HTTP/1.1 {status} X\r\n{extra}{head}"));
        let response = client(&url).send(&post()).unwrap();
        assert_eq!((response.status, response.retry_after_s), (status, retry_after_s));
        assert_eq!(read(response).unwrap(), "{}");
        assert!(arrived.recv().is_ok() && arrived.try_recv().is_err(), "{status}: followed nowhere");
    }
}

#[test]
fn one_connection_serves_many_requests_even_when_nobody_reads_the_bodies() {
    let (url, arrived) = answering(format!("HTTP/1.1 200 OK\r\nContent-Length: 40000\r\n\r\n{}", "x".repeat(40_000)));
    let mut http = client(&url);
    for number in 0..6 {
        let mut response = http.send(&post()).unwrap();
        match number % 3 {
            0 => drop(response),
            1 => assert_eq!(response.body.read(&mut [0; 10]).unwrap(), 10),
            _ => assert_eq!(read(response).unwrap().len(), 40_000),
        }
    }
    let connections: Vec<usize> = (0..6).map(|_| arrived.recv().unwrap().0).collect();
    assert_eq!(connections, [0; 6]);
}

#[test]
fn a_long_unwanted_body_costs_its_connection_instead_of_time() {
    let long = DRAIN_BYTES_MAX as usize * 64;
    let (url, arrived) = answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {long}\r\n\r\n{}", "x".repeat(long)));
    let mut http = client(&url);
    drop(http.send(&post()).unwrap());
    drop(http.send(&post()).unwrap());
    assert_eq!((arrived.recv().unwrap().0, arrived.recv().unwrap().0), (0, 1));
}

#[test]
fn a_connection_the_server_closed_is_replaced_silently() {
    let (closed, is_closed) = channel();
    let (url, arrived) = serve(move |stream| {
        let _ = stream.write_all(OK.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Both);
        let _ = closed.send(());
        false
    });
    let mut http = client(&url);
    for number in 0..3 {
        read(http.send(&post()).unwrap()).unwrap();
        is_closed.recv().unwrap();
        assert_eq!(arrived.recv().unwrap().0, number);
    }
    assert!(arrived.try_recv().is_err());
}

#[test]
fn when_the_name_service_fails_the_last_good_answer_serves() {
    let (url, arrived) = answering(OK);
    let address: SocketAddr = url.trim_start_matches("http://").parse().unwrap();
    let mut known = NoLookup.empty();
    known.push(address);
    let dial = Dial { last_good: Mutex::new(Some(known)), ..Dial::default() };
    let mut http = UreqHttp::dialing(&format!("http://{NO_SUCH_HOST}"), TimeOuts::default(), dial);
    assert_eq!(read(http.send(&post()).unwrap()).unwrap(), "{}");
    assert!(arrived.recv().is_ok());
}

#[test]
fn the_largest_request_fits_the_buffer_and_a_larger_one_is_never_sent() {
    let (url, arrived) = answering(OK);
    let mut http = client(&url);
    read(http.send(&request("POST", &format!("/a?{}", "x".repeat(OUTPUT_BUFFER_BYTES - 600)))).unwrap()).unwrap();
    assert!(arrived.recv().is_ok());
    let error = error_of(http.send(&request("POST", &format!("/a?signature=c0ffee{}", "x".repeat(2 * OUTPUT_BUFFER_BYTES)))));
    assert!(!error.maybe_sent, "{error}");
}
