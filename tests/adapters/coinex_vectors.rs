//! Known-answer requests: every call the CoinEx adapter makes against what ccxt, a client many bots trusted, sends for the
//! same purpose (or what the documentation asks for, where ccxt has no such call), and what the adapter reads out of the
//! answers against what ccxt reads. Signatures are the documented ones; ccxt's are of an older form.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod differences;

use differences::{COMPARED, DIFFERENCES, NEVER_SENT};
use perphook::exchange::coinex::{CoinEx, LIVE_URL};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::{Exchange, ExchangeError, Reason};
use perphook::market::{
    Action, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Side, Symbol,
    Terms, TriggerBy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::vectors::{
    COINEX, FROZEN_MS, KEY, Reply, Seen, all_like, asked_alike, body, compared_or_named, d, damaged, hmac_hex, id, line, make_calls,
    market, number, number_or_zero, place_each, reply, rubbish, same_address, same_head, target, with_differences,
};

/// The vector's answer to the order of the vector.
fn reply_to(name: &str) -> Reply {
    reply(&COINEX[name].acknowledged("/data", &["client_id"]))
}

/// An answer with a list.
fn list(rows: Value) -> Reply {
    reply(&json!({"code": 0, "data": rows, "message": "OK", "pagination": {"has_next": false}}))
}

fn account(replies: impl IntoIterator<Item = Reply>) -> (CoinEx, Seen) {
    let (line, seen) = line(crate::vectors::keys(), replies);
    (CoinEx::new(line), seen)
}

/// Lets an account act while these answers come back; what it asked comes back too.
fn act<T>(replies: impl IntoIterator<Item = Reply>, act: impl FnOnce(&mut CoinEx) -> T) -> (T, Vec<HttpRequest>) {
    let (mut coinex, seen) = account(replies);
    let result = act(&mut coinex);
    let seen = seen.lock().unwrap().clone();
    (result, seen)
}

/// Lets an account act while the vectors' answers come back; every request must be the one of its vector.
fn replay<T>(names: &[&str], act: impl FnOnce(&mut CoinEx) -> T) -> T {
    let (mut coinex, seen) = account(names.iter().copied().map(reply_to));
    let result = act(&mut coinex);
    all_like(names, &seen, compare);
    result
}

fn compare(name: &str, request: &HttpRequest) {
    assert!(COMPARED.contains(&name), "{name}: to be listed");
    let vector = &COINEX[name];
    same_address(name, vector, LIVE_URL, request);
    assert_eq!(asked_alike(name, vector, request), with_differences(DIFFERENCES, name, vector.asks()), "{name}");

    let signed = format!("{}{}{}{FROZEN_MS}", request.method, request.target, body(request));
    let mut headers = vec![
        ("X-COINEX-KEY", KEY.to_owned()),
        ("X-COINEX-SIGN", hmac_hex(&signed)),
        ("X-COINEX-TIMESTAMP", FROZEN_MS.to_string()),
        ("X-COINEX-WINDOWTIME", "5000".to_owned()),
    ];
    if !body(request).is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    let public = ["/v2/time", "/v2/futures/market", "/v2/futures/ticker"].contains(&target(request).0);
    assert_eq!(request.headers, if public { Vec::new() } else { headers }, "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn limit(symbol: &str, client_id: &str, price: &str, qty: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market(symbol, client_id, Side::Long, Action::Open, qty) }
}

fn order_ref(client_id: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(client_id), guard: None }
}

fn protection(kind: ProtectionKind, price: &str, by: TriggerBy) -> Protection {
    Protection { id: id("tv-stop"), symbol: eth(), side: Side::Long, kind, trigger_price: d(price), qty: d("0.05"), by }
}

fn guard_ref(kind: ProtectionKind, price: &str) -> OrderRef {
    let guard = Guarded { side: Side::Long, kind, trigger_price: d(price) };
    OrderRef { symbol: eth(), id: id("tv-stop"), guard: Some(guard) }
}

fn stop() -> Protection {
    protection(ProtectionKind::StopLoss, "1900.00", TriggerBy::Mark)
}

fn stop_ref() -> OrderRef {
    guard_ref(ProtectionKind::StopLoss, "1900.00")
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    same_head(name, parsed, state);
    for (key, ours) in [("filled", state.filled), ("amount", state.qty), ("average", state.avg_price), ("price", state.price)] {
        assert_eq!(number_or_zero(&parsed[key]), ours, "{name}: {key}");
    }
}

/// What ccxt and the adapter read of an execution; of some calls ccxt hands the answer through.
fn same_execution(name: &str, state: &OrderState) {
    let vector = &COINEX[name];
    match vector.parsed == vector.reply {
        true => assert_eq!(json!(state.filled.to_string()), vector.reply["data"]["filled_amount"], "{name}"),
        false => {
            let (filled, average) = (number_or_zero(&vector.parsed["filled"]), number_or_zero(&vector.parsed["average"]));
            assert_eq!((state.filled, state.avg_price), (filled, average), "{name}");
        }
    }
}

#[test]
fn every_vector_is_compared_or_named() {
    compared_or_named(&COINEX, &COMPARED, &NEVER_SENT, DIFFERENCES);
}

/// A name that a sender may have given is looked for first.
#[test]
fn orders_that_open() {
    use Action::Open;
    use Side::{Long, Short};
    let x = "x-167673045-0000000000000001";
    let cases = [
        ("order_market_buy", market("ETHUSDT", "bot-0001", Long, Open, "0.05"), OrderStatus::Filled),
        ("order_market_buy_plain", market("ETHUSDT", "bot-0001", Long, Open, "0.050"), OrderStatus::Filled),
        // Not executed yet, so it is to be asked for.
        ("order_market_sell", market("BTCUSDT", x, Short, Open, "0.012"), OrderStatus::Taken),
        ("order_limit_buy", limit("ETHUSDT", x, "1950.25", "0.05"), OrderStatus::Resting),
        ("order_limit_buy_client_id", limit("ETHUSDT", "bot-0003", "1950.250", "0.05"), OrderStatus::Resting),
        ("order_meme_limit", limit("1000BONKUSDT", "bot-0007", "0.0049877", "400"), OrderStatus::Resting),
    ];
    for (name, order, status) in cases {
        let (placed, seen) = act([list(json!([])), reply_to(name)], |coinex| coinex.place(std::slice::from_ref(&order)).remove(0));
        let state = placed.unwrap();
        assert_eq!((state.status, state.side, state.opens), (status, order.side, true), "{name}");
        assert_eq!((state.id.as_str(), state.created_at), (order.id.as_str(), FROZEN_MS), "{name}");
        assert_eq!((seen.len(), target(&seen[0]).0), (2, "/v2/futures/pending-order"), "{name}");
        compare(name, &seen[1]);
        same_execution(name, &state);
    }
}

/// After a look at the position, because the call names no side.
#[test]
fn orders_that_close() {
    let cases = [("close_position_part", "bot-0009", "0.02"), ("reduce_only_market", "bot-0008", "0.02")];
    for (name, client_id, qty) in cases {
        let order = market("ETHUSDT", client_id, Side::Long, Action::Close, qty);
        let replies = [reply_to("position_one"), list(json!([])), reply_to(name)];
        let (placed, seen) = act(replies, |coinex| coinex.place(std::slice::from_ref(&order)).remove(0));
        let state = placed.unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Filled, Side::Long, false), "{name}");
        same_execution(name, &state);
        assert_eq!(seen.len(), 3);
        compare("position_one", &seen[0]);
        compare(name, &seen[2]);
    }
}

