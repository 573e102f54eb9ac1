//! One whole request, and the only place where async-h1 reads anything: exchange the parser here.

use std::net::IpAddr;

use http_types::{Method, StatusCode};

use super::answer::Refusal;
use super::head::Head;
use crate::secret::Secret;

/// A request that was read to its end. Has no `Debug`: path, headers and body may hold the token.
pub(super) struct Request {
    /// What to do.
    pub method: Method,
    /// The path as sent, without the query.
    pub path: String,
    /// What follows the first `?`; empty if nothing does.
    pub query: String,
    /// The values of `X-Webhook-Token`.
    pub tokens: Vec<Secret>,
    /// Who nginx says the sender is. To be believed from loopback only.
    pub forwarded_for: Option<IpAddr>,
    /// The body.
    pub body: Vec<u8>,
    /// The peer wants to use the connection again.
    pub keep: bool,
}

impl Request {
    /// Lets async-h1 decode a checked head, from memory.
    pub(super) async fn decode(head: Head, body: Vec<u8>) -> Result<Request, Refusal> {
        let method = head.clean.split(|&byte| byte == b' ').next().and_then(|word| std::str::from_utf8(word).ok());
        if method.and_then(|word| word.parse::<Method>().ok()).is_none() {
            return Err(Refusal::new(StatusCode::NotImplemented, "unknown method"));
        }
        let target = head.clean.split(|&byte| byte == b' ').nth(1).unwrap_or_default().to_vec();
        let decoded = async_h1::server::decode(smol::io::Cursor::new(head.clean)).await;
        let Ok(Some((request, _no_body))) = decoded else {
            return Err(Refusal::new(StatusCode::BadRequest, "the request head cannot be read"));
        };
        // The URL library resolves `..`, escapes and backslashes. What it has to change, somebody else (nginx) may read differently.
        let url = request.url();
        if target.split(|&byte| byte == b'?').next() != Some(url.path().as_bytes()) {
            return Err(Refusal::new(StatusCode::BadRequest, "the path is not in its plain form"));
        }
        Ok(Request {
            method: request.method(),
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            tokens: values(&request, "x-webhook-token").map(Secret::new).collect(),
            forwarded_for: forwarded_for(&request),
            body,
            keep: head.keep,
        })
    }
}

/// `X-Real-IP`, or else the last address of `X-Forwarded-For`: the one nginx added, not the ones the sender made up.
fn forwarded_for(request: &http_types::Request) -> Option<IpAddr> {
    let real = values(request, "x-real-ip").last();
    let forwarded = values(request, "x-forwarded-for").last().and_then(|list| list.rsplit(',').next());
    real.or(forwarded)?.trim().parse().ok()
}

fn values<'a>(request: &'a http_types::Request, name: &str) -> impl Iterator<Item = &'a str> {
    request.header(name).into_iter().flat_map(|values| values.iter()).map(|value| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Result<Request, u16> {
        let head = Head::read(text.as_bytes()).expect("a clean head");
        smol::block_on(Request::decode(head, Vec::new())).map_err(|refusal| refusal.status as u16)
    }

    fn get(target: &str, more: &str) -> Result<Request, u16> {
        decode(&format!("GET {target} HTTP/1.1\r\nHost: h\r\n{more}\r\n"))
    }

    #[test]
    fn path_and_query() {
        let request = get("/whook?response=whook&x=1", "").ok().unwrap();
        assert_eq!((request.method, request.path.as_str(), request.query.as_str()), (Method::Get, "/whook", "response=whook&x=1"));
    }

    #[test]
    fn a_path_that_can_be_read_in_two_ways_is_refused() {
        for target in ["/x/../webhook", "/x/%2e%2e/webhook", "/x\\..\\webhook", "/./webhook", "/web\"hook"] {
            assert_eq!(get(target, "").err(), Some(400), "{target}");
        }
        assert_eq!(get("//webhook", "").ok().unwrap().path, "//webhook");
    }

    #[test]
    fn an_unknown_method_is_named_as_such() {
        assert_eq!(decode("BREW /pot HTTP/1.1\r\nHost: h\r\n\r\n").err(), Some(501));
    }

    #[test]
    fn the_sender_is_whom_nginx_names_last() {
        for (headers, expected) in [
            ("", None),
            ("X-Forwarded-For: 6.6.6.6, 52.89.214.238\r\n", Some("52.89.214.238")),
            ("X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 7.7.7.7\r\n", Some("7.7.7.7")),
            ("X-Real-IP: 2001:db8::1\r\nX-Forwarded-For: 6.6.6.6\r\n", Some("2001:db8::1")),
            ("X-Real-IP: nobody\r\n", None),
        ] {
            let expected = expected.map(|text: &str| text.parse().unwrap());
            assert_eq!(get("/", headers).ok().unwrap().forwarded_for, expected, "{headers:?}");
        }
    }

    #[test]
    fn all_token_headers_are_kept() {
        let request = get("/", "X-Webhook-Token: a\r\nx-webhook-token: b\r\n").ok().unwrap();
        assert_eq!(request.tokens.iter().map(Secret::expose).collect::<Vec<_>>(), ["a", "b"]);
    }
}
