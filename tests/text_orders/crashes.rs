//! kill -9 at every step of an order, with the call under way executed or lost: nothing doubled, nothing lost.

use perphook::desk::Outcome;
use perphook::market::{Decimal, Millis, Side};

use crate::scene::{ETH, Scene, after, d, one_way};
use crate::sim::Kind;

const GUARDED: &[&str] = &["a0 ETHUSDT buy 0.1 x5 sl:2900 tp:3100"];
/// Steps after an order's verdict that belong to it: its protection.
const STEPS_AFTER: u64 = 30;
const REST_MS: Millis = 15_000;

/// Before, the line, what is there in the end, and how much is traded in all.
type Case = (bool, &'static [&'static str], &'static str, &'static [&'static str], &'static str);

const CASES: &[Case] = &[
    (false, GUARDED, "pos -0.2 x5 sl:3100", &["SHORT 0.2", "stop 3100 of SHORT"], "0.4"),
    (false, GUARDED, "buy 0.1 x7 sl:2950", &["LONG 0.2", "stop 2950 of LONG", "target 3100 of LONG"], "0.2"),
    (false, GUARDED, "close", &[], "0.2"),
    (true, GUARDED, "pos -0.2 x5 sl:3100", &["SHORT 0.2", "stop 3100 of SHORT"], "0.4"),
    (false, &[], "buy 300$ x5 sl:2900 tp:3100", &["LONG 0.5", "stop 2900 of LONG", "target 3100 of LONG"], "0.5"),
    (false, &[], "buy 0.1 limit:in1:2950 x5", &["rests BUY 0.1 @2950 in1"], "0"),
    (
        false,
        GUARDED,
        "sell 0.1 limit:out:3050",
        &["LONG 0.1", "rests SELL 0.1 @3050 out reduce", "stop 2900 of LONG", "target 3100 of LONG"],
        "0.1",
    ),
];

fn begin(case: &Case) -> (Scene, u64) {
    let (hedge, before, words, ..) = case;
    let mut scene = after(Kind::Binance, *hedge, before);
    scene.rest(3_000);
    let number = scene.give(&format!("a0 ETHUSDT {words}"));
    (scene, number)
}

fn traded(scene: &Scene) -> Decimal {
    scene.world.executed(0, ETH).iter().map(|(_, qty)| qty.abs()).sum()
}

/// How many steps an undisturbed order takes.
fn steps(case: &Case) -> u64 {
    let (mut scene, number) = begin(case);
    let first = scene.world.steps;
    assert_eq!(scene.wait_for(number), Outcome::Done, "{case:?}\n{}", scene.world.story());
    let steps = scene.world.steps - first;
    scene.rest(REST_MS);
    check(case, &scene, "without a crash");
    steps + STEPS_AFTER
}

fn check(case: &Case, scene: &Scene, when: &str) {
    let (.., state, volume) = case;
    assert_eq!(scene.state(), *state, "{case:?} {when}\n{}", scene.world.story());
    assert_eq!(traded(scene), d(volume), "{case:?} {when}\n{}", scene.world.story());
}

fn crash_at(case: &Case, step: u64, executed: bool, down_ms: Millis, again: Option<u64>) {
    let (mut scene, number) = begin(case);
    for _ in 0..step {
        scene.world.run_step();
    }
    scene.world.crash(executed, down_ms);
    if let Some(later) = again {
        for _ in 0..later {
            scene.world.run_step();
        }
        scene.world.crash(!executed, down_ms);
    }
    let when = format!("at step {step}, executed {executed}, down {down_ms} ms, again {again:?}");
    assert_eq!(scene.wait_for(number), Outcome::Done, "{case:?} {when}\n{}", scene.world.story());
    scene.rest(REST_MS);
    check(case, &scene, &when);
}

#[test]
fn a_crash_at_any_step_changes_nothing_in_the_end() {
    for case in CASES {
        for step in 0..steps(case) {
            for executed in [false, true] {
                for down_ms in [50, 9_000] {
                    crash_at(case, step, executed, down_ms, None);
                }
            }
        }
    }
}

#[test]
fn two_crashes_change_nothing_either() {
    for case in CASES.iter().take(3) {
        for step in 0..steps(case) {
            for later in [1, 4, 7, 9, 12] {
                crash_at(case, step, step % 2 == 0, 50, Some(later));
            }
        }
    }
}

/// The limit order fills while nobody looks; its protection comes with the new start.
#[test]
fn a_limit_order_that_fills_while_we_are_down_is_protected() {
    for beside in [&[] as &[&str], &["a0 ETHUSDT buy 0.2 x5"]] {
        for executed in [false, true] {
            let mut scene = after(Kind::Binance, false, beside);
            scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2950 x5 sl:2900");
            scene.rest(2_000);
            scene.price("2940");
            scene.world.crash(executed, 5_000);
            scene.rest(10_000);
            let held = if beside.is_empty() { "LONG 0.1" } else { "LONG 0.3" };
            scene.assert_state(&[held, "stop 2900 of LONG"]);
        }
    }
}

/// Found executed when its time is long over: it was carried out, and nothing of it is said to be missing.
#[test]
fn an_order_that_filled_while_we_were_dead_for_long_is_done() {
    let mut scene = one_way();
    let number = scene.give("a0 ETHUSDT buy 0.1 x10");
    while scene.world.position(0, ETH, Side::Long).is_zero() {
        assert!(scene.world.run_step(), "{}", scene.world.story());
    }
    scene.world.crash(true, 90_000);
    assert_eq!(scene.wait_for(number), Outcome::Done, "{}", scene.world.story());
    scene.assert_state(&["LONG 0.1"]);
    assert!(!scene.was_told("was executed"), "{}", scene.world.story());
}
