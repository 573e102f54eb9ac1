//! The one table of settings: name, default, meaning, and how its text is read. `--help` and the README's check read it too.

use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use log::LevelFilter;

use super::PaperPrices;
use super::values::{DAY, HOUR, amount, base_url, key, level, leverage, one_of, seconds, time_limit, token, whole, yes_or_no};
use crate::desk::{AccountRules, Rules};
use crate::market::{MarginMode, TriggerBy};
use crate::secret::Secret;

/// One setting.
pub struct Setting {
    /// Its name in the environment, in `.env` and in the credentials directory.
    pub name: &'static str,
    /// What holds without it; empty: nothing.
    pub default: &'static str,
    /// What it means, in a few words.
    pub meaning: &'static str,
    /// Reads a text into the draft, or says what would be right.
    pub(super) set: fn(&mut Draft, &str) -> Result<(), String>,
}

/// All values as read one by one, before they are judged together.
pub(super) struct Draft {
    pub(super) key: Option<Secret>,
    pub(super) secret: Option<Secret>,
    pub(super) testnet: bool,
    pub(super) base_url: Option<String>,
    pub(super) token: Option<Secret>,
    pub(super) host: IpAddr,
    pub(super) port: u16,
    pub(super) log_level: LevelFilter,
    pub(super) log_file: Option<PathBuf>,
    pub(super) state_directory: PathBuf,
    pub(super) accounts_file: Option<PathBuf>,
    pub(super) default_account: Option<String>,
    pub(super) paper_prices: PaperPrices,
    pub(super) rules: Rules,
    pub(super) account_rules: AccountRules,
}

impl Draft {
    pub(super) fn new() -> Draft {
        Draft {
            key: None,
            secret: None,
            testnet: false,
            base_url: None,
            token: None,
            host: IpAddr::V4(Ipv4Addr::LOCALHOST),
            port: 0,
            log_level: LevelFilter::Info,
            log_file: None,
            state_directory: PathBuf::new(),
            accounts_file: None,
            default_account: None,
            paper_prices: PaperPrices::Walk,
            rules: Rules::default(),
            account_rules: AccountRules::default(),
        }
    }
}

