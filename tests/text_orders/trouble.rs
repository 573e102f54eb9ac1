//! Every command with every kind of trouble at each of its calls: in the end it was carried out once, or it was refused
//! and nothing happened.

use perphook::desk::Outcome;
use perphook::market::{Decimal, Millis};

use crate::scene::{ETH, Scene, after};
use crate::sim::Kind;
use crate::sim::faults::{Class, Fault, Rule};

const LATE_MS: Millis = 1_500;
/// Longer than any fence, ban or retry of these troubles.
const REST_MS: Millis = 12_000;

const LONG: &[&str] = &["a0 ETHUSDT buy 0.1 x5"];
const SHORT: &[&str] = &["a0 ETHUSDT sell 0.1 x5"];
const BOTH: &[&str] = &["a0 ETHUSDT buy 0.1 x5", "a0 ETHUSDT sell 0.2 x5"];
const RESTS: &[&str] = &["a0 ETHUSDT buy 0.1 limit:in1:2900 x5"];
const GUARDED: &[&str] = &["a0 ETHUSDT buy 0.1 x5 sl:2800 tp:3200"];

/// Hedge mode, what was carried out before, the line. Leverages are such as every exchange has.
type Case = (bool, &'static [&'static str], &'static str);

const CASES: &[Case] = &[
    (false, &[], "buy 0.1 x10"),
    (false, &[], "sell 300$"),
    (false, &[], "buy 10% x5"),
    (false, &[], "buy 2@ x5"),
    (false, &[], "buy 0.1 xmax sl:2900 tp:3100"),
    (false, LONG, "pos 0.3 x5"),
    (false, LONG, "pos 0.05 x8"),
    (false, LONG, "pos -0.2 x5 sl:3100"),
    (false, SHORT, "pos 0"),
    (false, LONG, "sell 0.3 x8"),
    (false, LONG, "sell 0.3 reduce"),
    (false, LONG, "close"),
    (false, LONG, "close 50%"),
    (false, &[], "buy 0.1 limit:in1:2900 x10"),
    (false, &[], "buy 0.1 limit:in1:3050 x10 sl:2900"),
    (false, LONG, "sell 0.1 limit:out:3100"),
    (false, RESTS, "cancel:in1"),
    (false, RESTS, "cancel:all"),
    (false, LONG, "changeleverage 8"),
    (false, GUARDED, "buy 0.1 sl:2900"),
    (false, GUARDED, "close"),
    (false, GUARDED, "pos -0.1 sl:3100"),
    (true, LONG, "sell 0.1 x10 sl:3100"),
    (true, BOTH, "pos 0"),
    (true, BOTH, "close 50%"),
    (true, BOTH, "pos -0.3 x10"),
    (true, LONG, "sell 0.1 limit:out:3100 reduce"),
];

/// What the whole is like in the end: what is there, the leverage, and how much was bought and sold.
#[derive(Clone, Debug, PartialEq, Eq)]
struct End {
    state: Vec<String>,
    leverage: Vec<u32>,
    traded: Decimal,
}

fn look(scene: &Scene) -> End {
    let traded = scene.world.executed(0, ETH).iter().map(|(_, qty)| qty.abs()).sum();
    End { state: scene.state(), leverage: scene.world.leverages(0).values().copied().collect(), traded }
}

fn run(exchange: Kind, case: &Case, rule: Option<Rule>) -> (Scene, End, Outcome) {
    let (hedge, before, words) = case;
    let mut scene = after(exchange, *hedge, before);
    scene.rest(3_000);
    let start = look(&scene);
    scene.mark();
    scene.faults(rule.into_iter().collect());
    let outcome = scene.carry_out(&format!("a0 ETHUSDT {words}"));
    scene.rest(REST_MS + scene.world.fence_ms());
    (scene, start, outcome)
}

#[test]
fn whatever_goes_wrong_an_order_is_carried_out_once_or_not_at_all() {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let jobs = || Kind::ALL.iter().flat_map(|exchange| cases(*exchange).map(|case| (*exchange, case)));
    let hands: Vec<_> = (0..workers)
        .map(|worker| {
            std::thread::spawn(move || {
                let mine = jobs().skip(worker).step_by(workers);
                mine.map(|(exchange, case)| every_trouble(exchange, case)).fold((0, Vec::new()), |(tries, mut wrong), (more, found)| {
                    wrong.extend(found);
                    (tries + more, wrong)
                })
            })
        })
        .collect();
    let results: Vec<(u64, Vec<String>)> = hands.into_iter().map(|hand| hand.join().expect("a worker panicked")).collect();
    let wrong: Vec<String> = results.iter().flat_map(|(_, wrong)| wrong.clone()).collect();
    let tries: u64 = results.iter().map(|(tries, _)| tries).sum();
    assert!(wrong.is_empty(), "{} of {tries} went wrong\n{}", wrong.len(), wrong.into_iter().take(12).collect::<Vec<_>>().join("\n"));
    assert!(tries > 1_000, "only {tries} tries");
}

/// Those for which the exchange has the position mode.
fn cases(exchange: Kind) -> impl Iterator<Item = &'static Case> {
    CASES.iter().filter(move |(hedge, ..)| exchange.modes().contains(hedge))
}

fn every_trouble(exchange: Kind, case: &Case) -> (u64, Vec<String>) {
    let (clean, _, outcome) = run(exchange, case, None);
    assert_eq!(outcome, Outcome::Done, "{exchange:?} {case:?}\n{}", clean.world.story());
    let (calls, wanted) = (clean.calls_until_settled(), look(&clean));
    let mut tries = 0;
    let mut wrong = Vec::new();
    for nth in 1..=calls {
        for trouble in Fault::every_trouble(LATE_MS) {
            tries += 1;
            let (scene, start, outcome) = run(exchange, case, Some(Rule::new(Class::Any, trouble.clone()).nth(nth)));
            let end = look(&scene);
            let well = match &outcome {
                Outcome::Refused(_) => (&end.state, end.traded) == (&start.state, start.traded),
                // A cancel that was carried out without an answer may be found done.
                Outcome::Done | Outcome::Nothing(_) => end == wanted,
            };
            if !well {
                let what = format!(
                    "{exchange:?} {case:?} with {trouble:?} at call {nth}: {outcome:?}\n  {end:?}\n  wanted {wanted:?}\n  calls {:?}",
                    scene.calls()
                );
                wrong.push(what);
            }
        }
    }
    (tries, wrong)
}
