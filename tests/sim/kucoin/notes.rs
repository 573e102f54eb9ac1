//! One id space for all orders, and what the account and its orders have said that the book does not keep.

use std::collections::BTreeMap;

use perphook::market::{Decimal, MarginMode, Symbol, TriggerBy};

use super::super::line::Id;

/// Where ids begin.
const FIRST: u64 = 236_655_147_000_000_000;
/// Orders of which something is noted; beyond that, the oldest notes are forgotten.
const NOTES_MAX: usize = 20_000;
/// Longest name that the book takes; longer ones go by another there.
pub const BOOK_NAME_MAX: usize = 36;

/// An id as clients see it.
pub fn shown_id(id: Id) -> u64 {
    match id {
        Id::Plain(number) => FIRST + 2 * number,
        Id::Waiting(number) => FIRST + 2 * number + 1,
    }
}

/// Reads what a client sends.
pub fn read_id(text: &str) -> Option<Id> {
    let rest = text.parse::<u64>().ok()?.checked_sub(FIRST)?;
    Some(if rest.is_multiple_of(2) { Id::Plain(rest / 2) } else { Id::Waiting(rest / 2) })
}

/// The price that sets an order off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Whether it is reached from below.
    pub rises: bool,
    /// The price.
    pub price: Decimal,
    /// Which price is watched.
    pub by: TriggerBy,
}

/// What an order said.
#[derive(Clone, Debug)]
pub struct Note {
    /// Shown as the order said it, whatever rules.
    pub leverage: u32,
    /// The margin mode it was placed in.
    pub mode: MarginMode,
    /// Only takes a position down. In hedge mode the book knows it from the side.
    pub reduce_only: bool,
    /// Closes whatever is open.
    pub close_order: bool,
    /// Of an order that was set off on arrival.
    pub trigger: Option<Trigger>,
}

/// All notes.
#[derive(Debug, Default)]
pub struct Notes {
    notes: BTreeMap<Id, Note>,
    /// Names too long for the book, and how those orders are called there.
    long_names: BTreeMap<String, String>,
    /// Leverage for cross margin, of contracts whose margin is isolated now.
    cross: BTreeMap<Symbol, u32>,
    tested: u64,
}

impl Notes {
    /// Keeps what an order said.
    pub fn keep(&mut self, id: Id, note: Note) {
        while self.notes.len() >= NOTES_MAX {
            self.notes.pop_first();
        }
        self.notes.insert(id, note);
    }

    /// What it said; `None` if that is forgotten or the order was not placed by a request.
    pub fn of(&self, id: Id) -> Option<&Note> {
        self.notes.get(&id)
    }

    /// How an order is called in the book.
    pub fn book_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.long_names.get(name).map_or(name, String::as_str)
    }

    /// How clients call an order of the book.
    pub fn shown_name<'a>(&'a self, name: &'a str) -> &'a str {
        let known = self.long_names.iter().find(|(_, other)| *other == name);
        known.map_or(name, |(long, _)| long.as_str())
    }

    /// Keeps how an order with a long name is called in the book.
    pub fn keep_name(&mut self, long: &str, book: String) {
        while self.long_names.len() >= NOTES_MAX {
            self.long_names.pop_first();
        }
        self.long_names.insert(long.to_owned(), book);
    }

    /// Leverage a contract would have with cross margin, while it has none.
    pub fn cross_leverage(&self, symbol: &Symbol) -> Option<u32> {
        self.cross.get(symbol).copied()
    }

    /// Remembers it.
    pub fn set_cross_leverage(&mut self, symbol: &Symbol, leverage: u32) {
        self.cross.insert(symbol.clone(), leverage);
    }

    /// An id for an order that is only looked at.
    pub fn test_id(&mut self) -> u64 {
        self.tested += 1;
        FIRST / 2 + self.tested
    }
}
