//! The contracts of one host, kept once however many accounts trade there.
//!
//! An account takes the list while it is young and reads it anew otherwise. Nobody waits for another's reading: it may
//! hang as long as the transport's time-outs allow, and an account must meanwhile be able to close a position.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};

use super::courier::STACK_BYTES;
use super::error::{ExchangeError, Reason, Result};
use crate::market::{Instrument, Instruments, Millis, Symbol};

/// How long a list serves all accounts before it is read again.
pub const FRESH_MS: Millis = 3_600_000;

/// Most contracts that are kept although they have left the list; some hundreds are listed at all.
const DELISTED_MAX: usize = 1000;

/// A shelf for one host's list; clones share it. `Catalogue::default()` is one of its own.
#[derive(Clone, Debug, Default)]
pub struct Catalogue(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    list: Arc<Instruments>,
    /// When it was read, our time; `None` before the first.
    read_at: Option<Millis>,
}

impl Catalogue {
    /// The list, read by `read` if there is none younger than [`FRESH_MS`].
    ///
    /// # Errors
    /// Another account is reading right now, or `read` failed; the old list stays on the shelf.
    pub(super) fn get(&self, now: Millis, read: impl FnOnce() -> Result<Vec<Instrument>> + Send) -> Result<Arc<Instruments>> {
        let Some(mut shelf) = self.shelf() else {
            return Err(ExchangeError::NeverSent("the contracts are being read by another account of this host".to_owned()));
        };
        // A clock that was set back makes no list young.
        let age = shelf.read_at.and_then(|at| now.checked_sub(at));
        if age.is_none_or(|age| age >= FRESH_MS) {
            let list = Instruments::new(apart(read)?);
            // Accounts hold on to what they have: an equal list in its place would be kept twice.
            if !list.iter().eq(shelf.list.iter()) {
                shelf.list = Arc::new(list);
            }
            shelf.read_at = Some(now);
        }
        Ok(Arc::clone(&shelf.list))
    }

    /// The same where contracts that have left the list are still needed. `held` is the list the account has: nobody knows the
    /// shelf's while somebody reads.
    ///
    /// # Errors
    /// Those of [`Catalogue::get`].
    pub(super) fn get_with_delisted(
        &self,
        now: Millis,
        held: &Arc<Instruments>,
        read: impl FnOnce() -> Result<Vec<Instrument>> + Send,
    ) -> Result<Arc<Instruments>> {
        let shelf = self.peek();
        let before = if shelf.is_empty() { held } else { &shelf };
        self.get(now, || Ok(with_delisted(read()?, before)))
    }

    /// The list however old it is; empty before the first, and while somebody reads.
    pub(super) fn peek(&self) -> Arc<Instruments> {
        self.shelf().map(|shelf| Arc::clone(&shelf.list)).unwrap_or_default()
    }

    /// `None` while somebody reads. A reader that panicked left the old list.
    fn shelf(&self) -> Option<MutexGuard<'_, Shelf>> {
        match self.0.try_lock() {
            Ok(shelf) => Some(shelf),
            Err(TryLockError::Poisoned(left)) => Some(left.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

/// Reads on a thread that ends with it. What the allocator keeps for a thread is handed on to the next one, so that
/// the rubbish of a megabyte of text stays once in the process, not once for every account that ever read.
fn apart(read: impl FnOnce() -> Result<Vec<Instrument>> + Send) -> Result<Vec<Instrument>> {
    std::thread::scope(|scope| {
        let reader = std::thread::Builder::new().name("contracts".to_owned()).stack_size(STACK_BYTES);
        let reader = reader.spawn_scoped(scope, read);
        let reader = reader.map_err(|error| ExchangeError::NeverSent(format!("no thread to read the contracts on: {error}")))?;
        reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// A contract of a list.
pub(super) fn contract(list: &Instruments, symbol: &Symbol) -> Result<Instrument> {
    list.get(symbol.as_str()).cloned().ok_or_else(|| unlisted(symbol))
}

/// There is no such contract.
pub(super) fn unlisted(symbol: &Symbol) -> ExchangeError {
    ExchangeError::refused(Reason::SymbolUnknown, format!("the exchange lists no contract {symbol}"))
}

/// Keeps contracts that have left the list, closed: where an exchange counts in contracts, what is held of one, ordered or
/// executed could not be read without their size.
fn with_delisted(mut list: Vec<Instrument>, before: &Instruments) -> Vec<Instrument> {
    let listed: BTreeSet<Symbol> = list.iter().map(|contract| contract.symbol.clone()).collect();
    let gone = before.iter().filter(|contract| !listed.contains(&contract.symbol)).take(DELISTED_MAX);
    list.extend(gone.map(|contract| Instrument { closed: Some(Arc::from("delisted")), ..contract.clone() }));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = 1_700_000_000_000;

    fn contract(name: &str) -> Vec<Instrument> {
        vec![Instrument { symbol: Symbol::new(name), ..Instrument::sample() }]
    }

    fn unread() -> Result<Vec<Instrument>> {
        panic!("the list is young")
    }

    #[test]
    fn a_young_list_is_shared_and_an_old_one_read_again() {
        let first = Catalogue::default();
        let second = first.clone();
        let list = first.get(NOW, || Ok(contract("A"))).unwrap();
        assert!(Arc::ptr_eq(&list, &second.get(NOW + FRESH_MS - 1, unread).unwrap()));
        assert!(Arc::ptr_eq(&list, &second.peek()));
        // What is read again and is still so stays where it is, and young.
        assert!(Arc::ptr_eq(&list, &second.get(NOW + FRESH_MS, || Ok(contract("A"))).unwrap()));
        assert!(Arc::ptr_eq(&list, &first.get(NOW + 2 * FRESH_MS - 1, unread).unwrap()));
        assert!(first.get(NOW + 2 * FRESH_MS, || Ok(contract("B"))).unwrap().get("B").is_some());
        // A clock that was set back makes no list young.
        assert!(first.get(NOW, || Ok(contract("C"))).unwrap().get("C").is_some());
        assert!(Catalogue::default().peek().is_empty(), "another host's shelf");
    }

    #[test]
    fn a_failed_reading_leaves_the_old_list_and_is_tried_again() {
        let shelf = Catalogue::default();
        let failed = || Err(ExchangeError::NeverSent("no network".to_owned()));
        assert!(shelf.get(NOW, failed).is_err() && shelf.peek().is_empty());
        shelf.get(NOW, || Ok(contract("A"))).unwrap();
        assert!(shelf.get(NOW + FRESH_MS, failed).is_err());
        assert!(shelf.peek().get("A").is_some());
        assert!(shelf.get(NOW + FRESH_MS, || Ok(contract("B"))).unwrap().get("B").is_some());
    }

    #[test]
    fn nobody_waits_for_another_account_that_is_reading() {
        let shelf = Catalogue::default();
        let other = shelf.clone();
        let list = shelf.get(NOW, || {
            let answer = other.get(NOW, unread);
            assert!(matches!(&answer, Err(ExchangeError::NeverSent(why)) if why.contains("another account")), "{answer:?}");
            assert!(other.peek().is_empty());
            Ok(contract("A"))
        });
        assert!(Arc::ptr_eq(&list.unwrap(), &other.get(NOW, unread).unwrap()));
    }

    #[test]
    fn a_reader_that_panicked_does_not_close_the_shelf() {
        let shelf = Catalogue::default();
        let other = shelf.clone();
        assert!(std::thread::spawn(move || other.get(NOW, || panic!("on purpose"))).join().is_err());
        assert_eq!(shelf.get(NOW, || Ok(contract("A"))).unwrap().len(), 1);
    }
}
