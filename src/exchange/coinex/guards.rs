//! Stops and targets: attributes of a position, which no order of a list shows. A position has one of each that covers
//! it, whoever set it; what tells ours apart is its price.

use super::{CoinEx, of, wire};
use crate::exchange::error::{ExchangeError, Reason, Refusal, Result};
use crate::exchange::orders::{found, guard_state, guarded};
use crate::exchange::session::Call;
use crate::market::{Guarded, OrderState, OrderStatus, Protection, ProtectionKind, Side, Symbol};

/// How the two are spelled.
struct Names {
    set: &'static str,
    cancel: &'static str,
    price: &'static str,
    by: &'static str,
    number: &'static str,
}

fn names(kind: ProtectionKind) -> Names {
    match kind {
        ProtectionKind::StopLoss => Names {
            set: "/v2/futures/set-position-stop-loss",
            cancel: "/v2/futures/cancel-position-stop-loss",
            price: "stop_loss_price",
            by: "stop_loss_type",
            number: "stop_loss_id",
        },
        ProtectionKind::TakeProfit => Names {
            set: "/v2/futures/set-position-take-profit",
            cancel: "/v2/futures/cancel-position-take-profit",
            price: "take_profit_price",
            by: "take_profit_type",
            number: "take_profit_id",
        },
    }
}

impl CoinEx {
    /// Sets one of the two for the whole position. What is there already of its kind is overwritten. The call names no
    /// side: the answer shows which position took it.
    pub(super) fn set_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        let names = names(protection.kind);
        let params =
            of(&protection.symbol).with(names.by, wire::trigger_word(protection.by)).with_decimal(names.price, protection.trigger_price);
        let guard = guarded(protection);
        let sent = self.session.call_with_attempt::<wire::Reply<wire::PositionRow>>(&Call::post(names.set, &params));
        let (reply, attempt) = sent.map_err(|error| self.explained(protection, error))?;
        let row = reply.data;
        if row.market != protection.symbol.as_str() || row.guard(guard).is_none() {
            return Err(attempt.unknown("the position in the answer does not have it"));
        }
        Ok(guard_state(&protection.symbol, guard, OrderStatus::Resting, self.session.now()))
    }

    /// What the position says of it: there, replaced or removed, or gone with the position.
    pub(super) fn guard_order(&mut self, symbol: &Symbol, guard: Guarded) -> Result<OrderState> {
        let row = self.row_of(symbol)?;
        let status = match row.filter(|row| row.holds(guard.side)) {
            Some(row) if row.guard(guard).is_some() => OrderStatus::Resting,
            Some(_) => OrderStatus::Canceled,
            None => OrderStatus::Expired,
        };
        Ok(guard_state(symbol, guard, status, 0))
    }

    /// Removes it if the price is ours: what stands there otherwise is another's.
    pub(super) fn clear_guard(&mut self, symbol: &Symbol, guard: Guarded) -> Result<()> {
        let row = self.row_of(symbol).map_err(ExchangeError::nothing_sent)?;
        let gone = || ExchangeError::refused(Reason::UnknownOrder, "the position has no stop or target at this price");
        let ours = row.and_then(|row| row.guard(guard)).ok_or_else(gone)?;
        match self.cancel_attributes(symbol, guard.kind, ours.number()) {
            // It fired, or went with its position, since we looked.
            Err(error) if error.reason() == Some(Reason::NoPosition) => Err(gone()),
            other => other,
        }
    }

    /// Removes one of a kind, or without a number all of them.
    pub(super) fn cancel_attributes(&mut self, symbol: &Symbol, kind: ProtectionKind, number: Option<i64>) -> Result<()> {
        let names = names(kind);
        let params = of(symbol).with_some(names.number, number);
        self.session.call::<wire::Done>(&Call::post(names.cancel, &params)).map(drop)
    }

    /// A price on the wrong side of the market is refused with a code that says no more than that something is wrong: the
    /// market tells.
    fn explained(&mut self, protection: &Protection, error: ExchangeError) -> ExchangeError {
        let ExchangeError::Refused(refusal) = error else { return error };
        let is_vague = matches!(refusal.reason, Reason::Other | Reason::BadRequest | Reason::Precision | Reason::PriceBand);
        if is_vague && self.is_passed(protection).unwrap_or(false) {
            return ExchangeError::Refused(Refusal { reason: Reason::WouldTrigger, ..refusal });
        }
        ExchangeError::Refused(refusal)
    }

    fn is_passed(&mut self, protection: &Protection) -> Result<bool> {
        let params = crate::exchange::params::Params::new().with("market", protection.symbol.as_str());
        let reply: wire::Reply<Vec<wire::TickerRow>> = self.session.call(&Call::public("/v2/futures/ticker", params))?;
        let Some(price) = reply.data.first().map(|row| row.price(protection.by)) else { return Ok(false) };
        Ok(price == protection.trigger_price || fires_on(protection).is_worse(price, protection.trigger_price))
    }

    /// Whatever stops and targets the position has, for all of it or for a part.
    pub(super) fn cancel_guards(&mut self, symbol: &Symbol) -> Result<()> {
        let Some(row) = self.row_of(symbol)? else { return Ok(()) };
        for kind in ProtectionKind::ALL {
            if row.attributes(kind).is_empty() {
                continue;
            }
            match self.cancel_attributes(symbol, kind, None) {
                // They went with their position since we looked.
                Err(error) if error.reason() == Some(Reason::NoPosition) => {}
                other => drop(found(other)?),
            }
        }
        Ok(())
    }
}

/// A stop fires where its position loses, a target where the other side would.
fn fires_on(protection: &Protection) -> Side {
    match protection.kind {
        ProtectionKind::StopLoss => protection.side,
        ProtectionKind::TakeProfit => protection.side.other(),
    }
}
