//! Calls of classic accounts.

use super::*;

const PLACE: &str = "POST /api/v2/mix/order/place-order";
const BATCH: &str = "POST /api/v2/mix/order/batch-place-order";
const PROTECT: &str = "POST /api/v2/mix/order/place-tpsl-order";
const SETUP: &str = "GET /api/v2/mix/account/account";
const LEVERAGE: &str = "POST /api/v2/mix/account/set-leverage";
const MARGIN: &str = "POST /api/v2/mix/account/set-margin-mode";
const DETAIL: &str = "GET /api/v2/mix/order/detail";
const OPEN: &str = "GET /api/v2/mix/order/orders-pending";
const PLANS: &str = "GET /api/v2/mix/order/orders-plan-pending";
const ENDED: &str = "GET /api/v2/mix/order/orders-plan-history";
const CANCEL_ALL: &str = "POST /api/v2/mix/order/batch-cancel-orders";
const CANCEL_PLAN: &str = "POST /api/v2/mix/order/cancel-plan-order";
const FILLS: &str = "GET /api/v2/mix/order/fills";

fn setup(mode: &str, cross: u32, long: u32, short: u32) -> Step {
    ok(
        SETUP,
        json!({"marginMode": mode, "posMode": "one_way_mode", "crossedMarginLeverage": cross, "isolatedLongLever": long.to_string(),
        "isolatedShortLever": short}),
    )
}

fn leverage_set(cross: &str, long: &str, short: &str) -> Step {
    ok(LEVERAGE, json!({"symbol": "ETHUSDT", "crossMarginLeverage": cross, "longLeverage": long, "shortLeverage": short}))
}

