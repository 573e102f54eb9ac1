//! What an answer means for a text order.

use super::progress::{VANISHED, think_again};
use super::steps::TextStep;
use super::{LOOK_AGAIN_MS, TextOrder, late, shows_late};
use crate::desk::account::Account;
use crate::desk::decide::{self, Found};
use crate::desk::lane::describe;
use crate::desk::memory::Outcome;
use crate::desk::pace::{Pace, retry_delay_ms};
use crate::desk::step::{Ctx, Outbox};
use crate::desk::ticket::Answer;
use crate::exchange::{ExchangeError, Reason, Reply, Result};
use crate::market::{Balance, Decimal, Millis, OrderState, OrderStatus, Position, Symbol};

/// An order that was taken more than this before ours left is another one of the same name.
const SAME_NAME_MS: Millis = 2_000;

/// So often an order is made smaller where a path that refuses again and again is shut.
const SHORT_MAX: u32 = 10;

const NAME_TAKEN: &str = "an order has, or had, this name already; use another one";

/// Brings an answer to the order that asked.
pub(in crate::desk) fn absorb(
    account: &mut Account,
    id: u64,
    step: TextStep,
    result: &Result<Reply>,
    ctx: &Ctx<'_>,
    outbox: &mut Outbox<'_>,
) {
    let Some(at) = account.orders.iter().position(|order| order.id == id) else { return };
    let mut order = account.orders.remove(at);
    match (step, result) {
        (TextStep::Look, Ok(Reply::Positions(rows))) => match shows_late(account, &order.symbol, rows, ctx.asked_at) {
            true => order.live.retry.at = ctx.now + LOOK_AGAIN_MS,
            false => looked(&mut order, rows),
        },
        (TextStep::Quote, Ok(Reply::Quote(quote))) => order.live.facts.quote = Some(*quote),
        (TextStep::Terms, Ok(Reply::Terms(terms))) => order.live.facts.terms = Some(*terms),
        (TextStep::Balance, Ok(Reply::Balance(balance))) => balanced(&mut order, balance),
        (TextStep::Prepare, result) => prepared(&mut order, account, result, ctx),
        (TextStep::Place, result) => placed(&mut order, result, ctx, outbox),
        (TextStep::Ask, Ok(Reply::Order(found))) => asked(&mut order, found.as_ref(), ctx, outbox),
        (TextStep::Cancel, result) => canceled(&mut order, account, result, ctx),
        (TextStep::CancelAll, result) => all_canceled(&mut order, account, result, ctx, outbox),
        (TextStep::Ask, _) => {
            if let Some(ticket) = &mut order.ticket {
                ticket.pace.again(ctx.now, retry_delay_ms);
            }
        }
        (_, result) => put_off(&mut order, result, ctx),
    }
    if std::mem::take(&mut order.live.held_up) && hand_over(account, &mut order, ctx, outbox) {
        return;
    }
    account.orders.insert(at, order);
}

