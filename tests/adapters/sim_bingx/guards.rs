//! Stops and targets: one of a kind for each position, of a quantity, and longer-lived than the position.

use super::*;

const STOP: &str = "STOP_MARKET";
const TARGET: &str = "TAKE_PROFIT_MARKET";

fn long() -> Desk {
    let mut desk = Desk::new();
    desk.place(&market("BUY", "0.01", ""));
    desk
}

#[test]
fn a_guard_needs_a_position_that_is_seen() {
    let mut desk = Desk::new().under(Conditions { unseen_position_ms: 500, ..Conditions::default() });
    let stop = guard(STOP, "0.01", "48000", "");
    assert_eq!(desk.refused("POST", ORDER, &stop), (80_017, "position not exist".to_owned()));
    desk.place(&market("BUY", "0.01", ""));
    assert_eq!(desk.code("POST", ORDER, &stop), 80_017);
    desk.now += 500;
    desk.place(&stop);
    // Nor does the other side's do.
    assert_eq!(desk.code("POST", ORDER, &stop.replace("SELL", "BUY").replace("48000", "52000")), 80_017);
}

#[test]
fn the_whole_position_is_no_quantity() {
    let mut desk = long();
    let whole = guard(STOP, "0.01", "48000", "&closePosition=true").replace("&reduceOnly=true", "");
    let (code, words) = desk.refused("POST", ORDER, &whole.replace("&quantity=0.01", ""));
    assert!(code == 109_400 && words.contains("parameter quantity or stopPrice is must"), "{words}");
    assert_eq!(desk.code("POST", ORDER, &whole.replace("&stopPrice=48000", "")), 109_400);
    assert_eq!(desk.ask("POST", ORDER, &whole)["order"]["closePosition"], "true");
}

#[test]
fn there_is_one_of_a_kind_for_each_position() {
    let mut desk = long();
    let id = desk.place(&guard(STOP, "0.01", "48000", ""));
    desk.place(&guard(TARGET, "0.01", "52000", ""));
    assert_eq!(desk.open(""), [(STOP.to_owned(), "48000".to_owned()), (TARGET.to_owned(), "52000".to_owned())]);
    assert_eq!(desk.open("&type=STOP_MARKET").len(), 1);
    assert_eq!(desk.code("POST", ORDER, &guard(STOP, "0.005", "47000", "")), 110_406);
    assert_eq!(desk.code("POST", ORDER, &guard(TARGET, "0.005", "53000", "")), 110_407);
    let cancelled = desk.ask("DELETE", ORDER, &format!("symbol=BTC-USDT&orderId={id}"))["order"].take();
    assert_eq!((&cancelled["status"], &cancelled["stopPrice"]), (&json!("CANCELLED"), &json!("48000")));
    desk.place(&guard(STOP, "0.01", "47000", ""));
}

#[test]
fn the_wrong_side_of_the_price_has_four_codes() {
    for (hedge_side, kind, price, code) in [
        ("LONG", STOP, "51000", 110_411),
        ("SHORT", STOP, "49000", 110_412),
        ("LONG", TARGET, "49000", 110_413),
        ("SHORT", TARGET, "51000", 110_414),
    ] {
        let mut desk = Desk::hedge();
        let (opens, closes) = if hedge_side == "LONG" { ("BUY", "SELL") } else { ("SELL", "BUY") };
        desk.place(&market(opens, "0.01", "").replace("BOTH", hedge_side));
        let text = guard(kind, "0.01", price, "").replace("BOTH", hedge_side).replace("SELL", closes).replace("&reduceOnly=true", "");
        assert_eq!(desk.code("POST", ORDER, &text), code, "{hedge_side} {kind}");
    }
}

#[test]
fn names_of_guards_are_echoed_and_forgotten() {
    let mut desk = long();
    let ack = desk.ask("POST", ORDER, &guard(STOP, "0.01", "48000", "&clientOrderId=Sl1"))["order"].take();
    assert_eq!((&ack["clientOrderId"], &ack["stopPrice"], &ack["workingType"]), (&json!("sl1"), &json!(48000), &json!("MARK_PRICE")));
    assert_eq!(desk.code("GET", ORDER, "symbol=BTC-USDT&clientOrderId=sl1"), 80_016);
    assert_eq!(desk.code("DELETE", ORDER, "symbol=BTC-USDT&clientOrderId=sl1"), 109_400);
    let order = desk.order(ack["orderId"].as_u64().unwrap());
    let said = texts(&order, ["clientOrderId", "status", "type", "origQty", "price"]);
    assert_eq!((said, &order["reduceOnly"]), (["", "NEW", STOP, "0.01", "0.00"], &json!(true)));
}

