//! Stops and targets: of positions, brought along by orders, and orders of their own.

use super::*;

/// The stop and target of the first row, as attributes.
fn attributes(desk: &mut Desk) -> (String, String) {
    let row = desk.positions().remove(0);
    (row["stopLoss"].as_str().unwrap().to_owned(), row["takeProfit"].as_str().unwrap().to_owned())
}

fn shown(stop: &str, target: &str) -> (String, String) {
    (stop.to_owned(), target.to_owned())
}

#[test]
fn a_positions_stop_is_an_attribute_and_an_order() {
    let mut desk = Desk::new();
    let both = trading_stop(json!({"stopLoss": "48000", "takeProfit": "52000", "slTriggerBy": "MarkPrice", "tpTriggerBy": "MarkPrice"}));
    assert_eq!(desk.post_code(TRADING_STOP, &both), 10001, "without a position");
    assert_eq!(attributes(&mut desk), shown("", ""));
    desk.buy("m-1");
    assert_eq!(attributes(&mut desk), shown("0.00", "0.00"));
    desk.post(TRADING_STOP, &both);
    assert_eq!(attributes(&mut desk), shown("48000", "52000"));
    let list = desk.list("/v5/order/realtime?category=linear&symbol=BTCUSDT&orderFilter=StopOrder");
    let row = list.iter().find(|row| row["stopOrderType"] == "StopLoss").unwrap();
    let texts = ["orderLinkId", "orderStatus", "side", "triggerPrice", "triggerBy", "avgPrice", "tpslMode", "createType"];
    let said = texts.map(|name| row[name].as_str().unwrap());
    assert_eq!(said, ["", "Untriggered", "Sell", "48000", "MarkPrice", "", "Full", "CreateByStopLoss"]);
    assert_eq!((row["triggerDirection"].as_i64(), &row["reduceOnly"], &row["closeOnTrigger"]), (Some(2), &json!(true), &json!(true)));
    assert_eq!(list.iter().map(|row| row["stopOrderType"].as_str().unwrap()).collect::<Vec<_>>(), ["StopLoss", "TakeProfit"]);
    assert_eq!(desk.open("&orderFilter=Order"), []);
    // Cancelled like any order, and off the position with it.
    let id = row["orderId"].as_str().unwrap().to_owned();
    desk.post(CANCEL, &json!({"category": "linear", "symbol": "BTCUSDT", "orderId": id}));
    assert_eq!(attributes(&mut desk), shown("0.00", "52000"));
}

#[test]
fn setting_a_stop_again_replaces_it_and_zero_removes_it() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    // What is asked, its code, and what is there after it.
    let cases = [
        (json!({"stopLoss": "48000"}), 0, ("48000", "0.00")),
        (json!({"stopLoss": "48000"}), 34040, ("48000", "0.00")),
        (json!({"stopLoss": "48000", "slTriggerBy": "MarkPrice"}), 0, ("48000", "0.00")),
        (json!({"stopLoss": "47000", "takeProfit": "52000"}), 0, ("47000", "52000")),
        (json!({"takeProfit": "0"}), 0, ("47000", "0.00")),
        (json!({"takeProfit": "0"}), 34040, ("47000", "0.00")),
        (json!({"stopLoss": "51000"}), 10001, ("47000", "0.00")),
        (json!({"stopLoss": "46000", "takeProfit": "49000"}), 10001, ("47000", "0.00")),
        (json!({"stopLoss": "46000.05"}), 10001, ("47000", "0.00")),
        (json!({"stopLoss": "46000", "tpslMode": "Partial"}), 10001, ("47000", "0.00")),
        (json!({"stopLoss": "0"}), 0, ("0.00", "0.00")),
    ];
    for (legs, code, (stop, target)) in cases {
        assert_eq!(desk.post_code(TRADING_STOP, &trading_stop(legs.clone())), code, "{legs}");
        assert_eq!(attributes(&mut desk), shown(stop, target), "{legs}");
        assert_eq!(desk.open("").len(), usize::from(stop != "0.00") + usize::from(target != "0.00"), "{legs}");
    }
    // Too little said is "not modified" too.
    assert_eq!(desk.post_code(TRADING_STOP, &json!({"category": "linear", "symbol": "BTCUSDT", "stopLoss": "48000"})), 34040);
    assert_eq!(attributes(&mut desk), shown("0.00", "0.00"));
}

