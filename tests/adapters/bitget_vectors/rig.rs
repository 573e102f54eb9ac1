//! The vectors, an account that is answered by them, and the comparison of what it asks with what they hold.

use std::collections::BTreeMap;

use perphook::exchange::Exchange;
use perphook::exchange::bitget::{Bitget, LIVE_URL, UNIFIED};
use perphook::exchange::http::HttpRequest;
use perphook::market::{Action, Guarded, NewOrder, OrderKind, OrderRef, Protection, ProtectionKind, Side, Symbol, TriggerBy};
use serde_json::{Map, Value, json};

use super::DIFFERENCES;
use crate::vectors::{
    BITGET, FROZEN_MS, Reply, Seen, all_like, asked_alike, body, d, hmac_base64, id, keys_with_password, line, market, reply, same_address,
    with_differences,
};

/// ccxt writes two words in capitals that the documentation writes in small letters, and one with market orders where it
/// means nothing.
fn in_small_letters(params: &mut Map<String, Value>) {
    if params.contains_key("marginMode") && params.get("orderType") == Some(&json!("market")) {
        params.remove("force");
    }
    for name in ["force", "tradeSide"] {
        if let Some(Value::String(word)) = params.get_mut(name) {
            *word = word.to_lowercase();
        }
    }
}

/// Of an order in a batch, what stands in front of the list already.
fn without_frame(frame: &Map<String, Value>, order: &Value) -> Value {
    let mut order = order.as_object().unwrap().clone();
    in_small_letters(&mut order);
    order.retain(|name, value| frame.get(name) != Some(value));
    Value::Object(order)
}

pub(super) fn account(demo: bool, replies: impl IntoIterator<Item = Reply>) -> (Bitget, Seen) {
    let (line, seen) = line(keys_with_password(demo), replies);
    (Bitget::new(line), seen)
}

pub(super) fn success(data: Value) -> Reply {
    reply(&json!({"code": "00000", "msg": "success", "requestTime": FROZEN_MS, "data": data}))
}

/// An account as it is found.
#[derive(Clone, Copy)]
pub(super) struct Found {
    pub(super) unified: bool,
    pub(super) hedge: bool,
    pub(super) mode: &'static str,
    pub(super) demo: bool,
}

pub(super) const CLASSIC: Found = Found { unified: false, hedge: false, mode: "crossed", demo: false };
pub(super) const CLASSIC_HEDGE: Found = Found { hedge: true, ..CLASSIC };
pub(super) const UTA: Found = Found { unified: true, ..CLASSIC };
pub(super) const UTA_HEDGE: Found = Found { hedge: true, ..UTA };

impl Found {
    /// What is answered to opening the account and to reading what two contracts are set to.
    pub(super) fn opening(self) -> Vec<Reply> {
        let hold = if self.hedge { "hedge_mode" } else { "one_way_mode" };
        let time = success(json!({"serverTime": FROZEN_MS.to_string()}));
        if self.unified {
            let rows =
                ["ETHUSDT", "1000BONKUSDT"].map(|symbol| json!({"category": "USDT-FUTURES", "symbol": symbol, "marginMode": self.mode}));
            let settings = success(json!({"accountMode": "unified", "holdMode": hold, "symbolConfigList": rows}));
            return vec![time, settings.clone(), settings.clone(), settings];
        }
        let refused = json!({"code": "40084", "msg": "You are in Classic Account mode", "data": null});
        let setup = success(json!({"marginMode": self.mode, "posMode": hold}));
        vec![time, (400, refused.to_string().into_bytes()), setup.clone(), setup.clone(), setup]
    }
}

/// Opens an account of that kind, then lets it act while the vectors' answers come back; every request must be the one
/// of its vector.
pub(super) fn replay<T>(names: &[&str], found: Found, act: impl FnOnce(&mut Bitget) -> T) -> T {
    let replies = names.iter().map(|name| reply(&BITGET[*name].acknowledged("/data", &["clientOid"])));
    let (mut bitget, seen) = account(found.demo, found.opening().into_iter().chain(replies));
    bitget.open().unwrap();
    assert_eq!(bitget.capabilities() == UNIFIED, found.unified);
    for symbol in ["ETHUSDT", "1000BONKUSDT"] {
        bitget.terms(&Symbol::new(symbol)).unwrap();
    }
    seen.lock().unwrap().clear();
    let result = act(&mut bitget);
    all_like(names, &seen, compare);
    result
}

pub(super) fn compare(name: &str, request: &HttpRequest) {
    let vector = &BITGET[name];
    same_address(name, vector, LIVE_URL, request);

    let mut headers: BTreeMap<String, String> = request.headers.iter().map(|(name, value)| (name.to_lowercase(), value.clone())).collect();
    let mut expected = vector.headers.clone();
    if expected.remove("access-sign").is_some() {
        let text = format!("{FROZEN_MS}{}{}{}", request.method, request.target, body(request));
        assert_eq!(headers.remove("access-sign"), Some(hmac_base64(&text)), "{name}");
    }
    assert_eq!(headers, expected, "{name}");

    let mut theirs = with_differences(DIFFERENCES, name, vector.asks());
    let frame = theirs.as_object_mut().unwrap();
    in_small_letters(frame);
    if let Some(Value::Array(list)) = frame.get("orderList").cloned() {
        frame["orderList"] = list.iter().map(|order| without_frame(frame, order)).collect();
    }
    assert_eq!(asked_alike(name, vector, request), theirs, "{name}");
}

pub(super) fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

pub(super) fn limit(client_id: &str, side: Side, price: &str) -> NewOrder {
    NewOrder { kind: OrderKind::Limit { price: d(price) }, ..market("ETHUSDT", client_id, side, Action::Open, "1.5") }
}

pub(super) fn guard(client_id: &str, kind: ProtectionKind, price: &str) -> Protection {
    let (side, trigger_price) = (Side::Long, d(price));
    Protection { id: id(client_id), symbol: eth(), side, kind, trigger_price, qty: d("1.5"), by: TriggerBy::Mark }
}

pub(super) fn plain_ref(client_id: &str) -> OrderRef {
    OrderRef { symbol: eth(), id: id(client_id), guard: None }
}

pub(super) fn stop_ref(client_id: &str) -> OrderRef {
    let stop = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1900") };
    OrderRef { guard: Some(stop), ..plain_ref(client_id) }
}
