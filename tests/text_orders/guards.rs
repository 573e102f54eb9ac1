//! `sl:` and `tp:`: they come right after the fill, are replaced by a later order's, and end with the position.

use perphook::desk::{Outcome, Record};
use perphook::exchange::paper::Amount;
use perphook::market::Side;

use crate::scene::{ETH, RTT_MS, Scene, after, d, hedge, one_way};
use crate::sim::Kind;
use crate::sim::faults::{Conditions, Faults};

const GUARDED: &[&str] = &["a0 ETHUSDT buy 0.1 x5 sl:2900 tp:3100"];

/// The next look at the positions, and the time the order for the stop takes.
const LOOK_MS: u64 = 1_000 + 2 * RTT_MS;

fn guarded() -> Scene {
    let mut scene = after(Kind::Binance, false, GUARDED);
    scene.rest(2_000);
    scene.assert_state(&["LONG 0.1", "stop 2900 of LONG", "target 3100 of LONG"]);
    scene.mark();
    scene
}

fn most_naked_ms(scene: &Scene, side: Side) -> u64 {
    scene.naked_ms(side).into_iter().max().unwrap_or_default()
}

#[test]
fn protection_follows_the_fill_at_once() {
    for (line, side, stop) in [
        ("a0 ETHUSDT buy 0.1 x5 sl:2900", Side::Long, "stop 2900 of LONG"),
        ("a0 ETHUSDT sell 300$ x5 sl:3100", Side::Short, "stop 3100 of SHORT"),
        ("a0 ETHUSDT pos -0.1 x5 sl:3100", Side::Short, "stop 3100 of SHORT"),
    ] {
        for mut scene in [one_way(), hedge()] {
            scene.do_it(line);
            scene.rest(3_000);
            assert!(scene.state().contains(&stop.to_owned()), "{line}: {:?}", scene.state());
            let naked = scene.naked_ms(side);
            assert!(naked.len() == 1 && naked[0] <= 2 * RTT_MS, "{line}: naked for {naked:?}\n{}", scene.world.story());
        }
    }
}

