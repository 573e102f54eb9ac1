//! Reads long JSON lists one element at a time.
//!
//! An exchange's list of contracts is a megabyte of text. Read whole it would cost ten times the memory the daemon
//! otherwise needs; read like this, nothing but the element at hand and what the caller keeps of it is ever held.

use std::fmt;
use std::io::{BufReader, Read};
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

const BUFFER_BYTES: usize = 8 * 1024;

/// Feeds every element of the top-level array to `each`. A lone object counts as an array of one.
pub(crate) fn each<'de, T: Deserialize<'de>>(reader: impl Read, each: impl FnMut(T)) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER_BYTES, reader));
    Elements { each, kind: PhantomData }.deserialize(&mut json)?;
    json.end()
}

/// Feeds every element of the array at a path of fields, outermost first, to `each`; comes back with what stands beside
/// the array (a cursor to the next page, say). Without the array the answer is unreadable: an error page must not look
/// like an empty list.
pub(crate) fn each_in<'de, T: Deserialize<'de>>(
    reader: impl Read,
    path: &'static [&'static str],
    each: impl FnMut(T),
) -> serde_json::Result<Beside> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER_BYTES, reader));
    let beside = InPath { path, keeps: true, elements: Elements { each, kind: PhantomData } }.deserialize(&mut json)?;
    json.end()?;
    Ok(beside)
}

/// The same where nothing beside the array is wanted: there may be more of it than of the array.
pub(crate) fn each_at<'de, T: Deserialize<'de>>(
    reader: impl Read,
    path: &'static [&'static str],
    each: impl FnMut(T),
) -> serde_json::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(BufReader::with_capacity(BUFFER_BYTES, reader));
    InPath { path, keeps: false, elements: Elements { each, kind: PhantomData } }.deserialize(&mut json)?;
    json.end()
}

/// The fields beside a list.
pub(crate) type Beside = serde_json::Map<String, serde_json::Value>;

struct Elements<T, F> {
    each: F,
    kind: PhantomData<fn(T)>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for Elements<T, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for Elements<T, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element()? {
            (self.each)(element);
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, map: A) -> Result<(), A::Error> {
        (self.each)(T::deserialize(MapAccessDeserializer::new(map))?);
        Ok(())
    }
}

struct InPath<T, F> {
    path: &'static [&'static str],
    /// What is beside the array.
    keeps: bool,
    elements: Elements<T, F>,
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> DeserializeSeed<'de> for InPath<T, F> {
    type Value = Beside;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Beside, D::Error> {
        if self.path.is_empty() {
            self.elements.deserialize(deserializer)?;
            return Ok(Beside::new());
        }
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>, F: FnMut(T)> Visitor<'de> for InPath<T, F> {
    type Value = Beside;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an object with the list {}", self.path.join("."))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Beside, A::Error> {
        let (&field, inner) = self.path.split_first().unwrap_or((&"", &[]));
        let mut elements = Some(self.elements);
        let (keeps, mut beside) = (self.keeps, Beside::new());
        while let Some(key) = map.next_key::<String>()? {
            match elements.take_if(|_| key == field) {
                Some(elements) => beside.extend(map.next_value_seed(InPath { path: inner, keeps, elements })?),
                None if keeps && inner.is_empty() => drop(beside.insert(key, map.next_value()?)),
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        match elements {
            Some(_) => Err(serde::de::Error::missing_field(field)),
            None => Ok(beside),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> serde_json::Result<Vec<u32>> {
        let mut seen = Vec::new();
        each(text.as_bytes(), |n| seen.push(n)).map(|()| seen)
    }

    fn numbers_in(text: &str) -> serde_json::Result<Vec<u32>> {
        let mut seen = Vec::new();
        each_in(text.as_bytes(), &["list"], |n| seen.push(n)).map(|_| seen)
    }

    #[test]
    fn every_element_is_seen_in_order() {
        assert_eq!(numbers(" [1, 2,3] ").unwrap(), [1, 2, 3]);
        assert_eq!(numbers("[]").unwrap(), [0; 0]);
        assert_eq!(numbers_in(r#"{"other":{"list":[9]},"list":[4,5],"more":[[1]]}"#).unwrap(), [4, 5]);
    }

    #[test]
    fn a_list_deep_inside_is_found_and_what_is_beside_it_comes_back() {
        let mut seen: Vec<u32> = Vec::new();
        let text = r#"{"code":0,"result":{"category":"linear","list":[1,2],"next":"abc"},"time":5}"#;
        let beside = each_in(text.as_bytes(), &["result", "list"], |n| seen.push(n)).unwrap();
        assert_eq!((seen, beside["next"].as_str(), beside.len()), (vec![1, 2], Some("abc"), 2));
        let mut seen: Vec<u32> = Vec::new();
        each_at(text.as_bytes(), &["result", "list"], |n| seen.push(n)).unwrap();
        assert_eq!(seen, [1, 2]);
        assert!(each_at(text.as_bytes(), &["result", "other"], |_: u32| {}).is_err());
        for text in [r#"{"result":{}}"#, r#"{"list":[1]}"#, r#"{"result":null}"#] {
            assert!(each_in(text.as_bytes(), &["result", "list"], |_: u32| {}).is_err(), "{text}");
        }
    }

    #[test]
    fn a_lone_object_counts_as_one_element() {
        #[derive(serde::Deserialize)]
        struct Row {
            n: u32,
        }
        let mut seen = Vec::new();
        each(&br#"{"n":7}"#[..], |row: Row| seen.push(row.n)).unwrap();
        assert_eq!(seen, [7]);
    }

    #[test]
    fn what_is_not_the_list_is_an_error() {
        for text in ["", "[1", "[1,]", "[1] x", "7", "null", "<html>"] {
            assert!(numbers(text).is_err(), "{text}");
        }
        for text in ["", "{}", r#"{"lists":[1]}"#, r#"{"list":[1]"#, "[1]", r#"{"list":7}"#] {
            assert!(numbers_in(text).is_err(), "{text}");
        }
    }
}
