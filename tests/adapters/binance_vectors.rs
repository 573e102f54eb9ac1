//! Known-answer requests: every call the Binance adapter makes against what ccxt, a client many bots trust, sends for
//! the same purpose, and what the adapter reads out of the answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table below with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

use perphook::exchange::binance::{Binance, DEMO_URL, LIVE_URL};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::{Exchange, Reason};
use perphook::market::{
    Action, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Side, Symbol,
    Terms, TriggerBy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::vectors::Sent::{Nothing, Text};
use crate::vectors::{
    BINANCE, Difference, FROZEN_MS, KEY, Reply, Seen, all_like, all_were_sent, d, damaged, hmac_hex, id, line, make_calls, market, number,
    pairs, place_each, reply, rubbish, same_address, target, with_differences,
};

/// Differences that hold for every signed call: our window is 5000 ms and POST parameters are in the query.
const OUR_WINDOW: &str = "5000";
const THEIR_WINDOW: &str = "10000";

/// Differences of single calls: vector, parameter, their value, ours.
const DIFFERENCES: &[Difference] = &[
    // All symbols at once.
    ("leverage_brackets", "symbol", Text("ETHUSDT"), Nothing),
    // Not a documented parameter of the single-order calls of the Algo Service.
    ("cancel_algo_by_client_id", "symbol", Text("ETHUSDT"), Nothing),
    ("fetch_algo_by_client_id", "symbol", Text("ETHUSDT"), Nothing),
    ("fetch_algo_triggered", "symbol", Text("ETHUSDT"), Nothing),
    // We only ever ask by our own ids.
    ("fetch_algo_triggered", "algoId", Text("3000000001"), Nothing),
    ("fetch_algo_triggered", "clientAlgoId", Nothing, Text("tv-eth-0001-sl")),
    // Fills of the symbol since a time, so that hand-made ones are seen too.
    ("my_trades_of_order", "orderId", Text("8389765000000001"), Nothing),
    ("my_trades_of_order", "startTime", Nothing, Text("1699999990000")),
    ("my_trades_of_order", "limit", Nothing, Text("1000")),
];

fn account(replies: impl IntoIterator<Item = Reply>) -> (Binance, Seen) {
    let (line, seen) = line(crate::vectors::keys(), replies);
    (Binance::new(line), seen)
}

/// An account to which the answers of these vectors come.
fn answered(names: &[&str]) -> (Binance, Seen) {
    account(names.iter().map(|name| reply(&BINANCE[*name].reply)))
}

/// Opens an account in the wanted position mode, then lets it act while the vectors' answers come back; every request
/// must be the one of its vector.
fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut Binance) -> T) -> T {
    let opening = [json!({"serverTime": FROZEN_MS}), json!({"canTrade": true, "dualSidePosition": hedge}), json!([])];
    let replies = opening.iter().chain(names.iter().map(|name| &BINANCE[*name].reply));
    let (mut binance, seen) = account(replies.map(reply));
    binance.open().unwrap();
    seen.lock().unwrap().clear();
    let result = act(&mut binance);
    all_like(names, &seen, compare);
    result
}

