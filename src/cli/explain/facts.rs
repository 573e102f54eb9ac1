//! What an exchange says is there, read without changing anything.

use std::sync::Arc;

use crate::alert::{Command, Order};
use crate::cli::Connect;
use crate::config::{Account, Config, PaperPrices, Venue};
use crate::desk::sizes::{Facts, Need, needs};
use crate::exchange::{AccountMode, Capabilities, Exchange, ExchangeError};
use crate::market::{Decimal, Instrument, Instruments, Position, Quote, Terms};

/// The exchange of an account.
pub(super) struct Link {
    exchange: Box<dyn Exchange>,
    /// Its own rules.
    pub(super) caps: Capabilities,
    /// An error: keys are refused, or it does not answer.
    pub(super) mode: Result<AccountMode, ExchangeError>,
    pub(super) list: Arc<Instruments>,
    /// Prices are made up, and not the ones a running daemon has.
    invented: bool,
}

/// What was read.
#[derive(Default)]
pub(super) struct Known {
    /// What the desk would read too: sizes are worked out from these alone.
    pub(super) facts: Facts,
    /// What only people want to know besides.
    pub(super) price: Option<Decimal>,
    pub(super) terms: Option<Terms>,
    /// In words, with their labels.
    pub(super) told: Vec<(&'static str, String)>,
    /// What the desk needs and nobody told, and why.
    pub(super) missing: Vec<(Need, String)>,
}

impl Link {
    /// Opens it and reads the contracts. A refused key does not hide them: they are public.
    ///
    /// # Errors
    /// In words.
    pub(super) fn open(connect: Connect, config: &Config, account: &Account) -> Result<Link, String> {
        let mut exchange = connect(config, account)?;
        let mode = exchange.open();
        let list = exchange.instruments().map_err(|error| error.to_string())?;
        let invented = account.venue == Venue::Paper && config.paper_prices == PaperPrices::Walk;
        Ok(Link { caps: exchange.capabilities(), exchange, mode, list, invented })
    }

    pub(super) fn mode_words(&self) -> String {
        match &self.mode {
            Ok(mode) => format!("{} mode", if mode.hedge { "hedge" } else { "one-way" }),
            Err(error) => format!("mode not known: {error}"),
        }
    }

    /// Reads what decides about a command, and what is worth knowing besides.
    pub(super) fn read(&mut self, command: &Command, instrument: &Instrument) -> Known {
        let mut known =
            Known { facts: Facts { hedge: self.mode.as_ref().is_ok_and(|mode| mode.hedge), ..Facts::default() }, ..Known::default() };
        let needed = needs(command);
        let mut wanted = needed.clone();
        if let Command::Order(Order { leverage, .. }) = command {
            wanted.push(Need::Quote);
            wanted.extend(leverage.is_none().then_some(Need::Terms));
        }
        for need in [Need::Positions, Need::Terms, Need::Balance, Need::Quote].into_iter().filter(|need| wanted.contains(need)) {
            let is_needed = needed.contains(&need);
            if let Err(error) = self.ask(need, is_needed, instrument, &mut known)
                && is_needed
            {
                known.missing.push((need, error.to_string()));
            }
        }
        known
    }

    fn ask(&mut self, need: Need, is_needed: bool, instrument: &Instrument, known: &mut Known) -> Result<(), ExchangeError> {
        let symbol = &instrument.symbol;
        match need {
            Need::Positions => {
                let rows = self.exchange.positions(Some(symbol))?;
                known.told.push(("position", format!("{}; {}", held(&rows, instrument), self.mode_words())));
                known.facts.positions = Some(rows);
            }
            Need::Terms => {
                let terms = self.exchange.terms(symbol)?;
                known.terms = Some(terms);
                known.facts.terms = is_needed.then_some(terms);
            }
            Need::Balance => {
                let balance = self.exchange.balance()?;
                known.told.push(("balance", format!("{} {} in all", balance.total.normalize(), balance.coin)));
                known.facts.total = Some(balance.total);
            }
            Need::Quote => {
                let quote: Quote = self.exchange.quote(symbol)?;
                let mid = quote.mid().normalize();
                let swing = if self.invented { "; prices on paper swing" } else { "" };
                known.told.push(("price", format!("{mid} (middle of bid and ask{swing})")));
                known.price = Some(mid).filter(|mid| *mid > Decimal::ZERO);
                known.facts.quote = is_needed.then_some(quote);
            }
        }
        Ok(())
    }
}

/// What is held of a contract, in words.
fn held(rows: &[Position], instrument: &Instrument) -> String {
    let of_it = rows.iter().filter(|row| row.symbol == instrument.symbol && !row.qty.is_zero());
    let words = |row: &Position| format!("{} {} {} at {}", row.side, row.qty.normalize(), instrument.base, row.entry_price.normalize());
    let all: Vec<String> = of_it.map(words).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(" and ") }
}

/// The name of a fact for people.
pub(super) fn name(need: Need) -> &'static str {
    match need {
        Need::Positions => "the position",
        Need::Quote => "the price",
        Need::Balance => "the balance",
        Need::Terms => "the leverage of the contract",
    }
}
