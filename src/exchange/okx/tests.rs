//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod account;
mod orders;

use serde_json::{Value, json};

use super::*;
use crate::exchange::script::{self, START, Step, broken, d, id, is_unknown, raw, reason};
use crate::exchange::vectors;
use crate::market::{Action, Decimal, Guarded, Leg, MarginMode, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy};

/// A step answered with rows.
fn ok(expected: &'static str, rows: Value) -> Step {
    raw(expected, 200, &json!({"code": "0", "msg": "", "data": rows}).to_string())
}

/// A step whose call is refused with a code.
fn no(expected: &'static str, code: u32, msg: &str) -> Step {
    raw(expected, 200, &json!({"code": code.to_string(), "msg": msg, "data": []}).to_string())
}

/// A step in which all or some orders are refused.
fn in_part(expected: &'static str, code: &str, rows: Value) -> Step {
    raw(expected, 200, &json!({"code": code, "msg": "", "data": rows}).to_string())
}

type Stage = script::Stage<Okx>;

impl Stage {
    /// An account that knows three contracts.
    fn new(hedge: bool) -> Stage {
        let mut stage = Stage::of(|line| Okx { hedge, ..Okx::new(line) });
        let list = instruments::read_contracts(contracts_answer().as_bytes(), "USDT").unwrap();
        stage.exchange.instruments = Arc::new(Instruments::new(list));
        stage
    }
}

fn contracts_answer() -> String {
    vectors::example(include_str!("../../../tests/data/okx_vectors.json"), "instruments").to_string()
}

fn eth() -> Symbol {
    Symbol::new("ETH-USDT-SWAP")
}

fn order(leg: Leg, action: Action, kind: OrderKind) -> NewOrder {
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action, kind, qty: d("0.5"), stop: None }
}

fn limit(leg: Leg, price: &str) -> NewOrder {
    order(leg, Action::Open, OrderKind::Limit { price: d(price) })
}

fn close() -> NewOrder {
    order(Leg::Close, Action::Close, OrderKind::Market)
}

fn protection(kind: ProtectionKind) -> Protection {
    let leg = if kind == ProtectionKind::StopLoss { Leg::Stop } else { Leg::Target };
    Protection { id: id(leg), symbol: eth(), side: Side::Long, kind, trigger_price: d("1800.00"), qty: d("0.5"), by: TriggerBy::Mark }
}

fn named(leg: Leg) -> OrderRef {
    let guard = leg.protection().map(|kind| Guarded { side: Side::Long, kind, trigger_price: d("1800") });
    OrderRef { symbol: eth(), id: id(leg), guard }
}

/// An acknowledgement of a plain order.
fn ack(leg: Leg) -> Value {
    json!({"clOrdId": id(leg).as_str(), "ordId": "680800019749904384", "tag": "", "ts": (START + 5).to_string(), "sCode": "0", "sMsg": "Order placed"})
}

/// An acknowledgement of a guard; these carry no time.
fn guard_ack(leg: Leg) -> Value {
    json!({"algoClOrdId": id(leg).as_str(), "algoId": "1836487817828872192", "clOrdId": "", "sCode": "0", "sMsg": "", "tag": ""})
}

fn refused(code: u32, msg: &str) -> Value {
    json!({"clOrdId": "", "ordId": "", "sCode": code.to_string(), "sMsg": msg, "tag": "", "ts": "1700000000000"})
}

fn position(mode: &str, pos: &str) -> Value {
    json!({"instId": "ETH-USDT-SWAP", "instType": "SWAP", "posSide": "net", "pos": pos, "mgnMode": mode, "lever": "10", "avgPx": "1990.25", "markPx": "2000.31",
        "liqPx": "", "margin": "", "imr": "300.1", "upl": "15.09", "bePx": "1991.2", "uTime": "1699999000000"})
}

fn plain(leg: Leg, state: &str, filled: &str) -> Value {
    json!({"instId": "ETH-USDT-SWAP", "ordId": "42", "clOrdId": id(leg).as_str(), "side": "buy", "posSide": "net", "state": state, "sz": "5", "accFillSz": filled,
        "avgPx": if filled == "0" { "" } else { "1799.5" }, "px": "1900", "reduceOnly": "false", "cTime": "1699999990000"})
}

const TIME: &str = "GET /api/v5/public/time";
const CONTRACTS: &str = "GET /api/v5/public/instruments";
const CONFIG: &str = "GET /api/v5/account/config";
const POSITIONS: &str = "GET /api/v5/account/positions";
const LEVERAGE: &str = "GET /api/v5/account/leverage-info";
const SET_LEVERAGE: &str = "POST /api/v5/account/set-leverage";
const PLACE: &str = "POST /api/v5/trade/order";
const BATCH: &str = "POST /api/v5/trade/batch-orders";
const GUARD: &str = "POST /api/v5/trade/order-algo";
const ORDER: &str = "GET /api/v5/trade/order";
const FIND_GUARD: &str = "GET /api/v5/trade/order-algo";
const PENDING: &str = "GET /api/v5/trade/orders-pending";
const PENDING_GUARDS: &str = "GET /api/v5/trade/orders-algo-pending";
const CANCEL: &str = "POST /api/v5/trade/cancel-order";
const CANCEL_MANY: &str = "POST /api/v5/trade/cancel-batch-orders";
const CANCEL_GUARDS: &str = "POST /api/v5/trade/cancel-algos";
const FILLS: &str = "GET /api/v5/trade/fills";
const OLD_FILLS: &str = "GET /api/v5/trade/fills-history";

