//! Plain orders: sent once, closed by another call, found in two lists.

use super::*;
use crate::market::ClientId;

#[test]
fn an_order_that_opens_names_its_direction_and_is_answered_whole() {
    for (side, word) in [(Side::Long, "buy"), (Side::Short, "sell")] {
        let mut stage = stage();
        let state = place(&mut stage, [ok(OPEN, row(Leg::Entry, word, "0.5"))], market(side, Action::Open)).unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Filled, side, true));
        assert_eq!((state.filled, state.avg_price, state.created_at), (d("0.5"), d("1899.5"), 1_699_999_990_000));
        let (id, market) = (id(Leg::Entry), "ETHUSDT");
        let sent =
            json!({"market": market, "market_type": "FUTURES", "side": word, "type": "market", "amount": "0.5", "client_id": id.as_str()});
        assert_eq!(stage.body(0), sent);
        stage.done();
    }
}

#[test]
fn a_limit_rests_and_a_market_order_with_a_rest_is_asked_for() {
    let mut stage = stage();
    for (filled, status) in [("0", OrderStatus::Resting), ("0.2", OrderStatus::Resting), ("0.5", OrderStatus::Filled)] {
        let state = place(&mut stage, [ok(OPEN, row(Leg::Entry, "buy", filled))], limit(Leg::Entry, "1900.0")).unwrap();
        assert_eq!((state.status, state.filled), (status, d(filled)));
        assert_eq!((&stage.body(0)["type"], &stage.body(0)["price"]), (&json!("limit"), &json!("1900")));
    }
    let state = place(&mut stage, [ok(OPEN, row(Leg::Entry, "buy", "0.2"))], market(Side::Long, Action::Open)).unwrap();
    assert_eq!(state.status, OrderStatus::Taken);
}

#[test]
fn an_answer_about_another_order_says_nothing() {
    let mut stage = stage();
    for changes in [json!({"client_id": "other"}), json!({"market": "BTCUSDT"}), json!({"side": "sell"}), json!({"filled_amount": ""})] {
        let answer = with(row(Leg::Entry, "buy", "0"), changes.clone());
        assert!(is_unknown(&place(&mut stage, [ok(OPEN, answer)], limit(Leg::Entry, "1900"))), "{changes}");
    }
    for changes in [json!({"client_id": ""}), json!({"client_id": null})] {
        let answer = with(row(Leg::Entry, "buy", "0"), changes);
        let state = place(&mut stage, [ok(OPEN, answer)], limit(Leg::Entry, "1900")).unwrap();
        assert_eq!((state.id.as_str(), state.status), (id(Leg::Entry).as_str(), OrderStatus::Resting));
    }
}

#[test]
fn nothing_is_sent_twice_but_what_the_clock_refused() {
    let mut stage = stage();
    let order = || limit(Leg::Entry, "1900");
    let lost = [broken(OPEN, true), no(OPEN, 4002, "service timeout"), raw(OPEN, 502, "<html>"), ok(OPEN, json!({}))];
    for step in lost {
        let result = place(&mut stage, [step], order());
        assert!(is_unknown(&result), "{result:?}");
        stage.hides_keys(&result);
    }
    assert!(is_never_sent(&place(&mut stage, [broken(OPEN, false)], order())));
    assert_eq!(reason(place(&mut stage, [no(OPEN, 3109, "balance not enough")], order())), Some(Reason::InsufficientBalance));

    let late = || no(OPEN, 4010, "expired");
    assert!(place(&mut stage, [late(), time(), ok(OPEN, row(Leg::Entry, "buy", "0"))], order()).is_ok());
    assert_eq!(reason(place(&mut stage, [late(), time(), late()], order())), Some(Reason::ClockSkew));
    stage.done();
}

#[test]
fn a_name_that_a_sender_gave_is_looked_for_first() {
    let mut stage = stage();
    let named = || NewOrder { id: ClientId::custom("my-tp_1").unwrap(), ..limit(Leg::Entry, "1900") };
    let with_name = |row: Value| with(row, json!({"client_id": "my-tp_1"}));
    let there = list(PENDING, json!([with_name(row(Leg::Entry, "buy", "0"))]));
    assert_eq!(reason(place(&mut stage, [there], named())), Some(Reason::DuplicateClientId));
    assert_eq!(stage.asked(0, "client_id").as_deref(), Some("my-tp_1"));
    assert!(is_never_sent(&place(&mut stage, [broken(PENDING, true)], named())));

    // One of two is named: they go singly, and only that one is looked for.
    let steps = [
        ok(OPEN, row(Leg::Entry, "buy", "0")),
        list(PENDING, json!([row(Leg::Entry, "buy", "0")])),
        ok(OPEN, with_name(row(Leg::Entry, "buy", "0"))),
    ];
    assert!(stage.expect(steps).place(&[limit(Leg::Entry, "1900"), named()]).iter().all(Result::is_ok));
    stage.done();
}

#[test]
fn entries_go_in_batches_of_five_and_closes_singly() {
    let mut stage = stage();
    let element = |leg| json!({"code": 0, "data": row(leg, "buy", "0"), "message": "OK"});
    let five = json!([element(Leg::Entry), element(Leg::Entry), element(Leg::Entry), element(Leg::Entry), element(Leg::Entry)]);
    let steps = [
        ok(BATCH, five),
        ok(OPEN, row(Leg::Entry, "buy", "0")),
        list(HELD, json!([position("long")])),
        ok(CLOSE, row(Leg::Close, "sell", "0.5")),
    ];
    let mut orders = vec![limit(Leg::Entry, "1900"); 6];
    orders.push(NewOrder { id: id(Leg::Close), ..market(Side::Long, Action::Close) });
    let placed = stage.expect(steps).place(&orders);
    assert!(placed.len() == 7 && placed.iter().all(Result::is_ok), "{placed:?}");
    assert_eq!(stage.body(0)["orders"].as_array().unwrap().len(), 5);
    assert_eq!(stage.body(0)["orders"][0]["market_type"], "FUTURES");
    stage.done();
}

