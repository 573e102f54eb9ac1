//! Bitget's refusals: what v2 and v3 call them, and which of them a refusal of the engine becomes.

use std::borrow::Cow;

use perphook::exchange::paper::Denial;
use perphook::market::{ProtectionKind, Side, TriggerBy};

use super::super::wire::Refusal;

/// An error answer.
#[derive(Clone, Debug)]
pub struct Fail {
    /// HTTP status.
    pub status: u16,
    /// Bitget's code, always a text.
    pub code: String,
    /// Bitget's words.
    pub msg: Cow<'static, str>,
}

impl Fail {
    /// An error with HTTP status 400.
    pub fn new(code: &str, msg: impl Into<Cow<'static, str>>) -> Fail {
        Fail { status: 400, code: code.to_owned(), msg: msg.into() }
    }

    /// A refusal that a fault plan wants.
    pub fn of(refusal: &Refusal) -> Fail {
        Fail { status: refusal.status, code: refusal.code.clone(), msg: refusal.msg.clone().into() }
    }

    /// Nothing is served there.
    pub fn no_such_path() -> Fail {
        Fail { status: 404, ..Fail::new("40404", "Request URL NOT FOUND") }
    }

    /// More requests than allowed.
    pub fn too_many() -> Fail {
        Fail { status: 429, ..Fail::new("429", "Too Many Requests") }
    }

    /// A parameter is missing.
    pub fn empty(name: &str) -> Fail {
        Fail::new("40019", format!("Parameter {name} cannot be empty"))
    }

    /// A parameter has a value that is not taken.
    pub fn wrong(name: &str) -> Fail {
        Fail::new("40020", format!("Parameter {name} error"))
    }

    /// Something the real exchange does and this one does not.
    pub fn not_simulated(what: &str) -> Fail {
        Fail::new("40017", format!("Parameter verification failed: {what} is not simulated"))
    }
}

/// v2's words for an unknown contract.
pub fn classic_symbol(_: &str) -> Fail {
    Fail::new("40034", "Parameter symbol does not exist")
}

/// v3's words for an unknown contract.
pub fn unified_symbol(name: &str) -> Fail {
    Fail::new("25100", format!("Trading pair {name} does not exist"))
}

/// v2's words for a refused order.
pub fn classic(denial: Denial, buy: bool) -> Fail {
    match denial {
        Denial::UnknownSymbol => classic_symbol(""),
        Denial::NotTrading | Denial::NoPrice => Fail::new("40309", "The contract has been removed"),
        Denial::BadClientId => Fail::new("40017", "Parameter verification failed clientOid"),
        Denial::DuplicateClientId => Fail::new("40786", "Duplicate clientOid"),
        Denial::PositionMode => Fail::new("40774", "The order type for unilateral position must also be the unilateral position type."),
        Denial::NoPosition => Fail::new("22002", "No position to close"),
        Denial::Oversized { .. } => Fail::new("40804", "The number of closed positions cannot exceed the number of positions held"),
        Denial::ReduceOnlyConflict => Fail::new("40757", "Not enough position is available."),
        Denial::WouldTrigger => Fail::new("43034", "The trigger price should be ≤ the current market price"),
        Denial::AlreadyProtected => Fail::new("43031", "Stop loss order already existed"),
        Denial::ZeroQty | Denial::MinQty { .. } => Fail::new("45111", "less than the minimum order quantity"),
        Denial::MaxQty { .. } => Fail::new("45112", "more than the maximum order quantity"),
        Denial::OffStep { step } => Fail::new("22038", format!("Please enter the quantity as an integral multiple of {step}")),
        Denial::OffTick { tick } => Fail::new("45115", format!("The price you enter should be a multiple of {tick}")),
        Denial::BadPrice => Fail::new("43011", "The parameter does not meet the specification price"),
        Denial::MinNotional { min } => Fail::new("45110", format!("less than the minimum amount {min} USDT")),
        Denial::PriceBand { .. } if buy => Fail::new("40815", "The order price is higher than the highest bid price"),
        Denial::PriceBand { .. } => Fail::new("40816", "The order price is lower than the lowest selling price"),
        Denial::InsufficientBalance { .. } => Fail::new("40762", "The order size is greater than the max open size"),
        Denial::TooManyOrders { .. } => Fail::new("43005", "Exceed the maximum number of orders"),
        Denial::UnknownOrder | Denial::Triggering => Fail::new("22001", "No order to cancel"),
        Denial::Leverage { .. } => Fail::new("45044", "Leverage is not within the suitable range after adjustment"),
        Denial::Blocked(_) => Fail::new("45117", "Currently holding positions or orders, the margin mode cannot be adjusted"),
        Denial::NoChange => Fail::new("40814", "No change in leverage"),
    }
}

