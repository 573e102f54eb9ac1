//! Stops and targets: orders of a quantity that wait for a price.

use super::*;

#[test]
fn guards_are_refused_while_flat_and_wait_otherwise() {
    let mut desk = Desk::new();
    let without = |name: &str| with(guard("Stop", "48000", "s-1"), json!({name: false}));
    // What it says of reducing, and the code: while flat, and while a short is held.
    let cases =
        [(guard("Stop", "48000", "s-1"), 11013, 11014), (without("reduceOnly"), 11013, 11014), (without("closeOnTrigger"), 11011, 11011)];
    for (body, flat, _) in &cases {
        assert_eq!(desk.post_code(body), *flat, "{body}");
    }
    desk.post(&market("Sell", "0.01", "short"));
    for (body, _, other) in &cases {
        assert_eq!(desk.post_code(body), *other, "{body}");
    }
    desk.post(&market("Buy", "0.02", "turn"));
    let taken = desk.post(&guard("Stop", "48000", "s-1"));
    let names = ["ordStatus", "execStatus", "stopDirection", "stopPxRp", "trigger", "execInst", "leavesQtyRq", "priceRp"];
    assert_eq!(texts(&taken, names), ["Untriggered", "Registered", "Falling", "48000", "ByMarkPrice", "CloseOnTrigger", "0", "0"]);
    desk.post(&guard("MarketIfTouched", "52000", "t-1"));
    let rows = desk.open_rows();
    assert_eq!(texts(&rows[1], ["ordStatus", "orderType", "stopDirection"]), ["Untriggered", "MarketIfTouched", "Rising"]);
    // One that may open is taken while flat.
    let mut desk = Desk::new();
    desk.post(&with(guard("Stop", "48000", "opens"), json!({"reduceOnly": false, "closeOnTrigger": false})));
    desk.price("47900");
    assert_eq!(desk.held(Side::Short), d("0.01"));
}

#[test]
fn the_type_and_the_side_are_the_direction() {
    let mut desk = Desk::new();
    // Type, side, trigger price, code.
    let cases = [
        ("Stop", "Sell", "48000", 0),
        ("Stop", "Sell", "52000", 11044),
        ("Stop", "Buy", "52000", 0),
        ("Stop", "Buy", "48000", 11043),
        ("MarketIfTouched", "Sell", "52000", 0),
        ("MarketIfTouched", "Sell", "50000", 11043),
        ("MarketIfTouched", "Buy", "48000", 0),
        ("MarketIfTouched", "Buy", "52000", 11044),
    ];
    for (index, (kind, side, price, code)) in cases.into_iter().enumerate() {
        let more = json!({"side": side, "reduceOnly": false, "closeOnTrigger": false});
        assert_eq!(desk.post_code(&with(guard(kind, price, &format!("g{index}")), more)), code, "{kind} {side} {price}");
    }
}

#[test]
fn a_guard_says_what_sets_it_off_and_how_much_it_closes() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    let cases = [
        (json!({"stopPxRp": ""}), 10500),
        (json!({"triggerType": ""}), 10500),
        (json!({"triggerType": "ByIndexPrice"}), 30000),
        (json!({"stopPxRp": "48000.05"}), 30000),
        (json!({"stopPxRp": "0"}), 11046),
        (json!({"orderQtyRq": "0"}), 10500),
    ];
    for (more, code) in cases {
        assert_eq!(desk.post_code(&with(guard("Stop", "48000", "s-1"), more.clone())), code, "{more}");
    }
    assert_eq!(desk.open(), []);
}

