//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod guards;

use serde_json::{Value, json};

use super::*;
use crate::exchange::script::{self, START, Step, broken, d, id, raw, reason, with};
use crate::market::{Action, ClientId, Decimal, Guarded, Leg, OrderKind, OrderStatus, ProtectionKind, Side, Trigger, TriggerBy};

/// A step that succeeds with a result.
fn ok(expected: &'static str, result: Value) -> Step {
    raw(expected, 200, &json!({"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": START}).to_string())
}

/// A step that succeeds with the only page of a list.
fn list(expected: &'static str, rows: Value) -> Step {
    ok(expected, json!({"category": "linear", "list": rows, "nextPageCursor": ""}))
}

/// A step refused with a code.
fn no(expected: &'static str, code: i64, msg: &str) -> Step {
    raw(expected, 200, &json!({"retCode": code, "retMsg": msg, "result": {}, "retExtInfo": {}, "time": START}).to_string())
}

type Stage = script::Stage<Bybit>;

impl Stage {
    /// An account of which nothing is known yet.
    fn new() -> Stage {
        Stage::of(Bybit::new)
    }

    /// One that knows the position mode of its contract.
    fn knowing(hedge: bool) -> Stage {
        let mut stage = Stage::new();
        stage.exchange.modes.set(eth(), hedge);
        stage
    }
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

fn ack(leg: Leg) -> Value {
    json!({"orderId": "fd4300ae", "orderLinkId": id(leg).as_str()})
}

/// An order as lists show it.
fn row(leg: Leg, status: &str, filled: &str) -> Value {
    json!({"orderId": "fd43", "orderLinkId": id(leg).as_str(), "symbol": "ETHUSDT", "price": "1900.00", "qty": "0.50", "side": "Buy",
        "positionIdx": 0, "orderStatus": status, "avgPrice": if filled == "0" { "" } else { "1899.5" }, "cumExecQty": filled, "orderType": "Limit",
        "stopOrderType": "", "triggerPrice": "0.00", "triggerDirection": 0, "reduceOnly": false, "closeOnTrigger": false, "createdTime": "1699999990000"})
}

/// A position row.
fn position(idx: i64, side: &str, size: &str, stop: &str, target: &str) -> Value {
    json!({"symbol": "ETHUSDT", "positionIdx": idx, "side": side, "size": size, "avgPrice": "2000", "markPrice": "2010", "liqPrice": "",
        "leverage": "10", "positionIM": "", "unrealisedPnl": "", "stopLoss": stop, "takeProfit": target, "tradeMode": 0, "updatedTime": "1699999999000"})
}

fn long(stop: &str, target: &str) -> Value {
    json!([position(0, "Buy", "1.5", stop, target)])
}

fn flat() -> Value {
    json!([position(0, "", "0", "", "")])
}

fn both_flat() -> Value {
    json!([position(1, "", "0", "", ""), position(2, "", "0", "", "")])
}

const PLACE: &str = "POST /v5/order/create";
const BATCH: &str = "POST /v5/order/create-batch";
const LIST: &str = "GET /v5/position/list";
const REALTIME: &str = "GET /v5/order/realtime";
const HISTORY: &str = "GET /v5/order/history";
const CANCEL: &str = "POST /v5/order/cancel";
const TIME: &str = "GET /v5/market/time";

fn is_unknown<T>(result: &Result<T>) -> bool {
    script::is_unknown(result, START + 8000)
}

#[test]
fn an_order_names_its_half_and_is_only_taken() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let cases = [
        (false, Long, Open, "Buy", 0),
        (false, Short, Open, "Sell", 0),
        (false, Long, Close, "Sell", 0),
        (true, Long, Open, "Buy", 1),
        (true, Short, Open, "Sell", 2),
        (true, Long, Close, "Sell", 1),
        (true, Short, Close, "Buy", 2),
    ];
    for (hedge, side, action, word, idx) in cases {
        let mut stage = Stage::knowing(hedge);
        let state = stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[market(side, action)]).remove(0).unwrap();
        assert_eq!((state.status, state.side, state.opens, state.filled), (OrderStatus::Taken, side, action == Open, Decimal::ZERO));
        assert_eq!((state.created_at, state.qty, state.conditional), (START, d("0.5"), false));
        let sent = stage.body(0);
        assert_eq!((&sent["side"], &sent["positionIdx"], &sent["qty"]), (&json!(word), &json!(idx), &json!("0.5")));
        assert_eq!(sent["reduceOnly"], if action == Close { json!(true) } else { json!(null) }, "{hedge} {side} {action:?}");
        stage.done();
    }
}

