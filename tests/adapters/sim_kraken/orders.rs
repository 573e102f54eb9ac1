//! Plain orders: what their answers tell, how they are refused, how soon they are forgotten, batches.

use super::*;

const LIMIT: &str = "orderType=lmt&symbol=PF_XBTUSD&side=buy&size=0.01&limitPrice=49000";

fn batch(elements: &Value) -> String {
    // Left as it is, the way other clients do; what is sent is what is signed.
    format!("json={}", json!({"batchOrder": elements}))
}

#[test]
fn the_answer_tells_what_was_executed() {
    let mut desk = Desk::new();
    let done = desk.order(&format!("{BUY}&cliOrdId=m1"));
    let event = &done["orderEvents"][0];
    assert_eq!((done["status"].as_str(), done["cliOrdId"].as_str()), (Some("placed"), Some("m1")));
    assert_eq!((event["type"].as_str(), event["price"].as_i64(), event["amount"].as_f64()), (Some("EXECUTION"), Some(50000), Some(0.01)));
    // A market order is a limit order with a price that protects it, which is not the price of its fill.
    let prior = &event["orderPriorExecution"];
    assert_eq!((prior["type"].as_str(), prior["limitPrice"].as_i64(), prior["filled"].as_i64()), (Some("ioc"), Some(50500), Some(0)));
    // A limit order that takes a part and rests with the other.
    desk = desk.under(Conditions { liquidity: Some(d("0.004")), ..Conditions::default() });
    let done = desk.order(&format!("{}&cliOrdId=l1", LIMIT.replace("49000", "50100")));
    let kinds = column(&done["orderEvents"], "type");
    assert_eq!((kinds, done["orderEvents"][1]["order"]["filled"].as_f64()), (vec!["EXECUTION", "PLACE"], Some(0.004)));
    let row = &desk.open()[0];
    assert_eq!(
        (row["status"].as_str(), row["filledSize"].as_f64(), row["unfilledSize"].as_f64()),
        (Some("partiallyFilled"), Some(0.004), Some(0.006))
    );
    // Nothing left to trade with.
    let none = desk.order(&format!("{BUY}&cliOrdId=m2"));
    assert_eq!((none["status"].as_str(), none["order_id"].is_string()), (Some("iocWouldNotExecute"), true));
    assert_eq!(none["orderEvents"][0]["reason"], "IOC_WOULD_NOT_EXECUTE");
    assert_eq!(desk.status("cliOrdIds=m2")[0]["status"], "REJECTED");
}

#[test]
fn a_refusal_is_a_success_with_another_word() {
    let mut desk = Desk::new();
    let cases = [
        ("insufficientAvailableFunds", BUY.replace("0.01", "50")),
        ("invalidSize", BUY.replace("0.01", "0.00001")),
        ("invalidSize", BUY.replace("0.01", "0")),
        ("maxPositionViolation", BUY.replace("0.01", "1000.1")),
        ("invalidPrice", LIMIT.replace("49000", "49000.5")),
        ("outsidePriceCollar", LIMIT.replace("49000", "56000")),
        ("postWouldExecute", LIMIT.replace("lmt", "post").replace("49000", "50000")),
        ("iocWouldNotExecute", LIMIT.replace("lmt", "ioc")),
        ("wouldNotReducePosition", format!("{BUY}&reduceOnly=true")),
        ("invalidOrderType", BUY.replace("mkt", "market")),
        ("invalidSide", BUY.replace("buy", "long")),
        ("marketSuspended", BUY.replace("XBT", "LUNA")),
        ("clientOrderIdTooLong", format!("{BUY}&cliOrdId={}", "x".repeat(101))),
        ("clientOrderIdInvalid", format!("{BUY}&cliOrdId=a~b")),
    ];
    for (word, params) in cases {
        assert_eq!(desk.word(&params), word, "{params}");
    }
    // A request that cannot be understood is none; the word is followed by what it is about.
    let cases = [
        ("requiredArgumentMissing: size", BUY.replace("&size=0.01", "")),
        ("requiredArgumentMissing: limitPrice", LIMIT.replace("&limitPrice=49000", "")),
        ("invalidArgument: size", BUY.replace("0.01", "1e-2")),
        ("invalidArgument: reduceOnly", format!("{BUY}&reduceOnly=1")),
        ("invalidArgument: not simulated: orderType fok", LIMIT.replace("lmt", "fok")),
        ("contractNotFound", BUY.replace("PF_XBTUSD", "PF_ETHUSDT")),
        ("contractNotFound", BUY.replace("PF_XBTUSD", "pf_xbtusd")),
    ];
    for (word, params) in cases {
        assert_eq!(desk.error("POST", "sendorder", &params), word, "{params}");
    }
    assert!(desk.held(Side::Long).is_zero() && desk.open().is_empty());
}

