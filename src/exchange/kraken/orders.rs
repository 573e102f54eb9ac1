//! How orders and guards are sent, found again, listed and cancelled.

use std::collections::BTreeSet;

use super::wire;
use super::{BATCH_MAX, Kraken, sign};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{found, guard_taken, taken};
use crate::exchange::params::{Params, plain};
use crate::exchange::session::Call;
use crate::market::{Action, Millis, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Symbol};
use crate::time::utc_text;

/// Rows in a full page of executions, and in one of the history.
const PAGE: usize = 100;
/// Most pages of executions for one question: each after the first costs a twentieth of what is allowed in ten seconds.
const FILLS_PAGES_MAX: usize = 10;
/// Most pages of the history, of which a hundred calls are allowed in ten minutes.
const HISTORY_PAGES_MAX: usize = 3;
/// So far back the history is read: far longer than an order is tried to be placed.
const HISTORY_MS: Millis = 15 * 60 * 1000;

const SEND: &str = "/derivatives/api/v3/sendorder";
const BATCH: &str = "/derivatives/api/v3/batchorder";

/// An execution with its time, in the exchange's clock.
type Timed = (Millis, wire::FillRow);

/// The parameters of a plain order, alone or in a batch.
fn order_params(params: Params, order: &NewOrder) -> Params {
    let (order_type, price) = match order.kind {
        OrderKind::Market => ("mkt", None),
        OrderKind::Limit { price } => ("lmt", Some(plain(price))),
    };
    let reduces = (order.action == Action::Close).then_some(true);
    params
        .with("orderType", order_type)
        .with("symbol", order.symbol.as_str())
        .with("side", wire::direction_word(order.side, order.action))
        .with_decimal("size", order.qty)
        .with_some("limitPrice", price)
        .with_some("reduceOnly", reduces)
        .with("cliOrdId", order.id.as_str())
}

/// Without a limit price it goes out at market when it fires.
fn guard_params(protection: &Protection) -> Params {
    let order_type = match protection.kind {
        ProtectionKind::StopLoss => "stp",
        ProtectionKind::TakeProfit => "take_profit",
    };
    Params::new()
        .with("orderType", order_type)
        .with("symbol", protection.symbol.as_str())
        .with("side", wire::direction_word(protection.side, Action::Close))
        .with_decimal("size", protection.qty)
        .with_decimal("stopPrice", protection.trigger_price)
        .with("triggerSignal", wire::trigger_word(protection.by))
        .with("reduceOnly", true)
        .with("cliOrdId", protection.id.as_str())
}

/// A call that the exchange refuses when it comes late.
fn in_time(path: &'static str, form: &Params) -> Call {
    Call { fence_ms: Some(sign::FENCE_MS), ..Call::form(path, form) }
}

fn batch(list: Vec<Params>) -> Call {
    in_time(BATCH, &Params::new().with("json", Params::new().with_list("batchOrder", list).object().to_string()))
}

fn is_market(order: &NewOrder) -> bool {
    order.kind == OrderKind::Market
}

/// Not yet sent to anybody, as far as the answer is concerned.
fn sent(order: &NewOrder) -> OrderState {
    taken(order, 0)
}

impl Kraken {
    /// Market orders go singly: a batch takes none.
    pub(super) fn place_all(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let size = if orders.iter().any(is_market) { 1 } else { BATCH_MAX };
        orders.chunks(size).flat_map(|chunk| self.place_some(chunk)).collect()
    }

    /// At most one batch.
    fn place_some(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        match orders {
            [order] => vec![self.send_one(order_params(Params::new(), order), sent(order), is_market(order))],
            orders => self.place_batch(orders).unwrap_or_else(|error| vec![Err(error); orders.len()]),
        }
    }

    fn send_one(&mut self, params: Params, sent: OrderState, at_once: bool) -> Result<OrderState> {
        let (answer, attempt) = self.session.call_with_attempt::<wire::Sent>(&in_time(SEND, &params))?;
        answer.send_status.state(sent, at_once, &attempt)
    }

    /// Answers come in any order, under the tags we gave.
    fn place_batch(&mut self, orders: &[NewOrder]) -> Result<Vec<Result<OrderState>>> {
        let tagged =
            |(at, order): (usize, &NewOrder)| order_params(Params::new().with("order", "send").with("order_tag", at.to_string()), order);
        let call = batch(orders.iter().enumerate().map(tagged).collect());
        let (answer, attempt) = self.session.call_with_attempt::<wire::Batch>(&call)?;
        let mut acks = answer.batch_status;
        let placed = |(at, order): (usize, &NewOrder)| {
            let at = acks.iter().position(|ack| ack.tag.as_deref() == Some(&*at.to_string()));
            let ack = at.map(|at| acks.swap_remove(at)).ok_or_else(|| attempt.unknown("not every order was answered"))?;
            ack.state(sent(order), false, &attempt)
        };
        Ok(orders.iter().enumerate().map(placed).collect())
    }

