//! Call by call: the request of each vector, and what is read out of its answer.

use perphook::exchange::Reason;
use perphook::market::{Decimal, OrderState, OrderStatus};

use super::*;
use crate::vectors::{number, number_or_zero, same_head};

/// A number as ccxt parsed it, of so many lots of a hundredth of an ether.
fn coins(value: &Value) -> Decimal {
    number(value) * d("0.01")
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    same_head(name, parsed, state);
    assert_eq!((state.qty, state.filled), (coins(&parsed["amount"]), coins(&parsed["filled"])), "{name}");
    // Where an order at market has no price, ccxt tells what it was filled at.
    let price = match (state.conditional, parsed["type"] == "market") {
        (true, _) => &parsed["triggerPrice"],
        (false, true) => &Value::Null,
        (false, false) => &parsed["price"],
    };
    assert_eq!((state.avg_price, state.price), (number_or_zero(&parsed["average"]), number_or_zero(price)), "{name}");
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use MarginMode::{Cross, Isolated};
    use Side::{Long, Short};
    let bitcoin = NewOrder { symbol: Symbol::new("XBTUSDTM"), qty: d("0.012"), ..market("bot-0002", Short, Open) };
    let bonk = NewOrder { symbol: Symbol::new("1000BONKUSDTM"), qty: d("400"), ..limit("bot-0006", "0.0049880") };
    let cases = [
        ("order_market_buy", false, Cross, 5, market("bot-0001", Long, Open)),
        ("order_market_sell_isolated", false, Isolated, 10, bitcoin),
        ("order_limit_buy", false, Cross, 5, limit("00000000-0000-4000-8000-000000000001", "1950.25")),
        ("order_limit_buy_client_id", false, Cross, 5, limit("bot-0003", "1950.250")),
        ("order_meme_limit", false, Isolated, 3, bonk),
        ("order_reduce_only_market", false, Cross, 5, market("bot-0007", Long, Close)),
        ("order_hedge_open_long", true, Cross, 5, market("bot-0008", Long, Open)),
        ("order_hedge_close_long", true, Cross, 5, market("bot-0009", Long, Close)),
    ];
    for (name, hedge, mode, leverage, order) in cases {
        let place = |kucoin: &mut KuCoin| kucoin.place(std::slice::from_ref(&order)).remove(0);
        let state = replay_set(&[name], hedge, mode, leverage, place).unwrap();
        let (side, opens) = (order.side, order.action == Open);
        assert_eq!((state.status, state.side, state.opens, state.qty), (OrderStatus::Taken, side, opens, order.qty), "{name}");
        assert_eq!((state.id.as_str(), state.filled), (order.id.as_str(), d("0")), "{name}");
    }
}

#[test]
fn two_entries_in_one_request() {
    let orders = [limit("bot-0016", "1900"), limit("bot-0017", "1850")];
    let placed = replay(&["batch_orders"], false, |kucoin| kucoin.place(&orders));
    let first = placed[0].as_ref().unwrap();
    assert_eq!((first.status, first.id.as_str()), (OrderStatus::Taken, "bot-0016"));
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
}

#[test]
fn protection() {
    let cases = [
        ("stop_loss_market_plain", guard("bot-0011", ProtectionKind::StopLoss, "1900.00")),
        ("take_profit_market_plain", guard("bot-0012", ProtectionKind::TakeProfit, "2200")),
    ];
    for (name, guard) in cases {
        let state = replay(&[name], false, |kucoin| kucoin.protect(&guard)).unwrap();
        assert!(state.conditional && !state.opens && state.side == Side::Long && state.price == guard.trigger_price, "{state:?}");
        assert_eq!((state.status, state.guards, state.qty), (OrderStatus::Taken, Some(guard.kind), d("0.05")));
    }
}

#[test]
fn looking_up_listing_and_cancelling_orders() {
    let state = replay(&["order_by_client_id"], false, |kucoin| kucoin.order(&named("bot-0001"))).unwrap().unwrap();
    same_order("order_by_client_id", &KUCOIN["order_by_client_id"].parsed, &state);

    let orders = replay(&["open_stop_orders", "open_orders"], false, |kucoin| kucoin.open_orders(&eth())).unwrap();
    assert_eq!(orders.len(), 2);
    same_order("open_orders", &KUCOIN["open_orders"].parsed[0], &orders[0]);
    same_order("open_stop_orders", &KUCOIN["open_stop_orders"].parsed[0], &orders[1]);
    assert!(orders[1].is(&stop_ref()) && orders[1].guards == Some(ProtectionKind::StopLoss), "{:?}", orders[1]);

    replay(&["cancel_by_client_id"], false, |kucoin| kucoin.cancel(&named("bot-0003"))).unwrap();
    replay(&["cancel_all_v3"], false, |kucoin| kucoin.cancel_all(&eth(), false)).unwrap();
    replay(&["cancel_all_v3", "cancel_all_stops"], false, |kucoin| kucoin.cancel_all(&eth(), true)).unwrap();
}

