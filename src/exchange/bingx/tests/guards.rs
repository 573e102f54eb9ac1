//! Stops and targets: sent with a quantity, found by number, name or what they do, cancelled by number.

use super::*;

fn placed(stage: &mut Stage, name: &str) {
    let stop = ok(PLACE, ack(name, "SELL", "STOP_MARKET"));
    let state = stage.expect([stop]).protect(&protection(ProtectionKind::StopLoss)).unwrap();
    assert_eq!(
        (state.status, state.qty, state.price, state.guards),
        (OrderStatus::Taken, d("0.5"), d("1800"), Some(ProtectionKind::StopLoss))
    );
}

fn list(rows: Value) -> Step {
    ok(OPEN, json!({"orders": rows}))
}

#[test]
fn a_guard_has_a_quantity_and_closes_in_both_modes() {
    for (hedge, half, reduces) in [(false, "BOTH", Some("true")), (true, "LONG", None)] {
        let mut stage = Stage::new(hedge);
        placed(&mut stage, id(Leg::Stop).as_str());
        let asked = |name| stage.asked(0, name);
        assert_eq!(
            (asked("type").as_deref(), asked("stopPrice").as_deref(), asked("quantity").as_deref()),
            (Some("STOP_MARKET"), Some("1800"), Some("0.5"))
        );
        assert_eq!((asked("positionSide").as_deref(), asked("reduceOnly").as_deref()), (Some(half), reduces));
        assert_eq!(
            (asked("workingType").as_deref(), asked("closePosition"), asked("side").as_deref()),
            (Some("MARK_PRICE"), None, Some("SELL"))
        );
        stage.done();
    }
    let mut stage = Stage::new(false);
    let target = Protection { by: TriggerBy::Last, ..protection(ProtectionKind::TakeProfit) };
    stage.expect([ok(PLACE, ack("", "SELL", "TAKE_PROFIT_MARKET"))]).protect(&target).unwrap();
    assert_eq!(stage.asked(0, "workingType").as_deref(), Some("CONTRACT_PRICE"));
}

#[test]
fn refusals_of_a_guard_keep_their_class() {
    let mut stage = Stage::new(false);
    for (code, why) in [
        (110_406, Reason::AlreadyProtected),
        (110_407, Reason::AlreadyProtected),
        (110_411, Reason::WouldTrigger),
        (80_017, Reason::NoPosition),
        (101_205, Reason::NoPosition),
    ] {
        let refused = stage.expect([no(PLACE, code, "words")]).protect(&protection(ProtectionKind::StopLoss));
        assert_eq!(reason(refused), Some(why), "{code}");
    }
    assert!(is_unknown(&stage.expect([broken(PLACE, true)]).protect(&protection(ProtectionKind::StopLoss))));
}

#[test]
fn a_guard_goes_by_the_number_of_its_answer() {
    let mut stage = Stage::new(false);
    placed(&mut stage, "");
    let state = stage.expect([ok(FIND, one(stop_row("", json!({}))))]).order(&named(Leg::Stop)).unwrap().unwrap();
    assert_eq!((state.id.as_str(), state.status, state.side), (id(Leg::Stop).as_str(), OrderStatus::Resting, Side::Long));
    assert_eq!((stage.asked(0, "orderId").as_deref(), stage.asked(0, "clientOrderId")), (Some(NUMBER), None));
    // A number that is not known (yet) is no proof: it may be in the list.
    let steps = [no(FIND, 80_016, "order not exist"), list(json!([stop_row("", json!({}))]))];
    assert_eq!(stage.expect(steps).order(&named(Leg::Stop)).unwrap().unwrap().status, OrderStatus::Resting);
    // In the list it has our name again, though the exchange gives none.
    let listed = stage.expect([list(json!([stop_row("", json!({}))]))]).open_orders(&eth()).unwrap();
    assert_eq!(listed[0].id, id(Leg::Stop).as_str());
    // Ended, it is still found.
    for (word, kind, status) in [
        ("FILLED", "STOP_MARKET", OrderStatus::Filled),
        ("TRIGGERED", "STOP_MARKET", OrderStatus::Triggered),
        ("NEW", "MARKET", OrderStatus::Triggered),
        ("FILLED", "MARKET", OrderStatus::Filled),
    ] {
        let ended = stop_row("", json!({"status": word, "type": kind, "executedQty": "0.5"}));
        let state = stage.expect([ok(FIND, one(ended))]).order(&named(Leg::Stop)).unwrap().unwrap();
        assert_eq!((state.status, state.conditional, state.guards), (status, true, Some(ProtectionKind::StopLoss)), "{word} {kind}");
    }
    stage.expect([no(CANCEL, 80_018, "order is already filled")]).cancel(&named(Leg::Stop)).unwrap_err();
    assert!(is_unknown(&stage.expect([broken(CANCEL, true)]).cancel(&named(Leg::Stop))));
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some(NUMBER));
    stage.done();
}

