//! Kraken Futures (derivatives v3), linear perpetual contracts settled in dollars. There is no demo.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders and guards are sent, found again, listed and cancelled |
//! | `sign.rs` | what makes a call this exchange's: signature, headers, how long an order lives |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts |
//!
//! What a reader must know:
//! * A call that succeeds says nothing about its order: the order's own status does, and executions come along.
//! * An order is forgotten five seconds after its end. It is then found in executions and in the history of orders only,
//!   and nobody knows it only when neither does.
//! * Margin mode and leverage are one setting: with a leverage a contract is isolated, without one it is on cross margin,
//!   and "cross 10x" cannot be said. Under cross margin a leverage is what orders are sized with, and nothing else.
//! * Stops and targets are orders with a quantity. Several rest beside each other, and they survive their position.
//! * Positions, open orders and executions are always those of the whole account. Positions come without a mark price,
//!   executions without their fees: those are in a history that few calls are allowed of.

mod errors;
mod instruments;
mod orders;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::catalogue::{Catalogue, unlisted};
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use super::orders::{found, in_order, quote, shared_name};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, Fill, Instruments, MarginMode, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
};

/// Where real money is; there is no other place any more.
pub const LIVE_URL: &str = "https://futures.kraken.com";
/// What is known of its end.
pub const DEADLINE: &str = "its interface is announced to be switched off on 1 March 2027";
/// What all its contracts settle in.
const COIN: &str = "USD";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "krakenfutures",
    margin_mode: MarginScope::Contract,
    hedge: false,
    stop: ORDER,
    target: ORDER,
    attaches_stop: false,
    guards_end_with_position: false,
    guards_hold_up_close: false,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 100, letters: Letters::Any, signs: "-_" }),
    batch: 1,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: POSITIONS_PER_MINUTE / 2,
    // Said to be the key's in one place, and the address's in another.
    budget_is_shared: true,
};
/// An order like others.
const ORDER: Habit = Habit { covers: Covers::Quantity, second: Second::Rests };

/// 500 units in ten seconds, of which a read of positions takes two.
const POSITIONS_PER_MINUTE: u32 = 6 * 500 / 2;
/// Cancels in one request: fewer than somebody is known to send.
const CANCELS_MAX: usize = 10;

const PREFERENCES: &str = "/derivatives/api/v3/leveragepreferences";
/// Without a leverage.
const CROSS: Terms = Terms { leverage: None, margin_mode: Some(MarginMode::Cross) };

/// One account at Kraken Futures.
pub struct Kraken {
    session: Session,
    settle: String,
    /// Whether the secret is one that can sign.
    can_sign: bool,
    /// Contracts with isolated margin, and those of which it is known that they have none; all others are on cross margin.
    /// `None`: to be read.
    preferences: Option<Known>,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
    /// The last question for executions that had too many: they do not become fewer.
    cut: Option<(Symbol, Millis)>,
}

impl Kraken {
    /// An account at the other end of the line.
    pub fn new(line: Line) -> Kraken {
        let can_sign = sign::can_sign(&line.keys);
        Kraken {
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            can_sign,
            preferences: None,
            catalogue: line.catalogue,
            instruments: Arc::default(),
            cut: None,
        }
    }

    /// Prices, which cost nothing.
    fn ticker(&mut self, symbol: &Symbol) -> Result<wire::Ticker> {
        let call = Call::public(format!("/derivatives/api/v3/tickers/{symbol}"), Params::new());
        Ok(self.session.call::<wire::Tickers>(&call)?.ticker)
    }

    /// What a contract is set to, read if it is not known.
    fn set_now(&mut self, symbol: &Symbol) -> Result<Terms> {
        if self.preferences.is_none() {
            self.read_preferences().map_err(ExchangeError::nothing_sent)?;
        }
        Ok(self.preference(symbol).unwrap_or_default())
    }

    fn read_preferences(&mut self) -> Result<()> {
        let answer: wire::Preferences = self.session.call(&Call::get(PREFERENCES, Params::new()))?;
        let mut known = Known::new(answer.terms());
        known.share_names(&self.instruments);
        self.preferences = Some(known);
        Ok(())
    }

    /// As last read or set; `None` when that is not known.
    fn preference(&self, symbol: &Symbol) -> Option<Terms> {
        let terms = self.preferences.as_ref()?.get(symbol);
        Some(if terms.margin_mode.is_none() { CROSS } else { terms })
    }

    /// Sets margin mode and leverage, which are one.
    fn prefer(&mut self, symbol: &Symbol, terms: Terms) -> Result<()> {
        let params = Params::of(symbol).with_some("maxLeverage", terms.leverage.map(|leverage| leverage.to_string()));
        match self.session.call::<wire::Done>(&Call::query("PUT", PREFERENCES, params)) {
            Ok(_) => {
                if let Some(known) = &mut self.preferences {
                    known.set(symbol, terms);
                }
                Ok(())
            }
            Err(error @ ExchangeError::NeverSent(_)) => Err(error),
            Err(error) => {
                self.preferences = None;
                Err(error)
            }
        }
    }
}

