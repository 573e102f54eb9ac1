//! How an exchange behaves where exchanges differ.

use crate::exchange::Second;
use crate::market::{Decimal, Millis};

/// Fees, limits and habits; not part of the saved book.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// Fee of an order that takes, as a share of the value.
    pub taker_fee: Decimal,
    /// Fee of an order that rested.
    pub maker_fee: Decimal,
    /// How far a limit price may lie on the expensive side of the mark price, as a share of it.
    pub price_band: Decimal,
    /// What can be traded in a contract until its price moves again, base coin; `None` for no limit.
    pub liquidity: Option<Decimal>,
    /// How long a conditional order is on its way once set off, and again until it is known to have ended.
    pub trigger_ms: Millis,
    /// Whether whole-position orders end with their position. Those that stay are rejected when they are set off while
    /// flat, and close the next position of that side otherwise.
    pub protection_ends: bool,
    /// Whether a whole-position order is one of a position that is there. Otherwise it may be placed without any, and in
    /// one-way mode closes whichever there is when it is set off, whatever its side.
    pub whole_needs_position: bool,
    /// What becomes of a second whole-position order of one kind on one side.
    pub second_protection: Second,
    /// What becomes of an order that reduces by more than the position, when it arrives or is set off.
    pub oversized_reduce: Oversized,
    /// Whether a name is free again once its order has ended; else never, as far back as ended orders are kept.
    pub reuse_ids: bool,
    /// Whether nobody looks at names: several open orders may have the same one.
    pub same_ids: bool,
    /// Whether a market order that closes all that is held may be smaller than the smallest order.
    pub closes_dust: bool,
    /// Ended orders of each kind, executions and closed naked spans that are kept.
    pub history_max: usize,
}

/// What becomes of an order that reduces by more than the position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oversized {
    /// It closes what is there, and the rest of it expires.
    Trim,
    /// It is refused as a whole.
    Refuse,
}

impl Default for Knobs {
    fn default() -> Knobs {
        Knobs {
            taker_fee: Decimal::new(5, 4),
            maker_fee: Decimal::new(2, 4),
            price_band: Decimal::new(5, 2),
            liquidity: None,
            trigger_ms: 0,
            protection_ends: true,
            whole_needs_position: true,
            second_protection: Second::Refused,
            oversized_reduce: Oversized::Trim,
            reuse_ids: true,
            same_ids: false,
            closes_dust: false,
            history_max: 1000,
        }
    }
}
