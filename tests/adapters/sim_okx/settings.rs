//! Contracts, balance, positions, leverage and modes.

use super::*;

const MODE: &str = "/api/v5/account/set-position-mode";
const LEVEL: &str = "/api/v5/account/set-account-level";

fn lever(value: &str, mode: &str) -> Value {
    json!({"instId": ETH, "lever": value, "mgnMode": mode})
}

#[test]
fn contracts_have_sizes_and_strangers_among_them() {
    let mut desk = Desk::new();
    let list = desk.get("public/instruments?instType=SWAP");
    let find = |name: &str| list.as_array().unwrap().iter().find(|row| row["instId"] == name).cloned().unwrap();
    for (name, size, lot) in [("BTC-USDT-SWAP", "0.01", "0.01"), (ETH, "0.1", "0.01"), ("PEPE-USDT-SWAP", "10000000", "0.1")] {
        let row = find(name);
        assert_eq!((row["ctVal"].as_str(), row["lotSz"].as_str(), row["minSz"].as_str()), (Some(size), Some(lot), Some(lot)), "{row}");
        assert_eq!((row["baseCcy"].as_str(), row["settleCcy"].as_str(), row["state"].as_str()), (Some(""), Some("USDT"), Some("live")));
    }
    assert!(!list.to_string().contains("1000PEPE"));
    assert_eq!(find("NEAR-USDT-SWAP")["ctMult"], "10");
    assert_eq!((find("BTC-USD-SWAP")["ctType"].as_str(), find("BTC-USD_UM-SWAP")["settleCcy"].as_str()), (Some("inverse"), Some("USD")));
    // A single coin has a price of its own, not that of a thousand.
    assert_eq!(desk.get("market/ticker?instId=PEPE-USDT-SWAP")[0]["last"], "0.00001");
    assert_eq!(desk.get("public/instruments?instType=SPOT"), json!([]));
    assert_eq!(desk.get_code("public/instruments"), "51000");
    assert_eq!(desk.code(ORDER, with(market("buy", "1"), json!({"instId": "LUNA-USDT-SWAP"}))), "51022");
    assert_eq!(desk.code(ORDER, with(market("buy", "1"), json!({"instId": "ETHUSDT"}))), "51001");
    // Ten coins by value and multiplier.
    desk.ok(ORDER, with(market("buy", "1.5"), json!({"instId": "NEAR-USDT-SWAP"})));
    assert_eq!(desk.sim.book.position(&Symbol::new("NEAR-USDT-SWAP"), Side::Long), Decimal::from(15));
}

#[test]
fn positions_are_signed_contracts_and_a_closed_one_is_listed_by_name() {
    let mut desk = Desk::new();
    assert_eq!(desk.get(&format!("account/positions?instId={ETH}")), json!([]));
    desk.ok(ORDER, market("sell", "15"));
    let row = &desk.get("account/positions?instType=SWAP")[0];
    assert_eq!((row["pos"].as_str(), row["posSide"].as_str(), row["mgnMode"].as_str()), (Some("-15"), Some("net"), Some("cross")));
    assert_eq!((row["avgPx"].as_str(), row["margin"].as_str(), row["imr"].as_str()), (Some("3000"), Some(""), Some("225")));
    desk.ok(ORDER, market("buy", "15"));
    assert_eq!(desk.get("account/positions?instType=SWAP"), json!([]));
    assert_eq!(desk.get(&format!("account/positions?instId={ETH}"))[0]["pos"], "0");
    assert_eq!(desk.get("account/positions?instType=FUTURES"), json!([]));
    // Both sides of a hedge are positive.
    let mut hedge = Desk::hedge();
    hedge.ok(ORDER, with(market("buy", "2"), json!({"posSide": "long"})));
    hedge.ok(ORDER, with(market("sell", "1"), json!({"posSide": "short"})));
    let rows = hedge.get(&format!("account/positions?instId={ETH}"));
    let shown: Vec<_> =
        rows.as_array().unwrap().iter().map(|row| (row["posSide"].as_str().unwrap(), row["pos"].as_str().unwrap())).collect();
    assert_eq!(shown, [("long", "2"), ("short", "1")]);
    // Reads that lag show what was a moment ago.
    let mut late = Desk::new().under(Conditions { late_positions_ms: 300, late_orders_ms: 400, ..Conditions::default() });
    late.ok(ORDER, with(market("buy", "2"), json!({"clOrdId": "a1"})));
    assert_eq!(late.get("account/positions"), json!([]));
    assert_eq!(late.get_code(&format!("trade/order?instId={ETH}&clOrdId=a1")), "51603");
    late.now += 400;
    assert_eq!((late.get("account/positions")[0]["pos"].as_str(), late.order("a1")["state"].as_str()), (Some("2"), Some("filled")));
}

