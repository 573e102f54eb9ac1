//! KuCoin futures, linear perpetual contracts, classic accounts. There is no demo. Whether an account is a unified one is
//! told by another host only, which is not asked; how the calls here fail for one is documented nowhere.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders and guards are sent, found again and listed |
//! | `settings.rs` | margin modes and leverages |
//! | `sign.rs` | what makes a call this exchange's: signature, headers, how long an order lives |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts, and that one lot is so many coins |
//!
//! Quantities are whole lots, so nothing can be ordered or read of a contract that is not in the list. Each contract has
//! a margin mode, and every order must name the same one. With cross margin the contract has a leverage as well; with
//! isolated margin every order that opens brings its own, so that what [`Exchange::prepare`] was told is remembered here
//! and nowhere else. Answers to orders only acknowledge; an order may still be thrown out a moment later.
//!
//! Stops and targets are orders like others, which wait for their trigger in a list of their own. Several can rest, and
//! they stay when the position ends. So they name a quantity and only reduce: an order that closes everything is not asked
//! for its side, and the one that a long position left behind would close the short position that came after it. A call
//! that would send an entry with both of them does not say what they mean for a short position: not used.

mod errors;
mod instruments;
mod orders;
mod settings;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::attempt::Attempt;
use super::catalogue::{Catalogue, contract};
use super::encode::percent_encode;
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use super::orders::{found, in_order, quote};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, Fill, Instrument, Instruments, MarginMode, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
};
use wire::Reply;

/// Where real money is.
pub const LIVE_URL: &str = "https://api-futures.kucoin.com";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "kucoinfutures",
    margin_mode: MarginScope::Contract,
    hedge: true,
    stop: REDUCING_ORDER,
    target: REDUCING_ORDER,
    attaches_stop: false,
    guards_end_with_position: false,
    guards_hold_up_close: false,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 40, letters: Letters::Any, signs: "-_" }),
    batch: BATCH_MAX,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: POSITIONS_PER_MINUTE / 2,
    budget_is_shared: false,
};
/// A conditional order that takes a position down by its quantity; nothing forbids a second one.
const REDUCING_ORDER: Habit = Habit { covers: Covers::Quantity, second: Second::Rests };

/// An account may spend 2000 in half a minute, and a read of positions costs 2.
const POSITIONS_PER_MINUTE: u32 = 2000;
/// Most orders in one batch request.
const BATCH_MAX: usize = 20;
/// One request for fills may span a week; without an end it is a day.
const FILLS_SPAN_MS: Millis = 7 * 24 * 3600 * 1000;
/// Most such spans for one question about fills: three months.
const FILLS_SPANS_MAX: usize = 13;
/// Most contracts that are kept apart from the list.
const APART_MAX: usize = 100;
/// A span that reaches the present ends so much later, whatever the clocks say.
const FILLS_AHEAD_MS: Millis = 60_000;

/// One account at KuCoin.
pub struct KuCoin {
    session: Session,
    settle: String,
    hedge: bool,
    /// Each contract's margin mode, and its leverage with cross margin.
    known: Known,
    /// What [`Exchange::prepare`] was told last: orders that open go by it.
    wishes: Known,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
    /// Contracts that were held and not in that list, read one by one; `None` for those of another kind.
    apart: Vec<(Symbol, Option<Instrument>)>,
}

impl KuCoin {
    /// An account at the other end of the line.
    pub fn new(line: Line) -> KuCoin {
        KuCoin {
            session: Session::new(line.http, line.keys, line.clock, &sign::VERSION_2),
            settle: line.settle,
            hedge: false,
            known: Known::default(),
            wishes: Known::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
            apart: Vec::new(),
        }
    }

    /// The contracts; read first if they never were.
    fn listed(&mut self) -> Result<Arc<Instruments>> {
        if self.instruments.is_empty() { self.instruments() } else { Ok(Arc::clone(&self.instruments)) }
    }

    fn contract(&mut self, symbol: &Symbol) -> Result<Instrument> {
        let list = self.listed()?;
        let apart = self.apart.iter().find(|(name, _)| name == symbol).and_then(|(_, contract)| contract.clone());
        contract(&list, symbol).or_else(|error| apart.ok_or(error))
    }

