//! What the known-answer tests of all adapters share: the reading of a file of vectors, an exchange that answers by them
//! and keeps what it was asked, the comparison of the two, and answers that are none.
//!
//! What differs from exchange to exchange is beside it: headers, the table of differences, the calls that are never made.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

use std::collections::{BTreeMap, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, LazyLock, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::http::{Http, HttpError, HttpRequest, HttpResponse};
use perphook::exchange::{Exchange, ExchangeError, Keys, Line};
use perphook::market::{Action, ClientId, Decimal, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Side, Symbol};
use perphook::secret::Secret;
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use sha2::Sha256;

/// The clock of all vectors.
pub(super) const FROZEN_MS: u64 = 1_700_000_000_000;
/// The credentials of all vectors.
pub(super) const KEY: &str = "test-api-key";
pub(super) const SECRET: &str = "test-api-secret";
pub(super) const PASSWORD: &str = "test-password";

/// What another client sends for a purpose, what it is answered, and what it reads out of that.
pub(super) struct Vector {
    pub(super) method: String,
    /// Without the query.
    pub(super) url: String,
    /// As it is sent, percent-encoded.
    pub(super) query: String,
    pub(super) body: String,
    /// By their names in small letters.
    pub(super) headers: BTreeMap<String, String>,
    pub(super) status: u16,
    pub(super) reply: Value,
    pub(super) parsed: Value,
    /// Where the file tells them: what is signed, and the signature.
    pub(super) signed: Option<(String, String)>,
}

/// All of a file, by their names.
pub(super) type Vectors = BTreeMap<String, Vector>;

pub(super) static BINANCE: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/binance_vectors.json")));
pub(super) static BINGX: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/bingx_vectors.json")));
pub(super) static BITGET: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/bitget_vectors.json")));
pub(super) static BYBIT: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/bybit_vectors.json")));
pub(super) static COINEX: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/coinex_vectors.json")));
pub(super) static KRAKEN: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/kraken_vectors.json")));
pub(super) static KUCOIN: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/kucoin_vectors.json")));
pub(super) static OKX: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/okx_vectors.json")));
pub(super) static PHEMEX: LazyLock<Vectors> = LazyLock::new(|| read(include_str!("../data/phemex_vectors.json")));

fn read(file: &str) -> Vectors {
    let all: Value = serde_json::from_str(file).unwrap();
    let list = all["vectors"].as_array().unwrap();
    let read: Vectors = list.iter().map(|vector| (text(&vector["name"]), Vector::of(vector))).collect();
    assert_eq!(read.len(), list.len(), "each has a name of its own");
    read
}

/// Those with this header, of which there are so many.
pub(super) fn carrying<'a>(header: &str, vectors: &'a Vectors, count: usize) -> Vec<(&'a String, &'a Vector)> {
    let carrying: Vec<_> = vectors.iter().filter(|(_, vector)| vector.headers.contains_key(header)).collect();
    assert_eq!(carrying.len(), count);
    carrying
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

impl Vector {
    fn of(vector: &Value) -> Vector {
        let request = &vector["request"];
        let url = text(&request["url"]);
        let (address, query) = url.split_once('?').unwrap_or((&url, ""));
        let headers = request["headers"].as_object().unwrap().iter();
        let signature = vector["signature"].as_str().or(vector["documented_sign"].as_str());
        let signed = vector["string_to_sign"].as_str().zip(signature);
        Vector {
            method: text(&request["method"]),
            url: address.to_owned(),
            query: query.to_owned(),
            body: request["body"].as_str().unwrap_or_default().to_owned(),
            headers: headers.map(|(name, value)| (name.to_lowercase(), text(value))).collect(),
            status: vector["http_status"].as_u64().map_or(200, |status| u16::try_from(status).unwrap()),
            reply: vector["response_used"].clone(),
            parsed: vector.get("ccxt_parsed").unwrap_or(&vector["parsed_by_referee"]).clone(),
            signed: signed.map(|(text, signature)| (text.to_owned(), signature.to_owned())),
        }
    }

    /// The request as it was sent.
    pub(super) fn request(&self) -> HttpRequest {
        let method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|method| *method == self.method).unwrap();
        let (_, path) = self.url.split_once(".com").unwrap();
        let target = if self.query.is_empty() { path.to_owned() } else { format!("{path}?{}", self.query) };
        let headers = self.headers.iter().map(|(name, value)| (&*name.clone().leak(), value.clone())).collect();
        HttpRequest { method, target, headers, body: self.body.clone().into_bytes() }
    }

    /// The parameters, in the query or as JSON in the body.
    pub(super) fn asks(&self) -> Value {
        asked(&self.query, &self.body)
    }

    /// The answer with the request's own names in the object at `place`: one acknowledgement of a file serves all its
    /// orders, and an exchange names the one it was given.
    pub(super) fn acknowledged(&self, place: &str, names: &[&str]) -> Value {
        let mut reply = self.reply.clone();
        let sent = if self.body.is_empty() { Value::Null } else { self.asks() };
        for name in names {
            if let (Some(sent), Some(named)) = (sent.get(name), reply.pointer_mut(&format!("{place}/{name}"))) {
                *named = sent.clone();
            }
        }
        reply
    }
}

