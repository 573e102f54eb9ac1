//! v2's stops and targets: for the whole position, one of each kind, or for a part of it.

use perphook::exchange::paper::{Conditional, Denial};
use perphook::market::{Millis, ProtectionKind, Side, TriggerBy};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::super::params::Params;
use super::super::super::wire::Call;
use super::super::fail::{self, Fail};
use super::super::guards::{self, Leg, guard_id};
use super::super::orders::Page;
use super::super::{must, number};
use super::{margin_coin, plain, rows, symbol_if_any, symbol_of};

pub fn place(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let params = &call.params;
    let (kind, is_whole) = match must(params, "planType")? {
        "pos_loss" => (ProtectionKind::StopLoss, true),
        "pos_profit" => (ProtectionKind::TakeProfit, true),
        "loss_plan" => (ProtectionKind::StopLoss, false),
        "profit_plan" => (ProtectionKind::TakeProfit, false),
        "moving_plan" => return Err(Fail::not_simulated("moving_plan")),
        _ => return Err(Fail::wrong("planType")),
    };
    let names = Names { price: "triggerPrice", by: "triggerType", execute: "executePrice", size: "size", name: "clientOid" };
    let leg = read(floor, params, kind, &names)?;
    // A whole position's order takes no size; one that is sent is not looked at.
    let leg = if is_whole { Leg { qty: None, ..leg } } else { Leg { qty: Some(number(params, "size")?), ..leg } };
    let number = rest(floor, leg, now)?;
    let name = floor.book.conditional_by_number(number).map(guards::name_of).unwrap_or_default();
    Ok(json!({ "orderId": guard_id(number), "clientOid": name }))
}

/// Both legs in one request. What the first one did stays when the second is refused.
pub fn place_both(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let target = Names {
        price: "stopSurplusTriggerPrice",
        by: "stopSurplusTriggerType",
        execute: "stopSurplusExecutePrice",
        size: "stopSurplusSize",
        name: "stopSurplusClientOid",
    };
    let stop = Names {
        price: "stopLossTriggerPrice",
        by: "stopLossTriggerType",
        execute: "stopLossExecutePrice",
        size: "stopLossSize",
        name: "stopLossClientOid",
    };
    let mut ids = Vec::new();
    for (kind, names) in [(ProtectionKind::TakeProfit, target), (ProtectionKind::StopLoss, stop)] {
        if call.params.some(names.price).is_none() {
            continue;
        }
        let leg = read(floor, &call.params, kind, &names)?;
        let number = rest(floor, leg, now)?;
        let name = call.params.get(names.name).unwrap_or_default();
        let (target, stop) = if kind == ProtectionKind::TakeProfit { (name, "") } else { ("", name) };
        ids.push(json!({ "orderId": guard_id(number), "stopSurplusClientOid": target, "stopLossClientOid": stop }));
    }
    if ids.is_empty() { Err(Fail::empty("stopLossTriggerPrice")) } else { Ok(json!(ids)) }
}

/// What the fields of a leg are called.
struct Names {
    price: &'static str,
    by: &'static str,
    execute: &'static str,
    size: &'static str,
    name: &'static str,
}

fn read(floor: &Floor, params: &Params, kind: ProtectionKind, names: &Names) -> Result<Leg, Fail> {
    let symbol = symbol_of(floor, params)?;
    margin_coin(params)?;
    let trigger_price = number(params, names.price)?;
    let by = match params.some(names.by) {
        Some("mark_price") => TriggerBy::Mark,
        // What is watched when nothing is said is not known.
        None | Some("fill_price") => TriggerBy::Last,
        Some(_) => return Err(Fail::wrong(names.by)),
    };
    if params.decimal(names.execute).is_some_and(|price| !price.is_zero()) {
        return Err(Fail::not_simulated(names.execute));
    }
    // It names the position, in either mode.
    let side = match (floor.book.is_hedge(), must(params, "holdSide")?) {
        (true, "long") | (false, "buy") => Side::Long,
        (true, "short") | (false, "sell") => Side::Short,
        (_, "long" | "short" | "buy" | "sell") => return Err(fail::classic(Denial::PositionMode, true)),
        _ => return Err(Fail::wrong("holdSide")),
    };
    let qty = if params.some(names.size).is_some() { Some(number(params, names.size)?) } else { None };
    let name = plain::name(params, names.name)?.unwrap_or_else(|| floor.made_up_id());
    Ok(Leg { symbol, side, kind, trigger_price, by, qty, name })
}

