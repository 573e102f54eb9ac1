//! BingX, USDT-M perpetual swaps, as of 2026: who may ask, how often, and how it says no.
//!
//! `routes` maps paths to handlers; `public`, `account`, `plain`, `guards` and `lists` hold them; `line` has the words
//! for an order, `rows` writes the JSON, `limits` counts requests and errors. Not simulated: parameters in a body, other types
//! than limit, market, stop-market and take-profit-market, fill-or-kill, orders by value, the index price, separate
//! isolated margin, the dead man's switch, funding. A request for one of them is refused loudly.
//! Names are kept up to 36 letters and digits; the documentation allows 40.

mod account;
mod fail;
mod guards;
mod info;
mod limits;
mod line;
mod lists;
mod plain;
mod public;
mod routes;
mod rows;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use perphook::exchange::paper::{Knobs, Oversized};
use perphook::market::{Decimal, Instrument, Millis, Side, Symbol};
use serde_json::{Value, json};

use super::address::Window;
use super::faults::Class;
use super::floor::Floor;
use super::params::{self, Params};
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use fail::Fail;
use limits::Errors;
use routes::Route;

const KEY: &str = "X-BX-APIKEY";
/// The default and, as most of the documentation says, the longest.
const WINDOW_MS: Millis = 5000;
/// How far a client's clock may be ahead is not documented; here it is little.
const AHEAD_MS: Millis = 1000;
const SECOND_MS: Millis = 1000;

/// The wire, with what the account has beside its book and how often it asked and failed.
#[derive(Default)]
pub struct BingX {
    notes: Notes,
    budgets: BTreeMap<&'static str, Window>,
    errors: RefCell<Errors>,
    /// Method and path of the request that was classed last: what goes wrong with it counts as its error.
    asked: RefCell<String>,
}

/// What the account has beside its book.
#[derive(Default)]
pub struct Notes {
    /// Leverage of the sides, once one was set.
    leverage: BTreeMap<(Symbol, Side), u32>,
    /// Orders that only rest, by the book's number.
    post_only: BTreeSet<u64>,
}

/// A request, or one order of a batch, on its way.
pub struct Ask<'a> {
    pub floor: &'a mut Floor,
    pub notes: &'a mut Notes,
    pub params: &'a Params,
    pub now: Millis,
}

impl Wire for BingX {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        info::instruments(wanted)
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        // Whether protection ends with its position and what becomes of one that is too large is left open; a name is
        // called unique without an end.
        Knobs { protection_ends: false, oversized_reduce: Oversized::Refuse, reuse_ids: false, ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        self.asked.replace(endpoint(call));
        routes::find(call.method, call.path).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        self.asked.replace(endpoint(call));
        let Some(route) = routes::find(call.method, call.path) else { return no_such_path(floor) };
        if let Some(fail) = self.closed(floor, now) {
            return refuse(floor, &fail);
        }
        if self.is_over_budget(floor, &route, now) {
            let until = (now / SECOND_MS + 1) * SECOND_MS;
            return self.trouble(floor, &Trouble::TooMany { until }, now);
        }
        let result = if route.is_signed { authorise(floor, call, now) } else { Ok(()) };
        let result = result.and_then(|()| (route.run)(&mut Ask { floor, notes: &mut self.notes, params: &call.params, now }));
        match result {
            Ok(Some(data)) => Reply::json(200, json!({"code": 0, "msg": "", "data": data}).to_string()),
            Ok(None) => Reply::json(200, json!({"code": 0, "msg": ""}).to_string()),
            Err(fail) => self.fails(floor, &fail, now),
        }
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        let fail = match trouble {
            Trouble::NoSuchPath { .. } => return no_such_path(floor),
            Trouble::Refuse(refusal) => Fail::of(refusal),
            Trouble::Busy => Fail::new(80_001, "The account assets are being processed, please try again later"),
            // The same words as of an overload: they leave open what happened.
            Trouble::Unsure => Fail::new(109_500, "The current system is busy, please try again later"),
            Trouble::Timeout => {
                floor.note_code(504);
                let body = b"<html><head><title>504 Gateway Time-out</title></head></html>".to_vec();
                return Reply { status: 504, html: true, body, ..Reply::default() };
            }
            Trouble::TooMany { until } => return refuse(floor, &limits::over_frequency(floor.shown(*until))),
            Trouble::Banned { until } => {
                return refuse(floor, &Fail { status: 429, ..limits::over_frequency(floor.shown(*until)) });
            }
        };
        match self.closed(floor, now) {
            Some(closed) => refuse(floor, &closed),
            None => self.fails(floor, &fail, now),
        }
    }

    fn poor(&self) -> Refusal {
        let poor = fail::poor();
        Refusal::new(200, poor.code, &poor.msg)
    }
}

impl BingX {
    /// Why the endpoint that is asked answers nothing else for now, if it is closed.
    fn closed(&self, floor: &Floor, now: Millis) -> Option<Fail> {
        let (errors, asked) = (self.errors.borrow(), self.asked.borrow());
        let (until, code) = errors.closed(&asked, now).filter(|_| floor.config.limits)?;
        Some(limits::over_errors(&asked, code, floor.shown(*until)))
    }

