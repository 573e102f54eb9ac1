//! What must outlive a crash: records, and the memory they add up to.
//!
//! The desk changes its memory only by applying records, the same ones that go to the journal. So reading the journal
//! back gives the memory the desk had, by construction; a snapshot is the memory as one record.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::text::TextOrder;
use super::trade::{ClosedTrade, Trade};
use crate::alert::Signal;
use crate::market::Millis;

/// Closed trades remembered for late `dca_fill` alerts and the exit cool-down.
const CLOSED_MAX: usize = 256;
/// Fingerprints and keys of alerts remembered against duplicates.
pub(super) const SEEN_MAX: usize = 4096;

/// An alert that was accepted: numbered, and on disk before its sender hears of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    /// Rises by one with every accepted alert; never used twice.
    pub number: u64,
    /// When it was received.
    pub at: Millis,
    /// The account that it is for.
    pub account: String,
    /// Exchange, host and key of that account, hashed.
    pub identity: String,
    /// What it asks.
    pub signal: Signal,
    /// Of its body: the same body is the same alert.
    pub fingerprint: Fingerprint,
}

/// First 16 bytes of the SHA-256 of an alert's body; 32 hexadecimal digits in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 16]);

impl From<Fingerprint> for String {
    fn from(print: Fingerprint) -> String {
        format!("{:032x}", u128::from_be_bytes(print.0))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Fingerprint, Self::Error> {
        u128::from_str_radix(&text, 16).map(|number| Fingerprint(number.to_be_bytes()))
    }
}

/// What became of an alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Orders are out, or the position is closed.
    Done,
    /// Nothing was to be done: a duplicate, or nothing to close.
    Nothing(String),
    /// Refused; the reason.
    Refused(String),
}

/// One line of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", content = "d", rename_all = "snake_case")]
pub enum Record {
    /// An alert was accepted.
    Alert(Accepted),
    /// An alert never came to be: its record could not be confirmed to its sender.
    Retracted {
        /// Its number.
        alert: u64,
    },
    /// The senders of these text alerts have their answer.
    Told {
        /// Their numbers.
        alerts: Vec<u64>,
    },
    /// What became of an accepted alert.
    Verdict {
        /// Its number.
        alert: u64,
        /// What became of it.
        outcome: Outcome,
    },
    /// A text order as it stands now; replaces what was known of it.
    Order(Box<TextOrder>),
    /// A trade as it stands now; replaces what was known of it.
    Trade(Box<Trade>),
    /// A trade none of whose orders were accepted.
    Dropped {
        /// Its number.
        trade: u64,
    },
    /// A trade ended flat.
    Closed(Box<ClosedTrade>),
    /// A warning for the user.
    Notice(Notice),
}

/// A warning for the user, kept in the history and counted in `/health`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// The account it concerns.
    pub account: String,
    /// The contract, if one is concerned.
    pub symbol: String,
    /// The alert or trade number; 0 = none.
    pub alert: u64,
    /// What happened and what the user can do.
    pub text: String,
}

/// An alert's body or key, remembered against duplicates.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number.
    pub number: u64,
    /// When it was received.
    pub at: Millis,
    /// Of its body.
    pub fingerprint: Fingerprint,
    /// The sender's key, if it gave one, with the account in front.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// It was refused: the same body may try again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub refused: bool,
    /// It is a text alert whose sender was told: the same body again is meant, not a resend.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
}

/// The sum of all records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Memory {
    /// Number of the newest alert.
    pub newest: u64,
    /// Accepted alerts whose outcome is open.
    pub alerts: BTreeMap<u64, Accepted>,
    /// Text orders of which something has left.
    #[serde(default)]
    pub orders: BTreeMap<u64, TextOrder>,
    /// Trades that are not closed.
    pub trades: BTreeMap<u64, Trade>,
    /// The newest closed trades, oldest first.
    pub closed: VecDeque<ClosedTrade>,
    /// Bodies and keys of the newest alerts, oldest first.
    pub seen: VecDeque<Seen>,
    /// Closed trades in all.
    pub closed_total: u64,
    /// Notices in all.
    pub notices_total: u64,
}

impl Memory {
    /// Takes in one record.
    pub fn apply(&mut self, record: &Record) {
        match record {
            Record::Alert(accepted) => self.accept(accepted),
            Record::Retracted { alert } => {
                self.alerts.remove(alert);
                self.seen.retain(|seen| seen.number != *alert);
            }
            Record::Told { alerts } => {
                for seen in self.seen.iter_mut().filter(|seen| alerts.contains(&seen.number)) {
                    seen.told = true;
                }
            }
            Record::Order(order) => {
                for closed in self.closed.iter_mut().filter(|closed| closed.account == order.account && closed.symbol == order.symbol) {
                    closed.overtaken = true;
                }
                self.orders.insert(order.id, (**order).clone());
            }
            Record::Verdict { alert, outcome } => {
                self.alerts.remove(alert);
                self.orders.remove(alert);
                if let (Outcome::Refused(_), Some(seen)) = (outcome, self.seen.iter_mut().find(|seen| seen.number == *alert)) {
                    seen.refused = true;
                }
            }
            Record::Trade(trade) => {
                self.trades.insert(trade.id, (**trade).clone());
            }
            Record::Dropped { trade } => {
                self.trades.remove(trade);
            }
            Record::Closed(closed) => {
                self.trades.remove(&closed.id);
                self.closed_total += 1;
                push_bounded(&mut self.closed, (**closed).clone(), CLOSED_MAX);
            }
            Record::Notice(_) => self.notices_total += 1,
        }
    }

    fn accept(&mut self, accepted: &Accepted) {
        self.newest = self.newest.max(accepted.number);
        let key = accepted.signal.key.as_ref().map(|key| format!("{}/{key}", accepted.account));
        let seen = Seen { number: accepted.number, at: accepted.at, fingerprint: accepted.fingerprint, key, refused: false, told: false };
        push_bounded(&mut self.seen, seen, SEEN_MAX);
        self.alerts.insert(accepted.number, accepted.clone());
    }
}

fn push_bounded<T>(list: &mut VecDeque<T>, item: T, max: usize) {
    if list.len() >= max {
        list.pop_front();
    }
    list.push_back(item);
}
