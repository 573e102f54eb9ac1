//! Margin modes in orders, guards, and how orders are found, listed and cancelled.

use super::*;

fn modes(stage: &Stage, at: usize) -> Value {
    stage.body(at)["tdMode"].clone()
}

#[test]
fn what_closes_or_guards_a_position_names_its_margin_mode() {
    let mut stage = Stage::new(false);
    stage.exchange.known.set(&eth(), Terms { leverage: None, margin_mode: Some(MarginMode::Cross) });
    let closed = || ok(PLACE, json!([ack(Leg::Close)]));
    // Not known: read first, once.
    stage.expect([ok(POSITIONS, json!([position("isolated", "5")])), closed()]).place(&[close()]).remove(0).unwrap();
    assert_eq!((modes(&stage, 1), stage.body(1)["reduceOnly"].clone()), (json!("isolated"), json!(true)));
    stage.expect([closed()]).place(&[close()]).remove(0).unwrap();
    stage.expect([ok(GUARD, json!([guard_ack(Leg::Stop)]))]).protect(&protection(ProtectionKind::StopLoss)).unwrap();
    assert_eq!(modes(&stage, 0), json!("isolated"));
    // Refused as if there were none, or lost: asked again.
    let none = in_part(PLACE, "1", json!([refused(51169, "no positions in this direction")]));
    assert_eq!(reason(stage.expect([none]).place(&[close()]).remove(0)), Some(Reason::NoPosition));
    stage.expect([ok(POSITIONS, json!([position("cross", "5")])), closed()]).place(&[close()]).remove(0).unwrap();
    assert_eq!(modes(&stage, 1), json!("cross"));
    assert!(stage.expect([broken(PLACE, true)]).place(&[close()]).remove(0).is_err());
    // A question that fails is not the order's failure: that one never left.
    let lost = stage.expect([broken(POSITIONS, true)]).place(&[close()]).remove(0);
    assert_eq!(lost, Err(ExchangeError::NeverSent("cable cut".to_owned())));
    let busy = stage.expect([no(POSITIONS, 50013, "Systems are busy")]).place(&[close()]).remove(0);
    assert_eq!(reason(busy), Some(Reason::Busy));
    // Flat or on the other side: what was wished for last is as good as any.
    let other_side = ok(POSITIONS, json!([position("isolated", "-5")]));
    stage.expect([other_side, closed()]).place(&[close()]).remove(0).unwrap();
    assert_eq!(modes(&stage, 1), json!("cross"));
    // Both modes hold one: that of our orders.
    stage.expect([ok(POSITIONS, json!([position("isolated", "5"), position("cross", "7")]))]).positions(Some(&eth())).unwrap();
    stage.expect([closed()]).place(&[close()]).remove(0).unwrap();
    assert_eq!(modes(&stage, 0), json!("cross"));
    stage.done();
}

#[test]
fn an_order_that_opens_takes_the_mode_that_was_wished_for_and_its_stop_follows() {
    let mut stage = Stage::new(false);
    let isolated = Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) };
    stage.expect([]).prepare(&eth(), &isolated).unwrap();
    stage.expect([ok(PLACE, json!([ack(Leg::Entry)]))]).place(&[limit(Leg::Entry, "1900")]).remove(0).unwrap();
    assert_eq!((modes(&stage, 0), stage.body(0).get("reduceOnly")), (json!("isolated"), None));
    // Its stop is placed without a question.
    stage.expect([ok(GUARD, json!([guard_ack(Leg::Stop)]))]).protect(&protection(ProtectionKind::StopLoss)).unwrap();
    assert_eq!(modes(&stage, 0), json!("isolated"));

    // Never wished: that of a position, else cross.
    for (rows, mode) in
        [(json!([position("isolated", "5")]), "isolated"), (json!([]), "cross"), (json!([position("isolated", "0")]), "cross")]
    {
        let mut stage = Stage::new(false);
        let steps = [ok(POSITIONS, rows), ok(PLACE, json!([ack(Leg::Entry)]))];
        stage.expect(steps).place(&[limit(Leg::Entry, "1900")]).remove(0).unwrap();
        assert_eq!(modes(&stage, 1), json!(mode));
        stage.expect([ok(PLACE, json!([ack(Leg::Second)]))]).place(&[limit(Leg::Second, "1900")]).remove(0).unwrap();
        assert_eq!(modes(&stage, 0), json!(mode));
        stage.done();
    }

    // The exchange may refuse isolated margin, and says so.
    let no_more = in_part(PLACE, "1", json!([refused(50072, "Isolated margin mode is no longer supported")]));
    let placed = stage.expect([no_more]).place(&[limit(Leg::Entry, "1900")]).remove(0);
    let words = placed.unwrap_err().to_string();
    assert!(words.contains("Isolated margin mode is no longer supported: use cross margin"), "{words}");
    stage.done();
}

