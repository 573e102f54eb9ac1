//! The list of contracts. Quantities are coins; steps are told as a number of digits, which may be negative.

use std::io::Read;
use std::sync::Arc;

use serde::Deserialize;

use crate::exchange::numbers::{decimal_or_zero, integer};
use crate::exchange::stream;
use crate::market::{Decimal, Instrument, Symbol};

/// Linear perpetual contracts begin with this; dated ones have another beginning, and so have coin-margined ones.
pub(super) const PERPETUAL: &str = "PF_";
/// More digits, on either side of the point, than any step can have.
const DIGITS_MAX: u32 = 18;

/// One element of `instruments`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Contract {
    symbol: String,
    #[serde(default, rename = "type")]
    kind: String,
    #[serde(default)]
    base: String,
    #[serde(default)]
    quote: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tick_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    contract_size: Decimal,
    /// Without it the step cannot be told. Indices in the list have none.
    #[serde(default = "no_digits", deserialize_with = "integer")]
    contract_value_trade_precision: i64,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_position_size: Decimal,
    #[serde(default)]
    tradeable: bool,
    #[serde(default)]
    post_only: bool,
    last_trading_time: Option<String>,
    #[serde(default)]
    margin_levels: Vec<MarginLevel>,
    #[serde(default)]
    retail_margin_levels: Vec<MarginLevel>,
}

/// The smallest position comes first, with the largest leverage.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarginLevel {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    initial_margin: Decimal,
}

fn no_digits() -> i64 {
    i64::MAX
}

/// Reads the perpetual contracts that are quoted in dollars, which is what all of them settle in.
pub(super) fn read_contracts(reader: impl Read, settle: &str) -> serde_json::Result<Vec<Instrument>> {
    let settle: Arc<str> = Arc::from(settle);
    let mut list = Vec::new();
    stream::each_in(reader, &["instruments"], |contract: Contract| {
        if contract.is_perpetual(&settle) {
            list.extend(contract.instrument(&settle));
        }
    })?;
    Ok(list)
}

impl Contract {
    fn is_perpetual(&self, settle: &str) -> bool {
        let linear = self.symbol.starts_with(PERPETUAL) && self.kind == "flexible_futures" && self.contract_size == Decimal::ONE;
        linear && self.last_trading_time.is_none() && self.quote == settle && !self.base.is_empty()
    }

    /// `None`: its rules cannot be told.
    fn instrument(&self, settle: &Arc<str>) -> Option<Instrument> {
        let step = step(self.contract_value_trade_precision)?;
        let tick = Some(self.tick_size.normalize()).filter(|tick| *tick > Decimal::ZERO)?;
        let max_qty = self.max_position_size.normalize();
        Some(Instrument {
            symbol: Symbol::new(&self.symbol),
            base: Arc::from(if self.base == "XBT" { "BTC" } else { &*self.base }),
            settle: Arc::clone(settle),
            tick,
            contract_size: Decimal::ONE,
            lot_step: step,
            min_qty: step,
            max_qty,
            market_lot_step: step,
            market_max_qty: max_qty,
            min_notional: Decimal::ZERO,
            max_leverage: self.max_leverage().unwrap_or(0),
            closed: self.closed().map(Arc::from),
        })
    }

    fn max_leverage(&self) -> Option<u32> {
        let first = self.margin_levels.first().or(self.retail_margin_levels.first())?;
        u32::try_from(Decimal::ONE.checked_div(first.initial_margin)?.floor()).ok()
    }

    fn closed(&self) -> Option<&'static str> {
        match (self.tradeable, self.post_only) {
            (false, _) => Some("not tradeable"),
            (true, true) => Some("only orders that rest are taken (post-only)"),
            (true, false) => None,
        }
    }
}

