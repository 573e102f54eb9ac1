//! A JSON list of objects, read so that every value can be pointed at: each has its line.
//!
//! Strict JSON. What is wrong is told in fixed words, because the text is full of secrets.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

/// One element of the list. No `Debug`: its values may be secrets.
pub(super) struct Object {
    /// Where it begins, from 1.
    pub(super) line: usize,
    /// In the order written, repeated names included.
    pub(super) members: Vec<Member>,
}

/// One `"name": value`.
pub(super) struct Member {
    pub(super) name: String,
    pub(super) value: Value,
    /// Where the value stands, from 1.
    pub(super) line: usize,
}

/// A value as far as settings have a use for it.
pub(super) enum Value {
    /// `null`, or a text of blanks: as good as not there.
    Nothing,
    /// A text, without blanks around it.
    Text(String),
    /// A number as its digits, or `true` and `false`.
    Bare(String),
    /// A list or an object.
    Nested,
}

/// What is wrong with the file or with one element, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Reads the list. An element that is no object is a fault of its own; the others are read all the same.
pub(super) fn read(text: &str) -> Result<Vec<Result<Object, Fault>>, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let items: Vec<&RawValue> = serde_json::from_str(text).map_err(|error| broken(&error))?;
    Ok(items.into_iter().map(|item| object(text, item)).collect())
}

fn broken(error: &serde_json::Error) -> Fault {
    let (line, column) = (error.line(), error.column());
    let reason = match error.classify() {
        Category::Data => "a list of accounts is needed: [ { … }, { … } ]".to_owned(),
        Category::Eof => format!("the JSON ends too early, at column {column}: a bracket or a quote is missing"),
        Category::Syntax | Category::Io => {
            let words = error.to_string();
            // Only where it is, which is said here already, and never a part of the text.
            let words = words.split(" at line ").next().unwrap_or_default();
            format!("no JSON at column {column}: {words} (JSON has no comments and no comma after the last one)")
        }
    };
    Fault { line, reason }
}

fn object(text: &str, item: &RawValue) -> Result<Object, Fault> {
    let line = line_of(text, item);
    let pairs: Pairs<'_> = serde_json::from_str(item.get())
        .map_err(|_| Fault { line, reason: "an account is an object: { \"ACCOUNT_ID\": … }".to_owned() })?;
    let members = pairs.0.into_iter().map(|(name, raw)| Member { name, value: value(raw), line: line_of(text, raw) });
    Ok(Object { line, members: members.collect() })
}

fn value(raw: &RawValue) -> Value {
    let text = raw.get();
    match text.bytes().next() {
        Some(b'"') => match serde_json::from_str::<String>(text) {
            Ok(text) if text.trim().is_empty() => Value::Nothing,
            Ok(text) => Value::Text(text.trim().to_owned()),
            // Half a surrogate pair.
            Err(_) => Value::Nested,
        },
        Some(b'n') => Value::Nothing,
        Some(b'{' | b'[') => Value::Nested,
        _ => Value::Bare(text.to_owned()),
    }
}

/// `part` borrows from `text`, so that its address tells its place.
fn line_of(text: &str, part: &RawValue) -> usize {
    let offset = part.get().as_ptr().addr().saturating_sub(text.as_ptr().addr());
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

/// An object's pairs in the order written: a map would lose what stands there twice.
struct Pairs<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Pairs<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Pairs<'de>, D::Error> {
        deserializer.deserialize_map(PairsVisitor)
    }
}

struct PairsVisitor;

impl<'de> Visitor<'de> for PairsVisitor {
    type Value = Pairs<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs<'de>, A::Error> {
        let mut pairs = Vec::new();
        while let Some(pair) = map.next_entry()? {
            pairs.push(pair);
        }
        Ok(Pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let shown = |member: &Member| {
            let value = match &member.value {
                Value::Nothing => "nothing".to_owned(),
                Value::Text(text) => format!("text {text}"),
                Value::Bare(text) => format!("bare {text}"),
                Value::Nested => "nested".to_owned(),
            };
            format!("{}:{}={value}", member.line, member.name)
        };
        let items = read(text).unwrap();
        items.into_iter().flat_map(|item| item.unwrap().members.iter().map(shown).collect::<Vec<_>>()).collect()
    }

    #[test]
    fn every_value_has_its_line() {
        let text = "\u{feff}[\n {\"A\": \" x \",\r\n  \"A\": 1.50, \"B\": true,\n\n \"C\": null, \"D\": \"  \", \"E\": [1]}\n,{\"F\":\n \"\\u00e9\\n\"}]";
        assert_eq!(shown(text), ["2:A=text x", "3:A=bare 1.50", "3:B=bare true", "5:C=nothing", "5:D=nothing", "5:E=nested", "7:F=text é"]);
        let lines: Vec<_> = read(text).unwrap().into_iter().map(|item| item.unwrap().line).collect();
        assert_eq!(lines, [2, 6]);
        assert!(read(" [ ] ").unwrap().is_empty());
    }

    #[test]
    fn an_element_that_is_no_object_leaves_the_others() {
        let items = read("[\n1,\n\"hunter2\",\n{},\n[\"hunter2\"]]").unwrap();
        let lines: Vec<_> = items.iter().map(|item| item.as_ref().err().map(|fault| fault.line)).collect();
        assert_eq!(lines, [Some(2), Some(3), None, Some(5)]);
        assert!(items.iter().filter_map(|item| item.as_ref().err()).all(|fault| !fault.reason.contains("hunter2")));
    }

    #[test]
    fn broken_json_is_pointed_at_and_not_repeated() {
        for (text, line, reason) in [
            ("{\"hunter2\": 1}", 1, "a list of accounts is needed"),
            ("\"hunter2\"", 1, "a list of accounts is needed"),
            ("", 1, "the JSON ends too early, at column 0"),
            ("[\n{\"A\": \"hunter2\"}", 2, "the JSON ends too early, at column 16"),
            ("[\n{\"A\": 1,}\n]", 2, "no JSON at column 9: key must be a string"),
            ("[\n{\"A\": 1},\n]", 3, "no JSON at column 1: trailing comma"),
            ("[\n// hunter2\n]", 2, "no JSON at column 1: expected value"),
            ("[\n{'A': 1}]", 2, "no JSON at column 2: key must be a string"),
            ("[{\"A\": hunter2}]", 1, "no JSON at column 8: expected value"),
            ("[] hunter2", 1, "no JSON at column 4: trailing characters"),
        ] {
            let fault = read(text).err().unwrap();
            assert_eq!(fault.line, line, "{text}: {}", fault.reason);
            assert!(fault.reason.starts_with(reason) && !fault.reason.contains("hunter2"), "{text}: {}", fault.reason);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "(\\PC|[\n\\[\\]{}\":,\\\\]){0,80}") {
            let _ = read(&text);
        }
    }
}
