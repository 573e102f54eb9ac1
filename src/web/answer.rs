//! What is said back, always as JSON but for one word of whook's: one place for the shape of every success and every error.

use http_types::{Method, Response, StatusCode};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use smol::io::AsyncReadExt;

use crate::alert::AlertError;
use crate::config::Mode;

/// Seconds after which to come again with what was not journalled. TradingView does so by itself.
const RETRY_AFTER_S: u32 = 5;

/// Why the guard will not read on. The connection ends with it: where the next request would begin is not certain any more.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub status: StatusCode,
    /// In words.
    pub reason: &'static str,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, reason: &'static str) -> Refusal {
        Refusal { status, reason }
    }
}

/// One answer, not yet encoded.
#[derive(Debug)]
pub(super) struct Answer {
    pub status: StatusCode,
    /// The text alerts whose sender learns from this answer that they are taken.
    pub alerts: Vec<u64>,
    body: Content,
    /// The methods that would have been right (405).
    allow: Option<&'static str>,
}

#[derive(Debug)]
enum Content {
    Json(Map<String, Value>),
    /// One member with numbers that a [`Value`] would round.
    Exact(&'static str, Box<RawValue>),
    Text(&'static str),
}

impl Answer {
    /// An answer with these members.
    pub(super) fn json(status: StatusCode, members: Value) -> Answer {
        let members = match members {
            Value::Object(members) => members,
            _ => Map::new(),
        };
        Answer { status, alerts: Vec::new(), body: Content::Json(members), allow: None }
    }

    /// 200 with a bare word.
    pub(super) fn text(text: &'static str) -> Answer {
        Answer { body: Content::Text(text), ..Answer::json(StatusCode::Ok, Value::Null) }
    }

    /// 200 with one member that is written already.
    pub(super) fn exact(name: &'static str, value: Box<RawValue>) -> Answer {
        Answer { body: Content::Exact(name, value), ..Answer::json(StatusCode::Ok, Value::Null) }
    }

    /// An alert that is on disk.
    pub(super) fn alert(message: &str, number: u64) -> Answer {
        Answer::json(StatusCode::Ok, json!({"success": true, "message": message, "alert": number}))
    }

    /// The same, with what its sender should know.
    pub(super) fn warning(mut self, warnings: Vec<String>) -> Answer {
        if let (Content::Json(members), false) = (&mut self.body, warnings.is_empty()) {
            members.insert("warnings".to_owned(), warnings.into());
        }
        self
    }

    /// Any error without a place.
    pub(super) fn error(status: StatusCode, reason: &str) -> Answer {
        Answer::json(status, json!({"success": false, "error": reason}))
    }

    /// 400 that names the field, if it is one field's fault.
    pub(super) fn refused(field: &str, reason: &str) -> Answer {
        match field {
            "" => Answer::error(StatusCode::BadRequest, reason),
            _ => Answer::json(StatusCode::BadRequest, json!({"success": false, "error": reason, "field": field})),
        }
    }

    /// 400 that names field, line and column, as far as there are any.
    pub(super) fn invalid(error: &AlertError) -> Answer {
        let mut answer = Answer::refused(&error.field, &error.to_string());
        answer.insert("reason", error.reason.as_str().into());
        if error.line > 0 {
            answer.insert("line", error.line.into());
            answer.insert("column", error.column.into());
        }
        answer
    }

    /// 405 with the methods that would do.
    pub(super) fn method_not_allowed(allow: &'static str) -> Answer {
        Answer { allow: Some(allow), ..Answer::error(StatusCode::MethodNotAllowed, "this path does not take this method") }
    }

    /// One more member.
    pub(super) fn insert(&mut self, name: &str, value: Value) {
        if let Content::Json(members) = &mut self.body {
            members.insert(name.to_owned(), value);
        }
    }

    /// The bytes to send: head and body together. `keep` is what the `Connection` header says.
    pub(super) async fn encode(mut self, method: Method, keep: bool, mode: Mode) -> Vec<u8> {
        if mode != Mode::Live {
            self.insert("mode", mode.as_str().into());
        }
        let mut response = Response::new(self.status);
        let (body, content_type) = match self.body {
            Content::Text(text) => (text.to_owned(), "text/plain"),
            Content::Json(members) => (format!("{}\n", Value::Object(members)), "application/json"),
            Content::Exact(name, value) if mode == Mode::Live => (format!("{{\"{name}\":{value}}}\n"), "application/json"),
            Content::Exact(name, value) => (format!("{{\"{name}\":{value},\"mode\":\"{}\"}}\n", mode.as_str()), "application/json"),
        };
        response.set_body(body);
        response.insert_header("content-type", content_type);
        response.insert_header("connection", if keep { "keep-alive" } else { "close" });
        if let Some(allow) = self.allow {
            response.insert_header("allow", allow);
        }
        if self.status == StatusCode::ServiceUnavailable {
            response.insert_header("retry-after", RETRY_AFTER_S.to_string());
        }
        let mut bytes = Vec::new();
        // Reads from memory: it neither waits nor fails.
        let _ = async_h1::server::Encoder::new(response, method).read_to_end(&mut bytes).await;
        bytes
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Answer {
        Answer::error(refusal.status, refusal.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(answer: Answer, method: Method, mode: Mode) -> String {
        String::from_utf8(smol::block_on(answer.encode(method, true, mode))).unwrap()
    }

    #[test]
    fn an_answer_is_one_piece_of_bytes() {
        let text = encode(Answer::alert("Webhook received, processing order", 17), Method::Post, Mode::Live);
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200 OK\r\n"), "{head}");
        assert!(head.contains(&format!("content-length: {}\r\n", body.len())), "{head}");
        assert!(head.contains("connection: keep-alive\r\n"), "{head}");
        assert_eq!(body, "{\"alert\":17,\"message\":\"Webhook received, processing order\",\"success\":true}\n");
    }

    #[test]
    fn paper_and_demo_say_so_in_every_json_answer() {
        assert!(encode(Answer::error(StatusCode::NotFound, "x"), Method::Get, Mode::Paper).contains("\"mode\":\"paper\""));
        assert!(encode(Answer::error(StatusCode::NotFound, "x"), Method::Get, Mode::Demo).contains("\"mode\":\"demo\""));
        assert!(!encode(Answer::error(StatusCode::NotFound, "x"), Method::Get, Mode::Live).contains("mode"));
    }

    #[test]
    fn head_has_the_length_but_no_body() {
        let text = encode(Answer::text("WHOOKITYWOOK"), Method::Head, Mode::Live);
        assert!(text.contains("content-length: 12\r\n") && text.ends_with("\r\n\r\n"), "{text}");
    }

    #[test]
    fn headers_that_belong_to_a_status() {
        assert!(encode(Answer::method_not_allowed("POST"), Method::Get, Mode::Live).contains("\r\nallow: POST\r\n"));
        let text = encode(Answer::error(StatusCode::ServiceUnavailable, "x"), Method::Post, Mode::Live);
        assert!(text.contains("\r\nretry-after: 5\r\n"), "{text}");
    }

    #[test]
    fn an_error_names_its_place() {
        let error = AlertError { field: "entry_price".to_owned(), line: 3, column: 7, reason: "is zero".to_owned() };
        let text = encode(Answer::invalid(&error), Method::Post, Mode::Live);
        for part in ["\"field\":\"entry_price\"", "\"line\":3", "\"column\":7", "\"reason\":\"is zero\"", "\"success\":false"] {
            assert!(text.contains(part), "{text}");
        }
        let nowhere = AlertError { field: String::new(), line: 0, column: 0, reason: "empty".to_owned() };
        let text = encode(Answer::invalid(&nowhere), Method::Post, Mode::Live);
        assert!(!text.contains("field") && !text.contains("line"), "{text}");
    }
}
