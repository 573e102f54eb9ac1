//! What happens when prices move and orders meet them.
//!
//! A price move is one step: resting orders that are crossed fill at their own limit price in the order they came in,
//! then conditional orders that are met go off. An order that arrives on the far side of the market takes at the last
//! price. When a position goes flat, whole-position orders and resting reduce-only orders of that side end with it.

use super::book::{Book, PRICE_MAX};
use super::knobs::Oversized;
use super::market::Market;
use super::order::{Amount, Conditional, ConditionalStatus, Denial, Effect, Order, TimeInForce, Trade};
use crate::market::{Decimal, Millis, OrderStatus, ProtectionKind, Side, Symbol, TriggerBy, sizing};

/// The wallet is held within this, so that no sum can leave a decimal's range.
const BALANCE_MAX: Decimal = Decimal::from_parts(2_808_348_672, 232_830_643, 0, false, 0);

/// What an execution needs to know of its order.
#[derive(Clone, Copy)]
struct Flow {
    number: u64,
    effect: Effect,
    buy: bool,
    position_side: Option<Side>,
    price: Decimal,
    wanted: Decimal,
    maker: bool,
}

/// The price moves.
impl Book {
    /// Moves last and mark price together.
    pub fn set_price(&mut self, symbol: &Symbol, price: Decimal, now: Millis) -> Result<(), Denial> {
        self.set_prices(symbol, price, price, now)
    }

    /// Moves last and mark price, and lets everything happen that follows. The first price opens the contract.
    pub fn set_prices(&mut self, symbol: &Symbol, last: Decimal, mark: Decimal, now: Millis) -> Result<(), Denial> {
        self.instrument(symbol.as_str())?;
        if [last, mark].iter().any(|price| *price <= Decimal::ZERO || *price > PRICE_MAX) {
            return Err(Denial::BadPrice);
        }
        self.advance(now);
        let liquidity = self.knobs.liquidity;
        let market = self.markets.entry(symbol.clone()).or_insert_with(|| Market::new(last));
        (market.last, market.mark, market.depth) = (last, mark, liquidity);
        self.match_resting(symbol, last, now);
        self.fire(symbol, last, mark, now);
        Ok(())
    }

    /// Lets time pass: conditional orders that are on their way arrive.
    pub fn advance(&mut self, now: Millis) {
        if self.conditional.open.iter().all(Conditional::is_waiting) {
            return;
        }
        let delay = self.knobs.trigger_ms;
        while let Some(at) = self.conditional.open.iter().position(|order| {
            let steps = if order.status == ConditionalStatus::Triggering { 1 } else { 2 };
            !order.is_waiting() && order.triggered + delay * steps <= now
        }) {
            match self.conditional.open.get(at).map(|order| (order.status, order.number)) {
                Some((ConditionalStatus::Triggering, number)) => self.execute_conditional(number, now),
                _ => {
                    if let Some(order) = self.conditional.open.get_mut(at) {
                        order.status = ConditionalStatus::Finished;
                        self.changes += 1;
                        order.updated = now;
                    }
                    self.sweep();
                }
            }
        }
    }

    fn match_resting(&mut self, symbol: &Symbol, last: Decimal, now: Millis) {
        let is_crossed = |order: &Order| {
            order.symbol == *symbol && order.price.is_some_and(|price| if order.buy { price >= last } else { price <= last })
        };
        let crossed: Vec<u64> = self.plain.open.iter().filter(|order| is_crossed(order)).map(|order| order.number).collect();
        for number in crossed {
            self.fill(number, true, now);
        }
    }

    fn fire(&mut self, symbol: &Symbol, last: Decimal, mark: Decimal, now: Millis) {
        for order in self.conditional.open.iter_mut().filter(|order| order.is_waiting() && order.symbol == *symbol) {
            let price = if order.by == TriggerBy::Mark { mark } else { last };
            if order.is_met(price) {
                order.status = ConditionalStatus::Triggering;
                self.changes += 1;
                (order.triggered, order.updated) = (now, now);
            }
        }
        self.advance(now);
        self.watch_cover(symbol, now);
    }
}

/// Orders meet the price.
impl Book {
    /// An order that just came in takes what it can; what may not rest expires.
    pub(super) fn take(&mut self, number: u64, now: Millis) {
        self.fill(number, false, now);
        if let Some(order) = self.plain.open.iter_mut().find(|order| order.number == number)
            && (order.price.is_none() || order.time_in_force == TimeInForce::Ioc)
        {
            order.status = OrderStatus::Expired;
        }
        self.sweep();
    }

