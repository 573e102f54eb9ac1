//! Known-answer requests: every call the Phemex adapter makes against what ccxt, a client many bots trust, sends for the
//! same purpose (or what the documentation asks for, where ccxt has no such call), and what the adapter reads out of the
//! answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod differences;

use differences::{COMPARED, DIFFERENCES, NEVER_SENT};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::phemex::{LIVE_URL, Phemex};
use perphook::exchange::{Exchange, ExchangeError, Reason};
use perphook::market::{
    Action, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Position, Protection, ProtectionKind,
    Side, Symbol, Terms, TriggerBy,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::vectors::{
    FROZEN_MS, KEY, PHEMEX, Reply, Seen, all_like, asked_alike, body, compared_or_named, d, damaged, hmac_hex, id, line, make_calls,
    market, number, number_or_zero, reply, rubbish, same_address, same_head, target, with_differences,
};

/// The vector's answer to the order of the vector.
fn reply_to(name: &str) -> Reply {
    reply(&PHEMEX[name].acknowledged("/data", &["clOrdID"]))
}

fn account(replies: impl IntoIterator<Item = Reply>) -> (Phemex, Seen) {
    let (line, seen) = line(crate::vectors::keys(), replies);
    (Phemex::new(line), seen)
}

/// An account whose contracts are flat and in that mode.
fn flat(symbols: &[&str], hedge: bool) -> Value {
    let (mode, halves): (_, &[&str]) = if hedge { ("Hedged", &["Long", "Short"]) } else { ("OneWay", &["Merged"]) };
    let row = |symbol: &&str, half: &&str| json!({"symbol": symbol, "side": "None", "size": "0", "posSide": half, "posMode": mode, "leverageRr": "-3"});
    let rows: Vec<Value> = symbols.iter().flat_map(|symbol| halves.iter().map(move |half| row(symbol, half))).collect();
    json!({"code": 0, "data": {"account": {"accountBalanceRv": "0", "totalUsedBalanceRv": "0"}, "positions": rows}})
}

/// Opens an account whose contracts are in the wanted position mode, then lets it act while the vectors' answers come
/// back; every request must be the one of its vector.
fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut Phemex) -> T) -> T {
    let opening = [reply_to("server_time"), reply(&flat(&["ETHUSDT", "u1000PEPEUSDT"], hedge))];
    let (mut phemex, seen) = account(opening.into_iter().chain(names.iter().copied().map(reply_to)));
    assert!(phemex.open().unwrap().restricted.is_none());
    seen.lock().unwrap().clear();
    let result = act(&mut phemex);
    all_like(names, &seen, compare);
    result
}

fn compare(name: &str, request: &HttpRequest) {
    assert!(COMPARED.contains(&name) || name.starts_with("error_"), "{name}: to be listed");
    let vector = &PHEMEX[name];
    same_address(name, vector, LIVE_URL, request);
    assert_eq!(asked_alike(name, vector, request), with_differences(DIFFERENCES, name, vector.asks()), "{name}");

    let ((path, query), text) = (target(request), body(request));
    // Theirs live for a minute, ours for six seconds.
    let expiry = FROZEN_MS / 1000 + 6;
    let mut headers = vec![
        ("x-phemex-access-token", KEY.to_owned()),
        ("x-phemex-request-expiry", expiry.to_string()),
        ("x-phemex-request-signature", hmac_hex(&format!("{path}{query}{expiry}{text}"))),
    ];
    if !text.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    let public = path.starts_with("/public/") || path.starts_with("/md/");
    assert_eq!(request.headers, if public { Vec::new() } else { headers }, "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn order(side: Side, action: Action) -> NewOrder {
    market("ETHUSDT", "whk-0001", side, action, "0.10")
}

fn limit(order: NewOrder, price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..order }
}

fn entry_ref(name: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(name), guard: None }
}

fn stop_ref(name: &str) -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1700") };
    OrderRef { guard: Some(guard), ..entry_ref(name) }
}

