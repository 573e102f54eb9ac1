//! Conditional orders: the Algo Service, with its own ids and lists.

use perphook::exchange::paper::{Amount, Conditional, ConditionalStatus, NewConditional};
use perphook::market::{Millis, ProtectionKind, Side, TriggerBy};

use super::super::params::Params;
use super::fail::{self, Fail};
use super::plain::{Range, check_digits};
use super::{ALGO_ID_BASE, Sim, is_buy, rows};

pub fn place(sim: &mut Sim, params: &Params, now: Millis) -> Result<String, Fail> {
    let new = read_order(sim, params)?;
    if new.amount == Amount::WholePosition && is_position_unseen(sim, &new, now) {
        return Err(fail::not_yet_a_position());
    }
    let number = sim.book.place_conditional(&new, now).map_err(fail::conditional)?;
    let order = sim.book.conditional_by_number(number).ok_or_else(unknown)?;
    let mut out = String::with_capacity(700);
    rows::conditional(&mut out, sim, order, true);
    Ok(out)
}

fn read_order(sim: &Sim, params: &Params) -> Result<NewConditional, Fail> {
    if params.some("algoType").ok_or_else(|| Fail::mandatory("algoType"))? != "CONDITIONAL" {
        return Err(Fail::new(-4500, "Invalid algoType."));
    }
    let symbol = sim.symbol(params)?;
    let buy = is_buy(params)?;
    let kind = match params.some("type").ok_or_else(|| Fail::mandatory("type"))? {
        "STOP_MARKET" => ProtectionKind::StopLoss,
        "TAKE_PROFIT_MARKET" => ProtectionKind::TakeProfit,
        _ => return Err(Fail::new(-1116, "Invalid orderType: only STOP_MARKET and TAKE_PROFIT_MARKET are simulated.")),
    };
    let whole = params.is_true("closePosition");
    if params.some("reduceOnly").is_some() && (sim.book.is_hedge() || whole) {
        return Err(Fail::not_required("reduceOnly"));
    }
    let trigger_price = params.decimal("triggerPrice").ok_or_else(|| Fail::mandatory("triggerPrice"))?;
    let amount = match (whole, params.some("quantity").is_some()) {
        (true, true) => return Err(Fail::new(-4137, "Quantity must be zero with closePosition equals true.")),
        (true, false) => Amount::WholePosition,
        (false, _) => Amount::Qty {
            qty: params.decimal("quantity").ok_or_else(|| Fail::mandatory("quantity"))?,
            reduce_only: params.is_true("reduceOnly"),
        },
    };
    let qty = if let Amount::Qty { qty, .. } = amount { Some(qty) } else { None };
    check_digits(sim, &symbol, Some(trigger_price), qty)?;
    let by = match params.some("workingType") {
        None | Some("CONTRACT_PRICE") => TriggerBy::Last,
        Some("MARK_PRICE") => TriggerBy::Mark,
        Some(_) => return Err(Fail::new(-1130, "Data sent for parameter 'workingType' is not valid.")),
    };
    let position_side = sim.position_side(params)?;
    let client_id = params.some("clientAlgoId").map_or_else(|| sim.made_up_id(), str::to_owned);
    Ok(NewConditional { client_id, symbol, buy, position_side, kind, trigger_price, by, amount })
}

/// Whether the Algo Service does not know of the position yet.
fn is_position_unseen(sim: &Sim, new: &NewConditional, now: Millis) -> bool {
    let side = new.position_side.unwrap_or(if new.buy { Side::Short } else { Side::Long });
    let unseen_ms = sim.faults.conditions.unseen_position_ms;
    sim.book.market(&new.symbol).is_some_and(|market| {
        let held = market.held(side);
        !held.qty.is_zero() && held.since + unseen_ms > now
    })
}

fn unknown() -> Fail {
    Fail::new(-2013, "Order does not exist.")
}

/// The order a request names by id or client id, if it can be seen yet.
fn named<'a>(sim: &'a Sim, params: &Params, now: Millis) -> Result<Option<&'a Conditional>, Fail> {
    let order = match (params.read::<u64>("algoId"), params.some("clientAlgoId")) {
        (Some(id), _) => id.checked_sub(ALGO_ID_BASE).and_then(|number| sim.book.conditional_by_number(number)),
        (None, Some(client_id)) => sim.book.conditional_by_id(client_id),
        (None, None) => return Err(Fail::new(-1102, "Param 'clientalgoid' or 'algoid' must be sent, but both were empty/null!")),
    };
    Ok(order.filter(|order| sim.is_visible(order.created, now)))
}

pub fn query(sim: &mut Sim, params: &Params, now: Millis) -> Result<String, Fail> {
    let order = named(sim, params, now)?.ok_or_else(unknown)?;
    let mut out = String::with_capacity(700);
    rows::conditional(&mut out, sim, order, false);
    Ok(out)
}

pub fn list_open(sim: &mut Sim, params: &Params, now: Millis) -> Result<String, Fail> {
    let only = sim.symbol_if_any(params)?;
    let is_open = |order: &&Conditional| matches!(order.status, ConditionalStatus::New | ConditionalStatus::Triggering);
    let open = sim.book.open_conditionals().iter().filter(is_open);
    let open = open.filter(|order| only.as_ref().is_none_or(|symbol| order.symbol == *symbol) && sim.is_visible(order.created, now));
    let mut out = String::with_capacity(1024);
    rows::list(&mut out, open, |out, order| rows::conditional(out, sim, order, false));
    Ok(out)
}

pub fn list_all(sim: &mut Sim, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = sim.symbol(params)?;
    let range = Range::read(sim, params, now)?;
    let from = params.read::<u64>("algoId").map(|id| id.saturating_sub(ALGO_ID_BASE));
    let mut orders: Vec<&Conditional> = sim
        .book
        .all_conditionals()
        .filter(|order| order.symbol == symbol && range.holds(order.created) && sim.is_visible(order.created, now))
        .filter(|order| from.is_none_or(|from| order.number >= from))
        .collect();
    orders.sort_by_key(|order| order.number);
    let mut out = String::with_capacity(1024);
    rows::list(&mut out, range.cut(&orders).iter(), |out, order| rows::conditional(out, sim, order, false));
    Ok(out)
}

pub fn cancel(sim: &mut Sim, params: &Params, now: Millis) -> Result<String, Fail> {
    let order = named(sim, params, now)?.ok_or_else(|| Fail::new(-2011, "Unknown order sent."))?;
    let (number, client_id) = (order.number, order.client_id.clone());
    sim.book.cancel_conditional(number, now).map_err(fail::conditional)?;
    // Here the code is text, unlike everywhere else.
    let id = ALGO_ID_BASE + number;
    Ok(format!("{{\"algoId\":{id},\"clientAlgoId\":\"{client_id}\",\"code\":\"200\",\"msg\":\"success\"}}"))
}

pub fn cancel_all(sim: &mut Sim, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = sim.symbol(params)?;
    sim.book.cancel_all_conditionals(&symbol, now);
    Ok("{\"code\":200,\"msg\":\"The operation of cancel all open order is done.\"}".to_owned())
}
