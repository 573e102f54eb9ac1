//! The simulated BingX: who may ask, how it says no, how trouble sounds, and how many errors it bears.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod guards;
mod orders;
mod settings;
mod vectors;

use perphook::exchange::http::HttpRequest;
use perphook::market::{Decimal, Side};
use serde_json::{Value, json};

use crate::desk::{self, Own, START, column, refused_element, texts, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::{Kind, SimConfig};
use crate::vectors::{KEY, d, hmac_hex};

const ORDER: &str = "/openApi/swap/v2/trade/order";
const BATCH: &str = "/openApi/swap/v2/trade/batchOrders";
const OPEN: &str = "/openApi/swap/v2/trade/openOrders";
const ALL_OPEN: &str = "/openApi/swap/v2/trade/allOpenOrders";
const FILLS: &str = "/openApi/swap/v2/trade/allFillOrders";
const LEVERAGE: &str = "/openApi/swap/v2/trade/leverage";
const MARGIN_TYPE: &str = "/openApi/swap/v2/trade/marginType";
const MODE: &str = "/openApi/swap/v1/positionSide/dual";
const POSITIONS: &str = "/openApi/swap/v2/user/positions";
const BALANCE: &str = "/openApi/swap/v3/user/balance";

#[derive(Default)]
struct BingX;

impl Own for BingX {
    const KIND: Kind = Kind::BingX;
    const CONTRACT: &'static str = "BTC-USDT";
    const PRICE: &'static str = "50000";
}

type Desk = desk::Desk<BingX>;

impl Desk {
    /// Status, code and the whole of an answer.
    fn told(&mut self, request: &HttpRequest) -> (u16, i64, Value) {
        let (status, body) = self.answer(request);
        let code = body["code"].as_i64().expect("a code");
        assert!(body["msg"].is_string(), "{body}");
        if code != 0 {
            assert_eq!(self.logged(), Some(code.to_string().as_str()));
        }
        (status, code, body)
    }

    /// The data of an answer.
    fn ask(&mut self, method: &'static str, path: &str, text: &str) -> Value {
        let (status, code, mut body) = self.told(&signed(method, path, text, self.now));
        assert_eq!((status, code), (200, 0), "{method} {path} {text}: {body}");
        body["data"].take()
    }

    /// Code and words of a refusal, which comes with the status of success.
    fn refused(&mut self, method: &'static str, path: &str, text: &str) -> (i64, String) {
        let (status, code, body) = self.told(&signed(method, path, text, self.now));
        assert_eq!(status, 200, "{body}");
        (code, body["msg"].as_str().unwrap().to_owned())
    }

    fn code(&mut self, method: &'static str, path: &str, text: &str) -> i64 {
        self.refused(method, path, text).0
    }

    /// Places an order and returns its id.
    fn place(&mut self, text: &str) -> u64 {
        self.ask("POST", ORDER, text)["order"]["orderId"].as_u64().expect("an id")
    }

    /// One order, whatever became of it.
    fn order(&mut self, id: u64) -> Value {
        self.ask("GET", ORDER, &format!("symbol=BTC-USDT&orderId={id}"))["order"].take()
    }

    /// Type and price of what is open.
    fn open(&mut self, more: &str) -> Vec<(String, String)> {
        let list = self.ask("GET", OPEN, &format!("symbol=BTC-USDT{more}"))["orders"].take();
        let text = |row: &Value, name: &str| row[name].as_str().unwrap().to_owned();
        let price = |row: &Value| text(row, if row["stopPrice"] == "" { "price" } else { "stopPrice" });
        list.as_array().unwrap().iter().map(|row| (text(row, "type"), price(row))).collect()
    }
}

/// What travels: values percent-encoded, the text that they mean signed.
fn signed(method: &'static str, path: &str, text: &str, stamp: u64) -> HttpRequest {
    let mark = if text.is_empty() { "" } else { "&" };
    let meant = format!("{text}{mark}timestamp={stamp}");
    request(method, &format!("{path}?{}&signature={}", encoded(&meant), hmac_hex(&meant)))
}

fn request(method: &'static str, target: &str) -> HttpRequest {
    let headers = vec![("X-BX-APIKEY", KEY.to_owned())];
    HttpRequest { method, target: target.to_owned(), headers, body: Vec::new() }
}

fn encoded(text: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~=&".contains(&byte);
    text.bytes().map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn market(side: &str, qty: &str, more: &str) -> String {
    format!("symbol=BTC-USDT&side={side}&positionSide=BOTH&type=MARKET&quantity={qty}{more}")
}

fn limit(side: &str, qty: &str, price: &str, more: &str) -> String {
    format!("symbol=BTC-USDT&side={side}&positionSide=BOTH&type=LIMIT&quantity={qty}&price={price}{more}")
}

/// An order that closes a long, or a part of it, when the mark price gets there.
fn guard(kind: &str, qty: &str, price: &str, more: &str) -> String {
    format!("symbol=BTC-USDT&side=SELL&positionSide=BOTH&type={kind}&quantity={qty}&stopPrice={price}&reduceOnly=true{more}")
}

#[test]
fn key_clock_and_signature_are_checked() {
    let mut desk = Desk::new();
    desk.ask("GET", BALANCE, "");
    for (stamp, code) in [(START + 1001, 100_421), (START + 1000, 0), (START - 5000, 0), (START - 5001, 100_421)] {
        assert_eq!(desk.told(&signed("GET", BALANCE, "", stamp)).1, code, "{stamp}");
    }
    // A longer window than the longest is none; a shorter one is.
    assert_eq!(desk.told(&signed("GET", BALANCE, "recvWindow=60000", START - 5001)).1, 100_421);
    assert_eq!(desk.told(&signed("GET", BALANCE, "recvWindow=100", START - 101)).1, 100_421);
    assert_eq!(desk.told(&with_header(signed("GET", BALANCE, "", START), "X-BX-APIKEY", Some("unknown"))).1, 100_413);
    assert_eq!(desk.told(&request("GET", &format!("{BALANCE}?timestamp={START}"))).1, 100_412);
    let mut forged = signed("GET", BALANCE, "", START);
    forged.target.push('0');
    assert_eq!(desk.told(&forged).1, 100_001);
    let mut with_body = signed("POST", ORDER, &market("BUY", "0.01", ""), START);
    with_body.body = b"{}".to_vec();
    assert_eq!(desk.told(&with_body).1, 109_400);
    assert!(desk.held(Side::Long).is_zero());
    desk.never_logged(&["test-api-key", "signature"]);
}

#[test]
fn what_is_meant_is_signed_and_not_what_travels() {
    let mut desk = Desk::new();
    let id = desk.place(&limit("BUY", "0.01", "49000", ""));
    let text = format!("symbol=BTC-USDT&orderIdList=[{id}]&timestamp={START}");
    let encoded = encoded(&text);
    assert_ne!(encoded, text);
    let with = |signed: &str| request("DELETE", &format!("{BATCH}?{encoded}&signature={}", hmac_hex(signed)));
    assert_eq!(desk.told(&with(&encoded)).1, 100_001);
    assert_eq!(desk.told(&with(&text)).1, 0);
}

#[test]
fn trouble_sounds_like_bingx() {
    // Fault, HTTP status, code, whether the order exists.
    let cases = [
        (Fault::Busy, 80_001, false),
        (Fault::Unsure { executed: true }, 109_500, true),
        (Fault::Unsure { executed: false }, 109_500, false),
        (Fault::refuse(200, 101_204, "Insufficient margin"), 101_204, false),
    ];
    for (fault, code, exists) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()).times(1));
        assert_eq!(desk.code("POST", ORDER, &market("BUY", "0.01", "")), code, "{fault:?}");
        assert_eq!(!desk.held(Side::Long).is_zero(), exists, "{fault:?}");
    }
    for executed in [true, false] {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, Fault::Timeout { executed }).times(1));
        let reply = desk.send(&signed("POST", ORDER, &market("BUY", "0.01", ""), START));
        assert_eq!((reply.status, reply.html, desk.held(Side::Long).is_zero()), (504, true, !executed));
    }
    let (status, code, _) = Desk::new().told(&signed("GET", "/openApi/swap/v9/none", "", START));
    assert_eq!((status, code), (404, 100_400));
}

