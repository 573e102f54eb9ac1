//! Mode, settings, positions, money and executions.

use super::*;
use crate::exchange::Keys;
use crate::market::Decimal;

#[test]
fn the_position_mode_comes_as_text() {
    for (word, hedge) in [(json!("true"), true), (json!("false"), false), (json!(true), true)] {
        let mut stage = Stage::new(!hedge);
        let steps = [ok(TIME, json!({"serverTime": START + 70})), ok(MODE, json!({"dualSidePosition": word}))];
        assert_eq!(stage.expect(steps).open(), Ok(AccountMode { hedge, restricted: None }));
        assert_eq!(stage.asked(1, "timestamp"), Some((START + 70).to_string()));
        stage.done();
    }
    for word in [json!(""), json!(null), json!("yes")] {
        let steps = [ok(TIME, json!({"serverTime": START})), ok(MODE, json!({"dualSidePosition": word}))];
        assert!(is_unknown(&Stage::new(false).expect(steps).open()), "a guess would turn orders round");
    }
}

fn position(changes: Value) -> Value {
    let mut row = json!({"positionId": "1", "symbol": "ETH-USDT", "currency": "USDT", "positionAmt": "0.05", "positionSide": "LONG", "isolated": false,
        "avgPrice": "2000.05", "initialMargin": "20.0005", "leverage": 5, "unrealizedProfit": "-0.5", "liquidationPrice": 0, "markPrice": "1990.05",
        "onlyOnePosition": true, "updateTime": START - 7});
    row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    row
}

