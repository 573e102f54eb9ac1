//! What the guard must know about a request head before anything else may see it. Pure: bytes in, verdict out.
//!
//! A head that passes is ASCII without control characters, has CRLF line ends, one plain Host, at most one all-digit
//! Content-Length and no Transfer-Encoding. async-h1 gets a rewritten copy: version 1.1, a Host of ours (it would build the path
//! out of the peer's), and none of the headers that make it act on its own (Expect starts threads, Content-Length a reader).

use http_types::StatusCode;

use super::answer::Refusal;
use crate::alert::ALERT_BYTES_MAX;

/// The Host that async-h1 sees.
const OUR_HOST: &str = "Host: perphook\r\n";
/// Longest head that is read: async-h1 takes less than 8 KiB, and our Host may come on top.
pub(super) const HEAD_BYTES_MAX: usize = 8 * 1024 - 1 - OUR_HOST.len();
/// Most headers in one head. async-h1 would take 128.
const HEADERS_MAX: usize = 64;
const METHOD_BYTES_MAX: usize = 32;

/// A checked head.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Head {
    /// The head for async-h1, blank line included.
    pub clean: Vec<u8>,
    /// Bytes of body that follow.
    pub body_len: usize,
    /// The peer waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// The peer wants to use the connection again.
    pub keep: bool,
}

/// Where the head ends, blank line included; `None` while that is not known.
///
/// The first byte that can be in no clean head refuses it at once: waiting for the end of a head with bare line feeds, or of a TLS
/// greeting, would be waiting for ever.
pub(super) fn end(bytes: &[u8]) -> Result<Option<usize>, Refusal> {
    let mut line_len = 0;
    let mut after_cr = false;
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' if after_cr && line_len == 0 => return Ok(Some(index + 1)),
            b'\n' if after_cr => line_len = 0,
            b'\n' => return Err(bad("line feed without carriage return in the head")),
            _ if after_cr => return Err(bad("carriage return without line feed in the head")),
            b'\r' => {}
            b'\t' | b' '..=b'~' => line_len += 1,
            0x80.. => return Err(bad("byte that is not ASCII in the head")),
            _ => return Err(bad("control character in the head")),
        }
        after_cr = byte == b'\r';
    }
    Ok(None)
}

impl Head {
    /// Checks a whole head, blank line included, that [`end`] found.
    pub(super) fn read(bytes: &[u8]) -> Result<Head, Refusal> {
        let text = std::str::from_utf8(bytes).map_err(|_| bad("byte that is not ASCII in the head"))?;
        let mut lines = text.trim_end_matches("\r\n").split("\r\n");
        let (method, target, is_1_1) = request_line(lines.next().unwrap_or_default())?;
        let mut fields = Fields::default();
        let mut clean = format!("{method} {target} HTTP/1.1\r\n{OUR_HOST}");
        for (index, line) in lines.enumerate() {
            if index >= HEADERS_MAX {
                return Err(Refusal::new(StatusCode::RequestHeaderFieldsTooLarge, "too many headers"));
            }
            if fields.take(line)? == Fate::Forward {
                clean.push_str(line);
                clean.push_str("\r\n");
            }
        }
        clean.push_str("\r\n");
        if is_1_1 && !fields.host {
            return Err(bad("Host header missing"));
        }
        Ok(Head {
            clean: clean.into_bytes(),
            body_len: fields.body_len.unwrap_or(0),
            expects_continue: fields.expects_continue && is_1_1,
            keep: !fields.close && (is_1_1 || fields.keep_alive),
        })
    }
}

