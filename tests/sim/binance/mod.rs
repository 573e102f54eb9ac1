//! Binance USDⓈ-M futures as of late 2026: who may ask, what strikes the request, what it costs.
//!
//! `routes` maps paths to handlers; `public`, `account`, `plain` and `algo` hold them; `rows` writes the JSON.
//! Not simulated: other time-in-force words than GTC and IOC, conditional limit and trailing orders, order
//! modification, funding. A request for one of them is refused loudly.

mod account;
mod algo;
mod budget;
mod fail;
mod info;
mod plain;
mod public;
mod routes;
mod rows;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hmac::{Hmac, KeyInit, Mac};
use perphook::exchange::http::HttpRequest;
use perphook::exchange::paper::{Book, Denial, Knobs};
use perphook::market::{Decimal, Millis, Side, Symbol};
use sha2::Sha256;

use super::faults::{Fault, Faults};
use super::log::{Entry, RequestLog};
use super::params::{self, Params};
use super::{Answer, Outcome, Reply};
use budget::{Budget, Window};
use fail::Fail;
use routes::{Auth, Route};

const MINUTE_MS: Millis = 60_000;
const TEN_SECONDS_MS: Millis = 10_000;
const WEIGHT_PER_MINUTE: u32 = 2400;
const ORDERS_PER_10S: u32 = 300;
const ORDERS_PER_MINUTE: u32 = 1200;
const RECV_WINDOW_MS: i64 = 5000;
const RECV_WINDOW_MAX_MS: i64 = 60_000;
/// A client's clock may be ahead by less than this.
const AHEAD_MAX_MS: i64 = 1000;
/// Plain order ids lie beyond what a double can count.
const PLAIN_ID_BASE: u64 = 9_100_000_000_000_000;
const ALGO_ID_BASE: u64 = 3_000_000_000;

/// How a simulated exchange is set up.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// API key it knows.
    pub key: String,
    /// Secret it checks signatures with.
    pub secret: String,
    /// Starts in hedge mode.
    pub hedge: bool,
    /// How many contracts it lists: the built-in ones, filled up with made-up ones.
    pub symbols: usize,
    /// Whether the weight and order budgets are enforced.
    pub limits: bool,
    /// Ended orders, executions and naked spans that are kept.
    pub history_max: usize,
}

impl Default for SimConfig {
    fn default() -> SimConfig {
        SimConfig {
            key: "test-api-key".to_owned(),
            secret: "test-api-secret".to_owned(),
            hedge: false,
            symbols: 0,
            limits: false,
            history_max: 10_000,
        }
    }
}

/// The simulated exchange.
pub struct Sim {
    /// The truth: orders, positions, executions, naked spans.
    pub book: Book,
    /// What was asked and answered.
    pub log: RequestLog,
    /// What goes wrong.
    pub faults: Faults,
    config: SimConfig,
    mac: Option<Hmac<Sha256>>,
    exchange_info: Arc<[u8]>,
    budget: Arc<Mutex<Budget>>,
    orders_10s: Window,
    orders_1m: Window,
    later: Vec<(Millis, HttpRequest)>,
    countdowns: Vec<(Symbol, Millis)>,
    multi_assets: bool,
    refused_element: Option<(usize, Fail)>,
    noted_code: Option<i32>,
}

/// A request taken apart.
struct Call<'a> {
    method: &'static str,
    path: &'a str,
    query: &'a str,
    body: &'a str,
    params: Params,
}

impl<'a> Call<'a> {
    fn read(request: &'a HttpRequest) -> Call<'a> {
        let (path, query) = request.target.split_once('?').unwrap_or((&request.target, ""));
        let body = std::str::from_utf8(&request.body).unwrap_or_default();
        Call { method: request.method, path, query, body, params: Params::parse(query, body) }
    }
}

impl Sim {
    /// An exchange whose contracts all have a price: the base price of the built-in ones, 10 for made-up ones.
    pub fn new(config: SimConfig, now: Millis) -> Sim {
        let instruments = Arc::new(info::instruments(config.symbols));
        let mut book = Book::new(Arc::clone(&instruments), config.hedge, Knobs { history_max: config.history_max, ..Knobs::default() });
        for instrument in instruments.iter() {
            let price = perphook::exchange::paper::contracts::base_price(instrument.symbol.as_str()).unwrap_or(Decimal::TEN);
            // A base price is always in range, so the contract opens.
            let _ = book.set_price(&instrument.symbol, price, now);
        }
        Sim {
            exchange_info: info::exchange_info(&instruments, book.knobs()).into_bytes().into(),
            book,
            log: RequestLog::default(),
            faults: Faults::default(),
            mac: Hmac::new_from_slice(config.secret.as_bytes()).ok(),
            config,
            budget: Arc::default(),
            orders_10s: Window::default(),
            orders_1m: Window::default(),
            later: Vec::new(),
            countdowns: Vec::new(),
            multi_assets: false,
            refused_element: None,
            noted_code: None,
        }
    }

