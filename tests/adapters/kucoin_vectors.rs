//! Known-answer requests: every call the KuCoin adapter makes against what ccxt sends, or what the documentation asks
//! for, and what the adapter reads out of the answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table below with its reason. That the
//! vectors' own texts come out with the vectors' signatures is tested beside the signing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod calls;
mod damaged;

use perphook::exchange::Exchange;
use perphook::exchange::http::HttpRequest;
use perphook::exchange::kucoin::{KuCoin, LIVE_URL};
use perphook::market::{
    Action, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, Protection, ProtectionKind, Side, Symbol, Terms, TriggerBy,
};
use serde_json::{Value, json};

use crate::vectors::Sent::{Nothing, Number, Text};
use crate::vectors::{
    Difference, FROZEN_MS, KEY, KUCOIN, PASSWORD, Reply, Seen, all_like, asked_alike, body, d, header, hmac_base64, id, keys_with_password,
    line, named_in, reply, same_address, with_differences,
};

/// Differences of single calls: vector, parameter of query or body, their value, ours.
const DIFFERENCES: &[Difference] = &[
    // The documented default, said all the same.
    ("order_limit_buy_client_id", "timeInForce", Nothing, Text("GTC")),
    ("order_meme_limit", "timeInForce", Nothing, Text("GTC")),
    ("batch_orders", "0/timeInForce", Nothing, Text("GTC")),
    ("batch_orders", "1/timeInForce", Nothing, Text("GTC")),
    // Only an order that opens has a leverage.
    ("order_reduce_only_market", "leverage", Number(5), Nothing),
    ("order_hedge_close_long", "leverage", Number(5), Nothing),
    ("stop_loss_market_plain", "leverage", Number(5), Nothing),
    ("take_profit_market_plain", "leverage", Number(5), Nothing),
    // Pages are followed, and are large.
    ("open_orders", "currentPage", Nothing, Text("1")),
    ("open_orders", "pageSize", Nothing, Text("500")),
    ("open_stop_orders", "currentPage", Nothing, Text("1")),
    ("open_stop_orders", "pageSize", Nothing, Text("500")),
    ("fills", "currentPage", Nothing, Text("1")),
    ("fills", "pageSize", Nothing, Text("500")),
    // Fills since a time.
    ("fills", "startAt", Nothing, Text("1699999990000")),
    ("fills", "endAt", Nothing, Text("1700000060000")),
];

/// Vectors of calls that are never made.
const NEVER: &[&str] = &[
    // Best bid and ask say enough, and what is closed for trading is told by the contracts.
    "mark_price",
    "service_status",
    // ccxt's stray parameters; the plain one is ours.
    "balance",
    // All positions cost as little, and their shape is beyond doubt.
    "position_one_v1",
    "position_one_v2",
    // The account's position mode is taken as it is.
    "position_mode_set_oneway",
    "position_mode_set_hedge",
    // Kinds of orders that are not placed.
    "order_limit_post_only",
    "order_limit_ioc",
    "close_position",
    "entry_with_tp_sl",
    "order_test",
    // ccxt's stray parameters; the plain ones are ours.
    "stop_loss_market",
    "take_profit_market",
    // The exchange does not ask for the side of what closes everything: a long position's leftover would close a short one.
    "stop_loss_close_position",
    // One order is cancelled by our name, many with one call for each kind, and the newer one for plain ones.
    "cancel_by_id",
    "cancel_all_v1",
    "batch_cancel",
    // One order is asked for by our name, whether it has ended or not.
    "order_by_id",
    "done_orders",
];

fn account(replies: impl IntoIterator<Item = Reply>) -> (KuCoin, Seen) {
    let (line, seen) = line(keys_with_password(false), replies);
    (KuCoin::new(line), seen)
}

fn data(data: Value) -> Value {
    json!({"code": "200000", "data": data})
}

