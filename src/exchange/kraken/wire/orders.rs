//! What the answer to an order says, and the three lists an order may be found in: the open ones, those that just ended,
//! and what was once done with orders.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use super::time_or_zero;
use crate::exchange::answers::Direction;
use crate::exchange::attempt::Attempt;
use crate::exchange::error::Result;
use crate::exchange::kraken::errors;
use crate::exchange::numbers::{decimal, decimal_if_said, decimal_or_zero, millis_or_zero};
use crate::exchange::orders::{acts_on, our_time};
use crate::market::{Decimal, Millis, OrderRef, OrderState, OrderStatus, ProtectionKind, Symbol};

/// What became of one order, or of one cancel in a batch. Success of the call says nothing about it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::kraken) struct Ack {
    pub(in crate::exchange::kraken) status: String,
    #[serde(rename = "order_id")]
    pub(in crate::exchange::kraken) number: Option<String>,
    #[serde(rename = "cliOrdId")]
    name: Option<String>,
    #[serde(default, alias = "dateTimeReceived", deserialize_with = "time_or_zero")]
    received_time: Millis,
    order_events: Option<Vec<Event>>,
}

/// One thing that happened to the order at once.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default, deserialize_with = "decimal_if_said")]
    price: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal_if_said")]
    amount: Option<Decimal>,
    order: Option<Named>,
    order_trigger: Option<Named>,
    order_prior_execution: Option<Named>,
}

#[derive(Deserialize)]
struct Named {
    #[serde(rename = "cliOrdId", alias = "clientId")]
    name: Option<String>,
}

impl Event {
    fn name(&self) -> Option<&str> {
        let named = self.order.as_ref().or(self.order_trigger.as_ref()).or(self.order_prior_execution.as_ref());
        named?.name.as_deref()
    }

    /// Quantity and price; `None` when they are not those of an execution.
    fn execution(&self) -> Option<(Decimal, Decimal)> {
        let (amount, price) = (self.amount?, self.price?);
        (amount > Decimal::ZERO && price > Decimal::ZERO).then_some((amount, price))
    }
}

impl Ack {
    /// What is refused for its time alone names no order.
    pub(in crate::exchange::kraken) fn is_unnamed_refusal(&self) -> bool {
        self.number.is_none() && self.status != "cancelled"
    }

    /// What became of an order that was sent. `at_once`: it does not rest, whatever of it finds nobody is cancelled.
    pub(in crate::exchange::kraken) fn state(self, sent: OrderState, at_once: bool, attempt: &Attempt) -> Result<OrderState> {
        let events = self.order_events.as_deref().unwrap_or_default();
        let names: Vec<&str> = self.name.as_deref().into_iter().chain(events.iter().filter_map(Event::name)).collect();
        if names.iter().any(|name| *name != sent.id) {
            return Err(attempt.unknown("the answer names another order"));
        }
        let happened = |kind: &str| events.iter().any(|event| event.kind == kind);
        let accepted = matches!(self.status.as_str(), "placed" | "partiallyFilled" | "filled");
        if !accepted {
            return match self.status.as_str() {
                _ if happened("PLACE") || happened("EXECUTION") => {
                    Err(attempt.unknown(format!("the exchange says `{}`, and that the order was placed", self.status)))
                }
                // Nobody to trade with: no error of the order's.
                "iocWouldNotExecute" => Ok(OrderState { status: OrderStatus::Canceled, ..sent }),
                status => Err(errors::refused(attempt, status)),
            };
        }
        if names.is_empty() {
            return Err(attempt.unknown("the answer names no order"));
        }
        let executions = events.iter().filter(|event| event.kind == "EXECUTION").map(Event::execution);
        let executions = executions.collect::<Option<Vec<_>>>().ok_or_else(|| attempt.unknown("an execution without quantity or price"))?;
        let (filled, avg_price) = sum(&executions).ok_or_else(|| attempt.unknown(TOO_LARGE))?;
        let status = match () {
            () if filled >= sent.qty && !filled.is_zero() => OrderStatus::Filled,
            () if !at_once && happened("PLACE") && !happened("CANCEL") && !happened("REJECT") => OrderStatus::Resting,
            // What was not executed has ended, or is on its way: not all of it need be in the answer.
            () => OrderStatus::Taken,
        };
        Ok(OrderState { status, filled, avg_price, created_at: our_time(self.received_time, attempt.offset_ms), ..sent })
    }
}

