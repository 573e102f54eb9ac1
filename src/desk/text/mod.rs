//! The life of a text order: its turn comes, facts are read, orders are decided and sent one after another, its end is told.
//!
//! On a contract one text order is at work at a time. It decides from what was read just now, and decides anew as long as
//! nothing of it was executed. Once an order has left, what is left to do only becomes smaller. Every order is written
//! down before it leaves, so an alert without such a record has sent nothing.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | what a text order is, and what the clock or the end of an order means for it |
//! | `legs.rs` | sizes: from the alert and the facts to the orders it wants |
//! | `steps.rs` | its next step, and the request that is made of it |
//! | `answers.rs` | what an answer means for it |

mod answers;
pub mod legs;
mod steps;
pub(super) mod turn;

use serde::{Deserialize, Serialize};

pub(super) use answers::absorb;
pub(super) use steps::{TextStep, offer, request};

use super::account::Account;
use super::guard;
use super::memory::{Accepted, Outcome};
use super::pace::{Pace, retry_delay_ms};
use super::step::{Ctx, Outbox};
use super::ticket::{End, State, Ticket};
use crate::alert::{Command, Order};
use crate::market::{Decimal, Millis, Position, SECOND_MS, Side, Symbol};
use legs::{Facts, Leg};

/// How long the exchange may show a position as it was before our order filled.
pub(super) const LATE_POSITION_MS: Millis = 5 * SECOND_MS;

/// How soon a position is read again that is shown as it was before our last order.
pub(super) const LOOK_AGAIN_MS: Millis = 200;
/// Share of the available balance that an order may use after the exchange refused a larger one: fees and moving prices
/// need the rest.
const AFFORDABLE: Decimal = Decimal::from_parts(985, 0, 0, false, 3);

/// A text alert at work. Everything that must outlive a crash; what need not is in `live`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextOrder {
    /// The alert's number.
    pub id: u64,
    /// The account's name.
    pub account: String,
    /// Exchange, host and key, hashed.
    pub identity: String,
    /// The contract.
    pub symbol: Symbol,
    /// What is asked.
    pub command: Command,
    /// When the alert was received.
    pub received_at: Millis,
    /// When its turn came.
    pub began_at: Millis,
    /// What is to be traded, in this order; `None`: not decided, or to be decided anew.
    pub legs: Option<Vec<Leg>>,
    /// Leverage to set.
    pub leverage: Option<u32>,
    /// The position that its stop and target are to protect.
    pub guards: Option<Side>,
    /// What each side held when it was decided, base coin.
    pub before: Option<Vec<(Side, Decimal)>>,
    /// The newest order of the first leg that is not done.
    pub ticket: Option<Ticket>,
    /// Orders made so far; each has an id of its own.
    pub attempts: u32,
    /// When its first order left.
    pub sent_at: Millis,
    /// What need not outlive a crash.
    #[serde(skip)]
    pub live: Live,
}

/// What a text order knows for now.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Read back from the journal and not looked at since.
    pub(super) restored: bool,
    facts: Facts,
    /// Margin mode and leverage are set.
    prepared: bool,
    /// The next try.
    retry: Pace,
    /// Never more than this, base coin: what the balance was too small for.
    cap: Option<Decimal>,
    /// "Insufficient balance" so far.
    short: u32,
    /// What the balance pays for is to be found out before the next try.
    funds_due: bool,
    /// The leg is to be made smaller before the next try.
    cut_due: bool,
    /// What is free for new orders, settle coin.
    available: Option<Decimal>,
    /// The last refusal, in words.
    trouble: Option<String>,
    /// An order that says the last word on the contract waits behind it.
    superseded: Option<u64>,
    /// What was decided last only takes positions down.
    reduces: bool,
    /// How it ended.
    end: Option<Outcome>,
    /// When something of it last filled.
    filled_at: Millis,
}

impl PartialEq for Live {
    fn eq(&self, _: &Live) -> bool {
        true
    }
}

impl Eq for Live {}

/// What a position must be once the exchange has caught up with our orders.
#[derive(Clone, Debug)]
pub(super) struct Expected {
    /// Quantity of each side; `None`: it is not known, only that it may be shown late.
    held: Option<Vec<(Side, Decimal)>>,
    until: Millis,
}

