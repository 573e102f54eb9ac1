//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;

use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::exchange::Keys;
use crate::exchange::error::{ExchangeError, Reason, Refusal};
use crate::exchange::script::{self, START, Step, broken, d, id, raw, reason};
use crate::market::{Action, ClientId, Guarded, Leg, MarginMode, OrderKind, OrderStatus, ProtectionKind, Side};

/// A step answered with status 200.
fn ok(expected: &'static str, reply: Value) -> Step {
    raw(expected, 200, &reply.to_string())
}

/// A step refused with a code.
fn no(expected: &'static str, status: u16, code: i64, msg: &str) -> Step {
    raw(expected, status, &json!({"code": code, "msg": msg}).to_string())
}

type Stage = script::Stage<Binance>;

impl Stage {
    fn new(hedge: bool) -> Stage {
        Stage::of(|line| Binance { hedge, ..Binance::new(line) })
    }
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn limit(leg: Leg, price: &str) -> NewOrder {
    let kind = OrderKind::Limit { price: d(price) };
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action: Action::Open, kind, qty: d("0.5"), stop: None }
}

fn plain(leg: Leg, status: &str, filled: &str, avg: &str) -> Value {
    json!({"orderId": 9_007_199_254_740_993_i64, "symbol": "ETHUSDT", "status": status, "clientOrderId": id(leg).as_str(), "price": "1900.00",
        "avgPrice": avg, "origQty": "0.500", "executedQty": filled, "reduceOnly": leg.is_conditional(), "side": if leg.is_conditional() { "SELL" } else { "BUY" }})
}

fn algo(status: &str) -> Value {
    json!({"algoId": 3_000_000_001_i64, "clientAlgoId": id(Leg::Stop).as_str(), "orderType": "STOP_MARKET", "symbol": "ETHUSDT", "side": "SELL",
        "positionSide": "BOTH", "algoStatus": status, "triggerPrice": "1800.00", "closePosition": true, "reduceOnly": null})
}

fn stop_guard() -> Guarded {
    Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1800") }
}

fn stop_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Stop), guard: Some(stop_guard()) }
}

const ORDER: &str = "GET /fapi/v1/order";
const PLACE: &str = "POST /fapi/v1/order";
const BATCH: &str = "POST /fapi/v1/batchOrders";
const ALGO: &str = "GET /fapi/v1/algoOrder";
const OPEN_ALGO: &str = "GET /fapi/v1/openAlgoOrders";
const TIME: &str = "GET /fapi/v1/time";
const LEVERAGE: &str = "POST /fapi/v1/leverage";
const MARGIN: &str = "POST /fapi/v1/marginType";
const TRADES: &str = "GET /fapi/v1/userTrades";
const CONFIG: &str = "GET /fapi/v1/symbolConfig";
const CANCEL_PLAIN: &str = "DELETE /fapi/v1/allOpenOrders";
const CANCEL_ALGO: &str = "DELETE /fapi/v1/algoOpenOrders";
const NOT_FOUND: (u16, i64, &str) = (400, -2013, "Order does not exist.");

fn missing(expected: &'static str) -> Step {
    no(expected, NOT_FOUND.0, NOT_FOUND.1, NOT_FOUND.2)
}