/// Only what ends a trade names no quantity.
#[test]
fn the_order_that_ends_a_trade() {
    let name = "close_position_all";
    let order = market("ETHUSDT", "ph00000000aa000001c01", Side::Long, Action::Close, "0.05");
    let mut answer = COINEX[name].reply.clone();
    answer["data"]["client_id"] = json!(order.id.as_str());
    let (placed, seen) = act([reply_to("position_one"), reply(&answer)], |coinex| coinex.place(std::slice::from_ref(&order)).remove(0));
    assert_eq!(seen.len(), 2);
    compare(name, &seen[1]);
    same_execution(name, &placed.unwrap());
}

#[test]
fn two_entries_in_one_request() {
    let names = ["ph00000000aa000001e01", "ph00000000aa000001d01"];
    let orders = [limit("ETHUSDT", names[0], "1900", "0.05"), limit("ETHUSDT", names[1], "1850", "0.05")];
    let mut answer = COINEX["batch_orders"].reply.clone();
    answer["data"][0]["data"]["client_id"] = json!(names[0]);
    let (placed, seen) = act([reply(&answer)], |coinex| coinex.place(&orders));
    assert_eq!(seen.len(), 1);
    compare("batch_orders", &seen[0]);
    assert_eq!(placed[0].as_ref().unwrap().status, OrderStatus::Resting);
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
}

