//! How CoinEx says no: a code and a text, with the HTTP status of success.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};

use super::super::wire::Refusal;

/// A refusal. Nothing has happened.
#[derive(Clone, Debug)]
pub struct Fail {
    pub status: u16,
    pub code: i64,
    pub message: Cow<'static, str>,
}

impl Fail {
    /// A refusal with the HTTP status of success.
    pub fn new(code: i64, message: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status: 200, code, message: message.into() }
    }

    /// A parameter that is missing, or of another form or type than it must be.
    pub fn parameter(name: &str) -> Fail {
        Fail::new(4004, format!("Parameter error, please check whether the request parameters are abnormal. {name}"))
    }

    /// A parameter of the right form whose value cannot be.
    pub fn invalid(what: &str) -> Fail {
        Fail::new(3639, format!("Invalid Parameter. {what}"))
    }

    /// What the real exchange has and this one does not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::parameter(&format!("not simulated: {what}"))
    }

    /// No such order, or none that is open.
    pub fn no_order() -> Fail {
        Fail::new(3600, "Order not found")
    }

    /// Nothing to close and nothing to protect. Code and text are unconfirmed; all that is known is that one with a 3 comes.
    pub fn no_position() -> Fail {
        Fail::invalid("position not exists")
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.parse().unwrap_or_default(), message: refusal.msg.clone().into() }
    }
}

/// A contract that is not there.
pub fn no_market(name: &str) -> Fail {
    Fail::invalid(&format!("market {name} not found"))
}

/// What the book refuses, in the exchange's words.
pub fn order(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => no_market(""),
        Denial::NotTrading => Fail::new(4117, "Trading prohibited in this market, please try again later."),
        Denial::NoPrice => Fail::new(3157, "Service has been stopped in this market"),
        Denial::MinQty { .. } | Denial::MinNotional { .. } => {
            Fail::new(3127, "The order quantity is below the minimum requirement. Please adjust the order quantity.")
        }
        Denial::ZeroQty | Denial::MaxQty { .. } | Denial::OffStep { .. } => Fail::invalid("amount"),
        Denial::OffTick { .. } | Denial::BadPrice => Fail::invalid("price"),
        Denial::PriceBand { .. } => Fail::new(
            3606,
            "The price difference between the order price and the latest price is too large. Please adjust the order amount accordingly.",
        ),
        Denial::InsufficientBalance { .. } | Denial::ReduceOnlyConflict | Denial::Blocked(Obstacle::Margin) => {
            Fail::new(3109, "balance not enough")
        }
        // A price on the wrong side of the market: the code is unconfirmed, this one is the likely one.
        Denial::WouldTrigger => Fail::invalid("trigger price"),
        Denial::NoPosition => Fail::no_position(),
        Denial::UnknownOrder | Denial::Triggering => Fail::no_order(),
        Denial::Leverage { .. } => Fail::parameter("leverage"),
        // Code and text of the next two are unconfirmed.
        Denial::Blocked(Obstacle::Orders) => Fail::invalid("there are pending orders in this market"),
        Denial::Blocked(Obstacle::Position | Obstacle::IsolatedPosition) => Fail::invalid("there is a position in this market"),
        Denial::TooManyOrders { .. } => Fail::invalid("too many orders"),
        Denial::BadClientId | Denial::DuplicateClientId => Fail::parameter("client_id"),
        Denial::PositionMode | Denial::Oversized { .. } | Denial::AlreadyProtected | Denial::NoChange => Fail::invalid(""),
    }
}
