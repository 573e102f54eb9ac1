//! Which exchanges can be simulated.
//!
//! A new one needs a folder with its wire, its `mod` line, and here a variant, a name and a line in [`wire_of`].

use super::floor::SimConfig;
use super::wire::Wire;
use super::{binance, bitget};

/// An exchange; where one exchange has two kinds of account with two interfaces, one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// USDⓈ-M futures.
    #[default]
    Binance,
    /// USDT-M futures of a classic account.
    BitgetClassic,
    /// USDT-M futures of a unified account.
    BitgetUnified,
}

const NAMES: &[(Kind, &str)] = &[(Kind::Binance, "binance"), (Kind::BitgetClassic, "bitget"), (Kind::BitgetUnified, "bitget-unified")];

/// A new wire of the exchange that the configuration names.
pub fn wire_of(config: &SimConfig) -> Box<dyn Wire> {
    match config.exchange {
        Kind::Binance => Box::new(binance::Binance::default()),
        Kind::BitgetClassic => Box::new(bitget::Bitget::new(bitget::Account::Classic)),
        Kind::BitgetUnified => Box::new(bitget::Bitget::new(bitget::Account::Unified)),
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
            Kind::BitgetClassic | Kind::BitgetUnified => "bitget",
        }
    }

    /// Whether keys have a password there.
    pub fn has_password(self) -> bool {
        match self {
            Kind::Binance => false,
            Kind::BitgetClassic | Kind::BitgetUnified => true,
        }
    }

    /// All names.
    pub fn names() -> String {
        NAMES.iter().map(|(_, name)| *name).collect::<Vec<&str>>().join(", ")
    }
}
