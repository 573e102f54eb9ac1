//! Orders that wait for a price: stops and targets of a quantity. They outlive their position, and any number of them rests.

use perphook::exchange::paper::{Amount, Denial, NewConditional};
use perphook::market::{Decimal, ProtectionKind, TriggerBy};

use super::super::line::Id;
use super::ask::Ask;
use super::desk::Ticket;
use super::fail::{self, Fail};
use super::plain::{Aim, kept_name};
use super::rows;

/// What sets an order off: both must be said.
pub fn trigger(ask: &Ask<'_>) -> Result<(Decimal, TriggerBy), Fail> {
    let price = ask.decimal("stopPxRp")?.ok_or_else(|| fail::missing("stopPxRp"))?;
    let by = match ask.needed("triggerType")? {
        "ByMarkPrice" => TriggerBy::Mark,
        "ByLastPrice" => TriggerBy::Last,
        "ByIndexPrice" | "ByAskPrice" | "ByBidPrice" => return Err(Fail::not_simulated("triggerType other than mark and last price")),
        _ => return Err(fail::arguments()),
    };
    Ok((price, by))
}

/// Lets an order wait. One of quantity 0, which on coin-margined contracts means the whole position, is refused: whether
/// it is taken here, no source says.
pub fn place(ask: &mut Ask<'_>, ticket: &Ticket, aim: Aim) -> Result<Id, Fail> {
    let Some((trigger_price, by)) = ticket.trigger else { return Err(fail::missing("stopPxRp")) };
    if ticket.qty <= Decimal::ZERO {
        return Err(fail::quantity());
    }
    check_reducing(ask, ticket, aim)?;
    let new = NewConditional {
        client_id: kept_name(ask, ticket),
        symbol: ticket.symbol.clone(),
        buy: ticket.buy,
        position_side: aim.position_side,
        kind: if ticket.kind == "Stop" { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit },
        trigger_price,
        by,
        amount: Amount::Qty { qty: ticket.qty, reduce_only: aim.reduces && aim.position_side.is_none() },
    };
    let placed = ask.floor.book.place_conditional(&new, ask.now);
    placed.map(Id::Waiting).map_err(|denial| match denial {
        Denial::WouldTrigger if rows::rises(ticket) => Fail::new(11043, "TE_RISING_TRIGGER_DIRECTLY"),
        Denial::BadPrice => Fail::new(11046, "TE_TRIGGER_PRICE_TOO_SMALL"),
        Denial::TooManyOrders { .. } => Fail::new(11031, "TE_SO_NUM_EXCEEDS"),
        other => fail::order(other),
    })
}

/// One that only reduces needs something to reduce when it is placed. No source is sure of it for every kind; placing none
/// while flat is harder for a client.
fn check_reducing(ask: &Ask<'_>, ticket: &Ticket, aim: Aim) -> Result<(), Fail> {
    let closes = aim.effect(ticket.buy).closes;
    let is_held = |side| ask.floor.is_held(&ticket.symbol, side, ask.now);
    if !aim.reduces || closes.is_some_and(is_held) {
        return Ok(());
    }
    let is_wrong_way = closes.is_none_or(|side| aim.position_side.is_none() && is_held(side.other()));
    Err(match (ticket.close_on_trigger, is_wrong_way) {
        (true, true) => Fail::new(11014, "TE_CONDITIONAL_CLOSE_POSITION_WRONG_SIDE"),
        (true, false) => Fail::new(11013, "TE_CONDITIONAL_NO_POSITION"),
        (false, _) => fail::reduce_only(),
    })
}