    /// The contract of a position that is not in the list: new since it was read, or not traded any more. `None` where it is
    /// no linear perpetual contract of ours. A position that cannot be told must not read as none.
    fn contract_apart(&mut self, name: &str) -> Result<Option<Instrument>> {
        if let Some((_, known)) = self.apart.iter().find(|(symbol, _)| symbol.as_str() == name) {
            return Ok(known.clone());
        }
        let mut path = "/api/v1/contracts/".to_owned();
        percent_encode(&mut path, name);
        let (row, attempt) = self.call::<instruments::Contract>(&Call::public(path, Params::new()))?;
        let ours = row.is_linear(&self.settle).then(|| row.instrument(&Arc::from(self.settle.as_str())));
        if matches!(ours, Some(None)) {
            return Err(attempt.unknown(format!("{name} is held and says no lot size")));
        }
        let found = ours.flatten();
        if self.apart.len() >= APART_MAX {
            self.apart.clear();
        }
        self.apart.push((Symbol::new(name), found.clone()));
        Ok(found)
    }

    /// The first signed call. If it is refused as one of a key of the other version is, that one is tried once, and kept if it is
    /// taken.
    fn read_position_mode(&mut self) -> Result<(wire::PositionMode, Attempt)> {
        let call = Call::get("/api/v2/position/getPositionMode", Params::new());
        let refused = match self.call(&call) {
            Err(error) if errors::doubts_version(&error) => error,
            done => return done,
        };
        self.session.set_dialect(&sign::VERSION_3);
        self.call(&call).map_err(|error| {
            self.session.set_dialect(&sign::VERSION_2);
            if errors::doubts_version(&error) { refused } else { error }
        })
    }

    /// What an answer holds.
    fn call<T: serde::de::DeserializeOwned>(&mut self, call: &Call) -> Result<(T, Attempt)> {
        let (answer, attempt) = self.session.call_with_attempt::<Reply<T>>(call)?;
        Ok((answer.data, attempt))
    }
}

impl Exchange for KuCoin {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.session.server_time()?;
        let (mode, attempt) = self.read_position_mode()?;
        self.hedge = mode.is_hedge().ok_or_else(|| attempt.unknown("a position mode that nobody here knows"))?;
        self.known = Known::default();
        Ok(AccountMode { hedge: self.hedge, restricted: None })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (now, session, settle) = (self.session.now(), &mut self.session, &self.settle);
        let call = Call::public("/api/v1/contracts/active", Params::new());
        let read = || session.stream(&call, |body| instruments::read_contracts(body, settle));
        self.instruments = self.catalogue.get_with_delisted(now, &self.instruments, read)?;
        Ok(Arc::clone(&self.instruments))
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let (ticker, _) = self.call::<wire::Ticker>(&Call::public("/api/v1/ticker", Params::of(symbol)))?;
        quote(ticker.best_bid_price, ticker.best_ask_price, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        // Without a coin the answer is about bitcoin.
        let call = Call::get("/api/v1/account-overview", Params::new().with("currency", self.settle.as_str()));
        let (account, attempt) = self.call::<wire::Overview>(&call)?;
        if account.currency != self.settle {
            return Err(attempt.unknown("the answer is about another coin"));
        }
        Ok(Balance { coin: account.currency, total: account.account_equity, available: account.available_balance })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let contracts = self.listed()?;
        if let Some(symbol) = only {
            self.contract(symbol)?;
        }
        // A read of one costs the same, and its shape differs from account to account.
        let (rows, attempt) = self.call::<Vec<wire::PositionRow>>(&Call::get("/api/v1/positions", Params::new()))?;
        let mut positions = Vec::with_capacity(rows.len());
        for row in rows {
            // Coin-margined contracts, and those of other settle coins, are in the answer too, but not in our list.
            let is_asked_for = only.is_none_or(|symbol| symbol.as_str() == row.symbol);
            let contract = match contracts.get(&row.symbol) {
                Some(listed) => Some(listed.clone()),
                None if is_asked_for && row.is_held_in(&self.settle) => self.contract_apart(&row.symbol)?,
                None => None,
            };
            let Some(contract) = contract else { continue };
            let position = row.position(&contract).ok_or_else(|| attempt.too_large())?;
            // What holds a position cannot change its margin mode.
            if let Some(mode) = position.terms.margin_mode.filter(|_| !position.qty.is_zero()) {
                self.is_in(&position.symbol, mode);
            }
            positions.push(position);
        }
        positions.retain(|position| only.is_none_or(|symbol| position.symbol == *symbol));
        Ok(positions)
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        let mode = self.read_margin_mode(symbol)?;
        let leverage = match mode {
            MarginMode::Cross => self.read_cross_leverage(symbol)?,
            MarginMode::Isolated => self.wishes.get(symbol).leverage,
        };
        Ok(Terms { leverage, margin_mode: Some(mode) })
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        // There is no answer for "already so": what is not known is read before anything is set.
        let so = self.margin_mode(symbol).map_err(ExchangeError::nothing_sent)?;
        let leverage = want.leverage.or(self.wishes.get(symbol).leverage);
        self.wishes.set(symbol, Terms { leverage, margin_mode: want.margin_mode });
        let mode = want.margin_mode.unwrap_or(so);
        if mode != so {
            match self.set_margin_mode(symbol, mode) {
                // By an order or a position; somebody may have set it before that.
                Err(error) if error.reason() == Some(Reason::SettingBlocked) => match self.read_margin_mode(symbol) {
                    Ok(set) if set == mode => {}
                    _ => return Err(error),
                },
                done => done?,
            }
        }
        match want.leverage {
            Some(leverage) if mode == MarginMode::Cross => {
                let so = self.cross_leverage(symbol).map_err(ExchangeError::nothing_sent)?;
                if so == Some(leverage) { Ok(()) } else { self.set_cross_leverage(symbol, leverage) }
            }
            _ => Ok(()),
        }
    }

