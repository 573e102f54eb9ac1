//! Getting protected: the stop loss and the take profit of a position.
//!
//! A stop that the exchange definitely refuses for `PROTECT_TIMEOUT`, or whose price is already passed, means: close
//! at market. An unknown outcome, throttling, or trouble with the target never does.

use super::lane::{begin_closing, describe, leg_name};
use super::pace::Pace;
use super::step::{Ctx, Order, Outbox, Step, Urgency};
use super::ticket::{Answer, End, State, Ticket};
use super::trade::{Phase, Trade, Which, Why};
use crate::exchange::{Covers, ExchangeError, Reason, Reply, Request, Result, Second};
use crate::market::{Decimal, Leg, Millis, Protection, ProtectionKind, Symbol};

/// Offers the next step towards protection. Where the exchange takes one order of a kind, an old one must go before its
/// successor comes; where both may rest, it goes after; where the new one takes the old one's place, nothing need go.
pub(super) fn offer(trade: &Trade, ctx: &Ctx<'_>, offer: &mut impl FnMut(Millis, Urgency, Step)) {
    for (at, old) in trade.retired.iter().enumerate() {
        let (relieved, urgency) = (is_relieved(trade, old, ctx), urgency_of(old.leg));
        match old.state {
            State::Resting if !old.pace.missed && relieved => offer(old.pace.at, urgency, Step::Cancel(Which::Retired(at))),
            _ => old.ask_at().into_iter().for_each(|when| offer(when, urgency, Step::Ask(Which::Retired(at)))),
        }
    }
    let gone = trade.live.had_position && trade.live.position.is_zero();
    for kind in ProtectionKind::ALL {
        let which = Which::of(kind);
        let Some(ticket) = trade.ticket(which) else { continue };
        let urgency = urgency_of(ticket.leg);
        if let Some(at) = ticket.ask_at() {
            offer(at, urgency, Step::Ask(which));
        }
        let refused = ctx.habit(kind).second == Second::Refused;
        let taken = refused && trade.retired.iter().any(|old| old.leg == ticket.leg && old.may_exist());
        match ticket.state {
            State::Idle if trade.is_filled() && !gone && !taken => offer(ticket.pace.at, urgency, Step::Protect(kind)),
            State::Attached if trade.is_filled() && !gone => offer(ticket.pace.at, urgency, Step::Ask(which)),
            _ => {}
        }
    }
}

/// A stop is never kept waiting by a target.
fn urgency_of(leg: Leg) -> Urgency {
    if leg == Leg::Stop { Urgency::Protect } else { Urgency::Ask }
}

/// Whether a replaced stop or target may go now.
fn is_relieved(trade: &Trade, old: &Ticket, ctx: &Ctx<'_>) -> bool {
    if trade.phase == Phase::Opening {
        // It was left behind by an earlier trade.
        return true;
    }
    let Some(kind) = old.leg.protection() else { return true };
    let Some(new) = trade.ticket(Which::of(kind)) else { return true };
    match ctx.habit(kind).second {
        Second::Refused => true,
        Second::Rests => new.state == State::Resting,
        Second::Replaces => false,
    }
}

/// Sends a protective order. Its record is on disk first, so that after a crash an unsent one is known to be unsent.
pub(super) fn request(trade: &mut Trade, kind: ProtectionKind, ctx: &Ctx<'_>) -> Option<Order> {
    let (symbol, side) = (trade.symbol.clone(), trade.side);
    let qty = trade.exposure();
    let ticket = trade.ticket_mut(Which::of(kind))?;
    ticket.state = State::Sent;
    if ctx.habit(kind).covers == Covers::Quantity {
        ticket.qty = qty;
    }
    let protection = Protection { id: ticket.id.clone(), symbol, side, kind, trigger_price: ticket.price, qty, by: ctx.rules.trigger_by };
    Some(Order { request: Request::Protect(protection), durable: true })
}

