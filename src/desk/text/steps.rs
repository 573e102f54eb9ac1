//! The next step of a text order, and the request that is made of it.

use super::TextOrder;
use super::legs::{self, Leg, Need};
use crate::alert::{Cancel, Command};
use crate::desk::account::Account;
use crate::desk::settings::AccountRules;
use crate::desk::step::{Ctx, Order, Urgency};
use crate::desk::ticket::{State, Ticket};
use crate::exchange::Request;
use crate::market::{self, ClientId, Decimal, Instrument, MarginMode, Millis, NewOrder, OrderKind, OrderRef, Terms, Trigger, sizing};

/// One step of one text order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::desk) enum TextStep {
    /// Read positions of the contract.
    Look,
    /// Read the best bid and ask.
    Quote,
    /// Read the balance.
    Balance,
    /// Read what the contract is set to.
    Terms,
    /// Set margin mode and leverage.
    Prepare,
    /// Send the next order.
    Place,
    /// Ask what became of it.
    Ask,
    /// Cancel the order the alert names.
    Cancel,
    /// Cancel everything.
    CancelAll,
}

/// The first fact that is not known yet.
pub(super) fn missing(order: &TextOrder) -> Option<TextStep> {
    let facts = &order.live.facts;
    legs::needs(&order.command).into_iter().find_map(|need| match need {
        Need::Positions => facts.positions.is_none().then_some(TextStep::Look),
        Need::Quote => facts.quote.is_none().then_some(TextStep::Quote),
        Need::Balance => facts.total.is_none().then_some(TextStep::Balance),
        Need::Terms => facts.terms.is_none().then_some(TextStep::Terms),
    })
}

/// Offers the next step.
pub(in crate::desk) fn offer(order: &TextOrder, rules: &AccountRules, offer: &mut impl FnMut(Millis, Urgency, TextStep)) {
    if order.live.end.is_some() {
        return;
    }
    let urgency = if order.command.only_closes() { Urgency::Close } else { Urgency::Enter };
    let step = match (&order.command, &order.ticket) {
        (Command::Cancel(Cancel::One(_)), _) => TextStep::Cancel,
        (Command::Cancel(Cancel::All), _) if order.live.facts.positions.is_none() => TextStep::Look,
        (Command::Cancel(Cancel::All), _) => TextStep::CancelAll,
        (_, Some(Ticket { state: State::Unknown { .. } | State::Resting, pace, .. })) => {
            return offer(pace.at, Urgency::Ask, TextStep::Ask);
        }
        (_, Some(Ticket { state: State::Idle, .. })) => TextStep::Place,
        (_, Some(_)) => return,
        (_, None) if order.live.lost.is_some() => TextStep::Look,
        (_, None) if order.legs.is_none() => match missing(order) {
            Some(step) => step,
            None => return,
        },
        (_, None) => match next(order, rules) {
            Some(step) => step,
            None => return,
        },
    };
    offer(order.live.retry.at, urgency, step);
}

/// What comes next of what was decided. Leverage is set before something opens, and after something was reduced.
fn next(order: &TextOrder, rules: &AccountRules) -> Option<TextStep> {
    let facts = &order.live.facts;
    let wants_terms = terms(order, rules) != Terms::default();
    match order.leg() {
        None => (order.leverage.is_some() && !order.live.prepared).then_some(TextStep::Prepare),
        Some(leg) if leg.opens() && wants_terms && !order.live.prepared => Some(TextStep::Prepare),
        Some(_) if order.live.funds_due && facts.quote.is_none() => Some(TextStep::Quote),
        Some(_) if order.live.funds_due && facts.terms.is_none() && order.leverage.is_none() => Some(TextStep::Terms),
        Some(_) if order.live.funds_due => Some(TextStep::Balance),
        Some(_) => Some(TextStep::Place),
    }
}

/// What the contract must be set to. The margin mode is only touched for what opens.
fn terms(order: &TextOrder, rules: &AccountRules) -> Terms {
    let opens = order.legs.iter().flatten().any(Leg::opens);
    let margin_mode: Option<MarginMode> = rules.margin_mode.filter(|_| opens);
    Terms { leverage: order.leverage, margin_mode }
}

