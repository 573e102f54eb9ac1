//! Orders, stops and targets are sent, and cancelled.

use super::*;

/// The orders of a batch that was sent as number `at`.
fn batched(stage: &Stage, at: usize) -> Value {
    let form = stage.asked(at, "json").unwrap();
    let mut bytes = Vec::new();
    let mut rest = form.as_bytes();
    while let [first, tail @ ..] = rest {
        let encoded = *first == b'%';
        bytes.push(if encoded { u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap() } else { *first });
        rest = if encoded { &tail[2..] } else { tail };
    }
    serde_json::from_slice::<Value>(&bytes).unwrap()["batchOrder"].clone()
}

#[test]
fn a_market_order_is_answered_with_its_executions() {
    let mut stage = stage();
    let events = json!([executed(Leg::Entry, "0.2", "1903.2"), executed(Leg::Entry, "0.3", "1903.7")]);
    let kraken = stage.expect([sent(Leg::Entry, "placed", events)]);
    let state = kraken.place(&[market(Side::Long, Action::Open)]).remove(0).unwrap();
    assert_eq!((state.status, state.filled, state.avg_price), (OrderStatus::Filled, d("0.5"), d("1903.5")));
    assert_eq!((state.created_at, state.price, state.opens, state.side), (START, Decimal::ZERO, true, Side::Long));
    for (name, value) in [
        ("orderType", Some("mkt")),
        ("symbol", Some("PF_ETHUSD")),
        ("side", Some("buy")),
        ("size", Some("0.5")),
        ("reduceOnly", None),
        ("limitPrice", None),
        ("cliOrdId", Some(id(Leg::Entry).as_str())),
        ("processBefore", Some("2023-11-14T22%3A13%3A25.000Z")),
    ] {
        assert_eq!(stage.asked(0, name).as_deref(), value, "{name}");
    }
    assert_eq!((stage.header(0, "Content-Type").as_deref(), stage.query(0)), (Some("application/x-www-form-urlencoded"), String::new()));
    assert_eq!(stage.header(0, "Nonce"), None);
    stage.done();
}

#[test]
fn what_is_not_all_in_the_answer_must_be_asked_for() {
    for (events, filled) in [(json!([]), "0"), (json!(null), "0"), (json!([executed(Leg::Entry, "0.2", "1903.2")]), "0.2")] {
        let state = stage().expect([sent(Leg::Entry, "placed", events)]).place(&[market(Side::Short, Action::Close)]).remove(0).unwrap();
        assert_eq!((state.status, state.filled, state.opens), (OrderStatus::Taken, d(filled), false));
    }
    // A limit order rests when it was placed; what of it was executed comes along.
    for (events, status, filled) in [
        (json!([placed(Leg::Entry)]), OrderStatus::Resting, "0"),
        (json!([executed(Leg::Entry, "0.1", "1800"), placed(Leg::Entry)]), OrderStatus::Resting, "0.1"),
        (json!([executed(Leg::Entry, "0.5", "1800")]), OrderStatus::Filled, "0.5"),
        (json!([executed(Leg::Entry, "0.1", "1800")]), OrderStatus::Taken, "0.1"),
        (json!([placed(Leg::Entry), {"type": "CANCEL", "uid": "179f"}]), OrderStatus::Taken, "0"),
    ] {
        let state = stage().expect([sent(Leg::Entry, "placed", events)]).place(&[limit(Leg::Entry, "1800.50")]).remove(0).unwrap();
        assert_eq!((state.status, state.filled, state.price), (status, d(filled), d("1800.5")));
    }
}

#[test]
fn a_success_of_the_call_is_none_of_the_order() {
    let place = |status: &str, events: Value| {
        stage().expect([sent(Leg::Entry, status, events)]).place(&[market(Side::Long, Action::Open)]).remove(0)
    };
    assert_eq!(reason(place("insufficientAvailableFunds", json!([]))), Some(Reason::InsufficientBalance));
    assert_eq!(reason(place("wouldCauseLiquidation", json!([]))), Some(Reason::InsufficientBalance));
    assert_eq!(reason(place("clientOrderIdAlreadyExist", json!([]))), Some(Reason::DuplicateClientId));
    assert_eq!(reason(place("somethingNew", json!([]))), Some(Reason::Other));
    let nobody = place("iocWouldNotExecute", json!([{"type": "REJECT", "reason": "IOC_WOULD_NOT_EXECUTE"}])).unwrap();
    assert_eq!((nobody.status, nobody.filled), (OrderStatus::Canceled, Decimal::ZERO));
    for (status, events) in [
        ("unknown", json!([])),
        ("", json!([])),
        // Refused, and placed all the same.
        ("iocWouldNotExecute", json!([executed(Leg::Entry, "0.1", "1900")])),
        ("somethingNew", json!([placed(Leg::Entry)])),
        ("placed", json!([{"type": "EXECUTION", "price": 1900}])),
        ("placed", json!([executed(Leg::Entry, "0", "1900")])),
        ("placed", json!([placed(Leg::Second)])),
    ] {
        assert!(is_unknown(&place(status, events.clone())), "{status} {events}");
    }
    let nameless = ok(SEND, "sendStatus", json!({"status": "placed", "cliOrdId": null, "orderEvents": []}));
    assert!(is_unknown(&stage().expect([nameless]).place(&[market(Side::Long, Action::Open)]).remove(0)));
    let nothing = done(SEND);
    assert!(is_unknown(&stage().expect([nothing]).place(&[market(Side::Long, Action::Open)]).remove(0)));
}

