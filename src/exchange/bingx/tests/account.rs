//! Mode, settings, positions and money.

use super::*;

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
