//! How to say it: the trait every exchange fulfils, the three families of errors, and who is behind which name.
//!
//! Adapters translate and hold no rule of trading. A call blocks and runs on its account's worker thread
//! ([`courier`]); bytes leave through [`http::Http`], time comes from [`Clock`], so the same adapter runs against a
//! simulated exchange in virtual time.

pub mod binance;
pub mod catalogue;
pub mod courier;
pub mod error;
pub mod http;
pub mod paper;
mod stream;
pub mod transport;

use std::sync::Arc;

pub use error::{ExchangeError, Reason, Refusal, Result};

use crate::market::{Balance, Fill, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms};

/// Where an adapter gets the time from (milliseconds since 1970).
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// What an exchange can and cannot do; the README's table is checked against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Name in settings and in the README.
    pub name: &'static str,
    /// Margin mode can be set per symbol.
    pub margin_mode: bool,
    /// Accounts in hedge mode are served.
    pub hedge: bool,
    /// A stop can rest before the position exists.
    pub stop_before_position: bool,
    /// Protective orders close whatever the position is; otherwise they carry a quantity and are replaced when it changes.
    pub stop_covers_position: bool,
    /// A read of one symbol's positions that comes back empty proves that there is no open order either.
    pub positions_show_orders: bool,
    /// Which names a sender may give to limit orders; `None`: none at all.
    pub custom_ids: Option<CustomIds>,
    /// How many orders one request can place.
    pub batch: usize,
    /// After an order left without a trustworthy answer: how long it could still be executed.
    pub fence_ms: Millis,
    /// Share of the host's request budget that one read of all positions costs, in requests per minute.
    pub watch_per_minute_max: u32,
}

/// What the name of an order may look like at an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomIds {
    /// Longest, in characters.
    pub chars_max: usize,
    /// Whether letters are allowed beside digits.
    pub letters: bool,
    /// What else is allowed.
    pub signs: &'static str,
}

impl CustomIds {
    /// Whether the exchange would take this name.
    pub fn take(&self, id: &str) -> bool {
        let fits = |c: char| c.is_ascii_digit() || self.letters && c.is_ascii_alphabetic() || self.signs.contains(c);
        id.len() <= self.chars_max && id.chars().all(fits)
    }
}

/// How the account is set up, read when the connection opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMode {
    /// Long and short are held side by side.
    pub hedge: bool,
    /// `None`: may trade. Otherwise the reason why not.
    pub restricted: Option<String>,
}

/// One account on one exchange. Blocking; every method may take as long as the transport's time-outs allow.
///
/// A method that opens, closes or cancels makes at most one attempt, with one exception: a refusal because of the
/// clock proves that nothing happened, so the clock is set and the same request is sent once more.
pub trait Exchange: Send {
    /// What this exchange can do.
    fn capabilities(&self) -> Capabilities;
    /// The exchange's clock; also measures our offset and keeps the connection warm.
    fn server_time(&mut self) -> Result<Millis>;
    /// Sets the clock, reads position mode and what the symbols are set to. The first call on an account.
    fn open(&mut self) -> Result<AccountMode>;
    /// All perpetual contracts settled in a coin this account uses. Remembered for the calls that follow.
    fn instruments(&mut self) -> Result<Arc<Instruments>>;
    /// Best bid and ask.
    fn quote(&mut self, symbol: &Symbol) -> Result<Quote>;
    /// What the account holds in its settle coin.
    fn balance(&mut self) -> Result<Balance>;
    /// Open positions of one symbol, or of all. A row of quantity zero says that there are open orders.
    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>>;
    /// What a contract is set to, read fresh.
    fn terms(&mut self, symbol: &Symbol) -> Result<Terms>;
    /// Makes margin mode and leverage what is wanted; "already so" is success and costs no request when it is known.
    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()>;
    /// Places plain orders of one symbol, in one request where the exchange can. One result per order, in order.
    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>>;
    /// Places a stop loss or take profit in the exchange's native way.
    fn protect(&mut self, protection: &Protection) -> Result<OrderState>;
    /// Looks one order up by client id: the answer to an unknown outcome. `None`: the exchange does not know it (yet).
    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>>;
    /// All open orders of a symbol, plain and conditional together.
    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>>;
    /// Cancels one order. [`Reason::UnknownOrder`] when it is gone already.
    fn cancel(&mut self, order: &OrderRef) -> Result<()>;
    /// Cancels every plain order of a symbol, whoever sent it, and its conditional ones too if that is wanted. Nothing to
    /// cancel is success.
    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()>;
    /// Executions on a symbol since a time, oldest first.
    fn fills(&mut self, symbol: &Symbol, since: Millis) -> Result<Vec<Fill>>;
}

