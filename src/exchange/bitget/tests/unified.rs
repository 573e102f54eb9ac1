//! Calls of unified accounts.

use super::*;

const PLACE: &str = "POST /api/v3/trade/place-order";
const PROTECT: &str = "POST /api/v3/trade/place-strategy-order";
const SETTINGS: &str = "GET /api/v3/account/settings";
const LEVERAGE: &str = "POST /api/v3/account/set-leverage";
const INFO: &str = "GET /api/v3/trade/order-info";
const OPEN: &str = "GET /api/v3/trade/unfilled-orders";
const STRATEGIES: &str = "GET /api/v3/trade/unfilled-strategy-orders";
const ENDED: &str = "GET /api/v3/trade/history-strategy-orders";
const CANCEL_ALL: &str = "POST /api/v3/trade/cancel-symbol-order";
const CANCEL_STRATEGY: &str = "POST /api/v3/trade/cancel-strategy-order";
const FILLS: &str = "GET /api/v3/trade/fills";

fn settings(mode: &str, leverage: &str) -> Step {
    let row = json!({"category": "USDT-FUTURES", "symbol": "ETHUSDT", "marginMode": mode, "leverage": leverage});
    ok(SETTINGS, json!({"accountMode": "unified", "holdMode": "one_way_mode", "symbolConfigList": [row]}))
}

fn row(symbol: &str, more: Value) -> Value {
    let mut row = json!({"orderId": "1", "clientOid": id(Leg::Entry).as_str(), "symbol": symbol, "side": "buy", "price": "1900", "qty": "0.5",
        "cumExecQty": "0", "avgPrice": "0", "orderStatus": "live", "posSide": "long", "holdMode": "one_way_mode", "reduceOnly": "NO",
        "createdTime": (START - 100).to_string()});
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    row
}

fn strategy(symbol: &str, oid: &str, stop: &str, target: &str) -> Value {
    json!({"orderId": format!("of-{oid}"), "clientOid": oid, "symbol": symbol, "qty": "0.5", "posSide": "long", "stopLoss": stop, "takeProfit": target,
        "createdTime": (START - 50).to_string()})
}

fn done() -> Step {
    ok(LEVERAGE, json!("success"))
}

