//! `/api/v3`, for unified accounts: which request serves which method.
//!
//! Orders name the margin mode they are for, and so does the leverage; neither is confirmed by a page of the exchange,
//! only by client libraries of 2026. Settings list the contracts that were ever set to something; the others are cross.
//! No call sets the margin mode, so what [`prepare`] was told is remembered until it is told something else.

mod wire;

use super::errors::{SUCCESS_CODE, of_element};
use super::instruments::read_unified;
use super::wire::{Ack, COIN, PRODUCT, direction_word, margin_word, side_word};
use super::{Account, FILL_PAGES_MAX, ORDER_PAGES_MAX, PAGE, Span, halves, pages};
use crate::exchange::attempt::Attempt;
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::known::Known;
use crate::exchange::orders::{change, found, own, quote as book};
use crate::exchange::params::Params;
use crate::exchange::session::{Call, Session};
use crate::market::{
    Action, Balance, Decimal, Fill, Instrument, MarginMode, NewOrder, OrderKind, OrderRef, OrderState, Position, Protection,
    ProtectionKind, Quote, Symbol, Terms, TriggerBy,
};
pub(super) use wire::Settings;

/// The parameters of a call about all contracts.
fn product() -> Params {
    Params::new().with("category", PRODUCT)
}

/// The parameters of a call about one.
fn of(symbol: &Symbol) -> Params {
    product().with("symbol", symbol.as_str())
}

/// The parameters of a call about one order; these calls know no contract.
fn by_name(order: &OrderRef) -> Params {
    Params::new().with("clientOid", order.id.as_str())
}

pub(super) fn read_contracts(session: &mut Session) -> Result<Vec<Instrument>> {
    session.stream(&Call::public("/api/v3/market/instruments", product()), |body| read_unified(body, COIN))
}

/// What the account is set to, contract by contract.
pub(super) fn settings(account: &mut Account) -> Result<Settings> {
    Ok(account.call(&Call::get("/api/v3/account/settings", Params::new()))?.0)
}

pub(super) fn open(account: &mut Account, settings: &Settings) {
    account.hedge = settings.hedge();
    let read = settings.terms(PRODUCT).map(|(symbol, terms)| (account.name(symbol), terms));
    account.known = Known::new(read.map(|(symbol, terms)| (symbol.clone(), wished(account, &symbol, terms))).collect());
}

pub(super) fn quote(account: &mut Account, symbol: &Symbol) -> Result<Quote> {
    let (rows, attempt): (Vec<wire::Ticker>, Attempt) = account.call(&Call::public("/api/v3/market/tickers", of(symbol)))?;
    let ticker = rows.first().ok_or_else(|| attempt.unknown("the answer names no price"))?;
    book(ticker.bid, ticker.ask, symbol)
}

pub(super) fn balance(account: &mut Account) -> Result<Balance> {
    let assets: wire::Assets = account.call(&Call::get("/api/v3/account/assets", Params::new()))?.0;
    let row = assets.assets.iter().find(|row| row.coin.eq_ignore_ascii_case(&account.settle));
    let (total, available) = row.map_or((Decimal::ZERO, Decimal::ZERO), |row| (row.equity, row.available));
    Ok(Balance { coin: account.settle.clone(), total, available })
}

pub(super) fn positions(account: &mut Account, only: Option<&Symbol>) -> Result<Vec<Position>> {
    let params = only.map_or_else(product, of);
    let page: wire::Page<wire::PositionRow> = account.call(&Call::get("/api/v3/position/current-position", params))?.0;
    let rows = page.list.into_iter();
    Ok(rows.map(|row| (account.name(&row.symbol), row)).map(|(symbol, row)| row.position(symbol)).collect())
}

pub(super) fn terms(account: &mut Account, symbol: &Symbol) -> Result<Terms> {
    let settings = settings(account)?;
    let terms = settings.terms(PRODUCT).find(|(name, _)| *name == symbol.as_str()).map(|(_, terms)| terms).unwrap_or_default();
    let terms = wished(account, symbol, terms);
    account.known.set(symbol, terms);
    Ok(terms)
}

/// What was read, in the margin mode that is wished for. The leverage of another mode says nothing about it.
fn wished(account: &Account, symbol: &Symbol, read: Terms) -> Terms {
    match account.wishes.get(symbol).margin_mode {
        Some(mode) if read.margin_mode != Some(mode) => Terms { leverage: None, margin_mode: Some(mode) },
        _ => read,
    }
}

