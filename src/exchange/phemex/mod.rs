//! Phemex, perpetuals settled in USDT, live and testnet (the base address of the transport, and a budget that everybody
//! shares there).
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which request serves which method of [`Exchange`] |
//! | `orders.rs` | how orders and guards are sent, found again and listed |
//! | `settings.rs` | position mode, margin mode and leverage of a contract |
//! | `budget.rs` | the small budget of requests, and what it holds back |
//! | `sign.rs` | what makes a call this exchange's: signature and expiry |
//! | `errors.rs` | what a failure says about the order |
//! | `wire.rs` | the shapes of answers and what they mean |
//! | `instruments.rs` | the list of contracts |
//!
//! What a reader must know:
//! * Only the `g-` paths are used, whose numbers are decimal text. The older paths scale them into integers.
//! * A field that the exchange does not know is ignored: a misspelled trigger price makes a stop a market order.
//! * Orders are only acknowledged. What became of them is in the list of open orders or, with a lag of seconds, in the
//!   history, which answers in three shapes.
//! * One-way or hedge is a property of each contract, told by the rows of its position, if it was ever touched, and else by
//!   what is refused. It is never changed. Every order, and every cancel, names its half.
//! * The sign of the leverage is the margin mode: negative is cross.
//! * Stops and targets are orders with a quantity. Several may rest, and they outlive the position: one whose answer says that
//!   it does not only close is cancelled at once, and refused. In hedge mode the half that it names says it.

mod budget;
mod errors;
mod instruments;
mod orders;
mod settings;
mod sign;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;

use super::catalogue::Catalogue;
use super::error::{ExchangeError, Reason, Result};
use super::known::Known;
use super::modes::Modes;
use super::orders::{found, in_order, quote, shared_name};
use super::params::Params;
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{
    Balance, ClientId, Fill, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
};
use budget::SmallBudget;

/// Where real money is.
pub const LIVE_URL: &str = "https://api.phemex.com";
/// Where play money is; keys of one host are unknown at the other.
pub const DEMO_URL: &str = "https://testnet-api.phemex.com";

/// What it can do.
pub const CAPABILITIES: Capabilities = Capabilities {
    name: "phemex",
    margin_mode: MarginScope::Contract,
    hedge: true,
    stop: CONDITIONAL,
    target: CONDITIONAL,
    attaches_stop: false,
    guards_end_with_position: false,
    guards_hold_up_close: false,
    positions_show_orders: false,
    custom_ids: Some(CustomIds { chars_max: 40, letters: Letters::Any, signs: "-_" }),
    batch: 1,
    fence_ms: sign::FENCE_MS,
    watch_per_minute_max: REQUESTS_PER_MINUTE / 2,
    budget_is_shared: false,
};
/// The same with play money, where all the world's requests are counted together.
pub const DEMO_CAPABILITIES: Capabilities =
    Capabilities { watch_per_minute_max: DEMO_REQUESTS_PER_MINUTE / 2, budget_is_shared: true, ..CAPABILITIES };
/// An order of its own.
const CONDITIONAL: Habit = Habit { covers: Covers::Quantity, second: Second::Rests };

/// Of the group that everything about contracts is counted in; a read of positions is one.
const REQUESTS_PER_MINUTE: u32 = 500;
/// 500 in five minutes.
const DEMO_REQUESTS_PER_MINUTE: u32 = 100;
/// Most executions in one answer.
const FILLS_PAGE: usize = 200;
/// Most pages of executions for one question.
const FILLS_PAGES_MAX: usize = 10;
/// Most guards that are remembered for having been disowned.
const DISOWNED_MAX: usize = 100;

const ORDERS: &str = "/g-orders";
const ACTIVE: &str = "/g-orders/activeList";
const HISTORY: &str = "/api-data/g-futures/orders/by-order-id";
const POSITIONS: &str = "/g-accounts/accountPositions";
const TRADES: &str = "/exchange/order/v2/tradingList";

