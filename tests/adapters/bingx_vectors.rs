//! Known-answer requests: every call the BingX adapter makes against what ccxt, a client many bots trust, sends for the
//! same purpose (or what the documentation asks for, where ccxt does otherwise), and what the adapter reads out of the
//! answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod differences;

use differences::{COMPARED, DIFFERENCES, NEVER_SENT, OTHER_HOST};
use perphook::exchange::bingx::{BingX, LIVE_URL};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::{Exchange, ExchangeError};
use perphook::market::{
    Action, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Side, Symbol,
    Terms, TriggerBy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::vectors::{
    BINGX, FROZEN_MS, KEY, Reply, Seen, all_like, asked_alike, compared_or_named, d, damaged, hmac_hex, id, line, make_calls, market,
    number, pairs, place_each, reply, rubbish, same_address, target, with_differences,
};

fn reply_to(name: &str) -> Reply {
    reply(&BINGX[name].reply)
}

fn account(replies: impl IntoIterator<Item = Reply>) -> (BingX, Seen) {
    let (line, seen) = line(crate::vectors::keys(), replies);
    (BingX::new(line), seen)
}

fn mode(hedge: bool) -> Reply {
    reply(&json!({"code": 0, "msg": "", "data": {"dualSidePosition": hedge.to_string()}}))
}

/// Opens an account in the wanted position mode, then lets it act while the vectors' answers come back; every request must
/// be the one of its vector.
fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut BingX) -> T) -> T {
    let (mut bingx, seen) = account([reply_to("server_time"), mode(hedge)].into_iter().chain(names.iter().map(|name| reply_to(name))));
    assert_eq!(bingx.open().unwrap().hedge, hedge);
    seen.lock().unwrap().clear();
    let result = act(&mut bingx);
    all_like(names, &seen, compare);
    result
}

fn compare(name: &str, request: &HttpRequest) {
    assert!(COMPARED.contains(&name), "{name}: to be listed");
    let vector = &BINGX[name];
    same_address(name, vector, LIVE_URL, request);
    let (mut theirs, mut ours) = (vector.asks(), asked_alike(name, vector, request));
    let signature = ours.as_object_mut().unwrap().remove("signature");
    let mut known = |param: &str| theirs.as_object_mut().unwrap().remove(param);
    let signed = known("signature").is_some();
    known("recvWindow");
    if signed {
        assert_eq!(ours.as_object_mut().unwrap().remove("recvWindow"), Some(json!("5000")), "{name}");
        let (text, _) = target(request).1.split_once("&signature=").unwrap();
        let names: Vec<&str> = text.split('&').filter_map(|pair| Some(pair.split_once('=')?.0)).collect();
        assert!(names.is_sorted(), "{name}: {names:?}");
        assert_eq!(signature, Some(json!(hmac_hex(text))), "{name}");
        assert_eq!(request.headers, [("X-BX-APIKEY", KEY.to_owned())], "{name}");
    } else {
        known("timestamp");
        assert!(request.headers.is_empty() && signature.is_none(), "{name}");
    }
    assert_eq!(ours, with_differences(DIFFERENCES, name, theirs), "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETH-USDT")
}

fn at_market(symbol: &str, side: Side, action: Action, qty: &str) -> NewOrder {
    market(symbol, "bot0001", side, action, qty)
}

fn limit(client_id: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d("1950.250") }, ..market("ETH-USDT", client_id, Side::Long, Action::Open, "0.050") }
}

fn named(client_id: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(client_id), guard: None }
}

fn guard(kind: ProtectionKind, price: &str, by: TriggerBy) -> Protection {
    Protection { id: id("bot0001"), symbol: eth(), side: Side::Long, kind, trigger_price: d(price), qty: d("0.05"), by }
}

