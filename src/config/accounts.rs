//! `accounts.json`, whook's file of accounts: read whole, each mistake with its line.
//!
//! The keys are whook's, with some of perphook's own per account. Where whook took anything for a default, or left an
//! account out without a word, the file is refused.

use super::load::Mistake;
use super::objects::{self, Object, Value};
use super::sources::TextFile;
use super::values::{amount, base_url, closest, coin, key, leverage, one_of, time_limit, yes_or_no};
use super::{Account, Mode, Venue, account_id, predecessors};
use crate::desk::AccountRules;
use crate::market::MarginMode;
use crate::secret::Secret;

/// Most accounts: each has a thread of its own.
pub(super) const ACCOUNTS_MAX: usize = 64;
/// Longest unknown key that is repeated in a message, in bytes.
const NAME_BYTES_MAX: usize = 32;

const KEYS: [&str; 13] = [
    "ACCOUNT_ID",
    "EXCHANGE",
    "API_KEY",
    "SECRET_KEY",
    "PASSWORD",
    "MARGIN_MODE",
    "SETTLE_COIN",
    "HEDGED_MODE",
    "ENTRY_SIZE_USD",
    "LEVERAGE",
    "ORDER_TIMEOUT",
    "ALERT_TIMEOUT",
    "BASE_URL",
];

/// What a missing file is begun with. Its placeholders are refused, so that it must be filled in first.
pub(super) const TEMPLATE: &str = r#"[
	{
		"ACCOUNT_ID": "your_account_name",
		"EXCHANGE": "binance",
		"API_KEY": "your_api_key",
		"SECRET_KEY": "your_secret_key",
		"PASSWORD": "your_API_password",
		"MARGIN_MODE": "isolated"
	}
]
"#;

/// An account with the places of what must differ between accounts.
pub(super) struct Placed {
    pub(super) account: Account,
    pub(super) file: String,
    pub(super) id_line: usize,
    pub(super) key_line: usize,
}

/// What a file holds. With mistakes in it the accounts are incomplete and good for nothing but finding more of them.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) accounts: Vec<Placed>,
    pub(super) mistakes: Vec<Mistake>,
    pub(super) warnings: Vec<Mistake>,
}

/// Reads the whole file. What an account does not say of sizes and times is as in `defaults`.
pub(super) fn read(file: &TextFile, defaults: &AccountRules) -> Listed {
    let mut listed = Listed::default();
    let items = match objects::read(&file.text) {
        Ok(items) => items,
        Err(fault) => {
            listed.mistakes.push(Mistake::at(&file.path, fault.line, "", fault.reason));
            return listed;
        }
    };
    if items.is_empty() {
        listed.mistakes.push(Mistake::at(&file.path, 0, "", "no accounts found: the list is empty"));
    }
    if items.len() > ACCOUNTS_MAX {
        let reason = format!("{} accounts are listed, {ACCOUNTS_MAX} at most are served", items.len());
        listed.mistakes.push(Mistake::at(&file.path, 0, "", reason));
    }
    for (at, item) in items.iter().take(ACCOUNTS_MAX).enumerate() {
        let who = format!("account {}", at + 1);
        match item {
            Ok(object) => Item { file: &file.path, who, object, listed: &mut listed }.read(defaults),
            Err(fault) => listed.mistakes.push(Mistake::at(&file.path, fault.line, &who, fault.reason.clone())),
        }
    }
    listed
}

/// What must differ between accounts but does not: names, and the settle coin where host and key are the same.
pub(super) fn clashes(accounts: &[Placed]) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    for (at, this) in accounts.iter().enumerate() {
        let mut others = accounts.iter().take(at);
        let name = this.account.name.to_lowercase();
        if !name.is_empty()
            && let Some(twin) = others.clone().find(|other| other.account.name.to_lowercase() == name)
        {
            let twin = Mistake::at(&twin.file, twin.id_line, "", "upper and lower case are the same");
            mistakes.push(this.mistake(this.id_line, "ACCOUNT_ID", format!("this name is taken already ({twin})")));
        }
        if let Some(twin) = others.find(|other| this.shares_a_purse_with(other)) {
            let reason = format!("must differ from that of account {}: host and API key are the same", twin.account.name);
            mistakes.push(this.mistake(this.key_line, "SETTLE_COIN", reason));
        }
    }
    mistakes
}

