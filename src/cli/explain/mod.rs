//! `perphook explain`: how an alert is read, and what would be sent for it. Exchanges are asked; nothing is changed anywhere.
//!
//! | file | what it explains |
//! |---|---|
//! | this one | which language, the token, what both languages share |
//! | `json.rs` | ENTRY and EXIT |
//! | `text.rs` | text alerts, line by line |
//! | `order.rs` | what a line comes to: leverage, orders, protection, surprises |
//! | `facts.rs` | what the exchange says is there |

mod facts;
mod json;
mod order;
mod text;

use std::fmt::Display;
use std::io::{self, Write};

use super::{Connect, Exit};
use crate::alert::{AlertError, text::parse};
use crate::config::{Account, Config, Venue};
use crate::daemon::roster;
use crate::market::{Instrument, MarginMode};
use crate::secret::Secret;

/// What a body begins with that is no JSON, although it looks like it.
const PLACEHOLDER: &str = "{{";
/// A shorter token, which only paper takes, may be a word of the language.
const SECRET_BYTES_MIN: usize = 8;

/// Explains one alert. [`Exit::Usage`]: it, or a line of it, would be refused; [`Exit::Unavailable`]: what would be sent
/// cannot be told, because an exchange does not answer.
pub fn explain(config: &Config, connect: Connect, alert: &str, out: &mut dyn Write) -> io::Result<Exit> {
    let mut said = Vec::new();
    let exit = explain_to(config, connect, alert, &mut said)?;
    out.write_all(without_secrets(config, &String::from_utf8_lossy(&said)).as_bytes())?;
    Ok(exit)
}

/// Alerts are shown as they were written; a token or key that stands in a wrong place of one is not.
fn without_secrets(config: &Config, said: &str) -> String {
    let of_accounts = config.accounts.iter().flat_map(|account| [&account.key, &account.secret, &account.password]);
    let mut shown = said.to_owned();
    for secret in config.token.iter().chain(of_accounts).filter(|secret| secret.len() >= SECRET_BYTES_MIN) {
        let wanted = secret.expose().to_ascii_lowercase();
        let stars = "*".repeat(wanted.chars().count());
        let mut from = 0;
        while let Some(at) = shown.to_ascii_lowercase().get(from..).and_then(|rest| rest.find(&wanted)) {
            shown.replace_range(from + at..from + at + wanted.len(), &stars);
            from += at + stars.len();
        }
    }
    shown
}

fn explain_to(config: &Config, connect: Connect, alert: &str, out: &mut dyn Write) -> io::Result<Exit> {
    let body = alert.strip_prefix('\u{feff}').unwrap_or(alert);
    match body.trim_start() {
        start if start.starts_with(PLACEHOLDER) => unfilled(config, body, out),
        start if start.starts_with('{') => json::explain(config, connect, body, out),
        _ => text::explain(config, connect, body, out),
    }
}

/// The daemon takes such a body for JSON and finds none in it.
fn unfilled(config: &Config, body: &str, out: &mut dyn Write) -> io::Result<Exit> {
    say(out, "language", "none: a body that begins with {{ is no JSON and no order, but a placeholder that nobody filled")?;
    let first = parse(body.as_bytes(), &roster(config)).map(|text| text.lines.into_iter().find_map(|line| line.signal.err()));
    match first {
        Ok(Some(error)) | Err(error) => refused_at(out, &error, body),
        Ok(None) => refused(out, "a placeholder arrived unfilled"),
    }?;
    say(out, "", "explain takes the alert as it arrives: with values in place of its placeholders")?;
    Ok(Exit::Usage)
}

/// One line of the answer: a label, and what there is to say.
fn say(out: &mut dyn Write, label: &str, what: impl Display) -> io::Result<()> {
    writeln!(out, "{label:<9} {what}")
}

fn refused(out: &mut dyn Write, reason: impl Display) -> io::Result<Exit> {
    say(out, "refused", reason)?;
    Ok(Exit::Usage)
}

/// The same, with the line of the alert and a mark under the word at fault.
fn refused_at(out: &mut dyn Write, error: &AlertError, body: &str) -> io::Result<Exit> {
    say(out, "refused", error)?;
    for line in error.caret(body).iter().flat_map(|shown| shown.lines()) {
        say(out, "", line)?;
    }
    Ok(Exit::Usage)
}

fn token_verdict(wanted: Option<&Secret>, given: &[Secret]) -> &'static str {
    match wanted {
        None => "none is needed on paper",
        Some(_) if given.is_empty() => "missing: without one in the URL or the X-Webhook-Token header it is answered with 401",
        Some(wanted) if given.iter().any(|given| wanted.matches(given.expose())) => "right",
        Some(_) => "wrong: answered with 401, unless the URL or the header has the right one",
    }
}

/// The account, and why it is the one that is meant if nobody named it.
fn account_words(config: &Config, account: &Account, named: bool) -> String {
    let why = match (named, config.accounts.len()) {
        (true, _) => "",
        (false, 1) => ", the only account",
        (false, _) => ", by DEFAULT_ACCOUNT",
    };
    format!("{} ({}){why}", account.name, account.venue.as_str())
}

fn account_names(config: &Config) -> String {
    config.accounts.iter().map(|account| account.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn rules_of(instrument: &Instrument) -> String {
    let Instrument { symbol, base, settle, .. } = instrument;
    let [tick, step, least, value] =
        [instrument.tick, instrument.lot_step, instrument.min_qty, instrument.min_notional].map(|number| number.normalize());
    let most = if instrument.max_leverage == 0 { String::new() } else { format!(", at most {}x", instrument.max_leverage) };
    format!("{symbol}: tick {tick}, step {step}, at least {least} {base} and {value} {settle}{most}")
}

fn margin_words(mode: Option<MarginMode>) -> &'static str {
    match mode {
        None => "margin mode as it is",
        Some(MarginMode::Isolated) => "isolated margin",
        Some(MarginMode::Cross) => "cross margin",
    }
}

fn note_paper(account: &Account, out: &mut dyn Write) -> io::Result<()> {
    if account.venue == Venue::Paper { say(out, "paper", "no order leaves this machine") } else { Ok(()) }
}

#[cfg(test)]
mod tests;