/// The parameters of a request: those of the query, or the JSON of the body, and never of both.
pub(super) fn asked(query: &str, body: &str) -> Value {
    assert!(query.is_empty() || body.is_empty(), "{query} and {body}");
    if body.is_empty() { Value::Object(pairs(query)) } else { serde_json::from_str(body).unwrap() }
}

/// `a=1&b=2` with the percent-encoding undone.
pub(super) fn pairs(query: &str) -> Map<String, Value> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), Value::from(percent_decode(value)))).collect()
}

fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let hex = (first == b'%').then(|| u8::from_str_radix(std::str::from_utf8(&tail[..2]).unwrap(), 16).unwrap());
        bytes.push(hex.unwrap_or(first));
        rest = if hex.is_some() { &tail[2..] } else { tail };
    }
    String::from_utf8(bytes).unwrap()
}

/// Path and query of a request.
pub(super) fn target(request: &HttpRequest) -> (&str, &str) {
    request.target.split_once('?').unwrap_or((&request.target, ""))
}

pub(super) fn body(request: &HttpRequest) -> &str {
    std::str::from_utf8(&request.body).unwrap()
}

pub(super) fn header<'a>(request: &'a HttpRequest, wanted: &str) -> Option<&'a str> {
    request.headers.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.as_str())
}

/// One side of a difference.
#[derive(Clone, Copy)]
pub(super) enum Sent {
    Nothing,
    Text(&'static str),
    Number(i64),
    Flag(bool),
}

impl Sent {
    fn value(self) -> Option<Value> {
        match self {
            Sent::Nothing => None,
            Sent::Text(text) => Some(json!(text)),
            Sent::Number(number) => Some(json!(number)),
            Sent::Flag(flag) => Some(json!(flag)),
        }
    }
}

/// Where ours differs from theirs: vector, parameter (in lists a path: `orders/0/price`), what they send, what we send.
pub(super) type Difference = (&'static str, &'static str, Sent, Sent);

/// What they send, with the differences of the table.
pub(super) fn with_differences(table: &[Difference], name: &str, mut asks: Value) -> Value {
    for (_, path, theirs, ours) in table.iter().filter(|difference| difference.0 == name) {
        let (parent, param) = path.rsplit_once('/').map_or((String::new(), *path), |(parent, param)| (format!("/{parent}"), param));
        let object = asks.pointer_mut(&parent).unwrap().as_object_mut().unwrap();
        assert_eq!(object.remove(param), theirs.value(), "{name}: the table says otherwise about {path}");
        object.extend(ours.value().map(|ours| (param.to_owned(), ours)));
    }
    asks
}

/// Each vector is compared or one of the others, and none is both or twice; differences are of those that are compared.
pub(super) fn compared_or_named(vectors: &Vectors, compared: &[&str], others: &[&str], differences: &[Difference]) {
    let mut named = [compared, others].concat();
    named.sort_unstable();
    assert_eq!(named, vectors.keys().collect::<Vec<_>>());
    assert!(differences.iter().all(|difference| compared.contains(&difference.0)));
}

/// Each vector is named in the source of its tests; whom the tables name is a vector.
pub(super) fn named_in(source: &str, vectors: &Vectors, never: &[&str], differences: &[Difference]) {
    for name in vectors.keys() {
        assert!(source.contains(&format!("\"{name}\"")), "{name}");
    }
    assert!(never.iter().chain(differences.iter().map(|difference| &difference.0)).all(|name| vectors.contains_key(*name)));
}

/// The request goes where the vector's goes.
pub(super) fn same_address(name: &str, vector: &Vector, host: &str, request: &HttpRequest) {
    let url = format!("{host}{}", target(request).0);
    assert_eq!((request.method, url.as_str()), (vector.method.as_str(), vector.url.as_str()), "{name}");
}

/// What the request asks, which stands where the vector's stands and is encoded like it.
pub(super) fn asked_alike(name: &str, vector: &Vector, request: &HttpRequest) -> Value {
    let (query, body) = (target(request).1, body(request));
    assert_eq!(body.is_empty(), vector.body.is_empty(), "{name}: the body");
    assert_eq!(query.matches('%').count(), vector.query.matches('%').count(), "{name}: the encoding of {query}");
    asked(query, body)
}

fn hmac(secret: &str, text: &str) -> impl AsRef<[u8]> + use<> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes()
}

