//! Orders that wait for a price: without a position, beyond it, and too late.

use super::*;

const ACTIVE: &str = "v1/orders?status=active";
const WAITING: &str = "v1/stopOrders?symbol=ETHUSDTM";

#[test]
fn a_stop_is_in_a_list_of_its_own_and_keeps_its_number() {
    let mut desk = Desk::new();
    desk.place(market("buy", 10));
    let id = desk.place(stop(10, "2900", "s1"));
    assert_eq!((desk.listed(WAITING), desk.listed(ACTIVE).len()), (vec!["s1".to_owned()], 0));
    let order = desk.order("s1");
    let said = texts(&order, ["stop", "stopPrice", "stopPriceType", "status", "price"]);
    assert_eq!(said, ["down", "2900", "MP", "open", "0"]);
    assert_eq!((&order["stopTriggered"], &order["reduceOnly"], &order["size"]), (&json!(false), &json!(true), &json!(10)));
    desk.price("2890");
    assert_eq!((desk.held(Side::Long), desk.listed(WAITING).len()), (d("0"), 0));
    let order = desk.get(&format!("v1/orders/{id}"));
    let said = texts(&order, ["clientOid", "status", "avgDealPrice", "stop"]);
    assert_eq!((said, &order["stopTriggered"]), (["s1", "done", "2890", "down"], &json!(true)));
    assert_eq!(desk.get(&format!("v1/fills?orderId={id}"))["items"][0]["size"], 10);
}

#[test]
fn stops_outlive_the_position_and_wait_without_one() {
    let mut desk = Desk::new();
    desk.place(stop(10, "2900", "early"));
    desk.place(stop_all("2850", "all"));
    desk.place(market("buy", 10));
    desk.place(stop_all("2800", "second"));
    desk.place(stop_all("2800", "third"));
    desk.place(with(market("sell", 10), json!({"reduceOnly": true})));
    assert_eq!(desk.listed(WAITING), ["third", "second", "all", "early"]);
    // Set off without a position, they end and do nothing.
    desk.price("2840");
    assert_eq!((desk.listed(WAITING), desk.held(Side::Short)), (vec!["third".to_owned(), "second".to_owned()], d("0")));
    let order = desk.order("early");
    assert_eq!((&order["status"], &order["cancelExist"], &order["filledSize"]), (&json!("done"), &json!(true), &json!(0)));
    // A forgotten one closes the next position.
    desk.place(market("buy", 20));
    desk.price("2790");
    assert_eq!(desk.held(Side::Long), d("0"));
}

#[test]
fn one_that_is_placed_without_a_position_closes_all_of_the_next() {
    let mut desk = Desk::new();
    desk.place(stop_all("2900", "all"));
    assert_eq!((&desk.order("all")["size"], &desk.order("all")["closeOrder"]), (&json!(0), &json!(true)));
    desk.place(market("buy", 37));
    desk.price("2900");
    assert_eq!((desk.held(Side::Long), &desk.order("all")["filledSize"]), (d("0"), &json!(37)));
}

#[test]
fn one_for_everything_is_not_asked_for_its_side() {
    let mut desk = Desk::new();
    desk.place(market("buy", 10));
    desk.place(stop_all("2900", "all"));
    desk.place(stop(10, "2880", "ten"));
    desk.place(market("sell", 25));
    desk.price("2890");
    // What a long position left behind closes the short one that came after it; what names a quantity and only reduces does not.
    let order = desk.order("all");
    assert_eq!((&order["side"], &order["filledSize"], &order["status"]), (&json!("buy"), &json!(15), &json!("done")));
    desk.place(market("sell", 15));
    desk.price("2870");
    let order = desk.order("ten");
    assert_eq!((&order["filledSize"], &order["cancelExist"], desk.held(Side::Short)), (&json!(0), &json!(true), d("0.15")));
}

#[test]
fn one_that_forgot_to_reduce_opens_a_position() {
    let mut desk = Desk::new();
    desk.place(market("buy", 10));
    desk.place(with(stop(10, "2900", "s1"), json!({"reduceOnly": null})));
    desk.place(with(market("sell", 10), json!({"reduceOnly": true})));
    desk.price("2890");
    assert_eq!(desk.held(Side::Short), d("0.1"));
}

#[test]
fn one_whose_price_is_passed_goes_off_at_once() {
    let mut desk = Desk::new();
    desk.place(market("buy", 10));
    desk.place(stop(4, "3000", "late"));
    assert_eq!((desk.held(Side::Long), desk.listed(WAITING).len()), (d("0.06"), 0));
    let order = desk.order("late");
    assert_eq!((&order["stopTriggered"], &order["stopPrice"], &order["status"]), (&json!(true), &json!("3000"), &json!("done")));
    desk.place(with(stop(6, "2990", "target"), json!({"stop": "up", "stopPriceType": "TP"})));
    assert_eq!(desk.held(Side::Long), d("0"));
    assert_eq!(desk.refused(stop(1, "3010", "none")), "300009");
}

