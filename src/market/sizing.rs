//! The one place where prices and quantities are rounded.
//!
//! Quantities go down to the step, limit prices to the nearest tick, triggers away from the market. Refusals name
//! the limit that was missed, in the contract's own units.

use std::fmt;

use super::{Decimal, Instrument, Side};

/// Why a size cannot be ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SizeError {
    /// Rounded down to the step, the quantity is below the contract's smallest.
    BelowMinQty {
        /// After rounding.
        qty: Decimal,
        /// The contract's smallest.
        min: Decimal,
    },
    /// Price × quantity is below the contract's smallest value.
    BelowMinNotional {
        /// Price × rounded quantity.
        notional: Decimal,
        /// The contract's smallest.
        min: Decimal,
    },
    /// The quantity is above what one limit order may hold.
    AboveMaxQty {
        /// After rounding.
        qty: Decimal,
        /// The contract's largest.
        max: Decimal,
    },
    /// The numbers are too large or too small to calculate with.
    OutOfRange,
}

impl fmt::Display for SizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SizeError::BelowMinQty { qty, min } => write!(f, "quantity {qty} is below the contract's minimum of {min}"),
            SizeError::BelowMinNotional { notional, min } => {
                write!(f, "order value {} is below the contract's minimum of {min}", notional.normalize())
            }
            SizeError::AboveMaxQty { qty, max } => write!(f, "quantity {qty} is above the contract's maximum of {max}"),
            SizeError::OutOfRange => f.write_str("price or size is out of range"),
        }
    }
}

/// A quantity on the step, and what rounding took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sized {
    /// Base coin, on the lot step.
    pub qty: Decimal,
    /// Share lost by rounding down, 0 ..= 1.
    pub lost: Decimal,
}

/// Quantity of one entry: `size_usd` × `leverage` / `price`, rounded down to the lot step, within the contract's limits.
pub fn entry_qty(instrument: &Instrument, size_usd: Decimal, leverage: u32, price: Decimal) -> Result<Sized, SizeError> {
    let wanted =
        size_usd.checked_mul(Decimal::from(leverage)).and_then(|notional| notional.checked_div(price)).ok_or(SizeError::OutOfRange)?;
    let qty = floor_to(wanted, instrument.lot_step).ok_or(SizeError::OutOfRange)?;
    if qty.is_zero() || qty < instrument.min_qty {
        return Err(SizeError::BelowMinQty { qty: qty.normalize(), min: instrument.min_qty.max(instrument.lot_step).normalize() });
    }
    if !instrument.max_qty.is_zero() && qty > instrument.max_qty {
        return Err(SizeError::AboveMaxQty { qty: qty.normalize(), max: instrument.max_qty.normalize() });
    }
    let notional = qty.checked_mul(price).ok_or(SizeError::OutOfRange)?;
    if notional < instrument.min_notional {
        return Err(SizeError::BelowMinNotional { notional, min: instrument.min_notional.normalize() });
    }
    let lost = Decimal::ONE - qty.checked_div(wanted).ok_or(SizeError::OutOfRange)?;
    Ok(Sized { qty: qty.normalize(), lost })
}

/// Rounds a limit price to the nearest tick (half up).
pub fn limit_price(instrument: &Instrument, price: Decimal) -> Option<Decimal> {
    if instrument.tick.is_zero() {
        return Some(price.normalize());
    }
    let half = instrument.tick.checked_div(Decimal::TWO)?;
    let rounded = floor_to(price.checked_add(half)?, instrument.tick)?;
    (rounded > Decimal::ZERO).then(|| rounded.normalize())
}

/// Rounds a trigger price away from the market: a stop of a long goes down, its target up; of a short the reverse.
pub fn trigger_price(instrument: &Instrument, side: Side, is_stop: bool, price: Decimal) -> Option<Decimal> {
    let down = floor_to(price, instrument.tick)?;
    let rounded = match ((side == Side::Long) == is_stop, down == price) {
        (true, _) | (false, true) => down,
        (false, false) => down.checked_add(instrument.tick)?,
    };
    (rounded > Decimal::ZERO).then(|| rounded.normalize())
}

/// Rounds a quantity to be closed down to the market step and caps it at what one market order may hold.
pub fn close_qty(instrument: &Instrument, qty: Decimal) -> Decimal {
    let step = if instrument.market_lot_step.is_zero() { instrument.lot_step } else { instrument.market_lot_step };
    let rounded = floor_to(qty, step).unwrap_or(qty);
    let capped = if instrument.market_max_qty.is_zero() { rounded } else { rounded.min(instrument.market_max_qty) };
    capped.normalize()
}

/// The largest multiple of `step` that is not above `value`; `value` itself when the step is zero.
pub fn floor_to(value: Decimal, step: Decimal) -> Option<Decimal> {
    if step.is_zero() {
        return Some(value);
    }
    value.checked_sub(value.checked_rem(step)?)
}
