//! Time, contracts and prices.

use std::fmt::Write;

use perphook::exchange::paper::Market;
use perphook::market::{Decimal, Millis, Quote, Symbol};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};
use super::{info, symbol_if_any};

pub fn ping(_: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok("{}".to_owned())
}

pub fn time(floor: &mut Floor, _: &Params, now: Millis) -> Result<String, Fail> {
    Ok(format!("{{\"serverTime\":{}}}", floor.shown(now)))
}

pub fn exchange_info(floor: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok(info::exchange_info(floor.book.instruments(), floor.book.knobs()))
}

pub fn ticker_price(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let at = floor.shown(now);
    per_symbol(floor, params, |out, symbol, market| {
        let _ = write!(out, "{{\"symbol\":\"{symbol}\",\"price\":\"{}\",\"time\":{at}}}", market.last);
    })
}

pub fn ticker_24hr(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let at = floor.shown(now);
    per_symbol(floor, params, |out, symbol, market| {
        let last = market.last;
        let _ = write!(
            out,
            "{{\"symbol\":\"{symbol}\",\"priceChange\":\"0\",\"priceChangePercent\":\"0\",\"weightedAvgPrice\":\"{last}\",\"lastPrice\":\"{last}\",\
             \"lastQty\":\"1\",\"openPrice\":\"{last}\",\"highPrice\":\"{last}\",\"lowPrice\":\"{last}\",\"volume\":\"1000\",\"quoteVolume\":\"1000\",\
             \"openTime\":{at},\"closeTime\":{at},\"firstId\":1,\"lastId\":2,\"count\":2}}"
        );
    })
}

pub fn premium_index(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let at = floor.shown(now);
    per_symbol(floor, params, |out, symbol, market| {
        let mark = market.mark;
        let _ = write!(
            out,
            "{{\"symbol\":\"{symbol}\",\"markPrice\":\"{mark}\",\"indexPrice\":\"{mark}\",\"estimatedSettlePrice\":\"{mark}\",\
             \"lastFundingRate\":\"0.00010000\",\"interestRate\":\"0.00010000\",\"nextFundingTime\":{},\"time\":{at}}}",
            at + 3_600_000
        );
    })
}

pub fn book_ticker(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let (floor, at) = (&*floor, floor.shown(now));
    let size = floor.book.knobs().liquidity.unwrap_or(Decimal::TEN);
    per_symbol(floor, params, |out, symbol, market| {
        let tick = floor.book.instrument(symbol.as_str()).map(|instrument| instrument.tick).unwrap_or_default();
        let Quote { bid, ask } = market.quote(tick);
        let _ = write!(
            out,
            "{{\"symbol\":\"{symbol}\",\"bidPrice\":\"{bid}\",\"bidQty\":\"{size}\",\"askPrice\":\"{ask}\",\"askQty\":\"{size}\",\"time\":{at}}}"
        );
    })
}

/// One object for a named contract, a list of all otherwise.
fn per_symbol(floor: &Floor, params: &Params, row: impl Fn(&mut String, &Symbol, &Market)) -> Result<String, Fail> {
    let mut out = String::with_capacity(256);
    if let Some(symbol) = symbol_if_any(floor, params)? {
        let market = floor.book.market(&symbol).ok_or_else(|| fail::plain(perphook::exchange::paper::Denial::NoPrice))?;
        row(&mut out, &symbol, market);
        return Ok(out);
    }
    super::rows::list(&mut out, floor.book.markets(), |out, (symbol, market)| row(out, symbol, market));
    Ok(out)
}
