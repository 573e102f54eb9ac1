//! The list of contracts. The exchange counts in lots, we count in coins: every quantity is multiplied by what one lot
//! holds, here and nowhere else.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use crate::exchange::numbers::decimal_or_zero;
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// The exchange's own name for bitcoin, and everybody else's.
const BITCOIN: (&str, &str) = ("XBT", "BTC");

/// One element of `data` in `GET /api/v1/contracts/active`, and all of it where one contract is asked for.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contract {
    symbol: String,
    /// Perpetual contracts have one type, dated ones another.
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    base_currency: String,
    #[serde(default)]
    quote_currency: String,
    #[serde(default)]
    settle_currency: String,
    /// `isQuanto` means nothing: it is true of linear contracts too.
    is_inverse: Option<bool>,
    #[serde(default)]
    status: String,
    /// Coins in one lot.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    multiplier: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    lot_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_order_qty: Decimal,
    /// Not every row has it.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    market_max_order_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_leverage: Decimal,
}

/// Reads the linear perpetual contracts that are quoted and settled in one coin.
pub(super) fn read_contracts(reader: impl Read, settle: &str) -> serde_json::Result<Vec<Instrument>> {
    let settle: Arc<str> = Arc::from(settle);
    let mut list = Vec::new();
    stream::each_in(reader, &["data"], |contract: Contract| {
        if contract.is_linear(&settle) {
            list.extend(contract.instrument(&settle));
        }
    })?;
    Ok(list)
}

impl Contract {
    pub(super) fn is_linear(&self, settle: &str) -> bool {
        let coins = self.quote_currency == settle && self.settle_currency == settle;
        coins && self.kind == "FFWCSX" && self.is_inverse == Some(false)
    }

    /// `None`: its rules cannot be told, so that no quantity could be either.
    pub(super) fn instrument(&self, settle: &Arc<str>) -> Option<Instrument> {
        let size = Some(self.multiplier).filter(|size| *size > Decimal::ZERO)?;
        let coins = |lots: Decimal| lots.checked_mul(size).map(|coins| coins.normalize());
        let lot_step = coins(self.lot_size).filter(|step| *step > Decimal::ZERO)?;
        let max_qty = coins(self.max_order_qty)?;
        let market_max_qty = if self.market_max_order_qty.is_zero() { max_qty } else { coins(self.market_max_order_qty)? };
        let base = if self.base_currency == BITCOIN.0 { BITCOIN.1 } else { &self.base_currency };
        Some(Instrument {
            symbol: Symbol::new(&self.symbol),
            base: Arc::from(base),
            settle: Arc::clone(settle),
            tick: self.tick_size.normalize(),
            contract_size: size.normalize(),
            lot_step,
            min_qty: lot_step,
            max_qty,
            market_lot_step: lot_step,
            market_max_qty,
            min_notional: Decimal::ZERO,
            max_leverage: u32::try_from(self.max_leverage).unwrap_or(0),
            closed: (self.status != "Open").then(|| Arc::from(self.status.as_str())),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::script::{d, with};
    use crate::exchange::vectors;
    use serde_json::{Value, json};

    fn example() -> Value {
        vectors::example(include_str!("../../../tests/data/kucoin_vectors.json"), "instruments")
    }

    fn read(text: &str) -> Vec<Instrument> {
        read_contracts(text.as_bytes(), "USDT").unwrap()
    }

    #[test]
    fn lots_become_coins_and_bitcoin_gets_its_name() {
        let list = read(&example().to_string());
        let names: Vec<(&str, &str)> = list.iter().map(|i| (i.symbol.as_str(), &*i.base)).collect();
        assert_eq!(names, [("XBTUSDTM", "BTC"), ("ETHUSDTM", "ETH"), ("1000BONKUSDTM", "1000BONK"), ("XRPUSDTM", "XRP")]);
        let eth = &list[1];
        assert_eq!((&*eth.settle, eth.closed.as_deref(), eth.max_leverage, eth.min_notional), ("USDT", None, 100, d("0")));
        assert_eq!((eth.tick, eth.contract_size, eth.lot_step, eth.min_qty), (d("0.01"), d("0.01"), d("0.01"), d("0.01")));
        assert_eq!((eth.max_qty, eth.market_lot_step, eth.market_max_qty), (d("10000"), d("0.01"), d("10000")));
        assert_eq!((eth.contracts(d("0.05")), eth.coins(d("5"))), (Some(d("5")), Some(d("0.05"))));
        let bonk = &list[2];
        assert_eq!((bonk.tick, bonk.lot_step, bonk.max_leverage), (d("0.000001"), d("10"), 50));
        assert_eq!(bonk.contracts(d("400")), Some(d("40")));
    }

    #[test]
    fn numbers_with_exponents_are_read_from_their_digits() {
        let text = r#"{"code":"200000","data":[{"symbol":"A","type":"FFWCSX","baseCurrency":"A","quoteCurrency":"USDT","settleCurrency":"USDT",
            "isInverse":false,"status":"Open","multiplier":1.0E-5,"lotSize":1,"tickSize":1E-7,"maxOrderQty":2.0E+6,"maxLeverage":20.0}]}"#;
        let list = read(text);
        assert_eq!((list[0].lot_step, list[0].tick, list[0].max_qty), (d("0.00001"), d("0.0000001"), d("20")));
        assert_eq!(list[0].max_leverage, 20);
    }

    #[test]
    fn what_is_another_contract_is_left_out_and_what_does_not_trade_says_why() {
        let row = |changes| with(example()["data"][1].clone(), changes);
        let answer = json!({"code": "200000", "data": [
            row(json!({"symbol": "ETHUSDM", "isInverse": true, "quoteCurrency": "USD", "settleCurrency": "ETH"})),
            row(json!({"symbol": "ETHUSDCM", "quoteCurrency": "USDC", "settleCurrency": "USDC"})),
            row(json!({"symbol": "DATED", "type": "FFICSX"})), row(json!({"symbol": "ODD", "isInverse": null})),
            row(json!({"symbol": "NO-SIZE", "multiplier": null})), row(json!({"symbol": "NO-LOT", "lotSize": 0})),
            row(json!({"symbol": "A", "status": "Paused"})), row(json!({"symbol": "B", "marketMaxOrderQty": 500})),
        ]})
        .to_string();
        let list = read(&answer);
        let closed: Vec<_> = list.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect();
        assert_eq!(closed, [("A", Some("Paused")), ("B", None)]);
        assert_eq!((list[1].max_qty, list[1].market_max_qty), (d("10000"), d("5")));
        assert_eq!(read_contracts(answer.as_bytes(), "USDC").unwrap()[0].symbol.as_str(), "ETHUSDCM");
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        for text in ["", "{}", r#"{"code":"200000"}"#, &whole[..whole.len() / 2]] {
            assert!(read_contracts(text.as_bytes(), "USDT").is_err());
        }
    }
}
