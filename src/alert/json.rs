//! The JSON alerts of the Binance webhook service and its indicator: ENTRY and EXIT.
//!
//! Only the fields that mean something are read. An EXIT reads its side, symbol, account and key and nothing else, so
//! no price can keep it from closing. An ENTRY is refused when anything in it makes no sense: a typo opens no trade.

use super::number;
use super::scan::{self, Member};
use super::symbol::SymbolName;
use super::{ALERT_BYTES_MAX, AlertError, Command, Enter, Parsed, Signal};
use crate::market::{Decimal, Side};
use crate::secret::Secret;

/// Longest `account`, in characters.
pub const ACCOUNT_CHARS_MAX: usize = 32;
/// Longest `alert_id`, in characters.
pub const ALERT_ID_CHARS_MAX: usize = 64;
/// Prices outside of this range are taken for mistakes.
pub(super) const PRICE_MIN: Decimal = Decimal::from_parts(1, 0, 0, false, 15);
pub(super) const PRICE_MAX: Decimal = Decimal::from_parts(1_000_000_000, 0, 0, false, 0);
/// A refused word is repeated up to this length. The token of a live service is longer, so that it cannot be repeated.
pub(super) const ECHO_CHARS_MAX: usize = 15;

const TOKEN: &str = "token";
const EVENT: &str = "event";
const ORDER_SUBTYPE: &str = "order_subtype";
const SIGNAL_SIDE: &str = "signal_side";
const SYMBOL: &str = "symbol";
const ENTRY_PRICE: &str = "entry_price";
const SECOND_ENTRY_PRICE: &str = "second_entry_price";
const STOP_LOSS: &str = "stop_loss";
const TAKE_PROFIT: &str = "take_profit";
const ACCOUNT: &str = "account";
const ALERT_ID: &str = "alert_id";
const WANTED: [&str; 11] =
    [TOKEN, EVENT, ORDER_SUBTYPE, SIGNAL_SIDE, SYMBOL, ENTRY_PRICE, SECOND_ENTRY_PRICE, STOP_LOSS, TAKE_PROFIT, ACCOUNT, ALERT_ID];

/// Reads one alert. The outer error means that the body is no JSON object at all; a wrong field is in [`Parsed::signal`].
pub fn parse(body: &[u8]) -> Result<Parsed, AlertError> {
    if body.len() > ALERT_BYTES_MAX {
        return Err(AlertError { field: String::new(), line: 0, column: 0, reason: format!("longer than {ALERT_BYTES_MAX} bytes") });
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let readable = body.get(..error.valid_up_to()).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or("");
        error_at(without_mark(readable), usize::MAX, "", "not UTF-8 text")
    })?;
    let text = without_mark(text);
    let members = scan::members(text, &WANTED).map_err(|fault| error_at(text, fault.at, "", fault.reason))?;
    let fields = Fields { text, members };
    Ok(Parsed { token: fields.token(), signal: fields.signal() })
}

pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// An error with the line and column of a byte offset.
pub(super) fn error_at(text: &str, at: usize, field: &str, reason: impl Into<String>) -> AlertError {
    let before = text.get(..at).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let column = before.get(line_start..).unwrap_or("").chars().count() + 1;
    AlertError { field: field.to_owned(), line: before.matches('\n').count() + 1, column, reason: reason.into() }
}

/// The wanted fields of one alert.
struct Fields<'a> {
    text: &'a str,
    members: Vec<Member<'a>>,
}

impl<'a> Fields<'a> {
    fn signal(&self) -> Result<Signal, AlertError> {
        self.member(TOKEN)?;
        let enters = self.choice(EVENT, &[("ENTRY", true), ("EXIT", false)])?.ok_or_else(|| missing(EVENT, "ENTRY or EXIT"))?;
        let side = self
            .choice(SIGNAL_SIDE, &[("LONG", Side::Long), ("SHORT", Side::Short)])?
            .ok_or_else(|| missing(SIGNAL_SIDE, "LONG or SHORT"))?;
        let symbol = self.symbol()?;
        let account = self.label(ACCOUNT, ACCOUNT_CHARS_MAX)?;
        let key = self.label(ALERT_ID, ALERT_ID_CHARS_MAX)?;
        let command = if enters { Command::Enter(self.enter(side)?) } else { Command::Exit { side } };
        Ok(Signal { account, key, symbol, command })
    }

    fn enter(&self, side: Side) -> Result<Enter, AlertError> {
        let subtypes = [("primary_entry", false), ("dca_fill", true), ("second_entry", true)];
        let second_only = self.choice(ORDER_SUBTYPE, &subtypes)?.unwrap_or(false);
        let enter = Enter {
            second_only,
            side,
            entry: self.price(ENTRY_PRICE)?.ok_or_else(|| missing(ENTRY_PRICE, "a price"))?,
            second: self.price(SECOND_ENTRY_PRICE)?,
            stop: self.price(STOP_LOSS)?,
            target: self.price(TAKE_PROFIT)?,
        };
        self.check_order(&enter)?;
        Ok(enter)
    }

    /// Long: stop < second entry < entry < target; short the other way round; absent ones are skipped.
    fn check_order(&self, enter: &Enter) -> Result<(), AlertError> {
        let ladder =
            [(STOP_LOSS, enter.stop), (SECOND_ENTRY_PRICE, enter.second), (ENTRY_PRICE, Some(enter.entry)), (TAKE_PROFIT, enter.target)];
        let mut last: Option<(&str, Decimal)> = None;
        for (name, price) in ladder.into_iter().filter_map(|(name, price)| Some((name, price?))) {
            if let Some((worse, level)) = last
                && !enter.side.is_worse(level, price)
            {
                let sign = if enter.side == Side::Long { "below" } else { "above" };
                let culprit = if name == TAKE_PROFIT { name } else { worse };
                return Err(self.wrong(culprit, format!("a {} needs {worse} {sign} {name}, but they are {level} and {price}", enter.side)));
            }
            last = Some((name, price));
        }
        Ok(())
    }

