//! Contracts, counted in lots: their sizes, and the list that clients read.

use std::sync::Arc;

use perphook::exchange::paper::Market;
use perphook::market::{Decimal, Instrument, Millis, Symbol};

use super::super::contracts;
use super::super::floor::Floor;
use super::ask::{self, Ask};
use super::fail::Fail;
use super::json::{self, Row};

/// Digits and scale of a decimal.
type Num = (i64, u32);

/// Coins in a lot.
const SIZES: [(&str, Num); 20] = [
    ("BTC", (1, 3)),
    ("ETH", (1, 2)),
    ("SOL", (1, 1)),
    ("BNB", (1, 2)),
    ("XRP", (10, 0)),
    ("DOGE", (100, 0)),
    ("ADA", (10, 0)),
    ("AVAX", (1, 1)),
    ("LINK", (1, 1)),
    ("LTC", (1, 1)),
    ("DOT", (1, 0)),
    ("BCH", (1, 2)),
    ("TRX", (100, 0)),
    ("UNI", (1, 0)),
    ("ATOM", (1, 1)),
    ("NEAR", (1, 1)),
    ("SUI", (1, 0)),
    ("ASTER", (1, 0)),
    ("PEPE", (100_000, 0)),
    ("SHIB", (10_000, 0)),
];

/// Contracts that are listed and that nobody who trades against USDT here may take for one of his: name, type, base,
/// quote and settle currency, status.
const OTHERS: [[&str; 6]; 6] = [
    ["XBTUSDM", "FFWCSX", "XBT", "USD", "XBT", "Open"],
    ["XBTUSDCM", "FFWCSX", "XBT", "USDC", "USDC", "Open"],
    ["XBTMZ26", "FFICSX", "XBT", "USD", "XBT", "Open"],
    ["XBTUSDTMZ26", "FFICSX", "XBT", "USDT", "USDT", "Open"],
    ["LUNAUSDTM", "FFWCSX", "LUNA", "USDT", "USDT", "Paused"],
    ["SOONUSDTM", "FFWCSX", "SOON", "USDT", "USDT", "Init"],
];

/// How often funding is paid.
const FUNDING_MS: Millis = 8 * 3_600_000;
const EXPIRES_AT: Millis = 1_798_185_600_000;

/// At least so many contracts, named and sized as here.
pub fn instruments(wanted: usize) -> Vec<Instrument> {
    contracts::list(wanted).into_iter().map(renamed).collect()
}

fn renamed(one: Instrument) -> Instrument {
    // These coins are counted singly here, others by the thousand.
    let (base, factor) = match one.base.strip_prefix("1000") {
        Some(base) => (Arc::from(base), Decimal::ONE_THOUSAND),
        None => (Arc::clone(&one.base), Decimal::ONE),
    };
    let size =
        SIZES.iter().find(|(name, _)| *name == &*base).map_or(Decimal::new(1, 1), |(_, (digits, scale))| Decimal::new(*digits, *scale));
    let in_lots = |coins: Decimal| (coins * factor / size).floor() * size;
    Instrument {
        symbol: Symbol::new(&format!("{}USDTM", listed_base(&base))),
        tick: (one.tick / factor).max(Decimal::new(1, 10)),
        contract_size: size,
        lot_step: size,
        min_qty: size,
        max_qty: in_lots(one.max_qty),
        market_lot_step: size,
        // Whether there is such a limit no source confirms: having one is harder.
        market_max_qty: in_lots(one.market_max_qty),
        min_notional: Decimal::ZERO,
        base,
        ..one
    }
}

/// What KuCoin calls a coin.
fn listed_base(base: &str) -> &str {
    if base == "BTC" { "XBT" } else { base }
}

/// Whether a name is that of a contract that is listed but does not trade.
pub fn is_closed(name: &str) -> bool {
    OTHERS.iter().any(|[known, .., status]| *known == name && *status != "Open")
}

/// `GET /api/v1/contracts/active`: everything that is listed.
pub fn active(ask: &mut Ask<'_>) -> Result<String, Fail> {
    let (floor, now) = (&*ask.floor, ask.now);
    let listed = floor.book.instruments().iter().filter_map(|one| Some(row(floor, one, floor.book.market(&one.symbol)?, now)));
    Ok(json::list(&listed.chain(OTHERS.iter().map(stranger)).collect::<Vec<String>>()))
}

/// `GET /api/v1/contracts/{symbol}`
pub fn one(ask: &mut Ask<'_>) -> Result<String, Fail> {
    if let Some(other) = OTHERS.iter().find(|[name, ..]| *name == ask.tail) {
        return Ok(stranger(other));
    }
    let unknown = || Fail::with_status(404, 404_000, "The requested contract does not exist");
    let symbol = ask::symbol_named(ask.floor, ask.tail).map_err(|_| unknown())?;
    let floor = &*ask.floor;
    let instrument = floor.book.instrument(symbol.as_str()).map_err(|_| unknown())?;
    Ok(row(floor, instrument, floor.book.market(&symbol).ok_or_else(unknown)?, ask.now))
}

