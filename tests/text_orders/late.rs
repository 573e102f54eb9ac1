//! An exchange that shows positions late: what an order decides from is never older than our own last order.

use perphook::desk::Outcome;
use perphook::market::{Decimal, Side};

use crate::scene::{ETH, Scene, after, d, hedge, one_way};
use crate::sim::Kind;
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::world::{self, Setting};

const LATE_MS: u64 = 700;

fn late() -> Scene {
    let mut scene = one_way();
    let conditions = Conditions { late_positions_ms: LATE_MS, ..Conditions::default() };
    scene.world.faults(0, Faults::new(1, Vec::new(), conditions));
    scene
}

fn net(scene: &Scene) -> Decimal {
    scene.world.position(0, ETH, Side::Long) - scene.world.position(0, ETH, Side::Short)
}

#[test]
fn a_target_that_is_asked_for_twice_is_reached_once() {
    for lines in
        [["pos 0.1", "pos 0.1"], ["pos 0.1", "pos -0.1"], ["sell 0.2", "pos -0.2"], ["buy 0.1", "sell 0.1 reduce"], ["buy 0.1", "close"]]
    {
        let mut scene = late();
        let numbers = lines.map(|line| scene.give(&format!("a0 ETHUSDT {line} x5")));
        let outcomes = numbers.map(|number| scene.wait_for(number));
        let wanted = match lines[1] {
            "pos 0.1" => "0.1",
            "pos -0.1" => "-0.1",
            "pos -0.2" => "-0.2",
            _ => "0",
        };
        assert_eq!(net(&scene), d(wanted), "{lines:?}: {outcomes:?}\n{}", scene.world.story());
    }
}

