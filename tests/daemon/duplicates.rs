//! Alerts that come twice, together, late, or in the wrong order: never more than two entries, one stop, one target.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use std::time::{Duration, Instant};

use perphook::desk::Outcome;

use crate::rig::exchange::dec;
use crate::rig::{self, Resting, Rig, entry, exit};
use crate::sim::SimConfig;

const ETH: &str = "ETHUSDT";
/// Entry, second entry, stop, target; the market is at 3000.
const LONG: [&str; 4] = ["2990", "2950", "2900", "3050"];
/// What both entries buy: 200 USD / 2990 and 200 USD / 2950, rounded down to the step.
const FIRST: &str = "0.066";
const BOTH: &str = "0.133";
const COPIES: usize = 20;

fn resting(entries: usize, stops: usize, targets: usize, position: &str) -> Resting {
    Resting { entries, stops, targets, position: dec(position) }
}

/// From resting entries to the end by the target: exactly two entries, one stop and one target were ever taken.
fn exactly_one_bracket(rig: &Rig) {
    rig.until_resting(ETH, resting(2, 0, 0, "0"));
    rig.exchange.price(ETH, LONG[0]);
    rig.until_resting(ETH, resting(1, 1, 1, FIRST));
    rig.exchange.price(ETH, LONG[1]);
    rig.until_resting(ETH, resting(0, 1, 1, BOTH));
    rig.looked();
    rig.exchange.price(ETH, LONG[3]);
    rig.until_resting(ETH, Resting::default());
    rig.closed(1);
    assert_eq!(rig.exchange.ever(ETH), resting(2, 1, 1, BOTH), "{}", rig.story());
    nothing_wrong(rig);
}

fn nothing_wrong(rig: &Rig) {
    let checked = rig.exchange.with(|sim, _| {
        rig::audit::nothing_left(&sim.book)?;
        rig::audit::nothing_doubled(&sim.book)?;
        rig::audit::nothing_overbought(&sim.book)
    });
    checked.unwrap_or_else(|wrong| panic!("{wrong}\n{}", rig.story()));
}

fn primary(bar: u64) -> String {
    entry(ETH, "LONG", "primary_entry", LONG, bar)
}

fn dca(bar: u64) -> String {
    entry(ETH, "LONG", "dca_fill", LONG, bar)
}

