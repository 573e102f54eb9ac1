//! Symbols as people write them, and which contract they mean.
//!
//! TradingView writes `BINANCE:ETHUSDT.P`, ccxt `ETH/USDT:USDT`, exchanges `ETHUSDT`, `ETH-USDT`; people write `eth`.
//! [`SymbolName`] takes the decoration off; [`SymbolName::resolve`] finds the contract in an exchange's list. Nothing is
//! guessed: a dated, coin-margined or differently multiplied contract is another contract, and is refused as such.
//!
//! The text language is strict: there `ETH` and `BINANCE:ETHUSDT.P` never meant a contract, and are answered with the
//! spelling that does. A name remembers which language wrote it.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::market::{Instrument, Instruments};

/// Longest symbol that is read, in characters, decoration included.
pub const SYMBOL_CHARS_MAX: usize = 40;
/// Longest unknown name that is repeated in an error, in characters.
const NAME_CHARS_MAX: usize = 15;
/// Prefixes of contracts that count coins by the thousand or million.
const MULTIPLES: [&str; 4] = ["1000", "10000", "1000000", "1M"];
/// What a name of the text language begins with where names are stored; no stored name of the JSON language has a colon.
const STRICT: &str = "text:";
/// TradingView's mark of a perpetual contract; those of Kraken have another one there.
const PERPETUAL: &str = ".P";
const PERPETUAL_MARKS: [&str; 2] = [".PM", PERPETUAL];
/// What contracts settle in that are counted in dollars themselves.
const DOLLARS: &str = "USD";
/// Dollars, and coins that stand for them: which one is meant is a matter of the account.
const DOLLAR_COINS: [&str; 3] = ["USDT", "USDC", DOLLARS];

/// A contract as an alert names it, freed of chart decoration. Which contract it is, is decided by the exchange's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SymbolName {
    name: Box<str>,
    /// How it is stored, where the name alone does not tell how to read it: `BTCUSD.P` is the coin-margined contract and
    /// no sloppy `BTCUSDT`; `text:ETH/USDT` was written in the text language, whose rules find the contract then.
    stored: Option<Box<str>>,
}

/// Why a symbol names no contract that can be traded here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SymbolError {
    /// Nothing is left without the decoration.
    Empty,
    /// Longer than [`SYMBOL_CHARS_MAX`].
    TooLong,
    /// A character that no contract's name has.
    Character(char),
    /// A contract with a delivery date.
    Dated,
    /// The text language takes no venue before the name; this is the name.
    Venue(String),
    /// The exchange has it, but it settles in another coin than the account.
    Settle {
        /// As asked.
        name: String,
        /// What it settles in.
        settle: String,
    },
    /// There is none of this name, and nothing is completed or translated; but this may have been meant.
    Meant {
        /// As asked.
        name: String,
        /// A spelling that is read.
        meant: String,
    },
    /// Margin and profit in the coin itself: not served.
    CoinMargined {
        /// As asked.
        name: String,
        /// How the linear contract is written, where the account has one.
        linear: Option<String>,
    },
    /// The exchange has no such contract.
    Unknown(String),
    /// The exchange has it in another multiple only: its prices are not the alert's prices.
    Multiplied {
        /// As asked.
        name: String,
        /// What exists.
        contract: String,
    },
    /// The contract exists, but takes no orders.
    Closed {
        /// Its name.
        name: String,
        /// Why, in the exchange's words.
        reason: String,
    },
}

