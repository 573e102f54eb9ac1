//! Strategy orders of a unified account: stops and targets.

use super::unified::market;
use super::*;

fn guard(prices: Value, name: &str) -> Value {
    let guard = json!({ "category": "USDT-FUTURES", "symbol": "BTCUSDT", "type": "tpsl", "tpslMode": "full", "posSide": "long", "clientOid": name });
    with(with(guard, prices), json!({ "slTriggerBy": "mark", "tpTriggerBy": "mark", "slOrderType": "market", "tpOrderType": "market" }))
}

fn stop(price: &str, name: &str) -> Value {
    guard(json!({ "stopLoss": price }), name)
}

fn target(price: &str, name: &str) -> Value {
    guard(json!({ "takeProfit": price }), name)
}

fn part(guard: Value, qty: &str) -> Value {
    with(guard, json!({ "tpslMode": "partial", "qty": qty }))
}

impl Desk {
    fn strategy(&mut self, order: &Value) -> Value {
        self.post(&format!("{V3_TRADE}place-strategy-order"), order)
    }

    fn strategy_code(&mut self, order: &Value) -> String {
        self.post_code(&format!("{V3_TRADE}place-strategy-order"), order)
    }

    fn strategies(&mut self) -> Value {
        self.get(&format!("{V3_TRADE}unfilled-strategy-orders?category=USDT-FUTURES&type=tpsl"))
    }

    fn drop_strategy(&mut self, name: &str) -> Value {
        self.post(&format!("{V3_TRADE}cancel-strategy-order"), &json!({ "clientOid": name }))
    }
}

fn with_position() -> Desk {
    let mut desk = Desk::unified();
    desk.trade(&market("buy", "0.02", "entry"));
    desk
}

#[test]
fn one_order_for_the_whole_position_and_parts_beside_it() {
    let mut desk = with_position();
    assert_eq!(desk.strategy(&stop("49000", "sl")), json!({ "orderId": "1118000000000000001", "clientOid": "sl" }));
    // One for all of it is there, whichever price that holds.
    assert_eq!(
        (desk.strategy_code(&stop("48000", "b")), desk.strategy_code(&target("52000", "c"))),
        ("25594".to_owned(), "25594".to_owned())
    );
    desk.strategy(&part(target("52000", "half"), "0.01"));
    desk.strategy(&part(target("53000", "other"), "0.01"));
    // Together the parts may not exceed the position.
    assert_eq!(desk.strategy_code(&part(target("54000", "d"), "0.001")), "25595");
    desk.strategy(&part(stop("48000", "lower"), "0.02"));
    let list = desk.strategies();
    assert_eq!(column(&list, "clientOid"), ["sl", "half", "other", "lower"]);
    // One for all of it looks like a part of the position's size.
    assert_eq!((column(&list, "qty"), column(&list, "stopLoss")), (vec!["0.02", "0.01", "0.01", "0.02"], vec!["49000", "", "", "48000"]));
}

#[test]
fn without_a_mode_the_quantity_is_not_looked_at() {
    let mut desk = with_position();
    let order = with(stop("49000", "sl"), json!({ "tpslMode": "", "qty": "0.01" }));
    desk.strategy(&order);
    assert_eq!(desk.strategies()[0]["qty"], "0.02");
    desk.price("49000");
    assert!(desk.held(Side::Long).is_zero() && desk.strategies() == json!([]));
}

#[test]
fn a_guard_needs_a_position_and_the_right_side_of_the_price() {
    assert_eq!(Desk::unified().strategy_code(&stop("49000", "sl")), "25601");
    let last = |order: Value| with(order, json!({ "slTriggerBy": "market", "tpTriggerBy": "" }));
    let cases = [
        (stop("50000", "g"), "25590"),
        (target("50000", "g"), "25589"),
        (last(stop("51000", "g")), "25586"),
        (last(target("49000", "g")), "25585"),
        (with(stop("51000", "g"), json!({ "posSide": "short" })), "25601"),
        (with(stop("49000", "g"), json!({ "posSide": "" })), "40019"),
        (part(stop("49000", "g"), "0.021"), "25595"),
        (stop("49000.05", "g"), "25607"),
        (target("52000.05", "g"), "25606"),
        (with(stop("49000", "g"), json!({ "slOrderType": "limit" })), "40017"),
        (with(stop("49000", "g"), json!({ "type": "trigger" })), "40017"),
        // One of two prices is wrong: neither is taken.
        (guard(json!({ "stopLoss": "49000", "takeProfit": "49500" }), "g"), "25589"),
    ];
    for (order, code) in cases {
        let mut desk = with_position();
        assert_eq!(desk.strategy_code(&order), code, "{order}");
        assert_eq!(desk.strategies(), json!([]), "{order}");
    }
    let mut desk = Desk::unified();
    desk.trade(&market("sell", "0.01", "entry"));
    let short = |order: Value| with(order, json!({ "posSide": "short" }));
    assert_eq!(
        (desk.strategy_code(&short(stop("49000", "g"))), desk.strategy_code(&short(target("51000", "g")))),
        ("25592".to_owned(), "25591".to_owned())
    );
    desk.strategy(&short(stop("51000", "g")));
}

