//! Known-answer requests: every call the Bitget adapter makes, to classic and to unified accounts, against what ccxt
//! sends for the same purpose or what the documentation lists, and what the adapter reads out of the answers against
//! what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table below with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

use std::collections::{BTreeMap, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::bitget::{Bitget, LIVE_URL, UNIFIED};
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::http::{Http, HttpError, HttpRequest, HttpResponse};
use perphook::exchange::{Exchange, ExchangeError, Keys, Line, Reason};
use perphook::market::{
    Action, ClientId, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind,
    Side, Symbol, Terms, TriggerBy,
};
use perphook::secret::Secret;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::Sha256;

const FROZEN_MS: u64 = 1_700_000_000_000;
const SECRET: &str = "test-api-secret";

/// Differences of single calls: vector, parameter, their value, ours. `None` = not sent. Two more hold for every order and
/// are made good in [`in_small_letters`].
const DIFFERENCES: &[(&str, &str, Option<&str>, Option<&str>)] = &[
    // Not needed for a stop or target of the whole position, says the documentation; the execution price is told instead.
    ("stop_loss_market", "orderType", Some("market"), None),
    ("stop_loss_market", "force", Some("GTC"), None),
    ("stop_loss_market", "size", Some("1.5"), None),
    ("stop_loss_market", "executePrice", None, Some("0")),
    ("take_profit_market", "orderType", Some("market"), None),
    ("take_profit_market", "force", Some("GTC"), None),
    ("take_profit_market", "size", Some("1.5"), None),
    ("take_profit_market", "executePrice", None, Some("0")),
    ("stop_loss_hedge_long", "orderType", Some("market"), None),
    ("stop_loss_hedge_long", "force", Some("GTC"), None),
    ("stop_loss_hedge_long", "size", Some("1.5"), None),
    ("stop_loss_hedge_long", "executePrice", None, Some("0")),
    // The documentation lists the margin coin.
    ("cancel_all_symbol", "marginCoin", None, Some("USDT")),
    ("cancel_all_symbol_plans", "marginCoin", None, Some("USDT")),
    // What is meant where nothing is named.
    ("cancel_all_symbol_plans", "planType", None, Some("normal_plan")),
    // Since a time, page by page.
    ("fills", "startTime", None, Some("1699999980000")),
    ("fills", "limit", None, Some("100")),
    // A parameter of margin trading.
    ("v3_set_leverage", "coin", Some("USDT"), None),
    // The margin mode is named wherever it is known.
    ("v3_set_leverage", "marginMode", None, Some("crossed")),
    ("v3_market_order", "marginMode", None, Some("crossed")),
    ("v3_limit_order", "marginMode", None, Some("crossed")),
    ("v3_reduce_only_market", "marginMode", None, Some("crossed")),
    ("v3_hedge_close_long", "marginMode", None, Some("crossed")),
    // A market order needs none.
    ("v3_market_order", "timeInForce", Some("gtc"), None),
    ("v3_reduce_only_market", "timeInForce", Some("gtc"), None),
    ("v3_hedge_close_long", "timeInForce", Some("gtc"), None),
    // Documented: the kind, and whether it is for the whole position. ccxt leaves the mode out, which makes its quantity void;
    // the direction is no parameter of this call.
    ("v3_stop_loss_market", "type", None, Some("tpsl")),
    ("v3_stop_loss_market", "tpslMode", None, Some("full")),
    ("v3_stop_loss_market", "qty", Some("1.5"), None),
    ("v3_stop_loss_market", "side", Some("sell"), None),
    ("v3_take_profit_market", "type", None, Some("tpsl")),
    ("v3_take_profit_market", "tpslMode", None, Some("partial")),
    ("v3_take_profit_market", "side", Some("sell"), None),
    // Only one order may cover the whole position, and it is the stop: the target is an order of its own.
    ("v3_stop_loss_full_documented", "takeProfit", Some("2100"), None),
    ("v3_stop_loss_full_documented", "tpTriggerBy", Some("mark"), None),
    ("v3_stop_loss_full_documented", "tpOrderType", Some("market"), None),
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
    "order_by_id",
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

struct Vector {
    method: String,
    url: String,
    params: Map<String, Value>,
    headers: BTreeMap<String, String>,
    reply: Value,
    parsed: Value,
}

fn vectors() -> &'static BTreeMap<String, Vector> {
    static VECTORS: OnceLock<BTreeMap<String, Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| {
        let all: Value = serde_json::from_str(include_str!("../data/bitget_vectors.json")).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let list = all["vectors"].as_array().unwrap().iter();
        list.map(|vector| {
            let request = &vector["request"];
            let url = text(&request["url"]);
            let (address, query) = url.split_once('?').unwrap_or((&url, ""));
            let headers = request["headers"].as_object().unwrap().iter();
            let parsed = Vector {
                method: text(&request["method"]),
                url: address.to_owned(),
                params: params(query, request["body"].as_str().unwrap_or("").as_bytes()),
                headers: headers.map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
                reply: vector["response_used"].clone(),
                parsed: vector["ccxt_parsed"].clone(),
            };
            (text(&vector["name"]), parsed)
        })
        .collect()
    })
}

