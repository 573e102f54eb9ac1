//! How orders and guards are sent, found again and listed.

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::KuCoin;
use super::wire::{self, Page, Row, direction_word, margin_word, stop_word, trigger_word};
use crate::exchange::attempt::Attempt;
use crate::exchange::encode::percent_encode;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{found, guard_taken, own, taken};
use crate::exchange::pages::{Pages, pages};
use crate::exchange::params::Params;
use crate::exchange::session::Call;
use crate::market::{Action, ClientId, Decimal, Instrument, Millis, NewOrder, OrderKind, OrderState, Protection, Side, Symbol};

/// Rows asked for at once: half a megabyte of orders.
const PAGE: usize = 500;
/// Most pages of one list.
const PAGES_MAX: usize = 10;

const FILLS: &str = "/api/v1/fills";

/// Where one order is cancelled, of either kind.
pub(super) fn cancel_path(id: &ClientId) -> String {
    let mut path = "/api/v1/orders/client-order/".to_owned();
    percent_encode(&mut path, id.as_str());
    path
}

/// Coins → lots, for an order.
fn lots(contract: &Instrument, qty: Decimal) -> Result<u64> {
    let lots = contract.contracts(qty).filter(|lots| lots.fract().is_zero()).and_then(|lots| u64::try_from(lots).ok());
    let refused = || ExchangeError::refused(Reason::Precision, format!("{qty} of {} is no whole number of lots", contract.base));
    lots.filter(|lots| *lots > 0).ok_or_else(refused)
}

/// The half an order belongs to; one-way accounts name none.
fn half_word(side: Side, hedge: bool) -> Option<&'static str> {
    hedge.then(|| side.as_str())
}

impl KuCoin {
    /// The parameters of a plain order, alone or in a batch.
    fn order_params(&mut self, order: &NewOrder) -> Result<Params> {
        let lots = lots(&self.contract(&order.symbol)?, order.qty)?;
        let (mode, leverage) = match order.action {
            Action::Open => self.opening_terms(&order.symbol)?,
            Action::Close => (self.margin_mode(&order.symbol)?, None),
        };
        let params = Params::of(&order.symbol)
            .with("clientOid", order.id.as_str())
            .with("side", direction_word(order.side, order.action))
            .with_some("positionSide", half_word(order.side, self.hedge))
            .with("marginMode", margin_word(mode))
            .with_some("leverage", leverage)
            .with("size", lots);
        let params = match order.kind {
            OrderKind::Market => params.with("type", "market"),
            OrderKind::Limit { price } => params.with("type", "limit").with_decimal("price", price).with("timeInForce", "GTC"),
        };
        Ok(params.with_some("reduceOnly", (order.action == Action::Close).then_some(true)))
    }

    fn guard_params(&mut self, protection: &Protection) -> Result<Params> {
        let lots = lots(&self.contract(&protection.symbol)?, protection.qty)?;
        let mode = self.margin_mode(&protection.symbol)?;
        Ok(Params::of(&protection.symbol)
            .with("clientOid", protection.id.as_str())
            .with("side", direction_word(protection.side, Action::Close))
            .with_some("positionSide", half_word(protection.side, self.hedge))
            .with("marginMode", margin_word(mode))
            .with("type", "market")
            .with("size", lots)
            .with("reduceOnly", true)
            .with("stop", stop_word(protection.side, protection.kind))
            .with_decimal("stopPrice", protection.trigger_price)
            .with("stopPriceType", trigger_word(protection.by)))
    }

    fn place_one(&mut self, order: &NewOrder) -> Result<OrderState> {
        let params = self.order_params(order).map_err(ExchangeError::nothing_sent)?;
        let (ack, attempt) = self.call::<wire::Ack>(&Call::post("/api/v1/orders", &params))?;
        own(OrderState { id: ack.client_oid, ..taken(order, 0) }, &order.id, &attempt)
    }

    /// The answer is a success even when orders inside failed.
    fn place_batch(&mut self, orders: &[NewOrder]) -> Result<Vec<Result<OrderState>>> {
        let list = orders.iter().map(|order| self.order_params(order)).collect::<Result<Vec<Params>>>();
        let list = list.map_err(ExchangeError::nothing_sent)?;
        let (rows, attempt) = self.call::<Vec<Box<RawValue>>>(&Call::post("/api/v1/orders/multi", &list))?;
        let named = |row: &RawValue| serde_json::from_str::<wire::Named>(row.get()).ok().and_then(|row| row.client_oid);
        let of = |order: &NewOrder| rows.iter().map(|row| &**row).find(|row| named(row).as_deref() == Some(order.id.as_str()));
        Ok(orders.iter().map(|order| self.placed(of(order), order, &attempt)).collect())
    }

    fn placed(&self, row: Option<&RawValue>, order: &NewOrder, attempt: &Attempt) -> Result<OrderState> {
        let row = row.ok_or_else(|| attempt.unknown("not every order was answered"))?;
        let ack: wire::Ack = self.session.element(attempt, row)?;
        own(OrderState { id: ack.client_oid, ..taken(order, 0) }, &order.id, attempt)
    }

    /// At most one batch.
    pub(super) fn place_some(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let results = match orders {
            [order] => vec![self.place_one(order)],
            orders => self.place_batch(orders).unwrap_or_else(|error| vec![Err(error); orders.len()]),
        };
        if orders.len() > 1 {
            self.session.mind_clock(&results);
        }
        if let Some(order) = orders.first() {
            self.doubt_mode(&order.symbol, &results);
        }
        results
    }

    /// Places a stop or a target.
    pub(super) fn place_guard(&mut self, protection: &Protection) -> Result<OrderState> {
        let params = self.guard_params(protection).map_err(ExchangeError::nothing_sent)?;
        let (ack, attempt) = self.call::<wire::Ack>(&Call::post("/api/v1/orders", &params))?;
        own(OrderState { id: ack.client_oid, ..guard_taken(protection, protection.qty, 0) }, &protection.id, &attempt)
    }

    /// The rows of a list of one contract, newest first.
    fn pages<T: DeserializeOwned + Row>(&mut self, symbol: &Symbol, path: &'static str, query: &Params) -> Result<Pages<T>> {
        let mut list = pages(PAGES_MAX, |number| {
            let number = number.unwrap_or(1);
            let call = Call::get(path, query.clone().with("currentPage", number).with("pageSize", PAGE));
            let (page, attempt) = self.call::<Page<T>>(&call)?;
            let last = number >= page.total_page || page.items.is_empty();
            Ok((page.items, (!last).then_some(number + 1), attempt))
        })?;
        list.rows.retain(|row| row.contract() == symbol.as_str());
        Ok(list)
    }

    pub(super) fn order_rows(&mut self, symbol: &Symbol, path: &'static str, query: &Params) -> Result<(Vec<wire::OrderRow>, Attempt)> {
        self.pages(symbol, path, query)?.whole(path)
    }

    /// Fills between two times of the exchange's clock.
    pub(super) fn fill_rows(&mut self, symbol: &Symbol, from: Millis, to: Millis) -> Result<(Vec<wire::FillRow>, Attempt)> {
        let query = Params::of(symbol).with("startAt", from).with("endAt", to);
        Ok(self.pages(symbol, FILLS, &query)?.cut(symbol, FILLS))
    }

    /// Cancels whatever is in one of the two lists.
    pub(super) fn cancel_kind(&mut self, symbol: &Symbol, path: &'static str) -> Result<()> {
        found(self.call::<wire::AllCanceled>(&Call::query("DELETE", path, Params::of(symbol)))).map(drop)
    }
}