/// One thing to be done at an exchange, as plain data that can cross to the worker thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// [`Exchange::open`].
    Open,
    /// [`Exchange::instruments`].
    Instruments,
    /// [`Exchange::positions`].
    Positions(Option<Symbol>),
    /// [`Exchange::prepare`].
    Prepare(Symbol, Terms),
    /// [`Exchange::place`].
    Place(Vec<NewOrder>),
    /// [`Exchange::protect`].
    Protect(Protection),
    /// [`Exchange::order`].
    Order(OrderRef),
    /// [`Exchange::open_orders`].
    OpenOrders(Symbol),
    /// [`Exchange::cancel`].
    Cancel(OrderRef),
    /// [`Exchange::fills`].
    Fills(Symbol, Millis),
    /// [`Exchange::quote`].
    Quote(Symbol),
    /// [`Exchange::balance`].
    Balance,
    /// [`Exchange::terms`].
    Terms(Symbol),
    /// [`Exchange::cancel_all`].
    CancelAll {
        /// The contract.
        symbol: Symbol,
        /// Protective orders too.
        conditional: bool,
    },
}

impl Request {
    /// Whether a position could be opened by it. Such a call never leaves without its record.
    pub fn opens(&self) -> bool {
        match self {
            Request::Place(orders) => orders.iter().any(|order| order.action == crate::market::Action::Open),
            _ => false,
        }
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// To [`Request::Open`].
    Opened(AccountMode, Capabilities),
    /// To [`Request::Instruments`].
    Instruments(Arc<Instruments>),
    /// To [`Request::Positions`].
    Positions(Vec<Position>),
    /// To [`Request::Prepare`].
    Prepared,
    /// To [`Request::Place`]: one result per order.
    Placed(Vec<Result<OrderState>>),
    /// To [`Request::Protect`].
    Protected(OrderState),
    /// To [`Request::Order`].
    Order(Option<OrderState>),
    /// To [`Request::OpenOrders`].
    OpenOrders(Vec<OrderState>),
    /// To [`Request::Cancel`] and [`Request::CancelAll`].
    Canceled,
    /// To [`Request::Fills`].
    Fills(Vec<Fill>),
    /// To [`Request::Quote`].
    Quote(Quote),
    /// To [`Request::Balance`].
    Balance(Balance),
    /// To [`Request::Terms`].
    Terms(Terms),
}

/// Carries one request out. The only bridge between requests as data and the trait.
pub fn carry_out(exchange: &mut dyn Exchange, request: &Request) -> Result<Reply> {
    Ok(match request {
        Request::Open => Reply::Opened(exchange.open()?, exchange.capabilities()),
        Request::Instruments => Reply::Instruments(exchange.instruments()?),
        Request::Positions(only) => Reply::Positions(exchange.positions(only.as_ref())?),
        Request::Prepare(symbol, terms) => {
            exchange.prepare(symbol, terms)?;
            Reply::Prepared
        }
        Request::Place(orders) => Reply::Placed(exchange.place(orders)),
        Request::Protect(protection) => Reply::Protected(exchange.protect(protection)?),
        Request::Order(order) => Reply::Order(exchange.order(order)?),
        Request::OpenOrders(symbol) => Reply::OpenOrders(exchange.open_orders(symbol)?),
        Request::Cancel(order) => {
            exchange.cancel(order)?;
            Reply::Canceled
        }
        Request::Fills(symbol, since) => Reply::Fills(exchange.fills(symbol, *since)?),
        Request::Quote(symbol) => Reply::Quote(exchange.quote(symbol)?),
        Request::Balance => Reply::Balance(exchange.balance()?),
        Request::Terms(symbol) => Reply::Terms(exchange.terms(symbol)?),
        Request::CancelAll { symbol, conditional } => {
            exchange.cancel_all(symbol, *conditional)?;
            Reply::Canceled
        }
    })
}
