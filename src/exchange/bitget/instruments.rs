//! The lists of contracts of both generations → one compact list. They name the same contracts, in different words.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use crate::exchange::numbers::{decimal, decimal_or_zero, whole_leverage};
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// Only these do not end.
const PERPETUAL: &str = "perpetual";

/// One element of `GET /api/v2/mix/market/contracts`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Classic {
    symbol: String,
    base_coin: String,
    quote_coin: String,
    #[serde(default)]
    symbol_type: String,
    #[serde(default)]
    symbol_status: String,
    /// Digits after the point …
    #[serde(deserialize_with = "decimal")]
    price_place: Decimal,
    /// … and the step in units of the last one.
    #[serde(deserialize_with = "decimal")]
    price_end_step: Decimal,
    #[serde(deserialize_with = "decimal")]
    size_multiplier: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_trade_num: Decimal,
    #[serde(default, rename = "minTradeUSDT", deserialize_with = "decimal_or_zero")]
    min_trade_usdt: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_market_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_lever: Decimal,
}

/// One element of `GET /api/v3/market/instruments`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Unified {
    symbol: String,
    base_coin: String,
    quote_coin: String,
    /// Perpetual or not stands in one of these two, or in both.
    #[serde(default)]
    symbol_type: String,
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    status: String,
    #[serde(deserialize_with = "decimal")]
    price_multiplier: Decimal,
    #[serde(deserialize_with = "decimal")]
    quantity_multiplier: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_order_amount: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_market_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_leverage: Decimal,
}

/// Reads the classic list: the perpetual contracts settled in that coin.
pub(super) fn read_classic(reader: impl Read, settle: &str) -> serde_json::Result<Vec<Instrument>> {
    let settle: Arc<str> = Arc::from(settle);
    let mut list = Vec::new();
    stream::each_in(reader, &["data"], |contract: Classic| {
        if contract.symbol_type == PERPETUAL && *contract.quote_coin == *settle {
            list.push(contract.instrument(&settle));
        }
    })?;
    Ok(list)
}

/// Reads the unified list: the perpetual contracts settled in that coin.
pub(super) fn read_unified(reader: impl Read, settle: &str) -> serde_json::Result<Vec<Instrument>> {
    let settle: Arc<str> = Arc::from(settle);
    let mut list = Vec::new();
    stream::each_in(reader, &["data"], |contract: Unified| {
        let perpetual = contract.symbol_type == PERPETUAL || contract.r#type == PERPETUAL;
        if perpetual && *contract.quote_coin == *settle {
            list.push(contract.instrument(&settle));
        }
    })?;
    Ok(list)
}

impl Classic {
    fn instrument(self, settle: &Arc<str>) -> Instrument {
        // No price has more digits than a decimal can hold; one that claims so has no tick.
        let place = self.price_place.fract().is_zero().then(|| u32::try_from(self.price_place).ok()).flatten();
        let last_digit = place.and_then(|place| Decimal::try_new(1, place).ok()).unwrap_or_default();
        Instrument {
            symbol: Symbol::new(&self.symbol),
            base: Arc::from(self.base_coin),
            settle: Arc::clone(settle),
            tick: self.price_end_step.checked_mul(last_digit).unwrap_or_default().normalize(),
            contract_size: Decimal::ONE,
            lot_step: self.size_multiplier.normalize(),
            min_qty: self.min_trade_num.normalize(),
            max_qty: self.max_order_qty.normalize(),
            market_lot_step: self.size_multiplier.normalize(),
            market_max_qty: self.max_market_order_qty.normalize(),
            min_notional: self.min_trade_usdt.normalize(),
            max_leverage: whole_leverage(self.max_lever).unwrap_or(0),
            closed: (self.symbol_status != "normal").then(|| Arc::from(self.symbol_status)),
        }
    }
}

