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

/// Each of them says itself when it dies; what a batch calls that is not sure.
#[test]
fn orders_go_singly_and_each_has_its_expiry() {
    let mut stage = stage();
    let orders = [market(Side::Long, Action::Open), limit(Leg::Second, "0.0000012345"), limit(Leg::Close, "1780")];
    let steps = [
        sent(Leg::Entry, "placed", json!([executed(Leg::Entry, "0.5", "1900")])),
        broken(SEND, true),
        sent(Leg::Close, "insufficientAvailableFunds", json!([])),
    ];
    let results = stage.expect(steps).place(&orders);
    assert_eq!(results[0].as_ref().map(|state| (state.status, state.id.clone())), Ok((OrderStatus::Filled, id(Leg::Entry).to_string())));
    assert!(is_unknown(&results[1]));
    assert_eq!(results[2].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
    for (at, leg) in [Leg::Entry, Leg::Second, Leg::Close].into_iter().enumerate() {
        assert_eq!(stage.asked(at, "cliOrdId").as_deref(), Some(id(leg).as_str()));
        assert!(stage.asked(at, "processBefore").is_some());
    }
    assert_eq!(stage.asked(1, "limitPrice").as_deref(), Some("0.0000012345"));
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
    let fired = protect("placed", json!([executed(Leg::Stop, "0.5", "1690")])).unwrap();
    assert_eq!((fired.status, fired.filled), (OrderStatus::Filled, d("0.5")));
    assert_eq!(reason(protect("wouldNotReducePosition", json!([]))), Some(Reason::NoPosition));
}

/// The exchange has one word for a price on the wrong side and for one off the tick: closing at market hangs on which.
#[test]
fn a_price_that_is_refused_is_passed_only_if_the_watched_price_says_so() {
    use ProtectionKind::{StopLoss, TakeProfit};
    use TriggerBy::{Last, Mark};
    let ticker = |mark: Value, last: Value| ok(TIME, "ticker", json!({"symbol": "PF_ETHUSD", "markPrice": mark, "last": last}));
    let (passed, not) = (Some(Reason::WouldTrigger), Some(Reason::PriceBand));
    for (side, kind, by, mark, last, expected) in [
        (Side::Long, StopLoss, Mark, json!(1699.5), json!(1800), passed),
        (Side::Long, StopLoss, Mark, json!(1700), json!(1800), passed),
        (Side::Long, StopLoss, Mark, json!(1700.00001), json!(1600), not),
        (Side::Long, StopLoss, Last, json!(1800), json!(1699), passed),
        (Side::Long, StopLoss, Last, json!(1600), json!(1701), not),
        (Side::Long, TakeProfit, Mark, json!(1701), json!(1), passed),
        (Side::Long, TakeProfit, Mark, json!(1699), json!(1), not),
        (Side::Short, StopLoss, Mark, json!(1701), json!(1), passed),
        (Side::Short, StopLoss, Mark, json!(1699), json!(1), not),
        (Side::Short, TakeProfit, Mark, json!(1699), json!(1), passed),
        // Nobody says where the price is.
        (Side::Long, StopLoss, Last, json!(1600), json!(null), not),
        (Side::Long, StopLoss, Mark, json!(null), json!(1600), not),
    ] {
        let protection = Protection { side, by, ..guard(kind, "1700") };
        let leg = if kind == StopLoss { Leg::Stop } else { Leg::Target };
        for refusal in [sent(leg, "invalidPrice", json!([])), no(SEND, "invalidPrice: stopPrice")] {
            let mut stage = stage();
            let result = stage.expect([refusal, ticker(mark.clone(), last.clone())]).protect(&protection);
            assert_eq!(reason(result), expected, "{side:?} {kind:?} {by:?} {mark} {last}");
            stage.done();
        }
    }
    // A price that cannot be read is none that is passed.
    for unreadable in [raw(TIME, 502, "<html>"), broken(TIME, true), done(TIME)] {
        let mut stage = stage();
        let result = stage.expect([sent(Leg::Stop, "invalidPrice", json!([])), unreadable]).protect(&guard(StopLoss, "1700"));
        assert_eq!(reason(result), not);
        stage.done();
    }
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
    // Too late: no element names an order, and the clock is set for the next try.
    let late = json!([{"status": "wouldProcessAfterSpecifiedTime"}, {"status": "wouldProcessAfterSpecifiedTime"}]);
    let steps = [ok(OPEN, "openOrders", rows.clone()), ok(BATCH, "batchStatus", late), time(NOW)];
    assert_eq!(reason(stage.expect(steps).cancel_all(&eth(), false)), Some(Reason::ClockSkew));
    stage.expect([ok(OPEN, "openOrders", json!([open_row(Leg::Stop, "2", "stp")]))]).cancel_all(&eth(), false).unwrap();
    stage.done();
}
