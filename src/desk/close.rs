//! Getting out: the one closing procedure, whatever the reason.
//!
//! Market close of what the exchange says is there → cancel every resting entry → every order has a known end → flat
//! in two reads → whatever appeared meanwhile is closed too → cancel protection → read the profit → make room. The
//! close goes first because time is money, the protection last because a failed close must not leave a naked position.

use super::account::AccountSetup;
use super::lane::describe;
use super::memory::{Outcome, Record};
use super::pace::{Pace, retry_delay_ms};
use super::step::{Ctx, Order, Outbox, Step, Urgency};
use super::ticket::{Answer, End, State, Ticket};
use super::trade::{ClosedTrade, Kind, Outturn, Trade, Which, Why};
use crate::exchange::{ExchangeError, Reason, Reply, Request, Result, Second};
use crate::market::{
    Action, ClientId, Decimal, Fill, Instrument, Leg, Millis, NewOrder, OrderKind, OrderState, ProtectionKind, Side, sizing,
};

/// A close that was refused so often, with the position there, may be held up by an order that closes it too, where the
/// exchange reserves what such an order would close. The target goes first, then, if that was not it, the stop, and in the
/// end whatever else would close the position, whoever put it there.
const HELD_UP_BY_TARGET: u32 = 3;
const HELD_UP_BY_STOP: u32 = 4;
const HELD_UP_BY_OTHERS: u32 = 5;
/// How often the executions are asked for before the trade is recorded without its profit.
const FILLS_TRIES_MAX: u32 = 4;

/// Offers the next steps of the closing procedure.
pub(super) fn offer(trade: &Trade, ctx: &Ctx<'_>, offer: &mut impl FnMut(Millis, Urgency, Step)) {
    let live = &trade.live;
    let close_pending = trade.close.as_ref().is_some_and(Ticket::may_exist);
    if let Some(close) = trade.close.as_ref().filter(|close| close.may_exist()) {
        offer(close.pace.at, Urgency::Close, Step::Ask(Which::Close));
    } else if !live.fresh {
        offer(live.look.at, Urgency::Close, Step::Look);
    } else if live.position > Decimal::ZERO {
        // Besides, not instead: whatever becomes of the cancel, the close is tried on.
        offer(live.close.at, Urgency::Close, Step::Close);
        if let Some((which, ticket)) = in_the_way(trade) {
            clear(ticket, which, Urgency::Close, offer);
        }
    }
    for (at, ticket) in trade.entries.iter().enumerate() {
        clear(ticket, Which::Entry(at), Urgency::Ask, offer);
    }
    if live.list_due && live.fresh {
        offer(live.look.at, Urgency::Ask, Step::List);
    }
    let entries_ended = trade.entries.iter().all(Ticket::is_ended) && !live.list_due;
    if !entries_ended || close_pending || !live.fresh || live.position > Decimal::ZERO {
        return;
    }
    if !live.flat_proven {
        offer(live.look.at, Urgency::Ask, Step::Look);
        return;
    }
    for which in [Which::Stop, Which::Target] {
        if let Some(ticket) = trade.ticket(which) {
            clear(ticket, which, Urgency::Ask, offer);
        }
    }
    for (at, ticket) in trade.retired.iter().enumerate() {
        clear(ticket, Which::Retired(at), Urgency::Ask, offer);
    }
    if is_clean(trade) && must_sweep(trade, ctx) {
        offer(live.look.at, Urgency::Tidy, Step::List);
    } else if is_clean(trade) && !live.accounted {
        offer(live.fills.at, Urgency::Tidy, Step::Fills);
    }
}

/// The order that may hold up the market close, if that was refused often enough.
fn in_the_way(trade: &Trade) -> Option<(Which, &Ticket)> {
    let found = |leg: Leg, refusals: u32| {
        let mut tickets = trade.tickets().filter(|_| trade.live.held_up >= refusals);
        tickets.find(|(_, ticket)| ticket.leg == leg && ticket.may_exist())
    };
    let ours = found(Leg::Target, HELD_UP_BY_TARGET).or_else(|| found(Leg::Stop, HELD_UP_BY_STOP));
    ours.or_else(|| found(Leg::Order, HELD_UP_BY_OTHERS))
}

