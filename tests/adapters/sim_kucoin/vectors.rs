//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;

const TEXT: &str = include_str!("../../data/kucoin_vectors.json");
/// Requests of what is not simulated.
const NOT_SERVED: &[&str] = &["order_limit_post_only", "entry_with_tp_sl"];
/// A contract that is not listed here.
const NOT_LISTED: &[&str] = &["order_meme_limit"];

/// The exchange before each request: what the vector is about must be there.
fn scene(name: &str, body: &str) -> Desk {
    let mut desk = if name.starts_with("order_hedge") { Desk::hedge() } else { Desk::new() };
    desk.price("2000");
    if body.contains("\"marginMode\":\"ISOLATED\"") && name.starts_with("order") {
        desk.ok("POST", "/api/v2/position/changeMarginMode", json!({"symbol": "XBTUSDTM", "marginMode": "ISOLATED"}));
    }
    if ["order_reduce_only_market", "close_position", "fills", "positions", "order_by_client_id"].contains(&name) {
        desk.place(with(market("buy", 5), json!({"clientOid": if name.starts_with("order_by") { "bot-0001" } else { "held" }})));
    }
    if name == "order_hedge_close_long" {
        desk.place(with(market("buy", 5), json!({"positionSide": "LONG"})));
    }
    if name.starts_with("cancel") || name == "batch_cancel" || name == "open_orders" || name == "order_by_id" || name == "done_orders" {
        desk.place(limit("buy", 5, "1950.25", "bot-0003"));
        desk.place(limit("buy", 5, "1950.25", "second"));
    }
    if name == "open_stop_orders" || name == "cancel_all_stops" {
        desk.place(stop(5, "1900", "bot-0011"));
    }
    if name == "done_orders" {
        desk.delete("v1/orders");
    }
    desk
}

/// What the vectors call by ids of their own.
fn with_ids(text: &str) -> String {
    let (first, second) = ("236655147000000002", "236655147000000004");
    let text = text.replace("236655147005071361", first).replace("235303670076489728", first);
    text.replace("250445104152670209", first).replace("250445181751463936", second)
}

fn method(request: &Value) -> &'static str {
    match request["method"].as_str() {
        Some("GET") => "GET",
        Some("POST") => "POST",
        _ => "DELETE",
    }
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    let vectors: Value = serde_json::from_str(TEXT).unwrap();
    let vectors = vectors["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 49);
    for vector in vectors {
        let (name, request) = (vector["name"].as_str().unwrap(), &vector["request"]);
        let body = request["body"].as_str().unwrap_or_default();
        let mut desk = scene(name, body);
        let target = with_ids(request["url"].as_str().unwrap().split_once(".com").unwrap().1);
        let (reply, answer) = told(desk.sim.answer(&signed(method(request), &target, &with_ids(body), START), START));
        let shown = &vector["response_used"];
        if NOT_SERVED.contains(&name) || NOT_LISTED.contains(&name) {
            let code = if NOT_SERVED.contains(&name) { "400100" } else { "100003" };
            assert_eq!(answer["code"], code, "{name}: {answer}");
            continue;
        }
        assert_eq!((reply.status, &answer["code"]), (200, &shown["code"]), "{name}: {answer}");
        assert_eq!(missing(&shown["data"], &answer["data"]), [""; 0], "{name}: {answer}");
    }
}

/// Fields that the first of two values has and the second lacks, or has as another kind of value; of lists, the first
/// elements are compared.
fn missing(theirs: &Value, ours: &Value) -> Vec<String> {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(ours)) => {
            let lacks = |(name, value): (&String, &Value)| match ours.get(name) {
                None => vec![name.clone()],
                Some(other) => missing(value, other).into_iter().map(|field| format!("{name}.{field}")).collect(),
            };
            theirs.iter().flat_map(lacks).collect()
        }
        (Value::Array(theirs), Value::Array(ours)) if !theirs.is_empty() => match ours.first() {
            None => vec!["[]".to_owned()],
            Some(first) => missing(&theirs[0], first),
        },
        // What is not known can be known elsewhere.
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        _ if std::mem::discriminant(theirs) == std::mem::discriminant(ours) => Vec::new(),
        _ => vec![format!("{theirs} is not like {ours}")],
    }
}

#[test]
fn their_signatures_are_ours() {
    let vectors: Value = serde_json::from_str(TEXT).unwrap();
    let mut checked = 0;
    for vector in vectors["vectors"].as_array().unwrap() {
        let (name, request) = (vector["name"].as_str().unwrap(), &vector["request"]);
        let header = |name: &str| request["headers"][name].as_str().map(str::to_owned);
        if header("KC-API-SIGN").is_none() {
            continue;
        }
        let names = ["KC-API-KEY", "KC-API-TIMESTAMP", "KC-API-PASSPHRASE", "KC-API-SIGN", "KC-API-KEY-VERSION", "Content-Type"];
        let headers: Vec<(&'static str, String)> = names.into_iter().filter_map(|name| Some((name, header(name)?))).collect();
        let target = request["url"].as_str().unwrap().split_once(".com").unwrap().1.to_owned();
        let body = request["body"].as_str().unwrap_or_default().as_bytes().to_vec();
        let request = HttpRequest { method: method(request), target, headers, body };
        let (reply, answer) = told(Desk::new().sim.answer(&request, START));
        assert!(![401, 415].contains(&reply.status), "{name}: {answer}");
        checked += 1;
    }
    assert_eq!(checked, 44);
}
