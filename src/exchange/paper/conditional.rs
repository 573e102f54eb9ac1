//! Orders that wait for a price: placing and cancelling them, stops that come into being with a position, and the
//! times in which a position had no stop.

use super::book::{Book, CONDITIONALS_MAX};
use super::knobs::Oversized;
use super::limits::{check_client_id, check_price, check_qty};
use super::market::Market;
use super::order::{Amount, AttachedStop, Conditional, ConditionalStatus, Denial, Effect, NakedSpan, NewConditional, NewPlain, is_met};
use crate::exchange::Second;
use crate::market::{Decimal, Instrument, Millis, ProtectionKind, Side, Symbol};

/// Placing and cancelling.
impl Book {
    /// Places a conditional order and returns its number. A whole-position order needs a position; one with a
    /// quantity does not, and binds no margin.
    pub fn place_conditional(&mut self, new: &NewConditional, now: Millis) -> Result<u64, Denial> {
        self.advance(now);
        self.check_conditional(new)?;
        let number = self.rest_conditional(new, now);
        self.watch_cover(&new.symbol, now);
        Ok(number)
    }

    /// Lets an order wait that was checked; a first one that it replaces is cancelled.
    fn rest_conditional(&mut self, new: &NewConditional, now: Millis) -> u64 {
        if self.knobs.second_protection == Second::Replaces {
            for order in self.conditional.open.iter_mut().filter(|order| order.is_waiting() && is_twin(order, new)) {
                (order.status, order.updated) = (ConditionalStatus::Canceled, now);
            }
            self.sweep();
        }
        self.changes += 1;
        let number = self.conditional.number();
        self.conditional.open.push(Conditional {
            number,
            client_id: new.client_id.clone(),
            symbol: new.symbol.clone(),
            buy: new.buy,
            position_side: new.position_side,
            kind: new.kind,
            trigger_price: new.trigger_price,
            by: new.by,
            amount: new.amount,
            status: ConditionalStatus::New,
            child: None,
            created: now,
            updated: now,
            triggered: 0,
        });
        number
    }

    fn check_conditional(&self, new: &NewConditional) -> Result<(), Denial> {
        let instrument = self.tradable(&new.symbol)?;
        check_client_id(&new.client_id)?;
        self.check_mode(&new.symbol, new.position_side)?;
        let market = self.markets.get(&new.symbol).ok_or(Denial::NoPrice)?;
        check_price(instrument, new.trigger_price)?;
        let waiting = || self.conditional.open.iter().filter(|order| order.is_waiting());
        if !self.knobs.same_ids && !self.conditional.is_free(&new.client_id, self.knobs.reuse_ids) {
            return Err(Denial::DuplicateClientId);
        }
        if waiting().count() >= CONDITIONALS_MAX {
            return Err(Denial::TooManyOrders { max: CONDITIONALS_MAX });
        }
        match new.amount {
            Amount::Qty { qty, reduce_only } => {
                if reduce_only && new.position_side.is_some() {
                    return Err(Denial::PositionMode);
                }
                check_qty(instrument, qty, true)?;
            }
            Amount::WholePosition => {
                let side = Effect::of(new.buy, new.position_side, true).closes.ok_or(Denial::PositionMode)?;
                if self.knobs.whole_needs_position && market.held(side).qty.is_zero() {
                    return Err(Denial::NoPosition);
                }
                if self.knobs.second_protection == Second::Refused && waiting().any(|order| is_twin(order, new)) {
                    return Err(Denial::AlreadyProtected);
                }
            }
        }
        if is_met(new.buy, new.kind, new.trigger_price, market.watched(new.by)) { Err(Denial::WouldTrigger) } else { Ok(()) }
    }

    /// Cancels a waiting conditional order by number.
    pub fn cancel_conditional(&mut self, number: u64, now: Millis) -> Result<(), Denial> {
        self.advance(now);
        let order = self.conditional.open.iter_mut().find(|order| order.number == number).ok_or(Denial::UnknownOrder)?;
        match order.status {
            ConditionalStatus::New => {}
            ConditionalStatus::Triggering => return Err(Denial::Triggering),
            _ => return Err(Denial::UnknownOrder),
        }
        order.status = ConditionalStatus::Canceled;
        self.changes += 1;
        order.updated = now;
        let symbol = order.symbol.clone();
        self.sweep();
        self.watch_cover(&symbol, now);
        Ok(())
    }

