//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod classic;
mod kinds;
mod unified;

use std::collections::VecDeque;
use std::io::Cursor;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::exchange::error::Reason;
use crate::exchange::http::{Http, HttpError, HttpRequest, HttpResponse};
use crate::exchange::{Clock, Keys};
use crate::market::{
    Action, ClientId, Decimal, Guarded, Installation, Leg, MarginMode, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy,
};
use crate::secret::Secret;

const START: Millis = 1_700_000_000_000;

/// What happens to one request: which it must be, and what comes back.
struct Step {
    expected: &'static str,
    reply: std::result::Result<(u16, String), HttpError>,
}

fn raw(expected: &'static str, status: u16, body: &str) -> Step {
    Step { expected, reply: Ok((status, body.to_owned())) }
}

/// A step that succeeds with some data.
fn ok(expected: &'static str, data: Value) -> Step {
    raw(expected, 200, &json!({"code": "00000", "msg": "success", "requestTime": START, "data": data}).to_string())
}

/// A step refused with a code.
fn no(expected: &'static str, code: &str, msg: &str) -> Step {
    raw(expected, 400, &json!({"code": code, "msg": msg, "requestTime": START, "data": null}).to_string())
}

fn broken(expected: &'static str, maybe_sent: bool) -> Step {
    Step { expected, reply: Err(HttpError { maybe_sent, detail: "cable cut".to_owned() }) }
}

type Steps = Arc<Mutex<VecDeque<Step>>>;
type Seen = Arc<Mutex<Vec<HttpRequest>>>;

struct Script {
    steps: Steps,
    seen: Seen,
}

impl Http for Script {
    fn send(&mut self, request: &HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        self.seen.lock().unwrap().push(request.clone());
        let step = self.steps.lock().unwrap().pop_front().unwrap_or_else(|| panic!("nothing scripted for {request:?}"));
        assert_eq!(format!("{request:?}"), step.expected);
        let (status, body) = step.reply?;
        Ok(HttpResponse { status, retry_after_s: None, limit_resets_at: None, body: Box::new(Cursor::new(body.into_bytes())) })
    }
}

/// An account, the steps it must still take, and what it has sent.
struct Stage {
    bitget: Bitget,
    steps: Steps,
    seen: Seen,
}

impl Stage {
    /// An account of that kind, of which nothing more is known yet.
    fn new(generation: Generation, hedge: bool) -> Stage {
        let (steps, seen) = (Steps::default(), Seen::default());
        let clock: Clock = Arc::new(|| START);
        let keys = Keys { key: Secret::new("key"), secret: Secret::new("secret"), password: Secret::new("password"), demo: false };
        let http = Box::new(Script { steps: Arc::clone(&steps), seen: Arc::clone(&seen) });
        let mut bitget = Bitget::new(Line { http, keys, clock, settle: "USDT".to_owned(), catalogue: Catalogue::default() });
        (bitget.generation, bitget.account.hedge) = (generation, hedge);
        Stage { bitget, steps, seen }
    }

    /// The same, with a margin mode that orders can name.
    fn set(generation: Generation, hedge: bool, mode: MarginMode) -> Stage {
        let mut stage = Stage::new(generation, hedge);
        stage.bitget.account.known.set(&eth(), Terms { leverage: Some(10), margin_mode: Some(mode) });
        stage
    }

    /// Says what must happen next; everything said before must have happened.
    fn expect(&mut self, steps: impl IntoIterator<Item = Step>) -> &mut Bitget {
        self.done();
        self.seen.lock().unwrap().clear();
        self.steps.lock().unwrap().extend(steps);
        &mut self.bitget
    }

    fn done(&self) {
        assert_eq!(self.steps.lock().unwrap().iter().map(|step| step.expected).collect::<Vec<_>>(), [""; 0], "calls that were not made");
    }

    /// A parameter of the request that was sent as number `at` since the last expectation; empty when it was not sent.
    fn sent(&self, at: usize, name: &str) -> String {
        let seen = self.seen.lock().unwrap();
        let request = &seen[at];
        if let Ok(body) = serde_json::from_slice::<Value>(&request.body) {
            return body[name].as_str().unwrap_or_default().to_owned();
        }
        let query = request.target.split_once('?').unwrap().1;
        query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default().to_owned()
    }
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn id(leg: Leg) -> ClientId {
    ClientId::derive(&Installation::from_random([7; 8]), "a", 1, leg, 1)
}

fn d(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn limit(leg: Leg) -> NewOrder {
    let kind = OrderKind::Limit { price: d("1900") };
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action: Action::Open, kind, qty: d("0.5"), stop: None }
}

fn close(side: Side) -> NewOrder {
    NewOrder { id: id(Leg::Close), symbol: eth(), side, action: Action::Close, kind: OrderKind::Market, qty: d("0.5"), stop: None }
}

fn guard(leg: Leg, side: Side) -> Protection {
    let kind = if leg == Leg::Stop { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit };
    Protection { id: id(leg), symbol: eth(), side, kind, trigger_price: d("1800"), qty: d("0.5"), by: TriggerBy::Last }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None }
}

fn guard_ref(leg: Leg) -> OrderRef {
    let Protection { side, kind, trigger_price, .. } = guard(leg, Side::Long);
    OrderRef { symbol: eth(), id: id(leg), guard: Some(Guarded { side, kind, trigger_price }) }
}

fn ack(leg: Leg) -> Value {
    json!({"orderId": "1117000000000000001", "clientOid": id(leg).as_str()})
}

fn reason<T>(result: &Result<T>) -> Option<Reason> {
    result.as_ref().err().and_then(ExchangeError::reason)
}

fn is_unknown<T>(result: &Result<T>) -> bool {
    matches!(result, Err(ExchangeError::Unknown { fence, .. }) if *fence == START + 32_000)
}

fn terms(leverage: u32, mode: MarginMode) -> Terms {
    Terms { leverage: Some(leverage), margin_mode: Some(mode) }
}
