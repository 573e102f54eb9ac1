//! From texts to one validated [`Config`]: each value is read by the table, then all are judged together.

use std::fmt;
use std::path::Path;

use super::accounts::{self, ACCOUNTS_MAX, Placed};
use super::settings::{Draft, SETTINGS};
use super::sources::{Place, Reader, Sources};
use super::{Account, Config, Mode, Venue, predecessors};
use crate::secret::Secret;

/// Shortest token that is taken where real orders go out, in characters.
pub const TOKEN_CHARS_MIN: usize = 16;
const KEY: &str = "BINANCE_API_KEY";
const SECRET: &str = "BINANCE_API_SECRET";
const TOKEN: &str = "WEBHOOK_TOKEN";
const SECRETS: [&str; 3] = [KEY, SECRET, TOKEN];
const ACCOUNTS_FILE: &str = "ACCOUNTS_FILE";

/// One thing that is wrong in the settings. Never repeats the value of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// `environment`, or the file's path; empty when the setting stands nowhere.
    pub file: String,
    /// Line, from 1; 0 when there is none.
    pub line: usize,
    /// The setting; may be empty.
    pub name: String,
    /// What is wrong and what would be right.
    pub reason: String,
}

impl Mistake {
    pub(super) fn at(file: &str, line: usize, name: &str, reason: impl Into<String>) -> Mistake {
        Mistake { file: file.to_owned(), line, name: name.to_owned(), reason: reason.into() }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        let colon = if self.file.is_empty() { "" } else { ": " };
        match self.name.as_str() {
            "" => write!(f, "{colon}{}", self.reason),
            name => write!(f, "{colon}{name}: {}", self.reason),
        }
    }
}

/// Reads and checks everything. `live`: refuse to run on paper (`perphook run --live`).
pub fn load(sources: &Sources, live: bool) -> Result<Config, Vec<Mistake>> {
    let mut load = Loader { places: Vec::new(), mistakes: Vec::new(), warnings: Vec::new() };
    let reader = Reader::new(sources, &mut load.mistakes);
    load.check_names(&reader);
    let draft = load.read_all(&reader);
    let listed = load.read_accounts(&draft, sources);
    let config = load.judge(draft, listed, live);
    if load.mistakes.is_empty() { Ok(Config { warnings: load.warnings, ..config }) } else { Err(load.mistakes) }
}

struct Loader {
    places: Vec<(&'static str, Place)>,
    mistakes: Vec<Mistake>,
    warnings: Vec<String>,
}

impl Loader {
    /// Every name in `.env` is ours, a predecessor's (a warning), or a mistake. The environment may hold anything.
    fn check_names(&mut self, reader: &Reader<'_>) {
        for (name, place) in reader.names() {
            if SETTINGS.iter().any(|setting| setting.name == name) {
                continue;
            }
            match predecessors::advice(name) {
                Some(advice) => self.warnings.push(Mistake::at(&place.file, place.line, name, advice).to_string()),
                None => self.mistakes.push(Mistake::at(&place.file, place.line, name, "no such setting (perphook --help lists them)")),
            }
        }
    }

    fn read_all(&mut self, reader: &Reader<'_>) -> Draft {
        let mut draft = Draft::new();
        for setting in SETTINGS {
            let (value, place) = match reader.find(setting.name) {
                Ok(Some(found)) => (found.value, Some(found.place)),
                Ok(None) => (setting.default.to_owned(), None),
                Err(mistake) => {
                    self.mistakes.push(Mistake { name: setting.name.to_owned(), ..mistake });
                    continue;
                }
            };
            self.places.extend(place.map(|place| (setting.name, place)));
            if !value.is_empty()
                && let Err(reason) = (setting.set)(&mut draft, value.trim())
            {
                self.mistake(setting.name, reason);
            }
        }
        draft
    }

    /// The accounts of `ACCOUNTS_FILE`. A file that is asked for and not there is begun with a template.
    fn read_accounts(&mut self, draft: &Draft, sources: &Sources) -> Vec<Placed> {
        let Some(path) = &draft.accounts_file else { return Vec::new() };
        let file = match (sources.file)(path) {
            Ok(Some(file)) => file,
            Ok(None) => {
                let reason = match (sources.write_template)(path, accounts::TEMPLATE) {
                    Ok(()) => "no accounts found: the file was missing; there is a template now, fill it in".to_owned(),
                    Err(error) => format!("no accounts found: the file is missing, and no template can be written: {error}"),
                };
                self.mistakes.push(Mistake::at(&path.to_string_lossy(), 0, "", reason));
                return Vec::new();
            }
            Err(mistake) => {
                self.mistakes.push(mistake);
                return Vec::new();
            }
        };
        self.check_whooks_settings(&path.with_file_name("config.json"), sources);
        let listed = accounts::read(&file, &draft.account_rules);
        if file.open_to_others && accounts::holds_secrets(&listed) {
            self.warnings.push(exposed(&file.path));
        }
        self.warnings.extend(listed.warnings.iter().map(ToString::to_string));
        self.mistakes.extend(listed.mistakes);
        listed.accounts
    }

