//! Finding out what is true: positions once a second, resting orders every half minute, and after a restart everything.

use super::lane::begin_closing;
use super::pace::Pace;
use super::protect;
use super::step::{Ctx, Outbox, Step, Urgency};
use super::text::LOOK_AGAIN_MS;
use super::ticket::{State, Ticket};
use super::trade::{Kind, LATE_FILL_MS, Phase, Trade, Which, Why};
use crate::exchange::Second;
use crate::market::{ClientId, Decimal, Installation, Millis, OrderState, Position, ProtectionKind, SECOND_MS, TriggerBy};

/// Resting orders are read again this often, soon after the price has passed one of them, and when the position changed:
/// then twice, because lists may lag behind it.
const AUDIT_MS: Millis = 30 * SECOND_MS;
const AUDIT_SOON_MS: Millis = SECOND_MS;
/// So many audits in a row may find a stop resting although the mark price is beyond it.
const OVERDUE_AUDITS: u32 = 3;
/// Two empty reads of a position prove something only this far apart.
const FLAT_READS_APART_MS: Millis = 500;

/// Takes in a read of positions that covers this trade's symbol. `stale`: it may be from before a text order's last execution.
pub(super) fn observe_rows(trade: &mut Trade, rows: &[Position], stale: bool, ctx: &Ctx<'_>) {
    if trade.phase == Phase::Opening {
        return;
    }
    let row = rows.iter().find(|row| row.symbol == trade.symbol && row.side == trade.side);
    let mark = rows.iter().find(|row| row.symbol == trade.symbol && !row.mark_price.is_zero()).map(|row| row.mark_price);
    if let Some(mark) = mark {
        trade.live.mark = mark;
    }
    match row.filter(|row| row.qty > Decimal::ZERO) {
        Some(row) => held(trade, row, ctx),
        // What was opened just now is still to be closed.
        None if stale && trade.is_closing() && trade.live.closed_qty.is_zero() => trade.live.look = Pace::due(ctx.now + LOOK_AGAIN_MS),
        None => empty(trade, ctx),
    }
}

fn held(trade: &mut Trade, row: &Position, ctx: &Ctx<'_>) {
    if trade.is_leaving() {
        if trade.live.flat_proven || trade.phase == Phase::Closing(Why::Order) {
            // It was flat: what is there now is somebody else's, and a guard that leaves closes nothing.
            trade.live.position = Decimal::ZERO;
            trade.live.fresh = true;
            trade.live.flat_proven = true;
            return;
        }
        // It was only shown late.
        trade.phase = Phase::Open;
    }
    let guarded = trade.stop.iter().chain(&trade.target).any(|ticket| ticket.state == State::Resting);
    let live = &mut trade.live;
    live.fresh = true;
    live.flat_since = None;
    live.flat_proven = false;
    if !live.flat_before && !trade.entries.iter().any(|ticket| ticket.filled > Decimal::ZERO) && !matches!(trade.phase, Phase::Closing(_)) {
        // Whether it is ours is not known yet. A change may be our limit order's doing.
        if row.qty != std::mem::replace(&mut live.baseline, row.qty) {
            trade.entries.iter_mut().for_each(|ticket| ticket.miss(ctx.now));
        }
        return;
    }
    let changed = row.qty != live.position || row.entry_price != live.entry_price || row.changed_at != live.changed_at;
    if changed && (live.had_position || guarded) && trade.phase == Phase::Open {
        // Entries fill, but a stop may also have fired into a thin book, closed a part, and be gone now; or the position
        // was closed by hand, which took the stop away, and opened anew by the second entry at once. Protection may rest
        // before the position was ever read (an entry's own answer told of its fill): then that position may be gone too.
        live.audit.at = live.audit.at.min(live.audited_at + AUDIT_SOON_MS).max(ctx.now);
        live.audit_again = true;
    }
    live.position = row.qty;
    live.read_at = ctx.asked_at;
    live.entry_price = row.entry_price;
    live.changed_at = row.changed_at;
    live.had_position = true;
    if matches!(trade.phase, Phase::Entering | Phase::Open) {
        trade.filled_at.get_or_insert(ctx.now);
        trade.phase = Phase::Open;
    }
    let mark = trade.live.mark;
    let passed = |ticket: &Option<Ticket>, worse: bool| {
        let side = if worse { trade.side } else { trade.side.other() };
        ticket.as_ref().is_some_and(|ticket| !mark.is_zero() && ticket.state == State::Resting && side.is_worse(mark, ticket.price))
    };
    if passed(&trade.stop, true) || passed(&trade.target, false) {
        trade.live.audit.at = trade.live.audit.at.min(trade.live.audited_at + AUDIT_SOON_MS);
    }
}

