//! Environment, `.env`, credentials directory and `accounts.json` → one validated [`Config`].
//!
//! Every mistake is reported at once, with file, name and line. Knows nothing of exchanges' wire formats.

mod account_id;
mod accounts;
mod dotenv;
mod load;
mod objects;
mod predecessors;
mod settings;
mod sources;
mod values;
mod venue;

use std::net::IpAddr;
use std::path::PathBuf;

pub use crate::exchange::Venue;
pub use load::{Mistake, TOKEN_CHARS_MIN, load};
pub use settings::{SETTINGS, Setting};
pub use sources::{Environment, MaybeFile, Sources, TextFile, WriteTemplate};

use crate::desk::{AccountRules, Rules};
use crate::secret::Secret;

/// Everything that can be set, checked as a whole.
#[derive(Debug)]
pub struct Config {
    /// That of the most real account: live before demo before paper.
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
    /// At least one, with different names. Those with the same host and key differ in settle coin.
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
    /// The password some exchanges want besides; empty elsewhere.
    pub password: Secret,
    /// Another host than the exchange's own (tests, proxies), without a trailing slash.
    pub base_url: Option<String>,
    /// Its trading rules.
    pub rules: AccountRules,
}

impl Config {
    /// Who is meant by an alert that names no account: `DEFAULT_ACCOUNT`, or the only account. Position in the list.
    pub fn default_account(&self) -> Option<usize> {
        match (&self.rules.default_account, self.accounts.as_slice()) {
            (Some(name), accounts) => accounts.iter().position(|account| account.name == *name),
            (None, [_]) => Some(0),
            (None, _) => None,
        }
    }
}

impl Account {
    /// Where its orders go. Each account on paper is an exchange of its own.
    pub fn host(&self) -> String {
        let paper = Venue::Paper.as_str();
        match (self.venue, &self.base_url) {
            (Venue::Paper, _) if self.name.eq_ignore_ascii_case(paper) => paper.to_owned(),
            (Venue::Paper, _) => format!("{paper}-{}", self.name.to_ascii_lowercase()),
            (_, Some(url)) => url.clone(),
            (venue, None) => venue.url().to_owned(),
        }
    }
}
