//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Numbers come as text, names of the exchange's own as whole numbers. Read leniently where the exchange may vary, strictly
//! where a guess would be dangerous: a position or a filled quantity that cannot be read is an error, never zero.

mod orders;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Held;
use crate::exchange::answers::{side, success};
use crate::exchange::numbers::{decimal, decimal_if_said, decimal_or_zero, decimal_to_show, millis, millis_or_zero, whole_leverage};
use crate::exchange::orders::guard_state;
use crate::exchange::orders::is_buy;
use crate::market::{
    Action, Decimal, Guarded, MarginMode, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Symbol, Terms, TriggerBy,
};
pub(super) use orders::{DealRow, OrderRow, PlanRow};

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "buy" } else { "sell" }
}

/// The word for the price that sets a stop off.
pub(super) fn trigger_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Mark => "mark_price",
        TriggerBy::Last => "latest_price",
    }
}

/// The word for a margin mode.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    }
}

fn margin_mode(word: &str) -> Option<MarginMode> {
    [MarginMode::Isolated, MarginMode::Cross].into_iter().find(|mode| margin_word(*mode) == word)
}

/// Every success.
#[derive(Deserialize)]
pub(super) struct Reply<T> {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
    pub(super) data: T,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
struct Pagination {
    #[serde(default)]
    has_next: bool,
}

impl<T> Reply<T> {
    /// Whether this is a page and not the last one.
    pub(super) fn goes_on(&self) -> bool {
        self.pagination.as_ref().is_some_and(|pagination| pagination.has_next)
    }
}

/// A success that carries nothing worth reading.
pub(super) type Done = Reply<IgnoredAny>;

/// `GET /v2/time`.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    #[derive(Deserialize)]
    struct Time {
        #[serde(deserialize_with = "millis")]
        timestamp: Millis,
    }
    Ok(serde_json::from_slice::<Reply<Time>>(body)?.data.timestamp)
}

