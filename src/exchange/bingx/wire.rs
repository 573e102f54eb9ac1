//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Numbers come bare or as text, numbers of orders above 2^53, flags as text, null where a list is empty. Read leniently
//! where the exchange is known to vary, strictly where a guess would be dangerous: a position or a filled quantity that
//! cannot be read is an error, never zero.

mod fills;
mod orders;

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

use crate::exchange::answers::{Half, list, success};
use crate::exchange::numbers::{decimal, decimal_or_zero, millis, millis_or_zero, whole_leverage};
use crate::exchange::orders::is_buy;
use crate::market::{Action, Decimal, MarginMode, Millis, Position, ProtectionKind, Side, Symbol, Terms, TriggerBy};
pub(super) use fills::Fills;
pub(super) use orders::{Ack, AllCanceled, Named, One, OrderRow, Orders, Role};

/// Every success.
#[derive(serde::Deserialize)]
pub(super) struct Reply<T> {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
    pub(super) data: T,
}

/// A success of which nothing more is needed; some come without any data.
#[derive(serde::Deserialize)]
pub(super) struct Done {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
}

/// A list that must be there; an empty one may be written as null.
#[derive(serde::Deserialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub(super) struct Rows<T>(#[serde(deserialize_with = "list")] pub(super) Vec<T>);

/// A text; null is an empty one, a bare number its digits.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    let token = raw.get();
    if token == "null" {
        return Ok(String::new());
    }
    if token.starts_with('"') { serde_json::from_str(token).map_err(Error::custom) } else { Ok(token.to_owned()) }
}

/// A flag, bare or as text; null and empty text say nothing.
fn flag_if_said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    match text(deserializer)?.to_ascii_lowercase().as_str() {
        "true" => Ok(Some(true)),
        "false" => Ok(Some(false)),
        "" => Ok(None),
        _ => Err(Error::custom("neither true nor false")),
    }
}

/// A flag that is not set where nothing is said.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(flag_if_said(deserializer)?.unwrap_or(false))
}

/// A flag that must say something.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    flag_if_said(deserializer)?.ok_or_else(|| Error::custom("a flag is missing"))
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServerTime {
    #[serde(deserialize_with = "millis")]
    server_time: Millis,
}

/// The exchange's clock.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    Ok(serde_json::from_slice::<Reply<ServerTime>>(body)?.data.server_time)
}

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "BUY" } else { "SELL" }
}

/// The half of the account that an order is for: one-way accounts have only one.
pub(super) fn half_word(side: Side, hedge: bool) -> &'static str {
    if hedge { side.as_str() } else { "BOTH" }
}

/// The type of a protective order.
pub(super) fn guard_word(kind: ProtectionKind) -> &'static str {
    match kind {
        ProtectionKind::StopLoss => "STOP_MARKET",
        ProtectionKind::TakeProfit => "TAKE_PROFIT_MARKET",
    }
}

/// The word for the price that sets a stop off.
pub(super) fn trigger_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Mark => "MARK_PRICE",
        TriggerBy::Last => "CONTRACT_PRICE",
    }
}

/// The word for a margin mode.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "ISOLATED",
        MarginMode::Cross => "CROSSED",
    }
}

/// `GET positionSide/dual`. The flag comes as text.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionMode {
    #[serde(deserialize_with = "said")]
    pub(super) dual_side_position: bool,
}

/// `GET trade/leverage`.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Leverages {
    #[serde(deserialize_with = "decimal")]
    long_leverage: Decimal,
    #[serde(deserialize_with = "decimal")]
    short_leverage: Decimal,
}

impl Leverages {
    /// `None` where the two halves differ.
    pub(super) fn common(&self) -> Option<u32> {
        whole_leverage(self.long_leverage).filter(|_| self.long_leverage == self.short_leverage)
    }
}

/// The answer to `POST trade/leverage`.
#[derive(serde::Deserialize)]
pub(super) struct LeverageSet {
    #[serde(deserialize_with = "decimal")]
    leverage: Decimal,
}

impl LeverageSet {
    pub(super) fn leverage(&self) -> u32 {
        whole_leverage(self.leverage).unwrap_or(0)
    }
}

/// `GET trade/marginType`.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MarginType {
    margin_type: String,
}

impl MarginType {
    pub(super) fn mode(&self) -> Option<MarginMode> {
        match self.margin_type.as_str() {
            "ISOLATED" | "SEPARATE_ISOLATED" => Some(MarginMode::Isolated),
            "CROSSED" => Some(MarginMode::Cross),
            _ => None,
        }
    }
}

/// `GET quote/ticker`. Without buyers or sellers a price is empty.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) bid_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) ask_price: Decimal,
}

/// One row of `GET user/balance`: empty texts for a coin the account never had.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoinRow {
    pub(super) asset: String,
    /// Unrealised profit and loss included.
    #[serde(deserialize_with = "decimal_or_zero")]
    pub(super) equity: Decimal,
    #[serde(deserialize_with = "decimal_or_zero")]
    pub(super) available_margin: Decimal,
}

/// One row of `GET user/positions`.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    /// Without a sign where the half tells the direction, in one-way mode too.
    #[serde(deserialize_with = "decimal")]
    position_amt: Decimal,
    position_side: Half,
    #[serde(default, deserialize_with = "flag_if_said")]
    only_one_position: Option<bool>,
    #[serde(default, deserialize_with = "flag_if_said")]
    isolated: Option<bool>,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liquidation_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    unrealized_profit: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    initial_margin: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    leverage: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    update_time: Millis,
}

impl PositionRow {
    /// `hedge` holds where the row does not say.
    pub(super) fn position(&self, symbol: Symbol, hedge: bool) -> Position {
        let signed = if self.position_amt.is_sign_negative() { Side::Short } else { Side::Long };
        let isolated = |isolated| if isolated { MarginMode::Isolated } else { MarginMode::Cross };
        Position {
            symbol,
            side: self.position_side.side().unwrap_or(signed),
            hedge: self.only_one_position.map_or(hedge, |only| !only),
            qty: self.position_amt.abs(),
            entry_price: self.avg_price,
            mark_price: self.mark_price,
            liquidation_price: self.liquidation_price,
            changed_at: self.update_time,
            unrealized_pnl: self.unrealized_profit,
            margin: self.initial_margin,
            break_even_price: Decimal::ZERO,
            terms: Terms { leverage: whole_leverage(self.leverage), margin_mode: self.isolated.map(isolated) },
        }
    }
}