/// Makes the request of a step; what leaves is marked as sent.
pub(in crate::desk) fn request(account: &mut Account, id: u64, step: TextStep, ctx: &Ctx<'_>) -> Option<Order> {
    let Account { orders, trades, setup, instruments, .. } = account;
    let order = orders.iter_mut().find(|order| order.id == id)?;
    let symbol = order.symbol.clone();
    let plain = |request: Request| Some(Order { request, durable: false });
    match step {
        TextStep::Look => plain(Request::Positions(Some(symbol))),
        TextStep::Quote => plain(Request::Quote(symbol)),
        TextStep::Balance => plain(Request::Balance),
        TextStep::Terms => plain(Request::Terms(symbol)),
        TextStep::Prepare => match (&order.command, order.leverage) {
            (Command::ChangeLeverage(_), Some(leverage)) => plain(Request::ChangeLeverage(symbol, leverage)),
            _ => plain(Request::Prepare(symbol, terms(order, &setup.rules))),
        },
        TextStep::Ask => plain(Request::Order(OrderRef { symbol, id: order.ticket.as_ref()?.id.clone(), guard: None })),
        TextStep::Cancel => plain(Request::Cancel(OrderRef { symbol, id: named(order)?, guard: None })),
        TextStep::CancelAll => {
            let held = order.live.facts.positions.iter().flatten().any(|row| row.qty > Decimal::ZERO);
            let traded = trades.iter().any(|trade| trade.symbol == symbol);
            plain(Request::CancelAll { symbol, conditional: !held && !traded })
        }
        TextStep::Place => {
            let instrument = instruments.as_ref().and_then(|list| list.get(symbol.as_str()));
            place(order, instrument, ctx)
        }
    }
}

/// The name in `cancel:ID`.
fn named(order: &TextOrder) -> Option<ClientId> {
    match &order.command {
        Command::Cancel(Cancel::One(id)) => ClientId::custom(id),
        _ => None,
    }
}

/// The stop that an order can carry itself; a guard looks after it from its first fill on.
fn attached_stop(order: &TextOrder, leg: &Leg, instrument: Option<&Instrument>, ctx: &Ctx<'_>) -> Option<Trigger> {
    let price = order.protection().0.filter(|_| ctx.attaches_stop() && leg.opens())?;
    let price = sizing::trigger_price(instrument?, leg.side, true, price)?;
    Some(Trigger { price, by: ctx.rules.trigger_by })
}

/// Sends the next order of the leg, as much of it as one order may hold. Its record is on disk before it leaves.
fn place(order: &mut TextOrder, instrument: Option<&Instrument>, ctx: &Ctx<'_>) -> Option<Order> {
    let limit = order.order().and_then(|order| order.limit.clone());
    let leg = order.leg()?.clone();
    let rest = leg.rest();
    let (kind, qty) = match (&limit, instrument) {
        (Some(limit), Some(instrument)) => (OrderKind::Limit { price: sizing::limit_price(instrument, limit.price)? }, rest),
        (Some(limit), None) => (OrderKind::Limit { price: limit.price }, rest),
        (None, Some(instrument)) => {
            let rounded = sizing::market_qty(instrument, rest);
            // What is left below a step of a position that is closed goes as it is: the exchange has the last word.
            (OrderKind::Market, if rounded.is_zero() { rest } else { rounded })
        }
        (None, None) => (OrderKind::Market, rest),
    };
    order.attempts += 1;
    let first = Ticket::new(ctx.home, &order.account, order.id, market::Leg::Order, Decimal::ZERO, qty);
    let derived = first.numbered(ctx.home, &order.account, order.attempts);
    let id = limit.as_ref().and_then(|limit| ClientId::custom(&limit.id)).unwrap_or(derived.id.clone());
    if order.sent_at == 0 {
        order.sent_at = ctx.now;
    }
    let price = if let OrderKind::Limit { price } = kind { price } else { Decimal::ZERO };
    order.ticket = Some(Ticket { id: id.clone(), price, state: State::Sent, ..derived });
    let stop = attached_stop(order, &leg, instrument, ctx);
    let new = NewOrder { id, symbol: order.symbol.clone(), side: leg.side, action: leg.action, kind, qty, stop };
    Some(Order { request: Request::Place(vec![new]), durable: true })
}
