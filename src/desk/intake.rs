//! The door: which alerts are taken, which are repeats, and when there is no room.
//!
//! Decided before anything is on disk and without asking an exchange, so its words are the answer the sender gets.

use std::collections::BTreeMap;

use super::account::Account;
use super::memory::{Fingerprint, Memory, SEEN_MAX};
use crate::alert::{Command, Signal};
use crate::market::Millis;

use super::settings::Rules;

/// How long a sender's own key is remembered.
const KEY_MS: Millis = 24 * 3600 * 1000;
/// An answer that is not written after this time will not be: TradingView waits no longer.
const ANSWERING_MS: Millis = 3 * 1000;

/// What the door says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Taken: to be journalled, then acted on.
    Accept {
        /// Its number.
        number: u64,
        /// What the sender should know although it is taken.
        warnings: Vec<String>,
    },
    /// The same as this alert.
    Duplicate(u64),
    /// Cannot be done as it stands.
    Refuse {
        /// The field at fault; may be empty.
        field: &'static str,
        /// In words.
        reason: String,
    },
    /// No room; come again.
    Full(String),
}

/// The account an alert is for: the one it names, the default one, or the only one there is.
pub(super) fn account_of<'a>(accounts: &'a [Account], rules: &Rules, named: Option<&str>) -> Result<&'a Account, String> {
    let known = || accounts.iter().map(|account| account.setup.name.as_str()).collect::<Vec<_>>().join(", ");
    match named.or(rules.default_account.as_deref()) {
        Some(name) => accounts
            .iter()
            .find(|account| account.setup.name.eq_ignore_ascii_case(name))
            .ok_or_else(|| format!("no such account is configured (there are: {})", known())),
        None => match accounts {
            [only] => Ok(only),
            _ => Err(format!("name one of the accounts ({}), or set DEFAULT_ACCOUNT", known())),
        },
    }
}

/// Looks for an earlier alert with the same body or key.
pub(super) fn repeat_of(
    memory: &Memory,
    untold: &BTreeMap<u64, Millis>,
    rules: &Rules,
    account: &str,
    signal: &Signal,
    print: &Fingerprint,
    now: Millis,
) -> Option<Admission> {
    let key = signal.key.as_ref().map(|key| format!("{account}/{key}"));
    for seen in memory.seen.iter().rev() {
        let age_ms = now.saturating_sub(seen.at);
        if key.is_some() && seen.key == key && age_ms < KEY_MS {
            return Some(match (seen.fingerprint == *print, seen.refused) {
                (true, false) => Admission::Duplicate(seen.number),
                (true, true) => continue,
                (false, _) => Admission::Refuse {
                    field: "alert_id",
                    reason: format!("this key was used by alert {} with another body; use a new one for a new alert", seen.number),
                },
            });
        }
        // Text repeats are meant, unless the sender of the first never heard of it; one that is being answered just now is not lost yet.
        let answering = untold.get(&seen.number).is_some_and(|at| now < at + ANSWERING_MS);
        let meant = signal.command.is_text() && (seen.told || answering);
        if !seen.refused && !meant && seen.fingerprint == *print && age_ms < rules.duplicate_window_ms {
            return Some(Admission::Duplicate(seen.number));
        }
    }
    None
}

/// Whether there is room for one more alert. An eighth of the queue is kept for what only closes.
pub(super) fn room_for(memory: &Memory, rules: &Rules, command: &Command, now: Millis) -> Result<(), String> {
    let kept_for_closing = if command.only_closes() { 0 } else { rules.queue_capacity / 8 };
    if memory.alerts.len() + kept_for_closing >= rules.queue_capacity {
        return Err(format!("{} alerts are waiting already (QUEUE_CAPACITY)", memory.alerts.len()));
    }
    let begins_trade = match command {
        Command::Enter(_) => true,
        Command::Order(order) => order.stop.is_some() || order.target.is_some(),
        _ => false,
    };
    if begins_trade && memory.trades.len() >= rules.trade_capacity {
        return Err(format!("{} trades are open already (TRADE_CAPACITY)", memory.trades.len()));
    }
    // Forgetting a body too early could trade it twice, so the door closes instead.
    let oldest_still_matters = memory.seen.front().is_some_and(|seen| now.saturating_sub(seen.at) < rules.duplicate_window_ms);
    if memory.seen.len() >= SEEN_MAX && oldest_still_matters {
        return Err(format!("more than {SEEN_MAX} alerts within DUPLICATE_WINDOW"));
    }
    Ok(())
}
