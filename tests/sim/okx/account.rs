//! Balance, positions, leverage and modes.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, MarginMode, Millis, Side, Symbol};

use super::super::floor::Floor;
use super::super::params::Params;
use super::super::wire::Call;
use super::desk::Desk;
use super::fail::{self, Fail};
use super::json::{self, Row};
use super::{rows, symbol_if_any, symbol_of};

const MAINTENANCE: Decimal = Decimal::from_parts(4, 0, 0, false, 3);
const POSITION_ID_BASE: u64 = 1_752_810_569_801_498_626;

pub fn config(desk: &mut Desk, floor: &mut Floor, _: &Call<'_>, _: Millis) -> Result<String, Fail> {
    let row = Row::new().text("acctLv", desk.level).text("posMode", mode_word(floor.book.is_hedge())).text("perm", "read_only,trade");
    let row = row.text("uid", "44705892343619584").text("mainUid", "44705892343619584").text("label", "bot").text("level", "Lv1");
    let row = row.text("kycLv", "3").text("ctIsoMode", "automatic").text("acctStpMode", "cancel_maker").text("greeksType", "PA");
    let row = row.text("roleType", "0").text("type", "0").text("settleCcy", "USDT").json("settleCcyList", r#"["USD","USDC"]"#);
    Ok(json::data(&[row.json("autoLoan", "false").json("enableSpotBorrow", "false").blanks(&["ip", "levelTmp"]).end()]))
}

fn mode_word(hedge: bool) -> &'static str {
    if hedge { "long_short_mode" } else { "net_mode" }
}

/// USDT, and a little of a coin that is of no use here. In futures mode the account's own sums do not apply.
pub fn balance(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    let (cash, free, at) = (floor.book.balance(), floor.book.available(), floor.shown(now));
    let equity = floor.book.equity();
    let (used, profit) = ((equity - free).max(Decimal::ZERO), equity - cash);
    let margin: Decimal = floor.book.markets().map(|(_, market)| market.position_margin().0).sum();
    let isolated: Decimal = floor
        .book
        .markets()
        .filter(|(_, market)| market.margin_mode == MarginMode::Isolated)
        .map(|(_, market)| market.position_margin().0)
        .sum();
    let usdt =
        Row::new().text("ccy", "USDT").decimal("eq", equity).decimal("cashBal", cash).decimal("availEq", free).decimal("availBal", free);
    let usdt = usdt.decimal("frozenBal", used).decimal("ordFrozen", (used - margin).max(Decimal::ZERO)).decimal("isoEq", isolated);
    let usdt = usdt.decimal("upl", profit).text("uTime", at).decimal("eqUsd", equity).decimal("disEq", equity).decimal("imr", margin);
    let usdt = usdt.text("mmr", "0").text("mgnRatio", "1000").text("stgyEq", "0").text("isoUpl", "0").text("notionalLever", "0");
    let other = Row::new().text("ccy", "BTC").text("eq", "0.001").text("cashBal", "0.001").text("availBal", "0.001").text("frozenBal", "0");
    let other = other.text("eqUsd", "50").text("disEq", "0").text("upl", "0").text("uTime", at).text("ordFrozen", "0").text("isoEq", "0");
    let other = other.blanks(&["availEq", "imr", "mmr", "mgnRatio"]);
    let details: Vec<String> = [("USDT", usdt.blanks(&["liab"])), ("BTC", other)]
        .into_iter()
        .filter(|(coin, _)| call.params.some("ccy").is_none_or(|wanted| wanted.split(',').any(|one| one == *coin)))
        .map(|(_, row)| row.end())
        .collect();
    let sums = (desk.level >= 3).then_some((equity, free));
    let row = Row::new().decimal("totalEq", equity + Decimal::from(50)).text("isoEq", isolated.normalize()).text("uTime", at);
    let row = row.decimal_if("adjEq", sums.map(|(equity, _)| equity)).decimal_if("availEq", sums.map(|(_, free)| free));
    let row = row.blanks(&["borrowFroz", "imr", "mgnRatio", "mmr", "notionalUsd", "ordFroz", "upl"]);
    Ok(json::data(&[row.json("details", json::list(&details)).end()]))
}

/// One line of the position list.
struct Position<'a> {
    symbol: &'a Symbol,
    market: &'a Market,
    side: Side,
    /// Base coin.
    qty: Decimal,
    entry: Decimal,
    changed: Millis,
}