impl SymbolName {
    /// Takes prefix, suffix and separators off. Upper and lower case mean the same.
    pub fn parse(text: &str) -> Result<SymbolName, SymbolError> {
        let text = text.trim().to_uppercase();
        if text.chars().count() > SYMBOL_CHARS_MAX {
            return Err(SymbolError::TooLong);
        }
        let text = without_venue(&text);
        let (pair, settle) = text.split_once(':').unwrap_or((text, ""));
        let (bare, perpetual) = without_suffix(pair);
        if is_dated(bare) || is_dated(settle) {
            return Err(SymbolError::Dated);
        }
        let name: String = bare.chars().filter(|c| !is_separator(*c)).collect();
        match name.chars().find(|c| !c.is_alphanumeric()) {
            Some(stranger) => return Err(SymbolError::Character(stranger)),
            None if name.is_empty() => return Err(SymbolError::Empty),
            None => {}
        }
        if !settle.is_empty() && !name.ends_with(settle) {
            return Err(SymbolError::CoinMargined { name, linear: None });
        }
        let coin_margined = name.ends_with("USD") && perpetual;
        let stored = coin_margined.then(|| format!("{name}{PERPETUAL}").into());
        Ok(SymbolName { name: name.into(), stored })
    }

    /// Takes a symbol of the text language: a pair with or without slash and settle coin, with or without one `.P` or `.PM`, or
    /// the exchange's own name. Upper and lower case mean the same.
    ///
    /// # Errors
    /// What can name no perpetual contract.
    pub fn text(text: &str) -> Result<SymbolName, SymbolError> {
        let upper = text.trim().to_uppercase();
        if upper.chars().count() > SYMBOL_CHARS_MAX {
            return Err(SymbolError::TooLong);
        }
        let written = without_mark(&upper).unwrap_or(&upper);
        let (pair, settle) = written.split_once(':').unwrap_or((written, ""));
        if written.contains(':') && !pair.contains('/') {
            return Err(SymbolName::parse(written).map_or_else(|error| error, |bare| SymbolError::Venue(bare.name.into())));
        }
        if is_dated(pair) || is_dated(settle) {
            return Err(SymbolError::Dated);
        }
        let name: String = pair.chars().filter(|c| !is_separator(*c)).collect();
        match name.chars().chain(settle.chars()).find(|c| !c.is_alphanumeric()) {
            Some(stranger) => Err(SymbolError::Character(stranger)),
            None if name.is_empty() => Err(SymbolError::Empty),
            None => Ok(SymbolName { name: name.into(), stored: Some(format!("{STRICT}{written}").into()) }),
        }
    }

    /// The cleaned name, upper case: `ETHUSDT` for `BINANCE:ETHUSDT.P`.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name as the text language wrote it, upper case and without `.P`.
    fn strict(&self) -> Option<&str> {
        self.stored.as_deref()?.strip_prefix(STRICT)
    }

    /// The cleaned name as logs may repeat it; empty when it is too long for a contract: it may be a key in the wrong place.
    pub fn shown(&self) -> &str {
        if self.name.chars().count() > NAME_CHARS_MAX { "" } else { &self.name }
    }

    /// Finds the contract: by its native name, by base and settle coin, and at last by completing a bare base (`ETH`,
    /// `ETHUSD`) with the account's settle coin. A name of the text language is completed by nothing, and looked for
    /// among the contracts that settle in the account's coin only.
    pub fn resolve<'a>(&self, instruments: &'a Instruments, default_settle: &str) -> Result<&'a Instrument, SymbolError> {
        self.contract(instruments, default_settle).and_then(open)
    }

    /// The same, for a contract that need not take orders now: what is to be closed may be closed for trading.
    ///
    /// # Errors
    /// Which contract is meant cannot be told.
    pub fn contract<'a>(&self, instruments: &'a Instruments, default_settle: &str) -> Result<&'a Instrument, SymbolError> {
        if let Some(written) = self.strict() {
            return strictly(instruments, written, default_settle).ok_or_else(|| misspelt(instruments, written, default_settle));
        }
        let name = self.as_str();
        if let Some(exact) = find(instruments, name) {
            return Ok(exact);
        }
        let base = name.strip_suffix(DOLLARS).unwrap_or(name);
        // Where contracts settle in dollars, `ETHUSD.P` is the linear one.
        if self.stored.is_some() && default_settle != DOLLARS {
            let linear = instruments.by_coins(base, default_settle).map(|found| pair(&found.base, default_settle));
            return Err(SymbolError::CoinMargined { name: name.to_owned(), linear });
        }
        if let Some(completed) = instruments.by_coins(name, default_settle).or_else(|| instruments.by_coins(base, default_settle)) {
            return Ok(completed);
        }
        let multiple = MULTIPLES.iter().find_map(|multiple| {
            let exact = find(instruments, &format!("{multiple}{name}"));
            exact.or_else(|| instruments.by_coins(&format!("{multiple}{base}"), default_settle))
        });
        Err(match multiple {
            Some(contract) => SymbolError::Multiplied { name: name.to_owned(), contract: contract.symbol.as_str().to_owned() },
            None => match nearest(instruments, name, default_settle) {
                Some(meant) => SymbolError::Meant { name: name.to_owned(), meant },
                None => SymbolError::Unknown(name.to_owned()),
            },
        })
    }

    /// Whether this is an exchange's own name, separators apart.
    pub fn is_native(&self, native: &str) -> bool {
        is_bare(native, &self.name)
    }
}

