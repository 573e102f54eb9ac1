//! Protection that text orders ask for: `sl:` and `tp:` guard the position of one side until it is flat.
//!
//! A guard is a trade without a bracket: the same stop and target tickets, the same watching and the same closing
//! procedure. It covers whatever the side holds. A later order's words replace earlier ones of the same kind.

use super::account::Account;
use super::decide;
use super::step::{Ctx, Outbox};
use super::text::TextOrder;
use super::ticket::{State, Ticket};
use super::trade::{Kind, Live, Phase, Trade};
use crate::market::{Decimal, Instrument, Leg, ProtectionKind, Side, sizing};

/// Makes what an order asked for stand guard, as soon as there is something to guard. False: not yet, come again.
pub(super) fn raise(account: &mut Account, order: &mut TextOrder, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> bool {
    let Some(side) = order.guards else { return true };
    let has_built = order.opened(side) > Decimal::ZERO;
    let rests = order.resting().is_some();
    let holds_already = order.has_nothing_to_trade();
    if !has_built && !rests && !holds_already {
        return true;
    }
    let Some(tickets) = tickets(account, order, side, ctx) else { return true };
    let there = account.trades.iter().position(|trade| trade.symbol == order.symbol && trade.side == side);
    match there.and_then(|at| account.trades.get_mut(at)) {
        Some(trade) if trade.is_closing() && !trade.is_leaving() => return false,
        // A bracket of an earlier life, of which it is not known yet whether it ever began.
        Some(trade) if trade.phase == Phase::Opening => return false,
        Some(trade) => {
            if trade.is_leaving() {
                recall(trade, order.opened(side), ctx);
            }
            for (kind, ticket) in tickets {
                replace(trade, kind, ticket, ctx);
            }
            join(trade, order, ctx);
            outbox.say(&order.account, order.symbol.as_str(), order.id, format!("stop and target of trade {} are replaced", trade.id));
        }
        None => {
            let trade = begin(account, order, side, tickets, ctx);
            account.trades.push(trade);
        }
    }
    order.guards = None;
    account.look_soon(ctx.now);
    true
}

/// The wanted stop and target, not sent yet.
fn tickets(account: &Account, order: &TextOrder, side: Side, ctx: &Ctx<'_>) -> Option<Vec<(ProtectionKind, Ticket)>> {
    let instrument = account.instruments.as_ref()?.get(order.symbol.as_str())?;
    let (stop, target) = order.protection();
    let attached = ctx.attaches_stop() && (order.opened(side) > Decimal::ZERO || order.resting().is_some());
    let ticket = |leg: Leg, kind: ProtectionKind, price: Option<Decimal>| {
        let price = trigger(instrument, side, kind, price?)?;
        let state = if attached && kind == ProtectionKind::StopLoss { State::Attached } else { State::Idle };
        Some((kind, Ticket { state, ..Ticket::new(ctx.home, &order.account, order.id, leg, price, Decimal::ZERO) }))
    };
    let both = [ticket(Leg::Stop, ProtectionKind::StopLoss, stop), ticket(Leg::Target, ProtectionKind::TakeProfit, target)];
    Some(both.into_iter().flatten().collect())
}

fn trigger(instrument: &Instrument, side: Side, kind: ProtectionKind, price: Decimal) -> Option<Decimal> {
    sizing::trigger_price(instrument, side, kind == ProtectionKind::StopLoss, price)
}

/// Puts a new ticket in the place of the old one, which is cancelled if it was ever sent. One that says the same stays.
fn replace(trade: &mut Trade, kind: ProtectionKind, ticket: Ticket, ctx: &Ctx<'_>) {
    let (price, can_return) = (ticket.price, ctx.attaches_stop() && trade.can_fill());
    let place = match kind {
        ProtectionKind::StopLoss => &mut trade.stop,
        ProtectionKind::TakeProfit => &mut trade.target,
    };
    if place.as_ref().is_some_and(|old| old.price == ticket.price && !old.is_ended()) {
        return;
    }
    let Some(old) = place.replace(ticket) else { return };
    if kind == ProtectionKind::StopLoss {
        // Orders that still carry it can bring it back; without such orders nothing can.
        trade.replaced_stops.push(old.price);
        trade.replaced_stops.dedup();
        trade.replaced_stops.retain(|replaced| can_return && *replaced != price);
    }
    trade.retired.extend(Some(old).filter(Ticket::may_exist));
}

/// The order joins what the guard stands for: its limit order as long as it can fill, its position from now on.
fn join(trade: &mut Trade, order: &TextOrder, ctx: &Ctx<'_>) {
    let built = order.opened(trade.side);
    if (!built.is_zero() || order.has_nothing_to_trade()) && !trade.is_filled() {
        trade.phase = Phase::Open;
        trade.filled_at.get_or_insert(ctx.now);
        trade.live.position = order.held_before(trade.side) + built;
        trade.live.last_fill = ctx.now;
    }
    // From its first fill on, all that the side holds is the guard's business.
    trade.live.flat_before |= trade.phase == Phase::Open;
    // A fill is remembered until the position itself is seen.
    let unseen = trade.live.position.is_zero();
    trade.entries.retain(|ticket| !ticket.is_ended() || unseen && ticket.filled > Decimal::ZERO);
    trade.entries.extend(order.resting().cloned());
}

/// A guard whose position is gone gets a new one to guard. What it had goes.
fn recall(trade: &mut Trade, position: Decimal, ctx: &Ctx<'_>) {
    let old = trade.stop.take().into_iter().chain(trade.target.take()).filter(Ticket::may_exist);
    trade.retired.extend(old);
    trade.phase = Phase::Open;
    trade.filled_at = Some(ctx.now);
    trade.live = Live { flat_before: true, position, last_fill: ctx.now, ..Live::default() };
}

/// A guard of its own.
fn begin(account: &Account, order: &TextOrder, side: Side, tickets: Vec<(ProtectionKind, Ticket)>, ctx: &Ctx<'_>) -> Trade {
    let entries: Vec<Ticket> = order.resting().cloned().into_iter().collect();
    let filled = order.opened(side) > Decimal::ZERO || order.has_nothing_to_trade();
    let held = order.held_before(side);
    let mut trade = Trade {
        kind: Kind::Guard,
        phase: if filled { Phase::Open } else { Phase::Entering },
        entries,
        filled_at: filled.then_some(ctx.now),
        live: Live {
            // Before a limit order fills, what is there is none of its business.
            flat_before: filled || held.is_zero(),
            position: if filled { held + order.opened(side) } else { Decimal::ZERO },
            last_fill: if filled { ctx.now } else { 0 },
            baseline: held,
            ..Live::default()
        },
        ..decide::empty(account, order.id, order.received_at, &order.symbol, side, Phase::Open)
    };
    for (kind, ticket) in tickets {
        replace(&mut trade, kind, ticket, ctx);
    }
    trade
}
