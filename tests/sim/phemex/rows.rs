//! Orders and executions as JSON: in the engine's words, in those of the database, and in its numbers.

use perphook::exchange::paper::Trade;
use perphook::market::{Decimal, Millis, Side, TriggerBy};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::json::join;
use super::super::line::Id;
use super::desk::{IDS, Ticket};
use super::line::State;

/// Digits of prices and amounts that were calculated.
const DIGITS: u32 = 8;
/// Types of orders, and where they stand, as the database numbers them.
const KINDS: [&str; 6] = ["Market", "Limit", "Stop", "StopLimit", "MarketIfTouched", "LimitIfTouched"];
const STATUSES: [&str; 9] =
    ["Created", "Untriggered", "Deactivated", "Triggered", "Rejected", "New", "PartiallyFilled", "Filled", "Canceled"];
const TAKER: &str = "0.0005";
const MAKER: &str = "0.0002";

/// A number as text, without zeros at its end.
pub fn real(number: Decimal) -> String {
    number.round_dp(DIGITS).normalize().to_string()
}

/// Nanoseconds, by the exchange's clock; zero stays zero.
pub fn nanos(floor: &Floor, at: Millis) -> u64 {
    if at == 0 { 0 } else { floor.shown(at) * 1_000_000 }
}

fn side(buy: bool) -> &'static str {
    if buy { "Buy" } else { "Sell" }
}

fn watched(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "ByMarkPrice" } else { "ByLastPrice" }
}

/// Whether it waits for the price to rise.
pub fn rises(ticket: &Ticket) -> bool {
    ticket.buy == (ticket.kind == "Stop")
}

fn direction(ticket: &Ticket) -> &'static str {
    match (ticket.trigger.is_some(), rises(ticket)) {
        (false, _) => "UNSPECIFIED",
        (true, true) => "Rising",
        (true, false) => "Falling",
    }
}

/// What is left to be done; nothing while it waits, and nothing of one that has ended.
fn leaves(ticket: &Ticket, state: &State) -> Decimal {
    if state.has_ended() || matches!(state.status, "Untriggered" | "Triggered") { Decimal::ZERO } else { ticket.qty - state.filled }
}

fn exec_status(status: &str) -> &str {
    match status {
        "Created" => "PendingNew",
        "Untriggered" => "Registered",
        "PartiallyFilled" => "New",
        "Filled" => "TakerFill",
        "Rejected" => "CreateRejected",
        other => other,
    }
}

/// What the engine and the database tell alike.
fn common(floor: &Floor, ticket: &Ticket, state: &State) -> Value {
    let leaves = leaves(ticket, state);
    json!({
        "bizError": 0, "symbol": ticket.symbol.as_str(), "side": side(ticket.buy), "actionTimeNs": nanos(floor, state.placed),
        "transactTimeNs": nanos(floor, state.changed), "priceRp": real(ticket.price), "orderQtyRq": real(ticket.qty),
        "displayQtyRq": real(ticket.qty), "timeInForce": ticket.time_in_force, "reduceOnly": ticket.reduce_only,
        "closedPnlRv": real(state.profit), "closedSizeRq": real(state.closed), "cumQtyRq": real(state.filled),
        "cumValueRv": real(state.value), "leavesQtyRq": real(leaves), "leavesValueRv": real(leaves * ticket.price),
        "stopDirection": direction(ticket), "ordStatus": state.status, "takeProfitRp": "0", "stopLossRp": "0",
    })
}

/// As the engine tells it: no word about the position's side.
pub fn order(floor: &Floor, id: &str, ticket: &Ticket, state: &State) -> Value {
    let trigger = ticket.trigger.map_or("UNSPECIFIED", |(_, by)| watched(by));
    let price = ticket.trigger.map_or_else(|| "0".to_owned(), |(price, _)| real(price));
    let instruction = match (ticket.close_on_trigger, ticket.reduce_only) {
        (true, _) => "CloseOnTrigger",
        (false, true) => "ReduceOnly",
        (false, false) => "None",
    };
    let more = json!({
        "orderID": id, "clOrdID": ticket.name, "orderType": ticket.kind, "stopPxRp": price, "trigger": trigger,
        "pegOffsetValueRp": "0", "pegOffsetProportionRr": "0", "execStatus": exec_status(state.status), "pegPriceType": "UNSPECIFIED",
        "execInst": instruction, "slPxRp": "0", "tpPxRp": "0",
    });
    join(common(floor, ticket, state), more)
}

