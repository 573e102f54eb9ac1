//! The matching engine: one account, its orders and positions, and a market that moves when it is told to.
//!
//! Pure: time is passed in, nothing is read or drawn at random. Everything is bounded. It keeps full books (orders,
//! executions, spans without a stop) because checkers want to know what really happened. Not simulated: funding,
//! liquidation, other traders. This file holds the account: reading it, placing and cancelling plain orders. Conditional
//! orders are in `conditional`, settings in `settings`, prices and executions in `matching`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::knobs::{Knobs, Oversized};
use super::limits::{check_band, check_client_id, check_price, check_qty};
use super::market::Market;
use super::order::{Conditional, Denial, Effect, NakedSpan, NewPlain, Order, Trade};
use super::shelf::Shelf;
use crate::market::{Decimal, Instrument, Instruments, Millis, OrderStatus, Side, Symbol};

/// Wallet of a new account, in USDT.
pub const START_BALANCE: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);
/// Open plain orders of one contract, at most.
pub const OPEN_ORDERS_MAX: usize = 200;
/// Open conditional orders of the account, at most.
pub const CONDITIONALS_MAX: usize = 200;
/// Prices above this are absurd; together with [`QTY_MAX`] it keeps every product within a decimal's range.
pub const PRICE_MAX: Decimal = Decimal::from_parts(10_000_000, 0, 0, false, 0);
/// Largest position of one side, base coin.
pub const QTY_MAX: Decimal = Decimal::from_parts(1_410_065_408, 2, 0, false, 0);

/// One account on a simulated exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Book {
    #[serde(skip)]
    instruments: Arc<Instruments>,
    #[serde(skip)]
    pub(super) knobs: Knobs,
    pub(super) hedge: bool,
    pub(super) balance: Decimal,
    pub(super) markets: BTreeMap<Symbol, Market>,
    pub(super) plain: Shelf<Order>,
    pub(super) conditional: Shelf<Conditional>,
    pub(super) trades: VecDeque<Trade>,
    pub(super) last_trade: u64,
    pub(super) naked: VecDeque<NakedSpan>,
    #[serde(skip)]
    pub(super) changes: u64,
}

/// Reading.
impl Book {
    /// An account with [`START_BALANCE`] and nothing else. A contract can be traded once it has a price.
    pub fn new(instruments: Arc<Instruments>, hedge: bool, knobs: Knobs) -> Book {
        Book {
            instruments,
            knobs,
            hedge,
            balance: START_BALANCE,
            markets: BTreeMap::new(),
            plain: Shelf::new(),
            conditional: Shelf::new(),
            trades: VecDeque::new(),
            last_trade: 0,
            naked: VecDeque::new(),
            changes: 0,
        }
    }

    /// Gives a book that was read back what is not saved with it.
    pub fn equip(&mut self, instruments: Arc<Instruments>, knobs: Knobs) {
        self.instruments = instruments;
        self.knobs = knobs;
    }

    /// The contracts.
    pub fn instruments(&self) -> &Arc<Instruments> {
        &self.instruments
    }

    /// One contract, by name.
    pub fn instrument(&self, name: &str) -> Result<&Instrument, Denial> {
        self.instruments.get(name).ok_or(Denial::UnknownSymbol)
    }

    /// How the exchange behaves.
    pub fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// Changes how it behaves from now on.
    pub fn set_knobs(&mut self, knobs: Knobs) {
        for market in self.markets.values_mut() {
            market.depth = knobs.liquidity;
        }
        self.knobs = knobs;
    }

    /// Whether long and short are held side by side.
    pub fn is_hedge(&self) -> bool {
        self.hedge
    }

    /// The same for one contract: its own position mode, or else the account's.
    pub fn is_hedge_on(&self, symbol: &Symbol) -> bool {
        self.markets.get(symbol).and_then(|market| market.hedge).unwrap_or(self.hedge)
    }

    /// Wallet, without unrealised profit.
    pub fn balance(&self) -> Decimal {
        self.balance
    }

    /// Wallet and unrealised profit.
    pub fn equity(&self) -> Decimal {
        self.balance + self.markets.values().map(|market| market.position_margin().1).sum::<Decimal>()
    }

    /// Free for new orders: wallet and unrealised profit, less what positions and opening orders bind.
    pub fn available(&self) -> Decimal {
        self.free_margin().max(Decimal::ZERO)
    }

    /// The same, below zero when more is bound than is there.
    pub(super) fn free_margin(&self) -> Decimal {
        let mut free = self.balance;
        for market in self.markets.values() {
            let (margin, profit) = market.position_margin();
            free += profit - margin;
        }
        for order in &self.plain.open {
            if let (Some(price), Some(market)) = (order.price, self.markets.get(&order.symbol)) {
                free -= market.margin_of(opening_part(market, order.effect(), order.rest()) * price);
            }
        }
        free
    }

