//! Plain orders: taken, named once, refused, cancelled, in batches.

use super::*;

#[test]
fn an_answer_only_says_that_an_order_is_taken() {
    let mut desk = Desk::new();
    let taken = desk.post(CREATE, &market("Buy", "0.01", "m-1"));
    let fields: Vec<&str> = taken.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!((fields, taken["orderLinkId"].as_str()), (vec!["orderId", "orderLinkId"], Some("m-1")));
    let order = desk.order("m-1");
    let shown = ["orderStatus", "cumExecQty", "avgPrice", "cumExecValue", "timeInForce", "leavesQty", "orderLinkId"];
    assert_eq!(shown.map(|name| order[name].as_str().unwrap()), ["Filled", "0.01", "50000", "500.00", "IOC", "0", "m-1"]);
    assert_eq!((d(order["cumFeeDetail"]["USDT"].as_str().unwrap()), order["orderId"] == taken["orderId"]), (d("0.25"), true));
    // A market order is a limit order with the worst price of the band.
    assert_eq!(d(order["price"].as_str().unwrap()), d("52500"));
    let nameless = json!({"category": "linear", "symbol": "BTCUSDT", "side": "Sell", "orderType": "Market", "qty": "0.01"});
    assert_eq!(desk.post(CREATE, &nameless)["orderLinkId"], "");
}

