//! Orders are found again: open, just ended, in what was executed, in the history, or nowhere.

use super::*;

fn status(leg: Leg, word: &str, changes: Value) -> Step {
    let order = json!({"type": "ORDER", "orderId": "179f", "cliOrdId": id(leg).as_str(), "symbol": "PF_ETHUSD", "side": "buy", "quantity": 0.5,
        "filled": 0.2, "limitPrice": 1922.1, "reduceOnly": false, "timestamp": NOW, "lastUpdateTimestamp": NOW, "priceTriggerOptions": null});
    ok(STATUS, "orders", json!([{"order": with(order, changes), "status": word, "updateReason": "X", "error": null}]))
}

fn status_without_filled(leg: Leg, word: &str, changes: Value) -> Step {
    let mut order = json!({"type": "ORDER", "orderId": "179f", "cliOrdId": id(leg).as_str(), "symbol": "PF_ETHUSD", "side": "buy", "quantity": 0.5,
        "limitPrice": null, "reduceOnly": false, "timestamp": NOW, "lastUpdateTimestamp": NOW, "priceTriggerOptions": null});
    order = with(order, changes);
    ok(STATUS, "orders", json!([{"order": order, "status": word, "updateReason": null, "error": null}]))
}

fn no_status() -> Step {
    ok(STATUS, "orders", json!([]))
}

fn none_open() -> Step {
    ok(OPEN, "openOrders", json!([]))
}

fn fill_row(number: usize, leg: Leg, time: &str) -> Value {
    json!({"fill_id": format!("98e3-{number:04}"), "symbol": "PF_ETHUSD", "side": "buy", "order_id": "179f", "cliOrdId": id(leg).as_str(),
        "size": 0.1, "price": 1900 + number, "fillTime": time, "fillType": "taker"})
}

fn fills(rows: Value) -> Step {
    ok(FILLS, "fills", rows)
}

/// What happened to an order so many seconds ago.
fn event(leg: Leg, ago_s: u64, name: &str, field: &str, left: &str, filled: &str, reason: &str) -> Value {
    let order = json!({"uid": "179f", "tradeable": "PF_ETHUSD", "direction": "Buy", "quantity": left, "filled": filled, "limitPrice": "1800.5",
        "orderType": "Limit", "clientId": id(leg).as_str(), "reduceOnly": false, "timestamp": START - 1000 * ago_s - 500});
    json!({"uid": "2314", "timestamp": START - 1000 * ago_s, "event": {name: {field: order, "reason": reason}}})
}

fn past(elements: Value) -> Step {
    raw(PAST, 200, &json!({"elements": elements, "accountUid": "4061", "len": 1, "serverTime": NOW}).to_string())
}

const LONG_AGO: &str = "2023-11-14T22:13:10.000Z";

#[test]
fn the_first_list_that_knows_an_order_is_the_last_that_is_asked() {
    for (word, changes, expected) in [
        ("ENTERED_BOOK", json!({}), OrderStatus::Resting),
        ("FULLY_EXECUTED", json!({"filled": 0.5}), OrderStatus::Filled),
        ("CANCELLED", json!({}), OrderStatus::Canceled),
        ("REJECTED", json!({}), OrderStatus::Rejected),
        ("unknown", json!({}), OrderStatus::Taken),
    ] {
        let mut stage = stage();
        let state = stage.expect([status(Leg::Entry, word, changes.clone())]).order(&entry_ref()).unwrap().unwrap();
        let filled = if changes["filled"].is_null() { d("0.2") } else { d("0.5") };
        assert_eq!((state.status, state.filled, state.qty, state.price), (expected, filled, d("0.5"), d("1922.1")), "{word}");
        assert_eq!((state.side, state.opens, state.created_at), (Side::Long, true, START));
        assert_eq!(stage.asked(0, "cliOrdIds").as_deref(), Some(id(Leg::Entry).as_str()));
        assert_eq!(stage.asked(0, "processBefore"), None);
        stage.done();
    }
    // Another order's row, and then the list of open ones.
    let mut stage = stage();
    let rows = json!([open_row(Leg::Second, "1", "lmt"), open_row(Leg::Entry, "2", "lmt")]);
    let steps = [status(Leg::Second, "CANCELLED", json!({})), ok(OPEN, "openOrders", rows)];
    let state = stage.expect(steps).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.qty, state.filled, state.price), (OrderStatus::Resting, d("0.5"), d("0.2"), d("1700")));
    stage.done();
}

