//! Orders and what became of them: answers, rows of lists, executions.

use serde::Deserialize;

use crate::exchange::answers::Direction;
use crate::exchange::attempt::Attempt;
use crate::exchange::error::Result;
use crate::exchange::numbers::{decimal, decimal_or_zero, integer, millis_or_zero};
use crate::exchange::orders::{acts_on, fee, is_buy, our_time};
use crate::market::{Action, ClientId, Decimal, Fill, Leg, Millis, NewOrder, OrderKind, OrderState, OrderStatus, Symbol};

/// One order: the answer to it, and a row of `pending-order` and `finished-order`, which say by their names where it stands.
#[derive(Deserialize)]
pub(in crate::exchange::coinex) struct OrderRow {
    pub(in crate::exchange::coinex) market: String,
    side: Direction,
    #[serde(deserialize_with = "decimal")]
    amount: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    #[serde(deserialize_with = "decimal")]
    unfilled_amount: Decimal,
    #[serde(deserialize_with = "decimal")]
    filled_amount: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    filled_value: Decimal,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_at: Millis,
}

impl OrderRow {
    /// `ended` by the list it stands in; `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::coinex) fn state(self, symbol: &Symbol, ended: bool, offset_ms: i64) -> OrderState {
        let id = self.client_id.unwrap_or_default();
        let (side, opens) = acts_on(self.side == Direction::Buy, None, closes(&id));
        OrderState {
            symbol: symbol.clone(),
            side,
            opens,
            conditional: false,
            guards: None,
            status: match ended {
                _ if self.unfilled_amount.is_zero() => OrderStatus::Filled,
                true => OrderStatus::Canceled,
                false => OrderStatus::Resting,
            },
            qty: self.amount,
            filled: self.filled_amount,
            avg_price: self.filled_value.checked_div(self.filled_amount).unwrap_or_default(),
            price: self.price,
            created_at: our_time(self.created_at, offset_ms),
            id,
        }
    }

    /// What became of an order that was just sent. The answer may lack the name, but has no other one.
    pub(in crate::exchange::coinex) fn placed(self, order: &NewOrder, attempt: &Attempt) -> Result<OrderState> {
        let named = self.client_id.as_deref().is_none_or(|name| name.is_empty() || name == order.id.as_str());
        let alike = self.market == order.symbol.as_str() && (self.side == Direction::Buy) == is_buy(order.side, order.action);
        if !named || !alike {
            return Err(attempt.unknown("the answer is about another order"));
        }
        let (id, opens) = (order.id.as_str().to_owned(), order.action == Action::Open);
        let state = OrderState { id, opens, side: order.side, ..self.state(&order.symbol, false, attempt.offset_ms) };
        Ok(match (order.kind, state.status) {
            // Market orders do not rest: this one is still being matched, or found too little.
            (OrderKind::Market, OrderStatus::Resting) => OrderState { status: OrderStatus::Taken, ..state },
            _ => state,
        })
    }
}

/// Rows do not say whether an order closes, but the names of our own do.
fn closes(id: &str) -> bool {
    ClientId::parse(id).and_then(|id| id.leg()) == Some(Leg::Close)
}

/// One row of `GET /v2/futures/pending-stop-order`: a plain order that waits for a price. None of them is ours.
#[derive(Deserialize)]
pub(in crate::exchange::coinex) struct PlanRow {
    pub(in crate::exchange::coinex) market: String,
    #[serde(deserialize_with = "integer")]
    pub(in crate::exchange::coinex) stop_id: i64,
    side: Direction,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    amount: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    trigger_price: Decimal,
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_at: Millis,
}

impl PlanRow {
    pub(in crate::exchange::coinex) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let (side, opens) = acts_on(self.side == Direction::Buy, None, false);
        OrderState {
            id: self.client_id.unwrap_or_default(),
            symbol: symbol.clone(),
            side,
            opens,
            conditional: true,
            guards: None,
            status: OrderStatus::Resting,
            qty: self.amount,
            filled: Decimal::ZERO,
            avg_price: Decimal::ZERO,
            price: self.trigger_price,
            created_at: our_time(self.created_at, offset_ms),
        }
    }
}

/// One row of `GET /v2/futures/user-deals`. Which order of whose it came from is not said, but for the exchange's number.
#[derive(Deserialize)]
pub(in crate::exchange::coinex) struct DealRow {
    pub(in crate::exchange::coinex) market: String,
    #[serde(deserialize_with = "integer")]
    deal_id: i64,
    #[serde(deserialize_with = "millis_or_zero")]
    pub(in crate::exchange::coinex) created_at: Millis,
    side: Direction,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    #[serde(deserialize_with = "decimal")]
    amount: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    fee: Decimal,
    #[serde(default)]
    fee_ccy: String,
}

impl DealRow {
    /// With the exchange's name of it. `offset_ms` is the exchange's clock minus ours.
    pub(in crate::exchange::coinex) fn fill(self, settle: &str, offset_ms: i64) -> (i64, Fill) {
        let (fee, fee_elsewhere) = fee(self.fee, self.fee_ccy.is_empty() || self.fee_ccy == settle);
        let fill = Fill {
            by: None,
            side: None,
            buy: self.side == Direction::Buy,
            price: self.price,
            qty: self.amount,
            fee,
            fee_elsewhere,
            at: our_time(self.created_at, offset_ms),
        };
        (self.deal_id, fill)
    }
}
