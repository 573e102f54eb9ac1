//! Call by call: the request of each vector, and what is read out of its answer.

use perphook::exchange::{ExchangeError, Reason};
use perphook::market::{MarginMode, OrderState, OrderStatus, Terms};

use super::*;
use crate::vectors::{number, status};

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    assert_eq!(Some(state.id.as_str()), parsed["clientOrderId"].as_str(), "{name}");
    assert_eq!(state.status, status(name, parsed), "{name}");
    assert_eq!((state.qty, state.filled), (number(&parsed["amount"]), number(&parsed["filled"])), "{name}");
    if !parsed["average"].is_null() && !state.avg_price.is_zero() {
        assert_eq!(state.avg_price, number(&parsed["average"]), "{name}");
    }
    assert_eq!(parsed["side"] == "sell", (state.side == Side::Long) != state.opens, "{name}");
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    let pepe = |order: NewOrder| NewOrder { symbol: Symbol::new("PF_PEPEUSD"), qty: d("98000.00"), ..order };
    let cases = [
        ("market_buy", market(Side::Long, Open)),
        ("market_buy_client_id", market(Side::Long, Open)),
        ("doc_sendorder_process_before", market(Side::Long, Open)),
        ("meme_market", pepe(market(Side::Long, Open))),
        ("reduce_only_market", market(Side::Long, Close)),
        ("limit_buy", limit("whk-0001", "1800.50")),
        ("limit_buy_client_id", limit("whk-0001", "1800.50")),
        ("meme_limit", pepe(limit("whk-0001", "0.0000012345"))),
    ];
    for (name, order) in cases {
        let placed = replay(&[name], |kraken| kraken.place(std::slice::from_ref(&order)).remove(0));
        if KRAKEN[name].reply["sendStatus"]["cliOrdId"].is_null() {
            assert!(matches!(placed, Err(ExchangeError::Unknown { .. })), "{name}: an answer without a name");
            continue;
        }
        let state = placed.unwrap();
        assert_eq!((state.created_at, state.opens, state.qty), (FROZEN_MS, order.action == Open, order.qty), "{name}");
        match &KRAKEN[name].parsed {
            Value::Null => assert_eq!((state.status, state.filled, state.avg_price), (OrderStatus::Filled, d("0.1"), d("1903.2"))),
            parsed => same_order(name, parsed, &state),
        }
    }
}

#[test]
fn protection() {
    use ProtectionKind::{StopLoss, TakeProfit};
    for (name, protection) in [
        ("stop_loss_market", guard(StopLoss, "1700.0", TriggerBy::Mark)),
        ("take_profit_market", guard(TakeProfit, "2200", TriggerBy::Last)),
    ] {
        let state = replay(&[name], |kraken| kraken.protect(&protection)).unwrap();
        assert_eq!((state.status, state.guards, state.qty), (OrderStatus::Resting, Some(protection.kind), d("0.1")), "{name}");
        assert!(state.conditional && !state.opens && state.price == protection.trigger_price, "{name}");
    }
}

#[test]
fn looking_orders_up() {
    // The answer ccxt gets by GET.
    let reply = |name: &str| Some(KRAKEN[name].reply.clone());
    let steps = [("doc_order_status_post", reply("order_status_by_client_id"))];
    let state = replay_with(&steps, |kraken| kraken.order(&entry_ref())).unwrap().unwrap();
    same_order("order_status_by_id", &KRAKEN["order_status_by_id"].parsed, &state);

    let unknown = || ("doc_order_status_post", reply("order_status_unknown"));
    let state = replay_with(&[unknown(), ("open_orders", None)], |kraken| kraken.order(&entry_ref())).unwrap().unwrap();
    same_order("open_orders", &KRAKEN["open_orders"].parsed[0], &state);
}

#[test]
fn looking_older_orders_up() {
    let none = |name: &str| json!({"result": "success", name: []});
    let unknown = KRAKEN["order_status_unknown"].reply.clone();
    let history = KRAKEN["history_orders"].reply.clone();
    for (fills, average) in [(none("fills"), d("0")), (KRAKEN["fills"].reply.clone(), d("1903.2"))] {
        let (mut kraken, seen) = account([unknown.clone(), none("openOrders"), fills, history.clone()].iter().map(reply));
        let state = kraken.order(&entry_ref()).unwrap().unwrap();
        assert_eq!((state.status, state.filled, state.qty), (OrderStatus::Filled, d("0.1"), d("0.1")));
        assert_eq!((state.avg_price, state.price), (average, d("1800.5")));
        let seen = seen.lock().unwrap();
        [(1, "open_orders"), (2, "fills")].iter().for_each(|(at, name)| compare(name, &seen[*at]));
        // ccxt still asks the older version, which the documentation calls an alias.
        let (vector, (path, query)) = (&KRAKEN["history_orders"], target(&seen[3]));
        assert_eq!(format!("{LIVE_URL}{}", path.replace("v3", "v2")), vector.url);
        assert_eq!(asks(query, "").0, with_differences(DIFFERENCES, "history_orders", asks(&vector.query, "").0));
        compare_rest("history_orders", &seen[3], None, path, query, "");
    }
}

