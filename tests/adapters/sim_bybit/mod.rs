//! The simulated Bybit: who may ask, how it says no, and how trouble sounds.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod guards;
mod lists;
mod orders;
mod settings;
mod vectors;

use perphook::exchange::http::HttpRequest;
use perphook::market::{Decimal, Side};
use serde_json::{Value, json};

use crate::desk::{self, Own, START, body_of, refused_element, texts, with, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, SimConfig};
use crate::vectors::{KEY, d, hmac_hex};

const CREATE: &str = "/v5/order/create";
const CANCEL: &str = "/v5/order/cancel";
const TRADING_STOP: &str = "/v5/position/trading-stop";
const BALANCE: &str = "/v5/account/wallet-balance?accountType=UNIFIED";

#[derive(Default)]
struct Bybit;

impl Own for Bybit {
    const KIND: Kind = Kind::Bybit;
    const CONTRACT: &'static str = "BTCUSDT";
    const PRICE: &'static str = "50000";
}

type Desk = desk::Desk<Bybit>;

impl Desk {
    /// Code, words and the whole of an answer.
    fn told(&mut self, request: &HttpRequest) -> (i64, String, Value) {
        let (_, body) = self.answer(request);
        assert!(body["result"].is_object() && body["retExtInfo"].is_object() && body["time"].is_u64(), "{body}");
        let code = body["retCode"].as_i64().expect("a code");
        if code != 0 {
            assert_eq!(self.logged(), Some(code.to_string().as_str()));
        }
        (code, body["retMsg"].as_str().expect("words").to_owned(), body)
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        let (code, words, mut answer) = self.told(&signed("POST", path, &body.to_string(), self.now));
        assert_eq!(code, 0, "{path} {body}: {words}");
        answer["result"].take()
    }

    fn post_code(&mut self, path: &str, body: &Value) -> i64 {
        self.told(&signed("POST", path, &body.to_string(), self.now)).0
    }

    fn get(&mut self, target: &str) -> Value {
        let (code, words, mut answer) = self.told(&signed("GET", target, "", self.now));
        assert_eq!(code, 0, "{target}: {words}");
        answer["result"].take()
    }

    fn get_code(&mut self, target: &str) -> i64 {
        self.told(&signed("GET", target, "", self.now)).0
    }

    /// The rows of a list.
    fn list(&mut self, target: &str) -> Vec<Value> {
        self.get(target)["list"].as_array().expect("a list").clone()
    }

    /// One order, whatever became of it, by its name.
    fn order(&mut self, link: &str) -> Value {
        let list = self.list(&format!("/v5/order/realtime?category=linear&symbol=BTCUSDT&orderLinkId={link}"));
        assert_eq!(list.len(), 1, "{link}: {list:?}");
        list[0].clone()
    }

    /// Open orders of all kinds, or of those that a filter means, as (type, trigger price or price).
    fn open(&mut self, filter: &str) -> Vec<(String, String)> {
        let list = self.list(&format!("/v5/order/realtime?category=linear&symbol=BTCUSDT{filter}"));
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let price = |row: &Value| text(row, if row["stopOrderType"] == "" { "price" } else { "triggerPrice" });
        list.iter().map(|row| (text(row, "stopOrderType"), price(row))).collect()
    }

    /// The rows of a contract's positions.
    fn positions(&mut self) -> Vec<Value> {
        self.list("/v5/position/list?category=linear&symbol=BTCUSDT")
    }

    fn buy(&mut self, link: &str) {
        self.post(CREATE, &market("Buy", "0.01", link));
    }
}