fn empty(trade: &mut Trade, ctx: &Ctx<'_>) {
    let was_held = trade.live.position > Decimal::ZERO;
    trade.live.position = Decimal::ZERO;
    trade.live.fresh = true;
    let since = *trade.live.flat_since.get_or_insert(ctx.now);
    let apart = ctx.now >= since + FLAT_READS_APART_MS;
    match trade.phase {
        Phase::Open => {
            if was_held {
                trade.live.audit.at = ctx.now;
            }
            let late = !trade.live.had_position && ctx.now < trade.live.last_fill + LATE_FILL_MS;
            if apart && !late {
                begin_closing(trade, Why::Gone, ctx);
            }
        }
        Phase::Closing(_) if can_still_change(trade) => trade.live.flat_since = None,
        Phase::Closing(_) => {
            trade.live.flat_proven |= apart && !shows_late(trade, ctx);
            trade.live.look = Pace::due(ctx.now + FLAT_READS_APART_MS);
        }
        Phase::Opening | Phase::Entering => {}
    }
}

/// Whether an order of ours could still build or reduce the position.
fn can_still_change(trade: &Trade) -> bool {
    trade.can_fill() || trade.close.as_ref().is_some_and(Ticket::may_exist)
}

/// More was filled than closed, and not long ago: the exchange may show the position late.
fn shows_late(trade: &Trade, ctx: &Ctx<'_>) -> bool {
    let bought: Decimal = trade.entries.iter().map(|ticket| ticket.filled).sum();
    let fired = trade.stop.iter().chain(&trade.target).any(|ticket| ticket.filled > Decimal::ZERO);
    bought > trade.live.closed_qty && !fired && ctx.now < trade.live.last_fill + LATE_FILL_MS
}

/// Offers the reading of resting orders.
pub(super) fn offer(trade: &Trade, offer: &mut impl FnMut(Millis, Urgency, Step)) {
    let rests = trade.tickets().any(|(_, ticket)| matches!(ticket.state, State::Resting | State::Foreign));
    if rests && trade.phase != Phase::Opening {
        let urgency = if trade.live.flat_since.is_some() { Urgency::Ask } else { Urgency::Tidy };
        offer(trade.live.audit.at, urgency, Step::List);
    }
}

/// Takes in the open orders: what should rest and does not is asked about. What somebody put in the place of our stop or
/// target, where there can be only one, counts as protection.
pub(super) fn audited(trade: &mut Trade, orders: &[OrderState], name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    trade.live.audited_at = ctx.now;
    let again = std::mem::take(&mut trade.live.audit_again);
    trade.live.audit = Pace::due(ctx.now + if again { AUDIT_SOON_MS } else { AUDIT_MS });
    let (symbol, side) = (trade.symbol.clone(), trade.side);
    for ticket in trade.tickets_mut() {
        let order = ticket.order_ref(&symbol, side);
        match (&ticket.state, orders.iter().find(|listed| listed.is(&order))) {
            (State::Resting, Some(order)) => ticket.seen(order),
            (State::Resting, None) => ticket.miss(ctx.now),
            _ => {}
        }
    }
    for kind in ProtectionKind::ALL {
        let guards = |order: &&OrderState| order.conditional && !order.opens && order.side == side;
        let others = orders.iter().filter(guards).filter(|order| order.guards.is_none_or(|of| of == kind));
        let mut others = others.filter(|order| !trade.tickets().any(|(_, ticket)| order.is(&ticket.order_ref(&symbol, side))));
        let is_whole = |order: &OrderState| order.qty.is_zero() || order.qty >= trade.live.position;
        // A stop of ours that was replaced is brought back by an order that still carries it, and must be replaced again.
        let covers = |order: &OrderState| order.guards.is_some() && is_whole(order) && !trade.replaced_stops.contains(&order.price);
        let is_alone = ctx.habit(kind).second != Second::Rests;
        let taken = is_alone && others.clone().any(covers);
        let left = others.any(|order| order.guards.is_none() || covers(order));
        let (number, Some(ticket)) = (trade.id, trade.ticket_mut(Which::of(kind))) else { continue };
        match ticket.state {
            State::Resting if ticket.pace.missed && taken => protect::take_for_protection(ticket, name, &symbol, number, outbox),
            State::Idle if ticket.pace.denied && taken => protect::take_for_protection(ticket, name, &symbol, number, outbox),
            State::Foreign if !left => {
                ticket.state = State::Idle;
                ticket.pace = Pace { denied: true, ..Pace::due(ctx.now) };
            }
            _ => {}
        }
    }
    overdue(trade, name, ctx, outbox);
}

