//! Orders of one id space: the open ones, and the last that ended.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::order::{Conditional, Order};

/// Open orders in the order of their numbers, and a bounded ring of ended ones.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Shelf<T> {
    pub(super) open: Vec<T>,
    pub(super) ended: VecDeque<T>,
    last_number: u64,
}

impl<T> Shelf<T> {
    pub(super) fn new() -> Shelf<T> {
        Shelf { open: Vec::new(), ended: VecDeque::new(), last_number: 0 }
    }

    /// The next number of this space.
    pub(super) fn number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Every order known, oldest end first, open ones last.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.ended.iter().chain(self.open.iter())
    }

    /// The newest order that fits; open ones before ended ones.
    pub(super) fn latest(&self, fits: impl Fn(&T) -> bool) -> Option<&T> {
        self.iter().rev().find(|order| fits(order))
    }

    /// Puts an ended order away; the oldest gives way.
    pub(super) fn retire(&mut self, order: T, max: usize) {
        while self.ended.len() >= max.max(1) {
            self.ended.pop_front();
        }
        self.ended.push_back(order);
    }

    /// Moves every open order that has ended to the ring.
    pub(super) fn sweep(&mut self, max: usize, has_ended: impl Fn(&T) -> bool) {
        let mut index = 0;
        while let Some(order) = self.open.get(index) {
            if has_ended(order) {
                let order = self.open.remove(index);
                self.retire(order, max);
            } else {
                index += 1;
            }
        }
    }
}

/// What goes by a name.
pub(super) trait Named {
    fn name(&self) -> &str;
}

impl Named for Order {
    fn name(&self) -> &str {
        &self.client_id
    }
}

impl Named for Conditional {
    fn name(&self) -> &str {
        &self.client_id
    }
}

impl<T: Named> Shelf<T> {
    /// Whether a new order may have this name. `reuse`: those of ended orders are free again.
    pub(super) fn is_free(&self, name: &str, reuse: bool) -> bool {
        let is_taken = |order: &T| order.name() == name;
        !self.open.iter().any(is_taken) && (reuse || !self.ended.iter().any(is_taken))
    }
}