    /// Prices, settings and positions of one contract, once it has a price.
    pub fn market(&self, symbol: &Symbol) -> Option<&Market> {
        self.markets.get(symbol)
    }

    /// All contracts that have a price, by name.
    pub fn markets(&self) -> impl Iterator<Item = (&Symbol, &Market)> {
        self.markets.iter()
    }

    /// The position of one side, base coin; zero when flat.
    pub fn position(&self, symbol: &Symbol, side: Side) -> Decimal {
        self.markets.get(symbol).map(|market| market.held(side).qty).unwrap_or_default()
    }

    /// Open plain orders, oldest first.
    pub fn open_orders(&self) -> &[Order] {
        &self.plain.open
    }

    /// Conditional orders that have not ended, oldest first; those on their way among them.
    pub fn open_conditionals(&self) -> &[Conditional] {
        &self.conditional.open
    }

    /// Whether a contract has a position or an open order of any kind: its price matters.
    pub fn is_used(&self, symbol: &Symbol) -> bool {
        self.markets.get(symbol).is_some_and(|market| !market.is_flat())
            || self.plain.open.iter().any(|order| order.symbol == *symbol)
            || self.conditional.open.iter().any(|order| order.symbol == *symbol)
    }

    /// Every plain order still remembered, ended ones first.
    pub fn all_orders(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.plain.iter()
    }

    /// Every conditional order still remembered, ended ones first.
    pub fn all_conditionals(&self) -> impl DoubleEndedIterator<Item = &Conditional> {
        self.conditional.iter()
    }

    /// The newest plain order of a name, open ones before ended ones.
    pub fn order_by_id(&self, client_id: &str) -> Option<&Order> {
        self.plain.latest(|order| order.client_id == client_id)
    }

    /// The plain order of a number.
    pub fn order_by_number(&self, number: u64) -> Option<&Order> {
        self.plain.latest(|order| order.number == number)
    }

    /// The newest conditional order of a name, open ones before ended ones.
    pub fn conditional_by_id(&self, client_id: &str) -> Option<&Conditional> {
        self.conditional.latest(|order| order.client_id == client_id)
    }

    /// The conditional order of a number.
    pub fn conditional_by_number(&self, number: u64) -> Option<&Conditional> {
        self.conditional.latest(|order| order.number == number)
    }

    /// Executions still remembered, oldest first.
    pub fn trades(&self) -> &VecDeque<Trade> {
        &self.trades
    }

    /// How much orders of this name ever built positions up by: all orders that carried it, together.
    pub fn opened_by(&self, client_id: &str) -> Decimal {
        self.plain.iter().filter(|order| order.client_id == client_id).map(|order| order.opened).sum()
    }

    /// Grows whenever orders, positions or settings change (not with prices alone): tells when to save.
    pub fn changes(&self) -> u64 {
        self.changes
    }
}

/// Placing and cancelling.
impl Book {
    /// Places a plain order and returns its number. What can fill at once has filled when this returns.
    pub fn place(&mut self, new: &NewPlain, now: Millis) -> Result<u64, Denial> {
        self.advance(now);
        self.check(new)?;
        self.changes += 1;
        if self.closes_all(new) {
            self.expire_reducing(&new.symbol, if new.buy { Side::Short } else { Side::Long }, now);
            self.sweep();
        }
        let number = self.plain.number();
        self.plain.open.push(Order {
            number,
            client_id: new.client_id.clone(),
            symbol: new.symbol.clone(),
            buy: new.buy,
            position_side: new.position_side,
            reduce_only: new.reduce_only,
            price: new.price,
            time_in_force: new.time_in_force,
            qty: new.qty,
            stop: new.stop.clone(),
            filled: Decimal::ZERO,
            quote: Decimal::ZERO,
            opened: Decimal::ZERO,
            status: OrderStatus::Resting,
            parent: None,
            created: now,
            updated: now,
        });
        self.take(number, now);
        Ok(number)
    }

