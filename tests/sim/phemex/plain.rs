//! Placing and cancelling. Answers only acknowledge.

use perphook::exchange::paper::{Effect, NewPlain, TimeInForce};
use perphook::market::{Decimal, Side, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::json::join;
use super::super::line::{Id, Line};
use super::ask::{Ask, done};
use super::desk::{IDS, Ticket, book_name};
use super::fail::{self, Fail, Shape};
use super::line::{State, is_called};
use super::{guards, line, rows};

const NAME_LEN_MAX: usize = 40;

/// What an order means, besides what is written of it.
#[derive(Clone, Copy)]
pub struct Aim {
    /// The position, on a contract in hedge mode.
    pub position_side: Option<Side>,
    /// Whether it may only take the position down.
    pub reduces: bool,
}

impl Aim {
    /// What it does to positions.
    pub fn effect(self, buy: bool) -> Effect {
        Effect::of(buy, self.position_side, self.reduces && self.position_side.is_none())
    }
}

/// `POST /g-orders` and `PUT /g-orders/create`
pub fn create(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    ask.check_kinds()?;
    let (ticket, aim) = read(ask)?;
    let symbol = ticket.symbol.clone();
    let is_plain = ticket.trigger.is_none();
    let placed = if is_plain { place(ask, &ticket, aim) } else { guards::place(ask, &ticket, aim) };
    let id = placed.map_err(|fail| told_inside(ask, fail, &ticket))?;
    ask.desk.touch(&symbol);
    ask.desk.keep(id, ticket.clone());
    // Whatever has become of it already.
    let state = State::at_first(if is_plain { "Created" } else { "Untriggered" }, ask.now);
    Ok(done(&rows::order(ask.floor, &IDS.text(id), &ticket, &state)))
}

/// Codes of the engine that stand inside of an order in an answer that reads as a success. Which ones do is not said.
fn told_inside(ask: &Ask<'_>, fail: Fail, ticket: &Ticket) -> Fail {
    let is_inside = matches!(fail.code.as_str(), "11011" | "11053" | "11057") && ticket.trigger.is_none();
    let row = || rows::order(ask.floor, "", ticket, &State::at_first("Rejected", ask.now));
    if is_inside { Fail { shape: Shape::Order(row()), ..fail } } else { fail }
}

/// Reads an order. What a type has no use for is ignored, as are fields nobody knows.
fn read(ask: &Ask<'_>) -> Result<(Ticket, Aim), Fail> {
    let symbol = ask.symbol()?;
    let buy = ask.is_buy()?;
    let aim = Aim { position_side: ask.position_side(&symbol)?, reduces: ask.is_true("reduceOnly") || ask.is_true("closeOnTrigger") };
    let kind = match ask.needed("ordType")? {
        "Market" => "Market",
        "Limit" => "Limit",
        "Stop" => "Stop",
        "MarketIfTouched" => "MarketIfTouched",
        "StopLimit" | "LimitIfTouched" | "MarketAsLimit" | "StopAsLimit" | "MarketIfTouchedAsLimit" | "Bracket" => {
            return Err(Fail::not_simulated("ordType other than Market, Limit, Stop and MarketIfTouched"));
        }
        _ => return Err(fail::arguments()),
    };
    if ["takeProfitRp", "stopLossRp"].iter().any(|name| ask.text(name).is_some_and(|price| price != "0")) {
        let is_flat = ask.floor.book.market(&symbol).is_none_or(|market| market.is_flat());
        return Err(if is_flat { Fail::not_simulated("takeProfitRp, stopLossRp") } else { Fail::new(11074, "TE_CANNOT_ATTACH_TP_SL") });
    }
    let is_limit = kind == "Limit";
    let time_in_force = match ask.text("timeInForce") {
        Some("GoodTillCancel") | None if is_limit => "GoodTillCancel",
        Some("PostOnly" | "FillOrKill") => return Err(Fail::not_simulated("timeInForce PostOnly and FillOrKill")),
        Some("GoodTillCancel" | "ImmediateOrCancel") | None => "ImmediateOrCancel",
        Some(_) => return Err(fail::arguments()),
    };
    let qty = ask.decimal("orderQtyRq")?.ok_or_else(|| fail::missing("orderQtyRq"))?;
    let trigger = if matches!(kind, "Stop" | "MarketIfTouched") { Some(guards::trigger(ask)?) } else { None };
    let price = match kind {
        "Limit" => ask.decimal("priceRp")?.ok_or_else(|| fail::missing("priceRp"))?,
        "Market" => worst_price(ask, &symbol, buy).unwrap_or_default(),
        _ => Decimal::ZERO,
    };
    let (reduce_only, close_on_trigger) = (ask.is_true("reduceOnly"), ask.is_true("closeOnTrigger"));
    let name = new_name(ask)?;
    let ticket = Ticket { name, symbol, buy, kind, qty, price, time_in_force, reduce_only, close_on_trigger, trigger };
    Ok((ticket, aim))
}

/// The name an order is given: that of no open order. Which letters are allowed is not said.
fn new_name(ask: &Ask<'_>) -> Result<String, Fail> {
    let Some(name) = ask.text("clOrdID") else { return Ok(String::new()) };
    if name.len() > NAME_LEN_MAX || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') || Floor::is_made_up(name) {
        return Err(fail::arguments());
    }
    if line::open(&ask.floor.book).iter().any(|line| is_called(line, name)) { Err(fail::duplicate()) } else { Ok(name.to_owned()) }
}

