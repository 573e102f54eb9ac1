//! Closing: another call, which names no side, and a quantity unless all is meant; into a thin book in part.

use super::*;

#[test]
fn a_close_is_another_call_that_names_no_side() {
    let closing = |side, kind| NewOrder { id: id(Leg::Close), kind, ..market(side, Action::Close) };
    let at = OrderKind::Limit { price: d("2100") };
    for (side, held, word, kind) in [
        (Side::Long, "long", "sell", OrderKind::Market),
        (Side::Short, "short", "buy", OrderKind::Market),
        (Side::Long, "long", "sell", at),
    ] {
        let mut stage = stage();
        let steps = [list(HELD, json!([position(held)])), ok(CLOSE, row(Leg::Close, word, "0.5"))];
        let state = place(&mut stage, steps, closing(side, kind)).unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Filled, side, false));
        assert_eq!(stage.query(0), "market=ETHUSDT&market_type=FUTURES&page=1&limit=100");
        let sent = stage.body(1);
        assert_eq!((&sent["amount"], sent.get("side"), sent.get("price").is_some()), (&json!("0.5"), None, kind == at));
        stage.done();
    }
}

fn closing(leg: Leg, qty: &str) -> NewOrder {
    NewOrder { id: id(leg), qty: d(qty), ..market(Side::Long, Action::Close) }
}

/// A position of 1.5, of which resting closes reserve some.
fn held(free: &str) -> Step {
    list(HELD, json!([with(position("long"), json!({"close_avbl": free}))]))
}

fn closed(leg: Leg) -> Step {
    ok(CLOSE, row(leg, "sell", "0.5"))
}

/// The quantities that the closes of these steps named, as far as they named one.
fn named(stage: &Stage, at: usize) -> Option<String> {
    stage.body(at).get("amount").and_then(Value::as_str).map(str::to_owned)
}

/// What has come to the position since it was looked at is closed only where everything is meant.
#[test]
fn only_the_end_of_a_trade_names_no_quantity() {
    let at = OrderKind::Limit { price: d("2100") };
    for (leg, qty, kind, free, amount) in [
        (Leg::Close, "1.49", OrderKind::Market, "1.5", Some("1.49")),
        (Leg::Close, "1.5", OrderKind::Market, "1.5", None),
        (Leg::Close, "1.6", OrderKind::Market, "1.0", None),
        (Leg::Order, "1.49", OrderKind::Market, "1.0", Some("1.49")),
        (Leg::Order, "1.5", OrderKind::Market, "1.5", Some("1.5")),
        (Leg::Order, "1.6", OrderKind::Market, "1.5", Some("1.5")),
        // What is reserved cannot be named.
        (Leg::Order, "1.5", OrderKind::Market, "1.0", None),
        (Leg::Order, "1.5", at, "1.5", Some("1.5")),
    ] {
        let order = || NewOrder { kind, ..closing(leg, qty) };
        let mut stage = stage();
        place(&mut stage, [held(free), closed(leg)], order()).unwrap();
        assert_eq!(named(&stage, 1).as_deref(), amount, "{leg:?} {qty} {kind:?}");
        stage.expect([held(free)]).positions(Some(&eth())).unwrap();
        place(&mut stage, [closed(leg)], order()).unwrap();
        assert_eq!(named(&stage, 0).as_deref(), amount, "{leg:?} {qty} {kind:?}, looked at before");
        stage.done();
    }
}

/// An adapter that knows the rules of ether: nothing below 0.005, in steps of 0.0001.
fn with_rules() -> Stage {
    let mut stage = stage();
    let contract = json!({"market": "ETHUSDT", "contract_type": "linear", "base_ccy": "ETH", "quote_ccy": "USDT", "base_ccy_precision": 4,
        "min_amount": "0.005", "tick_size": "0.01", "leverage": ["1"], "status": "online"});
    stage.expect([ok("GET /v2/futures/market", json!([contract]))]).instruments().unwrap();
    stage
}

/// A position of that size.
fn only(qty: &str) -> Step {
    list(HELD, json!([with(position("long"), json!({"open_interest": qty, "close_avbl": qty}))]))
}

#[test]
fn a_position_that_no_order_can_name_is_closed_as_a_whole() {
    for (size, amount) in [("0.004", None), ("0.00505", None), ("0.005", Some("0.005"))] {
        let mut stage = with_rules();
        place(&mut stage, [only(size), closed(Leg::Order)], closing(Leg::Order, size)).unwrap();
        assert_eq!(named(&stage, 1).as_deref(), amount, "{size}");
    }
    // A part of it is named, whether that can be or not.
    let mut stage = with_rules();
    assert!(place(&mut stage, [only("1.5"), no(CLOSE, 3127, "minimum")], closing(Leg::Order, "0.004")).is_err());
    assert_eq!(named(&stage, 1).as_deref(), Some("0.004"));
}

