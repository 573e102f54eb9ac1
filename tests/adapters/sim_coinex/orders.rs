//! Placing, closing and cancelling.

use super::*;

fn kinds(row: &Value) -> [&str; 4] {
    texts(row, ["amount", "filled_amount", "unfilled_amount", "filled_value"])
}

#[test]
fn the_answer_is_the_whole_order() {
    let mut desk = Desk::new();
    let order = json!({"market": ETH, "side": "buy", "type": "market", "amount": "0.05", "client_id": "bot-0001"});
    let row = desk.done("order", order);
    assert_eq!(kinds(&row), ["0.05", "0.05", "0", "100"]);
    let shown = texts(&row, ["type", "price", "client_id", "fee", "fee_ccy", "last_filled_price"]);
    assert_eq!(shown, ["market", "0", "bot-0001", "0.05", "USDT", "2000"]);
    assert_eq!((row["order_id"].as_u64(), row.get("status")), (Some(136_913_377_780), None));
}

#[test]
fn a_market_order_for_more_than_the_book_shows_is_not_placed() {
    let mut desk = Desk::new();
    desk.market_order("buy", "0.05");
    desk = desk.under(Conditions { liquidity: Some(d("0.03")), ..Conditions::default() });
    let shown = desk.get("futures/depth", "market=ETHUSDT&limit=5&interval=0");
    let [bid, size] = [0, 1].map(|at| shown["data"]["depth"]["bids"][0][at].as_str().unwrap().to_owned());
    assert_eq!(size, "0.03");
    let market = json!({"market": ETH, "side": "buy", "type": "market", "amount": "0.05"});
    assert_eq!(desk.refused("order", market.clone()), 3620);
    assert_eq!(desk.refused("close-position", json!({"market": ETH, "type": "market"})), 3620);
    assert_eq!(desk.held(Side::Long), d("0.05"));
    // What names a price and may not rest takes what is there, and nothing rests.
    let ioc = |amount: &str| json!({"market": ETH, "type": "ioc", "price": bid, "amount": amount});
    assert_eq!(kinds(&desk.done("close-position", ioc("0.02"))), ["0.02", "0.02", "0", "40"]);
    assert_eq!(kinds(&desk.done("close-position", ioc("0.02"))), ["0.02", "0.01", "0.01", "20"]);
    assert_eq!(desk.refused("close-position", ioc("0.02")), 3621);
    // Somebody was faster than the book shows.
    assert_eq!(desk.refused("close-position", json!({"market": ETH, "type": "market"})), 3620);
    desk.price("2000");
    desk.done("close-position", json!({"market": ETH, "type": "market"}));
    assert_eq!((desk.held(Side::Long), desk.rows("pending-order", "").len()), (Decimal::ZERO, 0));
}

#[test]
fn types_say_how_long_an_order_may_wait() {
    let mut desk = Desk::new();
    let order = |kind: &str, price: &str| json!({"market": ETH, "side": "buy", "type": kind, "amount": "0.05", "price": price});
    assert_eq!(desk.refused("order", order("maker_only", "2000")), 3622);
    assert_eq!(desk.refused("order", order("ioc", "1999.99")), 3621);
    assert_eq!(desk.refused("order", order("fok", "1999.99")), 3621);
    assert_eq!(desk.done("order", order("maker_only", "1999.99"))["type"], "maker_only");
    assert_eq!(kinds(&desk.done("order", order("ioc", "2010"))), ["0.05", "0.05", "0", "100"]);
    assert_eq!(kinds(&desk.done("order", order("fok", "2010"))), ["0.05", "0.05", "0", "100"]);
    // Without a price there is no limit order; without words for it nothing is hidden.
    assert_eq!(desk.refused("order", json!({"market": ETH, "side": "buy", "type": "limit", "amount": "0.05"})), 4004);
    assert_eq!(desk.refused("order", json!({"market": ETH, "side": "buy", "type": "gtc", "amount": "0.05", "price": "1900"})), 4004);
}

