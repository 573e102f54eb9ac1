//! What follows for a text order without asking: decisions, orders that ended, deadlines, protection, verdicts.

use super::legs::{self, Facts, Leg};
use super::{Lost, TextOrder, late, steps};
use crate::alert::Command;
use crate::desk::account::Account;
use crate::desk::guard;
use crate::desk::lane::begin_closing;
use crate::desk::memory::Outcome;
use crate::desk::pace::{Pace, retry_delay_ms};
use crate::desk::step::{Ctx, Outbox};
use crate::desk::ticket::{End, State, Ticket};
use crate::desk::trade::{Kind, Ordered, Phase, Why};
use crate::market::{Decimal, Side};

/// Share of the available balance that an order may use after the exchange refused a larger one: fees and moving prices
/// need the rest.
const AFFORDABLE: Decimal = Decimal::from_parts(985, 0, 0, false, 3);

pub(super) const VANISHED: &str = "the exchange had the order and does not know it any more; look at the position";

/// Draws the conclusions that need no exchange: decisions, ended orders, deadlines, protection, verdicts.
pub(in crate::desk) fn settle(account: &mut Account, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    for mut order in std::mem::take(&mut account.orders) {
        let calling = account.is_calling_for(order.id);
        fold(&mut order, ctx);
        if !calling {
            cut(&mut order, account, outbox);
            decide(&mut order, account, ctx, outbox);
            expire(&mut order, account, ctx);
        }
        let guarded = guard::raise(account, &mut order, ctx, outbox);
        if order.live.end.is_none() && !calling && is_done(&order) {
            order.live.end = Some(Outcome::Done);
        }
        match order.live.end.clone() {
            Some(outcome) if guarded && order.is_settled() => finish(account, &order, outcome, ctx, outbox),
            _ => account.orders.push(order),
        }
    }
}

/// Whether everything that was decided is executed, or rests as it should.
fn is_done(order: &TextOrder) -> bool {
    if matches!(order.command, Command::Cancel(_)) || order.legs.is_none() {
        return false;
    }
    let rests = order.is_limit() && order.ticket.as_ref().is_some_and(Ticket::was_accepted);
    let traded = order.leg().is_none() && order.ticket.is_none();
    // Nothing opens before its leverage is set.
    let opened = || order.legs.iter().flatten().any(|leg| leg.opens() && !leg.done.is_zero());
    rests || traded && (order.leverage.is_none() || order.live.prepared || opened())
}

/// An order that has ended is added up; what it left open is tried again.
fn fold(order: &mut TextOrder, ctx: &Ctx<'_>) {
    let Some(ticket) = order.ticket.take_if(|ticket| ticket.is_ended()) else { return };
    let is_limit = order.is_limit();
    if let Some(leg) = order.leg_mut() {
        leg.done += ticket.filled;
    }
    if ticket.filled > Decimal::ZERO {
        order.live.filled_at = ctx.now;
        order.live.retry = Pace::due(ctx.now);
    }
    match ticket.state {
        // Whatever became of it: a limit order that was accepted is not placed again.
        State::Ended(End::Filled) if is_limit => order.live.end = Some(Outcome::Done),
        State::Ended(End::Canceled | End::Expired | End::Rejected) if is_limit => {
            order.give_up("the exchange took the limit order and ended it at once".to_owned());
        }
        State::Ended(End::Gone) if is_limit || !order.leg().is_some_and(Leg::opens) => order.give_up(VANISHED.to_owned()),
        State::Ended(state @ (End::Gone | End::Dead)) => {
            // "Not found" may be no proof where lists lag; that the position has not moved is one.
            if let Some(leg) = order.leg().filter(|leg| leg.opens()).cloned() {
                let held = late::expected(order, order.live.facts.hedge);
                order.live.lost = held.map(|held| Lost { held, leg, was_seen: state == End::Gone });
            }
            order.live.trouble = Some("it never reached the exchange".to_owned());
            order.live.retry.again(ctx.now, retry_delay_ms);
        }
        State::Ended(End::Canceled | End::Expired | End::Rejected) => {
            order.live.trouble = Some("the book is too thin".to_owned());
            order.live.retry.again(ctx.now, retry_delay_ms);
        }
        _ => {}
    }
    think_again(order);
}

/// As long as nothing was executed, the next try is decided from fresh facts.
pub(super) fn think_again(order: &mut TextOrder) {
    if order.live.end.is_none()
        && order.executed().is_zero()
        && order.ticket.is_none()
        && order.legs.as_ref().is_some_and(|legs| !legs.is_empty())
    {
        order.legs = None;
        order.live.facts = Facts::default();
    }
}

