//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod lookup;
mod sending;

use serde_json::{Value, json};

use super::*;
use crate::exchange::Keys;
use crate::exchange::script::{self, START, Step, broken, d, id, raw, reason, with};
use crate::exchange::vectors;
use crate::market::{Action, Decimal, Guarded, Leg, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy};
use crate::secret::Secret;

type Stage = script::Stage<Kraken>;

const NOW: &str = "2023-11-14T22:13:20.000Z";
const SEND: &str = "POST /derivatives/api/v3/sendorder";
const BATCH: &str = "POST /derivatives/api/v3/batchorder";
const STATUS: &str = "POST /derivatives/api/v3/orders/status";
const OPEN: &str = "GET /derivatives/api/v3/openorders";
const FILLS: &str = "GET /derivatives/api/v3/fills";
const PAST: &str = "GET /api/history/v3/orders";
const CANCEL: &str = "POST /derivatives/api/v3/cancelorder";
const CANCEL_ALL: &str = "POST /derivatives/api/v3/cancelallorders";
const POSITIONS: &str = "GET /derivatives/api/v3/openpositions";
const READ: &str = "GET /derivatives/api/v3/leveragepreferences";
const SET: &str = "PUT /derivatives/api/v3/leveragepreferences";
const TIME: &str = "GET /derivatives/api/v3/tickers/PF_ETHUSD";

/// An account with a secret that can sign.
fn stage() -> Stage {
    with_secret("c2VjcmV0LW9mLXRoZS1zY3JpcHQ=")
}

fn with_secret(secret: &str) -> Stage {
    Stage::of(|line| {
        let keys = Keys { secret: Secret::new(secret), ..line.keys };
        Kraken::new(Line { keys, settle: "USD".to_owned(), ..line })
    })
}

/// A step that succeeds with one list or object.
fn ok(expected: &'static str, name: &str, value: Value) -> Step {
    raw(expected, 200, &json!({"result": "success", "serverTime": NOW, name: value}).to_string())
}

/// A step that succeeds with nothing besides.
fn done(expected: &'static str) -> Step {
    raw(expected, 200, &json!({"result": "success", "serverTime": NOW}).to_string())
}

/// A step whose call is refused by name.
fn no(expected: &'static str, name: &str) -> Step {
    raw(expected, 200, &json!({"result": "error", "error": name, "serverTime": NOW}).to_string())
}

/// A step that tells the time.
fn time(iso: &str) -> Step {
    raw(TIME, 200, &json!({"result": "success", "serverTime": iso, "ticker": {}}).to_string())
}

fn eth() -> Symbol {
    Symbol::new("PF_ETHUSD")
}

fn limit(leg: Leg, price: &str) -> NewOrder {
    let kind = OrderKind::Limit { price: d(price) };
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action: Action::Open, kind, qty: d("0.50"), stop: None }
}

fn market(side: Side, action: Action) -> NewOrder {
    NewOrder { side, action, kind: OrderKind::Market, ..limit(Leg::Entry, "1") }
}

fn guard(kind: ProtectionKind, trigger: &str) -> Protection {
    let leg = if kind == ProtectionKind::StopLoss { Leg::Stop } else { Leg::Target };
    Protection { id: id(leg), symbol: eth(), side: Side::Long, kind, trigger_price: d(trigger), qty: d("0.5"), by: TriggerBy::Mark }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None }
}

fn stop_ref() -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1700") };
    OrderRef { symbol: eth(), id: id(Leg::Stop), guard: Some(guard) }
}

/// What happened to an order at once.
fn placed(leg: Leg) -> Value {
    json!({"type": "PLACE", "reducedQuantity": null, "order": {"orderId": "179f", "cliOrdId": id(leg).as_str(), "type": "lmt", "symbol": "PF_ETHUSD",
        "side": "buy", "quantity": 0.5, "filled": 0, "limitPrice": 1800.5, "reduceOnly": false, "timestamp": NOW, "lastUpdateTimestamp": NOW}})
}

fn executed(leg: Leg, amount: &str, price: &str) -> Value {
    let number = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    json!({"type": "EXECUTION", "executionId": "403b", "price": number(price), "amount": number(amount), "orderPriorEdit": null,
        "takerReducedQuantity": null, "orderPriorExecution": {"orderId": "179f", "cliOrdId": id(leg).as_str(), "type": "ioc"}})
}

/// What became of an order.
fn ack(leg: Leg, status: &str, events: Value) -> Value {
    json!({"order_id": "179f", "cliOrdId": id(leg).as_str(), "status": status, "receivedTime": NOW, "orderEvents": events})
}

fn sent(leg: Leg, status: &str, events: Value) -> Step {
    ok(SEND, "sendStatus", ack(leg, status, events))
}

/// An order as the list of open ones shows it.
fn open_row(leg: Leg, number: &str, order_type: &str) -> Value {
    let guards = order_type != "lmt";
    let mut row = json!({"order_id": number, "cliOrdId": id(leg).as_str(), "symbol": "PF_ETHUSD", "side": if guards { "sell" } else { "buy" },
        "orderType": order_type, "unfilledSize": 0.3, "filledSize": 0.2, "receivedTime": NOW, "lastUpdateTime": NOW, "status": "partiallyFilled",
        "reduceOnly": guards});
    row[if guards { "stopPrice" } else { "limitPrice" }] = json!(1700.0);
    row
}

fn is_unknown<T>(result: &Result<T>) -> bool {
    script::is_unknown(result, START + 11_000)
}

fn is_never_sent<T>(result: &Result<T>) -> bool {
    matches!(result, Err(ExchangeError::NeverSent(_)))
}