/// v3's words for a refused order.
pub fn unified(denial: Denial, buy: bool) -> Fail {
    match denial {
        Denial::UnknownSymbol => unified_symbol(""),
        Denial::NotTrading | Denial::NoPrice => Fail::new("25104", "Contract delisted"),
        Denial::BadClientId => Fail::new("40017", "Parameter verification failed clientOid"),
        Denial::DuplicateClientId => Fail::new("25212", "Duplicate clientOid"),
        Denial::PositionMode => Fail::new("25236", "Incorrect position open type"),
        Denial::NoPosition => Fail::new("25227", "No position available to close"),
        Denial::Oversized { .. } => Fail::new("25231", "Close quantity cannot exceed the held position quantity"),
        Denial::ReduceOnlyConflict => Fail::new("25225", "Insufficient available quantity in position"),
        Denial::WouldTrigger => Fail::new("25650", "For long positions, the stop-loss price must be lower than the current price"),
        Denial::AlreadyProtected => Fail::new("25594", "Only one TP/SL can be set for all positions of the current symbol"),
        Denial::ZeroQty | Denial::MinQty { .. } => Fail::new("25207", "trading quantity cannot be less than the minimum"),
        Denial::MaxQty { max } => Fail::new("25208", format!("trading quantity cannot exceed {max} units")),
        Denial::OffStep { .. } => Fail::new("25610", "Order amount does not meet precision requirements"),
        Denial::OffTick { tick } => Fail::new("25244", format!("Price should be a multiple of {tick}")),
        Denial::BadPrice => Fail::new("40017", "Parameter verification failed price"),
        Denial::MinNotional { .. } => Fail::new("25611", "Order quantity must be greater than the minimum order amount"),
        Denial::PriceBand { .. } if buy => Fail::new("25206", "trading price cannot exceed 105%"),
        Denial::PriceBand { .. } => Fail::new("25205", "trading price cannot be below 95%"),
        Denial::InsufficientBalance { .. } => Fail::new("25203", "Insufficient margin"),
        Denial::TooManyOrders { max } => Fail::new("25211", format!("Exceeds the limit of {max} maximum orders")),
        Denial::UnknownOrder | Denial::Triggering => Fail::new("25204", "Order does not exist"),
        Denial::Leverage { .. } => Fail::new("25223", "Exceeds Max. leverage"),
        Denial::Blocked(_) => Fail::new("25010", "Unsupported position mode switch"),
        // v3 has no word for it: what is so already is done again.
        Denial::NoChange => Fail::new("25600", "No changes made"),
    }
}

/// v2's words for a stop or target that is refused.
pub fn classic_guard(denial: Denial, side: Side, kind: ProtectionKind, by: TriggerBy) -> Fail {
    use {ProtectionKind::StopLoss, ProtectionKind::TakeProfit, Side::Long, Side::Short};
    match (denial, side, kind) {
        (Denial::NoPosition | Denial::Oversized { .. }, ..) => Fail::new("43023", "Insufficient position, can not set profit or stop loss"),
        (Denial::AlreadyProtected, _, TakeProfit) => Fail::new("43030", "Take profit order already existed"),
        (Denial::AlreadyProtected, _, StopLoss) => Fail::new("43031", "Stop loss order already existed"),
        (Denial::WouldTrigger, Long, StopLoss) if by == TriggerBy::Mark => {
            Fail::new("40917", "Stop price for long positions please < mark price")
        }
        (Denial::WouldTrigger, Long, StopLoss) => {
            Fail::new("40834", "The stop loss price of the long position should be less than the current price")
        }
        (Denial::WouldTrigger, Long, TakeProfit) if by == TriggerBy::Mark => {
            Fail::new("40915", "Long position take profit price please > mark price")
        }
        (Denial::WouldTrigger, Long, TakeProfit) => {
            Fail::new("40830", "The take profit price of the long position should be greater than the current price")
        }
        (Denial::WouldTrigger, Short, StopLoss) if by == TriggerBy::Mark => {
            Fail::new("45122", "Short position stop loss price please > mark price")
        }
        (Denial::WouldTrigger, Short, StopLoss) => {
            Fail::new("40836", "The stop loss price of the short position should be greater than the current price")
        }
        (Denial::WouldTrigger, Short, TakeProfit) => {
            Fail::new("40832", "The take profit price of short positions should be less than the current price")
        }
        (Denial::TooManyOrders { .. }, ..) => {
            Fail::new("40890", "The order of stop-profit and stop-loss for this contract has reached the upper limit")
        }
        (Denial::UnknownOrder | Denial::Triggering, ..) => Fail::new("43025", "Plan order does not exist"),
        (other, ..) => classic(other, side == Short),
    }
}

/// v3's words for a stop or target that is refused.
pub fn unified_guard(denial: Denial, side: Side, kind: ProtectionKind, by: TriggerBy) -> Fail {
    use {ProtectionKind::StopLoss, ProtectionKind::TakeProfit, Side::Long, Side::Short};
    let (watched, nth) = if by == TriggerBy::Mark { ("mark", 4) } else { ("latest", 0) };
    let passed = |code: u32, what: &str, than: &str| {
        let position = match side {
            Long => "long position TP/SL (close long)",
            Short => "short position TP/SL (close short)",
        };
        Fail::new(&(code + nth).to_string(), format!("For {position}, the {what} trigger price must be {than} than the {watched} price"))
    };
    match (denial, side, kind) {
        (Denial::NoPosition, ..) => Fail::new("25601", "Position does not exist; cannot set TP/SL"),
        (Denial::Oversized { .. }, ..) => Fail::new("25595", "The total TP/SL quantity for partial positions exceeds the position amount"),
        (Denial::WouldTrigger, Long, TakeProfit) => passed(25585, "take-profit", "greater"),
        (Denial::WouldTrigger, Long, StopLoss) => passed(25586, "stop-loss", "less"),
        (Denial::WouldTrigger, Short, TakeProfit) => passed(25587, "take-profit", "less"),
        (Denial::WouldTrigger, Short, StopLoss) => passed(25588, "stop-loss", "greater"),
        (Denial::OffTick { .. }, _, TakeProfit) => Fail::new("25606", "Take-profit trigger price does not meet precision requirements"),
        (Denial::OffTick { .. }, _, StopLoss) => Fail::new("25607", "Stop-loss trigger price does not meet precision requirements"),
        (Denial::TooManyOrders { max }, ..) => {
            Fail::new("25599", format!("Maximum number of active TP/SL orders for this symbol is {max}; cannot add more"))
        }
        (Denial::UnknownOrder | Denial::Triggering, ..) => Fail::new("25597", "Strategy does not exist or has already been stopped"),
        (other, ..) => unified(other, side == Short),
    }
}
