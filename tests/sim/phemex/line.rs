//! What Phemex says of an order. The engine knows how an order stands; the database shows how it stood a moment ago.

use perphook::exchange::paper::{Book, ConditionalStatus, Order, Trade};
use perphook::market::{Decimal, Millis, OrderStatus, ProtectionKind};

use super::super::floor::Floor;
use super::super::line::Line;
use super::desk::{Desk, Ticket, book_name};

/// How an order stands or stood.
#[derive(Clone, Debug)]
pub struct State {
    /// `ordStatus`.
    pub status: &'static str,
    pub filled: Decimal,
    /// Sum of price and quantity of its executions.
    pub value: Decimal,
    /// How much of it closed something, and what that earned.
    pub closed: Decimal,
    pub profit: Decimal,
    pub fee: Decimal,
    /// When it was placed and when it last changed.
    pub placed: Millis,
    pub changed: Millis,
}

impl State {
    /// That of an order which has just been placed, or never came to be.
    pub fn at_first(status: &'static str, now: Millis) -> State {
        let zero = Decimal::ZERO;
        State { status, filled: zero, value: zero, closed: zero, profit: zero, fee: zero, placed: now, changed: 0 }
    }

    /// Whether nothing more will become of it.
    pub fn has_ended(&self) -> bool {
        matches!(self.status, "Filled" | "Canceled" | "Rejected" | "Deactivated")
    }
}

/// Those that have not ended, the oldest first.
pub fn open(book: &Book) -> Vec<Line<'_>> {
    let mut open: Vec<Line<'_>> = Line::open(book).collect();
    open.sort_by_key(|line| line.created);
    open
}

/// All that are remembered, the newest first.
pub fn all(book: &Book) -> Vec<Line<'_>> {
    let mut all: Vec<Line<'_>> = Line::all(book).rev().collect();
    all.sort_by_key(|line| (std::cmp::Reverse(line.created), line.waiting.is_some()));
    all
}

/// Whether it has this name.
pub fn is_called(line: &Line<'_>, name: &str) -> bool {
    line.name == book_name(name) && !Floor::is_made_up(name)
}

/// What it said, or what can be told of one that was placed by hand.
pub fn ticket(line: &Line<'_>, desk: &Desk) -> Ticket {
    desk.ticket(line.id).cloned().unwrap_or_else(|| reconstructed(line))
}

fn reconstructed(line: &Line<'_>) -> Ticket {
    let price = line.price();
    let kind = match (line.waiting.map(|waiting| waiting.kind), price) {
        (Some(ProtectionKind::StopLoss), _) => "Stop",
        (Some(ProtectionKind::TakeProfit), _) => "MarketIfTouched",
        (None, Some(_)) => "Limit",
        (None, None) => "Market",
    };
    Ticket {
        name: Floor::sent_name(line.name).to_owned(),
        symbol: line.symbol.clone(),
        buy: line.buy,
        kind,
        qty: line.qty(),
        price: price.unwrap_or_default(),
        time_in_force: if price.is_some() { "GoodTillCancel" } else { "ImmediateOrCancel" },
        reduce_only: line.order.is_some_and(|order| order.reduce_only),
        close_on_trigger: false,
        trigger: line.waiting.map(|waiting| (waiting.trigger_price, waiting.by)),
    }
}

/// How it stands.
pub fn state(line: &Line<'_>, floor: &Floor) -> State {
    stood(line, floor, Millis::MAX)
}

/// How it stood at a time, not before it was placed.
pub fn stood(line: &Line<'_>, floor: &Floor, at: Millis) -> State {
    let number = line.order.map(|order| order.number);
    let mine: Vec<&Trade> = floor.book.trades().iter().filter(|trade| Some(trade.order) == number && trade.at <= at).collect();
    let sum = |part: fn(&Trade) -> Decimal| mine.iter().map(|trade| part(trade)).sum::<Decimal>();
    let is_known = line.updated() <= at;
    // The order remembers its own executions longer than the book does.
    let (filled, value) = match line.order.filter(|_| is_known) {
        Some(order) => (order.filled, order.quote),
        None => (sum(|trade| trade.qty), sum(|trade| trade.qty * trade.price)),
    };
    State {
        status: if is_known { status(line) } else { earlier(line, filled, at) },
        filled,
        value,
        closed: sum(|trade| if trade.opening { Decimal::ZERO } else { trade.qty }),
        profit: sum(|trade| trade.realised),
        fee: sum(|trade| trade.fee),
        placed: line.created,
        changed: if is_known { line.updated() } else { mine.last().map_or(line.created, |trade| trade.at) },
    }
}

/// Where it stood when so much of it had filled, before it last changed.
fn earlier(line: &Line<'_>, filled: Decimal, at: Millis) -> &'static str {
    let is_set_off = line.waiting.is_none_or(|waiting| waiting.triggered != 0 && waiting.triggered <= at);
    match (filled.is_zero(), line.waiting.is_some(), is_set_off) {
        (false, _, _) if line.order.is_some_and(|order| order.qty == filled) => "Filled",
        (false, _, _) => "PartiallyFilled",
        (true, true, false) => "Untriggered",
        (true, true, true) => "Triggered",
        (true, false, _) => "New",
    }
}

/// Where it stands. What was cancelled while it waited is deactivated.
fn status(line: &Line<'_>) -> &'static str {
    match line.waiting.map(|waiting| waiting.status) {
        Some(ConditionalStatus::New) => "Untriggered",
        Some(ConditionalStatus::Triggering) => "Triggered",
        Some(ConditionalStatus::Canceled | ConditionalStatus::Expired) => "Deactivated",
        Some(ConditionalStatus::Rejected) => "Rejected",
        Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => line.order.map_or("Filled", order_status),
    }
}

fn order_status(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Filled => "Filled",
        OrderStatus::Canceled | OrderStatus::Expired => "Canceled",
        OrderStatus::Rejected => "Rejected",
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken if order.filled.is_zero() => "New",
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken => "PartiallyFilled",
    }
}
