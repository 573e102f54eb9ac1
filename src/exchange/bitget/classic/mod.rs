//! `/api/v2/mix`, for classic accounts: which request serves which method.
//!
//! Every order names the margin mode of its contract, which one call reads together with leverage and position mode.
//! Plain orders, protective orders and other conditional ones are three lists with calls of their own.

mod wire;

use super::errors::of_element;
use super::instruments::read_classic;
use super::wire::{Ack, COIN, PRODUCT, direction_word, margin_word, side_word};
use super::{Account, FILL_PAGES_MAX, ORDER_PAGES_MAX, PAGE, Span, halves, pages};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::orders::{change, found, leverage_set, own, quote as book, with_child};
use crate::exchange::params::Params;
use crate::exchange::session::{Call, Session};
use crate::market::{
    Action, Balance, Decimal, Fill, Guarded, Instrument, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, Position, Protection,
    ProtectionKind, Quote, Symbol, Terms, TriggerBy,
};

/// Most orders in one batch request; some texts of the exchange say 50.
pub(super) const BATCH_MAX: usize = 20;
/// Through which contract the position mode is read, which all share.
const ANY_CONTRACT: &str = "BTCUSDT";
/// Protective orders, of a position and of a quantity.
const PROTECTIVE: &str = "profit_loss";
/// Orders that wait for a price, protective or not.
const TRIGGERED: &str = "normal_plan";
/// The kinds that are cancelled one by one, protective ones last.
const PLAN_TYPES: [&str; 5] = [TRIGGERED, "profit_plan", "pos_profit", "loss_plan", "pos_loss"];

/// The parameters of a call about all contracts.
fn product() -> Params {
    Params::new().with("productType", PRODUCT)
}

/// The parameters of a call about one.
fn of(symbol: &Symbol) -> Params {
    Params::of(symbol).with("productType", PRODUCT)
}

/// The same where the margin coin must be named too.
fn margin(symbol: &Symbol) -> Params {
    of(symbol).with("marginCoin", COIN)
}

pub(super) fn read_contracts(session: &mut Session) -> Result<Vec<Instrument>> {
    session.stream(&Call::public("/api/v2/mix/market/contracts", product()), |body| read_classic(body, COIN))
}

fn read_setup(account: &mut Account, symbol: &Symbol) -> Result<wire::Setup> {
    let setup: wire::Setup = account.call(&Call::get("/api/v2/mix/account/account", margin(symbol)))?.0;
    account.known.set(symbol, setup.terms());
    Ok(setup)
}

pub(super) fn open(account: &mut Account) -> Result<()> {
    (account.known, account.wishes) = Default::default();
    let any = account.name(ANY_CONTRACT);
    let setup = read_setup(account, &any)?;
    account.hedge = setup.hedge();
    if setup.union() {
        log::warn!("the account is in multi-assets mode: isolated margin cannot be set, the balance counts all its coins");
    }
    Ok(())
}

pub(super) fn quote(account: &mut Account, symbol: &Symbol) -> Result<Quote> {
    let (rows, attempt): (Vec<wire::Ticker>, Attempt) = account.call(&Call::public("/api/v2/mix/market/ticker", of(symbol)))?;
    let ticker = rows.first().ok_or_else(|| attempt.unknown("the answer names no price"))?;
    book(ticker.bid_pr, ticker.ask_pr, symbol)
}

pub(super) fn balance(account: &mut Account) -> Result<Balance> {
    let rows: Vec<wire::AccountRow> = account.call(&Call::get("/api/v2/mix/account/accounts", product()))?.0;
    let row = rows.iter().find(|row| row.margin_coin.eq_ignore_ascii_case(&account.settle));
    let (total, available) = row.map_or((Decimal::ZERO, Decimal::ZERO), |row| (row.account_equity, row.available()));
    Ok(Balance { coin: account.settle.clone(), total, available })
}

pub(super) fn positions(account: &mut Account, only: Option<&Symbol>) -> Result<Vec<Position>> {
    let call = match only {
        Some(symbol) => Call::get("/api/v2/mix/position/single-position", margin(symbol)),
        None => Call::get("/api/v2/mix/position/all-position", product().with("marginCoin", COIN)),
    };
    let rows: Option<Vec<wire::PositionRow>> = account.call(&call)?.0;
    let rows = rows.unwrap_or_default().into_iter();
    Ok(rows.map(|row| (account.name(&row.symbol), row)).map(|(symbol, row)| row.position(symbol)).collect())
}

