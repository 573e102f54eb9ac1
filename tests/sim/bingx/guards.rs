//! Stops and targets: orders of a quantity that wait for a price. They need a position when they are placed, there is one
//! of a kind for each position, and they outlive it (left open by the documentation; harder for a client).

use perphook::exchange::paper::{Amount, Conditional, Denial, Effect, NewConditional};
use perphook::market::{ProtectionKind, Side, Symbol, TriggerBy};
use serde_json::Value;

use super::super::line::Id;
use super::Ask;
use super::fail::{self, Fail};
use super::line::kind_of;
use super::rows::{self, Taken};

/// Places one. Its name is echoed and forgotten: names of these types are not dependable.
pub fn place(ask: &mut Ask<'_>, kind: ProtectionKind) -> Result<Value, Fail> {
    let new = read(ask, kind)?;
    let side = Effect::of(new.buy, new.position_side, true).closes.ok_or_else(fail::no_position)?;
    if !ask.floor.is_held(&new.symbol, side, ask.now) {
        return Err(fail::no_position());
    }
    if ask.floor.book.open_conditionals().iter().any(|one| one.is_waiting() && one.kind == kind && protects(one, &new.symbol, side)) {
        return Err(exists(kind));
    }
    let number = ask.floor.book.place_conditional(&new, ask.now).map_err(|denial| refusal(denial, side, kind))?;
    let (id, trigger) = (Id::Waiting(number), Some((new.trigger_price, new.by)));
    let (symbol, buy, position_side) = (&new.symbol, new.buy, new.position_side);
    Ok(rows::accepted(ask, &Taken { id, symbol, buy, position_side, kind: kind_of(kind), price: None, trigger }))
}

fn read(ask: &Ask<'_>, kind: ProtectionKind) -> Result<NewConditional, Fail> {
    let symbol = ask.symbol()?;
    let (buy, position_side, reduce_only) = (ask.is_buy()?, ask.position_side()?, ask.reduce_only()?);
    // In spite of the documentation, a whole position is no substitute for a quantity.
    let missing = || Fail::new(109_400, "Invalid parameters, parameter quantity or stopPrice is must");
    let qty = ask.decimal("quantity")?.ok_or_else(missing)?;
    let trigger_price = ask.decimal("stopPrice")?.ok_or_else(missing)?;
    let by = match ask.params.some("workingType") {
        None | Some("MARK_PRICE") => TriggerBy::Mark,
        Some("CONTRACT_PRICE") => TriggerBy::Last,
        Some("INDEX_PRICE") => return Err(Fail::not_simulated("the index price")),
        Some(_) => return Err(Fail::parameter("workingType")),
    };
    let closes = reduce_only || (ask.params.is_true("closePosition") && position_side.is_none());
    Ok(NewConditional {
        client_id: ask.floor.made_up_id(),
        symbol,
        buy,
        position_side,
        kind,
        trigger_price,
        by,
        // Without reduceOnly it opens, in one-way mode, when there is nothing left to close.
        amount: Amount::Qty { qty, reduce_only: closes },
    })
}

/// Whether an order that waits closes this side, alone or beside opening another.
fn protects(one: &Conditional, symbol: &Symbol, side: Side) -> bool {
    one.symbol == *symbol && Effect::of(one.buy, one.position_side, true).closes == Some(side)
}

fn exists(kind: ProtectionKind) -> Fail {
    match kind {
        ProtectionKind::StopLoss => fail::order(Denial::AlreadyProtected),
        ProtectionKind::TakeProfit => Fail::new(110_407, "There is a take-profit order for this position already"),
    }
}

/// The four codes of a wrong side; which of them is which is not documented.
fn refusal(denial: Denial, side: Side, kind: ProtectionKind) -> Fail {
    if denial != Denial::WouldTrigger {
        return fail::order(denial);
    }
    let (code, words) = match (kind, side) {
        (ProtectionKind::StopLoss, Side::Long) => (110_411, "The stop-loss price must be lower than the current price"),
        (ProtectionKind::StopLoss, Side::Short) => (110_412, "The stop-loss price must be higher than the current price"),
        (ProtectionKind::TakeProfit, Side::Long) => (110_413, "The take-profit price must be higher than the current price"),
        (ProtectionKind::TakeProfit, Side::Short) => (110_414, "The take-profit price must be lower than the current price"),
    };
    Fail::new(code, words)
}
