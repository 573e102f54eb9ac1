//! Opening, settings, contracts, positions and fills.

use super::*;
use MarginMode::{Cross, Isolated};

fn want(leverage: impl Into<Option<u32>>, margin_mode: impl Into<Option<MarginMode>>) -> Terms {
    Terms { leverage: leverage.into(), margin_mode: margin_mode.into() }
}

fn mode(word: &str) -> Value {
    json!({"symbol": "ETHUSDTM", "marginMode": word})
}

fn leverage(text: &str) -> Value {
    json!({"symbol": "ETHUSDTM", "leverage": text})
}

fn position(symbol: &str, qty: i64, margin_mode: &str, side: &str) -> Value {
    let settle = if symbol.ends_with("USDTM") { "USDT" } else { "ETH" };
    json!({"symbol": symbol, "settleCurrency": settle, "currentQty": qty, "crossMode": margin_mode == "CROSS", "marginMode": margin_mode, "positionSide": side, "leverage": 5.0,
        "avgEntryPrice": 2000.05, "markPrice": 1990.0, "liquidationPrice": null, "unrealisedPnl": -0.5, "posMargin": 1.99E1, "isOpen": qty != 0})
}

#[test]
fn opening_reads_the_clock_and_the_position_mode_and_forgets_what_was_set() {
    let mut stage = Stage::prepared(false, Cross, 5);
    let steps = [ok(TIME, json!(START + 300)).takes(20), ok(POSITION_MODE, json!({"positionMode": 1}))];
    assert!(stage.expect(steps).open().unwrap().hedge);
    assert_eq!(stage.header(1, "KC-API-TIMESTAMP").unwrap(), (START + 310).to_string());
    assert_eq!((stage.exchange.known.get(&eth()), stage.exchange.wishes.get(&eth())), (Terms::default(), want(5, Cross)));
    let third = stage.expect([ok(TIME, json!(START)), ok(POSITION_MODE, json!({"positionMode": 2}))]).open();
    assert!(third.is_err() && stage.exchange.hedge, "what is not understood changes nothing");
    stage.done();
}

#[test]
fn a_key_of_the_next_version_is_found_out_and_kept() {
    let mode = || ok(POSITION_MODE, json!({"positionMode": 0}));
    let refused = |code| raw(POSITION_MODE, 401, &json!({"code": code, "msg": "words"}).to_string());
    let time = || ok(TIME, json!(START));
    let versions =
        |stage: &Stage, calls: &[usize]| -> Vec<_> { calls.iter().map(|at| stage.header(*at, "KC-API-KEY-VERSION").unwrap()).collect() };
    for code in ["400003", "400004"] {
        let mut stage = Stage::new(false);
        stage.expect([time(), refused(code), mode()]).open().unwrap();
        assert_eq!(versions(&stage, &[1, 2]), ["2", "3"]);
        stage.expect([time(), mode()]).open().unwrap();
        assert_eq!(versions(&stage, &[1]), ["3"], "kept");
        stage.expect([ok(POSITIONS, json!([]))]).positions(None).unwrap();
        assert_eq!(versions(&stage, &[0]), ["3"]);
    }
    // If neither is taken the first refusal counts, and the next try begins as the first did.
    let mut stage = Stage::new(false);
    let error = stage.expect([time(), refused("400004"), refused("400003")]).open().unwrap_err();
    assert!(error.reason() == Some(Reason::Credentials) && error.to_string().contains("400004"), "{error}");
    stage.expect([time(), mode()]).open().unwrap();
    assert_eq!(versions(&stage, &[1]), ["2"]);
    // Any other refusal says nothing of the version.
    assert_eq!(reason(stage.expect([time(), refused("400005")]).open()), Some(Reason::Credentials));
    assert!(stage.expect([time(), refused("400003"), broken(POSITION_MODE, true)]).open().is_err());
    stage.expect([time(), mode()]).open().unwrap();
    assert_eq!(versions(&stage, &[1]), ["2"]);
}

