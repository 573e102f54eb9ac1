//! Symbols as people write them, and which contract they mean.
//!
//! TradingView writes `BINANCE:ETHUSDT.P`, ccxt `ETH/USDT:USDT`, exchanges `ETHUSDT`, `ETH-USDT`; people write `eth`.
//! [`SymbolName`] takes the decoration off; [`SymbolName::resolve`] finds the contract in an exchange's list. Nothing is
//! guessed: a dated, coin-margined or differently multiplied contract is another contract, and is refused as such.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::market::{Instrument, Instruments};

/// Longest symbol that is read, in characters, decoration included.
pub const SYMBOL_CHARS_MAX: usize = 40;
/// Prefixes of contracts that count coins by the thousand or million.
const MULTIPLES: [&str; 3] = ["1000", "1000000", "1M"];

/// A contract as an alert names it, freed of chart decoration. Which contract it is, is decided by the exchange's list.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SymbolName {
    name: String,
    /// Written as a perpetual against USD (`BTCUSD.P`): the coin-margined contract, not a sloppy `BTCUSDT`.
    coin_margined: bool,
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
    /// Margin and profit in the coin itself: not served.
    CoinMargined(String),
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
            return Err(SymbolError::CoinMargined(name));
        }
        let coin_margined = name.ends_with("USD") && perpetual;
        Ok(SymbolName { name, coin_margined })
    }

    /// The cleaned name, upper case: `ETHUSDT` for `BINANCE:ETHUSDT.P`.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Finds the contract: by its native name, by base and settle coin, and at last by completing a bare base (`ETH`,
    /// `ETHUSD`) with the account's settle coin.
    pub fn resolve<'a>(&self, instruments: &'a Instruments, default_settle: &str) -> Result<&'a Instrument, SymbolError> {
        self.contract(instruments, default_settle).and_then(open)
    }

    /// The same, for a contract that need not take orders now: what is to be closed may be closed for trading.
    ///
    /// # Errors
    /// Which contract is meant cannot be told.
    pub fn contract<'a>(&self, instruments: &'a Instruments, default_settle: &str) -> Result<&'a Instrument, SymbolError> {
        let name = self.as_str();
        if let Some(exact) = find(instruments, name) {
            return Ok(exact);
        }
        if self.coin_margined {
            return Err(SymbolError::CoinMargined(name.to_owned()));
        }
        let base = name.strip_suffix("USD").unwrap_or(name);
        if let Some(completed) = instruments.by_coins(name, default_settle).or_else(|| instruments.by_coins(base, default_settle)) {
            return Ok(completed);
        }
        let multiple = MULTIPLES.iter().find_map(|multiple| {
            let exact = find(instruments, &format!("{multiple}{name}"));
            exact.or_else(|| instruments.by_coins(&format!("{multiple}{base}"), default_settle))
        });
        Err(match multiple {
            Some(contract) => SymbolError::Multiplied { name: name.to_owned(), contract: contract.symbol.as_str().to_owned() },
            None => SymbolError::Unknown(name.to_owned()),
        })
    }
}

/// By native name, or by base and settle coin written together.
fn find<'a>(instruments: &'a Instruments, name: &str) -> Option<&'a Instrument> {
    let is_pair = |candidate: &&Instrument| name.strip_prefix(&*candidate.base) == Some(&*candidate.settle);
    instruments.get(name).or_else(|| instruments.iter().find(is_pair))
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

/// Takes `.P`, `.PERP`, `PERP` off, as often as they are there, and tells whether they were.
fn without_suffix(text: &str) -> (&str, bool) {
    let cut = text.strip_suffix(".P").or_else(|| text.strip_suffix("PERP").map(|rest| rest.trim_end_matches(['.', '-', '_'])));
    match cut {
        Some(rest) if !rest.is_empty() => (without_suffix(rest).0, true),
        _ => (text, false),
    }
}

fn is_separator(c: char) -> bool {
    matches!(c, '/' | '-' | '_')
}

