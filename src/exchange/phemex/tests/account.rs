//! Settings, positions, money and executions.

use super::*;
use crate::exchange::Keys;
use crate::market::MarginMode::{self, Cross, Isolated};

const LEVERAGE: &str = "PUT /g-positions/leverage";
const TRADES: &str = "GET /exchange/order/v2/tradingList";

fn want(leverage: impl Into<Option<u32>>, margin_mode: impl Into<Option<MarginMode>>) -> Terms {
    Terms { leverage: leverage.into(), margin_mode: margin_mode.into() }
}

fn merged(leverage: &str) -> Value {
    json!([position("Merged", "None", "0", leverage)])
}

fn both(long: &str, short: &str) -> Value {
    json!([position("Long", "None", "0", long), position("Short", "None", "0", short)])
}

fn done(expected: &'static str) -> Step {
    ok(expected, json!("OK"))
}

#[test]
fn the_sign_of_the_leverage_is_the_margin_mode() {
    let cases = [
        ("10", want(10, Isolated)),
        ("-10", want(10, Cross)),
        ("0", want(None, Cross)),
        ("2.5", want(None, Isolated)),
        ("-2.5", want(None, Cross)),
        ("", Terms::default()),
    ];
    for (leverage, terms) in cases {
        assert_eq!(Stage::new().expect([held(merged(leverage))]).terms(&eth()), Ok(terms), "{leverage}");
    }
    let mut stage = Stage::new();
    assert_eq!(stage.expect([held(both("-10", "-10"))]).terms(&eth()), Ok(want(10, Cross)));
    assert_eq!(stage.expect([held(both("10", "20"))]).terms(&eth()), Ok(want(None, Isolated)), "no one leverage");
    assert_eq!(Stage::new().expect([held(json!([]))]).terms(&eth()), Ok(Terms::default()));
}

#[test]
fn one_call_sets_leverage_and_margin_mode_and_what_is_known_costs_none() {
    let mut stage = Stage::new();
    stage.expect([held(merged("-10")), done(LEVERAGE)]).prepare(&eth(), &want(10, Isolated)).unwrap();
    assert_eq!(stage.query(1), "symbol=ETHUSDT&leverageRr=10");
    for known in [want(10, Isolated), want(10, None), want(None, Isolated), Terms::default()] {
        stage.expect([]).prepare(&eth(), &known).unwrap();
    }
    stage.expect([done(LEVERAGE)]).prepare(&eth(), &want(20, None)).unwrap();
    assert_eq!(stage.query(0), "symbol=ETHUSDT&leverageRr=20", "still isolated");
    stage.expect([done(LEVERAGE)]).prepare(&eth(), &want(20, Cross)).unwrap();
    assert_eq!(stage.query(0), "symbol=ETHUSDT&leverageRr=-20");

    let mut stage = Stage::new();
    stage.expect([held(both("10", "10")), done(LEVERAGE)]).prepare(&eth(), &want(5, Cross)).unwrap();
    assert_eq!(stage.query(1), "symbol=ETHUSDT&longLeverageRr=-5&shortLeverageRr=-5");
}

#[test]
fn what_is_not_wanted_stays_as_it_is() {
    // Only the mode is known: the margin mode is read before a leverage is set.
    let mut stage = Stage::knowing(false);
    stage.expect([held(merged("3")), done(LEVERAGE)]).prepare(&eth(), &want(20, None)).unwrap();
    assert_eq!(stage.query(1), "symbol=ETHUSDT&leverageRr=20");
    // Leverages are read before a margin mode is set, and may be fractions.
    let mut stage = Stage::knowing(true);
    stage.expect([held(both("2.5", "7")), done(LEVERAGE)]).prepare(&eth(), &want(None, Cross)).unwrap();
    assert_eq!(stage.query(1), "symbol=ETHUSDT&longLeverageRr=-2.5&shortLeverageRr=-7");
    stage.expect([]).prepare(&eth(), &want(None, Cross)).unwrap();
    // There is nothing to keep where the leverage is whatever is allowed.
    let mut stage = Stage::knowing(false);
    assert_eq!(reason(stage.expect([held(merged("0"))]).prepare(&eth(), &want(None, Isolated))), Some(Reason::Leverage));
    assert!(matches!(stage.expect([broken(HELD, true)]).prepare(&eth(), &want(None, Isolated)), Err(ExchangeError::NeverSent(_))));
}

