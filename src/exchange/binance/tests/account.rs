//! Names given by senders, and what is told of the account: terms, balance, the age of orders.

use super::*;

#[test]
fn a_name_given_by_the_sender_is_sent_asked_for_and_cancelled_as_it_is() {
    let mut stage = Stage::new(false);
    let name = ClientId::custom("My.order/1_a-B").unwrap();
    assert!(stage.exchange.capabilities().custom_ids.unwrap().take(name.as_str()));
    let row =
        |id: &str| json!({"symbol": "ETHUSDT", "status": "NEW", "clientOrderId": id, "origQty": "0.5", "executedQty": "0", "side": "BUY"});
    let order = NewOrder { id: name.clone(), ..limit(Leg::Entry, "1900") };
    let placed = stage.expect([ok(PLACE, row(name.as_str()))]).place(std::slice::from_ref(&order)).remove(0).unwrap();
    assert_eq!(stage.sent(0, "newClientOrderId"), "My.order%2F1_a-B");
    let this = OrderRef { symbol: eth(), id: name.clone(), guard: None };
    let found = stage.expect([ok(ORDER, row(name.as_str()))]).order(&this).unwrap().unwrap();
    assert_eq!(stage.sent(0, "origClientOrderId"), "My.order%2F1_a-B");
    let listed =
        stage.expect([ok(OPEN_ALGO, json!([])), ok("GET /fapi/v1/openOrders", json!([row(name.as_str())]))]).open_orders(&eth()).unwrap();
    for state in [&placed, &found, &listed[0]] {
        assert_eq!(state.id, name.as_str());
    }
    stage.expect([ok("DELETE /fapi/v1/order", row(name.as_str()))]).cancel(&this).unwrap();
    assert_eq!(stage.sent(0, "origClientOrderId"), "My.order%2F1_a-B");
    // A name that differs in the case of its letters is another order's.
    let placed = stage.expect([ok(PLACE, row("my.order/1_a-b"))]).place(std::slice::from_ref(&order)).remove(0);
    assert!(matches!(placed, Err(ExchangeError::Unknown { .. })), "{placed:?}");
    let taken = no(PLACE, 400, -4116, "ClientOrderId is duplicated.");
    assert_eq!(reason(stage.expect([taken]).place(&[order]).remove(0)), Some(Reason::DuplicateClientId));
    stage.done();
}

#[test]
fn an_order_s_age_is_told_in_our_time() {
    let mut stage = Stage::new(false);
    stage.expect([ok(TIME, json!({"serverTime": START + 7000}))]).server_time().unwrap();
    let with = |mut row: Value, name: &str, at: Millis| {
        row[name] = json!(at);
        row
    };
    let entry = OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None };
    let row = || plain(Leg::Entry, "NEW", "0", "0");
    let order = [limit(Leg::Entry, "1900")];
    let acknowledged = ok(PLACE, with(row(), "updateTime", START + 7100));
    assert_eq!(stage.expect([acknowledged]).place(&order).remove(0).unwrap().created_at, START + 100);
    let queried = ok(ORDER, with(with(row(), "time", START + 7100), "updateTime", START + 9000));
    assert_eq!(stage.expect([queried]).order(&entry).unwrap().unwrap().created_at, START + 100);
    // The last change is not the beginning, and what is not said is not made up.
    let silent = ok(ORDER, with(row(), "updateTime", START + 9000));
    assert_eq!(stage.expect([silent]).order(&entry).unwrap().unwrap().created_at, 0);
    let conditional = ok(ALGO, with(algo("NEW"), "createTime", START + 7200));
    assert_eq!(stage.expect([conditional]).order(&stop_ref()).unwrap().unwrap().created_at, START + 200);
    stage.done();
}

#[test]
fn terms_are_read_fresh_remembered_and_told_with_positions() {
    let mut stage = Stage::new(false);
    let config = |leverage: u32| ok(CONFIG, json!([{"symbol": "ETHUSDT", "marginType": "ISOLATED", "leverage": leverage}]));
    let isolated = |leverage| Terms { leverage: Some(leverage), margin_mode: Some(MarginMode::Isolated) };
    assert_eq!(stage.expect([config(5)]).terms(&eth()).unwrap(), isolated(5));
    assert_eq!(stage.expect([config(7)]).terms(&eth()).unwrap(), isolated(7));
    assert_eq!(stage.sent(0, "symbol"), "ETHUSDT");
    stage.expect([]).prepare(&eth(), &isolated(7)).unwrap();
    let row = json!({"symbol": "ETHUSDT", "positionSide": "BOTH", "positionAmt": "0.5", "entryPrice": "2000", "breakEvenPrice": "2001.6",
        "markPrice": "2010", "unRealizedProfit": "5", "initialMargin": "250", "positionInitialMargin": "143.57"});
    let positions = stage.expect([ok("GET /fapi/v3/positionRisk", json!([row]))]).positions(None).unwrap();
    assert_eq!((positions[0].unrealized_pnl, positions[0].margin, positions[0].break_even_price), (d("5"), d("143.57"), d("2001.6")));
    assert_eq!(positions[0].terms, isolated(7));
    // A symbol the exchange says nothing about is not known.
    assert_eq!(stage.expect([ok(CONFIG, json!([]))]).terms(&eth()).unwrap(), Terms::default());
    stage.done();
}

