//! Orders that wait for a price. They need no position, end with none, and as many of them may wait as there is room.

use perphook::exchange::paper::{Amount, Denial, NewConditional};
use perphook::market::{Decimal, ProtectionKind, Side, Symbol, TriggerBy};

use super::super::floor::Floor;
use super::super::line::Id;
use super::super::params::Params;
use super::ask::{self, Ask};
use super::fail::{self, Fail};
use super::notes::Trigger;
use super::plain::{self, Wanted};

/// Stop orders of a contract that may wait.
const WAITING_MAX: usize = 50;

/// `stop`, `stopPrice` and `stopPriceType`, which come together.
pub fn trigger(floor: &Floor, symbol: &Symbol, params: &Params) -> Result<Option<Trigger>, Fail> {
    let rises = match (params.some("stop"), params.some("stopPrice")) {
        (None, None) => return Ok(None),
        (Some("up"), _) => true,
        (Some("down"), _) => false,
        _ => return Err(Fail::parameter("error.createOrder.stopInvalid")),
    };
    let price = ask::decimal(params, "stopPrice")?;
    let tick = floor.book.instrument(symbol.as_str()).map_err(fail::engine)?.tick;
    if price <= Decimal::ZERO || !price.checked_rem(tick).is_some_and(|rest| rest.is_zero()) {
        return Err(Fail::parameter("Stop price parameter must be a multiple of the tick size"));
    }
    let by = match params.some("stopPriceType") {
        Some("TP") => TriggerBy::Last,
        Some("MP") => TriggerBy::Mark,
        Some("IP") => return Err(Fail::not_simulated("the index price")),
        _ => return Err(Fail::parameter("Stop price type parameter invalid")),
    };
    Ok(Some(Trigger { rises, price, by }))
}

/// Whether the price is there already.
pub fn is_passed(ask: &Ask<'_>, symbol: &Symbol, trigger: Trigger) -> Result<bool, Fail> {
    let market = ask.floor.book.market(symbol).ok_or_else(|| fail::engine(Denial::NoPrice))?;
    let watched = market.watched(trigger.by);
    Ok(if trigger.rises { watched >= trigger.price } else { watched <= trigger.price })
}

/// Lets an order wait for its price.
pub fn rest(ask: &mut Ask<'_>, wanted: &Wanted, trigger: Trigger) -> Result<Id, Fail> {
    let symbol = &wanted.symbol;
    let waiting = ask.floor.book.open_conditionals().iter().filter(|order| order.is_waiting() && order.symbol == *symbol);
    if waiting.count() >= WAITING_MAX {
        return Err(Fail::new(300_004, format!("You have reached the limit of {WAITING_MAX} stop orders")));
    }
    let buy = direction(ask, wanted)?;
    let amount = match wanted.qty {
        None => Amount::WholePosition,
        Some(qty) => Amount::Qty { qty, reduce_only: wanted.reduce_only && wanted.position_side.is_none() },
    };
    let kind = if buy == trigger.rises { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit };
    let (position_side, trigger_price, by) = (wanted.position_side, trigger.price, trigger.by);
    let client_id = ask.book_name(&wanted.name);
    let new = NewConditional { client_id, symbol: symbol.clone(), buy, position_side, kind, trigger_price, by, amount };
    ask.floor.book.place_conditional(&new, ask.now).map(Id::Waiting).map_err(|denial| plain::refused(wanted, denial))
}

/// Which way it would go now. What closes everything goes against what is held, or against what its side would close.
fn direction(ask: &Ask<'_>, wanted: &Wanted) -> Result<bool, Fail> {
    let held = |side: Side| !ask.floor.book.position(&wanted.symbol, side).is_zero();
    match (wanted.qty, wanted.position_side) {
        (Some(_), _) => wanted.buy.ok_or_else(|| Fail::parameter("Side parameter invalid")),
        (None, Some(side)) => Ok(side == Side::Short),
        (None, None) if held(Side::Long) => Ok(false),
        (None, None) if held(Side::Short) => Ok(true),
        (None, None) => wanted.buy.ok_or_else(Fail::no_position),
    }
}
