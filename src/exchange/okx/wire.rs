//! What the exchange answers, as it is spelled there, and what it means in our nouns.
//!
//! Everything is text, and empty where it does not apply. Quantities are contracts: a row becomes one of our nouns with
//! its [`Instrument`] only, and with `None` where the coins are beyond calculation.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::exchange::answers::{Direction, Half, half_if_said};
use crate::exchange::numbers::{decimal, decimal_if_said, decimal_or_zero, integer, millis, millis_or_zero, whole_leverage};
use crate::exchange::orders::{acts_on, fee, is_buy, our_time};
use crate::market::{
    Action, Decimal, Fill, Instrument, MarginMode, Millis, OrderState, OrderStatus, Position, ProtectionKind, Side, Terms,
};

/// Every answer; its code was judged before.
#[derive(Deserialize)]
pub(super) struct Reply<T> {
    pub(super) data: Vec<T>,
}

#[derive(Deserialize)]
struct ServerTime {
    #[serde(deserialize_with = "millis")]
    ts: Millis,
}

/// The exchange's clock.
pub(super) fn server_time(body: &[u8]) -> serde_json::Result<Millis> {
    let [time] = serde_json::from_slice::<Lone<ServerTime>>(body)?.data;
    Ok(time.ts)
}

/// An answer with exactly one row.
#[derive(Deserialize)]
struct Lone<T> {
    data: [T; 1],
}

/// The word for the direction of an order that opens or closes a position of a side.
pub(super) fn direction_word(side: Side, action: Action) -> &'static str {
    if is_buy(side, action) { "buy" } else { "sell" }
}

/// The word for a half in requests.
pub(super) fn half_word(side: Side) -> &'static str {
    match side {
        Side::Long => "long",
        Side::Short => "short",
    }
}

/// The word for a margin mode in requests.
pub(super) fn margin_word(mode: MarginMode) -> &'static str {
    match mode {
        MarginMode::Isolated => "isolated",
        MarginMode::Cross => "cross",
    }
}

fn margin_mode(word: &str) -> Option<MarginMode> {
    match word {
        "isolated" => Some(MarginMode::Isolated),
        "cross" => Some(MarginMode::Cross),
        _ => None,
    }
}

/// `"true"`, `true`, and anything else is false.
fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Box::<RawValue>::deserialize(deserializer)?.get().trim_matches('"') == "true")
}

/// `GET /api/v5/account/config`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AccountConfig {
    pub(super) pos_mode: PosMode,
    #[serde(default)]
    pub(super) acct_lv: String,
    /// What the key may do, with commas between.
    pub(super) perm: Option<String>,
}

/// A third mode would be one whose orders nobody here knows.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum PosMode {
    NetMode,
    LongShortMode,
}

/// One row of `GET /api/v5/account/leverage-info`, and of the reply to `set-leverage`.
#[derive(Deserialize)]
pub(super) struct LeverageRow {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    lever: Decimal,
}

impl LeverageRow {
    pub(super) fn leverage(&self) -> Option<u32> {
        whole_leverage(self.lever)
    }
}

/// `GET /api/v5/market/ticker`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Ticker {
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) bid_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    pub(super) ask_px: Decimal,
}

/// `GET /api/v5/account/balance`.
#[derive(Deserialize)]
pub(super) struct AccountBalance {
    pub(super) details: Vec<CoinBalance>,
}

/// One coin of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CoinBalance {
    pub(super) ccy: String,
    #[serde(deserialize_with = "decimal")]
    pub(super) eq: Decimal,
    /// Empty where the account's mode does not count it so.
    #[serde(default, deserialize_with = "decimal_if_said")]
    avail_eq: Option<Decimal>,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avail_bal: Decimal,
}

impl CoinBalance {
    pub(super) fn available(&self) -> Decimal {
        self.avail_eq.unwrap_or(self.avail_bal)
    }
}

/// One row of `GET /api/v5/account/positions`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PositionRow {
    pub(super) inst_id: String,
    #[serde(default, deserialize_with = "half_if_said")]
    pos_side: Half,
    /// Contracts; negative for a short position of a one-way account.
    #[serde(deserialize_with = "decimal")]
    pos: Decimal,
    #[serde(default)]
    mgn_mode: String,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    mark_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    liq_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    be_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    upl: Decimal,
    /// Of an isolated position.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    margin: Decimal,
    /// Of a cross position.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    imr: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    lever: Decimal,
    #[serde(default, deserialize_with = "millis_or_zero")]
    u_time: Millis,
}

impl PositionRow {
    /// Whether it is a position in the coin, as its name says.
    pub(super) fn is_held_in(&self, settle: &str) -> bool {
        let named = self.inst_id.strip_suffix("-SWAP").and_then(|pair| pair.rsplit_once('-'));
        !self.pos.is_zero() && named.is_some_and(|(_, coin)| coin == settle)
    }

