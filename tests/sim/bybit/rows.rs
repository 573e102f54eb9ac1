//! Orders and executions as JSON.

use perphook::exchange::paper::{Conditional, Order};
use perphook::market::{Decimal, Side, TriggerBy};
use serde_json::{Value, json};

use super::super::executions::Execution;
use super::super::floor::Floor;
use super::super::json::join;
use super::super::line::Line;
use super::ids::{IDS, Notes};
use super::line::{is_attribute, link, reasons, status, stop_order_type, trigger_direction};

/// Digits of prices and amounts that were calculated.
pub const DIGITS: u32 = 8;
const TAKER: &str = "0.0005";
const MAKER: &str = "0.0002";

/// `Buy` or `Sell`.
pub fn side(buy: bool) -> &'static str {
    if buy { "Buy" } else { "Sell" }
}

fn position_index(side: Option<Side>) -> u8 {
    match side {
        None => 0,
        Some(Side::Long) => 1,
        Some(Side::Short) => 2,
    }
}

fn watched(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "MarkPrice" } else { "LastPrice" }
}

/// An order of any kind.
pub fn order(floor: &Floor, notes: &Notes, line: &Line<'_>) -> Value {
    join(join(identity(floor, line), progress(floor, line)), conditions(notes, line))
}

fn identity(floor: &Floor, line: &Line<'_>) -> Value {
    let (cancel_type, reject_reason) = reasons(line);
    json!({
        "orderId": IDS.text(line.id), "orderLinkId": link(line), "blockTradeId": "", "symbol": line.symbol.as_str(), "side": side(line.buy),
        "isLeverage": "", "positionIdx": position_index(line.position_side), "orderStatus": status(line),
        "createType": match stop_order_type(line) { "StopLoss" => "CreateByStopLoss", "TakeProfit" => "CreateByTakeProfit", _ => "CreateByUser" },
        "cancelType": cancel_type, "rejectReason": reject_reason,
        "orderIv": "", "smpType": "None", "smpGroup": 0, "smpOrderId": "", "placeType": "", "lastPriceOnCreated": "",
        "createdTime": floor.shown(line.created).to_string(), "updatedTime": floor.shown(line.updated()).to_string(),
    })
}

/// What has become of it.
fn progress(floor: &Floor, line: &Line<'_>) -> Value {
    let (qty, filled) = (line.qty(), line.filled());
    let leaves = if line.has_ended() { Decimal::ZERO } else { qty - filled };
    let paid = line.order.map(|order| (order.quote, order.avg_price().round_dp(DIGITS)));
    let (value, average) = paid.map_or((Decimal::ZERO, String::new()), |(quote, average)| (quote, average.to_string()));
    let fees: Decimal = match line.order {
        Some(order) if !filled.is_zero() => floor.trades_of(order.number).map(|trade| trade.fee).sum(),
        _ => Decimal::ZERO,
    };
    let fees = fees.round_dp(DIGITS);
    json!({
        "qty": qty, "avgPrice": average, "leavesQty": leaves, "leavesValue": (leaves * line.price().unwrap_or_default()).round_dp(DIGITS), "cumExecQty": filled,
        "cumExecValue": value, "cumExecFee": fees, "cumFeeDetail": if filled.is_zero() { json!({}) } else { json!({"USDT": fees}) },
    })
}

/// What it was told to do.
fn conditions(notes: &Notes, line: &Line<'_>) -> Value {
    let note = notes.of(line.id);
    let is_limit = line.price().is_some();
    let is_attribute = is_attribute(line);
    let trigger = line.waiting.map(|waiting: &Conditional| (waiting.trigger_price.to_string(), watched(waiting.by)));
    let (trigger_price, trigger_by) = trigger.unwrap_or_else(|| ("0.00".to_owned(), ""));
    let stop = note.stop.map(|(price, by)| (price.to_string(), watched(by)));
    let (stop_loss, stop_by) = stop.unwrap_or_default();
    // A market order shows the worst price it takes.
    let price = note.worst_price.or(line.price()).unwrap_or_default();
    json!({
        "price": price, "orderType": if is_limit { "Limit" } else { "Market" },
        "timeInForce": if is_limit { line.order.map_or("GTC", time_in_force) } else { "IOC" },
        "stopOrderType": stop_order_type(line), "triggerPrice": trigger_price, "triggerBy": trigger_by,
        "triggerDirection": trigger_direction(line), "takeProfit": "", "stopLoss": stop_loss, "tpTriggerBy": "", "slTriggerBy": stop_by,
        "reduceOnly": is_attribute || note.reduce_only, "closeOnTrigger": is_attribute || note.close_on_trigger,
        "tpslMode": if is_attribute || note.stop.is_some() { "Full" } else { "" }, "tpLimitPrice": "", "slLimitPrice": "",
        "parentOrderLinkId": if is_attribute { notes.parent(line.name) } else { "" },
    })
}

fn time_in_force(order: &Order) -> &'static str {
    if order.time_in_force == perphook::exchange::paper::TimeInForce::Ioc { "IOC" } else { "GTC" }
}

/// An execution.
pub fn execution(floor: &Floor, line: &Line<'_>, execution: &Execution) -> Value {
    let (trade, order) = (&execution.trade, line.order);
    let kind = stop_order_type(line);
    json!({
        "symbol": trade.symbol.as_str(), "orderType": if line.price().is_some() { "Limit" } else { "Market" },
        "underlyingPrice": "", "orderLinkId": link(line), "side": side(trade.buy), "indexPrice": "", "orderId": IDS.text(line.id),
        "stopOrderType": if kind.is_empty() { "UNKNOWN" } else { kind }, "leavesQty": order.map(Order::rest).unwrap_or_default(),
        "execTime": floor.shown(trade.at).to_string(), "feeCurrency": "", "isMaker": trade.maker, "execFee": trade.fee.round_dp(DIGITS),
        "execPrice": trade.price, "feeRate": if trade.maker { MAKER } else { TAKER }, "execId": format!("{:08x}-0d18-5866-9415-cf319b5dab3b", trade.id), "tradeIv": "",
        "blockTradeId": "", "markPrice": trade.price, "markIv": "", "orderQty": line.qty(), "orderPrice": line.price().unwrap_or_default(),
        "execValue": (trade.qty * trade.price).round_dp(DIGITS), "execType": "Trade", "execQty": trade.qty, "closedSize": execution.closed,
        "seq": 4_688_002_127_u64 + trade.id,
    })
}
