//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Numbers come as text, and empty text means "none". Read leniently where the exchange is known to vary, strictly where
//! a guess would be dangerous: a position or a filled quantity that cannot be read is an error, never zero.

mod orders;

use serde::Deserialize;
use serde::de::{Error, IgnoredAny};

use crate::exchange::answers::success;
use crate::exchange::numbers::{decimal, decimal_or_zero, integer, millis_or_zero, whole_leverage};
use crate::exchange::orders::guard_state;
use crate::exchange::orders::is_buy;
use crate::market::{
    Action, Decimal, Guarded, MarginMode, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Symbol, Terms, TriggerBy,
};
pub(super) use orders::{Accepted, Ack, BatchReply, ExecutionRow, OrderRow};

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "Buy" } else { "Sell" }
}

/// The half of a contract's positions: 0 where there is only one, 1 long, 2 short.
pub(super) fn position_idx(side: Side, hedge: bool) -> i64 {
    match (hedge, side) {
        (false, _) => 0,
        (true, Side::Long) => 1,
        (true, Side::Short) => 2,
    }
}

fn half(position_idx: i64) -> Option<Side> {
    match position_idx {
        1 => Some(Side::Long),
        2 => Some(Side::Short),
        _ => None,
    }
}

/// The word for the price that sets a stop off.
pub(super) fn trigger_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Mark => "MarkPrice",
        TriggerBy::Last => "LastPrice",
    }
}

/// Every success.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reply<T> {
    #[serde(rename = "retCode", deserialize_with = "success")]
    _code: (),
    pub(super) result: T,
    /// The exchange's time.
    #[serde(default, deserialize_with = "millis_or_zero")]
    pub(super) time: Millis,
}

/// A success that carries nothing worth reading.
pub(super) type Done = Reply<IgnoredAny>;

/// A list, or a page of one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct List<T> {
    pub(super) list: Vec<T>,
    next_page_cursor: Option<String>,
}

impl<T> List<T> {
    /// Where the next page begins; empty after the last.
    pub(super) fn cursor(&self) -> String {
        self.next_page_cursor.as_deref().map(cursor).unwrap_or_default()
    }
}

/// Cursors come percent-encoded and go back so; encoding them once more would make another text of them.
pub(super) fn cursor(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let encoded = tail.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match encoded.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// `GET /v5/market/time`: every answer carries it.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    match serde_json::from_slice::<Done>(body)?.time {
        0 => Err(Error::custom("no time")),
        time => Ok(time),
    }
}

/// `GET /v5/account/info`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountInfo {
    #[serde(default)]
    margin_mode: String,
    #[serde(deserialize_with = "integer")]
    unified_margin_status: i64,
}

impl AccountInfo {
    /// Portfolio margin shares the balance, too.
    pub(super) fn margin_mode(&self) -> Option<MarginMode> {
        match self.margin_mode.as_str() {
            "ISOLATED_MARGIN" => Some(MarginMode::Isolated),
            "REGULAR_MARGIN" | "PORTFOLIO_MARGIN" => Some(MarginMode::Cross),
            _ => None,
        }
    }

    /// Why an account of an older kind cannot be traded on.
    pub(super) fn restricted(&self) -> Option<String> {
        let status = self.unified_margin_status;
        let why =
            format!("only unified trading accounts 2.0 are served, this one has unifiedMarginStatus {status}: upgrade it at the exchange");
        (!matches!(status, 5 | 6)).then_some(why)
    }
}

/// The word for a margin mode in requests.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "ISOLATED_MARGIN",
        MarginMode::Cross => "REGULAR_MARGIN",
    }
}

/// One row of `GET /v5/market/tickers`. Without buyers or sellers a price is empty.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker {
    #[serde(default, rename = "bid1Price", deserialize_with = "decimal_or_zero")]
    pub(super) bid: Decimal,
    #[serde(default, rename = "ask1Price", deserialize_with = "decimal_or_zero")]
    pub(super) ask: Decimal,
}

/// The account in `GET /v5/account/wallet-balance`. Its own figures are in dollars, and meaningless in isolated mode.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Wallet {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    total_available_balance: Decimal,
    #[serde(default)]
    coin: Vec<Coin>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Coin {
    coin: String,
    /// Wallet and unrealised profit together.
    #[serde(deserialize_with = "decimal")]
    equity: Decimal,
    #[serde(deserialize_with = "decimal")]
    wallet_balance: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    usd_value: Decimal,
    #[serde(default, rename = "totalOrderIM", deserialize_with = "decimal_or_zero")]
    order_margin: Decimal,
    #[serde(default, rename = "totalPositionIM", deserialize_with = "decimal_or_zero")]
    position_margin: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    locked: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    bonus: Decimal,
}