#[test]
fn a_refused_setting_is_fine_if_it_is_so_already() {
    let mut stage = Stage::knowing(false);
    let refused = || no(LEVERAGE, 11081, "words");
    stage.expect([refused(), held(merged("10"))]).prepare(&eth(), &want(10, Isolated)).unwrap();
    stage.expect([]).prepare(&eth(), &want(10, Isolated)).unwrap();
    let result = stage.expect([refused(), held(merged("10"))]).prepare(&eth(), &want(10, Cross));
    assert_eq!(reason(result), Some(Reason::Leverage));
    assert_eq!(reason(stage.expect([refused(), held(json!([]))]).prepare(&eth(), &want(10, Cross))), Some(Reason::Leverage));
    // A limit says nothing about the setting.
    let result = stage.expect([no(LEVERAGE, 39995, "Too many requests.")]).prepare(&eth(), &want(10, Cross));
    assert!(matches!(reason(result), Some(Reason::RateLimited { .. })));
}

#[test]
fn after_an_answer_that_did_not_come_the_setting_is_made_again() {
    let mut stage = Stage::new();
    stage.expect([held(merged("10"))]).prepare(&eth(), &want(10, Isolated)).unwrap();
    assert!(is_unknown(&stage.expect([broken(LEVERAGE, true)]).prepare(&eth(), &want(20, Cross))));
    stage.expect([done(LEVERAGE)]).prepare(&eth(), &want(10, Isolated)).unwrap();
}

#[test]
fn a_setting_in_the_wrong_mode_is_made_once_more_in_the_other() {
    let wrong = || no(LEVERAGE, 20004, "TE_ERR_INCONSISTENT_POS_MODE");
    let (merged, halves) = ("symbol=ETHUSDT&leverageRr=-10", "symbol=ETHUSDT&longLeverageRr=-10&shortLeverageRr=-10");
    let mut stage = Stage::new();
    stage.expect([held(json!([])), held(json!([])), wrong(), done(LEVERAGE)]).prepare(&eth(), &want(10, None)).unwrap();
    assert_eq!((stage.query(2).as_str(), stage.query(3).as_str()), (merged, halves));
    stage.expect([]).prepare(&eth(), &want(10, Cross)).unwrap();
    // The mode is proved, also for what is opened again without rows.
    stage.expect([ok(TIME, json!({"serverTime": START})), held(json!([]))]).open().unwrap();
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!(stage.sent(0, "posSide"), "Long");
    // And the other way round.
    let mut stage = Stage::knowing(true);
    stage.expect([wrong(), done(LEVERAGE)]).prepare(&eth(), &want(10, Cross)).unwrap();
    assert_eq!((stage.query(0).as_str(), stage.query(1).as_str()), (halves, merged));
    // A success proves it too; nothing is ever switched.
    let mut stage = Stage::new();
    stage.expect([held(json!([])), done(LEVERAGE)]).prepare(&eth(), &want(10, Cross)).unwrap();
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!(stage.sent(0, "posSide"), "Merged");
    let mut stage = Stage::new();
    stage.expect([held(json!([]))]).prepare(&eth(), &Terms::default()).unwrap();
    // Once, not for ever; an answer that does not come says nothing.
    let mut stage = Stage::knowing(false);
    let result = stage.expect([wrong(), wrong(), held(json!([]))]).prepare(&eth(), &want(10, Cross));
    assert_eq!(reason(result), Some(Reason::PositionMode));
    let mut stage = Stage::knowing(false);
    assert!(is_unknown(&stage.expect([wrong(), broken(LEVERAGE, true)]).prepare(&eth(), &want(10, Cross))));
    assert_eq!(stage.exchange.modes.get(&eth()), Some(true));
}

#[test]
fn opening_reads_the_modes_of_all_contracts() {
    let mut stage = Stage::new();
    let sol = with(position("Long", "None", "0", "10"), json!({"symbol": "SOLUSDT"}));
    let steps = [ok(TIME, json!({"serverTime": START + 5})), held(json!([position("Merged", "Buy", "1", "-10"), sol]))];
    let mode = stage.expect(steps).open().unwrap();
    assert_eq!((mode.hedge, mode.restricted, stage.query(1).as_str()), (false, None, "currency=USDT"));
    assert_eq!(["ETHUSDT", "SOLUSDT"].map(|name| stage.exchange.modes.get(&Symbol::new(name))), [Some(false), Some(true)]);
}

