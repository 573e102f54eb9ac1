//! OKX's error codes, and which of them a refusal of the engine becomes.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};

use super::super::wire::Refusal;

/// An error, of a whole request or of one element of its list.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status, where the whole request is refused.
    pub status: u16,
    /// OKX's code.
    pub code: String,
    /// What some codes are told apart by.
    pub sub_code: &'static str,
    /// OKX's words.
    pub msg: Cow<'static, str>,
}

impl Fail {
    /// A refusal that comes with HTTP status 200, as most do.
    pub fn new(code: u32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail::with_status(200, code, msg)
    }

    /// An error with another HTTP status.
    pub fn with_status(status: u16, code: u32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status, code: code.to_string(), sub_code: "", msg: msg.into() }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), sub_code: "", msg: refusal.msg.clone().into() }
    }

    /// A parameter is missing, unreadable or not one of its words.
    pub fn parameter(name: &str) -> Fail {
        Fail::with_status(400, 51000, format!("Parameter {name} error"))
    }

    /// What the real exchange has and this one does not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::with_status(400, 51000, format!("not simulated: {what}"))
    }

    /// The order a query names is not there.
    pub fn no_such_order() -> Fail {
        Fail::new(51603, "Order does not exist")
    }

    /// The order that shall be cancelled is not open.
    pub fn gone() -> Fail {
        Fail::new(51400, "Order cancellation failed as the order has been filled, canceled or does not exist.")
    }

    /// Nothing to reduce.
    pub fn no_position() -> Fail {
        Fail::new(51169, "Order failed because you don't have any positions in this direction for this contract to reduce or close.")
    }

    /// More than there is to close.
    pub fn oversized() -> Fail {
        Fail::new(51112, "Close order size exceeds your available size.")
    }

    /// Too little margin.
    pub fn poor() -> Fail {
        Fail { sub_code: "1001", ..Fail::new(51008, "Order failed. Insufficient USDT margin in account ") }
    }

    /// The body, when the whole request is refused.
    pub fn body(&self) -> String {
        format!("{{\"code\":\"{}\",\"msg\":{},\"data\":[]}}", self.code, serde_json::Value::from(self.msg.as_ref()))
    }
}

/// A refusal of the engine, for a plain order.
pub fn plain(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => Fail::new(51001, "Instrument ID, Instrument ID code, or Spread ID doesn't exist."),
        Denial::NotTrading => Fail::new(51022, "Contract suspended."),
        Denial::NoPrice => Fail::new(51028, "Contract is not open for trading yet."),
        Denial::BadClientId => Fail::parameter("clOrdId"),
        Denial::DuplicateClientId => Fail::new(51016, "Duplicated client order ID"),
        Denial::PositionMode => Fail::parameter("posSide"),
        Denial::NoPosition => Fail::no_position(),
        Denial::Oversized { .. } => Fail::oversized(),
        Denial::ReduceOnlyConflict => Fail::new(51134, "Closing position failed. Please check your holdings and pending orders."),
        Denial::WouldTrigger => Fail::new(51280, "SL trigger price cannot be higher than the last price"),
        Denial::AlreadyProtected => one_close_all(),
        Denial::ZeroQty => Fail::parameter("sz"),
        Denial::MinQty { .. } | Denial::MinNotional { .. } => {
            Fail::new(51020, "Your order should meet or exceed the minimum order amount.")
        }
        Denial::MaxQty { .. } => Fail::new(51202, "Market order amount exceeds the maximum amount."),
        Denial::OffStep { .. } => Fail::new(51121, "Order quantity must be a multiple of the lot size."),
        Denial::OffTick { .. } => Fail::new(51150, "The precision of the number of trades or the price exceeds the limit."),
        Denial::BadPrice => Fail::parameter("px"),
        Denial::PriceBand { mark } => Fail::new(51006, format!("Order price is not within the price limit round {mark}")),
        Denial::InsufficientBalance { .. } => Fail::poor(),
        Denial::TooManyOrders { max } => {
            Fail::new(51174, format!("The number of pending orders reached the upper limit of {max} (orders)."))
        }
        Denial::UnknownOrder | Denial::Triggering => Fail::gone(),
        Denial::Leverage { .. } => Fail::new(59102, "Leverage exceeds the maximum limit. Please lower the leverage."),
        Denial::Blocked(Obstacle::IsolatedPosition) => {
            Fail::new(59108, "Your account leverage is too low and has insufficient margin. Please increase the leverage.")
        }
        Denial::Blocked(Obstacle::Margin) => {
            Fail::new(59109, "Account equity less than the required margin amount after adjustment. Please adjust the leverage.")
        }
        Denial::Blocked(_) | Denial::NoChange => Fail::not_simulated("cross and isolated orders or positions of one contract side by side"),
    }
}

/// A refusal of the engine, for an algo order.
pub fn algo(denial: Denial) -> Fail {
    match denial {
        Denial::DuplicateClientId => Fail::new(51065, "algoClOrdId already exists."),
        Denial::BadClientId => Fail::parameter("algoClOrdId"),
        Denial::TooManyOrders { max } => Fail::new(51299, format!("Order failed. You can hold a maximum of {max} TP/SL orders.")),
        Denial::BadPrice => Fail::parameter("triggerPx"),
        other => plain(other),
    }
}

/// A second order for the whole position.
pub fn one_close_all() -> Fail {
    Fail::new(51088, "You can only place 1 TP/SL order to close an entire position")
}
