//! What happens between alerts and trades of one account: alerts wait here, become trades, and get their verdict;
//! each trade offers its next step; answers find their way back to the trade that asked.

use std::collections::BTreeSet;

use super::account::{Account, AccountSetup};
use super::decide::{self, Fate};
use super::enter;
use super::memory::{Accepted, Outcome, Record};
use super::pace::{Pace, retry_delay_ms};
use super::step::{Choice, Ctx, Order, Outbox, Step, Task, Urgency};
use super::ticket::{End, State, Ticket};
use super::trade::{Kind, Phase, Trade, Which, Why};
use super::{close, protect, text, watch};
use crate::alert::Command;
use crate::exchange::{Reply, Request, Result};
use crate::market::{Decimal, Instrument, Millis, Symbol};

/// An accepted alert that no trade carries yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) number: u64,
    /// It was accepted before a restart, so its first orders may have left.
    pub(super) maybe_sent: bool,
    /// The contract it means, once that could be told.
    pub(super) symbol: Option<Symbol>,
}

impl Waiting {
    pub(super) fn new(number: u64, maybe_sent: bool) -> Waiting {
        Waiting { number, maybe_sent, symbol: None }
    }
}

/// Contracts for which somebody waits, while the waiting alerts are gone through in their order.
#[derive(Default)]
struct Lanes {
    /// Nobody passes these.
    text: BTreeSet<Symbol>,
    /// Text alerts do not pass these; among themselves JSON alerts know when they may.
    json: BTreeSet<Symbol>,
}

impl Lanes {
    fn take(&mut self, symbol: &Symbol, is_text: bool) {
        if is_text {
            self.text.insert(symbol.clone())
        } else {
            self.json.insert(symbol.clone())
        };
    }

    fn are_taken(&self, symbol: &Symbol, is_text: bool) -> bool {
        self.text.contains(symbol) || is_text && self.json.contains(symbol)
    }
}

/// Ends alerts of accounts that are not configured any more.
pub(super) fn refuse_orphaned_alerts(known: &[(&str, &str)], outbox: &mut Outbox<'_>) {
    let orphaned: Vec<(u64, String)> = outbox
        .memory
        .alerts
        .values()
        .filter(|alert| !known.contains(&(alert.account.as_str(), alert.identity.as_str())))
        .map(|alert| (alert.number, alert.account.clone()))
        .collect();
    for (number, account) in orphaned {
        let why = "its account is not configured any more with the same exchange, host and key".to_owned();
        outbox.verdict(&account, "", number, Outcome::Refused(why));
    }
}

/// Alerts in the order of arrival: each becomes a trade, gets its verdict, or waits on.
pub(super) fn consider_waiting(account: &mut Account, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let mut still = Vec::with_capacity(account.waiting.len());
    let mut lanes = Lanes::default();
    for mut waiting in std::mem::take(&mut account.waiting) {
        let Some(accepted) = outbox.memory.alerts.get(&waiting.number) else { continue };
        let is_text = accepted.signal.command.is_text();
        if waiting.symbol.is_none() {
            waiting.symbol = account.contract_of(accepted);
        }
        if let Some(symbol) = &waiting.symbol
            && has_to_wait(account, &lanes, symbol, accepted, &waiting, ctx)
        {
            lanes.take(symbol, is_text);
            still.push(waiting);
            continue;
        }
        let accepted = accepted.clone();
        let symbol = accepted.signal.symbol.shown();
        if let Command::Exit { side } = accepted.signal.command {
            supersede(&mut still, &accepted.signal.symbol, side, outbox);
        }
        match decide::consider(account, &accepted, &waiting, ctx, outbox) {
            Fate::Carried => outbox.say(&account.setup.name, symbol, waiting.number, "alert taken up"),
            Fate::Ended(outcome) => outbox.verdict(&account.setup.name, symbol, waiting.number, outcome),
            Fate::Waits => {
                waiting.symbol.iter().for_each(|symbol| lanes.take(symbol, is_text));
                still.push(waiting);
            }
        }
    }
    account.waiting = still;
}

