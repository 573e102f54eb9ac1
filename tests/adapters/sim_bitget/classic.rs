//! Plain orders, balance, positions and settings of a classic account.

use super::*;

pub(super) fn market(side: &str, size: &str, name: &str) -> Value {
    json!({
        "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginMode": "crossed", "marginCoin": "USDT", "size": size, "side": side,
        "orderType": "market", "clientOid": name,
    })
}

fn limit(side: &str, size: &str, price: &str, name: &str) -> Value {
    with(market(side, size, name), json!({ "orderType": "limit", "price": price, "force": "gtc" }))
}

fn reducing(order: Value) -> Value {
    with(order, json!({ "reduceOnly": "YES" }))
}

fn hedged(order: Value, trade_side: &str) -> Value {
    with(order, json!({ "tradeSide": trade_side }))
}

impl Desk {
    pub(super) fn place(&mut self, order: &Value) -> Value {
        self.post(&format!("{V2_ORDER}place-order"), order)
    }

    fn refusal(&mut self, order: &Value) -> String {
        self.post_code(&format!("{V2_ORDER}place-order"), order)
    }

    fn detail(&mut self, name: &str) -> Value {
        self.get(&format!("{V2_ORDER}detail?clientOid={name}&productType=USDT-FUTURES&symbol=BTCUSDT"))
    }

    fn pending(&mut self) -> Value {
        self.get(&format!("{V2_ORDER}orders-pending?productType=USDT-FUTURES"))["entrustedList"].take()
    }
}

/// What settings and lists of a contract are asked with.
fn named() -> Value {
    json!({ "symbol": "BTCUSDT", "productType": "USDT-FUTURES", "marginCoin": "USDT" })
}

#[test]
fn an_order_is_acknowledged_and_its_fill_must_be_asked_for() {
    let mut desk = Desk::classic();
    let placed = desk.place(&market("buy", "0.01", "first"));
    assert_eq!(placed, json!({ "orderId": "1117000000000000001", "clientOid": "first" }));
    let order = desk.detail("first");
    assert_eq!(
        (&order["state"], &order["baseVolume"], &order["priceAvg"], &order["fee"]),
        (&json!("filled"), &json!("0.01"), &json!("50000"), &json!("-0.25"))
    );
    assert_eq!((&order["side"], &order["tradeSide"], &order["posSide"]), (&json!("buy"), &json!("buy_single"), &json!("net")));
    // `state` here, `status` in lists, where nothing is `null`.
    assert!(order.get("status").is_none() && desk.pending().is_null());
    desk.place(&limit("buy", "0.01", "49000", "second"));
    let list = desk.pending();
    assert_eq!((&list[0]["status"], &list[0]["priceAvg"], &list[0]["fee"]), (&json!("live"), &json!(""), &json!("")));
    assert!(list[0].get("state").is_none());
    let gone = format!("{V2_ORDER}detail?clientOid=other&productType=USDT-FUTURES&symbol=BTCUSDT");
    assert_eq!(desk.get_code(&gone), "40109");
}

#[test]
fn in_hedge_mode_side_names_the_position() {
    let mut desk = Desk::hedge();
    let cases =
        [("buy", "open", "0.02", "0"), ("sell", "open", "0.02", "0.02"), ("buy", "close", "0", "0.02"), ("sell", "close", "0", "0")];
    for (at, (side, trade_side, long, short)) in cases.into_iter().enumerate() {
        desk.place(&hedged(market(side, "0.02", &format!("h{at}")), trade_side));
        assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d(long), d(short)), "{side} {trade_side}");
    }
    let order = desk.detail("h2");
    assert_eq!(
        (&order["side"], &order["tradeSide"], &order["posSide"], &order["reduceOnly"]),
        (&json!("buy"), &json!("close"), &json!("long"), &json!("YES"))
    );
    assert_eq!(desk.refusal(&market("buy", "0.01", "bare")), "40774");
    // reduceOnly means nothing here: this opens.
    desk.place(&reducing(hedged(market("sell", "0.01", "opens"), "Open")));
    assert_eq!(desk.held(Side::Short), d("0.01"));
    // And in one-way mode tradeSide means nothing.
    let mut desk = Desk::classic();
    desk.place(&hedged(market("sell", "0.01", "sells"), "close"));
    assert_eq!(desk.held(Side::Short), d("0.01"));
}

