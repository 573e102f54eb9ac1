//! Closing a position, or a part of it.
//!
//! The call takes a position down and never beyond flat: what other exchanges mean by reduce-only. It names no side, so the
//! position is looked at first. Without a quantity it takes whatever is there by then, so it goes without one only where
//! everything is meant, or where no quantity can be named.
//!
//! A market order that the book is too thin for is refused: nothing is placed. What the book shows is then taken in the same
//! call, by an order that never rests, at a bounded price. Whoever wants the rest closed sends another order: that one is
//! tried at market first again, so nothing has to be remembered.

use super::errors::{is_too_far, is_too_thin};
use super::{CoinEx, Held, Look, of};
use crate::exchange::error::{ExchangeError, Reason, Result};
use crate::exchange::params::Params;
use crate::market::{Decimal, Leg, Millis, NewOrder, OrderKind, OrderState, Side, Symbol, sizing};

const CLOSE: &str = "/v2/futures/close-position";

/// A position that was looked at so recently needs no second look before it is closed.
const LOOK_MS: Millis = 1000;
/// How far behind the best price of a thin book a position is closed, as a share of it. Where the exchange calls that too far
/// from its index, the best price alone is tried.
const BEYOND_BEST: [Decimal; 2] = [Decimal::from_parts(3, 0, 0, false, 2), Decimal::ZERO];

/// A close has no direction: the position's decides. Without a quantity it takes all of the position.
fn close_params(order: &NewOrder, kind: &'static str, price: Option<Decimal>, qty: Option<Decimal>) -> Params {
    let params = of(&order.symbol).with("type", kind);
    let params = match price {
        Some(price) => params.with_decimal("price", price),
        None => params,
    };
    let params = match qty {
        Some(qty) => params.with_decimal("amount", qty),
        None => params,
    };
    params.with("client_id", order.id.as_str())
}

impl CoinEx {
    /// Closes at market or at a limit.
    pub(super) fn close(&mut self, order: &NewOrder) -> Result<OrderState> {
        let held = self.must_hold(&order.symbol, order.side)?;
        self.must_be_unused(order)?;
        if let OrderKind::Limit { price } = order.kind {
            return self.send(CLOSE, order, &close_params(order, "limit", Some(price), Some(order.qty)));
        }
        match self.send(CLOSE, order, &close_params(order, "market", None, self.qty_at_market(order, held))) {
            Err(refused) if is_too_thin(&refused) => self.take_what_is_there(order, held, refused),
            other => other,
        }
    }

    /// What a close at market names: nothing if it is the end of a trade and takes all that is held, or if it takes all and
    /// that has no name, because it is below the smallest order or because closes that rest reserve parts of it.
    fn qty_at_market(&self, order: &NewOrder, held: Held) -> Option<Decimal> {
        let takes_all = order.qty >= held.qty;
        let nameable = held.free >= held.qty && self.is_nameable(&order.symbol, held.qty);
        let unnamed = takes_all && (order.id.leg() == Some(Leg::Close) || !nameable);
        (!unnamed).then(|| order.qty.min(held.qty))
    }

    /// Whether an order may have that quantity, as far as the rules of the contract are known.
    fn is_nameable(&self, symbol: &Symbol, qty: Decimal) -> bool {
        let fits = |step| sizing::floor_to(qty, step) == Some(qty);
        self.instruments.get(symbol.as_str()).is_none_or(|rules| qty >= rules.min_qty && fits(rules.lot_step))
    }

    /// After a close at market was `refused`: as much as the book shows.
    fn take_what_is_there(&mut self, order: &NewOrder, held: Held, refused: ExchangeError) -> Result<OrderState> {
        let depth = self.depth(&order.symbol).map_err(ExchangeError::nothing_sent)?;
        let mut takes: Vec<_> = BEYOND_BEST.iter().filter_map(|beyond| depth.within(order.side, *beyond, order.qty)).collect();
        takes.dedup();
        let mut last = refused;
        for (price, found) in takes {
            let qty = self.qty_of(order, held, found);
            match self.send(CLOSE, order, &close_params(order, "ioc", Some(price), qty)) {
                Err(error) if is_too_far(&error) => last = error,
                other => return other,
            }
        }
        Err(last)
    }

    /// What an order for as much as was `found` names: at least the smallest quantity, of which the exchange cancels the rest,
    /// and never more than is wanted. All of a position that is smaller than that has no name.
    fn qty_of(&self, order: &NewOrder, held: Held, found: Decimal) -> Option<Decimal> {
        let wanted = order.qty.min(held.qty);
        let found = found.min(held.free).min(wanted);
        let Some(rules) = self.instruments.get(order.symbol.as_str()) else { return Some(found) };
        let qty = sizing::floor_to(found, rules.lot_step).unwrap_or_default().max(rules.min_qty);
        let unnamed = qty > wanted && wanted == held.qty;
        (!unnamed).then(|| qty.min(wanted))
    }

    /// What is held. On the other side a close would take down a position that is not meant.
    fn must_hold(&mut self, symbol: &Symbol, side: Side) -> Result<Held> {
        let now = self.session.now();
        let recent = self.look.as_ref().filter(|look| look.symbol == *symbol && now.saturating_sub(look.at) <= LOOK_MS);
        let held = match recent {
            Some(look) => look.held,
            None => self.row_of(symbol).map_err(ExchangeError::nothing_sent)?.map(|row| row.held()),
        };
        let no_position = |why| Err(ExchangeError::refused(Reason::NoPosition, why));
        match held {
            Some(held) if held.side == side => Ok(held),
            Some(held) => no_position(format!("the position of {symbol} is {}, not {side}", held.side)),
            None => no_position(format!("{symbol} has no position")),
        }
    }

    /// Keeps what was seen of a position.
    pub(super) fn looked(&mut self, symbol: &Symbol, held: Option<Held>) {
        self.look = Some(Look { symbol: symbol.clone(), held, at: self.session.now() });
    }
}
