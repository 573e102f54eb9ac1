//! Numbers as exchanges write them, read from their digits: text or bare, `1e-10` too, never through a float.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

use crate::market::{Decimal, Millis};

/// A decimal. Missing, null and empty text are an error: a quantity that cannot be read is never zero.
pub(crate) fn decimal<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    read(deserializer)?.ok_or_else(|| Error::custom("a number is missing"))
}

/// Like [`decimal`]; null and empty text are zero.
pub(crate) fn decimal_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    Ok(read(deserializer)?.unwrap_or_default())
}

/// Like [`decimal`]; null and empty text are `None`, where zero means something else.
pub(crate) fn decimal_if_said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    read(deserializer)
}

/// Like [`decimal_or_zero`]; what is no number is zero as well. For what is shown and decides nothing.
pub(crate) fn decimal_to_show<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(decimal_or_zero(&*raw).unwrap_or_default())
}

/// A whole number.
pub(crate) fn integer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    whole(decimal(deserializer)?)
}

/// A time in milliseconds, which must be there.
pub(crate) fn millis<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    not_negative(integer(deserializer)?)
}

/// A time in milliseconds; null and empty text are zero.
pub(crate) fn millis_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    not_negative(whole(decimal_or_zero(deserializer)?)?)
}

fn not_negative<E: Error>(time: i64) -> Result<Millis, E> {
    u64::try_from(time).map_err(|_| Error::custom("a time before 1970"))
}

/// A leverage as it can be set: a whole number above zero. What an exchange shows may be another.
pub(crate) fn whole_leverage(number: Decimal) -> Option<u32> {
    number.fract().is_zero().then(|| u32::try_from(number).ok()).flatten().filter(|leverage| *leverage > 0)
}

fn whole<E: Error>(number: Decimal) -> Result<i64, E> {
    let whole = number.fract().is_zero().then(|| i64::try_from(number).ok()).flatten();
    whole.ok_or_else(|| Error::custom("not a whole number"))
}

fn read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Decimal>, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let token = raw.get().trim_matches('"');
    if token.is_empty() || token == "null" {
        return Ok(None);
    }
    let number = token.parse().or_else(|_| Decimal::from_scientific(token));
    // What was there is not repeated: it may be anything.
    number.map(Some).map_err(|_| Error::custom("not a number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    struct Row {
        #[serde(default, deserialize_with = "decimal_or_zero")]
        n: Decimal,
    }

    #[derive(serde::Deserialize)]
    struct Shown {
        #[serde(default, deserialize_with = "decimal_to_show")]
        n: Decimal,
    }

    #[derive(serde::Deserialize)]
    struct Strict {
        #[serde(deserialize_with = "decimal")]
        n: Decimal,
        #[serde(default, deserialize_with = "integer")]
        i: i64,
        #[serde(default, deserialize_with = "millis_or_zero")]
        at: Millis,
    }

    #[test]
    fn digits_are_read_as_they_are_written() {
        for (text, number) in [
            (r#"{"n":"1.50"}"#, "1.50"),
            (r#"{"n":1.10}"#, "1.10"),
            (r#"{"n":-15}"#, "-15"),
            (r#"{"n":1e-10}"#, "0.0000000001"),
            (r#"{"n":"2.5E+3"}"#, "2500"),
            (r#"{"n":0.1000000000000000055511151231}"#, "0.1000000000000000055511151231"),
            (r#"{"n":""}"#, "0"),
            (r#"{"n":null}"#, "0"),
            ("{}", "0"),
        ] {
            let shown: Shown = serde_json::from_str(text).unwrap();
            assert_eq!(shown.n, number.parse::<Decimal>().unwrap(), "{text}");
            let row: Row = serde_json::from_str(text).unwrap();
            assert_eq!(row.n, number.parse::<Decimal>().unwrap(), "{text}");
            let streamed: Row = serde_json::from_reader(text.as_bytes()).unwrap();
            assert_eq!(streamed.n, row.n);
        }
    }

    #[test]
    fn what_is_no_number_is_an_error() {
        for text in [r#"{"n":""}"#, r#"{"n":null}"#, "{}", r#"{"n":"1,5"}"#, r#"{"n":true}"#, r#"{"n":{}}"#, r#"{"n":"NaN"}"#] {
            assert!(serde_json::from_str::<Strict>(text).is_err(), "{text}");
            assert_eq!(serde_json::from_str::<Shown>(text).unwrap().n, Decimal::ZERO, "{text}");
        }
        assert!(serde_json::from_str::<Strict>(r#"{"n":1,"i":1.5}"#).is_err());
        assert!(serde_json::from_str::<Strict>(r#"{"n":1,"at":-5}"#).is_err());
        let row: Strict = serde_json::from_str(r#"{"n":1,"i":"10","at":"1700000000000"}"#).unwrap();
        assert_eq!((row.n, row.i, row.at), (Decimal::ONE, 10, 1_700_000_000_000));
    }
}
