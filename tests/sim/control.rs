//! The control path under `/sim/`: what tests do to the exchange from outside. Not an exchange's own, so never faulted.
//!
//! With several accounts `?account=` names one by key (`k2`) or number (`2`), or `all`; without it the first is meant.
//! Prices are everybody's.
//!
//! ```text
//! POST /sim/price      {"symbol":"BTCUSDT","price":"51000"}  (also "mark": another mark price)
//! GET  /sim/log        {"dropped":0,"entries":[{"at","arrived_us","method","path","params":[["symbol","BTCUSDT"],…],"status","code","fault","executed"}]}
//! POST /sim/log/clear
//! GET  /sim/books      {"now","hedge","balance","available","orders","conditionals","trades","positions","naked_spans","held_back"}
//! POST /sim/faults     a fault plan (see `faults`)
//! POST /sim/hedge      {"hedge":true}
//! POST /sim/position   {"symbol":"BTCUSDT","side":"LONG","qty":"0.01"}  opened by hand; "close":true closes that much instead
//! POST /sim/cancel     {"client_id":"…"}  cancelled by hand, plain or conditional
//! ```

use perphook::exchange::paper::{NewPlain, TimeInForce};
use perphook::market::{Decimal, Millis, Side, Symbol};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::faults::Faults;
use super::frame::Sim;
use super::reply::Reply;

#[derive(Deserialize)]
struct Price {
    symbol: String,
    price: Decimal,
    mark: Option<Decimal>,
}

#[derive(Deserialize)]
struct Hedge {
    hedge: bool,
}

#[derive(Deserialize)]
struct Hand {
    symbol: String,
    side: Side,
    qty: Decimal,
    #[serde(default)]
    close: bool,
}

#[derive(Deserialize)]
struct Named {
    client_id: String,
}

#[derive(Serialize)]
struct Position<'a> {
    symbol: &'a Symbol,
    side: Side,
    qty: Decimal,
    entry_price: Decimal,
    since: Millis,
}

/// Answers one control request.
pub fn answer(sim: &mut Sim, method: &str, path: &str, body: &str, now: Millis) -> Reply {
    sim.pass(now);
    let result = match (method, path) {
        ("POST", "/sim/price") => read(body).and_then(|price| set_price(sim, &price, now)),
        ("GET", "/sim/log") => Ok(json!({ "dropped": sim.log.dropped, "entries": sim.log.entries }).to_string()),
        ("POST", "/sim/log/clear") => {
            sim.log.clear();
            Ok(done())
        }
        ("GET", "/sim/books") => Ok(books(sim, now)),
        ("POST", "/sim/faults") => Faults::from_json(body).map(|faults| {
            sim.set_faults(faults, now);
            done()
        }),
        ("POST", "/sim/hedge") => {
            read::<Hedge>(body).and_then(|wish| sim.book.set_hedge(wish.hedge).map(|()| done()).map_err(|denial| denial.to_string()))
        }
        ("POST", "/sim/position") => read(body).and_then(|hand| by_hand(sim, &hand, now)),
        ("POST", "/sim/cancel") => read(body).and_then(|named| cancel(sim, &named, now)),
        _ => Err(format!("no such control path: {method} {path}")),
    };
    let (status, body) = match result {
        Ok(body) => (200, body),
        Err(error) => (400, json!({ "error": error }).to_string()),
    };
    Reply::json(status, body)
}

fn read<'a, T: Deserialize<'a>>(body: &'a str) -> Result<T, String> {
    serde_json::from_str(body).map_err(|error| error.to_string())
}

fn done() -> String {
    "{\"ok\":true}".to_owned()
}

fn set_price(sim: &mut Sim, wish: &Price, now: Millis) -> Result<String, String> {
    let symbol = sim.contract(&wish.symbol).map_err(|denial| denial.to_string())?;
    let mark = wish.mark.unwrap_or(wish.price);
    sim.book.set_prices(&symbol, wish.price, mark, now).map(|()| done()).map_err(|denial| denial.to_string())
}

/// What a user does on the web site: a market order without a name of ours.
fn by_hand(sim: &mut Sim, hand: &Hand, now: Millis) -> Result<String, String> {
    let symbol = sim.contract(&hand.symbol).map_err(|denial| denial.to_string())?;
    let order = NewPlain {
        client_id: format!("web_by_hand_{now}_{}", sim.book.trades().len()),
        buy: (hand.side == Side::Long) != hand.close,
        position_side: sim.book.is_hedge_on(&symbol).then_some(hand.side),
        reduce_only: hand.close && !sim.book.is_hedge_on(&symbol),
        symbol,
        price: None,
        time_in_force: TimeInForce::Gtc,
        qty: hand.qty,
        stop: None,
    };
    sim.book.place(&order, now).map(|_| done()).map_err(|denial| denial.to_string())
}

fn cancel(sim: &mut Sim, named: &Named, now: Millis) -> Result<String, String> {
    let plain = sim.book.open_orders().iter().find(|order| order.client_id == named.client_id).map(|order| order.number);
    let conditional = sim.book.open_conditionals().iter().find(|order| order.client_id == named.client_id).map(|order| order.number);
    let result = match (plain, conditional) {
        (Some(number), _) => sim.book.cancel(number, now),
        (None, Some(number)) => sim.book.cancel_conditional(number, now),
        (None, None) => return Err("no such open order".to_owned()),
    };
    result.map(|()| done()).map_err(|denial| denial.to_string())
}

fn books(sim: &Sim, now: Millis) -> String {
    let book = &sim.book;
    let sides = [Side::Long, Side::Short];
    let positions: Vec<Position<'_>> = book
        .markets()
        .flat_map(|(symbol, market)| sides.map(|side| (symbol, side, market.held(side))))
        .filter(|(_, _, held)| !held.qty.is_zero())
        .map(|(symbol, side, held)| Position { symbol, side, qty: held.qty, entry_price: held.entry_price, since: held.since })
        .collect();
    json!({
        "now": now,
        "hedge": book.is_hedge(),
        "balance": book.balance(),
        "available": book.available(),
        "orders": book.all_orders().collect::<Vec<_>>(),
        "conditionals": book.all_conditionals().collect::<Vec<_>>(),
        "trades": book.trades(),
        "positions": positions,
        "naked_spans": book.naked_spans(),
        "held_back": sim.holds_back(),
    })
    .to_string()
}
