//! What a unified account is asked under `/api/v3`.
//!
//! `side` is the direction of the trade in either mode. The margin mode belongs to the order.

pub mod account;
pub mod guards;
pub mod plain;
mod rows;

use perphook::market::{MarginMode, Side, Symbol};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};

/// The contract of a request about USDT-FUTURES.
fn symbol_of(floor: &Floor, params: &Params) -> Result<Symbol, Fail> {
    super::product(params, "category")?;
    super::symbol_of(floor, params, fail::unified_symbol)
}

/// The same, where naming one is left open.
fn symbol_if_any(floor: &Floor, params: &Params) -> Result<Option<Symbol>, Fail> {
    super::product(params, "category")?;
    super::symbol_if_any(floor, params, fail::unified_symbol)
}

/// `crossed` (also when nothing is said) or `isolated`.
fn margin_mode(params: &Params) -> Result<MarginMode, Fail> {
    match params.some("marginMode") {
        None | Some("crossed") => Ok(MarginMode::Cross),
        Some("isolated") => Ok(MarginMode::Isolated),
        Some(_) => Err(Fail::wrong("marginMode")),
    }
}

/// The position a request names, if it names one.
fn position_side(params: &Params) -> Result<Option<Side>, Fail> {
    match params.some("posSide") {
        None => Ok(None),
        Some("long") => Ok(Some(Side::Long)),
        Some("short") => Ok(Some(Side::Short)),
        Some(_) => Err(Fail::wrong("posSide")),
    }
}
