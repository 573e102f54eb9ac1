//! `instruments-info`: half a megabyte of text, in pages → a compact list of contracts, never held as a whole.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use super::wire;
use crate::exchange::numbers::decimal_or_zero;
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// One element of `result.list`. Everything else of the answer is skipped while it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    symbol: String,
    #[serde(default)]
    contract_type: String,
    #[serde(default)]
    status: String,
    base_coin: String,
    #[serde(default)]
    settle_coin: String,
    #[serde(default)]
    is_pre_listing: bool,
    leverage_filter: LeverageFilter,
    price_filter: PriceFilter,
    lot_size_filter: LotFilter,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LeverageFilter {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_leverage: Decimal,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PriceFilter {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_size: Decimal,
}

/// Base coin throughout: one contract is one coin (or a thousand of them, where the coin's name says so).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct LotFilter {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    qty_step: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_mkt_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_notional_value: Decimal,
}

/// Reads one page into the list: perpetual contracts that settle in the coin. Comes back with the cursor of the next
/// page, empty after the last.
pub(super) fn read_contracts(reader: impl Read, settle: &Arc<str>, list: &mut Vec<Instrument>) -> serde_json::Result<String> {
    let beside = stream::each_in(reader, &["result", "list"], |contract: Contract| {
        if contract.contract_type == "LinearPerpetual" && contract.settle_coin == **settle {
            list.push(contract.instrument(settle));
        }
    })?;
    Ok(beside.get("nextPageCursor").and_then(|cursor| cursor.as_str()).map(wire::cursor).unwrap_or_default())
}

impl Contract {
    fn instrument(self, settle: &Arc<str>) -> Instrument {
        let lots = &self.lot_size_filter;
        let step = lots.qty_step.normalize();
        Instrument {
            contract_size: Decimal::ONE,
            symbol: Symbol::new(&self.symbol),
            base: Arc::from(self.base_coin.as_str()),
            settle: Arc::clone(settle),
            tick: self.price_filter.tick_size.normalize(),
            lot_step: step,
            min_qty: lots.min_order_qty.normalize(),
            max_qty: lots.max_order_qty.normalize(),
            market_lot_step: step,
            market_max_qty: lots.max_mkt_order_qty.normalize(),
            min_notional: lots.min_notional_value.normalize(),
            max_leverage: u32::try_from(self.leverage_filter.max_leverage.trunc()).unwrap_or(0),
            closed: self.closed().map(Arc::from),
        }
    }

    fn closed(&self) -> Option<&str> {
        match self.status.as_str() {
            "Trading" if self.is_pre_listing => Some("pre-listing"),
            "Trading" => None,
            other => Some(other),
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
        vectors::example(include_str!("../../../tests/data/bybit_vectors.json"), "instruments")
    }

    fn read(text: &str) -> serde_json::Result<(Vec<Instrument>, String)> {
        let mut list = Vec::new();
        let cursor = read_contracts(text.as_bytes(), &Arc::from("USDT"), &mut list)?;
        Ok((list, cursor))
    }

    #[test]
    fn filters_become_rules() {
        let (list, cursor) = read(&example().to_string()).unwrap();
        assert_eq!(list.iter().map(|i| i.symbol.as_str()).collect::<Vec<_>>(), ["BTCUSDT", "ETHUSDT", "1000PEPEUSDT"]);
        assert_eq!(cursor, "");
        let btc = &list[0];
        assert_eq!((&*btc.base, &*btc.settle, btc.closed.as_deref(), btc.contract_size), ("BTC", "USDT", None, Decimal::ONE));
        assert_eq!((btc.tick, btc.lot_step, btc.min_qty, btc.max_qty), (d("0.1"), d("0.001"), d("0.001"), d("1190")));
        assert_eq!((btc.market_lot_step, btc.market_max_qty, btc.min_notional), (d("0.001"), d("500"), d("5")));
        assert_eq!(btc.max_leverage, 100);
        assert_eq!((&*list[2].base, list[2].tick, list[2].lot_step), ("1000PEPE", d("0.0000001"), d("100")));
        assert!(Arc::ptr_eq(&list[0].settle, &list[1].settle));
    }

    #[test]
    fn what_is_not_offered_and_what_does_not_trade() {
        let row = |changes| with(example()["result"]["list"][0].clone(), changes);
        let rows = json!([
            row(json!({"symbol": "BTCUSDT-29AUG25", "contractType": "LinearFutures"})),
            row(json!({"symbol": "BTCPERP", "settleCoin": "USDC"})),
            row(json!({"symbol": "OLDUSDT", "status": "Delivering"})),
            row(json!({"symbol": "NEWUSDT", "isPreListing": true})),
        ]);
        let text = json!({"retCode": 0, "result": {"list": rows, "nextPageCursor": "first%3DNEWUSDT"}}).to_string();
        let (list, cursor) = read(&text).unwrap();
        let seen: Vec<_> = list.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect();
        assert_eq!(seen, [("OLDUSDT", Some("Delivering")), ("NEWUSDT", Some("pre-listing"))]);
        assert_eq!(cursor, "first=NEWUSDT");
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        for text in ["", "{}", r#"{"retCode":0,"result":{}}"#, &whole[..whole.len() / 2]] {
            assert!(read(text).is_err());
        }
    }
}
