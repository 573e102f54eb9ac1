//! What accounts hold, in the shape that whook gave it, with the digits the exchange gave.
//!
//! Every member that whook wrote is there. What is not known has whook's filler: -1.0 for leverage and prices, 0.0 for money.

use std::collections::BTreeMap;

use http_types::StatusCode;
use serde::ser::Error;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::answer::Answer;
use crate::desk::{AccountReport, HeldPosition};
use crate::market::{Decimal, MarginMode, Side};

/// Decimal places of what is computed here.
const PLACES_MAX: u32 = 8;

#[derive(Serialize)]
struct Account<'a> {
    /// `null`: the exchange did not say.
    balance: Option<Number>,
    positions: Vec<Position>,
    /// Not of whook's shape: why something is missing.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Position {
    symbol: String,
    position_mode: &'static str,
    /// `null`: the exchange did not say.
    margin_mode: Option<&'static str>,
    side: &'static str,
    leverage: Number,
    contracts: Number,
    /// The margin behind it.
    real_cost: Number,
    unrealized_pnl: Number,
    /// Profit or loss in percent of the margin.
    pct: Number,
    /// Nobody keeps count of it.
    realized_pnl: Number,
    entry_price: Number,
    liquidation_price: Number,
    break_even_price: Number,
}

/// A decimal, written with its own digits.
struct Number(Decimal);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(S::Error::custom)?.serialize(serializer)
    }
}

impl Number {
    /// Zero says that there is none, or that it is not known.
    fn price(price: Decimal) -> Number {
        Number(if price.is_zero() { unknown() } else { price })
    }

    fn computed(value: Option<Decimal>) -> Number {
        Number(value.map_or_else(nothing, |value| value.round_dp(PLACES_MAX).normalize()))
    }
}

/// `-1.0`
fn unknown() -> Decimal {
    Decimal::new(-10, 1)
}

/// `0.0`
fn nothing() -> Decimal {
    Decimal::new(0, 1)
}

/// The answer to `?response=allaccounts`; whook used the same envelope for a single account.
pub(super) fn answer(reports: &[AccountReport]) -> Answer {
    let accounts: BTreeMap<&str, Account<'_>> = reports.iter().map(|report| (report.account.as_str(), account(report))).collect();
    match to_raw_value(&accounts) {
        Ok(accounts) => Answer::exact("allaccounts", accounts),
        Err(error) => Answer::error(StatusCode::InternalServerError, &error.to_string()),
    }
}

fn account(report: &AccountReport) -> Account<'_> {
    Account {
        balance: report.balance.as_ref().map(|balance| Number(balance.total)),
        positions: report.positions.iter().filter(|held| !held.position.qty.is_zero()).map(|held| position(held, report.hedge)).collect(),
        error: report.trouble.as_deref(),
    }
}

fn position(held: &HeldPosition, hedge: bool) -> Position {
    let position = &held.position;
    let margin = margin(held);
    let share = margin.and_then(|margin| position.unrealized_pnl.checked_div(margin)?.checked_mul(Decimal::ONE_HUNDRED));
    Position {
        symbol: format!("{}/{}:{}", held.base, held.settle, held.settle),
        position_mode: if hedge { "hedged" } else { "oneway" },
        margin_mode: position.terms.margin_mode.map(|mode| match mode {
            MarginMode::Isolated => "isolated",
            MarginMode::Cross => "cross",
        }),
        side: match position.side {
            Side::Long => "long",
            Side::Short => "short",
        },
        leverage: Number(position.terms.leverage.map_or_else(unknown, Decimal::from)),
        contracts: Number::computed(position.qty.checked_div(held.contract_size)),
        real_cost: Number::computed(margin),
        unrealized_pnl: Number(position.unrealized_pnl),
        pct: Number::computed(share),
        realized_pnl: Number(nothing()),
        entry_price: Number::price(position.entry_price),
        liquidation_price: Number::price(position.liquidation_price),
        break_even_price: Number::price(position.break_even_price),
    }
}

/// As the exchange says, or else what leverage makes of the position's value.
fn margin(held: &HeldPosition) -> Option<Decimal> {
    let position = &held.position;
    if !position.margin.is_zero() {
        return Some(position.margin);
    }
    position.qty.checked_mul(position.entry_price)?.checked_div(Decimal::from(position.terms.leverage?))
}

#[cfg(test)]
mod tests;