#[test]
fn stops_and_targets() {
    let state = replay(&["position_stop_loss"], |coinex| coinex.protect(&stop())).unwrap();
    assert!(state.is(&stop_ref()) && state.status == OrderStatus::Resting, "{state:?}");
    let last = protection(ProtectionKind::StopLoss, "1900", TriggerBy::Last);
    assert!(replay(&["position_stop_loss_ccxt"], |coinex| coinex.protect(&last)).unwrap().is(&stop_ref()));

    // The answer of the file has the price, but no entry in the list.
    let target = protection(ProtectionKind::TakeProfit, "2200", TriggerBy::Mark);
    let mut answer = COINEX["position_take_profit"].reply.clone();
    answer["data"]["take_profit_list"] = json!([{"id": 5, "price": "2200", "type": "mark_price", "amount": "0.05", "is_all": true}]);
    let (state, seen) = act([reply(&answer)], |coinex| coinex.protect(&target));
    compare("position_take_profit", &seen[0]);
    assert!(state.unwrap().is(&guard_ref(ProtectionKind::TakeProfit, "2200.0")));

    let state = replay(&["position_one"], |coinex| coinex.order(&stop_ref())).unwrap().unwrap();
    assert_eq!((state.status, json!(state.price.to_string())), (OrderStatus::Resting, json!("1900.00")));
    assert_eq!(COINEX["position_one"].parsed["stopLossPrice"], "1900");
}

/// Refused with nothing but "invalid": the market tells why.
#[test]
fn a_stop_beyond_the_market() {
    let refused = reply(&json!({"code": 3639, "data": {}, "message": "invalid argument"}));
    for (price, reason) in [("1999.87", Reason::WouldTrigger), ("2100", Reason::WouldTrigger), ("1999.86", Reason::BadRequest)] {
        let stop = protection(ProtectionKind::StopLoss, price, TriggerBy::Mark);
        let (state, seen) = act([refused.clone(), reply_to("ticker")], |coinex| coinex.protect(&stop));
        assert_eq!(state.unwrap_err().reason(), Some(reason), "{price}");
        compare("ticker", &seen[1]);
    }
}

#[test]
fn looking_orders_up_listing_and_cancelling_them() {
    let state = replay(&["open_orders_by_client_id"], |coinex| coinex.order(&order_ref("bot-0003"))).unwrap().unwrap();
    assert_eq!(state.status, OrderStatus::Resting);
    same_order("open_orders_by_client_id", &COINEX["open_orders"].parsed[0], &state);

    let (state, seen) = act([list(json!([])), reply_to("finished_orders_by_client_id")], |coinex| coinex.order(&order_ref("bot-0001")));
    let state = state.unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.avg_price), (OrderStatus::Filled, d("0.05"), d("2000.05")));
    compare("finished_orders_by_client_id", &seen[1]);

    let lists = ["open_stop_orders", "open_orders", "position_one"];
    let orders = replay(&lists, |coinex| coinex.open_orders(&eth())).unwrap();
    same_order("open_orders", &COINEX["open_orders"].parsed[0], &orders[0]);
    let plan = &COINEX["open_stop_orders"].parsed[0];
    assert_eq!((orders[1].conditional, orders[1].price, orders[1].qty), (true, number(&plan["triggerPrice"]), number(&plan["amount"])));
    assert!(orders[2].is(&stop_ref()) && orders.len() == 3);

    replay(&["cancel_by_client_id"], |coinex| coinex.cancel(&order_ref("bot-0003"))).unwrap();
    replay(&["cancel_all"], |coinex| coinex.cancel_all(&eth(), false)).unwrap();
    let all = ["cancel_all", "open_stop_orders", "cancel_stop_by_id", "position_one", "cancel_position_stop_loss"];
    replay(&all, |coinex| coinex.cancel_all(&eth(), true)).unwrap();

    let mut held = COINEX["position_one"].reply.clone();
    (held["data"][0]["stop_loss_list"], held["data"][0]["stop_loss_price"]) = (json!([]), json!("0"));
    held["data"][0]["take_profit_list"] = json!([{"id": 5, "price": "2200", "amount": "0.02", "is_all": false}]);
    let replies = [reply_to("cancel_all"), list(json!([])), reply(&held), reply_to("cancel_position_take_profit")];
    let (done, seen) = act(replies, |coinex| coinex.cancel_all(&eth(), true));
    assert!(done.is_ok() && seen.len() == 4);
    compare("cancel_position_take_profit", &seen[3]);
}

#[test]
fn positions() {
    for (name, only) in [("position_one", Some(eth())), ("positions", None)] {
        let positions = replay(&[name], |coinex| coinex.positions(only.as_ref())).unwrap();
        let parsed = &COINEX[name].parsed;
        let parsed = if parsed.is_array() { &parsed[0] } else { parsed };
        let position = &positions[0];
        assert_eq!((positions.len(), position.side, position.hedge), (1, Side::Long, false), "{name}");
        assert_eq!((&parsed["side"], &parsed["marginMode"]), (&json!("long"), &json!("cross")));
        assert_eq!(position.terms.margin_mode, Some(MarginMode::Cross));
        assert_eq!(parsed["lastUpdateTimestamp"], position.changed_at, "{name}");
        for (key, ours) in [
            ("contracts", position.qty),
            ("entryPrice", position.entry_price),
            ("liquidationPrice", position.liquidation_price),
            ("unrealizedPnl", position.unrealized_pnl),
            ("collateral", position.margin),
            ("leverage", position.terms.leverage.map(Decimal::from).unwrap()),
        ] {
            assert_eq!(number(&parsed[key]), ours, "{name} {key}");
        }
    }
}

