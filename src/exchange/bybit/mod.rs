//! Bybit v5, linear perpetuals of a unified account, live and demo (the base address of the transport is all that differs).
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `guards.rs` | stops and targets, which are no orders here |
//! | `sign.rs` | what makes a call this exchange's: signature, window, clock |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts |
//!
//! What a reader must know:
//! * Orders are only acknowledged; what became of them must be asked.
//! * Stop and target are attributes of a position, one of each: they follow its size, end with it, and carry no name.
//! * One-way or hedge is a property of each contract; the rows of its position tell which. Every order names its half.
//! * The margin mode is a property of the whole account.

mod errors;
mod guards;
mod instruments;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::catalogue::Catalogue;
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use super::modes::Modes;
use super::orders::{change, found, in_order, our_time, own, quote, shared_name};
use super::pages::{Pages, pages};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Action, Balance, Fill, Instrument, Instruments, MarginMode, Millis, NewOrder, OrderKind, OrderRef, OrderState, Position, Protection,
    Quote, Symbol, Terms,
};
use wire::{List, PositionRow, Reply};

/// Where real money is.
pub const LIVE_URL: &str = "https://api.bybit.com";
/// Where play money is; keys of one host are unknown at the other.
pub const DEMO_URL: &str = "https://api-demo.bybit.com";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "bybit",
    margin_mode: MarginScope::Account,
    hedge: true,
    stop: ATTRIBUTE,
    target: ATTRIBUTE,
    attaches_stop: true,
    guards_end_with_position: true,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 36, letters: Letters::Any, signs: "-_" }),
    batch: BATCH_MAX,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: POSITIONS_PER_MINUTE / 2,
    budget_is_shared: false,
};
/// An attribute of the position: setting it again changes it.
const ATTRIBUTE: Habit = Habit { covers: Covers::Position, second: Second::Replaces };

/// Most orders in one batch request: one page of the documentation says 20, another 10.
const BATCH_MAX: usize = 10;
/// 50 reads of positions are allowed in a second.
const POSITIONS_PER_MINUTE: u32 = 50 * 60;
/// Most rows of one answer, by list.
const POSITIONS_PAGE: u32 = 200;
const ORDERS_PAGE: u32 = 50;
const FILLS_PAGE: u32 = 100;
const CONTRACTS_PAGE: u32 = 1000;
/// Most pages of one list: 1000 orders, 2000 fills, 4000 positions.
const PAGES_MAX: usize = 20;
/// Longest time one request for fills may span; without an end it is this long.
const FILLS_SPAN_MS: Millis = 7 * 24 * 3600 * 1000;
/// Most such spans for one question about fills: three months.
const FILLS_SPANS_MAX: usize = 13;

const POSITIONS: &str = "/v5/position/list";
const EXECUTIONS: &str = "/v5/execution/list";

/// One account at Bybit.
pub struct Bybit {
    session: Session,
    settle: String,
    /// Hedge mode, where nothing is known of the contract itself.
    hedge: bool,
    modes: Modes,
    /// The account's; `None`: not known.
    margin_mode: Option<MarginMode>,
    /// Each contract's leverage.
    known: Known,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

impl Bybit {
    /// An account at the other end of the line, whose address decides between live and demo.
    pub fn new(line: Line) -> Bybit {
        Bybit {
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            hedge: false,
            modes: Modes::default(),
            margin_mode: None,
            known: Known::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
        }
    }

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
        let params = self.order_params(linear(), order, hedge);
        let (reply, attempt) = self.session.call_with_attempt::<Reply<wire::Ack>>(&Call::post("/v5/order/create", &params))?;
        own(reply.result.state(order, our_time(reply.time, attempt.offset_ms)), &order.id, &attempt)
    }

