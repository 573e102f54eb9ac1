//! Prices that come from nowhere but the clock.
//!
//! Each contract swings between 3 % below and 5 % above its base price, once in 30 seconds, in steps of 250 ms: a steady
//! fall, a leap to just above the base price, a short rise. For BTCUSDT (base 50,000) that is 52,500 down to 48,500. The
//! leap is what makes the README's first alert (LONG, entries 50,000 and 49,000, stop 48,000, target 52,000) take its two
//! entries before its target whenever it is sent: on the way up no price lies between the entries, where the first
//! would be taken at once and the second be missed.

use std::collections::BTreeSet;

use super::book::Book;
use super::contracts;
use crate::market::{Decimal, Instrument, Millis, Symbol, sizing};

/// Time between two prices.
pub const STEP_MS: Millis = 250;
/// Prices in one swing.
pub const STEPS: u64 = 120;
/// After a long sleep this many last prices are gone through one by one: two swings, in which every level is met.
const CATCH_UP_MAX: u64 = 2 * STEPS;
/// The price of this step is the lowest; the next one leaps.
const LOWEST_STEP: u64 = 99;

/// How far a contract's walk has come.
#[derive(Clone, Debug)]
pub struct Walk {
    start: Millis,
    done: Option<u64>,
}

impl Walk {
    /// A walk that begins at this time, at its highest price.
    pub fn new(start: Millis) -> Walk {
        Walk { start, done: None }
    }

    /// Moves the book's prices on to `now`. Contracts in use go through every step in between, the others go straight
    /// to the last; pinned ones stay where they are.
    pub fn advance(&mut self, book: &mut Book, pinned: &BTreeSet<Symbol>, now: Millis) {
        let target = now.saturating_sub(self.start) / STEP_MS;
        let from = match self.done {
            Some(done) if done >= target => return,
            Some(done) => (done + 1).max(target.saturating_sub(CATCH_UP_MAX - 1)),
            None => target,
        };
        let instruments = book.instruments().clone();
        for step in from..=target {
            let at = self.start + step * STEP_MS;
            for instrument in instruments.iter().filter(|instrument| !pinned.contains(&instrument.symbol)) {
                if (step == target || book.is_used(&instrument.symbol))
                    && let Some(price) = price(instrument, step)
                {
                    // A price of the walk is always in range, so the book takes it.
                    let _ = book.set_price(&instrument.symbol, price, at);
                }
            }
        }
        self.done = Some(target);
    }
}

/// The price of one step, on the tick; `None` for a contract without a base price.
pub fn price(instrument: &Instrument, step: u64) -> Option<Decimal> {
    let base = contracts::base_price(instrument.symbol.as_str())?;
    let (low, high) = (base * Decimal::new(97, 2), base * Decimal::new(105, 2));
    sizing::limit_price(instrument, low + (high - low) * height(step % STEPS))
}

