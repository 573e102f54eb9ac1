//! Stops and targets of positions, and orders of their own that wait for a price.

use perphook::exchange::paper::{Amount, NewConditional};
use perphook::market::{Decimal, ProtectionKind, Side, Symbol, TriggerBy};
use serde_json::json;

use super::super::line::{Id, Line};
use super::super::params::Params;
use super::ask::{Ask, Said};
use super::fail::{self, Fail};
use super::ids::Note;
use super::line::stop_order_type;
use super::plain;
use super::positions::is_attribute;

/// Orders that wait for a price, per contract. Stops and targets of positions have a limit of their own.
const WAITING_MAX: usize = 10;
/// Prices in words stand without their point.
const WORDS_SCALE: Decimal = Decimal::from_parts(10_000, 0, 0, false, 0);
const LEGS: [(&str, &str, ProtectionKind); 2] =
    [("takeProfit", "tpTriggerBy", ProtectionKind::TakeProfit), ("stopLoss", "slTriggerBy", ProtectionKind::StopLoss)];

/// Whether a request takes stops and targets away and sets none.
pub fn only_removes(params: &Params) -> bool {
    let mut said = LEGS.iter().filter_map(|(name, _, _)| params.some(name)).peekable();
    said.peek().is_some() && said.all(|price| price == "0")
}

/// One leg that will change.
struct Change {
    kind: ProtectionKind,
    /// What is there and goes.
    old: Option<u64>,
    /// What comes.
    new: Option<(Decimal, TriggerBy)>,
}

/// `POST /v5/position/trading-stop`: all legs or none.
pub fn trading_stop(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let symbol = ask.symbol()?;
    // A request that says too little is told that nothing changed, as if all were well.
    if ask.params.some("positionIdx").is_none() || ask.params.some("tpslMode").is_none() {
        return Err(fail::not_modified());
    }
    if ask.params.some("tpslMode") != Some("Full") || ask.params.some("trailingStop").is_some() {
        return Err(Fail::not_simulated("tpslMode Partial, trailingStop"));
    }
    if ["tpOrderType", "slOrderType"].iter().any(|name| ask.params.some(name).is_some_and(|kind| kind != "Market")) {
        return Err(Fail::not_simulated("limit orders of stops and targets"));
    }
    let position_side = ask.position_side()?;
    let held = position_side.map_or(vec![Side::Long, Side::Short], |side| vec![side]);
    let side = held.into_iter().find(|side| ask.floor.is_held(&symbol, *side, ask.now)).ok_or_else(fail::nothing_to_protect)?;
    let changes = changes(ask, &symbol, side)?;
    if changes.is_empty() {
        return Err(fail::not_modified());
    }
    for change in changes {
        apply(ask, &symbol, (side, position_side), change)?;
    }
    Ok(json!({}).into())
}

/// What a request changes; checked, so that it can be done.
fn changes(ask: &Ask<'_>, symbol: &Symbol, side: Side) -> Result<Vec<Change>, Fail> {
    let mut changes = Vec::new();
    for (name, by_name, kind) in LEGS {
        let Some(price) = ask.decimal(name)? else { continue };
        let waiting = ask.floor.book.open_conditionals().iter().filter(|order| order.is_waiting());
        let old = waiting.rev().find(|order| is_attribute(order, symbol, side, kind));
        let new = if price.is_zero() { None } else { Some((price, ask.trigger_by(by_name)?)) };
        if old.map(|order| (order.trigger_price, order.by)) == new {
            continue;
        }
        if let Some((price, by)) = new {
            check_price(ask, symbol, price)?;
            let base = ask.floor.book.market(symbol).map(|market| market.watched(by)).unwrap_or_default();
            check_distance(side, kind, price, base)?;
        }
        changes.push(Change { kind, old: old.map(|order| order.number), new });
    }
    Ok(changes)
}

fn check_price(ask: &Ask<'_>, symbol: &Symbol, price: Decimal) -> Result<(), Fail> {
    let tick = ask.floor.book.instrument(symbol.as_str()).map_err(fail::order)?.tick;
    if price > Decimal::ZERO && price.checked_rem(tick).is_none_or(|rest| rest.is_zero()) {
        Ok(())
    } else {
        Err(Fail::param("Price invalid"))
    }
}

