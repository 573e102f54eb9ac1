//! Bybit's error words, and which of them a refusal of the engine becomes.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};
use serde_json::{Value, json};

use super::super::wire::Refusal;

/// An error answer.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status.
    pub status: u16,
    /// Bybit's code; its digits stand in the body.
    pub code: String,
    /// Bybit's words.
    pub msg: Cow<'static, str>,
    /// What `result` holds.
    pub result: Value,
}

impl Fail {
    /// An error; Bybit answers it with HTTP status 200.
    pub fn new(code: i32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status: 200, code: code.to_string(), msg: msg.into(), result: json!({}) }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), msg: refusal.msg.clone().into(), result: json!({}) }
    }

    /// The catch-all: a parameter is missing or unreadable.
    pub fn param(words: &str) -> Fail {
        Fail::new(10001, format!("params error: {words}"))
    }

    /// What the real exchange has and this one has not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::new(10001, format!("not simulated: {what}"))
    }

    /// The code as a number where it is one.
    pub fn code_value(&self) -> Value {
        self.code.parse::<i64>().map_or_else(|_| json!(self.code), |code| json!(code))
    }
}

/// A refusal of the engine, for an order.
pub fn order(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => symbol_invalid(),
        Denial::NotTrading => Fail::new(110_074, "This contract is not live"),
        Denial::NoPrice => Fail::new(110_118, "Market order cannot be priced"),
        Denial::BadClientId => Fail::param("OrderLinkedID invalid"),
        Denial::DuplicateClientId => Fail::new(110_072, "OrderLinkedID is duplicate"),
        Denial::PositionMode => wrong_mode(),
        Denial::NoPosition => no_position(),
        Denial::ReduceOnlyConflict | Denial::Oversized { .. } => Fail::new(110_017, "Reduce-only rule not satisfied"),
        Denial::WouldTrigger => Fail::new(110_093, "expect Falling, but trigger_price >= current"),
        Denial::AlreadyProtected | Denial::NoChange => not_modified(),
        Denial::ZeroQty | Denial::MinQty { .. } | Denial::OffStep { .. } => Fail::new(10001, "Qty invalid"),
        Denial::MaxQty { .. } => Fail::new(10001, "The number of contracts exceeds maximum limit allowed: too large"),
        Denial::OffTick { .. } | Denial::BadPrice => Fail::param("Price invalid"),
        Denial::MinNotional { min } => Fail::new(110_094, format!("Order does not meet minimum order value {min}USDT")),
        Denial::PriceBand { .. } => Fail::new(110_003, "Order price exceeds the allowable range."),
        Denial::InsufficientBalance { .. } => Fail::new(110_007, "ab not enough for new order"),
        Denial::TooManyOrders { .. } => Fail::new(110_020, "Not allowed to have more than 500 active orders"),
        Denial::UnknownOrder | Denial::Triggering => gone(),
        Denial::Leverage { .. } => Fail::new(110_013, "cannot set leverage due to risk limit"),
        Denial::Blocked(Obstacle::IsolatedPosition) => Fail::new(110_011, "Liquidation will be triggered immediately by this adjustment"),
        Denial::Blocked(Obstacle::Margin) => Fail::new(110_044, "Available margin is insufficient"),
        Denial::Blocked(Obstacle::Orders) => Fail::new(110_028, "Open orders exist, so you cannot change position mode"),
        Denial::Blocked(Obstacle::Position) => Fail::new(110_024, "You have an existing position, so the position mode cannot be switched"),
    }
}

/// No contract of that name.
pub fn symbol_invalid() -> Fail {
    Fail::param("symbol invalid")
}

/// The order does not say which position it means, or says it in the wrong mode.
pub fn wrong_mode() -> Fail {
    Fail::new(10001, "position idx not match position mode")
}

/// Nothing to reduce. The table of codes says the quantity would be truncated; this is what users see.
pub fn no_position() -> Fail {
    Fail::new(110_017, "current position is zero, cannot fix reduce-only order qty")
}

/// Nothing to protect, or nothing that is seen yet.
pub fn nothing_to_protect() -> Fail {
    Fail::new(10001, "can not set tp/sl/ts for zero position")
}

/// Stops and targets are so already, or the request says too little.
pub fn not_modified() -> Fail {
    Fail::new(34040, "not modified")
}

/// Never there, or ended.
pub fn gone() -> Fail {
    Fail::new(110_001, "order not exists or too late to cancel")
}

/// The margin mode cannot be set. The numbers of the reasons are not documented.
pub fn margin_mode(reason: &str) -> Fail {
    let reasons = json!({"reasons": [{"reasonCode": "3400045", "reasonMsg": reason}]});
    Fail { result: reasons, ..Fail::new(3_400_045, "Set margin mode failed") }
}
