//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;
use crate::desk::as_shown;
use crate::vectors::{BYBIT, carrying};

/// What their orders are called in the vectors, and the first that this exchange would name.
const THEIR_ID: &str = "fd4300ae-7847-404e-b947-b46980a4d140";
const FIRST_ID: &str = "00000001-7847-404e-b947-b46980a4d140";

/// Requests that are refused here: what they ask for is not simulated, or it is so already.
const REFUSED: &[(&str, i64)] = &[
    ("limit_order_post_only", 10001),
    ("market_order_with_position_tpsl", 10001),
    ("market_order_with_tpsl_ccxt", 10001),
    ("trading_stop_ccxt", 10001),
    ("set_margin_mode_cross", 3_400_045),
    ("set_position_mode_oneway_symbol", 110_025),
    ("set_position_mode_oneway_coin", 110_025),
];

/// Order requests of ether in the vectors' way.
fn eth(side: &str, qty: &str, link: &str, more: Value) -> Value {
    with(with(market(side, qty, link), json!({"symbol": "ETHUSDT", "positionIdx": 0})), more)
}

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str, body: &str) -> Desk {
    let is_hedge = name.starts_with("hedge_");
    let mut desk = if is_hedge { Desk::hedge() } else { Desk::new() };
    if name == "batch_orders" {
        desk = desk.struck_by(refused_element(1));
    }
    desk.price_of("ETHUSDT", "2000");
    let index = json!({"positionIdx": i32::from(is_hedge)});
    if body.contains("reduceOnly\":true")
        || name.starts_with("hedge_close")
        || name.starts_with("trading_stop")
        || name.starts_with("position")
    {
        let side = if name.ends_with("_short") { "Sell" } else { "Buy" };
        desk.post(CREATE, &eth(side, "1.5", "own", index));
    }
    let legs = json!({"stopLoss": "1900.00", "takeProfit": "2100.00", "symbol": "ETHUSDT"});
    if name == "trading_stop_clear" || name.starts_with("position") {
        desk.post(TRADING_STOP, &trading_stop(legs));
    }
    match name {
        "order_history_by_client_id" | "order_history_ccxt" | "executions" => {
            desk.post(CREATE, &eth("Buy", "1.5", "tv-0001", json!({})));
        }
        "open_orders"
        | "order_by_id"
        | "order_by_client_id"
        | "cancel_by_id"
        | "cancel_by_client_id"
        | "batch_cancel"
        | "cancel_all_symbol"
        | "cancel_all_only_active" => {
            desk.post(CREATE, &eth("Buy", "1.5", "tv-0001", json!({"orderType": "Limit", "price": "1950"})));
        }
        "open_conditional_orders" | "cancel_all_only_conditional" => {
            desk.post(CREATE, &eth("Sell", "1.5", "tv-sl-0001", json!({"triggerPrice": "1900", "triggerDirection": 2})));
        }
        _ => {}
    }
    desk
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    assert_eq!(BYBIT.len(), 51);
    for (name, vector) in BYBIT.iter() {
        let HttpRequest { method, target, .. } = vector.request();
        let body = vector.body.replace(THEIR_ID, FIRST_ID).replace("\"b-1\"", &format!("\"{FIRST_ID}\""));
        let mut desk = scene(name, &body);
        let (code, words, answer) = desk.told(&signed(method, &target.replace(THEIR_ID, FIRST_ID), &body, START));
        let refused = REFUSED.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
        assert_eq!(code, refused.unwrap_or_default(), "{name}: {words}");
        if refused.is_some() {
            continue;
        }
        let shown = &vector.reply;
        // Our coins come in another order, and what is not filled has no fee.
        as_shown(name, shown, &answer, &[".result.list[].coin[]", ".result.list[].cumFeeDetail.USDT"]);
        as_shown(name, &shown["result"]["list"][0]["coin"][0], &answer["result"]["list"][0]["coin"][1], &[]);
        let codes =
            |answer: &Value| answer["retExtInfo"]["list"].as_array().map(|list| list.iter().map(|one| one["code"].clone()).collect());
        let (theirs, ours): (Option<Vec<Value>>, Option<Vec<Value>>) = (codes(shown), codes(&answer));
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn kinds_of_values_are_those_of_the_documentation() {
    for name in ["position_one_symbol", "open_orders", "open_conditional_orders", "executions", "ticker"] {
        let vector = &BYBIT[name];
        let answer = scene(name, "").get(&vector.request().target);
        for (field, theirs) in vector.reply["result"]["list"][0].as_object().unwrap() {
            let ours = &answer["list"][0][field.as_str()];
            assert_eq!(std::mem::discriminant(theirs), std::mem::discriminant(ours), "{name}: {field} is {ours}, not {theirs}");
        }
    }
}

#[test]
fn their_signatures_are_ours() {
    for (name, vector) in carrying("x-bapi-sign", &BYBIT, 48) {
        let (code, words, _) = Desk::new().told(&vector.request());
        assert!(![10002, 10003, 10004].contains(&code), "{name}: {words}");
    }
}
