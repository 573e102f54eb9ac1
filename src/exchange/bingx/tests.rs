//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod closed;
mod fills;
mod guards;
mod lost;

use serde_json::{Value, json};

use super::*;
use crate::exchange::Reason;
use crate::exchange::script::{self, START, Step, broken, d, id, raw, reason};
use crate::market::{Action, Guarded, Leg, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy};

/// A step that succeeds.
fn ok(expected: &'static str, data: Value) -> Step {
    raw(expected, 200, &json!({"code": 0, "msg": "", "data": data}).to_string())
}

/// A step refused with a code.
fn no(expected: &'static str, code: i64, msg: &str) -> Step {
    raw(expected, 200, &json!({"code": code, "msg": msg}).to_string())
}

type Stage = script::Stage<BingX>;

impl Stage {
    fn new(hedge: bool) -> Stage {
        Stage::of(|line| BingX { hedge, ..BingX::new(line) })
    }
}

fn eth() -> Symbol {
    Symbol::new("ETH-USDT")
}

fn order(leg: Leg, action: Action, kind: OrderKind) -> NewOrder {
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action, kind, qty: d("0.50"), stop: None }
}

fn limit(leg: Leg) -> NewOrder {
    order(leg, Action::Open, OrderKind::Limit { price: d("1900.00") })
}

fn close() -> NewOrder {
    order(Leg::Close, Action::Close, OrderKind::Market)
}

fn protection(kind: ProtectionKind) -> Protection {
    let leg = if kind == ProtectionKind::StopLoss { Leg::Stop } else { Leg::Target };
    Protection { id: id(leg), symbol: eth(), side: Side::Long, kind, trigger_price: d("1800.00"), qty: d("0.50"), by: TriggerBy::Mark }
}

fn named(leg: Leg) -> OrderRef {
    let guard = leg.protection().map(|kind| Guarded { side: Side::Long, kind, trigger_price: d("1800") });
    OrderRef { symbol: eth(), id: id(leg), guard }
}

/// An acknowledgement; the number is above what a float can hold.
fn ack(name: &str, side: &str, kind: &str) -> Value {
    json!({"order": {"orderId": 1_735_950_529_123_455_001_u64, "symbol": "ETH-USDT", "positionSide": "BOTH", "side": side, "type": kind,
        "quantity": 0.5, "status": "NEW", "clientOrderID": name, "clientOrderId": name}})
}

const NUMBER: &str = "1735950529123455001";

/// A row of an order list.
fn row(name: &str, side: &str, kind: &str, changes: Value) -> Value {
    let mut row = json!({"symbol": "ETH-USDT", "orderId": 1_735_950_529_123_455_001_u64, "side": side, "positionSide": "BOTH", "type": kind, "origQty": "0.50",
        "price": "1900.00", "executedQty": "0.00", "avgPrice": "0.00", "stopPrice": "", "status": "NEW", "time": START - 5000, "clientOrderId": name,
        "leverage": "5X", "onlyOnePosition": true, "reduceOnly": false});
    row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    row
}

fn one(row: Value) -> Value {
    json!({"order": row})
}

fn stop_row(name: &str, changes: Value) -> Value {
    let mut stop = row(name, "SELL", "STOP_MARKET", json!({"stopPrice": "1800.00", "reduceOnly": true, "price": "0.00"}));
    stop.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    stop
}

fn is_unknown<T>(result: &Result<T>) -> bool {
    script::is_unknown(result, START + 9000)
}

const TIME: &str = "GET /openApi/swap/v2/server/time";
const MODE: &str = "GET /openApi/swap/v1/positionSide/dual";
const POSITIONS: &str = "GET /openApi/swap/v2/user/positions";
const READ_LEVERAGE: &str = "GET /openApi/swap/v2/trade/leverage";
const SET_LEVERAGE: &str = "POST /openApi/swap/v2/trade/leverage";
const READ_MARGIN: &str = "GET /openApi/swap/v2/trade/marginType";
const SET_MARGIN: &str = "POST /openApi/swap/v2/trade/marginType";
const PLACE: &str = "POST /openApi/swap/v2/trade/order";
const FIND: &str = "GET /openApi/swap/v2/trade/order";
const CANCEL: &str = "DELETE /openApi/swap/v2/trade/order";
const OPEN: &str = "GET /openApi/swap/v2/trade/openOrders";
const CANCEL_ALL: &str = "DELETE /openApi/swap/v2/trade/allOpenOrders";
const FILLS: &str = "GET /openApi/swap/v2/trade/allFillOrders";