#[test]
fn an_entry_behind_a_text_order_sees_its_position() {
    let mut scene = late();
    let first = scene.give("a0 ETHUSDT buy 0.1 x5");
    let entry = scene.give_json(&world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2900"), None], 1));
    scene.wait_for(first);
    let outcome = scene.wait_for(entry);
    assert!(format!("{outcome:?}").contains("a LONG position is there already"), "{outcome:?}\n{}", scene.world.story());
}

#[test]
fn what_others_do_meanwhile_is_taken_for_true_after_a_while() {
    let mut scene = late();
    scene.do_it("a0 ETHUSDT buy 0.1 x5");
    scene.world.book(0, |sim, now| {
        let wish = r#"{"symbol":"ETHUSDT","side":"LONG","qty":"0.04","close":true}"#;
        crate::sim::control::answer(sim, "POST", "/sim/position", wish, now);
    });
    scene.do_it("a0 ETHUSDT pos 0.1 x5");
    assert_eq!(net(&scene), d("0.1"), "{}", scene.world.story());
}

/// Where a close without a quantity takes all there is, a part is closed as a part.
#[test]
fn what_came_to_a_position_unseen_is_not_reduced() {
    let mut scene = after(Kind::CoinEx, false, &["a0 ETHUSDT buy 0.1 x5"]);
    scene.rest(3_000);
    let conditions = Conditions { late_positions_ms: LATE_MS, ..Conditions::default() };
    scene.world.faults(0, Faults::new(1, Vec::new(), conditions));
    scene.by_hand(Side::Long, "0.1", false);
    scene.do_it("a0 ETHUSDT sell 0.1 reduce");
    assert_eq!(net(&scene), d("0.1"), "{}", scene.world.story());
}

/// An exchange that takes the order, loses the answer, and finds the order long after the fence only: the position tells.
#[test]
fn an_order_that_is_found_too_late_is_not_doubled() {
    const WORDS: &str = "the position has changed since it was sent";
    let lost = |scene: &mut Scene, nth: u64| {
        let rule = Rule::new(Class::Place, Fault::CutAfter).on("POST", "/fapi/v1/order").nth(nth);
        let conditions = Conditions { late_orders_ms: 60_000, ..Conditions::default() };
        scene.world.faults(0, Faults::new(1, vec![rule], conditions));
    };
    for (before, line, wanted) in [
        (None, "buy 0.1 x5", "0.1"),
        (Some("buy 0.1 x5"), "buy 0.2 x5", "0.3"),
        (None, "pos -0.1 x5", "-0.1"),
        (Some("buy 0.1 x5"), "pos -0.2 x5", "-0.2"),
    ] {
        let mut scene = one_way();
        before.into_iter().for_each(|before| scene.do_it(&format!("a0 ETHUSDT {before}")));
        // Of a reversal the order that opens.
        lost(&mut scene, if line == "pos -0.2 x5" { 2 } else { 1 });
        let outcome = scene.carry_out(&format!("a0 ETHUSDT {line}"));
        let told = format!("{outcome:?}").contains(WORDS) || scene.was_told(WORDS);
        assert!(told, "{line}: {outcome:?}\n{}", scene.world.story());
        assert_eq!(net(&scene), d(wanted), "{line}\n{}", scene.world.story());
    }

    let mut scene = one_way();
    scene.price("2985");
    lost(&mut scene, 1);
    let number = scene.give_json(&world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2800"), Some("3100")], 1));
    assert_eq!(scene.wait_for(number), Outcome::Done, "{}", scene.world.story());
    scene.rest(2_000);
    assert_eq!(net(&scene), d("0.066"), "{}", scene.world.story());
}

/// A stop that fires into an empty book closes nothing and is gone. The list that is read because an entry filled just
/// before may be too old to show that.
#[test]
fn a_stop_that_fired_for_nothing_is_missed_soon() {
    for phase_ms in (0..1_000).step_by(100) {
        let mut scene = after(Kind::CoinEx, false, &[]);
        let conditions = Conditions { late_positions_ms: LATE_MS, liquidity: Some(d("0.01")), trigger_ms: 600, ..Conditions::default() };
        scene.world.faults(0, Faults::new(1, Vec::new(), conditions));
        let number = scene.give_json(&world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2900"), None], 1));
        scene.wait_for(number);
        scene.price("2985");
        let stops = |scene: &Scene| scene.state().contains(&"stop 2900 of LONG".to_owned());
        scene.rest(8_000 + phase_ms);
        assert!(stops(&scene), "{}", scene.world.story());
        scene.mark();
        // A part of the entry fills, and nothing is left for the stop.
        scene.price("2895");
        scene.rest(30);
        scene.price("2950");
        scene.rest(40_000);
        let naked_ms = scene.naked_ms(Side::Long);
        assert!(stops(&scene) && naked_ms.iter().all(|ms| *ms < 5_000), "{phase_ms}: {naked_ms:?}\n{}", scene.world.story());
    }
}

/// The same with a stop: what was executed after all is guarded, and so is what the exchange had and knows no more.
#[test]
fn an_order_that_is_found_too_late_is_guarded() {
    for (before, line, wanted) in [(None, "buy 0.1 x5 sl:2800", "0.1"), (Some("buy 0.1 x5"), "buy 0.2 x5 sl:2800", "0.3")] {
        let mut scene = one_way();
        before.into_iter().for_each(|before| scene.do_it(&format!("a0 ETHUSDT {before}")));
        let rule = Rule::new(Class::Place, Fault::CutAfter).on("POST", "/fapi/v1/order").nth(1);
        let conditions = Conditions { late_orders_ms: 60_000, ..Conditions::default() };
        scene.world.faults(0, Faults::new(1, vec![rule], conditions));
        scene.carry_out(&format!("a0 ETHUSDT {line}"));
        scene.rest(3_000);
        scene.assert_state(&[&format!("LONG {wanted}"), "stop 2800 of LONG"]);
    }
}

/// An entry whose answer was lost and that is found by the very look before its second try is the first one's doing.
#[test]
fn an_entry_that_shows_just_before_its_second_try_is_carried_on() {
    // An order rests, and is listed last; or it is executed, and the position is read before that.
    for (price, found_after_ms) in [("3000", 6_045), ("3000", 6_070), ("3000", 6_085), ("2985", 6_035), ("2985", 6_055)] {
        let mut scene = one_way();
        let rule = Rule::new(Class::Place, Fault::CutAfter).on("POST", "/fapi/v1/order").nth(1);
        let conditions = Conditions { late_orders_ms: found_after_ms, late_positions_ms: found_after_ms, ..Conditions::default() };
        scene.world.faults(0, Faults::new(1, vec![rule], conditions));
        scene.price(price);
        let number = scene.give_json(&world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2800"), None], 1));
        let outcome = scene.wait_for(number);
        scene.world.faults(0, Faults::default());
        scene.price("2980");
        scene.rest(8_000);
        assert_eq!(outcome, Outcome::Done, "{price} {found_after_ms}\n{}", scene.world.story());
        assert_eq!(scene.state(), ["LONG 0.066", "stop 2800 of LONG"], "{price} {found_after_ms}\n{}", scene.world.story());
    }
}

#[test]
fn an_exit_right_behind_an_order_closes_what_it_opened() {
    for words in ["buy 0.1 x5", "buy 0.1 x5 sl:2800"] {
        let mut scene = late();
        let first = scene.give(&format!("a0 ETHUSDT {words}"));
        scene.wait_for(first);
        let number = scene.give_json(&world::exit(0, ETH, "LONG", 1));
        assert_eq!(scene.wait_for(number), Outcome::Done, "{words}\n{}", scene.world.story());
        scene.rest(3_000);
        scene.assert_state(&[]);
    }
}

/// An exchange that takes longer to answer than the time between two looks: everything else has its turn too.
#[test]
fn a_slow_exchange_is_not_only_looked_at() {
    let mut scene = Scene::new(Setting { rtt_ms: 1_500, ..Setting::default() });
    let entry = world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), Some("2950"), Some("2800"), Some("3100")], 1);
    let number = scene.give_json(&entry);
    assert_eq!(scene.wait_for(number), Outcome::Done);
    scene.price("2985");
    scene.rest(20_000);
    assert!(scene.state().contains(&"target 3100 of LONG".to_owned()), "{}", scene.world.story());
    scene.mark();
    let number = scene.give_json(&world::exit(0, ETH, "LONG", 2));
    assert_eq!(scene.wait_for(number), Outcome::Done);
    assert!(scene.took_ms() < 60_000, "{} ms\n{}", scene.took_ms(), scene.world.story());
    scene.assert_state(&[]);
}

/// In hedge mode a close means both sides, also while the trade of one is being closed.
#[test]
fn a_close_is_for_both_sides() {
    let mut scene = hedge();
    scene.do_it("a0 ETHUSDT sell 0.1 x5");
    let number = scene.give_json(&world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2800"), Some("3100")], 1));
    scene.wait_for(number);
    scene.price("2985");
    scene.rest(3_000);
    scene.give_json(&world::exit(0, ETH, "LONG", 2));
    scene.rest(200);
    let number = scene.give("a0 ETHUSDT close");
    assert_eq!(scene.wait_for(number), Outcome::Done, "{}", scene.world.story());
    scene.assert_state(&[]);
}

/// A stop larger than the position protects nothing on some exchanges: what was filled and closed by hand since is not covered.
#[test]
fn a_part_that_was_closed_by_hand_is_not_covered_for_long() {
    let mut scene = after(Kind::BingX, false, &[]);
    scene.world.faults(0, Faults::new(1, Vec::new(), Conditions { liquidity: Some(d("0.03")), ..Conditions::default() }));
    let number = scene.give_json(&world::entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2800"), None], 1));
    scene.wait_for(number);
    scene.price("2985");
    scene.rest(8_000);
    scene.mark();
    scene.price("2995");
    scene.by_hand(Side::Long, "0.02", true);
    scene.price("2984");
    scene.rest(10_000);
    scene.assert_state(&["LONG 0.04", "stop 2800 of LONG"]);
    assert!(scene.naked_ms(Side::Long).iter().all(|ms| *ms < 3_000), "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
}
