//! Stops and targets: attributes of a position.

use super::*;
use crate::market::{Guarded, TriggerBy};

const SET_STOP: &str = "POST /v2/futures/set-position-stop-loss";
const SET_TARGET: &str = "POST /v2/futures/set-position-take-profit";
const CANCEL_STOP: &str = "POST /v2/futures/cancel-position-stop-loss";
const CANCEL_TARGET: &str = "POST /v2/futures/cancel-position-take-profit";
const CANCEL_ALL: &str = "POST /v2/futures/cancel-all-order";
const CANCEL_PLAN: &str = "POST /v2/futures/cancel-stop-order";
const TICKER: &str = "GET /v2/futures/ticker";

fn entry(number: u64, price: &str, amount: &str, is_all: bool) -> Value {
    json!({"id": number, "price": price, "type": "mark_price", "amount": amount, "is_all": is_all, "created_at": START})
}

fn guarded(side: &str, stops: Value, targets: Value) -> Value {
    with(position(side), json!({"stop_loss_list": stops, "take_profit_list": targets}))
}

fn stop(price: &str) -> Protection {
    let kind = ProtectionKind::StopLoss;
    Protection { id: id(Leg::Stop), symbol: eth(), side: Side::Long, kind, trigger_price: d(price), qty: d("1.5"), by: TriggerBy::Mark }
}

fn target(price: &str) -> Protection {
    Protection { id: id(Leg::Target), kind: ProtectionKind::TakeProfit, by: TriggerBy::Last, ..stop(price) }
}

fn guard_ref(protection: &Protection) -> OrderRef {
    let guard = Guarded { side: protection.side, kind: protection.kind, trigger_price: protection.trigger_price };
    OrderRef { symbol: eth(), id: protection.id.clone(), guard: Some(guard) }
}

#[test]
fn a_guard_is_set_for_the_whole_position() {
    let mut stage = stage();
    let answer = guarded("long", json!([entry(1, "1900", "1.5", true)]), json!([]));
    let state = stage.expect([ok(SET_STOP, answer)]).protect(&stop("1900.00")).unwrap();
    assert!(state.is(&guard_ref(&stop("1900"))) && state.status == OrderStatus::Resting && state.created_at == START);
    let sent = json!({"market": "ETHUSDT", "market_type": "FUTURES", "stop_loss_type": "mark_price", "stop_loss_price": "1900"});
    assert_eq!(stage.body(0), sent);

    let answer = guarded("long", json!([]), json!([entry(2, "2200", "1.5", true)]));
    stage.expect([ok(SET_TARGET, answer)]).protect(&target("2200")).unwrap();
    assert_eq!((&stage.body(0)["take_profit_type"], &stage.body(0)["take_profit_price"]), (&json!("latest_price"), &json!("2200")));
    // An older answer, without lists, or with empty ones.
    for list in [json!(null), json!([])] {
        let plain = with(position("long"), json!({"stop_loss_list": list, "take_profit_list": list, "stop_loss_price": "1900"}));
        assert!(stage.expect([ok(SET_STOP, plain)]).protect(&stop("1900")).is_ok());
    }
}

#[test]
fn a_guard_that_the_answer_does_not_show_is_asked_for() {
    let mut stage = stage();
    let ours = json!([entry(1, "1900", "1.5", true)]);
    for answer in [
        guarded("long", json!([]), json!([])),
        guarded("long", json!([entry(1, "1850", "1.5", true)]), json!([])),
        guarded("long", json!([]), ours.clone()),
        guarded("short", ours.clone(), json!([])),
        with(guarded("long", ours, json!([])), json!({"market": "BTCUSDT"})),
        json!({}),
    ] {
        assert!(is_unknown(&stage.expect([ok(SET_STOP, answer.clone())]).protect(&stop("1900"))), "{answer}");
    }
    assert!(is_unknown(&stage.expect([broken(SET_STOP, true)]).protect(&stop("1900"))));
}

