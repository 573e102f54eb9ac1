//! The line of a refused alert with carets under the word at fault, for people. Tokens are blotted out.

use super::AlertError;
use super::json::without_mark;
use super::text::blot_tokens;

/// Longer lines are cut to this many characters round the fault.
const SHOWN_CHARS_MAX: usize = 120;
const TOKEN_NAME: &str = "\"token\"";

impl AlertError {
    /// Two lines: the one at fault and `^^^^` under its word. `None` when the error names no place in this body.
    pub fn caret(&self, body: &str) -> Option<String> {
        let text = without_mark(body);
        let is_json = text.trim_start().starts_with('{');
        let text = if is_json { blot_field(text) } else { blot_tokens(text) };
        let line: Vec<char> = text.split('\n').nth(self.line.checked_sub(1)?)?.chars().collect();
        let at = self.column.checked_sub(1).filter(|at| *at <= line.len())?;
        let word = line.iter().skip(at).take_while(|c| !c.is_whitespace()).count();
        let width = if is_json { 1 } else { word.max(1) };
        let from = at.saturating_sub(SHOWN_CHARS_MAX / 2);
        let shown: String = line.iter().skip(from).take(SHOWN_CHARS_MAX).map(|c| plain(*c)).collect();
        let carets = "^".repeat(width.min(SHOWN_CHARS_MAX - (at - from)));
        Some(format!("{}\n{}{carets}", shown.trim_end(), " ".repeat(at - from)))
    }
}

/// One column wide whatever it was: a tab is a blank, and nothing reaches the terminal that steers it.
fn plain(c: char) -> char {
    match c {
        _ if c.is_whitespace() => ' ',
        '\'' | '"' | '\\' => c,
        _ if c.escape_debug().len() > 1 => '\u{fffd}',
        _ => c,
    }
}

/// A JSON body, whole or broken, with stars in place of its token.
fn blot_field(text: &str) -> String {
    let mut blotted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(TOKEN_NAME) {
        let (before, after) = rest.split_at(at + TOKEN_NAME.len());
        let value = after.trim_start_matches(|c: char| c.is_whitespace() || c == ':');
        let (gap, value) = after.split_at(after.len() - value.len());
        let (secret, behind) = value.split_at(value_len(value));
        blotted.push_str(before);
        blotted.push_str(gap);
        blotted.extend(secret.chars().map(|c| if c == '\n' { c } else { '*' }));
        rest = behind;
    }
    blotted.push_str(rest);
    blotted
}

/// Bytes of the text or number at the beginning; up to the end when a text is never closed.
fn value_len(value: &str) -> usize {
    let Some(inner) = value.strip_prefix('"') else {
        return value.find(|c: char| c.is_whitespace() || ",}]".contains(c)).unwrap_or(value.len());
    };
    let mut escaped = false;
    let end = inner.find(|c: char| {
        let closes = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        closes
    });
    end.map_or(value.len(), |end| end + 2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(line: usize, column: usize) -> AlertError {
        AlertError { field: String::new(), line, column, reason: "wrong".to_owned() }
    }

    #[test]
    fn the_carets_stand_under_the_word() {
        for (body, line, column, shown) in [
            ("bin1 ETHUSDT buy x0", 1, 18, "bin1 ETHUSDT buy x0\n                 ^^"),
            ("a b\nbin1\tETHUSDT\tbüy 1\r\n", 2, 14, "bin1 ETHUSDT büy 1\n             ^^^"),
            ("\u{feff}bin1 what", 1, 6, "bin1 what\n     ^^^^"),
            ("bin1 ", 1, 6, "bin1\n     ^"),
            ("\u{1b}[2J x", 1, 1, "\u{fffd}[2J x\n^^^^"),
            ("bin1 ToKeN:geheim buy", 1, 6, "bin1 ToKeN:****** buy\n     ^^^^^^^^^^^^"),
            ("{\"event\": \"ENTER\",\n \"token\" : \"a\\\"b\"}", 2, 12, " \"token\" : ******}\n           ^"),
            ("{\"token\":\"never closed", 1, 10, "{\"token\":*************\n         ^"),
            ("{\"token\":123, \"event\":1}", 1, 23, "{\"token\":***, \"event\":1}\n                      ^"),
        ] {
            assert_eq!(at(line, column).caret(body).as_deref(), Some(shown), "{body:?}");
        }
        let long = format!("{}x0 {}", "a ".repeat(500), "b ".repeat(500));
        let shown = at(1, 1001).caret(&long).unwrap();
        let (line, carets) = shown.split_once('\n').unwrap();
        assert_eq!((carets.len(), &line[carets.len() - 2..carets.len()]), (62, "x0"));
        assert!(line.chars().count() <= SHOWN_CHARS_MAX);
    }

    #[test]
    fn a_place_that_is_not_there_shows_nothing() {
        for (line, column) in [(0, 0), (1, 0), (2, 1), (1, 9)] {
            assert_eq!(at(line, column).caret("bin1 x0"), None, "{line}:{column}");
        }
    }

    proptest! {
        #[test]
        fn any_body_is_survived_and_no_token_shown(before in "[a\\PC]{0,9}[\t \r]", json in "[\t ]?\\{\\PC{0,9}", line in 0usize..3, column in 0usize..40) {
            let text = format!("{}token:5ecret5ecret\n x", before.replace('{', ""));
            let json = format!("{}\n \"token\": \"5ecret5ecret\", x", json.replace('"', ""));
            for body in [text, json] {
                let shown = at(line, column).caret(&body).unwrap_or_default();
                prop_assert!(!shown.contains("5ecret"), "{}", shown);
            }
        }
    }
}
