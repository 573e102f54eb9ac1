//! Order of arrival on a contract, and who does not wait for whom.

use perphook::desk::Outcome;
use perphook::market::{Decimal, Millis, Side};

use crate::scene::{ETH, RTT_MS, Scene, after, d};
use crate::sim::Kind;
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::world::{Setting, World, exit};

fn accounts(accounts: usize) -> Scene {
    Scene::new(Setting { accounts, rtt_ms: RTT_MS, ..Setting::default() })
}

/// Numbers of the text alerts of which something executed, in the order of their fills.
fn filled(scene: &Scene, account: usize, symbol: &str) -> Vec<u64> {
    let mut numbers: Vec<u64> = scene.world.executed(account, symbol).into_iter().map(|(number, _)| number).collect();
    numbers.dedup();
    numbers
}

#[test]
fn two_hundred_alerts_are_carried_out_in_the_order_they_came() {
    let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 1 x5"]);
    let before = scene.world.executed(0, ETH).len();
    let mut expected = Vec::new();
    for at in 0..200_i64 {
        let qty = Decimal::new(7 + at, 3);
        let (verb, signed) = if at % 2 == 0 { ("buy", qty) } else { ("sell", -qty) };
        let number = scene.give(&format!("a0 ETHUSDT {verb} {qty} x5"));
        expected.push((number, signed.normalize()));
    }
    let last = expected.last().expect("200 alerts").0;
    assert_eq!(scene.wait_for(last), Outcome::Done);
    assert_eq!(scene.world.executed(0, ETH)[before..], expected);
    let calls = scene.calls().len() as Millis;
    assert!(calls <= 400, "{calls} calls");
    // One call after the other and no timer in between.
    assert!(scene.took_ms() <= calls * RTT_MS, "{} ms for {calls} calls", scene.took_ms());
}

