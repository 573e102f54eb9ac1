//! What stands in the answers of many exchanges, whichever way they spell it.

use serde::de::{Deserializer, Error};
use serde::{Deserialize, de};

use super::numbers::integer;
use crate::market::Side;

/// A code that must be there and zero: what answers without it is not the exchange.
pub(crate) fn success<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    if integer(deserializer)? == 0 { Ok(()) } else { Err(Error::custom("the code is not zero")) }
}

/// A list that must be there; an empty one may be written as null.
pub(crate) fn list<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Direction of an order or an execution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(crate) enum Direction {
    #[serde(alias = "buy", alias = "BUY")]
    Buy,
    #[serde(alias = "sell", alias = "SELL")]
    Sell,
}

/// The half of an account that a row is about; one-way accounts have only one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum Half {
    #[default]
    #[serde(rename = "BOTH", alias = "net")]
    Both,
    #[serde(rename = "LONG", alias = "long")]
    Long,
    #[serde(rename = "SHORT", alias = "short")]
    Short,
}

impl Half {
    pub(crate) fn side(self) -> Option<Side> {
        match self {
            Half::Both => None,
            Half::Long => Some(Side::Long),
            Half::Short => Some(Side::Short),
        }
    }
}

/// A half that is not said, or empty text, in one-way accounts.
pub(crate) fn half_if_said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Half, D::Error> {
    match Option::<String>::deserialize(deserializer)?.as_deref() {
        None | Some("") => Ok(Half::Both),
        Some(word) => Half::deserialize(de::value::StrDeserializer::new(word)),
    }
}

/// The side of a position, which a row must name.
pub(crate) fn side<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Side, D::Error> {
    Half::deserialize(deserializer)?.side().ok_or_else(|| Error::custom("neither long nor short"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "half_if_said")]
        half: Half,
        #[serde(deserialize_with = "list")]
        list: Vec<u8>,
    }

    #[test]
    fn halves_and_directions_are_read_in_every_spelling_and_nothing_else_is() {
        for (text, half) in
            [("\"net\"", None), ("\"\"", None), ("null", None), ("\"LONG\"", Some(Side::Long)), ("\"short\"", Some(Side::Short))]
        {
            let row: Row = serde_json::from_str(&format!("{{\"half\":{text},\"list\":null}}")).unwrap();
            assert_eq!((row.half.side(), row.list.len()), (half, 0), "{text}");
        }
        for text in [r#"{"half":"left","list":[]}"#, r#"{"half":1,"list":[]}"#, r#"{"half":"net"}"#] {
            assert!(serde_json::from_str::<Row>(text).is_err(), "{text}");
        }
        for (text, direction) in [("\"Buy\"", Direction::Buy), ("\"sell\"", Direction::Sell), ("\"BUY\"", Direction::Buy)] {
            assert_eq!(serde_json::from_str::<Direction>(text).unwrap(), direction);
        }
        assert!(serde_json::from_str::<Direction>("\"\"").is_err() && serde_json::from_str::<Half>("\"\"").is_err());
    }
}
