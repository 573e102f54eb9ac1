//! What an account has that the book does not keep: contracts on isolated margin, what orders said of themselves, the
//! nonce, the dead man's switch.

use std::collections::BTreeMap;

use perphook::market::{Decimal, Instrument, Millis, Symbol};

use super::super::floor::Floor;
use super::super::line::{Id, Line};

/// Notes that are kept.
const NOTES_MAX: usize = 10_000;

/// What a plain order said of itself.
#[derive(Clone, Copy, Debug)]
struct Note {
    kind: &'static str,
    worst_price: Option<Decimal>,
}

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Desk {
    /// Highest leverage of contracts on isolated margin; all others are on cross margin. For the book all are: it would
    /// not let the mode of a contract change that has orders or a position, nor its leverage go down.
    pub preferences: BTreeMap<Symbol, u32>,
    /// The last nonce.
    pub nonce: u64,
    /// When everything is cancelled if nothing is heard until then.
    pub switch: Option<Millis>,
    notes: BTreeMap<u64, Note>,
    has_begun: bool,
}

impl Desk {
    /// Keeps what a plain order said.
    pub fn keep(&mut self, number: u64, kind: &'static str, worst_price: Option<Decimal>) {
        while self.notes.len() >= NOTES_MAX {
            self.notes.pop_first();
        }
        self.notes.insert(number, Note { kind, worst_price });
    }

    /// Type of an order that may rest.
    pub fn kind(&self, number: u64) -> &'static str {
        self.notes.get(&number).map_or("lmt", |note| note.kind)
    }

    /// The worst price at which a market order is executed.
    pub fn worst_price(&self, number: u64) -> Option<Decimal> {
        self.notes.get(&number)?.worst_price
    }

    /// Before the first request: on cross margin the leverage is whatever the collateral allows.
    pub fn begin(&mut self, floor: &mut Floor) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let highest = |one: &Instrument| (one.symbol.clone(), one.max_leverage);
        let all: Vec<(Symbol, u32)> = floor.book.instruments().iter().map(highest).collect();
        for (symbol, leverage) in all.into_iter().filter(|(symbol, _)| !self.preferences.contains_key(symbol)) {
            // The highest of a contract can always be set.
            let _ = floor.book.set_leverage(&symbol, leverage);
        }
    }

    /// Cancels everything once the switch's time has come.
    pub fn settle(&mut self, floor: &mut Floor, now: Millis) {
        if let Some(at) = self.switch.take_if(|at| *at <= now) {
            let all: Vec<Id> = Line::open(&floor.book).map(|line| line.id).collect();
            for id in all {
                let _ = id.cancel(&mut floor.book, at);
            }
        }
    }
}
