//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod close;
mod guards;
mod orders;

use serde_json::{Value, json};

use super::*;
use crate::exchange::error::Reason;
use crate::exchange::script::{self, START, Step, broken, d, id, raw, reason, with};
use crate::market::{Action, Leg, MarginMode, OrderKind, OrderStatus, ProtectionKind};

/// A step that succeeds.
fn ok(expected: &'static str, data: Value) -> Step {
    raw(expected, 200, &json!({"code": 0, "data": data, "message": "OK"}).to_string())
}

/// A step that succeeds with a page of a list.
fn page(expected: &'static str, rows: Value, has_next: bool) -> Step {
    raw(expected, 200, &json!({"code": 0, "data": rows, "message": "OK", "pagination": {"has_next": has_next}}).to_string())
}

/// A step that succeeds with the only page of a list.
fn list(expected: &'static str, rows: Value) -> Step {
    page(expected, rows, false)
}

/// A step refused with a code.
fn no(expected: &'static str, code: i64, message: &str) -> Step {
    raw(expected, 200, &json!({"code": code, "data": {}, "message": message}).to_string())
}

type Stage = script::Stage<CoinEx>;

fn stage() -> Stage {
    Stage::of(CoinEx::new)
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn limit(leg: Leg, price: &str) -> NewOrder {
    let kind = OrderKind::Limit { price: d(price) };
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action: Action::Open, kind, qty: d("0.50"), stop: None }
}

fn market(side: Side, action: Action) -> NewOrder {
    NewOrder { side, action, kind: OrderKind::Market, ..limit(Leg::Entry, "1") }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None }
}

/// An order, as it is answered and listed.
fn row(leg: Leg, side: &str, filled: &str) -> Value {
    let value = d(filled) * d("1899.5");
    json!({"order_id": 13400, "market": "ETHUSDT", "market_type": "FUTURES", "side": side, "type": "limit", "amount": "0.50", "price": "1900.00",
        "unfilled_amount": (d("0.5") - d(filled)).to_string(), "filled_amount": filled, "filled_value": value.to_string(),
        "client_id": id(leg).as_str(), "fee": "0", "fee_ccy": "USDT", "created_at": 1_699_999_990_000_u64})
}

/// A position row without stops and targets.
fn position(side: &str) -> Value {
    json!({"position_id": 7, "market": "ETHUSDT", "market_type": "FUTURES", "side": side, "margin_mode": "cross", "open_interest": "1.5",
        "close_avbl": "1.0", "avg_entry_price": "2000", "leverage": "10", "margin_avbl": "300", "unrealized_pnl": "-3", "liq_price": "",
        "stop_loss_price": "0", "take_profit_price": "0", "stop_loss_list": [], "take_profit_list": [], "updated_at": 1_699_999_999_000_u64})
}

/// What one order comes to.
fn place(stage: &mut Stage, steps: impl IntoIterator<Item = Step>, order: NewOrder) -> Result<OrderState> {
    stage.expect(steps).place(&[order]).remove(0)
}

const OPEN: &str = "POST /v2/futures/order";
const CLOSE: &str = "POST /v2/futures/close-position";
const BATCH: &str = "POST /v2/futures/batch-order";
const HELD: &str = "GET /v2/futures/pending-position";
const PENDING: &str = "GET /v2/futures/pending-order";
const FINISHED: &str = "GET /v2/futures/finished-order";
const PLANS_LIST: &str = "GET /v2/futures/pending-stop-order";
const CANCEL: &str = "POST /v2/futures/cancel-order-by-client-id";
const DEPTH: &str = "GET /v2/futures/depth";
const TIME: &str = "GET /v2/time";

fn time() -> Step {
    ok(TIME, json!({"timestamp": START}))
}

fn is_unknown<T>(result: &Result<T>) -> bool {
    script::is_unknown(result, START + 9000)
}

fn is_never_sent<T>(result: &Result<T>) -> bool {
    matches!(result, Err(ExchangeError::NeverSent(_)))
}
