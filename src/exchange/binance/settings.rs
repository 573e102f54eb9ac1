//! What each symbol is set to at the exchange, so that only what differs costs a request. A thousand symbols for every
//! account, so it is kept small: names are shared with the list of contracts.

use std::io::Read;

use super::wire::SymbolConfig;
use crate::exchange::stream;
use crate::market::{Symbol, Terms};

/// All symbols' settings as last read or set, sorted by name. Nothing is known after an answer that did not come.
#[derive(Debug, Default)]
pub(super) struct Settings(Vec<(Symbol, Terms)>);

impl Settings {
    /// Reads `symbolConfig` of all symbols. `shared` gives a name as it is kept elsewhere.
    pub(super) fn read(reader: impl Read, shared: impl Fn(&str) -> Symbol) -> serde_json::Result<Settings> {
        let mut list = Vec::new();
        stream::each(reader, |row: SymbolConfig| list.push((shared(&row.symbol), row.terms())))?;
        list.sort_by(|(a, _), (b, _)| a.cmp(b));
        list.shrink_to_fit();
        Ok(Settings(list))
    }

    /// Takes the names from elsewhere, so that they are kept once.
    pub(super) fn rename(&mut self, shared: impl Fn(&str) -> Symbol) {
        for (symbol, _) in &mut self.0 {
            *symbol = shared(symbol.as_str());
        }
    }

    pub(super) fn get(&self, symbol: &Symbol) -> Terms {
        let at = self.0.binary_search_by(|(known, _)| known.cmp(symbol));
        at.ok().and_then(|at| self.0.get(at)).map(|(_, terms)| *terms).unwrap_or_default()
    }

    pub(super) fn set(&mut self, symbol: &Symbol, terms: Terms) {
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
