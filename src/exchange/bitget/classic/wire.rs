//! The rows of `/api/v2/mix`, and what they mean in our nouns.
//!
//! In hedge mode `side` names the position, of an execution too: closing a long one reads `buy`. What was bought is told
//! by `tradeSide`.

use serde::Deserialize;

use super::super::wire::{Ack, Waiting, is_hedge, is_yes, margin_mode, side_of, status, terms, text};
use crate::exchange::answers::{Direction, list, side};
use crate::exchange::numbers::{decimal, decimal_or_zero, millis_or_zero, whole_leverage};
use crate::exchange::orders::{acts_on, is_buy, our_time};
use crate::market::{Action, Decimal, Fill, MarginMode, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Symbol, Terms};

/// `GET /api/v2/mix/market/ticker`, one element.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) bid_pr: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) ask_pr: Decimal,
}

/// One row of `GET /api/v2/mix/account/accounts`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountRow {
    pub(super) margin_coin: String,
    /// Unrealised profit counts.
    #[serde(deserialize_with = "decimal")]
    pub(super) account_equity: Decimal,
    #[serde(deserialize_with = "decimal")]
    crossed_max_available: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    union_available: Decimal,
    #[serde(default, deserialize_with = "text")]
    asset_mode: String,
}

impl AccountRow {
    /// Free to open with. Where all coins are margin together, only the figure for all of them means something.
    pub(super) fn available(&self) -> Decimal {
        if is_union(&self.asset_mode) { self.union_available } else { self.crossed_max_available }
    }
}

fn is_union(asset_mode: &str) -> bool {
    asset_mode == "union"
}

/// `GET /api/v2/mix/account/account`: the account as seen through one contract.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Setup {
    margin_mode: String,
    pos_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    crossed_margin_leverage: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    isolated_long_lever: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    isolated_short_lever: Decimal,
    #[serde(default, deserialize_with = "text")]
    asset_mode: String,
}

impl Setup {
    pub(super) fn hedge(&self) -> bool {
        is_hedge(&self.pos_mode)
    }

    pub(super) fn union(&self) -> bool {
        is_union(&self.asset_mode)
    }

    /// Isolated positions have a leverage for each side; two different ones are none.
    pub(super) fn terms(&self) -> Terms {
        let isolated = margin_mode(&self.margin_mode) == Some(MarginMode::Isolated);
        let leverage = match isolated {
            false => self.crossed_margin_leverage,
            true if self.isolated_long_lever == self.isolated_short_lever => self.isolated_long_lever,
            true => Decimal::ZERO,
        };
        terms(leverage, &self.margin_mode)
    }
}

/// Reply to `POST /api/v2/mix/account/set-leverage`; fields that are not there are zero.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LeverageSet {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    cross_margin_leverage: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    long_leverage: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    short_leverage: Decimal,
}

impl LeverageSet {
    /// What was set, as far as the answer says so.
    pub(super) fn of(&self, mode: Option<MarginMode>, half: Option<Side>) -> Option<u32> {
        let set = match (mode, half) {
            (Some(MarginMode::Isolated), Some(Side::Short)) => self.short_leverage,
            (Some(MarginMode::Isolated), _) => self.long_leverage,
            _ => self.cross_margin_leverage,
        };
        whole_leverage(set)
    }
}

/// One row of `GET /api/v2/mix/position/all-position` and `single-position`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    /// In one-way mode too.
    #[serde(deserialize_with = "side")]
    hold_side: Side,
    #[serde(deserialize_with = "decimal")]
    total: Decimal,
    #[serde(default, deserialize_with = "text")]
    pos_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    open_price_avg: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_price: Decimal,
    /// Zero or less: there is none.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liquidation_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    break_even_price: Decimal,
    #[serde(default, rename = "unrealizedPL", deserialize_with = "decimal_or_zero")]
    unrealized_pl: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    margin_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    leverage: Decimal,
    #[serde(default, deserialize_with = "text")]
    margin_mode: String,
    #[serde(default, deserialize_with = "millis_or_zero")]
    u_time: Millis,
}

impl PositionRow {
    pub(super) fn position(self, symbol: Symbol) -> Position {
        Position {
            symbol,
            side: self.hold_side,
            hedge: is_hedge(&self.pos_mode),
            qty: self.total.abs(),
            entry_price: self.open_price_avg,
            mark_price: self.mark_price,
            liquidation_price: self.liquidation_price.max(Decimal::ZERO),
            changed_at: self.u_time,
            unrealized_pnl: self.unrealized_pl,
            margin: self.margin_size,
            break_even_price: self.break_even_price,
            terms: terms(self.leverage, &self.margin_mode),
        }
    }
}

/// A page of orders.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", bound = "T: Deserialize<'de>")]
pub(super) struct Entrusted<T> {
    #[serde(deserialize_with = "list")]
    pub(super) entrusted_list: Vec<T>,
    /// Where older ones begin.
    pub(super) end_id: Option<String>,
}

/// A plain order. Where it stands is `status` in lists and `state` alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlainRow {
    #[serde(default, deserialize_with = "text")]
    pub(super) client_oid: String,
    #[serde(default, deserialize_with = "text")]
    status: String,
    #[serde(default, deserialize_with = "text")]
    state: String,
    side: Direction,
    #[serde(default, deserialize_with = "text")]
    pos_side: String,
    #[serde(default, deserialize_with = "text")]
    trade_side: String,
    #[serde(default, deserialize_with = "text")]
    reduce_only: String,
    #[serde(deserialize_with = "decimal")]
    size: Decimal,
    #[serde(deserialize_with = "decimal")]
    base_volume: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price_avg: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    c_time: Millis,
}

