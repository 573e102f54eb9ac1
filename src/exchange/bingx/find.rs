//! How one order is found again: by the exchange's number, by our name, or, where the name was lost, by what it does or was.
//!
//! "No such order" ends trades, so nothing is said to be gone while it may rest without its name; and questions that must fail
//! are counted by the exchange, so none is asked where another one tells as much.

use super::given::DOUBT_MS;
use super::wire::{Named, One, OrderRow, Orders, Reply};
use super::{BingX, ORDER, errors};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Refusal, Result};
use crate::exchange::orders::found;
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{ClientId, Leg, OrderRef, OrderState, OrderStatus, Symbol};

impl BingX {
    /// What an order is asked for and cancelled by: its number where it is known, else our name.
    pub(super) fn handle(&self, id: &ClientId) -> (&'static str, String) {
        match self.given.number(id) {
            Some(number) => ("orderId", number.to_owned()),
            None => ("clientOrderId", id.as_str().to_owned()),
        }
    }

    /// One order in any state, plain or conditional.
    pub(super) fn row(&mut self, symbol: &Symbol, name: &'static str, value: &str) -> Result<(Named<OrderRow>, Attempt)> {
        let (reply, attempt) = self.call::<Reply<One<Named<OrderRow>>>>(&Call::get(ORDER, Params::of(symbol).with(name, value)))?;
        Ok((reply.data.order, attempt))
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

    /// An order by its number or by our name.
    fn named_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
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

    /// A stop or a target. Its name is rarely kept: without a number the list comes first.
    pub(super) fn find_guard(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let Some(number) = self.given.number(&order.id).map(str::to_owned) else {
            let listed = self.listed(order)?;
            return listed.map_or_else(|| self.named_order(order), |(state, _)| Ok(Some(state)));
        };
        match self.named_order(order)? {
            None => Ok(self.listed(order)?.map(|(state, _)| state)),
            // Another one that does the same, and has no name, may be left: it takes the place of the one that is gone.
            Some(state) if state.status == OrderStatus::Canceled => {
                let mut rows = self.open_rows(&order.symbol)?.into_iter();
                let left = rows.find(|(row, other)| *other != number && row.is(order));
                self.given.forget(&order.id);
                Ok(Some(left.map_or(state, |row| self.noted(order, row).0)))
            }
            found => Ok(found),
        }
    }

    /// A plain order.
    pub(super) fn find_plain(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let is_named = self.given.number(&order.id).is_some() || is_at_market(&order.id);
        if is_named || self.given.is_lost(&order.id) {
            let named = self.named_order(order)?;
            return if named.is_some() || is_named { Ok(named) } else { self.lost_order(order) };
        }
        self.find_forgotten(order)
    }

    /// A limit order of which neither number nor content is known, because it was sent before a restart. The name may be lost
    /// although the order rests, and an open order without a name may be any: while there is one, nothing is said for a while.
    ///
    /// Not for ever, because it may be a stranger's, and a trade that waits for it cannot end. Until then a position that the
    /// order brings is still looked after, and the log tells the user to look.
    fn find_forgotten(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let (now, symbol, id) = (self.session.now(), &order.symbol, &order.id);
        let doubted_ms = self.given.doubted_ms(id, now);
        // That nobody knows a name is an error that counts.
        let asks = doubted_ms.is_none_or(|doubted| doubted >= DOUBT_MS);
        if let Some(state) = if asks { self.named_order(order)? } else { None } {
            return Ok(Some(state));
        }
        let mut rows = self.open_rows(symbol)?;
        if let Some(at) = rows.iter().position(|(state, _)| state.is(order)) {
            return Ok(Some(self.noted(order, rows.swap_remove(at)).0));
        }
        // The entries of a trade open; what a sender named may do both.
        let may_close = ClientId::parse(id.as_str()).is_none();
        let may_be = |state: &OrderState| state.id.is_empty() && !state.conditional && (state.opens || may_close);
        if !rows.iter().any(|(state, _)| may_be(state)) {
            return if asks { Ok(None) } else { self.named_order(order) };
        }
        match doubted_ms {
            Some(_) if asks => {
                log::warn!("{symbol}: order {id} is taken for gone, although an open one without a name may be it: please look at that");
                return Ok(None);
            }
            Some(_) => {}
            None => {
                self.given.doubt(id, now);
                log::warn!("{symbol}: order {id} is not found, and an open one without a name may be it: please look at that");
            }
        }
        Err(ExchangeError::refused(Reason::Other, "an open order without a name may be this one"))
    }

    /// An open guard by our name or by what it does.
    fn listed(&mut self, order: &OrderRef) -> Result<Option<(OrderState, String)>> {
        let found = self.open_rows(&order.symbol)?.into_iter().find(|(state, _)| state.is(order));
        Ok(found.map(|row| self.noted(order, row)))
    }

    /// An open order that is the one that was asked for: its number is good to know from now on.
    fn noted(&mut self, order: &OrderRef, row: (OrderState, String)) -> (OrderState, String) {
        if !matches!(row.1.as_str(), "" | "0") {
            self.given.note(&order.id, &row.1);
        }
        row
    }

    /// A limit order that nobody answered for and whose name says nothing: the one open order that is what was sent and
    /// has no name.
    pub(super) fn lost_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let rows = self.open_rows(&order.symbol)?.into_iter();
        let mut alike = rows.filter(|(state, number)| !matches!(number.as_str(), "" | "0") && self.given.may_be(&order.id, state));
        match (alike.next(), alike.next()) {
            (None, _) => Ok(None),
            (Some(row), None) => {
                drop(alike);
                let (state, _) = self.noted(order, row);
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
}

/// Whether a name is that of a market order, which never rests.
fn is_at_market(id: &ClientId) -> bool {
    let leg = ClientId::parse(id.as_str()).and_then(|id| id.leg());
    matches!(leg, Some(Leg::Close | Leg::Order))
}
