//! Orders and guards: how they are sent, found, listed and cancelled.

use super::*;
use MarginMode::{Cross, Isolated};
use ProtectionKind::{StopLoss, TakeProfit};
use Side::{Long, Short};

fn place(stage: &mut Stage, steps: impl IntoIterator<Item = Step>, order: NewOrder) -> Result<OrderState> {
    stage.expect(steps).place(&[order]).remove(0)
}

#[test]
fn an_order_is_lots_with_its_margin() {
    let mut stage = Stage::prepared(false, Isolated, 7);
    let state = place(&mut stage, [ok(PLACE, ack(Leg::Entry))], entry()).unwrap();
    assert_eq!((state.status, state.qty, state.filled, state.created_at), (OrderStatus::Taken, d("0.5"), d("0"), 0));
    let id = id(Leg::Entry);
    let sent = json!({"symbol": "ETHUSDTM", "clientOid": id.as_str(), "side": "buy", "marginMode": "ISOLATED", "leverage": 7, "size": 50, "type": "market"});
    assert_eq!(stage.body(0), sent);

    let mut stage = Stage::prepared(true, Cross, 5);
    place(&mut stage, [ok(PLACE, ack(Leg::Close))], NewOrder { side: Short, ..close() }).unwrap();
    let body = stage.body(0);
    assert_eq!(
        [&body["side"], &body["positionSide"], &body["reduceOnly"], &body["leverage"]],
        [&json!("buy"), &json!("SHORT"), &json!(true), &json!(null)]
    );
}

#[test]
fn a_quantity_that_is_no_whole_number_of_lots_is_not_sent() {
    let mut stage = Stage::prepared(false, Cross, 5);
    for qty in ["0.505", "0", "-0.01", "0.001"] {
        assert_eq!(reason(place(&mut stage, [], NewOrder { qty: d(qty), ..entry() })), Some(Reason::Precision), "{qty}");
    }
}

#[test]
fn what_an_order_must_say_is_read_where_it_is_not_known() {
    let mut stage = Stage::new(false);
    let mode = |word: &str| ok(MARGIN_MODE, json!({"symbol": "ETHUSDTM", "marginMode": word}));
    let leverage = || ok(LEVERAGE, json!({"symbol": "ETHUSDTM", "leverage": "3"}));
    assert!(never_sent(&place(&mut stage, [broken(MARGIN_MODE, true)], entry())));
    place(&mut stage, [mode("CROSS"), leverage(), ok(PLACE, ack(Leg::Entry))], entry()).unwrap();
    assert_eq!((&stage.body(2)["marginMode"], &stage.body(2)["leverage"]), (&json!("CROSS"), &json!(3)));
    place(&mut stage, [ok(PLACE, ack(Leg::Entry))], entry()).unwrap();

    let mut stage = Stage::new(false);
    assert_eq!(reason(place(&mut stage, [mode("ISOLATED")], entry())), Some(Reason::Leverage), "nobody named one");
    place(&mut stage, [ok(PLACE, ack(Leg::Close))], close()).unwrap();
}

#[test]
fn a_refused_mode_is_read_again_and_what_was_wished_for_stays() {
    let mut stage = Stage::prepared(false, Cross, 5);
    let refused = place(&mut stage, [no(PLACE, 330_005, "The order's margin mode does not match the selected one.")], entry());
    assert_eq!(reason(refused), Some(Reason::PositionMode));
    // Somebody switched to isolated margin: a close goes by it, an entry is rather refused.
    let isolated = ok(MARGIN_MODE, json!({"symbol": "ETHUSDTM", "marginMode": "ISOLATED"}));
    place(&mut stage, [isolated, ok(PLACE, ack(Leg::Close))], close()).unwrap();
    assert_eq!(stage.body(1)["marginMode"], "ISOLATED");
    let leverage = ok(LEVERAGE, json!({"symbol": "ETHUSDTM", "leverage": "5"}));
    let refused = place(&mut stage, [leverage, no(PLACE, 330_005, "no")], entry());
    assert_eq!((reason(refused), stage.body(1)["marginMode"].clone()), (Some(Reason::PositionMode), json!("CROSS")));
    let guard = stage.expect([broken(MARGIN_MODE, false)]).protect(&protection(Long, StopLoss, TriggerBy::Mark));
    assert!(never_sent(&guard), "forgotten again");
}