#[test]
fn guards_are_found_waiting_fired_or_refused_at_their_trigger() {
    for (word, kind, expected) in [
        ("TRIGGER_PLACED", "TRIGGER_ORDER", OrderStatus::Resting),
        ("TRIGGER_ACTIVATION_FAILURE", "TRIGGER_ORDER", OrderStatus::Rejected),
        ("ENTERED_BOOK", "ORDER", OrderStatus::Triggered),
        ("FULLY_EXECUTED", "ORDER", OrderStatus::Filled),
    ] {
        let changes = json!({"type": kind, "side": "sell", "reduceOnly": true});
        let state = stage().expect([status(Leg::Stop, word, changes)]).order(&stop_ref()).unwrap().unwrap();
        assert!(state.is(&stop_ref()) && !state.opens && state.side == Side::Long, "{state:?}");
        assert_eq!((state.status, state.guards, state.price), (expected, Some(ProtectionKind::StopLoss), d("1700")), "{word}");
    }
    // What waits for its price has executed nothing, and says so with nothing. An order says how much.
    for nothing in [json!({"filled": null}), json!({})] {
        let changes = with(json!({"type": "TRIGGER_ORDER", "side": "sell", "reduceOnly": true}), nothing);
        let step = status_without_filled(Leg::Stop, "TRIGGER_PLACED", changes);
        let state = stage().expect([step]).order(&stop_ref()).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.qty), (OrderStatus::Resting, Decimal::ZERO, d("0.5")));
    }
    let untold = stage().expect([status_without_filled(Leg::Entry, "CANCELLED", json!({"filled": null}))]).order(&entry_ref());
    assert!(is_unknown(&untold), "{untold:?}");
    let steps = [no_status(), ok(OPEN, "openOrders", json!([open_row(Leg::Stop, "1", "stop")]))];
    let state = stage().expect(steps).order(&stop_ref()).unwrap().unwrap();
    assert!(state.is(&stop_ref()) && state.status == OrderStatus::Resting && state.side == Side::Long);
    let steps = [no_status(), none_open(), fills(json!([fill_row(1, Leg::Stop, LONG_AGO)])), past(json!([]))];
    let state = stage().expect(steps).order(&stop_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.conditional), (OrderStatus::Filled, d("0.1"), true));
}

#[test]
fn an_order_that_ended_a_while_ago_is_in_what_was_executed() {
    let rows = || fills(json!([fill_row(2, Leg::Entry, LONG_AGO), fill_row(9, Leg::Second, LONG_AGO), fill_row(1, Leg::Entry, LONG_AGO)]));
    let full = event(Leg::Entry, 10, "OrderUpdated", "newOrder", "0", "0.2", "full_fill");
    let part = event(Leg::Entry, 9, "OrderCancelled", "order", "0.3", "0.2", "cancelled_by_user");
    let elsewhere = raw(PAST, 200, &json!({"result": "error", "error": "apiLimitExceeded"}).to_string());
    for (history, expected, qty) in [
        (past(json!([full.clone()])), OrderStatus::Filled, "0.2"),
        (past(json!([part, full])), OrderStatus::Canceled, "0.5"),
        // What was executed is known without the history, too.
        (past(json!([])), OrderStatus::Filled, "0.2"),
        (elsewhere, OrderStatus::Filled, "0.2"),
    ] {
        let mut stage = stage();
        let state = stage.expect([no_status(), none_open(), rows(), history]).order(&entry_ref()).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.qty, state.avg_price), (expected, d("0.2"), d(qty), d("1901.5")));
        assert_eq!(stage.query(3), "tradeable=PF_ETHUSD&count=100&sort=desc");
        stage.done();
    }
    // One that was executed a moment before the exchange answered may have more to come, whatever our clock says.
    let steps = [no_status(), none_open(), fills(json!([fill_row(1, Leg::Entry, "2023-11-14T22:13:16.000Z")])), past(json!([]))];
    let mut stage = stage();
    stage.pass(60_000);
    let state = stage.expect(steps).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.created_at), (OrderStatus::Taken, d("0.1"), START - 4000));
}