/// A close that is held up by orders that would close the position too is the closing procedure's business. True: so is the
/// rest of the alert.
fn hand_over(account: &mut Account, order: &mut TextOrder, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> bool {
    let Some(side) = order.leg().map(|leg| leg.side) else { return false };
    let is_last = order.legs.iter().flatten().filter(|leg| !leg.rest().is_zero()).count() == 1;
    match decide::take_over(account, order, side, ctx, outbox) {
        Found::Begun => order.leg_mut().into_iter().for_each(|leg| leg.qty = leg.done),
        Found::Closing(id) => order.live.end = Some(Outcome::Nothing(format!("trade {id} is being closed already"))),
        Found::Nothing | Found::Withdrawn => order.give_up(order.live.trouble.clone().unwrap_or_default()),
    }
    is_last && order.live.end.is_none()
}

/// The positions as they are. If they moved although an order of ours is said never to have been executed, it was, or
/// somebody else trades: in both cases nothing more is opened, and what has grown is taken for ours and guarded.
fn looked(order: &mut TextOrder, rows: &[Position]) {
    if let Some(lost) = order.live.lost.take() {
        let grown = late::grown(&lost.held, lost.leg.side, &order.symbol, rows);
        let moved = late::differs(&lost.held, &order.symbol, rows);
        order.legs.get_or_insert_with(|| vec![lost.leg]);
        if let Some(leg) = order.leg_mut().filter(|_| grown > Decimal::ZERO) {
            leg.done += grown.min(leg.rest());
        }
        if lost.was_seen {
            order.give_up(VANISHED.to_owned());
        } else if moved {
            order.give_up(
                "the exchange does not know the order, but the position has changed since it was sent; look at the position".to_owned(),
            );
        } else {
            think_again(order);
        }
    }
    order.live.facts.positions = Some(rows.to_vec());
}

/// A question that was not answered is asked again, unless the answer was a plain no.
fn put_off(order: &mut TextOrder, result: &Result<Reply>, ctx: &Ctx<'_>) {
    order.live.retry.again(ctx.now, retry_delay_ms);
    match result {
        Err(ExchangeError::Refused(refusal)) if !is_passing(refusal.reason) && order.executed().is_zero() => {
            order.live.end = Some(Outcome::Refused(refusal.to_string()));
        }
        Err(error) => order.live.trouble = Some(error.to_string()),
        Ok(_) => {}
    }
}

/// Refusals that time, or a look at the account, may cure.
fn is_passing(reason: Reason) -> bool {
    reason.is_transient() || matches!(reason, Reason::PositionMode | Reason::Credentials | Reason::IpNotAllowed)
}

/// The balance: for a size in percent, or for what is still affordable after a refusal.
fn balanced(order: &mut TextOrder, balance: &Balance) {
    order.live.facts.total = Some(balance.total);
    if std::mem::take(&mut order.live.funds_due) {
        order.live.available = Some(balance.available);
        order.live.cut_due = true;
    }
}

fn prepared(order: &mut TextOrder, account: &mut Account, result: &Result<Reply>, ctx: &Ctx<'_>) {
    // The brackets' own leverage must be set anew after this.
    account.prepared.remove(&order.symbol);
    match result {
        Ok(_) => order.live.prepared = true,
        Err(ExchangeError::Refused(refusal)) if !is_passing(refusal.reason) => {
            order.give_up(format!("leverage or margin mode cannot be set: {refusal}"));
        }
        Err(error) => {
            order.live.trouble = Some(error.to_string());
            order.live.retry.again(ctx.now, retry_delay_ms);
        }
    }
}

/// The answer to an order.
fn placed(order: &mut TextOrder, result: &Result<Reply>, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let result = match result {
        Ok(Reply::Placed(results)) => results.first().cloned(),
        Ok(_) => None,
        Err(error) => Some(Err(error.clone())),
    };
    let refusal = match &result {
        Some(Err(ExchangeError::Refused(refusal))) => Some(refusal),
        _ => None,
    };
    if order.is_limit() && order.attempts == 1 && refusal.is_some_and(|refusal| refusal.reason == Reason::DuplicateClientId) {
        order.ticket = None;
        order.give_up(NAME_TAKEN.to_owned());
        return;
    }
    let Some(ticket) = &mut order.ticket else { return };
    let answer = match &result {
        Some(result) => ticket.placed(result, ctx),
        None => ticket.doubt(ctx.now + ctx.fence_ms, ctx.now),
    };
    let price = if ticket.price.is_zero() { "at market".to_owned() } else { format!("@ {}", ticket.price) };
    outbox.say(
        &order.account,
        order.symbol.as_str(),
        order.id,
        format!("order {} {} {price}: {}", ticket.id, ticket.qty, describe(ticket)),
    );
    order.live.trouble = refusal.map(ToString::to_string).or(order.live.trouble.take());
    match answer {
        Answer::Accepted => order.live.retry = Pace::due(ctx.now),
        Answer::Unknown => {}
        Answer::Later => {
            order.ticket = None;
            order.live.retry.again(ctx.now, retry_delay_ms);
            think_again(order);
        }
        Answer::No(reason, why) => {
            order.ticket = None;
            refused(order, reason, why, ctx);
        }
    }
}

/// A definite no to an order.
fn refused(order: &mut TextOrder, reason: Reason, why: String, ctx: &Ctx<'_>) {
    let is_strict = ctx.guards_hold_up_close();
    let is_tried_enough = is_strict && order.live.short >= SHORT_MAX;
    let may_be_held_up = is_strict && order.command.closes_all();
    let Some(leg) = order.leg_mut() else { return };
    match reason {
        Reason::InsufficientBalance if leg.opens() && is_tried_enough => order.give_up(why),
        Reason::InsufficientBalance if leg.opens() => {
            // The first cut is to what the balance pays for; if that is refused too, 5 % a step.
            order.live.short += 1;
            order.live.funds_due = order.live.short == 1;
            order.live.cut_due = !order.live.funds_due;
            order.live.facts.quote = None;
            order.live.retry.at = ctx.now + LOOK_AGAIN_MS;
        }
        Reason::InsufficientBalance if may_be_held_up => order.live.held_up = true,
        // Gone meanwhile, after a part of it was closed.
        Reason::NoPosition if !leg.opens() && !leg.done.is_zero() => leg.qty = leg.done,
        // Whether it is gone, or resting orders stand against it, the next look tells.
        Reason::NoPosition | Reason::PriceBand => {
            order.live.retry.again(ctx.now, retry_delay_ms);
            if is_strict {
                order.live.retry.be_patient(ctx.now);
            }
            think_again(order);
        }
        _ => order.give_up(why),
    }
}

/// What the exchange says about an order.
fn asked(order: &mut TextOrder, found: Option<&OrderState>, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let (sent_at, is_named) = (order.sent_at, order.is_limit());
    // A name given by the sender may have been used before; one of ours never was, whatever a clock says.
    let is_ours = |found: &&OrderState| !is_named || found.created_at == 0 || found.created_at + SAME_NAME_MS >= sent_at;
    if found.filter(|found| !is_ours(found)).is_some_and(|found| found.status == OrderStatus::Resting) {
        order.ticket = None;
        order.give_up(NAME_TAKEN.to_owned());
        return;
    }
    let Some(ticket) = &mut order.ticket else { return };
    if ticket.found(found.filter(is_ours), ctx) {
        outbox.say(&order.account, order.symbol.as_str(), order.id, format!("order {}: {}", ticket.id, describe(ticket)));
    }
}

/// The order the alert names is gone, or was not there.
fn canceled(order: &mut TextOrder, account: &mut Account, result: &Result<Reply>, ctx: &Ctx<'_>) {
    order.live.end = match result {
        Ok(_) => Some(Outcome::Done),
        Err(ExchangeError::Refused(refusal)) if refusal.reason == Reason::UnknownOrder && order.live.retry.tries > 0 => Some(Outcome::Done),
        Err(ExchangeError::Refused(refusal)) if refusal.reason == Reason::UnknownOrder => {
            Some(Outcome::Nothing("no open order has this name".to_owned()))
        }
        _ => None,
    };
    match order.live.end {
        None => put_off(order, result, ctx),
        Some(_) => audit_soon(account, &order.symbol, ctx),
    }
}

/// Entries of a trade may be among what was cancelled: it finds out at once.
fn audit_soon(account: &mut Account, symbol: &Symbol, ctx: &Ctx<'_>) {
    account.trades.iter_mut().filter(|trade| trade.symbol == *symbol).for_each(|trade| trade.live.audit = Pace::due(ctx.now));
}

fn all_canceled(order: &mut TextOrder, account: &mut Account, result: &Result<Reply>, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    if result.is_err() {
        return put_off(order, result, ctx);
    }
    order.live.end = Some(Outcome::Done);
    let held = order.live.facts.positions.iter().flatten().any(|row| row.qty > Decimal::ZERO);
    if held || account.trades.iter().any(|trade| trade.symbol == order.symbol) {
        outbox.say(&order.account, order.symbol.as_str(), order.id, "stop and target of the position stay; close it to be rid of them");
    }
    audit_soon(account, &order.symbol, ctx);
}