    /// Places a stop or a target.
    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        match self.send_one(guard_params(protection), guard_taken(protection, protection.qty, 0), false) {
            // Its price is on the tick, so it can only be on the wrong side.
            Err(ExchangeError::Refused(refusal)) if refusal.message == "invalidPrice" => {
                Err(ExchangeError::refused(Reason::WouldTrigger, refusal.message))
            }
            result => result,
        }
    }

    /// Open orders and those that ended within seconds are in the first list; who has ended since is in what was executed,
    /// or at last in the history.
    pub(super) fn look_up(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let call = Call::form("/derivatives/api/v3/orders/status", &Params::new().with("cliOrdIds", order.id.as_str()));
        let (answer, attempt) = self.session.call_with_attempt::<wire::Statuses>(&call)?;
        if let Some(row) = answer.orders.into_iter().find(|row| row.is_named(order.id.as_str())) {
            return Ok(Some(row.state(order, attempt.offset_ms)));
        }
        let (rows, attempt) = self.open_rows(&order.symbol)?;
        let mut open = rows.into_iter().filter_map(|row| row.state(order.symbol.clone(), attempt.offset_ms));
        if let Some(state) = open.find(|state| state.is(order)) {
            return Ok(Some(state));
        }
        match self.executed(order)? {
            // The history may be out of calls; what was executed is known all the same.
            Some(executed) => Ok(Some(match self.past(order).ok().flatten().filter(|past| past.status.is_final()) {
                Some(past) => OrderState { filled: past.filled.max(executed.filled), avg_price: executed.avg_price, ..past },
                None => executed,
            })),
            None => self.past(order),
        }
    }

    /// What an order that is not open has in the list of executions.
    fn executed(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let is_of = |row: &wire::FillRow| row.name.as_deref() == Some(order.id.as_str());
        let (mut rows, told_at, attempt) = self.fill_rows(&order.symbol, |_, row| is_of(row))?;
        rows.retain(|(_, row)| is_of(row));
        let Some(newest) = rows.iter().map(|(time, _)| *time).max() else { return Ok(None) };
        let state = wire::executed(&rows, order, attempt.offset_ms).ok_or_else(|| attempt.too_large())?;
        Ok(Some(OrderState { status: once(newest, told_at, OrderStatus::Filled), ..state }))
    }

    /// The newest thing that the history knows about an order.
    fn past(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let mut token = None;
        for _ in 0..HISTORY_PAGES_MAX {
            let query = Params::new().with("count", PAGE).with("sort", "desc").with_some("continuation_token", token.take());
            let call = Call::get("/api/history/v3/orders", query);
            let (page, attempt) = self.session.call_with_attempt::<wire::Past>(&call).map_err(of_history)?;
            let mut newest: Option<(Millis, OrderState)> = None;
            for row in &page.elements {
                let state = row.state(order, attempt.offset_ms).map_err(|error| attempt.unreadable(&error))?;
                let is_newer = |state: &OrderState| match &newest {
                    Some((at, known)) => row.timestamp > *at || row.timestamp == *at && !known.status.is_final() && state.status.is_final(),
                    None => true,
                };
                newest = state.filter(is_newer).map(|state| (row.timestamp, state)).or(newest);
            }
            if let Some((at, state)) = newest {
                let status = if state.status.is_final() { state.status } else { once(at, page.server_time, OrderStatus::Expired) };
                return Ok(Some(OrderState { status, ..state }));
            }
            let now = attempt.at.saturating_add_signed(attempt.offset_ms);
            let oldest = page.elements.iter().map(|row| row.timestamp).min().unwrap_or(0);
            token = page.continuation_token.filter(|_| page.elements.len() >= PAGE && now.saturating_sub(oldest) < HISTORY_MS);
            if token.is_none() {
                break;
            }
        }
        Ok(None)
    }

    /// The open orders of one contract, out of those of the account.
    pub(super) fn open_rows(&mut self, symbol: &Symbol) -> Result<(Vec<wire::OpenRow>, Attempt)> {
        let call = Call::get("/derivatives/api/v3/openorders", Params::new());
        let (answer, attempt) = self.session.call_with_attempt::<wire::OpenOrders>(&call)?;
        let rows = answer.open_orders.into_iter().filter(|row| row.symbol == symbol.as_str());
        Ok((rows.collect(), attempt))
    }

    /// The executions of one contract with their times, newest pages first, for as long as the last of a page says so; and
    /// the exchange's time when it told the last of them.
    pub(super) fn fill_rows(
        &mut self,
        symbol: &Symbol,
        goes_on: impl Fn(Millis, &wire::FillRow) -> bool,
    ) -> Result<(Vec<Timed>, Millis, Attempt)> {
        let (mut list, mut seen, mut pages, mut before) = (Vec::new(), BTreeSet::new(), 0, None);
        loop {
            let call = Call::get("/derivatives/api/v3/fills", Params::new().with_some("lastFillTime", before.take()));
            let (answer, attempt) = self.session.call_with_attempt::<wire::Fills>(&call)?;
            let told_at = answer.server_time;
            let times = answer.fills.iter().map(wire::FillRow::time).collect::<Option<Vec<_>>>();
            let rows = times.ok_or_else(|| attempt.unknown("an execution without its time"))?.into_iter().zip(answer.fills);
            let rows: Vec<Timed> = rows.collect();
            let full = rows.len() >= PAGE;
            let next = rows.iter().min_by_key(|(time, _)| *time).filter(|(time, row)| full && goes_on(*time, row)).map(|(time, _)| *time);
            let known = seen.len();
            list.extend(rows.into_iter().filter(|(_, row)| seen.insert(row.id.clone()) && row.symbol == symbol.as_str()));
            pages += 1;
            let Some(oldest) = next else { return Ok((list, told_at, attempt)) };
            if pages == FILLS_PAGES_MAX || seen.len() == known {
                log::warn!("{symbol}: too many executions, only the newest {} of the account are counted", seen.len());
                return Ok((list, told_at, attempt));
            }
            // Whether the bound itself is included is documented nowhere; what comes twice is counted once.
            before = Some(utc_text(oldest.saturating_add(1)) + "Z");
        }
    }

    pub(super) fn cancel_one(&mut self, order: &OrderRef) -> Result<()> {
        let form = Params::new().with("cliOrdId", order.id.as_str());
        let (answer, attempt) = self.session.call_with_attempt::<wire::Canceled>(&in_time("/derivatives/api/v3/cancelorder", &form))?;
        cancelled(&answer.cancel_status.status, &attempt)
    }

    /// Stops and targets too.
    pub(super) fn cancel_everything(&mut self, symbol: &Symbol) -> Result<()> {
        let call = Call::form("/derivatives/api/v3/cancelallorders", &Params::of(symbol));
        let (answer, attempt) = self.session.call_with_attempt::<wire::Canceled>(&call)?;
        match cancelled(&answer.cancel_status.status, &attempt) {
            Err(error) if error.reason() == Some(Reason::NoChangeNeeded) => Ok(()),
            result => result,
        }
    }

    /// Singly, because the call for all of them takes stops and targets along. What is gone meanwhile is as good; what is
    /// left is named by the first refusal.
    pub(super) fn cancel_plain(&mut self, symbol: &Symbol) -> Result<()> {
        let (rows, _) = self.open_rows(symbol)?;
        let numbers: Vec<String> = rows.into_iter().filter(|row| !row.is_conditional()).map(|row| row.number).collect();
        let mut refused = Ok(());
        for chunk in numbers.chunks(BATCH_MAX) {
            let cancels = chunk.iter().map(|number| Params::new().with("order", "cancel").with("order_id", number.as_str()));
            let (answer, attempt) = self.session.call_with_attempt::<wire::Batch>(&batch(cancels.collect()))?;
            for number in chunk {
                let ack = answer.batch_status.iter().find(|ack| ack.number.as_deref() == Some(number));
                let ack = ack.ok_or_else(|| attempt.unknown("not every cancel was answered"))?;
                refused = refused.and(found(cancelled(&ack.status, &attempt)).map(drop));
            }
        }
        self.session.mind_clock(std::slice::from_ref(&refused));
        refused
    }
}

/// What is not open any more has ended, unless the exchange saw it so shortly before it answered that its lists may lag behind
/// each other. Both times are the exchange's own: our clock may have been set in between.
fn once(seen_at: Millis, told_at: Millis, ended: OrderStatus) -> OrderStatus {
    if told_at.saturating_sub(seen_at) < sign::LAG_MS { OrderStatus::Taken } else { ended }
}

fn cancelled(status: &str, attempt: &Attempt) -> Result<()> {
    if status == "cancelled" { Ok(()) } else { Err(super::errors::refused(attempt, status)) }
}

/// The history has a limit of its own: nothing else has to wait for it.
fn of_history(error: ExchangeError) -> ExchangeError {
    match error {
        ExchangeError::Refused(refusal) if matches!(refusal.reason, Reason::RateLimited { .. }) => {
            ExchangeError::refused(Reason::Other, "no more calls for the history of orders are allowed now")
        }
        error => error,
    }
}
