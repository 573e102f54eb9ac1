//! The matching engine: one account, its orders and positions, and a market that moves when it is told to.
//!
//! Pure: time is passed in, nothing is read or drawn at random. Everything is bounded. It keeps full books (orders,
//! executions, spans without a stop) because checkers want to know what really happened. Not simulated: funding,
//! liquidation, other traders. This file holds the account: reading, settings, placing and cancelling; prices and
//! executions are in `matching`.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::limits::{check_band, check_client_id, check_price, check_qty};
use super::market::Market;
use super::order::{
    Amount, Conditional, ConditionalStatus, Denial, Effect, NakedSpan, NewConditional, NewPlain, Obstacle, Order, Trade, is_met,
};
use super::shelf::Shelf;
use crate::market::{Decimal, Instrument, Instruments, MarginMode, Millis, OrderStatus, Side, Symbol, TriggerBy};

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

/// How the exchange behaves; not part of the saved book.
#[derive(Clone, Debug)]
pub struct Knobs {
    /// Fee of an order that takes, as a share of the value.
    pub taker_fee: Decimal,
    /// Fee of an order that rested.
    pub maker_fee: Decimal,
    /// How far a limit price may lie on the expensive side of the mark price, as a share of it.
    pub price_band: Decimal,
    /// What can be traded in a contract until its price moves again, base coin; `None` for no limit.
    pub liquidity: Option<Decimal>,
    /// How long a conditional order is on its way once set off, and again until it is known to have ended.
    pub trigger_ms: Millis,
    /// Ended orders of each kind, executions and closed naked spans that are kept.
    pub history_max: usize,
}

impl Default for Knobs {
    fn default() -> Knobs {
        Knobs {
            taker_fee: Decimal::new(5, 4),
            maker_fee: Decimal::new(2, 4),
            price_band: Decimal::new(5, 2),
            liquidity: None,
            trigger_ms: 0,
            history_max: 1000,
        }
    }
}

/// One account on a simulated exchange.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Book {
    #[serde(skip)]
    instruments: Arc<Instruments>,
    #[serde(skip)]
    pub(super) knobs: Knobs,
    hedge: bool,
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

    /// Wallet, without unrealised profit.
    pub fn balance(&self) -> Decimal {
        self.balance
    }

    /// Free for new orders: wallet and unrealised profit, less what positions and opening orders bind.
    pub fn available(&self) -> Decimal {
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
        free.max(Decimal::ZERO)
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

    /// Times in which a position had no resting stop; those that last still are at the end.
    pub fn naked_spans(&self) -> Vec<NakedSpan> {
        let mut spans: Vec<NakedSpan> = self.naked.iter().cloned().collect();
        for (symbol, market) in &self.markets {
            for side in [Side::Long, Side::Short] {
                if let Some(start) = market.held(side).naked_since {
                    spans.push(NakedSpan { symbol: symbol.clone(), side, start, end: None });
                }
            }
        }
        spans
    }
}

/// Settings.
impl Book {
    /// One-way or hedge mode, for the whole account.
    pub fn set_hedge(&mut self, hedge: bool) -> Result<(), Denial> {
        if self.hedge == hedge {
            return Err(Denial::NoChange);
        }
        if !self.plain.open.is_empty() || self.conditional.open.iter().any(Conditional::is_waiting) {
            return Err(Denial::Blocked(Obstacle::Orders));
        }
        if self.markets.values().any(|market| !market.is_flat()) {
            return Err(Denial::Blocked(Obstacle::Position));
        }
        self.hedge = hedge;
        self.changes += 1;
        Ok(())
    }

    /// Leverage of one contract.
    pub fn set_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<(), Denial> {
        let max = self.instrument(symbol.as_str())?.max_leverage;
        if leverage == 0 || (max != 0 && leverage > max) {
            return Err(Denial::Leverage { max });
        }
        let market = self.markets.get_mut(symbol).ok_or(Denial::NoPrice)?;
        if leverage < market.leverage && market.margin_mode == MarginMode::Isolated && !market.is_flat() {
            return Err(Denial::Blocked(Obstacle::IsolatedPosition));
        }
        market.leverage = leverage;
        self.changes += 1;
        Ok(())
    }

    /// Margin mode of one contract.
    pub fn set_margin_mode(&mut self, symbol: &Symbol, mode: MarginMode) -> Result<(), Denial> {
        self.instrument(symbol.as_str())?;
        let has_orders = self.has_open_orders(symbol);
        let market = self.markets.get_mut(symbol).ok_or(Denial::NoPrice)?;
        if market.margin_mode == mode {
            return Err(Denial::NoChange);
        }
        if has_orders {
            return Err(Denial::Blocked(Obstacle::Orders));
        }
        if !market.is_flat() {
            return Err(Denial::Blocked(Obstacle::Position));
        }
        market.margin_mode = mode;
        self.changes += 1;
        Ok(())
    }

    /// Whether a plain or a waiting conditional order is open on a contract.
    pub fn has_open_orders(&self, symbol: &Symbol) -> bool {
        self.plain.open.iter().any(|order| order.symbol == *symbol)
            || self.conditional.open.iter().any(|order| order.is_waiting() && order.symbol == *symbol)
    }
}

