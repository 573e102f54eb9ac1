//! The contracts the paper exchange offers: rules after Binance's, and a base price for the walk.

use std::sync::Arc;

use crate::market::{Decimal, Instrument, Instruments, Symbol};

/// One line of the list: base coin, tick, step (also the smallest quantity), largest limit and market quantity,
/// smallest value in USDT, highest leverage, base price.
type Line = (&'static str, Num, Num, i64, i64, i64, u32, Num);
/// Digits and scale of a decimal.
type Num = (i64, u32);

const LIST: [Line; 20] = [
    ("BTC", (1, 1), (1, 3), 1_000, 120, 50, 125, (50_000, 0)),
    ("ETH", (1, 2), (1, 3), 10_000, 2_000, 20, 125, (3_000, 0)),
    ("SOL", (1, 2), (1, 2), 1_000_000, 20_000, 5, 100, (150, 0)),
    ("BNB", (1, 2), (1, 2), 100_000, 2_000, 5, 75, (600, 0)),
    ("XRP", (1, 4), (1, 1), 10_000_000, 2_000_000, 5, 75, (2, 0)),
    ("DOGE", (1, 5), (1, 0), 50_000_000, 30_000_000, 5, 75, (2, 1)),
    ("ADA", (1, 4), (1, 0), 20_000_000, 3_000_000, 5, 75, (6, 1)),
    ("AVAX", (1, 3), (1, 0), 1_000_000, 100_000, 5, 75, (25, 0)),
    ("LINK", (1, 3), (1, 2), 1_000_000, 200_000, 20, 75, (15, 0)),
    ("LTC", (1, 2), (1, 3), 100_000, 5_000, 20, 75, (100, 0)),
    ("DOT", (1, 3), (1, 1), 10_000_000, 200_000, 5, 75, (4, 0)),
    ("BCH", (1, 2), (1, 3), 10_000, 1_000, 20, 75, (500, 0)),
    ("TRX", (1, 5), (1, 0), 50_000_000, 10_000_000, 5, 75, (3, 1)),
    ("UNI", (1, 3), (1, 0), 1_000_000, 100_000, 5, 75, (8, 0)),
    ("ATOM", (1, 3), (1, 2), 1_000_000, 100_000, 5, 75, (5, 0)),
    ("NEAR", (1, 3), (1, 0), 5_000_000, 500_000, 5, 75, (25, 1)),
    ("SUI", (1, 4), (1, 1), 10_000_000, 500_000, 5, 75, (3, 0)),
    ("ASTER", (1, 5), (1, 0), 10_000_000, 1_000_000, 5, 75, (12, 1)),
    ("1000PEPE", (1, 7), (1, 0), 100_000_000, 50_000_000, 5, 75, (1, 2)),
    ("1000SHIB", (1, 6), (1, 0), 100_000_000, 50_000_000, 5, 75, (12, 3)),
];

/// All contracts, settled in USDT.
pub fn instruments() -> Instruments {
    Instruments::new(LIST.iter().map(instrument).collect())
}

/// The price the walk swings round, for a contract of the list.
pub fn base_price(symbol: &str) -> Option<Decimal> {
    let base = symbol.strip_suffix("USDT")?;
    LIST.iter().find(|line| line.0 == base).map(|line| number(line.7))
}

fn instrument(line: &Line) -> Instrument {
    let &(base, tick, step, max_qty, market_max_qty, min_notional, max_leverage, _) = line;
    Instrument {
        symbol: Symbol::new(&format!("{base}USDT")),
        base: Arc::from(base),
        settle: Arc::from("USDT"),
        tick: number(tick),
        contract_size: Decimal::ONE,
        lot_step: number(step),
        min_qty: number(step),
        max_qty: Decimal::from(max_qty),
        market_lot_step: number(step),
        market_max_qty: Decimal::from(market_max_qty),
        min_notional: Decimal::from(min_notional),
        max_leverage,
        closed: None,
    }
}

fn number((digits, scale): Num) -> Decimal {
    Decimal::new(digits, scale)
}