/// The answer to a protective order.
pub(super) fn answered(
    trade: &mut Trade,
    kind: ProtectionKind,
    result: &Result<Reply>,
    name: &str,
    ctx: &Ctx<'_>,
    outbox: &mut Outbox<'_>,
) {
    let symbol = trade.symbol.to_string();
    let number = trade.id;
    let Some(ticket) = trade.ticket_mut(Which::of(kind)) else { return };
    match ticket.answered(result, 0, ctx) {
        Answer::No(reason, why) => refused(trade, kind, reason, &why, name, ctx, outbox),
        Answer::Accepted | Answer::Unknown => {
            let text = format!("{} {} at {}: {}", leg_name(ticket), ticket.id, ticket.price, describe(ticket));
            outbox.say(name, &symbol, number, text);
            asked(trade, Which::of(kind), ctx);
        }
        Answer::Later => {
            if let Err(ExchangeError::Refused(refusal)) = result {
                outbox.say(name, &symbol, number, format!("{} waits: {refusal}", leg_name(ticket)));
            }
        }
    }
}

/// A definite no to a protective order.
fn refused(trade: &mut Trade, kind: ProtectionKind, reason: Reason, why: &str, name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let symbol = trade.symbol.to_string();
    let number = trade.id;
    let is_stop = kind == ProtectionKind::StopLoss;
    let target_notice = trade.live.target_notice;
    trade.live.target_notice |= !is_stop;
    let closing = trade.is_closing();
    let Some(ticket) = trade.ticket_mut(Which::of(kind)) else { return };
    if closing {
        ticket.give_up(why);
        return;
    }
    // Once: what is then not listed protects nothing, whatever the exchange means by it.
    if reason == Reason::AlreadyProtected && !ticket.pace.denied {
        take_for_protection(ticket, name, &Symbol::new(&symbol), number, outbox);
        trade.live.audit = Pace::due(ctx.now);
        return;
    }
    let first = ticket.pace.tries == 0;
    let refused_ms = ticket.pace.refused(ctx.now);
    if !is_stop || refused_ms >= ctx.rules.protect_timeout_ms {
        ticket.pace.be_patient(ctx.now);
    }
    if !is_stop && reason == Reason::WouldTrigger && ticket.attempt > 1 {
        // It rested before, and the price was reached while it was being replaced, or by a part of it that fired.
        outbox.notice(name, &symbol, number, "the target's price was reached: closing at market");
        begin_closing(trade, Why::Target, ctx);
        return;
    }
    if !is_stop {
        if !target_notice {
            outbox.notice(name, &symbol, number, &format!("the take profit cannot be placed and is tried again: {why}"));
        }
        return;
    }
    if reason == Reason::WouldTrigger {
        outbox.notice(name, &symbol, number, "the stop's price is already passed: closing at market");
        begin_closing(trade, Why::Stop, ctx);
    } else if refused_ms >= ctx.rules.protect_timeout_ms && ctx.rules.close_if_unprotected {
        outbox.notice(name, &symbol, number, &format!("no stop could be placed within PROTECT_TIMEOUT, closing at market: {why}"));
        begin_closing(trade, Why::Unprotected, ctx);
    } else if refused_ms >= ctx.rules.protect_timeout_ms && !std::mem::replace(&mut trade.live.unprotected_notice, true) {
        let text =
            format!("no stop could be placed within PROTECT_TIMEOUT and CLOSE_IF_UNPROTECTED is off: the position has no stop: {why}");
        outbox.notice(name, &symbol, number, &text);
    } else if first {
        outbox.say(name, &symbol, number, format!("stop loss refused, tried again: {why}"));
    }
}

/// Somebody else's order of the same kind is there.
pub(super) fn take_for_protection(ticket: &mut Ticket, name: &str, symbol: &Symbol, number: u64, outbox: &mut Outbox<'_>) {
    ticket.state = State::Foreign;
    let text = format!("another {} is there already and is counted as protection", leg_name(ticket));
    outbox.notice(name, symbol.as_str(), number, &text);
}

/// The stop that the entries brought was asked about. If it is not there, the position has been naked since its first fill.
pub(super) fn verified(trade: &mut Trade, ctx: &Ctx<'_>) {
    match trade.stop.as_ref().map(|stop| &stop.state) {
        Some(State::Resting) => trade.stop_was_attached = true,
        Some(State::Idle) if trade.naked_since.is_none() && !trade.is_protected() && trade.live.position > Decimal::ZERO => {
            trade.naked_since = trade.filled_at.or(Some(ctx.now))
        }
        _ => {}
    }
}

