//! Limit orders that have lost their name: sent without a trustworthy answer, or before a restart.

use super::*;

/// A limit order leaves and its answer does not come.
fn lost(hedge: bool, action: Action) -> Stage {
    let mut stage = Stage::new(hedge);
    let entry = NewOrder { action, ..limit(Leg::Entry) };
    assert!(is_unknown(&stage.expect([broken(PLACE, true)]).place(&[entry]).remove(0)));
    stage
}

fn nameless(changes: Value) -> Value {
    let mut row = row("", "BUY", "LIMIT", json!({"time": START + 300}));
    row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    row
}

fn list(rows: Value) -> Step {
    ok(OPEN, json!({"orders": rows}))
}

fn unknown() -> Step {
    no(FIND, 80_016, "order not exist")
}

#[test]
fn a_lost_order_is_found_by_what_was_sent_and_goes_by_its_number_from_then_on() {
    let mut stage = lost(false, Action::Open);
    let state = stage.expect([unknown(), list(json!([nameless(json!({}))]))]).order(&named(Leg::Entry)).unwrap().unwrap();
    assert_eq!((state.id.as_str(), state.status), (id(Leg::Entry).as_str(), OrderStatus::Resting));
    stage.expect([ok(FIND, one(nameless(json!({"status": "FILLED", "executedQty": "0.5"}))))]).order(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some(NUMBER));
    stage.expect([ok(CANCEL, json!({}))]).cancel(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some(NUMBER));
    // One that has kept its name is found by that.
    let mut stage = lost(false, Action::Open);
    let kept = row(id(Leg::Entry).as_str(), "BUY", "LIMIT", json!({}));
    stage.expect([ok(FIND, one(kept))]).order(&named(Leg::Entry)).unwrap().unwrap();
    // A refusal is an answer: nothing is looked for.
    let mut stage = Stage::new(false);
    stage.expect([no(PLACE, 101_204, "Insufficient margin")]).place(&[limit(Leg::Entry)]).remove(0).unwrap_err();
    assert_eq!(stage.expect([unknown(), list(json!([]))]).order(&named(Leg::Entry)), Ok(None));
    stage.done();
}

#[test]
fn only_an_order_with_the_same_content_can_be_the_lost_one() {
    let mut stage = lost(false, Action::Open);
    for other in [
        json!({"clientOrderId": "somebodyelse"}),
        json!({"side": "SELL"}),
        json!({"price": "1900.01"}),
        json!({"origQty": "0.51"}),
        json!({"reduceOnly": true, "side": "SELL"}),
        json!({"type": "STOP_MARKET", "stopPrice": "1900"}),
        json!({"status": "FILLED"}),
        // Older than what was sent, by more than clocks differ.
        json!({"time": START - 60_000}),
        json!({"orderId": 0}),
    ] {
        assert_eq!(stage.expect([unknown(), list(json!([nameless(other.clone())]))]).order(&named(Leg::Entry)), Ok(None), "{other}");
    }
    // A partial execution changes nothing of what was sent.
    let part = nameless(json!({"status": "PARTIALLY_FILLED", "executedQty": "0.2"}));
    assert_eq!(stage.expect([unknown(), list(json!([part]))]).order(&named(Leg::Entry)).unwrap().unwrap().filled, d("0.2"));
    // One whose number belongs to another order of ours is that order.
    let mut stage = lost(false, Action::Open);
    stage.expect([ok(PLACE, ack("", "BUY", "LIMIT"))]).place(&[limit(Leg::Second)]).remove(0).unwrap();
    assert_eq!(stage.expect([unknown(), list(json!([nameless(json!({}))]))]).order(&named(Leg::Entry)), Ok(None));
    // In hedge mode the half tells what it does.
    let half = |half: &str| nameless(json!({"positionSide": half, "onlyOnePosition": false, "side": "SELL"}));
    let mut stage = lost(true, Action::Close);
    let state = stage.expect([unknown(), list(json!([half("SHORT"), half("LONG")]))]).order(&named(Leg::Entry)).unwrap().unwrap();
    assert_eq!((state.side, state.opens), (Side::Long, false));
    stage.done();
}

#[test]
fn which_of_two_alike_it_is_cannot_be_told() {
    let mut stage = lost(false, Action::Open);
    let two = json!([nameless(json!({})), nameless(json!({"orderId": 8}))]);
    let result = stage.expect([unknown(), list(two)]).order(&named(Leg::Entry));
    assert_eq!(reason(result), Some(Reason::Other), "it stays in doubt");
    assert!(stage.expect([unknown(), broken(OPEN, true)]).order(&named(Leg::Entry)).is_err());
    stage.done();
}