    pub(super) fn position(self, contract: &Instrument) -> Option<Position> {
        let by_sign = if self.pos < Decimal::ZERO { Side::Short } else { Side::Long };
        Some(Position {
            symbol: contract.symbol.clone(),
            side: self.pos_side.side().unwrap_or(by_sign),
            hedge: self.pos_side != Half::Both,
            qty: contract.coins(self.pos.abs())?,
            entry_price: self.avg_px,
            mark_price: self.mark_px,
            liquidation_price: self.liq_px,
            changed_at: self.u_time,
            unrealized_pnl: self.upl,
            margin: if self.margin.is_zero() { self.imr } else { self.margin },
            break_even_price: self.be_px,
            terms: Terms { leverage: whole_leverage(self.lever), margin_mode: margin_mode(&self.mgn_mode) },
        })
    }
}

/// An order, guard or cancel of a call that was taken: no other code than 0 is read.
#[derive(Deserialize)]
pub(super) struct Ack {
    #[serde(rename = "sCode")]
    _code: Success,
    #[serde(default, deserialize_with = "millis_or_zero")]
    pub(super) ts: Millis,
}

#[derive(Deserialize)]
enum Success {
    #[serde(rename = "0")]
    Zero,
}

/// Our name in such an element; refusals may leave it out.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Named {
    #[serde(default)]
    cl_ord_id: String,
    #[serde(default)]
    algo_cl_ord_id: String,
}

impl Named {
    /// Elements about guards have both fields, one of them empty.
    pub(super) fn either(self) -> String {
        if self.algo_cl_ord_id.is_empty() { self.cl_ord_id } else { self.algo_cl_ord_id }
    }
}

/// A plain order, in queries and lists.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PlainRow {
    ord_id: String,
    inst_id: String,
    #[serde(default)]
    cl_ord_id: String,
    state: String,
    side: Direction,
    #[serde(default, deserialize_with = "half_if_said")]
    pos_side: Half,
    #[serde(deserialize_with = "decimal")]
    sz: Decimal,
    #[serde(deserialize_with = "decimal")]
    acc_fill_sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    avg_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    px: Decimal,
    #[serde(default, deserialize_with = "flag")]
    reduce_only: bool,
    #[serde(default, deserialize_with = "millis_or_zero")]
    c_time: Millis,
}

impl PlainRow {
    /// `offset_ms` is the exchange's clock minus ours.
    pub(super) fn state(self, contract: &Instrument, offset_ms: i64) -> Option<OrderState> {
        let (side, opens) = acts_on(self.side == Direction::Buy, self.pos_side.side(), self.reduce_only);
        Some(OrderState {
            id: self.cl_ord_id,
            symbol: contract.symbol.clone(),
            side,
            opens,
            conditional: false,
            guards: None,
            status: plain_status(&self.state),
            qty: contract.coins(self.sz)?,
            filled: contract.coins(self.acc_fill_sz)?,
            avg_price: self.avg_px,
            price: self.px,
            created_at: our_time(self.c_time, offset_ms),
        })
    }
}

/// A word nobody knows yet counts as not ended, so that the order is asked for again.
fn plain_status(word: &str) -> OrderStatus {
    match word {
        "filled" => OrderStatus::Filled,
        "canceled" | "mmp_canceled" => OrderStatus::Canceled,
        _ => OrderStatus::Resting,
    }
}

/// A conditional order. One that closes the whole position has `closeFraction` in place of `sz`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct GuardRow {
    algo_id: String,
    inst_id: String,
    #[serde(default)]
    algo_cl_ord_id: String,
    state: String,
    side: Direction,
    #[serde(default, deserialize_with = "half_if_said")]
    pos_side: Half,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    sz: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    close_fraction: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    sl_trigger_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    tp_trigger_px: Decimal,
    #[serde(default, deserialize_with = "decimal_or_zero")]
    trigger_px: Decimal,
    #[serde(default, deserialize_with = "flag")]
    reduce_only: bool,
    /// The plain orders it became.
    #[serde(default)]
    pub(super) ord_id_list: Vec<String>,
    #[serde(default, deserialize_with = "millis_or_zero")]
    c_time: Millis,
}

