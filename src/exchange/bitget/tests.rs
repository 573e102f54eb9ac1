//! Whole calls against a scripted exchange: what is asked, in which order, and what is made of the answers.

mod classic;
mod kinds;
mod unified;

use serde_json::{Value, json};

use super::*;
use crate::exchange::error::Reason;
use crate::exchange::script::{self, START, Step, broken, d, id, raw};
use crate::market::{Action, Decimal, Guarded, Leg, MarginMode, OrderKind, OrderStatus, ProtectionKind, Side, TriggerBy};

/// A step that succeeds with some data.
fn ok(expected: &'static str, data: Value) -> Step {
    raw(expected, 200, &json!({"code": "00000", "msg": "success", "requestTime": START, "data": data}).to_string())
}

/// A step refused with a code.
fn no(expected: &'static str, code: &str, msg: &str) -> Step {
    raw(expected, 400, &json!({"code": code, "msg": msg, "requestTime": START, "data": null}).to_string())
}

type Stage = script::Stage<Bitget>;

impl Stage {
    /// An account of that kind, of which nothing more is known yet.
    fn new(generation: Generation, hedge: bool) -> Stage {
        let mut stage = Stage::of(Bitget::new);
        (stage.exchange.generation, stage.exchange.account.hedge) = (generation, hedge);
        stage
    }

    /// The same, with a margin mode that orders can name.
    fn set(generation: Generation, hedge: bool, mode: MarginMode) -> Stage {
        let mut stage = Stage::new(generation, hedge);
        stage.exchange.account.known.set(&eth(), Terms { leverage: Some(10), margin_mode: Some(mode) });
        stage
    }
}

fn eth() -> Symbol {
    Symbol::new("ETHUSDT")
}

fn limit(leg: Leg) -> NewOrder {
    let kind = OrderKind::Limit { price: d("1900") };
    NewOrder { id: id(leg), symbol: eth(), side: Side::Long, action: Action::Open, kind, qty: d("0.5"), stop: None }
}

fn close(side: Side) -> NewOrder {
    NewOrder { id: id(Leg::Close), symbol: eth(), side, action: Action::Close, kind: OrderKind::Market, qty: d("0.5"), stop: None }
}

fn guard(leg: Leg, side: Side) -> Protection {
    let kind = if leg == Leg::Stop { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit };
    Protection { id: id(leg), symbol: eth(), side, kind, trigger_price: d("1800"), qty: d("0.5"), by: TriggerBy::Last }
}

fn entry_ref() -> OrderRef {
    OrderRef { symbol: eth(), id: id(Leg::Entry), guard: None }
}

fn guard_ref(leg: Leg) -> OrderRef {
    let Protection { side, kind, trigger_price, .. } = guard(leg, Side::Long);
    OrderRef { symbol: eth(), id: id(leg), guard: Some(Guarded { side, kind, trigger_price }) }
}

fn ack(leg: Leg) -> Value {
    json!({"orderId": "1117000000000000001", "clientOid": id(leg).as_str()})
}

fn reason<T>(result: &Result<T>) -> Option<Reason> {
    result.as_ref().err().and_then(ExchangeError::reason)
}

fn is_unknown<T>(result: &Result<T>) -> bool {
    script::is_unknown(result, START + 32_000)
}

fn terms(leverage: u32, mode: MarginMode) -> Terms {
    Terms { leverage: Some(leverage), margin_mode: Some(mode) }
}
