//! v2's balance, positions and settings.

use perphook::exchange::paper::{Amount, Conditional, Denial, Market};
use perphook::market::{Decimal, MarginMode, Millis, ProtectionKind, Side, Symbol};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::super::params::Params;
use super::super::super::wire::Call;
use super::super::fail::{self, Fail};
use super::super::guards::{self, guard_id};
use super::super::{mode_word, must, product, side_word, text};
use super::{margin_coin, margin_mode, rows, symbol_of};

/// What both account calls tell. `available` is the wallet; free to open with is what the longer names say.
fn sums(floor: &Floor) -> Value {
    let (wallet, free, equity) = (floor.book.balance(), text(floor.book.available()), floor.book.equity());
    let margin: Decimal = floor.book.markets().map(|(_, market)| market.position_margin().0).sum();
    let (margin, profit) = (text(margin), text(equity - wallet));
    json!({
        "marginCoin": "USDT", "locked": margin, "available": text(wallet), "crossedMaxAvailable": free, "isolatedMaxAvailable": free,
        "maxTransferOut": free, "accountEquity": text(equity), "usdtEquity": text(equity), "btcEquity": "0.2", "crossedRiskRate": "0",
        "unrealizedPL": profit, "coupon": "0", "crossedUnrealizedPL": profit, "isolatedUnrealizedPL": "0", "assetMode": "single",
        "unionTotalMargin": null, "unionAvailable": null, "unionMm": null, "assetList": null, "isolatedMargin": "0", "crossedMargin": margin,
    })
}

pub fn accounts(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    product(&call.params, "productType")?;
    Ok(json!([sums(floor)]))
}

/// The one call that tells leverage, margin mode and position mode. Leverages are numbers here.
pub fn account(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    margin_coin(&call.params)?;
    let market = floor.book.market(&symbol).ok_or_else(|| fail::classic(Denial::NoPrice, true))?;
    let mut row = sums(floor);
    if let Some(row) = row.as_object_mut() {
        for name in ["unionTotalMargin", "unionAvailable", "unionMm", "assetList", "isolatedMargin", "crossedMargin"] {
            row.remove(name);
        }
        for name in ["crossedMarginLeverage", "isolatedLongLever", "isolatedShortLever"] {
            row.insert(name.to_owned(), json!(market.leverage));
        }
        row.insert("marginMode".to_owned(), json!(rows::margin_word(market.margin_mode)));
        row.insert("posMode".to_owned(), json!(mode_word(floor.book.is_hedge())));
    }
    Ok(row)
}

pub fn all_position(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    product(&call.params, "productType")?;
    Ok(positions(floor, None, now))
}

pub fn single_position(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    margin_coin(&call.params)?;
    Ok(positions(floor, Some(&symbol), now))
}

/// The positions that are held, as far as they are seen.
fn positions(floor: &Floor, only: Option<&Symbol>, now: Millis) -> Value {
    let wanted = floor.book.markets().filter(|(symbol, _)| only.is_none_or(|only| only == *symbol));
    let sides = wanted.flat_map(|(symbol, market)| [Side::Long, Side::Short].map(|side| (symbol, market, side)));
    sides.filter_map(|(symbol, market, side)| position(floor, symbol, market, side, now)).collect()
}

