//! How orders and guards are sent, found again and cancelled, and how executions learn from their orders what they were.

use std::collections::BTreeMap;

use super::wire::{self, Ack, Fills, Named, One, OrderRow, Orders, Reply};
use super::{BingX, ORDER, errors};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Refusal, Result};
use crate::exchange::orders::{found, guard_taken, in_order, taken};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, ClientId, Fill, Millis, NewOrder, OrderKind, OrderRef, OrderState, OrderStatus, Protection, Side, Symbol};

/// Longest time one question about executions spans; the documentation of orders allows no more.
const FILLS_SPAN_MS: Millis = 7 * 24 * 3600 * 1000;
/// Most such spans for one question: three months.
pub(super) const FILLS_SPANS_MAX: usize = 13;
/// Most orders that are asked what their executions were.
const FILLS_ORDERS_MAX: usize = 300;
/// After so many that the exchange does not know no more are asked: twenty equal errors in eight minutes close an endpoint.
pub(super) const FILLS_UNKNOWN_MAX: usize = 5;

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

    /// What an order is asked for and cancelled by: its number where it is known, else our name.
    pub(super) fn handle(&self, id: &ClientId) -> (&'static str, String) {
        match self.given.number(id) {
            Some(number) => ("orderId", number.to_owned()),
            None => ("clientOrderId", id.as_str().to_owned()),
        }
    }

    /// One order in any state, plain or conditional.
    fn row(&mut self, symbol: &Symbol, name: &'static str, value: &str) -> Result<(Named<OrderRow>, Attempt)> {
        let call = Call::get(ORDER, Params::of(symbol).with(name, value));
        let (reply, attempt) = self.session.call_with_attempt::<Reply<One<Named<OrderRow>>>>(&call)?;
        Ok((reply.data.order, attempt))
    }

    /// An order by its number or by our name.
    pub(super) fn named_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let (name, value) = self.handle(&order.id);
        let row = match self.row(&order.symbol, name, &value) {
            // It was there: how it ended is not said, but "no such order" would be wrong.
            Err(ExchangeError::Refused(refusal)) if errors::has_ended(&refusal) => {
                return Err(ExchangeError::Refused(Refusal { reason: Reason::Other, ..refusal }));
            }
            row => found(row)?,
        };
        let Some((row, attempt)) = row else { return Ok(None) };
        let state = row.row.state(order.id.as_str(), &order.symbol, self.session.offset_ms());
        let same = match (name, row.name()) {
            ("orderId", _) if row.number() == value => true,
            // What has no name must at least be the guard that is meant.
            (_, "") => name != "orderId" && (order.guard.is_none() || OrderState { id: String::new(), ..state.clone() }.is(order)),
            (_, given) => given.eq_ignore_ascii_case(order.id.as_str()),
        };
        match order.guard {
            _ if !same => Err(attempt.unknown("the answer names another order")),
            // Asked for by its number, it may show as the order it became.
            Some(guard) if !state.conditional => {
                let status = if state.status.is_final() { state.status } else { OrderStatus::Triggered };
                Ok(Some(OrderState { conditional: true, guards: Some(guard.kind), side: guard.side, opens: false, status, ..state }))
            }
            _ => Ok(Some(state)),
        }
    }

    /// All open orders of a contract with the exchange's numbers, plain and conditional: they are in one list.
    pub(super) fn open_rows(&mut self, symbol: &Symbol) -> Result<Vec<(OrderState, String)>> {
        let orders: Orders = self.get("/openApi/swap/v2/trade/openOrders", Params::of(symbol))?;
        let offset_ms = self.session.offset_ms();
        let rows = orders.orders.0.into_iter().map(|row| {
            let name = self.given.name(row.number()).unwrap_or(row.name());
            (row.row.state(name, symbol, offset_ms), row.number().to_owned())
        });
        Ok(rows.filter(|(state, _)| !state.status.is_final()).collect())
    }

    /// An open guard by our name or by what it does, and its number, which is good to know from now on.
    pub(super) fn listed(&mut self, order: &OrderRef) -> Result<Option<(OrderState, String)>> {
        let found = self.open_rows(&order.symbol)?.into_iter().find(|(state, _)| state.is(order));
        if let Some((_, number)) = found.as_ref().filter(|(_, number)| !number.is_empty()) {
            self.given.note(&order.id, number);
        }
        Ok(found)
    }

    /// A limit order that nobody answered for and whose name says nothing: the one open order that is what was sent and
    /// has no name. Its number is good to know from now on.
    pub(super) fn lost_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let rows = self.open_rows(&order.symbol)?.into_iter();
        let mut alike = rows.filter(|(state, number)| !matches!(number.as_str(), "" | "0") && self.given.may_be(&order.id, state));
        match (alike.next(), alike.next()) {
            (None, _) => Ok(None),
            (Some((state, number)), None) => {
                drop(alike);
                self.given.note(&order.id, &number);
                Ok(Some(OrderState { id: order.id.as_str().to_owned(), ..state }))
            }
            (Some(_), Some(_)) => Err(ExchangeError::refused(Reason::Other, "several open orders without a name may be this one")),
        }
    }

    /// What a guard is cancelled by.
    pub(super) fn guard_number(&mut self, order: &OrderRef) -> Result<String> {
        if let Some(number) = self.given.number(&order.id) {
            return Ok(number.to_owned());
        }
        let gone = || ExchangeError::refused(Reason::UnknownOrder, "no stop or target like this is open");
        self.listed(order)?.map(|(_, number)| number).ok_or_else(gone)
    }

    /// Executions since a time. What an order did is told by the order, so each is asked for once.
    pub(super) fn executions(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let offset_ms = self.session.offset_ms();
        let until = self.session.now().saturating_add_signed(offset_ms);
        let mut from = since.saturating_add_signed(offset_ms);
        let (mut orders, mut fills) = (BTreeMap::new(), Vec::new());
        for _ in 0..FILLS_SPANS_MAX {
            let next = from.saturating_add(FILLS_SPAN_MS);
            let to = next.saturating_sub(1).min(until.max(from));
            let query = Params::of(symbol).with("tradingUnit", "COIN").with("startTs", from).with("endTs", to);
            let page: Fills = self.get("/openApi/swap/v2/trade/allFillOrders", query)?;
            for row in page.fill_orders.0.into_iter().filter(|row| row.is_of(symbol)) {
                self.learn(symbol, &row.order_id, &mut orders)?;
                let Some(Some((order, attempt))) = orders.get(&row.order_id) else { continue };
                let order: &Named<OrderRow> = order;
                let fill = row.fill(&order.row, &[&self.purse, &self.settle], offset_ms);
                let fill = fill.map_err(|error| attempt.unreadable(&error))?;
                // Rows that look alike are executions of their own: there is nothing to tell them apart by. Their times may
                // be whole seconds, and what closes a position comes after what opened it.
                fills.push(((order.row.closes_position(), fills.len()), fill));
            }
            from = next;
            if from > until {
                return Ok(in_order(fills));
            }
        }
        log::warn!("{symbol}: fills since {since} reach back too far, only the first {} are counted", fills.len());
        Ok(in_order(fills))
    }

    /// Reads an order that was executed, unless it is known already, or too many were unknown.
    fn learn(&mut self, symbol: &Symbol, number: &str, orders: &mut BTreeMap<String, Option<(Named<OrderRow>, Attempt)>>) -> Result<()> {
        if orders.contains_key(number) {
            return Ok(());
        }
        let unknown = orders.values().filter(|order| order.is_none()).count();
        let can_ask = !matches!(number, "" | "0") && orders.len() < FILLS_ORDERS_MAX && unknown < FILLS_UNKNOWN_MAX;
        let order = if can_ask { found(self.row(symbol, "orderId", number))? } else { None };
        let order = order.filter(|(row, _)| row.number() == number);
        if order.is_none() {
            log::warn!("{symbol}: what order {number} did is not counted: nothing more is known of it");
        }
        orders.insert(number.to_owned(), order);
        Ok(())
    }
}
