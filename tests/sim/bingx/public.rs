//! Time, contracts and prices: what anybody may ask.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, Instrument, Millis};
use serde_json::{Value, json};

use super::fail::{self, Fail};
use super::{Ask, info};

const DAY_MS: Millis = 24 * 3_600_000;
const HOUR_MS: Millis = 3_600_000;

pub fn time(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(json!({"serverTime": ask.floor.shown(ask.now)})))
}

pub fn contracts(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(info::list(ask.floor.book.instruments().iter(), ask.params.some("symbol"))))
}

pub fn no_contracts(_: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(json!([])))
}

pub fn no_symbols(_: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(json!({"symbols": []})))
}

pub fn price(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let at = ask.floor.shown(ask.now);
    per_symbol(ask, |one, market| json!({"symbol": one.symbol.as_str(), "price": market.last, "time": at}))
}

pub fn ticker(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let at = ask.floor.shown(ask.now);
    let size = ask.floor.book.knobs().liquidity.unwrap_or(Decimal::TEN);
    per_symbol(ask, |one, market| {
        let (last, quote) = (market.last, market.quote(one.tick));
        json!({
            "symbol": one.symbol.as_str(), "priceChange": "0", "priceChangePercent": "0.00%", "lastPrice": last, "lastQty": "1",
            "highPrice": last, "lowPrice": last, "volume": "1000", "quoteVolume": "1000", "openPrice": last,
            "openTime": at.saturating_sub(DAY_MS), "closeTime": at, "askPrice": quote.ask, "askQty": size,
            "bidPrice": quote.bid, "bidQty": size,
        })
    })
}

pub fn premium_index(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let next = ask.floor.shown(ask.now) + HOUR_MS;
    per_symbol(ask, |one, market| {
        json!({
            "symbol": one.symbol.as_str(), "markPrice": market.mark, "indexPrice": market.mark, "lastFundingRate": "0.00009900",
            "nextFundingTime": next,
        })
    })
}

/// One object for a named contract, a list of all otherwise.
fn per_symbol(ask: &Ask<'_>, row: impl Fn(&Instrument, &Market) -> Value) -> Result<Option<Value>, Fail> {
    let book = &ask.floor.book;
    let each = |one: &Instrument| book.market(&one.symbol).map(|market| row(one, market));
    match ask.symbol_if_any()? {
        Some(symbol) => book.instrument(symbol.as_str()).ok().and_then(each).map(Some).ok_or_else(|| fail::order(Denial::NoPrice)),
        None => Ok(Some(book.instruments().iter().filter_map(each).collect())),
    }
}