#[test]
fn an_order_that_was_never_executed_is_in_the_history_or_nowhere() {
    let look = |elements: Value| stage().expect([no_status(), none_open(), fills(json!([])), past(elements)]).order(&entry_ref());
    let placed = |ago_s| event(Leg::Entry, ago_s, "OrderPlaced", "order", "0.5", "0", "new_user_order");
    for (elements, expected) in [
        (json!([event(Leg::Entry, 20, "OrderCancelled", "order", "0.5", "0", "cancelled_by_user"), placed(30)]), OrderStatus::Canceled),
        // In whatever order they come.
        (json!([placed(30), event(Leg::Entry, 20, "OrderCancelled", "order", "0.5", "0", "cancelled_by_user")]), OrderStatus::Canceled),
        (json!([placed(20), event(Leg::Entry, 20, "OrderRejected", "order", "0.5", "0", "would_not_execute")]), OrderStatus::Canceled),
        (json!([event(Leg::Entry, 20, "OrderRejected", "order", "0.5", "0", "insufficient_margin")]), OrderStatus::Rejected),
        // Not open any more, whatever ended it; unless that was just now.
        (json!([placed(30)]), OrderStatus::Expired),
        (json!([placed(2)]), OrderStatus::Taken),
    ] {
        let state = look(elements.clone()).unwrap().unwrap();
        assert_eq!((state.status, state.qty, state.filled), (expected, d("0.5"), Decimal::ZERO), "{elements}");
    }
    let strange = json!({"timestamp": START, "event": {"AnnouncedSomething": 5}});
    assert_eq!(look(json!([strange, event(Leg::Second, 5, "OrderPlaced", "order", "0.5", "0", "")])), Ok(None));
    // What cannot be read about the order itself is not passed over.
    let broken_row = json!({"timestamp": START, "event": {"OrderPlaced": {"order": {"clientId": id(Leg::Entry).as_str()}}}});
    assert!(is_err_unknown(&look(json!([broken_row]))));
}

fn is_err_unknown<T>(result: &Result<T>) -> bool {
    matches!(result, Err(ExchangeError::Unknown { .. }))
}

#[test]
fn nobody_knows_an_order_only_when_every_list_was_read() {
    let lists = || vec![no_status(), none_open(), fills(json!([])), past(json!([]))];
    for (at, name) in [STATUS, OPEN, FILLS, PAST].into_iter().enumerate() {
        let mut steps = lists();
        steps.truncate(at);
        let failed = stage().expect(steps.into_iter().chain([raw(name, 502, "<html>")])).order(&entry_ref());
        assert!(failed.is_err(), "{name}");
        let mut steps = lists();
        steps.truncate(at);
        let empty = stage().expect(steps.into_iter().chain([done(name)])).order(&entry_ref());
        assert!(is_err_unknown(&empty), "{name}");
    }
    assert_eq!(stage().expect(lists()).order(&entry_ref()), Ok(None));
    // The history's limit is its own: no other call has to wait for it.
    let mut steps = lists();
    steps.truncate(3);
    let limited = stage().expect(steps.into_iter().chain([raw(PAST, 429, "")])).order(&entry_ref());
    assert_eq!(reason(limited), Some(Reason::Other));
}