#[test]
fn listing_and_cancelling_orders() {
    let orders = replay(&["open_orders"], |kraken| kraken.open_orders(&eth())).unwrap();
    let parsed = &KRAKEN["open_orders"].parsed;
    assert_eq!(orders.len(), parsed.as_array().unwrap().len());
    orders.iter().enumerate().for_each(|(at, order)| same_order("open_orders", &parsed[at], order));
    assert!(orders[1].is(&stop_ref()) && orders[1].guards == Some(ProtectionKind::StopLoss), "{:?}", orders[1]);

    replay(&["cancel_by_client_id"], |kraken| kraken.cancel(&entry_ref())).unwrap();
    for name in ["cancel_by_id_not_found", "cancel_by_id_filled"] {
        let steps = [("cancel_by_client_id", Some(KRAKEN[name].reply.clone()))];
        let gone = replay_with(&steps, |kraken| kraken.cancel(&entry_ref()));
        assert_eq!(gone.unwrap_err().reason(), Some(Reason::UnknownOrder), "{name}");
    }
    replay(&["cancel_all_symbol"], |kraken| kraken.cancel_all(&eth(), true)).unwrap();

    // Two plain orders; the second is gone already, which is as good.
    let mut rows = KRAKEN["open_orders"].reply.clone();
    rows["openOrders"][1]["order_id"] = json!("11111111-2222-3333-4444-555555555555");
    rows["openOrders"][1].as_object_mut().unwrap().remove("stopPrice");
    rows["openOrders"][1]["orderType"] = json!("lmt");
    replay_with(&[("open_orders", Some(rows)), ("batch_cancel", None)], |kraken| kraken.cancel_all(&eth(), false)).unwrap();
}

/// The list of a batch is encoded as the documentation wants it.
#[test]
fn a_batch_is_encoded() {
    let (mut kraken, seen) = account(["open_orders", "batch_cancel"].map(|name| reply(&KRAKEN[name].reply)));
    let _ = kraken.cancel_all(&eth(), false);
    let begins = |form: &str| form.starts_with("json=%7B%22batchOrder%22%3A%5B%7B%22") && !form.contains('"');
    assert!(begins(&KRAKEN["doc_batchorder_encoded"].body) && begins(body(&seen.lock().unwrap()[1])));
}

#[test]
fn positions_balance_and_prices() {
    let positions = replay(&["positions"], |kraken| kraken.positions(None)).unwrap();
    let parsed = KRAKEN["positions"].parsed.as_array().unwrap();
    assert_eq!(positions.len(), parsed.len());
    for (parsed, position) in parsed.iter().zip(&positions) {
        assert_eq!((position.side == Side::Short, position.hedge), (parsed["side"] == "short", false));
        assert_eq!((position.qty, position.entry_price), (number(&parsed["contracts"]), number(&parsed["entryPrice"])));
        let isolated = position.terms.margin_mode == Some(MarginMode::Isolated);
        assert_eq!(parsed["marginMode"], if isolated { "isolated" } else { "cross" });
        assert_eq!(position.terms.leverage.map(f64::from), parsed["leverage"].as_f64());
    }
    // ccxt counts coin by coin; the wallet as a whole is in the answer.
    let balance = replay(&["balance"], |kraken| kraken.balance()).unwrap();
    assert_eq!((balance.coin.as_str(), balance.total, balance.available), ("USD", d("851.2"), d("821.2")));
    let quote = replay(&["ticker"], |kraken| kraken.quote(&eth())).unwrap();
    let parsed = &KRAKEN["ticker"].parsed;
    assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])));
    let fills = replay(&["fills"], |kraken| kraken.fills(&eth(), FROZEN_MS - 1000)).unwrap();
    let parsed = &KRAKEN["fills"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].at), (1, parsed["side"] == "buy", parsed["timestamp"].as_u64().unwrap()));
    assert_eq!((fills[0].price, fills[0].qty), (number(&parsed["price"]), number(&parsed["amount"])));
    assert!(fills[0].fee.is_zero() && fills[0].fee_elsewhere, "ccxt guesses it");
}

#[test]
fn opening_contracts_and_settings() {
    let mode = replay(&["server_time", "leverage_get_all"], |kraken| kraken.open()).unwrap();
    assert!(!mode.hedge && mode.restricted.is_none());

    let list = replay(&["instruments"], |kraken| kraken.instruments()).unwrap();
    let parsed = KRAKEN["instruments"].parsed.as_object().unwrap();
    assert_eq!(list.len(), parsed.values().filter(|contract| contract["linear"] == true).count());
    for ours in list.iter() {
        let contract = &parsed[ours.symbol.as_str()];
        assert_eq!((Some(&*ours.base), Some(&*ours.settle)), (contract["base"].as_str(), contract["settle"].as_str()));
        let precision = &contract["precision"];
        assert_eq!((ours.tick, ours.lot_step), (number(&precision["price"]), number(&precision["amount"])));
        assert_eq!((ours.contract_size, ours.closed.is_none()), (number(&contract["contractSize"]), contract["active"] == true));
    }

    let terms = replay(&["leverage_get_all"], |kraken| kraken.terms(&eth())).unwrap();
    let parsed = &KRAKEN["leverage_get_all"].parsed["ETH/USD:USD"]["longLeverage"];
    assert_eq!((terms.leverage.map(Value::from), terms.margin_mode), (Some(parsed.clone()), Some(MarginMode::Isolated)));
    let none = json!({"result": "success", "leveragePreferences": []});
    let want = |leverage, mode| Terms { leverage, margin_mode: Some(mode) };
    let steps = [("leverage_get_all", Some(none)), ("leverage_isolated", None)];
    replay_with(&steps, |kraken| kraken.prepare(&eth(), &want(Some(10), MarginMode::Isolated))).unwrap();
    let names = ["leverage_get_all", "margin_mode_cross"];
    replay(&names, |kraken| kraken.prepare(&eth(), &want(Some(10), MarginMode::Cross))).unwrap();
}