/// Text orders run strictly one after the other on a contract, and nothing of either language passes them.
fn has_to_wait(account: &mut Account, lanes: &Lanes, symbol: &Symbol, alert: &Accepted, waiting: &Waiting, ctx: &Ctx<'_>) -> bool {
    let command = &alert.signal.command;
    let may_have_left = waiting.maybe_sent && !command.is_text();
    if may_have_left || !account.has_order_on(symbol) && !lanes.are_taken(symbol, command.is_text()) {
        return false;
    }
    if matches!(command, Command::Exit { .. }) || command.closes_all() {
        account.orders.iter_mut().filter(|order| order.symbol == *symbol).for_each(|order| order.supersede(alert.number));
        return true;
    }
    // Too old is refused where everything else is decided.
    ctx.now < alert.at + ctx.alert_timeout_ms
}

/// An EXIT speaks the last word about every ENTRY of its side that arrived before it and still waits.
fn supersede(waiting: &mut Vec<Waiting>, symbol: &crate::alert::SymbolName, side: crate::market::Side, outbox: &mut Outbox<'_>) {
    let mut gone = Vec::new();
    waiting.retain(|waiting| {
        let Some(alert) = outbox.memory.alerts.get(&waiting.number) else { return false };
        let same = matches!(&alert.signal.command, Command::Enter(enter) if enter.side == side) && alert.signal.symbol == *symbol;
        if same && !waiting.maybe_sent {
            gone.push((waiting.number, alert.account.clone()));
        }
        !same || waiting.maybe_sent
    });
    for (number, account) in gone {
        outbox.verdict(&account, symbol.shown(), number, Outcome::Refused("an EXIT arrived while it waited".to_owned()));
    }
}

/// Draws the conclusions that need no exchange: expiries, verdicts, naked time, trades that are over.
pub(super) fn settle_trades(account: &mut Account, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let name = account.setup.name.clone();
    let placing: Vec<u64> = account.trades.iter().map(|trade| trade.id).filter(|id| account.is_busy_with(*id, |_| true)).collect();
    let Account { trades, waiting, .. } = account;
    for trade in trades.iter_mut() {
        let at_rest = !placing.contains(&trade.id);
        enter::expire(trade, ctx, outbox);
        protect::settle(trade, &name, ctx, outbox);
        watch::settle(trade, ctx, outbox);
        enter::verdicts(trade, &name, outbox);
        if enter::never_began(trade) {
            waiting.extend(enter::alerts_of(trade).into_iter().map(|number| Waiting::new(number, false)));
            trade.live.gone = true;
        } else if at_rest && close::has_expired(trade, ctx) {
            close::expire(trade, outbox);
        } else if at_rest && close::is_finished(trade, ctx) {
            close::finish(trade, ctx, outbox);
        } else if at_rest && is_stillborn(trade) {
            if outbox.memory.trades.contains_key(&trade.id) {
                outbox.record(Record::Dropped { trade: trade.id });
            }
            trade.live.gone = true;
        }
    }
    trades.retain(|trade| !trade.live.gone);
    waiting.sort_by_key(|waiting| waiting.number);
}

/// Whether none of its orders was ever accepted and none can be.
fn is_stillborn(trade: &Trade) -> bool {
    if trade.kind == Kind::Guard {
        // What it was to guard never came.
        return trade.phase == Phase::Entering && !trade.is_filled() && trade.entries.iter().all(Ticket::is_ended);
    }
    matches!(trade.phase, Phase::Opening | Phase::Entering)
        && trade.entries.iter().all(|ticket| matches!(ticket.state, State::Ended(End::Refused(_))))
}

/// The next time at which something ends by the clock alone.
pub(super) fn deadline(account: &Account, ctx: &Ctx<'_>) -> Option<Millis> {
    // Waiting alerts and idle entries are looked at again twice a second: cheap, and no time-out is ever missed by more.
    let waits = !account.waiting.is_empty() || account.trades.iter().any(|trade| enter::waits(trade) || watch::waits(trade, ctx));
    let orders = account.orders.iter().filter_map(|order| order.ends_at(account));
    waits.then_some(ctx.now + 500).into_iter().chain(orders).min()
}

