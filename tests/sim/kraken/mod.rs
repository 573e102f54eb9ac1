//! Kraken Futures, derivatives REST v3 and history v3, linear perpetuals settled in dollars, as of autumn 2026: who may
//! ask, how often, and how it says no.
//!
//! `routes` maps paths to handlers; `public`, `info`, `account`, `plain`, `guards`, `batch`, `lists` and `history` hold
//! them; `line` has the words for an order, `desk` keeps what the book does not, `rows` writes the JSON. The secret of
//! the configuration is what a customer's base64 text stands for (`Kind::secret`). Not simulated: fill-or-kill orders,
//! trailing stops, limit orders that wait for a price, the index price, edits, names of more than 36 characters or with
//! signs that the book does not take, fractions of a leverage, funding, the account log, collateral other than dollars,
//! maker protection. A request for one of them is refused loudly.
//! Where no source says what the real one does, this one does what is harder for a client, and says so.

mod account;
mod ask;
mod batch;
mod desk;
mod fail;
mod guards;
mod history;
mod info;
pub mod key;
mod line;
mod lists;
mod plain;
mod public;
mod routes;
mod rows;

use std::cell::Cell;

use perphook::exchange::paper::{Knobs, Oversized};
use perphook::market::{Decimal, Instrument, Millis};
use serde_json::{Value, json};

use super::clock;
use super::faults::Class;
use super::floor::Floor;
use super::json::join;
use super::reply::Reply;
use super::wire::{Call, Refusal, Trouble, Wire};
use ask::Ask;
use desk::Desk;
use fail::{Fail, Form};
use routes::{Place, Route};

const KEY: &str = "APIKey";
const SIGN: &str = "Authent";
const NONCE: &str = "Nonce";
/// What requests may cost, and in which time.
const COST_MAX: u32 = 500;
const COST_WINDOW_MS: Millis = 10_000;
const HISTORY_MAX: u32 = 100;
const HISTORY_WINDOW_MS: Millis = 600_000;

/// The wire, with what the account has beside its book.
#[derive(Default)]
pub struct Kraken {
    desk: Desk,
    /// Where the refusal of an order stands in the answer to the request that was classed last.
    place: Cell<Place>,
}

impl Wire for Kraken {
    fn headers(&self) -> &'static [&'static str] {
        &[KEY, SIGN, NONCE]
    }

    fn instruments(&self, wanted: usize) -> Vec<Instrument> {
        info::instruments(wanted)
    }

    fn habits(&self, knobs: Knobs) -> Knobs {
        // How long names are kept is the engine's business here: see `Ask::new_name`.
        Knobs { oversized_reduce: Oversized::Trim, reuse_ids: true, price_band: Decimal::new(10, 2), ..knobs }
    }

    fn class(&self, call: &Call<'_>) -> Option<Class> {
        let route = routes::find(call)?;
        self.place.set(route.place);
        Some(route.class)
    }

    fn execute(&mut self, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Reply {
        let Some(route) = routes::find(call) else { return refuse(floor, &Fail::coded(404, 0, "notFound"), now) };
        self.desk.begin(floor);
        if is_over_budget(floor, &route, now) {
            return self.trouble(floor, &Trouble::TooMany { until: now }, now);
        }
        if let Err(fail) = self.authorise(floor, call, &route) {
            return if route.is_history { unauthorised(floor, &fail) } else { refuse(floor, &fail, now) };
        }
        let mut ask = Ask { floor, desk: &mut self.desk, params: &call.params, last: routes::last(call), now };
        let result = (route.run)(&mut ask);
        match result {
            Ok(said) if route.is_history => history_page(&said),
            Ok(said) => success(floor, said, now),
            Err(fail) => refuse(floor, &fail, now),
        }
    }

    fn settle(&mut self, floor: &mut Floor, now: Millis) {
        self.desk.settle(floor, now);
    }

    fn trouble(&self, floor: &mut Floor, trouble: &Trouble, now: Millis) -> Reply {
        let fail = match trouble {
            Trouble::NoSuchPath { .. } => Fail::coded(404, 0, "notFound"),
            Trouble::Refuse(refusal) => return self.refuse_order(floor, &Fail::of(refusal), now),
            // Neither of the three tells whether anything was executed.
            Trouble::Busy => Fail { form: Form::Coded { status: 503, code: None }, word: "Unavailable".into() },
            Trouble::Unsure => Fail::error("Server Error"),
            Trouble::Timeout => Fail { form: Form::Coded { status: 500, code: None }, word: "Timeout".into() },
            // Nobody says how long to wait.
            Trouble::TooMany { .. } => Fail::error("apiLimitExceeded"),
            Trouble::Banned { .. } => Fail::coded(429, 10, "API_LIMIT_EXCEEDED"),
        };
        refuse(floor, &fail, now)
    }

    fn poor(&self) -> Refusal {
        Refusal::new(200, "insufficientAvailableFunds", "")
    }
}