/// A protective order was asked about (or answered at once): one that fired means the trade is over.
pub(super) fn asked(trade: &mut Trade, which: Which, ctx: &Ctx<'_>) {
    let Some(ticket) = trade.ticket(which) else { return };
    if trade.phase == Phase::Opening {
        // Somebody else's position, long ago.
        return;
    }
    let why = if ticket.leg == Leg::Stop { Why::Stop } else { Why::Target };
    match ticket.state {
        State::Ended(End::Filled) => begin_closing(trade, why, ctx),
        // It was refused at its trigger: the price is there, the protection is not.
        State::Ended(End::Rejected) if trade.live.position > Decimal::ZERO => begin_closing(trade, why, ctx),
        // Whether it fired is not said, but its price is there, and it is gone: KuCoin calls one cancelled that fired and found
        // nobody to trade with.
        State::Ended(End::Canceled | End::Expired | End::Gone) if is_reached(trade, ticket) => begin_closing(trade, why, ctx),
        _ => {}
    }
}

/// Whether the mark price as last read is at a protective order's price or beyond, with a position left.
fn is_reached(trade: &Trade, ticket: &Ticket) -> bool {
    let (mark, side) = (trade.live.mark, if ticket.leg == Leg::Stop { trade.side } else { trade.side.other() });
    trade.live.position > Decimal::ZERO && !mark.is_zero() && (mark == ticket.price || side.is_worse(mark, ticket.price))
}

/// Keeps the account of naked time, and replaces protection that is gone while the position is not.
pub(super) fn settle(trade: &mut Trade, name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let exposed = trade.is_filled() && !(trade.live.had_position && trade.live.position.is_zero());
    let naked = exposed && !trade.is_protected() && trade.phase == Phase::Open;
    match (naked, trade.naked_since) {
        (true, None) => trade.naked_since = Some(ctx.now),
        (false, Some(since)) => {
            trade.naked_ms += ctx.now.saturating_sub(since);
            trade.naked_since = None;
        }
        _ => {}
    }
    overwrite(trade, ctx);
    trade.retired.retain(|old| !old.is_ended());
    if trade.is_closing() || trade.live.position.is_zero() {
        return;
    }
    fit(trade, name, ctx);
    let (symbol, number) = (trade.symbol.to_string(), trade.id);
    for ticket in trade.stop.iter_mut().chain(trade.target.iter_mut()) {
        if let State::Ended(end) = &ticket.state {
            if *end != End::Dead {
                let text = format!("the {} is gone ({}) and is placed again", leg_name(ticket), describe(ticket));
                outbox.notice(name, &symbol, number, &text);
            }
            ticket.renew(ctx.home, name);
        }
    }
}

/// Where a new stop or target takes the old one's place, the old one is gone as soon as the new one is there.
fn overwrite(trade: &mut Trade, ctx: &Ctx<'_>) {
    let Trade { stop, target, retired, .. } = trade;
    for new in stop.iter().chain(target.iter()).filter(|new| new.state == State::Resting) {
        let replaces = new.leg.protection().is_some_and(|kind| ctx.habit(kind).second == Second::Replaces);
        for old in retired.iter_mut().filter(|old| replaces && old.leg == new.leg) {
            old.state = State::Ended(End::Canceled);
        }
    }
}

/// An order that covers a quantity is replaced when that is not the position's any more, one after the other.
fn fit(trade: &mut Trade, name: &str, ctx: &Ctx<'_>) {
    let exposure = trade.exposure();
    let Trade { stop, target, retired, .. } = trade;
    for ticket in stop.iter_mut().chain(target.iter_mut()) {
        let by_quantity = ticket.leg.protection().is_some_and(|kind| ctx.habit(kind).covers == Covers::Quantity);
        let busy = retired.iter().any(|old| old.leg == ticket.leg);
        if by_quantity && !busy && ticket.state == State::Resting && !ticket.pace.missed && ticket.qty != exposure {
            retired.push(ticket.clone());
            ticket.renew(ctx.home, name);
        }
    }
}
