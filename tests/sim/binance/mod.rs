//! Binance USDⓈ-M futures as of late 2026: who may ask, what it costs, how it says no.
//!
//! `routes` maps paths to handlers; `public`, `account`, `plain` and `guards` hold them; `rows` writes the JSON.
//! Not simulated: other time-in-force words than GTC and IOC, conditional limit and trailing orders, order
//! modification, funding, the multi-assets mode. A request for one of them is refused loudly.

mod account;
mod fail;
mod guards;
mod info;
mod plain;
mod public;
mod routes;
mod rows;

use perphook::exchange::paper::Denial;
use perphook::market::{Instrument, Millis, Side, Symbol};

use super::address::Window;
use super::contracts;
use super::faults::Class;
use super::floor::Floor;
use super::params::{self, Params};
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use fail::Fail;
use routes::{Auth, Route};

const KEY_HEADER: &str = "X-MBX-APIKEY";
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

/// The wire, with the order counters of the account.
#[derive(Default)]
pub struct Binance {
    orders_10s: Window,
    orders_1m: Window,
}

impl Wire for Binance {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY_HEADER]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        contracts::list(wanted)
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        routes::find(call.method, call.path).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call.method, call.path) else { return refuse(floor, &Fail::no_such_path(call.method, call.path)) };
        let weight = if call.params.some("symbol").is_some() { route.weight.0 } else { route.weight.1 };
        let used = floor.address().count("weight", now, MINUTE_MS, weight);
        if floor.config.limits && used > WEIGHT_PER_MINUTE {
            let until = (now / MINUTE_MS + 1) * MINUTE_MS;
            floor.address().limit(until, 2 * MINUTE_MS);
            return self.trouble(floor, &Trouble::TooMany { until }, now);
        }
        let result = authorise(floor, call, route.auth, now).and_then(|()| self.count_orders(floor, &route, now));
        let result = result.and_then(|counts| (route.run)(floor, &call.params, now).map(|body| (counts, body)));
        let reply = match result {
            Ok((Some((ten_seconds, minute)), body)) => {
                Reply::json(200, body).with("x-mbx-order-count-10s", ten_seconds).with("x-mbx-order-count-1m", minute)
            }
            Ok((None, body)) => Reply::json(200, body),
            Err(fail) => refuse(floor, &fail),
        };
        reply.with("x-mbx-used-weight-1m", used)
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        let seconds = |until: Millis| until.saturating_sub(now).div_ceil(1000);
        match trouble {
            Trouble::NoSuchPath { method, path } => refuse(floor, &Fail::no_such_path(method, path)),
            Trouble::Refuse(refusal) => refuse(floor, &Fail::of(refusal)),
            Trouble::Busy => refuse(floor, &Fail::with_status(503, -1008, "Request throttled by system-level protection.")),
            Trouble::Unsure => {
                refuse(floor, &Fail::with_status(503, -1000, "Unknown error, please check your request or try again later."))
            }
            Trouble::Timeout => {
                let words = "Timeout waiting for response from backend server. Send status unknown; execution status unknown.";
                refuse(floor, &Fail::with_status(408, -1007, words))
            }
            Trouble::TooMany { until } => {
                let fail = Fail::with_status(429, -1003, "Too many requests; current limit is 2400 requests per minute.");
                refuse(floor, &fail).with("Retry-After", seconds(*until))
            }
            Trouble::Banned { until } => {
                let shown = floor.shown(*until);
                let words = format!("Way too many requests; IP(127.0.0.1) banned until {shown}. Please use the websocket.");
                refuse(floor, &Fail::with_status(418, -1003, words)).with("Retry-After", seconds(*until))
            }
        }
    }

    fn poor(&self) -> Refusal {
        Refusal::new(400, -2019, "Margin is insufficient.")
    }
}

