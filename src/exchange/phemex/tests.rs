//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod budget;
mod echo;

use serde_json::{Value, json};

use super::*;
use crate::exchange::script::{self, START, Step, broken, d, id, raw, reason, with};
use crate::market::{Action, Decimal, Guarded, Leg, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy};

/// A step that succeeds.
fn ok(expected: &'static str, data: Value) -> Step {
    raw(expected, 200, &json!({"code": 0, "msg": "", "data": data}).to_string())
}

/// A step refused with a code.
fn no(expected: &'static str, code: i64, msg: &str) -> Step {
    raw(expected, 200, &json!({"code": code, "msg": msg, "data": null}).to_string())
}

/// The list of open orders.
fn open(rows: Value) -> Step {
    ok(LIST, json!({"rows": rows, "nextPageArg": ""}))
}

fn none_open() -> Step {
    no(LIST, 10002, "OM_ORDER_NOT_FOUND")
}

/// The account with the rows of its positions.
fn held(rows: Value) -> Step {
    ok(HELD, json!({"account": {"accountBalanceRv": "100", "totalUsedBalanceRv": "30"}, "positions": rows}))
}

type Stage = script::Stage<Phemex>;

impl Stage {
    /// An account of which nothing is known yet.
    fn new() -> Stage {
        Stage::of(Phemex::new)
    }

    /// One that knows the position mode of its contract.
    fn knowing(hedge: bool) -> Stage {
        let mut stage = Stage::new();
        stage.exchange.modes.set(eth(), hedge);
        stage
    }
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn market(side: Side, action: Action) -> NewOrder {
    NewOrder { id: id(Leg::Entry), symbol: eth(), side, action, kind: OrderKind::Market, qty: d("0.50"), stop: None }
}

fn limit(price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market(Side::Long, Action::Open) }
}

fn guard(side: Side, kind: ProtectionKind) -> Protection {
    let leg = if kind == ProtectionKind::StopLoss { Leg::Stop } else { Leg::Target };
    Protection { id: id(leg), symbol: eth(), side, kind, trigger_price: d("1800.10"), qty: d("0.50"), by: TriggerBy::Mark }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None }
}

fn stop_ref(side: Side) -> OrderRef {
    let guard = Guarded { side, kind: ProtectionKind::StopLoss, trigger_price: d("1800.1") };
    OrderRef { symbol: eth(), id: id(Leg::Stop), guard: Some(guard) }
}

/// An order as the trading API shows it, in acknowledgements and in the list of open orders.
fn row(leg: Leg, status: &str) -> Value {
    json!({"bizError": 0, "orderID": "ab90", "clOrdID": id(leg).as_str(), "symbol": "ETHUSDT", "side": "Buy", "actionTimeNs": 1_700_000_000_123_456_789_u64,
        "transactTimeNs": 0, "orderType": "Limit", "priceRp": "1900.5", "orderQtyRq": "0.5", "reduceOnly": false, "cumQtyRq": "0", "cumValueRv": "0",
        "stopDirection": "UNSPECIFIED", "stopPxRp": "0", "trigger": "UNSPECIFIED", "ordStatus": status, "execInst": "None"})
}

/// A stop that closes a long position.
fn stop_row(status: &str) -> Value {
    let stop = json!({"side": "Sell", "orderType": "Stop", "priceRp": "0", "stopPxRp": "1800.10", "trigger": "ByMarkPrice", "execInst": "CloseOnTrigger"});
    with(row(Leg::Stop, status), stop)
}

/// The same order in the history, which spells it otherwise.
fn old(row: &Value) -> Value {
    let mut row = row.clone();
    let fields = row.as_object_mut().unwrap();
    for (name, other) in [("clOrdID", "clOrdId"), ("orderID", "orderId"), ("orderType", "ordType")] {
        let value = fields.remove(name).unwrap();
        fields.insert(other.to_owned(), value);
    }
    ["stopPxRp", "trigger", "execInst"].iter().for_each(|name| drop(fields.remove(*name)));
    row
}

/// A position row.
fn position(half: &str, way: &str, size: &str, leverage: &str) -> Value {
    let mode = if half == "Merged" { "OneWay" } else { "Hedged" };
    json!({"symbol": "ETHUSDT", "side": way, "size": size, "avgEntryPriceRp": "2000", "markPriceRp": "2010", "leverageRr": leverage, "posSide": half,
        "posMode": mode, "crossMargin": false, "transactTimeNs": 1_699_999_999_000_000_000_u64})
}

