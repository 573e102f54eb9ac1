//! A client that sends requests over one connection, with nothing between it and the socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::Result;

/// A keep-alive connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    /// Connects to `http://host:port` or `host:port`.
    pub(crate) fn connect(address: &str) -> Result<Client> {
        let stream = TcpStream::connect(address.trim_start_matches("http://"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Client { stream: BufReader::new(stream) })
    }

    /// Posts an alert that must be accepted; how long until the answer was there.
    pub(crate) fn timed_alert(&mut self, body: &str) -> Result<(u64, Duration)> {
        let (sent_us, begin) = (crate::sim::server::now_us(), Instant::now());
        let (status, answer) = self.request("POST", "/webhook", body)?;
        let took = begin.elapsed();
        match status {
            200 => Ok((sent_us, took)),
            _ => Err(format!("an alert was answered {status}: {answer}").into()),
        }
    }

    /// Posts an alert until there is room for it.
    pub(crate) fn patient_alert(&mut self, body: &str) -> Result<()> {
        loop {
            match self.request("POST", "/webhook", body)? {
                (200, _) => return Ok(()),
                (503, _) => std::thread::sleep(Duration::from_millis(20)),
                (status, answer) => return Err(format!("an alert was answered {status}: {answer}").into()),
            }
        }
    }

    /// One request, one answer.
    pub(crate) fn request(&mut self, method: &str, path: &str, body: &str) -> Result<(u16, String)> {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).ok_or("no answer")?.parse()?;
        let mut length = 0;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse()?,
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        Ok((status, String::from_utf8(body)?))
    }
}
