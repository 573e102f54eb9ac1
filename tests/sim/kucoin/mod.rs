//! KuCoin Futures, USDT perpetuals of a classic account, as of 2026: who may ask, how often, and how it says no.
//!
//! `routes` maps paths to handlers; `public`, `info`, `account`, `settings`, `plain`, `guards`, `cancel` and `lists` hold
//! them; `line` says more of an order, `notes` keeps what the book does not, `rows` and `json` write. Sizes are lots
//! on the wire and coins in the book. Contracts begin with cross margin, so that an order which says nothing of its mode
//! is refused. Stops need no position, so none is refused because one is not seen yet.
//! Not simulated: RPI, hidden, iceberg and post-only orders, orders of a value, limit orders that wait for a price, the
//! index price, `st-orders`, a leverage of its own for every isolated order, refusals after an order was taken, closed
//! positions, funding. A request for one of them is refused loudly. A stop for everything closes whatever is there when
//! it is set off, whatever side it named. A key that begins with `v3` was made as one of version 3.

mod account;
mod ask;
mod cancel;
mod fail;
mod guards;
mod info;
mod json;
mod line;
mod lists;
mod notes;
mod plain;
mod public;
mod routes;
mod rows;
mod settings;

use perphook::exchange::paper::{Knobs, Oversized, Second};
use perphook::market::{Instrument, Millis};

use super::address::Window;
use super::faults::Class;
use super::floor::Floor;
use super::reply::Reply;
use super::sign;
use super::wire::{Call, Refusal, Trouble, Wire};
use ask::Ask;
use fail::Fail;
use notes::Notes;

const KEY: &str = "KC-API-KEY";
const SIGN: &str = "KC-API-SIGN";
const TIMESTAMP: &str = "KC-API-TIMESTAMP";
const PASSPHRASE: &str = "KC-API-PASSPHRASE";
const VERSION: &str = "KC-API-KEY-VERSION";
const CONTENT_TYPE: &str = "Content-Type";
/// How the name of a key of version 3 begins; all others are of version 2.
const THIRD: &str = "v3";
/// How far a client's clock may be off, either way.
const WINDOW_MS: Millis = 5000;
/// What an account and an address may weigh.
const BUDGET: u32 = 2000;
const BUDGET_MS: Millis = 30_000;

/// The wire, with what the book does not keep, and what the account has used of its budget.
#[derive(Default)]
pub struct KuCoin {
    notes: Notes,
    used: Window,
}

impl Wire for KuCoin {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, SIGN, TIMESTAMP, PASSPHRASE, VERSION, CONTENT_TYPE]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        info::instruments(wanted)
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        let (second_protection, oversized_reduce) = (Second::Rests, Oversized::Trim);
        let whole_needs_position = false;
        Knobs { protection_ends: false, whole_needs_position, second_protection, oversized_reduce, reuse_ids: false, ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        routes::find(call).map(|route| route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call) else { return no_such_path(floor) };
        let used = if route.is_signed {
            self.used.add(now, BUDGET_MS, route.weight)
        } else {
            floor.address().count("public", now, BUDGET_MS, route.weight)
        };
        if floor.config.limits && used > BUDGET {
            return self.trouble(floor, &Trouble::TooMany { until: (now / BUDGET_MS + 1) * BUDGET_MS }, now);
        }
        let allowed = authorise(floor, call, route.is_signed, now);
        let mut ask = Ask { floor, notes: &mut self.notes, params: &call.params, body: call.json.as_ref(), tail: route.tail, now };
        let reply = match allowed.and_then(|()| (route.run)(&mut ask)) {
            Ok(data) => Reply::json(200, format!("{{\"code\":\"200000\",\"data\":{data}}}")),
            Err(fail) => refuse(floor, &fail),
        };
        with_budget(reply, BUDGET.saturating_sub(used), BUDGET_MS - now % BUDGET_MS)
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        let fail = match trouble {
            Trouble::NoSuchPath { .. } => return no_such_path(floor),
            Trouble::Refuse(refusal) => Fail::of(refusal),
            Trouble::Busy => Fail::new(200_002, "Too many requests in a short period of time, please retry later"),
            Trouble::Unsure => Fail::with_status(500, 500_000, "Internal Server Error"),
            // The status of a good answer, and yet nobody knows.
            Trouble::Timeout => Fail::new(408_000, "Network timeout, please try again later"),
            Trouble::TooMany { until } => {
                let reply = refuse(floor, &Fail::with_status(429, 429_000, "Too many requests."));
                return with_budget(reply, 0, until.saturating_sub(now));
            }
            // This is what stands before the exchange: words, not JSON, and a status that also says other things.
            Trouble::Banned { .. } => {
                floor.note_code(1015);
                return Reply { status: 403, html: true, body: b"error code: 1015".to_vec(), ..Reply::default() };
            }
        };
        refuse(floor, &fail)
    }

    fn poor(&self) -> Refusal {
        Refusal::new(200, 300_003, "Balance insufficient. The order would cost 19.4.")
    }
}

