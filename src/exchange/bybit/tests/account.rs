//! What is read of the account and what is set there: modes, leverage, positions, balance, fills, contracts.

use super::*;

const INFO: &str = "GET /v5/account/info";
const MARGIN: &str = "POST /v5/account/set-margin-mode";
const LEVERAGE: &str = "POST /v5/position/set-leverage";
const EXECUTIONS: &str = "GET /v5/execution/list";
const CONTRACTS: &str = "GET /v5/market/instruments-info";
const TICKERS: &str = "GET /v5/market/tickers";
const WALLET: &str = "GET /v5/account/wallet-balance";

fn info(mode: &str, status: i64) -> Step {
    ok(INFO, json!({"marginMode": mode, "unifiedMarginStatus": status, "updatedTime": "1"}))
}

fn terms(leverage: u32, margin_mode: MarginMode) -> Terms {
    Terms { leverage: Some(leverage), margin_mode: Some(margin_mode) }
}

/// An account that was opened: cross margin, one-way, leverage of the largest contract known.
fn opened() -> Stage {
    let mut stage = Stage::new();
    let steps = [ok(TIME, json!({})), info("REGULAR_MARGIN", 6), list(LIST, flat())];
    assert_eq!(stage.expect(steps).open().unwrap(), AccountMode { hedge: false, restricted: None });
    stage
}

#[test]
fn opening_reads_modes_and_refuses_older_kinds_of_accounts() {
    let mut stage = opened();
    assert_eq!(stage.asked(2, "symbol").as_deref(), Some("BTCUSDT"));
    let steps = [ok(TIME, json!({})), info("ISOLATED_MARGIN", 5), list(LIST, both_flat())];
    assert_eq!(stage.expect(steps).open().unwrap(), AccountMode { hedge: true, restricted: None });
    for status in [1, 3, 4] {
        let mode = stage.expect([ok(TIME, json!({})), info("REGULAR_MARGIN", status)]).open().unwrap();
        assert!(mode.restricted.unwrap().contains(&format!("unifiedMarginStatus {status}")));
    }
    stage.done();
}

