//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Read leniently where the exchange is known to vary (fields that are missing, null, empty or text), strictly where a
//! guess would be dangerous: a position or a filled quantity that cannot be read is an error, never zero.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::errors::{Envelope, SUCCESS_CODE};
use crate::exchange::answers::{Direction, Half};
use crate::exchange::numbers::{decimal, decimal_or_zero, integer};
use crate::exchange::orders::{acts_on, fee, is_buy, our_time};
use crate::market::{Action, Decimal, Fill, MarginMode, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Symbol, Terms};

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "BUY" } else { "SELL" }
}

/// `GET /fapi/v1/time`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerTime {
    server_time: Millis,
}

/// The exchange's clock.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    Ok(serde_json::from_slice::<ServerTime>(body)?.server_time)
}

/// `GET /fapi/v1/accountConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountConfig {
    pub(super) can_trade: bool,
    pub(super) dual_side_position: bool,
    #[serde(default)]
    pub(super) multi_assets_margin: bool,
}

/// One row of `GET /fapi/v1/symbolConfig`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SymbolConfig {
    pub(super) symbol: String,
    #[serde(default)]
    margin_type: String,
    #[serde(deserialize_with = "integer")]
    leverage: i64,
}

impl SymbolConfig {
    pub(super) fn terms(&self) -> Terms {
        Terms { leverage: u32::try_from(self.leverage).ok(), margin_mode: margin_mode(&self.margin_type) }
    }
}

/// The word for a margin mode in requests.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "ISOLATED",
        MarginMode::Cross => "CROSSED",
    }
}

/// Other endpoints spell it `cross` and `isolated`.
fn margin_mode(word: &str) -> Option<MarginMode> {
    match word.to_ascii_uppercase().as_str() {
        "ISOLATED" => Some(MarginMode::Isolated),
        "CROSSED" | "CROSS" => Some(MarginMode::Cross),
        _ => None,
    }
}

/// Reply to `POST /fapi/v1/leverage`.
#[derive(Deserialize)]
pub(super) struct LeverageSet {
    #[serde(deserialize_with = "integer")]
    pub(super) leverage: i64,
}

/// A success that carries nothing but the code 200, as a number or as text.
#[derive(Deserialize)]
#[serde(try_from = "Envelope")]
pub(super) struct Done;

impl TryFrom<Envelope> for Done {
    type Error = &'static str;

    fn try_from(envelope: Envelope) -> Result<Done, Self::Error> {
        if envelope.code == SUCCESS_CODE { Ok(Done) } else { Err("the code is not 200") }
    }
}

/// `GET /fapi/v1/ticker/bookTicker`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct BookTicker {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) bid_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) ask_price: Decimal,
}

/// One element of `assets` in `GET /fapi/v3/account`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AssetRow {
    pub(super) asset: String,
    /// Wallet and unrealised profit together.
    #[serde(deserialize_with = "decimal")]
    pub(super) margin_balance: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) available_balance: Decimal,
}

/// One row of `GET /fapi/v3/positionRisk`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    #[serde(default)]
    position_side: Half,
    #[serde(deserialize_with = "decimal")]
    position_amt: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    entry_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liquidation_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    break_even_price: Decimal,
    /// So spelled.
    #[serde(default, rename = "unRealizedProfit", deserialize_with = "decimal_or_zero")]
    unrealized_profit: Decimal,
    /// What the position binds, without what its contract's open orders bind.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    position_initial_margin: Decimal,
    #[serde(default)]
    update_time: Millis,
}

impl PositionRow {
    /// `terms` come from elsewhere: these rows have neither leverage nor margin mode.
    pub(super) fn position(self, symbol: Symbol, terms: Terms) -> Position {
        let by_sign = if self.position_amt < Decimal::ZERO { Side::Short } else { Side::Long };
        Position {
            symbol,
            hedge: self.position_side != Half::Both,
            side: self.position_side.side().unwrap_or(by_sign),
            qty: self.position_amt.abs(),
            entry_price: self.entry_price,
            mark_price: self.mark_price,
            liquidation_price: self.liquidation_price,
            changed_at: self.update_time,
            unrealized_pnl: self.unrealized_profit,
            margin: self.position_initial_margin,
            break_even_price: self.break_even_price,
            terms,
        }
    }
}

/// A plain order, in acknowledgements, queries and lists. Acknowledgements carry no average price since mid-2026.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlainOrder {
    status: String,
    #[serde(default)]
    pub(super) client_order_id: String,
    side: Direction,
    #[serde(default)]
    position_side: Half,
    #[serde(deserialize_with = "decimal")]
    orig_qty: Decimal,
    #[serde(deserialize_with = "decimal")]
    executed_qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    reduce_only: Option<bool>,
    close_position: Option<bool>,
    /// When it was placed; acknowledgements leave it out.
    #[serde(default)]
    time: Millis,
    #[serde(default)]
    update_time: Millis,
}