pub(super) fn hmac_hex(text: &str) -> String {
    hmac_hex_of(SECRET, text)
}

pub(super) fn hmac_hex_of(secret: &str, text: &str) -> String {
    hmac(secret, text).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn hmac_base64(text: &str) -> String {
    BASE64_STANDARD.encode(hmac(SECRET, text))
}

/// Status and body.
pub(super) type Reply = (u16, Vec<u8>);
pub(super) type Seen = Arc<Mutex<Vec<HttpRequest>>>;

/// A successful answer.
pub(super) fn reply(body: &Value) -> Reply {
    (200, body.to_string().into_bytes())
}

/// Answers in turn, then with the last answer for ever, and keeps what was asked.
struct Canned {
    replies: VecDeque<Reply>,
    seen: Seen,
}

impl Http for Canned {
    fn send(&mut self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        self.seen.lock().unwrap().push(request.clone());
        let (status, body) = if self.replies.len() > 1 { self.replies.pop_front().unwrap() } else { self.replies[0].clone() };
        Ok(HttpResponse { status, retry_after_s: None, limit_resets_at: None, body: Box::new(Cursor::new(body)) })
    }
}

/// Keys of an exchange that wants no password.
pub(super) fn keys() -> Keys {
    Keys { key: Secret::new(KEY), secret: Secret::new(SECRET), ..Keys::none() }
}

/// Keys of an exchange that wants one.
pub(super) fn keys_with_password(demo: bool) -> Keys {
    Keys { password: Secret::new(PASSWORD), demo, ..keys() }
}

/// A line to an exchange that gives these answers, and what it is asked.
pub(super) fn line(keys: Keys, replies: impl IntoIterator<Item = Reply>) -> (Line, Seen) {
    let seen = Seen::default();
    let http = Box::new(Canned { replies: replies.into_iter().collect(), seen: Arc::clone(&seen) });
    let clock = Arc::new(|| FROZEN_MS);
    (Line { http, keys, clock, settle: "USDT".to_owned(), catalogue: Catalogue::default() }, seen)
}

/// What was asked are the requests of these vectors, in this order and nothing besides.
pub(super) fn all_like(names: &[&str], seen: &Seen, compare: impl Fn(&str, &HttpRequest)) {
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), names.len(), "{names:?}: {seen:?}");
    names.iter().zip(seen.iter()).for_each(|(name, request)| compare(name, request));
}

pub(super) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A number as ccxt parsed it.
pub(super) fn number(value: &Value) -> Decimal {
    let text = value.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).unwrap()
}

pub(super) fn number_or_zero(value: &Value) -> Decimal {
    if value.is_null() { Decimal::ZERO } else { number(value) }
}

