//! Text orders and the trade of a JSON alert on the same contract.

use perphook::desk::Outcome;
use perphook::market::Side;

use crate::scene::{ETH, RTT_MS, Scene, hedge, one_way};
use crate::sim::faults::{Class, Fault, Rule};
use crate::world::{entry, exit};

fn long_entry() -> String {
    entry(0, ETH, "LONG", "primary_entry", [Some("2990"), Some("2980"), Some("2900"), Some("3100")], 1)
}

/// A long bracket whose first entry has filled.
fn bracket() -> Scene {
    let mut scene = one_way();
    let number = scene.give_json(&long_entry());
    assert_eq!(scene.wait_for(number), Outcome::Done);
    scene.price("2985");
    scene.rest(3_000);
    assert_eq!(scene.nameless(), OPEN, "{}", scene.world.story());
    scene.mark();
    scene
}

const OPEN: &[&str] = &["LONG 0.066", "rests BUY 0.067 @2980 ID", "stop 2900 of LONG", "target 3100 of LONG"];

impl Scene {
    /// The state with the names of resting orders left out.
    fn nameless(&self) -> Vec<String> {
        let short = |line: String| match line.split_once("ph") {
            Some((before, _)) if line.starts_with("rests") => format!("{before}ID"),
            _ => line,
        };
        self.state().into_iter().map(short).collect()
    }
}

#[test]
fn other_orders_are_refused_naming_the_trade() {
    for words in [
        "buy 0.1 x5",
        "sell 0.1",
        "pos 0.5",
        "pos -0.5 x5",
        "close 50%",
        "buy 0.1 limit:a1:2900",
        "changeleverage 7",
        "sell 1 reduce",
        "buy 0.1 x5 sl:2950",
    ] {
        let mut scene = bracket();
        scene.refuse(&format!("a0 ETHUSDT {words}"), "trade 1 ");
        scene.rest(2_000);
        assert!(scene.sent().is_empty(), "{words}: {:?}", scene.sent());
        assert_eq!(scene.nameless(), OPEN, "{words}");
    }
}

#[test]
fn close_and_pos_0_are_an_exit() {
    for words in ["close", "pos 0", "pos 0 x5"] {
        let mut scene = bracket();
        scene.do_it(&format!("a0 ETHUSDT {words}"));
        assert!(scene.world.run_until_quiet(30_000) && scene.state().is_empty(), "{words}: {:?}", scene.state());
        let closed = scene.world.desk.memory().closed.back().map(|trade| (trade.id, trade.why.as_str()));
        assert_eq!(closed, Some((1, "exit")), "{words}");
    }
}

#[test]
fn close_ends_a_bracket_that_waits_for_its_entry() {
    let mut scene = one_way();
    let number = scene.give_json(&long_entry());
    scene.wait_for(number);
    scene.do_it("a0 ETHUSDT close");
    assert!(scene.world.run_until_quiet(30_000) && scene.state().is_empty(), "{:?}", scene.state());
    scene.price("2970");
    scene.rest(5_000);
    scene.assert_state(&[]);
}

#[test]
fn cancel_all_leaves_the_protection_and_says_so() {
    let mut scene = bracket();
    scene.do_it("a0 ETHUSDT cancel:all");
    assert!(scene.was_told("stop and target of the position stay"), "{}", scene.world.story());
    scene.rest(60_000);
    scene.assert_state(&["LONG 0.066", "stop 2900 of LONG", "target 3100 of LONG"]);
    assert!(scene.naked_ms(Side::Long).is_empty(), "{:?}", scene.naked_ms(Side::Long));
    // The trade is looked after as before.
    scene.price("2890");
    assert!(scene.world.run_until_quiet(30_000) && scene.state().is_empty(), "{:?}", scene.state());
}

#[test]
fn cancel_all_ends_a_bracket_that_waits_for_its_entry() {
    let mut scene = one_way();
    let number = scene.give_json(&long_entry());
    scene.wait_for(number);
    scene.do_it("a0 ETHUSDT cancel:all");
    assert!(scene.world.run_until_quiet(60_000) && scene.state().is_empty(), "{}", scene.world.story());
}

