//! Orders, conditional orders and executions as JSON.

use std::fmt::Write;

use perphook::exchange::paper::{Amount, Conditional, ConditionalStatus, Order, TimeInForce, Trade};
use perphook::market::{Decimal, OrderStatus, ProtectionKind, Side, TriggerBy};

use super::super::floor::Floor;
use super::{ALGO_ID_BASE, PLAIN_ID_BASE};

/// Digits of prices and amounts that were calculated.
pub const DIGITS: u32 = 8;

/// How much of an order an answer tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// Placed: as it came in, nothing of what happened since.
    Accepted,
    /// Placed or cancelled: where it stands, without average price.
    Acknowledged,
    /// Queried.
    Full,
}

/// Writes a JSON list.
pub fn list<T>(out: &mut String, items: impl Iterator<Item = T>, mut row: impl FnMut(&mut String, T)) {
    out.push('[');
    let start = out.len();
    for item in items {
        if out.len() > start {
            out.push(',');
        }
        row(out, item);
    }
    out.push(']');
}

/// `BUY` or `SELL`.
pub fn side(buy: bool) -> &'static str {
    if buy { "BUY" } else { "SELL" }
}

/// `BOTH`, `LONG` or `SHORT`.
pub fn position_side(side: Option<Side>) -> &'static str {
    side.map_or("BOTH", Side::as_str)
}

/// A plain order.
pub fn order(out: &mut String, floor: &Floor, order: &Order, detail: Detail) {
    let (status, filled) = match detail {
        Detail::Accepted => ("NEW", Decimal::ZERO),
        _ => (order_status(order), order.filled),
    };
    let kind = if order.price.is_some() { "LIMIT" } else { "MARKET" };
    let _ = write!(
        out,
        "{{\"orderId\":{},\"symbol\":\"{}\",\"status\":\"{status}\",\"clientOrderId\":\"{}\",\"price\":\"{}\",\"origQty\":\"{}\",\
         \"executedQty\":\"{filled}\",\"timeInForce\":\"{}\",\"type\":\"{kind}\",\"reduceOnly\":{},\"closePosition\":false,\"side\":\"{}\",\
         \"positionSide\":\"{}\",\"stopPrice\":\"0\",\"workingType\":\"CONTRACT_PRICE\",\"priceProtect\":false,\"origType\":\"{kind}\",\
         \"priceMatch\":\"NONE\",\"selfTradePreventionMode\":\"EXPIRE_MAKER\",\"goodTillDate\":0,",
        PLAIN_ID_BASE + order.number,
        order.symbol,
        order.client_id,
        order.price.unwrap_or_default(),
        order.qty,
        if order.time_in_force == TimeInForce::Ioc { "IOC" } else { "GTC" },
        order.reduce_only,
        side(order.buy),
        position_side(order.position_side),
    );
    let updated = floor.shown(order.updated);
    let _ = if detail == Detail::Full {
        let (avg, quote) = (order.avg_price().round_dp(DIGITS), order.quote);
        write!(out, "\"avgPrice\":\"{avg}\",\"cumQuote\":\"{quote}\",\"time\":{},\"updateTime\":{updated}}}", floor.shown(order.created))
    } else {
        write!(out, "\"cumQty\":\"{filled}\",\"updateTime\":{updated}}}")
    };
}

fn order_status(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Taken | OrderStatus::Resting | OrderStatus::Triggered if order.filled.is_zero() => "NEW",
        OrderStatus::Taken | OrderStatus::Resting | OrderStatus::Triggered => "PARTIALLY_FILLED",
        OrderStatus::Filled => "FILLED",
        OrderStatus::Canceled => "CANCELED",
        OrderStatus::Expired => "EXPIRED",
        OrderStatus::Rejected => "REJECTED",
    }
}

