//! The nouns everyone shares: symbols, instruments, orders, positions, and the arithmetic of sizes and prices.
//!
//! Plain data, no I/O of any kind. Quantities are in base coin, prices in quote coin, both exact decimals; what an
//! exchange counts in contracts or lots is converted by its adapter. Rounding happens in [`sizing`] and nowhere else.

mod id;
mod instrument;
mod order;
pub mod sizing;

pub use id::{CUSTOM_CHARS, ClientId, ID_LEN, Installation, Leg};
pub use instrument::{Instrument, Instruments, Symbol};
pub use order::{
    Action, Balance, Fill, Guarded, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Position, Protection,
    ProtectionKind, Quote, Side, Terms, Trigger, TriggerBy,
};
pub use rust_decimal::Decimal;

/// Milliseconds since 1970-01-01 UTC.
pub type Millis = u64;

/// One second, in the unit of [`Millis`].
pub const SECOND_MS: Millis = 1000;
