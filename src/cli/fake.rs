//! An exchange that only answers questions, for tests of the commands.

use std::sync::Arc;

use crate::config::{Account, Config, Sources, TextFile, load};
use crate::exchange::{
    AccountMode, Capabilities, Covers, CustomIds, Exchange, ExchangeError, Habit, Letters, MarginScope, Reason, Result, Second,
};
use crate::market::{
    Balance, Decimal, Fill, Instrument, Instruments, MarginMode, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Side,
    Symbol, Terms,
};

/// A configuration from the text of a `.env` file alone.
pub(super) fn config(env_file: &str) -> Config {
    config_with_accounts(env_file, "")
}

/// The same with the text of the file that `ACCOUNTS_FILE` names.
pub(super) fn config_with_accounts(env_file: &str, accounts: &str) -> Config {
    let accounts = accounts.to_owned();
    let file = TextFile { path: ".env".to_owned(), text: env_file.to_owned(), open_to_others: false };
    let sources = Sources {
        environment: Box::new(|_| None),
        env_file: Ok(Some(file)),
        credential: Box::new(|_| Ok(None)),
        file: Box::new(move |_| Ok(Some(TextFile { path: "accounts.json".to_owned(), text: accounts.clone(), open_to_others: false }))),
        write_template: Box::new(|_, _| Ok(())),
    };
    load(&sources, false).unwrap()
}

pub(super) fn connect(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    Ok(Box::new(Fake { mode: AccountMode { hedge: true, restricted: None }, ..Fake::default() }))
}

/// One-way, and flat everywhere.
pub(super) fn connect_one_way(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    Ok(Box::new(Fake { mode: AccountMode { hedge: false, restricted: None }, ..Fake::default() }))
}

/// One-way; BTC: LONG 0.02 at 48000, ETH: SHORT 0.5 at 3100.
pub(super) fn connect_holding(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    Ok(Box::new(Fake { mode: AccountMode { hedge: false, restricted: None }, holds: true, ..Fake::default() }))
}

pub(super) fn connect_restricted(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    Ok(Box::new(Fake { mode: AccountMode { hedge: false, restricted: Some("reduce only".to_owned()) }, ..Fake::default() }))
}

pub(super) fn connect_with_bad_keys(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    let refusal = ExchangeError::refused(Reason::Credentials, "no such key");
    Ok(Box::new(Fake { open_trouble: Some(refusal), ..Fake::default() }))
}

pub(super) fn connect_to_nothing(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    Ok(Box::new(Fake { trouble: Some(ExchangeError::NeverSent("connection refused".to_owned())), ..Fake::default() }))
}

struct Fake {
    /// The answer to everything.
    trouble: Option<ExchangeError>,
    /// The answer to what needs keys.
    open_trouble: Option<ExchangeError>,
    mode: AccountMode,
    holds: bool,
}

impl Default for Fake {
    fn default() -> Fake {
        Fake { trouble: None, open_trouble: None, mode: AccountMode { hedge: false, restricted: None }, holds: false }
    }
}

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn contract(base: &str, tick: &str, step: &str, min_notional: &str, max_leverage: u32) -> Instrument {
    Instrument {
        contract_size: Decimal::ONE,
        symbol: Symbol::new(&format!("{base}USDT")),
        base: base.into(),
        settle: "USDT".into(),
        tick: dec(tick),
        lot_step: dec(step),
        min_qty: dec(step),
        max_qty: dec("1000000"),
        market_lot_step: dec(step),
        market_max_qty: dec("100000"),
        min_notional: dec(min_notional),
        max_leverage,
        closed: None,
    }
}

impl Fake {
    fn answer<T>(&self, answer: T) -> Result<T> {
        self.trouble.clone().map_or(Ok(answer), Err)
    }

    fn private<T>(&self, answer: T) -> Result<T> {
        self.open_trouble.clone().map_or(self.answer(answer), Err)
    }
}