#[test]
fn what_is_so_already_costs_one_look_and_then_nothing() {
    let mut stage = Stage::new(false);
    stage.expect([ok(MARGIN_MODE, mode("CROSS")), ok(LEVERAGE, leverage("5"))]).prepare(&eth(), &want(5, Cross)).unwrap();
    stage.expect([]).prepare(&eth(), &want(5, Cross)).unwrap();
    stage.expect([ok(SET_LEVERAGE, json!(true))]).prepare(&eth(), &want(6, None)).unwrap();
    assert_eq!(stage.body(0), json!({"symbol": "ETHUSDTM", "leverage": "6"}));
    // With isolated margin no call sets a leverage: orders bring it.
    stage.expect([ok(SET_MARGIN_MODE, mode("ISOLATED"))]).prepare(&eth(), &want(7, Isolated)).unwrap();
    stage.expect([]).prepare(&eth(), &want(8, Isolated)).unwrap();
    let terms = stage.expect([ok(MARGIN_MODE, mode("ISOLATED"))]).terms(&eth()).unwrap();
    assert_eq!(terms, want(8, Isolated));
    let terms = stage.expect([ok(MARGIN_MODE, mode("CROSS")), ok(LEVERAGE, leverage("2.5"))]).terms(&eth()).unwrap();
    assert_eq!(terms, want(None, Cross), "a broken number of times is none we could name");
    stage.done();
}

#[test]
fn a_leverage_alone_is_set_with_cross_margin_only() {
    let mut stage = Stage::prepared(false, Isolated, 5);
    let error = stage.expect([ok(MARGIN_MODE, mode("ISOLATED"))]).change_leverage(&eth(), 7).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Leverage));
    assert!(error.to_string().contains("ETHUSDTM has isolated margin"), "{error}");
    assert_eq!(stage.exchange.wishes.get(&eth()), want(5, Isolated), "orders bring what they brought");
    assert!(never_sent(&stage.expect([broken(MARGIN_MODE, true)]).change_leverage(&eth(), 7)));

    let mut stage = Stage::prepared(false, Cross, 5);
    stage.expect([ok(MARGIN_MODE, mode("CROSS")), ok(SET_LEVERAGE, json!(true))]).change_leverage(&eth(), 7).unwrap();
    stage.done();
}

#[test]
fn a_setting_that_failed_is_read_again() {
    let mut stage = Stage::prepared(false, Cross, 5);
    let blocked = || no(SET_MARGIN_MODE, 50_002, "exist.order.or.position");
    let refused = stage.expect([blocked(), ok(MARGIN_MODE, mode("CROSS"))]).prepare(&eth(), &want(5, Isolated));
    assert_eq!(reason(refused), Some(Reason::SettingBlocked));
    // Somebody set it before it was blocked.
    stage.expect([blocked(), ok(MARGIN_MODE, mode("ISOLATED"))]).prepare(&eth(), &want(5, Isolated)).unwrap();

    let mut stage = Stage::prepared(false, Cross, 5);
    let lost = stage.expect([broken(SET_LEVERAGE, true)]).prepare(&eth(), &want(6, Cross));
    assert!(is_unknown(&lost, START + 8000));
    stage.expect([ok(LEVERAGE, leverage("6"))]).prepare(&eth(), &want(6, Cross)).unwrap();
    let odd = stage.expect([ok(SET_LEVERAGE, json!(false))]).prepare(&eth(), &want(7, Cross));
    assert!(is_unknown(&odd, START + 8000));
    let lost = stage.expect([broken(SET_MARGIN_MODE, true)]).prepare(&eth(), &want(7, Isolated));
    assert!(is_unknown(&lost, START + 8000));
    let other = stage.expect([ok(MARGIN_MODE, mode("CROSS")), ok(SET_MARGIN_MODE, mode("CROSS"))]).prepare(&eth(), &want(7, Isolated));
    assert!(is_unknown(&other, START + 8000), "the answer tells another mode");

    let mut stage = Stage::new(false);
    assert!(never_sent(&stage.expect([broken(MARGIN_MODE, true)]).prepare(&eth(), &want(5, Cross))));
    stage.done();
}

#[test]
fn contracts_that_left_the_list_are_still_counted() {
    let mut stage = Stage::new(false);
    let mut shorter = contracts_answer();
    shorter["data"].as_array_mut().unwrap().truncate(1);
    let list = stage.expect([raw(CONTRACTS, 200, &shorter.to_string())]).instruments().unwrap();
    let gone = list.get("ETHUSDTM").unwrap();
    assert_eq!((gone.closed.as_deref(), gone.contract_size, list.len()), (Some("delisted"), d("0.01"), 4));
    assert_eq!(
        reason(stage.expect([]).order(&OrderRef { symbol: Symbol::new("NOUSDTM"), ..named(Leg::Entry) })),
        Some(Reason::SymbolUnknown)
    );
}

