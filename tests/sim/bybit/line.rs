//! An order as Bybit shows it: what the book keeps as a conditional order and the plain one it becomes is one here.

use perphook::exchange::paper::{Amount, Book, Conditional, ConditionalStatus, Order, TimeInForce};
use perphook::market::{Decimal, Millis, OrderStatus, ProtectionKind, Side, Symbol};

use super::super::floor::Floor;
use super::ids::Id;

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
    pub fn named(book: &'a Book, name: &str) -> Option<Line<'a>> {
        let waiting = book.conditional_by_id(name).map(|order| Line::waiting(book, order));
        waiting.or_else(|| book.order_by_id(name).map(Line::plain))
    }

    fn plain(order: &'a Order) -> Line<'a> {
        Line { order: Some(order), waiting: None }
    }

    fn waiting(book: &'a Book, waiting: &'a Conditional) -> Line<'a> {
        Line { order: waiting.child.and_then(|number| book.order_by_number(number)), waiting: Some(waiting) }
    }

    /// Those that have not ended, oldest first within their kind.
    pub fn open(book: &'a Book) -> impl Iterator<Item = Line<'a>> {
        let plain = book.open_orders().iter().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.open_conditionals().iter().map(|order| Line::waiting(book, order))).filter(|line| !line.has_ended())
    }

    /// All that are remembered.
    pub fn all(book: &'a Book) -> impl Iterator<Item = Line<'a>> {
        let plain = book.all_orders().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.all_conditionals().map(|order| Line::waiting(book, order)))
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

    /// Its name as clients see it: empty for one that nobody gave.
    pub fn link(&self) -> &'a str {
        if self.is_attribute() || Floor::is_made_up(self.name()) { "" } else { self.name() }
    }

    /// Whether it stands for a position's stop or target.
    pub fn is_attribute(&self) -> bool {
        self.waiting.is_some_and(|waiting| waiting.amount == Amount::WholePosition)
    }

    /// Its contract.
    pub fn is_of(&self, symbol: &Symbol) -> bool {
        self.of(|one| one.symbol == *symbol, |one| one.symbol == *symbol) == Some(true)
    }

    /// Its contract's name.
    pub fn symbol(&self) -> &'a str {
        self.of(|one| one.symbol.as_str(), |one| one.symbol.as_str()).unwrap_or_default()
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

    /// What was ordered; zero for all of a position that nobody counted yet. No source says what stands there then.
    pub fn qty(&self) -> Decimal {
        let waits_for = self.waiting.map(|waiting| if let Amount::Qty { qty, .. } = waiting.amount { qty } else { Decimal::ZERO });
        self.order.map(|order| order.qty).or(waits_for).unwrap_or_default()
    }

    /// What has filled.
    pub fn filled(&self) -> Decimal {
        self.order.map(|order| order.filled).unwrap_or_default()
    }

    /// What the exchange calls an order of this kind; empty for a plain one.
    pub fn stop_order_type(&self) -> &'static str {
        match self.waiting.map(|waiting| (self.is_attribute(), waiting.kind)) {
            None => "",
            Some((false, _)) => "Stop",
            Some((true, ProtectionKind::StopLoss)) => "StopLoss",
            Some((true, ProtectionKind::TakeProfit)) => "TakeProfit",
        }
    }

    /// 1 when it waits for the price to rise, 2 for it to fall, 0 when it does not wait.
    pub fn trigger_direction(&self) -> u8 {
        self.waiting.map_or(0, |one| if one.buy == (one.kind == ProtectionKind::StopLoss) { 1 } else { 2 })
    }

    /// Where it stands. What was cancelled while it waited is deactivated.
    pub fn status(&self) -> &'static str {
        match self.waiting.map(|waiting| waiting.status) {
            Some(ConditionalStatus::New) => "Untriggered",
            Some(ConditionalStatus::Triggering) => "Triggered",
            Some(ConditionalStatus::Canceled | ConditionalStatus::Expired) => "Deactivated",
            Some(ConditionalStatus::Rejected) => "Rejected",
            Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => self.order.map_or("Filled", order_status),
        }
    }

    /// Whether nothing more will become of it.
    pub fn has_ended(&self) -> bool {
        matches!(self.status(), "Filled" | "Cancelled" | "Rejected" | "Deactivated")
    }

    /// Why it was cancelled, and why it was not executed.
    pub fn reasons(&self) -> (&'static str, &'static str) {
        let may_rest = self.order.is_some_and(|order| order.price.is_some() && order.time_in_force == TimeInForce::Gtc);
        let by_exchange = match (self.waiting.map(|waiting| waiting.status), self.order.map(|order| order.status)) {
            (Some(ConditionalStatus::Canceled), _) | (None, Some(OrderStatus::Canceled)) => return ("CancelByUser", "EC_PerCancelRequest"),
            (Some(ConditionalStatus::Expired), _) => "CancelByTpSlTsClear",
            (Some(ConditionalStatus::Rejected), _) => return ("UNKNOWN", "EC_Others"),
            (None, Some(OrderStatus::Expired)) if may_rest => "CancelByReduceOnly",
            (_, Some(OrderStatus::Expired)) => return ("UNKNOWN", "EC_NoImmediateQtyToFill"),
            _ => return ("UNKNOWN", "EC_NoError"),
        };
        (by_exchange, "EC_NoError")
    }
}

fn order_status(order: &Order) -> &'static str {
    match order.status {
        OrderStatus::Filled => "Filled",
        OrderStatus::Canceled | OrderStatus::Expired => "Cancelled",
        OrderStatus::Rejected => "Rejected",
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken if order.filled.is_zero() => "New",
        OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken => "PartiallyFilled",
    }
}