/// Every setting there is, in the order `--help` lists them.
pub const SETTINGS: &[Setting] = &[
    Setting {
        name: "BINANCE_API_KEY",
        default: "",
        meaning: "API key; without key and secret: paper",
        set: |draft, text| put(&mut draft.key, key(text).map(Some)),
    },
    Setting {
        name: "BINANCE_API_SECRET",
        default: "",
        meaning: "API secret",
        set: |draft, text| put(&mut draft.secret, key(text).map(Some)),
    },
    Setting {
        name: "BINANCE_TESTNET",
        default: "false",
        meaning: "true: Binance's demo host",
        set: |draft, text| put(&mut draft.testnet, yes_or_no(text)),
    },
    Setting {
        name: "BINANCE_BASE_URL",
        default: "",
        meaning: "another host than Binance's own (tests, proxies): http(s)://host[:port]",
        set: |draft, text| put(&mut draft.base_url, base_url(text).map(Some)),
    },
    Setting {
        name: "WEBHOOK_TOKEN",
        default: "",
        meaning: "what alerts must carry; at least 16 characters (optional on paper)",
        set: |draft, text| put(&mut draft.token, token(text).map(Some)),
    },
    Setting {
        name: "SERVICE_HOST",
        default: "127.0.0.1",
        meaning: "address to listen on",
        set: |draft, text| put(&mut draft.host, text.parse().map_err(|_| "an IP address is needed".to_owned())),
    },
    Setting {
        name: "SERVICE_PORT",
        default: "5000",
        meaning: "port to listen on; 0: any free one, which the log names",
        set: |draft, text| put(&mut draft.port, whole(text, 0..=65535)),
    },
    Setting {
        name: "ENTRY_SIZE_USD",
        default: "10",
        meaning: "margin of one entry; its value is this times LEVERAGE",
        set: |draft, text| put(&mut draft.account_rules.entry_size_usd, amount(text)),
    },
    Setting {
        name: "LEVERAGE",
        default: "20",
        meaning: "leverage; above a contract's maximum the maximum is used",
        set: |draft, text| put(&mut draft.account_rules.leverage, leverage(text)),
    },
    Setting {
        name: "TOTAL_ENTRIES",
        default: "2",
        meaning: "1: never a second entry",
        set: |draft, text| put(&mut draft.account_rules.total_entries, whole(text, 1..=2)),
    },
    Setting {
        name: "MARGIN_MODE",
        default: "",
        meaning: "isolated or cross; unset: the symbol's mode is left as it is",
        set: |draft, text| {
            let modes = [("isolated", MarginMode::Isolated), ("cross", MarginMode::Cross), ("crossed", MarginMode::Cross)];
            put(&mut draft.account_rules.margin_mode, one_of(text, &modes).map(Some))
        },
    },
    Setting {
        name: "TRIGGER_BY",
        default: "mark",
        meaning: "which price fires stop and target: mark or last",
        set: |draft, text| put(&mut draft.rules.trigger_by, one_of(text, &[("mark", TriggerBy::Mark), ("last", TriggerBy::Last)])),
    },
    Setting {
        name: "PROTECT_TIMEOUT",
        default: "10",
        meaning: "seconds of definite refusals of a stop that are borne",
        set: |draft, text| put(&mut draft.rules.protect_timeout_ms, seconds(text, HOUR)),
    },
    Setting {
        name: "CLOSE_IF_UNPROTECTED",
        default: "true",
        meaning: "then close at market; false: only say so",
        set: |draft, text| put(&mut draft.rules.close_if_unprotected, yes_or_no(text)),
    },
    Setting {
        name: "EXIT_COOLDOWN",
        default: "30",
        meaning: "seconds after a trade ended in which another EXIT is ignored",
        set: |draft, text| put(&mut draft.rules.exit_cooldown_ms, seconds(text, DAY)),
    },
    Setting {
        name: "ENTRY_TIMEOUT",
        default: "0",
        meaning: "seconds after which unfilled entries are cancelled; 0: never",
        set: |draft, text| put(&mut draft.rules.entry_timeout_ms, seconds(text, 365 * DAY)),
    },
    Setting {
        name: "ALERT_TIMEOUT",
        default: "180",
        meaning: "seconds an alert may wait before what opens is refused",
        set: |draft, text| put(&mut draft.account_rules.alert_timeout_ms, time_limit(text)),
    },
    Setting {
        name: "ORDER_TIMEOUT",
        default: "40",
        meaning: "seconds an order of a text alert that opens is tried again",
        set: |draft, text| put(&mut draft.account_rules.order_timeout_ms, time_limit(text)),
    },
    Setting {
        name: "DUPLICATE_WINDOW",
        default: "60",
        meaning: "seconds in which the same alert is a resend; 0: off",
        set: |draft, text| put(&mut draft.rules.duplicate_window_ms, seconds(text, DAY)),
    },
    Setting {
        name: "TRADE_CAPACITY",
        default: "256",
        meaning: "most trades at one time",
        set: |draft, text| put(&mut draft.rules.trade_capacity, whole(text, 1..=4096)),
    },
    Setting {
        name: "QUEUE_CAPACITY",
        default: "256",
        meaning: "most alerts waiting at one time; a quarter is kept for EXIT",
        set: |draft, text| put(&mut draft.rules.queue_capacity, whole(text, 4..=4096)),
    },
    Setting {
        name: "STATE_DIRECTORY",
        default: "./state",
        meaning: "where journal and history live",
        set: |draft, text| put(&mut draft.state_directory, Ok(PathBuf::from(text))),
    },
    Setting {
        name: "LOG_LEVEL",
        default: "info",
        meaning: "error, warn, info, debug or trace",
        set: |draft, text| put(&mut draft.log_level, level(text)),
    },
    Setting {
        name: "LOG_FILE",
        default: "",
        meaning: "a second place for the log, at most 20 MiB",
        set: |draft, text| put(&mut draft.log_file, Ok(Some(PathBuf::from(text)))),
    },
    Setting {
        name: "PAPER_PRICES",
        default: "walk",
        meaning: "prices on paper: walk (made up) or live (public prices)",
        set: |draft, text| put(&mut draft.paper_prices, one_of(text, &[("walk", PaperPrices::Walk), ("live", PaperPrices::Live)])),
    },
    Setting {
        name: "ACCOUNTS_FILE",
        default: "",
        meaning: "JSON file with several accounts (whook's accounts.json)",
        set: |draft, text| put(&mut draft.accounts_file, Ok(Some(PathBuf::from(text)))),
    },
    Setting {
        name: "DEFAULT_ACCOUNT",
        default: "",
        meaning: "account of alerts that name none; the only one needs no naming",
        set: |draft, text| put(&mut draft.default_account, Ok(Some(text.to_owned()))),
    },
];

/// Puts a value that was read into its place.
fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::Decimal;

    #[test]
    fn the_table_and_the_rules_have_the_same_defaults() {
        let mut draft = Draft::new();
        draft.rules = Rules { trade_capacity: 0, entry_timeout_ms: 1, ..Rules::default() };
        draft.account_rules = AccountRules { leverage: 1, total_entries: 1, entry_size_usd: Decimal::ONE, ..AccountRules::default() };
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            (setting.set)(&mut draft, setting.default).unwrap();
        }
        assert_eq!((draft.rules, draft.account_rules), (Rules::default(), AccountRules::default()));
    }
}