#[test]
fn positions_tell_side_size_mode_and_gain() {
    let mut stage = Stage::new();
    let rows = json!([
        position("Merged", "Sell", "0.5", "-10"),
        with(position("Short", "Sell", "2", "10"), json!({"symbol": "SOLUSDT", "size": null, "sizeRq": "2", "unRealisedPnlRv": "-3.5"})),
        with(position("Long", "None", "0", "10"), json!({"symbol": "SOLUSDT", "avgEntryPriceRp": "", "markPriceRp": ""})),
    ]);
    let seen = stage.expect([held(rows)]).positions(None).unwrap();
    let told: Vec<_> = seen.iter().map(|row| (row.side, row.qty, row.hedge, row.unrealized_pnl, row.changed_at)).collect();
    let at = START - 1000;
    assert_eq!(
        told,
        [
            (Side::Short, d("0.5"), false, d("-5"), at),
            (Side::Short, d("2"), true, d("-3.5"), at),
            (Side::Long, Decimal::ZERO, true, Decimal::ZERO, at)
        ]
    );
    assert_eq!(seen[0].terms, want(10, Cross), "the flag beside the sign says otherwise");
    // The word for the mode counts; halves tell it only where there is none.
    for (changes, side, hedge) in [
        (json!({"posMode": "OneWay", "posSide": "Long"}), Side::Short, false),
        (json!({"posMode": "Hedged", "posSide": "Short"}), Side::Short, true),
        (json!({"posMode": "", "posSide": "Short"}), Side::Short, true),
        (json!({"posMode": "", "posSide": "Merged"}), Side::Short, false),
    ] {
        let seen = stage.expect([held(json!([with(position("Merged", "Sell", "1", "10"), changes)]))]).positions(None).unwrap();
        assert_eq!((seen[0].side, seen[0].hedge), (side, hedge));
        assert_eq!(stage.exchange.modes.get(&eth()), Some(hedge));
    }
    let broken = [
        json!({"side": "None"}),
        json!({"size": ""}),
        json!({"size": "-1"}),
        json!({"size": "many"}),
        json!({"avgEntryPriceRp": "79228162514264337593543950335", "size": "79228162514264337593543950335"}),
    ];
    for changes in broken {
        let row = with(position("Merged", "Buy", "1", "10"), changes);
        assert!(stage.expect([held(json!([row.clone()]))]).positions(None).is_err(), "{row}");
    }
}

#[test]
fn a_balance_counts_open_gains() {
    let mut stage = Stage::new();
    let rows = json!([position("Merged", "Sell", "0.5", "-10"), with(position("Merged", "Buy", "3", "5"), json!({"symbol": "BTCUSDT"}))]);
    let balance = stage.expect([held(rows)]).balance().unwrap();
    assert_eq!((balance.total, balance.available), (d("125"), d("70")));
    let poor = json!({"account": {"accountBalanceRv": "10", "totalUsedBalanceRv": "30"}, "positions": []});
    assert_eq!(stage.expect([ok(HELD, poor)]).balance().unwrap().available, Decimal::ZERO);
    let unsaid = json!({"account": {"accountBalanceRv": ""}, "positions": []});
    assert!(stage.expect([ok(HELD, unsaid)]).balance().is_err());
}

/// An execution; sides and types are numbers.
fn trade(name: &str, at: Millis) -> Value {
    json!({"createdAt": at, "symbol": "ETHUSDT", "currency": "USDT", "tradeType": 1, "execQtyRq": "0.1", "execPriceRp": "1903", "side": 2, "execFeeRv": "0.11",
        "ordType": 3, "execId": name, "execStatus": 7, "posSide": 1, "ptFeeRv": 0})
}