fn compare(name: &str, request: &HttpRequest) {
    let vector = &BINANCE[name];
    same_address(name, vector, if name.starts_with("demo") { DEMO_URL } else { LIVE_URL }, request);
    assert!(request.body.is_empty(), "{name}: everything is in the query");

    let query = target(request).1;
    let mut ours = pairs(query);
    let mut theirs = pairs(&vector.query);
    theirs.extend(pairs(&vector.body));
    let signed = theirs.remove("signature").is_some();
    if signed {
        let (text, signature) = query.rsplit_once("&signature=").unwrap();
        assert_eq!(signature, hmac_hex(text), "{name}");
        ours.remove("signature");
        assert_eq!(theirs.insert("recvWindow".to_owned(), json!(OUR_WINDOW)), Some(json!(THEIR_WINDOW)), "{name}");
    }
    let headers: &[(&str, String)] = if signed { &[("X-MBX-APIKEY", KEY.to_owned())] } else { &[] };
    assert_eq!(request.headers, headers, "{name}");
    let mut theirs = with_differences(DIFFERENCES, name, Value::Object(theirs));
    // A list travels as text.
    for list in [ours.get_mut("batchOrders"), theirs.get_mut("batchOrders")].into_iter().flatten() {
        *list = serde_json::from_str(list.as_str().unwrap()).unwrap();
    }
    assert_eq!(Value::Object(ours), theirs, "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn limit(symbol: &str, client_id: &str, price: &str, qty: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market(symbol, client_id, Side::Long, Action::Open, qty) }
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    assert_eq!(Some(state.id.as_str()), parsed["clientOrderId"].as_str(), "{name}");
    assert_eq!(state.status, crate::vectors::status(name, parsed), "{name}");
    assert_eq!(state.filled, number(&parsed["filled"]), "{name}");
    for (key, ours) in [("amount", state.qty), ("average", state.avg_price), ("triggerPrice", state.price)] {
        assert!(parsed[key].is_null() || number(&parsed[key]) == ours, "{name}: {key} {ours}");
    }
    let sells = (state.side == Side::Long) != state.opens;
    assert_eq!(parsed["side"] == "sell", sells, "{name}");
    assert!(parsed["timestamp"].is_null() || parsed["timestamp"] == state.created_at, "{name}: {}", state.created_at);
}

#[test]
fn the_vectors_themselves_are_sound() {
    let mut signed = 0;
    for (name, vector) in BINANCE.iter() {
        if let Some((text, signature)) = &vector.signed {
            assert_eq!(&hmac_hex(text), signature, "{name}");
            signed += 1;
        }
    }
    assert!(signed > 25);
    assert!(DIFFERENCES.iter().all(|difference| BINANCE.contains_key(difference.0)));
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let cases = [
        ("market_buy_client_id", false, market("ETHUSDT", "tv-eth-0001-e", Long, Open, "0.500")),
        ("demo_market_buy", false, market("ETHUSDT", "tv-eth-0001-e", Long, Open, "0.5")),
        ("market_sell_qty_rounding", false, market("ETHUSDT", "tv-eth-0002-e", Short, Open, "0.123")),
        ("limit_buy_client_id", false, limit("ETHUSDT", "tv-eth-0003-e", "1900.13", "0.5")),
        ("market_meme_1000x", false, market("1000PEPEUSDT", "tv-pepe-0001-e", Long, Open, "12345")),
        ("limit_small_price", false, limit("1000PEPEUSDT", "tv-pepe-0002-e", "0.0012345", "1000000")),
        ("reduce_only_market", false, market("ETHUSDT", "tv-eth-0001-x", Long, Close, "0.5")),
        ("hedge_open_long", true, market("ETHUSDT", "tv-eth-0006-e", Long, Open, "0.5")),
        ("hedge_close_long", true, market("ETHUSDT", "tv-eth-0006-x", Long, Close, "0.5")),
    ];
    for (name, hedge, order) in cases {
        let state = replay(&[name], hedge, |binance| binance.place(std::slice::from_ref(&order)).remove(0)).unwrap();
        assert_eq!((state.side, state.opens, state.conditional), (order.side, order.action == Open, false), "{name}");
        same_order(name, &BINANCE[name].parsed, &state);
    }
}

#[test]
fn two_entries_in_one_request() {
    let orders = [limit("ETHUSDT", "tv-b-1", "1900", "0.1"), limit("ETHUSDT", "tv-b-2", "1", "0.1")];
    let placed = replay(&["batch_orders"], false, |binance| binance.place(&orders));
    // ccxt sorts the answers; by their place in the list the second is the refused one.
    same_order("batch_orders", &BINANCE["batch_orders"].parsed[1], placed[0].as_ref().unwrap());
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::MinNotional));
}

#[test]
fn protection() {
    let stop = |client_id: &str, kind, trigger: &str| Protection {
        id: id(client_id),
        symbol: eth(),
        side: Side::Long,
        kind,
        trigger_price: d(trigger),
        qty: d("0.5"),
        by: TriggerBy::Mark,
    };
    let cases = [
        ("stop_loss_market_close_position", false, stop("tv-eth-0001-sl", ProtectionKind::StopLoss, "1900.00")),
        ("take_profit_market_close_position", false, stop("tv-eth-0001-tp", ProtectionKind::TakeProfit, "2200")),
        ("hedge_stop_loss_long_close_position", true, stop("tv-eth-0007-sl", ProtectionKind::StopLoss, "1900")),
    ];
    for (name, hedge, protection) in cases {
        let state = replay(&[name], hedge, |binance| binance.protect(&protection)).unwrap();
        assert!(state.conditional && !state.opens && state.side == Side::Long && state.price == protection.trigger_price, "{name}");
        same_order(name, &BINANCE[name].parsed, &state);
    }
}

