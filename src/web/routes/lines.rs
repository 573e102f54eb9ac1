//! Text alerts: every line stands for itself, and the answer tells what became of each.
//!
//! One line is answered like a JSON alert. For several, 200 means that at least one is on disk, so that nobody sends it again; 503 that
//! none is and the same body may do better later; 400 that it never will.

use std::net::IpAddr;

use http_types::StatusCode;
use serde_json::{Map, Value};

use super::{Answer, Message, Request, Site, TAKEN, Verdict, duplicate_of, fingerprint, unreadable, without_bom};
use crate::alert::AlertError;
use crate::alert::text::Line;

/// Most unreadable lines of one body that go into the history.
const HISTORY_LINES_MAX: usize = 8;

/// One line and what became of it.
struct Judged {
    line: usize,
    result: Result<Verdict, AlertError>,
}

impl Site {
    pub(super) async fn text(&self, request: &Request, path_token: Option<&str>, peer: IpAddr) -> Answer {
        let text = match (self.routes.parse_text)(without_bom(&request.body), &self.routes.roster) {
            Err(error) => return self.senseless(error, self.is_authorised(request, path_token, &[]), peer),
            Ok(text) => text,
        };
        if !self.is_authorised(request, path_token, &text.tokens) {
            return self.unauthorised(peer);
        }
        if text.lines.is_empty() {
            return self.invalid(unreadable("the body asks for nothing: it has no line with an order"), peer);
        }
        let checked = |line: Line| Line { signal: line.signal.and_then(|signal| self.without_token(signal, line.number)), ..line };
        let judged = self.judge(text.lines.into_iter().map(checked).collect(), fingerprint(&request.body), peer).await;
        self.word(judged, peer)
    }

    /// Asks the daemon about the lines that can be read, all at once.
    async fn judge(&self, lines: Vec<Line>, fingerprint: [u8; 16], peer: IpAddr) -> Vec<Judged> {
        let orders: Vec<_> = lines.iter().filter_map(|line| Some((line.number, line.signal.clone().ok()?))).collect();
        let verdict = match orders.len() {
            0 => Verdict::Lines(Vec::new()),
            _ => self.verdict(Message::Lines { lines: orders, fingerprint }, peer).await,
        };
        let (each, all) = match verdict {
            Verdict::Lines(each) => (each, Verdict::Unavailable("the daemon gave no answer".to_owned())),
            all => (Vec::new(), all),
        };
        let mut each = each.into_iter();
        let tell = |line: Line| Judged { line: line.number, result: line.signal.map(|_| each.next().unwrap_or_else(|| all.clone())) };
        lines.into_iter().map(tell).collect()
    }

    fn word(&self, judged: Vec<Judged>, peer: IpAddr) -> Answer {
        let alerts: Vec<u64> = judged.iter().filter_map(Judged::alert).collect();
        let status = match (alerts.is_empty(), judged.iter().any(|judged| may_do_better(&judged.result))) {
            (false, _) => StatusCode::Ok,
            (true, true) => StatusCode::ServiceUnavailable,
            (true, false) => StatusCode::BadRequest,
        };
        // What is sent again will be read again.
        if status != StatusCode::ServiceUnavailable {
            self.remember_lines(&judged, peer);
        }
        let mut answer = match <[Judged; 1]>::try_from(judged) {
            Ok([Judged { result: Ok(verdict), .. }]) => self.worded(verdict, peer),
            Ok([Judged { result: Err(error), .. }]) => Answer::invalid(&error),
            Err(judged) => several(&judged, status, peer),
        };
        answer.alerts = alerts;
        answer
    }

    fn remember_lines(&self, judged: &[Judged], peer: IpAddr) {
        let mut errors = judged.iter().filter_map(|judged| judged.result.as_ref().err());
        for error in errors.by_ref().take(HISTORY_LINES_MAX) {
            self.remember(error.to_string(), peer);
        }
        match errors.count() {
            0 => {}
            more => self.remember(format!("{more} more lines of the same alert cannot be read"), peer),
        }
    }
}

impl Judged {
    /// The number under which it is on disk.
    fn alert(&self) -> Option<u64> {
        match self.result {
            Ok(Verdict::Accepted { number, .. } | Verdict::Duplicate(number)) => Some(number),
            _ => None,
        }
    }

    fn members(&self) -> Value {
        let mut members = Map::from_iter([("line".to_owned(), self.line.into())]);
        let mut insert = |name: &str, value: Value| drop(members.insert(name.to_owned(), value));
        let (field, reason) = match &self.result {
            Ok(Verdict::Accepted { number, warnings }) => {
                insert("alert", (*number).into());
                insert("message", TAKEN.into());
                if !warnings.is_empty() {
                    insert("warnings", warnings.as_slice().into());
                }
                return members.into();
            }
            Ok(Verdict::Duplicate(number)) => {
                insert("alert", (*number).into());
                insert("message", duplicate_of(*number).into());
                return members.into();
            }
            Ok(Verdict::Refused { field, reason }) => (field.as_str(), reason.as_str()),
            Ok(Verdict::Unavailable(reason)) => ("", reason.as_str()),
            Ok(Verdict::Done | Verdict::Lines(_) | Verdict::Report(_)) => ("", "the daemon gave no answer"),
            Err(error) => {
                if error.column > 0 {
                    insert("column", error.column.into());
                }
                (error.field.as_str(), error.reason.as_str())
            }
        };
        insert("error", reason.into());
        if !field.is_empty() {
            insert("field", field.into());
        }
        members.into()
    }
}

/// Whether a line failed for nothing but want of room.
fn may_do_better(result: &Result<Verdict, AlertError>) -> bool {
    matches!(result, Ok(Verdict::Unavailable(_)))
}

/// The answer to several lines.
fn several(judged: &[Judged], status: StatusCode, peer: IpAddr) -> Answer {
    let lines: Vec<Value> = judged.iter().map(Judged::members).collect();
    let accepted = judged.iter().find(|judged| matches!(judged.result, Ok(Verdict::Accepted { .. }))).and_then(Judged::alert);
    let mut answer = match (accepted, judged.iter().find_map(Judged::alert)) {
        (Some(number), _) => Answer::alert(TAKEN, number),
        (None, Some(number)) => Answer::alert(&duplicate_of(number), number),
        (None, None) => {
            if let Some(Ok(Verdict::Unavailable(reason))) = judged.iter().map(|judged| &judged.result).find(|result| may_do_better(result))
            {
                log::warn!("refused=unavailable peer={peer} reason={reason:?}");
            }
            Answer::error(status, "none of the lines is taken")
        }
    };
    answer.insert("lines", lines.into());
    answer
}
