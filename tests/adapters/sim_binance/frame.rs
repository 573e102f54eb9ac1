//! What every simulated exchange gets from the frame.

use super::*;
use crate::sim::Kind;
use crate::sim::address::{Address, Gate};
use crate::sim::sign::base64;
use crate::sim::wire::Call;

fn request(target: &str, body: &str) -> HttpRequest {
    let headers = vec![("X-KEY", "k1".to_owned()), ("X-EMPTY", String::new())];
    HttpRequest { method: "POST", target: target.to_owned(), headers, body: body.as_bytes().to_vec() }
}

#[test]
fn a_request_names_the_same_in_query_form_and_json() {
    // Target, body, whether the body is JSON.
    let cases = [
        ("/v5/order?qty=0.1&side=Buy+it&on=true", "", false),
        ("/v5/order", "qty=0.1&side=Buy%20it&on=true", false),
        ("/v5/order?qty=0.1", r#"{"side":"Buy it","on":true}"#, true),
        ("/v5/order?qty=0.1", r#"{"qty":"7","side":"Buy it","on":true}"#, true),
    ];
    for (target, body, is_json) in cases {
        let request = request(target, body);
        let call = Call::read(&request);
        assert_eq!((call.path, call.body, call.json.is_some()), ("/v5/order", body, is_json));
        assert_eq!((call.params.decimal("qty"), call.params.some("side")), (Some(Decimal::new(1, 1)), Some("Buy it")), "{target} {body}");
        assert!(call.params.is_true("on"));
    }
    let request = request("/v5/batch", r#"[{"qty":"1"}]"#);
    let call = Call::read(&request);
    assert!(call.params.0.is_empty() && call.json.as_ref().is_some_and(|list| list[0]["qty"] == "1"));
    assert_eq!((call.header("x-key"), call.header("x-empty"), call.header("x-other")), (Some("k1"), None, None));
}

#[test]
fn base64_is_that_of_the_standard() {
    for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xff, 0x3e]), "+/8+");
}

#[test]
fn exchanges_have_names_and_coins_have_contracts() {
    assert_eq!((Kind::from_name("binance"), Kind::from_name("nobody")), (Some(Kind::Binance), None));
    let sim = Sim::new(SimConfig { symbols: 30, ..SimConfig::default() }, START);
    assert_eq!(
        ["BTC", "1000PEPE", "COIN25", "NOPE"].map(|base| sim.symbol(base).to_string()),
        ["BTCUSDT", "1000PEPEUSDT", "COIN25USDT", "NOPE"]
    );
}

#[test]
fn who_calls_too_early_is_shut_out_only_where_a_ban_is_threatened() {
    // Ban, what a call before the time is told.
    for (ban_ms, told) in [(0, Gate::Limited(START + 2000)), (5000, Gate::Banned(START + 6000))] {
        let mut address = Address::default();
        assert_eq!(address.call(START), Gate::Open);
        address.limit(START + 2000, ban_ms);
        assert_eq!(address.call(START + 1000), told);
        assert_eq!(address.call(START + 2000) == Gate::Open, ban_ms == 0);
        assert_eq!(address.call(START + 6000), Gate::Open);
    }
}

#[test]
fn a_code_may_be_a_number_or_a_word_and_be_left_to_the_exchange() {
    let plan = |fault: &str| Faults::from_json(&format!(r#"{{"rules":[{{"fault":{fault}}}]}}"#)).unwrap().rules.remove(0).fault;
    assert_eq!(plan(r#"{"kind":"refuse","status":400,"code":-2019,"msg":"no"}"#), Fault::refuse(400, "-2019", "no"));
    assert_eq!(plan(r#"{"kind":"refuse","status":200,"code":"51008","msg":"no"}"#), Fault::refuse(200, 51008, "no"));
    let one = plan(r#"{"kind":"refuse_element","index":0}"#);
    let mut desk = Desk::new().struck_by(Rule::new(Class::Place, one));
    let batch: String = r#"[{"symbol":"BTCUSDT"}]"#.bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(desk.ok("POST", "/fapi/v1/batchOrders", &format!("batchOrders={batch}"))[0]["code"], -2019);
}
