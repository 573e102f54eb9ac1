//! Bybit v5, USDT linear perpetuals on a unified account, as of late 2026: who may ask, how often, and how it says no.
//!
//! `routes` maps paths to handlers; `public`, `info`, `account`, `positions`, `plain`, `guards` and `lists` hold them; `line`
//! has the words for an order, `rows` writes the JSON. Not simulated: takers' limits other than GTC and IOC, targets
//! attached to orders, partial and trailing stops, conditional limit orders, the index price as a trigger, amendments,
//! funding, portfolio margin, a position mode of its own for every contract. A request for one of them is refused loudly.
//! Where no source says what the real one does, this one does what is harder for a client, and says so.

mod account;
mod ask;
mod fail;
mod guards;
mod ids;
mod info;
mod line;
mod lists;
mod page;
mod plain;
mod positions;
mod public;
mod routes;
mod rows;

use std::collections::BTreeMap;

use perphook::exchange::paper::{Knobs, Second};
use perphook::market::{Instrument, Millis};
use serde_json::{Value, json};

use super::address::Window;
use super::contracts;
use super::faults::Class;
use super::floor::Floor;
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use ask::{Ask, Said};
use fail::Fail;
use ids::Notes;
use routes::Route;

const KEY: &str = "X-BAPI-API-KEY";
const TIMESTAMP: &str = "X-BAPI-TIMESTAMP";
const WINDOW: &str = "X-BAPI-RECV-WINDOW";
const SIGN: &str = "X-BAPI-SIGN";
const RECV_WINDOW: &str = "5000";
/// A client's clock may be ahead by less than this.
const AHEAD_MAX_MS: i64 = 1000;
const SECOND_MS: Millis = 1000;
const ADDRESS_WINDOW_MS: Millis = 5000;
const ADDRESS_REQUESTS_MAX: u32 = 600;
const BAN_MS: Millis = 600_000;
/// An address that is shut out is told so in words, as are those who ask in a way no client should.
const FORBIDDEN: &str = "access too frequent";

/// The wire, with what the book does not keep.
#[derive(Default)]
pub struct Bybit {
    notes: Notes,
    /// Requests of this second, by path.
    used: BTreeMap<String, Window>,
}

impl Wire for Bybit {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, TIMESTAMP, WINDOW, SIGN]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        contracts::list(wanted)
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        Knobs { second_protection: Second::Replaces, reuse_ids: false, ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        routes::find(call).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call) else { return text(404, "404 page not found") };
        let asked = floor.address().count("requests", now, ADDRESS_WINDOW_MS, 1);
        if floor.config.limits && asked > ADDRESS_REQUESTS_MAX {
            floor.address().limit(now + BAN_MS, BAN_MS);
            return self.trouble(floor, &Trouble::Banned { until: now + BAN_MS }, now);
        }
        // Even an empty JSON object with a GET is refused before anything else is looked at.
        if call.method == "GET" && !call.body.is_empty() {
            return text(403, "Forbidden");
        }
        if route.signed && call.header(KEY).is_none() {
            return refuse(floor, &Fail { status: 401, ..Fail::new(10003, "API key is invalid.") }, now);
        }
        let rest = self.count(&route, call, now);
        if floor.config.limits && rest.is_none() {
            return self.trouble(floor, &Trouble::TooMany { until: (now / SECOND_MS + 1) * SECOND_MS }, now);
        }
        let allowed = if route.signed { authorise(floor, call, now) } else { Ok(()) };
        let reply = match allowed.and_then(|()| self.run(&route, floor, call, now)) {
            Ok(said) => envelope(floor, 200, json!(0), "OK", &said, now),
            Err(fail) => refuse(floor, &fail, now),
        };
        // The reset time equals now where nothing is limited.
        let reply = reply.with("X-Bapi-Limit", route.per_second).with("X-Bapi-Limit-Status", rest.unwrap_or(0));
        reply.with("X-Bapi-Limit-Reset-Timestamp", floor.shown(now))
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        match trouble {
            Trouble::NoSuchPath { .. } => text(404, "404 page not found"),
            Trouble::Refuse(refusal) => refuse(floor, &Fail::of(refusal), now),
            Trouble::Busy => {
                let words = "The trading service is experiencing a high server load. Please retry if you encounter this issue.";
                refuse(floor, &Fail { status: 429, ..Fail::new(429, words) }, now)
            }
            Trouble::Unsure => refuse(floor, &Fail::new(10016, "Internal system error. Please retry later."), now),
            Trouble::Timeout => refuse(floor, &Fail::new(10000, "Server Timeout"), now),
            Trouble::TooMany { until } => {
                let reset = floor.shown(*until);
                let reply = refuse(floor, &Fail::new(10006, "Too many visits. Exceeded the API Rate Limit."), now);
                reply.with("X-Bapi-Limit", 10).with("X-Bapi-Limit-Status", 0).with("X-Bapi-Limit-Reset-Timestamp", reset)
            }
            Trouble::Banned { .. } => {
                floor.note_code(403);
                text(403, FORBIDDEN)
            }
        }
    }

    fn poor(&self) -> Refusal {
        Refusal::new(200, 110_007, "ab not enough for new order")
    }
}