/// `METHOD /target HTTP/1.x`, with single spaces. Tells whether it is 1.1.
fn request_line(line: &str) -> Result<(&str, &str, bool), Refusal> {
    let mut words = line.split(' ');
    let (Some(method), Some(target), Some(version), None) = (words.next(), words.next(), words.next(), words.next()) else {
        return Err(bad("the first line is not METHOD /path HTTP/1.1"));
    };
    let is_1_1 = match version {
        "HTTP/1.1" => true,
        "HTTP/1.0" => false,
        _ if version.starts_with("HTTP/") => {
            return Err(Refusal::new(StatusCode::HttpVersionNotSupported, "only HTTP/1.0 and HTTP/1.1 are spoken here"));
        }
        _ => return Err(bad("the first line is not METHOD /path HTTP/1.1")),
    };
    if method.is_empty() || method.len() > METHOD_BYTES_MAX || !method.bytes().all(|b| b.is_ascii_uppercase() || b == b'-') {
        return Err(bad("the method is not a word of capital letters"));
    }
    if !target.starts_with('/') || target.contains(['\t', '#']) {
        return Err(bad("the path does not begin with a slash, or has a tab or # in it"));
    }
    Ok((method, target, is_1_1))
}

/// Whether async-h1 gets to see a header.
#[derive(PartialEq, Eq)]
enum Fate {
    Forward,
    Ours,
}

/// The headers that decide about the connection and the length of the body.
#[derive(Default)]
struct Fields {
    host: bool,
    body_len: Option<usize>,
    expects_continue: bool,
    close: bool,
    keep_alive: bool,
}

impl Fields {
    fn take(&mut self, line: &str) -> Result<Fate, Refusal> {
        if line.starts_with([' ', '\t']) {
            return Err(bad("folded header line"));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| bad("header line without a colon"))?;
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(bad("header name with a character that is not allowed"));
        }
        let value = value.trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "host" => self.host(value)?,
            "content-length" => self.content_length(value)?,
            "transfer-encoding" => {
                return Err(Refusal::new(StatusCode::LengthRequired, "Transfer-Encoding is not accepted; send a Content-Length"));
            }
            "expect" if value.eq_ignore_ascii_case("100-continue") => self.expects_continue = true,
            "expect" => return Err(Refusal::new(StatusCode::ExpectationFailed, "only Expect: 100-continue is known")),
            "connection" => {
                for word in value.split(',').map(str::trim) {
                    self.close |= word.eq_ignore_ascii_case("close");
                    self.keep_alive |= word.eq_ignore_ascii_case("keep-alive");
                }
            }
            _ => return Ok(Fate::Forward),
        }
        Ok(Fate::Ours)
    }

    fn host(&mut self, value: &str) -> Result<(), Refusal> {
        if self.host {
            return Err(bad("more than one Host header"));
        }
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b)) {
            return Err(bad("the Host header is not a host name"));
        }
        self.host = true;
        Ok(())
    }

    fn content_length(&mut self, value: &str) -> Result<(), Refusal> {
        if self.body_len.is_some() {
            return Err(bad("more than one Content-Length"));
        }
        if value.is_empty() || !value.bytes().all(|b| b.is_ascii_digit()) {
            return Err(bad("the Content-Length is not a number"));
        }
        // Digits that do not fit a usize are too long a body, too.
        match value.parse() {
            Ok(len) if len <= ALERT_BYTES_MAX => self.body_len = Some(len),
            _ => return Err(Refusal::new(StatusCode::PayloadTooLarge, "the body is longer than 16384 bytes")),
        }
        Ok(())
    }
}