    /// Fills an open order as far as price, depth and position allow.
    fn fill(&mut self, number: u64, maker: bool, now: Millis) {
        let Some(order) = self.plain.open.iter().find(|order| order.number == number) else { return };
        let Some(market) = self.markets.get(&order.symbol) else { return };
        let is_met = order.price.is_none_or(|price| if order.buy { price >= market.last } else { price <= market.last });
        if !is_met {
            return;
        }
        let flow = Flow {
            number,
            effect: order.effect(),
            buy: order.buy,
            position_side: order.position_side,
            price: order.price.filter(|_| maker).unwrap_or(market.last),
            wanted: order.rest(),
            maker,
        };
        let (symbol, client_id) = (order.symbol.clone(), order.client_id.clone());
        let (closed, opened) = self.execute(&symbol, &client_id, flow, now);
        let filled = closed + opened;
        if let Some(order) = self.plain.open.iter_mut().find(|order| order.number == number) {
            order.filled += filled;
            order.opened += opened;
            order.quote += filled * flow.price;
            order.updated = now;
            if order.rest().is_zero() {
                order.status = OrderStatus::Filled;
            }
        }
        if !opened.is_zero() {
            self.attach(number, now);
        }
        if let Some(side) = flow.effect.closes {
            self.end_with_position(&symbol, side, now);
        }
        self.sweep();
        self.watch_cover(&symbol, now);
    }

    /// Changes positions and wallet; returns what was closed and what was opened.
    fn execute(&mut self, symbol: &Symbol, client_id: &str, flow: Flow, now: Millis) -> (Decimal, Decimal) {
        let step = self.instrument(symbol.as_str()).map(|instrument| instrument.lot_step).unwrap_or_default();
        let Some(market) = self.markets.get_mut(symbol) else { return (Decimal::ZERO, Decimal::ZERO) };
        let depth = market.depth.map(|depth| sizing::floor_to(depth, step).unwrap_or(depth));
        let mut rest = depth.map_or(flow.wanted, |depth| flow.wanted.min(depth));
        let mut parts = [(None, Decimal::ZERO), (None, Decimal::ZERO)];
        if let Some(side) = flow.effect.closes {
            let part = rest.min(market.held(side).qty);
            rest -= part;
            parts = [(Some(side), part), (None, Decimal::ZERO)];
        }
        if let (Some(side), [_, opening]) = (flow.effect.opens, &mut parts) {
            *opening = (Some(side), rest);
        }
        let [(closes, closed), (opens, opened)] = parts;
        if let Some(depth) = &mut market.depth {
            *depth -= closed + opened;
        }
        if let Some(side) = closes.filter(|_| !closed.is_zero()) {
            self.execute_part(symbol, client_id, flow, (side, false, closed), now);
        }
        if let Some(side) = opens.filter(|_| !opened.is_zero()) {
            self.execute_part(symbol, client_id, flow, (side, true, opened), now);
        }
        (closed, opened)
    }

    fn execute_part(&mut self, symbol: &Symbol, client_id: &str, flow: Flow, part: (Side, bool, Decimal), now: Millis) {
        let (side, opening, qty) = part;
        let Some(market) = self.markets.get_mut(symbol) else { return };
        let held = market.held_mut(side);
        let entry_before = held.entry_price;
        let realised = if opening {
            held.open(qty, flow.price, now);
            Decimal::ZERO
        } else {
            held.close(side, qty, flow.price)
        };
        let fee = qty * flow.price * if flow.maker { self.knobs.maker_fee } else { self.knobs.taker_fee };
        self.balance = (self.balance + realised - fee).clamp(-BALANCE_MAX, BALANCE_MAX);
        self.last_trade += 1;
        self.changes += 1;
        while self.trades.len() >= self.knobs.history_max.max(1) {
            self.trades.pop_front();
        }
        self.trades.push_back(Trade {
            id: self.last_trade,
            order: flow.number,
            client_id: client_id.to_owned(),
            symbol: symbol.clone(),
            buy: flow.buy,
            side,
            opening,
            position_side: flow.position_side,
            price: flow.price,
            qty,
            realised,
            fee,
            maker: flow.maker,
            at: now,
            entry_before,
        });
    }