    /// The key it knows.
    pub fn key(&self) -> &str {
        &self.config.key
    }

    /// From now on this account is called from the same address as another: they share budget and bans.
    pub fn call_from_where(&mut self, other: &Sim) {
        self.budget = Arc::clone(&other.budget);
    }

    fn budget(&self) -> MutexGuard<'_, Budget> {
        self.budget.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the fault plan.
    pub fn set_faults(&mut self, faults: Faults, now: Millis) {
        self.faults = faults;
        self.pass(now);
    }

    /// Moves last and mark price of a contract.
    pub fn set_price(&mut self, symbol: &str, price: Decimal, now: Millis) -> Result<(), Denial> {
        self.pass(now);
        let symbol = self.book.instrument(symbol)?.symbol.clone();
        self.book.set_price(&symbol, price, now)
    }

    /// Lets time pass: requests that were held back are executed, countdowns run out, triggered orders arrive.
    pub fn pass(&mut self, now: Millis) {
        let conditions = &self.faults.conditions;
        let knobs = self.book.knobs();
        if knobs.liquidity != conditions.liquidity || knobs.trigger_ms != conditions.trigger_ms {
            let knobs = Knobs { liquidity: conditions.liquidity, trigger_ms: conditions.trigger_ms, ..knobs.clone() };
            self.book.set_knobs(knobs);
        }
        while let Some(index) = self.later.iter().position(|(at, _)| *at <= now) {
            let (at, request) = self.later.remove(index);
            let call = Call::read(&request);
            if let Some(route) = routes::find(call.method, call.path) {
                let reply = self.execute(&request, &call, &route, at);
                self.note(call, at, reply.status, Some("executed_later"), true);
            }
        }
        while let Some(index) = self.countdowns.iter().position(|(_, at)| *at <= now) {
            let (symbol, at) = self.countdowns.remove(index);
            self.book.cancel_all(&symbol, at);
        }
        self.book.advance(now);
    }

    /// Whether a request that was cut waits to be executed.
    pub fn holds_back(&self) -> Option<Millis> {
        self.later.iter().map(|(at, _)| *at).min()
    }

    /// Answers one request.
    pub fn answer(&mut self, request: &HttpRequest, now: Millis) -> Answer {
        self.pass(now);
        let call = Call::read(request);
        let Some(route) = routes::find(call.method, call.path) else {
            let fail = Fail::with_status(404, -5000, format!("Path {}, Method {} is invalid", call.path, call.method));
            let reply = self.refuse(&fail);
            self.note(call, now, 404, None, false);
            return Answer { delay_ms: 0, outcome: Outcome::Reply(reply) };
        };
        if let Some(reply) = self.gate(now) {
            self.note(call, now, reply.status, None, false);
            return Answer { delay_ms: 0, outcome: Outcome::Reply(reply) };
        }
        let Some(fault) = self.faults.strike(call.method, call.path, route.class) else {
            let reply = self.execute(request, &call, &route, now);
            self.note(call, now, reply.status, None, true);
            return Answer { delay_ms: 0, outcome: Outcome::Reply(reply) };
        };
        if let Fault::RefuseElement { index, code, msg } = &fault {
            self.refused_element = Some((*index, Fail::new(*code, msg.clone())));
        }
        if let Fault::CutThenExecute { ms } = fault {
            self.later.push((now + ms, request.clone()));
        }
        let reply = if fault.executes() { self.execute(request, &call, &route, now) } else { Reply::default() };
        self.refused_element = None;
        let answer = self.spoil(&fault, reply, now);
        let status = match &answer.outcome {
            Outcome::Reply(reply) | Outcome::Half(reply) => reply.status,
            Outcome::Cut | Outcome::Unreachable => 0,
        };
        self.note(call, now, status, Some(fault.name()), fault.executes());
        answer
    }

