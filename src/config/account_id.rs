//! What an account may be called.

use crate::alert::json::ACCOUNT_CHARS_MAX;

/// whook's word for all accounts, which no single one may have.
const ALL: &str = "allaccounts";

/// Words of text alerts that an account of the same name would swallow.
const WORDS: [&str; 18] = [
    "buy",
    "long",
    "sell",
    "short",
    "close",
    "position",
    "pos",
    "changeleverage",
    "reduce",
    "reduceonly",
    "nominal",
    "bclock",
    "collateral",
    "force_usdt",
    "force_percent",
    "force_basecurrency",
    "xmax",
    "x",
];
/// What other words of text alerts begin with.
const WORD_BEGINNINGS: [&str; 9] = ["limit", "cancel", "tp:", "sl:", "id:", "token:", "//", "-", "+"];
/// Signs that make a word a quantity.
const UNITS: [char; 3] = ['$', '@', '%'];

/// An id that alerts can name: whook's rules, and short enough for the field `account` of a JSON alert.
pub(super) fn read(text: &str) -> Result<String, String> {
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err("an id has no blanks in it".to_owned());
    }
    if text.chars().all(char::is_numeric) {
        return Err("an id is more than digits: a text alert would take it for a quantity".to_owned());
    }
    if text.eq_ignore_ascii_case(ALL) {
        return Err(format!("{ALL} means all accounts; give this one a name of its own"));
    }
    if text.chars().count() > ACCOUNT_CHARS_MAX {
        return Err(format!("an id has at most {ACCOUNT_CHARS_MAX} characters"));
    }
    Ok(text.to_owned())
}

/// Whether an id can be part of the name of a file.
pub(super) fn is_plain(id: &str) -> bool {
    id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Whether text alerts have a meaning of their own for this word.
pub(super) fn is_word(id: &str) -> bool {
    let id = id.to_lowercase();
    let factor = id.strip_prefix('x').or_else(|| id.strip_suffix('x')).unwrap_or(&id);
    let is_number = !factor.is_empty() && factor.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'e'));
    let is_number = is_number && factor.bytes().any(|byte| byte.is_ascii_digit());
    WORDS.contains(&id.as_str())
        || is_number
        || WORD_BEGINNINGS.iter().any(|beginning| id.starts_with(beginning))
        || id.starts_with(UNITS)
        || id.ends_with(UNITS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_follow_the_rules_of_whook() {
        for good in ["main", "my-account_1", "1st", "ключ", "a/b", "x10", "buy", &"a".repeat(32)] {
            assert_eq!(read(good).as_deref(), Ok(good));
        }
        for (bad, reason) in [
            ("my account", "no blanks"),
            ("my\u{a0}account", "no blanks"),
            ("a\u{7}", "no blanks"),
            ("12345", "more than digits"),
            ("AllAccounts", "means all accounts"),
            (&"ä".repeat(33), "at most 32 characters"),
        ] {
            let told = read(bad).unwrap_err();
            assert!(told.contains(reason), "{bad}: {told}");
        }
    }

    #[test]
    fn words_of_text_alerts_are_known() {
        for word in
            ["buy", "BUY", "x10", "10X", "1e5", "1.5", "limit", "limit:a:1", "cancel", "5$", "@7", "50%", "tp:1", "//x", "-a", "xmax"]
        {
            assert!(is_word(word), "{word}");
        }
        for name in ["main", "buyer", "trx", "x-main", "e", "bybit_1", "max", "1st", "posh"] {
            assert!(!is_word(name), "{name}");
        }
    }

    #[test]
    fn a_plain_id_can_stand_in_a_file_name() {
        assert!(is_plain("Main-1_b"));
        assert!(["../x", "a.b", "a/b", "ключ"].iter().all(|id| !is_plain(id)));
    }
}