/// A resting order is cancelled, a doubtful one asked about.
fn clear(ticket: &Ticket, which: Which, urgency: Urgency, offer: &mut impl FnMut(Millis, Urgency, Step)) {
    match ticket.state {
        State::Resting if ticket.pace.missed => offer(ticket.pace.at, urgency, Step::Ask(which)),
        State::Resting => offer(ticket.pace.at, urgency, Step::Cancel(which)),
        State::Unknown { .. } => offer(ticket.pace.at, urgency, Step::Ask(which)),
        _ => {}
    }
}

/// Sends a market close of the position that was read last.
pub(super) fn request(setup: &AccountSetup, trade: &mut Trade, instrument: Option<&Instrument>, ctx: &Ctx<'_>) -> Option<Order> {
    let position = trade.live.position;
    let rounded = instrument.map_or(position, |instrument| sizing::market_qty(instrument, position));
    let qty = if rounded.is_zero() { position } else { rounded };
    let alert = trade.exit_alert.unwrap_or(trade.id);
    let ticket = trade.close.get_or_insert_with(|| Ticket::new(ctx.home, &setup.name, alert, Leg::Close, Decimal::ZERO, qty));
    if ticket.is_ended() {
        ticket.renew(ctx.home, &setup.name);
    }
    ticket.qty = qty;
    ticket.state = State::Sent;
    let order = NewOrder {
        id: ticket.id.clone(),
        symbol: trade.symbol.clone(),
        side: trade.side,
        action: Action::Close,
        kind: OrderKind::Market,
        qty,
        stop: None,
    };
    // Written down first: after a crash a close that is not recorded was not sent, and can be sent at once.
    Some(Order { request: Request::Place(vec![order]), durable: true })
}

/// The answer to a market close.
pub(super) fn answered(trade: &mut Trade, result: &Result<Reply>, name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let (symbol, number) = (trade.symbol.to_string(), trade.id);
    trade.live.fresh = false;
    trade.live.flat_since = None;
    trade.live.look = Pace::due(ctx.now);
    let Some(ticket) = &mut trade.close else { return };
    match ticket.answered(result, 0, ctx) {
        Answer::No(reason, why) => {
            let first = trade.live.close.tries == 0;
            trade.live.close.again(ctx.now, retry_delay_ms);
            if ctx.guards_hold_up_close() {
                trade.live.close.be_patient(ctx.now);
                trade.live.held_up += u32::from(matches!(reason, Reason::InsufficientBalance | Reason::NoPosition));
                trade.live.list_due |= trade.live.held_up >= HELD_UP_BY_OTHERS;
            }
            if first && reason != Reason::NoPosition {
                outbox.notice(name, &symbol, number, &format!("the market close was refused and is tried again until it is done: {why}"));
            }
        }
        Answer::Accepted | Answer::Unknown => {
            let text = format!("market close {} of {}: {}", ticket.id, ticket.qty, describe(ticket));
            outbox.say(name, &symbol, number, text);
            count_closed(trade, ctx);
        }
        // Patience is for refusals only.
        Answer::Later => trade.live.close.at = ctx.now + retry_delay_ms(trade.live.close.tries),
    }
}

/// What may have held up the market close is gone: it is tried again at once.
pub(super) fn made_way(trade: &mut Trade, which: Which, now: Millis) {
    if trade.is_closing() && trade.live.held_up > 0 && trade.ticket(which).is_none_or(Ticket::is_ended) {
        trade.live.close.at = now;
    }
}

/// The market close was asked about.
pub(super) fn asked(trade: &mut Trade, grown: bool, ctx: &Ctx<'_>) {
    count_closed(trade, ctx);
    if grown || trade.close.as_ref().is_some_and(Ticket::is_ended) {
        trade.live.fresh = false;
    }
}

/// A close has ended: one that found nobody to trade with is not repeated at once.
fn count_closed(trade: &mut Trade, ctx: &Ctx<'_>) {
    let Some(close) = trade.close.as_ref().filter(|close| close.is_ended()) else { return };
    trade.live.closed_qty += close.filled;
    match close.filled.is_zero() {
        true => trade.live.close.again(ctx.now, retry_delay_ms),
        false => (trade.live.close, trade.live.held_up) = (Pace::default(), 0),
    }
}