impl Placed {
    fn shares_a_purse_with(&self, other: &Placed) -> bool {
        let (this, other) = (&self.account, &other.account);
        let same_key = !this.key.is_empty() && this.key.matches(other.key.expose());
        same_key && this.host() == other.host() && this.rules.settle_coin == other.rules.settle_coin
    }

    fn mistake(&self, line: usize, key: &str, reason: String) -> Mistake {
        Mistake::at(&self.file, line, &format!("account {}: {key}", self.account.name), reason)
    }
}

/// One element of the list while it is read.
struct Item<'a> {
    file: &'a str,
    /// Its number until its name is known.
    who: String,
    object: &'a Object,
    listed: &'a mut Listed,
}

impl Item<'_> {
    fn read(mut self, defaults: &AccountRules) {
        let name = self.required("ACCOUNT_ID", account_id::read);
        if let Some(name) = &name {
            self.who = format!("account {name}");
            if account_id::is_word(name) {
                self.warn("ACCOUNT_ID", "is a word of text alerts too; there it always means the account");
            }
        }
        self.check_names();
        let venue = self.required("EXCHANGE", super::venue::read);
        let rules = self.rules(venue, defaults);
        let base_url = self.text("BASE_URL", base_url);
        if self.value("HEDGED_MODE", yes_or_no).is_some() {
            self.warn("HEDGED_MODE", "not used: the position mode is the one the account has at the exchange, and stays");
        }
        let (key, secret, password) = match venue {
            Some(Venue::Paper) => {
                self.check_paper_name(name.as_deref());
                (None, None, None)
            }
            _ => (self.required("API_KEY", real_key), self.required("SECRET_KEY", real_key), self.password(venue)),
        };
        let Some(venue) = venue else { return };
        let or_none = |secret: Option<Secret>| secret.unwrap_or_else(|| Secret::new(""));
        let account = Account {
            name: name.unwrap_or_default(),
            venue,
            key: or_none(key),
            secret: or_none(secret),
            password: or_none(password),
            base_url,
            rules,
        };
        let (id_line, key_line) = (self.line("ACCOUNT_ID"), self.line("API_KEY"));
        self.listed.accounts.push(Placed { account, file: self.file.to_owned(), id_line, key_line });
    }

    fn rules(&mut self, venue: Option<Venue>, defaults: &AccountRules) -> AccountRules {
        let settle_coin = self.text("SETTLE_COIN", coin);
        if venue == Some(Venue::Paper) && settle_coin.as_ref().is_some_and(|coin| coin != Venue::Paper.settle_coin()) {
            self.mistake("SETTLE_COIN", format!("on paper there is {} only", Venue::Paper.settle_coin()));
        }
        AccountRules {
            settle_coin: settle_coin.or(venue.map(|venue| venue.settle_coin().to_owned())).unwrap_or_default(),
            // whook's default, whatever MARGIN_MODE says of the account from the settings.
            margin_mode: Some(self.text("MARGIN_MODE", margin_mode).unwrap_or(MarginMode::Isolated)),
            entry_size_usd: self.value("ENTRY_SIZE_USD", amount).unwrap_or(defaults.entry_size_usd),
            leverage: self.value("LEVERAGE", leverage).unwrap_or(defaults.leverage),
            order_timeout_ms: self.value("ORDER_TIMEOUT", time_limit).unwrap_or(defaults.order_timeout_ms),
            alert_timeout_ms: self.value("ALERT_TIMEOUT", time_limit).unwrap_or(defaults.alert_timeout_ms),
            total_entries: defaults.total_entries,
        }
    }

    /// Only where the exchange wants one; elsewhere whatever stands there means nothing.
    fn password(&mut self, venue: Option<Venue>) -> Option<Secret> {
        if venue.is_some_and(Venue::needs_password) { self.required("PASSWORD", real_key) } else { None }
    }

    fn check_paper_name(&mut self, name: Option<&str>) {
        if name.is_some_and(|name| !account_id::is_plain(name)) {
            self.mistake("ACCOUNT_ID", "on paper: letters, digits, - and _ only, because it names the file of its book");
        }
    }

    fn check_names(&mut self) {
        let object = self.object;
        for (at, member) in object.members.iter().enumerate() {
            let name = member.name.as_str();
            let first = object.members.iter().take(at).find(|earlier| earlier.name == name);
            let reason = match (KEYS.contains(&name), first) {
                (true, None) => continue,
                (true, Some(first)) => format!("given twice; first in line {}", first.line),
                (false, _) => match closest(name, &KEYS) {
                    Some(meant) => format!("no such key; did you mean {meant}?"),
                    None => format!("no such key; there are {}", KEYS.join(", ")),
                },
            };
            let is_name = name.len() <= NAME_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_');
            let who = if is_name && !name.is_empty() { format!("{}: {name}", self.who) } else { self.who.clone() };
            self.listed.mistakes.push(Mistake::at(self.file, member.line, &who, reason));
        }
    }

    fn required<T>(&mut self, key: &str, read: fn(&str) -> Result<T, String>) -> Option<T> {
        if self.given(key).is_none() {
            self.mistake(key, "missing");
        }
        self.text(key, read)
    }

    /// A value in quotes.
    fn text<T>(&mut self, key: &str, read: fn(&str) -> Result<T, String>) -> Option<T> {
        if matches!(self.given(key)?, Value::Bare(_)) {
            self.mistake(key, "a text in quotes is needed");
            return None;
        }
        self.value(key, read)
    }

    /// A value with or without quotes.
    fn value<T>(&mut self, key: &str, read: fn(&str) -> Result<T, String>) -> Option<T> {
        let read = match self.given(key)? {
            Value::Text(text) | Value::Bare(text) => read(text),
            Value::Nothing | Value::Nested => Err("one plain value is needed".to_owned()),
        };
        read.map_err(|reason| self.mistake(key, reason)).ok()
    }

    fn given(&self, key: &str) -> Option<&Value> {
        let mut members = self.object.members.iter().filter(|member| member.name == key);
        members.find(|member| !matches!(member.value, Value::Nothing)).map(|member| &member.value)
    }

    /// Where a key stands, or where its account begins.
    fn line(&self, key: &str) -> usize {
        self.object.members.iter().find(|member| member.name == key).map_or(self.object.line, |member| member.line)
    }

    fn placed(&self, key: &str, reason: String) -> Mistake {
        Mistake::at(self.file, self.line(key), &format!("{}: {key}", self.who), reason)
    }

    fn mistake(&mut self, key: &str, reason: impl Into<String>) {
        let mistake = self.placed(key, reason.into());
        self.listed.mistakes.push(mistake);
    }

    fn warn(&mut self, key: &str, reason: &str) {
        let warning = self.placed(key, reason.to_owned());
        self.listed.warnings.push(warning);
    }
}

/// Whether the file holds keys of a real exchange.
pub(super) fn holds_secrets(listed: &Listed) -> bool {
    listed.accounts.iter().any(|placed| super::venue::mode(placed.account.venue) != Mode::Paper)
}

fn real_key(text: &str) -> Result<Secret, String> {
    match predecessors::is_placeholder(text) {
        true => Err("still the placeholder of an example; put the real one there".to_owned()),
        false => key(text),
    }
}

/// whook took every other word for isolated, `crossed` too.
fn margin_mode(text: &str) -> Result<MarginMode, String> {
    let modes = [("isolated", MarginMode::Isolated), ("cross", MarginMode::Cross)];
    one_of(text, &modes).map_err(|reason| match closest(text, &["isolated", "cross"]) {
        Some(meant) => format!("{reason}; did you mean {meant}?"),
        None => reason,
    })
}

#[cfg(test)]
mod tests;
