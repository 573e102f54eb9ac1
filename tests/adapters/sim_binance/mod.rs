//! The simulated Binance: signatures, the quirks of the real one, and every kind of fault once.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod accounts;
mod faults;
mod frame;

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use perphook::exchange::http::{Http, HttpRequest};
use perphook::market::{Decimal, Side};
use serde_json::Value;

use crate::desk::{self, Own, START, with_header};
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::{self, Kind, Outcome, Sim, SimConfig, SimHttp};
use crate::vectors::{KEY, SECRET, d, hmac_hex, hmac_hex_of};

#[derive(Default)]
struct Binance;

impl Own for Binance {
    const KIND: Kind = Kind::Binance;
    const CONTRACT: &'static str = "BTCUSDT";
    const PRICE: &'static str = "50000";
}

type Desk = desk::Desk<Binance>;

impl Desk {
    fn request(&self, method: &'static str, path: &str, params: &str) -> HttpRequest {
        let text = format!("{params}{}timestamp={}", if params.is_empty() { "" } else { "&" }, self.now);
        signed(method, path, &text, SECRET)
    }

    fn call(&mut self, method: &'static str, path: &str, params: &str) -> (u16, Value) {
        self.answer(&self.request(method, path, params))
    }

    fn ok(&mut self, method: &'static str, path: &str, params: &str) -> Value {
        let (status, body) = self.call(method, path, params);
        assert_eq!(status, 200, "{method} {path} {params}: {body}");
        body
    }

    fn code(&mut self, method: &'static str, path: &str, params: &str) -> i64 {
        let (status, body) = self.call(method, path, params);
        assert_ne!(status, 200, "{method} {path} {params}: {body}");
        body["code"].as_i64().expect("an error body")
    }

    fn buy(&mut self, id: &str) {
        self.ok("POST", ORDER, &market("BUY", "0.01", id));
    }
}

fn signed(method: &'static str, path: &str, text: &str, secret: &str) -> HttpRequest {
    let text = format!("{text}&signature={}", hmac_hex_of(secret, text));
    let headers = vec![("X-MBX-APIKEY", KEY.to_owned())];
    if method == "POST" {
        HttpRequest { method, target: path.to_owned(), headers, body: text.into_bytes() }
    } else {
        HttpRequest { method, target: format!("{path}?{text}"), headers, body: Vec::new() }
    }
}

const ORDER: &str = "/fapi/v1/order";
const ALGO: &str = "/fapi/v1/algoOrder";

fn market(side: &str, qty: &str, id: &str) -> String {
    format!("symbol=BTCUSDT&side={side}&type=MARKET&quantity={qty}&newClientOrderId={id}&newOrderRespType=RESULT")
}

fn limit(side: &str, qty: &str, price: &str, id: &str) -> String {
    format!("symbol=BTCUSDT&side={side}&type=LIMIT&timeInForce=GTC&quantity={qty}&price={price}&newClientOrderId={id}")
}

fn close_stop(price: &str, id: &str) -> String {
    format!(
        "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice={price}&closePosition=true&workingType=MARK_PRICE&clientAlgoId={id}"
    )
}

fn qty_stop(price: &str, qty: &str, id: &str) -> String {
    format!(
        "algoType=CONDITIONAL&symbol=BTCUSDT&side=SELL&type=STOP_MARKET&triggerPrice={price}&quantity={qty}&reduceOnly=true&clientAlgoId={id}"
    )
}

#[test]
fn the_signature_is_checked_over_query_and_body() {
    let mut desk = Desk::new();
    desk.ok("GET", "/fapi/v3/balance", "");
    let wrong = signed("GET", "/fapi/v3/balance", &format!("timestamp={START}"), "another secret");
    let (status, body) = desk.answer(&wrong);
    assert_eq!((status, body["code"].as_i64()), (400, Some(-1022)));
    // Parameters split over query and body are signed together, and the query wins.
    let text = format!("symbol=BTCUSDT&timestamp={START}");
    let signature = hmac_hex(&format!("{text}leverage=7&symbol=ETHUSDT"));
    let mut split = signed("POST", "/fapi/v1/leverage", "", SECRET);
    split.target = format!("/fapi/v1/leverage?{text}");
    split.body = format!("leverage=7&symbol=ETHUSDT&signature={signature}").into_bytes();
    let (status, body) = desk.answer(&split);
    assert_eq!((status, body["symbol"].as_str()), (200, Some("BTCUSDT")));
    // The documentation's own worked example.
    let config =
        SimConfig { secret: "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9".to_owned(), ..SimConfig::default() };
    let mut sim = Sim::new(config, 1_591_702_613_943);
    let text = "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=1&price=9000&timeInForce=GTC&recvWindow=5000&timestamp=1591702613943&signature=\
                3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9";
    let request =
        HttpRequest { method: "POST", target: ORDER.to_owned(), headers: vec![("X-MBX-APIKEY", KEY.to_owned())], body: text.into() };
    let Outcome::Reply(reply) = sim.answer(&request, 1_591_702_613_943).outcome else { panic!("an answer") };
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
}