const TOO_LARGE: &str = "a quantity in the answer is beyond calculation";

/// Quantity and average price of executions. `None`: the digits do not fit.
pub(super) fn sum(executions: &[(Decimal, Decimal)]) -> Option<(Decimal, Decimal)> {
    let (mut filled, mut value) = (Decimal::ZERO, Decimal::ZERO);
    for (amount, price) in executions {
        filled = filled.checked_add(*amount)?;
        value = value.checked_add(amount.checked_mul(*price)?)?;
    }
    Some((filled.normalize(), value.checked_div(filled).unwrap_or_default().normalize()))
}

/// One row of `openorders`, plain or conditional.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::kraken) struct OpenRow {
    #[serde(rename = "order_id")]
    pub(in crate::exchange::kraken) number: String,
    #[serde(rename = "cliOrdId")]
    name: Option<String>,
    side: Direction,
    order_type: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    limit_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_price: Decimal,
    /// A stop or target of the whole position has none: it closes whatever is there.
    #[serde(default, deserialize_with = "decimal_if_said")]
    unfilled_size: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal_if_said")]
    filled_size: Option<Decimal>,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default, deserialize_with = "time_or_zero")]
    received_time: Millis,
}

impl OpenRow {
    pub(in crate::exchange::kraken) fn is_conditional(&self) -> bool {
        guards(&self.order_type).is_some() || self.order_type == "trailing_stop" || !self.stop_price.is_zero()
    }

    pub(in crate::exchange::kraken) fn is_named(&self, id: &str) -> bool {
        self.name.as_deref() == Some(id)
    }

    /// `offset_ms` is the exchange's clock minus ours. `None`: a plain order without its quantity, or digits that do not fit.
    pub(in crate::exchange::kraken) fn state(self, symbol: Symbol, offset_ms: i64) -> Option<OrderState> {
        let (side, opens) = acts_on(self.side == Direction::Buy, None, self.reduce_only);
        let conditional = self.is_conditional();
        let untold = conditional.then_some(Decimal::ZERO);
        let (unfilled, filled) = (self.unfilled_size.or(untold)?, self.filled_size.or(untold)?);
        Some(OrderState {
            id: self.name.unwrap_or_default(),
            symbol,
            side,
            opens,
            conditional,
            // One that could open a position guards none.
            guards: guards(&self.order_type).filter(|_| self.reduce_only),
            status: OrderStatus::Resting,
            qty: unfilled.checked_add(filled)?,
            filled,
            avg_price: Decimal::ZERO,
            price: if conditional { self.stop_price } else { self.limit_price },
            created_at: our_time(self.received_time, offset_ms),
        })
    }
}

/// A stop is spelled in two ways.
fn guards(order_type: &str) -> Option<ProtectionKind> {
    match order_type {
        "stop" | "stp" => Some(ProtectionKind::StopLoss),
        "take_profit" => Some(ProtectionKind::TakeProfit),
        _ => None,
    }
}

/// One row of `orders/status`: an open order, or one that ended within the last five seconds.
#[derive(Deserialize)]
pub(in crate::exchange::kraken) struct StatusRow {
    order: StatusOrder,
    status: String,
    error: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StatusOrder {
    #[serde(rename = "type")]
    kind: String,
    #[serde(rename = "cliOrdId")]
    name: Option<String>,
    side: Direction,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    quantity: Decimal,
    /// One that waits for its price has none.
    #[serde(default, deserialize_with = "decimal_if_said")]
    filled: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    limit_price: Decimal,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default, deserialize_with = "time_or_zero")]
    timestamp: Millis,
    price_trigger_options: Option<IgnoredAny>,
}

impl StatusRow {
    pub(in crate::exchange::kraken) fn is_named(&self, id: &str) -> bool {
        self.order.name.as_deref() == Some(id)
    }

