//! v3's plain orders: placing, batches, cancelling, queries, executions.

use perphook::exchange::paper::{Denial, Order};
use perphook::market::{MarginMode, Millis, Side, Symbol, TriggerBy};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::super::params::Params;
use super::super::super::wire::Call;
use super::super::fail::{self, Fail};
use super::super::orders::{self, Page, Placed, Wish, order_id};
use super::super::{guards, is_buy, must, number};
use super::{margin_mode, position_side, rows, symbol_if_any, symbol_of};

const BATCH_MAX: usize = 20;
const NAME_LEN_MAX: usize = 32;

pub fn place(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    one(floor, &call.params, now)
}

/// Places an order and answers with its ids. One that displaced others is answered without an id.
fn one(floor: &mut Floor, params: &Params, now: Millis) -> Result<Value, Fail> {
    let wish = read(floor, params)?;
    let buy = wish.buy;
    set_margin_mode(floor, &wish.symbol, margin_mode(params)?)?;
    let placed = orders::place(floor, wish, now).map_err(|denial| fail::unified(denial, buy))?;
    Ok(acknowledged(floor, &placed))
}

/// The mode an order names becomes the contract's. One that differs from what is held or ordered already is refused:
/// that `crossed` is meant when nothing is named, and how the refusal is put, no page says.
fn set_margin_mode(floor: &mut Floor, symbol: &Symbol, mode: MarginMode) -> Result<(), Fail> {
    match floor.book.set_margin_mode(symbol, mode) {
        Ok(()) | Err(Denial::NoChange) => Ok(()),
        Err(Denial::Blocked(_)) => Err(fail::unified(Denial::PositionMode, true)),
        Err(other) => Err(fail::unified(other, true)),
    }
}

fn acknowledged(floor: &Floor, placed: &Placed) -> Value {
    let name = floor.book.order_by_number(placed.number).map(orders::name_of).unwrap_or_default();
    let id = if placed.displaces { Value::Null } else { json!(order_id(placed.number)) };
    json!({ "clientOid": name, "orderId": id })
}

fn read(floor: &Floor, params: &Params) -> Result<Wish, Fail> {
    let symbol = symbol_of(floor, params)?;
    if params.some("holdSide").or(params.some("oneWayMode")).is_some() {
        return Err(fail::unified(Denial::PositionMode, true));
    }
    let buy = is_buy(params)?;
    let position_side = position_side(params)?;
    if position_side.is_some() != floor.book.is_hedge() {
        return Err(fail::unified(Denial::PositionMode, buy));
    }
    let reduce_only = match params.some("reduceOnly") {
        None | Some("no") => false,
        // In hedge mode it is not looked at.
        Some("yes") => position_side.is_none(),
        Some(_) => return Err(Fail::wrong("reduceOnly")),
    };
    let is_limit = match must(params, "orderType")? {
        "limit" => true,
        "market" => false,
        _ => return Err(Fail::wrong("orderType")),
    };
    let price = if is_limit { Some(number(params, "price")?) } else { None };
    let time_in_force = orders::time_in_force(params, "timeInForce", is_limit)?;
    let qty = number(params, "qty")?;
    if params.some("takeProfit").is_some() {
        return Err(Fail::not_simulated("takeProfit with an order"));
    }
    let stop = match params.some("stopLoss") {
        Some(_) if reduce_only || position_side.is_some_and(|side| buy != (side == Side::Long)) => {
            return Err(Fail::new("25612", "Only opening orders are allowed to have preset take-profit and stop-loss"));
        }
        Some(_) => {
            exits_at_market(params)?;
            Some((number(params, "stopLoss")?, trigger_by(params, "slTriggerBy")?))
        }
        None => None,
    };
    Ok(Wish { symbol, buy, position_side, reduce_only, price, time_in_force, qty, client_id: name(params)?, stop })
}

/// Limit exits are not simulated.
pub fn exits_at_market(params: &Params) -> Result<(), Fail> {
    let is_limit = |name: &str| params.some(name).is_some_and(|kind| kind != "market");
    if is_limit("slOrderType") || is_limit("tpOrderType") { Err(Fail::not_simulated("limit exits")) } else { Ok(()) }
}

/// Which price is watched; the market price when nothing is said.
pub fn trigger_by(params: &Params, field: &str) -> Result<TriggerBy, Fail> {
    match params.some(field) {
        None | Some("market") => Ok(TriggerBy::Last),
        Some("mark") => Ok(TriggerBy::Mark),
        Some(_) => Err(Fail::wrong(field)),
    }
}

/// A name given by the client, if any.
pub fn name(params: &Params) -> Result<Option<String>, Fail> {
    let Some(name) = params.some("clientOid") else { return Ok(None) };
    let fits = name.len() <= NAME_LEN_MAX && name.bytes().all(|b| b.is_ascii_alphanumeric() || b".:/_-".contains(&b));
    if fits && !name.ends_with(guards::SECOND_LEG) { Ok(Some(name.to_owned())) } else { Err(Fail::wrong("clientOid")) }
}

