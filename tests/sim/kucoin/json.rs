//! KuCoin's JSON: what was calculated comes as numbers, written as Java writes them; what orders say comes as text.

use perphook::market::{Decimal, Side, TriggerBy};

use super::super::json::rounded;
pub use super::super::json::{Row, list};

/// Outside of this range numbers have an exponent.
const PLAIN_MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 3);
const PLAIN_MAX: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);

impl Row {
    /// A decimal, as a number that may have an exponent.
    pub fn real(self, name: &str, value: Decimal) -> Row {
        self.json(name, real(value))
    }
}

/// A number with at least one digit after the point, and with an exponent where it is very small or large.
pub fn real(value: Decimal) -> String {
    let value = rounded(value);
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