#[test]
fn an_unclear_answer_leaves_the_outcome_open() {
    let mut stage = Stage::prepared(false, Cross, 5);
    for step in [
        broken(PLACE, true),
        raw(PLACE, 502, "<html>"),
        raw(PLACE, 200, r#"{"code":"2000"#),
        raw(PLACE, 200, r#"{"code":"200000","msg":"Position does not exist"}"#),
        no(PLACE, 500_000, "internal"),
        ok(PLACE, json!({"orderId": null, "clientOid": id(Leg::Entry).as_str()})),
        ok(PLACE, ack(Leg::Close)),
    ] {
        let result = place(&mut stage, [step], entry());
        assert!(is_unknown(&result, START + 8000), "{result:?}");
    }
    let result = place(&mut stage, [broken(PLACE, false)], entry());
    assert!(never_sent(&result), "{result:?}");
    stage.hides_keys(&result);
}

#[test]
fn a_refused_clock_is_set_and_the_order_sent_once_more() {
    let mut stage = Stage::prepared(false, Cross, 5);
    let steps = [no(PLACE, 400_002, "KC-API-TIMESTAMP Invalid"), ok(TIME, json!(START + 9000)), ok(PLACE, ack(Leg::Entry))];
    place(&mut stage, steps, entry()).unwrap();
    assert_eq!(stage.header(2, "KC-API-TIMESTAMP").unwrap(), (START + 9000).to_string());
}

#[test]
fn orders_of_a_batch_are_answered_by_name() {
    let mut stage = Stage::prepared(false, Cross, 5);
    let orders = [limit(Leg::Entry, "1900.50"), limit(Leg::Second, "1850"), limit(Leg::Order, "1800")];
    let answer = json!([element(Leg::Second, 300_003, "Balance insufficient"), element(Leg::Entry, 200_000, "success")]);
    let placed = stage.expect([ok(BATCH, answer)]).place(&orders);
    assert_eq!(placed[0].as_ref().unwrap().status, OrderStatus::Taken);
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
    assert!(is_unknown(&placed[2], START + 8000), "it was not answered");
    let body = stage.body(0);
    assert_eq!((&body[0]["price"], &body[1]["size"], body.as_array().unwrap().len()), (&json!("1900.5"), &json!(50), 3));
    let lost = stage.expect([broken(BATCH, true)]).place(&orders);
    assert!(lost.len() == 3 && lost.iter().all(|result| is_unknown(result, START + 8000)));

    // The clock is set for the next call; what was taken cannot be sent again.
    let answer = json!([element(Leg::Entry, 400_002, "clock"), element(Leg::Second, 200_000, "success")]);
    let placed = stage.expect([ok(BATCH, answer), ok(TIME, json!(START))]).place(&orders[..2]);
    assert!(placed[0].is_err() && placed[1].is_ok());
    stage.done();
}

#[test]
fn guards_reduce_the_position_where_the_price_must_go() {
    let cases = [
        (Long, StopLoss, TriggerBy::Mark, false, ["sell", "down", "MP"]),
        (Long, TakeProfit, TriggerBy::Last, false, ["sell", "up", "TP"]),
        (Short, StopLoss, TriggerBy::Last, true, ["buy", "up", "TP"]),
        (Short, TakeProfit, TriggerBy::Mark, true, ["buy", "down", "MP"]),
    ];
    for (side, kind, by, hedge, words) in cases {
        let mut stage = Stage::prepared(hedge, Isolated, 5);
        let leg = if kind == StopLoss { Leg::Stop } else { Leg::Target };
        let state = stage.expect([ok(PLACE, ack(leg))]).protect(&protection(side, kind, by)).unwrap();
        assert_eq!((state.status, state.side, state.guards, state.qty), (OrderStatus::Taken, side, Some(kind), d("0.5")));
        let mut sent = json!({"symbol": "ETHUSDTM", "clientOid": id(leg).as_str(), "side": words[0], "marginMode": "ISOLATED", "type": "market",
            "size": 50, "reduceOnly": true, "stop": words[1], "stopPrice": "1800", "stopPriceType": words[2]});
        if hedge {
            sent["positionSide"] = json!(side.as_str());
        }
        assert_eq!(stage.body(0), sent);
    }
    let mut stage = Stage::prepared(false, Cross, 5);
    let dust = Protection { qty: d("0.505"), ..protection(Long, StopLoss, TriggerBy::Mark) };
    assert_eq!(reason(stage.expect([]).protect(&dust)), Some(Reason::Precision));
}

#[test]
fn an_order_is_told_by_its_row() {
    use OrderStatus::*;
    let done = |changes: Value| {
        let mut all = json!({"status": "done", "isActive": false});
        all.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        all
    };
    let plain = [
        (json!({}), Resting, "0"),
        (json!({"filledSize": 20, "filledValue": "400"}), Resting, "0.2"),
        (json!({"status": "match"}), Resting, "0"),
        (done(json!({"filledSize": 50, "filledValue": "1000", "cancelExist": true})), Filled, "0.5"),
        (done(json!({"filledSize": 20, "filledValue": "400", "cancelExist": true})), Canceled, "0.2"),
        (done(json!({"cancelExist": true})), Canceled, "0"),
        (done(json!({"filledSize": 20, "filledValue": "400"})), Expired, "0.2"),
        (done(json!({})), Expired, "0"),
    ];
    let mut stage = Stage::new(false);
    for (changes, status, filled) in plain {
        let state = stage.expect([ok(ORDER, row(Leg::Entry, changes.clone()))]).order(&named(Leg::Entry)).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.created_at), (status, d(filled), START - 1000), "{changes}");
        let average = if filled == "0" { d("0") } else { d("2000") };
        assert_eq!((state.avg_price, state.qty, state.opens), (average, d("0.5"), true), "by the value, where no average is told");
        assert_eq!(stage.query(0), format!("clientOid={}", id(Leg::Entry)));
    }
    let guards = [
        (json!({}), Resting, "0"),
        (json!({"stopTriggered": true, "filledSize": 20}), Triggered, "0.2"),
        (done(json!({"stopTriggered": true, "filledSize": 50, "avgDealPrice": "1799.5"})), Filled, "0.5"),
        (done(json!({"cancelExist": true})), Canceled, "0"),
        // It fired, and there was nothing to close.
        (done(json!({"stopTriggered": true})), Expired, "0"),
    ];
    for (changes, status, filled) in guards {
        let state = stage.expect([ok(ORDER, stop_row(changes.clone()))]).order(&named(Leg::Stop)).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.price, state.qty), (status, d(filled), d("1800"), d("0.5")), "{changes}");
        assert_eq!((state.guards, state.side, state.opens), (Some(StopLoss), Long, false));
    }
    // What it was is told by other fields, where one that fired has lost its word.
    for changes in [json!({"stop": "", "stopTriggered": true, "stopPrice": null}), json!({"stop": null, "stopPrice": "1800"})] {
        let state = stage.expect([ok(ORDER, stop_row(changes.clone()))]).order(&named(Leg::Stop)).unwrap().unwrap();
        assert!(state.conditional && !state.opens && state.side == Long, "{changes}: {state:?}");
    }
    // A user's own that closes whatever is there has no quantity.
    let whole = json!({"closeOrder": true, "reduceOnly": false, "size": null});
    let state = stage.expect([ok(ORDER, stop_row(whole))]).order(&named(Leg::Stop)).unwrap().unwrap();
    assert_eq!((state.qty, state.opens), (d("0"), false));
    let short = json!({"side": "buy", "stop": "down", "positionSide": "SHORT"});
    let target = OrderRef { guard: None, ..named(Leg::Stop) };
    assert!(stage.expect([ok(ORDER, stop_row(short))]).order(&target).is_err(), "a guard where a plain order was asked for");
    let mut unreadable = row(Leg::Entry, json!({}));
    unreadable["filledSize"] = json!(null);
    assert!(stage.expect([ok(ORDER, unreadable)]).order(&named(Leg::Entry)).is_err(), "never zero");
}

