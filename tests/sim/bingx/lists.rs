//! Orders and executions that are asked for.

use perphook::market::{Decimal, Millis};
use serde_json::{Value, json};

use super::super::line::{Id, Line};
use super::Ask;
use super::fail::{self, Fail};
use super::line::{kind, shown_id};
use super::{line, rows};

const WEEK_MS: Millis = 7 * 24 * 3_600_000;
const LIST_MAX: usize = 1000;

impl Ask<'_> {
    /// The order a request names by id or by name, in either spelling, if it can be seen yet.
    pub fn named(&self) -> Result<Option<Line<'_>>, Fail> {
        let symbol = self.symbol()?;
        let book = &self.floor.book;
        let line = match (self.params.some("orderId"), self.params.some("clientOrderId")) {
            (Some(id), _) => line::find(book, id.parse().map_err(|_| Fail::parameter("orderId"))?),
            (None, Some(name)) => line::named(book, name),
            (None, None) => return Err(Fail::new(80_014, "Invalid parameters, err:orderId or clientOrderId is required")),
        };
        Ok(line.filter(|line| *line.symbol == symbol && self.floor.is_visible(line.created, self.now)))
    }

    /// Times of a list, in true time.
    fn between(&self, from: &str, to: &str) -> Result<(Option<Millis>, Option<Millis>), Fail> {
        let time = |name: &str| match self.params.some(name) {
            None => Ok(None),
            Some(text) => text.parse().map(|shown| Some(self.floor.true_time(shown))).map_err(|_| Fail::parameter(name)),
        };
        Ok((time(from)?, time(to)?))
    }
}

/// `GET /openApi/swap/v2/trade/order`
pub fn one(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let line = ask.named()?.ok_or_else(|| Fail::new(80_016, "order does not exist"))?;
    Ok(Some(json!({"order": rows::order(ask.floor, ask.notes, &line)})))
}

/// `GET /openApi/swap/v2/trade/openOrders`: plain orders and those that wait for a price.
pub fn open(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let (only, wanted) = (ask.symbol_if_any()?, ask.params.some("type"));
    let meant = Line::open(&ask.floor.book).filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol));
    let meant = meant.filter(|line| wanted.is_none_or(|wanted| kind(line) == wanted) && ask.floor.is_visible(line.created, ask.now));
    let orders: Value = meant.map(|line| rows::order(ask.floor, ask.notes, &line)).collect();
    Ok(Some(json!({"orders": orders})))
}

/// `GET /openApi/swap/v2/trade/allOrders`: a week at most, newest first; how the exchange sorts is not documented.
pub fn all(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let only = ask.symbol_if_any()?;
    let limit: usize = ask.need("limit")?.parse().map_err(|_| Fail::parameter("limit"))?;
    let (start, end) = ask.between("startTime", "endTime")?;
    let end = end.unwrap_or(ask.now);
    let start = start.unwrap_or(end.saturating_sub(WEEK_MS));
    if limit == 0 || limit > LIST_MAX || end.saturating_sub(start) > WEEK_MS {
        return Err(Fail::new(109_400, "Invalid parameters, err:limit is 1 to 1000, the time range is 7 days at most"));
    }
    let from = ask.params.some("orderId").and_then(|id| id.parse::<u64>().ok());
    let meant = Line::all(&ask.floor.book).filter(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol));
    let meant = meant.filter(|line| (start..=end).contains(&line.created) && ask.floor.is_visible(line.created, ask.now));
    let mut lines: Vec<Line<'_>> = meant.filter(|line| from.is_none_or(|from| shown_id(line.id) >= from)).collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.created, shown_id(line.id))));
    let orders: Value = lines.iter().take(limit).map(|line| rows::order(ask.floor, ask.notes, line)).collect();
    Ok(Some(json!({"orders": orders})))
}

/// `GET /openApi/swap/v2/trade/allFillOrders`, newest first. By contracts, a sheet is the least quantity: what it is on
/// the exchange is not documented, and who asks so reads other numbers than coins.
pub fn fills(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let symbol = ask.symbol()?;
    let (start, end) = ask.between("startTs", "endTs")?;
    let (start, end) = (start.ok_or_else(|| Fail::parameter("startTs"))?, end.ok_or_else(|| Fail::parameter("endTs"))?);
    let sheet = match ask.need("tradingUnit")? {
        "COIN" => Decimal::ONE,
        "CONT" => ask.floor.book.instrument(symbol.as_str()).map(|one| one.lot_step).map_err(fail::order)?,
        _ => return Err(Fail::parameter("tradingUnit")),
    };
    let order = match ask.params.some("orderId") {
        Some(id) => Some(id.parse::<u64>().map_err(|_| Fail::parameter("orderId"))?),
        None => None,
    };
    let book = &ask.floor.book;
    let is_of = |number: u64, id: u64| book.order_by_number(number).is_some_and(|order| shown_id(Id::of(order)) == id);
    let meant = book.trades().iter().rev().filter(|trade| trade.symbol == symbol && (start..=end).contains(&trade.at));
    let meant = meant.filter(|trade| order.is_none_or(|id| is_of(trade.order, id)));
    // Both names are seen; when which, is not known.
    let time = if order.is_some() { "filledTime" } else { "filledTm" };
    let fills: Value = meant.map(|trade| rows::fill(ask.floor, trade, sheet, time)).collect();
    Ok(Some(json!({"fill_orders": fills})))
}