#[test]
fn a_number_is_kept_until_the_end_of_its_guard_is_known() {
    let mut stage = Stage::new(false);
    placed(&mut stage, "");
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    // No question by a name that was never kept: it would be refused, and refusals are counted.
    let gone = || ok(FIND, one(stop_row("", json!({"status": "CANCELLED"}))));
    assert!(stage.expect([gone(), broken(OPEN, true)]).order(&named(Leg::Stop)).is_err());
    // The list may be late.
    let late = list(json!([stop_row("", json!({}))]));
    assert_eq!(stage.expect([gone(), late]).order(&named(Leg::Stop)).unwrap().unwrap().status, OrderStatus::Canceled);
    assert_eq!((stage.asked(0, "orderId").as_deref(), stage.asked(0, "clientOrderId")), (Some(NUMBER), None));
    // Then it is another one's, if anybody's.
    let other = list(json!([stop_row("", json!({"orderId": 7}))]));
    stage.expect([other, ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    assert_eq!(stage.asked(1, "orderId").as_deref(), Some("7"));
    stage.done();
}

#[test]
fn another_guard_like_one_that_is_cancelled_takes_its_place() {
    let mut stage = Stage::new(false);
    placed(&mut stage, "");
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    let gone = ok(FIND, one(stop_row("", json!({"status": "CANCELLED"}))));
    let left = list(json!([stop_row("", json!({"orderId": 7}))]));
    assert_eq!(stage.expect([gone, left]).order(&named(Leg::Stop)).unwrap().unwrap().status, OrderStatus::Resting);
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some("7"));
    // The number of a plain order stays: by it is asked how the order ended.
    stage.expect([ok(PLACE, ack("", "BUY", "LIMIT"))]).place(&[limit(Leg::Entry)]).remove(0).unwrap();
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Entry)).unwrap();
    let ended = ok(FIND, one(row("", "BUY", "LIMIT", json!({"status": "CANCELLED"}))));
    assert_eq!(stage.expect([ended]).order(&named(Leg::Entry)).unwrap().unwrap().status, OrderStatus::Canceled);
    stage.done();
}

#[test]
fn a_row_without_a_name_must_be_the_guard_that_was_asked_for() {
    let mut stage = Stage::new(false);
    let found = |changes| [list(json!([])), ok(FIND, one(stop_row("", changes)))];
    let state = stage.expect(found(json!({"status": "FILLED"}))).order(&named(Leg::Stop)).unwrap().unwrap();
    assert_eq!(state.status, OrderStatus::Filled);
    for other in [json!({"stopPrice": "1801"}), json!({"type": "TAKE_PROFIT_MARKET"}), json!({"type": "MARKET"}), json!({"side": "BUY"})] {
        assert!(is_unknown(&stage.expect(found(other.clone())).order(&named(Leg::Stop))), "{other}");
    }
    stage.done();
}

