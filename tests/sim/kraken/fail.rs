//! How Kraken says no: an error text, a coded error with an HTTP status of its own, or a word in the status of an order
//! under the heading of success.

use std::borrow::Cow;

use perphook::exchange::paper::Denial;
use serde_json::{Value, json};

use super::super::wire::Refusal;

/// Words that are the error of a whole request. Every other word of a refusal is the status of an order.
const ERRORS: [&str; 14] = [
    "accountInactive",
    "apiLimitExceeded",
    "authenticationError",
    "contractNotFound",
    "insufficientFunds",
    "invalidAccount",
    "Json Parse Error",
    "marketUnavailable",
    "nonceBelowThreshold",
    "nonceDuplicate",
    "notFound",
    "Server Error",
    "Unavailable",
    "unknownError",
];
/// Errors that end with what they are about.
const PREFIXES: [&str; 2] = ["invalidArgument", "requiredArgumentMissing"];

/// A refusal.
#[derive(Clone, Debug)]
pub struct Fail {
    pub form: Form,
    pub word: Cow<'static, str>,
}

/// Where the word of a refusal stands.
#[derive(Clone, Debug)]
pub enum Form {
    /// In `error`, with HTTP status 200.
    Error,
    /// In a list of errors; without a code that list is empty.
    Coded { status: u16, code: Option<i64> },
    /// In the status of an order, of a cancel or of an element, with the events that go with it.
    Status { id: Option<String>, events: Vec<Value> },
}

impl Fail {
    /// A request that cannot be understood or that nobody may make.
    pub fn error(word: impl Into<Cow<'static, str>>) -> Fail {
        Fail { form: Form::Error, word: word.into() }
    }

    /// A parameter with a value that is none of its own.
    pub fn argument(name: &str) -> Fail {
        Fail::error(format!("invalidArgument: {name}"))
    }

    /// A parameter that must be there.
    pub fn missing(name: &str) -> Fail {
        Fail::error(format!("requiredArgumentMissing: {name}"))
    }

    /// What the real exchange has and this one does not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::error(format!("invalidArgument: not simulated: {what}"))
    }

    /// An error with an HTTP status and a code.
    pub fn coded(status: u16, code: i64, word: &'static str) -> Fail {
        Fail { form: Form::Coded { status, code: Some(code) }, word: word.into() }
    }

    /// The status of an order that is not taken.
    pub fn status(word: impl Into<Cow<'static, str>>) -> Fail {
        Fail { form: Form::Status { id: None, events: Vec::new() }, word: word.into() }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        let word = refusal.code.clone();
        if refusal.status != 200 {
            let code = word.parse().ok();
            let words = if code.is_some() { refusal.msg.clone() } else { word };
            return Fail { form: Form::Coded { status: refusal.status, code }, word: words.into() };
        }
        let is_error = ERRORS.contains(&word.as_str()) || PREFIXES.iter().any(|prefix| word.starts_with(prefix));
        if is_error { Fail::error(word) } else { Fail::status(word) }
    }

    /// No such contract, where orders are placed and prices asked.
    pub fn no_contract() -> Fail {
        Fail::coded(404, 0, "contractNotFound")
    }

    /// What stands in the request log for it.
    pub fn code(&self) -> String {
        match &self.form {
            Form::Coded { code: Some(code), .. } if *code != 0 => code.to_string(),
            _ => self.word.to_string(),
        }
    }

    /// HTTP status and body of a refusal of a whole request.
    pub fn answer(&self, at: &str) -> (u16, Value) {
        match &self.form {
            Form::Coded { status, code } => {
                let list: Vec<Value> = code.iter().map(|code| json!({"code": code, "message": self.word})).collect();
                (*status, json!({"status": title(*status), "result": "error", "errors": list, "serverTime": at}))
            }
            Form::Error | Form::Status { .. } => (200, json!({"result": "error", "error": self.word, "serverTime": at})),
        }
    }
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "BAD_REQUEST",
        404 => "NOT_FOUND",
        429 => "TOO_MANY_REQUESTS",
        503 => "SERVICE_UNAVAILABLE",
        _ => "INTERNAL_SERVER_ERROR",
    }
}

/// How an order is refused.
pub fn order(denial: Denial) -> Fail {
    Fail::status(match denial {
        Denial::UnknownSymbol => return Fail::no_contract(),
        Denial::NotTrading => "marketSuspended",
        Denial::NoPrice => "marketInactive",
        Denial::BadClientId => "clientOrderIdInvalid",
        Denial::DuplicateClientId => "clientOrderIdAlreadyExist",
        Denial::NoPosition | Denial::ReduceOnlyConflict | Denial::Oversized { .. } => "wouldNotReducePosition",
        // One whose price is passed already may go off at once instead; no source says which.
        Denial::WouldTrigger | Denial::OffTick { .. } | Denial::BadPrice => "invalidPrice",
        Denial::PriceBand { .. } => "outsidePriceCollar",
        Denial::ZeroQty | Denial::MinQty { .. } | Denial::OffStep { .. } | Denial::MinNotional { .. } => "invalidSize",
        Denial::MaxQty { .. } => "maxPositionViolation",
        Denial::InsufficientBalance { .. } => "insufficientAvailableFunds",
        Denial::TooManyOrders { .. } => "tooManyOrders",
        Denial::UnknownOrder | Denial::Triggering => "notFound",
        Denial::PositionMode | Denial::AlreadyProtected | Denial::Leverage { .. } | Denial::Blocked(_) | Denial::NoChange => {
            "invalidArgument"
        }
    })
}
