//! The engine and the paper exchange, case by case.

mod account;
mod engine;
mod habits;
mod paper;

use std::str::FromStr;
use std::sync::Arc;

use super::*;
use crate::market::{ProtectionKind, Side, TriggerBy};

const NOW: Millis = 1_700_000_000_000;

fn dec(text: &str) -> Decimal {
    Decimal::from_str(text).unwrap()
}

fn btc() -> Symbol {
    Symbol::new("BTCUSDT")
}

fn book(hedge: bool) -> Book {
    let mut book = Book::new(Arc::new(contracts::instruments()), hedge, Knobs::default());
    book.set_price(&btc(), dec("50000"), NOW).unwrap();
    book
}

/// One-way: `Some(side)` is not sent. Hedge: names the position.
fn order(book: &Book, id: &str, buy: bool, qty: &str, price: Option<&str>, side: Side) -> NewPlain {
    let opens = (side == Side::Long) == buy;
    NewPlain {
        client_id: id.to_owned(),
        symbol: btc(),
        buy,
        position_side: book.is_hedge().then_some(side),
        reduce_only: !opens && !book.is_hedge(),
        price: price.map(dec),
        time_in_force: TimeInForce::Gtc,
        qty: dec(qty),
        stop: None,
    }
}

fn open_long(book: &mut Book, id: &str, qty: &str, price: Option<&str>) -> u64 {
    let order = order(book, id, true, qty, price, Side::Long);
    book.place(&order, NOW).unwrap()
}

fn conditional(book: &Book, id: &str, kind: ProtectionKind, trigger: &str, amount: Amount) -> NewConditional {
    NewConditional {
        client_id: id.to_owned(),
        symbol: btc(),
        buy: false,
        position_side: book.is_hedge().then_some(Side::Long),
        kind,
        trigger_price: dec(trigger),
        by: TriggerBy::Mark,
        amount,
    }
}
