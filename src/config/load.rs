//! From texts to one validated [`Config`]: each value is read by the table, then all are judged together.

use std::fmt;

use super::settings::{Draft, SETTINGS};
use super::sources::{Place, Reader, Sources};
use super::{Account, Config, Mode, Venue, predecessors};
use crate::secret::Secret;

/// Shortest token that is taken where real orders go out, in characters.
const TOKEN_CHARS_MIN: usize = 16;
const KEY: &str = "BINANCE_API_KEY";
const SECRET: &str = "BINANCE_API_SECRET";
const TOKEN: &str = "WEBHOOK_TOKEN";
const SECRETS: [&str; 3] = [KEY, SECRET, TOKEN];

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
    let config = load.judge(draft, live);
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

    fn judge(&mut self, draft: Draft, live: bool) -> Config {
        self.check_keys(&draft, live);
        let (mode, venue) = match (&draft.key, &draft.secret, draft.testnet) {
            (Some(_), Some(_), false) => (Mode::Live, Venue::Binance),
            (Some(_), Some(_), true) => (Mode::Demo, Venue::BinanceDemo),
            _ => (Mode::Paper, Venue::Paper),
        };
        self.check_token(draft.token.as_ref(), mode);
        self.check_exposure(&draft, mode);
        let name = venue.as_str().to_owned();
        if draft.default_account.is_some_and(|account| !account.eq_ignore_ascii_case(&name)) {
            self.mistake("DEFAULT_ACCOUNT", format!("the only account is {name}"));
        }
        let account = Account {
            name,
            venue,
            key: draft.key.unwrap_or_else(|| Secret::new("")),
            secret: draft.secret.unwrap_or_else(|| Secret::new("")),
            base_url: draft.base_url,
            rules: draft.account_rules,
        };
        Config {
            mode,
            token: draft.token,
            host: draft.host,
            port: draft.port,
            log_level: draft.log_level,
            log_file: draft.log_file,
            state_directory: draft.state_directory,
            paper_prices: draft.paper_prices,
            rules: draft.rules,
            accounts: vec![account],
            warnings: Vec::new(),
        }
    }

    fn check_keys(&mut self, draft: &Draft, live: bool) {
        for (name, value) in [(KEY, &draft.key), (SECRET, &draft.secret)] {
            if value.as_ref().is_some_and(|value| predecessors::is_placeholder(value.expose())) {
                self.mistake(name, "still the placeholder of an example; put the real one there, or nothing for paper");
            }
        }
        let given = |name: &str| self.places.iter().any(|(known, _)| *known == name);
        match (given(KEY), given(SECRET)) {
            (true, false) => self.mistake(SECRET, format!("missing, although {KEY} is given")),
            (false, true) => self.mistake(KEY, format!("missing, although {SECRET} is given")),
            (false, false) if live => self.mistake(KEY, "missing: --live runs on no paper"),
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
            self.warnings.push(format!("{file}: holds secrets and can be read by every user of this machine (chmod o= {file})"));
        }
        if mode != Mode::Paper && !draft.host.is_loopback() {
            self.warn("SERVICE_HOST", "alerts and their token arrive unencrypted unless a proxy with TLS stands in front");
        }
        if mode == Mode::Paper && draft.testnet {
            self.warn("BINANCE_TESTNET", "means nothing without keys: this is paper");
        }
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

#[cfg(test)]
mod tests;