/// Offers every step that the trade could take.
pub(super) fn offer_steps(account: &Account, trade: &Trade, ctx: &Ctx<'_>, choice: &mut Choice) {
    let mut offer = |at: Millis, urgency: Urgency, step: Step| choice.offer(at, urgency, Task::Trade(trade.id, step));
    if trade.is_closing() {
        close::offer(trade, ctx, &mut offer);
    } else {
        protect::offer(trade, ctx, &mut offer);
        watch::offer(trade, &mut offer);
        enter::offer(trade, account, ctx, &mut offer);
    }
}

/// Turns a step into a request; what leaves is marked as sent.
pub(super) fn request(
    setup: &AccountSetup,
    trade: &mut Trade,
    instrument: Option<&Instrument>,
    step: Step,
    ctx: &Ctx<'_>,
) -> Option<Order> {
    let symbol = trade.symbol.clone();
    let plain = |request: Request| Some(Order { request, durable: false });
    match step {
        Step::Look => plain(Request::Positions(Some(symbol))),
        Step::List => plain(Request::OpenOrders(symbol)),
        Step::Fills => plain(Request::Fills(symbol, trade.began_at)),
        Step::Ask(which) => plain(Request::Order(trade.ticket(which)?.order_ref(&symbol, trade.side))),
        Step::Cancel(which) => plain(Request::Cancel(trade.ticket(which)?.order_ref(&symbol, trade.side))),
        Step::Prepare => enter::prepare(setup, trade, instrument).and_then(plain),
        Step::Place => enter::place(trade, ctx),
        Step::Protect(kind) => protect::request(trade, kind, ctx),
        Step::Close => close::request(setup, trade, instrument, ctx),
    }
}

/// Brings an answer to the trade that asked.
pub(super) fn absorb(account: &mut Account, id: u64, step: Step, result: &Result<Reply>, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let name = account.setup.name.clone();
    let stale = matches!(result, Ok(Reply::Positions(rows)) if account.shows_late(id, rows, ctx.asked_at));
    let shows_orders = account.caps.is_some_and(|caps| caps.positions_show_orders);
    let Some(symbol) = account.trades.iter().find(|trade| trade.id == id).map(|trade| trade.symbol.clone()) else { return };
    let hedge = account.is_hedge(&symbol);
    let Some(trade) = account.trades.iter_mut().find(|trade| trade.id == id) else { return };
    let mut look_soon = false;
    let mut strangers = false;
    match (step, result) {
        (Step::Look, Ok(Reply::Positions(rows))) => {
            if looks_before_entering(trade) && stale {
                trade.live.look = Pace::due(ctx.now + text::LOOK_AGAIN_MS);
            } else if looks_before_entering(trade) {
                enter::looked(trade, rows, hedge, shows_orders, ctx, outbox);
            } else {
                watch::observe_rows(trade, rows, stale, ctx);
            }
        }
        (Step::List, Ok(Reply::OpenOrders(orders))) => {
            strangers = watch::has_strangers(orders, ctx.home);
            match trade.phase {
                _ if looks_before_entering(trade) => enter::listed(trade, orders, ctx, outbox),
                Phase::Opening => {}
                Phase::Closing(_) => close::listed(trade, orders, &name, ctx, outbox),
                Phase::Entering | Phase::Open => watch::audited(trade, orders, &name, ctx, outbox),
            }
        }
        (Step::Prepare, result) => {
            enter::prepared(trade, result, ctx);
            if result.is_ok() {
                account.prepared.insert(trade.symbol.clone());
            }
        }
        (Step::Place, result) => {
            enter::placed(trade, result, &name, ctx, outbox);
            look_soon = true;
        }
        (Step::Protect(kind), result) => protect::answered(trade, kind, result, &name, ctx, outbox),
        (Step::Ask(which), Ok(Reply::Order(found))) => {
            asked(trade, which, found.as_ref(), &name, ctx, outbox);
        }
        (Step::Cancel(which), result) => close::canceled(trade, which, result, ctx),
        (Step::Close, result) => close::answered(trade, result, &name, ctx, outbox),
        (Step::Fills, result) => close::counted(trade, result, ctx),
        (step, Err(_)) => put_off(trade, step, ctx),
        _ => {}
    }
    if look_soon {
        account.look_soon(ctx.now);
    }
    if strangers {
        account.notice_strangers(symbol.as_str(), outbox);
    }
}

