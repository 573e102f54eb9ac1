//! Known-answer requests: every call the OKX adapter makes against what ccxt sends, or the documentation's own example,
//! and what the adapter reads out of the answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table below with its reason. That the
//! vectors' own texts come out with the vectors' signatures is tested beside the signing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod calls;
mod damaged;

use perphook::exchange::Exchange;
use perphook::exchange::http::HttpRequest;
use perphook::exchange::okx::{LIVE_URL, Okx};
use perphook::market::{Action, Guarded, NewOrder, OrderKind, OrderRef, Protection, ProtectionKind, Side, Symbol, TriggerBy};
use serde_json::{Value, json};

use crate::vectors::Sent::{Flag, Nothing, Number, Text};
use crate::vectors::{
    Difference, FROZEN_MS, KEY, OKX, PASSWORD, Reply, Seen, all_like, asked_alike, body, d, header, hmac_base64, id, keys_with_password,
    line, named_in, reply, same_address, with_differences,
};

/// The host that ccxt still uses; the documentation names another one, which is ours.
const THEIR_URL: &str = "https://www.okx.com";

/// Differences of single calls: vector, parameter of query or body, their value, ours.
const DIFFERENCES: &[Difference] = &[
    // Every order has a name.
    ("market_order", "clOrdId", Nothing, Text("tv0000")),
    ("limit_order", "clOrdId", Nothing, Text("tv0000")),
    // Text, as documented.
    ("set_leverage_cross", "lever", Number(10), Text("10")),
    ("set_leverage_isolated_long", "lever", Number(10), Text("10")),
    // Our stops are for the whole position, and end with it like our targets.
    ("stop_loss_market", "sz", Text("15"), Nothing),
    ("stop_loss_market", "closeFraction", Nothing, Text("1")),
    ("stop_loss_market", "cxlOnClosePos", Nothing, Flag(true)),
    ("take_profit_market", "cxlOnClosePos", Nothing, Flag(true)),
    // Perpetual contracts only, wherever that can be said.
    ("positions_hedge", "instType", Nothing, Text("SWAP")),
    ("open_orders", "instType", Nothing, Text("SWAP")),
    // Fills of the contract since a time, so that hand-made ones are seen too.
    ("fills", "ordId", Text("680800019749904384"), Nothing),
    ("fills", "begin", Nothing, Text("1699700000000")),
];

/// Vectors of calls that are never made.
const NEVER: &[&str] = &[
    // Best bid and ask say enough.
    "mark_price",
    "price_limit",
    // One coin is asked for.
    "balance",
    // The account's position mode is taken as it is; ccxt reads it with the call that reads the rest.
    "set_position_mode_net",
    "set_position_mode_hedge",
    "position_mode_ccxt",
    // The documented call names no half in one-way mode; ccxt's margin mode is a leverage in another mode.
    "set_leverage_isolated_net",
    "set_margin_mode",
    // Kinds of orders that are not placed.
    "limit_order_post_only",
    "limit_order_ioc",
    "close_position",
    "order_with_attached_tpsl",
    "order_with_attached_tpsl_ccxt",
    "oco_close_all",
    // One order is cancelled by our name, many by the exchange's number.
    "cancel_by_id",
    // Both kinds are listed together, and what has ended is asked for singly.
    "open_conditional_orders",
    "history_7d",
];

fn account(replies: impl IntoIterator<Item = Reply>, demo: bool) -> (Okx, Seen) {
    let (line, seen) = line(keys_with_password(demo), replies);
    (Okx::new(line), seen)
}

fn rows(rows: Value) -> Value {
    json!({"code": "0", "msg": "", "data": rows})
}

/// A step of a call: the vector its request must be like, and the answer if it is not the vector's own.
type Exchanged<'a> = (&'a str, Option<Value>);

/// An open account in the wanted position mode with these positions, to which these answers come next.
fn opened(hedge: bool, positions: Value, replies: Vec<Value>, demo: bool) -> (Okx, Seen) {
    let mode = if hedge { "long_short_mode" } else { "net_mode" };
    let config = rows(json!([{"acctLv": "2", "posMode": mode, "perm": "trade"}]));
    let opening = [rows(json!([{"ts": FROZEN_MS.to_string()}])), config, OKX["instruments"].reply.clone(), rows(positions)];
    let (mut okx, seen) = account(opening.iter().chain(&replies).map(reply), demo);
    okx.open().unwrap();
    okx.instruments().unwrap();
    okx.positions(None).unwrap();
    seen.lock().unwrap().clear();
    (okx, seen)
}