#[test]
fn stops_end_with_their_position_and_orders_of_their_own_do_not() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000", "takeProfit": "52000"})));
    desk.post(CREATE, &stop("47000", "own"));
    desk.price("52100");
    assert_eq!((desk.held(Side::Long), desk.open("")), (Decimal::ZERO, vec![("Stop".to_owned(), "47000".to_owned())]));
    let ended = desk.list("/v5/order/history?category=linear&symbol=BTCUSDT");
    let of = |kind: &str| ended.iter().find(|row| row["stopOrderType"] == kind).unwrap().clone();
    assert_eq!((&of("TakeProfit")["orderStatus"], &of("TakeProfit")["cumExecQty"]), (&json!("Filled"), &json!("0.01")));
    assert_eq!((&of("StopLoss")["orderStatus"], &of("StopLoss")["cancelType"]), (&json!("Deactivated"), &json!("CancelByTpSlTsClear")));
    let fills = desk.list("/v5/execution/list?category=linear&symbol=BTCUSDT");
    let of = |row: &Value| ["stopOrderType", "closedSize", "execPrice", "orderLinkId"].map(|name| row[name].as_str().unwrap().to_owned());
    assert_eq!(of(&fills[0]), ["TakeProfit", "0.01", "52100", ""]);
    assert_eq!(of(&fills[1]), ["UNKNOWN", "0", "50000", "m-1"]);
    // Flat, it comes to nothing.
    desk.price("46000");
    let own = desk.order("own");
    assert_eq!((&own["orderStatus"], desk.held(Side::Short)), (&json!("Rejected"), Decimal::ZERO));
}

