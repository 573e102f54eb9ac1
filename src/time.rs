//! The calendar: milliseconds since 1970 as people write them. Always UTC, no leap seconds, no time zones.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::market::Millis;

const DAY_S: u64 = 86_400;

/// The clock on the wall. Only the shell and the web room may read it; the desk gets its time handed in.
pub fn now_ms() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(since.as_millis()).unwrap_or(Millis::MAX)
}

/// `2026-11-21T00:55:54.728`: ISO 8601 in UTC, without a zone suffix, as the predecessor wrote it.
pub fn utc_text(ms: Millis) -> String {
    let seconds = ms / 1000;
    let (year, month, day) = date(seconds / DAY_S);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}", ms % 1000)
}

/// Year, month and day of a day counted from 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last day of a year; 400 years are 146,097 days, and
/// five months from March are 153 days.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468; // from 0000-03-01
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let (month, next_year) = if march_month < 10 { (march_month + 3, 0) } else { (march_month - 9, 1) };
    (era * 400 + year_of_era + next_year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000"),
            (951_782_400_000, "2000-02-29T00:00:00.000"),
            (951_868_799_999, "2000-02-29T23:59:59.999"),
            (951_868_800_000, "2000-03-01T00:00:00.000"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000"),
            (1_735_689_599_000, "2024-12-31T23:59:59.000"),
            (1_735_689_600_000, "2025-01-01T00:00:00.000"),
            (1_740_787_200_000, "2025-03-01T00:00:00.000"),
            (1_795_222_554_728, "2026-11-21T00:55:54.728"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000"),
        ] {
            assert_eq!(utc_text(ms), text);
        }
    }

    #[test]
    fn every_day_of_two_centuries_follows_the_one_before() {
        let mut expected = (1970, 1, 1);
        for day in 0..73_049 {
            assert_eq!(date(day), expected, "day {day}");
            let (year, month, day) = expected;
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = match month {
                2 if leap => 29,
                2 => 28,
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            expected = match (month, day == last) {
                (12, true) => (year + 1, 1, 1),
                (_, true) => (year, month + 1, 1),
                _ => (year, month, day + 1),
            };
        }
    }

    #[test]
    fn the_largest_time_does_not_overflow() {
        assert!(utc_text(Millis::MAX).contains('T'));
    }
}
