//! A bracket's life through the real program: from the alert to flat, on every road there is.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use perphook::desk::Outcome;
use perphook::exchange::paper::{Amount, NewConditional};
use perphook::market::{Decimal, Leg, ProtectionKind, Side, Symbol, TriggerBy};
use serde_json::Value;

use crate::rig::exchange::{dec, param};
use crate::rig::{self, Resting, Rig, entry, exit};
use crate::sim::faults::{Class, Conditions, Fault, Rule};
use crate::sim::log::Entry;
use crate::sim::{self, SimConfig};

const BTC: &str = "BTCUSDT";
/// Entry, second entry, stop, target; the market is at 50000.
const LONG: [&str; 4] = ["49900", "49500", "49000", "50500"];
/// What one entry buys: 10 USD × 20 / price, rounded down to the step.
const QTY: &str = "0.004";
/// The watch interval and two round trips, and what a busy machine adds to them.
const NAKED_MS_MAX: u64 = 1_000 + 2 * 20 + 1_000;

fn resting(entries: usize, stops: usize, targets: usize, position: &str) -> Resting {
    Resting { entries, stops, targets, position: dec(position) }
}

fn flat() -> Resting {
    Resting::default()
}

fn modes() -> [SimConfig; 2] {
    [SimConfig::default(), SimConfig { hedge: true, ..SimConfig::default() }]
}

/// A trade whose first entry filled and whose stop and target rest.
fn protected(rig: &Rig) -> u64 {
    let number = entered(rig);
    rig.exchange.price(BTC, LONG[0]);
    rig.until_resting(BTC, resting(1, 1, 1, QTY));
    number
}

/// A trade whose entries rest.
fn entered(rig: &Rig) -> u64 {
    let number = rig.accepted(&entry(BTC, "LONG", "primary_entry", LONG, 1));
    rig.until_resting(BTC, resting(2, 0, 0, "0"));
    assert_eq!(rig.verdict(number), Outcome::Done);
    number
}

/// The end of the one trade there is.
fn the_trade(rig: &Rig) -> Value {
    rig.closed(1).remove(0)
}

fn is_flat_and_clean(rig: &Rig) {
    rig.until_resting(BTC, flat());
    rig.exchange
        .with(|sim, _| rig::audit::nothing_left(&sim.book).and(rig::audit::nothing_overbought(&sim.book)))
        .unwrap_or_else(|wrong| panic!("{wrong}\n{}", rig.story()));
}

fn naked_at_most(rig: &Rig, ms: u64) {
    let now = sim::server::now();
    let spans = rig.exchange.naked_spans();
    rig::audit::nothing_naked(&spans, ms, &[], now).unwrap_or_else(|wrong| panic!("{wrong}\n{}", rig.story()));
}

/// Requests since the log was emptied, up to and without the first that `is_it`; neither the regular look at all
/// positions nor the keeping warm is the alert's doing.
fn before(rig: &Rig, is_it: impl Fn(&Entry) -> bool) -> Vec<String> {
    let requests = rig.exchange.requests();
    let end = requests.iter().position(is_it).unwrap_or_else(|| panic!("it never left\n{}", rig.story()));
    let counts = |entry: &&Entry| match entry.path.as_str() {
        "/fapi/v3/positionRisk" => !param(entry, "symbol").is_empty(),
        path => path != "/fapi/v1/ping" && path != "/fapi/v1/time",
    };
    requests[..end].iter().filter(counts).map(|entry| format!("{} {}", entry.method, entry.path)).collect()
}

fn is_entry_batch(entry: &Entry) -> bool {
    entry.method == "POST" && entry.path == "/fapi/v1/batchOrders"
}

fn is_market_order(entry: &Entry) -> bool {
    entry.method == "POST" && entry.path == "/fapi/v1/order" && param(entry, "type") == "MARKET"
}

