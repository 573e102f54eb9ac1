//! What v2 and v3 do alike with orders: placing them, finding them, and cutting lists into pages.

use perphook::exchange::paper::{AttachedStop, Denial, Effect, NewPlain, Order, TimeInForce, Trade};
use perphook::market::{Decimal, Millis, OrderStatus, Side, Symbol, TriggerBy};
use serde_json::Value;

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::Fail;

/// Ids lie beyond what a double can count.
const ORDER_IDS: u64 = 1_117_000_000_000_000_000;
const TRADE_IDS: u64 = 1_119_000_000_000_000_000;
const LIST_MAX: usize = 100;

/// An order that somebody wants, in the words of the engine: `buy` is the direction of the trade.
pub struct Wish {
    pub symbol: Symbol,
    pub buy: bool,
    /// The position meant, in hedge mode.
    pub position_side: Option<Side>,
    /// Of one-way mode.
    pub reduce_only: bool,
    pub price: Option<Decimal>,
    pub time_in_force: TimeInForce,
    pub qty: Decimal,
    pub client_id: Option<String>,
    /// Trigger price of a stop that comes with it, and what is watched.
    pub stop: Option<(Decimal, TriggerBy)>,
}

/// What became of it: its number, and whether older orders had to give way.
pub struct Placed {
    pub number: u64,
    pub displaces: bool,
}

/// Places an order.
///
/// An order that reduces one-way positions displaces older ones of its kind, oldest first, until all of them together fit
/// the position. In hedge mode a market order closes only what resting orders have not reserved: it is cut to that. What
/// becomes of one that is larger than the position is not said; here it is refused.
pub fn place(floor: &mut Floor, wish: Wish, now: Millis) -> Result<Placed, Denial> {
    let mut displaced = Vec::new();
    let mut qty = wish.qty;
    let effect = Effect::of(wish.buy, wish.position_side, wish.reduce_only);
    if let (Some(side), None) = (effect.closes, effect.opens) {
        let held = floor.book.position(&wish.symbol, side);
        if held.is_zero() {
            return Err(Denial::NoPosition);
        }
        if qty > held {
            return Err(Denial::Oversized { held });
        }
        let resting: Vec<(u64, Decimal)> = floor.reducing(&wish.symbol, side).map(|order| (order.number, order.rest())).collect();
        let reserved: Decimal = resting.iter().map(|(_, rest)| rest).sum();
        if floor.book.is_hedge() {
            qty = cut(qty, held - reserved, wish.price.is_none())?;
        } else {
            let mut excess = reserved + qty - held;
            displaced = resting;
            displaced.retain(|(_, rest)| {
                let gives_way = excess > Decimal::ZERO;
                excess -= *rest;
                gives_way
            });
        }
    }
    let new = new_order(floor, &wish, qty);
    match floor.book.check(&new) {
        Err(denial) if displaced.is_empty() || denial != Denial::ReduceOnlyConflict => return Err(denial),
        _ => {}
    }
    for (number, _) in &displaced {
        floor.book.cancel(*number, now)?;
    }
    let number = floor.book.place(&new, now)?;
    Ok(Placed { number, displaces: !displaced.is_empty() })
}

/// What is left for an order that closes.
fn cut(qty: Decimal, free: Decimal, at_market: bool) -> Result<Decimal, Denial> {
    match (qty <= free, at_market && free > Decimal::ZERO) {
        (true, _) => Ok(qty),
        (false, true) => Ok(free),
        (false, false) => Err(Denial::ReduceOnlyConflict),
    }
}

fn new_order(floor: &Floor, wish: &Wish, qty: Decimal) -> NewPlain {
    let made_up = floor.made_up_id();
    NewPlain {
        client_id: wish.client_id.clone().unwrap_or_else(|| made_up.clone()),
        symbol: wish.symbol.clone(),
        buy: wish.buy,
        position_side: wish.position_side,
        reduce_only: wish.reduce_only,
        price: wish.price,
        time_in_force: wish.time_in_force,
        qty,
        stop: wish.stop.map(|(trigger_price, by)| AttachedStop { name: made_up, trigger_price, by }),
    }
}

/// Closes one side at market, as far as nothing has reserved it.
pub fn close(floor: &mut Floor, symbol: &Symbol, side: Side, now: Millis) -> Result<Placed, Denial> {
    let hedge = floor.book.is_hedge();
    let wish = Wish {
        symbol: symbol.clone(),
        buy: side == Side::Short,
        position_side: hedge.then_some(side),
        reduce_only: !hedge,
        price: None,
        time_in_force: TimeInForce::Gtc,
        qty: floor.book.position(symbol, side),
        client_id: None,
        stop: None,
    };
    place(floor, wish, now)
}

/// What is held of these contracts and sides.
pub fn held(floor: &Floor, only: Option<&Symbol>, side: Option<Side>) -> Vec<(Symbol, Side)> {
    let markets = floor.book.markets().filter(|(symbol, _)| only.is_none_or(|only| only == *symbol));
    let sides = markets.flat_map(|(symbol, market)| [Side::Long, Side::Short].map(|side| (symbol, side, market.held(side).qty)));
    let wanted = sides.filter(|(_, one, qty)| side.is_none_or(|side| side == *one) && !qty.is_zero());
    wanted.map(|(symbol, side, _)| (symbol.clone(), side)).collect()
}

