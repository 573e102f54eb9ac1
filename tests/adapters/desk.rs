//! What the tests of all simulated exchanges share: a client with a clock of its own that asks the exchange, the trouble and
//! prices of that exchange, the changing of a request, and the comparison of an answer with the documented one.
//!
//! What is an exchange's own is beside it: how requests are signed, the envelope of its answers, its words.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use perphook::exchange::http::HttpRequest;
use perphook::market::{Decimal, Side, Symbol};
use serde_json::Value;

use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::{Kind, Outcome, Reply, Sim, SimConfig};
use crate::vectors::{FROZEN_MS, d};

/// When all desks open.
pub(super) const START: u64 = FROZEN_MS;

/// An exchange, and what only its clients keep.
pub(super) trait Own: Default {
    const KIND: Kind;
    /// The contract that is traded where no other is named, and what it costs at first.
    const CONTRACT: &'static str;
    const PRICE: &'static str;
}

/// A client with its own clock, and the exchange.
pub(super) struct Desk<E> {
    pub(super) sim: Sim,
    pub(super) now: u64,
    pub(super) own: E,
}

impl<E: Own> Desk<E> {
    pub(super) fn new() -> Desk<E> {
        Desk::of(SimConfig::default())
    }

    pub(super) fn hedge() -> Desk<E> {
        Desk::of(SimConfig { hedge: true, ..SimConfig::default() })
    }

    /// Budgets of requests are kept.
    pub(super) fn limited() -> Desk<E> {
        Desk::of(SimConfig { limits: true, ..SimConfig::default() })
    }

    pub(super) fn of(config: SimConfig) -> Desk<E> {
        Desk::at(E::KIND, config)
    }

    pub(super) fn at(exchange: Kind, config: SimConfig) -> Desk<E> {
        let mut desk = Desk { sim: Sim::new(SimConfig { exchange, ..config }, START), now: START, own: E::default() };
        desk.price(E::PRICE);
        desk
    }

    pub(super) fn with(mut self, rules: Vec<Rule>, conditions: Conditions) -> Desk<E> {
        self.sim.set_faults(Faults::new(1, rules, conditions), self.now);
        self
    }

    pub(super) fn struck_by(self, rule: Rule) -> Desk<E> {
        self.with(vec![rule], Conditions::default())
    }

    pub(super) fn under(self, conditions: Conditions) -> Desk<E> {
        self.with(Vec::new(), conditions)
    }

    /// What is answered whole.
    pub(super) fn send(&mut self, request: &HttpRequest) -> Reply {
        match self.sim.answer(request, self.now).outcome {
            Outcome::Reply(reply) => reply,
            other => panic!("no answer: {other:?}"),
        }
    }

    /// No answer comes, and time passes.
    pub(super) fn cut(&mut self, request: &HttpRequest, ms: u64) {
        assert!(matches!(self.sim.answer(request, self.now).outcome, Outcome::Cut));
        self.now += ms;
        self.sim.pass(self.now);
    }

    /// Status and body of an answer in JSON.
    pub(super) fn answer(&mut self, request: &HttpRequest) -> (u16, Value) {
        let reply = self.send(request);
        (reply.status, body_of(&reply))
    }

    pub(super) fn price(&mut self, price: &str) {
        self.price_of(E::CONTRACT, price);
    }

    pub(super) fn price_of(&mut self, contract: &str, price: &str) {
        self.sim.set_price(contract, d(price), self.now).unwrap();
    }

    /// What is held of a side, in coins.
    pub(super) fn held(&self, side: Side) -> Decimal {
        self.sim.book.position(&Symbol::new(E::CONTRACT), side)
    }

    /// The code that was logged of the last request.
    pub(super) fn logged(&self) -> Option<&str> {
        self.sim.log.entries.back().unwrap().code.as_deref()
    }

    /// None of these words is in the log.
    pub(super) fn never_logged(&self, words: &[&str]) {
        let text = format!("{:?}", self.sim.log.entries);
        assert!(!words.iter().any(|word| text.contains(word)), "{text}");
    }
}

pub(super) fn body_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).expect("JSON")
}

/// These fields of an object, which are texts.
pub(super) fn texts<'a, const N: usize>(row: &'a Value, names: [&str; N]) -> [&'a str; N] {
    names.map(|name| row[name].as_str().unwrap_or_else(|| panic!("{name} in {row}")))
}

/// One field of each object of a list, which is a text.
pub(super) fn column<'a>(list: &'a Value, name: &str) -> Vec<&'a str> {
    list.as_array().unwrap().iter().flat_map(|row| texts(row, [name])).collect()
}

/// An element of batches is refused, in the words of the exchange.
pub(super) fn refused_element(index: usize) -> Rule {
    Rule::new(Class::Place, Fault::RefuseElement { index, code: String::new(), msg: String::new() })
}

/// The request with another header, or without it.
pub(super) fn with_header(mut request: HttpRequest, name: &'static str, value: Option<&str>) -> HttpRequest {
    request.headers.retain(|(known, _)| *known != name);
    request.headers.extend(value.map(|value| (name, value.to_owned())));
    request
}

/// The first object with the fields of the second in place of its own; `null` takes one away.
pub(super) fn with(mut base: Value, more: Value) -> Value {
    let fields = base.as_object_mut().unwrap();
    fields.extend(more.as_object().unwrap().clone());
    fields.retain(|_, value| !value.is_null());
    base
}

/// Our answer has every field of the documented one, of the same kind, but for those that may lack (`.data.price`) or may be
/// a null (`.data.price: null`).
pub(super) fn as_shown(name: &str, theirs: &Value, ours: &Value, may_lack: &[&str]) {
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(['.', ':', '[', ' ']);
    let mut lacks = missing("", theirs, ours);
    lacks.retain(|field| !may_lack.iter().any(|place| field.strip_prefix(place).is_some_and(ends)));
    assert!(lacks.is_empty(), "{name}: {lacks:?} in {ours}");
}

/// What the documented value has and ours lacks, or has as another kind of value. Of lists the first elements are
/// compared; a documented null says nothing of its kind.
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
        (Value::Null, _) => Vec::new(),
        (theirs, ours) if std::mem::discriminant(theirs) == std::mem::discriminant(ours) => Vec::new(),
        (theirs, ours) => vec![format!("{place}: {ours} for {theirs}")],
    }
}
