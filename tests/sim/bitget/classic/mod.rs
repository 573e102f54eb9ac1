//! What a classic account is asked under `/api/v2/mix`.
//!
//! In hedge mode `side` names the position, not the trade: a long is opened and closed with `buy`, and `tradeSide` tells
//! which of the two is meant. Lists come with `null` where nothing is in them.

pub mod account;
pub mod guards;
pub mod plain;
mod rows;

use perphook::market::{MarginMode, Symbol};

use super::super::floor::Floor;
use super::super::params::Params;
use super::fail::{self, Fail};

/// The contract of a request about USDT-FUTURES.
fn symbol_of(floor: &Floor, params: &Params) -> Result<Symbol, Fail> {
    super::product(params, "productType")?;
    super::symbol_of(floor, params, fail::classic_symbol)
}

/// The same, where naming one is left open.
fn symbol_if_any(floor: &Floor, params: &Params) -> Result<Option<Symbol>, Fail> {
    super::product(params, "productType")?;
    super::symbol_if_any(floor, params, fail::classic_symbol)
}

/// `USDT`, in capitals.
fn margin_coin(params: &Params) -> Result<(), Fail> {
    if super::must(params, "marginCoin")? == "USDT" { Ok(()) } else { Err(Fail::wrong("marginCoin")) }
}

/// `crossed` or `isolated`.
fn margin_mode(params: &Params) -> Result<MarginMode, Fail> {
    match super::must(params, "marginMode")? {
        "crossed" => Ok(MarginMode::Cross),
        "isolated" => Ok(MarginMode::Isolated),
        _ => Err(Fail::wrong("marginMode")),
    }
}

/// What a contract is set to.
fn margin_mode_of(floor: &Floor, symbol: &Symbol) -> MarginMode {
    floor.book.market(symbol).map_or(MarginMode::Cross, |market| market.margin_mode)
}
