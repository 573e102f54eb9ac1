//! CoinEx futures, API v2, USDT perpetuals, as of 2026: who may ask, how often, and how it says no.
//!
//! `routes` maps paths to handlers; `public`, `info`, `account`, `positions`, `plain`, `cancel`, `guards`, `plans` and
//! `lists` hold them; `ask` reads requests, `rows` writes orders, `desk` keeps what the book does not. One net position per
//! contract; orders know no reduce-only mark, and names are nobody's business: two open orders may have the same one.
//! A signature is right in the documented form and in the one of the first weeks of v2, which other clients still send.
//! Not simulated: spot and margin, hidden orders, self-trade prevention, limit orders that wait for a price, the index
//! price as a trigger, changing an order or a stop, fill-or-kill orders where the depth is limited, closed positions, funding.
//! A request for one of them is refused loudly. Where no source says what the real one does, this one does what is harder
//! for a client, and says so.

mod account;
mod ask;
mod cancel;
mod desk;
mod fail;
mod guards;
mod info;
mod lists;
mod plain;
mod plans;
mod positions;
mod public;
mod routes;
mod rows;

use perphook::exchange::paper::{Knobs, Second};
use perphook::market::{Decimal, Instrument, Millis};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::faults::Class;
use super::floor::Floor;
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use ask::{Ask, Input};
use desk::Desk;
use fail::Fail;
use routes::Group;

const KEY: &str = "X-COINEX-KEY";
const SIGN: &str = "X-COINEX-SIGN";
const TIMESTAMP: &str = "X-COINEX-TIMESTAMP";
const WINDOW: &str = "X-COINEX-WINDOWTIME";
const CONTENT_TYPE: &str = "Content-Type";
/// How far a client's clock may be off if it does not say, either way.
const WINDOW_MS: Millis = 5000;
/// Requests of one address in a second.
const ADDRESS_MAX: u32 = 400;
const SECOND: Millis = 1000;

/// The wire, with what the account has beside its book.
#[derive(Default)]
pub struct CoinEx {
    desk: Desk,
}

/// What a request is answered with, under the heading of success.
pub struct Said {
    data: Value,
    pagination: Option<Value>,
}

impl From<Value> for Said {
    fn from(data: Value) -> Said {
        Said { data, pagination: None }
    }
}

impl Wire for CoinEx {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, SIGN, TIMESTAMP, WINDOW, CONTENT_TYPE]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        info::instruments(wanted)
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        Knobs { second_protection: Second::Replaces, same_ids: true, closes_dust: true, maker_fee: Decimal::new(3, 4), ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        routes::find(call.method, call.path).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call.method, call.path) else { return no_such_path(floor, call.path) };
        let (used, max) = self.desk.count(route.group, routes::weight(call), now);
        let all = floor.address().count("all", now, SECOND, 1);
        if floor.config.limits && (used > max || all > ADDRESS_MAX) {
            return self.trouble(floor, &Trouble::TooMany { until: now }, now);
        }
        let allowed = if route.group == Group::Public { Ok(()) } else { authorise(floor, call, now) };
        let null = Value::Null;
        let input = if call.method == "POST" { Input::Body(call.json.as_ref().unwrap_or(&null)) } else { Input::Query(&call.params) };
        let mut ask = Ask { floor, desk: &mut self.desk, input, now };
        let result = allowed.and_then(|()| (route.run)(&mut ask));
        guards::sweep(floor, now);
        let reply = match result {
            Ok(said) => Reply::json(200, success(said).to_string()),
            Err(fail) => refuse(floor, &fail),
        };
        if route.group == Group::Public {
            return reply;
        }
        reply.with("X-RateLimit-Limit", max).with("X-RateLimit-Remaining", max.saturating_sub(used))
    }

    fn settle(&mut self, floor: &mut Floor, now: Millis) {
        guards::sweep(floor, now);
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, _: Millis) -> Reply {
        let fail = match trouble {
            Trouble::NoSuchPath { path, .. } => return no_such_path(floor, path),
            Trouble::Refuse(refusal) => Fail::of(refusal),
            // None of the three tells whether anything was executed.
            Trouble::Busy => Fail::new(3008, "Service busy, please try again later."),
            Trouble::Unsure => Fail::new(4003, "Internal error, please contact customer service for help."),
            Trouble::Timeout => Fail::new(4002, "Service request timed out, please try again later."),
            // Nobody says how long to wait.
            Trouble::TooMany { .. } => Fail::new(4213, "The request is too frequent, please try again later."),
            Trouble::Banned { .. } => Fail::new(4123, "Rate limit triggered. Please adjust your strategy and reduce the request rate."),
        };
        refuse(floor, &fail)
    }

    fn poor(&self) -> Refusal {
        Refusal::new(200, 3109, "balance not enough")
    }
}