#[test]
fn a_conditional_order_is_followed_to_what_it_became() {
    use OrderStatus::*;
    let child = |status, filled| ok(ORDER, plain(Leg::Stop, status, filled, "1799.5"));
    let listed = |rows: Value| ok(OPEN_ALGO, rows);
    // What is answered, and the status and filled quantity that follow from it.
    type Case = (Vec<Step>, Option<(OrderStatus, &'static str)>);
    let cases: Vec<Case> = vec![
        (vec![ok(ALGO, algo("NEW"))], Some((Resting, "0"))),
        (vec![ok(ALGO, algo("CANCELED"))], Some((Canceled, "0"))),
        (vec![ok(ALGO, algo("EXPIRED"))], Some((Expired, "0"))),
        (vec![ok(ALGO, algo("REJECTED"))], Some((Rejected, "0"))),
        (vec![ok(ALGO, algo("TRIGGERING")), missing(ORDER)], Some((Triggered, "0"))),
        (vec![ok(ALGO, algo("TRIGGERED")), child("PARTIALLY_FILLED", "0.2")], Some((Triggered, "0.2"))),
        (vec![ok(ALGO, algo("TRIGGERED")), child("FILLED", "0.5")], Some((Filled, "0.5"))),
        (vec![ok(ALGO, algo("FINISHED")), child("FILLED", "0.5")], Some((Filled, "0.5"))),
        (vec![ok(ALGO, algo("FINISHED")), child("CANCELED", "0.1")], Some((Canceled, "0.1"))),
        (vec![ok(ALGO, algo("FINISHED")), child("EXPIRED", "0")], Some((Expired, "0"))),
        (vec![ok(ALGO, algo("FINISHED")), missing(ORDER)], Some((Triggered, "0"))),
        (vec![missing(ALGO), listed(json!([algo("NEW")]))], Some((Resting, "0"))),
        (vec![missing(ALGO), listed(json!([])), child("FILLED", "0.5")], Some((Filled, "0.5"))),
        (vec![missing(ALGO), listed(json!([])), missing(ORDER)], None),
    ];
    for (at, (steps, expected)) in cases.into_iter().enumerate() {
        let mut stage = Stage::new(false);
        let state = stage.expect(steps).order(&stop_ref()).unwrap();
        stage.done();
        assert_eq!(
            state.as_ref().map(|state| (state.status, state.filled)),
            expected.map(|(status, filled)| (status, d(filled))),
            "case {at}"
        );
        if let Some(state) = state {
            assert!(state.conditional && !state.opens && state.side == Side::Long, "case {at}: {state:?}");
            assert!(state.filled.is_zero() || state.avg_price == d("1799.5"), "case {at}: {state:?}");
        }
    }
}

#[test]
fn a_refused_clock_is_set_and_the_same_order_sent_once_more() {
    let mut stage = Stage::new(false);
    let late = || no(PLACE, 400, -1021, "Timestamp for this request is outside of the recvWindow.");
    let time = || ok(TIME, json!({"serverTime": START + 7000}));
    let order = limit(Leg::Entry, "1900.00");
    let placed = stage.expect([late(), time(), ok(PLACE, plain(Leg::Entry, "NEW", "0", "0"))]).place(std::slice::from_ref(&order));
    assert_eq!(placed[0].as_ref().unwrap().status, OrderStatus::Resting);
    assert_eq!((stage.sent(0, "timestamp"), stage.sent(2, "timestamp")), (START.to_string(), (START + 7000).to_string()));
    assert_eq!(stage.sent(0, "newClientOrderId"), stage.sent(2, "newClientOrderId"));

    // The engine's own check counts alike; a second refusal is final.
    let engine = no(PLACE, 400, -5028, "Timestamp for this request is outside of the ME recvWindow.");
    let placed = stage.expect([engine, time(), late()]).place(std::slice::from_ref(&order));
    assert_eq!(reason(placed[0].clone()), Some(Reason::ClockSkew));

    // Without the exchange's time there is nothing to send again.
    let placed = stage.expect([late(), broken(TIME, true)]).place(std::slice::from_ref(&order));
    assert_eq!(reason(placed[0].clone()), Some(Reason::ClockSkew));
    stage.done();
}

#[test]
fn the_offset_counts_half_the_round_trip_and_a_slow_look_changes_nothing() {
    let mut stage = Stage::new(false);
    let look = |takes_ms, server: Millis| ok(TIME, json!({"serverTime": server})).takes(takes_ms);
    stage.expect([look(200, START + 1100)]).server_time().unwrap();
    assert_eq!(stage.exchange.session.offset_ms(), 1000);
    let now = stage.now();
    stage.expect([look(3000, now + 9000)]).server_time().unwrap();
    assert_eq!(stage.exchange.session.offset_ms(), 1000);
    let now = stage.now();
    stage.expect([look(100, now + 50 - 500)]).server_time().unwrap();
    assert_eq!(stage.exchange.session.offset_ms(), -500);
    stage.done();
}

#[test]
fn a_broken_call_is_unknown_only_when_a_byte_may_have_left() {
    let mut stage = Stage::new(false);
    let order = [limit(Leg::Entry, "1900")];
    let placed = stage.expect([broken(PLACE, false)]).place(&order);
    assert_eq!(placed[0], Err(ExchangeError::NeverSent("cable cut".to_owned())));
    // The fence is in our clock, whatever the exchange's says.
    stage.expect([ok(TIME, json!({"serverTime": START + 50_000}))]).server_time().unwrap();
    let placed = stage.expect([broken(PLACE, true)]).place(&order);
    assert_eq!(placed[0], Err(ExchangeError::Unknown { detail: "cable cut".to_owned(), fence: START + 6000 }));
    for reply in ["", "{", "<html>", "[]", r#"{"status":"NEW"}"#, r#"{"code":200,"msg":"success"}"#] {
        let placed = stage.expect([raw(PLACE, 200, reply)]).place(&order);
        assert!(matches!(placed[0], Err(ExchangeError::Unknown { fence, .. }) if fence == START + 6000), "{reply}: {placed:?}");
    }
    let other = stage.expect([ok(PLACE, plain(Leg::Second, "NEW", "0", "0"))]).place(&order);
    assert!(matches!(other[0], Err(ExchangeError::Unknown { .. })), "an answer about another order proves nothing: {other:?}");
    stage.done();
}

#[test]
fn a_batch_is_answered_order_by_order() {
    let mut stage = Stage::new(false);
    let orders = [limit(Leg::Entry, "1900"), limit(Leg::Second, "1")];
    let too_small = json!({"code": -4164, "msg": "Order's notional must be no smaller than 20"});
    let placed = stage.expect([ok(BATCH, json!([plain(Leg::Entry, "NEW", "0", "0"), too_small]))]).place(&orders);
    assert_eq!(placed[0].as_ref().unwrap().id, id(Leg::Entry).as_str());
    assert_eq!(reason(placed[1].clone()), Some(Reason::MinNotional));

    let placed = stage.expect([ok(BATCH, json!([plain(Leg::Entry, "NEW", "0", "0")]))]).place(&orders);
    assert!(placed[0].is_ok() && matches!(placed[1], Err(ExchangeError::Unknown { .. })), "{placed:?}");

    let placed = stage.expect([no(BATCH, 400, -2019, "Margin is insufficient.")]).place(&orders);
    assert!(placed.iter().all(|result| reason(result.clone()) == Some(Reason::InsufficientBalance)) && placed.len() == 2);

    // One order was late at the engine: the clock is set for the next call, and nothing is sent twice.
    let late = json!({"code": -5028, "msg": "Timestamp for this request is outside of the ME recvWindow."});
    let steps = [ok(BATCH, json!([plain(Leg::Entry, "NEW", "0", "0"), late])), ok(TIME, json!({"serverTime": START + 3000}))];
    let placed = stage.expect(steps).place(&orders);
    assert!(placed[0].is_ok() && reason(placed[1].clone()) == Some(Reason::ClockSkew));
    assert_eq!(stage.exchange.session.offset_ms(), 3000);
    stage.done();
}

#[test]
fn more_orders_than_a_batch_holds_take_more_requests_and_none_takes_none() {
    let mut stage = Stage::new(false);
    assert!(stage.expect([]).place(&[]).is_empty());
    let orders: Vec<NewOrder> = (0..6).map(|n| limit(Leg::Entry, &(1900 + n).to_string())).collect();
    let five: Vec<Value> = (0..5).map(|_| plain(Leg::Entry, "NEW", "0", "0")).collect();
    let placed = stage.expect([ok(BATCH, json!(five)), ok(PLACE, plain(Leg::Entry, "NEW", "0", "0"))]).place(&orders);
    assert!(placed.len() == 6 && placed.iter().all(Result::is_ok));
    stage.done();
}

#[test]
fn open_reads_mode_and_settings_and_prepare_sends_only_what_differs() {
    let mut stage = Stage::new(false);
    let account = json!({"canTrade": true, "dualSidePosition": true, "multiAssetsMargin": false});
    let settings = json!([{"symbol": "ETHUSDT", "marginType": "CROSSED", "isAutoAddMargin": false, "leverage": 5, "maxNotionalValue": "1"},
        {"symbol": "BTCUSDT", "marginType": "isolated", "leverage": "20"}]);
    let steps =
        [ok(TIME, json!({"serverTime": START})), ok("GET /fapi/v1/accountConfig", account), ok("GET /fapi/v1/symbolConfig", settings)];
    assert_eq!(stage.expect(steps).open().unwrap(), AccountMode { hedge: true, restricted: None });

    let terms = |leverage, margin_mode| Terms { leverage: Some(leverage), margin_mode };
    stage.expect([]).prepare(&eth(), &terms(5, Some(MarginMode::Cross))).unwrap();
    stage.expect([]).prepare(&eth(), &terms(5, None)).unwrap();
    stage.expect([]).prepare(&Symbol::new("BTCUSDT"), &terms(20, Some(MarginMode::Isolated))).unwrap();

    let leverage_set = |leverage: u32| ok(LEVERAGE, json!({"leverage": leverage, "maxNotionalValue": "100", "symbol": "ETHUSDT"}));
    let steps = [ok(MARGIN, json!({"code": 200, "msg": "success"})), leverage_set(20)];
    stage.expect(steps).prepare(&eth(), &terms(20, Some(MarginMode::Isolated))).unwrap();
    stage.expect([]).prepare(&eth(), &terms(20, Some(MarginMode::Isolated))).unwrap();

    // "Already so" is success and remembered.
    let steps = [no(MARGIN, 400, -4046, "No need to change margin type."), no(LEVERAGE, 400, -4028, "Leverage already exist")];
    stage.expect(steps).prepare(&eth(), &terms(7, Some(MarginMode::Cross))).unwrap();
    stage.expect([]).prepare(&eth(), &terms(7, Some(MarginMode::Cross))).unwrap();
    stage.done();
}

#[test]
fn a_setting_that_was_refused_or_may_have_been_made_is_not_taken_for_known() {
    let mut stage = Stage::new(false);
    let isolated = Terms { leverage: Some(20), margin_mode: Some(MarginMode::Isolated) };
    stage.exchange.known.set(&eth(), Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) });
    let blocked = || no(MARGIN, 400, -4048, "Margin type cannot be changed if there exists position.");
    assert_eq!(reason(stage.expect([blocked()]).prepare(&eth(), &isolated)), Some(Reason::SettingBlocked));
    assert_eq!(reason(stage.expect([blocked()]).prepare(&eth(), &isolated)), Some(Reason::SettingBlocked));

    let leverage_only = Terms { leverage: Some(20), margin_mode: Some(MarginMode::Cross) };
    let capped = no(LEVERAGE, 400, -4028, "Leverage 20 is not valid");
    assert_eq!(reason(stage.expect([capped]).prepare(&eth(), &leverage_only)), Some(Reason::Leverage));
    let other = ok(LEVERAGE, json!({"leverage": 10, "symbol": "ETHUSDT"}));
    assert_eq!(reason(stage.expect([other]).prepare(&eth(), &leverage_only)), Some(Reason::Leverage));

    // Something else was set: five is not known any more.
    let set = |leverage: u32| ok(LEVERAGE, json!({"leverage": leverage, "symbol": "ETHUSDT"}));
    stage.expect([set(5)]).prepare(&eth(), &Terms { leverage: Some(5), ..leverage_only }).unwrap();

    for path in [LEVERAGE, MARGIN] {
        let want = if path == MARGIN { &isolated } else { &leverage_only };
        let lost = stage.expect([broken(path, true)]).prepare(&eth(), want);
        assert!(matches!(lost, Err(ExchangeError::Unknown { .. })));
    }
    stage.expect([ok(MARGIN, json!({"code": 200, "msg": "success"})), set(20)]).prepare(&eth(), &leverage_only).unwrap();
    stage.done();
}