pub(super) fn terms(account: &mut Account, symbol: &Symbol) -> Result<Terms> {
    Ok(read_setup(account, symbol)?.terms())
}

pub(super) fn prepare(account: &mut Account, symbol: &Symbol, want: &Terms) -> Result<()> {
    // A margin mode is refused while there is an order or a position, even one that is set already: so it is read first.
    if account.known.get(symbol).margin_mode.is_none() {
        terms(account, symbol)?;
    }
    if let Some(mode) = want.margin_mode.filter(|mode| account.known.get(symbol).margin_mode != Some(*mode)) {
        let body = margin(symbol).with("marginMode", margin_word(mode));
        let done = account.done(&Call::post("/api/v2/mix/account/set-margin-mode", &body));
        // Each mode has a leverage of its own.
        change(&mut account.known, symbol, Terms { leverage: None, margin_mode: Some(mode) }, done)?;
    }
    if let Some(leverage) = want.leverage.filter(|leverage| account.known.get(symbol).leverage != Some(*leverage)) {
        let so = Terms { leverage: Some(leverage), ..account.known.get(symbol) };
        // One of two halves may be set when the other one's request never leaves.
        account.known.set(symbol, Terms { leverage: None, ..so });
        let done = set_leverage(account, symbol, leverage);
        change(&mut account.known, symbol, so, done)?;
    }
    Ok(())
}