/// A character of a header name (RFC 9110, `tchar`).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn bad(reason: &'static str) -> Refusal {
    Refusal::new(StatusCode::BadRequest, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Head, u16> {
        let end = end(text.as_bytes()).map_err(|refusal| refusal.status as u16)?.expect("a whole head");
        assert_eq!(end, text.len());
        Head::read(text.as_bytes()).map_err(|refusal| refusal.status as u16)
    }

    fn status(text: &str) -> u16 {
        read(text).map_or_else(|status| status, |_| 200)
    }

    #[test]
    fn a_head_ends_at_its_blank_line() {
        assert_eq!(end(b"GET / HTTP/1.1\r\nHost: h\r\n").ok(), Some(None));
        assert_eq!(end(b"GET / HTTP/1.1\r\nHost: h\r\n\r\nmore").ok(), Some(Some(27)));
        assert_eq!(end(b"GET / HTTP/1.1\r").ok(), Some(None));
        for unclean in ["GET / HTTP/1.1\nHost: h\n\n", "GET /\rx", "GET /\r\r\n", "\u{16}\u{3}\u{1}", "GET /caf\u{e9}", "GET /\0", "\u{7f}"]
        {
            assert_eq!(end(unclean.as_bytes()).map_err(|refusal| refusal.status as u16), Err(400), "{unclean:?}");
        }
    }

    #[test]
    fn what_decides_about_the_connection_is_taken_and_the_rest_is_forwarded() {
        let head = read(
            "POST /webhook?x=1 HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nX-A: b\r\nContent-Length: 41\r\nConnection: x, Close\r\n\r\n",
        )
        .unwrap();
        assert_eq!(head.clean, b"POST /webhook?x=1 HTTP/1.1\r\nHost: perphook\r\nX-A: b\r\n\r\n");
        assert_eq!((head.body_len, head.expects_continue, head.keep), (41, true, false));
    }

    #[test]
    fn keep_alive_follows_the_version() {
        for (head, keep) in [
            ("GET / HTTP/1.1\r\nHost: h\r\n\r\n", true),
            ("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false),
            ("GET / HTTP/1.0\r\n\r\n", false),
            ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
            ("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", false),
        ] {
            assert_eq!(read(head).unwrap().keep, keep, "{head:?}");
        }
    }

    #[test]
    fn heads_and_their_status() {
        let host = "POST / HTTP/1.1\r\nHost: h\r\n";
        for (head, expected) in [
            ("GET / HTTP/1.1\r\nHost: [::1]:5000\r\n\r\n".to_owned(), 200),
            ("GET / HTTP/1.1\r\nHost:h\r\n\r\n".to_owned(), 200),
            ("GET / HTTP/1.1\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\nHost:\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\nHost: h/webhook?\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1\r\nHost: user@h\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/2.0\r\nHost: h\r\n\r\n".to_owned(), 505),
            ("PRI * HTTP/2.0\r\n\r\n".to_owned(), 505),
            ("GET / HTTP/1.10\r\nHost: h\r\n\r\n".to_owned(), 505),
            ("GET /\r\n\r\n".to_owned(), 400),
            ("GET  / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
            ("GET / HTTP/1.1 \r\nHost: h\r\n\r\n".to_owned(), 400),
            ("get / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
            (" / HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
            ("GET http://h/ HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
            ("GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), 400),
            (format!("{host} folded\r\n\r\n"), 400),
            (format!("{host}no colon\r\n\r\n"), 400),
            (format!("{host}: x\r\n\r\n"), 400),
            (format!("{host}X A: x\r\n\r\n"), 400),
            (format!("{host}Content-Length : 4\r\n\r\n"), 400),
            (format!("{host}Content-Length: 4\r\ncontent-length: 4\r\n\r\n"), 400),
            (format!("{host}Content-Length: +4\r\n\r\n"), 400),
            (format!("{host}Content-Length: -1\r\n\r\n"), 400),
            (format!("{host}Content-Length: 4, 4\r\n\r\n"), 400),
            (format!("{host}Content-Length: 0x10\r\n\r\n"), 400),
            (format!("{host}Content-Length:\r\n\r\n"), 400),
            (format!("{host}Content-Length: 16384\r\n\r\n"), 200),
            (format!("{host}Content-Length: 16385\r\n\r\n"), 413),
            (format!("{host}Content-Length: 99999999999999999999999999\r\n\r\n"), 413),
            (format!("{host}Transfer-Encoding: chunked\r\n\r\n"), 411),
            (format!("{host}Transfer-Encoding: gzip, chunked\r\n\r\n"), 411),
            (format!("{host}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"), 411),
            (format!("{host}Expect: the-best\r\n\r\n"), 417),
            (format!("{host}{}\r\n", "A: b\r\n".repeat(63)), 200),
            (format!("{host}{}\r\n", "A: b\r\n".repeat(64)), 431),
        ] {
            assert_eq!(status(&head), expected, "{head:?}");
        }
    }
}