impl Wallet {
    /// What there is of a coin, and what of it is free for orders.
    pub(super) fn of(&self, coin: &str, mode: Option<MarginMode>) -> (Decimal, Decimal) {
        let row = self.coin.iter().find(|row| row.coin == coin);
        let total = row.map(|row| row.equity).unwrap_or_default();
        let free = match mode {
            // Other coins may stand in for this one.
            Some(MarginMode::Cross) => row.map_or(Some(self.total_available_balance), |row| row.worth(self.total_available_balance)),
            _ => row.map(Coin::own_free),
        };
        (total, free.unwrap_or_default().max(Decimal::ZERO))
    }
}

impl Coin {
    /// At the price the exchange itself counts the coin with; a dollar each when it holds none to tell.
    fn worth(&self, dollars: Decimal) -> Option<Decimal> {
        if self.equity > Decimal::ZERO && self.usd_value > Decimal::ZERO {
            return dollars.checked_mul(self.equity)?.checked_div(self.usd_value);
        }
        Some(dollars)
    }

    fn own_free(&self) -> Decimal {
        self.wallet_balance - self.position_margin - self.order_margin - self.locked - self.bonus
    }
}

/// Which way a row's position goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Way {
    Buy,
    Sell,
    #[serde(rename = "", alias = "None")]
    Flat,
}

/// One row of `GET /v5/position/list`. Asked by symbol, rows come for flat positions as well.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    side: Way,
    #[serde(deserialize_with = "integer")]
    pub(super) position_idx: i64,
    #[serde(deserialize_with = "decimal")]
    size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liq_price: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    leverage: Decimal,
    #[serde(default, rename = "positionIM", deserialize_with = "decimal_or_zero")]
    margin: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    unrealised_pnl: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    take_profit: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    stop_loss: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    updated_time: Millis,
}

impl PositionRow {
    pub(super) fn is_hedge(&self) -> bool {
        self.position_idx != 0
    }

    /// Says of a position neither by number nor by word which way it goes.
    pub(super) fn is_broken(&self) -> bool {
        !self.size.is_zero() && half(self.position_idx).is_none() && self.side == Way::Flat
    }

    /// Whether it holds a position of that side.
    pub(super) fn holds(&self, side: Side) -> bool {
        !self.size.is_zero() && self.side() == side
    }

    pub(super) fn leverage(&self) -> Option<u32> {
        whole_leverage(self.leverage)
    }

    /// The trigger price of a stop or target of the whole position; zero for none.
    pub(super) fn guard(&self, kind: ProtectionKind) -> Decimal {
        match kind {
            ProtectionKind::StopLoss => self.stop_loss,
            ProtectionKind::TakeProfit => self.take_profit,
        }
    }

    /// Its stop and target, in the shape of orders.
    pub(super) fn guards(&self, symbol: &Symbol) -> impl Iterator<Item = OrderState> {
        let held = !self.size.is_zero();
        [ProtectionKind::StopLoss, ProtectionKind::TakeProfit].into_iter().filter_map(move |kind| {
            let guard = Guarded { side: self.side(), kind, trigger_price: self.guard(kind) };
            (held && !guard.trigger_price.is_zero()).then(|| guard_state(symbol, guard, OrderStatus::Resting, 0))
        })
    }

    /// `margin_mode` is the account's: the row's own field always says zero.
    pub(super) fn position(&self, symbol: Symbol, margin_mode: Option<MarginMode>) -> Position {
        Position {
            symbol,
            side: self.side(),
            hedge: self.is_hedge(),
            qty: self.size,
            entry_price: self.avg_price,
            mark_price: self.mark_price,
            liquidation_price: self.liq_price,
            changed_at: self.updated_time,
            unrealized_pnl: self.unrealised_pnl,
            margin: self.margin,
            break_even_price: Decimal::ZERO,
            terms: Terms { leverage: self.leverage(), margin_mode },
        }
    }

    fn side(&self) -> Side {
        let said = if self.side == Way::Sell { Side::Short } else { Side::Long };
        half(self.position_idx).unwrap_or(said)
    }
}