/// Decides as soon as everything is read.
fn decide(order: &mut TextOrder, account: &Account, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let open = order.legs.is_none() && order.live.end.is_none() && !matches!(order.command, Command::Cancel(_));
    if !open || steps::missing(order).is_some() {
        return;
    }
    let Some(instrument) = account.instruments.as_ref().and_then(|list| list.get(order.symbol.as_str())) else { return };
    order.live.facts.hedge = account.is_hedge(&order.symbol);
    let mut plan = match legs::plan(instrument, &order.command, &order.live.facts) {
        Ok(plan) => plan,
        Err(why) => {
            order.live.end = Some(Outcome::Refused(why));
            return;
        }
    };
    if let (true, Some(why)) = (plan.legs.iter().any(Leg::opens), &account.restricted) {
        order.live.end = Some(Outcome::Refused(format!("the account may not open positions: {why}")));
        return;
    }
    if let Some(cap) = order.live.cap {
        plan.legs.iter_mut().filter(|leg| leg.opens()).for_each(|leg| leg.qty = leg.qty.min(cap));
    }
    for warning in plan.warnings.iter().filter(|_| order.before.is_none()) {
        outbox.notice(&order.account, order.symbol.as_str(), order.id, warning);
    }
    let rows = || order.live.facts.positions.iter().flatten().filter(|row| row.symbol == order.symbol);
    let held = |side: Side| rows().filter(|row| row.side == side).map(|row| row.qty).sum();
    order.before = Some([Side::Long, Side::Short].map(|side| (side, held(side))).to_vec());
    // Without a trade there may still be leverage to set, or a position to guard.
    if let (Some(why), None, None) = (&plan.idle, plan.leverage, plan.guards) {
        order.live.end = Some(Outcome::Nothing(why.clone()));
    }
    order.live.reduces = plan.legs.first().is_some_and(|leg| !leg.opens());
    order.legs = Some(plan.legs);
    order.leverage = plan.leverage;
    order.guards = plan.guards;
    order.live.prepared = false;
    order.live.retry.at = ctx.now;
}

/// Makes a leg that the balance is too small for smaller, or gives it up.
fn cut(order: &mut TextOrder, account: &Account, outbox: &mut Outbox<'_>) {
    if !std::mem::take(&mut order.live.cut_due) {
        return;
    }
    let available = order.live.available.take();
    let Some(instrument) = account.instruments.as_ref().and_then(|list| list.get(order.symbol.as_str())) else { return };
    let Some(leg) = order.leg() else { return };
    let affordable = available.and_then(|available| affordable(order, leg, available));
    match legs::shrink(instrument, leg.rest(), affordable) {
        Some(smaller) => {
            let text = format!("the balance is too small for {}: trying {smaller}", leg.rest().normalize());
            outbox.notice(&order.account, order.symbol.as_str(), order.id, &text);
            order.live.cap = Some(smaller);
            if let Some(leg) = order.leg_mut() {
                leg.qty = leg.done + smaller;
            }
        }
        None => order.give_up("insufficient balance, even for the smallest order".to_owned()),
    }
}

/// What the available balance pays for, base coin.
fn affordable(order: &TextOrder, leg: &Leg, available: Decimal) -> Option<Decimal> {
    let facts = &order.live.facts;
    let leverage = order.leverage.or(facts.terms.and_then(|terms| terms.leverage))?;
    let quote = facts.quote?;
    let price = if leg.side == Side::Long { quote.ask } else { quote.bid };
    available.checked_mul(AFFORDABLE)?.checked_mul(Decimal::from(leverage))?.checked_div(price)
}

/// Gives up what was not accepted in time, or what a later order made pointless.
fn expire(order: &mut TextOrder, account: &Account, ctx: &Ctx<'_>) {
    if order.live.end.is_some() || !order.is_at_rest() || is_done(order) {
        return;
    }
    let late = ctx.now >= order.deadline(account);
    let why = match (order.live.superseded, late) {
        (Some(by), _) => format!("alert {by} closes the position, so it is not tried any more"),
        (None, true) => {
            let word = if order.is_closing() { "ALERT_TIMEOUT" } else { "ORDER_TIMEOUT" };
            let last = order.live.trouble.as_deref().unwrap_or("the exchange did not answer");
            format!("not accepted within {word}: {last}")
        }
        (None, false) => return,
    };
    order.give_up(why);
}

/// Tells how it ended and what its position must be now.
fn finish(account: &mut Account, order: &TextOrder, outcome: Outcome, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let (name, symbol) = (order.account.clone(), order.symbol.to_string());
    let executed = order.executed();
    for leg in order.legs.iter().flatten().filter(|leg| !leg.done.is_zero()) {
        let verb = if leg.opens() { "opened" } else { "closed" };
        outbox.say(&name, &symbol, order.id, format!("{verb} {} {}", leg.side, leg.done.normalize()));
    }
    let outcome = match outcome {
        Outcome::Refused(why) if executed > Decimal::ZERO => {
            let wanted: Decimal = order.legs.iter().flatten().map(|leg| leg.qty).sum();
            let text = match executed < wanted {
                true => format!("only {} of {} was executed: {why}", executed.normalize(), wanted.normalize()),
                false => format!("it was executed, but: {why}"),
            };
            outbox.notice(&name, &symbol, order.id, &text);
            Outcome::Done
        }
        outcome => outcome,
    };
    if executed > Decimal::ZERO {
        let held = late::expect(account, order, ctx.now);
        account.look_soon(ctx.now);
        let guards = account.trades.iter_mut().filter(|trade| trade.kind == Kind::Guard && trade.symbol == order.symbol);
        for guard in guards.filter(|guard| guard.phase == Phase::Open) {
            let Some((_, qty)) = held.iter().find(|(side, _)| *side == guard.side) else { continue };
            guard.live.ordered = Some(Ordered { before: order.held_before(guard.side), after: *qty, at: ctx.now });
            if qty.is_zero() {
                begin_closing(guard, Why::Order, ctx);
            }
        }
    }
    // The guard it raised is on disk before the order is forgotten.
    account.journal(outbox);
    outbox.verdict(&name, &symbol, order.id, outcome);
}
