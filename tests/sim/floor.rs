//! What all simulated exchanges share: an account's book, what was asked, what goes wrong, the clock as it is shown,
//! and what can be seen when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use perphook::exchange::paper::{Book, Conditional, ConditionalStatus, Denial, Effect, Knobs, Order, Trade};
use perphook::market::{Decimal, Instrument, Instruments, Millis, Side, Symbol, sizing};

use super::address::Address;
use super::contracts;
use super::faults::Faults;
use super::kind::Kind;
use super::log::RequestLog;
use super::wire::{Refusal, Wire};

/// How names begin that nobody sent.
const MADE_UP: &str = "web_";

/// How a simulated exchange is set up.
#[derive(Clone, Debug)]
pub struct SimConfig {
    /// Whose words it speaks.
    pub exchange: Kind,
    /// API key it knows.
    pub key: String,
    /// Secret it checks signatures with.
    pub secret: String,
    /// Password of the key, where the exchange has one.
    pub password: String,
    /// Starts in hedge mode.
    pub hedge: bool,
    /// How many contracts it lists: the built-in ones, filled up with made-up ones.
    pub symbols: usize,
    /// Whether request budgets are enforced.
    pub limits: bool,
    /// Ended orders, executions and naked spans that are kept.
    pub history_max: usize,
}

impl Default for SimConfig {
    fn default() -> SimConfig {
        SimConfig {
            exchange: Kind::default(),
            key: "test-api-key".to_owned(),
            secret: "test-api-secret".to_owned(),
            password: "test-password".to_owned(),
            hedge: false,
            symbols: 0,
            limits: false,
            history_max: 10_000,
        }
    }
}

/// One account on a simulated exchange, without the exchange's words.
pub struct Floor {
    /// The truth: orders, positions, executions, naked spans.
    pub book: Book,
    /// What was asked and answered.
    pub log: RequestLog,
    /// What goes wrong.
    pub faults: Faults,
    /// How it was set up.
    pub config: SimConfig,
    pub(super) address: Arc<Mutex<Address>>,
    pub(super) refused_element: Option<(usize, Refusal)>,
    pub(super) noted_code: Option<String>,
    countdowns: Vec<(Symbol, Millis)>,
}

/// The account.
impl Floor {
    /// An account on an exchange whose contracts all have a price: the base price of the built-in coins, 10 for made-up
    /// ones.
    pub(super) fn new(config: SimConfig, wire: &dyn Wire, now: Millis) -> Floor {
        let instruments = Arc::new(Instruments::new(wire.instruments(config.symbols)));
        let knobs = wire.habits(Knobs { history_max: config.history_max, ..Knobs::default() });
        let mut book = Book::new(Arc::clone(&instruments), config.hedge, knobs);
        for instrument in instruments.iter() {
            let price = contracts::base_price(&instrument.base);
            // A base price is always in range, so the contract opens.
            let _ = book.set_price(&instrument.symbol, price, now);
        }
        Floor {
            book,
            log: RequestLog::default(),
            faults: Faults::default(),
            config,
            address: Arc::default(),
            refused_element: None,
            noted_code: None,
            countdowns: Vec::new(),
        }
    }

    /// The key it knows.
    pub fn key(&self) -> &str {
        &self.config.key
    }

    /// The contract of a coin that settles in its exchange's coin, by its native name; a name that is nobody's if there is
    /// none.
    pub fn symbol(&self, base: &str) -> Symbol {
        let fits = |one: &&Instrument| &*one.base == base && &*one.settle == self.config.exchange.settle();
        self.book.instruments().iter().find(fits).map_or_else(|| Symbol::new(base), |one| one.symbol.clone())
    }

    /// The contract of a native name.
    pub fn contract(&self, name: &str) -> Result<Symbol, Denial> {
        self.book.instrument(name).map(|instrument| instrument.symbol.clone())
    }

    /// Cancels a contract's plain orders at that time, or never, if nothing else is said until then.
    pub fn cancel_all_at(&mut self, symbol: &Symbol, at: Option<Millis>) {
        self.countdowns.retain(|(known, _)| known != symbol);
        self.countdowns.extend(at.map(|at| (symbol.clone(), at)));
    }

    /// Takes over what the plan changes in the book's ways.
    pub(super) fn follow_conditions(&mut self) {
        let (conditions, knobs) = (&self.faults.conditions, self.book.knobs());
        if knobs.liquidity != conditions.liquidity || knobs.trigger_ms != conditions.trigger_ms {
            let knobs = Knobs { liquidity: conditions.liquidity, trigger_ms: conditions.trigger_ms, ..knobs.clone() };
            self.book.set_knobs(knobs);
        }
    }

    /// Lets time pass in the book: countdowns run out, triggered orders arrive.
    pub(super) fn advance(&mut self, now: Millis) {
        while let Some(index) = self.countdowns.iter().position(|(_, at)| *at <= now) {
            let (symbol, at) = self.countdowns.remove(index);
            self.book.cancel_all(&symbol, at);
        }
        self.book.advance(now);
    }
}

/// What a wire asks while it answers.
impl Floor {
    /// A client id for an order that came without one.
    pub fn made_up_id(&self) -> String {
        let known = self.book.all_orders().count() + self.book.all_conditionals().count();
        format!("{MADE_UP}{}_{known}", self.log.dropped + self.log.entries.len() as u64)
    }