fn apply(ask: &mut Ask<'_>, symbol: &Symbol, (side, position_side): (Side, Option<Side>), change: Change) -> Result<(), Fail> {
    let (book, now) = (&mut ask.floor.book, ask.now);
    let Some((trigger_price, by)) = change.new else {
        return change.old.map_or(Ok(()), |number| book.cancel_conditional(number, now).map_err(fail::order));
    };
    let new = NewConditional {
        client_id: ask.floor.made_up_id(),
        symbol: symbol.clone(),
        buy: side == Side::Short,
        position_side,
        kind: change.kind,
        trigger_price,
        by,
        amount: Amount::WholePosition,
    };
    // One of its kind that is there is replaced in the same instant.
    ask.floor.book.place_conditional(&new, ask.now).map(|_| ()).map_err(fail::order)
}

/// Refuses a stop or target of a side that its price has passed already. The table of codes has codes for orders that
/// wait for a price; stops and targets are refused with the catch-all and these words
/// (<https://github.com/ccxt/ccxt/issues/19089>).
pub fn check_distance(side: Side, kind: ProtectionKind, price: Decimal, base: Decimal) -> Result<(), Fail> {
    let must_be_lower = (side == Side::Long) == (kind == ProtectionKind::StopLoss);
    if (must_be_lower && price < base) || (!must_be_lower && price > base) {
        return Ok(());
    }
    let (leg, held) = (if kind == ProtectionKind::StopLoss { "sl" } else { "tp" }, if side == Side::Long { "Buy" } else { "Sell" });
    let (price, base) = ((price * WORDS_SCALE).trunc(), (base * WORDS_SCALE).trunc());
    let relation = if must_be_lower { "lower" } else { "greater" };
    Err(Fail::new(10001, format!("{leg}:{price} set for {held} position should {relation} base_price:{base}??LastPrice")))
}

/// An order of its own that waits for a price, by `POST /v5/order/create`.
pub fn place(ask: &mut Ask<'_>, link: Option<String>) -> Result<Id, Fail> {
    let symbol = ask.symbol()?;
    let (buy, position_side) = (ask.is_buy()?, ask.position_side()?);
    if ask.params.some("orderType") != Some("Market") {
        return Err(Fail::not_simulated("conditional limit orders"));
    }
    if LEGS.iter().any(|(name, _, _)| ask.params.some(name).is_some()) {
        return Err(Fail::not_simulated("stops and targets of orders that wait for a price"));
    }
    let rises = match ask.params.some("triggerDirection") {
        Some("1") => true,
        Some("2") => false,
        _ => return Err(Fail::param("TriggerDirection invalid")),
    };
    let trigger_price = ask.decimal("triggerPrice")?.ok_or_else(|| Fail::param("TriggerPrice invalid"))?;
    check_price(ask, &symbol, trigger_price)?;
    let by = ask.trigger_by("triggerBy")?;
    // Whether one that only reduces is taken without a position, the sources do not agree.
    plain::check_reducing(ask, &symbol, buy, position_side)?;
    check_trigger(ask, &symbol, rises, trigger_price, by)?;
    let book = &ask.floor.book;
    if Line::open(book).filter(|line| *line.symbol == symbol && stop_order_type(line) == "Stop").count() >= WAITING_MAX {
        return Err(Fail::new(110_009, "The number of stop orders exceeds the maximum allowable limit"));
    }
    let reduce_only = ask.params.is_true("reduceOnly");
    let new = NewConditional {
        client_id: link.unwrap_or_else(|| ask.floor.made_up_id()),
        symbol: symbol.clone(),
        buy,
        position_side,
        kind: if buy == rises { ProtectionKind::StopLoss } else { ProtectionKind::TakeProfit },
        trigger_price,
        by,
        amount: Amount::Qty { qty: plain::qty(ask, &symbol, buy, position_side)?, reduce_only: reduce_only && position_side.is_none() },
    };
    let number = ask.floor.book.place_conditional(&new, ask.now).map_err(fail::order)?;
    let close_on_trigger = ask.params.is_true("closeOnTrigger");
    ask.notes.keep(Id::Waiting(number), Note { reduce_only, close_on_trigger, ..Note::default() });
    Ok(Id::Waiting(number))
}

fn check_trigger(ask: &Ask<'_>, symbol: &Symbol, rises: bool, trigger: Decimal, by: TriggerBy) -> Result<(), Fail> {
    let current = ask.floor.book.market(symbol).map(|market| market.watched(by)).unwrap_or_default();
    let (shown, now) = ((trigger * WORDS_SCALE).trunc(), (current * WORDS_SCALE).trunc());
    match (rises, trigger <= current, trigger >= current) {
        (true, true, _) => Err(Fail::new(110_092, format!("expect Rising, but trigger_price[{shown}] <= current[{now}]??"))),
        (false, _, true) => Err(Fail::new(110_093, format!("expect Falling, but trigger_price[{shown}] >= current[{now}]??"))),
        _ => Ok(()),
    }
}
