//! CoinEx futures (API v2), linear perpetuals. There is no demo.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders are sent, found again and cancelled |
//! | `close.rs` | how a position is closed, also into a thin book |
//! | `guards.rs` | stops and targets, which are no orders here |
//! | `settings.rs` | margin mode and leverage |
//! | `sign.rs` | what makes a call this exchange's: signature, window, clock |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts |
//!
//! What a reader must know:
//! * Answers to orders are whole: what was executed at once is in them.
//! * Names of orders are not checked for uniqueness. Nothing is ever sent twice.
//! * One position for each contract, one-way. Orders have no reduce-only flag: closing is a call of its own, at market or at
//!   a limit, which names no side, so the position is looked at first. All of it is closed by naming no quantity either.
//! * A market order that a book is too thin for is refused as a whole. One that closes then takes what the book shows.
//! * Stop and target are attributes of a position, one of each: they follow its size, end with it, and carry no name.
//! * Leverage and margin mode are set together, and can be read only from a position.

mod close;
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
use super::error::{ExchangeError, Result};
use super::known::Known;
use super::orders::{found, in_order, quote, shared_name};
use super::pages::{Pages, pages};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, Decimal, Fill, Instrument, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Side, Symbol,
    Terms,
};
use wire::{PositionRow, Reply};

/// Where real money is; there is no other place.
pub const LIVE_URL: &str = "https://api.coinex.com";

/// What is known of its end.
pub const DEADLINE: &str =
    "none announced, but a client library many use dropped it in October 2026 without a word; try a small order first";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "coinex",
    margin_mode: MarginScope::Contract,
    hedge: false,
    stop: ATTRIBUTE,
    target: ATTRIBUTE,
    attaches_stop: false,
    guards_end_with_position: true,
    guards_hold_up_close: false,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 32, letters: Letters::Any, signs: "-_" }),
    batch: BATCH_MAX,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: POSITIONS_PER_MINUTE / 2,
    budget_is_shared: false,
};
/// An attribute of the position: setting it again changes it.
const ATTRIBUTE: Habit = Habit { covers: Covers::Position, second: Second::Replaces };

/// Most orders in one batch request; how many it really takes is not said.
const BATCH_MAX: usize = 5;
/// 50 reads of positions are allowed in a second.
const POSITIONS_PER_MINUTE: u32 = 50 * 60;
/// Rows asked for in one answer; without asking there are ten, so whether more follow is believed to the answer alone.
const PAGE: u32 = 100;
/// Most pages of one list.
const PAGES_MAX: usize = 20;

const POSITIONS: &str = "/v2/futures/pending-position";
const DEALS: &str = "/v2/futures/user-deals";
const PLANS: &str = "/v2/futures/pending-stop-order";

/// One account at CoinEx.
pub struct CoinEx {
    session: Session,
    settle: String,
    /// As last set, or as a position showed it.
    known: Known,
    /// The last look at one contract's position.
    look: Option<Look>,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

/// Which position a contract had.
struct Look {
    symbol: Symbol,
    /// `None` while it was flat.
    held: Option<Held>,
    /// Our time.
    at: Millis,
}

/// A position, as far as closing it is concerned.
#[derive(Clone, Copy)]
struct Held {
    side: Side,
    qty: Decimal,
    /// Not reserved by closes that rest.
    free: Decimal,
}

impl CoinEx {
    /// An account at the other end of the line.
    pub fn new(line: Line) -> CoinEx {
        CoinEx {
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            known: Known::default(),
            look: None,
            catalogue: line.catalogue,
            instruments: Arc::default(),
        }
    }

    fn pages<T: DeserializeOwned>(&mut self, path: &'static str, query: &Params) -> Result<Pages<T>> {
        pages(PAGES_MAX, |page| {
            let page = page.unwrap_or(1);
            let call = Call::get(path, query.clone().with("page", page).with("limit", PAGE));
            let (reply, attempt) = self.session.call_with_attempt::<Reply<Vec<T>>>(&call)?;
            let goes_on = reply.goes_on() && !reply.data.is_empty();
            Ok((reply.data, goes_on.then_some(page + 1), attempt))
        })
    }

    fn whole<T: DeserializeOwned>(&mut self, path: &'static str, query: &Params) -> Result<Vec<T>> {
        Ok(self.pages(path, query)?.whole(path)?.0)
    }

    /// The position of one contract; `None` while it is flat.
    fn row_of(&mut self, symbol: &Symbol) -> Result<Option<PositionRow>> {
        let rows: Vec<PositionRow> = self.whole(POSITIONS, &of(symbol))?;
        let row = rows.into_iter().find(|row| row.market == symbol.as_str() && row.is_held());
        self.looked(symbol, row.as_ref().map(PositionRow::held));
        if let Some(row) = &row {
            self.learn(row);
        }
        Ok(row)
    }

    /// The first levels of a book. Tickers have neither bid nor ask; an interval of zero leaves prices as they are.
    fn depth(&mut self, symbol: &Symbol) -> Result<wire::Depth> {
        let params = Params::new().with("market", symbol.as_str()).with("limit", 5).with("interval", "0");
        let reply: Reply<wire::Book> = self.session.call(&Call::public("/v2/futures/depth", params))?;
        Ok(reply.data.depth)
    }

