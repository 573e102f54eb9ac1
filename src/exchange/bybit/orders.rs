//! How plain orders are sent and found again.

use super::wire::{self, List, Reply};
use super::{Bybit, of, product};
use crate::exchange::error::Result;
use crate::exchange::orders::{our_time, own};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, NewOrder, OrderKind, OrderRef, OrderState};

impl Bybit {
    /// The parameters of a plain order, alone (then the category comes first) or in a batch.
    fn order_params(&self, params: Params, order: &NewOrder, hedge: bool) -> Params {
        let params = params
            .with("symbol", order.symbol.as_str())
            .with("side", wire::direction_word(order.side, order.action))
            .with_decimal("qty", order.qty)
            .with("positionIdx", wire::position_idx(order.side, hedge))
            .with("orderLinkId", order.id.as_str());
        let params = match order.kind {
            OrderKind::Market => params.with("orderType", "Market"),
            OrderKind::Limit { price } => params.with("orderType", "Limit").with("timeInForce", "GTC").with_decimal("price", price),
        };
        match (order.action, order.stop) {
            (Action::Close, _) => params.with("reduceOnly", true),
            (Action::Open, None) => params,
            (Action::Open, Some(stop)) => params
                .with_decimal("stopLoss", stop.price)
                .with("slTriggerBy", wire::trigger_word(stop.by))
                .with("tpslMode", "Full")
                .with("slOrderType", "Market"),
        }
    }

    fn place_one(&mut self, order: &NewOrder, hedge: bool) -> Result<OrderState> {
        let params = self.order_params(product(), order, hedge);
        let (reply, attempt) = self.session.call_with_attempt::<Reply<wire::Ack>>(&Call::post("/v5/order/create", &params))?;
        own(reply.result.state(order, our_time(reply.time, attempt.offset_ms)), &order.id, &attempt)
    }

    /// Answers come in the order of the request, with code 0 even when orders inside failed.
    fn place_batch(&mut self, orders: &[NewOrder], hedge: bool) -> Result<Vec<Result<OrderState>>> {
        let list = orders.iter().map(|order| self.order_params(Params::new(), order, hedge)).collect();
        let params = product().with_list("request", list);
        let (reply, attempt) = self.session.call_with_attempt::<wire::BatchReply>(&Call::post("/v5/order/create-batch", &params))?;
        let taken_at = our_time(reply.time, attempt.offset_ms);
        let mut answers = reply.result.list.into_iter().zip(reply.ret_ext_info.list);
        let results: Vec<Result<OrderState>> = orders
            .iter()
            .map(|order| {
                let (ack, verdict) = answers.next().ok_or_else(|| attempt.unknown("the batch was answered only in part"))?;
                self.session.element::<wire::Accepted>(&attempt, &verdict)?;
                own(ack.state(order, taken_at), &order.id, &attempt)
            })
            .collect();
        self.session.mind_clock(&results);
        Ok(results)
    }

    /// At most one batch.
    pub(super) fn place_some(&mut self, orders: &[NewOrder], hedge: bool) -> Vec<Result<OrderState>> {
        match orders {
            [order] => vec![self.place_one(order, hedge)],
            orders => self.place_batch(orders, hedge).unwrap_or_else(|error| vec![Err(error); orders.len()]),
        }
    }

    /// Open orders and recently ended ones are in one list, which a restart over there empties; the other one lags.
    pub(super) fn plain_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        for path in ["/v5/order/realtime", "/v5/order/history"] {
            let params = of(&order.symbol).with("orderLinkId", order.id.as_str());
            let reply: Reply<List<wire::OrderRow>> = self.session.call(&Call::get(path, params))?;
            let offset_ms = self.session.offset_ms();
            let mut states = reply.result.list.into_iter().map(|row| row.state(&order.symbol, offset_ms));
            if let Some(state) = states.find(|state| state.is(order)) {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }
}