pub(super) fn prepare(account: &mut Account, symbol: &Symbol, want: &Terms) -> Result<()> {
    if want.margin_mode.is_some() {
        account.wishes.set(symbol, Terms { leverage: None, ..*want });
    }
    let known = account.known.get(symbol);
    let margin_mode = want.margin_mode.or(account.wishes.get(symbol).margin_mode).or(known.margin_mode);
    // Each mode has a leverage of its own.
    let leverage = known.leverage.filter(|_| margin_mode == known.margin_mode);
    match want.leverage.filter(|wanted| leverage != Some(*wanted)) {
        Some(wanted) => {
            // One of two halves may be set when the other one's request never leaves.
            account.known.set(symbol, Terms { leverage: None, margin_mode });
            let done = set_leverage(account, symbol, wanted, margin_mode);
            change(&mut account.known, symbol, Terms { leverage: Some(wanted), margin_mode }, done)
        }
        // No call sets the margin mode: the orders name it.
        None => {
            account.known.set(symbol, Terms { leverage, margin_mode });
            Ok(())
        }
    }
}

fn set_leverage(account: &mut Account, symbol: &Symbol, leverage: u32, mode: Option<MarginMode>) -> Result<()> {
    for half in halves(mode == Some(MarginMode::Isolated)) {
        let body =
            of(symbol).with("leverage", leverage.to_string()).with_some("marginMode", mode.map(margin_word)).with_some("posSide", *half);
        match account.done(&Call::post("/api/v3/account/set-leverage", &body)) {
            Err(error) if error.reason() != Some(Reason::NoChangeNeeded) => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// The margin mode that orders must name, read where it is not known.
fn margin_mode(account: &mut Account, symbol: &Symbol) -> Result<MarginMode> {
    let known = account.known.get(symbol);
    if let Some(mode) = known.margin_mode {
        return Ok(mode);
    }
    if let Some(mode) = terms(account, symbol)?.margin_mode {
        return Ok(mode);
    }
    account.known.set(symbol, Terms { margin_mode: Some(MarginMode::Cross), ..known });
    Ok(MarginMode::Cross)
}

fn order_params(hedge: bool, mode: MarginMode, order: &NewOrder) -> Params {
    let params = of(&order.symbol).with_decimal("qty", order.qty).with("side", direction_word(order.side, order.action));
    let params = match order.kind {
        OrderKind::Market => params.with("orderType", "market"),
        OrderKind::Limit { price } => params.with("orderType", "limit").with_decimal("price", price).with("timeInForce", "gtc"),
    };
    let params = match (hedge, order.action) {
        (true, _) => params.with("posSide", side_word(order.side)),
        (false, Action::Close) => params.with("reduceOnly", "yes"),
        (false, Action::Open) => params,
    };
    params.with("marginMode", margin_word(mode)).with("clientOid", order.id.as_str())
}

pub(super) fn place(account: &mut Account, orders: &[NewOrder]) -> Vec<Result<OrderState>> {
    orders.iter().map(|order| place_one(account, order)).collect()
}

fn place_one(account: &mut Account, order: &NewOrder) -> Result<OrderState> {
    // What closes a position names the mode that it was last seen in.
    let mode = match account.wishes.get(&order.symbol).margin_mode {
        Some(wish) if order.action == Action::Open => wish,
        _ => margin_mode(account, &order.symbol).map_err(ExchangeError::nothing_sent)?,
    };
    let body = order_params(account.hedge, mode, order);
    let (ack, attempt) = account.call::<Ack>(&Call::post("/api/v3/trade/place-order", &body))?;
    ack.taken(order, &attempt)
}

pub(super) fn protect(account: &mut Account, protection: &Protection) -> Result<OrderState> {
    let by = match protection.by {
        TriggerBy::Mark => "mark",
        TriggerBy::Last => "market",
    };
    let params = of(&protection.symbol).with("type", "tpsl").with("posSide", side_word(protection.side));
    // Only one order may cover the whole position, so that one is the stop and the target covers what there is now.
    let (params, covers) = match protection.kind {
        ProtectionKind::StopLoss => {
            let params = params.with("tpslMode", "full").with_decimal("stopLoss", protection.trigger_price);
            (params.with("slTriggerBy", by).with("slOrderType", "market"), Decimal::ZERO)
        }
        ProtectionKind::TakeProfit => {
            let params = params.with("tpslMode", "partial").with_decimal("qty", protection.qty);
            let params = params.with_decimal("takeProfit", protection.trigger_price);
            (params.with("tpTriggerBy", by).with("tpOrderType", "market"), protection.qty)
        }
    };
    let body = params.with("clientOid", protection.id.as_str());
    let (ack, attempt) = account.call::<Ack>(&Call::post("/api/v3/trade/place-strategy-order", &body))?;
    ack.guards(protection, covers, &attempt)
}

pub(super) fn plain_order(account: &mut Account, order: &OrderRef) -> Result<Option<OrderState>> {
    let Some((row, attempt)) = found(account.call::<wire::PlainRow>(&Call::get("/api/v3/trade/order-info", by_name(order))))? else {
        return Ok(None);
    };
    // A name may be used again once its order has ended, for another contract as well.
    let this = row.symbol == order.symbol.as_str();
    let state = own(row.state(order.symbol.clone(), account.session.offset_ms()), &order.id, &attempt)?;
    Ok(this.then_some(state))
}

/// A protective order: in the list while it waits, in the history afterwards. The newest page holds whatever ended lately.
pub(super) fn guard_order(account: &mut Account, order: &OrderRef) -> Result<Option<OrderState>> {
    if let Some(waiting) = open_guards(account, &order.symbol)?.into_iter().find(|listed| listed.is(order)) {
        return Ok(Some(waiting));
    }
    let params = product().with("type", "tpsl").with("limit", PAGE.to_string());
    let page: wire::Page<wire::StrategyRow> = account.call(&Call::get("/api/v3/trade/history-strategy-orders", params))?.0;
    let offset_ms = account.session.offset_ms();
    let ended = page.list.iter().filter(|row| row.symbol == order.symbol.as_str()).flat_map(|row| row.ended(&order.symbol, offset_ms));
    Ok(ended.into_iter().find(|ended| ended.is(order) && ended.id == order.id.as_str()))
}

pub(super) fn open_plain(account: &mut Account, symbol: &Symbol) -> Result<Vec<OrderState>> {
    let offset_ms = account.session.offset_ms();
    let rows = pages(ORDER_PAGES_MAX, |cursor| {
        let params = of(symbol).with_some("cursor", cursor);
        let page: wire::Page<wire::PlainRow> = account.call(&Call::get("/api/v3/trade/unfilled-orders", params))?.0;
        Ok((page.list, page.cursor))
    })?;
    let here = rows.into_iter().filter(|row| row.symbol == symbol.as_str());
    Ok(here.map(|row| row.state(symbol.clone(), offset_ms)).collect())
}

/// All contracts' are listed together.
fn strategies(account: &mut Account, symbol: &Symbol) -> Result<Vec<wire::StrategyRow>> {
    let params = product().with("type", "tpsl");
    let rows: Option<Vec<wire::StrategyRow>> = account.call(&Call::get("/api/v3/trade/unfilled-strategy-orders", params))?.0;
    Ok(rows.unwrap_or_default().into_iter().filter(|row| row.symbol == symbol.as_str()).collect())
}

pub(super) fn open_guards(account: &mut Account, symbol: &Symbol) -> Result<Vec<OrderState>> {
    let offset_ms = account.session.offset_ms();
    Ok(strategies(account, symbol)?.iter().flat_map(|row| row.states(symbol, offset_ms)).collect())
}

pub(super) fn cancel_plain(account: &mut Account, order: &OrderRef) -> Result<()> {
    account.done(&Call::post("/api/v3/trade/cancel-order", &by_name(order)))
}

pub(super) fn cancel_guard(account: &mut Account, order: &OrderRef) -> Result<()> {
    account.done(&Call::post("/api/v3/trade/cancel-strategy-order", &by_name(order)))
}

pub(super) fn cancel_all(account: &mut Account, symbol: &Symbol, conditional: bool) -> Result<()> {
    let call = Call::post("/api/v3/trade/cancel-symbol-order", &of(symbol));
    if let Some((all, attempt)) = found(account.call::<Option<wire::CanceledAll>>(&call))? {
        let list = all.map(|all| all.list).unwrap_or_default();
        let failed = list.iter().filter(|row| row.code != SUCCESS_CODE).map(|row| of_element(&attempt, &row.code, &row.msg));
        if let Some(error) = failed.into_iter().find(|error| error.reason() != Some(Reason::UnknownOrder)) {
            return Err(error);
        }
    }
    if conditional {
        for row in strategies(account, symbol)? {
            let body = Params::new().with("orderId", row.order_id);
            found(account.done(&Call::post("/api/v3/trade/cancel-strategy-order", &body)))?;
        }
    }
    Ok(())
}

pub(super) fn fills(account: &mut Account, symbol: &Symbol, span: &Span) -> Result<Vec<(String, Fill)>> {
    let (offset_ms, hedge) = (account.session.offset_ms(), account.hedge);
    let params = of(symbol)
        .with("startTime", span.from.to_string())
        .with_some("endTime", span.to.map(|to| to.to_string()))
        .with("limit", PAGE.to_string());
    let rows = pages(FILL_PAGES_MAX, |cursor| {
        let params = params.clone().with_some("cursor", cursor);
        let page: wire::Page<wire::FillRow> = account.call(&Call::get("/api/v3/trade/fills", params))?.0;
        Ok((page.list, page.cursor))
    })?;
    let here = rows.into_iter().filter(|row| row.symbol == symbol.as_str());
    Ok(here.map(|row| row.fill(&account.settle, hedge, offset_ms)).collect())
}
