//! What each recorded alert did at the exchange when whook carried it out, it does here, or it is one of the differences
//! that are named below. The real desk and the real adapter against the simulated exchange, in virtual time.

#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "what is not as expected here has to end the test")]

use std::collections::BTreeMap;

use perphook::desk::{AccountRules, Admission, Outcome, Record};
use perphook::market::{Decimal, MarginMode, Side};
use serde::Deserialize;
use serde_json::Value;

use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::world::wire::{number, words};
use crate::world::{Setting, World};

/// Name and reason of a difference, and its scenarios with what happens here instead.
type Difference = (&'static str, &'static str, &'static [(&'static str, &'static [&'static str])]);

const DIFFERENCES: [Difference; 10] = [
    (
        "exact decimals",
        "sizes are computed with decimals: 300 $ × 3 at 3000 is 0.3, not 0.299",
        &[
            ("buy_usdt_collateral", &["ETHUSDT margin ISOLATED", "ETHUSDT leverage 3", "ETHUSDT BUY 0.3", "ETHUSDT holds 0.3 x3"]),
            ("buy_usdt_collateral_b", &["ETHUSDT margin ISOLATED", "ETHUSDT leverage 3", "ETHUSDT BUY 0.301", "ETHUSDT holds 0.301 x3"]),
            ("buy_base_collateral", &["ETHUSDT margin ISOLATED", "ETHUSDT leverage 3", "ETHUSDT BUY 0.3", "ETHUSDT holds 0.3 x3"]),
            ("pos_usdt_price_moved_more", &["ETHUSDT BUY 0.09", "ETHUSDT holds 0.39 x3"]),
            ("pos_usdt_price_moved_less", &["ETHUSDT SELL 0.1 reduce", "ETHUSDT holds 0.2 x3"]),
        ],
    ),
    (
        "quantities round down",
        "nothing is ever larger than asked, half a step included",
        &[("round_half_even_b", &["ETHUSDT margin ISOLATED", "ETHUSDT leverage 1", "ETHUSDT BUY 0.012", "ETHUSDT holds 0.012 x1"])],
    ),
    (
        "leverage missing = what the exchange has",
        "never silently 1x",
        &[("no_leverage_first", &["ETHUSDT margin ISOLATED", "ETHUSDT BUY 0.1", "ETHUSDT holds 0.1"])],
    ),
    (
        "reduce is truly reduce-only",
        "it opened, or doubled, a position",
        &[("reduce_wrong_side", &["ETHUSDT holds 0.1 x3"]), ("reduce_no_position", &[]), ("limit_reduce_no_position", &[])],
    ),
    (
        "never enlarged",
        "a resize after \"insufficient balance\" went from 120 to 590.8",
        &[(
            "insufficient_then_5pct",
            &[
                "XRPUSDT margin ISOLATED",
                "XRPUSDT leverage 3",
                "XRPUSDT BUY 120 refused",
                "XRPUSDT BUY 114 refused",
                "XRPUSDT BUY 108.3 refused",
                "XRPUSDT BUY 102.8 refused",
                "XRPUSDT BUY 97.6",
                "XRPUSDT holds 97.6 x3",
            ],
        )],
    ),
    (
        "a reversal is two orders",
        "a reduce-only close, then what opens: whatever goes wrong in between, nothing is doubled",
        &[
            ("pos_flip", &["ETHUSDT SELL 0.1 reduce", "ETHUSDT SELL 0.2", "ETHUSDT holds -0.2 x3"]),
            ("sell_flips", &["ETHUSDT SELL 0.1 reduce", "ETHUSDT SELL 0.05", "ETHUSDT holds -0.05 x3"]),
            ("pos_percent_flip_split", &["SOLUSDT SELL 1.96 reduce", "SOLUSDT SELL 2", "SOLUSDT holds -2 x3"]),
        ],
    ),
    (
        "unknown outcomes are asked about",
        "an order without an answer was forgotten; here it is asked about, and sent again once it is proven lost",
        &[(
            "timeout_not_retried",
            &["ETHUSDT margin ISOLATED", "ETHUSDT leverage 3", "ETHUSDT BUY 0.1 lost", "ETHUSDT BUY 0.1", "ETHUSDT holds 0.1 x3"],
        )],
    ),
    (
        "leverage of a short",
        "set before what opens and after what was reduced, as for a long",
        &[
            ("pos_increase_new_leverage_short", &["ETHUSDT leverage 5", "ETHUSDT SELL 0.2", "ETHUSDT holds -0.3 x5"]),
            ("pos_reduce_new_leverage_short", &["ETHUSDT BUY 0.05 reduce", "ETHUSDT leverage 5", "ETHUSDT holds -0.05 x5"]),
        ],
    ),
    (
        "a close of something that is no percentage",
        "refused instead of guessed: it closed everything",
        &[("close_base_ignored", &["refused", "ETHUSDT holds 0.1 x3"])],
    ),
    (
        "cancel:all where nothing is held",
        "stops and targets that are left there go too; where something is held they stay",
        &[("cancel_all", &["ETHUSDT cancel all", "ETHUSDT cancel guards", "ETHUSDT holds 0 x3"])],
    ),
];

