//! Orders as the book keeps them, and its ways of saying no.
//!
//! Two kinds in two id spaces, as on the exchanges this imitates: plain orders meet the market at once or rest in the
//! book; conditional ones wait for a price and then become a plain market order that carries the same client id.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::market::{Decimal, Millis, OrderStatus, ProtectionKind, Side, Symbol, TriggerBy};

/// How long a limit order may wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimeInForce {
    /// Till it is cancelled.
    Gtc,
    /// Not at all: what does not fill at once expires.
    Ioc,
}

/// Which position an order takes down and which one it builds up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// The side it closes first, as far as there is something to close.
    pub closes: Option<Side>,
    /// The side the rest opens; `None` for an order that only reduces.
    pub opens: Option<Side>,
}

impl Effect {
    /// Reads the effect from direction, hedge-mode side (`None` in one-way mode) and the reduce-only mark.
    pub fn of(buy: bool, position_side: Option<Side>, reduce_only: bool) -> Effect {
        let with = if buy { Side::Long } else { Side::Short };
        match position_side {
            Some(side) if side == with => Effect { closes: None, opens: Some(side) },
            Some(side) => Effect { closes: Some(side), opens: None },
            None => Effect { closes: Some(with.other()), opens: (!reduce_only).then_some(with) },
        }
    }
}

/// A plain order as it comes in.
#[derive(Clone, Debug)]
pub struct NewPlain {
    /// Its name; must not be that of another open plain order.
    pub client_id: String,
    /// The contract.
    pub symbol: Symbol,
    /// Direction.
    pub buy: bool,
    /// Hedge mode: the position meant. One-way mode: `None`.
    pub position_side: Option<Side>,
    /// One-way mode: take the position down, never beyond flat.
    pub reduce_only: bool,
    /// Limit price; `None` for a market order.
    pub price: Option<Decimal>,
    /// Of a limit order.
    pub time_in_force: TimeInForce,
    /// Base coin.
    pub qty: Decimal,
    /// A stop for the position this order opens.
    pub stop: Option<AttachedStop>,
}

/// A stop that comes with an order: for the whole position, from the first execution that builds it up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachedStop {
    /// Its name; must not be that of another open conditional order.
    pub name: String,
    /// Price that sets it off.
    pub trigger_price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
}

/// A plain order in the book, or one that ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The book's own number, counted from 1.
    pub number: u64,
    /// Its name.
    pub client_id: String,
    /// The contract.
    pub symbol: Symbol,
    /// Direction.
    pub buy: bool,
    /// Hedge mode: the position meant.
    pub position_side: Option<Side>,
    /// Takes the position down, never beyond flat.
    pub reduce_only: bool,
    /// Limit price; `None` for a market order.
    pub price: Option<Decimal>,
    /// Of a limit order.
    pub time_in_force: TimeInForce,
    /// Ordered, base coin.
    pub qty: Decimal,
    /// The stop it brings with it, until that has come into being.
    #[serde(default)]
    pub stop: Option<AttachedStop>,
    /// Filled so far.
    pub filled: Decimal,
    /// Sum of price × quantity of its fills.
    pub quote: Decimal,
    /// How much of what filled built a position up.
    pub opened: Decimal,
    /// Where it stands; never `Triggered`.
    pub status: OrderStatus,
    /// The conditional order it came from.
    pub parent: Option<u64>,
    /// When it was placed.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
}

impl Order {
    /// Which positions it acts on.
    pub fn effect(&self) -> Effect {
        Effect::of(self.buy, self.position_side, self.reduce_only)
    }

    /// What has not filled.
    pub fn rest(&self) -> Decimal {
        self.qty - self.filled
    }

    /// Average fill price; zero when nothing filled.
    pub fn avg_price(&self) -> Decimal {
        self.quote.checked_div(self.filled).unwrap_or_default()
    }
}

/// What a conditional order does when it is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Amount {
    /// Closes whatever the position is then; ends with the position, where that is the exchange's way.
    WholePosition,
    /// Sends a market order of this size. Does not end with the position.
    Qty {
        /// Base coin.
        qty: Decimal,
        /// One-way mode: never beyond flat. Without it, and flat, it opens.
        reduce_only: bool,
    },
}

