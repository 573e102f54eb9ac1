//! Binance USDⓈ-M futures, live and demo (the base address of the transport is all that differs).
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders and guards are sent, found again and listed |
//! | `sign.rs` | what makes a call this exchange's: signature, window, clock |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts |
//!
//! Stops and targets live in the exchange's Algo Service, apart from plain orders: other paths, ids and lists. When one
//! triggers it becomes a plain order that carries the same client id.

mod errors;
mod instruments;
mod orders;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::catalogue::Catalogue;
use super::error::Result;
use super::known::Known;
use super::orders::{change, found, in_order, leverage_set, quote, shared_name};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second, stream};
use crate::market::{
    Balance, Decimal, Fill, Instrument, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
};

/// Where real money is.
pub const LIVE_URL: &str = "https://fapi.binance.com";
/// Where play money is; keys of one host are unknown at the other.
pub const DEMO_URL: &str = "https://demo-fapi.binance.com";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "binance",
    margin_mode: MarginScope::Contract,
    hedge: true,
    stop: CLOSES_POSITION,
    target: CLOSES_POSITION,
    attaches_stop: false,
    guards_end_with_position: true,
    guards_hold_up_close: false,
    positions_show_orders: true,
    custom_ids: Some(CustomIds { chars_max: 36, letters: Letters::Any, signs: ".:/_-" }),
    batch: BATCH_MAX,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: WEIGHT_PER_MINUTE / 2 / POSITIONS_WEIGHT,
    budget_is_shared: true,
};
/// Orders that close the position, one of a kind.
const CLOSES_POSITION: Habit = Habit { covers: Covers::Position, second: Second::Refused };

/// Most orders in one batch request.
const BATCH_MAX: usize = 5;
/// The live host's request budget per minute; the demo host allows more.
const WEIGHT_PER_MINUTE: u32 = 2400;
/// What one read of all positions costs of it.
const POSITIONS_WEIGHT: u32 = 5;
/// Most fills in one answer.
const FILLS_PAGE: usize = 1000;
/// Longest time one request for fills may span.
const FILLS_SPAN_MS: Millis = 7 * 24 * 3600 * 1000;
/// Most requests for one question about fills; enough for the three months the exchange remembers.
const FILLS_PAGES_MAX: usize = 24;

/// One account at Binance.
pub struct Binance {
    session: Session,
    settle: String,
    hedge: bool,
    known: Known,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

impl Binance {
    /// An account at the other end of the line, whose address decides between live and demo.
    pub fn new(line: Line) -> Binance {
        Binance {
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            hedge: false,
            known: Known::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
        }
    }

    fn set_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let params = Params::of(symbol).with("leverage", leverage.to_string());
        let set: wire::LeverageSet = self.session.call(&Call::query("POST", "/fapi/v1/leverage", params))?;
        leverage_set(leverage, u32::try_from(set.leverage).unwrap_or(0))
    }

    /// What one symbol or, without parameters, every symbol is set to.
    fn read_settings(&mut self, params: Params) -> Result<Known> {
        let instruments = self.catalogue.peek();
        let mut list = Vec::new();
        self.session.stream(&Call::get("/fapi/v1/symbolConfig", params), |body| {
            stream::each(body, |row: wire::SymbolConfig| list.push((shared_name(&instruments, &row.symbol), row.terms())))
        })?;
        Ok(Known::new(list))
    }
}

