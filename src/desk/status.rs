//! The state of things as plain data, for `/health`, `perphook status` and the service manager.

use serde::Serialize;

use super::account::Account;
use super::memory::Memory;
use super::trade::{Phase, Trade};
use crate::market::{Decimal, Millis, SECOND_MS};

/// An account that had no good answer for this long counts as disconnected.
const SILENT_MS: Millis = 60 * SECOND_MS;

/// Everything at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Accounts in the order of the configuration.
    pub accounts: Vec<AccountStatus>,
    /// Alerts accepted in all.
    pub alerts: u64,
    /// Alerts that wait.
    pub waiting: usize,
    /// Trades that are not closed, orphans included.
    pub trades: Vec<TradeStatus>,
    /// Trades closed in all.
    pub closed: u64,
    /// Warnings given in all.
    pub notices: u64,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AccountStatus {
    /// Its name.
    pub name: String,
    /// Its exchange.
    pub venue: String,
    /// Whether calls succeed.
    pub connected: bool,
    /// What is wrong, if something is.
    pub trouble: Option<String>,
}

/// One trade.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TradeStatus {
    /// The alert that began it.
    pub id: u64,
    /// The account's name.
    pub account: String,
    /// The contract.
    pub symbol: String,
    /// `LONG` or `SHORT`.
    pub side: &'static str,
    /// In words.
    pub phase: String,
    /// Base coin.
    pub position: Decimal,
    /// Whether the wanted stop rests.
    pub protected: bool,
    /// When it began.
    pub began_at: Millis,
    /// Its account is not configured any more: nobody looks after it.
    pub orphaned: bool,
}

pub(super) fn of(accounts: &[Account], memory: &Memory, now: Millis) -> Status {
    let known: Vec<(&str, &str)> = accounts.iter().map(|account| (account.setup.name.as_str(), account.setup.identity.as_str())).collect();
    let alive = accounts.iter().flat_map(|account| &account.trades).map(|trade| of_trade(trade, false));
    let lost = memory.trades.values().filter(|trade| is_orphan(trade, &known)).map(|trade| of_trade(trade, true));
    Status {
        accounts: accounts
            .iter()
            .map(|account| AccountStatus {
                name: account.setup.name.clone(),
                venue: account.setup.venue.clone(),
                connected: account.is_ready() && (account.trouble.is_none() || now < account.alive_at + SILENT_MS),
                trouble: account.trouble.clone(),
            })
            .collect(),
        alerts: memory.newest,
        waiting: memory.alerts.len(),
        trades: alive.chain(lost).collect(),
        closed: memory.closed_total,
        notices: memory.notices_total,
    }
}

/// Trades whose account is not configured any more.
pub(super) fn orphans(memory: &Memory, known: &[(&str, &str)]) -> Vec<(u64, String, String)> {
    let lost = memory.trades.values().filter(|trade| is_orphan(trade, known));
    lost.map(|trade| (trade.id, trade.account.clone(), trade.symbol.to_string())).collect()
}

fn is_orphan(trade: &Trade, known: &[(&str, &str)]) -> bool {
    !known.contains(&(trade.account.as_str(), trade.identity.as_str()))
}

fn of_trade(trade: &Trade, orphaned: bool) -> TradeStatus {
    let phase = match trade.phase {
        Phase::Opening => "opening".to_owned(),
        Phase::Entering => "entering".to_owned(),
        Phase::Open => "open".to_owned(),
        Phase::Closing(why) => format!("closing: {}", why.as_str()),
    };
    TradeStatus {
        id: trade.id,
        account: trade.account.clone(),
        symbol: trade.symbol.to_string(),
        side: trade.side.as_str(),
        phase,
        position: trade.live.position,
        protected: trade.is_protected(),
        began_at: trade.began_at,
        orphaned,
    }
}
