//! What a single order must keep: name, quantity, price.

use super::book::{PRICE_MAX, QTY_MAX};
use super::market::Market;
use super::order::Denial;
use crate::market::{Decimal, Instrument};

const CLIENT_ID_LEN_MAX: usize = 36;

pub(super) fn check_client_id(id: &str) -> Result<(), Denial> {
    let fits = (1..=CLIENT_ID_LEN_MAX).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b".:/_-".contains(&b));
    if fits { Ok(()) } else { Err(Denial::BadClientId) }
}

pub(super) fn check_qty(instrument: &Instrument, qty: Decimal, at_market: bool) -> Result<(), Denial> {
    let (step, max) = match (at_market, instrument.market_lot_step.is_zero()) {
        (true, false) => (instrument.market_lot_step, instrument.market_max_qty),
        (true, true) => (instrument.lot_step, instrument.market_max_qty),
        (false, _) => (instrument.lot_step, instrument.max_qty),
    };
    let max = if max.is_zero() { QTY_MAX } else { max.min(QTY_MAX) };
    if qty <= Decimal::ZERO {
        return Err(Denial::ZeroQty);
    }
    if qty < instrument.min_qty {
        return Err(Denial::MinQty { min: instrument.min_qty });
    }
    if qty > max {
        return Err(Denial::MaxQty { max });
    }
    if is_multiple(qty, step) { Ok(()) } else { Err(Denial::OffStep { step }) }
}

pub(super) fn check_price(instrument: &Instrument, price: Decimal) -> Result<(), Denial> {
    if price <= Decimal::ZERO || price > PRICE_MAX {
        return Err(Denial::BadPrice);
    }
    if is_multiple(price, instrument.tick) { Ok(()) } else { Err(Denial::OffTick { tick: instrument.tick }) }
}

pub(super) fn check_band(market: &Market, buy: bool, price: Decimal, band: Decimal) -> Result<(), Denial> {
    let is_inside = if buy { price <= market.mark * (Decimal::ONE + band) } else { price >= market.mark * (Decimal::ONE - band) };
    if is_inside { Ok(()) } else { Err(Denial::PriceBand { mark: market.mark }) }
}

fn is_multiple(value: Decimal, step: Decimal) -> bool {
    value.checked_rem(step).is_none_or(|rest| rest.is_zero())
}
