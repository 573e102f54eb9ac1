//! The paper exchange.

mod book;
pub mod contracts;
mod market;
mod matching;
mod order;
mod shelf;

pub use book::{Book, CONDITIONALS_MAX, Knobs, OPEN_ORDERS_MAX, PRICE_MAX, QTY_MAX, START_BALANCE};
pub use market::{Held, Market};
pub use order::{
    Amount, Conditional, ConditionalStatus, Denial, Effect, NakedSpan, NewConditional, NewPlain, Obstacle, Order, TimeInForce, Trade,
};
