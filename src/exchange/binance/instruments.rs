//! `exchangeInfo` and `leverageBracket`: a megabyte and more of text → a compact list of contracts, never held as a whole.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use crate::exchange::numbers::{decimal_or_zero, integer};
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
    stream::each_in(reader, &["symbols"], |contract: Contract| {
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
            contract_size: Decimal::ONE,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::script::d;
    use crate::exchange::vectors;

    fn example() -> String {
        vectors::example(include_str!("../../../tests/data/binance_vectors.json"), "instruments").to_string()
    }

    #[test]
    fn filters_become_rules() {
        let list = read_contracts(example().as_bytes()).unwrap();
        let names: Vec<&str> = list.iter().map(|i| i.symbol.as_str()).collect();
        assert_eq!(names, ["1000PEPEUSDT", "BTCUSDC", "BTCUSDT", "ETHUSDT"], "metals and stocks are not offered");
        let btc = &list[2];
        assert_eq!((&*btc.base, &*btc.settle, btc.closed.as_deref()), ("BTC", "USDT", None));
        assert_eq!((btc.tick, btc.lot_step, btc.min_qty, btc.max_qty), (d("0.1"), d("0.001"), d("0.001"), d("1000")));
        assert_eq!((btc.market_lot_step, btc.market_max_qty, btc.min_notional), (d("0.001"), d("120"), d("50")));
        assert_eq!((list[0].tick, list[0].lot_step), (d("0.0000001"), d("1")));
    }

    #[test]
    fn coins_are_kept_once() {
        let list = read_contracts(example().as_bytes()).unwrap();
        assert!(Arc::ptr_eq(&list[1].base, &list[2].base) && Arc::ptr_eq(&list[2].settle, &list[3].settle));
    }

    #[test]
    fn what_does_not_trade_says_why_and_dated_contracts_are_left_out() {
        let contract = |name: &str, kind: &str, status: &str| serde_json::json!({"symbol": name, "contractType": kind, "status": status, "baseAsset": "A", "marginAsset": "USDT"});
        let text = serde_json::json!({"symbols": [
            contract("AUSDT", "PERPETUAL", "SETTLING"), contract("AUSDT_260925", "CURRENT_QUARTER", "TRADING"), contract("BUSDT", "", "PENDING_TRADING"),
        ]});
        let list = read_contracts(text.to_string().as_bytes()).unwrap();
        assert_eq!(list.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect::<Vec<_>>(), [("AUSDT", Some("SETTLING"))]);
        assert_eq!((list[0].tick, list[0].max_qty), (Decimal::ZERO, Decimal::ZERO), "a missing filter is a rule that is off");
    }

    #[test]
    fn brackets_give_the_largest_leverage_in_both_documented_shapes() {
        let mut list = read_contracts(example().as_bytes()).unwrap();
        let row = |name: &str, first: u32| {
            serde_json::json!({"symbol": name, "notionalCoef": 1.0, "brackets": [
                {"bracket": 1, "initialLeverage": first, "notionalCap": 50000, "notionalFloor": 0, "maintMarginRatio": 0.004, "cum": 0.0},
                {"bracket": 2, "initialLeverage": 100, "notionalCap": 600_000, "notionalFloor": 50000, "maintMarginRatio": 0.005, "cum": 50.0}]})
        };
        let text = serde_json::json!([row("ETHUSDT", 125), row("NOSUCH", 7), row("BTCUSDT", 150)]).to_string();
        read_brackets(text.as_bytes(), &mut list).unwrap();
        read_brackets(row("BTCUSDC", 101).to_string().as_bytes(), &mut list).unwrap();
        assert_eq!(list.iter().map(|i| i.max_leverage).collect::<Vec<_>>(), [0, 101, 150, 125]);
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example();
        for text in ["", "{}", r#"{"code":0,"msg":"x"}"#, &whole[..whole.len() / 2]] {
            assert!(read_contracts(text.as_bytes()).is_err());
        }
    }
}
