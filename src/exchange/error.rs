//! What happened to an order that did not simply succeed. The safety of the daemon hangs on telling the three
//! families apart: refused (nothing happened), never sent (nothing left this machine), unknown (ask before anything else).

use std::fmt;

use crate::market::Millis;

/// Result of a call on an exchange.
pub type Result<T> = std::result::Result<T, ExchangeError>;

/// Why a call did not succeed, told by what it means for the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExchangeError {
    /// The exchange said no: nothing happened.
    Refused(Refusal),
    /// Not one byte left this machine: safe to send again.
    NeverSent(String),
    /// Sent, but no trustworthy answer: the order may exist, now or until the fence.
    Unknown {
        /// What was seen instead of an answer.
        detail: String,
        /// Our time after which an order the exchange still does not know can no longer be executed.
        fence: Millis,
    },
}

/// A definite no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The class, shared by all exchanges.
    pub reason: Reason,
    /// The exchange's own code, as text; empty when it has none.
    pub code: String,
    /// The exchange's own words, shortened.
    pub message: String,
}

/// Classes of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too little margin.
    InsufficientBalance,
    /// A trigger price that is already passed, or a post-only order that would take.
    WouldTrigger,
    /// Reduce-only or position-bound order without a position (or: not seen yet).
    NoPosition,
    /// A protective order of this kind is already there.
    AlreadyProtected,
    /// Quantity below the minimum.
    MinSize,
    /// Value below the minimum.
    MinNotional,
    /// Quantity above the maximum.
    MaxSize,
    /// Too many digits, off the tick or the step.
    Precision,
    /// Too far from the market, or the book is too thin.
    PriceBand,
    /// Leverage not allowed.
    Leverage,
    /// Margin or position mode cannot be changed now.
    SettingBlocked,
    /// Key, secret, signature or permission is wrong.
    Credentials,
    /// This address may not use the key.
    IpNotAllowed,
    /// The account may not open (cooling-off, region, liquidation, agreement missing).
    AccountRestricted,
    /// Our clock and the exchange's differ too much.
    ClockSkew,
    /// No call of this kind before that time.
    RateLimited {
        /// Our time.
        until: Millis,
    },
    /// No call at all before that time, or the ban grows.
    Banned {
        /// Our time.
        until: Millis,
    },
    /// Overloaded; surely not executed.
    Busy,
    /// Down for maintenance.
    Maintenance,
    /// No such contract, or it does not trade.
    SymbolUnknown,
    /// The order does not fit one-way or hedge mode: the mode must be read again.
    PositionMode,
    /// An open order has this client id already.
    DuplicateClientId,
    /// No such order (any more, or yet).
    UnknownOrder,
    /// Nothing to change: success under another name.
    NoChangeNeeded,
    /// Limit of open orders reached.
    TooManyOrders,
    /// The request itself is wrong: a mistake of ours.
    BadRequest,
    /// Anything else; an exchange adds codes without asking us.
    Other,
}

impl Reason {
    /// Whether waiting alone may cure it.
    pub fn is_transient(self) -> bool {
        matches!(self, Reason::RateLimited { .. } | Reason::Banned { .. } | Reason::Busy | Reason::Maintenance | Reason::ClockSkew)
    }

    /// The class in words, for logs and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InsufficientBalance => "insufficient balance",
            Reason::WouldTrigger => "price already passed",
            Reason::NoPosition => "no position",
            Reason::AlreadyProtected => "already protected",
            Reason::MinSize => "below minimum quantity",
            Reason::MinNotional => "below minimum value",
            Reason::MaxSize => "above maximum quantity",
            Reason::Precision => "too many digits",
            Reason::PriceBand => "outside the price band",
            Reason::Leverage => "leverage not allowed",
            Reason::SettingBlocked => "setting blocked by orders or a position",
            Reason::Credentials => "key, secret or permission refused",
            Reason::IpNotAllowed => "this address may not use the key",
            Reason::AccountRestricted => "account restricted",
            Reason::ClockSkew => "clock skew",
            Reason::RateLimited { .. } => "rate limited",
            Reason::Banned { .. } => "banned for now",
            Reason::Busy => "exchange busy",
            Reason::Maintenance => "maintenance",
            Reason::SymbolUnknown => "no such contract, or not trading",
            Reason::PositionMode => "does not fit the position mode",
            Reason::DuplicateClientId => "client order id already open",
            Reason::UnknownOrder => "unknown order",
            Reason::NoChangeNeeded => "nothing to change",
            Reason::TooManyOrders => "too many open orders",
            Reason::BadRequest => "malformed request",
            Reason::Other => "refused",
        }
    }
}

impl ExchangeError {
    /// A refusal made here, without the exchange's words.
    pub fn refused(reason: Reason, message: impl Into<String>) -> ExchangeError {
        ExchangeError::Refused(Refusal { reason, code: String::new(), message: message.into() })
    }

    /// The same of a question that came before the call that would have changed something: of that one, not a byte left.
    pub(crate) fn nothing_sent(self) -> ExchangeError {
        match self {
            ExchangeError::Unknown { detail, .. } => ExchangeError::NeverSent(detail),
            other => other,
        }
    }

    /// The refusal's class, if it is one.
    pub fn reason(&self) -> Option<Reason> {
        match self {
            ExchangeError::Refused(refusal) => Some(refusal.reason),
            _ => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.reason.as_str())?;
        match (self.code.as_str(), self.message.as_str()) {
            ("", "") => Ok(()),
            ("", message) => write!(f, ": {message}"),
            (code, message) => write!(f, " ({code}): {message}"),
        }
    }
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::Refused(refusal) => write!(f, "refused: {refusal}"),
            ExchangeError::NeverSent(detail) => write!(f, "never sent: {detail}"),
            ExchangeError::Unknown { detail, .. } => write!(f, "outcome unknown: {detail}"),
        }
    }
}

impl std::error::Error for ExchangeError {}
