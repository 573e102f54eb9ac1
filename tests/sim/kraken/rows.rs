//! Kraken's JSON: numbers are numbers, times are ISO texts, and an order is called differently wherever it is shown.

use perphook::exchange::paper::{Conditional, Trade};
use perphook::market::{Decimal, TriggerBy};
use serde_json::{Value, json};

use super::super::clock;
use super::super::floor::Floor;
use super::super::json::{join, text};
use super::super::line::{Line, rises};
use super::desk::Desk;
use super::line::{Stage, id, may_rest, name, side, stage, trigger_type, updated};

/// A decimal as a JSON number; small ones come out with an exponent.
pub fn number(value: Decimal) -> Value {
    serde_json::from_str(&text(value)).unwrap_or_default()
}

/// What rows are made from.
pub struct Rows<'a> {
    pub floor: &'a Floor,
    pub desk: &'a Desk,
}

impl Rows<'_> {
    fn time(&self, at: u64) -> String {
        clock::text(self.floor.shown(at))
    }

    /// The price that limits an order; that of a market order protects it, and is no price at which anything was filled.
    fn limit_price(&self, line: &Line<'_>) -> Value {
        let Some(order) = line.order else { return Value::Null };
        order.price.or_else(|| self.desk.worst_price(order.number)).map_or(Value::Null, number)
    }

    /// `lmt`, `post` or `ioc`: also a market order is one.
    fn kind(&self, line: &Line<'_>) -> &'static str {
        match line.order {
            Some(order) if may_rest(line) => self.desk.kind(order.number),
            _ => "ioc",
        }
    }

    /// An order in an event of an answer, filled so far as said.
    pub fn order(&self, line: &Line<'_>, filled: Decimal) -> Value {
        json!({"orderId": id(line), "cliOrdId": name(line), "type": self.kind(line), "symbol": line.symbol.as_str(), "side": side(line),
            "quantity": number(line.qty()), "filled": number(filled), "limitPrice": self.limit_price(line), "reduceOnly": line.only_reduces(),
            "timestamp": self.time(line.created), "lastUpdateTimestamp": self.time(updated(line))})
    }

    /// An order that waits for a price, in an event of an answer.
    pub fn trigger(&self, line: &Line<'_>, waiting: &Conditional) -> Value {
        json!({"uid": id(line), "clientId": name(line), "type": "ioc", "symbol": line.symbol.as_str(), "side": side(line),
            "quantity": number(line.qty()), "limitPrice": null, "triggerPrice": number(waiting.trigger_price),
            "triggerSide": trigger_side(waiting), "triggerSignal": signal(waiting.by).to_owned() + "_price",
            "reduceOnly": line.only_reduces(), "timestamp": self.time(line.created), "lastUpdateTimestamp": self.time(updated(line))})
    }

    /// What an answer tells of one execution.
    pub fn execution(&self, line: &Line<'_>, trade: &Trade, filled_before: Decimal, reduced: Option<Decimal>) -> Value {
        json!({"type": "EXECUTION", "executionId": execution_id(trade.id), "price": number(trade.price), "amount": number(trade.qty),
            "orderPriorEdit": null, "orderPriorExecution": self.order(line, filled_before),
            "takerReducedQuantity": reduced.map_or(Value::Null, number)})
    }

    /// A cancelled order.
    pub fn cancel(&self, line: &Line<'_>) -> Value {
        json!({"type": "CANCEL", "uid": id(line), "order": self.order(line, line.filled())})
    }

    /// A row of the open orders. One without a name has no field for it.
    pub fn open(&self, line: &Line<'_>) -> Value {
        let rest = line.qty() - line.filled();
        let status = if line.filled().is_zero() { "untouched" } else { "partiallyFilled" };
        let row = json!({"order_id": id(line), "symbol": line.symbol.as_str(), "side": side(line), "unfilledSize": number(rest),
            "receivedTime": self.time(line.created), "status": status, "filledSize": number(line.filled()),
            "reduceOnly": line.only_reduces(), "lastUpdateTime": self.time(updated(line)),
            "orderType": trigger_type(line).unwrap_or_else(|| self.kind(line))});
        let name = name(line).map_or_else(|| json!({}), |name| json!({"cliOrdId": name}));
        let own = match line.waiting {
            Some(waiting) => json!({"stopPrice": number(waiting.trigger_price), "triggerSignal": signal(waiting.by)}),
            None => json!({"limitPrice": self.limit_price(line)}),
        };
        join(join(row, name), own)
    }

    /// A row of the orders' status.
    pub fn status(&self, line: &Line<'_>) -> Value {
        let stage = stage(line);
        let (status, reason) = match stage {
            Stage::Waiting => ("TRIGGER_PLACED", None),
            Stage::Resting if line.filled().is_zero() => ("ENTERED_BOOK", None),
            Stage::Resting => ("ENTERED_BOOK", Some("PARTIAL_FILL")),
            Stage::Filled => ("FULLY_EXECUTED", Some("FULL_FILL")),
            Stage::Cancelled if line.waiting.is_none() && !may_rest(line) => ("CANCELLED", Some("PARTIAL_FILL")),
            Stage::Cancelled => ("CANCELLED", Some("CANCELLED_BY_USER")),
            Stage::Rejected => ("REJECTED", None),
            Stage::Failed => ("TRIGGER_ACTIVATION_FAILURE", None),
        };
        let error = match stage {
            Stage::Rejected => Some("IOC_WOULD_NOT_EXECUTE"),
            Stage::Failed => Some("WOULD_NOT_REDUCE_POSITION"),
            _ => None,
        };
        let kind = if line.waiting.is_some() && line.order.is_none() { "TRIGGER_ORDER" } else { "ORDER" };
        let options = line.waiting.map(|waiting| {
            json!({"triggerPrice": number(waiting.trigger_price), "triggerSide": trigger_side(waiting).to_uppercase(),
                "triggerSignal": (signal(waiting.by).to_owned() + "_price").to_uppercase()})
        });
        let set_off = line.waiting.map(|waiting| waiting.triggered).filter(|at| *at > 0).map(|at| self.time(at));
        // One that waits has no executions to count.
        let filled = if kind == "TRIGGER_ORDER" { Value::Null } else { number(line.filled()) };
        let order = json!({"type": kind, "orderId": id(line), "cliOrdId": name(line), "symbol": line.symbol.as_str(), "side": side(line),
            "quantity": number(line.qty()), "filled": filled, "limitPrice": self.limit_price(line),
            "reduceOnly": line.only_reduces(), "timestamp": self.time(line.created),
            "lastUpdateTimestamp": self.time(updated(line)), "priceTriggerOptions": options, "triggerTime": set_off});
        json!({"order": order, "status": status, "updateReason": reason, "error": error})
    }

    /// A row of the fills; of fees it says nothing.
    pub fn fill(&self, line: &Line<'_>, trade: &Trade) -> Value {
        let row = json!({"fill_id": execution_id(trade.id), "symbol": trade.symbol.as_str(), "side": side(line), "order_id": id(line),
            "size": number(trade.qty), "price": number(trade.price), "fillTime": self.time(trade.at),
            "fillType": if trade.maker { "maker" } else { "taker" }});
        join(row, name(line).map_or_else(|| json!({}), |name| json!({"cliOrdId": name})))
    }
}

/// The id of an execution.
pub fn execution_id(number: u64) -> String {
    format!("{number:08x}-0385-4b25-b15e-7e8453512cb2")
}

/// `mark` or `last`.
pub fn signal(by: TriggerBy) -> &'static str {
    if by == TriggerBy::Mark { "mark" } else { "last" }
}

/// Which way the price must go.
pub fn trigger_side(waiting: &Conditional) -> &'static str {
    if rises(waiting) { "trigger_above" } else { "trigger_below" }
}