fn time_is(server: Millis) -> Step {
    ok(TIME, json!([{"ts": server.to_string()}]))
}

#[test]
fn an_acknowledged_order_is_taken_and_counted_in_coins_again() {
    let mut stage = Stage::new(false);
    stage.exchange.known.set(&eth(), Terms { leverage: None, margin_mode: Some(MarginMode::Cross) });
    let placed = stage.expect([ok(PLACE, json!([ack(Leg::Entry)]))]).place(&[limit(Leg::Entry, "1900.00")]).remove(0).unwrap();
    let wanted = json!({"instId": "ETH-USDT-SWAP", "tdMode": "cross", "side": "buy", "ordType": "limit", "px": "1900", "sz": "5", "clOrdId": id(Leg::Entry).as_str()});
    assert_eq!(stage.body(0), wanted);
    assert_eq!((placed.status, placed.qty, placed.filled, placed.price), (OrderStatus::Taken, d("0.5"), d("0"), d("1900")));
    assert!(placed.opens && !placed.conditional && placed.id == id(Leg::Entry).as_str() && placed.created_at == START + 5);
    // Only orders say when they die.
    assert_eq!(stage.header(0, "expTime"), Some((START + 5000).to_string()));
    stage.expect([ok(POSITIONS, json!([]))]).positions(None).unwrap();
    assert_eq!(stage.header(0, "expTime"), None);
    stage.done();
}

#[test]
fn a_broken_call_is_unknown_only_when_a_byte_may_have_left() {
    let mut stage = Stage::new(false);
    stage.exchange.held.opened(&eth(), Side::Long, MarginMode::Cross);
    stage.exchange.known.set(&eth(), Terms { leverage: None, margin_mode: Some(MarginMode::Cross) });
    let entry = [limit(Leg::Entry, "1900")];
    assert_eq!(stage.expect([broken(PLACE, false)]).place(&entry)[0], Err(ExchangeError::NeverSent("cable cut".to_owned())));
    // The fence is in our clock, whatever the exchange's says; orders die early, guards do not.
    stage.expect([time_is(START + 50_000)]).server_time().unwrap();
    assert!(is_unknown(&stage.expect([broken(PLACE, true)]).place(&entry)[0], START + 7000));
    assert_eq!(stage.header(0, "expTime"), Some((START + 55_000).to_string()));
    assert_eq!(stage.header(0, "OK-ACCESS-TIMESTAMP").as_deref(), Some("2023-11-14T22:14:10.000Z"));
    let positions = ok(POSITIONS, json!([position("cross", "5")]));
    let stop = stage.expect([positions, broken(GUARD, true)]).protect(&protection(ProtectionKind::StopLoss));
    assert!(is_unknown(&stop, START + 32_000), "{stop:?}");
    let named_otherwise = json!({"code": "0", "data": [ack(Leg::Second)]}).to_string();
    let unnamed = r#"{"code":"0","data":[{"sCode":"0"}]}"#;
    for reply in [
        "",
        "{",
        "<html>",
        "[]",
        "{}",
        r#"{"code":"0"}"#,
        r#"{"code":"0","data":[]}"#,
        r#"{"code":"0","data":[{}]}"#,
        unnamed,
        &named_otherwise,
    ] {
        let placed = stage.expect([raw(PLACE, 200, reply)]).place(&entry);
        assert!(is_unknown(&placed[0], START + 7000), "{reply}: {placed:?}");
    }
    stage.done();
}

