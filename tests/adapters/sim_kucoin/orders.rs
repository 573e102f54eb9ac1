//! Plain orders: what they must say, what they do, batches.

use super::*;

#[test]
fn an_order_is_only_taken_and_counts_lots() {
    let mut desk = Desk::new();
    let answer = desk.ok("POST", ORDERS, with(market("buy", 15), json!({"clientOid": "m1"})));
    assert_eq!(answer.as_object().unwrap().len(), 2, "{answer}");
    assert_eq!(desk.held(Side::Long), d("0.15"));
    let order = desk.order("m1");
    assert_eq!(
        (&order["id"], &order["size"], &order["filledSize"], &order["dealSize"]),
        (&answer["orderId"], &json!(15), &json!(15), &json!(15))
    );
    let texts = ["status", "avgDealPrice", "filledValue", "price", "leverage", "marginMode", "positionSide", "stop"];
    assert_eq!(texts.map(|name| order[name].as_str().unwrap()), ["done", "3000", "450", "0", "5", "CROSS", "BOTH", ""]);
    assert_eq!((&order["isActive"], &order["cancelExist"], &order["orderTime"]), (&json!(false), &json!(false), &json!(START * 1_000_000)));
    desk.place(limit("buy", 1, "2900", "l1"));
    let order = desk.order("l1");
    assert_eq!((&order["status"], &order["isActive"], &order["endAt"]), (&json!("open"), &json!(true), &NONE));
    // Whole coins are counted, too.
    desk.place(with(limit("buy", 1, "2900", "q1"), json!({"size": null, "qty": "0.03"})));
    assert_eq!(desk.order("q1")["size"], 3);
}

#[test]
fn what_an_order_says_is_checked() {
    let mut desk = Desk::new();
    desk.place(limit("buy", 1, "2900", "l1"));
    desk.ok("POST", "/api/v2/position/changeMarginMode", json!({"symbol": "XRPUSDTM", "marginMode": "ISOLATED"}));
    let say = |more: Value| with(limit("buy", 1, "2900", "x"), more);
    let xrp = |more: Value| with(with(market("buy", 1), json!({"symbol": "XRPUSDTM", "marginMode": "ISOLATED"})), more);
    let cases = [
        ("400100", with(market("buy", 1), json!({"clientOid": ""}))),
        ("100001", say(json!({"clientOid": "x".repeat(41)}))),
        ("100001", say(json!({"clientOid": "has.dot"}))),
        ("300018", say(json!({"clientOid": "l1"}))),
        ("100003", say(json!({"symbol": "ETHUSDT"}))),
        ("300002", say(json!({"symbol": "LUNAUSDTM"}))),
        ("100001", say(json!({"side": "Buy"}))),
        ("100001", say(json!({"type": "stop"}))),
        ("100001", say(json!({"type": null, "price": null}))),
        ("100001", say(json!({"size": "1"}))),
        ("100001", say(json!({"size": 0}))),
        ("100001", say(json!({"size": 1.5}))),
        ("100001", say(json!({"qty": "0.01"}))),
        ("100001", say(json!({"size": null}))),
        ("100001", say(json!({"size": null, "qty": "0.015"}))),
        ("100001", say(json!({"price": 2900}))),
        ("100001", say(json!({"price": "2900.001"}))),
        ("300011", say(json!({"price": "3151"}))),
        ("300012", say(json!({"side": "sell", "price": "2849"}))),
        ("100001", say(json!({"timeInForce": "FOK"}))),
        ("400100", say(json!({"timeInForce": "RPI"}))),
        ("400100", say(json!({"postOnly": true}))),
        ("330005", say(json!({"marginMode": "ISOLATED"}))),
        ("330005", say(json!({"marginMode": null}))),
        ("330011", say(json!({"positionSide": "LONG"}))),
        ("300016", say(json!({"leverage": 126}))),
        ("330008", market("buy", 30_000)),
        ("100001", market("buy", 1_000_001)),
        ("300009", with(market("sell", 1), json!({"reduceOnly": true}))),
        ("300009", with(market("sell", 1), json!({"size": null, "closeOrder": true}))),
        // Isolated orders that open say their leverage, and have other words for too little money.
        ("100001", xrp(json!({"leverage": null}))),
        ("300003", xrp(json!({"size": 30_000}))),
        ("330005", xrp(json!({"marginMode": "CROSS"}))),
    ];
    for (code, body) in cases {
        assert_eq!(desk.refused(body.clone()), code, "{body}");
    }
    assert_eq!((desk.held(Side::Long), desk.listed("v1/orders?status=active")), (d("0"), vec!["l1".to_owned()]));
}

#[test]
fn a_name_is_used_once_however_long_it_is() {
    let mut desk = Desk::new();
    let long = "a-name_of_40_letters-a-name_of_40_letter";
    assert_eq!(long.len(), 40);
    desk.place(limit("buy", 1, "2900", long));
    assert_eq!(desk.order(long)["clientOid"], long);
    desk.delete(&format!("v1/orders/client-order/{long}?symbol={ETH}"));
    assert_eq!(desk.refused(limit("buy", 1, "2900", long)), "300018");
    desk.place(stop(1, "2800", "s1"));
    assert_eq!(desk.refused(limit("buy", 1, "2900", "s1")), "300018", "stops have no names of their own");
}