impl PlainRow {
    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let reduces = is_yes(&self.reduce_only) || self.trade_side.contains("close");
        let (side, opens) = acts_on(self.side == Direction::Buy, side_of(&self.pos_side), reduces);
        OrderState {
            id: self.client_oid,
            symbol: symbol.clone(),
            side,
            opens,
            conditional: false,
            guards: None,
            status: status(if self.state.is_empty() { &self.status } else { &self.state }),
            qty: self.size,
            filled: self.base_volume,
            avg_price: self.price_avg,
            price: self.price,
            created_at: our_time(self.c_time, offset_ms),
        }
    }
}

/// A conditional order, of whatever kind. One for the whole position has an empty size.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlanRow {
    plan_type: String,
    #[serde(default, deserialize_with = "text")]
    client_oid: String,
    /// How it ended.
    #[serde(default, deserialize_with = "text")]
    plan_status: String,
    /// The order it became.
    #[serde(default, deserialize_with = "text")]
    execute_order_id: String,
    side: Direction,
    #[serde(default, deserialize_with = "text")]
    pos_side: String,
    #[serde(default, deserialize_with = "text")]
    trade_side: String,
    #[serde(default, deserialize_with = "text")]
    reduce_only: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    trigger_price: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    c_time: Millis,
}

impl PlanRow {
    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let kind = match self.plan_type.as_str() {
            "pos_loss" | "loss_plan" => Some(ProtectionKind::StopLoss),
            "pos_profit" | "profit_plan" => Some(ProtectionKind::TakeProfit),
            _ => None,
        };
        let reduces = kind.is_some() || is_yes(&self.reduce_only) || self.trade_side.contains("close");
        let (side, opens) = acts_on(self.side == Direction::Buy, side_of(&self.pos_side), reduces);
        let (id, qty, trigger_price, created_at) = (self.client_oid, self.size, self.trigger_price, our_time(self.c_time, offset_ms));
        Waiting { id, kind, side, opens, qty, trigger_price, created_at }.state(symbol.clone())
    }

    /// The same of one that waits no more, with the number of the order it became, empty if there is none.
    pub(super) fn ended(self, symbol: &Symbol, offset_ms: i64) -> (OrderState, String) {
        // What was set off has not ended before the order it became was seen.
        let (status, became) = match self.plan_status.as_str() {
            "executed" => (OrderStatus::Triggered, self.execute_order_id.clone()),
            "cancelled" | "canceled" => (OrderStatus::Canceled, String::new()),
            word if word.starts_with("fail") => (OrderStatus::Rejected, String::new()),
            // A word nobody knows yet proves no end, so that the order is asked for again.
            _ => (OrderStatus::Resting, String::new()),
        };
        (OrderState { status, ..self.state(symbol, offset_ms) }, became)
    }
}

/// Which orders of one request went through.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sorted {
    #[serde(default, deserialize_with = "list")]
    pub(super) success_list: Vec<Ack>,
    #[serde(default, deserialize_with = "list")]
    pub(super) failure_list: Vec<Failed>,
}

/// An order that did not.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Failed {
    #[serde(default, deserialize_with = "text")]
    pub(super) client_oid: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) error_code: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) error_msg: String,
}

/// A page of executions.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Fills {
    #[serde(deserialize_with = "list")]
    pub(super) fill_list: Vec<FillRow>,
    /// Where older ones begin.
    pub(super) end_id: Option<String>,
}

/// One execution.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FillRow {
    trade_id: String,
    side: Direction,
    #[serde(default, deserialize_with = "text")]
    trade_side: String,
    #[serde(default, deserialize_with = "text")]
    pos_mode: String,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    #[serde(deserialize_with = "decimal")]
    base_volume: Decimal,
    #[serde(default, deserialize_with = "list")]
    fee_detail: Vec<Fee>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    c_time: Millis,
}

/// What was paid for it: negative.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fee {
    #[serde(default, deserialize_with = "text")]
    fee_coin: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    total_fee: Decimal,
}

impl FillRow {
    /// With the exchange's number of it. `offset_ms` is the exchange's clock minus ours.
    pub(super) fn fill(self, settle: &str, offset_ms: i64) -> (String, Fill) {
        let named_buy = self.side == Direction::Buy;
        let held = is_hedge(&self.pos_mode).then_some(if named_buy { Side::Long } else { Side::Short });
        let action = if self.trade_side.contains("close") { Action::Close } else { Action::Open };
        let (ours, others): (Vec<_>, Vec<_>) = self.fee_detail.iter().partition(|fee| fee.fee_coin.eq_ignore_ascii_case(settle));
        let fill = Fill {
            by: None,
            side: held,
            buy: held.map_or(named_buy, |side| is_buy(side, action)),
            price: self.price,
            qty: self.base_volume,
            fee: -ours.iter().fold(Decimal::ZERO, |sum, fee| sum.saturating_add(fee.total_fee)),
            fee_elsewhere: others.iter().any(|fee| !fee.total_fee.is_zero()),
            at: our_time(self.c_time, offset_ms),
        };
        (self.trade_id, fill)
    }
}
