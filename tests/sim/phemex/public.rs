//! Time and prices. Prices come in an envelope of their own.

use perphook::exchange::paper::Market;
use perphook::market::{Decimal, Millis, Quote, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::ask::{Ask, done};
use super::fail::Fail;
use super::rows::real;

/// `GET /public/time`
pub fn time(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    Ok(done(&json!({"serverTime": ask.floor.shown(ask.now)})))
}

fn envelope(result: &Value) -> Value {
    json!({"error": null, "id": 0, "result": result})
}

/// The contract that is named, and what it costs.
fn named<'a>(ask: &'a Ask<'_>) -> Result<(&'a Symbol, &'a Market), Fail> {
    let name = ask.text("symbol");
    let found = ask.floor.book.markets().find(|(symbol, _)| Some(symbol.as_str()) == name);
    found.ok_or_else(|| Fail::market(6001, "invalid argument"))
}

/// `GET /md/v3/ticker/24hr`
pub fn ticker(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let (symbol, market) = named(ask)?;
    Ok(envelope(&row(ask.floor, symbol, market, ask.now)))
}

/// `GET /md/v3/ticker/24hr/all`
pub fn tickers(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let rows: Vec<Value> = ask.floor.book.markets().map(|(symbol, market)| row(ask.floor, symbol, market, ask.now)).collect();
    Ok(envelope(&json!(rows)))
}

fn row(floor: &Floor, symbol: &Symbol, market: &Market, now: Millis) -> Value {
    let tick = floor.book.instrument(symbol.as_str()).map(|instrument| instrument.tick).unwrap_or_default();
    let Quote { bid, ask } = market.quote(tick);
    let (last, mark) = (real(market.last), real(market.mark));
    json!({
        "symbol": symbol.as_str(), "lastRp": last, "markRp": mark, "indexRp": mark, "bidRp": real(bid), "askRp": real(ask), "openRp": last,
        "highRp": last, "lowRp": last, "volumeRq": "67580.6", "turnoverRv": "128200614.5585", "openInterestRv": "7115",
        "fundingRateRr": "0.0001", "predFundingRateRr": "0.0001", "timestamp": nanos(floor, now),
    })
}

/// `GET /md/v2/ticker/24hr`: an older shape, with other names and neither bid nor ask.
pub fn ticker_v2(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let (symbol, market) = named(ask)?;
    let price = |price: Decimal| real(price);
    Ok(envelope(&json!({
        "closeRp": price(market.last), "fundingRateRr": "0.0001", "highRp": price(market.last), "indexPriceRp": price(market.mark),
        "lowRp": price(market.last), "markPriceRp": price(market.mark), "openInterestRv": "6880.97", "openRp": price(market.last),
        "predFundingRateRr": "0.0001", "symbol": symbol.as_str(), "timestamp": nanos(ask.floor, ask.now),
        "turnoverRv": "127962734.6031", "volumeRq": "67460.4",
    })))
}

fn nanos(floor: &Floor, now: Millis) -> u64 {
    floor.shown(now) * 1_000_000 + 54_888_200 % 1_000_000
}
