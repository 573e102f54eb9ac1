//! Orders and deals in lists by the page, and the one query of a single order. An order that was cancelled without any
//! execution is in no list (unconfirmed; older lists were so); only who knows its id can ask for it.

use perphook::exchange::paper::{Order, Trade};
use perphook::market::Symbol;
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::ask::Ask;
use super::fail::Fail;
use super::rows::{self, Rows, name_of, order_of};
use super::{Said, plans, positions};

/// Rows of a page if nothing is said, and at most.
const PAGE: u64 = 10;
const PAGE_MAX: u64 = 100;

/// The page that is asked for. Only lists of what is open tell how long they are.
pub fn page(ask: &Ask<'_>, rows: Vec<Value>, with_total: bool) -> Result<Said, Fail> {
    let (page, limit) = (ask.integer("page")?.unwrap_or(1), ask.integer("limit")?.unwrap_or(PAGE).min(PAGE_MAX));
    if page == 0 || limit == 0 {
        return Err(Fail::parameter("page, limit"));
    }
    let (total, limit) = (rows.len(), usize::try_from(limit).unwrap_or(usize::MAX));
    let from = usize::try_from(page - 1).unwrap_or(usize::MAX).saturating_mul(limit);
    let has_next = from.saturating_add(limit) < total;
    let data: Vec<Value> = rows.into_iter().skip(from).take(limit).collect();
    let pagination = if with_total { json!({"total": total, "has_next": has_next}) } else { json!({"has_next": has_next}) };
    Ok(Said { data: data.into(), pagination: Some(pagination) })
}

/// What a list is narrowed to.
struct Filter<'a> {
    symbol: Option<Symbol>,
    buy: Option<bool>,
    name: Option<&'a str>,
}

impl<'a> Filter<'a> {
    fn of(ask: &Ask<'a>) -> Result<Filter<'a>, Fail> {
        ask.is_futures()?;
        Ok(Filter { symbol: ask.scope()?, buy: ask.only_side()?, name: ask.text("client_id")? })
    }

    fn fits(&self, symbol: &Symbol, buy: bool, name: &str) -> bool {
        self.symbol.as_ref().is_none_or(|only| only == symbol)
            && self.buy.is_none_or(|only| only == buy)
            && self.name.is_none_or(|only| only == name)
    }
}

/// `GET /v2/futures/pending-order`: the newest first.
pub fn pending(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let filter = Filter::of(ask)?;
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    let is_meant = |order: &&Order| rows.floor.is_visible(order.created, ask.now) && filter.fits(&order.symbol, order.buy, name_of(order));
    let list = rows.floor.book.open_orders().iter().rev().filter(is_meant).map(|order| rows.order(order)).collect();
    page(ask, list, true)
}

/// `GET /v2/futures/pending-stop-order`: the newest first.
pub fn pending_plans(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let filter = Filter::of(ask)?;
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    let meant = plans::open(ask).rev().filter(|plan| filter.fits(&plan.symbol, plan.buy, Floor::sent_name(&plan.client_id)));
    let list = meant.map(|plan| rows.plan(plan)).collect();
    page(ask, list, true)
}

/// `GET /v2/futures/finished-order`: the last that ended first.
pub fn finished(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let filter = Filter::of(ask)?;
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    let is_meant = |order: &&Order| {
        let is_known = rows.floor.is_visible(order.created, ask.now) && is_in_history(ask, order.updated);
        order.status.is_final() && !order.filled.is_zero() && is_known && filter.fits(&order.symbol, order.buy, name_of(order))
    };
    let list = rows.floor.book.all_orders().rev().filter(is_meant).map(|order| rows.order(order)).collect();
    page(ask, list, false)
}

/// `GET /v2/futures/order-status`
pub fn status(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let (symbol, id) = (ask.symbol()?, ask.required_integer("order_id")?);
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    let is_meant = |order: &&Order| order.symbol == symbol && rows.floor.is_visible(order.created, ask.now);
    let order = order_of(rows.floor, id).filter(is_meant).ok_or_else(Fail::no_order)?;
    let mut row = rows.order(order);
    if let Some(row) = row.as_object_mut() {
        row.insert("status".to_owned(), rows::status(order).into());
    }
    Ok(row.into())
}

/// `GET /v2/futures/user-deals`: the newest first.
pub fn deals(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, buy) = (ask.symbol()?, ask.only_side()?);
    executions(ask, |trade| trade.symbol == symbol && buy.is_none_or(|buy| trade.buy == buy))
}

/// `GET /v2/futures/order-deals`
pub fn deals_of_one(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, id) = (ask.symbol()?, ask.required_integer("order_id")?);
    let number = order_of(ask.floor, id).map(|order| order.number).ok_or_else(Fail::no_order)?;
    executions(ask, |trade| trade.symbol == symbol && trade.order == number)
}

fn executions(ask: &Ask<'_>, is_meant: impl Fn(&Trade) -> bool) -> Result<Said, Fail> {
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    let meant = ask.floor.book.trades().iter().rev().filter(|trade| is_meant(trade) && is_in_history(ask, trade.at));
    let list = meant.map(|trade| rows.deal(trade, positions::id_of(ask.floor, trade))).collect();
    page(ask, list, false)
}

/// Whether what happened at that time can be found in what is over.
fn is_in_history(ask: &Ask<'_>, at: u64) -> bool {
    at + ask.floor.faults.conditions.late_history_ms <= ask.now
}
