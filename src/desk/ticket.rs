//! One order of ours, from the wish to its known end.
//!
//! The rules that keep money safe live here once, for entries, stops, targets and closes alike: a refusal and "never
//! sent" leave the ticket where it was; an unknown outcome is asked about, and only an order that the exchange still
//! does not know after its last possible moment of execution (the fence) is given up. Its number is never used again.

use serde::{Deserialize, Serialize};

use super::pace::{Pace, ask_delay_ms, retry_delay_ms};
use super::step::Ctx;
use crate::exchange::{ExchangeError, Reason, Reply, Result, Second};
use crate::market::{ClientId, Decimal, Guarded, Installation, Leg, Millis, OrderRef, OrderState, OrderStatus, Side, Symbol};

/// First question about an order that was acknowledged without a word about what became of it.
const TAKEN_ASK_MS: Millis = 300;
/// How long a stop or target of unknown outcome is doubted at most where the exchange takes only one of a kind: a second one
/// does no harm there, and a position must not wait half a minute for it.
const GUARD_DOUBT_MS: Millis = 6_000;
/// The same for one that was acknowledged …
const GUARD_LAG_MS: Millis = 3_000;
/// … and for one that was seen resting.
const GUARD_GONE_MS: Millis = 500;

/// One order of ours. Equality ignores how patient we are with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its part in the trade.
    pub leg: Leg,
    /// The alert its id is derived from.
    pub alert: u64,
    /// Counted from 1; every attempt has an id of its own.
    pub attempt: u32,
    /// The client order id of this attempt.
    pub id: ClientId,
    /// Limit or trigger price; zero for a market order.
    pub price: Decimal,
    /// Base coin; zero for an order that closes whatever is there.
    pub qty: Decimal,
    /// Where it stands.
    pub state: State,
    /// Filled so far, base coin.
    #[serde(default)]
    pub filled: Decimal,
    /// The exchange is known to have had it: should it vanish, it was not lost on the way.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub seen: bool,
    /// When to try or ask again.
    #[serde(skip)]
    pub pace: Pace,
}

/// Where a ticket stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Not sent, or surely refused and to be tried again.
    Idle,
    /// On its way; after a restart this means unknown.
    Sent,
    /// It may exist, now or until the fence.
    Unknown {
        /// Our time after which "not found" is a proof.
        fence: Millis,
    },
    /// A stop that an entry carries: it exists from that entry's first fill on, if the exchange does what it says.
    Attached,
    /// In the book, or waiting for its trigger.
    Resting,
    /// An order of the same effect, but not of ours, is there instead.
    Foreign,
    /// Nothing more can happen to it.
    Ended(End),
}

/// How a ticket ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Completely filled (a protective order: it fired and its order filled).
    Filled,
    /// Cancelled, by us or by hand.
    Canceled,
    /// Removed by the exchange.
    Expired,
    /// Accepted first, refused later (for example at its trigger).
    Rejected,
    /// Refused; nothing happened.
    Refused(String),
    /// Proven never to have been executed.
    Dead,
    /// The exchange had it and does not know it any more.
    Gone,
}

/// What an answer to sending a ticket means for its trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The exchange has it.
    Accepted,
    /// A definite no that more waiting may cure; the ticket is idle again.
    Later,
    /// A definite no.
    No(Reason, String),
    /// Ask before anything else.
    Unknown,
}

impl Ticket {
    /// A wish, not sent yet.
    pub fn new(home: &Installation, account: &str, alert: u64, leg: Leg, price: Decimal, qty: Decimal) -> Ticket {
        Ticket {
            leg,
            alert,
            attempt: 1,
            id: ClientId::derive(home, account, alert, leg, 1),
            price,
            qty,
            state: State::Idle,
            filled: Decimal::ZERO,
            seen: false,
            pace: Pace::default(),
        }
    }

    /// An order that rests, of which there is no ticket.
    pub fn listed(order: &OrderState, id: ClientId, leg: Leg, alert: u64) -> Ticket {
        let (price, qty, filled) = (order.price, order.qty, order.filled);
        Ticket { leg, alert, attempt: 1, id, price, qty, state: State::Resting, filled, seen: true, pace: Pace::default() }
    }

    /// The same, as the given attempt.
    pub fn numbered(self, home: &Installation, account: &str, attempt: u32) -> Ticket {
        Ticket { id: ClientId::derive(home, account, self.alert, self.leg, attempt), attempt, ..self }
    }

