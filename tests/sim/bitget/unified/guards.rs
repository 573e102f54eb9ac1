//! v3's strategy orders of the kind `tpsl`: a stop, a target or both in one, for the whole position or a part of it.

use perphook::exchange::paper::{Conditional, Denial};
use perphook::market::{Millis, ProtectionKind};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::super::params::Params;
use super::super::super::wire::Call;
use super::super::fail::{self, Fail};
use super::super::guards::{self, Leg, SECOND_LEG, guard_id};
use super::super::number;
use super::super::orders::Page;
use super::{plain, position_side, rows, symbol_if_any, symbol_of};

pub fn place(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let legs = read(floor, &call.params)?;
    // One for all of the position; whether each side of a hedged one may have its own is not said, here it may.
    for leg in &legs {
        let words = |denial| fail::unified_guard(denial, leg.side, leg.kind, leg.by);
        guards::check(floor, leg, true, now).map_err(words)?;
        let is_whole =
            |order: &&perphook::exchange::paper::Conditional| guards::side_of(order) == leg.side && guards::part_of(order).is_none();
        if leg.qty.is_none() && guards::waiting(floor, Some(&leg.symbol)).any(|order| is_whole(&order)) {
            return Err(words(Denial::AlreadyProtected));
        }
    }
    let mut first = None;
    for leg in legs {
        let (side, kind, by) = (leg.side, leg.kind, leg.by);
        match guards::place(floor, leg, now) {
            Ok(number) => first = first.or(Some(number)),
            Err(denial) => {
                // An order is taken as a whole or not at all.
                first.map(|number| floor.book.cancel_conditional(number, now));
                return Err(fail::unified_guard(denial, side, kind, by));
            }
        }
    }
    let number = first.unwrap_or_default();
    let name = floor.book.conditional_by_number(number).map(guards::name_of).unwrap_or_default();
    Ok(json!({ "clientOid": name, "orderId": guard_id(number) }))
}

/// The legs of an order: the first one carries its name.
fn read(floor: &Floor, params: &Params) -> Result<Vec<Leg>, Fail> {
    let symbol = symbol_of(floor, params)?;
    if params.some("type").is_some_and(|kind| kind != "tpsl") {
        return Err(Fail::not_simulated("another type than tpsl"));
    }
    plain::exits_at_market(params)?;
    let side = position_side(params)?.ok_or_else(|| Fail::empty("posSide"))?;
    let qty = match params.some("tpslMode") {
        // A quantity that is sent along is not looked at.
        None | Some("full") => None,
        Some("partial") => Some(number(params, "qty")?),
        Some(_) => return Err(Fail::wrong("tpslMode")),
    };
    let name = plain::name(params)?.unwrap_or_else(|| floor.made_up_id());
    let mut legs = Vec::new();
    let kinds = [(ProtectionKind::StopLoss, "stopLoss", "slTriggerBy"), (ProtectionKind::TakeProfit, "takeProfit", "tpTriggerBy")];
    for (kind, price, by) in kinds.into_iter().filter(|(_, price, _)| params.some(price).is_some()) {
        let name = if legs.is_empty() { name.clone() } else { format!("{name}{SECOND_LEG}") };
        let (trigger_price, by) = (number(params, price)?, plain::trigger_by(params, by)?);
        legs.push(Leg { symbol: symbol.clone(), side, kind, trigger_price, by, qty, name });
    }
    if legs.is_empty() { Err(Fail::empty("stopLoss")) } else { Ok(legs) }
}

/// Cancels an order with all its legs; the answer holds nothing.
pub fn cancel(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let unknown = || Fail::new("25597", "Strategy does not exist or has already been stopped");
    let order = guards::named(floor, &call.params, now)?.ok_or_else(unknown)?;
    let number = order.number;
    let second = guards::second_of(floor, order).map(|second| second.number);
    for number in [Some(number), second].into_iter().flatten() {
        floor.book.cancel_conditional(number, now).map_err(|_| unknown())?;
    }
    Ok(Value::Null)
}

/// All that wait; a contract can be named but need not be looked at.
pub fn unfilled(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    symbol_if_any(floor, &call.params)?;
    let visible = guards::waiting(floor, None).filter(|order| !guards::is_second(order) && floor.is_visible(order.created, now));
    Ok(visible.map(|order| rows::guard(floor, order, guards::second_of(floor, order))).collect())
}

/// Those that ended. Of what became of one only the price that set it off is told: neither state nor order.
pub fn history(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    symbol_if_any(floor, &call.params)?;
    let page = Page::read(floor, &call.params, "cursor")?;
    let ended = guards::ended(floor, None).filter(|order| !guards::is_second(order) && floor.is_visible(order.created, now));
    let (list, last) = page.of(ended, |order| (guard_id(order.number), order.created), |order| ended_row(floor, order));
    Ok(json!({ "list": list, "cursor": last }))
}

fn ended_row(floor: &Floor, order: &Conditional) -> Value {
    let met = match (order.child, order.kind) {
        (None, _) => "",
        (Some(_), ProtectionKind::StopLoss) => "stopLoss",
        (Some(_), ProtectionKind::TakeProfit) => "takeProfit",
    };
    let mut row = rows::guard(floor, order, None);
    if let Some(row) = row.as_object_mut() {
        row.insert("triggerType".to_owned(), json!(met));
    }
    row
}