#[test]
fn an_account_that_may_not_trade_says_so() {
    let mut stage = Stage::new(false);
    let account = json!({"canTrade": false, "dualSidePosition": false, "multiAssetsMargin": true});
    let steps =
        [ok(TIME, json!({"serverTime": START})), ok("GET /fapi/v1/accountConfig", account), ok("GET /fapi/v1/symbolConfig", json!([]))];
    let mode = stage.expect(steps).open().unwrap();
    assert!(!mode.hedge && mode.restricted.is_some());
    stage.done();
}

fn trade(number: u64, at: Millis) -> Value {
    json!({"id": number, "buyer": true, "positionSide": "BOTH", "price": "2000.5", "qty": "0.1", "commission": "0.04", "commissionAsset": "USDT",
        "marginAsset": "USDT", "time": at})
}

#[test]
fn fills_are_read_page_by_page_and_counted_once() {
    let mut stage = Stage::new(false);
    let first: Vec<Value> = (0..1000).map(|n| trade(n, START - 5000 + n)).collect();
    let second = json!([trade(999, START - 4001), trade(1000, START - 4001), trade(1001, START - 4000)]);
    let fills = stage.expect([ok(TRADES, json!(first)), ok(TRADES, second)]).fills(&eth(), START - 5000).unwrap();
    assert_eq!(fills.len(), 1002, "each once");
    assert!(fills.is_sorted_by_key(|fill| fill.at));
    assert_eq!(stage.sent(1, "startTime"), (START - 4001).to_string());

    // A quiet fortnight is three windows.
    let fills = stage.expect([ok(TRADES, json!([])), ok(TRADES, json!([])), ok(TRADES, json!([trade(5, START - 1)]))]);
    assert_eq!(fills.fills(&eth(), START - 15 * 24 * 3_600_000).unwrap().len(), 1);
    stage.done();
}