#[test]
fn guards_rest_beside_each_other_and_outlive_their_position() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    for (kind, price, name) in [("Stop", "48000", "s-1"), ("Stop", "47000", "s-2"), ("MarketIfTouched", "52000", "t-1")] {
        desk.post(&guard(kind, price, name));
    }
    desk.price("48000");
    // It keeps its id and its name.
    let fired = desk.stored("s-1");
    assert_eq!(
        texts(&fired, ["ordStatus", "ordType", "cumQtyRq", "cumValueRv", "closedPnlRv", "closedSizeRq"])[..4],
        ["Filled", "Stop", "0.01", "480"]
    );
    assert_eq!((&fired["closedPnlRv"], &fired["closedSizeRq"]), (&json!("-20"), &json!("0.01")));
    assert_eq!(desk.held(Side::Long), Decimal::ZERO);
    assert_eq!(desk.open().iter().map(|(_, price)| price.as_str()).collect::<Vec<&str>>(), ["47000", "52000"]);
    // Flat, it comes to nothing.
    desk.price("46000");
    assert_eq!((desk.stored("s-2")["ordStatus"].clone(), desk.held(Side::Short)), (json!("Rejected"), Decimal::ZERO));
    // What is left closes the next position.
    desk.price("50000");
    desk.buy("m-2");
    desk.price("52000");
    assert_eq!((desk.held(Side::Long), desk.open()), (Decimal::ZERO, vec![]));
}

#[test]
fn a_guard_larger_than_the_position_is_rejected_when_it_is_set_off() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.post(&with(guard("Stop", "48000", "s-1"), json!({"orderQtyRq": "0.02"})));
    desk.price("47900");
    assert_eq!((desk.stored("s-1")["ordStatus"].clone(), desk.held(Side::Long)), (json!("Rejected"), d("0.01")));
}

#[test]
fn hedge_mode_has_guards_for_each_side() {
    let mut desk = Desk::hedge();
    desk.post(&with(market("Buy", "0.01", "long"), json!({"posSide": "Long"})));
    assert_eq!(desk.post_code(&guard("Stop", "48000", "x")), 20004);
    let of =
        |side: &str, position: &str, price: &str, name: &str| with(guard("Stop", price, name), json!({"side": side, "posSide": position}));
    assert_eq!(desk.post_code(&of("Buy", "Short", "52000", "s-short")), 11013, "no short yet");
    assert_eq!(desk.post_code(&of("Buy", "Long", "52000", "wrong-way")), 11014);
    desk.post(&with(market("Sell", "0.01", "short"), json!({"posSide": "Short"})));
    desk.post(&of("Sell", "Long", "48000", "s-long"));
    desk.post(&of("Buy", "Short", "52000", "s-short"));
    desk.price("52000");
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0.01"), Decimal::ZERO));
    assert_eq!(desk.open(), [("Stop".to_owned(), "48000".to_owned())]);
}

#[test]
fn a_guard_on_its_way_can_be_neither_cancelled_nor_overlooked() {
    let mut desk = Desk::new().under(Conditions { trigger_ms: 100, ..Conditions::default() });
    desk.buy("m-1");
    desk.post(&guard("Stop", "48000", "s-1"));
    desk.price("47900");
    assert_eq!(desk.open_rows()[0]["ordStatus"], "Triggered");
    assert_eq!(desk.code("DELETE", "/g-orders/cancel?symbol=BTCUSDT&clOrdID=s-1&posSide=Merged"), 10003);
    desk.now += 100;
    assert_eq!(desk.stored("s-1")["ordStatus"], "Filled");
    assert_eq!(desk.open(), []);
}

#[test]
fn a_new_position_is_not_seen_at_once() {
    let mut desk = Desk::new().under(Conditions { unseen_position_ms: 500, ..Conditions::default() });
    desk.buy("m-1");
    assert_eq!(desk.post_code(&guard("Stop", "48000", "s-1")), 11013);
    desk.now += 500;
    desk.post(&guard("Stop", "48000", "s-1"));
}

#[test]
fn a_cancelled_guard_is_deactivated() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.post(&guard("Stop", "48000", "s-1"));
    let row = desk.delete("/g-orders/cancel?symbol=BTCUSDT&clOrdID=s-1&posSide=Merged");
    assert_eq!((&row["ordStatus"], &desk.stored("s-1")["ordStatus"]), (&json!("Canceled"), &json!("Deactivated")));
}