impl Bybit {
    /// Counts a request, and returns what is left of this second; `None` when it is too much.
    fn count(&mut self, route: &Route, call: &Call<'_>, now: Millis) -> Option<u32> {
        if route.per_second == 0 {
            return Some(0);
        }
        let elements = call.json.as_ref().and_then(|body| body.get("request")).and_then(Value::as_array).map_or(1, Vec::len);
        let amount = u32::try_from(elements).unwrap_or(u32::MAX);
        let used = self.used.entry(call.path.to_owned()).or_default().add(now, SECOND_MS, amount);
        route.per_second.checked_sub(used)
    }

    fn run(&mut self, route: &Route, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Said, Fail> {
        let body = call.json.as_ref();
        if call.method == "POST" && !body.is_some_and(Value::is_object) {
            return Err(Fail::new(10001, "Request parameter error."));
        }
        // Settings of the whole account and the clock know no category.
        let is_general = call.path.starts_with("/v5/account/") || call.path == "/v5/market/time";
        if !is_general && call.params.some("category") != Some("linear") {
            return Err(Fail::param("Category is invalid"));
        }
        let mut ask = Ask { floor, notes: &mut self.notes, params: &call.params, body, now };
        ask.check_kinds()?;
        (route.run)(&mut ask)
    }
}

/// What stands round every answer.
fn envelope(floor: &Floor, status: u16, code: Value, msg: &str, said: &Said, now: Millis) -> Reply {
    let body = json!({"retCode": code, "retMsg": msg, "result": said.result, "retExtInfo": said.ext, "time": floor.shown(now)});
    Reply::json(status, body.to_string())
}

fn refuse(floor: &mut Floor, fail: &Fail, now: Millis) -> Reply {
    floor.note_code(&fail.code);
    envelope(floor, fail.status, fail.code_value(), &fail.msg, &Said::from(fail.result.clone()), now)
}

/// An answer of what stands before the exchange: words, not JSON.
fn text(status: u16, words: &str) -> Reply {
    Reply { status, html: true, body: words.as_bytes().to_vec(), ..Reply::default() }
}

fn authorise(floor: &Floor, call: &Call<'_>, now: Millis) -> Result<(), Fail> {
    let key = call.header(KEY).unwrap_or_default();
    if key != floor.key() {
        return Err(Fail::new(10003, "API key is invalid."));
    }
    let stamp = call.header(TIMESTAMP).unwrap_or_default();
    let window = call.header(WINDOW).unwrap_or(RECV_WINDOW);
    check_time(floor, stamp, window, now)?;
    let payload = if call.method == "GET" { call.query } else { call.body };
    let right = sign::hex(&sign::hmac_sha256(&floor.config.secret, &[stamp, key, window, payload]));
    if call.header(SIGN) == Some(right.as_str()) {
        return Ok(());
    }
    // The real one says the text that it would have signed, key and all.
    let words = format!("error sign! origin_string[{stamp}{key}{window}{payload}]");
    Err(Fail::new(10004, words))
}

fn check_time(floor: &Floor, stamp: &str, window: &str, now: Millis) -> Result<(), Fail> {
    let server = i64::try_from(floor.shown(now)).unwrap_or(i64::MAX);
    let times = stamp.parse::<i64>().ok().zip(window.parse::<i64>().ok());
    if times.is_some_and(|(stamp, window)| server - window <= stamp && stamp < server + AHEAD_MAX_MS) {
        return Ok(());
    }
    let words = "invalid request, please check your server timestamp or recv_window param.";
    Err(Fail::new(10002, format!("{words} req_timestamp[{stamp}],server_timestamp[{server}],recv_window[{window}]")))
}
