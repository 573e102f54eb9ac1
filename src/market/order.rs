//! Orders, positions, balances and fills as every exchange can say them.

use serde::{Deserialize, Serialize};

use super::{ClientId, Decimal, Millis, Symbol};

/// Which way a position earns: also names the half of a hedge-mode account an order belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Side {
    /// Earns when the price rises.
    Long,
    /// Earns when the price falls.
    Short,
}

impl Side {
    /// The opposite side.
    pub fn other(self) -> Side {
        match self {
            Side::Long => Side::Short,
            Side::Short => Side::Long,
        }
    }

    /// `LONG` or `SHORT`, as alerts and exchanges spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Side::Long => "LONG",
            Side::Short => "SHORT",
        }
    }

    /// Whether `price` lies on the losing side of `level` for a position of this side.
    pub fn is_worse(self, price: Decimal, level: Decimal) -> bool {
        match self {
            Side::Long => price < level,
            Side::Short => price > level,
        }
    }
}

impl std::fmt::Display for Side {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What an order does to the position of its side. A closing order is reduce-only in every position mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Builds the position up.
    Open,
    /// Takes it down, never beyond flat.
    Close,
}

/// How an order meets the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OrderKind {
    /// At once, at what the book offers.
    Market,
    /// At this price or better, good till cancelled.
    Limit {
        /// Already on the tick.
        price: Decimal,
    },
}

/// A plain order to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewOrder {
    /// Our name for it; unique for ever.
    pub id: ClientId,
    /// The contract.
    pub symbol: Symbol,
    /// The position it belongs to (not the direction of the order itself).
    pub side: Side,
    /// Whether it opens or closes that position.
    pub action: Action,
    /// Market or limit.
    pub kind: OrderKind,
    /// Base coin, already on the lot step.
    pub qty: Decimal,
    /// The stop that shall exist from the first execution on; only where the exchange attaches one to an order that opens.
    pub stop: Option<Trigger>,
}

/// The price that sets a protective order off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Already on the tick.
    pub price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
}

/// Which of the two protective orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProtectionKind {
    /// Closes the position when the price moves against it.
    StopLoss,
    /// Closes it when the price reaches the target.
    TakeProfit,
}

impl ProtectionKind {
    /// Both.
    pub const ALL: [ProtectionKind; 2] = [ProtectionKind::StopLoss, ProtectionKind::TakeProfit];
}

/// Which price sets a conditional order off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TriggerBy {
    /// The mark price: steadier, and no wick on a thin book fires it.
    #[default]
    Mark,
    /// The last traded price.
    Last,
}

/// A conditional order that closes the position of one side at market.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protection {
    /// Our name for it.
    pub id: ClientId,
    /// The contract.
    pub symbol: Symbol,
    /// The position it protects.
    pub side: Side,
    /// Stop loss or take profit.
    pub kind: ProtectionKind,
    /// Already on the tick.
    pub trigger_price: Decimal,
    /// What the position holds now, for exchanges whose protective orders need a quantity.
    pub qty: Decimal,
    /// Which price sets it off.
    pub by: TriggerBy,
}

/// Names one order of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRef {
    /// The contract.
    pub symbol: Symbol,
    /// Our name for it.
    pub id: ClientId,
    /// Of a protective (conditional) order: what tells it apart where the exchange keeps no name of ours.
    pub guard: Option<Guarded>,
}

/// What a protective order stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// The position it protects.
    pub side: Side,
    /// Stop loss or take profit.
    pub kind: ProtectionKind,
    /// As it was sent.
    pub trigger_price: Decimal,
}

/// Where an order stands. A closed one may have filled in part: look at [`OrderState::filled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Acknowledged, and nothing more was said: it must be asked about.
    Taken,
    /// Waiting in the book, or waiting for its trigger.
    Resting,
    /// A conditional order whose trigger was met: the order it became is on its way or in the book.
    Triggered,
    /// Ended, completely filled.
    Filled,
    /// Ended by a cancel, with or without a partial fill.
    Canceled,
    /// Ended by the exchange (expired, or removed with its position).
    Expired,
    /// Ended by a refusal after it was accepted (for example at the trigger).
    Rejected,
}

impl OrderStatus {
    /// Whether nothing more can happen to the order.
    pub fn is_final(self) -> bool {
        !matches!(self, OrderStatus::Taken | OrderStatus::Resting | OrderStatus::Triggered)
    }
}

