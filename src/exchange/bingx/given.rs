//! The numbers that the exchange gave to our orders, and what limit orders were that got none. The exchange was seen to
//! lose names, of stops and targets above all, and never its own numbers. Not kept over a restart: then the name must do,
//! and for a guard what it does.

use std::collections::VecDeque;

use crate::market::{ClientId, Millis, OrderState};

/// Most numbers that are kept; the oldest goes first.
const NUMBERS_MAX: usize = 512;
/// Most orders without an answer that are kept; the oldest goes first.
const LOST_MAX: usize = 64;
/// How long an order is doubted at most because an open one without a name may be it: time for a look by the user, and its
/// contract is not blocked for long if that one is a stranger's.
pub(super) const DOUBT_MS: Millis = 300_000;
/// How far the exchange's time of an order may lie before ours: so well are the two clocks compared.
const CLOCKS_DIFFER_MS: Millis = 1000;

/// Our names and the exchange's numbers, and the orders that still have no number.
#[derive(Debug, Default)]
pub(super) struct Given {
    numbers: VecDeque<(ClientId, String)>,
    /// As they were sent, with the time.
    lost: VecDeque<(ClientId, OrderState)>,
    /// Orders that may rest without their names, and since when that is thought.
    doubted: VecDeque<(ClientId, Millis)>,
}

impl Given {
    pub(super) fn note(&mut self, id: &ClientId, number: &str) {
        self.lost.retain(|(known, _)| known != id);
        keep(&mut self.numbers, NUMBERS_MAX, id, number.to_owned());
    }

    /// The order of that number has ended: from now on its name, or what it does, may be another one's.
    pub(super) fn forget(&mut self, id: &ClientId) {
        self.numbers.retain(|(known, _)| known != id);
    }

    /// The exchange's number of an order of ours.
    pub(super) fn number(&self, id: &ClientId) -> Option<&str> {
        find(&self.numbers, id).map(String::as_str)
    }

    /// Our name of the exchange's number.
    pub(super) fn name(&self, number: &str) -> Option<&str> {
        self.numbers.iter().find(|(_, known)| known == number).map(|(id, _)| id.as_str())
    }

    /// An order was sent that nobody answered for; its `created_at` is our time before it left.
    pub(super) fn lose(&mut self, id: &ClientId, sent: OrderState) {
        keep(&mut self.lost, LOST_MAX, id, sent);
    }

    /// Whether nobody answered for an order, and it was not found since.
    pub(super) fn is_lost(&self, id: &ClientId) -> bool {
        find(&self.lost, id).is_some()
    }

    /// The exchange does not know the name of an order that may rest without it.
    pub(super) fn doubt(&mut self, id: &ClientId, now: Millis) {
        keep(&mut self.doubted, LOST_MAX, id, now);
    }

    /// How long that has been so already.
    pub(super) fn doubted_ms(&self, id: &ClientId, now: Millis) -> Option<Millis> {
        find(&self.doubted, id).map(|since| now.saturating_sub(*since))
    }

    /// Whether an open order may be that one: it has no name, and is what was sent, not earlier than that.
    pub(super) fn may_be(&self, id: &ClientId, state: &OrderState) -> bool {
        let Some(sent) = find(&self.lost, id) else { return false };
        let what = |order: &OrderState| (order.side, order.opens, order.conditional, order.price, order.qty);
        let late_enough = state.created_at.saturating_add(CLOCKS_DIFFER_MS) >= sent.created_at;
        state.id.is_empty() && state.symbol == sent.symbol && what(state) == what(sent) && late_enough
    }
}

/// Adds one, in place of an older one of that name, or of the oldest.
fn keep<T>(list: &mut VecDeque<(ClientId, T)>, most: usize, id: &ClientId, value: T) {
    list.retain(|(known, _)| known != id);
    if list.len() >= most {
        list.pop_front();
    }
    list.push_back((id.clone(), value));
}

fn find<'a, T>(list: &'a VecDeque<(ClientId, T)>, id: &ClientId) -> Option<&'a T> {
    list.iter().find(|(known, _)| known == id).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exchange::orders::taken;
    use crate::market::{Action, Decimal, NewOrder, OrderKind, Side, Symbol};

    #[test]
    fn the_newest_numbers_are_kept() {
        let mut given = Given::default();
        let id = |n: usize| ClientId::custom(&format!("order{n}")).unwrap();
        (0..=NUMBERS_MAX).for_each(|n| given.note(&id(n), &n.to_string()));
        assert_eq!((given.number(&id(0)), given.name("0")), (None, None));
        assert_eq!((given.number(&id(1)), given.name("1")), (Some("1"), Some("order1")));
        given.note(&id(1), "7777");
        assert_eq!((given.number(&id(1)), given.name("1"), given.numbers.len()), (Some("7777"), None, NUMBERS_MAX));
        given.forget(&id(1));
        assert_eq!((given.number(&id(1)), given.name("7777")), (None, None));
    }

    #[test]
    fn of_the_orders_without_an_answer_the_newest_are_kept_until_they_have_a_number() {
        let mut given = Given::default();
        let id = |n: usize| ClientId::custom(&format!("order{n}")).unwrap();
        let order = NewOrder {
            id: id(0),
            symbol: Symbol::new("ETH-USDT"),
            side: Side::Long,
            action: Action::Open,
            kind: OrderKind::Limit { price: Decimal::TEN },
            qty: Decimal::ONE,
            stop: None,
        };
        (0..=LOST_MAX).for_each(|n| given.lose(&id(n), taken(&order, 5000)));
        assert_eq!((given.is_lost(&id(0)), given.is_lost(&id(1)), given.lost.len()), (false, true, LOST_MAX));
        let at = |created_at| OrderState { id: String::new(), created_at, ..taken(&order, 0) };
        assert_eq!([3999, 4000, 9000].map(|time| given.may_be(&id(1), &at(time))), [false, true, true]);
        given.note(&id(1), "1");
        assert!(!given.is_lost(&id(1)) && !given.may_be(&id(1), &at(9000)));
    }
}
