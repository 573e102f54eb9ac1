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
    /// What holds only if the contract is set to isolated margin, which an unset `MARGIN_MODE` leaves open.
    pub if_isolated: Vec<String>,
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
    let mut if_isolated = Vec::new();
    match rules.margin_mode {
        Some(MarginMode::Isolated) => warn_of_liquidation(enter.side, leverage, entry, second, stop, &mut warnings),
        None => warn_of_liquidation(enter.side, leverage, entry, second, stop, &mut if_isolated),
        Some(MarginMode::Cross) => {}
    }
    Ok(Plan { leverage, entry, second, stop, target, warnings, if_isolated })
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

/// The second entry should be reached before the first is liquidated, and the stop before both are.
fn warn_of_liquidation(
    side: Side,
    leverage: u32,
    entry: Option<Wanted>,
    second: Option<Wanted>,
    stop: Option<Decimal>,
    warnings: &mut Vec<String>,
) {
    let first = entry.or(second).map(|wanted| wanted.price);
    let both = average(&[entry, second]);
    for (name, price, of, from) in
        [("the second entry", second.map(|wanted| wanted.price), "the first entry", first), ("the stop", stop, "the position", both)]
    {
        let level = from.and_then(|from| liquidation(side, from, leverage));
        if let (Some(price), Some(level)) = (price, level)
            && side.is_worse(price, level)
        {
            warnings.push(format!(
                "{name} lies beyond the estimated liquidation price {level} of {of} at {leverage}x: it may never be reached"
            ));
        }
    }
}

/// Price of a position for which all of these filled.
fn average(entries: &[Option<Wanted>]) -> Option<Decimal> {
    let (mut value, mut qty) = (Decimal::ZERO, Decimal::ZERO);
    for wanted in entries.iter().flatten() {
        value = value.checked_add(wanted.price.checked_mul(wanted.qty)?)?;
        qty = qty.checked_add(wanted.qty)?;
    }
    value.checked_div(qty)
}

/// Where the margin of an isolated position is used up, roughly: maintenance margin and fees bring it nearer.
pub fn liquidation(side: Side, entry: Decimal, leverage: u32) -> Option<Decimal> {
    let distance = entry.checked_div(Decimal::from(leverage))?;
    let level = match side {
        Side::Long => entry.checked_sub(distance)?,
        Side::Short => entry.checked_add(distance)?,
    };
    level.round_sf(6).map(|level| level.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn enter() -> Enter {
        Enter {
            side: Side::Long,
            second_only: false,
            entry: d("3021.444"),
            second: Some(d("2934.1")),
            stop: Some(d("2850.417")),
            target: Some(d("3084.215")),
        }
    }

    fn rules(margin_mode: Option<MarginMode>, leverage: u32) -> AccountRules {
        AccountRules { margin_mode, leverage, ..AccountRules::default() }
    }

    #[test]
    fn an_entry_becomes_orders_on_tick_and_step() {
        let wanted = |price, qty| Some(Wanted { price: d(price), qty: d(qty) });
        let full = plan(&Instrument::sample(), &rules(None, 20), &enter()).unwrap();
        assert_eq!((full.entry, full.second), (wanted("3021.44", "0.066"), wanted("2934.1", "0.068")));
        assert_eq!((full.stop, full.target, full.leverage), (Some(d("2850.41")), Some(d("3084.22")), 20));
        let one = AccountRules { total_entries: 1, ..AccountRules::default() };
        assert_eq!(plan(&Instrument::sample(), &one, &enter()).unwrap().second, None);
        let alone = plan(&Instrument::sample(), &rules(None, 20), &Enter { second_only: true, ..enter() }).unwrap();
        assert_eq!((alone.entry, alone.second), (None, wanted("2934.1", "0.068")));
        let capped = plan(&Instrument::sample(), &rules(None, 125), &enter()).unwrap();
        assert_eq!((capped.leverage, capped.entry), (100, wanted("3021.44", "0.33")));
    }

    #[test]
    fn what_cannot_be_sent_names_its_field() {
        let poor = AccountRules { entry_size_usd: Decimal::new(5, 1), ..AccountRules::default() };
        assert_eq!(plan(&Instrument::sample(), &poor, &enter()).map_err(|error| error.field), Err("entry_price"));
        for (changed, field) in [
            (Enter { entry: d("0.001"), ..enter() }, "entry_price"),
            (Enter { second: Some(d("0.001")), ..enter() }, "second_entry_price"),
            (Enter { stop: Some(d("0.001")), ..enter() }, "stop_loss"),
            (Enter { side: Side::Short, target: Some(d("0.001")), ..enter() }, "take_profit"),
        ] {
            assert_eq!(plan(&Instrument::sample(), &rules(None, 20), &changed).map_err(|error| error.field), Err(field));
        }
    }

    #[test]
    fn prices_beyond_the_liquidation_are_told_on_isolated_margin() {
        let isolated = |leverage| plan(&Instrument::sample(), &rules(Some(MarginMode::Isolated), leverage), &enter()).unwrap();
        assert!(isolated(20).warnings.is_empty());
        assert!(isolated(30).warnings.concat().starts_with("the stop lies beyond the estimated liquidation price 2877.8"));
        let both = isolated(50).warnings;
        assert!(both.len() == 2 && both[0].contains("the second entry lies beyond the estimated liquidation price 2961.01"), "{both:?}");
        let open = plan(&Instrument::sample(), &rules(None, 50), &enter()).unwrap();
        assert!(open.warnings.is_empty() && open.if_isolated == both);
        let cross = plan(&Instrument::sample(), &rules(Some(MarginMode::Cross), 50), &enter()).unwrap();
        assert!(cross.warnings.is_empty() && cross.if_isolated.is_empty());
    }
}
