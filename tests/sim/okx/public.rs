//! What everybody may ask: time, contracts, prices.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, Millis, Quote, Symbol};

use super::super::floor::Floor;
use super::super::wire::Call;
use super::desk::Desk;
use super::fail::{self, Fail};
use super::json::{self, Row};
use super::{info, symbol_of};

pub fn time(_: &mut Desk, floor: &mut Floor, _: &Call<'_>, now: Millis) -> Result<String, Fail> {
    Ok(json::data(&[Row::new().text("ts", floor.shown(now)).end()]))
}

pub fn status(_: &mut Desk, _: &mut Floor, _: &Call<'_>, _: Millis) -> Result<String, Fail> {
    Ok(json::data(&[]))
}

pub fn instruments(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<String, Fail> {
    match call.params.some("instType") {
        Some("SWAP") => {}
        Some("SPOT" | "MARGIN" | "FUTURES" | "OPTION" | "EVENTS") => return Ok(json::data(&[])),
        _ => return Err(Fail::parameter("instType")),
    }
    if call.params.some("instId").is_some() {
        let symbol = symbol_of(floor, &call.params)?;
        let one = floor.book.instrument(symbol.as_str()).map_err(fail::plain)?;
        return Ok(json::data(&[info::row(one)]));
    }
    let mut list: Vec<String> = floor.book.instruments().iter().map(info::row).collect();
    list.extend(info::others());
    Ok(json::data(&list))
}

/// The market of the contract that a request must name.
fn named<'a>(floor: &'a Floor, call: &Call<'_>) -> Result<(Symbol, &'a Market), Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    let market = floor.book.market(&symbol).ok_or_else(|| fail::plain(Denial::NoPrice))?;
    Ok((symbol, market))
}

pub fn ticker(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let (symbol, market) = named(floor, call)?;
    Ok(json::data(&[ticker_row(floor, &symbol, market, now)]))
}

pub fn tickers(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    if call.params.some("instType") != Some("SWAP") {
        return Err(Fail::parameter("instType"));
    }
    let list: Vec<String> = floor.book.markets().map(|(symbol, market)| ticker_row(floor, symbol, market, now)).collect();
    Ok(json::data(&list))
}

fn ticker_row(floor: &Floor, symbol: &Symbol, market: &Market, now: Millis) -> String {
    let instrument = floor.book.instrument(symbol.as_str()).ok();
    let Quote { bid, ask } = market.quote(instrument.map(|one| one.tick).unwrap_or_default());
    let size = json::contracts(instrument, floor.book.knobs().liquidity.unwrap_or(Decimal::TEN));
    let last = market.last;
    let row = Row::new().text("instType", "SWAP").text("instId", symbol).decimal("last", last).text("lastSz", "1");
    let row = row.decimal("bidPx", bid).decimal("bidSz", size).decimal("askPx", ask).decimal("askSz", size).decimal("open24h", last);
    let row = row.decimal("high24h", last).decimal("low24h", last).text("vol24h", "1000").text("volCcy24h", "1000");
    row.decimal("sodUtc0", last).decimal("sodUtc8", last).text("ts", floor.shown(now)).end()
}

pub fn mark_price(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let at = floor.shown(now);
    let row = |symbol: &Symbol, market: &Market| {
        Row::new().text("instType", "SWAP").text("instId", symbol).decimal("markPx", market.mark).text("ts", at).end()
    };
    if call.params.some("instId").is_some() {
        let (symbol, market) = named(floor, call)?;
        return Ok(json::data(&[row(&symbol, market)]));
    }
    if call.params.some("instType") != Some("SWAP") {
        return Err(Fail::parameter("instType"));
    }
    Ok(json::data(&floor.book.markets().map(|(symbol, market)| row(symbol, market)).collect::<Vec<String>>()))
}

pub fn price_limit(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let (symbol, market) = named(floor, call)?;
    let (lowest, highest) = band(floor, &symbol, market);
    let row = Row::new().text("instType", "SWAP").text("instId", &symbol).decimal("buyLmt", highest).decimal("sellLmt", lowest);
    Ok(json::data(&[row.text("ts", floor.shown(now)).json("enabled", "true").end()]))
}

/// Lowest price of a sell and highest of a buy, on the tick.
pub fn band(floor: &Floor, symbol: &Symbol, market: &Market) -> (Decimal, Decimal) {
    let tick = floor.book.instrument(symbol.as_str()).map(|one| one.tick).unwrap_or(Decimal::ONE);
    let share = floor.book.knobs().price_band;
    let ticks = |price: Decimal| price.checked_div(tick).unwrap_or_default();
    (ticks(market.mark * (Decimal::ONE - share)).ceil() * tick, ticks(market.mark * (Decimal::ONE + share)).floor() * tick)
}
