//! How patient the desk is: when to try again, and when to ask again.
//!
//! Pace is not truth. Two things that differ only in pace are equal, so pace is neither compared nor journalled.

use crate::market::Millis;

/// Delays after definite "too early" refusals of a stop: at about 0.3, 0.7, 1.5, 3 and 5 s, as Binance's position
/// becomes visible to its algo service within seconds of the fill.
const PROTECT_DELAYS_MS: [Millis; 5] = [300, 400, 800, 1500, 2000];
/// Delays between questions about an unknown outcome.
const ASK_DELAYS_MS: [Millis; 4] = [500, 1000, 2000, 2000];
/// Delays after busy, throttled or unreachable.
const RETRY_DELAYS_MS: [Millis; 6] = [200, 400, 800, 1600, 3200, 5000];
/// After so many refusals in a row the next tries are far apart: what is refused then is not just early, and BingX closes an
/// endpoint that has given the same error twenty times in eight minutes.
const REFUSALS_MAX: u32 = 5;
const PATIENT_DELAY_MS: Millis = 30_000;

/// When something is next due, and how often it was tried in a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Pace {
    /// Not before this time.
    pub at: Millis,
    /// Tries in a row without the wished result.
    pub tries: u32,
    /// Since when it has been refused without a break; 0 = it is not.
    pub refused_since: Millis,
    /// It was not where it should be: ask, although it is believed to rest.
    pub missed: bool,
    /// Its cancel was acknowledged.
    pub cancel_taken: bool,
    /// Refused because another one is there, of which the open orders showed nothing.
    pub denied: bool,
}

impl PartialEq for Pace {
    fn eq(&self, _: &Pace) -> bool {
        true
    }
}

impl Eq for Pace {}

impl Pace {
    /// Due at this time, nothing tried yet.
    pub fn due(at: Millis) -> Pace {
        Pace { at, ..Pace::default() }
    }

    /// Puts the next try off by the delay that belongs to the number of tries.
    pub fn again(&mut self, now: Millis, delay_ms: fn(u32) -> Millis) {
        self.at = now + delay_ms(self.tries);
        self.tries = self.tries.saturating_add(1);
    }

    /// It was refused again, and waiting alone will not cure it: long pauses after a few tries.
    pub fn be_patient(&mut self, now: Millis) {
        if self.tries > REFUSALS_MAX {
            self.at = now + PATIENT_DELAY_MS;
        }
    }

    /// Counts a definite refusal; returns for how long there have been nothing but refusals.
    pub fn refused(&mut self, now: Millis) -> Millis {
        if self.refused_since == 0 {
            self.refused_since = now;
        }
        self.again(now, protect_delay_ms);
        now.saturating_sub(self.refused_since)
    }
}

/// Delay before the next try of a protective order that was refused `tries` times.
pub(super) fn protect_delay_ms(tries: u32) -> Millis {
    nth(&PROTECT_DELAYS_MS, tries)
}

/// Delay before the next question, after `tries` of them.
pub(super) fn ask_delay_ms(tries: u32) -> Millis {
    nth(&ASK_DELAYS_MS, tries)
}

/// Delay before the next try after busy, throttled or unreachable.
pub(super) fn retry_delay_ms(tries: u32) -> Millis {
    nth(&RETRY_DELAYS_MS, tries)
}

fn nth(delays: &[Millis], tries: u32) -> Millis {
    let last = delays.last().copied().unwrap_or_default();
    delays.get(tries as usize).copied().unwrap_or(last)
}
