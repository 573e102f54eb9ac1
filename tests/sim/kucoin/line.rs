//! An order as KuCoin shows it: what the book keeps as a conditional order and the plain one it becomes is one here.

use perphook::exchange::paper::{Amount, Book, Conditional, ConditionalStatus, Order};
use perphook::market::{Decimal, Millis, OrderStatus, ProtectionKind, Side, Symbol};

use super::notes::{Id, Notes, Trigger};

/// One order.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// What meets the market; `None` while it waits, and for good if it never was set off.
    pub order: Option<&'a Order>,
    /// What waits or has waited for a price.
    pub waiting: Option<&'a Conditional>,
}

impl<'a> Line<'a> {
    /// The order of an id.
    pub fn find(book: &'a Book, id: Id) -> Option<Line<'a>> {
        match id {
            Id::Plain(number) => book.order_by_number(number).filter(|order| order.parent.is_none()).map(Line::plain),
            Id::Waiting(number) => book.conditional_by_number(number).map(|order| Line::waiting(book, order)),
        }
    }

    /// The order of a name. Names are never used twice.
    pub fn named(book: &'a Book, notes: &Notes, name: &str) -> Option<Line<'a>> {
        let name = notes.book_name(name);
        let waiting = book.conditional_by_id(name).map(|order| Line::waiting(book, order));
        waiting.or_else(|| book.order_by_id(name).map(Line::plain))
    }

    fn plain(order: &'a Order) -> Line<'a> {
        Line { order: Some(order), waiting: None }
    }

    fn waiting(book: &'a Book, waiting: &'a Conditional) -> Line<'a> {
        Line { order: waiting.child.and_then(|number| book.order_by_number(number)), waiting: Some(waiting) }
    }

    /// All that are remembered, the newest first.
    pub fn all(book: &'a Book) -> Vec<Line<'a>> {
        let plain = book.all_orders().filter(|order| order.parent.is_none()).map(Line::plain);
        let mut lines: Vec<Line<'a>> = plain.chain(book.all_conditionals().map(|order| Line::waiting(book, order))).collect();
        lines.sort_by_key(|line| std::cmp::Reverse((line.created(), line.id().number())));
        lines
    }

    /// Its id.
    pub fn id(&self) -> Id {
        match (self.waiting, self.order) {
            (Some(waiting), _) => Id::of_waiting(waiting),
            (None, Some(order)) => Id::of(order),
            (None, None) => Id::Plain(0),
        }
    }

    /// Reads what both kinds have.
    fn of<T>(&self, waiting: impl Fn(&'a Conditional) -> T, order: impl Fn(&'a Order) -> T) -> Option<T> {
        self.waiting.map(waiting).or_else(|| self.order.map(order))
    }

    /// Its name in the book.
    pub fn name(&self) -> &'a str {
        self.of(|one| one.client_id.as_str(), |one| one.client_id.as_str()).unwrap_or_default()
    }

    /// Whether it is of this contract.
    pub fn is_of(&self, symbol: &Symbol) -> bool {
        self.of(|one| one.symbol == *symbol, |one| one.symbol == *symbol) == Some(true)
    }

    /// Its contract.
    pub fn symbol(&self) -> Option<&'a Symbol> {
        self.of(|one| &one.symbol, |one| &one.symbol)
    }

    /// Its direction.
    pub fn is_buy(&self) -> bool {
        self.of(|one| one.buy, |one| one.buy) == Some(true)
    }

    /// The position it names in hedge mode.
    pub fn position_side(&self) -> Option<Side> {
        self.of(|one| one.position_side, |one| one.position_side).flatten()
    }

    /// When it was placed.
    pub fn created(&self) -> Millis {
        self.of(|one| one.created, |one| one.created).unwrap_or_default()
    }

    /// When it last changed.
    pub fn updated(&self) -> Millis {
        let order = self.order.map_or(0, |order| order.updated);
        self.waiting.map_or(0, |waiting| waiting.updated).max(order)
    }

    /// What was ordered, in coins. Of all of a position it is what there was in the end, zero before (unconfirmed).
    pub fn qty(&self) -> Decimal {
        let waits_for = self.waiting.map(|waiting| if let Amount::Qty { qty, .. } = waiting.amount { qty } else { Decimal::ZERO });
        self.order.map(|order| order.qty).or(waits_for).unwrap_or_default()
    }

    /// Whether it only reduces, as far as the book knows.
    pub fn only_reduces(&self) -> bool {
        self.of(|one| one.effect().opens.is_none(), |one| one.reduce_only) == Some(true)
    }

    /// What sets it off.
    pub fn trigger(&self, notes: &Notes) -> Option<Trigger> {
        let waiting = |one: &Conditional| {
            let rises = one.buy == (one.kind == ProtectionKind::StopLoss);
            Trigger { rises, price: one.trigger_price, by: one.by }
        };
        self.waiting.map(waiting).or_else(|| notes.of(self.id())?.trigger)
    }

    /// Whether it waits for its price: such an order is in the list of stop orders, and in no other.
    pub fn is_untriggered(&self) -> bool {
        self.waiting.is_some_and(Conditional::is_waiting)
    }

    /// Whether its price was reached.
    pub fn was_triggered(&self) -> bool {
        self.waiting
            .is_none_or(|one| !matches!(one.status, ConditionalStatus::New | ConditionalStatus::Canceled | ConditionalStatus::Expired))
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

    /// Whether it ended before all of it was filled.
    pub fn was_canceled(&self) -> bool {
        self.has_ended() && self.order.is_none_or(|order| order.status != OrderStatus::Filled)
    }
}
