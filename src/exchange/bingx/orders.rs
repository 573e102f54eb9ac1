//! How orders and guards are sent.

use super::wire::{self, Ack, Named, One, Reply};
use super::{BingX, ORDER};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Result};
use crate::exchange::orders::{guard_taken, taken};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, ClientId, NewOrder, OrderKind, OrderState, Protection, Side, Symbol};

impl BingX {
    /// What plain and conditional orders have in common. The half is always named: without it an order counts as long.
    fn common_params(&self, symbol: &Symbol, side: Side, action: Action, id: &ClientId) -> Params {
        // In hedge mode direction and half say it, and the flag is refused.
        let reduces = (action == Action::Close && !self.hedge).then_some("true");
        Params::of(symbol)
            .with("side", wire::direction_word(side, action))
            .with("positionSide", wire::half_word(side, self.hedge))
            .with_some("reduceOnly", reduces)
            .with("clientOrderId", id.as_str())
    }

    fn order_params(&self, order: &NewOrder) -> Params {
        let params = self.common_params(&order.symbol, order.side, order.action, &order.id).with_decimal("quantity", order.qty);
        match order.kind {
            OrderKind::Market => params.with("type", "MARKET"),
            OrderKind::Limit { price } => params.with("type", "LIMIT").with("timeInForce", "GTC").with_decimal("price", price),
        }
    }

    fn guard_params(&self, protection: &Protection) -> Params {
        self.common_params(&protection.symbol, protection.side, Action::Close, &protection.id)
            .with("type", wire::guard_word(protection.kind))
            .with_decimal("stopPrice", protection.trigger_price)
            .with_decimal("quantity", protection.qty)
            .with("workingType", wire::trigger_word(protection.by))
    }

    /// Past the closed endpoints: while this one is, nothing of the account can be opened, closed or protected, and all of it
    /// waits.
    fn send(&mut self, params: Params) -> Result<(Named<Ack>, Attempt)> {
        let (reply, attempt) = self.session.call_with_attempt::<Reply<One<Named<Ack>>>>(&Call::query("POST", ORDER, params))?;
        Ok((reply.data.order, attempt))
    }

    /// A limit order that nobody answers for may rest without a name: what was sent is remembered.
    pub(super) fn place_one(&mut self, order: &NewOrder) -> Result<OrderState> {
        let sent_at = self.session.now();
        let result = self.placed(order);
        if matches!(result, Err(ExchangeError::Unknown { .. })) && order.kind != OrderKind::Market {
            self.given.lose(&order.id, taken(order, sent_at));
        }
        result
    }

    fn placed(&mut self, order: &NewOrder) -> Result<OrderState> {
        let (ack, attempt) = self.send(self.order_params(order))?;
        let kind = if order.kind == OrderKind::Market { "MARKET" } else { "LIMIT" };
        let what = (order.symbol.as_str(), wire::direction_word(order.side, order.action), kind);
        ack.check(order.id.as_str(), what, &attempt)?;
        self.note(&order.id, &ack);
        Ok(taken(order, 0))
    }

    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        let (ack, attempt) = self.send(self.guard_params(protection))?;
        let direction = wire::direction_word(protection.side, Action::Close);
        ack.check(protection.id.as_str(), (protection.symbol.as_str(), direction, wire::guard_word(protection.kind)), &attempt)?;
        self.note(&protection.id, &ack);
        Ok(guard_taken(protection, protection.qty, 0))
    }

    /// Whatever name the answer has, the number is what holds.
    fn note(&mut self, id: &ClientId, ack: &Named<Ack>) {
        if !ack.number().is_empty() {
            self.given.note(id, ack.number());
        }
    }
}