#[test]
fn orders_must_keep_the_rules() {
    let order = || limit("buy", "0.01", "49000", "new");
    let cases = [
        (with(order(), json!({ "marginMode": "isolated" })), "40020"),
        (with(order(), json!({ "marginMode": "" })), "40019"),
        (with(order(), json!({ "symbol": "NOUSDT" })), "40034"),
        (with(order(), json!({ "marginCoin": "usdt" })), "40020"),
        (with(order(), json!({ "size": "0.0005" })), "45111"),
        (with(order(), json!({ "size": "0.0105" })), "22038"),
        (with(order(), json!({ "size": "5000" })), "45112"),
        (with(order(), json!({ "price": "49000.05" })), "45115"),
        (with(order(), json!({ "price": "60000" })), "40815"),
        (with(order(), json!({ "side": "sell", "price": "40000" })), "40816"),
        (with(order(), json!({ "symbol": "XRPUSDT", "size": "1", "price": "2" })), "45110"),
        (with(order(), json!({ "size": "50" })), "40762"),
        (with(order(), json!({ "clientOid": "not a name" })), "40020"),
        (with(order(), json!({ "force": "post_only" })), "40017"),
        (with(order(), json!({ "presetStopSurplusPrice": "60000" })), "40017"),
        (reducing(order()), "22002"),
    ];
    for (order, code) in cases {
        assert_eq!(Desk::classic().refusal(&order), code, "{order}");
    }
}

#[test]
fn a_name_is_used_up_for_ever() {
    let mut desk = Desk::classic();
    desk.place(&market("buy", "0.01", "once"));
    assert_eq!(desk.refusal(&market("buy", "0.01", "once")), "40786");
    // Without a name it gets one, and is found by it.
    let placed = desk.place(&with(market("buy", "0.01", ""), json!({ "clientOid": "" })));
    let name = placed["clientOid"].as_str().unwrap().to_owned();
    assert_eq!(desk.detail(&name)["orderId"], placed["orderId"]);
}

#[test]
fn a_reducing_order_displaces_older_ones_and_is_answered_without_id() {
    let mut desk = Desk::classic();
    desk.place(&market("buy", "0.03", "entry"));
    for (name, price) in [("r1", "51000"), ("r2", "51100"), ("r3", "51200")] {
        assert!(desk.place(&reducing(limit("sell", "0.01", price, name)))["orderId"].is_string());
    }
    // Together they would be more than the position: the oldest goes.
    let placed = desk.place(&reducing(limit("sell", "0.01", "51300", "r4")));
    assert_eq!(placed, json!({ "orderId": null, "clientOid": "r4" }));
    assert_eq!((desk.detail("r1")["state"].take(), column(&desk.pending(), "clientOid")), (json!("canceled"), vec!["r4", "r3", "r2"]));
    // Refused orders displace nothing.
    assert_eq!(desk.refusal(&reducing(limit("sell", "0.031", "51300", "r5"))), "40804");
    assert_eq!(desk.refusal(&reducing(limit("sell", "0.03", "51300.05", "r6"))), "45115");
    assert_eq!(desk.pending().as_array().unwrap().len(), 3);
    // Closing all at market displaces all.
    assert!(desk.place(&reducing(market("sell", "0.03", "all")))["orderId"].is_null());
    assert!(desk.pending().is_null() && desk.held(Side::Long).is_zero());
}

#[test]
fn in_hedge_mode_a_market_order_closes_what_is_not_reserved() {
    let mut desk = Desk::hedge();
    desk.place(&hedged(market("buy", "0.03", "entry"), "open"));
    desk.place(&hedged(limit("buy", "0.02", "51000", "target"), "close"));
    desk.place(&hedged(market("buy", "0.03", "exit"), "close"));
    assert_eq!((desk.held(Side::Long), desk.detail("exit")["baseVolume"].take()), (d("0.02"), json!("0.01")));
    assert_eq!(desk.refusal(&hedged(market("buy", "0.01", "more"), "close")), "40757");
    assert_eq!(desk.refusal(&hedged(limit("buy", "0.01", "51000", "more"), "close")), "40757");
    let row = &desk.get("/api/v2/mix/position/all-position?productType=USDT-FUTURES&marginCoin=USDT")[0];
    assert_eq!((&row["total"], &row["available"], &row["locked"]), (&json!("0.02"), &json!("0"), &json!("0.02")));
}

