//! Known-answer requests: every call the Bybit adapter makes against what ccxt, a client many bots trust, sends for the
//! same purpose (or what the documentation asks for, where ccxt has no such call), and what the adapter reads out of the
//! answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod differences;

use differences::{COMPARED, DIFFERENCES, NEVER_SENT, OTHER_HOST};
use perphook::exchange::bybit::{Bybit, DEMO_URL, LIVE_URL};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::{Exchange, ExchangeError, Reason};
use perphook::market::{
    Action, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Side, Symbol,
    Terms, Trigger, TriggerBy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::vectors::{
    BYBIT, FROZEN_MS, KEY, Reply, Seen, all_like, asked_alike, body, compared_or_named, d, damaged, hmac_hex, id, line, make_calls, market,
    number, place_each, reply, rubbish, same_address, same_head, target, with_differences,
};

/// The vector's answer to the order of the vector.
fn reply_to(name: &str) -> Reply {
    reply(&BYBIT[name].acknowledged("/result", &["orderLinkId"]))
}

fn account(replies: impl IntoIterator<Item = Reply>) -> (Bybit, Seen) {
    let (line, seen) = line(crate::vectors::keys(), replies);
    (Bybit::new(line), seen)
}

/// An answer with the flat positions of one contract.
fn flat(symbol: &str, hedge: bool) -> Value {
    let row = |idx: u8| json!({"symbol": symbol, "side": "", "size": "0", "positionIdx": idx, "leverage": ""});
    let rows = if hedge { vec![row(1), row(2)] } else { vec![row(0)] };
    json!({"retCode": 0, "result": {"list": rows, "nextPageCursor": ""}})
}

/// Opens an account whose contracts are in the wanted position mode, then lets it act while the vectors' answers come
/// back; every request must be the one of its vector.
fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut Bybit) -> T) -> T {
    let looked_at = ["ETHUSDT", "1000PEPEUSDT"];
    let opening = ["server_time", "account_info"].into_iter().map(reply_to);
    let positions = ["BTCUSDT"].into_iter().chain(looked_at).map(|symbol| reply(&flat(symbol, hedge)));
    let (mut bybit, seen) = account(opening.chain(positions).chain(names.iter().copied().map(reply_to)));
    assert_eq!(bybit.open().unwrap().hedge, hedge);
    looked_at.iter().for_each(|symbol| drop(bybit.positions(Some(&Symbol::new(symbol))).unwrap()));
    seen.lock().unwrap().clear();
    let result = act(&mut bybit);
    all_like(names, &seen, compare);
    result
}

fn compare(name: &str, request: &HttpRequest) {
    assert!(COMPARED.contains(&name), "{name}: to be listed");
    let vector = &BYBIT[name];
    same_address(name, vector, if name.starts_with("demo") { DEMO_URL } else { LIVE_URL }, request);
    assert_eq!(asked_alike(name, vector, request), with_differences(DIFFERENCES, name, vector.asks()), "{name}");

    let ((path, query), text) = (target(request), body(request));
    let payload = if text.is_empty() { query } else { text };
    let mut headers = vec![
        ("X-BAPI-API-KEY", KEY.to_owned()),
        ("X-BAPI-TIMESTAMP", FROZEN_MS.to_string()),
        ("X-BAPI-RECV-WINDOW", "5000".to_owned()),
        ("X-BAPI-SIGN", hmac_hex(&format!("{FROZEN_MS}{KEY}5000{payload}"))),
    ];
    if !text.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    let public = path.starts_with("/v5/market/");
    assert_eq!(request.headers, if public { Vec::new() } else { headers }, "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn limit(client_id: &str, side: Side, price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market("ETHUSDT", client_id, side, Action::Open, "1.5") }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id("tv-0001"), guard: None }
}

fn stop_ref() -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { guard: Some(guard), ..entry_ref() }
}