fn position(floor: &Floor, symbol: &Symbol, market: &Market, side: Side, now: Millis) -> Option<Value> {
    let (qty, entry) = floor.seen(symbol, side, now);
    if qty.is_zero() {
        return None;
    }
    let held = market.held(side);
    let locked = floor.reserved(symbol, side).min(qty);
    let points = if side == Side::Long { market.mark - entry } else { entry - market.mark };
    let whole = |kind| {
        let is_it = |order: &&Conditional| guards::side_of(order) == side && order.kind == kind && order.amount == Amount::WholePosition;
        let found = guards::waiting(floor, Some(symbol)).find(is_it);
        found.map(|order| (order.trigger_price.to_string(), guard_id(order.number))).unwrap_or_default()
    };
    let ((target, target_id), (stop, stop_id)) = (whole(ProtectionKind::TakeProfit), whole(ProtectionKind::StopLoss));
    // A position in cross margin may have none, and then it is not a price.
    let liquidation = market.liquidation_price(side);
    Some(json!({
        "marginCoin": "USDT", "symbol": symbol.as_str(), "holdSide": side_word(side), "openDelegateSize": "0",
        "marginSize": text(market.margin_of(qty * entry)), "available": text(qty - locked), "locked": text(locked), "total": text(qty),
        "leverage": market.leverage.to_string(), "achievedProfits": "0", "openPriceAvg": text(entry),
        "marginMode": rows::margin_word(market.margin_mode), "posMode": mode_word(floor.book.is_hedge()), "unrealizedPL": text(points * qty),
        "liquidationPrice": if liquidation.is_zero() { "-1".to_owned() } else { text(liquidation) }, "keepMarginRate": "0.005",
        "markPrice": market.mark.to_string(), "marginRatio": "0.01",
        "breakEvenPrice": text(market.break_even_price(side, floor.book.knobs().taker_fee)), "totalFee": "", "deductedFee": "0", "grant": "",
        "assetMode": "single", "autoMargin": "off", "takeProfit": target, "stopLoss": stop, "takeProfitId": target_id, "stopLossId": stop_id,
        "cTime": floor.shown(held.since).to_string(), "uTime": floor.changed_at(symbol, side, now).to_string(),
    }))
}

/// Leverage of a contract, of both sides and margin modes together.
pub fn set_leverage(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    margin_coin(&call.params)?;
    let leverage = leverage(&call.params)?;
    let market = floor.book.market(&symbol).ok_or_else(|| fail::classic(Denial::NoPrice, true))?;
    if market.leverage == leverage {
        return Err(fail::classic(Denial::NoChange, true));
    }
    if floor.book.open_orders().iter().any(|order| order.symbol == symbol) {
        return Err(Fail::new("45097", "There is currently an order or a limit order, and the leverage cannot be adjusted"));
    }
    let mode = rows::margin_word(market.margin_mode);
    floor.book.set_leverage(&symbol, leverage).map_err(|denial| match denial {
        Denial::Blocked(_) => Fail::new("40893", "Unable to update the leverage factor of this position, there is not enough margin!"),
        other => fail::classic(other, true),
    })?;
    let leverage = leverage.to_string();
    Ok(json!({
        "symbol": symbol.as_str(), "marginCoin": "USDT", "longLeverage": leverage, "shortLeverage": leverage, "crossMarginLeverage": leverage,
        "marginMode": mode,
    }))
}

/// One leverage, however it is called; two different ones are not simulated.
fn leverage(params: &Params) -> Result<u32, Fail> {
    let mut named = ["leverage", "longLeverage", "shortLeverage"].into_iter().filter(|name| params.some(name).is_some());
    let Some(first) = named.next() else { return Err(Fail::empty("leverage")) };
    if named.any(|name| params.some(name) != params.some(first)) {
        return Err(Fail::not_simulated("another leverage for each side"));
    }
    params.read(first).ok_or_else(|| Fail::wrong(first))
}

pub fn set_margin_mode(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    margin_coin(&call.params)?;
    let mode: MarginMode = margin_mode(&call.params)?;
    done_or_so(floor.book.set_margin_mode(&symbol, mode)).map_err(|denial| fail::classic(denial, true))?;
    let leverage = floor.book.market(&symbol).map(|market| market.leverage.to_string()).unwrap_or_default();
    Ok(json!({
        "symbol": symbol.as_str(), "marginCoin": "USDT", "longLeverage": leverage, "shortLeverage": leverage,
        "marginMode": rows::margin_word(mode),
    }))
}

pub fn set_position_mode(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    product(&call.params, "productType")?;
    let hedge = match must(&call.params, "posMode")? {
        "hedge_mode" => true,
        "one_way_mode" => false,
        _ => return Err(Fail::wrong("posMode")),
    };
    done_or_so(floor.book.set_hedge(hedge)).map_err(|denial| match denial {
        Denial::Blocked(_) => Fail::new("40920", "Position or order exists, the position mode cannot be switched"),
        other => fail::classic(other, true),
    })?;
    Ok(json!({ "posMode": mode_word(hedge) }))
}

/// Modes that are so already may be set again.
pub fn done_or_so(result: Result<(), Denial>) -> Result<(), Denial> {
    result.or_else(|denial| if denial == Denial::NoChange { Ok(()) } else { Err(denial) })
}
