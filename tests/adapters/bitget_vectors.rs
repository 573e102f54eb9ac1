//! Known-answer requests: every call the Bitget adapter makes, to classic and to unified accounts, against what ccxt
//! sends for the same purpose or what the documentation lists, and what the adapter reads out of the answers against
//! what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table below with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod damage;
mod rig;

use perphook::exchange::{Exchange, Reason};
use perphook::market::{Action, Decimal, MarginMode, OrderState, OrderStatus, ProtectionKind, Side, Terms};
use rig::*;
use serde_json::{Value, json};

use crate::vectors::Sent::{Nothing, Text};
use crate::vectors::{BITGET, Difference, FROZEN_MS, asked, body, d, market, named_in, number, reply, same_head};

/// Differences of single calls: vector, parameter, their value, ours. Two more hold for every order and
/// are made good in `rig::in_small_letters`.
const DIFFERENCES: &[Difference] = &[
    // Not needed for a stop or target of the whole position, says the documentation; the execution price is told instead.
    ("stop_loss_market", "orderType", Text("market"), Nothing),
    ("stop_loss_market", "force", Text("GTC"), Nothing),
    ("stop_loss_market", "size", Text("1.5"), Nothing),
    ("stop_loss_market", "executePrice", Nothing, Text("0")),
    ("take_profit_market", "orderType", Text("market"), Nothing),
    ("take_profit_market", "force", Text("GTC"), Nothing),
    ("take_profit_market", "size", Text("1.5"), Nothing),
    ("take_profit_market", "executePrice", Nothing, Text("0")),
    ("stop_loss_hedge_long", "orderType", Text("market"), Nothing),
    ("stop_loss_hedge_long", "force", Text("GTC"), Nothing),
    ("stop_loss_hedge_long", "size", Text("1.5"), Nothing),
    ("stop_loss_hedge_long", "executePrice", Nothing, Text("0")),
    // The documentation lists the margin coin.
    ("cancel_all_symbol", "marginCoin", Nothing, Text("USDT")),
    ("cancel_all_symbol_plans", "marginCoin", Nothing, Text("USDT")),
    // What is meant where nothing is named.
    ("cancel_all_symbol_plans", "planType", Nothing, Text("normal_plan")),
    // Since a time, page by page.
    ("fills", "startTime", Nothing, Text("1699999980000")),
    ("fills", "limit", Nothing, Text("100")),
    // A parameter of margin trading.
    ("v3_set_leverage", "coin", Text("USDT"), Nothing),
    // The margin mode is named wherever it is known.
    ("v3_set_leverage", "marginMode", Nothing, Text("crossed")),
    ("v3_market_order", "marginMode", Nothing, Text("crossed")),
    ("v3_limit_order", "marginMode", Nothing, Text("crossed")),
    ("v3_reduce_only_market", "marginMode", Nothing, Text("crossed")),
    ("v3_hedge_close_long", "marginMode", Nothing, Text("crossed")),
    // A market order needs none.
    ("v3_market_order", "timeInForce", Text("gtc"), Nothing),
    ("v3_reduce_only_market", "timeInForce", Text("gtc"), Nothing),
    ("v3_hedge_close_long", "timeInForce", Text("gtc"), Nothing),
    // Documented: the kind, and whether it is for the whole position. ccxt leaves the mode out, which makes its quantity void;
    // the direction is no parameter of this call.
    ("v3_stop_loss_market", "type", Nothing, Text("tpsl")),
    ("v3_stop_loss_market", "tpslMode", Nothing, Text("full")),
    ("v3_stop_loss_market", "qty", Text("1.5"), Nothing),
    ("v3_stop_loss_market", "side", Text("sell"), Nothing),
    ("v3_take_profit_market", "type", Nothing, Text("tpsl")),
    ("v3_take_profit_market", "tpslMode", Nothing, Text("partial")),
    ("v3_take_profit_market", "side", Text("sell"), Nothing),
    // Only one order may cover the whole position, and it is the stop: the target is an order of its own.
    ("v3_stop_loss_full_documented", "takeProfit", Text("2100"), Nothing),
    ("v3_stop_loss_full_documented", "tpTriggerBy", Text("mark"), Nothing),
    ("v3_stop_loss_full_documented", "tpOrderType", Text("market"), Nothing),
];