fn stop() -> Protection {
    Protection {
        id: id("whk-0001"),
        symbol: eth(),
        side: Side::Long,
        kind: ProtectionKind::StopLoss,
        trigger_price: d("1700.00"),
        qty: d("0.10"),
        by: TriggerBy::Mark,
    }
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    same_head(name, parsed, state);
    for (key, ours) in [("filled", state.filled), ("amount", state.qty), ("average", state.avg_price)] {
        assert_eq!(number_or_zero(&parsed[key]), ours, "{name}: {key}");
    }
}

#[test]
fn every_vector_is_compared_or_named() {
    let errors: Vec<&str> = PHEMEX.keys().map(String::as_str).filter(|name| name.starts_with("error_")).collect();
    compared_or_named(&PHEMEX, &COMPARED, &[&NEVER_SENT[..], &errors].concat(), DIFFERENCES);
}

#[test]
fn plain_orders() {
    use Action::{Close, Open};
    use Side::{Long, Short};
    let pepe = market("u1000PEPEUSDT", "whk-0001", Long, Open, "2500.0");
    let cases = [
        ("market_buy_client_id", false, order(Long, Open)),
        ("limit_buy", false, limit(order(Long, Open), "1800.550")),
        ("limit_sell_hedged_short", true, limit(order(Short, Open), "2100.00")),
        ("meme_limit", false, limit(pepe, "0.0012346")),
        ("reduce_only_market", false, order(Long, Close)),
        ("reduce_only_market_hedged", true, order(Long, Close)),
    ];
    for (name, hedge, order) in cases {
        let state = replay(&[name], hedge, |phemex| phemex.place(std::slice::from_ref(&order)).remove(0)).unwrap();
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Taken, order.side, order.action == Open), "{name}");
        assert_eq!((state.id.as_str(), state.filled, state.created_at), (order.id.as_str(), Decimal::ZERO, FROZEN_MS), "{name}");
    }
}

#[test]
fn protection() {
    let target = Protection { kind: ProtectionKind::TakeProfit, trigger_price: d("2200"), by: TriggerBy::Last, ..stop() };
    for (name, hedge, guard) in
        [("stop_loss_market", false, stop()), ("take_profit_market", false, target), ("stop_loss_market_hedged_long", true, stop())]
    {
        let state = replay(&[name], hedge, |phemex| phemex.protect(&guard)).unwrap();
        assert_eq!((state.guards, state.price, state.qty), (Some(guard.kind), guard.trigger_price, guard.qty), "{name}");
        assert_eq!((state.status, state.side, state.opens), (OrderStatus::Resting, Side::Long, false), "{name}: it says that it waits");
    }
}

#[test]
fn looking_orders_up_listing_and_cancelling_them() {
    let parsed = &PHEMEX["open_orders"].parsed;
    let orders = replay(&["open_orders"], false, |phemex| phemex.open_orders(&eth())).unwrap();
    assert_eq!(orders.len(), 2);
    orders.iter().zip(parsed.as_array().unwrap()).for_each(|(state, parsed)| same_order("open_orders", parsed, state));
    assert_eq!(orders[0].price, number(&parsed[0]["price"]));
    assert_eq!((orders[1].price, orders[1].guards), (number(&parsed[1]["triggerPrice"]), Some(ProtectionKind::StopLoss)));
    assert!(orders[0].is(&entry_ref("whk-0001")) && !orders[0].conditional);
    assert!(orders[1].conditional && !orders[1].opens && orders[1].side == Side::Long);
    assert_eq!(replay(&["open_orders_none"], false, |phemex| phemex.open_orders(&eth())), Ok(Vec::new()));

    let state = replay(&["open_orders"], false, |phemex| phemex.order(&entry_ref("whk-0001"))).unwrap().unwrap();
    same_order("open_orders", &parsed[0], &state);
    let state = replay(&["open_orders"], false, |phemex| phemex.order(&stop_ref("whk-0002"))).unwrap().unwrap();
    same_order("open_orders", &parsed[1], &state);

    replay(&["cancel_by_client_id"], false, |phemex| phemex.cancel(&entry_ref("whk-0001"))).unwrap();
    replay(&["cancel_all_active"], false, |phemex| phemex.cancel_all(&eth(), false)).unwrap();
    replay(&["cancel_all_active", "cancel_all_conditional"], false, |phemex| phemex.cancel_all(&eth(), true)).unwrap();
}