    /// An error answer that counts.
    fn fails(&self, floor: &mut Floor, fail: &Fail, now: Millis) -> Reply {
        self.errors.borrow_mut().note(&self.asked.borrow(), &fail.code, now);
        refuse(floor, fail)
    }

    /// Counts a request on its budgets of a second: market data by address, the rest by account, orders by both.
    fn is_over_budget(&mut self, floor: &Floor, route: &Route, now: Millis) -> bool {
        let (name, limit) = route.budget;
        let is_order = matches!(route.class, Class::Place | Class::Cancel);
        let by_address = |name, limit| floor.address().count(name, now, SECOND_MS, 1) > limit;
        let address_is_over = match (route.is_signed, is_order) {
            (false, _) => by_address(name, limit),
            (true, true) => by_address("orders", routes::ORDERS_PER_ADDRESS),
            (true, false) => false,
        };
        let account_is_over = route.is_signed && self.budgets.entry(name).or_default().add(now, SECOND_MS, 1) > limit;
        floor.config.limits && (address_is_over || account_is_over)
    }
}

fn endpoint(call: &Call<'_>) -> String {
    format!("{} {}", call.method, call.path)
}

/// An error answer.
fn refuse(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(&fail.code);
    Reply::json(fail.status, fail.body())
}

/// The words are the exchange's; the status is not documented.
fn no_such_path(floor: &mut Floor) -> Reply {
    refuse(floor, &Fail { status: 404, ..Fail::new(100_400, "this api is not exist, please check the API path") })
}

fn authorise(floor: &Floor, call: &Call<'_>, now: Millis) -> Result<(), Fail> {
    if !call.body.is_empty() {
        return Err(Fail::not_simulated("parameters in a body"));
    }
    if call.header(KEY) != Some(floor.key()) {
        return Err(Fail::new(100_413, "Incorrect apiKey"));
    }
    let sent = params::signature(call.query).ok_or_else(|| Fail::new(100_412, "Null signature"))?;
    // Signed is what is meant, not how it travels.
    let meant = params::decode(&params::unsigned(call.query));
    if sent != sign::hex(&sign::hmac_sha256(&floor.config.secret, &[&meant])) {
        return Err(Fail::new(100_001, "Signature verification failed"));
    }
    let stamp: Millis = call.params.read("timestamp").ok_or_else(|| Fail::new(80_014, "timestamp is invalid"))?;
    let window = call.params.read::<Millis>("recvWindow").unwrap_or(WINDOW_MS).min(WINDOW_MS);
    let server = floor.shown(now);
    if stamp > server + AHEAD_MS || stamp + window < server {
        return Err(Fail::new(100_421, "Null timestamp or timestamp mismatch"));
    }
    Ok(())
}

impl Ask<'_> {
    /// A parameter that must be there.
    pub fn need(&self, name: &str) -> Result<&str, Fail> {
        self.params.some(name).ok_or_else(|| Fail::parameter(name))
    }

    /// A number that may be there.
    pub fn decimal(&self, name: &str) -> Result<Option<Decimal>, Fail> {
        let read = || self.params.decimal(name).ok_or_else(|| Fail::parameter(name));
        self.params.some(name).map(|_| read()).transpose()
    }

    /// The contract a request names.
    pub fn symbol(&self) -> Result<Symbol, Fail> {
        let name = self.need("symbol")?;
        if let Some(fail) = info::other(name) {
            return Err(fail);
        }
        self.floor.contract(name).map_err(|_| fail::no_symbol(name))
    }

    /// The contract a request names, if it names one.
    pub fn symbol_if_any(&self) -> Result<Option<Symbol>, Fail> {
        if self.params.some("symbol").is_some() { self.symbol().map(Some) } else { Ok(None) }
    }

    /// `BUY` is true.
    pub fn is_buy(&self) -> Result<bool, Fail> {
        match self.need("side")? {
            "BUY" => Ok(true),
            "SELL" => Ok(false),
            _ => Err(Fail::parameter("side")),
        }
    }

    /// Which side an order means: `None` in one-way mode. It must always be said.
    pub fn position_side(&self) -> Result<Option<Side>, Fail> {
        let side = match self.params.some("positionSide") {
            None => return Err(Fail::new(80_014, "Invalid parameters, err:positionSide: This field is required.")),
            Some("BOTH") => None,
            Some("LONG") => Some(Side::Long),
            Some("SHORT") => Some(Side::Short),
            Some(_) => return Err(Fail::parameter("positionSide")),
        };
        let is_hedge = self.floor.book.is_hedge();
        if side.is_some() == is_hedge { Ok(side) } else { Err(fail::mode(is_hedge)) }
    }

    /// `true`, of one-way mode: elsewhere sides say it.
    pub fn reduce_only(&self) -> Result<bool, Fail> {
        match self.params.is_true("reduceOnly") {
            true if self.floor.book.is_hedge() => Err(Fail::new(109_400, "In the Hedge mode, the 'ReduceOnly' field can not be filled.")),
            is_true => Ok(is_true),
        }
    }
}

/// The word for a side.
fn side_word(side: Side) -> &'static str {
    if side == Side::Long { "LONG" } else { "SHORT" }
}

/// Both sides.
const SIDES: [Side; 2] = [Side::Long, Side::Short];

/// A list of JSON that a parameter carries as text.
fn texts(text: &str) -> Option<Vec<Value>> {
    serde_json::from_str(text).ok()
}
