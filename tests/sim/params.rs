//! Request parameters, from query, form and JSON.

use std::str::FromStr;

use perphook::market::Decimal;
use serde_json::Value;

/// Decoded parameters in the order they came; those of the query first, so that they win.
#[derive(Clone, Debug, Default)]
pub struct Params(pub Vec<(String, String)>);

impl Params {
    /// Decodes `a=1&b=2` texts; the signature is left out.
    pub fn parse(query: &str, body: &str) -> Params {
        let pairs = query.split('&').chain(body.split('&')).filter(|pair| !pair.is_empty());
        let mut list = Vec::with_capacity(12);
        for pair in pairs {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            if name != "signature" {
                list.push((decode(name), decode(value)));
            }
        }
        Params(list)
    }

    /// The fields of a JSON object, or of one that is an element of a list: texts as they are, all else as JSON. None of
    /// anything else.
    pub fn of(value: &Value) -> Params {
        Params(value.as_object().into_iter().flatten().map(|(name, value)| (name.clone(), text_of(value))).collect())
    }

    /// The first parameter of a name, whatever the case of its letters.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// A parameter that is there and not empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// A parameter read as a number or another type; `None` when missing or unreadable.
    pub fn read<T: FromStr>(&self, name: &str) -> Option<T> {
        self.some(name)?.parse().ok()
    }

    /// A decimal without an exponent, the way exchanges want it.
    pub fn decimal(&self, name: &str) -> Option<Decimal> {
        Decimal::from_str_exact(self.some(name)?).ok()
    }

    /// `true`, in any case of letters.
    pub fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// A JSON text without its quotes, anything else as JSON.
pub fn text_of(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Undoes percent-encoding and `+`; broken sequences stay as they are.
pub fn decode(text: &str) -> String {
    if !text.bytes().any(|byte| byte == b'%' || byte == b'+') {
        return text.to_owned();
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut ahead = rest.clone();
        let digits = (byte == b'%').then(|| (ahead.next().and_then(hex), ahead.next().and_then(hex)));
        match digits {
            Some((Some(high), Some(low))) => {
                bytes.push(high * 16 + low);
                rest = ahead;
            }
            _ if byte == b'+' => bytes.push(b' '),
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// The text without its `signature=…` part, which is what was signed.
pub fn unsigned(text: &str) -> String {
    let mut signed = String::with_capacity(text.len());
    for pair in text.split('&').filter(|pair| !pair.starts_with("signature=")) {
        if !signed.is_empty() {
            signed.push('&');
        }
        signed.push_str(pair);
    }
    signed
}

/// The value of `signature=…`, if it is there.
pub fn signature(text: &str) -> Option<&str> {
    text.split('&').find_map(|pair| pair.strip_prefix("signature="))
}
