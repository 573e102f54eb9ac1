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

/// Reads `2026-11-21T00:55:54.728Z` back: UTC with or without the `Z`, what is shorter than a millisecond is cut off. `None`
/// for anything else, times before 1970 included.
pub fn utc_ms(text: &str) -> Option<Millis> {
    let text = text.strip_suffix('Z').unwrap_or(text);
    let (moment, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let (day, time) = moment.split_once('T')?;
    let (year, month, day) = three(day, '-')?;
    let (hour, minute, second) = three(time, ':')?;
    if !(1970..10_000).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction_ms = format!("{fraction:0<3}").get(..3)?.parse::<u64>().ok()?;
    let seconds = (days(year, month, day) * 24 + hour) * 3600 + minute * 60 + second;
    Some(seconds * 1000 + fraction_ms)
}

fn three(text: &str, separator: char) -> Option<(u64, u64, u64)> {
    let mut parts = text.split(separator).map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?);
    let three = (parts.next()??, parts.next()??, parts.next()??);
    parts.next().is_none().then_some(three)
}

/// The other way round than [`date`], from 1970 on.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, march_month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
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
            assert_eq!(utc_ms(text), Some(ms));
            assert_eq!(utc_ms(&format!("{text}Z")), Some(ms));
        }
    }

    #[test]
    fn a_moment_is_read_with_any_fraction_and_nothing_else_is() {
        for (text, ms) in [
            ("2023-11-14T22:13:20Z", 1_700_000_000_000),
            ("2023-11-14T22:13:20.5Z", 1_700_000_000_500),
            ("2023-11-14T22:13:19.057577Z", 1_699_999_999_057),
        ] {
            assert_eq!(utc_ms(text), Some(ms), "{text}");
        }
        for text in [
            "",
            "Z",
            "2023-11-14",
            "2023-11-14T22:13Z",
            "2023-11-14T22:13:20+01:00",
            "2023-11-14T22:13:20.Z",
            "1969-12-31T23:59:59Z",
            "2023-13-01T00:00:00Z",
            "2023-00-01T00:00:00Z",
            "2023-01-00T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:00.1e3Z",
            "+2023-01-01T00:00:00Z",
            "2023-01-01-01T00:00:00Z",
            "99999999999999999999-01-01T00:00:00Z",
            "2023-1é-01T00:00:00Z",
        ] {
            assert_eq!(utc_ms(text), None, "{text}");
        }
    }

    #[test]
    fn every_day_of_two_centuries_follows_the_one_before() {
        let mut expected = (1970, 1, 1);
        for day in 0..73_049 {
            assert_eq!(date(day), expected, "day {day}");
            assert_eq!(days(expected.0, expected.1, expected.2), day);
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
