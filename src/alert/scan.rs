//! A JSON object read in one pass, without building a tree: each wanted member's own text, and where it stands.
//!
//! Strict JSON with one widening: the bare words `NaN`, `Infinity`, `-Infinity` and unfilled `{{placeholders}}` are
//! values too, so that a broken number in a field nobody reads cannot stop an EXIT, and a read one is named.

use std::ops::ControlFlow;

/// Deepest nesting of arrays and objects that is read.
const DEPTH_MAX: usize = 32;
/// Longest placeholder that is recognised, braces included, in bytes.
const PLACEHOLDER_BYTES_MAX: usize = 80;
/// How TradingView's own placeholders begin.
const KNOWN_PLACEHOLDERS: [&str; 13] = [
    "{{strategy.",
    "{{plot",
    "{{time",
    "{{interval",
    "{{ticker",
    "{{exchange",
    "{{close",
    "{{open",
    "{{high",
    "{{low",
    "{{volume",
    "{{syminfo",
    "{{alert",
];
/// Longest other placeholder that is repeated in an error, braces included, in bytes. A token in braces is longer.
const PLACEHOLDER_SHOWN_BYTES_MAX: usize = 15;
const BARE_WORDS: [&str; 6] = ["true", "false", "null", "NaN", "Infinity", "-Infinity"];

/// One `"name": value` of the outer object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member<'a> {
    /// Its name, one of the wanted ones.
    pub(super) name: &'static str,
    /// The value as written, quotes included.
    pub(super) raw: &'a str,
    /// Byte offset of the value.
    pub(super) at: usize,
}

/// Where reading had to stop, and what should have been there.
#[derive(Debug)]
pub(super) struct Fault {
    /// Byte offset.
    pub(super) at: usize,
    /// In fixed words: nothing of the body is repeated.
    pub(super) reason: &'static str,
}