#[test]
fn a_refused_guard_is_explained_by_the_market() {
    let vague = |path| no(path, 3639, "invalid argument");
    let ticker = || list(TICKER, json!([{"market": "ETHUSDT", "last": "2001", "mark_price": "2000"}]));
    let short = |protection: Protection| Protection { side: Side::Short, ..protection };
    let cases = [
        (SET_STOP, stop("1999"), Reason::BadRequest),
        (SET_STOP, stop("2000"), Reason::WouldTrigger),
        (SET_STOP, short(stop("2000.5")), Reason::BadRequest),
        (SET_STOP, short(stop("1999")), Reason::WouldTrigger),
        (SET_TARGET, target("2000.5"), Reason::WouldTrigger),
        (SET_TARGET, target("2001.5"), Reason::BadRequest),
        (SET_TARGET, short(target("2001.5")), Reason::WouldTrigger),
    ];
    for (path, protection, expected) in cases {
        let mut stage = stage();
        let error = stage.expect([vague(path), ticker()]).protect(&protection).unwrap_err();
        assert_eq!(error.reason(), Some(expected), "{protection:?}");
        assert!(error.to_string().contains("3639") && error.to_string().contains("invalid argument"), "{error}");
        stage.done();
    }
    // What is clear needs no market, and without one nothing is made up.
    let mut stage = stage();
    assert_eq!(reason(stage.expect([no(SET_STOP, 3101, "no position")]).protect(&stop("2100"))), Some(Reason::NoPosition));
    assert_eq!(reason(stage.expect([vague(SET_STOP), broken(TICKER, true)]).protect(&stop("2100"))), Some(Reason::BadRequest));
    stage.done();
}

#[test]
fn the_position_tells_what_became_of_a_guard() {
    let mut stage = stage();
    let cases = [
        (json!([guarded("long", json!([entry(1, "1900.0", "1.5", true)]), json!([]))]), OrderStatus::Resting),
        (json!([guarded("long", json!([entry(9, "1800", "1", false), entry(1, "1900", "1.5", true)]), json!([]))]), OrderStatus::Resting),
        (json!([guarded("long", json!([entry(1, "1850", "1.5", true)]), json!([]))]), OrderStatus::Canceled),
        // One that cannot be read is none of ours.
        (json!([guarded("long", json!([{"id": 9, "amount": "n/a"}, entry(1, "1900", "1.5", true)]), json!([]))]), OrderStatus::Resting),
        (json!([guarded("long", json!([{"id": 9, "price": null, "is_all": true}]), json!([]))]), OrderStatus::Canceled),
        // One for a part of the position is another's, even at our price.
        (json!([guarded("long", json!([entry(1, "1900", "0.5", false)]), json!([]))]), OrderStatus::Canceled),
        (json!([guarded("short", json!([entry(1, "1900", "1.5", true)]), json!([]))]), OrderStatus::Expired),
        (json!([]), OrderStatus::Expired),
    ];
    for (rows, status) in cases {
        let state = stage.expect([list(HELD, rows.clone())]).order(&guard_ref(&stop("1900"))).unwrap().unwrap();
        assert_eq!(state.status, status, "{rows}");
        assert!(state.is(&guard_ref(&stop("1900"))));
    }
    assert!(stage.expect([broken(HELD, true)]).order(&guard_ref(&stop("1900"))).is_err());
}

