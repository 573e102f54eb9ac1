//! Getting in: which ENTRY opens what, looking before the first order leaves, and placing the entries.

use super::account::{Account, AccountSetup};
use super::lane::{begin_closing, describe, leg_name};
use super::memory::{Accepted, Outcome};
use super::pace::{Pace, retry_delay_ms};
use super::plan::{Plan, Wanted, plan};
use super::step::{Ctx, Order, Outbox, Step, Urgency};
use super::ticket::{Answer, End, State, Ticket};
use super::trade::{Live, Phase, Prices, Trade, Which, Why};
use super::watch;
use crate::alert::{Command, Enter};
use crate::exchange::{ExchangeError, Reply, Request, Result};
use crate::market::{Action, ClientId, Decimal, Instrument, Leg, Millis, NewOrder, OrderKind, OrderState, Position, Side, Symbol, Terms};

/// TradingView promises no order: how long an ENTRY waits for the EXIT of the other side (one-way mode).
const OTHER_SIDE_WAIT_MS: Millis = 5_000;
const OTHER_SIDE_LOOK_MS: Millis = 500;

/// What becomes of a waiting alert.
pub(super) enum Fate {
    /// A trade carries it now.
    Carried,
    /// It has its verdict.
    Ended(Outcome),
    /// Not yet.
    Waits,
}

fn nothing(why: impl Into<String>) -> Fate {
    Fate::Ended(Outcome::Nothing(why.into()))
}

fn refused(why: impl Into<String>) -> Fate {
    Fate::Ended(Outcome::Refused(why.into()))
}

