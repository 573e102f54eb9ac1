//! Positions, with their stops and targets in lists. One that is flat is not there, and neither is what it is set to.

use perphook::exchange::paper::{Amount, Conditional, Trade};
use perphook::market::{Decimal, Millis, ProtectionKind, Side, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::super::json::text;
use super::ask::Ask;
use super::fail::Fail;
use super::rows::{entry_id, is_plan, trigger_type};
use super::{Said, account, lists};

const MAINTENANCE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);
/// Ids of positions begin after this.
const POSITIONS: u64 = 305_891_032;

/// `GET /v2/futures/pending-position`
pub fn pending(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let only = ask.scope()?;
    let floor = &*ask.floor;
    let at = ask.now.saturating_sub(floor.faults.conditions.late_positions_ms);
    let mut rows = Vec::new();
    for (symbol, _) in floor.book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol)) {
        for side in [Side::Long, Side::Short] {
            let (qty, entry) = floor.seen(symbol, side, ask.now);
            if !qty.is_zero() {
                rows.push(Seen { floor, symbol, side, qty, entry, at }.row());
            }
        }
    }
    lists::page(ask, rows, false)
}

/// The side that is held of a contract.
pub fn held(floor: &Floor, symbol: &Symbol) -> Option<Side> {
    [Side::Long, Side::Short].into_iter().find(|side| !floor.book.position(symbol, *side).is_zero())
}

/// The position of a side as it is now, which is how orders for it are answered.
pub fn current(ask: &Ask<'_>, symbol: &Symbol, side: Side) -> Value {
    let floor = &*ask.floor;
    let held = floor.book.market(symbol).map(|market| market.held(side).clone()).unwrap_or_default();
    Seen { floor, symbol, side, qty: held.qty, entry: held.entry_price, at: ask.now }.row()
}

/// Whether a conditional order stands for a stop or target of a position.
pub fn is_entry(order: &Conditional, symbol: &Symbol, side: Side, kind: ProtectionKind) -> bool {
    order.kind == kind && order.symbol == *symbol && !is_plan(order) && order.effect().closes == Some(side)
}

/// The execution that opened the position which this one acted on.
fn opening<'a>(floor: &'a Floor, symbol: &Symbol, side: Side, until: u64) -> Option<&'a Trade> {
    let mine = floor.book.trades().iter().rev().filter(|trade| trade.id <= until && trade.symbol == *symbol && trade.side == side);
    mine.filter(|trade| trade.opening).find(|trade| trade.entry_before.is_zero())
}

/// The id of the position that an execution acted on.
pub fn id_of(floor: &Floor, trade: &Trade) -> u64 {
    POSITIONS + opening(floor, &trade.symbol, trade.side, trade.id).map_or(0, |trade| trade.id)
}

/// A position, as it is seen at a time.
struct Seen<'a> {
    floor: &'a Floor,
    symbol: &'a Symbol,
    side: Side,
    qty: Decimal,
    entry: Decimal,
    at: Millis,
}

impl Seen<'_> {
    fn row(&self) -> Value {
        let (floor, qty) = (self.floor, self.qty);
        let Some(market) = floor.book.market(self.symbol) else { return Value::Null };
        let opened = opening(floor, self.symbol, self.side, u64::MAX);
        let since = opened.map_or(0, |trade| trade.id);
        let mut mine =
            floor.book.trades().iter().filter(|trade| trade.symbol == *self.symbol && trade.side == self.side && trade.id >= since);
        let realised: Decimal = mine.clone().map(|trade| trade.realised - trade.fee).sum();
        let value = qty * self.entry;
        let profit = (market.mark - self.entry) * if self.side == Side::Long { qty } else { -qty };
        let (margin, entry) = (text(market.margin_of(value)), text(self.entry));
        let (value, maintenance) = (text(value), text(value * MAINTENANCE));
        let updated = mine.rfind(|trade| trade.at <= self.at).map_or(0, |trade| trade.at);
        let (stops, targets) = (self.entries(ProtectionKind::StopLoss), self.entries(ProtectionKind::TakeProfit));
        let first = |list: &[Value], name: &str, none: &str| list.first().map_or_else(|| none.into(), |entry| entry[name].clone());
        json!({"position_id": POSITIONS + since, "market": self.symbol.as_str(), "market_type": "FUTURES",
            "side": if self.side == Side::Long { "long" } else { "short" }, "margin_mode": account::mode_word(market.margin_mode),
            "open_interest": text(qty), "close_avbl": text(floor.free_to_close(self.symbol, self.side, qty)), "ath_position_amount": text(qty),
            "unrealized_pnl": text(profit), "realized_pnl": text(realised), "avg_entry_price": entry, "cml_position_value": value,
            "max_position_value": value, "created_at": floor.shown(opened.map_or(0, |trade| trade.at)), "updated_at": floor.shown(updated),
            "take_profit_price": first(&targets, "price", "0"), "stop_loss_price": first(&stops, "price", "0"),
            "take_profit_type": first(&targets, "type", ""), "stop_loss_type": first(&stops, "type", ""), "settle_price": entry,
            "settle_value": value, "leverage": market.leverage.to_string(), "margin_avbl": margin, "ath_margin_size": margin,
            "position_margin_rate": text((Decimal::ONE / Decimal::from(market.leverage.max(1))).round_dp(6)),
            "maintenance_margin_rate": text(MAINTENANCE), "maintenance_margin_value": maintenance,
            "liq_price": text(market.liquidation_price(self.side)), "bkr_price": "0", "adl_level": 1, "stop_loss_list": stops,
            "take_profit_list": targets})
    }

    /// Stops or targets that were there at that time.
    fn entries(&self, kind: ProtectionKind) -> Vec<Value> {
        let row = |order: &Conditional| {
            let (amount, is_all) = if let Amount::Qty { qty, .. } = order.amount { (qty, false) } else { (self.qty, true) };
            json!({"id": entry_id(order), "price": text(order.trigger_price), "type": trigger_type(order.by), "amount": text(amount),
                "is_all": is_all, "created_at": self.floor.shown(order.created)})
        };
        let all = self.floor.book.all_conditionals().filter(|order| is_entry(order, self.symbol, self.side, kind));
        let mut all: Vec<&Conditional> = all.filter(|order| self.floor.waited(order, self.at)).collect();
        all.sort_by_key(|order| order.number);
        all.into_iter().map(row).collect()
    }
}
