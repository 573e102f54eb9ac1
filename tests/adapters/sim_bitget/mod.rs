//! The simulated Bitget: who may ask, what either kind of account answers, and how trouble sounds.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod classic;
mod classic_guards;
mod unified;
mod unified_guards;

use perphook::exchange::http::HttpRequest;
use perphook::market::Side;
use serde_json::{Value, json};

use crate::desk::{self, Own, START, column, refused_element, with, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, SimConfig, params};
use crate::vectors::{BITGET, KEY, PASSWORD, d, hmac_base64};

const V2_ORDER: &str = "/api/v2/mix/order/";
const V3_TRADE: &str = "/api/v3/trade/";
const V2_BALANCE: &str = "/api/v2/mix/account/accounts?productType=USDT-FUTURES";

#[derive(Default)]
struct Bitget;

impl Own for Bitget {
    const KIND: Kind = Kind::BitgetClassic;
    const CONTRACT: &'static str = "BTCUSDT";
    const PRICE: &'static str = "50000";
}

type Desk = desk::Desk<Bitget>;

impl Desk {
    fn classic() -> Desk {
        Desk::new()
    }

    fn unified() -> Desk {
        Desk::at(Kind::BitgetUnified, SimConfig::default())
    }

    fn unified_hedge() -> Desk {
        Desk::at(Kind::BitgetUnified, SimConfig { hedge: true, ..SimConfig::default() })
    }

    /// The data of a successful answer.
    fn data(&mut self, request: &HttpRequest) -> Value {
        let (status, mut body) = self.answer(request);
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
        let (status, body) = self.answer(request);
        assert!(status != 200 && body["data"].is_null(), "{request:?}: {body}");
        let code = body["code"].as_str().expect("a code").to_owned();
        assert_eq!(self.logged(), Some(code.as_str()));
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
}

fn signed(method: &'static str, target: &str, body: &str, now: u64) -> HttpRequest {
    let read = target.split_once('?').map_or(target.to_owned(), |(path, query)| format!("{path}?{}", params::decode(query)));
    let headers = vec![
        ("ACCESS-KEY", KEY.to_owned()),
        ("ACCESS-SIGN", hmac_base64(&format!("{now}{method}{read}{body}"))),
        ("ACCESS-TIMESTAMP", now.to_string()),
        ("ACCESS-PASSPHRASE", PASSWORD.to_owned()),
    ];
    HttpRequest { method, target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

#[test]
fn every_request_of_the_vectors_has_a_right_signature_here() {
    let mut judged = 0;
    for (name, vector) in BITGET.iter() {
        let Some(sign) = vector.headers.get("access-sign") else { continue };
        let kind = if vector.url.contains("/api/v3/") { Kind::BitgetUnified } else { Kind::BitgetClassic };
        let desk = || Desk::at(kind, SimConfig::default());
        let HttpRequest { method, target, .. } = vector.request();
        let request = with_header(signed(method, &target, &vector.body, START), "ACCESS-SIGN", Some(sign));
        let (status, body) = desk().answer(&request);
        assert!(status != 404 && body["code"] != "40009", "{name}: {body}");
        let late = with_header(request, "ACCESS-TIMESTAMP", Some(&(START + 1).to_string()));
        assert_eq!(desk().answer(&late).1["code"], "40009", "{name}");
        judged += 1;
    }
    assert!(judged >= 70, "{judged}");
}

#[test]
fn who_asks_must_be_who_he_says_and_on_time() {
    let right = signed("GET", V2_BALANCE, "", START);
    let cases = [
        ("ACCESS-KEY", "", "40001"),
        ("ACCESS-SIGN", "", "40002"),
        ("ACCESS-PASSPHRASE", "", "40011"),
        ("ACCESS-TIMESTAMP", "", "40005"),
        ("ACCESS-TIMESTAMP", "soon", "40005"),
        ("ACCESS-KEY", "another", "40006"),
        ("ACCESS-PASSPHRASE", "another", "40012"),
        ("ACCESS-SIGN", "AAAA", "40009"),
        ("paptrading", "1", "40099"),
    ];
    for (name, value, code) in cases {
        assert_eq!(Desk::classic().code_of(&with_header(right.clone(), name, Some(value))), code, "{name}: {value}");
    }
    for (off, is_late) in [(30_000, false), (30_001, true), (-30_000, false), (-30_001, true)] {
        let mut desk = Desk::classic();
        let request = signed("GET", V2_BALANCE, "", START.saturating_add_signed(off));
        assert_eq!(desk.answer(&request).1["code"], if is_late { "40008" } else { "00000" }, "{off}");
    }
}

#[test]
fn a_demo_key_needs_its_header() {
    let mut desk = Desk::classic();
    desk.sim.config.key = "demo-key".to_owned();
    let request = with_header(signed("GET", V2_BALANCE, "", START), "ACCESS-KEY", Some("demo-key"));
    assert_eq!(desk.code_of(&request), "40099");
    desk.data(&with_header(request.clone(), "paptrading", Some("1")));
}

#[test]
fn the_query_is_signed_as_it_reads_before_it_is_encoded() {
    let mut desk = Desk::classic();
    let target = "/api/v2/mix/order/orders-pending?clientOid=a%23b&productType=USDT-FUTURES";
    desk.get(target);
    let wrong = hmac_base64(&format!("{START}GET{target}"));
    assert_eq!(desk.code_of(&with_header(signed("GET", target, "", START), "ACCESS-SIGN", Some(&wrong))), "40009");
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
    assert_eq!(desk.answer(&signed("GET", "/api/v2/spot/public/coins", "", START)).0, 404);
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
        let rule = || Rule::new(Class::Place, fault.clone());
        let mut desk = Desk::classic().struck_by(rule());
        let (status, body) =
            desk.answer(&signed("POST", &format!("{V2_ORDER}place-order"), &classic::market("buy", "0.01", "a").to_string(), START));
        assert_eq!((status, body["code"].as_str()), (in_v2.0, Some(in_v2.1)), "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), executed, "{fault:?}");
        let mut desk = Desk::unified().struck_by(rule());
        let (status, body) =
            desk.answer(&signed("POST", &format!("{V3_TRADE}place-order"), &unified::market("buy", "0.01", "a").to_string(), START));
        assert_eq!((status, body["code"].as_str()), (in_v3.0, Some(in_v3.1)), "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), executed, "{fault:?}");
    }
}

#[test]
fn budgets_are_by_path_and_second_and_by_address_and_minute() {
    let mut desk = Desk::limited();
    let request = signed("GET", "/api/v2/mix/position/all-position?productType=USDT-FUTURES", "", START);
    for left in (0..5).rev() {
        let reply = desk.send(&request);
        assert_eq!((reply.status, reply.header("x-mbx-used-remain-limit")), (200, Some(left.to_string().as_str())));
    }
    assert_eq!(desk.answer(&request).0, 429);
    desk.get(V2_BALANCE);
    desk.now += 1000;
    assert_eq!(desk.answer(&request).0, 200);
    // An address that asks too much in all is shut out for five minutes.
    let time = signed("GET", "/api/v2/public/time", "", START);
    for _ in 0..5992 {
        desk.answer(&time);
    }
    assert_eq!(desk.answer(&time).0, 429);
    desk.now += 299_999;
    assert_eq!(desk.answer(&time).0, 429);
    desk.now += 1;
    assert_eq!(desk.answer(&time).0, 200);
}
