//! Which exchanges can be simulated.
//!
//! A new one needs a folder with its wire, its `mod` line, and here a variant, a name and a line in [`wire_of`].

use super::floor::SimConfig;
use super::wire::Wire;
use super::{binance, bingx, bitget, bybit, okx};

/// An exchange; where one exchange has two kinds of account with two interfaces, one of the two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    /// USDⓈ-M futures.
    #[default]
    Binance,
    /// v5, USDT linear perpetuals of a unified account.
    Bybit,
    /// Perpetual swaps, v5.
    Okx,
    /// USDT-M futures of a classic account.
    BitgetClassic,
    /// USDT-M futures of a unified account.
    BitgetUnified,
    /// USDT-M perpetual swaps.
    BingX,
}

/// A new wire of the exchange that the configuration names.
pub fn wire_of(config: &SimConfig) -> Box<dyn Wire> {
    match config.exchange {
        Kind::Binance => Box::new(binance::Binance::default()),
        Kind::Bybit => Box::new(bybit::Bybit::default()),
        Kind::Okx => Box::new(okx::Okx::default()),
        Kind::BitgetClassic => Box::new(bitget::Bitget::new(bitget::Account::Classic)),
        Kind::BitgetUnified => Box::new(bitget::Bitget::new(bitget::Account::Unified)),
        Kind::BingX => Box::new(bingx::BingX::default()),
    }
}

impl Kind {
    /// All of them.
    pub const ALL: &[Kind] = &[Kind::Binance, Kind::Bybit, Kind::Okx, Kind::BitgetClassic, Kind::BitgetUnified, Kind::BingX];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Binance => "binance",
            Kind::Bybit => "bybit",
            Kind::Okx => "okx",
            Kind::BitgetClassic => "bitget",
            Kind::BitgetUnified => "bitget-unified",
            Kind::BingX => "bingx",
        }
    }

    /// The exchange of a name.
    pub fn from_name(name: &str) -> Option<Kind> {
        Kind::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// What settings call the adapter that speaks with it.
    pub fn adapter(self) -> &'static str {
        match self {
            Kind::BitgetUnified => "bitget",
            other => other.name(),
        }
    }

    /// Whether keys have a password there.
    pub fn has_password(self) -> bool {
        match self {
            Kind::Binance | Kind::Bybit | Kind::BingX => false,
            Kind::Okx | Kind::BitgetClassic | Kind::BitgetUnified => true,
        }
    }

    /// All names.
    pub fn names() -> String {
        Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<&str>>().join(", ")
    }
}
