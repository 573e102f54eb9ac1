//! kill -9 at random moments, with alerts in flight and prices moving; then start again, settle, and the invariants hold.
//!
//! `KILL_RUNS=100` runs more, a failing run prints its seed, and `KILL_SEED=n` replays that one alone (what chance decides is
//! the same again; what the machine's own timing decides is not). Each kind of fault gets a run of its own on top.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

mod rig;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use perphook::exchange::paper::{NewPlain, TimeInForce};
use perphook::market::{Decimal, Millis, Side, Symbol};
use perphook::sim;
use rig::audit::{self, Trouble};
use rig::dice::Dice;
use rig::kill::{lock, runs};
use rig::{Exchange, Rig, entry, exit, http};
use sim::SimConfig;
use sim::faults::{Class, Conditions, Fault, Faults, Rule};
use sim::server::now;

const SYMBOLS: [(&str, i64); 3] = [("BTCUSDT", 50_000), ("ETHUSDT", 3_000), ("SOLUSDT", 150)];
const ALERT_TIMEOUT_MS: Millis = 8_000;
/// Binance's fence, and the time in which everything has been asked about after a restart.
const AFTER_RESTART_MS: Millis = 6_000 + 2_000;
/// The watch interval, and what two cores shared by many daemons add.
const NAKED_MS: Millis = 1_000 + 1_500;
/// The user's own order, which nobody may touch.
const USERS_ORDER: &str = "web_limit_of_the_user";

/// Runs at one time.
const AT_ONCE: usize = 8;
/// The seeds of runs with a fault begin here.
const FAULTY: u64 = 1_000_000;

/// One run.
#[derive(Clone, Debug)]
struct Job {
    seed: u64,
    fault: Option<Fault>,
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_is_doubled() {
    let faults = faults();
    let fault = |seed: u64| faults.get(usize::try_from(seed.checked_sub(FAULTY)?).ok()?).cloned();
    runs(AT_ONCE, (FAULTY..).take(faults.len()).collect(), |seed| run(&Job { seed, fault: fault(seed) }));
}

/// Every kind there is.
fn faults() -> Vec<Fault> {
    let mut faults = Fault::every_trouble(1_500);
    faults.push(Fault::refuse(400, -9999, "A code that nobody has heard of."));
    faults
}

/// What the threads of a run share.
struct Scene<'a> {
    exchange: &'a Exchange,
    acknowledged: Mutex<Vec<u64>>,
    sent: Mutex<Vec<String>>,
    bar: AtomicUsize,
}

fn run(job: &Job) {
    let mut dice = Dice::new(job.seed);
    let config = SimConfig { hedge: dice.one_in(3), ..SimConfig::default() };
    let latency_ms = 5 + dice.below(26);
    let settings = [
        ("ALERT_TIMEOUT", "8"),
        ("EXIT_COOLDOWN", "1"),
        ("PROTECT_TIMEOUT", "3"),
        ("DUPLICATE_WINDOW", dice.pick(&["0", "60"])),
        ("LOG_LEVEL", "info"),
    ];
    let mut rig = Rig::with(config, latency_ms, &settings);
    let exchange = Exchange { sim: rig.exchange.sim.clone(), url: rig.exchange.url.clone() };
    let scene = Scene { exchange: &exchange, acknowledged: Mutex::default(), sent: Mutex::default(), bar: AtomicUsize::new(0) };
    if dice.one_in(2) {
        leave_an_order(&exchange);
    }
    let mut troubles = Vec::new();
    let began = now();
    if let Some(fault) = &job.fault {
        let rule = Rule::new(Class::Any, fault.clone()).per_mille(150).times(8);
        exchange.with(|sim, now| sim.set_faults(Faults::new(job.seed, vec![rule], Conditions::default()), now));
    }
    let over = AtomicBool::new(false);
    let wrong = std::thread::scope(|scope| {
        let watching = scope.spawn(|| watch(&exchange, &over));
        for _ in 0..1 + dice.below(3) {
            live_and_die(&mut rig, &scene, &mut dice, &mut troubles);
        }
        exchange.faults(Vec::new(), Conditions::default());
        if job.fault.is_some() {
            troubles.push(Trouble { from: began, to: now() + AFTER_RESTART_MS });
        }
        let settled = catch_unwind(AssertUnwindSafe(|| settle(&rig, &scene)));
        over.store(true, Ordering::Relaxed);
        let wrong = watching.join().expect("the watcher only reads");
        settled.err().map(|_| "it does not settle".to_owned()).or(wrong.err())
    });
    let verdict = wrong.map_or(Ok(()), Err).and_then(|()| judge(&mut rig, &scene, latency_ms, &troubles));
    if let Err(wrong) = verdict {
        panic!("{job:?}: {wrong}\n{}", rig.story());
    }
}