const PLACE: &str = "POST /g-orders";
const CANCEL: &str = "DELETE /g-orders/cancel";
const LIST: &str = "GET /g-orders/activeList";
const OLD: &str = "GET /api-data/g-futures/orders/by-order-id";
const HELD: &str = "GET /g-accounts/accountPositions";
const TIME: &str = "GET /public/time";

fn is_unknown<T>(result: &Result<T>) -> bool {
    script::is_unknown(result, START + 17_000)
}

#[test]
fn an_order_names_its_half_and_is_only_taken() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let cases = [
        (false, Long, Open, "Buy", "Merged"),
        (false, Short, Open, "Sell", "Merged"),
        (false, Long, Close, "Sell", "Merged"),
        (true, Long, Open, "Buy", "Long"),
        (true, Short, Open, "Sell", "Short"),
        (true, Long, Close, "Sell", "Long"),
        (true, Short, Close, "Buy", "Short"),
    ];
    for (hedge, side, action, word, half) in cases {
        let mut stage = Stage::knowing(hedge);
        // Whatever an acknowledgement says, it is asked for.
        let answer = with(row(Leg::Entry, "New"), json!({"cumQtyRq": "0.5"}));
        let state = stage.expect([ok(PLACE, answer)]).place(&[market(side, action)]).remove(0).unwrap();
        assert_eq!((state.status, state.side, state.opens, state.filled), (OrderStatus::Taken, side, action == Open, Decimal::ZERO));
        assert_eq!((state.created_at, state.qty, state.conditional), (START + 123, d("0.5"), false));
        let mut body = json!({"symbol": "ETHUSDT", "clOrdID": id(Leg::Entry).as_str(), "side": word, "posSide": half, "ordType": "Market", "orderQtyRq": "0.5"});
        if action == Close {
            body["reduceOnly"] = json!(true);
        }
        assert_eq!(stage.body(0), body, "{hedge} {side} {action:?}");
        stage.done();
    }
}

#[test]
fn limit_orders_rest_until_cancelled() {
    let mut stage = Stage::knowing(false);
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1900.50")]).remove(0).unwrap();
    let sent = stage.body(0);
    let terms = (&sent["ordType"], &sent["priceRp"], &sent["timeInForce"]);
    assert_eq!(terms, (&json!("Limit"), &json!("1900.5"), &json!("GoodTillCancel")));
}

#[test]
fn a_refusal_may_hide_behind_a_successful_answer() {
    let mut stage = Stage::knowing(false);
    let hidden = with(row(Leg::Entry, "Rejected"), json!({"bizError": 11001}));
    assert_eq!(reason(stage.expect([ok(PLACE, hidden.clone())]).place(&[limit("1")]).remove(0)), Some(Reason::InsufficientBalance));
    let gone = with(hidden, json!({"bizError": 10002}));
    assert_eq!(reason(stage.expect([ok(CANCEL, gone)]).cancel(&entry_ref())), Some(Reason::UnknownOrder));
}

