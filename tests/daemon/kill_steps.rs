//! kill -9 after each single request: the exchange has executed it, and its answer is still on the way.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

use perphook::desk::Outcome;

use crate::rig::audit::{self, Trouble};
use crate::rig::exchange::{dec, param};
use crate::rig::{Resting, Rig, entry, exit};
use crate::sim::SimConfig;
use crate::sim::server::now;

const BTC: &str = "BTCUSDT";
const LONG: [&str; 4] = ["49900", "49500", "49000", "50500"];
const QTY: &str = "0.004";
/// Long enough to be killed while an answer is on its way.
const LATENCY_MS: u64 = 80;
/// More requests than an entry or an exit needs until all is said and done.
const STEPS: usize = 10;
/// Binance's fence, and the time in which everything has been asked about after a restart.
const AFTER_RESTART_MS: u64 = 6_000 + 2_000;

fn protected() -> Resting {
    Resting { entries: 1, stops: 1, targets: 1, position: dec(QTY) }
}

/// A rig for each step, all at once.
fn at_each_step(act: impl Fn(&mut Rig, usize) + Sync) {
    std::thread::scope(|scope| {
        for step in 1..=STEPS {
            let act = &act;
            scope.spawn(move || {
                let config = SimConfig { hedge: step % 2 == 0, ..SimConfig::default() };
                let mut rig = Rig::with(config, LATENCY_MS, &[]);
                // The market is beyond the first entry, which fills at once.
                rig.exchange.price(BTC, "49850");
                act(&mut rig, step);
            });
        }
    });
}

/// Kills the daemon when the exchange has executed so many requests, and starts it again.
fn kill_after(rig: &mut Rig, step: usize) -> Trouble {
    rig.until(&format!("{step} requests"), || rig.exchange.requests().len() >= step);
    rig.kill();
    let from = now();
    rig.run();
    rig.connected();
    Trouble { from, to: now() + AFTER_RESTART_MS }
}

fn nothing_wrong(rig: &Rig, step: usize, trouble: Trouble) {
    let spans = rig.exchange.naked_spans();
    let checked = audit::nothing_naked(&spans, 1_000 + 6 * LATENCY_MS + 1_000, &[trouble], now())
        .and_then(|()| rig.exchange.with(|sim, _| audit::nothing_doubled(&sim.book).and_then(|()| audit::nothing_overbought(&sim.book))));
    checked.unwrap_or_else(|wrong| panic!("step {step}: {wrong}\n{}", rig.story()));
}

#[test]
fn killed_at_any_step_of_an_entry_it_has_one_bracket() {
    at_each_step(|rig, step| {
        let body = entry(BTC, "LONG", "primary_entry", LONG, 1);
        rig.exchange.forget_requests();
        let number = rig.accepted(&body);
        let trouble = kill_after(rig, step);
        // TradingView comes again, for all it knows the answer was lost.
        assert!(rig.alert(&body).is_duplicate(), "step {step}");
        rig.until_resting(BTC, protected());
        assert_eq!(rig.verdict(number), Outcome::Done, "step {step}");
        rig.looked();
        assert_eq!(rig.exchange.resting(BTC), protected(), "step {step}\n{}", rig.story());
        assert_eq!(
            rig.exchange.ever(BTC),
            Resting { entries: 2, stops: 1, targets: 1, position: dec(QTY) },
            "step {step}\n{}",
            rig.story()
        );
        nothing_wrong(rig, step, trouble);
    });
}

#[test]
fn killed_at_any_step_of_an_exit_it_closes_once() {
    at_each_step(|rig, step| {
        rig.accepted(&entry(BTC, "LONG", "primary_entry", LONG, 1));
        rig.until_resting(BTC, protected());
        rig.looked();
        rig.exchange.forget_requests();
        let number = rig.accepted(&exit(BTC, "LONG", 2));
        let trouble = kill_after(rig, step);
        rig.until_resting(BTC, Resting::default());
        rig.verdict(number);
        let trade = rig.closed(1).remove(0);
        assert_eq!(trade["ending"], "exit", "step {step}: {trade}");
        let closes = rig.exchange.writes().iter().filter(|entry| param(entry, "type") == "MARKET" && entry.status == 200).count();
        assert_eq!(closes, 1, "step {step}\n{}", rig.story());
        nothing_wrong(rig, step, trouble);
        let left = rig.exchange.with(|sim, _| audit::nothing_left(&sim.book));
        left.unwrap_or_else(|wrong| panic!("step {step}: {wrong}\n{}", rig.story()));
    });
}
