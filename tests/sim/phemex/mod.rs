//! Phemex, USDT perpetuals of the `g-` interface (decimal strings), as of late 2026: who may ask, how often, how it says no.
//!
//! `routes` maps paths to handlers; `public`, `info`, `account`, `plain`, `guards` and `lists` hold them; `line` has the
//! words for an order, `rows` writes the JSON, `desk` keeps what the book does not. Not simulated: stops and targets that
//! come with an entry, post-only and fill-or-kill, conditional limit orders, trailing stops, triggers other than mark and last
//! price, amendments, fractions of leverage, another leverage for each side, tiers of leverage, funding. A request for one of
//! them is refused loudly; a field that no source knows is ignored, as the real one does.
//! Where no source says what the real one does, this one does what is harder for a client, and says so.

mod account;
mod ask;
mod desk;
mod fail;
mod guards;
mod info;
mod line;
mod lists;
mod plain;
mod public;
mod routes;
mod rows;

use perphook::exchange::paper::{Knobs, Oversized, Second};
use perphook::market::{Instrument, Millis};
use serde_json::Value;

use super::address::Window;
use super::faults::Class;
use super::floor::Floor;
use super::params::{Params, decode};
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use ask::Ask;
use desk::Desk;
use fail::Fail;
use routes::{Group, Route};

const KEY: &str = "x-phemex-access-token";
const EXPIRY: &str = "x-phemex-request-expiry";
const SIGN: &str = "x-phemex-request-signature";
const MINUTE_MS: Millis = 60_000;
/// How far ahead an expiry may lie is said of the websocket's only.
const AHEAD_MAX_S: u64 = 120;
const ADDRESS_WINDOW_MS: Millis = 300_000;
const ADDRESS_REQUESTS_MAX: u32 = 5000;
const BAN_MS: Millis = 300_000;

/// The wire, with what the book does not keep.
#[derive(Default)]
pub struct Phemex {
    desk: Desk,
    contract: Window,
    others: Window,
}

impl Wire for Phemex {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, EXPIRY, SIGN]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        info::instruments(wanted)
    }

    // Whether the name of an ended order is free again, no source says: a client that sends an order once more buys twice here.
    fn habits(&self, knobs: Knobs) -> Knobs {
        Knobs { protection_ends: false, second_protection: Second::Rests, oversized_reduce: Oversized::Refuse, reuse_ids: true, ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        routes::find(call).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        self.desk.begin(floor);
        let Some(route) = routes::find(call) else { return refuse(floor, &fail::no_such_path()) };
        let asked = floor.address().count("requests", now, ADDRESS_WINDOW_MS, 1);
        if floor.config.limits && asked > ADDRESS_REQUESTS_MAX {
            floor.address().limit(now + BAN_MS, 0);
            return self.trouble(floor, &Trouble::Banned { until: now + BAN_MS }, now);
        }
        let rest = self.count(&route, now);
        if floor.config.limits && rest.is_none() {
            return too_many(floor, route.group, (now / MINUTE_MS + 1) * MINUTE_MS, now);
        }
        let allowed = if route.signed { authorise(floor, call, now) } else { Ok(()) };
        let reply = match allowed.and_then(|()| self.run(&route, floor, call, now)) {
            Ok(body) => Reply::json(200, body.to_string()),
            Err(fail) => refuse(floor, &fail),
        };
        let [remaining, capacity, _] = route.group.headers();
        reply.with(remaining, rest.unwrap_or(0)).with(capacity, route.group.per_minute())
    }

    fn settle(&mut self, floor: &mut Floor, _now: Millis) {
        self.desk.begin(floor);
        self.desk.notice(floor);
    }

    // Which of several words the real one has for each kind of trouble, no source says.
    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        match trouble {
            Trouble::NoSuchPath { .. } => refuse(floor, &fail::no_such_path()),
            Trouble::Refuse(refusal) => refuse(floor, &Fail::of(refusal)),
            // The number is that of a wrong signature, too: the words make the difference.
            Trouble::Busy => refuse(floor, &Fail::new(10500, "Please try again later")),
            Trouble::Unsure => refuse(floor, &Fail::new(11107, "TE_CANNOT_CONNECT_TO_REQUEST_SEQ")),
            Trouble::Timeout => refuse(floor, &Fail::gateway(504, "504 Gateway Timeout")),
            Trouble::TooMany { until } | Trouble::Banned { until } => too_many(floor, Group::Contract, *until, now),
        }
    }

    fn poor(&self) -> Refusal {
        Refusal::new(200, 11001, "TE_NO_ENOUGH_AVAILABLE_BALANCE")
    }
}

impl Phemex {
    /// Counts a request on its group's budget, and returns what is left of this minute; `None` when it is too much.
    fn count(&mut self, route: &Route, now: Millis) -> Option<u32> {
        let window = if route.group == Group::Contract { &mut self.contract } else { &mut self.others };
        route.group.per_minute().checked_sub(window.add(now, MINUTE_MS, route.weight))
    }

    fn run(&mut self, route: &Route, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
        // Only POST says something in its body; all others in the query.
        let body = call.json.as_ref().filter(|_| call.method == "POST");
        if call.method == "POST" && !body.is_some_and(Value::is_object) {
            return Err(fail::arguments());
        }
        let params = body.map_or_else(|| Params::parse(call.query, ""), Params::of);
        let ask = &mut Ask { floor, desk: &mut self.desk, params, body, now };
        (route.run)(ask)
    }
}

fn refuse(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(&fail.code);
    Reply::json(fail.status, fail.body().to_string())
}

fn too_many(floor: &mut Floor, group: Group, until: Millis, now: Millis) -> Reply {
    let reply = refuse(floor, &Fail { status: 429, ..Fail::new(39995, "Too many requests.") });
    let [remaining, capacity, retry_after] = group.headers();
    let seconds = until.saturating_sub(now).div_ceil(1000);
    reply.with(remaining, 0).with(capacity, group.per_minute()).with(retry_after, seconds)
}

fn authorise(floor: &Floor, call: &Call<'_>, now: Millis) -> Result<(), Fail> {
    if call.header(KEY) != Some(floor.key()) {
        return Err(Fail::gateway(401, "401 Failed to load API KEY."));
    }
    let expiry = call.header(EXPIRY).unwrap_or_default();
    // Whole seconds: a request is good until the last one has passed.
    let server = floor.shown(now) / 1000;
    if !expiry.parse::<u64>().is_ok_and(|expiry| (server..=server + AHEAD_MAX_S).contains(&expiry)) {
        return Err(Fail::gateway(401, format!("401 Request Expired at {expiry}.")));
    }
    let body = if call.method == "POST" { call.body } else { "" };
    let right = |query: &str| sign::hex(&sign::hmac_sha256(&floor.config.secret, &[call.path, query, expiry, body]));
    // Of two live clients one signs the query as it is sent and one signs it decoded.
    let given = call.header(SIGN).unwrap_or_default();
    if given == right(call.query) || given == right(&decode(call.query)) {
        return Ok(());
    }
    Err(Fail::new(10500, "API Signature verification failed."))
}