impl Kraken {
    /// Checks key, nonce and signature.
    fn authorise(&mut self, floor: &Floor, call: &Call<'_>, route: &Route) -> Result<(), Fail> {
        if !route.signed {
            return Ok(());
        }
        let wrong = || Fail::error("authenticationError");
        let nonce = call.header(NONCE).unwrap_or_default();
        // Which of the two comes first when both are there is unconfirmed.
        if call.header(KEY) != Some(floor.key()) || !(call.query.is_empty() || call.body.is_empty()) {
            return Err(wrong());
        }
        let endpoint = call.path.strip_prefix("/derivatives").unwrap_or(call.path);
        let post_data = if call.query.is_empty() { call.body } else { call.query };
        if call.header(SIGN) != Some(key::signature(&floor.config.secret, post_data, nonce, endpoint).as_str()) {
            return Err(wrong());
        }
        if nonce.is_empty() {
            return Ok(());
        }
        let nonce: u64 = nonce.parse().map_err(|_| Fail::argument(NONCE))?;
        if nonce <= self.desk.nonce {
            return Err(Fail::error(if nonce == self.desk.nonce { "nonceDuplicate" } else { "nonceBelowThreshold" }));
        }
        self.desk.nonce = nonce;
        Ok(())
    }

    /// A refusal that a fault plan wants: under the heading of success where an order would be refused so.
    fn refuse_order(&self, floor: &mut Floor, fail: &Fail, now: Millis) -> Reply {
        let (Form::Status { .. }, place) = (&fail.form, self.place.get()) else { return refuse(floor, fail, now) };
        let at = clock::text(floor.shown(now));
        let status = json!({"status": fail.word, "receivedTime": at, "orderEvents": []});
        let said = match place {
            Place::Whole => return refuse(floor, fail, now),
            Place::Send => json!({"sendStatus": status}),
            Place::Cancel => json!({"cancelStatus": status}),
            Place::Batch => json!({"batchStatus": [status]}),
        };
        floor.note_code(fail.code());
        success(floor, said, now)
    }
}

/// Whether a request costs more than is left. Budgets belong to an account or to an address, as one reads; here to an address.
fn is_over_budget(floor: &Floor, route: &Route, now: Millis) -> bool {
    let (budget, window_ms, max) =
        if route.is_history { ("history", HISTORY_WINDOW_MS, HISTORY_MAX) } else { ("cost", COST_WINDOW_MS, COST_MAX) };
    floor.address().count(budget, now, window_ms, route.cost) > max && floor.config.limits && route.cost > 0
}

fn success(floor: &Floor, said: Value, now: Millis) -> Reply {
    let at = clock::text(floor.shown(now));
    Reply::json(200, join(json!({"result": "success", "serverTime": at}), said).to_string())
}

/// The token of the next page stands in a header, too.
fn history_page(said: &Value) -> Reply {
    let reply = Reply::json(200, said.to_string());
    match said["continuationToken"].as_str() {
        Some(token) => reply.with("Next-Continuation-Token", token),
        None => reply,
    }
}

fn refuse(floor: &mut Floor, fail: &Fail, now: Millis) -> Reply {
    floor.note_code(fail.code());
    let (status, body) = fail.answer(&clock::text(floor.shown(now)));
    Reply::json(status, body.to_string())
}

fn unauthorised(floor: &mut Floor, fail: &Fail) -> Reply {
    floor.note_code(fail.code());
    Reply::json(401, json!({"status": "unauthorized", "reason": fail.word}).to_string())
}
