//! Getting in: looking before the first order leaves, placing the entries, and what becomes of them.

use super::account::{Account, AccountSetup};
use super::lane::{describe, leg_name};
use super::memory::Outcome;
use super::pace::{Pace, retry_delay_ms};
use super::step::{Ctx, Order, Outbox, Step, Urgency};
use super::ticket::{Answer, End, State, Ticket};
use super::trade::{Kind, Phase, Trade, Which};
use super::{close, watch};
use crate::exchange::{ExchangeError, Reason, Reply, Request, Result};
use crate::market::{Action, ClientId, Decimal, Instrument, Millis, NewOrder, OrderKind, OrderState, Position, Side, Terms, Trigger};

/// TradingView promises no order: how long an ENTRY waits for the EXIT of the other side (one-way mode).
pub(super) const OTHER_SIDE_WAIT_MS: Millis = 5_000;
const OTHER_SIDE_LOOK_MS: Millis = 500;

/// Whether the clock alone can change something for this trade's entries.
pub(super) fn waits(trade: &Trade) -> bool {
    trade.entries.iter().any(|ticket| ticket.state == State::Idle)
}

/// Entries that were never accepted are given up when their alert has become too old; resting ones by `ENTRY_TIMEOUT`.
pub(super) fn expire(trade: &mut Trade, ctx: &Ctx<'_>, outbox: &Outbox<'_>) {
    revive(trade, ctx);
    let began_at = trade.began_at;
    for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Idle) {
        let received = outbox.memory.alerts.get(&ticket.alert).map_or(began_at, |alert| alert.at);
        if ctx.now >= received + ctx.alert_timeout_ms {
            ticket.give_up("it waited longer than ALERT_TIMEOUT");
        }
    }
}

