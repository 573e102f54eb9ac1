//! Positions, settings, money and executions.

use super::*;

const SET: &str = "POST /v2/futures/adjust-position-leverage";
const MARKET: &str = "GET /v2/futures/market";
const BALANCE: &str = "GET /v2/assets/futures/balance";
const DEALS: &str = "GET /v2/futures/user-deals";

fn want(leverage: impl Into<Option<u32>>, margin_mode: impl Into<Option<MarginMode>>) -> Terms {
    Terms { leverage: leverage.into(), margin_mode: margin_mode.into() }
}

fn factors() -> Step {
    list(MARKET, json!([{"market": "ETHUSDT", "leverage": ["1", "2", "3", "5", "10"]}]))
}

fn set(leverage: u32, mode: &str) -> Step {
    ok(SET, json!({"margin_mode": mode, "leverage": leverage}))
}

#[test]
fn opening_reads_the_clock_and_what_positions_tell() {
    let mut stage = stage();
    let mode = stage.expect([time(), list(HELD, json!([position("long")]))]).open().unwrap();
    assert_eq!((mode.hedge, mode.restricted), (false, None));
    assert_eq!(stage.query(1), "market_type=FUTURES&page=1&limit=100");
    // Known from there.
    stage.expect([]).prepare(&eth(), &want(10, MarginMode::Cross)).unwrap();
    assert_eq!(reason(stage.expect([time(), no(HELD, 4005, "access id")]).open()), Some(Reason::Credentials));
}

#[test]
fn positions_are_followed_over_all_pages() {
    let mut stage = stage();
    let named = |name: &str| with(position("short"), json!({"market": name}));
    let steps = [
        page(HELD, json!([position("long")]), true),
        page(HELD, json!([named("BTCUSDT"), named("BTCUSD")]), true),
        page(HELD, json!([named("SOLUSDT")]), false),
    ];
    let positions = stage.expect(steps).positions(None).unwrap();
    let seen: Vec<_> = positions.iter().map(|position| (position.symbol.as_str(), position.side)).collect();
    assert_eq!(seen, [("ETHUSDT", Side::Long), ("BTCUSDT", Side::Short), ("SOLUSDT", Side::Short)]);
    let eth = &positions[0];
    assert_eq!((eth.qty, eth.entry_price, eth.margin, eth.unrealized_pnl), (d("1.5"), d("2000"), d("300"), d("-3")));
    assert_eq!((eth.changed_at, eth.hedge, eth.terms), (1_699_999_999_000, false, want(10, MarginMode::Cross)));
    assert_eq!(["1", "2", "3"].map(Some), [0, 1, 2].map(|at| stage.asked(at, "page")).each_ref().map(Option::as_deref));

    // A list without an end is none, and an empty page is the last whatever it says.
    let endless = std::iter::repeat_with(|| page(HELD, json!([position("long")]), true)).take(20);
    assert_eq!(reason(stage.expect(endless).positions(None)), Some(Reason::Other));
    assert_eq!(stage.expect([page(HELD, json!([]), true)]).positions(None), Ok(Vec::new()));
    for damage in [json!({"open_interest": ""}), json!({"open_interest": "x"}), json!({"side": "both"})] {
        assert!(stage.expect([list(HELD, json!([with(position("long"), damage)]))]).positions(None).is_err());
    }
    stage.done();
}

#[test]
fn both_settings_go_in_one_call_and_known_ones_in_none() {
    let mut stage = stage();
    stage.expect([factors(), set(5, "isolated")]).prepare(&eth(), &want(5, MarginMode::Isolated)).unwrap();
    assert_eq!(stage.body(1), json!({"market": "ETHUSDT", "market_type": "FUTURES", "margin_mode": "isolated", "leverage": 5}));
    assert_eq!((stage.query(0).as_str(), stage.header(0, "X-COINEX-KEY")), ("market=ETHUSDT", None));
    for known in [want(5, MarginMode::Isolated), want(5, None), want(None, MarginMode::Isolated), want(None, None)] {
        stage.expect([]).prepare(&eth(), &known).unwrap();
    }
    // The half that is not named stays.
    stage.expect([factors(), set(10, "isolated")]).prepare(&eth(), &want(10, None)).unwrap();
    assert_eq!(stage.body(1)["margin_mode"], "isolated");
    stage.expect([factors(), set(10, "cross")]).prepare(&eth(), &want(None, MarginMode::Cross)).unwrap();
    assert_eq!(stage.body(1)["leverage"], 10);
    // While flat, what was set is all that is known.
    assert_eq!(stage.expect([list(HELD, json!([]))]).terms(&eth()), Ok(want(10, MarginMode::Cross)));
    stage.done();
}

#[test]
fn half_a_setting_needs_a_position_that_tells_the_other_half() {
    let mut stage = stage();
    let held = || list(HELD, json!([with(position("long"), json!({"margin_mode": "isolated", "leverage": "3"}))]));
    stage.expect([held(), factors(), set(5, "isolated")]).prepare(&eth(), &want(5, None)).unwrap();
    assert_eq!(stage.body(2)["margin_mode"], "isolated");

    for (half, missing) in [(want(5, None), "set MARGIN_MODE"), (want(None, MarginMode::Cross), "name a leverage")] {
        let mut stage = super::stage();
        let error = stage.expect([list(HELD, json!([]))]).prepare(&eth(), &half).unwrap_err();
        assert_eq!(error.reason(), Some(Reason::Other));
        assert!(error.to_string().contains("ETHUSDT has no position") && error.to_string().contains(missing), "{error}");
        assert!(is_never_sent(&stage.expect([broken(HELD, true)]).prepare(&eth(), &half)));
        // It is so already.
        stage.expect([held()]).prepare(&eth(), &want(3, None)).unwrap();
        stage.done();
    }
}

