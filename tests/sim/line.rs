//! An order as most exchanges show it: what the book keeps as a conditional order and the plain one it becomes is one
//! here, under one id. How ids are written, and the words for where an order stands, are each exchange's own.

use perphook::exchange::paper::{Amount, Book, Conditional, ConditionalStatus, Denial, Order};
use perphook::market::{Decimal, Millis, ProtectionKind, Side, Symbol};

/// An order's id: the book's number, and which of the book's two spaces it is of. An order that waits for a price keeps
/// its id when it is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Id {
    /// A plain order.
    Plain(u64),
    /// One that waits for a price, or has waited.
    Waiting(u64),
}

impl Id {
    /// A plain order's, or that of the order it came from.
    pub fn of(order: &Order) -> Id {
        order.parent.map_or(Id::Plain(order.number), Id::Waiting)
    }

    /// Cancels the order while it rests or waits.
    pub fn cancel(self, book: &mut Book, now: Millis) -> Result<(), Denial> {
        match self {
            Id::Plain(number) => book.cancel(number, now),
            Id::Waiting(number) => book.cancel_conditional(number, now),
        }
    }
}

/// How ids of orders end that look like UUIDs: those of plain orders, and those of orders that wait for a price.
pub struct Tails {
    pub plain: &'static str,
    pub waiting: &'static str,
}

impl Tails {
    /// An id as clients see it.
    pub fn text(&self, id: Id) -> String {
        match id {
            Id::Plain(number) => format!("{number:08x}{}", self.plain),
            Id::Waiting(number) => format!("{number:08x}{}", self.waiting),
        }
    }

    /// Reads what a client sends.
    pub fn read(&self, text: &str) -> Option<Id> {
        let number = |tail: &str| u64::from_str_radix(text.strip_suffix(tail)?, 16).ok();
        number(self.plain).map(Id::Plain).or_else(|| number(self.waiting).map(Id::Waiting))
    }
}

/// One order.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    pub id: Id,
    /// Its name in the book.
    pub name: &'a str,
    pub symbol: &'a Symbol,
    pub buy: bool,
    /// The position it names in hedge mode.
    pub position_side: Option<Side>,
    /// When it was placed.
    pub created: Millis,
    /// What meets the market; `None` while it waits, and for good if it never was set off.
    pub order: Option<&'a Order>,
    /// What waits or has waited for a price.
    pub waiting: Option<&'a Conditional>,
}

/// Finding orders.
impl<'a> Line<'a> {
    /// One that never waited for a price.
    pub fn plain(order: &'a Order) -> Line<'a> {
        Line {
            id: Id::of(order),
            name: &order.client_id,
            symbol: &order.symbol,
            buy: order.buy,
            position_side: order.position_side,
            created: order.created,
            order: Some(order),
            waiting: None,
        }
    }

    /// One that waits for a price, with what it has become.
    pub fn waiting(book: &'a Book, waiting: &'a Conditional) -> Line<'a> {
        Line {
            id: Id::Waiting(waiting.number),
            name: &waiting.client_id,
            symbol: &waiting.symbol,
            buy: waiting.buy,
            position_side: waiting.position_side,
            created: waiting.created,
            order: waiting.child.and_then(|number| book.order_by_number(number)),
            waiting: Some(waiting),
        }
    }

    /// The order of an id.
    pub fn find(book: &'a Book, id: Id) -> Option<Line<'a>> {
        match id {
            Id::Plain(number) => book.order_by_number(number).filter(|order| order.parent.is_none()).map(Line::plain),
            Id::Waiting(number) => book.conditional_by_number(number).map(|order| Line::waiting(book, order)),
        }
    }

    /// The order of a name, where names are never used twice.
    pub fn named(book: &'a Book, name: &str) -> Option<Line<'a>> {
        let waiting = book.conditional_by_id(name).map(|order| Line::waiting(book, order));
        waiting.or_else(|| book.order_by_id(name).map(Line::plain))
    }

    /// Those that have not ended: plain ones first, the oldest first within their kind.
    pub fn open(book: &'a Book) -> impl Iterator<Item = Line<'a>> {
        let plain = book.open_orders().iter().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.open_conditionals().iter().map(|order| Line::waiting(book, order))).filter(|line| !line.has_ended())
    }

    /// All that are remembered, in the same order.
    pub fn all(book: &'a Book) -> impl DoubleEndedIterator<Item = Line<'a>> {
        let plain = book.all_orders().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.all_conditionals().map(|order| Line::waiting(book, order)))
    }
}

/// What both kinds tell.
impl Line<'_> {
    /// What was ordered, in coins; zero for all of a position that nobody has counted yet.
    pub fn qty(&self) -> Decimal {
        match (self.order, self.waiting.map(|waiting| waiting.amount)) {
            (Some(order), _) => order.qty,
            (None, Some(Amount::Qty { qty, .. })) => qty,
            (None, _) => Decimal::ZERO,
        }
    }

    /// What has filled.
    pub fn filled(&self) -> Decimal {
        self.order.map(|order| order.filled).unwrap_or_default()
    }

    /// Limit price; `None` for a market order.
    pub fn price(&self) -> Option<Decimal> {
        self.order.and_then(|order| order.price)
    }

    /// When it last changed.
    pub fn updated(&self) -> Millis {
        let order = self.order.map_or(0, |order| order.updated);
        self.waiting.map_or(0, |waiting| waiting.updated).max(order)
    }

    /// Whether it only takes a position down, as far as the book knows.
    pub fn only_reduces(&self) -> bool {
        self.waiting.map(|waiting| waiting.effect().opens.is_none()).or(self.order.map(|order| order.reduce_only)) == Some(true)
    }

    /// Whether it still waits for its price.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some_and(Conditional::is_waiting)
    }

    /// Whether nothing more will become of it.
    pub fn has_ended(&self) -> bool {
        match self.waiting.map(|waiting| waiting.status) {
            Some(ConditionalStatus::New | ConditionalStatus::Triggering) => false,
            Some(ConditionalStatus::Canceled | ConditionalStatus::Expired | ConditionalStatus::Rejected) => true,
            Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => {
                self.order.is_none_or(|order| order.status.is_final())
            }
        }
    }
}

/// Whether an order waits for the price to rise.
pub fn rises(order: &Conditional) -> bool {
    order.buy == (order.kind == ProtectionKind::StopLoss)
}
