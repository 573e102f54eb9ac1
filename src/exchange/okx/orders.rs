//! How orders and guards are sent, found again, listed and cancelled.
//!
//! Single orders and batches are answered alike: element by element, with a code each.

use serde_json::value::RawValue;

use super::sign;
use super::wire::{self, Row, direction_word, half_word, margin_word};
use super::{Okx, listing, of};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{found, guard_taken, our_time, taken, with_child};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{
    Action, ClientId, Decimal, Instrument, MarginMode, NewOrder, OrderKind, OrderState, OrderStatus, Protection, ProtectionKind, Side,
    Symbol, TriggerBy,
};

/// Most cancels of algo orders in one request.
pub(super) const GUARDS_BATCH_MAX: usize = 10;
/// A contract has at most 500 open orders of a kind.
const ORDERS_PAGES_MAX: usize = 6;
/// Most orders that one guard becomes.
const CHILDREN_MAX: usize = 10;

impl Okx {
    /// What plain and conditional orders have in common.
    fn common_params(&self, symbol: &Symbol, mode: MarginMode, side: Side, action: Action) -> Params {
        of(symbol)
            .with("tdMode", margin_word(mode))
            .with("side", direction_word(side, action))
            .with_some("posSide", self.hedge.then(|| half_word(side)))
    }

    /// The parameters of a plain order, alone or in a batch.
    fn order_params(&mut self, order: &NewOrder) -> Result<Params> {
        let contracts = contracts(&self.contract(&order.symbol)?, order.qty)?;
        let mode = match order.action {
            Action::Open => self.opening_mode(&order.symbol)?,
            Action::Close => self.position_mode(&order.symbol, order.side)?,
        };
        let params = self.common_params(&order.symbol, mode, order.side, order.action);
        let params = match order.kind {
            OrderKind::Market => params.with("ordType", "market"),
            OrderKind::Limit { price } => params.with("ordType", "limit").with_decimal("px", price),
        };
        // Hedge accounts name the half, against which an order only ever reduces it.
        let reduces = (order.action == Action::Close && !self.hedge).then_some(true);
        Ok(params.with_decimal("sz", contracts).with_some("reduceOnly", reduces).with("clOrdId", order.id.as_str()))
    }

    fn guard_params(&mut self, protection: &Protection) -> Result<Params> {
        let contract = self.contract(&protection.symbol)?;
        let mode = self.position_mode(&protection.symbol, protection.side)?;
        let by = match protection.by {
            TriggerBy::Mark => "mark",
            TriggerBy::Last => "last",
        };
        let params = self.common_params(&protection.symbol, mode, protection.side, Action::Close).with("ordType", "conditional");
        let params = match protection.kind {
            ProtectionKind::StopLoss => params
                .with("closeFraction", "1")
                .with_decimal("slTriggerPx", protection.trigger_price)
                .with("slOrdPx", "-1")
                .with("slTriggerPxType", by),
            ProtectionKind::TakeProfit => params
                .with_decimal("sz", contracts(&contract, protection.qty)?)
                .with_decimal("tpTriggerPx", protection.trigger_price)
                .with("tpOrdPx", "-1")
                .with("tpTriggerPxType", by),
        };
        let one_way = (!self.hedge).then_some(true);
        let params = params.with_some("reduceOnly", one_way).with_some("cxlOnClosePos", one_way);
        Ok(params.with("algoClOrdId", protection.id.as_str()))
    }

    /// What one element says became of its order, guard or cancel.
    pub(super) fn acknowledged(&self, row: &RawValue, attempt: &Attempt) -> Result<wire::Ack> {
        self.session.element(attempt, row)
    }

    /// The same of a named one: a refusal may come without the name, but neither comes with another.
    fn acknowledged_by_name(&self, row: &RawValue, id: &ClientId, attempt: &Attempt) -> Result<wire::Ack> {
        let named: wire::Named = serde_json::from_str(row.get()).map_err(|error| attempt.unreadable(&error))?;
        let name = named.either();
        if !name.is_empty() && name != id.as_str() {
            return Err(attempt.unknown("the answer names another order"));
        }
        let ack = self.acknowledged(row, attempt)?;
        if name.is_empty() { Err(attempt.unknown("the answer names no order")) } else { Ok(ack) }
    }

    /// One order alone, more in a batch. The elements come in the order of the request.
    fn send_orders(&mut self, orders: &[NewOrder]) -> Result<(Vec<Box<RawValue>>, Attempt)> {
        let list = orders.iter().map(|order| self.order_params(order)).collect::<Result<Vec<Params>>>();
        let list = list.map_err(ExchangeError::nothing_sent)?;
        let call = match list.as_slice() {
            [params] => Call::post("/api/v5/trade/order", params),
            list => Call::post("/api/v5/trade/batch-orders", &list),
        };
        self.rows(&Call { fence_ms: Some(sign::ORDER_FENCE_MS), ..call })
    }

    fn placed(&self, row: Option<Box<RawValue>>, order: &NewOrder, attempt: &Attempt) -> Result<OrderState> {
        let row = row.ok_or_else(|| attempt.unknown("not every order was answered"))?;
        let ack = self.acknowledged_by_name(&row, &order.id, attempt)?;
        Ok(taken(order, our_time(ack.ts, attempt.offset_ms)))
    }

