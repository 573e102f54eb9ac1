//! The life of a text order: its turn comes, facts are read, orders are decided and sent one after another, its end is told.
//!
//! On a contract one text order is at work at a time. It decides from what was read just now, and decides anew as long as
//! nothing of it was executed. Once an order has left, what is left to do only becomes smaller. Every order is written
//! down before it leaves, so an alert without such a record has sent nothing.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | what a text order is |
//! | `turn.rs` | whether it may begin |
//! | `legs.rs` | sizes: from the alert and the facts to the orders it wants |
//! | `steps.rs` | its next step, and the request that is made of it |
//! | `answers.rs` | what an answer means for it |
//! | `progress.rs` | what follows without an answer: decisions, deadlines, its end |
//! | `late.rs` | what positions must be once the exchange has caught up with it |

mod answers;
mod late;
pub mod legs;
mod progress;
mod steps;
pub(super) mod turn;

use serde::{Deserialize, Serialize};

pub(super) use answers::absorb;
pub(super) use late::{Expected, shows_late};
pub(super) use progress::settle;
pub(super) use steps::{TextStep, offer, request};

use super::account::Account;
use super::memory::{Accepted, Outcome};
use super::pace::Pace;
use super::step::Ctx;
use super::ticket::{State, Ticket};
use crate::alert::{Command, Order};
use crate::market::{Decimal, Millis, Side, Symbol};
use legs::{Facts, Leg};

/// How soon a position is read again that is shown as it was before our last order.
pub(super) const LOOK_AGAIN_MS: Millis = 200;

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
    pub(in crate::desk) prepared: bool,
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
    /// An order that was never found, or not any more: to be looked at before another one opens.
    lost: Option<Lost>,
    /// The last refusal, in words.
    trouble: Option<String>,
    /// The last refusal of a close was for orders that would close the position too.
    held_up: bool,
    /// An order that says the last word on the contract waits behind it.
    superseded: Option<u64>,
    /// What was decided last takes a position down first.
    reduces: bool,
    /// How it ended.
    end: Option<Outcome>,
    /// When something of it last filled.
    filled_at: Millis,
}

/// An order that opens and of which nobody knows whether it was executed.
#[derive(Clone, Debug)]
struct Lost {
    /// What each side must hold if it was not.
    held: Vec<(Side, Decimal)>,
    leg: Leg,
    /// The exchange had it: it is not sent again, whatever became of it.
    was_seen: bool,
}

impl PartialEq for Live {
    fn eq(&self, _: &Live) -> bool {
        true
    }
}

impl Eq for Live {}

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
    pub(super) fn wake_up(&mut self, ctx: &Ctx<'_>) {
        if let Some(ticket) = &mut self.ticket {
            ticket.doubt_after_restart(ctx);
            ticket.pace = Pace::due(ctx.now);
        }
        self.live.retry = Pace::due(ctx.now);
    }

    /// Whether something of it may have left: then it is journalled.
    pub(super) fn has_left(&self) -> bool {
        self.attempts > 0
    }

    /// Whether one of its orders may be at the exchange.
    fn is_out(&self) -> bool {
        self.ticket.as_ref().is_some_and(Ticket::may_exist)
    }

    /// Whether it may be given up now: none of its orders is under way or in doubt.
    fn is_at_rest(&self) -> bool {
        !self.is_out() && self.live.lost.is_none()
    }

    /// Whether nothing of it needs us any more. A limit order that rests is left to itself; anything else must have ended.
    fn is_settled(&self) -> bool {
        !self.is_out() || self.resting().is_some()
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

    /// Whether what it does now takes a position down.
    fn is_closing(&self) -> bool {
        self.command.only_closes() || self.leg().map_or(self.live.reduces, |leg| !leg.opens())
    }

    /// When it is given up if nothing of it is under way: what opens has less patience than what closes.
    fn deadline(&self, account: &Account) -> Millis {
        let rules = &account.setup.rules;
        match self.is_closing() {
            true => self.received_at + rules.alert_timeout_ms,
            false => (self.began_at + rules.order_timeout_ms).min(self.received_at + rules.alert_timeout_ms),
        }
    }

    /// Whether the clock alone can end it, and when.
    pub(super) fn ends_at(&self, account: &Account) -> Option<Millis> {
        (self.live.end.is_none() && self.is_at_rest() && !account.is_calling_for(self.id)).then(|| self.deadline(account))
    }

    /// A later order says the last word: what was not accepted yet is not tried any more.
    pub(super) fn supersede(&mut self, by: u64) {
        if !self.command.only_closes() && self.live.trouble.is_some() {
            self.live.superseded.get_or_insert(by);
        }
    }

    /// Ends it; what was executed stays, and is told.
    fn give_up(&mut self, why: String) {
        self.live.end.get_or_insert(Outcome::Refused(why));
        let ended = self.ticket.take_if(|ticket| !ticket.may_exist());
        if let (Some(ticket), Some(leg)) = (ended, self.leg_mut()) {
            leg.done += ticket.filled;
        }
    }
}