/// A conditional order as it comes in.
#[derive(Clone, Debug)]
pub struct NewConditional {
    /// Its name; must not be that of another open conditional order.
    pub client_id: String,
    /// The contract.
    pub symbol: Symbol,
    /// Direction of the market order it will become.
    pub buy: bool,
    /// Hedge mode: the position meant. One-way mode: `None`.
    pub position_side: Option<Side>,
    /// Stop or take profit: on which side of the price it waits.
    pub kind: ProtectionKind,
    /// Price that sets it off.
    pub trigger_price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
    /// How much.
    pub amount: Amount,
}

/// Where a conditional order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConditionalStatus {
    /// Waiting for its price.
    New,
    /// Set off; its market order is on its way.
    Triggering,
    /// Its market order is there.
    Triggered,
    /// Its market order has ended, filled or not.
    Finished,
    /// Cancelled by the user.
    Canceled,
    /// Removed because the position it was tied to is gone.
    Expired,
    /// Refused when it was set off.
    Rejected,
}

/// A conditional order, waiting or ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conditional {
    /// The book's own number, counted from 1, apart from the plain orders'.
    pub number: u64,
    /// Its name.
    pub client_id: String,
    /// The contract.
    pub symbol: Symbol,
    /// Direction of the market order it becomes.
    pub buy: bool,
    /// Hedge mode: the position meant.
    pub position_side: Option<Side>,
    /// Stop or take profit.
    pub kind: ProtectionKind,
    /// Price that sets it off.
    pub trigger_price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
    /// How much.
    pub amount: Amount,
    /// Where it stands.
    pub status: ConditionalStatus,
    /// Number of the plain order it became.
    pub child: Option<u64>,
    /// When it was placed.
    pub created: Millis,
    /// When it last changed.
    pub updated: Millis,
    /// When it was set off; zero before.
    pub triggered: Millis,
}

impl Conditional {
    /// Which positions the market order acts on.
    pub fn effect(&self) -> Effect {
        let reduce_only = match self.amount {
            Amount::WholePosition => true,
            Amount::Qty { reduce_only, .. } => reduce_only,
        };
        Effect::of(self.buy, self.position_side, reduce_only)
    }

    /// Whether it is still waiting for its price.
    pub fn is_waiting(&self) -> bool {
        self.status == ConditionalStatus::New
    }

    /// Whether a price sets it off: a stop when the price moves against the position, a take profit when with it.
    pub fn is_met(&self, price: Decimal) -> bool {
        is_met(self.buy, self.kind, self.trigger_price, price)
    }
}

/// A buying stop and a selling take profit wait above the price, the other two below.
pub(super) fn is_met(buy: bool, kind: ProtectionKind, trigger: Decimal, price: Decimal) -> bool {
    if buy == (kind == ProtectionKind::StopLoss) { price >= trigger } else { price <= trigger }
}

/// One execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// Counted from 1.
    pub id: u64,
    /// Number of the plain order.
    pub order: u64,
    /// That order's name.
    pub client_id: String,
    /// The contract.
    pub symbol: Symbol,
    /// Direction.
    pub buy: bool,
    /// The position it acted on.
    pub side: Side,
    /// Whether it built that position up.
    pub opening: bool,
    /// Hedge mode: the side the order named.
    pub position_side: Option<Side>,
    /// Price.
    pub price: Decimal,
    /// Base coin.
    pub qty: Decimal,
    /// Profit of the closed part, without fees.
    pub realised: Decimal,
    /// Fee paid.
    pub fee: Decimal,
    /// Whether the order was resting.
    pub maker: bool,
    /// When.
    pub at: Millis,
    /// Average price of the position before this execution; zero when it was flat.
    pub entry_before: Decimal,
}

/// A time during which a position had no resting stop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NakedSpan {
    /// The contract.
    pub symbol: Symbol,
    /// The position.
    pub side: Side,
    /// From.
    pub start: Millis,
    /// To; `None` while it lasts.
    pub end: Option<Millis>,
}

/// What stands in the way of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Open orders.
    Orders,
    /// An open position.
    Position,
    /// Lower leverage with an isolated position.
    IsolatedPosition,
    /// Lower leverage would bind more margin than there is.
    Margin,
}

