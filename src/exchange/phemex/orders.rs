//! How orders and guards are sent, found again and listed, and executions page by page.

use serde_json::value::RawValue;

use super::wire::{self, OrderRow, Reply};
use super::{ACTIVE, DISOWNED_MAX, FILLS_PAGE, HISTORY, ORDERS, Phemex, TRADES};
use crate::exchange::Exchange;
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{found, guard_taken, guarded, own, taken};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, Millis, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Side, Symbol};

/// What plain orders and guards have in common. Whatever is misspelled here is ignored over there.
fn common_params(symbol: &Symbol, id: &str, side: Side, action: Action, half: Option<Side>) -> Params {
    Params::of(symbol).with("clOrdID", id).with("side", wire::direction_word(side, action)).with("posSide", wire::half_word(half))
}

fn order_params(order: &NewOrder, half: Option<Side>) -> Params {
    let params = common_params(&order.symbol, order.id.as_str(), order.side, order.action, half).with_decimal("orderQtyRq", order.qty);
    let params = match order.kind {
        OrderKind::Market => params.with("ordType", "Market"),
        OrderKind::Limit { price } => params.with("ordType", "Limit").with_decimal("priceRp", price).with("timeInForce", "GoodTillCancel"),
    };
    params.with_some("reduceOnly", (order.action == Action::Close).then_some(true))
}

/// Type and direction say together on which side of the price the trigger lies.
fn guard_word(kind: ProtectionKind) -> &'static str {
    match kind {
        ProtectionKind::StopLoss => "Stop",
        ProtectionKind::TakeProfit => "MarketIfTouched",
    }
}

fn guard_params(protection: &Protection, half: Option<Side>) -> Params {
    common_params(&protection.symbol, protection.id.as_str(), protection.side, Action::Close, half)
        .with("ordType", guard_word(protection.kind))
        .with_decimal("orderQtyRq", protection.qty)
        .with_decimal("stopPxRp", protection.trigger_price)
        .with("triggerType", wire::trigger_word(protection.by))
        .with("reduceOnly", true)
        .with("closeOnTrigger", true)
        .with("timeInForce", "ImmediateOrCancel")
}

fn not_closing() -> ExchangeError {
    let why = "the exchange took the stop or target without reduce-only, so that it could open a position: it was cancelled";
    ExchangeError::refused(Reason::Other, why)
}

impl Phemex {
    /// A call about one order: its answer is the order, in which a refusal may hide behind a successful answer.
    pub(super) fn order_call(&mut self, call: &Call) -> Result<(OrderRow, Attempt)> {
        let (reply, attempt) = self.session.call_with_attempt::<Reply<Box<RawValue>>>(call)?;
        Ok((self.session.element(&attempt, &reply.data)?, attempt))
    }

