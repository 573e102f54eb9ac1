//! Environment, `.env`, credentials directory and (later) `accounts.json` → one validated [`Config`].
//!
//! Every mistake is reported at once, with file, name and line. Knows nothing of exchanges' wire formats.

mod dotenv;
mod load;
mod predecessors;
mod settings;
mod sources;

use std::net::IpAddr;
use std::path::PathBuf;

pub use load::{Mistake, load};
pub use settings::{SETTINGS, Setting};
pub use sources::{Environment, MaybeFile, Sources, TextFile};

use crate::desk::{AccountRules, Rules};
use crate::secret::Secret;

/// Everything that can be set, checked as a whole.
#[derive(Debug)]
pub struct Config {
    /// Live, demo or paper.
    pub mode: Mode,
    /// The token alerts must carry; `None` only on paper.
    pub token: Option<Secret>,
    /// Address to listen on.
    pub host: IpAddr,
    /// Port to listen on.
    pub port: u16,
    /// Least severe level that is logged.
    pub log_level: log::LevelFilter,
    /// A second place for the log.
    pub log_file: Option<PathBuf>,
    /// Where journal, lock and installation id live.
    pub state_directory: PathBuf,
    /// Where paper prices come from.
    pub paper_prices: PaperPrices,
    /// Rules of the desk that hold for all accounts.
    pub rules: Rules,
    /// At least one.
    pub accounts: Vec<Account>,
    /// What should be known but forbids nothing.
    pub warnings: Vec<String>,
}

/// How real it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Real money.
    Live,
    /// The exchange's own demo.
    Demo,
    /// The exchange inside this process.
    Paper,
}

impl Mode {
    /// `live`, `demo` or `paper`.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Live => "live",
            Mode::Demo => "demo",
            Mode::Paper => "paper",
        }
    }
}

/// Where the paper exchange gets its prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PaperPrices {
    /// A deterministic walk inside the process.
    Walk,
    /// Public prices of the real market.
    Live,
}

/// One account on one exchange.
#[derive(Debug)]
pub struct Account {
    /// What alerts, logs and history call it.
    pub name: String,
    /// Which exchange.
    pub venue: Venue,
    /// API key.
    pub key: Secret,
    /// API secret.
    pub secret: Secret,
    /// Another host than the exchange's own (tests, proxies), without a trailing slash.
    pub base_url: Option<String>,
    /// Its trading rules.
    pub rules: AccountRules,
}

/// The exchanges that can be named in settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Venue {
    /// Binance USDⓈ-M futures.
    Binance,
    /// The same on its demo host.
    BinanceDemo,
    /// The exchange inside this process.
    Paper,
}

impl Venue {
    /// Its name in settings, `/health` and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Venue::Binance => "binance",
            Venue::BinanceDemo => "binancedemo",
            Venue::Paper => "paper",
        }
    }
}
