//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Numbers come as text: `Rp` a price, `Rq` a quantity in coins, `Rv` a value in the settle coin, `Rr` a ratio. The
//! history spells words and names otherwise than the trading API. Read leniently where the exchange varies, strictly
//! where a guess would be dangerous: a position or a filled quantity that cannot be read is an error, never zero.

mod orders;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, Error, IgnoredAny};
use serde_json::value::RawValue;

use crate::exchange::answers::success;
use crate::exchange::numbers::{decimal, decimal_if_said, decimal_or_zero, millis, whole_leverage};
use crate::exchange::orders::is_buy;
use crate::market::{Action, Decimal, MarginMode, Millis, Position, Side, Symbol, Terms, TriggerBy};
pub(super) use orders::{OrderRow, TradeRow};

const NANOS_PER_MS: u64 = 1_000_000;

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "Buy" } else { "Sell" }
}

/// Which way a row's position goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
enum Way {
    Buy,
    Sell,
    #[serde(rename = "None")]
    Flat,
}

/// The half of a contract's positions in requests; one-way contracts have only one.
pub(super) fn half_word(half: Option<Side>) -> &'static str {
    match half {
        None => "Merged",
        Some(Side::Long) => "Long",
        Some(Side::Short) => "Short",
    }
}

fn half(word: &str) -> Option<Side> {
    match word {
        "Long" => Some(Side::Long),
        "Short" => Some(Side::Short),
        _ => None,
    }
}

/// The word for the price that sets a stop off.
pub(super) fn trigger_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Mark => "ByMarkPrice",
        TriggerBy::Last => "ByLastPrice",
    }
}

/// The leverage that also says the margin mode: by its sign.
pub(super) fn signed_leverage(leverage: Decimal, mode: MarginMode) -> Decimal {
    match mode {
        MarginMode::Isolated => leverage,
        MarginMode::Cross => -leverage,
    }
}

/// Every success.
#[derive(Deserialize)]
pub(super) struct Reply<T> {
    #[serde(rename = "code", deserialize_with = "success")]
    _code: (),
    pub(super) data: T,
}

/// A success that carries nothing worth reading.
pub(super) type Done = Reply<IgnoredAny>;

/// A time in nanoseconds, in milliseconds; missing and null are zero.
fn millis_of_nanos<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    let nanos = u64::try_from(decimal_or_zero(deserializer)?.trunc()).map_err(|_| Error::custom("a time before 1970"))?;
    Ok(nanos / NANOS_PER_MS)
}

/// The rows of a list, in any of the three shapes the history answers in: bare, under `rows`, or one row alone.
pub(super) fn rows<T: DeserializeOwned>(data: &RawValue) -> serde_json::Result<Vec<T>> {
    #[derive(Deserialize)]
    struct Framed<T> {
        rows: Vec<T>,
    }
    let text = data.get();
    match text.as_bytes().first() {
        Some(b'[') => serde_json::from_str(text),
        Some(b'n') => Ok(Vec::new()),
        _ => serde_json::from_str::<Framed<T>>(text)
            .map(|framed| framed.rows)
            .or_else(|error| serde_json::from_str(text).map(|row| vec![row]).map_err(|_| error)),
    }
}

/// `GET /public/time`.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Time {
        #[serde(deserialize_with = "millis")]
        server_time: Millis,
    }
    match serde_json::from_slice::<Reply<Time>>(body)?.data.server_time {
        0 => Err(Error::custom("no time")),
        time => Ok(time),
    }
}

/// `GET /md/v3/ticker/24hr`. Without buyers or sellers a price is empty.
#[derive(Deserialize)]
pub(super) struct MarketReply {
    pub(super) result: Ticker,
}

#[derive(Deserialize)]
pub(super) struct Ticker {
    #[serde(default, rename = "bidRp", deserialize_with = "decimal_or_zero")]
    pub(super) bid: Decimal,
    #[serde(default, rename = "askRp", deserialize_with = "decimal_or_zero")]
    pub(super) ask: Decimal,
}

/// The open orders of a contract.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ActiveList {
    pub(super) rows: Vec<OrderRow>,
    #[serde(default)]
    next_page_arg: Option<String>,
}

impl ActiveList {
    /// Whether there are more than it shows.
    pub(super) fn is_cut(&self) -> bool {
        self.next_page_arg.as_deref().is_some_and(|next| !next.is_empty())
    }
}

