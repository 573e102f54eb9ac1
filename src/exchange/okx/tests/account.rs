//! Account, settings, positions, balance and fills.

use super::*;

fn config(level: &str, mode: &str, perm: &str) -> Step {
    ok(CONFIG, json!([{"acctLv": level, "posMode": mode, "perm": perm, "uid": "1"}]))
}

fn set(leverage: &str) -> Step {
    ok(SET_LEVERAGE, json!([{"lever": leverage, "mgnMode": "cross", "instId": "ETH-USDT-SWAP", "posSide": ""}]))
}

fn terms(leverage: u32, mode: MarginMode) -> Terms {
    Terms { leverage: Some(leverage), margin_mode: Some(mode) }
}

#[test]
fn open_reads_the_mode_and_says_why_an_account_may_not_trade() {
    for (level, mode, perm, hedge, why) in [
        ("2", "net_mode", "read_only,trade", false, None),
        ("3", "long_short_mode", "trade", true, None),
        ("1", "net_mode", "read_only,trade", false, Some("Futures mode by hand")),
        ("4", "net_mode", "read_only,trade", false, Some("Portfolio margin mode")),
        ("2", "net_mode", "read_only,withdraw", false, Some("may only read")),
    ] {
        let mut stage = Stage::new(!hedge);
        stage.exchange.held.opened(&eth(), Side::Long, MarginMode::Cross);
        stage.exchange.known.set(&eth(), terms(5, MarginMode::Cross));
        let opened = stage.expect([time_is(START + 500), config(level, mode, perm)]).open().unwrap();
        assert_eq!((opened.hedge, stage.exchange.hedge), (hedge, hedge));
        assert!(
            why.map_or(opened.restricted.is_none(), |why| opened.restricted.as_ref().is_some_and(|said| said.contains(why))),
            "{opened:?}"
        );
        // Nothing that was known before is.
        assert_eq!((stage.exchange.known.get(&eth()), stage.exchange.held.mode(&eth(), None, None)), (Terms::default(), None));
        stage.done();
    }
    let mut stage = Stage::new(false);
    assert!(stage.expect([time_is(START), config("2", "a_third_mode", "trade")]).open().is_err());
    let unsaid = ok(CONFIG, json!([{"posMode": "net_mode"}]));
    assert_eq!(stage.expect([time_is(START), unsaid]).open().unwrap(), AccountMode { hedge: false, restricted: None });
    stage.done();
}

#[test]
fn prepare_sends_only_what_differs_and_leverage_belongs_to_a_margin_mode() {
    let mut stage = Stage::new(false);
    stage.expect([set("20")]).prepare(&eth(), &terms(20, MarginMode::Cross)).unwrap();
    assert_eq!(stage.body(0), json!({"instId": "ETH-USDT-SWAP", "lever": "20", "mgnMode": "cross"}));
    stage.expect([]).prepare(&eth(), &terms(20, MarginMode::Cross)).unwrap();
    stage.expect([]).prepare(&eth(), &Terms { leverage: Some(20), margin_mode: None }).unwrap();
    stage.expect([set("20")]).prepare(&eth(), &terms(20, MarginMode::Isolated)).unwrap();
    assert_eq!(stage.body(0)["mgnMode"], json!("isolated"));
    stage.expect([set("20")]).prepare(&eth(), &terms(20, MarginMode::Cross)).unwrap();
    // Without a wish: the mode of the position that is held.
    stage.expect([ok(POSITIONS, json!([position("isolated", "5")]))]).positions(Some(&eth())).unwrap();
    stage.expect([set("7")]).prepare(&eth(), &Terms { leverage: Some(7), margin_mode: None }).unwrap();
    assert_eq!(stage.body(0)["mgnMode"], json!("isolated"));
    stage.done();

    // In hedge mode an isolated contract has two halves.
    let mut stage = Stage::new(true);
    stage.expect([set("9")]).prepare(&eth(), &terms(9, MarginMode::Cross)).unwrap();
    assert_eq!(stage.body(0).get("posSide"), None);
    stage.expect([set("9"), set("9")]).prepare(&eth(), &terms(9, MarginMode::Isolated)).unwrap();
    assert_eq!([0, 1].map(|at| stage.body(at)["posSide"].clone()), [json!("long"), json!("short")]);
    stage.done();
}

