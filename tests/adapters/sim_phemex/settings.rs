//! Leverage whose sign is the margin mode, and position modes of single contracts.

use super::*;

const LEVERAGE: &str = "/g-positions/leverage?symbol=BTCUSDT";

fn switch(symbol: &str, mode: &str) -> String {
    format!("/g-positions/switch-pos-mode-sync?symbol={symbol}&targetPosMode={mode}")
}

/// `leverageRr` and `crossMargin` of the first row.
fn leverage(desk: &mut Desk) -> (String, bool) {
    let row = desk.positions("BTCUSDT").remove(0);
    (row["leverageRr"].as_str().unwrap().to_owned(), row["crossMargin"].as_bool().unwrap())
}

#[test]
fn the_sign_of_the_leverage_is_the_margin_mode() {
    let mut desk = Desk::new();
    // Set, and what is shown then.
    for (wish, is_cross) in [("10", false), ("-10", true), ("-10", true), ("0", true), ("25", false), ("-1", true), ("100", false)] {
        assert_eq!(desk.put(&format!("{LEVERAGE}&leverageRr={wish}")), json!("OK"), "{wish}");
        assert_eq!(leverage(&mut desk), (wish.to_owned(), is_cross), "{wish}");
    }
    for (query, code) in
        [("&leverageRr=101", 11004), ("&leverageRr=-101", 11004), ("&leverageRr=0.5", 11004), ("&leverageRr=x", 30000), ("", 10500)]
    {
        assert_eq!(desk.code("PUT", &format!("{LEVERAGE}{query}")), code, "{query}");
    }
    assert_eq!(leverage(&mut desk), ("100".to_owned(), false));
    let book = &desk.sim.book;
    assert_eq!(book.market(&desk.sim.symbol("BTC")).unwrap().leverage, 100);
}

#[test]
fn cross_and_isolated_do_not_change_under_a_position() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    assert_eq!(leverage(&mut desk), ("-10".to_owned(), true), "what it begins with");
    assert_eq!(desk.code("PUT", &format!("{LEVERAGE}&leverageRr=10")), 11005);
    desk.put(&format!("{LEVERAGE}&leverageRr=-20"));
    assert_eq!(leverage(&mut desk), ("-20".to_owned(), true));
}

#[test]
fn the_leverage_field_must_fit_the_position_mode() {
    let mut desk = Desk::new();
    let cases = [("&longLeverageRr=10&shortLeverageRr=10", 20004), ("&leverageRr=10", 0)];
    for (query, code) in cases {
        assert_eq!(desk.code("PUT", &format!("{LEVERAGE}{query}")), code, "one-way {query}");
    }
    desk.put(&switch("BTCUSDT", "Hedged"));
    let cases = [
        ("&leverageRr=10", 20004),
        ("&longLeverageRr=10", 39108),
        ("&longLeverageRr=10&shortLeverageRr=-10", 39108),
        ("&longLeverageRr=10&shortLeverageRr=5", 30000),
        ("&longLeverageRr=7&shortLeverageRr=7", 0),
    ];
    for (query, code) in cases {
        assert_eq!(desk.code("PUT", &format!("{LEVERAGE}{query}")), code, "hedged {query}");
    }
    let rows = desk.positions("BTCUSDT");
    assert_eq!(rows.iter().map(|row| row["leverageRr"].as_str().unwrap()).collect::<Vec<&str>>(), ["7", "7"]);
}

#[test]
fn each_contract_has_a_position_mode() {
    let mut desk = Desk::new();
    assert_eq!(desk.put(&switch("BTCUSDT", "Hedged")), json!("ok"));
    let long = json!({"posSide": "Long"});
    desk.post(&with(market("Buy", "0.01", "b-1"), long.clone()));
    desk.post(&with(market("Buy", "0.1", "e-1"), json!({"symbol": "ETHUSDT"})));
    // Accounts are found to be mixed from the beginning.
    let sol = with(market("Buy", "1", "s-1"), json!({"symbol": "SOLUSDT"}));
    assert_eq!(desk.post_code(&sol), 20004);
    desk.post(&with(sol, long));
    let rows = desk.get(BALANCE)["positions"].as_array().unwrap().clone();
    let shown: Vec<_> = rows.iter().map(|row| texts(row, ["symbol", "posMode", "posSide", "side", "size"])).collect();
    let expected = [
        ["BTCUSDT", "Hedged", "Long", "Buy", "0.01"],
        ["BTCUSDT", "Hedged", "Short", "None", "0"],
        ["ETHUSDT", "OneWay", "Merged", "Buy", "0.1"],
        ["SOLUSDT", "Hedged", "Long", "Buy", "1"],
        ["SOLUSDT", "Hedged", "Short", "None", "0"],
    ];
    assert_eq!(shown, expected);
    // It does not change under a position or an order, and may be what it is already.
    for (symbol, mode, code) in
        [("BTCUSDT", "OneWay", 20004), ("BTCUSDT", "Hedged", 0), ("ETHUSDT", "Hedged", 20004), ("ETHUSDT", "Both", 30000)]
    {
        assert_eq!(desk.code("PUT", &switch(symbol, mode)), code, "{symbol} {mode}");
    }
    let mut desk = Desk::new();
    desk.post(&limit("Buy", "0.01", "49000", "l-1"));
    assert_eq!(desk.code("PUT", &switch("BTCUSDT", "Hedged")), 20004);
    desk.delete("/g-orders/all?symbol=BTCUSDT");
    desk.put(&switch("BTCUSDT", "Hedged"));
    let modes = ["BTC", "ETH", "SOL"].map(|base| desk.sim.book.is_hedge_on(&desk.sim.symbol(base)));
    assert_eq!((modes, desk.sim.book.is_hedge()), ([true, false, true], false));
}

#[test]
fn a_contract_that_was_never_touched_has_no_row() {
    let mut desk = Desk::new();
    assert_eq!(desk.positions("BTCUSDT"), Vec::<Value>::new());
    assert_eq!(desk.post_code(&market("Buy", "50", "refused")), 11001);
    assert_eq!(desk.positions("BTCUSDT"), Vec::<Value>::new());
    desk.put(&switch("BTCUSDT", "OneWay"));
    assert_eq!(texts(&desk.positions("BTCUSDT")[0], ["side", "size", "posMode", "leverageRr"]), ["None", "0", "OneWay", "-10"]);
    assert_eq!(desk.positions("ETHUSDT"), Vec::<Value>::new());
}

#[test]
fn balance_and_positions_are_one_answer() {
    let mut desk = Desk::new();
    desk.buy("m-1");
    desk.price("51000");
    let answer = desk.get(BALANCE);
    // The wallet does not count open profit; what is free is the wallet without what is used.
    assert_eq!(texts(&answer["account"], ["currency", "accountBalanceRv", "totalUsedBalanceRv"]), ["USDT", "9999.75", "50"]);
    let row = &answer["positions"][0];
    assert_eq!(texts(row, ["size", "avgEntryPriceRp", "markPriceRp", "valueRv"]), ["0.01", "50000", "51000", "500"]);
    assert!(row.get("unRealisedPnlRv").is_none());
    let row = &desk.get("/g-accounts/positions?currency=USDT")["positions"][0];
    assert_eq!((texts(row, ["sizeRq", "unRealisedPnlRv"]), row.get("size")), (["0.01", "10"], None));
    for target in ["/g-accounts/accountPositions", "/g-accounts/accountPositions?currency=BTC"] {
        assert_ne!(desk.code("GET", target), 0, "{target}");
    }
}
