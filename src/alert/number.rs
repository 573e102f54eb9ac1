//! Decimals from the digits of a text, exact or refused.

use crate::market::Decimal;

/// Most significant digits that are held without rounding.
const DIGITS_MAX: usize = 28;
/// Longest number that is looked at, in bytes.
const NUMBER_BYTES_MAX: usize = 64;

/// Reads `3021.44`, `1e-5`, `+7`. Never rounds: more digits than a [`Decimal`] holds are an error, in words.
pub(super) fn exact(text: &str) -> Result<Decimal, &'static str> {
    const RANGE: &str = "more digits than can be calculated with";
    if text.len() > NUMBER_BYTES_MAX {
        return Err(RANGE);
    }
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().map_err(|_| NOT_A_NUMBER)?),
        None => (text, 0),
    };
    let (negative, unsigned) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(if text.contains(',') { "not a number: a comma is no decimal point and no separator here" } else { NOT_A_NUMBER });
    }
    let significant = digits.trim_end_matches('0');
    let dropped = digits.len() - significant.len();
    let significant = significant.trim_start_matches('0');
    if significant.is_empty() {
        return Ok(Decimal::ZERO);
    }
    // Value = significant × 10^power.
    let power = i64::from(exponent) - fraction.len() as i64 + dropped as i64;
    let zeros = usize::try_from(power.max(0)).map_err(|_| RANGE)?;
    if significant.len().saturating_add(zeros) > DIGITS_MAX {
        return Err(RANGE);
    }
    let scale = u32::try_from((-power).max(0)).map_err(|_| RANGE)?;
    let units: i128 = format!("{significant}{}", "0".repeat(zeros)).parse().map_err(|_| NOT_A_NUMBER)?;
    Decimal::try_from_i128_with_scale(if negative { -units } else { units }, scale).map_err(|_| RANGE)
}

const NOT_A_NUMBER: &str = "not a number";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_are_taken_as_they_stand() {
        for (text, value) in [
            ("3021.44", "3021.44"),
            ("0.15", "0.15"),
            ("1.3900000000000001", "1.3900000000000001"),
            ("0.00000812", "0.00000812"),
            ("1e-5", "0.00001"),
            ("1E-05", "0.00001"),
            ("12.5e+3", "12500"),
            ("00100.50", "100.5"),
            ("100.000000000000000000000000000000000000", "100"),
            (".5", "0.5"),
            ("5.", "5"),
            ("+7", "7"),
            ("-7", "-7"),
            ("0", "0"),
            ("-0.0e5", "0"),
            ("0e999999999", "0"),
            ("1e27", "1000000000000000000000000000"),
        ] {
            assert_eq!(exact(text).map(|decimal| decimal.to_string()).as_deref(), Ok(value), "{text}");
        }
    }

    #[test]
    fn what_is_no_number_or_cannot_be_held_is_refused() {
        for text in ["", ".", "-", "e5", "1e", "1e5.5", "1,000", "1_000", "0x10", "1 000", "--1", "+-1", "１２", "12abc", "1.2.3", "∞"]
        {
            assert!(exact(text).unwrap_err().starts_with("not a number"), "{text}");
        }
        for text in ["1e28", "1e-29", "1e999999999", "1e-999999999", "0.12345678901234567890123456789", &"9".repeat(65)] {
            assert_eq!(exact(text), Err("more digits than can be calculated with"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_survived(text in "[-+0-9.eE]{0,70}|\\PC{0,20}") {
            let _ = exact(&text);
        }

        #[test]
        fn a_decimal_reads_back_as_itself(units in -9_999_999_999_999_999_999_999_999_999i128..=9_999_999_999_999_999_999_999_999_999, scale in 0u32..=28) {
            let decimal = Decimal::from_i128_with_scale(units, scale);
            prop_assert_eq!(exact(&decimal.to_string()), Ok(decimal));
        }
    }
}
