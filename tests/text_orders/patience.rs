//! Refusals that pass: for balance, busy, price band, limits and bans. How long they are borne, and what is never done.

use perphook::desk::Outcome;
use perphook::market::{Decimal, Millis};

use crate::scene::{RTT_MS, Scene, after, d, one_way};
use crate::sim::Kind;
use crate::sim::faults::{Class, Conditions, Fault, Faults, Rule};

const ORDER_TIMEOUT_MS: Millis = 40_000;
const ALERT_TIMEOUT_MS: Millis = 180_000;
/// The longest pause between two tries.
const PAUSE_MS: Millis = 5_000;

fn insufficient() -> Fault {
    Fault::refuse(400, -2019, "Margin is insufficient.")
}

/// Refusals that time may cure.
fn passing() -> [Fault; 3] {
    [
        Fault::refuse(503, -1008, "Request throttled by system-level protection."),
        Fault::refuse(400, -4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit."),
        Fault::RateLimit { retry_after_s: 2, ban_s: 10 },
    ]
}

fn orders() -> impl Fn(Fault) -> Rule {
    |fault| Rule::new(Class::Place, fault).on("POST", "/fapi/v1/order")
}

/// Quantities of the orders that left.
fn tried(scene: &Scene) -> Vec<Decimal> {
    let sent = scene.sent();
    let orders = sent.iter().filter(|line| line.contains("BUY") || line.contains("SELL"));
    orders.map(|line| d(line.split(' ').nth(2).expect("a quantity"))).collect()
}

#[test]
fn an_order_that_cannot_be_paid_becomes_what_can() {
    for (line, sent, state) in [
        ("a0 ETHUSDT buy 200$ x5", ["ETHUSDT BUY 0.333 refused", "ETHUSDT BUY 0.164"], "LONG 0.164"),
        ("a0 ETHUSDT sell 200$", ["ETHUSDT SELL 0.333 refused", "ETHUSDT SELL 0.164"], "SHORT 0.164"),
        ("a0 ETHUSDT pos 0.4", ["ETHUSDT BUY 0.4 refused", "ETHUSDT BUY 0.164"], "LONG 0.164"),
    ] {
        let mut scene = one_way();
        scene.world.wallet(0, Decimal::ONE_HUNDRED);
        scene.do_it(line);
        assert_eq!(scene.sent(), sent, "{line}\n{}", scene.world.story());
        scene.assert_state(&[state]);
        assert!(scene.was_told("the balance is too small"), "{line}");
    }
}

#[test]
fn further_refusals_take_five_percent_each_and_never_enlarge() {
    let mut scene = one_way();
    scene.faults(vec![orders()(insufficient()).times(4)]);
    scene.do_it("a0 ETHUSDT buy 0.1 x5");
    assert_eq!(tried(&scene), ["0.1", "0.095", "0.09", "0.085", "0.08"].map(d));
    scene.assert_state(&["LONG 0.08"]);
}

#[test]
fn an_order_that_can_never_be_paid_ends_at_the_minimum() {
    let mut scene = one_way();
    scene.faults(vec![orders()(insufficient())]);
    scene.refuse("a0 ETHUSDT buy 0.1 x5", "insufficient balance");
    let tried = tried(&scene);
    assert!(tried.is_sorted_by(|before, after| after < before), "{tried:?}");
    assert!(tried.iter().all(|qty| *qty >= d("0.001")) && tried.len() > 20, "{tried:?}");
    assert!(scene.took_ms() <= ORDER_TIMEOUT_MS + PAUSE_MS && scene.state().is_empty());
}

/// A reversal that cannot be paid: the close stands, what opens becomes smaller.
#[test]
fn a_reversal_that_cannot_be_paid_opens_less() {
    let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5"]);
    scene.world.wallet(0, Decimal::ONE_HUNDRED);
    scene.do_it("a0 ETHUSDT pos -0.4 x5");
    assert_eq!(scene.sent(), ["ETHUSDT SELL 0.1 reduce", "ETHUSDT SELL 0.4 refused", "ETHUSDT SELL 0.164"], "{}", scene.world.story());
    scene.assert_state(&["SHORT 0.164"]);
}

#[test]
fn busy_and_price_band_are_tried_again() {
    for fault in passing() {
        for (line, state) in
            [("a0 ETHUSDT buy 300$ x5", vec!["LONG 0.5"]), ("a0 ETHUSDT buy 0.1 limit:in1:2900 x5", vec!["rests BUY 0.1 @2900 in1"])]
        {
            let mut scene = one_way();
            scene.faults(vec![orders()(fault.clone()).times(2)]);
            scene.do_it(line);
            scene.assert_state(&state);
            assert_eq!(tried(&scene).len(), 3, "{fault:?} {line}");
        }
    }
}

#[test]
fn what_opens_is_given_up_after_the_order_timeout() {
    for fault in passing() {
        for line in ["a0 ETHUSDT buy 0.1 x5", "a0 ETHUSDT pos -300$ x5 sl:3100", "a0 ETHUSDT buy 0.1 limit:in1:2900 x5 sl:2800"] {
            let mut scene = one_way();
            scene.faults(vec![orders()(fault.clone())]);
            scene.refuse(line, "not accepted within ORDER_TIMEOUT");
            let took_ms = scene.took_ms();
            assert!((ORDER_TIMEOUT_MS..=ORDER_TIMEOUT_MS + PAUSE_MS).contains(&took_ms), "{fault:?} {line}: {took_ms} ms");
            scene.faults(Vec::new());
            scene.rest(200_000);
            assert!(scene.state().is_empty() && scene.world.desk.memory().trades.is_empty(), "{fault:?} {line}: {:?}", scene.state());
        }
    }
}

#[test]
fn what_closes_goes_on_until_the_alert_timeout() {
    goes_on_until_the_alert_timeout(&["a0 ETHUSDT close", "a0 ETHUSDT close 50%", "a0 ETHUSDT pos 0", "a0 ETHUSDT sell 0.1 reduce"]);
}

/// Orders that only reduce, without saying so.
#[test]
fn what_reduces_by_itself_goes_on_until_the_alert_timeout() {
    goes_on_until_the_alert_timeout(&["a0 ETHUSDT sell 0.1", "a0 ETHUSDT sell 0.05 x5", "a0 ETHUSDT pos 0.05"]);
}

fn goes_on_until_the_alert_timeout(lines: &[&str]) {
    for fault in passing() {
        for line in lines {
            let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5"]);
            scene.faults(vec![orders()(fault.clone())]);
            let number = scene.give(line);
            scene.rest(ALERT_TIMEOUT_MS - 2_000);
            assert_eq!(scene.outcome(number), None, "{fault:?} {line}: {}", scene.world.story());
            let outcome = scene.wait_for(number);
            assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("not accepted within")), "{line}: {outcome:?}");
            assert!(scene.took_ms() <= ALERT_TIMEOUT_MS + 60_000, "{line}: {} ms", scene.took_ms());
            scene.assert_state(&["LONG 0.1"]);
        }
    }
}

