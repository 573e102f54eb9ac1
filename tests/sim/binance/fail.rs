//! Binance's error bodies, and which of them a refusal of the engine becomes.

use std::borrow::Cow;

use perphook::exchange::paper::{Denial, Obstacle};

use super::super::wire::Refusal;

/// An error answer.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status.
    pub status: u16,
    /// Binance's code; its digits stand in the body.
    pub code: String,
    /// Binance's words.
    pub msg: Cow<'static, str>,
}

impl Fail {
    /// An error with HTTP status 400.
    pub fn new(code: i32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail::with_status(400, code, msg)
    }

    /// An error with another HTTP status.
    pub fn with_status(status: u16, code: i32, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status, code: code.to_string(), msg: msg.into() }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), msg: refusal.msg.clone().into() }
    }

    /// Nothing is served there.
    pub fn no_such_path(method: &str, path: &str) -> Fail {
        Fail::with_status(404, -5000, format!("Path {path}, Method {method} is invalid"))
    }

    /// A parameter is missing or unreadable.
    pub fn mandatory(name: &str) -> Fail {
        Fail::new(-1102, format!("Mandatory parameter '{}' was not sent, was empty/null, or malformed.", name.to_lowercase()))
    }

    /// A parameter that does not belong here.
    pub fn not_required(name: &str) -> Fail {
        Fail::new(-1106, format!("Parameter '{}' sent when not required.", name.to_lowercase()))
    }

    /// The body.
    pub fn body(&self) -> String {
        format!("{{\"code\":{},\"msg\":{}}}", self.code, serde_json::Value::from(self.msg.as_ref()))
    }
}

/// A refusal of the engine, for a plain order.
pub fn plain(denial: Denial) -> Fail {
    match denial {
        Denial::UnknownSymbol => Fail::new(-1121, "Invalid symbol."),
        Denial::NotTrading => Fail::new(-4140, "Invalid symbol status for opening position."),
        Denial::NoPrice => Fail::new(-1112, "No orders on book for this symbol."),
        Denial::BadClientId => Fail::new(-4015, "Client order id is not valid."),
        Denial::DuplicateClientId => Fail::new(-4116, "ClientOrderId is duplicated."),
        Denial::PositionMode => Fail::new(-4061, "Order's position side does not match user's setting."),
        Denial::NoPosition | Denial::Oversized { .. } => Fail::new(-2022, "ReduceOnly Order is rejected."),
        Denial::ReduceOnlyConflict => Fail::new(-4118, "ReduceOnly Order Failed. Please check your existing position and open orders."),
        Denial::WouldTrigger => Fail::new(-2021, "Order would immediately trigger."),
        Denial::AlreadyProtected => {
            Fail::new(-4130, "An open stop or take profit order with GTE and closePosition in the direction is existing.")
        }
        Denial::ZeroQty => Fail::new(-4003, "Quantity less than or equal to zero."),
        Denial::MinQty { .. } => Fail::new(-4004, "Quantity less than min quantity."),
        Denial::MaxQty { .. } => Fail::new(-4005, "Quantity greater than max quantity."),
        Denial::OffStep { .. } => Fail::new(-4023, "Qty not increased by step size."),
        Denial::OffTick { .. } => Fail::new(-4014, "Price not increased by tick size."),
        Denial::BadPrice => Fail::new(-4001, "Price less than 0."),
        Denial::MinNotional { min } => {
            Fail::new(-4164, format!("Order's notional must be no smaller than {min} (unless you choose reduce only)."))
        }
        Denial::PriceBand { mark } => Fail::new(-4016, format!("Limit price is out of the band round the mark price {mark}.")),
        Denial::InsufficientBalance { .. } => Fail::new(-2019, "Margin is insufficient."),
        Denial::TooManyOrders { .. } => Fail::new(-2025, "Reach max open order limit."),
        Denial::UnknownOrder => Fail::new(-2011, "Unknown order sent."),
        Denial::Triggering => Fail::new(-4117, "Stop order is triggering."),
        Denial::Leverage { .. } => Fail::new(-4028, "Leverage is not valid."),
        Denial::Blocked(Obstacle::IsolatedPosition) => {
            Fail::new(-4161, "Leverage reduction is not supported in Isolated Margin Mode with open positions.")
        }
        Denial::Blocked(Obstacle::Margin) => Fail::new(-2028, "Leverage is smaller than permitted: insufficient margin balance."),
        Denial::Blocked(Obstacle::Orders) => Fail::new(-4047, "Margin type cannot be changed if there exists open orders."),
        Denial::Blocked(Obstacle::Position) => Fail::new(-4048, "Margin type cannot be changed if there exists position."),
        Denial::NoChange => Fail::new(-4046, "No need to change margin type."),
    }
}

/// A refusal of the engine, for a conditional order.
pub fn conditional(denial: Denial) -> Fail {
    match denial {
        Denial::NoPosition => not_yet_a_position(),
        Denial::TooManyOrders { .. } => Fail::new(-4045, "Reach max stop order limit."),
        other => plain(other),
    }
}

/// A refusal of the engine, for the position mode.
pub fn position_mode(denial: Denial) -> Fail {
    match denial {
        Denial::NoChange => Fail::new(-4059, "No need to change position side."),
        Denial::Blocked(Obstacle::Orders) => Fail::new(-4067, "Position side cannot be changed if there exists open orders."),
        Denial::Blocked(_) => Fail::new(-4068, "Position side cannot be changed if there exists position."),
        other => plain(other),
    }
}

/// The answer to a close-position order while there is no position, or none that is seen yet.
pub fn not_yet_a_position() -> Fail {
    Fail::new(-4509, "Time in Force (TIF) GTE can only be used with open positions. Please ensure that positions are available.")
}
