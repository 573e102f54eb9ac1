//! CoinEx's JSON of orders: amounts are texts, times and ids are numbers.

use perphook::exchange::paper::{Amount, Conditional, Order, TimeInForce, Trade};
use perphook::market::{Decimal, OrderStatus, TriggerBy};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::json::text;
use super::super::line::rises;
use super::desk::Desk;

/// Ids begin after these; each kind has a space of its own.
const ORDERS: u64 = 136_913_377_779;
const PLANS: u64 = 136_915_460_993;
const ENTRIES: u64 = 123_456;
const DEALS: u64 = 3_514_376_758;

/// The order of an id.
pub fn order_of(floor: &Floor, id: u64) -> Option<&Order> {
    floor.book.order_by_number(id.checked_sub(ORDERS)?)
}

/// The plan order of an id.
pub fn plan_of(floor: &Floor, id: u64) -> Option<&Conditional> {
    floor.book.conditional_by_number(id.checked_sub(PLANS)?).filter(|order| is_plan(order))
}

/// Whether a conditional order is one by itself; all others are attributes of a position.
pub fn is_plan(order: &Conditional) -> bool {
    matches!(order.amount, Amount::Qty { reduce_only: false, .. })
}

/// The id of a plan order.
pub fn plan_id(order: &Conditional) -> u64 {
    PLANS + order.number
}

/// The id of a position's stop or target.
pub fn entry_id(order: &Conditional) -> u64 {
    ENTRIES + order.number
}

/// The name of an order, as the exchange knows it; empty for one that came without. Whether an order has the name of the
/// plan order it was is unconfirmed: here it has none.
pub fn name_of(order: &Order) -> &str {
    if order.parent.is_some() { "" } else { Floor::sent_name(&order.client_id) }
}

/// `buy` or `sell`.
pub fn side(buy: bool) -> &'static str {
    if buy { "buy" } else { "sell" }
}

/// `mark_price` or `latest_price`.
pub fn trigger_type(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "mark_price" } else { "latest_price" }
}

/// `open`, `part_filled`, …: only the query of one order tells it.
pub fn status(order: &Order) -> &'static str {
    match (order.status, order.filled.is_zero()) {
        (OrderStatus::Filled, _) => "filled",
        (OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken, true) => "open",
        (OrderStatus::Resting | OrderStatus::Triggered | OrderStatus::Taken, false) => "part_filled",
        (_, true) => "canceled",
        (_, false) => "part_canceled",
    }
}

/// What rows are made from.
pub struct Rows<'a> {
    pub floor: &'a Floor,
    pub desk: &'a Desk,
}

impl Rows<'_> {
    fn kind(&self, order: &Order) -> &'static str {
        self.desk.kind(order.number).unwrap_or(match (order.price, order.time_in_force) {
            (None, _) => "market",
            (Some(_), TimeInForce::Gtc) => "limit",
            (Some(_), TimeInForce::Ioc) => "ioc",
        })
    }

    /// An order, wherever it is shown.
    pub fn order(&self, order: &Order) -> Value {
        let (floor, knobs) = (self.floor, self.floor.book.knobs());
        let deals: Vec<&Trade> = floor.trades_of(order.number).collect();
        let sum = |part: fn(&Trade) -> Decimal| text(deals.iter().map(|trade| part(trade)).sum());
        let last = deals.last();
        json!({"order_id": ORDERS + order.number, "market": order.symbol.as_str(), "market_type": "FUTURES", "side": side(order.buy),
            "type": self.kind(order), "amount": text(order.qty), "price": text(order.price.unwrap_or_default()),
            "unfilled_amount": text(order.rest()), "filled_amount": text(order.filled), "filled_value": text(order.quote),
            "client_id": name_of(order), "fee": sum(|trade| trade.fee), "fee_ccy": "USDT", "maker_fee_rate": text(knobs.maker_fee),
            "taker_fee_rate": text(knobs.taker_fee), "last_filled_amount": text(last.map_or(Decimal::ZERO, |trade| trade.qty)),
            "last_filled_price": text(last.map_or(Decimal::ZERO, |trade| trade.price)), "realized_pnl": sum(|trade| trade.realised),
            "created_at": floor.shown(order.created), "updated_at": floor.shown(order.updated)})
    }

    /// A plan order.
    pub fn plan(&self, plan: &Conditional) -> Value {
        let qty = if let Amount::Qty { qty, .. } = plan.amount { qty } else { Decimal::ZERO };
        json!({"stop_id": plan_id(plan), "market": plan.symbol.as_str(), "market_type": "FUTURES", "side": side(plan.buy),
            "type": "market", "amount": text(qty), "price": "0", "trigger_price": text(plan.trigger_price),
            "trigger_direction": if rises(plan) { "higher" } else { "lower" }, "trigger_price_type": trigger_type(plan.by),
            "client_id": Floor::sent_name(&plan.client_id), "created_at": self.floor.shown(plan.created), "updated_at": self.floor.shown(plan.updated)})
    }

    /// One execution; `position` is the id of the position it acted on.
    pub fn deal(&self, trade: &Trade, position: u64) -> Value {
        json!({"deal_id": DEALS + trade.id, "created_at": self.floor.shown(trade.at), "market": trade.symbol.as_str(),
            "side": side(trade.buy), "order_id": ORDERS + trade.order, "position_id": position, "price": text(trade.price),
            "amount": text(trade.qty), "role": if trade.maker { "maker" } else { "taker" }, "fee": text(trade.fee), "fee_ccy": "USDT"})
    }
}
