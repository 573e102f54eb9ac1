//! The simulated Bitget: who may ask, what either kind of account answers, and how trouble sounds.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod classic;
mod classic_guards;
mod unified;
mod unified_guards;

use std::str::FromStr;

use perphook::exchange::http::HttpRequest;
use perphook::market::{Decimal, Side};
use serde_json::{Value, json};

use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::{Answer, Kind, Outcome, Sim, SimConfig, params, sign};

const START: u64 = 1_700_000_000_000;
const V2_ORDER: &str = "/api/v2/mix/order/";
const V3_TRADE: &str = "/api/v3/trade/";
const V2_BALANCE: &str = "/api/v2/mix/account/accounts?productType=USDT-FUTURES";

/// A client with its own clock, and the exchange.
struct Desk {
    sim: Sim,
    now: u64,
}

impl Desk {
    fn new(exchange: Kind, hedge: bool) -> Desk {
        Desk { sim: Sim::new(SimConfig { exchange, hedge, ..SimConfig::default() }, START), now: START }
    }

    fn classic() -> Desk {
        Desk::new(Kind::BitgetClassic, false)
    }

    fn classic_hedge() -> Desk {
        Desk::new(Kind::BitgetClassic, true)
    }

    fn unified() -> Desk {
        Desk::new(Kind::BitgetUnified, false)
    }

    fn unified_hedge() -> Desk {
        Desk::new(Kind::BitgetUnified, true)
    }

    fn with(mut self, rules: Vec<Rule>, conditions: Conditions) -> Desk {
        self.sim.set_faults(Faults::new(1, rules, conditions), START);
        self
    }

    fn send(&mut self, request: &HttpRequest) -> Answer {
        self.sim.answer(request, self.now)
    }

    /// Status and body of an answer that is whole.
    fn call(&mut self, request: &HttpRequest) -> (u16, Value) {
        match self.send(request).outcome {
            Outcome::Reply(reply) => (reply.status, serde_json::from_slice(&reply.body).unwrap_or(Value::Null)),
            other => panic!("no answer: {other:?}"),
        }
    }

    /// The data of a successful answer.
    fn data(&mut self, request: &HttpRequest) -> Value {
        let (status, mut body) = self.call(request);
        assert_eq!((status, body["code"].as_str(), body["msg"].as_str()), (200, Some("00000"), Some("success")), "{request:?}: {body}");
        assert!(body["requestTime"].is_u64(), "{body}");
        body["data"].take()
    }

    fn get(&mut self, target: &str) -> Value {
        let request = signed("GET", target, "", self.now);
        self.data(&request)
    }

    fn post(&mut self, path: &str, body: &Value) -> Value {
        let request = signed("POST", path, &body.to_string(), self.now);
        self.data(&request)
    }

    /// The code of a refusal.
    fn code_of(&mut self, request: &HttpRequest) -> String {
        let (status, body) = self.call(request);
        assert!(status != 200 && body["data"].is_null(), "{request:?}: {body}");
        let code = body["code"].as_str().expect("a code").to_owned();
        assert_eq!(self.sim.log.entries.back().unwrap().code.as_deref(), Some(code.as_str()));
        code
    }

    fn get_code(&mut self, target: &str) -> String {
        let request = signed("GET", target, "", self.now);
        self.code_of(&request)
    }

    fn post_code(&mut self, path: &str, body: &Value) -> String {
        let request = signed("POST", path, &body.to_string(), self.now);
        self.code_of(&request)
    }

    fn price(&mut self, price: &str) {
        self.sim.set_price("BTCUSDT", decimal(price), self.now).unwrap();
    }

    fn held(&self, side: Side) -> Decimal {
        let symbol = self.sim.symbol("BTC");
        self.sim.book.position(&symbol, side)
    }
}

