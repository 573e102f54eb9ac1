//! Getting protected: the stop loss and the take profit of a position.
//!
//! A stop that the exchange definitely refuses for `PROTECT_TIMEOUT`, or whose price is already passed, means: close
//! at market. An unknown outcome, throttling, or trouble with the target never does.

use super::lane::{begin_closing, describe, leg_name};
use super::step::{Ctx, Order, Outbox, Step, Urgency};
use super::ticket::{Answer, End, State};
use super::trade::{Phase, Trade, Which, Why};
use crate::exchange::{ExchangeError, Reason, Reply, Request, Result};
use crate::market::{Decimal, Leg, Millis, Protection, ProtectionKind};

const KINDS: [ProtectionKind; 2] = [ProtectionKind::StopLoss, ProtectionKind::TakeProfit];

/// Offers the next step towards protection. `single`: the exchange takes one order of a kind, so an old one must go
/// before its successor comes; otherwise it goes after.
pub(super) fn offer(trade: &Trade, single: bool, offer: &mut impl FnMut(Millis, Urgency, Step)) {
    for (at, old) in trade.retired.iter().enumerate() {
        let relieved = single || trade.tickets().any(|(_, new)| new.leg == old.leg && new.state == State::Resting && new.id != old.id);
        match old.state {
            State::Resting if !old.pace.missed && relieved => offer(old.pace.at, Urgency::Protect, Step::Cancel(Which::Retired(at))),
            _ => old.ask_at().into_iter().for_each(|when| offer(when, Urgency::Protect, Step::Ask(Which::Retired(at)))),
        }
    }
    let gone = trade.live.had_position && trade.live.position.is_zero();
    for kind in KINDS {
        let which = Which::of(kind);
        let Some(ticket) = trade.ticket(which) else { continue };
        let urgency = if kind == ProtectionKind::StopLoss { Urgency::Protect } else { Urgency::Ask };
        if let Some(at) = ticket.ask_at() {
            offer(at, urgency, Step::Ask(which));
        }
        let taken = single && trade.retired.iter().any(|old| old.leg == ticket.leg && old.may_exist());
        if ticket.state == State::Idle && trade.is_filled() && !gone && !taken {
            offer(ticket.pace.at, urgency, Step::Protect(kind));
        }
    }
}

/// Sends a protective order. Its record is on disk first, so that after a crash an unsent one is known to be unsent.
pub(super) fn request(trade: &mut Trade, kind: ProtectionKind, ctx: &Ctx<'_>) -> Option<Order> {
    let (symbol, side) = (trade.symbol.clone(), trade.side);
    let filled: Decimal = trade.entries.iter().map(|ticket| ticket.filled).sum();
    let qty = trade.live.position.max(filled);
    let ticket = trade.ticket_mut(Which::of(kind))?;
    ticket.state = State::Sent;
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
    if reason == Reason::AlreadyProtected {
        ticket.state = State::Foreign;
        let text = format!("another {} is there already and is counted as protection", leg_name(ticket));
        outbox.notice(name, &symbol, number, &text);
        return;
    }
    let first = ticket.pace.tries == 0;
    let refused_ms = ticket.pace.refused(ctx.now);
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

/// A protective order was asked about (or answered at once): one that fired means the trade is over.
pub(super) fn asked(trade: &mut Trade, which: Which, ctx: &Ctx<'_>) {
    let Some(ticket) = trade.ticket(which) else { return };
    let why = if ticket.leg == Leg::Stop { Why::Stop } else { Why::Target };
    match ticket.state {
        State::Ended(End::Filled) => begin_closing(trade, why, ctx),
        // It was refused at its trigger: the price is there, the protection is not.
        State::Ended(End::Rejected) if trade.live.position > Decimal::ZERO => begin_closing(trade, why, ctx),
        _ => {}
    }
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
    trade.retired.retain(|old| !old.is_ended());
    if trade.is_closing() || trade.live.position.is_zero() {
        return;
    }
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
