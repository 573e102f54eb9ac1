//! What was executed. Executions have neither id nor direction: each learns from its order what it was, so every order behind
//! them is asked for once. What was learned is kept, so that a question with many orders goes on where it stopped: one call
//! must not hold up the account's stops and closes for long.

use std::collections::{BTreeSet, VecDeque};

use super::BingX;
use super::wire::{Fills, Reply, Role};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{found, in_order};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Fill, Millis, Symbol};

/// Longest time one question about executions spans; the documentation of orders allows no more.
const SPAN_MS: Millis = 7 * 24 * 3600 * 1000;
/// Most such spans for one question: three months.
pub(super) const SPANS_MAX: usize = 13;
/// Most orders that one call asks what their executions were.
pub(super) const ORDERS_MAX: usize = 20;
/// After so many that the exchange does not know no more are asked: twenty equal errors in eight minutes close an endpoint.
pub(super) const UNKNOWN_MAX: usize = 5;
/// Most orders that are remembered; the oldest goes first.
const LEARNED_MAX: usize = 256;

/// What orders were, by the exchange's number; `None` of one that it does not know.
#[derive(Debug, Default)]
pub(super) struct Learned(VecDeque<(String, Option<Role>)>);

impl Learned {
    fn get(&self, number: &str) -> Option<Option<Role>> {
        self.0.iter().find(|(known, _)| known == number).map(|(_, role)| *role)
    }

    fn note(&mut self, number: &str, role: Option<Role>) {
        if self.0.len() >= LEARNED_MAX {
            self.0.pop_front();
        }
        self.0.push_back((number.to_owned(), role));
    }
}

/// How far one call has come.
#[derive(Default)]
struct Progress {
    asked: usize,
    unknown: BTreeSet<String>,
}

impl BingX {
    /// Executions since a time.
    ///
    /// # Errors
    /// [`Reason::Other`]: too many orders for one call; the next one carries on.
    pub(super) fn executions(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let offset_ms = self.session.offset_ms();
        let until = self.session.now().saturating_add_signed(offset_ms);
        let mut from = since.saturating_add_signed(offset_ms);
        let (mut progress, mut fills) = (Progress::default(), Vec::new());
        for _ in 0..SPANS_MAX {
            let next = from.saturating_add(SPAN_MS);
            let to = next.saturating_sub(1).min(until.max(from));
            let query = Params::of(symbol).with("tradingUnit", "COIN").with("startTs", from).with("endTs", to);
            let (page, attempt) = self.call::<Reply<Fills>>(&Call::get("/openApi/swap/v2/trade/allFillOrders", query))?;
            for row in page.data.fill_orders.0.into_iter().filter(|row| row.is_of(symbol)) {
                let Some(role) = self.role(symbol, &row.order_id, &mut progress)? else { continue };
                let fill = row.fill(role, &[&self.purse, &self.settle], offset_ms);
                let fill = fill.map_err(|error| attempt.unreadable(&error))?;
                // Rows that look alike are executions of their own: there is nothing to tell them apart by. Their times may
                // be whole seconds, and what closes a position comes after what opened it.
                fills.push(((role.closes, fills.len()), fill));
            }
            from = next;
            if from > until {
                return Ok(in_order(fills));
            }
        }
        log::warn!("{symbol}: fills since {since} reach back too far, only the first {} are counted", fills.len());
        Ok(in_order(fills))
    }

    /// What an order that was executed was. It is asked for, unless it is known already, or too many were unknown.
    fn role(&mut self, symbol: &Symbol, number: &str, progress: &mut Progress) -> Result<Option<Role>> {
        let can_ask = !matches!(number, "" | "0") && progress.unknown.len() < UNKNOWN_MAX;
        let role = match self.learned.get(number) {
            Some(role) => role,
            None if !can_ask => None,
            None if progress.asked == ORDERS_MAX => {
                return Err(ExchangeError::refused(Reason::Other, "not all orders behind the executions are read yet"));
            }
            None => {
                progress.asked += 1;
                let row = found(self.row(symbol, "orderId", number))?.filter(|(row, _)| row.number() == number);
                let role = row.map(|(row, _)| row.row.role());
                self.learned.note(number, role);
                role
            }
        };
        if role.is_none() && progress.unknown.insert(number.to_owned()) {
            log::warn!("{symbol}: what order {number} did is not counted: nothing more is known of it");
        }
        Ok(role)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_orders_learned_last_are_remembered() {
        let mut learned = Learned::default();
        (0..=LEARNED_MAX).for_each(|number| learned.note(&number.to_string(), None));
        assert_eq!((learned.get("0").is_some(), learned.get("1").is_some(), learned.0.len()), (false, true, LEARNED_MAX));
    }
}
