//! How to say it: the trait every exchange fulfils, the three families of errors, and ([`venue`]) who is behind which name.
//!
//! Adapters translate and hold no rule of trading. A call blocks and runs on its account's worker thread
//! ([`courier`]); bytes leave through [`http::Http`], time comes from [`Clock`], so the same adapter runs against a
//! simulated exchange in virtual time.

mod answers;
mod attempt;
pub mod binance;
pub mod bingx;
pub mod bitget;
pub mod bybit;
pub mod catalogue;
pub mod coinex;
pub mod courier;
mod encode;
pub mod error;
pub mod http;
#[cfg(test)]
mod judging;
mod known;
pub mod kraken;
pub mod kucoin;
mod modes;
mod numbers;
pub mod okx;
mod orders;
mod pages;
pub mod paper;
mod params;
pub mod phemex;
#[cfg(test)]
mod script;
mod session;
mod stream;
pub mod transport;
#[cfg(test)]
mod vectors;
pub mod venue;

use std::sync::Arc;

pub use error::{ExchangeError, Reason, Refusal, Result};
pub use venue::{Line, Venue};

use crate::market::{Balance, Fill, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms};
use crate::secret::Secret;

/// Where an adapter gets the time from (milliseconds since 1970).
pub type Clock = Arc<dyn Fn() -> Millis + Send + Sync>;

/// What an exchange can and cannot do; the README's table is checked against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capabilities {
    /// Name in settings and in the README.
    pub name: &'static str,
    /// What a margin mode belongs to.
    pub margin_mode: MarginScope,
    /// Accounts in hedge mode are served.
    pub hedge: bool,
    /// How a stop loss exists here.
    pub stop: Habit,
    /// How a take profit exists here.
    pub target: Habit,
    /// An order that opens can carry its stop, which exists from the first execution on.
    pub attaches_stop: bool,
    /// Stops and targets surely end with their position. Otherwise forgotten ones are looked for.
    pub guards_end_with_position: bool,
    /// Stops and targets reserve what they would close, so that a market close can be refused for them; and a path that refuses
    /// again and again is shut.
    pub guards_hold_up_close: bool,
    /// A read of one symbol's positions that comes back empty proves that there is no open order either.
    pub positions_show_orders: bool,
    /// Which names a sender may give to limit orders; `None`: none at all.
    pub custom_ids: Option<CustomIds>,
    /// How many orders one request can place.
    pub batch: usize,
    /// After an order left without a trustworthy answer: how long it could still be executed, or have been and not be seen.
    pub fence_ms: Millis,
    /// How many reads of all positions a minute take no more than half of the request budget.
    pub watch_per_minute_max: u32,
    /// That budget is the host's, for all accounts together; otherwise every key has one of its own.
    pub budget_is_shared: bool,
}

/// What a margin mode belongs to at an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarginScope {
    /// Each contract has its own.
    Contract,
    /// The whole account has one: setting it changes it for every contract.
    Account,
    /// Every order names it; contracts keep a leverage for each.
    Order,
}

/// How a protective order of one kind exists at an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Habit {
    /// What it closes when it fires.
    pub covers: Covers,
    /// What becomes of a second one for the same position.
    pub second: Second,
}

/// What a protective order closes when it fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Whatever the position is then.
    Position,
    /// The quantity it was placed with; it is replaced when the position changes.
    Quantity,
}

/// What becomes of a second protective order of the same kind for the same position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    /// Both rest.
    Rests,
    /// It takes the place of the first, which is then gone.
    Replaces,
    /// It is refused ([`Reason::AlreadyProtected`]).
    Refused,
}

/// What the name of an order may look like at an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomIds {
    /// Longest, in characters.
    pub chars_max: usize,
    /// Which letters are allowed beside digits.
    pub letters: Letters,
    /// What else is allowed.
    pub signs: &'static str,
}

impl CustomIds {
    /// Whether the exchange would take this name.
    pub fn take(&self, id: &str) -> bool {
        let is_letter = |c: char| match self.letters {
            Letters::None => false,
            Letters::Lower => c.is_ascii_lowercase(),
            Letters::Any => c.is_ascii_alphabetic(),
        };
        let fits = |c: char| c.is_ascii_digit() || is_letter(c) || self.signs.contains(c);
        id.len() <= self.chars_max && id.chars().all(fits)
    }
}

/// The letters an exchange takes in names. One that writes them small gives `Tp1` back as another name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it all")]
pub enum Letters {
    None,
    Lower,
    Any,
}

