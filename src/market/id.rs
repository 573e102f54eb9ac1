//! Client order ids: derived, never drawn.
//!
//! `ph` + installation (8) + account (2) + alert number (6) + leg (1) + attempt (2) = 21 characters of `[a-z0-9]`,
//! which fits the strictest alphabet and length of every exchange we know. The same alert, leg and attempt give the
//! same id after a restart, so the exchange can be asked instead of told again. The installation part is random for
//! each state directory: ids do not repeat even when the state is lost.
//!
//! A limit order of a text alert carries the name its sender gave it instead; such a name may come back later.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ProtectionKind;

/// Length of every client order id of ours, in bytes.
pub const ID_LEN: usize = 21;
const PREFIX: &str = "ph";
const INSTALLATION_LEN: usize = 8;
const ACCOUNT_LEN: usize = 2;
const NUMBER_LEN: usize = 6;

/// The random name of one state directory: 8 characters of `[a-z0-9]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installation(String);

impl Installation {
    /// Derives the name from random bytes; every byte pattern gives a valid one.
    pub fn from_random(bytes: [u8; 8]) -> Installation {
        Installation(base36(u64::from_le_bytes(bytes), INSTALLATION_LEN))
    }

    /// Takes a name read back from disk; `None` unless it has the right form.
    pub fn parse(text: &str) -> Option<Installation> {
        let fits = text.len() == INSTALLATION_LEN && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        fits.then(|| Installation(text.to_owned()))
    }

    /// The eight characters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The part an order plays in its trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Leg {
    /// First entry.
    Entry,
    /// Second (DCA) entry.
    Second,
    /// Stop loss.
    Stop,
    /// Take profit.
    Target,
    /// Market close.
    Close,
    /// An order of a text alert that opens.
    Order,
}

impl Leg {
    fn letter(self) -> char {
        match self {
            Leg::Entry => 'e',
            Leg::Second => 'd',
            Leg::Stop => 's',
            Leg::Target => 't',
            Leg::Close => 'c',
            Leg::Order => 'o',
        }
    }

    fn from_letter(letter: &str) -> Option<Leg> {
        Some(match letter {
            "e" => Leg::Entry,
            "d" => Leg::Second,
            "s" => Leg::Stop,
            "t" => Leg::Target,
            "c" => Leg::Close,
            "o" => Leg::Order,
            _ => return None,
        })
    }

    /// Which protective order it is, if it is one.
    pub fn protection(self) -> Option<ProtectionKind> {
        match self {
            Leg::Stop => Some(ProtectionKind::StopLoss),
            Leg::Target => Some(ProtectionKind::TakeProfit),
            Leg::Entry | Leg::Second | Leg::Close | Leg::Order => None,
        }
    }

    /// Whether the exchange keeps it as a conditional order.
    pub fn is_conditional(self) -> bool {
        self.protection().is_some()
    }
}

/// Shortest and longest name a sender may give a limit order, in characters.
pub const CUSTOM_CHARS: std::ops::RangeInclusive<usize> = 2..=30;

/// A client order id: one of ours, or a name that the sender of a text alert gave.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClientId(String);

impl ClientId {
    /// Derives the id of one attempt at one leg. `number` is the alert that began the trade.
    pub fn derive(installation: &Installation, account: &str, number: u64, leg: Leg, attempt: u32) -> ClientId {
        let account = account.bytes().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        ClientId(format!(
            "{PREFIX}{}{}{}{}{}",
            installation.0,
            base36(account, ACCOUNT_LEN),
            base36(number, NUMBER_LEN),
            leg.letter(),
            base36(u64::from(attempt), 2),
        ))
    }

    /// A name given by the sender: 2 to 30 visible ASCII characters without a colon, and not of the form of our own ids.
    pub fn custom(text: &str) -> Option<ClientId> {
        let fits = CUSTOM_CHARS.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        (fits && ClientId::parse(text).is_none()).then(|| ClientId(text.to_owned()))
    }

    /// The id as sent.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Recognises an id of our form in what an exchange lists.
    pub fn parse(text: &str) -> Option<ClientId> {
        let fits = text.len() == ID_LEN && text.starts_with(PREFIX) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let id = fits.then(|| ClientId(text.to_owned()))?;
        id.leg().is_some().then_some(id)
    }

    /// Whether this installation made it.
    pub fn is_of(&self, installation: &Installation) -> bool {
        self.part(PREFIX.len(), INSTALLATION_LEN) == installation.0
    }

    /// The alert number inside it.
    pub fn number(&self) -> Option<u64> {
        u64::from_str_radix(self.part(PREFIX.len() + INSTALLATION_LEN + ACCOUNT_LEN, NUMBER_LEN), 36).ok()
    }

    /// The leg inside it.
    pub fn leg(&self) -> Option<Leg> {
        Leg::from_letter(self.part(PREFIX.len() + INSTALLATION_LEN + ACCOUNT_LEN + NUMBER_LEN, 1))
    }

    /// The attempt inside it, counted from 1.
    pub fn attempt(&self) -> Option<u32> {
        u32::from_str_radix(self.part(ID_LEN - 2, 2), 36).ok()
    }

    fn part(&self, start: usize, len: usize) -> &str {
        self.0.get(start..start + len).unwrap_or("")
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The last `len` base-36 digits of a number, padded with zeros.
fn base36(mut number: u64, len: usize) -> String {
    let mut digits = vec!['0'; len];
    for digit in digits.iter_mut().rev() {
        *digit = char::from_digit((number % 36) as u32, 36).unwrap_or('0');
        number /= 36;
    }
    digits.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_where_it_came_from() {
        let installation = Installation::from_random([1, 2, 3, 4, 5, 6, 7, 8]);
        let id = ClientId::derive(&installation, "binance", 1234, Leg::Second, 3);
        assert_eq!(id.as_str().len(), ID_LEN);
        assert_eq!(ClientId::parse(id.as_str()), Some(id.clone()));
        assert!(id.is_of(&installation));
        assert!(!id.is_of(&Installation::from_random([9; 8])));
        assert_eq!((id.number(), id.leg(), id.attempt()), (Some(1234), Some(Leg::Second), Some(3)));
        assert_eq!(Installation::parse(installation.as_str()), Some(installation));
    }

    #[test]
    fn what_is_not_ours_is_not_recognised() {
        for text in ["", "ph", "x-cvBPrNm9abcdefghijk", "phAAAAAAAA00000000e01", "ph0000000000000000q01", "autoclose-123456789012"] {
            assert_eq!(ClientId::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_name_given_by_the_sender_is_no_id_of_ours() {
        let home = Installation::from_random([7; 8]);
        let ours = ClientId::derive(&home, "binance", 1, Leg::Order, 1);
        assert_eq!(ClientId::custom("tp1").map(|id| (id.is_of(&home), id.leg())), Some((false, None)));
        for text in ["a", "", "has blank", "co:lon", "n\u{e4}me", &"x".repeat(31), ours.as_str()] {
            assert_eq!(ClientId::custom(text), None, "{text}");
        }
    }

    #[test]
    fn ids_of_different_legs_attempts_alerts_and_accounts_differ() {
        let home = Installation::from_random([0; 8]);
        let mut seen = std::collections::HashSet::new();
        for account in ["a", "b"] {
            for number in 0..50 {
                for leg in [Leg::Entry, Leg::Second, Leg::Stop, Leg::Target, Leg::Close, Leg::Order] {
                    for attempt in 1..40 {
                        assert!(seen.insert(ClientId::derive(&home, account, number, leg, attempt)));
                    }
                }
            }
        }
    }
}
