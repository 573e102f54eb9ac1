//! Orders and executions that are asked for.

use perphook::market::Millis;
use serde_json::{Value, json};

use super::super::executions::joined;
use super::super::line::{Id, Line};
use super::ask::{Ask, Said};
use super::fail::Fail;
use super::ids::IDS;
use super::line::{link, status};
use super::page::{self, Place};
use super::{plain, rows};

const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 50;
const TRADES_PAGE_DEFAULT: usize = 50;
const TRADES_PAGE_MAX: usize = 100;
/// Ended orders that the list of open ones still knows.
const RECENT_MAX: usize = 500;
const DAY_MS: Millis = 24 * 3_600_000;
const WEEK_MS: Millis = 7 * DAY_MS;

/// Where an order stands in lists: the newest first.
fn place(line: &Line<'_>) -> Place {
    let order = match line.id {
        Id::Plain(number) => number * 2,
        Id::Waiting(number) => number * 2 + 1,
    };
    (line.created, order)
}

/// Whether an order is one that a request names; true if it names none.
fn is_named(ask: &Ask<'_>) -> impl Fn(&Line<'_>) -> bool {
    let id = ask.params.some("orderId").map(|id| IDS.read(id));
    let name = ask.params.some("orderLinkId").map(str::to_owned);
    move |line| id.is_none_or(|id| id == Some(line.id)) && name.as_deref().is_none_or(|name| link(line) == name)
}

/// The page of these orders that is asked for.
fn answer(ask: &Ask<'_>, mut lines: Vec<Line<'_>>) -> Said {
    lines.sort_by_key(|line| std::cmp::Reverse(place(line)));
    let (page, cursor) = page::cut(ask.params, lines.into_iter().map(|line| (place(&line), line)).collect(), PAGE_DEFAULT, PAGE_MAX);
    let list: Vec<Value> = page.iter().map(|line| rows::order(ask.floor, ask.notes, line)).collect();
    json!({"list": list, "nextPageCursor": cursor, "category": "linear"}).into()
}

/// `GET /v5/order/realtime`: open orders; with a name or `openOnly=1` also those that ended lately.
pub fn realtime(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let only = ask.scope()?;
    let (fits, is_named) = (plain::filter(ask.params)?, is_named(ask));
    let is_one = ask.params.some("orderId").is_some() || ask.params.some("orderLinkId").is_some();
    let floor = &*ask.floor;
    let mut lines: Vec<Line<'_>> = Vec::new();
    if is_one || ask.params.some("openOnly") != Some("1") {
        lines.extend(Line::open(&floor.book));
    }
    if is_one || ask.params.some("openOnly") == Some("1") {
        let mut ended: Vec<Line<'_>> = Line::all(&floor.book).filter(Line::has_ended).collect();
        ended.sort_by_key(|line| std::cmp::Reverse(line.updated()));
        lines.extend(ended.into_iter().take(RECENT_MAX));
    }
    lines.retain(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol) && fits(line) && is_named(line));
    lines.retain(|line| floor.is_visible(line.created, ask.now));
    Ok(answer(ask, lines))
}

/// `startTime` and `endTime`: seven days at most, the last ones if nothing is said.
fn range(ask: &Ask<'_>) -> Result<(Millis, Millis), Fail> {
    let time = |name| ask.params.read::<Millis>(name).map(|shown| ask.floor.true_time(shown));
    let (from, to) = match (time("startTime"), time("endTime")) {
        (Some(from), to) => (from, to.unwrap_or(from + WEEK_MS)),
        (None, to) => (to.unwrap_or(ask.now).saturating_sub(WEEK_MS), to.unwrap_or(ask.now)),
    };
    if to.saturating_sub(from) > WEEK_MS { Err(Fail::param("The time range cannot be greater than 7 days")) } else { Ok((from, to)) }
}

/// `GET /v5/order/history`: ended orders, a while after they have ended; those without any execution for a day.
pub fn history(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let only = ask.any_symbol()?;
    let (fits, is_named, (from, to)) = (plain::filter(ask.params)?, is_named(ask), range(ask)?);
    let floor = &*ask.floor;
    let mut lines: Vec<Line<'_>> = Line::all(&floor.book).filter(Line::has_ended).collect();
    lines.retain(|line| only.as_ref().is_none_or(|symbol| line.symbol == symbol) && fits(line) && is_named(line));
    lines.retain(|line| floor.is_visible(line.updated(), ask.now) && (from..=to).contains(&line.created));
    lines.retain(|line| ask.params.some("orderStatus").is_none_or(|wanted| wanted == status(line)));
    lines.retain(|line| !line.filled().is_zero() || line.updated() + DAY_MS >= ask.now);
    Ok(answer(ask, lines))
}

/// `GET /v5/execution/list`
pub fn executions(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let only = ask.any_symbol()?;
    let (is_named, (from, to)) = (is_named(ask), range(ask)?);
    let floor = &*ask.floor;
    if ask.params.some("execType").is_some_and(|kind| kind != "Trade") {
        return Ok(json!({"nextPageCursor": "", "category": "linear", "list": []}).into());
    }
    let mut found: Vec<(Place, Value)> = Vec::new();
    for execution in joined(floor.book.trades().iter()) {
        let trade = &execution.trade;
        let Some(line) = floor.book.order_by_number(trade.order).and_then(|order| Line::find(&floor.book, Id::of(order))) else { continue };
        if only.as_ref().is_none_or(|symbol| trade.symbol == *symbol) && is_named(&line) && (from..=to).contains(&trade.at) {
            found.push(((trade.at, trade.id), rows::execution(floor, &line, &execution)));
        }
    }
    found.reverse();
    let (list, cursor) = page::cut(ask.params, found, TRADES_PAGE_DEFAULT, TRADES_PAGE_MAX);
    Ok(json!({"nextPageCursor": cursor, "category": "linear", "list": list}).into())
}
