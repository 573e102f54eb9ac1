//! Plain orders: how they are sent, found again and cancelled.
//!
//! Names are not checked for uniqueness: a request that is sent twice is two orders. So nothing here is ever sent again,
//! and a name that a sender gave is looked for before it is used.

use serde_json::value::RawValue;

use super::{BATCH_MAX, CoinEx, PLANS, of, wire};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::found;
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, ClientId, NewOrder, OrderKind, OrderRef, OrderState, Symbol};
use wire::{OrderRow, Reply};

pub(super) const PENDING: &str = "/v2/futures/pending-order";
const FINISHED: &str = "/v2/futures/finished-order";
const OPEN: &str = "/v2/futures/order";

/// The parameters of a plain order, alone or in a batch.
fn order_params(order: &NewOrder) -> Params {
    let side = wire::direction_word(order.side, order.action);
    let params = of(&order.symbol).with("side", side);
    let params = match order.kind {
        OrderKind::Market => params.with("type", "market"),
        OrderKind::Limit { price } => params.with("type", "limit").with_decimal("price", price),
    };
    params.with_decimal("amount", order.qty).with("client_id", order.id.as_str())
}

/// Orders that need nothing but to be sent: they open, and their names are used once.
fn goes_at_once(order: &NewOrder) -> bool {
    order.action == Action::Open && ClientId::parse(order.id.as_str()).is_some()
}

impl CoinEx {
    /// In one request as far as the exchange can: closing is another call, and names of senders are looked for first.
    pub(super) fn place_all(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let runs = orders.chunk_by(|a, b| goes_at_once(a) && goes_at_once(b));
        runs.flat_map(|run| run.chunks(BATCH_MAX)).flat_map(|chunk| self.place_some(chunk)).collect()
    }

    fn place_one(&mut self, order: &NewOrder) -> Result<OrderState> {
        if order.action == Action::Close {
            return self.close(order);
        }
        self.must_be_unused(order)?;
        self.send(OPEN, order, &order_params(order))
    }

    /// Sends one order.
    pub(super) fn send(&mut self, path: &'static str, order: &NewOrder, params: &Params) -> Result<OrderState> {
        // What was seen of the position is no longer so.
        self.look = None;
        let (reply, attempt) = self.session.call_with_attempt::<Reply<OrderRow>>(&Call::post(path, params))?;
        reply.data.placed(order, &attempt)
    }

    /// Answers come in the order of the request, with code 0 even when orders inside failed.
    fn place_batch(&mut self, orders: &[NewOrder]) -> Result<Vec<Result<OrderState>>> {
        self.look = None;
        let params = Params::new().with_list("orders", orders.iter().map(order_params).collect());
        let call = Call::post("/v2/futures/batch-order", &params);
        let (reply, attempt) = self.session.call_with_attempt::<Reply<Vec<Box<RawValue>>>>(&call)?;
        let mut elements = reply.data.into_iter();
        let results: Vec<Result<OrderState>> = orders
            .iter()
            .map(|order| {
                let element = elements.next().ok_or_else(|| attempt.unknown("the batch was answered only in part"))?;
                self.session.element::<Reply<OrderRow>>(&attempt, &element)?.data.placed(order, &attempt)
            })
            .collect();
        self.session.mind_clock(&results);
        Ok(results)
    }

    /// At most one batch.
    fn place_some(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        match orders {
            [order] => vec![self.place_one(order)],
            orders => self.place_batch(orders).unwrap_or_else(|error| vec![Err(error); orders.len()]),
        }
    }

    /// Two orders of one name could not be told apart; names of our own are used once.
    pub(super) fn must_be_unused(&mut self, order: &NewOrder) -> Result<()> {
        let NewOrder { symbol, id, .. } = order;
        if ClientId::parse(id.as_str()).is_some() {
            return Ok(());
        }
        let order = OrderRef { symbol: symbol.clone(), id: id.clone(), guard: None };
        match self.named(&order, PENDING, false).map_err(ExchangeError::nothing_sent)? {
            Some(_) => Err(ExchangeError::refused(Reason::DuplicateClientId, format!("an open order of {symbol} is named {id}"))),
            None => Ok(()),
        }
    }

    /// Open orders are in one list, ended ones in another: in this order, because an order moves from the one to the other.
    /// One that was cancelled without any execution is in neither.
    pub(super) fn plain_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        match self.named(order, PENDING, false)? {
            Some(open) => Ok(Some(open)),
            None => self.named(order, FINISHED, true),
        }
    }

    /// The newest of a name.
    fn named(&mut self, order: &OrderRef, path: &'static str, ended: bool) -> Result<Option<OrderState>> {
        let rows: Vec<OrderRow> = self.whole(path, &of(&order.symbol).with("client_id", order.id.as_str()))?;
        let offset_ms = self.session.offset_ms();
        let rows = rows.into_iter().filter(|row| row.market == order.symbol.as_str());
        let states = rows.map(|row| row.state(&order.symbol, ended, offset_ms));
        Ok(states.filter(|state| state.is(order)).max_by_key(|state| state.created_at))
    }

    /// Everything of a name is cancelled, and each has a verdict of its own.
    pub(super) fn cancel_plain(&mut self, order: &OrderRef) -> Result<()> {
        let call = Call::post("/v2/futures/cancel-order-by-client-id", &of(&order.symbol).with("client_id", order.id.as_str()));
        let (reply, attempt) = self.session.call_with_attempt::<Reply<Vec<Box<RawValue>>>>(&call)?;
        let mut canceled = Err(ExchangeError::refused(Reason::UnknownOrder, "no open order has this name"));
        for element in &reply.data {
            match self.session.element::<Reply<OrderRow>>(&attempt, element) {
                Ok(_) => canceled = Ok(()),
                Err(error) if error.reason() == Some(Reason::UnknownOrder) => {}
                Err(error) => return Err(error),
            }
        }
        canceled
    }

    /// Plain orders that wait for a price. They are not reduce-only and outlive positions, so none of them is ours.
    pub(super) fn plans(&mut self, symbol: &Symbol) -> Result<Vec<wire::PlanRow>> {
        let mut plans: Vec<wire::PlanRow> = self.whole(PLANS, &of(symbol))?;
        plans.retain(|plan| plan.market == symbol.as_str());
        Ok(plans)
    }

    /// Whether cancelling all plain orders takes these along is not said: what is left is cancelled one by one.
    pub(super) fn cancel_plans(&mut self, symbol: &Symbol) -> Result<()> {
        for plan in self.plans(symbol)? {
            let params = of(symbol).with("stop_id", plan.stop_id);
            found(self.session.call::<wire::Done>(&Call::post("/v2/futures/cancel-stop-order", &params)))?;
        }
        Ok(())
    }
}