    /// Whether a plain order would be accepted now.
    pub fn check(&self, new: &NewPlain) -> Result<(), Denial> {
        let instrument = self.tradable(&new.symbol)?;
        check_client_id(&new.client_id)?;
        self.check_mode(&new.symbol, new.position_side)?;
        if new.position_side.is_some() && new.reduce_only {
            return Err(Denial::PositionMode);
        }
        if !self.knobs.same_ids && !self.plain.is_free(&new.client_id, self.knobs.reuse_ids) {
            return Err(Denial::DuplicateClientId);
        }
        if self.plain.open.iter().filter(|order| order.symbol == new.symbol).count() >= OPEN_ORDERS_MAX {
            return Err(Denial::TooManyOrders { max: OPEN_ORDERS_MAX });
        }
        let market = self.markets.get(&new.symbol).ok_or(Denial::NoPrice)?;
        match check_qty(instrument, new.qty, new.price.is_none()) {
            Err(Denial::MinQty { .. }) if self.knobs.closes_dust && self.closes_all(new) => {}
            checked => checked?,
        }
        if let Some(price) = new.price {
            check_price(instrument, price)?;
            check_band(market, new.buy, price, self.knobs.price_band)?;
        }
        self.check_attached(new, instrument, market)?;
        let effect = Effect::of(new.buy, new.position_side, new.reduce_only);
        let Some(side) = effect.opens else { return self.check_reducing(new, market, effect) };
        if new.qty * new.price.unwrap_or(market.mark) < instrument.min_notional {
            return Err(Denial::MinNotional { min: instrument.min_notional });
        }
        let opening = opening_part(market, effect, new.qty);
        if market.held(side).qty + opening > QTY_MAX {
            return Err(Denial::MaxQty { max: QTY_MAX });
        }
        let needed = market.margin_of(opening * new.price.unwrap_or(market.last));
        let available = self.available();
        if needed > available { Err(Denial::InsufficientBalance { available, needed }) } else { Ok(()) }
    }

    /// Whether it is a reducing market order for the whole position or more.
    fn closes_all(&self, new: &NewPlain) -> bool {
        let effect = Effect::of(new.buy, new.position_side, new.reduce_only);
        let held = effect.closes.map(|side| self.position(&new.symbol, side)).unwrap_or_default();
        new.price.is_none() && effect.opens.is_none() && new.qty >= held
    }

    /// Whether an order that only reduces would be accepted. One-way accounts count it together with the orders that
    /// rest in its direction: beyond the position they would turn it over, and that needs margin. A market order for
    /// the whole position goes before all of them.
    fn check_reducing(&self, new: &NewPlain, market: &Market, effect: Effect) -> Result<(), Denial> {
        let held = effect.closes.map(|side| market.held(side).qty).unwrap_or_default();
        if held.is_zero() {
            return Err(Denial::NoPosition);
        }
        if self.knobs.oversized_reduce == Oversized::Refuse && new.qty > held {
            return Err(Denial::Oversized { held });
        }
        if self.is_hedge_on(&new.symbol) || self.closes_all(new) {
            return Ok(());
        }
        let same_way = self.plain.open.iter().filter(|order| order.symbol == new.symbol && order.buy == new.buy);
        let resting: Decimal = same_way.map(Order::rest).sum();
        let beyond = (resting + new.qty.min(held) - held).max(Decimal::ZERO);
        let needed = market.margin_of(beyond * new.price.unwrap_or(market.last));
        if needed > self.available() { Err(Denial::ReduceOnlyConflict) } else { Ok(()) }
    }

    /// Cancels an open plain order by number.
    pub fn cancel(&mut self, number: u64, now: Millis) -> Result<(), Denial> {
        self.advance(now);
        let order = self.plain.open.iter_mut().find(|order| order.number == number).ok_or(Denial::UnknownOrder)?;
        order.status = OrderStatus::Canceled;
        self.changes += 1;
        order.updated = now;
        self.sweep();
        Ok(())
    }

    /// Cancels every open plain order of a contract.
    pub fn cancel_all(&mut self, symbol: &Symbol, now: Millis) {
        let open = self.plain.open.iter().filter(|order| order.symbol == *symbol);
        for number in open.map(|order| order.number).collect::<Vec<u64>>() {
            // It was open a moment ago, and nothing happened in between.
            let _ = self.cancel(number, now);
        }
    }

    pub(super) fn tradable(&self, symbol: &Symbol) -> Result<&Instrument, Denial> {
        let instrument = self.instrument(symbol.as_str())?;
        if instrument.closed.is_some() { Err(Denial::NotTrading) } else { Ok(instrument) }
    }

    pub(super) fn check_mode(&self, symbol: &Symbol, position_side: Option<Side>) -> Result<(), Denial> {
        if position_side.is_some() == self.is_hedge_on(symbol) { Ok(()) } else { Err(Denial::PositionMode) }
    }
}

/// How much of an order would build a position up.
fn opening_part(market: &Market, effect: Effect, qty: Decimal) -> Decimal {
    if effect.opens.is_none() {
        return Decimal::ZERO;
    }
    let closing = effect.closes.map(|side| market.held(side).qty).unwrap_or_default();
    (qty - closing).max(Decimal::ZERO)
}
