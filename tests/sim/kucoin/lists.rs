//! Orders and executions that are asked for.

use perphook::market::Millis;

use super::super::executions::{Execution, joined};
use super::super::line::{Id, Line};
use super::ask::Ask;
use super::fail::Fail;
use super::json::{self, Row};
use super::notes::read_id;
use super::{line, rows};

const PAGE_DEFAULT: usize = 50;
const PAGE_MAX: usize = 1000;
/// Rows of the lists that have no pages.
const RECENT_MAX: usize = 1000;
const DAY_MS: Millis = 24 * 3_600_000;

/// `GET /api/v1/orders/{orderId}`
pub fn by_id(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let line = read_id(ask.tail).and_then(|id| Line::find(&ask.floor.book, id));
    row_of(ask, line)
}

/// `GET /api/v1/orders/byClientOid`
pub fn by_name(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let name = ask.params.some("clientOid").ok_or_else(|| Fail::parameter("clientOid parameter cannot be empty"))?;
    row_of(ask, line::named(&ask.floor.book, ask.notes, name))
}

fn row_of(ask: &Ask<'_>, line: Option<Line<'_>>) -> Result<String, Fail> {
    let line = line.filter(|line| ask.floor.is_visible(line.created, ask.now)).ok_or_else(Fail::no_such_order)?;
    Ok(rows::order(ask.floor, ask.notes, &line))
}

/// What a list is asked for beside its own: contract, direction, kind, and when it was placed.
fn filter(ask: &Ask<'_>) -> Result<impl Fn(&Line<'_>) -> bool + use<>, Fail> {
    let only = ask.symbol_if_any()?;
    let (from, to) = range(ask);
    let (side, kind) = (ask.params.some("side").map(str::to_owned), ask.params.some("type").map(str::to_owned));
    Ok(move |line: &Line<'_>| {
        let is_limit = line.price().is_some();
        let own = match (is_limit, line.waiting.is_some()) {
            (true, false) => "limit",
            (false, false) => "market",
            (true, true) => "limit_stop",
            (false, true) => "market_stop",
        };
        only.as_ref().is_none_or(|symbol| line.symbol == symbol)
            && side.as_deref().is_none_or(|side| side == json::side(line.buy))
            && kind.as_deref().is_none_or(|kind| kind == own)
            && (from..=to).contains(&line.created)
    })
}

/// `startAt` and `endAt`, in true time.
fn range(ask: &Ask<'_>) -> (Millis, Millis) {
    let time = |name| ask.params.read::<Millis>(name).map(|shown| ask.floor.true_time(shown));
    (time("startAt").unwrap_or(0), time("endAt").unwrap_or(Millis::MAX))
}

/// The page that is asked for.
fn page<T>(ask: &Ask<'_>, rows: Vec<T>, write: impl Fn(&T) -> String) -> Result<String, Fail> {
    let number = |name: &str, default: usize| match ask.params.some(name) {
        None => Ok(default),
        Some(_) => {
            ask.params.read::<usize>(name).filter(|number| *number > 0).ok_or_else(|| Fail::parameter(format!("{name} parameter invalid")))
        }
    };
    let (current, size) = (number("currentPage", 1)?, number("pageSize", PAGE_DEFAULT)?);
    if size > PAGE_MAX {
        return Err(Fail::with_status(400, 400_100, format!("pageSize should not greater than {PAGE_MAX}")));
    }
    let items: Vec<String> = rows.iter().skip((current - 1).saturating_mul(size)).take(size).map(write).collect();
    let row = Row::new().json("currentPage", current).json("pageSize", size).json("totalNum", rows.len());
    Ok(row.json("totalPage", rows.len().div_ceil(size)).json("items", json::list(&items)).end())
}

/// Lines of a list, the newest first.
fn lines<'a>(ask: &'a Ask<'_>, is_wanted: impl Fn(&Line<'_>) -> bool) -> Result<Vec<Line<'a>>, Fail> {
    let fits = filter(ask)?;
    let all = line::all(&ask.floor.book).into_iter();
    Ok(all.filter(|line| is_wanted(line) && fits(line) && ask.floor.is_visible(line.created, ask.now)).collect())
}

/// `GET /api/v1/orders`: open or ended ones, ended ones if it is not said. Stops are among them once their price was reached.
pub fn orders(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let wants_ended = match ask.params.some("status") {
        None | Some("done") => true,
        Some("active") => false,
        Some(_) => return Err(Fail::parameter("status parameter invalid")),
    };
    let lines = lines(ask, |line| line.has_ended() == wants_ended && !line.is_waiting())?;
    page(ask, lines, |line| rows::order(ask.floor, ask.notes, line))
}

/// `GET /api/v1/stopOrders`: those that wait for their price.
pub fn stop_orders(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let lines = lines(ask, |line| line.is_waiting())?;
    page(ask, lines, |line| rows::order(ask.floor, ask.notes, line))
}

/// `GET /api/v1/recentDoneOrders`: of a day, without pages.
pub fn recent_orders(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let lines = lines(ask, |line| line.has_ended() && line.updated() + DAY_MS > ask.now)?;
    let rows: Vec<String> = lines.iter().take(RECENT_MAX).map(|line| rows::order(ask.floor, ask.notes, line)).collect();
    Ok(json::list(&rows))
}

/// `GET /api/v1/fills`
pub fn fills(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let fills = executions(ask)?;
    page(ask, fills, |one| rows::fill(ask.floor, ask.notes, one))
}

/// `GET /api/v1/recentFills`: of a day, without pages.
pub fn recent_fills(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let recent = executions(ask)?.into_iter().filter(|one| one.trade.at + DAY_MS > ask.now);
    let rows: Vec<String> = recent.take(RECENT_MAX).map(|one| rows::fill(ask.floor, ask.notes, &one)).collect();
    Ok(json::list(&rows))
}

/// Executions that are asked for, the newest first.
fn executions(ask: &Ask<'_>) -> Result<Vec<Execution>, Fail> {
    let only = ask.symbol_if_any()?;
    let (from, to) = range(ask);
    let id = ask.params.some("orderId").map(read_id);
    let (side, book) = (ask.params.some("side"), &ask.floor.book);
    let mut list = joined(book.trades().iter());
    list.retain(|Execution { trade, .. }| {
        let own = book.order_by_number(trade.order).map_or(Id::Plain(trade.order), Id::of);
        only.as_ref().is_none_or(|symbol| trade.symbol == *symbol)
            && id.is_none_or(|id| id == Some(own))
            && side.is_none_or(|side| side == json::side(trade.buy))
            && (from..=to).contains(&trade.at)
    });
    list.reverse();
    Ok(list)
}