#[derive(Deserialize)]
struct Scenario {
    name: String,
    state: Value,
    setup: Vec<Value>,
    scripted_faults: Vec<Script>,
    alert: String,
    requests: Vec<Request>,
    position_after: BTreeMap<String, Vec<Value>>,
    leverage_after: BTreeMap<String, u32>,
}

#[derive(Deserialize)]
struct Script {
    #[serde(rename = "match")]
    matches: String,
    times: u64,
    #[serde(default)]
    close: bool,
    #[serde(default)]
    status: u16,
    #[serde(default)]
    body: Value,
}

#[derive(Deserialize)]
struct Request {
    method: String,
    path: String,
    params: BTreeMap<String, String>,
    status: u64,
}

fn scenarios() -> Vec<Scenario> {
    serde_json::from_str(include_str!("../data/whook_exec.json")).expect("the recorded scenarios")
}

/// What happened, as lines that can be compared: requests that change something, in their order for each contract;
/// what rests; positions and leverage in the end.
fn in_order(mut sent: Vec<String>, ends: Vec<String>) -> Vec<String> {
    sent.sort_by_key(|line| line.split(' ').next().unwrap_or_default().to_owned());
    sent.extend(ends);
    sent
}

fn ends(positions: &BTreeMap<String, Decimal>, leverages: &BTreeMap<String, u32>) -> Vec<String> {
    let mut symbols: Vec<&String> = positions.keys().chain(leverages.keys()).collect();
    symbols.sort();
    symbols.dedup();
    let held = |symbol: &str| positions.get(symbol).copied().unwrap_or_default().normalize();
    let times = |symbol: &str| leverages.get(symbol).map(|leverage| format!(" x{leverage}")).unwrap_or_default();
    symbols.into_iter().map(|symbol| format!("{symbol} holds {}{}", held(symbol), times(symbol))).collect()
}

/// What whook did. Its attempts to set the position mode are left out: here the mode is read and never set.
fn theirs(scenario: &Scenario) -> Vec<String> {
    let changes = scenario.requests.iter().filter(|request| request.method != "GET" && !request.path.ends_with("/positionSide/dual"));
    let said = |request: &Request| {
        let named = |name: &str| request.params.get(name).map(String::as_str);
        words(&request.method, &request.path, named, request.status).unwrap_or_else(|| panic!("{} {}", request.method, request.path))
    };
    let sent: Vec<String> = changes.map(said).collect();
    let rests = sent.iter().filter(|line| line.contains('@') && !line.ends_with("refused")).map(|line| format!("rests {line}"));
    let first = |row: &[Value]| number(&row[0].to_string());
    let positions = scenario.position_after.iter().map(|(symbol, row)| (symbol.clone(), first(row))).collect();
    let mut ends = ends(&positions, &scenario.leverage_after);
    ends.extend(rests);
    // It gave the order up and told nobody; here the alert is refused.
    if sent.last().is_some_and(|line| line.ends_with(" refused") && !line.contains("cancel")) {
        ends.insert(0, "refused".to_owned());
    }
    in_order(sent, ends)
}

/// A world as whook's exchange was when the alert came: the same prices, no fees, isolated margin.
fn begin(scenario: &Scenario) -> World {
    let account = AccountRules { margin_mode: Some(MarginMode::Isolated), ..AccountRules::default() };
    let mut world = World::new(Setting { rtt_ms: 2, account, ..Setting::default() });
    world.wallet(0, Decimal::from(10_000));
    for (symbol, price) in [("XRPUSDT", Decimal::new(5, 1)), ("DOGEUSDT", Decimal::new(1, 1))] {
        world.price(symbol, price);
    }
    world.run_for(2_000);
    step(&mut world, &scenario.state);
    for each in &scenario.setup {
        match each.as_str() {
            Some(text) => {
                carry_out(&mut world, text);
            }
            None => step(&mut world, each),
        }
    }
    world
}

