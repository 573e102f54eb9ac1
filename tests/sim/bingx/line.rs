//! An order as BingX shows it: what waited for a price and the market order it became are one, under one id.
//!
//! Whether the id stays is not documented; a client that looks for a second one finds none.

use perphook::exchange::paper::{Amount, Book, Conditional, ConditionalStatus, Effect, Order};
use perphook::market::{Decimal, Millis, OrderStatus, ProtectionKind, Side, Symbol, TriggerBy};

use super::super::floor::Floor;

/// Ids lie beyond what a double can count.
const PLAIN_IDS: u64 = 1_735_950_529_123_455_000;
const WAITING_IDS: u64 = 1_735_950_629_123_455_000;
const IDS: u64 = 10_000_000_000;

/// Where the book keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Id {
    /// Among plain orders, by its number.
    Plain(u64),
    /// Among conditional orders, by its number.
    Waiting(u64),
}

impl Id {
    /// As it is shown.
    pub fn shown(self) -> u64 {
        match self {
            Id::Plain(number) => PLAIN_IDS + number,
            Id::Waiting(number) => WAITING_IDS + number,
        }
    }

    fn read(shown: u64) -> Option<Id> {
        let within = |base: u64| shown.checked_sub(base).filter(|number| *number < IDS);
        within(PLAIN_IDS).map(Id::Plain).or_else(|| within(WAITING_IDS).map(Id::Waiting))
    }

    /// Whose execution something is that a plain order of the book did.
    pub fn of(order: &Order) -> Id {
        order.parent.map_or(Id::Plain(order.number), Id::Waiting)
    }
}

/// One order.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    pub id: Id,
    pub symbol: &'a Symbol,
    pub buy: bool,
    /// The position it names in hedge mode.
    pub position_side: Option<Side>,
    pub reduce_only: bool,
    /// `LIMIT`, `MARKET`, `STOP_MARKET` or `TAKE_PROFIT_MARKET`.
    pub kind: &'static str,
    /// Its name as clients see it; empty for one that nobody gave, and for orders that wait for a price.
    pub client_id: &'a str,
    /// Of a limit order.
    pub price: Option<Decimal>,
    /// What sets it off.
    pub trigger: Option<(Decimal, TriggerBy)>,
    pub qty: Decimal,
    /// What has met the market.
    pub order: Option<&'a Order>,
    /// The exchange's word for where it stands.
    pub status: &'static str,
    pub created: Millis,
    pub updated: Millis,
}

impl<'a> Line<'a> {
    /// An order of the order book.
    pub fn plain(order: &'a Order) -> Line<'a> {
        Line {
            id: Id::Plain(order.number),
            symbol: &order.symbol,
            buy: order.buy,
            position_side: order.position_side,
            reduce_only: order.reduce_only,
            kind: if order.price.is_some() { "LIMIT" } else { "MARKET" },
            client_id: if Floor::is_made_up(&order.client_id) { "" } else { &order.client_id },
            price: order.price,
            trigger: None,
            qty: order.qty,
            order: Some(order),
            status: word(order),
            created: order.created,
            updated: order.updated,
        }
    }

    fn waiting(book: &'a Book, one: &'a Conditional) -> Line<'a> {
        let order = one.child.and_then(|number| book.order_by_number(number));
        let (qty, reduce_only) = match one.amount {
            Amount::Qty { qty, reduce_only } => (qty, reduce_only),
            Amount::WholePosition => (Decimal::ZERO, true),
        };
        Line {
            id: Id::Waiting(one.number),
            symbol: &one.symbol,
            buy: one.buy,
            position_side: one.position_side,
            reduce_only,
            kind: kind_of(one.kind),
            client_id: "",
            price: None,
            trigger: Some((one.trigger_price, one.by)),
            qty,
            order,
            status: match one.status {
                ConditionalStatus::New => "NEW",
                ConditionalStatus::Triggering => "TRIGGERED",
                ConditionalStatus::Canceled => "CANCELED",
                ConditionalStatus::Expired => "EXPIRED",
                ConditionalStatus::Rejected => "FAILED",
                ConditionalStatus::Triggered | ConditionalStatus::Finished => order.map_or("FILLED", word),
            },
            created: one.created,
            updated: order.map_or(one.updated, |order| order.updated.max(one.updated)),
        }
    }

    /// The order of an id, whatever became of it.
    pub fn find(book: &'a Book, shown: u64) -> Option<Line<'a>> {
        match Id::read(shown)? {
            Id::Plain(number) => book.order_by_number(number).filter(|order| order.parent.is_none()).map(Line::plain),
            Id::Waiting(number) => book.conditional_by_number(number).map(|one| Line::waiting(book, one)),
        }
    }

    /// The order of a name, in whatever letters.
    pub fn named(book: &'a Book, name: &str) -> Option<Line<'a>> {
        book.order_by_id(&name.to_lowercase()).filter(|order| order.parent.is_none()).map(Line::plain)
    }

    /// Those that have not ended, plain ones first.
    pub fn open(book: &'a Book) -> impl Iterator<Item = Line<'a>> {
        let plain = book.open_orders().iter().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.open_conditionals().iter().map(|one| Line::waiting(book, one))).filter(|line| !line.has_ended())
    }

    /// All that are remembered.
    pub fn all(book: &'a Book) -> impl Iterator<Item = Line<'a>> {
        let plain = book.all_orders().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.all_conditionals().map(|one| Line::waiting(book, one)))
    }

    /// What has filled.
    pub fn filled(&self) -> Decimal {
        self.order.map(|order| order.filled).unwrap_or_default()
    }

    /// Whether nothing more will become of it.
    pub fn has_ended(&self) -> bool {
        matches!(self.status, "FILLED" | "CANCELED" | "EXPIRED" | "FAILED")
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

/// What resting orders that only close have taken of a position already.
pub fn reserved(book: &Book, symbol: &Symbol, side: Side) -> Decimal {
    let closes = Effect { closes: Some(side), opens: None };
    book.open_orders().iter().filter(|order| order.symbol == *symbol && order.effect() == closes).map(Order::rest).sum()
}