/// Query and body together.
fn params(query: &str, body: &[u8]) -> Map<String, Value> {
    let mut params: Map<String, Value> = if body.is_empty() { Map::new() } else { serde_json::from_slice(body).unwrap() };
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    params.extend(pairs.map(|(name, value)| (name.to_owned(), Value::from(value))));
    params
}

/// ccxt writes two words in capitals that the documentation writes in small letters, and one with market orders where it
/// means nothing.
fn in_small_letters(params: &mut Map<String, Value>) {
    if params.contains_key("marginMode") && params.get("orderType") == Some(&json!("market")) {
        params.remove("force");
    }
    for name in ["force", "tradeSide"] {
        if let Some(Value::String(word)) = params.get_mut(name) {
            *word = word.to_lowercase();
        }
    }
}

/// Of an order in a batch, what stands in front of the list already.
fn without_frame(frame: &Map<String, Value>, order: &Value) -> Value {
    let mut order = order.as_object().unwrap().clone();
    in_small_letters(&mut order);
    order.retain(|name, value| frame.get(name) != Some(value));
    Value::Object(order)
}

fn signature_of(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    BASE64_STANDARD.encode(mac.finalize().into_bytes())
}

/// Answers in turn, then with the last answer for ever, and keeps what was asked.
struct Canned {
    replies: VecDeque<(u16, Vec<u8>)>,
    seen: Arc<Mutex<Vec<HttpRequest>>>,
}

impl Http for Canned {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        self.seen.lock().unwrap().push(request.clone());
        let (status, body) = if self.replies.len() > 1 { self.replies.pop_front().unwrap() } else { self.replies[0].clone() };
        Ok(HttpResponse { status, retry_after_s: None, limit_resets_at: None, body: Box::new(Cursor::new(body)) })
    }
}

type Seen = Arc<Mutex<Vec<HttpRequest>>>;

fn account(demo: bool, replies: VecDeque<(u16, Vec<u8>)>) -> (Bitget, Seen) {
    let seen = Seen::default();
    let http = Canned { replies, seen: Arc::clone(&seen) };
    let clock = Arc::new(|| FROZEN_MS);
    let keys = Keys { key: Secret::new("test-api-key"), secret: Secret::new(SECRET), password: Secret::new("test-password"), demo };
    let line = Line { http: Box::new(http), keys, clock, settle: "USDT".to_owned(), catalogue: Catalogue::default() };
    (Bitget::new(line), seen)
}

fn success(data: Value) -> (u16, Vec<u8>) {
    (200, json!({"code": "00000", "msg": "success", "requestTime": FROZEN_MS, "data": data}).to_string().into_bytes())
}

/// An account as it is found.
#[derive(Clone, Copy)]
struct Found {
    unified: bool,
    hedge: bool,
    mode: &'static str,
    demo: bool,
}

const CLASSIC: Found = Found { unified: false, hedge: false, mode: "crossed", demo: false };
const CLASSIC_HEDGE: Found = Found { hedge: true, ..CLASSIC };
const UTA: Found = Found { unified: true, ..CLASSIC };
const UTA_HEDGE: Found = Found { hedge: true, ..UTA };