#[test]
fn a_refused_clock_is_set_and_the_same_order_sent_once_more() {
    let mut stage = Stage::new(false);
    stage.exchange.known.set(&eth(), Terms { leverage: None, margin_mode: Some(MarginMode::Cross) });
    let entry = [limit(Leg::Entry, "1900")];
    let late = || raw(PLACE, 401, r#"{"code":"50102","msg":"Timestamp request expired.","data":[]}"#);
    let placed = stage.expect([late(), time_is(START + 7000), ok(PLACE, json!([ack(Leg::Entry)]))]).place(&entry);
    assert_eq!(placed[0].as_ref().unwrap().status, OrderStatus::Taken);
    let stamp = |at| stage.header(at, "OK-ACCESS-TIMESTAMP").unwrap();
    assert_eq!((stamp(0).as_str(), stamp(2).as_str()), ("2023-11-14T22:13:20.000Z", "2023-11-14T22:13:27.000Z"));
    assert_eq!(stage.body(0), stage.body(2));

    // A single order that came too late: not sent again, but the next one will be on time.
    let expired = in_part(PLACE, "1", json!([refused(50037, "The order expired.")]));
    let placed = stage.expect([expired, time_is(START + 3000)]).place(&entry);
    assert_eq!(reason(placed[0].clone()), Some(Reason::ClockSkew));
    assert_eq!(stage.exchange.session.offset_ms(), 3000);
    stage.done();
}

#[test]
fn a_batch_is_answered_order_by_order() {
    let mut stage = Stage::new(false);
    stage.exchange.known.set(&eth(), Terms { leverage: None, margin_mode: Some(MarginMode::Cross) });
    let orders = [limit(Leg::Entry, "1900"), limit(Leg::Second, "1")];
    let poor = refused(51008, "Order failed. Insufficient USDT margin in account");
    let placed = stage.expect([in_part(BATCH, "2", json!([ack(Leg::Entry), poor]))]).place(&orders);
    assert_eq!(placed[0].as_ref().unwrap().id, id(Leg::Entry).as_str());
    assert_eq!(reason(placed[1].clone()), Some(Reason::InsufficientBalance));
    assert_eq!((stage.body(0).as_array().unwrap().len(), stage.header(0, "expTime").is_some()), (2, true));

    let placed = stage.expect([ok(BATCH, json!([ack(Leg::Entry)]))]).place(&orders);
    assert!(placed[0].is_ok() && is_unknown(&placed[1], START + 7000), "{placed:?}");
    // A refusal that names the other order says nothing about this one.
    let mut other = refused(51008, "no margin");
    other["clOrdId"] = json!(id(Leg::Second).as_str());
    let placed = stage.expect([in_part(BATCH, "2", json!([other, ack(Leg::Entry)]))]).place(&orders);
    assert!(placed.iter().all(|result| is_unknown(result, START + 7000)), "{placed:?}");
    let placed = stage.expect([in_part(BATCH, "1", json!([refused(51149, "Order timed out."), refused(51020, "small")]))]).place(&orders);
    assert!(is_unknown(&placed[0], START + 7000) && reason(placed[1].clone()) == Some(Reason::MinSize), "{placed:?}");
    let placed = stage.expect([no(BATCH, 50011, "Too Many Requests")]).place(&orders);
    assert!(placed.len() == 2 && placed.iter().all(|result| matches!(reason(result.clone()), Some(Reason::RateLimited { .. }))));

    assert!(stage.expect([]).place(&[]).is_empty());
    let many: Vec<NewOrder> = (0..21).map(|_| limit(Leg::Entry, "1900")).collect();
    let twenty: Vec<Value> = (0..20).map(|_| ack(Leg::Entry)).collect();
    let placed = stage.expect([ok(BATCH, json!(twenty)), ok(PLACE, json!([ack(Leg::Entry)]))]).place(&many);
    assert!(placed.len() == 21 && placed.iter().all(Result::is_ok));
    stage.done();
}

#[test]
fn a_contract_that_is_not_listed_is_neither_ordered_nor_read() {
    let mut stage = Stage::new(false);
    let strange = Symbol::new("NO-USDT-SWAP");
    let entry = NewOrder { symbol: strange.clone(), ..limit(Leg::Entry, "1900") };
    let stop = Protection { symbol: strange.clone(), ..protection(ProtectionKind::StopLoss) };
    let unlisted = Some(Reason::SymbolUnknown);
    assert_eq!(reason(stage.expect([]).place(&[entry]).remove(0)), unlisted);
    assert_eq!(reason(stage.expect([]).protect(&stop)), unlisted);
    assert_eq!(reason(stage.expect([]).positions(Some(&strange))), unlisted);
    assert_eq!(reason(stage.expect([]).fills(&strange, START)), unlisted);
    // A quantity nobody could write in contracts.
    let tiny = NewOrder { symbol: Symbol::new("ETH-USDT-SWAP"), qty: Decimal::MAX, ..close() };
    stage.exchange.held.opened(&eth(), Side::Long, MarginMode::Cross);
    assert_eq!(reason(stage.expect([]).place(&[tiny]).remove(0)), Some(Reason::Precision));

    // A list that was never read is read first; without it nothing is sent.
    stage.exchange.instruments = Arc::default();
    let placed = stage.expect([broken(CONTRACTS, true)]).place(&[close()]).remove(0);
    assert_eq!(placed, Err(ExchangeError::NeverSent("cable cut".to_owned())));
    let steps = [raw(CONTRACTS, 200, &contracts_answer()), ok(PLACE, json!([ack(Leg::Close)]))];
    assert!(stage.expect(steps).place(&[close()]).remove(0).is_ok());
    stage.done();
}

#[test]
fn no_error_and_no_debug_text_shows_key_secret_password_or_signature() {
    let mut stage = Stage::new(false);
    let error = stage.expect([no(ORDER, 50105, "Request header OK-ACCESS-PASSPHRASE incorrect.")]).order(&named(Leg::Entry));
    assert_eq!(reason(error.clone()), Some(Reason::Credentials));
    stage.hides_keys(&error);
}
