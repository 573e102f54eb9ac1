//! KuCoin's JSON: what was calculated comes as numbers, written as Java writes them; what orders say comes as text.

use std::fmt::{Display, Write};

use perphook::market::{Decimal, Side, TriggerBy};
use serde_json::Value;

/// Digits of what was calculated; prices of single coins can be tiny.
const DIGITS: u32 = 12;
/// Outside of this range numbers have an exponent.
const PLAIN_MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
const PLAIN_MAX: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

/// One object, field by field.
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
        self.text(name, value.round_dp(DIGITS).normalize())
    }

    /// A decimal, as a number that may have an exponent.
    pub fn real(self, name: &str, value: Decimal) -> Row {
        self.json(name, real(value))
    }

    /// A whole number, a truth value, a list or an object.
    pub fn json(mut self, name: &str, value: impl Display) -> Row {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        // Writing to a text cannot fail.
        let _ = write!(self.0, "\"{name}\":{value}");
        self
    }

    /// The same, or nothing known.
    pub fn json_if(self, name: &str, value: Option<impl Display>) -> Row {
        match value {
            Some(value) => self.json(name, value),
            None => self.json(name, "null"),
        }
    }

    /// Fields of which nothing is known.
    pub fn nulls(self, names: &[&str]) -> Row {
        names.iter().fold(self, |row, name| row.json(name, "null"))
    }

    /// The object.
    pub fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A number with at least one digit after the point, and with an exponent where it is very small or large.
pub fn real(value: Decimal) -> String {
    let value = value.round_dp(DIGITS).normalize();
    let size = value.abs();
    if value.is_zero() || (PLAIN_MIN..PLAIN_MAX).contains(&size) {
        return if value.scale() == 0 { format!("{value}.0") } else { value.to_string() };
    }
    let digits = size.mantissa().to_string();
    let (first, rest) = digits.split_at(1);
    let rest = rest.trim_end_matches('0');
    let exponent = i64::try_from(digits.len() - 1).unwrap_or_default() - i64::from(value.scale());
    let sign = if value.is_sign_negative() { "-" } else { "" };
    format!("{sign}{first}.{}E{exponent}", if rest.is_empty() { "0" } else { rest })
}

/// A JSON list of values.
pub fn list(rows: &[String]) -> String {
    format!("[{}]", rows.join(","))
}

/// `buy` or `sell`.
pub fn side(buy: bool) -> &'static str {
    if buy { "buy" } else { "sell" }
}

/// `BOTH`, `LONG` or `SHORT`.
pub fn position_side(side: Option<Side>) -> &'static str {
    match side {
        None => "BOTH",
        Some(Side::Long) => "LONG",
        Some(Side::Short) => "SHORT",
    }
}

/// `TP` is the trade price.
pub fn trigger_by(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "MP" } else { "TP" }
}

/// Milliseconds as nanoseconds.
pub fn nanos(at: u64) -> u64 {
    at.saturating_mul(1_000_000)
}
