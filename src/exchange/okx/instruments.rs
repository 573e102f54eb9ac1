//! The list of contracts. The exchange counts in contracts, we count in coins: every quantity is multiplied by what one
//! contract holds, here and nowhere else.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use crate::exchange::numbers::decimal_or_zero;
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// One element of `data` in `GET /api/v5/public/instruments`. `baseCcy` and `quoteCcy` are empty for perpetual contracts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    inst_id: String,
    #[serde(default)]
    inst_type: String,
    /// Base and quote coin.
    #[serde(default)]
    uly: String,
    #[serde(default)]
    ct_type: String,
    #[serde(default)]
    ct_val_ccy: String,
    #[serde(default)]
    settle_ccy: String,
    #[serde(default)]
    state: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    ct_val: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    ct_mult: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    lot_sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    min_sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_lmt_sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_mkt_sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    lever: Decimal,
}

/// Reads the linear perpetual contracts that are quoted and settled in one coin. Others of the kind are quoted in
/// dollars and settled in a coin: their names and prices are not ours.
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
    fn is_linear(&self, settle: &str) -> bool {
        let pair = self.uly.split_once('-') == Some((self.ct_val_ccy.as_str(), settle));
        pair && self.inst_type == "SWAP" && self.ct_type == "linear" && self.settle_ccy == settle
    }

    /// `None`: its rules cannot be told, so that no quantity could be either.
    fn instrument(&self, settle: &Arc<str>) -> Option<Instrument> {
        let size = self.ct_val.checked_mul(self.ct_mult).filter(|size| *size > Decimal::ZERO)?;
        let coins = |contracts: Decimal| contracts.checked_mul(size).map(|coins| coins.normalize());
        let lot_step = coins(self.lot_sz).filter(|step| *step > Decimal::ZERO)?;
        Some(Instrument {
            symbol: Symbol::new(&self.inst_id),
            base: Arc::from(self.ct_val_ccy.as_str()),
            settle: Arc::clone(settle),
            tick: self.tick_sz.normalize(),
            contract_size: size.normalize(),
            lot_step,
            min_qty: coins(self.min_sz)?,
            max_qty: coins(self.max_lmt_sz)?,
            market_lot_step: lot_step,
            market_max_qty: coins(self.max_mkt_sz)?,
            min_notional: Decimal::ZERO,
            max_leverage: u32::try_from(self.lever).unwrap_or(0),
            closed: (self.state != "live").then(|| Arc::from(self.state.as_str())),
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
        vectors::example(include_str!("../../../tests/data/okx_vectors.json"), "instruments")
    }

    fn read(answer: &Value) -> Vec<Instrument> {
        read_contracts(answer.to_string().as_bytes(), "USDT").unwrap()
    }

    #[test]
    fn contracts_become_coins() {
        let list = read(&example());
        let names: Vec<&str> = list.iter().map(|i| i.symbol.as_str()).collect();
        assert_eq!(names, ["BTC-USDT-SWAP", "ETH-USDT-SWAP", "PEPE-USDT-SWAP"]);
        let eth = &list[1];
        assert_eq!((&*eth.base, &*eth.settle, eth.closed.as_deref(), eth.max_leverage), ("ETH", "USDT", None, 100));
        assert_eq!((eth.tick, eth.contract_size, eth.lot_step, eth.min_qty), (d("0.01"), d("0.1"), d("0.001"), d("0.001")));
        assert_eq!((eth.max_qty, eth.market_lot_step, eth.market_max_qty), (d("10000000"), d("0.001"), d("2000")));
        assert_eq!((eth.contracts(d("1.5")), eth.coins(d("15"))), (Some(d("15")), Some(d("1.5"))));
        let pepe = &list[2];
        assert_eq!((pepe.tick, pepe.lot_step, pepe.max_leverage), (d("0.000000001"), d("1000000"), 50));
        assert_eq!(pepe.contracts(d("3000000")), Some(d("0.3")));
    }

    #[test]
    fn what_is_another_contract_is_left_out_and_what_does_not_trade_says_why() {
        let row = |changes| with(example()["data"][1].clone(), changes);
        let answer = json!({"code": "0", "msg": "", "data": [
            row(json!({"instId": "ETH-USD-SWAP", "ctType": "inverse", "settleCcy": "ETH", "uly": "ETH-USD", "ctValCcy": "USD"})),
            row(json!({"instId": "ETH-USDC-SWAP", "settleCcy": "USDC", "uly": "ETH-USDC"})),
            row(json!({"instId": "ETH-USD_UM-SWAP", "uly": "ETH-USD"})),
            row(json!({"instId": "ETH-USDT-261225", "instType": "FUTURES"})),
            row(json!({"instId": "NO-SIZE", "ctVal": ""})), row(json!({"instId": "NO-LOT", "lotSz": "0"})),
            row(json!({"instId": "TOO-LARGE", "ctVal": "79228162514264337593543950335", "ctMult": "10"})),
            row(json!({"instId": "A", "state": "suspend"})), row(json!({"instId": "B", "ctMult": "10", "lever": ""})),
        ]});
        let list = read(&answer);
        assert_eq!(
            list.iter().map(|i| (i.symbol.as_str(), i.closed.as_deref())).collect::<Vec<_>>(),
            [("A", Some("suspend")), ("B", None)]
        );
        assert_eq!((list[1].contract_size, list[1].lot_step, list[1].max_leverage), (d("1"), d("0.01"), 0));
        let usdc = read_contracts(answer.to_string().as_bytes(), "USDC").unwrap();
        assert_eq!((usdc.len(), usdc[0].symbol.as_str()), (1, "ETH-USDC-SWAP"));
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        for text in ["", "{}", r#"{"code":"0"}"#, &whole[..whole.len() / 2]] {
            assert!(read_contracts(text.as_bytes(), "USDT").is_err());
        }
    }
}
