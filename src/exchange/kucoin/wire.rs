//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Numbers are bare in some answers and text in others, often both in one row. Quantities are lots: a row becomes one of
//! our nouns with its [`Instrument`] only, and with `None` where the coins are beyond calculation.

use serde::Deserialize;

use crate::exchange::answers::{Direction, Half, half_if_said};
use crate::exchange::numbers::{decimal, decimal_or_zero, decimal_to_show, integer, millis, millis_or_zero, whole_leverage};
use crate::exchange::orders::{acts_on, fee, is_buy, our_time};
use crate::market::{
    Action, Decimal, Fill, Instrument, MarginMode, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Terms, TriggerBy,
};

/// Nanoseconds in a millisecond.
const NANOS: Millis = 1_000_000;

/// Every answer; its code was judged before.
#[derive(Deserialize)]
pub(super) struct Reply<T> {
    pub(super) data: T,
}

/// A list that comes in pages.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Page<T> {
    #[serde(deserialize_with = "integer")]
    pub(super) total_page: i64,
    pub(super) items: Vec<T>,
}

#[derive(Deserialize)]
struct ServerTime {
    #[serde(deserialize_with = "millis")]
    data: Millis,
}

/// The exchange's clock.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    Ok(serde_json::from_slice::<ServerTime>(body)?.data)
}

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "buy" } else { "sell" }
}

/// The word for a margin mode in requests.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "ISOLATED",
        MarginMode::Cross => "CROSS",
    }
}

/// The word for the price that sets a stop off. `TP` is the trade price.
pub(super) fn trigger_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Mark => "MP",
        TriggerBy::Last => "TP",
    }
}

/// Where the price must go to set a guard off.
pub(super) fn stop_word(side: Side, kind: ProtectionKind) -> &'static str {
    match (side, kind) {
        (Side::Long, ProtectionKind::StopLoss) | (Side::Short, ProtectionKind::TakeProfit) => "down",
        (Side::Long, ProtectionKind::TakeProfit) | (Side::Short, ProtectionKind::StopLoss) => "up",
    }
}

/// `GET /api/v2/position/getPositionMode`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionMode {
    #[serde(deserialize_with = "integer")]
    position_mode: i64,
}

impl PositionMode {
    /// `None`: a third mode, whose orders nobody here knows.
    pub(super) fn is_hedge(&self) -> Option<bool> {
        match self.position_mode {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

/// `GET /api/v2/position/getMarginMode`, and the reply to `changeMarginMode`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MarginRow {
    margin_mode: MarginWord,
}

impl MarginRow {
    pub(super) fn mode(&self) -> MarginMode {
        match self.margin_mode {
            MarginWord::Isolated => MarginMode::Isolated,
            MarginWord::Cross => MarginMode::Cross,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum MarginWord {
    Isolated,
    Cross,
}

/// `GET /api/v2/getCrossUserLeverage`.
#[derive(Deserialize)]
pub(super) struct LeverageRow {
    #[serde(deserialize_with = "decimal")]
    leverage: Decimal,
}

impl LeverageRow {
    pub(super) fn leverage(&self) -> Option<u32> {
        whole_leverage(self.leverage)
    }
}

/// `GET /api/v1/ticker`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) best_bid_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) best_ask_price: Decimal,
}

/// `GET /api/v1/account-overview`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Overview {
    pub(super) currency: String,
    #[serde(deserialize_with = "decimal")]
    pub(super) account_equity: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) available_balance: Decimal,
}

/// One row of `GET /api/v1/positions`. Nothing is decided by its prices and sums: one that cannot be read hides no position.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    /// Lots; negative for a short position, in hedge mode maybe not.
    #[serde(deserialize_with = "decimal")]
    current_qty: Decimal,
    #[serde(default, deserialize_with = "half_if_said")]
    position_side: Half,
    settle_currency: Option<String>,
    margin_mode: Option<String>,
    cross_mode: Option<bool>,
    #[serde(default, deserialize_with = "decimal_to_show")]
    avg_entry_price: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    mark_price: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    liquidation_price: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    unrealised_pnl: Decimal,
    #[serde(default, deserialize_with = "decimal_to_show")]
    pos_margin: Decimal,
    /// Isolated positions have another field for it, which drifts with the price.
    #[serde(default, deserialize_with = "decimal_to_show")]
    leverage: Decimal,
}

impl PositionRow {
    fn margin_mode(&self) -> Option<MarginMode> {
        match (self.margin_mode.as_deref(), self.cross_mode) {
            (Some("CROSS"), _) | (None, Some(true)) => Some(MarginMode::Cross),
            (Some("ISOLATED"), _) | (None, Some(false)) => Some(MarginMode::Isolated),
            _ => None,
        }
    }

    /// Whether it is a position that may be one in the coin.
    pub(super) fn is_held_in(&self, settle: &str) -> bool {
        !self.current_qty.is_zero() && self.settle_currency.as_deref().is_none_or(|coin| coin == settle)
    }

    pub(super) fn position(self, contract: &Instrument) -> Option<Position> {
        let by_sign = if self.current_qty < Decimal::ZERO { Side::Short } else { Side::Long };
        let half = self.position_side.side();
        let margin_mode = self.margin_mode();
        let leverage = whole_leverage(self.leverage).filter(|_| margin_mode == Some(MarginMode::Cross));
        Some(Position {
            symbol: contract.symbol.clone(),
            side: half.unwrap_or(by_sign),
            hedge: half.is_some(),
            qty: contract.coins(self.current_qty.abs())?,
            entry_price: self.avg_entry_price,
            mark_price: self.mark_price,
            liquidation_price: self.liquidation_price,
            // The row has the time of the answer, and that of its opening.
            changed_at: 0,
            unrealized_pnl: self.unrealised_pnl,
            margin: self.pos_margin,
            break_even_price: Decimal::ZERO,
            terms: Terms { leverage, margin_mode },
        })
    }
}

/// What became of an order that was taken.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ack {
    #[serde(rename = "orderId")]
    _order_id: String,
    pub(super) client_oid: String,
}

