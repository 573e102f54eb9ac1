//! The account's history: events of orders, executions with their fees, changes of positions. It may lag behind, and its
//! answers have no envelope.

use std::collections::BTreeMap;

use perphook::exchange::paper::{Order, Trade};
use perphook::market::{Decimal, Millis, Symbol};
use serde_json::{Value, json};

use super::super::json::{join, text};
use super::super::line::Line;
use super::ask::Ask;
use super::fail::Fail;
use super::line::{self, Stage, id, may_rest, name, stage};
use super::rows::{execution_id, trigger_side};

pub const ACCOUNT: &str = "406142dd-7c5c-4a8b-acbc-5f16eca30009";
/// Events of one answer, at most. The real bound is not documented.
const COUNT_MAX: usize = 500;

/// One event.
struct Event {
    at: Millis,
    symbol: Symbol,
    event: Value,
}

/// An order in the history: `quantity` is what is left of it.
fn row(ask: &Ask<'_>, line: &Line<'_>, filled: Decimal, at: Millis) -> Value {
    let direction = if line.buy { "Buy" } else { "Sell" };
    let kind = if may_rest(line) { "Limit" } else { "IoC" };
    let number = line.order.map_or(0, |order| order.number);
    let price = line.price().or_else(|| ask.desk.worst_price(number));
    json!({"uid": id(line), "accountUid": ACCOUNT, "tradeable": line.symbol.as_str(), "direction": direction, "quantity": text(line.qty() - filled),
        "filled": text(filled), "timestamp": ask.floor.shown(line.created), "limitPrice": price.map(text), "orderType": kind,
        "clientId": name(line).unwrap_or_default(), "reduceOnly": line.only_reduces(), "lastUpdateTimestamp": ask.floor.shown(at)})
}

fn event(name: &str, body: Value) -> Value {
    let mut event = serde_json::Map::new();
    event.insert(name.to_owned(), body);
    Value::Object(event)
}

/// `GET /orders`: what was executed on arrival stands in the placing, what was executed later in updates.
pub fn orders(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let mut fills: BTreeMap<u64, Vec<&Trade>> = BTreeMap::new();
    for trade in ask.floor.book.trades() {
        fills.entry(trade.order).or_default().push(trade);
    }
    let none = Vec::new();
    let mut events = Vec::new();
    for order in ask.floor.book.all_orders() {
        order_events(ask, order, fills.get(&order.number).unwrap_or(&none), &mut events);
    }
    page(ask, events)
}

fn order_events(ask: &Ask<'_>, order: &Order, fills: &[&Trade], events: &mut Vec<Event>) {
    let line = line::of(&ask.floor.book, order);
    let mut say = |at: Millis, event: Value| events.push(Event { at, symbol: order.symbol.clone(), event });
    if stage(&line) == Stage::Rejected {
        let reason = "ioc_order_failed_because_it_would_not_be_executed";
        return say(
            order.created,
            event("OrderRejected", json!({"order": row(ask, &line, Decimal::ZERO, order.created), "reason": reason})),
        );
    }
    let mut filled: Decimal = fills.iter().filter(|trade| !trade.maker).map(|trade| trade.qty).sum();
    let reason = if order.parent.is_some() { "stop_order_triggered" } else { "new_user_order" };
    let body = json!({"order": row(ask, &line, filled, order.created), "reason": reason, "reducedQuantity": "", "algoId": ""});
    say(order.created, event("OrderPlaced", body));
    for trade in fills.iter().filter(|trade| trade.maker) {
        filled += trade.qty;
        let reason = if filled == order.qty { "full_fill" } else { "partial_fill" };
        let body = json!({"oldOrder": null, "newOrder": row(ask, &line, filled, trade.at), "reason": reason, "reducedQuantity": "0", "algoId": ""});
        say(trade.at, event("OrderUpdated", body));
    }
    if stage(&line) == Stage::Cancelled {
        let reason = if may_rest(&line) { "cancelled_by_user" } else { "partial_fill" };
        let body = json!({"order": row(ask, &line, filled, order.updated), "reason": reason, "reducedQuantity": "", "algoId": ""});
        say(order.updated, event("OrderCancelled", body));
    }
}

/// `GET /triggers`
pub fn triggers(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let mut events = Vec::new();
    for waiting in ask.floor.book.all_conditionals() {
        let line = Line::waiting(&ask.floor.book, waiting);
        let options = json!({"triggerPrice": text(waiting.trigger_price), "triggerSide": trigger_side(waiting)});
        let order = join(row(ask, &line, Decimal::ZERO, waiting.updated), json!({"triggerOptions": options}));
        let mut say = |name: &str, at: Millis, reason: &str| {
            let body = json!({"order": order, "reason": reason});
            events.push(Event { at, symbol: waiting.symbol.clone(), event: event(name, body) });
        };
        say("OrderTriggerPlaced", waiting.created, "new_user_order");
        match stage(&line) {
            Stage::Cancelled if line.order.is_none() => say("OrderTriggerCancelled", waiting.updated, "cancelled_by_user"),
            Stage::Failed => say("OrderTriggerActivated", waiting.updated, "would_not_reduce_position"),
            _ if waiting.triggered > 0 && line.order.is_some() => say("OrderTriggerActivated", waiting.triggered, "stop_order_triggered"),
            _ => {}
        }
    }
    page(ask, events)
}