#[test]
fn a_close_is_done_as_soon_as_the_exchange_can() {
    for fault in passing() {
        let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5"]);
        scene.faults(vec![orders()(fault.clone())]);
        let number = scene.give("a0 ETHUSDT close");
        scene.rest(100_000);
        scene.faults(Vec::new());
        scene.mark();
        assert_eq!(scene.wait_for(number), Outcome::Done, "{fault:?}");
        assert!(scene.took_ms() <= 60_000 && scene.state().is_empty(), "{fault:?}: {} ms", scene.took_ms());
    }
}

fn banned(scene: &Scene, ms: Millis) -> Fault {
    let until = scene.world.now + ms;
    Fault::refuse(418, -1003, &format!("Way too many requests; IP(127.0.0.1) banned until {until}. Please use the websocket."))
}

#[test]
fn a_ban_is_waited_out() {
    let mut scene = one_way();
    let ban = banned(&scene, 20_000);
    scene.faults(vec![Rule::new(Class::Any, ban).nth(1)]);
    let number = scene.give("a0 ETHUSDT buy 0.1 x5");
    scene.rest(19_900);
    assert_eq!(scene.calls().len(), 1, "{:?}", scene.calls());
    assert_eq!(scene.wait_for(number), Outcome::Done);
    assert!(scene.took_ms() <= 20_000 + 4 * RTT_MS, "{} ms", scene.took_ms());
}

