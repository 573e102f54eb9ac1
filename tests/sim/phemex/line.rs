//! An order as Phemex shows it: what the book keeps as a conditional order and the plain one it becomes is one here.
//!
//! The engine knows how an order stands; the database shows how it stood a moment ago.

use perphook::exchange::paper::{Amount, Book, Conditional, ConditionalStatus, Order, Trade};
use perphook::market::{Decimal, Millis, OrderStatus, ProtectionKind, Side, Symbol};

use super::super::floor::Floor;
use super::desk::{Desk, Id, Ticket, book_name};

/// One order.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// What meets the market; `None` while it waits, and for good if it never was set off.
    pub order: Option<&'a Order>,
    /// What waits or has waited for a price.
    pub waiting: Option<&'a Conditional>,
}

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

impl<'a> Line<'a> {
    /// The order of an id.
    pub fn find(book: &'a Book, id: Id) -> Option<Line<'a>> {
        match id {
            Id::Plain(number) => book.order_by_number(number).filter(|order| order.parent.is_none()).map(Line::plain),
            Id::Waiting(number) => book.conditional_by_number(number).map(|order| Line::waiting(book, order)),
        }
    }

    fn plain(order: &'a Order) -> Line<'a> {
        Line { order: Some(order), waiting: None }
    }

    fn waiting(book: &'a Book, waiting: &'a Conditional) -> Line<'a> {
        Line { order: waiting.child.and_then(|number| book.order_by_number(number)), waiting: Some(waiting) }
    }

    /// Those that have not ended, the oldest first.
    pub fn open(book: &'a Book) -> Vec<Line<'a>> {
        let plain = book.open_orders().iter().filter(|order| order.parent.is_none()).map(Line::plain);
        let all = plain.chain(book.open_conditionals().iter().map(|order| Line::waiting(book, order)));
        let mut open: Vec<Line<'a>> = all.filter(|line| !line.has_ended()).collect();
        open.sort_by_key(Line::created);
        open
    }

    /// All that are remembered, the newest first.
    pub fn all(book: &'a Book) -> Vec<Line<'a>> {
        let plain = book.all_orders().rev().filter(|order| order.parent.is_none()).map(Line::plain);
        let mut all: Vec<Line<'a>> = plain.chain(book.all_conditionals().rev().map(|order| Line::waiting(book, order))).collect();
        all.sort_by_key(|line| std::cmp::Reverse(line.created()));
        all
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

    /// Whether it has this name.
    pub fn is_called(&self, name: &str) -> bool {
        let known = self.of(|one| one.client_id.as_str(), |one| one.client_id.as_str());
        known == Some(book_name(name).as_str()) && !Floor::is_made_up(name)
    }

    /// Whether it is of this contract.
    pub fn is_of(&self, symbol: &Symbol) -> bool {
        self.of(|one| one.symbol == *symbol, |one| one.symbol == *symbol) == Some(true)
    }

    /// The position it names in hedge mode.
    pub fn position_side(&self) -> Option<Side> {
        self.of(|one| one.position_side, |one| one.position_side).flatten()
    }

    /// When it was placed.
    pub fn created(&self) -> Millis {
        self.of(|one| one.created, |one| one.created).unwrap_or_default()
    }

    fn updated(&self) -> Millis {
        let order = self.order.map_or(0, |order| order.updated);
        self.waiting.map_or(0, |waiting| waiting.updated).max(order)
    }

    /// What it said, or what can be told of one that was placed by hand.
    pub fn ticket(&self, desk: &Desk) -> Ticket {
        desk.ticket(self.id()).cloned().unwrap_or_else(|| self.reconstructed())
    }

    fn reconstructed(&self) -> Ticket {
        let waits_for = self.waiting.map(|waiting| if let Amount::Qty { qty, .. } = waiting.amount { qty } else { Decimal::ZERO });
        let name = self.of(|one| one.client_id.as_str(), |one| one.client_id.as_str()).unwrap_or_default();
        let price = self.order.and_then(|order| order.price);
        let kind = match (self.waiting.map(|waiting| waiting.kind), price) {
            (Some(ProtectionKind::StopLoss), _) => "Stop",
            (Some(ProtectionKind::TakeProfit), _) => "MarketIfTouched",
            (None, Some(_)) => "Limit",
            (None, None) => "Market",
        };
        Ticket {
            name: if Floor::is_made_up(name) { String::new() } else { name.to_owned() },
            symbol: self.of(|one| one.symbol.clone(), |one| one.symbol.clone()).unwrap_or_else(|| Symbol::new("")),
            buy: self.of(|one| one.buy, |one| one.buy) == Some(true),
            kind,
            qty: waits_for.or(self.order.map(|order| order.qty)).unwrap_or_default(),
            price: price.unwrap_or_default(),
            time_in_force: if price.is_some() { "GoodTillCancel" } else { "ImmediateOrCancel" },
            reduce_only: self.order.is_some_and(|order| order.reduce_only),
            close_on_trigger: false,
            trigger: self.waiting.map(|waiting| (waiting.trigger_price, waiting.by)),
        }
    }

    /// How it stands.
    pub fn state(&self, floor: &Floor) -> State {
        self.stood(floor, Millis::MAX)
    }

    /// How it stood at a time, not before it was placed.
    pub fn stood(&self, floor: &Floor, at: Millis) -> State {
        let number = self.order.map(|order| order.number);
        let mine: Vec<&Trade> = floor.book.trades().iter().filter(|trade| Some(trade.order) == number && trade.at <= at).collect();
        let sum = |part: fn(&Trade) -> Decimal| mine.iter().map(|trade| part(trade)).sum::<Decimal>();
        let is_known = self.updated() <= at;
        // The order remembers its own executions longer than the book does.
        let (filled, value) = match self.order.filter(|_| is_known) {
            Some(order) => (order.filled, order.quote),
            None => (sum(|trade| trade.qty), sum(|trade| trade.qty * trade.price)),
        };
        State {
            status: if is_known { self.status() } else { self.earlier(filled, at) },
            filled,
            value,
            closed: sum(|trade| if trade.opening { Decimal::ZERO } else { trade.qty }),
            profit: sum(|trade| trade.realised),
            fee: sum(|trade| trade.fee),
            placed: self.created(),
            changed: if is_known { self.updated() } else { mine.last().map_or(self.created(), |trade| trade.at) },
        }
    }

    /// Where it stood when so much of it had filled, before it last changed.
    fn earlier(&self, filled: Decimal, at: Millis) -> &'static str {
        let is_set_off = self.waiting.is_none_or(|waiting| waiting.triggered != 0 && waiting.triggered <= at);
        match (filled.is_zero(), self.waiting.is_some(), is_set_off) {
            (false, _, _) if self.order.is_some_and(|order| order.qty == filled) => "Filled",
            (false, _, _) => "PartiallyFilled",
            (true, true, false) => "Untriggered",
            (true, true, true) => "Triggered",
            (true, false, _) => "New",
        }
    }

    /// Where it stands. What was cancelled while it waited is deactivated.
    fn status(&self) -> &'static str {
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
        matches!(self.status(), "Filled" | "Canceled" | "Rejected" | "Deactivated")
    }

    /// Whether it still waits for its price.
    pub fn is_waiting(&self) -> bool {
        self.waiting.is_some_and(Conditional::is_waiting)
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