#[test]
fn a_full_page_of_a_young_history_has_a_next_one() {
    let page = |ago_s: u64, token: &str| {
        let rows: Vec<Value> = (0..100).map(|_| event(Leg::Second, ago_s, "OrderPlaced", "order", "0.5", "0", "")).collect();
        raw(PAST, 200, &json!({"elements": rows, "continuationToken": token}).to_string())
    };
    let found = event(Leg::Entry, 60, "OrderCancelled", "order", "0.5", "0", "");
    let mut stage = stage();
    let steps = [no_status(), none_open(), fills(json!([])), page(10, "c2M="), past(json!([found]))];
    assert_eq!(stage.expect(steps).order(&entry_ref()).unwrap().unwrap().status, OrderStatus::Canceled);
    assert_eq!(stage.query(4), "tradeable=PF_ETHUSD&count=100&sort=desc&continuation_token=c2M%3D");
    let steps = [no_status(), none_open(), fills(json!([])), page(901, "c2M=")];
    assert_eq!(stage.expect(steps).order(&entry_ref()), Ok(None));
    stage.done();
    // A page may be shorter than was asked for: the token says that there is more.
    let short = raw(
        PAST,
        200,
        &json!({"elements": [event(Leg::Second, 10, "OrderPlaced", "order", "0.5", "0", "")], "continuationToken": "t"}).to_string(),
    );
    let found = event(Leg::Entry, 60, "OrderCancelled", "order", "0.5", "0", "");
    let steps = [no_status(), none_open(), fills(json!([])), short, past(json!([found]))];
    assert_eq!(stage.expect(steps).order(&entry_ref()).unwrap().unwrap().status, OrderStatus::Canceled);
    stage.done();
    // Cut where it is not old enough, the history does not say that an order never was.
    let steps = [no_status(), none_open(), fills(json!([])), page(10, "a"), page(20, "b"), page(30, "c")];
    assert!(is_err_unknown(&stage.expect(steps).order(&entry_ref())));
    stage.done();
}

/// Rows of another order, all of them so many seconds old.
fn crowd(page: usize, ago_s: u64) -> Step {
    let time = crate::time::utc_text(START - 1000 * ago_s) + "Z";
    fills((0..100).map(|at| fill_row(1000 * page + at, Leg::Second, &time)).collect())
}

#[test]
fn an_order_behind_many_newer_executions_is_paged_for_or_stays_in_doubt() {
    let mine = || fills(json!([fill_row(1, Leg::Entry, LONG_AGO)]));
    let mut stage = stage();
    let steps = [no_status(), none_open(), crowd(1, 1), mine(), past(json!([]))];
    let state = stage.expect(steps).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.filled), (OrderStatus::Filled, d("0.1")));
    stage.done();
    // Older than any order that is in doubt: nobody is hidden behind it.
    let steps = [no_status(), none_open(), crowd(1, 901), past(json!([]))];
    assert_eq!(stage.expect(steps).order(&entry_ref()), Ok(None));
    stage.done();
    let cut = || vec![no_status(), none_open(), crowd(1, 1), crowd(2, 2), crowd(3, 3)];
    let look = |stage: &mut Stage, history: Step| stage.expect(cut().into_iter().chain([history])).order(&entry_ref());
    assert!(is_err_unknown(&look(&mut stage, past(json!([])))));
    assert!(is_err_unknown(&look(&mut stage, raw(PAST, 429, ""))) || reason(look(&mut stage, raw(PAST, 429, ""))) == Some(Reason::Other));
    // The history may know it all the same.
    let full = event(Leg::Entry, 10, "OrderUpdated", "newOrder", "0", "0.2", "full_fill");
    let state = look(&mut stage, past(json!([full]))).unwrap().unwrap();
    assert_eq!((state.status, state.filled), (OrderStatus::Filled, d("0.2")));
    // A part of what was executed says how much only when the history agrees.
    let part = || {
        let time = crate::time::utc_text(START - 10_000) + "Z";
        let rows: Vec<Value> = (0..100).map(|at| fill_row(3000 + at, Leg::Entry, &time)).collect();
        [no_status(), none_open(), crowd(1, 1), crowd(2, 2), fills(json!(rows))]
    };
    assert!(is_err_unknown(&stage.expect(part().into_iter().chain([past(json!([]))])).order(&entry_ref())));
    let full = event(Leg::Entry, 10, "OrderUpdated", "newOrder", "0", "25", "full_fill");
    let state = stage.expect(part().into_iter().chain([past(json!([full]))])).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.filled), (OrderStatus::Filled, d("25")));
    stage.done();
}

