//! How the texts of settings are read, and what is said when they cannot be. No message repeats the text: it may be a secret.

use std::ops::RangeInclusive;

use log::LevelFilter;

use crate::market::{Decimal, Millis};
use crate::secret::Secret;

/// An hour, a day: bounds of what makes sense for a time, in seconds.
pub(super) const HOUR: u64 = 3600;
pub(super) const DAY: u64 = 24 * HOUR;
/// Bounds of `LEVERAGE`; each contract has a lower one of its own.
const LEVERAGE: RangeInclusive<u32> = 1..=200;
/// Most letters in the name of a coin.
const COIN_CHARS_MAX: usize = 12;
/// A name that is this many letters off may be meant.
const SLIPS_MAX: usize = 2;

pub(super) fn leverage(text: &str) -> Result<u32, String> {
    whole(text, LEVERAGE)
}

/// The time limits of alerts and orders.
pub(super) fn time_limit(text: &str) -> Result<Millis, String> {
    seconds(text, DAY)
}

/// The name of a settle coin, in capital letters as exchanges write it.
pub(super) fn coin(text: &str) -> Result<String, String> {
    let clean = (2..=COIN_CHARS_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if clean { Ok(text.to_ascii_uppercase()) } else { Err("the name of a coin is needed, such as USDT".to_owned()) }
}

/// The name that was probably meant: the nearest one, if it is near.
pub(super) fn closest<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let text = text.to_ascii_lowercase();
    let near = names.iter().map(|name| (slips(&text, &name.to_ascii_lowercase()), *name));
    near.filter(|(slips, name)| *slips <= SLIPS_MAX && *slips < name.len()).min_by_key(|(slips, _)| *slips).map(|(_, name)| name)
}

/// Letters to add, drop or change to make one text the other (Levenshtein's distance).
fn slips(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, above), diagonal) in b.chars().zip(row.iter().skip(1)).zip(&row) {
            let left = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(x != y)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

pub(super) fn whole<N: TryFrom<u64> + TryInto<u64> + Copy>(text: &str, range: RangeInclusive<N>) -> Result<N, String> {
    let bound = |number: N| number.try_into().unwrap_or(u64::MAX);
    let (low, high) = (bound(*range.start()), bound(*range.end()));
    let number = text.parse::<u64>().ok().filter(|number| (low..=high).contains(number)).and_then(|number| N::try_from(number).ok());
    number.ok_or_else(|| format!("a whole number from {low} to {high} is needed"))
}

/// Seconds, with up to three decimals.
pub(super) fn seconds(text: &str, most: u64) -> Result<Millis, String> {
    let millis = Decimal::from_str_exact(text).ok().and_then(|value| value.checked_mul(Decimal::ONE_THOUSAND));
    let millis = millis.filter(|millis| millis.fract().is_zero()).and_then(|millis| Millis::try_from(millis).ok());
    millis.filter(|millis| *millis <= most * 1000).ok_or_else(|| format!("seconds from 0 to {most} are needed"))
}

pub(super) fn amount(text: &str) -> Result<Decimal, String> {
    let most = Decimal::from(1_000_000);
    let amount = Decimal::from_str_exact(text).ok().filter(|amount| *amount > Decimal::ZERO && *amount <= most);
    amount.ok_or_else(|| format!("a number above 0, up to {most}, is needed"))
}

pub(super) fn one_of<T: Copy>(text: &str, choices: &[(&str, T)]) -> Result<T, String> {
    let found = choices.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
        format!("one of {} is needed", names.join(", "))
    })
}

pub(super) fn yes_or_no(text: &str) -> Result<bool, String> {
    let words = [("true", true), ("false", false), ("yes", true), ("no", false), ("1", true), ("0", false), ("on", true), ("off", false)];
    one_of(text, &words).map_err(|_| "true or false is needed".to_owned())
}

/// `warning` and `critical` are Python's words for it.
pub(super) fn level(text: &str) -> Result<LevelFilter, String> {
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
pub(super) fn key(text: &str) -> Result<Secret, String> {
    let clean = text.bytes().all(|byte| byte.is_ascii_graphic());
    if clean { Ok(Secret::new(text)) } else { Err("contains a blank or another character that no key has".to_owned()) }
}

pub(super) fn token(text: &str) -> Result<Secret, String> {
    let clean = !text.chars().any(char::is_control);
    if clean { Ok(Secret::new(text)) } else { Err("contains a control character".to_owned()) }
}

pub(super) fn base_url(text: &str) -> Result<String, String> {
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

    #[test]
    fn a_near_name_is_offered() {
        let names = ["cross", "isolated", "API_KEY"];
        for (text, expected) in [
            ("crossed", Some("cross")),
            ("CROS", Some("cross")),
            ("api_key", Some("API_KEY")),
            ("APIKEY", Some("API_KEY")),
            ("isolatde", Some("isolated")),
            ("fixed", None),
            ("", None),
        ] {
            assert_eq!(closest(text, &names), expected, "{text}");
        }
        assert_eq!(closest("x", &["a"]), None, "everything is near a short name");
    }

    #[test]
    fn a_coin_is_written_as_exchanges_do() {
        assert_eq!(coin("usdc").as_deref(), Ok("USDC"));
        assert!(["U", "US DT", "USDT:USDT", "ÜSDT", "ABCDEFGHIJKLM"].iter().all(|text| coin(text).is_err()));
    }
}
