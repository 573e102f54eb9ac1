//! The names of exchanges in settings, and what a misspelled one may mean.

use super::Mode;
use super::values::closest;
use crate::exchange::Venue;

/// Never to be answered by the live host instead.
const KRAKEN_DEMO: &str = "krakendemo";

/// How real it is.
pub(super) fn mode(venue: Venue) -> Mode {
    match venue {
        Venue::Paper => Mode::Paper,
        venue if venue.is_demo() => Mode::Demo,
        _ => Mode::Live,
    }
}

/// By its name in any case, or why it cannot be traded on.
pub(super) fn read(text: &str) -> Result<Venue, String> {
    let is = |name: &str| name.eq_ignore_ascii_case(text);
    if let Some(venue) = Venue::ALL.into_iter().find(|venue| is(venue.as_str())) {
        return Ok(venue);
    }
    if is(KRAKEN_DEMO) {
        return Err("Kraken retired the host of its demo, and the live one is never taken in its place".to_owned());
    }
    let ours = Venue::ALL.map(Venue::as_str);
    match closest(text, &ours) {
        Some(name) => Err(format!("there is no such exchange; did you mean {name}?")),
        None => Err(format!("there is no such exchange; this version has {}", ours.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_taken_or_refused_with_its_reason() {
        for venue in Venue::ALL {
            assert_eq!(read(&venue.as_str().to_ascii_uppercase()), Ok(venue));
        }
        let ours = Venue::ALL.map(Venue::as_str).join(", ");
        assert!(read("KrakenDemo").unwrap_err().starts_with("Kraken retired the host of its demo"));
        assert_eq!(read("binnance").unwrap_err(), "there is no such exchange; did you mean binance?");
        assert_eq!(read("exchange_name").unwrap_err(), format!("there is no such exchange; this version has {ours}"));
    }
}
