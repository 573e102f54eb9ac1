//! An order as Kraken shows it: one that waits for a price and the one that it becomes are the same here, with one id and
//! one name. That they are the same there no source says.

use perphook::exchange::paper::{Amount, Book, Conditional, ConditionalStatus, Order, TimeInForce};
use perphook::market::{Decimal, Millis, OrderStatus, ProtectionKind, Symbol};

use super::super::floor::Floor;

/// How the ids of plain orders end, and those of orders that wait for a price.
const PLAIN: &str = "-e45e-469d-b3e9-2fd4675cb7d0";
const WAITING: &str = "-7c2d-4b1e-8f60-5a1c9d3e7b42";
/// How long an order is remembered once it has ended.
pub const REMEMBERED_MS: Millis = 5000;

/// One order.
#[derive(Clone, Copy)]
pub struct Line<'a> {
    /// What meets the market; `None` while it waits, and for good if it never was set off.
    pub order: Option<&'a Order>,
    /// What waits or has waited for a price.
    pub waiting: Option<&'a Conditional>,
}

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

impl<'a> Line<'a> {
    /// The order of an id.
    pub fn find(book: &'a Book, id: &str) -> Option<Line<'a>> {
        let number = |tail: &str| u64::from_str_radix(id.strip_suffix(tail)?, 16).ok();
        if let Some(number) = number(PLAIN) {
            return book.order_by_number(number).filter(|order| order.parent.is_none()).map(Line::plain);
        }
        book.conditional_by_number(number(WAITING)?).map(|order| Line::waiting(book, order))
    }

    /// The newest order of a name.
    pub fn named(book: &'a Book, name: &str) -> Option<Line<'a>> {
        let waiting = book.conditional_by_id(name).map(|order| Line::waiting(book, order));
        let plain = book.all_orders().rev().find(|order| order.client_id == name && order.parent.is_none()).map(Line::plain);
        [waiting, plain].into_iter().flatten().max_by_key(Line::created)
    }

    /// The order that a plain one belongs to.
    pub fn of(book: &'a Book, order: &'a Order) -> Line<'a> {
        let parent = order.parent.and_then(|number| book.conditional_by_number(number));
        Line { order: Some(order), waiting: parent }
    }

    fn plain(order: &'a Order) -> Line<'a> {
        Line { order: Some(order), waiting: None }
    }

    fn waiting(book: &'a Book, waiting: &'a Conditional) -> Line<'a> {
        Line { order: waiting.child.and_then(|number| book.order_by_number(number)), waiting: Some(waiting) }
    }

    /// Those that have not ended.
    pub fn open(book: &'a Book) -> impl Iterator<Item = Line<'a>> {
        let plain = book.open_orders().iter().filter(|order| order.parent.is_none()).map(Line::plain);
        plain.chain(book.open_conditionals().iter().map(|order| Line::waiting(book, order))).filter(|line| !line.has_ended())
    }

    /// Its id.
    pub fn id(&self) -> String {
        match (self.waiting, self.order) {
            (Some(waiting), _) => format!("{:08x}{WAITING}", waiting.number),
            (None, order) => format!("{:08x}{PLAIN}", order.map_or(0, |order| order.number)),
        }
    }

    /// Reads what both kinds have.
    fn of_both<T>(&self, waiting: impl Fn(&'a Conditional) -> T, order: impl Fn(&'a Order) -> T) -> Option<T> {
        self.waiting.map(waiting).or_else(|| self.order.map(order))
    }

    /// Its name; `None` for one that nobody gave.
    pub fn name(&self) -> Option<&'a str> {
        self.of_both(|one| one.client_id.as_str(), |one| one.client_id.as_str()).filter(|name| !Floor::is_made_up(name))
    }

    /// Whether it is of a contract.
    pub fn is_of(&self, symbol: &Symbol) -> bool {
        self.symbol() == symbol.as_str()
    }

    /// Its contract's name.
    pub fn symbol(&self) -> &'a str {
        self.of_both(|one| one.symbol.as_str(), |one| one.symbol.as_str()).unwrap_or_default()
    }

    /// `buy` or `sell`.
    pub fn side(&self) -> &'static str {
        if self.of_both(|one| one.buy, |one| one.buy) == Some(true) { "buy" } else { "sell" }
    }

    /// Whether it only takes a position down.
    pub fn reduce_only(&self) -> bool {
        self.of_both(|one| one.effect().opens.is_none(), |one| one.reduce_only) == Some(true)
    }

    /// When it was placed.
    pub fn created(&self) -> Millis {
        self.of_both(|one| one.created, |one| one.created).unwrap_or_default()
    }

    /// When it last changed. What becomes of it once it has ended, nobody is told.
    pub fn updated(&self) -> Millis {
        self.order.map(|order| order.updated).or(self.waiting.map(|one| one.updated)).unwrap_or_default()
    }

    /// What was ordered.
    pub fn qty(&self) -> Decimal {
        let waits_for = self.waiting.map(|one| if let Amount::Qty { qty, .. } = one.amount { qty } else { Decimal::ZERO });
        waits_for.or(self.order.map(|order| order.qty)).unwrap_or_default()
    }

    /// What has filled.
    pub fn filled(&self) -> Decimal {
        self.order.map(|order| order.filled).unwrap_or_default()
    }

    /// What lists call an order of this kind; `None` for a plain one.
    pub fn trigger_type(&self) -> Option<&'static str> {
        self.waiting.map(|one| if one.kind == ProtectionKind::StopLoss { "stop" } else { "take_profit" })
    }

    /// Whether it may rest in the order book.
    pub fn may_rest(&self) -> bool {
        self.order.is_some_and(|order| order.price.is_some() && order.time_in_force == TimeInForce::Gtc)
    }

    /// Where it stands.
    pub fn stage(&self) -> Stage {
        match self.waiting.map(|waiting| waiting.status) {
            Some(ConditionalStatus::New | ConditionalStatus::Triggering) => Stage::Waiting,
            Some(ConditionalStatus::Canceled | ConditionalStatus::Expired) => Stage::Cancelled,
            Some(ConditionalStatus::Rejected) => Stage::Failed,
            Some(ConditionalStatus::Triggered | ConditionalStatus::Finished) | None => self.plain_stage(),
        }
    }

    fn plain_stage(&self) -> Stage {
        let Some(order) = self.order else { return Stage::Filled };
        match order.status {
            OrderStatus::Filled => Stage::Filled,
            OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken => Stage::Resting,
            OrderStatus::Expired if order.filled.is_zero() && !self.may_rest() => Stage::Rejected,
            OrderStatus::Canceled | OrderStatus::Expired => Stage::Cancelled,
            OrderStatus::Rejected => Stage::Rejected,
        }
    }

    /// Whether nothing more will become of it.
    pub fn has_ended(&self) -> bool {
        !matches!(self.stage(), Stage::Waiting | Stage::Resting)
    }

    /// Whether the engine still knows it.
    pub fn is_remembered(&self, now: Millis) -> bool {
        !self.has_ended() || self.updated() + REMEMBERED_MS >= now
    }
}