#[test]
fn positions_are_coins_and_tell_the_margin_mode() {
    let mut stage = Stage::new(false);
    let rows = json!([
        position("ETHUSDTM", -5, "ISOLATED", "BOTH"),
        position("XBTUSDTM", 3, "CROSS", "BOTH"),
        position("ETHUSDM", 9, "CROSS", "BOTH")
    ]);
    let all = stage.expect([ok(POSITIONS, rows.clone())]).positions(None).unwrap();
    assert_eq!(all.len(), 2, "what settles in another coin is not ours");
    let (eth_row, btc) = (&all[0], &all[1]);
    assert_eq!((eth_row.side, eth_row.hedge, eth_row.qty, eth_row.margin), (Side::Short, false, d("0.05"), d("19.9")));
    assert_eq!((eth_row.terms, btc.terms), (want(None, Isolated), want(5, Cross)), "isolated positions tell no leverage");
    assert_eq!((btc.side, btc.qty, btc.entry_price, btc.liquidation_price), (Side::Long, d("0.003"), d("2000.05"), d("0")));
    let one = stage.expect([ok(POSITIONS, rows)]).positions(Some(&eth())).unwrap();
    assert_eq!(one, all[..1]);
    // A close names the position's own mode, without having asked.
    stage.expect([ok(PLACE, ack(Leg::Close))]).place(&[close()]).remove(0).unwrap();
    assert_eq!(stage.body(0)["marginMode"], "ISOLATED");

    // Hedge mode: by the half, whatever the sign.
    let halves = json!([position("ETHUSDTM", 5, "CROSS", "LONG"), position("ETHUSDTM", 7, "CROSS", "SHORT")]);
    let both = stage.expect([ok(POSITIONS, halves)]).positions(None).unwrap();
    assert_eq!(
        both.iter().map(|p| (p.side, p.hedge, p.qty)).collect::<Vec<_>>(),
        [(Side::Long, true, d("0.05")), (Side::Short, true, d("0.07"))]
    );

    let mut unreadable = position("ETHUSDTM", 5, "CROSS", "BOTH");
    unreadable["currentQty"] = json!(null);
    assert!(stage.expect([ok(POSITIONS, json!([unreadable]))]).positions(None).is_err(), "never zero");
    // Nothing is decided by the rest, so it hides no position.
    let mut odd = position("ETHUSDTM", 5, "CROSS", "BOTH");
    for name in ["liquidationPrice", "posMargin", "leverage", "markPrice", "avgEntryPrice", "unrealisedPnl"] {
        odd[name] = json!("n/a");
    }
    let shown = stage.expect([ok(POSITIONS, json!([odd]))]).positions(None).unwrap().remove(0);
    assert_eq!((shown.qty, shown.liquidation_price, shown.margin, shown.terms.leverage), (d("0.05"), d("0"), d("0"), None));
    stage.done();
}