/// The second place to look, after the first knew nothing.
#[test]
fn looking_an_ended_order_up() {
    let parsed = &PHEMEX["order_by_client_id_list"].parsed;
    for name in ["order_by_client_id_rows", "order_by_client_id_list"] {
        let state = replay(&["open_orders_none", name], false, |phemex| phemex.order(&entry_ref("whk-0001"))).unwrap().unwrap();
        same_order(name, parsed, &state);
    }
    let lone = json!({"code": 0, "data": PHEMEX["order_by_client_id_list"].reply["data"][0]});
    let state = account([reply_to("open_orders_none"), reply(&lone)]).0.order(&entry_ref("whk-0001")).unwrap().unwrap();
    same_order("a single object", parsed, &state);
    let names = ["open_orders_none", "order_by_client_id_missing"];
    assert_eq!(replay(&names, false, |phemex| phemex.order(&entry_ref("whk-nope"))), Ok(None));
}

fn same_position(name: &str, parsed: &Value, position: &Position) {
    let held = !position.qty.is_zero();
    assert!(!held || (parsed["side"] == "short") == (position.side == Side::Short), "{name}");
    assert_eq!((&parsed["hedged"], &parsed["lastUpdateTimestamp"]), (&json!(position.hedge), &json!(position.changed_at)), "{name}");
    let cross = position.terms.margin_mode == Some(MarginMode::Cross);
    assert_eq!(parsed["marginMode"], if cross { "cross" } else { "isolated" }, "{name}");
    for (key, ours) in [
        ("contracts", position.qty),
        ("entryPrice", position.entry_price),
        ("markPrice", position.mark_price),
        ("liquidationPrice", position.liquidation_price),
        ("unrealizedPnl", position.unrealized_pnl),
        ("collateral", position.margin),
        ("leverage", position.terms.leverage.map(Decimal::from).unwrap()),
    ] {
        assert_eq!(number(&parsed[key]), ours, "{name} {key}");
    }
}

#[test]
fn positions() {
    for name in ["positions_oneway", "positions_hedged"] {
        let positions = replay(&[name], false, |phemex| phemex.positions(None)).unwrap();
        let parsed = PHEMEX[name].parsed.as_array().unwrap();
        let here: Vec<_> = positions.iter().filter(|position| position.symbol == eth()).collect();
        assert_eq!(here.len(), parsed.len(), "{name}");
        parsed.iter().zip(here).for_each(|(parsed, position)| same_position(name, parsed, position));
    }
    let (mut phemex, seen) = account([reply_to("positions_oneway")]);
    assert_eq!(phemex.positions(Some(&eth())).unwrap().len(), 1, "the other contract's row is not asked for");
    assert_eq!(target(&seen.lock().unwrap()[0]).1, "currency=USDT&symbol=ETHUSDT");
}

#[test]
fn balance_price_and_fills() {
    // Where ccxt's total is the wallet alone, ours has the open loss in it: 0.1 sold at 1900 with the mark at 1905.
    let balance = replay(&["balance"], false, |phemex| phemex.balance()).unwrap();
    let parsed = &PHEMEX["balance"].parsed["USDT"];
    assert_eq!((balance.total, balance.available), (number(&parsed["total"]) - d("0.5"), number(&parsed["free"])));

    let quote = replay(&["ticker_v3"], false, |phemex| phemex.quote(&eth())).unwrap();
    let said = &PHEMEX["ticker_v3"].reply["result"];
    let text = |value: &Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
    assert_eq!((quote.bid, quote.ask), (text(&said["bidRp"]), text(&said["askRp"])));

    let fills = replay(&["trades"], false, |phemex| phemex.fills(&eth(), 1_699_990_000_000)).unwrap();
    let row = &PHEMEX["trades"].reply["data"]["rows"][0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].by, fills[0].side), (1, true, None, None));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere, json!(fills[0].at));
    assert_eq!(ours, (text(&row["execPriceRp"]), text(&row["execQtyRq"]), text(&row["execFeeRv"]), false, row["createdAt"].clone()));
}