#[test]
fn a_batch_tells_taken_from_refused_by_name() {
    let mut desk = Desk::classic().struck_by(refused_element(1));
    let element = |name: &str, size: &str| json!({ "size": size, "price": "49000", "side": "buy", "orderType": "limit", "force": "gtc", "clientOid": name });
    let outer = with(named(), json!({ "marginMode": "crossed" }));
    let list = [element("a", "0.01"), element("b", "0.01"), element("c", "0.0001"), element("d", "0.01")];
    let answer = desk.post(&format!("{V2_ORDER}batch-place-order"), &with(outer.clone(), json!({ "orderList": list })));
    assert_eq!(column(&answer["successList"], "clientOid"), ["d", "a"]);
    assert_eq!(
        (column(&answer["failureList"], "clientOid"), column(&answer["failureList"], "errorCode")),
        (vec!["b", "c"], vec!["40762", "45111"])
    );
    assert_eq!(desk.logged(), Some("40762"));
    let many: Vec<Value> = (0..21).map(|at| element(&format!("m{at}"), "0.01")).collect();
    assert_eq!(desk.post_code(&format!("{V2_ORDER}batch-place-order"), &with(outer, json!({ "orderList": many }))), "40020");
    assert_eq!(desk.pending().as_array().unwrap().len(), 2);
}

#[test]
fn cancelling_knows_one_some_all_of_a_contract_and_all() {
    let mut desk = Desk::classic();
    for name in ["a", "b", "c", "d"] {
        desk.place(&limit("buy", "0.01", "49000", name));
    }
    let cancel = |body: Value| with(named(), body);
    assert_eq!(desk.post(&format!("{V2_ORDER}cancel-order"), &cancel(json!({ "clientOid": "a" })))["orderId"], "1117000000000000001");
    assert_eq!(desk.post_code(&format!("{V2_ORDER}cancel-order"), &cancel(json!({ "clientOid": "a" }))), "22001");
    let list = json!({ "orderIdList": [{ "clientOid": "b" }, { "orderId": "1117000000000000001" }] });
    let answer = desk.post(&format!("{V2_ORDER}batch-cancel-orders"), &cancel(list));
    assert_eq!((column(&answer["successList"], "clientOid"), column(&answer["failureList"], "errorCode")), (vec!["b"], vec!["22001"]));
    desk.place(&with(limit("buy", "0.1", "2990", "ether"), json!({ "symbol": "ETHUSDT" })));
    let answer = desk.post(&format!("{V2_ORDER}batch-cancel-orders"), &named());
    assert_eq!(column(&answer["successList"], "clientOid"), ["c", "d"]);
    assert_eq!(desk.post_code(&format!("{V2_ORDER}batch-cancel-orders"), &named()), "22001");
    // This one knows no contract.
    desk.post(&format!("{V2_ORDER}cancel-all-orders"), &named());
    assert!(desk.pending().is_null());
}

#[test]
fn lists_go_from_new_to_old_in_pages() {
    let mut desk = Desk::classic();
    for at in 0..5 {
        desk.place(&market("buy", "0.01", &format!("n{at}")));
        desk.now += 1000;
    }
    let first = desk.get(&format!("{V2_ORDER}fills?limit=2&productType=USDT-FUTURES"));
    assert_eq!(column(&first["fillList"], "tradeId"), ["1119000000000000005", "1119000000000000004"]);
    let row = &first["fillList"][0];
    assert_eq!((&row["feeDetail"][0]["totalFee"], &row["tradeScope"], &row["profit"]), (&json!("-0.25"), &json!("taker"), &json!("0")));
    let next = desk.get(&format!("{V2_ORDER}fills?idLessThan={}&limit=100&productType=USDT-FUTURES", first["endId"].as_str().unwrap()));
    assert_eq!((column(&next["fillList"], "tradeId").len(), next["endId"].as_str()), (3, Some("1119000000000000001")));
    let end = desk.get(&format!("{V2_ORDER}fills?idLessThan=1119000000000000001&productType=USDT-FUTURES"));
    assert_eq!(end, json!({ "fillList": null, "endId": null }));
    let one = desk.get(&format!("{V2_ORDER}fills?orderId=1117000000000000003&productType=USDT-FUTURES"));
    assert_eq!(column(&one["fillList"], "tradeId"), ["1119000000000000003"]);
    let history = desk.get(&format!("{V2_ORDER}orders-history?productType=USDT-FUTURES&startTime={}&symbol=BTCUSDT", START + 3000));
    assert_eq!(column(&history["entrustedList"], "clientOid"), ["n4", "n3"]);
    assert_eq!(desk.get_code(&format!("{V2_ORDER}fills?limit=101&productType=USDT-FUTURES")), "40020");
}

