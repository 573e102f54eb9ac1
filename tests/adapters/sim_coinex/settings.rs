//! Contracts, prices, the wallet, and the one call for leverage and margin mode.

use super::*;

fn wish(mode: &str, leverage: Value) -> Value {
    json!({"market": ETH, "margin_mode": mode, "leverage": leverage})
}

#[test]
fn the_list_holds_more_than_what_can_be_traded() {
    let mut desk = Desk::new();
    let list = desk.get("futures/market", "")["data"].as_array().unwrap().clone();
    let row = |name: &str| list.iter().find(|row| row["market"] == name).unwrap().clone();
    let eth = row(ETH);
    assert_eq!(eth["leverage"], json!(["1", "2", "3", "5", "8", "10", "15", "20", "30", "50", "100"]));
    assert_eq!(texts(&eth, ["tick_size", "min_amount"]), ["0.01", "0.005"]);
    assert_eq!((&eth["base_ccy_precision"], &eth["quote_ccy_precision"]), (&json!(8), &json!(2)));
    // The tick counts, not the precision; an older row lacks a field; thousands have less leverage and whole coins.
    assert_eq!((&row("XRPUSDT")["tick_size"], &row("XRPUSDT")["quote_ccy_precision"]), (&json!("0.0001"), &json!(5)));
    assert_eq!(row("SOLUSDT").get("is_api_trading_available"), None);
    assert_eq!((&row("1000PEPEUSDT")["leverage"][7], row("1000PEPEUSDT")["leverage"].get(8)), (&json!("20"), None));
    assert_eq!(row("1000PEPEUSDT")["base_ccy_precision"], 0);
    assert_eq!(row("BTCUSD")["contract_type"], "inverse");
    assert_eq!((&row("LUNAUSDT")["is_market_available"], &row("NEWUSDT")["status"]), (&json!(false), &json!("counting_down")));
    assert_eq!(row("APPUSDT")["is_api_trading_available"], false);
    let two = desk.get("futures/market", "market=BTCUSDT,ETHUSDT")["data"].as_array().unwrap().clone();
    assert_eq!(two.iter().map(|row| row["market"].as_str().unwrap()).collect::<Vec<_>>(), ["BTCUSDT", "ETHUSDT"]);
    assert_eq!(desk.get("futures/ticker", "market=NONEUSDT")["message"], "Invalid Parameter. market NONEUSDT not found");
}

#[test]
fn prices_stand_in_two_places() {
    let mut desk = Desk::new();
    let symbol = desk.sim.symbol("ETH");
    desk.sim.book.set_prices(&symbol, d("2000"), d("2001"), START).unwrap();
    let ticker = desk.get("futures/ticker", "market=ETHUSDT")["data"][0].clone();
    assert_eq!(texts(&ticker, ["last", "mark_price"]), ["2000", "2001"]);
    assert_eq!((ticker.get("bid"), ticker.get("ask")), (None, None));
    let depth = desk.get("futures/depth", "market=ETHUSDT&limit=5&interval=0")["data"]["depth"].clone();
    assert_eq!((&depth["bids"][0][0], &depth["asks"][0][0]), (&json!("1999.99"), &json!("2000.01")));
    assert_eq!(desk.get("futures/depth", "market=ETHUSDT&limit=7&interval=0")["code"], 4004);
}

#[test]
fn one_call_sets_leverage_and_margin_mode() {
    let mut desk = Desk::new();
    assert_eq!(desk.done("adjust-position-leverage", wish("isolated", json!(10))), json!({"margin_mode": "isolated", "leverage": 10}));
    desk.done("adjust-position-leverage", wish("isolated", json!(10)));
    for (mode, leverage, code) in [
        ("isolated", json!(12), 3639),
        ("isolated", json!(101), 4004),
        ("isolated", json!(0), 4004),
        ("isolated", json!("10"), 4004),
        ("crossed", json!(10), 4004),
    ] {
        assert_eq!(desk.refused("adjust-position-leverage", wish(mode, leverage.clone())), code, "{mode} {leverage}");
    }
    assert_eq!(desk.refused("adjust-position-leverage", json!({"market": ETH, "leverage": 10})), 4004);
    // It can only be read while there is a position.
    assert_eq!(desk.position(), Value::Null);
    desk.market_order("buy", "0.05");
    let position = desk.position();
    assert_eq!(texts(&position, ["leverage", "margin_mode", "margin_avbl"]), ["10", "isolated", "10"]);
    // Who says another mode changes it, or is refused as a whole.
    assert_eq!(desk.refused("adjust-position-leverage", wish("cross", json!(20))), 3639);
    assert_eq!(desk.position()["leverage"], "10");
    desk.done("close-position", json!({"market": ETH, "type": "market"}));
    desk.done("adjust-position-leverage", wish("cross", json!(20)));
    desk.limit("buy", "0.05", "1900", "a");
    assert_eq!(desk.refused("adjust-position-leverage", wish("isolated", json!(20))), 3639);
}

#[test]
fn equity_is_the_sum_of_four_fields() {
    let mut desk = Desk::new();
    desk.done("adjust-position-leverage", wish("cross", json!(10)));
    desk.market_order("buy", "0.05");
    desk.limit("buy", "0.05", "1900", "a");
    desk.price("2100");
    let wallet = desk.get("assets/futures/balance", "")["data"][0].clone();
    let amount = |name: &str| d(wallet[name].as_str().unwrap());
    assert_eq!((amount("margin"), amount("frozen"), amount("unrealized_pnl")), (d("10"), d("9.5"), d("5")));
    let equity: Decimal = ["available", "frozen", "margin", "unrealized_pnl"].map(amount).iter().sum();
    assert_eq!(equity, desk.sim.book.equity());
    assert_eq!(desk.position()["unrealized_pnl"], "5");
}