#[test]
fn a_fee_in_another_coin_is_left_out_and_marked() {
    let mut stage = Stage::new(true);
    let mut row = trade(1, START);
    row["commissionAsset"] = json!("BNB");
    row["positionSide"] = json!("SHORT");
    let fills = stage.expect([ok(TRADES, json!([row]))]).fills(&eth(), START).unwrap();
    assert_eq!((fills[0].fee, fills[0].fee_elsewhere, fills[0].side), (Decimal::ZERO, true, Some(Side::Short)));
    stage.done();
}

#[test]
fn cancelling_asks_the_right_list_and_says_when_the_order_is_gone() {
    let mut stage = Stage::new(false);
    let gone = no("DELETE /fapi/v1/algoOrder", 400, -2011, "Unknown order sent.");
    assert_eq!(reason(stage.expect([gone]).cancel(&stop_ref())), Some(Reason::UnknownOrder));
    stage.expect([ok("DELETE /fapi/v1/algoOrder", json!({"algoId": 1, "code": "200", "msg": "success"}))]).cancel(&stop_ref()).unwrap();
    let entry = OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None };
    stage.expect([ok("DELETE /fapi/v1/order", plain(Leg::Entry, "CANCELED", "0.1", "0"))]).cancel(&entry).unwrap();
    stage.done();
}

