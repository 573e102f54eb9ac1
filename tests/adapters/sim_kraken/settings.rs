//! Wallet, positions, and the setting that is leverage and margin mode in one.

use super::*;

impl Desk {
    fn preferences(&mut self) -> Value {
        self.ok("GET", "leveragepreferences", "")["leveragePreferences"].take()
    }

    fn put(&mut self, params: &str) -> (u16, Value) {
        let (status, body) = self.answer(&signed("PUT", &format!("{TRADE}/leveragepreferences"), params));
        (status, body["errors"][0]["code"].clone())
    }
}

#[test]
fn a_leverage_is_isolated_margin_and_none_is_cross() {
    let mut desk = Desk::new();
    assert_eq!(desk.preferences(), json!([]));
    desk.placed(BUY);
    assert_eq!(desk.positions()[0].get("maxFixedLeverage"), None);
    // With a position, too: it changes with the contract.
    assert_eq!(desk.put("symbol=PF_XBTUSD&maxLeverage=10"), (200, Value::Null));
    assert_eq!(desk.put("symbol=PF_XBTUSD&maxLeverage=10.0"), (200, Value::Null), "the same again");
    assert_eq!(desk.preferences(), json!([{"symbol": BTC, "maxLeverage": 10.0}]));
    assert_eq!(desk.positions()[0]["maxFixedLeverage"], json!(10.0));
    let margin = desk.ok("GET", "accounts", "")["accounts"]["flex"]["initialMargin"].clone();
    assert_eq!(margin.as_f64(), Some(50.0));
    // Down with a position, as long as there is margin.
    assert_eq!(desk.put("symbol=PF_XBTUSD&maxLeverage=5"), (200, Value::Null));
    assert_eq!(desk.put("symbol=PF_XBTUSD"), (200, Value::Null));
    assert_eq!((desk.preferences(), desk.positions()[0].get("maxFixedLeverage")), (json!([]), None));
}

#[test]
fn settings_are_refused_with_an_error_of_the_server() {
    let mut desk = Desk::new();
    let cases = [
        ("symbol=pf_xbtusd&maxLeverage=10", 500, 87),
        ("symbol=PF_ETHUSDT&maxLeverage=10", 500, 87),
        ("symbol=PI_XBTUSD&maxLeverage=10", 500, 88),
        ("symbol=PF_XBTUSD&maxLeverage=51", 400, 11),
        ("symbol=PF_XBTUSD&maxLeverage=0", 400, 11),
    ];
    for (params, status, code) in cases {
        assert_eq!(desk.put(params), (status, json!(code)), "{params}");
    }
    // Two coins of 50000 dollars on a fiftieth; ten times as much margin is not there.
    desk.placed(&BUY.replace("0.01", "2"));
    assert_eq!(desk.put("symbol=PF_XBTUSD&maxLeverage=5"), (500, json!(92)));
}

#[test]
fn the_wallet_tells_what_is_worth_and_what_is_free() {
    let mut desk = Desk::new();
    desk.put("symbol=PF_XBTUSD&maxLeverage=10");
    desk.placed(BUY);
    desk.price("51000");
    let flex = desk.ok("GET", "accounts", "")["accounts"]["flex"].clone();
    let shown = ["balanceValue", "portfolioValue", "availableMargin", "totalUnrealized"].map(|name| flex[name].as_f64().unwrap());
    assert_eq!(shown, [9999.75, 10009.75, 9959.75, 10.0]);
    let row = &desk.positions()[0];
    assert_eq!((row["side"].as_str(), row["size"].as_f64(), row["price"].as_i64()), (Some("long"), Some(0.01), Some(50000)));
    assert_eq!((row.get("unrealizedPnl"), row["pnlCurrency"].as_str()), (None, Some("USD")));
}

#[test]
fn positions_may_be_seen_late() {
    let mut desk = Desk::new().under(Conditions { late_positions_ms: 300, ..Conditions::default() });
    desk.placed(BUY);
    desk.now += 299;
    assert!(desk.positions().is_empty());
    desk.now += 1;
    assert_eq!(desk.positions().len(), 1);
}

#[test]
fn prices_have_rows_that_are_none_of_a_contract() {
    let mut desk = Desk::new();
    let ticker = desk.ok("GET", "tickers/PF_XBTUSD", "")["ticker"].clone();
    let shown = ["last", "bid", "ask", "markPrice"].map(|name| ticker[name].as_i64().unwrap());
    assert_eq!(shown, [50000, 49999, 50001, 50000]);
    let all = desk.ok("GET", "tickers", "")["tickers"].take();
    let all = all.as_array().unwrap();
    assert!(all.iter().any(|row| row["symbol"] == "in_xbtusd") && all.iter().any(|row| row.get("last").is_none()));
    let (status, body) = desk.answer(&signed("GET", "/derivatives/api/v3/tickers/PF_ETHUSDT", ""));
    assert_eq!((status, body["errors"][0]["message"].as_str()), (404, Some("contractNotFound")));
}
