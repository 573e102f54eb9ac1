//! A text that must never be shown: tokens, API keys, API secrets.
//!
//! Promise: no `Debug`, `Display` or serialisation of it exists, so it cannot reach a log, an error, the journal
//! or an answer by accident; its memory is wiped when it is dropped.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// A secret text. Reading it needs the word [`expose`](Secret::expose), which is easy to search for.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of a secret text.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// The text itself, for signing or for a header, and for nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares in constant time (for equal lengths), so that timing tells nothing about a token.
    pub fn matches(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }

    /// Length in bytes; all that may be said about a secret.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_compares_but_never_shows() {
        let secret = Secret::new("hunter2-hunter2-hunter2");
        assert!(secret.matches("hunter2-hunter2-hunter2"));
        assert!(!secret.matches("hunter2-hunter2-hunter3"));
        assert!(!secret.matches("hunter2"));
        assert!(!format!("{secret:?}").contains("hunter2"));
    }
}