#[test]
fn a_short_position_and_an_empty_row_keep_their_meaning() {
    let mut stage = Stage::new(false);
    let row = |amount: &str| json!({"symbol": "ETHUSDT", "positionSide": "BOTH", "positionAmt": amount, "entryPrice": "", "liquidationPrice": null});
    let rows = json!([row("-0.250"), row("0.000")]);
    let positions = stage.expect([ok("GET /fapi/v3/positionRisk", rows)]).positions(Some(&eth())).unwrap();
    assert_eq!(positions.iter().map(|p| (p.side, p.qty)).collect::<Vec<_>>(), [(Side::Short, d("0.250")), (Side::Long, d("0"))]);
    // An amount that cannot be read is no position of zero.
    for amount in [json!(null), json!(""), json!("x"), json!([])] {
        let rows = json!([{"symbol": "ETHUSDT", "positionAmt": amount}]);
        let read = stage.expect([ok("GET /fapi/v3/positionRisk", rows)]).positions(None);
        assert!(matches!(read, Err(ExchangeError::Unknown { .. })), "{read:?}");
    }
    stage.done();
}

#[test]
fn no_error_and_no_debug_text_shows_key_secret_or_signature() {
    let mut stage = Stage::new(false);
    let error = stage
        .expect([no(ORDER, 401, -2015, "Invalid API-key, IP, or permissions for action, request ip: 192.0.2.1")])
        .order(&OrderRef { guard: None, ..stop_ref() });
    assert!(matches!(&error, Err(ExchangeError::Refused(Refusal { reason: Reason::IpNotAllowed, .. }))));
    stage.hides_keys(&error);
}
