//! Refusals that do not pass: a close that something else seems to hold up, a target that is never taken.

use perphook::desk::{Outcome, Why};
use perphook::exchange::paper::ConditionalStatus;
use perphook::market::{Decimal, Millis, ProtectionKind};

use crate::scene::{ETH, Scene, after, d, one_way};
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::sim::{Entry, Kind};
use crate::world::{entry, exit};

/// A JSON bracket whose first entry has filled, with stop and target.
fn bracket_on(exchange: Kind) -> Scene {
    let mut scene = after(exchange, false, &[]);
    filled(&mut scene);
    // In lots of a hundredth on the one, of a thousandth on the other, and hardly any on the third.
    let held = match exchange {
        Kind::BingX => "LONG 0.06",
        Kind::CoinEx => "LONG 0.06688963",
        _ => "LONG 0.066",
    };
    scene.assert_state(&[held, "stop 2800 of LONG", "target 3100 of LONG"]);
    scene.mark();
    scene
}

fn filled(scene: &mut Scene) {
    scene.price("3000");
    scene.give_json(&entry(0, ETH, "LONG", "primary_entry", [Some("2990"), None, Some("2800"), Some("3100")], 1));
    scene.rest(1_500);
    scene.price("2985");
    scene.rest(3_000);
}

/// Too little is available, in the exchange's words.
fn refused(exchange: Kind, times: u64) -> Rule {
    let (path, fault) = match exchange {
        Kind::BingX => ("/openApi/swap/v2/trade/order", Fault::refuse(200, 101_212, "the available amount is insufficient")),
        _ => ("/fapi/v1/order", Fault::refuse(400, -2019, "Margin is insufficient.")),
    };
    Rule::new(Class::Place, fault).on("POST", path).times(times)
}

/// How often a position was tried to be closed since the mark, and which stops and targets were cancelled before it was.
fn tries(scene: &Scene) -> (u64, Vec<ProtectionKind>) {
    scene.world.book(0, |sim, _| {
        let closes = |entry: &&Entry| entry.at >= scene.since && entry.method == "POST" && entry.path.ends_with("/order");
        let tries = sim.log.entries.iter().filter(closes).count() as u64;
        let closed = sim.book.trades().back().map_or(scene.world.now, |trade| trade.at);
        let gone = sim.book.all_conditionals().filter(|guard| guard.status == ConditionalStatus::Canceled && guard.updated < closed);
        (tries, gone.map(|guard| guard.kind).collect())
    })
}

/// Where a stop or target reserves what it would close, the target makes way first, the stop only when that was not it.
#[test]
fn a_close_that_is_held_up_takes_the_target_away_and_then_the_stop() {
    for (refusals, gone) in
        [(2, vec![]), (3, vec![ProtectionKind::TakeProfit]), (5, vec![ProtectionKind::StopLoss, ProtectionKind::TakeProfit])]
    {
        let mut scene = bracket_on(Kind::BingX);
        scene.faults(vec![refused(Kind::BingX, refusals)]);
        let number = scene.give_json(&exit(0, ETH, "LONG", 2));
        scene.wait_for(number);
        let (tries, mut cancelled) = tries(&scene);
        cancelled.sort_by_key(|kind| *kind == ProtectionKind::TakeProfit);
        assert_eq!((tries, cancelled), (refusals + 1, gone), "{}", scene.world.story());
        scene.assert_state(&[]);
        assert_eq!(scene.world.desk.memory().closed.iter().map(|trade| trade.why).collect::<Vec<_>>(), [Why::Exit]);
    }
}

/// What somebody else put there to close the position goes too, when nothing of ours was it; what opens stays.
#[test]
fn a_close_that_is_held_up_takes_away_whatever_else_would_close() {
    let mut scene = after(Kind::BingX, false, &["a0 ETHUSDT buy 0.1 x5 sl:2800"]);
    scene.do_it("a0 ETHUSDT sell 0.1 limit:tp1:3300 reduce");
    scene.do_it("a0 ETHUSDT buy 0.1 limit:in1:2500 x5");
    scene.rest(3_000);
    let number = scene.give_json(&exit(0, ETH, "LONG", 2));
    assert_eq!(scene.wait_for(number), Outcome::Done, "{}", scene.world.story());
    assert!(scene.was_told("holds the position"), "{}", scene.world.story());
    scene.assert_state(&["rests BUY 0.1 @2500 in1"]);
}