#[test]
fn without_its_number_it_is_found_by_name_or_by_what_it_does() {
    let unknown = || no(FIND, 80_016, "order not exist");
    // The name was kept.
    let mut stage = Stage::new(false);
    let kept = |status| stop_row(id(Leg::Stop).as_str(), json!({"status": status}));
    let steps = [list(json!([])), ok(FIND, one(kept("FILLED")))];
    assert_eq!(stage.expect(steps).order(&named(Leg::Stop)).unwrap().unwrap().status, OrderStatus::Filled);
    assert_eq!(stage.asked(1, "clientOrderId").as_deref(), Some(id(Leg::Stop).as_str()));
    assert_eq!(stage.expect([list(json!([kept("NEW")]))]).order(&named(Leg::Stop)).unwrap().unwrap().status, OrderStatus::Resting);
    let mut stage = Stage::new(false);
    // It was not, and only one of these is ours.
    let rows = json!([
        row("", "SELL", "LIMIT", json!({"orderId": 1, "reduceOnly": true})),
        stop_row("", json!({"orderId": 2, "stopPrice": "1801"})),
        stop_row("", json!({"orderId": 3, "side": "BUY"})),
        stop_row("", json!({"orderId": 4, "type": "TAKE_PROFIT_MARKET"})),
        stop_row("", json!({"orderId": 5, "type": "STOP"})),
        stop_row(id(Leg::Target).as_str(), json!({"orderId": 6})),
        stop_row("", json!({"orderId": 7, "reduceOnly": "true"})),
    ]);
    let state = stage.expect([list(rows.clone())]).order(&named(Leg::Stop)).unwrap().unwrap();
    assert_eq!((state.price, state.guards), (d("1800"), Some(ProtectionKind::StopLoss)));
    // Found once, its number is known.
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some("7"));

    let mut stage = Stage::new(false);
    stage.expect([list(rows), ok(CANCEL, json!({}))]).cancel(&named(Leg::Stop)).unwrap();
    assert_eq!(stage.asked(1, "orderId").as_deref(), Some("7"));
    let mut stage = Stage::new(false);
    assert_eq!(stage.expect([list(json!(null)), unknown()]).order(&named(Leg::Stop)), Ok(None));
    assert_eq!(reason(stage.expect([list(json!([]))]).cancel(&named(Leg::Stop))), Some(Reason::UnknownOrder));
    // A question that fails is not the cancel's failure: that one never left.
    let lost = stage.expect([broken(OPEN, true)]).cancel(&named(Leg::Stop));
    assert_eq!(lost, Err(ExchangeError::NeverSent("cable cut".to_owned())));
    // A list that is not there is not empty.
    assert!(is_unknown(&stage.expect([ok(OPEN, json!({}))]).order(&named(Leg::Stop))));
    stage.done();
}

#[test]
fn the_list_shows_plain_and_conditional_orders_for_what_they_are() {
    let mut stage = Stage::new(true);
    let half = |half: &str| json!({"positionSide": half, "onlyOnePosition": false, "reduceOnly": false});
    let rows = json!([
        row("bot1", "SELL", "LIMIT", half("SHORT")),
        row("", "SELL", "LIMIT", half("LONG")),
        stop_row("", half("SHORT")),
        row("", "BUY", "TRIGGER_MARKET", json!({"stopPrice": 2100, "positionSide": "LONG", "onlyOnePosition": false})),
        row("", "BUY", "STOP_MARKET", json!({"stopPrice": 2100, "closePosition": "true"})),
        row("", "BUY", "LIMIT", json!({"status": "CANCELED"})),
    ]);
    let orders = stage.expect([list(rows)]).open_orders(&eth()).unwrap();
    let seen: Vec<_> = orders.iter().map(|order| (order.side, order.opens, order.conditional, order.guards)).collect();
    let stop = Some(ProtectionKind::StopLoss);
    let wanted = [
        (Side::Short, true, false, None),
        (Side::Long, false, false, None),
        // A selling order on the short half that names a stop: it protects nothing.
        (Side::Short, true, true, None),
        (Side::Long, true, true, None),
        (Side::Short, false, true, stop),
    ];
    assert_eq!(seen, wanted);
    assert_eq!((orders[3].price, orders[0].id.as_str()), (d("2100"), "bot1"));
    stage.done();
}
