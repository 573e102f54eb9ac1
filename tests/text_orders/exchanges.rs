//! The life of a bracket on every exchange, with every kind of trouble at each of its calls, checked against the
//! exchange's own books.

use perphook::desk::Why;
use perphook::market::{Decimal, Millis, Side};

use crate::scene::{ETH, RTT_MS, d};
use crate::sim::Kind;
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};
use crate::world::{Setting, World, audit, entry, exit};

const LATE_MS: Millis = 1_500;
/// How a bracket ends, and why it is then said to have ended.
const ENDINGS: [(Ending, Why); 4] =
    [(Ending::Target, Why::Target), (Ending::Stop, Why::Stop), (Ending::Exit, Why::Exit), (Ending::Hand, Why::Gone)];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    /// The price reaches the target.
    Target,
    /// The price falls to the stop.
    Stop,
    /// An EXIT alert comes.
    Exit,
    /// The user closes the position.
    Hand,
}

/// Both entries fill one after the other, then the end comes.
fn live(exchange: Kind, hedge: bool, ending: Ending, rule: Option<Rule>) -> World {
    let mut world = World::new(Setting { exchange, hedge, rtt_ms: RTT_MS, ..Setting::default() });
    world.price(ETH, d("3000"));
    world.run_for(2_000);
    world.faults(0, Faults::new(0, rule.into_iter().collect(), Conditions::default()));
    let prices = [Some("2990"), Some("2950"), Some("2800"), Some("3100")];
    world.alert(&entry(0, ETH, "LONG", "primary_entry", prices, 1));
    world.run_for(1_500);
    world.price(ETH, d("2985"));
    world.run_for(3_000);
    world.price(ETH, d("2945"));
    world.run_for(3_000);
    match ending {
        Ending::Target => world.price(ETH, d("3105")),
        Ending::Stop => world.price(ETH, d("2795")),
        Ending::Exit => drop(world.alert(&exit(0, ETH, "LONG", 2))),
        Ending::Hand => by_hand(&mut world),
    }
    world
}

fn by_hand(world: &mut World) {
    let (symbol, held) = (world.native(ETH), world.position(0, ETH, Side::Long));
    if held > Decimal::ZERO {
        let wish = format!(r#"{{"symbol":"{symbol}","side":"LONG","qty":"{held}","close":true}}"#);
        world.book(0, |sim, now| crate::sim::control::answer(sim, "POST", "/sim/position", &wish, now));
    }
    world.disturbed = true;
}

/// Lets everything come to its end, and checks it.
fn end(world: &mut World, what: &str) -> Result<(), String> {
    let longest = 60_000 + 2 * world.fence_ms();
    if !world.run_until_quiet(longest) {
        // Trouble may have kept the entries, or the end, away: an EXIT ends it in any case.
        world.alert(&exit(0, ETH, "LONG", 3));
        if !world.run_until_quiet(longest + 180_000) {
            return Err(format!("{what}: does not come to rest\n{}", world.story()));
        }
    }
    world.run_for(world.fence_ms() + 5_000);
    let left = world.position(0, ETH, Side::Long);
    if !left.is_zero() {
        return Err(format!("{what}: {left} is left\n{}", world.story()));
    }
    audit::at_rest(world);
    Ok(())
}

#[test]
fn a_bracket_ends_as_it_should_on_every_exchange() {
    for exchange in Kind::ALL {
        for (hedge, (ending, why)) in exchange.modes().iter().flat_map(|hedge| ENDINGS.map(|ending| (*hedge, ending))) {
            let mut world = live(*exchange, hedge, ending, None);
            end(&mut world, &format!("{exchange:?} {ending:?}")).unwrap_or_else(|what| panic!("{what}"));
            let closed = &world.desk.memory().closed;
            assert_eq!(closed.iter().map(|trade| trade.why).collect::<Vec<_>>(), [why], "{exchange:?} {ending:?}\n{}", world.story());
            let spans = world.book(0, |sim, _| sim.book.naked_spans());
            if world.capabilities().attaches_stop {
                assert!(spans.iter().all(|span| span.end == Some(span.start)), "{exchange:?} {ending:?}: {spans:?}\n{}", world.story());
                assert_eq!(closed[0].naked_ms, 0, "{exchange:?} {ending:?}\n{}", world.story());
            }
        }
    }
}

#[test]
fn whatever_goes_wrong_a_bracket_is_never_doubled_never_left_naked_and_always_ends() {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = || Kind::ALL.iter().flat_map(|exchange| ENDINGS.iter().map(|(ending, _)| (*exchange, *ending)));
    let hands: Vec<_> = (0..workers)
        .map(|worker| {
            std::thread::spawn(move || {
                jobs().skip(worker).step_by(workers).flat_map(|(exchange, ending)| every_trouble(exchange, ending)).collect::<Vec<_>>()
            })
        })
        .collect();
    let results: Vec<Result<(), String>> = hands.into_iter().flat_map(|hand| hand.join().expect("a worker panicked")).collect();
    let wrong: Vec<&String> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(wrong.is_empty(), "{} of {} went wrong\n{}", wrong.len(), results.len(), wrong[0]);
    assert!(results.len() > 1_000 * Kind::ALL.len(), "only {} tries", results.len());
}

fn every_trouble(exchange: Kind, ending: Ending) -> Vec<Result<(), String>> {
    let mut clean = live(exchange, false, ending, None);
    clean.run_for(20_000);
    let calls = clean.calls_until_settled(0, 0) as u64;
    let tries = (1..=calls).flat_map(|nth| Fault::every_trouble(LATE_MS).into_iter().map(move |trouble| (nth, trouble)));
    tries
        .map(|(nth, trouble)| {
            let what = format!("{exchange:?} {ending:?} with {trouble:?} at call {nth}");
            let rule = Rule::new(Class::Any, trouble).nth(nth);
            let run = || {
                let mut world = live(exchange, false, ending, Some(rule));
                end(&mut world, &what)
            };
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or_else(|cause| {
                let words = cause.downcast_ref::<String>().cloned().unwrap_or_default();
                Err(format!("{what}: {words}"))
            })
        })
        .collect()
}