#[test]
fn prepare_sends_only_what_differs() {
    let mut stage = opened();
    let set = || ok(LEVERAGE, json!({}));
    stage.expect([set()]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    assert_eq!(stage.body(0), json!({"category": "linear", "symbol": "ETHUSDT", "buyLeverage": "10", "sellLeverage": "10"}));
    stage.expect([]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    stage.expect([]).prepare(&eth(), &Terms::default()).unwrap();
    // "Already so" is success and remembered; so is what a look at the position says.
    stage.expect([no(LEVERAGE, 110_043, "leverage not modified")]).prepare(&eth(), &terms(7, MarginMode::Cross)).unwrap();
    stage.expect([]).prepare(&eth(), &terms(7, MarginMode::Cross)).unwrap();
    stage.expect([list(LIST, flat())]).positions(Some(&eth())).unwrap();
    stage.expect([]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    // Halves that differ are set alike, and a fraction is no leverage of ours.
    for (first, second) in [("10", "12"), ("10.5", "10.5")] {
        let rows = json!([
            with(position(1, "", "0", "", ""), json!({"leverage": first})),
            with(position(2, "", "0", "", ""), json!({"leverage": second}))
        ]);
        stage.expect([list(LIST, rows)]).positions(Some(&eth())).unwrap();
        stage.expect([set()]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    }
    stage.done();
}

#[test]
fn the_margin_mode_is_set_for_the_whole_account_after_a_fresh_look() {
    let mut stage = opened();
    let (set, leverage) = (|| ok(MARGIN, json!({"reasons": []})), || ok(LEVERAGE, json!({})));
    stage.expect([leverage()]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    // What was known of leverages was known in the other mode.
    stage.expect([info("REGULAR_MARGIN", 6), set(), leverage()]).prepare(&eth(), &terms(10, MarginMode::Isolated)).unwrap();
    assert_eq!(stage.body(1), json!({"setMarginMode": "ISOLATED_MARGIN"}));
    stage.expect([]).prepare(&eth(), &terms(10, MarginMode::Isolated)).unwrap();
    let other = Symbol::new("BTCUSDT");
    stage.expect([leverage()]).prepare(&other, &terms(5, MarginMode::Isolated)).unwrap();

    // Somebody was faster.
    stage.expect([info("REGULAR_MARGIN", 6)]).prepare(&eth(), &terms(10, MarginMode::Cross)).unwrap();
    // Portfolio margin shares the balance as well.
    let mut stage = Stage::new();
    stage.expect([info("PORTFOLIO_MARGIN", 6)]).prepare(&eth(), &Terms { leverage: None, ..terms(1, MarginMode::Cross) }).unwrap();
    stage.done();
}

#[test]
fn a_setting_that_was_refused_or_may_have_been_made_is_not_taken_for_known() {
    let mut stage = opened();
    let isolated = terms(10, MarginMode::Isolated);
    let reasons = json!({"reasons": [{"reasonCode": "3400093", "reasonMsg": "Position exists"}]});
    let blocked = json!({"retCode": 3_400_045, "retMsg": "Set margin mode failed", "result": reasons}).to_string();
    for answer in [raw(MARGIN, 200, &blocked), ok(MARGIN, reasons.clone())] {
        let error = stage.expect([info("REGULAR_MARGIN", 6), answer]).prepare(&eth(), &isolated).unwrap_err();
        assert_eq!(error.reason(), Some(Reason::SettingBlocked));
        assert!(error.to_string().contains("Position exists (3400093)"), "{error}");
        assert_eq!(stage.exchange.margin_mode, Some(MarginMode::Cross));
    }
    assert!(is_unknown(&stage.expect([info("REGULAR_MARGIN", 6), broken(MARGIN, true)]).prepare(&eth(), &isolated)));
    assert_eq!(stage.exchange.margin_mode, None);
    let steps = [info("ISOLATED_MARGIN", 6), no(LEVERAGE, 110_013, "cannot set leverage due to risk limit level")];
    assert_eq!(reason(stage.expect(steps).prepare(&eth(), &isolated)), Some(Reason::Leverage));
    assert!(is_unknown(&stage.expect([broken(LEVERAGE, true)]).prepare(&eth(), &isolated)));
    stage.expect([ok(LEVERAGE, json!({}))]).prepare(&eth(), &isolated).unwrap();
    // Without the look nothing was changed.
    let unseen = stage.expect([broken(INFO, true)]).prepare(&eth(), &terms(10, MarginMode::Cross));
    assert!(matches!(unseen, Err(ExchangeError::NeverSent(_))), "{unseen:?}");
    stage.done();
}

#[test]
fn terms_are_read_fresh() {
    let mut stage = opened();
    let steps = [info("ISOLATED_MARGIN", 6), list(LIST, flat())];
    assert_eq!(stage.expect(steps).terms(&eth()), Ok(terms(10, MarginMode::Isolated)));
    stage.expect([]).prepare(&eth(), &terms(10, MarginMode::Isolated)).unwrap();
    let unsaid = json!([with(position(0, "", "0", "", ""), json!({"leverage": ""}))]);
    let read = stage.expect([info("PORTFOLIO_MARGIN", 6), list(LIST, unsaid)]).terms(&eth()).unwrap();
    assert_eq!(read, Terms { leverage: None, margin_mode: Some(MarginMode::Cross) });
    stage.done();
}

#[test]
fn positions_are_read_page_by_page_and_never_guessed() {
    let mut stage = opened();
    let page = |rows: Value, cursor: &str| ok(LIST, json!({"list": rows, "nextPageCursor": cursor}));
    let first = json!([position(1, "Buy", "1.5", "", ""), position(2, "Sell", "0.5", "", "")]);
    let second = json!([with(position(0, "Sell", "2", "", ""), json!({"symbol": "BTCUSDT"}))]);
    let found = stage.expect([page(first, "ETHUSDT%3A1%2C2"), page(second, "")]).positions(None).unwrap();
    let seen: Vec<_> = found.iter().map(|p| (p.symbol.as_str(), p.side, p.hedge, p.qty.to_string())).collect();
    let text = |text: &str| text.to_owned();
    assert_eq!(
        seen,
        [
            ("ETHUSDT", Side::Long, true, text("1.5")),
            ("ETHUSDT", Side::Short, true, text("0.5")),
            ("BTCUSDT", Side::Short, false, text("2")),
        ]
    );
    assert_eq!((found[0].entry_price, found[0].changed_at, found[0].terms), (d("2000"), START - 1000, terms(10, MarginMode::Cross)));
    assert_eq!((stage.asked(0, "cursor"), stage.asked(1, "cursor").as_deref()), (None, Some("ETHUSDT%3A1%2C2")));
    assert_eq!(stage.asked(0, "settleCoin").as_deref(), Some("USDT"));

    let flat_rows = stage.expect([list(LIST, both_flat())]).positions(Some(&eth())).unwrap();
    assert_eq!(flat_rows.iter().map(|p| (p.side, p.qty.is_zero())).collect::<Vec<_>>(), [(Side::Long, true), (Side::Short, true)]);

    for change in [
        json!({"size": ""}),
        json!({"size": null}),
        json!({"size": "x"}),
        json!({"side": "Both"}),
        json!({"positionIdx": "x"}),
        json!({"side": ""}),
    ] {
        let rows = json!([with(position(0, "Buy", "1.5", "", ""), change.clone())]);
        assert!(stage.expect([list(LIST, rows)]).positions(None).is_err(), "{change}");
    }
    // A list that never ends is no list of what there is.
    let pages = (0..PAGES_MAX).map(|_| page(json!([position(0, "Buy", "1", "", "")]), "more"));
    assert!(stage.expect(pages).positions(None).is_err());
    stage.done();
}

#[test]
fn what_is_free_depends_on_the_margin_mode() {
    let mut stage = opened();
    let wallet = || {
        let coin = json!({"coin": "USDT", "equity": "1000", "usdValue": "1010", "walletBalance": "990", "totalPositionIM": "100", "totalOrderIM": "50",
            "locked": "5", "bonus": "1", "availableToWithdraw": ""});
        json!([{"totalAvailableBalance": "505", "coin": [{"coin": "BTC", "equity": "1", "walletBalance": "1"}, coin]}])
    };
    let read = |stage: &mut Stage, wallet: Value| {
        let balance = stage.expect([list(WALLET, wallet)]).balance().unwrap();
        (balance.total.to_string(), balance.available.normalize().to_string())
    };
    let pair = |total: &str, available: &str| (total.to_owned(), available.to_owned());
    assert_eq!(read(&mut stage, wallet()), pair("1000", "500"), "dollars at the exchange's own price");
    assert_eq!(stage.asked(0, "coin").as_deref(), Some("USDT"));
    assert_eq!(read(&mut stage, json!([{"totalAvailableBalance": "505", "coin": []}])), pair("0", "505"));
    assert_eq!(read(&mut stage, json!([])), pair("0", "0"));
    stage.exchange.margin_mode = Some(MarginMode::Isolated);
    assert_eq!(read(&mut stage, wallet()), pair("1000", "834"));
    assert_eq!(read(&mut stage, json!([{"totalAvailableBalance": "", "coin": []}])), pair("0", "0"));
    stage.done();
}

#[test]
fn a_quote_needs_both_sides_of_the_book() {
    let mut stage = Stage::new();
    let ticker = |bid: &str, ask: &str| list(TICKERS, json!([{"symbol": "ETHUSDT", "bid1Price": bid, "ask1Price": ask}]));
    assert_eq!(stage.expect([ticker("2000.49", "2000.5")]).quote(&eth()), Ok(Quote { bid: d("2000.49"), ask: d("2000.5") }));
    for step in [ticker("", "2000.5"), ticker("2000.5", ""), list(TICKERS, json!([]))] {
        assert_eq!(reason(stage.expect([step]).quote(&eth())), Some(Reason::PriceBand));
    }
    stage.done();
}

fn execution(number: u64, side: &str, closed: &str) -> Value {
    json!({"execId": format!("e{number}"), "side": side, "execType": "Trade", "execPrice": "2000.5", "execQty": "0.1", "execFee": "0.04", "feeCurrency": "",
        "closedSize": closed, "stopOrderType": "UNKNOWN", "execTime": (START - 5000 + number).to_string()})
}

#[test]
fn fills_are_read_span_by_span_and_page_by_page_and_counted_once() {
    let mut stage = Stage::knowing(false);
    let page = |rows: Value, cursor: &str| ok(EXECUTIONS, json!({"list": rows, "nextPageCursor": cursor}));
    let funding = with(execution(9, "Buy", "0"), json!({"execType": "Funding"}));
    // A liquidation moves the position like any other trade.
    let bust = with(execution(3, "Sell", "0.1"), json!({"execType": "BustTrade"}));
    let newest = json!([bust, execution(2, "Buy", "0"), funding]);
    let oldest = json!([execution(2, "Buy", "0"), execution(1, "Buy", "0")]);
    let fills = stage.expect([page(newest, "2%3A1"), page(oldest, "")]).fills(&eth(), START - 5000).unwrap();
    assert_eq!(
        fills.iter().map(|fill| (fill.at, fill.buy)).collect::<Vec<_>>(),
        [(START - 4999, true), (START - 4998, true), (START - 4997, false)]
    );
    assert_eq!(stage.asked(0, "startTime"), Some((START - 5000).to_string()));
    assert_eq!((stage.asked(0, "execType"), stage.asked(1, "cursor").as_deref()), (None, Some("2%3A1")));

    // More than is read: the last ones count.
    let pages = (0..PAGES_MAX as u64).map(|n| page(json!([execution(100 + n, "Buy", "0")]), "more"));
    assert_eq!(stage.expect(pages).fills(&eth(), START - 5000).unwrap().len(), PAGES_MAX);

    // A quiet fortnight is three spans.
    let steps = [page(json!([]), ""), page(json!([]), ""), page(json!([execution(1, "Buy", "0")]), "")];
    assert_eq!(stage.expect(steps).fills(&eth(), START - 15 * 24 * 3_600_000).unwrap().len(), 1);
    assert_eq!(stage.asked(2, "startTime"), Some((START - 24 * 3_600_000).to_string()));
    stage.done();
}

#[test]
fn a_fill_says_what_it_was_as_far_as_the_exchange_does() {
    let cases = [("Buy", "0", Side::Long), ("Sell", "0", Side::Short), ("Sell", "0.1", Side::Long), ("Buy", "0.1", Side::Short)];
    for (word, closed, side) in cases {
        let read = |hedge| {
            Stage::knowing(hedge).expect([list(EXECUTIONS, json!([execution(1, word, closed)]))]).fills(&eth(), START).unwrap().remove(0)
        };
        assert_eq!((read(true).side, read(false).side), (Some(side), None), "{word} {closed}");
        assert_eq!((read(true).fee, read(true).fee_elsewhere, read(true).by), (d("0.04"), false, None));
    }
    let mut stage = Stage::knowing(false);
    let row = with(execution(1, "Sell", "0.1"), json!({"stopOrderType": "StopLoss", "feeCurrency": "MNT"}));
    let fill = stage.expect([list(EXECUTIONS, json!([row]))]).fills(&eth(), START).unwrap().remove(0);
    assert_eq!((fill.by, fill.fee, fill.fee_elsewhere), (Some(ProtectionKind::StopLoss), Decimal::ZERO, true));
    stage.done();
}

#[test]
fn contracts_are_read_page_by_page() {
    let mut stage = Stage::new();
    let contract = |name: &str, settle: &str| {
        json!({"symbol": name, "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": "A", "quoteCoin": settle, "settleCoin": settle,
            "leverageFilter": {"maxLeverage": "50.00"}, "priceFilter": {"tickSize": "0.10"}, "lotSizeFilter": {"qtyStep": "0.001", "maxMktOrderQty": "5"}})
    };
    let page = |rows: Value, cursor: &str| ok(CONTRACTS, json!({"category": "linear", "list": rows, "nextPageCursor": cursor}));
    let steps = [
        page(json!([contract("BUSDT", "USDT"), contract("CPERP", "USDC")]), "first%3DBUSDT"),
        page(json!([contract("AUSDT", "USDT")]), ""),
    ];
    let list = stage.expect(steps).instruments().unwrap();
    assert_eq!(list.iter().map(|i| i.symbol.as_str()).collect::<Vec<_>>(), ["AUSDT", "BUSDT"]);
    assert_eq!((stage.asked(0, "limit").as_deref(), stage.asked(1, "cursor").as_deref()), (Some("1000"), Some("first%3DBUSDT")));
    stage.expect([]).instruments().unwrap();

    // Half a list is none.
    let mut stage = Stage::new();
    let steps = [page(json!([contract("BUSDT", "USDT")]), "more"), broken(CONTRACTS, true)];
    assert!(stage.expect(steps).instruments().is_err());
    assert!(stage.expect([no(CONTRACTS, 10016, "Internal error")]).instruments().is_err());
    stage.done();
}

#[test]
fn a_refused_signature_does_not_give_the_key_away() {
    const KEY: &str = "a-key-of-the-script";
    let mut stage = Stage::new();
    let said = format!("error sign! origin_string[1700000000000{KEY}5000accountType=UNIFIED&coin=USDT]");
    let error = stage.expect([no("GET /v5/account/wallet-balance", 10004, &said)]).balance().unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Credentials));
    assert!(!format!("{error} {error:?}").contains(KEY), "{error}");
}
