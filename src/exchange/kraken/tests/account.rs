//! Opening, settings, positions and money.

use super::*;
use MarginMode::{Cross, Isolated};

fn terms(leverage: Option<u32>, margin_mode: Option<MarginMode>) -> Terms {
    Terms { leverage, margin_mode }
}

fn preferences(rows: Value) -> Step {
    ok(READ, "leveragePreferences", rows)
}

fn eth_isolated(leverage: &str) -> Step {
    preferences(json!([{"symbol": "PF_ETHUSD", "maxLeverage": serde_json::from_str::<Value>(leverage).unwrap()}]))
}

#[test]
fn opening_sets_the_clock_and_reads_the_settings() {
    let mut stage = stage();
    let mode = stage.expect([time("2023-11-14T22:13:21.500Z"), eth_isolated("10.0")]).open().unwrap();
    assert_eq!((mode.hedge, mode.restricted), (false, None));
    assert_eq!(stage.exchange.session.offset_ms(), 1500);
    assert_eq!(stage.exchange.preference(&eth()), Some(terms(Some(10), Some(Isolated))));
    assert_eq!(stage.header(0, "APIKey"), None);
    assert_eq!(stage.header(1, "APIKey").as_deref(), Some("a-key-of-the-script"));
    let error = stage.expect([time(NOW), no(READ, "authenticationError")]).open().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Credentials));
    assert!(error.to_string().contains("keys of the spot exchange are unknown here"), "{error}");
    stage.hides_keys(&error);
}

#[test]
fn a_secret_that_cannot_sign_and_a_foreign_coin_are_told_at_once() {
    let error = with_secret("my secret").expect([]).open().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Credentials));
    assert!(error.to_string().contains("Base64") && !error.to_string().contains("my secret"), "{error}");
    let mut stage = stage();
    stage.exchange.settle = "USDT".to_owned();
    let mode = stage.expect([time(NOW), preferences(json!([]))]).open().unwrap();
    assert!(mode.restricted.unwrap().contains("SETTLE_COIN must be USD"));
}

#[test]
fn margin_mode_and_leverage_are_one_setting() {
    let (ten, cross) = (terms(Some(10), Some(Isolated)), terms(None, Some(Cross)));
    // What is set, what is wanted, what is asked for: a leverage, none, or nothing.
    for (is, want, asked) in [
        (ten, terms(Some(10), Some(Isolated)), None),
        (ten, terms(Some(10), None), None),
        (ten, terms(None, Some(Isolated)), None),
        (ten, terms(Some(20), Some(Isolated)), Some(Some("20"))),
        (ten, terms(Some(20), None), Some(Some("20"))),
        (ten, terms(Some(20), Some(Cross)), Some(None)),
        (ten, terms(None, Some(Cross)), Some(None)),
        // Under cross margin a leverage would take the contract out of it.
        (cross, terms(Some(20), None), None),
        (cross, terms(Some(20), Some(Cross)), None),
        (cross, terms(Some(20), Some(Isolated)), Some(Some("20"))),
        (terms(None, Some(Isolated)), terms(Some(2), Some(Isolated)), Some(Some("2"))),
    ] {
        let mut stage = stage();
        stage.exchange.preferences = Some(Known::new(if is == cross { Vec::new() } else { vec![(eth(), is)] }));
        stage.expect(asked.map(|_| done(SET))).prepare(&eth(), &want).unwrap();
        stage.done();
        if let Some(leverage) = asked {
            assert_eq!((stage.asked(0, "symbol").as_deref(), stage.asked(0, "maxLeverage").as_deref()), (Some("PF_ETHUSD"), leverage));
            // It is known from now on.
            stage.expect([]).prepare(&eth(), &want).unwrap();
        }
    }
    let mut stage = stage();
    stage.expect([]).prepare(&eth(), &Terms::default()).unwrap();
    let refused = stage.expect([preferences(json!([]))]).prepare(&eth(), &terms(None, Some(Isolated)));
    assert_eq!(reason(refused), Some(Reason::Leverage));
}

