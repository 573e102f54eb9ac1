//! BingX perpetual contracts (swap API, v2 for the most part), live.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders and guards are sent |
//! | `find.rs` | how one order is found again |
//! | `fills.rs` | whose executions are whose |
//! | `closed.rs` | which endpoints the exchange has closed for a while |
//! | `given.rs` | the numbers the exchange gave to our orders, and what those were that got none |
//! | `sign.rs` | what makes a call this exchange's: signature, window, clock |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts |
//!
//! What a reader must know:
//! * Orders are only acknowledged, and single: what the answer to a batch says of one that failed is documented nowhere.
//! * Names of orders are written in small letters by the exchange, and may get lost, those of stops and targets above all.
//!   So an order goes by the exchange's number; where that is not known, by our name, a guard by what it does, and a limit
//!   order that nobody answered for by what was sent. One sent before a restart is in doubt for a while if it may rest nameless.
//! * Stops and targets have a quantity: "close the position" is documented and refused. A second one of a kind may be
//!   refused; whether they end with the position is not sure. They stand in one list with the plain orders, and a cancel
//!   of everything takes them along unless a type is named.
//! * Stops are never attached to an entry: some were silently dropped.
//! * Executions have neither id nor direction: their orders tell it.

mod closed;
mod errors;
mod fills;
mod find;
mod given;
mod instruments;
mod orders;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::attempt::Attempt;
use super::catalogue::Catalogue;
use super::error::{ExchangeError, Result};
use super::known::Known;
use super::orders::{change, found, leverage_set, quote, shared_name};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, Fill, Instruments, MarginMode, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
};
use closed::Closed;
use fills::Learned;
use given::Given;
use wire::{AllCanceled, Reply, Rows};

/// Where real money is.
pub const LIVE_URL: &str = "https://open-api.bingx.com";
/// Where play money is, with the same keys and contracts.
pub const DEMO_URL: &str = "https://open-api-vst.bingx.com";
/// What the play money is called, although contracts there, and perhaps fees, say USDT.
const PLAY_COIN: &str = "VST";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "bingx",
    margin_mode: MarginScope::Contract,
    hedge: true,
    stop: GUARD,
    target: GUARD,
    attaches_stop: false,
    guards_end_with_position: false,
    guards_hold_up_close: true,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 40, letters: Letters::Lower, signs: "" }),
    batch: 1,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: POSITIONS_PER_MINUTE / 2,
    budget_is_shared: false,
};
/// An order with a quantity. Whether a second one is refused with any quantity is not sure: the codes for it exist.
const GUARD: Habit = Habit { covers: Covers::Quantity, second: Second::Refused };

/// Ten reads of positions are allowed in a second.
const POSITIONS_PER_MINUTE: u32 = 10 * 60;

const ORDER: &str = "/openApi/swap/v2/trade/order";
const LEVERAGE: &str = "/openApi/swap/v2/trade/leverage";
const MARGIN_TYPE: &str = "/openApi/swap/v2/trade/marginType";

/// One account at BingX.
pub struct BingX {
    session: Session,
    settle: String,
    /// The coin of balance and fees.
    purse: String,
    hedge: bool,
    /// Leverage and margin mode, as last read or set.
    known: Known,
    given: Given,
    learned: Learned,
    closed: Closed,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

impl BingX {
    /// An account at the other end of the line.
    pub fn new(line: Line) -> BingX {
        let purse = if line.keys.demo { PLAY_COIN.to_owned() } else { line.settle.clone() };
        BingX {
            purse,
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            hedge: false,
            known: Known::default(),
            given: Given::default(),
            learned: Learned::default(),
            closed: Closed::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
        }
    }

    /// Any call but one that places an order: what goes to a closed endpoint holds nothing else back.
    fn call<T: serde::de::DeserializeOwned>(&mut self, call: &Call) -> Result<(T, Attempt)> {
        self.closed.pass(call, self.session.now())?;
        let answer = self.session.call_with_attempt(call);
        answer.map_err(|error| self.closed.note(call, error, self.session.now()))
    }

    /// A read whose answer holds what was asked for.
    fn get<T: serde::de::DeserializeOwned>(&mut self, path: &'static str, query: Params) -> Result<T> {
        Ok(self.call::<Reply<T>>(&Call::get(path, query))?.0.data)
    }

    fn read_margin_mode(&mut self, symbol: &Symbol) -> Result<()> {
        let margin_mode = self.get::<wire::MarginType>(MARGIN_TYPE, Params::of(symbol))?.mode();
        self.known.set(symbol, Terms { margin_mode, ..self.known.get(symbol) });
        Ok(())
    }

    fn read_leverage(&mut self, symbol: &Symbol) -> Result<()> {
        let leverage = self.get::<wire::Leverages>(LEVERAGE, Params::of(symbol))?.common();
        self.known.set(symbol, Terms { leverage, ..self.known.get(symbol) });
        Ok(())
    }

    /// The leverage that is known of one margin mode says nothing about the other.
    fn set_margin_mode(&mut self, symbol: &Symbol, mode: MarginMode) -> Result<()> {
        let params = Params::of(symbol).with("marginType", wire::margin_word(mode));
        let done = self.call::<wire::Done>(&Call::query("POST", MARGIN_TYPE, params)).map(drop);
        change(&mut self.known, symbol, Terms { leverage: None, margin_mode: Some(mode) }, done)
    }

