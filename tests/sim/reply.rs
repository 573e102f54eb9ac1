//! Answers, and what becomes of them on the way.

use perphook::market::Millis;

use super::wire::header;

/// An answer's head and body.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Headers the exchange adds; type and length of the body are not among them.
    pub headers: Vec<(&'static str, String)>,
    /// Whether the body is a page for humans and not JSON.
    pub html: bool,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// A JSON answer.
    pub fn json(status: u16, body: impl Into<Vec<u8>>) -> Reply {
        Reply { status, body: body.into(), ..Reply::default() }
    }

    /// With one more header.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Reply {
        self.headers.push((name, value.to_string()));
        self
    }

    /// The value of a header, whatever the case of its name.
    pub fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// `Retry-After`, in seconds.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.header("retry-after")?.parse().ok()
    }
}

/// What the client gets to see.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A whole answer.
    Reply(Reply),
    /// The head and half of the body, then the connection is cut.
    Half(Reply),
    /// The connection is cut without an answer. Whether the request was executed is in the log only.
    Cut,
    /// No connection: not a byte was taken.
    Unreachable,
}

/// What the client gets to see, and when.
#[derive(Clone, Debug)]
pub struct Answer {
    /// How much later than usual it arrives.
    pub delay_ms: Millis,
    /// What arrives.
    pub outcome: Outcome,
}

impl Answer {
    /// A whole answer, as soon as usual.
    pub fn at_once(reply: Reply) -> Answer {
        Answer { delay_ms: 0, outcome: Outcome::Reply(reply) }
    }

    /// HTTP status the client sees; 0 when there is none.
    pub fn status(&self) -> u16 {
        match &self.outcome {
            Outcome::Reply(reply) | Outcome::Half(reply) => reply.status,
            Outcome::Cut | Outcome::Unreachable => 0,
        }
    }
}
