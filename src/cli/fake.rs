//! An exchange that only answers questions, for tests of the commands.

use std::sync::Arc;

use crate::config::{Account, Config, Sources, TextFile, load};
use crate::exchange::{AccountMode, Capabilities, Exchange, ExchangeError, Reason, Result};
use crate::market::{
    Balance, Decimal, Fill, Instrument, Instruments, Millis, NewOrder, OrderRef, OrderState, Position, Protection, Quote, Symbol, Terms,
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
    Ok(Box::new(Fake { trouble: None, open_trouble: None }))
}

pub(super) fn connect_with_bad_keys(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    let refusal = ExchangeError::refused(Reason::Credentials, "no such key");
    Ok(Box::new(Fake { trouble: None, open_trouble: Some(refusal) }))
}

pub(super) fn connect_to_nothing(_: &Config, _: &Account) -> std::result::Result<Box<dyn Exchange>, String> {
    Ok(Box::new(Fake { trouble: Some(ExchangeError::NeverSent("connection refused".to_owned())), open_trouble: None }))
}

struct Fake {
    trouble: Option<ExchangeError>,
    open_trouble: Option<ExchangeError>,
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
}

/// The commands promise to send nothing: whatever changes something is a failed test.
impl Exchange for Fake {
    fn capabilities(&self) -> Capabilities {
        panic!("a command that sends nothing calls this")
    }

    fn server_time(&mut self) -> Result<Millis> {
        self.answer(1_000_000)
    }

    fn open(&mut self) -> Result<AccountMode> {
        self.open_trouble.clone().map_or(self.answer(AccountMode { hedge: true, restricted: None }), Err)
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
        self.answer(Balance { coin: "USDT".to_owned(), total: dec("10000"), available: dec("9990.5") })
    }

    fn terms(&mut self, _: &Symbol) -> Result<Terms> {
        unreachable!()
    }
    fn cancel_all(&mut self, _: &Symbol, _: bool) -> Result<()> {
        unreachable!()
    }
    fn quote(&mut self, _: &Symbol) -> Result<Quote> {
        panic!("a command that sends nothing calls this")
    }

    fn positions(&mut self, _: Option<&Symbol>) -> Result<Vec<Position>> {
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
