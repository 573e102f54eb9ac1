//! Bitget's USDT-M futures as of late 2026: one host, two kinds of account, each with an interface of its own.
//!
//! `classic` holds what v2 says, `unified` what v3 says, `orders` and `guards` what both do alike; `public` and `info` answer
//! anybody. An account that is asked in the other kind's words answers 40084 or 40085. Every answer is an envelope with a
//! code; refusals come with status 400.
//!
//! Keys that begin with `demo` belong to demo trading: their requests must carry `paptrading: 1`, and no others may.
//! Not simulated: other products than USDT-FUTURES, other time-in-force words than GTC and IOC, trigger orders that open,
//! trailing and limit exits, changes of an order, preset targets, another leverage for each side or margin mode, funding.
//! A request for one of them is refused loudly.

mod classic;
mod fail;
mod guards;
mod info;
mod orders;
mod public;
mod routes;
mod unified;

use std::collections::BTreeMap;

use perphook::exchange::paper::Knobs;
use perphook::market::{Decimal, Instrument, Millis, Side, Symbol};
use serde_json::{Value, json};

use super::address::Window;
use super::contracts;
use super::faults::Class;
use super::floor::Floor;
use super::params::{self, Params};
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use fail::Fail;
use routes::{Needs, Route};

const KEY: &str = "ACCESS-KEY";
const SIGN: &str = "ACCESS-SIGN";
const TIMESTAMP: &str = "ACCESS-TIMESTAMP";
const PASSPHRASE: &str = "ACCESS-PASSPHRASE";
const DEMO: &str = "paptrading";
/// How far a client's clock may be off.
const WINDOW_MS: u64 = 30_000;
const SECOND_MS: Millis = 1000;
const MINUTE_MS: Millis = 60_000;
const CALLS_PER_MINUTE: u32 = 6000;
/// How long an address that asked too much must be silent.
const RECOVERY_MS: Millis = 5 * MINUTE_MS;
/// The product all of this is about.
const PRODUCT: &str = "USDT-FUTURES";
/// Digits of amounts that were calculated.
const DIGITS: u32 = 8;

/// What kind of account it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Asked under `/api/v2/mix`.
    Classic,
    /// Asked under `/api/v3`.
    Unified,
}

/// The wire, with the account's request counters by path.
pub struct Bitget {
    account: Account,
    asked: BTreeMap<String, Window>,
}

impl Bitget {
    /// A wire for this kind of account.
    pub fn new(account: Account) -> Bitget {
        Bitget { account, asked: BTreeMap::new() }
    }

    /// Counts a request; the words of the refusal if it is one too many, else how many are left this second.
    fn count(&mut self, floor: &Floor, call: &Call<'_>, route: &Route, now: Millis) -> Result<u32, Fail> {
        let all = floor.address().count("requests", now, MINUTE_MS, 1);
        let used = self.asked.entry(call.path.to_owned()).or_default().add(now, SECOND_MS, 1);
        if floor.config.limits && all > CALLS_PER_MINUTE {
            floor.address().limit(now + RECOVERY_MS, 0);
        }
        if floor.config.limits && (all > CALLS_PER_MINUTE || used > route.per_second) {
            Err(Fail::too_many())
        } else {
            Ok(route.per_second.saturating_sub(used))
        }
    }
}

impl Wire for Bitget {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, SIGN, TIMESTAMP, PASSPHRASE, DEMO]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        let mut list = contracts::list(wanted);
        for one in &mut list {
            one.min_notional = Decimal::from(5);
            if &*one.base == "LTC" {
                // A tick that is not one unit of its last digit.
                one.tick = Decimal::new(5, 2);
            }
        }
        list
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        // What becomes of stops and targets when their position ends is not said: they stay. Classic names are used up
        // for ever, unified ones while their order is open.
        Knobs { protection_ends: false, reuse_ids: self.account == Account::Unified, ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        routes::find(call.method, call.path).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call.method, call.path) else { return refuse(floor, &Fail::no_such_path(), now) };
        guards::end_halves(floor, now);
        let left = match self.count(floor, call, &route, now) {
            Ok(left) => left,
            Err(fail) => return refuse(floor, &fail, now),
        };
        let result = self.authorise(floor, call, route.needs, now).and_then(|()| (route.run)(floor, call, now));
        let reply = match result {
            Ok(data) => Reply::json(200, envelope("00000", "success", floor.shown(now), &data)),
            Err(fail) => refuse(floor, &fail, now),
        };
        reply.with("x-mbx-used-remain-limit", left)
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        let fail = match (trouble, self.account) {
            (Trouble::NoSuchPath { .. }, _) => Fail::no_such_path(),
            (Trouble::Refuse(refusal), _) => Fail::of(refusal),
            // The only words for "later" that leave nothing open are those of maintenance.
            (Trouble::Busy, Account::Classic) => Fail::new("45043", "Due to settlement or maintenance reasons, the trade is suspended"),
            (Trouble::Busy, Account::Unified) => Fail::new("25106", "Trading suspended due to settlement or maintenance"),
            (Trouble::Unsure, Account::Classic) => Fail::new("45001", "Unknown error"),
            (Trouble::Unsure, Account::Unified) => Fail::new("40725", "service return an error"),
            (Trouble::Timeout, Account::Classic) => Fail::new("40010", "Request timed out"),
            (Trouble::Timeout, Account::Unified) => Fail::new("25001", "Operation timed out"),
            // It says neither until when nor that it is a ban.
            (Trouble::TooMany { .. } | Trouble::Banned { .. }, _) => Fail::too_many(),
        };
        refuse(floor, &fail, now)
    }

    fn poor(&self) -> Refusal {
        match self.account {
            Account::Classic => Refusal::new(400, "40762", "The order size is greater than the max open size"),
            Account::Unified => Refusal::new(400, "25203", "Insufficient margin"),
        }
    }
}