/// The row of a contract that can be traded.
fn row(floor: &Floor, one: &Instrument, market: &Market, now: Millis) -> String {
    let lots = |coins: Decimal| one.contracts(coins).unwrap_or_default().trunc().normalize();
    let knobs = floor.book.knobs();
    let (last, mark, band) = (market.last, market.mark, knobs.price_band);
    let on_tick = |price: Decimal| price - price.checked_rem(one.tick).unwrap_or_default();
    let base = listed_base(&one.base);
    let row = head(one.symbol.as_str(), "FFWCSX", base, "USDT", &one.settle, "Open").nulls(&["expireDate"]);
    // Newer rows say the coin's usual name, too.
    let row = if base == &*one.base { row } else { row.text("displayBaseCurrency", &one.base) };
    let row = row
        .json("maxOrderQty", lots(one.max_qty))
        .json("marketMaxOrderQty", lots(one.market_max_qty))
        .real("maxPrice", Decimal::from(1_000_000));
    let row = row.json("lotSize", 1).real("tickSize", one.tick).real("indexPriceTickSize", one.tick).real("multiplier", one.contract_size);
    let row = row.real("makerFeeRate", knobs.maker_fee).real("takerFeeRate", knobs.taker_fee).json("isInverse", false);
    let row = row.real("fundingFeeRate", Decimal::new(1, 4)).real("predictedFundingFeeRate", Decimal::new(1, 4));
    let row = row.json("fundingRateGranularity", FUNDING_MS).json("nextFundingRateTime", FUNDING_MS - floor.shown(now) % FUNDING_MS);
    let row =
        row.real("markPrice", mark).real("indexPrice", mark).real("lastTradePrice", last).real("lowPrice", last).real("highPrice", last);
    let row = row.json("maxLeverage", one.max_leverage).real("buyLimit", on_tick(mark * (Decimal::ONE + band)));
    row.real("sellLimit", on_tick(mark * (Decimal::ONE - band)) + one.tick).end()
}

/// The row of a contract that is no business of a client who trades against USDT.
fn stranger(&[name, kind, base, quote, settle, status]: &[&str; 6]) -> String {
    let is_inverse = settle == base;
    let row = head(name, kind, base, quote, settle, status).json("isInverse", is_inverse);
    let row = row.json("maxOrderQty", 1_000_000).real("maxPrice", Decimal::from(1_000_000)).json("lotSize", 1);
    let row = row.real("tickSize", Decimal::new(1, 1)).real("indexPriceTickSize", Decimal::new(1, 2));
    // Lots of inverse contracts are of one dollar, and say so with a minus sign.
    let row = row.real("multiplier", if is_inverse { Decimal::NEGATIVE_ONE } else { Decimal::new(1, 3) });
    let row = row.real("makerFeeRate", Decimal::new(2, 4)).real("takerFeeRate", Decimal::new(6, 4)).json("maxLeverage", 50);
    let row = row.real("markPrice", Decimal::from(50_000)).real("indexPrice", Decimal::from(50_000));
    let row =
        row.real("lastTradePrice", Decimal::from(50_000)).real("buyLimit", Decimal::from(52_500)).real("sellLimit", Decimal::from(47_500));
    if kind == "FFICSX" {
        row.json("expireDate", EXPIRES_AT).nulls(&["fundingFeeRate", "fundingRateGranularity", "nextFundingRateTime"]).end()
    } else {
        row.nulls(&["expireDate"]).json("fundingRateGranularity", FUNDING_MS).json("nextFundingRateTime", 25_481_884).end()
    }
}

fn head(name: &str, kind: &str, base: &str, quote: &str, settle: &str, status: &str) -> Row {
    let row = Row::new().text("symbol", name).text("rootSymbol", quote).text("type", kind).json("firstOpenDate", 1_585_555_200_000_u64);
    let row = row.text("baseCurrency", base).text("quoteCurrency", quote).text("settleCurrency", settle).text("status", status);
    let row = row.real("initialMargin", Decimal::new(1, 2)).real("maintainMargin", Decimal::new(5, 3));
    let row = row.json("maxRiskLimit", 100_000).json("minRiskLimit", 100_000).json("riskStep", 50_000);
    let row = row.real("takerFixFee", Decimal::ZERO).real("makerFixFee", Decimal::ZERO).nulls(&["settleDate", "settlementFee"]);
    // The marks of quanto contracts stand on linear ones, too.
    let row = row.json("isDeleverage", true).json("isQuanto", true).text("markMethod", "FairPrice").text("fairMethod", "FundingRate");
    let row = row.text("openInterest", 8_724_443).real("turnoverOf24h", Decimal::new(34_115_664_103, 2));
    let row =
        row.real("volumeOf24h", Decimal::new(7_483_354, 2)).real("priceChgPct", Decimal::new(46, 4)).real("priceChg", Decimal::new(91, 1));
    row.json("supportCross", true)
}