/// The answer to a cancel. Gone or cancelled, how it ended (and how much filled before) is asked next.
pub(super) fn canceled(trade: &mut Trade, which: Which, result: &Result<Reply>, ctx: &Ctx<'_>) {
    let Some(ticket) = trade.ticket_mut(which) else { return };
    match result {
        Err(ExchangeError::Refused(refusal)) if refusal.reason != Reason::UnknownOrder => ticket.pace.again(ctx.now, retry_delay_ms),
        Err(ExchangeError::NeverSent(_)) => ticket.pace.again(ctx.now, retry_delay_ms),
        Ok(_) | Err(ExchangeError::Refused(_) | ExchangeError::Unknown { .. }) => {
            let tries = ticket.pace.tries;
            ticket.pace.cancel_taken |= result.is_ok();
            ticket.miss(ctx.now);
            ticket.pace.tries = tries;
            // Where its successor waits for it, a cancel that was carried out says enough about a protective order.
            let is_awaited = ticket.leg.protection().is_some_and(|kind| ctx.habit(kind).second != Second::Rests);
            if let (Which::Retired(_), Ok(_), true) = (which, result, is_awaited) {
                ticket.state = State::Ended(End::Canceled);
            }
        }
    }
}

/// What rests while the trade is being closed. A lone EXIT cancels entries of ours on that side and leaves everything else
/// alone; after flat, stops and targets that outlived the position are looked for.
pub(super) fn listed(trade: &mut Trade, orders: &[OrderState], name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    if trade.live.flat_proven && must_sweep(trade, ctx) {
        return swept(trade, orders, ctx);
    }
    trade.live.list_due = false;
    for order in orders.iter().filter(|order| order.opens && order.side == trade.side) {
        let Some(found) = found_of(order, &trade.account, ctx) else { continue };
        if !trade.entries.iter().any(|ticket| ticket.id == found.id) {
            trade.entries.push(found);
        }
    }
    if trade.live.held_up >= HELD_UP_BY_OTHERS {
        make_way(trade, orders, name, outbox);
    }
}

/// What others put there to close the position is cancelled: the exchange would do so itself once the position is closed.
fn make_way(trade: &mut Trade, orders: &[OrderState], name: &str, outbox: &mut Outbox<'_>) {
    let (symbol, side) = (trade.symbol.clone(), trade.side);
    for order in orders.iter().filter(|order| !order.opens && order.side == side) {
        if trade.tickets().any(|(_, ticket)| ticket.may_exist() && order.is(&ticket.order_ref(&symbol, side))) {
            continue;
        }
        let Some(id) = ClientId::parse(&order.id).or_else(|| ClientId::custom(&order.id)) else {
            outbox.notice(name, symbol.as_str(), trade.id, "an order without a name holds the position and must be cancelled by hand");
            continue;
        };
        outbox.notice(name, symbol.as_str(), trade.id, &format!("order {id} holds the position, which is to be closed: it is cancelled"));
        let leg = match order.guards {
            Some(ProtectionKind::StopLoss) => Leg::Stop,
            Some(ProtectionKind::TakeProfit) => Leg::Target,
            None => Leg::Order,
        };
        trade.retired.push(Ticket::listed(order, id, leg, trade.id));
    }
}

/// Whether stops and targets that may have outlived the position are still to be looked for.
fn must_sweep(trade: &Trade, ctx: &Ctx<'_>) -> bool {
    let guarded = trade.stop.is_some() || trade.target.is_some();
    ctx.guards_may_stay() && guarded && !trade.live.swept
}

/// After flat: protective orders of ours that are still listed on that side, whichever trade left them, are cancelled too.
fn swept(trade: &mut Trade, orders: &[OrderState], ctx: &Ctx<'_>) {
    trade.live.swept = true;
    for order in orders.iter().filter(|order| order.conditional && order.side == trade.side) {
        let Some(found) = found_of(order, &trade.account, ctx) else { continue };
        let is_known = trade.tickets().any(|(_, ticket)| ticket.id == found.id && !ticket.is_ended());
        if found.leg.is_conditional() && !is_known {
            trade.retired.push(found);
        }
    }
}

/// The ticket of an order that rests, if it is one of this account's: another one may have the same key.
pub(super) fn found_of(order: &OrderState, account: &str, ctx: &Ctx<'_>) -> Option<Ticket> {
    let id = ClientId::parse(&order.id).filter(|id| id.is_of(ctx.home))?;
    let (leg, alert, attempt) = (id.leg()?, id.number()?, id.attempt()?);
    if ClientId::derive(ctx.home, account, alert, leg, attempt) != id {
        return None;
    }
    Some(Ticket { attempt, ..Ticket::listed(order, id, leg, alert) })
}

