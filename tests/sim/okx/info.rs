//! Contracts, counted in contracts: their sizes, and the list that clients read.

use std::sync::Arc;

use perphook::market::{Decimal, Instrument, Symbol};

use super::super::contracts;
use super::json::{self, Row};

/// Coins in a contract, as `ctVal` and `ctMult`, and the lot in contracts. Real contracts have a multiplier of 1; NEAR's
/// is another, because a size is the product of both.
type Size = (&'static str, Num, i64, Num);
/// Digits and scale of a decimal.
type Num = (i64, u32);

const SIZES: [Size; 20] = [
    ("BTC", (1, 2), 1, (1, 2)),
    ("ETH", (1, 1), 1, (1, 2)),
    ("SOL", (1, 0), 1, (1, 2)),
    ("BNB", (1, 2), 1, (1, 0)),
    ("XRP", (100, 0), 1, (1, 2)),
    ("DOGE", (1000, 0), 1, (1, 2)),
    ("ADA", (100, 0), 1, (1, 1)),
    ("AVAX", (1, 0), 1, (1, 0)),
    ("LINK", (1, 0), 1, (1, 1)),
    ("LTC", (1, 0), 1, (1, 1)),
    ("DOT", (1, 0), 1, (1, 0)),
    ("BCH", (1, 1), 1, (1, 1)),
    ("TRX", (1000, 0), 1, (1, 2)),
    ("UNI", (1, 0), 1, (1, 0)),
    ("ATOM", (1, 0), 1, (1, 0)),
    ("NEAR", (1, 0), 10, (1, 1)),
    ("SUI", (1, 0), 1, (1, 0)),
    ("ASTER", (1, 0), 1, (1, 0)),
    ("PEPE", (10_000_000, 0), 1, (1, 1)),
    ("SHIB", (1_000_000, 0), 1, (1, 1)),
];

/// Contracts that are listed and that nobody who trades against USDT here may take for one of his: name, settle coin,
/// kind, coin or currency of the size, state.
const OTHERS: [(&str, &str, &str, &str, &str); 5] = [
    ("BTC-USD-SWAP", "BTC", "inverse", "USD", "live"),
    ("BTC-USDC-SWAP", "USDC", "linear", "BTC", "live"),
    ("BTC-USD_UM-SWAP", "USD", "linear", "BTC", "live"),
    ("LUNA-USDT-SWAP", "USDT", "linear", "LUNA", "suspend"),
    ("SOON-USDT-SWAP", "USDT", "linear", "SOON", "preopen"),
];

/// At least so many contracts, named and sized as here.
pub fn instruments(wanted: usize) -> Vec<Instrument> {
    contracts::list(wanted).into_iter().map(renamed).collect()
}

fn renamed(one: Instrument) -> Instrument {
    // No contract counts in thousands of coins here: the price is that of a single one.
    let (base, factor) = match one.base.strip_prefix("1000") {
        Some(base) => (Arc::from(base), Decimal::ONE_THOUSAND),
        None => (Arc::clone(&one.base), Decimal::ONE),
    };
    let (value, multiplier, lot) = size_of(&base);
    let size = value * multiplier;
    let (step, in_lots) = (lot * size, |coins: Decimal| (coins * factor / (lot * size)).floor() * lot * size);
    Instrument {
        symbol: Symbol::new(&format!("{base}-USDT-SWAP")),
        tick: (one.tick / factor).max(Decimal::new(1, 9)),
        contract_size: size,
        lot_step: step,
        min_qty: step,
        max_qty: in_lots(one.max_qty),
        market_lot_step: step,
        market_max_qty: in_lots(one.market_max_qty),
        min_notional: Decimal::ZERO,
        max_leverage: one.max_leverage.min(100),
        base,
        ..one
    }
}

/// `ctVal`, `ctMult` and the lot of a coin; made-up coins have one each.
fn size_of(base: &str) -> (Decimal, Decimal, Decimal) {
    let known = SIZES.iter().find(|(name, ..)| *name == base);
    let &(_, (value, scale), multiplier, (lot, lot_scale)) = known.unwrap_or(&("", (1, 0), 1, (1, 1)));
    (Decimal::new(value, scale), Decimal::from(multiplier), Decimal::new(lot, lot_scale))
}

/// The row of a contract that can be traded.
pub fn row(one: &Instrument) -> String {
    let (value, multiplier, _) = size_of(&one.base);
    let sz = |coins: Decimal| json::contracts(Some(one), coins);
    let family = format!("{}-USDT", one.base);
    let row = head(one.symbol.as_str(), &family, &one.settle, "linear", &one.base, "live").decimal("ctVal", value);
    let row = row.decimal("ctMult", multiplier).text("lever", one.max_leverage).decimal("tickSz", one.tick);
    let row = row.decimal("lotSz", sz(one.lot_step)).decimal("minSz", sz(one.min_qty)).decimal("maxLmtSz", sz(one.max_qty));
    let row = row.decimal("maxMktSz", sz(one.market_max_qty)).decimal("maxStopSz", sz(one.market_max_qty));
    row.decimal("maxTriggerSz", sz(one.max_qty)).decimal("maxIcebergSz", sz(one.max_qty)).decimal("maxTwapSz", sz(one.max_qty)).end()
}

/// The rows of contracts that are no business of a client who trades against USDT.
pub fn others() -> Vec<String> {
    let row = |&(name, settle, kind, unit, state): &(&str, &str, &str, &str, &str)| {
        let row = head(name, name.trim_end_matches("-SWAP"), settle, kind, unit, state);
        let row = row.text("ctVal", if kind == "inverse" { "100" } else { "0.0001" }).text("ctMult", "1").text("lever", "50");
        let row = row.text("tickSz", "0.1").text("lotSz", "1").text("minSz", "1").text("maxLmtSz", "1000000");
        let row = row.text("maxMktSz", "10000").text("maxStopSz", "10000").text("maxTriggerSz", "1000000");
        row.text("maxIcebergSz", "1000000").text("maxTwapSz", "1000000").end()
    };
    OTHERS.iter().map(row).collect()
}

/// Whether a name is that of a contract that is listed but closed.
pub fn is_closed(name: &str) -> bool {
    OTHERS.iter().any(|(known, .., state)| *known == name && *state != "live")
}

fn head(name: &str, family: &str, settle: &str, kind: &str, unit: &str, state: &str) -> Row {
    let row = Row::new().text("instType", "SWAP").text("instId", name).text("instFamily", family).text("uly", family);
    let row = row.text("settleCcy", settle).text("ctType", kind).text("ctValCcy", unit).text("state", state);
    let row = row.text("category", "1").text("groupId", "2").text("instCategory", "1").text("ruleType", "normal");
    let row = row.text("listTime", 1_606_468_572_000_u64).text("maxLmtAmt", 20_000_000).json("instIdCode", "10459");
    let row = row.json("futureSettlement", "false").json("tradeQuoteCcyList", "[]").json("upcChg", "[]");
    row.blanks(&[
        "alias",
        "auctionEndTime",
        "baseCcy",
        "contTdSwTime",
        "expTime",
        "maxMktAmt",
        "openType",
        "optType",
        "preMktSwTime",
        "quoteCcy",
        "stk",
    ])
}