fn stop_ref() -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { guard: Some(guard), ..named("bot0001") }
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    assert_eq!(state.id, parsed["clientOrderId"].as_str().unwrap_or_default(), "{name}");
    assert_eq!(state.status, crate::vectors::status(name, parsed), "{name}");
    let mut numbers = vec![("filled", state.filled), ("amount", state.qty)];
    match (parsed["type"].as_str(), parsed.get("stopLossPrice")) {
        (Some("limit"), _) => numbers.push(("price", state.price)),
        (_, Some(_)) => numbers.push(("stopLossPrice", state.price)),
        _ => numbers.push(("average", state.avg_price)),
    }
    for (key, ours) in numbers {
        assert_eq!(number(&parsed[key]), ours, "{name}: {key}");
    }
    let sells = (state.side == Side::Long) != state.opens;
    assert_eq!((parsed["side"] == "sell", parsed["reduceOnly"].as_bool()), (sells, Some(!state.opens)), "{name}");
    assert_eq!(parsed["timestamp"], state.created_at, "{name}");
}

#[test]
fn every_vector_is_compared_or_named() {
    compared_or_named(&BINGX, &COMPARED, &[&NEVER_SENT[..], &OTHER_HOST].concat(), DIFFERENCES);
}

/// The file tells what is signed: the sorted query with its values as they are, JSON too.
#[test]
fn what_is_signed_is_the_query_before_its_encoding() {
    let mut encoded = 0;
    for (name, vector) in BINGX.iter().filter(|(_, vector)| vector.query.contains("&signature=")) {
        let (sent, signature) = vector.query.split_once("&signature=").unwrap();
        let text: Vec<String> = sent
            .split('&')
            .map(|pair| {
                let (param, _) = pair.split_once('=').unwrap();
                format!("{param}={}", pairs(pair)[param].as_str().unwrap())
            })
            .collect();
        assert_eq!(hmac_hex(&text.join("&")), signature, "{name}");
        encoded += u32::from(sent.contains('%'));
    }
    assert_eq!(encoded, 3);
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let meme = NewOrder { kind: OrderKind::Limit { price: d("0.0012346") }, ..at_market("1000PEPE-USDT", Long, Open, "4000") };
    let cases = [
        ("order_market_buy", false, at_market("ETH-USDT", Long, Open, "0.05")),
        ("order_market_sell", false, at_market("BTC-USDT", Short, Open, "0.012")),
        ("order_limit_buy", false, limit("bot0001")),
        ("order_limit_buy_client_id", false, limit("bot0003")),
        ("order_limit_buy_client_id_ccxt", false, limit("bot0003")),
        ("order_market_buy_client_id", false, at_market("ETH-USDT", Long, Open, "0.0500")),
        ("order_meme_limit", false, meme),
        ("order_reduce_only_market", false, at_market("ETH-USDT", Long, Close, "0.05")),
        ("order_hedge_open_long", true, at_market("ETH-USDT", Long, Open, "0.05")),
        ("order_hedge_close_long", true, at_market("ETH-USDT", Long, Close, "0.05")),
    ];
    for (name, hedge, order) in cases {
        let state = replay(&[name], hedge, |bingx| bingx.place(std::slice::from_ref(&order)).remove(0)).unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Taken, order.side, order.action == Open), "{name}");
        assert_eq!(state.id, order.id.as_str(), "{name}");
    }
}

#[test]
fn protection() {
    use ProtectionKind::{StopLoss, TakeProfit};
    for (name, guard) in [
        ("stop_loss_market", guard(StopLoss, "1900.00", TriggerBy::Mark)),
        ("stop_loss_market_ccxt", guard(StopLoss, "1900", TriggerBy::Mark)),
        ("take_profit_market", guard(TakeProfit, "2200.00", TriggerBy::Last)),
        ("take_profit_market_ccxt", guard(TakeProfit, "2200", TriggerBy::Last)),
    ] {
        let state = replay(&[name], false, |bingx| bingx.protect(&guard)).unwrap();
        assert_eq!((state.status, state.guards, state.qty), (OrderStatus::Taken, Some(guard.kind), d("0.05")), "{name}");
    }
    // By its number from then on.
    replay(&["stop_loss_market", "cancel_by_id"], false, |bingx| {
        bingx.protect(&guard(StopLoss, "1900", TriggerBy::Mark))?;
        bingx.cancel(&stop_ref())
    })
    .unwrap();
    replay(&["stop_loss_market", "order_by_id"], false, |bingx| {
        bingx.protect(&guard(StopLoss, "1900", TriggerBy::Mark))?;
        bingx.order(&stop_ref())
    })
    .unwrap();
}

