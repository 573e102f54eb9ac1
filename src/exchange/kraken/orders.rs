//! How orders and guards are sent, found again, listed and cancelled.

use std::collections::BTreeSet;

use super::{CANCELS_MAX, Kraken, errors, sign, wire};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Refusal, Result};
use crate::exchange::orders::{found, guard_taken, taken};
use crate::exchange::params::{Params, plain};
use crate::exchange::session::Call;
use crate::market::{Action, Millis, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, ProtectionKind, Symbol};
use crate::time::utc_text;

/// Rows in a full page of executions, and in one of the history.
const PAGE: usize = 100;
/// Most pages of executions for one question, asked once: each after the first costs a twentieth of what is allowed in ten seconds.
pub(super) const FILLS_PAGES_MAX: usize = 10;
/// Most pages of executions that are looked through for one order.
const LOOK_UP_PAGES_MAX: usize = 3;
/// Most pages of the history, of which a hundred calls are allowed in ten minutes.
const HISTORY_PAGES_MAX: usize = 3;
/// So far back an order is looked for: far longer than an order is tried to be placed.
const HISTORY_MS: Millis = 15 * 60 * 1000;

pub(super) const UNTOLD: &str = "a quantity in the answer is missing, or beyond calculation";

const SEND: &str = "/derivatives/api/v3/sendorder";
const BATCH: &str = "/derivatives/api/v3/batchorder";

/// An execution with its time, in the exchange's clock.
type Timed = (Millis, wire::FillRow);

/// The executions of one contract, out of those of the account.
pub(super) struct FillList {
    /// Newest pages first.
    pub(super) rows: Vec<Timed>,
    /// Whether older ones that were meant may be missing.
    pub(super) is_cut: bool,
    /// The exchange's time when it told the last of them.
    told_at: Millis,
    pub(super) attempt: Attempt,
}

