//! Listener, guard round async-h1, routes. Knows nothing of orders: what an alert leads to is the daemon's word.
//!
//! A request's way: `listener` seats the connection, `guard` reads bytes against limits with `head`'s judgement, `request` lets
//! async-h1 decode what is clean, `routes` asks the daemon, `answer` words and encodes it.

mod answer;
mod connections;
mod guard;
mod head;
mod health;
mod listener;
mod request;
mod routes;
mod strangers;
mod whook;

use std::net::IpAddr;

use crate::alert::Signal;

pub use guard::Limits;
pub use health::Health;
pub use listener::serve;
pub use routes::Routes;

/// What the web room hands to the daemon, with a place for the answer.
#[derive(Debug)]
pub struct Inbound {
    /// What came in.
    pub message: Message,
    /// Who sent it, as far as the socket (or nginx on loopback) tells.
    pub peer: IpAddr,
    /// Where the verdict goes; dropped without one when the daemon is gone.
    pub respond: smol::channel::Sender<Verdict>,
}

/// Messages of authorised senders.
#[derive(Debug)]
pub enum Message {
    /// A readable, authorised JSON alert.
    Alert {
        /// What it asks.
        signal: Signal,
        /// First 16 bytes of the SHA-256 of the body: the same body is the same alert.
        fingerprint: [u8; 16],
    },
    /// The readable lines of an authorised text alert, in their order.
    Lines {
        /// What each asks, with the number of its line.
        lines: Vec<(usize, Signal)>,
        /// Of the whole body. A line's own is made from it and the line's number.
        fingerprint: [u8; 16],
    },
    /// Whether the answer to these text alerts could be written out; nobody waits for a verdict.
    Told {
        /// Their numbers.
        alerts: Vec<u64>,
        /// The bytes of the answer were taken by the socket.
        written: bool,
    },
    /// `GET /whook?response=…`: what accounts hold.
    Report {
        /// One account, or all.
        account: Option<String>,
    },
    /// An authorised alert with a field that forbids it: answered 400 already decided, recorded for the history.
    Invalid {
        /// The reason, as answered.
        reason: String,
    },
    /// `POST /paper/price`.
    PaperPrice {
        /// Native name of the contract.
        symbol: String,
        /// The new price.
        price: crate::market::Decimal,
    },
}

/// What the daemon says to a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// On disk, number given: 200.
    Accepted {
        /// The alert's number.
        number: u64,
        /// What its sender should know, although it is taken.
        warnings: Vec<String>,
    },
    /// The same as an alert already on disk: 200.
    Duplicate(u64),
    /// Cannot be done, and never will be as it stands: 400.
    Refused {
        /// The field at fault; may be empty.
        field: String,
        /// In words.
        reason: String,
    },
    /// Not journalled: 503, come again.
    Unavailable(String),
    /// Done (paper price): 200.
    Done,
    /// To [`Message::Lines`]: one for each line, in order; none of them is of this kind again.
    Lines(Vec<Verdict>),
    /// To [`Message::Report`]: one for each account.
    Report(Vec<crate::desk::AccountReport>),
}