/// The executions since the trade began, added up.
pub(super) fn counted(trade: &mut Trade, result: &Result<Reply>, ctx: &Ctx<'_>) {
    match result {
        Ok(Reply::Fills(fills)) => {
            let outturn = add_up(trade.side, fills);
            let balanced = outturn.as_ref().is_none_or(|sum| sum.entry_qty == sum.exit_qty);
            trade.live.fills.again(ctx.now, retry_delay_ms);
            // Executions appear late too: an unbalanced list is read again.
            trade.live.accounted = balanced || trade.live.fills.tries >= FILLS_TRIES_MAX;
            if let (true, Some(sum)) = (trade.live.accounted, &outturn) {
                count_unseen_nakedness(trade, sum.first_fill_at);
            }
            trade.live.ended_by = ended_by(trade.side, fills);
            trade.live.result = outturn.filter(|_| trade.kind != Kind::Exit && balanced);
        }
        _ => {
            trade.live.fills.again(ctx.now, retry_delay_ms);
            trade.live.accounted = trade.live.fills.tries >= FILLS_TRIES_MAX;
        }
    }
}

/// Which protective order made the last closing execution, where the exchange says so.
fn ended_by(side: Side, fills: &[Fill]) -> Option<ProtectionKind> {
    let closes = |fill: &&Fill| fill.buy == (side == Side::Short) && fill.side.is_none_or(|of| of == side);
    fills.iter().rev().find(closes).and_then(|fill| fill.by)
}

/// Whether a stop was wanted that the entries did not bring.
fn needed_a_stop(trade: &Trade) -> bool {
    trade.stop.as_ref().is_some_and(|stop| stop.state != State::Attached) && !trade.stop_was_attached
}

/// The position was without a stop before we saw it, too: from the fill until the look that found it.
fn count_unseen_nakedness(trade: &mut Trade, first_fill_at: Millis) {
    if let (true, Some(seen_at)) = (needed_a_stop(trade), trade.filled_at) {
        trade.naked_ms += seen_at.saturating_sub(first_fill_at);
    }
}

/// Sums executions of one side's round trip. Leading closing fills belong to an earlier trade. `None`: nothing filled.
fn add_up(side: Side, fills: &[Fill]) -> Option<Outturn> {
    let opens = |fill: &Fill| fill.buy == (side == Side::Long);
    let mine = fills.iter().filter(|fill| fill.side.is_none_or(|of| of == side)).skip_while(|fill| !opens(fill));
    let mut sum = Outturn::default();
    let (mut paid, mut got) = (Decimal::ZERO, Decimal::ZERO);
    for fill in mine {
        if sum.first_fill_at == 0 {
            sum.first_fill_at = fill.at;
        }
        let value = fill.price.checked_mul(fill.qty)?;
        let (qty, total) = if opens(fill) { (&mut sum.entry_qty, &mut paid) } else { (&mut sum.exit_qty, &mut got) };
        *qty = qty.checked_add(fill.qty)?;
        *total = total.checked_add(value)?;
        sum.fees = sum.fees.checked_add(fill.fee)?;
        sum.fees_elsewhere |= fill.fee_elsewhere;
    }
    sum.entry_avg = paid.checked_div(sum.entry_qty)?.round_dp(8).normalize();
    sum.exit_avg = got.checked_div(sum.exit_qty).unwrap_or_default().round_dp(8).normalize();
    let gain = if side == Side::Long { got - paid } else { paid - got };
    sum.profit = (gain - sum.fees).round_dp(8).normalize();
    sum.fees = sum.fees.normalize();
    Some(sum)
}

fn is_clean(trade: &Trade) -> bool {
    let guards_gone = trade.stop.iter().chain(&trade.target).chain(&trade.retired).all(|ticket| !ticket.may_exist());
    guards_gone && trade.entries.iter().all(Ticket::is_ended) && !trade.close.as_ref().is_some_and(Ticket::may_exist)
}

/// Whether the procedure is through.
pub(super) fn is_finished(trade: &Trade, ctx: &Ctx<'_>) -> bool {
    trade.is_closing()
        && !must_sweep(trade, ctx)
        && trade.live.flat_proven
        && !trade.live.list_due
        && is_clean(trade)
        && trade.live.accounted
}

