//! Those who knock without a token, or with noise: counted by address, so that they fill neither the log nor the day.
//!
//! A right token never comes past here, so nobody can lock out the real sender by knocking from its address. Promise: for each address
//! and offence at most one log line a minute, for at most [`ADDRESSES_MAX`] addresses; whoever else knocks is counted together.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Wrong tokens a minute from one address before 401 becomes 429.
pub(super) const WRONG_TOKENS_MAX: u32 = 60;
/// Addresses counted one by one.
const ADDRESSES_MAX: usize = 256;
const EVERYBODY_ELSE: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
/// Length of a count, and least distance of two log lines about one address.
pub(super) const MINUTE: Duration = Duration::from_secs(60);

/// What a stranger does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Offence {
    WrongToken,
    Unreadable,
}

impl Offence {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Offence::WrongToken => "wrong_token",
            Offence::Unreadable => "unreadable_alert",
        }
    }
}

struct Count {
    since: Instant,
    seen: u32,
    unlogged: u32,
}

/// The counts of the running minute.
#[derive(Default)]
pub(super) struct Strangers {
    counts: HashMap<(IpAddr, Offence), Count>,
}

/// What one knock leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tally {
    /// How many this minute, this one included.
    pub seen: u32,
    /// Write a log line that stands for so many knocks.
    pub log: Option<u32>,
}

impl Strangers {
    /// Counts one knock.
    pub(super) fn knock(&mut self, peer: IpAddr, offence: Offence, now: Instant) -> Tally {
        let mut key = (neighbourhood(peer), offence);
        if !self.counts.contains_key(&key) && self.counts.len() >= ADDRESSES_MAX {
            key.0 = EVERYBODY_ELSE;
        }
        let fresh = Count { since: now, seen: 0, unlogged: 0 };
        let known = self.counts.contains_key(&key);
        let count = self.counts.entry(key).or_insert(fresh);
        let minute_over = now.duration_since(count.since) >= MINUTE;
        if minute_over {
            (count.since, count.seen) = (now, 0);
        }
        count.seen = count.seen.saturating_add(1);
        count.unlogged = count.unlogged.saturating_add(1);
        let log = (minute_over || !known).then(|| std::mem::take(&mut count.unlogged));
        Tally { seen: count.seen, log }
    }

    /// Ends the minutes that are over: gives what was not logged yet, forgets who has been quiet.
    pub(super) fn sweep(&mut self, now: Instant) -> Vec<(IpAddr, Offence, u32)> {
        let mut unlogged = Vec::new();
        self.counts.retain(|&(peer, offence), count| {
            if now.duration_since(count.since) < MINUTE {
                return true;
            }
            if count.unlogged == 0 {
                return false;
            }
            unlogged.push((peer, offence, count.unlogged));
            *count = Count { since: now, seen: 0, unlogged: 0 };
            true
        });
        unlogged
    }
}

/// One customer of an IPv6 provider has a whole /64.
fn neighbourhood(peer: IpAddr) -> IpAddr {
    match peer {
        IpAddr::V4(_) => peer,
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(6, 6, 6, 6));
    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn one_line_a_minute_stands_for_all() {
        let (mut strangers, start) = (Strangers::default(), Instant::now());
        assert_eq!(strangers.knock(PEER, Offence::WrongToken, start), Tally { seen: 1, log: Some(1) });
        for n in 2..=40 {
            assert_eq!(strangers.knock(PEER, Offence::WrongToken, start + SECOND * n), Tally { seen: n, log: None });
        }
        assert_eq!(strangers.knock(PEER, Offence::Unreadable, start), Tally { seen: 1, log: Some(1) });
        assert_eq!(strangers.knock(PEER, Offence::WrongToken, start + MINUTE), Tally { seen: 1, log: Some(40) });
    }

    #[test]
    fn a_sweep_logs_the_rest_and_then_forgets() {
        let (mut strangers, start) = (Strangers::default(), Instant::now());
        for _ in 0..3 {
            strangers.knock(PEER, Offence::WrongToken, start);
        }
        assert_eq!(strangers.sweep(start + SECOND), []);
        assert_eq!(strangers.sweep(start + MINUTE), [(PEER, Offence::WrongToken, 2)]);
        assert_eq!(strangers.knock(PEER, Offence::WrongToken, start + MINUTE + SECOND).log, None, "the sweep's line was this minute's");
        assert_eq!(strangers.sweep(start + MINUTE * 2), [(PEER, Offence::WrongToken, 1)]);
        assert_eq!(strangers.sweep(start + MINUTE * 3), []);
        assert!(strangers.counts.is_empty());
    }

    #[test]
    fn a_crowd_is_counted_as_one() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        let lines =
            (0..100_000u32).filter(|&n| strangers.knock(IpAddr::V4(Ipv4Addr::from_bits(n + 1)), Offence::WrongToken, now).log.is_some());
        assert_eq!(lines.count(), ADDRESSES_MAX + 1);
        assert_eq!(strangers.counts.len(), ADDRESSES_MAX + 1);
    }

    #[test]
    fn an_ipv6_network_is_one_neighbour() {
        let (mut strangers, now) = (Strangers::default(), Instant::now());
        for (address, seen) in [("2001:db8::1", 1), ("2001:db8::ffff:2", 2), ("2001:db8:0:1::1", 1)] {
            assert_eq!(strangers.knock(address.parse().unwrap(), Offence::WrongToken, now).seen, seen, "{address}");
        }
    }
}