#[test]
fn orders_name_the_margin_mode_that_is_known() {
    let mut stage = Stage::new(Unified, false);
    stage.expect([settings("isolated", "5"), ok(PLACE, ack(Leg::Entry))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
    assert_eq!(
        (stage.sent(1, "marginMode"), stage.sent(1, "timeInForce"), stage.sent(1, "posSide")),
        ("isolated".into(), "gtc".into(), "".into())
    );
    // A contract that was never set to anything is not listed, and is asked about once.
    let other = NewOrder { symbol: Symbol::new("BTCUSDT"), ..limit(Leg::Entry) };
    stage.expect([settings("isolated", "5"), ok(PLACE, ack(Leg::Entry))]).place(std::slice::from_ref(&other)).remove(0).unwrap();
    assert_eq!(stage.sent(1, "marginMode"), "crossed");
    stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[other]).remove(0).unwrap();
    let lost = stage.expect([no(PLACE, "25202", "Insufficient balance")]).place(&[limit(Leg::Entry)]);
    assert_eq!(reason(&lost[0]), Some(Reason::InsufficientBalance));
    let unread = Stage::new(Unified, false).expect([broken(SETTINGS, true)]).place(&[limit(Leg::Entry)]);
    assert!(matches!(unread[0], Err(ExchangeError::NeverSent(_))));
    stage.done();
}

#[test]
fn the_margin_mode_that_was_prepared_outlives_failures_readings_and_positions_of_another_mode() {
    let mut stage = Stage::new(Unified, false);
    let isolated = Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) };
    stage.expect([]).prepare(&eth(), &isolated).unwrap();
    let entered = |stage: &mut Stage| {
        stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
        assert_eq!(stage.sent(0, "marginMode"), "isolated");
    };
    for failed in [no(PLACE, "25202", "Insufficient balance"), broken(PLACE, true), broken(PLACE, false)] {
        assert!(stage.expect([failed]).place(&[limit(Leg::Entry)])[0].is_err());
        entered(&mut stage);
    }
    // The leverage of another mode is not read for that of the wish.
    assert_eq!(stage.expect([settings("crossed", "7")]).terms(&eth()), Ok(isolated));
    entered(&mut stage);
    assert_eq!(stage.expect([settings("isolated", "7")]).terms(&eth()), Ok(terms(7, MarginMode::Isolated)));
    let time = ok("GET /api/v2/public/time", json!({"serverTime": START.to_string()}));
    stage.expect([time, settings("crossed", "7")]).open().unwrap();
    assert_eq!(stage.exchange.account.known.get(&eth()), isolated);
    entered(&mut stage);
    // What somebody holds by hand is closed as it is, but not what comes next opened like it.
    let held = json!({"list": [{"symbol": "ETHUSDT", "posSide": "long", "total": "1", "marginMode": "crossed", "leverage": "5"}]});
    stage.expect([ok("GET /api/v3/position/current-position", held)]).positions(None).unwrap();
    for step in [no(PLACE, "25202", "Insufficient balance"), broken(PLACE, true), ok(PLACE, ack(Leg::Close))] {
        let _ = stage.expect([step]).place(&[close(Side::Long)]);
        assert_eq!(stage.sent(0, "marginMode"), "crossed");
    }
    entered(&mut stage);
    stage.expect([done(), done()]).prepare(&eth(), &Terms { leverage: Some(5), margin_mode: None }).unwrap();
    assert_eq!(stage.sent(0, "marginMode"), "isolated");
    // Of two halves one may have been set, whatever became of the other one.
    for failed in [no(LEVERAGE, "25223", "Leverage exceeds"), broken(LEVERAGE, false)] {
        assert!(stage.expect([done(), failed]).prepare(&eth(), &terms(9, MarginMode::Isolated)).is_err());
        stage.expect([done(), done()]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    }
    stage.done();
}

#[test]
fn in_hedge_mode_the_direction_is_that_of_the_trade() {
    let mut stage = Stage::set(Unified, true, MarginMode::Cross);
    for (side, opens, closes) in [(Side::Long, "buy", "sell"), (Side::Short, "sell", "buy")] {
        stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[NewOrder { side, ..limit(Leg::Entry) }]).remove(0).unwrap();
        assert_eq!(stage.sent(0, "side"), opens);
        stage.expect([ok(PLACE, ack(Leg::Close))]).place(&[close(side)]).remove(0).unwrap();
        assert_eq!((stage.sent(0, "side"), stage.sent(0, "reduceOnly")), (closes.to_owned(), String::new()));
        assert_eq!(stage.sent(0, "posSide"), if side == Side::Long { "long" } else { "short" });
    }
    stage.done();
}

#[test]
fn the_stop_covers_the_position_and_the_target_a_quantity() {
    let mut stage = Stage::new(Unified, false);
    let stop = stage.expect([ok(PROTECT, ack(Leg::Stop))]).protect(&guard(Leg::Stop, Side::Short)).unwrap();
    assert_eq!((stage.sent(0, "tpslMode"), stage.sent(0, "qty"), stage.sent(0, "stopLoss")), ("full".into(), "".into(), "1800".into()));
    // In one-way mode too.
    assert_eq!((stage.sent(0, "posSide"), stage.sent(0, "slTriggerBy"), stop.qty), ("short".into(), "market".into(), Decimal::ZERO));
    let target = stage.expect([ok(PROTECT, ack(Leg::Target))]).protect(&guard(Leg::Target, Side::Long)).unwrap();
    assert_eq!(
        (stage.sent(0, "tpslMode"), stage.sent(0, "qty"), stage.sent(0, "takeProfit")),
        ("partial".into(), "0.5".into(), "1800".into())
    );
    assert_eq!((stage.sent(0, "stopLoss"), target.qty), (String::new(), d("0.5")));
    for (code, why) in [("25594", Reason::AlreadyProtected), ("25601", Reason::NoPosition), ("25588", Reason::WouldTrigger)] {
        assert_eq!(reason(&stage.expect([no(PROTECT, code, "")]).protect(&guard(Leg::Stop, Side::Long))), Some(why));
    }
    assert!(is_unknown(&stage.expect([ok(PROTECT, ack(Leg::Target))]).protect(&guard(Leg::Stop, Side::Long))));
    stage.done();
}

