//! Plain orders: names, acknowledgements, what may close, cancels, batches, lists and executions.

use super::*;

#[test]
fn an_order_is_only_acknowledged() {
    let mut desk = Desk::new();
    let ack = desk.ask("POST", ORDER, &market("BUY", "0.01", "&clientOrderId=tv0001"))["order"].take();
    assert_eq!((&ack["status"], &ack["avgPrice"], ack.get("executedQty")), (&json!("NEW"), &json!("0.00"), None));
    assert_eq!((&ack["quantity"], &ack["price"], &ack["reduceOnly"]), (&json!(0.01), &json!(0), &json!(false)));
    let id = ack["orderId"].as_u64().unwrap();
    assert!(id > 1 << 53 && ack["orderID"].as_str() == Some(id.to_string().as_str()));
    let order = desk.order(id);
    let texts = ["status", "executedQty", "avgPrice", "commission", "stopPrice", "leverage", "positionSide", "clientOrderId"];
    let said = texts.map(|name| order[name].as_str().unwrap().trim_end_matches('0').to_owned());
    assert_eq!(said, ["FILLED", "0.01", "50000".trim_end_matches('0'), "-0.25", "", "20X", "BOTH", "tv0001"]);
    assert_eq!(order["orderId"].as_u64(), Some(id));
}

#[test]
fn names_come_back_in_small_letters_and_are_used_once() {
    let mut desk = Desk::new();
    let ack = desk.ask("POST", ORDER, &limit("BUY", "0.01", "49000", "&clientOrderId=Tv0001"))["order"].take();
    assert_eq!((&ack["clientOrderId"], &ack["clientOrderID"]), (&json!("tv0001"), &json!("tv0001")));
    let id = ack["orderId"].as_u64().unwrap();
    // Either spelling of the parameter, any of the letters.
    for text in ["clientOrderId=tv0001", "clientOrderID=TV0001"] {
        let order = desk.ask("GET", ORDER, &format!("symbol=BTC-USDT&{text}"))["order"].take();
        assert_eq!((order["orderId"].as_u64(), &order["clientOrderId"]), (Some(id), &json!("tv0001")), "{text}");
    }
    assert_eq!(desk.code("POST", ORDER, &limit("BUY", "0.01", "49000", "&clientOrderId=tV0001")), 101_481);
    let cancelled = desk.ask("DELETE", ORDER, "symbol=BTC-USDT&clientOrderID=tv0001")["order"].take();
    // It is spelled in two ways.
    assert_eq!((&cancelled["status"], &desk.order(id)["status"]), (&json!("CANCELLED"), &json!("CANCELED")));
    assert_eq!(desk.code("POST", ORDER, &limit("BUY", "0.01", "49000", "&clientOrderID=tv0001")), 101_481, "for good");
    for name in ["tv-0001", "tv_1", "tv.1", &"x".repeat(41)] {
        assert_eq!(desk.code("POST", ORDER, &limit("BUY", "0.01", "49000", &format!("&clientOrderId={name}"))), 109_400, "{name}");
    }
    let nameless = desk.place(&limit("BUY", "0.01", "49000", ""));
    assert_eq!(desk.order(nameless)["clientOrderId"], "", "none was given");
}

