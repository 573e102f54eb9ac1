//! `/public/products`: megabytes of text about everything the exchange has → a compact list of contracts, never held as
//! a whole.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use crate::exchange::numbers::decimal_or_zero;
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// One element of `data.perpProductsV2`. Everything else of the answer is skipped while it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    symbol: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    base_currency: String,
    #[serde(default)]
    quote_currency: String,
    #[serde(default)]
    settle_currency: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_size: Decimal,
    /// The smallest quantity, too: there is no other minimum but that of the value.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    qty_step_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_order_qty_rq: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_order_value_rv: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_leverage: Decimal,
}

/// Linear perpetual contracts that settle in the coin. Pilot contracts are left out: accounts must be admitted to them.
pub(super) fn read_contracts(reader: impl Read, settle: &str) -> serde_json::Result<Vec<Instrument>> {
    let (settle, mut list) = (Arc::from(settle), Vec::new());
    stream::each_at(reader, &["data", "perpProductsV2"], |contract: Contract| {
        if contract.kind == "PerpetualV2" && contract.settle_currency == *settle && contract.quote_currency == *settle {
            list.push(contract.instrument(&settle));
        }
    })?;
    Ok(list)
}

impl Contract {
    fn instrument(self, settle: &Arc<str>) -> Instrument {
        let (step, max_qty) = (self.qty_step_size.normalize(), self.max_order_qty_rq.normalize());
        Instrument {
            contract_size: Decimal::ONE,
            symbol: Symbol::new(&self.symbol),
            // Coins counted by the thousand are `1000 PEPE` here, and `1000PEPE` to everybody else.
            base: Arc::from(self.base_currency.replace(' ', "")),
            settle: Arc::clone(settle),
            tick: self.tick_size.normalize(),
            lot_step: step,
            min_qty: step,
            max_qty,
            market_lot_step: step,
            market_max_qty: max_qty,
            min_notional: self.min_order_value_rv.normalize(),
            max_leverage: u32::try_from(self.max_leverage.trunc()).unwrap_or(0),
            closed: (self.status != "Listed").then(|| Arc::from(self.status)),
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
        vectors::example(include_str!("../../../tests/data/phemex_vectors.json"), "instruments")
    }

    fn read(text: &str) -> serde_json::Result<Vec<Instrument>> {
        read_contracts(text.as_bytes(), "USDT")
    }

    #[test]
    fn products_become_rules() {
        let list = read(&example().to_string()).unwrap();
        assert_eq!(list.iter().map(|i| i.symbol.as_str()).collect::<Vec<_>>(), ["BTCUSDT", "ETHUSDT", "u1000PEPEUSDT"]);
        let eth = &list[1];
        assert_eq!((&*eth.base, &*eth.settle, eth.closed.as_deref(), eth.contract_size), ("ETH", "USDT", None, Decimal::ONE));
        assert_eq!((eth.tick, eth.lot_step, eth.min_qty, eth.max_qty), (d("0.01"), d("0.01"), d("0.01"), d("10000")));
        assert_eq!((eth.market_lot_step, eth.market_max_qty, eth.min_notional), (d("0.01"), d("10000"), d("1")));
        assert_eq!(eth.max_leverage, 100);
        let pepe = &list[2];
        assert_eq!((&*pepe.base, pepe.tick, pepe.lot_step, pepe.max_leverage), ("1000PEPE", d("0.0000001"), d("1"), 50));
        assert!(Arc::ptr_eq(&list[0].settle, &list[1].settle));
    }

    /// As people write it, and as the exchange does; what is not multiplied keeps its own first letter.
    #[test]
    fn coins_by_the_thousand_are_found_as_users_write_them() {
        use crate::alert::symbol::{SymbolError, SymbolName};
        let mut answer = example();
        let mut uni = answer["data"]["perpProductsV2"][1].clone();
        (uni["symbol"], uni["baseCurrency"]) = ("UNIUSDT".into(), "UNI".into());
        answer["data"]["perpProductsV2"].as_array_mut().unwrap().push(uni);
        let list = crate::market::Instruments::new(read(&answer.to_string()).unwrap());
        for (written, found) in [
            ("1000PEPEUSDT", "u1000PEPEUSDT"),
            ("1000PEPE/USDT:USDT", "u1000PEPEUSDT"),
            ("PHEMEX:1000PEPEUSDT.P", "u1000PEPEUSDT"),
            ("u1000PEPEUSDT", "u1000PEPEUSDT"),
            ("UNIUSDT", "UNIUSDT"),
        ] {
            let name = SymbolName::parse(written).unwrap();
            assert_eq!(name.resolve(&list, "USDT").map(|found| found.symbol.as_str()), Ok(found), "{written}");
        }
        let error = SymbolName::parse("PEPEUSDT").unwrap().resolve(&list, "USDT").unwrap_err();
        assert!(matches!(&error, SymbolError::Multiplied { contract, .. } if contract == "u1000PEPEUSDT"), "{error}");
    }

    #[test]
    fn what_is_not_offered_and_what_does_not_trade() {
        let row = |changes| with(example()["data"]["perpProductsV2"][0].clone(), changes);
        let rows = json!([
            row(json!({"symbol": "NEWUSDT", "type": "PerpetualPilot"})),
            row(json!({"symbol": "BTCUSDC", "settleCurrency": "USDC", "quoteCurrency": "USDC"})),
            row(json!({"symbol": "BTCUSD", "quoteCurrency": "USD"})),
            row(json!({"symbol": "OLDUSDT", "status": "Delisted"})),
        ]);
        let coin_margined = json!([{"symbol": "BTCUSD", "type": "Perpetual"}]);
        let text = json!({"code": 0, "data": {"products": coin_margined, "perpProductsV2": rows, "leverageMargins": [[]]}});
        let seen = read(&text.to_string()).unwrap();
        assert_eq!(seen.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect::<Vec<_>>(), [("OLDUSDT", Some("Delisted"))]);
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        for text in ["", "{}", r#"{"code":0,"data":{"products":[]}}"#, r#"{"code":0,"data":null}"#, &whole[..whole.len() / 2]] {
            assert!(read(text).is_err());
        }
    }
}
