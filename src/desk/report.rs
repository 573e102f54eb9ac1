//! What an account holds, asked fresh for the sender of `GET /whook`.

use std::sync::Arc;

use crate::market::{Balance, Decimal, Position};

/// One account's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountReport {
    /// The account's name.
    pub account: String,
    /// Long and short are held side by side.
    pub hedge: bool,
    /// What it has in its settle coin; `None`: the exchange did not say.
    pub balance: Option<Balance>,
    /// What it holds.
    pub positions: Vec<HeldPosition>,
    /// Why something is missing, if something is.
    pub trouble: Option<String>,
}

/// A position with what its contract is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldPosition {
    /// Base coin.
    pub base: Arc<str>,
    /// Settle coin.
    pub settle: Arc<str>,
    /// Base coin in one contract.
    pub contract_size: Decimal,
    /// The position.
    pub position: Position,
}
