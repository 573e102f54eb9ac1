//! The simulated KuCoin: who may ask, what the documentation shows of every answer, and the quirks of the real one.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod guards;
mod lists;
mod orders;
mod settings;
mod vectors;

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::http::HttpRequest;
use perphook::market::{Decimal, Side, Symbol};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::{Answer, Kind, Outcome, Reply, Sim, SimConfig};

const START: u64 = 1_700_000_000_000;
const ETH: &str = "ETHUSDTM";
const ORDERS: &str = "/api/v1/orders";
const MULTI: &str = "/api/v1/orders/multi";
const STOPS: &str = "/api/v1/stopOrders";
const NONE: Value = Value::Null;

/// A client with its own clock, and the exchange. A lot is a hundredth of an ether, which costs 3000.
struct Desk {
    sim: Sim,
    now: u64,
    placed: u32,
}

fn config() -> SimConfig {
    SimConfig { exchange: Kind::KuCoin, ..SimConfig::default() }
}

impl Desk {
    fn new() -> Desk {
        Desk { sim: Sim::new(config(), START), now: START, placed: 0 }
    }

    fn hedge() -> Desk {
        Desk { sim: Sim::new(SimConfig { hedge: true, ..config() }, START), ..Desk::new() }
    }

    fn with(rules: Vec<Rule>, conditions: Conditions) -> Desk {
        let mut desk = Desk::new();
        desk.sim.set_faults(Faults::new(1, rules, conditions), START);
        desk
    }

    fn request(&self, method: &'static str, target: &str, body: &Value) -> HttpRequest {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        signed(method, target, &body, self.now)
    }

    fn send(&mut self, method: &'static str, target: &str, body: &Value) -> Answer {
        let request = self.request(method, target, body);
        self.sim.answer(&request, self.now)
    }

    /// Status and body of an answer that is whole.
    fn call(&mut self, method: &'static str, target: &str, body: &Value) -> (u16, Value) {
        let (reply, body) = told(self.send(method, target, body));
        (reply.status, body)
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
        self.placed += 1;
        if order.get("clientOid").is_some() { order } else { with(order, json!({"clientOid": format!("test-{}", self.placed)})) }
    }

    fn price(&mut self, price: &str) {
        self.sim.set_price(ETH, Decimal::from_str(price).unwrap(), self.now).unwrap();
    }

    /// What is held of a side, in coins.
    fn held(&self, side: Side) -> String {
        self.sim.book.position(&Symbol::new(ETH), side).normalize().to_string()
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

/// An answer that is whole, and its body.
fn told(answer: Answer) -> (Reply, Value) {
    match answer.outcome {
        Outcome::Reply(reply) => (reply.clone(), serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
        other => panic!("no answer: {other:?}"),
    }
}

fn hmac(text: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"test-api-secret").unwrap();
    mac.update(text.as_bytes());
    STANDARD.encode(mac.finalize().into_bytes())
}

fn signed(method: &'static str, target: &str, body: &str, at: u64) -> HttpRequest {
    let mut headers = vec![
        ("KC-API-KEY", "test-api-key".to_owned()),
        ("KC-API-SIGN", hmac(&format!("{at}{method}{target}{body}"))),
        ("KC-API-TIMESTAMP", at.to_string()),
        ("KC-API-PASSPHRASE", hmac("test-password")),
        ("KC-API-KEY-VERSION", "2".to_owned()),
    ];
    if !body.is_empty() {
        headers.push(("Content-Type", "application/json".to_owned()));
    }
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

/// The first object with the fields of the second in place of its own; `null` takes one away.
fn with(mut order: Value, more: Value) -> Value {
    for (name, value) in more.as_object().unwrap() {
        order[name] = value.clone();
    }
    order.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    order
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
        let mut request = desk.request("GET", "/api/v1/account-overview?currency=USDT", &NONE);
        request.headers.retain(|(known, _)| *known != name);
        request.headers.extend(value.map(|value| (name, value.to_owned())));
        let (reply, body) = told(desk.sim.answer(&request, START));
        assert_eq!((reply.status, body["code"].as_str()), (401, Some(code)), "{name} {value:?}");
        assert_eq!(desk.sim.log.entries.back().unwrap().code.as_deref(), Some(code));
    }
    let body = json!({"orderIdsList": ["1"]});
    let mut bare = desk.request("DELETE", "/api/v1/orders/multi-cancel", &body);
    bare.headers.retain(|(name, _)| *name != "Content-Type");
    assert_eq!(told(desk.sim.answer(&bare, START)).1["code"], "415000");
    // Query and body are signed as they were sent, also that of a DELETE.
    let mut moved = desk.request("GET", "/api/v1/account-overview?currency=USDT", &NONE);
    moved.target = "/api/v1/account-overview?currency=XBT".to_owned();
    let mut changed = desk.request("DELETE", "/api/v1/orders/multi-cancel", &body);
    changed.body = json!({"orderIdsList": ["2"]}).to_string().into_bytes();
    for request in [moved, changed] {
        assert_eq!(told(desk.sim.answer(&request, START)).1["code"], "400005");
    }
    let text = format!("{:?}", desk.sim.log.entries);
    assert!(!["test-password", "test-api-key", "SIGN"].iter().any(|word| text.contains(word)), "{text}");
}

#[test]
fn a_key_of_version_3_says_3() {
    let mut sim = Sim::new(SimConfig { key: "v3-key".to_owned(), ..config() }, START);
    for (version, code) in [("2", "400003"), ("3", "200000")] {
        let mut request = signed("GET", "/api/v1/positions", "", START);
        (request.headers[0].1, request.headers[4].1) = ("v3-key".to_owned(), version.to_owned());
        assert_eq!(told(sim.answer(&request, START)).1["code"], code);
    }
}

#[test]
fn the_exchanges_own_clock_counts_and_tells_itself() {
    let mut desk = Desk::with(Vec::new(), Conditions { clock_skew_ms: 5001, ..Conditions::default() });
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
        let mut desk = Desk::with(vec![Rule::new(Class::Place, fault.clone())], Conditions::default());
        let (reply, body) = told(desk.send("POST", ORDERS, &with(market("buy", 10), json!({"clientOid": "m1"}))));
        assert_eq!((reply.status, body["code"].as_str(), reply.header("gw-ratelimit-reset")), (status, Some(code), wait), "{fault:?}");
        assert_eq!(desk.held(Side::Long), if fault.executes() { "0.1" } else { "0" });
    }
    let mut desk = Desk::with(vec![Rule::new(Class::Read, Fault::RateLimit { retry_after_s: 2, ban_s: 60 })], Conditions::default());
    desk.call("GET", "/api/v1/positions", &NONE);
    let (reply, _) = told(desk.send("GET", "/api/v1/positions", &NONE));
    assert_eq!((reply.status, reply.body.as_slice()), (403, b"error code: 1015".as_slice()));
    let (status, body) = Desk::new().call("GET", "/api/v1/nothing", &NONE);
    assert_eq!((status, body["code"].as_str()), (404, Some("404000")));
}

#[test]
fn what_is_asked_weighs_something_and_the_window_ends() {
    let mut desk = Desk::new();
    desk.sim.config.limits = true;
    desk.now = START / 30_000 * 30_000 + 40_000;
    let (reply, _) = told(desk.send("DELETE", STOPS, &NONE));
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