/// A text alert that closes gets the same help.
#[test]
fn a_text_close_that_is_held_up_becomes_an_exit() {
    for (before, words) in [("", "close"), ("", "pos 0"), (" sl:2800", "close")] {
        let mut scene = after(Kind::BingX, false, &[&format!("a0 ETHUSDT buy 0.1 x5{before}")]);
        scene.do_it("a0 ETHUSDT sell 0.1 limit:tp1:3300 reduce");
        scene.rest(3_000);
        scene.do_it(&format!("a0 ETHUSDT {words}"));
        scene.assert_state(&[]);
        scene.rest(3_000);
        assert!(scene.world.desk.memory().trades.is_empty() && scene.world.desk.memory().orders.is_empty(), "{before} {words}");
    }
}

/// An exchange that was busy for a while has not refused anything: the close is not tried more seldom for that.
#[test]
fn a_busy_exchange_uses_up_no_patience() {
    let mut scene = bracket_on(Kind::BingX);
    let busy = Rule::new(Class::Place, Fault::Unreachable).on("POST", "/openApi/swap/v2/trade/order").times(8);
    scene.faults(vec![busy, refused(Kind::BingX, 5)]);
    let number = scene.give_json(&exit(0, ETH, "LONG", 2));
    scene.wait_for(number);
    assert!(scene.took_ms() < 60_000, "{} ms\n{}", scene.took_ms(), scene.world.story());
    assert!(
        scene.naked_ms(perphook::market::Side::Long).iter().all(|ms| *ms < 6_000),
        "{:?}",
        scene.naked_ms(perphook::market::Side::Long)
    );
}

/// Elsewhere nothing is taken off a position that cannot be closed, and the close is tried on.
#[test]
fn a_close_that_is_refused_leaves_stop_and_target_alone() {
    let mut scene = bracket_on(Kind::Binance);
    scene.faults(vec![refused(Kind::Binance, 30)]);
    scene.give_json(&exit(0, ETH, "LONG", 2));
    scene.rest(100_000);
    scene.assert_state(&["LONG 0.066", "stop 2800 of LONG", "target 3100 of LONG"]);
    scene.rest(60_000);
    scene.assert_state(&[]);
}

/// Where a book is too thin for a market order, an exchange may place none at all. What is there is taken, step by step.
#[test]
fn a_position_larger_than_the_book_is_closed_in_steps() {
    for code in [None, Some(3620), Some(3628)] {
        let mut scene = bracket_on(Kind::CoinEx);
        // The book itself is too thin, or the exchange says so three times in a row.
        let rules = code.map(|code| Rule::new(Class::Place, Fault::refuse(200, code, "depth")).on("POST", "/v2/futures/close-position"));
        let shown = if code.is_none() { d("0.02") } else { d("0.05") };
        let thin = Conditions { liquidity: Some(shown), ..Conditions::default() };
        scene.world.faults(0, Faults::new(0, rules.map(|rule| rule.times(3)).into_iter().collect(), thin));
        let number = scene.give_json(&exit(0, ETH, "LONG", 2));
        for price in ["2984", "2983", "2982", "2981", "2980"] {
            scene.rest(6_000);
            scene.price(price);
        }
        assert_eq!(scene.wait_for(number), Outcome::Done, "{}", scene.world.story());
        scene.assert_state(&[]);
        assert_eq!(scene.world.desk.memory().closed.iter().map(|trade| trade.why).collect::<Vec<_>>(), [Why::Exit]);
        // Never more than was held, and in no larger steps than the book has.
        let closed = scene.world.book(0, |sim, _| {
            let trades = sim.book.trades().iter().filter(|trade| !trade.opening);
            trades.map(|trade| trade.qty).collect::<Vec<_>>()
        });
        assert!(closed.iter().all(|qty| *qty <= shown) && closed.len() > 1, "{closed:?}\n{}", scene.world.story());
        assert_eq!(closed.iter().sum::<Decimal>(), d("0.06688963"), "{}", scene.world.story());
    }
}