    /// In hedge mode each half has a leverage of its own.
    fn set_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        let halves: &[&str] = if self.hedge { &["LONG", "SHORT"] } else { &["BOTH"] };
        for half in halves {
            let params = Params::of(symbol).with("side", *half).with("leverage", leverage);
            let (reply, _) = self.call::<Reply<wire::LeverageSet>>(&Call::query("POST", LEVERAGE, params))?;
            leverage_set(leverage, reply.data.leverage())?;
        }
        Ok(())
    }

    /// Whether a contract settles in the account's coin, by its name: positions of all coins are in one list.
    fn is_ours(&self, symbol: &str) -> bool {
        symbol.rsplit_once('-').is_none_or(|(_, coin)| coin == self.settle)
    }
}

impl Exchange for BingX {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        let call = Call::public(sign::DIALECT.time_path, Params::new());
        self.closed.pass(&call, self.session.now())?;
        self.session.server_time().map_err(|error| self.closed.note(&call, error, self.session.now()))
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.server_time()?;
        let mode: wire::PositionMode = self.get("/openApi/swap/v1/positionSide/dual", Params::new())?;
        self.hedge = mode.dual_side_position;
        self.known = Known::default();
        Ok(AccountMode { hedge: self.hedge, restricted: None })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (now, settle) = (self.session.now(), self.settle.as_str());
        let call = Call::public("/openApi/swap/v2/quote/contracts", Params::new());
        let (session, closed) = (&mut self.session, &self.closed);
        let list = self.catalogue.get(now, || {
            closed.pass(&call, now)?;
            session.stream(&call, |body| instruments::read_contracts(body, settle))
        });
        let list = list.map_err(|error| self.closed.note(&call, error, now))?;
        if !Arc::ptr_eq(&list, &self.instruments) {
            self.known.share_names(&list);
            self.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let call = Call::public("/openApi/swap/v2/quote/ticker", Params::of(symbol));
        let ticker = self.call::<Reply<wire::Ticker>>(&call)?.0.data;
        quote(ticker.bid_price, ticker.ask_price, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        let rows: Rows<wire::CoinRow> = self.get("/openApi/swap/v3/user/balance", Params::new())?;
        let coin = rows.0.iter().find(|row| row.asset == self.purse);
        let (total, available) = coin.map(|coin| (coin.equity, coin.available_margin)).unwrap_or_default();
        Ok(Balance { coin: self.purse.clone(), total, available })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let params = Params::new().with_some("symbol", only.map(Symbol::as_str));
        let rows: Rows<wire::PositionRow> = self.get("/openApi/swap/v2/user/positions", params)?;
        let ours = rows.0.iter().filter(|row| self.is_ours(&row.symbol));
        Ok(ours.map(|row| row.position(shared_name(&self.instruments, &row.symbol), self.hedge)).collect())
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        self.read_leverage(symbol)?;
        self.read_margin_mode(symbol)?;
        Ok(self.known.get(symbol))
    }

    /// Whether setting what is set already is taken for success is not sure: what is not known is read first.
    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        if let Some(mode) = want.margin_mode {
            if self.known.get(symbol).margin_mode.is_none() {
                self.read_margin_mode(symbol).map_err(ExchangeError::nothing_sent)?;
            }
            if self.known.get(symbol).margin_mode != Some(mode) {
                self.set_margin_mode(symbol, mode)?;
            }
        }
        if let Some(leverage) = want.leverage {
            if self.known.get(symbol).leverage.is_none() {
                self.read_leverage(symbol).map_err(ExchangeError::nothing_sent)?;
            }
            if self.known.get(symbol).leverage != Some(leverage) {
                let so = Terms { leverage: Some(leverage), ..self.known.get(symbol) };
                let done = self.set_leverage(symbol, leverage);
                change(&mut self.known, symbol, so, done)?;
            }
        }
        Ok(())
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        orders.iter().map(|order| self.place_one(order)).collect()
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        self.place_guard(protection)
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        if order.guard.is_some() { self.find_guard(order) } else { self.find_plain(order) }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        Ok(self.open_rows(symbol)?.into_iter().map(|(state, _)| state).collect())
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        if self.given.is_lost(&order.id) {
            self.lost_order(order).map_err(ExchangeError::nothing_sent)?;
        }
        let (name, value) = match order.guard {
            Some(_) => ("orderId", self.guard_number(order).map_err(ExchangeError::nothing_sent)?),
            None => self.handle(&order.id),
        };
        let params = Params::of(&order.symbol).with(name, value);
        self.call::<wire::Done>(&Call::query("DELETE", ORDER, params)).map(drop)
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        // Plain orders that rest are of this type only; without it stops and targets would go as well.
        let params = Params::of(symbol).with_some("type", (!conditional).then_some("LIMIT"));
        let call = Call::query("DELETE", "/openApi/swap/v2/trade/allOpenOrders", params);
        match found(self.call::<Reply<Option<AllCanceled>>>(&call))? {
            Some((Reply { data: Some(canceled), .. }, _)) => canceled.verdict(),
            _ => Ok(()),
        }
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        self.executions(symbol, since)
    }
}
