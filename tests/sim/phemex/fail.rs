//! Phemex's error words, and which of them a refusal of the engine becomes.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};
use serde_json::{Value, json};

use super::super::json::join;
use super::super::wire::Refusal;

/// An error answer.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status.
    pub status: u16,
    /// Phemex's code, in digits.
    pub code: String,
    /// Phemex's words.
    pub msg: Cow<'static, str>,
    /// What stands round the two.
    pub shape: Shape,
}

/// How an error is written.
#[derive(Clone, Debug)]
pub enum Shape {
    /// `code`, `msg`, `data`.
    Trading,
    /// The same with a code that is text.
    Gateway,
    /// `error` and `result`.
    Market,
    /// As a success, with the order that was not taken and the code inside of it.
    Order(Value),
}

impl Fail {
    /// An error; Phemex answers it with HTTP status 200.
    pub fn new(code: i32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status: 200, code: code.to_string(), msg: msg.into(), shape: Shape::Trading }
    }

    /// An error of what stands before the exchange.
    pub fn gateway(status: u16, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status, shape: Shape::Gateway, ..Fail::new(i32::from(status), msg) }
    }

    /// An error of the market's data.
    pub fn market(code: i32, msg: &'static str) -> Fail {
        Fail { shape: Shape::Market, ..Fail::new(code, msg) }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), msg: refusal.msg.clone().into(), shape: Shape::Trading }
    }

    /// What the real exchange has and this one has not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::new(30000, format!("not simulated: {what}"))
    }

    /// The whole body.
    pub fn body(&self) -> Value {
        let number = || self.code.parse::<i64>().map_or_else(|_| json!(self.code), |code| json!(code));
        match &self.shape {
            Shape::Trading => json!({"code": number(), "msg": self.msg, "data": null}),
            Shape::Gateway => json!({"code": self.code, "msg": self.msg, "data": null}),
            Shape::Market => json!({"error": {"code": number(), "message": self.msg}, "id": null, "result": null}),
            Shape::Order(row) => json!({"code": 0, "msg": "", "data": join(row.clone(), json!({"bizError": number()}))}),
        }
    }
}

/// A refusal of the engine, for an order.
pub fn order(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => Fail::new(11027, "TE_SYMBOL_INVALID"),
        Denial::NotTrading => Fail::new(11070, "TE_SYMBOL_NOT_IN_RANGE"),
        Denial::NoPrice => Fail::new(11042, "TE_NO_LAST_PRICE"),
        Denial::BadClientId | Denial::OffTick { .. } => arguments(),
        Denial::DuplicateClientId => duplicate(),
        Denial::PositionMode => wrong_mode(),
        Denial::NoPosition => reduce_only(),
        Denial::ReduceOnlyConflict | Denial::Oversized { .. } => Fail::new(11057, "TE_QTY_NOT_MATCH_REDUCE_ONLY"),
        Denial::WouldTrigger => Fail::new(11044, "TE_FALLING_TRIGGER_DIRECTLY"),
        Denial::ZeroQty | Denial::OffStep { .. } => quantity(),
        Denial::MinQty { .. } => Fail::new(11058, "TE_QTY_TOO_SMALL"),
        Denial::MaxQty { .. } => Fail::new(11056, "TE_QTY_TOO_LARGE"),
        Denial::BadPrice => Fail::new(11055, "TE_PRICE_TOO_SMALL"),
        Denial::PriceBand { .. } => Fail::new(11053, "TE_PRICE_TOO_LARGE"),
        Denial::MinNotional { .. } => Fail::new(11115, "TE_ORDER_VALUE_TOO_SMALL"),
        Denial::InsufficientBalance { .. } => Fail::new(11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE"),
        Denial::TooManyOrders { .. } => Fail::new(11032, "TE_AO_NUM_EXCEEDS"),
        Denial::UnknownOrder => gone(),
        Denial::Triggering => Fail::new(10003, "OM_ORDER_PENDING_CANCEL"),
        Denial::Leverage { .. } => leverage(),
        // No source names a code of its own for what stands in the way; it goes with too little margin.
        Denial::Blocked(Obstacle::Orders | Obstacle::Position | Obstacle::IsolatedPosition | Obstacle::Margin) => {
            Fail::new(11005, "TE_NO_ENOUGH_BALANCE_FOR_NEW_LEVERAGE")
        }
        Denial::AlreadyProtected | Denial::NoChange => Fail::new(11065, "TE_ORD_REPLACE_NOT_MODIFIED"),
    }
}

/// Something unreadable, or of the wrong kind.
pub fn arguments() -> Fail {
    Fail::new(30000, "Please double check input arguments")
}

/// Something is not said that must be.
pub fn missing(name: &str) -> Fail {
    Fail::new(10500, format!("Missing required parameter {name}"))
}

/// No quantity, or one off the step.
pub fn quantity() -> Fail {
    Fail::new(10500, "OrderQty must between minimum and maximum and on its step")
}

/// An open order has this name.
pub fn duplicate() -> Fail {
    Fail::new(11085, "TE_CL_ORD_ID_DUPLICATE")
}

/// What is said of a side does not fit the contract's position mode.
pub fn wrong_mode() -> Fail {
    Fail::new(20004, "TE_ERR_INCONSISTENT_POS_MODE")
}

/// Nothing to reduce.
pub fn reduce_only() -> Fail {
    Fail::new(11011, "TE_REDUCE_ONLY_ABORT")
}

/// Never there, or ended; also said of an empty list of open orders.
pub fn gone() -> Fail {
    Fail::new(10002, "OM_ORDER_NOT_FOUND")
}

/// More than the contract allows, or unreadable.
pub fn leverage() -> Fail {
    Fail::new(11004, "TE_INVALID_LEVERAGE")
}

/// Nothing is served under this path.
pub fn no_such_path() -> Fail {
    Fail::gateway(404, "404 Not Found")
}
