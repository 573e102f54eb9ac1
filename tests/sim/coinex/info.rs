//! Contracts: their steps, the leverages that are allowed, and the list that clients read.

use perphook::market::{Decimal, Instrument};
use serde_json::{Value, json};

use super::super::contracts;
use super::super::floor::Floor;
use super::super::json::text;

/// The only leverages there are.
const LEVERAGES: [u32; 11] = [1, 2, 3, 5, 8, 10, 15, 20, 30, 50, 100];
const LEVERAGE_MAX: u32 = 100;
/// The highest of contracts that count in thousands of coins.
const THOUSANDS_LEVERAGE_MAX: u32 = 20;
/// Coins whose tick and least quantity are not those of other exchanges.
const OWN: [(&str, Decimal, Decimal); 2] = [
    ("BTC", Decimal::from_parts(1, 0, 0, false, 2), Decimal::from_parts(1, 0, 0, false, 4)),
    ("ETH", Decimal::from_parts(1, 0, 0, false, 2), Decimal::from_parts(5, 0, 0, false, 3)),
];
/// The step of quantities, but of those that are counted in whole coins.
const STEP: Decimal = Decimal::from_parts(1, 0, 0, false, 8);
/// A contract whose row is of the time before there was a word on trading through the API.
const OLDER: &str = "SOLUSDT";
/// Contracts that are listed and that nobody may take for one of his: name, kind, base, quote, status, available, through
/// the API.
const OTHERS: [(&str, &str, &str, &str, &str, bool, bool); 4] = [
    ("BTCUSD", "inverse", "BTC", "USD", "online", true, true),
    ("LUNAUSDT", "linear", "LUNA", "USDT", "online", false, true),
    ("NEWUSDT", "linear", "NEW", "USDT", "counting_down", true, true),
    ("APPUSDT", "linear", "APP", "USDT", "online", true, false),
];

/// At least so many contracts, sized as here.
pub fn instruments(wanted: usize) -> Vec<Instrument> {
    contracts::list(wanted).into_iter().map(sized).collect()
}

fn sized(one: Instrument) -> Instrument {
    let own = OWN.iter().find(|(coin, ..)| *coin == &*one.base);
    let lot_step = if one.lot_step < Decimal::ONE { STEP } else { Decimal::ONE };
    Instrument {
        tick: own.map_or(one.tick, |(_, tick, _)| *tick),
        lot_step,
        min_qty: own.map_or(one.min_qty, |(_, _, least)| *least),
        // The list tells neither a greatest quantity nor a least value.
        max_qty: Decimal::ZERO,
        market_lot_step: lot_step,
        market_max_qty: Decimal::ZERO,
        min_notional: Decimal::ZERO,
        max_leverage: if one.base.starts_with("1000") { THOUSANDS_LEVERAGE_MAX } else { LEVERAGE_MAX },
        ..one
    }
}

fn leverages(max: u32) -> Vec<String> {
    LEVERAGES.iter().filter(|leverage| **leverage <= max).map(u32::to_string).collect()
}

/// Whether a contract may have this leverage.
pub fn is_listed(leverage: u32, max: u32) -> bool {
    leverage <= max && LEVERAGES.contains(&leverage)
}

/// Whether a name is that of a contract that is listed and not simulated.
pub fn is_other(name: &str) -> bool {
    OTHERS.iter().any(|(known, ..)| *known == name)
}

/// The rows of all contracts.
pub fn rows(floor: &Floor) -> Vec<Value> {
    let own = floor.book.instruments().iter().map(|one| row(floor, one));
    own.chain(OTHERS.iter().map(other)).collect()
}

/// The row of a contract that can be traded. The tick is what counts: the precision of the quote coin may be finer.
fn row(floor: &Floor, one: &Instrument) -> Value {
    let digits = one.tick.normalize().scale();
    let is_exact = OWN.iter().any(|(coin, ..)| *coin == &*one.base);
    let knobs = floor.book.knobs();
    let mut row = json!({"market": one.symbol.as_str(), "contract_type": "linear", "taker_fee_rate": text(knobs.taker_fee),
        "maker_fee_rate": text(knobs.maker_fee), "min_amount": text(one.min_qty), "base_ccy": &*one.base, "quote_ccy": "USDT",
        "base_ccy_precision": one.lot_step.normalize().scale(), "quote_ccy_precision": if is_exact { digits } else { digits + 1 },
        "tick_size": text(one.tick), "is_market_available": true, "is_copy_trading_available": true,
        "is_api_trading_available": true, "status": "online", "delisted_at": 0, "leverage": leverages(one.max_leverage),
        "open_interest_volume": "100"});
    if let Some(row) = row.as_object_mut().filter(|_| one.symbol.as_str() == OLDER) {
        row.remove("is_api_trading_available");
    }
    row
}

fn other(&(name, kind, base, quote, status, available, by_api): &(&str, &str, &str, &str, &str, bool, bool)) -> Value {
    json!({"market": name, "contract_type": kind, "taker_fee_rate": "0.0005", "maker_fee_rate": "0.0003", "min_amount": "10",
        "base_ccy": base, "quote_ccy": quote, "base_ccy_precision": 0, "quote_ccy_precision": 1, "tick_size": "0.1",
        "is_market_available": available, "is_copy_trading_available": false, "is_api_trading_available": by_api, "status": status,
        "delisted_at": 0, "leverage": leverages(LEVERAGE_MAX), "open_interest_volume": "100"})
}
