//! The exchanges that settings can name: which of them this version has, and what an account needs there.
//!
//! A new adapter adds its variant here; every `match` on [`Venue`] then asks for its part.

use super::Mode;
use super::values::closest;
use crate::exchange::binance::{DEMO_URL, LIVE_URL};

/// An exchange that accounts can be on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Venue {
    /// Binance USDⓈ-M futures.
    Binance,
    /// The same on its demo host.
    BinanceDemo,
    /// The exchange inside this process.
    Paper,
}

/// All that work.
const VENUES: [Venue; 3] = [Venue::Binance, Venue::BinanceDemo, Venue::Paper];
/// Named by the predecessor's users, without an adapter yet.
const COMING: [&str; 11] =
    ["bybit", "bybitdemo", "okx", "okxdemo", "bitget", "kucoinfutures", "coinex", "bingx", "phemex", "phemexdemo", "krakenfutures"];
/// Never to be answered by the live host instead.
const KRAKEN_DEMO: &str = "krakendemo";

impl Venue {
    /// Its name in settings, `/health` and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            Venue::Binance => "binance",
            Venue::BinanceDemo => "binancedemo",
            Venue::Paper => "paper",
        }
    }

    /// How real it is.
    pub fn mode(self) -> Mode {
        match self {
            Venue::Binance => Mode::Live,
            Venue::BinanceDemo => Mode::Demo,
            Venue::Paper => Mode::Paper,
        }
    }

    /// Where it is reached; nothing for the one inside this process.
    pub fn url(self) -> &'static str {
        match self {
            Venue::Binance => LIVE_URL,
            Venue::BinanceDemo => DEMO_URL,
            Venue::Paper => "",
        }
    }

    /// Whether its API keys have a password of their own besides key and secret.
    pub(super) fn needs_password(self) -> bool {
        match self {
            Venue::Binance | Venue::BinanceDemo | Venue::Paper => false,
        }
    }

    /// The coin its contracts settle in, where an account names none.
    pub(super) fn settle_coin(self) -> &'static str {
        match self {
            Venue::Binance | Venue::BinanceDemo | Venue::Paper => "USDT",
        }
    }

    /// By its name in any case, or why it cannot be traded on.
    pub(super) fn read(text: &str) -> Result<Venue, String> {
        let is = |name: &str| name.eq_ignore_ascii_case(text);
        if let Some(venue) = VENUES.into_iter().find(|venue| is(venue.as_str())) {
            return Ok(venue);
        }
        if is(KRAKEN_DEMO) {
            return Err("Kraken retired the host of its demo, and the live one is never taken in its place".to_owned());
        }
        let ours = VENUES.map(Venue::as_str);
        if let Some(name) = COMING.into_iter().find(|name| is(name)) {
            return Err(format!("{name} is not supported yet; this version has {}", ours.join(", ")));
        }
        let names: Vec<_> = ours.into_iter().chain(COMING).collect();
        match closest(text, &names) {
            Some(name) => Err(format!("there is no such exchange; did you mean {name}?")),
            None => Err(format!("there is no such exchange; this version has {}", ours.join(", "))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_taken_or_refused_with_its_reason() {
        for venue in VENUES {
            assert_eq!(Venue::read(&venue.as_str().to_ascii_uppercase()), Ok(venue));
        }
        for name in COMING {
            let reason = Venue::read(&name.to_uppercase()).unwrap_err();
            assert_eq!(reason, format!("{name} is not supported yet; this version has binance, binancedemo, paper"));
        }
        assert!(Venue::read("KrakenDemo").unwrap_err().starts_with("Kraken retired the host of its demo"));
        assert_eq!(Venue::read("binnance").unwrap_err(), "there is no such exchange; did you mean binance?");
        assert_eq!(Venue::read("exchange_name").unwrap_err(), "there is no such exchange; this version has binance, binancedemo, paper");
    }
}