/// Whether a native name without its separators is this.
fn is_bare(native: &str, name: &str) -> bool {
    native.chars().filter(|c| !is_separator(*c)).flat_map(char::to_uppercase).eq(name.chars())
}

/// How people write the account's contract of a coin.
fn pair(base: &str, settle: &str) -> String {
    if settle == DOLLARS { format!("{base}/{settle}") } else { format!("{base}{settle}") }
}

/// Where contracts settle in dollars, the one of the same coin, whatever dollars were named and however Bitcoin was.
fn nearest(instruments: &Instruments, name: &str, settle: &str) -> Option<String> {
    if settle != DOLLARS {
        return None;
    }
    let coins = DOLLAR_COINS.iter().filter_map(|dollars| name.strip_suffix(dollars)).chain([name]);
    let mut coins = coins.map(|coin| if coin == "XBT" { "BTC" } else { coin });
    coins.find_map(|coin| instruments.by_coins(coin, settle)).map(|found| pair(&found.base, settle))
}

/// By native name, by base and settle coin written together, or by native name without its separators.
fn find<'a>(instruments: &'a Instruments, name: &str) -> Option<&'a Instrument> {
    let is_pair = |candidate: &&Instrument| name.strip_prefix(&*candidate.base) == Some(&*candidate.settle);
    let exact = instruments.get(name).or_else(|| instruments.iter().find(is_pair));
    exact.or_else(|| instruments.iter().find(|candidate| is_bare(candidate.symbol.as_str(), name)))
}

/// By pair, completed with the settle coin as the text language does, or by native name.
fn strictly<'a>(instruments: &'a Instruments, written: &str, settle: &str) -> Option<&'a Instrument> {
    let base = match written.strip_suffix(settle).and_then(|rest| rest.strip_suffix(':')).unwrap_or(written).split_once('/') {
        Some((base, quote)) => (quote == settle).then_some(base),
        None => written.strip_suffix(settle),
    };
    let pair = base.and_then(|base| instruments.by_coins(base, settle));
    pair.or_else(|| instruments.get(written).filter(|found| &*found.settle == settle))
}

/// Why the text language finds no contract, and which one the easier reading of the other language would find.
fn misspelt(instruments: &Instruments, written: &str, settle: &str) -> SymbolError {
    let name = written.to_owned();
    if let Some((_, other)) = written.split_once(':').filter(|(_, other)| *other != settle) {
        return SymbolError::Settle { name, settle: other.to_owned() };
    }
    match SymbolName::parse(written).and_then(|easier| easier.contract(instruments, settle).cloned()) {
        Ok(found) if &*found.settle == settle => SymbolError::Meant { name, meant: pair(&found.base, settle) },
        Ok(found) => SymbolError::Settle { name, settle: found.settle.to_string() },
        Err(SymbolError::Unknown(_)) => SymbolError::Unknown(name),
        Err(SymbolError::Meant { meant, .. }) => SymbolError::Meant { name, meant },
        Err(error) => error,
    }
}

