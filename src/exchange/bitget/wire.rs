//! What both generations spell alike, and what it means in our nouns.
//!
//! Read leniently where the exchange is known to vary (numbers or texts, null for an empty list), strictly where a guess
//! would be dangerous: a position or a filled quantity that cannot be read is an error, never zero.

use serde::de::{Deserialize, Deserializer, Error};
use serde_json::value::RawValue;

use super::errors::SUCCESS_CODE;
use crate::exchange::attempt::Attempt;
use crate::exchange::error::Result;
use crate::exchange::numbers::{millis, whole_leverage};
use crate::exchange::orders::{guard_taken, is_buy, own, taken};
use crate::market::{Action, Decimal, MarginMode, Millis, NewOrder, OrderState, OrderStatus, Protection, ProtectionKind, Side, Terms};

/// The product that is traded here: contracts settled in one coin.
pub(super) const PRODUCT: &str = "USDT-FUTURES";
/// That coin, as margin.
pub(super) const COIN: &str = "USDT";

/// What every answer looks like: what was asked for stands in `data`.
#[derive(serde::Deserialize)]
pub(super) struct Reply<T> {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
    pub(super) data: T,
}

/// A success of which nothing more is needed.
#[derive(serde::Deserialize)]
pub(super) struct Done {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
}

fn success<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<(), D::Error> {
    let code = String::deserialize(deserializer)?;
    if code == SUCCESS_CODE { Ok(()) } else { Err(Error::custom("the code is no success")) }
}

/// A text; null is an empty one.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<String, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A number that may be left unknown: whatever else stands there is zero.
pub(super) fn decimal_if_any<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Decimal, D::Error> {
    let raw = Box::<RawValue>::deserialize(deserializer)?;
    Ok(raw.get().trim_matches('"').parse().unwrap_or_default())
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
    if is_buy(side, action) { "buy" } else { "sell" }
}

/// The word for a position.
pub(super) fn side_word(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

/// The position a row names, if it names one.
pub(super) fn side_of(word: &str) -> Option<Side> {
    match word {
        "long" => Some(Side::Long),
        "short" => Some(Side::Short),
        _ => None,
    }
}

/// Whether long and short are held side by side.
pub(super) fn is_hedge(word: &str) -> bool {
    word == "hedge_mode"
}

/// `YES` or `NO`, in any case.
pub(super) fn is_yes(word: &str) -> bool {
    word.eq_ignore_ascii_case("yes")
}

/// The word for a margin mode.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "crossed",
    }
}

/// Some examples write `cross`.
pub(super) fn margin_mode(word: &str) -> Option<MarginMode> {
    match word {
        "isolated" => Some(MarginMode::Isolated),
        "crossed" | "cross" => Some(MarginMode::Cross),
        _ => None,
    }
}

/// What a contract is set to.
pub(super) fn terms(leverage: Decimal, mode: &str) -> Terms {
    Terms { leverage: whole_leverage(leverage), margin_mode: margin_mode(mode) }
}

/// A word nobody knows yet counts as not ended, so that the order is asked for again.
pub(super) fn status(word: &str) -> OrderStatus {
    match word {
        "filled" => OrderStatus::Filled,
        "canceled" | "cancelled" => OrderStatus::Canceled,
        _ => OrderStatus::Resting,
    }
}

/// All that is said of an order that was taken. There may be no number of the exchange's: a reduce-only order that
/// displaces older ones gets none.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ack {
    #[serde(default, deserialize_with = "text")]
    pub(super) client_oid: String,
}

impl Ack {
    /// A plain order that was taken, if it is this one.
    pub(super) fn taken(self, order: &NewOrder, attempt: &Attempt) -> Result<OrderState> {
        own(OrderState { id: self.client_oid, ..taken(order, 0) }, &order.id, attempt)
    }

    /// A protective order that was taken, if it is this one; `qty` is zero for one that covers the position.
    pub(super) fn guards(self, protection: &Protection, qty: Decimal, attempt: &Attempt) -> Result<OrderState> {
        own(OrderState { id: self.client_oid, ..guard_taken(protection, qty, 0) }, &protection.id, attempt)
    }
}

/// A protective or other conditional order that waits for its trigger.
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) kind: Option<ProtectionKind>,
    pub(super) side: Side,
    pub(super) opens: bool,
    pub(super) qty: Decimal,
    pub(super) trigger_price: Decimal,
    pub(super) created_at: Millis,
}

impl Waiting {
    pub(super) fn state(self, symbol: crate::market::Symbol) -> OrderState {
        OrderState {
            id: self.id,
            symbol,
            side: self.side,
            opens: self.opens,
            conditional: true,
            guards: self.kind,
            status: OrderStatus::Resting,
            qty: self.qty,
            filled: Decimal::ZERO,
            avg_price: Decimal::ZERO,
            price: self.trigger_price,
            created_at: self.created_at,
        }
    }
}