#[test]
fn each_order_of_a_batch_has_its_own_verdict() {
    let mut stage = stage();
    let orders = [Leg::Entry, Leg::Second, Leg::Order].map(|leg| limit(leg, "1900"));
    let element = |leg| json!({"code": 0, "data": row(leg, "buy", "0"), "message": "OK"});
    let refused = |code| json!({"code": code, "data": null, "message": "words"});
    // The last is not answered at all.
    let placed = stage.expect([ok(BATCH, json!([element(Leg::Entry), refused(3109)]))]).place(&orders);
    assert!(placed[0].is_ok() && is_unknown(&placed[2]), "{placed:?}");
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));

    let answer = json!([refused(4003), element(Leg::Entry), {"data": row(Leg::Order, "buy", "0")}]);
    let placed = stage.expect([ok(BATCH, answer)]).place(&orders);
    assert!(placed.iter().all(is_unknown), "{placed:?}");
    assert!(stage.expect([broken(BATCH, true)]).place(&orders).iter().all(is_unknown));

    // What was refused for the clock is not sent again, but the clock is set.
    let placed = stage.expect([ok(BATCH, json!([refused(4010), refused(4010), refused(4010)])), time()]).place(&orders);
    assert_eq!(placed[2].as_ref().unwrap_err().reason(), Some(Reason::ClockSkew));
    stage.done();
}

#[test]
fn an_order_is_found_among_the_open_or_the_ended() {
    let mut stage = stage();
    let open = stage.expect([list(PENDING, json!([row(Leg::Entry, "buy", "0.2")]))]).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((open.status, open.filled, open.avg_price), (OrderStatus::Resting, d("0.2"), d("1899.5")));
    assert_eq!(stage.query(0), format!("market=ETHUSDT&market_type=FUTURES&client_id={}&page=1&limit=100", id(Leg::Entry)));

    let ended = |rows| [list(PENDING, json!([])), list(FINISHED, rows)];
    for (filled, status) in [("0.5", OrderStatus::Filled), ("0.2", OrderStatus::Canceled), ("0", OrderStatus::Canceled)] {
        let state = stage.expect(ended(json!([row(Leg::Entry, "buy", filled)]))).order(&entry_ref()).unwrap().unwrap();
        assert_eq!((state.status, state.filled), (status, d(filled)));
    }
    // Other names and contracts do not count, whatever was asked for; of one name the newest does.
    let older = with(row(Leg::Entry, "buy", "0"), json!({"created_at": 1_600_000_000_000_u64}));
    let elsewhere = with(row(Leg::Entry, "buy", "0"), json!({"market": "BTCUSDT"}));
    let rows = json!([older, row(Leg::Entry, "buy", "0.5"), row(Leg::Second, "buy", "0"), elsewhere]);
    let state = stage.expect(ended(rows)).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.created_at), (OrderStatus::Filled, 1_699_999_990_000));
    let others = json!([row(Leg::Second, "buy", "0"), elsewhere]);
    assert_eq!(stage.expect(ended(others)).order(&entry_ref()), Ok(None));

    // Half an answer is not "not found".
    assert!(stage.expect([list(PENDING, json!([])), broken(FINISHED, true)]).order(&entry_ref()).is_err());
    stage.done();
}

/// Rows do not tell, names do.
#[test]
fn a_close_of_ours_is_known_by_its_name() {
    let mut stage = stage();
    let order = OrderRef { id: id(Leg::Close), ..entry_ref() };
    let state = stage.expect([list(PENDING, json!([row(Leg::Close, "sell", "0")]))]).order(&order).unwrap().unwrap();
    assert_eq!((state.side, state.opens), (Side::Long, false));
    let state = stage.expect([list(PENDING, json!([row(Leg::Entry, "sell", "0")]))]).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.side, state.opens), (Side::Short, true));
}

#[test]
fn a_cancel_has_a_verdict_for_each_order_of_the_name() {
    let mut stage = stage();
    let done = json!({"code": 0, "data": row(Leg::Entry, "buy", "0"), "message": "OK"});
    let gone = json!({"code": 3600, "data": null, "message": "Order not found"});
    let busy = json!({"code": 4002, "data": null, "message": "timeout"});
    let mut cancel = |step| stage.expect([step]).cancel(&entry_ref());
    assert_eq!(cancel(ok(CANCEL, json!([done]))), Ok(()));
    assert_eq!(cancel(ok(CANCEL, json!([gone, done]))), Ok(()));
    for step in [ok(CANCEL, json!([])), ok(CANCEL, json!([gone])), no(CANCEL, 3600, "Order not found")] {
        assert_eq!(reason(cancel(step)), Some(Reason::UnknownOrder));
    }
    for step in [ok(CANCEL, json!([done, busy])), ok(CANCEL, json!([{"data": {}}])), ok(CANCEL, json!({})), broken(CANCEL, true)] {
        assert!(is_unknown(&cancel(step)));
    }
    stage.done();
}