#[test]
fn a_lost_order_is_looked_for_before_it_is_cancelled() {
    let mut stage = lost(false, Action::Open);
    stage.expect([list(json!([nameless(json!({}))])), ok(CANCEL, json!({}))]).cancel(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.asked(1, "orderId").as_deref(), Some(NUMBER));
    let mut stage = lost(false, Action::Open);
    stage.expect([list(json!([])), ok(CANCEL, json!({}))]).cancel(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.asked(1, "clientOrderId").as_deref(), Some(id(Leg::Entry).as_str()));
    let lost = stage.expect([broken(OPEN, true)]).cancel(&named(Leg::Entry));
    assert!(matches!(lost, Err(ExchangeError::NeverSent(_))), "{lost:?}");
    stage.done();
}

#[test]
fn after_a_restart_an_order_is_in_doubt_while_one_without_a_name_may_be_it() {
    let mut stage = Stage::new(false);
    let resting = || list(json!([nameless(json!({"price": "1850", "origQty": "7"}))]));
    assert_eq!(reason(stage.expect([unknown(), resting()]).order(&named(Leg::Entry))), Some(Reason::Other), "it may fill without a stop");
    // Its name is not asked for again and again: that would close the endpoint.
    stage.pass(given::DOUBT_MS - 1);
    assert_eq!(reason(stage.expect([resting()]).order(&named(Leg::Entry))), Some(Reason::Other));
    // It says something at last.
    let (kept, name) = (row(id(Leg::Entry).as_str(), "BUY", "LIMIT", json!({})), id(Leg::Entry));
    let both = list(json!([nameless(json!({"orderId": 8})), kept]));
    assert_eq!(stage.expect([both]).order(&named(Leg::Entry)).unwrap().unwrap().id, name.as_str());
    stage.expect([ok(FIND, one(row("", "BUY", "LIMIT", json!({}))))]).order(&named(Leg::Entry)).unwrap();
    assert_eq!(stage.asked(0, "orderId").as_deref(), Some(NUMBER));
    stage.done();
}

#[test]
fn the_doubt_ends_with_the_order_without_a_name_and_a_fresh_answer() {
    let mut stage = Stage::new(false);
    let resting = || list(json!([nameless(json!({}))]));
    stage.expect([unknown(), resting()]).order(&named(Leg::Entry)).unwrap_err();
    assert_eq!(stage.expect([list(json!([])), unknown()]).order(&named(Leg::Entry)), Ok(None));
    stage.expect([unknown(), resting()]).order(&named(Leg::Second)).unwrap_err();
    let filled = row(id(Leg::Second).as_str(), "BUY", "LIMIT", json!({"status": "FILLED"}));
    let state = stage.expect([list(json!([])), ok(FIND, one(filled))]).order(&named(Leg::Second)).unwrap().unwrap();
    assert_eq!(state.status, OrderStatus::Filled);
    stage.done();
}

#[test]
fn an_order_of_a_stranger_does_not_keep_another_in_doubt_for_ever() {
    let mut stage = Stage::new(false);
    let resting = || list(json!([nameless(json!({}))]));
    stage.expect([unknown(), resting()]).order(&named(Leg::Entry)).unwrap_err();
    stage.pass(given::DOUBT_MS);
    for _ in 0..2 {
        assert_eq!(stage.expect([unknown(), resting()]).order(&named(Leg::Entry)), Ok(None));
    }
    // Each has a time of its own.
    assert_eq!(reason(stage.expect([unknown(), resting()]).order(&named(Leg::Second))), Some(Reason::Other));
    stage.done();
}

#[test]
fn what_cannot_be_the_order_leaves_no_doubt() {
    for (leg, other) in [
        (Leg::Entry, json!({"clientOrderId": "somebodyelse"})),
        (Leg::Entry, json!({"reduceOnly": true, "side": "SELL"})),
        (Leg::Entry, json!({"type": "STOP_MARKET", "stopPrice": "1900", "side": "SELL"})),
        (Leg::Entry, json!({"status": "FILLED"})),
    ] {
        let mut stage = Stage::new(false);
        assert_eq!(stage.expect([unknown(), list(json!([nameless(other.clone())]))]).order(&named(leg)), Ok(None), "{other}");
        stage.done();
    }
    // Orders at market do not rest: the next close must not wait for anybody.
    assert_eq!(Stage::new(false).expect([unknown()]).order(&named(Leg::Close)), Ok(None));
    // What a sender named may close, too.
    let sent = OrderRef { id: crate::market::ClientId::custom("tp1").unwrap(), ..named(Leg::Entry) };
    let closes = nameless(json!({"reduceOnly": true, "side": "SELL"}));
    assert_eq!(reason(Stage::new(false).expect([unknown(), list(json!([closes]))]).order(&sent)), Some(Reason::Other));
}