impl TextOrder {
    pub(super) fn new(account: &Account, alert: &Accepted, symbol: &Symbol, now: Millis) -> TextOrder {
        TextOrder {
            id: alert.number,
            account: account.setup.name.clone(),
            identity: account.setup.identity.clone(),
            symbol: symbol.clone(),
            command: alert.signal.command.clone(),
            received_at: alert.at,
            began_at: now,
            legs: None,
            leverage: None,
            guards: None,
            before: None,
            ticket: None,
            attempts: 0,
            sent_at: 0,
            live: Live { retry: Pace::due(now), ..Live::default() },
        }
    }

    /// After a restart: what was on its way may or may not have arrived.
    pub(super) fn wake_up(&mut self, fence: Millis, now: Millis) {
        if let Some(ticket) = &mut self.ticket {
            ticket.doubt_after_restart(fence);
            ticket.pace = Pace::due(now);
        }
        self.live.retry = Pace::due(now);
    }

    /// Whether something of it may have left: then it is journalled.
    pub(super) fn has_left(&self) -> bool {
        self.attempts > 0
    }

    /// Whether it may be given up now: none of its orders is under way or in doubt.
    fn is_at_rest(&self) -> bool {
        self.ticket.as_ref().is_none_or(|ticket| !ticket.may_exist())
    }

    /// Whether nothing of it needs us any more. A limit order that rests is left to itself; anything else must have ended.
    fn is_settled(&self) -> bool {
        self.is_at_rest() || self.resting().is_some()
    }

    /// Its limit order, while that rests.
    pub(super) fn resting(&self) -> Option<&Ticket> {
        self.ticket.as_ref().filter(|ticket| self.is_limit() && ticket.state == State::Resting)
    }

    /// Whether what it asks for is there already.
    pub(super) fn has_nothing_to_trade(&self) -> bool {
        self.legs.as_ref().is_some_and(Vec::is_empty) && self.before.is_some()
    }

    /// The prices of `sl:` and `tp:`.
    pub(super) fn protection(&self) -> (Option<Decimal>, Option<Decimal>) {
        self.order().map_or((None, None), |order| (order.stop, order.target))
    }

    /// What a side held when it was decided, base coin.
    pub(super) fn held_before(&self, side: Side) -> Decimal {
        let held = self.before.iter().flatten().find(|(of, _)| *of == side);
        held.map_or(Decimal::ZERO, |(_, qty)| *qty)
    }

    fn order(&self) -> Option<&Order> {
        match &self.command {
            Command::Order(order) => Some(order),
            _ => None,
        }
    }

    fn is_limit(&self) -> bool {
        self.order().is_some_and(|order| order.limit.is_some())
    }

    /// The leg that is being worked on.
    fn leg(&self) -> Option<&Leg> {
        self.legs.iter().flatten().find(|leg| !leg.rest().is_zero())
    }

    fn leg_mut(&mut self) -> Option<&mut Leg> {
        self.legs.iter_mut().flatten().find(|leg| !leg.rest().is_zero())
    }

    /// Executed so far, base coin, orders under way included.
    fn executed(&self) -> Decimal {
        let ended: Decimal = self.legs.iter().flatten().map(|leg| leg.done).sum();
        ended + self.ticket.as_ref().map_or(Decimal::ZERO, |ticket| ticket.filled)
    }

    /// How much of a side its orders have built up, base coin.
    pub(super) fn opened(&self, side: Side) -> Decimal {
        let ended: Decimal = self.legs.iter().flatten().filter(|leg| leg.opens() && leg.side == side).map(|leg| leg.done).sum();
        let opens_now = self.leg().is_some_and(|leg| leg.opens() && leg.side == side);
        ended + self.ticket.as_ref().filter(|_| opens_now).map_or(Decimal::ZERO, |ticket| ticket.filled)
    }

    /// When it is given up if nothing of it is under way: what opens has less patience than what closes.
    fn deadline(&self, account: &Account) -> Millis {
        let rules = &account.setup.rules;
        let closing = self.command.only_closes() || self.leg().map_or(self.live.reduces, |leg| !leg.opens());
        match closing {
            true => self.received_at + rules.alert_timeout_ms,
            false => (self.began_at + rules.order_timeout_ms).min(self.received_at + rules.alert_timeout_ms),
        }
    }

    /// Whether the clock alone can end it, and when.
    pub(super) fn ends_at(&self, account: &Account) -> Option<Millis> {
        (self.is_at_rest() && !account.is_calling_for(self.id)).then(|| self.deadline(account))
    }