#[test]
fn what_only_reduces_is_cut_to_what_is_there() {
    let mut desk = Desk::new();
    desk.place(market("buy", 10));
    desk.place(with(market("sell", 25), json!({"reduceOnly": true, "clientOid": "r1"})));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0"), d("0")));
    assert_eq!(desk.order("r1")["filledSize"], 10);
    // Without the mark it turns the position over: one execution, with a fee for each part.
    desk.place(market("buy", 10));
    desk.place(with(market("sell", 25), json!({"clientOid": "turn"})));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0"), d("0.15")));
    let fill = desk.get("v1/fills")["items"][0].clone();
    let fees = texts(&fill, ["fee", "openFeePay", "closeFeePay"]);
    assert_eq!((&fill["size"], fees), (&json!(25), ["0.375", "0.225", "0.15"]));
    // What closes everything listens to no side.
    desk.place(json!({"symbol": ETH, "closeOrder": true, "side": "sell", "type": "market", "marginMode": "CROSS", "clientOid": "c1"}));
    assert_eq!(desk.held(Side::Short), d("0"));
    let order = desk.order("c1");
    assert_eq!((&order["side"], &order["size"], &order["closeOrder"]), (&json!("buy"), &json!(15), &json!(true)));
}

#[test]
fn what_does_not_fill_at_once_is_cancelled() {
    let mut desk = Desk::new().under(Conditions { liquidity: Some(Decimal::ONE), ..Conditions::default() });
    desk.place(with(market("buy", 150), json!({"clientOid": "m1"})));
    let order = desk.order("m1");
    assert_eq!((&order["status"], &order["cancelExist"], &order["filledSize"]), (&json!("done"), &json!(true), &json!(100)));
    desk.place(with(limit("buy", 15, "2990", "i1"), json!({"timeInForce": "IOC"})));
    let order = desk.order("i1");
    assert_eq!((&order["timeInForce"], &order["cancelExist"], &order["filledSize"]), (&json!("IOC"), &json!(true), &json!(0)));
}

#[test]
fn a_hedge_holds_both_sides() {
    let mut desk = Desk::hedge();
    let side = |order: Value, side: &str| with(order, json!({"positionSide": side}));
    assert_eq!(desk.refused(market("buy", 1)), "330012");
    desk.place(side(market("buy", 10), "LONG"));
    desk.place(side(market("sell", 4), "SHORT"));
    let rows = desk.get("v1/positions");
    let seen = [0, 1].map(|at| (rows[at]["positionSide"].as_str().unwrap(), rows[at]["currentQty"].as_i64().unwrap()));
    assert_eq!(seen, [("LONG", 10), ("SHORT", -4)]);
    assert_eq!(desk.refused(side(with(market("buy", 1), json!({"reduceOnly": true})), "LONG")), "300009");
    desk.place(side(with(market("sell", 99), json!({"reduceOnly": true})), "LONG"));
    desk.place(side(with(market("sell", 1), json!({"size": null, "side": null, "closeOrder": true})), "SHORT"));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0"), d("0")));
}

#[test]
fn a_batch_is_answered_with_a_good_code_whatever_its_elements_are() {
    let mut desk = Desk::new();
    let orders = json!([limit("buy", 1, "2900", "b1"), limit("buy", 1, "2900", "b1"), stop(1, "2800", "b2"), market("buy", 1)]);
    let rows = desk.ok("POST", MULTI, orders);
    let codes = column(&rows, "code");
    assert_eq!(codes, ["200000", "300018", "200000", "400100"]);
    assert_eq!((&rows[1]["orderId"], &rows[1]["clientOid"], &rows[1]["symbol"]), (&NONE, &json!("b1"), &json!(ETH)));
    assert_eq!(desk.logged(), Some("300018"));
    let many: Vec<Value> = (0..21).map(|number| limit("buy", 1, "2900", &format!("n{number}"))).collect();
    assert_eq!(desk.code("POST", MULTI, json!(many)), "400100");
    let mut desk = Desk::new().struck_by(refused_element(1));
    let rows = desk.ok("POST", MULTI, json!([limit("buy", 1, "2900", "a"), limit("buy", 1, "2900", "b"), limit("buy", 1, "2900", "c")]));
    assert_eq!([0, 1, 2].map(|at| rows[at]["code"].as_str().unwrap()), ["200000", "300003", "200000"]);
}

#[test]
fn a_test_order_is_checked_and_not_placed() {
    let mut desk = Desk::new();
    let test = "/api/v1/orders/test";
    desk.ok("POST", test, with(market("buy", 1), json!({"clientOid": "t1"})));
    assert_eq!(desk.code("POST", test, with(market("buy", 1), json!({"clientOid": "t1", "marginMode": "ISOLATED"}))), "330005");
    assert_eq!(desk.code("POST", test, with(market("buy", 30_000), json!({"clientOid": "t1"}))), "330008");
    assert_eq!((desk.held(Side::Long), desk.code("GET", "/api/v1/orders/byClientOid?clientOid=t1", NONE)), (d("0"), "100001".to_owned()));
    assert_eq!(desk.code("POST", "/api/v1/st-orders", with(market("buy", 1), json!({"clientOid": "t1"}))), "400100");
}
