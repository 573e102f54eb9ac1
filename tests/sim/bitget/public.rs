//! Time, contracts and prices: what anybody may ask, under v2 and under v3.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, Millis, Quote, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::params::Params;
use super::super::wire::Call;
use super::fail::{self, Fail};
use super::{PRODUCT, info, must, symbol_if_any, symbol_of};

pub fn time(floor: &mut Floor, _: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    Ok(json!({ "serverTime": floor.shown(now).to_string() }))
}

pub fn contracts(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    listed(floor, &call.params, "productType", fail::classic_symbol, info::contract)
}

pub fn instruments(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    listed(floor, &call.params, "category", fail::unified_symbol, info::instrument)
}

/// The contracts of a product: those of the others are none.
fn listed(
    floor: &Floor,
    params: &Params,
    product: &str,
    unknown: fn(&str) -> Fail,
    row: fn(&perphook::market::Instrument) -> Value,
) -> Result<Value, Fail> {
    if !must(params, product)?.eq_ignore_ascii_case(PRODUCT) {
        return Ok(json!([]));
    }
    let only = symbol_if_any(floor, params, unknown)?;
    let wanted = floor.book.instruments().iter().filter(|one| only.as_ref().is_none_or(|only| *only == one.symbol));
    Ok(wanted.map(row).collect())
}

pub fn ticker(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    super::product(&call.params, "productType")?;
    symbol_of(floor, &call.params, fail::classic_symbol)?;
    prices(floor, &call.params, now, fail::classic_symbol, ticker_row)
}

pub fn tickers(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    super::product(&call.params, "productType")?;
    prices(floor, &Params::default(), now, fail::classic_symbol, ticker_row)
}

pub fn symbol_price(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    super::product(&call.params, "productType")?;
    symbol_of(floor, &call.params, fail::classic_symbol)?;
    prices(
        floor,
        &call.params,
        now,
        fail::classic_symbol,
        |of| json!({ "symbol": of.symbol.as_str(), "price": of.last, "indexPrice": of.mark, "markPrice": of.mark, "ts": of.at }),
    )
}

pub fn tickers_v3(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    super::product(&call.params, "category")?;
    prices(floor, &call.params, now, fail::unified_symbol, |of| {
        json!({
            "category": PRODUCT, "symbol": of.symbol.as_str(), "ts": of.at, "lastPrice": of.last, "openPrice24h": of.last,
            "highPrice24h": of.last, "lowPrice24h": of.last, "ask1Price": of.ask, "bid1Price": of.bid, "bid1Size": of.size,
            "ask1Size": of.size, "price24hPcnt": "0", "volume24h": "750000", "turnover24h": "1500000000", "indexPrice": of.mark,
            "markPrice": of.mark, "fundingRate": "0.0001", "openInterest": "350000",
        })
    })
}

/// A contract's prices as texts.
struct Prices<'a> {
    symbol: &'a Symbol,
    last: String,
    mark: String,
    bid: String,
    ask: String,
    size: String,
    at: String,
}

impl<'a> Prices<'a> {
    fn of(floor: &Floor, symbol: &'a Symbol, market: &Market, now: Millis) -> Prices<'a> {
        let tick = floor.book.instrument(symbol.as_str()).map(|one| one.tick).unwrap_or_default();
        let Quote { bid, ask } = market.quote(tick);
        let size = floor.book.knobs().liquidity.unwrap_or(Decimal::TEN).to_string();
        let (last, mark) = (market.last.to_string(), market.mark.to_string());
        Prices { symbol, last, mark, bid: bid.to_string(), ask: ask.to_string(), size, at: floor.shown(now).to_string() }
    }
}

fn ticker_row(of: &Prices<'_>) -> Value {
    json!({
        "symbol": of.symbol.as_str(), "lastPr": of.last, "askPr": of.ask, "bidPr": of.bid, "bidSz": of.size, "askSz": of.size,
        "high24h": of.last, "low24h": of.last, "ts": of.at, "change24h": "0", "baseVolume": "750000", "quoteVolume": "1500000000",
        "usdtVolume": "1500000000", "openUtc": of.last, "changeUtc24h": "0", "indexPrice": of.mark, "fundingRate": "0.0001",
        "holdingAmount": "350000", "deliveryStartTime": null, "deliveryTime": null, "deliveryStatus": "", "open24h": of.last,
        "markPrice": of.mark,
    })
}

/// A list of one row for a named contract, of all otherwise.
fn prices(floor: &Floor, params: &Params, now: Millis, unknown: fn(&str) -> Fail, row: fn(&Prices<'_>) -> Value) -> Result<Value, Fail> {
    if let Some(symbol) = symbol_if_any(floor, params, unknown)? {
        let market = floor.book.market(&symbol).ok_or_else(|| fail::classic(Denial::NoPrice, true))?;
        return Ok(json!([row(&Prices::of(floor, &symbol, market, now))]));
    }
    Ok(floor.book.markets().map(|(symbol, market)| row(&Prices::of(floor, symbol, market, now))).collect())
}