/// Checks key, signature and clock. Which of them the real one looks at first is unconfirmed.
fn authorise(floor: &Floor, call: &Call<'_>, now: Millis) -> Result<(), Fail> {
    if call.method == "POST" && !call.header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json")) {
        return Err(Fail::parameter("Content-Type"));
    }
    if call.header(KEY) != Some(floor.key()) {
        return Err(Fail::new(4005, "Abnormal access_id, please check whether the value passed by X-COINEX-KEY is normal."));
    }
    let sent = call.header(SIGN).ok_or_else(|| Fail::new(4008, "Abnormal X-COIN-SIGN value, please check."))?;
    let at = call.header(TIMESTAMP).unwrap_or_default();
    let query = if call.query.is_empty() { String::new() } else { format!("?{}", call.query) };
    let texts = [call.method, call.path, &query, call.body, at];
    if sent != sign::hex(&sign::hmac_sha256(&floor.config.secret, &texts)) && sent != old_signature(&floor.config.secret, &texts) {
        return Err(Fail::new(
            4006,
            "Signature verification failed, please check the signature according to the documentation instructions.",
        ));
    }
    let at: Millis = at.parse().map_err(|_| Fail::parameter(TIMESTAMP))?;
    let window: Millis = match call.header(WINDOW) {
        Some(text) => text.parse().map_err(|_| Fail::parameter(WINDOW))?,
        None => WINDOW_MS,
    };
    let shown = floor.shown(now);
    if shown > at.saturating_add(window) {
        return Err(Fail::new(4010, "Expired request, please try again later."));
    }
    // The table of codes has two for this.
    if at > shown.saturating_add(window) { Err(Fail::new(4017, "Signature expired, please try again later.")) } else { Ok(()) }
}

/// The form of the first weeks: a hash of the text and the secret after it.
fn old_signature(secret: &str, texts: &[&str]) -> String {
    let mut hash = Sha256::new();
    texts.iter().for_each(|text| hash.update(text.as_bytes()));
    hash.update(secret.as_bytes());
    sign::hex(&hash.finalize())
}

fn success(said: Said) -> Value {
    let mut body = json!({"code": 0, "data": said.data, "message": "OK"});
    if let (Some(pagination), Some(body)) = (said.pagination, body.as_object_mut()) {
        body.insert("pagination".to_owned(), pagination);
    }
    body
}

fn refuse(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(fail.code);
    Reply::json(fail.status, json!({"code": fail.code, "data": {}, "message": fail.message}).to_string())
}

/// What the gateway says of a path that nobody serves is unconfirmed; of one that is served by another method there is a code.
fn no_such_path(floor: &mut Floor, path: &str) -> Reply {
    let is_known = ["GET", "POST"].iter().any(|method| routes::find(method, path).is_some());
    let fail = if is_known {
        Fail::new(4009, "Abnormal request method, please check.")
    } else {
        Fail { status: 404, ..Fail::new(404, "Not Found") }
    };
    refuse(floor, &fail)
}
