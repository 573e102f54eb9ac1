//! Exchanges may show a position late. After an order of ours we know what it must be, and take nothing older for news.

use super::TextOrder;
use crate::desk::account::Account;
use crate::market::{Decimal, Millis, Position, SECOND_MS, Side, Symbol};

/// How long the exchange may show a position as it was before our order filled.
const LATE_POSITION_MS: Millis = 5 * SECOND_MS;

/// What a position must be once the exchange has caught up with our orders.
#[derive(Clone, Debug)]
pub(in crate::desk) struct Expected {
    /// Quantity of each side; `None`: it is not known, only that it may be shown late.
    held: Option<Vec<(Side, Decimal)>>,
    until: Millis,
}

/// Remembers what the positions of the contract must be after this order, and tells it as far as it is known.
pub(super) fn expect(account: &mut Account, order: &TextOrder, now: Millis) -> Vec<(Side, Decimal)> {
    let until = order.live.filled_at.max(now.saturating_sub(LATE_POSITION_MS)) + LATE_POSITION_MS;
    let held = expected(order, account.is_hedge(&order.symbol));
    account.expected.retain(|_, expected| expected.until > now);
    account.expected.insert(order.symbol.clone(), Expected { held: held.clone(), until });
    held.unwrap_or_default()
}

/// What each side must hold after this order, if it is known what was there before.
pub(super) fn expected(order: &TextOrder, hedge: bool) -> Option<Vec<(Side, Decimal)>> {
    let mut held = order.before.clone()?;
    let running = order.ticket.as_ref().map_or(Decimal::ZERO, |ticket| ticket.filled);
    let current = order.leg().cloned();
    for leg in order.legs.iter().flatten() {
        let filled = leg.done + if current.as_ref() == Some(leg) { running } else { Decimal::ZERO };
        let (mine, other): (Vec<_>, Vec<_>) = held.iter().copied().partition(|(side, _)| *side == leg.side);
        let (mine, other) = (mine.first()?.1, other.first()?.1);
        let (mine, other) = match (leg.opens(), hedge) {
            (false, _) => ((mine - filled).max(Decimal::ZERO), other),
            (true, true) => (mine + filled, other),
            // One-way: what opens against the other side takes that down first.
            (true, false) => (mine + (filled - other).max(Decimal::ZERO), (other - filled).max(Decimal::ZERO)),
        };
        held = vec![(leg.side, mine), (leg.side.other(), other)];
    }
    Some(held)
}

/// Whether a read of positions may still be from before our last order.
pub(in crate::desk) fn shows_late(account: &Account, symbol: &Symbol, rows: &[Position], now: Millis) -> bool {
    let Some(expected) = account.expected.get(symbol).filter(|expected| now < expected.until) else { return false };
    expected.held.as_ref().is_none_or(|expected| differs(expected, symbol, rows))
}

/// Whether a side holds something else than that.
pub(super) fn differs(expected: &[(Side, Decimal)], symbol: &Symbol, rows: &[Position]) -> bool {
    expected.iter().any(|(side, _)| !grown(expected, *side, symbol, rows).is_zero())
}

/// How much more (or, negative, less) than that a side holds.
pub(super) fn grown(expected: &[(Side, Decimal)], side: Side, symbol: &Symbol, rows: &[Position]) -> Decimal {
    let held: Decimal = rows.iter().filter(|row| row.symbol == *symbol && row.side == side).map(|row| row.qty).sum();
    held - expected.iter().filter(|(of, _)| *of == side).map(|(_, qty)| *qty).sum::<Decimal>()
}

impl Expected {
    /// After a restart nothing is known, only that a fill may be shown late.
    pub(in crate::desk) fn unknown(now: Millis) -> Expected {
        Expected { held: None, until: now + LATE_POSITION_MS }
    }
}
