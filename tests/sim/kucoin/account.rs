//! Balance, and what is held.

use perphook::exchange::paper::{Denial, Market, Trade};
use perphook::market::{Decimal, MarginMode, Millis, Side, Symbol};

use super::super::floor::Floor;
use super::ask::Ask;
use super::fail::{self, Fail};
use super::json::{self, Row};
use super::rows;

/// Who asks for nothing in particular is told of this.
const FIRST_CURRENCY: &str = "XBT";
const MAINTENANCE: Decimal = Decimal::from_parts(5, 0, 0, false, 3);

/// `GET /api/ua/v1/account/mode`: what an answer looks like is unconfirmed.
pub fn mode(_: &mut Ask<'_>) -> Result<String, Fail> {
    Ok(Row::new().text("selfAccountMode", "CLASSIC").end())
}

/// `GET /api/v1/account-overview`
pub fn overview(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let currency = ask.params.some("currency").unwrap_or(FIRST_CURRENCY);
    let book = &ask.floor.book;
    let is_ours = currency == "USDT";
    let own = |amount: Decimal| if is_ours { amount } else { Decimal::ZERO };
    let sum = |left: (Decimal, Decimal), right: (Decimal, Decimal)| (left.0 + right.0, left.1 + right.1);
    let (margin, profit) = book.markets().map(|(_, market)| market.position_margin()).fold((Decimal::ZERO, Decimal::ZERO), sum);
    let (equity, free) = (book.equity(), book.available());
    let orders = (equity - free - margin).max(Decimal::ZERO);
    let row = Row::new().real("accountEquity", own(equity)).real("unrealisedPNL", own(profit)).real("marginBalance", own(book.balance()));
    let row = row.real("positionMargin", own(margin)).real("orderMargin", own(orders)).real("frozenFunds", Decimal::ZERO);
    let row = row.real("availableBalance", own(free)).text("currency", currency);
    let risk = (margin * MAINTENANCE).checked_div(equity).unwrap_or_default();
    Ok(row.real("riskRatio", own(risk)).real("maxWithdrawAmount", own(free.min(book.balance()))).end())
}

/// `GET /api/v1/positions`: everything that is held.
pub fn positions(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let is_ours = ask.params.some("currency").is_none_or(|currency| currency == "USDT");
    let floor = &*ask.floor;
    let seen = floor.book.markets().filter(|_| is_ours).flat_map(|(symbol, market)| Seen::both(floor, symbol, market, ask.now));
    Ok(json::list(&seen.filter(|seen| !seen.qty.is_zero()).map(|seen| seen.row(floor, ask.now)).collect::<Vec<String>>()))
}

/// `GET /api/v2/position`: a list, also of what is flat (both unconfirmed).
pub fn position(ask: &mut Ask<'_>) -> Result<String, Fail> {
    Ok(json::list(&of_one(ask)?))
}

/// `GET /api/v1/position`: of former times. In hedge mode it says that all is well, and tells nothing (unconfirmed).
pub fn old_position(ask: &mut Ask<'_>) -> Result<String, Fail> {
    if ask.floor.book.is_hedge() {
        return Err(Fail::new(200_000, "Position does not exist"));
    }
    Ok(of_one(ask)?.concat())
}

fn of_one(ask: &Ask<'_>) -> Result<Vec<String>, Fail> {
    let symbol = ask.symbol()?;
    let market = ask.floor.book.market(&symbol).ok_or_else(|| fail::engine(Denial::NoPrice))?;
    let mut seen = Seen::both(ask.floor, &symbol, market, ask.now);
    if !ask.floor.book.is_hedge() {
        // Long, unless short is held.
        seen.sort_by_key(|seen| seen.qty.is_zero());
        seen.truncate(1);
    }
    Ok(seen.iter().map(|seen| seen.row(ask.floor, ask.now)).collect())
}

/// What a read of positions sees of one side.
struct Seen<'a> {
    symbol: &'a Symbol,
    market: &'a Market,
    side: Side,
    qty: Decimal,
    entry: Decimal,
}

