//! Balance, positions, leverage, margin type and modes.

use std::fmt::Write;

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, MarginMode, Millis, Side, Symbol};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};
use super::rows::{self, DIGITS};
use super::{symbol_if_any, symbol_of};

const SUCCESS: &str = "{\"code\":200,\"msg\":\"success\"}";
const MAINTENANCE: Decimal = Decimal::from_parts(4, 0, 0, false, 3);

/// One line of a position list.
struct Row<'a> {
    symbol: &'a Symbol,
    market: &'a Market,
    /// The word for the side: `BOTH`, `LONG` or `SHORT`.
    position_side: &'static str,
    /// Negative for a short.
    amount: Decimal,
    entry_price: Decimal,
    /// When the position last changed, as far as it is shown.
    changed_at: Millis,
    /// Which side's numbers these are.
    side: Side,
}

impl Row<'_> {
    fn notional(&self) -> Decimal {
        self.amount * self.market.mark
    }

    fn profit(&self) -> Decimal {
        if self.amount.is_zero() { Decimal::ZERO } else { ((self.market.mark - self.entry_price) * self.amount).round_dp(DIGITS) }
    }

    fn margin(&self) -> Decimal {
        self.market.margin_of((self.amount * self.entry_price).abs()).round_dp(DIGITS)
    }
}

/// The rows of one contract: one in one-way mode, long and short in hedge mode.
fn rows_of<'a>(floor: &Floor, symbol: &'a Symbol, market: &'a Market, now: Millis) -> Vec<Row<'a>> {
    let row = |side: Side, position_side| {
        let (qty, entry_price) = floor.seen(symbol, side, now);
        let amount = if side == Side::Long { qty } else { -qty };
        let changed_at = floor.changed_at(symbol, side, now);
        Row { symbol, market, position_side, amount, entry_price, changed_at, side }
    };
    if floor.book.is_hedge() {
        return vec![row(Side::Long, "LONG"), row(Side::Short, "SHORT")];
    }
    let (long, short) = (row(Side::Long, "BOTH"), row(Side::Short, "BOTH"));
    vec![if short.amount.is_zero() { long } else { short }]
}

/// Rows with a position or open plain orders, which is what version 3 lists.
fn live_rows<'a>(floor: &'a Floor, only: Option<&Symbol>, now: Millis) -> Vec<Row<'a>> {
    let wanted = |symbol: &Symbol| only.is_none_or(|only| only == symbol);
    let mut list = Vec::new();
    for (symbol, market) in floor.book.markets().filter(|(symbol, _)| wanted(symbol)) {
        if market.is_flat() && floor.faults.conditions.late_positions_ms == 0 && floor.book.open_orders().is_empty() {
            continue;
        }
        list.extend(rows_of(floor, symbol, market, now).into_iter().filter(|row| {
            let is_meant = |named: Option<Side>| named.is_none_or(|side| side == row.side);
            let has_orders = || floor.book.open_orders().iter().any(|order| order.symbol == *symbol && is_meant(order.position_side));
            !row.amount.is_zero() || has_orders()
        }));
    }
    list
}

pub fn positions_v3(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let mut out = String::with_capacity(512);
    rows::list(&mut out, live_rows(floor, only.as_ref(), now).iter(), |out, row| {
        let (notional, margin) = (row.notional(), row.margin());
        let is_isolated = row.market.margin_mode == MarginMode::Isolated;
        let isolated = if is_isolated { margin } else { Decimal::ZERO };
        let _ = write!(
            out,
            "{{\"symbol\":\"{}\",\"positionSide\":\"{}\",\"positionAmt\":\"{}\",\"entryPrice\":\"{entry}\",\"breakEvenPrice\":\"{}\",\
             \"markPrice\":\"{}\",\"unRealizedProfit\":\"{}\",\"liquidationPrice\":\"{}\",\"isolatedMargin\":\"{isolated}\",\
             \"notional\":\"{notional}\",\"marginAsset\":\"USDT\",\"isolatedWallet\":\"{isolated}\",\"initialMargin\":\"{margin}\",\
             \"maintMargin\":\"{}\",\"positionInitialMargin\":\"{margin}\",\"openOrderInitialMargin\":\"0\",\"adl\":0,\
             \"bidNotional\":\"0\",\"askNotional\":\"0\",\"updateTime\":{}}}",
            row.symbol,
            row.position_side,
            row.amount,
            row.market.break_even_price(row.side, floor.book.knobs().taker_fee).round_dp(DIGITS),
            row.market.mark,
            row.profit(),
            row.market.liquidation_price(row.side).round_dp(DIGITS),
            (notional.abs() * MAINTENANCE).round_dp(DIGITS),
            row.changed_at,
            entry = row.entry_price.round_dp(DIGITS),
        );
    });
    Ok(out)
}