#[test]
fn what_does_not_name_our_order_leaves_its_outcome_open() {
    let mut stage = Stage::knowing(false);
    for answer in [row(Leg::Second, "Created"), with(row(Leg::Entry, "Created"), json!({"clOrdID": null})), json!("OK"), json!(null)] {
        assert!(is_unknown(&stage.expect([ok(PLACE, answer)]).place(&[limit("1")]).remove(0)));
    }
    for step in [broken(PLACE, true), raw(PLACE, 502, "<html>"), raw(PLACE, 200, r#"{"code":0,"da"#), no(PLACE, 11107, "no route")] {
        let placed = stage.expect([step]).place(&[limit("1")]).remove(0);
        assert!(is_unknown(&placed), "{placed:?}");
        stage.hides_keys(&placed);
    }
    let placed = stage.expect([broken(PLACE, false)]).place(&[limit("1")]).remove(0);
    assert!(matches!(placed, Err(ExchangeError::NeverSent(_))));
}

#[test]
fn orders_are_sent_one_by_one() {
    let mut stage = Stage::knowing(false);
    let second = NewOrder { id: id(Leg::Second), ..limit("1890") };
    let steps = [no(PLACE, 11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE"), ok(PLACE, row(Leg::Second, "Created"))];
    let placed = stage.expect(steps).place(&[limit("1900"), second]);
    assert_eq!(placed[0].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
    assert_eq!(placed[1].as_ref().unwrap().id, id(Leg::Second).as_str());
}

#[test]
fn a_guard_has_type_trigger_and_quantity_and_closes_only() {
    use ProtectionKind::{StopLoss, TakeProfit};
    use Side::{Long, Short};
    let cases = [
        (false, Long, StopLoss, "Sell", "Merged", "Stop"),
        (false, Short, StopLoss, "Buy", "Merged", "Stop"),
        (true, Long, TakeProfit, "Sell", "Long", "MarketIfTouched"),
        (true, Short, TakeProfit, "Buy", "Short", "MarketIfTouched"),
    ];
    for (hedge, side, kind, word, half, name) in cases {
        let mut stage = Stage::knowing(hedge);
        let guard = guard(side, kind);
        let answer = with(stop_row("Untriggered"), json!({"clOrdID": guard.id.as_str(), "orderType": name}));
        let state = stage.expect([ok(PLACE, answer)]).protect(&guard).unwrap();
        assert_eq!((state.status, state.side, state.guards, state.qty), (OrderStatus::Resting, side, Some(kind), d("0.5")));
        let body = json!({"symbol": "ETHUSDT", "clOrdID": guard.id.as_str(), "side": word, "posSide": half, "ordType": name, "orderQtyRq": "0.5",
            "stopPxRp": "1800.1", "triggerType": "ByMarkPrice", "reduceOnly": true, "closeOnTrigger": true, "timeInForce": "ImmediateOrCancel"});
        assert_eq!(stage.body(0), body);
    }
    let mut stage = Stage::knowing(false);
    let last = Protection { by: TriggerBy::Last, ..guard(Long, StopLoss) };
    let state = stage.expect([ok(PLACE, stop_row("Created"))]).protect(&last).unwrap();
    assert_eq!((state.status, stage.sent(0, "triggerType").as_str()), (OrderStatus::Taken, "ByLastPrice"));
    let other = with(stop_row("Untriggered"), json!({"clOrdID": "x"}));
    assert!(is_unknown(&stage.expect([ok(PLACE, other)]).protect(&last)));
    assert_eq!(reason(stage.expect([no(PLACE, 11044, "TE_FALLING_TRIGGER_DIRECTLY")]).protect(&last)), Some(Reason::WouldTrigger));
}

#[test]
fn the_position_mode_is_read_before_the_first_order_and_after_it_was_wrong() {
    let mut stage = Stage::new();
    let both = json!([position("Long", "Buy", "1", "10"), position("Short", "None", "0", "10")]);
    stage.expect([held(both.clone()), ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!((stage.query(0).as_str(), stage.sent(1, "posSide").as_str()), ("currency=USDT&symbol=ETHUSDT", "Long"));
    // Nothing was sent if the mode cannot be read.
    let mut stage = Stage::new();
    let placed = stage.expect([broken(HELD, true)]).place(&[limit("1")]).remove(0);
    assert!(matches!(placed, Err(ExchangeError::NeverSent(_))));
    // A contract that was never touched has no rows.
    stage.expect([held(json!([])), ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!(stage.sent(1, "posSide"), "Merged");
    let mut stage = Stage::knowing(false);
    let wrong = || no(PLACE, 20004, "TE_ERR_INCONSISTENT_POS_MODE");
    assert_eq!(reason(stage.expect([wrong()]).place(&[limit("1")]).remove(0)), Some(Reason::PositionMode));
    stage.expect([ok(PLACE, stop_row("Untriggered"))]).protect(&guard(Side::Long, ProtectionKind::StopLoss)).unwrap();
    assert_eq!(stage.sent(0, "posSide"), "Long", "a refusal proves the other mode");
    assert_eq!(reason(stage.expect([no(CANCEL, 20004, "words")]).cancel(&stop_ref(Side::Long))), Some(Reason::PositionMode));
    stage.expect([ok(CANCEL, stop_row("Canceled"))]).cancel(&stop_ref(Side::Long)).unwrap();
    assert!(stage.query(0).ends_with("posSide=Merged"));
    // Rows that tell it are believed.
    stage.expect([held(both)]).positions(None).unwrap();
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!(stage.sent(0, "posSide"), "Long");
}

#[test]
fn a_contract_without_rows_is_taken_for_one_way_until_a_refusal_proves_the_other_mode() {
    let mut stage = Stage::new();
    let wrong = no(PLACE, 20004, "TE_ERR_INCONSISTENT_POS_MODE");
    assert_eq!(reason(stage.expect([held(json!([])), wrong]).place(&[limit("1")]).remove(0)), Some(Reason::PositionMode));
    assert_eq!(stage.sent(1, "posSide"), "Merged");
    // What is then opened again has no rows either: the proof stands.
    stage.expect([ok(TIME, json!({"serverTime": START})), held(json!([]))]).open().unwrap();
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!(stage.sent(0, "posSide"), "Long");
    // An order that was taken proves its mode as well, and saves the question.
    let mut stage = Stage::new();
    stage.expect([held(json!([])), ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    stage.expect([ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
}

#[test]
fn a_list_that_is_cut_is_not_taken_for_the_whole() {
    let cut = |rows: Value| ok(LIST, json!({"rows": rows, "nextPageArg": "gAAAAA"}));
    let mut stage = Stage::knowing(true);
    let rows = json!([row(Leg::Entry, "New")]);
    let words = stage.expect([cut(rows.clone())]).open_orders(&eth()).unwrap_err().to_string();
    assert!(words.contains("more open orders than one answer shows"), "{words}");
    // What it shows is there; what it does not show may be there.
    assert_eq!(stage.expect([cut(rows.clone())]).order(&entry_ref()).unwrap().unwrap().status, OrderStatus::Resting);
    assert!(is_unknown(&stage.expect([cut(rows.clone())]).order(&stop_ref(Side::Long))));
    stage.expect([cut(rows), ok(CANCEL, row(Leg::Entry, "Canceled"))]).cancel(&entry_ref()).unwrap();
    assert!(matches!(stage.expect([cut(json!([]))]).cancel(&entry_ref()), Err(ExchangeError::NeverSent(_))));
    for whole in [json!(""), json!(null)] {
        stage.expect([ok(LIST, json!({"rows": [], "nextPageArg": whole}))]).open_orders(&eth()).unwrap();
    }
}

#[test]
fn rows_with_both_spellings_of_a_field_are_readable() {
    let both = |row: Value| {
        let (name, kind) = (row["clOrdID"].clone(), row["orderType"].clone());
        with(row, json!({"clOrdId": name, "ordType": kind}))
    };
    let mut stage = Stage::knowing(false);
    let state = stage.expect([open(json!([both(stop_row("Untriggered"))]))]).open_orders(&eth()).unwrap().remove(0);
    assert!(state.is(&stop_ref(Side::Long)), "{state:?}");
    // One of the two may be empty.
    let half = with(both(row(Leg::Entry, "New")), json!({"clOrdID": "", "orderType": ""}));
    let state = stage.expect([open(json!([half]))]).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.conditional), (OrderStatus::Resting, false));
    let hidden = with(row(Leg::Entry, "Rejected"), json!({"bizError": 11001, "code": 0}));
    assert_eq!(reason(stage.expect([ok(PLACE, hidden)]).place(&[limit("1")]).remove(0)), Some(Reason::InsufficientBalance));
}

#[test]
fn a_refusal_for_the_clock_proves_that_nothing_happened() {
    let mut stage = Stage::knowing(false);
    let late = raw(PLACE, 401, r#"{"code":"401","msg":"401 Request Expired at 1700000006"}"#);
    let time = ok(TIME, json!({"serverTime": START + 20_000}));
    let placed = stage.expect([late, time, ok(PLACE, row(Leg::Entry, "Created"))]).place(&[limit("1")]).remove(0).unwrap();
    assert_eq!(stage.header(2, "x-phemex-request-expiry").as_deref(), Some("1700000026"));
    assert_eq!(placed.created_at, START + 123 - 20_000, "in our time");
}

#[test]
fn an_order_is_looked_for_among_the_open_ones_and_then_in_the_history() {
    let mut stage = Stage::knowing(false);
    let half_filled = with(row(Leg::Entry, "PartiallyFilled"), json!({"cumQtyRq": "0.2", "cumValueRv": "380"}));
    let state = stage.expect([open(json!([stop_row("Untriggered"), half_filled]))]).order(&entry_ref()).unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.avg_price, state.price), (OrderStatus::Resting, d("0.2"), d("1900"), d("1900.5")));
    assert_eq!(stage.query(0), "symbol=ETHUSDT");

    let filled = old(&with(row(Leg::Entry, "Filled"), json!({"orderType": "Market", "cumQtyRq": "0.5", "cumValueRv": "950.25"})));
    for data in [json!([filled]), json!({"total": 1, "rows": [filled]}), filled.clone()] {
        let state = stage.expect([none_open(), ok(OLD, data)]).order(&entry_ref()).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.avg_price, state.price), (OrderStatus::Filled, d("0.5"), d("1900.5"), Decimal::ZERO));
        assert_eq!(stage.query(1), format!("symbol=ETHUSDT&clOrdID={}", id(Leg::Entry)));
    }
    for nothing in
        [ok(OLD, json!([])), ok(OLD, json!({"total": 0, "rows": []})), ok(OLD, json!(null)), no(OLD, 10002, "OM_ORDER_NOT_FOUND")]
    {
        assert_eq!(stage.expect([open(json!([])), nothing]).order(&entry_ref()), Ok(None));
    }
    assert_eq!(stage.expect([none_open(), ok(OLD, json!([old(&row(Leg::Second, "Filled"))]))]).order(&entry_ref()), Ok(None));
    for broken in [ok(OLD, json!({"total": 1})), ok(OLD, json!("OK")), raw(OLD, 200, r#"{"code":0}"#), raw(OLD, 502, "<html>")] {
        assert!(stage.expect([none_open(), broken]).order(&entry_ref()).is_err());
    }
    assert!(stage.expect([broken(LIST, true)]).order(&entry_ref()).is_err(), "an answer that did not come is no empty list");
}

#[test]
fn the_history_lags_so_what_it_calls_open_is_asked_for_again() {
    let mut stage = Stage::knowing(false);
    for status in ["New", "PartiallyFilled", "Created", "Init"] {
        let state = stage.expect([none_open(), ok(OLD, json!([old(&row(Leg::Entry, status))]))]).order(&entry_ref()).unwrap().unwrap();
        assert_eq!(state.status, OrderStatus::Taken, "{status}");
    }
    for (status, ours) in [("Canceled", OrderStatus::Canceled), ("Rejected", OrderStatus::Rejected), ("Filled", OrderStatus::Filled)] {
        let state = stage.expect([none_open(), ok(OLD, json!([old(&row(Leg::Entry, status))]))]).order(&entry_ref()).unwrap().unwrap();
        assert_eq!(state.status, ours);
    }
}

#[test]
fn a_guard_keeps_its_name_and_what_it_is_for() {
    let mut stage = Stage::knowing(false);
    let asked = stop_ref(Side::Long);
    let state = stage.expect([open(json!([row(Leg::Entry, "New"), stop_row("Untriggered")]))]).order(&asked).unwrap().unwrap();
    assert!(state.is(&asked) && state.status == OrderStatus::Resting && !state.opens, "{state:?}");
    for (status, ours) in [
        ("Untriggered", OrderStatus::Taken),
        ("Triggered", OrderStatus::Triggered),
        ("New", OrderStatus::Triggered),
        ("Filled", OrderStatus::Filled),
        ("Deactivated", OrderStatus::Canceled),
    ] {
        // The history may show nothing of the trigger.
        let fired = old(&with(stop_row(status), json!({"orderType": "Market"})));
        let state = stage.expect([none_open(), ok(OLD, json!([fired]))]).order(&asked).unwrap().unwrap();
        assert!(state.is(&asked) && state.status == ours && state.price == d("1800.1"), "{status}: {state:?}");
    }
}

#[test]
fn the_list_tells_plain_orders_from_guards_and_what_they_act_on() {
    let mut stage = Stage::knowing(true);
    let target = json!({"orderType": "MarketIfTouched", "clOrdID": "", "side": "Buy", "posSide": "Short", "reduceOnly": true});
    let rows = json!([
        row(Leg::Entry, "New"),
        stop_row("Untriggered"),
        with(stop_row("Untriggered"), target),
        with(row(Leg::Second, "New"), json!({"side": "Sell", "reduceOnly": true})),
        with(row(Leg::Close, "New"), json!({"side": "Sell", "posSide": "Short"})),
        // What is said of a trigger says nothing of an order that has none.
        with(row(Leg::Entry, "New"), json!({"execInst": "CloseOnTrigger"})),
        with(row(Leg::Close, "New"), json!({"side": "Sell", "execInst": "ReduceOnly"})),
        // Somebody's stop that opens.
        with(stop_row("Untriggered"), json!({"side": "Buy", "execInst": "None"})),
        with(row(Leg::Entry, "Filled"), json!({})),
    ]);
    let seen = stage.expect([open(rows)]).open_orders(&eth()).unwrap();
    let seen: Vec<_> = seen.iter().map(|state| (state.conditional, state.side, state.opens, state.guards, state.price)).collect();
    use ProtectionKind::{StopLoss, TakeProfit};
    use Side::{Long, Short};
    let (limit, trigger) = (d("1900.5"), d("1800.1"));
    assert_eq!(
        seen,
        [
            (false, Long, true, None, limit),
            (true, Long, false, Some(StopLoss), trigger),
            (true, Short, false, Some(TakeProfit), trigger),
            (false, Long, false, None, limit),
            (false, Short, true, None, limit),
            (false, Long, true, None, limit),
            (false, Long, false, None, limit),
            (true, Long, true, None, trigger),
        ]
    );
    assert_eq!(stage.expect([none_open()]).open_orders(&eth()), Ok(Vec::new()));
    assert!(stage.expect([ok(LIST, json!(null))]).open_orders(&eth()).is_err(), "no list is no empty list");
    let unreadable = with(row(Leg::Entry, "New"), json!({"cumQtyRq": ""}));
    assert!(stage.expect([open(json!([unreadable]))]).open_orders(&eth()).is_err());
}

#[test]
fn a_cancel_names_the_half_of_its_order() {
    let name = id(Leg::Entry);
    let mut stage = Stage::knowing(false);
    stage.expect([ok(CANCEL, row(Leg::Entry, "Canceled"))]).cancel(&entry_ref()).unwrap();
    assert_eq!(stage.query(0), format!("symbol=ETHUSDT&clOrdID={name}&posSide=Merged"));

    let mut stage = Stage::knowing(true);
    stage.expect([ok(CANCEL, stop_row("Canceled"))]).cancel(&stop_ref(Side::Short)).unwrap();
    assert_eq!(stage.query(0), format!("symbol=ETHUSDT&clOrdID={}&posSide=Short", id(Leg::Stop)));
    // A plain order does not tell its side: the list does.
    for (changes, half) in
        [(json!({}), "Long"), (json!({"side": "Sell"}), "Short"), (json!({"posSide": "Short", "reduceOnly": true}), "Short")]
    {
        let listed = with(row(Leg::Entry, "New"), changes);
        stage.expect([open(json!([listed])), ok(CANCEL, row(Leg::Entry, "Canceled"))]).cancel(&entry_ref()).unwrap();
        assert_eq!(stage.query(1), format!("symbol=ETHUSDT&clOrdID={name}&posSide={half}"));
    }
    assert_eq!(reason(stage.expect([none_open()]).cancel(&entry_ref())), Some(Reason::UnknownOrder));
    assert!(matches!(stage.expect([broken(LIST, true)]).cancel(&entry_ref()), Err(ExchangeError::NeverSent(_))));
    assert!(is_unknown(&stage.expect([broken(CANCEL, true)]).cancel(&stop_ref(Side::Long))));
}

#[test]
fn cancelling_all_takes_two_calls_where_guards_are_meant() {
    const ALL: &str = "DELETE /g-orders/all";
    let mut stage = Stage::knowing(true);
    stage.expect([ok(ALL, json!(1))]).cancel_all(&eth(), false).unwrap();
    assert_eq!(stage.query(0), "symbol=ETHUSDT&untriggered=false");
    stage.expect([no(ALL, 10002, "OM_ORDER_NOT_FOUND"), ok(ALL, json!(0))]).cancel_all(&eth(), true).unwrap();
    assert_eq!(stage.query(1), "symbol=ETHUSDT&untriggered=true");
    assert!(is_unknown(&stage.expect([ok(ALL, json!(1)), broken(ALL, true)]).cancel_all(&eth(), true)));
}