#[test]
fn a_later_order_replaces_protection_of_the_same_kind() {
    let mut scene = guarded();
    scene.do_it("a0 ETHUSDT buy 0.1 x5 sl:2950");
    scene.rest(2_000);
    scene.assert_state(&["LONG 0.2", "stop 2950 of LONG", "target 3100 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= 3 * RTT_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
    scene.mark();
    // Without a trade: only the stop moves.
    scene.do_it("a0 ETHUSDT pos 0.2 x5 sl:2960 tp:3200");
    scene.rest(2_000);
    scene.assert_state(&["LONG 0.2", "stop 2960 of LONG", "target 3200 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= 3 * RTT_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
    scene.mark();
    scene.do_it("a0 ETHUSDT buy 0.1");
    scene.rest(2_000);
    // An order without such words changes nothing of it.
    scene.assert_state(&["LONG 0.3", "stop 2960 of LONG", "target 3200 of LONG"]);
    assert!(scene.naked_ms(Side::Long).is_empty(), "{:?}", scene.naked_ms(Side::Long));
}

#[test]
fn replacing_again_and_again_ends_with_the_last() {
    let mut scene = guarded();
    for stop in 2901..2921 {
        scene.give(&format!("a0 ETHUSDT pos 0.1 x5 sl:{stop}"));
    }
    scene.rest(20_000);
    scene.assert_state(&["LONG 0.1", "stop 2920 of LONG", "target 3100 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= LOOK_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
}

#[test]
fn protection_stays_while_a_part_is_taken_down() {
    for line in ["a0 ETHUSDT close 50%", "a0 ETHUSDT sell 0.05", "a0 ETHUSDT pos 0.05"] {
        let mut scene = guarded();
        scene.do_it(line);
        scene.rest(3_000);
        scene.assert_state(&["LONG 0.05", "stop 2900 of LONG", "target 3100 of LONG"]);
        assert!(scene.naked_ms(Side::Long).is_empty(), "{line}: {:?}", scene.naked_ms(Side::Long));
    }
}

#[test]
fn protection_ends_with_the_position() {
    type Act = fn(&mut Scene);
    let acts: [(&str, Act); 7] = [
        ("close", |scene| scene.do_it("a0 ETHUSDT close")),
        ("pos 0", |scene| scene.do_it("a0 ETHUSDT pos 0")),
        ("sell", |scene| scene.do_it("a0 ETHUSDT sell 0.1")),
        ("close 100%", |scene| scene.do_it("a0 ETHUSDT close 100%")),
        ("stop", |scene| scene.price("2890")),
        ("target", |scene| scene.price("3110")),
        ("hand", |scene| scene.by_hand(Side::Long, "0.1", true)),
    ];
    for (name, act) in acts {
        let mut scene = guarded();
        act(&mut scene);
        assert!(scene.world.run_until_quiet(30_000), "{name} does not end\n{}", scene.world.story());
        assert!(scene.state().is_empty(), "{name}: {:?}\n{}", scene.state(), scene.world.story());
        // What comes then has nothing to do with the old protection.
        scene.price("3000");
        scene.do_it("a0 ETHUSDT buy 0.2 x5");
        scene.rest(5_000);
        scene.assert_state(&["LONG 0.2"]);
    }
}

#[test]
fn a_flip_takes_the_old_protection_and_brings_the_new() {
    let mut scene = guarded();
    scene.do_it("a0 ETHUSDT pos -0.2 x5 sl:3050 tp:2800");
    scene.rest(5_000);
    scene.assert_state(&["SHORT 0.2", "stop 3050 of SHORT", "target 2800 of SHORT"]);
    assert!(most_naked_ms(&scene, Side::Short) <= 3 * RTT_MS, "{:?}\n{}", scene.naked_ms(Side::Short), scene.world.story());
    scene.do_it("a0 ETHUSDT buy 0.3 x5");
    scene.rest(5_000);
    scene.assert_state(&["LONG 0.1"]);
}

#[test]
fn a_limit_order_is_protected_when_it_fills() {
    let mut scene = one_way();
    scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2950 x5 sl:2900 tp:3100");
    scene.rest(5_000);
    scene.assert_state(&["rests BUY 0.1 @2950 in1"]);
    scene.price("2940");
    scene.rest(5_000);
    scene.assert_state(&["LONG 0.1", "stop 2900 of LONG", "target 3100 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= LOOK_MS + RTT_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
}

#[test]
fn a_limit_order_that_fills_at_once_is_protected_at_once() {
    let mut scene = one_way();
    scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:3050 x5 sl:2900");
    scene.rest(5_000);
    scene.assert_state(&["LONG 0.1", "stop 2900 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= 2 * RTT_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
}

/// Before the limit order fills, what is held is none of its business; afterwards the stop is for all of it.
#[test]
fn a_limit_order_beside_a_position_is_protected_when_it_fills() {
    let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5"]);
    scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2950 x5 sl:2900");
    scene.rest(8_000);
    scene.assert_state(&["LONG 0.1", "rests BUY 0.1 @2950 in1"]);
    scene.price("2940");
    scene.mark();
    scene.rest(6_000);
    scene.assert_state(&["LONG 0.2", "stop 2900 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= LOOK_MS + 2 * RTT_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
}

/// Where stops have a quantity, the first one is for all that the side holds, not only for what just filled.
#[test]
fn a_position_that_was_there_is_covered_by_the_first_stop() {
    for exchange in [Kind::BingX, Kind::Kraken, Kind::KuCoin, Kind::Phemex] {
        let mut scene = after(exchange, false, &["a0 ETHUSDT buy 0.1 x5", "a0 ETHUSDT buy 0.06 limit:a1:2990 x5 sl:2800"]);
        scene.price("2985");
        scene.rest(4_000);
        let eth = scene.world.native(ETH);
        let stops: Vec<_> = scene
            .world
            .book(0, |sim, _| sim.book.all_conditionals().filter(|order| order.symbol == eth).map(|order| order.amount).collect());
        assert_eq!(stops, [Amount::Qty { qty: d("0.16"), reduce_only: true }], "{exchange:?}\n{}", scene.world.story());
    }
}

/// Where stops have a quantity and positions are shown late: an order's own executions tell how much its stop must cover.
#[test]
fn what_an_order_adds_is_covered_before_the_position_shows_it() {
    for exchange in [Kind::BingX, Kind::Kraken, Kind::KuCoin, Kind::Phemex] {
        for words in ["buy 0.2 x5 sl:2850", "buy 0.2 x5"] {
            let mut scene = after(exchange, false, &["a0 ETHUSDT buy 0.1 x5 sl:2800"]);
            scene.rest(8_000);
            scene.mark();
            let late = Conditions { late_positions_ms: 700, ..Conditions::default() };
            scene.world.faults(0, Faults::new(1, Vec::new(), late));
            scene.do_it(&format!("a0 ETHUSDT {words}"));
            scene.rest(10_000);
            let eth = scene.world.native(ETH);
            let since = scene.since;
            let stops: Vec<_> = scene.world.book(0, |sim, _| {
                let placed = sim.book.all_conditionals().filter(|order| order.symbol == eth && order.created >= since);
                placed.map(|order| order.amount).collect()
            });
            assert_eq!(stops, [Amount::Qty { qty: d("0.3"), reduce_only: true }], "{exchange:?} {words}\n{}", scene.world.story());
        }
    }
}

#[test]
fn a_limit_order_that_is_cancelled_takes_its_protection_along() {
    for cancel in ["a0 ETHUSDT cancel:in1", "a0 ETHUSDT cancel:all"] {
        let mut scene = one_way();
        scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2950 x5 sl:2900");
        scene.rest(2_000);
        scene.do_it(cancel);
        assert!(scene.world.run_until_quiet(60_000), "{cancel}: the guard stays\n{}", scene.world.story());
        scene.do_it("a0 ETHUSDT buy 0.1 x5");
        scene.rest(5_000);
        scene.assert_state(&["LONG 0.1"]);
    }
}

/// A stop that is wrong for the price when the position is there: out at market.
#[test]
fn a_stop_that_is_passed_before_it_can_be_placed_closes() {
    let mut scene = one_way();
    let number = scene.give("a0 ETHUSDT buy 0.1 x5 sl:2990");
    let opened = |world: &crate::world::World| !world.position(0, "ETHUSDT", Side::Long).is_zero();
    assert!(scene.world.run_until_so(5_000, opened));
    scene.price("2980");
    scene.wait_for(number);
    assert!(scene.world.run_until_quiet(30_000), "{}", scene.world.story());
    assert!(scene.state().is_empty() && scene.was_told("already passed"), "{:?}\n{}", scene.state(), scene.world.story());
}

#[test]
fn hedge_mode_protects_each_side_for_itself() {
    let mut scene = hedge();
    scene.do_it("a0 ETHUSDT buy 0.1 x5 sl:2900");
    scene.do_it("a0 ETHUSDT sell 0.2 x5 sl:3100");
    scene.rest(3_000);
    scene.assert_state(&["LONG 0.1", "SHORT 0.2", "stop 2900 of LONG", "stop 3100 of SHORT"]);
    scene.price("2890");
    scene.rest(5_000);
    scene.assert_state(&["SHORT 0.2", "stop 3100 of SHORT"]);
    scene.do_it("a0 ETHUSDT close");
    assert!(scene.world.run_until_quiet(30_000), "{}", scene.world.story());
    assert!(scene.state().is_empty(), "{:?}", scene.state());
}

/// A market order that asks for protection while a limit order's guard waits is protected at once.
#[test]
fn an_order_beside_a_waiting_limit_order_is_protected_at_once() {
    let mut scene = one_way();
    scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2950 x5 sl:2900");
    scene.rest(3_000);
    scene.do_it("a0 ETHUSDT buy 0.1 x5 sl:2910");
    scene.rest(3_000);
    scene.assert_state(&["LONG 0.1", "rests BUY 0.1 @2950 in1", "stop 2910 of LONG"]);
    assert!(most_naked_ms(&scene, Side::Long) <= LOOK_MS, "{:?}\n{}", scene.naked_ms(Side::Long), scene.world.story());
}

/// A limit order that asked for protection never leaves a position without it, whatever became of the position that
/// was there when it was placed.
#[test]
fn a_limit_order_outlives_the_guard_it_joined_or_goes_with_it() {
    for end in ["close", "stop"] {
        let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5 sl:2960"]);
        scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2950 sl:2850");
        scene.rest(3_000);
        if end == "close" {
            scene.do_it("a0 ETHUSDT close");
        } else {
            scene.by_hand(Side::Long, "0.1", true);
        }
        scene.rest(20_000);
        scene.price("2940");
        scene.rest(10_000);
        let state = scene.state();
        let naked = state.contains(&"LONG 0.1".to_owned()) && !state.iter().any(|line| line.starts_with("stop"));
        assert!(!naked, "{end}: {state:?}\n{}", scene.world.story());
    }
}

/// A guard whose position was closed by an order closes nothing itself: what is opened right after is not its business.
#[test]
fn what_is_opened_right_after_a_close_stays() {
    for late_ms in [0, 150, 300, 450, 700] {
        let mut scene = after(Kind::Binance, false, GUARDED);
        scene.rest(8_000);
        let late = Conditions { late_positions_ms: late_ms, ..Conditions::default() };
        scene.world.faults(0, Faults::new(1, Vec::new(), late));
        let numbers = ["close", "buy 0.2 x5 sl:2850"].map(|words| scene.give(&format!("a0 ETHUSDT {words}")));
        for number in numbers {
            assert_eq!(scene.wait_for(number), Outcome::Done, "{late_ms}");
        }
        scene.rest(8_000);
        assert_eq!(scene.state(), ["LONG 0.2", "stop 2850 of LONG"], "{late_ms}\n{}", scene.world.story());
    }
}

/// The limit order of a guard whose position was closed fills before it is cancelled.
#[test]
fn a_limit_order_that_fills_while_its_guard_leaves_is_protected() {
    for fills_after_ms in [0, 20, 40, 60, 80, 100, 120, 140, 160, 200] {
        let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5 sl:2800", "a0 ETHUSDT buy 0.1 limit:in1:2950 x5 sl:2800"]);
        scene.rest(8_000);
        let number = scene.give("a0 ETHUSDT close");
        scene.rest(fills_after_ms);
        scene.price("2940");
        scene.wait_for(number);
        scene.rest(10_000);
        let state = scene.state();
        let is_safe = state.is_empty() || state == ["LONG 0.1", "stop 2800 of LONG"];
        assert!(is_safe, "{fills_after_ms}: {state:?}\n{}", scene.world.story());
    }
}

/// Who repeats a stop with every alert loses nothing by it, however often.
#[test]
fn a_stop_that_is_repeated_stays() {
    for exchange in [Kind::Binance, Kind::Bybit, Kind::BingX] {
        let mut scene = after(exchange, false, GUARDED);
        scene.rest(8_000);
        scene.mark();
        for _ in 0..5 {
            scene.do_it("a0 ETHUSDT pos 0.1 sl:2900 tp:3100");
            scene.rest(2_000);
        }
        assert!(scene.sent().is_empty() && scene.naked_ms(Side::Long).is_empty(), "{exchange:?} {:?}", scene.sent());
        for price in 0..20 {
            scene.do_it(&format!("a0 ETHUSDT pos 0.1 sl:{}", 2800 + price % 7));
            scene.rest(2_000);
        }
        let trades = &scene.world.desk.memory().trades;
        assert!(trades.len() == 1 && trades.values().all(|guard| guard.replaced_stops.len() < 10), "{exchange:?} {trades:?}");
        scene.assert_state(&["LONG 0.1", "stop 2805 of LONG", "target 3100 of LONG"]);
    }
}

/// Where one of a kind can rest: the new stop is there before anything is done about the target.
#[test]
fn a_stop_does_not_wait_for_a_target() {
    let mut scene = guarded();
    scene.do_it("a0 ETHUSDT pos 0.1 sl:2950 tp:3200");
    scene.rest(2_000);
    assert_eq!(scene.sent(), ["cancel stop", "ETHUSDT stop 2950", "cancel target", "ETHUSDT target 3200"]);
}

/// A crash between two records: the guard is on disk before the order that asked for it is forgotten.
#[test]
fn the_guard_is_written_before_the_verdict() {
    let scene = after(Kind::Binance, false, GUARDED);
    let at = |is: fn(&Record) -> bool| scene.world.records().position(is);
    let guard = at(|record| matches!(record, Record::Trade(_)));
    let verdict = at(|record| matches!(record, Record::Verdict { .. }));
    assert!(guard.is_some() && guard < verdict, "{guard:?} {verdict:?}");
}