/// A batch of orders, answered in their order. Orders that only reduce are not taken in batches.
pub fn place_batch(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let list = batch(call)?;
    let mut rows = Vec::with_capacity(list.len());
    for (index, params) in list.iter().enumerate() {
        let result = match floor.refused_element(index) {
            Some(refusal) => Err(Fail::of(&refusal)),
            None if params.some("reduceOnly") == Some("yes") => Err(Fail::new("25240", "reduceOnly does not support this operation")),
            None => one(floor, params, now),
        };
        rows.push(result.unwrap_or_else(|fail| failure(floor, params, &fail)));
    }
    Ok(json!(rows))
}

/// The elements of a body that is a list.
fn batch(call: &Call<'_>) -> Result<Vec<Params>, Fail> {
    let list = call.json.as_ref().and_then(Value::as_array).ok_or_else(|| Fail::empty("list"))?;
    if list.is_empty() || list.len() > BATCH_MAX { Err(Fail::wrong("list")) } else { Ok(list.iter().map(Params::of).collect()) }
}

/// An element that was refused.
fn failure(floor: &mut Floor, params: &Params, fail: &Fail) -> Value {
    floor.note_code(&fail.code);
    json!({ "orderId": params.get("orderId"), "clientOid": params.get("clientOid"), "code": fail.code, "msg": fail.msg })
}

pub fn close_positions(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let side = position_side(&call.params)?;
    let held = orders::held(floor, only.as_ref(), side);
    if held.is_empty() {
        return Err(fail::unified(Denial::NoPosition, true));
    }
    let mut list = Vec::with_capacity(held.len());
    for (symbol, side) in held {
        list.push(match orders::close(floor, &symbol, side, now) {
            Ok(placed) => done(acknowledged(floor, &placed)),
            Err(denial) => failure(floor, &Params::default(), &fail::unified(denial, side == Side::Short)),
        });
    }
    Ok(json!({ "list": list }))
}

/// Ids with a code of their own.
fn done(mut ids: Value) -> Value {
    if let Some(row) = ids.as_object_mut() {
        row.insert("code".to_owned(), json!("00000"));
        row.insert("msg".to_owned(), json!("success"));
    }
    ids
}

pub fn cancel(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    cancel_one(floor, &call.params, now)
}

fn cancel_one(floor: &mut Floor, params: &Params, now: Millis) -> Result<Value, Fail> {
    let order = orders::named(floor, params, now)?.ok_or_else(unknown)?;
    let (number, name) = (order.number, orders::name_of(order));
    floor.book.cancel(number, now).map_err(|_| unknown())?;
    Ok(json!({ "orderId": order_id(number), "clientOid": name }))
}

fn unknown() -> Fail {
    fail::unified(Denial::UnknownOrder, true)
}

pub fn cancel_batch(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let mut rows = Vec::new();
    for params in batch(call)? {
        rows.push(cancel_one(floor, &params, now).unwrap_or_else(|fail| failure(floor, &params, &fail)));
    }
    Ok(json!(rows))
}

pub fn cancel_symbol(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let open = floor.book.open_orders().iter().filter(|order| only.as_ref().is_none_or(|only| *only == order.symbol));
    let open: Vec<(u64, String)> = open.map(|order| (order.number, orders::name_of(order))).collect();
    let mut list = Vec::with_capacity(open.len());
    for (number, name) in open {
        floor.book.cancel(number, now).map_err(|denial| fail::unified(denial, true))?;
        list.push(done(json!({ "orderId": order_id(number), "clientOid": name })));
    }
    Ok(json!({ "list": list }))
}

/// One order, without naming its contract.
pub fn info(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let order = orders::named(floor, &call.params, now)?.ok_or_else(unknown)?;
    Ok(rows::order(floor, order))
}

pub fn unfilled(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    listed(floor, &call.params, orders::open(floor, only.as_ref(), now))
}

pub fn history(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    listed(floor, &call.params, orders::ended(floor, only.as_ref(), now))
}

fn listed<'a>(floor: &Floor, params: &Params, all: impl Iterator<Item = &'a Order>) -> Result<Value, Fail> {
    let page = Page::read(floor, params, "cursor")?;
    let (list, last) = page.of(all, |order| (order_id(order.number), order.created), |order| rows::order(floor, order));
    Ok(json!({ "list": list, "cursor": last }))
}

/// Executions; a contract cannot be named.
pub fn fills(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let page = Page::read(floor, &call.params, "cursor")?;
    let all = orders::trades(floor, &call.params, None);
    let (list, last) = page.of(all, |trade| (orders::trade_id(trade.id), trade.at), |trade| rows::fill(floor, trade));
    Ok(json!({ "list": list, "cursor": last }))
}