#[test]
fn two_prices_of_one_order_end_together() {
    let both = || guard(json!({ "stopLoss": "49000", "takeProfit": "52000" }), "both");
    let mut desk = with_position();
    desk.strategy(&both());
    let list = desk.strategies();
    assert_eq!(
        (column(&list, "clientOid"), column(&list, "stopLoss"), column(&list, "takeProfit")),
        (vec!["both"], vec!["49000"], vec!["52000"])
    );
    assert!(desk.drop_strategy("both").is_null());
    assert_eq!((desk.strategies(), desk.sim.book.open_conditionals().len()), (json!([]), 0));
    assert_eq!(desk.post_code(&format!("{V3_TRADE}cancel-strategy-order"), &json!({ "clientOid": "both" })), "25597");
    for price in ["49000", "52000"] {
        let mut desk = with_position();
        desk.strategy(&both());
        desk.price(price);
        assert!(desk.held(Side::Long).is_zero(), "{price}");
        assert_eq!((desk.strategies(), desk.sim.book.open_conditionals().len()), (json!([]), 0), "{price}");
        // The name is free again, and what it was before does not come back.
        desk.price("50000");
        desk.trade(&market("buy", "0.02", "again"));
        desk.strategy(&stop("49000", "both"));
        assert_eq!(column(&desk.strategies(), "takeProfit"), [""], "{price}");
    }
}

#[test]
fn each_side_of_a_hedged_position_has_its_own() {
    let mut desk = Desk::unified_hedge();
    desk.trade(&with(market("buy", "0.02", "l"), json!({ "posSide": "long" })));
    desk.trade(&with(market("sell", "0.01", "s"), json!({ "posSide": "short" })));
    desk.strategy(&stop("49000", "long"));
    desk.strategy(&with(stop("51000", "short"), json!({ "posSide": "short" })));
    desk.price("51000");
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0.02"), d("0")));
    assert_eq!(column(&desk.strategies(), "posSide"), ["long"]);
}

#[test]
fn guards_outlive_their_position_and_do_nothing_without_one() {
    let mut desk = with_position();
    desk.strategy(&stop("49000", "sl"));
    desk.trade(&with(market("sell", "0.02", "exit"), json!({ "reduceOnly": "yes" })));
    assert_eq!((column(&desk.strategies(), "clientOid"), column(&desk.strategies(), "qty")), (vec!["sl"], vec!["0"]));
    desk.price("49000");
    assert!(desk.held(Side::Short).is_zero() && desk.strategies() == json!([]));
    let history = desk.get(&format!("{V3_TRADE}history-strategy-orders?category=USDT-FUTURES"));
    assert_eq!(column(&history["list"], "clientOid"), ["sl"]);
}

#[test]
fn a_stop_can_come_with_its_entry() {
    let mut desk = Desk::unified();
    desk.trade(&with(market("buy", "0.02", "entry"), json!({ "stopLoss": "49000", "slTriggerBy": "mark" })));
    let list = desk.strategies();
    assert_eq!(
        (&list[0]["stopLoss"], &list[0]["slTriggerBy"], &list[0]["clientOid"]),
        (&json!("49000"), &json!("mark"), &list[0]["orderId"])
    );
    let closing = with(market("sell", "0.01", "x"), json!({ "reduceOnly": "yes", "stopLoss": "49000" }));
    assert_eq!(desk.post_code(&format!("{V3_TRADE}place-order"), &closing), "25612");
}
