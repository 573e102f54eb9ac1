//! The text alerts of whook: one order a line, blank-separated words in any order.
//!
//! A well-formed line means what it meant there. What can be read in two ways, or in none, is refused with its place:
//! nothing is guessed, and no word is passed over. The parser knows the accounts and no markets; see
//! [`SymbolName::text`](super::SymbolName::text) for what a symbol must look like.

mod draft;
mod line;
mod print;
mod word;

pub(super) use word::blot_tokens;

use super::json::{error_at, without_mark};
use super::{ALERT_BYTES_MAX, AlertError, Signal};
use crate::secret::Secret;

/// Most lines of one alert that ask for something.
pub const LINES_MAX: usize = 64;
/// Most words of one line, tokens not counted.
pub const WORDS_MAX: usize = 32;
/// What a comment line begins with, in its first column.
const COMMENT: &str = "//";

/// What the language must know of the accounts: their names, and the coin that completes a symbol.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    /// Name as configured, and settle coin.
    pub accounts: Vec<(String, String)>,
    /// Who is meant when a line names nobody: position in the list.
    pub default: Option<usize>,
}

/// A text alert: every line stands for itself.
#[derive(Debug)]
pub struct Text {
    /// What `token:` words said; a stranger must not learn more than 401 from a body with a wrong one.
    pub tokens: Vec<Secret>,
    /// Every line that asks for something.
    pub lines: Vec<Line>,
}

/// One line of a text alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the body, from 1.
    pub number: usize,
    /// What it asks, or why it cannot be read.
    pub signal: Result<Signal, AlertError>,
}

/// Reads a text alert. Comment lines are passed over, tokens in them included.
///
/// # Errors
/// The body is no text at all, or too long.
pub fn parse(body: &[u8], roster: &Roster) -> Result<Text, AlertError> {
    if body.len() > ALERT_BYTES_MAX {
        return Err(whole(1, format!("longer than {ALERT_BYTES_MAX} bytes")));
    }
    let text = std::str::from_utf8(body).map_err(|error| {
        let readable = body.get(..error.valid_up_to()).and_then(|part| std::str::from_utf8(part).ok()).unwrap_or("");
        error_at(without_mark(readable), usize::MAX, "", "not UTF-8 text")
    })?;
    let mut read = Text { tokens: Vec::new(), lines: Vec::new() };
    for (row, line) in without_mark(text).split('\n').enumerate().filter(|(_, line)| !line.starts_with(COMMENT)) {
        let number = row + 1;
        let (tokens, words): (Vec<_>, Vec<_>) = word::words(line).into_iter().partition(|word| word.token().is_some());
        read.tokens.extend(tokens.iter().filter_map(|word| word.token()).map(Secret::new));
        if words.is_empty() {
            continue;
        }
        if read.lines.len() == LINES_MAX {
            return Err(whole(number, format!("more than {LINES_MAX} lines with orders; nothing of it is carried out")));
        }
        let signal = line::read(&words, roster).map_err(|fault| fault.on_line(number));
        read.lines.push(Line { number, signal });
    }
    Ok(read)
}

/// What is wrong with the body as a whole, noticed at the beginning of a line.
fn whole(line: usize, reason: String) -> AlertError {
    AlertError { field: String::new(), line, column: 1, reason }
}

#[cfg(test)]
mod tests;
