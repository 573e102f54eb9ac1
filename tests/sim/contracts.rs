//! What can be traded: the same coins on every simulated exchange.

use std::sync::Arc;

use perphook::exchange::paper::contracts;
use perphook::market::{Decimal, Instrument, Symbol};

/// The built-in contracts, filled up with made-up ones to a number. Names are `BTCUSDT`, sizes in coins; a wire gives
/// them the names and sizes of its exchange.
pub fn list(count: usize) -> Vec<Instrument> {
    let mut list: Vec<Instrument> = contracts::instruments().iter().cloned().collect();
    list.extend((list.len()..count).map(|index| {
        let base = format!("COIN{index}");
        Instrument {
            contract_size: Decimal::ONE,
            symbol: Symbol::new(&format!("{base}USDT")),
            base: Arc::from(base.as_str()),
            settle: Arc::from("USDT"),
            tick: Decimal::new(1, 4),
            lot_step: Decimal::new(1, 1),
            min_qty: Decimal::new(1, 1),
            max_qty: Decimal::from(1_000_000),
            market_lot_step: Decimal::new(1, 1),
            market_max_qty: Decimal::from(100_000),
            min_notional: Decimal::from(5),
            max_leverage: 50,
            closed: None,
        }
    }));
    list
}

/// What a coin costs at first: as on the paper exchange, a thousandth of that where it counts thousands of them, and 10
/// for made-up coins.
pub fn base_price(base: &str) -> Decimal {
    let known = |name: String| contracts::base_price(&name);
    let thousand = || known(format!("1000{base}USDT")).map(|price| price / Decimal::ONE_THOUSAND);
    known(format!("{base}USDT")).or_else(thousand).unwrap_or(Decimal::TEN)
}