impl Binance {
    fn count_orders(&mut self, floor: &Floor, route: &Route, now: Millis) -> Result<Option<(u32, u32)>, Fail> {
        if route.orders == (0, 0) {
            return Ok(None);
        }
        let counts = (self.orders_10s.add(now, TEN_SECONDS_MS, route.orders.0), self.orders_1m.add(now, MINUTE_MS, route.orders.1));
        if floor.config.limits && (counts.0 > ORDERS_PER_10S || counts.1 > ORDERS_PER_MINUTE) {
            return Err(Fail::with_status(429, -1015, "Too many new orders; current limit is 300 orders per TEN_SECONDS."));
        }
        Ok(Some(counts))
    }
}

/// An error answer.
fn refuse(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(&fail.code);
    Reply::json(fail.status, fail.body())
}

fn authorise(floor: &Floor, call: &Call<'_>, auth: Auth, now: Millis) -> Result<(), Fail> {
    if auth == Auth::None {
        return Ok(());
    }
    let key = call.header(KEY_HEADER).ok_or_else(|| Fail::with_status(401, -2014, "API-key format invalid."))?;
    if key != floor.key() {
        return Err(Fail::with_status(401, -2015, "Invalid API-key, IP, or permissions for action, request ip: 127.0.0.1"));
    }
    if auth == Auth::Key {
        return Ok(());
    }
    check_signature(floor, call)?;
    check_time(floor, &call.params, now)
}

fn check_signature(floor: &Floor, call: &Call<'_>) -> Result<(), Fail> {
    let sent = params::signature(call.query).or_else(|| params::signature(call.body)).ok_or_else(|| Fail::mandatory("signature"))?;
    let (query, body) = (params::unsigned(call.query), params::unsigned(call.body));
    let right = sign::hmac_sha256(&floor.config.secret, &[&query, &body]);
    if sent == sign::hex(&right) { Ok(()) } else { Err(Fail::new(-1022, "Signature for this request is not valid.")) }
}

fn check_time(floor: &Floor, params: &Params, now: Millis) -> Result<(), Fail> {
    let timestamp: i64 = params.read("timestamp").ok_or_else(|| Fail::mandatory("timestamp"))?;
    let window = match params.some("recvWindow") {
        None => RECV_WINDOW_MS,
        Some(text) => text
            .parse()
            .ok()
            .filter(|ms| (0..=RECV_WINDOW_MAX_MS).contains(ms))
            .ok_or_else(|| Fail::new(-1131, "recvWindow must be less than 60000."))?,
    };
    let server = i64::try_from(floor.shown(now)).unwrap_or(i64::MAX);
    if timestamp >= server + AHEAD_MAX_MS {
        return Err(Fail::new(-1021, "Timestamp for this request was 1000ms ahead of the server's time."));
    }
    if server - timestamp > window {
        return Err(Fail::new(-1021, "Timestamp for this request is outside of the recvWindow."));
    }
    Ok(())
}

/// The contract a request names.
fn symbol_of(floor: &Floor, params: &Params) -> Result<Symbol, Fail> {
    let name = params.some("symbol").ok_or_else(|| Fail::mandatory("symbol"))?;
    floor.contract(name).map_err(fail::plain)
}

/// The contract a request names, if it names one.
fn symbol_if_any(floor: &Floor, params: &Params) -> Result<Option<Symbol>, Fail> {
    if params.some("symbol").is_some() { symbol_of(floor, params).map(Some) } else { Ok(None) }
}

/// Which side an order means: `None` in one-way mode.
fn position_side(floor: &Floor, params: &Params) -> Result<Option<Side>, Fail> {
    let side = match params.some("positionSide") {
        None | Some("BOTH") => None,
        Some("LONG") => Some(Side::Long),
        Some("SHORT") => Some(Side::Short),
        Some(_) => return Err(Fail::new(-4060, "Invalid position side.")),
    };
    if side.is_some() == floor.book.is_hedge() { Ok(side) } else { Err(fail::plain(Denial::PositionMode)) }
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
