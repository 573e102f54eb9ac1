//! The simulated exchange on a port: HTTP/1.1 with keep-alive, one thread per connection, real time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use perphook::exchange::http::HttpRequest;
use perphook::market::Millis;

use super::transport::SharedSim;
use super::venue::{Venue, lock};
use super::{Answer, Outcome, Reply};

const HEAD_MAX: u64 = 64 * 1024;
const BODY_MAX: usize = 1024 * 1024;

/// Now, by this machine.
pub fn now() -> Millis {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as Millis)
}

/// The same in µs.
pub fn now_us() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as u64)
}

/// Serves one account until the process ends; see [`serve_venue`].
pub fn serve(listener: &TcpListener, sim: &SharedSim, latency: Duration) {
    serve_venue(listener, &Venue::of(sim), latency);
}

/// Serves until the process ends. Every exchange call takes at least `latency`, all at the same time; control calls take none.
pub fn serve_venue(listener: &TcpListener, venue: &Venue, latency: Duration) {
    for stream in listener.incoming().flatten() {
        let venue = venue.clone();
        std::thread::spawn(move || {
            // A connection that fails is over; the client sees it.
            let _ = connection(stream, &venue, latency);
        });
    }
}

fn connection(stream: TcpStream, venue: &Venue, latency: Duration) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = read_request(&mut reader, venue.headers())? {
        if request.target.starts_with("/sim/") {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            let reply = venue.control(request.method, &request.target, &body, now());
            write_reply(&mut writer, &reply, reply.body.len())?;
            continue;
        }
        let Some(sim) = venue.route(&request) else { return Ok(()) };
        let Answer { delay_ms, outcome } = take(&mut lock(sim), &request);
        std::thread::sleep(latency + Duration::from_millis(delay_ms));
        match outcome {
            Outcome::Reply(reply) => write_reply(&mut writer, &reply, reply.body.len())?,
            Outcome::Half(reply) => return write_reply(&mut writer, &reply, reply.body.len() / 2),
            Outcome::Cut | Outcome::Unreachable => return Ok(()),
        }
    }
    Ok(())
}

fn take(sim: &mut super::Sim, request: &HttpRequest) -> Answer {
    let arrived_us = now_us();
    let answer = sim.answer(request, arrived_us / 1000);
    sim.log.stamp(arrived_us);
    answer
}

/// Reads one request with those of its headers that count; `None` at the end of the connection.
fn read_request(reader: &mut BufReader<TcpStream>, wanted: &[&'static str]) -> std::io::Result<Option<HttpRequest>> {
    let mut head = reader.by_ref().take(HEAD_MAX);
    let mut line = String::new();
    if head.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace();
    let method = match words.next() {
        Some("GET") => "GET",
        Some("POST") => "POST",
        Some("PUT") => "PUT",
        Some("DELETE") => "DELETE",
        _ => return Ok(None),
    };
    let target = words.next().unwrap_or("/").to_owned();
    let mut headers = Vec::new();
    let mut length = 0usize;
    loop {
        let mut line = String::new();
        if head.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().unwrap_or(0);
        } else if let Some(known) = wanted.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            headers.push((*known, value.trim().to_owned()));
        }
    }
    if length > BODY_MAX {
        return Ok(None);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(HttpRequest { method, target, headers, body }))
}

/// Writes the head for the whole body, and the first `body_len` bytes of it, in one piece.
fn write_reply(writer: &mut TcpStream, reply: &Reply, body_len: usize) -> std::io::Result<()> {
    let content_type = if reply.html { "text/html" } else { "application/json" };
    let mut bytes = Vec::with_capacity(256 + reply.body.len());
    write!(bytes, "HTTP/1.1 {} {}\r\nContent-Type: {content_type}\r\n", reply.status, reason(reply.status))?;
    write!(bytes, "Content-Length: {}\r\n", reply.body.len())?;
    for (name, value) in &reply.headers {
        write!(bytes, "{name}: {value}\r\n")?;
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(reply.body.get(..body_len).unwrap_or(&reply.body));
    writer.write_all(&bytes)
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        408 => "Request Timeout",
        418 => "I'm a teapot",
        429 => "Too Many Requests",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}
