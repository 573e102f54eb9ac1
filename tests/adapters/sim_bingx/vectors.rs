//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows, of its kind.

use super::*;
use crate::sim::params::{decode, unsigned};
use crate::vectors::{BINGX, Vector, carrying};

/// What the vectors call by ids of their own.
const FIRST: u64 = 1_735_950_529_123_455_000;
const POSITION: &str = "1792480725958881280";
/// Refused in spite of the documentation.
const REFUSED: &str = "stop_loss_close_position";

fn eth(text: &str) -> String {
    text.replace("BTC", "ETH")
}

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str) -> Desk {
    let is_hedge = name.starts_with("order_hedge") || name == "leverage_set_hedge_long";
    let key = if name == "vst_balance" { "demo-key" } else { "test-api-key" };
    let mut desk = Desk::of(SimConfig { hedge: is_hedge, key: key.to_owned(), ..SimConfig::default() });
    desk.price_of("ETH-USDT", "2000.05");
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
fn answer(name: &str, vector: &Vector) -> (i64, Value) {
    let mut desk = scene(name);
    let mut text = decode(&unsigned(&vector.query)).replace(&format!("timestamp={START}"), "").replace("&&", "&");
    text = text
        .trim_matches('&')
        .replace(&(FIRST + 1).to_string(), &(FIRST + 2).to_string())
        .replace(&FIRST.to_string(), &(FIRST + 1).to_string());
    if text.contains(POSITION) {
        let id = desk.ask("GET", POSITIONS, "")[0]["positionId"].as_str().unwrap().to_owned();
        text = text.replace(POSITION, &id);
    }
    let HttpRequest { method, target, .. } = vector.request();
    let request = signed(method, target.split_once('?').unwrap().0, &text, START);
    let (status, code, body) = desk.told(&with_header(request, "X-BX-APIKEY", Some(&desk.sim.config.key)));
    assert_eq!(status, 200, "{name}: {body}");
    (code, body)
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    assert_eq!(BINGX.len(), 52);
    for (name, vector) in BINGX.iter() {
        let (code, body) = answer(name, vector);
        if name == REFUSED {
            assert_eq!(code, 109_400);
            continue;
        }
        assert_eq!(code, 0, "{name}: {body}");
        let mut theirs = vector.reply.clone();
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
    for (name, vector) in BINGX.iter() {
        let theirs = &vector.reply["data"]["order"];
        if theirs["quantity"].is_null() || name == REFUSED {
            continue;
        }
        let (_, body) = answer(name, vector);
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
    for (name, vector) in carrying("x-bx-apikey", &BINGX, 47) {
        let (_, code, body) = Desk::new().told(&vector.request());
        assert!(![100_001, 100_412, 100_413, 100_421, 80_014].contains(&code), "{name}: {body}");
    }
}
