//! Orders and executions as JSON.

use perphook::exchange::paper::Trade;
use perphook::market::{Decimal, Side, TriggerBy};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::line::{Id, Line};
use super::{Ask, Notes, clock, side_word};

/// Digits of prices and amounts that were calculated.
pub const DIGITS: u32 = 8;

/// A number as a bare JSON fraction. Tiny ones come out with an exponent, as those of the exchange do.
pub fn bare(value: Decimal) -> Value {
    serde_json::from_str(&value.normalize().to_string()).unwrap_or_default()
}

fn side(buy: bool) -> &'static str {
    if buy { "BUY" } else { "SELL" }
}

fn position_side(side: Option<Side>) -> &'static str {
    side.map_or("BOTH", side_word)
}

fn watched(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "MARK_PRICE" } else { "CONTRACT_PRICE" }
}

/// That an order was taken: what was asked, with numbers bare, and nothing of what became of it. Names are echoed here
/// even where they are not kept.
pub fn accepted(ask: &Ask<'_>, id: u64, line: &Line<'_>) -> Value {
    let name = ask.params.some("clientOrderId").unwrap_or_default().to_lowercase();
    let (stop_price, by) = line.trigger.unwrap_or((Decimal::ZERO, TriggerBy::Mark));
    let echoed = |name: &str| ask.params.some(name).unwrap_or_default().to_owned();
    json!({
        "orderId": id, "orderID": id.to_string(), "symbol": line.symbol.as_str(), "positionSide": position_side(line.position_side),
        "side": side(line.buy), "type": line.kind, "price": bare(line.price.unwrap_or_default()), "quantity": bare(ask.params.decimal("quantity").unwrap_or(line.qty)),
        "stopPrice": bare(stop_price), "workingType": watched(by), "clientOrderID": name, "clientOrderId": name,
        "timeInForce": ask.params.some("timeInForce").unwrap_or("GTC"), "priceRate": 0, "stopLoss": echoed("stopLoss"),
        "takeProfit": echoed("takeProfit"), "reduceOnly": ask.params.is_true("reduceOnly"), "activationPrice": 0,
        "closePosition": echoed("closePosition"), "stopGuaranteed": "", "status": "NEW", "avgPrice": "0.00",
    })
}

/// An order and what became of it. A cancelled one is spelled in one way here and in another in the answer to its cancel.
pub fn order(floor: &Floor, notes: &Notes, line: &Line<'_>) -> Value {
    let (filled, average, value) =
        line.order.map(|order| (order.filled, order.avg_price().round_dp(DIGITS), order.quote)).unwrap_or_default();
    let mine = || floor.book.trades().iter().filter(|trade| line.order.is_some_and(|order| order.number == trade.order));
    let (profit, fee): (Decimal, Decimal) = mine().fold(Default::default(), |sum, trade| (sum.0 + trade.realised, sum.1 + trade.fee));
    let market = floor.book.market(line.symbol);
    // What stands for the price of a market order means nothing.
    let price = match (line.price, line.trigger) {
        (Some(price), _) => price.to_string(),
        (None, Some(_)) => "0.00".to_owned(),
        (None, None) => market.map(|market| market.last).unwrap_or_default().to_string(),
    };
    let side_of = line.position_side.unwrap_or(if line.buy { Side::Long } else { Side::Short });
    let leverage = notes.leverage_of(floor, line.symbol, side_of);
    let none = json!({"type": "", "quantity": 0, "stopPrice": 0, "price": 0, "workingType": "", "stopGuaranteed": ""});
    let is_post_only = matches!(line.id, Id::Plain(number) if notes.post_only.contains(&number));
    json!({
        "symbol": line.symbol.as_str(), "orderId": line.id.shown(), "side": side(line.buy), "positionSide": position_side(line.position_side),
        "type": line.kind, "origQty": line.qty, "price": price, "executedQty": if filled.is_zero() { "0.00".to_owned() } else { filled.to_string() },
        "avgPrice": if filled.is_zero() { "0.00".to_owned() } else { average.to_string() }, "cumQuote": value.trunc().to_string(),
        "stopPrice": line.trigger.map(|(price, _)| price.to_string()).unwrap_or_default(), "profit": format!("{:.4}", profit.round_dp(4)),
        "commission": (-fee).round_dp(DIGITS).to_string(), "status": line.status, "time": floor.shown(line.created),
        "updateTime": floor.shown(line.updated), "clientOrderId": line.client_id, "leverage": format!("{leverage}X"),
        "takeProfit": none, "stopLoss": none, "advanceAttr": 0, "positionID": 0, "takeProfitEntrustPrice": 0, "stopLossEntrustPrice": 0,
        "orderType": "", "workingType": watched(line.trigger.map_or(TriggerBy::Mark, |(_, by)| by)),
        "onlyOnePosition": !floor.book.is_hedge(), "reduceOnly": line.reduce_only, "stopGuaranteed": false, "triggerOrderId": 0,
        "trailingStopRate": 0, "trailingStopDistance": 0, "postOnly": is_post_only,
    })
}

/// An order that was just cancelled.
pub fn cancelled(floor: &Floor, notes: &Notes, line: &Line<'_>) -> Value {
    let mut row = order(floor, notes, line);
    if let Some(status) = row.get_mut("status").filter(|status| **status == "CANCELED") {
        *status = json!("CANCELLED");
    }
    row
}

/// An execution: it has no id and no side, its fee is negative, and its time is text, under one of two names.
pub fn fill(floor: &Floor, trade: &Trade, sheet: Decimal, time: &str) -> Value {
    let order = floor.book.order_by_number(trade.order);
    let line = order.filter(|order| order.parent.is_none()).map(Line::plain);
    let mut row = json!({
        "volume": (trade.qty / sheet).normalize(), "price": trade.price, "amount": (trade.qty * trade.price).round_dp(DIGITS),
        "commission": (-trade.fee).round_dp(DIGITS), "currency": "USDT", "orderId": order.map_or(0, |order| Id::of(order).shown()).to_string(),
        "liquidatedPrice": "0", "liquidatedMarginRatio": "0", "clientOrderID": line.map(|line| line.client_id.to_owned()).unwrap_or_default(),
        "symbol": trade.symbol.as_str(),
    });
    if let Some(row) = row.as_object_mut() {
        row.insert(time.to_owned(), json!(clock::text(floor.shown(trade.at))));
    }
    row
}
