//! The alert languages: bytes in, a [`Signal`] out, or an error that names field, line and column.
//!
//! The first non-blank byte tells the language (`{` = JSON); the content type is never looked at, because TradingView
//! flips it. Knows nothing of accounts' state or exchanges.

mod caret;
pub mod json;
mod number;
pub mod order;
mod scan;
pub mod symbol;
pub mod text;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use order::{Cancel, Leverage, Limit, Order, Size, Unit, Verb};
pub use symbol::SymbolName;

use crate::market::{Decimal, Side};
use crate::secret::Secret;

/// Largest alert that is read, in bytes. TradingView's real ones are under 2 KiB.
pub const ALERT_BYTES_MAX: usize = 16 * 1024;

/// What an alert asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Which account; `None` = the default one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The sender's own key for this alert (`alert_id`), kept for a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The contract as written, cleaned of chart decoration.
    pub symbol: SymbolName,
    /// What to do.
    pub command: Command,
}

/// The commands of all alert languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Command {
    /// Open a bracket, or add to one.
    Enter(Enter),
    /// Close everything of one side.
    Exit {
        /// Which side.
        side: Side,
    },
    /// `buy`, `sell`, `position`.
    Order(Order),
    /// `close`, and `position 0`.
    Close {
        /// How much of it, above 0 up to 100; `None`: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        percent: Option<Decimal>,
    },
    /// `cancel:ID`, `cancel:all`.
    Cancel(Cancel),
    /// `changeleverage`.
    ChangeLeverage(Leverage),
}

impl Command {
    /// Whether it comes from a text alert: those run strictly one after the other on a contract.
    pub fn is_text(&self) -> bool {
        !matches!(self, Command::Enter(_) | Command::Exit { .. })
    }

    /// Whether it closes whatever is there: the last word on a contract.
    pub fn closes_all(&self) -> bool {
        matches!(self, Command::Close { percent } if percent.is_none_or(|percent| percent >= Decimal::ONE_HUNDRED))
    }

    /// Whether it can only take risk away: part of the queue is kept for these.
    pub fn only_closes(&self) -> bool {
        match self {
            Command::Exit { .. } | Command::Close { .. } | Command::Cancel(_) => true,
            Command::Order(order) => order.reduce,
            Command::Enter(_) | Command::ChangeLeverage(_) => false,
        }
    }
}

/// An ENTRY. Prices are positive and make sense: long stop < second entry < entry < target, short the other way round.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enter {
    /// `false`: primary_entry. `true`: dca_fill or second_entry.
    pub second_only: bool,
    /// Long or short.
    pub side: Side,
    /// Price of the first entry.
    pub entry: Decimal,
    /// Price of the second entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<Decimal>,
    /// Trigger of the stop loss.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Decimal>,
    /// Trigger of the take profit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Decimal>,
}

/// A readable alert: the token is known even when a field is wrong, so that a stranger learns 401 and nothing else.
#[derive(Debug)]
pub struct Parsed {
    /// The `token` field, if it was there.
    pub token: Option<Secret>,
    /// What is asked, or which field forbids it.
    pub signal: Result<Signal, AlertError>,
}

/// Why an alert cannot be read. Never repeats the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertError {
    /// The field at fault; empty when the whole body is.
    pub field: String,
    /// Line of the body, from 1; 0 when no place can be named.
    pub line: usize,
    /// Column of that line, from 1; 0 when no place can be named.
    pub column: usize,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl fmt::Display for AlertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.field.is_empty() {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.reason)?;
        if self.line > 0 {
            write!(f, " (line {}, column {})", self.line, self.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for AlertError {}
