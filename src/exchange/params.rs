//! The parameters of a request, in the order they were given: as a query string, or as a JSON object.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::encode::percent_encode;
use crate::market::{Decimal, Symbol};

/// Names and values, in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(&'static str, Value)>);

impl Params {
    pub(crate) fn new() -> Params {
        Params::default()
    }

    /// The parameters of a call about one contract.
    pub(crate) fn of(symbol: &Symbol) -> Params {
        Params::new().with("symbol", symbol.as_str())
    }

    /// Adds a text, a flag, a whole number or a list.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Params {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a number as plain decimal text: no exponent, no trailing zeros.
    pub(crate) fn with_decimal(self, name: &'static str, value: Decimal) -> Params {
        self.with(name, plain(value))
    }

    /// Adds it if there is one.
    pub(crate) fn with_some(self, name: &'static str, value: Option<impl Into<Value>>) -> Params {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a list of objects.
    pub(crate) fn with_list(self, name: &'static str, list: Vec<Params>) -> Params {
        self.with(name, list.into_iter().map(Params::object).collect::<Vec<Value>>())
    }

    /// As a JSON object.
    pub(crate) fn object(self) -> Value {
        Value::Object(self.0.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
    }

    /// By name, for exchanges that sign the query in that order.
    pub(crate) fn sorted(mut self) -> Params {
        self.0.sort_by_key(|(name, _)| *name);
        self
    }

    /// The query, percent-encoded; empty without parameters.
    pub(crate) fn query(&self) -> String {
        let mut query = String::new();
        self.push_to(&mut query);
        query
    }

    /// The query with its values as they are, for exchanges that sign it so.
    pub(crate) fn raw_query(&self) -> String {
        let pair = |(name, value): &(&str, Value)| match value {
            Value::String(text) => format!("{name}={text}"),
            other => format!("{name}={other}"),
        };
        self.0.iter().map(pair).collect::<Vec<_>>().join("&")
    }

    /// Adds `name=value&…` to a query that may have begun.
    pub(crate) fn push_to(&self, query: &mut String) {
        for (name, value) in &self.0 {
            match value {
                Value::String(text) => push_pair(query, name, text),
                other => push_pair(query, name, &other.to_string()),
            }
        }
    }
}

impl Serialize for Params {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// Adds one pair, with `&` before it unless it is the first.
pub(crate) fn push_pair(query: &mut String, name: &str, value: &str) {
    if !query.is_empty() {
        query.push('&');
    }
    query.push_str(name);
    query.push('=');
    percent_encode(query, value);
}

/// A number as plain decimal text.
pub(crate) fn plain(value: Decimal) -> String {
    value.normalize().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimals() {
        for (number, text) in [("0.0000001", "n=0.0000001"), ("1900.00", "n=1900"), ("1000000", "n=1000000"), ("0.10", "n=0.1")] {
            assert_eq!(Params::new().with_decimal("n", number.parse().unwrap()).query(), text);
        }
        assert_eq!(Params::new().query(), "");
    }

    #[test]
    fn the_same_parameters_make_a_query_and_an_object() {
        let params = Params::of(&Symbol::new("ETHUSDT")).with("reduceOnly", true).with("index", 0).with_some("price", None::<&str>);
        assert_eq!(params.query(), "symbol=ETHUSDT&reduceOnly=true&index=0");
        assert_eq!(params.clone().with("list", "[1 2]").raw_query(), "symbol=ETHUSDT&reduceOnly=true&index=0&list=[1 2]");
        assert_eq!(serde_json::to_string(&params).unwrap(), r#"{"symbol":"ETHUSDT","reduceOnly":true,"index":0}"#);
        let list = Params::new().with_list("list", vec![Params::new().with("a", "1")]);
        assert_eq!(serde_json::to_string(&list).unwrap(), r#"{"list":[{"a":"1"}]}"#);
    }
}