    /// Whoever comes from whook has its other file there too.
    fn check_whooks_settings(&mut self, path: &Path, sources: &Sources) {
        if let Ok(Some(file)) = (sources.file)(path)
            && predecessors::is_whooks_settings(&file.text)
        {
            self.warnings.push(format!("{}: not read; {}", file.path, predecessors::WHOOKS_SETTINGS_ADVICE));
        }
    }

    fn judge(&mut self, draft: Draft, listed: Vec<Placed>, live: bool) -> Config {
        self.check_keys(&draft, live);
        let accounts: Vec<Placed> = self.own_account(&draft).into_iter().chain(listed).collect();
        self.mistakes.extend(accounts::clashes(&accounts));
        if accounts.len() > ACCOUNTS_MAX {
            self.mistake(ACCOUNTS_FILE, format!("with the account of {KEY} these are more than {ACCOUNTS_MAX} accounts"));
        }
        let accounts: Vec<Account> = accounts.into_iter().map(|placed| placed.account).collect();
        let mode = mode(&accounts);
        if live && mode == Mode::Paper && draft.accounts_file.is_some() && !accounts.is_empty() {
            self.mistake(ACCOUNTS_FILE, "every account is on paper: --live runs on no paper");
        }
        self.check_token(draft.token.as_ref(), mode);
        self.check_exposure(&draft, mode);
        self.check_use(&draft, &accounts, mode);
        let mut rules = draft.rules;
        rules.default_account = self.default_account(draft.default_account.as_deref(), &accounts);
        Config {
            mode,
            token: draft.token,
            host: draft.host,
            port: draft.port,
            log_level: draft.log_level,
            log_file: draft.log_file,
            state_directory: draft.state_directory,
            paper_prices: draft.paper_prices,
            rules,
            accounts,
            warnings: Vec::new(),
        }
    }

    /// The account of the settings themselves, named after its exchange: on paper only when there is no other.
    fn own_account(&self, draft: &Draft) -> Option<Placed> {
        let (venue, key, secret) = match (&draft.key, &draft.secret) {
            (Some(key), Some(secret)) if draft.testnet => (Venue::BinanceDemo, key.clone(), secret.clone()),
            (Some(key), Some(secret)) => (Venue::Binance, key.clone(), secret.clone()),
            _ if draft.accounts_file.is_some() => return None,
            _ => (Venue::Paper, Secret::new(""), Secret::new("")),
        };
        let account = Account {
            name: venue.as_str().to_owned(),
            venue,
            key,
            secret,
            password: Secret::new(""),
            base_url: draft.base_url.clone(),
            rules: draft.account_rules.clone(),
        };
        let Mistake { file, line, .. } = self.placed(KEY, String::new());
        Some(Placed { account, file, id_line: line, key_line: line })
    }

    /// As the account is written where it is configured.
    fn default_account(&mut self, wanted: Option<&str>, accounts: &[Account]) -> Option<String> {
        let wanted = wanted?;
        let found = accounts.iter().find(|account| account.name.eq_ignore_ascii_case(wanted));
        // A file with mistakes does not tell its accounts.
        if found.is_none() && (self.mistakes.is_empty() || !self.is_given(ACCOUNTS_FILE)) {
            let names: Vec<_> = accounts.iter().map(|account| account.name.as_str()).collect();
            let reason = match names.as_slice() {
                [only] => format!("the only account is {only}"),
                several => format!("there is no such account; there are {}", several.join(", ")),
            };
            self.mistake("DEFAULT_ACCOUNT", reason);
        }
        found.map(|account| account.name.clone())
    }

