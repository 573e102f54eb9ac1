//! Plain orders: how they are sent, found again and cancelled.
//!
//! Names are not checked for uniqueness: a request that is sent twice is two orders. So nothing here is ever sent again,
//! and a name that a sender gave is looked for before it is used.

use serde_json::value::RawValue;

use super::{BATCH_MAX, CoinEx, Look, PLANS, of, wire};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::found;
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, ClientId, Decimal, Millis, NewOrder, OrderKind, OrderRef, OrderState, Side, Symbol};
use wire::{OrderRow, Reply};

pub(super) const PENDING: &str = "/v2/futures/pending-order";
const FINISHED: &str = "/v2/futures/finished-order";
const OPEN: &str = "/v2/futures/order";
/// Takes a position down and never beyond flat: what other exchanges mean by reduce-only, with orders of every type.
const CLOSE: &str = "/v2/futures/close-position";

/// A position that was looked at so recently needs no second look before it is closed.
const LOOK_MS: Millis = 1000;

/// The parameters of a plain order, alone or in a batch. One that closes has no direction: the position's decides.
fn order_params(order: &NewOrder) -> Params {
    named_params(order, Some(order.qty))
}

/// Without a quantity a close takes all of the position.
fn named_params(order: &NewOrder, qty: Option<Decimal>) -> Params {
    let direction = (order.action == Action::Open).then(|| wire::direction_word(order.side, order.action));
    let params = of(&order.symbol).with_some("side", direction);
    let params = match order.kind {
        OrderKind::Market => params.with("type", "market"),
        OrderKind::Limit { price } => params.with("type", "limit").with_decimal("price", price),
    };
    let params = match qty {
        Some(qty) => params.with_decimal("amount", qty),
        None => params,
    };
    params.with("client_id", order.id.as_str())
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
        let path = match order.action {
            Action::Open => OPEN,
            Action::Close => CLOSE,
        };
        let qty = match order.action {
            Action::Open => Some(order.qty),
            Action::Close => self.qty_to_close(order)?,
        };
        if ClientId::parse(order.id.as_str()).is_none() {
            self.must_be_unused(&order.symbol, &order.id)?;
        }
        // What was seen of the position is no longer so.
        self.look = None;
        let (reply, attempt) = self.session.call_with_attempt::<Reply<OrderRow>>(&Call::post(path, &named_params(order, qty)))?;
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

    /// What a close must name. One at market for all that is held names nothing: resting closes reserve parts of a position,
    /// and a rest below the smallest order cannot be named at all.
    fn qty_to_close(&mut self, order: &NewOrder) -> Result<Option<Decimal>> {
        let held = self.must_hold(&order.symbol, order.side)?;
        let takes_all = order.kind == OrderKind::Market && order.qty >= held;
        Ok((!takes_all).then_some(order.qty))
    }

    /// How much is held. The call that closes names no side: on the other side it would take down a position that is not meant.
    fn must_hold(&mut self, symbol: &Symbol, side: Side) -> Result<Decimal> {
        let now = self.session.now();
        let recent = self.look.as_ref().filter(|look| look.symbol == *symbol && now.saturating_sub(look.at) <= LOOK_MS);
        let held = match recent {
            Some(look) => look.held,
            None => self.row_of(symbol).map_err(ExchangeError::nothing_sent)?.map(|row| row.held()),
        };
        match held {
            Some((held, qty)) if held == side => Ok(qty),
            Some((held, _)) => Err(ExchangeError::refused(Reason::NoPosition, format!("the position of {symbol} is {held}, not {side}"))),
            None => Err(ExchangeError::refused(Reason::NoPosition, format!("{symbol} has no position"))),
        }
    }

    /// Two orders of one name could not be told apart.
    fn must_be_unused(&mut self, symbol: &Symbol, id: &ClientId) -> Result<()> {
        let order = OrderRef { symbol: symbol.clone(), id: id.clone(), guard: None };
        match self.named(&order, PENDING, false).map_err(ExchangeError::nothing_sent)? {
            Some(_) => Err(ExchangeError::refused(Reason::DuplicateClientId, format!("an open order of {symbol} is named {id}"))),
            None => Ok(()),
        }
    }

    /// Keeps what was seen of a position.
    pub(super) fn looked(&mut self, symbol: &Symbol, held: Option<(Side, Decimal)>) {
        self.look = Some(Look { symbol: symbol.clone(), held, at: self.session.now() });
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
