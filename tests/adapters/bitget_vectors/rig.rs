//! The vectors, an account that is answered by them, and the comparison of what it asks with what they hold.

use std::collections::{BTreeMap, VecDeque};
use std::io::Cursor;
use std::sync::{Arc, Mutex, OnceLock};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::bitget::{Bitget, LIVE_URL, UNIFIED};
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::http::{Http, HttpError, HttpRequest, HttpResponse};
use perphook::exchange::{Exchange, Keys, Line};
use perphook::market::{
    Action, ClientId, Decimal, Guarded, NewOrder, OrderKind, OrderRef, Protection, ProtectionKind, Side, Symbol, TriggerBy,
};
use perphook::secret::Secret;
use serde_json::{Map, Value, json};
use sha2::Sha256;

use super::DIFFERENCES;

pub(super) const FROZEN_MS: u64 = 1_700_000_000_000;
const SECRET: &str = "test-api-secret";

pub(super) struct Vector {
    pub(super) method: String,
    pub(super) url: String,
    params: Map<String, Value>,
    headers: BTreeMap<String, String>,
    pub(super) reply: Value,
    pub(super) parsed: Value,
}

pub(super) fn vectors() -> &'static BTreeMap<String, Vector> {
    static VECTORS: OnceLock<BTreeMap<String, Vector>> = OnceLock::new();
    VECTORS.get_or_init(|| {
        let all: Value = serde_json::from_str(include_str!("../../data/bitget_vectors.json")).unwrap();
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
pub(super) fn params(query: &str, body: &[u8]) -> Map<String, Value> {
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

pub(super) type Seen = Arc<Mutex<Vec<HttpRequest>>>;

pub(super) fn account(demo: bool, replies: VecDeque<(u16, Vec<u8>)>) -> (Bitget, Seen) {
    let seen = Seen::default();
    let http = Canned { replies, seen: Arc::clone(&seen) };
    let clock = Arc::new(|| FROZEN_MS);
    let keys = Keys { key: Secret::new("test-api-key"), secret: Secret::new(SECRET), password: Secret::new("test-password"), demo };
    let line = Line { http: Box::new(http), keys, clock, settle: "USDT".to_owned(), catalogue: Catalogue::default() };
    (Bitget::new(line), seen)
}

pub(super) fn success(data: Value) -> (u16, Vec<u8>) {
    (200, json!({"code": "00000", "msg": "success", "requestTime": FROZEN_MS, "data": data}).to_string().into_bytes())
}

/// An account as it is found.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) unified: bool,
    pub(super) hedge: bool,
    pub(super) mode: &'static str,
    pub(super) demo: bool,
}

pub(super) const CLASSIC: Found = Found { unified: false, hedge: false, mode: "crossed", demo: false };
pub(super) const CLASSIC_HEDGE: Found = Found { hedge: true, ..CLASSIC };
pub(super) const UTA: Found = Found { unified: true, ..CLASSIC };
pub(super) const UTA_HEDGE: Found = Found { hedge: true, ..UTA };

impl Found {
    /// What is answered to opening the account and to reading what two contracts are set to.
    pub(super) fn opening(self) -> Vec<(u16, Vec<u8>)> {
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
pub(super) fn replay<T>(names: &[&str], found: Found, act: impl FnOnce(&mut Bitget) -> T) -> T {
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

pub(super) fn compare(name: &str, request: &HttpRequest) {
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

pub(super) fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

/// A number as ccxt parsed it.
pub(super) fn number(value: &Value) -> Decimal {
    let text = value.to_string();
    text.parse().or_else(|_| Decimal::from_scientific(&text)).unwrap()
}

pub(super) fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

/// An id of the vectors' form, which only reading one back can make.
pub(super) fn id(text: &str) -> ClientId {
    serde_json::from_value(json!(text)).unwrap()
}

pub(super) fn market(symbol: &str, client_id: &str, side: Side, action: Action, qty: &str) -> NewOrder {
    NewOrder { id: id(client_id), symbol: Symbol::new(symbol), side, action, kind: OrderKind::Market, qty: d(qty), stop: None }
}

pub(super) fn limit(client_id: &str, side: Side, price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market("ETHUSDT", client_id, side, Action::Open, "1.5") }
}

pub(super) fn guard(client_id: &str, kind: ProtectionKind, price: &str) -> Protection {
    let (side, trigger_price) = (Side::Long, d(price));
    Protection { id: id(client_id), symbol: eth(), side, kind, trigger_price, qty: d("1.5"), by: TriggerBy::Mark }
}

pub(super) fn plain_ref(client_id: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(client_id), guard: None }
}

pub(super) fn stop_ref(client_id: &str) -> OrderRef {
    let stop = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { guard: Some(stop), ..plain_ref(client_id) }
}
