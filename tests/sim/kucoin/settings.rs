//! What the account and its contracts are set to. No answer says that something was so already: setting it again
//! succeeds (unconfirmed), but not while anything is open.

use perphook::exchange::paper::Denial;
use perphook::market::{MarginMode, Symbol};
use serde_json::Value;

use super::ask::{self, Ask};
use super::fail::{self, Fail};
use super::json::{self, Row};
use super::rows;

fn mode_of(ask: &Ask<'_>, symbol: &Symbol) -> Result<MarginMode, Fail> {
    ask.floor.book.market(symbol).map(|market| market.margin_mode).ok_or_else(|| fail::engine(Denial::NoPrice))
}

fn mode_row(symbol: &Symbol, mode: MarginMode) -> String {
    Row::new().text("symbol", symbol).text("marginMode", rows::mode(mode)).end()
}

/// `GET /api/v2/position/getMarginMode`
pub fn margin_mode(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let symbol = ask.symbol()?;
    Ok(mode_row(&symbol, mode_of(ask, &symbol)?))
}

/// `POST /api/v2/position/changeMarginMode`
pub fn set_margin_mode(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let (symbol, mode) = (ask.symbol()?, ask::margin_mode(ask.params.some("marginMode"))?);
    change_mode(ask, &symbol, mode)?;
    Ok(mode_row(&symbol, mode))
}

/// `POST /api/v2/position/batchChangeMarginMode`: what failed is told beside what did not.
pub fn set_margin_modes(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let mode = ask::margin_mode(ask.params.some("marginMode"))?;
    let names = ask
        .body
        .and_then(|body| body.get("symbols"))
        .and_then(Value::as_array)
        .ok_or_else(|| Fail::parameter("symbols parameter invalid"))?;
    let (mut set, mut errors) = (Row::new(), Vec::new());
    for name in names.iter().filter_map(Value::as_str) {
        match ask::symbol_named(ask.floor, name).and_then(|symbol| change_mode(ask, &symbol, mode)) {
            Ok(()) => set = set.text(name, rows::mode(mode)),
            Err(fail) => errors.push(Row::new().text("code", &fail.code).text("msg", &fail.msg).text("symbol", name).end()),
        }
    }
    let set = if errors.len() == names.len() { "{}".to_owned() } else { set.end() };
    Ok(Row::new().json("marginMode", set).json("errors", json::list(&errors)).end())
}

fn change_mode(ask: &mut Ask<'_>, symbol: &Symbol, mode: MarginMode) -> Result<(), Fail> {
    let before = mode_of(ask, symbol)?;
    let leverage = cross_leverage(ask, symbol);
    let book = &mut ask.floor.book;
    if book.is_used(symbol) {
        return Err(Fail::blocked());
    }
    if before == mode {
        return Ok(());
    }
    book.set_margin_mode(symbol, mode).map_err(fail::engine)?;
    match mode {
        MarginMode::Cross => book.set_leverage(symbol, leverage).map_err(fail::engine),
        MarginMode::Isolated => {
            ask.notes.set_cross_leverage(symbol, leverage);
            Ok(())
        }
    }
}

/// The leverage that rules cross margin, now or when the contract has that again.
fn cross_leverage(ask: &Ask<'_>, symbol: &Symbol) -> u32 {
    let market = ask.floor.book.market(symbol);
    let is_cross = market.is_some_and(|market| market.margin_mode == MarginMode::Cross);
    let kept = ask.notes.cross_leverage(symbol).filter(|_| !is_cross);
    kept.or(market.map(|market| market.leverage)).unwrap_or(1)
}

/// `GET /api/v2/getCrossUserLeverage`
pub fn leverage(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let symbol = ask.symbol()?;
    Ok(Row::new().text("symbol", &symbol).text("leverage", cross_leverage(ask, &symbol)).end())
}

/// `POST /api/v2/changeCrossUserLeverage`: for isolated margin every order says its leverage.
pub fn set_leverage(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let symbol = ask.symbol()?;
    let is_text = ask.body.and_then(|body| body.get("leverage")).is_some_and(Value::is_string);
    let leverage = ask.params.read::<u32>("leverage").filter(|_| is_text);
    let leverage = leverage.ok_or_else(|| Fail::parameter("Leverage parameter invalid"))?;
    if mode_of(ask, &symbol)? == MarginMode::Cross {
        ask.floor.book.set_leverage(&symbol, leverage).map_err(fail::engine)?;
    } else {
        let max = ask.floor.book.instrument(symbol.as_str()).map_err(fail::engine)?.max_leverage;
        if leverage == 0 || leverage > max {
            return Err(fail::engine(Denial::Leverage { max }));
        }
        ask.notes.set_cross_leverage(&symbol, leverage);
    }
    Ok("true".to_owned())
}

/// `GET /api/v2/position/getPositionMode`
pub fn position_mode(ask: &mut Ask<'_>) -> Result<String, Fail> {
    Ok(Row::new().json("positionMode", u8::from(ask.floor.book.is_hedge())).end())
}

/// `POST /api/v2/position/switchPositionMode`
pub fn set_position_mode(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let hedge = match ask.params.some("positionMode") {
        Some("0") => false,
        Some("1") => true,
        _ => return Err(Fail::parameter("positionMode parameter invalid")),
    };
    match ask.floor.book.set_hedge(hedge) {
        Ok(()) | Err(Denial::NoChange) => position_mode(ask),
        Err(denial) => Err(fail::engine(denial)),
    }
}
