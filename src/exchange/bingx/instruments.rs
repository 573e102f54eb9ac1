//! `quote/contracts`: hundreds of contracts in one answer → a compact list, never held as a whole.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use super::wire::flag;
use crate::exchange::numbers::{decimal_or_zero, integer};
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// Prices and quantities with more digits after the point than this cannot be calculated with.
const DIGITS_MAX: u32 = 20;

/// One element of `data`. Everything else of the answer is skipped while it is read.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    symbol: String,
    asset: String,
    #[serde(default)]
    currency: String,
    /// Digits after the point, not steps.
    #[serde(deserialize_with = "integer")]
    quantity_precision: i64,
    #[serde(deserialize_with = "integer")]
    price_precision: i64,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    trade_min_quantity: Decimal,
    #[serde(default, rename = "tradeMinUSDT", deserialize_with = "decimal_or_zero")]
    trade_min_usdt: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_long_leverage: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_short_leverage: Decimal,
    #[serde(deserialize_with = "integer")]
    status: i64,
    /// Whether orders that open are taken from programs.
    #[serde(default = "yes", deserialize_with = "flag")]
    api_state_open: bool,
    #[serde(default = "yes", deserialize_with = "flag")]
    api_state_close: bool,
}

fn yes() -> bool {
    true
}

/// Reads the list: contracts that settle in the coin.
pub(super) fn read_contracts(reader: impl Read, settle: &str) -> serde_json::Result<Vec<Instrument>> {
    let (settle, mut list): (Arc<str>, _) = (Arc::from(settle), Vec::new());
    stream::each_in(reader, &["data"], |contract: Contract| {
        if contract.currency == *settle {
            list.extend(contract.instrument(&settle));
        }
    })?;
    Ok(list)
}

impl Contract {
    /// Base coin throughout. No largest quantity is told.
    fn instrument(self, settle: &Arc<str>) -> Option<Instrument> {
        let (step, tick) = (step(self.quantity_precision)?, step(self.price_precision)?);
        // Missing for some contracts, and then not known.
        let leverage = self.max_long_leverage.min(self.max_short_leverage);
        Some(Instrument {
            symbol: Symbol::new(&self.symbol),
            base: Arc::from(self.asset.as_str()),
            settle: Arc::clone(settle),
            tick,
            contract_size: Decimal::ONE,
            lot_step: step,
            min_qty: self.trade_min_quantity.normalize(),
            max_qty: Decimal::ZERO,
            market_lot_step: step,
            market_max_qty: Decimal::ZERO,
            min_notional: self.trade_min_usdt.normalize(),
            max_leverage: u32::try_from(leverage.trunc()).unwrap_or(0),
            closed: self.closed().map(Arc::from),
        })
    }

    fn closed(&self) -> Option<&'static str> {
        match self.status {
            0 => Some("offline"),
            5 => Some("not online yet"),
            25 => Some("new positions are forbidden"),
            1 if !(self.api_state_open && self.api_state_close) => Some("closed to orders by API"),
            1 => None,
            _ => Some("not trading"),
        }
    }
}

/// The step that so many digits after the point make.
fn step(digits: i64) -> Option<Decimal> {
    u32::try_from(digits).ok().filter(|digits| *digits <= DIGITS_MAX).map(|digits| Decimal::new(1, digits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::script::{d, with};
    use crate::exchange::vectors;
    use serde_json::{Value, json};

    fn example() -> Value {
        vectors::example(include_str!("../../../tests/data/bingx_vectors.json"), "instruments")
    }

    fn read(text: &str) -> serde_json::Result<Vec<Instrument>> {
        read_contracts(text.as_bytes(), "USDT")
    }

    #[test]
    fn digits_become_steps() {
        let list = read(&example().to_string()).unwrap();
        assert_eq!(list.iter().map(|i| i.symbol.as_str()).collect::<Vec<_>>(), ["BTC-USDT", "ETH-USDT", "1000PEPE-USDT"]);
        let btc = &list[0];
        assert_eq!((&*btc.base, &*btc.settle, btc.closed.as_deref(), btc.contract_size), ("BTC", "USDT", None, Decimal::ONE));
        assert_eq!((btc.tick, btc.lot_step, btc.min_qty, btc.max_qty), (d("0.1"), d("0.0001"), d("0.0001"), Decimal::ZERO));
        assert_eq!((btc.market_lot_step, btc.market_max_qty, btc.min_notional), (d("0.0001"), Decimal::ZERO, d("2")));
        assert_eq!(btc.max_leverage, 125);
        assert_eq!((&*list[2].base, list[2].tick, list[2].lot_step), ("1000PEPE", d("0.0000001"), d("1")));
        assert!(Arc::ptr_eq(&list[0].settle, &list[1].settle));
    }

    #[test]
    fn what_is_not_offered_and_what_does_not_trade() {
        let row = |changes| with(example()["data"][0].clone(), changes);
        let mut bare = row(json!({"symbol": "BARE-USDT"}));
        for name in ["maxLongLeverage", "apiStateOpen", "apiStateClose"] {
            bare.as_object_mut().unwrap().remove(name);
        }
        let rows = json!([
            row(json!({"symbol": "BTC-USDC", "currency": "USDC"})),
            row(json!({"symbol": "ODD-USDT", "pricePrecision": -1})),
            row(json!({"symbol": "FINE-USDT", "quantityPrecision": 99})),
            row(json!({"symbol": "OLD-USDT", "status": 25})),
            row(json!({"symbol": "NEW-USDT", "status": 5})),
            row(json!({"symbol": "OFF-USDT", "status": 0})),
            row(json!({"symbol": "SHUT-USDT", "apiStateOpen": "false"})),
            bare,
        ]);
        let list = read(&json!({"code": 0, "msg": "", "data": rows}).to_string()).unwrap();
        let seen: Vec<_> = list.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect();
        let closed = [
            ("OLD-USDT", Some("new positions are forbidden")),
            ("NEW-USDT", Some("not online yet")),
            ("OFF-USDT", Some("offline")),
            ("SHUT-USDT", Some("closed to orders by API")),
            ("BARE-USDT", None),
        ];
        assert_eq!((seen, list[4].max_leverage), (closed.to_vec(), 0));
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        for text in ["", "{}", r#"{"code":0,"data":7}"#, &whole[..whole.len() / 2]] {
            assert!(read(text).is_err());
        }
    }
}
