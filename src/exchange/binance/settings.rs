//! What each symbol is set to at the exchange, so that only what differs costs a request.

use std::collections::HashMap;
use std::io::Read;

use super::wire::{SymbolConfig, margin_mode};
use crate::exchange::stream;
use crate::market::{MarginMode, Symbol};

/// What one symbol is known to be set to; nothing is known after an answer that did not come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Setting {
    pub(super) leverage: Option<u32>,
    pub(super) margin_mode: Option<MarginMode>,
}

/// All symbols' settings as last read or set.
#[derive(Debug, Default)]
pub(super) struct Settings(HashMap<Box<str>, Setting>);

impl Settings {
    /// Reads `symbolConfig` of all symbols.
    pub(super) fn read(reader: impl Read) -> serde_json::Result<Settings> {
        let mut settings = HashMap::new();
        stream::each(reader, |row: SymbolConfig| {
            let setting = Setting { leverage: u32::try_from(row.leverage).ok(), margin_mode: margin_mode(&row.margin_type) };
            settings.insert(row.symbol.into_boxed_str(), setting);
        })?;
        settings.shrink_to_fit();
        Ok(Settings(settings))
    }

    pub(super) fn get(&self, symbol: &Symbol) -> Setting {
        self.0.get(symbol.as_str()).copied().unwrap_or_default()
    }

    pub(super) fn set(&mut self, symbol: &Symbol, setting: Setting) {
        match self.0.get_mut(symbol.as_str()) {
            Some(known) => *known = setting,
            None => drop(self.0.insert(symbol.as_str().into(), setting)),
        }
    }
}