#[test]
fn orders_are_refused_by_code() {
    let mut desk = Desk::new();
    let base = json!({"market": ETH, "side": "buy", "type": "limit", "amount": "0.05", "price": "1900", "client_id": "a"});
    let cases = [
        ("amount", json!("0.004"), 3127),
        ("amount", json!("0.050000001"), 3639),
        ("amount", json!(0.05), 4004),
        ("amount", json!("200"), 3109),
        ("price", json!("1900.001"), 3639),
        ("price", json!("2200"), 3606),
        ("price", json!(1900), 4004),
        ("market", json!("NONEUSDT"), 3639),
        ("market", json!("ethusdt"), 3639),
        ("market", json!("LUNAUSDT"), 4117),
        ("side", json!("long"), 4004),
        ("client_id", json!("x".repeat(33)), 4004),
        ("client_id", json!("a.b"), 4004),
        ("is_hide", json!(true), 4004),
    ];
    for (name, value, code) in cases {
        let mut order = base.clone();
        order[name] = value;
        assert_eq!(desk.refused("order", order.clone()), code, "{order}");
    }
    assert_eq!(
        desk.post("order", json!({"market": "NONEUSDT", "side": "buy", "type": "market", "amount": "1"}))["message"],
        "Invalid Parameter. market NONEUSDT not found"
    );
    let spot = signed("POST", "/v2/futures/order", &base.to_string(), START);
    assert_eq!(desk.answer(&spot).1["code"], 4004, "it must say FUTURES");
    desk.done("order", base);
}

#[test]
fn a_name_may_be_that_of_another_order() {
    let mut desk = Desk::new();
    let ids =
        [desk.limit("buy", "0.05", "1900", "twin"), desk.limit("buy", "0.05", "1900", "twin")].map(|row| row["order_id"].as_u64().unwrap());
    assert_ne!(ids[0], ids[1]);
    assert_eq!(desk.rows("pending-order", "&client_id=twin").len(), 2);
    assert_eq!(desk.rows("pending-order", "&client_id=other").len(), 0);
    desk.price("1900");
    assert_eq!(desk.held(Side::Long), d("0.1"), "both are executed");
    assert_eq!(desk.rows("finished-order", "&client_id=twin").len(), 2);
    // By name all are cancelled.
    desk.limit("buy", "0.05", "1800", "twin");
    desk.limit("buy", "0.05", "1700", "twin");
    let list = desk.done("cancel-order-by-client-id", json!({"market": ETH, "client_id": "twin"}));
    assert_eq!(list.as_array().unwrap().iter().map(|one| one["data"]["price"].as_str().unwrap()).collect::<Vec<_>>(), ["1800", "1700"]);
    assert_eq!(desk.done("cancel-order-by-client-id", json!({"market": ETH, "client_id": "twin"})), json!([]));
}

#[test]
fn closing_is_another_call_and_never_opens() {
    let mut desk = Desk::new();
    let close = |amount: &str| json!({"market": ETH, "type": "market", "amount": amount});
    assert_eq!(desk.refused("close-position", close("0.05")), 3639);
    desk.market_order("sell", "0.05");
    let row = desk.done("close-position", json!({"market": ETH, "type": "market", "amount": "0.02", "client_id": "c1"}));
    assert_eq!((row["side"].as_str(), row["client_id"].as_str(), row["filled_amount"].as_str()), (Some("buy"), Some("c1"), Some("0.02")));
    assert_eq!(desk.refused("close-position", close("0.04")), 3639, "more than there is");
    // What a resting order will close is reserved for it.
    let limit = json!({"market": ETH, "type": "limit", "price": "1900", "amount": "0.02"});
    desk.done("close-position", limit.clone());
    let position = desk.position();
    assert_eq!(texts(&position, ["open_interest", "close_avbl", "side"]), ["0.03", "0.01", "short"]);
    assert_eq!(desk.refused("close-position", limit), 3639);
    assert_eq!(desk.refused("close-position", close("0.02")), 3639);
    assert_eq!(desk.refused("close-position", close("0.03")), 3639, "all of it, but by name");
    desk.done("close-position", json!({"market": ETH, "type": "market"}));
    assert_eq!((desk.position(), desk.rows("pending-order", "").len()), (Value::Null, 0));
    // A plain order knows no such mark: it opens, whatever it says.
    desk.done("order", json!({"market": ETH, "side": "sell", "type": "market", "amount": "0.05", "reduce_only": true}));
    assert_eq!(desk.held(Side::Short), d("0.05"));
    // One that is larger than the position turns it over.
    desk.market_order("buy", "0.08");
    assert_eq!((desk.held(Side::Short), desk.held(Side::Long)), (Decimal::ZERO, d("0.03")));
}