fn stop() -> Protection {
    let by = TriggerBy::Mark;
    Protection {
        id: id("tv-sl"),
        symbol: eth(),
        side: Side::Long,
        kind: ProtectionKind::StopLoss,
        trigger_price: d("1900.00"),
        qty: d("1.5"),
        by,
    }
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    same_head(name, parsed, state);
    for (key, ours) in [("filled", state.filled), ("amount", state.qty), ("average", state.avg_price), ("price", state.price)] {
        assert_eq!(number(&parsed[key]), ours, "{name}: {key}");
    }
}

#[test]
fn every_vector_is_compared_or_named() {
    compared_or_named(&BYBIT, &COMPARED, &[&NEVER_SENT[..], &[OTHER_HOST]].concat(), DIFFERENCES);
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let stop = Some(Trigger { price: d("1900.00"), by: TriggerBy::Mark });
    let cases = [
        ("market_order_client_id", false, market("ETHUSDT", "tv-0001", Long, Open, "1.50")),
        ("demo_market_order", false, market("ETHUSDT", "tv-0001", Long, Open, "1.5")),
        ("market_order_meme", false, market("1000PEPEUSDT", "tv-0009", Long, Open, "12300")),
        ("limit_order_client_id", false, limit("tv-0002", Short, "2100.00")),
        ("reduce_only_market", false, market("ETHUSDT", "tv-0004", Long, Close, "1.5")),
        ("hedge_open_long", true, market("ETHUSDT", "tv-0005", Long, Open, "1.5")),
        ("hedge_open_short", true, market("ETHUSDT", "tv-0006", Short, Open, "1.5")),
        ("hedge_close_long", true, market("ETHUSDT", "tv-0007", Long, Close, "1.5")),
        ("hedge_close_long_documented", true, market("ETHUSDT", "tv-0007b", Long, Close, "1.5")),
        ("market_order_with_position_tpsl", false, NewOrder { stop, ..market("ETHUSDT", "tv-0010", Long, Open, "1.5") }),
    ];
    for (name, hedge, order) in cases {
        let state = replay(&[name], hedge, |bybit| bybit.place(std::slice::from_ref(&order)).remove(0)).unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Taken, order.side, order.action == Open), "{name}");
        assert_eq!((state.id.as_str(), state.created_at), (order.id.as_str(), FROZEN_MS), "{name}");
    }
}

#[test]
fn two_entries_in_one_request() {
    let orders = [limit("tv-b1", Side::Long, "1950"), limit("tv-b2", Side::Long, "1940")];
    let placed = replay(&["batch_orders"], false, |bybit| bybit.place(&orders));
    let parsed = &BYBIT["batch_orders"].parsed;
    assert_eq!(parsed[0]["clientOrderId"], placed[0].as_ref().unwrap().id.as_str());
    assert_eq!((&parsed[1]["status"], placed[1].as_ref().unwrap_err().reason()), (&json!("rejected"), Some(Reason::InsufficientBalance)));
}

#[test]
fn protection() {
    let state = replay(&["trading_stop_full"], false, |bybit| bybit.protect(&stop())).unwrap();
    assert!(state.is(&stop_ref()) && state.status == OrderStatus::Resting, "{state:?}");
    let state = replay(&["position_one_symbol"], false, |bybit| bybit.order(&stop_ref())).unwrap().unwrap();
    assert_eq!((state.status, state.price), (OrderStatus::Resting, number(&BYBIT["position_one_symbol"].parsed["stopLossPrice"])));
    replay(&["position_one_symbol", "trading_stop_clear"], false, |bybit| bybit.cancel(&stop_ref())).unwrap();
}

#[test]
fn looking_orders_up_listing_and_cancelling_them() {
    let state = replay(&["order_by_client_id"], false, |bybit| bybit.order(&entry_ref())).unwrap().unwrap();
    same_order("order_by_client_id", &BYBIT["open_orders"].parsed[0], &state);

    let orders = replay(&["open_orders", "position_one_symbol"], false, |bybit| bybit.open_orders(&eth())).unwrap();
    same_order("open_orders", &BYBIT["open_orders"].parsed[0], &orders[0]);
    let guards: Vec<_> = orders[1..].iter().map(|order| (order.guards.unwrap(), order.price)).collect();
    let parsed = &BYBIT["position_one_symbol"].parsed;
    let price = |key: &str| number(&parsed[key]);
    assert_eq!(guards, [(ProtectionKind::StopLoss, price("stopLossPrice")), (ProtectionKind::TakeProfit, price("takeProfitPrice"))]);

    replay(&["cancel_by_client_id"], false, |bybit| bybit.cancel(&entry_ref())).unwrap();
    replay(&["cancel_all_only_active"], false, |bybit| bybit.cancel_all(&eth(), false)).unwrap();
    replay(&["cancel_all_only_active", "cancel_all_only_conditional"], false, |bybit| bybit.cancel_all(&eth(), true)).unwrap();
}