    /// A conditional order that was set off becomes a plain market order of the same name.
    fn execute_conditional(&mut self, number: u64, now: Millis) {
        self.aim(number);
        let Some(order) = self.conditional.open.iter().find(|order| order.number == number).cloned() else { return };
        let effect = order.effect();
        let held = effect.closes.map(|side| self.position(&order.symbol, side)).unwrap_or_default();
        let (qty, reduce_only) = match order.amount {
            Amount::WholePosition => (held, order.position_side.is_none()),
            Amount::Qty { qty, reduce_only } => (qty, reduce_only),
        };
        let is_refused = match effect.opens {
            None => held.is_zero() || (qty > held && self.knobs.oversized_reduce == Oversized::Refuse),
            Some(_) => !self.affords(&order.symbol, (qty - held).max(Decimal::ZERO)),
        };
        let child = (!is_refused).then(|| self.plain.number());
        if let Some(waiting) = self.conditional.open.iter_mut().find(|order| order.number == number) {
            waiting.status = if is_refused { ConditionalStatus::Rejected } else { ConditionalStatus::Triggered };
            waiting.child = child;
            self.changes += 1;
            waiting.updated = now;
        }
        if let Some(child) = child {
            self.plain.open.push(Order {
                number: child,
                client_id: order.client_id,
                symbol: order.symbol.clone(),
                buy: order.buy,
                position_side: order.position_side,
                reduce_only,
                price: None,
                time_in_force: TimeInForce::Gtc,
                qty,
                stop: None,
                filled: Decimal::ZERO,
                quote: Decimal::ZERO,
                opened: Decimal::ZERO,
                status: OrderStatus::Resting,
                parent: Some(number),
                created: now,
                updated: now,
            });
            self.take(child, now);
        }
        self.sweep();
        self.watch_cover(&order.symbol, now);
    }

    /// What closes whichever position there is goes against the one that is held. Its price stays where it is.
    fn aim(&mut self, number: u64) {
        let Some(at) = self.conditional.open.iter().position(|order| order.number == number) else { return };
        let Some(order) = self.conditional.open.get(at) else { return };
        let is_free = !self.knobs.whole_needs_position && order.amount == Amount::WholePosition && order.position_side.is_none();
        let held = |side: Side| !self.position(&order.symbol, side).is_zero();
        let turns = if order.buy { !held(Side::Short) && held(Side::Long) } else { !held(Side::Long) && held(Side::Short) };
        if let Some(order) = self.conditional.open.get_mut(at).filter(|_| is_free && turns) {
            order.buy = !order.buy;
            order.kind = match order.kind {
                ProtectionKind::StopLoss => ProtectionKind::TakeProfit,
                ProtectionKind::TakeProfit => ProtectionKind::StopLoss,
            };
        }
    }

    fn affords(&self, symbol: &Symbol, qty: Decimal) -> bool {
        self.markets.get(symbol).is_some_and(|market| market.margin_of(qty * market.last) <= self.available())
    }

    /// Once a side is flat, whole-position orders and resting reduce-only orders of that side are removed.
    fn end_with_position(&mut self, symbol: &Symbol, side: Side, now: Millis) {
        if !self.position(symbol, side).is_zero() {
            return;
        }
        let protection_ends = self.knobs.protection_ends;
        let waiting = self.conditional.open.iter_mut().filter(|order| order.is_waiting() && order.symbol == *symbol);
        for order in waiting.filter(|order| protection_ends && order.amount == Amount::WholePosition) {
            if order.effect().closes == Some(side) {
                order.status = ConditionalStatus::Expired;
                self.changes += 1;
                order.updated = now;
            }
        }
        self.expire_reducing(symbol, side, now);
    }

    /// Ends the limit orders that only reduce a side.
    pub(super) fn expire_reducing(&mut self, symbol: &Symbol, side: Side, now: Millis) {
        for order in self.plain.open.iter_mut().filter(|order| order.symbol == *symbol && order.price.is_some()) {
            let effect = order.effect();
            if effect.opens.is_none() && effect.closes == Some(side) && order.status == OrderStatus::Resting {
                order.status = OrderStatus::Expired;
                order.updated = now;
            }
        }
    }

    /// Puts ended orders away.
    pub(super) fn sweep(&mut self) {
        let max = self.knobs.history_max;
        self.plain.sweep(max, |order| order.status.is_final());
        self.conditional.sweep(max, |order| {
            !matches!(order.status, ConditionalStatus::New | ConditionalStatus::Triggering | ConditionalStatus::Triggered)
        });
    }
}
