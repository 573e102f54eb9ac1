//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows, of its kind.

use super::*;
use crate::sim::params::{decode, unsigned};

const TEXT: &str = include_str!("../../data/bingx_vectors.json");
/// What the vectors call by ids of their own.
const FIRST: u64 = 1_735_950_529_123_455_000;
const POSITION: &str = "1792480725958881280";
/// Refused in spite of the documentation.
const REFUSED: &str = "stop_loss_close_position";

fn vectors() -> Vec<Value> {
    let all: Value = serde_json::from_str(TEXT).unwrap();
    all["vectors"].as_array().unwrap().clone()
}

/// Method, path and query of a vector.
fn parts(vector: &Value) -> (&'static str, String, String) {
    let request = &vector["request"];
    let method = ["GET", "POST", "DELETE"].into_iter().find(|method| request["method"] == *method).unwrap();
    let (path, query) = request["url"].as_str().unwrap().split_once(".com").unwrap().1.split_once('?').unwrap();
    (method, path.to_owned(), query.to_owned())
}

fn eth(text: &str) -> String {
    text.replace("BTC", "ETH")
}

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str) -> Desk {
    let is_hedge = name.starts_with("order_hedge") || name == "leverage_set_hedge_long";
    let key = if name == "vst_balance" { "demo-key" } else { "test-api-key" };
    let mut desk = Desk::of(SimConfig { hedge: is_hedge, key: key.to_owned(), ..SimConfig::default() });
    desk.sim.set_price("ETH-USDT", dec("2000.05"), START).unwrap();
    let resting = limit("BUY", "0.05", "1950.25", "&clientOrderId=bot0003");
    let bought = market("BUY", "0.05", "&clientOrderId=bot0001");
    let before: &[&String] = match name {
        "order_hedge_close_long" => &[&bought.replace("BOTH", "LONG")],
        "open_orders" | "open_orders_stop_only" => &[&bought, &resting, &guard("STOP_MARKET", "0.05", "1900", "")],
        "batch_cancel_ids" => &[&resting, &bought],
        _ if name.starts_with("cancel") => &[&resting],
        _ if name.starts_with("order_by") || name == "fills" || name.starts_with("position") && !name.contains("mode") => &[&bought],
        _ if name.starts_with("close") || name.starts_with("stop_loss") || name.starts_with("take_profit") => &[&bought],
        "order_reduce_only_market" => &[&bought],
        _ => &[],
    };
    for text in before {
        desk.place(&eth(text));
    }
    desk
}

/// What is shown of an answer and not told here, or told in another kind.
fn differences(at: &str, theirs: &Value, ours: &Value) -> Vec<String> {
    match (theirs, ours) {
        (Value::Null, _) => Vec::new(),
        (Value::Object(fields), Value::Object(_)) => {
            fields.iter().flat_map(|(name, value)| differences(&format!("{at}.{name}"), value, &ours[name.as_str()])).collect()
        }
        (Value::Array(list), Value::Array(_)) => {
            list.iter().enumerate().flat_map(|(index, value)| differences(&format!("{at}[{index}]"), value, &ours[index])).collect()
        }
        _ if std::mem::discriminant(theirs) == std::mem::discriminant(ours) => Vec::new(),
        _ => vec![format!("{at}: {ours}")],
    }
}

/// The answer to a vector, its ids replaced by those that are here.
fn answer(vector: &Value) -> (String, i64, Value) {
    let name = vector["name"].as_str().unwrap().to_owned();
    let (method, path, query) = parts(vector);
    let mut desk = scene(&name);
    let mut text = decode(&unsigned(&query)).replace(&format!("timestamp={START}"), "").replace("&&", "&");
    text = text
        .trim_matches('&')
        .replace(&(FIRST + 1).to_string(), &(FIRST + 2).to_string())
        .replace(&FIRST.to_string(), &(FIRST + 1).to_string());
    if text.contains(POSITION) {
        let id = desk.ask("GET", POSITIONS, "")[0]["positionId"].as_str().unwrap().to_owned();
        text = text.replace(POSITION, &id);
    }
    let mut request = signed(method, &path, &text, START);
    request.headers[0].1 = desk.sim.key().to_owned();
    let (status, code, body) = desk.told(&request);
    assert_eq!(status, 200, "{name}: {body}");
    (name, code, body)
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 52);
    for vector in &vectors {
        let (name, code, body) = answer(vector);
        if name == REFUSED {
            assert_eq!(code, 109_400);
            continue;
        }
        assert_eq!(code, 0, "{name}: {body}");
        let mut theirs = vector["response_used"].clone();
        if name == "instruments" {
            theirs["data"].as_array_mut().unwrap().truncate(2);
        }
        assert_eq!(differences("", &theirs, &body), [""; 0], "{name}");
        assert_eq!(theirs.get("data").is_some(), body.get("data").is_some(), "{name}");
    }
}

#[test]
fn acknowledgements_say_what_the_documentation_shows() {
    let mut checked = 0;
    for vector in vectors() {
        let theirs = &vector["response_used"]["data"]["order"];
        if theirs["quantity"].is_null() || vector["name"] == REFUSED {
            continue;
        }
        let (name, _, body) = answer(&vector);
        let ours = &body["data"]["order"];
        for field in ["symbol", "positionSide", "side", "type", "price", "quantity", "stopPrice", "workingType", "timeInForce", "priceRate"]
        {
            assert_eq!(ours[field], theirs[field], "{name}: {field}");
        }
        for field in ["stopLoss", "takeProfit", "reduceOnly", "closePosition", "stopGuaranteed", "status", "avgPrice", "activationPrice"] {
            assert_eq!(ours[field], theirs[field], "{name}: {field}");
        }
        checked += 1;
    }
    assert_eq!(checked, 20);
}

#[test]
fn their_signatures_are_ours() {
    let mut checked = 0;
    for vector in vectors() {
        let (method, path, query) = parts(&vector);
        if vector["request"]["headers"]["X-BX-APIKEY"].is_null() {
            continue;
        }
        let (_, code, body) = Desk::one_way().told(&request(method, &format!("{path}?{query}")));
        assert!(![100_001, 100_412, 100_413, 100_421, 80_014].contains(&code), "{}: {body}", vector["name"]);
        checked += 1;
    }
    assert_eq!(checked, 47);
}