    /// `offset_ms` is the exchange's clock minus ours. `None`: how much of it was executed is not said.
    pub(in crate::exchange::kraken) fn state(self, asked: &OrderRef, offset_ms: i64) -> Option<OrderState> {
        let waits = self.order.kind == "TRIGGER_ORDER";
        let conditional = asked.guard.is_some() || waits || self.order.price_trigger_options.is_some();
        let nobody = self.error.is_some_and(|error| error.get().contains("WOULD_NOT_EXECUTE"));
        let status = match self.status.as_str() {
            // What a stop or target became when it fired.
            "ENTERED_BOOK" if conditional && !waits => OrderStatus::Triggered,
            "ENTERED_BOOK" | "TRIGGER_PLACED" => OrderStatus::Resting,
            "FULLY_EXECUTED" => OrderStatus::Filled,
            "CANCELLED" => OrderStatus::Canceled,
            "REJECTED" if nobody => OrderStatus::Canceled,
            "REJECTED" | "TRIGGER_ACTIVATION_FAILURE" => OrderStatus::Rejected,
            // Not a word about where it stands.
            _ => OrderStatus::Taken,
        };
        let filled = self.order.filled.or(waits.then_some(Decimal::ZERO))?;
        let (side, opens) = acts_on(self.order.side == Direction::Buy, None, self.order.reduce_only || asked.guard.is_some());
        Some(OrderState {
            id: asked.id.as_str().to_owned(),
            symbol: asked.symbol.clone(),
            side,
            opens,
            conditional,
            guards: asked.guard.map(|guard| guard.kind),
            status,
            qty: self.order.quantity,
            filled,
            avg_price: Decimal::ZERO,
            price: asked.guard.map_or(self.order.limit_price, |guard| guard.trigger_price),
            created_at: our_time(self.order.timestamp, offset_ms),
        })
    }
}

/// One row of the history of orders: what happened, under its name, with the order as it was then.
#[derive(Deserialize)]
pub(in crate::exchange::kraken) struct PastOrder {
    #[serde(deserialize_with = "millis_or_zero")]
    pub(in crate::exchange::kraken) timestamp: Millis,
    event: BTreeMap<String, Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Happened {
    order: Option<OrderThen>,
    new_order: Option<OrderThen>,
    #[serde(default)]
    reason: String,
}

/// What is left of it is `quantity`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OrderThen {
    #[serde(rename = "clientId")]
    name: Option<String>,
    direction: Direction,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    quantity: Decimal,
    #[serde(deserialize_with = "decimal")]
    filled: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    limit_price: Decimal,
    #[serde(default)]
    reduce_only: bool,
    #[serde(default, deserialize_with = "millis_or_zero")]
    timestamp: Millis,
}

impl PastOrder {
    /// What it says about that order; nothing about any other. `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::kraken) fn state(&self, asked: &OrderRef, offset_ms: i64) -> serde_json::Result<Option<OrderState>> {
        let Some((event, raw)) = self.event.iter().find(|(_, raw)| raw.get().contains(&format!("\"{}\"", asked.id))) else {
            return Ok(None);
        };
        let happened: Happened = serde_json::from_str(raw.get())?;
        let (Some(order), reason) = (happened.new_order.or(happened.order), happened.reason) else { return Ok(None) };
        if order.name.as_deref() != Some(asked.id.as_str()) {
            return Ok(None);
        }
        let (side, opens) = acts_on(order.direction == Direction::Buy, None, order.reduce_only || asked.guard.is_some());
        Ok(Some(OrderState {
            id: asked.id.as_str().to_owned(),
            symbol: asked.symbol.clone(),
            side,
            opens,
            conditional: asked.guard.is_some(),
            guards: asked.guard.map(|guard| guard.kind),
            status: past_status(event, &reason, order.quantity.is_zero() && !order.filled.is_zero()),
            qty: order.quantity.saturating_add(order.filled),
            filled: order.filled,
            avg_price: Decimal::ZERO,
            price: asked.guard.map_or(order.limit_price, |guard| guard.trigger_price),
            created_at: our_time(order.timestamp, offset_ms),
        }))
    }
}

/// Where an order stood after that. What did not end it tells nothing about now.
fn past_status(event: &str, reason: &str, full: bool) -> OrderStatus {
    match event {
        _ if full || reason == "full_fill" => OrderStatus::Filled,
        "OrderRejected" if reason.contains("would_not_execute") => OrderStatus::Canceled,
        "OrderRejected" => OrderStatus::Rejected,
        "OrderCancelled" => OrderStatus::Canceled,
        _ if reason.contains("cancel") => OrderStatus::Canceled,
        _ => OrderStatus::Taken,
    }
}