/// Reads the whole text as one object and keeps the wanted members in the order written, duplicates included.
pub(super) fn members<'a>(text: &'a str, wanted: &[&'static str]) -> Result<Vec<Member<'a>>, Fault> {
    let mut scan = Scan { text, at: 0 };
    let mut found = Vec::new();
    scan.skip_blank();
    if scan.peek() != Some(b'{') {
        return Err(scan.fault("a JSON object was expected, beginning with `{`"));
    }
    scan.object(1, &mut |key, raw, at| {
        if let Some(name) = wanted.iter().find(|name| is_named(key, name)) {
            found.push(Member { name, raw, at });
        }
    })?;
    scan.skip_blank();
    match scan.peek() {
        None => Ok(found),
        Some(_) => Err(scan.fault("nothing may follow the closing `}`")),
    }
}

/// The text inside a quoted value; `None` when its escapes make no text (half a surrogate pair).
pub(super) fn unquote(raw: &str) -> Option<String> {
    serde_json::from_str(raw).ok()
}

/// The placeholder at the beginning of a text, if there is one.
pub(super) fn placeholder(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("{{")?;
    let len = inner.bytes().take(PLACEHOLDER_BYTES_MAX).try_fold(0, |len, byte| match byte {
        b'}' => ControlFlow::Break(len),
        b'\n' | b'\r' | b'{' => ControlFlow::Break(usize::MAX),
        _ => ControlFlow::Continue(len + 1),
    });
    let ControlFlow::Break(len) = len else { return None };
    inner.get(len..)?.starts_with("}}").then(|| text.get(..len + 4))?
}

/// A placeholder as errors may repeat it: in full only if it can be no secret.
pub(super) fn shown(placeholder: &str) -> &str {
    let is_plain = placeholder.chars().all(|c| c.is_ascii_alphanumeric() || "{}_.()\"".contains(c));
    let is_known = KNOWN_PLACEHOLDERS.iter().any(|known| placeholder.starts_with(known));
    if is_plain && (is_known || placeholder.len() <= PLACEHOLDER_SHOWN_BYTES_MAX) { placeholder } else { "{{…}}" }
}

fn is_named(quoted_key: &str, name: &str) -> bool {
    match quoted_key.contains('\\') {
        true => unquote(quoted_key).is_some_and(|key| key == name),
        false => quoted_key.get(1..quoted_key.len() - 1) == Some(name),
    }
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
}

type Found<'f, 'a> = &'f mut dyn FnMut(&'a str, &'a str, usize);

impl<'a> Scan<'a> {
    fn object(&mut self, depth: usize, found: Found<'_, 'a>) -> Result<(), Fault> {
        self.at += 1;
        self.skip_blank();
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fault("a name in double quotes was expected"));
            }
            let key = self.string()?;
            self.skip_blank();
            if !self.take(b':') {
                return Err(self.fault("`:` was expected after a name"));
            }
            self.skip_blank();
            let start = self.at;
            self.value(depth)?;
            found(key, self.since(start), start);
            if !self.another(b'}', "`,` or `}` was expected after a value (a quote inside a text is written \\\")")? {
                return Ok(());
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.at += 1;
        self.skip_blank();
        if self.take(b']') {
            return Ok(());
        }
        loop {
            self.value(depth)?;
            if !self.another(b']', "`,` or `]` was expected after a value")? {
                return Ok(());
            }
        }
    }

    /// After a value: `true` for a comma, `false` for the closing byte.
    fn another(&mut self, close: u8, reason: &'static str) -> Result<bool, Fault> {
        self.skip_blank();
        if self.take(close) {
            return Ok(false);
        }
        if !self.take(b',') {
            return Err(self.fault(reason));
        }
        self.skip_blank();
        Ok(true)
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        let rest = self.text.get(self.at..).unwrap_or("");
        if let Some(word) = placeholder(rest).or_else(|| BARE_WORDS.into_iter().find(|word| rest.starts_with(word))) {
            self.at += word.len();
            return Ok(());
        }
        match self.peek() {
            Some(b'{' | b'[') if depth == DEPTH_MAX => Err(self.fault("nested too deeply")),
            Some(b'{') => self.object(depth + 1, &mut |_, _, _| {}),
            Some(b'[') => self.array(depth + 1),
            Some(b'"') => self.string().map(|_| ()),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.fault("a value was expected")),
        }
    }

    /// A quoted text, quotes included.
    fn string(&mut self) -> Result<&'a str, Fault> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(self.since(start));
                }
                Some(b'\\') => self.escape()?,
                Some(0..=0x1f) => return Err(self.fault("a control character (such as a line break) inside a text must be escaped")),
                Some(_) => self.at += 1,
                None => return Err(Fault { at: start, reason: "this text has no closing quote" }),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let fault = self.fault("not an escape that JSON knows");
        self.at += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 1,
            Some(b'u') => {
                self.at += 1;
                for _ in 0..4 {
                    if !self.peek().is_some_and(|byte| byte.is_ascii_hexdigit()) {
                        return Err(fault);
                    }
                    self.at += 1;
                }
            }
            _ => return Err(fault),
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        self.take(b'-');
        if self.take(b'0') {
            if self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
                return Err(self.fault("a number may not begin with 0 and a digit"));
            }
        } else {
            self.digits()?;
        }
        if self.take(b'.') {
            self.digits()?;
        }
        if self.take(b'e') || self.take(b'E') {
            let _sign = self.take(b'-') || self.take(b'+');
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start { Err(self.fault("a digit was expected")) } else { Ok(()) }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn skip_blank(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or("")
    }

    fn fault(&self, reason: &'static str) -> Fault {
        Fault { at: self.at, reason }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::de::IgnoredAny;

    use super::*;

    fn found(text: &str) -> Vec<(&'static str, &str, usize)> {
        members(text, &["a", "b"]).unwrap().iter().map(|member| (member.name, member.raw, member.at)).collect()
    }

    fn stops_at(text: &str) -> usize {
        members(text, &["a"]).unwrap_err().at
    }

    #[test]
    fn wanted_members_are_kept_as_written() {
        assert_eq!(found(r#" {"a":1e-5, "x":{"a":2}, "\u0062" : "q\"t" }"#), [("a", "1e-5", 6), ("b", r#""q\"t""#, 36)]);
        assert_eq!(found(r#"{"a":[{"b":[1,{}]}],"a":null}"#), [("a", r#"[{"b":[1,{}]}]"#, 5), ("a", "null", 24)]);
        assert_eq!(found(r#"{"a":{{close}},"b":NaN}"#), [("a", "{{close}}", 5), ("b", "NaN", 19)]);
        assert_eq!(found("{}"), []);
    }

    #[test]
    fn a_fault_stands_where_the_reader_would_point() {
        for (text, at) in [
            ("", 0),
            ("[1]", 0),
            (r#"{"a":"ab"cd"}"#, 9),
            (r#"{"a":1,}"#, 7),
            (r#"{"a":1} x"#, 8),
            (r#"{"a":01}"#, 6),
            (r#"{"a":1.}"#, 7),
            (r#"{"a":"never ends}"#, 5),
            ("{\"a\":\"line\nbreak\"}", 10),
            ("{\"a\":\"\u{1f}\"}", 6),
            (r#"{"a":"\x"}"#, 6),
            (r#"{"a":"\u12g4"}"#, 6),
            (r#"{"a" 1}"#, 5),
            (r#"{"a":1"#, 6),
            (r#"{"a":{{}"#, 6),
            (r#"{"a":nul}"#, 5),
        ] {
            assert_eq!(stops_at(text), at, "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(members(&nested(DEPTH_MAX - 1), &["a"]).unwrap().len(), 1);
        assert_eq!(members(&nested(DEPTH_MAX), &["a"]).unwrap_err().reason, "nested too deeply");
        assert!(members(&"{\"a\":".repeat(3000), &["a"]).is_err());
    }

    #[test]
    fn placeholders_are_recognised_whole() {
        assert_eq!(placeholder("{{strategy.order.action}} and more"), Some("{{strategy.order.action}}"));
        assert_eq!(placeholder("{{plot(\"x\")}}"), Some("{{plot(\"x\")}}"));
        for text in ["{{", "{{close}", "{{a{{b}}", "{{a\nb}}", &format!("{{{{{}}}}}", "x".repeat(90))] {
            assert_eq!(placeholder(text), None, "{text}");
        }
    }

    fn json_soup() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("{"),
            Just("}"),
            Just("["),
            Just("]"),
            Just(","),
            Just(":"),
            Just("\"a\""),
            Just("\"\\u00e9\""),
            Just("\"é😀\""),
            Just("1"),
            Just("-0.5e+3"),
            Just("00"),
            Just("null"),
            Just("true"),
            Just(" "),
            Just("\n"),
            Just("\\"),
            Just("\""),
            Just("\"a\":"),
            Just("\"b\":1,")
        ];
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| format!("{{{}}}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "\\PC{0,60}") {
            let _ = members(&text, &["a"]);
        }

        /// serde_json is the judge of what JSON is; our bare words are outside of this soup.
        #[test]
        fn what_is_json_is_decided_as_serde_json_does(text in json_soup()) {
            prop_assert_eq!(members(&text, &["a"]).is_ok(), serde_json::from_str::<IgnoredAny>(&text).is_ok(), "{}", text);
        }
    }
}
