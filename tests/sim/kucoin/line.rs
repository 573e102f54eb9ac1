//! What KuCoin knows of an order besides what all exchanges tell.

use perphook::exchange::paper::{Book, Conditional, ConditionalStatus};
use perphook::market::OrderStatus;

use super::super::line::{Line, rises};
use super::notes::{self, Notes, Trigger};

/// The order of a name. Names are never used twice.
pub fn named<'a>(book: &'a Book, notes: &Notes, name: &str) -> Option<Line<'a>> {
    Line::named(book, notes.book_name(name))
}

/// All that are remembered, the newest first.
pub fn all(book: &Book) -> Vec<Line<'_>> {
    let mut lines: Vec<Line<'_>> = Line::all(book).collect();
    lines.sort_by_key(|line| std::cmp::Reverse((line.created, notes::shown_id(line.id))));
    lines
}

/// What sets it off.
pub fn trigger(line: &Line<'_>, notes: &Notes) -> Option<Trigger> {
    let waiting = |one: &Conditional| Trigger { rises: rises(one), price: one.trigger_price, by: one.by };
    line.waiting.map(waiting).or_else(|| notes.of(line.id)?.trigger)
}

/// Whether its price was reached.
pub fn was_triggered(line: &Line<'_>) -> bool {
    line.waiting.is_none_or(|one| !matches!(one.status, ConditionalStatus::New | ConditionalStatus::Canceled | ConditionalStatus::Expired))
}

/// Whether it ended before all of it was filled.
pub fn was_canceled(line: &Line<'_>) -> bool {
    line.has_ended() && line.order.is_none_or(|order| order.status != OrderStatus::Filled)
}