#[test]
fn the_balance_counts_profit_and_margin() {
    let mut desk = Desk::new();
    desk.buy("10");
    desk.price("3100");
    let row = desk.get("account/balance?ccy=USDT")[0].clone();
    let usdt = &row["details"][0];
    // Wallet 10000 less a fee of 1.5; 100 of profit; 150 of margin.
    assert_eq!(
        (usdt["eq"].as_str(), usdt["cashBal"].as_str(), usdt["availEq"].as_str()),
        (Some("10098.5"), Some("9998.5"), Some("9948.5"))
    );
    assert_eq!((row["availEq"].as_str(), row["details"].as_array().map(Vec::len)), (Some(""), Some(1)));
    assert_eq!(desk.get("account/balance")[0]["details"].as_array().map(Vec::len), Some(2));
}

#[test]
fn each_margin_mode_has_a_leverage_of_its_own() {
    let mut desk = Desk::new();
    desk.ok(LEVERAGE, lever("10", "cross"));
    desk.ok(LEVERAGE, lever("10", "cross"));
    desk.ok(LEVERAGE, with(lever("7", "isolated"), json!({"lever": 7})));
    let told = |desk: &mut Desk, mode: &str| desk.get(&format!("account/leverage-info?instId={ETH}&mgnMode={mode}"))[0]["lever"].clone();
    assert_eq!((told(&mut desk, "cross"), told(&mut desk, "isolated")), (json!("10"), json!("7")));
    for (code, body) in [
        ("59102", lever("101", "cross")),
        ("51000", lever("0", "cross")),
        ("51000", lever("10", "both")),
        ("51000", with(lever("10", "isolated"), json!({"posSide": "long"}))),
    ] {
        let code = if body["lever"] == "0" { "59102" } else { code };
        assert_eq!(desk.code(LEVERAGE, body.clone()), code, "{body}");
    }
    desk.ok(ORDER, with(market("buy", "1"), json!({"tdMode": "isolated"})));
    let row = &desk.get("account/positions")[0];
    assert_eq!((row["mgnMode"].as_str(), row["lever"].as_str(), row["imr"].as_str()), (Some("isolated"), Some("7"), Some("")));
    // The other mode's position is another: there is none to reduce, and it cannot be had beside this one.
    assert_eq!(desk.code(ORDER, with(market("sell", "1"), json!({"reduceOnly": true}))), "51169");
    assert_eq!(desk.code(ORDER, market("buy", "1")), "51000");
    desk.ok(ORDER, with(market("sell", "1"), json!({"tdMode": "isolated", "reduceOnly": true})));
    desk.buy("1");
    assert_eq!(desk.get("account/positions")[0]["lever"], "10");
}

#[test]
fn pending_orders_hold_the_leverage_and_the_position_mode() {
    let mut desk = Desk::new();
    desk.ok(ORDER, limit("buy", "1", "2900", "a1"));
    assert_eq!(desk.code(LEVERAGE, lever("10", "cross")), "59107");
    desk.ok(LEVERAGE, lever("20", "cross"));
    desk.ok(LEVERAGE, lever("10", "isolated"));
    assert_eq!(desk.code(MODE, json!({"posMode": "long_short_mode"})), "59000");
    desk.ok(MODE, json!({"posMode": "net_mode"}));
    desk.ok("/api/v5/trade/cancel-order", json!({"instId": ETH, "clOrdId": "a1"}));
    desk.ok(LEVERAGE, lever("10", "cross"));
    desk.ok(MODE, json!({"posMode": "long_short_mode"}));
    assert_eq!(desk.get("account/config")[0]["posMode"], "long_short_mode");
    // In a hedge each isolated side has its own.
    assert_eq!(desk.code(LEVERAGE, lever("5", "isolated")), "51000");
    desk.ok(LEVERAGE, with(lever("5", "isolated"), json!({"posSide": "long"})));
    let rows = desk.get(&format!("account/leverage-info?instId={ETH}&mgnMode=isolated"));
    assert_eq!((rows[0]["lever"].as_str(), rows[1]["lever"].as_str()), (Some("5"), Some("3")));
    let rows = desk.get(&format!("account/leverage-info?instId={ETH}&mgnMode=cross"));
    assert_eq!((rows[0]["lever"].as_str(), rows[1]["lever"].as_str()), (Some("10"), Some("10")), "both sides share it");
}

#[test]
fn an_account_in_spot_mode_trades_no_swaps() {
    let mut desk = Desk::new();
    desk.ok(LEVEL, json!({"acctLv": "1"}));
    assert_eq!(desk.get("account/config")[0]["acctLv"], "1");
    assert_eq!(desk.code(ORDER, market("buy", "1")), "51010");
    desk.ok(LEVEL, json!({"acctLv": "3"}));
    assert_eq!(desk.code(ORDER, with(market("buy", "1"), json!({"tdMode": "isolated"}))), "50072");
    assert_eq!(desk.get("account/balance")[0]["availEq"], "10000");
    desk.buy("1");
    assert_eq!(desk.code(LEVEL, json!({"acctLv": "2"})), "59000");
    assert_eq!(desk.code(LEVEL, json!({"acctLv": "4"})), "51000");
}