#[test]
fn a_setting_that_was_refused_or_may_have_been_made_is_not_taken_for_known() {
    let mut stage = Stage::new(true);
    stage.exchange.known.set(&eth(), terms(5, MarginMode::Isolated));
    let want = terms(20, MarginMode::Isolated);
    let blocked = || {
        no(SET_LEVERAGE, 59107, "You have pending orders under the service, please modify the leverage after cancelling all pending orders")
    };
    let read = |leverage: &str| ok(LEVERAGE, json!([{"lever": leverage}, {"lever": "20"}]));
    assert_eq!(reason(stage.expect([set("20"), blocked(), read("5")]).prepare(&eth(), &want)), Some(Reason::SettingBlocked));
    // The first half was set: five is not known any more.
    stage.expect([set("5"), set("5")]).prepare(&eth(), &terms(5, MarginMode::Isolated)).unwrap();
    assert_eq!(reason(stage.expect([blocked(), broken(LEVERAGE, true)]).prepare(&eth(), &want)), Some(Reason::SettingBlocked));
    // Already so is success, whatever forbids changes.
    stage.expect([blocked(), read("20")]).prepare(&eth(), &want).unwrap();
    stage.expect([]).prepare(&eth(), &want).unwrap();
    stage.exchange.known.set(&eth(), terms(5, MarginMode::Isolated));
    assert_eq!(reason(stage.expect([no(SET_LEVERAGE, 59102, "too high")]).prepare(&eth(), &want)), Some(Reason::Leverage));
    assert_eq!(reason(stage.expect([set("10")]).prepare(&eth(), &want)), Some(Reason::Leverage));
    assert!(matches!(stage.expect([broken(SET_LEVERAGE, true)]).prepare(&eth(), &want), Err(ExchangeError::Unknown { .. })));
    stage.expect([set("20"), set("20")]).prepare(&eth(), &want).unwrap();
    // A question that fails changed nothing.
    let lost = stage.expect([broken(POSITIONS, true)]).prepare(&Symbol::new("BTC-USDT-SWAP"), &Terms::default());
    assert_eq!(lost, Err(ExchangeError::NeverSent("cable cut".to_owned())));
    stage.done();
}

#[test]
fn terms_are_those_of_the_mode_that_orders_take() {
    let mut stage = Stage::new(false);
    let row = |leverage: &str, side: &str| json!({"instId": "ETH-USDT-SWAP", "mgnMode": "cross", "posSide": side, "lever": leverage});
    let read = stage.expect([ok(POSITIONS, json!([])), ok(LEVERAGE, json!([row("10", "net")]))]).terms(&eth()).unwrap();
    assert_eq!((read, stage.query(1).as_str()), (terms(10, MarginMode::Cross), "instId=ETH-USDT-SWAP&mgnMode=cross"));
    stage.expect([]).prepare(&eth(), &Terms { leverage: Some(10), margin_mode: None }).unwrap();
    stage.expect([ok(POSITIONS, json!([position("isolated", "-5")]))]).positions(None).unwrap();
    let halves = |long: &str, short: &str| ok(LEVERAGE, json!([row(long, "long"), row(short, "short")]));
    assert_eq!(stage.expect([halves("4", "4")]).terms(&eth()).unwrap(), terms(4, MarginMode::Isolated));
    assert_eq!(stage.query(0), "instId=ETH-USDT-SWAP&mgnMode=isolated");
    for step in [halves("4", "5"), halves("4.5", "4.5"), no(LEVERAGE, 59111, "not in portfolio margin")] {
        let read = stage.expect([step]).terms(&eth()).unwrap();
        assert_eq!(read, Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) });
    }
    stage.done();
}