/// Whether an EXIT for a position that is not ours could not be carried out in time.
pub(super) fn has_expired(trade: &Trade, ctx: &Ctx<'_>) -> bool {
    let lone = trade.kind == Kind::Exit && trade.entries.is_empty() && trade.close.as_ref().is_none_or(|close| close.state == State::Idle);
    lone && trade.is_closing() && trade.live.closed_qty.is_zero() && ctx.now >= trade.began_at + ctx.alert_timeout_ms
}

/// Gives it up, with a reason.
pub(super) fn expire(trade: &mut Trade, outbox: &mut Outbox<'_>) {
    trade.live.gone = true;
    if let Some(exit) = trade.exit_alert {
        let why = "the position, which is not ours, could not be closed within ALERT_TIMEOUT".to_owned();
        outbox.verdict(&trade.account, trade.symbol.as_str(), exit, Outcome::Refused(why));
    }
    outbox.record(Record::Dropped { trade: trade.id });
}

/// Records the end and makes room.
pub(super) fn finish(trade: &mut Trade, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    trade.live.gone = true;
    let symbol = trade.symbol.to_string();
    let has_closed = trade.close.as_ref().is_some_and(Ticket::was_accepted) || !trade.live.closed_qty.is_zero();
    let closed_something = has_closed || !trade.entries.is_empty();
    if let Some(exit) = trade.exit_alert {
        let outcome =
            if closed_something || trade.kind != Kind::Exit { Outcome::Done } else { Outcome::Nothing("nothing to close".to_owned()) };
        outbox.verdict(&trade.account, &symbol, exit, outcome);
    }
    if trade.kind == Kind::Exit && !closed_something {
        outbox.record(Record::Dropped { trade: trade.id });
        return;
    }
    let why = why_really(trade);
    let result = trade.live.result.take();
    let profit = result.as_ref().map_or("unknown".to_owned(), |sum| sum.profit.to_string());
    let text = format!("closed: {}, profit {profit}, naked for {} ms", why.as_str(), trade.naked_ms);
    outbox.say(&trade.account, &symbol, trade.id, text);
    outbox.record(Record::Closed(Box::new(ClosedTrade {
        id: trade.id,
        account: trade.account.clone(),
        symbol: trade.symbol.clone(),
        side: trade.side,
        prices: trade.prices.clone(),
        began_at: trade.began_at,
        closed_at: ctx.now,
        why,
        naked_ms: trade.naked_ms,
        overtaken: false,
        result,
    })));
}

/// Whether a stop or target closed the position: by its own fills, or, where the exchange tells nothing of one that has
/// ended (this one, or the one before it), because the position went at its price or beyond.
fn has_fired(ticket: &Ticket, side: Side, exit: Option<Decimal>) -> bool {
    let untold = matches!(ticket.state, State::Ended(End::Gone | End::Expired)) || ticket.attempt > 1;
    let losing = if ticket.leg == Leg::Stop { side } else { side.other() };
    ticket.filled > Decimal::ZERO || untold && exit.is_some_and(|exit| exit == ticket.price || losing.is_worse(exit, ticket.price))
}

/// A position that was found gone may turn out to have been closed by its stop or target.
fn why_really(trade: &Trade) -> Why {
    let said = |kind: ProtectionKind| trade.live.ended_by == Some(kind);
    let exit = trade.live.result.as_ref().map(|result| result.exit_avg).filter(|exit| !exit.is_zero());
    let fired = |ticket: &Option<Ticket>| ticket.as_ref().is_some_and(|ticket| has_fired(ticket, trade.side, exit));
    match trade.phase {
        super::trade::Phase::Closing(Why::Gone | Why::Order) if said(ProtectionKind::StopLoss) => Why::Stop,
        super::trade::Phase::Closing(Why::Gone | Why::Order) if said(ProtectionKind::TakeProfit) => Why::Target,
        super::trade::Phase::Closing(Why::Gone | Why::Order) if fired(&trade.stop) => Why::Stop,
        super::trade::Phase::Closing(Why::Gone | Why::Order) if fired(&trade.target) => Why::Target,
        super::trade::Phase::Closing(why) => why,
        _ => Why::Gone,
    }
}