#[test]
fn an_answer_without_its_time_is_as_old_as_its_question() {
    let timeless =
        |expected: &'static str, name: &str, rows: Value| raw(expected, 200, &json!({"result": "success", name: rows}).to_string());
    let mut stage = stage();
    let steps = [no_status(), none_open(), timeless(FILLS, "fills", json!([fill_row(1, Leg::Entry, LONG_AGO)])), past(json!([]))];
    assert_eq!(stage.expect(steps).order(&entry_ref()).unwrap().unwrap().status, OrderStatus::Filled);
    let placed = |ago_s| json!([event(Leg::Entry, ago_s, "OrderPlaced", "order", "0.5", "0", "new_user_order")]);
    for (ago_s, expected) in [(30, OrderStatus::Expired), (2, OrderStatus::Taken)] {
        let steps = [no_status(), none_open(), fills(json!([])), timeless(PAST, "elements", placed(ago_s))];
        assert_eq!(stage.expect(steps).order(&entry_ref()).unwrap().unwrap().status, expected, "{ago_s}");
    }
    stage.done();
}

#[test]
fn executions_are_paged_back_to_their_time_and_come_once() {
    let time = |ms: u64| crate::time::utc_text(ms) + "Z";
    let row = |number: usize, ms: u64| fill_row(number, Leg::Entry, &time(ms));
    let first: Vec<Value> = (0..100).map(|at| row(200 - at, START - 10 * at as u64)).collect();
    // The last row of the first page comes again; what is older than asked for is left out, and other contracts are.
    let other = with(row(7, START - 995), json!({"symbol": "PF_XBTUSD"}));
    let second = json!([row(101, START - 990), other, row(100, START - 1000), row(99, START - 1001)]);
    let mut stage = stage();
    let list = stage.expect([fills(json!(first)), fills(second)]).fills(&eth(), START - 1000).unwrap();
    assert_eq!((list.len(), list[0].at, list[0].price, list[100].at), (101, START - 1000, d("2000"), START));
    assert!(list.iter().all(|fill| fill.fee.is_zero() && fill.fee_elsewhere && fill.buy && fill.side.is_none()), "fees are not told");
    assert_eq!(stage.query(0), "");
    assert_eq!(stage.query(1), format!("lastFillTime={}", time(START - 989).replace(':', "%3A")));
    // Full pages that bring nothing new, or do not end, tell no whole list. The same question is not paged for again.
    let same: Vec<Value> = (0..100).map(|at| row(at, START)).collect();
    let endless: Vec<Step> = (1..=10).map(|page| crowd(page, 0)).collect();
    for (since, steps) in [(START - 1000, vec![fills(json!(same.clone())), fills(json!(same))]), (START - 2000, endless)] {
        for steps in [steps, Vec::new(), Vec::new()] {
            let cut = stage.expect(steps).fills(&eth(), since).unwrap_err();
            assert_eq!(cut.reason(), Some(Reason::Other));
            assert!(cut.to_string().contains("too many executions"), "{cut}");
        }
    }
    assert_eq!(stage.expect([fills(json!([row(1, START)]))]).fills(&eth(), START - 500).unwrap().len(), 1, "another question");
    let timeless = with(row(1, START), json!({"fillTime": "yesterday"}));
    assert!(is_err_unknown(&stage.expect([fills(json!([timeless]))]).fills(&eth(), START)));
    stage.done();
}
