//! What an account has that the book does not keep: contracts on isolated margin, what orders said of themselves, the
//! nonce, the dead man's switch.

use std::collections::BTreeMap;

use perphook::market::{Decimal, Instrument, MarginMode, Millis, Symbol};

use super::super::floor::Floor;
use super::line::Line;

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
    /// Highest leverage of contracts on isolated margin; all others are on cross margin.
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

    /// The book takes a change of the margin mode only while a contract has neither orders nor a position. Here it may
    /// change at any time, so that the book follows as soon as it can.
    pub fn follow(&self, floor: &mut Floor) {
        let modes: Vec<(Symbol, MarginMode)> = floor.book.markets().map(|(symbol, market)| (symbol.clone(), market.margin_mode)).collect();
        for (symbol, mode) in modes {
            let wanted = if self.preferences.contains_key(&symbol) { MarginMode::Isolated } else { MarginMode::Cross };
            if mode != wanted {
                let _ = floor.book.set_margin_mode(&symbol, wanted);
            }
        }
    }

    /// Cancels everything once the switch's time has come.
    pub fn settle(&mut self, floor: &mut Floor, now: Millis) {
        if let Some(at) = self.switch.take_if(|at| *at <= now) {
            let all: Vec<String> = Line::open(&floor.book).map(|line| line.id()).collect();
            for id in all {
                let _ = cancel(floor, &id, at);
            }
        }
        self.follow(floor);
    }
}

/// Cancels the order of an id; whether it was open.
pub fn cancel(floor: &mut Floor, id: &str, now: Millis) -> bool {
    let Some(line) = Line::find(&floor.book, id) else { return false };
    let (waiting, order) = (line.waiting.map(|one| one.number), line.order.map(|one| one.number));
    match (waiting, order) {
        (Some(number), None) => floor.book.cancel_conditional(number, now).is_ok(),
        (_, Some(number)) => floor.book.cancel(number, now).is_ok(),
        (None, None) => false,
    }
}