/// How long an order may wait: `force` in v2, `timeInForce` in v3; of no meaning at market.
pub fn time_in_force(params: &Params, name: &str, is_limit: bool) -> Result<TimeInForce, Fail> {
    match params.some(name).map(str::to_ascii_lowercase).as_deref() {
        None | Some("gtc") => Ok(TimeInForce::Gtc),
        Some("ioc") => Ok(TimeInForce::Ioc),
        Some("fok" | "post_only") if is_limit => Err(Fail::not_simulated(name)),
        Some("fok" | "post_only") => Ok(TimeInForce::Gtc),
        Some(_) => Err(Fail::wrong(name)),
    }
}

/// An order's id.
pub fn order_id(number: u64) -> String {
    (ORDER_IDS + number).to_string()
}

/// An execution's id.
pub fn trade_id(number: u64) -> String {
    (TRADE_IDS + number).to_string()
}

/// The name an order goes by. One that came without a name is given one, and so is one that a stop or target became:
/// whether that keeps its name is not said.
pub fn name_of(order: &Order) -> String {
    if order.parent.is_some() || Floor::is_made_up(&order.client_id) { order_id(order.number) } else { order.client_id.clone() }
}

/// The order a request names by id, or else by name, if it can be seen yet: the newest.
pub fn named<'a>(floor: &'a Floor, params: &Params, now: Millis) -> Result<Option<&'a Order>, Fail> {
    let order = match (params.some("orderId"), params.some("clientOid")) {
        (Some(id), _) => floor.book.all_orders().rev().find(|order| order_id(order.number) == id),
        (None, Some(name)) => floor.book.all_orders().rev().find(|order| name_of(order) == name),
        (None, None) => return Err(Fail::empty("orderId")),
    };
    Ok(order.filter(|order| floor.is_visible(order.created, now)))
}

/// Open orders of a contract, or of all, that can be seen.
pub fn open<'a>(floor: &'a Floor, only: Option<&'a Symbol>, now: Millis) -> impl Iterator<Item = &'a Order> {
    let open = floor.book.open_orders().iter().filter(move |order| only.is_none_or(|only| *only == order.symbol));
    open.filter(move |order| floor.is_visible(order.created, now))
}

/// Ended orders of a contract, or of all, that can be seen.
pub fn ended<'a>(floor: &'a Floor, only: Option<&'a Symbol>, now: Millis) -> impl Iterator<Item = &'a Order> {
    let all = floor.book.all_orders().filter(move |order| only.is_none_or(|only| *only == order.symbol));
    all.filter(move |order| order.status.is_final() && floor.is_visible(order.created, now))
}

/// Executions of a contract, or of all; of one order if a request names one.
pub fn trades<'a>(floor: &'a Floor, params: &'a Params, only: Option<&'a Symbol>) -> impl Iterator<Item = &'a Trade> {
    let order = params.some("orderId");
    let trades = floor.book.trades().iter().filter(move |trade| only.is_none_or(|only| *only == trade.symbol));
    trades.filter(move |trade| order.is_none_or(|id| order_id(trade.order) == id))
}

/// Fees paid and profit made by an order.
pub fn sums(floor: &Floor, order: &Order) -> (Decimal, Decimal) {
    let mine = floor.trades_of(order.number);
    mine.fold((Decimal::ZERO, Decimal::ZERO), |sum, trade| (sum.0 + trade.fee, sum.1 + trade.realised))
}

/// `live`, `partially_filled`, `filled`, or the given word for an order that was withdrawn.
pub fn status(order: &Order, withdrawn: &'static str) -> &'static str {
    match order.status {
        OrderStatus::Filled => "filled",
        _ if order.status.is_final() => withdrawn,
        _ if order.filled.is_zero() => "live",
        _ => "partially_filled",
    }
}

/// One page of a list that goes from new to old.
pub struct Page {
    below: Option<String>,
    from: Millis,
    to: Millis,
    limit: usize,
}

impl Page {
    /// Reads limits in time and number; `cursor` is the parameter that carries the last id of the page before.
    pub fn read(floor: &Floor, params: &Params, cursor: &str) -> Result<Page, Fail> {
        let time = |name| params.read::<Millis>(name).map(|shown| floor.true_time(shown));
        let limit = params.read("limit").unwrap_or(LIST_MAX);
        if limit == 0 || limit > LIST_MAX {
            return Err(Fail::wrong("limit"));
        }
        let (from, to) = (time("startTime").unwrap_or(0), time("endTime").unwrap_or(Millis::MAX));
        Ok(Page { below: params.some(cursor).map(str::to_owned), from, to, limit })
    }

    /// The rows of this page and the id of the last one; ids all have the same length.
    pub fn of<T>(
        &self,
        all: impl Iterator<Item = T>,
        key: impl Fn(&T) -> (String, Millis),
        row: impl Fn(T) -> Value,
    ) -> (Vec<Value>, Value) {
        let mut list: Vec<(String, T)> = Vec::new();
        for one in all {
            let (id, at) = key(&one);
            if (self.from..=self.to).contains(&at) && self.below.as_ref().is_none_or(|below| id < *below) {
                list.push((id, one));
            }
        }
        list.sort_by(|a, b| b.0.cmp(&a.0));
        list.truncate(self.limit);
        let last = list.last().map_or(Value::Null, |(id, _)| Value::from(id.as_str()));
        (list.into_iter().map(|(_, one)| row(one)).collect(), last)
    }
}
