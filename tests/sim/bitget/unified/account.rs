//! v3's balance, positions and settings.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, MarginMode, Millis, Side, Symbol};
use serde_json::{Value, json};

use super::super::super::floor::Floor;
use super::super::super::wire::Call;
use super::super::classic::account::done_or_so;
use super::super::fail::{self, Fail};
use super::super::{DIGITS, PRODUCT, mode_word, must, side_word, text};
use super::{margin_mode, rows, symbol_if_any, symbol_of};

/// Dollars for one USDT: the account's own figures are in dollars.
const DOLLARS: Decimal = Decimal::from_parts(100_055, 0, 0, false, 5);
/// What a contract that nobody touched is set to.
const LEVERAGE_AT_FIRST: u32 = 20;

/// The account's modes, and the settings of contracts that were touched: the others are not listed.
pub fn settings(floor: &mut Floor, _: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let is_touched = |symbol: &Symbol, market: &Market| {
        market.leverage != LEVERAGE_AT_FIRST || market.margin_mode == MarginMode::Isolated || floor.book.is_used(symbol)
    };
    let touched = floor.book.markets().filter(|(symbol, market)| is_touched(symbol, market));
    let list = touched.map(|(symbol, market)| {
        let mode = rows::margin_word(market.margin_mode);
        json!({ "category": PRODUCT, "symbol": symbol.as_str(), "marginMode": mode, "leverage": market.leverage.to_string() })
    });
    Ok(json!({
        "uid": "1", "accountMode": "unified", "assetMode": "multi_assets", "holdMode": mode_word(floor.book.is_hedge()), "stpMode": "none",
        "symbolConfigList": list.collect::<Vec<Value>>(), "coinConfigList": [],
    }))
}

pub fn assets(floor: &mut Floor, _: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let (wallet, equity, free) = (floor.book.balance(), floor.book.equity(), floor.book.available());
    let margin: Decimal = floor.book.markets().map(|(_, market)| market.position_margin().0).sum();
    let (dollars, profit, margin) = (text(equity * DOLLARS), text(equity - wallet), text(margin));
    Ok(json!({
        "accountEquity": dollars, "usdtEquity": text(equity), "btcEquity": "0.2", "unrealisedPnl": text((equity - wallet) * DOLLARS),
        "usdtUnrealisedPnl": profit, "btcUnrealizedPnl": "0", "effEquity": dollars, "mmr": "0", "imr": margin, "mgnRatio": "0.01",
        "positionMgnRatio": "0.01",
        "assets": [{
            "coin": "USDT", "equity": text(equity), "usdValue": dollars, "balance": text(wallet), "available": text(free), "debt": "0",
            "locked": margin,
        }],
    }))
}

pub fn positions(floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<Value, Fail> {
    let only = symbol_if_any(floor, &call.params)?;
    let wanted = floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol));
    let sides = wanted.flat_map(|(symbol, market)| [Side::Long, Side::Short].map(|side| (symbol, market, side)));
    let list: Vec<Value> = sides.filter_map(|(symbol, market, side)| position(floor, symbol, market, side, now)).collect();
    Ok(json!({ "list": list }))
}

fn position(floor: &Floor, symbol: &Symbol, market: &Market, side: Side, now: Millis) -> Option<Value> {
    let (qty, entry) = floor.seen(symbol, side, now);
    if qty.is_zero() {
        return None;
    }
    let frozen = floor.reserved(symbol, side).min(qty);
    let points = if side == Side::Long { market.mark - entry } else { entry - market.mark };
    let (margin, profit) = (market.margin_of(qty * entry), points * qty);
    let liquidation = market.liquidation_price(side);
    Some(json!({
        "category": PRODUCT, "symbol": symbol.as_str(), "marginCoin": "USDT", "holdMode": mode_word(floor.book.is_hedge()),
        "posSide": side_word(side), "marginMode": rows::margin_word(market.margin_mode), "positionBalance": text(margin),
        "available": text(qty - frozen), "frozen": text(frozen), "total": text(qty), "leverage": market.leverage.to_string(),
        "curRealisedPnl": "0", "avgPrice": text(entry), "positionStatus": "normal", "unrealisedPnl": text(profit),
        "liquidationPrice": if liquidation.is_zero() { "-1".to_owned() } else { text(liquidation) }, "mmr": "0.005",
        "profitRate": text(profit.checked_div(margin).unwrap_or_default().round_dp(DIGITS)), "markPrice": market.mark.to_string(),
        "breakEvenPrice": text(market.break_even_price(side, floor.book.knobs().taker_fee)), "totalFunding": "0", "openFeeTotal": "0",
        "closeFeeTotal": "0", "createdTime": floor.shown(market.held(side).since).to_string(),
        "updatedTime": floor.changed_at(symbol, side, now).to_string(),
    }))
}

/// Leverage of a contract, of both sides and margin modes together. What is so already may be set again.
pub fn set_leverage(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    let params = &call.params;
    let of_side = ["posSide", "longLeverage", "shortLeverage"].into_iter().any(|name| params.some(name).is_some());
    if margin_mode(params)? == MarginMode::Isolated && !of_side {
        return Err(Fail::empty("posSide"));
    }
    let named = ["leverage", "longLeverage", "shortLeverage"].into_iter().find(|name| params.some(name).is_some());
    let name = named.ok_or_else(|| Fail::empty("leverage"))?;
    let leverage: u32 = params.read(name).ok_or_else(|| Fail::wrong(name))?;
    floor.book.set_leverage(&symbol, leverage).map_err(|denial| match denial {
        Denial::Blocked(_) => Fail::new("25228", "Unable to update leverage for this position, insufficient margin!"),
        other => fail::unified(other, true),
    })?;
    Ok(json!("success"))
}

pub fn set_hold_mode(floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<Value, Fail> {
    let hedge = match must(&call.params, "holdMode")? {
        "hedge_mode" => true,
        "one_way_mode" => false,
        _ => return Err(Fail::wrong("holdMode")),
    };
    done_or_so(floor.book.set_hedge(hedge)).map_err(|denial| fail::unified(denial, true))?;
    Ok(json!("success"))
}
