//! The one table of settings: name, default, meaning, and how its text is read. `--help` and the README's check read it too.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use log::LevelFilter;

use super::PaperPrices;
use crate::desk::{AccountRules, Rules};
use crate::market::{Decimal, MarginMode, Millis, TriggerBy};
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
            default_account: None,
            paper_prices: PaperPrices::Walk,
            rules: Rules::default(),
            account_rules: AccountRules::default(),
        }
    }
}

/// An hour, a day: bounds of what makes sense for a time, in seconds.
const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

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
        set: |draft, text| put(&mut draft.account_rules.leverage, whole(text, 1..=200)),
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
        meaning: "seconds an ENTRY may wait before it is refused",
        set: |draft, text| put(&mut draft.account_rules.alert_timeout_ms, seconds(text, DAY)),
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
        name: "DEFAULT_ACCOUNT",
        default: "",
        meaning: "account of alerts that name none",
        set: |draft, text| put(&mut draft.default_account, Ok(Some(text.to_owned()))),
    },
    Setting {
        name: "ACCOUNTS_FILE",
        default: "",
        meaning: "several accounts: not in this version",
        set: |_, _| Err("several accounts are not supported by this version; use BINANCE_API_KEY and BINANCE_API_SECRET".to_owned()),
    },
];

/// Puts a value that was read into its place.
fn put<T>(place: &mut T, value: Result<T, String>) -> Result<(), String> {
    *place = value?;
    Ok(())
}

fn whole<N: TryFrom<u64> + TryInto<u64> + Copy>(text: &str, range: RangeInclusive<N>) -> Result<N, String> {
    let bound = |number: N| number.try_into().unwrap_or(u64::MAX);
    let (low, high) = (bound(*range.start()), bound(*range.end()));
    let number = text.parse::<u64>().ok().filter(|number| (low..=high).contains(number)).and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| format!("a whole number from {low} to {high} is needed"))
}

/// Seconds, with up to three decimals.
fn seconds(text: &str, most: u64) -> Result<Millis, String> {
    let millis = Decimal::from_str_exact(text).ok().and_then(|value| value.checked_mul(Decimal::ONE_THOUSAND));
    let millis = millis.filter(|millis| millis.fract().is_zero()).and_then(|millis| Millis::try_from(millis).ok());
    millis.filter(|millis| *millis <= most * 1000).ok_or_else(|| format!("seconds from 0 to {most} are needed"))
}

fn amount(text: &str) -> Result<Decimal, String> {
    let most = Decimal::from(1_000_000);
    let amount = Decimal::from_str_exact(text).ok().filter(|amount| *amount > Decimal::ZERO && *amount <= most);
    amount.ok_or_else(|| format!("a number above 0, up to {most}, is needed"))
}

fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("one of {} is needed", names.join(", "))
    })
}

fn yes_or_no(text: &str) -> Result<bool, String> {
    let words = [("true", true), ("false", false), ("yes", true), ("no", false), ("1", true), ("0", false), ("on", true), ("off", false)];
    one_of(text, &words).map_err(|_| "true or false is needed".to_owned())
}

/// `warning` and `critical` are Python's words for it.
fn level(text: &str) -> Result<LevelFilter, String> {
    let levels = [
        ("error", LevelFilter::Error),
        ("warn", LevelFilter::Warn),
        ("info", LevelFilter::Info),
        ("debug", LevelFilter::Debug),
        ("trace", LevelFilter::Trace),
        ("warning", LevelFilter::Warn),
        ("critical", LevelFilter::Error),
    ];
    one_of(text, &levels).map_err(|_| "error, warn, info, debug or trace is needed".to_owned())
}

/// A key goes into a header, so that nothing but printable ASCII may be in it.
fn key(text: &str) -> Result<Secret, String> {
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic());
    if clean { Ok(Secret::new(text)) } else { Err("contains a blank or another character that no key has".to_owned()) }
}

fn token(text: &str) -> Result<Secret, String> {
    let clean = !text.chars().any(char::is_control);
    if clean { Ok(Secret::new(text)) } else { Err("contains a control character".to_owned()) }
}

fn base_url(text: &str) -> Result<String, String> {
    let wrong = || "http://host[:port] or https://host[:port] is needed, without a path".to_owned();
    let text = text.strip_suffix('/').unwrap_or(text);
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")).ok_or_else(wrong)?;
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let is_v6 = host.starts_with('[') && host.ends_with(']') && host.len() > 2;
    let inner = if is_v6 { host.trim_matches(['[', ']']) } else { host };
    let host_is_clean =
        !inner.is_empty() && inner.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-') || is_v6 && b == b':');
    let port_is_clean = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|port| port > 0));
    if host_is_clean && port_is_clean { Ok(text.to_owned()) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn texts_are_read_or_the_right_form_is_named() {
        assert_eq!(seconds("0.25", 10), Ok(250));
        assert_eq!(seconds("10", 10), Ok(10_000));
        for text in ["-1", "10.001", "0.0001", "", "ten", "1e1"] {
            assert_eq!(seconds(text, 10), Err("seconds from 0 to 10 are needed".to_owned()), "{text}");
        }
        assert_eq!(whole::<u16>("65535", 1..=65535), Ok(65535));
        assert!(["0", "65536", "-1", "1.0", "x"].iter().all(|text| whole::<u16>(text, 1..=65535).is_err()));
        assert_eq!(amount("12.5"), Ok(Decimal::new(125, 1)));
        assert!(["0", "-1", "1000001", "ten", "1e3"].iter().all(|text| amount(text).is_err()));
        assert_eq!((yes_or_no("True"), yes_or_no("off")), (Ok(true), Ok(false)));
        assert!(yes_or_no("maybe").is_err());
        assert_eq!((level("INFO"), level("WARNING")), (Ok(LevelFilter::Info), Ok(LevelFilter::Warn)));
        assert!(key("a b").is_err() && key("a\nb").is_err() && key("ключ").is_err() && token("a\nb").is_err());
    }

    #[test]
    fn a_base_url_is_scheme_host_and_port() {
        for good in ["http://127.0.0.1:9001", "https://fapi.example.com", "http://[::1]:80", "http://[::1]"] {
            assert_eq!(base_url(good).as_deref(), Ok(good));
        }
        assert_eq!(base_url("http://localhost:9001/").as_deref(), Ok("http://localhost:9001"));
        let bad = [
            "localhost:9001",
            "ftp://x",
            "http://",
            "http://:80",
            "http://x/y",
            "http://x:0",
            "http://x:65536",
            "http://u:p@x",
            "http://x?y",
        ];
        for text in bad {
            assert!(base_url(text).is_err(), "{text}");
        }
    }
}
