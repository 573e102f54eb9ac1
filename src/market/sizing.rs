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
    let budget = size_usd.checked_mul(Decimal::from(leverage)).ok_or(SizeError::OutOfRange)?;
    let wanted = bought(budget, price).ok_or(SizeError::OutOfRange)?;
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

/// How much a budget buys at a price: never more than it pays for, although a quotient is rounded in its 28th digit.
pub fn bought(budget: Decimal, price: Decimal) -> Option<Decimal> {
    let wanted = budget.checked_div(price)?;
    match wanted.checked_mul(price)? > budget {
        true => wanted.checked_sub(Decimal::new(1, wanted.scale())),
        false => Some(wanted),
    }
}

/// Quantities of market orders are multiples of this.
pub fn market_step(instrument: &Instrument) -> Decimal {
    instrument.lot_step.max(instrument.market_lot_step)
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

/// Caps a quantity at what one market order may hold, and rounds it down to the market step.
pub fn market_qty(instrument: &Instrument, qty: Decimal) -> Decimal {
    let most = if instrument.market_max_qty.is_zero() { qty } else { qty.min(instrument.market_max_qty) };
    floor_to(most, market_step(instrument)).unwrap_or(most).normalize()
}

/// The largest multiple of `step` that is not above `value`; `value` itself when the step is zero. `None`: the numbers are
/// too far apart to calculate with.
pub fn floor_to(value: Decimal, step: Decimal) -> Option<Decimal> {
    if step.is_zero() {
        return Some(value);
    }
    // With more digits than a decimal holds the remainder would be rounded, and the result off the step.
    let mut wide = value;
    wide.rescale(step.scale().max(value.scale()));
    if wide.scale() < step.scale() {
        return None;
    }
    value.checked_sub(value.checked_rem(step)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn d(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    /// 1000PEPEUSDT's rules: tiny prices, whole lots.
    fn pepe() -> Instrument {
        let (tick, one) = (d("0.0000001"), Decimal::ONE);
        Instrument {
            tick,
            lot_step: one,
            min_qty: one,
            max_qty: d("100000000"),
            market_lot_step: one,
            min_notional: d("5"),
            ..Instrument::sample()
        }
    }

    #[test]
    fn floor_is_exact_for_tiny_steps_and_huge_values() {
        for (value, step, floor) in [
            ("0.00001239", "0.0000001", "0.0000123"),
            ("0.0000001", "0.0000001", "0.0000001"),
            ("0.00000009", "0.0000001", "0"),
            ("0.3", "0.1", "0.3"),
            ("99999999.9999999", "0.5", "99999999.5"),
            ("123456789012345.67891239", "0.0000001", "123456789012345.6789123"),
            ("123456789012345678", "0.0000001", "123456789012345678"),
            ("79228162514264337593543950335", "1000", "79228162514264337593543950000"),
            ("1234", "5", "1230"),
            ("7.77", "0", "7.77"),
        ] {
            assert_eq!(floor_to(d(value), d(step)), Some(d(floor)), "{value} by {step}");
        }
    }

    #[test]
    fn an_entry_is_size_times_leverage_over_price_rounded_down() {
        for (instrument, size, leverage, price, qty) in [
            (Instrument::sample(), "300", 3, "3000", "0.3"),
            (Instrument::sample(), "10", 20, "2000", "0.1"),
            (Instrument::sample(), "10", 20, "2000.01", "0.099"),
            (Instrument::sample(), "100", 1, "3333.33", "0.03"),
            (Instrument::sample(), "20", 1, "20", "1"),
            (pepe(), "10", 20, "0.0012345", "162008"),
        ] {
            let sized = entry_qty(&instrument, d(size), leverage, d(price)).unwrap();
            assert_eq!(sized.qty.to_string(), qty, "{size} x {leverage} at {price}");
        }
        let coarse = Instrument { lot_step: d("0.1"), ..Instrument::sample() };
        let sized = entry_qty(&coarse, d("40"), 1, d("160")).unwrap();
        assert_eq!((sized.qty, sized.lost), (d("0.2"), d("0.2")));
    }

    #[test]
    fn a_size_outside_the_limits_names_the_limit() {
        let below_qty = |qty, min| Err(SizeError::BelowMinQty { qty: d(qty), min: d(min) });
        let coarse = Instrument { min_qty: d("0.05"), ..Instrument::sample() };
        assert_eq!(entry_qty(&Instrument::sample(), d("0.5"), 1, d("1000")), below_qty("0", "0.001"));
        assert_eq!(entry_qty(&coarse, d("49"), 1, d("1000")), below_qty("0.049", "0.05"));
        assert_eq!(
            entry_qty(&Instrument::sample(), d("19"), 1, d("1000")),
            Err(SizeError::BelowMinNotional { notional: d("19"), min: d("20") })
        );
        assert_eq!(
            entry_qty(&Instrument::sample(), d("10010"), 1, d("1")),
            Err(SizeError::AboveMaxQty { qty: d("10010"), max: d("10000") })
        );
        let unlimited = Instrument { max_qty: Decimal::ZERO, ..Instrument::sample() };
        assert_eq!(entry_qty(&unlimited, d("10010"), 1, d("1")).unwrap().qty, d("10010"));
        for (size, price) in [("10", "0"), ("79228162514264337593543950335", "1"), ("1", "0.0000000000000000000000000001")] {
            assert_eq!(entry_qty(&Instrument::sample(), d(size), 20, d(price)), Err(SizeError::OutOfRange), "{size} at {price}");
        }
        assert!(
            entry_qty(&Instrument::sample(), d("-10"), 20, d("2000")).is_err()
                && entry_qty(&Instrument::sample(), d("10"), 20, d("-2000")).is_err()
        );
    }

    #[test]
    fn a_quotient_that_was_rounded_up_onto_a_step_costs_no_more_than_asked() {
        // 2 / 3 ends in a 7, and three times that is more than 2.
        let instrument = Instrument { lot_step: d("0.0000000000000000000000000001"), min_notional: Decimal::ZERO, ..Instrument::sample() };
        let (size, price) = (d("2"), d("3"));
        let qty = entry_qty(&instrument, size, 1, price).unwrap().qty;
        assert!(qty * price <= size, "{qty}");
    }

    #[test]
    fn limit_prices_go_to_the_nearest_tick() {
        for (instrument, price, rounded) in [
            (Instrument::sample(), "1900.126", Some("1900.13")),
            (Instrument::sample(), "1900.125", Some("1900.13")),
            (Instrument::sample(), "1900.1249", Some("1900.12")),
            (Instrument::sample(), "0.005", Some("0.01")),
            (Instrument::sample(), "0.0049", None),
            (pepe(), "0.00123456", Some("0.0012346")),
            (pepe(), "0.0012345", Some("0.0012345")),
            (Instrument { tick: Decimal::ZERO, ..Instrument::sample() }, "1900.1260", Some("1900.126")),
        ] {
            assert_eq!(limit_price(&instrument, d(price)).map(|p| p.to_string()).as_deref(), rounded, "{price}");
        }
    }

    #[test]
    fn triggers_go_away_from_the_market() {
        for (side, is_stop, rounded) in
            [(Side::Long, true, "1900.12"), (Side::Long, false, "1900.13"), (Side::Short, true, "1900.13"), (Side::Short, false, "1900.12")]
        {
            assert_eq!(trigger_price(&Instrument::sample(), side, is_stop, d("1900.123")), Some(d(rounded)), "{side} stop {is_stop}");
            assert_eq!(trigger_price(&Instrument::sample(), side, is_stop, d("1900.12")), Some(d("1900.12")), "on the tick it stays");
        }
        assert_eq!(trigger_price(&Instrument::sample(), Side::Long, true, d("0.001")), None);
    }

    #[test]
    fn a_close_takes_what_one_market_order_may_hold() {
        let odd = Instrument { market_lot_step: d("1"), market_max_qty: d("120.5"), ..Instrument::sample() };
        let only_limit_step = Instrument { market_lot_step: Decimal::ZERO, market_max_qty: Decimal::ZERO, ..Instrument::sample() };
        for (instrument, qty, close) in [
            (Instrument::sample(), "0.5009", "0.5"),
            (Instrument::sample(), "5000", "2000"),
            (Instrument::sample(), "0.0009", "0"),
            (odd, "500", "120"),
            (only_limit_step, "50000.0009", "50000"),
        ] {
            assert_eq!(market_qty(&instrument, d(qty)).to_string(), close, "{qty}");
        }
    }

    fn decimals(mantissa_max: i64, scale_max: u32) -> impl Strategy<Value = Decimal> {
        (1..=mantissa_max, 0..=scale_max).prop_map(|(mantissa, scale)| Decimal::new(mantissa, scale))
    }

    proptest! {
        #[test]
        fn floor_is_the_largest_multiple(value in decimals(i64::MAX, 12), step in decimals(10_000, 10)) {
            let Some(floor) = floor_to(value, step) else {
                // Only where the digits of both together do not fit.
                prop_assert!(value > Decimal::MAX / Decimal::from(10_i64.pow(10)));
                return Ok(());
            };
            prop_assert!(floor <= value && value - floor < step);
            prop_assert!((floor % step).is_zero());
        }

        #[test]
        fn an_entry_is_never_more_than_asked_and_always_on_the_step(
            size in decimals(100_000_000, 2),
            leverage in 1_u32..=150,
            price in decimals(1_000_000_000_000, 9),
            step in decimals(100, 8),
        ) {
            let instrument = Instrument { lot_step: step, min_qty: step, max_qty: Decimal::ZERO, ..Instrument::sample() };
            if let Ok(Sized { qty, lost }) = entry_qty(&instrument, size, leverage, price) {
                let budget = size * Decimal::from(leverage);
                prop_assert!(qty > Decimal::ZERO && (qty % step).is_zero());
                prop_assert!(qty * price <= budget, "{} x {} > {}", qty, price, budget);
                prop_assert!((qty + step) * price > budget, "a step more would still have fitted");
                prop_assert!(lost >= Decimal::ZERO && lost < Decimal::ONE);
                prop_assert!(qty * price >= instrument.min_notional);
            }
        }

        #[test]
        fn a_price_is_never_moved_by_more_than_a_tick(price in decimals(1_000_000_000_000, 9), tick in decimals(100, 8), long in any::<bool>(), stop in any::<bool>()) {
            let instrument = Instrument { tick, ..Instrument::sample() };
            let side = if long { Side::Long } else { Side::Short };
            if let Some(limit) = limit_price(&instrument, price) {
                prop_assert!((limit - price).abs() * Decimal::TWO <= tick && (limit % tick).is_zero());
            }
            if let Some(trigger) = trigger_price(&instrument, side, stop, price) {
                let moved = if long == stop { price - trigger } else { trigger - price };
                prop_assert!(moved >= Decimal::ZERO && moved < tick && (trigger % tick).is_zero());
            }
        }
    }
}