/// `GET /g-accounts/accountPositions`.
#[derive(Deserialize)]
pub(super) struct Account {
    account: Wallet,
    pub(super) positions: Vec<PositionRow>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wallet {
    #[serde(deserialize_with = "decimal")]
    account_balance_rv: Decimal,
    #[serde(deserialize_with = "decimal")]
    total_used_balance_rv: Decimal,
}

impl Account {
    /// What there is, open gains and losses included, and what of it is free for orders. `None` where the sum is beyond
    /// calculation.
    pub(super) fn balance(&self) -> Option<(Decimal, Decimal)> {
        let wallet = &self.account;
        let gains = self.positions.iter().try_fold(Decimal::ZERO, |sum, row| sum.checked_add(row.unrealized_pnl()?))?;
        let free = wallet.account_balance_rv.checked_sub(wallet.total_used_balance_rv)?;
        Some((wallet.account_balance_rv.checked_add(gains)?, free.max(Decimal::ZERO)))
    }
}

/// A position. A flat contract has its rows as well, once it was ever touched.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) symbol: String,
    side: Way,
    #[serde(default, deserialize_with = "decimal_if_said")]
    size: Option<Decimal>,
    /// The same under another name.
    #[serde(default, deserialize_with = "decimal_if_said")]
    size_rq: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_entry_price_rp: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_price_rp: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liquidation_price_rp: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    position_margin_rv: Decimal,
    #[serde(default, deserialize_with = "decimal_if_said")]
    un_realised_pnl_rv: Option<Decimal>,
    /// Negative: cross. Zero: cross with as much as is allowed.
    #[serde(default, deserialize_with = "decimal_if_said")]
    leverage_rr: Option<Decimal>,
    pos_side: String,
    #[serde(default)]
    pos_mode: String,
    #[serde(default, deserialize_with = "millis_of_nanos")]
    transact_time_ns: Millis,
}

impl PositionRow {
    /// One-way contracts have been seen with halves: the word for the mode counts, where there is one.
    pub(super) fn is_hedge(&self) -> bool {
        match self.pos_mode.as_str() {
            "OneWay" => false,
            "Hedged" => true,
            _ => half(&self.pos_side).is_some(),
        }
    }

    /// Its half; `None` in one-way mode.
    pub(super) fn half(&self) -> Option<Side> {
        half(&self.pos_side).filter(|_| self.is_hedge())
    }

    /// The leverage without the sign; `None` when there is none of its own.
    pub(super) fn own_leverage(&self) -> Option<Decimal> {
        self.leverage_rr.map(|leverage| leverage.abs()).filter(|leverage| !leverage.is_zero())
    }

    /// What the sign says; the flag beside it is known to say otherwise.
    pub(super) fn terms(&self) -> Terms {
        let mode = |leverage: Decimal| if leverage > Decimal::ZERO { MarginMode::Isolated } else { MarginMode::Cross };
        Terms { leverage: self.own_leverage().and_then(whole_leverage), margin_mode: self.leverage_rr.map(mode) }
    }

    /// `None` when it is not said how much is held, or which way.
    fn holds(&self) -> Option<(Side, Decimal)> {
        let size = self.size.or(self.size_rq).filter(|size| *size >= Decimal::ZERO)?;
        let said = match self.side {
            Way::Buy => Some(Side::Long),
            Way::Sell => Some(Side::Short),
            Way::Flat => size.is_zero().then_some(Side::Long),
        };
        Some((self.half().or(said)?, size))
    }

    /// `None` where it cannot be told.
    fn unrealized_pnl(&self) -> Option<Decimal> {
        let (side, size) = self.holds()?;
        if let Some(said) = self.un_realised_pnl_rv {
            return Some(said);
        }
        if size.is_zero() || self.mark_price_rp.is_zero() {
            return Some(Decimal::ZERO);
        }
        let gain = self.mark_price_rp.checked_sub(self.avg_entry_price_rp)?.checked_mul(size)?;
        Some(if side == Side::Long { gain } else { -gain })
    }

    /// `None` when it cannot be told what is held.
    pub(super) fn position(&self, symbol: Symbol) -> Option<Position> {
        let (side, qty) = self.holds()?;
        Some(Position {
            symbol,
            side,
            hedge: self.is_hedge(),
            qty,
            entry_price: self.avg_entry_price_rp,
            mark_price: self.mark_price_rp,
            liquidation_price: self.liquidation_price_rp,
            changed_at: self.transact_time_ns,
            unrealized_pnl: self.unrealized_pnl()?,
            margin: self.position_margin_rv,
            break_even_price: Decimal::ZERO,
            terms: self.terms(),
        })
    }
}