/// An open account in the wanted position mode, whose contracts are set to this, to which these answers come next.
fn opened(hedge: bool, mode: MarginMode, leverage: u32, replies: Vec<Value>) -> (KuCoin, Seen) {
    let word = if mode == MarginMode::Cross { "CROSS" } else { "ISOLATED" };
    let mut opening = vec![KUCOIN["server_time"].reply.clone(), data(json!({"positionMode": u8::from(hedge)}))];
    opening.push(KUCOIN["instruments"].reply.clone());
    for symbol in SET {
        opening.push(data(json!({"symbol": symbol, "marginMode": word})));
        opening.extend((mode == MarginMode::Cross).then(|| data(json!({"symbol": symbol, "leverage": leverage.to_string()}))));
    }
    let (mut kucoin, seen) = account(opening.iter().chain(&replies).map(reply));
    assert_eq!(kucoin.open().unwrap().hedge, hedge);
    kucoin.instruments().unwrap();
    for symbol in SET {
        kucoin.prepare(&Symbol::new(symbol), &Terms { leverage: Some(leverage), margin_mode: Some(mode) }).unwrap();
    }
    assert_eq!(seen.lock().unwrap().len(), opening.len(), "nothing is set that is so already");
    seen.lock().unwrap().clear();
    (kucoin, seen)
}

const SET: [&str; 3] = ["ETHUSDTM", "XBTUSDTM", "1000BONKUSDTM"];

/// Lets an open account act; every request must be that of its vector, and gets the vector's answer.
fn replay_set<T>(names: &[&str], hedge: bool, mode: MarginMode, leverage: u32, act: impl FnOnce(&mut KuCoin) -> T) -> T {
    let replies = names.iter().map(|name| KUCOIN[*name].acknowledged("/data", &["clientOid"])).collect();
    let (mut kucoin, seen) = opened(hedge, mode, leverage, replies);
    let result = act(&mut kucoin);
    all_like(names, &seen, compare);
    result
}

fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut KuCoin) -> T) -> T {
    replay_set(names, hedge, MarginMode::Cross, 5, act)
}

fn compare(name: &str, request: &HttpRequest) {
    let vector = &KUCOIN[name];
    same_address(name, vector, LIVE_URL, request);
    assert_eq!(asked_alike(name, vector, request), with_differences(DIFFERENCES, name, vector.asks()), "{name}");
    let header = |name: &str| header(request, name);
    let body = body(request);
    assert_eq!(header("Content-Type"), (!body.is_empty()).then_some("application/json"), "{name}");
    if ["server_time", "instruments", "ticker"].contains(&name) {
        assert!(request.headers.is_empty(), "{name}");
        return;
    }
    let signature = hmac_base64(&format!("{FROZEN_MS}{}{}{body}", request.method, request.target));
    assert_eq!(header("KC-API-SIGN"), Some(signature.as_str()), "{name}");
    assert_eq!(header("KC-API-PASSPHRASE"), Some(hmac_base64(PASSWORD).as_str()), "{name}");
    let named = ["KC-API-KEY", "KC-API-TIMESTAMP", "KC-API-KEY-VERSION"].map(header);
    assert_eq!(named, [Some(KEY), Some("1700000000000"), Some("2")], "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDTM")
}

fn market(client_id: &str, side: Side, action: Action) -> NewOrder {
    crate::vectors::market("ETHUSDTM", client_id, side, action, "0.05")
}

fn limit(client_id: &str, price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market(client_id, Side::Long, Action::Open) }
}

fn guard(client_id: &str, kind: ProtectionKind, trigger: &str) -> Protection {
    Protection { id: id(client_id), symbol: eth(), side: Side::Long, kind, trigger_price: d(trigger), qty: d("0.05"), by: TriggerBy::Mark }
}

fn stop_ref() -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { symbol: eth(), id: id("bot-0011"), guard: Some(guard) }
}

fn named(client_id: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(client_id), guard: None }
}

#[test]
fn every_vector_is_of_a_call_that_is_tested_here_or_never_made() {
    let source = concat!(include_str!("kucoin_vectors.rs"), include_str!("kucoin_vectors/calls.rs"));
    named_in(source, &KUCOIN, NEVER, DIFFERENCES);
}