#[test]
fn looking_orders_up_listing_and_cancelling_them() {
    let state = replay(&["order_by_client_id"], false, |bingx| bingx.order(&named("bot0001"))).unwrap().unwrap();
    same_order("order_by_client_id", &BINGX["order_by_id"].parsed, &state);

    let orders = replay(&["open_orders"], false, |bingx| bingx.open_orders(&eth())).unwrap();
    let parsed = &BINGX["open_orders"].parsed;
    assert_eq!(orders.len(), 2);
    orders.iter().enumerate().for_each(|(at, order)| same_order("open_orders", &parsed[at], order));
    assert!(orders[1].is(&stop_ref()), "a guard that has lost its name");

    for name in ["cancel_by_client_id", "cancel_by_client_id_ccxt"] {
        replay(&[name], false, |bingx| bingx.cancel(&named("bot0003"))).unwrap();
    }
    replay(&["cancel_all"], false, |bingx| bingx.cancel_all(&eth(), true)).unwrap();
}

#[test]
fn positions() {
    for (name, only) in [("position_one", Some(eth())), ("positions", None)] {
        let positions = replay(&[name], false, |bingx| bingx.positions(only.as_ref())).unwrap();
        let parsed = &BINGX[name].parsed;
        let parsed = parsed.as_array().map_or(parsed, |rows| &rows[0]);
        let [position] = positions.as_slice() else { panic!("{positions:?}") };
        assert_eq!((parsed["side"] == "short", parsed["marginMode"] == "cross"), (position.side == Side::Short, true));
        assert_eq!((position.terms.margin_mode, position.hedge), (Some(MarginMode::Cross), false));
        assert_eq!(parsed["lastUpdateTimestamp"], position.changed_at, "{name}");
        for (key, ours) in [
            ("contracts", position.qty),
            ("entryPrice", position.entry_price),
            ("markPrice", position.mark_price),
            ("unrealizedPnl", position.unrealized_pnl),
            ("initialMargin", position.margin),
            ("leverage", position.terms.leverage.map(Decimal::from).unwrap()),
        ] {
            assert_eq!(number(&parsed[key]), ours, "{name} {key}");
        }
    }
}

#[test]
fn balance_price_and_fills() {
    // ccxt's total is what is free and what is bound; ours is the account's own figure, open profit included.
    let balance = replay(&["balance"], false, |bingx| bingx.balance()).unwrap();
    let row = &BINGX["balance"].reply["data"][0];
    let text = |value: &Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
    assert_eq!(balance.total, text(&row["balance"]) + text(&row["unrealizedProfit"]));
    assert_eq!(number(&BINGX["balance"].parsed["USDT"]["free"]), balance.available);

    let quote = replay(&["ticker"], false, |bingx| bingx.quote(&eth())).unwrap();
    let parsed = &BINGX["ticker"].parsed;
    assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])));

    let fills = replay(&["fills", "order_by_id"], false, |bingx| bingx.fills(&eth(), FROZEN_MS - 3_600_000)).unwrap();
    let [fill] = fills.as_slice() else { panic!("{fills:?}") };
    let order = &BINGX["order_by_id"].parsed;
    assert_eq!((fill.buy, fill.price, fill.qty), (order["side"] == "buy", number(&order["average"]), number(&order["filled"])));
    assert_eq!((fill.fee, fill.fee_elsewhere, fill.at, fill.side), (d("0.05000125"), false, FROZEN_MS, None));
}