#[test]
fn a_stop_travels_with_an_order_that_opens_only() {
    let mut stage = Stage::knowing(false);
    let stop = Some(Trigger { price: d("1800.10"), by: TriggerBy::Mark });
    let order = NewOrder { stop, ..limit(Leg::Entry, "1900") };
    stage.expect([ok(PLACE, ack(Leg::Entry))]).place(std::slice::from_ref(&order)).remove(0).unwrap();
    let sent = stage.body(0);
    let attached = (&sent["stopLoss"], &sent["slTriggerBy"], &sent["tpslMode"], &sent["slOrderType"]);
    assert_eq!(attached, (&json!("1800.1"), &json!("MarkPrice"), &json!("Full"), &json!("Market")));
    assert!(sent.get("takeProfit").is_none() && sent["timeInForce"] == "GTC" && sent["price"] == "1900");

    let other = NewOrder { id: id(Leg::Second), stop: Some(Trigger { price: d("1800"), by: TriggerBy::Last }), ..order.clone() };
    let answer = json!({"retCode": 0, "result": {"list": [ack(Leg::Entry), ack(Leg::Second)]}, "retExtInfo": {"list": [{"code": 0, "msg": "OK"}, {"code": 0, "msg": "OK"}]}});
    assert!(stage.expect([raw(BATCH, 200, &answer.to_string())]).place(&[order.clone(), other]).iter().all(Result::is_ok));
    let sent = stage.body(0);
    assert_eq!((&sent["category"], &sent["request"][0]["stopLoss"]), (&json!("linear"), &json!("1800.1")));
    assert_eq!(sent["request"][1]["slTriggerBy"], "LastPrice");

    let closing = NewOrder { action: Action::Close, ..order };
    stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[closing]).remove(0).unwrap();
    assert!(stage.body(0).get("stopLoss").is_none() && stage.body(0)["reduceOnly"] == true);
    stage.done();
}

#[test]
fn the_position_mode_of_a_contract_is_read_before_the_first_order_and_after_a_refusal() {
    let mut stage = Stage::new();
    let order = [market(Side::Long, Action::Open)];
    let taken = || ok(PLACE, ack(Leg::Entry));
    assert!(stage.expect([list(LIST, both_flat()), taken()]).place(&order)[0].is_ok());
    assert_eq!((stage.asked(0, "symbol").as_deref(), stage.body(1)["positionIdx"].as_i64()), (Some("ETHUSDT"), Some(1)));
    assert!(stage.expect([taken()]).place(&order)[0].is_ok());

    // The user changed it in the app.
    let refused = stage.expect([no(PLACE, 10001, "position idx not match position mode")]).place(&order).remove(0);
    assert_eq!(reason(refused), Some(Reason::PositionMode));
    assert!(stage.expect([list(LIST, flat()), taken()]).place(&order)[0].is_ok());
    assert_eq!(stage.body(1)["positionIdx"], 0);

    // Every look at positions tells it, too.
    stage.expect([list(LIST, json!([position(2, "Sell", "1", "", "")]))]).positions(None).unwrap();
    assert!(stage.expect([taken()]).place(&order)[0].is_ok());
    assert_eq!(stage.body(0)["positionIdx"], 1);
    stage.done();
}

