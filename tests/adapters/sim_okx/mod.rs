//! The simulated OKX: who may ask, what the documentation shows of every answer, and the quirks of the real one.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod guards;
mod orders;
mod settings;
mod vectors;

use perphook::exchange::http::HttpRequest;
use perphook::market::{Decimal, Side, Symbol};
use serde_json::{Value, json};

use crate::desk::{self, Own, START, body_of, refused_element, with, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::{Kind, SimConfig};
use crate::vectors::{KEY, PASSWORD, d, hmac_base64};

const ETH: &str = "ETH-USDT-SWAP";
const ORDER: &str = "/api/v5/trade/order";
const BATCH: &str = "/api/v5/trade/batch-orders";
const ALGO: &str = "/api/v5/trade/order-algo";
const LEVERAGE: &str = "/api/v5/account/set-leverage";

/// One contract is a tenth of an ether.
#[derive(Default)]
struct Okx {
    expires: Option<u64>,
}

impl Own for Okx {
    const KIND: Kind = Kind::Okx;
    const CONTRACT: &'static str = ETH;
    const PRICE: &'static str = "3000";
}

type Desk = desk::Desk<Okx>;

impl Desk {
    fn request(&self, method: &'static str, target: &str, body: &Value) -> HttpRequest {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut request = signed(method, target, &body, &to_iso(self.now));
        request.headers.extend(self.own.expires.map(|at| ("expTime", at.to_string())));
        request
    }

    fn call(&mut self, method: &'static str, target: &str, body: &Value) -> (u16, Value) {
        self.answer(&self.request(method, target, body))
    }

    fn get(&mut self, target: &str) -> Value {
        let (status, body) = self.call("GET", &format!("/api/v5/{target}"), &Value::Null);
        assert_eq!((status, body["code"].as_str()), (200, Some("0")), "{target}: {body}");
        body["data"].clone()
    }

    /// Code of a refused read.
    fn get_code(&mut self, target: &str) -> String {
        let (_, body) = self.call("GET", &format!("/api/v5/{target}"), &Value::Null);
        body["code"].as_str().unwrap().to_owned()
    }

    /// The first element of an answer in which all went well.
    fn ok(&mut self, path: &str, body: Value) -> Value {
        let (status, answer) = self.call("POST", path, &body);
        assert_eq!((status, answer["code"].as_str()), (200, Some("0")), "{path} {body}: {answer}");
        answer["data"][0].clone()
    }

    /// Code of the first element, or of a request that was refused as a whole.
    fn code(&mut self, path: &str, body: Value) -> String {
        let (_, answer) = self.call("POST", path, &body);
        assert_ne!(answer["code"], "0", "{path} {body}: {answer}");
        answer["data"][0]["sCode"].as_str().or(answer["code"].as_str()).unwrap().to_owned()
    }

    /// Buys contracts at the market.
    fn buy(&mut self, contracts: &str) {
        self.ok(ORDER, market("buy", contracts));
    }

    fn order(&mut self, name: &str) -> Value {
        self.get(&format!("trade/order?instId={ETH}&clOrdId={name}"))[0].clone()
    }
}

/// The time as requests write it: year by year and month by month.
fn to_iso(at: u64) -> String {
    let length = |year: u64| 365 + u64::from(year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)));
    let (mut days, mut year, mut month) = (at / 86_400_000, 1970, 1);
    while days >= length(year) {
        days -= length(year);
        year += 1;
    }
    for in_month in [31, length(year) - 337, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < in_month {
            break;
        }
        days -= in_month;
        month += 1;
    }
    let (hour, minute, second) = (at / 3_600_000 % 24, at / 60_000 % 60, at / 1000 % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", days + 1, at % 1000)
}

