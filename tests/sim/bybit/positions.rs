//! Positions, with their stops and targets as attributes, and what closing them earned.

use perphook::exchange::paper::{Amount, Conditional, Market, Trade};
use perphook::market::{Decimal, MarginMode, Millis, ProtectionKind, Side, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::json::join;
use super::super::line::Id;
use super::ask::{Ask, Said};
use super::fail::Fail;
use super::ids::IDS;
use super::page;
use super::rows::{self, DIGITS};

const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 200;
const CLOSED_PAGE_DEFAULT: usize = 50;
const CLOSED_PAGE_MAX: usize = 100;
const MAINTENANCE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// `GET /v5/position/list`: of a contract also what is flat, of all contracts only what is held.
pub fn list(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let only = ask.scope()?;
    let floor = &*ask.floor;
    let mut list = Vec::new();
    for (symbol, market) in floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol)) {
        let sides = if floor.book.is_hedge() { vec![(1, Some(Side::Long)), (2, Some(Side::Short))] } else { vec![(0, None)] };
        for (index, side) in sides {
            let side = side.unwrap_or(if floor.seen(symbol, Side::Short, ask.now).0.is_zero() { Side::Long } else { Side::Short });
            let (qty, entry) = floor.seen(symbol, side, ask.now);
            let seen = Seen { symbol, market, side, index, qty, entry };
            if only.is_some() || !qty.is_zero() {
                list.push(seen.row(floor, ask.now));
            }
        }
    }
    let rows = list.into_iter().zip(0u64..).map(|(row, at)| ((u64::MAX - at, 0), row)).collect();
    let (list, cursor) = page::cut(ask.params, rows, PAGE_DEFAULT, PAGE_MAX);
    Ok(json!({"list": list, "nextPageCursor": cursor, "category": "linear"}).into())
}

/// One line of the list.
struct Seen<'a> {
    symbol: &'a Symbol,
    market: &'a Market,
    side: Side,
    /// 0 in one-way mode, 1 for long, 2 for short.
    index: u8,
    qty: Decimal,
    entry: Decimal,
}

impl Seen<'_> {
    fn row(&self, floor: &Floor, now: Millis) -> Value {
        let market = self.market;
        let is_flat = self.qty.is_zero();
        let number = |amount: Decimal| if is_flat { String::new() } else { amount.round_dp(DIGITS).to_string() };
        let value = self.qty * self.entry;
        let profit = (market.mark - self.entry) * if self.side == Side::Long { self.qty } else { -self.qty };
        let liquidation = market.liquidation_price(self.side);
        let updated = floor.changed_at(self.symbol, self.side, now).to_string();
        let attribute = |kind| if is_flat { String::new() } else { self.attribute(floor, kind, now) };
        let side = match (is_flat, self.side) {
            (true, _) => "",
            (false, Side::Long) => "Buy",
            (false, Side::Short) => "Sell",
        };
        let row = json!({
            "positionIdx": self.index, "riskId": 11, "riskLimitValue": "900000", "symbol": self.symbol.as_str(), "side": side,
            "size": self.qty, "avgPrice": self.entry.round_dp(DIGITS), "positionValue": number(value), "positionStatus": "Normal",
            "leverage": market.leverage.to_string(), "markPrice": market.mark,
            "liqPrice": if market.margin_mode == MarginMode::Cross { String::new() } else { number(liquidation) },
            "positionIM": number(market.margin_of(value)), "positionMM": number(value * MAINTENANCE), "unrealisedPnl": number(profit),
            "takeProfit": attribute(ProtectionKind::TakeProfit), "stopLoss": attribute(ProtectionKind::StopLoss),
        });
        let rest = json!({
            // Whatever the account's margin mode is.
            "tradeMode": 0,
            "autoAddMargin": 0, "adlRankIndicator": if is_flat { 0 } else { 2 }, "positionBalance": "0", "bustPrice": "", "tpslMode": "Full",
            "trailingStop": if is_flat { "" } else { "0.00" }, "curRealisedPnl": "0", "cumRealisedPnl": "0", "seq": 5_723_621_632_u64,
            "isReduceOnly": false, "mmrSysUpdateTime": "", "leverageSysUpdatedTime": "", "sessionAvgPrice": "",
            "createdTime": updated, "updatedTime": updated,
        });
        join(row, rest)
    }

    /// The price of a stop or target, as reads of positions see it.
    fn attribute(&self, floor: &Floor, kind: ProtectionKind, now: Millis) -> String {
        let at = now.saturating_sub(floor.faults.conditions.late_positions_ms);
        let mine = floor.book.all_conditionals().rev().filter(|order| is_attribute(order, self.symbol, self.side, kind));
        mine.filter(|order| floor.waited(order, at))
            .map(|order| order.trigger_price.to_string())
            .next()
            .unwrap_or_else(|| "0.00".to_owned())
    }
}

/// Whether an order stands for the stop or target of this position.
pub fn is_attribute(order: &Conditional, symbol: &Symbol, side: Side, kind: ProtectionKind) -> bool {
    order.amount == Amount::WholePosition && order.kind == kind && order.symbol == *symbol && order.effect().closes == Some(side)
}

/// `GET /v5/position/closed-pnl`: one row for every execution that closed something.
pub fn closed_profit(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let only = ask.any_symbol()?;
    let floor = &*ask.floor;
    let closing = |trade: &&Trade| !trade.opening && only.as_ref().is_none_or(|only| trade.symbol == *only);
    let rows = floor.book.trades().iter().rev().filter(closing).map(|trade| ((trade.at, trade.id), closed_row(floor, trade))).collect();
    let (list, cursor) = page::cut(ask.params, rows, CLOSED_PAGE_DEFAULT, CLOSED_PAGE_MAX);
    Ok(json!({"category": "linear", "list": list, "nextPageCursor": cursor}).into())
}

fn closed_row(floor: &Floor, trade: &Trade) -> Value {
    let order = floor.book.order_by_number(trade.order);
    let at = floor.shown(trade.at).to_string();
    json!({
        "symbol": trade.symbol.as_str(), "orderId": IDS.text(order.map_or(Id::Plain(trade.order), Id::of)), "side": rows::side(trade.buy),
        "qty": order.map_or(trade.qty, |order| order.qty), "closedSize": trade.qty,
        "closedPnl": (trade.realised - trade.fee).round_dp(DIGITS), "avgEntryPrice": trade.entry_before.round_dp(DIGITS),
        "avgExitPrice": trade.price, "cumEntryValue": (trade.entry_before * trade.qty).round_dp(DIGITS),
        "cumExitValue": (trade.price * trade.qty).round_dp(DIGITS), "execType": "Trade", "fillCount": "1", "createdTime": at, "updatedTime": at,
    })
}
