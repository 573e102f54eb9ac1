//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;
use crate::desk::as_shown;
use crate::vectors::{KRAKEN, Vector, carrying};

/// What their orders are called in the vectors, and the first that this exchange would name.
const THEIR_ID: &str = "179f9af8-e45e-469d-b3e9-2fd4675cb7d0";
const FIRST_ID: &str = "00000001-e45e-469d-b3e9-2fd4675cb7d0";
/// What they ask for and what is not simulated.
const NOT_SIMULATED: [&str; 2] = ["stop_entry_limit", "edit"];

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str, vector: &Vector) -> Desk {
    let response = &vector.reply;
    let word = response["sendStatus"]["status"].as_str().filter(|_| name.starts_with("refused_"));
    let errors = &response["errors"][0];
    let word = word.or(response["error"].as_str()).map(str::to_owned);
    let fault = match (&word, errors["code"].as_i64()) {
        (Some(word), _) => Some(Fault::refuse(200, word, "")),
        (None, Some(code)) => Some(Fault::refuse(vector.status, code, errors["message"].as_str().unwrap())),
        (None, None) if name == "batch_send" => Some(Fault::RefuseElement { index: 1, code: String::new(), msg: String::new() }),
        (None, None) => None,
    };
    let mut desk = Desk::new();
    for (contract, price) in [("PF_ETHUSD", "1903.2"), ("PF_PEPEUSD", "0.00000125"), (BTC, "35000")] {
        desk.price_of(contract, price);
    }
    let eth = |kind: &str, side: &str, name: &str| format!("orderType={kind}&symbol=PF_ETHUSD&side={side}&size=0.1&cliOrdId={name}");
    match name {
        "positions" => {
            desk.placed(&eth("mkt", "buy", "own"));
            desk.ok("PUT", "leveragepreferences", "symbol=PF_ETHUSD&maxLeverage=10");
        }
        "leverage_get" | "leverage_get_all" => drop(desk.ok("PUT", "leveragepreferences", "symbol=PF_ETHUSD&maxLeverage=10")),
        "cancel_by_id_filled" | "order_status_by_id" | "order_status_by_client_id" | "doc_order_status_post" | "fills" => {
            desk.placed(&eth("mkt", "buy", "whk-0001"));
        }
        "reduce_only_market" => desk.placed(&eth("mkt", "buy", "own")),
        "history_orders" => {
            desk.placed(&format!("{}&limitPrice=1800.5", eth("lmt", "buy", "whk-0001")));
            desk.price_of("PF_ETHUSD", "1800");
        }
        "cancel_by_id" | "cancel_by_client_id" | "cancel_all_symbol" | "batch_cancel" | "doc_batchorder_encoded" | "open_orders" => {
            desk.placed(&format!("{}&limitPrice=1800.5", eth("lmt", "buy", "whk-0001")));
            let stop = eth("stp", "sell", "whk-0002");
            desk.placed(&format!("{stop}&stopPrice=1700&triggerSignal=mark&reduceOnly=true"));
        }
        _ => {}
    }
    if let Some(fault) = fault {
        desk = desk.struck_by(Rule::new(Class::Any, fault));
    }
    desk
}

/// Fields that ours need not have: collateral in other coins, a name that was not asked by,
/// and what may be present or absent with a refusal.
fn may_lack(name: &str) -> &'static [&'static str] {
    let is_refused = name.starts_with("refused_");
    if is_refused {
        &[".sendStatus.order_id", ".sendStatus.orderEvents"]
    } else {
        &[".accounts.flex.currencies.XBT", ".cancelStatus.cliOrdId: null"]
    }
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    assert_eq!(KRAKEN.len(), 62);
    for (name, vector) in KRAKEN.iter() {
        let name = name.as_str();
        let mut desk = scene(name, vector);
        let HttpRequest { method, target, .. } = vector.request();
        let (mut target, body) = (target.replace(THEIR_ID, FIRST_ID), vector.body.replace(THEIR_ID, FIRST_ID));
        if name == "order_status_unknown" || name == "cancel_by_id_not_found" {
            target = target.replace(FIRST_ID, "00000009-e45e-469d-b3e9-2fd4675cb7d0");
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut sent = signed(method, path, if query.is_empty() { &body } else { query });
        (sent.target, sent.body) = (target.clone(), body.as_bytes().to_vec());
        let (status, mut answer) = desk.answer(&sent);
        if NOT_SIMULATED.contains(&name) {
            assert!(answer["error"].as_str().unwrap().contains("not simulated"), "{name}: {answer}");
            continue;
        }
        // Elements of batches come in another order.
        if let Some(rows) = answer.get_mut("batchStatus").and_then(Value::as_array_mut) {
            rows.reverse();
        }
        let shown = &vector.reply;
        assert_eq!(status, vector.status, "{name}: {answer}");
        for place in ["/result", "/error", "/sendStatus/status", "/cancelStatus/status", "/batchStatus/0/status", "/batchStatus/1/status"] {
            assert_eq!(answer.pointer(place), shown.pointer(place), "{name} {place}: {answer}");
        }
        as_shown(name, shown, &answer, may_lack(name));
    }
}

#[test]
fn their_signatures_are_ours() {
    for (name, vector) in carrying("authent", &KRAKEN, 58) {
        let (_, answer) = Desk::new().answer(&vector.request());
        assert!(answer["error"] != "authenticationError" && answer["status"] != "unauthorized", "{name}: {answer}");
    }
}
