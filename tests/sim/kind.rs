//! Which exchanges can be simulated.
//!
//! A new one needs a folder with its wire, its `mod` line, and here a variant, a name and a line in [`wire_of`].

use perphook::market::MarginMode;

use super::floor::SimConfig;
use super::wire::Wire;
use super::{binance, bingx, bitget, bybit, coinex, kraken, kucoin, okx, phemex, sign};

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
    /// Derivatives v3, perpetuals settled in dollars.
    Kraken,
    /// USDT perpetuals of a classic futures account.
    KuCoin,
    /// Futures, API v2.
    CoinEx,
    /// USDT perpetuals.
    Phemex,
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
        Kind::Kraken => Box::new(kraken::Kraken::default()),
        Kind::KuCoin => Box::new(kucoin::KuCoin::default()),
        Kind::CoinEx => Box::new(coinex::CoinEx::default()),
        Kind::Phemex => Box::new(phemex::Phemex::default()),
    }
}

impl Kind {
    /// All of them.
    pub const ALL: &[Kind] = &[
        Kind::Binance,
        Kind::Bybit,
        Kind::Okx,
        Kind::BitgetClassic,
        Kind::BitgetUnified,
        Kind::KuCoin,
        Kind::CoinEx,
        Kind::BingX,
        Kind::Phemex,
        Kind::Kraken,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Binance => "binance",
            Kind::Bybit => "bybit",
            Kind::Okx => "okx",
            Kind::BitgetClassic => "bitget",
            Kind::BitgetUnified => "bitget-unified",
            Kind::BingX => "bingx",
            Kind::Kraken => "kraken",
            Kind::KuCoin => "kucoin",
            Kind::CoinEx => "coinex",
            Kind::Phemex => "phemex",
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
            Kind::Kraken => "krakenfutures",
            Kind::KuCoin => "kucoinfutures",
            other => other.name(),
        }
    }

    /// Whether keys have a password there.
    pub fn has_password(self) -> bool {
        matches!(self, Kind::Okx | Kind::BitgetClassic | Kind::BitgetUnified | Kind::KuCoin)
    }

    /// The coin in which its contracts settle.
    pub fn settle(self) -> &'static str {
        if self == Kind::Kraken { "USD" } else { "USDT" }
    }

    /// Whether an account may hold both sides of a contract.
    pub fn has_hedge(self) -> bool {
        !matches!(self, Kind::Kraken | Kind::CoinEx)
    }

    /// The position modes an account may be in: hedge or not.
    pub fn modes(self) -> &'static [bool] {
        if self.has_hedge() { &[false, true] } else { &[false] }
    }

    /// The margin mode that accounts must name, where it cannot be read.
    pub fn margin_mode(self) -> Option<MarginMode> {
        (self == Kind::CoinEx).then_some(MarginMode::Cross)
    }

    /// What a customer gets for the secret of a key: Kraken gives him base64.
    pub fn secret(self, secret: &str) -> String {
        if self == Kind::Kraken { sign::base64(secret.as_bytes()) } else { secret.to_owned() }
    }

    /// All names.
    pub fn names() -> String {
        Kind::ALL.iter().map(|kind| kind.name()).collect::<Vec<&str>>().join(", ")
    }
}