/// `GET /executions`
pub fn executions(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let one = |trade: &Trade| {
        let line = line::of(&ask.floor.book, ask.floor.book.order_by_number(trade.order)?);
        let data = json!({"fee": text(trade.fee), "positionSize": text(trade.qty), "feeCurrency": "USD"});
        let execution = json!({"uid": execution_id(trade.id), "order": row(ask, &line, trade.qty, trade.at),
            "timestamp": ask.floor.shown(trade.at), "quantity": text(trade.qty), "price": text(trade.price), "markPrice": text(trade.price),
            "limitFilled": trade.maker, "usdValue": text(trade.price * trade.qty), "orderData": data});
        let event = event("Execution", json!({"execution": execution, "takerReducedQuantity": ""}));
        Some(Event { at: trade.at, symbol: trade.symbol.clone(), event })
    };
    let events = ask.floor.book.trades().iter().filter_map(one).collect();
    page(ask, events)
}

/// `GET /positions`
pub fn positions(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let mut held: BTreeMap<Symbol, (Decimal, Decimal)> = BTreeMap::new();
    let mut events = Vec::new();
    for trade in ask.floor.book.trades() {
        let (size, entry) = held.get(&trade.symbol).copied().unwrap_or_default();
        let new = size + if trade.buy { trade.qty } else { -trade.qty };
        let cost = entry * size.abs() + trade.price * trade.qty;
        let new_entry = if trade.opening { cost.checked_div(new.abs()).unwrap_or_default() } else { entry };
        let change = match (trade.opening, size.is_zero(), new.is_zero()) {
            (true, true, _) => "open",
            (true, false, _) => "increase",
            (false, _, true) => "close",
            (false, ..) => "decrease",
        };
        held.insert(trade.symbol.clone(), (new, new_entry));
        let at = ask.floor.shown(trade.at);
        let body = json!({"accountUid": ACCOUNT, "tradeable": trade.symbol.as_str(), "oldPosition": text(size),
            "oldAverageEntryPrice": text(entry), "newPosition": text(new), "newAverageEntryPrice": text(new_entry), "fillTime": at,
            "fee": text(trade.fee), "feeCurrency": "USD", "realizedPnL": text(trade.realised), "positionChange": change,
            "executionUid": execution_id(trade.id), "executionPrice": text(trade.price), "executionSize": text(trade.qty),
            "tradeType": "userExecution", "realizedFunding": "0", "timestamp": at, "updateReason": "trade"});
        events.push(Event { at: trade.at, symbol: trade.symbol.clone(), event: event("PositionUpdate", body) });
    }
    page(ask, events)
}

/// Those events that a request means: newest first unless it says `sort=asc`, and the next page by its token.
fn page(ask: &Ask<'_>, mut events: Vec<Event>) -> Result<Value, Fail> {
    let read = |name: &str| match ask.params.some(name) {
        Some(text) => text.parse::<u64>().map(Some).map_err(|_| Fail::argument(name)),
        None => Ok(None),
    };
    let (since, before, token) = (read("since")?, read("before")?, read("continuation_token")?);
    let count = read("count")?.map_or(COUNT_MAX, |count| usize::try_from(count).unwrap_or(COUNT_MAX).clamp(1, COUNT_MAX));
    let is_ascending = match ask.params.some("sort") {
        None | Some("desc") => false,
        Some("asc") => true,
        Some(_) => return Err(Fail::argument("sort")),
    };
    let late_ms = ask.floor.faults.conditions.late_history_ms;
    events.sort_by_key(|one| one.at);
    let is_meant = |(index, one): &(u64, Event)| {
        let at = ask.floor.shown(one.at);
        one.at + late_ms <= ask.now
            && since.is_none_or(|since| at >= since)
            && before.is_none_or(|before| at < before)
            && token.is_none_or(|token| if is_ascending { *index > token } else { *index < token })
            && ask.params.some("tradeable").is_none_or(|name| one.symbol.as_str() == name)
    };
    let mut list: Vec<(u64, Event)> = (0..).zip(events).filter(is_meant).collect();
    if !is_ascending {
        list.reverse();
    }
    let next = if list.len() > count { list.get(count - 1).map(|(index, _)| index.to_string()) } else { None };
    list.truncate(count);
    let element = |(index, one): &(u64, Event)| json!({"uid": format!("{index:08x}-c8cb-4c1e-8ac9-4e27c45b2492"), "timestamp": ask.floor.shown(one.at), "event": one.event});
    let rows: Vec<Value> = list.iter().map(element).collect();
    let body = json!({"accountUid": ACCOUNT, "len": rows.len(), "elements": rows, "serverTime": ask.time()});
    Ok(if let Some(next) = next { join(body, json!({"continuationToken": next})) } else { body })
}