    /// At most one batch.
    pub(super) fn place_some(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let results: Vec<Result<OrderState>> = match self.send_orders(orders) {
            Ok((rows, attempt)) => {
                let mut rows = rows.into_iter();
                orders.iter().map(|order| self.placed(rows.next(), order, &attempt)).collect()
            }
            Err(error) => vec![Err(error); orders.len()],
        };
        self.session.mind_clock(&results);
        for (order, result) in orders.iter().zip(&results) {
            match (result, self.known.get(&order.symbol).margin_mode) {
                (Err(error), _) => self.mistrust(&order.symbol, error),
                (Ok(taken), Some(mode)) if taken.opens => self.held.opened(&order.symbol, order.side, mode),
                _ => {}
            }
        }
        results
    }

    /// Places a stop or a target.
    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        let params = self.guard_params(protection).map_err(ExchangeError::nothing_sent)?;
        let (row, attempt) = self.row::<Box<RawValue>>(&Call::post("/api/v5/trade/order-algo", &params))?;
        let ack = self.acknowledged_by_name(&row, &protection.id, &attempt)?;
        let qty = if protection.kind == ProtectionKind::TakeProfit { protection.qty } else { Decimal::ZERO };
        Ok(guard_taken(protection, qty, our_time(ack.ts, attempt.offset_ms)))
    }

    /// After some answers the position's margin mode is not what we took it for, or may not be.
    pub(super) fn mistrust(&mut self, symbol: &Symbol, error: &ExchangeError) {
        match error.reason() {
            Some(Reason::NoPosition) => self.held.forget(symbol),
            None if matches!(error, ExchangeError::Unknown { .. }) => self.held.forget(symbol),
            _ => {}
        }
    }

    /// A plain order, by our name or by the exchange's number.
    pub(super) fn plain_order(&mut self, contract: &Instrument, name: &'static str, id: &str) -> Result<Option<OrderState>> {
        let call = Call::get("/api/v5/trade/order", of(&contract.symbol).with(name, id));
        let Some((row, attempt)) = self.named_row::<wire::PlainRow>(&call)? else { return Ok(None) };
        let state = row.state(contract, attempt.offset_ms);
        state.map(Some).ok_or_else(|| attempt.too_large())
    }

    /// A conditional order, and what the orders it became say.
    pub(super) fn guard_order(&mut self, contract: &Instrument, id: &str) -> Result<Option<OrderState>> {
        let call = Call::get("/api/v5/trade/order-algo", Params::new().with("algoClOrdId", id));
        let Some((row, attempt)) = self.named_row::<wire::GuardRow>(&call)? else { return Ok(None) };
        let children = row.ord_id_list.clone();
        let guard = row.state(contract, attempt.offset_ms).ok_or_else(|| attempt.too_large())?;
        if guard.status != OrderStatus::Triggered || children.len() > CHILDREN_MAX {
            return Ok(Some(guard));
        }
        let mut became = Vec::with_capacity(children.len());
        for child in &children {
            match self.plain_order(contract, "ordId", child)? {
                Some(child) => became.push(child),
                None => return Ok(Some(guard)),
            }
        }
        Ok(Some(match wire::together(became) {
            Some(child) => with_child(guard, child),
            None => guard,
        }))
    }

    pub(super) fn plain_rows(&mut self, symbol: &Symbol) -> Result<(Vec<wire::PlainRow>, Attempt)> {
        self.pages(symbol, "/api/v5/trade/orders-pending", &listing(symbol), ORDERS_PAGES_MAX)
    }

    /// Kinds: `conditional` and `oco` can be asked for together, `trigger` only alone.
    pub(super) fn guard_rows(&mut self, symbol: &Symbol, kinds: &'static str) -> Result<(Vec<wire::GuardRow>, Attempt)> {
        self.pages(symbol, "/api/v5/trade/orders-algo-pending", &listing(symbol).with("ordType", kinds), ORDERS_PAGES_MAX)
    }

    /// Cancels what was listed; what is gone meanwhile is as good. What is left is named by the first refusal.
    pub(super) fn cancel_each<T: Row>(
        &mut self,
        symbol: &Symbol,
        rows: &[T],
        path: &'static str,
        name: &'static str,
        most: usize,
    ) -> Result<()> {
        let mut refused = Ok(());
        for chunk in rows.chunks(most) {
            let list: Vec<Params> = chunk.iter().map(|row| of(symbol).with(name, row.number())).collect();
            let (answers, attempt) = self.rows::<Box<RawValue>>(&Call::post(path, &list))?;
            if answers.len() < chunk.len() {
                return Err(attempt.unknown("not every cancel was answered"));
            }
            for answer in &answers {
                refused = refused.and(found(self.acknowledged(answer, &attempt)).map(drop));
            }
        }
        refused
    }
}

/// Coins → contracts, for an order.
fn contracts(contract: &Instrument, qty: Decimal) -> Result<Decimal> {
    let refused = || ExchangeError::refused(Reason::Precision, format!("{qty} of {} is no quantity in contracts", contract.base));
    contract.contracts(qty).ok_or_else(refused)
}
