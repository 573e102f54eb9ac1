//! Executions: without an id, without a direction, and with their time as text.

use serde::de::Error;

use super::{OrderRow, Rows, text};
use crate::exchange::numbers::{decimal, decimal_or_zero};
use crate::exchange::orders::our_time;
use crate::market::{Decimal, Fill, Millis, SECOND_MS};

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
    filled_time: String,
    #[serde(default, deserialize_with = "text")]
    filled_tm: String,
}

impl FillRow {
    /// `order`: the one that was executed, which alone tells the direction. `offset_ms`: the exchange's clock minus ours.
    pub(in crate::exchange::bingx) fn fill(&self, order: &OrderRow, settle: &str, offset_ms: i64) -> serde_json::Result<Fill> {
        let at = millis(&self.filled_time).or_else(|| millis(&self.filled_tm));
        let elsewhere = !self.commission.is_zero() && !self.currency.is_empty() && self.currency != settle;
        Ok(Fill {
            by: order.guards(),
            side: order.half(),
            buy: order.is_buy(),
            price: self.price,
            qty: self.volume,
            fee: if elsewhere { Decimal::ZERO } else { -self.commission },
            fee_elsewhere: elsewhere,
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
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u16>().ok().map(u64::from);
    let marks = [(4, "-"), (7, "-"), (13, ":"), (16, ":")];
    let shaped = marks.iter().all(|(at, mark)| text.get(*at..at + 1) == Some(mark)) && matches!(text.get(10..11), Some("T" | " "));
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    if !shaped || year < 1970 || !(1..=12).contains(&month) || !(1..=31).contains(&day) || hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let rest = text.get(19..)?;
    let (fraction_ms, zone) = fraction(rest);
    let seconds = (days(year, month, day)? * 24 + hour) * 3600 + minute * 60 + second;
    seconds.checked_mul(SECOND_MS)?.checked_add(fraction_ms)?.checked_sub_signed(zone_ms(zone)?)
}

/// The fraction of a second that a text begins with, in milliseconds, and what follows it.
fn fraction(text: &str) -> (Millis, &str) {
    let Some(tail) = text.strip_prefix('.') else { return (0, text) };
    let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    let (digits, rest) = tail.split_at_checked(end).unwrap_or((tail, ""));
    let ms = digits.chars().chain("000".chars()).take(3).filter_map(|c| c.to_digit(10)).fold(0, |sum, digit| sum * 10 + u64::from(digit));
    (ms, rest)
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

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last day of a year.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let before = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    before.checked_sub(719_468)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::utc_text;

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
    fn every_day_is_the_one_it_is_written_as() {
        for day in (0..60_000).step_by(13) {
            let ms = day * 86_400_000 + 45_296_789;
            assert_eq!(millis(&utc_text(ms)), Some(ms));
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
