//! The simulated Kraken Futures: who may ask, how it says no, and how trouble sounds.

// Helpers of a test may panic like the test itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod guards;
mod history;
mod orders;
mod settings;
mod vectors;

use perphook::exchange::http::HttpRequest;
use perphook::market::Side;
use serde_json::{Value, json};

use crate::desk::{self, Own, START, column, refused_element, texts, with_header};
use crate::sim::Kind;
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::kraken::key;
use crate::vectors::{KEY, SECRET, d};

const BTC: &str = "PF_XBTUSD";
const TRADE: &str = "/derivatives/api/v3";
/// A market order of Bitcoin that buys.
const BUY: &str = "orderType=mkt&symbol=PF_XBTUSD&side=buy&size=0.01";

#[derive(Default)]
struct Kraken;

impl Own for Kraken {
    const KIND: Kind = Kind::Kraken;
    const CONTRACT: &'static str = BTC;
    const PRICE: &'static str = "50000";
}

type Desk = desk::Desk<Kraken>;

impl Desk {
    /// A request that is a success as a whole.
    fn ok(&mut self, method: &'static str, path: &str, params: &str) -> Value {
        let (status, body) = self.answer(&signed(method, &format!("{TRADE}/{path}"), params));
        assert_eq!((status, body["result"].as_str()), (200, Some("success")), "{path} {params}: {body}");
        assert!(body["serverTime"].as_str().is_some_and(|at| at.ends_with('Z')), "{body}");
        body
    }

    /// The word of a request that is refused as a whole.
    fn error(&mut self, method: &'static str, path: &str, params: &str) -> String {
        let (_, body) = self.answer(&signed(method, &format!("{TRADE}/{path}"), params));
        assert_eq!(body["result"], "error", "{path} {params}: {body}");
        body["error"].as_str().or(body["errors"][0]["message"].as_str()).expect("a word").to_owned()
    }

    /// What became of an order that is sent.
    fn order(&mut self, params: &str) -> Value {
        self.ok("POST", "sendorder", params)["sendStatus"].take()
    }

    fn word(&mut self, params: &str) -> String {
        let status = self.order(params);
        let word = status["status"].as_str().unwrap().to_owned();
        if word != "placed" {
            assert_eq!(self.logged(), Some(word.as_str()));
        }
        word
    }

    fn placed(&mut self, params: &str) {
        assert_eq!(self.word(params), "placed", "{params}");
    }

    fn cancelled(&mut self, params: &str) -> Value {
        self.ok("POST", "cancelorder", params)["cancelStatus"].take()
    }

    /// The rows of the orders' status.
    fn status(&mut self, params: &str) -> Vec<Value> {
        self.ok("POST", "orders/status", params)["orders"].as_array().unwrap().clone()
    }

    fn open(&mut self) -> Vec<Value> {
        self.ok("GET", "openorders", "")["openOrders"].as_array().unwrap().clone()
    }

    fn positions(&mut self) -> Vec<Value> {
        self.ok("GET", "openpositions", "")["openPositions"].as_array().unwrap().clone()
    }

    fn fills(&mut self, params: &str) -> Vec<Value> {
        self.ok("GET", "fills", params)["fills"].as_array().unwrap().clone()
    }

    fn history(&mut self, path: &str, params: &str) -> Value {
        let (status, body) = self.answer(&signed("GET", &format!("/api/history/v3/{path}"), params));
        assert_eq!(status, 200, "{path} {params}: {body}");
        body
    }
}

/// A request whose parameters are the form of a POST and the query of all others, signed as the documentation says.
fn signed(method: &'static str, path: &str, params: &str) -> HttpRequest {
    with_nonce(method, path, params, "")
}

fn with_nonce(method: &'static str, path: &str, params: &str, nonce: &str) -> HttpRequest {
    let endpoint = path.strip_prefix("/derivatives").unwrap_or(path);
    let mut headers = vec![("APIKey", KEY.to_owned()), ("Authent", key::signature(SECRET, params, nonce, endpoint))];
    if !nonce.is_empty() {
        headers.push(("Nonce", nonce.to_owned()));
    }
    let in_body = method == "POST";
    let target = if in_body || params.is_empty() { path.to_owned() } else { format!("{path}?{params}") };
    HttpRequest { method, target, headers, body: if in_body { params.as_bytes().to_vec() } else { Vec::new() } }
}

