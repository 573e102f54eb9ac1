//! Call by call: the request of each vector, and what is read out of its answer.

use perphook::exchange::Reason;
use perphook::market::{Decimal, MarginMode, OrderState, OrderStatus, Terms};

use super::*;
use crate::vectors::{number, same_head};

/// A number as ccxt parsed it, of so many contracts of a tenth of an ether.
fn coins(value: &Value) -> Decimal {
    number(value) * d("0.1")
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    same_head(name, parsed, state);
    assert_eq!((state.qty, state.filled), (coins(&parsed["amount"]), coins(&parsed["filled"])), "{name}");
    assert_eq!((state.avg_price, state.price), (number(&parsed["average"]), number(&parsed["price"])), "{name}");
    assert!(parsed["side"] == "buy" && state.side == Side::Long && state.opens, "{name}");
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let bitcoin = NewOrder { symbol: Symbol::new("BTC-USDT-SWAP"), qty: d("0.0012"), ..market("tv0002", Long, Open) };
    let cases = [
        ("market_order", false, market("tv0000", Long, Open)),
        ("market_order_client_id", false, market("tv0001", Long, Open)),
        ("demo_market_order", false, market("tv0001", Long, Open)),
        ("limit_order", false, limit("tv0000", Long, "1950", "1.501")),
        ("limit_order_client_id", false, limit("tv0004", Short, "2100", "1.5")),
        ("reduce_only_market", false, market("tv0007", Long, Close)),
        ("hedge_open_long", true, market("tv0008", Long, Open)),
        ("hedge_open_short", true, market("tv0009", Short, Open)),
        ("hedge_close_long", true, market("tv0010", Long, Close)),
    ];
    for (name, hedge, order) in cases {
        let placed = replay(&[name], hedge, |okx| okx.place(std::slice::from_ref(&order)).remove(0));
        let named = !OKX[name].asks()["clOrdId"].is_null();
        let Ok(state) = placed else {
            assert!(!named, "{name}: {placed:?}");
            continue;
        };
        assert_eq!(
            (state.status, state.side, state.opens, state.qty),
            (OrderStatus::Taken, order.side, order.action == Open, order.qty),
            "{name}"
        );
        assert_eq!((state.id.as_str(), state.created_at), (order.id.as_str(), FROZEN_MS), "{name}");
    }
    let wish = |margin_mode| Terms { leverage: None, margin_mode: Some(margin_mode) };
    for (name, order, mode) in [
        ("market_order_isolated", market("tv0003", Long, Open), MarginMode::Isolated),
        ("market_order_fractional", bitcoin, MarginMode::Cross),
    ] {
        let act = |okx: &mut Okx| okx.prepare(&order.symbol, &wish(mode)).map(|()| okx.place(std::slice::from_ref(&order)).remove(0));
        replay(&[name], false, act).unwrap().unwrap();
    }
}

#[test]
fn two_entries_in_one_request() {
    let orders = [limit("tvb1", Side::Long, "1950", "1.5"), limit("tvb2", Side::Long, "1940", "1.5")];
    let placed = replay(&["batch_orders"], false, |okx| okx.place(&orders));
    assert_eq!(placed[0].as_ref().unwrap().status, OrderStatus::Taken);
    assert_eq!(OKX["batch_orders"].parsed[1]["status"], "rejected");
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
}

#[test]
fn protection() {
    use ProtectionKind::{StopLoss, TakeProfit};
    for (name, hedge, protection) in [
        ("stop_loss_close_all", false, guard("tvsl0002", StopLoss, "1900.00")),
        ("stop_loss_market", false, guard("tvsl0001", StopLoss, "1900")),
        ("take_profit_market", false, guard("tvtp0001", TakeProfit, "2100")),
        ("stop_loss_hedge_long", true, guard("tvsl0003", StopLoss, "1900")),
    ] {
        let state = replay(&[name], hedge, |okx| okx.protect(&protection)).unwrap();
        assert!(state.conditional && !state.opens && state.side == Side::Long && state.price == protection.trigger_price, "{name}");
        assert_eq!((state.status, state.guards, state.id.as_str()), (OrderStatus::Taken, Some(protection.kind), protection.id.as_str()));
    }
}

#[test]
fn looking_orders_up() {
    let name = "order_by_client_id";
    let state = replay(&[name], false, |okx| okx.order(&entry_ref())).unwrap().unwrap();
    same_order(name, &OKX[name].parsed, &state);

    let name = "algo_by_client_id";
    let stop = replay(&[name], false, |okx| okx.order(&stop_ref())).unwrap().unwrap();
    assert!(stop.is(&stop_ref()) && stop.status == OrderStatus::Resting && stop.qty.is_zero(), "{stop:?}");

    // One that fired is completed by the order it became.
    let mut fired = OKX[name].reply.clone();
    (fired["data"][0]["state"], fired["data"][0]["ordIdList"]) = (json!("effective"), json!(["680800019749904384"]));
    let steps = [(name, Some(fired)), ("order_by_id", None)];
    let state = replay_with(&steps, false, json!([]), |okx| okx.order(&stop_ref())).unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.avg_price, state.price), (OrderStatus::Triggered, d("0.5"), d("1950"), d("1900")));
}

