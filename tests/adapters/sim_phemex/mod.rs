//! The simulated Phemex: who may ask, how it says no, and how trouble sounds.

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

use crate::desk::{self, Own, START, body_of, column, texts, with, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, Reply, SimConfig};
use crate::vectors::{KEY, d, hmac_hex};

const ORDERS: &str = "/g-orders";
const BALANCE: &str = "/g-accounts/accountPositions?currency=USDT";

#[derive(Default)]
struct Phemex;

impl Own for Phemex {
    const KIND: Kind = Kind::Phemex;
    const CONTRACT: &'static str = "BTCUSDT";
    const PRICE: &'static str = "50000";
}

type Desk = desk::Desk<Phemex>;

impl Desk {
    /// Code, words and data of an answer; a code inside of an order that reads as a success counts.
    fn told(&mut self, request: &HttpRequest) -> (i64, String, Value) {
        let (_, mut body) = self.answer(request);
        let outer = body["code"].as_i64().or_else(|| body["code"].as_str()?.parse().ok()).expect("a code");
        let code = if outer == 0 { body["data"]["bizError"].as_i64().unwrap_or(0) } else { outer };
        if code != 0 {
            assert_eq!(self.logged(), Some(code.to_string().as_str()));
        }
        (code, body["msg"].as_str().expect("words").to_owned(), body["data"].take())
    }

    fn ask(&mut self, method: &'static str, target: &str, body: &str) -> Value {
        let (code, words, data) = self.told(&signed(method, target, body, self.now));
        assert_eq!(code, 0, "{method} {target} {body}: {words}");
        data
    }

    fn code(&mut self, method: &'static str, target: &str) -> i64 {
        self.told(&signed(method, target, "", self.now)).0
    }

    fn post(&mut self, body: &Value) -> Value {
        self.ask("POST", ORDERS, &body.to_string())
    }

    fn post_code(&mut self, body: &Value) -> i64 {
        self.told(&signed("POST", ORDERS, &body.to_string(), self.now)).0
    }

    fn get(&mut self, target: &str) -> Value {
        self.ask("GET", target, "")
    }

    fn put(&mut self, target: &str) -> Value {
        self.ask("PUT", target, "")
    }

    fn delete(&mut self, target: &str) -> Value {
        self.ask("DELETE", target, "")
    }

    /// One order, whatever became of it, as the database tells it in any of its shapes; nothing if it has none.
    fn stored(&mut self, name: &str) -> Value {
        let data = self.get(&format!("/api-data/g-futures/orders/by-order-id?symbol=BTCUSDT&clOrdID={name}"));
        let rows = data.get("rows").unwrap_or(&data);
        if rows.is_array() { rows.get(0).cloned().unwrap_or_default() } else { rows.clone() }
    }

    /// Rows of what is open.
    fn open_rows(&mut self) -> Vec<Value> {
        let (code, _, data) = self.told(&signed("GET", "/g-orders/activeList?symbol=BTCUSDT", "", self.now));
        assert!(code == 0 || (code == 10002 && data.is_null()), "{code}");
        data["rows"].as_array().cloned().unwrap_or_default()
    }

    /// What is open, as (type, trigger price or price).
    fn open(&mut self) -> Vec<(String, String)> {
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let price = |row: &Value| text(row, if row["stopPxRp"] == "0" { "priceRp" } else { "stopPxRp" });
        self.open_rows().iter().map(|row| (text(row, "orderType"), price(row))).collect()
    }

    /// The rows of a contract's positions.
    fn positions(&mut self, symbol: &str) -> Vec<Value> {
        self.get(&format!("{BALANCE}&symbol={symbol}"))["positions"].as_array().expect("rows").clone()
    }

    fn buy(&mut self, name: &str) {
        self.post(&market("Buy", "0.01", name));
    }
}