#[test]
fn after_a_setting_that_failed_the_settings_are_read_anew() {
    let want = terms(Some(20), Some(Isolated));
    let refused =
        || raw(SET, 500, r#"{"status":"INTERNAL_SERVER_ERROR","result":"error","errors":[{"code":92,"message":"INSUFFICIENT_MARGIN"}]}"#);
    let mut stage = stage();
    let result = stage.expect([eth_isolated("10.0"), refused()]).prepare(&eth(), &want);
    assert_eq!(reason(result), Some(Reason::InsufficientBalance));
    assert!(is_unknown(&stage.expect([eth_isolated("10.0"), broken(SET, true)]).prepare(&eth(), &want)));
    stage.expect([eth_isolated("20.0")]).prepare(&eth(), &want).unwrap();
    let result = stage.expect([broken(SET, false)]).prepare(&eth(), &terms(Some(5), None));
    assert!(is_never_sent(&result));
    stage.expect([]).prepare(&eth(), &want).unwrap();
    // Nothing was sent of a setting whose question before failed.
    stage.exchange.preferences = None;
    assert!(is_never_sent(&stage.expect([broken(READ, true)]).prepare(&eth(), &want)));
    stage.done();
}

#[test]
fn terms_are_read_fresh() {
    let mut stage = stage();
    for (step, expected) in [
        (eth_isolated("10.0"), terms(Some(10), Some(Isolated))),
        (eth_isolated("2.5"), terms(None, Some(Isolated))),
        (preferences(json!([{"symbol": "pf_ethusd", "maxLeverage": 3}])), terms(Some(3), Some(Isolated))),
        (preferences(json!([])), terms(None, Some(Cross))),
    ] {
        assert_eq!(stage.expect([step]).terms(&eth()), Ok(expected));
    }
    assert!(is_unknown(&stage.expect([done(READ)]).terms(&eth())), "no list");
}

#[test]
fn a_list_of_positions_that_is_missing_is_no_flat_account() {
    let row = |symbol: &str, side: &str, more: Value| {
        with(json!({"side": side, "symbol": symbol, "price": 1900.5, "fillTime": NOW, "size": 0.1, "unrealizedFunding": -1.8e-5}), more)
    };
    let rows = json!([
        row("PF_ETHUSD", "long", json!({})),
        row("pf_xbtusd", "short", json!({"maxFixedLeverage": 10.0, "unrealizedPnl": -1.25})),
        row("PI_XBTUSD", "long", json!({"size": 5000})),
        row("FF_ETHUSD_260327", "long", json!({})),
    ]);
    let mut stage = stage();
    let all = stage.expect([ok(POSITIONS, "openPositions", rows.clone())]).positions(None).unwrap();
    assert_eq!(all.iter().map(|row| row.symbol.as_str()).collect::<Vec<_>>(), ["PF_ETHUSD", "PF_XBTUSD"]);
    assert_eq!((all[0].side, all[0].qty, all[0].entry_price, all[0].hedge), (Side::Long, d("0.1"), d("1900.5"), false));
    assert_eq!((all[0].terms, all[0].mark_price), (terms(None, Some(Cross)), Decimal::ZERO));
    assert_eq!((all[1].side, all[1].terms, all[1].unrealized_pnl), (Side::Short, terms(Some(10), Some(Isolated)), d("-1.25")));
    assert_eq!(stage.expect([ok(POSITIONS, "openPositions", rows)]).positions(Some(&eth())).unwrap().len(), 1);
    assert_eq!(stage.expect([ok(POSITIONS, "openPositions", json!([]))]).positions(None), Ok(Vec::new()));
    for step in [
        done(POSITIONS),
        ok(POSITIONS, "openPositions", json!(null)),
        ok(POSITIONS, "openPositions", json!([row("PF_ETHUSD", "long", json!({"size": null}))])),
        ok(POSITIONS, "openPositions", json!([row("PF_ETHUSD", "both", json!({}))])),
        raw(POSITIONS, 200, r#"{"openPositions":[]}"#),
        raw(POSITIONS, 301, "<html>demo trading has moved</html>"),
    ] {
        assert!(is_unknown(&stage.expect([step]).positions(None)));
    }
}

#[test]
fn the_size_of_a_position_is_on_the_contracts_step() {
    let mut stage = stage();
    let contracts = vectors::example(include_str!("../../../../tests/data/kraken_vectors.json"), "instruments");
    stage.expect([raw("GET /derivatives/api/v3/instruments", 200, &contracts.to_string())]).instruments().unwrap();
    for (symbol, size, qty) in [
        ("PF_ETHUSD", "0.30000000000000004", "0.3"),
        ("PF_ETHUSD", "0.29999999999999999", "0.3"),
        ("PF_ETHUSD", "0.001", "0.001"),
        // Too far from the step to be a matter of digits.
        ("PF_ETHUSD", "0.30000001", "0.30000001"),
        ("PF_PEPEUSD", "98000.00000000001", "98000"),
        ("PF_NEWUSD", "0.30000000000000004", "0.30000000000000004"),
    ] {
        let row = format!(r#"[{{"side":"long","symbol":"{symbol}","price":1900.5,"size":{size}}}]"#);
        let step = raw(POSITIONS, 200, &format!(r#"{{"result":"success","serverTime":"{NOW}","openPositions":{row}}}"#));
        assert_eq!(stage.expect([step]).positions(None).unwrap()[0].qty, d(qty), "{symbol} {size}");
    }
}

#[test]
fn leverage_alone_cannot_be_set_under_cross_margin() {
    let mut stage = stage();
    let refused = stage.expect([preferences(json!([]))]).change_leverage(&eth(), 20).unwrap_err();
    assert_eq!(refused.reason(), Some(Reason::Leverage));
    assert!(refused.to_string().contains("cross margin"), "{refused}");
    // Orders are sized with it all the same.
    stage.expect([]).prepare(&eth(), &terms(Some(20), None)).unwrap();
    stage.exchange.preferences = None;
    stage.expect([eth_isolated("10.0"), done(SET)]).change_leverage(&eth(), 20).unwrap();
    assert_eq!(stage.asked(1, "maxLeverage").as_deref(), Some("20"));
    stage.exchange.preferences = None;
    assert!(is_never_sent(&stage.expect([broken(READ, true)]).change_leverage(&eth(), 20)));
    stage.done();
}

#[test]
fn a_position_that_is_held_otherwise_makes_the_settings_be_read_anew() {
    let mut stage = stage();
    stage.exchange.preferences = Some(Known::default());
    let held = |leverage: Value| json!([{"side": "long", "symbol": "PF_ETHUSD", "price": 1, "size": 1, "maxFixedLeverage": leverage}]);
    stage.expect([ok(POSITIONS, "openPositions", held(json!(null)))]).positions(None).unwrap();
    stage.expect([]).prepare(&eth(), &terms(None, Some(Cross))).unwrap();
    stage.expect([ok(POSITIONS, "openPositions", held(json!(5)))]).positions(None).unwrap();
    stage.expect([eth_isolated("5"), done(SET)]).prepare(&eth(), &terms(None, Some(Cross))).unwrap();
    stage.done();
}

#[test]
fn the_balance_counts_all_collateral() {
    let balance = |flex: Value| {
        stage()
            .expect([ok("GET /derivatives/api/v3/accounts", "accounts", json!({"cash": {"balances": {"usd": "5"}}, "flex": flex}))])
            .balance()
    };
    let found = balance(json!({"portfolioValue": 851.2, "availableMargin": 821.2, "currencies": {"XBT": {"quantity": 0.01}}})).unwrap();
    assert_eq!((found.coin.as_str(), found.total, found.available), ("USD", d("851.2"), d("821.2")));
    assert!(is_unknown(&balance(json!({"portfolioValue": 851.2}))));
    assert!(is_unknown(&balance(json!(null))));
}

#[test]
fn a_quote_is_asked_for_by_the_contracts_own_address() {
    let mut stage = stage();
    let ticker = |bid: &str| {
        let row = format!(r#"{{"symbol":"PF_ETHUSD","bid":{bid},"ask":1903.2,"markPrice":1903.38154086835}}"#);
        raw(TIME, 200, &format!(r#"{{"result":"success","serverTime":"{NOW}","ticker":{row}}}"#))
    };
    let quote = stage.expect([ticker("1903.0")]).quote(&eth()).unwrap();
    assert_eq!((quote.bid, quote.ask), (d("1903"), d("1903.2")));
    assert_eq!(reason(stage.expect([ticker("0.0")]).quote(&eth())), Some(Reason::PriceBand));
    for words in ["contractNotFound", "notFound"] {
        let unknown =
            raw(TIME, 404, &json!({"status": "NOT_FOUND", "result": "error", "errors": [{"code": 0, "message": words}]}).to_string());
        assert_eq!(reason(stage.expect([unknown]).quote(&eth())), Some(Reason::SymbolUnknown), "{words}");
    }
}

#[test]
fn open_orders_are_those_of_the_contract_plain_and_conditional() {
    let strange = with(open_row(Leg::Close, "5", "stp"), json!({"reduceOnly": false, "cliOrdId": null}));
    let rows = json!([
        open_row(Leg::Entry, "1", "lmt"),
        open_row(Leg::Stop, "2", "stop"),
        open_row(Leg::Target, "3", "take_profit"),
        with(open_row(Leg::Second, "4", "lmt"), json!({"symbol": "PF_XBTUSD"})),
        strange,
    ]);
    let list = stage().expect([ok(OPEN, "openOrders", rows)]).open_orders(&eth()).unwrap();
    let seen: Vec<_> = list.iter().map(|order| (order.conditional, order.guards, order.opens, order.side)).collect();
    assert_eq!(
        seen,
        [
            (false, None, true, Side::Long),
            (true, Some(ProtectionKind::StopLoss), false, Side::Long),
            (true, Some(ProtectionKind::TakeProfit), false, Side::Long),
            (true, None, true, Side::Short),
        ]
    );
    assert!(list.iter().all(|order| order.qty == d("0.5") && order.filled == d("0.2") && order.price == d("1700")), "{list:?}");
    assert!(list[1].is(&stop_ref()) && list[0].is(&entry_ref()) && list[3].id.is_empty());
    assert!(is_unknown(&stage().expect([done(OPEN)]).open_orders(&eth())));
    // One that closes whatever is there has no quantity; a plain order must have one.
    let mut whole = open_row(Leg::Stop, "2", "stop");
    whole.as_object_mut().unwrap().remove("unfilledSize");
    let nothing = |row: Value| with(row, json!({"unfilledSize": null, "filledSize": null}));
    for whole in [with(whole, json!({"filledSize": 0})), nothing(open_row(Leg::Stop, "2", "take_profit"))] {
        let list = stage().expect([ok(OPEN, "openOrders", json!([open_row(Leg::Entry, "1", "lmt"), whole]))]).open_orders(&eth()).unwrap();
        assert_eq!((list.len(), list[1].qty, list[1].filled, list[1].conditional), (2, Decimal::ZERO, Decimal::ZERO, true));
    }
    assert!(is_unknown(&stage().expect([ok(OPEN, "openOrders", json!([nothing(open_row(Leg::Entry, "1", "lmt"))]))]).open_orders(&eth())));
    // Of other contracts nothing needs to be read.
    let foreign = with(nothing(open_row(Leg::Second, "4", "lmt")), json!({"symbol": "PF_XBTUSD", "side": "both", "limitPrice": "x"}));
    let list = stage().expect([ok(OPEN, "openOrders", json!([foreign, open_row(Leg::Entry, "1", "lmt")]))]).open_orders(&eth()).unwrap();
    assert_eq!(list.len(), 1);
    let unreadable = json!([with(open_row(Leg::Entry, "1", "lmt"), json!({"filledSize": null}))]);
    assert!(is_unknown(&stage().expect([ok(OPEN, "openOrders", unreadable)]).open_orders(&eth())));
}