/// What an exchange says about one order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderState {
    /// The client order id it carries; empty when the exchange gave none.
    pub id: String,
    /// The contract.
    pub symbol: Symbol,
    /// The position side it acts on, as far as it can be told (in one-way mode: from direction and reduce-only).
    pub side: Side,
    /// Whether it can open a position (a plain order that is neither reduce-only nor closing).
    pub opens: bool,
    /// Whether it is a conditional (protective) order.
    pub conditional: bool,
    /// Which of the two, as far as the exchange says so.
    pub guards: Option<ProtectionKind>,
    /// Where it stands.
    pub status: OrderStatus,
    /// Ordered quantity, base coin; zero for orders that close whatever is there.
    pub qty: Decimal,
    /// Filled so far, base coin. For a triggered conditional order: what the order it became has filled.
    pub filled: Decimal,
    /// Average fill price; zero when unknown or unfilled.
    pub avg_price: Decimal,
    /// Limit price, or trigger price of a conditional order; zero when it has none.
    pub price: Decimal,
    /// When the exchange took it, in our time; zero when it does not say. Tells an order with a name that was used before.
    pub created_at: Millis,
}

impl OrderState {
    /// Whether this is that order: by our name, or, for a protective order that carries no name of our form, by what it does.
    pub fn is(&self, order: &OrderRef) -> bool {
        if self.conditional != order.guard.is_some() || self.symbol != order.symbol {
            return false;
        }
        match order.guard {
            Some(guard) if ClientId::parse(&self.id).is_none() => {
                self.guards == Some(guard.kind) && self.side == guard.side && self.price == guard.trigger_price
            }
            _ => self.id == order.id.as_str(),
        }
    }
}

/// One open position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The contract.
    pub symbol: Symbol,
    /// Which way.
    pub side: Side,
    /// Whether it is held beside the other side (hedge mode); some exchanges let every contract have a mode of its own.
    pub hedge: bool,
    /// Base coin, never negative. Zero for a row without a position.
    pub qty: Decimal,
    /// Average entry price.
    pub entry_price: Decimal,
    /// Mark price at the time of the answer; zero when the exchange did not say.
    pub mark_price: Decimal,
    /// Estimated liquidation price; zero when there is none.
    pub liquidation_price: Decimal,
    /// The exchange's time of its last change; zero when the exchange does not say.
    pub changed_at: Millis,
    /// What it would win or lose if closed at the mark price, settle coin.
    pub unrealized_pnl: Decimal,
    /// Margin it binds, settle coin; zero when the exchange does not say.
    pub margin: Decimal,
    /// Price at which it closes without gain or loss, fees included; zero when the exchange does not say.
    pub break_even_price: Decimal,
    /// Leverage and margin mode of its contract, as far as the exchange says so.
    pub terms: Terms,
}

/// What the account holds in one settle coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Balance {
    /// The coin.
    pub coin: String,
    /// Everything in this coin, the gains and losses of open positions included.
    pub total: Decimal,
    /// Free for new orders.
    pub available: Decimal,
}

/// Best prices of one contract's book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// What buyers offer.
    pub bid: Decimal,
    /// What sellers ask.
    pub ask: Decimal,
}

impl Quote {
    /// Halfway between both: what sizes in money are converted at.
    pub fn mid(&self) -> Decimal {
        self.bid + (self.ask - self.bid) / Decimal::TWO
    }
}

/// How margin is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MarginMode {
    /// The position risks only its own margin.
    Isolated,
    /// The position shares the account's balance.
    Cross,
}

/// What a contract is set to, or must be set to before an order opens there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// Leverage factor. `None`: not known, or to be left as it is.
    pub leverage: Option<u32>,
    /// `None`: not known, or to be left as it is.
    pub margin_mode: Option<MarginMode>,
}

/// One execution, for the profit of a trade.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The protective order it came from, where the exchange says so.
    pub by: Option<ProtectionKind>,
    /// The position side it acted on, where the exchange says so (hedge mode); in one-way mode `None`.
    pub side: Option<Side>,
    /// Whether it was a buy.
    pub buy: bool,
    /// Price.
    pub price: Decimal,
    /// Base coin.
    pub qty: Decimal,
    /// Fee in the settle coin (positive = paid); a fee in another coin is left out and marked.
    pub fee: Decimal,
    /// Whether a fee in another coin was left out.
    pub fee_elsewhere: bool,
    /// When it happened.
    pub at: Millis,
}
