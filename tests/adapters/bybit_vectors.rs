//! Known-answer requests: every call the Bybit adapter makes against what ccxt, a client many bots trust, sends for the
//! same purpose (or what the documentation asks for, where ccxt has no such call), and what the adapter reads out of the
//! answers against what ccxt reads.
//!
//! Where the two differ, they differ on purpose: each difference stands in a table with its reason.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod differences;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, Mutex, OnceLock};

use differences::{COMPARED, DIFFERENCES, NEVER_SENT, OTHER_HOST};
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::bybit::{Bybit, DEMO_URL, LIVE_URL};
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::http::{Http, HttpError, HttpRequest, HttpResponse};
use perphook::exchange::{Exchange, ExchangeError, Keys, Line, Reason};
use perphook::market::{
    Action, ClientId, Decimal, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind,
    Side, Symbol, Terms, Trigger, TriggerBy,
};
use perphook::secret::Secret;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::Sha256;

const FROZEN_MS: u64 = 1_700_000_000_000;
const KEY: &str = "test-api-key";
const SECRET: &str = "test-api-secret";

struct Vector {
    method: String,
    url: String,
    query: Map<String, Value>,
    body: Option<Value>,
    reply: Value,
    parsed: Value,
}

fn vectors() -> &'static BTreeMap<String, Vector> {
    static VECTORS: OnceLock<BTreeMap<String, Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| {
        let all: Value = serde_json::from_str(include_str!("../data/bybit_vectors.json")).unwrap();
        let list = all["vectors"].as_array().unwrap().iter();
        list.map(|vector| {
            let request = &vector["request"];
            let url = request["url"].as_str().unwrap();
            let (address, query) = url.split_once('?').unwrap_or((url, ""));
            let body: Option<Value> = request["body"].as_str().map(|body| serde_json::from_str(body).unwrap());
            let mut reply = vector["response_used"].clone();
            // One acknowledgement serves all orders of the file, whatever they are called.
            if let (Some(name), Some(link)) = (body.as_ref().and_then(|b| b.get("orderLinkId")), reply.pointer_mut("/result/orderLinkId")) {
                *link = name.clone();
            }
            let parsed = Vector {
                method: request["method"].as_str().unwrap().to_owned(),
                url: address.to_owned(),
                query: pairs(query),
                body,
                reply,
                parsed: vector["ccxt_parsed"].clone(),
            };
            (vector["name"].as_str().unwrap().to_owned(), parsed)
        })
        .collect()
    })
}

/// Nothing that is asked here needs percent-encoding.
fn pairs(query: &str) -> Map<String, Value> {
    query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn hmac_hex(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
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

fn account(replies: VecDeque<(u16, Vec<u8>)>) -> (Bybit, Seen) {
    let seen = Seen::default();
    let http = Canned { replies, seen: Arc::clone(&seen) };
    let keys = Keys { key: Secret::new(KEY), secret: Secret::new(SECRET), ..Keys::none() };
    let line =
        Line { http: Box::new(http), keys, clock: Arc::new(|| FROZEN_MS), settle: "USDT".to_owned(), catalogue: Catalogue::default() };
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
    let opening = ["server_time", "account_info"].map(|name| vectors()[name].reply.clone());
    let opening = opening.into_iter().chain(["BTCUSDT"].into_iter().chain(looked_at).map(|symbol| flat(symbol, hedge)));
    let replies = opening.chain(names.iter().map(|name| vectors()[*name].reply.clone()));
    let (mut bybit, seen) = account(replies.map(|reply| (200, reply.to_string().into_bytes())).collect());
    assert_eq!(bybit.open().unwrap().hedge, hedge);
    looked_at.iter().for_each(|symbol| drop(bybit.positions(Some(&Symbol::new(symbol))).unwrap()));
    seen.lock().unwrap().clear();
    let result = act(&mut bybit);
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), names.len(), "{names:?}: {seen:?}");
    for (name, request) in names.iter().zip(seen.iter()) {
        compare(name, request);
    }
    result
}