/// Placing and cancelling.
impl Book {
    /// Places a plain order and returns its number. What can fill at once has filled when this returns.
    pub fn place(&mut self, new: &NewPlain, now: Millis) -> Result<u64, Denial> {
        self.advance(now);
        self.check(new)?;
        self.changes += 1;
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
        self.check_mode(new.position_side)?;
        if new.position_side.is_some() && new.reduce_only {
            return Err(Denial::PositionMode);
        }
        if self.plain.open.iter().any(|order| order.client_id == new.client_id) {
            return Err(Denial::DuplicateClientId);
        }
        if self.plain.open.iter().filter(|order| order.symbol == new.symbol).count() >= OPEN_ORDERS_MAX {
            return Err(Denial::TooManyOrders { max: OPEN_ORDERS_MAX });
        }
        let market = self.markets.get(&new.symbol).ok_or(Denial::NoPrice)?;
        check_qty(instrument, new.qty, new.price.is_none())?;
        if let Some(price) = new.price {
            check_price(instrument, price)?;
            check_band(market, new.buy, price, self.knobs.price_band)?;
        }
        let effect = Effect::of(new.buy, new.position_side, new.reduce_only);
        let Some(side) = effect.opens else {
            let held = effect.closes.map(|side| market.held(side).qty).unwrap_or_default();
            return if held.is_zero() { Err(Denial::NoPosition) } else { Ok(()) };
        };
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

    /// Places a conditional order and returns its number. A whole-position order needs a position; one with a
    /// quantity does not, and binds no margin.
    pub fn place_conditional(&mut self, new: &NewConditional, now: Millis) -> Result<u64, Denial> {
        self.advance(now);
        self.check_conditional(new)?;
        self.changes += 1;
        let number = self.conditional.number();
        self.conditional.open.push(Conditional {
            number,
            client_id: new.client_id.clone(),
            symbol: new.symbol.clone(),
            buy: new.buy,
            position_side: new.position_side,
            kind: new.kind,
            trigger_price: new.trigger_price,
            by: new.by,
            amount: new.amount,
            status: ConditionalStatus::New,
            child: None,
            created: now,
            updated: now,
            triggered: 0,
        });
        self.watch_cover(&new.symbol, now);
        Ok(number)
    }

    fn check_conditional(&self, new: &NewConditional) -> Result<(), Denial> {
        let instrument = self.tradable(&new.symbol)?;
        check_client_id(&new.client_id)?;
        self.check_mode(new.position_side)?;
        let market = self.markets.get(&new.symbol).ok_or(Denial::NoPrice)?;
        check_price(instrument, new.trigger_price)?;
        let waiting = || self.conditional.open.iter().filter(|order| order.is_waiting());
        if self.conditional.open.iter().any(|order| order.client_id == new.client_id) {
            return Err(Denial::DuplicateClientId);
        }
        if waiting().count() >= CONDITIONALS_MAX {
            return Err(Denial::TooManyOrders { max: CONDITIONALS_MAX });
        }
        match new.amount {
            Amount::Qty { qty, reduce_only } => {
                if reduce_only && new.position_side.is_some() {
                    return Err(Denial::PositionMode);
                }
                check_qty(instrument, qty, true)?;
            }
            Amount::WholePosition => {
                let side = Effect::of(new.buy, new.position_side, true).closes.ok_or(Denial::PositionMode)?;
                if market.held(side).qty.is_zero() {
                    return Err(Denial::NoPosition);
                }
                let twin = |order: &Conditional| {
                    order.amount == Amount::WholePosition
                        && (&order.symbol, order.kind, order.buy, order.position_side)
                            == (&new.symbol, new.kind, new.buy, new.position_side)
                };
                if waiting().any(twin) {
                    return Err(Denial::AlreadyProtected);
                }
            }
        }
        let price = match new.by {
            TriggerBy::Mark => market.mark,
            TriggerBy::Last => market.last,
        };
        if is_met(new.buy, new.kind, new.trigger_price, price) { Err(Denial::WouldTrigger) } else { Ok(()) }
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

    /// Cancels a waiting conditional order by number.
    pub fn cancel_conditional(&mut self, number: u64, now: Millis) -> Result<(), Denial> {
        self.advance(now);
        let order = self.conditional.open.iter_mut().find(|order| order.number == number).ok_or(Denial::UnknownOrder)?;
        match order.status {
            ConditionalStatus::New => {}
            ConditionalStatus::Triggering => return Err(Denial::Triggering),
            _ => return Err(Denial::UnknownOrder),
        }
        order.status = ConditionalStatus::Canceled;
        self.changes += 1;
        order.updated = now;
        let symbol = order.symbol.clone();
        self.sweep();
        self.watch_cover(&symbol, now);
        Ok(())
    }

    fn tradable(&self, symbol: &Symbol) -> Result<&Instrument, Denial> {
        let instrument = self.instrument(symbol.as_str())?;
        if instrument.closed.is_some() { Err(Denial::NotTrading) } else { Ok(instrument) }
    }

    fn check_mode(&self, position_side: Option<Side>) -> Result<(), Denial> {
        if position_side.is_some() == self.hedge { Ok(()) } else { Err(Denial::PositionMode) }
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
