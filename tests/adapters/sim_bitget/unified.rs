//! Plain orders, balance, positions and settings of a unified account.

use super::*;

pub(super) fn market(side: &str, qty: &str, name: &str) -> Value {
    json!({ "category": "USDT-FUTURES", "symbol": "BTCUSDT", "qty": qty, "side": side, "orderType": "market", "clientOid": name })
}

fn limit(side: &str, qty: &str, price: &str, name: &str) -> Value {
    with(market(side, qty, name), json!({ "orderType": "limit", "price": price, "timeInForce": "gtc" }))
}

impl Desk {
    pub(super) fn trade(&mut self, order: &Value) -> Value {
        self.post(&format!("{V3_TRADE}place-order"), order)
    }

    fn trade_code(&mut self, order: &Value) -> String {
        self.post_code(&format!("{V3_TRADE}place-order"), order)
    }

    fn info(&mut self, name: &str) -> Value {
        self.get(&format!("{V3_TRADE}order-info?clientOid={name}"))
    }

    fn unfilled(&mut self) -> Value {
        self.get(&format!("{V3_TRADE}unfilled-orders?category=USDT-FUTURES"))["list"].take()
    }
}

#[test]
fn an_order_is_acknowledged_and_a_fee_paid_is_positive() {
    let mut desk = Desk::unified();
    assert_eq!(desk.trade(&market("buy", "0.01", "a.b:c/d")), json!({ "orderId": "1117000000000000001", "clientOid": "a.b:c/d" }));
    let order = desk.info("a.b:c/d");
    assert_eq!((&order["orderStatus"], &order["cumExecQty"], &order["avgPrice"]), (&json!("filled"), &json!("0.01"), &json!("50000")));
    assert_eq!(order["feeDetail"], json!([{ "feeCoin": "USDT", "fee": "0.25" }]));
    assert_eq!(desk.get_code(&format!("{V3_TRADE}order-info?clientOid=other")), "25204");
    desk.trade(&limit("buy", "0.01", "49000", "rests"));
    desk.post(&format!("{V3_TRADE}cancel-order"), &json!({ "clientOid": "rests" }));
    let order = desk.info("rests");
    assert_eq!((&order["orderStatus"], &order["feeDetail"][0]["fee"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(desk.post_code(&format!("{V3_TRADE}cancel-order"), &json!({ "clientOid": "rests" })), "25204");
    let fills = desk.get(&format!("{V3_TRADE}fills?orderId=1117000000000000001"));
    let row = &fills["list"][0];
    assert_eq!(
        (&row["execQty"], &row["execPrice"], &row["feeDetail"][0]["fee"], &row["side"]),
        (&json!("0.01"), &json!("50000"), &json!("0.25"), &json!("buy"))
    );
}

#[test]
fn side_is_the_direction_of_the_trade_in_hedge_mode_too() {
    let mut desk = Desk::unified_hedge();
    let cases =
        [("buy", "long", "0.02", "0"), ("sell", "short", "0.02", "0.02"), ("sell", "long", "0", "0.02"), ("buy", "short", "0", "0")];
    for (side, pos_side, long, short) in cases {
        desk.trade(&with(market(side, "0.02", &format!("{side}-{pos_side}")), json!({ "posSide": pos_side })));
        assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d(long), d(short)), "{side} {pos_side}");
    }
    assert_eq!(desk.trade_code(&market("buy", "0.01", "bare")), "25236");
    let mut desk = Desk::unified();
    assert_eq!(desk.trade_code(&with(market("buy", "0.01", "n"), json!({ "posSide": "long" }))), "25236");
    assert_eq!(desk.trade_code(&with(market("buy", "0.01", "n"), json!({ "oneWayMode": "true" }))), "25236");
}

#[test]
fn orders_must_keep_the_rules() {
    let order = || limit("buy", "0.01", "49000", "new");
    let cases = [
        (with(order(), json!({ "symbol": "NOUSDT" })), "25100"),
        (with(order(), json!({ "category": "SPOT" })), "40020"),
        (with(order(), json!({ "qty": "0.0005" })), "25207"),
        (with(order(), json!({ "qty": "0.0105" })), "25610"),
        (with(order(), json!({ "price": "49000.05" })), "25244"),
        (with(order(), json!({ "price": "60000" })), "25206"),
        (with(order(), json!({ "symbol": "XRPUSDT", "qty": "1", "price": "2" })), "25611"),
        (with(order(), json!({ "qty": "50" })), "25203"),
        (with(order(), json!({ "clientOid": "x".repeat(33) })), "40020"),
        (with(order(), json!({ "takeProfit": "60000" })), "40017"),
        (with(order(), json!({ "reduceOnly": "YES" })), "40020"),
        (with(order(), json!({ "reduceOnly": "yes" })), "25227"),
    ];
    for (order, code) in cases {
        assert_eq!(Desk::unified().trade_code(&order), code, "{order}");
    }
}

#[test]
fn a_name_is_free_again_when_its_order_has_ended() {
    let mut desk = Desk::unified();
    desk.trade(&limit("buy", "0.01", "49000", "twice"));
    assert_eq!(desk.trade_code(&limit("buy", "0.01", "49000", "twice")), "25212");
    desk.post(&format!("{V3_TRADE}cancel-order"), &json!({ "clientOid": "twice" }));
    desk.trade(&market("buy", "0.01", "twice"));
    assert_eq!(desk.info("twice")["orderStatus"], "filled");
}

#[test]
fn a_reducing_order_displaces_older_ones_and_is_answered_without_id() {
    let mut desk = Desk::unified();
    let reducing = |order: Value| with(order, json!({ "reduceOnly": "yes" }));
    desk.trade(&market("buy", "0.02", "entry"));
    desk.trade(&reducing(limit("sell", "0.02", "51000", "r1")));
    assert_eq!(desk.trade(&reducing(limit("sell", "0.01", "51100", "r2"))), json!({ "orderId": null, "clientOid": "r2" }));
    assert_eq!(column(&desk.unfilled(), "clientOid"), ["r2"]);
    assert_eq!(desk.trade_code(&reducing(market("sell", "0.03", "r3"))), "25231");
}

#[test]
fn the_margin_mode_belongs_to_the_order() {
    let mut desk = Desk::unified();
    let isolated = |order: Value| with(order, json!({ "marginMode": "isolated" }));
    desk.trade(&isolated(market("buy", "0.01", "a")));
    let mode = desk.get("/api/v3/position/current-position?category=USDT-FUTURES")["list"][0]["marginMode"].take();
    assert_eq!(mode, "isolated");
    // Unnamed it is crossed, which is not what is held.
    assert_eq!(desk.trade_code(&market("buy", "0.01", "b")), "25236");
    desk.trade(&with(isolated(market("sell", "0.01", "c")), json!({ "reduceOnly": "yes" })));
    desk.trade(&market("buy", "0.01", "d"));
}

#[test]
fn settings_list_only_what_was_touched() {
    let mut desk = Desk::unified();
    let settings = "/api/v3/account/settings";
    assert_eq!(desk.get(settings)["symbolConfigList"], json!([]));
    let leverage = |leverage: &str| json!({ "category": "USDT-FUTURES", "symbol": "BTCUSDT", "leverage": leverage });
    for _ in 0..2 {
        assert_eq!(desk.post("/api/v3/account/set-leverage", &leverage("10")), "success");
        desk.post("/api/v3/account/set-hold-mode", &json!({ "holdMode": "hedge_mode" }));
    }
    let data = desk.get(settings);
    let config = json!({ "category": "USDT-FUTURES", "symbol": "BTCUSDT", "marginMode": "crossed", "leverage": "10" });
    assert_eq!(
        (&data["symbolConfigList"], &data["holdMode"], &data["accountMode"]),
        (&json!([config]), &json!("hedge_mode"), &json!("unified"))
    );
    assert_eq!(desk.post_code("/api/v3/account/set-leverage", &leverage("200")), "25223");
    let isolated = with(leverage("11"), json!({ "marginMode": "isolated" }));
    assert_eq!(desk.post_code("/api/v3/account/set-leverage", &isolated), "40019");
    desk.post("/api/v3/account/set-leverage", &with(isolated, json!({ "posSide": "long" })));
    desk.trade(&with(limit("buy", "0.01", "49000", "a"), json!({ "posSide": "long" })));
    assert_eq!(desk.post_code("/api/v3/account/set-hold-mode", &json!({ "holdMode": "one_way_mode" })), "25010");
}

#[test]
fn the_account_counts_in_dollars_and_the_coin_in_itself() {
    let mut desk = Desk::unified();
    desk.trade(&market("sell", "0.1", "a"));
    desk.price("49000");
    let data = desk.get("/api/v3/account/assets");
    assert_eq!((&data["accountEquity"], &data["usdtEquity"]), (&json!("10103.053625"), &json!("10097.5")));
    let usdt = &data["assets"][0];
    assert_eq!((&usdt["equity"], &usdt["balance"], &usdt["available"]), (&json!("10097.5"), &json!("9997.5"), &json!("9847.5")));
    let list = desk.get("/api/v3/position/current-position?category=USDT-FUTURES&symbol=BTCUSDT");
    let row = &list["list"][0];
    assert_eq!(
        (&row["posSide"], &row["total"], &row["avgPrice"], &row["holdMode"]),
        (&json!("short"), &json!("0.1"), &json!("50000"), &json!("one_way_mode"))
    );
    assert_eq!((&row["unrealisedPnl"], &row["liquidationPrice"]), (&json!("100"), &json!("-1")));
}

#[test]
fn batches_are_answered_in_their_order() {
    let mut desk = Desk::unified();
    let reducing = with(market("sell", "0.01", "c"), json!({ "reduceOnly": "yes" }));
    let list = json!([limit("buy", "0.01", "49000", "a"), limit("buy", "0.0001", "49000", "b"), reducing]);
    let rows = desk.post(&format!("{V3_TRADE}place-batch"), &list);
    assert_eq!(column(&rows, "clientOid"), ["a", "b", "c"]);
    assert_eq!((rows[0].get("code"), &rows[1]["code"], &rows[2]["code"]), (None, &json!("25207"), &json!("25240")));
    let ids = json!([{ "clientOid": "a", "category": "USDT-FUTURES", "symbol": "BTCUSDT" }, { "clientOid": "b", "category": "USDT-FUTURES", "symbol": "BTCUSDT" }]);
    let rows = desk.post(&format!("{V3_TRADE}cancel-batch"), &ids);
    assert_eq!((rows[0].get("code"), &rows[1]["code"]), (None, &json!("25204")));
    assert_eq!(desk.unfilled(), json!([]));
}

#[test]
fn lists_go_from_new_to_old_in_pages() {
    let mut desk = Desk::unified();
    for at in 0..5 {
        desk.trade(&market("buy", "0.01", &format!("n{at}")));
    }
    let mut seen = Vec::new();
    let mut target = format!("{V3_TRADE}fills?limit=2");
    for _ in 0..4 {
        let page = desk.get(&target);
        seen.extend(column(&page["list"], "execId").into_iter().map(str::to_owned));
        let Some(cursor) = page["cursor"].as_str() else { break };
        target = format!("{V3_TRADE}fills?cursor={cursor}&limit=2");
    }
    let all: Vec<String> = (1..=5).rev().map(|number| format!("111900000000000000{number}")).collect();
    assert_eq!(seen, all);
    let history = desk.get(&format!("{V3_TRADE}history-orders?category=USDT-FUTURES&limit=3"));
    assert_eq!((column(&history["list"], "clientOid"), history["cursor"].as_str()), (vec!["n4", "n3", "n2"], Some("1117000000000000003")));
}

#[test]
fn all_of_a_contract_can_be_cancelled_or_closed() {
    let mut desk = Desk::unified();
    let body = json!({ "category": "USDT-FUTURES", "symbol": "BTCUSDT" });
    assert_eq!(desk.post(&format!("{V3_TRADE}cancel-symbol-order"), &body), json!({ "list": [] }));
    desk.trade(&limit("buy", "0.01", "49000", "a"));
    desk.trade(&with(limit("buy", "0.1", "2990", "ether"), json!({ "symbol": "ETHUSDT" })));
    let answer = desk.post(&format!("{V3_TRADE}cancel-symbol-order"), &body);
    assert_eq!((column(&answer["list"], "clientOid"), column(&answer["list"], "code")), (vec!["a"], vec!["00000"]));
    assert_eq!(column(&desk.unfilled(), "clientOid"), ["ether"]);
    assert_eq!(desk.post_code(&format!("{V3_TRADE}close-positions"), &body), "25227");
    desk.trade(&market("buy", "0.01", "b"));
    desk.post(&format!("{V3_TRADE}close-positions"), &body);
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn orders_and_positions_can_be_seen_late() {
    let late = Conditions { late_orders_ms: 400, late_positions_ms: 300, ..Conditions::default() };
    let mut desk = Desk::unified().under(late);
    desk.trade(&market("buy", "0.01", "a"));
    let positions = "/api/v3/position/current-position?category=USDT-FUTURES";
    assert_eq!(desk.get(positions), json!({ "list": [] }));
    assert_eq!(desk.get_code(&format!("{V3_TRADE}order-info?clientOid=a")), "25204");
    desk.now += 400;
    assert_eq!((desk.get(positions)["list"][0]["total"].take(), desk.info("a")["orderStatus"].take()), (json!("0.01"), json!("filled")));
}