#[test]
fn key_signature_and_nonce_are_checked() {
    let mut desk = Desk::new();
    let accounts = format!("{TRADE}/accounts");
    desk.ok("GET", "accounts", "");
    let changed = |name, value| with_header(signed("GET", &accounts, ""), name, Some(value));
    // The signature is over the form as it is sent, to the byte.
    let mut longer = signed("POST", &format!("{TRADE}/sendorder"), BUY);
    longer.body.push(b'&');
    let mut encoded = signed("POST", &format!("{TRADE}/sendorder"), "side=buy&cliOrdId=a%2Db");
    encoded.body = b"side=buy&cliOrdId=a-b".to_vec();
    let mut keyless = signed("GET", &accounts, "");
    keyless.headers.clear();
    // In the query and in the form at the same time: which comes first nobody knows.
    let mut both = signed("POST", &format!("{TRADE}/cancelallorders"), "symbol=PF_XBTUSD");
    both.target += "?symbol=PF_XBTUSD";
    for request in [changed("APIKey", "unknown"), changed("Authent", "AAAA"), longer, encoded, keyless, both] {
        let (status, body) = desk.answer(&request);
        assert_eq!((status, body["error"].as_str()), (200, Some("authenticationError")), "{request:?}");
    }
    assert!(desk.held(Side::Long).is_zero());
    // A nonce is of no need; where there is one it must rise.
    for (nonce, word) in [("10", None), ("10", Some("nonceDuplicate")), ("9", Some("nonceBelowThreshold")), ("11", None), ("", None)] {
        let (_, body) = desk.answer(&with_nonce("GET", &accounts, "", nonce));
        assert_eq!(body["error"].as_str(), word, "{nonce}");
    }
    // Parameters of a POST may also stand in the query.
    let mut in_query = signed("POST", &format!("{TRADE}/sendorder"), BUY);
    (in_query.target, in_query.body) = (format!("{TRADE}/sendorder?{BUY}"), Vec::new());
    assert_eq!(desk.answer(&in_query).1["sendStatus"]["status"], "placed");
    desk.never_logged(&["test-api-key", "Authent"]);
}

#[test]
fn the_history_says_no_in_its_own_way() {
    let mut desk = Desk::new();
    let mut request = signed("GET", "/api/history/v3/orders", "");
    request.headers.clear();
    let (status, body) = desk.answer(&request);
    assert_eq!((status, body["status"].as_str(), body["reason"].is_string()), (401, Some("unauthorized"), true));
    for path in ["/derivatives/api/v3/time", "/api/history/v3/account-log", "/api/v3/orders"] {
        let (status, body) = desk.answer(&signed("GET", path, ""));
        assert_eq!((status, body["errors"][0]["message"].as_str()), (404, Some("notFound")), "{path}");
    }
}

#[test]
fn trouble_sounds_like_kraken() {
    // Fault, HTTP status, where a word stands and which, whether the order exists.
    let cases = [
        (Fault::Busy, 503, "/result", "error", false),
        (Fault::Unsure { executed: true }, 200, "/error", "Server Error", true),
        (Fault::Unsure { executed: false }, 200, "/error", "Server Error", false),
        (Fault::Timeout { executed: true }, 500, "/status", "INTERNAL_SERVER_ERROR", true),
        (Fault::Timeout { executed: false }, 500, "/status", "INTERNAL_SERVER_ERROR", false),
        (Fault::RateLimit { retry_after_s: 1, ban_s: 0 }, 200, "/error", "apiLimitExceeded", false),
        (Fault::refuse(200, "selfFill", ""), 200, "/sendStatus/status", "selfFill", false),
        (Fault::refuse(200, "invalidArgument: size", ""), 200, "/error", "invalidArgument: size", false),
        (Fault::refuse(500, 92, "INSUFFICIENT_MARGIN"), 500, "/errors/0/message", "INSUFFICIENT_MARGIN", false),
    ];
    for (fault, status, place, word, exists) in cases {
        let mut desk = Desk::new().struck_by(Rule::new(Class::Place, fault.clone()).times(1));
        let (said, body) = desk.answer(&signed("POST", &format!("{TRADE}/sendorder"), BUY));
        assert_eq!((said, body.pointer(place).and_then(Value::as_str)), (status, Some(word)), "{fault:?}: {body}");
        assert_eq!(!desk.held(Side::Long).is_zero(), exists, "{fault:?}");
        // Only a code makes a refusal of an HTTP error.
        assert_eq!(body["errors"][0]["code"].is_i64(), word == "INSUFFICIENT_MARGIN", "{fault:?}");
    }
}

#[test]
fn requests_cost_as_documented() {
    let mut desk = Desk::limited();
    // 48 cancels of 10, then 20 for what is cheaper.
    (0..48).for_each(|_| drop(desk.cancelled("cliOrdId=none")));
    (0..10).for_each(|_| drop(desk.ok("GET", "accounts", "")));
    assert_eq!(desk.error("POST", "orders/status", "cliOrdIds=none"), "apiLimitExceeded");
    // What is public costs nothing, and the history has a budget of its own.
    desk.ok("GET", "tickers/PF_XBTUSD", "");
    (0..100).for_each(|_| drop(desk.history("orders", "count=1")));
    assert_eq!(desk.answer(&signed("GET", "/api/history/v3/orders", "")).1["error"], "apiLimitExceeded");
    desk.now += 10_000;
    desk.ok("GET", "accounts", "");
}
