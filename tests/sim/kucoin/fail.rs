//! KuCoin's error codes, and which of them a refusal of the engine becomes.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};
use perphook::market::{Decimal, MarginMode};

use super::super::wire::Refusal;
use super::json::Row;

/// An error, of a whole request or of one element of its list.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status, where the whole request is refused.
    pub status: u16,
    /// KuCoin's code.
    pub code: String,
    /// KuCoin's words.
    pub msg: Cow<'static, str>,
}

impl Fail {
    /// A refusal that comes with HTTP status 200, as those of the engine do.
    pub fn new(code: u32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail::with_status(200, code, msg)
    }

    /// An error with another HTTP status.
    pub fn with_status(status: u16, code: u32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status, code: code.to_string(), msg: msg.into() }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), msg: refusal.msg.clone().into() }
    }

    /// A parameter is missing, unreadable or not one of its words.
    pub fn parameter(words: impl Into<Cow<'static, str>>) -> Fail {
        Fail::with_status(400, 100_001, words)
    }

    /// What the real exchange has and this one does not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::with_status(400, 400_100, format!("not simulated: {what}"))
    }

    /// The order a query names is not there. It comes with status 200 or 400; 400 is harder for a client.
    pub fn no_such_order() -> Fail {
        Fail::with_status(400, 100_001, "error.getOrder.orderNotExist")
    }

    /// The order that shall be cancelled by its number is not open.
    pub fn not_cancelable() -> Fail {
        Fail::new(100_004, "Order is in not cancelable state")
    }

    /// The same for one that is called by its name.
    pub fn name_not_cancelable() -> Fail {
        Fail::with_status(400, 400_100, "order_not_exist_or_not_allow_to_cancel")
    }

    /// Nothing to reduce or close.
    pub fn no_position() -> Fail {
        Fail::new(300_009, "No open positions to close.")
    }

    /// A setting cannot change while there are orders or positions.
    pub fn blocked() -> Fail {
        Fail::new(50002, "exist.order.or.position")
    }

    /// The answer's body, or how the element of an answer ends.
    pub fn body(&self) -> String {
        Row::new().text("code", &self.code).text("msg", &self.msg).end()
    }
}

/// Too little margin. With cross margin it is the limit of what may be opened that is in the way.
pub fn poor(mode: MarginMode, needed: Decimal) -> Fail {
    match mode {
        MarginMode::Isolated => {
            Fail::new(300_003, format!("Balance insufficient. The order would cost {}.", needed.round_dp(4).normalize()))
        }
        MarginMode::Cross => Fail::new(
            330_008,
            "Your current margin and leverage have reached the maximum open limit. Please increase your margin or raise your leverage \
             to open larger positions.",
        ),
    }
}

/// A limit price beyond the band.
pub fn out_of_band(buy: bool) -> Fail {
    if buy {
        Fail::new(300_011, "The order price is above the highest buy price")
    } else {
        Fail::new(300_012, "The order price is below the lowest sell price")
    }
}

/// A refusal of the engine.
pub fn engine(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => Fail::new(100_003, "Contract parameter invalid."),
        Denial::NotTrading => Fail::new(300_002, "The contract is suspended"),
        Denial::NoPrice => Fail::new(300_008, "No opposite orders in the order book"),
        Denial::BadClientId => Fail::parameter("clientOid parameter invalid"),
        Denial::DuplicateClientId => Fail::new(300_018, "clientOid is used already"),
        Denial::PositionMode => {
            Fail::new(330_011, "The order's position mode does not match your selected one. Please switch and try again.")
        }
        Denial::NoPosition => Fail::no_position(),
        Denial::ReduceOnlyConflict | Denial::Oversized { .. } => Fail::new(300_010, "Failed to close the position."),
        Denial::WouldTrigger | Denial::AlreadyProtected | Denial::NoChange => Fail::parameter("error.createOrder.stopInvalid"),
        Denial::ZeroQty | Denial::MinQty { .. } => Fail::parameter("Quantity parameter must be greater than or equal to one lot"),
        Denial::OffStep { .. } => Fail::parameter("Quantity parameter must be a multiple of the lot size"),
        Denial::MaxQty { .. } => Fail::parameter("Quantity parameter is above the maximum quantity of one order"),
        Denial::OffTick { .. } => Fail::parameter("Price parameter must be a multiple of the tick size"),
        Denial::BadPrice => Fail::parameter("Price parameter invalid"),
        Denial::MinNotional { .. } => Fail::parameter("Order value is too small"),
        Denial::PriceBand { .. } => out_of_band(true),
        Denial::InsufficientBalance { needed, .. } => poor(MarginMode::Isolated, needed),
        Denial::TooManyOrders { max } => Fail::new(300_001, format!("You have reached the limit of {max} active orders")),
        Denial::UnknownOrder | Denial::Triggering => Fail::not_cancelable(),
        Denial::Leverage { max } => Fail::new(300_016, format!("The leverage cannot be greater than {max}")),
        Denial::Blocked(Obstacle::Margin) => Fail::new(200_005, "Too little balance for so low a leverage"),
        Denial::Blocked(Obstacle::Orders | Obstacle::Position | Obstacle::IsolatedPosition) => Fail::blocked(),
    }
}