/// The name in the book.
pub fn kept_name(ask: &Ask<'_>, ticket: &Ticket) -> String {
    if ticket.name.is_empty() { ask.floor.made_up_id() } else { book_name(&ticket.name) }
}

/// A market order is a limit order at the far end of the band.
fn worst_price(ask: &Ask<'_>, symbol: &Symbol, buy: bool) -> Option<Decimal> {
    ask.floor.worst_price(symbol, buy, ask.floor.book.knobs().price_band)
}

fn place(ask: &mut Ask<'_>, ticket: &Ticket, aim: Aim) -> Result<Id, Fail> {
    if aim.reduces && aim.effect(ticket.buy).closes.is_none() {
        return Err(fail::reduce_only());
    }
    let is_limit = ticket.kind == "Limit";
    let new = NewPlain {
        client_id: kept_name(ask, ticket),
        symbol: ticket.symbol.clone(),
        buy: ticket.buy,
        position_side: aim.position_side,
        // The book's own mark is for one-way mode; a side says it better.
        reduce_only: aim.reduces && aim.position_side.is_none(),
        price: is_limit.then_some(ticket.price),
        time_in_force: if ticket.time_in_force == "GoodTillCancel" { TimeInForce::Gtc } else { TimeInForce::Ioc },
        qty: ticket.qty,
        stop: None,
    };
    ask.floor.book.place(&new, ask.now).map(Id::Plain).map_err(fail::order)
}

/// `PUT /g-orders/replace`
pub fn replace(_: &mut Ask<'_>) -> Result<Value, Fail> {
    Err(Fail::not_simulated("amendments"))
}

/// `DELETE /g-orders/cancel`
pub fn cancel(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let side = ask.position_side(&symbol)?;
    let id = match (ask.text("orderID"), ask.text("clOrdID")) {
        (Some(id), _) => named(ask, &symbol, side, |line| IDS.read(id) == Some(line.id)),
        (None, Some(name)) => named(ask, &symbol, side, |line| is_called(line, name)),
        (None, None) => return Err(fail::missing("orderID or clOrdID")),
    };
    let row = remove(ask, id.ok_or_else(fail::gone)?)?;
    Ok(done(&row))
}

/// `DELETE /g-orders`: those of a list that are open; the others are passed over.
pub fn cancel_several(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let side = ask.position_side(&symbol)?;
    let ids = ask.text("orderID").map(str::to_owned);
    let list = ids.as_deref().or_else(|| ask.text("clOrdID")).ok_or_else(|| fail::missing("orderID or clOrdID"))?;
    let is_meant = |one: &str, line: &Line<'_>| if ids.is_some() { IDS.read(one) == Some(line.id) } else { is_called(line, one) };
    let meant: Vec<Id> = list.split(',').filter_map(|one| named(ask, &symbol, side, |line| is_meant(one, line))).collect();
    let rows: Vec<Value> = meant.into_iter().filter_map(|id| remove(ask, id).ok()).collect();
    if rows.is_empty() { Err(fail::gone()) } else { Ok(done(&json!(rows))) }
}

/// The open order that is meant. It must be of the position's side that was said.
fn named(ask: &Ask<'_>, symbol: &Symbol, side: Option<Side>, is_meant: impl Fn(&Line<'_>) -> bool) -> Option<Id> {
    let open = line::open(&ask.floor.book);
    let mut fits = open.iter().filter(|line| line.symbol == symbol && line.position_side == side && is_meant(line));
    fits.next().map(|line| line.id)
}

/// Cancels, and tells the order as it was.
fn remove(ask: &mut Ask<'_>, id: Id) -> Result<Value, Fail> {
    let line = Line::find(&ask.floor.book, id).ok_or_else(fail::gone)?;
    let (ticket, before) = (line::ticket(&line, ask.desk), line::state(&line, ask.floor));
    id.cancel(&mut ask.floor.book, ask.now).map_err(fail::order)?;
    let left = rows::real(ticket.qty - before.filled);
    let row = rows::order(ask.floor, &IDS.text(id), &ticket, &State { status: "Canceled", changed: ask.now, ..before });
    Ok(join(row, json!({"leavesQtyRq": left})))
}

/// `DELETE /g-orders/all`: what works, or, if told so, what waits for its price; never both.
pub fn cancel_all(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let waiting = ask.is_true("untriggered");
    let open = line::open(&ask.floor.book).into_iter().filter(|line| *line.symbol == symbol && line.is_waiting() == waiting);
    let meant: Vec<Id> = open.map(|line| line.id).collect();
    let done_with = meant.into_iter().filter(|id| remove(ask, *id).is_ok()).count();
    Ok(done(&json!(done_with)))
}
