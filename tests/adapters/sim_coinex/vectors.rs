//! The known requests of another client: each is served here, its signature is right in both forms, and what is answered
//! has every field that the documentation shows.

use super::*;
use crate::desk::as_shown;
use crate::vectors::{COINEX, Vector};

/// What they ask for and what is not simulated.
const NOT_SIMULATED: &str = "stop_order_limit_ccxt";

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str) -> Desk {
    let mut desk = Desk::new();
    let plan = json!({"market": ETH, "side": "sell", "type": "market", "amount": "0.05", "trigger_price": "1900",
        "trigger_price_type": "mark_price", "client_id": "bot-0012"});
    let stop = json!({"market": ETH, "stop_loss_type": "mark_price", "stop_loss_price": "1900"});
    let buy = json!({"market": ETH, "side": "buy", "type": "market", "amount": "0.05", "client_id": "bot-0001"});
    match name {
        "positions" | "position_one" | "cancel_position_take_profit" | "position_take_profit" => {
            desk.done("order", buy);
            desk.done("set-position-stop-loss", stop);
        }
        "finished_orders_by_client_id" | "fills" => drop(desk.done("order", buy)),
        "reduce_only_market" => drop(desk.market_order("buy", "0.05")),
        name if name.starts_with("close_position") || name.starts_with("position_stop") => drop(desk.market_order("buy", "0.05")),
        "cancel_position_stop_loss" => drop(desk.market_order("buy", "0.05")),
        "open_stop_orders" => drop(desk.done("stop-order", plan)),
        name if name.starts_with("cancel_stop") => drop(desk.done("stop-order", plan)),
        name if name.starts_with("open_orders") || name.starts_with("cancel_") || name == "order_status" => {
            desk.limit("buy", "0.05", "1950.25", "bot-0003");
        }
        "batch_orders" => desk = desk.struck_by(refused_element(1)),
        _ => {}
    }
    desk
}

/// The request of a vector, signed anew. One contract of theirs is not listed here.
fn request(vector: &Vector) -> HttpRequest {
    let HttpRequest { method, target, .. } = vector.request();
    signed(method, &target, &vector.body.replace("1000BONK", "1000PEPE"), START)
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    assert_eq!(COINEX.len(), 41);
    for (name, vector) in COINEX.iter() {
        let (status, answer) = scene(name).answer(&request(vector));
        assert_eq!(status, 200, "{name}");
        if name == NOT_SIMULATED {
            assert!(answer["message"].as_str().unwrap().contains("not simulated"), "{name}: {answer}");
            continue;
        }
        let shown = &vector.reply;
        for place in ["/code", "/message", "/pagination", "/data/0/code", "/data/1/code", "/data/1/message", "/data/0/order_id"] {
            assert_eq!(answer.pointer(place), shown.pointer(place), "{name} {place}: {answer}");
        }
        as_shown(name, shown, &answer, &[]);
    }
}

#[test]
fn their_signatures_are_right_in_both_forms() {
    let mut checked = 0;
    for (name, vector) in COINEX.iter() {
        let documented = vector.signed.as_ref().map(|(_, signature)| signature);
        for sign in [vector.headers.get("x-coinex-sign"), documented].into_iter().flatten() {
            let HttpRequest { method, target, .. } = vector.request();
            let request = with_header(signed(method, &target, &vector.body, START), "X-COINEX-SIGN", Some(sign));
            let (_, answer) = Desk::new().answer(&request);
            assert_ne!(answer["code"], 4006, "{name}");
            checked += 1;
        }
    }
    assert_eq!(checked, 2 * 38);
}