    /// What a fault makes of an answer.
    fn spoil(&mut self, fault: &Fault, reply: Reply, now: Millis) -> Answer {
        let mut delay_ms = 0;
        let outcome = match fault {
            Fault::Refuse { status, code, msg } => Outcome::Reply(self.refuse(&Fail::with_status(*status, *code, msg.clone()))),
            Fault::RefuseElement { .. } => Outcome::Reply(reply),
            Fault::Delay { ms } => {
                delay_ms = *ms;
                Outcome::Reply(reply)
            }
            Fault::Unreachable => Outcome::Unreachable,
            Fault::CutBefore | Fault::CutAfter | Fault::CutThenExecute { .. } => Outcome::Cut,
            Fault::HalfAnswer => Outcome::Half(reply),
            Fault::Unknown503 { .. } => Outcome::Reply(Reply {
                status: 503,
                body: b"{\"code\":-1000,\"msg\":\"Unknown error, please check your request or try again later.\"}".to_vec(),
                ..Reply::default()
            }),
            Fault::Timeout1007 { .. } => Outcome::Reply(self.refuse(&Fail::with_status(
                408,
                -1007,
                "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
            ))),
            Fault::Html502 { .. } => Outcome::Reply(Reply {
                status: 502,
                html: true,
                body: b"<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><h1>502 Bad Gateway</h1></body></html>".to_vec(),
                ..Reply::default()
            }),
            Fault::RateLimit { retry_after_s, ban_s } => {
                let mut budget = self.budget();
                (budget.limited_until, budget.ban_ms) = (now + retry_after_s * 1000, ban_s * 1000);
                drop(budget);
                Outcome::Reply(self.too_many(now))
            }
        };
        Answer { delay_ms, outcome }
    }

    /// Turns away who comes back too early.
    fn gate(&mut self, now: Millis) -> Option<Reply> {
        let mut budget = self.budget();
        if now >= budget.banned_until && now >= budget.limited_until {
            return None;
        }
        if now >= budget.banned_until && budget.ban_ms > 0 {
            budget.banned_until = now + budget.ban_ms;
        }
        let banned_until = budget.banned_until;
        drop(budget);
        if now >= banned_until {
            return Some(self.too_many(now));
        }
        let until = self.shown(banned_until);
        let fail =
            Fail::with_status(418, -1003, format!("Way too many requests; IP(127.0.0.1) banned until {until}. Please use the websocket."));
        Some(Reply { retry_after_s: Some((banned_until - now).div_ceil(1000)), ..self.refuse(&fail) })
    }

    fn too_many(&mut self, now: Millis) -> Reply {
        let fail = Fail::with_status(429, -1003, "Too many requests; current limit is 2400 requests per minute.");
        let wait_ms = self.budget().limited_until.saturating_sub(now);
        Reply { retry_after_s: Some(wait_ms.div_ceil(1000)), ..self.refuse(&fail) }
    }

    /// Runs a request through authorisation, budget and handler.
    fn execute(&mut self, request: &HttpRequest, call: &Call<'_>, route: &Route, now: Millis) -> Reply {
        let weight = if call.params.some("symbol").is_some() { route.weight.0 } else { route.weight.1 };
        let used_weight = self.budget().weight.add(now, MINUTE_MS, weight);
        if self.config.limits && used_weight > WEIGHT_PER_MINUTE {
            let mut budget = self.budget();
            (budget.limited_until, budget.ban_ms) = ((now / MINUTE_MS + 1) * MINUTE_MS, 2 * MINUTE_MS);
            drop(budget);
            return self.too_many(now);
        }
        let result = self.authorise(request, call, route.auth, now).and_then(|()| self.count_orders(route, now));
        let result = result.and_then(|counts| (route.run)(self, &call.params, now).map(|body| (counts, body)));
        match result {
            Ok((order_counts, body)) => Reply { status: 200, used_weight, order_counts, body: body.into_bytes(), ..Reply::default() },
            Err(fail) => Reply { used_weight, ..self.refuse(&fail) },
        }
    }

    fn count_orders(&mut self, route: &Route, now: Millis) -> Result<Option<(u32, u32)>, Fail> {
        if route.orders == (0, 0) {
            return Ok(None);
        }
        let counts = (self.orders_10s.add(now, TEN_SECONDS_MS, route.orders.0), self.orders_1m.add(now, MINUTE_MS, route.orders.1));
        if self.config.limits && (counts.0 > ORDERS_PER_10S || counts.1 > ORDERS_PER_MINUTE) {
            return Err(Fail::with_status(429, -1015, "Too many new orders; current limit is 300 orders per TEN_SECONDS."));
        }
        Ok(Some(counts))
    }