fn band() -> Fault {
    Fault::refuse(400, -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.")
}

#[test]
fn alerts_that_have_to_be_tried_again_are_not_overtaken() {
    let kinds = [
        Fault::refuse(503, -1008, "Request throttled by system-level protection."),
        band(),
        Fault::CutAfter,
        Fault::CutBefore,
        Fault::Unreachable,
        Fault::Delay { ms: 3_000 },
    ];
    for fault in kinds {
        let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5"]);
        // A refusal of that kind is an answer to orders only.
        let place_only = fault == band();
        let class = if place_only { Class::Place } else { Class::Read };
        scene.faults(vec![Rule::new(Class::Place, fault.clone()).nth(2), Rule::new(class, fault.clone()).nth(3)]);
        let numbers: Vec<u64> = (1..=12).map(|at| scene.give(&format!("a0 ETHUSDT buy 0.0{:02} x5", 10 + at))).collect();
        assert_eq!(scene.wait_for(numbers[11]), Outcome::Done, "{fault:?}\n{}", scene.world.story());
        assert_eq!(filled(&scene, 0, ETH)[1..], numbers, "{fault:?}\n{}", scene.world.story());
    }
}

#[test]
fn both_languages_keep_the_order_of_arrival() {
    let mut scene = after(Kind::Binance, false, &[]);
    let numbers = [
        scene.give("a0 ETHUSDT buy 0.1 x5"),
        scene.give_json(&exit(0, ETH, "LONG", 1)),
        scene.give("a0 ETHUSDT buy 0.2 x5"),
        scene.give_json(&exit(0, ETH, "LONG", 2)),
        scene.give("a0 ETHUSDT sell 0.05 x5"),
        scene.give("a0 ETHUSDT pos 0.3 x5"),
        scene.give_json(&exit(0, ETH, "SHORT", 3)),
    ];
    for number in numbers {
        let outcome = scene.wait_for(number);
        let nothing_short = number == numbers[6] && matches!(outcome, Outcome::Nothing(_));
        assert!(outcome == Outcome::Done || nothing_short, "alert {number}: {outcome:?}\n{}", scene.world.story());
    }
    assert_eq!(filled(&scene, 0, ETH), numbers[..6], "{}", scene.world.story());
    scene.rest(3_000);
    scene.assert_state(&["LONG 0.3"]);
}

#[test]
fn another_contract_does_not_wait() {
    let mut scene = after(Kind::Binance, false, &[]);
    let many: Vec<u64> = (0..100).map(|_| scene.give("a0 ETHUSDT buy 0.01 x5")).collect();
    let other = scene.give("a0 SOLUSDT buy 1 x5");
    assert_eq!(scene.wait_for(other), Outcome::Done);
    assert!(scene.took_ms() <= 6 * RTT_MS, "{} ms", scene.took_ms());
    assert_eq!(scene.wait_for(many[99]), Outcome::Done);
    assert_eq!(scene.world.position(0, ETH, Side::Long), d("1"));
}

/// Outcome unknown for as long as a request can live: the other contract goes on.
#[test]
fn another_contract_does_not_wait_for_an_unknown_outcome() {
    let mut scene = after(Kind::Binance, false, &[]);
    scene.faults(vec![Rule::new(Class::Place, Fault::CutBefore).nth(1)]);
    let lost = scene.give("a0 ETHUSDT buy 0.1 x5");
    scene.rest(3 * RTT_MS);
    let other = scene.give("a0 SOLUSDT buy 1 x5");
    assert_eq!(scene.wait_for(other), Outcome::Done);
    assert!(scene.took_ms() <= 1_000, "{} ms", scene.took_ms());
    assert_eq!((scene.outcome(lost), scene.wait_for(lost)), (None, Outcome::Done));
    assert_eq!(scene.world.position(0, ETH, Side::Long), d("0.1"));
}

#[test]
fn another_account_does_not_wait() {
    let mut scene = accounts(2);
    let many: Vec<u64> = (0..100).map(|_| scene.give("a0 ETHUSDT buy 0.01 x5")).collect();
    let other = scene.give("a1 ETHUSDT buy 0.1 x5");
    assert_eq!(scene.wait_for(other), Outcome::Done);
    assert_eq!(scene.took_ms(), 2 * RTT_MS);
    assert_eq!(scene.wait_for(many[99]), Outcome::Done);
}

#[test]
fn a_dead_exchange_of_one_account_does_not_delay_another() {
    for fault in [Fault::Unreachable, Fault::CutBefore, Fault::Delay { ms: 20_000 }] {
        let mut scene = accounts(2);
        scene.faults(vec![Rule::new(Class::Any, fault.clone())]);
        let dead = scene.give("a0 ETHUSDT buy 0.1 x5 sl:2900");
        let alive: Vec<u64> = (0..20).map(|_| scene.give("a1 ETHUSDT buy 0.01 x5")).collect();
        assert_eq!(scene.wait_for(alive[19]), Outcome::Done);
        assert_eq!(scene.took_ms(), 40 * RTT_MS, "{fault:?}");
        let outcome = scene.wait_for(dead);
        // What is only slow gets through.
        let slow = matches!(fault, Fault::Delay { .. });
        assert!(slow || matches!(outcome, Outcome::Refused(_)), "{fault:?}: {outcome:?}");
        assert_eq!(filled(&scene, 1, ETH), alive, "{fault:?}");
    }
}

/// The world panics when two accounts of one key have calls under way at the same time.
#[test]
fn accounts_of_one_key_never_call_at_the_same_time() {
    let mut scene = Scene::of(World::with_one_key(Setting { accounts: 2, rtt_ms: RTT_MS, ..Setting::default() }));
    scene.mark();
    let mut numbers = Vec::new();
    for at in 0..30 {
        for account in 0..2 {
            numbers.push((account, scene.give(&format!("a{account} ETHUSDT buy 0.0{:02} x5 sl:2900", 10 + at))));
        }
    }
    for (_, number) in &numbers {
        assert_eq!(scene.wait_for(*number), Outcome::Done);
    }
    for account in 0..2 {
        let mine: Vec<u64> = numbers.iter().filter(|(of, _)| *of == account).map(|(_, number)| *number).collect();
        assert_eq!(filled(&scene, account, ETH), mine);
    }
}

#[test]
fn accounts_of_one_key_take_turns() {
    let mut scene = Scene::of(World::with_one_key(Setting { accounts: 2, rtt_ms: RTT_MS, ..Setting::default() }));
    scene.mark();
    let many: Vec<u64> = (0..100).map(|_| scene.give("a0 ETHUSDT buy 0.01 x5")).collect();
    let other = scene.give("a1 ETHUSDT buy 0.1 x5");
    assert_eq!(scene.wait_for(other), Outcome::Done);
    assert!(scene.outcome(many[50]).is_none(), "the second account waited for {} ms\n", scene.took_ms());
}

/// Three accounts with everything that can go wrong at once: each keeps its own order of arrival.
#[test]
fn every_account_keeps_its_order_in_bad_weather() {
    for seed in 1..=8 {
        let mut scene = accounts(3);
        for account in 0..3 {
            let rules = Fault::every_trouble(700).into_iter().map(|fault| Rule::new(Class::Any, fault).per_mille(12)).collect();
            scene.world.faults(account, Faults::new(seed * 3 + account as u64, rules, Conditions::default()));
        }
        let numbers: Vec<(usize, u64)> =
            (0..60).map(|at| (at % 3, scene.give(&format!("a{} ETHUSDT buy 0.0{} x5", at % 3, 10 + at)))).collect();
        for (_, number) in &numbers {
            scene.wait_for(*number);
        }
        for account in 0..3 {
            let fills = filled(&scene, account, ETH);
            assert!(fills.is_sorted() && fills.len() > 10, "seed {seed}: {fills:?}");
            let done = numbers.iter().filter(|(of, number)| *of == account && scene.outcome(*number) == Some(Outcome::Done));
            assert_eq!(fills, done.map(|(_, number)| *number).collect::<Vec<u64>>(), "seed {seed}\n{}", scene.world.story());
        }
    }
}

/// The exchange shows a position late: the next order does not decide from what was before.
#[test]
fn targets_are_met_although_positions_are_shown_late() {
    for late_ms in [0, 300, 900, 2_500] {
        let mut scene = after(Kind::Binance, false, &[]);
        let conditions = Conditions { late_positions_ms: late_ms, late_orders_ms: late_ms / 2, ..Conditions::default() };
        scene.world.faults(0, Faults::new(0, Vec::new(), conditions));
        let lines =
            ["pos 0.1 x5", "pos 0.1 x5", "pos 0.3 x5", "pos -0.2 x5", "pos -0.2 x5", "close", "pos 0.1 x5", "sell 0.3 x5", "pos 0.2"];
        let last = lines.map(|words| scene.give(&format!("a0 ETHUSDT {words}")))[8];
        assert_eq!(scene.wait_for(last), Outcome::Done, "{late_ms}\n{}", scene.world.story());
        scene.rest(6_000);
        scene.assert_state(&["LONG 0.2"]);
        let traded: Decimal = scene.world.executed(0, ETH).iter().map(|(_, qty)| qty.abs()).sum();
        assert_eq!(traded, d("1.8"), "{late_ms}\n{}", scene.world.story());
    }
}