/// Who may ask.
impl Bitget {
    fn authorise(&self, floor: &Floor, call: &Call<'_>, needs: Needs, now: Millis) -> Result<(), Fail> {
        let wanted = match needs {
            Needs::Nobody => return Ok(()),
            Needs::Account(account) => account,
        };
        let key = call.header(KEY).ok_or_else(|| Fail::new("40001", "ACCESS_KEY cannot be empty"))?;
        let sent = call.header(SIGN).ok_or_else(|| Fail::new("40002", "ACCESS_SIGN cannot be empty"))?;
        let passphrase = call.header(PASSPHRASE).ok_or_else(|| Fail::new("40011", "ACCESS_PASSPHRASE cannot be empty"))?;
        let timestamp = call.header(TIMESTAMP).unwrap_or_default();
        let at: Millis = timestamp.parse().map_err(|_| Fail::new("40005", "Invalid ACCESS_TIMESTAMP"))?;
        if at.abs_diff(floor.shown(now)) > WINDOW_MS {
            return Err(Fail::new("40008", "Request timestamp expired"));
        }
        if key != floor.key() {
            return Err(Fail::new("40006", "Invalid ACCESS_KEY"));
        }
        if key.starts_with("demo") != (call.header(DEMO) == Some("1")) {
            return Err(Fail::new("40099", "exchange environment is incorrect"));
        }
        if passphrase != floor.config.password {
            return Err(Fail::new("40012", "apikey/password is incorrect"));
        }
        // What is signed is the query before it was percent-encoded.
        let (mark, query) = if call.query.is_empty() { ("", String::new()) } else { ("?", params::decode(call.query)) };
        let right = sign::hmac_sha256(&floor.config.secret, &[timestamp, call.method, call.path, mark, &query, call.body]);
        if sent != sign::base64(&right) {
            return Err(Fail::new("40009", "sign signature error"));
        }
        match wanted {
            _ if wanted == self.account => Ok(()),
            Account::Unified => {
                Err(Fail::new("40084", "You are in Classic Account mode, and the Unified Account API is not supported at this time"))
            }
            Account::Classic => {
                Err(Fail::new("40085", "You are in Unified Account mode, and the Classic Account API is not supported at this time"))
            }
        }
    }
}

fn envelope(code: &str, msg: &str, at: Millis, data: &Value) -> String {
    json!({ "code": code, "msg": msg, "requestTime": at, "data": data }).to_string()
}

/// An error answer.
fn refuse(floor: &mut Floor, fail: &Fail, now: Millis) -> Reply {
    floor.note_code(&fail.code);
    Reply::json(fail.status, envelope(&fail.code, &fail.msg, floor.shown(now), &Value::Null))
}

/// A parameter that must be there.
fn must<'a>(params: &'a Params, name: &str) -> Result<&'a str, Fail> {
    params.some(name).ok_or_else(|| Fail::empty(name))
}

/// A number that must be there.
fn number(params: &Params, name: &str) -> Result<Decimal, Fail> {
    must(params, name)?;
    params.decimal(name).ok_or_else(|| Fail::wrong(name))
}

/// Whether a request is about USDT-FUTURES, which it must say under this name.
fn product(params: &Params, name: &str) -> Result<(), Fail> {
    if must(params, name)?.eq_ignore_ascii_case(PRODUCT) { Ok(()) } else { Err(Fail::wrong(name)) }
}

/// The contract a request names, by either kind's words for an unknown one.
fn symbol_of(floor: &Floor, params: &Params, unknown: fn(&str) -> Fail) -> Result<Symbol, Fail> {
    let name = must(params, "symbol")?;
    floor.contract(name).map_err(|_| unknown(name))
}

/// The contract a request names, if it names one.
fn symbol_if_any(floor: &Floor, params: &Params, unknown: fn(&str) -> Fail) -> Result<Option<Symbol>, Fail> {
    if params.some("symbol").is_some() { symbol_of(floor, params, unknown).map(Some) } else { Ok(None) }
}

/// `buy` is true.
fn is_buy(params: &Params) -> Result<bool, Fail> {
    match must(params, "side")? {
        "buy" => Ok(true),
        "sell" => Ok(false),
        _ => Err(Fail::wrong("side")),
    }
}

/// `buy` or `sell`.
fn direction(buy: bool) -> &'static str {
    if buy { "buy" } else { "sell" }
}

/// `long` or `short`.
fn side_word(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

/// `one_way_mode` or `hedge_mode`.
fn mode_word(hedge: bool) -> &'static str {
    if hedge { "hedge_mode" } else { "one_way_mode" }
}

/// A number as text.
fn text(value: Decimal) -> String {
    value.round_dp(DIGITS).normalize().to_string()
}

/// A number as text; empty when there is none.
fn text_or_empty(value: Decimal) -> String {
    if value.is_zero() { String::new() } else { text(value) }
}
