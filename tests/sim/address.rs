//! The request budget of one address: accounts that call from there share it, and its bans.

use std::collections::BTreeMap;

use perphook::market::Millis;

/// A counter over fixed windows of time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Window {
    index: u64,
    used: u32,
}

impl Window {
    /// Counts, and returns what this window has seen.
    pub fn add(&mut self, now: Millis, length_ms: Millis, amount: u32) -> u32 {
        let index = now / length_ms;
        if index != self.index {
            *self = Window { index, used: 0 };
        }
        self.used += amount;
        self.used
    }
}

/// What an address has used up, and since when it must be silent.
#[derive(Clone, Debug, Default)]
pub struct Address {
    counters: BTreeMap<&'static str, Window>,
    limited_until: Millis,
    ban_ms: Millis,
    banned_until: Millis,
}

/// What an address that calls is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing: it may ask.
    Open,
    /// It is too early, true time.
    Limited(Millis),
    /// It is shut out, true time.
    Banned(Millis),
}

impl Address {
    /// Counts on a budget of this name, and returns what its window has seen.
    pub fn count(&mut self, budget: &'static str, now: Millis, length_ms: Millis, amount: u32) -> u32 {
        self.counters.entry(budget).or_default().add(now, length_ms, amount)
    }

    /// No call is welcome before this time; one that comes earns a ban of this length, if it is not zero.
    pub fn limit(&mut self, until: Millis, ban_ms: Millis) {
        (self.limited_until, self.ban_ms) = (until, ban_ms);
    }

    /// Somebody calls.
    pub fn call(&mut self, now: Millis) -> Gate {
        if now >= self.banned_until && now < self.limited_until && self.ban_ms > 0 {
            self.banned_until = now + self.ban_ms;
        }
        match (now < self.banned_until, now < self.limited_until) {
            (true, _) => Gate::Banned(self.banned_until),
            (false, true) => Gate::Limited(self.limited_until),
            (false, false) => Gate::Open,
        }
    }
}