#[test]
fn listing_and_cancelling_orders() {
    let names = ["open_conditional_and_oco", "open_orders"];
    let orders = replay(&names, false, |okx| okx.open_orders(&eth())).unwrap();
    assert_eq!(orders.len(), 2);
    same_order("open_orders", &OKX["open_orders"].parsed[0], &orders[0]);
    assert!(orders[1].is(&stop_ref()) && orders[1].created_at == FROZEN_MS - 10_000, "{:?}", orders[1]);

    replay(&["cancel_by_client_id"], false, |okx| okx.cancel(&entry_ref())).unwrap();
    replay(&["cancel_algo_by_client_id"], false, |okx| okx.cancel(&stop_ref())).unwrap();

    let numbered = |number: &str| {
        let mut row = OKX["open_orders"].reply["data"][0].clone();
        row["ordId"] = json!(number);
        row
    };
    // The second is gone already, which is as good.
    let steps = [("open_orders", Some(rows(json!([numbered("1"), numbered("2")])))), ("cancel_many", None)];
    replay_with(&steps, false, json!([]), |okx| okx.cancel_all(&eth(), false)).unwrap();

    let reply = |name: &str| OKX[name].reply.clone();
    let none = || rows(json!([]));
    let replies = vec![none(), reply("open_conditional_and_oco"), reply("cancel_algo_by_id"), none()];
    let (mut okx, seen) = opened(false, json!([]), replies, false);
    okx.cancel_all(&eth(), true).unwrap();
    compare("cancel_algo_by_id", &seen.lock().unwrap()[2]);
}

#[test]
fn positions_balance_and_prices() {
    for (name, hedge) in [("position_net", false), ("positions_hedge", true)] {
        let positions = replay(&[name], hedge, |okx| okx.positions(Some(&eth()))).unwrap();
        let parsed = match &OKX[name].parsed {
            Value::Array(list) => list.clone(),
            one => vec![one.clone()],
        };
        assert_eq!(positions.len(), parsed.len(), "{name}");
        for (parsed, position) in parsed.iter().zip(&positions) {
            assert_eq!((position.side == Side::Short, position.hedge), (parsed["side"] == "short", parsed["hedged"] == true), "{name}");
            assert_eq!((position.qty, position.changed_at), (coins(&parsed["contracts"]), parsed["lastUpdateTimestamp"].as_u64().unwrap()));
            for (key, ours) in [
                ("entryPrice", position.entry_price),
                ("markPrice", position.mark_price),
                ("unrealizedPnl", position.unrealized_pnl),
                ("initialMargin", position.margin),
                ("liquidationPrice", position.liquidation_price),
                ("leverage", Decimal::from(position.terms.leverage.unwrap())),
            ] {
                assert_eq!(number(&parsed[key]), ours, "{name} {key}");
            }
            assert_eq!((parsed["marginMode"].as_str(), position.terms.margin_mode), (Some("cross"), Some(MarginMode::Cross)), "{name}");
        }
    }
    let balance = replay(&["balance_usdt"], false, |okx| okx.balance()).unwrap();
    let parsed = &OKX["balance"].parsed[&balance.coin];
    assert_eq!((balance.total, balance.available), (number(&parsed["total"]), number(&parsed["free"])));

    let quote = replay(&["ticker"], false, |okx| okx.quote(&eth())).unwrap();
    let parsed = &OKX["ticker"].parsed;
    assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])));

    let fills = replay(&["fills"], false, |okx| okx.fills(&eth(), 1_699_700_000_001)).unwrap();
    let parsed = &OKX["fills"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].at), (1, parsed["side"] == "buy", parsed["timestamp"].as_u64().unwrap()));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere);
    assert_eq!(ours, (number(&parsed["price"]), coins(&parsed["amount"]), number(&parsed["fee"]["cost"]), false));
}

#[test]
fn opening_and_contracts() {
    let time = Some(rows(json!([{"ts": FROZEN_MS.to_string()}])));
    let steps = [("server_time", time), ("account_config", None)];
    let mode = replay_with(&steps, false, json!([]), |okx| okx.open()).unwrap();
    assert!(!mode.hedge && mode.restricted.is_none());

    let names = ["server_time", "account_config", "instruments"];
    let (mut okx, seen) = account(names.map(|name| reply(&OKX[name].reply)), false);
    okx.open().unwrap();
    let list = okx.instruments().unwrap();
    let seen = seen.lock().unwrap();
    [0, 2].iter().for_each(|at| compare(names[*at], &seen[*at]));
    let stamp = seen[1].headers.iter().find(|(name, _)| *name == "OK-ACCESS-TIMESTAMP").unwrap();
    assert_eq!(stamp.1, "2023-11-14T22:13:20.123Z", "the exchange's clock is ahead of ours");

    let parsed = OKX["instruments"].parsed.as_array().unwrap();
    assert_eq!(list.len(), parsed.len());
    for contract in parsed {
        let ours = list.get(contract["id"].as_str().unwrap()).unwrap();
        assert_eq!((Some(&*ours.base), Some(&*ours.settle)), (contract["base"].as_str(), contract["settle"].as_str()));
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
    let terms = replay(&["get_leverage"], false, |okx| okx.terms(&eth())).unwrap();
    let parsed = &OKX["get_leverage"].parsed;
    assert_eq!((terms.leverage.map(Value::from), terms.margin_mode), (Some(parsed["longLeverage"].clone()), Some(MarginMode::Cross)));
    let want = |margin_mode| Terms { leverage: Some(10), margin_mode: Some(margin_mode) };
    for (name, mode) in [("set_leverage_cross", MarginMode::Cross), ("set_leverage_isolated_net_documented", MarginMode::Isolated)] {
        replay(&[name], false, |okx| okx.prepare(&eth(), &want(mode))).unwrap();
    }
    let name = "set_leverage_isolated_long";
    let (mut okx, seen) = opened(true, json!([]), vec![OKX[name].reply.clone()], false);
    okx.prepare(&eth(), &want(MarginMode::Isolated)).unwrap();
    assert_eq!(seen.lock().unwrap().len(), 2, "one for each half");
    compare(name, &seen.lock().unwrap()[0]);
}
