//! The rows of `/api/v3`, and what they mean in our nouns.
//!
//! `side` is the direction of the order in every mode. `posSide` is named in one-way mode too, where it says nothing: the
//! position is told by direction and reduce-only there.

use serde::Deserialize;

use super::super::wire::{Waiting, decimal_if_any, is_hedge, is_yes, side_of, status, terms, text};
use crate::exchange::answers::{Direction, list, side};
use crate::exchange::numbers::{decimal, decimal_or_zero, millis_or_zero};
use crate::exchange::orders::{acts_on, our_time};
use crate::market::{Decimal, Fill, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Symbol, Terms};

/// `GET /api/v3/market/tickers`, one element.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker {
    #[serde(default, rename = "bid1Price", deserialize_with = "decimal_or_zero")]
    pub(super) bid: Decimal,
    #[serde(default, rename = "ask1Price", deserialize_with = "decimal_or_zero")]
    pub(super) ask: Decimal,
}

/// `GET /api/v3/account/assets`; coins of which there is nothing are left out.
#[derive(Deserialize)]
pub(super) struct Assets {
    #[serde(deserialize_with = "list")]
    pub(super) assets: Vec<AssetRow>,
}

/// One coin.
#[derive(Deserialize)]
pub(super) struct AssetRow {
    pub(super) coin: String,
    /// Unrealised profit counts.
    #[serde(deserialize_with = "decimal")]
    pub(super) equity: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) available: Decimal,
}

/// `GET /api/v3/account/settings`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in super::super) struct Settings {
    hold_mode: String,
    #[serde(default, deserialize_with = "list")]
    symbol_config_list: Vec<SymbolConfig>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SymbolConfig {
    #[serde(default, deserialize_with = "text")]
    category: String,
    symbol: String,
    #[serde(default, deserialize_with = "text")]
    margin_mode: String,
    /// The documentation calls it a list here, its examples show a number.
    #[serde(default, deserialize_with = "decimal_if_any")]
    leverage: Decimal,
}

impl Settings {
    pub(super) fn hedge(&self) -> bool {
        is_hedge(&self.hold_mode)
    }

    /// What the contracts of a product are set to.
    pub(super) fn terms(&self, category: &str) -> impl Iterator<Item = (&str, Terms)> {
        let rows = self.symbol_config_list.iter().filter(move |row| row.category.eq_ignore_ascii_case(category));
        rows.map(|row| (row.symbol.as_str(), terms(row.leverage, &row.margin_mode)))
    }
}

/// A page of rows.
#[derive(Deserialize)]
#[serde(bound = "T: Deserialize<'de>")]
pub(super) struct Page<T> {
    #[serde(deserialize_with = "list")]
    pub(super) list: Vec<T>,
    /// Where the next page begins.
    pub(super) cursor: Option<String>,
}

/// One row of `GET /api/v3/position/current-position`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    /// In one-way mode too.
    #[serde(deserialize_with = "side")]
    pos_side: Side,
    #[serde(deserialize_with = "decimal")]
    total: Decimal,
    #[serde(default, deserialize_with = "text")]
    hold_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_price: Decimal,
    /// Zero or less: there is none.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liquidation_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    break_even_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    unrealised_pnl: Decimal,
    /// What it binds.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    position_balance: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    leverage: Decimal,
    #[serde(default, deserialize_with = "text")]
    margin_mode: String,
    #[serde(default, deserialize_with = "millis_or_zero")]
    updated_time: Millis,
}

impl PositionRow {
    pub(super) fn position(self, symbol: Symbol) -> Position {
        Position {
            symbol,
            side: self.pos_side,
            hedge: is_hedge(&self.hold_mode),
            qty: self.total.abs(),
            entry_price: self.avg_price,
            mark_price: self.mark_price,
            liquidation_price: self.liquidation_price.max(Decimal::ZERO),
            changed_at: self.updated_time,
            unrealized_pnl: self.unrealised_pnl,
            margin: self.position_balance,
            break_even_price: self.break_even_price,
            terms: terms(self.leverage, &self.margin_mode),
        }
    }
}

/// A plain order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlainRow {
    #[serde(default, deserialize_with = "text")]
    pub(super) client_oid: String,
    pub(super) symbol: String,
    order_status: String,
    side: Direction,
    #[serde(default, deserialize_with = "text")]
    pos_side: String,
    #[serde(default, deserialize_with = "text")]
    hold_mode: String,
    #[serde(default, deserialize_with = "text")]
    reduce_only: String,
    #[serde(deserialize_with = "decimal")]
    qty: Decimal,
    #[serde(deserialize_with = "decimal")]
    cum_exec_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_time: Millis,
}

