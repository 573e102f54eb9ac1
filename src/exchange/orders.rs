//! What every adapter does with orders, answers and executions, whatever its exchange calls them.

use super::attempt::Attempt;
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use crate::market::{Action, Fill, Instruments, Millis, NewOrder, OrderState, OrderStatus, Side, Symbol, Terms};

/// Whether an order buys: opening a long position or closing a short one.
pub(crate) fn is_buy(side: Side, action: Action) -> bool {
    (side == Side::Long) == (action == Action::Open)
}

/// Which position an order acts on, and whether it builds it up. One-way accounts tell it by direction and reduce-only.
pub(crate) fn acts_on(buy: bool, half: Option<Side>, reduces: bool) -> (Side, bool) {
    let built = if buy { Side::Long } else { Side::Short };
    match half {
        Some(side) => (side, side == built && !reduces),
        None if reduces => (built.other(), false),
        None => (built, true),
    }
}

/// An acknowledgement must name the order it was asked for.
pub(crate) fn own(state: OrderState, order: &NewOrder, attempt: &Attempt) -> Result<OrderState> {
    if state.id == order.id.as_str() { Ok(state) } else { Err(attempt.unknown("the answer names another order")) }
}

/// Turns "no such order" into `None`.
pub(crate) fn found<T>(reply: Result<T>) -> Result<Option<T>> {
    match reply {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.reason() == Some(Reason::UnknownOrder) => Ok(None),
        Err(error) => Err(error),
    }
}

/// A triggered conditional order, completed by what the plain order it became says.
pub(crate) fn with_child(guard: OrderState, child: OrderState) -> OrderState {
    let status = if child.status.is_final() { child.status } else { OrderStatus::Triggered };
    OrderState { status, filled: child.filled, avg_price: child.avg_price, ..guard }
}

/// Remembers one setting that was made; "already so" is success. After an open outcome nothing is taken for known.
pub(crate) fn change(known: &mut Known, symbol: &Symbol, so: Terms, done: Result<()>) -> Result<()> {
    match done {
        Err(error) if error.reason() == Some(Reason::NoChangeNeeded) => known.set(symbol, so),
        Err(error) => {
            if matches!(error, ExchangeError::Unknown { .. }) {
                known.set(symbol, Terms::default());
            }
            return Err(error);
        }
        Ok(()) => known.set(symbol, so),
    }
    Ok(())
}

/// Executions with the exchange's own names for them: oldest first, each once.
pub(crate) fn in_order<K: Ord>(mut fills: Vec<(K, Fill)>) -> Vec<Fill> {
    fills.sort_by(|(a, first), (b, second)| (first.at, a).cmp(&(second.at, b)));
    fills.dedup_by(|(a, _), (b, _)| a == b);
    fills.into_iter().map(|(_, fill)| fill).collect()
}

/// A time of the exchange's clock in ours; zero stays "not said".
pub(crate) fn our_time(time: Millis, offset_ms: i64) -> Millis {
    if time == 0 { 0 } else { time.saturating_add_signed(offset_ms.saturating_neg()) }
}

/// The name as the list of contracts holds it, so that it is kept once.
pub(crate) fn shared_name(instruments: &Instruments, name: &str) -> Symbol {
    instruments.get(name).map_or_else(|| Symbol::new(name), |instrument| instrument.symbol.clone())
}
