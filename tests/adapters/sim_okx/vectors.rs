//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;

const TEXT: &str = include_str!("../../data/okx_vectors.json");

/// The exchange before each request: what the vector is about must be there.
fn scene(name: &str, body: &str) -> Desk {
    let is_hedge = name.contains("hedge") && !name.starts_with("set_");
    if name == "batch_orders" {
        // Shown with too little margin for the second.
        let fault = Fault::RefuseElement { index: 1, code: String::new(), msg: String::new() };
        return Desk::with(vec![Rule::new(Class::Place, fault)], Conditions::default());
    }
    let mut desk = if is_hedge || body.contains("\"posSide\":\"long\"") { Desk::hedge() } else { Desk::new() };
    desk.price("2000");
    let long = if desk.sim.book.is_hedge() { json!({"posSide": "long"}) } else { json!({}) };
    let is_reduced = body.contains("reduceOnly") || body.contains("\"sell\"") || name.contains("position") || name.contains("close_all");
    if !name.starts_with("set_") && (is_reduced || name == "fills" || name == "history_7d" || name.starts_with("order_by")) {
        desk.ok(ORDER, with(market("buy", "15"), with(long, json!({"clOrdId": "tv0001"}))));
    }
    if name.starts_with("open_conditional") || name.contains("algo_by") {
        desk.buy("15");
        desk.ok(ALGO, stop("1900", "tvsl0001"));
    }
    if name == "open_orders" || name.starts_with("cancel_by") || name == "cancel_many" {
        desk.ok(ORDER, limit("buy", "15", "1950", "tv0001"));
        desk.ok(ORDER, limit("buy", "15", "1950", "tv0002"));
    }
    desk
}

/// What the vectors call by ids of their own.
fn with_ids(text: &str, name: &str) -> String {
    let order = "680800019749904385";
    let text = text.replace("680800019749904384", order).replace("1753184812254216192", "1836487817828872193");
    if name == "cancel_many" { text.replace("\"1\"", &format!("\"{order}\"")) } else { text }
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    let vectors: Value = serde_json::from_str(TEXT).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 54);
    for vector in vectors {
        let (name, request) = (vector["name"].as_str().unwrap(), &vector["request"]);
        let (method, url) = (request["method"].as_str().unwrap(), request["url"].as_str().unwrap());
        let body = request["body"].as_str().unwrap_or_default();
        let mut desk = scene(name, body);
        let method = if method == "GET" { "GET" } else { "POST" };
        let target = with_ids(url.split_once(".com").unwrap().1, name);
        let body = with_ids(body, name);
        let answer = told(desk.sim.answer(&signed(method, &target, &body, &to_iso(START), "test-api-secret"), START));
        let shown = &vector["response_used"];
        assert_eq!((answer.0, &answer.1["code"]), (200, &shown["code"]), "{name}: {}", answer.1);
        assert!(answer.1["data"].as_array().is_some_and(|data| !data.is_empty()), "{name}: {}", answer.1);
        let (theirs, ours) = (&shown["data"][0], &answer.1["data"][0]);
        assert_eq!(missing(theirs, ours), [""; 0], "{name}: {ours}");
        assert_eq!(missing(&theirs["details"][0], &ours["details"][0]), [""; 0], "{name}: {ours}");
    }
}

/// Fields of the first object that the second lacks.
fn missing<'a>(theirs: &'a Value, ours: &Value) -> Vec<&'a str> {
    let fields = theirs.as_object().into_iter().flatten().map(|(field, _)| field.as_str());
    fields.filter(|field| ours.get(field).is_none()).collect()
}

#[test]
fn their_signatures_are_ours() {
    let vectors: Value = serde_json::from_str(TEXT).unwrap();
    let mut checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let (name, request) = (vector["name"].as_str().unwrap(), &vector["request"]);
        let header = |name: &str| request["headers"][name].as_str().map(str::to_owned);
        let Some(sign) = header("OK-ACCESS-SIGN") else { continue };
        let method = if request["method"] == "GET" { "GET" } else { "POST" };
        let names = ["OK-ACCESS-KEY", "OK-ACCESS-TIMESTAMP", "OK-ACCESS-PASSPHRASE", "Content-Type", "x-simulated-trading"];
        let mut headers: Vec<(&'static str, String)> = names.into_iter().filter_map(|name| Some((name, header(name)?))).collect();
        headers.push(("OK-ACCESS-SIGN", sign));
        let target = request["url"].as_str().unwrap().split_once(".com").unwrap().1.to_owned();
        let body = request["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        let answer = told(Desk::new().sim.answer(&HttpRequest { method, target, headers, body }, START)).1;
        // The key of all is one for live trading.
        let is_demo = name == "demo_market_order";
        assert_eq!(answer["code"] == "50101", is_demo, "{name}: {answer}");
        assert!(!["50113", "50102", "50112"].contains(&answer["code"].as_str().unwrap()), "{name}: {answer}");
        checked += 1;
    }
    assert_eq!(checked, 49);
}
