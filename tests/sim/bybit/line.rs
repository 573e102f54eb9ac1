//! What Bybit says of an order: its kind, where it stands, and why.

use perphook::exchange::paper::{Amount, ConditionalStatus, Order, TimeInForce};
use perphook::market::{OrderStatus, ProtectionKind};

use super::super::floor::Floor;
use super::super::line::{Line, rises};

/// Its name as clients see it: empty for one that nobody gave.
pub fn link<'a>(line: &Line<'a>) -> &'a str {
    if is_attribute(line) { "" } else { Floor::sent_name(line.name) }
}

/// Whether it stands for a position's stop or target.
pub fn is_attribute(line: &Line<'_>) -> bool {
    line.waiting.is_some_and(|waiting| waiting.amount == Amount::WholePosition)
}

/// What the exchange calls an order of this kind; empty for a plain one.
pub fn stop_order_type(line: &Line<'_>) -> &'static str {
    match line.waiting.map(|waiting| (is_attribute(line), waiting.kind)) {
        None => "",
        Some((false, _)) => "Stop",
        Some((true, ProtectionKind::StopLoss)) => "StopLoss",
        Some((true, ProtectionKind::TakeProfit)) => "TakeProfit",
    }
}

/// 1 when it waits for the price to rise, 2 for it to fall, 0 when it does not wait.
pub fn trigger_direction(line: &Line<'_>) -> u8 {
    line.waiting.map_or(0, |one| if rises(one) { 1 } else { 2 })
}

/// Where it stands. What was cancelled while it waited is deactivated.
pub fn status(line: &Line<'_>) -> &'static str {
    match line.waiting.map(|waiting| waiting.status) {
        Some(ConditionalStatus::New) => "Untriggered",
        Some(ConditionalStatus::Triggering) => "Triggered",
        Some(ConditionalStatus::Canceled | ConditionalStatus::Expired) => "Deactivated",
        Some(ConditionalStatus::Rejected) => "Rejected",
        Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => line.order.map_or("Filled", order_status),
    }
}

/// Why it was cancelled, and why it was not executed.
pub fn reasons(line: &Line<'_>) -> (&'static str, &'static str) {
    let may_rest = line.order.is_some_and(|order| order.price.is_some() && order.time_in_force == TimeInForce::Gtc);
    let by_exchange = match (line.waiting.map(|waiting| waiting.status), line.order.map(|order| order.status)) {
        (Some(ConditionalStatus::Canceled), _) | (None, Some(OrderStatus::Canceled)) => return ("CancelByUser", "EC_PerCancelRequest"),
        (Some(ConditionalStatus::Expired), _) => "CancelByTpSlTsClear",
        (Some(ConditionalStatus::Rejected), _) => return ("UNKNOWN", "EC_Others"),
        (None, Some(OrderStatus::Expired)) if may_rest => "CancelByReduceOnly",
        (_, Some(OrderStatus::Expired)) => return ("UNKNOWN", "EC_NoImmediateQtyToFill"),
        _ => return ("UNKNOWN", "EC_NoError"),
    };
    (by_exchange, "EC_NoError")
}

fn order_status(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Filled => "Filled",
        OrderStatus::Canceled | OrderStatus::Expired => "Cancelled",
        OrderStatus::Rejected => "Rejected",
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken if order.filled.is_zero() => "New",
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken => "PartiallyFilled",
    }
}
