//! Bitget USDT-M perpetuals, live and demo (one host; a header tells play money), on classic and on unified accounts.
//!
//! | file | what it knows |
//! |---|---|
//! | this one | which generation serves an account, and what both share |
//! | `classic/` | `/api/v2/mix`: which request serves which method of [`Exchange`], and the rows |
//! | `unified/` | the same for `/api/v3` |
//! | `sign.rs` | what makes a call this exchange's: signature, headers, clock |
//! | `errors.rs` | what a failure says about the order, for both |
//! | `wire.rs` | what both spell alike |
//! | `instruments.rs` | the lists of contracts |
//!
//! The kind of account decides the API, and each kind is refused by the other's: [`Exchange::open`] asks a unified call
//! first and goes by the answer. An account that is converted later refuses with a code that has it opened anew.
//!
//! Orders are only acknowledged, so each comes back as taken and is asked about. A stop is never attached to its entry:
//! the classic order cannot say which price shall trigger it, and what the unified one becomes after partial executions
//! is documented nowhere. Protective orders that have ended are looked for in a history: the classic one names the order
//! that became of each, the unified one says little more than that it ended, so that why it did is seen by the position.
//! A timestamp is good for 30 seconds and nothing shortens that, so an order without an answer stays open for so long.

mod classic;
mod errors;
mod instruments;
mod sign;
#[cfg(test)]
mod tests;
mod unified;
mod wire;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use super::attempt::Attempt;
use super::catalogue::Catalogue;
use super::error::{ExchangeError, Result};
use super::known::Known;
use super::orders::{in_order, shared_name};
use super::session::{Call, Session};
use super::{AccountMode, Capabilities, Covers, CustomIds, Exchange, Habit, Letters, Line, MarginScope, Second};
use crate::market::{Balance, Fill, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms};
use Generation::{Classic, Unified};

/// Where real and play money are.
pub const LIVE_URL: &str = "https://api.bitget.com";

/// What is known of its end.
pub const DEADLINE: &str = "the classic interface is in maintenance mode, without a date; both kinds of account are served";

/// What it can do, as far as that does not depend on the account.
pub const CAPABILITIES: Capabilities = CLASSIC;

/// What it can do with a classic account.
pub const CLASSIC: Capabilities = Capabilities {
    name: "bitget",
    margin_mode: MarginScope::Contract,
    hedge: true,
    stop: COVERS_POSITION,
    target: COVERS_POSITION,
    attaches_stop: false,
    guards_end_with_position: false,
    guards_hold_up_close: false,
    positions_show_orders: false,
    // What both generations take.
    custom_ids: Some(CustomIds { chars_max: 32, letters: Letters::Any, signs: "_-" }),
    batch: classic::BATCH_MAX,
    fence_ms: sign::FENCE_MS,
    // Five a second, and half of that.
    watch_per_minute_max: 150,
    budget_is_shared: false,
};

/// What it can do with a unified account. One order covers the whole position, stop and target together, so only the stop
/// is one of that kind and the target has a quantity. That the two rest side by side follows from the exchange's codes
/// and is confirmed by nobody; nor is the margin mode in orders, which only client libraries know. Targets together must
/// not be larger than the position (25595), so a larger one is taken only when the smaller one is gone.
pub const UNIFIED: Capabilities = Capabilities {
    margin_mode: MarginScope::Order,
    target: Habit { covers: Covers::Quantity, second: Second::Refused },
    batch: 1,
    // Twenty a second, and half of that.
    watch_per_minute_max: 600,
    ..CLASSIC
};

/// Orders that close the position, one of a kind.
const COVERS_POSITION: Habit = Habit { covers: Covers::Position, second: Second::Refused };

/// Most rows in one answer.
const PAGE: usize = 100;
/// Most pages of one list of open orders; the exchange takes 400 orders.
const ORDER_PAGES_MAX: usize = 5;
/// Most pages of executions of one span.
const FILL_PAGES_MAX: usize = 50;
/// Longest time one question about executions may span.
const FILLS_SPAN_MS: Millis = 30 * DAY_MS;
/// How far back the exchange remembers executions.
const FILLS_MEMORY_MS: Millis = 90 * DAY_MS;
const DAY_MS: Millis = 24 * 3600 * 1000;

/// Which API an account speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Generation {
    /// `/api/v2/mix`.
    Classic,
    /// `/api/v3`.
    Unified,
}

