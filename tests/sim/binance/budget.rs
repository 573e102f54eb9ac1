//! The request budget of one address: accounts that call from there share it, and its bans.

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
#[derive(Clone, Copy, Debug, Default)]
pub struct Budget {
    /// Weight of this minute.
    pub weight: Window,
    /// Who calls before this time earns a ban …
    pub limited_until: Millis,
    /// … of this length.
    pub ban_ms: Millis,
    /// No call at all before this time.
    pub banned_until: Millis,
}
