//! Stops and targets: attributes of a position. One for all of it replaces what there was of its kind and follows its
//! size; parts have an amount. They have ids of their own and no names, and they go with the position.

use perphook::exchange::paper::{Amount, Conditional, NewConditional};
use perphook::market::{Millis, ProtectionKind, Side, Symbol};

use super::super::floor::Floor;
use super::Said;
use super::ask::Ask;
use super::fail::{self, Fail};
use super::positions::{self, is_entry};
use super::rows::entry_id;

/// Parts of one kind.
const PARTS_MAX: usize = 20;

/// `POST /v2/futures/set-position-stop-loss`
pub fn set_stop(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    set(ask, ProtectionKind::StopLoss)
}

/// `POST /v2/futures/set-position-take-profit`
pub fn set_target(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    set(ask, ProtectionKind::TakeProfit)
}

/// `POST /v2/futures/cancel-position-stop-loss`
pub fn cancel_stop(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    cancel(ask, ProtectionKind::StopLoss)
}

/// `POST /v2/futures/cancel-position-take-profit`
pub fn cancel_target(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    cancel(ask, ProtectionKind::TakeProfit)
}

/// How the fields of a kind begin.
fn prefix(kind: ProtectionKind) -> &'static str {
    if kind == ProtectionKind::StopLoss { "stop_loss" } else { "take_profit" }
}

/// The contract, and the side of it that is held and seen.
fn target(ask: &Ask<'_>) -> Result<(Symbol, Side), Fail> {
    ask.is_futures()?;
    let symbol = ask.symbol()?;
    let side = positions::held(ask.floor, &symbol).filter(|side| !ask.floor.is_position_unseen(&symbol, *side, ask.now));
    side.map(|side| (symbol, side)).ok_or_else(Fail::no_position)
}

fn waiting<'a>(floor: &'a Floor, symbol: &Symbol, side: Side, kind: ProtectionKind) -> impl Iterator<Item = &'a Conditional> {
    let of_it = move |order: &&Conditional| order.is_waiting() && is_entry(order, symbol, side, kind);
    floor.book.open_conditionals().iter().filter(of_it).collect::<Vec<&Conditional>>().into_iter()
}

fn set(ask: &mut Ask<'_>, kind: ProtectionKind) -> Result<Said, Fail> {
    let prefix = prefix(kind);
    let by = ask.trigger_by(&format!("{prefix}_type"))?;
    let trigger_price = ask.required_decimal(&format!("{prefix}_price"))?;
    let qty = ask.decimal(&format!("{prefix}_amount"))?;
    let (symbol, side) = target(ask)?;
    let before: Vec<(u64, Amount)> = waiting(ask.floor, &symbol, side, kind).map(|order| (order.number, order.amount)).collect();
    let parts = before.iter().filter(|(_, amount)| *amount != Amount::WholePosition).map(|(number, _)| *number);
    let parts: Vec<u64> = parts.collect();
    if qty.is_some() && parts.len() >= PARTS_MAX {
        return Err(Fail::invalid("too many entries"));
    }
    let new = NewConditional {
        client_id: ask.floor.made_up_id(),
        symbol: symbol.clone(),
        buy: side == Side::Short,
        position_side: None,
        kind,
        trigger_price,
        by,
        amount: qty.map_or(Amount::WholePosition, |qty| Amount::Qty { qty, reduce_only: true }),
    };
    // One for all of it that is there is replaced in the same instant.
    ask.floor.book.place_conditional(&new, ask.now).map_err(fail::order)?;
    for number in parts.into_iter().filter(|_| qty.is_none()) {
        let _ = ask.floor.book.cancel_conditional(number, ask.now);
    }
    Ok(positions::current(ask, &symbol, side).into())
}

/// Takes all of a kind off, or one by its id. Nothing to take off is no error (unconfirmed); an unknown id is one.
fn cancel(ask: &mut Ask<'_>, kind: ProtectionKind) -> Result<Said, Fail> {
    let id = ask.integer(&format!("{}_id", prefix(kind)))?;
    let (symbol, side) = target(ask)?;
    let meant = waiting(ask.floor, &symbol, side, kind).filter(|order| id.is_none_or(|id| entry_id(order) == id));
    let meant: Vec<u64> = meant.map(|order| order.number).collect();
    if id.is_some() && meant.is_empty() {
        return Err(Fail::no_order());
    }
    for number in meant {
        ask.floor.book.cancel_conditional(number, ask.now).map_err(fail::order)?;
    }
    Ok(positions::current(ask, &symbol, side).into())
}

/// Parts go with their position; those for all of it the book takes off itself.
pub fn sweep(floor: &mut Floor, now: Millis) {
    let is_over = |order: &&Conditional| {
        let is_part = matches!(order.amount, Amount::Qty { reduce_only: true, .. });
        let closes = order.effect().closes;
        order.is_waiting() && is_part && closes.is_some_and(|side| floor.book.position(&order.symbol, side).is_zero())
    };
    let over: Vec<u64> = floor.book.open_conditionals().iter().filter(is_over).map(|order| order.number).collect();
    for number in over {
        let _ = floor.book.cancel_conditional(number, now);
    }
}