#[test]
fn a_guard_that_goes_off_keeps_its_id() {
    let mut desk = long().under(Conditions { trigger_ms: 100, ..Conditions::default() });
    let id = desk.place(&guard(STOP, "0.01", "48000", ""));
    desk.price("47900");
    // A word that says neither open nor ended, while it is on its way.
    assert_eq!((&desk.order(id)["status"], desk.open("").len()), (&json!("TRIGGERED"), 1));
    assert_eq!(desk.code("DELETE", ORDER, &format!("symbol=BTC-USDT&orderId={id}")), 109_422);
    desk.now += 100;
    let order = desk.order(id);
    let said = texts(&order, ["status", "executedQty", "avgPrice", "side"]);
    assert_eq!((said, desk.held(Side::Long)), (["FILLED", "0.01", "47900", "SELL"], Decimal::ZERO));
    assert_eq!(d(order["profit"].as_str().unwrap()), d("-21"));
    let range = format!("symbol=BTC-USDT&tradingUnit=COIN&startTs={START}&endTs={}&orderId={id}", desk.now);
    assert_eq!(desk.ask("GET", FILLS, &range)["fill_orders"][0]["orderId"], id.to_string());
}

#[test]
fn the_last_price_is_watched_where_that_is_said() {
    let mut desk = long();
    desk.place(&guard(TARGET, "0.01", "52000", "&workingType=CONTRACT_PRICE"));
    let symbol = desk.sim.symbol("BTC");
    desk.sim.book.set_prices(&symbol, d("50000"), d("52500"), START).unwrap();
    assert_eq!(desk.held(Side::Long), d("0.01"));
    desk.sim.book.set_prices(&symbol, d("52500"), d("50000"), START).unwrap();
    assert!(desk.held(Side::Long).is_zero());
    assert_eq!(long().code("POST", ORDER, &guard(STOP, "0.01", "48000", "&workingType=INDEX_PRICE")), 109_400);
}

#[test]
fn guards_outlive_their_position_and_stand_in_the_way_of_the_next() {
    let mut desk = long();
    let old = desk.place(&guard(STOP, "0.01", "48000", ""));
    desk.place(&market("SELL", "0.01", "&reduceOnly=true"));
    assert_eq!(desk.open("").len(), 1);
    desk.place(&market("BUY", "0.02", ""));
    assert_eq!(desk.code("POST", ORDER, &guard(STOP, "0.02", "49000", "")), 110_406);
    desk.ask("DELETE", ORDER, &format!("symbol=BTC-USDT&orderId={old}"));
    desk.place(&guard(STOP, "0.02", "49000", ""));
}

#[test]
fn a_guard_without_its_position_or_larger_than_it_fails() {
    for held in [None, Some("0.004")] {
        let mut desk = long();
        let id = desk.place(&guard(STOP, "0.01", "48000", ""));
        desk.place(&market("SELL", if held.is_none() { "0.01" } else { "0.006" }, "&reduceOnly=true"));
        desk.price("47900");
        assert_eq!((&desk.order(id)["status"], desk.held(Side::Short)), (&json!("FAILED"), Decimal::ZERO));
        assert_eq!(desk.held(Side::Long), held.map(d).unwrap_or_default());
    }
}

#[test]
fn a_guard_that_does_not_say_so_does_more_than_reduce() {
    let mut desk = long();
    desk.place(&guard(STOP, "0.01", "48000", "").replace("&reduceOnly=true", ""));
    desk.place(&market("SELL", "0.01", "&reduceOnly=true"));
    desk.price("47900");
    assert_eq!(desk.held(Side::Short), d("0.01"));
}

#[test]
fn cancel_all_takes_guards_too_unless_a_type_is_named() {
    let mut desk = long();
    let place = |desk: &mut Desk| {
        desk.place(&guard(STOP, "0.01", "48000", ""));
        desk.place(&guard(TARGET, "0.01", "52000", ""));
        desk.place(&limit("BUY", "0.01", "49000", ""));
        desk.place(&limit("BUY", "0.01", "2000", "").replace("BTC", "ETH"));
    };
    place(&mut desk);
    let cancelled = desk.ask("DELETE", ALL_OPEN, "symbol=BTC-USDT&type=LIMIT");
    assert_eq!((cancelled["success"].as_array().unwrap().len(), &cancelled["failed"]), (1, &Value::Null));
    assert_eq!(desk.open("").len(), 2);
    assert_eq!(desk.ask("DELETE", ALL_OPEN, "symbol=BTC-USDT")["success"].as_array().unwrap().len(), 2);
    assert_eq!(desk.ask("DELETE", ALL_OPEN, "symbol=BTC-USDT")["success"], json!([]), "nothing is no error");
    place(&mut desk);
    // Without a contract it is everything.
    desk.ask("DELETE", ALL_OPEN, "");
    assert_eq!(desk.ask("GET", OPEN, "")["orders"], json!([]));
}
