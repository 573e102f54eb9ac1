//! What everybody may ask: the clock, contracts and prices.

use perphook::exchange::paper::Market;
use perphook::market::{Decimal, Quote, Symbol};
use serde_json::{Value, json};

use super::super::json::text;
use super::ask::Ask;
use super::fail::{self, Fail};
use super::{Said, info};

/// Contracts that one request may name.
const NAMES_MAX: usize = 10;

/// `GET /v2/time`
pub fn time(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    Ok(json!({"timestamp": ask.floor.shown(ask.now)}).into())
}

/// `GET /v2/spot/market`: nothing of that is simulated.
pub fn spot(_: &mut Ask<'_>) -> Result<Said, Fail> {
    Ok(json!([]).into())
}

/// `GET /v2/futures/market`
pub fn markets(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let rows = info::rows(ask.floor);
    let Some(names) = names(ask)? else { return Ok(Value::from(rows).into()) };
    let of_name = |name: &&str| rows.iter().find(|row| row["market"] == **name).cloned().ok_or_else(|| fail::no_market(name));
    Ok(Value::from(names.iter().map(of_name).collect::<Result<Vec<Value>, Fail>>()?).into())
}

/// `GET /v2/futures/ticker`: neither bid nor ask.
pub fn tickers(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let book = &ask.floor.book;
    let Some(names) = names(ask)? else {
        return Ok(Value::from(book.markets().map(|(symbol, market)| row(symbol, market)).collect::<Vec<Value>>()).into());
    };
    let of_name = |name: &&str| {
        let symbol = book.instrument(name).map(|one| &one.symbol).map_err(|_| fail::no_market(name))?;
        book.market(symbol).map(|market| row(symbol, market)).ok_or_else(|| fail::no_market(name))
    };
    Ok(Value::from(names.iter().map(of_name).collect::<Result<Vec<Value>, Fail>>()?).into())
}

/// The contracts a request names, if it names some.
fn names<'a>(ask: &Ask<'a>) -> Result<Option<Vec<&'a str>>, Fail> {
    let names: Option<Vec<&str>> = ask.text("market")?.map(|list| list.split(',').collect());
    if names.as_ref().is_some_and(|names| names.len() > NAMES_MAX) { Err(Fail::parameter("market")) } else { Ok(names) }
}

fn row(symbol: &Symbol, market: &Market) -> Value {
    let (last, mark) = (text(market.last), text(market.mark));
    json!({"market": symbol.as_str(), "last": last, "open": last, "close": last, "high": last, "low": last, "volume": "12345.6",
        "volume_sell": "6000", "volume_buy": "6345.6", "value": "24691200", "index_price": mark, "mark_price": mark,
        "open_interest_volume": "5555", "period": 86_400})
}

/// `GET /v2/futures/depth`
pub fn depth(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let symbol = ask.symbol()?;
    if !matches!(ask.required_integer("limit")?, 5 | 10 | 20 | 50) {
        return Err(Fail::parameter("limit"));
    }
    ask.required_decimal("interval")?;
    let book = &ask.floor.book;
    let (one, market) = (book.instrument(symbol.as_str()).map_err(fail::order)?, book.market(&symbol).ok_or_else(|| fail::no_market(""))?);
    let Quote { bid, ask: offer } = market.quote(one.tick);
    let size = text(book.knobs().liquidity.unwrap_or(Decimal::TEN));
    let at = ask.floor.shown(ask.now);
    let depth = json!({"asks": [[text(offer), size]], "bids": [[text(bid), size]], "last": text(market.last), "updated_at": at,
        "checksum": 2_578_768_879_u32});
    Ok(json!({"market": symbol.as_str(), "is_full": true, "depth": depth}).into())
}