#[test]
fn only_ours_is_removed() {
    let mut stage = stage();
    let both = || list(HELD, json!([guarded("long", json!([entry(8, "1800", "1", false), entry(5, "1900", "1.5", true)]), json!([]))]));
    let ours = guard_ref(&stop("1900"));
    stage.expect([both(), ok(CANCEL_STOP, position("long"))]).cancel(&ours).unwrap();
    assert_eq!(stage.body(1), json!({"market": "ETHUSDT", "market_type": "FUTURES", "stop_loss_id": 5}));
    assert_eq!(reason(stage.expect([both(), no(CANCEL_STOP, 3101, "position not exist")]).cancel(&ours)), Some(Reason::UnknownOrder));
    assert!(is_unknown(&stage.expect([both(), broken(CANCEL_STOP, true)]).cancel(&ours)));

    for rows in [json!([]), json!([guarded("long", json!([entry(1, "1850", "1.5", true)]), json!([]))]), json!([position("short")])] {
        assert_eq!(reason(stage.expect([list(HELD, rows)]).cancel(&ours)), Some(Reason::UnknownOrder));
    }
    assert!(is_never_sent(&stage.expect([broken(HELD, true)]).cancel(&ours)));
    stage.done();
}

#[test]
fn everything_open_is_listed() {
    let mut stage = stage();
    let plan = json!({"stop_id": 136_915_460_994_u64, "market": "ETHUSDT", "side": "sell", "amount": "0.05", "trigger_price": "1800",
        "client_id": "", "created_at": START});
    let foreign = with(plan.clone(), json!({"market": "BTCUSDT"}));
    let row_of_position = guarded("long", json!([entry(1, "1900", "1.5", true)]), json!([entry(2, "2200", "0.5", false)]));
    let steps = [
        list(PLANS_LIST, json!([plan, foreign])),
        page(PENDING, json!([row(Leg::Entry, "buy", "0")]), true),
        list(PENDING, json!([row(Leg::Second, "buy", "0.1"), row(Leg::Order, "buy", "0.5")])),
        list(HELD, json!([row_of_position])),
    ];
    let orders = stage.expect(steps).open_orders(&eth()).unwrap();
    let seen: Vec<_> = orders.iter().map(|order| (order.conditional, order.opens, order.guards, order.price, order.qty)).collect();
    let (stop, target) = (Some(ProtectionKind::StopLoss), Some(ProtectionKind::TakeProfit));
    let expected = [
        (false, true, None, d("1900"), d("0.5")),
        (false, true, None, d("1900"), d("0.5")),
        (true, true, None, d("1800"), d("0.05")),
        (true, false, stop, d("1900"), d("0")),
        (true, false, target, d("2200"), d("0.5")),
    ];
    assert_eq!(seen, expected);
    assert_eq!((stage.asked(1, "page").as_deref(), stage.asked(2, "page").as_deref()), (Some("1"), Some("2")));
    stage.done();
}

#[test]
fn cancelling_all_takes_conditional_ones_only_if_told() {
    let mut stage = stage();
    let cancel = || ok(CANCEL_ALL, json!({}));
    stage.expect([cancel()]).cancel_all(&eth(), false).unwrap();
    stage.expect([no(CANCEL_ALL, 3600, "Order not found")]).cancel_all(&eth(), false).unwrap();
    assert!(is_unknown(&stage.expect([broken(CANCEL_ALL, true)]).cancel_all(&eth(), true)));

    let plan = |number: u64| json!({"stop_id": number, "market": "ETHUSDT", "side": "sell", "trigger_price": "1800"});
    let guards = guarded("long", json!([entry(1, "1900", "1.5", true)]), json!([entry(2, "2200", "0.5", false)]));
    let steps = [
        cancel(),
        list(PLANS_LIST, json!([plan(5), plan(6)])),
        ok(CANCEL_PLAN, plan(5)),
        no(CANCEL_PLAN, 3600, "Order not found"),
        list(HELD, json!([guards])),
        ok(CANCEL_STOP, position("long")),
        no(CANCEL_TARGET, 3101, "no position"),
    ];
    stage.expect(steps).cancel_all(&eth(), true).unwrap();
    assert_eq!(stage.body(2)["stop_id"], 5);
    assert_eq!(stage.body(5), json!({"market": "ETHUSDT", "market_type": "FUTURES"}));
    stage.expect([cancel(), list(PLANS_LIST, json!([])), list(HELD, json!([]))]).cancel_all(&eth(), true).unwrap();
    stage.done();
}