/// Calls that are never made.
const NEVER: &[&str] = &[
    // Bid and ask are wanted.
    "symbol_price",
    // The position mode is the user's.
    "set_position_mode_oneway",
    "set_position_mode_hedge",
    "v3_set_position_mode",
    // Every order has a name of ours, and that is what it is asked for and cancelled by.
    "market_order",
    "limit_order",
    "cancel_by_id",
    "cancel_plan_by_id",
    "v3_cancel_by_id",
    "batch_cancel",
    // Limit orders may take.
    "limit_order_post_only",
    // Closing is an order like any other, so that it has a name.
    "close_position",
    "v3_close_positions",
    // Stops are orders of their own, of the whole position, one at a time.
    "market_order_preset_tpsl",
    "v3_market_order_tpsl",
    "stop_loss_partial_documented",
    "pos_tpsl_both",
    "trigger_order",
    "trigger_order_documented",
];

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    same_head(name, parsed, state);
    for (key, ours) in [("filled", state.filled), ("amount", state.qty), ("average", state.avg_price), ("triggerPrice", state.price)] {
        assert!(parsed[key].is_null() || number(&parsed[key]) == ours, "{name}: {key} {ours}");
    }
}

#[test]
fn every_vector_is_compared_or_named_as_a_call_that_is_never_made() {
    let source = include_str!("bitget_vectors.rs");
    named_in(source, &BITGET, NEVER, DIFFERENCES);
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let isolated = Found { mode: "isolated", ..CLASSIC };
    let demo = Found { demo: true, ..CLASSIC };
    let uta_isolated = Found { mode: "isolated", ..UTA };
    let cases = [
        ("market_order_client_id", CLASSIC, market("ETHUSDT", "tv-0001", Long, Open, "1.50")),
        ("demo_market_order", demo, market("ETHUSDT", "tv-0001", Long, Open, "1.5")),
        ("market_order_isolated", isolated, market("ETHUSDT", "tv-0002", Long, Open, "1.5")),
        ("market_order_meme", CLASSIC, market("1000BONKUSDT", "tv-0003", Long, Open, "1234")),
        ("limit_order_client_id", CLASSIC, limit("tv-0004", Short, "2100.00")),
        ("reduce_only_market", CLASSIC, market("ETHUSDT", "tv-0006", Long, Close, "1.5")),
        ("hedge_open_long", CLASSIC_HEDGE, market("ETHUSDT", "tv-0007", Long, Open, "1.5")),
        ("hedge_open_short", CLASSIC_HEDGE, market("ETHUSDT", "tv-0008", Short, Open, "1.5")),
        ("hedge_close_long", CLASSIC_HEDGE, market("ETHUSDT", "tv-0009", Long, Close, "1.5")),
        ("hedge_close_short", CLASSIC_HEDGE, market("ETHUSDT", "tv-0010", Short, Close, "1.5")),
        ("v3_market_order", UTA, market("ETHUSDT", "tv-0001", Long, Open, "1.5")),
        ("v3_limit_order", UTA, limit("tv-0002", Long, "1950")),
        ("v3_reduce_only_market", UTA, market("ETHUSDT", "tv-0003", Long, Close, "1.5")),
        ("v3_hedge_close_long", UTA_HEDGE, market("ETHUSDT", "tv-0004", Long, Close, "1.5")),
        ("v3_market_order_isolated", uta_isolated, market("ETHUSDT", "tv-0005", Long, Open, "1.5")),
    ];
    for (name, found, order) in cases {
        let state = replay(&[name], found, |bitget| bitget.place(std::slice::from_ref(&order)).remove(0)).unwrap();
        assert_eq!((state.side, state.opens, state.conditional), (order.side, order.action == Open, false), "{name}");
        assert_eq!((state.status, state.filled, state.qty), (OrderStatus::Taken, Decimal::ZERO, order.qty), "{name}: only acknowledged");
        assert_eq!(state.id, order.id.as_str());
    }
}

#[test]
fn two_entries_in_one_request() {
    let orders = [limit("tv-b1", Side::Long, "1950"), limit("tv-b2", Side::Long, "1940")];
    let placed = replay(&["batch_orders"], CLASSIC, |bitget| bitget.place(&orders));
    assert_eq!(placed[0].as_ref().map(|state| (state.id.as_str(), state.status)), Ok(("tv-b1", OrderStatus::Taken)));
    assert_eq!(placed[1].as_ref().unwrap_err().reason(), Some(Reason::InsufficientBalance));
}