/// A question that failed, or was refused, is asked again later: not at once, whatever the answer was.
fn put_off(trade: &mut Trade, step: Step, ctx: &Ctx<'_>) {
    match step {
        Step::Ask(which) => {
            if let Some(ticket) = trade.ticket_mut(which) {
                ticket.pace.again(ctx.now, retry_delay_ms);
            }
        }
        Step::List => {
            trade.live.audit.again(ctx.now, retry_delay_ms);
            trade.live.look.again(ctx.now, retry_delay_ms);
        }
        _ => trade.live.look.again(ctx.now, retry_delay_ms),
    }
}

/// Whether it is not known yet that the symbol was flat before our entries left.
fn looks_before_entering(trade: &Trade) -> bool {
    trade.kind == Kind::Bracket && !trade.live.flat_before && !trade.is_closing()
}

/// Takes in what the exchange says about one ticket, wherever the trade stands.
fn asked(trade: &mut Trade, which: Which, found: Option<&crate::market::OrderState>, name: &str, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
    let symbol = trade.symbol.to_string();
    let number = trade.id;
    let Some(ticket) = trade.ticket_mut(which) else { return };
    let filled_before = ticket.filled;
    let was_attached = ticket.state == State::Attached;
    if ticket.found(found, ctx) {
        outbox.say(name, &symbol, number, format!("{} {}: {}", leg_name(ticket), ticket.id, describe(ticket)));
    }
    let grown = ticket.filled > filled_before;
    match which {
        Which::Entry(_) => enter::asked(trade, which, grown, ctx),
        Which::Stop if was_attached => protect::verified(trade, ctx),
        Which::Stop | Which::Target | Which::Retired(_) => {
            protect::asked(trade, which, ctx);
            close::made_way(trade, which, ctx.now);
        }
        Which::Close => close::asked(trade, grown, ctx),
    }
}

/// What the leg is called in log lines.
pub(super) fn leg_name(ticket: &Ticket) -> &'static str {
    use crate::market::Leg;
    match ticket.leg {
        Leg::Entry => "entry 1",
        Leg::Second => "entry 2",
        Leg::Stop => "stop loss",
        Leg::Target => "take profit",
        Leg::Close => "market close",
        Leg::Order => "order",
    }
}

/// Where a ticket stands, in words.
pub(super) fn describe(ticket: &Ticket) -> String {
    let filled = if ticket.filled > Decimal::ZERO { format!(", filled {}", ticket.filled.normalize()) } else { String::new() };
    let state = match &ticket.state {
        State::Idle => "not sent".to_owned(),
        State::Sent => "sent".to_owned(),
        State::Unknown { .. } if ticket.seen => "taken".to_owned(),
        State::Unknown { .. } => "outcome unknown".to_owned(),
        State::Attached => "sent with the entries".to_owned(),
        State::Resting => "resting".to_owned(),
        State::Foreign => "another order of this kind is there".to_owned(),
        State::Ended(End::Filled) => "filled".to_owned(),
        State::Ended(End::Canceled) => "cancelled".to_owned(),
        State::Ended(End::Expired) => "expired".to_owned(),
        State::Ended(End::Rejected) => "rejected".to_owned(),
        State::Ended(End::Refused(why)) => format!("refused: {why}"),
        State::Ended(End::Dead) => "never executed".to_owned(),
        State::Ended(End::Gone) => "gone: the exchange does not know it any more".to_owned(),
    };
    state + &filled
}

/// Starts the closing procedure, once. Entries that never left are not sent any more.
pub(super) fn begin_closing(trade: &mut Trade, why: Why, ctx: &Ctx<'_>) {
    if trade.is_closing() {
        return;
    }
    trade.phase = Phase::Closing(why);
    trade.live.fresh = false;
    trade.live.flat_since = None;
    trade.live.flat_proven = false;
    trade.live.look = super::pace::Pace::due(ctx.now);
    for ticket in trade.entries.iter_mut().filter(|ticket| ticket.state == State::Idle) {
        ticket.give_up("the trade is being closed");
    }
}
