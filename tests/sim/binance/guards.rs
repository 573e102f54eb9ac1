//! Conditional orders: the Algo Service, with its own ids and lists.

use perphook::exchange::paper::{Amount, Conditional, ConditionalStatus, NewConditional};
use perphook::market::{Millis, ProtectionKind, Side, TriggerBy};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};
use super::plain::{Range, check_digits};
use super::{ALGO_ID_BASE, is_buy, position_side, rows, symbol_if_any, symbol_of};

pub fn place(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let new = read_order(floor, params)?;
    let side = new.position_side.unwrap_or(if new.buy { Side::Short } else { Side::Long });
    if new.amount == Amount::WholePosition && floor.is_position_unseen(&new.symbol, side, now) {
        return Err(fail::not_yet_a_position());
    }
    let number = floor.book.place_conditional(&new, now).map_err(fail::conditional)?;
    let order = floor.book.conditional_by_number(number).ok_or_else(unknown)?;
    let mut out = String::with_capacity(700);
    rows::conditional(&mut out, floor, order, true);
    Ok(out)
}

fn read_order(floor: &Floor, params: &Params) -> Result<NewConditional, Fail> {
    if params.some("algoType").ok_or_else(|| Fail::mandatory("algoType"))? != "CONDITIONAL" {
        return Err(Fail::new(-4500, "Invalid algoType."));
    }
    let symbol = symbol_of(floor, params)?;
    let buy = is_buy(params)?;
    let kind = match params.some("type").ok_or_else(|| Fail::mandatory("type"))? {
        "STOP_MARKET" => ProtectionKind::StopLoss,
        "TAKE_PROFIT_MARKET" => ProtectionKind::TakeProfit,
        _ => return Err(Fail::new(-1116, "Invalid orderType: only STOP_MARKET and TAKE_PROFIT_MARKET are simulated.")),
    };
    let whole = params.is_true("closePosition");
    if params.some("reduceOnly").is_some() && (floor.book.is_hedge() || whole) {
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
    check_digits(floor, &symbol, Some(trigger_price), qty)?;
    let by = match params.some("workingType") {
        None | Some("CONTRACT_PRICE") => TriggerBy::Last,
        Some("MARK_PRICE") => TriggerBy::Mark,
        Some(_) => return Err(Fail::new(-1130, "Data sent for parameter 'workingType' is not valid.")),
    };
    let position_side = position_side(floor, params)?;
    let client_id = params.some("clientAlgoId").map_or_else(|| floor.made_up_id(), str::to_owned);
    Ok(NewConditional { client_id, symbol, buy, position_side, kind, trigger_price, by, amount })
}

fn unknown() -> Fail {
    Fail::new(-2013, "Order does not exist.")
}

/// The order a request names by id or client id, if it can be seen yet.
fn named<'a>(floor: &'a Floor, params: &Params, now: Millis) -> Result<Option<&'a Conditional>, Fail> {
    let order = match (params.read::<u64>("algoId"), params.some("clientAlgoId")) {
        (Some(id), _) => id.checked_sub(ALGO_ID_BASE).and_then(|number| floor.book.conditional_by_number(number)),
        (None, Some(client_id)) => floor.book.conditional_by_id(client_id),
        (None, None) => return Err(Fail::new(-1102, "Param 'clientalgoid' or 'algoid' must be sent, but both were empty/null!")),
    };
    Ok(order.filter(|order| floor.is_visible(order.created, now)))
}

pub fn query(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let order = named(floor, params, now)?.ok_or_else(unknown)?;
    let mut out = String::with_capacity(700);
    rows::conditional(&mut out, floor, order, false);
    Ok(out)
}

pub fn list_open(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let is_open = |order: &&Conditional| matches!(order.status, ConditionalStatus::New | ConditionalStatus::Triggering);
    let open = floor.book.open_conditionals().iter().filter(is_open);
    let open = open.filter(|order| only.as_ref().is_none_or(|symbol| order.symbol == *symbol) && floor.is_visible(order.created, now));
    let mut out = String::with_capacity(1024);
    rows::list(&mut out, open, |out, order| rows::conditional(out, floor, order, false));
    Ok(out)
}

pub fn list_all(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    let range = Range::read(floor, params, now)?;
    let from = params.read::<u64>("algoId").map(|id| id.saturating_sub(ALGO_ID_BASE));
    let mut orders: Vec<&Conditional> = floor
        .book
        .all_conditionals()
        .filter(|order| order.symbol == symbol && range.holds(order.created) && floor.is_visible(order.created, now))
        .filter(|order| from.is_none_or(|from| order.number >= from))
        .collect();
    orders.sort_by_key(|order| order.number);
    let mut out = String::with_capacity(1024);
    rows::list(&mut out, range.cut(&orders).iter(), |out, order| rows::conditional(out, floor, order, false));
    Ok(out)
}

pub fn cancel(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let order = named(floor, params, now)?.ok_or_else(|| Fail::new(-2011, "Unknown order sent."))?;
    let (number, client_id) = (order.number, order.client_id.clone());
    floor.book.cancel_conditional(number, now).map_err(fail::conditional)?;
    // Here the code is text, unlike everywhere else.
    let id = ALGO_ID_BASE + number;
    Ok(format!("{{\"algoId\":{id},\"clientAlgoId\":\"{client_id}\",\"code\":\"200\",\"msg\":\"success\"}}"))
}

pub fn cancel_all(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    floor.book.cancel_all_conditionals(&symbol, now);
    Ok("{\"code\":200,\"msg\":\"The operation of cancel all open order is done.\"}".to_owned())
}
