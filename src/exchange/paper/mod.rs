//! The exchange inside this process: no account, no keys, no money, and the same refusals as a real one.
//!
//! [`Book`] is the engine (pure); this file puts it behind the trait: prices from the walk or from a real market, the book
//! saved after every change. What happened in memory is never taken back because the disk failed: it is logged and
//! written with the next call.

mod adapter;
mod book;
mod conditional;
pub mod contracts;
mod knobs;
mod limits;
mod market;
mod matching;
mod order;
mod settings;
mod shelf;
mod store;
#[cfg(test)]
mod tests;
pub mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

pub use adapter::CAPABILITIES;
pub use book::{Book, CONDITIONALS_MAX, OPEN_ORDERS_MAX, PRICE_MAX, QTY_MAX, START_BALANCE};
pub use knobs::{Knobs, Oversized};
pub use market::{Held, Market};
pub use order::{
    Amount, AttachedStop, Conditional, ConditionalStatus, Denial, Effect, NakedSpan, NewConditional, NewPlain, Obstacle, Order,
    TimeInForce, Trade,
};

pub use super::Second;
use super::{Clock, Exchange};
use crate::market::{Decimal, Instruments, Millis, SECOND_MS, Symbol, sizing};
use store::Store;
use walk::Walk;

/// Ended orders and executions the saved book remembers.
const HISTORY_MAX: usize = 500;

/// Where prices come from.
pub enum Prices {
    /// The walk inside this process.
    Walk,
    /// A real market; only its contracts and public prices are asked for.
    Live(Box<dyn Exchange>),
}

/// Why the paper exchange cannot start, or did not take a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaperError {
    /// The saved book cannot be read.
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        detail: String,
    },
    /// The saved book was written by a later release.
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        version: u32,
    },
    /// The file system refused.
    Disk {
        /// The file.
        path: PathBuf,
        /// What it said.
        detail: String,
    },
    /// The price was not taken.
    Price(Denial),
}

impl fmt::Display for PaperError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PaperError::Damaged { path, detail } => {
                write!(f, "the saved paper book {} is damaged ({detail}); move it away to begin anew", path.display())
            }
            PaperError::Newer { path, version } => {
                write!(f, "the saved paper book {} has format {version}, written by a later release", path.display())
            }
            PaperError::Disk { path, detail } => write!(f, "the paper book {} cannot be read or written: {detail}", path.display()),
            PaperError::Price(denial) => write!(f, "price not taken: {denial}"),
        }
    }
}

impl std::error::Error for PaperError {}

/// What connection and handle share.
struct Shared {
    book: Book,
    walk: Option<Walk>,
    pinned: BTreeSet<Symbol>,
    store: Store,
}

impl Shared {
    /// Moves the walk on.
    fn pass(&mut self, now: Millis) {
        if let Some(walk) = &mut self.walk {
            walk.advance(&mut self.book, &self.pinned, now);
        }
        self.book.advance(now);
    }
}

/// A real market's prices.
struct Feed {
    source: Box<dyn Exchange>,
    asked: BTreeMap<Symbol, Millis>,
    is_loaded: bool,
}

/// The paper exchange, as an account sees it.
pub struct Paper {
    shared: Arc<Mutex<Shared>>,
    feed: Option<Feed>,
    clock: Clock,
}

/// Moves prices by hand, from any thread.
#[derive(Clone)]
pub struct PaperHandle {
    shared: Arc<Mutex<Shared>>,
    clock: Clock,
}

impl Paper {
    /// Starts with the book saved in `file`, or with a new one in the given position mode. A saved book keeps its mode.
    ///
    /// # Errors
    /// The file is there but cannot be read or understood.
    pub fn new(file: Option<PathBuf>, hedge: bool, prices: Prices, clock: Clock) -> Result<Paper, PaperError> {
        let store = Store::new(file);
        let knobs = Knobs { history_max: HISTORY_MAX, ..Knobs::default() };
        let instruments = Arc::new(contracts::instruments());
        let book = match store.load()? {
            Some(mut book) => {
                book.equip(instruments, knobs);
                book
            }
            None => Book::new(instruments, hedge, knobs),
        };
        let (walk, feed) = match prices {
            Prices::Walk => (Some(Walk::new(clock())), None),
            Prices::Live(source) => (None, Some(Feed { source, asked: BTreeMap::new(), is_loaded: false })),
        };
        let shared = Shared { book, walk, pinned: BTreeSet::new(), store };
        Ok(Paper { shared: Arc::new(Mutex::new(shared)), feed, clock })
    }