#[test]
fn how_long_to_be_silent_stands_in_the_words() {
    let rule = Rule::new(Class::Read, Fault::RateLimit { retry_after_s: 2, ban_s: 60 }).times(1);
    let mut desk = Desk::new().with(vec![rule], Conditions { clock_skew_ms: 500, ..Conditions::default() });
    let (code, words) = desk.refused("GET", BALANCE, "");
    assert!(code == 100_410 && words.ends_with("unblocked after 1700000002500"), "{words}");
    let (status, code, body) = desk.told(&signed("GET", BALANCE, "", START));
    assert_eq!((status, code), (429, 100_410));
    assert!(body["msg"].as_str().unwrap().ends_with("1700000060500"), "{body}");
}

#[test]
fn budgets_are_kept_by_account_and_by_address() {
    let mut desk = Desk::limited();
    let codes = [0; 4].map(|_| desk.code("POST", ORDER, &limit("BUY", "0.01", "49000", "")));
    assert_eq!(codes, [0, 0, 0, 100_410]);
    let codes = [0; 6].map(|_| desk.code("GET", BALANCE, ""));
    assert_eq!(codes, [0, 0, 0, 0, 0, 100_410]);
    let codes = [0; 3].map(|_| desk.code("GET", MODE, ""));
    assert_eq!(codes, [0, 0, 100_410]);
    desk.now += 1000;
    assert_eq!((desk.code("GET", MODE, ""), desk.code("POST", ORDER, &limit("BUY", "0.01", "49000", ""))), (0, 0));
}

