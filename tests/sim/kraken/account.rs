//! Wallets, positions, and the one setting there is: a contract's leverage, which is its margin mode, too.

use perphook::exchange::paper::{Denial, Obstacle};
use perphook::market::{Decimal, Side, Symbol};
use serde_json::{Value, json};

use super::super::clock;
use super::super::json::join;
use super::ask::Ask;
use super::fail::Fail;
use super::info;
use super::rows::number;

/// `GET /accounts`. The wallet is in dollars; what opens orders and what has been earned stands beside it.
pub fn accounts(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let book = &ask.floor.book;
    let (margin, profit) = book
        .markets()
        .map(|(_, market)| market.position_margin())
        .fold((Decimal::ZERO, Decimal::ZERO), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let (wallet, equity, free) = (number(book.balance()), number(book.equity()), number(book.available()));
    let with_orders = number(book.equity() - book.available());
    let flex = json!({"currencies": {"USD": {"quantity": wallet, "value": wallet, "collateral": wallet, "available": free}},
        "initialMargin": number(margin), "initialMarginWithOrders": with_orders, "maintenanceMargin": number(margin / Decimal::TWO),
        "balanceValue": wallet, "portfolioValue": equity, "collateralValue": wallet, "pnl": number(profit), "unrealizedFunding": 0.0,
        "totalUnrealized": number(profit), "totalUnrealizedAsMargin": number(profit), "availableMargin": free, "marginEquity": equity,
        "type": "multiCollateralMarginAccount"});
    // What lies here is no margin.
    let cash = json!({"balances": {"usd": "25.0", "xbt": "0.0", "usdt": "0.0"}, "type": "cashAccount"});
    Ok(json!({"accounts": {"cash": cash, "flex": flex}}))
}

/// `GET /openpositions`: one of each contract, never two sides. Profit only newer replies tell; these do not.
pub fn positions(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbols: Vec<Symbol> = ask.floor.book.markets().map(|(symbol, _)| symbol.clone()).collect();
    let mut list = Vec::new();
    for (symbol, side) in symbols.iter().flat_map(|symbol| [(symbol, Side::Long), (symbol, Side::Short)]) {
        let (qty, entry) = ask.floor.seen(symbol, side, ask.now);
        if qty.is_zero() {
            continue;
        }
        let row = json!({"side": if side == Side::Long { "long" } else { "short" }, "symbol": symbol.as_str(), "price": number(entry),
            "fillTime": clock::text(ask.floor.changed_at(symbol, side, ask.now)), "size": number(qty), "unrealizedFunding": 0.0,
            "pnlCurrency": "USD"});
        let leverage = ask.desk.preferences.get(symbol).map(|leverage| json!({"maxFixedLeverage": f64::from(*leverage)}));
        list.push(join(row, leverage.unwrap_or_else(|| json!({}))));
    }
    Ok(json!({"openPositions": list}))
}

/// `GET /leveragepreferences`: a contract that is not there is on cross margin.
pub fn preferences(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let only = ask.params.some("symbol");
    let meant = ask.desk.preferences.iter().filter(|(symbol, _)| only.is_none_or(|only| symbol.as_str() == only));
    let list = meant.map(|(symbol, leverage)| json!({"symbol": symbol.as_str(), "maxLeverage": f64::from(*leverage)}));
    Ok(json!({"leveragePreferences": list.collect::<Vec<Value>>()}))
}

/// `PUT /leveragepreferences`: with a leverage the contract is on isolated margin from now on, without one on cross margin.
/// That what is set already may be set again is unconfirmed.
pub fn set_preference(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let name = ask.text("symbol")?;
    let Ok(one) = ask.floor.book.instrument(name) else {
        return Err(if info::is_other(name) && !name.starts_with("PF_") {
            Fail::coded(500, 88, "CONTRACT_NOT_FLEXIBLE_FUTURES")
        } else {
            Fail::coded(500, 87, "CONTRACT_DOES_NOT_EXIST")
        });
    };
    let (symbol, highest) = (one.symbol.clone(), one.max_leverage);
    let wanted = match ask.params.some("maxLeverage") {
        None => None,
        Some(_) => Some(leverage(ask).filter(|leverage| (1..=highest).contains(leverage)).ok_or_else(|| {
            // How too high a leverage is refused no source says.
            Fail::coded(400, 11, "invalidArgument: maxLeverage")
        })?),
    };
    ask.floor.book.set_leverage(&symbol, wanted.unwrap_or(highest)).map_err(|denial| match denial {
        Denial::Blocked(Obstacle::Margin) => Fail::coded(500, 92, "INSUFFICIENT_MARGIN"),
        _ => Fail::coded(500, 41, "WOULD_CAUSE_LIQUIDATION"),
    })?;
    match wanted {
        Some(leverage) => ask.desk.preferences.insert(symbol, leverage),
        None => ask.desk.preferences.remove(&symbol),
    };
    Ok(json!({}))
}

/// A whole number, with or without decimals. The real one takes fractions, too.
fn leverage(ask: &Ask<'_>) -> Option<u32> {
    let wanted = ask.params.decimal("maxLeverage")?.normalize();
    if wanted.scale() == 0 { u32::try_from(wanted.mantissa()).ok() } else { None }
}
