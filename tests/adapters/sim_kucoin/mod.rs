//! The simulated KuCoin: who may ask, what the documentation shows of every answer, and the quirks of the real one.

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

use crate::desk::{self, Own, START, body_of, column, refused_element, texts, with, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, SimConfig};
use crate::vectors::{KEY, PASSWORD, d, hmac_base64};

const ETH: &str = "ETHUSDTM";
const ORDERS: &str = "/api/v1/orders";
const MULTI: &str = "/api/v1/orders/multi";
const STOPS: &str = "/api/v1/stopOrders";
const NONE: Value = Value::Null;

/// A lot is a hundredth of an ether.
#[derive(Default)]
struct KuCoin {
    placed: u32,
}

impl Own for KuCoin {
    const KIND: Kind = Kind::KuCoin;
    const CONTRACT: &'static str = ETH;
    const PRICE: &'static str = "3000";
}

type Desk = desk::Desk<KuCoin>;

impl Desk {
    fn request(&self, method: &'static str, target: &str, body: &Value) -> HttpRequest {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        signed(method, target, &body, self.now)
    }

    fn call(&mut self, method: &'static str, target: &str, body: &Value) -> (u16, Value) {
        self.answer(&self.request(method, target, body))
    }

    /// The data of an answer in which all went well.
    fn ok(&mut self, method: &'static str, target: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, target, &body);
        assert_eq!((status, answer["code"].as_str()), (200, Some("200000")), "{target} {body}: {answer}");
        answer["data"].clone()
    }

    fn get(&mut self, target: &str) -> Value {
        self.ok("GET", &format!("/api/{target}"), NONE)
    }

    fn delete(&mut self, target: &str) -> Value {
        self.ok("DELETE", &format!("/api/{target}"), NONE)
    }

    /// Code of a refused request.
    fn code(&mut self, method: &'static str, target: &str, body: Value) -> String {
        let (_, answer) = self.call(method, target, &body);
        assert_eq!(answer.get("data"), None, "{target} {body}: {answer}");
        answer["code"].as_str().unwrap().to_owned()
    }

    /// Places an order under a name of its own, unless it has one, and returns its number.
    fn place(&mut self, order: Value) -> String {
        let order = self.named(order);
        self.ok("POST", ORDERS, order)["orderId"].as_str().unwrap().to_owned()
    }

    /// Code of a refused order.
    fn refused(&mut self, order: Value) -> String {
        let order = self.named(order);
        self.code("POST", ORDERS, order)
    }

    fn named(&mut self, order: Value) -> Value {
        self.own.placed += 1;
        if order.get("clientOid").is_some() { order } else { with(order, json!({"clientOid": format!("test-{}", self.own.placed)})) }
    }

    fn order(&mut self, name: &str) -> Value {
        self.get(&format!("v1/orders/byClientOid?clientOid={name}"))
    }

    /// Names of a list of orders.
    fn listed(&mut self, target: &str) -> Vec<String> {
        let data = self.get(target);
        data["items"].as_array().unwrap().iter().map(|row| row["clientOid"].as_str().unwrap().to_owned()).collect()
    }
}

