//! OKX's JSON: nearly everything is text, and what does not apply is an empty one.

use std::fmt::{Display, Write};

use perphook::market::{Decimal, Instrument, MarginMode, Side, TriggerBy};
use serde_json::Value;

/// Digits of what was calculated; prices of single coins can be tiny.
const DIGITS: u32 = 12;

/// One object, field by field.
pub struct Row(String);

impl Row {
    /// An object without fields.
    pub fn new() -> Row {
        Row(String::with_capacity(1024))
    }

    /// A field of text.
    pub fn text(self, name: &str, value: impl Display) -> Row {
        self.json(name, &Value::from(value.to_string()).to_string())
    }

    /// A decimal, as text without needless zeros.
    pub fn number(self, name: &str, value: Decimal) -> Row {
        self.text(name, plain_number(value))
    }

    /// A decimal, or an empty text where there is none.
    pub fn number_if(self, name: &str, value: Option<Decimal>) -> Row {
        self.text(name, value.map(plain_number).unwrap_or_default())
    }

    /// A field that is not text.
    pub fn json(mut self, name: &str, value: &str) -> Row {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        // Writing to a text cannot fail.
        let _ = write!(self.0, "\"{name}\":{value}");
        self
    }

    /// Fields that do not apply here.
    pub fn blanks(self, names: &[&str]) -> Row {
        names.iter().fold(self, |row, name| row.text(name, ""))
    }

    /// The object.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

fn plain_number(value: Decimal) -> String {
    value.round_dp(DIGITS).normalize().to_string()
}

/// A JSON list of objects.
pub fn list(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

/// The body of an answer with data.
pub fn data(rows: &[String]) -> String {
    format!("{{\"code\":\"0\",\"msg\":\"\",\"data\":{}}}", list(rows))
}

/// Contracts of so many coins.
pub fn contracts(instrument: Option<&Instrument>, coins: Decimal) -> Decimal {
    instrument.and_then(|instrument| instrument.contracts(coins)).unwrap_or(coins)
}

/// `buy` or `sell`.
pub fn side(buy: bool) -> &'static str {
    if buy { "buy" } else { "sell" }
}

/// `net`, `long` or `short`.
pub fn position_side(side: Option<Side>) -> &'static str {
    match side {
        None => "net",
        Some(Side::Long) => "long",
        Some(Side::Short) => "short",
    }
}

/// `cross` or `isolated`.
pub fn mode(mode: MarginMode) -> &'static str {
    if mode == MarginMode::Isolated { "isolated" } else { "cross" }
}

/// `mark` or `last`.
pub fn trigger_by(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "mark" } else { "last" }
}