    /// The token as written. One that is given twice counts as its first; the signal is refused then.
    fn token(&self) -> Option<Secret> {
        let raw = self.members.iter().find(|member| member.name == TOKEN)?.raw;
        match raw.starts_with('"') {
            true => scan::unquote(raw).filter(|token| !token.is_empty()).map(Secret::new),
            false => raw.starts_with(|c: char| c.is_ascii_digit()).then(|| Secret::new(raw)),
        }
    }

    fn symbol(&self) -> Result<SymbolName, AlertError> {
        let name = self.word(SYMBOL)?.ok_or_else(|| missing(SYMBOL, "a contract such as ETHUSDT.P"))?;
        SymbolName::parse(&name).map_err(|error| self.wrong(SYMBOL, error.to_string()))
    }

    fn label(&self, name: &'static str, chars_max: usize) -> Result<Option<String>, AlertError> {
        let Some(label) = self.word(name)? else { return Ok(None) };
        if label.chars().count() > chars_max {
            return Err(self.wrong(name, format!("longer than {chars_max} characters")));
        }
        if label.chars().any(char::is_control) {
            return Err(self.wrong(name, "contains a control character"));
        }
        Ok(Some(label))
    }

    /// One of a few words, in any case.
    fn choice<T: Copy>(&self, name: &'static str, choices: &[(&str, T)]) -> Result<Option<T>, AlertError> {
        let Some(word) = self.word(name)? else { return Ok(None) };
        match choices.iter().find(|(choice, _)| choice.eq_ignore_ascii_case(&word)) {
            Some((_, value)) => Ok(Some(*value)),
            None => {
                let names: Vec<_> = choices.iter().map(|(choice, _)| *choice).collect();
                Err(self.wrong(name, format!("{} is unknown here; right are {}", echo(&word), names.join(", "))))
            }
        }
    }

    /// A price of an ENTRY: positive and of a plausible size, or none.
    fn price(&self, name: &'static str) -> Result<Option<Decimal>, AlertError> {
        let Some(word) = self.word(name)? else { return Ok(None) };
        if word.eq_ignore_ascii_case("nan") {
            return Ok(None);
        }
        let unsigned = word.trim_start_matches(['+', '-']);
        if unsigned.eq_ignore_ascii_case("inf") || unsigned.eq_ignore_ascii_case("infinity") {
            return Err(self.wrong(name, "infinite"));
        }
        let price = number::exact(&word).map_err(|reason| self.wrong(name, reason))?;
        if price <= Decimal::ZERO {
            return Err(self.wrong(name, format!("a price is above zero, not {price}")));
        }
        if !(PRICE_MIN..=PRICE_MAX).contains(&price) {
            return Err(self.wrong(name, format!("a price lies between {PRICE_MIN} and {PRICE_MAX}")));
        }
        Ok(Some(price))
    }

    /// The trimmed text of a text or number; null, "" and "null" mean none. Unfilled placeholders are named.
    fn word(&self, name: &'static str) -> Result<Option<String>, AlertError> {
        let Some(member) = self.member(name)? else { return Ok(None) };
        let word = match member.raw.as_bytes().first() {
            Some(b'"') => scan::unquote(member.raw).ok_or_else(|| self.wrong(name, "half a surrogate pair is no character"))?,
            Some(b'[') => return Err(self.wrong(name, "a text or number was expected, not a list")),
            Some(b'{') if !member.raw.starts_with("{{") => return Err(self.wrong(name, "a text or number was expected, not an object")),
            Some(b't' | b'f') => return Err(self.wrong(name, format!("a text or number was expected, not {}", member.raw))),
            _ => member.raw.to_owned(),
        };
        let word = word.trim();
        if let Some(placeholder) = word.find("{{").and_then(|at| scan::placeholder(word.get(at..)?)) {
            let placeholder = scan::shown(placeholder);
            let reason = format!(
                "the placeholder {placeholder} arrived unfilled: TradingView fills placeholders only in the message of the alert dialog"
            );
            return Err(self.wrong(name, reason));
        }
        let none = word.is_empty() || word.eq_ignore_ascii_case("null");
        Ok((!none).then(|| word.to_owned()))
    }

    /// A field that stands there at most once.
    fn member(&self, name: &'static str) -> Result<Option<Member<'a>>, AlertError> {
        let mut found = self.members.iter().filter(|member| member.name == name);
        let first = found.next().copied();
        match found.next() {
            Some(second) => Err(error_at(self.text, second.at, name, "given twice")),
            None => Ok(first),
        }
    }

    /// An error at the place of a field.
    fn wrong(&self, name: &str, reason: impl Into<String>) -> AlertError {
        match self.members.iter().find(|member| member.name == name) {
            Some(member) => error_at(self.text, member.at, name, reason),
            None => AlertError { field: name.to_owned(), line: 0, column: 0, reason: reason.into() },
        }
    }
}

fn missing(name: &str, right: &str) -> AlertError {
    AlertError { field: name.to_owned(), line: 0, column: 0, reason: format!("missing; {right} is needed") }
}

/// A word of the sender, if it is short and tame enough to be repeated.
fn echo(word: &str) -> String {
    let tame = word.chars().count() <= ECHO_CHARS_MAX && word.chars().all(|c| c.is_ascii_graphic());
    if tame { format!("`{word}`") } else { "this word".to_owned() }
}

#[cfg(test)]
mod tests;