/// A line that closes goes on until it is done, or for as long as an order may take.
#[test]
fn a_line_that_closes_takes_a_thin_book_in_steps_too() {
    for (line, left) in [("close", vec![]), ("sell 0.06 reduce", vec!["LONG 0.04"])] {
        let mut scene = after(Kind::CoinEx, false, &["a0 ETHUSDT buy 0.1 x5"]);
        scene.world.faults(0, Faults::new(0, Vec::new(), Conditions { liquidity: Some(d("0.035")), ..Conditions::default() }));
        let number = scene.give(&format!("a0 ETHUSDT {line}"));
        for price in ["3001", "3002", "3003"] {
            scene.rest(3_000);
            scene.price(price);
        }
        assert_eq!(scene.wait_for(number), Outcome::Done, "{line}\n{}", scene.world.story());
        scene.assert_state(&left);
    }
}

/// One exchange shuts a path that answers the same refusal again and again.
#[test]
fn what_is_always_refused_is_tried_seldom() {
    const MINUTES_8: Millis = 480_000;
    let mut scene = bracket_on(Kind::BingX);
    scene.faults(vec![refused(Kind::BingX, u64::MAX)]);
    scene.give_json(&exit(0, ETH, "LONG", 2));
    scene.rest(MINUTES_8);
    let (closes, _) = tries(&scene);
    assert!((15..=22).contains(&closes), "{closes} tries");

    // The stop, which goes first, is taken; the target never is.
    let guards = |fault: Fault| Rule::new(Class::Place, fault).on("POST", "/fapi/v1/algoOrder");
    let refuse = Fault::refuse(400, -1111, "Precision is over the maximum defined for this asset.");
    let mut scene = one_way();
    scene.faults(vec![guards(Fault::Delay { ms: 0 }).times(1), guards(refuse)]);
    filled(&mut scene);
    scene.mark();
    scene.rest(MINUTES_8);
    let targets = scene.sent();
    assert!((14..=22).contains(&targets.len()), "{} tries: {targets:?}", targets.len());
    scene.assert_state(&["LONG 0.066", "stop 2800 of LONG"]);
}

/// An order that cannot be paid is not tried in ever smaller steps where a path that refuses too often is shut.
#[test]
fn what_cannot_be_paid_is_not_tried_for_ever() {
    let mut scene = after(Kind::BingX, false, &[]);
    let short = Fault::refuse(200, 100_202, "Insufficient balance");
    scene.faults(vec![Rule::new(Class::Place, short).on("POST", "/openApi/swap/v2/trade/order")]);
    scene.refuse("a0 ETHUSDT buy 0.5 x5", "insufficient balance (100202)");
    let (orders, _) = tries(&scene);
    assert!((3..=12).contains(&orders), "{orders} tries");
}

/// A stop that was taken although its price was passed already, and now waits for ever.
#[test]
fn a_stop_that_does_not_fire_is_not_waited_for() {
    let mut scene = bracket_on(Kind::Binance);
    let eth = scene.world.native(ETH);
    // It watches the last price, which is far from it; the mark price has passed it.
    scene.world.book(0, |sim, _| {
        let (instruments, knobs) = (sim.book.instruments().clone(), sim.book.knobs().clone());
        let mut saved = serde_json::to_value(&sim.book).expect("a book is JSON");
        for guard in saved["conditional"]["open"].as_array_mut().expect("a list").iter_mut() {
            guard["by"] = "last".into();
        }
        saved["markets"][eth.as_str()]["mark"] = "2790".into();
        sim.book = serde_json::from_value(saved).expect("a book reads back");
        sim.book.equip(instruments, knobs);
    });
    scene.rest(10_000);
    assert!(scene.was_told("the mark price has passed the stop, which does not fire"), "{}", scene.world.story());
    scene.assert_state(&[]);
    assert_eq!(scene.world.desk.memory().closed.iter().map(|trade| trade.why).collect::<Vec<_>>(), [Why::Stop]);
}