    /// Names it to the exchange. `side`: the position it belongs to.
    pub fn order_ref(&self, symbol: &Symbol, side: Side) -> OrderRef {
        let guard = self.leg.protection().map(|kind| Guarded { side, kind, trigger_price: self.price });
        OrderRef { symbol: symbol.clone(), id: self.id.clone(), guard }
    }

    /// Whether nothing more can happen to it.
    pub fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended(_))
    }

    /// Whether the exchange may hold it, now or later.
    pub fn may_exist(&self) -> bool {
        matches!(self.state, State::Sent | State::Unknown { .. } | State::Resting)
    }

    /// Whether the exchange is known to have accepted it at some time.
    pub fn was_accepted(&self) -> bool {
        match &self.state {
            State::Resting => true,
            State::Ended(end) => !matches!(end, End::Refused(_) | End::Dead),
            State::Idle | State::Sent | State::Unknown { .. } | State::Attached | State::Foreign => false,
        }
    }

    /// The next attempt, under an id that was never used.
    pub fn renew(&mut self, home: &Installation, account: &str) {
        self.attempt += 1;
        self.id = ClientId::derive(home, account, self.alert, self.leg, self.attempt);
        self.state = State::Idle;
        self.filled = Decimal::ZERO;
        self.seen = false;
        self.pace = Pace::default();
    }

    /// Takes in the answer to the request that carried it as order number `at`.
    pub(super) fn answered(&mut self, reply: &Result<Reply>, at: usize, ctx: &Ctx<'_>) -> Answer {
        match reply {
            Ok(Reply::Protected(order)) => self.placed(&Ok(order.clone()), ctx),
            Ok(Reply::Placed(results)) => match results.get(at) {
                Some(result) => self.placed(result, ctx),
                None => self.doubt(ctx.now + ctx.fence_ms, ctx.now),
            },
            Ok(_) => self.doubt(ctx.now + ctx.fence_ms, ctx.now),
            Err(error) => self.placed(&Err(error.clone()), ctx),
        }
    }

    /// Takes in what the exchange said when it was sent.
    pub(super) fn placed(&mut self, result: &Result<OrderState>, ctx: &Ctx<'_>) -> Answer {
        let now = ctx.now;
        match result {
            Ok(order) if order.status == OrderStatus::Taken => {
                self.seen = true;
                self.doubt(now + self.doubt_ms(GUARD_LAG_MS, ctx), now);
                self.pace.at = now + TAKEN_ASK_MS;
                Answer::Unknown
            }
            Ok(order) => {
                self.pace = Pace::default();
                self.learn(order);
                Answer::Accepted
            }
            Err(ExchangeError::NeverSent(_)) => self.later(now),
            Err(ExchangeError::Unknown { fence, .. }) => self.doubt((*fence).min(now + self.doubt_ms(GUARD_DOUBT_MS, ctx)), now),
            Err(ExchangeError::Refused(refusal)) if refusal.reason == Reason::DuplicateClientId => {
                // An earlier try did arrive.
                self.seen = true;
                self.doubt(now + ctx.fence_ms, now)
            }
            // A wrong position mode is cured by reading the account's mode again, which the account does.
            Err(ExchangeError::Refused(refusal)) if refusal.reason.is_transient() || refusal.reason == Reason::PositionMode => {
                self.later(now)
            }
            Err(ExchangeError::Refused(refusal)) => {
                self.state = State::Idle;
                Answer::No(refusal.reason, refusal.to_string())
            }
        }
    }

    /// Takes in the answer to a question about it. True when something changed.
    pub(super) fn found(&mut self, found: Option<&OrderState>, ctx: &Ctx<'_>) -> bool {
        let (now, asked_at) = (ctx.now, ctx.asked_at);
        let before = (self.state.clone(), self.filled);
        match (found, &self.state) {
            // The entry has filled. Whatever else there may be in its place, it is not the stop it should have brought.
            (found, State::Attached) if found.is_none_or(|order| order.status != OrderStatus::Resting) => self.state = State::Idle,
            // An attribute of the position, with no name of ours, that is not there: it was not set, as far as can be told.
            (Some(order), State::Unknown { .. }) if order.id.is_empty() && order.conditional && !self.seen && order.status.is_final() => {
                self.state = State::Ended(End::Dead);
            }
            (Some(order), _) => {
                self.learn(order);
                self.pace.missed = false;
                self.pace.asked(now);
            }
            (None, State::Unknown { fence }) if asked_at >= *fence => {
                self.state = State::Ended(if self.seen { End::Gone } else { End::Dead })
            }
            (None, State::Unknown { fence }) => {
                // Not later than the fence itself: from then on the answer is a proof.
                let fence = *fence;
                self.pace.asked(now);
                self.pace.at = self.pace.at.min(fence.max(now));
            }
            // A stop or target whose cancel was taken, and which is not there: that is its end, and nothing of it is missed.
            (None, State::Resting) if self.pace.cancel_taken && self.leg.is_conditional() => self.state = State::Ended(End::Canceled),
            // It was seen before, so "not found" is the exchange lagging, until it stays so.
            (None, State::Resting) => {
                self.doubt(now + self.doubt_ms(GUARD_GONE_MS, ctx), now);
                self.pace.asked(now);
            }
            (None, _) => {}
        }
        before != (self.state.clone(), self.filled)
    }

    /// After a restart: what was on its way may or may not have arrived.
    pub(super) fn doubt_after_restart(&mut self, ctx: &Ctx<'_>) {
        if matches!(self.state, State::Sent | State::Unknown { .. }) {
            self.state = State::Unknown { fence: ctx.now + self.doubt_ms(GUARD_DOUBT_MS, ctx) };
        }
    }

    /// Refuses it for good, with words.
    pub fn give_up(&mut self, why: &str) {
        self.state = State::Ended(End::Refused(why.to_owned()));
    }

    /// Marks the outcome as unknown and asks at once.
    pub fn doubt(&mut self, fence: Millis, now: Millis) -> Answer {
        self.state = State::Unknown { fence };
        self.pace = Pace::due(now);
        Answer::Unknown
    }

    /// How long "not found" proves nothing. A protective order of which the exchange takes only one can be sent again without
    /// being doubled, so it is doubted for `guard_ms` only; one of several if the exchange is known to have had it.
    fn doubt_ms(&self, guard_ms: Millis, ctx: &Ctx<'_>) -> Millis {
        match self.leg.protection() {
            Some(kind) if ctx.habit(kind).second != Second::Rests => ctx.fence_ms.min(guard_ms),
            Some(_) if self.seen => ctx.fence_ms.min(GUARD_LAG_MS),
            _ => ctx.fence_ms,
        }
    }

    /// When to ask about it, if that is wanted.
    pub fn ask_at(&self) -> Option<Millis> {
        match self.state {
            State::Unknown { .. } => Some(self.pace.at),
            State::Resting if self.pace.missed => Some(self.pace.at),
            _ => None,
        }
    }

    /// It rests, as far as we know, but was not seen where it should be: ask at once.
    pub fn miss(&mut self, now: Millis) {
        if self.state == State::Resting && !self.pace.missed {
            self.pace = Pace { missed: true, cancel_taken: self.pace.cancel_taken, ..Pace::due(now) };
        }
    }

    /// It was seen resting.
    pub fn seen(&mut self, order: &OrderState) {
        self.pace = Pace::default();
        self.learn(order);
    }

    fn later(&mut self, now: Millis) -> Answer {
        self.state = State::Idle;
        self.pace.again(now, retry_delay_ms);
        Answer::Later
    }

    fn learn(&mut self, order: &OrderState) {
        self.seen = true;
        self.filled = self.filled.max(order.filled);
        if self.qty.is_zero() && !order.qty.is_zero() && !self.leg.is_conditional() {
            self.qty = order.qty;
        }
        self.state = match order.status {
            // Not a word about where it stands: as before.
            OrderStatus::Taken => return,
            OrderStatus::Resting => State::Resting,
            // Fired: the order it became is closing the position; there is nothing left that could rest.
            OrderStatus::Triggered | OrderStatus::Filled => State::Ended(End::Filled),
            OrderStatus::Canceled => State::Ended(End::Canceled),
            OrderStatus::Expired => State::Ended(End::Expired),
            OrderStatus::Rejected => State::Ended(End::Rejected),
        };
    }
}

impl Pace {
    fn asked(&mut self, now: Millis) {
        self.again(now, ask_delay_ms);
    }
}
