//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;
use crate::desk::as_shown;
use crate::vectors::{PHEMEX, Vector, carrying};

/// What their orders are called in the vectors, and the first that this exchange would name.
const THEIR_ID: &str = "ab90a08c-b728-4b6b-97c4-36fa497335bf";
const FIRST_ID: &str = "00000001-b728-4b6b-97c4-36fa497335bf";

/// Requests that are refused here: what they ask for is not simulated, or the vector is about the refusal.
const REFUSED: &[(&str, i64)] = &[("limit_buy_post_only", 30000), ("attached_sl_tp", 30000), ("amend", 30000), ("open_orders_none", 10002)];

fn eth(body: Value) -> Value {
    with(body, json!({"symbol": "ETHUSDT"}))
}

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str, body: &str) -> Desk {
    let is_hedge = name.contains("hedged") && name != "position_mode_hedged";
    let mut desk = if is_hedge { Desk::hedge() } else { Desk::new() };
    desk.price_of("ETHUSDT", "1903");
    let side = if is_hedge { "Long" } else { "Merged" };
    let order = |body: Value| with(eth(body), json!({"posSide": side}));
    if name.starts_with("positions") || name == "balance" || body.contains("reduceOnly\":true") {
        let direction = if name == "positions_oneway" || name == "balance" { "Sell" } else { "Buy" };
        desk.post(&order(market(direction, "0.1", "own")));
    }
    match name {
        "cancel_by_id" | "cancel_by_client_id" | "cancel_by_id_hedged" | "cancel_bulk" | "open_orders" => {
            desk.post(&order(limit("Buy", "0.1", "1800.55", "whk-0001")));
        }
        "order_list" => {
            desk.post(&order(limit("Buy", "0.1", "1800.55", "whk-0001")));
        }
        "order_by_client_id_rows" | "order_by_client_id_list" | "trades" => {
            desk.post(&order(market("Buy", "0.1", "whk-0001")));
        }
        _ => {}
    }
    if name == "order_by_client_id_rows" {
        // The next answer has this shape.
        desk.get("/api-data/g-futures/orders/by-order-id?symbol=ETHUSDT&clOrdID=whk-0001");
    }
    desk
}

/// The request of a vector, signed anew.
fn request(vector: &Vector) -> HttpRequest {
    let HttpRequest { method, target, .. } = vector.request();
    signed(method, &target.replace(THEIR_ID, FIRST_ID), &vector.body, START)
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    assert_eq!(PHEMEX.len(), 56);
    for (name, vector) in PHEMEX.iter() {
        // Those of errors are answered with them whatever is asked.
        if name.starts_with("error_") {
            continue;
        }
        let (_, answer) = scene(name, &vector.body).answer(&request(vector));
        let refused = REFUSED.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
        assert_eq!(answer["code"].as_i64().unwrap_or_default(), refused.unwrap_or_default(), "{name}: {answer}");
        if refused.is_some() {
            continue;
        }
        let theirs = &vector.reply;
        let last = |list: &Value| list.as_array().and_then(|list| list.last()).cloned().unwrap_or_default();
        // The size has another name in one answer.
        let may_lack: &[&str] = if name == "positions_with_pnl" { &[".data.positions[].size"] } else { &[] };
        as_shown(name, theirs, &answer, may_lack);
        assert_eq!(last(&theirs["data"]).is_null(), last(&answer["data"]).is_null(), "{name}: {answer}");
    }
}

#[test]
fn acknowledgements_say_what_the_documentation_shows() {
    for (name, vector) in PHEMEX.iter() {
        let theirs = &vector.reply["data"];
        if theirs["ordStatus"].is_null() || REFUSED.iter().any(|(known, _)| *known == name) || name == "meme_limit" {
            continue;
        }
        let (code, words, ours) = scene(name, &vector.body).told(&request(vector));
        assert_eq!(code, 0, "{name}: {words}");
        let fields = ["symbol", "side", "clOrdID", "orderType", "orderQtyRq", "timeInForce", "cumQtyRq", "leavesQtyRq", "stopDirection"];
        for field in fields.into_iter().chain(["stopPxRp", "trigger", "execStatus", "ordStatus", "execInst"]) {
            assert_eq!(ours[field], theirs[field], "{name}: {field}");
        }
    }
}

#[test]
fn their_signatures_are_ours() {
    for (name, vector) in carrying("x-phemex-request-signature", &PHEMEX, 52) {
        let (code, words, _) = Desk::new().told(&vector.request());
        assert!(code != 401 && !words.contains("Signature"), "{name}: {code} {words}");
    }
}