#[test]
fn a_stop_is_for_the_whole_position_and_a_target_for_a_quantity() {
    for hedge in [false, true] {
        let mut stage = Stage::new(hedge);
        stage.exchange.held.opened(&eth(), Side::Long, MarginMode::Cross);
        let stop = stage.expect([ok(GUARD, json!([guard_ack(Leg::Stop)]))]).protect(&protection(ProtectionKind::StopLoss)).unwrap();
        let mut wanted = json!({"instId": "ETH-USDT-SWAP", "tdMode": "cross", "side": "sell", "ordType": "conditional", "closeFraction": "1", "slTriggerPx": "1800",
            "slOrdPx": "-1", "slTriggerPxType": "mark", "algoClOrdId": id(Leg::Stop).as_str()});
        let mode = if hedge { json!({"posSide": "long"}) } else { json!({"reduceOnly": true, "cxlOnClosePos": true}) };
        wanted.as_object_mut().unwrap().extend(mode.as_object().unwrap().clone());
        assert_eq!(stage.body(0), wanted);
        assert_eq!(stage.header(0, "expTime"), None);
        assert!(stop.is(&named(Leg::Stop)) && stop.status == OrderStatus::Taken && !stop.opens && stop.qty.is_zero());

        let target = Protection { by: TriggerBy::Last, ..protection(ProtectionKind::TakeProfit) };
        let target = stage.expect([ok(GUARD, json!([guard_ack(Leg::Target)]))]).protect(&target).unwrap();
        let body = stage.body(0);
        assert_eq!((&body["sz"], &body["tpTriggerPx"], &body["tpTriggerPxType"]), (&json!("5"), &json!("1800"), &json!("last")));
        assert!(body.get("closeFraction").is_none() && target.qty == d("0.5") && target.guards == Some(ProtectionKind::TakeProfit));

        let second = in_part(GUARD, "1", json!([refused(51088, "You can only place 1 TP/SL order to close an entire position")]));
        assert_eq!(reason(stage.expect([second]).protect(&protection(ProtectionKind::StopLoss))), Some(Reason::AlreadyProtected));
        let named_otherwise = stage.expect([ok(GUARD, json!([guard_ack(Leg::Target)]))]).protect(&protection(ProtectionKind::StopLoss));
        assert!(is_unknown(&named_otherwise, START + 32_000));
        stage.done();
    }
}

fn algo(state: &str, children: Value) -> Value {
    json!({"instId": "ETH-USDT-SWAP", "algoId": "9", "algoClOrdId": id(Leg::Stop).as_str(), "ordType": "conditional", "side": "sell", "posSide": "net", "state": state,
        "sz": "", "closeFraction": "1", "slTriggerPx": "1800", "tpTriggerPx": "", "triggerPx": "", "reduceOnly": "true", "ordIdList": children, "cTime": "1699999990000"})
}

