//! The list of contracts, with those that nobody here should trade.

use perphook::market::{Decimal, Instrument, Symbol};
use serde_json::{Value, json};

use super::super::contracts;
use super::super::json::join;
use super::ask::{Ask, done, found};
use super::fail::Fail;
use super::rows::real;

const LEVERAGE_MAX: u32 = 100;
/// Number of the first contract in the list.
const CODE: usize = 41541;

/// At least so many contracts. Those of bundled coins have a small `u` before their names.
pub fn instruments(wanted: usize) -> Vec<Instrument> {
    contracts::list(wanted).into_iter().map(renamed).collect()
}

fn renamed(one: Instrument) -> Instrument {
    let prefix = if bundle(&one.base).is_some() { "u" } else { "" };
    // One largest quantity for all kinds of orders, and one smallest value for all contracts.
    Instrument {
        symbol: Symbol::new(&format!("{prefix}{}", one.symbol.as_str())),
        max_qty: one.market_max_qty,
        min_notional: Decimal::ONE,
        max_leverage: one.max_leverage.min(LEVERAGE_MAX),
        ..one
    }
}

/// How many coins are bundled, and which.
fn bundle(base: &str) -> Option<(&str, &str)> {
    let coin = base.trim_start_matches(|letter: char| letter.is_ascii_digit());
    base.strip_suffix(coin).filter(|count| !count.is_empty() && !coin.is_empty()).map(|count| (count, coin))
}

/// `GET /public/products`
pub fn products(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let listed = ask.floor.book.instruments();
    let rows = listed.iter().enumerate().map(|(index, one)| row(one, CODE + 100 * index));
    let rows: Vec<Value> = rows.chain(strangers()).collect();
    let limits = listed.iter().map(|one| {
        let step = json!({"limit": 2_000_000, "initialMarginRr": "0.01", "maintenanceMarginRr": "0.005"});
        json!({"symbol": one.symbol.as_str(), "steps": "2000K", "riskLimits": [step]})
    });
    Ok(done(&json!({
        "currencies": [currency("USDT", "TetherUS", 3), currency("BTC", "Bitcoin", 1)], "products": [], "perpProductsV2": rows,
        "riskLimits": [], "leverages": [], "riskLimitsV2": limits.collect::<Vec<Value>>(), "leveragesV2": [], "leverageMargins": [],
        "ratioScale": 8, "md5Checksum": "0",
    })))
}

/// `GET /v1/exchange/public/products`
pub fn nothing(_: &mut Ask<'_>) -> Result<Value, Fail> {
    Ok(found(&json!([])))
}

fn row(one: &Instrument, code: usize) -> Value {
    let name = one.symbol.as_str();
    let base = bundle(&one.base).map_or_else(|| one.base.to_string(), |(count, coin)| format!("{count} {coin}"));
    let (places, digits) = (one.tick.normalize().scale(), one.lot_step.normalize().scale());
    let head = json!({
        "symbol": name, "code": code, "type": "PerpetualV2", "displaySymbol": format!("{} / USDT", one.base),
        "indexSymbol": format!(".{name}"), "markSymbol": format!(".M{name}"), "fundingRateSymbol": format!(".{name}FR"),
        "fundingRate8hSymbol": format!(".{name}FR8H"), "contractUnderlyingAssets": base, "settleCurrency": "USDT",
        "quoteCurrency": "USDT", "tickSize": real(one.tick), "priceScale": 0, "ratioScale": 0, "pricePrecision": places,
        "baseCurrency": base, "description": "", "status": "Listed", "tipOrderQty": 0, "listTime": 1_668_225_600_000_u64,
    });
    let rules = json!({
        "majorSymbol": false, "defaultLeverage": "-10", "fundingInterval": 28800, "maxLeverage": one.max_leverage, "leverageMargin": 1036,
        "maxOI": -1, "maxOrderQtyRq": real(one.max_qty), "maxPriceRp": real(one.tick * Decimal::from(100_000_000)),
        "minOrderValueRv": real(one.min_notional), "minPriceRp": real(one.tick), "qtyPrecision": digits,
        "qtyStepSize": real(one.lot_step), "tipOrderQtyRq": real(one.max_qty), "maxOpenPosLeverage": one.max_leverage,
        "perpProductSubType": "Normal",
    });
    join(head, rules)
}

/// Contracts quoted in another currency, and one that is over.
fn strangers() -> Vec<Value> {
    let [quoted, over] = [("BTCUSDC", "USDC", "Listed"), ("LUNAUSDT", "USDT", "Delisted")].map(|(name, coin, status)| {
        let one = Instrument {
            symbol: Symbol::new(name),
            base: name.trim_end_matches(coin).into(),
            settle: coin.into(),
            tick: Decimal::new(1, 1),
            contract_size: Decimal::ONE,
            lot_step: Decimal::new(1, 3),
            min_qty: Decimal::new(1, 3),
            max_qty: Decimal::ONE_HUNDRED,
            market_lot_step: Decimal::new(1, 3),
            market_max_qty: Decimal::ONE_HUNDRED,
            min_notional: Decimal::ONE,
            max_leverage: 50,
            closed: None,
        };
        let other =
            json!({"settleCurrency": coin, "quoteCurrency": coin, "displaySymbol": format!("{} / {coin}", one.base), "status": status});
        join(row(&one, 100), other)
    });
    vec![quoted, over]
}

fn currency(name: &str, long: &str, code: u8) -> Value {
    json!({
        "currency": name, "name": long, "code": code, "valueScale": 8, "minValueEv": 1, "maxValueEv": 5_000_000_000_000_000_000_u64,
        "needAddrTag": 0, "status": "Listed", "displayCurrency": name, "inAssetsDisplay": 1, "perpetual": if name == "USDT" { 2 } else { 0 },
        "stableCoin": u8::from(name == "USDT"), "assetsPrecision": 8,
    })
}