/// The text that is signed and its signature, good for a minute, sent as the documentation says.
fn signed(method: &'static str, target: &str, body: &str, now: u64) -> HttpRequest {
    expiring(method, target, body, &(now / 1000 + 60).to_string())
}

fn expiring(method: &'static str, target: &str, body: &str, expiry: &str) -> HttpRequest {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers = vec![
        ("x-phemex-access-token", KEY.to_owned()),
        ("x-phemex-request-expiry", expiry.to_owned()),
        ("x-phemex-request-signature", hmac_hex(&format!("{path}{query}{expiry}{body}"))),
    ];
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

fn market(side: &str, qty: &str, name: &str) -> Value {
    json!({"symbol": "BTCUSDT", "side": side, "ordType": "Market", "clOrdID": name, "posSide": "Merged", "orderQtyRq": qty})
}

fn limit(side: &str, qty: &str, price: &str, name: &str) -> Value {
    with(market(side, qty, name), json!({"ordType": "Limit", "priceRp": price}))
}

/// A guard of 0.01 of a long position: `Stop` or `MarketIfTouched`.
fn guard(kind: &str, price: &str, name: &str) -> Value {
    let more = json!({
        "ordType": kind, "stopPxRp": price, "triggerType": "ByMarkPrice", "reduceOnly": true, "closeOnTrigger": true,
        "timeInForce": "ImmediateOrCancel",
    });
    with(market("Sell", "0.01", name), more)
}

#[test]
fn key_expiry_and_signature_are_checked() {
    let mut desk = Desk::new();
    desk.get(BALANCE);
    desk.get("/public/time");
    let now = START / 1000;
    // Whole seconds; the last one is over when it has passed.
    let cases = [(now, 0, 0), (now, 999, 0), (now, 1000, 401), (now - 1, 0, 401), (now + 120, 0, 0), (now + 121, 0, 401)];
    for (expiry, later, code) in cases {
        desk.now = START + later;
        assert_eq!(desk.told(&expiring("GET", BALANCE, "", &expiry.to_string())).0, code, "{expiry} {later}");
    }
    desk.now = START;
    for expiry in [(START + 60_000).to_string(), format!("{}.5", now + 60), String::new()] {
        let (code, words, _) = desk.told(&expiring("GET", BALANCE, "", &expiry));
        assert!(code == 401 && words.contains("Request Expired at"), "{expiry}: {words}");
    }
    let changed = |name, value| with_header(signed("GET", BALANCE, "", START), name, Some(value));
    let (status, body) = desk.answer(&changed("x-phemex-access-token", "unknown"));
    // The gateway's codes are text.
    assert_eq!((status, &body["code"]), (401, &json!("401")));
    let (status, body) = desk.answer(&changed("x-phemex-request-signature", "00"));
    assert_eq!((status, &body["code"], body["data"].is_null()), (200, &json!(10500), true));
    // The body is signed byte for byte.
    let mut longer = signed("POST", ORDERS, &market("Buy", "0.01", "x").to_string(), START);
    longer.body.push(b' ');
    assert_eq!(desk.told(&longer).0, 10500);
    // A list may be signed as it is sent or decoded.
    let sent = "/g-orders?symbol=BTCUSDT&orderID=a%2Cb&posSide=Merged";
    let mut decoded = signed("DELETE", &sent.replace("%2C", ","), "", START);
    decoded.target = sent.to_owned();
    assert_eq!((desk.told(&decoded).0, desk.code("DELETE", sent)), (10002, 10002));
    desk.never_logged(&["test-api-key", "signature"]);
}