impl Found {
    /// What is answered to opening the account and to reading what two contracts are set to.
    fn opening(self) -> Vec<(u16, Vec<u8>)> {
        let hold = if self.hedge { "hedge_mode" } else { "one_way_mode" };
        let time = success(json!({"serverTime": FROZEN_MS.to_string()}));
        if self.unified {
            let rows =
                ["ETHUSDT", "1000BONKUSDT"].map(|symbol| json!({"category": "USDT-FUTURES", "symbol": symbol, "marginMode": self.mode}));
            let settings = success(json!({"accountMode": "unified", "holdMode": hold, "symbolConfigList": rows}));
            return vec![time, settings.clone(), settings.clone(), settings];
        }
        let refused = json!({"code": "40084", "msg": "You are in Classic Account mode", "data": null});
        let setup = success(json!({"marginMode": self.mode, "posMode": hold}));
        vec![time, (400, refused.to_string().into_bytes()), setup.clone(), setup.clone(), setup]
    }
}

/// Opens an account of that kind, then lets it act while the vectors' answers come back; every request must be the one
/// of its vector.
fn replay<T>(names: &[&str], found: Found, act: impl FnOnce(&mut Bitget) -> T) -> T {
    let replies = names.iter().map(|name| (200, reply_to(name).to_string().into_bytes()));
    let (mut bitget, seen) = account(found.demo, found.opening().into_iter().chain(replies).collect());
    bitget.open().unwrap();
    assert_eq!(bitget.capabilities() == UNIFIED, found.unified);
    for symbol in ["ETHUSDT", "1000BONKUSDT"] {
        bitget.terms(&Symbol::new(symbol)).unwrap();
    }
    seen.lock().unwrap().clear();
    let result = act(&mut bitget);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), names.len(), "{names:?}: {seen:?}");
    for (name, request) in names.iter().zip(seen.iter()) {
        compare(name, request);
    }
    result
}

/// Most acknowledgements of the vectors name the same order; an exchange names the one it was given.
fn reply_to(name: &str) -> Value {
    let vector = &vectors()[name];
    let mut reply = vector.reply.clone();
    if let (Some(named), Some(sent)) = (reply["data"].get_mut("clientOid"), vector.params.get("clientOid")) {
        *named = sent.clone();
    }
    reply
}

fn compare(name: &str, request: &HttpRequest) {
    let vector = &vectors()[name];
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    assert_eq!((request.method, format!("{LIVE_URL}{path}")), (vector.method.as_str(), vector.url.clone()), "{name}");
    assert!(query.is_empty() || request.body.is_empty(), "{name}");

    let mut headers: BTreeMap<String, String> = request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    let mut expected = vector.headers.clone();
    if expected.remove("access-sign").is_some() {
        let text = format!("{FROZEN_MS}{}{}{}", request.method, request.target, String::from_utf8(request.body.clone()).unwrap());
        assert_eq!(headers.remove("access-sign"), Some(signature_of(&text)), "{name}");
    }
    assert_eq!(headers, expected, "{name}");

    let ours = params(query, &request.body);
    let mut theirs = vector.params.clone();
    for (_, param, from, to) in DIFFERENCES.iter().filter(|difference| difference.0 == name) {
        let removed = theirs.remove(*param);
        assert_eq!(removed.as_ref().and_then(Value::as_str), *from, "{name}: the table says otherwise about {param}");
        theirs.extend(to.map(|to| ((*param).to_owned(), Value::from(to))));
    }
    in_small_letters(&mut theirs);
    if let Some(Value::Array(list)) = theirs.get("orderList").cloned() {
        theirs["orderList"] = list.iter().map(|order| without_frame(&theirs, order)).collect();
    }
    assert_eq!(ours, theirs, "{name}");
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A number as ccxt parsed it.
fn number(value: &Value) -> Decimal {
    let text = value.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).unwrap()
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

/// An id of the vectors' form, which only reading one back can make.
fn id(text: &str) -> ClientId {
    serde_json::from_value(json!(text)).unwrap()
}

fn market(symbol: &str, client_id: &str, side: Side, action: Action, qty: &str) -> NewOrder {
    NewOrder { id: id(client_id), symbol: Symbol::new(symbol), side, action, kind: OrderKind::Market, qty: d(qty), stop: None }
}

fn limit(client_id: &str, side: Side, price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market("ETHUSDT", client_id, side, Action::Open, "1.5") }
}