/// Where in its range the price stands at a step of the swing, 0 to 1.
fn height(step: u64) -> Decimal {
    if step <= LOWEST_STEP {
        return Decimal::ONE - Decimal::from(step) / Decimal::from(LOWEST_STEP);
    }
    let leap = Decimal::new(4, 1);
    let after_leap = Decimal::from(step - LOWEST_STEP - 1) / Decimal::from(STEPS - LOWEST_STEP - 1);
    leap + (Decimal::ONE - leap) * after_leap
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::exchange::paper::{Amount, Knobs, NewConditional, NewPlain, TimeInForce};
    use crate::market::{OrderStatus, ProtectionKind, TriggerBy};

    const START: Millis = 1_700_000_000_000;

    fn limit(price: i64, id: &str) -> NewPlain {
        NewPlain {
            client_id: id.to_owned(),
            symbol: Symbol::new("BTCUSDT"),
            buy: true,
            position_side: None,
            reduce_only: false,
            price: Some(Decimal::from(price)),
            time_in_force: TimeInForce::Gtc,
            qty: Decimal::new(1, 2),
            stop: None,
        }
    }

    fn protect(book: &mut Book, kind: ProtectionKind, price: i64, now: Millis) -> bool {
        let id = format!("{kind:?}");
        if book.open_conditionals().iter().any(|order| order.client_id == id) {
            return true;
        }
        let order = NewConditional {
            client_id: id,
            symbol: Symbol::new("BTCUSDT"),
            buy: false,
            position_side: None,
            kind,
            trigger_price: Decimal::from(price),
            by: TriggerBy::Mark,
            amount: Amount::WholePosition,
        };
        book.place_conditional(&order, now).is_ok()
    }

    /// The first alert of the README, sent at some moment and looked after every 100 ms, protected half a second after the
    /// first fill. Returns how long it took to the target.
    fn first_alert(offset: Millis) -> Millis {
        let mut book = Book::new(Arc::new(contracts::instruments()), false, Knobs::default());
        let mut walk = Walk::new(START);
        let (pinned, symbol) = (BTreeSet::new(), Symbol::new("BTCUSDT"));
        let sent = START + offset;
        walk.advance(&mut book, &pinned, sent);
        for (price, id) in [(50_000, "entry"), (49_000, "second")] {
            book.place(&limit(price, id), sent).unwrap();
        }
        let mut first_fill = None;
        for now in (sent..sent + 60_000).step_by(100) {
            walk.advance(&mut book, &pinned, now);
            let held = book.position(&symbol, crate::market::Side::Long);
            if !held.is_zero() && first_fill.is_none() {
                first_fill = Some(now);
            }
            if !held.is_zero() && first_fill.is_some_and(|at| now >= at + 500) {
                protect(&mut book, ProtectionKind::StopLoss, 48_000, now);
                protect(&mut book, ProtectionKind::TakeProfit, 52_000, now);
            }
            if held.is_zero() && first_fill.is_some() {
                assert!(book.all_orders().filter(|order| order.parent.is_none()).all(|order| order.status == OrderStatus::Filled));
                assert_eq!(book.order_by_id("TakeProfit").unwrap().filled, Decimal::new(2, 2), "sent at {offset}");
                assert!(book.order_by_id("StopLoss").is_none());
                return now - sent;
            }
        }
        panic!("no target within a minute when sent at {offset}");
    }

    #[test]
    fn the_first_alert_fills_twice_and_reaches_its_target_whenever_it_is_sent() {
        let slowest = (0..STEPS * STEP_MS).step_by(50).map(first_alert).max();
        assert!(slowest.is_some_and(|ms| ms < 45_000), "{slowest:?}");
    }

    #[test]
    fn bitcoin_walks_between_its_bounds_and_on_the_tick() {
        let list = contracts::instruments();
        let bitcoin = list.get("BTCUSDT").unwrap();
        let prices: Vec<Decimal> = (0..STEPS).map(|step| price(bitcoin, step).unwrap()).collect();
        assert_eq!(prices.iter().max(), Some(&Decimal::from(52_500)));
        assert_eq!(prices.iter().min(), Some(&Decimal::from(48_500)));
        assert_eq!(price(bitcoin, 0), price(bitcoin, STEPS));
        for instrument in list.iter() {
            for step in 0..STEPS {
                let price = price(instrument, step).unwrap();
                assert!((price % instrument.tick).is_zero(), "{} {price}", instrument.symbol);
            }
        }
    }

    #[test]
    fn a_long_sleep_is_stepped_over_quickly() {
        let mut book = Book::new(Arc::new(contracts::instruments()), false, Knobs::default());
        let mut walk = Walk::new(START);
        walk.advance(&mut book, &BTreeSet::new(), START);
        book.place(&limit(49_000, "deep"), START).unwrap();
        let year_ms = 365 * 24 * 3_600_000;
        walk.advance(&mut book, &BTreeSet::new(), START + year_ms);
        assert_eq!(book.order_by_id("deep").unwrap().status, OrderStatus::Filled);
        assert!(book.order_by_id("deep").unwrap().updated > START + year_ms - CATCH_UP_MAX * STEP_MS);
    }

    #[test]
    fn a_pinned_price_stays() {
        let mut book = Book::new(Arc::new(contracts::instruments()), false, Knobs::default());
        let mut walk = Walk::new(START);
        walk.advance(&mut book, &BTreeSet::new(), START);
        let pinned = BTreeSet::from([Symbol::new("BTCUSDT")]);
        walk.advance(&mut book, &pinned, START + 10_000);
        assert_eq!(book.market(&Symbol::new("BTCUSDT")).unwrap().last, Decimal::from(52_500));
        assert_ne!(book.market(&Symbol::new("ETHUSDT")).unwrap().last, Decimal::from(3_150));
    }
}
