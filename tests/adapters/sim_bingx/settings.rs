//! Contracts, balance, positions, and what an account is set to.

use super::*;

#[test]
fn the_position_mode_is_a_text() {
    let mut desk = Desk::new();
    assert_eq!(desk.ask("GET", MODE, ""), json!({"dualSidePosition": "false"}));
    assert_eq!(desk.ask("POST", MODE, "dualSidePosition=false"), json!({"dualSidePosition": "false"}));
    assert_eq!(desk.ask("POST", MODE, "dualSidePosition=true"), json!({"dualSidePosition": "true"}));
    desk.ask("POST", MODE, "dualSidePosition=false");
    desk.place(&limit("BUY", "0.01", "49000", ""));
    // Even to what it is.
    for mode in ["true", "false"] {
        assert_eq!(desk.code("POST", MODE, &format!("dualSidePosition={mode}")), 104_103);
    }
}

#[test]
fn leverage_is_set_by_side_as_the_mode_has_it() {
    let set = |desk: &mut Desk, side: &str, leverage: u32| {
        desk.refused("POST", LEVERAGE, &format!("symbol=BTC-USDT&side={side}&leverage={leverage}"))
    };
    let shown = |desk: &mut Desk| {
        let row = desk.ask("GET", LEVERAGE, "symbol=BTC-USDT");
        ["longLeverage", "shortLeverage", "maxLongLeverage"].map(|name| row[name].as_u64().unwrap())
    };
    let mut desk = Desk::new();
    assert!(set(&mut desk, "LONG", 5).1.contains("One-way mode"));
    assert_eq!((set(&mut desk, "BOTH", 5).0, set(&mut desk, "BOTH", 5).0, set(&mut desk, "BOTH", 126).0), (0, 0, 101_414));
    assert_eq!(shown(&mut desk), [5, 5, 125]);
    let mut desk = Desk::hedge();
    assert!(set(&mut desk, "BOTH", 5).1.contains("Hedge mode"));
    assert_eq!(set(&mut desk, "LONG", 5).0, 0);
    assert_eq!(shown(&mut desk), [5, 5, 125].map(|value| value));
    assert_eq!(set(&mut desk, "SHORT", 7).0, 0);
    assert_eq!(shown(&mut desk), [5, 7, 125]);
}

#[test]
fn the_margin_type_is_settled_by_a_position_or_an_order() {
    let mut desk = Desk::new();
    let set = |desk: &mut Desk, mode: &str| desk.refused("POST", MARGIN_TYPE, &format!("symbol=BTC-USDT&marginType={mode}"));
    let (_, _, body) = desk.told(&signed("POST", MARGIN_TYPE, "symbol=BTC-USDT&marginType=ISOLATED", START));
    assert!(body.get("data").is_none(), "{body}");
    assert_eq!(desk.ask("GET", MARGIN_TYPE, "symbol=BTC-USDT"), json!({"marginType": "ISOLATED"}));
    assert_eq!((set(&mut desk, "ISOLATED").0, set(&mut desk, "SEPARATE_ISOLATED").0), (0, 104_108));
    desk.place(&limit("BUY", "0.01", "49000", ""));
    for mode in ["ISOLATED", "CROSSED"] {
        assert_eq!(set(&mut desk, mode), (109_400, "the account has positions or pending orders".to_owned()));
    }
    assert_eq!(desk.code("POST", MARGIN_TYPE, "symbol=ETH-USDT&marginType=ISOLATED"), 0);
}

