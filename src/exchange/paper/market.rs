//! One contract's prices, settings and positions, and the arithmetic of a position.

use serde::{Deserialize, Serialize};

use crate::market::{Decimal, MarginMode, Millis, Quote, Side, TriggerBy};

/// Digits kept of an average entry price.
const ENTRY_DIGITS: u32 = 12;
/// What an account starts with, as on the exchange this imitates.
const LEVERAGE_AT_FIRST: u32 = 20;

/// One side's position.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// Base coin, never negative.
    pub qty: Decimal,
    /// Average entry price; zero when flat.
    pub entry_price: Decimal,
    /// When it was opened from flat.
    pub since: Millis,
    /// Since when it has had no resting stop.
    pub naked_since: Option<Millis>,
}

impl Held {
    /// Builds the position up.
    pub(super) fn open(&mut self, qty: Decimal, price: Decimal, now: Millis) {
        if self.qty.is_zero() {
            self.since = now;
        }
        let total = self.qty + qty;
        let cost = self.entry_price * self.qty + price * qty;
        self.entry_price = cost.checked_div(total).unwrap_or(price).round_dp(ENTRY_DIGITS);
        self.qty = total;
    }

    /// Takes it down and returns the profit. `qty` must not be above what is held.
    pub(super) fn close(&mut self, side: Side, qty: Decimal, price: Decimal) -> Decimal {
        let profit = self.profit(side, qty, price);
        self.qty -= qty;
        if self.qty.is_zero() {
            self.entry_price = Decimal::ZERO;
        }
        profit
    }

    /// Profit of closing `qty` of it at a price.
    pub fn profit(&self, side: Side, qty: Decimal, price: Decimal) -> Decimal {
        match side {
            Side::Long => (price - self.entry_price) * qty,
            Side::Short => (self.entry_price - price) * qty,
        }
    }
}

/// What the account sees and has in one contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Market {
    /// Last trade.
    pub last: Decimal,
    /// Mark price.
    pub mark: Decimal,
    /// Leverage.
    pub leverage: u32,
    /// Margin mode.
    pub margin_mode: MarginMode,
    /// Whether long and short are held side by side, where contracts have position modes of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hedge: Option<bool>,
    /// In one-way mode at most one of the two is held.
    pub long: Held,
    /// See `long`.
    pub short: Held,
    /// What can still be traded before the price moves; `None` for no limit.
    pub(super) depth: Option<Decimal>,
}

impl Market {
    pub(super) fn new(price: Decimal) -> Market {
        Market {
            last: price,
            mark: price,
            leverage: LEVERAGE_AT_FIRST,
            margin_mode: MarginMode::Cross,
            hedge: None,
            long: Held::default(),
            short: Held::default(),
            depth: None,
        }
    }

    /// The price that a trigger looks at.
    pub fn watched(&self, by: TriggerBy) -> Decimal {
        match by {
            TriggerBy::Mark => self.mark,
            TriggerBy::Last => self.last,
        }
    }

    /// The position of one side.
    pub fn held(&self, side: Side) -> &Held {
        match side {
            Side::Long => &self.long,
            Side::Short => &self.short,
        }
    }

    pub(super) fn held_mut(&mut self, side: Side) -> &mut Held {
        match side {
            Side::Long => &mut self.long,
            Side::Short => &mut self.short,
        }
    }

    /// Whether neither side is held.
    pub fn is_flat(&self) -> bool {
        self.long.qty.is_zero() && self.short.qty.is_zero()
    }

    /// Margin that a value in quote coin binds.
    pub fn margin_of(&self, notional: Decimal) -> Decimal {
        notional / Decimal::from(self.leverage.max(1))
    }

    /// Margin bound by the positions and their unrealised profit.
    pub fn position_margin(&self) -> (Decimal, Decimal) {
        if self.is_flat() {
            return (Decimal::ZERO, Decimal::ZERO);
        }
        let notional = self.long.entry_price * self.long.qty + self.short.entry_price * self.short.qty;
        let profit = self.long.profit(Side::Long, self.long.qty, self.mark) + self.short.profit(Side::Short, self.short.qty, self.mark);
        (self.margin_of(notional), profit)
    }

    /// Price at which closing one side earns back what opening and closing cost, each at the same fee.
    pub fn break_even_price(&self, side: Side, fee: Decimal) -> Decimal {
        let (paid, kept) = (Decimal::ONE + fee, Decimal::ONE - fee);
        let factor = match side {
            Side::Long => paid.checked_div(kept),
            Side::Short => kept.checked_div(paid),
        };
        (self.held(side).entry_price * factor.unwrap_or(Decimal::ONE)).round_dp(ENTRY_DIGITS)
    }

    /// Best bid and ask: a tick to either side of the last trade, never at zero.
    pub fn quote(&self, tick: Decimal) -> Quote {
        let bid = self.last - tick;
        Quote { bid: if bid > Decimal::ZERO { bid } else { self.last }, ask: self.last + tick }
    }

    /// Estimated liquidation price of an isolated position; zero for a cross or flat one.
    pub fn liquidation_price(&self, side: Side) -> Decimal {
        let held = self.held(side);
        if held.qty.is_zero() || self.margin_mode == MarginMode::Cross {
            return Decimal::ZERO;
        }
        let distance = held.entry_price * (Decimal::ONE / Decimal::from(self.leverage.max(1)) - MAINTENANCE_MARGIN);
        match side {
            Side::Long => (held.entry_price - distance).max(Decimal::ZERO).round_dp(ENTRY_DIGITS),
            Side::Short => (held.entry_price + distance).round_dp(ENTRY_DIGITS),
        }
    }
}

/// Share of the value that must stay covered, for the estimate of the liquidation price.
const MAINTENANCE_MARGIN: Decimal = Decimal::from_parts(4, 0, 0, false, 3);
