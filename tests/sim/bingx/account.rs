//! Balance, positions, leverage, margin type and position mode.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, MarginMode, Side, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::fail::{self, Fail};
use super::rows::{DIGITS, bare};
use super::{Ask, Notes, SIDES, side_word};

/// How keys begin whose requests go to the demo's host: nothing but the coin of the balance differs there.
const DEMO_KEY: &str = "demo";
const POSITION_IDS: u64 = 1_792_480_725_958_881_000;

impl Notes {
    /// Leverage of a side.
    pub fn leverage_of(&self, floor: &Floor, symbol: &Symbol, side: Side) -> u32 {
        let set = self.leverage.get(&(symbol.clone(), side)).copied();
        set.unwrap_or_else(|| floor.book.market(symbol).map_or(1, |market| market.leverage))
    }
}

/// Free margin does not count open profit, but open loss; a coin that nobody has is empty texts.
pub fn balance(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let book = &ask.floor.book;
    let sums = book.markets().map(|(_, market)| market.position_margin());
    let (used, profit) = sums.fold((Decimal::ZERO, Decimal::ZERO), |sum, (margin, profit)| (sum.0 + margin, sum.1 + profit));
    let frozen = (book.equity() - used - book.available()).max(Decimal::ZERO);
    let free = book.available().min(book.balance() - used - frozen).max(Decimal::ZERO);
    let text = |value: Decimal| value.round_dp(DIGITS).to_string();
    let coin = if ask.floor.key().starts_with(DEMO_KEY) { "VST" } else { "USDT" };
    Ok(Some(json!([
        {
            "userId": "116***295", "asset": coin, "balance": text(book.balance()), "equity": text(book.equity()),
            "unrealizedProfit": text(profit), "realisedProfit": "0", "availableMargin": text(free), "usedMargin": text(used),
            "freezedMargin": text(frozen), "shortUid": "12851936",
        },
        {
            "userId": "", "asset": "USDC", "balance": "", "equity": "", "unrealizedProfit": "", "realisedProfit": "0",
            "availableMargin": "", "usedMargin": "", "freezedMargin": "", "shortUid": "12851936",
        },
    ])))
}

/// What is held. Nothing is an empty list, or none at all when a contract is named.
pub fn positions(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let only = ask.symbol_if_any()?;
    let markets = ask.floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol));
    let rows = markets.flat_map(|(symbol, market)| SIDES.into_iter().filter_map(|side| position(ask, symbol, market, side)));
    let rows: Vec<Value> = rows.collect();
    Ok(Some(if rows.is_empty() && only.is_some() { Value::Null } else { json!(rows) }))
}

/// The id of a contract's side.
pub fn position_id(floor: &Floor, symbol: &Symbol, side: Side) -> String {
    let index = floor.book.markets().position(|(known, _)| known == symbol).unwrap_or_default() as u64;
    (POSITION_IDS + 2 * index + u64::from(side == Side::Short)).to_string()
}

fn position(ask: &Ask<'_>, symbol: &Symbol, market: &Market, side: Side) -> Option<Value> {
    let floor = &*ask.floor;
    let (qty, entry) = floor.seen(symbol, side, ask.now);
    if qty.is_zero() {
        return None;
    }
    let ahead = if side == Side::Long { market.mark - entry } else { entry - market.mark };
    let (profit, margin) = ((ahead * qty).round_dp(DIGITS), market.margin_of(entry * qty).round_dp(DIGITS));
    let free = floor.free_to_close(symbol, side, qty);
    Some(json!({
        "positionId": position_id(floor, symbol, side), "symbol": symbol.as_str(), "currency": "USDT", "positionAmt": qty,
        "availableAmt": free, "positionSide": side_word(side), "isolated": market.margin_mode == MarginMode::Isolated,
        "avgPrice": entry.round_dp(DIGITS), "initialMargin": margin, "margin": margin + profit,
        "leverage": ask.notes.leverage_of(floor, symbol, side), "unrealizedProfit": profit, "realisedProfit": "0",
        "liquidationPrice": bare(market.liquidation_price(side).round_dp(DIGITS)),
        "pnlRatio": profit.checked_div(margin).unwrap_or_default().round_dp(4), "maxMarginReduction": "0.0000", "riskRate": "0.0008",
        "markPrice": market.mark, "positionValue": (qty * market.mark).round_dp(DIGITS), "onlyOnePosition": !floor.book.is_hedge(),
        "updateTime": floor.changed_at(symbol, side, ask.now),
    }))
}