#[test]
fn key_clock_and_path_are_checked() {
    let mut desk = Desk::new();
    let cases = [(START + 1000, false), (START + 999, true), (START - 5000, true), (START - 5001, false)];
    for (timestamp, is_taken) in cases {
        let request = signed("GET", "/fapi/v3/balance", &format!("timestamp={timestamp}"), SECRET);
        let (status, body) = desk.answer(&request);
        assert_eq!((status == 200, body["code"] == -1021), (is_taken, !is_taken), "{timestamp}");
    }
    let stranger = with_header(desk.request("GET", "/fapi/v3/balance", ""), "X-MBX-APIKEY", Some("unknown"));
    assert_eq!(desk.answer(&stranger).0, 401);
    assert_eq!(desk.call("GET", "/api/v3/account", "").0, 404);
    desk.never_logged(&["signature", "test-api-key"]);
}

#[test]
fn plain_orders_have_their_quirks() {
    let mut desk = Desk::new();
    let ack = desk.ok("POST", ORDER, &market("BUY", "0.01", "m1"));
    assert_eq!((ack["status"].as_str(), ack["executedQty"].as_str(), ack.get("avgPrice")), (Some("FILLED"), Some("0.01"), None));
    let full = desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=m1");
    assert_eq!(full["avgPrice"].as_str().map(d), Some(Decimal::from(50_000)));
    // The id of a filled order is free again: a blind resend buys twice.
    desk.buy("m1");
    assert_eq!(desk.held(Side::Long), Decimal::new(2, 2));
    desk.ok("POST", ORDER, &limit("BUY", "0.01", "49000", "l1"));
    let cases = [
        (-4116, limit("BUY", "0.01", "49000", "l1")),
        (-4120, "symbol=BTCUSDT&side=SELL&type=STOP_MARKET&stopPrice=48000&closePosition=true".to_owned()),
        (-1111, limit("BUY", "0.0001", "49000", "x")),
        (-1111, limit("BUY", "0.01", "49000.123", "x")),
        (-4014, limit("BUY", "0.01", "49000.05", "x")),
        (-4164, limit("BUY", "0.001", "49000", "x")),
        (-4016, limit("BUY", "0.01", "53000", "x")),
        (-4024, limit("SELL", "0.01", "47000", "x")),
        (-4003, limit("BUY", "0", "49000", "x")),
        (-4005, limit("BUY", "1001", "49000", "x")),
        (-2019, market("BUY", "100", "x")),
        (-4015, market("BUY", "0.01", "has%20blank")),
        (-4061, format!("{}&positionSide=LONG", market("BUY", "0.01", "x"))),
        (-1106, format!("{}&timeInForce=GTC", market("BUY", "0.01", "x"))),
        (-1102, "symbol=BTCUSDT&side=BUY&type=LIMIT&timeInForce=GTC&quantity=0.01".to_owned()),
        (-1116, "symbol=BTCUSDT&side=BUY&type=FANCY&quantity=0.01".to_owned()),
        (-1117, "symbol=BTCUSDT&side=UP&type=MARKET&quantity=0.01".to_owned()),
        (-1121, "symbol=NOUSDT&side=BUY&type=MARKET&quantity=0.01".to_owned()),
        (-2022, "symbol=ETHUSDT&side=SELL&type=MARKET&quantity=1&reduceOnly=true".to_owned()),
    ];
    for (code, params) in cases {
        assert_eq!(desk.code("POST", ORDER, &params), code, "{params}");
    }
    assert_eq!(desk.code("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=never"), -2013);
    assert_eq!(desk.code("DELETE", ORDER, "symbol=BTCUSDT&origClientOrderId=never"), -2011);
    assert_eq!(desk.code("GET", "/fapi/v1/openOrder", "symbol=BTCUSDT&origClientOrderId=m1"), -2013);
    assert_eq!(desk.ok("DELETE", ORDER, "symbol=BTCUSDT&origClientOrderId=l1")["status"], "CANCELED");
    assert_eq!(desk.code("DELETE", ORDER, "symbol=BTCUSDT&origClientOrderId=l1"), -2011);
    let trades = desk.ok("GET", "/fapi/v1/userTrades", "symbol=BTCUSDT");
    assert_eq!(trades.as_array().map(Vec::len), Some(2));
}

