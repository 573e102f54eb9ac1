//! v2's plain orders: placing, batches, cancelling, queries, executions.

use perphook::exchange::paper::Denial;
use perphook::market::{Millis, Side, Symbol, TriggerBy};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::super::params::Params;
use super::super::super::wire::Call;
use super::super::fail::{self, Fail};
use super::super::orders::{self, Page, Placed, Wish, order_id};
use super::super::{is_buy, must, number};
use super::{margin_coin, margin_mode, margin_mode_of, rows, symbol_if_any, symbol_of};

/// The page says 50, an error text 20.
const BATCH_MAX: usize = 20;
const CANCEL_BATCH_MAX: usize = 50;
const NAME_LEN_MAX: usize = 50;

pub fn place(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    one(floor, &call.params, now)
}

/// Places an order and answers with its ids. One that displaced others is answered without an id.
fn one(floor: &mut Floor, params: &Params, now: Millis) -> Result<Value, Fail> {
    let wish = read(floor, params)?;
    let buy = wish.buy;
    let placed = orders::place(floor, wish, now).map_err(|denial| fail::classic(denial, buy))?;
    Ok(acknowledged(floor, &placed))
}

fn acknowledged(floor: &Floor, placed: &Placed) -> Value {
    let name = floor.book.order_by_number(placed.number).map(orders::name_of).unwrap_or_default();
    let id = if placed.displaces { Value::Null } else { json!(order_id(placed.number)) };
    json!({ "orderId": id, "clientOid": name })
}

fn read(floor: &Floor, params: &Params) -> Result<Wish, Fail> {
    let symbol = symbol_of(floor, params)?;
    margin_coin(params)?;
    if margin_mode(params)? != margin_mode_of(floor, &symbol) {
        // That they must agree is known, how it is said is not.
        return Err(Fail::wrong("marginMode"));
    }
    let (buy, position_side, reduce_only) = meant(floor, params)?;
    let is_limit = match must(params, "orderType")? {
        "limit" => true,
        "market" => false,
        _ => return Err(Fail::wrong("orderType")),
    };
    let price = if is_limit { Some(number(params, "price")?) } else { None };
    let time_in_force = orders::time_in_force(params, "force", is_limit)?;
    let qty = number(params, "size")?;
    if params.some("presetStopSurplusPrice").is_some() {
        return Err(Fail::not_simulated("presetStopSurplusPrice"));
    }
    let stop = match params.some("presetStopLossPrice") {
        Some(_) if reduce_only || position_side.is_some_and(|side| buy != (side == Side::Long)) => {
            return Err(Fail::wrong("presetStopLossPrice"));
        }
        // What is watched cannot be chosen, and is not said.
        Some(_) => Some((number(params, "presetStopLossPrice")?, TriggerBy::Last)),
        None => None,
    };
    Ok(Wish { symbol, buy, position_side, reduce_only, price, time_in_force, qty, client_id: name(params, "clientOid")?, stop })
}

/// Direction of the trade, position in hedge mode, and the reduce-only mark of one-way mode.
fn meant(floor: &Floor, params: &Params) -> Result<(bool, Option<Side>, bool), Fail> {
    let buy = is_buy(params)?;
    if !floor.book.is_hedge() {
        return Ok((buy, None, params.some("reduceOnly").is_some_and(|mark| mark.eq_ignore_ascii_case("yes"))));
    }
    let side = if buy { Side::Long } else { Side::Short };
    match params.some("tradeSide").map(str::to_ascii_lowercase).as_deref() {
        Some("open") => Ok((buy, Some(side), false)),
        Some("close") => Ok((!buy, Some(side), false)),
        _ => Err(fail::classic(Denial::PositionMode, buy)),
    }
}

/// A name given by the client, if any.
pub fn name(params: &Params, field: &str) -> Result<Option<String>, Fail> {
    let Some(name) = params.some(field) else { return Ok(None) };
    let fits = name.len() <= NAME_LEN_MAX && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-+_#".contains(&b));
    if fits { Ok(Some(name.to_owned())) } else { Err(Fail::wrong(field)) }
}

/// A batch of orders. The answer tells apart what was taken and what was not, in an order of its own.
pub fn place_batch(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    symbol_of(floor, &call.params)?;
    let list = list_of(call, "orderList").ok_or_else(|| Fail::empty("orderList"))?;
    if list.is_empty() || list.len() > BATCH_MAX {
        return Err(Fail::wrong("orderList"));
    }
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for (index, element) in list.iter().enumerate() {
        let mut params = Params::of(element);
        // What holds for all comes from outside, whatever an element says.
        let outer = call.params.0.iter().filter(|(name, _)| name != "orderList");
        params.0 = outer.cloned().chain(params.0).collect();
        let result = match floor.refused_element(index) {
            Some(refusal) => Err(Fail::of(&refusal)),
            None => one(floor, &params, now),
        };
        match result {
            Ok(ids) => taken.push(ids),
            Err(fail) => refused.push(failure(floor, &params, &fail)),
        }
    }
    taken.reverse();
    Ok(json!({ "successList": taken, "failureList": refused }))
}

/// An element that was refused.
pub fn failure(floor: &mut Floor, params: &Params, fail: &Fail) -> Value {
    floor.note_code(&fail.code);
    json!({
        "orderId": params.get("orderId").unwrap_or_default(), "clientOid": params.get("clientOid").unwrap_or_default(),
        "errorMsg": fail.msg, "errorCode": fail.code,
    })
}

