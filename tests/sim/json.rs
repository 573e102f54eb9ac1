//! JSON that the wires write alike.

use std::fmt::{Display, Write};

use perphook::market::Decimal;
use serde_json::Value;

/// Digits of what was calculated; prices of single coins can be tiny.
const DIGITS: u32 = 12;

/// A decimal of so many digits at most, without zeros at its end.
pub fn rounded(value: Decimal) -> Decimal {
    value.round_dp(DIGITS).normalize()
}

/// The same as text.
pub fn text(value: Decimal) -> String {
    rounded(value).to_string()
}

/// One object of two; the second wins.
pub fn join(mut base: Value, more: Value) -> Value {
    if let (Value::Object(base), Value::Object(more)) = (&mut base, more) {
        base.extend(more);
    }
    base
}

/// A list of values.
pub fn list(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

/// One object, field by field, in the order they are written.
pub struct Row(String);

impl Row {
    /// An object without fields.
    pub fn new() -> Row {
        Row(String::with_capacity(1024))
    }

    /// A field of text.
    pub fn text(self, name: &str, value: impl Display) -> Row {
        self.json(name, Value::from(value.to_string()))
    }

    /// A decimal, as text without needless zeros.
    pub fn decimal(self, name: &str, value: Decimal) -> Row {
        self.text(name, rounded(value))
    }

    /// A decimal, or an empty text where there is none.
    pub fn decimal_if(self, name: &str, value: Option<Decimal>) -> Row {
        self.text(name, value.map(text).unwrap_or_default())
    }

    /// A field that is not text.
    pub fn json(mut self, name: &str, value: impl Display) -> Row {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        // Writing to a text cannot fail.
        let _ = write!(self.0, "\"{name}\":{value}");
        self
    }

    /// The same, or null where there is none.
    pub fn json_if(self, name: &str, value: Option<impl Display>) -> Row {
        match value {
            Some(value) => self.json(name, value),
            None => self.json(name, "null"),
        }
    }

    /// Fields that do not apply: empty texts.
    pub fn blanks(self, names: &[&str]) -> Row {
        names.iter().fold(self, |row, name| row.text(name, ""))
    }

    /// Fields of which nothing is known: nulls.
    pub fn nulls(self, names: &[&str]) -> Row {
        names.iter().fold(self, |row, name| row.json(name, "null"))
    }

    /// The object.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}