/// I2 and I5, all the time.
fn watch(exchange: &Exchange, over: &AtomicBool) -> Result<(), String> {
    while !over.load(Ordering::Relaxed) {
        exchange.with(|sim, _| audit::nothing_doubled(&sim.book))?;
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// Alerts and prices for a while, then kill -9 and, after a while, a new start.
fn live_and_die(rig: &mut Rig, scene: &Scene<'_>, dice: &mut Dice, troubles: &mut Vec<Trouble>) {
    let dead = AtomicBool::new(false);
    let port = rig.daemon().port;
    let life_ms = dice.below(1_500);
    let seeds = [dice.below(u64::MAX), dice.below(u64::MAX)];
    std::thread::scope(|scope| {
        for seed in seeds {
            let dead = &dead;
            scope.spawn(move || act(port, scene, Dice::new(seed), dead));
        }
        std::thread::sleep(Duration::from_millis(life_ms));
        rig.kill();
        dead.store(true, Ordering::Relaxed);
    });
    let from = now();
    std::thread::sleep(Duration::from_millis(dice.pick(&[0, 0, 50, 400])));
    rig.run();
    rig.connected();
    troubles.push(Trouble { from, to: now() + AFTER_RESTART_MS });
}

/// Sends alerts and moves prices until the daemon is dead.
fn act(port: u16, scene: &Scene<'_>, mut dice: Dice, dead: &AtomicBool) {
    while !dead.load(Ordering::Relaxed) {
        let at = dice.below(SYMBOLS.len() as u64) as usize;
        let (symbol, price) = SYMBOLS[at];
        let bar = scene.bar.fetch_add(1, Ordering::Relaxed) as u64;
        match dice.below(10) {
            0..=3 => {
                let body = some_entry(&mut dice, symbol, price, bar);
                scene.send(port, &body);
                if dice.one_in(3) {
                    scene.send(port, &body.replace("primary_entry", "dca_fill"));
                }
            }
            4 => scene.send(port, &exit(symbol, dice.pick(&["LONG", "SHORT"]), bar)),
            5 => scene.send_again(port, &mut dice),
            _ => {
                let per_mille = Decimal::from(dice.below(41) as i64 - 20);
                let price = Decimal::from(price) * (Decimal::ONE + per_mille / Decimal::ONE_THOUSAND);
                scene.exchange.with(|sim, now| sim.set_price(symbol, price.round_dp(1), now).expect("a price"));
            }
        }
        std::thread::sleep(Duration::from_millis(dice.pick(&[0, 5, 20, 60, 150])));
    }
}

impl Scene<'_> {
    /// Sends an alert; a new one that was acknowledged must never be lost.
    fn send(&self, port: u16, body: &str) {
        if let Ok(answer) = http::alert(port, body) {
            lock(&self.sent).push(body.to_owned());
            if let (200, false, Some(number)) = (answer.status, answer.is_duplicate(), answer.number()) {
                lock(&self.acknowledged).push(number);
            }
        }
    }

    fn send_again(&self, port: u16, dice: &mut Dice) {
        let sent = lock(&self.sent).clone();
        if !sent.is_empty() {
            let body = dice.pick(&sent);
            self.send(port, &body);
        }
    }
}

fn some_entry(dice: &mut Dice, symbol: &str, price: i64, bar: u64) -> String {
    let long = dice.one_in(2);
    let price = Decimal::from(price);
    let away = |per_mille: i64| {
        let share = Decimal::from(if long { per_mille } else { -per_mille }) / Decimal::ONE_THOUSAND;
        (price * (Decimal::ONE - share)).round_dp(2).to_string()
    };
    let first = dice.below(10) as i64;
    let second = first + 3 + dice.below(8) as i64;
    let stop = second + 5 + dice.below(20) as i64;
    let target = -3 - dice.below(20) as i64;
    let prices = [away(first), if dice.one_in(5) { String::new() } else { away(second) }, away(stop), away(target)];
    entry(symbol, if long { "LONG" } else { "SHORT" }, "primary_entry", [&prices[0], &prices[1], &prices[2], &prices[3]], bar)
}

fn leave_an_order(exchange: &Exchange) {
    exchange.with(|sim, now| {
        let order = NewPlain {
            client_id: USERS_ORDER.to_owned(),
            symbol: Symbol::new(SYMBOLS[0].0),
            buy: true,
            position_side: sim.book.is_hedge().then_some(Side::Long),
            reduce_only: false,
            price: Some(Decimal::from(25_000)),
            time_in_force: TimeInForce::Gtc,
            qty: Decimal::new(10, 3),
            stop: None,
        };
        sim.book.place(&order, now).expect("room for an order");
    });
}

/// Everything that was accepted gets its verdict, every position its stop; then all is closed.
fn settle(rig: &Rig, scene: &Scene<'_>) {
    let is_settled = || {
        let alerts = audit::memory(&rig.journal()).alerts;
        let naked = rig.exchange.naked_spans().iter().any(|span| span.end.is_none());
        alerts.is_empty() && !naked
    };
    rig.until("every alert has its verdict, every position its stop", is_settled);
    let port = rig.daemon().port;
    for (symbol, _) in SYMBOLS {
        for side in ["LONG", "SHORT"] {
            scene.send(port, &exit(symbol, side, 1_000_000 + scene.bar.fetch_add(1, Ordering::Relaxed) as u64));
        }
    }
    rig.until("nothing of ours is left", || rig.exchange.with(|sim, _| audit::nothing_left(&sim.book)).is_ok());
    rig.until("every trade is over", || {
        let memory = audit::memory(&rig.journal());
        memory.alerts.is_empty() && memory.trades.is_empty()
    });
}

/// The invariants, over everything that ever happened.
fn judge(rig: &mut Rig, scene: &Scene<'_>, latency_ms: Millis, troubles: &[Trouble]) -> Result<(), String> {
    rig.stop();
    let journal = rig.journal();
    audit::every_alert_once(&journal, &lock(&scene.acknowledged))?;
    let spans = rig.exchange.naked_spans();
    // Each of the account's trades may have a call in front.
    audit::nothing_naked(&spans, NAKED_MS + 14 * latency_ms, troubles, now())?;
    rig.exchange.with(|sim, _| {
        let had_one = sim.book.order_by_id(USERS_ORDER).is_some();
        if had_one && !sim.book.open_orders().iter().any(|order| order.client_id == USERS_ORDER) {
            return Err("I6: the user's own order is gone".to_owned());
        }
        audit::nothing_left(&sim.book)?;
        audit::nothing_overbought(&sim.book)?;
        audit::nothing_expired(&sim.book, &journal, ALERT_TIMEOUT_MS, 2_000)
    })
}