#[test]
fn an_order_that_came_late_is_refused_and_sets_the_clock() {
    let mut stage = stage();
    let steps = [sent(Leg::Entry, "wouldProcessAfterSpecifiedTime", json!([])), time("2023-11-14T22:13:27.000Z")];
    let result = stage.expect(steps).place(&[market(Side::Long, Action::Open)]).remove(0);
    assert_eq!(reason(result), Some(Reason::ClockSkew));
    let kraken = stage.expect([sent(Leg::Entry, "placed", json!([placed(Leg::Entry)]))]);
    let state = kraken.place(&[limit(Leg::Entry, "1800.5")]).remove(0).unwrap();
    assert_eq!(state.created_at, START - 7000, "in our clock, which is behind");
    assert_eq!(stage.asked(0, "processBefore").as_deref(), Some("2023-11-14T22%3A13%3A32.000Z"));
}

#[test]
fn a_batch_is_matched_by_tag_and_market_orders_go_singly() {
    let mut stage = stage();
    let orders = [limit(Leg::Entry, "1800.50"), limit(Leg::Second, "0.0000012345"), limit(Leg::Close, "1780")];
    let tagged = |leg, tag: Value, status: &str, events: Value| with(ack(leg, status, events), json!({"order_tag": tag}));
    let refused = json!({"status": "insufficientAvailableFunds", "order_tag": "1", "orderEvents": []});
    let answers = json!([refused, tagged(Leg::Entry, json!(0), "placed", json!([placed(Leg::Entry)]))]);
    let results = stage.expect([ok(BATCH, "batchStatus", answers)]).place(&orders);
    assert_eq!(results[0].as_ref().map(|state| (state.status, state.id.clone())), Ok((OrderStatus::Resting, id(Leg::Entry).to_string())));
    assert_eq!(results[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
    assert!(is_unknown(&results[2]), "not answered: {:?}", results[2]);
    let list = batched(&stage, 0);
    assert_eq!(
        list[1],
        json!({"order": "send", "order_tag": "1", "orderType": "lmt", "symbol": "PF_ETHUSD", "side": "buy", "size": "0.5",
            "limitPrice": "0.0000012345", "cliOrdId": id(Leg::Second).as_str()})
    );
    assert_eq!((list.as_array().unwrap().len(), stage.asked(0, "processBefore").is_some()), (3, true));

    // Two answers with each other's tags.
    let answers = json!([
        tagged(Leg::Second, json!("0"), "placed", json!([placed(Leg::Second)])),
        tagged(Leg::Entry, json!("1"), "placed", json!([placed(Leg::Entry)])),
    ]);
    let results = stage.expect([ok(BATCH, "batchStatus", answers)]).place(&orders[..2]);
    assert!(results.iter().all(is_unknown), "{results:?}");

    let results = stage.expect([broken(BATCH, true)]).place(&orders[..2]);
    assert!(results.len() == 2 && results.iter().all(is_unknown));

    let many: Vec<NewOrder> = (0..12).map(|_| limit(Leg::Entry, "1800")).collect();
    assert_eq!(stage.expect([no(BATCH, "apiLimitExceeded"), no(BATCH, "apiLimitExceeded")]).place(&many).len(), 12);
    assert_eq!([0, 1].map(|at| batched(&stage, at).as_array().unwrap().len()), [10, 2]);

    let orders = [market(Side::Long, Action::Open), limit(Leg::Second, "1790")];
    let steps = [
        sent(Leg::Entry, "placed", json!([executed(Leg::Entry, "0.5", "1900")])),
        sent(Leg::Second, "placed", json!([placed(Leg::Second)])),
    ];
    assert!(stage.expect(steps).place(&orders).iter().all(Result::is_ok));
    stage.done();
}

#[test]
fn guards_carry_a_quantity_and_only_reduce() {
    let trigger = |leg, kind: ProtectionKind| {
        let side = if kind == ProtectionKind::StopLoss { "trigger_below" } else { "trigger_above" };
        json!([{"type": "PLACE", "orderTrigger": {"uid": "179f", "clientId": id(leg).as_str(), "type": "ioc", "triggerSide": side}}])
    };
    for (kind, leg, order_type) in [(ProtectionKind::StopLoss, Leg::Stop, "stp"), (ProtectionKind::TakeProfit, Leg::Target, "take_profit")]
    {
        let mut stage = stage();
        let kraken = stage.expect([sent(leg, "placed", trigger(leg, kind))]);
        let state = kraken.protect(&guard(kind, "1700.0")).unwrap();
        assert_eq!((state.status, state.conditional, state.guards), (OrderStatus::Resting, true, Some(kind)));
        assert_eq!((state.qty, state.price, state.opens), (d("0.5"), d("1700"), false));
        for (name, value) in [
            ("orderType", order_type),
            ("side", "sell"),
            ("size", "0.5"),
            ("stopPrice", "1700"),
            ("triggerSignal", "mark"),
            ("reduceOnly", "true"),
            ("cliOrdId", id(leg).as_str()),
        ] {
            assert_eq!(stage.asked(0, name).as_deref(), Some(value), "{name}");
        }
        assert_eq!(stage.asked(0, "limitPrice"), None);
    }
    let protect =
        |status: &str, events: Value| stage().expect([sent(Leg::Stop, status, events)]).protect(&guard(ProtectionKind::StopLoss, "1700"));
    // The trigger's price is passed: refused so, or fired at once.
    assert_eq!(reason(protect("invalidPrice", json!([]))), Some(Reason::WouldTrigger));
    let fired = protect("placed", json!([executed(Leg::Stop, "0.5", "1690")])).unwrap();
    assert_eq!((fired.status, fired.filled), (OrderStatus::Filled, d("0.5")));
    assert_eq!(reason(protect("wouldNotReducePosition", json!([]))), Some(Reason::NoPosition));
}

#[test]
fn a_cancel_says_how_it_went_in_its_status() {
    let cancel =
        |status: &str| stage().expect([ok(CANCEL, "cancelStatus", json!({"status": status, "orderEvents": []}))]).cancel(&entry_ref());
    assert_eq!(cancel("cancelled"), Ok(()));
    assert_eq!(reason(cancel("notFound")), Some(Reason::UnknownOrder));
    assert_eq!(reason(cancel("filled")), Some(Reason::UnknownOrder));
    assert_eq!(reason(cancel("somethingNew")), Some(Reason::Other));
    assert!(is_unknown(&cancel("unknown")));
    let mut stage = stage();
    let _ = stage.expect([broken(CANCEL, true)]).cancel(&stop_ref());
    assert_eq!(stage.asked(0, "cliOrdId").as_deref(), Some(id(Leg::Stop).as_str()));
    assert!(stage.asked(0, "processBefore").is_some());
}

#[test]
fn cancelling_all_takes_guards_along_or_picks_the_plain_ones() {
    let mut stage = stage();
    for status in ["cancelled", "noOrdersToCancel"] {
        stage.expect([ok(CANCEL_ALL, "cancelStatus", json!({"status": status}))]).cancel_all(&eth(), true).unwrap();
        assert_eq!(stage.asked(0, "symbol").as_deref(), Some("PF_ETHUSD"));
    }
    let rows = json!([
        open_row(Leg::Entry, "1", "lmt"),
        open_row(Leg::Stop, "2", "stop"),
        open_row(Leg::Target, "3", "take_profit"),
        with(open_row(Leg::Second, "4", "lmt"), json!({"symbol": "PF_XBTUSD"})),
        open_row(Leg::Second, "5", "lmt"),
    ]);
    let answers = |second: &str| json!([{"status": second, "order_id": "5"}, {"status": "cancelled", "order_id": "1"}]);
    let cancel = |stage: &mut Stage, second: &str| {
        stage.expect([ok(OPEN, "openOrders", rows.clone()), ok(BATCH, "batchStatus", answers(second))]).cancel_all(&eth(), false)
    };
    assert_eq!(cancel(&mut stage, "notFound"), Ok(()));
    assert_eq!(batched(&stage, 1), json!([{"order": "cancel", "order_id": "1"}, {"order": "cancel", "order_id": "5"}]));
    assert_eq!(reason(cancel(&mut stage, "marketSuspended")), Some(Reason::Maintenance));
    let short = [ok(OPEN, "openOrders", rows.clone()), ok(BATCH, "batchStatus", json!([{"status": "cancelled", "order_id": "1"}]))];
    assert!(is_unknown(&stage.expect(short).cancel_all(&eth(), false)));
    stage.expect([ok(OPEN, "openOrders", json!([open_row(Leg::Stop, "2", "stp")]))]).cancel_all(&eth(), false).unwrap();
    stage.done();
}