#[test]
fn a_stop_that_comes_with_an_order_is_there_from_its_first_fill_on() {
    let conditions = Conditions { liquidity: Some(d("0.004")), ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    desk.post(
        CREATE,
        &with(limit("Buy", "0.01", "49000", "l-1"), json!({"stopLoss": "48000", "slTriggerBy": "MarkPrice", "tpslMode": "Full"})),
    );
    let order = desk.order("l-1");
    assert_eq!(texts(&order, ["orderStatus", "stopLoss", "slTriggerBy"]), ["New", "48000", "MarkPrice"]);
    assert_eq!(desk.open("&orderFilter=StopOrder"), []);
    desk.now += 1000;
    desk.price("49000");
    assert_eq!((desk.held(Side::Long), attributes(&mut desk)), (d("0.004"), shown("48000", "0.00")));
    let stop = desk.list("/v5/order/realtime?category=linear&symbol=BTCUSDT&orderFilter=StopOrder").remove(0);
    assert_eq!(texts(&stop, ["orderLinkId", "parentOrderLinkId"]), ["", "l-1"]);
    assert!(desk.sim.book.naked_spans().is_empty());
    // A second one takes its place; with an order that only reduces there is none.
    desk.post(CREATE, &with(market("Buy", "0.01", "m-2"), json!({"stopLoss": "48500"})));
    desk.price("49100");
    desk.post(CREATE, &with(market("Buy", "0.01", "m-3"), json!({"stopLoss": "48500"})));
    assert_eq!(desk.open("&orderFilter=StopOrder"), [("StopLoss".to_owned(), "48500".to_owned())]);
    let reducing = with(market("Sell", "0.001", "m-4"), json!({"stopLoss": "50000", "reduceOnly": true}));
    assert_eq!(desk.post_code(CREATE, &reducing), 10001);
    let (code, words, _) =
        desk.told(&signed("POST", CREATE, &with(market("Buy", "0.01", "m-5"), json!({"stopLoss": "49200"})).to_string(), desk.now));
    assert!(code == 10001 && words.contains("should lower base_price"), "{code} {words}");
    assert_eq!(desk.post_code(CREATE, &with(market("Buy", "0.01", "m-6"), json!({"takeProfit": "52000"}))), 10001);
}

#[test]
fn hedge_mode_has_a_stop_for_each_side() {
    let mut desk = Desk::hedge();
    for (side, index) in [("Buy", 1), ("Sell", 2)] {
        desk.post(CREATE, &with(market(side, "0.01", side), json!({"positionIdx": index})));
    }
    desk.post(TRADING_STOP, &trading_stop(json!({"positionIdx": 1, "stopLoss": "48000"})));
    desk.post(TRADING_STOP, &trading_stop(json!({"positionIdx": 2, "stopLoss": "52000"})));
    let stops: Vec<Value> = desk.positions().iter().map(|row| row["stopLoss"].clone()).collect();
    assert_eq!(stops, ["48000", "52000"]);
    assert_eq!(desk.post_code(TRADING_STOP, &trading_stop(json!({"positionIdx": 0, "stopLoss": "47000"}))), 10001);
    desk.price("52000");
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0.01"), Decimal::ZERO));
    assert_eq!(desk.open(""), [("StopLoss".to_owned(), "48000".to_owned())]);
}

#[test]
fn an_order_of_its_own_waits_in_the_direction_it_says() {
    let mut desk = Desk::new();
    assert_eq!(desk.post_code(CREATE, &stop("48000", "flat")), 110_017);
    desk.buy("m-1");
    let waits = |price: &str, direction: i64, link: &str| with(stop(price, link), json!({"triggerDirection": direction}));
    // Price, direction (1 rises, 2 falls), code.
    let cases =
        [("48000", 2, 0), ("52000", 1, 0), ("52000", 2, 110_093), ("48000", 1, 110_092), ("50000", 2, 110_093), ("48000", 3, 10001)];
    for (index, (price, direction, code)) in cases.into_iter().enumerate() {
        assert_eq!(desk.post_code(CREATE, &waits(price, direction, &format!("s{index}"))), code, "{price} {direction}");
    }
    let waiting = desk.order("s0");
    let said = texts(&waiting, ["orderStatus", "stopOrderType", "triggerPrice", "qty", "avgPrice"]);
    assert_eq!(said, ["Untriggered", "Stop", "48000", "0.01", ""]);
    desk.price("48000");
    // Set off it keeps its id and name.
    let fired = desk.order("s0");
    assert_eq!((&fired["orderId"], &fired["orderStatus"], &fired["avgPrice"]), (&waiting["orderId"], &json!("Filled"), &json!("48000")));
    assert_eq!(desk.list("/v5/order/realtime?category=linear&symbol=BTCUSDT&openOnly=1").len(), 2);
}

#[test]
fn ten_orders_may_wait_on_one_contract() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000", "takeProfit": "52000"})));
    for index in 0..10 {
        desk.post(CREATE, &stop("47000", &format!("s{index}")));
    }
    assert_eq!(desk.post_code(CREATE, &stop("47000", "s10")), 110_009);
    desk.post(CANCEL, &json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "s0"}));
    desk.post(CREATE, &stop("47000", "s11"));
}

#[test]
fn a_stop_on_its_way_is_shown_as_triggered() {
    let mut desk = Desk::new().under(Conditions { trigger_ms: 100, ..Conditions::default() });
    desk.buy("m-1");
    desk.post(CREATE, &stop("48000", "s-1"));
    desk.price("47900");
    assert_eq!(desk.order("s-1")["orderStatus"], "Triggered");
    assert_eq!(desk.post_code(CANCEL, &json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "s-1"})), 110_001);
    desk.now += 100;
    assert_eq!(desk.order("s-1")["orderStatus"], "Filled");
    assert_eq!(desk.open(""), []);
}

#[test]
fn a_new_position_is_not_seen_at_once() {
    let mut desk = Desk::new().under(Conditions { unseen_position_ms: 500, ..Conditions::default() });
    desk.buy("m-1");
    assert_eq!(desk.post_code(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000"}))), 10001);
    desk.now += 500;
    desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000"})));
}

#[test]
fn taking_stops_away_is_a_cancel_for_the_fault_plan() {
    let rule = Rule::new(Class::Cancel, Fault::Busy);
    let mut desk = Desk::new().struck_by(rule);
    desk.buy("m-1");
    desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000", "takeProfit": "0"})));
    assert_eq!(desk.post_code(TRADING_STOP, &trading_stop(json!({"stopLoss": "0", "takeProfit": "0"}))), 429);
}
