//! What the text language can say, as plain data: sizes in four units, leverage, limits, protection.

use serde::{Deserialize, Serialize};

use crate::market::Decimal;

/// `buy`, `sell` or `position`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What the size means.
    pub verb: Verb,
    /// How much. Positive; negative only as the target of a short position.
    pub size: Size,
    /// `None`: what the exchange has for the contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leverage: Option<Leverage>,
    /// Never build a position up, whatever the size.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reduce: bool,
    /// `None`: at market. Only with `buy` and `sell`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Limit>,
    /// `sl:`, the trigger of a stop loss for the position this builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop: Option<Decimal>,
    /// `tp:`, the trigger of a take profit for the position this builds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Decimal>,
}

/// What an order's size means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    /// So much more.
    Buy,
    /// So much less.
    Sell,
    /// Exactly so much in the end; negative = short, never zero (that is `close`).
    Position,
}

/// How much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Size {
    /// The number as written.
    pub amount: Decimal,
    /// What it counts.
    pub unit: Unit,
    /// The size of the position itself; otherwise the margin behind it, which leverage multiplies. The text language
    /// leaves no choice for contracts (always the position) and percent (always the margin).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nominal: bool,
}

/// What a size counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Coins of the base (`0.5`).
    Coins,
    /// Settle coin (`300$`).
    Money,
    /// Percent of the account's total balance (`10%`).
    Percent,
    /// Contracts as the exchange counts them (`5@`).
    Contracts,
}

/// A leverage factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leverage {
    /// `x5`.
    Factor(u32),
    /// `xmax`: what the contract allows at most.
    Max,
}

/// `limit:ID:PRICE`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The sender's name for the order; see [`ClientId::custom`](crate::market::ClientId::custom).
    pub id: String,
    /// Positive.
    pub price: Decimal,
}

/// `cancel:ID`, `cancel:all`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cancel {
    /// Everything that rests on the contract.
    All,
    /// The order with this name.
    One(String),
}