/// With a contract named, a position that was closed is listed with a size of 0.
pub fn positions(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, now: Millis) -> Result<String, Fail> {
    if call.params.some("instType").is_some_and(|kind| kind != "SWAP") {
        return Ok(json::data(&[]));
    }
    let only = symbol_if_any(floor, &call.params)?;
    let mut list = Vec::new();
    for (symbol, market) in floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol)) {
        let each = [Side::Long, Side::Short].map(|side| {
            let (qty, entry) = floor.seen(symbol, side, now);
            Position { symbol, market, side, qty, entry, changed: floor.changed_at(symbol, side, now) }
        });
        let is_held = each.iter().any(|one| !one.qty.is_zero());
        let mut shown: Vec<&Position<'_>> = each.iter().filter(|one| !one.qty.is_zero()).collect();
        if only.is_some() && (floor.book.is_hedge() || !is_held) {
            shown = each.iter().filter(|one| !one.qty.is_zero() || one.changed > 0).collect();
            shown.truncate(if floor.book.is_hedge() { 2 } else { 1 });
        }
        list.extend(shown.into_iter().map(|one| position(floor, desk, one)));
    }
    Ok(json::data(&list))
}

fn position(floor: &Floor, desk: &Desk, one: &Position<'_>) -> String {
    let Position { symbol, market, side, qty, entry, changed } = *one;
    let hedge = floor.book.is_hedge();
    let pos = json::contracts(floor.book.instrument(symbol.as_str()).ok(), qty);
    let lever = desk.lever(symbol, market.margin_mode, hedge.then_some(side));
    let (notional, margin) = (qty * market.mark, market.margin_of(qty * entry));
    let profit = match side {
        Side::Long => (market.mark - entry) * qty,
        Side::Short => (entry - market.mark) * qty,
    };
    let is_isolated = market.margin_mode == MarginMode::Isolated;
    let liquidation = market.liquidation_price(side);
    let closing: Vec<String> = desk
        .waiting
        .iter()
        .filter(|algo| algo.spec.symbol == *symbol && algo.spec.size.is_none() && algo.spec.closes() == Some(side))
        .map(rows::closing_algo)
        .collect();
    let some = |value: Decimal| (!qty.is_zero()).then_some(value);
    let word = if hedge { json::position_side(Some(side)) } else { "net" };
    let row = Row::new().text("instType", "SWAP").text("instId", symbol).text("posId", POSITION_ID_BASE + u64::from(side == Side::Short));
    let row = row.text("posSide", word).decimal("pos", if hedge || side == Side::Long { pos } else { -pos }).text("ccy", "USDT");
    let row = row.text("mgnMode", json::mode(market.margin_mode)).text("lever", lever).decimal_if("avgPx", some(entry));
    let row = row.decimal_if("upl", some(profit)).decimal_if("uplLastPx", some(profit)).decimal_if("notionalUsd", some(notional));
    let row = row.decimal_if("uplRatio", some(profit.checked_div(margin).unwrap_or_default())).decimal("markPx", market.mark);
    let row = row
        .decimal("last", market.last)
        .decimal("idxPx", market.mark)
        .decimal_if("bePx", some(market.break_even_price(side, floor.book.knobs().taker_fee)));
    let row = row.decimal_if("margin", some(margin).filter(|_| is_isolated)).decimal_if("imr", some(margin).filter(|_| !is_isolated));
    let row = row.decimal_if("mmr", some(notional * MAINTENANCE)).text("mgnRatio", if qty.is_zero() { "" } else { "60" });
    let row = row.decimal_if("liqPx", some(liquidation).filter(|price| !price.is_zero())).json("closeOrderAlgo", json::list(&closing));
    let row = row.text(
        "availPos",
        if hedge {
            json::contracts(floor.book.instrument(symbol.as_str()).ok(), floor.free_to_close(symbol, side, qty)).normalize().to_string()
        } else {
            String::new()
        },
    );
    let row = row.text("cTime", floor.shown(market.held(side).since)).text("uTime", changed).text("adl", "1").text("interest", "");
    let row =
        row.text("fee", "0").text("fundingFee", "0").text("liqPenalty", "0").text("pnl", "0").text("realizedPnl", "0").text("usdPx", "1");
    row.blanks(&[
        "baseBal",
        "baseBorrowed",
        "baseInterest",
        "bizRefId",
        "bizRefType",
        "clSpotInUseAmt",
        "deltaBS",
        "deltaPA",
        "gammaBS",
        "gammaPA",
        "hedgedPos",
        "liab",
        "liabCcy",
        "maxSpotInUseAmt",
        "optVal",
        "pendingCloseOrdLiabVal",
        "posCcy",
        "quoteBal",
        "quoteBorrowed",
        "quoteInterest",
        "spotInUseAmt",
        "spotInUseCcy",
        "thetaBS",
        "thetaPA",
        "tradeId",
        "uplRatioLastPx",
        "vegaBS",
        "vegaPA",
        "nonSettleAvgPx",
        "settledPnl",
    ])
    .end()
}