/// The text that is signed and its signature, sent as the documentation says.
fn signed(method: &'static str, target: &str, body: &str, stamp: u64) -> HttpRequest {
    let payload = if method == "GET" { target.split_once('?').map_or("", |(_, query)| query) } else { body };
    let signature = hmac_hex(&format!("{stamp}{KEY}5000{payload}"));
    let headers = vec![
        ("X-BAPI-API-KEY", KEY.to_owned()),
        ("X-BAPI-TIMESTAMP", stamp.to_string()),
        ("X-BAPI-RECV-WINDOW", "5000".to_owned()),
        ("X-BAPI-SIGN", signature),
    ];
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

fn market(side: &str, qty: &str, link: &str) -> Value {
    json!({"category": "linear", "symbol": "BTCUSDT", "side": side, "orderType": "Market", "qty": qty, "orderLinkId": link})
}

fn limit(side: &str, qty: &str, price: &str, link: &str) -> Value {
    with(market(side, qty, link), json!({"orderType": "Limit", "price": price, "timeInForce": "GTC"}))
}

/// An order of its own that closes 0.01 of a long when the price falls.
fn stop(price: &str, link: &str) -> Value {
    let more = json!({"triggerPrice": price, "triggerDirection": 2, "triggerBy": "MarkPrice", "reduceOnly": true, "closeOnTrigger": true});
    with(market("Sell", "0.01", link), more)
}

fn trading_stop(more: Value) -> Value {
    with(json!({"category": "linear", "symbol": "BTCUSDT", "tpslMode": "Full", "positionIdx": 0}), more)
}

#[test]
fn key_clock_and_signature_are_checked() {
    let mut desk = Desk::new();
    desk.get(BALANCE);
    desk.get("/v5/market/time");
    let cases = [(START + 1000, 10002), (START + 999, 0), (START - 5000, 0), (START - 5001, 10002)];
    for (stamp, code) in cases {
        assert_eq!(desk.told(&signed("GET", BALANCE, "", stamp)).0, code, "{stamp}");
    }
    for (name, value, code) in [("X-BAPI-API-KEY", "unknown", 10003), ("X-BAPI-SIGN", "00", 10004), ("X-BAPI-RECV-WINDOW", "6000", 10004)] {
        assert_eq!(desk.told(&with_header(signed("GET", BALANCE, "", START), name, Some(value))).0, code, "{name}");
    }
    let mut reordered = signed("POST", CREATE, &market("Buy", "0.01", "x").to_string(), START);
    reordered.body.push(b' ');
    let (code, words, _) = desk.told(&reordered);
    // The words may show what was to be signed, key and all.
    assert!(code == 10004 && words.contains("origin_string[1700000000000test-api-key5000{"), "{words}");
    let mut keyless = signed("GET", BALANCE, "", START);
    keyless.headers.clear();
    assert_eq!(desk.send(&keyless).status, 401);
    desk.never_logged(&["test-api-key", "SIGN"]);
}

#[test]
fn what_stands_before_the_exchange_speaks_in_words() {
    let mut desk = Desk::new();
    let mut with_body = signed("GET", BALANCE, "", START);
    with_body.body = b"{}".to_vec();
    for (request, status) in [(signed("GET", "/v5/order/unknown", "", START), 404), (with_body, 403)] {
        let reply = desk.send(&request);
        assert_eq!((reply.status, serde_json::from_slice::<Value>(&reply.body).is_err()), (status, true));
    }
    assert_eq!(desk.get_code("/v5/market/tickers?symbol=BTCUSDT"), 10001, "no category");
    assert_eq!(desk.get_code("/v5/order/realtime?category=linear"), 10001, "no symbol");
    assert_eq!(desk.post_code("/v5/position/switch-isolated", &json!({"category": "linear"})), 100_028);
    assert_eq!(desk.told(&signed("POST", CREATE, "", START)).0, 10001, "no body");
    // Numbers are text and truth values are none.
    for wrong in [json!({"qty": 0.01}), json!({"positionIdx": "0"}), json!({"reduceOnly": "true"}), json!({"orderLinkId": 7})] {
        assert_eq!(desk.post_code(CREATE, &with(market("Buy", "0.01", "w"), wrong.clone())), 10001, "{wrong}");
    }
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn trouble_sounds_like_bybit() {
    // Fault, HTTP status, code, whether the order exists.
    let cases = [
        (Fault::Busy, 429, 429, false),
        (Fault::Unsure { executed: true }, 200, 10016, true),
        (Fault::Unsure { executed: false }, 200, 10016, false),
        (Fault::Timeout { executed: true }, 200, 10000, true),
        (Fault::Timeout { executed: false }, 200, 10000, false),
        (Fault::refuse(200, 110_007, "ab not enough for new order"), 200, 110_007, false),
    ];
    for (fault, status, code, exists) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()).times(1));
        let (said, body) = desk.answer(&signed("POST", CREATE, &market("Buy", "0.01", "x").to_string(), START));
        assert_eq!((said, body["retCode"].as_i64()), (status, Some(code)), "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), exists, "{fault:?}");
    }
    let fault = Fault::RateLimit { retry_after_s: 2, ban_s: 60 };
    let mut desk = Desk::new().struck_by(Rule::new(Class::Read, fault).times(1));
    let request = signed("GET", BALANCE, "", START);
    let reply = desk.send(&request);
    assert_eq!(
        (reply.status, body_of(&reply)["retCode"].as_i64(), reply.header("x-bapi-limit-reset-timestamp")),
        (200, Some(10006), Some("1700000002000"))
    );
    // Whoever asks again too early is shut out, in words.
    let reply = desk.send(&request);
    assert_eq!((reply.status, String::from_utf8_lossy(&reply.body).into_owned()), (403, "access too frequent".to_owned()));
}

#[test]
fn budgets_are_kept_by_path_and_by_address() {
    let mut desk = Desk::limited();
    let codes: Vec<i64> = (0..11).map(|index| desk.post_code(CREATE, &limit("Buy", "0.01", "49000", &format!("l{index}")))).collect();
    assert_eq!(codes.iter().filter(|code| **code == 10006).count(), 1, "{codes:?}");
    let reply = desk.send(&signed("GET", BALANCE, "", START));
    let shown = ["x-bapi-limit", "x-bapi-limit-status", "x-bapi-limit-reset-timestamp"].map(|name| reply.header(name).unwrap().to_owned());
    assert_eq!(shown, ["50", "49", "1700000000000"]);
    desk.now += 1000;
    // A batch counts by its orders.
    let orders: Vec<Value> = (20..30).map(|index| limit("Buy", "0.01", "49000", &format!("l{index}"))).collect();
    desk.post("/v5/order/create-batch", &json!({"category": "linear", "request": orders}));
    assert_eq!(desk.post_code("/v5/order/create-batch", &json!({"category": "linear", "request": [orders[0]]})), 10006);
    // 600 requests in five seconds are the address's limit.
    desk.now += 5000;
    let statuses: Vec<u16> = (0..602).map(|_| desk.send(&signed("GET", "/v5/market/time", "", START)).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 403).count(), 2);
    desk.now += 599_000;
    assert_eq!(desk.send(&signed("GET", "/v5/market/time", "", START)).status, 403);
}
