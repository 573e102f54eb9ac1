//! `exchangeInfo` and `leverageBracket`: a megabyte and more of text → a compact list of contracts, never held as a whole.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use super::wire::{decimal_or_zero, integer};
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// One element of `symbols`. Everything else of the answer is skipped while it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    symbol: String,
    #[serde(default)]
    contract_type: String,
    #[serde(default)]
    status: String,
    base_asset: String,
    margin_asset: String,
    #[serde(default)]
    filters: Vec<Filter>,
}

/// The fields of all filter types together; each type uses a few. Zero means "rule off", here as at the exchange.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Filter {
    #[serde(default)]
    filter_type: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    step_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    notional: Decimal,
}

#[derive(Deserialize)]
struct Brackets {
    symbol: String,
    #[serde(default)]
    brackets: Vec<Bracket>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bracket {
    #[serde(deserialize_with = "integer")]
    initial_leverage: i64,
}

/// Reads `exchangeInfo`: perpetual contracts of coins only, sorted by name. Contracts on stocks and metals
/// (`TRADIFI_PERPETUAL`) need an agreement of their own, dated ones end: neither is offered.
pub(super) fn read_contracts(reader: impl Read) -> serde_json::Result<Vec<Instrument>> {
    let mut list = Vec::new();
    let mut words = Words::default();
    stream::each_in(reader, "symbols", |contract: Contract| {
        if contract.contract_type == "PERPETUAL" {
            list.push(contract.instrument(&mut words));
        }
    })?;
    list.sort_by(|a: &Instrument, b| a.symbol.cmp(&b.symbol));
    Ok(list)
}

/// Reads `leverageBracket` into a list sorted by name: the leverage of the smallest positions is the contract's largest.
pub(super) fn read_brackets(reader: impl Read, list: &mut [Instrument]) -> serde_json::Result<()> {
    stream::each(reader, |row: Brackets| {
        let Ok(at) = list.binary_search_by(|instrument| instrument.symbol.as_str().cmp(&row.symbol)) else { return };
        let largest = row.brackets.iter().map(|bracket| bracket.initial_leverage).max().unwrap_or(0);
        if let Some(instrument) = list.get_mut(at) {
            instrument.max_leverage = u32::try_from(largest).unwrap_or(0);
        }
    })
}

impl Contract {
    fn instrument(self, words: &mut Words) -> Instrument {
        let mut instrument = Instrument {
            symbol: Symbol::new(&self.symbol),
            base: words.intern(&self.base_asset),
            settle: words.intern(&self.margin_asset),
            tick: Decimal::ZERO,
            lot_step: Decimal::ZERO,
            min_qty: Decimal::ZERO,
            max_qty: Decimal::ZERO,
            market_lot_step: Decimal::ZERO,
            market_max_qty: Decimal::ZERO,
            min_notional: Decimal::ZERO,
            max_leverage: 0,
            closed: (self.status != "TRADING").then(|| words.intern(&self.status)),
        };
        for filter in &self.filters {
            filter.apply(&mut instrument);
        }
        instrument
    }
}

impl Filter {
    /// `pricePrecision` and `quantityPrecision` are not tick and step: the filters are the only rules.
    fn apply(&self, instrument: &mut Instrument) {
        match self.filter_type.as_str() {
            "PRICE_FILTER" => instrument.tick = self.tick_size.normalize(),
            "LOT_SIZE" => {
                instrument.lot_step = self.step_size.normalize();
                instrument.min_qty = self.min_qty.normalize();
                instrument.max_qty = self.max_qty.normalize();
            }
            "MARKET_LOT_SIZE" => {
                instrument.market_lot_step = self.step_size.normalize();
                instrument.market_max_qty = self.max_qty.normalize();
            }
            "MIN_NOTIONAL" => instrument.min_notional = self.notional.normalize(),
            _ => {}
        }
    }
}

/// Each distinct word once, however many contracts name it.
#[derive(Default)]
struct Words(BTreeSet<Arc<str>>);

impl Words {
    fn intern(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.get(word) {
            return Arc::clone(known);
        }
        let word: Arc<str> = Arc::from(word);
        self.0.insert(Arc::clone(&word));
        word
    }
}