/// `cross` or `isolated`.
pub fn margin_mode(params: &Params, name: &str) -> Result<MarginMode, Fail> {
    match params.some(name) {
        Some("cross") => Ok(MarginMode::Cross),
        Some("isolated") => Ok(MarginMode::Isolated),
        _ => Err(Fail::parameter(name)),
    }
}

pub fn leverage(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<String, Fail> {
    let mode = margin_mode(&call.params, "mgnMode")?;
    let names = call.params.some("instId").ok_or_else(|| Fail::parameter("instId"))?;
    let mut list = Vec::new();
    for name in names.split(',') {
        let symbol = floor.book.instrument(name).map_err(fail::plain)?.symbol.clone();
        let sides = if floor.book.is_hedge() { vec![Some(Side::Long), Some(Side::Short)] } else { vec![None] };
        list.extend(sides.into_iter().map(|side| {
            let row = Row::new().text("ccy", "").text("instId", &symbol).text("mgnMode", json::mode(mode));
            row.text("posSide", json::position_side(side)).text("lever", desk.lever(&symbol, mode, side)).end()
        }));
    }
    Ok(json::data(&list))
}

pub fn set_leverage(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, &call.params)?;
    let mode = margin_mode(&call.params, "mgnMode")?;
    let lever: u32 = call.params.read("lever").ok_or_else(|| Fail::parameter("lever"))?;
    let side = match (mode, floor.book.is_hedge(), call.params.some("posSide")) {
        (MarginMode::Cross, _, _) | (_, false, None | Some("net")) => None,
        (_, true, Some("long")) => Some(Side::Long),
        (_, true, Some("short")) => Some(Side::Short),
        _ => return Err(Fail::parameter("posSide")),
    };
    if lever == 0 || lever > floor.book.instrument(symbol.as_str()).map_err(fail::plain)?.max_leverage {
        return Err(fail::plain(Denial::Leverage { max: 0 }));
    }
    if lever != desk.lever(&symbol, mode, side) {
        change_leverage(desk, floor, &symbol, (mode, side), lever)?;
    }
    let row = Row::new().text("lever", lever).text("mgnMode", json::mode(mode)).text("instId", &symbol);
    Ok(json::data(&[row.text("posSide", side.map_or("", |side| json::position_side(Some(side)))).end()]))
}

fn change_leverage(
    desk: &mut Desk,
    floor: &mut Floor,
    symbol: &Symbol,
    (mode, side): (MarginMode, Option<Side>),
    lever: u32,
) -> Result<(), Fail> {
    let mut pending = floor.book.open_orders().iter().filter(|order| order.symbol == *symbol);
    if pending.any(|order| desk.plain.get(&order.number).is_none_or(|plain| plain.mode == mode)) {
        let (code, word) = if mode == MarginMode::Cross { (59107, "cross-margin") } else { (59101, "isolated margin") };
        let words = format!("Leverage can't be modified. Please cancel all pending {word} orders before adjusting the leverage.");
        return Err(Fail::new(code, words));
    }
    let market = floor.book.market(symbol).ok_or_else(|| fail::plain(Denial::NoPrice))?;
    // The book knows one leverage for both sides: what nobody holds is set when an order opens it.
    if market.margin_mode == mode && side.is_none_or(|side| !market.held(side).qty.is_zero()) {
        floor.book.set_leverage(symbol, lever).map_err(fail::plain)?;
    }
    desk.set_lever(symbol, mode, side, lever);
    Ok(())
}

pub fn set_position_mode(_: &mut Desk, floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<String, Fail> {
    let hedge = match call.params.some("posMode") {
        Some("net_mode") => false,
        Some("long_short_mode") => true,
        _ => return Err(Fail::parameter("posMode")),
    };
    match floor.book.set_hedge(hedge) {
        Ok(()) | Err(Denial::NoChange) => Ok(json::data(&[Row::new().text("posMode", mode_word(hedge)).end()])),
        Err(_) => Err(Fail::new(59000, "Your settings failed to update. Please close all positions, orders and bots, then try again.")),
    }
}

/// The account's mode; also how a test makes an account that cannot trade swaps.
pub fn set_level(desk: &mut Desk, floor: &mut Floor, call: &Call<'_>, _: Millis) -> Result<String, Fail> {
    let level: u8 = call.params.read("acctLv").ok_or_else(|| Fail::parameter("acctLv"))?;
    if !(1..=3).contains(&level) {
        return Err(if level == 4 { Fail::not_simulated("portfolio margin") } else { Fail::parameter("acctLv") });
    }
    let is_busy = floor.book.markets().any(|(symbol, _)| floor.book.is_used(symbol));
    if level != desk.level && is_busy {
        return Err(Fail::new(59000, "Your settings failed to update. Please close all positions, orders and bots, then try again."));
    }
    desk.level = level;
    Ok(json::data(&[Row::new().text("acctLv", level).end()]))
}
