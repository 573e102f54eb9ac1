//! Orders, plain and conditional: how they are acknowledged, shown and cancelled.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

use super::{Rows, flag, flag_if_said, text};
use crate::exchange::answers::{Direction, Half};
use crate::exchange::attempt::{Attempt, refusal};
use crate::exchange::bingx::errors;
use crate::exchange::error::{ExchangeError, Reason};
use crate::exchange::numbers::{decimal, decimal_or_zero, integer, millis_or_zero};
use crate::exchange::orders::{acts_on, our_time};
use crate::market::{Decimal, Millis, OrderState, OrderStatus, ProtectionKind, Side, Symbol};

/// What stands around a single order.
#[derive(serde::Deserialize)]
pub(in crate::exchange::bingx) struct One<T> {
    pub(in crate::exchange::bingx) order: T,
}

/// What stands around a list of orders.
#[derive(serde::Deserialize)]
pub(in crate::exchange::bingx) struct Orders {
    pub(in crate::exchange::bingx) orders: Rows<Named<OrderRow>>,
}

/// Something said of an order, and the order's names.
pub(in crate::exchange::bingx) struct Named<T> {
    names: Names,
    pub(in crate::exchange::bingx) row: T,
}

/// Each in two spellings, of which an answer has one or both.
#[derive(serde::Deserialize)]
struct Names {
    #[serde(default, rename = "orderId", deserialize_with = "text")]
    number: String,
    #[serde(default, rename = "orderID", deserialize_with = "text")]
    number_too: String,
    #[serde(default, rename = "clientOrderId", deserialize_with = "text")]
    ours: String,
    #[serde(default, rename = "clientOrderID", deserialize_with = "text")]
    ours_too: String,
}

impl<'de, T: serde::de::DeserializeOwned> Deserialize<'de> for Named<T> {
    /// Names and row are read from the same text one after the other: flattened, numbers would lose their digits.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<T>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let names = serde_json::from_str(raw.get()).map_err(Error::custom)?;
        Ok(Named { names, row: serde_json::from_str(raw.get()).map_err(Error::custom)? })
    }
}

impl<T> Named<T> {
    /// The exchange's number for it; empty when it is not said.
    pub(in crate::exchange::bingx) fn number(&self) -> &str {
        if matches!(self.names.number.as_str(), "" | "0") { &self.names.number_too } else { &self.names.number }
    }

    /// Our name for it, as the exchange gives it back; empty when it kept none.
    pub(in crate::exchange::bingx) fn name(&self) -> &str {
        if self.names.ours.is_empty() { &self.names.ours_too } else { &self.names.ours }
    }
}

/// The answer to a new order, plain or conditional: whatever it says of its state, the order is only taken.
#[derive(serde::Deserialize)]
pub(in crate::exchange::bingx) struct Ack {
    pub(in crate::exchange::bingx) symbol: String,
    pub(in crate::exchange::bingx) side: String,
    #[serde(rename = "type")]
    pub(in crate::exchange::bingx) kind: String,
}

/// One order in `GET trade/order` and `GET trade/openOrders`.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::bingx) struct OrderRow {
    side: Direction,
    #[serde(default)]
    position_side: Half,
    #[serde(rename = "type")]
    kind: String,
    status: String,
    #[serde(deserialize_with = "decimal")]
    orig_qty: Decimal,
    #[serde(deserialize_with = "decimal")]
    executed_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_price: Decimal,
    #[serde(default, deserialize_with = "flag")]
    reduce_only: bool,
    #[serde(default, deserialize_with = "flag")]
    close_position: bool,
    #[serde(default, deserialize_with = "flag_if_said")]
    only_one_position: Option<bool>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    time: Millis,
}

/// What an order is, as its executions need it.
#[derive(Clone, Copy, Debug)]
pub(in crate::exchange::bingx) struct Role {
    pub(in crate::exchange::bingx) is_buy: bool,
    /// The half of a hedge-mode account it acts on.
    pub(in crate::exchange::bingx) half: Option<Side>,
    pub(in crate::exchange::bingx) guards: Option<ProtectionKind>,
    /// Whether it closes a position rather than opens one, as far as it says so.
    pub(in crate::exchange::bingx) closes: bool,
}