#[test]
fn twenty_equal_errors_close_the_endpoint() {
    let mut desk = Desk::limited();
    let too_much = market("BUY", "50", "");
    for _ in 0..19 {
        desk.now += 20_000;
        assert_eq!(desk.code("POST", ORDER, &too_much), 101_204);
    }
    // Another code, another count; another endpoint, too.
    assert_eq!(desk.code("POST", ORDER, &market("BUY", "0.00001", "")), 110_422);
    assert_eq!(desk.code("GET", ORDER, "symbol=BTC-USDT&orderId=1"), 80_016);
    desk.now += 20_000;
    assert_eq!(desk.code("POST", ORDER, &too_much), 101_204);
    let until = desk.now + 480_000;
    desk.now += 1000;
    let (code, words) = desk.refused("POST", ORDER, &market("BUY", "0.01", ""));
    assert_eq!(code, 100_410);
    assert!(words.contains("over 20 error code:101204 requests within 480000 ms"), "{words}");
    assert!(words.ends_with(&format!("can retry after time: {until}")), "{words}");
    assert!(desk.held(Side::Long).is_zero());
    assert_eq!(desk.code("GET", ORDER, "symbol=BTC-USDT&orderId=1"), 80_016);
    desk.now = until - 1;
    assert_eq!(desk.code("POST", ORDER, &market("BUY", "0.01", "")), 100_410);
    desk.now = until;
    assert_eq!(desk.code("POST", ORDER, &market("BUY", "0.01", "")), 0);
}

#[test]
fn errors_that_a_fault_plan_wants_count_and_old_ones_do_not() {
    let rule = || Rule::new(Class::Place, Fault::refuse(200, 100_202, "Insufficient balance"));
    let mut desk = Desk::limited().struck_by(rule());
    let codes: Vec<i64> = (0..21).map(|_| desk.code("POST", ORDER, &market("BUY", "0.01", ""))).collect();
    assert_eq!(codes, [vec![100_202; 20], vec![100_410]].concat());
    // Twenty in more than eight minutes are none too many.
    let mut patient = Desk::limited().struck_by(rule());
    for _ in 0..40 {
        patient.now += 25_300;
        assert_eq!(patient.code("POST", ORDER, &market("BUY", "0.01", "")), 100_202);
    }
    // Nothing is counted where limits are not enforced.
    let mut free = Desk::new().struck_by(rule());
    assert!((0..30).all(|_| free.code("POST", ORDER, &market("BUY", "0.01", "")) == 100_202));
}