impl Letters {
    /// What a name may consist of, in words.
    pub fn words(self) -> &'static str {
        match self {
            Letters::None => "digits",
            Letters::Lower => "small letters, digits",
            Letters::Any => "letters, digits",
        }
    }
}

/// What an account's calls are signed with. Empty where nothing but public calls are made.
#[derive(Clone, Debug)]
pub struct Keys {
    /// API key.
    pub key: Secret,
    /// Its secret.
    pub secret: Secret,
    /// Its password, at exchanges whose keys have one.
    pub password: Secret,
    /// Whether the key belongs to play money; some exchanges tell by a header.
    pub demo: bool,
}

impl Keys {
    /// No keys: only public calls can be made.
    pub fn none() -> Keys {
        Keys { key: Secret::new(""), secret: Secret::new(""), password: Secret::new(""), demo: false }
    }

    /// Takes them out of an exchange's words: some repeat what was signed.
    fn redacted(&self, mut error: ExchangeError) -> ExchangeError {
        let words = match &mut error {
            ExchangeError::Refused(refusal) => &mut refusal.message,
            ExchangeError::NeverSent(detail) | ExchangeError::Unknown { detail, .. } => detail,
        };
        for secret in [&self.key, &self.secret, &self.password] {
            // What is shorter is a placeholder of a test, and part of any word.
            if secret.len() >= SHOWABLE_CHARS && words.contains(secret.expose()) {
                *words = words.replace(secret.expose(), "…");
            }
        }
        error
    }
}

/// A key this short guards nothing.
const SHOWABLE_CHARS: usize = 8;

/// How the account is set up, read when the connection opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountMode {
    /// Long and short are held side by side, where no position row says otherwise.
    pub hedge: bool,
    /// `None`: may trade. Otherwise the reason why not.
    pub restricted: Option<String>,
}

/// One account on one exchange. Blocking; every method may take as long as the transport's time-outs allow.
///
/// A method that opens, closes or cancels makes at most one attempt per order, with one exception: a refusal because of
/// the clock proves that nothing happened, so the clock is set and the same request is sent once more. What an exchange
/// only acknowledges comes back as [`OrderStatus::Taken`](crate::market::OrderStatus::Taken); an adapter never reads behind it.
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
    /// Open positions of one symbol, or of all; rows of quantity zero may be among them. With
    /// [`Capabilities::positions_show_orders`] the absence of a row proves that the symbol has no open order either.
    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>>;
    /// What a contract is set to, read fresh.
    fn terms(&mut self, symbol: &Symbol) -> Result<Terms>;
    /// Makes margin mode and leverage what is wanted; "already so" is success and costs no request when it is known. Comes
    /// before the first order that opens.
    fn prepare(&mut self, symbol: &Symbol, want: &Terms) -> Result<()>;
    /// Changes a contract's leverage because somebody wants just that: refused where it would change nothing.
    fn change_leverage(&mut self, symbol: &Symbol, leverage: u32) -> Result<()> {
        self.prepare(symbol, &Terms { leverage: Some(leverage), margin_mode: None })
    }
    /// Places plain orders of one symbol, in one request where the exchange can. One result per order, in order.
    fn place(&mut self, orders: &[NewOrder]) -> Vec<Result<OrderState>>;
    /// Places a stop loss or take profit in the exchange's native way, as [`Capabilities::stop`] and
    /// [`Capabilities::target`] say.
    fn protect(&mut self, protection: &Protection) -> Result<OrderState>;
    /// Looks one order up by client id: the answer to an unknown outcome. `None`: the exchange does not know it (yet). A
    /// protective order without a name of ours is found by what it does ([`OrderState::is`]).
    fn order(&mut self, order: &OrderRef) -> Result<Option<OrderState>>;
    /// All open orders of a symbol, plain and conditional together.
    fn open_orders(&mut self, symbol: &Symbol) -> Result<Vec<OrderState>>;
    /// Cancels one order. [`Reason::UnknownOrder`] when it is gone already.
    fn cancel(&mut self, order: &OrderRef) -> Result<()>;
    /// Cancels every plain order of a symbol, whoever sent it, and its conditional ones too if that is wanted. Nothing to
    /// cancel is success.
    fn cancel_all(&mut self, symbol: &Symbol, conditional: bool) -> Result<()>;
    /// Executions on a symbol since a time, oldest first, each once.
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
    /// [`Exchange::change_leverage`].
    ChangeLeverage(Symbol, u32),
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
    /// To [`Request::Prepare`] and [`Request::ChangeLeverage`].
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
        Request::ChangeLeverage(symbol, leverage) => {
            exchange.change_leverage(symbol, *leverage)?;
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