#[test]
fn a_batch_answers_200_with_errors_inside() {
    let mut desk = Desk::new();
    let batch = r#"[{"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.01","price":"49000","newClientOrderId":"a"},
                    {"symbol":"BTCUSDT","side":"BUY","type":"LIMIT","timeInForce":"GTC","quantity":"0.001","price":"49000","newClientOrderId":"b"}]"#;
    let encoded: String = batch.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let answers = desk.ok("POST", "/fapi/v1/batchOrders", &format!("batchOrders={encoded}"));
    assert_eq!((answers[0]["clientOrderId"].as_str(), answers[1]["code"].as_i64()), (Some("a"), Some(-4164)));
    assert_eq!(desk.logged(), Some("-4164"));
    let gone = desk.ok("DELETE", "/fapi/v1/batchOrders", "symbol=BTCUSDT&origClientOrderIdList=%5B%22a%22,%22b%22%5D");
    assert_eq!((gone[0]["status"].as_str(), gone[1]["code"].as_i64()), (Some("CANCELED"), Some(-2011)));
}

#[test]
fn conditional_orders_have_their_quirks() {
    let mut desk = Desk::new();
    assert_eq!(desk.code("POST", ALGO, &close_stop("48000", "s1")), -4509);
    desk.buy("m1");
    assert_eq!(desk.code("POST", ALGO, &close_stop("50000", "s1")), -2021);
    assert_eq!(desk.code("POST", ALGO, &close_stop("48000", "s1").replace("triggerPrice", "stopPrice")), -1102);
    assert_eq!(desk.code("POST", ALGO, &close_stop("48000", "s1").replace("CONDITIONAL", "VP")), -4500);
    assert_eq!(desk.code("POST", ALGO, &format!("{}&quantity=0.01", close_stop("48000", "s1"))), -4137);
    assert_eq!(desk.code("POST", ALGO, &format!("{}&reduceOnly=true", close_stop("48000", "s1"))), -1106);
    let placed = desk.ok("POST", ALGO, &close_stop("48000", "s1"));
    assert_eq!((placed["orderType"].as_str(), placed["algoStatus"].as_str()), (Some("STOP_MARKET"), Some("NEW")));
    assert_eq!(desk.code("POST", ALGO, &close_stop("47000", "s2")), -4130);
    assert_eq!(desk.code("POST", ALGO, &qty_stop("47000", "0.01", "s1")), -4116);
    desk.ok("POST", ALGO, &qty_stop("47000", "0.01", "q1"));
    // Each half has its own list and its own cancel-all.
    desk.ok("POST", ORDER, &limit("BUY", "0.01", "49000", "l1"));
    assert_eq!(desk.ok("GET", "/fapi/v1/openOrders", "symbol=BTCUSDT").as_array().map(Vec::len), Some(1));
    assert_eq!(desk.ok("GET", "/fapi/v1/openAlgoOrders", "symbol=BTCUSDT").as_array().map(Vec::len), Some(2));
    desk.ok("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    assert_eq!(desk.ok("GET", "/fapi/v1/openAlgoOrders", "symbol=BTCUSDT").as_array().map(Vec::len), Some(2));
    // Going flat ends the one that is tied to the position, not the one with a quantity.
    desk.ok("POST", ORDER, &format!("{}&reduceOnly=true", market("SELL", "0.01", "c1")));
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=s1")["algoStatus"], "EXPIRED");
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=q1")["algoStatus"], "NEW");
    desk.price("46000");
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=q1")["algoStatus"], "REJECTED");
    assert_eq!(desk.code("DELETE", ALGO, "clientAlgoId=q1"), -2011);
}

#[test]
fn a_triggered_order_becomes_a_plain_one_of_the_same_name() {
    let mut desk = Desk::new();
    desk.buy("m1");
    desk.ok("POST", ALGO, &close_stop("48000", "s1"));
    assert_eq!(desk.code("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=s1"), -2013);
    desk.price("47900");
    let algo = desk.ok("GET", ALGO, "clientAlgoId=s1");
    assert_eq!(algo["algoStatus"], "FINISHED");
    let child = desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=s1");
    assert_eq!((child["status"].as_str(), child["side"].as_str()), (Some("FILLED"), Some("SELL")));
    assert_eq!(algo["actualOrderId"].as_str().map(str::to_owned), Some(child["orderId"].to_string()));
    assert!(desk.held(Side::Long).is_zero());
}

#[test]
fn a_triggered_order_takes_its_time_if_told_so() {
    let mut desk = Desk::new().under(Conditions { trigger_ms: 200, ..Conditions::default() });
    desk.buy("m1");
    desk.ok("POST", ALGO, &close_stop("48000", "s1"));
    desk.price("47900");
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=s1")["algoStatus"], "TRIGGERING");
    assert_eq!(desk.code("DELETE", ALGO, "clientAlgoId=s1"), -4117);
    desk.now += 200;
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=s1")["algoStatus"], "TRIGGERED");
    desk.now += 200;
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=s1")["algoStatus"], "FINISHED");
}

#[test]
fn a_cancelled_algo_order_answers_with_a_code_of_text() {
    let mut desk = Desk::new();
    desk.buy("m1");
    desk.ok("POST", ALGO, &close_stop("48000", "s1"));
    assert_eq!(desk.ok("DELETE", ALGO, "clientAlgoId=s1")["code"], "200");
    desk.ok("POST", ALGO, &close_stop("48000", "s2"));
    assert_eq!(desk.ok("DELETE", "/fapi/v1/algoOpenOrders", "symbol=BTCUSDT")["code"], 200);
    assert_eq!(desk.ok("GET", ALGO, "clientAlgoId=s2")["algoStatus"], "CANCELED");
}

#[test]
fn hedge_mode_wants_a_side_and_no_reduce_only() {
    let mut desk = Desk::hedge();
    assert_eq!(desk.code("POST", ORDER, &market("BUY", "0.01", "a")), -4061);
    assert_eq!(desk.code("POST", ORDER, &format!("{}&positionSide=LONG&reduceOnly=true", market("SELL", "0.01", "a"))), -1106);
    assert_eq!(desk.code("POST", ORDER, &format!("{}&positionSide=LONG", market("SELL", "0.01", "a"))), -2022);
    desk.ok("POST", ORDER, &format!("{}&positionSide=LONG", market("BUY", "0.02", "a")));
    desk.ok("POST", ORDER, &format!("{}&positionSide=SHORT", market("SELL", "0.01", "b")));
    let rows = desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT");
    assert_eq!((rows[0]["positionAmt"].as_str(), rows[1]["positionAmt"].as_str()), (Some("0.02"), Some("-0.01")));
    desk.ok("POST", ALGO, &format!("{}&positionSide=LONG", close_stop("48000", "s1")));
    assert_eq!(desk.code("POST", ALGO, &format!("{}&positionSide=LONG", qty_stop("48000", "0.01", "s2"))), -1106);
    assert_eq!(desk.code("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=false"), -4067);
    assert_eq!(desk.code("POST", "/fapi/v1/positionSide/dual", "dualSidePosition=true"), -4059);
}

#[test]
fn positions_and_settings_read_as_documented() {
    let mut desk = Desk::new();
    assert_eq!(desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT"), serde_json::json!([]));
    desk.ok("POST", ORDER, &limit("BUY", "0.01", "49000", "l1"));
    assert_eq!(desk.ok("GET", "/fapi/v3/positionRisk", "symbol=BTCUSDT")[0]["positionAmt"], "0");
    assert_eq!(desk.code("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED"), -4047);
    assert_eq!(desk.code("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED"), -4046);
    desk.ok("DELETE", "/fapi/v1/allOpenOrders", "symbol=BTCUSDT");
    desk.ok("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=ISOLATED");
    desk.ok("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=5");
    assert_eq!(desk.code("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=126"), -4028);
    let config = desk.ok("GET", "/fapi/v1/symbolConfig", "symbol=BTCUSDT");
    assert_eq!((config[0]["marginType"].as_str(), config[0]["leverage"].as_i64()), (Some("ISOLATED"), Some(5)));
    desk.buy("m1");
    assert_eq!(desk.code("POST", "/fapi/v1/leverage", "symbol=BTCUSDT&leverage=4"), -4161);
    assert_eq!(desk.code("POST", "/fapi/v1/marginType", "symbol=BTCUSDT&marginType=CROSSED"), -4048);
    let row = &desk.ok("GET", "/fapi/v3/positionRisk", "")[0];
    assert_eq!((row["symbol"].as_str(), row["positionAmt"].as_str(), row.get("leverage")), (Some("BTCUSDT"), Some("0.01"), None));
    let all = desk.ok("GET", "/fapi/v2/positionRisk", "");
    assert_eq!(all.as_array().map(Vec::len), Some(desk.sim.book.instruments().len()));
    let info = desk.ok("GET", "/fapi/v1/exchangeInfo", "");
    assert_eq!(info["symbols"].as_array().map(Vec::len), Some(desk.sim.book.instruments().len()));
    for path in ["/fapi/v3/account", "/fapi/v1/accountConfig", "/fapi/v1/leverageBracket", "/fapi/v1/rateLimit/order", "/fapi/v1/allOrders"]
    {
        desk.ok("GET", path, "");
    }
    desk.ok("GET", "/fapi/v1/allAlgoOrders", "symbol=BTCUSDT");
}

#[test]
fn a_countdown_cancels_plain_orders_when_it_runs_out() {
    let mut desk = Desk::new();
    desk.ok("POST", ORDER, &limit("BUY", "0.01", "49000", "l1"));
    desk.ok("POST", "/fapi/v1/countdownCancelAll", "symbol=BTCUSDT&countdownTime=1000");
    desk.now += 999;
    assert_eq!(desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=l1")["status"], "NEW");
    desk.now += 1;
    assert_eq!(desk.ok("GET", ORDER, "symbol=BTCUSDT&origClientOrderId=l1")["status"], "CANCELED");
}

#[test]
fn a_user_can_act_by_hand() {
    let mut desk = Desk::new();
    let now = desk.now;
    let mut control = |method: &str, path: &str, body: &str| {
        let reply = sim::control::answer(&mut desk.sim, method, path, body, now);
        (reply.status, serde_json::from_slice::<Value>(&reply.body).unwrap())
    };
    assert_eq!(control("POST", "/sim/hedge", r#"{"hedge":true}"#).0, 200);
    assert_eq!(control("POST", "/sim/position", r#"{"symbol":"BTCUSDT","side":"SHORT","qty":"0.02"}"#).0, 200);
    assert_eq!(control("POST", "/sim/position", r#"{"symbol":"BTCUSDT","side":"SHORT","qty":"0.005","close":true}"#).0, 200);
    assert_eq!(control("POST", "/sim/price", r#"{"symbol":"BTCUSDT","price":"49000","mark":"49100"}"#).0, 200);
    let books = control("GET", "/sim/books", "").1;
    assert_eq!((books["positions"][0]["side"].as_str(), books["positions"][0]["qty"].as_str()), (Some("SHORT"), Some("0.015")));
    assert_eq!((books["trades"].as_array().map(Vec::len), books["naked_spans"][0]["end"].as_u64()), (Some(2), None));
    assert_eq!(control("POST", "/sim/faults", r#"{"rules":[{"fault":{"kind":"cut_before"}}]}"#).0, 200);
    assert_eq!(control("POST", "/sim/faults", "{").0, 400);
    assert_eq!(control("POST", "/sim/cancel", r#"{"client_id":"nobody"}"#).0, 400);
    assert_eq!(control("GET", "/sim/nothing", "").0, 400);
    assert_eq!(control("GET", "/sim/log", "").1["entries"], serde_json::json!([]));
    assert!(matches!(desk.sim.answer(&desk.request("GET", "/fapi/v1/time", ""), now).outcome, Outcome::Cut));
    desk.sim.set_faults(Faults::default(), now);
    desk.ok("POST", ORDER, &format!("{}&positionSide=LONG", limit("BUY", "0.01", "48000", "mine")));
    let reply = sim::control::answer(&mut desk.sim, "POST", "/sim/cancel", r#"{"client_id":"mine"}"#, now);
    assert_eq!((reply.status, desk.sim.book.open_orders().len()), (200, 0));
}

#[test]
fn it_serves_on_a_port() {
    use std::io::Write;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let rules = vec![Rule::new(Class::Any, Fault::HalfAnswer).nth(2)];
    let sim = Arc::new(Mutex::new(Sim::new(SimConfig { symbols: 900, ..SimConfig::default() }, sim::server::now())));
    sim.lock().unwrap().set_faults(Faults::new(0, rules, Conditions::default()), 0);
    std::thread::spawn(move || sim::server::serve(&listener, &sim, std::time::Duration::ZERO));
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    // Two requests on one connection: a whole answer, then half of a big one and the end.
    stream.write_all(b"GET /fapi/v1/time HTTP/1.1\r\nHost: x\r\n\r\nGET /fapi/v1/exchangeInfo HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let (first, second) = text.split_at(text.rfind("HTTP/1.1 200 OK").unwrap());
    assert!(first.contains("serverTime") && first.contains("x-mbx-used-weight-1m: 1"), "{first}");
    let length: usize = second.split_once("Content-Length: ").unwrap().1.split_once("\r\n").unwrap().0.parse().unwrap();
    let body = second.split_once("\r\n\r\n").unwrap().1;
    assert_eq!(body.len(), length / 2);
    assert!(length > 900_000, "900 contracts in full size: {length}");
}