fn decimal(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

/// A JSON object with more fields, or others.
fn with(mut object: Value, more: Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// A row's field of each element.
fn column<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().map(|row| row[field].as_str().unwrap_or("not a text")).collect()
}

fn signed(method: &'static str, target: &str, body: &str, now: u64) -> HttpRequest {
    let (path, query) =
        target.split_once('?').map_or((target, String::new()), |(path, query)| (path, format!("?{}", params::decode(query))));
    let signature = sign::base64(&sign::hmac_sha256("test-api-secret", &[&now.to_string(), method, path, &query, body]));
    let headers = vec![
        ("ACCESS-KEY", "test-api-key".to_owned()),
        ("ACCESS-SIGN", signature),
        ("ACCESS-TIMESTAMP", now.to_string()),
        ("ACCESS-PASSPHRASE", "test-password".to_owned()),
    ];
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

/// The request with another header; an empty one is as good as none.
fn changed(request: &HttpRequest, name: &'static str, value: &str) -> HttpRequest {
    let mut request = request.clone();
    request.headers.retain(|(known, _)| *known != name);
    request.headers.push((name, value.to_owned()));
    request
}

#[test]
fn every_request_of_the_vectors_has_a_right_signature_here() {
    let vectors: Value = serde_json::from_str(include_str!("../../data/bitget_vectors.json")).unwrap();
    let mut judged = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let (name, request) = (vector["name"].as_str().unwrap(), &vector["request"]);
        let Some(sign) = request["headers"]["ACCESS-SIGN"].as_str() else { continue };
        let kind = if request["url"].as_str().unwrap().contains("/api/v3/") { Kind::BitgetUnified } else { Kind::BitgetClassic };
        let method = if request["method"] == "GET" { "GET" } else { "POST" };
        let target = request["url"].as_str().unwrap().trim_start_matches("https://api.bitget.com");
        let request = changed(&signed(method, target, request["body"].as_str().unwrap_or_default(), START), "ACCESS-SIGN", sign);
        let (status, body) = Desk::new(kind, false).call(&request);
        assert!(status != 404 && body["code"] != "40009", "{name}: {body}");
        let (_, body) = Desk::new(kind, false).call(&changed(&request, "ACCESS-TIMESTAMP", &(START + 1).to_string()));
        assert_eq!(body["code"], "40009", "{name}");
        judged += 1;
    }
    assert!(judged >= 70, "{judged}");
}

#[test]
fn who_asks_must_be_who_he_says_and_on_time() {
    let right = signed("GET", V2_BALANCE, "", START);
    let cases = [
        ("ACCESS-KEY", String::new(), "40001"),
        ("ACCESS-SIGN", String::new(), "40002"),
        ("ACCESS-PASSPHRASE", String::new(), "40011"),
        ("ACCESS-TIMESTAMP", String::new(), "40005"),
        ("ACCESS-TIMESTAMP", "soon".to_owned(), "40005"),
        ("ACCESS-KEY", "another".to_owned(), "40006"),
        ("ACCESS-PASSPHRASE", "another".to_owned(), "40012"),
        ("ACCESS-SIGN", "AAAA".to_owned(), "40009"),
        ("paptrading", "1".to_owned(), "40099"),
    ];
    for (name, value, code) in cases {
        assert_eq!(Desk::classic().code_of(&changed(&right, name, &value)), code, "{name}: {value}");
    }
    for (off, is_late) in [(30_000, false), (30_001, true), (-30_000, false), (-30_001, true)] {
        let mut desk = Desk::classic();
        let request = signed("GET", V2_BALANCE, "", START.saturating_add_signed(off));
        assert_eq!(desk.call(&request).1["code"], if is_late { "40008" } else { "00000" }, "{off}");
    }
}

#[test]
fn a_demo_key_needs_its_header() {
    let mut desk = Desk::classic();
    desk.sim.config.key = "demo-key".to_owned();
    let request = changed(&signed("GET", V2_BALANCE, "", START), "ACCESS-KEY", "demo-key");
    assert_eq!(desk.code_of(&request), "40099");
    desk.data(&changed(&request, "paptrading", "1"));
}

#[test]
fn the_query_is_signed_as_it_reads_before_it_is_encoded() {
    let mut desk = Desk::classic();
    let target = "/api/v2/mix/order/orders-pending?clientOid=a%23b&productType=USDT-FUTURES";
    desk.get(target);
    let text = format!("{START}GET{target}");
    let wrong = sign::base64(&sign::hmac_sha256("test-api-secret", &[&text]));
    assert_eq!(desk.code_of(&changed(&signed("GET", target, "", START), "ACCESS-SIGN", &wrong)), "40009");
}

#[test]
fn each_kind_of_account_knows_its_own_interface_only() {
    let mut desk = Desk::classic();
    assert_eq!(desk.get_code("/api/v3/account/settings"), "40084");
    assert_eq!(desk.post_code("/api/v3/trade/place-order", &json!({})), "40084");
    let mut desk = Desk::unified();
    assert_eq!(desk.get_code(V2_BALANCE), "40085");
    assert_eq!(desk.post_code("/api/v2/mix/order/place-order", &json!({})), "40085");
    // What is everybody's answers both.
    for target in ["/api/v2/public/time", "/api/v3/public/time", "/api/v2/mix/market/contracts?productType=USDT-FUTURES"] {
        desk.get(target);
    }
    assert_eq!(desk.call(&signed("GET", "/api/v2/spot/public/coins", "", START)).0, 404);
}

#[test]
fn contracts_tell_their_tick_in_either_way() {
    let mut desk = Desk::unified();
    let list = desk.get("/api/v2/mix/market/contracts?productType=usdt-futures&symbol=LTCUSDT");
    assert_eq!((&list[0]["pricePlace"], &list[0]["priceEndStep"]), (&json!("2"), &json!("5")), "{list}");
    let list = desk.get("/api/v3/market/instruments?category=USDT-FUTURES&symbol=LTCUSDT");
    assert_eq!((&list[0]["pricePrecision"], &list[0]["priceMultiplier"]), (&json!("2"), &json!("0.05")), "{list}");
    let list = desk.get("/api/v2/mix/market/contracts?productType=USDT-FUTURES&symbol=BTCUSDT");
    let row = &list[0];
    assert_eq!((&row["sizeMultiplier"], &row["minTradeNum"], &row["minTradeUSDT"]), (&json!("0.001"), &json!("0.001"), &json!("5")));
    assert_eq!(
        (&row["symbolType"], &row["symbolStatus"], &row["maxMarketOrderQty"]),
        (&json!("perpetual"), &json!("normal"), &json!("120"))
    );
    for product in ["COIN-FUTURES", "USDC-FUTURES", "SUSDT-FUTURES"] {
        assert_eq!(desk.get(&format!("/api/v2/mix/market/contracts?productType={product}")), json!([]));
    }
    assert_eq!(desk.get_code("/api/v2/mix/market/ticker?productType=USDT-FUTURES&symbol=NOUSDT"), "40034");
    assert_eq!(desk.get_code("/api/v3/market/tickers?category=USDT-FUTURES&symbol=NOUSDT"), "25100");
}

#[test]
fn trouble_is_told_in_the_words_of_the_account() {
    let cases = [
        (Fault::Unsure { executed: true }, (400, "45001"), (400, "40725"), true),
        (Fault::Unsure { executed: false }, (400, "45001"), (400, "40725"), false),
        (Fault::Timeout { executed: true }, (400, "40010"), (400, "25001"), true),
        (Fault::Busy, (400, "45043"), (400, "25106"), false),
        (Fault::RateLimit { retry_after_s: 2, ban_s: 60 }, (429, "429"), (429, "429"), false),
        (Fault::refuse(400, "40762", "no"), (400, "40762"), (400, "40762"), false),
    ];
    for (fault, in_v2, in_v3, executed) in cases {
        let rule = || vec![Rule::new(Class::Place, fault.clone())];
        let mut desk = Desk::classic().with(rule(), Conditions::default());
        let (status, body) =
            desk.call(&signed("POST", &format!("{V2_ORDER}place-order"), &classic::market("buy", "0.01", "a").to_string(), START));
        assert_eq!((status, body["code"].as_str()), (in_v2.0, Some(in_v2.1)), "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), executed, "{fault:?}");
        let mut desk = Desk::unified().with(rule(), Conditions::default());
        let (status, body) =
            desk.call(&signed("POST", &format!("{V3_TRADE}place-order"), &unified::market("buy", "0.01", "a").to_string(), START));
        assert_eq!((status, body["code"].as_str()), (in_v3.0, Some(in_v3.1)), "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), executed, "{fault:?}");
    }
}

#[test]
fn budgets_are_by_path_and_second_and_by_address_and_minute() {
    let config = SimConfig { exchange: Kind::BitgetClassic, limits: true, ..SimConfig::default() };
    let mut desk = Desk { sim: Sim::new(config, START), now: START };
    let request = signed("GET", "/api/v2/mix/position/all-position?productType=USDT-FUTURES", "", START);
    for left in (0..5).rev() {
        let Outcome::Reply(reply) = desk.send(&request).outcome else { panic!("an answer") };
        assert_eq!((reply.status, reply.header("x-mbx-used-remain-limit")), (200, Some(left.to_string().as_str())));
    }
    assert_eq!(desk.call(&request).0, 429);
    desk.get(V2_BALANCE);
    desk.now += 1000;
    assert_eq!(desk.call(&request).0, 200);
    // An address that asks too much in all is shut out for five minutes.
    let time = signed("GET", "/api/v2/public/time", "", START);
    for _ in 0..5992 {
        desk.call(&time);
    }
    assert_eq!(desk.call(&time).0, 429);
    desk.now += 299_999;
    assert_eq!(desk.call(&time).0, 429);
    desk.now += 1;
    assert_eq!(desk.call(&time).0, 200);
}