/// The state of an order as ccxt parsed it.
pub(super) fn status(name: &str, parsed: &Value) -> OrderStatus {
    match parsed["status"].as_str() {
        Some("closed") => OrderStatus::Filled,
        Some("open") => OrderStatus::Resting,
        Some("canceled") => OrderStatus::Canceled,
        other => panic!("{name}: {other:?}"),
    }
}

/// What ccxt and the adapter read out of the same answer about an order: its name, state, direction and time.
pub(super) fn same_head(name: &str, parsed: &Value, state: &OrderState) {
    assert_eq!((state.id.as_str(), state.status), (parsed["clientOrderId"].as_str().unwrap(), status(name, parsed)), "{name}");
    assert_eq!(parsed["side"] == "sell", (state.side == Side::Long) != state.opens, "{name}");
    assert_eq!(parsed["timestamp"], state.created_at, "{name}");
}

/// An id of the vectors' form, which only reading one back can make.
pub(super) fn id(text: &str) -> ClientId {
    serde_json::from_value(json!(text)).unwrap()
}

pub(super) fn market(symbol: &str, client_id: &str, side: Side, action: Action, qty: &str) -> NewOrder {
    NewOrder { id: id(client_id), symbol: Symbol::new(symbol), side, action, kind: OrderKind::Market, qty: d(qty), stop: None }
}

/// Makes every call that neither places nor prepares anything, whatever comes back.
pub(super) fn make_calls(exchange: &mut dyn Exchange, symbol: &Symbol, orders: [&OrderRef; 2]) {
    let _ = (exchange.open(), exchange.instruments(), exchange.quote(symbol), exchange.balance());
    let _ = (exchange.positions(None), exchange.positions(Some(symbol)), exchange.terms(symbol), exchange.open_orders(symbol));
    let _ = (exchange.cancel_all(symbol, false), exchange.cancel_all(symbol, true), exchange.fills(symbol, FROZEN_MS - 1000));
    for order in orders {
        let _ = (exchange.order(order), exchange.cancel(order));
    }
}

/// Places one order, then all: each has its result, and only an answer that names our order is success.
pub(super) fn place_each(exchange: &mut dyn Exchange, orders: &[NewOrder]) -> Vec<Result<OrderState, ExchangeError>> {
    let mut results = Vec::new();
    for orders in [&orders[..1], orders] {
        let placed = exchange.place(orders);
        assert_eq!(placed.len(), orders.len());
        for (order, state) in orders.iter().zip(&placed).filter_map(|(order, result)| Some((order, result.as_ref().ok()?))) {
            assert_eq!(state.id, order.id.as_str(), "only an answer that names our order is success");
        }
        results.extend(placed);
    }
    results
}

/// None of them stayed here.
pub(super) fn all_were_sent(results: &[Result<OrderState, ExchangeError>]) {
    for result in results {
        assert!(!matches!(result, Err(ExchangeError::NeverSent(_))), "it was sent: {result:?}");
    }
}

/// Answers that are none.
pub(super) fn rubbish() -> impl Strategy<Value = Reply> {
    (prop_oneof![Just(200_u16), 100_u16..600], proptest::collection::vec(any::<u8>(), 0..200))
}

/// Answers of the file that are not whole any more.
pub(super) fn damaged(vectors: &Vectors) -> impl Strategy<Value = Reply> + use<> {
    let bodies: Vec<Vec<u8>> = vectors.values().map(|vector| vector.reply.to_string().into_bytes()).collect();
    let damage = proptest::collection::vec((any::<prop::sample::Index>(), 0..4_u8, any::<u8>()), 1..6);
    let status = prop_oneof![9 => Just(200_u16), 1 => Just(400)];
    (status, proptest::sample::select(bodies), damage).prop_map(|(status, mut body, damage)| {
        for (at, kind, byte) in damage {
            let at = at.index(body.len().max(1));
            match kind {
                0 if at < body.len() => body[at] = byte,
                1 => body.insert(at, b"{}[]\",:0-9eE.nul"[usize::from(byte) % 16]),
                2 if at < body.len() => drop(body.remove(at)),
                _ => body.truncate(at),
            }
        }
        (status, body)
    })
}
