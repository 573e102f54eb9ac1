//! The small one of two budgets of requests. What is about contracts (the `g-` paths) has a large one; everything else, the
//! history and market data too, shares a fifth of that.
//!
//! A limit met here says nothing about orders, cancels and positions: it holds back only what is counted here. While it
//! lasts, such questions are answered without being sent.

use super::errors::BLOCK_MS;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::session::Session;
use crate::market::Millis;

/// Until when the small budget is used up.
#[derive(Debug, Default)]
pub(super) struct SmallBudget {
    /// Our time.
    spent_until: Millis,
}

impl SmallBudget {
    /// Makes a call that is counted here. One that is over the limit is refused for `reason`, never as a limit of the account.
    pub(super) fn ask<T>(&mut self, session: &mut Session, reason: Reason, call: impl FnOnce(&mut Session) -> Result<T>) -> Result<T> {
        let spent = || ExchangeError::refused(reason, "no more questions beside those about contracts are allowed now");
        // A clock that was set back makes no limit longer.
        if (1..=BLOCK_MS).contains(&self.spent_until.saturating_sub(session.now())) {
            return Err(spent());
        }
        call(session).map_err(|error| match error.reason() {
            Some(Reason::RateLimited { until }) => {
                self.spent_until = until;
                spent()
            }
            _ => error,
        })
    }
}