fn position(symbol: &str, side: Side, qty: &str, entry_price: &str) -> Position {
    Position {
        symbol: Symbol::new(symbol),
        side,
        hedge: false,
        qty: dec(qty),
        entry_price: dec(entry_price),
        mark_price: Decimal::ZERO,
        liquidation_price: Decimal::ZERO,
        changed_at: 0,
        unrealized_pnl: Decimal::ZERO,
        margin: Decimal::ZERO,
        break_even_price: Decimal::ZERO,
        terms: Terms::default(),
    }
}

/// The commands promise to send nothing: whatever changes something is a failed test.
impl Exchange for Fake {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            name: "fake",
            margin_mode: MarginScope::Contract,
            hedge: true,
            stop: Habit { covers: Covers::Position, second: Second::Refused },
            target: Habit { covers: Covers::Position, second: Second::Refused },
            attaches_stop: false,
            guards_end_with_position: true,
            guards_hold_up_close: false,
            positions_show_orders: false,
            custom_ids: Some(CustomIds { chars_max: 12, letters: Letters::Any, signs: "-" }),
            batch: 1,
            fence_ms: 0,
            watch_per_minute_max: 60,
            budget_is_shared: true,
        }
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.answer(1_000_000)
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.private(self.mode.clone())
    }

    fn instruments(&mut self) -> Result<Arc<Instruments>> {
        let list = vec![
            contract("BTC", "0.1", "0.001", "50", 125),
            contract("ETH", "0.01", "0.001", "20", 100),
            contract("1000PEPE", "0.0000001", "1", "5", 10),
            contract("GOLD", "0.01", "0.01", "5", 0),
        ];
        self.answer(Arc::new(Instruments::new(list)))
    }

    fn balance(&mut self) -> Result<Balance> {
        self.private(Balance { coin: "USDT".to_owned(), total: dec("10000"), available: dec("9990.5") })
    }

    fn terms(&mut self, _: &Symbol) -> Result<Terms> {
        self.private(Terms { leverage: Some(20), margin_mode: Some(MarginMode::Isolated) })
    }

    fn quote(&mut self, symbol: &Symbol) -> Result<Quote> {
        let (bid, ask) = match symbol.as_str() {
            "BTCUSDT" => ("49999.9", "50000.1"),
            "ETHUSDT" => ("2999.99", "3000.01"),
            _ => ("9.99", "10.01"),
        };
        self.answer(Quote { bid: dec(bid), ask: dec(ask) })
    }

    fn positions(&mut self, only: Option<&Symbol>) -> Result<Vec<Position>> {
        let all = [position("BTCUSDT", Side::Long, "0.02", "48000"), position("ETHUSDT", Side::Short, "0.5", "3100")];
        self.private(all.into_iter().filter(|row| self.holds && only.is_none_or(|only| row.symbol == *only)).collect())
    }

    fn cancel_all(&mut self, _: &Symbol, _: bool) -> Result<()> {
        panic!("a command that sends nothing calls this")
    }

    fn prepare(&mut self, _: &Symbol, _: &Terms) -> Result<()> {
        panic!("a command that sends nothing calls this")
    }

    fn place(&mut self, _: &[NewOrder]) -> Vec<Result<OrderState>> {
        panic!("a command that sends nothing calls this")
    }

    fn protect(&mut self, _: &Protection) -> Result<OrderState> {
        panic!("a command that sends nothing calls this")
    }

    fn order(&mut self, _: &OrderRef) -> Result<Option<OrderState>> {
        panic!("a command that sends nothing calls this")
    }

    fn open_orders(&mut self, _: &Symbol) -> Result<Vec<OrderState>> {
        panic!("a command that sends nothing calls this")
    }

    fn cancel(&mut self, _: &OrderRef) -> Result<()> {
        panic!("a command that sends nothing calls this")
    }

    fn fills(&mut self, _: &Symbol, _: Millis) -> Result<Vec<Fill>> {
        panic!("a command that sends nothing calls this")
    }
}