impl Exchange for Kraken {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        if !self.can_sign {
            let why = "the secret is no Base64, as every secret of this exchange is: copy it once more, whole, with the = at its end";
            return Err(ExchangeError::refused(Reason::Credentials, why));
        }
        self.session.server_time()?;
        self.read_preferences()?;
        let other_coin = self.settle != COIN;
        let restricted = other_coin.then(|| format!("all contracts settle in {COIN} here: SETTLE_COIN must be {COIN}, or left out"));
        Ok(AccountMode { hedge: false, restricted })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (now, session, settle) = (self.session.now(), &mut self.session, self.settle.as_str());
        let call = Call::public("/derivatives/api/v3/instruments", Params::new());
        let read = || session.stream(&call, |body| instruments::read_contracts(body, settle));
        let list = self.catalogue.get(now, read)?;
        if !Arc::ptr_eq(&list, &self.instruments) {
            if let Some(known) = &mut self.preferences {
                known.share_names(&list);
            }
            self.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        match found(self.ticker(symbol))? {
            Some(ticker) => quote(ticker.bid, ticker.ask, symbol),
            None => Err(unlisted(symbol)),
        }
    }

    fn balance(&mut self) -> Result<Balance> {
        let accounts: wire::Accounts = self.session.call(&Call::get("/derivatives/api/v3/accounts", Params::new()))?;
        Ok(accounts.balance(&self.settle))
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let answer: wire::Positions = self.session.call(&Call::get("/derivatives/api/v3/openpositions", Params::new()))?;
        let rows = answer.open_positions.into_iter().filter(wire::PositionRow::is_perpetual);
        let rows = rows.filter(|row| only.is_none_or(|only| row.symbol == only.as_str()));
        let place = |row: wire::PositionRow| {
            let step = self.instruments.get(&row.symbol).map(|contract| contract.lot_step);
            let name = shared_name(&self.instruments, &row.symbol);
            row.position(name, step)
        };
        let positions: Vec<Position> = rows.map(place).collect();
        // What is held otherwise than it was left was changed by hand.
        if positions.iter().any(|held| self.preference(&held.symbol).is_some_and(|terms| terms != held.terms)) {
            self.preferences = None;
        }
        Ok(positions)
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        self.read_preferences()?;
        Ok(self.preference(symbol).unwrap_or_default())
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        if *want == Terms::default() {
            return Ok(());
        }
        let is = self.set_now(symbol)?;
        let so = match (want.margin_mode.or(is.margin_mode), want.leverage) {
            (Some(MarginMode::Isolated), None) if is.margin_mode == Some(MarginMode::Isolated) => is,
            (Some(MarginMode::Isolated), None) => {
                let why = format!("{symbol} is on cross margin, and isolated margin is a leverage here: none was named");
                return Err(ExchangeError::refused(Reason::Leverage, why));
            }
            (Some(MarginMode::Isolated), leverage) => Terms { leverage, margin_mode: Some(MarginMode::Isolated) },
            (Some(MarginMode::Cross) | None, None) => CROSS,
            (Some(MarginMode::Cross) | None, Some(leverage)) => {
                log::info!("{symbol}: no leverage can be set under cross margin; {leverage} is what orders are sized with");
                CROSS
            }
        };
        if so == is { Ok(()) } else { self.prefer(symbol, so) }
    }

    fn change_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        if self.set_now(symbol)?.margin_mode == Some(MarginMode::Cross) {
            let why = format!("{symbol} is on cross margin, where no leverage can be set: one would make its margin isolated");
            return Err(ExchangeError::refused(Reason::Leverage, why));
        }
        self.prepare(symbol, &Terms { leverage: Some(leverage), margin_mode: None })
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let results = self.place_all(orders);
        self.session.mind_clock(&results);
        results
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        let result = self.place_guard(protection);
        self.session.mind_clock(std::slice::from_ref(&result));
        result
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        self.look_up(order)
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        let (rows, attempt) = self.open_rows(symbol)?;
        let name = shared_name(&self.instruments, symbol.as_str());
        let states = rows.into_iter().map(|row| row.state(name.clone(), attempt.offset_ms));
        states.collect::<Option<Vec<_>>>().ok_or_else(|| attempt.unknown(orders::UNTOLD))
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        let result = self.cancel_one(order);
        self.session.mind_clock(std::slice::from_ref(&result));
        result
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        if conditional { self.cancel_everything(symbol) } else { self.cancel_plain(symbol) }
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let too_many = || ExchangeError::refused(Reason::Other, format!("{symbol}: the account has too many executions since then"));
        if self.cut.as_ref().is_some_and(|(cut, at)| cut == symbol && *at == since) {
            return Err(too_many());
        }
        let from = since.saturating_add_signed(self.session.offset_ms());
        let list = self.fill_rows(symbol, orders::FILLS_PAGES_MAX, |time, _| time >= from)?;
        if list.is_cut {
            log::warn!("{symbol}: the account has too many executions to read them all: what the trade has won or lost is not told");
            self.cut = Some((symbol.clone(), since));
            return Err(too_many());
        }
        let rows = list.rows.into_iter().filter(|(time, _)| *time >= from);
        Ok(in_order(rows.map(|(time, row)| row.fill(time, list.attempt.offset_ms)).collect()))
    }
}
