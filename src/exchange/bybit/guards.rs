//! Stops and targets: attributes of a position, set by `trading-stop`. A position has one of each, whoever set it; what
//! tells ours apart is its price.

use super::{Bybit, of, wire};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{guard_state, guarded};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Guarded, OrderState, OrderStatus, Protection, ProtectionKind, Symbol};

/// How the two are spelled: the price, what it is compared with, and what they send.
struct Names {
    price: &'static str,
    by: &'static str,
    order: &'static str,
}

fn names(kind: ProtectionKind) -> Names {
    match kind {
        ProtectionKind::StopLoss => Names { price: "stopLoss", by: "slTriggerBy", order: "slOrderType" },
        ProtectionKind::TakeProfit => Names { price: "takeProfit", by: "tpTriggerBy", order: "tpOrderType" },
    }
}

impl Bybit {
    /// Sets one of the two and leaves the other as it is. What is there already is overwritten.
    pub(super) fn set_guard(&mut self, protection: &Protection, hedge: bool) -> Result<OrderState> {
        let names = names(protection.kind);
        let params = guard_params(&protection.symbol, wire::position_idx(protection.side, hedge))
            .with_decimal(names.price, protection.trigger_price)
            .with(names.by, wire::trigger_word(protection.by))
            .with(names.order, "Market");
        let guard = guarded(protection);
        match self.trading_stop(&params) {
            // "Not modified" is also said of a request that lacks something.
            Err(error) if error.reason() == Some(Reason::NoChangeNeeded) => self.verify(&protection.symbol, guard, error)?,
            other => other?,
        }
        Ok(guard_state(&protection.symbol, guard, OrderStatus::Resting, self.session.now()))
    }

    /// What the position says of it: there, replaced or removed, or gone with the position. `None` when it says nothing.
    pub(super) fn guard_order(&mut self, symbol: &Symbol, guard: Guarded) -> Result<Option<OrderState>> {
        let rows = self.rows_of(symbol)?;
        let status = match rows.iter().find(|row| row.holds(guard.side)) {
            Some(row) if row.guard(guard.kind) == guard.trigger_price => OrderStatus::Resting,
            Some(_) => OrderStatus::Canceled,
            None => OrderStatus::Expired,
        };
        Ok((!rows.is_empty()).then(|| guard_state(symbol, guard, status, 0)))
    }

    /// Removes it if the price is ours: what stands there otherwise is another's.
    pub(super) fn clear_guard(&mut self, symbol: &Symbol, guard: Guarded) -> Result<()> {
        let rows = self.rows_of(symbol).map_err(ExchangeError::nothing_sent)?;
        let ours = rows.iter().find(|row| row.holds(guard.side) && row.guard(guard.kind) == guard.trigger_price);
        let gone = || ExchangeError::refused(Reason::UnknownOrder, "the position has no stop or target at this price");
        let params = guard_params(symbol, ours.ok_or_else(gone)?.position_idx).with(names(guard.kind).price, "0");
        match self.trading_stop(&params) {
            // It fired or was removed since we looked.
            Err(error) if matches!(error.reason(), Some(Reason::NoChangeNeeded | Reason::NoPosition)) => Err(gone()),
            other => other,
        }
    }

    fn trading_stop(&mut self, params: &Params) -> Result<()> {
        self.session.call::<wire::Done>(&Call::post("/v5/position/trading-stop", params)).map(drop)
    }

    /// Nothing was changed: good if the position has what was wanted, refused otherwise.
    fn verify(&mut self, symbol: &Symbol, guard: Guarded, unchanged: ExchangeError) -> Result<()> {
        match self.guard_order(symbol, guard)?.map(|state| state.status) {
            Some(OrderStatus::Resting) => Ok(()),
            Some(OrderStatus::Expired) => Err(ExchangeError::refused(Reason::NoPosition, unchanged.to_string())),
            _ => Err(ExchangeError::refused(Reason::Other, format!("{unchanged}, yet it is not there"))),
        }
    }
}

/// For the whole position, whatever it grows to.
fn guard_params(symbol: &Symbol, position_idx: i64) -> Params {
    of(symbol).with("tpslMode", "Full").with("positionIdx", position_idx)
}
