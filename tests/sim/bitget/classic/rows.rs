//! v2's rows: orders, executions, stops and targets.

use perphook::exchange::paper::{Amount, Conditional, ConditionalStatus, Order, TimeInForce, Trade};
use perphook::market::{Decimal, MarginMode, ProtectionKind, Side, Symbol, TriggerBy};
use serde_json::{Map, Value, json};

use super::super::super::floor::Floor;
use super::super::orders::{self, order_id, trade_id};
use super::super::{direction, guards, mode_word, side_word, text, text_or_empty};

/// `crossed` or `isolated`.
pub fn margin_word(mode: MarginMode) -> &'static str {
    if mode == MarginMode::Isolated { "isolated" } else { "crossed" }
}

/// What rows of all kinds tell of their order: in hedge mode `side` is the position's.
fn direction_of(position_side: Option<Side>, buy: bool) -> Map<String, Value> {
    let opens = position_side.is_some_and(|side| buy == (side == Side::Long));
    let (side, trade_side, pos_side) = match position_side {
        Some(side) => (direction(side == Side::Long), if opens { "open" } else { "close" }, side_word(side)),
        None => (direction(buy), if buy { "buy_single" } else { "sell_single" }, "net"),
    };
    let mode = mode_word(position_side.is_some());
    Map::from_iter([
        ("side".to_owned(), json!(side)),
        ("tradeSide".to_owned(), json!(trade_side)),
        ("posSide".to_owned(), json!(pos_side)),
        ("posMode".to_owned(), json!(mode)),
    ])
}

fn with(row: Value, more: Map<String, Value>) -> Map<String, Value> {
    let mut all = more;
    all.extend(row.as_object().cloned().unwrap_or_default());
    all
}

fn settings(floor: &Floor, symbol: &Symbol) -> (String, &'static str) {
    floor.book.market(symbol).map_or((String::new(), "crossed"), |market| (market.leverage.to_string(), margin_word(market.margin_mode)))
}

fn order(floor: &Floor, order: &Order) -> Map<String, Value> {
    let (fee, profit) = orders::sums(floor, order);
    let (leverage, margin_mode) = settings(floor, &order.symbol);
    let stop = order.stop.as_ref().map(|stop| stop.trigger_price.to_string()).unwrap_or_default();
    let parent = order.parent.and_then(|number| floor.book.conditional_by_number(number));
    // Orders that close in hedge mode read as reducing ones, whatever was sent.
    let is_reducing = order.effect().opens.is_none();
    let row = json!({
        "symbol": order.symbol.as_str(), "size": order.qty.to_string(), "orderId": order_id(order.number), "clientOid": orders::name_of(order),
        "baseVolume": order.filled.to_string(), "fee": text_or_empty(-fee), "price": order.price.map(|price| price.to_string()).unwrap_or_default(),
        "priceAvg": text_or_empty(order.avg_price()), "force": if order.time_in_force == TimeInForce::Ioc { "ioc" } else { "gtc" },
        "totalProfits": if order.filled.is_zero() { String::new() } else { text(profit) }, "marginCoin": "USDT",
        "quoteVolume": text(order.quote), "leverage": leverage, "marginMode": margin_mode, "reduceOnly": if is_reducing { "YES" } else { "NO" },
        "enterPointSource": if orders::name_of(order) == order_id(order.number) { "SYS" } else { "API" },
        "orderType": if order.price.is_some() { "limit" } else { "market" },
        "orderSource": parent.map_or_else(|| "normal".to_owned(), |parent| format!("{}_market", plan_type(parent))),
        "cTime": floor.shown(order.created).to_string(), "uTime": floor.shown(order.updated).to_string(),
        "presetStopSurplusPrice": "", "presetStopSurplusType": "", "presetStopSurplusExecutePrice": "",
        "presetStopLossPrice": stop, "presetStopLossType": "", "presetStopLossExecutePrice": "",
    });
    with(row, direction_of(order.position_side, order.buy))
}

/// An order in a list: its status is called `status`.
pub fn listed(floor: &Floor, one: &Order) -> Value {
    let mut row = order(floor, one);
    row.insert("status".to_owned(), json!(orders::status(one, "canceled")));
    Value::Object(row)
}