#[test]
fn prepare_sets_the_leverage_of_a_margin_mode_and_orders_name_the_mode() {
    let mut stage = Stage::set(Unified, false, MarginMode::Cross);
    stage.expect([]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    stage.expect([done()]).prepare(&eth(), &terms(5, MarginMode::Cross)).unwrap();
    assert_eq!((stage.sent(0, "marginMode"), stage.sent(0, "posSide")), ("crossed".to_owned(), String::new()));
    // The other mode has a leverage of its own, isolated one for each side.
    let same = no(LEVERAGE, "40814", "No change in leverage");
    stage.expect([same, done()]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    assert_eq!(
        (stage.sent(0, "posSide"), stage.sent(1, "posSide"), stage.sent(1, "marginMode")),
        ("long".into(), "short".into(), "isolated".into())
    );
    stage.expect([]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    // No call sets the mode alone.
    stage.expect([]).prepare(&eth(), &Terms { leverage: None, margin_mode: Some(MarginMode::Cross) }).unwrap();
    stage.expect([ok(PLACE, ack(Leg::Entry))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
    assert_eq!(stage.sent(0, "marginMode"), "crossed");

    let refused = stage.expect([no(LEVERAGE, "25223", "Leverage exceeds")]).prepare(&eth(), &terms(500, MarginMode::Cross));
    assert_eq!(reason(&refused), Some(Reason::Leverage));
    assert!(is_unknown(&stage.expect([broken(LEVERAGE, true)]).prepare(&eth(), &terms(9, MarginMode::Cross))));
    stage.expect([done()]).prepare(&eth(), &terms(9, MarginMode::Cross)).unwrap();
    stage.done();
    // Read fresh, and remembered.
    let mut stage = Stage::new(Unified, false);
    assert_eq!(stage.expect([settings("isolated", "7")]).terms(&eth()).unwrap(), terms(7, MarginMode::Isolated));
    stage.expect([]).prepare(&eth(), &terms(7, MarginMode::Isolated)).unwrap();
    assert_eq!(stage.expect([settings("isolated", "7")]).terms(&Symbol::new("XUSDT")).unwrap(), Terms::default());
    stage.done();
}

#[test]
fn an_order_is_found_by_its_name_unless_the_name_is_another_contracts_by_now() {
    let mut stage = Stage::new(Unified, false);
    assert_eq!(stage.expect([no(INFO, "25204", "Order does not exist")]).order(&entry_ref()), Ok(None));
    let half = json!({"orderStatus": "cancelled", "cumExecQty": "0.2", "avgPrice": "1899.5"});
    let found = stage.expect([ok(INFO, row("ETHUSDT", half))]).order(&entry_ref()).unwrap().unwrap();
    assert_eq!(
        (found.status, found.filled, found.avg_price, found.created_at),
        (OrderStatus::Canceled, d("0.2"), d("1899.5"), START - 100)
    );
    assert_eq!(stage.expect([ok(INFO, row("BTCUSDT", json!({})))]).order(&entry_ref()), Ok(None));
    assert!(is_unknown(&stage.expect([ok(INFO, row("ETHUSDT", json!({"clientOid": "another"})))]).order(&entry_ref())));
    assert!(is_unknown(&stage.expect([ok(INFO, row("ETHUSDT", json!({"cumExecQty": null})))]).order(&entry_ref())));

    let stop = id(Leg::Stop);
    let rows = json!([strategy("BTCUSDT", stop.as_str(), "1800", ""), strategy("ETHUSDT", id(Leg::Target).as_str(), "", "2100")]);
    let none = || ok(ENDED, json!({"list": null, "cursor": null}));
    assert_eq!(stage.expect([ok(STRATEGIES, rows), none()]).order(&guard_ref(Leg::Stop)), Ok(None), "all contracts' are in one list");
    let found = stage.expect([ok(STRATEGIES, json!([strategy("ETHUSDT", stop.as_str(), "1800", "")]))]).order(&guard_ref(Leg::Stop));
    assert_eq!(found.unwrap().unwrap().status, OrderStatus::Resting);
    assert_eq!(stage.expect([ok(STRATEGIES, json!(null)), none()]).order(&guard_ref(Leg::Stop)), Ok(None));
    stage.done();
}

#[test]
fn of_a_guard_that_waits_no_more_little_is_raw() {
    let mut stage = Stage::new(Unified, false);
    // A word that may merely name the kind of order proves no execution.
    for kind in [json!(null), json!("stopLoss"), json!("takeProfit")] {
        let mut row = strategy("ETHUSDT", id(Leg::Stop).as_str(), "1800", "");
        row["triggerType"] = kind;
        // One without a name of ours may be anybody's, now that it is gone.
        let rows = json!([strategy("ETHUSDT", "app", "1800", ""), strategy("BTCUSDT", id(Leg::Stop).as_str(), "1800", ""), row]);
        let steps = [ok(STRATEGIES, json!([])), ok(ENDED, json!({"list": rows, "cursor": "1"}))];
        let state = stage.expect(steps).order(&guard_ref(Leg::Stop)).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.id.as_str()), (OrderStatus::Expired, d("0"), id(Leg::Stop).as_str()));
    }
    stage.done();
}

#[test]
fn rows_name_a_position_in_hedge_mode_only() {
    let mut stage = Stage::new(Unified, true);
    let hedge = |side: &str, held: &str| json!({"side": side, "posSide": held, "holdMode": "hedge_mode"});
    let cases = [
        (hedge("buy", "long"), Side::Long, true),
        (hedge("sell", "long"), Side::Long, false),
        (hedge("buy", "short"), Side::Short, false),
        (json!({"side": "sell", "posSide": "long", "reduceOnly": "yes"}), Side::Long, false),
        (json!({"side": "sell", "posSide": "long"}), Side::Short, true),
    ];
    let rows: Vec<Value> = cases.iter().map(|case| row("ETHUSDT", case.0.clone())).chain([row("BTCUSDT", json!({}))]).collect();
    let both = json!([strategy("ETHUSDT", "app", "1800", "2100")]);
    let steps = [ok(STRATEGIES, both), ok(OPEN, json!({"list": rows, "cursor": "1"}))];
    let orders = stage.expect(steps).open_orders(&eth()).unwrap();
    let guards: Vec<_> = orders[..2].iter().map(|order| (order.guards.unwrap(), order.price)).collect();
    assert_eq!(guards, [(ProtectionKind::StopLoss, d("1800")), (ProtectionKind::TakeProfit, d("2100"))]);
    assert_eq!(orders.len(), 2 + cases.len());
    for ((_, side, opens), order) in cases.iter().zip(&orders[2..]) {
        assert_eq!((order.side, order.opens), (*side, *opens), "{order:?}");
    }
    let page = |count: usize, cursor: Value| ok(OPEN, json!({"list": vec![row("ETHUSDT", json!({})); count], "cursor": cursor}));
    let orders = stage.expect([ok(STRATEGIES, json!([])), page(100, json!("9")), page(1, json!(null))]).open_orders(&eth()).unwrap();
    assert_eq!((orders.len(), stage.sent(2, "cursor")), (101, "9".to_owned()));
    stage.done();
}

#[test]
fn cancelling_all_takes_the_strategies_one_by_one() {
    let mut stage = Stage::new(Unified, false);
    let plain = |code: &str| ok(CANCEL_ALL, json!({"list": [{"orderId": "1", "clientOid": "x", "code": code, "msg": "m"}]}));
    stage.expect([plain("00000")]).cancel_all(&eth(), false).unwrap();
    let rows = json!([strategy("ETHUSDT", "a", "1800", ""), strategy("BTCUSDT", "b", "1", ""), strategy("ETHUSDT", "c", "", "2100")]);
    let gone = no(CANCEL_STRATEGY, "25597", "The TP/SL order does not exist");
    let steps = [plain("25204"), ok(STRATEGIES, rows), gone, ok(CANCEL_STRATEGY, json!(null))];
    stage.expect(steps).cancel_all(&eth(), true).unwrap();
    assert_eq!((stage.sent(2, "orderId"), stage.sent(3, "orderId")), ("of-a".to_owned(), "of-c".to_owned()));
    stage.expect([no(CANCEL_ALL, "25204", "Order does not exist")]).cancel_all(&eth(), false).unwrap();
    assert!(is_unknown(&stage.expect([plain("25000")]).cancel_all(&eth(), true)));

    let path = "POST /api/v3/trade/cancel-order";
    assert_eq!(reason(&stage.expect([no(path, "25204", "Order does not exist")]).cancel(&entry_ref())), Some(Reason::UnknownOrder));
    assert_eq!(reason(&stage.expect([no(CANCEL_STRATEGY, "25597", "")]).cancel(&guard_ref(Leg::Stop))), Some(Reason::UnknownOrder));
    stage.done();
}

#[test]
fn fills_of_other_contracts_are_left_out_and_fees_are_positive() {
    let mut stage = Stage::new(Unified, true);
    let fill = |number: u32, symbol: &str, side: &str, done: &str, coin: &str| {
        json!({"execId": number.to_string(), "symbol": symbol, "side": side, "tradeSide": done, "execPrice": "2000.5", "execQty": "0.1",
            "feeDetail": [{"feeCoin": coin, "fee": "0.04"}], "createdTime": (START - u64::from(number)).to_string()})
    };
    let rows = json!([
        fill(1, "ETHUSDT", "sell", "close", "USDT"),
        fill(2, "BTCUSDT", "buy", "open", "USDT"),
        fill(3, "ETHUSDT", "sell", "open", "BGB")
    ]);
    let steps = [ok(FILLS, json!({"list": rows, "cursor": "3"}))];
    let read = stage.expect(steps).fills(&eth(), START - 1000).unwrap();
    let told: Vec<_> = read.iter().map(|fill| (fill.side, fill.buy, fill.fee, fill.fee_elsewhere)).collect();
    assert_eq!(told, [(Some(Side::Short), false, d("0"), true), (Some(Side::Long), false, d("0.04"), false)]);
    stage.exchange.account.hedge = false;
    let one = ok(FILLS, json!({"list": [fill(1, "ETHUSDT", "sell", "close_long", "USDT")], "cursor": null}));
    assert_eq!(stage.expect([one]).fills(&eth(), START - 1000).unwrap()[0].side, None);
    stage.done();
}

#[test]
fn the_balance_is_that_of_the_settle_coin() {
    let mut stage = Stage::new(Unified, false);
    let path = "GET /api/v3/account/assets";
    let assets = json!({"accountEquity": "5", "assets": [{"coin": "BGB", "equity": "1", "available": "1"}, {"coin": "USDT", "equity": "987.5", "available": "800.5"}]});
    let balance = stage.expect([ok(path, assets)]).balance().unwrap();
    assert_eq!((balance.coin.as_str(), balance.total, balance.available), ("USDT", d("987.5"), d("800.5")));
    // Coins of which there is nothing are not listed.
    assert_eq!(stage.expect([ok(path, json!({"assets": []}))]).balance().unwrap().total, Decimal::ZERO);
    assert!(is_unknown(&stage.expect([ok(path, json!({}))]).balance()));
    stage.done();
}
