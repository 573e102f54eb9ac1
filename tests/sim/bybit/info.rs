//! The list of contracts, with those that nobody here should trade.

use perphook::market::{Decimal, Instrument};
use serde_json::{Value, json};

use super::ask::{Ask, Said};
use super::fail::{self, Fail};
use super::page;

const PAGE_DEFAULT: usize = 500;
const PAGE_MAX: usize = 1000;

/// `GET /v5/market/instruments-info`
pub fn instruments(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let wanted = ask.params.some("symbol");
    let is_live = ask.params.some("status").is_none_or(|status| status == "Trading");
    let listed = ask.floor.book.instruments();
    let rows = listed.iter().map(row).chain([usdc_contract(), dated_contract()]);
    let rows = rows.filter(|row| wanted.is_none_or(|name| row.get("symbol") == Some(&json!(name))));
    // Nothing is about to be listed.
    let rows: Vec<(page::Place, Value)> = rows.filter(|_| is_live).zip(0u64..).map(|(row, at)| ((u64::MAX - at, 0), row)).collect();
    if rows.is_empty() && is_live {
        return Err(fail::symbol_invalid());
    }
    let (list, cursor) = page::cut(ask.params, rows, PAGE_DEFAULT, PAGE_MAX);
    Ok(json!({"category": "linear", "list": list, "nextPageCursor": cursor}).into())
}

fn row(instrument: &Instrument) -> Value {
    json!({
        "symbol": instrument.symbol.as_str(), "contractType": "LinearPerpetual", "status": "Trading", "baseCoin": &*instrument.base,
        "quoteCoin": "USDT", "settleCoin": &*instrument.settle, "launchTime": "1615766400000", "deliveryTime": "0",
        "deliveryFeeRate": "", "priceScale": instrument.tick.scale().to_string(),
        "leverageFilter": {"minLeverage": "1", "maxLeverage": format!("{}.00", instrument.max_leverage), "leverageStep": "0.01"},
        "priceFilter": {"minPrice": instrument.tick, "maxPrice": instrument.tick * Decimal::from(19_999_998), "tickSize": instrument.tick},
        "lotSizeFilter": {
            "maxOrderQty": instrument.max_qty, "maxMktOrderQty": instrument.market_max_qty, "minOrderQty": instrument.min_qty,
            "qtyStep": instrument.lot_step, "postOnlyMaxOrderQty": instrument.max_qty, "minNotionalValue": instrument.min_notional,
        },
        "unifiedMarginTrade": true, "fundingInterval": 480, "copyTrading": "none", "upperFundingRate": "0.00375", "lowerFundingRate": "-0.00375",
        "isPreListing": false, "preListingInfo": null, "displayName": "", "symbolType": "", "symbolId": 1, "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    })
}

/// A contract of one coin under another name, settled in something else, or with an end.
fn stranger(symbol: &str, kind: &str, settle: &str, delivery: &str) -> Value {
    json!({
        "symbol": symbol, "contractType": kind, "status": "Trading", "baseCoin": "BTC", "quoteCoin": settle, "settleCoin": settle,
        "launchTime": "1615766400000", "deliveryTime": delivery, "deliveryFeeRate": "", "priceScale": "1",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "50.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.5", "maxPrice": "999999.0", "tickSize": "0.5"},
        "lotSizeFilter": {
            "maxOrderQty": "50.000", "maxMktOrderQty": "5.000", "minOrderQty": "0.001", "qtyStep": "0.001",
            "postOnlyMaxOrderQty": "50.000", "minNotionalValue": "5",
        },
        "unifiedMarginTrade": true, "fundingInterval": 480, "copyTrading": "none", "isPreListing": false, "preListingInfo": null,
        "riskParameters": {"priceLimitRatioX": "0.01", "priceLimitRatioY": "0.02"},
    })
}

fn usdc_contract() -> Value {
    stranger("BTCPERP", "LinearPerpetual", "USDC", "0")
}

fn dated_contract() -> Value {
    stranger("BTCUSDT-25DEC26", "LinearFutures", "USDT", "1798185600000")
}
