//! Balance and positions, which are one answer, and what contracts are set to.

use perphook::exchange::paper::{Denial, Market};
use perphook::market::{Decimal, MarginMode, Side, Symbol};
use serde_json::{Value, json};

use super::super::json::join;
use super::ask::{Ask, done};
use super::fail::{self, Fail};
use super::rows::{nanos, real};

const USER: u64 = 940_666;
const ACCOUNT: u64 = 9_406_660_003;
const MAINTENANCE: &str = "0.01";

/// `GET /g-accounts/accountPositions`
pub fn positions(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    answer(ask, false)
}

/// `GET /g-accounts/positions`: the sizes have another name there.
pub fn positions_with_profit(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    answer(ask, true)
}

fn answer(ask: &Ask<'_>, with_profit: bool) -> Result<Value, Fail> {
    ask.check_currency()?;
    let only = ask.any_symbol()?;
    let book = &ask.floor.book;
    let mut rows = Vec::new();
    for (symbol, market) in book.markets().filter(|(symbol, _)| only.as_ref().is_none_or(|only| only == *symbol)) {
        if !ask.desk.is_touched(symbol) {
            continue;
        }
        let is_short = !ask.floor.seen(symbol, Side::Short, ask.now).0.is_zero();
        let merged = if is_short { Side::Short } else { Side::Long };
        let shown = if book.is_hedge_on(symbol) { vec![(Side::Long, "Long"), (Side::Short, "Short")] } else { vec![(merged, "Merged")] };
        rows.extend(shown.into_iter().map(|(side, name)| row(ask, symbol, market, (side, name), with_profit)));
    }
    let used = book.equity() - book.available();
    let account = json!({
        "userID": USER, "accountId": ACCOUNT, "currency": "USDT", "accountBalanceRv": real(book.balance()),
        "totalUsedBalanceRv": real(used), "bonusBalanceRv": "0", "status": 0,
    });
    Ok(done(&json!({"account": account, "positions": rows})))
}

/// One side of a contract, or what is held of it in one-way mode.
fn row(ask: &Ask<'_>, symbol: &Symbol, market: &Market, (side, name): (Side, &str), with_profit: bool) -> Value {
    let floor = &*ask.floor;
    let (qty, entry) = floor.seen(symbol, side, ask.now);
    let (value, entry) = (qty * entry, if qty.is_zero() { Decimal::ZERO } else { entry });
    let margin = real(market.margin_of(value));
    let is_cross = market.margin_mode == MarginMode::Cross;
    let direction = match (qty.is_zero(), side) {
        (true, _) => "None",
        (false, Side::Long) => "Buy",
        (false, Side::Short) => "Sell",
    };
    let changed = floor.changed_at(symbol, side, ask.now);
    let mine = || floor.book.trades().iter().filter(|trade| trade.symbol == *symbol && trade.side == side);
    let closed: Decimal = mine().map(|trade| trade.realised).sum();
    let fees: Decimal = mine().map(|trade| trade.fee).sum();
    let head = json!({
        "userID": USER, "accountID": ACCOUNT, "symbol": symbol.as_str(), "currency": "USDT", "side": direction,
        "positionStatus": "Normal", "crossMargin": is_cross, "leverageRr": ask.desk.leverage(floor, symbol),
        "initMarginReqRr": real(market.margin_of(Decimal::ONE)), "maintMarginReqRr": MAINTENANCE, "riskLimitRv": "2000000",
        "valueRv": real(value), "avgEntryPriceRp": real(entry), "avgEntryPrice": real(entry), "posCostRv": margin,
        "assignedPosBalanceRv": margin, "bankruptCommRv": "0", "bankruptPriceRp": "0", "positionMarginRv": margin,
        "liquidationPriceRp": real(market.liquidation_price(side)), "posSide": name,
        "posMode": if name == "Merged" { "OneWay" } else { "Hedged" },
    });
    let rest = json!({
        "deleveragePercentileRr": "0", "buyValueToCostRr": "0.10114", "sellValueToCostRr": "0.10126", "markPriceRp": real(market.mark),
        "estimatedOrdLossRv": "0", "usedBalanceRv": margin, "cumClosedPnlRv": real(closed), "cumFundingFeeRv": "0",
        "cumTransactFeeRv": real(fees), "transactTimeNs": changed * 1_000_000, "takerFeeRateRr": "0.0005", "makerFeeRateRr": "0.0002",
        "term": 1, "lastTermEndTimeNs": 0, "lastFundingTimeNs": nanos(floor, ask.now), "curTermRealisedPnlRv": real(closed - fees),
        "execSeq": 7_928_183_401_u64 + floor.book.trades().len() as u64, "buyLeavesValueRv": "0", "sellLeavesValueRv": "0",
    });
    let profit = (market.mark - entry) * if side == Side::Long { qty } else { -qty };
    let size = if with_profit { json!({"sizeRq": real(qty), "unRealisedPnlRv": real(profit)}) } else { json!({"size": real(qty)}) };
    join(join(head, rest), size)
}