    /// What a position shows of its contract's settings.
    fn learn(&mut self, row: &PositionRow) -> Symbol {
        let symbol = shared_name(&self.instruments, &row.market);
        self.known.set(&symbol, row.terms());
        symbol
    }
}

impl Exchange for CoinEx {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.session.server_time()?;
        (self.known, self.look) = (Known::default(), None);
        // Of the settings, positions tell all there is to be told; a wrong key shows, too.
        self.positions(None)?;
        Ok(AccountMode { hedge: false, restricted: None })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (session, settle) = (&mut self.session, self.settle.as_str());
        let list = self.catalogue.get(session.now(), || read_instruments(session, settle))?;
        if !Arc::ptr_eq(&list, &self.instruments) {
            self.known.share_names(&list);
            self.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let (bid, ask) = self.depth(symbol)?.best();
        quote(bid, ask, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        let call = Call::get("/v2/assets/futures/balance", Params::new());
        let (reply, attempt) = self.session.call_with_attempt::<Reply<Vec<wire::AssetRow>>>(&call)?;
        let (total, available) = match reply.data.iter().find(|row| row.ccy == self.settle) {
            Some(row) => (row.total().ok_or_else(|| attempt.unknown("a balance beyond calculation"))?, row.available),
            None => Default::default(),
        };
        Ok(Balance { coin: self.settle.clone(), total, available })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let rows = match only {
            Some(symbol) => self.row_of(symbol)?.into_iter().collect(),
            None => self.whole(POSITIONS, &product())?,
        };
        // Contracts that settle in their own coin are listed as well; their names end in what they are quoted in.
        let ours = rows.into_iter().filter(|row| row.market.ends_with(self.settle.as_str())).collect::<Vec<_>>();
        Ok(ours.iter().map(|row| row.position(self.learn(row))).collect())
    }

    /// Flat contracts show nothing: what was set last is then all that is known.
    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        self.row_of(symbol)?;
        Ok(self.known.get(symbol))
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        let is_so = |known: Terms| {
            want.leverage.is_none_or(|leverage| known.leverage == Some(leverage))
                && want.margin_mode.is_none_or(|mode| known.margin_mode == Some(mode))
        };
        let mut known = self.known.get(symbol);
        if is_so(known) {
            return Ok(());
        }
        // The half that is to be left as it is must be known: a position tells it.
        if want.margin_mode.or(known.margin_mode).is_none() || want.leverage.or(known.leverage).is_none() {
            known = self.terms(symbol).map_err(ExchangeError::nothing_sent)?;
            if is_so(known) {
                return Ok(());
            }
        }
        self.set_terms(symbol, want, known)
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        self.place_all(orders)
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        self.set_guard(protection)
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        match order.guard {
            Some(guard) => self.guard_order(&order.symbol, guard).map(Some),
            None => self.plain_order(order),
        }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        // In this order, because a plan that triggers in between moves to the plain ones.
        let plans = self.plans(symbol)?;
        let plain: Vec<wire::OrderRow> = self.whole(orders::PENDING, &of(symbol))?;
        let guards = self.row_of(symbol)?.map(|row| row.guards(symbol)).unwrap_or_default();
        let offset_ms = self.session.offset_ms();
        let plain = plain.into_iter().filter(|row| row.market == symbol.as_str()).map(|row| row.state(symbol, false, offset_ms));
        let open = plain.filter(|state| !state.status.is_final());
        Ok(open.chain(plans.into_iter().map(|row| row.state(symbol, offset_ms))).chain(guards).collect())
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        match order.guard {
            Some(guard) => self.clear_guard(&order.symbol, guard),
            None => self.cancel_plain(order),
        }
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        found(self.session.call::<wire::Done>(&Call::post("/v2/futures/cancel-all-order", &of(symbol))))?;
        if conditional {
            self.cancel_plans(symbol)?;
            self.cancel_guards(symbol)?;
        }
        Ok(())
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let offset_ms = self.session.offset_ms();
        let from = since.saturating_add_signed(offset_ms);
        let (rows, _) = self.pages::<wire::DealRow>(DEALS, &of(symbol).with("start_time", from))?.cut(symbol, DEALS);
        let rows = rows.into_iter().filter(|row| row.market == symbol.as_str() && row.created_at >= from);
        Ok(in_order(rows.map(|row| row.fill(&self.settle, offset_ms)).collect()))
    }
}

/// What every call about these contracts names.
fn product() -> Params {
    Params::new().with("market_type", "FUTURES")
}

fn of(symbol: &Symbol) -> Params {
    Params::new().with("market", symbol.as_str()).with("market_type", "FUTURES")
}

fn read_instruments(session: &mut Session, settle: &str) -> Result<Vec<Instrument>> {
    let settle = Arc::from(settle);
    session.stream(&Call::public("/v2/futures/market", Params::new()), |body| instruments::read_contracts(body, &settle))
}
