//! What each symbol is set to at the exchange, so that only what differs costs a request. A thousand symbols for every
//! account, so it is kept small: names are shared with the list of contracts.

use super::orders::shared_name;
use crate::market::{Instruments, Symbol, Terms};

/// Symbols' settings as last read or set, sorted by name. Nothing is known after an answer that did not come.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known(Vec<(Symbol, Terms)>);

impl Known {
    /// Takes over what was read of many symbols, in any order.
    pub(crate) fn new(mut list: Vec<(Symbol, Terms)>) -> Known {
        list.sort_by(|(a, _), (b, _)| a.cmp(b));
        list.shrink_to_fit();
        Known(list)
    }

    /// Takes the names from the list of contracts, so that they are kept once.
    pub(crate) fn share_names(&mut self, list: &Instruments) {
        for (symbol, _) in &mut self.0 {
            *symbol = shared_name(list, symbol.as_str());
        }
    }

    pub(crate) fn get(&self, symbol: &Symbol) -> Terms {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(symbol));
        at.ok().and_then(|at| self.0.get(at)).map(|(_, terms)| *terms).unwrap_or_default()
    }

    pub(crate) fn set(&mut self, symbol: &Symbol, terms: Terms) {
        match self.0.binary_search_by(|(known, _)| known.cmp(symbol)) {
            Ok(at) => {
                if let Some((_, known)) = self.0.get_mut(at) {
                    *known = terms;
                }
            }
            Err(at) => self.0.insert(at, (symbol.clone(), terms)),
        }
    }
}
