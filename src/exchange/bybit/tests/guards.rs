//! Stops and targets: attributes of a position, told apart by their price.

use super::*;

const SET: &str = "POST /v5/position/trading-stop";

fn guard(kind: ProtectionKind, price: &str) -> Guarded {
    Guarded { side: Side::Long, kind, trigger_price: d(price) }
}

fn stop_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Stop), guard: Some(guard(ProtectionKind::StopLoss, "1800")) }
}

fn target_ref() -> OrderRef {
    OrderRef { guard: Some(guard(ProtectionKind::TakeProfit, "2200")), ..stop_ref() }
}

fn protection(kind: ProtectionKind, side: Side) -> Protection {
    Protection { id: id(Leg::Stop), symbol: eth(), side, kind, trigger_price: d("1800.00"), qty: d("1.5"), by: TriggerBy::Last }
}

fn unchanged() -> Step {
    no(SET, 34040, "not modified")
}

#[test]
fn one_leg_is_set_and_the_other_left_alone() {
    let mut stage = Stage::knowing(false);
    let state = stage.expect([ok(SET, json!({}))]).protect(&protection(ProtectionKind::StopLoss, Side::Long)).unwrap();
    assert!(state.is(&stop_ref()) && state.status == OrderStatus::Resting && !state.opens, "{state:?}");
    assert_eq!((state.created_at, state.qty), (START, Decimal::ZERO));
    let sent = json!({"category": "linear", "symbol": "ETHUSDT", "tpslMode": "Full", "positionIdx": 0, "stopLoss": "1800",
        "slTriggerBy": "LastPrice", "slOrderType": "Market"});
    assert_eq!(stage.body(0), sent);

    let mut stage = Stage::new();
    let steps = [list(LIST, both_flat()), ok(SET, json!({}))];
    let state = stage.expect(steps).protect(&protection(ProtectionKind::TakeProfit, Side::Short)).unwrap();
    assert_eq!((state.guards, state.side), (Some(ProtectionKind::TakeProfit), Side::Short));
    let sent = json!({"category": "linear", "symbol": "ETHUSDT", "tpslMode": "Full", "positionIdx": 2, "takeProfit": "1800",
        "tpTriggerBy": "LastPrice", "tpOrderType": "Market"});
    assert_eq!(stage.body(1), sent);
    stage.done();
}

#[test]
fn not_modified_is_believed_only_when_the_position_has_it() {
    let mut stage = Stage::knowing(false);
    let stop = protection(ProtectionKind::StopLoss, Side::Long);
    let state = stage.expect([unchanged(), list(LIST, long("1800.00", ""))]).protect(&stop).unwrap();
    assert_eq!(state.status, OrderStatus::Resting);
    for (rows, why) in [(long("1700", "1800"), Reason::Other), (long("", ""), Reason::Other), (flat(), Reason::NoPosition)] {
        let refused = stage.expect([unchanged(), list(LIST, rows)]).protect(&stop);
        assert_eq!(reason(refused), Some(why));
    }
    assert!(is_unknown(&stage.expect([unchanged(), broken(LIST, true)]).protect(&stop)));
    stage.done();
}

#[test]
fn refusals_and_open_outcomes_of_a_stop_keep_their_class() {
    let mut stage = Stage::knowing(false);
    let stop = protection(ProtectionKind::StopLoss, Side::Long);
    for (msg, why) in [
        ("can not set tp/sl/ts for zero position", Reason::NoPosition),
        ("StopLoss:215000000 set for Buy position should lower than base_price:214100000??LastPrice", Reason::WouldTrigger),
    ] {
        assert_eq!(reason(stage.expect([no(SET, 10001, msg)]).protect(&stop)), Some(why));
    }
    assert!(is_unknown(&stage.expect([broken(SET, true)]).protect(&stop)));
    let refused = stage.expect([no(SET, 10001, "position idx not match position mode")]).protect(&stop);
    assert_eq!(reason(refused), Some(Reason::PositionMode));
    stage.expect([list(LIST, both_flat()), ok(SET, json!({}))]).protect(&stop).unwrap();
    assert_eq!(stage.body(1)["positionIdx"], 1);
    assert!(matches!(Stage::new().expect([broken(LIST, true)]).protect(&stop), Err(ExchangeError::NeverSent(_))));
    stage.done();
}

#[test]
fn the_position_tells_what_became_of_a_stop() {
    use OrderStatus::*;
    let short = || json!([position(0, "Sell", "1.5", "1800", "")]);
    let halves = |stop: &str| json!([position(1, "Buy", "1.5", stop, ""), position(2, "Sell", "1", "1800", "2200")]);
    let cases = [
        (stop_ref(), long("1800.00", ""), Some(Resting)),
        (stop_ref(), long("1799", ""), Some(Canceled)),
        (stop_ref(), long("", "1800"), Some(Canceled)),
        (stop_ref(), flat(), Some(Expired)),
        (stop_ref(), short(), Some(Expired)),
        (stop_ref(), halves("1800"), Some(Resting)),
        (stop_ref(), halves("0.00"), Some(Canceled)),
        (target_ref(), long("1800", "2200.00"), Some(Resting)),
        (target_ref(), halves("2200"), Some(Canceled)),
        (target_ref(), both_flat(), Some(Expired)),
        (stop_ref(), json!([]), None),
    ];
    for (at, (order, rows, status)) in cases.into_iter().enumerate() {
        let mut stage = Stage::new();
        let state = stage.expect([list(LIST, rows)]).order(&order).unwrap();
        assert_eq!(state.as_ref().map(|state| state.status), status, "case {at}");
        assert!(state.is_none_or(|state| state.is(&order)), "case {at}");
        stage.done();
    }
    assert!(is_unknown(&Stage::new().expect([broken(LIST, true)]).order(&stop_ref())));
}

