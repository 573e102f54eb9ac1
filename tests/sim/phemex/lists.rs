//! Orders and executions that are asked for: of the engine what is open, of the database, which lags, all that was.

use perphook::exchange::paper::Trade;
use perphook::market::Millis;
use serde_json::{Value, json};

use super::super::executions::{Execution, joined};
use super::super::line::{Id, Line};
use super::ask::{Ask, done, found};
use super::desk::IDS;
use super::fail::{self, Fail};
use super::line::{is_called, state, stood, ticket};
use super::{line, rows};

const PAGE_DEFAULT: u64 = 50;
const PAGE_MAX: u64 = 200;
const TWO_DAYS_MS: Millis = 2 * 24 * 3_600_000;

/// The newest that the database knows.
fn known_until(ask: &Ask<'_>) -> Millis {
    ask.now.saturating_sub(ask.floor.faults.conditions.late_orders_ms)
}

/// `GET /g-orders/activeList`: what is open, at once; none is an error.
pub fn active(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let open = line::open(&ask.floor.book).into_iter().filter(|line| *line.symbol == symbol);
    let row = |line: Line<'_>| rows::order(ask.floor, &IDS.text(line.id), &ticket(&line, ask.desk), &state(&line, ask.floor));
    let rows: Vec<Value> = open.map(row).collect();
    if rows.is_empty() {
        return Err(fail::gone());
    }
    Ok(done(&json!({"rows": rows, "nextPageArg": ""})))
}

/// `GET /api-data/g-futures/orders/by-order-id`: late, and in one of three shapes, which take turns.
pub fn by_order_id(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let until = known_until(ask);
    let lines = line::all(&ask.floor.book).into_iter().filter(|line| *line.symbol == symbol && line.created <= until);
    let lines: Vec<Line<'_>> = match (ask.text("orderID"), ask.text("clOrdID")) {
        (Some(id), _) => lines.filter(|line| IDS.read(id) == Some(line.id)).collect(),
        (None, Some(name)) => lines.filter(|line| is_called(line, name)).collect(),
        (None, None) => return Err(fail::missing("orderID or clOrdID")),
    };
    let row = |line: &Line<'_>| rows::stored(ask.floor, line.id, &ticket(line, ask.desk), &stood(line, ask.floor, until));
    let rows: Vec<Value> = lines.iter().map(row).collect();
    let turn = ask.desk.turns % 3;
    ask.desk.turns += 1;
    Ok(found(&match (turn, rows.as_slice()) {
        (1, rows) => json!({"total": rows.len(), "rows": rows}),
        (2, [newest, ..]) => newest.clone(),
        (_, rows) => json!(rows),
    }))
}

/// `GET /exchange/order/v2/orderList`: late, in numbers.
pub fn orders(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    ask.check_currency()?;
    let (only, until, (from, to)) = (ask.any_symbol()?, known_until(ask), range(ask));
    let wanted: Option<Vec<usize>> = ask.text("ordStatus").map(|list| list.split(',').filter_map(|one| one.parse().ok()).collect());
    let lines = line::all(&ask.floor.book).into_iter().filter(|line| line.created <= until && (from..=to).contains(&line.created));
    let lines = lines.filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol));
    let lines = lines.map(|line| (line, stood(&line, ask.floor, until)));
    let lines = lines.filter(|(_, state)| wanted.as_ref().is_none_or(|wanted| wanted.contains(&rows::status_number(state.status))));
    let row = |(line, state): (Line<'_>, _)| rows::listed(ask.floor, (line.id, line.position_side), &ticket(&line, ask.desk), &state);
    Ok(found(&page(ask, lines.map(row).collect())))
}

/// `GET /exchange/order/v2/tradingList`: late, in numbers.
pub fn trades(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let (only, until, (from, to)) = (ask.any_symbol()?, known_until(ask), range(ask));
    if only.is_none() {
        ask.check_currency()?;
    }
    let book = &ask.floor.book;
    let fits =
        |trade: &Trade| trade.at <= until && (from..=to).contains(&trade.at) && only.as_ref().is_none_or(|only| trade.symbol == *only);
    let mut rows = Vec::new();
    for Execution { trade, .. } in joined(book.trades().iter().filter(|trade| fits(trade))) {
        let line = book.order_by_number(trade.order).and_then(|order| Line::find(book, Id::of(order)));
        rows.extend(line.map(|line| rows::execution(ask.floor, &ticket(&line, ask.desk), &trade)));
    }
    rows.reverse();
    Ok(found(&page(ask, rows)))
}

/// `start` and `end`, in true time: the last two days if nothing is said.
fn range(ask: &Ask<'_>) -> (Millis, Millis) {
    let time = |name: &str| ask.text(name).and_then(|text| text.parse().ok()).map(|shown| ask.floor.true_time(shown));
    let to = time("end").unwrap_or(ask.now);
    (time("start").unwrap_or(to.saturating_sub(TWO_DAYS_MS)), to)
}

/// The rows from `offset` on, at most `limit`, and how many there are in all.
fn page(ask: &Ask<'_>, rows: Vec<Value>) -> Value {
    let (total, offset) = (rows.len(), ask.number("offset", 0));
    let limit = ask.number("limit", PAGE_DEFAULT).clamp(1, PAGE_MAX);
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let rows: Vec<Value> = rows.into_iter().skip(count(offset)).take(count(limit)).collect();
    json!({"total": total, "rows": rows})
}