fn compare(name: &str, request: &HttpRequest) {
    assert!(COMPARED.contains(&name), "{name}: to be listed");
    let vector = &vectors()[name];
    let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
    let host = if name.starts_with("demo") { DEMO_URL } else { LIVE_URL };
    assert_eq!((request.method, format!("{host}{path}")), (vector.method.as_str(), vector.url.clone()), "{name}");

    let theirs = vector.body.clone().unwrap_or_else(|| Value::Object(vector.query.clone()));
    let text = String::from_utf8(request.body.clone()).unwrap();
    let ours = if vector.body.is_some() { serde_json::from_str(&text).unwrap() } else { Value::Object(pairs(query)) };
    assert!(query.is_empty() || text.is_empty(), "{name}");
    assert_eq!(ours, with_differences(name, theirs), "{name}");

    let payload = if text.is_empty() { query } else { &text };
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

/// What they send, with the differences of the table.
fn with_differences(name: &str, mut sent: Value) -> Value {
    for (_, path, from, to) in DIFFERENCES.iter().filter(|difference| difference.0 == name) {
        let (parent, param) = path.rsplit_once('/').map_or((String::new(), *path), |(parent, param)| (format!("/{parent}"), param));
        let object = sent.pointer_mut(&parent).unwrap().as_object_mut().unwrap();
        let value = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(object.remove(param), from.map(value), "{name}: the table says otherwise about {path}");
        object.extend(to.map(|to| (param.to_owned(), value(to))));
    }
    sent
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
    assert_eq!(Some(state.id.as_str()), parsed["clientOrderId"].as_str(), "{name}");
    let status = match parsed["status"].as_str() {
        Some("closed") => OrderStatus::Filled,
        Some("open") => OrderStatus::Resting,
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(state.status, status, "{name}");
    for (key, ours) in [("filled", state.filled), ("amount", state.qty), ("average", state.avg_price), ("price", state.price)] {
        assert_eq!(number(&parsed[key]), ours, "{name}: {key}");
    }
    let sells = (state.side == Side::Long) != state.opens;
    assert_eq!(parsed["side"] == "sell", sells, "{name}");
    assert_eq!(parsed["timestamp"], state.created_at, "{name}");
}

#[test]
fn every_vector_is_compared_or_named() {
    let known: BTreeSet<&str> = vectors().keys().map(String::as_str).collect();
    let named: BTreeSet<&str> = COMPARED.into_iter().chain(NEVER_SENT).chain([OTHER_HOST]).collect();
    assert_eq!(known, named);
    assert_eq!(named.len(), COMPARED.len() + NEVER_SENT.len() + 1);
    assert!(DIFFERENCES.iter().all(|difference| COMPARED.contains(&difference.0)));
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
    let parsed = &vectors()["batch_orders"].parsed;
    assert_eq!(parsed[0]["clientOrderId"], placed[0].as_ref().unwrap().id.as_str());
    assert_eq!((&parsed[1]["status"], placed[1].as_ref().unwrap_err().reason()), (&json!("rejected"), Some(Reason::InsufficientBalance)));
}

#[test]
fn protection() {
    let state = replay(&["trading_stop_full"], false, |bybit| bybit.protect(&stop())).unwrap();
    assert!(state.is(&stop_ref()) && state.status == OrderStatus::Resting, "{state:?}");
    let state = replay(&["position_one_symbol"], false, |bybit| bybit.order(&stop_ref())).unwrap().unwrap();
    assert_eq!((state.status, state.price), (OrderStatus::Resting, number(&vectors()["position_one_symbol"].parsed["stopLossPrice"])));
    replay(&["position_one_symbol", "trading_stop_clear"], false, |bybit| bybit.cancel(&stop_ref())).unwrap();
}

#[test]
fn looking_orders_up_listing_and_cancelling_them() {
    let state = replay(&["order_by_client_id"], false, |bybit| bybit.order(&entry_ref())).unwrap().unwrap();
    same_order("order_by_client_id", &vectors()["open_orders"].parsed[0], &state);

    let orders = replay(&["open_orders", "position_one_symbol"], false, |bybit| bybit.open_orders(&eth())).unwrap();
    same_order("open_orders", &vectors()["open_orders"].parsed[0], &orders[0]);
    let guards: Vec<_> = orders[1..].iter().map(|order| (order.guards.unwrap(), order.price)).collect();
    let parsed = &vectors()["position_one_symbol"].parsed;
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
    let replies = [&empty, &vectors()["order_history_by_client_id"].reply].map(|reply| (200, reply.to_string().into_bytes()));
    let (mut bybit, seen) = account(replies.into());
    let state = bybit.order(&entry_ref()).unwrap().unwrap();
    same_order("order_history_by_client_id", &vectors()["order_history_ccxt"].parsed, &state);
    compare("order_by_client_id", &seen.lock().unwrap()[0]);
    compare("order_history_by_client_id", &seen.lock().unwrap()[1]);
}

#[test]
fn positions() {
    for (name, only) in [("position_one_symbol", Some(eth())), ("positions_all", None)] {
        let positions = replay(&[name], false, |bybit| bybit.positions(only.as_ref())).unwrap();
        let parsed = &vectors()[name].parsed;
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
    let row = &vectors()["balance"].reply["result"]["list"][0];
    let text = |value: &Value| value.as_str().unwrap().parse::<Decimal>().unwrap();
    assert_eq!(balance.total, text(&row["coin"][0]["equity"]));
    assert_eq!(number(&vectors()["balance"].parsed["USDT"]["total"]) + text(&row["coin"][0]["unrealisedPnl"]), balance.total);
    // Cross margin: the account's free dollars at the exchange's own price of the coin.
    let dollars = text(&row["totalAvailableBalance"]);
    assert!(balance.available < dollars && dollars - balance.available < d("10"), "{balance:?}");

    let quote = replay(&["ticker"], false, |bybit| bybit.quote(&eth())).unwrap();
    let parsed = &vectors()["ticker"].parsed;
    assert_eq!((quote.bid, quote.ask), (number(&parsed["bid"]), number(&parsed["ask"])));

    let fills = replay(&["executions"], false, |bybit| bybit.fills(&eth(), FROZEN_MS - 10_000)).unwrap();
    let parsed = &vectors()["executions"].parsed[0];
    assert_eq!((fills.len(), fills[0].buy, fills[0].by), (1, parsed["side"] == "buy", None));
    let ours = (fills[0].price, fills[0].qty, fills[0].fee, fills[0].fee_elsewhere, json!(fills[0].at));
    let theirs = (number(&parsed["price"]), number(&parsed["amount"]), number(&parsed["fee"]["cost"]), false, parsed["timestamp"].clone());
    assert_eq!(ours, theirs);
}

#[test]
fn opening_and_settings() {
    let names = ["server_time", "account_info", "position_one_symbol"];
    let (mut bybit, seen) = account(names.iter().map(|name| (200, vectors()[*name].reply.to_string().into_bytes())).collect());
    let mode = bybit.open().unwrap();
    assert!(!mode.hedge && mode.restricted.is_none());
    let seen = seen.lock().unwrap();
    names.iter().zip(seen.iter()).take(2).for_each(|(name, request)| compare(name, request));
    assert!(seen[2].target.starts_with("/v5/position/list?category=linear&symbol=BTCUSDT"), "any contract tells the mode");

    let terms = replay(&["account_info", "position_one_symbol"], false, |bybit| bybit.terms(&eth())).unwrap();
    let parsed = &vectors()["position_one_symbol"].parsed;
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
    let mut info = vectors()["account_info"].reply.clone();
    let [open, set, done] = ["account_info", "set_margin_mode_isolated", "set_margin_mode_cross"].map(|name| vectors()[name].reply.clone());
    info["result"]["marginMode"] = json!("ISOLATED_MARGIN");
    let (mut bybit, seen) = account([open, set, info, done].iter().map(|reply| (200, reply.to_string().into_bytes())).collect());
    back(&mut bybit).unwrap();
    compare("set_margin_mode_cross", &seen.lock().unwrap()[3]);
}

#[test]
fn contracts() {
    let list = replay(&["instruments"], false, |bybit| bybit.instruments()).unwrap();
    let parsed = vectors()["instruments"].parsed.as_array().unwrap();
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
fn make_every_call(status: u16, body: &[u8]) {
    let (mut bybit, _) = account(VecDeque::from([(status, body.to_vec())]));
    let orders = [limit("tv-b1", Side::Long, "1950"), limit("tv-b2", Side::Long, "1940")];
    let _ = (bybit.open(), bybit.instruments(), bybit.quote(&eth()), bybit.balance(), bybit.positions(None));
    let _ = (bybit.terms(&eth()), bybit.cancel_all(&eth(), true), bybit.open_orders(&eth()));
    let _ = (bybit.order(&entry_ref()), bybit.order(&stop_ref()), bybit.cancel(&entry_ref()), bybit.cancel(&stop_ref()));
    let want = Terms { leverage: Some(5), margin_mode: Some(MarginMode::Isolated) };
    let _ = (bybit.prepare(&eth(), &want), bybit.fills(&eth(), FROZEN_MS - 1000));
    if let Ok(state) = bybit.protect(&stop()) {
        assert!(state.is(&stop_ref()));
    }
    for orders in [&orders[..1], &orders[..]] {
        let placed = bybit.place(orders);
        assert_eq!(placed.len(), orders.len());
        for (order, result) in orders.iter().zip(placed) {
            if let Ok(state) = result {
                assert_eq!(state.id, order.id.as_str(), "only an answer that names our order is success");
            }
        }
    }
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
    let replies = [&flat("ETHUSDT", false), &vectors()[name].reply].map(|reply| (200, reply.to_string().into_bytes()));
    account(replies.into()).0.place(&[limit("tv-b1", Side::Long, "1950")]).remove(0)
}

fn real_replies() -> Vec<Vec<u8>> {
    vectors().values().map(|vector| vector.reply.to_string().into_bytes()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_answer_makes_the_adapter_panic(status in prop_oneof![Just(200_u16), 100_u16..600], body in proptest::collection::vec(any::<u8>(), 0..200)) {
        make_every_call(status, &body);
    }

    #[test]
    fn no_damaged_answer_makes_the_adapter_panic(
        which in any::<prop::sample::Index>(),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6),
        status in prop_oneof![9 => Just(200_u16), 1 => Just(400)],
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
        make_every_call(status, &body);
    }
}