#[test]
fn only_a_stop_at_our_price_is_removed() {
    let mut stage = Stage::new();
    let rows = json!([position(1, "Buy", "1", "1800", "2200"), position(2, "", "0", "", "")]);
    stage.expect([list(LIST, rows), ok(SET, json!({}))]).cancel(&stop_ref()).unwrap();
    assert_eq!(stage.body(1), json!({"category": "linear", "symbol": "ETHUSDT", "tpslMode": "Full", "positionIdx": 1, "stopLoss": "0"}));
    stage.expect([list(LIST, long("1800", "2200")), ok(SET, json!({}))]).cancel(&target_ref()).unwrap();
    assert_eq!((&stage.body(1)["takeProfit"], stage.body(1).get("stopLoss")), (&json!("0"), None));

    // Another's, or none any more.
    for rows in [long("1801", ""), long("", "1800"), flat(), json!([])] {
        assert_eq!(reason(stage.expect([list(LIST, rows)]).cancel(&stop_ref())), Some(Reason::UnknownOrder));
    }
    for gone in [unchanged(), no(SET, 10001, "can not set tp/sl/ts for zero position")] {
        assert_eq!(reason(stage.expect([list(LIST, long("1800", "")), gone]).cancel(&stop_ref())), Some(Reason::UnknownOrder));
    }
    assert!(matches!(stage.expect([broken(LIST, true)]).cancel(&stop_ref()), Err(ExchangeError::NeverSent(_))));
    assert!(is_unknown(&stage.expect([list(LIST, long("1800", "")), broken(SET, true)]).cancel(&stop_ref())));
    stage.done();
}

#[test]
fn what_two_lists_show_is_counted_once() {
    let mut stage = Stage::new();
    let attribute = |kind: &str, status: &str, price: &str| {
        let shape = json!({"orderLinkId": "", "stopOrderType": kind, "triggerPrice": price, "side": "Sell", "reduceOnly": true, "closeOnTrigger": true});
        with(row(Leg::Entry, status, "0"), shape)
    };
    let own = |name: &str, direction: i64, reduces: bool| {
        let shape = json!({"orderLinkId": name, "orderStatus": "Untriggered", "stopOrderType": "Stop", "triggerPrice": "1700", "side": "Sell",
            "triggerDirection": direction, "reduceOnly": reduces});
        with(row(Leg::Entry, "", "0"), shape)
    };
    let orders = json!([
        row(Leg::Entry, "PartiallyFilled", "0.2"),
        attribute("StopLoss", "Untriggered", "1800"),
        attribute("TakeProfit", "Untriggered", "2200"),
        attribute("PartialStopLoss", "Untriggered", "1750"),
        attribute("StopLoss", "New", "1850"),
        own("hand-made", 2, true),
        own("hand-made-2", 1, true),
        own("opens", 2, false),
        row(Leg::Second, "Filled", "0.5"),
    ]);
    let found = stage.expect([list(REALTIME, orders), list(LIST, long("1800.00", "2200"))]).open_orders(&eth()).unwrap();
    use OrderStatus::{Resting, Triggered};
    use ProtectionKind::{StopLoss, TakeProfit};
    let seen: Vec<_> = found.iter().map(|o| (o.id.as_str(), o.guards, o.status, o.price.to_string(), o.opens)).collect();
    let price = |text: &str| text.to_owned();
    assert_eq!(
        seen,
        [
            (id(Leg::Entry).as_str(), None, Resting, price("1900.00"), true),
            ("", Some(StopLoss), Resting, price("1750"), false),
            ("", Some(StopLoss), Triggered, price("1850"), false),
            ("hand-made", Some(StopLoss), Resting, price("1700"), false),
            ("hand-made-2", Some(TakeProfit), Resting, price("1700"), false),
            ("opens", None, Resting, price("1700"), true),
            ("", Some(StopLoss), Resting, price("1800.00"), false),
            ("", Some(TakeProfit), Resting, price("2200"), false),
        ]
    );
    assert!(found.iter().all(|order| order.conditional != order.is(&entry_ref())));
    assert_eq!(found.iter().filter(|order| order.is(&stop_ref())).count(), 1);
    assert_eq!(found.iter().filter(|order| order.is(&target_ref())).count(), 1);
    // Without a position, what its row still says guards nothing.
    let rows = json!([position(0, "", "0", "1800", "")]);
    assert_eq!(stage.expect([list(REALTIME, json!([])), list(LIST, rows)]).open_orders(&eth()), Ok(Vec::new()));
    stage.done();
}
