//! The wallet, and the one call that sets leverage and margin mode. What they are can be read of a position only.

use perphook::exchange::paper::Denial;
use perphook::market::{Decimal, MarginMode};
use serde_json::json;

use super::super::json::text;
use super::Said;
use super::ask::Ask;
use super::fail::{self, Fail};
use super::info;

/// `GET /v2/assets/futures/balance`: equity is the sum of four fields.
pub fn balance(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let book = &ask.floor.book;
    let (margin, profit) = book
        .markets()
        .map(|(_, market)| market.position_margin())
        .fold((Decimal::ZERO, Decimal::ZERO), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let frozen = (book.equity() - margin - book.available()).max(Decimal::ZERO);
    let available = (book.balance() - margin - frozen).max(Decimal::ZERO);
    Ok(json!([{"ccy": "USDT", "available": text(available), "frozen": text(frozen), "margin": text(margin),
        "transferrable": text(available.min(book.available())), "unrealized_pnl": text(profit)}])
    .into())
}

/// `POST /v2/futures/adjust-position-leverage`: both at once. The same again is a success (unconfirmed; no code for it is
/// known). Which of two codes refuses a leverage that is not listed is unconfirmed: here the one where it is too high, the
/// other where it lies between.
pub fn adjust(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    ask.is_futures()?;
    let symbol = ask.symbol()?;
    let mode = match ask.required("margin_mode")? {
        "cross" => MarginMode::Cross,
        "isolated" => MarginMode::Isolated,
        _ => return Err(Fail::parameter("margin_mode")),
    };
    let wanted = ask.required_integer("leverage")?;
    let book = &mut ask.floor.book;
    let max = book.instrument(symbol.as_str()).map_err(fail::order)?.max_leverage;
    let leverage = u32::try_from(wanted).ok().filter(|leverage| (1..=max).contains(leverage));
    let leverage = leverage.ok_or_else(|| Fail::parameter("leverage"))?;
    if !info::is_listed(leverage, max) {
        return Err(Fail::invalid("leverage"));
    }
    let before = book.market(&symbol).map_or(mode, |market| market.margin_mode);
    match book.set_margin_mode(&symbol, mode) {
        Ok(()) | Err(Denial::NoChange) => {}
        Err(denial) => return Err(fail::order(denial)),
    }
    if let Err(denial) = book.set_leverage(&symbol, leverage) {
        // Both or neither.
        let _ = book.set_margin_mode(&symbol, before);
        return Err(fail::order(denial));
    }
    Ok(json!({"margin_mode": mode_word(mode), "leverage": leverage}).into())
}

/// `cross` or `isolated`.
pub fn mode_word(mode: MarginMode) -> &'static str {
    if mode == MarginMode::Isolated { "isolated" } else { "cross" }
}