impl Exchange for Binance {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.session.server_time()?;
        let account: wire::AccountConfig = self.session.call(&Call::get("/fapi/v1/accountConfig", Params::new()))?;
        self.known = self.read_settings(Params::new())?;
        self.hedge = account.dual_side_position;
        if account.multi_assets_margin {
            log::warn!("the account is in multi-assets mode: isolated margin cannot be set, the balance counts all its coins");
        }
        let restricted = (!account.can_trade).then(|| "the exchange does not let this account trade".to_owned());
        Ok(AccountMode { hedge: self.hedge, restricted })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let session = &mut self.session;
        let list = self.catalogue.get(session.now(), || read_instruments(session))?;
        if !Arc::ptr_eq(&list, &self.instruments) {
            self.known.share_names(&list);
            self.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let book: wire::BookTicker = self.session.call(&Call::public("/fapi/v1/ticker/bookTicker", Params::of(symbol)))?;
        quote(book.bid_price, book.ask_price, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        let mut balance = Balance { coin: self.settle.clone(), total: Decimal::ZERO, available: Decimal::ZERO };
        // Not `/fapi/v3/balance`: that one counts the profit of cross positions only.
        self.session.stream(&Call::get("/fapi/v3/account", Params::new()), |body| {
            stream::each_in(body, &["assets"], |row: wire::AssetRow| {
                if row.asset == balance.coin {
                    (balance.total, balance.available) = (row.margin_balance, row.available_balance);
                }
            })
        })?;
        Ok(balance)
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let params = only.map_or_else(Params::new, Params::of);
        let rows: Vec<wire::PositionRow> = self.session.call(&Call::get("/fapi/v3/positionRisk", params))?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let symbol = shared_name(&self.instruments, &row.symbol);
                let terms = self.known.get(&symbol);
                row.position(symbol, terms)
            })
            .collect())
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        let terms = self.read_settings(Params::of(symbol))?.get(symbol);
        self.known.set(symbol, terms);
        Ok(terms)
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        if let Some(mode) = want.margin_mode.filter(|mode| self.known.get(symbol).margin_mode != Some(*mode)) {
            let params = Params::of(symbol).with("marginType", wire::margin_word(mode));
            let done = self.session.call::<wire::Done>(&Call::query("POST", "/fapi/v1/marginType", params)).map(drop);
            let so = Terms { margin_mode: Some(mode), ..self.known.get(symbol) };
            change(&mut self.known, symbol, so, done)?;
        }
        if let Some(leverage) = want.leverage.filter(|leverage| self.known.get(symbol).leverage != Some(*leverage)) {
            let done = self.set_leverage(symbol, leverage);
            let so = Terms { leverage: Some(leverage), ..self.known.get(symbol) };
            change(&mut self.known, symbol, so, done)?;
        }
        Ok(())
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        orders.chunks(BATCH_MAX).flat_map(|chunk| self.place_some(chunk)).collect()
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        self.place_guard(protection)
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        if order.guard.is_some() { self.guard_order(order) } else { self.plain_order(order) }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        // In this order, because a conditional order that triggers in between moves to the plain ones.
        let conditional = self.open_conditional(symbol)?;
        let plain: Vec<wire::PlainOrder> = self.session.call(&Call::get("/fapi/v1/openOrders", Params::of(symbol)))?;
        let offset_ms = self.session.offset_ms();
        Ok(plain.into_iter().map(|row| row.state(symbol, offset_ms)).chain(conditional).collect())
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        if order.guard.is_some() {
            let params = Params::new().with("clientAlgoId", order.id.as_str());
            self.session.call::<wire::Done>(&Call::query("DELETE", "/fapi/v1/algoOrder", params)).map(drop)
        } else {
            let params = Params::of(&order.symbol).with("origClientOrderId", order.id.as_str());
            self.session.call::<wire::PlainOrder>(&Call::query("DELETE", "/fapi/v1/order", params)).map(drop)
        }
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        // Neither half touches the other's orders. Whether an empty list is a success or an unknown order is documented nowhere.
        let plain = self.session.call::<wire::Done>(&Call::query("DELETE", "/fapi/v1/allOpenOrders", Params::of(symbol)));
        found(plain)?;
        if conditional {
            let conditional = self.session.call::<wire::Done>(&Call::query("DELETE", "/fapi/v1/algoOpenOrders", Params::of(symbol)));
            found(conditional)?;
        }
        Ok(())
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let offset_ms = self.session.offset_ms();
        let until = self.session.now().saturating_add_signed(offset_ms);
        let mut from = since.saturating_add_signed(offset_ms);
        let mut fills: Vec<(u64, Fill)> = Vec::new();
        for _ in 0..FILLS_PAGES_MAX {
            let params = Params::of(symbol).with("startTime", from.to_string()).with("limit", FILLS_PAGE.to_string());
            let rows: Vec<wire::TradeRow> = self.session.call(&Call::get("/fapi/v1/userTrades", params))?;
            let (full, last) = (rows.len() >= FILLS_PAGE, rows.iter().map(|row| row.time).max());
            fills.extend(rows.into_iter().map(|row| row.fill(offset_ms)));
            // A full page may end in the middle of a millisecond, which is then read twice; without progress it is stepped over.
            from = match last.filter(|_| full) {
                Some(last) if last > from => last,
                Some(_) => from.saturating_add(1),
                None => from.saturating_add(FILLS_SPAN_MS),
            };
            if from > until {
                return Ok(in_order(fills));
            }
        }
        log::warn!("{symbol}: too many fills since {since}, only the first {} are counted", fills.len());
        Ok(in_order(fills))
    }
}

fn read_instruments(session: &mut Session) -> Result<Vec<Instrument>> {
    let mut list = session.stream(&Call::public("/fapi/v1/exchangeInfo", Params::new()), |body| instruments::read_contracts(body))?;
    if session.has_key() {
        let call = Call::get("/fapi/v1/leverageBracket", Params::new());
        session.stream(&call, |body| instruments::read_brackets(body, &mut list))?;
    }
    Ok(list)
}
