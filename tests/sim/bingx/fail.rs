//! BingX's refusals, and which of them a refusal of the engine becomes. Nearly all come with HTTP status 200; many faults
//! share 109400 and differ by their words alone.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};
use serde_json::{Value, json};

use super::super::wire::Refusal;

/// An error answer.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status.
    pub status: u16,
    /// The exchange's code.
    pub code: String,
    /// The exchange's words.
    pub msg: Cow<'static, str>,
}

impl Fail {
    /// An error with HTTP status 200.
    pub fn new(code: u32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status: 200, code: code.to_string(), msg: msg.into() }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), msg: refusal.msg.clone().into() }
    }

    /// A parameter that is missing or unreadable.
    pub fn parameter(name: &str) -> Fail {
        Fail::new(109_400, format!("Invalid parameters, err:{name}: This field is required."))
    }

    /// Something the exchange has and this one has not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::new(109_400, format!("Invalid parameters, not simulated: {what}"))
    }

    /// The code as it stands in a body: a number.
    pub fn code_value(&self) -> Value {
        self.code.parse::<i64>().map_or_else(|_| json!(self.code), |code| json!(code))
    }

    /// The body.
    pub fn body(&self) -> String {
        json!({"code": self.code_value(), "msg": self.msg, "data": {}}).to_string()
    }
}

/// No such order.
pub fn no_order() -> Fail {
    Fail::new(109_400, "order not exist")
}

/// A protecting order without a position, or with none that is seen yet.
pub fn no_position() -> Fail {
    Fail::new(80_017, "position not exist")
}

/// More than a position has to close.
pub fn held_up() -> Fail {
    Fail::new(101_212, "The available amount is insufficient. Please cancel your pending orders for this trading pair and try again.")
}

/// No such contract.
pub fn no_symbol(name: &str) -> Fail {
    Fail::new(109_425, format!("{name} not exist, please verify it in api: /openApi/swap/v2/quote/contracts"))
}

/// An order's side and the account's mode do not agree.
pub fn mode(is_hedge: bool) -> Fail {
    let words = if is_hedge {
        "In the Hedge mode, the 'PositionSide' field can only be set to LONG or SHORT."
    } else {
        "In the One-way mode, the 'PositionSide' field can only be set to BOTH."
    };
    Fail::new(109_400, words)
}

/// Too little margin.
pub fn poor() -> Fail {
    Fail::new(101_204, "Insufficient margin")
}

/// A refusal of the engine.
pub fn order(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => no_symbol("the symbol"),
        Denial::NotTrading => Fail::new(109_418, "The trading pair is offline and cannot be ordered through the api"),
        Denial::NoPrice => Fail::new(101_415, "Trading of this pair is suspended"),
        Denial::BadClientId => Fail::new(109_400, "Invalid parameters, err:clientOrderId: must match ^[a-zA-Z0-9]{1,40}$"),
        Denial::DuplicateClientId => Fail::new(101_481, "The clientOrderID cannot be repeated"),
        Denial::PositionMode => Fail::new(109_400, "Invalid parameters, err:positionSide"),
        Denial::NoPosition => Fail::new(101_205, "No position to close"),
        Denial::ReduceOnlyConflict | Denial::Oversized { .. } => held_up(),
        Denial::WouldTrigger => Fail::new(110_411, "The trigger price is on the wrong side of the current price"),
        Denial::AlreadyProtected => Fail::new(110_406, "There is a stop-loss order for this position already"),
        Denial::ZeroQty => Fail::new(110_422, "The quantity must be greater than 0"),
        Denial::MinQty { min } => Fail::new(110_422, format!("The minimum order quantity is {min}")),
        Denial::MaxQty { max } => Fail::new(101_209, format!("The maximum position of this leverage is {max}")),
        Denial::OffStep { step } => Fail::new(110_425, format!("The quantity's precision is wrong, it must be a multiple of {step}")),
        Denial::OffTick { tick } => Fail::new(110_425, format!("The price's precision is wrong, it must be a multiple of {tick}")),
        Denial::BadPrice => Fail::new(110_402, "The price is out of range"),
        Denial::MinNotional { min } => {
            Fail::new(101_400, format!("Please ensure that the minimum nominal value of the order placed must be greater than {min}u"))
        }
        Denial::PriceBand { mark } => Fail::new(101_211, format!("The price is too far from the mark price {mark}")),
        Denial::InsufficientBalance { .. } => poor(),
        Denial::TooManyOrders { max } => Fail::new(110_206, format!("There can be {max} open orders at most")),
        Denial::UnknownOrder => no_order(),
        Denial::Triggering => Fail::new(109_422, "The order has been triggered"),
        Denial::Leverage { max } => Fail::new(101_414, format!("The leverage cannot be higher than {max}")),
        Denial::Blocked(Obstacle::Margin) => poor(),
        // The documentation lets leverage change with a position; the engine does not lower it where margin is isolated.
        Denial::Blocked(Obstacle::IsolatedPosition) => Fail::new(109_400, "The leverage of an isolated position cannot be lowered"),
        Denial::Blocked(_) | Denial::NoChange => settled(),
    }
}

/// A margin type that cannot change now.
pub fn settled() -> Fail {
    Fail::new(109_400, "the account has positions or pending orders")
}