/// Decides about one waiting alert.
pub(super) fn consider(account: &mut Account, alert: &Accepted, maybe_sent: bool, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> Fate {
    let too_old = ctx.now >= alert.at + ctx.rules.alert_timeout_ms;
    let Some(instruments) = account.instruments.clone().filter(|_| account.is_ready()) else {
        return match too_old && !maybe_sent {
            true => refused(format!("the exchange could not be reached for {} s", ctx.rules.alert_timeout_ms / 1000)),
            false => Fate::Waits,
        };
    };
    let instrument = match alert.signal.symbol.resolve(&instruments, &account.setup.rules.settle_coin) {
        Ok(instrument) => instrument,
        Err(error) => return refused(format!("symbol: {error}")),
    };
    match &alert.signal.command {
        Command::Exit { side } => exit(account, alert, &instrument.symbol, *side, maybe_sent, ctx, outbox),
        Command::Enter(enter) => {
            let fate = enter_fate(account, alert, enter, instrument, maybe_sent, ctx, outbox);
            match fate {
                Fate::Waits if too_old && !maybe_sent => refused("it waited longer than ALERT_TIMEOUT for its turn"),
                fate => fate,
            }
        }
    }
}

fn enter_fate(
    account: &mut Account,
    alert: &Accepted,
    enter: &Enter,
    instrument: &Instrument,
    maybe_sent: bool,
    ctx: &Ctx<'_>,
    outbox: &mut Outbox<'_>,
) -> Fate {
    let plan = match plan(instrument, &account.setup.rules, enter) {
        Ok(plan) => plan,
        Err(error) => return refused(error.to_string()),
    };
    let symbol = &instrument.symbol;
    let of_side = |side: Side| account.trades.iter().position(|trade| trade.symbol == *symbol && trade.side == side);
    if let Some(at) = of_side(enter.side) {
        return join(account, at, alert, enter, &plan, maybe_sent, ctx);
    }
    if enter.second_only {
        if account.setup.rules.total_entries < 2 {
            return nothing("TOTAL_ENTRIES is 1: second entries are never placed");
        }
        if let Some(closed) = outbox.memory.closed.iter().rev().find(|closed| {
            closed.account == alert.account
                && closed.symbol == *symbol
                && closed.side == enter.side
                && closed.prices.as_ref().is_some_and(|prices| prices.same_entries(enter.entry, enter.second))
        }) {
            return nothing(format!("belongs to trade {}, which is closed", closed.id));
        }
    }
    if let (false, Some(other)) = (account.hedge, of_side(enter.side.other()).and_then(|at| account.trades.get(at))) {
        // What may have left already is asked about, whatever else is there.
        match other.is_closing() || ctx.now < alert.at + OTHER_SIDE_WAIT_MS {
            _ if maybe_sent => {}
            true => return Fate::Waits,
            false => return refused(format!("trade {} of the other side is open, and the account is in one-way mode", other.id)),
        }
    }
    if let Some(why) = &account.restricted {
        return refused(format!("the account may not open positions: {why}"));
    }
    for warning in &plan.warnings {
        outbox.notice(&account.setup.name, symbol.as_str(), alert.number, warning);
    }
    let trade = open(account, alert, enter, symbol, &plan, maybe_sent, ctx);
    account.trades.push(trade);
    Fate::Carried
}

/// An ENTRY of a side that has a trade already.
fn join(account: &mut Account, at: usize, alert: &Accepted, enter: &Enter, plan: &Plan, maybe_sent: bool, ctx: &Ctx<'_>) -> Fate {
    let fence = ctx.now + account.fence_ms();
    let Account { setup, trades, .. } = account;
    let Some(trade) = trades.get_mut(at) else { return Fate::Waits };
    let same = trade.prices.as_ref().is_some_and(|prices| prices.same_entries(enter.entry, enter.second));
    let (leg, wanted) = if enter.second_only { (Leg::Second, plan.second) } else { (Leg::Entry, plan.entry) };
    if trade.is_closing() {
        return match same && enter.second_only {
            true => nothing(format!("belongs to trade {}, which is being closed", trade.id)),
            false => Fate::Waits,
        };
    }
    if !same && !trade.is_filled() && !enter.second_only {
        let age_s = ctx.now.saturating_sub(trade.began_at) / 1000;
        return refused(format!(
            "trade {} of this side, {age_s} s old, still waits for its entry at other prices; EXIT it first",
            trade.id
        ));
    }
    if !same {
        return nothing(format!("duplicate: trade {} of this side is there", trade.id));
    }
    let had = trade.entry_of(leg).is_some_and(|ticket| !matches!(ticket.state, State::Ended(End::Refused(_))));
    if had || (leg == Leg::Second && setup.rules.total_entries < 2) {
        return nothing(format!("belongs to trade {}: recorded only", trade.id));
    }
    let Some(wanted) = wanted else { return nothing(format!("belongs to trade {}", trade.id)) };
    trade.entries.retain(|ticket| ticket.leg != leg);
    trade.entries.push(ticket(ctx, &setup.name, alert.number, leg, wanted, maybe_sent.then_some(fence)));
    Fate::Carried
}

fn ticket(ctx: &Ctx<'_>, account: &str, alert: u64, leg: Leg, wanted: Wanted, doubt: Option<Millis>) -> Ticket {
    let mut ticket = Ticket::new(ctx.home, account, alert, leg, wanted.price, wanted.qty);
    if let Some(fence) = doubt {
        ticket.doubt(fence, ctx.now);
    }
    ticket
}

fn open(account: &Account, alert: &Accepted, enter: &Enter, symbol: &Symbol, plan: &Plan, maybe_sent: bool, ctx: &Ctx<'_>) -> Trade {
    let name = &account.setup.name;
    let doubt = maybe_sent.then(|| ctx.now + account.fence_ms());
    let legs = [(Leg::Entry, plan.entry), (Leg::Second, plan.second)];
    let entries = legs.into_iter().filter_map(|(leg, wanted)| Some(ticket(ctx, name, alert.number, leg, wanted?, doubt))).collect();
    let guard = |leg: Leg, price: Option<Decimal>| Some(Ticket::new(ctx.home, name, alert.number, leg, price?, Decimal::ZERO));
    let prices = Prices { entry: enter.entry, second: enter.second, stop: enter.stop, target: enter.target };
    Trade {
        entries,
        stop: guard(Leg::Stop, plan.stop),
        target: guard(Leg::Target, plan.target),
        prices: Some(prices),
        ..empty(account, alert, symbol, enter.side, Phase::Opening)
    }
}

fn empty(account: &Account, alert: &Accepted, symbol: &Symbol, side: Side, phase: Phase) -> Trade {
    Trade {
        id: alert.number,
        account: account.setup.name.clone(),
        identity: account.setup.identity.clone(),
        symbol: symbol.clone(),
        side,
        prices: None,
        phase,
        entries: Vec::new(),
        stop: None,
        target: None,
        close: None,
        began_at: alert.at,
        filled_at: None,
        naked_ms: 0,
        naked_since: None,
        exit_alert: None,
        live: Live::default(),
    }
}

/// An EXIT: closes the trade of that side, or whatever else is there.
fn exit(
    account: &mut Account,
    alert: &Accepted,
    symbol: &Symbol,
    side: Side,
    maybe_sent: bool,
    ctx: &Ctx<'_>,
    outbox: &mut Outbox<'_>,
) -> Fate {
    let doubt = maybe_sent.then(|| ctx.now + account.fence_ms());
    let doubted_close = |account: &str| {
        let wanted = Wanted { price: Decimal::ZERO, qty: Decimal::ZERO };
        doubt.map(|fence| ticket(ctx, account, alert.number, Leg::Close, wanted, Some(fence)))
    };
    let name = account.setup.name.clone();
    if let Some(at) = account.trades.iter().position(|trade| trade.symbol == *symbol && trade.side == side) {
        let placing = account.trades.get(at).is_some_and(|trade| account.is_busy_with(trade.id, |step| *step == Step::Place));
        let Some(trade) = account.trades.get_mut(at) else { return Fate::Waits };
        if trade.is_closing() {
            return nothing(format!("trade {} is being closed already", trade.id));
        }
        let unsent = trade.phase == Phase::Opening && !placing && trade.entries.iter().all(|ticket| ticket.state == State::Idle);
        if !unsent {
            begin_closing(trade, Why::Exit, ctx);
            trade.exit_alert = Some(alert.number);
            if trade.close.is_none() {
                trade.close = doubted_close(&name);
            }
            return Fate::Carried;
        }
        for ticket in &mut trade.entries {
            ticket.give_up("an EXIT arrived before its first order left");
        }
        verdicts(trade, &name, outbox);
        account.trades.remove(at);
    }
    let cooled = outbox.memory.closed.iter().rev().find(|closed| closed.account == name && closed.symbol == *symbol && closed.side == side);
    if let Some(closed) = cooled
        && closed.why == Why::Exit
        && ctx.now < closed.closed_at + ctx.rules.exit_cooldown_ms
        && !maybe_sent
    {
        return nothing(format!("trade {} was closed by an EXIT within EXIT_COOLDOWN", closed.id));
    }
    if ctx.now >= alert.at + ctx.rules.alert_timeout_ms && !maybe_sent {
        return refused("it waited longer than ALERT_TIMEOUT, and no trade of ours is there to close");
    }
    let mut trade = empty(account, alert, symbol, side, Phase::Closing(Why::Exit));
    trade.exit_alert = Some(alert.number);
    trade.close = doubted_close(&name);
    trade.live.list_due = true;
    trade.live.look = Pace::due(ctx.now);
    account.trades.push(trade);
    Fate::Carried
}

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
        if ctx.now >= received + ctx.rules.alert_timeout_ms {
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
        let reason = mine().find_map(|ticket| match &ticket.state {
            State::Ended(End::Refused(why)) => Some(why.clone()),
            State::Ended(End::Dead) => Some("its orders never reached the exchange in time".to_owned()),
            _ => None,
        });
        match (mine().any(Ticket::was_accepted), reason) {
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
    if in_doubt && !trade.live.flat_before {
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
    Some(Request::Prepare(trade.symbol.clone(), Terms { leverage, margin_mode: setup.rules.margin_mode }))
}

/// Sends every idle entry, in one request.
pub(super) fn place(trade: &mut Trade, ctx: &Ctx<'_>) -> Option<Order> {
    let (symbol, side) = (trade.symbol.clone(), trade.side);
    let mut orders = Vec::new();
    let mut durable = false;
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
        });
    }
    if trade.phase == Phase::Opening {
        trade.phase = Phase::Entering;
    }
    (!orders.is_empty()).then_some(Order { request: Request::Place(orders), durable })
}