#[test]
fn a_hand_on_the_exchanges_page_is_noticed_within_half_a_minute() {
    let rig = Rig::start(&[]);
    protected(&rig);
    rig.accepted(&entry("ETHUSDT", "LONG", "primary_entry", ["2990", "2950", "2900", "3050"], 1));
    rig.until_resting("ETHUSDT", resting(2, 0, 0, "0"));
    let stop = rig.exchange.open_ids(Leg::Stop).remove(0);
    cancel(&rig, &stop);
    for leg in [Leg::Entry, Leg::Second] {
        let ids = rig.exchange.open_ids(leg);
        ids.iter().filter(|id| id.contains("000002")).for_each(|id| cancel(&rig, id));
    }
    rig.until_resting("ETHUSDT", flat());
    rig.until("another stop rests", || rig.exchange.open_ids(Leg::Stop).iter().any(|other| *other != stop));
    rig.until_said("the stop loss is gone (cancelled) and is placed again");
    assert_eq!(rig.exchange.resting(BTC), resting(1, 1, 1, QTY), "the trade goes on");
    let trade = the_trade(&rig);
    assert_eq!((&trade["ending"], &trade["symbol"]), (&Value::from("entries cancelled"), &Value::from("ETHUSDT")), "{trade}");
}

fn cancel(rig: &Rig, client_id: &str) {
    rig.exchange.by_hand("/sim/cancel", &format!(r#"{{"client_id":"{client_id}"}}"#));
}

#[test]
fn both_entries_leave_in_one_request_after_at_most_three() {
    for config in modes() {
        let rig = Rig::with(config, 5, &[("LEVERAGE", "10"), ("ENTRY_SIZE_USD", "20")]);
        rig.exchange.forget_requests();
        entered(&rig);
        let first = before(&rig, is_entry_batch);
        assert!(first.len() <= 3, "a new symbol: {first:?}");
        assert!(first.contains(&"POST /fapi/v1/leverage".to_owned()), "{first:?}");
        rig.accepted(&exit(BTC, "LONG", 2));
        rig.closed(1);
        rig.exchange.forget_requests();
        rig.accepted(&entry(BTC, "LONG", "primary_entry", LONG, 3));
        rig.until_resting(BTC, resting(2, 0, 0, "0"));
        let again = before(&rig, is_entry_batch);
        assert!(again.len() <= 1, "a symbol used before: {again:?}");
        let orders = rig.exchange.writes();
        assert_eq!(orders.len(), 1, "both entries in one request, and nothing else: {}", rig.exchange.story(20));
        assert_eq!(param(&orders[0], "batchOrders").matches("newClientOrderId").count(), 2);
    }
}

#[test]
fn a_trade_goes_from_the_alert_to_its_target() {
    for config in modes() {
        let rig = Rig::with(config, 20, &[]);
        let number = protected(&rig);
        rig.exchange.price(BTC, LONG[1]);
        rig.until_resting(BTC, resting(0, 1, 1, "0.008"));
        rig.looked();
        rig.exchange.price(BTC, "50500");
        is_flat_and_clean(&rig);
        let trade = the_trade(&rig);
        assert_eq!(trade["alert"], number, "{trade}");
        assert_eq!(trade["ending"], "take profit", "{trade}");
        assert_eq!((dec_of(&trade["qty"]), dec_of(&trade["entry_price"])), (dec("0.008"), dec("49700")), "{trade}");
        // 0.004 × (50500 − 49900) + 0.004 × (50500 − 49500)
        assert_eq!(dec_of(&trade["profit"]), dec("6.4"), "{trade}");
        let naked_ms = trade["naked_ms"].as_u64().expect("a number");
        assert!((1..NAKED_MS_MAX).contains(&naked_ms), "{trade}");
        naked_at_most(&rig, NAKED_MS_MAX);
        assert_eq!(rig.exchange.ever(BTC), resting(2, 1, 1, "0.008"));
        let (_, status, _) = rig.tell(&["status"]);
        assert_eq!(status, "no open trade\n");
    }
}

fn dec_of(value: &Value) -> Decimal {
    dec(value.as_str().unwrap_or_else(|| panic!("{value} is no number")))
}

#[test]
fn an_exit_closes_at_market_after_at_most_one_request() {
    for config in modes() {
        let rig = Rig::with(config, 5, &[]);
        protected(&rig);
        rig.exchange.forget_requests();
        let number = rig.accepted(&exit(BTC, "LONG", 2));
        is_flat_and_clean(&rig);
        let first = before(&rig, is_market_order);
        assert!(first.len() <= 1, "{first:?}");
        assert_eq!(the_trade(&rig)["ending"], "exit");
        assert_eq!(rig.verdict(number), Outcome::Done);
        let orders = rig.exchange.requests().into_iter().filter(is_market_order).count();
        assert_eq!(orders, 1, "closed once");
    }
}

#[test]
fn an_exit_before_any_fill_takes_the_entries_away() {
    let rig = Rig::start(&[]);
    entered(&rig);
    rig.accepted(&exit(BTC, "LONG", 2));
    is_flat_and_clean(&rig);
    let trade = the_trade(&rig);
    assert_eq!((&trade["ending"], dec_of(&trade["qty"])), (&Value::from("exit"), Decimal::ZERO));
}

#[test]
fn a_short_in_one_way_mode_is_left_alone_by_an_exit_of_a_long() {
    let rig = Rig::start(&[]);
    rig.accepted(&entry(BTC, "SHORT", "primary_entry", ["50100", "50500", "51000", "49500"], 1));
    rig.until_resting(BTC, resting(2, 0, 0, "0"));
    rig.exchange.price(BTC, "50100");
    rig.until_resting(BTC, resting(1, 1, 1, "0.003"));
    let number = rig.accepted(&exit(BTC, "LONG", 2));
    assert!(matches!(rig.verdict(number), Outcome::Nothing(_)));
    assert_eq!(rig.exchange.resting(BTC), resting(1, 1, 1, "0.003"));
    rig.exchange.price(BTC, "49500");
    is_flat_and_clean(&rig);
    assert_eq!(the_trade(&rig)["ending"], "take profit");
}

#[test]
fn the_stop_ends_the_trade() {
    let rig = Rig::start(&[]);
    protected(&rig);
    rig.exchange.price(BTC, "49000");
    is_flat_and_clean(&rig);
    let trade = the_trade(&rig);
    assert_eq!(trade["ending"], "stop loss", "{trade}");
    // Both entries filled on the way down.
    assert_eq!(dec_of(&trade["qty"]), dec("0.008"), "{trade}");
}

#[test]
fn a_second_entry_that_fills_after_the_target_is_protected_like_the_first() {
    for seen in [true, false] {
        let rig = Rig::with(SimConfig::default(), 20, &[]);
        // The fill is often found by the reading of resting orders, before any look has shown the position.
        protected(&rig);
        if seen {
            rig.looked();
        }
        // Target and second entry between two looks: the stop went with the first position, and the second has none.
        rig.exchange.with(|sim, now| {
            sim.set_price(BTC, dec(LONG[3]), now).expect("a price");
            sim.set_price(BTC, dec(LONG[1]), now).expect("a price");
        });
        assert_eq!(rig.exchange.resting(BTC), resting(0, 0, 0, QTY));
        rig.until("the second position has its stop or is closed", || rig.exchange.naked_spans().iter().all(|span| span.end.is_some()));
        // Resting orders are read again a second after the last time at the earliest, then asked about one by one.
        naked_at_most(&rig, NAKED_MS_MAX + 1_000 + 6 * 20);
        rig.accepted(&exit(BTC, "LONG", 2));
        is_flat_and_clean(&rig);
        rig.closed(1);
    }
}

#[test]
fn a_position_closed_by_hand_ends_the_trade() {
    let rig = Rig::start(&[]);
    protected(&rig);
    rig.exchange.by_hand("/sim/position", r#"{"symbol":"BTCUSDT","side":"LONG","qty":"0.004","close":true}"#);
    is_flat_and_clean(&rig);
    assert_eq!(the_trade(&rig)["ending"], "closed by hand");
}

#[test]
fn a_stop_that_comes_too_early_is_sent_again() {
    let rig = Rig::start(&[]);
    rig.exchange.faults(Vec::new(), Conditions { unseen_position_ms: 1_700, ..Conditions::default() });
    protected(&rig);
    let early = rig.exchange.requests().iter().filter(|entry| entry.code.as_deref() == Some("-4509")).count();
    assert!(early >= 1, "the exchange refused at least once\n{}", rig.story());
    // The fill is seen within a second, so the exchange refuses for 700 ms at least; the next try is up to 1500 ms away.
    naked_at_most(&rig, 1_700 + 1_500 + NAKED_MS_MAX);
    assert_eq!(rig.exchange.ever(BTC), resting(2, 1, 1, QTY));
}

#[test]
fn a_stop_whose_price_is_passed_closes_at_market() {
    let rig = Rig::start(&[]);
    entered(&rig);
    rig.exchange.price(BTC, "48900");
    is_flat_and_clean(&rig);
    let trade = the_trade(&rig);
    assert_eq!(trade["ending"], "stop loss", "{trade}");
    assert!(rig.exchange.requests().iter().any(|entry| entry.code.as_deref() == Some("-2021")), "{}", rig.story());
    assert!(rig.exchange.requests().iter().any(is_market_order));
    rig.until_said("the stop's price is already passed");
}

#[test]
fn a_stop_of_unknown_outcome_is_asked_for_before_anything_else() {
    let rig = Rig::start(&[]);
    rig.exchange.faults(vec![Rule::new(Class::Place, Fault::CutAfter).on("POST", "/fapi/v1/algoOrder").nth(1)], Conditions::default());
    protected(&rig);
    assert_eq!(rig.exchange.ever(BTC), resting(2, 1, 1, QTY), "it was there: nothing is sent again\n{}", rig.story());
    let asked = rig.exchange.requests().into_iter().any(|entry| entry.method == "GET" && entry.path == "/fapi/v1/algoOrder");
    assert!(asked, "{}", rig.story());
}

#[test]
fn a_stop_that_never_arrived_is_sent_again_after_the_fence_and_the_trade_is_not_closed() {
    let rig = Rig::start(&[]);
    rig.exchange.faults(vec![Rule::new(Class::Place, Fault::CutBefore).on("POST", "/fapi/v1/algoOrder").nth(1)], Conditions::default());
    protected(&rig);
    assert_eq!(rig.exchange.ever(BTC), resting(2, 1, 1, QTY));
    let sent: Vec<Entry> = rig.exchange.requests().into_iter().filter(|entry| param(entry, "type") == "STOP_MARKET").collect();
    assert_eq!(sent.len(), 2, "{}", rig.story());
    assert_ne!(param(&sent[0], "clientAlgoId"), param(&sent[1], "clientAlgoId"), "an id is never used twice");
    assert!(sent[1].at >= sent[0].at + 6_000, "not before the exchange would have to refuse the first");
    assert!(rig.exchange.requests().iter().all(|entry| !is_market_order(entry)));
}

#[test]
fn a_stop_of_the_users_own_counts_as_protection() {
    let rig = Rig::start(&[]);
    entered(&rig);
    rig.exchange.with(|sim, now| {
        sim.set_price(BTC, dec(LONG[0]), now).expect("a price");
        let stop = NewConditional {
            client_id: "web_my_own_stop".to_owned(),
            symbol: Symbol::new(BTC),
            buy: false,
            position_side: None,
            kind: ProtectionKind::StopLoss,
            trigger_price: dec("48000"),
            by: TriggerBy::Mark,
            amount: Amount::WholePosition,
        };
        sim.book.place_conditional(&stop, now).expect("room for a stop");
    });
    rig.until_resting(BTC, resting(1, 0, 1, QTY));
    rig.until_said("another stop loss is there already and is counted as protection");
    rig.exchange.price(BTC, "50500");
    is_flat_and_clean(&rig);
    assert_eq!(the_trade(&rig)["ending"], "take profit");
    assert_eq!(rig.exchange.ever(BTC).stops, 0);
    assert!(rig.exchange.writes().iter().all(|entry| !entry.params.iter().any(|(_, value)| value.contains("web_my_own_stop"))));
}

#[test]
fn a_stop_that_is_refused_for_good_closes_the_trade() {
    let rig = Rig::start(&[("PROTECT_TIMEOUT", "1")]);
    let no = Fault::refuse(400, -4045, "Reach max stop order limit.");
    rig.exchange.faults(vec![Rule::new(Class::Place, no).on("POST", "/fapi/v1/algoOrder")], Conditions::default());
    entered(&rig);
    rig.exchange.price(BTC, LONG[0]);
    is_flat_and_clean(&rig);
    assert_eq!(the_trade(&rig)["ending"], "no stop possible");
    assert_eq!(rig.exchange.position(BTC, Side::Long), Decimal::ZERO);
}

#[test]
fn resting_entries_end_with_their_time() {
    let rig = Rig::start(&[("ENTRY_TIMEOUT", "1")]);
    rig.accepted(&entry(BTC, "LONG", "primary_entry", LONG, 1));
    assert_eq!(the_trade(&rig)["ending"], "entry timeout");
    is_flat_and_clean(&rig);
}