pub fn leverage(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let symbol = ask.symbol()?;
    let max = ask.floor.book.instrument(symbol.as_str()).map(|one| one.max_leverage).map_err(fail::order)?;
    let of = |side| ask.notes.leverage_of(ask.floor, &symbol, side);
    Ok(Some(json!({
        "longLeverage": of(Side::Long), "shortLeverage": of(Side::Short), "maxLongLeverage": max, "maxShortLeverage": max,
        "availableLongVol": "0.0000", "availableShortVol": "0.0000", "availableLongVal": "0.0", "availableShortVal": "0.0",
        "maxPositionLongVal": "0.0", "maxPositionShortVal": "0.0",
    })))
}

/// Each side has its own in hedge mode; the engine counts with the one that was set last.
pub fn set_leverage(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let symbol = ask.symbol()?;
    let leverage: u32 = ask.need("leverage")?.parse().map_err(|_| Fail::parameter("leverage"))?;
    let is_hedge = ask.floor.book.is_hedge();
    let sides = match (ask.need("side")?, is_hedge) {
        ("BOTH", false) => &SIDES[..],
        ("LONG", true) => &[Side::Long],
        ("SHORT", true) => &[Side::Short],
        ("BOTH" | "LONG" | "SHORT", _) => {
            let words = if is_hedge { "LONG or SHORT in the Hedge mode" } else { "BOTH in the One-way mode" };
            return Err(Fail::new(109_400, format!("Invalid parameters, err:side can only be {words}.")));
        }
        _ => return Err(Fail::parameter("side")),
    };
    ask.floor.book.set_leverage(&symbol, leverage).map_err(fail::order)?;
    for side in sides {
        ask.notes.leverage.insert((symbol.clone(), *side), leverage);
    }
    Ok(Some(json!({"leverage": leverage, "symbol": symbol.as_str()})))
}

pub fn margin_type(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let symbol = ask.symbol()?;
    let is_isolated = ask.floor.book.market(&symbol).is_some_and(|market| market.margin_mode == MarginMode::Isolated);
    Ok(Some(json!({"marginType": if is_isolated { "ISOLATED" } else { "CROSSED" }})))
}

/// Setting what is set is no error; with a position or an order even that is refused, which no source denies.
pub fn set_margin_type(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let symbol = ask.symbol()?;
    let mode = match ask.need("marginType")? {
        "ISOLATED" => MarginMode::Isolated,
        "CROSSED" => MarginMode::Cross,
        "SEPARATE_ISOLATED" if ask.floor.book.is_hedge() => return Err(Fail::not_simulated("separate isolated margin")),
        "SEPARATE_ISOLATED" => return Err(Fail::new(104_108, "Separate isolated margin is only available in the Hedge mode")),
        _ => return Err(Fail::parameter("marginType")),
    };
    let is_flat = ask.floor.book.market(&symbol).is_none_or(Market::is_flat);
    if !is_flat || ask.floor.book.has_open_orders(&symbol) {
        return Err(fail::settled());
    }
    match ask.floor.book.set_margin_mode(&symbol, mode) {
        Ok(()) | Err(Denial::NoChange) => Ok(None),
        Err(denial) => Err(fail::order(denial)),
    }
}

pub fn position_mode(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    Ok(Some(json!({"dualSidePosition": ask.floor.book.is_hedge().to_string()})))
}

/// As with the margin type, with positions and orders of all contracts.
pub fn set_position_mode(ask: &mut Ask<'_>) -> Result<Option<Value>, Fail> {
    let hedge = match ask.need("dualSidePosition")? {
        "true" => true,
        "false" => false,
        _ => return Err(Fail::parameter("dualSidePosition")),
    };
    let book = &mut ask.floor.book;
    let is_blocked = book.markets().any(|(symbol, market)| !market.is_flat() || book.has_open_orders(symbol));
    if is_blocked {
        return Err(Fail::new(104_103, "The position mode cannot be changed while there are positions or pending orders"));
    }
    match book.set_hedge(hedge) {
        Ok(()) | Err(Denial::NoChange) => position_mode(ask),
        Err(denial) => Err(fail::order(denial)),
    }
}