impl OrderRow {
    pub(in crate::exchange::bingx) fn role(&self) -> Role {
        let closes = !acts_on(self.is_buy(), self.half(), self.closes()).1;
        Role { is_buy: self.is_buy(), half: self.half(), guards: self.guards(), closes }
    }

    fn is_buy(&self) -> bool {
        self.side == Direction::Buy
    }

    fn half(&self) -> Option<Side> {
        self.position_side.side().filter(|_| self.only_one_position != Some(true))
    }

    /// Which protective order it is. One that would become a limit order protects nothing for sure, and is neither.
    fn guards(&self) -> Option<ProtectionKind> {
        match self.kind.as_str() {
            "STOP_MARKET" => Some(ProtectionKind::StopLoss),
            "TAKE_PROFIT_MARKET" => Some(ProtectionKind::TakeProfit),
            _ => None,
        }
    }

    /// Plain orders apart, every type waits for a price.
    fn is_conditional(&self) -> bool {
        !matches!(self.kind.as_str(), "LIMIT" | "MARKET")
    }

    /// Stops and targets need a position and so close it, whether a flag says so or not (in hedge mode the half says it);
    /// plan orders may open one.
    fn closes(&self) -> bool {
        let is_guard = self.kind.starts_with("STOP") || self.kind.starts_with("TAKE_PROFIT");
        self.reduce_only || self.close_position || is_guard && self.half().is_none()
    }

    fn status(&self) -> OrderStatus {
        match self.status.as_str() {
            "FILLED" => OrderStatus::Filled,
            "CANCELED" | "CANCELLED" => OrderStatus::Canceled,
            "EXPIRED" => OrderStatus::Expired,
            "FAILED" => OrderStatus::Rejected,
            "TRIGGERED" | "PARTIALLY_FILLED" if self.is_conditional() => OrderStatus::Triggered,
            // A word nobody knows yet counts as not ended, so that the order is asked for again.
            _ => OrderStatus::Resting,
        }
    }

    /// `name`: what it is called here; `offset_ms`: the exchange's clock minus ours.
    pub(in crate::exchange::bingx) fn state(&self, name: &str, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let (side, opens) = acts_on(self.is_buy(), self.half(), self.closes());
        OrderState {
            id: name.to_owned(),
            symbol: symbol.clone(),
            side,
            opens,
            conditional: self.is_conditional(),
            guards: self.guards().filter(|_| !opens),
            status: self.status(),
            qty: self.orig_qty,
            filled: self.executed_qty,
            avg_price: self.avg_price,
            price: match self.kind.as_str() {
                // A number without meaning.
                "MARKET" => Decimal::ZERO,
                "LIMIT" => self.price,
                _ => self.stop_price,
            },
            created_at: our_time(self.time, offset_ms),
        }
    }
}

/// The answer to a cancel of all orders: null where nothing was cancelled, or nothing failed.
#[derive(serde::Deserialize)]
pub(in crate::exchange::bingx) struct AllCanceled {
    #[serde(default)]
    failed: Option<Vec<NotCanceled>>,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotCanceled {
    #[serde(deserialize_with = "integer")]
    error_code: i64,
    #[serde(default, deserialize_with = "text")]
    error_message: String,
}

impl AllCanceled {
    /// What is left although it should have gone, by the first refusal; what was gone already is as good.
    pub(in crate::exchange::bingx) fn verdict(&self) -> Result<(), ExchangeError> {
        for order in self.failed.iter().flatten() {
            let reason = errors::reason_of(order.error_code, &order.error_message);
            if reason != Reason::UnknownOrder {
                return Err(refusal(reason, order.error_code, &order.error_message));
            }
        }
        Ok(())
    }
}

impl Named<Ack> {
    /// Whether it acknowledges this order. One that gives no name back shows by the rest that it is meant.
    pub(in crate::exchange::bingx) fn check(
        &self,
        name: &str,
        (symbol, side, kind): (&str, &str, &str),
        attempt: &Attempt,
    ) -> Result<(), ExchangeError> {
        let same = (self.row.symbol.as_str(), self.row.side.as_str(), self.row.kind.as_str()) == (symbol, side, kind);
        let named = self.name().eq_ignore_ascii_case(name);
        let unnamed = self.name().is_empty() && !self.number().is_empty();
        if same && (named || unnamed) { Ok(()) } else { Err(attempt.unknown("the answer names another order")) }
    }
}
