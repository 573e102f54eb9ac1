//! Orders and what became of them: acknowledgements, rows of lists, executions.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{List, half};
use crate::exchange::answers::{Direction, success};
use crate::exchange::numbers::{decimal, decimal_or_zero, millis_or_zero};
use crate::exchange::orders::{acts_on, fee, our_time, taken};
use crate::market::{Decimal, Fill, Millis, NewOrder, OrderState, OrderStatus, ProtectionKind, Side, Symbol};

/// An acknowledgement of an order: nothing but its names.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::bybit) struct Ack {
    #[serde(default)]
    order_link_id: String,
}

impl Ack {
    /// `taken_at` is our time.
    pub(in crate::exchange::bybit) fn state(self, order: &NewOrder, taken_at: Millis) -> OrderState {
        OrderState { id: self.order_link_id, ..taken(order, taken_at) }
    }
}

/// `POST /v5/order/create-batch`: names in one list, verdicts in another, both in the order of the request.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::bybit) struct BatchReply {
    #[serde(rename = "retCode", deserialize_with = "success")]
    _code: (),
    pub(in crate::exchange::bybit) result: List<Ack>,
    pub(in crate::exchange::bybit) ret_ext_info: Verdicts,
    #[serde(default, deserialize_with = "millis_or_zero")]
    pub(in crate::exchange::bybit) time: Millis,
}

#[derive(Deserialize)]
pub(in crate::exchange::bybit) struct Verdicts {
    pub(in crate::exchange::bybit) list: Vec<Box<RawValue>>,
}

/// That an order of a batch was taken is said as plainly as that a whole call was.
#[derive(Deserialize)]
pub(in crate::exchange::bybit) struct Accepted {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
}

/// One order in `GET /v5/order/realtime` and `/v5/order/history`, plain or conditional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::bybit) struct OrderRow {
    #[serde(default)]
    order_link_id: String,
    order_status: String,
    side: Direction,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    position_idx: Decimal,
    #[serde(deserialize_with = "decimal")]
    qty: Decimal,
    #[serde(deserialize_with = "decimal")]
    cum_exec_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    trigger_price: Decimal,
    #[serde(default)]
    trigger_direction: i64,
    #[serde(default)]
    stop_order_type: String,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default)]
    close_on_trigger: bool,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_time: Millis,
}

impl OrderRow {
    /// A stop or target of the whole position that waits: its position shows it as well, and tells it better.
    pub(in crate::exchange::bybit) fn is_attribute(&self) -> bool {
        let whole = matches!(self.stop_order_type.as_str(), "StopLoss" | "TakeProfit");
        whole && self.order_link_id.is_empty() && self.order_status == "Untriggered"
    }

    /// `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::bybit) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let conditional = !matches!(self.stop_order_type.as_str(), "" | "UNKNOWN");
        let half = i64::try_from(self.position_idx).ok().and_then(half);
        let (side, opens) = acts_on(self.side == Direction::Buy, half, self.reduce_only || self.close_on_trigger);
        OrderState {
            symbol: symbol.clone(),
            side,
            opens,
            conditional,
            guards: guards(&self.stop_order_type).or_else(|| (!opens).then(|| self.guards_by_direction(side)).flatten()),
            status: status(&self.order_status, conditional),
            qty: self.qty,
            filled: self.cum_exec_qty,
            avg_price: self.avg_price,
            price: if conditional { self.trigger_price } else { self.price },
            created_at: our_time(self.created_time, offset_ms),
            id: self.order_link_id,
        }
    }

    /// A conditional order with a quantity: what it is shows in the direction the price must take.
    fn guards_by_direction(&self, side: Side) -> Option<ProtectionKind> {
        match (self.stop_order_type.as_str(), self.trigger_direction, side) {
            ("Stop", 1, Side::Long) | ("Stop", 2, Side::Short) => Some(ProtectionKind::TakeProfit),
            ("Stop", 2, Side::Long) | ("Stop", 1, Side::Short) => Some(ProtectionKind::StopLoss),
            _ => None,
        }
    }
}

/// A word nobody knows yet counts as not ended, so that the order is asked for again.
fn status(word: &str, conditional: bool) -> OrderStatus {
    match word {
        "Filled" => OrderStatus::Filled,
        "Cancelled" | "PartiallyFilledCanceled" | "Deactivated" => OrderStatus::Canceled,
        "Rejected" => OrderStatus::Rejected,
        "Triggered" => OrderStatus::Triggered,
        // It fired: what waits now is the order it became.
        "New" | "PartiallyFilled" if conditional => OrderStatus::Triggered,
        _ => OrderStatus::Resting,
    }
}

fn guards(stop_order_type: &str) -> Option<ProtectionKind> {
    match stop_order_type {
        "StopLoss" | "PartialStopLoss" => Some(ProtectionKind::StopLoss),
        "TakeProfit" | "PartialTakeProfit" => Some(ProtectionKind::TakeProfit),
        _ => None,
    }
}

/// One row of `GET /v5/execution/list`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::bybit) struct ExecutionRow {
    exec_id: String,
    side: Direction,
    #[serde(default)]
    exec_type: String,
    #[serde(deserialize_with = "decimal")]
    exec_price: Decimal,
    #[serde(deserialize_with = "decimal")]
    exec_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    exec_fee: Decimal,
    #[serde(default)]
    fee_currency: String,
    /// How much of a position it closed.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    closed_size: Decimal,
    #[serde(default)]
    stop_order_type: String,
    #[serde(deserialize_with = "millis_or_zero")]
    exec_time: Millis,
}

impl ExecutionRow {
    /// Whatever moved the position, a liquidation and an auto-deleveraging too. Funding stands in the same list.
    pub(in crate::exchange::bybit) fn is_trade(&self) -> bool {
        matches!(self.exec_type.as_str(), "Trade" | "BustTrade" | "AdlTrade")
    }

    /// With the exchange's name of it. `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::bybit) fn fill(self, hedge: bool, settle: &str, offset_ms: i64) -> (String, Fill) {
        let buy = self.side == Direction::Buy;
        // The half is not said, but which way an execution went and whether it closed something tells it.
        let (side, _) = acts_on(buy, None, self.closed_size > Decimal::ZERO);
        let (fee, fee_elsewhere) = fee(self.exec_fee, self.fee_currency.is_empty() || self.fee_currency == settle);
        let fill = Fill {
            by: guards(&self.stop_order_type),
            side: hedge.then_some(side),
            buy,
            price: self.exec_price,
            qty: self.exec_qty,
            fee,
            fee_elsewhere,
            at: our_time(self.exec_time, offset_ms),
        };
        (self.exec_id, fill)
    }
}
