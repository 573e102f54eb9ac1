//! The `.env` file: `KEY=value`, comments, quotes, `export `.

use super::Mistake;

/// One `KEY=value`, with its line. No `Debug`: the value may be a secret.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// Longest name that is repeated in a message, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Reads a whole file. Mistakes name file and line and never repeat a value; the other lines are read all the same.
pub(super) fn read(path: &str, text: &str) -> (Vec<Entry>, Vec<Mistake>) {
    let (mut entries, mut mistakes) = (Vec::<Entry>::new(), Vec::new());
    for (at, line) in text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate() {
        let line_number = at + 1;
        let mut wrong = |name: &str, reason: String| mistakes.push(Mistake::at(path, line_number, name, reason));
        match entry(line) {
            Ok(None) => {}
            Ok(Some((name, value))) => match entries.iter().find(|entry| entry.name == name) {
                Some(first) => wrong(name, format!("given twice; first in line {}", first.line)),
                None => entries.push(Entry { name: name.to_owned(), value, line: line_number }),
            },
            Err((name, reason)) => wrong(name, reason.to_owned()),
        }
    }
    (entries, mistakes)
}

type Bad<'a> = (&'a str, &'static str);

fn entry(line: &str) -> Result<Option<(&str, String)>, Bad<'_>> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let assignment = match line.split_once(char::is_whitespace) {
        Some(("export", rest)) => rest.trim_start(),
        _ => line,
    };
    let (name, value) = assignment.split_once('=').ok_or(("", "a line is NAME=value, a comment or blank"))?;
    let name = name.trim_end();
    let named = !name.is_empty() && name.len() <= NAME_BYTES_MAX && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !named {
        return Err(("", "what stands before `=` is no name"));
    }
    let value = value.trim_start();
    let value = match value.chars().next() {
        Some('\'') => single_quoted(value),
        Some('"') => double_quoted(value),
        _ => Ok(unquoted(value)),
    };
    value.map(|value| Some((name, value))).map_err(|reason| (name, reason))
}

/// Up to a comment, which begins with a blank and `#`.
fn unquoted(text: &str) -> String {
    let mut after_blank = true;
    let end = text.char_indices().find(|(_, c)| {
        let comment = *c == '#' && after_blank;
        after_blank = c.is_whitespace();
        comment
    });
    end.map_or(text, |(at, _)| text.get(..at).unwrap_or(text)).trim_end().to_owned()
}

fn single_quoted(text: &str) -> Result<String, &'static str> {
    let (value, rest) = text.get(1..).and_then(|inner| inner.split_once('\'')).ok_or(NO_CLOSING_QUOTE)?;
    nothing_but_comment(rest)?;
    Ok(value.to_owned())
}

fn double_quoted(text: &str) -> Result<String, &'static str> {
    let mut value = String::new();
    let mut rest = text.chars();
    rest.next();
    loop {
        match rest.next().ok_or(NO_CLOSING_QUOTE)? {
            '"' => break,
            '\\' => match rest.next().ok_or(NO_CLOSING_QUOTE)? {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\' | '$' | '`') => value.push(escaped),
                other => value.extend(['\\', other]),
            },
            plain => value.push(plain),
        }
    }
    nothing_but_comment(rest.as_str())?;
    Ok(value)
}

const NO_CLOSING_QUOTE: &str = "the closing quote is missing";

fn nothing_but_comment(rest: &str) -> Result<(), &'static str> {
    let rest = rest.trim_start();
    if rest.is_empty() || rest.starts_with('#') { Ok(()) } else { Err("something follows the closing quote") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(line: &str) -> Option<(String, String)> {
        entry(line).ok().flatten().map(|(name, value)| (name.to_owned(), value))
    }

    #[test]
    fn every_way_to_write_a_line_is_read() {
        for (line, name, expected) in [
            ("LEVERAGE=20", "LEVERAGE", "20"),
            ("  export LEVERAGE = 20  ", "LEVERAGE", "20"),
            ("LEVERAGE=20 # times", "LEVERAGE", "20"),
            ("TOKEN=ab#cd", "TOKEN", "ab#cd"),
            ("TOKEN=a=b==", "TOKEN", "a=b=="),
            ("TOKEN='a \"b\" # \\n' # c", "TOKEN", "a \"b\" # \\n"),
            (r#"TOKEN="a \"b\" \\ \d # x""#, "TOKEN", r#"a "b" \ \d # x"#),
            ("TOKEN=", "TOKEN", ""),
            ("TOKEN= # nothing", "TOKEN", ""),
            ("TOKEN=\"\"", "TOKEN", ""),
            ("export=1", "export", "1"),
        ] {
            assert_eq!(value(line), Some((name.to_owned(), expected.to_owned())), "{line}");
        }
        assert!(["", "  ", "# TOKEN=x", "\t#"].iter().all(|line| matches!(entry(line), Ok(None))));
    }

    #[test]
    fn mistakes_name_the_line_and_hide_the_value() {
        let text = "\u{feff}LEVERAGE=20\r\n\r\nhunter2-hunter2\nTOKEN=\"hunter2\nA B=hunter2\nKEY='hunter2' hunter2\nLEVERAGE=30\nLAST=1";
        let (entries, mistakes) = read(".env", text);
        let told: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
        assert_eq!(
            told,
            [
                ".env:3: a line is NAME=value, a comment or blank",
                ".env:4: TOKEN: the closing quote is missing",
                ".env:5: what stands before `=` is no name",
                ".env:6: KEY: something follows the closing quote",
                ".env:7: LEVERAGE: given twice; first in line 1",
            ]
        );
        let read: Vec<_> = entries.iter().map(|entry| (entry.name.as_str(), entry.value.as_str(), entry.line)).collect();
        assert_eq!(read, [("LEVERAGE", "20", 1), ("LAST", "1", 8)]);
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\PC|[\n=#'\"\\\\]){0,80}") {
            let _ = read(".env", &text);
        }
    }
}