    /// The same for a look at the saved book: nothing is written, and no made-up price moves what is at work in it.
    ///
    /// # Errors
    /// As for [`Paper::new`].
    pub fn glance(file: PathBuf, prices: Prices, clock: Clock) -> Result<Paper, PaperError> {
        let paper = Paper::new(Some(file), false, prices, clock)?;
        {
            let mut shared = lock(&paper.shared);
            shared.store = Store::new(None);
            if shared.walk.is_some() {
                shared.pinned =
                    shared.book.markets().map(|(symbol, _)| symbol).filter(|symbol| shared.book.is_used(symbol)).cloned().collect();
            }
        }
        Ok(paper)
    }

    /// A handle to move prices with.
    pub fn handle(&self) -> PaperHandle {
        PaperHandle { shared: Arc::clone(&self.shared), clock: Arc::clone(&self.clock) }
    }

    /// Brings prices up to date, lets `act` work on the book, and saves what changed.
    fn act<T>(&mut self, touched: Option<&Symbol>, act: impl FnOnce(&mut Book, Millis) -> T) -> T {
        self.refresh(touched);
        let mut shared = lock(&self.shared);
        let now = (self.clock)();
        shared.pass(now);
        let result = act(&mut shared.book, now);
        let Shared { book, store, .. } = &mut *shared;
        if let Err(error) = store.save(book) {
            log::warn!("{error}");
        }
        result
    }

    /// Asks the real market for the prices of contracts in use, each at most once a second; a price that does not come
    /// leaves the last one. The book is not locked meanwhile.
    fn refresh(&mut self, touched: Option<&Symbol>) {
        let Some(feed) = &mut self.feed else { return };
        let now = (self.clock)();
        let wanted: Vec<Symbol> = {
            let shared = lock(&self.shared);
            let is_wanted = |symbol: &Symbol| shared.book.is_used(symbol) || touched == Some(symbol);
            let names = shared.book.instruments().iter().map(|instrument| &instrument.symbol);
            names.filter(|symbol| is_wanted(symbol) && !shared.pinned.contains(*symbol)).cloned().collect()
        };
        for symbol in wanted {
            if feed.asked.get(&symbol).is_some_and(|asked| now < asked + SECOND_MS) {
                continue;
            }
            feed.asked.insert(symbol.clone(), now);
            match feed.source.quote(&symbol) {
                Ok(quote) => {
                    let mut shared = lock(&self.shared);
                    let instrument = shared.book.instrument(symbol.as_str()).ok();
                    let price = instrument.and_then(|instrument| sizing::limit_price(instrument, quote.mid())).unwrap_or(quote.mid());
                    if let Err(denial) = shared.book.set_price(&symbol, price, now) {
                        log::warn!("paper: price of {symbol} not taken: {denial}");
                    }
                }
                Err(error) => log::warn!("paper: no price of {symbol}: {error}"),
            }
        }
    }

    /// With a real market's prices, its contracts are the ones that can be traded.
    fn load(&mut self, again: bool) -> super::Result<Arc<Instruments>> {
        if let Some(feed) = &mut self.feed
            && (again || !feed.is_loaded)
        {
            let instruments = feed.source.instruments()?;
            feed.is_loaded = true;
            let mut shared = lock(&self.shared);
            let knobs = shared.book.knobs().clone();
            shared.book.equip(instruments, knobs);
        }
        Ok(Arc::clone(lock(&self.shared).book.instruments()))
    }
}

impl PaperHandle {
    /// Moves a contract's price and lets everything happen that follows. From now on, until the next start, only hands
    /// move this price.
    ///
    /// # Errors
    /// The contract is unknown or the price absurd (nothing happened), or the book could not be saved (it happened).
    pub fn set_price(&self, symbol: &str, price: Decimal) -> Result<(), PaperError> {
        let mut shared = lock(&self.shared);
        let now = (self.clock)();
        shared.pass(now);
        let symbol = shared.book.instrument(symbol).map_err(PaperError::Price)?.symbol.clone();
        shared.book.set_price(&symbol, price, now).map_err(PaperError::Price)?;
        shared.pinned.insert(symbol);
        let Shared { book, store, .. } = &mut *shared;
        store.save(book)
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