#[test]
fn orders_name_their_half_and_close_by_flag_or_by_half() {
    let cases = [
        (false, limit(Leg::Entry), "BUY", "LIMIT", "BOTH", None),
        (false, close(), "SELL", "MARKET", "BOTH", Some("true")),
        (true, limit(Leg::Entry), "BUY", "LIMIT", "LONG", None),
        (true, close(), "SELL", "MARKET", "LONG", None),
        (true, NewOrder { side: Side::Short, ..close() }, "BUY", "MARKET", "SHORT", None),
    ];
    for (hedge, order, side, kind, half, reduces) in cases {
        let mut stage = Stage::new(hedge);
        let state = stage.expect([ok(PLACE, ack(order.id.as_str(), side, kind))]).place(std::slice::from_ref(&order)).remove(0).unwrap();
        assert_eq!((state.status, state.id.as_str(), state.filled), (OrderStatus::Taken, order.id.as_str(), d("0")));
        let asked = |name| stage.asked(0, name);
        assert_eq!(
            (asked("side").as_deref(), asked("type").as_deref(), asked("positionSide").as_deref()),
            (Some(side), Some(kind), Some(half))
        );
        assert_eq!((asked("reduceOnly").as_deref(), asked("quantity").as_deref()), (reduces, Some("0.5")));
        let limit = kind == "LIMIT";
        let (price, until) = (asked("price"), asked("timeInForce"));
        assert_eq!((price.as_deref(), until.as_deref()), (limit.then_some("1900"), limit.then_some("GTC")));
        stage.done();
    }
}