    fn change_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let mode = self.read_margin_mode(symbol).map_err(ExchangeError::nothing_sent)?;
        if mode == MarginMode::Isolated {
            let why = format!("{symbol} has isolated margin, where nothing but an order that opens brings a leverage");
            return Err(ExchangeError::refused(Reason::Leverage, why));
        }
        self.prepare(symbol, &Terms { leverage: Some(leverage), margin_mode: None })
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        orders.chunks(BATCH_MAX).flat_map(|chunk| self.place_some(chunk)).collect()
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        let result = self.place_guard(protection);
        self.doubt_mode(&protection.symbol, std::slice::from_ref(&result));
        result
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        let contract = self.contract(&order.symbol)?;
        let call = Call::get("/api/v1/orders/byClientOid", Params::new().with("clientOid", order.id.as_str()));
        let Some((row, attempt)) = found(self.call::<wire::OrderRow>(&call))? else { return Ok(None) };
        let is_of = row.symbol == contract.symbol.as_str();
        if !is_of && order.id.leg().is_none() {
            // Names are the account's, not the contract's: whatever has the sender's elsewhere kept ours from being taken.
            return Ok(None);
        }
        let state = row.state(&contract, attempt.offset_ms).ok_or_else(|| attempt.too_large())?;
        if is_of && state.is(order) { Ok(Some(state)) } else { Err(attempt.unknown("the answer is about another order")) }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        let contract = self.contract(symbol)?;
        // In this order, because a conditional order that triggers in between moves to the plain ones, and is then in both.
        let (guards, guards_attempt) = self.order_rows(symbol, "/api/v1/stopOrders", &Params::of(symbol))?;
        let (plain, attempt) = self.order_rows(symbol, "/api/v1/orders", &Params::of(symbol).with("status", "active"))?;
        let moved = |guard: &wire::OrderRow| plain.iter().any(|row| row.id == guard.id);
        let waiting: Vec<wire::OrderRow> = guards.into_iter().filter(|guard| !moved(guard)).collect();
        let waiting = waiting.into_iter().map(|row| row.state(&contract, guards_attempt.offset_ms));
        let plain = plain.into_iter().map(|row| row.state(&contract, attempt.offset_ms));
        plain.chain(waiting).map(|state| state.ok_or_else(|| attempt.too_large())).collect()
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        let call = Call::query("DELETE", orders::cancel_path(&order.id), Params::of(&order.symbol));
        let (canceled, attempt) = self.call::<wire::Canceled>(&call)?;
        if canceled.client_oid == order.id.as_str() { Ok(()) } else { Err(attempt.unknown("the answer names another order")) }
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        let plain = self.cancel_kind(symbol, "/api/v3/orders");
        if conditional { plain.and(self.cancel_kind(symbol, "/api/v1/stopOrders")) } else { plain }
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let contract = self.contract(symbol)?;
        let since = since.saturating_add_signed(self.session.offset_ms());
        let end = self.session.now().saturating_add_signed(self.session.offset_ms()).saturating_add(FILLS_AHEAD_MS);
        let (mut fills, mut from) = (Vec::new(), since);
        for _ in 0..FILLS_SPANS_MAX {
            let to = from.saturating_add(FILLS_SPAN_MS).min(end).max(from);
            let (rows, attempt) = self.fill_rows(symbol, from, to)?;
            // Each in one span, whether or not the bounds are among what is answered.
            let rows = rows.into_iter().filter(|row| row.time() >= since).map(|row| row.fill(&contract, attempt.offset_ms));
            fills.extend(rows.collect::<Option<Vec<_>>>().ok_or_else(|| attempt.too_large())?);
            if to >= end {
                break;
            }
            from = to;
        }
        Ok(in_order(fills))
    }
}