#[test]
fn a_guard_is_followed_to_what_it_became() {
    use OrderStatus::*;
    let guard = |state: &str, children: Value| ok(FIND_GUARD, json!([algo(state, children)]));
    let child = |state: &str, filled: &str| ok(ORDER, json!([plain(Leg::Stop, state, filled)]));
    let gone = || no(ORDER, 51603, "Order does not exist.");
    // What is answered, and the status and filled quantity that follow from it.
    type Case = (Vec<Step>, Option<(OrderStatus, &'static str)>);
    let cases: Vec<Case> = vec![
        (vec![guard("live", json!([]))], Some((Resting, "0"))),
        (vec![guard("pause", json!([]))], Some((Resting, "0"))),
        (vec![guard("something new", json!([]))], Some((Resting, "0"))),
        (vec![guard("canceled", json!([]))], Some((Canceled, "0"))),
        (vec![guard("order_failed", json!([]))], Some((Rejected, "0"))),
        (vec![guard("partially_failed", json!([]))], Some((Rejected, "0"))),
        (vec![guard("effective", json!([]))], Some((Triggered, "0"))),
        (vec![guard("effective", json!(["1"])), gone()], Some((Triggered, "0"))),
        (vec![guard("effective", json!(["1"])), ok(ORDER, json!([]))], Some((Triggered, "0"))),
        (vec![guard("effective", json!(["1"])), child("live", "0")], Some((Triggered, "0"))),
        (vec![guard("effective", json!(["1"])), child("partially_filled", "2")], Some((Triggered, "0.2"))),
        (vec![guard("effective", json!(["1"])), child("filled", "5")], Some((Filled, "0.5"))),
        (vec![guard("effective", json!(["1"])), child("canceled", "1")], Some((Canceled, "0.1"))),
        (vec![guard("effective", json!(["1", "2"])), child("filled", "3"), child("filled", "2")], Some((Filled, "0.5"))),
        (vec![guard("effective", json!(["1", "2"])), child("filled", "3"), child("live", "0")], Some((Triggered, "0.3"))),
        (vec![guard("effective", json!(["1", "2"])), child("live", "0"), child("filled", "3")], Some((Triggered, "0.3"))),
        (vec![guard("partially_failed", json!(["1", "2"])), child("canceled", "3"), child("filled", "1")], Some((Canceled, "0.4"))),
        (vec![guard("effective", json!(["1", "2"])), child("filled", "3"), child("canceled", "1")], Some((Canceled, "0.4"))),
        (vec![no(FIND_GUARD, 51603, "Order does not exist.")], None),
    ];
    for (at, (steps, expected)) in cases.into_iter().enumerate() {
        let mut stage = Stage::new(false);
        let state = stage.expect(steps).order(&named(Leg::Stop)).unwrap();
        stage.done();
        let seen = state.as_ref().map(|state| (state.status, state.filled));
        assert_eq!(seen, expected.map(|(status, filled)| (status, d(filled))), "case {at}");
        assert_eq!(stage.query(0), format!("algoClOrdId={}", id(Leg::Stop).as_str()));
        if let Some(state) = state {
            assert!(
                state.is(&named(Leg::Stop)) && !state.opens && state.side == Side::Long && state.price == d("1800"),
                "case {at}: {state:?}"
            );
            assert!(state.filled.is_zero() || state.avg_price == d("1799.5"), "case {at}: {state:?}");
        }
    }
}

#[test]
fn not_found_is_a_word_of_the_exchange() {
    let mut stage = Stage::new(false);
    assert_eq!(stage.expect([no(ORDER, 51603, "Order does not exist.")]).order(&named(Leg::Entry)), Ok(None));
    for (path, leg) in [(ORDER, Leg::Entry), (FIND_GUARD, Leg::Stop)] {
        assert_eq!(stage.expect([ok(path, json!([]))]).order(&named(leg)), Ok(None), "an empty answer knows no such order");
    }
    for reply in [r#"{"code":"0"}"#, r#"{"code":"0","data":null}"#, "{}", "<html>", r#"{"code":"0","data":[{"ordId":"1"}]}"#] {
        assert!(stage.expect([raw(ORDER, 200, reply)]).order(&named(Leg::Entry)).is_err(), "{reply}");
    }
    let state = stage.expect([ok(ORDER, json!([plain(Leg::Entry, "mmp_canceled", "2")]))]).order(&named(Leg::Entry)).unwrap().unwrap();
    assert_eq!((state.status, state.qty, state.filled, state.created_at), (OrderStatus::Canceled, d("0.5"), d("0.2"), 1_699_999_990_000));
    // A filled quantity that cannot be read is not zero.
    for filled in [json!(""), json!(null), json!("x"), json!("79228162514264337593543950335999")] {
        let mut row = plain(Leg::Entry, "filled", "5");
        row["accFillSz"] = filled;
        assert!(stage.expect([ok(ORDER, json!([row]))]).order(&named(Leg::Entry)).is_err());
    }
    stage.done();
}

#[test]
fn all_open_orders_are_listed_page_by_page() {
    let mut stage = Stage::new(false);
    let oco = {
        let mut row = algo("live", json!([]));
        row["algoClOrdId"] = json!("");
        row["tpTriggerPx"] = json!("2100");
        row
    };
    let target = {
        let mut row = algo("live", json!([]));
        (row["slTriggerPx"], row["tpTriggerPx"], row["closeFraction"], row["sz"]) = (json!(""), json!("2100"), json!(""), json!("3"));
        row
    };
    let numbered = |number: u64| {
        let mut row = plain(Leg::Entry, "live", "0");
        row["ordId"] = json!(number.to_string());
        row
    };
    let mut other = numbered(7);
    other["instId"] = json!("BTC-USDT-SWAP");
    let full: Vec<Value> = (0..100).map(|n| numbered(1000 - n)).collect();
    let steps = [ok(PENDING_GUARDS, json!([oco, target])), ok(PENDING, json!(full)), ok(PENDING, json!([numbered(8), other]))];
    let orders = stage.expect(steps).open_orders(&eth()).unwrap();
    assert_eq!(stage.query(0), "instType=SWAP&instId=ETH-USDT-SWAP&ordType=conditional%2Coco");
    assert_eq!(stage.query(2), "instType=SWAP&instId=ETH-USDT-SWAP&after=901");
    assert_eq!(orders.len(), 103);
    assert!(orders[0].opens && orders[0].side == Side::Long && orders[0].price == d("1900") && !orders[0].conditional);
    // One of a user with both prices stands in a stop's way, and is told by what it does.
    let [oco, target] = &orders[101..] else { panic!() };
    assert_eq!((oco.guards, oco.side, oco.price, oco.qty), (Some(ProtectionKind::StopLoss), Side::Long, d("1800"), d("0")));
    assert!(oco.is(&named(Leg::Stop)));
    assert_eq!((target.guards, target.price, target.qty, target.opens), (Some(ProtectionKind::TakeProfit), d("2100"), d("0.3"), false));
    stage.done();
}

#[test]
fn cancelling_asks_the_right_list_and_says_when_the_order_is_gone() {
    let mut stage = Stage::new(false);
    stage.expect([ok(CANCEL, json!([ack(Leg::Entry)]))]).cancel(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.body(0), json!({"instId": "ETH-USDT-SWAP", "clOrdId": id(Leg::Entry).as_str()}));
    stage.expect([ok(CANCEL_GUARDS, json!([guard_ack(Leg::Stop)]))]).cancel(&named(Leg::Stop)).unwrap();
    assert_eq!(stage.body(0), json!([{"instId": "ETH-USDT-SWAP", "algoClOrdId": id(Leg::Stop).as_str()}]));
    for (path, leg) in [(CANCEL, Leg::Entry), (CANCEL_GUARDS, Leg::Stop)] {
        let gone = in_part(path, "1", json!([refused(51400, "Order cancellation failed")]));
        assert_eq!(reason(stage.expect([gone]).cancel(&named(leg))), Some(Reason::UnknownOrder));
    }
    let slow = in_part(CANCEL, "1", json!([refused(51412, "Cancellation timed out")]));
    assert!(is_unknown(&stage.expect([slow]).cancel(&named(Leg::Entry)), START + 32_000));
    for reply in [r#"{"code":"0","data":[]}"#, r#"{"code":"0","data":[{}]}"#, "{}"] {
        assert!(stage.expect([raw(CANCEL, 200, reply)]).cancel(&named(Leg::Entry)).is_err(), "{reply}");
    }
    stage.done();
}

#[test]
fn cancelling_all_lists_and_cancels_in_batches() {
    let mut stage = Stage::new(false);
    let plain_rows: Vec<Value> = (0..21).map(|_| plain(Leg::Entry, "live", "0")).collect();
    let guard_rows: Vec<Value> = (0..11).map(|_| algo("live", json!([]))).collect();
    let acks = |n: usize| json!((0..n).map(|_| ack(Leg::Entry)).collect::<Vec<_>>());
    let none = |path| ok(path, json!([]));
    // Nothing to cancel is success.
    stage.expect([none(PENDING)]).cancel_all(&eth(), false).unwrap();
    stage.expect([none(PENDING), none(PENDING_GUARDS), none(PENDING_GUARDS)]).cancel_all(&eth(), true).unwrap();
    assert!(stage.query(1).ends_with("ordType=conditional%2Coco") && stage.query(2).ends_with("ordType=trigger"));
    let steps = [
        ok(PENDING, json!(plain_rows)),
        ok(CANCEL_MANY, acks(20)),
        in_part(CANCEL_MANY, "1", json!([refused(51400, "gone")])),
        ok(PENDING_GUARDS, json!(guard_rows)),
        ok(CANCEL_GUARDS, acks(10)),
        ok(CANCEL_GUARDS, acks(1)),
        none(PENDING_GUARDS),
    ];
    stage.expect(steps).cancel_all(&eth(), true).unwrap();
    assert_eq!(stage.body(2), json!([{"instId": "ETH-USDT-SWAP", "ordId": "42"}]));
    assert_eq!(stage.body(5), json!([{"instId": "ETH-USDT-SWAP", "algoId": "9"}]));
    // What cannot be cancelled is told, and does not keep the rest.
    let stuck = in_part(CANCEL_MANY, "2", json!([refused(51030, "settlement"), ack(Leg::Entry)]));
    let steps = [
        ok(PENDING, json!(plain_rows[..2])),
        stuck,
        ok(PENDING_GUARDS, json!(guard_rows[..1])),
        ok(CANCEL_GUARDS, acks(1)),
        none(PENDING_GUARDS),
    ];
    assert_eq!(reason(stage.expect(steps).cancel_all(&eth(), true)), Some(Reason::Maintenance));
    let short = stage.expect([ok(PENDING, json!(plain_rows[..2])), ok(CANCEL_MANY, acks(1))]).cancel_all(&eth(), false);
    assert!(matches!(short, Err(ExchangeError::Unknown { .. })), "{short:?}");
    stage.done();
}
