//! OKX v5, perpetual swaps, as of mid-2026: who may ask, how often, and how it says no.
//!
//! `routes` maps paths to handlers; `public`, `account`, `plain` and `guards` hold them; `desk` keeps what the engine's
//! book does not; `rows` and `json` write. Sizes are contracts on the wire and coins in the book.
//! Not simulated: fill-or-kill and optimal-limit orders, post-only orders that would take, orders with trigger or limit
//! price in algo orders' place, trailing stops, amendments, the index price, portfolio margin, cross and isolated
//! positions of one contract side by side, funding. A request for one of them is refused loudly. A key that begins with
//! `demo` was made in Demo Trading.

mod account;
mod desk;
mod fail;
mod guards;
mod info;
mod json;
mod plain;
mod public;
mod routes;
mod rows;

use std::cell::Cell;
use std::collections::BTreeMap;

use perphook::exchange::paper::{Denial, Knobs, Oversized, Second};
use perphook::market::{Instrument, Millis, Side, Symbol};

use super::address::Window;
use super::clock;
use super::faults::Class;
use super::floor::Floor;
use super::params::Params;
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use desk::Desk;
use fail::Fail;
use routes::{Per, Route};

const KEY: &str = "OK-ACCESS-KEY";
const SIGN: &str = "OK-ACCESS-SIGN";
const TIMESTAMP: &str = "OK-ACCESS-TIMESTAMP";
const PASSPHRASE: &str = "OK-ACCESS-PASSPHRASE";
const DEMO: &str = "x-simulated-trading";
const EXPIRES: &str = "expTime";
const CONTENT_TYPE: &str = "Content-Type";
const DEMO_KEY: &str = "demo";
/// How far a client's clock may be off, either way.
const WINDOW_MS: Millis = 30_000;
const BUDGET_MS: Millis = 2000;

/// The wire, with what the account has beside its book and how often it asked.
pub struct Okx {
    desk: Desk,
    budgets: BTreeMap<(&'static str, String), Window>,
    /// Whether the request that was classed last answers with elements: a refusal of it must be one, too.
    has_elements: Cell<bool>,
}

impl Default for Okx {
    fn default() -> Okx {
        Okx { desk: Desk::new(), budgets: BTreeMap::new(), has_elements: Cell::new(false) }
    }
}

impl Wire for Okx {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, SIGN, TIMESTAMP, PASSPHRASE, DEMO, EXPIRES, CONTENT_TYPE]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        info::instruments(wanted)
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        // What ends with its position, and what a position may have one of only, is the desk's business.
        Knobs { protection_ends: false, second_protection: Second::Rests, oversized_reduce: Oversized::Refuse, ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        let route = routes::find(call.method, call.path)?;
        self.has_elements.set(route.has_elements);
        Some(route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call.method, call.path) else { return no_such_path(floor) };
        if self.is_over_budget(floor, &route, call, now) {
            return self.trouble(floor, &Trouble::TooMany { until: now }, now);
        }
        let result = authorise(floor, call, &route, now).and_then(|()| (route.run)(&mut self.desk, floor, call, now));
        self.desk.settle(floor, now);
        match result {
            Ok(body) => Reply::json(200, body),
            Err(fail) => refuse(floor, &fail),
        }
    }

    fn settle(&mut self, floor: &mut Floor, now: Millis) {
        self.desk.settle(floor, now);
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        let fail = match trouble {
            Trouble::NoSuchPath { .. } => return no_such_path(floor),
            Trouble::Refuse(refusal) if refusal.status == 200 && self.has_elements.get() => {
                let element = Err((plain::refused(floor, &Params::default(), now), Fail::of(refusal)));
                return Reply::json(200, plain::elements(floor, vec![element], now));
            }
            Trouble::Refuse(refusal) => Fail::of(refusal),
            Trouble::Busy => Fail::with_status(503, 50013, "Systems are busy. Please try again later."),
            Trouble::Unsure => Fail::with_status(500, 50026, "System error. Try again later"),
            // The status of a bad request, and yet it may have been executed.
            Trouble::Timeout => Fail::with_status(
                400,
                50004,
                "API endpoint request timeout (does not indicate success or failure of order, please check order status)",
            ),
            // Neither says how long to wait.
            Trouble::TooMany { .. } => {
                Fail::with_status(429, 50011, "Rate limit reached. Please refer to API documentation and throttle requests accordingly.")
            }
            Trouble::Banned { .. } => Fail::with_status(429, 50040, "Too frequent operations, please try again later"),
        };
        refuse(floor, &fail)
    }

    fn poor(&self) -> Refusal {
        let poor = Fail::poor();
        Refusal::new(200, poor.code, &poor.msg)
    }
}