#[test]
fn a_long_ban_outlasts_what_opens_but_not_what_closes() {
    let mut scene = one_way();
    let ban = banned(&scene, 70_000);
    scene.faults(vec![Rule::new(Class::Any, ban).nth(1)]);
    scene.refuse("a0 ETHUSDT buy 0.1 x5", "not accepted within ORDER_TIMEOUT");
    assert!(scene.took_ms() <= ORDER_TIMEOUT_MS + 100 && scene.calls().len() == 1, "{} ms {:?}", scene.took_ms(), scene.calls());

    let mut scene = after(Kind::Binance, false, &["a0 ETHUSDT buy 0.1 x5"]);
    let ban = banned(&scene, 70_000);
    scene.faults(vec![Rule::new(Class::Any, ban).nth(1)]);
    scene.do_it("a0 ETHUSDT close");
    assert!(scene.took_ms() <= 70_000 + 4 * RTT_MS && scene.state().is_empty(), "{} ms", scene.took_ms());
}

/// What no waiting can cure ends at once.
#[test]
fn plain_refusals_end_an_order_at_once() {
    for (code, msg) in [(-4164, "Order's notional must be no smaller than 20"), (-1111, "Precision"), (-9999, "Unheard of")] {
        let mut scene = one_way();
        scene.faults(vec![orders()(Fault::refuse(400, code, msg))]);
        scene.refuse("a0 ETHUSDT buy 0.1 x5", &code.to_string());
        assert!(scene.took_ms() <= 3 * RTT_MS && tried(&scene).len() == 1, "{code}: {} ms", scene.took_ms());
    }
}

/// Leverage or margin mode refused: the order is refused, and nothing opened.
#[test]
fn without_its_leverage_an_order_is_not_sent() {
    for (path, code) in [("/fapi/v1/leverage", -4028), ("/fapi/v1/leverage", -2027)] {
        let mut scene = one_way();
        scene.faults(vec![Rule::new(Class::Any, Fault::refuse(400, code, "Leverage is not valid")).on("POST", path)]);
        scene.refuse("a0 ETHUSDT buy 0.1 x10", "leverage or margin mode cannot be set");
        assert!(tried(&scene).is_empty() && scene.state().is_empty());
    }
}

/// A market order that finds too little on the other side: the rest is tried again, and what was bought is protected
/// meanwhile.
#[test]
fn what_a_thin_book_leaves_open_is_tried_again() {
    let mut scene = one_way();
    let thin = Conditions { liquidity: Some(d("0.04")), ..Conditions::default() };
    scene.world.faults(0, Faults::new(0, Vec::new(), thin));
    let number = scene.give("a0 ETHUSDT buy 0.1 x5 sl:2900");
    scene.rest(1_000);
    scene.assert_state(&["LONG 0.04", "stop 2900 of LONG"]);
    for price in ["3001", "3002"] {
        scene.price(price);
        scene.rest(6_000);
    }
    assert_eq!(scene.wait_for(number), Outcome::Done, "{}", scene.world.story());
    scene.assert_state(&["LONG 0.1", "stop 2900 of LONG"]);
    assert!(tried(&scene).is_sorted_by(|before, after| after <= before), "{:?}", tried(&scene));
}

/// What is not found in time is told; what was bought stays, protected.
#[test]
fn a_thin_book_ends_an_order_in_part() {
    let mut scene = one_way();
    let thin = Conditions { liquidity: Some(d("0.04")), ..Conditions::default() };
    scene.world.faults(0, Faults::new(0, Vec::new(), thin));
    scene.do_it("a0 ETHUSDT buy 0.1 x5 sl:2900");
    assert!((ORDER_TIMEOUT_MS..=ORDER_TIMEOUT_MS + PAUSE_MS).contains(&scene.took_ms()), "{} ms", scene.took_ms());
    assert!(scene.was_told("only 0.04 of 0.1 was executed"), "{}", scene.world.story());
    scene.assert_state(&["LONG 0.04", "stop 2900 of LONG"]);
}

/// More than one market order may hold is sent in several.
#[test]
fn a_large_order_is_sent_in_parts() {
    let mut scene = one_way();
    scene.world.wallet(0, Decimal::from(10_000_000));
    scene.do_it("a0 ETHUSDT buy 4500 x10");
    assert_eq!(scene.sent(), ["ETHUSDT leverage 10", "ETHUSDT BUY 2000", "ETHUSDT BUY 2000", "ETHUSDT BUY 500"]);
    scene.do_it("a0 ETHUSDT close");
    assert!(scene.state().is_empty());
}