/// The look before the first order: a position of that side makes the alert a duplicate.
pub(super) fn looked(trade: &mut Trade, rows: &[Position], hedge: bool, shows_orders: bool, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let mut here = rows.iter().filter(|row| row.symbol == trade.symbol);
    let held = |side: Side| rows.iter().any(|row| row.symbol == trade.symbol && row.side == side && row.qty > Decimal::ZERO);
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

/// The look at resting orders: entries of ours that no alert of this trade sent make it a duplicate.
pub(super) fn listed(trade: &mut Trade, orders: &[OrderState], ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let ours = orders.iter().find(|order| {
        let Some(id) = ClientId::parse(&order.id) else { return false };
        order.opens && order.side == trade.side && id.is_of(ctx.home) && !trade.entries.iter().any(|ticket| ticket.id == id)
    });
    if let Some(order) = ours {
        let why = format!("duplicate: our entry order {} is resting already", order.id);
        end_opening(trade, Outcome::Nothing(why), outbox);
        return;
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
        Err(ExchangeError::Refused(refusal)) if !refusal.reason.is_transient() => {
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
        let answer = match result {
            Ok(Reply::Placed(results)) => match results.get(at) {
                Some(result) => ticket.answered(result, ctx.now),
                None => ticket.doubt(ctx.now + super::protect::FENCE_GUESS_MS, ctx.now),
            },
            Ok(_) => ticket.doubt(ctx.now + super::protect::FENCE_GUESS_MS, ctx.now),
            Err(error) => ticket.answered(&Err(error.clone()), ctx.now),
        };
        if let Answer::No(_, why) = &answer {
            ticket.give_up(why);
        }
        grown |= ticket.filled > Decimal::ZERO;
        let text = format!("{} {} {} @ {}: {}", leg_name(ticket), ticket.id, ticket.qty, ticket.price, describe(ticket));
        outbox.say(name, symbol.as_str(), number, text);
    }
    if grown {
        filled(trade, ctx);
    }
}

/// An entry was asked about.
pub(super) fn asked(trade: &mut Trade, which: Which, grown: bool, ctx: &Ctx<'_>) {
    if trade.ticket(which).is_some_and(Ticket::was_accepted) {
        // It left before the restart, so the symbol was looked at before.
        trade.live.flat_before = true;
        if trade.phase == Phase::Opening {
            trade.phase = Phase::Entering;
        }
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
    if !matches!(trade.phase, Phase::Entering | Phase::Open) {
        return;
    }
    let accepted = trade.entries.iter().any(Ticket::was_accepted);
    let (account, live) = (&trade.account, &mut trade.live);
    for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Ended(End::Dead)) {
        ticket.renew(ctx.home, account);
        live.flat_before &= accepted;
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
    }
}