/// One account at Phemex.
pub struct Phemex {
    session: Session,
    small_budget: SmallBudget,
    settle: String,
    demo: bool,
    modes: Modes,
    /// Guards that were taken without reduce-only, and cancelled.
    disowned: Vec<ClientId>,
    /// Each contract's leverage and margin mode.
    known: Known,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

impl Phemex {
    /// An account at the other end of the line, whose address decides between live and testnet.
    pub fn new(line: Line) -> Phemex {
        Phemex {
            demo: line.keys.demo,
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            small_budget: SmallBudget::default(),
            settle: line.settle,
            modes: Modes::default(),
            disowned: Vec::new(),
            known: Known::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
        }
    }
}

impl Exchange for Phemex {
    fn capabilities(&self) -> Capabilities {
        if self.demo { DEMO_CAPABILITIES } else { CAPABILITIES }
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        match self.session.server_time() {
            // Counted apart from all that follows; a clock that is off is set when a call is refused for it.
            Err(error) if matches!(error.reason(), Some(Reason::RateLimited { .. })) => {}
            done => drop(done?),
        }
        // What proved its mode without rows stays known: nothing else would tell it.
        self.known = Known::default();
        self.account(None)?;
        // Where neither a row nor a refusal says otherwise, a contract is taken for one-way.
        Ok(AccountMode { hedge: false, restricted: None })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (now, session, budget, settle) = (self.session.now(), &mut self.session, &mut self.small_budget, self.settle.as_str());
        let call = Call::public("/public/products", Params::new());
        let read = |session: &mut Session| session.stream(&call, |body| instruments::read_contracts(body, settle));
        let list = self.catalogue.get(now, || budget.ask(session, Reason::Other, read))?;
        if !Arc::ptr_eq(&list, &self.instruments) {
            self.known.share_names(&list);
            self.modes.share_names(&list);
            self.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let call = Call::public("/md/v3/ticker/24hr", Params::of(symbol));
        // An order waits for it: it is to be asked for again, not to end what asked.
        let reply = self.small_budget.ask(&mut self.session, Reason::Busy, |session| session.call::<wire::MarketReply>(&call))?;
        quote(reply.result.bid, reply.result.ask, symbol)
    }

    fn balance(&mut self) -> Result<Balance> {
        let (account, attempt) = self.account(None)?;
        let sums = account.balance().ok_or_else(|| attempt.unknown("a balance that cannot be told"))?;
        Ok(Balance { coin: self.settle.clone(), total: sums.0, available: sums.1 })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let rows = match only {
            Some(symbol) => self.rows_of(symbol)?,
            None => self.account(None)?.0.positions,
        };
        let broken = |symbol: &str| ExchangeError::refused(Reason::Other, format!("a position of {symbol} without a size or a side"));
        rows.iter().map(|row| row.position(shared_name(&self.instruments, &row.symbol)).ok_or_else(|| broken(&row.symbol))).collect()
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        self.rows_of(symbol)?;
        Ok(self.known.get(symbol))
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        self.mode_of(symbol)?;
        let known = self.known.get(symbol);
        let leverage_is = want.leverage.is_none_or(|leverage| known.leverage == Some(leverage));
        let mode_is = want.margin_mode.is_none_or(|mode| known.margin_mode == Some(mode));
        if leverage_is && mode_is { Ok(()) } else { self.set_terms(symbol, want) }
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        orders.iter().map(|order| self.place_one(order)).collect()
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        self.place_guard(protection)
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        match self.open_row(order)? {
            Some(row) => Ok(Some(row.state_of(order, self.session.offset_ms()))),
            None => self.ended(order),
        }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        let (rows, whole) = self.open_rows(symbol)?;
        whole?;
        let offset_ms = self.session.offset_ms();
        let states = rows.into_iter().map(|row| row.state(symbol, offset_ms));
        Ok(states.filter(|state| !state.status.is_final()).collect())
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        let half = self.half_of(order)?;
        let params = Params::of(&order.symbol).with("clOrdID", order.id.as_str()).with("posSide", wire::half_word(half));
        let result = self.order_call(&Call::query("DELETE", "/g-orders/cancel", params)).map(drop);
        self.learn_mode(&order.symbol, half.is_some(), &result);
        result
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        let kinds: &[bool] = if conditional { &[false, true] } else { &[false] };
        for untriggered in kinds {
            let params = Params::of(symbol).with("untriggered", *untriggered);
            found(self.session.call::<wire::Done>(&Call::query("DELETE", "/g-orders/all", params)))?;
        }
        Ok(())
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let hedge = self.mode_of(symbol)?;
        let from = since.saturating_add_signed(self.session.offset_ms());
        let (mut fills, mut seen) = (Vec::new(), 0);
        for page in 1..=FILLS_PAGES_MAX {
            let (rows, attempt) = self.trades(symbol, from, seen)?;
            seen += rows.len();
            // They come newest first, and whether the start is heeded is documented nowhere.
            let last = rows.len() < FILLS_PAGE || rows.iter().all(|row| row.time() < from);
            for row in rows.into_iter().filter(|row| row.time() >= from && row.is_execution(symbol)) {
                fills.push(row.fill(hedge, attempt.offset_ms).map_err(|error| attempt.unreadable(&error))?);
            }
            if last {
                break;
            }
            if page == FILLS_PAGES_MAX {
                log::warn!("{symbol}: too many fills since {since}, only the last {seen} are counted");
            }
        }
        Ok(in_order(fills))
    }
}