#[test]
fn what_is_wrong_with_an_order_is_told_by_code_or_by_words_alone() {
    let mut desk = Desk::new();
    let cases = [
        (market("BUY", "0.01", "&reduceOnly=true"), 101_205, "No position"),
        (market("BUY", "50", ""), 101_204, "margin"),
        (market("BUY", "0.00001", ""), 110_422, "minimum"),
        (market("BUY", "0.00015", ""), 110_425, "precision"),
        (limit("BUY", "0.01", "49000.05", ""), 110_425, "precision"),
        (limit("BUY", "0.0001", "19000", ""), 101_400, "nominal value"),
        (limit("BUY", "0.01", "60000", ""), 101_211, "mark price"),
        (limit("BUY", "0.01", "50000", "&timeInForce=PostOnly"), 101_215, "post-only"),
        (limit("BUY", "0.01", "49000", "&timeInForce=FOK"), 109_400, "not simulated"),
        (market("BUY", "0.01", "").replace("&quantity=0.01", ""), 80_014, "quantity is must"),
        (market("BUY", "0.01", "").replace("&positionSide=BOTH", ""), 80_014, "positionSide"),
        (market("BUY", "0.01", "").replace("BOTH", "LONG"), 109_400, "can only be set to BOTH"),
        (market("BUY", "0.01", "").replace("&side=BUY", ""), 109_400, "side"),
        (market("BUY", "0.01", "").replace("BTC-USDT", "NOPE-USDT"), 109_425, "not exist"),
        (market("BUY", "0.01", "").replace("BTC-USDT", "LUNA-USDT"), 109_418, "offline"),
        (market("BUY", "0.01", "").replace("BTC-USDT", "OLD-USDT"), 101_415, "suspended"),
        (market("BUY", "0.01", "").replace("BTC-USDT", "BTC-USDC"), 100_421, "restricted"),
        (market("BUY", "0.01", "").replace("MARKET", "TRAILING_STOP_MARKET"), 109_400, "not simulated"),
    ];
    for (text, code, words) in cases {
        let (told, said) = desk.refused("POST", ORDER, &text);
        assert!(told == code && said.contains(words), "{text}: {told} {said}");
    }
    desk.place(&limit("BUY", "0.01", "49999", "&timeInForce=PostOnly"));
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn small_numbers_come_with_an_exponent() {
    let mut desk = Desk::new();
    let text = limit("BUY", "90000000", "0.0000009", "").replace("BTC", "1000PEPE");
    let reply = desk.send(&signed("POST", ORDER, &text, START));
    let body = String::from_utf8(reply.body).unwrap();
    assert!(body.contains("\"price\":9e-7,") && body.contains("\"quantity\":90000000,"), "{body}");
}

#[test]
fn resting_orders_that_close_hold_the_position() {
    let mut desk = Desk::new();
    desk.place(&market("BUY", "0.01", ""));
    let resting = desk.place(&limit("SELL", "0.006", "51000", "&reduceOnly=true"));
    let position = desk.ask("GET", POSITIONS, "symbol=BTC-USDT")[0].take();
    assert_eq!((&position["positionAmt"], &position["availableAmt"]), (&json!("0.01"), &json!("0.004")));
    let (code, words) = desk.refused("POST", ORDER, &market("SELL", "0.01", "&reduceOnly=true"));
    assert!(code == 101_212 && words.contains("cancel your pending orders"), "{words}");
    desk.place(&market("SELL", "0.004", "&reduceOnly=true"));
    desk.ask("DELETE", ORDER, &format!("symbol=BTC-USDT&orderId={resting}"));
    assert_eq!(desk.code("POST", ORDER, &market("SELL", "0.007", "&reduceOnly=true")), 101_212, "more than there is");
    assert_eq!(desk.code("POST", ORDER, &market("BUY", "0.001", "&reduceOnly=true")), 101_290, "not the way down");
    desk.place(&market("SELL", "0.006", "&reduceOnly=true"));
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn a_single_order_does_not_turn_a_position_over() {
    let mut desk = Desk::new();
    desk.place(&market("BUY", "0.01", ""));
    desk.place(&market("SELL", "0.03", ""));
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (Decimal::ZERO, Decimal::ZERO));
    desk.place(&market("SELL", "0.02", ""));
    assert_eq!(desk.ask("GET", POSITIONS, "symbol=BTC-USDT")[0]["positionSide"], "SHORT");
}

#[test]
fn hedge_mode_says_by_the_side_what_closes() {
    let mut desk = Desk::hedge();
    let order = |side: &str, position: &str| market(side, "0.01", "").replace("BOTH", position);
    let (code, words) = desk.refused("POST", ORDER, &market("BUY", "0.01", ""));
    assert!(code == 109_400 && words.contains("can only be set to LONG or SHORT"), "{words}");
    desk.place(&order("BUY", "LONG"));
    desk.place(&order("SELL", "SHORT"));
    assert_eq!(desk.code("POST", ORDER, &format!("{}&reduceOnly=true", order("SELL", "LONG"))), 109_400);
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (d("0.01"), d("0.01")));
    desk.place(&order("SELL", "LONG"));
    assert_eq!((desk.held(Side::Long), desk.code("POST", ORDER, &order("SELL", "LONG"))), (Decimal::ZERO, 101_205));
    let closed = desk.ask("POST", "/openApi/swap/v2/trade/closeAllPositions", "symbol=BTC-USDT");
    assert_eq!((closed["success"].as_array().unwrap().len(), &closed["failed"]), (1, &Value::Null));
    assert!(desk.held(Side::Short).is_zero());
}

#[test]
fn attached_stops_are_echoed_and_dropped() {
    let mut desk = Desk::new();
    let stop = r#"{"type":"STOP_MARKET","stopPrice":48000,"workingType":"MARK_PRICE","quantity":0.01}"#;
    let ack = desk.ask("POST", ORDER, &market("BUY", "0.01", &format!("&stopLoss={stop}")))["order"].take();
    assert_eq!(ack["stopLoss"], stop);
    assert_eq!(desk.open(""), []);
}

