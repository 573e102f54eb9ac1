//! Balance, and what the account and its contracts are set to.

use perphook::exchange::paper::{Denial, Obstacle};
use perphook::market::{Decimal, MarginMode, Symbol};
use serde_json::{Value, json};

use super::super::floor::Floor;
use super::ask::{Ask, Said};
use super::fail::{self, Fail};
use super::rows::DIGITS;

const MAINTENANCE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// The margin mode is the account's; the book keeps it for every contract.
fn margin_mode(floor: &Floor) -> MarginMode {
    floor.book.markets().next().map_or(MarginMode::Cross, |(_, market)| market.margin_mode)
}

/// `GET /v5/account/info`
pub fn info(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let mode = if margin_mode(ask.floor) == MarginMode::Isolated { "ISOLATED_MARGIN" } else { "REGULAR_MARGIN" };
    let info = json!({
        "marginMode": mode, "updatedTime": "1697078946000", "unifiedMarginStatus": 6, "dcpStatus": "OFF", "timeWindow": 10, "smpGroup": 0,
        "isMasterTrader": false, "spotHedgingStatus": "OFF",
    });
    Ok(info.into())
}

/// `GET /v5/account/wallet-balance`
pub fn balance(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    if ask.params.some("accountType") != Some("UNIFIED") {
        return Err(Fail::new(10001, "accountType only support UNIFIED."));
    }
    let book = &ask.floor.book;
    let (margin, profit) = book.markets().map(|(_, market)| market.position_margin()).fold((Decimal::ZERO, Decimal::ZERO), sum);
    let (wallet, equity, free) = (book.balance().round_dp(DIGITS), book.equity().round_dp(DIGITS), book.available().round_dp(DIGITS));
    let (margin, profit) = (margin.round_dp(DIGITS), profit.round_dp(DIGITS));
    let order_margin = (equity - free - margin).max(Decimal::ZERO);
    let maintenance = (margin * MAINTENANCE).round_dp(DIGITS);
    let usdt = json!({
        "coin": "USDT", "equity": equity, "usdValue": equity, "walletBalance": wallet, "locked": "0", "spotHedgingQty": "0",
        "borrowAmount": "0", "accruedInterest": "0", "totalOrderIM": order_margin, "totalPositionIM": margin, "totalPositionMM": maintenance,
        "unrealisedPnl": profit, "cumRealisedPnl": "0", "bonus": "0", "marginCollateral": true, "collateralSwitch": true,
        "availableToWithdraw": "", "availableToBorrow": "", "spotBorrow": "0", "colRes": "0",
    });
    let usdc = json!({
        "coin": "USDC", "equity": "0", "usdValue": "0", "walletBalance": "0", "locked": "0", "borrowAmount": "0", "accruedInterest": "0",
        "totalOrderIM": "0", "totalPositionIM": "0", "totalPositionMM": "0", "unrealisedPnl": "0", "cumRealisedPnl": "0", "bonus": "0",
        "marginCollateral": true, "collateralSwitch": true, "availableToWithdraw": "", "availableToBorrow": "",
    });
    let wanted: Option<Vec<&str>> = ask.params.some("coin").map(|list| list.split(',').collect());
    let coins = [("USDC", usdc), ("USDT", usdt)].into_iter().filter(|(name, _)| wanted.as_ref().is_none_or(|list| list.contains(name)));
    let coins: Vec<Value> = coins.map(|(_, coin)| coin).collect();
    // With isolated margin there is no such thing as the account's margin.
    let whole = |amount: Decimal| if margin_mode(ask.floor) == MarginMode::Isolated { String::new() } else { amount.to_string() };
    let account = json!({
        "totalEquity": equity, "accountIMRate": whole(Decimal::ZERO), "totalMarginBalance": whole(equity),
        "totalInitialMargin": whole(margin + order_margin), "accountType": "UNIFIED", "totalAvailableBalance": whole(free),
        "accountMMRate": whole(Decimal::ZERO), "totalPerpUPL": profit, "totalWalletBalance": wallet, "accountLTV": "0",
        "totalMaintenanceMargin": whole(maintenance), "coin": coins,
    });
    Ok(json!({"list": [account]}).into())
}