fn stop_guard() -> Guarded {
    Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") }
}

#[test]
fn looking_orders_up() {
    let entry = OrderRef { symbol: eth(), id: id("tv-eth-0001-e"), guard: None };
    let stop = OrderRef { symbol: eth(), id: id("tv-eth-0001-sl"), guard: Some(stop_guard()) };
    let parsed = |name: &str| &BINANCE[name].parsed;
    let name = "fetch_order_by_client_id";
    let state = replay(&[name], false, |binance| binance.order(&entry)).unwrap().unwrap();
    same_order(name, parsed(name), &state);
    assert_eq!(state.avg_price, d("2000.5"));

    let name = "fetch_algo_by_client_id";
    let state = replay(&[name], false, |binance| binance.order(&stop)).unwrap().unwrap();
    same_order(name, parsed(name), &state);

    // ccxt takes FINISHED for filled; the plain order it became is the witness.
    let name = "fetch_algo_triggered";
    let (mut binance, seen) = answered(&[name, "fetch_order_by_client_id"]);
    let state = binance.order(&stop).unwrap().unwrap();
    compare(name, &seen.lock().unwrap()[0]);
    assert_eq!((state.status, state.filled, state.avg_price, state.price), (OrderStatus::Filled, d("0.5"), d("2000.5"), d("1900")));
}

#[test]
fn listing_and_cancelling_orders() {
    let names = ["open_conditional_orders", "open_orders"];
    let orders = replay(&names, false, |binance| binance.open_orders(&eth())).unwrap();
    let parsed = names.iter().rev().flat_map(|name| BINANCE[*name].parsed.as_array().unwrap());
    assert_eq!(orders.len(), 3);
    parsed.zip(&orders).for_each(|(parsed, state)| same_order("open orders", parsed, state));
    assert_eq!(orders.iter().map(|o| (o.conditional, o.opens)).collect::<Vec<_>>(), [(false, true), (true, false), (true, false)]);

    let cancel = |name: &str, client_id: &str, guard| {
        let order = OrderRef { symbol: eth(), id: id(client_id), guard };
        replay(&[name], false, |binance| binance.cancel(&order)).unwrap();
    };
    cancel("cancel_by_client_id", "tv-eth-0003-e", None);
    cancel("cancel_algo_by_client_id", "tv-eth-0001-sl", Some(stop_guard()));

    replay(&["cancel_all_plain"], false, |binance| binance.cancel_all(&eth(), false)).unwrap();
    replay(&["cancel_all_plain", "cancel_all_algo"], false, |binance| binance.cancel_all(&eth(), true)).unwrap();
}

#[test]
fn positions_balance_and_prices() {
    for (name, only, hedge) in
        [("positions_oneway", None, false), ("positions_hedge", None, true), ("positions_one_symbol", Some(eth()), false)]
    {
        let positions = replay(&[name], hedge, |binance| binance.positions(only.as_ref())).unwrap();
        let parsed = BINANCE[name].parsed.as_array().unwrap();
        assert_eq!(positions.len(), parsed.len(), "{name}");
        for (parsed, position) in parsed.iter().zip(&positions).filter(|(parsed, _)| !parsed["contracts"].is_null()) {
            assert_eq!(parsed["side"] == "short", position.side == Side::Short, "{name}");
            let ours = [("contracts", position.qty), ("entryPrice", position.entry_price), ("markPrice", position.mark_price)];
            ours.iter().for_each(|(key, ours)| assert_eq!(number(&parsed[*key]), *ours, "{name} {key}"));
            let ours = [("unrealizedPnl", position.unrealized_pnl), ("initialMargin", position.margin)];
            ours.iter().for_each(|(key, ours)| assert_eq!(number(&parsed[*key]), *ours, "{name} {key}"));
            assert!(parsed["liquidationPrice"].is_null() || number(&parsed["liquidationPrice"]) == position.liquidation_price, "{name}");
        }
    }
    let balance = replay(&["balance_account_v3"], false, |binance| binance.balance()).unwrap();
    let parsed = &BINANCE["balance_account_v3"].parsed[&balance.coin];
    assert_eq!((balance.total, balance.available), (number(&parsed["total"]), number(&parsed["free"])));

    let quote = replay(&["best_bid_ask"], false, |binance| binance.quote(&eth())).unwrap();
    let parsed = &BINANCE["best_bid_ask"].parsed;
    let text = |price: Decimal| Value::from(price.to_string());
    assert_eq!((text(quote.bid), text(quote.ask)), (parsed["bidPrice"].clone(), parsed["askPrice"].clone()));

    let fills = replay(&["my_trades_of_order"], false, |binance| binance.fills(&eth(), FROZEN_MS - 10_000)).unwrap();
    let parsed = &BINANCE["my_trades_of_order"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy), (1, parsed["side"] == "buy"));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere, fills[0].at);
    assert_eq!(ours, (number(&parsed["price"]), number(&parsed["amount"]), number(&parsed["fee"]["cost"]), false, FROZEN_MS));
}