#[test]
fn protection() {
    use ProtectionKind::{StopLoss, TakeProfit};
    let cases = [
        ("stop_loss_market", CLASSIC, guard("tv-sl-0001", StopLoss, "1900.00"), "0"),
        ("take_profit_market", CLASSIC, guard("tv-tp-0001", TakeProfit, "2100"), "0"),
        ("stop_loss_market_documented", CLASSIC, guard("tv-sl-0002", StopLoss, "1900"), "0"),
        ("stop_loss_hedge_long", CLASSIC_HEDGE, guard("tv-sl-0004", StopLoss, "1900"), "0"),
        ("v3_stop_loss_market", UTA, guard("tv-sl-0001", StopLoss, "1900"), "0"),
        ("v3_take_profit_market", UTA, guard("tv-tp-0001", TakeProfit, "2100"), "1.5"),
        ("v3_stop_loss_full_documented", UTA_HEDGE, guard("tv-sl-0002", StopLoss, "1900"), "0"),
    ];
    for (name, found, protection, covers) in cases {
        let state = replay(&[name], found, |bitget| bitget.protect(&protection)).unwrap();
        assert!(state.conditional && !state.opens && state.side == Side::Long && state.price == protection.trigger_price, "{name}");
        assert_eq!((state.status, state.guards, state.qty), (OrderStatus::Taken, Some(protection.kind), d(covers)), "{name}");
    }
}

#[test]
fn looking_orders_up() {
    let name = "order_by_client_id";
    let state = replay(&[name], CLASSIC, |bitget| bitget.order(&plain_ref("tv-0001"))).unwrap().unwrap();
    // The same answer, which only the other vector of it parses.
    same_order(name, &BITGET["order_by_client_id_ccxt"].parsed, &state);
    let name = "v3_order_by_client_id";
    let state = replay(&[name], UTA, |bitget| bitget.order(&plain_ref("tv-0001"))).unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.avg_price), (OrderStatus::Resting, d("0.5"), d("1950")));

    // By its number only what a stop or target became, which the history names.
    let ended = json!({"planType": "pos_loss", "clientOid": "tv-sl-0009", "side": "sell", "posSide": "net", "triggerPrice": "1900",
        "planStatus": "executed", "executeOrderId": "1117000000000000001"});
    let answers = [success(json!({"entrustedList": null})), success(json!({"entrustedList": [ended]}))];
    let child = reply(&BITGET["order_by_id"].reply);
    let (mut bitget, seen) = account(false, CLASSIC.opening().into_iter().take(3).chain(answers).chain([child]));
    bitget.open().unwrap();
    let state = bitget.order(&stop_ref("tv-sl-0009")).unwrap().unwrap();
    compare("order_by_id", &seen.lock().unwrap()[5]);
    assert_eq!((state.status, state.filled, state.price), (OrderStatus::Filled, d("1.5"), d("1900")));

    let state = replay(&["open_tpsl_orders"], CLASSIC, |bitget| bitget.order(&stop_ref("tv-sl-0001"))).unwrap().unwrap();
    assert_eq!((state.guards, state.side, state.qty), (Some(ProtectionKind::StopLoss), Side::Long, Decimal::ZERO));
    let state = replay(&["v3_open_strategy_orders"], UTA, |bitget| bitget.order(&stop_ref("tv-sl-0002"))).unwrap().unwrap();
    assert_eq!((state.guards, state.side, state.price), (Some(ProtectionKind::StopLoss), Side::Long, d("1900")));
}

#[test]
fn listing_orders() {
    let names = ["open_tpsl_orders", "open_plan_orders", "open_orders"];
    let orders = replay(&names, CLASSIC, |bitget| bitget.open_orders(&eth())).unwrap();
    assert_eq!(orders.len(), 3);
    names.iter().zip(&orders).for_each(|(name, state)| same_order(name, &BITGET[*name].parsed[0], state));
    let kinds: Vec<_> = orders.iter().map(|order| (order.conditional, order.guards.is_some())).collect();
    assert_eq!(kinds, [(true, true), (true, false), (false, false)]);

    let names = ["v3_open_strategy_orders", "v3_open_orders"];
    let orders = replay(&names, UTA, |bitget| bitget.open_orders(&eth())).unwrap();
    let guards: Vec<_> = orders.iter().map(|order| (order.guards, order.price)).collect();
    let (stop, target) = (ProtectionKind::StopLoss, ProtectionKind::TakeProfit);
    assert_eq!(guards, [(Some(stop), d("1900")), (Some(target), d("2100")), (None, d("1950"))], "one order may be both");
    same_order("v3_open_orders", &BITGET["v3_open_orders"].parsed[0], &orders[2]);
}

