//! Plain orders: taken, named, refused, cancelled.

use super::*;

#[test]
fn an_answer_only_says_that_an_order_is_taken() {
    let mut desk = Desk::new();
    let taken = desk.post(&market("Buy", "0.010", "m-1"));
    let names = ["ordStatus", "cumQtyRq", "cumValueRv", "leavesQtyRq", "orderQtyRq", "clOrdID", "orderType", "execStatus", "priceRp"];
    // The price is the worst it takes.
    assert_eq!(texts(&taken, names), ["Created", "0", "0", "0.01", "0.01", "m-1", "Market", "PendingNew", "52500"]);
    assert_eq!((desk.held(Side::Long), desk.open()), (d("0.01"), vec![]));
    let stored = desk.stored("m-1");
    let names = ["ordStatus", "cumQtyRq", "cumValueRv", "leavesQtyRq", "clOrdId", "ordType"];
    assert_eq!(texts(&stored, names), ["Filled", "0.01", "500", "0", "m-1", "Market"]);
    assert_eq!(stored["orderId"], taken["orderID"]);
    // Nothing tells the side of the position.
    assert!(taken.get("posSide").is_none() && stored.get("posSide").is_none());
    let query = "symbol=BTCUSDT&side=Sell&posSide=Merged&ordType=Market&orderQtyRq=0.01&reduceOnly=true";
    let taken = desk.put(&format!("/g-orders/create?{query}"));
    assert_eq!((&taken["clOrdID"], &taken["reduceOnly"], &taken["execInst"]), (&json!(""), &json!(true), &json!("ReduceOnly")));
    assert!(desk.held(Side::Long).is_zero() && desk.held(Side::Short).is_zero());
}

#[test]
fn fields_that_nobody_knows_are_ignored() {
    let mut desk = Desk::new();
    // A trigger price without a type that waits for one is an order at market; so is one spelled in another way.
    let stray = json!({"triggerPrice": "60000", "stopPxRp": "60000", "clordid": 7, "positionIdx": 1, "reduceonly": true});
    let taken = desk.post(&with(market("Buy", "0.01", "m-1"), stray));
    assert_eq!((desk.held(Side::Long), &taken["orderType"], &taken["stopPxRp"]), (d("0.01"), &json!("Market"), &json!("0")));
    let mut misspelled = market("Buy", "0.01", "x");
    misspelled.as_object_mut().unwrap().remove("clOrdID");
    assert_eq!(desk.post(&with(misspelled, json!({"clOrdId": "other"})))["clOrdID"], "");
}

#[test]
fn orders_are_refused_in_the_words_of_phemex() {
    let mut desk = Desk::new();
    let cases = [
        (11027, with(market("Buy", "0.01", "x"), json!({"symbol": "LUNAUSDT"}))),
        (11027, with(market("Buy", "0.01", "x"), json!({"symbol": "btcusdt"}))),
        (10500, market("Buy", "0.0105", "x")),
        (10500, market("Buy", "0", "x")),
        (11058, market("Buy", "0.0005", "x")),
        (11056, market("Buy", "121", "x")),
        (30000, limit("Buy", "0.01", "49000.05", "x")),
        (20004, with(market("Buy", "0.01", "x"), json!({"posSide": "Long"}))),
        (10500, with(market("Buy", "0.01", "x"), json!({"posSide": ""}))),
        (10500, with(market("Buy", "0.01", "x"), json!({"ordType": ""}))),
        (30000, with(limit("Buy", "0.01", "49000", "x"), json!({"timeInForce": "PostOnly"}))),
        (30000, with(market("Buy", "0.01", "x"), json!({"orderQtyRq": 0.01}))),
        (30000, with(market("Buy", "0.01", "x"), json!({"reduceOnly": "true"}))),
        (30000, with(market("Buy", "0.01", "x"), json!({"ordType": "StopLimit"}))),
        (30000, with(market("Buy", "0.01", "x"), json!({"stopLossRp": "48000"}))),
        (11053, limit("Buy", "0.01", "53000", "x")),
        (11001, market("Buy", "50", "x")),
        (11011, with(market("Sell", "0.01", "x"), json!({"reduceOnly": true}))),
        (11011, with(market("Sell", "0.01", "x"), json!({"closeOnTrigger": true}))),
    ];
    for (code, body) in cases {
        assert_eq!(desk.post_code(&body), code, "{body}");
    }
    assert!(desk.sim.book.all_orders().next().is_none());
    desk.buy("m-1");
    let with_stop = with(market("Buy", "0.01", "x"), json!({"stopLossRp": "48000"}));
    assert_eq!(desk.post_code(&with_stop), 11074, "a position is there");
    let larger = with(market("Sell", "0.02", "x"), json!({"reduceOnly": true}));
    let reply = desk.send(&signed("POST", ORDERS, &larger.to_string(), START));
    let body: Value = serde_json::from_slice(&reply.body).unwrap();
    // It reads as a success.
    assert_eq!((reply.status, &body["code"], &body["data"]["bizError"]), (200, &json!(0), &json!(11057)));
    assert_eq!((&body["data"]["ordStatus"], desk.held(Side::Long)), (&json!("Rejected"), d("0.01")));
}

