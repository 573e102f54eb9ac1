//! Contracts and the rules their orders must keep.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Decimal;

/// A contract's name as its exchange writes it. Cheap to clone.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Symbol(Arc<str>);

impl Symbol {
    /// Wraps a native name.
    pub fn new(name: &str) -> Symbol {
        Symbol(Arc::from(name))
    }

    /// The native name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One perpetual contract. All limits are in base coin or quote coin; zero means "no such rule".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instrument {
    /// Native name.
    pub symbol: Symbol,
    /// Base coin (`ETH`, `1000PEPE`).
    pub base: Arc<str>,
    /// Settle coin (`USDT`).
    pub settle: Arc<str>,
    /// Prices are multiples of this.
    pub tick: Decimal,
    /// Base coin in one contract; one where the exchange counts in coins.
    pub contract_size: Decimal,
    /// Quantities of limit orders are multiples of this.
    pub lot_step: Decimal,
    /// Smallest quantity of a limit order.
    pub min_qty: Decimal,
    /// Largest quantity of a limit order.
    pub max_qty: Decimal,
    /// Quantities of market orders are multiples of this.
    pub market_lot_step: Decimal,
    /// Largest quantity of one market order; bigger ones are split.
    pub market_max_qty: Decimal,
    /// Smallest price × quantity of an opening order.
    pub min_notional: Decimal,
    /// Largest leverage; zero when unknown.
    pub max_leverage: u32,
    /// Why orders are not taken now; `None` while it trades.
    pub closed: Option<Arc<str>>,
}

impl Instrument {
    /// Base coin → contracts. A quantity on the lot step comes out without a remainder. `None` when the digits do not fit.
    pub fn contracts(&self, qty: Decimal) -> Option<Decimal> {
        qty.checked_div(self.contract_size)
    }

    /// Contracts → base coin. `None` when the digits do not fit.
    pub fn coins(&self, contracts: Decimal) -> Option<Decimal> {
        contracts.checked_mul(self.contract_size)
    }
}

/// The contracts of one exchange, sorted by name. Built once, shared between the worker and the desk.
#[derive(Clone, Debug, Default)]
pub struct Instruments {
    list: Vec<Instrument>,
}

impl Instruments {
    /// Sorts the list; a later duplicate of a name is dropped.
    pub fn new(mut list: Vec<Instrument>) -> Instruments {
        list.sort_by(|a, b| a.symbol.cmp(&b.symbol));
        list.dedup_by(|a, b| a.symbol == b.symbol);
        list.shrink_to_fit();
        Instruments { list }
    }

    /// Finds a contract by its native name.
    pub fn get(&self, name: &str) -> Option<&Instrument> {
        let at = self.list.binary_search_by(|candidate| candidate.symbol.as_str().cmp(name)).ok()?;
        self.list.get(at)
    }

    /// Finds a contract by base and settle coin.
    pub fn by_coins(&self, base: &str, settle: &str) -> Option<&Instrument> {
        self.list.iter().find(|candidate| &*candidate.base == base && &*candidate.settle == settle)
    }

    /// All of them, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = &Instrument> {
        self.list.iter()
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none was loaded.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

#[cfg(test)]
impl Instrument {
    /// ETHUSDT's rules at Binance, for tests.
    pub(crate) fn sample() -> Instrument {
        let decimal = |text: &str| text.parse().unwrap();
        Instrument {
            symbol: Symbol::new("ETHUSDT"),
            base: Arc::from("ETH"),
            settle: Arc::from("USDT"),
            tick: decimal("0.01"),
            contract_size: Decimal::ONE,
            lot_step: decimal("0.001"),
            min_qty: decimal("0.001"),
            max_qty: decimal("10000"),
            market_lot_step: decimal("0.001"),
            market_max_qty: decimal("2000"),
            min_notional: decimal("20"),
            max_leverage: 100,
            closed: None,
        }
    }
}