#[test]
fn what_comes_too_late_is_not_done() {
    let mut desk = Desk::new();
    desk.placed(&format!("{LIMIT}&cliOrdId=l1"));
    let at = |time: &str| format!("&processBefore=2023-11-14T22%3A13%3A{time}Z");
    desk.placed(&format!("{BUY}{}", at("20.000")));
    desk.now += 1;
    assert_eq!(desk.word(&format!("{BUY}{}", at("20.000"))), "wouldProcessAfterSpecifiedTime");
    assert_eq!(desk.cancelled(&format!("cliOrdId=l1{}", at("20.000")))["status"], "wouldProcessAfterSpecifiedTime");
    assert_eq!(desk.error("POST", "sendorder", &format!("{BUY}&processBefore=1700000000000")), "invalidArgument: processBefore");
    // One that was held up on its way comes too late as well.
    desk = desk.struck_by(Rule::new(Class::Place, Fault::CutThenExecute { ms: 6000 }).times(1));
    let late = signed("POST", &format!("{TRADE}/sendorder"), &format!("{BUY}{}", at("25.000")));
    desk.cut(&late, 6000);
    assert_eq!(desk.held(Side::Long), d("0.01"));
}

#[test]
fn an_order_is_forgotten_five_seconds_after_its_end() {
    let mut desk = Desk::new();
    desk.placed(&format!("{BUY}&cliOrdId=m1"));
    desk.placed(&format!("{LIMIT}&cliOrdId=l1"));
    desk.now += 5000;
    let row = &desk.status("cliOrdIds=m1&cliOrdIds=l1&cliOrdIds=never")[..];
    let shown: Vec<_> = row.iter().map(|row| (row["order"]["cliOrdId"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
    assert_eq!(shown, [("m1", "FULLY_EXECUTED"), ("l1", "ENTERED_BOOK")]);
    assert_eq!(desk.cancelled("cliOrdId=m1")["status"], "filled");
    // It has filled, so that its name is refused; a moment later that is forgotten, too.
    assert_eq!(desk.word(&format!("{BUY}&cliOrdId=m1")), "clientOrderIdAlreadyExist");
    desk.now += 1;
    assert_eq!(desk.status("cliOrdIds=m1&cliOrdIds=l1").len(), 1);
    assert_eq!(desk.cancelled("cliOrdId=m1")["status"], "notFound");
    assert_eq!(desk.open().len(), 1);
    assert_eq!(desk.fills("")[0]["cliOrdId"], "m1");
    desk.placed(&format!("{BUY}&cliOrdId=m1"));
    assert_eq!(desk.held(Side::Long), d("0.02"), "sent again, done again");
    // What was cancelled is soon found in the history alone.
    let id = desk.cancelled("cliOrdId=l1")["order_id"].clone();
    assert_eq!(desk.status("cliOrdIds=l1")[0]["updateReason"], "CANCELLED_BY_USER");
    desk.now += 5001;
    assert!(desk.status("cliOrdIds=l1").is_empty() && desk.fills("").iter().all(|fill| fill["cliOrdId"] != "l1"));
    assert_eq!(desk.history("orders", "count=1")["elements"][0]["event"]["OrderCancelled"]["order"]["uid"], id);
}

#[test]
fn orders_may_be_seen_late() {
    let mut desk = Desk::new().under(Conditions { late_orders_ms: 400, ..Conditions::default() });
    desk.placed(&format!("{LIMIT}&cliOrdId=l1"));
    desk.placed(&format!("{BUY}&cliOrdId=m1"));
    desk.now += 399;
    assert!(desk.open().is_empty() && desk.status("cliOrdIds=m1").is_empty() && desk.fills("").is_empty());
    assert_eq!(desk.cancelled("cliOrdId=l1")["status"], "notFound");
    desk.now += 1;
    assert_eq!((desk.open().len(), desk.status("cliOrdIds=m1").len(), desk.fills("").len()), (1, 1, 1));
}

#[test]
fn an_order_that_reduces_by_more_than_there_is_is_shrunk() {
    let mut desk = Desk::new();
    desk.placed(BUY);
    let done = desk.order(&format!("{}&reduceOnly=true", BUY.replace("buy", "sell").replace("0.01", "0.03")));
    let event = &done["orderEvents"][0];
    assert_eq!((event["amount"].as_f64(), event["takerReducedQuantity"].as_f64()), (Some(0.01), Some(0.02)));
    assert!(desk.positions().is_empty());
}

#[test]
fn a_batch_is_judged_element_by_element_and_answered_in_another_order() {
    let mut desk = Desk::new();
    let order = |tag: &str, more: Value| {
        let mut order = json!({"order": "send", "order_tag": tag, "orderType": "lmt", "symbol": BTC, "side": "buy", "size": "0.01", "limitPrice": "49000"});
        order.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        order
    };
    let elements = json!([
        order("1", json!({"cliOrdId": "b1"})),
        order("2", json!({"size": 50})),
        order("3", json!({"orderType": "mkt"})),
        order(
            "4",
            json!({"orderType": "stp", "stopPrice": "48000", "side": "sell", "triggerSignal": "mark", "reduceOnly": true, "limitPrice": ""})
        ),
    ]);
    let body = desk.ok("POST", "batchorder", &batch(&elements));
    let rows = body["batchStatus"].as_array().unwrap();
    let shown: Vec<_> = rows.iter().map(|row| (row["order_tag"].as_str().unwrap(), row["status"].as_str().unwrap())).collect();
    assert_eq!(shown, [("4", "placed"), ("3", "invalidOrderType"), ("2", "insufficientAvailableFunds"), ("1", "placed")]);
    assert_eq!(rows[3]["cliOrdId"], "b1");
    // A send needs a tag, and no two may have the same.
    let no_tag = json!([{"order": "send", "orderType": "lmt", "symbol": BTC, "side": "buy", "size": "0.01", "limitPrice": "49000"}]);
    assert_eq!(desk.ok("POST", "batchorder", &batch(&no_tag))["batchStatus"][0]["status"], "requiredArgumentMissing");
    assert_eq!(
        desk.error("POST", "batchorder", &batch(&json!([order("1", json!({})), order("1", json!({}))]))),
        "invalidArgument: order_tag"
    );
    assert_eq!(desk.error("POST", "batchorder", "json=[]]"), "Json Parse Error");
    let cancels = json!([{"order": "cancel", "cliOrdId": "b1"}, {"order": "cancel", "order_id": "never"}]);
    let body = desk.ok("POST", "batchorder", &batch(&cancels).replace('{', "%7B"));
    let words = column(&body["batchStatus"], "status");
    assert_eq!(words, ["notFound", "cancelled"]);
    desk = desk.struck_by(refused_element(1));
    let body = desk.ok("POST", "batchorder", &batch(&json!([order("1", json!({})), order("2", json!({}))])));
    assert_eq!(body["batchStatus"][0], json!({"status": "insufficientAvailableFunds", "orderEvents": [], "order_tag": "2"}));
}

#[test]
fn prices_and_sizes_of_cheap_coins() {
    let mut desk = Desk::new();
    let reply = desk.send(&signed("GET", "/derivatives/api/v3/instruments", ""));
    let text = String::from_utf8(reply.body).unwrap();
    assert!(text.contains("\"tickSize\":1e-10"), "a tick may come with an exponent");
    let body: Value = serde_json::from_str(&text).unwrap();
    let digits = |name: &str| {
        let list = body["instruments"].as_array().unwrap();
        list.iter().find(|row| row["symbol"] == name).unwrap()["contractValueTradePrecision"].as_i64()
    };
    assert_eq!((digits("PF_PEPEUSD"), digits(BTC), digits("PF_ETHUSD"), digits("PF_DOGEUSD")), (Some(-3), Some(4), Some(3), Some(0)));
    let pepe = "orderType=lmt&symbol=PF_PEPEUSD&side=buy&size=98000&limitPrice=0.0000092345";
    desk.placed(pepe);
    assert_eq!(desk.word(&pepe.replace("98000", "98500")), "invalidSize");
    assert_eq!(desk.error("POST", "sendorder", &pepe.replace("0.0000092345", "9.2345e-6")), "invalidArgument: limitPrice");
}