    /// Answers come in the order of the request, with code 0 even when orders inside failed.
    fn place_batch(&mut self, orders: &[NewOrder], hedge: bool) -> Vec<Result<OrderState>> {
        let list = orders.iter().map(|order| self.order_params(Params::new(), order, hedge)).collect();
        let params = linear().with_list("request", list);
        let sent = self.session.call_with_attempt::<wire::BatchReply>(&Call::post("/v5/order/create-batch", &params));
        let (reply, attempt) = match sent {
            Ok(sent) => sent,
            Err(error) => return vec![Err(error); orders.len()],
        };
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
        results
    }

    /// Open orders and recently ended ones are in one list, which a restart over there empties; the other one lags.
    fn plain_order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        for path in ["/v5/order/realtime", "/v5/order/history"] {
            let params = linear_of(&order.symbol).with("orderLinkId", order.id.as_str());
            let reply: Reply<List<wire::OrderRow>> = self.session.call(&Call::get(path, params))?;
            let offset_ms = self.session.offset_ms();
            let mut states = reply.result.list.into_iter().map(|row| row.state(&order.symbol, offset_ms));
            if let Some(state) = states.find(|state| state.is(order)) {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }

    fn pages<T: DeserializeOwned>(&mut self, path: &'static str, query: &Params) -> Result<Pages<T>> {
        pages(PAGES_MAX, |cursor: Option<String>| {
            let call = Call::get(path, query.clone().with_some("cursor", cursor));
            let (reply, attempt) = self.session.call_with_attempt::<Reply<List<T>>>(&call)?;
            let next = Some(reply.result.cursor()).filter(|cursor| !cursor.is_empty() && !reply.result.list.is_empty());
            Ok((reply.result.list, next, attempt))
        })
    }

    fn whole<T: DeserializeOwned>(&mut self, path: &'static str, query: &Params) -> Result<Vec<T>> {
        Ok(self.pages(path, query)?.whole(path)?.0)
    }

    fn position_rows(&mut self, query: &Params) -> Result<Vec<PositionRow>> {
        let rows: Vec<PositionRow> = self.whole(POSITIONS, query)?;
        match rows.iter().find(|row| row.is_broken()) {
            Some(row) => Err(ExchangeError::refused(Reason::Other, format!("a position of {} without a side", row.symbol))),
            None => Ok(rows),
        }
    }

    /// The rows of one contract, which are there even when it is flat: they tell its position mode and its leverage.
    fn rows_of(&mut self, symbol: &Symbol) -> Result<Vec<PositionRow>> {
        let rows = self.position_rows(&linear_of(symbol))?;
        if let Some(first) = rows.first() {
            let symbol = shared_name(&self.instruments, symbol.as_str());
            // The halves of a hedge-mode contract may differ in isolated mode: then there is no one leverage.
            let leverage = first.leverage().filter(|leverage| rows.iter().all(|row| row.leverage() == Some(*leverage)));
            self.known.set(&symbol, Terms { leverage, margin_mode: None });
            self.modes.set(symbol, rows.iter().any(PositionRow::is_hedge));
        }
        Ok(rows)
    }

    /// Whether a contract is in hedge mode. Asked for before something is sent, which therefore was not sent if this fails.
    fn mode_of(&mut self, symbol: &Symbol) -> Result<bool> {
        if self.modes.get(symbol).is_none() {
            self.rows_of(symbol).map_err(ExchangeError::nothing_sent)?;
        }
        Ok(self.modes.get(symbol).unwrap_or(self.hedge))
    }

    fn account_info(&mut self) -> Result<wire::AccountInfo> {
        let reply: Reply<wire::AccountInfo> = self.session.call(&Call::get("/v5/account/info", Params::new()))?;
        self.margin_mode = reply.result.margin_mode();
        Ok(reply.result)
    }

    /// Sets the mode of the whole account, unless a fresh look shows that somebody did so already.
    fn set_margin_mode(&mut self, mode: MarginMode) -> Result<()> {
        self.account_info().map_err(ExchangeError::nothing_sent)?;
        if self.margin_mode == Some(mode) {
            return Ok(());
        }
        log::warn!("setting the account's margin mode to {}: all its contracts are affected", wire::margin_word(mode));
        let params = Params::new().with("setMarginMode", wire::margin_word(mode));
        let done = self.session.call::<Reply<errors::Reasons>>(&Call::post("/v5/account/set-margin-mode", &params));
        match done.and_then(|reply| reply.result.refusal().map_or(Ok(()), Err)) {
            Err(error) if error.reason() != Some(Reason::NoChangeNeeded) => {
                if matches!(error, ExchangeError::Unknown { .. }) {
                    (self.margin_mode, self.known) = (None, Known::default());
                }
                return Err(error);
            }
            // Leverages were known in the other mode.
            Ok(()) | Err(_) => (self.margin_mode, self.known) = (Some(mode), Known::default()),
        }
        Ok(())
    }

    fn set_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let leverage = leverage.to_string();
        let params = linear_of(symbol).with("buyLeverage", leverage.as_str()).with("sellLeverage", leverage.as_str());
        self.session.call::<wire::Done>(&Call::post("/v5/position/set-leverage", &params)).map(drop)
    }
}