    /// Whether nobody sent this name: exchanges show such an order without one, or with one of their own.
    pub fn is_made_up(id: &str) -> bool {
        id.starts_with(MADE_UP)
    }

    /// The name of an order if somebody sent it, else nothing.
    pub fn sent_name(id: &str) -> &str {
        if Floor::is_made_up(id) { "" } else { id }
    }

    /// Notes the error code of an answer, or of an element of it, for the log. The first one is kept.
    pub fn note_code(&mut self, code: impl ToString) {
        self.noted_code.get_or_insert_with(|| code.to_string());
    }

    /// How one order of a batch (counted from 0) must be refused, if it must. Only once.
    pub fn refused_element(&mut self, index: usize) -> Option<Refusal> {
        self.refused_element.take_if(|(at, _)| *at == index).map(|(_, refusal)| refusal)
    }

    /// The budget that all accounts at this address share.
    pub fn address(&self) -> MutexGuard<'_, Address> {
        self.address.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A time as the exchange's own clock tells it.
    pub fn shown(&self, at: Millis) -> Millis {
        at.saturating_add_signed(self.faults.conditions.clock_skew_ms)
    }

    /// A time by the exchange's clock, in true time.
    pub fn true_time(&self, shown: Millis) -> Millis {
        shown.saturating_add_signed(-self.faults.conditions.clock_skew_ms)
    }

    /// Whether an order placed at that time can be found and listed already.
    pub fn is_visible(&self, created: Millis, now: Millis) -> bool {
        created + self.faults.conditions.late_orders_ms <= now
    }

    /// Whether an order waited for its price at that time, which is what late reads of stops and targets show.
    pub fn waited(&self, order: &Conditional, at: Millis) -> bool {
        let waits = matches!(order.status, ConditionalStatus::New | ConditionalStatus::Triggering);
        let executed = order.child.and_then(|number| self.book.order_by_number(number));
        order.created <= at && (waits || executed.map_or(order.updated, |child| child.created) > at)
    }

    /// Executions of a plain order, oldest first.
    pub fn trades_of(&self, number: u64) -> impl Iterator<Item = &Trade> {
        self.book.trades().iter().filter(move |trade| trade.order == number)
    }

    /// What a read of positions sees of one side: quantity and average price, those of a moment ago if reads lag.
    pub fn seen(&self, symbol: &Symbol, side: Side, now: Millis) -> (Decimal, Decimal) {
        let Some(held) = self.book.market(symbol).map(|market| market.held(side)) else { return Default::default() };
        let (mut qty, mut entry) = (held.qty, held.entry_price);
        let late_ms = self.faults.conditions.late_positions_ms;
        let recent = self.book.trades().iter().rev().take_while(|trade| trade.at + late_ms > now);
        for trade in recent.filter(|trade| trade.symbol == *symbol && trade.side == side) {
            qty += if trade.opening { -trade.qty } else { trade.qty };
            entry = trade.entry_before;
        }
        (qty, entry)
    }

    /// When one side last changed, as far as reads of positions see it, by the exchange's clock; 0 for never.
    pub fn changed_at(&self, symbol: &Symbol, side: Side, now: Millis) -> Millis {
        let late_ms = self.faults.conditions.late_positions_ms;
        let mut mine = self.book.trades().iter().rev().filter(|trade| trade.symbol == *symbol && trade.side == side);
        mine.find(|trade| trade.at + late_ms <= now).map_or(0, |trade| self.shown(trade.at))
    }

    /// Whether a position of this side is there, and orders which protect it are not refused.
    pub fn is_held(&self, symbol: &Symbol, side: Side, now: Millis) -> bool {
        !self.book.position(symbol, side).is_zero() && !self.is_position_unseen(symbol, side, now)
    }

    /// Resting orders that can only take this side down, oldest first.
    pub fn reducing(&self, symbol: &Symbol, side: Side) -> impl Iterator<Item = &Order> {
        let closes = Effect { closes: Some(side), opens: None };
        self.book.open_orders().iter().filter(move |order| order.symbol == *symbol && order.effect() == closes)
    }

    /// How much of this side they have taken already.
    pub fn reserved(&self, symbol: &Symbol, side: Side) -> Decimal {
        self.reducing(symbol, side).map(Order::rest).sum()
    }

    /// What they leave of so much to be closed.
    pub fn free_to_close(&self, symbol: &Symbol, side: Side, qty: Decimal) -> Decimal {
        (qty - self.reserved(symbol, side)).max(Decimal::ZERO)
    }

    /// The worst price a market order takes, where it is a limit order at so large a share of the price from it.
    pub fn worst_price(&self, symbol: &Symbol, buy: bool, share: Decimal) -> Option<Decimal> {
        let price = self.book.market(symbol)?.last * if buy { Decimal::ONE + share } else { Decimal::ONE - share };
        sizing::floor_to(price, self.book.instrument(symbol.as_str()).ok()?.tick)
    }

    /// Whether a side was opened so lately that orders which protect it are still refused.
    pub fn is_position_unseen(&self, symbol: &Symbol, side: Side, now: Millis) -> bool {
        let unseen_ms = self.faults.conditions.unseen_position_ms;
        self.book.market(symbol).is_some_and(|market| {
            let held = market.held(side);
            !held.qty.is_zero() && held.since + unseen_ms > now
        })
    }
}
