//! OKX v5, linear perpetual contracts (`SWAP`), live and demo (a header tells them apart, the host is the same).
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders and guards are sent, found again, listed and cancelled |
//! | `settings.rs` | margin modes and leverages |
//! | `held.rs` | the margin mode of each position |
//! | `sign.rs` | what makes a call this exchange's: signature, headers, how long an order lives |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts, and that one contract is so many coins |
//!
//! Quantities are contracts, so nothing can be ordered or read of a contract that is not in the list. Every order names
//! its margin mode: one that opens takes what [`Exchange::prepare`] was told, one that closes or guards its position's
//! own. Answers to orders only acknowledge. A closing order larger than the position is refused, not trimmed.
//!
//! Stops and targets are algo orders: other paths, ids and lists, and other plain orders once they fire. A stop closes
//! the whole position and is one of a kind; a target has a quantity, so that trouble with it never touches the stop.
//! Orders could carry their stop, but it would rest only when the order has filled completely, with the order's size,
//! and survive the position: not used. In one-way mode guards are told to end with their position; in hedge mode they
//! cannot be told.

mod errors;
mod held;
mod instruments;
mod orders;
mod settings;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::attempt::Attempt;
use super::catalogue::{Catalogue, contract, unlisted};
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use super::orders::{change, found, in_order, quote};
use super::pages::pages;
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, Fill, Instrument, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
};
use held::Held;
use orders::GUARDS_BATCH_MAX;
use wire::{Reply, Row};

/// Where real money is, and play money too.
pub const LIVE_URL: &str = "https://openapi.okx.com";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "okx",
    margin_mode: MarginScope::Order,
    hedge: true,
    stop: Habit { covers: Covers::Position, second: Second::Refused },
    target: Habit { covers: Covers::Quantity, second: Second::Rests },
    attaches_stop: false,
    guards_end_with_position: false,
    guards_hold_up_close: false,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 32, letters: Letters::Any, signs: "" }),
    batch: BATCH_MAX,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: POSITIONS_PER_MINUTE / 2,
    budget_is_shared: false,
};

/// Reads of positions an account may make in a minute.
const POSITIONS_PER_MINUTE: u32 = 300;
/// Most orders in one batch request, and most cancels.
const BATCH_MAX: usize = 20;
/// Rows in a full page of every list.
const PAGE: usize = 100;
/// Most requests for one question about fills.
const FILLS_PAGES_MAX: usize = 50;
/// Fills of so long ago are in the quick list; older ones, up to three months, in the slow one. An hour less than it keeps.
const RECENT_MS: Millis = (3 * 24 - 1) * 3600 * 1000;

/// One account at OKX.
pub struct Okx {
    session: Session,
    settle: String,
    hedge: bool,
    /// The margin mode of orders that open, and the leverage in that mode.
    known: Known,
    /// Margin modes that [`Exchange::prepare`] was told: no call sets them, so they are nowhere but here.
    wishes: Known,
    held: Held,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

impl Okx {
    /// An account at the other end of the line, whose keys decide between live and demo.
    pub fn new(line: Line) -> Okx {
        Okx {
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            hedge: false,
            known: Known::default(),
            wishes: Known::default(),
            held: Held::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
        }
    }

    /// The contracts; read first if they never were.
    fn listed(&mut self) -> Result<Arc<Instruments>> {
        if self.instruments.is_empty() { self.instruments() } else { Ok(Arc::clone(&self.instruments)) }
    }

    /// One that was listed after the list was read: what is held of it must not make everything else unreadable.
    fn read_contract(&mut self, name: &str) -> Result<Instrument> {
        let call = Call::public("/api/v5/public/instruments", Params::new().with("instType", "SWAP").with("instId", name.to_owned()));
        let settle = self.settle.clone();
        let list = self.session.stream(&call, |body| instruments::read_contracts(body, &settle))?;
        list.into_iter().next().ok_or_else(|| unlisted(&Symbol::new(name)))
    }

    fn contract(&mut self, symbol: &Symbol) -> Result<Instrument> {
        let list = self.listed()?;
        contract(&list, symbol)
    }

    fn rows<T: DeserializeOwned>(&mut self, call: &Call) -> Result<(Vec<T>, Attempt)> {
        let (answer, attempt) = self.session.call_with_attempt::<Reply<T>>(call)?;
        Ok((answer.data, attempt))
    }

    /// The first row of an answer that has one.
    fn row<T: DeserializeOwned>(&mut self, call: &Call) -> Result<(T, Attempt)> {
        let (rows, attempt) = self.rows(call)?;
        let first = rows.into_iter().next().ok_or_else(|| attempt.unknown("the answer is empty"))?;
        Ok((first, attempt))
    }