fn guard(client_id: &str, kind: ProtectionKind, price: &str) -> Protection {
    let (side, trigger_price) = (Side::Long, d(price));
    Protection { id: id(client_id), symbol: eth(), side, kind, trigger_price, qty: d("1.5"), by: TriggerBy::Mark }
}

fn plain_ref(client_id: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(client_id), guard: None }
}

fn stop_ref(client_id: &str) -> OrderRef {
    let stop = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { guard: Some(stop), ..plain_ref(client_id) }
}

/// What ccxt and the adapter read out of the same answer about an order.
fn same_order(name: &str, parsed: &Value, state: &OrderState) {
    assert_eq!(Some(state.id.as_str()), parsed["clientOrderId"].as_str(), "{name}");
    let status = match parsed["status"].as_str() {
        Some("closed") => OrderStatus::Filled,
        Some("open") => OrderStatus::Resting,
        Some("canceled") => OrderStatus::Canceled,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(state.status, status, "{name}");
    for (key, ours) in [("filled", state.filled), ("amount", state.qty), ("average", state.avg_price), ("triggerPrice", state.price)] {
        assert!(parsed[key].is_null() || number(&parsed[key]) == ours, "{name}: {key} {ours}");
    }
    let sells = (state.side == Side::Long) != state.opens;
    assert_eq!(parsed["side"] == "sell", sells, "{name}");
    assert_eq!(parsed["timestamp"], state.created_at, "{name}");
}

#[test]
fn every_vector_is_compared_or_named_as_a_call_that_is_never_made() {
    let source = include_str!("bitget_vectors.rs");
    for name in vectors().keys() {
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
    let known = |name: &&str| vectors().contains_key(*name);
    assert!(NEVER.iter().all(known) && DIFFERENCES.iter().all(|difference| known(&difference.0)));
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
    same_order(name, &vectors()["order_by_client_id_ccxt"].parsed, &state);
    let name = "v3_order_by_client_id";
    let state = replay(&[name], UTA, |bitget| bitget.order(&plain_ref("tv-0001"))).unwrap().unwrap();
    assert_eq!((state.status, state.filled, state.avg_price), (OrderStatus::Resting, d("0.5"), d("1950")));

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
    names.iter().zip(&orders).for_each(|(name, state)| same_order(name, &vectors()[*name].parsed[0], state));
    let kinds: Vec<_> = orders.iter().map(|order| (order.conditional, order.guards.is_some())).collect();
    assert_eq!(kinds, [(true, true), (true, false), (false, false)]);

    let names = ["v3_open_strategy_orders", "v3_open_orders"];
    let orders = replay(&names, UTA, |bitget| bitget.open_orders(&eth())).unwrap();
    let guards: Vec<_> = orders.iter().map(|order| (order.guards, order.price)).collect();
    let (stop, target) = (ProtectionKind::StopLoss, ProtectionKind::TakeProfit);
    assert_eq!(guards, [(Some(stop), d("1900")), (Some(target), d("2100")), (None, d("1950"))], "one order may be both");
    same_order("v3_open_orders", &vectors()["v3_open_orders"].parsed[0], &orders[2]);
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
    let (mut bitget, seen) = account(false, CLASSIC.opening().into_iter().chain([success(json!({}))]).collect());
    bitget.open().unwrap();
    seen.lock().unwrap().clear();
    bitget.cancel_all(&eth(), true).unwrap();
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 6);
    let of_kind = |kind: &str| seen.iter().find(|request| params("", &request.body).get("planType") == Some(&json!(kind))).unwrap();
    compare("cancel_all_symbol", &seen[0]);
    compare("cancel_all_symbol_plans", of_kind("normal_plan"));
    compare("cancel_all_symbol_profit_loss", of_kind("pos_loss"));
}

#[test]
fn positions_balance_and_prices() {
    let cases = [("positions_all", CLASSIC, None), ("position_one_symbol", CLASSIC, Some(eth())), ("v3_positions", UTA, None)];
    for (name, found, only) in cases {
        let positions = replay(&[name], found, |bitget| bitget.positions(only.as_ref())).unwrap();
        let parsed = &vectors()[name].parsed;
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
        let parsed = &vectors()[name].parsed[&balance.coin];
        assert_eq!((balance.total, balance.available), (number(&parsed["total"]), number(&parsed["free"])), "{name}");
    }
    for (name, found) in [("ticker", CLASSIC), ("v3_ticker", UTA)] {
        let quote = replay(&[name], found, |bitget| bitget.quote(&eth())).unwrap();
        let parsed = &vectors()[name].parsed;
        assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])), "{name}");
    }
    let fills = replay(&["fills"], CLASSIC, |bitget| bitget.fills(&eth(), FROZEN_MS - 20_000)).unwrap();
    let (fill, parsed) = (&fills[0], &vectors()["fills"].parsed[0]);
    assert_eq!((fills.len(), fill.buy, fill.side, fill.fee_elsewhere), (1, parsed["side"] == "buy", None, false));
    assert_eq!((fill.price, fill.qty, fill.fee), (number(&parsed["price"]), number(&parsed["amount"]), number(&parsed["fee"]["cost"])));
    assert_eq!(parsed["timestamp"], fill.at);
}