    /// Cancels every conditional order of a contract that still waits.
    pub fn cancel_all_conditionals(&mut self, symbol: &Symbol, now: Millis) {
        let waiting = self.conditional.open.iter().filter(|order| order.is_waiting() && order.symbol == *symbol);
        for number in waiting.map(|order| order.number).collect::<Vec<u64>>() {
            let _ = self.cancel_conditional(number, now);
        }
    }
}

/// Stops that an order brings with it.
impl Book {
    /// Whether the stop that comes with an order would be accepted: not yet passed where the order can fill first.
    pub(super) fn check_attached(&self, new: &NewPlain, instrument: &Instrument, market: &Market) -> Result<(), Denial> {
        let Some(stop) = &new.stop else { return Ok(()) };
        check_client_id(&stop.name)?;
        check_price(instrument, stop.trigger_price)?;
        if !self.conditional.is_free(&stop.name, self.knobs.reuse_ids) {
            return Err(Denial::DuplicateClientId);
        }
        let watched = market.watched(stop.by);
        let price = new.price.map_or(watched, |price| if new.buy { price.min(watched) } else { price.max(watched) });
        if is_met(!new.buy, ProtectionKind::StopLoss, stop.trigger_price, price) { Err(Denial::WouldTrigger) } else { Ok(()) }
    }

    /// An order has built a position up: its stop comes into being, once. It replaces a stop that is there only where
    /// that is the exchange's way.
    pub(super) fn attach(&mut self, number: u64, now: Millis) {
        let Some(order) = self.plain.open.iter_mut().find(|order| order.number == number) else { return };
        let Some(AttachedStop { name, trigger_price, by }) = order.stop.take() else { return };
        let new = NewConditional {
            client_id: name,
            symbol: order.symbol.clone(),
            buy: !order.buy,
            position_side: order.position_side,
            kind: ProtectionKind::StopLoss,
            trigger_price,
            by,
            amount: Amount::WholePosition,
        };
        let has_one = self.conditional.open.iter().any(|order| order.is_waiting() && is_twin(order, &new));
        if !has_one || self.knobs.second_protection == Second::Replaces {
            self.rest_conditional(&new, now);
        }
    }
}

/// Cover.
impl Book {
    /// Times in which a position had no resting stop; those that last still are at the end.
    pub fn naked_spans(&self) -> Vec<NakedSpan> {
        let mut spans: Vec<NakedSpan> = self.naked.iter().cloned().collect();
        for (symbol, market) in &self.markets {
            for side in [Side::Long, Side::Short] {
                if let Some(start) = market.held(side).naked_since {
                    spans.push(NakedSpan { symbol: symbol.clone(), side, start, end: None });
                }
            }
        }
        spans
    }

    /// Notes when a position begins or ends to be without a resting stop.
    pub(super) fn watch_cover(&mut self, symbol: &Symbol, now: Millis) {
        for side in [Side::Long, Side::Short] {
            let is_naked = !self.position(symbol, side).is_zero() && !self.is_covered(symbol, side);
            let Some(held) = self.markets.get_mut(symbol).map(|market| market.held_mut(side)) else { return };
            match (is_naked, held.naked_since) {
                (true, None) => held.naked_since = Some(now),
                (false, Some(start)) => {
                    held.naked_since = None;
                    if now > start {
                        while self.naked.len() >= self.knobs.history_max.max(1) {
                            self.naked.pop_front();
                        }
                        self.naked.push_back(NakedSpan { symbol: symbol.clone(), side, start, end: Some(now) });
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether stops that wait (or are on their way) would close the whole position.
    fn is_covered(&self, symbol: &Symbol, side: Side) -> bool {
        let held = self.position(symbol, side);
        let mut covered = Decimal::ZERO;
        for order in self.conditional.open.iter().filter(|order| order.symbol == *symbol && order.kind == ProtectionKind::StopLoss) {
            let effect = order.effect();
            let is_live = matches!(order.status, ConditionalStatus::New | ConditionalStatus::Triggering);
            if !is_live || effect.closes != Some(side) || effect.opens.is_some() {
                continue;
            }
            let Amount::Qty { qty: part, .. } = order.amount else { return true };
            // Where too large a stop is rejected, it protects nothing.
            if self.knobs.oversized_reduce == Oversized::Trim || covered + part <= held {
                covered += part;
            }
        }
        covered >= held
    }
}

/// Whether an order that waits is of the same kind and side as a whole-position order that comes in.
fn is_twin(order: &Conditional, new: &NewConditional) -> bool {
    let is_whole = order.amount == Amount::WholePosition && new.amount == Amount::WholePosition;
    is_whole && (&order.symbol, order.kind, order.buy, order.position_side) == (&new.symbol, new.kind, new.buy, new.position_side)
}
