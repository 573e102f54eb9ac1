//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;

const TEXT: &str = include_str!("../../data/phemex_vectors.json");
/// What their orders are called in the vectors, and the first that this exchange would name.
const THEIR_ID: &str = "ab90a08c-b728-4b6b-97c4-36fa497335bf";
const FIRST_ID: &str = "00000001-b728-4b6b-97c4-36fa497335bf";

/// Requests that are refused here: what they ask for is not simulated, or the vector is about the refusal.
const REFUSED: &[(&str, i64)] = &[("limit_buy_post_only", 30000), ("attached_sl_tp", 30000), ("amend", 30000), ("open_orders_none", 10002)];

fn vectors() -> Vec<Value> {
    let all: Value = serde_json::from_str(TEXT).unwrap();
    all["vectors"].as_array().unwrap().clone()
}

fn eth(body: Value) -> Value {
    with(body, json!({"symbol": "ETHUSDT"}))
}

/// The exchange before a request: what the vector is about must be there.
fn scene(name: &str, body: &str) -> Desk {
    let is_hedge = name.contains("hedged") && name != "position_mode_hedged";
    let mut desk = if is_hedge { Desk::hedge() } else { Desk::one_way() };
    desk.sim.set_price("ETHUSDT", dec("1903"), START).unwrap();
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

fn request(vector: &Value) -> (&'static str, String, String) {
    let request = &vector["request"];
    let method = ["GET", "POST", "PUT", "DELETE"].into_iter().find(|method| request["method"] == *method).unwrap();
    let target = request["url"].as_str().unwrap().split_once(".com").unwrap().1.to_owned();
    (method, target, request["body"].as_str().unwrap_or_default().to_owned())
}

/// Fields that are shown and not told here, and those of another kind.
fn differences(theirs: &Value, ours: &Value) -> Vec<String> {
    let fields = theirs.as_object().into_iter().flatten();
    let is_alike = |left: &Value, right: &Value| left.is_null() || std::mem::discriminant(left) == std::mem::discriminant(right);
    fields
        .filter(|(field, value)| !ours.get(field.as_str()).is_some_and(|ours| is_alike(value, ours)))
        .map(|(field, _)| field.clone())
        .collect()
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 56);
    for vector in &vectors {
        let name = vector["name"].as_str().unwrap();
        let (method, target, body) = request(vector);
        // Those of errors are answered with them whatever is asked.
        if name.starts_with("error_") {
            continue;
        }
        let mut desk = scene(name, &body);
        let reply = desk.send(&signed(method, &target.replace(THEIR_ID, FIRST_ID), &body, START));
        let answer: Value = serde_json::from_slice(&reply.body).unwrap();
        let refused = REFUSED.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
        assert_eq!(answer["code"].as_i64().unwrap_or_default(), refused.unwrap_or_default(), "{name}: {answer}");
        if refused.is_some() {
            continue;
        }
        let theirs = &vector["response_used"];
        let last = |list: &Value| list.as_array().and_then(|list| list.last()).cloned().unwrap_or_default();
        let parts: [fn(&Value) -> Value; 9] = [
            |answer| answer.clone(),
            |answer| answer["data"].clone(),
            |answer| answer["result"].clone(),
            |answer| answer["data"][0].clone(),
            |answer| answer["data"]["rows"][0].clone(),
            |answer| answer["data"]["account"].clone(),
            |answer| answer["data"]["positions"][0].clone(),
            |answer| answer["data"]["perpProductsV2"][0].clone(),
            |answer| answer["data"]["riskLimitsV2"][0].clone(),
        ];
        for (index, part) in parts.iter().enumerate() {
            let mut missing = differences(&part(theirs), &part(&answer));
            // The size has another name in one answer.
            missing.retain(|field| !(name == "positions_with_pnl" && field == "size"));
            assert!(missing.is_empty(), "{name}, part {index}: {missing:?} in {answer}");
        }
        assert_eq!(last(&theirs["data"]).is_null(), last(&answer["data"]).is_null(), "{name}: {answer}");
    }
}

#[test]
fn acknowledgements_say_what_the_documentation_shows() {
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let (method, target, body) = request(&vector);
        let theirs = &vector["response_used"]["data"];
        if theirs["ordStatus"].is_null() || REFUSED.iter().any(|(known, _)| *known == name) || name == "meme_limit" {
            continue;
        }
        let mut desk = scene(name, &body);
        let (code, words, ours) = desk.told(&signed(method, &target.replace(THEIR_ID, FIRST_ID), &body, START));
        assert_eq!(code, 0, "{name}: {words}");
        let fields = ["symbol", "side", "clOrdID", "orderType", "orderQtyRq", "timeInForce", "cumQtyRq", "leavesQtyRq", "stopDirection"];
        for field in fields.into_iter().chain(["stopPxRp", "trigger", "execStatus", "ordStatus", "execInst"]) {
            assert_eq!(ours[field], theirs[field], "{name}: {field}");
        }
    }
}

#[test]
fn their_signatures_are_ours() {
    let mut checked = 0;
    for vector in vectors() {
        let name = vector["name"].as_str().unwrap();
        let header = |name: &'static str| Some((name, vector["request"]["headers"][name].as_str()?.to_owned()));
        if header("x-phemex-request-signature").is_none() {
            continue;
        }
        let (method, target, body) = request(&vector);
        let names = ["x-phemex-access-token", "x-phemex-request-expiry", "x-phemex-request-signature"];
        let headers = names.into_iter().filter_map(header).collect();
        let mut desk = Desk::one_way();
        let (code, words, _) = desk.told(&HttpRequest { method, target, headers, body: body.into_bytes() });
        assert!(code != 401 && !words.contains("Signature"), "{name}: {code} {words}");
        checked += 1;
    }
    assert_eq!(checked, 52);
}