/// The book, of which only one side matters.
fn book(bids: Value, asks: Value) -> Step {
    ok(DEPTH, json!({"market": "ETHUSDT", "is_full": true, "depth": {"bids": bids, "asks": asks}}))
}

fn thin(code: i64) -> Step {
    no(CLOSE, code, "the market depth is low")
}

/// Which price and quantity an order that never rests named.
fn taken(stage: &Stage, at: usize) -> (String, Option<String>) {
    assert_eq!((stage.sent(at, "type").as_str(), stage.sent(at, "client_id").as_str()), ("ioc", id(Leg::Close).as_str()));
    (stage.sent(at, "price"), named(stage, at))
}

#[test]
fn into_a_thin_book_as_much_is_closed_as_it_shows() {
    let deep = json!([["1950", "0.1"], ["2000", "0.2"], ["1939.99", "9"], ["1990", "0.3"], ["1995", "0"]]);
    for code in [3620, 3627, 3628, 3629] {
        for (qty, price, amount) in [("0.15", "2000", "0.15"), ("0.2", "2000", "0.2"), ("0.21", "1990", "0.21"), ("1.5", "1950", "0.6")] {
            let mut stage = stage();
            let answer = with(row(Leg::Close, "sell", "0.5"), json!({"type": "ioc"}));
            let steps = [held("1.5"), thin(code), book(deep.clone(), json!([["2000.1", "9"]])), ok(CLOSE, answer)];
            let state = place(&mut stage, steps, closing(Leg::Close, qty)).unwrap();
            assert_eq!((state.status, state.filled), (OrderStatus::Filled, d("0.5")), "{code} {qty}");
            assert_eq!(stage.sent(1, "type"), "market");
            assert_eq!(taken(&stage, 3), (price.to_owned(), Some(amount.to_owned())), "{code} {qty}");
            stage.done();
        }
    }
    // A short buys from those who offer.
    let mut stage = stage();
    let steps = [
        list(HELD, json!([position("short")])),
        thin(3620),
        book(json!([["2000", "9"]]), json!([["2060", "0.1"], ["2060.01", "9"], ["2000", "0.2"]])),
        ok(CLOSE, row(Leg::Close, "buy", "0.3")),
    ];
    let order = NewOrder { side: Side::Short, qty: d("1.5"), ..closing(Leg::Close, "1.5") };
    // What is left of it is cancelled, but by then nothing has said so.
    assert_eq!(place(&mut stage, steps, order).unwrap().status, OrderStatus::Taken);
    assert_eq!(taken(&stage, 3), ("2060".to_owned(), Some("0.3".to_owned())));
}

/// At least the smallest order, on the step, and no more than is wanted or free.
#[test]
fn what_a_book_shows_is_named_within_the_rules() {
    let show = |amount: &str| book(json!([["2000", amount]]), json!([]));
    for (size, shown, amount) in [
        ("1.5", "0.00119", Some("0.005")),
        ("1.5", "0.12345", Some("0.1234")),
        ("0.006", "0.001", Some("0.005")),
        ("0.00505", "9", Some("0.005")),
        ("0.004", "0.001", None),
        ("0.004", "9", None),
    ] {
        let mut stage = with_rules();
        place(&mut stage, [only(size), thin(3620), show(shown), closed(Leg::Close)], closing(Leg::Close, size)).unwrap();
        assert_eq!(taken(&stage, 3).1.as_deref(), amount, "{size} {shown}");
    }
    let mut stage = with_rules();
    place(&mut stage, [held("0.4"), thin(3620), show("9"), closed(Leg::Close)], closing(Leg::Close, "1.5")).unwrap();
    assert_eq!(taken(&stage, 3).1.as_deref(), Some("0.4"));
    // A part too small for an order stays one: without a quantity all of the position would go.
    place(&mut stage, [only("1.5"), thin(3620), show("9"), closed(Leg::Close)], closing(Leg::Close, "0.004")).unwrap();
    assert_eq!(taken(&stage, 3).1.as_deref(), Some("0.004"));
}