/// Lets an open account act; every request must be that of its vector.
fn replay_with<T>(steps: &[Exchanged<'_>], hedge: bool, positions: Value, act: impl FnOnce(&mut Okx) -> T) -> T {
    let acknowledged = |name: &str| OKX[name].acknowledged("/data/0", &["clOrdId", "algoClOrdId"]);
    let reply = |(name, reply): &Exchanged<'_>| reply.clone().unwrap_or_else(|| acknowledged(name));
    let demo = steps.iter().any(|(name, _)| name.starts_with("demo"));
    let (mut okx, seen) = opened(hedge, positions, steps.iter().map(reply).collect(), demo);
    let result = act(&mut okx);
    all_like(&steps.iter().map(|(name, _)| *name).collect::<Vec<_>>(), &seen, compare);
    result
}

fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut Okx) -> T) -> T {
    let steps: Vec<Exchanged<'_>> = names.iter().map(|name| (*name, None)).collect();
    let held = |side: &str, pos: &str| json!({"instId": "ETH-USDT-SWAP", "posSide": side, "pos": pos, "mgnMode": "cross"});
    let positions = if hedge { json!([held("long", "15"), held("short", "5")]) } else { json!([held("net", "15")]) };
    replay_with(&steps, hedge, positions, act)
}

fn compare(name: &str, request: &HttpRequest) {
    let vector = &OKX[name];
    same_address(name, vector, THEIR_URL, request);
    assert_eq!(asked_alike(name, vector, request), with_differences(DIFFERENCES, name, vector.asks()), "{name}");
    compare_headers(name, request, body(request));
}

fn compare_headers(name: &str, request: &HttpRequest, body: &str) {
    let header = |name: &str| header(request, name);
    assert_eq!(header("x-simulated-trading"), name.starts_with("demo").then_some("1"), "{name}");
    let orders = ["/api/v5/trade/order", "/api/v5/trade/batch-orders"];
    let dies = request.method == "POST" && orders.contains(&request.target.as_str());
    assert_eq!(header("expTime"), dies.then_some("1700000005000"), "{name}");
    assert_eq!(header("Content-Type"), (!body.is_empty()).then_some("application/json"), "{name}");
    if request.target.contains("/public/") || request.target.contains("/market/") {
        assert!(request.headers.is_empty(), "{name}");
        return;
    }
    let stamp = "2023-11-14T22:13:20.000Z";
    assert_eq!(
        header("OK-ACCESS-SIGN"),
        Some(hmac_base64(&format!("{stamp}{}{}{body}", request.method, request.target)).as_str()),
        "{name}"
    );
    let named = ["OK-ACCESS-KEY", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE"].map(header);
    assert_eq!(named, [Some(KEY), Some(stamp), Some(PASSWORD)], "{name}");
}

fn eth() -> Symbol {
    Symbol::new("ETH-USDT-SWAP")
}

fn market(client_id: &str, side: Side, action: Action) -> NewOrder {
    crate::vectors::market("ETH-USDT-SWAP", client_id, side, action, "1.5")
}

fn limit(client_id: &str, side: Side, price: &str, qty: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, qty: d(qty), ..market(client_id, side, Action::Open) }
}

fn guard(client_id: &str, kind: ProtectionKind, trigger: &str) -> Protection {
    Protection { id: id(client_id), symbol: eth(), side: Side::Long, kind, trigger_price: d(trigger), qty: d("1.5"), by: TriggerBy::Mark }
}

fn stop_ref() -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { symbol: eth(), id: id("tvsl0001"), guard: Some(guard) }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id("tv0001"), guard: None }
}

#[test]
fn every_vector_is_of_a_call_that_is_tested_here_or_never_made() {
    let source = concat!(include_str!("okx_vectors.rs"), include_str!("okx_vectors/calls.rs"));
    named_in(source, &OKX, NEVER, DIFFERENCES);
    assert_ne!(LIVE_URL, THEIR_URL);
}