pub fn positions_v2(floor: &mut Floor, params: &Params, now: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let mut out = String::with_capacity(512);
    let at = floor.shown(now);
    let wanted = floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol));
    rows::list(&mut out, wanted.flat_map(|(symbol, market)| rows_of(floor, symbol, market, now)), |out, row| {
        let is_isolated = row.market.margin_mode == MarginMode::Isolated;
        let _ = write!(
            out,
            "{{\"symbol\":\"{}\",\"positionAmt\":\"{}\",\"entryPrice\":\"{entry}\",\"breakEvenPrice\":\"{entry}\",\"markPrice\":\"{}\",\
             \"unRealizedProfit\":\"{}\",\"liquidationPrice\":\"{}\",\"leverage\":\"{}\",\"maxNotionalValue\":\"100000000\",\
             \"marginType\":\"{}\",\"isolatedMargin\":\"{}\",\"isAutoAddMargin\":\"false\",\"positionSide\":\"{}\",\"notional\":\"{}\",\
             \"isolatedWallet\":\"0\",\"updateTime\":{at}}}",
            row.symbol,
            row.amount,
            row.market.mark,
            row.profit(),
            row.market.liquidation_price(row.side).round_dp(DIGITS),
            row.market.leverage,
            if is_isolated { "isolated" } else { "cross" },
            if is_isolated { row.margin() } else { Decimal::ZERO },
            row.position_side,
            row.notional(),
            entry = row.entry_price.round_dp(DIGITS),
        );
    });
    Ok(out)
}

/// Unrealised profit and margin of all positions.
fn sums(floor: &Floor) -> (Decimal, Decimal) {
    let each = floor.book.markets().map(|(_, market)| market.position_margin());
    each.fold((Decimal::ZERO, Decimal::ZERO), |sum, (margin, profit)| (sum.0 + profit, sum.1 + margin))
}

pub fn balance(floor: &mut Floor, _: &Params, now: Millis) -> Result<String, Fail> {
    let (wallet, free) = (floor.book.balance().round_dp(DIGITS), floor.book.available().round_dp(DIGITS));
    Ok(format!(
        "[{{\"accountAlias\":\"SgsR\",\"asset\":\"USDT\",\"balance\":\"{wallet}\",\"crossWalletBalance\":\"{wallet}\",\"crossUnPnl\":\"{}\",\
         \"availableBalance\":\"{free}\",\"maxWithdrawAmount\":\"{free}\",\"marginAvailable\":true,\"updateTime\":{}}}]",
        sums(floor).0.round_dp(DIGITS),
        floor.shown(now)
    ))
}

pub fn account(floor: &mut Floor, _: &Params, now: Millis) -> Result<String, Fail> {
    let (wallet, free) = (floor.book.balance().round_dp(DIGITS), floor.book.available().round_dp(DIGITS));
    let (profit, margin) = sums(floor);
    let (profit, equity) = (profit.round_dp(DIGITS), (wallet + profit).round_dp(DIGITS));
    let used = (equity - free).max(Decimal::ZERO);
    let (margin, at) = (margin.round_dp(DIGITS), floor.shown(now));
    let mut out = String::with_capacity(1024);
    let _ = write!(
        out,
        "{{\"totalInitialMargin\":\"{used}\",\"totalMaintMargin\":\"0\",\"totalWalletBalance\":\"{wallet}\",\"totalUnrealizedProfit\":\"{profit}\",\
         \"totalMarginBalance\":\"{equity}\",\"totalPositionInitialMargin\":\"{margin}\",\"totalOpenOrderInitialMargin\":\"{}\",\
         \"totalCrossWalletBalance\":\"{wallet}\",\"totalCrossUnPnl\":\"{profit}\",\"availableBalance\":\"{free}\",\"maxWithdrawAmount\":\"{free}\",\
         \"assets\":[{{\"asset\":\"USDT\",\"walletBalance\":\"{wallet}\",\"unrealizedProfit\":\"{profit}\",\"marginBalance\":\"{equity}\",\
         \"maintMargin\":\"0\",\"initialMargin\":\"{used}\",\"positionInitialMargin\":\"{margin}\",\"openOrderInitialMargin\":\"0\",\
         \"crossWalletBalance\":\"{wallet}\",\"crossUnPnl\":\"{profit}\",\"availableBalance\":\"{free}\",\"maxWithdrawAmount\":\"{free}\",\
         \"marginAvailable\":true,\"updateTime\":{at}}}],\"positions\":",
        (used - margin).max(Decimal::ZERO)
    );
    rows::list(&mut out, live_rows(floor, None, now).iter(), |out, row| {
        let _ = write!(
            out,
            "{{\"symbol\":\"{}\",\"positionSide\":\"{}\",\"positionAmt\":\"{}\",\"unrealizedProfit\":\"{}\",\"isolatedMargin\":\"0\",\
             \"notional\":\"{}\",\"isolatedWallet\":\"0\",\"initialMargin\":\"{}\",\"maintMargin\":\"0\",\"updateTime\":{at}}}",
            row.symbol,
            row.position_side,
            row.amount,
            row.profit(),
            row.notional(),
            row.margin()
        );
    });
    out.push('}');
    Ok(out)
}