#[test]
fn the_margin_mode_that_was_prepared_outlives_readings_and_positions_of_another_mode() {
    let mut stage = Stage::new(false);
    let isolated = Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) };
    stage.expect([]).prepare(&eth(), &isolated).unwrap();
    let by_hand = || ok(POSITIONS, json!([position("cross", "5")]));
    let leverage = || ok(LEVERAGE, json!([{"instId": "ETH-USDT-SWAP", "mgnMode": "isolated", "posSide": "net", "lever": "4"}]));
    let entered = |stage: &mut Stage| {
        stage.expect([ok(PLACE, json!([ack(Leg::Entry)]))]).place(&[limit(Leg::Entry, "1900")]).remove(0).unwrap();
        assert_eq!(stage.body(0)["tdMode"], json!("isolated"));
    };
    stage.expect([by_hand()]).positions(None).unwrap();
    assert_eq!(stage.expect([leverage()]).terms(&eth()), Ok(terms(4, MarginMode::Isolated)));
    assert_eq!(stage.query(0), "instId=ETH-USDT-SWAP&mgnMode=isolated");
    entered(&mut stage);
    stage.expect([time_is(START), config("2", "net_mode", "trade")]).open().unwrap();
    stage.expect([by_hand()]).positions(None).unwrap();
    entered(&mut stage);
    assert_eq!(stage.expect([leverage()]).terms(&eth()), Ok(terms(4, MarginMode::Isolated)));
    // Prepared without a wish, the position's mode counts again.
    stage.expect([by_hand()]).positions(None).unwrap();
    stage.expect([set("7")]).prepare(&eth(), &Terms { leverage: Some(7), margin_mode: None }).unwrap();
    assert_eq!(stage.body(0)["mgnMode"], json!("cross"));
    let cross = ok(LEVERAGE, json!([{"instId": "ETH-USDT-SWAP", "mgnMode": "cross", "posSide": "net", "lever": "7"}]));
    assert_eq!(stage.expect([cross]).terms(&eth()), Ok(terms(7, MarginMode::Cross)));
    stage.done();
}

#[test]
fn positions_are_in_coins_and_those_of_other_contracts_are_left_out() {
    let mut stage = Stage::new(false);
    let mut foreign = position("cross", "3");
    foreign["instId"] = json!("ETH-USD-SWAP");
    let mut isolated = position("isolated", "5");
    (isolated["margin"], isolated["imr"], isolated["lever"]) = (json!("99.5"), json!(""), json!("3.5"));
    let rows = json!([position("cross", "-15"), foreign, isolated, position("cross", "0")]);
    let positions = stage.expect([ok(POSITIONS, rows)]).positions(None).unwrap();
    assert_eq!(stage.query(0), "instType=SWAP");
    let told: Vec<_> = positions.iter().map(|p| (p.side, p.hedge, p.qty)).collect();
    assert_eq!(told, [(Side::Short, false, d("1.5")), (Side::Long, false, d("0.5")), (Side::Long, false, d("0"))]);
    let short = &positions[0];
    assert_eq!(
        (short.entry_price, short.mark_price, short.liquidation_price, short.margin),
        (d("1990.25"), d("2000.31"), d("0"), d("300.1"))
    );
    assert_eq!((short.unrealized_pnl, short.break_even_price, short.changed_at), (d("15.09"), d("1991.2"), 1_699_999_000_000));
    assert_eq!((short.terms, positions[1].margin), (terms(10, MarginMode::Cross), d("99.5")));
    assert_eq!(positions[1].terms, Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) });
    // One name for all: that of the list.
    assert!(std::ptr::eq(short.symbol.as_str(), stage.exchange.instruments.get("ETH-USDT-SWAP").unwrap().symbol.as_str()));

    let mut half = position("cross", "15");
    half["posSide"] = json!("short");
    let positions = stage.expect([ok(POSITIONS, json!([half]))]).positions(Some(&eth())).unwrap();
    assert_eq!(stage.query(0), "instType=SWAP&instId=ETH-USDT-SWAP");
    assert_eq!((positions[0].side, positions[0].hedge, positions[0].qty), (Side::Short, true, d("1.5")));
    // An amount that cannot be read is no position of zero.
    for amount in [json!(null), json!(""), json!("x"), json!([])] {
        let mut row = position("cross", "1");
        row["pos"] = amount;
        assert!(matches!(stage.expect([ok(POSITIONS, json!([row]))]).positions(None), Err(ExchangeError::Unknown { .. })));
    }
    stage.done();
}