#[test]
fn what_cannot_be_cancelled_is_told_in_several_ways() {
    let mut desk = Desk::new();
    let cancel = |desk: &mut Desk, id: u64| desk.refused("DELETE", ORDER, &format!("symbol=BTC-USDT&orderId={id}"));
    assert_eq!(cancel(&mut desk, 7), (109_400, "order not exist".to_owned()));
    let filled = desk.place(&market("BUY", "0.01", ""));
    assert_eq!(cancel(&mut desk, filled), (80_018, "order is already filled".to_owned()));
    let resting = desk.place(&limit("BUY", "0.01", "49000", ""));
    assert_eq!(cancel(&mut desk, resting).0, 0);
    assert_eq!(cancel(&mut desk, resting), (109_400, "order not exist".to_owned()));
    assert_eq!(desk.code("GET", ORDER, "symbol=ETH-USDT&orderId=1735950529123455001"), 80_016, "another contract's");
    let other = desk.place(&limit("BUY", "0.01", "48000", "&clientOrderId=a1"));
    let answer = desk.ask("DELETE", BATCH, &format!("symbol=BTC-USDT&orderIdList=[{other},{filled}]"));
    assert_eq!((&answer["success"][0]["status"], &answer["failed"][0]["errorCode"]), (&json!("CANCELLED"), &json!(80_018)));
    assert_eq!(answer["failed"][0]["orderId"].as_u64(), Some(filled));
    let answer = desk.ask("DELETE", BATCH, r#"symbol=BTC-USDT&clientOrderIdList=["a1"]"#);
    assert_eq!((&answer["success"], &answer["failed"][0]["clientOrderId"]), (&json!([]), &json!("a1")));
}

#[test]
fn refused_orders_of_a_batch_are_not_in_its_answer() {
    let mut desk = Desk::new().struck_by(refused_element(1).nth(1));
    let each = |price: u32| {
        json!({"symbol": "BTC-USDT", "type": "LIMIT", "side": "BUY", "positionSide": "BOTH", "quantity": 0.01, "price": price,
            "clientOrderID": format!("b{price}")})
    };
    let text = format!("batchOrders={}", json!([each(49000), each(48900), each(48800)]));
    let answer = desk.ask("POST", BATCH, &text);
    let names = column(&answer["orders"], "clientOrderId");
    assert_eq!(names, ["b49000", "b48800"]);
    assert_eq!(desk.logged(), Some("101204"));
    // One that wants nothing but what is refused is refused itself.
    assert_eq!(desk.code("POST", BATCH, &format!("batchOrders={}", json!([each(49000)]))), 101_481);
    assert_eq!(desk.code("POST", BATCH, &format!("batchOrders={}", json!([1, 2, 3, 4, 5, 6]))), 109_400);
}

#[test]
fn executions_have_no_id_a_negative_fee_and_a_time_in_text() {
    let mut desk = Desk::new();
    desk.now += 1500;
    let id = desk.place(&market("BUY", "0.01", "&clientOrderId=m1"));
    let range = format!("symbol=BTC-USDT&startTs={START}&endTs={}", desk.now);
    let fills = desk.ask("GET", FILLS, &format!("{range}&tradingUnit=COIN&orderId={id}"))["fill_orders"].take();
    assert_eq!(fills.as_array().unwrap().len(), 1);
    let texts = texts(&fills[0], ["volume", "price", "orderId", "filledTime", "clientOrderID"]);
    assert_eq!(texts, ["0.01", "50000", "1735950529123455001", "2023-11-14T22:13:21Z", "m1"]);
    assert_eq!(d(fills[0]["commission"].as_str().unwrap()), d("-0.25"));
    assert!(fills[0].get("side").is_none() && fills[0].get("tradeId").is_none());
    // By contracts it is another number, and the time has another name where no order is named.
    let fills = desk.ask("GET", FILLS, &format!("{range}&tradingUnit=CONT"))["fill_orders"].take();
    assert_eq!((&fills[0]["volume"], fills[0]["filledTm"].is_string()), (&json!("100"), true));
    for missing in ["startTs", "endTs", "tradingUnit", "symbol"] {
        let text = format!("{range}&tradingUnit=COIN").replace(&format!("{missing}="), "none=");
        assert_eq!(desk.code("GET", FILLS, &text), 109_400, "{missing}");
    }
}

#[test]
fn old_orders_are_listed_by_the_week() {
    let mut desk = Desk::new();
    let ids: Vec<u64> = (0..3).map(|_| desk.place(&market("BUY", "0.01", ""))).collect();
    let path = "/openApi/swap/v2/trade/allOrders";
    let listed = desk.ask("GET", path, "symbol=BTC-USDT&limit=2")["orders"].take();
    let listed: Vec<u64> = listed.as_array().unwrap().iter().map(|row| row["orderId"].as_u64().unwrap()).collect();
    assert_eq!(listed, [ids[2], ids[1]]);
    for wrong in ["symbol=BTC-USDT", "limit=1001", &format!("limit=5&startTime={}&endTime={START}", START - 604_800_001)] {
        assert_eq!(desk.code("GET", path, wrong), 109_400, "{wrong}");
    }
}

#[test]
fn orders_and_positions_can_be_late() {
    let conditions = Conditions { late_orders_ms: 300, late_positions_ms: 500, ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    desk.place(&market("BUY", "0.01", ""));
    let id = desk.place(&limit("BUY", "0.01", "49000", ""));
    let query = format!("symbol=BTC-USDT&orderId={id}");
    assert_eq!((desk.code("GET", ORDER, &query), desk.code("DELETE", ORDER, &query)), (80_016, 109_400));
    assert_eq!((desk.open(""), desk.ask("GET", POSITIONS, "symbol=BTC-USDT")), (vec![], Value::Null));
    desk.now += 300;
    assert_eq!((desk.open("").len(), desk.ask("GET", POSITIONS, "")), (1, json!([])));
    desk.now += 200;
    assert_eq!(desk.ask("GET", POSITIONS, "")[0]["positionAmt"], "0.01");
}
