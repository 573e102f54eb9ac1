//! Known-answer requests: every call the OKX adapter makes against what ccxt sends, or the documentation's own example,
//! and what the adapter reads out of the answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table below with its reason. That the
//! vectors' own texts come out with the vectors' signatures is tested beside the signing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod calls;
mod damaged;

use std::collections::{BTreeMap, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::http::{Http, HttpError, HttpRequest, HttpResponse};
use perphook::exchange::okx::{LIVE_URL, Okx};
use perphook::exchange::{Exchange, Keys, Line};
use perphook::market::{
    Action, ClientId, Decimal, Guarded, NewOrder, OrderKind, OrderRef, Protection, ProtectionKind, Side, Symbol, TriggerBy,
};
use perphook::secret::Secret;
use serde_json::{Value, json};
use sha2::Sha256;

const FROZEN_MS: u64 = 1_700_000_000_000;
const SECRET: &str = "test-api-secret";
/// The host that ccxt still uses; the documentation names another one, which is ours.
const THEIR_URL: &str = "https://www.okx.com";

/// Differences of single calls: vector, parameter of query or body, their value, ours. Null = not sent.
fn differences() -> Vec<(&'static str, &'static str, Value, Value)> {
    let none = Value::Null;
    vec![
        // Every order has a name.
        ("market_order", "clOrdId", none.clone(), json!("tv0000")),
        ("limit_order", "clOrdId", none.clone(), json!("tv0000")),
        // Text, as documented.
        ("set_leverage_cross", "lever", json!(10), json!("10")),
        ("set_leverage_isolated_long", "lever", json!(10), json!("10")),
        // Our stops are for the whole position, and end with it like our targets.
        ("stop_loss_market", "sz", json!("15"), none.clone()),
        ("stop_loss_market", "closeFraction", none.clone(), json!("1")),
        ("stop_loss_market", "cxlOnClosePos", none.clone(), json!(true)),
        ("take_profit_market", "cxlOnClosePos", none.clone(), json!(true)),
        // Perpetual contracts only, wherever that can be said.
        ("positions_hedge", "instType", none.clone(), json!("SWAP")),
        ("open_orders", "instType", none.clone(), json!("SWAP")),
        // Fills of the contract since a time, so that hand-made ones are seen too.
        ("fills", "ordId", json!("680800019749904384"), none.clone()),
        ("fills", "begin", none, json!("1699700000000")),
    ]
}

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

struct Vector {
    method: String,
    path: String,
    query: BTreeMap<String, Value>,
    body: Value,
    reply: Value,
    parsed: Value,
}

fn vectors() -> &'static BTreeMap<String, Vector> {
    static VECTORS: OnceLock<BTreeMap<String, Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| {
        let all: Value = serde_json::from_str(include_str!("../data/okx_vectors.json")).unwrap();
        let vector = |vector: &Value| {
            let request = &vector["request"];
            let target = request["url"].as_str().unwrap().strip_prefix(THEIR_URL).unwrap();
            let (path, query) = target.split_once('?').unwrap_or((target, ""));
            let body = request["body"].as_str().map_or(Value::Null, |body| serde_json::from_str(body).unwrap());
            let parsed = Vector {
                method: request["method"].as_str().unwrap().to_owned(),
                path: path.to_owned(),
                query: pairs(query),
                body,
                reply: vector["response_used"].clone(),
                parsed: vector["ccxt_parsed"].clone(),
            };
            (vector["name"].as_str().unwrap().to_owned(), parsed)
        };
        all["vectors"].as_array().unwrap().iter().map(vector).collect()
    })
}

fn pairs(query: &str) -> BTreeMap<String, Value> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), json!(value.replace("%2C", ",")))).collect()
}

fn signature(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// Answers in turn, then with the last answer for ever, and keeps what was asked.
struct Canned {
    replies: VecDeque<(u16, Vec<u8>)>,
    seen: Seen,
}

impl Http for Canned {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        self.seen.lock().unwrap().push(request.clone());
        let (status, body) = if self.replies.len() > 1 { self.replies.pop_front().unwrap() } else { self.replies[0].clone() };
        Ok(HttpResponse { status, retry_after_s: None, limit_resets_at: None, body: Box::new(Cursor::new(body)) })
    }
}

type Seen = Arc<Mutex<Vec<HttpRequest>>>;

