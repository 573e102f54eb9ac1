//! What BingX says of an order. What waited for a price and the market order it became are one, under one id.
//!
//! Whether the id stays is not documented; a client that looks for a second one finds none.

use perphook::exchange::paper::{Amount, Book, ConditionalStatus, Order};
use perphook::market::{OrderStatus, ProtectionKind};

use super::super::floor::Floor;
use super::super::line::{Id, Line};

/// Ids lie beyond what a double can count.
const PLAIN_IDS: u64 = 1_735_950_529_123_455_000;
const WAITING_IDS: u64 = 1_735_950_629_123_455_000;
const IDS: u64 = 10_000_000_000;

/// An id as it is shown.
pub fn shown_id(id: Id) -> u64 {
    match id {
        Id::Plain(number) => PLAIN_IDS + number,
        Id::Waiting(number) => WAITING_IDS + number,
    }
}

fn read_id(shown: u64) -> Option<Id> {
    let within = |base: u64| shown.checked_sub(base).filter(|number| *number < IDS);
    within(PLAIN_IDS).map(Id::Plain).or_else(|| within(WAITING_IDS).map(Id::Waiting))
}

/// The order of an id, whatever became of it.
pub fn find(book: &Book, shown: u64) -> Option<Line<'_>> {
    Line::find(book, read_id(shown)?)
}

/// The order of a name, in whatever letters.
pub fn named<'a>(book: &'a Book, name: &str) -> Option<Line<'a>> {
    book.order_by_id(&name.to_lowercase()).filter(|order| order.parent.is_none()).map(Line::plain)
}

/// Its name as clients see it; empty for one that nobody gave, and for orders that wait for a price.
pub fn client_id<'a>(line: &Line<'a>) -> &'a str {
    if line.waiting.is_some() { "" } else { Floor::sent_name(line.name) }
}

/// `LIMIT`, `MARKET`, `STOP_MARKET` or `TAKE_PROFIT_MARKET`.
pub fn kind(line: &Line<'_>) -> &'static str {
    match line.waiting {
        Some(waiting) => kind_of(waiting.kind),
        None if line.price().is_some() => "LIMIT",
        None => "MARKET",
    }
}

/// Whether it was told to take a position down only.
pub fn reduce_only(line: &Line<'_>) -> bool {
    match line.waiting.map(|waiting| waiting.amount) {
        Some(Amount::Qty { reduce_only, .. }) => reduce_only,
        Some(Amount::WholePosition) => true,
        None => line.only_reduces(),
    }
}

/// The exchange's word for where it stands.
pub fn status(line: &Line<'_>) -> &'static str {
    match line.waiting.map(|waiting| waiting.status) {
        Some(ConditionalStatus::New) => "NEW",
        Some(ConditionalStatus::Triggering) => "TRIGGERED",
        Some(ConditionalStatus::Canceled) => "CANCELED",
        Some(ConditionalStatus::Expired) => "EXPIRED",
        Some(ConditionalStatus::Rejected) => "FAILED",
        Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => line.order.map_or("FILLED", word),
    }
}

/// The word for an order that waits for a price.
pub fn kind_of(kind: ProtectionKind) -> &'static str {
    if kind == ProtectionKind::StopLoss { "STOP_MARKET" } else { "TAKE_PROFIT_MARKET" }
}

fn word(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Filled => "FILLED",
        OrderStatus::Canceled => "CANCELED",
        OrderStatus::Expired => "EXPIRED",
        OrderStatus::Rejected => "FAILED",
        _ if order.filled.is_zero() => "NEW",
        _ => "PARTIALLY_FILLED",
    }
}
