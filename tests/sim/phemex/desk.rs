//! What an account has at Phemex that the engine's book does not hold: what every order said, which contracts were ever
//! touched, whose leverage is the highest there is.

use std::collections::{BTreeMap, BTreeSet};

use perphook::market::{Decimal, MarginMode, Symbol, TriggerBy};

use super::super::floor::Floor;
use super::super::line::{Id, Tails};

/// How ids are written.
pub const IDS: Tails = Tails { plain: "-b728-4b6b-97c4-36fa497335bf", waiting: "-43e8-4d10-96b1-8d8aa6ff1c02" };
/// Orders of which something is kept; beyond that, it is forgotten.
const TICKETS_MAX: usize = 20_000;
/// Cross with ten times, whoever has never said anything else.
const LEVERAGE_AT_FIRST: u32 = 10;
/// Coins whose contracts begin in hedge mode on an account whose others do not: accounts are found to be mixed like this.
const HEDGED_AT_FIRST: &[&str] = &["SOL"];
/// The longest name that the book takes, and how much of a longer one is kept.
const BOOK_NAME_MAX: usize = 36;
const BOOK_NAME_HEAD: usize = 19;

/// What an order said.
#[derive(Clone, Debug)]
pub struct Ticket {
    /// `clOrdID`; empty when none was given.
    pub name: String,
    pub symbol: Symbol,
    pub buy: bool,
    /// `ordType`.
    pub kind: &'static str,
    pub qty: Decimal,
    /// Of a limit order its price, of a market order the worst it takes, else zero.
    pub price: Decimal,
    pub time_in_force: &'static str,
    pub reduce_only: bool,
    pub close_on_trigger: bool,
    /// Price that sets it off, and what is watched.
    pub trigger: Option<(Decimal, TriggerBy)>,
}

/// Everything beside the book.
#[derive(Debug, Default)]
pub struct Desk {
    tickets: BTreeMap<Id, Ticket>,
    touched: BTreeSet<Symbol>,
    /// Contracts whose leverage was set to zero.
    pub at_most: BTreeSet<Symbol>,
    /// Answers in shapes that take turns.
    pub turns: usize,
    has_begun: bool,
}

impl Desk {
    /// Sets every contract to what the exchange begins with, once.
    pub fn begin(&mut self, floor: &mut Floor) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        let symbols: Vec<Symbol> = floor.book.markets().map(|(symbol, _)| symbol.clone()).collect();
        for symbol in symbols {
            // A contract that already is so, or is in use, stays as it is.
            let _ = floor.book.set_leverage(&symbol, LEVERAGE_AT_FIRST);
            if HEDGED_AT_FIRST.iter().any(|base| floor.symbol(base) == symbol) {
                let _ = floor.book.set_hedge_on(&symbol, true);
            }
        }
    }

    /// Remembers which contracts are used, also by hand.
    pub fn notice(&mut self, floor: &Floor) {
        let used = floor.book.markets().map(|(symbol, _)| symbol).filter(|symbol| floor.book.is_used(symbol));
        self.touched.extend(used.filter(|symbol| !self.touched.contains(symbol)).cloned().collect::<Vec<Symbol>>());
    }

    /// A contract has been set or traded.
    pub fn touch(&mut self, symbol: &Symbol) {
        self.touched.insert(symbol.clone());
    }

    /// Whether it ever was. No source says what is shown of one that was not; here it is nothing.
    pub fn is_touched(&self, symbol: &Symbol) -> bool {
        self.touched.contains(symbol)
    }

    /// Keeps what an order said.
    pub fn keep(&mut self, id: Id, ticket: Ticket) {
        while self.tickets.len() >= TICKETS_MAX {
            self.tickets.pop_first();
        }
        self.tickets.insert(id, ticket);
    }

    /// What it said, if that is known.
    pub fn ticket(&self, id: Id) -> Option<&Ticket> {
        self.tickets.get(&id)
    }

    /// `leverageRr` of a contract: the sign is the margin mode.
    pub fn leverage(&self, floor: &Floor, symbol: &Symbol) -> String {
        let Some(market) = floor.book.market(symbol) else { return String::new() };
        match market.margin_mode {
            MarginMode::Cross if self.at_most.contains(symbol) => "0".to_owned(),
            MarginMode::Cross => format!("-{}", market.leverage),
            MarginMode::Isolated => market.leverage.to_string(),
        }
    }
}

/// A client's name as the book keeps it. The book takes shorter ones only; a point is in no name that a client may give.
pub fn book_name(name: &str) -> String {
    if name.len() <= BOOK_NAME_MAX {
        return name.to_owned();
    }
    let head: String = name.chars().take(BOOK_NAME_HEAD).collect();
    let digest = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("{head}.{digest:016x}")
}