/// The second place to look, after the first knew nothing.
#[test]
fn looking_an_older_order_up() {
    let empty = json!({"retCode": 0, "result": {"list": []}});
    let (mut bybit, seen) = account([reply(&empty), reply_to("order_history_by_client_id")]);
    let state = bybit.order(&entry_ref()).unwrap().unwrap();
    same_order("order_history_by_client_id", &BYBIT["order_history_ccxt"].parsed, &state);
    compare("order_by_client_id", &seen.lock().unwrap()[0]);
    compare("order_history_by_client_id", &seen.lock().unwrap()[1]);
}

#[test]
fn positions() {
    for (name, only) in [("position_one_symbol", Some(eth())), ("positions_all", None)] {
        let positions = replay(&[name], false, |bybit| bybit.positions(only.as_ref())).unwrap();
        let parsed = &BYBIT[name].parsed;
        let rows = parsed.as_array().cloned().unwrap_or_else(|| vec![parsed.clone()]);
        assert_eq!(positions.len(), rows.len(), "{name}");
        for (parsed, position) in rows.iter().zip(&positions) {
            assert_eq!(parsed["side"] == "short", position.side == Side::Short, "{name}");
            assert_eq!(parsed["hedged"], position.hedge, "{name}");
            assert_eq!(parsed["lastUpdateTimestamp"], position.changed_at, "{name}");
            let leverage = position.terms.leverage.map(Decimal::from).unwrap();
            for (key, ours) in [
                ("contracts", position.qty),
                ("entryPrice", position.entry_price),
                ("markPrice", position.mark_price),
                ("liquidationPrice", position.liquidation_price),
                ("unrealizedPnl", position.unrealized_pnl),
                ("initialMargin", position.margin),
                ("leverage", leverage),
            ] {
                assert_eq!(number(&parsed[key]), ours, "{name} {key}");
            }
        }
    }
}

#[test]
fn balance_price_and_fills() {
    // Where ccxt's total is the wallet alone, ours has the open profit in it.
    let balance = replay(&["balance"], false, |bybit| bybit.balance()).unwrap();
    let row = &BYBIT["balance"].reply["result"]["list"][0];
    let text = |value: &Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
    assert_eq!(balance.total, text(&row["coin"][0]["equity"]));
    assert_eq!(number(&BYBIT["balance"].parsed["USDT"]["total"]) + text(&row["coin"][0]["unrealisedPnl"]), balance.total);
    // Cross margin: the account's free dollars at the exchange's own price of the coin.
    let dollars = text(&row["totalAvailableBalance"]);
    assert!(balance.available < dollars && dollars - balance.available < d("10"), "{balance:?}");

    let quote = replay(&["ticker"], false, |bybit| bybit.quote(&eth())).unwrap();
    let parsed = &BYBIT["ticker"].parsed;
    assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])));

    let fills = replay(&["executions"], false, |bybit| bybit.fills(&eth(), FROZEN_MS - 10_000)).unwrap();
    let parsed = &BYBIT["executions"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].by), (1, parsed["side"] == "buy", None));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere, json!(fills[0].at));
    let theirs = (number(&parsed["price"]), number(&parsed["amount"]), number(&parsed["fee"]["cost"]), false, parsed["timestamp"].clone());
    assert_eq!(ours, theirs);
}