#[test]
fn opening_and_settings() {
    let (mut phemex, seen) = account(["server_time", "balance"].map(reply_to));
    assert!(!phemex.open().unwrap().hedge);
    all_like(&["server_time", "balance"], &seen, compare);

    let want = |leverage, margin_mode| Terms { leverage, margin_mode };
    let (isolated, cross) = (Some(MarginMode::Isolated), Some(MarginMode::Cross));
    let cases = [
        ("leverage_isolated_oneway", false, want(Some(10), isolated)),
        ("leverage_cross_oneway", false, want(Some(10), cross)),
        ("leverage_isolated_hedged", true, want(Some(10), isolated)),
        ("margin_mode_cross", false, want(Some(10), cross)),
        ("margin_mode_isolated", false, want(Some(10), isolated)),
    ];
    for (name, hedge, want) in cases {
        replay(&[name], hedge, |phemex| phemex.prepare(&eth(), &want)).unwrap();
    }
}

#[test]
fn contracts() {
    let list = replay(&["instruments"], false, |phemex| phemex.instruments()).unwrap();
    let parsed = PHEMEX["instruments"].parsed.as_object().unwrap();
    assert_eq!(list.len(), parsed.len());
    for (name, contract) in parsed {
        let ours = list.get(name).unwrap();
        assert_eq!((Some(&*ours.base), Some(&*ours.settle)), (contract["base"].as_str(), contract["settle"].as_str()));
        assert_eq!(contract["active"], ours.closed.is_none());
        for (theirs, ours) in [
            (&contract["precision"]["price"], ours.tick),
            (&contract["precision"]["amount"], ours.lot_step),
            (&contract["limits"]["leverage"]["max"], Decimal::from(ours.max_leverage)),
            (&contract["contractSize"], ours.contract_size),
        ] {
            assert_eq!(number(theirs), ours, "{name}");
        }
    }
}

#[test]
fn refusals() {
    use Reason::*;
    let table = [
        ("error_11001", InsufficientBalance),
        ("error_11085", DuplicateClientId),
        ("error_10001", DuplicateClientId),
        ("error_19999", DuplicateClientId),
        ("error_20004", PositionMode),
        ("error_11011", NoPosition),
        ("error_11043", WouldTrigger),
        ("error_11004", Leverage),
        ("error_39995", RateLimited { until: FROZEN_MS + 10_000 }),
        ("error_401", IpNotAllowed),
        ("error_10500", Credentials),
        ("error_39108", Leverage),
    ];
    assert_eq!(table.len(), PHEMEX.keys().filter(|name| name.starts_with("error_")).count());
    for (name, reason) in table {
        let placed = replay(&[name], false, |phemex| phemex.place(&[order(Side::Long, Action::Open)]).remove(0));
        assert_eq!(placed.unwrap_err().reason(), Some(reason), "{name}");
    }
}

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(answer: Reply) {
    let (mut phemex, _) = account([answer]);
    make_calls(&mut phemex, &eth(), [&entry_ref("whk-0001"), &stop_ref("whk-0001")]);
    for want in [(Some(5), Some(MarginMode::Isolated)), (None, Some(MarginMode::Isolated)), (Some(5), None)] {
        let _ = phemex.prepare(&eth(), &Terms { leverage: want.0, margin_mode: want.1 });
    }
    let named = [phemex.protect(&stop()), phemex.place(&[order(Side::Long, Action::Open)]).remove(0)];
    assert!(named.into_iter().flatten().all(|state| state.id == "whk-0001"), "only an answer that names our order is success");
}

#[test]
fn what_is_no_answer_to_an_order_leaves_its_outcome_open() {
    for name in ["ticker_v3", "balance", "leverage_isolated_oneway", "order_by_client_id_rows", "cancel_all_active"] {
        let (mut phemex, _) = account([reply(&flat(&["ETHUSDT"], false)), reply_to(name)]);
        let placed = phemex.place(&[order(Side::Long, Action::Open)]).remove(0);
        assert!(matches!(placed, Err(ExchangeError::Unknown { fence, .. }) if fence == FROZEN_MS + 17_000), "{name}: {placed:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(answer in rubbish()) {
        make_every_call(answer);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(answer in damaged(&PHEMEX)) {
        make_every_call(answer);
    }
}
