//! Bybit v5, linear perpetuals of a unified account, live and demo (the base address of the transport is all that differs).
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how plain orders are sent and found again |
//! | `guards.rs` | stops and targets, which are no orders here |
//! | `settings.rs` | position mode, margin mode and leverage |
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
mod orders;
mod settings;
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
use super::orders::{change, found, in_order, quote, shared_name};
use super::pages::{Pages, pages};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, Fill, Instrument, Instruments, MarginMode, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
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
    guards_hold_up_close: false,
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
        let reply: Reply<List<wire::Ticker>> = self.session.call(&Call::public("/v5/market/tickers", of(symbol)))?;
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
                let query = product().with("settleCoin", self.settle.as_str()).with("limit", POSITIONS_PAGE);
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
        let results: Vec<Result<OrderState>> = orders.chunks(BATCH_MAX).flat_map(|chunk| self.place_some(chunk, hedge)).collect();
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
        let orders: Vec<wire::OrderRow> = self.whole("/v5/order/realtime", &of(symbol).with("limit", ORDERS_PAGE))?;
        let rows = self.rows_of(symbol)?;
        let offset_ms = self.session.offset_ms();
        let orders = orders.into_iter().filter(|row| !row.is_attribute()).map(|row| row.state(symbol, offset_ms));
        Ok(orders.filter(|state| !state.status.is_final()).chain(rows.iter().flat_map(|row| row.guards(symbol))).collect())
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        match order.guard {
            Some(guard) => self.clear_guard(&order.symbol, guard),
            None => {
                let params = of(&order.symbol).with("orderLinkId", order.id.as_str());
                self.session.call::<wire::Done>(&Call::post("/v5/order/cancel", &params)).map(drop)
            }
        }
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        // Without a filter stops would go as well; with the second one those of a position do, too.
        let filters: &[&str] = if conditional { &["Order", "StopOrder"] } else { &["Order"] };
        for filter in filters {
            let params = of(symbol).with("orderFilter", *filter);
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
            let query = of(symbol).with("startTime", from).with("limit", FILLS_PAGE);
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
fn product() -> Params {
    Params::new().with("category", "linear")
}

fn of(symbol: &Symbol) -> Params {
    product().with("symbol", symbol.as_str())
}

fn read_instruments(session: &mut Session, settle: &str) -> Result<Vec<Instrument>> {
    let (settle, mut list, mut cursor) = (Arc::from(settle), Vec::new(), String::new());
    for _ in 0..PAGES_MAX {
        let query = product().with("limit", CONTRACTS_PAGE).with_some("cursor", (!cursor.is_empty()).then_some(cursor));
        let call = Call::public("/v5/market/instruments-info", query);
        cursor = session.stream(&call, |body| instruments::read_contracts(body, &settle, &mut list))?;
        if cursor.is_empty() {
            return Ok(list);
        }
    }
    Err(ExchangeError::refused(Reason::Other, format!("the contracts fill more than {PAGES_MAX} pages")))
}
