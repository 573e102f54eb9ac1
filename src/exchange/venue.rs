//! Who is behind which name: every exchange an account can be on, and how its adapter is made.
//!
//! A new adapter adds its variant here; every `match` on [`Venue`] then asks for its part.

use super::catalogue::Catalogue;
use super::http::Http;
use super::{Capabilities, Clock, Exchange, Keys, binance, bitget, paper};

/// An exchange that accounts can be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Venue {
    /// Binance USDⓈ-M futures.
    Binance,
    /// The same on its demo host.
    BinanceDemo,
    /// Bitget USDT-M perpetuals, on a classic or a unified account.
    Bitget,
    /// The same with the keys of its demo mode.
    BitgetDemo,
    /// The exchange inside this process.
    Paper,
}

/// What an adapter needs to reach its exchange.
pub struct Line {
    /// One connection to its host.
    pub http: Box<dyn Http>,
    /// What calls are signed with.
    pub keys: Keys,
    /// Our time.
    pub clock: Clock,
    /// The coin whose balance is asked for, and whose contracts are meant.
    pub settle: String,
    /// What all accounts of that host share.
    pub catalogue: Catalogue,
}

impl Venue {
    /// All of them.
    pub const ALL: [Venue; 5] = [Venue::Binance, Venue::BinanceDemo, Venue::Bitget, Venue::BitgetDemo, Venue::Paper];

    /// Its name in settings, `/health` and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Venue::Binance => "binance",
            Venue::BinanceDemo => "binancedemo",
            Venue::Bitget => "bitget",
            Venue::BitgetDemo => "bitgetdemo",
            Venue::Paper => "paper",
        }
    }

    /// Where it is reached; nothing for the one inside this process.
    pub fn url(self) -> &'static str {
        match self {
            Venue::Binance => binance::LIVE_URL,
            Venue::BinanceDemo => binance::DEMO_URL,
            Venue::Bitget | Venue::BitgetDemo => bitget::LIVE_URL,
            Venue::Paper => "",
        }
    }

    /// Whether the money is play money at an exchange.
    pub fn is_demo(self) -> bool {
        match self {
            Venue::BinanceDemo | Venue::BitgetDemo => true,
            Venue::Binance | Venue::Bitget | Venue::Paper => false,
        }
    }

    /// Whether its API keys have a password of their own besides key and secret.
    pub fn needs_password(self) -> bool {
        match self {
            Venue::Bitget | Venue::BitgetDemo => true,
            Venue::Binance | Venue::BinanceDemo | Venue::Paper => false,
        }
    }

    /// The coin its contracts settle in, where an account names none.
    pub fn settle_coin(self) -> &'static str {
        match self {
            Venue::Binance | Venue::BinanceDemo | Venue::Bitget | Venue::BitgetDemo | Venue::Paper => "USDT",
        }
    }

    /// What it can do, as far as that does not depend on the account.
    pub fn capabilities(self) -> Capabilities {
        match self {
            Venue::Binance | Venue::BinanceDemo => binance::CAPABILITIES,
            Venue::Bitget | Venue::BitgetDemo => bitget::CAPABILITIES,
            Venue::Paper => paper::CAPABILITIES,
        }
    }

    /// Its adapter; `None` for the one inside this process, which needs a book and no line.
    pub fn connect(self, line: Line) -> Option<Box<dyn Exchange>> {
        match self {
            Venue::Binance | Venue::BinanceDemo => Some(Box::new(binance::Binance::new(line))),
            Venue::Bitget | Venue::BitgetDemo => Some(Box::new(bitget::Bitget::new(line))),
            Venue::Paper => None,
        }
    }
}