#[test]
fn positions_balance_and_prices() {
    for only in [None, Some(eth())] {
        let positions = replay(&["positions"], false, |kucoin| kucoin.positions(only.as_ref())).unwrap();
        let (position, parsed) = (&positions[0], &KUCOIN["positions"].parsed[0]);
        assert_eq!((positions.len(), position.side == Side::Short, position.hedge), (1, parsed["side"] == "short", false));
        assert_eq!((position.qty, position.changed_at), (coins(&parsed["contracts"]), 0));
        for (key, ours) in [
            ("entryPrice", position.entry_price),
            ("markPrice", position.mark_price),
            ("unrealizedPnl", position.unrealized_pnl),
            ("liquidationPrice", position.liquidation_price),
            ("leverage", Decimal::from(position.terms.leverage.unwrap())),
        ] {
            assert_eq!(number(&parsed[key]), ours, "{key}");
        }
        assert_eq!((parsed["marginMode"].as_str(), position.terms.margin_mode), (Some("cross"), Some(MarginMode::Cross)));
    }
    let balance = replay(&["balance_plain"], false, |kucoin| kucoin.balance()).unwrap();
    let parsed = &KUCOIN["balance_plain"].parsed[&balance.coin];
    let parsed = if parsed.is_null() { &KUCOIN["balance"].parsed[&balance.coin] } else { parsed };
    assert_eq!((balance.total, balance.available), (number(&parsed["total"]), number(&parsed["free"])));

    let quote = replay(&["ticker"], false, |kucoin| kucoin.quote(&eth())).unwrap();
    let parsed = &KUCOIN["ticker"].parsed;
    assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])));

    let fills = replay(&["fills"], false, |kucoin| kucoin.fills(&eth(), FROZEN_MS - 10_000)).unwrap();
    let parsed = &KUCOIN["fills"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].at), (1, parsed["side"] == "buy", parsed["timestamp"].as_u64().unwrap()));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere);
    assert_eq!(ours, (number(&parsed["price"]), coins(&parsed["amount"]), number(&parsed["fee"]["cost"]), false));
}

#[test]
fn opening_and_contracts() {
    let names = ["server_time", "position_mode_get", "instruments"];
    let (mut kucoin, seen) = account(names.map(|name| reply(&KUCOIN[name].reply)));
    let mode = kucoin.open().unwrap();
    assert_eq!((json!(mode.hedge), mode.restricted), (KUCOIN["position_mode_get"].parsed["hedged"].clone(), None));
    let list = kucoin.instruments().unwrap();
    all_like(&names, &seen, compare);
    let parsed = KUCOIN["instruments"].parsed.as_array().unwrap();
    // ccxt's list was cut for the file.
    assert!(list.len() >= parsed.len());
    assert_eq!(list.by_coins("BTC", "USDT").unwrap().symbol.as_str(), "XBTUSDTM");
    for contract in parsed {
        let ours = list.get(contract["id"].as_str().unwrap()).unwrap();
        assert_eq!(contract["symbol"], format!("{}/{}:{}", ours.base, ours.settle, ours.settle));
        let (size, precision, limits) = (number(&contract["contractSize"]), &contract["precision"], &contract["limits"]);
        assert_eq!(
            (ours.contract_size, ours.tick, ours.lot_step),
            (size, number(&precision["price"]), number(&precision["amount"]) * size)
        );
        let amounts = (number(&limits["amount"]["min"]) * size, number(&limits["amount"]["max"]) * size);
        assert_eq!((ours.min_qty, ours.max_qty), amounts);
        assert_eq!(Decimal::from(ours.max_leverage), number(&limits["leverage"]["max"]));
    }
}

#[test]
fn settings() {
    use MarginMode::{Cross, Isolated};
    let terms = replay(&["margin_mode_get"], false, |kucoin| kucoin.terms(&eth())).unwrap();
    assert_eq!((terms.leverage, terms.margin_mode), (Some(5), Some(Isolated)), "isolated: what was wished for");

    let cross = data(json!({"symbol": "ETHUSDTM", "marginMode": "CROSS"}));
    let (mut kucoin, seen) = opened(false, Cross, 5, vec![cross, KUCOIN["leverage_get_cross"].reply.clone()]);
    let terms = kucoin.terms(&eth()).unwrap();
    assert_eq!(terms.leverage.map(Value::from), Some(KUCOIN["leverage_get_cross"].parsed["longLeverage"].clone()));
    all_like(&["margin_mode_get", "leverage_get_cross"], &seen, compare);

    let want = |leverage, margin_mode| Terms { leverage: Some(leverage), margin_mode: Some(margin_mode) };
    replay(&["margin_mode_set_isolated"], false, |kucoin| kucoin.prepare(&eth(), &want(7, Isolated))).unwrap();
    let act = |kucoin: &mut KuCoin| kucoin.prepare(&eth(), &want(5, Cross));
    // The leverage with cross margin is another one than the wish that came with isolated margin.
    replay_set(&["margin_mode_set_cross", "leverage_get_cross", "leverage_set_cross"], false, Isolated, 5, act).unwrap();
}