/// An order by itself: its status is called `state`.
pub fn detail(floor: &Floor, one: &Order) -> Value {
    let mut row = order(floor, one);
    let state = orders::status(one, "canceled");
    row.insert("state".to_owned(), json!(state));
    row.insert("cancelReason".to_owned(), json!(if state == "canceled" { "normal_cancel" } else { "" }));
    Value::Object(row)
}

/// An execution; a fee that was paid is negative.
pub fn fill(floor: &Floor, trade: &Trade) -> Value {
    let row = json!({
        "tradeId": trade_id(trade.id), "symbol": trade.symbol.as_str(), "orderId": order_id(trade.order), "price": trade.price.to_string(),
        "baseVolume": trade.qty.to_string(),
        "feeDetail": [{ "deduction": "no", "feeCoin": "USDT", "totalDeductionFee": "", "totalFee": text(-trade.fee) }],
        "quoteVolume": text(trade.price * trade.qty), "profit": text(trade.realised), "enterPointSource": "api",
        "tradeScope": if trade.maker { "maker" } else { "taker" }, "cTime": floor.shown(trade.at).to_string(),
    });
    let mut row = with(row, direction_of(trade.position_side, trade.buy));
    row.remove("posSide");
    Value::Object(row)
}

/// What kind of stop or target it is.
pub fn plan_type(order: &Conditional) -> &'static str {
    match (order.kind, order.amount) {
        (ProtectionKind::StopLoss, Amount::WholePosition) => "pos_loss",
        (ProtectionKind::TakeProfit, Amount::WholePosition) => "pos_profit",
        (ProtectionKind::StopLoss, Amount::Qty { .. }) => "loss_plan",
        (ProtectionKind::TakeProfit, Amount::Qty { .. }) => "profit_plan",
    }
}

fn plan(floor: &Floor, order: &Conditional) -> Map<String, Value> {
    let row = json!({
        "planType": plan_type(order), "symbol": order.symbol.as_str(),
        "size": guards::part_of(order).map(|qty| qty.to_string()).unwrap_or_default(), "orderId": guards::guard_id(order.number),
        "clientOid": guards::name_of(order), "price": "0", "executePrice": "0", "callbackRatio": "",
        "triggerPrice": order.trigger_price.to_string(), "triggerType": if order.by == TriggerBy::Mark { "mark_price" } else { "fill_price" },
        "marginCoin": "USDT", "marginMode": settings(floor, &order.symbol).1, "enterPointSource": "API", "orderType": "market",
        "orderSource": format!("{}_market", plan_type(order)), "cTime": floor.shown(order.created).to_string(), "uTime": "",
        "stopSurplusExecutePrice": "", "stopSurplusTriggerPrice": "", "stopSurplusTriggerType": "", "stopLossExecutePrice": "",
        "stopLossTriggerPrice": "", "stopLossTriggerType": "",
    });
    with(row, direction_of(order.position_side, order.buy))
}

/// A stop or target that waits.
pub fn waiting(floor: &Floor, order: &Conditional) -> Value {
    let mut row = plan(floor, order);
    row.insert("planStatus".to_owned(), json!("live"));
    Value::Object(row)
}

/// A stop or target that waits no more, with the order it became.
pub fn ended(floor: &Floor, order: &Conditional) -> Value {
    let status = match order.status {
        ConditionalStatus::Canceled | ConditionalStatus::Expired => "cancelled",
        ConditionalStatus::Rejected => "fail_execute",
        _ => "executed",
    };
    let child = order.child.and_then(|number| floor.book.order_by_number(number));
    let mut row = plan(floor, order);
    row.insert("planStatus".to_owned(), json!(status));
    row.insert("executeOrderId".to_owned(), json!(order.child.map(order_id).unwrap_or_default()));
    row.insert("priceAvg".to_owned(), json!(text_or_empty(child.map(Order::avg_price).unwrap_or_default())));
    row.insert("baseVolume".to_owned(), json!(text_or_empty(child.map_or(Decimal::ZERO, |child| child.filled))));
    row.insert("uTime".to_owned(), json!(floor.shown(order.updated).to_string()));
    Value::Object(row)
}
