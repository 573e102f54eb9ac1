//! What an account has that the book does not keep: of which type its orders are, and what it has used of its budgets.

use std::collections::BTreeMap;

use perphook::market::Millis;

use super::super::address::Window;
use super::SECOND;
use super::routes::Group;

/// Notes that are kept.
const NOTES_MAX: usize = 10_000;

/// See the head of this file.
#[derive(Debug, Default)]
pub struct Desk {
    kinds: BTreeMap<u64, &'static str>,
    used: BTreeMap<Group, Window>,
}

impl Desk {
    /// Keeps of which type an order is.
    pub fn keep(&mut self, number: u64, kind: &'static str) {
        while self.kinds.len() >= NOTES_MAX {
            self.kinds.pop_first();
        }
        self.kinds.insert(number, kind);
    }

    /// Of which type an order is, if it was sent as one.
    pub fn kind(&self, number: u64) -> Option<&'static str> {
        self.kinds.get(&number).copied()
    }

    /// Counts a request; what this second has seen of its group, and how much it may see.
    pub fn count(&mut self, group: Group, weight: u32, now: Millis) -> (u32, u32) {
        (self.used.entry(group).or_default().add(now, SECOND, weight), group.max())
    }
}
