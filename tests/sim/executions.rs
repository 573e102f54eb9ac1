//! Executions as most exchanges show them: the book cuts one that turns a position over in two; here it is one.

use perphook::exchange::paper::Trade;
use perphook::market::Decimal;

/// One execution.
pub struct Execution {
    /// All of it, under the id of its last part.
    pub trade: Trade,
    /// How much of it closed something.
    pub closed: Decimal,
    /// Which part of its fee was for opening.
    pub open_fee: Decimal,
}

/// Joins what belongs together.
pub fn joined<'a>(trades: impl Iterator<Item = &'a Trade>) -> Vec<Execution> {
    let mut list: Vec<Execution> = Vec::new();
    for trade in trades {
        match list.last_mut() {
            Some(Execution { trade: last, open_fee, .. }) if !last.opening && trade.opening && is_same(last, trade) => {
                last.qty += trade.qty;
                last.fee += trade.fee;
                *open_fee += trade.fee;
                (last.id, last.opening) = (trade.id, true);
            }
            _ => {
                let (closed, open_fee) = if trade.opening { (Decimal::ZERO, trade.fee) } else { (trade.qty, Decimal::ZERO) };
                list.push(Execution { trade: trade.clone(), closed, open_fee });
            }
        }
    }
    list
}

fn is_same(left: &Trade, right: &Trade) -> bool {
    (left.order, left.at, left.price, left.id + 1) == (right.order, right.at, right.price, right.id)
}