/// The alerts whose entries it carries.
pub(super) fn alerts_of(trade: &Trade) -> Vec<u64> {
    let mut numbers: Vec<u64> = trade.entries.iter().map(|ticket| ticket.alert).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

/// Why an entry came to nothing, if it did.
fn refusal_of(ticket: &Ticket) -> Option<String> {
    match &ticket.state {
        State::Ended(End::Refused(why)) => Some(why.clone()),
        State::Ended(End::Dead) => Some("its orders never reached the exchange in time".to_owned()),
        State::Ended(End::Rejected | End::Gone) if ticket.filled.is_zero() => {
            Some(format!("the exchange took the order, and then it was {}", describe(ticket)))
        }
        _ => None,
    }
}

/// Gives every alert its verdict whose entries have a known outcome.
pub(super) fn verdicts(trade: &Trade, name: &str, outbox: &mut Outbox<'_>) {
    for number in alerts_of(trade).into_iter().filter(|number| Some(*number) != trade.exit_alert) {
        let mine = || trade.entries.iter().filter(|ticket| ticket.alert == number);
        let open = mine().any(|ticket| match ticket.state {
            State::Idle | State::Sent | State::Unknown { .. } => true,
            // Proven never executed: tried again, unless the trade is being closed.
            State::Ended(End::Dead) => !trade.is_closing(),
            _ => false,
        });
        if open || !outbox.memory.alerts.contains_key(&number) {
            continue;
        }
        let reason = mine().find_map(refusal_of);
        match (mine().any(|ticket| ticket.was_accepted() && refusal_of(ticket).is_none()), reason) {
            (true, None) => outbox.verdict(name, trade.symbol.as_str(), number, Outcome::Done),
            (true, Some(why)) => {
                let text = format!("goes on with one of its two entries; the other was refused: {why}");
                outbox.notice(name, trade.symbol.as_str(), number, &text);
                outbox.verdict(name, trade.symbol.as_str(), number, Outcome::Done);
            }
            (false, why) => {
                outbox.verdict(name, trade.symbol.as_str(), number, Outcome::Refused(why.unwrap_or_default()));
            }
        }
    }
}

/// Offers the next step towards the entries.
pub(super) fn offer(trade: &Trade, account: &Account, ctx: &Ctx<'_>, offer: &mut impl FnMut(Millis, Urgency, Step)) {
    let mut idle = None;
    let outlived = watch::entries_outlived(trade, ctx);
    for (at, ticket) in trade.entries.iter().enumerate() {
        if outlived && ticket.state == State::Resting && !ticket.pace.missed {
            offer(ticket.pace.at, Urgency::Tidy, Step::Cancel(Which::Entry(at)));
        }
        if let Some(when) = ticket.ask_at() {
            offer(when, Urgency::Ask, Step::Ask(Which::Entry(at)));
        }
        if ticket.state == State::Idle {
            idle = Some(idle.map_or(ticket.pace.at, |due: Millis| due.max(ticket.pace.at)));
        }
    }
    let in_doubt = trade.entries.iter().any(|ticket| matches!(ticket.state, State::Unknown { .. }));
    let Some(due) = idle.filter(|_| account.restricted.is_none()) else { return };
    let left_behind = trade.phase == Phase::Opening && trade.retired.iter().any(Ticket::may_exist);
    if in_doubt && !trade.live.flat_before || left_behind {
        return;
    }
    let step = match trade {
        trade if !trade.live.flat_before && trade.live.list_due => Step::List,
        trade if !trade.live.flat_before => Step::Look,
        trade if !trade.live.prepared => Step::Prepare,
        _ => Step::Place,
    };
    offer(due.max(trade.live.look.at), Urgency::Enter, step);
}

/// Margin mode and leverage as configured.
pub(super) fn prepare(setup: &AccountSetup, trade: &Trade, instrument: Option<&Instrument>) -> Option<Request> {
    let max = instrument.map_or(0, |instrument| instrument.max_leverage);
    let leverage = if max == 0 { setup.rules.leverage } else { setup.rules.leverage.min(max) };
    Some(Request::Prepare(trade.symbol.clone(), Terms { leverage: Some(leverage), margin_mode: setup.rules.margin_mode }))
}

/// Sends every idle entry, in one request.
pub(super) fn place(trade: &mut Trade, ctx: &Ctx<'_>) -> Option<Order> {
    let (symbol, side) = (trade.symbol.clone(), trade.side);
    let mut orders = Vec::new();
    let stop = attach_stop(trade, ctx);
    // The first orders' ids follow from the alert that is on disk. Once the trade itself is journalled, its tickets are
    // believed after a crash, so whatever leaves then is written down first.
    let mut durable = trade.phase != Phase::Opening;
    for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Idle && ticket.pace.at <= ctx.now) {
        ticket.state = State::Sent;
        durable |= ticket.attempt > 1;
        orders.push(NewOrder {
            id: ticket.id.clone(),
            symbol: symbol.clone(),
            side,
            action: Action::Open,
            kind: OrderKind::Limit { price: ticket.price },
            qty: ticket.qty,
            stop,
        });
    }
    if trade.phase == Phase::Opening {
        trade.phase = Phase::Entering;
    }
    (!orders.is_empty()).then_some(Order { request: Request::Place(orders), durable })
}

/// The stop that the entries carry, as long as none is there yet.
fn attach_stop(trade: &mut Trade, ctx: &Ctx<'_>) -> Option<Trigger> {
    let stop = trade.stop.as_mut().filter(|stop| ctx.attaches_stop() && matches!(stop.state, State::Idle | State::Attached))?;
    stop.state = State::Attached;
    Some(Trigger { price: stop.price, by: ctx.rules.trigger_by })
}