    /// What is asked for by name: neither a refusal that says so nor an empty answer knows it.
    fn named_row<T: DeserializeOwned>(&mut self, call: &Call) -> Result<Option<(T, Attempt)>> {
        let Some((rows, attempt)) = found(self.rows(call))? else { return Ok(None) };
        Ok(rows.into_iter().next().map(|row| (row, attempt)))
    }

    /// A list of one contract that comes newest first, in pages.
    fn pages<T: DeserializeOwned + Row>(
        &mut self,
        symbol: &Symbol,
        path: &'static str,
        query: &Params,
        pages_max: usize,
    ) -> Result<(Vec<T>, Attempt)> {
        let list = pages(pages_max, |after| {
            let (rows, attempt) = self.rows::<T>(&Call::get(path, query.clone().with_some("after", after)))?;
            let next = rows.last().filter(|_| rows.len() >= PAGE).map(Row::number);
            Ok((rows, next, attempt))
        })?;
        let (mut rows, attempt) = list.cut(symbol, path);
        rows.retain(|row| row.contract() == symbol.as_str());
        Ok((rows, attempt))
    }
}

impl Exchange for Okx {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.session.server_time()?;
        let (account, _) = self.row::<wire::AccountConfig>(&Call::get("/api/v5/account/config", Params::new()))?;
        (self.known, self.held) = (self.wishes.clone(), Held::default());
        self.hedge = account.pos_mode == wire::PosMode::LongShortMode;
        Ok(AccountMode { hedge: self.hedge, restricted: restricted(&account).map(str::to_owned) })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (now, session, settle) = (self.session.now(), &mut self.session, &self.settle);
        let call = Call::public("/api/v5/public/instruments", Params::new().with("instType", "SWAP"));
        let read = || session.stream(&call, |body| instruments::read_contracts(body, settle));
        self.instruments = self.catalogue.get_with_delisted(now, &self.instruments, read)?;
        Ok(Arc::clone(&self.instruments))
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let (ticker, _) = self.row::<wire::Ticker>(&Call::public("/api/v5/market/ticker", of(symbol)))?;
        quote(ticker.bid_px, ticker.ask_px, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        let call = Call::get("/api/v5/account/balance", Params::new().with("ccy", self.settle.as_str()));
        let (account, _) = self.row::<wire::AccountBalance>(&call)?;
        // A coin the account never had has no row.
        let coin = account.details.iter().find(|coin| coin.ccy == self.settle);
        let (total, available) = coin.map_or_else(Default::default, |coin| (coin.eq, coin.available()));
        Ok(Balance { coin: self.settle.clone(), total, available })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let contracts = self.listed()?;
        if let Some(symbol) = only {
            self.contract(symbol)?;
        }
        let params = Params::new().with("instType", "SWAP").with_some("instId", only.map(Symbol::as_str));
        let (rows, attempt) = self.rows::<wire::PositionRow>(&Call::get("/api/v5/account/positions", params))?;
        let mut positions = Vec::with_capacity(rows.len());
        for row in rows {
            // Coin-margined contracts, and those of other settle coins, are in the answer too, but not in our list.
            let contract = match contracts.get(&row.inst_id) {
                Some(contract) => contract.clone(),
                None if row.is_held_in(&self.settle) => self.read_contract(&row.inst_id)?,
                None => continue,
            };
            positions.push(row.position(&contract).ok_or_else(|| attempt.too_large())?);
        }
        let held = positions.iter().filter(|position| !position.qty.is_zero());
        let held = held.filter_map(|position| Some((position.symbol.clone(), position.side, position.terms.margin_mode?)));
        self.held.read(only, held);
        Ok(positions)
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        let mode = match self.wishes.get(symbol).margin_mode {
            Some(wish) => wish,
            None => self.usual_mode(symbol)?,
        };
        let leverage = self.read_leverage(symbol, mode)?;
        let terms = Terms { leverage, margin_mode: Some(mode) };
        self.known.set(symbol, terms);
        Ok(terms)
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        let mode = match want.margin_mode {
            Some(mode) => mode,
            None => self.usual_mode(symbol).map_err(ExchangeError::nothing_sent)?,
        };
        self.wish(symbol, mode);
        // Without a wish, a position of another mode ends the last one.
        if want.margin_mode.is_some() || self.wishes.get(symbol).margin_mode != Some(mode) {
            self.wishes.set(symbol, Terms { leverage: None, margin_mode: want.margin_mode });
        }
        if let Some(leverage) = want.leverage.filter(|leverage| self.known.get(symbol).leverage != Some(*leverage)) {
            // One of two halves may be set when the other is refused.
            self.known.set(symbol, Terms { leverage: None, margin_mode: Some(mode) });
            let done = match self.set_leverage(symbol, mode, leverage) {
                // Blocked by open orders, even when nothing would change.
                Err(error) if error.reason() == Some(Reason::SettingBlocked) => match self.read_leverage(symbol, mode) {
                    Ok(Some(so)) if so == leverage => Ok(()),
                    _ => Err(error),
                },
                done => done,
            };
            change(&mut self.known, symbol, Terms { leverage: Some(leverage), margin_mode: Some(mode) }, done)?;
        }
        Ok(())
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        orders.chunks(BATCH_MAX).flat_map(|chunk| self.place_some(chunk)).collect()
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        let result = self.place_guard(protection).inspect_err(|error| self.mistrust(&protection.symbol, error));
        self.session.mind_clock(std::slice::from_ref(&result));
        result
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let contract = self.contract(&order.symbol)?;
        match order.guard {
            Some(_) => self.guard_order(&contract, order.id.as_str()),
            None => self.plain_order(&contract, "clOrdId", order.id.as_str()),
        }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        let contract = self.contract(symbol)?;
        // In this order, because a conditional order that triggers in between moves to the plain ones.
        let (guards, guards_attempt) = self.guard_rows(symbol, "conditional,oco")?;
        let (plain, attempt) = self.plain_rows(symbol)?;
        let guards = guards.into_iter().map(|row| row.state(&contract, guards_attempt.offset_ms));
        let plain = plain.into_iter().map(|row| row.state(&contract, attempt.offset_ms));
        plain.chain(guards).map(|state| state.ok_or_else(|| attempt.too_large())).collect()
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        let call = match order.guard {
            Some(_) => Call::post("/api/v5/trade/cancel-algos", &[of(&order.symbol).with("algoClOrdId", order.id.as_str())]),
            None => Call::post("/api/v5/trade/cancel-order", &of(&order.symbol).with("clOrdId", order.id.as_str())),
        };
        let (row, attempt) = self.row::<Box<RawValue>>(&call)?;
        self.acknowledged(&row, &attempt).map(drop)
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        let (plain, _) = self.plain_rows(symbol)?;
        let mut done = self.cancel_each(symbol, &plain, "/api/v5/trade/cancel-batch-orders", "ordId", BATCH_MAX);
        if conditional {
            for kinds in ["conditional,oco", "trigger"] {
                let (guards, _) = self.guard_rows(symbol, kinds)?;
                done = done.and(self.cancel_each(symbol, &guards, "/api/v5/trade/cancel-algos", "algoId", GUARDS_BATCH_MAX));
            }
        }
        done
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let contract = self.contract(symbol)?;
        let recent = self.session.now().saturating_sub(since) < RECENT_MS;
        let path = if recent { "/api/v5/trade/fills" } else { "/api/v5/trade/fills-history" };
        let from = since.saturating_add_signed(self.session.offset_ms());
        // Whether the bound itself is included is documented nowhere.
        let query = listing(symbol).with("begin", from.saturating_sub(1).to_string());
        let (rows, attempt) = self.pages::<wire::FillRow>(symbol, path, &query, FILLS_PAGES_MAX)?;
        let rows = rows.into_iter().filter(|row| row.time() >= from);
        let fills = rows.map(|row| row.fill(&contract, attempt.offset_ms)).collect::<Option<Vec<_>>>();
        fills.map(in_order).ok_or_else(|| attempt.too_large())
    }
}

/// The parameters of a call about one contract.
fn of(symbol: &Symbol) -> Params {
    Params::new().with("instId", symbol.as_str())
}

/// The parameters of a list of one contract.
fn listing(symbol: &Symbol) -> Params {
    Params::new().with("instType", "SWAP").with("instId", symbol.as_str())
}

/// Why an account may not trade, and what to do about it.
fn restricted(account: &wire::AccountConfig) -> Option<&'static str> {
    let may_trade = account.perm.as_ref().is_none_or(|perm| perm.split(',').any(|word| word.trim() == "trade"));
    match account.acct_lv.as_str() {
        "1" => Some(
            "the account is in Spot mode, which has no perpetual contracts: switch it to Futures mode by hand, in the exchange's app or on its website",
        ),
        "4" => Some(
            "the account is in Portfolio margin mode, which has neither reduce-only orders nor stops for whole positions: switch it to Futures mode by hand",
        ),
        _ if !may_trade => Some("the API key may only read: give it the permission to trade"),
        _ => None,
    }
}
