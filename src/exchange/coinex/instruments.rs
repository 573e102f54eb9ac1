//! `/v2/futures/market`: every contract in one answer → a compact list, never held as a whole.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::wire::{Factors, largest};
use crate::exchange::numbers::{decimal_or_zero, integer};
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// One element of `data`. Quantities are base coin.
#[derive(Deserialize)]
struct Contract {
    market: String,
    #[serde(default)]
    contract_type: String,
    base_ccy: String,
    #[serde(default)]
    quote_ccy: String,
    #[serde(deserialize_with = "integer")]
    base_ccy_precision: i64,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_amount: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_size: Decimal,
    #[serde(default)]
    leverage: Factors,
    #[serde(default)]
    status: Option<String>,
    /// These came later than the rest: silence is consent.
    #[serde(default)]
    is_market_available: Option<bool>,
    #[serde(default)]
    is_api_trading_available: Option<bool>,
}

/// Reads the perpetual contracts that settle in the coin. One whose rules cannot be read is left out, unless it is so with all.
pub(super) fn read_contracts(reader: impl Read, settle: &Arc<str>) -> serde_json::Result<Vec<Instrument>> {
    let mut list = Vec::new();
    let mut unreadable = None;
    stream::each_in(reader, &["data"], |row: Box<RawValue>| match serde_json::from_str::<Contract>(row.get()) {
        Ok(contract) if contract.contract_type == "linear" && contract.quote_ccy == **settle => list.push(contract.instrument(settle)),
        Ok(_) => {}
        Err(error) => unreadable = Some(error),
    })?;
    match unreadable {
        Some(error) if list.is_empty() => Err(error),
        _ => Ok(list),
    }
}

impl Contract {
    fn instrument(self, settle: &Arc<str>) -> Instrument {
        let step = self.step();
        Instrument {
            contract_size: Decimal::ONE,
            symbol: Symbol::new(&self.market),
            base: Arc::from(self.base_ccy.as_str()),
            settle: Arc::clone(settle),
            tick: self.tick_size.normalize(),
            lot_step: step,
            min_qty: self.min_amount.normalize(),
            max_qty: Decimal::ZERO,
            market_lot_step: step,
            market_max_qty: Decimal::ZERO,
            min_notional: Decimal::ZERO,
            max_leverage: largest(&self.leverage),
            closed: self.closed().map(Arc::from),
        }
    }

    /// Quantities are told by their decimals. More than a number can have are no rule at all.
    fn step(&self) -> Decimal {
        u32::try_from(self.base_ccy_precision).ok().and_then(|decimals| Decimal::try_new(1, decimals).ok()).unwrap_or_default()
    }

    fn closed(&self) -> Option<&str> {
        match self.status.as_deref() {
            Some(status) if status != "online" => Some(status),
            _ if self.is_market_available == Some(false) => Some("not available"),
            _ if self.is_api_trading_available == Some(false) => Some("not open to trading by API"),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::script::{d, with};
    use crate::exchange::vectors;
    use serde_json::{Value, json};

    fn example() -> Value {
        vectors::example(include_str!("../../../tests/data/coinex_vectors.json"), "instruments")
    }

    fn read(text: &str) -> serde_json::Result<Vec<Instrument>> {
        read_contracts(text.as_bytes(), &Arc::from("USDT"))
    }

    #[test]
    fn fields_become_rules() {
        let list = read(&example().to_string()).unwrap();
        assert_eq!(list.iter().map(|i| i.symbol.as_str()).collect::<Vec<_>>(), ["BTCUSDT", "ETHUSDT", "1000BONKUSDT"]);
        let eth = &list[1];
        assert_eq!((&*eth.base, &*eth.settle, eth.closed.as_deref(), eth.contract_size), ("ETH", "USDT", None, Decimal::ONE));
        assert_eq!((eth.tick, eth.lot_step, eth.market_lot_step, eth.min_qty), (d("0.01"), d("0.00000001"), d("0.00000001"), d("0.005")));
        assert_eq!((eth.max_qty, eth.market_max_qty, eth.min_notional, eth.max_leverage), (d("0"), d("0"), d("0"), 100));
        assert_eq!((&*list[2].base, list[2].tick, list[2].lot_step, list[2].max_leverage), ("1000BONK", d("0.0000001"), d("1"), 20));
    }

    #[test]
    fn what_is_not_offered_and_what_does_not_trade() {
        let row = |changes| with(example()["data"][1].clone(), changes);
        let rows = json!([
            row(json!({"market": "BTCUSD", "contract_type": "inverse", "quote_ccy": "USD"})),
            row(json!({"market": "ETHUSDC", "quote_ccy": "USDC"})),
            row(json!({"market": "NEWUSDT", "status": "counting_down"})),
            row(json!({"market": "OLDUSDT", "is_market_available": false})),
            row(json!({"market": "APPUSDT", "is_api_trading_available": false})),
            row(json!({"market": "ODDUSDT", "base_ccy_precision": null})),
            row(json!({"market": "SILENTUSDT", "is_api_trading_available": null, "is_market_available": null})),
        ]);
        let list = read(&json!({"code": 0, "data": rows, "message": "OK"}).to_string()).unwrap();
        let seen: Vec<_> = list.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect();
        let closed = |name, why| (name, Some(why));
        assert_eq!(
            seen,
            [
                closed("NEWUSDT", "counting_down"),
                closed("OLDUSDT", "not available"),
                closed("APPUSDT", "not open to trading by API"),
                ("SILENTUSDT", None)
            ]
        );
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        let odd = r#"{"code":0,"data":[{"market":"A"},7]}"#;
        for text in ["", "{}", odd, r#"{"code":0,"data":{}}"#, r#"{"code":3008,"data":{},"message":"busy"}"#, &whole[..whole.len() / 2]] {
            assert!(read(text).is_err());
        }
    }
}
