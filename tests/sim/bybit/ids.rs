//! One id space for all orders, and what was said of an order that the book does not keep.

use std::collections::BTreeMap;

use perphook::exchange::paper::{Conditional, Order};
use perphook::market::{Decimal, TriggerBy};

/// How the ids of plain orders end, and those of orders that wait for a price.
const PLAIN: &str = "-7847-404e-b947-b46980a4d140";
const WAITING: &str = "-39a7-459e-97bf-76ca765ee020";
/// Orders of which something is noted; beyond that, notes are forgotten.
const NOTES_MAX: usize = 20_000;

/// An order's id: the book's number, and which of the book's two spaces it is of. An order that waits for a price keeps
/// its id when it is set off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Id {
    Plain(u64),
    Waiting(u64),
}

impl Id {
    /// As clients see it.
    pub fn text(self) -> String {
        match self {
            Id::Plain(number) => format!("{number:08x}{PLAIN}"),
            Id::Waiting(number) => format!("{number:08x}{WAITING}"),
        }
    }

    /// Reads what a client sends.
    pub fn read(text: &str) -> Option<Id> {
        let number = |hex: &str| u64::from_str_radix(hex, 16).ok();
        match (text.strip_suffix(PLAIN), text.strip_suffix(WAITING)) {
            (Some(hex), _) => number(hex).map(Id::Plain),
            (None, Some(hex)) => number(hex).map(Id::Waiting),
            (None, None) => None,
        }
    }

    /// A plain order's, or that of the order it came from.
    pub fn of(order: &Order) -> Id {
        order.parent.map_or(Id::Plain(order.number), Id::Waiting)
    }

    /// That of an order that waits, or has waited.
    pub fn of_waiting(order: &Conditional) -> Id {
        Id::Waiting(order.number)
    }
}

/// What an order said.
#[derive(Clone, Debug, Default)]
pub struct Note {
    /// Only takes a position down. In hedge mode the book knows it from the side.
    pub reduce_only: bool,
    /// May cancel others to free margin.
    pub close_on_trigger: bool,
    /// The stop it brought along, and which price that watches.
    pub stop: Option<(Decimal, TriggerBy)>,
    /// Of a market order: the worst price it takes.
    pub worst_price: Option<Decimal>,
}

/// All notes, and the names of the orders that brought stops along, by the stops' names.
#[derive(Debug, Default)]
pub struct Notes {
    notes: BTreeMap<Id, Note>,
    parents: BTreeMap<String, String>,
}

impl Notes {
    /// Keeps what an order said.
    pub fn keep(&mut self, id: Id, note: Note) {
        while self.notes.len() >= NOTES_MAX {
            self.notes.pop_first();
        }
        self.notes.insert(id, note);
    }

    /// What it said; the least if that is forgotten or it never said anything.
    pub fn of(&self, id: Id) -> Note {
        self.notes.get(&id).cloned().unwrap_or_default()
    }

    /// Keeps whose stop it is.
    pub fn adopt(&mut self, stop: &str, parent: &str) {
        while self.parents.len() >= NOTES_MAX {
            self.parents.pop_first();
        }
        self.parents.insert(stop.to_owned(), parent.to_owned());
    }

    /// The name of the order that brought a stop along; empty for one that was set.
    pub fn parent(&self, stop: &str) -> &str {
        self.parents.get(stop).map_or("", String::as_str)
    }
}