/// The parameters of a plain order.
fn order_params(order: &NewOrder) -> Params {
    let (order_type, price) = match order.kind {
        OrderKind::Market => ("mkt", None),
        OrderKind::Limit { price } => ("lmt", Some(plain(price))),
    };
    let reduces = (order.action == Action::Close).then_some(true);
    Params::new()
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

/// Only of cancels, which come too late for nothing: what says here when a request dies is spelled in two ways by the
/// exchange itself, and an order must not outlive it.
fn batch(list: Vec<Params>) -> Call {
    Call::form(BATCH, &Params::new().with("json", Params::new().with_list("batchOrder", list).object().to_string()))
}

fn is_market(order: &NewOrder) -> bool {
    order.kind == OrderKind::Market
}

/// Not yet sent to anybody, as far as the answer is concerned.
fn sent(order: &NewOrder) -> OrderState {
    taken(order, 0)
}

impl Kraken {
    /// Singly, so that each says when it dies.
    pub(super) fn place_all(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        orders.iter().map(|order| self.send_one(order_params(order), sent(order), is_market(order))).collect()
    }

    fn send_one(&mut self, params: Params, sent: OrderState, at_once: bool) -> Result<OrderState> {
        let (answer, attempt) = self.session.call_with_attempt::<wire::Sent>(&in_time(SEND, &params))?;
        answer.send_status.state(sent, at_once, &attempt)
    }

    /// Places a stop or a target.
    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        match self.send_one(guard_params(protection), guard_taken(protection, protection.qty, 0), false) {
            Err(ExchangeError::Refused(refusal)) if errors::is(&refusal.message, "invalidPrice") => {
                Err(self.price_refused(protection, refusal))
            }
            result => result,
        }
    }

    /// A price on the wrong side and one off the tick are refused by the same word, and only the first is a reason to close at
    /// market: the price that is watched must say that it is passed.
    fn price_refused(&mut self, protection: &Protection, refusal: Refusal) -> ExchangeError {
        let (trigger, by) = (protection.trigger_price, protection.by);
        let watched = self.ticker(&protection.symbol).map(|ticker| ticker.watched(by)).unwrap_or_default();
        let losing = if protection.kind == ProtectionKind::StopLoss { protection.side } else { protection.side.other() };
        let is_passed = !watched.is_zero() && (watched == trigger || losing.is_worse(watched, trigger));
        let reason = if is_passed { Reason::WouldTrigger } else { refusal.reason };
        let name = wire::trigger_word(by);
        let words = if watched.is_zero() { format!("the {name} price is not known") } else { format!("the {name} price is {watched}") };
        ExchangeError::refused(reason, format!("{}, and {words}", refusal.message))
    }

    /// Open orders and those that ended within seconds are in the first list; who has ended since is in what was executed,
    /// or at last in the history. One that may be hidden in a list that was cut stays in doubt.
    pub(super) fn look_up(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let call = Call::form("/derivatives/api/v3/orders/status", &Params::new().with("cliOrdIds", order.id.as_str()));
        let (answer, attempt) = self.session.call_with_attempt::<wire::Statuses>(&call)?;
        if let Some(row) = answer.orders.into_iter().find(|row| row.is_named(order.id.as_str())) {
            return row.state(order, attempt.offset_ms).map(Some).ok_or_else(|| attempt.unknown(UNTOLD));
        }
        if let Some(state) = self.open_order(order)? {
            return Ok(Some(state));
        }
        let (executed, cut) = self.executed(order)?;
        match (executed, self.past(order)) {
            (Some(executed), Ok(Some(past))) if past.status.is_final() => {
                Ok(Some(OrderState { filled: past.filled.max(executed.filled), avg_price: executed.avg_price, ..past }))
            }
            (None, Ok(Some(past))) => Ok(Some(past)),
            (None, Err(error)) => Err(error),
            // The history may be out of calls; what was executed is known all the same.
            (executed, _) => cut.map_or(Ok(executed), Err),
        }
    }

    fn open_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let (rows, attempt) = self.open_rows(&order.symbol)?;
        for row in rows {
            let is_named = row.is_named(order.id.as_str());
            match row.state(order.symbol.clone(), attempt.offset_ms) {
                Some(state) if state.is(order) => return Ok(Some(state)),
                None if is_named => return Err(attempt.unknown(UNTOLD)),
                _ => {}
            }
        }
        Ok(None)
    }

    /// What an order that is not open has in the list of executions; and why some of it may be hidden, if so.
    fn executed(&mut self, order: &OrderRef) -> Result<(Option<OrderState>, Option<ExchangeError>)> {
        let is_of = |row: &wire::FillRow| row.name.as_deref() == Some(order.id.as_str());
        let old = self.session.now().saturating_add_signed(self.session.offset_ms()).saturating_sub(HISTORY_MS);
        let FillList { mut rows, is_cut, told_at, attempt } =
            self.fill_rows(&order.symbol, LOOK_UP_PAGES_MAX, |time, row| time > old || is_of(row))?;
        let cut = is_cut.then(|| attempt.unknown("too many executions are newer than the order"));
        rows.retain(|(_, row)| is_of(row));
        let Some(newest) = rows.iter().map(|(time, _)| *time).max() else { return Ok((None, cut)) };
        let state = wire::executed(&rows, order, attempt.offset_ms).ok_or_else(|| attempt.too_large())?;
        Ok((Some(OrderState { status: once(newest, told_at, OrderStatus::Filled), ..state }), cut))
    }

    /// The newest thing that the history knows about an order. It is read as far back as an order can be in doubt, or it says
    /// nothing.
    fn past(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let (mut token, mut pages) = (None, 0);
        loop {
            let query = Params::new().with("tradeable", order.symbol.as_str()).with("count", PAGE).with("sort", "desc");
            let query = query.with_some("continuation_token", token.take());
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
                let ended = once(at, told_at(page.server_time, &attempt), OrderStatus::Expired);
                let status = if state.status.is_final() { state.status } else { ended };
                return Ok(Some(OrderState { status, ..state }));
            }
            let oldest = page.elements.iter().map(|row| row.timestamp).min().unwrap_or(0);
            let is_young = told_at(0, &attempt).saturating_sub(oldest) < HISTORY_MS;
            token = page.continuation_token.filter(|token| is_young && !token.is_empty());
            pages += 1;
            match token {
                None => return Ok(None),
                Some(_) if pages == HISTORY_PAGES_MAX => return Err(attempt.unknown("too many orders are newer than this one")),
                Some(_) => {}
            }
        }
    }

    /// The open orders of one contract, out of those of the account.
    pub(super) fn open_rows(&mut self, symbol: &Symbol) -> Result<(Vec<wire::OpenRow>, Attempt)> {
        let call = Call::get("/derivatives/api/v3/openorders", Params::new());
        let (answer, attempt) = self.session.call_with_attempt::<wire::OpenOrders>(&call)?;
        let rows = answer.of(symbol).map_err(|error| attempt.unreadable(&error))?;
        Ok((rows, attempt))
    }

    /// The executions of one contract, for as long as the last of a page says so and pages are left.
    pub(super) fn fill_rows(
        &mut self,
        symbol: &Symbol,
        pages_max: usize,
        goes_on: impl Fn(Millis, &wire::FillRow) -> bool,
    ) -> Result<FillList> {
        let (mut list, mut seen, mut pages, mut before) = (Vec::new(), BTreeSet::new(), 0, None);
        loop {
            let call = Call::get("/derivatives/api/v3/fills", Params::new().with_some("lastFillTime", before.take()));
            let (answer, attempt) = self.session.call_with_attempt::<wire::Fills>(&call)?;
            let told_at = told_at(answer.server_time, &attempt);
            let times = answer.fills.iter().map(wire::FillRow::time).collect::<Option<Vec<_>>>();
            let rows = times.ok_or_else(|| attempt.unknown("an execution without its time"))?.into_iter().zip(answer.fills);
            let rows: Vec<Timed> = rows.collect();
            let full = rows.len() >= PAGE;
            let next = rows.iter().min_by_key(|(time, _)| *time).filter(|(time, row)| full && goes_on(*time, row)).map(|(time, _)| *time);
            let known = seen.len();
            list.extend(rows.into_iter().filter(|(_, row)| seen.insert(row.id.clone()) && row.symbol == symbol.as_str()));
            pages += 1;
            let is_cut = next.is_some() && (pages == pages_max || seen.len() == known);
            let Some(oldest) = next.filter(|_| !is_cut) else { return Ok(FillList { rows: list, is_cut, told_at, attempt }) };
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
        for chunk in numbers.chunks(CANCELS_MAX) {
            let cancels = chunk.iter().map(|number| Params::new().with("order", "cancel").with("order_id", number.as_str()));
            let (answer, attempt) = self.session.call_with_attempt::<wire::Batch>(&batch(cancels.collect()))?;
            for number in chunk {
                let acks = || answer.batch_status.iter();
                // What is refused for its time names no order.
                let ack = acks().find(|ack| ack.number.as_deref() == Some(number)).or_else(|| acks().find(|ack| ack.is_unnamed_refusal()));
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
    if status == "cancelled" { Ok(()) } else { Err(errors::refused(attempt, status)) }
}

/// The exchange's time of an answer. One that does not tell it is as old as its question.
fn told_at(server_time: Millis, attempt: &Attempt) -> Millis {
    if server_time == 0 { attempt.at.saturating_add_signed(attempt.offset_ms) } else { server_time }
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
