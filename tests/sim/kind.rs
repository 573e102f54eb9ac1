//! Which exchanges can be simulated.
//!
//! A new one needs a folder with its wire, its `mod` line, and here a variant, a name and a line in [`wire_of`].

use super::binance;
use super::bybit;
use super::floor::SimConfig;
use super::wire::Wire;

/// An exchange; where one exchange has two kinds of account with two interfaces, one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// USDⓈ-M futures.
    #[default]
    Binance,
    /// v5, USDT linear perpetuals.
    Bybit,
}

const NAMES: &[(Kind, &str)] = &[(Kind::Binance, "binance"), (Kind::Bybit, "bybit")];

/// A new wire of the exchange that the configuration names.
pub fn wire_of(config: &SimConfig) -> Box<dyn Wire> {
    match config.exchange {
        Kind::Binance => Box::new(binance::Binance::default()),
        Kind::Bybit => Box::new(bybit::Bybit::default()),
    }
}

impl Kind {
    /// All of them.
    pub const ALL: &[Kind] = &[Kind::Binance];

    /// The exchange of a name.
    pub fn from_name(name: &str) -> Option<Kind> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
    }

    /// What settings call the adapter that speaks with it.
    pub fn adapter(self) -> &'static str {
        match self {
            Kind::Binance => "binance",
            Kind::Bybit => "bybit",
        }
    }

    /// Whether keys have a password there.
    pub fn has_password(self) -> bool {
        match self {
            Kind::Binance | Kind::Bybit => false,
        }
    }

    /// All names.
    pub fn names() -> String {
        NAMES.iter().map(|(_, name)| *name).collect::<Vec<&str>>().join(", ")
    }
}
