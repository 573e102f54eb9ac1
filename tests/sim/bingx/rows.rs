//! Orders and executions as JSON.

use perphook::exchange::paper::Trade;
use perphook::market::{Decimal, Side, Symbol, TriggerBy};
use serde_json::{Value, json};

use super::super::clock;
use super::super::floor::Floor;
use super::super::line::{Id, Line};
use super::line::{client_id, kind, reduce_only, shown_id, status};
use super::{Ask, Notes, side_word};

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

/// An order that was taken, or would be.
pub struct Taken<'a> {
    pub id: Id,
    pub symbol: &'a Symbol,
    pub buy: bool,
    pub position_side: Option<Side>,
    pub kind: &'static str,
    pub price: Option<Decimal>,
    pub trigger: Option<(Decimal, TriggerBy)>,
}

/// That an order was taken: what was asked, with numbers bare, and nothing of what became of it. Names are echoed here
/// even where they are not kept.
pub fn accepted(ask: &Ask<'_>, taken: &Taken<'_>) -> Value {
    let id = shown_id(taken.id);
    let name = ask.params.some("clientOrderId").unwrap_or_default().to_lowercase();
    let (stop_price, by) = taken.trigger.unwrap_or((Decimal::ZERO, TriggerBy::Mark));
    let echoed = |name: &str| ask.params.some(name).unwrap_or_default().to_owned();
    json!({
        "orderId": id, "orderID": id.to_string(), "symbol": taken.symbol.as_str(), "positionSide": position_side(taken.position_side),
        "side": side(taken.buy), "type": taken.kind, "price": bare(taken.price.unwrap_or_default()),
        "quantity": bare(ask.params.decimal("quantity").unwrap_or_default()),
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
    let mine = line.order.into_iter().flat_map(|order| floor.trades_of(order.number));
    let (profit, fee): (Decimal, Decimal) = mine.fold(Default::default(), |sum, trade| (sum.0 + trade.realised, sum.1 + trade.fee));
    let market = floor.book.market(line.symbol);
    // What stands for the price of a market order means nothing.
    let trigger = line.waiting.map(|waiting| (waiting.trigger_price, waiting.by));
    let price = match (line.price(), trigger) {
        (Some(price), _) => price.to_string(),
        (None, Some(_)) => "0.00".to_owned(),
        (None, None) => market.map(|market| market.last).unwrap_or_default().to_string(),
    };
    let side_of = line.position_side.unwrap_or(if line.buy { Side::Long } else { Side::Short });
    let leverage = notes.leverage_of(floor, line.symbol, side_of);
    let none = json!({"type": "", "quantity": 0, "stopPrice": 0, "price": 0, "workingType": "", "stopGuaranteed": ""});
    let is_post_only = matches!(line.id, Id::Plain(number) if notes.post_only.contains(&number));
    json!({
        "symbol": line.symbol.as_str(), "orderId": shown_id(line.id), "side": side(line.buy), "positionSide": position_side(line.position_side),
        "type": kind(line), "origQty": line.qty(), "price": price, "executedQty": if filled.is_zero() { "0.00".to_owned() } else { filled.to_string() },
        "avgPrice": if filled.is_zero() { "0.00".to_owned() } else { average.to_string() }, "cumQuote": value.trunc().to_string(),
        "stopPrice": trigger.map(|(price, _)| price.to_string()).unwrap_or_default(), "profit": format!("{:.4}", profit.round_dp(4)),
        "commission": (-fee).round_dp(DIGITS).to_string(), "status": status(line), "time": floor.shown(line.created),
        "updateTime": floor.shown(line.updated()), "clientOrderId": client_id(line), "leverage": format!("{leverage}X"),
        "takeProfit": none, "stopLoss": none, "advanceAttr": 0, "positionID": 0, "takeProfitEntrustPrice": 0, "stopLossEntrustPrice": 0,
        "orderType": "", "workingType": watched(trigger.map_or(TriggerBy::Mark, |(_, by)| by)),
        "onlyOnePosition": !floor.book.is_hedge(), "reduceOnly": reduce_only(line), "stopGuaranteed": false, "triggerOrderId": 0,
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
    let name = order.filter(|order| order.parent.is_none()).map(|order| client_id(&Line::plain(order)));
    let mut row = json!({
        "volume": (trade.qty / sheet).normalize(), "price": trade.price, "amount": (trade.qty * trade.price).round_dp(DIGITS),
        "commission": (-trade.fee).round_dp(DIGITS), "currency": "USDT", "orderId": order.map_or(0, |order| shown_id(Id::of(order))).to_string(),
        "liquidatedPrice": "0", "liquidatedMarginRatio": "0", "clientOrderID": name.unwrap_or_default(),
        "symbol": trade.symbol.as_str(),
    });
    if let Some(row) = row.as_object_mut() {
        row.insert(time.to_owned(), json!(clock::seconds(floor.shown(trade.at))));
    }
    row
}