/// A conditional order; `placed` leaves out what only queries tell.
pub fn conditional(out: &mut String, floor: &Floor, order: &Conditional, placed: bool) {
    let (qty, whole, reduce_only) = match order.amount {
        Amount::WholePosition => (Decimal::ZERO, true, order.position_side.is_none()),
        Amount::Qty { qty, reduce_only } => (qty, false, reduce_only),
    };
    let _ = write!(
        out,
        "{{\"algoId\":{},\"clientAlgoId\":\"{}\",\"algoType\":\"CONDITIONAL\",\"orderType\":\"{}\",\"symbol\":\"{}\",\"side\":\"{}\",\
         \"positionSide\":\"{}\",\"timeInForce\":\"{}\",\"quantity\":\"{qty}\",\"algoStatus\":\"{}\",\"triggerPrice\":\"{}\",\"price\":\"0\",\
         \"icebergQuantity\":null,\"selfTradePreventionMode\":\"EXPIRE_MAKER\",\"workingType\":\"{}\",\"priceMatch\":\"NONE\",\
         \"closePosition\":{whole},\"priceProtect\":false,\"reduceOnly\":{reduce_only},\"createTime\":{},\"updateTime\":{},\"triggerTime\":{},\
         \"goodTillDate\":0,",
        ALGO_ID_BASE + order.number,
        order.client_id,
        if order.kind == ProtectionKind::StopLoss { "STOP_MARKET" } else { "TAKE_PROFIT_MARKET" },
        order.symbol,
        side(order.buy),
        position_side(order.position_side),
        if whole { "GTE_GTC" } else { "GTC" },
        status(order.status),
        order.trigger_price,
        if order.by == TriggerBy::Mark { "MARK_PRICE" } else { "CONTRACT_PRICE" },
        floor.shown(order.created),
        floor.shown(order.updated),
        if order.triggered == 0 { 0 } else { floor.shown(order.triggered) },
    );
    if placed {
        out.push_str("\"activatePrice\":\"\",\"callbackRate\":\"\"}");
        return;
    }
    let child = order.child.and_then(|number| floor.book.order_by_number(number));
    let _ = match (order.child, child) {
        (Some(number), child) => write!(
            out,
            "\"actualOrderId\":\"{}\",\"actualType\":\"MARKET\",\"actualPrice\":\"{}\",\"actualQty\":\"{}\"}}",
            PLAIN_ID_BASE + number,
            child.map(Order::avg_price).unwrap_or_default().round_dp(DIGITS),
            child.map(|order| order.filled).unwrap_or_default()
        ),
        _ => write!(out, "\"actualOrderId\":\"\",\"actualPrice\":\"0\"}}"),
    };
}

fn status(status: ConditionalStatus) -> &'static str {
    match status {
        ConditionalStatus::New => "NEW",
        ConditionalStatus::Triggering => "TRIGGERING",
        ConditionalStatus::Triggered => "TRIGGERED",
        ConditionalStatus::Finished => "FINISHED",
        ConditionalStatus::Canceled => "CANCELED",
        ConditionalStatus::Expired => "EXPIRED",
        ConditionalStatus::Rejected => "REJECTED",
    }
}

/// An execution.
pub fn trade(out: &mut String, floor: &Floor, trade: &Trade) {
    let _ = write!(
        out,
        "{{\"symbol\":\"{symbol}\",\"pair\":\"{symbol}\",\"id\":{},\"orderId\":{},\"side\":\"{}\",\"positionSide\":\"{}\",\"price\":\"{}\",\
         \"qty\":\"{qty}\",\"quoteQty\":\"{}\",\"baseQty\":\"{qty}\",\"realizedPnl\":\"{}\",\"commission\":\"{}\",\"commissionAsset\":\"USDT\",\
         \"marginAsset\":\"USDT\",\"buyer\":{},\"maker\":{},\"time\":{}}}",
        trade.id,
        PLAIN_ID_BASE + trade.order,
        side(trade.buy),
        position_side(trade.position_side),
        trade.price,
        trade.price * trade.qty,
        trade.realised.round_dp(DIGITS),
        trade.fee.round_dp(DIGITS),
        trade.buy,
        trade.maker,
        floor.shown(trade.at),
        symbol = trade.symbol,
        qty = trade.qty,
    );
}
