//! Every command, once, in both position modes: the exact requests in their order, and what is there in the end.

use perphook::desk::{AccountRules, Outcome};
use perphook::market::MarginMode;

use crate::scene::{ETH, RTT_MS, Scene, after};
use crate::sim::Kind;
use crate::world::Setting;

/// What was carried out before, the line, its requests (those that fill or set something in capitals or words of
/// `world::wire`), and what is there afterwards.
type Case = (&'static [&'static str], &'static str, &'static [&'static str], &'static [&'static str]);

const LONG: &[&str] = &["a0 ETHUSDT buy 0.1 x5"];
const SHORT: &[&str] = &["a0 ETHUSDT sell 0.1 x5"];
const BOTH: &[&str] = &["a0 ETHUSDT buy 0.1 x5", "a0 ETHUSDT sell 0.2 x5"];
const RESTS: &[&str] = &["a0 ETHUSDT buy 0.1 limit:in1:2900 x5"];

const ONE_WAY: &[Case] = &[
    // Sizes.
    (&[], "buy 0.1 x5", &["positions", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "sell 0.1 x5", &["positions", "ETHUSDT SELL 0.1"], &["SHORT 0.1"]),
    (&[], "buy 0.1", &["positions", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "buy 0.1 x5 collateral", &["positions", "ETHUSDT BUY 0.5"], &["LONG 0.5"]),
    (&[], "buy 0.1 collateral", &["positions", "terms", "ETHUSDT BUY 0.5"], &["LONG 0.5"]),
    (&[], "buy 300$ x5", &["positions", "quote", "ETHUSDT BUY 0.5"], &["LONG 0.5"]),
    (&[], "sell $300 x5", &["positions", "quote", "ETHUSDT SELL 0.5"], &["SHORT 0.5"]),
    (&[], "buy 300$", &["positions", "quote", "terms", "ETHUSDT BUY 0.5"], &["LONG 0.5"]),
    (&[], "buy 300$ nominal", &["positions", "quote", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "buy 300$ x10", &["positions", "quote", "ETHUSDT leverage 10", "ETHUSDT BUY 1"], &["LONG 1"]),
    (&[], "buy 2@ x5", &["positions", "ETHUSDT BUY 2"], &["LONG 2"]),
    (&[], "buy @2", &["positions", "ETHUSDT BUY 2"], &["LONG 2"]),
    (&[], "buy 10% x5", &["positions", "quote", "balance", "ETHUSDT BUY 1.666"], &["LONG 1.666"]),
    (&[], "buy 10%", &["positions", "quote", "balance", "terms", "ETHUSDT BUY 1.666"], &["LONG 1.666"]),
    (&[], "buy 0.1 x10", &["positions", "ETHUSDT leverage 10", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "buy 0.1 xmax", &["positions", "ETHUSDT leverage 125", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "buy 0.1 x500", &["positions", "ETHUSDT leverage 125", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "buy 0.1239 x5", &["positions", "ETHUSDT BUY 0.123"], &["LONG 0.123"]),
    // Against a position, and on top of it.
    (LONG, "buy 0.1 x5", &["positions", "ETHUSDT BUY 0.1"], &["LONG 0.2"]),
    (LONG, "sell 0.04 x5", &["positions", "ETHUSDT SELL 0.04 reduce"], &["LONG 0.06"]),
    (LONG, "sell 0.1 x9", &["positions", "ETHUSDT SELL 0.1 reduce"], &[]),
    (LONG, "sell 0.3 x5", &["positions", "ETHUSDT SELL 0.1 reduce", "ETHUSDT SELL 0.2"], &["SHORT 0.2"]),
    (SHORT, "buy 0.3 x9", &["positions", "ETHUSDT BUY 0.1 reduce", "ETHUSDT leverage 9", "ETHUSDT BUY 0.2"], &["LONG 0.2"]),
    (LONG, "sell 0.3 reduce", &["positions", "ETHUSDT SELL 0.1 reduce"], &[]),
    (LONG, "sell 0.03 reduce", &["positions", "ETHUSDT SELL 0.03 reduce"], &["LONG 0.07"]),
    (LONG, "buy 0.3 reduce", &["positions"], &["LONG 0.1"]),
    (&[], "sell 0.3 reduce", &["positions"], &[]),
    // Targets.
    (&[], "pos 0.1 x5", &["positions", "ETHUSDT BUY 0.1"], &["LONG 0.1"]),
    (&[], "pos -0.1 x5", &["positions", "ETHUSDT SELL 0.1"], &["SHORT 0.1"]),
    (LONG, "pos 0.3 x5", &["positions", "ETHUSDT BUY 0.2"], &["LONG 0.3"]),
    (LONG, "pos 0.05 x5", &["positions", "ETHUSDT SELL 0.05 reduce"], &["LONG 0.05"]),
    (LONG, "pos 0.1 x5", &["positions"], &["LONG 0.1"]),
    (LONG, "pos 0.1", &["positions"], &["LONG 0.1"]),
    (LONG, "pos 0.1 x7", &["positions", "ETHUSDT leverage 7"], &["LONG 0.1"]),
    (LONG, "pos 0.05 x7", &["positions", "ETHUSDT SELL 0.05 reduce", "ETHUSDT leverage 7"], &["LONG 0.05"]),
    (LONG, "pos -0.2 x5", &["positions", "ETHUSDT SELL 0.1 reduce", "ETHUSDT SELL 0.2"], &["SHORT 0.2"]),
    (SHORT, "pos 0.2 x5", &["positions", "ETHUSDT BUY 0.1 reduce", "ETHUSDT BUY 0.2"], &["LONG 0.2"]),
    (LONG, "pos 600$ x5", &["positions", "quote", "ETHUSDT BUY 0.9"], &["LONG 1"]),
    (LONG, "pos -60$ x5", &["positions", "quote", "ETHUSDT SELL 0.1 reduce", "ETHUSDT SELL 0.1"], &["SHORT 0.1"]),
    (LONG, "pos 60$ x5", &["positions", "quote"], &["LONG 0.1"]),
    (LONG, "pos 0", &["positions", "ETHUSDT SELL 0.1 reduce"], &[]),
    (SHORT, "pos 0 x5", &["positions", "ETHUSDT BUY 0.1 reduce"], &[]),
    (&[], "pos 0", &["positions"], &[]),
    // Closing.
    (LONG, "close", &["positions", "ETHUSDT SELL 0.1 reduce"], &[]),
    (SHORT, "close", &["positions", "ETHUSDT BUY 0.1 reduce"], &[]),
    (LONG, "close 50%", &["positions", "ETHUSDT SELL 0.05 reduce"], &["LONG 0.05"]),
    (LONG, "close 33.33%", &["positions", "ETHUSDT SELL 0.033 reduce"], &["LONG 0.067"]),
    (LONG, "close 100%", &["positions", "ETHUSDT SELL 0.1 reduce"], &[]),
    (LONG, "close 0.1%", &["positions"], &["LONG 0.1"]),
    (&[], "close", &["positions"], &[]),
    // Limit orders and their names.
    (&[], "buy 0.1 limit:in1:2900 x5", &["positions", "ETHUSDT BUY 0.1 @2900 in1"], &["rests BUY 0.1 @2900 in1"]),
    (&[], "buy 300$ limit:in1:2900 x5", &["positions", "quote", "ETHUSDT BUY 0.5 @2900 in1"], &["rests BUY 0.5 @2900 in1"]),
    (
        LONG,
        "sell 0.1 limit:out:3100",
        &["positions", "ETHUSDT SELL 0.1 @3100 out reduce"],
        &["LONG 0.1", "rests SELL 0.1 @3100 out reduce"],
    ),
    (LONG, "sell 0.2 limit:out:3100", &["positions", "ETHUSDT SELL 0.2 @3100 out"], &["LONG 0.1", "rests SELL 0.2 @3100 out"]),
    (&[], "sell 0.2 limit:out:3100 reduce", &["positions"], &[]),
    (&[], "buy 0.1 limit:now:3050 x5", &["positions", "ETHUSDT BUY 0.1 @3050 now"], &["LONG 0.1"]),
    (RESTS, "cancel:in1", &["ETHUSDT cancel in1"], &[]),
    (RESTS, "cancel:other", &["ETHUSDT cancel other refused"], &["rests BUY 0.1 @2900 in1"]),
    (RESTS, "cancel:all", &["positions", "ETHUSDT cancel all", "ETHUSDT cancel guards"], &[]),
    // Leverage.
    (LONG, "changeleverage 7", &["positions", "ETHUSDT leverage 7"], &["LONG 0.1"]),
    (LONG, "changeleverage x5", &["positions"], &["LONG 0.1"]),
    (&[], "changeleverage 7", &["positions"], &[]),
];

const HEDGE: &[Case] = &[
    (&[], "buy 0.1 x5", &["positions", "ETHUSDT BUY/LONG 0.1"], &["LONG 0.1"]),
    (&[], "sell 0.1 x5", &["positions", "ETHUSDT SELL/SHORT 0.1"], &["SHORT 0.1"]),
    (LONG, "sell 0.1 x5", &["positions", "ETHUSDT SELL/SHORT 0.1"], &["LONG 0.1", "SHORT 0.1"]),
    (LONG, "buy 300$ x5", &["positions", "quote", "ETHUSDT BUY/LONG 0.5"], &["LONG 0.6"]),
    (BOTH, "sell 0.04 reduce", &["positions", "ETHUSDT SELL/LONG 0.04"], &["LONG 0.06", "SHORT 0.2"]),
    (BOTH, "buy 0.5 reduce", &["positions", "ETHUSDT BUY/SHORT 0.2"], &["LONG 0.1"]),
    (LONG, "pos 0.3 x5", &["positions", "ETHUSDT BUY/LONG 0.2"], &["LONG 0.3"]),
    (LONG, "pos 0.05 x5", &["positions", "ETHUSDT SELL/LONG 0.05"], &["LONG 0.05"]),
    (LONG, "pos 0.1 x5", &["positions"], &["LONG 0.1"]),
    (LONG, "pos -0.2 x5", &["positions", "ETHUSDT SELL/LONG 0.1", "ETHUSDT SELL/SHORT 0.2"], &["SHORT 0.2"]),
    (BOTH, "pos 0.1 x5", &["positions", "ETHUSDT BUY/SHORT 0.2"], &["LONG 0.1"]),
    (BOTH, "pos 0", &["positions", "ETHUSDT SELL/LONG 0.1", "ETHUSDT BUY/SHORT 0.2"], &[]),
    (BOTH, "close", &["positions", "ETHUSDT SELL/LONG 0.1", "ETHUSDT BUY/SHORT 0.2"], &[]),
    (BOTH, "close 50%", &["positions", "ETHUSDT SELL/LONG 0.05", "ETHUSDT BUY/SHORT 0.1"], &["LONG 0.05", "SHORT 0.1"]),
    (&[], "buy 0.1 limit:in1:2900 x5", &["positions", "ETHUSDT BUY/LONG 0.1 @2900 in1"], &["rests BUY 0.1 @2900 in1"]),
    (
        LONG,
        "sell 0.1 limit:out:3100 reduce",
        &["positions", "ETHUSDT SELL/LONG 0.1 @3100 out"],
        &["LONG 0.1", "rests SELL 0.1 @3100 out reduce"],
    ),
    (LONG, "sell 0.1 limit:out:3100", &["positions", "ETHUSDT SELL/SHORT 0.1 @3100 out"], &["LONG 0.1", "rests SELL 0.1 @3100 out"]),
    (RESTS, "cancel:in1", &["ETHUSDT cancel in1"], &[]),
    (RESTS, "cancel:all", &["positions", "ETHUSDT cancel all", "ETHUSDT cancel guards"], &[]),
    (BOTH, "changeleverage 7", &["positions", "ETHUSDT leverage 7"], &["LONG 0.1", "SHORT 0.2"]),
    (&[], "buy 0.1 xmax", &["positions", "ETHUSDT leverage 125", "ETHUSDT BUY/LONG 0.1"], &["LONG 0.1"]),
    (&[], "buy 10% x5", &["positions", "quote", "balance", "ETHUSDT BUY/LONG 1.666"], &["LONG 1.666"]),
];

fn check(hedge: bool, cases: &[Case]) {
    let mut wrong = Vec::new();
    for (before, words, calls, state) in cases {
        let mut scene = after(Kind::Binance, hedge, before);
        let outcome = scene.carry_out(&format!("a0 ETHUSDT {words}"));
        scene.rest(2_000);
        // A wanted position that is there already, or nothing to take down, is no refusal.
        let refused = matches!(outcome, Outcome::Refused(_));
        if refused || scene.calls() != *calls || scene.state() != *state {
            wrong.push(format!(
                "{before:?} {words}: {outcome:?}\n  {:?}\n  {:?}\n  expected {calls:?}\n  {state:?}",
                scene.calls(),
                scene.state()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_command_in_one_way_mode() {
    check(false, ONE_WAY);
}

#[test]
fn every_command_in_hedge_mode() {
    check(true, HEDGE);
}

/// Before an order for money whose alert names the leverage at most two questions, without it three; coins at most one
/// question, and one to set the leverage.
#[test]
fn few_questions_are_asked_before_an_order() {
    for (before, words, calls, _) in ONE_WAY.iter().chain(HEDGE) {
        let Some(order) = calls.iter().position(|call| call.contains("BUY") || call.contains("SELL")) else { continue };
        let settings = calls[..order].iter().filter(|call| call.contains("leverage")).count();
        let questions = order - settings;
        let most = match (words.contains('$'), words.contains('%') && !words.contains("close"), words.contains('x')) {
            (true, _, true) => 2,
            (true, _, false) => 3,
            (_, true, leverage) => 4 - usize::from(leverage),
            // Coins behind which collateral stands need to know the leverage.
            _ if words.ends_with("0.1 collateral") => 2,
            _ => 1,
        };
        assert!(questions <= most && settings <= 1, "{before:?} {words}: {calls:?}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_and_nothing_is_sent() {
    let cases: &[(&[&str], &str, &str)] = &[
        (&[], "buy 0.0004 x5", "less than one lot step"),
        (&[], "buy 10$ x1", "below the contract's minimum of 20"),
        (&[], "buy 0.001 limit:a1:2900 x5", "below the contract's minimum of 20"),
        (&[], "buy 20000 limit:a1:2900 x5", "above the contract's maximum"),
        (&[], "buy 0.1 x5 sl:3100", "sl: 3100 is on the wrong side"),
        (&[], "buy 0.1 x5 tp:2900", "tp: 2900 is on the wrong side"),
        (&[], "sell 0.1 x5 sl:2900", "sl: 2900 is on the wrong side"),
        (&[], "pos -0.1 x5 sl:2900", "sl: 2900 is on the wrong side"),
    ];
    for (before, words, why) in cases {
        let mut scene = after(Kind::Binance, false, before);
        let state = scene.state();
        scene.refuse(&format!("a0 ETHUSDT {words}"), why);
        scene.rest(2_000);
        assert!(scene.sent().is_empty() && scene.state() == state, "{words}: {:?}", scene.sent());
    }
    // Without a size in money no price is read, so the value is the exchange's to judge.
    let mut scene = after(Kind::Binance, false, &[]);
    scene.refuse("a0 ETHUSDT buy 0.002 x5", "below minimum value");
    assert_eq!((scene.sent(), scene.state()), (vec!["ETHUSDT BUY 0.002 refused".to_owned()], Vec::new()));
    let mut scene = after(Kind::Binance, false, &[]);
    for line in ["a0 ETHUSDT close 5", "a0 ETHUSDT buy 0.1 x5 limit:a1:2900 sl:2950", "a0 ETHUSDT buy nan", "a0 ETHUSDT buy 1 x0"] {
        assert!(scene.world.try_text(line).is_err(), "{line}");
    }
}

#[test]
fn a_leverage_that_only_orders_bring_is_not_said_to_be_set() {
    let mut scene = after(Kind::KuCoin, false, &[]);
    let native = scene.world.native(ETH);
    scene.world.book(0, |sim, _| sim.book.set_margin_mode(&native, MarginMode::Isolated)).unwrap();
    scene.do_it("a0 ETHUSDT buy 0.1 x5");
    scene.refuse("a0 ETHUSDT changeleverage 7", "nothing but an order that opens brings a leverage");
    scene.do_it("a0 ETHUSDT buy 0.1 x7");
    scene.assert_state(&["LONG 0.2"]);
}

/// Kraken has no leverage under cross margin: orders are sized with one, and it alone is refused instead of said to be done.
#[test]
fn a_leverage_that_would_change_nothing_is_refused() {
    let scene = |mode: MarginMode| {
        let account = AccountRules { margin_mode: Some(mode), ..AccountRules::default() };
        Scene::new(Setting { exchange: Kind::Kraken, rtt_ms: RTT_MS, account, ..Setting::default() })
    };
    let mut cross = scene(MarginMode::Cross);
    cross.do_it("a0 ETHUSD buy 0.1 x5");
    cross.refuse("a0 ETHUSD changeleverage 7", "on cross margin, where no leverage can be set");
    cross.do_it("a0 ETHUSD buy 0.1 x7");
    cross.assert_state(&["LONG 0.2"]);
    let mut isolated = scene(MarginMode::Isolated);
    isolated.do_it("a0 ETHUSD buy 0.1 x5");
    isolated.do_it("a0 ETHUSD changeleverage 7");
}