#[test]
fn cancelling_orders() {
    let plain = plain_ref("tv-0001");
    replay(&["cancel_by_client_id"], CLASSIC, |bitget| bitget.cancel(&plain)).unwrap();
    replay(&["v3_cancel_by_client_id"], UTA, |bitget| bitget.cancel(&plain)).unwrap();
    replay(&["cancel_plan_by_client_id"], CLASSIC, |bitget| bitget.cancel(&stop_ref("tv-sl-0001"))).unwrap();
    replay(&["v3_cancel_strategy_by_client_id"], UTA, |bitget| bitget.cancel(&stop_ref("tv-sl-0002"))).unwrap();
    replay(&["cancel_all_symbol"], CLASSIC, |bitget| bitget.cancel_all(&eth(), false)).unwrap();
    replay(&["v3_cancel_all"], UTA, |bitget| bitget.cancel_all(&eth(), false)).unwrap();

    // The conditional ones kind by kind, of which the vectors have two.
    let (mut bitget, seen) = account(false, CLASSIC.opening().into_iter().chain([success(json!({}))]));
    bitget.open().unwrap();
    seen.lock().unwrap().clear();
    bitget.cancel_all(&eth(), true).unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 6);
    let of_kind = |kind: &str| seen.iter().find(|request| asked("", body(request)).get("planType") == Some(&json!(kind))).unwrap();
    compare("cancel_all_symbol", &seen[0]);
    compare("cancel_all_symbol_plans", of_kind("normal_plan"));
    compare("cancel_all_symbol_profit_loss", of_kind("pos_loss"));
}

#[test]
fn positions_balance_and_prices() {
    let cases = [("positions_all", CLASSIC, None), ("position_one_symbol", CLASSIC, Some(eth())), ("v3_positions", UTA, None)];
    for (name, found, only) in cases {
        let positions = replay(&[name], found, |bitget| bitget.positions(only.as_ref())).unwrap();
        let parsed = &BITGET[name].parsed;
        let parsed = parsed.as_array().map_or(std::slice::from_ref(parsed), Vec::as_slice);
        assert_eq!(positions.len(), parsed.len(), "{name}");
        for (parsed, position) in parsed.iter().zip(&positions) {
            assert_eq!(parsed["side"] == "short", position.side == Side::Short, "{name}");
            assert_eq!(parsed["hedged"], position.hedge, "{name}");
            let ours = [
                ("contracts", position.qty),
                ("entryPrice", position.entry_price),
                ("markPrice", position.mark_price),
                ("unrealizedPnl", position.unrealized_pnl),
                ("initialMargin", position.margin),
                ("liquidationPrice", position.liquidation_price),
                ("leverage", position.terms.leverage.unwrap().into()),
            ];
            ours.iter().for_each(|(key, ours)| assert_eq!(number(&parsed[*key]), *ours, "{name} {key}"));
            assert_eq!((position.terms.margin_mode, position.changed_at), (Some(MarginMode::Cross), 1_699_999_000_000), "{name}");
        }
    }
    for (name, found) in [("balance", CLASSIC), ("v3_balance", UTA)] {
        let balance = replay(&[name], found, |bitget| bitget.balance()).unwrap();
        let parsed = &BITGET[name].parsed[&balance.coin];
        assert_eq!((balance.total, balance.available), (number(&parsed["total"]), number(&parsed["free"])), "{name}");
    }
    for (name, found) in [("ticker", CLASSIC), ("v3_ticker", UTA)] {
        let quote = replay(&[name], found, |bitget| bitget.quote(&eth())).unwrap();
        let parsed = &BITGET[name].parsed;
        assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])), "{name}");
    }
    let fills = replay(&["fills"], CLASSIC, |bitget| bitget.fills(&eth(), FROZEN_MS - 20_000)).unwrap();
    let (fill, parsed) = (&fills[0], &BITGET["fills"].parsed[0]);
    assert_eq!((fills.len(), fill.buy, fill.side, fill.fee_elsewhere), (1, parsed["side"] == "buy", None, false));
    assert_eq!((fill.price, fill.qty, fill.fee), (number(&parsed["price"]), number(&parsed["amount"]), number(&parsed["fee"]["cost"])));
    assert_eq!(parsed["timestamp"], fill.at);
}