impl GuardRow {
    /// `offset_ms` is the exchange's clock minus ours. One with both prices counts as the stop: it stands in a stop's way.
    pub(super) fn state(self, contract: &Instrument, offset_ms: i64) -> Option<OrderState> {
        let whole = !self.close_fraction.is_zero();
        let (side, opens) = acts_on(self.side == Direction::Buy, self.pos_side.side(), self.reduce_only || whole);
        let (guards, price) = match (self.sl_trigger_px.is_zero(), self.tp_trigger_px.is_zero()) {
            (false, _) => (Some(ProtectionKind::StopLoss), self.sl_trigger_px),
            (true, false) => (Some(ProtectionKind::TakeProfit), self.tp_trigger_px),
            (true, true) => (None, self.trigger_px),
        };
        Some(OrderState {
            id: self.algo_cl_ord_id,
            symbol: contract.symbol.clone(),
            side,
            opens,
            conditional: true,
            guards,
            status: guard_status(&self.state, !self.ord_id_list.is_empty()),
            qty: if whole { Decimal::ZERO } else { contract.coins(self.sz)? },
            filled: Decimal::ZERO,
            avg_price: Decimal::ZERO,
            price,
            created_at: our_time(self.c_time, offset_ms),
        })
    }
}

/// How a triggered one ended is said by the orders it became.
fn guard_status(word: &str, became_orders: bool) -> OrderStatus {
    match word {
        "effective" | "partially_effective" => OrderStatus::Triggered,
        "partially_failed" if became_orders => OrderStatus::Triggered,
        "order_failed" | "partially_failed" => OrderStatus::Rejected,
        "canceled" => OrderStatus::Canceled,
        _ => OrderStatus::Resting,
    }
}

/// What the orders that one guard became amount to. `None` without any.
pub(super) fn together(children: Vec<OrderState>) -> Option<OrderState> {
    let mut children = children.into_iter();
    let first = children.next()?;
    children.try_fold(first, |sum, child| {
        let filled = sum.filled.checked_add(child.filled)?;
        let value = sum.avg_price.checked_mul(sum.filled)?.checked_add(child.avg_price.checked_mul(child.filled)?)?;
        let avg_price = value.checked_div(filled).unwrap_or_default();
        Some(OrderState { status: both(sum.status, child.status), filled, avg_price, ..sum })
    })
}

/// Ended when both have, filled when both are.
fn both(one: OrderStatus, other: OrderStatus) -> OrderStatus {
    if !one.is_final() || other.is_final() && one != OrderStatus::Filled { one } else { other }
}

/// One row of `GET /api/v5/trade/fills` and `fills-history`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FillRow {
    /// Its number in the account's book, newest highest; trade numbers are the market's and may be shared.
    #[serde(deserialize_with = "integer")]
    bill_id: i64,
    inst_id: String,
    side: Direction,
    #[serde(default, deserialize_with = "half_if_said")]
    pos_side: Half,
    #[serde(deserialize_with = "decimal")]
    fill_sz: Decimal,
    #[serde(deserialize_with = "decimal")]
    fill_px: Decimal,
    /// Negative when paid.
    #[serde(default, deserialize_with = "decimal_or_zero")]
    fee: Decimal,
    #[serde(default)]
    fee_ccy: String,
    #[serde(default, deserialize_with = "millis_or_zero")]
    fill_time: Millis,
    /// When the row was written.
    #[serde(deserialize_with = "millis_or_zero")]
    ts: Millis,
}

impl FillRow {
    /// When it happened, in the exchange's clock.
    pub(super) fn time(&self) -> Millis {
        if self.fill_time == 0 { self.ts } else { self.fill_time }
    }

    /// With the exchange's number of it. `offset_ms` is the exchange's clock minus ours.
    pub(super) fn fill(self, contract: &Instrument, offset_ms: i64) -> Option<(i64, Fill)> {
        let (fee, fee_elsewhere) = fee(-self.fee, *self.fee_ccy == *contract.settle);
        let fill = Fill {
            by: None,
            side: self.pos_side.side(),
            buy: self.side == Direction::Buy,
            price: self.fill_px,
            qty: contract.coins(self.fill_sz)?,
            fee,
            fee_elsewhere,
            at: our_time(self.time(), offset_ms),
        };
        Some((self.bill_id, fill))
    }
}

/// A row of a list that comes in pages.
pub(super) trait Row {
    /// The contract's name.
    fn contract(&self) -> &str;
    /// The exchange's number of it, which the next page begins after.
    fn number(&self) -> String;
}

impl Row for PlainRow {
    fn contract(&self) -> &str {
        &self.inst_id
    }

    fn number(&self) -> String {
        self.ord_id.clone()
    }
}

impl Row for GuardRow {
    fn contract(&self) -> &str {
        &self.inst_id
    }

    fn number(&self) -> String {
        self.algo_id.clone()
    }
}

impl Row for FillRow {
    fn contract(&self) -> &str {
        &self.inst_id
    }

    fn number(&self) -> String {
        self.bill_id.to_string()
    }
}