/// The look before the first order: a position of that side makes the alert a duplicate.
pub(super) fn looked(trade: &mut Trade, rows: &[Position], hedge: bool, shows_orders: bool, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let mut here = rows.iter().filter(|row| row.symbol == trade.symbol);
    let held = |side: Side| rows.iter().any(|row| row.symbol == trade.symbol && row.side == side && row.qty > Decimal::ZERO);
    if held(trade.side) && is_second_try(trade) {
        // The first try, which nobody knew of, was only found late.
        let qty = rows.iter().filter(|row| row.symbol == trade.symbol && row.side == trade.side).map(|row| row.qty).sum();
        credit(&mut trade.entries, qty, |ticket| ticket.state == State::Idle);
        trade.live.flat_before = true;
        return filled(trade, ctx);
    }
    if held(trade.side) {
        end_opening(trade, Outcome::Nothing(format!("duplicate: a {} position is there already", trade.side)), outbox);
        return;
    }
    if !hedge && held(trade.side.other()) {
        if ctx.now < trade.began_at + OTHER_SIDE_WAIT_MS {
            trade.live.look = Pace::due(ctx.now + OTHER_SIDE_LOOK_MS);
        } else {
            let why = format!("a {} position is open, and the account is in one-way mode", trade.side.other());
            end_opening(trade, Outcome::Refused(why), outbox);
        }
        return;
    }
    if shows_orders && here.next().is_none() {
        trade.live.flat_before = true;
    } else {
        trade.live.list_due = true;
    }
}

/// Whether entries are out, or were, and this is the look before another try.
fn is_second_try(trade: &Trade) -> bool {
    trade.phase != Phase::Opening && trade.entries.iter().any(|ticket| ticket.state == State::Idle && ticket.attempt > 1)
}

/// The look at resting orders: entries of ours that no alert of this trade sent make it a duplicate; an earlier try that only
/// shows now is carried on. A stop or target that an earlier trade left behind would close this one, and goes before the first
/// order leaves.
pub(super) fn listed(trade: &mut Trade, orders: &[OrderState], ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let again = is_second_try(trade);
    for order in orders.iter().filter(|order| again && order.opens && order.side == trade.side) {
        let Some(found) = close::found_of(order, &trade.account, ctx) else { continue };
        let same = |ticket: &&mut Ticket| ticket.state == State::Idle && (ticket.alert, ticket.leg) == (found.alert, found.leg);
        if let Some(ticket) = trade.entries.iter_mut().find(same) {
            *ticket = found;
        }
    }
    let ours = orders.iter().find(|order| {
        let Some(id) = ClientId::parse(&order.id) else { return false };
        order.opens && order.side == trade.side && id.is_of(ctx.home) && !trade.entries.iter().any(|ticket| ticket.id == id)
    });
    if let Some(order) = ours {
        let why = format!("duplicate: our entry order {} is resting already", order.id);
        end_opening(trade, Outcome::Nothing(why), outbox);
        return;
    }
    if ctx.guards_may_stay() {
        trade.retired = orders
            .iter()
            .filter(|order| order.conditional && order.side == trade.side)
            .filter_map(|order| close::found_of(order, &trade.account, ctx))
            .collect();
    }
    trade.live.list_due = false;
    trade.live.flat_before = true;
}

/// Ends a trade whose first order never left.
fn end_opening(trade: &mut Trade, outcome: Outcome, outbox: &mut Outbox<'_>) {
    for number in alerts_of(trade) {
        outbox.verdict(&trade.account, trade.symbol.as_str(), number, outcome.clone());
    }
    for ticket in &mut trade.entries {
        ticket.give_up("the alert ended before its order left");
    }
}

/// Margin mode and leverage are set, or the order is refused.
pub(super) fn prepared(trade: &mut Trade, result: &Result<Reply>, ctx: &Ctx<'_>) {
    match result {
        Ok(_) => {
            trade.live.prepared = true;
            trade.live.look = Pace::default();
        }
        // A wrong position mode is cured by reading the account's mode again, which the account does.
        Err(ExchangeError::Refused(refusal)) if !refusal.reason.is_transient() && refusal.reason != Reason::PositionMode => {
            for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Idle) {
                ticket.give_up(&format!("leverage or margin mode cannot be set: {refusal}"));
            }
        }
        // Setting the same leverage twice does no harm, so it is simply tried again.
        Err(_) => trade.live.look.again(ctx.now, retry_delay_ms),
    }
}