/// A number in a list of them.
#[derive(Clone, Copy, Deserialize)]
pub(super) struct Factor(#[serde(deserialize_with = "decimal")] Decimal);

/// The only leverages a contract can be set to.
pub(super) type Factors = Vec<Factor>;

/// As whole numbers.
pub(super) fn factors(list: &[Factor]) -> Vec<u32> {
    list.iter().filter_map(|factor| whole_leverage(factor.0)).collect()
}

/// Zero when nothing is listed.
pub(super) fn largest(list: &[Factor]) -> u32 {
    factors(list).into_iter().max().unwrap_or(0)
}

/// One row of `GET /v2/futures/market`, as far as the leverage is concerned.
#[derive(Deserialize)]
pub(super) struct MarketRow {
    pub(super) market: String,
    #[serde(default)]
    pub(super) leverage: Factors,
}

/// What `POST /v2/futures/adjust-position-leverage` set.
#[derive(Deserialize)]
pub(super) struct SettingsRow {
    #[serde(default)]
    margin_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    leverage: Decimal,
}

impl SettingsRow {
    pub(super) fn terms(&self) -> Terms {
        Terms { leverage: whole_leverage(self.leverage), margin_mode: margin_mode(&self.margin_mode) }
    }
}

/// `GET /v2/futures/depth`.
#[derive(Deserialize)]
pub(super) struct Book {
    pub(super) depth: Depth,
}

#[derive(Deserialize)]
pub(super) struct Depth {
    #[serde(default)]
    bids: Vec<Level>,
    #[serde(default)]
    asks: Vec<Level>,
}

/// Price and quantity. A quantity that cannot be read is none to count on.
#[derive(Deserialize)]
struct Level(#[serde(deserialize_with = "decimal")] Decimal, #[serde(deserialize_with = "decimal_to_show")] Decimal);

impl Depth {
    /// The best of each side; zero where nobody is.
    pub(super) fn best(&self) -> (Decimal, Decimal) {
        let bid = self.bids.iter().map(|level| level.0).max();
        let ask = self.asks.iter().map(|level| level.0).min();
        (bid.unwrap_or_default(), ask.unwrap_or_default())
    }

    /// What one who closes a position of that side finds: the price at which there is enough for `qty`, or else the last one
    /// that is no further than `beyond` (a share of the best price) behind the best, and how much there is up to it. `None`
    /// where nobody is.
    pub(super) fn within(&self, closes: Side, beyond: Decimal, qty: Decimal) -> Option<(Decimal, Decimal)> {
        let (levels, factor) = match closes {
            Side::Long => (&self.bids, Decimal::ONE - beyond),
            Side::Short => (&self.asks, Decimal::ONE + beyond),
        };
        let mut levels: Vec<&Level> = levels.iter().filter(|level| level.0 > Decimal::ZERO && level.1 > Decimal::ZERO).collect();
        levels.sort_by(|a, b| closes.is_worse(a.0, b.0).cmp(&closes.is_worse(b.0, a.0)));
        let (mut price, mut found) = (levels.first()?.0, Decimal::ZERO);
        let bound = price.checked_mul(factor)?;
        for level in levels.into_iter().filter(|level| !closes.is_worse(level.0, bound)) {
            if found < qty {
                (price, found) = (level.0, found.saturating_add(level.1));
            }
        }
        Some((price, found))
    }
}

/// One row of `GET /v2/futures/ticker`.
#[derive(Deserialize)]
pub(super) struct TickerRow {
    #[serde(deserialize_with = "decimal")]
    last: Decimal,
    #[serde(deserialize_with = "decimal")]
    mark_price: Decimal,
}

impl TickerRow {
    pub(super) fn price(&self, by: TriggerBy) -> Decimal {
        match by {
            TriggerBy::Mark => self.mark_price,
            TriggerBy::Last => self.last,
        }
    }
}

/// One coin of `GET /v2/assets/futures/balance`. An account without money has no rows.
#[derive(Deserialize)]
pub(super) struct AssetRow {
    pub(super) ccy: String,
    #[serde(deserialize_with = "decimal")]
    pub(super) available: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    frozen: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    margin: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    unrealized_pnl: Decimal,
}

impl AssetRow {
    /// What is free, what orders and positions bind, and what positions would win or lose.
    pub(super) fn total(&self) -> Option<Decimal> {
        self.available.checked_add(self.frozen)?.checked_add(self.margin)?.checked_add(self.unrealized_pnl)
    }
}

/// One row of `GET /v2/futures/pending-position`. A flat contract has none. Nothing is decided by what cannot be read and is
/// only shown.
#[derive(Deserialize)]
pub(super) struct PositionRow {
    pub(super) market: String,
    #[serde(deserialize_with = "side")]
    pub(super) side: Side,
    #[serde(deserialize_with = "decimal")]
    open_interest: Decimal,
    /// The same without what resting closes reserve.
    #[serde(default, deserialize_with = "decimal_if_said")]
    close_avbl: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal_to_show")]
    avg_entry_price: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    liq_price: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    margin_avbl: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    unrealized_pnl: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    leverage: Decimal,
    #[serde(default)]
    margin_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_loss_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    take_profit_price: Decimal,
    #[serde(default)]
    stop_loss_list: Option<Vec<Attribute>>,
    #[serde(default)]
    take_profit_list: Option<Vec<Attribute>>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    updated_at: Millis,
}

/// One stop or target of a position.
#[derive(Clone, Deserialize)]
pub(super) struct Attribute {
    #[serde(default, deserialize_with = "decimal_if_said")]
    id: Option<Decimal>,
    /// Zero where it cannot be read: there is one, and none of ours.
    #[serde(default, deserialize_with = "decimal_to_show")]
    price: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    amount: Decimal,
    #[serde(default)]
    is_all: bool,
}

impl Attribute {
    /// The exchange's own name, by which this one can be removed and no other.
    pub(super) fn number(&self) -> Option<i64> {
        self.id.and_then(|id| i64::try_from(id).ok())
    }
}

impl PositionRow {
    pub(super) fn is_held(&self) -> bool {
        !self.open_interest.is_zero()
    }

    /// Which way and how much.
    pub(super) fn held(&self) -> Held {
        Held { side: self.side, qty: self.open_interest, free: self.close_avbl.unwrap_or(self.open_interest) }
    }

    /// Whether it holds a position of that side.
    pub(super) fn holds(&self, side: Side) -> bool {
        self.is_held() && self.side == side
    }

    pub(super) fn terms(&self) -> Terms {
        Terms { leverage: whole_leverage(self.leverage), margin_mode: margin_mode(&self.margin_mode) }
    }

    pub(super) fn position(&self, symbol: Symbol) -> Position {
        Position {
            symbol,
            side: self.side,
            hedge: false,
            qty: self.open_interest,
            entry_price: self.avg_entry_price,
            mark_price: Decimal::ZERO,
            liquidation_price: self.liq_price,
            changed_at: self.updated_at,
            unrealized_pnl: self.unrealized_pnl,
            margin: self.margin_avbl,
            break_even_price: Decimal::ZERO,
            terms: self.terms(),
        }
    }

    /// Its stops or targets. Where nothing is listed, the price alone says that there is one.
    pub(super) fn attributes(&self, kind: ProtectionKind) -> Vec<Attribute> {
        let (list, price) = match kind {
            ProtectionKind::StopLoss => (&self.stop_loss_list, self.stop_loss_price),
            ProtectionKind::TakeProfit => (&self.take_profit_list, self.take_profit_price),
        };
        match list {
            Some(list) if !list.is_empty() => list.clone(),
            _ if price.is_zero() => Vec::new(),
            _ => vec![Attribute { id: None, price, amount: Decimal::ZERO, is_all: true }],
        }
    }

    /// The one that closes the whole position at this price. Whoever set one for a part of it, it was not us.
    pub(super) fn guard(&self, guard: Guarded) -> Option<Attribute> {
        let whole = |attribute: &Attribute| attribute.is_all || attribute.amount >= self.open_interest;
        let attributes = self.attributes(guard.kind).into_iter();
        attributes.filter(whole).find(|attribute| self.holds(guard.side) && attribute.price == guard.trigger_price)
    }

    /// Its stops and targets, in the shape of orders. One for a part of it has a quantity.
    pub(super) fn guards(&self, symbol: &Symbol) -> Vec<OrderState> {
        let of = |kind| {
            self.attributes(kind).into_iter().map(move |attribute| {
                let guard = Guarded { side: self.side, kind, trigger_price: attribute.price };
                let qty = if attribute.is_all { Decimal::ZERO } else { attribute.amount };
                OrderState { qty, ..guard_state(symbol, guard, OrderStatus::Resting, 0) }
            })
        };
        ProtectionKind::ALL.into_iter().flat_map(of).collect()
    }
}