#[test]
fn the_balance_is_that_of_the_settle_coin_with_open_profit() {
    let mut stage = Stage::new(false);
    let balance = |details: Value| ok("GET /api/v5/account/balance", json!([{"totalEq": "7", "availEq": "", "details": details}]));
    let coin = |name: &str, free: &str| json!({"ccy": name, "eq": "987.5", "availEq": free, "availBal": "700"});
    for (free, available) in [("800.5", "800.5"), ("0", "0"), ("", "700")] {
        let read = stage.expect([balance(json!([coin("BTC", "1"), coin("USDT", free)]))]).balance().unwrap();
        assert_eq!((read.coin.as_str(), read.total, read.available), ("USDT", d("987.5"), d(available)));
        assert_eq!(stage.query(0), "ccy=USDT");
    }
    assert_eq!(stage.expect([balance(json!([]))]).balance().unwrap().total, Decimal::ZERO);
    for details in [json!([{"ccy": "USDT", "availEq": "1"}]), json!([{"ccy": "USDT", "eq": ""}]), json!({})] {
        assert!(stage.expect([balance(details)]).balance().is_err());
    }
    stage.done();
}

fn fill(number: u64, at: Millis) -> Value {
    json!({"billId": number.to_string(), "tradeId": "7", "instId": "ETH-USDT-SWAP", "side": "buy", "posSide": "net", "fillSz": "15", "fillPx": "1950", "fee": "-0.585", "feeCcy": "USDT",
        "fillTime": at.to_string(), "ts": (at + 3).to_string()})
}

#[test]
fn fills_are_read_page_by_page_oldest_first_and_counted_once() {
    let mut stage = Stage::new(false);
    stage.expect([time_is(START + 2000)]).server_time().unwrap();
    let since = START - 60_000;
    let full: Vec<Value> = (0..100).map(|n| fill(10_300 - n, START - n)).collect();
    let rest = json!([fill(10_201, START - 99), fill(10_200, START - 99), fill(9_999, since + 2000), fill(9_998, since + 1999)]);
    let fills = stage.expect([ok(FILLS, json!(full)), ok(FILLS, rest)]).fills(&eth(), since).unwrap();
    assert_eq!(stage.query(0), format!("instType=SWAP&instId=ETH-USDT-SWAP&begin={}", since + 1999));
    assert!(stage.query(1).ends_with("&after=10201"), "{}", stage.query(1));
    // Times are ours again, and what happened before is left out.
    assert_eq!((fills.len(), fills[0].at, fills[1].at, fills[101].at), (102, since, START - 2099, START - 2000));
    assert_eq!((fills[0].qty, fills[0].price, fills[0].fee, fills[0].fee_elsewhere), (d("1.5"), d("1950"), d("0.585"), false));
    assert!(fills[0].buy && fills[0].side.is_none() && fills[0].by.is_none());

    // What is older stands in another list.
    stage.expect([ok(OLD_FILLS, json!([]))]).fills(&eth(), START - 3 * 24 * 3_600_000).unwrap();
    let endless: Vec<Step> = (0..FILLS_PAGES_MAX).map(|_| ok(FILLS, json!(full))).collect();
    assert_eq!(stage.expect(endless).fills(&eth(), since).unwrap().len(), 100);
    stage.done();
}

#[test]
fn fees_keep_their_sign_and_coin() {
    let mut stage = Stage::new(true);
    let mut rebate = fill(2, START);
    (rebate["fee"], rebate["posSide"], rebate["side"], rebate["fillTime"]) = (json!("0.1"), json!("short"), json!("sell"), json!(""));
    let mut elsewhere = fill(1, START);
    elsewhere["feeCcy"] = json!("OKB");
    let fills = stage.expect([ok(FILLS, json!([rebate, elsewhere]))]).fills(&eth(), START - 1).unwrap();
    assert_eq!((fills[0].fee, fills[0].fee_elsewhere), (Decimal::ZERO, true));
    assert_eq!((fills[1].fee, fills[1].side, fills[1].buy, fills[1].at), (d("-0.1"), Some(Side::Short), false, START + 3));
    stage.done();
}

#[test]
fn accounts_of_one_host_read_its_contracts_once() {
    let (mut first, mut second) = (Stage::new(false), Stage::new(false));
    second.exchange.catalogue = first.exchange.catalogue.clone();
    let list = first.expect([raw(CONTRACTS, 200, &contracts_answer())]).instruments().unwrap();
    assert_eq!((list.len(), first.query(0).as_str(), first.header(0, "OK-ACCESS-KEY")), (3, "instType=SWAP", None));
    assert!(Arc::ptr_eq(&list, &second.expect([]).instruments().unwrap()) && Arc::ptr_eq(&list, &second.exchange.instruments));
    // After an hour whoever asks first reads it again.
    second.pass(crate::exchange::catalogue::FRESH_MS);
    assert!(Arc::ptr_eq(&list, &second.expect([raw(CONTRACTS, 200, &contracts_answer())]).instruments().unwrap()));
    first.done();
    second.done();
}