/// A change that comes from outside: `{"wallet": 100.0}`, `{"price": {"ETHUSDT": 3300.0}}`.
fn step(world: &mut World, step: &Value) {
    for (what, value) in step.as_object().expect("an object") {
        match what.as_str() {
            "wallet" => world.wallet(0, number(&value.to_string())),
            "price" => {
                for (symbol, price) in value.as_object().expect("prices") {
                    world.price(symbol, number(&price.to_string()));
                }
            }
            other => panic!("unknown step: {other}"),
        }
    }
}

/// Sends all lines of a text at one instant and lets everything happen. True if all were carried out or had nothing to do.
fn carry_out(world: &mut World, text: &str) -> bool {
    let mut numbers = Vec::new();
    let mut refused = false;
    for line in text.replace("bin1", "a0").lines() {
        match world.try_text(line) {
            Ok(Admission::Accept { number, .. }) => numbers.push(number),
            _ => refused = true,
        }
    }
    assert!(world.run_until_quiet(60_000), "{text} does not come to an end\n{}", world.story());
    refused |=
        world.records().any(|record| matches!(record, Record::Verdict { alert, outcome: Outcome::Refused(_) } if numbers.contains(alert)));
    !refused
}

fn script(script: &Script) -> Rule {
    let (method, path) = script.matches.split_once(' ').expect("method and path");
    let code = script.body["code"].as_i64().and_then(|code| i32::try_from(code).ok()).unwrap_or_default();
    let refusal = Fault::refuse(script.status, code, script.body["msg"].as_str().unwrap_or_default());
    let method = if method == "POST" { "POST" } else { panic!("{method}") };
    Rule::new(Class::Any, if script.close { Fault::CutBefore } else { refusal }).on(method, path).times(script.times)
}

/// What happens here.
fn ours(scenario: &Scenario) -> Vec<String> {
    let mut world = begin(scenario);
    let rules = scenario.scripted_faults.iter().map(script).collect();
    world.faults(0, Faults::new(0, rules, Conditions::default()));
    let mark = world.calls_made(0);
    let well = carry_out(&mut world, &scenario.alert);
    assert!(world.calls(0, 0).iter().all(|call| !call.contains("positionSide/dual")), "the position mode was touched");
    let mut positions = BTreeMap::new();
    let mut rests = Vec::new();
    for symbol in ["ETHUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "BTCUSDT"] {
        let held = world.position(0, symbol, Side::Long) - world.position(0, symbol, Side::Short);
        if !held.is_zero() {
            positions.insert(symbol.to_owned(), held);
        }
        let resting = world.state(0, symbol).into_iter().filter_map(|line| Some(line.strip_prefix("rests ")?.to_owned()));
        rests.extend(resting.map(|line| format!("rests {symbol} {line}")));
    }
    let mut ends = ends(&positions, &world.leverages(0));
    ends.extend(rests);
    if !well {
        ends.insert(0, "refused".to_owned());
    }
    in_order(world.sent(0, mark), ends)
}

#[test]
fn every_recorded_scenario_ends_the_same_or_differs_as_named() {
    let scenarios = scenarios();
    assert_eq!(scenarios.len(), 49);
    let mut named: BTreeMap<&str, (&str, &[&str])> = BTreeMap::new();
    for (difference, _, list) in &DIFFERENCES {
        for (scenario, expected) in *list {
            assert!(named.insert(scenario, (difference, expected)).is_none(), "{scenario} is listed twice");
        }
    }
    let mut wrong = Vec::new();
    for scenario in &scenarios {
        let (theirs, ours) = (theirs(scenario), ours(scenario));
        match named.remove(scenario.name.as_str()) {
            None if ours == theirs => {}
            None => wrong.push(format!("{} ({}): whook {theirs:#?}\nours {ours:#?}", scenario.name, scenario.alert)),
            Some((name, _)) if ours == theirs => wrong.push(format!("{}: {name} does not occur: {ours:?}", scenario.name)),
            Some((_, expected)) if ours == expected => {}
            Some((name, expected)) => wrong.push(format!("{}: {name}: expected {expected:#?}\nours {ours:#?}", scenario.name)),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(named.is_empty(), "differences without a scenario: {named:?}");
}