#[test]
fn an_entry_after_a_text_position_is_a_duplicate() {
    for line in ["a0 ETHUSDT buy 0.1 x5", "a0 ETHUSDT buy 0.1 x5 sl:2900"] {
        for mut scene in [one_way(), hedge()] {
            scene.do_it(line);
            scene.rest(8_000);
            let state = scene.state();
            scene.mark();
            let number = scene.give_json(&long_entry());
            let outcome = scene.wait_for(number);
            assert!(matches!(&outcome, Outcome::Nothing(why) if why.contains("duplicate")), "{line}: {outcome:?}\n{}", scene.world.story());
            scene.rest(3_000);
            assert_eq!((scene.sent(), scene.state()), (Vec::new(), state), "{line}");
        }
    }
}

/// One-way: the other side's position is in the way for longer than an ENTRY waits.
#[test]
fn an_entry_against_a_text_position_is_refused() {
    for line in ["a0 ETHUSDT sell 0.1 x5", "a0 ETHUSDT sell 0.1 x5 sl:3100"] {
        let mut scene = one_way();
        scene.do_it(line);
        scene.rest(8_000);
        let state = scene.state();
        scene.mark();
        let number = scene.give_json(&long_entry());
        let outcome = scene.wait_for(number);
        assert!(matches!(outcome, Outcome::Refused(_)), "{line}: {outcome:?}\n{}", scene.world.story());
        assert!(scene.took_ms() >= 5_000 && scene.took_ms() < 7_000, "{line}: {} ms", scene.took_ms());
        assert_eq!((scene.sent(), scene.state()), (Vec::new(), state), "{line}");
    }
}

#[test]
fn an_exit_closes_a_text_position() {
    for (line, side) in
        [("a0 ETHUSDT buy 0.1 x5", "LONG"), ("a0 ETHUSDT buy 0.1 x5 sl:2900 tp:3100", "LONG"), ("a0 ETHUSDT sell 0.1 x5 sl:3100", "SHORT")]
    {
        for mut scene in [one_way(), hedge()] {
            scene.do_it(line);
            scene.rest(3_000);
            let number = scene.give_json(&exit(0, ETH, side, 2));
            assert_eq!(scene.wait_for(number), Outcome::Done, "{line}\n{}", scene.world.story());
            assert!(scene.world.run_until_quiet(30_000) && scene.state().is_empty(), "{line}: {:?}", scene.state());
        }
    }
}

#[test]
fn an_exit_of_the_other_side_leaves_a_text_position_alone() {
    let mut scene = one_way();
    scene.do_it("a0 ETHUSDT buy 0.1 x5 sl:2900");
    scene.rest(3_000);
    let number = scene.give_json(&exit(0, ETH, "SHORT", 2));
    assert!(matches!(scene.wait_for(number), Outcome::Nothing(_)));
    scene.rest(3_000);
    scene.assert_state(&["LONG 0.1", "stop 2900 of LONG"]);
}

/// A text order that came while the bracket is being closed waits for its turn.
#[test]
fn a_text_order_waits_for_the_end_of_a_bracket() {
    let mut scene = bracket();
    let exit = scene.give_json(&exit(0, ETH, "LONG", 2));
    let buy = scene.give("a0 ETHUSDT buy 0.2 x5");
    assert_eq!((scene.wait_for(exit), scene.wait_for(buy)), (Outcome::Done, Outcome::Done));
    scene.rest(5_000);
    scene.assert_state(&["LONG 0.2"]);
}

/// The ENTRY's orders are on their way when the EXIT comes, and are refused in passing: nothing is left to wait for.
#[test]
fn an_exit_does_not_wait_for_entries_that_were_refused_in_passing() {
    for fault in
        [Fault::refuse(503, -1008, "Request throttled by system-level protection."), Fault::RateLimit { retry_after_s: 1, ban_s: 2 }]
    {
        let mut scene = one_way();
        scene.faults(vec![Rule::new(Class::Place, fault.clone()).nth(1)]);
        let entry = scene.give_json(&long_entry());
        let placing = |world: &crate::world::World| world.calls(0, 0).iter().any(|call| call == "ETHUSDT leverage 20");
        assert!(scene.world.run_until_so(5_000, placing));
        scene.rest(RTT_MS);
        let exit = scene.give_json(&exit(0, ETH, "LONG", 2));
        let text = scene.give("a0 ETHUSDT buy 0.1 x5");
        let outcomes = [entry, exit, text].map(|number| scene.wait_for(number));
        assert!(scene.took_ms() <= 10_000, "{fault:?}: {} ms {outcomes:?}\n{}", scene.took_ms(), scene.world.story());
    }
}
