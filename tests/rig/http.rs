//! A tiny HTTP client: one request, one connection, one answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Longer than any answer here may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub text: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The alert's number.
    pub fn number(&self) -> Option<u64> {
        self.json()["alert"].as_u64()
    }

    pub fn is_duplicate(&self) -> bool {
        self.json()["message"].as_str().is_some_and(|message| message.contains("duplicate"))
    }

    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }

    /// A header's value.
    pub fn header(&self, name: &str) -> Option<String> {
        let mut fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim().to_owned())
    }
}

/// Says these bytes and reads the answer to its end. An error: there was none, or not all of it.
pub fn ask(port: u16, bytes: &[u8]) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    // The peer may refuse before it has read everything; its answer is what counts.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    let end = stream.read_to_end(&mut answer);
    match whole(&answer) {
        Some(answer) => Ok(answer),
        None => Err(end.err().unwrap_or_else(|| std::io::ErrorKind::UnexpectedEof.into())),
    }
}

fn whole(bytes: &[u8]) -> Option<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split_whitespace().nth(1)?.parse().ok()?;
    let answer = Answer { status, head: head.to_owned(), text: body.to_owned() };
    let length: usize = answer.header("content-length")?.parse().ok()?;
    (answer.text.len() >= length).then_some(answer)
}

/// Posts an alert as TradingView does.
pub fn alert(port: u16, body: &str) -> std::io::Result<Answer> {
    post(port, "/webhook", "", body)
}

/// Posts to any path, with more headers (each with its line end).
pub fn post(port: u16, path: &str, headers: &str, body: &str) -> std::io::Result<Answer> {
    post_as(port, path, "application/json", headers, body)
}

/// Posts text, as TradingView does with what is no JSON.
pub fn text(port: u16, path: &str, headers: &str, body: &str) -> std::io::Result<Answer> {
    post_as(port, path, "text/plain", headers, body)
}

fn post_as(port: u16, path: &str, kind: &str, headers: &str, body: &str) -> std::io::Result<Answer> {
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: rig\r\nContent-Type: {kind}; charset=utf-8\r\nConnection: close\r\n{headers}Content-Length: {length}\r\n\r\n{body}"
    );
    ask(port, request.as_bytes())
}
