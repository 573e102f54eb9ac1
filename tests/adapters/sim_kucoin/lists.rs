//! Contracts, prices, positions, orders and executions as they are read.

use super::*;

#[test]
fn contracts_are_counted_in_lots_and_bitcoin_is_called_otherwise() {
    let mut desk = Desk::new();
    let text = String::from_utf8(desk.send(&desk.request("GET", "/api/v1/contracts/active", &NONE)).body).unwrap();
    assert!(text.contains("\"takerFeeRate\":5.0E-4") && text.contains("\"multiplier\":100000.0"), "{text}");
    let rows = desk.get("v1/contracts/active");
    let row = |name: &str| rows.as_array().unwrap().iter().find(|row| row["symbol"] == name).unwrap_or_else(|| panic!("{name}")).clone();
    let btc = row("XBTUSDTM");
    assert_eq!([&btc["baseCurrency"], &btc["displayBaseCurrency"], &btc["type"], &btc["settleCurrency"]], ["XBT", "BTC", "FFWCSX", "USDT"]);
    let sizes = ["XBTUSDTM", "ETHUSDTM", "XRPUSDTM"].map(|name| row(name)["multiplier"].as_f64().unwrap());
    assert_eq!((sizes, &row("ETHUSDTM")["lotSize"], &row("ETHUSDTM")["maxOrderQty"]), ([0.001, 0.01, 10.0], &json!(1), &json!(1_000_000)));
    assert!(row("ETHUSDTM")["nextFundingRateTime"].as_u64().unwrap() <= 8 * 3_600_000);
    assert_eq!(row("PEPEUSDTM")["tickSize"].as_f64(), Some(1e-10));
    // Listed, and of no use.
    assert_eq!(
        (&row("XBTUSDM")["isInverse"], &row("XBTUSDCM")["settleCurrency"], &row("XBTUSDTMZ26")["type"]),
        (&json!(true), &json!("USDC"), &json!("FFICSX"))
    );
    assert_eq!((&row("LUNAUSDTM")["status"], &desk.get("v1/contracts/LUNAUSDTM")["status"]), (&json!("Paused"), &json!("Paused")));
    assert_eq!(desk.get("v1/contracts/ETHUSDTM"), row("ETHUSDTM"));
    assert_eq!(desk.call("GET", "/api/v1/contracts/ETHUSDT", &NONE).0, 404);
}

#[test]
fn prices_are_text_in_tickers_and_numbers_elsewhere() {
    let mut desk = Desk::new();
    let ticker = desk.get("v1/ticker?symbol=ETHUSDTM");
    assert_eq!(texts(&ticker, ["price", "bestBidPrice", "bestAskPrice"]), ["3000", "2999.99", "3000.01"]);
    assert_eq!(desk.get("v1/mark-price/ETHUSDTM/current")["value"].as_f64(), Some(3000.0));
    assert!(desk.get("v1/allTickers").as_array().unwrap().len() >= 20);
    assert_eq!(desk.code("GET", "/api/v1/ticker?symbol=ETHUSDT", NONE), "100003");
}

#[test]
fn the_balance_is_of_one_currency_and_not_of_ours_unless_asked() {
    let mut desk = Desk::new();
    desk.place(market("buy", 100));
    desk.place(limit("buy", 10, "2900", "l1"));
    desk.price("3100");
    let row = desk.get("v1/account-overview?currency=USDT");
    let numbers =
        ["accountEquity", "unrealisedPNL", "positionMargin", "orderMargin", "availableBalance"].map(|name| row[name].as_f64().unwrap());
    // Leverage is 20 until it is set: cross margin does not listen to orders.
    assert_eq!(numbers, [10_098.5, 100.0, 150.0, 14.5, 9_934.0]);
    let other = desk.get("v1/account-overview");
    assert_eq!((&other["currency"], other["accountEquity"].as_f64()), (&json!("XBT"), Some(0.0)));
}

