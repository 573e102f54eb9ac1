//! What the answer to an order must show of it: its type, its trigger, and that it only closes.

use super::*;

fn stop() -> Protection {
    guard(Side::Long, ProtectionKind::StopLoss)
}

/// A stop that was taken as one that may open a position.
fn stray() -> Step {
    ok(PLACE, with(stop_row("Untriggered"), json!({"execInst": "None"})))
}

#[test]
fn a_guard_is_placed_only_if_the_answer_shows_its_type_and_its_trigger() {
    let mut stage = Stage::knowing(false);
    for other in [
        json!({"orderType": "Market"}),
        json!({"orderType": "MarketIfTouched"}),
        json!({"orderType": null}),
        json!({"stopPxRp": "0"}),
        json!({"stopPxRp": "1800"}),
        json!({"stopPxRp": null}),
    ] {
        let answer = with(stop_row("Untriggered"), other);
        assert!(is_unknown(&stage.expect([ok(PLACE, answer.clone())]).protect(&stop())), "{answer}");
    }
}

#[test]
fn a_guard_that_may_open_a_position_is_cancelled_and_refused() {
    // No instruction counts for more than a flag that is false beside one, or not there.
    for said in
        [json!({"execInst": "None"}), json!({"execInst": "None", "reduceOnly": null}), json!({"execInst": null}), json!({"execInst": ""})]
    {
        let mut stage = Stage::knowing(false);
        let answer = with(stop_row("Untriggered"), said);
        let refused = stage.expect([ok(PLACE, answer.clone()), ok(CANCEL, stop_row("Canceled"))]).protect(&stop()).unwrap_err();
        assert_eq!(refused.reason(), Some(Reason::Other), "{answer}");
        assert!(refused.to_string().contains("without reduce-only"), "{refused}");
        assert_eq!(stage.query(1), format!("symbol=ETHUSDT&clOrdID={}&posSide=Merged", id(Leg::Stop)));
    }
    for said in [
        json!({}),
        json!({"execInst": "ReduceOnly"}),
        json!({"execInst": "None", "reduceOnly": true}),
        // Nothing is said, or nothing that is known.
        json!({"execInst": null, "reduceOnly": null}),
        json!({"execInst": "Whatever"}),
    ] {
        Stage::knowing(false).expect([ok(PLACE, with(stop_row("Untriggered"), said))]).protect(&stop()).unwrap();
    }
    // The half that it names says it.
    Stage::knowing(true).expect([stray()]).protect(&stop()).unwrap();
}

#[test]
fn a_disowned_guard_is_not_sent_again_under_its_name() {
    let mut stage = Stage::knowing(false);
    assert!(stage.expect([stray(), ok(CANCEL, stop_row("Canceled"))]).protect(&stop()).is_err());
    assert_eq!(reason(stage.expect([]).protect(&stop())), Some(Reason::Other));
    let target = Protection { id: id(Leg::Target), ..stop() };
    let answer = with(stop_row("Untriggered"), json!({"clOrdID": target.id.as_str()}));
    stage.expect([ok(PLACE, answer)]).protect(&target).unwrap();
}

#[test]
fn a_guard_that_could_not_be_cancelled_is_asked_for() {
    for step in [broken(CANCEL, true), broken(CANCEL, false), no(CANCEL, 10002, "OM_ORDER_NOT_FOUND"), no(CANCEL, 39995, "words")] {
        let mut stage = Stage::knowing(false);
        let placed = stage.expect([stray(), step]).protect(&stop());
        assert!(is_unknown(&placed), "{placed:?}");
        // It may be there, so it is no other's name.
        stage.expect([ok(PLACE, stop_row("Untriggered"))]).protect(&stop()).unwrap();
    }
}

#[test]
fn a_close_that_may_open_a_position_is_taken_all_the_same() {
    for hedge in [false, true] {
        let answer = with(row(Leg::Entry, "Created"), json!({"orderType": "Market", "side": "Sell"}));
        let state = Stage::knowing(hedge).expect([ok(PLACE, answer)]).place(&[market(Side::Long, Action::Close)]).remove(0).unwrap();
        assert_eq!((state.status, state.opens), (OrderStatus::Taken, false));
    }
}
