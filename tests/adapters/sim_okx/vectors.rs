//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;
use crate::desk::as_shown;
use crate::vectors::{OKX, carrying};

/// The exchange before each request: what the vector is about must be there.
fn scene(name: &str, body: &str) -> Desk {
    let is_hedge = name.contains("hedge") && !name.starts_with("set_");
    if name == "batch_orders" {
        // Shown with too little margin for the second.
        return Desk::new().struck_by(refused_element(1));
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
    assert_eq!(OKX.len(), 54);
    for (name, vector) in OKX.iter() {
        let mut desk = scene(name, &vector.body);
        let HttpRequest { method, target, .. } = vector.request();
        let request = signed(method, &with_ids(&target, name), &with_ids(&vector.body, name), &to_iso(START));
        let (status, answer) = desk.answer(&request);
        assert_eq!((status, &answer["code"]), (200, &vector.reply["code"]), "{name}: {answer}");
        assert!(answer["data"].as_array().is_some_and(|data| !data.is_empty()), "{name}: {answer}");
        // Nothing waits to close the position.
        as_shown(name, &vector.reply, &answer, &[".data[].closeOrderAlgo[]"]);
    }
}

#[test]
fn their_signatures_are_ours() {
    for (name, vector) in carrying("ok-access-sign", &OKX, 49) {
        let (_, answer) = Desk::new().answer(&vector.request());
        // The key of all is one for live trading.
        assert_eq!(answer["code"] == "50101", name == "demo_market_order", "{name}: {answer}");
        assert!(!["50113", "50102", "50112"].contains(&answer["code"].as_str().unwrap()), "{name}: {answer}");
    }
}
