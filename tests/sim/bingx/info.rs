//! Contracts. Their precisions are numbers of decimals, their size means nothing, and their leverage may be missing or
//! stale.

use perphook::market::{Decimal, Instrument, Symbol};
use serde_json::{Value, json};

use super::super::contracts;
use super::fail::{self, Fail};
use super::rows::bare;

/// Value of the smallest order, in USDT.
const MIN_USDT: i64 = 2;
/// What stale rows say of leverage.
const STALE_LEVERAGE: u32 = 125;

/// Listed beside those of use: symbol, coin, currency, status, whether positions may be opened and closed.
const OTHERS: [(&str, &str, &str, i64, bool, bool); 4] = [
    ("BTC-USDC", "BTC", "USDC", 1, true, true),
    ("LUNA-USDT", "LUNA", "USDT", 0, false, false),
    ("SOON-USDT", "SOON", "USDT", 5, false, false),
    ("OLD-USDT", "OLD", "USDT", 25, false, true),
];

/// Why one of the others takes no orders, if it is one.
pub fn other(name: &str) -> Option<Fail> {
    let (name, _, currency, status, ..) = OTHERS.iter().find(|one| one.0 == name)?;
    Some(match (*currency, *status) {
        ("USDC", _) => Fail::new(100_421, "This pair is currently restricted from API trading"),
        (_, 25) => Fail::new(101_415, format!("Trading of {name} is suspended")),
        _ => fail::order(perphook::exchange::paper::Denial::NotTrading),
    })
}

/// At least so many contracts, named as here; those of the documentation have its precisions.
pub fn instruments(wanted: usize) -> Vec<Instrument> {
    contracts::list(wanted).into_iter().map(renamed).collect()
}

fn renamed(one: Instrument) -> Instrument {
    let (step, min_qty) = match &*one.base {
        "BTC" => (Decimal::new(1, 4), Decimal::new(1, 4)),
        "ETH" => (Decimal::new(1, 2), Decimal::new(1, 2)),
        "1000PEPE" => (Decimal::ONE, Decimal::ONE_HUNDRED),
        _ => (one.lot_step, one.min_qty),
    };
    let symbol = Symbol::new(&format!("{}-{}", one.base, one.settle));
    Instrument { symbol, lot_step: step, market_lot_step: step, min_qty, min_notional: Decimal::from(MIN_USDT), ..one }
}

/// All that are listed, or the one that is named.
pub fn list<'a>(instruments: impl Iterator<Item = &'a Instrument>, only: Option<&str>) -> Value {
    let ours = instruments.enumerate().map(|(index, one)| contract(index, one));
    let others = OTHERS.iter().enumerate().map(|(index, one)| closed(index, one));
    ours.chain(others).filter(|row| only.is_none_or(|name| row.get("symbol").and_then(Value::as_str) == Some(name))).collect()
}

fn contract(index: usize, one: &Instrument) -> Value {
    let (qty_digits, price_digits) = (one.lot_step.normalize().scale(), one.tick.normalize().scale());
    let mut row = row(index, one.symbol.as_str(), (&one.base, &one.settle), (qty_digits, price_digits), bare(one.min_qty));
    let leverage = match &*one.base {
        "XRP" => None,
        "DOGE" => Some(STALE_LEVERAGE),
        _ => Some(one.max_leverage),
    };
    if let (Some(leverage), Some(row)) = (leverage, row.as_object_mut()) {
        row.extend(["maxLongLeverage", "maxShortLeverage"].map(|name| (name.to_owned(), json!(leverage))));
    }
    row
}

fn row(index: usize, symbol: &str, (asset, currency): (&str, &str), (qty, price): (u32, u32), min_qty: Value) -> Value {
    json!({
        "contractId": (100 + index).to_string(), "symbol": symbol, "size": "0", "quantityPrecision": qty, "pricePrecision": price,
        "feeRate": 0.0005, "makerFeeRate": 0.0002, "takerFeeRate": 0.0005, "tradeMinLimit": 0, "tradeMinQuantity": min_qty,
        "tradeMinUSDT": MIN_USDT, "currency": currency, "asset": asset, "status": 1, "apiStateOpen": "true", "apiStateClose": "true",
        "ensureTrigger": true, "triggerFeeRate": "0.00020000", "brokerState": false, "launchTime": 1_586_275_200_000_u64,
        "maintainTime": 0, "offTime": 0, "displayName": symbol,
    })
}

fn closed(index: usize, &(symbol, asset, currency, status, opens, closes): &(&str, &str, &str, i64, bool, bool)) -> Value {
    let mut row = row(9000 + index, symbol, (asset, currency), (4, 1), json!(0.0001));
    if let Some(row) = row.as_object_mut() {
        row.insert("status".to_owned(), json!(status));
        row.insert("apiStateOpen".to_owned(), json!(opens.to_string()));
        row.insert("apiStateClose".to_owned(), json!(closes.to_string()));
    }
    row
}
