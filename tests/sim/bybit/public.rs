//! Time and prices.

use perphook::exchange::paper::Market;
use perphook::market::{Decimal, Millis, Quote, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::ask::{Ask, Said};
use super::fail::{self, Fail};

const HOUR_MS: Millis = 3_600_000;

/// `GET /v5/market/time`
pub fn time(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let now = ask.floor.shown(ask.now);
    Ok(json!({"timeSecond": (now / 1000).to_string(), "timeNano": format!("{now}123456")}).into())
}

/// `GET /v5/market/tickers`
pub fn tickers(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let list: Vec<Value> = if ask.params.some("symbol").is_some() {
        let symbol = ask.symbol()?;
        let market = ask.floor.book.market(&symbol).ok_or_else(fail::symbol_invalid)?;
        vec![row(ask.floor, &symbol, market, ask.now)]
    } else {
        ask.floor.book.markets().map(|(symbol, market)| row(ask.floor, symbol, market, ask.now)).collect()
    };
    Ok(json!({"category": "linear", "list": list}).into())
}

fn row(floor: &Floor, symbol: &Symbol, market: &Market, now: Millis) -> Value {
    let tick = floor.book.instrument(symbol.as_str()).map(|instrument| instrument.tick).unwrap_or_default();
    let Quote { bid, ask } = market.quote(tick);
    let size = floor.book.knobs().liquidity.unwrap_or(Decimal::TEN);
    let (last, mark) = (market.last, market.mark);
    let funding = (floor.shown(now) / HOUR_MS + 1) * HOUR_MS;
    json!({
        "symbol": symbol.as_str(), "lastPrice": last, "indexPrice": mark, "markPrice": mark, "prevPrice24h": last, "price24hPcnt": "0",
        "highPrice24h": last, "lowPrice24h": last, "prevPrice1h": last, "openInterest": "350000.12", "openInterestValue": "700108500.00",
        "turnover24h": "1500000000.0", "volume24h": "750000.00", "fundingRate": "0.0001", "nextFundingTime": funding.to_string(),
        "predictedDeliveryPrice": "", "basisRate": "", "deliveryFeeRate": "", "deliveryTime": "0", "ask1Size": size, "bid1Price": bid,
        "ask1Price": ask, "bid1Size": size, "basis": "", "preOpenPrice": "", "preQty": "", "curPreListingPhase": "",
    })
}