fn sum(left: (Decimal, Decimal), right: (Decimal, Decimal)) -> (Decimal, Decimal) {
    (left.0 + right.0, left.1 + right.1)
}

/// `POST /v5/account/set-margin-mode`
pub fn set_margin_mode(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let mode = match ask.params.some("setMarginMode") {
        Some("ISOLATED_MARGIN") => MarginMode::Isolated,
        Some("REGULAR_MARGIN") => MarginMode::Cross,
        Some("PORTFOLIO_MARGIN") => return Err(Fail::not_simulated("PORTFOLIO_MARGIN")),
        _ => return Err(Fail::param("setMarginMode invalid")),
    };
    // What is said to whom it is so already, no source tells: a refusal is harder than a success.
    if margin_mode(ask.floor) == mode {
        return Err(fail::margin_mode("Margin mode is not modified"));
    }
    let symbols: Vec<Symbol> = ask.floor.book.markets().map(|(symbol, _)| symbol.clone()).collect();
    let book = &mut ask.floor.book;
    if symbols.iter().any(|symbol| book.is_used(symbol)) {
        return Err(fail::margin_mode("There are open positions or orders"));
    }
    for symbol in &symbols {
        book.set_margin_mode(symbol, mode).map_err(fail::order)?;
    }
    Ok(json!({"reasons": []}).into())
}

/// `POST /v5/position/switch-mode`: for a contract or for all of USDT, which is the same here.
pub fn switch_mode(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    match (ask.params.some("symbol"), ask.params.some("coin")) {
        (Some(_), _) => ask.symbol().map(|_| ())?,
        (None, Some("USDT")) => {}
        (None, _) => return Err(Fail::param("symbol or coin must be given")),
    }
    let hedge = match ask.params.some("mode") {
        Some("0") => false,
        Some("3") => true,
        _ => return Err(Fail::param("mode invalid")),
    };
    ask.floor.book.set_hedge(hedge).map_err(|denial| match denial {
        Denial::NoChange => Fail::new(110_025, "Position mode is not modified"),
        Denial::Blocked(Obstacle::Orders) => Fail::new(110_028, "You have existing open orders, so the position mode cannot be switched"),
        other => fail::order(other),
    })?;
    Ok(json!({}).into())
}

/// `POST /v5/position/set-leverage`
pub fn set_leverage(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let symbol = ask.symbol()?;
    let (buy, sell) = (ask.decimal("buyLeverage")?, ask.decimal("sellLeverage")?);
    let leverage = buy.filter(|_| buy == sell).ok_or_else(|| Fail::param("buy leverage not equal sell leverage"))?;
    let whole: u32 = leverage.normalize().to_string().parse().map_err(|_| Fail::not_simulated("a fraction of leverage"))?;
    if ask.floor.book.market(&symbol).is_some_and(|market| market.leverage == whole) {
        return Err(Fail::new(110_043, "Set leverage not modified"));
    }
    ask.floor.book.set_leverage(&symbol, whole).map_err(fail::order)?;
    Ok(json!({}).into())
}

/// `GET /v5/position/symbol-info`: the leverage without a position.
pub fn symbol_info(ask: &mut Ask<'_>) -> Result<Said, Fail> {
    let symbol = ask.symbol()?;
    let leverage = ask.floor.book.market(&symbol).ok_or_else(fail::symbol_invalid)?.leverage.to_string();
    let indexes: &[u8] = if ask.floor.book.is_hedge() { &[1, 2] } else { &[0] };
    let row = |index: &u8| json!({"symbol": symbol.as_str(), "leverage": leverage, "side": "", "positionIdx": index});
    Ok(json!({"category": "linear", "list": indexes.iter().map(row).collect::<Vec<Value>>()}).into())
}

/// Calls of accounts of former times.
pub fn retired(_: &mut Ask<'_>) -> Result<Said, Fail> {
    Err(Fail::new(100_028, "The API cannot be accessed by unified account users."))
}
