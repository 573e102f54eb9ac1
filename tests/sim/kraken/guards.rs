//! Orders that wait for a price. They have a size of their own, several may rest, they need no position and outlive one.

use perphook::exchange::paper::{Amount, NewConditional};
use perphook::market::{Decimal, ProtectionKind, Symbol, TriggerBy};
use serde_json::json;

use super::super::line::Line;
use super::ask::Ask;
use super::fail::{self, Fail};
use super::line::{id, name};
use super::plain::Done;

/// Places a stop or a target; whether it reduces anything is looked at when it goes off.
pub fn place(ask: &mut Ask<'_>, symbol: Symbol, qty: Decimal, kind: &str) -> Result<Done, Fail> {
    if ask.params.some("limitPrice").is_some() {
        return Err(Fail::not_simulated("limit orders that wait for a price"));
    }
    let by = match ask.text("triggerSignal")? {
        "mark" => TriggerBy::Mark,
        "last" => TriggerBy::Last,
        "index" | "spot" => return Err(Fail::not_simulated("triggerSignal index")),
        _ => return Err(Fail::argument("triggerSignal")),
    };
    let new = NewConditional {
        symbol,
        buy: ask.is_buy()?,
        position_side: None,
        kind: if kind == "stp" { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit },
        trigger_price: ask.decimal("stopPrice")?,
        by,
        amount: Amount::Qty { qty, reduce_only: ask.flag("reduceOnly")? },
        client_id: ask.new_name()?,
    };
    let number = ask.floor.book.place_conditional(&new, ask.now).map_err(fail::order)?;
    let book = &ask.floor.book;
    let Some(waiting) = book.conditional_by_number(number) else { return Err(Fail::error("unknownError")) };
    let line = Line::waiting(book, waiting);
    let events = vec![json!({"type": "PLACE", "orderTrigger": ask.rows().trigger(&line, waiting)})];
    Ok(Done { status: "placed", id: Some(id(&line)), name: name(&line).map(str::to_owned), events })
}