fn account(replies: VecDeque<(u16, Vec<u8>)>, demo: bool) -> (Okx, Seen) {
    let seen = Seen::default();
    let keys = Keys { key: Secret::new("test-api-key"), secret: Secret::new(SECRET), password: Secret::new("test-password"), demo };
    let line = Line {
        http: Box::new(Canned { replies, seen: Arc::clone(&seen) }),
        keys,
        clock: Arc::new(|| FROZEN_MS),
        settle: "USDT".to_owned(),
        catalogue: Catalogue::default(),
    };
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
    let opening = [rows(json!([{"ts": FROZEN_MS.to_string()}])), config, vectors()["instruments"].reply.clone(), rows(positions)];
    let replies = opening.into_iter().chain(replies).map(|reply| (200, reply.to_string().into_bytes()));
    let (mut okx, seen) = account(replies.collect(), demo);
    okx.open().unwrap();
    okx.instruments().unwrap();
    okx.positions(None).unwrap();
    seen.lock().unwrap().clear();
    (okx, seen)
}

/// Lets an open account act; every request must be that of its vector. Answers that name another order than the
/// vector's own request are given that one's name.
fn replay_with<T>(steps: &[Exchanged<'_>], hedge: bool, positions: Value, act: impl FnOnce(&mut Okx) -> T) -> T {
    let reply = |(name, reply): &Exchanged<'_>| {
        let vector = &vectors()[*name];
        let mut reply = reply.clone().unwrap_or_else(|| vector.reply.clone());
        for field in ["clOrdId", "algoClOrdId"].iter().filter(|field| !vector.body[field].is_null()) {
            reply["data"][0][field] = vector.body[field].clone();
        }
        reply
    };
    let demo = steps.iter().any(|(name, _)| name.starts_with("demo"));
    let (mut okx, seen) = opened(hedge, positions, steps.iter().map(reply).collect(), demo);
    let result = act(&mut okx);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), steps.len(), "{:?}: {seen:?}", steps.iter().map(|(name, _)| name).collect::<Vec<_>>());
    steps.iter().zip(seen.iter()).for_each(|((name, _), request)| compare(name, request));
    result
}

fn replay<T>(names: &[&str], hedge: bool, act: impl FnOnce(&mut Okx) -> T) -> T {
    let steps: Vec<Exchanged<'_>> = names.iter().map(|name| (*name, None)).collect();
    let held = |side: &str, pos: &str| json!({"instId": "ETH-USDT-SWAP", "posSide": side, "pos": pos, "mgnMode": "cross"});
    let positions = if hedge { json!([held("long", "15"), held("short", "5")]) } else { json!([held("net", "15")]) };
    replay_with(&steps, hedge, positions, act)
}

fn compare(name: &str, request: &HttpRequest) {
    let vector = &vectors()[name];
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    assert_eq!((request.method, path), (vector.method.as_str(), vector.path.as_str()), "{name}");
    let text = String::from_utf8(request.body.clone()).unwrap();
    let body: Value = if text.is_empty() { Value::Null } else { serde_json::from_str(&text).unwrap() };
    let (mut their_query, mut their_body) = (vector.query.clone(), vector.body.clone());
    for (_, param, from, to) in differences().into_iter().filter(|difference| difference.0 == name) {
        let change =
            |removed: Option<Value>| assert_eq!(removed.unwrap_or_default(), from, "{name}: the table says otherwise about {param}");
        match their_body.as_object_mut() {
            Some(body) => {
                change(body.remove(param));
                body.extend((!to.is_null()).then(|| (param.to_owned(), to)));
            }
            None => {
                change(their_query.remove(param));
                their_query.extend((!to.is_null()).then(|| (param.to_owned(), to)));
            }
        }
    }
    assert_eq!((pairs(query), body), (their_query, their_body), "{name}");
    compare_headers(name, request, &text);
}

fn compare_headers(name: &str, request: &HttpRequest, body: &str) {
    let header = |wanted: &str| request.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str());
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
    assert_eq!(header("OK-ACCESS-SIGN"), Some(signature(&format!("{stamp}{}{}{body}", request.method, request.target)).as_str()), "{name}");
    let named = ["OK-ACCESS-KEY", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE"].map(header);
    assert_eq!(named, [Some("test-api-key"), Some(stamp), Some("test-password")], "{name}");
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn eth() -> Symbol {
    Symbol::new("ETH-USDT-SWAP")
}

/// An id of the vectors' form, which only reading one back can make.
fn id(text: &str) -> ClientId {
    serde_json::from_value(json!(text)).unwrap()
}

fn market(client_id: &str, side: Side, action: Action) -> NewOrder {
    NewOrder { id: id(client_id), symbol: eth(), side, action, kind: OrderKind::Market, qty: d("1.5"), stop: None }
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
    for name in vectors().keys() {
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
    assert!(NEVER.iter().all(|name| vectors().contains_key(*name)) && differences().iter().all(|row| vectors().contains_key(row.0)));
    assert_ne!(LIVE_URL, THEIR_URL);
}
