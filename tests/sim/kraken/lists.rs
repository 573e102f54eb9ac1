//! Orders that are open or ended a moment ago, and the newest fills. Nothing that ended longer ago is found here.

use perphook::exchange::paper::Trade;
use serde_json::{Value, json};

use super::super::clock;
use super::super::line::Line;
use super::ask::Ask;
use super::fail::Fail;
use super::line;

const FILLS_MAX: usize = 100;

/// `GET /openorders`: of all contracts, those that wait for a price among them.
pub fn open_orders(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let rows = ask.rows();
    let seen = Line::open(&ask.floor.book).filter(|line| ask.floor.is_visible(line.created, ask.now));
    Ok(json!({"openOrders": seen.map(|line| rows.open(&line)).collect::<Vec<Value>>()}))
}

/// `POST /orders/status`, also with GET: what is not known is left out.
pub fn status(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let (book, rows) = (&ask.floor.book, ask.rows());
    let found = |(name, value): &(String, String)| match name.as_str() {
        "orderIds" => line::find(book, value),
        "cliOrdIds" => line::named(book, value),
        _ => None,
    };
    if !ask.params.0.iter().any(|(name, _)| name == "orderIds" || name == "cliOrdIds") {
        return Err(Fail::missing("orderIds or cliOrdIds"));
    }
    let lines = ask.params.0.iter().filter_map(found);
    let known = lines.filter(|line| ask.floor.is_visible(line.created, ask.now) && line::is_remembered(line, ask.now));
    Ok(json!({"orders": known.map(|line| rows.status(&line)).collect::<Vec<Value>>()}))
}

/// `GET /fills`: the newest first; with `lastFillTime` those before that time. Whether one of exactly that time is among
/// them no source says; here it is not.
pub fn fills(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let before = match ask.params.some("lastFillTime") {
        Some(text) => Some(clock::read(text).ok_or_else(|| Fail::argument("lastFillTime"))?),
        None => None,
    };
    let (book, rows) = (&ask.floor.book, ask.rows());
    let is_meant =
        |trade: &&Trade| ask.floor.is_visible(trade.at, ask.now) && before.is_none_or(|before| ask.floor.shown(trade.at) < before);
    let row = |trade: &Trade| Some(rows.fill(&line::of(book, book.order_by_number(trade.order)?), trade));
    let list = book.trades().iter().rev().filter(is_meant).take(FILLS_MAX).filter_map(row);
    Ok(json!({"fills": list.collect::<Vec<Value>>()}))
}