#[test]
fn opening_and_settings() {
    let (mut bingx, seen) = account(["server_time", "position_mode_get"].map(reply_to));
    assert!(!bingx.open().unwrap().hedge);
    all_like(&["server_time", "position_mode_get"], &seen, compare);

    let terms = replay(&["leverage_get", "margin_mode_get"], false, |bingx| bingx.terms(&eth())).unwrap();
    let (leverage, margin_mode) = (&BINGX["leverage_get"].parsed, &BINGX["margin_mode_get"].parsed);
    assert_eq!(terms.leverage.map(|leverage| json!(leverage)), Some(leverage["longLeverage"].clone()));
    assert_eq!((terms.margin_mode, &margin_mode["marginMode"]), (Some(MarginMode::Cross), &json!("cross")));

    let want = |leverage, margin_mode| Terms { leverage, margin_mode };
    replay(&["margin_mode_get", "margin_mode_set_isolated", "margin_mode_set_cross"], false, |bingx| {
        bingx.prepare(&eth(), &want(None, Some(MarginMode::Isolated)))?;
        bingx.prepare(&eth(), &want(None, Some(MarginMode::Cross)))
    })
    .unwrap();
    // Something else was set until then.
    let other = |long: u32| reply(&json!({"code": 0, "msg": "", "data": {"longLeverage": long, "shortLeverage": 20}}));
    for (hedge, name, calls) in [(false, "leverage_set_oneway", 2), (true, "leverage_set_hedge_long", 3)] {
        let (mut bingx, seen) = account([reply_to("server_time"), mode(hedge), other(20), reply_to(name)]);
        bingx.open().unwrap();
        seen.lock().unwrap().clear();
        bingx.prepare(&eth(), &want(Some(5), None)).unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), calls);
        compare("leverage_get", &seen[0]);
        compare(name, &seen[1]);
    }
}

#[test]
fn contracts() {
    let list = replay(&["instruments"], false, |bingx| bingx.instruments()).unwrap();
    let parsed = BINGX["instruments"].parsed.as_array().unwrap();
    assert_eq!(list.len(), parsed.len());
    for contract in parsed {
        let name = contract["id"].as_str().unwrap();
        let ours = list.get(name).unwrap();
        assert_eq!(Some(format!("{}/{}:{1}", ours.base, ours.settle).as_str()), contract["symbol"].as_str());
        assert_eq!(contract["active"], ours.closed.is_none());
        let (precision, limits) = (&contract["precision"], &contract["limits"]);
        for (theirs, ours) in [
            (&precision["price"], ours.tick),
            (&precision["amount"], ours.lot_step),
            (&limits["amount"]["min"], ours.min_qty),
            (&limits["cost"]["min"], ours.min_notional),
            (&contract["contractSize"], ours.contract_size),
        ] {
            assert_eq!(number(theirs), ours, "{name}");
        }
    }
}

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut bingx, _) = account([answer]);
    make_calls(&mut bingx, &eth(), [&named("bot0001"), &stop_ref()]);
    let _ = bingx.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) });
    if let Ok(state) = bingx.protect(&guard(ProtectionKind::StopLoss, "1900", TriggerBy::Mark)) {
        assert!(state.is(&stop_ref()));
    }
    let placed = place_each(&mut bingx, &[limit("bot0001"), limit("bot0003")]);
    assert!(placed.iter().flatten().all(|state| (state.status, state.filled) == (OrderStatus::Taken, Decimal::ZERO)));
}

#[test]
fn what_is_no_answer_to_an_order_leaves_its_outcome_open() {
    for name in
        ["ticker", "balance", "leverage_set_oneway", "margin_mode_set_cross", "position_one", "stop_loss_market", "order_market_sell"]
    {
        let placed = account([reply_to(name)]).0.place(&[limit("bot0003")]).remove(0);
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
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&BINGX)) {
        make_every_call(answer);
    }
}
