//! Every recorded alert of whook means here what it meant there, or is one of the differences that are named below.
#![allow(clippy::indexing_slicing, clippy::expect_used, reason = "helpers of tests may fail loudly")]

use std::collections::{BTreeMap, BTreeSet};

use perphook::alert::text::{Roster, parse};
use perphook::alert::{Cancel, Command, Leverage, Order, Signal, Unit, Verb};
use perphook::market::{Decimal, Instrument, Instruments, Symbol};
use serde::Deserialize;
use serde_json::Value;

/// Name and reason of a difference, and its alerts with the words that are expected of each.
type Difference = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Alerts that are refused on purpose, with words of the refusal.
const REFUSED: [Difference; 11] = [
    (
        "nan, infinity and other scripts' digits",
        "they stopped the order thread, or made a market order of a limit order",
        &[
            ("bin1 ETHUSDT buy nan", "nan and infinity"),
            ("bin1 ETHUSDT pos NaN", "nan and infinity"),
            ("bin1 ETHUSDT buy 1 limit:ab:nan", "nan and infinity"),
            ("bin1 ETHUSDT buy 1e400", "more digits"),
            ("bin1 ETHUSDT buy ٣", "digits 0 to 9"),
        ],
    ),
    (
        "a second size",
        "the last number won, with the unit of another one",
        &[
            ("bin1 ETHUSDT buy 300$ 5", "a second size"),
            ("bin1 ETHUSDT buy 5 50%", "a second size"),
            ("bin1 ETHUSDT buy 50% 5", "a second size"),
            ("bin1 ETHUSDT buy 5@ 300$", "a second size"),
            ("bin1 ETHUSDT buy 300$ 5@", "a second size"),
        ],
    ),
    (
        "a contradicting unit",
        "one of the two words was passed over",
        &[
            ("bin1 ETHUSDT buy 5@ force_basecurrency", "contradicts the unit"),
            ("bin1 ETHUSDT buy 1 nominal collateral", "a second nominal"),
            ("bin1 ETHUSDT changeleverage 5%", "a leverage has no unit"),
        ],
    ),
    (
        "a leverage that is no whole number above zero",
        "it was cut, or meant none at all",
        &[
            ("bin1 ETHUSDT buy 1$ x", "the number is missing"),
            ("bin1 ETHUSDT buy 1$ x2.9", "not 2.9"),
            ("bin1 ETHUSDT buy 1$ x0.5", "not 0.5"),
            ("bin1 ETHUSDT changeleverage -5", "not -5"),
            ("bin1 ETHUSDT changeleverage 2.9", "not 2.9"),
        ],
    ),
    (
        "a second leverage",
        "the last one won",
        &[("bin1 ETHUSDT buy 1$ x3 x5", "a second leverage"), ("bin1 ETHUSDT buy 1$ x3 5x", "a second leverage")],
    ),
    (
        "a second command",
        "the last one won",
        &[
            ("bin1 ETHUSDT sell buy 1 x3", "a second command"),
            ("bin1 ETHUSDT buy close 1 x3", "a second command"),
            ("bin1 ETHUSDT pos buy 1 x3", "a second command"),
            ("bin1 ETHUSDT buy position 1 x3", "a second command"),
            ("bin1 ETHUSDT cancel:ab buy 1", "a second command"),
            ("bin1 ETHUSDT buy 1 cancel:ab", "a second command"),
        ],
    ),
    (
        "a second account",
        "the last one won, and a lone CR separates no lines",
        &[
            ("bin1 bin2 ETHUSDT buy 1", "a second account"),
            ("bin1 ETHUSDT buy 1; bin2 ETHUSDT sell 2", "a second account"),
            ("bin1 ETHUSDT buy 1\rbin2 ETHUSDT sell 2", "a second account"),
        ],
    ),
    (
        "an account that is called like a contract, behind the symbol",
        "its name was taken for the symbol as well",
        &[("BTCUSDT ethusdt buy 1", "a second symbol, or the account?")],
    ),
    (
        "unknown words",
        "they were passed over, and one that ends in x took the leverage with it",
        &[
            ("bin1 ETHUSDT buy 1$ leverage=3", "unknown: `leverage=3`"),
            ("bin1 ETHUSDT buy 1$ x3 max", "unknown: `max`"),
            ("bin1 ETHUSDT buy 1 x3 AVAX", "unknown: `AVAX`"),
            ("bin1 ETHUSDT buy 300$ x3 hello world", "unknown: `hello`, `world`"),
            ("bin1 ETHUSDT buy 1 limitless:ab:3000", "unknown: `limitless:…`"),
        ],
    ),
    (
        "a close of something that is no percentage",
        "it closed everything, or failed when there was a position",
        &[("bin1 ETHUSDT close 50$", "is a percentage"), ("bin1 ETHUSDT close %", "the number is missing")],
    ),
    (
        "a comment mark inside an order",
        "the words behind it were carried out",
        &[
            (" // bin1 ETHUSDT buy 1", "a comment is a line of its own"),
            ("bin1 ETHUSDT buy 1 // bin2 ETHUSDT sell 9", "a comment is a line of its own"),
        ],
    ),
];