#[test]
fn balance_and_fills() {
    // ccxt leaves out what positions bind and what they would win or lose.
    let balance = replay(&["balance"], |coinex| coinex.balance()).unwrap();
    let parsed = &COINEX["balance"].parsed["USDT"];
    assert_eq!((balance.available, balance.total), (number(&parsed["free"]), number(&parsed["total"]) + d("102.2") + d("20.15")));

    let fills = replay(&["fills"], |coinex| coinex.fills(&eth(), FROZEN_MS - 10_000)).unwrap();
    let parsed = &COINEX["fills"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].by, fills[0].side), (1, parsed["side"] == "buy", None, None));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere, json!(fills[0].at));
    let theirs = (number(&parsed["price"]), number(&parsed["amount"]), number(&parsed["fee"]["cost"]), false, parsed["timestamp"].clone());
    assert_eq!(ours, theirs);
}

#[test]
fn opening_and_settings() {
    let mode = replay(&["server_time", "positions"], |coinex| coinex.open()).unwrap();
    assert!(!mode.hedge && mode.restricted.is_none());
    let parsed = &COINEX["position_one"].parsed;
    let terms = replay(&["position_one"], |coinex| coinex.terms(&eth())).unwrap();
    assert_eq!((terms.leverage.map(Decimal::from), terms.margin_mode), (Some(number(&parsed["leverage"])), Some(MarginMode::Cross)));

    for (name, leverage, mode) in
        [("leverage_and_margin_mode_cross", 5, MarginMode::Cross), ("leverage_and_margin_mode_isolated", 10, MarginMode::Isolated)]
    {
        let want = Terms { leverage: Some(leverage), margin_mode: Some(mode) };
        let (done, seen) = act([reply_to("instruments"), reply_to(name)], |coinex| coinex.prepare(&eth(), &want));
        assert!(done.is_ok(), "{name}: {done:?}");
        assert_eq!(seen[0].target, "/v2/futures/market?market=ETHUSDT");
        compare(name, &seen[1]);
    }
}

#[test]
fn contracts() {
    let list = replay(&["instruments"], |coinex| coinex.instruments()).unwrap();
    let parsed = COINEX["instruments"].parsed.as_array().unwrap();
    assert_eq!(list.len(), parsed.len());
    for contract in parsed {
        let name = contract["id"].as_str().unwrap();
        let ours = list.get(name).unwrap();
        assert_eq!(Some(format!("{}/{1}:{1}", ours.base, ours.settle).as_str()), contract["symbol"].as_str());
        let (precision, limits) = (&contract["precision"], &contract["limits"]);
        for (theirs, ours) in [
            (&precision["price"], ours.tick),
            (&precision["amount"], ours.lot_step),
            (&limits["amount"]["min"], ours.min_qty),
            (&limits["leverage"]["max"], Decimal::from(ours.max_leverage)),
            (&contract["contractSize"], ours.contract_size),
        ] {
            assert_eq!(number(theirs), ours, "{name}");
        }
    }
}

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut coinex, _) = account([answer]);
    let names = ["ph00000000aa000001e01", "ph00000000aa000001d01"];
    let orders = names.map(|name| limit("ETHUSDT", name, "1950", "0.05"));
    let closing = [NewOrder { action: Action::Close, ..orders[0].clone() }];
    make_calls(&mut coinex, &eth(), [&order_ref(names[0]), &stop_ref()]);
    let _ = coinex.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) });
    if let Ok(state) = coinex.protect(&stop()) {
        assert!(state.is(&stop_ref()));
    }
    place_each(&mut coinex, &orders);
    place_each(&mut coinex, &closing);
}

#[test]
fn what_is_no_answer_to_an_order_leaves_its_outcome_open() {
    for name in ["ticker", "balance", "position_one", "leverage_and_margin_mode_cross", "cancel_by_client_id"] {
        let order = limit("ETHUSDT", "ph00000000aa000001e01", "1950", "0.05");
        let placed = account([reply_to(name)]).0.place(&[order]).remove(0);
        assert!(matches!(placed, Err(ExchangeError::Unknown { fence, .. }) if fence == FROZEN_MS + 9000), "{name}: {placed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&COINEX)) {
        make_every_call(answer);
    }
}