impl PlainRow {
    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, symbol: Symbol, offset_ms: i64) -> OrderState {
        let half = side_of(&self.pos_side).filter(|_| is_hedge(&self.hold_mode));
        let (side, opens) = acts_on(self.side == Direction::Buy, half, is_yes(&self.reduce_only));
        OrderState {
            id: self.client_oid,
            symbol,
            side,
            opens,
            conditional: false,
            guards: None,
            status: status(&self.order_status),
            qty: self.qty,
            filled: self.cum_exec_qty,
            avg_price: self.avg_price,
            price: self.price,
            created_at: our_time(self.created_time, offset_ms),
        }
    }
}

/// A stop loss, a take profit, or both in one order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StrategyRow {
    #[serde(default, deserialize_with = "text")]
    pub(super) order_id: String,
    #[serde(default, deserialize_with = "text")]
    client_oid: String,
    pub(super) symbol: String,
    #[serde(deserialize_with = "side")]
    pos_side: Side,
    #[serde(default, deserialize_with = "text")]
    tpsl_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_loss: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    take_profit: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_time: Millis,
}

impl StrategyRow {
    /// One state for each price it holds. `offset_ms` is the exchange's clock minus ours.
    pub(super) fn states(&self, symbol: &Symbol, offset_ms: i64) -> Vec<OrderState> {
        let qty = if self.tpsl_mode == "full" { Decimal::ZERO } else { self.qty };
        let prices = [(ProtectionKind::StopLoss, self.stop_loss), (ProtectionKind::TakeProfit, self.take_profit)];
        let held = prices.into_iter().filter(|(_, price)| !price.is_zero());
        held.map(|(kind, trigger_price)| {
            let (id, created_at) = (self.client_oid.clone(), our_time(self.created_time, offset_ms));
            Waiting { id, kind: Some(kind), side: self.pos_side, opens: false, qty, trigger_price, created_at }.state(symbol.clone())
        })
        .collect()
    }

    /// The same of an order that ended: cancelled, set off, or gone with its position. Which of these, no row proves: its
    /// `triggerType` may merely name the kind of order, so the position and the executions tell. `offset_ms` is the
    /// exchange's clock minus ours.
    pub(super) fn ended(&self, symbol: &Symbol, offset_ms: i64) -> Vec<OrderState> {
        let ended = |state: OrderState| OrderState { status: OrderStatus::Expired, ..state };
        self.states(symbol, offset_ms).into_iter().map(ended).collect()
    }
}

/// What became of one order when all of a contract were cancelled.
#[derive(Deserialize)]
pub(super) struct Canceled {
    #[serde(default, deserialize_with = "text")]
    pub(super) code: String,
    #[serde(default, deserialize_with = "text")]
    pub(super) msg: String,
}

/// The list of them.
#[derive(Deserialize)]
pub(super) struct CanceledAll {
    #[serde(default, deserialize_with = "list")]
    pub(super) list: Vec<Canceled>,
}

/// One execution.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FillRow {
    exec_id: String,
    pub(super) symbol: String,
    side: Direction,
    #[serde(default, deserialize_with = "text")]
    trade_side: String,
    #[serde(deserialize_with = "decimal")]
    exec_price: Decimal,
    #[serde(deserialize_with = "decimal")]
    exec_qty: Decimal,
    #[serde(default, deserialize_with = "list")]
    fee_detail: Vec<Fee>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_time: Millis,
}

/// What was paid for it: positive.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fee {
    #[serde(default, deserialize_with = "text")]
    fee_coin: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    fee: Decimal,
}

impl FillRow {
    /// With the exchange's number of it. `offset_ms` is the exchange's clock minus ours.
    pub(super) fn fill(self, settle: &str, hedge: bool, offset_ms: i64) -> (String, Fill) {
        let buy = self.side == Direction::Buy;
        let built = if buy { Side::Long } else { Side::Short };
        let held = if self.trade_side.contains("close") { built.other() } else { built };
        let (ours, others): (Vec<_>, Vec<_>) = self.fee_detail.iter().partition(|fee| fee.fee_coin.eq_ignore_ascii_case(settle));
        let fill = Fill {
            by: None,
            side: hedge.then_some(held),
            buy,
            price: self.exec_price,
            qty: self.exec_qty,
            fee: ours.iter().fold(Decimal::ZERO, |sum, fee| sum.saturating_add(fee.fee)),
            fee_elsewhere: others.iter().any(|fee| !fee.fee.is_zero()),
            at: our_time(self.created_time, offset_ms),
        };
        (self.exec_id, fill)
    }
}