impl PlainOrder {
    /// An acknowledgement: the order was last changed when it was placed.
    pub(super) fn acknowledged(mut self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        if self.time == 0 {
            self.time = self.update_time;
        }
        self.state(symbol, offset_ms)
    }

    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let reduces = self.reduce_only.unwrap_or(false) || self.close_position.unwrap_or(false);
        let (side, opens) = acts_on(self.side == Direction::Buy, self.position_side.side(), reduces);
        OrderState {
            created_at: our_time(self.time, offset_ms),
            symbol: symbol.clone(),
            side,
            opens,
            conditional: false,
            guards: None,
            status: plain_status(&self.status),
            qty: self.orig_qty,
            filled: self.executed_qty,
            avg_price: self.avg_price,
            price: self.price,
            id: self.client_order_id,
        }
    }
}

/// A word nobody knows yet counts as not ended, so that the order is asked for again.
fn plain_status(word: &str) -> OrderStatus {
    match word {
        "FILLED" => OrderStatus::Filled,
        "CANCELED" => OrderStatus::Canceled,
        "EXPIRED" | "EXPIRED_IN_MATCH" => OrderStatus::Expired,
        "REJECTED" => OrderStatus::Rejected,
        _ => OrderStatus::Resting,
    }
}

/// A conditional order of the Algo Service. For one that closes the position, `quantity` may be zero, empty or missing.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AlgoOrder {
    algo_status: String,
    #[serde(default)]
    order_type: String,
    #[serde(default)]
    pub(super) client_algo_id: String,
    side: Direction,
    #[serde(default)]
    position_side: Half,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    quantity: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    trigger_price: Decimal,
    reduce_only: Option<bool>,
    close_position: Option<bool>,
    #[serde(default)]
    create_time: Millis,
}

impl AlgoOrder {
    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, symbol: &Symbol, offset_ms: i64) -> OrderState {
        let reduces = self.reduce_only.unwrap_or(false) || self.close_position.unwrap_or(false);
        let (side, opens) = acts_on(self.side == Direction::Buy, self.position_side.side(), reduces);
        OrderState {
            created_at: our_time(self.create_time, offset_ms),
            symbol: symbol.clone(),
            side,
            opens,
            conditional: true,
            guards: guards(&self.order_type),
            status: algo_status(&self.algo_status),
            qty: self.quantity,
            filled: Decimal::ZERO,
            avg_price: Decimal::ZERO,
            price: self.trigger_price,
            id: self.client_algo_id,
        }
    }
}

fn guards(order_type: &str) -> Option<ProtectionKind> {
    match order_type {
        "STOP_MARKET" | "STOP" => Some(ProtectionKind::StopLoss),
        "TAKE_PROFIT_MARKET" | "TAKE_PROFIT" => Some(ProtectionKind::TakeProfit),
        _ => None,
    }
}

/// `FINISHED` only says that the order it became has ended, filled or not, so it too counts as triggered until that order was seen.
fn algo_status(word: &str) -> OrderStatus {
    match word {
        "TRIGGERING" | "TRIGGERED" | "FINISHED" => OrderStatus::Triggered,
        "CANCELED" => OrderStatus::Canceled,
        "EXPIRED" => OrderStatus::Expired,
        "REJECTED" => OrderStatus::Rejected,
        _ => OrderStatus::Resting,
    }
}

/// Reply to `POST /fapi/v1/batchOrders`: orders and errors mixed, in the order of the request.
pub(super) type BatchReply = Vec<Box<RawValue>>;

/// One row of `GET /fapi/v1/userTrades`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TradeRow {
    id: u64,
    buyer: bool,
    #[serde(default)]
    position_side: Half,
    #[serde(deserialize_with = "decimal")]
    price: Decimal,
    #[serde(deserialize_with = "decimal")]
    qty: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    commission: Decimal,
    #[serde(default)]
    commission_asset: String,
    #[serde(default)]
    margin_asset: String,
    pub(super) time: Millis,
}

impl TradeRow {
    /// With the exchange's number of it. `offset_ms` is the exchange's clock minus ours.
    pub(super) fn fill(self, offset_ms: i64) -> (u64, Fill) {
        // A discount coin may pay the fee.
        let (fee, fee_elsewhere) = fee(self.commission, self.commission_asset == self.margin_asset);
        let fill = Fill {
            by: None,
            side: self.position_side.side(),
            buy: self.buyer,
            price: self.price,
            qty: self.qty,
            fee,
            fee_elsewhere,
            at: our_time(self.time, offset_ms),
        };
        (self.id, fill)
    }
}