#[test]
fn opening_and_settings() {
    // The first question tells the kind of account; the same one comes first for both.
    let (mut bitget, seen) = account(false, CLASSIC_HEDGE.opening());
    let mode = bitget.open().unwrap();
    assert!(mode.hedge && mode.restricted.is_none());
    {
        let seen = seen.lock().unwrap();
        compare("server_time", &seen[0]);
        compare("v3_account_settings", &seen[1]);
        // The position mode is that of all contracts, so any will do.
        assert!(seen.len() == 3 && seen[2].target.ends_with("symbol=BTCUSDT"));
    }
    for name in ["account_one_symbol", "leverage_ccxt", "margin_mode_ccxt"] {
        let terms = replay(&[name], CLASSIC, |bitget| bitget.terms(&eth())).unwrap();
        assert_eq!(terms, Terms { leverage: Some(10), margin_mode: Some(MarginMode::Cross) }, "{name}");
    }
    let terms = replay(&["v3_account_settings"], UTA, |bitget| bitget.terms(&eth())).unwrap();
    assert_eq!(terms, Terms { leverage: Some(10), margin_mode: Some(MarginMode::Cross) });

    let ten = |margin_mode| Terms { leverage: Some(10), margin_mode };
    let prepare = |names: &[&str], found, want: Terms| replay(names, found, |bitget| bitget.prepare(&eth(), &want)).unwrap();
    let isolated = Found { mode: "isolated", ..CLASSIC };
    prepare(&["set_leverage_cross"], CLASSIC, ten(None));
    prepare(&["set_leverage_cross"], isolated, ten(None));
    prepare(&["set_margin_mode_cross", "set_leverage_cross"], isolated, ten(Some(MarginMode::Cross)));
    prepare(&["set_margin_mode_isolated"], CLASSIC, Terms { leverage: None, margin_mode: Some(MarginMode::Isolated) });
    prepare(&["v3_set_leverage"], UTA, ten(Some(MarginMode::Cross)));

    // Isolated margin has a leverage for each side: the vectors have the long one's.
    for (found, name) in [(Found { hedge: true, ..isolated }, "set_leverage_isolated_long"), (UTA, "v3_set_leverage_isolated")] {
        let (mut bitget, seen) = account(false, found.opening().into_iter().chain([success(json!({}))]));
        bitget.open().unwrap();
        bitget.terms(&eth()).unwrap();
        bitget.terms(&eth()).unwrap();
        seen.lock().unwrap().clear();
        bitget.prepare(&eth(), &ten(Some(MarginMode::Isolated))).unwrap();
        let seen = seen.lock().unwrap();
        assert_eq!(seen.len(), 2, "{name}");
        compare(name, &seen[0]);
        assert!(String::from_utf8_lossy(&seen[1].body).contains("short"), "{name}");
    }
}

#[test]
fn contracts() {
    for (name, found) in [("instruments", CLASSIC), ("v3_instruments", UTA)] {
        let list = replay(&[name], found, |bitget| bitget.instruments()).unwrap();
        let eth = list.get("ETHUSDT").unwrap();
        assert_eq!((&*eth.base, &*eth.settle, eth.max_leverage, eth.closed.as_deref()), ("ETH", "USDT", 100, None), "{name}");
        // ccxt reads the classic list only, and not all of it.
        for contract in BITGET[name].parsed.as_array().into_iter().flatten() {
            let ours = list.get(contract["id"].as_str().unwrap()).unwrap();
            let limits = &contract["limits"];
            for (theirs, ours) in [
                (&contract["precision"]["price"], ours.tick),
                (&contract["precision"]["amount"], ours.lot_step),
                (&limits["amount"]["min"], ours.min_qty),
                (&limits["cost"]["min"], ours.min_notional),
                (&limits["leverage"]["max"], ours.max_leverage.into()),
            ] {
                assert_eq!(number(theirs), ours, "{}", contract["id"]);
            }
        }
    }
}
