//! The text alerts of whook: one order a line, blank-separated words in any order.

use super::{AlertError, Signal};
use crate::secret::Secret;

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

/// Reads a text alert.
///
/// # Errors
/// The body is no text at all, or too long.
pub fn parse(body: &[u8], roster: &Roster) -> Result<Text, AlertError> {
    let _ = (body, roster);
    Err(AlertError { field: String::new(), line: 0, column: 0, reason: "text alerts are not understood yet".to_owned() })
}