#[test]
fn contracts_are_listed_with_precisions_and_gaps() {
    let mut desk = Desk::new();
    let path = "/openApi/swap/v2/quote/contracts";
    let list = desk.ask("GET", path, "").as_array().unwrap().clone();
    let of = |name: &str| list.iter().find(|row| row["symbol"] == name).unwrap().clone();
    let pepe = of("1000PEPE-USDT");
    assert_eq!((&pepe["quantityPrecision"], &pepe["pricePrecision"], &pepe["tradeMinQuantity"]), (&json!(0), &json!(7), &json!(100)));
    assert_eq!((&of("BTC-USDT")["tradeMinQuantity"], &of("BTC-USDT")["apiStateOpen"]), (&json!(0.0001), &json!("true")));
    // Leverage may be missing and may be stale.
    assert!(of("XRP-USDT").get("maxLongLeverage").is_none());
    let real = desk.ask("GET", LEVERAGE, "symbol=DOGE-USDT")["maxLongLeverage"].as_u64();
    assert_eq!((of("DOGE-USDT")["maxLongLeverage"].as_u64(), real), (Some(125), Some(75)));
    let states =
        ["LUNA-USDT", "SOON-USDT", "OLD-USDT", "BTC-USDC"].map(|name| (of(name)["status"].as_i64(), of(name)["apiStateOpen"] == "true"));
    assert_eq!(states, [(Some(0), false), (Some(5), false), (Some(25), false), (Some(1), true)]);
    assert_eq!(desk.ask("GET", path, "symbol=ETH-USDT").as_array().unwrap().len(), 1);
}

#[test]
fn open_profit_is_equity_and_not_free() {
    let mut desk = Desk::new();
    desk.ask("POST", LEVERAGE, "symbol=BTC-USDT&side=BOTH&leverage=10");
    desk.place(&market("BUY", "0.01", ""));
    let row = |desk: &mut Desk| desk.ask("GET", BALANCE, "")[0].take();
    let number = |row: &Value, name: &str| d(row[name].as_str().unwrap());
    desk.price("51000");
    let up = row(&mut desk);
    let shown = ["balance", "equity", "unrealizedProfit", "availableMargin", "usedMargin"].map(|name| number(&up, name));
    assert_eq!(shown, ["9999.75", "10009.75", "10", "9949.75", "50"].map(d));
    desk.price("49000");
    assert_eq!(number(&row(&mut desk), "availableMargin"), d("9939.75"));
    let position = desk.ask("GET", POSITIONS, "")[0].take();
    let texts =
        ["positionAmt", "positionSide", "unrealizedProfit", "initialMargin"].map(|name| position[name].as_str().unwrap().to_owned());
    assert_eq!(texts[..2], ["0.01", "LONG"]);
    assert_eq!((d(&texts[2]), d(&texts[3])), (d("-10"), d("50")));
    assert_eq!((&position["liquidationPrice"], &position["leverage"], &position["onlyOnePosition"]), (&json!(0), &json!(10), &json!(true)));
    // A coin that nobody has is empty texts.
    assert_eq!(desk.ask("GET", BALANCE, "")[1]["equity"], "");
}

#[test]
fn the_demo_pays_in_another_coin() {
    let mut desk = Desk::of(SimConfig { key: "demo-key".to_owned(), ..SimConfig::default() });
    let mut request = signed("GET", BALANCE, "", START);
    request.headers[0].1 = "demo-key".to_owned();
    assert_eq!(desk.told(&request).2["data"][0]["asset"], "VST");
}

#[test]
fn prices_are_read_without_a_key() {
    let mut desk = Desk::new();
    desk.price("50500.5");
    let read = |desk: &mut Desk, path: &str| {
        let reply = desk.send(&HttpRequest { headers: Vec::new(), ..request("GET", &format!("/openApi/swap/{path}")) });
        serde_json::from_slice::<Value>(&reply.body).unwrap()["data"].take()
    };
    assert_eq!(read(&mut desk, "v1/ticker/price?symbol=BTC-USDT")["price"], "50500.5");
    let ticker = read(&mut desk, "v2/quote/ticker?symbol=BTC-USDT");
    assert_eq!((&ticker["bidPrice"], &ticker["askPrice"]), (&json!("50500.4"), &json!("50500.6")));
    assert!(read(&mut desk, "v2/quote/ticker").as_array().unwrap().len() >= 20);
    assert_eq!(read(&mut desk, "v2/quote/premiumIndex?symbol=BTC-USDT")["markPrice"], "50500.5");
    assert_eq!(read(&mut desk, "v2/server/time")["serverTime"], START);
}
