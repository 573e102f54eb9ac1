//! What every adapter does with orders, answers and executions, whatever its exchange calls them.

use super::attempt::Attempt;
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use crate::market::{
    Action, ClientId, Decimal, Fill, Guarded, Instruments, Millis, NewOrder, OrderKind, OrderState, OrderStatus, Protection, Quote, Side,
    Symbol, Terms,
};

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

/// An answer must name the order it was asked for.
pub(crate) fn own(state: OrderState, id: &ClientId, attempt: &Attempt) -> Result<OrderState> {
    if state.id == id.as_str() { Ok(state) } else { Err(attempt.unknown("the answer names another order")) }
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

/// Remembers one setting that was made; "already so" is success. After a failure the leverage is not known any more: of
/// two halves one may have been set, or another value than was asked for. A margin mode is doubted only when it may have
/// been changed.
pub(crate) fn change(known: &mut Known, symbol: &Symbol, so: Terms, done: Result<()>) -> Result<()> {
    match done {
        Ok(()) => {}
        Err(error) if error.reason() == Some(Reason::NoChangeNeeded) => {}
        Err(error @ ExchangeError::NeverSent(_)) => return Err(error),
        Err(error) => {
            let open = matches!(error, ExchangeError::Unknown { .. });
            let margin_mode = known.get(symbol).margin_mode.filter(|mode| !open || so.margin_mode == Some(*mode));
            known.set(symbol, Terms { leverage: None, margin_mode });
            return Err(error);
        }
    }
    known.set(symbol, so);
    Ok(())
}

/// The leverage that was set must be the one that was asked for.
pub(crate) fn leverage_set(asked: u32, set: u32) -> Result<()> {
    if set == asked {
        return Ok(());
    }
    Err(ExchangeError::refused(Reason::Leverage, format!("asked for leverage {asked}, the exchange set {set}")))
}

/// An order of which nothing is known but that it was taken; `created_at` is our time.
pub(crate) fn taken(order: &NewOrder, created_at: Millis) -> OrderState {
    OrderState {
        id: order.id.as_str().to_owned(),
        symbol: order.symbol.clone(),
        side: order.side,
        opens: order.action == Action::Open,
        conditional: false,
        guards: None,
        status: OrderStatus::Taken,
        qty: order.qty,
        filled: Decimal::ZERO,
        avg_price: Decimal::ZERO,
        price: match order.kind {
            OrderKind::Market => Decimal::ZERO,
            OrderKind::Limit { price } => price,
        },
        created_at,
    }
}

/// The same of a stop or a target; `qty` is zero for one that covers the position.
pub(crate) fn guard_taken(protection: &Protection, qty: Decimal, created_at: Millis) -> OrderState {
    let state = guard_state(&protection.symbol, guarded(protection), OrderStatus::Taken, created_at);
    OrderState { id: protection.id.as_str().to_owned(), qty, ..state }
}

/// A stop or a target without name and quantity, as an attribute of its position is.
pub(crate) fn guard_state(symbol: &Symbol, guard: Guarded, status: OrderStatus, created_at: Millis) -> OrderState {
    OrderState {
        id: String::new(),
        symbol: symbol.clone(),
        side: guard.side,
        opens: false,
        conditional: true,
        guards: Some(guard.kind),
        status,
        qty: Decimal::ZERO,
        filled: Decimal::ZERO,
        avg_price: Decimal::ZERO,
        price: guard.trigger_price,
        created_at,
    }
}

/// What a stop or a target does, which tells it apart where it has no name.
pub(crate) fn guarded(protection: &Protection) -> Guarded {
    Guarded { side: protection.side, kind: protection.kind, trigger_price: protection.trigger_price }
}

/// What an execution cost in the account's coin, and whether it was paid in another one: what that was worth is not said.
pub(crate) fn fee(paid: Decimal, is_ours: bool) -> (Decimal, bool) {
    let elsewhere = !is_ours && !paid.is_zero();
    (if elsewhere { Decimal::ZERO } else { paid }, elsewhere)
}

/// Best bid and ask of a book that has both: at a price of zero nothing could be sized or bounded.
pub(crate) fn quote(bid: Decimal, ask: Decimal, symbol: &Symbol) -> Result<Quote> {
    if bid > Decimal::ZERO && ask > Decimal::ZERO {
        return Ok(Quote { bid, ask });
    }
    Err(ExchangeError::refused(Reason::PriceBand, format!("nobody bids for {symbol}, or nobody offers it")))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::market::MarginMode::{self, Cross, Isolated};

    fn terms(leverage: Option<u32>, mode: MarginMode) -> Terms {
        Terms { leverage, margin_mode: Some(mode) }
    }

    #[test]
    fn after_a_setting_that_failed_the_leverage_is_not_known() {
        let eth = Symbol::new("ETHUSDT");
        let refused = |reason| Err(ExchangeError::refused(reason, "no"));
        let lost = || Err(ExchangeError::Unknown { detail: "cable cut".to_owned(), fence: 0 });
        let never = || Err(ExchangeError::NeverSent("no network".to_owned()));
        let cases = [
            (terms(Some(20), Cross), Ok(()), terms(Some(20), Cross)),
            (terms(Some(20), Cross), refused(Reason::NoChangeNeeded), terms(Some(20), Cross)),
            (terms(Some(20), Cross), never(), terms(Some(5), Cross)),
            (terms(Some(20), Cross), refused(Reason::Leverage), terms(None, Cross)),
            (terms(Some(20), Cross), lost(), terms(None, Cross)),
            // A margin mode that was refused is the old one; one that may have been set is not known.
            (terms(None, Isolated), refused(Reason::SettingBlocked), terms(None, Cross)),
            (terms(None, Isolated), lost(), Terms::default()),
        ];
        for (at, (so, done, left)) in cases.into_iter().enumerate() {
            let mut known = Known::default();
            known.set(&eth, terms(Some(5), Cross));
            let fine = matches!(at, 0 | 1);
            assert_eq!(change(&mut known, &eth, so, done).is_ok(), fine, "case {at}");
            assert_eq!(known.get(&eth), left, "case {at}");
        }
    }

    #[test]
    fn a_book_of_one_side_has_no_quote() {
        let eth = Symbol::new("ETHUSDT");
        let (two, none, less) = (Decimal::TWO, Decimal::ZERO, Decimal::NEGATIVE_ONE);
        assert_eq!(quote(Decimal::ONE, two, &eth), Ok(Quote { bid: Decimal::ONE, ask: two }));
        for (bid, ask) in [(none, two), (two, none), (none, none), (less, two), (two, less)] {
            assert_eq!(quote(bid, ask, &eth).unwrap_err().reason(), Some(Reason::PriceBand), "{bid} {ask}");
        }
    }
}