/// A stop that still rests although the price it watches has long passed it will not fire: some exchanges take one that
/// comes too late without a word.
fn overdue(trade: &mut Trade, name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let (side, mark) = (trade.side, trade.live.mark);
    let rests = |stop: &&Ticket| stop.state == State::Resting && !stop.pace.missed;
    let passed = trade.stop.as_ref().filter(rests).is_some_and(|stop| !mark.is_zero() && side.is_worse(mark, stop.price));
    trade.live.overdue = if passed && ctx.rules.trigger_by == TriggerBy::Mark { trade.live.overdue + 1 } else { 0 };
    if trade.live.overdue >= OVERDUE_AUDITS && trade.phase == Phase::Open {
        outbox.notice(name, trade.symbol.as_str(), trade.id, "the mark price has passed the stop, which does not fire: closing at market");
        begin_closing(trade, Why::Stop, ctx);
    }
}

/// Whether open orders of our form come from another installation.
pub(super) fn has_strangers(orders: &[OrderState], home: &Installation) -> bool {
    orders.iter().filter_map(|order| ClientId::parse(&order.id)).any(|id| !id.is_of(home))
}

/// After a restart: what was on its way is doubted, what rests is read again, what happened meanwhile is found out.
pub(super) fn wake_up(trade: &mut Trade, ctx: &Ctx<'_>) {
    let now = ctx.now;
    for ticket in trade.tickets_mut() {
        ticket.doubt_after_restart(ctx);
        ticket.pace = Pace::due(now);
    }
    trade.live.restored = false;
    // The trade was journalled when its first order left, which it did only after the symbol was seen flat.
    trade.live.flat_before = trade.kind != Kind::Guard || trade.phase != Phase::Entering;
    trade.live.had_position = trade.filled_at.is_some();
    trade.live.announced = trade.filled_at.is_some();
    trade.live.last_fill = if trade.filled_at.is_some() { now } else { 0 };
    trade.live.audit = Pace::due(now);
    trade.live.look = Pace::due(now);
    trade.live.list_due = trade.kind == Kind::Exit;
}

/// How long entries of this trade may rest; 0 = for ever, as a limit order of a text alert does.
fn entry_timeout_ms(trade: &Trade, ctx: &Ctx<'_>) -> Millis {
    if trade.kind == Kind::Bracket { ctx.rules.entry_timeout_ms } else { 0 }
}

/// Whether the clock alone can change something.
pub(super) fn waits(trade: &Trade, ctx: &Ctx<'_>) -> bool {
    entry_timeout_ms(trade, ctx) > 0 && trade.can_fill() && !trade.is_closing()
}

/// Entries that rested too long, or that all ended without a fill, end the trade.
pub(super) fn settle(trade: &mut Trade, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    // What was read back from the journal was told before the restart.
    let is_news = trade.phase == Phase::Open && !trade.live.restored;
    if is_news && !std::mem::replace(&mut trade.live.announced, true) {
        let filled: Decimal = trade.entries.iter().map(|ticket| ticket.filled).sum();
        let text = format!("filled: {} {} held", trade.side, trade.live.position.max(filled).normalize());
        outbox.say(&trade.account, trade.symbol.as_str(), trade.id, text);
    }
    if trade.phase == Phase::Entering && trade.entries.iter().all(Ticket::is_ended) {
        let accepted = trade.entries.iter().any(Ticket::was_accepted);
        if accepted && trade.live.position.is_zero() && trade.kind == Kind::Bracket {
            begin_closing(trade, Why::NoFill, ctx);
        }
    }
    let timeout_ms = entry_timeout_ms(trade, ctx);
    if timeout_ms > 0 && trade.phase == Phase::Entering && ctx.now >= trade.began_at + timeout_ms {
        outbox.say(&trade.account, trade.symbol.as_str(), trade.id, "entries rested longer than ENTRY_TIMEOUT: cancelling");
        begin_closing(trade, Why::Timeout, ctx);
    }
}

/// Whether resting entries of an open trade have outlived `ENTRY_TIMEOUT`.
pub(super) fn entries_outlived(trade: &Trade, ctx: &Ctx<'_>) -> bool {
    let timeout_ms = entry_timeout_ms(trade, ctx);
    timeout_ms > 0 && trade.phase == Phase::Open && ctx.now >= trade.began_at + timeout_ms
}