/// Why the book refuses. Nothing has happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denial {
    /// No such contract.
    UnknownSymbol,
    /// The contract takes no orders now.
    NotTrading,
    /// The contract has no price yet.
    NoPrice,
    /// A client id of a form that is not taken.
    BadClientId,
    /// An open order of this kind has this client id, or an ended one where names are never free again.
    DuplicateClientId,
    /// The order does not fit one-way or hedge mode.
    PositionMode,
    /// Nothing there to reduce or to protect.
    NoPosition,
    /// Together with resting orders it would do more than reduce.
    ReduceOnlyConflict,
    /// It would reduce by more than the position.
    Oversized {
        /// The position.
        held: Decimal,
    },
    /// The trigger price is passed already.
    WouldTrigger,
    /// Another whole-position order of this kind waits on this side.
    AlreadyProtected,
    /// Zero or negative quantity.
    ZeroQty,
    /// Below the smallest quantity.
    MinQty {
        /// The smallest.
        min: Decimal,
    },
    /// Above the largest quantity of one order.
    MaxQty {
        /// The largest.
        max: Decimal,
    },
    /// Quantity not on the step.
    OffStep {
        /// The step.
        step: Decimal,
    },
    /// Price or trigger price not on the tick.
    OffTick {
        /// The tick.
        tick: Decimal,
    },
    /// Zero, negative or absurd price.
    BadPrice,
    /// Price × quantity too small.
    MinNotional {
        /// The smallest.
        min: Decimal,
    },
    /// Limit price too far on the expensive side of the market.
    PriceBand {
        /// The mark price it was compared with.
        mark: Decimal,
    },
    /// Too little free margin.
    InsufficientBalance {
        /// What is free.
        available: Decimal,
        /// What the order would need.
        needed: Decimal,
    },
    /// Too many open orders.
    TooManyOrders {
        /// The most.
        max: usize,
    },
    /// No such open order.
    UnknownOrder,
    /// The conditional order is being set off right now.
    Triggering,
    /// Leverage not allowed on this contract.
    Leverage {
        /// The highest.
        max: u32,
    },
    /// A setting that cannot change now.
    Blocked(Obstacle),
    /// The setting is so already.
    NoChange,
}

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Denial::UnknownSymbol => f.write_str("no such contract"),
            Denial::NotTrading => f.write_str("the contract does not trade"),
            Denial::NoPrice => f.write_str("the contract has no price yet"),
            Denial::BadClientId => f.write_str("client order id is not 1 to 36 characters of [.A-Z:/a-z0-9_-]"),
            Denial::DuplicateClientId => f.write_str("an open order has this client order id"),
            Denial::PositionMode => f.write_str("position side does not fit the account's position mode"),
            Denial::NoPosition => f.write_str("there is no position to reduce"),
            Denial::ReduceOnlyConflict => f.write_str("together with resting orders it would turn the position over"),
            Denial::Oversized { held } => write!(f, "it would reduce by more than the position of {held}"),
            Denial::WouldTrigger => f.write_str("the trigger price is passed already"),
            Denial::AlreadyProtected => f.write_str("a close-position order of this kind is open already"),
            Denial::ZeroQty => f.write_str("quantity must be above zero"),
            Denial::MinQty { min } => write!(f, "quantity is below the minimum of {min}"),
            Denial::MaxQty { max } => write!(f, "quantity is above the maximum of {max}"),
            Denial::OffStep { step } => write!(f, "quantity is not a multiple of {step}"),
            Denial::OffTick { tick } => write!(f, "price is not a multiple of {tick}"),
            Denial::BadPrice => f.write_str("price is zero, negative or absurd"),
            Denial::MinNotional { min } => write!(f, "order value is below the minimum of {min}"),
            Denial::PriceBand { mark } => write!(f, "price is too far from the mark price {mark}"),
            Denial::InsufficientBalance { available, needed } => {
                write!(f, "margin of {} needed, {} free", needed.round_dp(2), available.round_dp(2))
            }
            Denial::TooManyOrders { max } => write!(f, "more than {max} open orders"),
            Denial::UnknownOrder => f.write_str("no such open order"),
            Denial::Triggering => f.write_str("the order is being triggered"),
            Denial::Leverage { max } => write!(f, "leverage must be 1 to {max}"),
            Denial::Blocked(Obstacle::Orders) => f.write_str("blocked by open orders"),
            Denial::Blocked(Obstacle::Position) => f.write_str("blocked by an open position"),
            Denial::Blocked(Obstacle::IsolatedPosition) => f.write_str("leverage of an isolated position cannot be lowered"),
            Denial::Blocked(Obstacle::Margin) => f.write_str("too little margin for so low a leverage"),
            Denial::NoChange => f.write_str("nothing to change"),
        }
    }
}