impl Okx {
    /// Counts a request on its budget of two seconds.
    fn is_over_budget(&mut self, floor: &Floor, route: &Route, call: &Call<'_>, now: Millis) -> bool {
        let amount = call.json.as_ref().and_then(|json| json.as_array()).map_or(1, |list| u32::try_from(list.len()).unwrap_or(u32::MAX));
        let used = match route.per {
            Per::Address => floor.address().count(route.budget, now, BUDGET_MS, amount),
            Per::Account => self.budgets.entry((route.budget, String::new())).or_default().add(now, BUDGET_MS, amount),
            Per::Contract => {
                let first = call.json.as_ref().and_then(|json| json.get(0)).map(Params::of);
                let named = first.as_ref().unwrap_or(&call.params).some("instId").filter(|name| floor.book.instrument(name).is_ok());
                let contract = named.unwrap_or_default().to_owned();
                self.budgets.entry((route.budget, contract)).or_default().add(now, BUDGET_MS, amount)
            }
        };
        floor.config.limits && used > route.limit
    }
}

/// An error answer.
fn refuse(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(&fail.code);
    Reply::json(fail.status, fail.body())
}

fn no_such_path(floor: &mut Floor) -> Reply {
    floor.note_code(404);
    let body = r#"{"code":"404","data":{},"detailMsg":"","error_code":"404","error_message":"Not Found","msg":"Not Found"}"#;
    Reply::json(404, body)
}

fn authorise(floor: &Floor, call: &Call<'_>, route: &Route, now: Millis) -> Result<(), Fail> {
    if call.method == "POST" {
        if !call.header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(Fail::with_status(400, 50006, "Invalid Content-Type. Please use \"application/json\"."));
        }
        if call.json.is_none() {
            return Err(Fail::with_status(400, 50002, "JSON syntax error"));
        }
    }
    if !route.is_signed {
        return Ok(());
    }
    let fail = |code, words| Fail::with_status(401, code, words);
    let key = call.header(KEY).ok_or_else(|| fail(50103, "Request header \"OK-ACCESS-KEY\" can't be empty."))?;
    let phrase = call.header(PASSPHRASE).ok_or_else(|| fail(50104, "Request header \"OK-ACCESS-PASSPHRASE\" can't be empty."))?;
    let sent = call.header(SIGN).ok_or_else(|| fail(50106, "Request header \"OK-ACCESS-SIGN\" can't be empty."))?;
    let timestamp = call.header(TIMESTAMP).ok_or_else(|| fail(50107, "Request header \"OK-ACCESS-TIMESTAMP\" can't be empty."))?;
    if key != floor.key() {
        return Err(fail(50111, "Invalid OK-ACCESS-KEY"));
    }
    if (call.header(DEMO) == Some("1")) != key.starts_with(DEMO_KEY) {
        return Err(fail(50101, "APIKey does not match current environment."));
    }
    let said = clock::read(timestamp).ok_or_else(|| fail(50112, "Invalid OK-ACCESS-TIMESTAMP"))?;
    if said.abs_diff(floor.shown(now)) > WINDOW_MS {
        return Err(fail(50102, "Timestamp request expired"));
    }
    let mark = if call.query.is_empty() { "" } else { "?" };
    let signed = sign::hmac_sha256(&floor.config.secret, &[timestamp, call.method, call.path, mark, call.query, call.body]);
    if sent != sign::base64(&signed) {
        return Err(fail(50113, "Invalid Sign"));
    }
    if phrase != floor.config.password {
        return Err(fail(50105, "Request header \"OK-ACCESS-PASSPHRASE\" incorrect."));
    }
    check_expiry(floor, call, route, now)
}

/// Only where orders of the order book are placed: on other paths the header is not read, so that a late algo order is
/// taken (unconfirmed; harder for a client).
fn check_expiry(floor: &Floor, call: &Call<'_>, route: &Route, now: Millis) -> Result<(), Fail> {
    let Some(text) = call.header(EXPIRES).filter(|_| route.may_expire) else { return Ok(()) };
    let expires: Millis = text.parse().map_err(|_| Fail::parameter(EXPIRES))?;
    if floor.shown(now) > expires {
        return Err(Fail::with_status(
            400,
            50036,
            "The expTime can't be earlier than the current system time. Please adjust the expTime and try again.",
        ));
    }
    Ok(())
}

/// The contract a request names.
fn symbol_of(floor: &Floor, params: &Params) -> Result<Symbol, Fail> {
    let name = params.some("instId").ok_or_else(|| Fail::parameter("instId"))?;
    if info::is_closed(name) {
        return Err(fail::plain(Denial::NotTrading));
    }
    floor.contract(name).map_err(fail::plain)
}

/// The contract a request names, if it names one.
fn symbol_if_any(floor: &Floor, params: &Params) -> Result<Option<Symbol>, Fail> {
    if params.some("instId").is_some() { symbol_of(floor, params).map(Some) } else { Ok(None) }
}

/// Which side an order means: `None` in net mode.
fn position_side(floor: &Floor, params: &Params) -> Result<Option<Side>, Fail> {
    let side = match params.some("posSide") {
        None | Some("net") => None,
        Some("long") => Some(Side::Long),
        Some("short") => Some(Side::Short),
        Some(_) => return Err(Fail::parameter("posSide")),
    };
    if side.is_some() == floor.book.is_hedge() { Ok(side) } else { Err(Fail::parameter("posSide")) }
}

/// `buy` is true.
fn is_buy(params: &Params) -> Result<bool, Fail> {
    match params.some("side") {
        Some("buy") => Ok(true),
        Some("sell") => Ok(false),
        _ => Err(Fail::parameter("side")),
    }
}