#[test]
fn opening_and_settings() {
    // The first question tells the kind of account; the same one comes first for both.
    let (mut bitget, seen) = account(false, CLASSIC_HEDGE.opening().into());
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
        let (mut bitget, seen) = account(false, found.opening().into_iter().chain([success(json!({}))]).collect());
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
        for contract in vectors()[name].parsed.as_array().into_iter().flatten() {
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

/// Lets an account make every call there is while one answer comes back for all of them.
fn make_every_call(found: Found, status: u16, body: &[u8]) {
    let (mut bitget, _) = account(false, found.opening().into_iter().take(3).chain([(status, body.to_vec())]).collect());
    bitget.open().unwrap();
    let (stop, entry) = (stop_ref("tv-sl-0001"), plain_ref("tv-b1"));
    let orders = [limit("tv-b1", Side::Long, "1950"), limit("tv-b2", Side::Long, "1940")];
    let protection = guard("tv-sl-0001", ProtectionKind::StopLoss, "1900");
    let _ = (bitget.instruments(), bitget.quote(&eth()), bitget.balance(), bitget.positions(None), bitget.terms(&eth()));
    let _ = (bitget.open_orders(&eth()), bitget.order(&entry), bitget.order(&stop), bitget.cancel(&entry), bitget.cancel(&stop));
    let _ = (bitget.prepare(&eth(), &Terms { leverage: Some(5), margin_mode: Some(MarginMode::Cross) }), bitget.cancel_all(&eth(), true));
    let _ = bitget.fills(&eth(), FROZEN_MS - 1000);
    if let Ok(state) = bitget.protect(&protection) {
        assert_eq!(state.id, protection.id.as_str());
    }
    for orders in [&orders[..1], &orders[..]] {
        let placed = bitget.place(orders);
        assert_eq!(placed.len(), orders.len());
        for (order, result) in orders.iter().zip(placed) {
            if let Ok(state) = result {
                assert_eq!(state.id, order.id.as_str(), "only an answer that names our order is success");
            }
        }
    }
    if let Err(ExchangeError::NeverSent(detail)) = bitget.open() {
        panic!("it was sent: {detail}");
    }
}

fn real_replies() -> Vec<Vec<u8>> {
    vectors().values().map(|vector| vector.reply.to_string().into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(
        status in prop_oneof![Just(200_u16), 100_u16..600],
        body in proptest::collection::vec(any::<u8>(), 0..200),
        unified in any::<bool>(),
    ) {
        make_every_call(Found { unified, ..CLASSIC }, status, &body);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(
        which in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
        status in prop_oneof![9 => Just(200_u16), 1 => Just(400)],
        unified in any::<bool>(),
    ) {
        let mut body = which.get(&real_replies()).clone();
        for (at, kind, byte) in damage {
            let at = at.index(body.len().max(1));
            match kind {
                0 if at < body.len() => body[at] = byte,
                1 => body.insert(at, b"{}[]\",:0-9eE.nul"[usize::from(byte) % 16]),
                2 if at < body.len() => drop(body.remove(at)),
                _ => body.truncate(at),
            }
        }
        make_every_call(Found { unified, ..CLASSIC }, status, &body);
    }
}