#[test]
fn a_leverage_that_is_not_listed_is_refused_with_the_list() {
    let mut stage = stage();
    let error = stage.expect([factors()]).prepare(&eth(), &want(7, MarginMode::Cross)).unwrap_err();
    assert_eq!(error.reason(), Some(Reason::Leverage));
    assert!(error.to_string().contains("no leverage of 7, only one of 1, 2, 3, 5, 10"), "{error}");
    let other = list(MARKET, json!([{"market": "BTCUSDT", "leverage": ["7"]}]));
    assert_eq!(reason(stage.expect([other]).prepare(&eth(), &want(7, MarginMode::Cross))), Some(Reason::SymbolUnknown));
    assert!(is_never_sent(&stage.expect([broken(MARKET, true)]).prepare(&eth(), &want(5, MarginMode::Cross))));
    stage.done();
}

#[test]
fn a_setting_that_failed_is_not_known() {
    let terms = want(5, MarginMode::Cross);
    let failures = [
        broken(SET, true),
        no(SET, 4002, "timeout"),
        no(SET, 3639, "the margin mode cannot be changed"),
        set(10, "cross"),
        set(5, "isolated"),
        ok(SET, json!({})),
    ];
    for failure in failures {
        let mut stage = stage();
        assert!(stage.expect([factors(), failure]).prepare(&eth(), &terms).is_err());
        stage.expect([factors(), set(5, "cross")]).prepare(&eth(), &terms).unwrap();
        stage.done();
    }
}

#[test]
fn the_book_gives_the_quote() {
    let mut stage = stage();
    let book = |bids: Value, asks: Value| ok(DEPTH, json!({"market": "ETHUSDT", "is_full": true, "depth": {"bids": bids, "asks": asks}}));
    let steps = [book(json!([["1999.9", "1"], ["2000", "2"]]), json!([["2000.1", "3"], ["2000.5", "1"]]))];
    assert_eq!(stage.expect(steps).quote(&eth()), Ok(Quote { bid: d("2000"), ask: d("2000.1") }));
    assert_eq!(stage.query(0), "market=ETHUSDT&limit=5&interval=0");
    assert_eq!(reason(stage.expect([book(json!([]), json!([["2000.1", "3"]]))]).quote(&eth())), Some(Reason::PriceBand));
    assert!(stage.expect([ok(DEPTH, json!({"market": "ETHUSDT"}))]).quote(&eth()).is_err());
}

#[test]
fn all_four_parts_make_the_balance() {
    let mut stage = stage();
    let rows = json!([
        {"ccy": "BTC", "available": "1", "frozen": "0", "margin": "0", "unrealized_pnl": "0"},
        {"ccy": "USDT", "available": "290.32", "frozen": "10.06", "margin": "102.2", "transferrable": "280", "unrealized_pnl": "-20.15"},
    ]);
    let balance = stage.expect([ok(BALANCE, rows)]).balance().unwrap();
    assert_eq!((balance.coin.as_str(), balance.total, balance.available), ("USDT", d("382.43"), d("290.32")));
    let empty = stage.expect([ok(BALANCE, json!([]))]).balance().unwrap();
    assert_eq!((empty.total, empty.available), (d("0"), d("0")));
    assert!(stage.expect([ok(BALANCE, json!([{"ccy": "USDT", "available": ""}]))]).balance().is_err());
}

#[test]
fn executions_come_oldest_first_each_once() {
    let mut stage = stage();
    let deal = |number: u64, at: Millis, changes: Value| {
        let row = json!({"deal_id": number, "created_at": at, "market": "ETHUSDT", "side": "buy", "order_id": 1, "price": "2000.05", "amount": "0.05",
            "role": "taker", "fee": "0.05", "fee_ccy": "USDT"});
        with(row, changes)
    };
    let plain = json!({});
    let elsewhere = deal(11, START + 1, json!({"market": "BTCUSDT"}));
    let steps = [
        page(
            DEALS,
            json!([elsewhere, deal(9, START + 3, json!({"side": "sell", "fee_ccy": "CET"})), deal(8, START + 2, plain.clone())]),
            true,
        ),
        page(DEALS, json!([deal(8, START + 2, plain.clone()), deal(10, START + 1, plain.clone()), deal(7, START - 1, plain)]), false),
    ];
    let fills = stage.expect(steps).fills(&eth(), START).unwrap();
    let seen: Vec<_> = fills.iter().map(|fill| (fill.at - START, fill.buy, fill.fee, fill.fee_elsewhere)).collect();
    assert_eq!(seen, [(1, true, d("0.05"), false), (2, true, d("0.05"), false), (3, false, d("0"), true)]);
    assert_eq!((stage.asked(0, "start_time"), stage.asked(1, "page").as_deref()), (Some(START.to_string()), Some("2")));
    assert!(fills.iter().all(|fill| fill.side.is_none() && fill.by.is_none()));
    stage.done();
}