#[test]
fn only_the_exchange_s_own_word_says_that_there_is_no_order() {
    let mut stage = Stage::new(false);
    assert_eq!(stage.expect([no(ORDER, 100_001, "error.getOrder.orderNotExist")]).order(&named(Leg::Entry)), Ok(None));
    let own_word = raw(ORDER, 400, r#"{"code":"100001","msg":"error.getOrder.orderNotExist"}"#);
    assert_eq!(stage.expect([own_word]).order(&named(Leg::Stop)), Ok(None));
    for step in [
        no(ORDER, 100_001, "parameter wrong"),
        raw(ORDER, 404, "<html>"),
        raw(ORDER, 200, r#"{"code":"200000","data":null}"#),
        ok(ORDER, row(Leg::Close, json!({}))),
        ok(ORDER, row(Leg::Entry, json!({"symbol": "XBTUSDTM"}))),
    ] {
        assert!(stage.expect([step]).order(&named(Leg::Entry)).is_err());
    }
    // A name that a sender gave, and gave to another contract's order before, is not ours there.
    let sender = OrderRef { id: ClientId::custom("in1").unwrap(), ..named(Leg::Entry) };
    let elsewhere = ok(ORDER, row(Leg::Entry, json!({"clientOid": "in1", "symbol": "XBTUSDTM"})));
    assert_eq!(stage.expect([elsewhere]).order(&sender), Ok(None));
    let here = ok(ORDER, row(Leg::Entry, json!({"clientOid": "in1"})));
    assert!(stage.expect([here]).order(&sender).unwrap().is_some());
}

#[test]
fn both_lists_are_one_and_an_order_that_fires_in_between_is_in_it_once() {
    let mut stage = Stage::new(false);
    let moved = stop_row(json!({"stopTriggered": true}));
    let user = row(Leg::Target, json!({"side": "buy", "stop": "up", "stopPrice": "1850", "clientOid": null}));
    let first = json!({"currentPage": 1, "pageSize": 50, "totalNum": 2, "totalPage": 2, "items": [stop_row(json!({}))]});
    let steps = [
        ok(STOPS, first),
        ok(STOPS, page(json!([user, row(Leg::Second, json!({"symbol": "XBTUSDTM"}))]))),
        ok(ORDERS, page(json!([row(Leg::Entry, json!({})), moved]))),
    ];
    let orders = stage.expect(steps).open_orders(&eth()).unwrap();
    let told: Vec<_> = orders.iter().map(|order| (order.id.as_str(), order.status, order.conditional)).collect();
    let (entry, stop) = (id(Leg::Entry), id(Leg::Stop));
    assert_eq!(
        told,
        [(entry.as_str(), OrderStatus::Resting, false), (stop.as_str(), OrderStatus::Triggered, true), ("", OrderStatus::Resting, true)]
    );
    assert_eq!((orders[2].guards, orders[2].opens), (None, true), "a user's entry at a stop guards nothing");
    assert_eq!(stage.query(1), "symbol=ETHUSDTM&currentPage=2&pageSize=500");
    assert_eq!(stage.query(2), "symbol=ETHUSDTM&status=active&currentPage=1&pageSize=500");

    let endless = || ok(STOPS, json!({"totalPage": 99, "items": [stop_row(json!({}))]}));
    assert_eq!(reason(stage.expect((0..10).map(|_| endless())).open_orders(&eth())), Some(Reason::Other), "never a list cut short");
}

#[test]
fn cancelling() {
    let mut stage = Stage::new(false);
    for leg in [Leg::Entry, Leg::Stop] {
        let cancel: &'static str = format!("DELETE /api/v1/orders/client-order/{}", id(leg)).leak();
        stage.expect([ok(cancel, json!({"clientOid": id(leg).as_str()}))]).cancel(&named(leg)).unwrap();
        assert_eq!((stage.query(0), stage.request(0).body.len()), ("symbol=ETHUSDTM".to_owned(), 0));
        for (code, words) in [(100_004, "The order cannot be canceled."), (400_100, "order_not_exist_or_not_allow_to_cancel")] {
            assert_eq!(reason(stage.expect([no(cancel, code, words)]).cancel(&named(leg))), Some(Reason::UnknownOrder));
        }
        assert!(is_unknown(&stage.expect([broken(cancel, true)]).cancel(&named(leg)), START + 8000));
    }
    let all = |path, ids: Value| ok(path, json!({"cancelledOrderIds": ids}));
    stage.expect([all(CANCEL_PLAIN, json!([]))]).cancel_all(&eth(), false).unwrap();
    stage.expect([all(CANCEL_PLAIN, json!(["1"])), all(CANCEL_STOPS, json!(["2"]))]).cancel_all(&eth(), true).unwrap();
    assert_eq!([stage.query(0), stage.query(1)], ["symbol=ETHUSDTM", "symbol=ETHUSDTM"]);
    // What fails with the ones does not keep the others.
    let failed = stage.expect([broken(CANCEL_PLAIN, true), all(CANCEL_STOPS, json!([]))]).cancel_all(&eth(), true);
    assert!(is_unknown(&failed, START + 8000));
    let nothing = [no(CANCEL_PLAIN, 100_004, "nothing to cancel"), all(CANCEL_STOPS, json!([]))];
    stage.expect(nothing).cancel_all(&eth(), true).unwrap();
    stage.done();
}
