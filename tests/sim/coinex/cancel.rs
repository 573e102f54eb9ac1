//! Cancelling orders: by id, by name, several, and all of a contract. Orders that wait for a price are another matter.

use perphook::exchange::paper::Order;
use perphook::market::Symbol;
use serde_json::{Value, json};

use super::ask::{Ask, Input};
use super::fail::Fail;
use super::rows::{Rows, name_of, order_of};
use super::{Said, plain};

/// `POST /v2/futures/cancel-order`: the answer is the order as it stands then.
pub fn one(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, id) = (ask.symbol()?, ask.required_integer("order_id")?);
    Ok(cancel(ask, &symbol, id)?.into())
}

/// `POST /v2/futures/cancel-order-by-client-id`: all that have the name. What is said when none has it is unconfirmed: here
/// the list is empty, which is no error.
pub fn named(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, name) = (ask.symbol()?, ask.required("client_id")?);
    let meant = open(ask).filter(|order| order.symbol == symbol && name_of(order) == name);
    let meant: Vec<u64> = meant.map(|order| order.number).collect();
    let rows = meant.into_iter().map(|number| {
        let result = take_off(ask, number);
        plain::element(ask, result)
    });
    let rows: Vec<Value> = rows.collect();
    Ok(Value::from(rows).into())
}

/// `POST /v2/futures/cancel-batch-order`
pub fn several(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let symbol = ask.symbol()?;
    let mut rows = Vec::new();
    for id in ids(ask, "order_ids")? {
        let result = cancel(ask, &symbol, id);
        rows.push(plain::element(ask, result));
    }
    Ok(Value::from(rows).into())
}

/// The ids of a request about several.
pub fn ids(ask: &Ask<'_>, name: &str) -> Result<Vec<u64>, Fail> {
    let Input::Body(body) = ask.input else { return Err(Fail::parameter(name)) };
    let list = body.get(name).and_then(Value::as_array).filter(|list| !list.is_empty());
    let ids = list.and_then(|list| list.iter().map(Value::as_u64).collect::<Option<Vec<u64>>>());
    ids.ok_or_else(|| Fail::parameter(name))
}

/// `POST /v2/futures/cancel-all-order`: of a contract, or of one direction of it. Whether orders that wait for a price go
/// with them is unconfirmed: here they stay. Stops and targets of the position stay, too.
pub fn all(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, buy) = (ask.symbol()?, ask.only_side()?);
    let orders = ask.floor.book.open_orders().iter().filter(|order| order.symbol == symbol && buy.is_none_or(|buy| order.buy == buy));
    for number in orders.map(|order| order.number).collect::<Vec<u64>>() {
        // It was open a moment ago, and nothing happened in between.
        let _ = ask.floor.book.cancel(number, ask.now);
    }
    Ok(json!({}).into())
}

/// Open orders that can be seen yet.
fn open<'a>(ask: &'a Ask<'_>) -> impl Iterator<Item = &'a Order> {
    ask.floor.book.open_orders().iter().filter(|order| ask.floor.is_visible(order.created, ask.now))
}

fn cancel(ask: &mut Ask<'_>, symbol: &Symbol, id: u64) -> Result<Value, Fail> {
    let number = order_of(ask.floor, id).filter(|order| order.symbol == *symbol).map(|order| order.number);
    let number = number.filter(|number| open(ask).any(|order| order.number == *number)).ok_or_else(Fail::no_order)?;
    take_off(ask, number)
}

fn take_off(ask: &mut Ask<'_>, number: u64) -> Result<Value, Fail> {
    ask.floor.book.cancel(number, ask.now).map_err(|_| Fail::no_order())?;
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    rows.floor.book.order_by_number(number).map(|order| rows.order(order)).ok_or_else(Fail::no_order)
}
