//! What is asked for: contracts, prices, open orders, and a database that lags.

use super::*;

#[test]
fn contracts_have_names_and_numbers_of_their_own() {
    let mut desk = Desk::of(SimConfig { symbols: 40, ..SimConfig::default() });
    let rows = desk.get("/public/products")["perpProductsV2"].as_array().unwrap().clone();
    let of = |name: &str| rows.iter().find(|row| row["symbol"] == name).unwrap_or_else(|| panic!("{name}"));
    let names = ["tickSize", "qtyStepSize", "minOrderValueRv", "maxOrderQtyRq", "status", "baseCurrency", "settleCurrency"];
    assert_eq!(texts(of("BTCUSDT"), names), ["0.1", "0.001", "1", "120", "Listed", "BTC", "USDT"]);
    assert_eq!((of("BTCUSDT")["maxLeverage"].as_u64(), of("XRPUSDT")["maxLeverage"].as_u64()), (Some(100), Some(75)));
    assert_eq!(texts(of("u1000PEPEUSDT"), ["baseCurrency", "qtyStepSize"]), ["1000 PEPE", "1"]);
    assert_eq!(texts(of("UNIUSDT"), ["baseCurrency"]), ["UNI"]);
    assert_eq!((&of("BTCUSDC")["quoteCurrency"], &of("LUNAUSDT")["status"]), (&json!("USDC"), &json!("Delisted")));
    assert_eq!(rows.len(), 42);
    assert_eq!(desk.sim.symbol("1000PEPE").as_str(), "u1000PEPEUSDT");
}

#[test]
fn prices_come_in_an_envelope_of_their_own() {
    let mut desk = Desk::new();
    let bitcoin = desk.sim.symbol("BTC");
    desk.sim.book.set_prices(&bitcoin, d("50000"), d("50001.5"), START).unwrap();
    let mut ask = |target: &str| serde_json::from_slice::<Value>(&desk.send(&signed("GET", target, "", START)).body).unwrap();
    let answer = ask("/md/v3/ticker/24hr?symbol=BTCUSDT");
    assert!(answer["error"].is_null() && answer.get("code").is_none(), "{answer}");
    let row = &answer["result"];
    assert_eq!(texts(row, ["lastRp", "markRp", "bidRp", "askRp"]), ["50000", "50001.5", "49999.9", "50000.1"]);
    assert_eq!(row["timestamp"].as_u64().unwrap() / 1_000_000, START);
    let old = ask("/md/v2/ticker/24hr?symbol=BTCUSDT");
    assert_eq!((texts(&old["result"], ["closeRp", "markPriceRp"]), old["result"].get("bidRp")), (["50000", "50001.5"], None));
    assert_eq!(ask("/md/v3/ticker/24hr/all")["result"].as_array().unwrap().len(), 20);
    let unknown = ask("/md/v3/ticker/24hr?symbol=BTCUSD");
    assert_eq!(unknown, json!({"error": {"code": 6001, "message": "invalid argument"}, "id": null, "result": null}));
}

#[test]
fn no_open_order_is_an_error() {
    let mut desk = Desk::new();
    let target = "/g-orders/activeList?symbol=BTCUSDT";
    assert_eq!(desk.told(&signed("GET", target, "", START)), (10002, "OM_ORDER_NOT_FOUND".to_owned(), Value::Null));
    desk.post(&limit("Buy", "0.01", "49000", "l-1"));
    assert_eq!(desk.get(target)["rows"].as_array().unwrap().len(), 1);
    assert_eq!(desk.code("GET", "/g-orders/activeList?symbol=ETHUSDT"), 10002);
    assert_eq!(desk.code("GET", "/g-orders/activeList"), 10500);
}

#[test]
fn one_order_comes_in_three_shapes_that_take_turns() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    let target = |name: &str| format!("/api-data/g-futures/orders/by-order-id?symbol=BTCUSDT&clOrdID={name}");
    let shapes: Vec<Value> = (0..3).map(|_| desk.get(&target("m-1"))).collect();
    let row = shapes[0][0].clone();
    assert_eq!((&row["clOrdId"], shapes[0].as_array().unwrap().len()), (&json!("m-1"), 1));
    assert_eq!(shapes[1..], [json!({"total": 1, "rows": [row]}), row.clone()]);
    let none: Vec<Value> = (0..3).map(|_| desk.get(&target("never"))).collect();
    assert_eq!(none, [json!([]), json!({"total": 0, "rows": []}), json!([])]);
    // By its id it is the same.
    let id = row["orderId"].as_str().unwrap();
    assert_eq!(desk.get(&format!("/api-data/g-futures/orders/by-order-id?symbol=BTCUSDT&orderID={id}"))[0], row);
    assert_eq!(desk.code("GET", "/api-data/g-futures/orders/by-order-id?symbol=BTCUSDT"), 10500);
}

