//! From an ENTRY alert to the orders it wants: sizes, rounded prices, effective leverage. Checked before anything is sent.

use std::fmt;

use super::settings::AccountRules;
use crate::alert::Enter;
use crate::market::{Decimal, Instrument, MarginMode, Side, sizing};

/// A loss of more than this share by rounding down is worth a notice.
const ROUNDING_LOSS_MAX: Decimal = Decimal::from_parts(10, 0, 0, false, 2);

/// What an ENTRY will send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Leverage to set and to size with.
    pub leverage: u32,
    /// First entry: none for a `dca_fill` on its own.
    pub entry: Option<Wanted>,
    /// Second entry.
    pub second: Option<Wanted>,
    /// Trigger of the stop loss, on the tick.
    pub stop: Option<Decimal>,
    /// Trigger of the take profit, on the tick.
    pub target: Option<Decimal>,
    /// What the user should know.
    pub warnings: Vec<String>,
}

/// One limit order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// On the tick.
    pub price: Decimal,
    /// On the lot step.
    pub qty: Decimal,
}

/// Why an ENTRY cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanError {
    /// The alert's field at fault.
    pub field: &'static str,
    /// In words.
    pub reason: String,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.reason)
    }
}

/// Plans an ENTRY. With `TOTAL_ENTRIES=1` no second entry is planned; either size below a minimum refuses all.
pub fn plan(instrument: &Instrument, rules: &AccountRules, enter: &Enter) -> Result<Plan, PlanError> {
    let mut warnings = Vec::new();
    let leverage = leverage(instrument, rules, &mut warnings);
    let two = rules.total_entries > 1;
    let first = (!enter.second_only).then_some(("entry_price", enter.entry));
    let second = match (enter.second_only, enter.second) {
        (true, second) => Some(("second_entry_price", second.unwrap_or(enter.entry))),
        (false, Some(second)) if two => Some(("second_entry_price", second)),
        (false, _) => None,
    };
    let mut wanted = |entry: Option<(&'static str, Decimal)>| match entry {
        Some((field, price)) => want(instrument, rules, leverage, field, price, &mut warnings).map(Some),
        None => Ok(None),
    };
    let (entry, second) = (wanted(first)?, wanted(second)?);
    let stop = trigger(instrument, enter.side, true, "stop_loss", enter.stop)?;
    let target = trigger(instrument, enter.side, false, "take_profit", enter.target)?;
    if rules.margin_mode == Some(MarginMode::Isolated) {
        warn_of_liquidation(enter.side, leverage, entry.or(second), second, stop, &mut warnings);
    }
    Ok(Plan { leverage, entry, second, stop, target, warnings })
}

fn leverage(instrument: &Instrument, rules: &AccountRules, warnings: &mut Vec<String>) -> u32 {
    if instrument.max_leverage == 0 || rules.leverage <= instrument.max_leverage {
        return rules.leverage;
    }
    warnings.push(format!(
        "leverage {} is above the contract's maximum of {}; {} is used for leverage and size",
        rules.leverage, instrument.max_leverage, instrument.max_leverage
    ));
    instrument.max_leverage
}

fn want(
    instrument: &Instrument,
    rules: &AccountRules,
    leverage: u32,
    field: &'static str,
    price: Decimal,
    warnings: &mut Vec<String>,
) -> Result<Wanted, PlanError> {
    let fault = |reason: String| PlanError { field, reason };
    let price =
        sizing::limit_price(instrument, price).ok_or_else(|| fault(format!("is below one tick ({}) or out of range", instrument.tick)))?;
    let sized = sizing::entry_qty(instrument, rules.entry_size_usd, leverage, price)
        .map_err(|error| fault(format!("{error} (ENTRY_SIZE_USD {} × LEVERAGE {leverage} at {price})", rules.entry_size_usd)))?;
    if sized.lost > ROUNDING_LOSS_MAX {
        let percent = (sized.lost * Decimal::ONE_HUNDRED).round();
        warnings.push(format!("rounding down to the lot step takes {percent} % off the order at {price}"));
    }
    Ok(Wanted { price, qty: sized.qty })
}

fn trigger(
    instrument: &Instrument,
    side: Side,
    is_stop: bool,
    field: &'static str,
    price: Option<Decimal>,
) -> Result<Option<Decimal>, PlanError> {
    let Some(price) = price else { return Ok(None) };
    match sizing::trigger_price(instrument, side, is_stop, price) {
        Some(price) => Ok(Some(price)),
        None => Err(PlanError { field, reason: format!("is below one tick ({}) or out of range", instrument.tick) }),
    }
}

/// An estimate: an isolated position loses its margin when the price has moved by about 1 / leverage.
fn warn_of_liquidation(
    side: Side,
    leverage: u32,
    first: Option<Wanted>,
    second: Option<Wanted>,
    stop: Option<Decimal>,
    warnings: &mut Vec<String>,
) {
    let Some(first) = first else { return };
    let Some(move_share) = Decimal::ONE.checked_div(Decimal::from(leverage)) else { return };
    let factor = if side == Side::Long { Decimal::ONE - move_share } else { Decimal::ONE + move_share };
    let Some(liquidation) = first.price.checked_mul(factor) else { return };
    for (name, price) in [("the second entry", second.map(|wanted| wanted.price)), ("the stop", stop)] {
        if price.is_some_and(|price| side.is_worse(price, liquidation)) {
            warnings.push(format!(
                "{name} lies beyond the estimated liquidation price {} of the first entry at {leverage}x isolated: it may never be reached",
                liquidation.round_sf(6).unwrap_or(liquidation).normalize()
            ));
        }
    }
}