#[test]
fn what_waits_says_how() {
    let mut desk = Desk::new();
    let cases = [
        ("100001", json!({"stop": "under"})),
        ("100001", json!({"stop": null})),
        ("100001", json!({"stopPrice": null})),
        ("100001", json!({"stopPrice": 2900})),
        ("100001", json!({"stopPrice": "2900.001"})),
        ("100001", json!({"stopPriceType": null})),
        ("400100", json!({"stopPriceType": "IP"})),
        ("400100", json!({"type": "limit", "price": "2890"})),
        ("330005", json!({"marginMode": null})),
        ("330011", json!({"positionSide": "LONG"})),
    ];
    for (code, more) in cases {
        assert_eq!(desk.refused(with(stop(1, "2900", "s1"), more.clone())), code, "{more}");
    }
    for number in 0..50 {
        desk.place(stop(1, "2900", &format!("s{number}")));
    }
    assert_eq!(desk.refused(stop(1, "2900", "one-more")), "300004");
}

#[test]
fn cancelling_all_takes_two_calls() {
    let mut desk = Desk::new();
    for path in ["v1", "v3"] {
        desk.place(limit("buy", 1, "2900", &format!("l-{path}")));
        desk.place(stop(1, "2800", &format!("s-{path}")));
        let gone = desk.delete(&format!("{path}/orders?symbol={ETH}"));
        assert_eq!(gone["cancelledOrderIds"].as_array().unwrap().len(), 1);
        assert_eq!((desk.listed(ACTIVE).len(), desk.listed(WAITING).len()), (0, 1));
        desk.delete(&format!("v1/stopOrders?symbol={ETH}"));
        assert_eq!(desk.listed(WAITING).len(), 0);
        assert_eq!(desk.delete(&format!("v1/stopOrders?symbol={ETH}"))["cancelledOrderIds"], json!([]));
    }
    assert_eq!(desk.code("DELETE", "/api/v3/orders", NONE), "100001");
    // Of every contract, where none is named.
    desk.place(with(limit("buy", 1, "45000", "btc"), json!({"symbol": "XBTUSDTM"})));
    assert_eq!(desk.delete(&format!("v1/orders?symbol={ETH}"))["cancelledOrderIds"], json!([]));
    assert_eq!(desk.delete("v1/orders")["cancelledOrderIds"].as_array().unwrap().len(), 1);
}

#[test]
fn one_is_cancelled_by_number_or_name_whatever_it_waits_for() {
    let mut desk = Desk::new();
    let (plain, waiting) = (desk.place(limit("buy", 1, "2900", "l1")), desk.place(stop(1, "2800", "s1")));
    assert_eq!(desk.delete(&format!("v1/orders/{waiting}"))["cancelledOrderIds"], json!([waiting]));
    let order = desk.order("s1");
    assert_eq!((&order["status"], &order["cancelExist"], &order["stopTriggered"]), (&json!("done"), &json!(true), &json!(false)));
    let named = "/api/v1/orders/client-order/l1";
    assert_eq!(desk.code("DELETE", named, NONE), "100001", "the contract must be named");
    assert_eq!(desk.code("DELETE", &format!("{named}?symbol=XBTUSDTM"), NONE), "400100");
    assert_eq!(desk.ok("DELETE", &format!("{named}?symbol={ETH}"), NONE), json!({"clientOid": "l1"}));
    assert_eq!(desk.code("DELETE", &format!("{named}?symbol={ETH}"), NONE), "400100");
    assert_eq!(desk.code("DELETE", &format!("/api/v1/orders/{plain}"), NONE), "100004");
    assert_eq!(desk.code("DELETE", "/api/v1/orders/12", NONE), "100004");
}

#[test]
fn several_are_cancelled_with_a_body() {
    let mut desk = Desk::new();
    let path = "/api/v1/orders/multi-cancel";
    let (first, second) = (desk.place(limit("buy", 1, "2900", "a")), desk.place(stop(1, "2800", "b")));
    let rows = desk.ok("DELETE", path, json!({"orderIdsList": [first, "7", second]}));
    assert_eq!([0, 1, 2].map(|at| rows[at]["code"].as_str().unwrap()), ["200", "100004", "200"]);
    assert_eq!((&rows[0]["orderId"], &rows[0]["clientOid"]), (&json!(first), &NONE));
    desk.place(limit("buy", 1, "2900", "c"));
    let rows = desk.ok("DELETE", path, json!({"clientOidsList": [{"symbol": ETH, "clientOid": "c"}, {"symbol": ETH, "clientOid": "a"}]}));
    assert_eq!([0, 1].map(|at| rows[at]["code"].as_str().unwrap()), ["200", "400100"]);
    assert_eq!(desk.code("DELETE", path, json!({"orderIdsList": ["1"], "clientOidsList": []})), "400100");
    assert_eq!(desk.code("DELETE", path, json!({"orderIdsList": vec!["1"; 11]})), "400100");
}

#[test]
fn a_hedge_guards_each_side() {
    let mut desk = Desk::hedge();
    let side = |order: Value, side: &str| with(order, json!({"positionSide": side}));
    desk.place(side(stop_all("2900", "long"), "LONG"));
    desk.place(side(market("buy", 10), "LONG"));
    desk.place(side(market("sell", 4), "SHORT"));
    desk.place(side(with(stop_all("3100", "short"), json!({"side": "buy", "stop": "up"})), "SHORT"));
    desk.price("2900");
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0"), d("0.04")));
    desk.price("3100");
    assert_eq!((desk.held(Side::Short), desk.listed(WAITING).len()), (d("0"), 0));
}
