//! How orders and guards are sent, found again and listed.

use super::{Binance, wire};
use crate::exchange::error::{ExchangeError, Result};
use crate::exchange::orders::{found, own, with_child};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Symbol, TriggerBy};

impl Binance {
    /// The parameters of a plain order, alone or in a batch.
    fn order_params(&self, order: &NewOrder) -> Params {
        let params = Params::of(&order.symbol).with("side", wire::direction_word(order.side, order.action));
        let params = match order.kind {
            OrderKind::Market => params.with("type", "MARKET"),
            OrderKind::Limit { price } => params.with("type", "LIMIT").with("timeInForce", "GTC").with_decimal("price", price),
        };
        let params = params.with_decimal("quantity", order.qty);
        // Hedge accounts name the half and refuse reduceOnly; an order against a half only ever reduces it.
        let params = match (self.hedge, order.action) {
            (true, _) => params.with("positionSide", order.side.as_str()),
            (false, Action::Close) => params.with("reduceOnly", "true"),
            (false, Action::Open) => params,
        };
        params.with("newClientOrderId", order.id.as_str()).with("newOrderRespType", "RESULT")
    }

    fn place_one(&mut self, order: &NewOrder) -> Result<OrderState> {
        let params = self.order_params(order);
        let (reply, attempt) = self.session.call_with_attempt::<wire::PlainOrder>(&Call::query("POST", "/fapi/v1/order", params))?;
        own(reply.acknowledged(&order.symbol, attempt.offset_ms), &order.id, &attempt)
    }

    /// Answers come in the order of the request, with status 200 even when orders inside failed.
    fn place_batch(&mut self, orders: &[NewOrder]) -> Result<Vec<Result<OrderState>>> {
        let list: Vec<Params> = orders.iter().map(|order| self.order_params(order)).collect();
        let list = serde_json::to_string(&list).map_err(|error| ExchangeError::NeverSent(error.to_string()))?;
        let call = Call::query("POST", "/fapi/v1/batchOrders", Params::new().with("batchOrders", list));
        let (replies, attempt) = self.session.call_with_attempt::<wire::BatchReply>(&call)?;
        let mut replies = replies.into_iter();
        let results: Vec<Result<OrderState>> = orders
            .iter()
            .map(|order| {
                let text = replies.next().ok_or_else(|| attempt.unknown("the batch was answered only in part"))?;
                let reply: wire::PlainOrder = self.session.element(&attempt, &text)?;
                own(reply.acknowledged(&order.symbol, attempt.offset_ms), &order.id, &attempt)
            })
            .collect();
        self.session.mind_clock(&results);
        Ok(results)
    }

    /// At most one batch.
    pub(super) fn place_some(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        match orders {
            [order] => vec![self.place_one(order)],
            orders => self.place_batch(orders).unwrap_or_else(|error| vec![Err(error); orders.len()]),
        }
    }

    /// Places a stop or a target.
    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        let kind = match protection.kind {
            ProtectionKind::StopLoss => "STOP_MARKET",
            ProtectionKind::TakeProfit => "TAKE_PROFIT_MARKET",
        };
        let by = match protection.by {
            TriggerBy::Mark => "MARK_PRICE",
            TriggerBy::Last => "CONTRACT_PRICE",
        };
        let params = Params::new()
            .with("algoType", "CONDITIONAL")
            .with("symbol", protection.symbol.as_str())
            .with("side", wire::direction_word(protection.side, Action::Close))
            .with("type", kind)
            .with_decimal("triggerPrice", protection.trigger_price)
            .with("closePosition", "true")
            .with("workingType", by)
            .with("clientAlgoId", protection.id.as_str())
            .with("newOrderRespType", "RESULT");
        let params = if self.hedge { params.with("positionSide", protection.side.as_str()) } else { params };
        let (reply, attempt) = self.session.call_with_attempt::<wire::AlgoOrder>(&Call::query("POST", "/fapi/v1/algoOrder", params))?;
        own(reply.state(&protection.symbol, attempt.offset_ms), &protection.id, &attempt)
    }

    /// A plain order, or what a triggered conditional order became.
    pub(super) fn plain_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let params = Params::of(&order.symbol).with("origClientOrderId", order.id.as_str());
        let reply = self.session.call::<wire::PlainOrder>(&Call::get("/fapi/v1/order", params));
        Ok(found(reply)?.map(|reply| reply.state(&order.symbol, self.session.offset_ms())))
    }

    /// A conditional order. The single query does not always know what the list shows, and a triggered one lives on as a plain order.
    pub(super) fn guard_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let params = Params::new().with("clientAlgoId", order.id.as_str());
        let reply = self.session.call::<wire::AlgoOrder>(&Call::get("/fapi/v1/algoOrder", params));
        let algo = match found(reply)? {
            Some(reply) => Some(reply.state(&order.symbol, self.session.offset_ms())),
            None => self.open_conditional(&order.symbol)?.into_iter().find(|listed| listed.id == order.id.as_str()),
        };
        let may_have_child = algo.as_ref().is_none_or(|algo| algo.status == OrderStatus::Triggered);
        let child = if may_have_child { self.plain_order(order)? } else { None };
        Ok(match (algo, child) {
            (Some(algo), Some(child)) => Some(with_child(algo, child)),
            (None, Some(child)) => Some(with_child(OrderState { conditional: true, ..child.clone() }, child)),
            (algo, None) => algo,
        })
    }

    pub(super) fn open_conditional(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        let rows: Vec<wire::AlgoOrder> = self.session.call(&Call::get("/fapi/v1/openAlgoOrders", Params::of(symbol)))?;
        let offset_ms = self.session.offset_ms();
        Ok(rows.into_iter().map(|row| row.state(symbol, offset_ms)).collect())
    }
}