#[test]
fn trouble_sounds_like_phemex() {
    // Fault, HTTP status, code as it stands there, whether the order exists.
    let cases = [
        (Fault::Busy, 200, json!(10500), false),
        (Fault::Unsure { executed: true }, 200, json!(11107), true),
        (Fault::Unsure { executed: false }, 200, json!(11107), false),
        (Fault::Timeout { executed: true }, 504, json!("504"), true),
        (Fault::Timeout { executed: false }, 504, json!("504"), false),
        (Fault::refuse(200, 11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE"), 200, json!(11001), false),
    ];
    for (fault, status, code, exists) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()).times(1));
        let (said, body) = desk.answer(&signed("POST", ORDERS, &market("Buy", "0.01", "x").to_string(), START));
        assert_eq!((said, &body["code"]), (status, &code), "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), exists, "{fault:?}");
    }
    let fault = Fault::RateLimit { retry_after_s: 2, ban_s: 60 };
    let mut desk = Desk::new().struck_by(Rule::new(Class::Read, fault).times(1));
    let request = signed("GET", BALANCE, "", START);
    for seconds in ["2", "60"] {
        let reply = desk.send(&request);
        assert_eq!((reply.status, body_of(&reply)["code"].as_i64()), (429, Some(39995)));
        assert_eq!(reply.header("x-ratelimit-retry-after-contract"), Some(seconds));
    }
    let (status, body) = desk.answer(&signed("GET", "/g-orders/unknown", "", START));
    assert_eq!((status, &body["code"]), (404, &json!("404")));
}

#[test]
fn each_group_of_paths_has_a_budget_of_its_own() {
    let mut desk = Desk::limited();
    let reply = desk.send(&signed("GET", "/g-accounts/positions?currency=USDT", "", START));
    let shown = |reply: &Reply, end: &str| {
        ["x-ratelimit-remaining", "x-ratelimit-capacity"].map(|name| reply.header(&format!("{name}{end}")).map(str::to_owned))
    };
    // One call that weighs 25.
    assert_eq!(shown(&reply, "-contract"), [Some("475".to_owned()), Some("500".to_owned())]);
    let reply = desk.send(&signed("GET", "/public/time", "", START));
    assert_eq!((shown(&reply, ""), shown(&reply, "-contract")), ([Some("99".to_owned()), Some("100".to_owned())], [None, None]));
    desk.delete("/g-orders/all?symbol=BTCUSDT");
    let statuses: Vec<u16> = (0..473).map(|_| desk.send(&signed("GET", BALANCE, "", START)).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1);
    let statuses: Vec<u16> = (0..100).map(|_| desk.send(&signed("GET", "/public/time", "", START)).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 1);
    let late = desk.send(&signed("GET", "/public/time", "", START));
    assert_eq!((late.header("x-ratelimit-retry-after"), late.header("x-ratelimit-retry-after-contract")), (Some("40"), None));
    // A minute later both are whole again.
    desk.now += 60_000;
    desk.get(BALANCE);
}

#[test]
fn an_address_that_asks_too_much_is_shut_out_for_five_minutes() {
    let mut desk = Desk::limited();
    // Where such a span begins.
    desk.now += 100_000;
    let statuses: Vec<u16> = (0..5000).map(|_| desk.send(&signed("GET", "/public/time", "", START)).status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 100);
    let request = expiring("GET", BALANCE, "", &(desk.now / 1000 + 310).to_string());
    for (later, status, wait) in [(0, 429, Some("300")), (299_000, 429, Some("1")), (1_000, 200, None)] {
        desk.now += later;
        let reply = desk.send(&request);
        assert_eq!((reply.status, reply.header("x-ratelimit-retry-after-contract")), (status, wait), "{later}");
    }
}

#[test]
fn what_is_cut_is_executed_while_its_expiry_lasts() {
    for (ms, is_executed) in [(6_999, true), (7_000, false)] {
        let rule = Rule::new(Class::Place, Fault::CutThenExecute { ms }).times(1);
        let mut desk = Desk::new().struck_by(rule);
        let request = expiring("POST", ORDERS, &market("Buy", "0.01", "late").to_string(), &(START / 1000 + 6).to_string());
        desk.cut(&request, ms);
        assert_eq!(!desk.held(Side::Long).is_zero(), is_executed, "{ms}");
    }
}