/// 4 is 0.0001, 0 is 1, -3 is 1000.
fn step(digits: i64) -> Option<Decimal> {
    let size = u32::try_from(digits.unsigned_abs()).ok().filter(|size| *size <= DIGITS_MAX)?;
    let power = 10_i64.checked_pow(size)?;
    Some(if digits < 0 { Decimal::from(power) } else { Decimal::new(1, size) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::symbol::{SymbolError, SymbolName};
    use crate::exchange::script::{d, with};
    use crate::exchange::vectors;
    use crate::market::Instruments;
    use serde_json::{Value, json};

    fn example() -> Value {
        vectors::example(include_str!("../../../tests/data/kraken_vectors.json"), "instruments")
    }

    fn read(answer: &Value) -> Vec<Instrument> {
        read_contracts(answer.to_string().as_bytes(), "USD").unwrap()
    }

    #[test]
    fn steps_and_ticks_are_read_from_their_digits() {
        let list = read(&example());
        let rules: Vec<_> = list.iter().map(|i| (i.symbol.as_str(), &*i.base, i.tick, i.lot_step, i.min_qty)).collect();
        assert_eq!(
            rules,
            [
                ("PF_XBTUSD", "BTC", d("1"), d("0.0001"), d("0.0001")),
                ("PF_ETHUSD", "ETH", d("0.1"), d("0.001"), d("0.001")),
                ("PF_PEPEUSD", "PEPE", d("0.0000000001"), d("1000"), d("1000")),
            ]
        );
        for contract in &list {
            assert_eq!((&*contract.settle, contract.closed.as_deref(), contract.max_leverage), ("USD", None, 50));
            assert_eq!((contract.contract_size, contract.market_lot_step), (Decimal::ONE, contract.lot_step));
            assert_eq!(contract.max_qty, contract.market_max_qty);
        }
        assert_eq!((list[1].max_qty, step(0), step(-19), step(i64::MIN), step(i64::MAX)), (d("16000"), Some(d("1")), None, None, None));
    }

    #[test]
    fn what_is_another_contract_is_left_out_and_what_does_not_trade_says_why() {
        let row = |changes| with(example()["instruments"][1].clone(), changes);
        let answer = json!({"result": "success", "instruments": [
            row(json!({"symbol": "FF_ETHUSD_260327", "lastTradingTime": "2026-03-27T16:00:00Z"})),
            row(json!({"symbol": "PF_DATED", "lastTradingTime": "2026-03-27T16:00:00Z"})),
            row(json!({"symbol": "PI_ETHUSD", "type": "futures_inverse"})), row(json!({"symbol": "PF_INVERSE", "type": "futures_inverse"})),
            row(json!({"symbol": "PF_ETHEUR", "quote": "EUR"})), row(json!({"symbol": "PF_MANY", "contractSize": 10})),
            row(json!({"symbol": "PF_NOSTEP", "contractValueTradePrecision": 30})),
            row(json!({"symbol": "PF_NOTICK", "tickSize": null})), row(json!({"symbol": "PF_ZEROTICK", "tickSize": 0})), {"symbol": "in_xbtusd", "type": "spot index"},
            row(json!({"symbol": "PF_A", "tradeable": false})), row(json!({"symbol": "PF_B", "postOnly": true})),
            row(json!({"symbol": "PF_C", "base": "XBT", "marginLevels": [], "retailMarginLevels": [{"initialMargin": 0.3}]})),
        ]});
        let list = read(&answer);
        assert_eq!(
            list.iter().map(|i| (i.symbol.as_str(), &*i.base, i.closed.as_deref(), i.max_leverage)).collect::<Vec<_>>(),
            [
                ("PF_A", "ETH", Some("not tradeable"), 50),
                ("PF_B", "ETH", Some("only orders that rest are taken (post-only)"), 50),
                ("PF_C", "BTC", None, 3),
            ]
        );
        assert!(read_contracts(answer.to_string().as_bytes(), "USDT").unwrap().is_empty());
    }

    /// Dollars are the settle coin, and Bitcoin is written as everywhere else.
    #[test]
    fn contracts_are_found_by_the_names_that_people_write() {
        let list = Instruments::new(read(&example()));
        let found = |name: Result<SymbolName, SymbolError>| name.and_then(|name| Ok(name.resolve(&list, "USD")?.symbol.to_string()));
        for (name, native) in [("ETH", "PF_ETHUSD"), ("BTC", "PF_XBTUSD"), ("PEPE", "PF_PEPEUSD")] {
            for written in [format!("{name}/USD"), format!("{name}USD"), format!("{name}/USD:USD"), native.to_owned()] {
                for written in [written.to_lowercase(), written] {
                    assert_eq!(found(SymbolName::parse(&written)).as_deref(), Ok(native), "{written}");
                    assert_eq!(found(SymbolName::text(&written)).as_deref(), Ok(native), "{written}");
                }
            }
            assert_eq!(found(SymbolName::parse(&format!("KRAKEN:{name}USD.P"))).as_deref(), Ok(native));
        }
        for other in ["ETHUSDT", "ETH/USDT", "PI_XBTUSD", "1000PEPEUSD"] {
            assert!(found(SymbolName::parse(other)).is_err() && found(SymbolName::text(other)).is_err(), "{other}");
        }
    }

    #[test]
    fn an_answer_that_is_no_list_is_an_error() {
        let whole = example().to_string();
        for text in ["", "{}", r#"{"result":"success"}"#, &whole[..whole.len() / 2]] {
            assert!(read_contracts(text.as_bytes(), "USD").is_err());
        }
    }
}
