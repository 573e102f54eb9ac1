//! Clock, state of the service, prices.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, Millis, Quote, Symbol};

use super::super::floor::Floor;
use super::ask::{self, Ask};
use super::fail::{self, Fail};
use super::json::{self, Row, nanos};
use super::rows;

/// What is offered at the best prices, in lots, where nothing limits it.
const OFFERED: Decimal = Decimal::from_parts(7251, 0, 0, false, 0);

/// `GET /api/v1/timestamp`
pub fn time(ask: &mut Ask<'_>) -> Result<String, Fail> {
    Ok(ask.floor.shown(ask.now).to_string())
}

/// `GET /api/v1/status`
pub fn status(_: &mut Ask<'_>) -> Result<String, Fail> {
    Ok(Row::new().text("msg", "").text("status", "open").end())
}

/// `GET /api/v1/ticker`
pub fn ticker(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let symbol = ask.symbol()?;
    let market = ask.floor.book.market(&symbol).ok_or_else(|| fail::engine(Denial::NoPrice))?;
    Ok(row(ask.floor, &symbol, market, ask.now))
}

/// `GET /api/v1/allTickers`
pub fn tickers(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let floor = &*ask.floor;
    let rows: Vec<String> = floor.book.markets().map(|(symbol, market)| row(floor, symbol, market, ask.now)).collect();
    Ok(json::list(&rows))
}

fn row(floor: &Floor, symbol: &Symbol, market: &Market, now: Millis) -> String {
    let tick = floor.book.instrument(symbol.as_str()).map(|one| one.tick).unwrap_or_default();
    let Quote { bid, ask } = market.quote(tick);
    let depth = floor.book.knobs().liquidity.map_or_else(|| OFFERED.to_string(), |coins| rows::lots(floor, symbol, coins));
    let row = Row::new().json("sequence", 1_697_895_100_310_u64).text("symbol", symbol).text("side", "sell").json("size", 2936);
    let row = row.text("tradeId", 1_697_901_180_000_u64).decimal("price", market.last);
    let row = row.decimal("bestBidPrice", bid).json("bestBidSize", &depth).decimal("bestAskPrice", ask).json("bestAskSize", &depth);
    row.json("ts", nanos(floor.shown(now))).end()
}

/// `GET /api/v1/mark-price/{symbol}/current`
pub fn mark_price(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let symbol = ask::symbol_named(ask.floor, ask.tail)?;
    let market = ask.floor.book.market(&symbol).ok_or_else(|| fail::engine(Denial::NoPrice))?;
    let row = Row::new().text("symbol", &symbol).json("granularity", 1000).json("timePoint", ask.floor.shown(ask.now));
    Ok(row.real("value", market.mark).real("indexPrice", market.mark).end())
}