/// Alerts that are read although whook refused them, with what is read.
const READ: [Difference; 4] = [
    (
        "native names that end with the settle coin",
        "the ending was replaced before the name was looked for",
        &[("krak1 PF_XBTUSD buy 1@", "krak1 PF_XBTUSD buy 1@")],
    ),
    (
        "names of orders that the exchange judges",
        "the language knows no exchanges; the adapter refuses what its exchange does not take",
        &[("cox1 ETHUSDT buy 1 limit:abc:3000", "cox1 ETHUSDT buy 1 limit:abc:3000")],
    ),
    ("names of orders that end in x", "the word was taken for a leverage", &[("bin1 ETHUSDT cancel:alex", "bin1 ETHUSDT cancel:alex")]),
    ("a byte order mark", "it stuck to the first word", &[("\u{feff}bin1 ETHUSDT buy 1", "bin1 ETHUSDT buy 1")]),
];

#[derive(Deserialize)]
struct Context {
    default_accounts: Vec<String>,
    accounts: BTreeMap<String, Account>,
}

#[derive(Deserialize)]
struct Account {
    settle: String,
    /// Native name to `BASE/QUOTE:SETTLE`, with `-DATE` behind it for a dated future.
    markets: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Vector {
    alert: String,
    parsed: Vec<Parsed>,
    rejected: Option<String>,
    note: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Parsed {
    line: usize,
    account: String,
    symbol: String,
    command: String,
    quantity: Value,
    leverage: i64,
    #[serde(rename = "isUSDT")]
    is_usdt: bool,
    is_base_currency: bool,
    is_percentage: bool,
    nominal: bool,
    reduce: bool,
    price_limit: Value,
    #[serde(rename = "customID")]
    custom_id: Option<String>,
}

/// What one line asks, in terms of both programs. What has no effect on the order is left out.
#[derive(Debug, Default, PartialEq)]
struct Meaning {
    line: usize,
    account: String,
    /// As `BASE/SETTLE:SETTLE`.
    symbol: String,
    command: String,
    size: Option<(String, Unit)>,
    nominal: Option<bool>,
    leverage: Option<i64>,
    reduce: bool,
    limit: Option<String>,
    id: Option<String>,
}

/// A number in one spelling, whether it was written as 300, 300.0 or 3e2; what is no number stays as it is.
fn plain(number: &Value) -> String {
    let text = number.as_str().map_or_else(|| number.to_string(), str::to_owned);
    let decimal = text.parse::<Decimal>().or_else(|_| Decimal::from_scientific(&text));
    decimal.map_or(text, |decimal| decimal.normalize().to_string())
}

fn spelled(decimal: Decimal) -> String {
    plain(&Value::String(decimal.to_string()))
}

/// What whook understood: its units in their order of precedence, its clamping and its closing by `position 0`.
fn theirs(parsed: &Parsed) -> Meaning {
    let mut meaning = Meaning {
        line: parsed.line,
        account: parsed.account.clone(),
        symbol: parsed.symbol.clone(),
        command: parsed.command.clone(),
        ..Meaning::default()
    };
    let unit = match (parsed.is_percentage, parsed.is_usdt, parsed.is_base_currency) {
        (true, ..) => Unit::Percent,
        (_, true, _) => Unit::Money,
        (.., true) => Unit::Coins,
        _ => Unit::Contracts,
    };
    let quantity = plain(&parsed.quantity);
    match parsed.command.as_str() {
        "cancel" => meaning.id = parsed.custom_id.clone(),
        "changeleverage" => meaning.leverage = Some(parsed.leverage),
        "close" if unit == Unit::Percent => {
            let percent: Decimal = quantity.trim_start_matches('-').parse().unwrap_or_default();
            meaning.size = Some((spelled(percent.min(Decimal::ONE_HUNDRED)), unit));
        }
        "close" => {}
        "position" if quantity.trim_start_matches('-') == "0" => meaning.command = "close".to_owned(),
        _ => {
            meaning.size = Some((quantity, unit));
            meaning.nominal = matches!(unit, Unit::Coins | Unit::Money).then_some(parsed.nominal);
            meaning.leverage = Some(parsed.leverage).filter(|leverage| *leverage != 0);
            meaning.reduce = parsed.reduce;
            let price = plain(&parsed.price_limit);
            meaning.limit = (price != "0").then_some(price);
            meaning.id = parsed.custom_id.clone().filter(|_| meaning.limit.is_some());
        }
    }
    meaning
}

fn ours(line: usize, signal: &Signal, symbol: String) -> Meaning {
    let account = signal.account.clone().expect("a text alert names its account");
    let mut meaning = Meaning { line, account, symbol, ..Meaning::default() };
    match &signal.command {
        Command::Order(order) => ordered(&mut meaning, order),
        Command::Close { percent } => {
            meaning.command = "close".to_owned();
            meaning.size = percent.map(|percent| (spelled(percent), Unit::Percent));
        }
        Command::Cancel(cancel) => {
            meaning.command = "cancel".to_owned();
            meaning.id = Some(match cancel {
                Cancel::All => "all".to_owned(),
                Cancel::One(id) => id.clone(),
            });
        }
        Command::ChangeLeverage(leverage) => {
            meaning.command = "changeleverage".to_owned();
            meaning.leverage = Some(factor(*leverage));
        }
        other => panic!("no text command: {other:?}"),
    }
    meaning
}

fn ordered(meaning: &mut Meaning, order: &Order) {
    meaning.command = match order.verb {
        Verb::Buy => "buy".to_owned(),
        Verb::Sell => "sell".to_owned(),
        Verb::Position => "position".to_owned(),
    };
    meaning.size = Some((spelled(order.size.amount), order.size.unit));
    meaning.nominal = matches!(order.size.unit, Unit::Coins | Unit::Money).then_some(order.size.nominal);
    meaning.leverage = order.leverage.map(factor);
    meaning.reduce = order.reduce;
    meaning.limit = order.limit.as_ref().map(|limit| spelled(limit.price));
    meaning.id = order.limit.as_ref().map(|limit| limit.id.clone());
    assert_eq!((order.stop, order.target), (None, None));
}

fn factor(leverage: Leverage) -> i64 {
    match leverage {
        Leverage::Factor(factor) => factor.into(),
        Leverage::Max => panic!("whook has no xmax"),
    }
}

/// The perpetual contracts of an account; dated ones are in no adapter's list.
fn instruments(account: &Account) -> Instruments {
    let perpetuals = account.markets.iter().filter(|(_, unified)| !unified.contains('-'));
    let contract = |(native, unified): (&String, &String)| Instrument {
        symbol: Symbol::new(native),
        base: unified.split('/').next().unwrap_or_default().into(),
        settle: account.settle.as_str().into(),
        tick: Decimal::ONE,
        contract_size: Decimal::ONE,
        lot_step: Decimal::ONE,
        min_qty: Decimal::ONE,
        max_qty: Decimal::ZERO,
        market_lot_step: Decimal::ZERO,
        market_max_qty: Decimal::ZERO,
        min_notional: Decimal::ZERO,
        max_leverage: 0,
        closed: None,
    };
    Instruments::new(perpetuals.map(contract).collect())
}

impl Context {
    /// The usual accounts, and the one that the note of a vector adds.
    fn roster(&self, vector: &Vector) -> Roster {
        let mut names = self.default_accounts.clone();
        let added = vector.note.strip_prefix("accounts: ").and_then(|rest| rest.split_once('.'));
        names.extend(added.map(|(name, _)| name.to_owned()));
        let accounts = names.into_iter().map(|name| (name.clone(), self.accounts[&name].settle.clone())).collect();
        Roster { accounts, default: None }
    }

    /// One line as far as a desk would understand it: symbols are looked up in the account's contracts.
    fn read(&self, number: usize, signal: &Signal) -> Result<Meaning, String> {
        let account = &self.accounts[signal.account.as_deref().unwrap_or_default()];
        let list = instruments(account);
        let found = signal.symbol.resolve(&list, &account.settle).map_err(|error| error.to_string())?;
        Ok(ours(number, signal, format!("{}/{settle}:{settle}", found.base, settle = account.settle)))
    }
}

/// What is expected of an alert that is listed as a difference.
fn listed(differences: &[Difference], alert: &str) -> Option<&'static str> {
    let mut alerts = differences.iter().flat_map(|(_, _, alerts)| alerts.iter());
    alerts.find(|(listed, _)| *listed == alert).map(|(_, words)| *words)
}

#[test]
fn every_alert_means_what_it_meant_or_is_a_named_difference() {
    let context: Context = serde_json::from_str(include_str!("../data/whook_alerts_context.json")).unwrap();
    let vectors: Vec<Vector> = serde_json::from_str(include_str!("../data/whook_alerts.json")).unwrap();
    assert!(vectors.len() > 150, "only {} alerts", vectors.len());
    let mut seen = BTreeSet::new();
    let mut complaints = Vec::new();
    for vector in &vectors {
        let alert = vector.alert.as_str();
        let text = parse(alert.as_bytes(), &context.roster(vector)).unwrap();
        let mut read = Vec::new();
        let mut refusals = Vec::new();
        let mut printed = Vec::new();
        for line in &text.lines {
            printed.extend(line.signal.as_ref().ok().map(ToString::to_string));
            match line.signal.as_ref().map_err(ToString::to_string).and_then(|signal| context.read(line.number, signal)) {
                Ok(meaning) => read.push(meaning),
                Err(refusal) => refusals.push(refusal),
            }
        }
        let wanted: Vec<Meaning> = vector.parsed.iter().map(theirs).collect();
        let said = |words: &str| refusals.iter().any(|refusal| refusal.contains(words));
        let fits = match (read == wanted, listed(&REFUSED, alert), listed(&READ, alert)) {
            (true, None, None) => refusals.is_empty() == vector.rejected.is_none(),
            (false, Some(words), None) => read.is_empty() && said(words),
            (false, None, Some(words)) => wanted.is_empty() && printed == [words],
            _ => false,
        };
        seen.insert(alert);
        if !fits {
            complaints.push(format!("{alert:?}\n whook: {wanted:?}\n here: {read:?} {refusals:?}"));
        }
    }
    let complain = |(name, why, alerts): &Difference| {
        let unseen = alerts.iter().filter(|(alert, _)| !seen.contains(alert));
        unseen.map(|(alert, _)| format!("{name} ({why}): no recorded alert is {alert:?}")).collect::<Vec<_>>()
    };
    complaints.extend(REFUSED.iter().chain(&READ).flat_map(complain));
    assert!(complaints.is_empty(), "\n{}", complaints.join("\n"));
}