#[test]
fn executions_come_oldest_first_each_once() {
    let mut stage = Stage::knowing(true);
    let page: Vec<Value> = (0..200).map(|at| trade(&format!("{at:03}"), START + 1000 - at)).collect();
    let rest = json!([
        // One that moved to this page while it was asked for.
        trade("199", START + 801),
        with(trade("x", START + 800), json!({"side": "Buy", "posSide": "Short", "ordType": 1, "ptFeeRv": "0.5"})),
        with(trade("funding", START + 700), json!({"tradeType": 4})),
        with(trade("other", START + 700), json!({"symbol": "BTCUSDT"})),
        with(trade("nothing", START + 700), json!({"execQtyRq": "0"})),
        trade("early", START - 1),
    ]);
    let steps = [ok(TRADES, json!({"total": 206, "rows": page})), ok(TRADES, rest)];
    let fills = stage.expect(steps).fills(&eth(), START).unwrap();
    let asked = |offset| format!("currency=USDT&symbol=ETHUSDT&offset={offset}&limit=200&start={START}");
    assert_eq!((stage.query(0), stage.query(1)), (asked(0), asked(200)));
    assert_eq!(fills.len(), 201);
    assert!(fills.is_sorted_by_key(|fill| fill.at));
    let first = &fills[0];
    assert_eq!((first.buy, first.side, first.by, first.fee_elsewhere), (true, Some(Side::Short), None, true));
    let last = &fills[200];
    assert_eq!((last.buy, last.side, last.by), (false, Some(Side::Long), Some(ProtectionKind::StopLoss)));
    assert_eq!((last.price, last.qty, last.fee, last.fee_elsewhere, last.at), (d("1903"), d("0.1"), d("0.11"), false, START + 1000));

    // One-way contracts have one side at a time; a whole page of older ones is the last.
    let mut stage = Stage::knowing(false);
    let old: Vec<Value> = (0..200).map(|at| trade(&format!("{at:03}"), START - 1 - at)).collect();
    assert_eq!(stage.expect([ok(TRADES, json!(old))]).fills(&eth(), START), Ok(Vec::new()));
    assert_eq!(stage.expect([ok(TRADES, json!([trade("a", START)]))]).fills(&eth(), START).unwrap()[0].side, None);
    let pages = (0..10).map(|page| ok(TRADES, json!((0..200).map(|at| trade(&format!("{page} {at}"), START)).collect::<Vec<_>>())));
    assert_eq!(stage.expect(pages).fills(&eth(), START).unwrap().len(), 2000, "bounded");
    for broken in [json!({"side": 3}), json!({"execQtyRq": ""}), json!({"execId": null})] {
        let row = with(trade("a", START), broken);
        assert!(stage.expect([ok(TRADES, json!([row]))]).fills(&eth(), START).is_err());
    }
}

#[test]
fn of_what_became_of_orders_only_what_moved_a_position_is_counted() {
    let mut stage = Stage::knowing(false);
    let cases = [
        (json!({"execStatus": 6}), true),
        (json!({"execStatus": "TakerFill"}), true),
        (json!({"execStatus": null}), true),
        (json!({"execStatus": ""}), true),
        // Ended: the quantity is none that was executed.
        (json!({"execStatus": 11}), false),
        (json!({"execStatus": "Canceled"}), false),
        (json!({"execStatus": 2}), false),
        // Liquidations and auto-deleveragings, whatever they end as.
        (json!({"execStatus": 11, "tradeType": 6}), true),
        (json!({"execStatus": 2, "tradeType": 7}), true),
        (json!({"execStatus": "Canceled", "tradeType": "AdlTrade"}), true),
        (json!({"execStatus": 7, "tradeType": 4}), false),
        (json!({"execID": "a"}), true),
    ];
    for (changes, counts) in cases {
        let row = with(trade("a", START), changes);
        let fills = stage.expect([ok(TRADES, json!([row.clone()]))]).fills(&eth(), START).unwrap();
        assert_eq!(fills.len(), usize::from(counts), "{row}");
    }
}

#[test]
fn a_quote_needs_both_sides() {
    const TICKER: &str = "GET /md/v3/ticker/24hr";
    let mut stage = Stage::new();
    let said = |bid: &str| raw(TICKER, 200, &json!({"error": null, "id": 0, "result": {"bidRp": bid, "askRp": "1906.03"}}).to_string());
    let quote = stage.expect([said("1906")]).quote(&eth()).unwrap();
    assert_eq!((quote.bid, quote.ask), (d("1906"), d("1906.03")));
    assert!(stage.header(0, "x-phemex-access-token").is_none());
    assert_eq!(reason(stage.expect([said("")]).quote(&eth())), Some(Reason::PriceBand));
    let unknown = raw(TICKER, 200, r#"{"error":{"code":6001,"message":"invalid argument"},"id":null,"result":null}"#);
    assert_eq!(reason(stage.expect([unknown]).quote(&eth())), Some(Reason::SymbolUnknown));
    assert!(stage.expect([raw(TICKER, 200, r#"{"error":null,"id":0,"result":null}"#)]).quote(&eth()).is_err());
}

#[test]
fn all_the_world_shares_the_budget_of_the_testnet() {
    let live = Stage::new().exchange.capabilities();
    let demo = Stage::of(|line| Phemex::new(Line { keys: Keys { demo: true, ..line.keys }, ..line })).exchange.capabilities();
    assert_eq!((live.budget_is_shared, live.watch_per_minute_max), (false, 250));
    assert_eq!((demo.budget_is_shared, demo.watch_per_minute_max), (true, 50));
    assert_eq!(demo, DEMO_CAPABILITIES);
}