/// New since the list was read, or not traded any more: it must not read as flat.
#[test]
fn a_position_of_a_contract_that_is_not_listed_is_no_hole() {
    const ONE: &str = "GET /api/v1/contracts/NEWUSDTM";
    let new = |changes: Value| {
        let mut row = contracts_answer()["data"][1].clone();
        row["symbol"] = json!("NEWUSDTM");
        row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        row
    };
    let held = || ok(POSITIONS, json!([position("NEWUSDTM", 7, "CROSS", "BOTH"), position("ETHUSDTM", 5, "CROSS", "BOTH")]));
    let mut stage = Stage::new(false);
    assert!(stage.expect([held(), broken(ONE, true)]).positions(None).is_err());
    assert!(stage.expect([held(), ok(ONE, new(json!({"multiplier": null})))]).positions(None).is_err());
    let all = stage.expect([held(), ok(ONE, new(json!({"status": "Paused"})))]).positions(None).unwrap();
    assert_eq!(all.iter().map(|p| (p.symbol.as_str(), p.qty)).collect::<Vec<_>>(), [("NEWUSDTM", d("0.07")), ("ETHUSDTM", d("0.05"))]);
    // It is asked for once, and can be closed.
    assert_eq!(stage.expect([held()]).positions(None).unwrap().len(), 2);
    let close = NewOrder { symbol: Symbol::new("NEWUSDTM"), qty: d("0.07"), ..close() };
    stage.expect([ok(PLACE, ack(Leg::Close))]).place(&[close]).remove(0).unwrap();
    assert_eq!(stage.body(0)["size"], 7);

    // One that ends some day is not ours, nor is one that is flat, or that nobody asked for.
    let mut stage = Stage::new(false);
    assert_eq!(stage.expect([held()]).positions(Some(&eth())).unwrap().len(), 1);
    for _ in 0..2 {
        assert_eq!(stage.expect([ok(POSITIONS, json!([position("NEWUSDTM", 0, "CROSS", "BOTH")]))]).positions(None).unwrap(), []);
    }
    assert_eq!(stage.expect([held(), ok(ONE, new(json!({"type": "FFICSX"})))]).positions(None).unwrap().len(), 1);
    assert_eq!(stage.expect([held()]).positions(None).unwrap().len(), 1);
    stage.done();
}

#[test]
fn a_balance_of_another_coin_is_none() {
    let overview = |coin: &str| json!({"accountEquity": 3.94E+2, "availableBalance": 290.3, "currency": coin});
    let mut stage = Stage::new(false);
    let balance = stage.expect([ok("GET /api/v1/account-overview", overview("USDT"))]).balance().unwrap();
    assert_eq!((balance.total, balance.available, stage.query(0)), (d("394"), d("290.3"), "currency=USDT".to_owned()));
    assert!(stage.expect([ok("GET /api/v1/account-overview", overview("XBT"))]).balance().is_err());
}

fn fill(trade: &str, order: &str, at: Millis) -> Value {
    json!({"symbol": "ETHUSDTM", "tradeId": trade, "orderId": order, "side": "sell", "price": "2000.05", "size": 5, "fee": "-0.01", "feeCurrency": "USDT",
        "tradeTime": at * 1_000_000 + 999, "createdAt": at + 5})
}

#[test]
fn fills_come_in_order_each_once_over_pages_and_weeks() {
    const WEEK: Millis = 7 * 24 * 3600 * 1000;
    let since = START - WEEK - 1000;
    let mut stage = Stage::new(false);
    let pages = |number: u64, items: Value| json!({"currentPage": number, "pageSize": 500, "totalNum": 3, "totalPage": 2, "items": items});
    let mut hedged = fill("t3", "o3", START - 500);
    (hedged["positionSide"], hedged["feeCurrency"], hedged["tradeTime"]) = (json!("LONG"), json!("KCS"), json!(null));
    let fills = stage
        .expect([
            ok(FILLS, pages(1, json!([fill("t1", "o2", since + 10), fill("t1", "o1", since + 10)]))),
            ok(FILLS, pages(2, json!([fill("t0", "o0", since - 1), fill("t1", "o1", since + 10)]))),
            ok(FILLS, page(json!([hedged, fill("t2", "o2", START - WEEK - 1)]))),
        ])
        .fills(&eth(), since)
        .unwrap();
    let told: Vec<_> = fills.iter().map(|fill| (fill.at, fill.side, fill.fee, fill.fee_elsewhere)).collect();
    let rebate = d("-0.01");
    assert_eq!(
        told,
        [
            (since + 10, None, rebate, false),
            (since + 10, None, rebate, false),
            (START - WEEK - 1, None, rebate, false),
            (START - 495, Some(Side::Long), d("0"), true),
        ]
    );
    assert_eq!((fills[0].qty, fills[0].buy), (d("0.05"), false));
    let asked = |at, name| stage.asked(at, name).unwrap();
    assert_eq!(
        [asked(0, "startAt"), asked(0, "endAt"), asked(1, "currentPage")],
        [since.to_string(), (START - 1000).to_string(), "2".to_owned()]
    );
    assert_eq!([asked(2, "startAt"), asked(2, "endAt")], [(START - 1000).to_string(), (START + 60_000).to_string()]);
    stage.done();
}
