//! Orders and what became of them: acknowledgements and rows of lists, which are alike, and executions.
//!
//! Names of fields are spelled in two ways, of which a row has one or both.

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::{half, millis_of_nanos};
use crate::exchange::answers::Direction;
use crate::exchange::numbers::{decimal, decimal_or_zero, millis_or_zero};
use crate::exchange::orders::{acts_on, our_time};
use crate::market::{Decimal, Fill, Millis, OrderRef, OrderState, OrderStatus, ProtectionKind, Side, Symbol};

/// An order, plain or conditional: it stays one order, with one name, when it is triggered.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::phemex) struct OrderRow {
    #[serde(default, rename = "clOrdID")]
    name: Option<String>,
    #[serde(default, rename = "clOrdId")]
    name_too: Option<String>,
    symbol: String,
    side: Direction,
    #[serde(default)]
    pos_side: String,
    #[serde(default)]
    ord_type: Option<String>,
    #[serde(default)]
    order_type: Option<String>,
    ord_status: String,
    #[serde(deserialize_with = "decimal")]
    order_qty_rq: Decimal,
    #[serde(deserialize_with = "decimal")]
    cum_qty_rq: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    cum_value_rv: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price_rp: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_px_rp: Decimal,
    #[serde(default)]
    reduce_only: Option<bool>,
    #[serde(default)]
    exec_inst: Option<String>,
    #[serde(default, deserialize_with = "millis_of_nanos")]
    action_time_ns: Millis,
}

/// Whichever of two spellings says something.
fn either<'a>(one: Option<&'a str>, other: Option<&'a str>) -> &'a str {
    one.filter(|word| !word.is_empty()).or(other).unwrap_or_default()
}

impl OrderRow {
    /// Our name for it; empty when it has none.
    pub(in crate::exchange::phemex) fn name(&self) -> &str {
        either(self.name.as_deref(), self.name_too.as_deref())
    }

    fn kind(&self) -> &str {
        either(self.ord_type.as_deref(), self.order_type.as_deref())
    }

    /// Whether it has that name.
    pub(in crate::exchange::phemex) fn is_named(&self, order: &OrderRef) -> bool {
        self.name() == order.id.as_str() && self.symbol == order.symbol.as_str()
    }

    /// Whether it is a conditional order of that type and with that trigger.
    pub(in crate::exchange::phemex) fn is_guard(&self, ord_type: &str, trigger_price: Decimal) -> bool {
        self.kind() == ord_type && self.stop_px_rp == trigger_price
    }

    fn is_conditional(&self) -> bool {
        self.waits() || !self.stop_px_rp.is_zero() || kind_of(self.kind()).is_some()
    }

    /// Whether it says that it only makes a position smaller; `None` when it says nothing of it, or what nobody here knows. The
    /// flag has been seen false, and missing, where the instruction told. "Close when triggered" is said of plain orders too,
    /// where it means nothing.
    pub(in crate::exchange::phemex) fn says_it_closes(&self) -> Option<bool> {
        match (self.exec_inst.as_deref(), self.reduce_only) {
            (_, Some(true)) | (Some("ReduceOnly"), _) => Some(true),
            (Some("CloseOnTrigger"), _) => Some(self.is_conditional()),
            (Some("None"), _) => Some(false),
            (None | Some(""), flag) => flag,
            _ => None,
        }
    }

    /// A conditional order that waits for its trigger.
    pub(in crate::exchange::phemex) fn waits(&self) -> bool {
        self.ord_status == "Untriggered"
    }

    /// When the exchange took it, in our time. `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::phemex) fn created_at(&self, offset_ms: i64) -> Millis {
        our_time(self.action_time_ns, offset_ms)
    }

    /// As a row of a list.
    pub(in crate::exchange::phemex) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let conditional = self.is_conditional();
        let (side, opens) = acts_on(self.side == Direction::Buy, half(&self.pos_side), self.says_it_closes() == Some(true));
        OrderState {
            symbol: symbol.clone(),
            side,
            opens,
            conditional,
            guards: kind_of(self.kind()).filter(|_| !opens),
            status: status(&self.ord_status, conditional),
            qty: self.order_qty_rq,
            filled: self.cum_qty_rq,
            avg_price: self.cum_value_rv.checked_div(self.cum_qty_rq).unwrap_or_default(),
            // Of a market order it is the worst price that it might have been filled at.
            price: match () {
                () if conditional => self.stop_px_rp,
                () if self.kind() == "Market" => Decimal::ZERO,
                () => self.price_rp,
            },
            created_at: self.created_at(offset_ms),
            id: self.name().to_owned(),
        }
    }

    /// As the answer to a question about an order of ours. What it is, its name says better than a row of the history,
    /// where a stop that fired may look like any market order.
    pub(in crate::exchange::phemex) fn state_of(self, order: &OrderRef, offset_ms: i64) -> OrderState {
        let status = status(&self.ord_status, order.guard.is_some());
        let state = OrderState { status, ..self.state(&order.symbol, offset_ms) };
        match order.guard {
            Some(guard) => OrderState {
                side: guard.side,
                opens: false,
                conditional: true,
                guards: Some(guard.kind),
                price: guard.trigger_price,
                ..state
            },
            None => OrderState { conditional: false, guards: None, ..state },
        }
    }
}