pub fn symbol_config(floor: &mut Floor, params: &Params, _: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let mut out = String::with_capacity(512);
    let wanted = floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol));
    rows::list(&mut out, wanted, |out, (symbol, market)| {
        let margin_type = if market.margin_mode == MarginMode::Isolated { "ISOLATED" } else { "CROSSED" };
        let _ = write!(
            out,
            "{{\"symbol\":\"{symbol}\",\"marginType\":\"{margin_type}\",\"isAutoAddMargin\":false,\"leverage\":{},\"maxNotionalValue\":\"100000000\"}}",
            market.leverage
        );
    });
    Ok(out)
}

pub fn account_config(floor: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok(format!(
        "{{\"feeTier\":0,\"canTrade\":true,\"canDeposit\":true,\"canWithdraw\":true,\"dualSidePosition\":{},\"updateTime\":0,\
         \"multiAssetsMargin\":false,\"tradeGroupId\":-1}}",
        floor.book.is_hedge()
    ))
}

pub fn position_mode(floor: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok(format!("{{\"dualSidePosition\":{}}}", floor.book.is_hedge()))
}

pub fn set_position_mode(floor: &mut Floor, params: &Params, _: Millis) -> Result<String, Fail> {
    params.some("dualSidePosition").ok_or_else(|| Fail::mandatory("dualSidePosition"))?;
    floor.book.set_hedge(params.is_true("dualSidePosition")).map_err(fail::position_mode)?;
    Ok(SUCCESS.to_owned())
}

pub fn multi_assets(_: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok("{\"multiAssetsMargin\":false}".to_owned())
}

pub fn leverage_bracket(floor: &mut Floor, params: &Params, _: Millis) -> Result<String, Fail> {
    let only = symbol_if_any(floor, params)?;
    let mut out = String::with_capacity(512);
    let wanted = floor.book.instruments().iter().filter(|instrument| only.as_ref().is_none_or(|only| *only == instrument.symbol));
    rows::list(&mut out, wanted, |out, instrument| {
        let _ = write!(
            out,
            "{{\"symbol\":\"{}\",\"notionalCoef\":1.0,\"brackets\":[{{\"bracket\":1,\"initialLeverage\":{},\"notionalCap\":50000,\
             \"notionalFloor\":0,\"maintMarginRatio\":0.004,\"cum\":0.0}},{{\"bracket\":2,\"initialLeverage\":20,\"notionalCap\":100000000,\
             \"notionalFloor\":50000,\"maintMarginRatio\":0.025,\"cum\":1050.0}}]}}",
            instrument.symbol, instrument.max_leverage
        );
    });
    Ok(out)
}

pub fn set_leverage(floor: &mut Floor, params: &Params, _: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    let leverage: u32 = params.read("leverage").ok_or_else(|| Fail::mandatory("leverage"))?;
    floor.book.set_leverage(&symbol, leverage).map_err(|denial| match denial {
        Denial::Leverage { .. } => Fail::new(-4028, format!("Leverage {leverage} is not valid")),
        other => fail::plain(other),
    })?;
    Ok(format!("{{\"leverage\":{leverage},\"maxNotionalValue\":\"100000000\",\"symbol\":\"{symbol}\"}}"))
}

pub fn set_margin_type(floor: &mut Floor, params: &Params, _: Millis) -> Result<String, Fail> {
    let symbol = symbol_of(floor, params)?;
    let mode = match params.some("marginType") {
        Some("ISOLATED") => MarginMode::Isolated,
        Some("CROSSED") => MarginMode::Cross,
        Some(_) => return Err(Fail::new(-1130, "Data sent for parameter 'marginType' is not valid.")),
        None => return Err(Fail::mandatory("marginType")),
    };
    floor.book.set_margin_mode(&symbol, mode).map_err(fail::plain)?;
    Ok(SUCCESS.to_owned())
}

pub fn order_limits(_: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok("[{\"rateLimitType\":\"ORDERS\",\"interval\":\"SECOND\",\"intervalNum\":10,\"limit\":300},\
        {\"rateLimitType\":\"ORDERS\",\"interval\":\"MINUTE\",\"intervalNum\":1,\"limit\":1200}]"
        .to_owned())
}

pub fn listen_key(_: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok("{\"listenKey\":\"pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1\"}".to_owned())
}

pub fn close_listen_key(_: &mut Floor, _: &Params, _: Millis) -> Result<String, Fail> {
    Ok("{}".to_owned())
}