impl Exchange for Bybit {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.session.server_time()?;
        (self.modes, self.known) = (Modes::default(), Known::default());
        let restricted = self.account_info()?.restricted();
        // Accounts of other kinds do not answer what follows.
        if restricted.is_none() {
            let largest = if self.settle == "USDC" { "BTCPERP".to_owned() } else { format!("BTC{}", self.settle) };
            self.hedge = self.rows_of(&Symbol::new(&largest))?.iter().any(PositionRow::is_hedge);
        }
        Ok(AccountMode { hedge: self.hedge, restricted })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (session, settle) = (&mut self.session, self.settle.as_str());
        let list = self.catalogue.get(session.now(), || read_instruments(session, settle))?;
        if !Arc::ptr_eq(&list, &self.instruments) {
            self.known.share_names(&list);
            self.modes.share_names(&list);
            self.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let reply: Reply<List<wire::Ticker>> = self.session.call(&Call::public("/v5/market/tickers", linear_of(symbol)))?;
        let (bid, ask) = reply.result.list.first().map(|ticker| (ticker.bid, ticker.ask)).unwrap_or_default();
        quote(bid, ask, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        let params = Params::new().with("accountType", "UNIFIED").with("coin", self.settle.as_str());
        let reply: Reply<List<wire::Wallet>> = self.session.call(&Call::get("/v5/account/wallet-balance", params))?;
        let wallet = reply.result.list.first();
        let (total, available) = wallet.map(|wallet| wallet.of(&self.settle, self.margin_mode)).unwrap_or_default();
        Ok(Balance { coin: self.settle.clone(), total, available })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let rows = match only {
            Some(symbol) => self.rows_of(symbol)?,
            None => {
                let query = linear().with("settleCoin", self.settle.as_str()).with("limit", POSITIONS_PAGE);
                self.position_rows(&query)?
            }
        };
        let mut positions = Vec::with_capacity(rows.len());
        for row in rows {
            let symbol = shared_name(&self.instruments, &row.symbol);
            self.modes.set(symbol.clone(), row.is_hedge());
            positions.push(row.position(symbol, self.margin_mode));
        }
        Ok(positions)
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        self.account_info()?;
        self.rows_of(symbol)?;
        Ok(Terms { margin_mode: self.margin_mode, ..self.known.get(symbol) })
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        if let Some(mode) = want.margin_mode.filter(|mode| self.margin_mode != Some(*mode)) {
            self.set_margin_mode(mode)?;
        }
        if let Some(leverage) = want.leverage.filter(|leverage| self.known.get(symbol).leverage != Some(*leverage)) {
            let done = self.set_leverage(symbol, leverage);
            change(&mut self.known, symbol, Terms { leverage: Some(leverage), margin_mode: None }, done)?;
        }
        Ok(())
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let Some(first) = orders.first() else { return Vec::new() };
        let hedge = match self.mode_of(&first.symbol) {
            Ok(hedge) => hedge,
            Err(error) => return vec![Err(error); orders.len()],
        };
        let mut results = Vec::with_capacity(orders.len());
        for chunk in orders.chunks(BATCH_MAX) {
            match chunk {
                [order] => results.push(self.place_one(order, hedge)),
                orders => results.append(&mut self.place_batch(orders, hedge)),
            }
        }
        results.iter().for_each(|result| self.modes.doubt(&first.symbol, result));
        results
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        let hedge = self.mode_of(&protection.symbol)?;
        let result = self.set_guard(protection, hedge);
        self.modes.doubt(&protection.symbol, &result);
        result
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        match order.guard {
            Some(guard) => self.guard_order(&order.symbol, guard),
            None => self.plain_order(order),
        }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        let orders: Vec<wire::OrderRow> = self.whole("/v5/order/realtime", &linear_of(symbol).with("limit", ORDERS_PAGE))?;
        let rows = self.rows_of(symbol)?;
        let offset_ms = self.session.offset_ms();
        let orders = orders.into_iter().filter(|row| !row.is_attribute()).map(|row| row.state(symbol, offset_ms));
        Ok(orders.filter(|state| !state.status.is_final()).chain(rows.iter().flat_map(|row| row.guards(symbol))).collect())
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        match order.guard {
            Some(guard) => self.clear_guard(&order.symbol, guard),
            None => {
                let params = linear_of(&order.symbol).with("orderLinkId", order.id.as_str());
                self.session.call::<wire::Done>(&Call::post("/v5/order/cancel", &params)).map(drop)
            }
        }
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        // Without a filter stops would go as well; with the second one those of a position do, too.
        let filters: &[&str] = if conditional { &["Order", "StopOrder"] } else { &["Order"] };
        for filter in filters {
            let params = linear_of(symbol).with("orderFilter", *filter);
            found(self.session.call::<wire::Done>(&Call::post("/v5/order/cancel-all", &params)))?;
        }
        Ok(())
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let hedge = self.mode_of(symbol)?;
        let offset_ms = self.session.offset_ms();
        let until = self.session.now().saturating_add_signed(offset_ms);
        let mut from = since.saturating_add_signed(offset_ms);
        let mut fills = Vec::new();
        for _ in 0..FILLS_SPANS_MAX {
            let query = linear_of(symbol).with("startTime", from).with("limit", FILLS_PAGE);
            let (rows, _) = self.pages(EXECUTIONS, &query)?.cut(symbol, EXECUTIONS);
            let rows = rows.into_iter().filter(wire::ExecutionRow::is_trade);
            fills.extend(rows.map(|row| row.fill(hedge, &self.settle, offset_ms)));
            from = from.saturating_add(FILLS_SPAN_MS);
            if from > until {
                return Ok(in_order(fills));
            }
        }
        log::warn!("{symbol}: fills since {since} reach back too far, only the first {} are counted", fills.len());
        Ok(in_order(fills))
    }
}

/// The parameters every call about these contracts begins with.
fn linear() -> Params {
    Params::new().with("category", "linear")
}

fn linear_of(symbol: &Symbol) -> Params {
    linear().with("symbol", symbol.as_str())
}

fn read_instruments(session: &mut Session, settle: &str) -> Result<Vec<Instrument>> {
    let (settle, mut list, mut cursor) = (Arc::from(settle), Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let query = linear().with("limit", CONTRACTS_PAGE).with_some("cursor", (!cursor.is_empty()).then_some(cursor));
        let call = Call::public("/v5/market/instruments-info", query);
        cursor = session.stream(&call, |body| instruments::read_contracts(body, &settle, &mut list))?;
        if cursor.is_empty() {
            return Ok(list);
        }
    }
    Err(ExchangeError::refused(Reason::Other, format!("the contracts fill more than {PAGES_MAX} pages")))
}
