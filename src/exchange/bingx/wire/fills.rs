//! Executions: without an id, without a direction, and with their time as text.

use serde::de::Error;

use super::{Role, Rows, text};
use crate::exchange::numbers::{decimal, decimal_or_zero};
use crate::exchange::orders::{fee, our_time};
use crate::market::{Decimal, Fill, Millis, Symbol};
use crate::time::utc_ms;

/// What stands around the list.
#[derive(serde::Deserialize)]
pub(in crate::exchange::bingx) struct Fills {
    pub(in crate::exchange::bingx) fill_orders: Rows<FillRow>,
}

/// One row of `GET trade/allFillOrders`.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::bingx) struct FillRow {
    /// The exchange's number of the order that was executed.
    #[serde(deserialize_with = "text")]
    pub(in crate::exchange::bingx) order_id: String,
    /// Base coin, because it was asked for so.
    #[serde(deserialize_with = "decimal")]
    volume: Decimal,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    /// Negative when it was paid.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    commission: Decimal,
    #[serde(default, deserialize_with = "text")]
    currency: String,
    #[serde(default, deserialize_with = "text")]
    symbol: String,
    #[serde(default, deserialize_with = "text")]
    filled_time: String,
    #[serde(default, deserialize_with = "text")]
    filled_tm: String,
}

impl FillRow {
    /// Whether it is of that contract, which a row need not say: it was asked for.
    pub(in crate::exchange::bingx) fn is_of(&self, symbol: &Symbol) -> bool {
        self.symbol.is_empty() || self.symbol == symbol.as_str()
    }

    /// `role`: that of the order that was executed, which alone tells the direction. `ours`: the names of the account's coin.
    /// `offset_ms`: the exchange's clock minus ours.
    pub(in crate::exchange::bingx) fn fill(&self, role: Role, ours: &[&str], offset_ms: i64) -> serde_json::Result<Fill> {
        let at = millis(&self.filled_time).or_else(|| millis(&self.filled_tm));
        let is_ours = self.currency.is_empty() || ours.contains(&self.currency.as_str());
        let (fee, fee_elsewhere) = fee(-self.commission, is_ours);
        Ok(Fill {
            by: role.guards,
            side: role.half,
            buy: role.is_buy,
            price: self.price,
            qty: self.volume,
            fee,
            fee_elsewhere,
            at: our_time(at.ok_or_else(|| Error::custom("a time that is none"))?, offset_ms),
        })
    }
}

/// A moment as text: `2023-11-14T22:13:20Z`, with a fraction of the second or without, with a zone (`+0800`, `+08:00`) or,
/// without one, in UTC. Digits alone are milliseconds.
fn millis(text: &str) -> Option<Millis> {
    if text.len() > 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let second_ends = 19;
    let zone_at = text.get(second_ends..)?.find(['Z', '+', '-']).map_or(text.len(), |at| second_ends + at);
    let (moment, zone) = text.split_at_checked(zone_at)?;
    utc_ms(&moment.replacen(' ', "T", 1))?.checked_add_signed(-zone_ms(zone)?)
}

/// How far a zone is ahead of UTC.
fn zone_ms(text: &str) -> Option<i64> {
    let (sign, rest) = match text.split_at_checked(1) {
        None | Some(("Z", "")) => return Some(0),
        Some(("+", rest)) => (1, rest),
        Some(("-", rest)) => (-1, rest),
        Some(_) => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    let digit = digits.bytes().all(|byte| byte.is_ascii_digit());
    let (hours, minutes) = digits.split_at_checked(2).filter(|_| digits.len() == 4 && digit)?;
    Some(sign * (hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?) * 60_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_every_spelling() {
        for (text, ms) in [
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T22:13:20", 1_700_000_000_000),
            ("2023-11-14 22:13:20.5", 1_700_000_000_500),
            ("2023-11-14T22:13:20.123456Z", 1_700_000_000_123),
            ("2023-11-15T06:13:20.000+0800", 1_700_000_000_000),
            ("2023-11-14T17:43:20-04:30", 1_700_000_000_000),
            ("2000-02-29T00:00:00Z", 951_782_400_000),
            ("1970-01-01T00:00:00Z", 0),
            ("1700000000000", 1_700_000_000_000),
        ] {
            assert_eq!(millis(text), Some(ms), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for text in
            ["", "now", "2023-11-14", "2023-13-14T22:13:20Z", "2023-11-14T22:13:20X", "2023-11-14T22:13:20+8", "1969-12-31T23:59:59Z"]
        {
            assert_eq!(millis(text), None, "{text}");
        }
        assert_eq!(millis("1970-01-01T00:00:00+0800"), None);
        for text in ["2023-11-14T22:13:20+ä8", "ä023-11-14T22:13:20Z", "2023-11-14T22:13:2ä", "2023+11-14T+2:13:20Z"] {
            assert_eq!(millis(text), None, "{text}");
        }
    }
}