/// As the database tells it: other names of the ids and of the type, and no trigger.
pub fn stored(floor: &Floor, id: Id, ticket: &Ticket, state: &State) -> Value {
    join(common(floor, ticket, state), json!({"orderId": IDS.text(id), "clOrdId": ticket.name, "ordType": ticket.kind}))
}

/// As the database lists it: in numbers.
pub fn listed(floor: &Floor, (id, position_side): (Id, Option<Side>), ticket: &Ticket, state: &State) -> Value {
    let leaves = leaves(ticket, state);
    let average = state.value.checked_div(state.filled).unwrap_or_default();
    let (stop, trigger) = ticket.trigger.map_or((Decimal::ZERO, 0), |(price, by)| (price, if by == TriggerBy::Mark { 1 } else { 2 }));
    let turned = match direction(ticket) {
        "Rising" => 1,
        "Falling" => 2,
        _ => 0,
    };
    let status = status_number(state.status);
    json!({
        "createdAt": floor.shown(state.placed), "symbol": ticket.symbol.as_str(), "orderQtyRq": real(ticket.qty),
        "side": side_number(ticket.buy), "posSide": position_number(position_side), "priceRp": real(ticket.price),
        "execQtyRq": real(state.filled), "leavesQtyRq": real(leaves), "execPriceRp": real(average),
        "orderValueRv": real(ticket.qty * ticket.price), "leavesValueRv": real(leaves * ticket.price), "cumValueRv": real(state.value),
        "stopDirection": turned, "stopPxRp": real(stop), "trigger": trigger, "actionBy": 1, "execFeeRv": real(state.fee),
        "ordType": kind_number(ticket.kind), "ordStatus": status, "clOrdId": ticket.name, "orderId": IDS.text(id), "execStatus": status,
        "bizError": 0, "totalPnlRv": null, "avgTransactPriceRp": null, "orderDetailsVos": null, "tradeType": 0,
    })
}

fn side_number(buy: bool) -> u8 {
    if buy { 1 } else { 2 }
}

fn position_number(side: Option<Side>) -> u8 {
    match side {
        Some(Side::Long) => 1,
        Some(Side::Short) => 2,
        None => 3,
    }
}

fn kind_number(kind: &str) -> usize {
    KINDS.iter().position(|known| *known == kind).map_or(0, |at| at + 1)
}

/// The number of where an order stands.
pub fn status_number(status: &str) -> usize {
    STATUSES.iter().position(|known| *known == status).unwrap_or(0)
}

/// An execution: nothing tells which order it is of.
pub fn execution(floor: &Floor, ticket: &Ticket, trade: &Trade) -> Value {
    json!({
        "createdAt": floor.shown(trade.at), "symbol": trade.symbol.as_str(), "currency": "USDT", "action": 1, "tradeType": 1,
        "execQtyRq": real(trade.qty), "execPriceRp": real(trade.price), "side": side_number(trade.buy), "orderQtyRq": real(ticket.qty),
        "priceRp": real(ticket.price), "execValueRv": real(trade.qty * trade.price), "feeRateRr": if trade.maker { MAKER } else { TAKER },
        "execFeeRv": real(trade.fee), "ordType": kind_number(ticket.kind), "execId": format!("{:08x}-8874-53b6-b6e5-9dcc4d28b4ab", trade.id),
        "execStatus": if trade.maker { 6 } else { 7 }, "posSide": position_number(trade.position_side), "ptFeeRv": "0", "ptPriceRp": "0",
    })
}
