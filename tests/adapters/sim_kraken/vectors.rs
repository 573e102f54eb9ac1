//! The known requests of another client: each is served here, its signature is right, and what is answered has every
//! field that the documentation shows.

use super::*;

const TEXT: &str = include_str!("../../data/kraken_vectors.json");
/// What their orders are called in the vectors, and the first that this exchange would name.
const THEIR_ID: &str = "179f9af8-e45e-469d-b3e9-2fd4675cb7d0";
const FIRST_ID: &str = "00000001-e45e-469d-b3e9-2fd4675cb7d0";
/// What they ask for and what is not simulated.
const NOT_SIMULATED: [&str; 2] = ["stop_entry_limit", "edit"];

fn vectors() -> Vec<Value> {
    let all: Value = serde_json::from_str(TEXT).unwrap();
    all["vectors"].as_array().unwrap().clone()
}

/// The exchange before a request: what the vector is about must be there.
fn scene(vector: &Value) -> Desk {
    let name = vector["name"].as_str().unwrap();
    let response = &vector["response_used"];
    let word = response["sendStatus"]["status"].as_str().filter(|_| name.starts_with("refused_"));
    let (status, errors) = (vector["http_status"].as_u64().unwrap_or(200), &response["errors"][0]);
    let word = word.or(response["error"].as_str()).map(str::to_owned);
    let fault = match (&word, errors["code"].as_i64()) {
        (Some(word), _) => Some(Fault::refuse(200, word, "")),
        (None, Some(code)) => Some(Fault::refuse(u16::try_from(status).unwrap(), code, errors["message"].as_str().unwrap())),
        (None, None) if name == "batch_send" => Some(Fault::RefuseElement { index: 1, code: String::new(), msg: String::new() }),
        (None, None) => None,
    };
    let mut desk = Desk::new();
    for (contract, price) in [("PF_ETHUSD", "1903.2"), ("PF_PEPEUSD", "0.00000125"), (BTC, "35000")] {
        desk.sim.set_price(contract, dec(price), START).unwrap();
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
            desk.sim.set_price("PF_ETHUSD", dec("1800"), START).unwrap();
        }
        "cancel_by_id" | "cancel_by_client_id" | "cancel_all_symbol" | "batch_cancel" | "doc_batchorder_encoded" | "open_orders" => {
            desk.placed(&format!("{}&limitPrice=1800.5", eth("lmt", "buy", "whk-0001")));
            let stop = eth("stp", "sell", "whk-0002");
            desk.placed(&format!("{stop}&stopPrice=1700&triggerSignal=mark&reduceOnly=true"));
        }
        _ => {}
    }
    if let Some(fault) = fault {
        desk.sim.set_faults(Faults::new(1, vec![Rule::new(Class::Any, fault)], Conditions::default()), START);
    }
    desk
}

fn request(vector: &Value) -> (&'static str, String, String) {
    let request = &vector["request"];
    let method = ["GET", "POST", "PUT"].into_iter().find(|method| request["method"] == *method).unwrap();
    let target = request["url"].as_str().unwrap().split_once(".com").unwrap().1.to_owned();
    (method, target, request["body"].as_str().unwrap_or_default().to_owned())
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

/// Fields that ours need not have: collateral in other coins, and what may be present or absent with a refusal.
fn may_lack(name: &str, field: &str) -> bool {
    let is_refused = name.starts_with("refused_");
    field == ".accounts.flex.currencies.XBT"
        || (is_refused && (field.starts_with(".sendStatus.order_id") || field.starts_with(".sendStatus.orderEvents")))
}

#[test]
fn every_request_is_served_and_answered_in_the_documented_shape() {
    let vectors = vectors();
    assert_eq!(vectors.len(), 62);
    for vector in &vectors {
        let name = vector["name"].as_str().unwrap();
        let mut desk = scene(vector);
        let (method, target, body) = request(vector);
        let (mut target, body) = (target.replace(THEIR_ID, FIRST_ID), body.replace(THEIR_ID, FIRST_ID));
        if name == "order_status_unknown" || name == "cancel_by_id_not_found" {
            target = target.replace(FIRST_ID, "00000009-e45e-469d-b3e9-2fd4675cb7d0");
        }
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let mut sent = signed(method, path, if query.is_empty() { &body } else { query });
        (sent.target, sent.body) = (target.clone(), body.as_bytes().to_vec());
        let (status, mut answer) = desk.told(&sent);
        if NOT_SIMULATED.contains(&name) {
            assert!(answer["error"].as_str().unwrap().contains("not simulated"), "{name}: {answer}");
            continue;
        }
        // Elements of batches come in another order.
        if let Some(rows) = answer.get_mut("batchStatus").and_then(Value::as_array_mut) {
            rows.reverse();
        }
        let shown = &vector["response_used"];
        assert_eq!(u64::from(status), vector["http_status"].as_u64().unwrap_or(200), "{name}: {answer}");
        for place in ["/result", "/error", "/sendStatus/status", "/cancelStatus/status", "/batchStatus/0/status", "/batchStatus/1/status"] {
            assert_eq!(answer.pointer(place), shown.pointer(place), "{name} {place}: {answer}");
        }
        let lacks: Vec<String> = missing("", shown, &answer).into_iter().filter(|field| !may_lack(name, field)).collect();
        assert!(lacks.is_empty(), "{name}: {lacks:?} in {answer}");
    }
}

#[test]
fn their_signatures_are_ours() {
    let mut checked = 0;
    for vector in vectors() {
        let header = |name: &'static str| Some((name, vector["request"]["headers"][name].as_str()?.to_owned()));
        if header("Authent").is_none() {
            continue;
        }
        let headers = ["APIKey", "Authent", "Nonce"].into_iter().filter_map(header).collect();
        let (method, target, body) = request(&vector);
        let (_, answer) = Desk::new().told(&HttpRequest { method, target, headers, body: body.into_bytes() });
        assert!(answer["error"] != "authenticationError" && answer["status"] != "unauthorized", "{}: {answer}", vector["name"]);
        checked += 1;
    }
    assert_eq!(checked, 58);
}
