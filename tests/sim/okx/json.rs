//! OKX's JSON: nearly everything is text, and what does not apply is an empty one.

use perphook::market::{Decimal, Instrument, MarginMode, Side, TriggerBy};

pub use super::super::json::{Row, list};

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