fn rest(floor: &mut Floor, leg: Leg, now: Millis) -> Result<u64, Fail> {
    let (side, kind, by) = (leg.side, leg.kind, leg.by);
    let words = |denial| fail::classic_guard(denial, side, kind, by);
    guards::check(floor, &leg, false, now).map_err(words)?;
    guards::place(floor, leg, now).map_err(words)
}

/// Trigger orders. The page lets them be reduce-only, an error text does not.
pub fn place_trigger(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    symbol_of(floor, &call.params)?;
    let is_reducing = call.params.some("reduceOnly").is_some_and(|mark| mark.eq_ignore_ascii_case("yes"));
    if is_reducing && !floor.book.is_hedge() {
        return Err(Fail::new("22042", "When a one-way position is held, trigger order cannot only reduce positions."));
    }
    Err(Fail::not_simulated("planType normal_plan"))
}

/// Cancels those that are named, or all of the named kind; nothing to cancel is an error then.
pub fn cancel(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let plan_type = call.params.some("planType").unwrap_or("normal_plan");
    let of_kind = |order: &Conditional| rows::plan_type(order) == plan_type;
    let Some(list) = plain::list_of(call, "orderIdList").filter(|list| !list.is_empty()) else {
        let all: Vec<u64> = guards::waiting(floor, only.as_ref()).filter(|order| of_kind(order)).map(|order| order.number).collect();
        let done: Vec<Value> = all.into_iter().filter_map(|number| cancel_one(floor, number, now)).collect();
        return if done.is_empty() {
            Err(fail::classic(Denial::UnknownOrder, true))
        } else {
            Ok(json!({ "successList": done, "failureList": [] }))
        };
    };
    let symbol = symbol_of(floor, &call.params)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for params in list.iter().map(Params::of) {
        let order = guards::named(floor, &params, now)?.filter(|order| order.symbol == symbol && of_kind(order));
        match order.map(|order| order.number).and_then(|number| cancel_one(floor, number, now)) {
            Some(ids) => done.push(ids),
            None => failed.push(plain::failure(floor, &params, &Fail::new("43025", "Plan order does not exist"))),
        }
    }
    Ok(json!({ "successList": done, "failureList": failed }))
}

fn cancel_one(floor: &mut Floor, number: u64, now: Millis) -> Option<Value> {
    let name = floor.book.conditional_by_number(number).map(guards::name_of).unwrap_or_default();
    floor.book.cancel_conditional(number, now).ok()?;
    Some(json!({ "orderId": guard_id(number), "clientOid": name }))
}

pub fn pending(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let all = guards::waiting(floor, only.as_ref()).filter(|order| floor.is_visible(order.created, now));
    listed(floor, &call.params, all, rows::waiting)
}

pub fn history(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let all = guards::ended(floor, only.as_ref()).filter(|order| floor.is_visible(order.created, now));
    listed(floor, &call.params, all, rows::ended)
}

/// A page of those that belong to the family a request names; of the other families there are none.
fn listed<'a>(
    floor: &Floor,
    params: &Params,
    all: impl Iterator<Item = &'a Conditional>,
    row: fn(&Floor, &Conditional) -> Value,
) -> Result<Value, Fail> {
    let is_family = match must(params, "planType")? {
        "profit_loss" => true,
        "normal_plan" | "track_plan" => false,
        _ => return Err(Fail::wrong("planType")),
    };
    let page = Page::read(floor, params, "idLessThan")?;
    let is_meant = |order: &&Conditional| match (params.some("orderId"), params.some("clientOid")) {
        (Some(id), _) => guard_id(order.number) == id,
        (None, Some(name)) => guards::name_of(order) == name,
        (None, None) => true,
    };
    let all = all.filter(|_| is_family).filter(is_meant);
    let (list, last) = page.of(all, |order| (guard_id(order.number), order.created), |order| row(floor, order));
    Ok(json!({ "entrustedList": plain::or_null(list), "endId": last }))
}
