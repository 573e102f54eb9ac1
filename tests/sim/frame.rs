//! The simulated exchange: a floor and a wire, and all that happens to a request between the client and the two.

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use perphook::exchange::http::HttpRequest;
use perphook::exchange::paper::Denial;
use perphook::market::{Decimal, Millis};

use super::address::Gate;
use super::faults::{Fault, Faults};
use super::floor::{Floor, SimConfig};
use super::kind::wire_of;
use super::log::Entry;
use super::reply::{Answer, Outcome, Reply};
use super::wire::{Call, Refusal, Trouble, Wire};

/// One account on a simulated exchange. What a test reads or changes is in its [`Floor`].
pub struct Sim {
    floor: Floor,
    wire: Box<dyn Wire>,
    later: Vec<(Millis, HttpRequest)>,
}

impl Deref for Sim {
    type Target = Floor;

    fn deref(&self) -> &Floor {
        &self.floor
    }
}

impl DerefMut for Sim {
    fn deref_mut(&mut self) -> &mut Floor {
        &mut self.floor
    }
}

impl Sim {
    /// An exchange with one account; every contract has a price.
    pub fn new(config: SimConfig, now: Millis) -> Sim {
        let wire = wire_of(&config);
        Sim { floor: Floor::new(config, wire.as_ref(), now), wire, later: Vec::new() }
    }

    /// Headers the exchange reads; the first one carries the key.
    pub fn headers(&self) -> &'static [&'static str] {
        self.wire.headers()
    }

    /// From now on this account is called from the same address as another: they share budget and bans.
    pub fn call_from_where(&mut self, other: &Sim) {
        self.floor.address = Arc::clone(&other.floor.address);
    }

    /// Replaces the fault plan.
    pub fn set_faults(&mut self, faults: Faults, now: Millis) {
        self.floor.faults = faults;
        self.pass(now);
    }

    /// Moves last and mark price of a contract.
    pub fn set_price(&mut self, symbol: &str, price: Decimal, now: Millis) -> Result<(), Denial> {
        self.pass(now);
        let symbol = self.floor.contract(symbol)?;
        self.book.set_price(&symbol, price, now)?;
        self.wire.settle(&mut self.floor, now);
        Ok(())
    }

    /// Lets time pass: requests that were held back are executed, countdowns run out, triggered orders arrive.
    pub fn pass(&mut self, now: Millis) {
        self.floor.follow_conditions();
        while let Some(index) = self.later.iter().position(|(at, _)| *at <= now) {
            let (at, request) = self.later.remove(index);
            let call = Call::read(&request);
            let reply = self.wire.execute(&mut self.floor, &call, at);
            self.note(call, at, reply.status, Some("executed_later"), true);
        }
        self.floor.advance(now);
        self.wire.settle(&mut self.floor, now);
    }

    /// When the next request that was cut will be executed, if one waits.
    pub fn holds_back(&self) -> Option<Millis> {
        self.later.iter().map(|(at, _)| *at).min()
    }

    /// Answers one request.
    pub fn answer(&mut self, request: &HttpRequest, now: Millis) -> Answer {
        self.pass(now);
        let call = Call::read(request);
        let Some(class) = self.wire.class(&call) else {
            let trouble = Trouble::NoSuchPath { method: call.method, path: call.path.to_owned() };
            return self.turn_away(call, &trouble, now);
        };
        let gate = self.floor.address().call(now);
        match gate {
            Gate::Open => {}
            Gate::Limited(until) => return self.turn_away(call, &Trouble::TooMany { until }, now),
            Gate::Banned(until) => return self.turn_away(call, &Trouble::Banned { until }, now),
        }
        match self.floor.faults.strike(call.method, call.path, class) {
            Some(fault) => self.spoil(request, call, fault, now),
            None => {
                let reply = self.wire.execute(&mut self.floor, &call, now);
                self.note(call, now, reply.status, None, true);
                Answer::at_once(reply)
            }
        }
    }

    fn turn_away(&mut self, call: Call<'_>, trouble: &Trouble, now: Millis) -> Answer {
        let reply = self.wire.trouble(&mut self.floor, trouble, now);
        self.note(call, now, reply.status, None, false);
        Answer::at_once(reply)
    }

    /// Answers a request that a fault strikes.
    fn spoil(&mut self, request: &HttpRequest, call: Call<'_>, fault: Fault, now: Millis) -> Answer {
        if let Fault::RefuseElement { index, code, msg } = &fault {
            let refusal = if code.is_empty() { self.wire.poor() } else { Refusal::new(self.wire.poor().status, code, msg) };
            self.floor.refused_element = Some((*index, refusal));
        }
        if let Fault::CutThenExecute { ms } = fault {
            self.later.push((now + ms, request.clone()));
        }
        let reply = if fault.executes() { self.wire.execute(&mut self.floor, &call, now) } else { Reply::default() };
        self.floor.refused_element = None;
        let delay_ms = if let Fault::Delay { ms } = fault { ms } else { 0 };
        let answer = Answer { delay_ms, outcome: self.outcome(&fault, reply, now) };
        self.note(call, now, answer.status(), Some(fault.name()), fault.executes());
        answer
    }

    /// What a fault makes of an answer.
    fn outcome(&mut self, fault: &Fault, reply: Reply, now: Millis) -> Outcome {
        let trouble = match fault {
            Fault::RefuseElement { .. } | Fault::Delay { .. } => return Outcome::Reply(reply),
            Fault::Unreachable => return Outcome::Unreachable,
            Fault::CutBefore | Fault::CutAfter | Fault::CutThenExecute { .. } => return Outcome::Cut,
            Fault::HalfAnswer => return Outcome::Half(reply),
            Fault::Html502 { .. } => return Outcome::Reply(bad_gateway()),
            Fault::Refuse { status, code, msg } => Trouble::Refuse(Refusal::new(*status, code, msg)),
            Fault::Busy => Trouble::Busy,
            Fault::Unsure { .. } => Trouble::Unsure,
            Fault::Timeout { .. } => Trouble::Timeout,
            Fault::RateLimit { retry_after_s, ban_s } => {
                let until = now + retry_after_s * 1000;
                self.floor.address().limit(until, ban_s * 1000);
                Trouble::TooMany { until }
            }
        };
        // The log tells what the client sees.
        self.floor.noted_code = None;
        Outcome::Reply(self.wire.trouble(&mut self.floor, &trouble, now))
    }

    fn note(&mut self, call: Call<'_>, at: Millis, status: u16, fault: Option<&'static str>, executed: bool) {
        let entry = Entry {
            at,
            arrived_us: 0,
            method: call.method,
            path: call.path.to_owned(),
            params: call.params.0,
            status,
            code: self.floor.noted_code.take(),
            fault,
            executed,
        };
        self.floor.log.push(entry);
    }
}

/// What stands before an exchange says this, not the exchange.
fn bad_gateway() -> Reply {
    let body = b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body></html>";
    Reply { status: 502, html: true, body: body.to_vec(), ..Reply::default() }
}
