//! From the desk's state to what `/health` says.

use std::collections::BTreeMap;

use crate::desk::Status;
use crate::web::Health;

/// Healthy is who has no `trouble` of its own and an answer from every account's exchange. An exchange is connected if all accounts on
/// it are.
pub(super) fn health_of(status: &Status, trouble: Option<String>) -> Health {
    let mut connected = BTreeMap::new();
    for account in &status.accounts {
        *connected.entry(&account.venue).or_insert(true) &= account.connected;
    }
    let silent: Vec<String> = status
        .accounts
        .iter()
        .filter(|account| !account.connected)
        .map(|account| format!("account {}: {}", account.name, account.trouble.as_deref().unwrap_or("no answer")))
        .collect();
    let word = |connected| if connected { "connected" } else { "disconnected" };
    Health {
        trouble: trouble.or_else(|| (!silent.is_empty()).then(|| silent.join("; "))),
        exchanges: connected.into_iter().map(|(venue, connected)| (venue.clone(), word(connected).to_owned())).collect(),
        alerts: status.alerts,
        notices: status.notices,
        open_trades: status.trades.len() as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::AccountStatus;

    fn health(accounts: &[(&str, &str, Option<&str>)], trouble: Option<&str>) -> (Option<String>, Vec<(String, String)>) {
        let account = |&(name, venue, trouble): &(&str, &str, Option<&str>)| AccountStatus {
            name: name.to_owned(),
            venue: venue.to_owned(),
            connected: trouble.is_none(),
            trouble: trouble.filter(|text| !text.is_empty()).map(str::to_owned),
        };
        let accounts = accounts.iter().map(account).collect();
        let status = Status { accounts, alerts: 0, waiting: 0, trades: Vec::new(), closed: 0, notices: 0 };
        let health = health_of(&status, trouble.map(str::to_owned));
        (health.trouble, health.exchanges)
    }

    #[test]
    fn an_exchange_is_as_well_as_its_worst_account() {
        let pair = |venue: &str, word: &str| (venue.to_owned(), word.to_owned());
        let well = [("a", "binance", None), ("b", "bybit", None), ("c", "binance", None)];
        assert_eq!(health(&well, None), (None, vec![pair("binance", "connected"), pair("bybit", "connected")]));
        for sick in [0, 2] {
            let mut accounts = well;
            accounts[sick].2 = Some("keys refused");
            let reason = format!("account {}: keys refused", accounts[sick].0);
            assert_eq!(health(&accounts, None), (Some(reason), vec![pair("binance", "disconnected"), pair("bybit", "connected")]));
        }
    }

    #[test]
    fn every_silent_account_is_named_unless_the_daemon_itself_is_ill() {
        let accounts = [("a", "binance", Some("")), ("b", "bybit", Some("down"))];
        assert_eq!(health(&accounts, None).0.as_deref(), Some("account a: no answer; account b: down"));
        assert_eq!(health(&accounts, Some("disk full")).0.as_deref(), Some("disk full"));
    }
}