#[test]
fn each_order_of_a_batch_is_judged_on_its_own() {
    let mut desk = Desk::new().struck_by(refused_element(1).times(1));
    let order =
        |amount: &str| json!({"market": ETH, "market_type": "FUTURES", "side": "buy", "type": "limit", "amount": amount, "price": "1900"});
    let list = desk.done("batch-order", json!({"orders": [order("0.05"), order("0.05"), order("0.001")]}));
    let codes: Vec<i64> = list.as_array().unwrap().iter().map(|one| one["code"].as_i64().unwrap()).collect();
    assert_eq!((codes, &list[1]["data"]), (vec![0, 3109, 3127], &Value::Null));
    assert_eq!(desk.logged(), Some("3109"));
    assert_eq!(desk.rows("pending-order", "").len(), 1);
    assert_eq!(desk.refused("batch-order", json!({"orders": vec![order("0.05"); 6]})), 4004);
    assert_eq!(desk.refused("batch-order", json!({"orders": []})), 4004);
}

#[test]
fn cancelling_by_id_wants_a_number() {
    let mut desk = Desk::new();
    let id = desk.limit("buy", "0.05", "1900", "a")["order_id"].clone();
    assert_eq!(desk.refused("cancel-order", json!({"market": ETH, "order_id": id.to_string()})), 4004);
    assert_eq!(desk.refused("cancel-order", json!({"market": "BTCUSDT", "order_id": id})), 3600);
    assert_eq!(desk.done("cancel-order", json!({"market": ETH, "order_id": id}))["unfilled_amount"], "0.05");
    assert_eq!(desk.refused("cancel-order", json!({"market": ETH, "order_id": id})), 3600);
    let other = desk.limit("buy", "0.05", "1900", "b")["order_id"].clone();
    let list = desk.done("cancel-batch-order", json!({"market": ETH, "order_ids": [id, other]}));
    assert_eq!((&list[0], &list[1]["code"]), (&json!({"code": 3600, "data": null, "message": "Order not found"}), &json!(0)));
}

#[test]
fn cancelling_all_leaves_what_waits_for_a_price() {
    let mut desk = Desk::new();
    desk.market_order("buy", "0.05");
    desk.done("set-position-stop-loss", json!({"market": ETH, "stop_loss_type": "mark_price", "stop_loss_price": "1900"}));
    let plan = json!({"market": ETH, "side": "buy", "type": "market", "amount": "0.05", "trigger_price": "2100",
        "trigger_price_type": "mark_price", "client_id": "plan"});
    let plan = desk.done("stop-order", plan);
    desk.limit("buy", "0.05", "1950", "b");
    desk.limit("sell", "0.05", "2050", "s");
    assert_eq!(desk.done("cancel-all-order", json!({"market": ETH, "side": "sell"})), json!({}));
    assert_eq!(desk.rows("pending-order", "").len(), 1);
    desk.done("cancel-all-order", json!({"market": ETH}));
    assert_eq!((desk.rows("pending-order", "").len(), desk.position()["stop_loss_price"].as_str()), (0, Some("1900")));
    let waits = desk.rows("pending-stop-order", "");
    assert_eq!((&waits[0]["stop_id"], &waits[0]["trigger_direction"]), (&plan["stop_id"], &json!("higher")));
    assert_eq!(desk.done("cancel-stop-order", json!({"market": ETH, "stop_id": plan["stop_id"]}))["client_id"], "plan");
    assert_eq!(desk.refused("cancel-stop-order", json!({"market": ETH, "stop_id": plan["stop_id"]})), 3600);
    desk.done("cancel-all-order", json!({"market": ETH}));
}

#[test]
fn a_plan_order_outlives_the_position_and_opens_another() {
    let mut desk = Desk::new();
    desk.market_order("buy", "0.05");
    let plan = json!({"market": ETH, "side": "sell", "type": "market", "amount": "0.05", "trigger_price": "1900",
        "trigger_price_type": "mark_price", "client_id": "plan"});
    desk.done("stop-order", plan.clone());
    desk.done("close-position", json!({"market": ETH, "type": "market"}));
    desk.price("1900");
    assert_eq!(desk.held(Side::Short), d("0.05"));
    // What it has become has another id and no name.
    assert_eq!(desk.rows("finished-order", "&client_id=plan").len(), 0);
    assert_eq!(desk.rows("finished-order", "")[0]["client_id"], "");
    assert_eq!(desk.rows("pending-stop-order", "").len(), 0);
    let named = |name: &str| json!({"market": ETH, "client_id": name});
    desk.done(
        "stop-order",
        json!({"market": ETH, "side": "sell", "type": "market", "amount": "0.05", "trigger_price": "1800",
        "trigger_price_type": "latest_price", "client_id": "plan"}),
    );
    assert_eq!(desk.done("cancel-stop-order-by-client-id", named("plan"))[0]["code"], 0);
    assert_eq!(desk.done("cancel-stop-order-by-client-id", named("plan")), json!([]));
}
