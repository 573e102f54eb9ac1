//! Known-answer requests: every call the Kraken Futures adapter makes against what ccxt sends for the same purpose, or what
//! the documentation asks for, and what the adapter reads out of the answers against what ccxt reads.
//!
//! Two differences are everywhere: parameters of a POST are a form in the body, as documented, where ccxt has them in the
//! query; and whatever carries an order says when it dies. All others stand in a table with their reason. That the vectors'
//! own texts come out with the vectors' signatures is tested beside the signing.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used)]

mod calls;
mod damaged;
mod refusals;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::kraken::{Kraken, LIVE_URL};
use perphook::exchange::{Exchange, Keys, Line};
use perphook::market::{Action, Guarded, NewOrder, OrderKind, OrderRef, Protection, ProtectionKind, Side, Symbol, TriggerBy};
use perphook::secret::Secret;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha512};

use crate::vectors::Sent::{Nothing, Text};
use crate::vectors::{
    Difference, FROZEN_MS, KEY, KRAKEN, Reply, SECRET, Seen, all_like, body, d, header, id, line, named_in, pairs, reply, same_address,
    target, with_differences,
};

/// Differences of single calls: vector, parameter, their value, ours.
const DIFFERENCES: &[Difference] = &[
    // Every order has a name.
    ("market_buy", "cliOrdId", Nothing, Text("whk-0001")),
    ("limit_buy", "cliOrdId", Nothing, Text("whk-0001")),
    // The newest first, as many as a page has, and those of the order's contract.
    ("history_orders", "count", Text("1"), Text("100")),
    ("history_orders", "sort", Nothing, Text("desc")),
    ("history_orders", "tradeable", Nothing, Text("PF_ETHUSD")),
];

/// Vectors of calls that are never made.
const NEVER: &[&str] = &[
    // One contract's price.
    "tickers",
    // All settings come with the same call.
    "leverage_get",
    // Kinds of orders that are not placed, and a change that is a new order.
    "limit_buy_post_only",
    "limit_buy_ioc",
    "stop_entry_limit",
    "edit",
    // Orders are asked for and cancelled by our name.
    "cancel_by_id",
    "order_status_by_id",
    // By GET; the documentation says POST.
    "order_status_by_client_id",
    // Orders go singly.
    "batch_send",
    // No nonce is sent.
    "doc_accounts_nonce",
    "doc_sendorder_body_nonce",
];

fn account(replies: impl IntoIterator<Item = Reply>) -> (Kraken, Seen) {
    let keys = Keys { secret: Secret::new(BASE64_STANDARD.encode(SECRET)), ..crate::vectors::keys() };
    let (line, seen) = line(keys, replies);
    (Kraken::new(Line { settle: "USD".to_owned(), ..line }), seen)
}

/// A step of a call: the vector its request must be like, and the answer if it is not the vector's own.
type Exchanged<'a> = (&'a str, Option<Value>);

fn replay_with<T>(steps: &[Exchanged<'_>], act: impl FnOnce(&mut Kraken) -> T) -> T {
    let answer = |(name, answer): &Exchanged<'_>| reply(answer.as_ref().unwrap_or(&KRAKEN[*name].reply));
    let (mut kraken, seen) = account(steps.iter().map(answer));
    let result = act(&mut kraken);
    all_like(&steps.iter().map(|(name, _)| *name).collect::<Vec<_>>(), &seen, compare);
    result
}

fn replay<T>(names: &[&str], act: impl FnOnce(&mut Kraken) -> T) -> T {
    replay_with(&names.iter().map(|name| (*name, None)).collect::<Vec<_>>(), act)
}

/// The parameters, wherever they stand; the list of a batch as what it is, and apart from when the request dies.
fn asks(query: &str, form: &str) -> (Value, Option<Value>) {
    assert!(query.is_empty() || form.is_empty(), "{query} and {form}");
    let mut asks: Map<String, Value> = pairs(if query.is_empty() { form } else { query });
    if let Some(list) = asks.get_mut("json") {
        *list = serde_json::from_str(list.as_str().unwrap()).unwrap();
    }
    let dies = asks.remove("processBefore");
    (Value::Object(asks), dies)
}

fn compare(name: &str, request: &HttpRequest) {
    let vector = &KRAKEN[name];
    let ((path, query), form) = (target(request), body(request));
    same_address(name, vector, LIVE_URL, request);
    let ((theirs, _), (ours, dies)) = (asks(&vector.query, &vector.body), asks(query, form));
    assert_eq!(ours, with_differences(DIFFERENCES, name, theirs), "{name}");
    compare_rest(name, request, dies, path, query, form);
}

/// Where the parameters stand, when it dies, and the headers.
fn compare_rest(name: &str, request: &HttpRequest, dies: Option<Value>, path: &str, query: &str, form: &str) {
    assert!(if request.method == "POST" { query.is_empty() } else { form.is_empty() }, "{name}");
    let carries = ["/sendorder", "/cancelorder"].iter().any(|end| path.ends_with(end));
    assert_eq!(dies, carries.then(|| json!("2023-11-14T22:13:25.000Z")), "{name}");
    let header = |name: &str| header(request, name);
    assert_eq!(header("Content-Type"), (!form.is_empty()).then_some("application/x-www-form-urlencoded"), "{name}");
    assert_eq!(header("Nonce"), None, "{name}");
    if !KRAKEN[name].headers.contains_key("authent") {
        assert!(request.headers.is_empty(), "{name}");
        return;
    }
    let digest = Sha256::digest(format!("{query}{form}{}", path.strip_prefix("/derivatives").unwrap_or(path)));
    let mut mac = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(&digest);
    let authent = BASE64_STANDARD.encode(mac.finalize().into_bytes());
    assert_eq!((header("APIKey"), header("Authent"), header("Accept")), (Some(KEY), Some(&*authent), Some("application/json")), "{name}");
}

fn eth() -> Symbol {
    Symbol::new("PF_ETHUSD")
}

fn market(side: Side, action: Action) -> NewOrder {
    crate::vectors::market("PF_ETHUSD", "whk-0001", side, action, "0.1")
}

fn limit(client_id: &str, price: &str) -> NewOrder {
    NewOrder { id: id(client_id), kind: OrderKind::Limit { price: d(price) }, ..market(Side::Long, Action::Open) }
}

fn guard(kind: ProtectionKind, trigger: &str, by: TriggerBy) -> Protection {
    Protection { id: id("whk-0001"), symbol: eth(), side: Side::Long, kind, trigger_price: d(trigger), qty: d("0.1"), by }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id("whk-0001"), guard: None }
}

fn stop_ref() -> OrderRef {
    let guard = Guarded { side: Side::Long, kind: ProtectionKind::StopLoss, trigger_price: d("1700") };
    OrderRef { id: id("whk-0002"), guard: Some(guard), ..entry_ref() }
}

#[test]
fn every_vector_is_of_a_call_that_is_tested_here_or_never_made() {
    let source =
        concat!(include_str!("kraken_vectors.rs"), include_str!("kraken_vectors/calls.rs"), include_str!("kraken_vectors/refusals.rs"));
    named_in(source, &KRAKEN, NEVER, DIFFERENCES);
}