/// One account at Bitget, of either kind.
pub struct Bitget {
    account: Account,
    /// Found out by `open`; public calls before that are the classic ones, which need no account.
    generation: Generation,
}

/// What both generations need of an account.
struct Account {
    session: Session,
    settle: String,
    hedge: bool,
    /// Leverage and margin mode, as last read or set.
    known: Known,
    /// The margin modes that unified accounts were told to use: no call sets them, so they are nowhere but here.
    wishes: Known,
    catalogue: Catalogue,
    instruments: Arc<Instruments>,
}

/// A time in which executions are asked for, on the exchange's clock.
struct Span {
    from: Millis,
    /// `None`: until now.
    to: Option<Millis>,
}

impl Bitget {
    /// An account at the other end of the line, whose keys decide between live and demo.
    pub fn new(line: Line) -> Bitget {
        let account = Account {
            session: Session::new(line.http, line.keys, line.clock, &sign::DIALECT),
            settle: line.settle,
            hedge: false,
            known: Known::default(),
            wishes: Known::default(),
            catalogue: line.catalogue,
            instruments: Arc::default(),
        };
        Bitget { account, generation: Classic }
    }
}

impl Account {
    /// A signed or public call, whose answer holds what was asked for.
    fn call<T: DeserializeOwned>(&mut self, call: &Call) -> Result<(T, Attempt)> {
        let (reply, attempt) = self.session.call_with_attempt::<wire::Reply<T>>(call)?;
        Ok((reply.data, attempt))
    }

    /// A call of whose answer nothing but its success is needed.
    fn done(&mut self, call: &Call) -> Result<()> {
        self.session.call::<wire::Done>(call).map(drop)
    }

    fn name(&self, name: &str) -> Symbol {
        shared_name(&self.instruments, name)
    }

    /// A position shows the margin mode that its orders must name.
    fn note_mode(&mut self, position: &Position) {
        let known = self.known.get(&position.symbol);
        if let Some(mode) = position.terms.margin_mode.filter(|mode| !position.qty.is_zero() && known.margin_mode != Some(*mode)) {
            self.known.set(&position.symbol, Terms { leverage: None, margin_mode: Some(mode) });
        }
    }

    /// What was taken for known may have been changed elsewhere: after a failure it is read again. The margin mode of a
    /// unified account is not what is set over there but what orders name, and stays.
    fn forget_after_failure(&mut self, symbol: &Symbol, results: &[Result<OrderState>], generation: Generation) {
        if results.iter().any(|result| !matches!(result, Ok(_) | Err(ExchangeError::NeverSent(_)))) {
            let margin_mode = self.known.get(symbol).margin_mode.filter(|_| generation == Unified);
            self.known.set(symbol, Terms { leverage: None, margin_mode });
        }
    }
}

/// The halves a setting must be made for: isolated positions of the two sides have one each.
fn halves(apart: bool) -> &'static [Option<&'static str>] {
    if apart { &[Some("long"), Some("short")] } else { &[None] }
}

/// Reads page after page until one is not full. An exchange that does not go on ends it as well.
fn pages<T>(max: usize, mut read: impl FnMut(Option<&str>) -> Result<(Vec<T>, Option<String>)>) -> Result<Vec<T>> {
    let mut all = Vec::new();
    let mut cursor: Option<String> = None;
    for _ in 0..max {
        let (rows, next) = read(cursor.as_deref())?;
        if cursor.is_some() && next == cursor {
            return Ok(all);
        }
        let full = rows.len() >= PAGE;
        all.extend(rows);
        match next.filter(|next| full && !next.is_empty()) {
            Some(next) => cursor = Some(next),
            None => return Ok(all),
        }
    }
    log::warn!("an answer of the exchange has more than {max} pages, only the first {} rows are counted", all.len());
    Ok(all)
}