/// A list that the body holds.
pub fn list_of<'a>(call: &'a Call<'_>, field: &str) -> Option<&'a Vec<Value>> {
    call.json.as_ref()?.get(field)?.as_array()
}

pub fn close_positions(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let side = match call.params.some("holdSide").filter(|_| floor.book.is_hedge()) {
        None => None,
        Some("long") => Some(Side::Long),
        Some("short") => Some(Side::Short),
        Some(_) => return Err(Fail::wrong("holdSide")),
    };
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for (symbol, side) in orders::held(floor, only.as_ref(), side) {
        let (ids, list) = match orders::close(floor, &symbol, side, now) {
            Ok(placed) => (acknowledged(floor, &placed), &mut done),
            Err(denial) => (failure(floor, &Params::default(), &fail::classic(denial, side == Side::Short)), &mut failed),
        };
        list.push(with_symbol(ids, &symbol));
    }
    if done.is_empty() && failed.is_empty() {
        return Err(fail::classic(Denial::NoPosition, true));
    }
    Ok(json!({ "successList": done, "failureList": failed }))
}

fn with_symbol(mut ids: Value, symbol: &Symbol) -> Value {
    if let Some(row) = ids.as_object_mut() {
        row.insert("symbol".to_owned(), json!(symbol.as_str()));
    }
    ids
}

pub fn cancel(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    cancel_one(floor, &symbol, &call.params, now)
}

fn cancel_one(floor: &mut Floor, symbol: &Symbol, params: &Params, now: Millis) -> Result<Value, Fail> {
    let gone = || fail::classic(Denial::UnknownOrder, true);
    let order = orders::named(floor, params, now)?.filter(|order| order.symbol == *symbol).ok_or_else(gone)?;
    let (number, name) = (order.number, orders::name_of(order));
    floor.book.cancel(number, now).map_err(|_| gone())?;
    Ok(json!({ "orderId": order_id(number), "clientOid": name }))
}

/// Cancels those that are named, or all of a contract or product; nothing to cancel is an error then.
pub fn cancel_batch(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let Some(list) = list_of(call, "orderIdList").filter(|list| !list.is_empty()) else { return cancel_all(floor, call, now) };
    let symbol = symbol_of(floor, &call.params)?;
    if list.len() > CANCEL_BATCH_MAX {
        return Err(Fail::wrong("orderIdList"));
    }
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for params in list.iter().map(Params::of) {
        match cancel_one(floor, &symbol, &params, now) {
            Ok(ids) => done.push(ids),
            Err(fail) => failed.push(failure(floor, &params, &fail)),
        }
    }
    Ok(json!({ "successList": done, "failureList": failed }))
}

pub fn cancel_all(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    // cancel-all-orders knows no contract: it means all of them, whatever is sent along.
    let is_everything = call.path.ends_with("cancel-all-orders");
    let only = if is_everything {
        super::super::product(&call.params, "productType").map(|()| None)?
    } else {
        symbol_if_any(floor, &call.params)?
    };
    let open = floor.book.open_orders().iter().filter(|order| only.as_ref().is_none_or(|only| *only == order.symbol));
    let open: Vec<(u64, String)> = open.map(|order| (order.number, orders::name_of(order))).collect();
    if open.is_empty() {
        return Err(fail::classic(Denial::UnknownOrder, true));
    }
    let mut done = Vec::new();
    for (number, name) in open {
        floor.book.cancel(number, now).map_err(|denial| fail::classic(denial, true))?;
        done.push(json!({ "orderId": order_id(number), "clientOid": name }));
    }
    Ok(json!({ "successList": done, "failureList": [] }))
}

pub fn detail(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    let unknown = || Fail::new("40109", "The data of the order cannot be found, please confirm the order number");
    let order = orders::named(floor, &call.params, now)?.filter(|order| order.symbol == symbol).ok_or_else(unknown)?;
    Ok(rows::detail(floor, order))
}

pub fn pending(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    listed(floor, &call.params, orders::open(floor, only.as_ref(), now))
}

pub fn history(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    listed(floor, &call.params, orders::ended(floor, only.as_ref(), now))
}

/// A page of orders, of those that are named if a request names one.
fn listed<'a>(floor: &Floor, params: &Params, all: impl Iterator<Item = &'a perphook::exchange::paper::Order>) -> Result<Value, Fail> {
    let page = Page::read(floor, params, "idLessThan")?;
    let is_meant = |id: &str, name: &str| match (params.some("orderId"), params.some("clientOid")) {
        (Some(wanted), _) => wanted == id,
        (None, Some(wanted)) => wanted == name,
        (None, None) => true,
    };
    let all = all.filter(|order| is_meant(&order_id(order.number), &orders::name_of(order)));
    let (list, last) = page.of(all, |order| (order_id(order.number), order.created), |order| rows::listed(floor, order));
    Ok(json!({ "entrustedList": or_null(list), "endId": last }))
}

/// A list; `null` when nothing is in it.
pub fn or_null(list: Vec<Value>) -> Value {
    if list.is_empty() { Value::Null } else { Value::Array(list) }
}

pub fn fills(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let page = Page::read(floor, &call.params, "idLessThan")?;
    let all = orders::trades(floor, &call.params, only.as_ref());
    let (list, last) = page.of(all, |trade| (orders::trade_id(trade.id), trade.at), |trade| rows::fill(floor, trade));
    Ok(json!({ "fillList": or_null(list), "endId": last }))
}
