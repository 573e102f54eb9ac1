//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;
use crate::desk::as_shown;
use crate::vectors::{KUCOIN, carrying};

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

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    assert_eq!(KUCOIN.len(), 49);
    for (name, vector) in KUCOIN.iter() {
        let name = name.as_str();
        let mut desk = scene(name, &vector.body);
        let HttpRequest { method, target, .. } = vector.request();
        let (status, answer) = desk.answer(&signed(method, &with_ids(&target), &with_ids(&vector.body), START));
        if NOT_SERVED.contains(&name) || NOT_LISTED.contains(&name) {
            let code = if NOT_SERVED.contains(&name) { "400100" } else { "100003" };
            assert_eq!(answer["code"], code, "{name}: {answer}");
            continue;
        }
        assert_eq!((status, &answer["code"]), (200, &vector.reply["code"]), "{name}: {answer}");
        // What is flat was never opened.
        as_shown(name, &vector.reply, &answer, &[".data.openingTimestamp: null", ".data[].openingTimestamp: null"]);
    }
}

#[test]
fn their_signatures_are_ours() {
    for (name, vector) in carrying("kc-api-sign", &KUCOIN, 44) {
        let (status, answer) = Desk::new().answer(&vector.request());
        assert!(![401, 415].contains(&status), "{name}: {answer}");
    }
}