#[test]
fn positions_have_a_side_in_every_spelling() {
    let mut stage = Stage::new(false);
    let rows = json!([
        position(json!({})),
        position(json!({"positionSide": "SHORT", "onlyOnePosition": false, "isolated": true, "liquidationPrice": 2100.5})),
        position(json!({"positionSide": "BOTH", "positionAmt": "-0.05"})),
        position(json!({"positionSide": "BOTH", "positionAmt": 0.05, "onlyOnePosition": null})),
        position(json!({"symbol": "ETH-USDC", "currency": "USDC"})),
    ]);
    let positions = stage.expect([ok(POSITIONS, rows)]).positions(None).unwrap();
    let seen: Vec<_> = positions.iter().map(|p| (p.side, p.hedge, p.qty, p.terms.margin_mode)).collect();
    let (qty, cross) = (d("0.05"), Some(MarginMode::Cross));
    let wanted = [
        (Side::Long, false, qty, cross),
        (Side::Short, true, qty, Some(MarginMode::Isolated)),
        (Side::Short, false, qty, cross),
        (Side::Long, false, qty, cross),
    ];
    assert_eq!(seen, wanted);
    assert_eq!((positions[1].liquidation_price, positions[0].terms.leverage, positions[0].changed_at), (d("2100.5"), Some(5), START - 7));
    assert_eq!(stage.asked(0, "symbol"), None);
    let flat = stage.expect([raw(POSITIONS, 200, r#"{"code":0,"msg":"","data":null}"#)]).positions(Some(&eth()));
    assert_eq!((flat, stage.asked(0, "symbol").as_deref()), (Ok(Vec::new()), Some("ETH-USDT")));
    for torn in [json!([position(json!({"positionAmt": ""}))]), json!([position(json!({"positionSide": "UP"}))]), json!({}), json!("")] {
        assert!(is_unknown(&stage.expect([ok(POSITIONS, torn)]).positions(None)));
    }
    assert!(is_unknown(&stage.expect([raw(POSITIONS, 200, r#"{"code":0,"msg":""}"#)]).positions(None)), "no data is not flat");
    stage.done();
}

fn leverages(long: u32, short: u32) -> Step {
    ok(READ_LEVERAGE, json!({"longLeverage": long, "shortLeverage": short, "maxLongLeverage": 125}))
}

fn margin(word: &str) -> Step {
    ok(READ_MARGIN, json!({"marginType": word}))
}

fn leverage_is(leverage: u32) -> Step {
    ok(SET_LEVERAGE, json!({"leverage": leverage, "symbol": "ETH-USDT"}))
}

#[test]
fn settings_are_read_once_and_made_so_only_where_they_differ() {
    let mut stage = Stage::new(false);
    let want = |leverage, margin_mode| Terms { leverage, margin_mode };
    let isolated = want(Some(20), Some(MarginMode::Isolated));
    let done = raw(SET_MARGIN, 200, r#"{"code":0,"msg":""}"#);
    stage.expect([margin("CROSSED"), done, leverages(5, 5), leverage_is(20)]).prepare(&eth(), &isolated).unwrap();
    assert_eq!((stage.asked(1, "marginType").as_deref(), stage.asked(3, "side").as_deref()), (Some("ISOLATED"), Some("BOTH")));
    stage.expect([]).prepare(&eth(), &isolated).unwrap();
    stage.expect([leverage_is(10)]).prepare(&eth(), &want(Some(10), None)).unwrap();
    // What it is already costs no change.
    let mut stage = Stage::new(false);
    stage.expect([margin("CROSSED"), leverages(5, 5)]).prepare(&eth(), &want(Some(5), Some(MarginMode::Cross))).unwrap();
    // After an answer that did not come nothing is known.
    assert!(is_unknown(&stage.expect([broken(SET_LEVERAGE, true)]).prepare(&eth(), &want(Some(7), None))));
    stage.expect([leverages(7, 7)]).prepare(&eth(), &want(Some(7), None)).unwrap();
    // A question that fails: nothing was sent that could have changed something.
    let lost = Stage::new(false).expect([broken(READ_MARGIN, true)]).prepare(&eth(), &isolated);
    assert!(matches!(lost, Err(ExchangeError::NeverSent(_))), "{lost:?}");
    let blocked = no(SET_MARGIN, 109_400, "the account has positions or pending orders");
    assert_eq!(reason(Stage::new(false).expect([margin("CROSSED"), blocked]).prepare(&eth(), &isolated)), Some(Reason::SettingBlocked));
    let other = stage.expect([leverage_is(50)]).prepare(&eth(), &want(Some(100), None));
    assert_eq!(reason(other), Some(Reason::Leverage));
    stage.done();
}

#[test]
fn in_hedge_mode_each_half_has_its_leverage() {
    let mut stage = Stage::new(true);
    let want = Terms { leverage: Some(20), margin_mode: None };
    assert_eq!(
        stage.expect([leverages(20, 5), margin("SEPARATE_ISOLATED")]).terms(&eth()).unwrap(),
        Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) }
    );
    stage.expect([leverages(20, 5), leverage_is(20), leverage_is(20)]).prepare(&eth(), &want).unwrap();
    assert_eq!((stage.asked(1, "side").as_deref(), stage.asked(2, "side").as_deref()), (Some("LONG"), Some("SHORT")));
    assert_eq!(stage.expect([leverages(20, 20), margin("CROSSED")]).terms(&eth()).unwrap().leverage, Some(20));
    stage.done();
}

#[test]
fn money_of_coins_the_account_never_had_is_nothing() {
    let path = "GET /openApi/swap/v3/user/balance";
    let row = |asset: &str, equity: &str, free: &str| json!({"asset": asset, "balance": equity, "equity": equity, "availableMargin": free});
    for (rows, total, available) in [
        (json!([row("USDC", "7", "7"), row("USDT", "196.7431", "193.7609")]), "196.7431", "193.7609"),
        (json!([row("USDT", "", "")]), "0", "0"),
        (json!([row("USDC", "7", "7")]), "0", "0"),
    ] {
        let balance = Stage::new(false).expect([ok(path, rows)]).balance().unwrap();
        assert_eq!((balance.total, balance.available, balance.coin.as_str()), (d(total), d(available), "USDT"));
    }
}

fn fill(number: u64, volume: &str, fee: &str, at: &str) -> Value {
    json!({"volume": volume, "price": "2000.05", "amount": "100", "commission": fee, "currency": "USDT", "orderId": number.to_string(), "filledTime": at, "symbol": "ETH-USDT"})
}

#[test]
fn executions_learn_from_their_orders_what_they_were() {
    let mut stage = Stage::new(false);
    let rows = json!({"fill_orders": [
        fill(2, "0.5", "-0.6", "2023-11-14T22:13:20Z"),
        fill(1, "0.2", "-0.1", "2023-11-14T22:13:10Z"),
        fill(1, "0.2", "-0.1", "2023-11-14T22:13:10Z"),
        json!({"volume": 0.1, "price": 2000, "commission": 0.01, "currency": "BNB", "orderId": 1, "filledTm": "2023-11-15T06:13:11.250+0800"}),
        fill(3, "0.7", "-0.1", "2023-11-14T22:13:10Z"),
    ]});
    let buy = ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": 1}))));
    let stop = ok(FIND, one(stop_row("", json!({"orderId": 2, "status": "FILLED"}))));
    let fills = stage.expect([ok(FILLS, rows), stop, buy, no(FIND, 80_016, "order not exist")]).fills(&eth(), START - 60_000).unwrap();
    let seen: Vec<_> = fills.iter().map(|f| (f.buy, f.qty, f.fee, f.fee_elsewhere, f.by, START - f.at)).collect();
    let entry = (true, d("0.2"), d("0.1"), false, None, 10_000);
    let wanted = [
        entry,
        entry,
        (true, d("0.1"), Decimal::ZERO, true, None, 8_750),
        (false, d("0.5"), d("0.6"), false, Some(ProtectionKind::StopLoss), 0),
    ];
    assert_eq!(seen, wanted);
    assert_eq!((stage.asked(0, "startTs"), stage.asked(0, "endTs")), (Some((START - 60_000).to_string()), Some(START.to_string())));
    assert_eq!((stage.asked(0, "tradingUnit").as_deref(), stage.asked(0, "orderId")), (Some("COIN"), None));
    stage.done();
}

#[test]
fn executions_of_other_contracts_are_none_and_cost_no_question() {
    let mut stage = Stage::new(false);
    let of = |number: u64, changes: Value| {
        let mut row = fill(number, "0.5", "-0.6", "2023-11-14T22:13:20Z");
        row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        row
    };
    let rows =
        json!({"fill_orders": [of(1, json!({"symbol": "BTC-USDT"})), of(2, json!({})), of(3, json!({"symbol": ""})), of(0, json!({}))]});
    let order = |number: u64| ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": number}))));
    // An answer with another number is not the order that was asked for.
    assert_eq!(stage.expect([ok(FILLS, rows), order(2), order(4)]).fills(&eth(), START - 1000).unwrap().len(), 1);
    assert_eq!((stage.asked(1, "orderId").as_deref(), stage.asked(2, "orderId").as_deref()), (Some("2"), Some("3")));
    stage.done();
    // Questions that must fail close the endpoint: after a few no more are asked.
    let rows: Vec<Value> = (1..40).map(|number| of(number, json!({}))).collect();
    let unknown = (0..orders::FILLS_UNKNOWN_MAX).map(|_| no(FIND, 80_016, "order not exist"));
    let steps = [ok(FILLS, json!({"fill_orders": rows}))].into_iter().chain(unknown);
    assert_eq!(stage.expect(steps).fills(&eth(), START - 1000), Ok(Vec::new()));
    stage.done();
}

#[test]
fn of_executions_at_the_same_time_those_that_open_come_first() {
    let mut stage = Stage::new(false);
    let at = "2023-11-14T22:13:20Z";
    let rows =
        json!({"fill_orders": [fill(2, "0.5", "-0.6", at), fill(1, "0.5", "-0.6", at), fill(3, "0.1", "0", "2023-11-14T22:13:19Z")]});
    let close = |number: u64| ok(FIND, one(row("", "SELL", "MARKET", json!({"orderId": number, "reduceOnly": true}))));
    let open = ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": 1}))));
    let fills = stage.expect([ok(FILLS, rows), close(2), open, close(3)]).fills(&eth(), START - 60_000).unwrap();
    assert_eq!(fills.iter().map(|fill| (fill.buy, fill.qty)).collect::<Vec<_>>(), [(false, d("0.1")), (true, d("0.5")), (false, d("0.5"))]);
    stage.done();
}

#[test]
fn in_play_money_a_fee_in_either_coin_is_one_of_ours() {
    for (coin, demo, elsewhere) in
        [("USDT", false, false), ("VST", false, true), ("VST", true, false), ("USDT", true, false), ("BNB", true, true)]
    {
        let mut stage = Stage::of(|line| BingX::new(Line { keys: Keys { demo, ..line.keys }, ..line }));
        let mut paid = fill(1, "0.5", "-0.6", "2023-11-14T22:13:20Z");
        paid["currency"] = json!(coin);
        let order = ok(FIND, one(row("", "BUY", "LIMIT", json!({"orderId": 1}))));
        let fills = stage.expect([ok(FILLS, json!({"fill_orders": [paid]})), order]).fills(&eth(), START - 60_000).unwrap();
        let fee = if elsewhere { Decimal::ZERO } else { d("0.6") };
        assert_eq!((fills[0].fee, fills[0].fee_elsewhere), (fee, elsewhere), "{coin} {demo}");
    }
}

#[test]
fn a_long_time_is_asked_about_in_spans_that_do_not_overlap() {
    let mut stage = Stage::new(true);
    let week = 7 * 24 * 3600 * 1000;
    let from = START - 2 * week - 5;
    let none = || ok(FILLS, json!({"fill_orders": null}));
    let short = ok(FIND, one(row("", "SELL", "MARKET", json!({"orderId": 1, "positionSide": "SHORT", "onlyOnePosition": false}))));
    let last = ok(FILLS, json!({"fill_orders": [fill(1, "1", "0", "2023-11-14T22:13:20Z")]}));
    let fills = stage.expect([none(), none(), last, short]).fills(&eth(), from).unwrap();
    assert_eq!((fills[0].side, fills[0].buy), (Some(Side::Short), false));
    let spans: Vec<_> = (0..3).map(|at| (stage.asked(at, "startTs").unwrap(), stage.asked(at, "endTs").unwrap())).collect();
    let wanted = [(from, from + week - 1), (from + week, from + 2 * week - 1), (from + 2 * week, START)];
    assert_eq!(spans, wanted.map(|(from, to)| (from.to_string(), to.to_string())));
    stage.done();
    // As far back as that only the first are counted.
    let ages = (0..orders::FILLS_SPANS_MAX).map(|_| none());
    assert_eq!(stage.expect(ages).fills(&eth(), START - 20 * week), Ok(Vec::new()));
    let torn = ok(FILLS, json!({"fill_orders": [fill(1, "1", "0", "yesterday")]}));
    let order = ok(FIND, one(row("", "SELL", "MARKET", json!({"orderId": 1}))));
    assert!(is_unknown(&stage.expect([torn, order]).fills(&eth(), START - 1000)));
    stage.done();
}