/// Our name in one element of a batch's answer; refused orders have it too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    pub(super) client_oid: Option<String>,
}

/// The reply to the cancel of one order.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Canceled {
    pub(super) client_oid: String,
}

/// The reply to the cancel of all orders of a kind.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AllCanceled {
    #[serde(rename = "cancelledOrderIds")]
    _ids: Vec<String>,
}

/// An order of either kind, in queries and lists: one that waits for its trigger, and what it becomes, is one row.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderRow {
    /// The exchange's number of it.
    pub(super) id: String,
    pub(super) symbol: String,
    client_oid: Option<String>,
    status: String,
    side: Direction,
    #[serde(default, deserialize_with = "half_if_said")]
    position_side: Half,
    /// None for one that closes whatever is there.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    size: Decimal,
    #[serde(deserialize_with = "decimal")]
    filled_size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    filled_value: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_deal_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    /// `up` or `down`; empty for plain orders.
    stop: Option<String>,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_price: Decimal,
    stop_triggered: Option<bool>,
    reduce_only: Option<bool>,
    close_order: Option<bool>,
    cancel_exist: Option<bool>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    created_at: Millis,
}

impl OrderRow {
    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, contract: &Instrument, offset_ms: i64) -> Option<OrderState> {
        let half = self.position_side.side();
        let closes = self.close_order == Some(true);
        let (side, opens) = acts_on(self.side == Direction::Buy, half, closes || self.reduce_only == Some(true));
        let conditional = self.is_conditional();
        let filled = contract.coins(self.filled_size)?;
        Some(OrderState {
            side,
            opens,
            conditional,
            guards: self.kind().filter(|_| !opens).and_then(|word| kind_of(side, word)),
            status: self.status(),
            qty: if closes { Decimal::ZERO } else { contract.coins(self.size)? },
            avg_price: if self.avg_deal_price.is_zero() {
                self.filled_value.checked_div(filled).unwrap_or_default()
            } else {
                self.avg_deal_price
            },
            filled,
            price: if conditional { self.stop_price } else { self.price },
            symbol: contract.symbol.clone(),
            id: self.client_oid.unwrap_or_default(),
            created_at: our_time(self.created_at, offset_ms),
        })
    }

    /// One that fired may have lost its word.
    fn is_conditional(&self) -> bool {
        self.kind().is_some() || self.stop_triggered == Some(true) || !self.stop_price.is_zero()
    }

    fn kind(&self) -> Option<&str> {
        self.stop.as_deref().filter(|word| !word.is_empty())
    }

    /// The exchange knows `open` and `done` only. A word nobody knows yet counts as not ended, so that the order is asked
    /// for again.
    fn status(&self) -> OrderStatus {
        let complete = !self.filled_size.is_zero() && self.filled_size >= self.size;
        match self.status.as_str() {
            "done" if complete => OrderStatus::Filled,
            "done" if self.cancel_exist == Some(true) => OrderStatus::Canceled,
            // Ended without having been cancelled, and not for being filled: there was nothing to be had or to be closed.
            "done" => OrderStatus::Expired,
            _ if self.is_conditional() && self.stop_triggered == Some(true) => OrderStatus::Triggered,
            _ => OrderStatus::Resting,
        }
    }
}

/// The guard of a position that waits for the price to go there.
fn kind_of(side: Side, word: &str) -> Option<ProtectionKind> {
    ProtectionKind::ALL.into_iter().find(|kind| stop_word(side, *kind) == word)
}

/// One row of `GET /api/v1/fills`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FillRow {
    symbol: String,
    trade_id: String,
    order_id: String,
    side: Direction,
    #[serde(default, deserialize_with = "half_if_said")]
    position_side: Half,
    /// Lots.
    #[serde(deserialize_with = "decimal")]
    size: Decimal,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    /// Positive when paid.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    fee: Decimal,
    #[serde(default)]
    fee_currency: String,
    /// Nanoseconds.
    #[serde(default, deserialize_with = "millis_or_zero")]
    trade_time: u64,
    /// Milliseconds, when the row was written.
    #[serde(deserialize_with = "millis_or_zero")]
    created_at: Millis,
}

impl FillRow {
    /// When it happened, in the exchange's clock.
    pub(super) fn time(&self) -> Millis {
        if self.trade_time == 0 { self.created_at } else { self.trade_time / NANOS }
    }

    /// With the exchange's numbers of trade and order: both orders of a trade may be ours. `offset_ms` is the exchange's
    /// clock minus ours.
    pub(super) fn fill(self, contract: &Instrument, offset_ms: i64) -> Option<((String, String), Fill)> {
        let (fee, fee_elsewhere) = fee(self.fee, *self.fee_currency == *contract.settle);
        let fill = Fill {
            by: None,
            side: self.position_side.side(),
            buy: self.side == Direction::Buy,
            price: self.price,
            qty: contract.coins(self.size)?,
            fee,
            fee_elsewhere,
            at: our_time(self.time(), offset_ms),
        };
        Some(((self.trade_id, self.order_id), fill))
    }
}

/// A row of a list of one contract.
pub(super) trait Row {
    /// The contract's name.
    fn contract(&self) -> &str;
}

impl Row for OrderRow {
    fn contract(&self) -> &str {
        &self.symbol
    }
}

impl Row for FillRow {
    fn contract(&self) -> &str {
        &self.symbol
    }
}
