//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Numbers are bare, times are text. Each answer has one word of success, and one list or object of its own name: without
//! it there is no answer, never "none". What is newer than this file is read as "not said".

mod orders;

use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::value::RawValue;

use super::instruments::PERPETUAL;
use crate::exchange::answers::{Direction, side};
use crate::exchange::numbers::{decimal, decimal_or_zero, whole_leverage};
use crate::exchange::orders::{acts_on, is_buy, our_time};
use crate::market::{
    Action, Balance, Decimal, Fill, MarginMode, Millis, OrderRef, OrderState, OrderStatus, Position, Side, Symbol, Terms, TriggerBy,
};
use crate::time::utc_ms;
pub(super) use orders::{Ack, OpenRow, PastOrder, StatusRow};

/// The word every success begins with; lists of the past have none.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    Success,
}

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "buy" } else { "sell" }
}

/// The word for the price that sets a stop off, in requests.
pub(super) fn trigger_word(by: TriggerBy) -> &'static str {
    match by {
        TriggerBy::Mark => "mark",
        TriggerBy::Last => "last",
    }
}

/// A size that is off the step by less than one of so many parts of it is on the step.
const STEP_PARTS: u32 = 1_000_000;

/// A contract's name; some answers spell it in small letters, and no request may.
fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(String::deserialize(deserializer)?.to_ascii_uppercase())
}

/// A time; missing, null and what is none are zero.
fn time_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Millis, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.as_deref().and_then(utc_ms).unwrap_or(0))
}

/// A success that carries nothing worth reading.
#[derive(Deserialize)]
pub(super) struct Done {
    #[serde(rename = "result")]
    _result: Word,
}

/// The exchange's clock, in every answer.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Timed {
        #[serde(rename = "result")]
        _result: Word,
        server_time: String,
    }
    let timed = serde_json::from_slice::<Timed>(body)?;
    utc_ms(&timed.server_time).ok_or_else(|| Error::custom("no time"))
}

/// `GET /tickers/{symbol}`.
#[derive(Deserialize)]
pub(super) struct Tickers {
    #[serde(rename = "result")]
    _result: Word,
    pub(super) ticker: Ticker,
}

#[derive(Deserialize)]
pub(super) struct Ticker {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) bid: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) ask: Decimal,
    #[serde(default, rename = "markPrice", deserialize_with = "decimal_or_zero")]
    mark: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    last: Decimal,
}

impl Ticker {
    /// The price that sets a stop off; zero when it is not told.
    pub(super) fn watched(&self, by: TriggerBy) -> Decimal {
        match by {
            TriggerBy::Mark => self.mark,
            TriggerBy::Last => self.last,
        }
    }
}

/// `GET /accounts`.
#[derive(Deserialize)]
pub(super) struct Accounts {
    #[serde(rename = "result")]
    _result: Word,
    accounts: Wallets,
}

#[derive(Deserialize)]
struct Wallets {
    flex: Flex,
}

/// The wallet that margins these contracts, in dollars whatever coins are in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Flex {
    /// All coins at market, and what positions have won or lost.
    #[serde(deserialize_with = "decimal")]
    portfolio_value: Decimal,
    #[serde(deserialize_with = "decimal")]
    available_margin: Decimal,
}

impl Accounts {
    pub(super) fn balance(self, coin: &str) -> Balance {
        let Flex { portfolio_value, available_margin } = self.accounts.flex;
        Balance { coin: coin.to_owned(), total: portfolio_value, available: available_margin }
    }
}

/// `GET /leveragepreferences`: contracts with isolated margin. All others are on cross margin.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Preferences {
    #[serde(rename = "result")]
    _result: Word,
    leverage_preferences: Vec<Preference>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Preference {
    #[serde(deserialize_with = "name")]
    symbol: String,
    #[serde(deserialize_with = "decimal")]
    max_leverage: Decimal,
}

impl Preferences {
    pub(super) fn terms(self) -> Vec<(Symbol, Terms)> {
        self.leverage_preferences.into_iter().map(|row| (Symbol::new(&row.symbol), isolated(row.max_leverage))).collect()
    }
}

/// Isolated margin is a leverage that is set.
fn isolated(leverage: Decimal) -> Terms {
    Terms { leverage: whole_leverage(leverage), margin_mode: Some(MarginMode::Isolated) }
}

/// `GET /openpositions`, of all contracts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Positions {
    #[serde(rename = "result")]
    _result: Word,
    pub(super) open_positions: Vec<PositionRow>,
}

/// One position. The mark price is nowhere in it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    #[serde(deserialize_with = "name")]
    pub(super) symbol: String,
    #[serde(deserialize_with = "side")]
    side: Side,
    #[serde(deserialize_with = "decimal")]
    size: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    price: Decimal,
    /// Only in newer answers.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    unrealized_pnl: Decimal,
    /// Of isolated positions.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    max_fixed_leverage: Decimal,
}

impl PositionRow {
    /// Coin-margined and dated contracts have positions in the same list, counted otherwise.
    pub(super) fn is_perpetual(&self) -> bool {
        self.symbol.starts_with(PERPETUAL)
    }

    /// `step` is the contract's, where it is known.
    pub(super) fn position(self, symbol: Symbol, step: Option<Decimal>) -> Position {
        let cross = Terms { leverage: None, margin_mode: Some(MarginMode::Cross) };
        Position {
            symbol,
            side: self.side,
            hedge: false,
            qty: on_step(self.size.abs(), step),
            entry_price: self.price,
            mark_price: Decimal::ZERO,
            liquidation_price: Decimal::ZERO,
            changed_at: 0,
            unrealized_pnl: self.unrealized_pnl,
            margin: Decimal::ZERO,
            break_even_price: Decimal::ZERO,
            terms: if self.max_fixed_leverage.is_zero() { cross } else { isolated(self.max_fixed_leverage) },
        }
    }
}