    fn check_keys(&mut self, draft: &Draft, live: bool) {
        for (name, value) in [(KEY, &draft.key), (SECRET, &draft.secret)] {
            if value.as_ref().is_some_and(|value| predecessors::is_placeholder(value.expose())) {
                self.mistake(name, "still the placeholder of an example; put the real one there, or nothing for paper");
            }
        }
        match (self.is_given(KEY), self.is_given(SECRET)) {
            (true, false) => self.mistake(SECRET, format!("missing, although {KEY} is given")),
            (false, true) => self.mistake(KEY, format!("missing, although {SECRET} is given")),
            (false, false) if live && draft.accounts_file.is_none() => self.mistake(KEY, "missing: --live runs on no paper"),
            _ => {}
        }
    }

    /// Strict where real or demo orders go out, a warning on paper.
    fn check_token(&mut self, token: Option<&Secret>, mode: Mode) {
        let wrong = match token {
            None if mode == Mode::Paper => return,
            None => "missing: without a token anybody could trade (openssl rand -hex 24 makes one)".to_owned(),
            Some(token) if predecessors::is_placeholder(token.expose()) => {
                "still the placeholder of an example (openssl rand -hex 24 makes a good one)".to_owned()
            }
            Some(token) if token.expose().chars().count() < TOKEN_CHARS_MIN => {
                format!("shorter than {TOKEN_CHARS_MIN} characters (openssl rand -hex 24 makes a good one)")
            }
            Some(token) if token.expose().contains(['"', '\\']) => {
                self.warn(TOKEN, "a quote or backslash in it makes the messages of some indicators unreadable");
                return;
            }
            Some(_) => return,
        };
        if mode == Mode::Paper { self.warn(TOKEN, &wrong) } else { self.mistake(TOKEN, wrong) }
    }

    fn check_exposure(&mut self, draft: &Draft, mode: Mode) {
        let mut open: Vec<_> = self.places.iter().filter(|(name, place)| SECRETS.contains(name) && place.open_to_others).collect();
        open.dedup_by(|a, b| a.1.file == b.1.file);
        let open: Vec<_> = open.into_iter().map(|(_, place)| place.file.clone()).collect();
        for file in open {
            self.warnings.push(exposed(&file));
        }
        if mode != Mode::Paper && !draft.host.is_loopback() {
            self.warn("SERVICE_HOST", "alerts and their token arrive unencrypted unless a proxy with TLS stands in front");
        }
    }

    /// Settings that are given and change nothing, or less than one would think.
    fn check_use(&mut self, draft: &Draft, accounts: &[Account], mode: Mode) {
        let has_keys = draft.key.is_some();
        if draft.accounts_file.is_none() && draft.testnet && !has_keys {
            self.warn("BINANCE_TESTNET", "means nothing without keys: this is paper");
        }
        if draft.accounts_file.is_some() && !has_keys {
            for name in ["BINANCE_TESTNET", "BINANCE_BASE_URL", "MARGIN_MODE"] {
                if self.is_given(name) {
                    self.warn(name, "means nothing to the accounts of ACCOUNTS_FILE: each has its own there");
                }
            }
        }
        let mut paper = accounts.iter().filter(|account| account.venue == Venue::Paper);
        if mode == Mode::Paper
            && let (Some(first), Some(_)) = (paper.next(), paper.next())
        {
            self.warn(ACCOUNTS_FILE, &format!("POST /paper/price moves the prices of account {} only", first.name));
        }
    }

    fn is_given(&self, name: &str) -> bool {
        self.places.iter().any(|(known, _)| *known == name)
    }

    fn mistake(&mut self, name: &str, reason: impl Into<String>) {
        let mistake = self.placed(name, reason.into());
        self.mistakes.push(mistake);
    }

    fn warn(&mut self, name: &str, reason: &str) {
        let warning = self.placed(name, reason.to_owned());
        self.warnings.push(warning.to_string());
    }

    /// With the place of the setting, if it stands anywhere.
    fn placed(&self, name: &str, reason: String) -> Mistake {
        match self.places.iter().find(|(known, _)| *known == name) {
            Some((_, place)) => Mistake::at(&place.file, place.line, name, reason),
            None => Mistake::at("", 0, name, reason),
        }
    }
}

/// As real as the most real account.
fn mode(accounts: &[Account]) -> Mode {
    let any = |mode: Mode| accounts.iter().any(|account| super::venue::mode(account.venue) == mode);
    [Mode::Live, Mode::Demo].into_iter().find(|mode| any(*mode)).unwrap_or(Mode::Paper)
}

fn exposed(file: &str) -> String {
    format!("{file}: holds secrets and can be read by every user of this machine (chmod o= {file})")
}

#[cfg(test)]
mod tests;
