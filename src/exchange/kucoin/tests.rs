//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod orders;

use serde_json::{Value, json};

use super::*;
use crate::exchange::script::{self, START, Step, broken, d, id, is_unknown, raw, reason};
use crate::exchange::vectors;
use crate::market::{Action, ClientId, Guarded, Leg, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy};

/// A step answered with this.
fn ok(expected: &'static str, data: Value) -> Step {
    raw(expected, 200, &json!({"code": "200000", "data": data}).to_string())
}

/// A step whose call is refused with a code.
fn no(expected: &'static str, code: u32, msg: &str) -> Step {
    raw(expected, 200, &json!({"code": code.to_string(), "msg": msg}).to_string())
}

type Stage = script::Stage<KuCoin>;

impl Stage {
    /// An account that knows its contracts.
    fn new(hedge: bool) -> Stage {
        let mut stage = Stage::of(|line| KuCoin { hedge, ..KuCoin::new(line) });
        let list = instruments::read_contracts(contracts_answer().to_string().as_bytes(), "USDT").unwrap();
        stage.exchange.instruments = Arc::new(Instruments::new(list));
        stage
    }

    /// One that was told to trade ether like this, which it is set to already.
    fn prepared(hedge: bool, mode: MarginMode, leverage: u32) -> Stage {
        let mut stage = Stage::new(hedge);
        let so = Terms { leverage: Some(leverage), margin_mode: Some(mode) };
        stage.exchange.known.set(&eth(), so);
        stage.exchange.wishes.set(&eth(), so);
        stage
    }
}

fn contracts_answer() -> Value {
    vectors::example(include_str!("../../../tests/data/kucoin_vectors.json"), "instruments")
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDTM")
}

fn order(leg: Leg, action: Action, kind: OrderKind) -> NewOrder {
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action, kind, qty: d("0.50"), stop: None }
}

fn limit(leg: Leg, price: &str) -> NewOrder {
    order(leg, Action::Open, OrderKind::Limit { price: d(price) })
}

fn entry() -> NewOrder {
    order(Leg::Entry, Action::Open, OrderKind::Market)
}

fn close() -> NewOrder {
    order(Leg::Close, Action::Close, OrderKind::Market)
}

fn protection(side: Side, kind: ProtectionKind, by: TriggerBy) -> Protection {
    let leg = if kind == ProtectionKind::StopLoss { Leg::Stop } else { Leg::Target };
    Protection { id: id(leg), symbol: eth(), side, kind, trigger_price: d("1800.00"), qty: d("0.5"), by }
}

fn named(leg: Leg) -> OrderRef {
    let guard = leg.protection().map(|kind| Guarded { side: Side::Long, kind, trigger_price: d("1800") });
    OrderRef { symbol: eth(), id: id(leg), guard }
}

/// An acknowledgement of an order of any kind.
fn ack(leg: Leg) -> Value {
    json!({"orderId": "234125150956625920", "clientOid": id(leg).as_str()})
}

/// One order of a batch's answer.
fn element(leg: Leg, code: u32, msg: &str) -> Value {
    let order_id = if code == 200_000 { json!("235919387779985408") } else { json!(null) };
    json!({"orderId": order_id, "clientOid": id(leg).as_str(), "symbol": "ETHUSDTM", "code": code.to_string(), "msg": msg})
}

/// A row of 50 lots, with some fields changed.
fn row(leg: Leg, changes: Value) -> Value {
    let mut row = json!({"id": format!("n-{leg:?}"), "symbol": "ETHUSDTM", "type": "market", "side": "buy", "price": "0", "size": 50, "dealSize": 0, "stop": "",
        "stopTriggered": false, "stopPrice": null, "closeOrder": false, "clientOid": id(leg).as_str(), "isActive": true, "cancelExist": false,
        "createdAt": START - 1000, "marginMode": "CROSS", "avgDealPrice": "0", "filledSize": 0, "filledValue": "0", "status": "open",
        "reduceOnly": false, "positionSide": "BOTH"});
    for (field, value) in changes.as_object().unwrap() {
        row[field] = value.clone();
    }
    row
}

/// A waiting stop of a long position.
fn stop_row(changes: Value) -> Value {
    let mut stop = json!({"side": "sell", "stop": "down", "stopPrice": "1800", "stopPriceType": "MP", "reduceOnly": true});
    stop.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    row(Leg::Stop, stop)
}

fn page(items: Value) -> Value {
    json!({"currentPage": 1, "pageSize": 500, "totalNum": 1, "totalPage": 1, "items": items})
}

const TIME: &str = "GET /api/v1/timestamp";
const CONTRACTS: &str = "GET /api/v1/contracts/active";
const POSITION_MODE: &str = "GET /api/v2/position/getPositionMode";
const POSITIONS: &str = "GET /api/v1/positions";
const MARGIN_MODE: &str = "GET /api/v2/position/getMarginMode";
const SET_MARGIN_MODE: &str = "POST /api/v2/position/changeMarginMode";
const LEVERAGE: &str = "GET /api/v2/getCrossUserLeverage";
const SET_LEVERAGE: &str = "POST /api/v2/changeCrossUserLeverage";
const PLACE: &str = "POST /api/v1/orders";
const BATCH: &str = "POST /api/v1/orders/multi";
const ORDER: &str = "GET /api/v1/orders/byClientOid";
const ORDERS: &str = "GET /api/v1/orders";
const STOPS: &str = "GET /api/v1/stopOrders";
const CANCEL_PLAIN: &str = "DELETE /api/v3/orders";
const CANCEL_STOPS: &str = "DELETE /api/v1/stopOrders";
const FILLS: &str = "GET /api/v1/fills";

fn never_sent<T>(result: &Result<T>) -> bool {
    matches!(result, Err(ExchangeError::NeverSent(_)))
}
