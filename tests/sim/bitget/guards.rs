//! What v2 and v3 do alike with stops and targets.
//!
//! Each leg waits in the book on its own. A v3 order that holds two prices is two legs, of which the second carries the
//! first one's name and [`SECOND_LEG`]: they end together.

use perphook::exchange::paper::{Amount, Conditional, Denial, NewConditional};
use perphook::market::{Decimal, Millis, ProtectionKind, Side, Symbol, TriggerBy};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::Fail;

const GUARD_IDS: u64 = 1_118_000_000_000_000_000;
/// How the name of an order's second leg ends; nobody else's may.
pub const SECOND_LEG: &str = "/tp";

/// A leg that somebody wants.
pub struct Leg {
    pub symbol: Symbol,
    /// The position it protects.
    pub side: Side,
    pub kind: ProtectionKind,
    pub trigger_price: Decimal,
    pub by: TriggerBy,
    /// A part of the position; `None` for all of it.
    pub qty: Option<Decimal>,
    pub name: String,
}

/// Whether a leg would be accepted, short of what the book itself checks. Parts of one kind may together not exceed the
/// position where that is asked.
pub fn check(floor: &Floor, leg: &Leg, sum_up: bool, now: Millis) -> Result<(), Denial> {
    if !floor.is_held(&leg.symbol, leg.side, now) {
        return Err(Denial::NoPosition);
    }
    let held = floor.book.position(&leg.symbol, leg.side);
    let twins = waiting(floor, Some(&leg.symbol)).filter(|order| side_of(order) == leg.side && order.kind == leg.kind);
    let others: Decimal = twins.filter(|_| sum_up).filter_map(part_of).sum();
    match leg.qty {
        Some(qty) if qty + others > held => Err(Denial::Oversized { held }),
        _ => Ok(()),
    }
}

/// Lets a leg wait that was checked, and returns its number.
pub fn place(floor: &mut Floor, leg: Leg, now: Millis) -> Result<u64, Denial> {
    let hedge = floor.book.is_hedge();
    let new = NewConditional {
        client_id: leg.name,
        symbol: leg.symbol,
        buy: leg.side == Side::Short,
        position_side: hedge.then_some(leg.side),
        kind: leg.kind,
        trigger_price: leg.trigger_price,
        by: leg.by,
        amount: leg.qty.map_or(Amount::WholePosition, |qty| Amount::Qty { qty, reduce_only: !hedge }),
    };
    floor.book.place_conditional(&new, now)
}

/// The id of a stop or target.
pub fn guard_id(number: u64) -> String {
    (GUARD_IDS + number).to_string()
}

/// The name a stop or target goes by; one that came without a name is given one.
pub fn name_of(order: &Conditional) -> String {
    if Floor::is_made_up(&order.client_id) { guard_id(order.number) } else { order.client_id.clone() }
}

/// The position a stop or target protects.
pub fn side_of(order: &Conditional) -> Side {
    if order.buy { Side::Short } else { Side::Long }
}

/// The part of the position it closes; `None` for all of it.
pub fn part_of(order: &Conditional) -> Option<Decimal> {
    if let Amount::Qty { qty, .. } = order.amount { Some(qty) } else { None }
}

/// Those of a contract, or of all, that wait for their price. One that was set off is in no list any more.
pub fn waiting<'a>(floor: &'a Floor, only: Option<&'a Symbol>) -> impl Iterator<Item = &'a Conditional> {
    let open = floor.book.open_conditionals().iter().filter(|order| order.is_waiting());
    open.filter(move |order| only.is_none_or(|only| *only == order.symbol))
}

/// Those of a contract, or of all, that wait no more.
pub fn ended<'a>(floor: &'a Floor, only: Option<&'a Symbol>) -> impl Iterator<Item = &'a Conditional> {
    let all = floor.book.all_conditionals().filter(|order| !order.is_waiting());
    all.filter(move |order| only.is_none_or(|only| *only == order.symbol))
}

/// The waiting one that a request names by id, or else by name, if it can be seen yet.
pub fn named<'a>(floor: &'a Floor, params: &Params, now: Millis) -> Result<Option<&'a Conditional>, Fail> {
    let order = match (params.some("orderId"), params.some("clientOid")) {
        (Some(id), _) => waiting(floor, None).find(|order| guard_id(order.number) == id),
        (None, Some(name)) => waiting(floor, None).find(|order| name_of(order) == name),
        (None, None) => return Err(Fail::empty("orderId")),
    };
    Ok(order.filter(|order| !is_second(order) && floor.is_visible(order.created, now)))
}

/// Whether it is the second leg of an order.
pub fn is_second(order: &Conditional) -> bool {
    order.client_id.ends_with(SECOND_LEG)
}

/// The second leg of an order that waits.
pub fn second_of<'a>(floor: &'a Floor, order: &'a Conditional) -> Option<&'a Conditional> {
    waiting(floor, Some(&order.symbol)).find(|other| other.client_id.strip_suffix(SECOND_LEG) == Some(&order.client_id))
}

/// Ends legs whose other half was set off or cancelled.
pub fn end_halves(floor: &mut Floor, now: Millis) {
    let is_half = |order: &&Conditional| {
        let other = match order.client_id.strip_suffix(SECOND_LEG) {
            Some(first) => floor.book.conditional_by_id(first),
            None => floor.book.conditional_by_id(&format!("{}{SECOND_LEG}", order.client_id)).filter(|other| other.number > order.number),
        };
        other.is_some_and(|other| !other.is_waiting())
    };
    let halves: Vec<u64> = waiting(floor, None).filter(is_half).map(|order| order.number).collect();
    for number in halves {
        // It waited a moment ago, and nothing happened in between.
        let _ = floor.book.cancel_conditional(number, now);
    }
}
