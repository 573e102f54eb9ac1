//! Plan orders: they wait for a price, need no position, never only reduce, and outlive one.

use perphook::exchange::paper::{Amount, Conditional, NewConditional};
use perphook::market::{ProtectionKind, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::ask::Ask;
use super::fail::{self, Fail};
use super::rows::{Rows, is_plan, plan_id, plan_of};
use super::{Said, cancel, plain};

/// `POST /v2/futures/stop-order`: whether it waits for a higher price or for a lower one tells the price of now.
pub fn place(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    if ask.required("type")? != "market" {
        return Err(Fail::not_simulated("limit orders that wait for a price"));
    }
    let (symbol, buy, by) = (ask.symbol()?, ask.is_buy()?, ask.trigger_by("trigger_price_type")?);
    let trigger_price = ask.required_decimal("trigger_price")?;
    let current = ask.floor.book.market(&symbol).map(|market| market.watched(by)).ok_or_else(|| fail::no_market(""))?;
    let rises = trigger_price > current;
    let new = NewConditional {
        client_id: ask.new_name()?,
        symbol,
        buy,
        position_side: None,
        kind: if buy == rises { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit },
        trigger_price,
        by,
        amount: Amount::Qty { qty: ask.required_decimal("amount")?, reduce_only: false },
    };
    let number = ask.floor.book.place_conditional(&new, ask.now).map_err(fail::order)?;
    Ok(json!({"stop_id": ask.floor.book.conditional_by_number(number).map(plan_id)}).into())
}

/// Plan orders that wait, as far as they can be seen yet; oldest first.
pub fn open<'a>(ask: &'a Ask<'_>) -> impl DoubleEndedIterator<Item = &'a Conditional> {
    let is_seen = |order: &&Conditional| order.is_waiting() && is_plan(order) && ask.floor.is_visible(order.created, ask.now);
    ask.floor.book.open_conditionals().iter().filter(is_seen)
}

/// `POST /v2/futures/cancel-stop-order`
pub fn cancel(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, id) = (ask.symbol()?, ask.required_integer("stop_id")?);
    Ok(by_id(ask, &symbol, id)?.into())
}

/// `POST /v2/futures/cancel-stop-order-by-client-id`: all that have the name.
pub fn cancel_named(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let (symbol, name) = (ask.symbol()?, ask.required("client_id")?);
    let meant = open(ask).filter(|order| order.symbol == symbol && Floor::sent_name(&order.client_id) == name);
    let mut rows = Vec::new();
    for number in meant.map(|order| order.number).collect::<Vec<u64>>() {
        let result = take_off(ask, number);
        rows.push(plain::element(ask, result));
    }
    Ok(Value::from(rows).into())
}

/// `POST /v2/futures/cancel-batch-stop-order`
pub fn cancel_several(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let symbol = ask.symbol()?;
    let mut rows = Vec::new();
    for id in cancel::ids(ask, "stop_ids")? {
        let result = by_id(ask, &symbol, id);
        rows.push(plain::element(ask, result));
    }
    Ok(Value::from(rows).into())
}

fn by_id(ask: &mut Ask<'_>, symbol: &Symbol, id: u64) -> Result<Value, Fail> {
    let number = plan_of(ask.floor, id).filter(|order| order.symbol == *symbol).map(|order| order.number);
    let number = number.filter(|number| open(ask).any(|order| order.number == *number)).ok_or_else(Fail::no_order)?;
    take_off(ask, number)
}

fn take_off(ask: &mut Ask<'_>, number: u64) -> Result<Value, Fail> {
    ask.floor.book.cancel_conditional(number, ask.now).map_err(|_| Fail::no_order())?;
    let rows = Rows { floor: ask.floor, desk: ask.desk };
    rows.floor.book.conditional_by_number(number).map(|plan| rows.plan(plan)).ok_or_else(Fail::no_order)
}