#[test]
fn a_name_is_used_once_whatever_became_of_its_order() {
    let mut desk = Desk::new();
    desk.buy("filled");
    desk.post(CREATE, &limit("Buy", "0.01", "49000", "cancelled"));
    desk.post(CANCEL, &json!({"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "cancelled"}));
    desk.post(CREATE, &stop("48000", "stop"));
    for link in ["filled", "cancelled", "stop"] {
        assert_eq!(desk.post_code(CREATE, &limit("Buy", "0.01", "49000", link)), 110_072, "{link}");
        assert_eq!(desk.post_code(CREATE, &stop("47000", link)), 110_072, "{link}");
    }
    for link in ["x".repeat(37), "a.b".to_owned(), "a:b".to_owned()] {
        assert_eq!(desk.post_code(CREATE, &market("Buy", "0.01", &link)), 10001, "{link}");
    }
}

#[test]
fn orders_are_refused_in_the_words_of_bybit() {
    let mut desk = Desk::new();
    let cases = [
        (10001, "symbol invalid", with(market("Buy", "0.01", "x"), json!({"symbol": "BTCUSDT-25DEC26"}))),
        (10001, "Qty invalid", market("Buy", "0.0001", "x")),
        (10001, "Qty invalid", market("Buy", "0", "x")),
        (10001, "exceeds maximum limit", market("Buy", "121", "x")),
        (10001, "Price invalid", limit("Buy", "0.01", "49000.05", "x")),
        (10001, "position idx not match position mode", with(market("Buy", "0.01", "x"), json!({"positionIdx": 1}))),
        (10001, "not simulated", with(limit("Buy", "0.01", "49000", "x"), json!({"timeInForce": "PostOnly"}))),
        (10001, "TriggerDirection invalid", with(market("Buy", "0.01", "x"), json!({"triggerPrice": "51000"}))),
        (110_094, "minimum order value", limit("Buy", "0.001", "49000", "x")),
        (110_003, "allowable range", limit("Buy", "0.01", "53000", "x")),
        (110_007, "not enough", market("Buy", "50", "x")),
        (110_017, "position is zero", with(market("Sell", "0.01", "x"), json!({"reduceOnly": true}))),
    ];
    for (code, words, body) in cases {
        let (said, told, _) = desk.told(&signed("POST", CREATE, &body.to_string(), START));
        assert!(said == code && told.contains(words), "{body}: {said} {told}");
    }
    assert!(desk.sim.book.all_orders().next().is_none());
}

#[test]
fn hedge_mode_needs_the_index_and_the_right_direction() {
    let mut desk = Desk::hedge();
    let order = |side: &str, index: i64, reduce: bool, link: &str| {
        with(market(side, "0.01", link), json!({"positionIdx": index, "reduceOnly": reduce}))
    };
    assert_eq!(desk.post_code(CREATE, &market("Buy", "0.01", "none")), 10001);
    assert_eq!(desk.post_code(CREATE, &order("Buy", 0, false, "zero")), 10001);
    desk.post(CREATE, &order("Buy", 1, false, "long"));
    desk.post(CREATE, &order("Sell", 2, false, "short"));
    let rows = desk.positions();
    let shown: Vec<(i64, &str, &str)> = rows
        .iter()
        .map(|row| (row["positionIdx"].as_i64().unwrap(), row["side"].as_str().unwrap(), row["size"].as_str().unwrap()))
        .collect();
    assert_eq!(shown, [(1, "Buy", "0.01"), (2, "Sell", "0.01")]);
    assert_eq!(desk.post_code(CREATE, &order("Buy", 1, true, "wrong-way")), 110_017);
    desk.post(CREATE, &order("Sell", 1, true, "close"));
    assert_eq!(desk.order("close")["reduceOnly"], true);
    assert_eq!(desk.post_code(CREATE, &order("Sell", 1, true, "again")), 110_017);
    // Without the mark it closes all the same.
    desk.post(CREATE, &order("Buy", 2, false, "close-short"));
    assert!(desk.held(Side::Long).is_zero() && desk.held(Side::Short).is_zero());
}

#[test]
fn nothing_ordered_closes_everything() {
    let mut desk = Desk::new();
    let close = |link: &str| with(market("Sell", "0", link), json!({"reduceOnly": true, "closeOnTrigger": true}));
    assert_eq!(desk.post_code(CREATE, &close("flat")), 110_017);
    desk.buy("m-1");
    desk.buy("m-2");
    assert_eq!(desk.post_code(CREATE, &with(close("x"), json!({"closeOnTrigger": false}))), 10001);
    desk.post(CREATE, &close("all"));
    assert!(desk.held(Side::Long).is_zero());
    assert_eq!(desk.order("all")["cumExecQty"], "0.02");
}

#[test]
fn a_thin_book_ends_a_market_order_half_filled() {
    let conditions = Conditions { liquidity: Some(d("0.004")), ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    desk.buy("thin");
    let order = desk.order("thin");
    let shown = texts(&order, ["orderStatus", "cumExecQty", "leavesQty", "rejectReason"]);
    assert_eq!(shown, ["Cancelled", "0.004", "0", "EC_NoImmediateQtyToFill"]);
}

#[test]
fn cancelling_finds_what_is_open_and_nothing_else() {
    let mut desk = Desk::new();
    let taken = desk.post(CREATE, &limit("Buy", "0.01", "49000", "l-1"));
    let by = |name: &str, value: &str| with(json!({"category": "linear", "symbol": "BTCUSDT"}), json!({name: value}));
    let other = with(by("orderLinkId", "l-1"), json!({"symbol": "ETHUSDT"}));
    assert_eq!(desk.post_code(CANCEL, &other), 110_001, "another contract's");
    let id = taken["orderId"].as_str().unwrap();
    assert_eq!(desk.post(CANCEL, &by("orderId", id)), taken);
    for body in [by("orderId", id), by("orderLinkId", "l-1"), by("orderLinkId", "never"), by("orderId", "no-id")] {
        assert_eq!(desk.post_code(CANCEL, &body), 110_001, "{body}");
    }
    assert_eq!(desk.post_code(CANCEL, &json!({"category": "linear", "symbol": "BTCUSDT"})), 10001);
    let order = desk.order("l-1");
    assert_eq!(texts(&order, ["orderStatus", "cancelType"]), ["Cancelled", "CancelByUser"]);
}

#[test]
fn cancel_all_takes_stops_too_unless_it_is_told_otherwise() {
    // What is asked for, and what is left.
    let cases = [
        (json!({}), vec![]),
        (json!({"orderFilter": "Order"}), vec!["Stop", "StopLoss"]),
        (json!({"orderFilter": "StopOrder"}), vec![""]),
        (json!({"orderFilter": "StopOrder", "stopOrderType": "Stop"}), vec!["", "StopLoss"]),
    ];
    for (filter, left) in cases {
        let mut desk = Desk::new();
        desk.buy("m-1");
        desk.post(TRADING_STOP, &trading_stop(json!({"stopLoss": "48000"})));
        desk.post(CREATE, &limit("Buy", "0.01", "49000", "l-1"));
        desk.post(CREATE, &stop("47000", "s-1"));
        let taken = desk.post("/v5/order/cancel-all", &with(json!({"category": "linear", "symbol": "BTCUSDT"}), filter.clone()));
        assert_eq!((taken["success"].as_str(), taken["list"].as_array().map(Vec::len)), (Some("1"), Some(3 - left.len())), "{filter}");
        let mut open: Vec<String> = desk.open("").into_iter().map(|(kind, _)| kind).collect();
        open.sort();
        assert_eq!(open, left, "{filter}");
    }
}

#[test]
fn a_batch_answers_0_with_its_errors_beside_it() {
    let mut desk = Desk::new().struck_by(refused_element(2).times(1));
    let orders = [
        limit("Buy", "0.01", "49000", "a"),
        limit("Buy", "0.001", "49000", "b"),
        limit("Buy", "0.01", "48900", "c"),
        with(limit("Buy", "0.01", "48900", "d"), json!({"qty": 1})),
    ];
    let batch = json!({"category": "linear", "request": orders});
    let (code, _, answer) = desk.told(&signed("POST", "/v5/order/create-batch", &batch.to_string(), START));
    let codes: Vec<i64> = answer["retExtInfo"]["list"].as_array().unwrap().iter().map(|one| one["code"].as_i64().unwrap()).collect();
    assert_eq!((code, codes), (0, vec![0, 110_094, 110_007, 10001]));
    assert_eq!(desk.logged(), Some("110094"));
    let rows = answer["result"]["list"].as_array().unwrap();
    let shown: Vec<(&str, bool)> = rows.iter().map(|row| (row["orderLinkId"].as_str().unwrap(), row["orderId"] != "")).collect();
    assert_eq!(shown, [("a", true), ("b", false), ("c", false), ("d", false)]);
    let gone =
        json!({"category": "linear", "request": [{"symbol": "BTCUSDT", "orderLinkId": "a"}, {"symbol": "BTCUSDT", "orderLinkId": "b"}]});
    let (code, _, answer) = desk.told(&signed("POST", "/v5/order/cancel-batch", &gone.to_string(), START));
    assert_eq!(
        (code, answer["retExtInfo"]["list"][0]["code"].as_i64(), answer["retExtInfo"]["list"][1]["code"].as_i64()),
        (0, Some(0), Some(110_001))
    );
    let many: Vec<Value> = (0..11).map(|index| limit("Buy", "0.01", "49000", &format!("m{index}"))).collect();
    assert_eq!(desk.post_code("/v5/order/create-batch", &json!({"category": "linear", "request": many})), 10001);
    assert_eq!(desk.post_code("/v5/order/create-batch", &json!({"category": "linear", "request": []})), 10001);
}

#[test]
fn what_is_cut_is_executed_while_its_window_lasts() {
    for (ms, is_executed) in [(4_000, true), (6_000, false)] {
        let rule = Rule::new(Class::Place, Fault::CutThenExecute { ms }).times(1);
        let mut desk = Desk::new().struck_by(rule);
        let request = signed("POST", CREATE, &market("Buy", "0.01", "late").to_string(), START);
        desk.cut(&request, ms);
        assert_eq!(!desk.held(Side::Long).is_zero(), is_executed, "{ms}");
    }
}