/// Which of the two a type stands for, if it is a conditional one at all.
fn kind_of(ord_type: &str) -> Option<ProtectionKind> {
    match ord_type {
        "Stop" | "StopLimit" | "StopAsLimit" | "BoSlLimit" | "BoSlMarket" => Some(ProtectionKind::StopLoss),
        "MarketIfTouched" | "LimitIfTouched" | "MarketIfTouchedAsLimit" | "BoTpLimit" => Some(ProtectionKind::TakeProfit),
        _ => None,
    }
}

/// A word nobody knows yet counts as one that says nothing, so that the order is asked for again.
fn status(word: &str, conditional: bool) -> OrderStatus {
    match word {
        "Untriggered" => OrderStatus::Resting,
        "Filled" => OrderStatus::Filled,
        "Canceled" | "Deactivated" => OrderStatus::Canceled,
        "Rejected" => OrderStatus::Rejected,
        "Triggered" => OrderStatus::Triggered,
        // It fired: what is in the book now is the order it became.
        "New" | "PartiallyFilled" if conditional => OrderStatus::Triggered,
        "New" | "PartiallyFilled" => OrderStatus::Resting,
        _ => OrderStatus::Taken,
    }
}

/// One row of `GET /exchange/order/v2/tradingList`, whose words are numbers.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::exchange::phemex) struct TradeRow {
    #[serde(default)]
    exec_id: Option<String>,
    #[serde(default, rename = "execID")]
    exec_id_too: Option<String>,
    symbol: String,
    #[serde(deserialize_with = "word")]
    side: String,
    #[serde(default, deserialize_with = "word")]
    pos_side: String,
    #[serde(default, deserialize_with = "word")]
    trade_type: String,
    #[serde(default, deserialize_with = "word")]
    exec_status: String,
    #[serde(default, deserialize_with = "word")]
    ord_type: String,
    #[serde(deserialize_with = "decimal")]
    exec_price_rp: Decimal,
    #[serde(deserialize_with = "decimal")]
    exec_qty_rq: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    exec_fee_rv: Decimal,
    /// What was paid in the exchange's own coin.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pt_fee_rv: Decimal,
    #[serde(deserialize_with = "millis_or_zero")]
    created_at: Millis,
}

/// A word, or the number that stands for it.
fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(Box::<RawValue>::deserialize(deserializer)?.get().trim_matches('"').to_owned())
}

impl TradeRow {
    /// When it happened, in the exchange's clock.
    pub(in crate::exchange::phemex) fn time(&self) -> Millis {
        self.created_at
    }

    /// Whatever moved a position of that contract, a liquidation and an auto-deleveraging too; not what it paid in funding.
    pub(in crate::exchange::phemex) fn is_execution(&self, symbol: &Symbol) -> bool {
        let counts = match self.trade_type.as_str() {
            "4" | "Funding" => false,
            "6" | "7" | "LiqTrade" | "AdlTrade" => true,
            // By a maker, by a taker, or not said. The others are ends of orders.
            _ => matches!(self.exec_status.as_str(), "6" | "7" | "MakerFill" | "TakerFill" | "" | "null"),
        };
        counts && self.symbol == symbol.as_str() && !self.exec_qty_rq.is_zero()
    }

    /// With the exchange's name of it. `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::phemex) fn fill(self, hedge: bool, offset_ms: i64) -> serde_json::Result<(String, Fill)> {
        let name = either(self.exec_id.as_deref(), self.exec_id_too.as_deref()).to_owned();
        if name.is_empty() {
            return Err(Error::custom("an execution without a name"));
        }
        let side = match self.pos_side.as_str() {
            "1" | "Long" => Some(Side::Long),
            "2" | "Short" => Some(Side::Short),
            _ => None,
        };
        let fill = Fill {
            by: match self.ord_type.as_str() {
                "3" => Some(ProtectionKind::StopLoss),
                "5" => Some(ProtectionKind::TakeProfit),
                name => kind_of(name),
            },
            // One-way contracts have been seen with halves.
            side: side.filter(|_| hedge),
            buy: match self.side.as_str() {
                "1" | "Buy" => true,
                "2" | "Sell" => false,
                _ => return Err(Error::custom("an execution without a direction")),
            },
            price: self.exec_price_rp,
            qty: self.exec_qty_rq,
            fee: self.exec_fee_rv,
            fee_elsewhere: !self.pt_fee_rv.is_zero(),
            at: our_time(self.created_at, offset_ms),
        };
        Ok((name, fill))
    }
}
