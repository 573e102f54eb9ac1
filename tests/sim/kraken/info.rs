//! Contracts: their names, steps with more or fewer digits than none, and the list that clients read.

use std::sync::Arc;

use perphook::market::{Decimal, Instrument, Symbol};
use serde_json::{Value, json};

use super::super::contracts;
use super::super::json::join;
use super::rows::number;

/// Coins whose tick and number of digits of a size are not those of other exchanges: coin, tick (digits and scale), digits.
const OWN: [(&str, (i64, u32), i32); 2] = [("BTC", (1, 0), 4), ("ETH", (1, 1), 3)];
const LEVERAGE_MAX: u32 = 50;
/// Contracts that are listed and that nobody may take for one of his: name, kind, pair, last trading time, whether it trades.
const OTHERS: [(&str, &str, &str, &str, bool); 4] = [
    ("PI_XBTUSD", "futures_inverse", "BTC:USD", "", true),
    ("FF_XBTUSD_271231", "flexible_futures", "BTC:USD", "2027-12-31T16:00:00.000Z", true),
    ("PF_LUNAUSD", "flexible_futures", "LUNA:USD", "", false),
    // Kinds that came later arrive like this.
    ("PF_NEWUSD", "unknown", "NEW:USD", "", false),
];

/// At least so many contracts, named and sized as here.
pub fn instruments(wanted: usize) -> Vec<Instrument> {
    contracts::list(wanted).into_iter().map(renamed).collect()
}

fn renamed(one: Instrument) -> Instrument {
    // No contract counts in thousands of coins here: the price is that of a single one.
    let (base, factor) = match one.base.strip_prefix("1000") {
        Some(base) => (Arc::from(base), Decimal::ONE_THOUSAND),
        None => (Arc::clone(&one.base), Decimal::ONE),
    };
    let own = OWN.iter().find(|(coin, ..)| *coin == &*base);
    let tick = own.map_or(one.tick / factor, |(_, (digits, scale), _)| Decimal::new(*digits, *scale));
    let step = own.map_or(one.lot_step * factor, |(_, _, digits)| Decimal::new(1, digits.unsigned_abs()));
    // There is a bound of the position and none of an order.
    let max = one.max_qty * factor;
    Instrument {
        symbol: Symbol::new(&format!("PF_{}USD", id_of(&base))),
        settle: Arc::from("USD"),
        tick,
        lot_step: step,
        min_qty: step,
        max_qty: max,
        market_lot_step: step,
        market_max_qty: max,
        min_notional: Decimal::ZERO,
        max_leverage: one.max_leverage.min(LEVERAGE_MAX),
        base,
        ..one
    }
}

/// A coin as the names of contracts have it.
fn id_of(base: &str) -> &str {
    if base == "BTC" { "XBT" } else { base }
}

/// Decimals of a size; below zero where it counts in thousands.
fn digits(step: Decimal) -> i64 {
    if step < Decimal::ONE {
        return i64::from(step.normalize().scale());
    }
    let (mut digits, mut left) = (0, step);
    while left >= Decimal::TEN {
        left /= Decimal::TEN;
        digits -= 1;
    }
    digits
}

/// The row of a contract that can be traded.
pub fn row(one: &Instrument) -> Value {
    let (initial, half) = (Decimal::ONE / Decimal::from(one.max_leverage.max(1)), Decimal::TWO);
    let level = |from: i64, times: Decimal| json!({"numNonContractUnits": from, "initialMargin": number(initial * times), "maintenanceMargin": number(initial * times / half)});
    let levels = json!([level(0, Decimal::ONE), level(2_000_000, Decimal::TWO)]);
    let head = head(one.symbol.as_str(), "flexible_futures", &format!("{}:USD", one.base), true);
    let own = json!({"tickSize": number(one.tick), "contractValueTradePrecision": digits(one.lot_step), "marginLevels": levels,
        "retailMarginLevels": levels, "maxPositionSize": number(one.max_qty), "makerProtectionMillis": 20});
    join(head, own)
}

/// The rows of contracts that are no business of a client who trades perpetuals here.
pub fn others() -> Vec<Value> {
    let row = |&(name, kind, pair, until, trades): &(&str, &str, &str, &str, bool)| {
        let row = head(name, kind, pair, trades);
        if until.is_empty() { row } else { join(row, json!({"lastTradingTime": until})) }
    };
    OTHERS.iter().map(row).collect()
}

/// Whether a name is that of a contract that is listed and not simulated.
pub fn is_other(name: &str) -> bool {
    OTHERS.iter().any(|(known, ..)| *known == name)
}

fn head(name: &str, kind: &str, pair: &str, trades: bool) -> Value {
    let (base, quote) = pair.split_once(':').unwrap_or((pair, "USD"));
    let level = json!([{"numNonContractUnits": 0, "initialMargin": 0.1, "maintenanceMargin": 0.05}]);
    json!({"symbol": name, "type": kind, "tickSize": 0.5, "contractSize": 1, "tradeable": trades, "impactMidSize": 1.5,
        "maxPositionSize": 1_000_000.0, "openingDate": "2022-03-22T13:18:45Z", "marginLevels": level, "retailMarginLevels": level,
        "fundingRateCoefficient": 24, "maxRelativeFundingRate": 0.0025, "isin": "GB00BQ84K502", "contractValueTradePrecision": 0,
        "postOnly": false, "feeScheduleUid": "723888f7-0a8e-4183-8648-f920a22339e3", "mtf": true, "tradfi": false, "base": base,
        "quote": quote, "pair": pair, "category": "Layer 1", "tags": []})
}