#[test]
fn a_name_is_taken_while_its_order_is_open_and_free_again_after_it() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    let long = "a".repeat(40);
    let longer = format!("{}b", &long[..39]);
    desk.post(&limit("Buy", "0.01", "49000", &long));
    desk.post(&limit("Buy", "0.01", "48900", &longer));
    desk.post(&guard("Stop", "48000", "s-1"));
    for name in [long.as_str(), longer.as_str(), "s-1"] {
        assert_eq!(desk.post_code(&limit("Buy", "0.01", "49000", name)), 11085, "{name}");
        assert_eq!(desk.post_code(&guard("Stop", "47000", name)), 11085, "{name}");
        assert_eq!(desk.stored(name)["clOrdId"], name);
        desk.delete(&format!("/g-orders/cancel?symbol=BTCUSDT&clOrdID={name}&posSide=Merged"));
    }
    // Whoever sends a filled order once more buys twice.
    desk.buy("m-1");
    assert_eq!(desk.held(Side::Long), d("0.02"));
    for name in ["a".repeat(41), "a.b".to_owned(), "a:b".to_owned()] {
        assert_eq!(desk.post_code(&market("Buy", "0.01", &name)), 30000, "{name}");
    }
}

#[test]
fn in_hedge_mode_the_side_is_that_of_the_position() {
    let mut desk = Desk::hedge();
    let order = |side: &str, position: &str, reduces: bool, name: &str| {
        with(market(side, "0.01", name), json!({"posSide": position, "reduceOnly": reduces}))
    };
    assert_eq!(desk.post_code(&market("Buy", "0.01", "merged")), 20004);
    desk.post(&order("Buy", "Long", false, "long"));
    desk.post(&order("Sell", "Short", false, "short"));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0.01"), d("0.01")));
    // The trade's side taken for the position's opens the other one.
    desk.post(&order("Sell", "Short", false, "trap"));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0.01"), d("0.02")));
    assert_eq!(desk.post_code(&order("Buy", "Long", true, "wrong-way")), 11011);
    desk.post(&order("Sell", "Long", true, "close"));
    assert_eq!(desk.post_code(&order("Sell", "Long", true, "again")), 11011);
    // Without the mark it closes all the same.
    desk.post(&order("Buy", "Short", false, "close-short"));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0"), d("0.01")));
}

#[test]
fn cancelling_needs_the_right_side() {
    let mut desk = Desk::hedge();
    let taken = desk.post(&with(limit("Buy", "0.01", "49000", "l-1"), json!({"posSide": "Long"})));
    let id = taken["orderID"].as_str().unwrap().to_owned();
    let by = |name: &str, value: &str, side: &str| format!("/g-orders/cancel?symbol=BTCUSDT&{name}={value}&posSide={side}");
    let cases = [("Merged", 20004), ("Short", 10002), ("", 10500), ("Both", 30000), ("Long", 0)];
    for (side, code) in cases {
        assert_eq!(desk.code("DELETE", &by("clOrdID", "l-1", side)), code, "{side}");
    }
    for target in [by("orderID", &id, "Long"), by("clOrdID", "l-1", "Long"), by("clOrdID", "never", "Long"), by("orderID", "x", "Long")] {
        assert_eq!(desk.code("DELETE", &target), 10002, "{target}");
    }
    let mut desk = Desk::new();
    desk.post(&limit("Buy", "0.01", "49000", "l-1"));
    assert_eq!(desk.code("DELETE", &by("clOrdID", "l-1", "Long")), 20004);
    assert_eq!(desk.code("DELETE", &by("clOrdID", "l-1", "Merged").replace("BTC", "ETH")), 10002, "another contract's");
    let row = desk.delete(&by("clOrdID", "l-1", "Merged"));
    assert_eq!(texts(&row, ["ordStatus", "execStatus", "cumQtyRq", "leavesQtyRq"]), ["Canceled", "Canceled", "0", "0.01"]);
    assert_eq!(texts(&desk.stored("l-1"), ["ordStatus", "leavesQtyRq"]), ["Canceled", "0"]);
}

#[test]
fn several_are_cancelled_by_a_list() {
    let mut desk = Desk::new();
    for name in ["a", "b", "c"] {
        desk.post(&limit("Buy", "0.01", "49000", name));
    }
    let rows = desk.delete("/g-orders?symbol=BTCUSDT&clOrdID=a%2Cnever%2Cb&posSide=Merged");
    let names = column(&rows, "clOrdID");
    assert_eq!((names, desk.open().len()), (vec!["a", "b"], 1));
    assert_eq!(desk.code("DELETE", "/g-orders?symbol=BTCUSDT&clOrdID=a%2Cb&posSide=Merged"), 10002);
}

#[test]
fn cancelling_all_needs_two_calls() {
    // What is asked, what is cancelled, what is left. A misspelled word is one nobody knows.
    let cases = [
        ("", 2, vec!["Stop"]),
        ("&untriggered=false", 2, vec!["Stop"]),
        ("&untriggerred=true", 2, vec!["Stop"]),
        ("&untriggered=true", 1, vec!["Limit", "Limit"]),
    ];
    for (query, count, left) in cases {
        let mut desk = Desk::new();
        desk.buy("m-1");
        desk.post(&limit("Buy", "0.01", "49000", "l-1"));
        desk.post(&guard("Stop", "48000", "s-1"));
        desk.post(&limit("Buy", "0.01", "48900", "l-2"));
        assert_eq!(desk.delete(&format!("/g-orders/all?symbol=BTCUSDT{query}")), json!(count), "{query}");
        assert_eq!(desk.open().iter().map(|(kind, _)| kind.as_str()).collect::<Vec<&str>>(), left, "{query}");
        assert_eq!(desk.delete(&format!("/g-orders/all?symbol=BTCUSDT{query}")), json!(0), "{query}");
    }
}

#[test]
fn a_thin_book_ends_a_market_order_half_filled() {
    let conditions = Conditions { liquidity: Some(d("0.004")), ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    desk.buy("thin");
    let shown = desk.stored("thin");
    assert_eq!(texts(&shown, ["ordStatus", "cumQtyRq", "cumValueRv", "leavesQtyRq"]), ["Canceled", "0.004", "200", "0"]);
}