/// `PUT /g-positions/leverage`: the sign is the margin mode, zero is cross with the most there is. Setting what is set
/// already is a success.
pub fn set_leverage(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let both = (ask.decimal("longLeverageRr")?, ask.decimal("shortLeverageRr")?);
    let wish = match (ask.floor.book.is_hedge_on(&symbol), ask.decimal("leverageRr")?, both) {
        (_, None, (None, None)) => return Err(fail::missing("leverageRr")),
        (false, Some(one), _) => one,
        (true, _, (Some(long), Some(short))) if is_cross(long) != is_cross(short) => return Err(invalid_pair()),
        (true, _, (Some(long), Some(short))) if long != short => return Err(Fail::not_simulated("another leverage for each side")),
        (true, _, (Some(long), Some(_))) => long,
        (true, None, _) => return Err(invalid_pair()),
        (true, Some(_), _) | (false, None, _) => return Err(fail::wrong_mode()),
    };
    apply(ask, &symbol, wish)?;
    ask.desk.touch(&symbol);
    Ok(done(&json!("OK")))
}

/// Margin mode and leverage together, or neither.
fn apply(ask: &mut Ask<'_>, symbol: &Symbol, wish: Decimal) -> Result<(), Fail> {
    let max = ask.floor.book.instrument(symbol.as_str()).map_err(fail::order)?.max_leverage;
    let times = if wish.is_zero() { Decimal::from(max) } else { wish.abs() };
    if times < Decimal::ONE || times > Decimal::from(max) {
        return Err(fail::leverage());
    }
    let whole: u32 = times.normalize().to_string().parse().map_err(|_| Fail::not_simulated("a fraction of leverage"))?;
    let mode = if is_cross(wish) { MarginMode::Cross } else { MarginMode::Isolated };
    let before = ask.floor.book.market(symbol).map(|market| market.margin_mode).ok_or_else(|| fail::order(Denial::NoPrice))?;
    if mode != before {
        ask.floor.book.set_margin_mode(symbol, mode).map_err(fail::order)?;
    }
    if let Err(denial) = ask.floor.book.set_leverage(symbol, whole) {
        // It was the other one a moment ago, so it can be so again.
        let _ = ask.floor.book.set_margin_mode(symbol, before);
        return Err(fail::order(denial));
    }
    if wish.is_zero() {
        ask.desk.at_most.insert(symbol.clone())
    } else {
        ask.desk.at_most.remove(symbol)
    };
    Ok(())
}

fn is_cross(leverage: Decimal) -> bool {
    leverage <= Decimal::ZERO
}

/// Both sides must be of one margin mode, and both must be said.
fn invalid_pair() -> Fail {
    Fail::new(39108, "invalid leverages")
}

/// `PUT /g-positions/switch-pos-mode-sync`: of one contract. No code is known for one that is so already; it is a success.
/// Nor is one known for what stands in the way.
pub fn switch_mode(ask: &mut Ask<'_>) -> Result<Value, Fail> {
    let symbol = ask.symbol()?;
    let hedge = match ask.needed("targetPosMode")? {
        "OneWay" => false,
        "Hedged" => true,
        _ => return Err(fail::arguments()),
    };
    match ask.floor.book.set_hedge_on(&symbol, hedge) {
        Ok(()) | Err(Denial::NoChange) => {}
        Err(Denial::Blocked(_)) => return Err(fail::wrong_mode()),
        Err(other) => return Err(fail::order(other)),
    }
    ask.desk.touch(&symbol);
    Ok(done(&json!("ok")))
}