    /// A later order says the last word: what was not accepted yet is not tried any more.
    pub(super) fn supersede(&mut self, by: u64) {
        if !self.command.only_closes() && self.live.trouble.is_some() {
            self.live.superseded.get_or_insert(by);
        }
    }
}

/// Draws the conclusions that need no exchange: decisions, ended orders, deadlines, protection, verdicts.
pub(super) fn settle(account: &mut Account, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
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
    rests || traded && (order.leverage.is_none() || order.live.prepared)
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
        State::Ended(End::Dead) => {
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
fn think_again(order: &mut TextOrder) {
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
    order.live.facts.hedge = account.hedge;
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
    let held = |side: Side| order.live.facts.positions.iter().flatten().filter(|row| row.side == side).map(|row| row.qty).sum();
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
            let word = if order.command.only_closes() { "ALERT_TIMEOUT" } else { "ORDER_TIMEOUT" };
            let last = order.live.trouble.as_deref().unwrap_or("the exchange did not answer");
            format!("not accepted within {word}: {last}")
        }
        (None, false) => return,
    };
    order.give_up(why);
}

impl TextOrder {
    /// Ends it; what was executed stays, and is told.
    fn give_up(&mut self, why: String) {
        self.live.end.get_or_insert(Outcome::Refused(why));
        let ended = self.ticket.take_if(|ticket| !ticket.may_exist());
        if let (Some(ticket), Some(leg)) = (ended, self.leg_mut()) {
            leg.done += ticket.filled;
        }
    }
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
            let text = format!("only {} of {} was executed: {why}", executed.normalize(), wanted.normalize());
            outbox.notice(&name, &symbol, order.id, &text);
            Outcome::Done
        }
        outcome => outcome,
    };
    if executed > Decimal::ZERO {
        let until = order.live.filled_at.max(ctx.now.saturating_sub(LATE_POSITION_MS)) + LATE_POSITION_MS;
        account.expected.insert(order.symbol.clone(), Expected { held: expected(order, account.hedge), until });
        account.look_soon(ctx.now);
        let closed = |side: Side| order.legs.iter().flatten().any(|leg| !leg.opens() && leg.side == side && !leg.done.is_zero());
        for trade in account.trades.iter_mut().filter(|trade| trade.symbol == order.symbol && closed(trade.side)) {
            trade.live.ordered_out = true;
        }
    }
    outbox.verdict(&name, &symbol, order.id, outcome);
}

/// What each side must hold after this order, if it is known what was there before.
fn expected(order: &TextOrder, hedge: bool) -> Option<Vec<(Side, Decimal)>> {
    let mut held = order.before.clone()?;
    let running = order.ticket.as_ref().map_or(Decimal::ZERO, |ticket| ticket.filled);
    let current = order.leg().cloned();
    for leg in order.legs.iter().flatten() {
        let filled = leg.done + if current.as_ref() == Some(leg) { running } else { Decimal::ZERO };
        let (mine, other): (Vec<_>, Vec<_>) = held.iter().copied().partition(|(side, _)| *side == leg.side);
        let (mine, other) = (mine.first()?.1, other.first()?.1);
        let (mine, other) = match (leg.opens(), hedge) {
            (false, _) => ((mine - filled).max(Decimal::ZERO), other),
            (true, true) => (mine + filled, other),
            // One-way: what opens against the other side takes that down first.
            (true, false) => (mine + (filled - other).max(Decimal::ZERO), (other - filled).max(Decimal::ZERO)),
        };
        held = vec![(leg.side, mine), (leg.side.other(), other)];
    }
    Some(held)
}

/// Whether a read of positions may still be from before our last order.
pub(super) fn shows_late(account: &Account, symbol: &Symbol, rows: &[Position], now: Millis) -> bool {
    let Some(expected) = account.expected.get(symbol).filter(|expected| now < expected.until) else { return false };
    let held = |side: Side| rows.iter().filter(|row| row.symbol == *symbol && row.side == side).map(|row| row.qty).sum::<Decimal>();
    expected.held.as_ref().is_none_or(|expected| expected.iter().any(|(side, qty)| held(*side) != *qty))
}

impl Expected {
    /// After a restart nothing is known, only that a fill may be shown late.
    pub(super) fn unknown(now: Millis) -> Expected {
        Expected { held: None, until: now + LATE_POSITION_MS }
    }
}