#[test]
fn the_database_lags_behind_the_engine() {
    let mut desk = Desk::new().under(Conditions { late_orders_ms: 1000, ..Conditions::default() });
    desk.post(&limit("Buy", "0.01", "49000", "l-1"));
    desk.buy("m-1");
    desk.post(&guard("Stop", "48000", "s-1"));
    let list = "/exchange/order/v2/orderList?currency=USDT&symbol=BTCUSDT";
    let fills = "/exchange/order/v2/tradingList?currency=USDT&symbol=BTCUSDT";
    // The engine lists at once what is open; what has filled is nowhere yet.
    assert_eq!(desk.open().iter().map(|(kind, _)| kind.as_str()).collect::<Vec<&str>>(), ["Limit", "Stop"]);
    assert_eq!(["l-1", "m-1", "s-1"].map(|name| desk.stored(name)), [Value::Null, Value::Null, Value::Null]);
    assert_eq!([list, fills].map(|target| desk.get(target)["total"].clone()), [json!(0), json!(0)]);
    desk.now += 1000;
    assert_eq!(["l-1", "m-1", "s-1"].map(|name| desk.stored(name)["ordStatus"].clone()), ["New", "Filled", "Untriggered"]);
    assert_eq!([list, fills].map(|target| desk.get(target)["total"].clone()), [json!(3), json!(1)]);
    // What changes, too, is known late: it is gone here and still there.
    desk.price("47900");
    assert_eq!(desk.open(), []);
    let stored = ["l-1", "s-1"].map(|name| desk.stored(name));
    assert_eq!(stored.each_ref().map(|row| texts(row, ["ordStatus", "cumQtyRq"])), [["New", "0"], ["Untriggered", "0"]]);
    desk.now += 1000;
    let stored = ["l-1", "s-1"].map(|name| desk.stored(name));
    assert_eq!(stored.each_ref().map(|row| texts(row, ["ordStatus", "cumQtyRq"])), [["Filled", "0.01"], ["Filled", "0.01"]]);
}

#[test]
fn a_partly_filled_order_is_told_as_it_was() {
    let conditions = Conditions { late_orders_ms: 1000, liquidity: Some(d("0.004")), ..Conditions::default() };
    let mut desk = Desk::new().under(conditions);
    desk.post(&limit("Buy", "0.01", "49000", "l-1"));
    for _ in 0..3 {
        desk.now += 600;
        desk.price("49000");
    }
    // It filled in three parts: 600, 1200 and 1800 ms after it was placed. Of those the database knows the first.
    assert_eq!(
        texts(&desk.stored("l-1"), ["ordStatus", "cumQtyRq", "cumValueRv", "leavesQtyRq"]),
        ["PartiallyFilled", "0.004", "196", "0.006"]
    );
    desk.now += 1000;
    assert_eq!(texts(&desk.stored("l-1"), ["ordStatus", "cumQtyRq", "cumValueRv", "leavesQtyRq"]), ["Filled", "0.01", "490", "0"]);
}

#[test]
fn orders_are_listed_in_numbers_and_by_the_page() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.now += 1;
    desk.post(&limit("Sell", "0.01", "51000", "l-1"));
    desk.now += 1;
    desk.post(&guard("Stop", "48000", "s-1"));
    let list = "/exchange/order/v2/orderList?currency=USDT&symbol=BTCUSDT";
    let numbers = |row: &Value| ["side", "posSide", "ordType", "ordStatus", "stopDirection"].map(|name| row[name].as_u64().unwrap());
    let rows = desk.get(list)["rows"].as_array().unwrap().clone();
    assert_eq!(rows.iter().map(numbers).collect::<Vec<[u64; 5]>>(), [[2, 3, 3, 1, 2], [2, 3, 2, 5, 0], [1, 3, 1, 7, 0]]);
    assert_eq!(texts(&rows[2], ["clOrdId", "execQtyRq", "cumValueRv", "execPriceRp"]), ["m-1", "0.01", "500", "50000"]);
    let open = desk.get(&format!("{list}&ordStatus=1%2C5%2C6"));
    assert_eq!((&open["total"], &open["rows"][0]["clOrdId"]), (&json!(2), &json!("s-1")));
    let second = desk.get(&format!("{list}&offset=1&limit=1"));
    assert_eq!((&second["total"], &second["rows"][0]["clOrdId"], second["rows"].as_array().unwrap().len()), (&json!(3), &json!("l-1"), 1));
    assert_eq!(desk.get(&format!("{list}&start={}", START + 1))["total"], 2);
    assert_ne!(desk.code("GET", "/exchange/order/v2/orderList"), 0, "no currency");
    // Two days are what is listed if nothing is said.
    desk.now += 2 * 24 * 3_600_000;
    assert_eq!((&desk.get(list)["total"], &desk.get(&format!("{list}&start={START}"))["total"]), (&json!(1), &json!(3)));
}

#[test]
fn an_execution_that_turns_a_position_over_is_one() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.now += 1;
    desk.post(&market("Sell", "0.03", "turn"));
    for path in ["/exchange/order/v2/tradingList?currency=USDT&symbol=BTCUSDT", "/api-data/g-futures/trades?symbol=BTCUSDT"] {
        let rows = desk.get(path)["rows"].as_array().unwrap().clone();
        let shown: Vec<_> = rows.iter().map(|row| texts(row, ["execQtyRq", "execPriceRp", "execFeeRv"])).collect();
        assert_eq!(shown, [["0.03", "50000", "0.75"], ["0.01", "50000", "0.25"]], "{path}");
        assert_eq!((rows[0]["side"].as_u64(), rows[1]["side"].as_u64(), rows[0].get("orderId")), (Some(2), Some(1), None));
    }
    assert_eq!((desk.held(Side::Long), desk.held(Side::Short)), (Decimal::ZERO, d("0.02")));
}

#[test]
fn positions_are_read_late() {
    let mut desk = Desk::new().under(Conditions { late_positions_ms: 500, ..Conditions::default() });
    desk.put("/g-positions/leverage?symbol=BTCUSDT&leverageRr=10");
    desk.buy("m-1");
    assert_eq!(texts(&desk.positions("BTCUSDT")[0], ["side", "size"]), ["None", "0"]);
    desk.now += 500;
    assert_eq!(texts(&desk.positions("BTCUSDT")[0], ["side", "size"]), ["Buy", "0.01"]);
}
