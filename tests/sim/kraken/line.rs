//! What Kraken says of an order. One that waits for a price and the one that it becomes have one id and one name here; that
//! it is so there no source says.

use perphook::exchange::paper::{Book, ConditionalStatus, Order, TimeInForce};
use perphook::market::{Millis, OrderStatus, ProtectionKind};

use super::super::floor::Floor;
use super::super::line::{Line, Tails};

/// How ids are written.
pub const IDS: Tails = Tails { plain: "-e45e-469d-b3e9-2fd4675cb7d0", waiting: "-7c2d-4b1e-8f60-5a1c9d3e7b42" };
/// How long an order is remembered once it has ended.
pub const REMEMBERED_MS: Millis = 5000;

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waits for its price, or is on its way.
    Waiting,
    /// Open in the order book.
    Resting,
    /// Filled as a whole.
    Filled,
    /// Ended with a rest: by its owner, by the exchange, or because it may not rest.
    Cancelled,
    /// Never was an order: there was nothing to execute it against.
    Rejected,
    /// Its price came, and then it could not be placed.
    Failed,
}

/// The order of an id.
pub fn find<'a>(book: &'a Book, id: &str) -> Option<Line<'a>> {
    Line::find(book, IDS.read(id)?)
}

/// The newest order of a name.
pub fn named<'a>(book: &'a Book, name: &str) -> Option<Line<'a>> {
    let waiting = book.conditional_by_id(name).map(|order| Line::waiting(book, order));
    let plain = book.all_orders().rev().find(|order| order.client_id == name && order.parent.is_none()).map(Line::plain);
    [waiting, plain].into_iter().flatten().max_by_key(|line| line.created)
}

/// The order that a plain one belongs to.
pub fn of<'a>(book: &'a Book, order: &'a Order) -> Line<'a> {
    let parent = order.parent.and_then(|number| book.conditional_by_number(number));
    parent.map_or_else(|| Line::plain(order), |parent| Line::waiting(book, parent))
}

/// Its id.
pub fn id(line: &Line<'_>) -> String {
    IDS.text(line.id)
}

/// Its name; `None` for one that nobody gave.
pub fn name<'a>(line: &Line<'a>) -> Option<&'a str> {
    Some(line.name).filter(|name| !Floor::is_made_up(name))
}

/// `buy` or `sell`.
pub fn side(line: &Line<'_>) -> &'static str {
    if line.buy { "buy" } else { "sell" }
}

/// When it last changed. What becomes of it once it has ended, nobody is told.
pub fn updated(line: &Line<'_>) -> Millis {
    line.order.map_or_else(|| line.updated(), |order| order.updated)
}

/// What lists call an order of this kind; `None` for a plain one.
pub fn trigger_type(line: &Line<'_>) -> Option<&'static str> {
    line.waiting.map(|one| if one.kind == ProtectionKind::StopLoss { "stop" } else { "take_profit" })
}

/// Whether it may rest in the order book.
pub fn may_rest(line: &Line<'_>) -> bool {
    line.order.is_some_and(|order| order.price.is_some() && order.time_in_force == TimeInForce::Gtc)
}

/// Where it stands.
pub fn stage(line: &Line<'_>) -> Stage {
    match line.waiting.map(|waiting| waiting.status) {
        Some(ConditionalStatus::New | ConditionalStatus::Triggering) => Stage::Waiting,
        Some(ConditionalStatus::Canceled | ConditionalStatus::Expired) => Stage::Cancelled,
        Some(ConditionalStatus::Rejected) => Stage::Failed,
        Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => plain_stage(line),
    }
}

fn plain_stage(line: &Line<'_>) -> Stage {
    let Some(order) = line.order else { return Stage::Filled };
    match order.status {
        OrderStatus::Filled => Stage::Filled,
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken => Stage::Resting,
        OrderStatus::Expired if order.filled.is_zero() && !may_rest(line) => Stage::Rejected,
        OrderStatus::Canceled | OrderStatus::Expired => Stage::Cancelled,
        OrderStatus::Rejected => Stage::Rejected,
    }
}

/// Whether the engine still knows it.
pub fn is_remembered(line: &Line<'_>, now: Millis) -> bool {
    !line.has_ended() || updated(line) + REMEMBERED_MS >= now
}