fn signed(method: &'static str, target: &str, body: &str, at: u64) -> HttpRequest {
    let mut headers = vec![
        ("KC-API-KEY", KEY.to_owned()),
        ("KC-API-SIGN", hmac_base64(&format!("{at}{method}{target}{body}"))),
        ("KC-API-TIMESTAMP", at.to_string()),
        ("KC-API-PASSPHRASE", hmac_base64(PASSWORD)),
        ("KC-API-KEY-VERSION", "2".to_owned()),
    ];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

fn market(side: &str, size: u32) -> Value {
    json!({"symbol": ETH, "side": side, "type": "market", "leverage": 5, "marginMode": "CROSS", "size": size})
}

fn limit(side: &str, size: u32, price: &str, name: &str) -> Value {
    with(market(side, size), json!({"type": "limit", "price": price, "clientOid": name}))
}

/// Sells so much when the mark price has fallen to this.
fn stop(size: u32, price: &str, name: &str) -> Value {
    with(market("sell", size), json!({"stop": "down", "stopPrice": price, "stopPriceType": "MP", "reduceOnly": true, "clientOid": name}))
}

/// The same for whatever is held.
fn stop_all(price: &str, name: &str) -> Value {
    with(stop(1, price, name), json!({"size": null, "leverage": null, "reduceOnly": null, "closeOrder": true}))
}

#[test]
fn every_header_is_checked() {
    let mut desk = Desk::new();
    let cases: [(&str, Option<&str>, &str); 13] = [
        ("KC-API-KEY", None, "400001"),
        ("KC-API-KEY", Some("another"), "400003"),
        ("KC-API-PASSPHRASE", None, "400001"),
        ("KC-API-PASSPHRASE", Some("test-password"), "400004"),
        ("KC-API-SIGN", None, "400001"),
        ("KC-API-SIGN", Some("b2g="), "400005"),
        ("KC-API-TIMESTAMP", None, "400001"),
        ("KC-API-TIMESTAMP", Some("2023-11-14T22:13:20Z"), "400002"),
        ("KC-API-TIMESTAMP", Some("1699999994999"), "400002"),
        ("KC-API-TIMESTAMP", Some("1700000005001"), "400002"),
        ("KC-API-TIMESTAMP", Some("1700000005000"), "400005"),
        ("KC-API-KEY-VERSION", None, "400003"),
        ("KC-API-KEY-VERSION", Some("3"), "400003"),
    ];
    for (name, value, code) in cases {
        let request = desk.request("GET", "/api/v1/account-overview?currency=USDT", &NONE);
        let (status, body) = desk.answer(&with_header(request, name, value));
        assert_eq!((status, body["code"].as_str()), (401, Some(code)), "{name} {value:?}");
        assert_eq!(desk.logged(), Some(code));
    }
    let body = json!({"orderIdsList": ["1"]});
    let bare = with_header(desk.request("DELETE", "/api/v1/orders/multi-cancel", &body), "Content-Type", None);
    assert_eq!(desk.answer(&bare).1["code"], "415000");
    // Query and body are signed as they were sent, also that of a DELETE.
    let mut moved = desk.request("GET", "/api/v1/account-overview?currency=USDT", &NONE);
    moved.target = "/api/v1/account-overview?currency=XBT".to_owned();
    let mut changed = desk.request("DELETE", "/api/v1/orders/multi-cancel", &body);
    changed.body = json!({"orderIdsList": ["2"]}).to_string().into_bytes();
    for request in [moved, changed] {
        assert_eq!(desk.answer(&request).1["code"], "400005");
    }
    desk.never_logged(&["test-password", "test-api-key", "SIGN"]);
}

#[test]
fn a_key_of_version_3_says_3() {
    let mut desk = Desk::of(SimConfig { key: "v3-key".to_owned(), ..SimConfig::default() });
    for (version, code) in [("2", "400003"), ("3", "200000")] {
        let request = with_header(desk.request("GET", "/api/v1/positions", &NONE), "KC-API-KEY", Some("v3-key"));
        assert_eq!(desk.answer(&with_header(request, "KC-API-KEY-VERSION", Some(version))).1["code"], code);
    }
}

#[test]
fn the_exchanges_own_clock_counts_and_tells_itself() {
    let mut desk = Desk::new().under(Conditions { clock_skew_ms: 5001, ..Conditions::default() });
    assert_eq!(desk.code("GET", "/api/v1/positions", NONE), "400002");
    assert_eq!(desk.get("v1/timestamp"), START + 5001);
    assert_eq!(desk.get("v1/ticker?symbol=ETHUSDTM")["ts"], (START + 5001) * 1_000_000);
}

#[test]
fn trouble_is_told_in_its_words() {
    // Fault, status, code, milliseconds to wait.
    let cases = [
        (Fault::refuse(200, 300_003, "no"), 200, "300003", None),
        (Fault::Busy, 200, "200002", None),
        (Fault::Unsure { executed: true }, 500, "500000", None),
        (Fault::Timeout { executed: true }, 200, "408000", None),
        (Fault::RateLimit { retry_after_s: 2, ban_s: 0 }, 429, "429000", Some("2000")),
    ];
    for (fault, status, code, wait) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()));
        let reply = desk.send(&desk.request("POST", ORDERS, &with(market("buy", 10), json!({"clientOid": "m1"}))));
        assert_eq!(
            (reply.status, body_of(&reply)["code"].as_str(), reply.header("gw-ratelimit-reset")),
            (status, Some(code), wait),
            "{fault:?}"
        );
        assert_eq!(desk.held(Side::Long), d(if fault.executes() { "0.1" } else { "0" }));
    }
    let mut desk = Desk::new().struck_by(Rule::new(Class::Read, Fault::RateLimit { retry_after_s: 2, ban_s: 60 }));
    desk.call("GET", "/api/v1/positions", &NONE);
    let reply = desk.send(&desk.request("GET", "/api/v1/positions", &NONE));
    assert_eq!((reply.status, reply.body.as_slice()), (403, b"error code: 1015".as_slice()));
    let (status, body) = Desk::new().call("GET", "/api/v1/nothing", &NONE);
    assert_eq!((status, body["code"].as_str()), (404, Some("404000")));
}

#[test]
fn what_is_asked_weighs_something_and_the_window_ends() {
    let mut desk = Desk::limited();
    desk.now = START / 30_000 * 30_000 + 40_000;
    let reply = desk.send(&desk.request("DELETE", STOPS, &NONE));
    let header = |name| reply.header(name).unwrap().to_owned();
    assert_eq!([header("gw-ratelimit-limit"), header("gw-ratelimit-remaining"), header("gw-ratelimit-reset")], ["2000", "1985", "20000"]);
    for _ in 0..397 {
        desk.get("v1/account-overview?currency=USDT");
    }
    assert_eq!(desk.call("GET", "/api/v1/account-overview?currency=USDT", &NONE).0, 429);
    assert_eq!(desk.get("v1/status")["status"], "open", "what needs no key has a budget of its own");
    desk.now += 20_000;
    desk.get("v1/account-overview?currency=USDT");
}