#[test]
fn several_orders_go_one_by_one_and_one_refusal_is_its_own() {
    let mut stage = Stage::new(false);
    let orders = [limit(Leg::Entry), limit(Leg::Second)];
    let steps = [no(PLACE, 101_204, "Insufficient margin"), ok(PLACE, ack(orders[1].id.as_str(), "BUY", "LIMIT"))];
    let placed = stage.expect(steps).place(&orders);
    assert_eq!(placed[0].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
    assert_eq!(placed[1].as_ref().unwrap().id, orders[1].id.as_str());
    stage.done();
}

#[test]
fn an_answer_without_a_trustworthy_word_leaves_the_outcome_open() {
    let mut stage = Stage::new(false);
    let entry = limit(Leg::Entry);
    let name = entry.id.as_str();
    let mut nameless = ack("", "BUY", "LIMIT");
    nameless["order"].as_object_mut().unwrap().remove("orderId");
    let lost = [
        broken(PLACE, true),
        raw(PLACE, 504, ""),
        raw(PLACE, 200, "<html>"),
        raw(PLACE, 200, r#"{"code":0,"msg":""}"#),
        raw(PLACE, 200, r#"{"msg":"","data":{}}"#),
        no(PLACE, 101_500, "The current system is busy, please try again later"),
        ok(PLACE, ack("somebodyelse", "BUY", "LIMIT")),
        ok(PLACE, ack("", "SELL", "LIMIT")),
        ok(PLACE, ack(name, "BUY", "MARKET")),
        ok(PLACE, nameless),
    ];
    for (at, step) in lost.into_iter().enumerate() {
        let placed = stage.expect([step]).place(std::slice::from_ref(&entry)).remove(0);
        assert!(is_unknown(&placed), "case {at}: {placed:?}");
    }
    let never = stage.expect([broken(PLACE, false)]).place(std::slice::from_ref(&entry)).remove(0);
    assert!(matches!(&never, Err(ExchangeError::NeverSent(_))), "{never:?}");
    // Capitals are no other name.
    stage.expect([ok(PLACE, ack(&name.to_ascii_uppercase(), "BUY", "LIMIT"))]).place(std::slice::from_ref(&entry)).remove(0).unwrap();
    stage.hides_keys(&never);
}

#[test]
fn a_refused_clock_is_set_and_the_order_sent_once_more() {
    let mut stage = Stage::new(false);
    let entry = limit(Leg::Entry);
    let time = ok(TIME, json!({"serverTime": START + 20_000}));
    let steps = [no(PLACE, 80_014, "timestamp is invalid"), time, ok(PLACE, ack(entry.id.as_str(), "BUY", "LIMIT"))];
    stage.expect(steps).place(&[entry]).remove(0).unwrap();
    assert_eq!(stage.asked(2, "timestamp"), Some((START + 20_000).to_string()));
    stage.done();
}

#[test]
fn an_order_is_found_by_its_name_in_every_state() {
    let mut stage = Stage::new(false);
    let (leg, name) = (Leg::Entry, id(Leg::Entry));
    let cases = [
        ("NEW", "0", OrderStatus::Resting),
        ("PENDING", "0", OrderStatus::Resting),
        ("SOMETHING", "0", OrderStatus::Resting),
        ("PARTIALLY_FILLED", "0.2", OrderStatus::Resting),
        ("FILLED", "0.5", OrderStatus::Filled),
        ("CANCELED", "0.1", OrderStatus::Canceled),
        ("CANCELLED", "0", OrderStatus::Canceled),
        ("EXPIRED", "0", OrderStatus::Expired),
        ("FAILED", "0", OrderStatus::Rejected),
    ];
    for (word, filled, status) in cases {
        let row = row(name.as_str(), "BUY", "LIMIT", json!({"status": word, "executedQty": filled}));
        let state = stage.expect([ok(FIND, one(row))]).order(&named(leg)).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.opens, state.conditional), (status, d(filled), true, false), "{word}");
        assert_eq!((state.price, state.created_at), (d("1900"), START - 5000));
        assert_eq!((stage.asked(0, "clientOrderId").as_deref(), stage.asked(0, "orderId")), (Some(name.as_str()), None));
    }
    for (code, text) in [(80_016, "order does not exist"), (109_421, ""), (109_400, "order not exist")] {
        let nothing = ok(OPEN, json!({"orders": null}));
        assert_eq!(stage.expect([no(FIND, code, text), nothing]).order(&named(leg)), Ok(None), "{code}");
    }
    assert_eq!(reason(stage.expect([no(FIND, 100_500, "busy")]).order(&named(leg))), Some(Reason::Busy));
    // One that has ended was there: how it ended is not said, and it is not said to be unknown.
    for code in [80_018, 109_422] {
        for leg in [Leg::Entry, Leg::Stop] {
            let steps = [leg.is_conditional().then(|| ok(OPEN, json!({"orders": null}))), Some(no(FIND, code, "order is already filled"))];
            assert_eq!(reason(stage.expect(steps.into_iter().flatten()).order(&named(leg))), Some(Reason::Other), "{code}");
        }
        assert_eq!(reason(stage.expect([no(CANCEL, code, "order is already filled")]).cancel(&named(leg))), Some(Reason::UnknownOrder));
    }
    // What cannot be read is not zero.
    let torn = row(name.as_str(), "BUY", "LIMIT", json!({"executedQty": ""}));
    assert!(is_unknown(&stage.expect([ok(FIND, one(torn))]).order(&named(leg))));
    let other = row("somebodyelse", "BUY", "LIMIT", json!({}));
    assert!(is_unknown(&stage.expect([ok(FIND, one(other))]).order(&named(leg))));
    stage.done();
}

#[test]
fn an_order_whose_name_was_lost_goes_by_its_number() {
    let mut stage = Stage::new(false);
    stage.expect([ok(PLACE, ack("", "BUY", "LIMIT"))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
    let state = stage.expect([ok(FIND, one(row("", "BUY", "LIMIT", json!({}))))]).order(&named(Leg::Entry)).unwrap().unwrap();
    assert_eq!((state.id.as_str(), stage.asked(0, "orderId").as_deref()), (id(Leg::Entry).as_str(), Some(NUMBER)));
    let listed = stage.expect([ok(OPEN, json!({"orders": [row("", "BUY", "LIMIT", json!({}))]}))]).open_orders(&eth()).unwrap();
    assert!(listed[0].is(&named(Leg::Entry)));
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some(NUMBER));
    stage.done();
}

#[test]
fn cancelling_everything_spares_guards_by_naming_the_type() {
    let mut stage = Stage::new(false);
    let nothing = || ok(CANCEL_ALL, json!({"success": null, "failed": null}));
    for (conditional, named) in [(false, Some("LIMIT")), (true, None)] {
        stage.expect([nothing()]).cancel_all(&eth(), conditional).unwrap();
        assert_eq!((stage.asked(0, "type").as_deref(), stage.asked(0, "symbol").as_deref()), (named, Some("ETH-USDT")));
    }
    stage.expect([raw(CANCEL_ALL, 200, r#"{"code":0,"msg":"","data":null}"#)]).cancel_all(&eth(), true).unwrap();
    stage.expect([no(CANCEL_ALL, 109_400, "order not exist")]).cancel_all(&eth(), true).unwrap();
    let failed = |code: i64| ok(CANCEL_ALL, json!({"success": [], "failed": [{"orderId": 1, "errorCode": code, "errorMessage": "words"}]}));
    stage.expect([failed(80_018)]).cancel_all(&eth(), true).unwrap();
    assert_eq!(reason(stage.expect([failed(109_500)]).cancel_all(&eth(), true)), Some(Reason::Other));
    assert!(is_unknown(&stage.expect([raw(CANCEL_ALL, 504, "")]).cancel_all(&eth(), true)));
    stage.done();
}
