//! What the account is set to, and when it cannot be changed.

use super::*;

const MARGIN_MODE: &str = "/v5/account/set-margin-mode";
const SWITCH: &str = "/v5/position/switch-mode";
const LEVERAGE: &str = "/v5/position/set-leverage";

fn mode(desk: &mut Desk) -> Value {
    desk.get("/v5/account/info")["marginMode"].clone()
}

#[test]
fn the_margin_mode_is_the_whole_accounts() {
    let mut desk = Desk::new();
    assert_eq!(mode(&mut desk), "REGULAR_MARGIN");
    assert_eq!(desk.post(MARGIN_MODE, &json!({"setMarginMode": "ISOLATED_MARGIN"})), json!({"reasons": []}));
    assert_eq!(mode(&mut desk), "ISOLATED_MARGIN");
    // Set again, and set with an order or a position on any contract, it is refused with reasons.
    let refused = |desk: &mut Desk, mode: &str| {
        let (code, _, answer) = desk.told(&signed("POST", MARGIN_MODE, &json!({"setMarginMode": mode}).to_string(), START));
        assert!(code != 3_400_045 || answer["result"]["reasons"][0]["reasonMsg"].is_string(), "{answer}");
        code
    };
    assert_eq!(refused(&mut desk, "ISOLATED_MARGIN"), 3_400_045);
    desk.post(CREATE, &with(limit("Buy", "1", "2000", "rests"), json!({"symbol": "ETHUSDT"})));
    assert_eq!(refused(&mut desk, "REGULAR_MARGIN"), 3_400_045);
    desk.post(CANCEL, &json!({"category": "linear", "symbol": "ETHUSDT", "orderLinkId": "rests"}));
    desk.buy("m-1");
    assert_eq!(refused(&mut desk, "REGULAR_MARGIN"), 3_400_045);
    desk.post(CREATE, &market("Sell", "0.01", "m-2"));
    assert_eq!((refused(&mut desk, "REGULAR_MARGIN"), refused(&mut desk, "NONE")), (0, 10001));
}

#[test]
fn the_position_mode_is_switched_when_nothing_is_there() {
    let mut desk = Desk::new();
    let switch = |mode: i64| json!({"category": "linear", "coin": "USDT", "mode": mode});
    assert_eq!(desk.post_code(SWITCH, &switch(0)), 110_025);
    desk.post(CREATE, &limit("Buy", "0.01", "49000", "l-1"));
    assert_eq!(desk.post_code(SWITCH, &switch(3)), 110_028);
    desk.price("48900");
    assert_eq!(desk.post_code(SWITCH, &switch(3)), 110_024);
    desk.post(CREATE, &market("Sell", "0.01", "m-1"));
    desk.post(SWITCH, &json!({"category": "linear", "symbol": "BTCUSDT", "mode": 3}));
    let indexes: Vec<Value> = desk.positions().iter().map(|row| row["positionIdx"].clone()).collect();
    assert_eq!(indexes, [1, 2]);
    assert_eq!((desk.post_code(SWITCH, &switch(3)), desk.post_code(SWITCH, &switch(1))), (110_025, 10001));
    assert_eq!(desk.post_code(SWITCH, &json!({"category": "linear", "mode": 3})), 10001);
}

#[test]
fn leverage_is_one_of_both_sides_and_within_its_bounds() {
    let mut desk = Desk::new();
    let set = |buy: &str, sell: &str| json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": buy, "sellLeverage": sell});
    let cases = [
        ("10", "10", 0),
        ("10", "10", 110_043),
        ("10.00", "10", 110_043),
        ("10", "11", 10001),
        ("126", "126", 110_013),
        ("0", "0", 110_013),
    ];
    for (buy, sell, code) in cases {
        assert_eq!(desk.post_code(LEVERAGE, &set(buy, sell)), code, "{buy} {sell}");
    }
    assert_eq!(desk.post_code(LEVERAGE, &json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": "5"})), 10001);
    assert_eq!(desk.post_code(LEVERAGE, &json!({"category": "linear", "symbol": "BTCUSDT", "buyLeverage": 5, "sellLeverage": 5})), 10001);
    let row = desk.list("/v5/position/symbol-info?category=linear&symbol=BTCUSDT").remove(0);
    assert_eq!((&row["leverage"], &desk.positions()[0]["leverage"]), (&json!("10"), &json!("10")));
    desk.post(CREATE, &market("Buy", "1", "most"));
    assert_eq!(desk.post_code(LEVERAGE, &set("2", "2")), 110_044);
}

#[test]
fn a_balance_says_what_it_can_in_either_margin_mode() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.price("51000");
    let account = desk.list(BALANCE).remove(0);
    let coin = account["coin"].as_array().unwrap().iter().find(|coin| coin["coin"] == "USDT").unwrap().clone();
    let number = |value: &Value| d(value.as_str().unwrap());
    assert_eq!(number(&coin["equity"]) - number(&coin["walletBalance"]), d("10"));
    assert_eq!((number(&coin["walletBalance"]), number(&coin["totalPositionIM"])), (d("9999.75"), d("25")));
    assert_eq!(number(&account["totalAvailableBalance"]), d("9984.75"));
    assert_eq!(coin["availableToWithdraw"], "");
    assert_eq!(desk.get_code("/v5/account/wallet-balance?accountType=CONTRACT"), 10001);
    assert_eq!(desk.list(&format!("{BALANCE}&coin=USDC"))[0]["coin"].as_array().map(Vec::len), Some(1));
    let mut desk = Desk::new();
    desk.post(MARGIN_MODE, &json!({"setMarginMode": "ISOLATED_MARGIN"}));
    assert_eq!(desk.list(BALANCE)[0]["totalAvailableBalance"], "");
}
