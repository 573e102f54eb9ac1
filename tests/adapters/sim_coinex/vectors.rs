//! The known requests of another client: each is served here, its signature is right in both forms, and what is answered
//! has every field that the documentation shows.

use super::*;

const TEXT: &str = include_str!("../../data/coinex_vectors.json");
/// What they ask for and what is not simulated.
const NOT_SIMULATED: &str = "stop_order_limit_ccxt";

fn vectors() -> Vec<Value> {
    let all: Value = serde_json::from_str(TEXT).unwrap();
    all["vectors"].as_array().unwrap().clone()
}

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
        "batch_orders" => {
            let fault = Fault::RefuseElement { index: 1, code: String::new(), msg: String::new() };
            desk.sim.set_faults(Faults::new(1, vec![Rule::new(Class::Place, fault)], Conditions::default()), START);
        }
        _ => {}
    }
    desk
}

/// The request of a vector, signed as it says or anew. One contract of theirs is not listed here.
fn request(vector: &Value, sign: Option<&str>) -> HttpRequest {
    let request = &vector["request"];
    let method = ["GET", "POST"].into_iter().find(|method| request["method"] == *method).unwrap();
    let target = request["url"].as_str().unwrap().split_once(".com").unwrap().1;
    let body = request["body"].as_str().unwrap_or_default();
    let Some(sign) = sign else { return signed(method, target, &body.replace("1000BONK", "1000PEPE"), START) };
    let mut sent = signed(method, target, body, START);
    sent.headers[1].1 = sign.to_owned();
    sent
}

/// What the documented value has and ours lacks, or has as another kind of value. Of lists the first elements are
/// compared; a null says nothing of its kind.
fn missing(place: &str, theirs: &Value, ours: &Value) -> Vec<String> {
    match (theirs, ours) {
        (Value::Object(theirs), Value::Object(own)) => {
            let one = |(name, value): (&String, &Value)| match own.get(name) {
                Some(own) => missing(&format!("{place}.{name}"), value, own),
                None => vec![format!("{place}.{name}")],
            };
            theirs.iter().flat_map(one).collect()
        }
        (Value::Array(theirs), Value::Array(own)) => match (theirs.first(), own.first()) {
            (Some(theirs), Some(own)) => missing(&format!("{place}[]"), theirs, own),
            (Some(_), None) => vec![format!("{place}[]")],
            (None, _) => Vec::new(),
        },
        (Value::Null, _) | (_, Value::Null) => Vec::new(),
        (theirs, ours) if std::mem::discriminant(theirs) == std::mem::discriminant(ours) => Vec::new(),
        (theirs, ours) => vec![format!("{place}: {ours} for {theirs}")],
    }
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 41);
    for vector in &vectors {
        let name = vector["name"].as_str().unwrap();
        let (status, answer) = scene(name).told(&request(vector, None));
        assert_eq!(status, 200, "{name}");
        if name == NOT_SIMULATED {
            assert!(answer["message"].as_str().unwrap().contains("not simulated"), "{name}: {answer}");
            continue;
        }
        let shown = &vector["response_used"];
        for place in ["/code", "/message", "/pagination", "/data/0/code", "/data/1/code", "/data/1/message", "/data/0/order_id"] {
            assert_eq!(answer.pointer(place), shown.pointer(place), "{name} {place}: {answer}");
        }
        let lacks = missing("", shown, &answer);
        assert!(lacks.is_empty(), "{name}: {lacks:?} in {answer}");
    }
}

#[test]
fn their_signatures_are_right_in_both_forms() {
    let mut checked = 0;
    for vector in vectors() {
        for sign in [vector["request"]["headers"]["X-COINEX-SIGN"].as_str(), vector["documented_sign"].as_str()].into_iter().flatten() {
            let (_, answer) = Desk::new().told(&request(&vector, Some(sign)));
            assert_ne!(answer["code"], 4006, "{}", vector["name"]);
            checked += 1;
        }
    }
    assert_eq!(checked, 2 * 38);
}