#[test]
fn when_the_mode_cannot_be_read_nothing_was_sent() {
    let mut stage = Stage::new();
    let orders = [limit(Leg::Entry, "1900"), limit(Leg::Second, "1800")];
    for step in [broken(LIST, true), broken(LIST, false), raw(LIST, 502, "<html>")] {
        let placed = stage.expect([step]).place(&orders);
        assert!(placed.len() == 2 && placed.iter().all(|result| matches!(result, Err(ExchangeError::NeverSent(_)))), "{placed:?}");
    }
    let limited = stage.expect([no(LIST, 10006, "Too many visits!")]).place(&orders);
    assert!(limited.iter().all(|result| matches!(result.clone().unwrap_err().reason(), Some(Reason::RateLimited { .. }))));
    assert!(stage.expect([]).place(&[]).is_empty());
    stage.done();
}

#[test]
fn a_broken_call_is_unknown_only_when_a_byte_may_have_left() {
    let mut stage = Stage::knowing(false);
    let order = [limit(Leg::Entry, "1900")];
    let placed = stage.expect([broken(PLACE, false)]).place(&order);
    assert_eq!(placed[0], Err(ExchangeError::NeverSent("cable cut".to_owned())));
    assert!(is_unknown(&stage.expect([broken(PLACE, true)]).place(&order)[0]));
    for reply in
        ["", "{", "<html>", "[]", r#"{"result":{"orderLinkId":"x"}}"#, r#"{"retCode":0,"retMsg":"OK"}"#, r#"{"retCode":0,"result":{}}"#]
    {
        let placed = stage.expect([raw(PLACE, 200, reply)]).place(&order);
        assert!(is_unknown(&placed[0]), "{reply}: {placed:?}");
    }
    let busy = stage.expect([no(PLACE, 10016, "Internal error")]).place(&order);
    assert!(is_unknown(&busy[0]), "{busy:?}");
    let other = stage.expect([ok(PLACE, ack(Leg::Second))]).place(&order);
    assert!(is_unknown(&other[0]), "an answer about another order proves nothing: {other:?}");
    stage.done();
}

#[test]
fn a_refused_clock_is_set_and_the_same_order_sent_once_more() {
    let mut stage = Stage::knowing(false);
    let late = || no(PLACE, 10002, "invalid request, please check your server timestamp or recv_window param");
    let time = || raw(TIME, 200, &json!({"retCode": 0, "result": {"timeSecond": "1"}, "time": START + 7000}).to_string());
    let order = [limit(Leg::Entry, "1900")];
    assert!(stage.expect([late(), time(), ok(PLACE, ack(Leg::Entry))]).place(&order)[0].is_ok());
    assert_eq!(stage.exchange.session.offset_ms(), 7000);
    assert_eq!(stage.body(0), stage.body(2));
    let stamp = |at: usize| stage.header(at, "X-BAPI-TIMESTAMP").unwrap();
    assert_eq!((stamp(0), stamp(2)), (START.to_string(), (START + 7000).to_string()));
    assert_eq!(reason(stage.expect([late(), broken(TIME, true)]).place(&order).remove(0)), Some(Reason::ClockSkew));
    stage.done();
}

#[test]
fn a_batch_is_answered_order_by_order() {
    let mut stage = Stage::knowing(false);
    let orders = [limit(Leg::Entry, "1900"), limit(Leg::Second, "1800")];
    let fine = || json!({"code": 0, "msg": "OK"});
    let answer = |acks: Value, verdicts: Value| {
        raw(
            BATCH,
            200,
            &json!({"retCode": 0, "retMsg": "OK", "result": {"list": acks}, "retExtInfo": {"list": verdicts}, "time": START}).to_string(),
        )
    };
    let acks = || json!([ack(Leg::Entry), ack(Leg::Second)]);
    let poor = json!({"code": 110_007, "msg": "ab not enough for new order"});
    let placed = stage.expect([answer(acks(), json!([fine(), poor]))]).place(&orders);
    assert_eq!(placed[0].as_ref().map(|state| (state.id.as_str(), state.status)), Ok((id(Leg::Entry).as_str(), OrderStatus::Taken)));
    assert_eq!(reason(placed[1].clone()), Some(Reason::InsufficientBalance));

    // Without a verdict that says so, an order was not taken; and one that was names it.
    let swapped = json!([ack(Leg::Second), ack(Leg::Entry)]);
    for (acks, verdicts) in [
        (acks(), json!([fine()])),
        (json!([ack(Leg::Entry)]), json!([fine(), fine()])),
        (acks(), json!([fine(), {}])),
        (acks(), json!([fine(), {"code": "x", "msg": "OK"}])),
        (acks(), json!([fine(), {"code": 10016, "msg": "Internal error"}])),
    ] {
        let placed = stage.expect([answer(acks, verdicts.clone())]).place(&orders);
        assert!(placed[0].is_ok() && is_unknown(&placed[1]), "{verdicts}: {placed:?}");
    }
    assert!(stage.expect([answer(swapped, json!([fine(), fine()]))]).place(&orders).iter().all(is_unknown));
    assert!(stage.expect([raw(BATCH, 200, r#"{"retCode":0,"result":{"list":[]}}"#)]).place(&orders).iter().all(is_unknown));

    let placed = stage.expect([no(BATCH, 10005, "Permission denied")]).place(&orders);
    assert!(placed.len() == 2 && placed.iter().all(|result| reason(result.clone()) == Some(Reason::Credentials)));

    // One order does not fit the mode: it is read again before the next.
    let odd = json!({"code": 10001, "msg": "position idx not match position mode"});
    let placed = stage.expect([answer(acks(), json!([fine(), odd]))]).place(&orders);
    assert_eq!(reason(placed[1].clone()), Some(Reason::PositionMode));
    let steps = [list(LIST, flat()), answer(acks(), json!([fine(), fine()]))];
    assert!(stage.expect(steps).place(&orders).iter().all(Result::is_ok));
    stage.done();
}

#[test]
fn more_orders_than_a_batch_holds_take_more_requests() {
    let mut stage = Stage::knowing(false);
    let orders: Vec<NewOrder> = (0..11).map(|n| limit(Leg::Entry, &(1900 + n).to_string())).collect();
    let (acks, verdicts) = (vec![ack(Leg::Entry); 10], vec![json!({"code": 0, "msg": "OK"}); 10]);
    let ten = json!({"retCode": 0, "result": {"list": acks}, "retExtInfo": {"list": verdicts}}).to_string();
    let placed = stage.expect([raw(BATCH, 200, &ten), ok(PLACE, ack(Leg::Entry))]).place(&orders);
    assert!(placed.len() == 11 && placed.iter().all(Result::is_ok));
    stage.done();
}

#[test]
fn an_order_is_looked_for_in_both_lists() {
    use OrderStatus::*;
    let cases = [
        ("New", "0", Resting),
        ("PartiallyFilled", "0.2", Resting),
        ("Filled", "0.5", Filled),
        ("Cancelled", "0.1", Canceled),
        ("Rejected", "0", Rejected),
        ("SomethingNew", "0", Resting),
    ];
    for (word, filled, status) in cases {
        for late in [false, true] {
            let mut stage = Stage::knowing(false);
            let found = json!([row(Leg::Entry, word, filled)]);
            let steps = if late { vec![list(REALTIME, json!([])), list(HISTORY, found)] } else { vec![list(REALTIME, found)] };
            let state = stage.expect(steps).order(&entry_ref()).unwrap().unwrap();
            assert_eq!(
                (state.status, state.filled, state.price, state.side, state.opens),
                (status, d(filled), d("1900"), Side::Long, true)
            );
            assert_eq!(state.avg_price, if filled == "0" { d("0") } else { d("1899.5") });
            assert_eq!(state.created_at, START - 10_000);
            assert_eq!(stage.asked(0, "orderLinkId").as_deref(), Some(id(Leg::Entry).as_str()));
            stage.done();
        }
    }
    let mut stage = Stage::knowing(false);
    let other = json!([row(Leg::Second, "New", "0")]);
    assert_eq!(stage.expect([list(REALTIME, other), list(HISTORY, json!([]))]).order(&entry_ref()), Ok(None));
    // Not to be able to look is not "there is none".
    assert!(is_unknown(&stage.expect([list(REALTIME, json!([])), broken(HISTORY, true)]).order(&entry_ref())));
    let unreadable = json!([with(row(Leg::Entry, "Filled", "0.5"), json!({"cumExecQty": ""}))]);
    assert!(is_unknown(&stage.expect([list(REALTIME, unreadable)]).order(&entry_ref())));
    stage.done();
}

#[test]
fn cancelling_says_when_the_order_is_gone_and_spares_stops_unless_told() {
    let mut stage = Stage::knowing(false);
    stage.expect([ok(CANCEL, ack(Leg::Entry))]).cancel(&entry_ref()).unwrap();
    assert_eq!(stage.body(0), json!({"category": "linear", "symbol": "ETHUSDT", "orderLinkId": id(Leg::Entry).as_str()}));
    let gone = no(CANCEL, 110_001, "order not exists or too late to cancel");
    assert_eq!(reason(stage.expect([gone]).cancel(&entry_ref())), Some(Reason::UnknownOrder));

    const ALL: &str = "POST /v5/order/cancel-all";
    let done = || ok(ALL, json!({"list": [], "success": "1"}));
    stage.expect([done()]).cancel_all(&eth(), false).unwrap();
    assert_eq!(stage.body(0)["orderFilter"], "Order");
    stage.expect([no(ALL, 110_001, "order not exists"), done()]).cancel_all(&eth(), true).unwrap();
    assert_eq!((&stage.body(0)["orderFilter"], &stage.body(1)["orderFilter"]), (&json!("Order"), &json!("StopOrder")));
    assert!(is_unknown(&stage.expect([broken(ALL, true)]).cancel_all(&eth(), true)));
    stage.done();
}

#[test]
fn a_name_given_by_the_sender_is_sent_asked_for_and_cancelled_as_it_is() {
    let mut stage = Stage::knowing(false);
    let name = ClientId::custom("My_order-1").unwrap();
    let takes = |name: &str| stage.exchange.capabilities().custom_ids.unwrap().take(name);
    assert!(takes(name.as_str()) && !takes("My.order") && !takes("a/b"));
    let order = NewOrder { id: name.clone(), ..limit(Leg::Entry, "1900") };
    let acked = |name: &str| ok(PLACE, json!({"orderId": "1", "orderLinkId": name}));
    assert!(stage.expect([acked("My_order-1")]).place(std::slice::from_ref(&order))[0].is_ok());
    let this = OrderRef { id: name.clone(), ..entry_ref() };
    let found = json!([with(row(Leg::Entry, "New", "0"), json!({"orderLinkId": name.as_str()}))]);
    assert_eq!(stage.expect([list(REALTIME, found)]).order(&this).unwrap().unwrap().id, name.as_str());
    assert_eq!(stage.asked(0, "orderLinkId").as_deref(), Some("My_order-1"));
    assert!(is_unknown(&stage.expect([acked("my_order-1")]).place(std::slice::from_ref(&order))[0]));
    let taken = no(PLACE, 110_072, "OrderLinkedID is duplicate");
    assert_eq!(reason(stage.expect([taken]).place(&[order]).remove(0)), Some(Reason::DuplicateClientId));
    stage.done();
}

#[test]
fn no_error_and_no_debug_text_shows_key_secret_or_signature() {
    let mut stage = Stage::knowing(false);
    let error = stage.expect([no(PLACE, 10003, "API key is invalid.")]).place(&[limit(Leg::Entry, "1900")]).remove(0);
    assert_eq!(reason(error.clone()), Some(Reason::Credentials));
    stage.hides_keys(&error);
}