#[test]
fn cancelling_all_has_two_halves_and_nothing_to_cancel_is_success() {
    let mut stage = Stage::new(false);
    let done = |path| ok(path, json!({"code": 200, "msg": "The operation of cancel all open order is done."}));
    let none = |path| no(path, 400, -2011, "Unknown order sent.");
    stage.expect([done(CANCEL_PLAIN)]).cancel_all(&eth(), false).unwrap();
    stage.expect([done(CANCEL_PLAIN), done(CANCEL_ALGO)]).cancel_all(&eth(), true).unwrap();
    assert_eq!((stage.sent(0, "symbol"), stage.sent(1, "symbol")), ("ETHUSDT".to_owned(), "ETHUSDT".to_owned()));
    stage.expect([none(CANCEL_PLAIN), none(CANCEL_ALGO)]).cancel_all(&eth(), true).unwrap();
    assert_eq!(
        reason(stage.expect([no(CANCEL_PLAIN, 400, -1121, "Invalid symbol.")]).cancel_all(&eth(), true)),
        Some(Reason::SymbolUnknown)
    );
    let half = stage.expect([done(CANCEL_PLAIN), broken(CANCEL_ALGO, true)]).cancel_all(&eth(), true);
    assert!(matches!(half, Err(ExchangeError::Unknown { .. })), "{half:?}");
    stage.done();
}

#[test]
fn the_balance_is_that_of_the_settle_coin_with_open_profit() {
    let mut stage = Stage::new(false);
    let asset =
        |coin: &str, total: &str| json!({"asset": coin, "walletBalance": "1000", "marginBalance": total, "availableBalance": "800.5"});
    let account =
        |assets: Value| ok("GET /fapi/v3/account", json!({"totalMarginBalance": "7", "assets": assets, "positions": [{"symbol": "X"}]}));
    let balance = stage.expect([account(json!([asset("USDC", "1"), asset("USDT", "987.5"), asset("BNB", "2")]))]).balance().unwrap();
    assert_eq!((balance.coin.as_str(), balance.total, balance.available), ("USDT", d("987.5"), d("800.5")));
    assert_eq!(stage.expect([account(json!([]))]).balance().unwrap().total, Decimal::ZERO);
    for answer in [json!({}), json!([]), json!({"assets": [{"asset": "USDT", "marginBalance": "x", "availableBalance": "1"}]})] {
        let read = stage.expect([ok("GET /fapi/v3/account", answer)]).balance();
        assert!(matches!(read, Err(ExchangeError::Unknown { .. })), "{read:?}");
    }
    stage.done();
}

#[test]
fn accounts_of_one_host_read_its_contracts_once() {
    let contracts = || {
        ok(
            "GET /fapi/v1/exchangeInfo",
            json!({"symbols": [{"symbol": "ETHUSDT", "contractType": "PERPETUAL", "status": "TRADING",
        "baseAsset": "ETH", "marginAsset": "USDT"}]}),
        )
    };
    let brackets = || ok("GET /fapi/v1/leverageBracket", json!([{"symbol": "ETHUSDT", "brackets": [{"initialLeverage": 125}]}]));
    let (mut first, mut second) = (Stage::new(false), Stage::new(false));
    second.exchange.catalogue = first.exchange.catalogue.clone();
    // What was known before the list keeps its meaning under the list's names.
    let terms = Terms { leverage: Some(7), margin_mode: Some(MarginMode::Cross) };
    first.exchange.known.set(&eth(), terms);
    let list = first.expect([contracts(), brackets()]).instruments().unwrap();
    assert_eq!((list.get("ETHUSDT").unwrap().max_leverage, first.exchange.known.get(&eth())), (125, terms));
    assert!(Arc::ptr_eq(&list, &second.expect([]).instruments().unwrap()));
    // After an hour whoever asks first reads it again.
    second.pass(crate::exchange::catalogue::FRESH_MS);
    assert!(Arc::ptr_eq(&list, &second.expect([contracts(), brackets()]).instruments().unwrap()));
    first.done();
    second.done();
}

#[test]
fn without_a_key_the_contracts_can_still_be_read() {
    let mut stage = Stage::new(false);
    stage.exchange.session = Session::new(stage.line(), Keys::none(), Arc::new(|| START), &sign::DIALECT);
    let contracts = json!({"symbols": [{"symbol": "ETHUSDT", "contractType": "PERPETUAL", "baseAsset": "ETH", "marginAsset": "USDT"}]});
    let list = stage.expect([ok("GET /fapi/v1/exchangeInfo", contracts)]).instruments().unwrap();
    assert_eq!(list.get("ETHUSDT").map(|contract| contract.max_leverage), Some(0));
    stage.done();
}

#[test]
fn a_book_of_one_side_has_no_quote() {
    let mut stage = Stage::new(false);
    let book = |bid: &str, ask: &str| ok("GET /fapi/v1/ticker/bookTicker", json!({"symbol": "ETHUSDT", "bidPrice": bid, "askPrice": ask}));
    let read = stage.expect([book("2000.4", "2000.5")]).quote(&eth());
    assert_eq!(read, Ok(Quote { bid: "2000.4".parse().unwrap(), ask: "2000.5".parse().unwrap() }));
    for step in [book("0", "2000.5"), book("2000.4", "0.00"), book("", "")] {
        assert_eq!(stage.expect([step]).quote(&eth()).unwrap_err().reason(), Some(Reason::PriceBand));
    }
    stage.done();
}
