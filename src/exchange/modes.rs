//! Which contracts are in hedge mode, at exchanges where each has a position mode of its own.

use std::collections::BTreeMap;

use super::error::{Reason, Result};
use super::orders::shared_name;
use crate::market::{Instruments, Symbol};

/// Hedge mode of the contracts whose positions were read; no more than there are contracts.
#[derive(Debug, Default)]
pub(crate) struct Modes(BTreeMap<Symbol, bool>);

impl Modes {
    /// `None`: not known.
    pub(crate) fn get(&self, symbol: &Symbol) -> Option<bool> {
        self.0.get(symbol).copied()
    }

    pub(crate) fn set(&mut self, symbol: Symbol, hedge: bool) {
        self.0.insert(symbol, hedge);
    }

    /// A refusal because of the position mode shows that it is not what we took it for.
    pub(crate) fn doubt<T>(&mut self, symbol: &Symbol, result: &Result<T>) {
        if matches!(result, Err(error) if error.reason() == Some(Reason::PositionMode)) {
            self.0.remove(symbol);
        }
    }

    /// Takes the names from the list of contracts, so that they are kept once.
    pub(crate) fn share_names(&mut self, list: &Instruments) {
        let modes = std::mem::take(&mut self.0).into_iter();
        self.0 = modes.map(|(name, hedge)| (shared_name(list, name.as_str()), hedge)).collect();
    }
}