/// The exchange has bands of its own.
#[test]
fn a_price_that_is_too_far_away_is_followed_by_the_best_one() {
    let deep = || book(json!([["2000", "0.2"], ["1990", "9"]]), json!([]));
    for code in [3606, 3615, 3633, 3627] {
        let mut stage = stage();
        let steps = [held("1.5"), thin(3620), deep(), no(CLOSE, code, "words"), closed(Leg::Close)];
        place(&mut stage, steps, closing(Leg::Close, "1.5")).unwrap();
        let both = [taken(&stage, 3), taken(&stage, 4)].map(|(price, amount)| (price, amount.unwrap()));
        assert_eq!(both, [("1990", "1.5"), ("2000", "0.2")].map(|(price, amount)| (price.to_owned(), amount.to_owned())), "{code}");

        let steps = [held("1.5"), thin(3620), deep(), no(CLOSE, code, "words"), no(CLOSE, code, "words")];
        assert_eq!(reason(place(&mut stage, steps, closing(Leg::Close, "1.5"))), Some(Reason::PriceBand), "{code}");
        // The same is not asked for twice.
        let steps = [held("1.5"), thin(3620), book(json!([["2000", "0.2"]]), json!([])), no(CLOSE, code, "words")];
        assert_eq!(reason(place(&mut stage, steps, closing(Leg::Close, "1.5"))), Some(Reason::PriceBand), "{code}");
        stage.done();
    }
}

/// Nothing is placed twice, and nothing is claimed that is not known.
#[test]
fn what_became_of_a_close_into_a_thin_book_is_said() {
    let mut stage = stage();
    let deep = || book(json!([["2000", "0.2"], ["1990", "9"]]), json!([]));
    let mut close = |steps: Vec<Step>| {
        let mut all = vec![held("1.5"), thin(3620)];
        all.extend(steps);
        place(&mut stage, all, closing(Leg::Close, "1.5"))
    };
    for lost in [broken(CLOSE, true), no(CLOSE, 4002, "timeout"), raw(CLOSE, 502, "<html>")] {
        assert!(is_unknown(&close(vec![deep(), lost])));
    }
    assert!(is_never_sent(&close(vec![deep(), broken(CLOSE, false)])));
    assert_eq!(reason(close(vec![deep(), no(CLOSE, 3103, "position not exist")])), Some(Reason::NoPosition));
    // Those who were there are gone, at every price.
    assert_eq!(reason(close(vec![deep(), no(CLOSE, 3621, "canceled")])), Some(Reason::PriceBand));
    // Without a book the first refusal stands; one that cannot be read leaves nothing that was placed.
    for empty in [json!([]), json!([["0", "1"]]), json!([["2000", "0"]]), json!([["2000", ""]])] {
        assert_eq!(reason(close(vec![book(empty.clone(), json!([["2000", "1"]]))])), Some(Reason::PriceBand), "{empty}");
    }
    assert!(is_never_sent(&close(vec![broken(DEPTH, true)])));
    assert_eq!(reason(close(vec![no(DEPTH, 4213, "too many")])), Some(Reason::RateLimited { until: START + 1000 }));

    // What opens, and what names a price of its own, is refused as it was.
    assert_eq!(reason(place(&mut stage, [no(OPEN, 3620, "depth")], market(Side::Long, Action::Open))), Some(Reason::PriceBand));
    let at = NewOrder { kind: OrderKind::Limit { price: d("2100") }, ..closing(Leg::Close, "1.5") };
    assert_eq!(reason(place(&mut stage, [held("1.5"), thin(3627)], at)), Some(Reason::PriceBand));
    stage.done();
}

#[test]
fn what_is_not_held_is_not_closed() {
    let mut stage = stage();
    let closing = || market(Side::Long, Action::Close);
    for rows in [json!([]), json!([position("short")]), json!([with(position("long"), json!({"open_interest": "0"}))])] {
        assert_eq!(reason(place(&mut stage, [list(HELD, rows.clone())], closing())), Some(Reason::NoPosition), "{rows}");
        stage.pass(1001);
    }
    assert!(is_never_sent(&place(&mut stage, [broken(HELD, true)], closing())));
    assert!(is_never_sent(&place(&mut stage, [list(HELD, json!([json!({"market": "ETHUSDT", "side": "long"})]))], closing())));
    stage.done();
}

#[test]
fn what_was_looked_at_just_now_is_not_looked_at_again() {
    let mut stage = stage();
    let held = || list(HELD, json!([position("long")]));
    let closed = || ok(CLOSE, row(Leg::Entry, "sell", "0.5"));
    let closing = || market(Side::Long, Action::Close);
    stage.expect([held()]).positions(Some(&eth())).unwrap();
    stage.pass(1000);
    place(&mut stage, [closed()], closing()).unwrap();
    // The order may have changed it.
    place(&mut stage, [held(), closed()], closing()).unwrap();

    stage.expect([held()]).positions(Some(&eth())).unwrap();
    stage.pass(1001);
    place(&mut stage, [held(), closed()], closing()).unwrap();

    let other = Symbol::new("BTCUSDT");
    stage.expect([list(HELD, json!([]))]).positions(Some(&other)).unwrap();
    place(&mut stage, [held(), closed()], closing()).unwrap();
    stage.done();
}