/// Whether a unified account answered; `None` when the account is classic.
fn settings_of(account: &mut Account) -> Result<Option<unified::Settings>> {
    match unified::settings(account) {
        Ok(settings) => Ok(Some(settings)),
        Err(error) if errors::is_classic(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

impl Exchange for Bitget {
    fn capabilities(&self) -> Capabilities {
        match self.generation {
            Classic => CLASSIC,
            Unified => UNIFIED,
        }
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.account.session.server_time()
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.account.session.server_time()?;
        match settings_of(&mut self.account)? {
            Some(settings) => {
                self.generation = Unified;
                unified::open(&mut self.account, &settings);
            }
            None => {
                self.generation = Classic;
                classic::open(&mut self.account)?;
            }
        }
        let restricted = (self.account.settle != wire::COIN).then(|| format!("only contracts settled in {} are served", wire::COIN));
        Ok(AccountMode { hedge: self.account.hedge, restricted })
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let (account, generation) = (&mut self.account, self.generation);
        let session = &mut account.session;
        let list = account.catalogue.get(session.now(), || match generation {
            Classic => classic::read_contracts(session),
            Unified => unified::read_contracts(session),
        })?;
        if !Arc::ptr_eq(&list, &account.instruments) {
            account.known.share_names(&list);
            account.wishes.share_names(&list);
            account.instruments = Arc::clone(&list);
        }
        Ok(list)
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        match self.generation {
            Classic => classic::quote(&mut self.account, symbol),
            Unified => unified::quote(&mut self.account, symbol),
        }
    }

    fn balance(&mut self) -> Result<Balance> {
        match self.generation {
            Classic => classic::balance(&mut self.account),
            Unified => unified::balance(&mut self.account),
        }
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let positions = match self.generation {
            Classic => classic::positions(&mut self.account, only),
            Unified => unified::positions(&mut self.account, only),
        }?;
        for position in &positions {
            self.account.note_mode(position);
        }
        Ok(positions)
    }

    fn terms(&mut self, symbol: &Symbol) -> Result<Terms> {
        match self.generation {
            Classic => classic::terms(&mut self.account, symbol),
            Unified => unified::terms(&mut self.account, symbol),
        }
    }

    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()> {
        match self.generation {
            Classic => classic::prepare(&mut self.account, symbol, want),
            Unified => unified::prepare(&mut self.account, symbol, want),
        }
    }

    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
        let results = match self.generation {
            Classic => classic::place(&mut self.account, orders),
            Unified => unified::place(&mut self.account, orders),
        };
        if let Some(order) = orders.first() {
            self.account.forget_after_failure(&order.symbol, &results, self.generation);
        }
        results
    }

    fn protect(&mut self, protection: &Protection) -> Result<OrderState> {
        match self.generation {
            Classic => classic::protect(&mut self.account, protection),
            Unified => unified::protect(&mut self.account, protection),
        }
    }

    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>> {
        match (order.guard, self.generation) {
            (Some(_), Classic) => classic::guard_order(&mut self.account, order),
            (Some(_), Unified) => unified::guard_order(&mut self.account, order),
            (None, Classic) => classic::plain_order(&mut self.account, order),
            (None, Unified) => unified::plain_order(&mut self.account, order),
        }
    }

    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>> {
        // Conditional ones first, because one that triggers in between moves to the plain ones.
        match self.generation {
            Classic => {
                Ok([classic::open_conditional(&mut self.account, symbol)?, classic::open_plain(&mut self.account, symbol)?].concat())
            }
            Unified => Ok([unified::open_guards(&mut self.account, symbol)?, unified::open_plain(&mut self.account, symbol)?].concat()),
        }
    }

    fn cancel(&mut self, order: &OrderRef) -> Result<()> {
        match order.guard {
            Some(guard) => match self.generation {
                Classic => classic::cancel_guard(&mut self.account, order, &guard),
                Unified => unified::cancel_guard(&mut self.account, order),
            },
            None => match self.generation {
                Classic => classic::cancel_plain(&mut self.account, order),
                Unified => unified::cancel_plain(&mut self.account, order),
            },
        }
    }

    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()> {
        match self.generation {
            Classic => classic::cancel_all(&mut self.account, symbol, conditional),
            Unified => unified::cancel_all(&mut self.account, symbol, conditional),
        }
    }

    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>> {
        let offset_ms = self.account.session.offset_ms();
        let until = self.account.session.now().saturating_add_signed(offset_ms);
        let mut from = since.saturating_add_signed(offset_ms).max(until.saturating_sub(FILLS_MEMORY_MS));
        let mut fills = Vec::new();
        loop {
            let to = from.saturating_add(FILLS_SPAN_MS);
            let span = Span { from, to: (to <= until).then_some(to) };
            fills.extend(match self.generation {
                Classic => classic::fills(&mut self.account, symbol, &span),
                Unified => unified::fills(&mut self.account, symbol, &span),
            }?);
            if to > until {
                return Ok(in_order(fills));
            }
            from = to;
        }
    }
}