#[test]
fn one_call_tells_all_settings_in_numbers() {
    let mut desk = Desk::classic();
    let account = "/api/v2/mix/account/account?marginCoin=USDT&productType=USDT-FUTURES&symbol=BTCUSDT";
    let leverage = |leverage: &str| with(named(), json!({ "leverage": leverage }));
    let path = "/api/v2/mix/account/set-leverage";
    assert_eq!(desk.post(path, &leverage("10"))["crossMarginLeverage"], "10");
    assert_eq!((desk.post_code(path, &leverage("10")), desk.post_code(path, &leverage("200"))), ("40814".to_owned(), "45044".to_owned()));
    let mode = |mode: &str| with(named(), json!({ "marginMode": mode }));
    for _ in 0..2 {
        desk.post("/api/v2/mix/account/set-margin-mode", &mode("isolated"));
        desk.post("/api/v2/mix/account/set-position-mode", &json!({ "productType": "USDT-FUTURES", "posMode": "hedge_mode" }));
    }
    let row = desk.get(account);
    assert_eq!((&row["crossedMarginLeverage"], &row["isolatedLongLever"]), (&json!(10), &json!(10)));
    assert_eq!((&row["marginMode"], &row["posMode"]), (&json!("isolated"), &json!("hedge_mode")));
    desk.place(&hedged(with(limit("buy", "0.01", "49000", "a"), json!({ "marginMode": "isolated" })), "open"));
    assert_eq!(desk.post_code(path, &leverage("11")), "45097");
    assert_eq!(desk.post_code("/api/v2/mix/account/set-margin-mode", &mode("crossed")), "45117");
    let one_way = json!({ "productType": "USDT-FUTURES", "posMode": "one_way_mode" });
    assert_eq!(desk.post_code("/api/v2/mix/account/set-position-mode", &one_way), "40920");
}

#[test]
fn free_margin_has_the_longer_name() {
    let mut desk = Desk::classic();
    desk.place(&market("buy", "0.1", "a"));
    desk.price("51000");
    let row = &desk.get(V2_BALANCE)[0];
    assert_eq!((&row["accountEquity"], &row["unrealizedPL"], &row["assetMode"]), (&json!("10097.5"), &json!("100"), &json!("single")));
    assert_eq!((&row["available"], &row["crossedMaxAvailable"]), (&json!("9997.5"), &json!("9847.5")));
    let single = "/api/v2/mix/position/single-position?marginCoin=USDT&productType=USDT-FUTURES&symbol=";
    let list = desk.get(&format!("{single}BTCUSDT"));
    let row = &list[0];
    assert_eq!(
        (&row["holdSide"], &row["total"], &row["openPriceAvg"], &row["leverage"]),
        (&json!("long"), &json!("0.1"), &json!("50000"), &json!("20"))
    );
    assert_eq!((&row["liquidationPrice"], &row["posMode"], &row["unrealizedPL"]), (&json!("-1"), &json!("one_way_mode"), &json!("100")));
    assert_eq!(desk.get(&format!("{single}ETHUSDT")), json!([]));
}

#[test]
fn closing_by_contract_closes_what_is_there() {
    let mut desk = Desk::hedge();
    let path = format!("{V2_ORDER}close-positions");
    let body = json!({ "symbol": "BTCUSDT", "productType": "USDT-FUTURES" });
    assert_eq!(desk.post_code(&path, &body), "22002");
    desk.place(&hedged(market("buy", "0.02", "l"), "open"));
    desk.place(&hedged(market("sell", "0.01", "s"), "open"));
    let answer = desk.post(&path, &with(body.clone(), json!({ "holdSide": "short" })));
    assert_eq!(
        (column(&answer["successList"], "symbol"), desk.held(Side::Short), desk.held(Side::Long)),
        (vec!["BTCUSDT"], d("0"), d("0.02"))
    );
    desk.post(&path, &body);
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn orders_and_positions_can_be_seen_late() {
    let late = Conditions { late_orders_ms: 400, late_positions_ms: 300, ..Conditions::default() };
    let mut desk = Desk::classic().under(late);
    desk.place(&market("buy", "0.01", "a"));
    let positions = "/api/v2/mix/position/all-position?marginCoin=USDT&productType=USDT-FUTURES";
    assert_eq!(desk.get(positions), json!([]));
    assert_eq!(desk.get_code(&format!("{V2_ORDER}detail?clientOid=a&productType=USDT-FUTURES&symbol=BTCUSDT")), "40109");
    desk.now += 400;
    assert_eq!((desk.get(positions)[0]["total"].take(), desk.detail("a")["state"].take()), (json!("0.01"), json!("filled")));
}