fn set_leverage(account: &mut Account, symbol: &Symbol, leverage: u32) -> Result<()> {
    let mode = account.known.get(symbol).margin_mode;
    for half in halves(account.hedge && mode == Some(MarginMode::Isolated)) {
        let body = margin(symbol).with("leverage", leverage.to_string()).with_some("holdSide", *half);
        let set = account.call::<wire::LeverageSet>(&Call::post("/api/v2/mix/account/set-leverage", &body));
        match set.map(|(set, _)| set.of(mode, half.and_then(super::wire::side_of))) {
            Ok(Some(set)) => leverage_set(leverage, set)?,
            Err(error) if error.reason() != Some(Reason::NoChangeNeeded) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// What all orders of one request have in common.
fn order_frame(account: &mut Account, symbol: &Symbol) -> Result<Params> {
    let known = account.known.get(symbol).margin_mode;
    let mode = known.map_or_else(|| Ok(terms(account, symbol)?.margin_mode), |mode| Ok(Some(mode))).map_err(ExchangeError::nothing_sent)?;
    let mode = mode.ok_or_else(|| ExchangeError::NeverSent(format!("the margin mode of {symbol} is not known")))?;
    Ok(margin(symbol).with("marginMode", margin_word(mode)))
}

/// The parameters of one order, in its frame or in a batch. In hedge mode `side` is the position, whatever is done to it.
fn order_params(params: Params, hedge: bool, order: &NewOrder) -> Params {
    let params = match order.kind {
        OrderKind::Market => params.with("orderType", "market"),
        OrderKind::Limit { price } => params.with("orderType", "limit").with_decimal("price", price).with("force", "gtc"),
    };
    let params = match (hedge, order.action) {
        (true, Action::Open) => params.with("side", direction_word(order.side, Action::Open)).with("tradeSide", "open"),
        (true, Action::Close) => params.with("side", direction_word(order.side, Action::Open)).with("tradeSide", "close"),
        (false, Action::Open) => params.with("side", direction_word(order.side, Action::Open)),
        (false, Action::Close) => params.with("side", direction_word(order.side, Action::Close)).with("reduceOnly", "YES"),
    };
    params.with_decimal("size", order.qty).with("clientOid", order.id.as_str())
}

pub(super) fn place(account: &mut Account, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
    orders.chunks(BATCH_MAX).flat_map(|chunk| place_some(account, chunk)).collect()
}

/// At most one batch.
fn place_some(account: &mut Account, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
    let Some(first) = orders.first() else { return Vec::new() };
    let placed = order_frame(account, &first.symbol).and_then(|frame| match orders {
        [order] => Ok(vec![place_one(account, frame, order)]),
        orders => place_batch(account, frame, orders),
    });
    placed.unwrap_or_else(|error| vec![Err(error); orders.len()])
}

fn place_one(account: &mut Account, frame: Params, order: &NewOrder) -> Result<OrderState> {
    let body = order_params(frame, account.hedge, order);
    let (ack, attempt) = account.call::<Ack>(&Call::post("/api/v2/mix/order/place-order", &body))?;
    ack.taken(order, &attempt)
}

/// The answer succeeds even when all orders in it failed; it names them by our names.
fn place_batch(account: &mut Account, frame: Params, orders: &[NewOrder]) -> Result<Vec<Result<OrderState>>> {
    let list = orders.iter().map(|order| order_params(Params::new(), account.hedge, order)).collect();
    let call = Call::post("/api/v2/mix/order/batch-place-order", &frame.with_list("orderList", list));
    let (sorted, attempt) = account.call::<wire::Sorted>(&call)?;
    let result_of = |order: &NewOrder| {
        let id = order.id.as_str();
        if sorted.success_list.iter().any(|ack| ack.client_oid == id) {
            return Ack { client_oid: id.to_owned() }.taken(order, &attempt);
        }
        match sorted.failure_list.iter().find(|failed| failed.client_oid == id) {
            Some(failed) => Err(of_element(&attempt, &failed.error_code, &failed.error_msg)),
            None => Err(attempt.unknown("the batch was answered only in part")),
        }
    };
    let results: Vec<Result<OrderState>> = orders.iter().map(result_of).collect();
    account.session.mind_clock(&results);
    Ok(results)
}

/// The kind of plan that covers the whole position.
fn plan_type(kind: ProtectionKind) -> &'static str {
    match kind {
        ProtectionKind::StopLoss => "pos_loss",
        ProtectionKind::TakeProfit => "pos_profit",
    }
}

pub(super) fn protect(account: &mut Account, protection: &Protection) -> Result<OrderState> {
    let by = match protection.by {
        TriggerBy::Mark => "mark_price",
        TriggerBy::Last => "fill_price",
    };
    // The position by its name; in one-way mode by the direction that built it.
    let held = if account.hedge { side_word(protection.side) } else { direction_word(protection.side, Action::Open) };
    let body = margin(&protection.symbol)
        .with("planType", plan_type(protection.kind))
        .with_decimal("triggerPrice", protection.trigger_price)
        .with("triggerType", by)
        .with("executePrice", "0")
        .with("holdSide", held)
        .with("clientOid", protection.id.as_str());
    let (ack, attempt) = account.call::<Ack>(&Call::post("/api/v2/mix/order/place-tpsl-order", &body))?;
    ack.guards(protection, Decimal::ZERO, &attempt)
}

pub(super) fn plain_order(account: &mut Account, order: &OrderRef) -> Result<Option<OrderState>> {
    let params = of(&order.symbol).with("clientOid", order.id.as_str());
    let Some((row, attempt)) = detail(account, params)? else { return Ok(None) };
    own(row.state(&order.symbol, account.session.offset_ms()), &order.id, &attempt).map(Some)
}

fn detail(account: &mut Account, params: Params) -> Result<Option<(wire::PlainRow, Attempt)>> {
    found(account.call(&Call::get("/api/v2/mix/order/detail", params)))
}

/// A protective order: in the list while it waits, in the history afterwards, which names the order it became.
pub(super) fn guard_order(account: &mut Account, order: &OrderRef) -> Result<Option<OrderState>> {
    if let Some(waiting) = open_guards(account, &order.symbol)?.into_iter().find(|listed| listed.is(order)) {
        return Ok(Some(waiting));
    }
    let offset_ms = account.session.offset_ms();
    let params = of(&order.symbol).with("planType", PROTECTIVE).with("clientOid", order.id.as_str());
    let page: wire::Entrusted<wire::PlanRow> = account.call(&Call::get("/api/v2/mix/order/orders-plan-history", params))?.0;
    let ended = page.entrusted_list.into_iter().map(|row| row.ended(&order.symbol, offset_ms));
    let Some((ended, became)) = ended.into_iter().find(|(state, _)| state.id == order.id.as_str()) else { return Ok(None) };
    if became.is_empty() {
        return Ok(Some(ended));
    }
    let child = detail(account, of(&order.symbol).with("orderId", became))?;
    let child = child.map(|(row, _)| row.state(&order.symbol, offset_ms));
    Ok(Some(child.map_or(ended.clone(), |child| with_child(ended, child))))
}

pub(super) fn open_plain(account: &mut Account, symbol: &Symbol) -> Result<Vec<OrderState>> {
    let offset_ms = account.session.offset_ms();
    let rows: Vec<wire::PlainRow> = list(account, "/api/v2/mix/order/orders-pending", &of(symbol))?;
    Ok(rows.into_iter().map(|row| row.state(symbol, offset_ms)).collect())
}

pub(super) fn open_guards(account: &mut Account, symbol: &Symbol) -> Result<Vec<OrderState>> {
    open_plans(account, symbol, PROTECTIVE)
}

pub(super) fn open_conditional(account: &mut Account, symbol: &Symbol) -> Result<Vec<OrderState>> {
    let mut orders = open_guards(account, symbol)?;
    orders.extend(open_plans(account, symbol, TRIGGERED)?);
    Ok(orders)
}

fn open_plans(account: &mut Account, symbol: &Symbol, kind: &'static str) -> Result<Vec<OrderState>> {
    let offset_ms = account.session.offset_ms();
    let params = of(symbol).with("planType", kind);
    let rows: Vec<wire::PlanRow> = list(account, "/api/v2/mix/order/orders-plan-pending", &params)?;
    Ok(rows.into_iter().map(|row| row.state(symbol, offset_ms)).collect())
}

/// A list of open orders, newest first.
fn list<T: serde::de::DeserializeOwned>(account: &mut Account, path: &'static str, params: &Params) -> Result<Vec<T>> {
    pages(ORDER_PAGES_MAX, |cursor| {
        let params = params.clone().with_some("idLessThan", cursor);
        let page: wire::Entrusted<T> = account.call(&Call::get(path, params))?.0;
        Ok((page.entrusted_list, page.end_id))
    })
}

pub(super) fn cancel_plain(account: &mut Account, order: &OrderRef) -> Result<()> {
    let body = margin(&order.symbol).with("clientOid", order.id.as_str());
    account.done(&Call::post("/api/v2/mix/order/cancel-order", &body))
}

pub(super) fn cancel_guard(account: &mut Account, order: &OrderRef, guard: &Guarded) -> Result<()> {
    let this = Params::new().with("orderId", "").with("clientOid", order.id.as_str());
    let body = margin(&order.symbol).with("planType", plan_type(guard.kind)).with_list("orderIdList", vec![this]);
    let (sorted, attempt) = account.call::<wire::Sorted>(&Call::post("/api/v2/mix/order/cancel-plan-order", &body))?;
    if let Some(failed) = sorted.failure_list.first() {
        return Err(of_element(&attempt, &failed.error_code, &failed.error_msg));
    }
    if sorted.success_list.is_empty() { Err(attempt.unknown("the answer names no order")) } else { Ok(()) }
}

pub(super) fn cancel_all(account: &mut Account, symbol: &Symbol, conditional: bool) -> Result<()> {
    // Without a list of orders it means all of the contract. The call with "all" in its name would cancel every contract's.
    cancel_those(account, "/api/v2/mix/order/batch-cancel-orders", &margin(symbol))?;
    for plan_type in PLAN_TYPES.into_iter().filter(|_| conditional) {
        cancel_those(account, "/api/v2/mix/order/cancel-plan-order", &margin(symbol).with("planType", plan_type))?;
    }
    Ok(())
}

/// Nothing to cancel is fine, and so is an order that ended meanwhile.
fn cancel_those(account: &mut Account, path: &'static str, body: &Params) -> Result<()> {
    let Some((sorted, attempt)) = found(account.call::<Option<wire::Sorted>>(&Call::post(path, body)))? else { return Ok(()) };
    let failed = sorted.map(|sorted| sorted.failure_list).unwrap_or_default();
    let errors = failed.iter().map(|failed| of_element(&attempt, &failed.error_code, &failed.error_msg));
    errors.into_iter().find(|error| error.reason() != Some(Reason::UnknownOrder)).map_or(Ok(()), Err)
}

pub(super) fn fills(account: &mut Account, symbol: &Symbol, span: &Span) -> Result<Vec<(String, Fill)>> {
    let offset_ms = account.session.offset_ms();
    let params = of(symbol)
        .with("startTime", span.from.to_string())
        .with_some("endTime", span.to.map(|to| to.to_string()))
        .with("limit", PAGE.to_string());
    let rows = pages(FILL_PAGES_MAX, |cursor| {
        let params = params.clone().with_some("idLessThan", cursor);
        let page: wire::Fills = account.call(&Call::get("/api/v2/mix/order/fills", params))?.0;
        Ok((page.fill_list, page.end_id))
    })?;
    Ok(rows.into_iter().map(|row| row.fill(&account.settle, offset_ms)).collect())
}
