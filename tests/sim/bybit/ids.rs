//! How ids are written, and what was said of an order that the book does not keep.

use std::collections::BTreeMap;

use perphook::market::{Decimal, TriggerBy};

use super::super::line::{Id, Tails};

/// How ids are written.
pub const IDS: Tails = Tails { plain: "-7847-404e-b947-b46980a4d140", waiting: "-39a7-459e-97bf-76ca765ee020" };
/// Orders of which something is noted; beyond that, notes are forgotten.
const NOTES_MAX: usize = 20_000;

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
