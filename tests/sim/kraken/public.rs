//! What everybody may ask: contracts and prices. There is no clock; every answer carries the time.

use perphook::exchange::paper::Market;
use perphook::market::{Decimal, Quote, Symbol};
use serde_json::{Value, json};

use super::super::clock;
use super::ask::Ask;
use super::fail::Fail;
use super::info;
use super::rows::number;

/// `GET /instruments`
pub fn instruments(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let mut list: Vec<Value> = ask.floor.book.instruments().iter().map(info::row).collect();
    list.extend(info::others());
    Ok(json!({"instruments": list}))
}

/// `GET /tickers`: rows of indices are among them, and rows without a last price.
pub fn tickers(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let mut list: Vec<Value> = ask.floor.book.markets().map(|(symbol, market)| row(ask, symbol, market)).collect();
    let at = ask.time();
    list.push(json!({"symbol": "in_xbtusd", "last": 50_000, "lastTime": at}));
    list.push(json!({"symbol": "rr_ethusd", "last": 3000, "lastTime": at}));
    list.push(
        json!({"symbol": "PF_LUNAUSD", "tag": "perpetual", "pair": "LUNA:USD", "markPrice": 1.5, "suspended": true, "postOnly": false}),
    );
    Ok(json!({"tickers": list}))
}

/// `GET /tickers/{symbol}`
pub fn ticker(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.floor.contract(ask.last).map_err(|_| Fail::no_contract())?;
    let market = ask.floor.book.market(&symbol).ok_or_else(Fail::no_contract)?;
    Ok(json!({"ticker": row(ask, &symbol, market)}))
}

fn row(ask: &Ask<'_>, symbol: &Symbol, market: &Market) -> Value {
    let one = ask.floor.book.instrument(symbol.as_str()).ok();
    let Quote { bid, ask: offer } = market.quote(one.map(|one| one.tick).unwrap_or_default());
    let size = number(ask.floor.book.knobs().liquidity.unwrap_or(Decimal::TEN));
    let (last, at) = (number(market.last), clock::text(ask.floor.shown(ask.now)));
    json!({"symbol": symbol.as_str(), "last": last, "lastTime": at, "tag": "perpetual",
        "pair": format!("{}:USD", one.map_or("", |one| &*one.base)), "markPrice": number(market.mark), "bid": number(bid), "bidSize": size,
        "ask": number(offer), "askSize": size, "vol24h": 8309.254, "volumeQuote": 15_800_000.0, "openInterest": 1950.5966, "open24h": last,
        "high24h": last, "low24h": last, "lastSize": 0.114, "fundingRate": 0.000_015, "fundingRatePrediction": 0.000_012,
        "suspended": false, "indexPrice": number(market.mark), "postOnly": false, "change24h": 0})
}
