//! From the configuration to accounts at work: exchange, courier, identity.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::Failure;
use super::shell::Heard;
use crate::alert::text::Roster;
use crate::config::{Account, Config, Mode, PaperPrices, Venue};
use crate::desk::{AccountSetup, Memory};
use crate::exchange::binance::Binance;
use crate::exchange::catalogue::Catalogue;
use crate::exchange::courier::{Courier, WARM_EVERY_MS};
use crate::exchange::paper::{Paper, PaperHandle, Prices};
use crate::exchange::transport::{TimeOuts, UreqHttp};
use crate::exchange::{Exchange, Keys, Line};
use crate::time::now_ms;

/// Everything hired for the accounts.
pub(super) struct Team {
    pub(super) setups: Vec<AccountSetup>,
    pub(super) couriers: Vec<Courier>,
    /// The hand that moves the prices of the first account on paper.
    pub(super) paper: Option<PaperHandle>,
}

/// Starts a courier for each account.
pub(super) fn hire(config: &Config, hear: &smol::channel::Sender<Heard>) -> Result<Team, Failure> {
    let mut team = Team { setups: Vec::new(), couriers: Vec::new(), paper: None };
    // Some exchanges have their demo on the same host, with other contracts.
    let mut catalogues: BTreeMap<(String, bool, String), Catalogue> = BTreeMap::new();
    for account in &config.accounts {
        let shelf = (account.host(), account.venue.is_demo(), account.rules.settle_coin.clone());
        let catalogue = catalogues.entry(shelf).or_default().clone();
        let (exchange, paper) = exchange_of(config, account, true, catalogue)?;
        team.paper = team.paper.or(paper);
        let hear = hear.clone();
        let deliver = move |call, result| {
            let _ = hear.send_blocking(Heard::Answer { call, result });
        };
        let courier = Courier::start(&account.name, exchange, Arc::new(now_ms), deliver, WARM_EVERY_MS)
            .map_err(|error| Failure::System(format!("the thread of account {} cannot be started: {error}", account.name)))?;
        team.couriers.push(courier);
        team.setups.push(AccountSetup {
            name: account.name.clone(),
            venue: account.venue.as_str().to_owned(),
            identity: identity(account),
            host: account.host(),
            rules: account.rules.clone(),
        });
    }
    Ok(team)
}

/// The exchange behind an account, for a look from the command line: nothing is locked, nothing is written.
///
/// # Errors
/// In words.
pub fn connect(config: &Config, account: &Account) -> Result<Box<dyn Exchange>, String> {
    exchange_of(config, account, false, Catalogue::default()).map(|(exchange, _)| exchange).map_err(|failure| failure.to_string())
}

/// The exchange behind an account; for paper also the hand that moves its prices, and its book is saved if it works.
fn exchange_of(
    config: &Config,
    account: &Account,
    works: bool,
    catalogue: Catalogue,
) -> Result<(Box<dyn Exchange>, Option<PaperHandle>), Failure> {
    let clock: crate::exchange::Clock = Arc::new(now_ms);
    let line = |url: &str, keys: Keys| Line {
        http: Box::new(UreqHttp::new(url, TimeOuts::default())),
        keys,
        clock: clock.clone(),
        settle: account.rules.settle_coin.clone(),
        catalogue,
    };
    if account.venue != Venue::Paper {
        let exchange = account.venue.connect(line(&account.host(), keys(account)));
        return exchange.map(|exchange| (exchange, None)).ok_or_else(|| Failure::System("an exchange without an adapter".to_owned()));
    }
    let prices = match config.paper_prices {
        PaperPrices::Walk => Prices::Walk,
        PaperPrices::Live => {
            let url = account.base_url.as_deref().unwrap_or(Venue::Binance.url());
            Prices::Live(Box::new(Binance::new(line(url, Keys::none()))))
        }
    };
    let book = config.state_directory.join(account.host() + ".json");
    let paper = match works {
        true => Paper::new(Some(book), false, prices, clock.clone()),
        false => Paper::glance(book, prices, clock.clone()),
    }
    .map_err(|error| Failure::System(error.to_string()))?;
    let handle = paper.handle();
    Ok((Box::new(paper), Some(handle)))
}

fn keys(account: &Account) -> Keys {
    let Account { key, secret, password, venue, .. } = account;
    Keys { key: key.clone(), secret: secret.clone(), password: password.clone(), demo: venue.is_demo() }
}

/// What text alerts must know of the accounts.
pub fn roster(config: &Config) -> Roster {
    let known = |account: &Account| (account.name.clone(), account.rules.settle_coin.clone());
    Roster { accounts: config.accounts.iter().map(known).collect(), default: config.default_account() }
}

/// Exchange, host and key, hashed: what is journalled of them.
fn identity(account: &Account) -> String {
    let mut hash = Sha256::new();
    for part in [account.venue.as_str(), &account.host(), account.key.expose()] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    let mut text = account.venue.as_str().to_owned() + ":";
    for byte in hash.finalize().iter().take(8) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Paper never starts on a directory with trades of a real exchange: they would be left alone without a word.
pub(super) fn forbid_mixing(config: &Config, memory: &Memory) -> Result<(), Failure> {
    let real = memory.trades.values().find(|trade| !trade.identity.starts_with("paper:"));
    match (config.mode, real) {
        (Mode::Paper, Some(trade)) => Err(Failure::Config(format!(
            "paper mode refuses to start: {} holds an open trade of a real account (trade {}, {} {}); set its keys again, or another STATE_DIRECTORY",
            config.state_directory.display(),
            trade.id,
            trade.account,
            trade.symbol
        ))),
        _ => Ok(()),
    }
}

/// A first alert to try, as one line for a terminal.
pub(super) fn first_alert(config: &Config, address: SocketAddr) -> String {
    let token = match &config.token {
        Some(_) => r#""token":"YOUR_WEBHOOK_TOKEN","#,
        None => "",
    };
    let account = match (config.default_account(), config.accounts.first()) {
        (None, Some(first)) => format!(r#""account":{},"#, serde_json::Value::from(first.name.as_str())),
        _ => String::new(),
    };
    let ip = if address.ip().is_unspecified() { "127.0.0.1".to_owned() } else { address.ip().to_string() };
    format!(
        r#"curl http://{ip}:{}/webhook -d '{{{token}{account}"event":"ENTRY","signal_side":"LONG","symbol":"BTCUSDT.P","entry_price":50000,"second_entry_price":49000,"stop_loss":48000,"take_profit":52000}}'"#,
        address.port()
    )
}
