//! The simulated CoinEx: who may ask, how it says no, and how trouble sounds.

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

use crate::desk::{self, Own, START, refused_element, texts, with_header};
use crate::sim::Kind;
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::vectors::{KEY, d, hmac_hex};

const ETH: &str = "ETHUSDT";

#[derive(Default)]
struct CoinEx;

impl Own for CoinEx {
    const KIND: Kind = Kind::CoinEx;
    const CONTRACT: &'static str = ETH;
    const PRICE: &'static str = "2000";
}

type Desk = desk::Desk<CoinEx>;

impl Desk {
    fn get(&mut self, path: &str, query: &str) -> Value {
        let target = if query.is_empty() { format!("/v2/{path}") } else { format!("/v2/{path}?{query}") };
        let request = signed("GET", &target, "", self.now);
        self.answer(&request).1
    }

    /// A POST; all of an account's say that they mean futures.
    fn post(&mut self, path: &str, mut body: Value) -> Value {
        body["market_type"] = "FUTURES".into();
        let request = signed("POST", &format!("/v2/futures/{path}"), &body.to_string(), self.now);
        self.answer(&request).1
    }

    /// The data of a POST that is a success.
    fn done(&mut self, path: &str, body: Value) -> Value {
        let mut answer = self.post(path, body.clone());
        assert_eq!((&answer["code"], &answer["message"]), (&json!(0), &json!("OK")), "{path} {body}: {answer}");
        answer["data"].take()
    }

    /// The code of a POST that is refused.
    fn refused(&mut self, path: &str, body: Value) -> i64 {
        let answer = self.post(path, body.clone());
        assert_eq!(answer["data"], json!({}), "{path} {body}: {answer}");
        let code = answer["code"].as_i64().unwrap();
        assert_eq!(self.logged(), Some(code.to_string().as_str()));
        code
    }

    fn market_order(&mut self, side: &str, amount: &str) -> Value {
        self.done("order", json!({"market": ETH, "side": side, "type": "market", "amount": amount}))
    }

    fn limit(&mut self, side: &str, amount: &str, price: &str, name: &str) -> Value {
        self.done("order", json!({"market": ETH, "side": side, "type": "limit", "amount": amount, "price": price, "client_id": name}))
    }

    /// The rows of a list about ether.
    fn rows(&mut self, path: &str, more: &str) -> Vec<Value> {
        let answer = self.get(&format!("futures/{path}"), &format!("market=ETHUSDT&market_type=FUTURES{more}"));
        answer["data"].as_array().unwrap_or_else(|| panic!("{path}: {answer}")).clone()
    }

    fn position(&mut self) -> Value {
        self.rows("pending-position", "").first().cloned().unwrap_or_default()
    }
}