fn signed(method: &'static str, target: &str, body: &str, timestamp: &str) -> HttpRequest {
    let headers = vec![
        ("OK-ACCESS-KEY", KEY.to_owned()),
        ("OK-ACCESS-SIGN", hmac_base64(&format!("{timestamp}{method}{target}{body}"))),
        ("OK-ACCESS-TIMESTAMP", timestamp.to_owned()),
        ("OK-ACCESS-PASSPHRASE", PASSWORD.to_owned()),
        ("Content-Type", "application/json".to_owned()),
    ];
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

fn market(side: &str, sz: &str) -> Value {
    json!({"instId": ETH, "tdMode": "cross", "side": side, "ordType": "market", "sz": sz})
}

fn limit(side: &str, sz: &str, px: &str, name: &str) -> Value {
    json!({"instId": ETH, "tdMode": "cross", "side": side, "ordType": "limit", "sz": sz, "px": px, "clOrdId": name})
}

/// A stop for the whole long position that ends with it.
fn stop(price: &str, name: &str) -> Value {
    json!({"instId": ETH, "tdMode": "cross", "side": "sell", "ordType": "conditional", "closeFraction": "1", "reduceOnly": true,
           "cxlOnClosePos": true, "slTriggerPx": price, "slOrdPx": "-1", "slTriggerPxType": "mark", "algoClOrdId": name})
}

/// A target for a part of the long position.
fn target(price: &str, sz: &str, name: &str) -> Value {
    json!({"instId": ETH, "tdMode": "cross", "side": "sell", "ordType": "conditional", "sz": sz, "reduceOnly": true,
           "tpTriggerPx": price, "tpOrdPx": "-1", "algoClOrdId": name})
}

#[test]
fn every_header_is_checked() {
    let mut desk = Desk::new();
    let cases: [(&str, Option<&str>, &str); 11] = [
        ("OK-ACCESS-KEY", None, "50103"),
        ("OK-ACCESS-KEY", Some("another"), "50111"),
        ("OK-ACCESS-PASSPHRASE", None, "50104"),
        ("OK-ACCESS-PASSPHRASE", Some("another"), "50105"),
        ("OK-ACCESS-SIGN", None, "50106"),
        ("OK-ACCESS-SIGN", Some("b2g="), "50113"),
        ("OK-ACCESS-TIMESTAMP", None, "50107"),
        ("OK-ACCESS-TIMESTAMP", Some("1700000000000"), "50112"),
        ("OK-ACCESS-TIMESTAMP", Some("2023-11-14T22:13:20Z"), "50112"),
        ("OK-ACCESS-TIMESTAMP", Some("2023-11-14T22:13:20.001Z"), "50113"),
        ("x-simulated-trading", Some("1"), "50101"),
    ];
    for (name, value, code) in cases {
        let request = desk.request("GET", "/api/v5/account/balance?ccy=USDT", &Value::Null);
        let (status, body) = desk.answer(&with_header(request, name, value));
        assert_eq!((status, body["code"].as_str()), (401, Some(code)), "{name} {value:?}");
        assert_eq!(desk.logged(), Some(code));
    }
    let bare = with_header(desk.request("POST", LEVERAGE, &json!({})), "Content-Type", None);
    assert_eq!(desk.answer(&bare).1["code"], "50006");
    // Query and body are signed as they were sent.
    let mut moved = desk.request("GET", "/api/v5/account/balance?ccy=USDT", &Value::Null);
    moved.target = "/api/v5/account/balance?ccy=BTC".to_owned();
    assert_eq!(desk.answer(&moved).1["code"], "50113");
    desk.never_logged(&["test-password", "test-api-key", "SIGN"]);
}

#[test]
fn a_demo_key_wants_the_demo_header() {
    let mut desk = Desk::of(SimConfig { key: "demo-key".to_owned(), ..SimConfig::default() });
    for (header, code) in [(None, "50101"), (Some("1"), "0")] {
        let request = with_header(desk.request("GET", "/api/v5/account/config", &Value::Null), "OK-ACCESS-KEY", Some("demo-key"));
        assert_eq!(desk.answer(&with_header(request, "x-simulated-trading", header)).1["code"], code);
    }
}

#[test]
fn the_clock_may_be_off_by_half_a_minute_either_way() {
    let mut desk = Desk::new();
    for (off, code) in [(-30_001, "50102"), (-30_000, "0"), (30_000, "0"), (30_001, "50102")] {
        let said = to_iso(START.saturating_add_signed(off));
        let request = signed("GET", "/api/v5/account/config", "", &said);
        assert_eq!(desk.answer(&request).1["code"], code, "{off}");
    }
    // The exchange's own clock counts, and tells itself.
    let mut skewed = Desk::new().under(Conditions { clock_skew_ms: 31_000, ..Conditions::default() });
    assert_eq!(skewed.get_code("account/config"), "50102");
    assert_eq!(skewed.get("public/time")[0]["ts"], (START + 31_000).to_string());
    let leap = signed("GET", "/api/v5/account/config", "", "2024-02-29T23:59:59.999Z");
    desk.now = 1_709_251_199_999;
    assert_eq!(desk.answer(&leap).1["code"], "0");
    assert_eq!(to_iso(1_709_251_199_999), "2024-02-29T23:59:59.999Z");
    assert_eq!(to_iso(1_735_689_600_000), "2025-01-01T00:00:00.000Z");
}

#[test]
fn trouble_is_told_in_its_words() {
    // Fault, path, status, code at the top, code of the element.
    let refuse = || Fault::refuse(200, 51008, "no");
    let cases = [
        (refuse(), ORDER, 200, "1", Some("51008")),
        (refuse(), LEVERAGE, 200, "51008", None),
        (Fault::Busy, ORDER, 503, "50013", None),
        (Fault::Unsure { executed: true }, ORDER, 500, "50026", None),
        (Fault::Timeout { executed: true }, ORDER, 400, "50004", None),
        (Fault::RateLimit { retry_after_s: 2, ban_s: 0 }, ORDER, 429, "50011", None),
    ];
    for (fault, path, status, code, element) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Any, fault.clone()).on("POST", path));
        let reply = desk.send(&desk.request("POST", path, &market("buy", "1")));
        assert!(reply.headers.is_empty(), "nothing says how long to wait");
        let body = body_of(&reply);
        assert_eq!((reply.status, body["code"].as_str(), body["data"][0]["sCode"].as_str()), (status, Some(code), element), "{fault:?}");
        assert_eq!(desk.held(Side::Long), d(if fault.executes() { "0.1" } else { "0" }));
    }
    assert_eq!(Desk::new().call("GET", "/api/v5/trade/nothing", &Value::Null).0, 404);
}

#[test]
fn budgets_are_of_two_seconds_and_of_a_contract() {
    let mut desk = Desk::limited();
    for count in 0..60 {
        desk.ok(ORDER, market(if count % 2 == 0 { "buy" } else { "sell" }, "0.01"));
    }
    assert_eq!(desk.call("POST", ORDER, &market("buy", "0.01")).0, 429);
    desk.ok(ORDER, with(market("buy", "1"), json!({"instId": "BTC-USDT-SWAP"})));
    desk.now += 2000;
    desk.buy("0.01");
    // Reading is another budget.
    assert_eq!((0..11).map(|_| desk.get_code("account/balance")).filter(|code| code == "50011").count(), 1);
}