#[test]
fn opening_and_settings() {
    let names = ["server_time", "account_config", "symbol_config"];
    let (mut binance, seen) = answered(&names);
    let mode = binance.open().unwrap();
    assert!(!mode.hedge && mode.restricted.is_none());
    let seen = seen.lock().unwrap();
    names.iter().zip(seen.iter()).take(2).for_each(|(name, request)| compare(name, request));
    // All symbols at once, so that `prepare` needs no question before an entry.
    assert!(seen[2].target.starts_with("/fapi/v1/symbolConfig?timestamp=") && !seen[2].target.contains("symbol="));

    let terms = replay(&["symbol_config"], false, |binance| binance.terms(&eth())).unwrap();
    let parsed = &BINANCE["symbol_config"].parsed[0];
    assert_eq!((terms.leverage.map(Value::from), terms.margin_mode), (Some(parsed["leverage"].clone()), Some(MarginMode::Isolated)));
    assert_eq!(parsed["marginType"], "ISOLATED");

    for (names, leverage, margin_mode) in [
        (&["set_leverage"][..], 5, None),
        (&["set_margin_isolated", "set_leverage"], 5, Some(MarginMode::Isolated)),
        (&["set_margin_cross", "set_leverage"], 5, Some(MarginMode::Cross)),
    ] {
        replay(names, false, |binance| binance.prepare(&eth(), &Terms { leverage: Some(leverage), margin_mode })).unwrap();
    }
}

#[test]
fn contracts() {
    let list = replay(&["instruments", "leverage_brackets"], false, |binance| binance.instruments()).unwrap();
    let parsed = BINANCE["instruments"].parsed.as_array().unwrap();
    for contract in parsed {
        let name = contract["id"].as_str().unwrap();
        let Some(ours) = list.get(name) else {
            assert_eq!(name, "XAUUSDT", "ccxt offers metals, we do not");
            continue;
        };
        assert_eq!((Some(&*ours.base), Some(&*ours.settle)), (contract["base"].as_str(), contract["settle"].as_str()));
        let limits = &contract["limits"];
        for (theirs, ours) in [
            (&contract["price_tick"], ours.tick),
            (&contract["qty_step"], ours.lot_step),
            (&limits["amount"]["min"], ours.min_qty),
            (&limits["amount"]["max"], ours.max_qty),
            (&limits["market"]["max"], ours.market_max_qty),
            (&limits["cost"]["min"], ours.min_notional),
        ] {
            assert_eq!(number(theirs), ours, "{name}");
        }
        assert_eq!(ours.max_leverage, if name == "ETHUSDT" { 125 } else { 0 });
    }
    assert_eq!(list.len(), parsed.len() - 1);
}

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut binance, _) = account([answer]);
    let stop = OrderRef { symbol: eth(), id: id("tv-eth-0001-sl"), guard: Some(stop_guard()) };
    let entry = OrderRef { guard: None, ..stop.clone() };
    let orders = [limit("ETHUSDT", "tv-b-1", "1900", "0.1"), limit("ETHUSDT", "tv-b-2", "1", "0.1")];
    let protection = Protection {
        id: id("tv-eth-0001-sl"),
        symbol: eth(),
        side: Side::Short,
        kind: ProtectionKind::StopLoss,
        trigger_price: d("1900"),
        qty: d("1"),
        by: TriggerBy::Last,
    };
    make_calls(&mut binance, &eth(), [&entry, &stop]);
    let _ = binance.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) });
    if let Ok(state) = binance.protect(&protection) {
        assert_eq!(state.id, protection.id.as_str());
    }
    all_were_sent(&place_each(&mut binance, &orders));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&BINANCE)) {
        make_every_call(answer);
    }
}