/// A request signed as the documentation says.
fn signed(method: &'static str, target: &str, body: &str, at: u64) -> HttpRequest {
    let headers = vec![
        ("X-COINEX-KEY", KEY.to_owned()),
        ("X-COINEX-SIGN", hmac_hex(&format!("{method}{target}{body}{at}"))),
        ("X-COINEX-TIMESTAMP", at.to_string()),
        ("Content-Type", "application/json".to_owned()),
    ];
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

const BALANCE: &str = "/v2/assets/futures/balance";

#[test]
fn key_and_signature_are_checked_over_the_exact_bytes() {
    let mut desk = Desk::new();
    let body = json!({"market": ETH, "market_type": "FUTURES", "side": "buy", "type": "market", "amount": "0.05"}).to_string();
    let order = || signed("POST", "/v2/futures/order", &body, START);
    let with = |name, value| with_header(order(), name, value);
    let mut longer = order();
    longer.body.push(b' ');
    let mut other_query = signed("GET", "/v2/futures/pending-position?market_type=FUTURES&market=ETHUSDT", "", START);
    other_query.target = "/v2/futures/pending-position?market=ETHUSDT&market_type=FUTURES".to_owned();
    let cases = [
        (with("X-COINEX-KEY", Some("unknown")), 4005),
        (with("X-COINEX-KEY", None), 4005),
        (with("X-COINEX-SIGN", Some("00")), 4006),
        (with("X-COINEX-SIGN", None), 4008),
        (with("X-COINEX-TIMESTAMP", Some("1700000000001")), 4006),
        (with("Content-Type", Some("text/plain")), 4004),
        (longer, 4006),
        (other_query, 4006),
    ];
    for (request, code) in cases {
        let (status, answer) = desk.answer(&request);
        assert_eq!((status, answer["code"].as_i64()), (200, Some(code)), "{request:?}");
    }
    assert!(desk.held(Side::Long).is_zero());
    assert_eq!(desk.answer(&order()).1["code"], 0);
    desk.never_logged(&["test-api-key", "COINEX"]);
}

#[test]
fn the_clock_may_be_off_by_the_window() {
    let cases =
        [(5000, "", 0), (5001, "", 4010), (-5000, "", 0), (-5001, "", 4017), (3000, "2000", 4010), (20_000, "20000", 0), (0, "soon", 4004)];
    for (late_ms, window, code) in cases {
        let mut desk = Desk::new();
        let request = signed("GET", BALANCE, "", START.checked_add_signed(-late_ms).unwrap());
        assert_eq!(desk.answer(&with_header(request, "X-COINEX-WINDOWTIME", Some(window))).1["code"], code, "{late_ms} {window}");
    }
    // The exchange's own clock is what counts, and it can be asked for.
    let mut desk = Desk::new().under(Conditions { clock_skew_ms: -9000, ..Conditions::default() });
    assert_eq!(desk.answer(&signed("GET", BALANCE, "", START)).1["code"], 4017);
    assert_eq!(desk.get("time", "")["data"]["timestamp"], START - 9000);
    assert_eq!(desk.answer(&signed("GET", BALANCE, "", START - 9000)).1["code"], 0);
}

#[test]
fn paths_and_methods_that_are_not_served() {
    let mut desk = Desk::new();
    for (method, path, status, code) in [
        ("GET", "/v2/futures/nothing", 404, 404),
        ("GET", "/v1/market/list", 404, 404),
        ("GET", "/v2/futures/order", 200, 4009),
        ("DELETE", "/v2/futures/cancel-order", 200, 4009),
    ] {
        let (told, answer) = desk.answer(&signed(method, path, "", START));
        assert_eq!((told, answer["code"].as_i64()), (status, Some(code)), "{method} {path}");
    }
}

#[test]
fn trouble_sounds_like_coinex() {
    let cases = [
        (Fault::Busy, 200, 3008, false),
        (Fault::Unsure { executed: true }, 200, 4003, true),
        (Fault::Unsure { executed: false }, 200, 4003, false),
        (Fault::Timeout { executed: true }, 200, 4002, true),
        (Fault::Timeout { executed: false }, 200, 4002, false),
        (Fault::RateLimit { retry_after_s: 1, ban_s: 0 }, 200, 4213, false),
        (Fault::refuse(200, 3620, "depth"), 200, 3620, false),
        (Fault::refuse(503, 4001, "unavailable"), 503, 4001, false),
    ];
    for (fault, status, code, exists) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()).times(1));
        let body = json!({"market": ETH, "market_type": "FUTURES", "side": "buy", "type": "market", "amount": "0.05"}).to_string();
        let (said, answer) = desk.answer(&signed("POST", "/v2/futures/order", &body, START));
        assert_eq!((said, answer["code"].as_i64()), (status, Some(code)), "{fault:?}: {answer}");
        assert_eq!(!desk.held(Side::Long).is_zero(), exists, "{fault:?}");
    }
    // Shut out: another code.
    let mut desk = Desk::new().struck_by(Rule::new(Class::Any, Fault::RateLimit { retry_after_s: 5, ban_s: 60 }).times(1));
    assert_eq!([desk.get("time", ""), desk.get("time", "")].map(|answer| answer["code"].as_i64().unwrap()), [4213, 4123]);
}

#[test]
fn each_group_of_requests_has_a_budget_of_its_own() {
    let mut desk = Desk::limited();
    let reply = desk.send(&signed("GET", BALANCE, "", START));
    assert_eq!((reply.header("x-ratelimit-limit"), reply.header("x-ratelimit-remaining")), (Some("10"), Some("9")));
    let order = json!({"market": ETH, "side": "buy", "type": "limit", "amount": "0.05", "price": "1900"});
    // Every order of a batch counts.
    let batch = json!({"orders": vec![json!({"market": ETH, "market_type": "FUTURES", "side": "buy", "type": "limit", "amount": "0.05", "price": "1900"}); 5]});
    (0..3).for_each(|_| drop(desk.done("batch-order", batch.clone())));
    (0..5).for_each(|_| drop(desk.done("order", order.clone())));
    assert_eq!(desk.refused("order", order.clone()), 4213);
    (0..40).for_each(|_| assert_eq!(desk.refused("cancel-order", json!({"market": ETH, "order_id": 1})), 3600));
    assert_eq!(desk.refused("cancel-order", json!({"market": ETH, "order_id": 1})), 4213);
    assert_eq!(desk.rows("pending-order", "").len(), 10);
    desk.now += 1000;
    desk.done("order", order);
}