    fn authorise(&self, request: &HttpRequest, call: &Call<'_>, auth: Auth, now: Millis) -> Result<(), Fail> {
        if auth == Auth::None {
            return Ok(());
        }
        let key = request.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("X-MBX-APIKEY")).map(|(_, value)| value.as_str());
        match key {
            None | Some("") => return Err(Fail::with_status(401, -2014, "API-key format invalid.")),
            Some(key) if key != self.config.key => {
                return Err(Fail::with_status(401, -2015, "Invalid API-key, IP, or permissions for action, request ip: 127.0.0.1"));
            }
            Some(_) => {}
        }
        if auth == Auth::Key {
            return Ok(());
        }
        self.check_signature(call)?;
        let timestamp: i64 = call.params.read("timestamp").ok_or_else(|| Fail::mandatory("timestamp"))?;
        let window = match call.params.some("recvWindow") {
            None => RECV_WINDOW_MS,
            Some(text) => text
                .parse()
                .ok()
                .filter(|ms| (0..=RECV_WINDOW_MAX_MS).contains(ms))
                .ok_or(Fail::new(-1131, "recvWindow must be less than 60000."))?,
        };
        let server = i64::try_from(self.shown(now)).unwrap_or(i64::MAX);
        if timestamp >= server + AHEAD_MAX_MS {
            return Err(Fail::new(-1021, "Timestamp for this request was 1000ms ahead of the server's time."));
        }
        if server - timestamp > window {
            return Err(Fail::new(-1021, "Timestamp for this request is outside of the recvWindow."));
        }
        Ok(())
    }

    fn check_signature(&self, call: &Call<'_>) -> Result<(), Fail> {
        let sent = params::signature(call.query).or_else(|| params::signature(call.body)).ok_or_else(|| Fail::mandatory("signature"))?;
        let mut mac = self.mac.clone().ok_or_else(|| Fail::new(-1022, "Signature for this request is not valid."))?;
        mac.update(params::unsigned(call.query).as_bytes());
        mac.update(params::unsigned(call.body).as_bytes());
        let right = mac.finalize().into_bytes();
        let is_right = sent.len() == 2 * right.len()
            && right.iter().zip(sent.as_bytes().chunks(2)).all(|(byte, digits)| {
                std::str::from_utf8(digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok()) == Some(*byte)
            })
            && !sent.bytes().any(|byte| byte.is_ascii_uppercase());
        if is_right { Ok(()) } else { Err(Fail::new(-1022, "Signature for this request is not valid.")) }
    }

    /// An error answer; its code is kept for the log.
    fn refuse(&mut self, fail: &Fail) -> Reply {
        self.noted_code = Some(fail.code);
        Reply { status: fail.status, body: fail.body().into_bytes(), ..Reply::default() }
    }

    fn note(&mut self, call: Call<'_>, at: Millis, status: u16, fault: Option<&'static str>, executed: bool) {
        let entry = Entry {
            at,
            arrived_us: 0,
            method: call.method,
            path: call.path.to_owned(),
            params: call.params.0,
            status,
            code: self.noted_code.take(),
            fault,
            executed,
        };
        self.log.push(entry);
    }

    /// A time as the exchange's own clock tells it.
    fn shown(&self, at: Millis) -> Millis {
        at.saturating_add_signed(self.faults.conditions.clock_skew_ms)
    }

    /// A time by the exchange's clock, in true time.
    fn true_time(&self, shown: Millis) -> Millis {
        shown.saturating_add_signed(-self.faults.conditions.clock_skew_ms)
    }

    /// Whether what happened at that time can be seen already.
    fn is_visible(&self, created: Millis, now: Millis) -> bool {
        created + self.faults.conditions.late_orders_ms <= now
    }

    /// The contract a request names.
    fn symbol(&self, params: &Params) -> Result<Symbol, Fail> {
        let name = params.some("symbol").ok_or_else(|| Fail::mandatory("symbol"))?;
        self.book.instrument(name).map(|instrument| instrument.symbol.clone()).map_err(fail::plain)
    }

    /// A client id for an order that came without one.
    fn made_up_id(&self) -> String {
        let known = self.book.all_orders().count() + self.book.all_conditionals().count();
        format!("web_{}_{known}", self.log.dropped + self.log.entries.len() as u64)
    }

    /// The contract a request names, if it names one.
    fn symbol_if_any(&self, params: &Params) -> Result<Option<Symbol>, Fail> {
        if params.some("symbol").is_some() { self.symbol(params).map(Some) } else { Ok(None) }
    }

    /// Which side an order means: `None` in one-way mode.
    fn position_side(&self, params: &Params) -> Result<Option<Side>, Fail> {
        let side = match params.some("positionSide") {
            None | Some("BOTH") => None,
            Some("LONG") => Some(Side::Long),
            Some("SHORT") => Some(Side::Short),
            Some(_) => return Err(Fail::new(-4060, "Invalid position side.")),
        };
        if side.is_some() == self.book.is_hedge() { Ok(side) } else { Err(fail::plain(Denial::PositionMode)) }
    }
}

/// `BUY` is true.
fn is_buy(params: &Params) -> Result<bool, Fail> {
    match params.some("side") {
        Some("BUY") => Ok(true),
        Some("SELL") => Ok(false),
        Some(_) => Err(Fail::new(-1117, "Invalid side.")),
        None => Err(Fail::mandatory("side")),
    }
}