fn open(instrument: &Instrument) -> Result<&Instrument, SymbolError> {
    match &instrument.closed {
        None => Ok(instrument),
        Some(reason) => Err(SymbolError::Closed { name: instrument.symbol.as_str().to_owned(), reason: reason.to_string() }),
    }
}

/// Takes `BINANCE:` off. The colon of `ETH/USDT:USDT` stands behind a slash and names the settle coin.
fn without_venue(text: &str) -> &str {
    match text.split_once(':') {
        Some((venue, rest)) if !venue.contains('/') => rest,
        _ => text,
    }
}

fn without_mark(text: &str) -> Option<&str> {
    PERPETUAL_MARKS.iter().find_map(|mark| text.strip_suffix(mark))
}

/// Takes `.P`, `.PM`, `.PERP`, `PERP` off, as often as they are there, and tells whether they were.
fn without_suffix(text: &str) -> (&str, bool) {
    let cut = without_mark(text).or_else(|| text.strip_suffix("PERP").map(|rest| rest.trim_end_matches(['.', '-', '_'])));
    match cut {
        Some(rest) if !rest.is_empty() => (without_suffix(rest).0, true),
        _ => (text, false),
    }
}

pub(super) fn is_separator(c: char) -> bool {
    matches!(c, '/' | '-' | '_')
}

/// `BTCUSDT_251226`, `BTC-USDT-251226`, and the settle part of `BTC/USDT:USDT-251226`.
fn is_dated(text: &str) -> bool {
    let Some((_, last)) = text.rsplit_once(is_separator) else { return false };
    matches!(last.len(), 6 | 8) && last.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for SymbolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.strict().unwrap_or(&self.name))
    }
}

impl From<SymbolName> for String {
    fn from(symbol: SymbolName) -> String {
        symbol.stored.unwrap_or(symbol.name).into()
    }
}

impl TryFrom<String> for SymbolName {
    type Error = SymbolError;

    fn try_from(text: String) -> Result<SymbolName, SymbolError> {
        match text.strip_prefix(STRICT) {
            Some(written) => SymbolName::text(written),
            None => SymbolName::parse(&text),
        }
    }
}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SymbolError::Empty => f.write_str("no contract is named"),
            SymbolError::TooLong => write!(f, "longer than {SYMBOL_CHARS_MAX} characters"),
            SymbolError::Character(c) => write!(f, "`{}` is part of no contract's name", c.escape_debug()),
            SymbolError::Dated => f.write_str("a contract with a delivery date; only perpetual contracts are traded"),
            SymbolError::Venue(name) => write!(f, "a text alert names a contract without its exchange: {name}"),
            SymbolError::Settle { name, settle } => write!(f, "{name} settles in {settle}, and the account in another coin"),
            SymbolError::Meant { name, meant } => write!(f, "the account trades no contract {name}; did you mean {meant}?"),
            SymbolError::CoinMargined { name, linear } => {
                write!(f, "{name} as a perpetual is the coin-margined contract, which is not served")?;
                linear.as_ref().map_or(Ok(()), |linear| write!(f, "; for the linear one write {linear}"))
            }
            // What is too long for a contract may be a token or key in the wrong place.
            SymbolError::Unknown(name) if name.chars().count() > NAME_CHARS_MAX => f.write_str("the exchange has no contract of this name"),
            SymbolError::Unknown(name) => write!(f, "the exchange has no contract {name}"),
            SymbolError::Multiplied { name, contract } => {
                write!(
                    f,
                    "the exchange has no contract {name}; it has {contract}, whose price is that of a multiple of coins: use its chart"
                )
            }
            SymbolError::Closed { name, reason } => write!(f, "{name} takes no orders now: {reason}"),
        }
    }
}

impl std::error::Error for SymbolError {}

#[cfg(test)]
mod tests;