/// Twenty at once, then twenty more 250 ms apart.
fn storm(rig: &Rig, body: impl Fn(usize) -> String) -> Vec<rig::Answer> {
    let bodies: Vec<String> = (0..COPIES).map(&body).collect();
    let mut answers = rig.alerts_at_once(&bodies);
    for copy in COPIES..2 * COPIES {
        let due = Instant::now() + Duration::from_millis(250);
        answers.push(rig.alert(&body(copy)));
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    answers
}

#[test]
fn a_resent_alert_is_one_alert() {
    let rig = Rig::with(SimConfig::default(), 20, &[]);
    let answers = storm(&rig, |_| primary(1));
    assert!(answers.iter().all(|answer| answer.status == 200), "{answers:?}");
    assert!(answers.iter().all(|answer| answer.number() == Some(1)), "all speak of the one alert: {answers:?}");
    assert_eq!(answers.iter().filter(|answer| !answer.is_duplicate()).count(), 1);
    exactly_one_bracket(&rig);
}

#[test]
fn many_alerts_of_one_signal_are_one_bracket() {
    let rig = Rig::with(SimConfig::default(), 20, &[("DUPLICATE_WINDOW", "0")]);
    let answers = storm(&rig, |copy| primary(copy as u64));
    let numbers: std::collections::BTreeSet<_> = answers.iter().filter_map(rig::Answer::number).collect();
    assert_eq!(numbers.len(), 2 * COPIES, "each is an alert of its own: {answers:?}");
    let done = numbers.iter().filter(|number| rig.verdict(**number) == Outcome::Done).count();
    assert_eq!(done, 1, "one is carried out, the others are told apart as duplicates");
    exactly_one_bracket(&rig);
}

#[test]
fn a_storm_meets_a_slow_exchange_and_a_restart() {
    let mut rig = Rig::with(SimConfig::default(), 150, &[("DUPLICATE_WINDOW", "0")]);
    rig.alerts_at_once(&(0..20).map(primary).collect::<Vec<_>>());
    rig.kill();
    rig.run();
    rig.alerts_at_once(&(20..40).map(primary).collect::<Vec<_>>());
    exactly_one_bracket(&rig);
}

#[test]
fn both_alerts_of_one_instant_are_one_bracket_in_either_order() {
    for hedge in [false, true] {
        for primary_first in [true, false] {
            let rig = Rig::with(SimConfig { hedge, ..SimConfig::default() }, 20, &[]);
            let [one, two] = if primary_first { [primary(1), dca(1)] } else { [dca(1), primary(1)] };
            rig.accepted(&one);
            rig.accepted(&two);
            exactly_one_bracket(&rig);
        }
    }
    let rig = Rig::with(SimConfig::default(), 20, &[]);
    rig.alerts_at_once(&[primary(1), dca(1)]);
    exactly_one_bracket(&rig);
}

#[test]
fn the_second_entrys_alert_after_the_end_opens_nothing() {
    let rig = Rig::start(&[]);
    rig.accepted(&primary(1));
    exactly_one_bracket(&rig);
    let number = rig.accepted(&dca(2));
    match rig.verdict(number) {
        Outcome::Nothing(why) => assert!(why.contains("closed"), "{why}"),
        other => panic!("{other:?}\n{}", rig.story()),
    }
    assert_eq!(rig.exchange.ever(ETH), resting(2, 1, 1, BOTH));
    nothing_wrong(&rig);
}

#[test]
fn the_second_entrys_alert_after_a_restart_still_opens_nothing() {
    let mut rig = Rig::start(&[]);
    rig.accepted(&primary(1));
    exactly_one_bracket(&rig);
    rig.kill();
    rig.run();
    let number = rig.accepted(&dca(2));
    assert!(matches!(rig.verdict(number), Outcome::Nothing(_)));
    assert_eq!(rig.exchange.ever(ETH), resting(2, 1, 1, BOTH));
}

#[test]
fn an_exit_and_an_entry_of_one_bar_with_nothing_open() {
    let rig = Rig::with(SimConfig::default(), 20, &[]);
    let gone = rig.accepted(&exit(ETH, "LONG", 1));
    let opened = rig.accepted(&primary(1));
    assert!(matches!(rig.verdict(gone), Outcome::Nothing(_)));
    assert_eq!(rig.verdict(opened), Outcome::Done);
    exactly_one_bracket(&rig);
    let rig = Rig::with(SimConfig::default(), 20, &[]);
    rig.accepted(&primary(1));
    let gone = rig.accepted(&exit(ETH, "LONG", 1));
    rig.verdict(gone);
    rig.until_resting(ETH, Resting::default());
    nothing_wrong(&rig);
}

#[test]
fn an_exit_and_the_next_entry_of_one_bar_with_a_trade_open() {
    let rig = Rig::with(SimConfig::default(), 20, &[]);
    let next = ["2980", "2940", "2890", "3040"];
    rig.accepted(&primary(1));
    rig.until_resting(ETH, resting(2, 0, 0, "0"));
    rig.exchange.price(ETH, LONG[0]);
    rig.until_resting(ETH, resting(1, 1, 1, FIRST));
    rig.accepted(&exit(ETH, "LONG", 2));
    rig.accepted(&entry(ETH, "LONG", "primary_entry", next, 2));
    rig.closed(1);
    rig.until_resting(ETH, resting(2, 0, 0, "0"));
    rig.exchange.price(ETH, next[0]);
    rig.until_resting(ETH, resting(1, 1, 1, "0.067"));
    assert_eq!(rig.exchange.ever(ETH), resting(4, 2, 2, "0.133"), "two brackets, one after the other");
    // The other way round the entry is a duplicate, and the exit has the last word.
    let late = rig.accepted(&entry(ETH, "LONG", "primary_entry", LONG, 3));
    rig.accepted(&exit(ETH, "LONG", 3));
    assert!(matches!(rig.verdict(late), Outcome::Nothing(_)));
    rig.closed(2);
    nothing_wrong(&rig);
    assert_eq!(rig.exchange.ever(ETH).entries, 4);
}

#[test]
fn the_other_side_waits_for_its_exit() {
    let rig = Rig::with(SimConfig::default(), 5, &[]);
    rig.accepted(&primary(1));
    rig.until_resting(ETH, resting(2, 0, 0, "0"));
    rig.exchange.price(ETH, LONG[0]);
    rig.until_resting(ETH, resting(1, 1, 1, FIRST));
    let short = rig.accepted(&entry(ETH, "SHORT", "primary_entry", ["3010", "3050", "3100", "2950"], 2));
    rig.accepted(&exit(ETH, "LONG", 2));
    assert_eq!(rig.verdict(short), Outcome::Done);
    rig.until_resting(ETH, resting(2, 0, 0, "0"));
    assert!(rig.exchange.with(|sim, _| sim.book.open_orders().iter().all(|order| !order.buy)));
}

#[test]
fn an_alert_id_is_for_one_alert() {
    let rig = Rig::start(&[("DUPLICATE_WINDOW", "0")]);
    let with_key = |body: String| body.replace("{\"token\"", "{\"alert_id\":\"bar-7\",\"token\"");
    let first = rig.accepted(&with_key(primary(1)));
    let again = rig.alert(&with_key(primary(1)));
    assert_eq!((again.status, again.is_duplicate(), again.number()), (200, true, Some(first)), "{again:?}");
    let other = rig.alert(&with_key(primary(2)));
    assert_eq!(other.status, 400, "{other:?}");
    assert!(other.error().contains("alert_id") || other.json()["field"] == "alert_id", "{other:?}");
    exactly_one_bracket(&rig);
}

#[test]
fn an_alert_id_is_remembered_over_a_restart() {
    let mut rig = Rig::start(&[]);
    let body = primary(1).replace("{\"token\"", "{\"alert_id\":\"bar-8\",\"token\"");
    let first = rig.accepted(&body);
    rig.kill();
    rig.run();
    let again = rig.alert(&body);
    assert_eq!((again.is_duplicate(), again.number()), (true, Some(first)), "{again:?}");
    exactly_one_bracket(&rig);
}

#[test]
fn exits_together_close_once() {
    let rig = Rig::with(SimConfig::default(), 20, &[("DUPLICATE_WINDOW", "0")]);
    rig.accepted(&primary(1));
    rig.until_resting(ETH, resting(2, 0, 0, "0"));
    rig.exchange.price(ETH, LONG[0]);
    rig.until_resting(ETH, resting(1, 1, 1, FIRST));
    let answers = rig.alerts_at_once(&(0..10).map(|bar| exit(ETH, "LONG", bar)).collect::<Vec<_>>());
    assert!(answers.iter().all(|answer| answer.status == 200));
    rig.closed(1);
    let late = rig.accepted(&exit(ETH, "LONG", 99));
    assert!(matches!(rig.verdict(late), Outcome::Nothing(_)));
    let closes = rig.exchange.writes().iter().filter(|entry| rig::exchange::param(entry, "type") == "MARKET").count();
    assert_eq!(closes, 1, "{}", rig.story());
    nothing_wrong(&rig);
}