impl Unified {
    fn instrument(self, settle: &Arc<str>) -> Instrument {
        Instrument {
            symbol: Symbol::new(&self.symbol),
            base: Arc::from(self.base_coin),
            settle: Arc::clone(settle),
            tick: self.price_multiplier.normalize(),
            contract_size: Decimal::ONE,
            lot_step: self.quantity_multiplier.normalize(),
            min_qty: self.min_order_qty.normalize(),
            max_qty: self.max_order_qty.normalize(),
            market_lot_step: self.quantity_multiplier.normalize(),
            market_max_qty: self.max_market_order_qty.normalize(),
            min_notional: self.min_order_amount.normalize(),
            max_leverage: whole_leverage(self.max_leverage).unwrap_or(0),
            closed: (self.status != "online").then(|| Arc::from(self.status)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::script::d;
    use crate::exchange::vectors;

    fn example(name: &str) -> serde_json::Value {
        vectors::example(include_str!("../../../tests/data/bitget_vectors.json"), name)
    }

    fn one(name: &str, change: impl Fn(&mut serde_json::Value)) -> serde_json::Result<Vec<Instrument>> {
        let mut answer = example(name);
        let rows = answer["data"].as_array_mut().unwrap();
        rows.retain(|row| row["symbol"] == "ETHUSDT");
        change(&mut rows[0]);
        let text = answer.to_string();
        if name.starts_with("v3") { read_unified(text.as_bytes(), "USDT") } else { read_classic(text.as_bytes(), "USDT") }
    }

    #[test]
    fn both_lists_give_the_same_contract() {
        let classic = read_classic(example("instruments").to_string().as_bytes(), "USDT").unwrap();
        let names: Vec<&str> = classic.iter().map(|i| i.symbol.as_str()).collect();
        assert_eq!(names, ["BTCUSDT", "ETHUSDT", "1000BONKUSDT"]);
        assert_eq!((classic[2].tick, classic[2].lot_step, &*classic[2].base), (d("0.000001"), d("1"), "1000BONK"));
        let eth = &classic[1];
        assert_eq!((eth.tick, eth.lot_step, eth.min_qty, eth.max_qty), (d("0.01"), d("0.01"), d("0.01"), d("30000")));
        assert_eq!((eth.market_max_qty, eth.min_notional, eth.max_leverage, eth.closed.as_deref()), (d("5000"), d("5"), 100, None));
        let unified = read_unified(example("v3_instruments").to_string().as_bytes(), "USDT").unwrap();
        assert_eq!(unified, std::slice::from_ref(eth));
    }

    #[test]
    fn the_tick_is_a_step_of_the_last_digit() {
        let list = one("instruments", |row| {
            row["priceEndStep"] = "5".into();
            row["pricePlace"] = "3".into();
        });
        assert_eq!(list.unwrap()[0].tick, d("0.005"));
        assert_eq!(one("instruments", |row| row["pricePlace"] = "99".into()).unwrap()[0].tick, d("0"));
        assert!(one("instruments", |row| row["priceEndStep"] = "".into()).is_err());
    }

    #[test]
    fn what_does_not_trade_says_why_and_dated_contracts_are_left_out() {
        for (name, key) in [("instruments", "symbolStatus"), ("v3_instruments", "status")] {
            assert_eq!(one(name, |row| row[key] = "limit_open".into()).unwrap()[0].closed.as_deref(), Some("limit_open"));
            let dated = |row: &mut serde_json::Value| {
                row["symbolType"] = "delivery".into();
                row["type"] = "delivery".into();
            };
            assert!(one(name, dated).unwrap().is_empty());
            assert!(one(name, |row| row["quoteCoin"] = "USDC".into()).unwrap().is_empty());
            let caps = one(name, |row| row["maxOrderQty"] = "".into()).unwrap();
            assert_eq!(caps[0].max_qty, Decimal::ZERO, "an empty cap is a rule that is off");
        }
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example("instruments").to_string();
        for text in ["", "{}", r#"{"code":"00000","data":null}"#, &whole[..whole.len() / 2]] {
            assert!(read_classic(text.as_bytes(), "USDT").is_err() && read_unified(text.as_bytes(), "USDT").is_err());
        }
    }
}