/// Sizes are binary fractions before they are written: what is nearer to the step than a millionth of it is on the step.
fn on_step(size: Decimal, step: Option<Decimal>) -> Decimal {
    let snapped = |step: Decimal| {
        let near = size.checked_div(step)?.round().checked_mul(step)?;
        ((size - near).abs() < step.checked_div(Decimal::from(STEP_PARTS))?).then(|| near.normalize())
    };
    step.and_then(snapped).unwrap_or(size)
}

/// `GET /fills`, of all contracts, newest first.
#[derive(Deserialize)]
pub(super) struct Fills {
    #[serde(rename = "result")]
    _result: Word,
    #[serde(default, rename = "serverTime", deserialize_with = "time_or_zero")]
    pub(super) server_time: Millis,
    pub(super) fills: Vec<FillRow>,
}

/// One execution. What it cost is not said here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FillRow {
    #[serde(rename = "fill_id")]
    pub(super) id: String,
    #[serde(deserialize_with = "name")]
    pub(super) symbol: String,
    side: Direction,
    #[serde(rename = "cliOrdId")]
    pub(super) name: Option<String>,
    #[serde(deserialize_with = "decimal")]
    pub(super) size: Decimal,
    #[serde(deserialize_with = "decimal")]
    pub(super) price: Decimal,
    pub(super) fill_time: String,
}

impl FillRow {
    /// In the exchange's clock; `None` when it cannot be read.
    pub(super) fn time(&self) -> Option<Millis> {
        utc_ms(&self.fill_time)
    }

    /// With the exchange's name of it. `offset_ms` is the exchange's clock minus ours.
    pub(super) fn fill(self, time: Millis, offset_ms: i64) -> (String, Fill) {
        let fill = Fill {
            by: None,
            side: None,
            buy: self.side == Direction::Buy,
            price: self.price,
            qty: self.size,
            fee: Decimal::ZERO,
            fee_elsewhere: true,
            at: our_time(time, offset_ms),
        };
        (self.id, fill)
    }
}

/// `GET /openorders`, of all contracts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OpenOrders {
    #[serde(rename = "result")]
    _result: Word,
    open_orders: Vec<Box<RawValue>>,
}

impl OpenOrders {
    /// Those of one contract. Of the others nothing but the contract is read: what is strange there is not ours.
    pub(super) fn of(&self, symbol: &Symbol) -> serde_json::Result<Vec<OpenRow>> {
        #[derive(Deserialize)]
        struct Named {
            #[serde(deserialize_with = "name")]
            symbol: String,
        }
        let mut rows = Vec::new();
        for row in &self.open_orders {
            if serde_json::from_str::<Named>(row.get())?.symbol == symbol.as_str() {
                rows.push(serde_json::from_str(row.get())?);
            }
        }
        Ok(rows)
    }
}

/// `POST /orders/status`.
#[derive(Deserialize)]
pub(super) struct Statuses {
    #[serde(rename = "result")]
    _result: Word,
    pub(super) orders: Vec<StatusRow>,
}

/// `GET /api/history/v3/orders`, newest first.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Past {
    #[serde(default, deserialize_with = "time_or_zero")]
    pub(super) server_time: Millis,
    pub(super) elements: Vec<PastOrder>,
    /// Where the next page begins.
    pub(super) continuation_token: Option<String>,
}

/// `POST /sendorder`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Sent {
    #[serde(rename = "result")]
    _result: Word,
    pub(super) send_status: Ack,
}

/// `POST /cancelorder`, `POST /cancelallorders`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Canceled {
    #[serde(rename = "result")]
    _result: Word,
    pub(super) cancel_status: CancelStatus,
}

#[derive(Deserialize)]
pub(super) struct CancelStatus {
    pub(super) status: String,
}

/// `POST /batchorder`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Batch {
    #[serde(rename = "result")]
    _result: Word,
    pub(super) batch_status: Vec<Ack>,
}

/// What executions of one order, with their times, amount to: it was there, and whether it has ended is not said. `None`:
/// the digits do not fit. `offset_ms` is the exchange's clock minus ours.
pub(super) fn executed(rows: &[(Millis, FillRow)], asked: &OrderRef, offset_ms: i64) -> Option<OrderState> {
    let executions: Vec<(Decimal, Decimal)> = rows.iter().map(|(_, row)| (row.size, row.price)).collect();
    let (filled, avg_price) = orders::sum(&executions)?;
    let buy = rows.iter().any(|(_, row)| row.side == Direction::Buy);
    // Whether an order that is gone could only reduce is not said.
    let (side, opens) = acts_on(buy, None, asked.guard.is_some());
    Some(OrderState {
        id: asked.id.as_str().to_owned(),
        symbol: asked.symbol.clone(),
        side,
        opens,
        conditional: asked.guard.is_some(),
        guards: asked.guard.map(|guard| guard.kind),
        status: OrderStatus::Taken,
        qty: filled,
        filled,
        avg_price,
        price: asked.guard.map_or(Decimal::ZERO, |guard| guard.trigger_price),
        // It was taken before: a name that was used long ago shows by that.
        created_at: rows.iter().map(|(time, _)| our_time(*time, offset_ms)).min().unwrap_or(0),
    })
}