impl<'a> Seen<'a> {
    fn both(floor: &Floor, symbol: &'a Symbol, market: &'a Market, now: Millis) -> Vec<Seen<'a>> {
        let seen = |side: Side| {
            let (qty, entry) = floor.seen(symbol, side, now);
            Seen { symbol, market, side, qty, entry }
        };
        vec![seen(Side::Long), seen(Side::Short)]
    }

    /// A short's quantity, cost and value are negative, in hedge mode too (unconfirmed there).
    fn signed(&self, amount: Decimal) -> Decimal {
        if self.side == Side::Long { amount } else { -amount }
    }

    fn row(&self, floor: &Floor, now: Millis) -> String {
        let (market, is_open) = (self.market, !self.qty.is_zero());
        let (cost, value) = (self.qty * self.entry, self.qty * market.mark);
        let (margin, profit) = (market.margin_of(cost), self.signed(value - cost));
        let share = |of: Decimal| profit.checked_div(of).unwrap_or_default().round_dp(4);
        let is_hedge = floor.book.is_hedge();
        let since = market.held(self.side).since;
        let id = 500_000_000_000_000_000 + self.symbol.as_str().bytes().fold(0, |sum, byte| (sum * 31 + u64::from(byte)) % 1_000_000_000);
        let row = Row::new().text("id", id * 2 + u64::from(is_hedge && self.side == Side::Short)).text("symbol", self.symbol);
        let row = row.json("crossMode", market.margin_mode == MarginMode::Cross).real("delevPercentage", Decimal::new(18, 2));
        let row = row.json_if("openingTimestamp", is_open.then(|| floor.shown(since))).json("currentTimestamp", floor.shown(now));
        let row = row.json("currentQty", rows::lots(floor, self.symbol, self.signed(self.qty))).json("isOpen", is_open);
        let row = row.real("currentCost", self.signed(cost)).real("unrealisedCost", self.signed(cost)).real("markPrice", market.mark);
        let row = row.real("markValue", self.signed(value)).real("posCost", self.signed(cost)).real("posInit", margin);
        let row = self.realised(floor, since, row).real("posMargin", margin).real("unrealisedPnl", profit);
        let row = row.real("unrealisedPnlPcnt", share(cost)).real("unrealisedRoePcnt", share(margin)).real("avgEntryPrice", self.entry);
        let limit = market.liquidation_price(self.side);
        let row = row.real("liquidationPrice", limit).real("bankruptPrice", limit).text("settleCurrency", "USDT").json("isInverse", false);
        let row =
            row.text("marginMode", rows::mode(market.margin_mode)).text("positionSide", json::position_side(is_hedge.then_some(self.side)));
        match market.margin_mode {
            MarginMode::Cross => row.real("leverage", Decimal::from(if is_open { market.leverage } else { 0 })).end(),
            // It drifts with the profit, and says nothing about what was set.
            MarginMode::Isolated => {
                let real = value.checked_div(margin + profit).unwrap_or_default().round_dp(2);
                row.real("realLeverage", real).real("maintMarginReq", MAINTENANCE).json("autoDeposit", false).end()
            }
        }
    }

    /// What the position has earned and cost since it was opened.
    fn realised(&self, floor: &Floor, since: Millis, row: Row) -> Row {
        let is_mine = |trade: &&Trade| trade.symbol == *self.symbol && trade.side == self.side && trade.at >= since;
        let mine = || floor.book.trades().iter().filter(is_mine).filter(|_| !self.qty.is_zero());
        let (fees, gross): (Decimal, Decimal) = (mine().map(|trade| trade.fee).sum(), mine().map(|trade| trade.realised).sum());
        let row = row.real("currentComm", fees).real("realisedGrossCost", -gross).real("realisedCost", fees - gross);
        row.real("realisedGrossPnl", gross).real("realisedPnl", gross - fees)
    }
}