fn row(leg: Leg, more: Value) -> Value {
    let mut row = json!({"symbol": "ETHUSDT", "size": "0.5", "clientOid": id(leg).as_str(), "baseVolume": "0", "price": "1900", "priceAvg": "",
        "side": "buy", "posSide": "net", "tradeSide": "buy_single", "reduceOnly": "NO", "cTime": (START - 100).to_string()});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn listed(path: &'static str, rows: Value) -> Step {
    ok(path, json!({"entrustedList": rows, "endId": "1"}))
}

fn plan(kind: &str, oid: &str, price: &str) -> Value {
    json!({"planType": kind, "symbol": "ETHUSDT", "size": "", "clientOid": oid, "triggerPrice": price, "side": "sell", "posSide": "net",
        "tradeSide": "sell_single", "planStatus": "live", "cTime": (START - 50).to_string()})
}

#[test]
fn every_order_names_the_margin_mode_of_its_contract() {
    let mut stage = Stage::new(Classic, false);
    // Not known yet: it is read once.
    stage.expect([setup("isolated", 10, 5, 5), ok(PLACE, ack(Leg::Entry))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
    assert_eq!((stage.sent(1, "marginMode"), stage.sent(1, "marginCoin")), ("isolated".to_owned(), "USDT".to_owned()));
    stage.expect([ok(PLACE, ack(Leg::Second))]).place(&[limit(Leg::Second)]).remove(0).unwrap();
    // It may have been changed elsewhere: after a failure it is read anew, and a position that shows another one counts too.
    let refused = stage.expect([no(PLACE, "45110", "less than the minimum amount 5 USDT")]).place(&[limit(Leg::Entry)]);
    assert_eq!(reason(&refused[0]), Some(Reason::MinNotional));
    stage.expect([setup("crossed", 10, 5, 5), ok(PLACE, ack(Leg::Entry))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
    assert_eq!(stage.sent(1, "marginMode"), "crossed");
    let held = json!([{"symbol": "ETHUSDT", "holdSide": "long", "total": "1", "marginMode": "isolated", "leverage": "5"}]);
    stage.expect([ok("GET /api/v2/mix/position/all-position", held)]).positions(None).unwrap();
    stage.expect([ok(PLACE, ack(Leg::Close))]).place(&[close(Side::Long)]).remove(0).unwrap();
    assert_eq!((stage.sent(0, "marginMode"), stage.sent(0, "reduceOnly")), ("isolated".to_owned(), "YES".to_owned()));
    stage.done();
}

#[test]
fn an_order_whose_margin_mode_cannot_be_read_was_never_sent() {
    let mut stage = Stage::new(Classic, false);
    let orders = [limit(Leg::Entry), limit(Leg::Second)];
    for placed in stage.expect([broken(SETUP, true)]).place(&orders) {
        assert_eq!(placed, Err(ExchangeError::NeverSent("cable cut".to_owned())));
    }
    let strange = ok(SETUP, json!({"marginMode": "new_mode", "posMode": "one_way_mode"}));
    assert!(matches!(stage.expect([strange]).place(&orders[..1])[0], Err(ExchangeError::NeverSent(_))));
    let refused = stage.expect([no(SETUP, "40309", "The contract has been removed")]).place(&orders[..1]);
    assert_eq!(reason(&refused[0]), Some(Reason::SymbolUnknown));
    stage.done();
}

#[test]
fn in_hedge_mode_the_side_is_the_position_whatever_is_done_to_it() {
    let mut stage = Stage::set(Classic, true, MarginMode::Cross);
    for (side, word) in [(Side::Long, "buy"), (Side::Short, "sell")] {
        let open = NewOrder { side, ..limit(Leg::Entry) };
        stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[open]).remove(0).unwrap();
        assert_eq!((stage.sent(0, "side"), stage.sent(0, "tradeSide")), (word.to_owned(), "open".to_owned()));
        stage.expect([ok(PLACE, ack(Leg::Close))]).place(&[close(side)]).remove(0).unwrap();
        assert_eq!((stage.sent(0, "side"), stage.sent(0, "tradeSide")), (word.to_owned(), "close".to_owned()));
        assert_eq!(stage.sent(0, "reduceOnly"), "", "ignored there");
        stage.expect([ok(PROTECT, ack(Leg::Stop))]).protect(&guard(Leg::Stop, side)).unwrap();
        assert_eq!(stage.sent(0, "holdSide"), if side == Side::Long { "long" } else { "short" });
    }
    // In one-way mode the position is told by the direction that built it.
    stage.exchange.account.hedge = false;
    stage.expect([ok(PROTECT, ack(Leg::Target))]).protect(&guard(Leg::Target, Side::Short)).unwrap();
    assert_eq!((stage.sent(0, "holdSide"), stage.sent(0, "planType")), ("sell".to_owned(), "pos_profit".to_owned()));
    assert_eq!((stage.sent(0, "triggerType"), stage.sent(0, "size")), ("fill_price".to_owned(), String::new()));
    stage.done();
}

#[test]
fn a_batch_of_which_some_were_refused_for_the_clock_has_the_next_call_on_time() {
    let mut stage = Stage::set(Classic, false, MarginMode::Cross);
    let late =
        json!([{"orderId": "", "clientOid": id(Leg::Entry).as_str(), "errorMsg": "Request timestamp expired", "errorCode": "40008"}]);
    let steps = [
        ok(BATCH, json!({"successList": [ack(Leg::Second)], "failureList": late})),
        ok("GET /api/v2/public/time", json!({"serverTime": (START + 7000).to_string()})),
    ];
    let placed = stage.expect(steps).place(&[limit(Leg::Entry), limit(Leg::Second)]);
    assert_eq!((reason(&placed[0]), placed[1].is_ok()), (Some(Reason::ClockSkew), true));
    assert_eq!(stage.exchange.account.session.offset_ms(), 7000);
    stage.done();
}

#[test]
fn a_batch_is_answered_order_by_order_and_by_name() {
    let mut stage = Stage::set(Classic, false, MarginMode::Cross);
    let orders = [limit(Leg::Entry), limit(Leg::Second), limit(Leg::Order)];
    let failed = json!([{"orderId": "", "clientOid": id(Leg::Entry).as_str(), "errorMsg": "less than the minimum amount 5 USDT", "errorCode": "45110"}]);
    let placed = stage.expect([ok(BATCH, json!({"successList": [ack(Leg::Second)], "failureList": failed}))]).place(&orders);
    assert_eq!(reason(&placed[0]), Some(Reason::MinNotional));
    assert_eq!(placed[1].as_ref().unwrap().id, id(Leg::Second).as_str());
    assert!(is_unknown(&placed[2]), "{placed:?}");

    // An element may be as unsure as a whole answer.
    let unsure = json!([{"clientOid": id(Leg::Entry).as_str(), "errorMsg": "Unknown error", "errorCode": "45001"}]);
    let steps = [setup("crossed", 1, 1, 1), ok(BATCH, json!({"successList": null, "failureList": unsure}))];
    assert!(is_unknown(&stage.expect(steps).place(&orders[..2])[0]));

    let steps = [setup("crossed", 1, 1, 1), no(BATCH, "40762", "The order size is greater than the max open size")];
    let placed = stage.expect(steps).place(&orders);
    assert!(placed.len() == 3 && placed.iter().all(|result| reason(result) == Some(Reason::InsufficientBalance)));

    let many = vec![limit(Leg::Entry); 21];
    let twenty = json!({"successList": [ack(Leg::Entry)], "failureList": []});
    let placed = stage.expect([setup("crossed", 1, 1, 1), ok(BATCH, twenty), ok(PLACE, ack(Leg::Entry))]).place(&many);
    assert!(placed.len() == 21 && placed.iter().all(Result::is_ok));
    assert!(stage.expect([]).place(&[]).is_empty());
    stage.done();
}

#[test]
fn prepare_reads_first_and_sends_only_what_differs() {
    let mut stage = Stage::new(Classic, false);
    stage.expect([setup("isolated", 20, 5, 5)]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    stage.expect([]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    // The other mode has a leverage of its own.
    let done = || ok(MARGIN, json!({"symbol": "ETHUSDT", "marginMode": "crossed"}));
    stage.expect([done(), leverage_set("5", "5", "5")]).prepare(&eth(), &terms(5, MarginMode::Cross)).unwrap();
    stage.expect([]).prepare(&eth(), &terms(5, MarginMode::Cross)).unwrap();
    assert_eq!(stage.exchange.account.known.get(&eth()), terms(5, MarginMode::Cross));

    // "Already so" is success; a margin mode is blocked by whatever there is.
    stage.expect([no(LEVERAGE, "40814", "No change in leverage")]).prepare(&eth(), &terms(7, MarginMode::Cross)).unwrap();
    let blocked = no(MARGIN, "45117", "Currently holding positions or orders, the margin mode cannot be adjusted");
    let refused = stage.expect([blocked]).prepare(&eth(), &terms(7, MarginMode::Isolated));
    assert_eq!(reason(&refused), Some(Reason::SettingBlocked));
    let other = stage.expect([leverage_set("50", "5", "5")]).prepare(&eth(), &terms(75, MarginMode::Cross));
    assert_eq!(reason(&other), Some(Reason::Leverage));
    // What was there before is not taken for known then, nor after an answer that did not come.
    stage.expect([leverage_set("7", "5", "5")]).prepare(&eth(), &terms(7, MarginMode::Cross)).unwrap();
    assert!(is_unknown(&stage.expect([broken(LEVERAGE, true)]).prepare(&eth(), &terms(9, MarginMode::Cross))));
    stage.expect([leverage_set("7", "5", "5")]).prepare(&eth(), &terms(7, MarginMode::Cross)).unwrap();
    // A margin mode that may have been set is read again.
    assert!(is_unknown(&stage.expect([broken(MARGIN, true)]).prepare(&eth(), &terms(7, MarginMode::Isolated))));
    stage.expect([setup("isolated", 9, 7, 7)]).prepare(&eth(), &terms(7, MarginMode::Isolated)).unwrap();
    stage.done();
}

#[test]
fn isolated_margin_has_a_leverage_for_each_side_in_hedge_mode() {
    let mut stage = Stage::new(Classic, true);
    // Two different ones are none.
    assert_eq!(stage.expect([setup("isolated", 20, 5, 8)]).terms(&eth()).unwrap().leverage, None);
    let same = no(LEVERAGE, "45054", "No change in leverage");
    stage.expect([same, leverage_set("20", "5", "5")]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    assert_eq!((stage.sent(0, "holdSide"), stage.sent(1, "holdSide")), ("long".to_owned(), "short".to_owned()));
    let half = [leverage_set("20", "9", "5"), leverage_set("20", "9", "5")];
    assert_eq!(reason(&stage.expect(half).prepare(&eth(), &terms(9, MarginMode::Isolated))), Some(Reason::Leverage));
    // The long half was set: five is not known any more, nor when the other half's request never left.
    let both = || [leverage_set("20", "5", "5"), leverage_set("20", "5", "5")];
    stage.expect(both()).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    let cut = [leverage_set("20", "9", "5"), broken(LEVERAGE, false)];
    assert!(stage.expect(cut).prepare(&eth(), &terms(9, MarginMode::Isolated)).is_err());
    stage.expect(both()).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    stage.done();
}

#[test]
fn an_order_is_found_by_its_name_and_a_guard_in_the_list_while_it_waits() {
    let mut stage = Stage::new(Classic, false);
    for code in ["40109", "43001"] {
        assert_eq!(stage.expect([no(DETAIL, code, "The data of the order cannot be found")]).order(&entry_ref()), Ok(None));
    }
    let cases = [
        ("live", OrderStatus::Resting),
        ("init", OrderStatus::Resting),
        ("new_word", OrderStatus::Resting),
        ("partially_filled", OrderStatus::Resting),
        ("filled", OrderStatus::Filled),
        ("canceled", OrderStatus::Canceled),
    ];
    for (word, status) in cases {
        let state = json!({"state": word, "baseVolume": "0.2", "priceAvg": "1899.5"});
        let found = stage.expect([ok(DETAIL, row(Leg::Entry, state))]).order(&entry_ref()).unwrap().unwrap();
        assert_eq!((found.status, found.filled, found.avg_price, found.created_at), (status, d("0.2"), d("1899.5"), START - 100));
    }
    assert!(is_unknown(&stage.expect([ok(DETAIL, row(Leg::Second, json!({"state": "live"})))]).order(&entry_ref())));
    assert!(is_unknown(&stage.expect([ok(DETAIL, row(Leg::Entry, json!({"state": "filled", "baseVolume": ""})))]).order(&entry_ref())));

    // By name; one that was set in the app has none of ours and is told by what it does.
    let ours = plan("pos_loss", id(Leg::Stop).as_str(), "1700");
    for row in [ours, plan("pos_loss", "1166", "1800.00")] {
        let state = stage.expect([listed(PLANS, json!([row]))]).order(&guard_ref(Leg::Stop)).unwrap().unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Resting, Side::Long, false));
        assert_eq!(stage.sent(0, "planType"), "profit_loss");
    }
    let others = json!([plan("pos_loss", "1166", "1799"), plan("pos_profit", "1166", "1800")]);
    for rows in [others, json!(null)] {
        let steps = [listed(PLANS, rows), listed(ENDED, json!(null))];
        assert_eq!(stage.expect(steps).order(&guard_ref(Leg::Stop)), Ok(None));
    }
    stage.done();
}

#[test]
fn a_guard_that_waits_no_more_is_followed_to_what_it_became() {
    use OrderStatus::*;
    let mut stage = Stage::new(Classic, false);
    let ended = |status: &str, became: Value| {
        let mut row = plan("pos_loss", id(Leg::Stop).as_str(), "1800");
        row["planStatus"] = json!(status);
        row["executeOrderId"] = became;
        vec![listed(PLANS, json!([])), listed(ENDED, json!([row]))]
    };
    let child = |state: &str, filled: &str| {
        let mut row = row(Leg::Stop, json!({"state": state, "baseVolume": filled, "priceAvg": "1799.5", "side": "sell"}));
        row["clientOid"] = json!("1117000000000000077");
        ok(DETAIL, row)
    };
    let cases = [
        (ended("cancelled", json!("")), None, Canceled, "0"),
        (ended("canceled", json!("77")), None, Canceled, "0"),
        (ended("fail_execute", json!(null)), None, Rejected, "0"),
        (ended("failed", json!("77")), None, Rejected, "0"),
        (ended("executing", json!("77")), None, Resting, "0"),
        (ended("", json!("77")), None, Resting, "0"),
        (ended("executed", json!(null)), None, Triggered, "0"),
        (ended("executed", json!("77")), Some(child("filled", "0.5")), Filled, "0.5"),
        (ended("executed", json!("77")), Some(child("partially_filled", "0.2")), Triggered, "0.2"),
        (ended("executed", json!("77")), Some(child("canceled", "0.1")), Canceled, "0.1"),
        (ended("executed", json!("77")), Some(no(DETAIL, "40109", "cannot be found")), Triggered, "0"),
    ];
    for (steps, child, status, filled) in cases {
        let state = stage.expect(steps.into_iter().chain(child)).order(&guard_ref(Leg::Stop)).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.id.as_str()), (status, d(filled), id(Leg::Stop).as_str()));
        assert!(state.conditional && !state.opens && state.price == d("1800"));
        assert_eq!(stage.sent(1, "clientOid"), id(Leg::Stop).as_str());
    }
    // Another one's history is not its own.
    let mut other = plan("pos_loss", "1166", "1800");
    other["planStatus"] = json!("executed");
    let steps = [listed(PLANS, json!([])), listed(ENDED, json!([other]))];
    assert_eq!(stage.expect(steps).order(&guard_ref(Leg::Stop)), Ok(None));
    stage.done();
}

#[test]
fn rows_of_hedge_mode_name_the_position_they_act_on() {
    let mut stage = Stage::new(Classic, true);
    let cases = [
        (json!({"side": "buy", "posSide": "long", "tradeSide": "open"}), Side::Long, true),
        (json!({"side": "buy", "posSide": "long", "tradeSide": "close"}), Side::Long, false),
        (json!({"side": "sell", "posSide": "short", "tradeSide": "open"}), Side::Short, true),
        (json!({"side": "sell", "posSide": "short", "tradeSide": "close"}), Side::Short, false),
        (json!({"side": "sell", "posSide": "net", "reduceOnly": "YES"}), Side::Long, false),
        (json!({"side": "sell", "posSide": "net", "reduceOnly": "no"}), Side::Short, true),
    ];
    let rows: Vec<Value> = cases.iter().map(|case| row(Leg::Order, case.0.clone())).collect();
    let trigger = json!([plan("normal_plan", "app-1", "2000")]);
    let steps = [listed(PLANS, json!(null)), listed(PLANS, trigger), listed(OPEN, json!(rows))];
    let orders = stage.expect(steps).open_orders(&eth()).unwrap();
    assert_eq!((stage.sent(0, "planType"), stage.sent(1, "planType")), ("profit_loss".to_owned(), "normal_plan".to_owned()));
    assert!(orders[0].conditional && orders[0].guards.is_none() && orders[0].opens, "a trigger order may open");
    for ((_, side, opens), order) in cases.iter().zip(&orders[1..]) {
        assert_eq!((order.side, order.opens), (*side, *opens), "{order:?}");
    }
    stage.done();
}

#[test]
fn a_long_list_of_orders_is_read_to_its_end() {
    let mut stage = Stage::new(Classic, false);
    let page = |count: usize, end: &str| ok(OPEN, json!({"entrustedList": vec![row(Leg::Order, json!({})); count], "endId": end}));
    let none = || listed(PLANS, json!([]));
    let orders = stage.expect([none(), none(), page(100, "77"), page(3, "70")]).open_orders(&eth()).unwrap();
    assert_eq!((orders.len(), stage.sent(2, "idLessThan"), stage.sent(3, "idLessThan")), (103, String::new(), "77".to_owned()));
    // An exchange that shows the same page again has no more.
    let orders = stage.expect([none(), none(), page(100, "77"), page(100, "77")]).open_orders(&eth()).unwrap();
    assert_eq!(orders.len(), 100);
    stage.done();
}

#[test]
fn cancelling_asks_the_right_list_and_says_when_the_order_is_gone() {
    let mut stage = Stage::new(Classic, false);
    let path = "POST /api/v2/mix/order/cancel-order";
    stage.expect([ok(path, ack(Leg::Entry))]).cancel(&entry_ref()).unwrap();
    assert_eq!(reason(&stage.expect([no(path, "22001", "No order to cancel")]).cancel(&entry_ref())), Some(Reason::UnknownOrder));

    let target = guard_ref(Leg::Target);
    let answer = |success: Value, failure: Value| ok(CANCEL_PLAN, json!({"successList": success, "failureList": failure}));
    stage.expect([answer(json!([ack(Leg::Target)]), json!([]))]).cancel(&target).unwrap();
    assert_eq!(stage.sent(0, "planType"), "pos_profit");
    let gone = json!([{"orderId": "", "clientOid": id(Leg::Target).as_str(), "errorMsg": "notExistend"}]);
    assert_eq!(reason(&stage.expect([answer(json!([]), gone)]).cancel(&target)), Some(Reason::UnknownOrder));
    let coded = json!([{"clientOid": id(Leg::Target).as_str(), "errorMsg": "Plan order does not exist", "errorCode": "43025"}]);
    assert_eq!(reason(&stage.expect([answer(json!([]), coded)]).cancel(&target)), Some(Reason::UnknownOrder));
    assert!(is_unknown(&stage.expect([answer(json!([]), json!([]))]).cancel(&target)));
    stage.done();
}

#[test]
fn cancelling_all_goes_kind_by_kind_and_nothing_to_cancel_is_success() {
    let mut stage = Stage::new(Classic, false);
    let done = |path| ok(path, json!({"successList": [ack(Leg::Entry)], "failureList": []}));
    stage.expect([done(CANCEL_ALL)]).cancel_all(&eth(), false).unwrap();
    assert_eq!(stage.sent(0, "symbol"), "ETHUSDT");
    stage.expect([done(CANCEL_ALL)].into_iter().chain((0..5).map(|_| done(CANCEL_PLAN)))).cancel_all(&eth(), true).unwrap();
    let kinds: Vec<String> = (1..6).map(|at| stage.sent(at, "planType")).collect();
    assert_eq!(kinds, ["normal_plan", "profit_plan", "pos_profit", "loss_plan", "pos_loss"], "the stop goes last");
    let none = |path| no(path, "22001", "No order to cancel");
    stage.expect([none(CANCEL_ALL)].into_iter().chain((0..5).map(|_| none(CANCEL_PLAN)))).cancel_all(&eth(), true).unwrap();

    let failed =
        |code: &str| ok(CANCEL_ALL, json!({"successList": [], "failureList": [{"clientOid": "x", "errorMsg": "m", "errorCode": code}]}));
    stage.expect([failed("43001")]).cancel_all(&eth(), false).unwrap();
    assert!(is_unknown(&stage.expect([failed("45001")]).cancel_all(&eth(), false)));
    let half = stage.expect([done(CANCEL_ALL), broken(CANCEL_PLAN, true)]).cancel_all(&eth(), true);
    assert!(is_unknown(&half));
    stage.done();
}

fn fill(number: u64, at: Millis, more: Value) -> Value {
    let mut row = json!({"tradeId": number.to_string(), "symbol": "ETHUSDT", "price": "2000.5", "baseVolume": "0.1", "side": "buy",
        "tradeSide": "buy_single", "posMode": "one_way_mode", "feeDetail": [{"feeCoin": "USDT", "totalFee": "-0.04"}], "cTime": at.to_string()});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn fills(rows: Vec<Value>, end: &str) -> Step {
    ok(FILLS, json!({"fillList": rows, "endId": end}))
}

#[test]
fn fills_are_read_page_by_page_oldest_first_and_counted_once() {
    let mut stage = Stage::new(Classic, false);
    // The newest come first, and a page may begin with what the last one ended with.
    let first = (0..100).map(|n| fill(1000 - n, START - n, json!({}))).collect();
    let second = vec![fill(901, START - 99, json!({})), fill(900, START - 100, json!({}))];
    let read = stage.expect([fills(first, "901"), fills(second, "900")]).fills(&eth(), START - 5000).unwrap();
    assert_eq!((read.len(), stage.sent(1, "idLessThan"), stage.sent(1, "startTime")), (101, "901".to_owned(), (START - 5000).to_string()));
    assert!(read.is_sorted_by_key(|fill| fill.at) && read[0].at == START - 100);

    // Forty days are two spans, and nothing is remembered for longer than ninety.
    let day = 24 * 3_600_000;
    let quiet = || ok(FILLS, json!({"fillList": null, "endId": null}));
    assert!(stage.expect([quiet(), quiet()]).fills(&eth(), START - 40 * day).unwrap().is_empty());
    assert_eq!((stage.sent(0, "endTime"), stage.sent(1, "startTime")), ((START - 10 * day).to_string(), (START - 10 * day).to_string()));
    assert_eq!(stage.sent(1, "endTime"), "");
    let edge = || fills(vec![fill(1, START - 30 * day, json!({}))], "1");
    let read = stage.expect([quiet(), edge(), edge(), quiet()]).fills(&eth(), START - 400 * day).unwrap();
    assert_eq!((read.len(), stage.sent(0, "startTime")), (1, (START - 90 * day).to_string()));
    stage.done();
}

#[test]
fn a_fill_tells_what_was_bought_and_what_was_paid() {
    let mut stage = Stage::new(Classic, true);
    let hedge = |side: &str, done: &str| json!({"side": side, "tradeSide": done, "posMode": "hedge_mode"});
    // Position side, then whether it was a buy.
    let cases = [
        (json!({"side": "sell"}), None, false),
        (hedge("buy", "open"), Some(Side::Long), true),
        (hedge("buy", "close"), Some(Side::Long), false),
        (hedge("sell", "open"), Some(Side::Short), false),
        (hedge("sell", "close"), Some(Side::Short), true),
    ];
    for (more, side, buy) in cases {
        let read = stage.expect([fills(vec![fill(1, START, more.clone())], "1")]).fills(&eth(), START - 1).unwrap();
        assert_eq!((read[0].side, read[0].buy, read[0].fee, read[0].fee_elsewhere), (side, buy, d("0.04"), false), "{more}");
    }
    let elsewhere = json!({"feeDetail": [{"feeCoin": "BGB", "totalFee": "-0.001"}]});
    let read = stage.expect([fills(vec![fill(1, START, elsewhere)], "1")]).fills(&eth(), START - 1).unwrap();
    assert_eq!((read[0].fee, read[0].fee_elsewhere), (Decimal::ZERO, true));
    stage.done();
}

#[test]
fn the_balance_is_that_of_the_settle_coin() {
    let mut stage = Stage::new(Classic, false);
    let account = |mode: &str| {
        json!([{"marginCoin": "BTC", "accountEquity": "1", "crossedMaxAvailable": "1"}, {"marginCoin": "USDT", "accountEquity": "987.5",
            "crossedMaxAvailable": "800.5", "unionAvailable": "640", "assetMode": mode}])
    };
    let path = "GET /api/v2/mix/account/accounts";
    for (mode, available) in [("single", "800.5"), ("union", "640")] {
        let balance = stage.expect([ok(path, account(mode))]).balance().unwrap();
        assert_eq!((balance.coin.as_str(), balance.total, balance.available), ("USDT", d("987.5"), d(available)));
    }
    assert_eq!(stage.expect([ok(path, json!([]))]).balance().unwrap().total, Decimal::ZERO);
    let unreadable = json!([{"marginCoin": "USDT", "accountEquity": "x", "crossedMaxAvailable": "1"}]);
    assert!(is_unknown(&stage.expect([ok(path, unreadable)]).balance()));
    assert!(is_unknown(&stage.expect([ok("GET /api/v2/mix/market/ticker", json!([]))]).quote(&eth())));
    stage.done();
}