/// `BTCUSDT_251226`, `BTC-USDT-251226`, and the settle part of `BTC/USDT:USDT-251226`.
fn is_dated(text: &str) -> bool {
    let Some((_, last)) = text.rsplit_once(is_separator) else { return false };
    matches!(last.len(), 6 | 8) && last.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for SymbolName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl From<SymbolName> for String {
    fn from(symbol: SymbolName) -> String {
        if symbol.coin_margined { symbol.name + ".P" } else { symbol.name }
    }
}

impl TryFrom<String> for SymbolName {
    type Error = SymbolError;

    fn try_from(text: String) -> Result<SymbolName, SymbolError> {
        SymbolName::parse(&text)
    }
}

impl fmt::Display for SymbolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SymbolError::Empty => f.write_str("no contract is named"),
            SymbolError::TooLong => write!(f, "longer than {SYMBOL_CHARS_MAX} characters"),
            SymbolError::Character(c) => write!(f, "`{}` is part of no contract's name", c.escape_debug()),
            SymbolError::Dated => f.write_str("a contract with a delivery date; only perpetual contracts are traded"),
            SymbolError::CoinMargined(name) => {
                write!(f, "{name} as a perpetual is the coin-margined contract, which is not served; for the linear one write {name}T")
            }
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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::market::{Decimal, Symbol};

    fn contract(native: &str, base: &str, settle: &str) -> Instrument {
        Instrument {
            symbol: Symbol::new(native),
            base: base.into(),
            settle: settle.into(),
            tick: Decimal::ONE,
            contract_size: Decimal::ONE,
            lot_step: Decimal::ONE,
            min_qty: Decimal::ONE,
            max_qty: Decimal::ZERO,
            market_lot_step: Decimal::ZERO,
            market_max_qty: Decimal::ZERO,
            min_notional: Decimal::ZERO,
            max_leverage: 0,
            closed: None,
        }
    }

    fn list() -> Instruments {
        let mut shut = contract("OLDUSDT", "OLD", "USDT");
        shut.closed = Some("SETTLING".into());
        Instruments::new(vec![
            contract("ETHUSDT", "ETH", "USDT"),
            contract("ETHUSDC", "ETH", "USDC"),
            contract("BTCUSDT", "BTC", "USDT"),
            contract("PERPUSDT", "PERP", "USDT"),
            contract("1000PEPEUSDT", "1000PEPE", "USDT"),
            contract("币安人生USDT", "币安人生", "USDT"),
            contract("PF_SOLUSD", "SOL", "USD"),
            shut,
        ])
    }

    fn resolved(text: &str) -> Result<String, SymbolError> {
        let list = list();
        let found = SymbolName::parse(text)?.resolve(&list, "USDT")?;
        Ok(found.symbol.as_str().to_owned())
    }

    #[test]
    fn every_spelling_finds_its_contract() {
        for (written, native) in [
            ("BINANCE:ETHUSDT.P", "ETHUSDT"),
            ("ETHUSDT.P", "ETHUSDT"),
            ("ethusdt.p", "ETHUSDT"),
            (" ETHUSDT\n", "ETHUSDT"),
            ("ETHUSDT.PERP", "ETHUSDT"),
            ("ETHUSDT.P.P", "ETHUSDT"),
            ("BTCUSDTPERP", "BTCUSDT"),
            ("BTCUSDT-PERP", "BTCUSDT"),
            ("ETH/USDT", "ETHUSDT"),
            ("ETH/USDT:USDT", "ETHUSDT"),
            ("BINANCE:ETH/USDT:USDT", "ETHUSDT"),
            ("ETH-USDT", "ETHUSDT"),
            ("ETH", "ETHUSDT"),
            ("eth", "ETHUSDT"),
            ("ETHPERP", "ETHUSDT"),
            ("ETHUSD", "ETHUSDT"),
            ("COINBASE:ETHUSD", "ETHUSDT"),
            ("ETHUSDC.P", "ETHUSDC"),
            ("ETH/USDC:USDC", "ETHUSDC"),
            ("PERP", "PERPUSDT"),
            ("PERPUSDT.P", "PERPUSDT"),
            ("1000PEPEUSDT.P", "1000PEPEUSDT"),
            ("1000PEPE/USDT:USDT", "1000PEPEUSDT"),
            ("币安人生USDT.P", "币安人生USDT"),
            ("SOLUSD", "PF_SOLUSD"),
            ("SOLUSD.P", "PF_SOLUSD"),
        ] {
            assert_eq!(resolved(written).as_deref(), Ok(native), "{written}");
        }
    }

    #[test]
    fn what_is_another_contract_is_refused_with_its_reason() {
        let coin = |name: &str| SymbolError::CoinMargined(name.to_owned());
        let multiplied = |name: &str| SymbolError::Multiplied { name: name.to_owned(), contract: "1000PEPEUSDT".to_owned() };
        for (written, error) in [
            ("BTCUSD.P", coin("BTCUSD")),
            ("BINANCE:BTCUSD.P", coin("BTCUSD")),
            ("BTCUSD_PERP", coin("BTCUSD")),
            ("BTC/USD:BTC", coin("BTCUSD")),
            ("BTCUSDT_251226", SymbolError::Dated),
            ("BTC-USDT-251226", SymbolError::Dated),
            ("BTC/USDT:USDT-251226", SymbolError::Dated),
            ("BTCUSDT_260925.P", SymbolError::Dated),
            ("PEPEUSDT", multiplied("PEPEUSDT")),
            ("PEPE/USDT:USDT", multiplied("PEPEUSDT")),
            ("PEPE", multiplied("PEPE")),
            ("PEPEUSD", multiplied("PEPEUSD")),
            ("NOSUCHUSDT", SymbolError::Unknown("NOSUCHUSDT".to_owned())),
            ("ETHUSDTT", SymbolError::Unknown("ETHUSDTT".to_owned())),
            ("OLDUSDT.P", SymbolError::Closed { name: "OLDUSDT".to_owned(), reason: "SETTLING".to_owned() }),
            ("OLD", SymbolError::Closed { name: "OLDUSDT".to_owned(), reason: "SETTLING".to_owned() }),
            ("", SymbolError::Empty),
            ("BINANCE:", SymbolError::Empty),
            ("/", SymbolError::Empty),
            (".P", SymbolError::Character('.')),
            ("BTC1!", SymbolError::Character('!')),
            ("ETH USDT", SymbolError::Character(' ')),
            ("ETHUSDT\0", SymbolError::Character('\0')),
            (&"X".repeat(41), SymbolError::TooLong),
        ] {
            assert_eq!(resolved(written), Err(error), "{written}");
        }
    }

    #[test]
    fn a_contract_that_takes_no_orders_can_still_be_named_to_close_it() {
        let list = list();
        let name = SymbolName::parse("OLDUSDT.P").unwrap();
        assert!(name.resolve(&list, "USDT").is_err());
        assert_eq!(name.contract(&list, "USDT").unwrap().symbol.as_str(), "OLDUSDT");
    }

    #[test]
    fn the_settle_coin_of_the_account_completes_a_bare_base() {
        let list = list();
        let name = SymbolName::parse("ETH").unwrap();
        assert_eq!(name.resolve(&list, "USDC").unwrap().symbol.as_str(), "ETHUSDC");
        assert_eq!(name.as_str(), "ETH");
    }

    proptest! {
        #[test]
        fn a_name_survives_the_journal(text in "[A-Za-z0-9/:._-]{0,30}|\\PC{0,45}") {
            if let Ok(name) = SymbolName::parse(&text) {
                let stored = serde_json::to_string(&name).unwrap();
                prop_assert_eq!(serde_json::from_str::<SymbolName>(&stored).unwrap(), name);
            }
        }
    }
}
