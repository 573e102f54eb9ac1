//! The numbers that the exchange gave to our orders. It was seen to lose names, of stops and targets above all, and never
//! its own numbers. Not kept over a restart: then the name must do, and for a guard what it does.

use std::collections::VecDeque;

use crate::market::ClientId;

/// Most numbers that are kept; the oldest goes first.
const NUMBERS_MAX: usize = 512;

/// Our names and the exchange's numbers.
#[derive(Debug, Default)]
pub(super) struct Given(VecDeque<(ClientId, String)>);

impl Given {
    pub(super) fn note(&mut self, id: &ClientId, number: &str) {
        self.0.retain(|(known, _)| known != id);
        if self.0.len() >= NUMBERS_MAX {
            self.0.pop_front();
        }
        self.0.push_back((id.clone(), number.to_owned()));
    }

    /// The exchange's number of an order of ours.
    pub(super) fn number(&self, id: &ClientId) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == id).map(|(_, number)| number.as_str())
    }

    /// Our name of the exchange's number.
    pub(super) fn name(&self, number: &str) -> Option<&str> {
        self.0.iter().find(|(_, known)| known == number).map(|(id, _)| id.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_numbers_are_kept() {
        let mut given = Given::default();
        let id = |n: usize| ClientId::custom(&format!("order{n}")).unwrap();
        (0..=NUMBERS_MAX).for_each(|n| given.note(&id(n), &n.to_string()));
        assert_eq!((given.number(&id(0)), given.name("0")), (None, None));
        assert_eq!((given.number(&id(1)), given.name("1")), (Some("1"), Some("order1")));
        given.note(&id(1), "7777");
        assert_eq!((given.number(&id(1)), given.name("1"), given.0.len()), (Some("7777"), None, NUMBERS_MAX));
    }
}