fn with_budget(reply: Reply, rest: u32, reset_ms: Millis) -> Reply {
    reply.with("gw-ratelimit-limit", BUDGET).with("gw-ratelimit-remaining", rest).with("gw-ratelimit-reset", reset_ms)
}

/// An error answer.
fn refuse(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(&fail.code);
    Reply::json(fail.status, fail.body())
}

fn no_such_path(floor: &mut Floor) -> Reply {
    refuse(floor, &Fail::with_status(404, 404_000, "Url Not Found -- The requested resource could not be found"))
}

fn authorise(floor: &Floor, call: &Call<'_>, is_signed: bool, now: Millis) -> Result<(), Fail> {
    if call.method == "POST" || !call.body.is_empty() {
        if !call.header(CONTENT_TYPE).is_some_and(|kind| kind.starts_with("application/json")) {
            return Err(Fail::with_status(415, 415_000, "Unsupported Media Type"));
        }
        if call.json.is_none() {
            return Err(Fail::with_status(400, 400_000, "Bad Request"));
        }
    }
    if !is_signed {
        return Ok(());
    }
    let fail = |code, words: &'static str| Fail::with_status(401, code, words);
    let header = |name| {
        call.header(name).ok_or_else(|| {
            fail(400_001, "Please check the header of your request for KC-API-KEY, KC-API-SIGN, KC-API-TIMESTAMP, KC-API-PASSPHRASE")
        })
    };
    let (key, sent, timestamp, phrase) = (header(KEY)?, header(SIGN)?, header(TIMESTAMP)?, header(PASSPHRASE)?);
    let said: Option<Millis> = timestamp.parse().ok();
    if said.is_none_or(|said| said.abs_diff(floor.shown(now)) > WINDOW_MS) {
        return Err(fail(400_002, "KC-API-TIMESTAMP Invalid"));
    }
    // Whether keys of version 3 also take a 2 is unconfirmed; saying nothing means the first version, which is no more.
    let version = if key.starts_with(THIRD) { "3" } else { "2" };
    if key != floor.key() || call.header(VERSION) != Some(version) {
        return Err(fail(400_003, "KC-API-KEY not exists"));
    }
    let secret = &floor.config.secret;
    if phrase != sign::base64(&sign::hmac_sha256(secret, &[&floor.config.password])) {
        return Err(fail(400_004, "Invalid KC-API-PASSPHRASE"));
    }
    let mark = if call.query.is_empty() { "" } else { "?" };
    let right = sign::hmac_sha256(secret, &[timestamp, call.method, call.path, mark, call.query, call.body]);
    if sent == sign::base64(&right) { Ok(()) } else { Err(fail(400_005, "Invalid KC-API-SIGN")) }
}