#[test]
fn positions_have_signs_and_isolated_ones_a_leverage_of_their_own() {
    let mut desk = Desk::new();
    assert_eq!(desk.get("v1/positions"), json!([]));
    let flat = desk.get("v2/position?symbol=ETHUSDTM")[0].clone();
    assert_eq!((&flat["isOpen"], &flat["currentQty"], flat["leverage"].as_f64()), (&json!(false), &json!(0), Some(0.0)));
    desk.place(market("sell", 5));
    desk.price("3010");
    let row = desk.get("v1/positions")[0].clone();
    assert_eq!((&row["currentQty"], &row["marginMode"], &row["positionSide"]), (&json!(-5), &json!("CROSS"), &json!("BOTH")));
    let numbers = ["avgEntryPrice", "markPrice", "unrealisedPnl", "leverage", "realisedPnl"].map(|name| row[name].as_f64().unwrap());
    assert_eq!(numbers, [3000.0, 3010.0, -0.5, 20.0, -0.075]);
    assert_eq!((desk.get("v1/position?symbol=ETHUSDTM"), desk.get("v2/position?symbol=ETHUSDTM")), (row.clone(), json!([row])));
    assert_eq!(desk.get("v1/positions?currency=XBT"), json!([]));
    desk.ok("POST", "/api/v2/position/changeMarginMode", json!({"symbol": "XRPUSDTM", "marginMode": "ISOLATED"}));
    desk.place(with(market("buy", 3), json!({"symbol": "XRPUSDTM", "marginMode": "ISOLATED", "leverage": 7})));
    desk.price_of("XRPUSDTM", "2.1");
    let row = desk.get("v2/position?symbol=XRPUSDTM")[0].clone();
    assert_eq!((row.get("leverage"), row["realLeverage"].as_f64(), &row["crossMode"]), (None, Some(5.44), &json!(false)));
    // A good code, and nothing told.
    let (status, body) = Desk::hedge().call("GET", "/api/v1/position?symbol=ETHUSDTM", &NONE);
    assert_eq!((status, &body["code"], body.get("data")), (200, &json!("200000"), None));
}

#[test]
fn lists_of_orders_are_of_ended_ones_unless_asked_and_have_pages() {
    let mut desk = Desk::new();
    for number in 0..5 {
        desk.now += 1000;
        desk.place(limit("buy", 1, "2900", &format!("l{number}")));
    }
    desk.place(market("buy", 1));
    assert_eq!(desk.listed("v1/orders?symbol=ETHUSDTM").len(), 1);
    assert_eq!(desk.listed("v1/orders?status=active&pageSize=2&currentPage=2"), ["l2", "l1"]);
    let page = desk.get("v1/orders?status=active&pageSize=2&currentPage=3");
    assert_eq!(["currentPage", "pageSize", "totalNum", "totalPage"].map(|name| page[name].as_u64().unwrap()), [3, 2, 5, 3]);
    assert_eq!(desk.listed(&format!("v1/orders?status=active&startAt={}&endAt={}", START + 2000, START + 3000)), ["l2", "l1"]);
    assert_eq!(desk.listed("v1/orders?status=active&side=sell").len(), 0);
    assert_eq!(desk.code("GET", "/api/v1/orders?pageSize=1001", NONE), "400100");
    assert_eq!(desk.get("v1/recentDoneOrders")[0]["type"], "market");
    assert_eq!(desk.get("v1/recentFills")[0]["feeRate"], "0.00050");
    desk.now += 24 * 3_600_000;
    assert_eq!((desk.get("v1/recentDoneOrders"), desk.listed("v1/orders?status=done").len()), (json!([]), 1));
}

#[test]
fn an_order_that_was_just_taken_cannot_be_found_yet() {
    let mut desk = Desk::new().under(Conditions { late_orders_ms: 400, late_positions_ms: 300, ..Conditions::default() });
    let id = desk.place(limit("buy", 1, "2900", "l1"));
    desk.place(stop(1, "2800", "s1"));
    desk.place(market("buy", 10));
    for target in ["/api/v1/orders/byClientOid?clientOid=l1", "/api/v1/orders/byClientOid?clientOid=s1", &format!("/api/v1/orders/{id}")] {
        let (status, body) = desk.call("GET", target, &NONE);
        assert_eq!((status, &body["code"], &body["msg"]), (400, &json!("100001"), &json!("error.getOrder.orderNotExist")));
    }
    assert_eq!((desk.listed("v1/orders?status=active").len(), desk.listed("v1/stopOrders").len()), (0, 0));
    assert_eq!(desk.code("DELETE", &format!("/api/v1/orders/{id}"), NONE), "100004");
    assert_eq!(desk.get("v1/positions"), json!([]));
    desk.now += 400;
    assert_eq!((desk.order("l1")["status"].as_str(), desk.order("s1")["status"].as_str()), (Some("open"), Some("open")));
    assert_eq!(desk.get("v1/positions")[0]["currentQty"], 10);
    // Cancelling everything finds also what cannot be seen.
    desk.place(limit("buy", 1, "2900", "l2"));
    assert_eq!(desk.delete(&format!("v3/orders?symbol={ETH}"))["cancelledOrderIds"].as_array().unwrap().len(), 2);
}