/// The answers to the entries, one by one.
pub(super) fn placed(trade: &mut Trade, result: &Result<Reply>, name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let (symbol, number) = (trade.symbol.clone(), trade.id);
    let mut grown = false;
    let sent = trade.entries.iter_mut().filter(|ticket| ticket.state == State::Sent);
    for (at, ticket) in sent.enumerate() {
        let answer = ticket.answered(result, at, ctx);
        if let Answer::No(_, why) = &answer {
            ticket.give_up(why);
        }
        grown |= ticket.filled > Decimal::ZERO;
        let text = format!("{} {} {} @ {}: {}", leg_name(ticket), ticket.id, ticket.qty, ticket.price, describe(ticket));
        outbox.say(name, symbol.as_str(), number, text);
    }
    if trade.is_closing() {
        for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Idle) {
            ticket.give_up("the trade is being closed");
        }
    }
    if grown {
        filled(trade, ctx);
    }
}

/// An entry was asked about.
pub(super) fn asked(trade: &mut Trade, which: Which, grown: bool, ctx: &Ctx<'_>) {
    if trade.kind == Kind::Bracket && trade.ticket(which).is_some_and(Ticket::was_accepted) {
        // It left before the restart, so the symbol was looked at before.
        trade.live.flat_before = true;
        if trade.phase == Phase::Opening {
            trade.phase = Phase::Entering;
        }
    }
    if grown && trade.is_leaving() {
        // Its limit order was faster than its cancel: there is something to guard again.
        trade.phase = Phase::Open;
    }
    if grown {
        filled(trade, ctx);
    }
    if trade.is_closing() {
        trade.live.fresh &= !grown;
    }
}

/// Entries that are proven never to have been executed are tried again, if there is time.
fn revive(trade: &mut Trade, ctx: &Ctx<'_>) {
    if !matches!(trade.phase, Phase::Entering | Phase::Open) || trade.kind == Kind::Guard {
        return;
    }
    // A position that is looked after already is not anybody else's all at once.
    let known = trade.phase == Phase::Open || trade.entries.iter().any(Ticket::was_accepted);
    credit(&mut trade.entries, trade.live.position, |ticket| ticket.state == State::Ended(End::Dead));
    let (account, live) = (&trade.account, &mut trade.live);
    for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Ended(End::Dead)) {
        ticket.renew(ctx.home, account);
        live.flat_before &= known;
    }
}

/// "Not found" may be no proof where lists lag; that the position holds more than the other entries brought is one: it is
/// taken for the doing of those.
fn credit(entries: &mut [Ticket], held: Decimal, those: impl Fn(&Ticket) -> bool) {
    let mut unexplained = held - entries.iter().map(|ticket| ticket.filled).sum::<Decimal>();
    for ticket in entries.iter_mut().filter(|ticket| those(ticket)) {
        if unexplained > Decimal::ZERO {
            ticket.filled = unexplained.min(ticket.qty);
            unexplained -= ticket.filled;
            ticket.state = State::Ended(End::Filled);
        }
    }
}

/// Whether nothing of a trade that an earlier life may have begun ever reached the exchange: its alert is as good as new.
pub(super) fn never_began(trade: &Trade) -> bool {
    trade.phase == Phase::Opening && trade.entries.iter().all(|ticket| ticket.state == State::Ended(End::Dead))
}

/// An entry of ours filled, as its own state tells.
fn filled(trade: &mut Trade, ctx: &Ctx<'_>) {
    trade.live.last_fill = ctx.now;
    trade.live.flat_since = None;
    trade.filled_at.get_or_insert(ctx.now);
    if trade.phase == Phase::Entering {
        trade.phase = Phase::Open;
        // What a guard's side holds was read before, when it was not known yet whether any of it is the guard's business.
        trade.live.position = trade.live.position.max(trade.live.baseline);
    }
}