#[test]
fn what_is_held_of_a_contract_that_left_the_list_can_still_be_read() {
    let (mut stage, mut other) = (Stage::new(false), Stage::new(false));
    other.exchange.catalogue = stage.exchange.catalogue.clone();
    other.exchange.instruments = Arc::default();
    let all: Value = serde_json::from_str(&contracts_answer()).unwrap();
    let left: Vec<Value> = all["data"].as_array().unwrap().iter().filter(|row| row["instId"] != "ETH-USDT-SWAP").cloned().collect();
    let kept = |list: &Instruments| list.get("ETH-USDT-SWAP").map(|eth| (eth.closed.as_deref().map(str::to_owned), eth.contract_size));
    let gone = Some((Some("delisted".to_owned()), d("0.1")));
    let list = stage.expect([ok(CONTRACTS, json!(left))]).instruments().unwrap();
    assert_eq!((list.len(), kept(&list)), (3, gone.clone()));
    let held = stage.expect([ok(POSITIONS, json!([position("cross", "5")]))]).positions(None).unwrap();
    assert_eq!(held[0].qty, d("0.5"));
    // An account that came later, and the next reading, know it too; what is listed again is open again.
    for (rows, expected) in [(json!(left), gone), (all["data"].clone(), Some((None, d("0.1"))))] {
        other.pass(crate::exchange::catalogue::FRESH_MS);
        let list = other.expect([ok(CONTRACTS, rows)]).instruments().unwrap();
        assert_eq!((list.len(), kept(&list)), (3, expected));
    }
    stage.done();
    other.done();
}

#[test]
fn a_book_of_one_side_has_no_quote() {
    let mut stage = Stage::new(false);
    let ticker = |bid: &str, ask: &str| ok("GET /api/v5/market/ticker", json!([{"instId": "ETH-USDT-SWAP", "bidPx": bid, "askPx": ask}]));
    let read = stage.expect([ticker("2000.4", "2000.5")]).quote(&eth());
    assert_eq!(read, Ok(Quote { bid: d("2000.4"), ask: d("2000.5") }));
    for step in [ticker("", "2000.5"), ticker("2000.4", ""), ticker("0", "2000.5")] {
        assert_eq!(reason(stage.expect([step]).quote(&eth())), Some(Reason::PriceBand));
    }
    stage.done();
}

/// New since the list was read, or not traded any more: it must not read as flat.
#[test]
fn a_position_of_a_contract_that_is_not_listed_is_no_hole() {
    let mut stage = Stage::new(false);
    let of = |name: &str, qty: &str| {
        let mut row = position("cross", qty);
        row["instId"] = json!(name);
        row
    };
    let held = |row: Value| ok(POSITIONS, json!([row, position("cross", "5")]));
    let all: Value = serde_json::from_str(&contracts_answer()).unwrap();
    let mut new = all["data"].as_array().unwrap().iter().find(|row| row["instId"] == "ETH-USDT-SWAP").unwrap().clone();
    new["instId"] = json!("NEW-USDT-SWAP");
    let read = stage.expect([held(of("NEW-USDT-SWAP", "-7")), ok(CONTRACTS, json!([new]))]).positions(None).unwrap();
    assert_eq!((read.len(), read[0].symbol.as_str(), read[0].qty), (2, "NEW-USDT-SWAP", d("0.7")));
    assert_eq!(stage.query(1), "instType=SWAP&instId=NEW-USDT-SWAP");
    let error = stage.expect([held(of("NEW-USDT-SWAP", "-7")), ok(CONTRACTS, json!([]))]).positions(None).unwrap_err();
    assert!(error.to_string().contains("NEW-USDT-SWAP"), "{error}");
    let mut read = |row: Value| stage.expect([held(row)]).positions(None);
    // Those that are flat, or settle in another coin, are not ours.
    for row in [of("NEW-USDT-SWAP", "0"), of("NEW-USD-SWAP", "7"), of("NEW-USDC-SWAP", "7")] {
        assert_eq!(read(row).unwrap().len(), 1);
    }
}
