//! v3's rows: orders, executions, stops and targets.

use perphook::exchange::paper::{Conditional, Order, TimeInForce, Trade};
use perphook::market::{Decimal, MarginMode, ProtectionKind, Side, TriggerBy};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::orders::{self, order_id, trade_id};
use super::super::{PRODUCT, direction, guards, mode_word, side_word, text};

/// `crossed` or `isolated`.
pub fn margin_word(mode: MarginMode) -> &'static str {
    if mode == MarginMode::Isolated { "isolated" } else { "crossed" }
}

/// An order. A fee that was paid is positive.
pub fn order(floor: &Floor, order: &Order) -> Value {
    let (fee, _) = orders::sums(floor, order);
    let (coin, fee) = if order.filled.is_zero() { (Value::Null, Value::Null) } else { (json!("USDT"), json!(text(fee))) };
    let market = floor.book.market(&order.symbol);
    let status = orders::status(order, "cancelled");
    let effect = order.effect();
    // In one-way mode it follows the trade, so that it names the wrong position for an order that closes.
    let side = order.position_side.unwrap_or(if order.buy { Side::Long } else { Side::Short });
    json!({
        "orderId": order_id(order.number), "clientOid": orders::name_of(order), "category": PRODUCT, "symbol": order.symbol.as_str(),
        "orderType": if order.price.is_some() { "limit" } else { "market" }, "side": direction(order.buy),
        "price": order.price.unwrap_or_default().to_string(), "qty": order.qty.to_string(), "amount": "0",
        "cumExecQty": order.filled.to_string(), "cumExecValue": text(order.quote), "avgPrice": text(order.avg_price()),
        "timeInForce": if order.time_in_force == TimeInForce::Ioc { "ioc" } else { "gtc" }, "orderStatus": status, "posSide": side_word(side),
        "holdMode": mode_word(order.position_side.is_some()), "tradeSide": if effect.opens.is_none() { "close" } else { "open" },
        "reduceOnly": if order.reduce_only { "YES" } else { "NO" }, "feeDetail": [{ "feeCoin": coin, "fee": fee }],
        "createdTime": floor.shown(order.created).to_string(), "updatedTime": floor.shown(order.updated).to_string(), "stpMode": "none",
        "cancelReason": if status == "cancelled" { "normal_cancel" } else { "" }, "execType": "normal",
        "marginMode": margin_word(market.map_or(MarginMode::Cross, |market| market.margin_mode)), "marginCoin": "USDT",
    })
}

/// An execution. A fee that was paid is positive.
pub fn fill(floor: &Floor, trade: &Trade) -> Value {
    let order = floor.book.order_by_number(trade.order);
    let at = floor.shown(trade.at).to_string();
    json!({
        "execId": trade_id(trade.id), "execLinkId": trade_id(trade.id), "orderId": order_id(trade.order),
        "clientOid": order.map(orders::name_of).unwrap_or_default(), "category": PRODUCT, "symbol": trade.symbol.as_str(),
        "orderType": if order.is_some_and(|order| order.price.is_some()) { "limit" } else { "market" }, "side": direction(trade.buy),
        "execPrice": trade.price.to_string(), "execQty": trade.qty.to_string(), "execValue": text(trade.price * trade.qty),
        "tradeScope": if trade.maker { "maker" } else { "taker" }, "tradeSide": if trade.opening { "open" } else { "close" },
        "feeDetail": [{ "feeCoin": "USDT", "fee": text(trade.fee) }], "createdTime": at, "updatedTime": at, "execPnl": text(trade.realised),
    })
}

/// A stop, a target, or both in one. One for the whole position shows the position's size and is not told apart.
pub fn guard(floor: &Floor, order: &Conditional, second: Option<&Conditional>) -> Value {
    let leg = |kind| [Some(order), second].into_iter().flatten().find(|leg| leg.kind == kind);
    let (stop, target) = (leg(ProtectionKind::StopLoss), leg(ProtectionKind::TakeProfit));
    let price = |leg: Option<&Conditional>| leg.map(|leg| leg.trigger_price.to_string()).unwrap_or_default();
    let by = |leg: Option<&Conditional>| if leg.is_some_and(|leg| leg.by == TriggerBy::Mark) { "mark" } else { "market" };
    let side = guards::side_of(order);
    let qty: Decimal = guards::part_of(order).unwrap_or_else(|| floor.book.position(&order.symbol, side));
    json!({
        "orderId": guards::guard_id(order.number), "clientOid": guards::name_of(order), "category": PRODUCT,
        "symbol": order.symbol.as_str(), "qty": text(qty), "posSide": side_word(side), "tpTriggerBy": by(target), "slTriggerBy": by(stop),
        "takeProfit": price(target), "stopLoss": price(stop), "tpOrderType": "market", "slOrderType": "market", "tpLimitPrice": "",
        "slLimitPrice": "", "createdTime": floor.shown(order.created).to_string(), "updatedTime": floor.shown(order.updated).to_string(),
    })
}