#[test]
fn opening_and_settings() {
    let names = ["server_time", "account_info", "position_one_symbol"];
    let (mut bybit, seen) = account(names.map(reply_to));
    let mode = bybit.open().unwrap();
    assert!(!mode.hedge && mode.restricted.is_none());
    let seen = seen.lock().unwrap();
    names.iter().zip(seen.iter()).take(2).for_each(|(name, request)| compare(name, request));
    assert!(seen[2].target.starts_with("/v5/position/list?category=linear&symbol=BTCUSDT"), "any contract tells the mode");

    let terms = replay(&["account_info", "position_one_symbol"], false, |bybit| bybit.terms(&eth())).unwrap();
    let parsed = &BYBIT["position_one_symbol"].parsed;
    assert_eq!((terms.leverage.map(Decimal::from), terms.margin_mode), (Some(number(&parsed["leverage"])), Some(MarginMode::Cross)));

    let want = |leverage, margin_mode| Terms { leverage, margin_mode };
    replay(&["set_leverage"], false, |bybit| bybit.prepare(&eth(), &want(Some(10), None))).unwrap();
    let isolated = want(Some(10), Some(MarginMode::Isolated));
    replay(&["account_info", "set_margin_mode_isolated", "set_leverage"], false, |bybit| bybit.prepare(&eth(), &isolated)).unwrap();
    // And back: the look before it says that it is isolated now.
    let back = |bybit: &mut Bybit| {
        bybit.prepare(&eth(), &want(None, Some(MarginMode::Isolated)))?;
        bybit.prepare(&eth(), &want(None, Some(MarginMode::Cross)))
    };
    let mut info = BYBIT["account_info"].reply.clone();
    let [open, set, done] = ["account_info", "set_margin_mode_isolated", "set_margin_mode_cross"].map(|name| BYBIT[name].reply.clone());
    info["result"]["marginMode"] = json!("ISOLATED_MARGIN");
    let (mut bybit, seen) = account([open, set, info, done].iter().map(reply));
    back(&mut bybit).unwrap();
    compare("set_margin_mode_cross", &seen.lock().unwrap()[3]);
}

#[test]
fn contracts() {
    let list = replay(&["instruments"], false, |bybit| bybit.instruments()).unwrap();
    let parsed = BYBIT["instruments"].parsed.as_array().unwrap();
    assert_eq!(list.len(), parsed.len());
    for contract in parsed {
        let name = contract["id"].as_str().unwrap();
        let ours = list.get(name).unwrap();
        assert_eq!((Some(&*ours.base), Some(&*ours.settle)), (contract["base"].as_str(), contract["settle"].as_str()));
        let (precision, limits) = (&contract["precision"], &contract["limits"]);
        for (theirs, ours) in [
            (&precision["price"], ours.tick),
            (&precision["amount"], ours.lot_step),
            (&limits["amount"]["min"], ours.min_qty),
            (&limits["amount"]["max"], ours.max_qty),
            (&limits["cost"]["min"], ours.min_notional),
            (&limits["leverage"]["max"], Decimal::from(ours.max_leverage)),
            (&contract["contractSize"], ours.contract_size),
        ] {
            assert_eq!(number(theirs), ours, "{name}");
        }
    }
}

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut bybit, _) = account([answer]);
    let orders = [limit("tv-b1", Side::Long, "1950"), limit("tv-b2", Side::Long, "1940")];
    make_calls(&mut bybit, &eth(), [&entry_ref(), &stop_ref()]);
    let _ = bybit.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) });
    if let Ok(state) = bybit.protect(&stop()) {
        assert!(state.is(&stop_ref()));
    }
    place_each(&mut bybit, &orders);
}

#[test]
fn what_is_no_answer_to_an_order_leaves_its_outcome_open() {
    for name in ["ticker", "balance", "set_leverage", "position_one_symbol"] {
        let placed = replay_first_order(name);
        assert!(matches!(placed, Err(ExchangeError::Unknown { fence, .. }) if fence == FROZEN_MS + 8000), "{name}: {placed:?}");
    }
}

/// An order that is answered with what belongs to another call.
fn replay_first_order(name: &str) -> Result<OrderState, ExchangeError> {
    account([reply(&flat("ETHUSDT", false)), reply_to(name)]).0.place(&[limit("tv-b1", Side::Long, "1950")]).remove(0)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&BYBIT)) {
        make_every_call(answer);
    }
}