    pub(super) fn place_one(&mut self, order: &NewOrder) -> Result<OrderState> {
        let half = self.half(&order.symbol, order.side)?;
        let result = self.order_call(&Call::post(ORDERS, &order_params(order, half)));
        self.learn_mode(&order.symbol, half.is_some(), &result);
        let (row, attempt) = result?;
        // The half says it in hedge mode.
        if order.action == Action::Close && half.is_none() && row.says_it_closes() == Some(false) {
            let (symbol, qty, id) = (&order.symbol, order.qty, &order.id);
            log::warn!(
                "{symbol}: {id} should close {qty}, but was taken without reduce-only: what is more than the position opens the other side"
            );
        }
        let state = taken(order, row.created_at(attempt.offset_ms));
        own(OrderState { id: row.name().to_owned(), ..state }, &order.id, &attempt)
    }

    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        if self.disowned.contains(&protection.id) {
            return Err(not_closing());
        }
        let half = self.half(&protection.symbol, protection.side)?;
        let result = self.order_call(&Call::post(ORDERS, &guard_params(protection, half)));
        self.learn_mode(&protection.symbol, half.is_some(), &result);
        let (row, attempt) = result?;
        let state = guard_taken(protection, protection.qty, row.created_at(attempt.offset_ms));
        let status = if row.waits() { OrderStatus::Resting } else { state.status };
        let state = own(OrderState { id: row.name().to_owned(), status, ..state }, &protection.id, &attempt)?;
        // A field that the exchange did not understand is ignored: without its trigger this would be a market order.
        if !row.is_guard(guard_word(protection.kind), protection.trigger_price) {
            return Err(attempt.unknown("the answer shows another type or trigger price than was sent"));
        }
        match row.says_it_closes() {
            // The half says it in hedge mode.
            _ if half.is_some() => {}
            Some(true) => {}
            Some(false) => return Err(self.disown(protection, &attempt)),
            None => log::warn!("{}: the answer to {} does not say that it only closes", protection.symbol, protection.id),
        }
        Ok(state)
    }

    /// Cancels a guard that could open a position. It is not sent again under that name, which may not be free any more.
    fn disown(&mut self, protection: &Protection, attempt: &Attempt) -> ExchangeError {
        let (symbol, id) = (protection.symbol.clone(), protection.id.clone());
        if let Err(error) = self.cancel(&OrderRef { symbol, id: id.clone(), guard: Some(guarded(protection)) }) {
            return attempt.unknown(format!("taken without reduce-only, so that it could open a position, and not cancelled: {error}"));
        }
        if self.disowned.len() >= DISOWNED_MAX {
            self.disowned.clear();
        }
        self.disowned.push(id);
        not_closing()
    }

    /// The open orders of a contract, plain and conditional, as far as one answer shows them, and an error if it does not
    /// show them all. Without any the answer is that there is no such order.
    pub(super) fn open_rows(&mut self, symbol: &Symbol) -> Result<(Vec<OrderRow>, Result<()>)> {
        let call = Call::get(ACTIVE, Params::of(symbol));
        let Some((reply, attempt)) = found(self.session.call_with_attempt::<Reply<wire::ActiveList>>(&call))? else {
            return Ok((Vec::new(), Ok(())));
        };
        // How a next page is asked for is documented nowhere.
        let cut = reply.data.is_cut().then(|| attempt.unknown("more open orders than one answer shows"));
        Ok((reply.data.rows, cut.map_or(Ok(()), Err)))
    }

    /// One of them. That it is not among them is said only of the whole list.
    pub(super) fn open_row(&mut self, order: &OrderRef) -> Result<Option<OrderRow>> {
        let (rows, whole) = self.open_rows(&order.symbol)?;
        match rows.into_iter().find(|row| row.is_named(order)) {
            Some(row) => Ok(Some(row)),
            None => whole.map(|()| None),
        }
    }

    /// A question that the small budget pays for.
    fn ask_aside(&mut self, call: &Call) -> Result<(Reply<Box<RawValue>>, Attempt)> {
        self.small_budget.ask(&mut self.session, Reason::Other, |session| session.call_with_attempt(call))
    }

    /// What the history says of an order that is not open (any more).
    pub(super) fn ended(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let call = Call::get(HISTORY, Params::of(&order.symbol).with("clOrdID", order.id.as_str()));
        let Some((reply, attempt)) = found(self.ask_aside(&call))? else { return Ok(None) };
        let rows: Vec<OrderRow> = wire::rows(&reply.data).map_err(|error| attempt.unreadable(&error))?;
        let row = rows.into_iter().find(|row| row.is_named(order));
        Ok(row.map(|row| row.state_of(order, attempt.offset_ms)).map(|state| match state.status {
            // It lags: an order that is not open does not rest.
            OrderStatus::Resting => OrderState { status: OrderStatus::Taken, ..state },
            _ => state,
        }))
    }

    /// The half that a cancel must name. A plain order does not tell its side, but the list of open orders does.
    pub(super) fn half_of(&mut self, order: &OrderRef) -> Result<Option<Side>> {
        if let Some(guard) = order.guard {
            return self.half(&order.symbol, guard.side);
        }
        if !self.mode_of(&order.symbol)? {
            return Ok(None);
        }
        let row = self.open_row(order).map_err(ExchangeError::nothing_sent)?;
        let gone = || ExchangeError::refused(Reason::UnknownOrder, "not among the open orders");
        Ok(Some(row.ok_or_else(gone)?.state(&order.symbol, 0).side))
    }

    /// One page of executions, from a time of the exchange's clock on.
    pub(super) fn trades(&mut self, symbol: &Symbol, from: Millis, offset: usize) -> Result<(Vec<wire::TradeRow>, Attempt)> {
        let query = Params::new()
            .with("currency", self.settle.as_str())
            .with("symbol", symbol.as_str())
            .with("offset", offset)
            .with("limit", FILLS_PAGE)
            .with("start", from);
        let (reply, attempt) = self.ask_aside(&Call::get(TRADES, query))?;
        let rows = wire::rows(&reply.data).map_err(|error| attempt.unreadable(&error))?;
        Ok((rows, attempt))
    }
}
