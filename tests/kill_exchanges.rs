//! kill -9 at random moments with text orders and brackets in flight on every exchange, and on one of them for three accounts; then
//! start again, and each order is there once.
//!
//! Who has no answer sends again after the restart, as a careful sender would: whatever was acknowledged in the end must have
//! been executed exactly once, by the books. `KILL_RUNS=100` runs more, a failing run prints its seed, and `KILL_SEED=n` replays
//! that one alone (what chance decides is the same again; what the machine's own timing decides is not).
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "what is not as expected here has to end the test")]

mod rig;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use perphook::desk::{Phase, Record, State, Trade};
use perphook::market::{Decimal, Leg, ProtectionKind, Side, Symbol};
use perphook::sim;
use rig::dice::Dice;
use rig::kill::{lock, runs};
use rig::{Answer, Exchange, Rig, TOKEN, audit, entry, exit, http};
use sim::faults::{Class, Conditions, Fault, Faults, Rule};
use sim::{Kind, SimConfig};

/// Runs at one time.
const AT_ONCE: usize = 16;
/// How many accounts the first exchange has; each other one has one.
const NEIGHBOURS: usize = 3;
/// Brackets; text orders without and with protection. Text never meets a bracket here, else it would be refused.
const BRACKETS: &str = "BTC";
const BARE: &str = "ETH";
const GUARDED: &str = "SOL";
/// An order without an answer is doubted for half a minute on some exchanges, and others wait behind it.
const PATIENCE: Duration = Duration::from_secs(180);
/// What a guarded order says, far from the price of 150.
const LONG_WORDS: &str = "sl:120 tp:200";
const SHORT_WORDS: &str = "sl:200 tp:120";

#[test]
fn killed_at_any_moment_every_order_of_every_account_is_there_once() {
    let traded = Mutex::default();
    let count = runs(AT_ONCE, Vec::new(), |seed| run(seed, &traded));
    // A few runs may pass an exchange by, not ten.
    assert!(count < 10 || lock(&traded).len() == Kind::ALL.len(), "nothing was ever executed but on {:?}", lock(&traded));
}

/// Where each account is.
fn places() -> Vec<Kind> {
    let (first, others) = Kind::ALL.split_first().expect("there are exchanges");
    [*first; NEIGHBOURS].into_iter().chain(others.iter().copied()).collect()
}

/// What the threads of a run share.
struct Scene {
    /// Where account 1 is, and the others.
    places: Vec<Kind>,
    /// Bodies whose senders have no answer yet, in the order they were sent.
    unanswered: Mutex<Vec<String>>,
    /// Bodies that were acknowledged, and the numbers they were told.
    told: Mutex<BTreeMap<String, Vec<u64>>>,
    /// Names that were given to limit orders.
    names: Mutex<Vec<String>>,
    next: AtomicU64,
}

fn run(seed: u64, traded: &Mutex<BTreeSet<&'static str>>) {
    let mut dice = Dice::new(seed);
    let hosts = Kind::ALL.iter().map(|kind| {
        let config = SimConfig { exchange: *kind, hedge: dice.one_in(3) && kind.has_hedge(), ..SimConfig::default() };
        (config, if *kind == Kind::ALL[0] { NEIGHBOURS } else { 1 })
    });
    let hosts: Vec<(SimConfig, usize)> = hosts.collect();
    let settings = [("EXIT_COOLDOWN", "1"), ("PROTECT_TIMEOUT", "5"), ("DUPLICATE_WINDOW", "600"), ("QUEUE_CAPACITY", "2000")];
    let mut rig = Rig::with_hosts(&hosts, 2 + dice.below(25), &settings);
    let scene =
        Scene { places: places(), unanswered: Mutex::default(), told: Mutex::default(), names: Mutex::default(), next: AtomicU64::new(0) };
    if dice.one_in(3) {
        // Who comes back too early after a limit is locked out for ten minutes at one exchange: longer than a run.
        let troubles = Fault::every_trouble(1_200).into_iter().filter(|fault| !matches!(fault, Fault::RateLimit { .. }));
        let fault = dice.pick(&troubles.collect::<Vec<Fault>>());
        for account in &rig.accounts {
            let rule = Rule::new(Class::Any, fault.clone()).per_mille(60).times(3);
            account.with(|sim, now| sim.set_faults(Faults::new(seed, vec![rule], Conditions::default()), now));
        }
    }
    for _ in 0..1 + dice.below(3) {
        live_and_die(&mut rig, &scene, &mut dice);
    }
    for account in &rig.accounts {
        account.faults(Vec::new(), Conditions::default());
    }
    quiet(&rig);
    judge(&rig, &scene).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}\n{}", rig.stories()));
    for (account, place) in rig.accounts.iter().zip(&scene.places) {
        if account.with(|sim, _| !sim.book.trades().is_empty()) {
            lock(traded).insert(place.name());
        }
    }
    clear_up(&rig, &scene);
    judge(&rig, &scene)
        .and_then(|()| nothing_left(&rig))
        .unwrap_or_else(|wrong| panic!("seed {seed}, at the end: {wrong}\n{}", rig.stories()));
}

/// Alerts for a while, then kill -9 and, after a while, a new start; who has no answer sends again.
fn live_and_die(rig: &mut Rig, scene: &Scene, dice: &mut Dice) {
    let dead = AtomicBool::new(false);
    let port = rig.daemon().port;
    let life_ms = 20 + dice.below(900);
    let seeds = [dice.below(u64::MAX), dice.below(u64::MAX), dice.below(u64::MAX)];
    std::thread::scope(|scope| {
        for seed in seeds {
            let dead = &dead;
            scope.spawn(move || act(port, scene, Dice::new(seed), dead));
        }
        std::thread::sleep(Duration::from_millis(life_ms));
        rig.kill();
        dead.store(true, Ordering::Relaxed);
    });
    std::thread::sleep(Duration::from_millis(dice.pick(&[0, 0, 50, 400])));
    rig.run();
    let again = std::mem::take(&mut *lock(&scene.unanswered));
    for body in again {
        let port = rig.daemon().port;
        rig.until("an answer at last", || scene.send(port, &body).is_some());
    }
}

/// Sends alerts until the daemon is dead.
fn act(port: u16, scene: &Scene, mut dice: Dice, dead: &AtomicBool) {
    while !dead.load(Ordering::Relaxed) {
        let number = scene.next.fetch_add(1, Ordering::Relaxed);
        let body = match dice.below(8) {
            0 => scene.bracket(&mut dice, number),
            1 => (1..=scene.places.len()).map(|account| scene.order(&mut dice, account, number) + "\n").collect(),
            _ => {
                let account = scene.some_account(&mut dice);
                // Each is a body of its own, as if it were sent by a bar of its own; every other one says so in words of ours.
                match number % 2 {
                    0 => format!("{} id:key-{number}", scene.order(&mut dice, account, number)),
                    _ => format!("// {number}\n{}", scene.order(&mut dice, account, number)),
                }
            }
        };
        if scene.send(port, &body).is_none() {
            lock(&scene.unanswered).push(body);
        }
        std::thread::sleep(Duration::from_millis(dice.pick(&[0, 0, 5, 20, 60])));
    }
}

impl Scene {
    /// Sends an alert once. `None`: nobody knows what became of it.
    fn send(&self, port: u16, body: &str) -> Option<Answer> {
        let path = format!("/whook/{TOKEN}");
        let answer = http::text(port, &path, "", body).ok().filter(|answer| answer.status != 503)?;
        assert_eq!(answer.status, 200, "{answer:?} to {body}");
        let lines: Vec<u64> = answer.line_numbers().into_iter().flatten().collect();
        let numbers = if lines.is_empty() { answer.number().into_iter().collect() } else { lines };
        let before = lock(&self.told).insert(body.to_owned(), numbers);
        assert_eq!(before, None, "{body} was answered twice");
        Some(answer)
    }

    fn some_account(&self, dice: &mut Dice) -> usize {
        1 + dice.below(self.places.len() as u64) as usize
    }

    /// What alerts call a coin's contract where that account is.
    fn pair(&self, account: usize, base: &str) -> String {
        format!("{base}{}", self.places[account - 1].settle())
    }

    /// An order of text; its sizes are such that no rest is too small to be traded. Some exchanges want a leverage with all that opens.
    fn order(&self, dice: &mut Dice, account: usize, number: u64) -> String {
        let size = 1 + dice.below(9);
        let (bare, guarded) = (self.pair(account, BARE), self.pair(account, GUARDED));
        match dice.below(12) {
            0 => format!("a{account} {bare} close"),
            1 => format!("a{account} {bare} pos {}0.0{size} x5", dice.pick(&["", "-"])),
            2 => {
                // In letters that every exchange takes.
                let name = format!("far{account}x{number}");
                lock(&self.names).push(name.clone());
                format!("a{account} {bare} buy 0.0{size} limit:{name}:2000 x5")
            }
            3 => format!("a{account} {bare} cancel:all"),
            4 => format!("a{account} {guarded} close"),
            5..=6 => format!("a{account} {guarded} buy 0.{size} x5 {LONG_WORDS}"),
            7 => format!("a{account} {guarded} sell 0.{size} x5 {SHORT_WORDS}"),
            8..=9 => format!("a{account} {bare} sell 0.0{size} x5"),
            _ => format!("a{account} {bare} buy 0.0{size} x5"),
        }
    }

    /// A bracket that fills at once, or its exit.
    fn bracket(&self, dice: &mut Dice, number: u64) -> String {
        let account = self.some_account(dice);
        let pair = self.pair(account, BRACKETS);
        let body = match dice.one_in(3) {
            true => exit(&pair, "LONG", number),
            false => entry(&pair, "LONG", "primary_entry", ["50100", "49000", "48000", "53000"], number),
        };
        body.replacen('{', &format!("{{\"account\":\"a{account}\","), 1)
    }
}

/// Every alert has its verdict, and whatever shall be protected is.
fn quiet(rig: &Rig) {
    rig.until_within(PATIENCE, "every alert has its verdict, and what must rest rests", || {
        let memory = audit::memory(&rig.journal());
        // No stop or target is being replaced just now.
        let is_settled =
            |trade: &Trade| trade.retired.is_empty() && trade.stop.iter().chain(&trade.target).all(|guard| !is_wanted(&guard.state));
        let settled = memory.trades.values().filter(|trade| trade.phase == Phase::Open).all(is_settled);
        memory.alerts.is_empty() && memory.orders.is_empty() && settled && protected(rig).is_ok()
    });
}

/// Whether a stop or target is still on its way.
fn is_wanted(state: &State) -> bool {
    matches!(state, State::Idle | State::Sent | State::Unknown { .. })
}

/// What holds whenever it is quiet.
fn judge(rig: &Rig, scene: &Scene) -> Result<(), String> {
    let told = lock(&scene.told);
    let numbers: Vec<u64> = told.values().flatten().copied().collect();
    let journal = rig.journal();
    audit::every_alert_once(&journal, &numbers)?;
    let taken = journal.iter().filter(|record| matches!(record, Record::Alert(_))).count();
    if taken != numbers.len() {
        return Err(format!("{taken} alerts were taken, but {} acknowledged: some were taken twice, or by nobody's wish", numbers.len()));
    }
    rig.as_asked(&lock(&scene.names))?;
    for account in &rig.accounts {
        account.with(|sim, _| audit::nothing_doubled(&sim.book).and_then(|()| audit::nothing_overbought(&sim.book)))?;
    }
    protected(rig)
}

/// One stop and one target for each guarded position and each bracket's; none where nothing is held, and nothing at all
/// that was not asked for.
fn protected(rig: &Rig) -> Result<(), String> {
    for (account, at) in rig.accounts.iter().zip(1..) {
        for base in [BARE, GUARDED, BRACKETS] {
            let symbol = account.native(base);
            for side in [Side::Long, Side::Short] {
                let held = !account.position(symbol.as_str(), side).is_zero() && base != BARE;
                let found = ProtectionKind::ALL.map(|kind| guards(account, &symbol, side, kind));
                if found != [usize::from(held); 2] {
                    return Err(format!("a{at}: {symbol} {side} is held: {held}, but its stops and targets are {found:?}"));
                }
            }
        }
        if let Some(id) = account.open_ids(Leg::Order).first() {
            return Err(format!("a{at}: {id} rests"));
        }
    }
    Ok(())
}

fn guards(account: &Exchange, symbol: &Symbol, side: Side, kind: ProtectionKind) -> usize {
    account.with(|sim, _| {
        let fits = |order: &&perphook::exchange::paper::Conditional| {
            order.symbol == *symbol && order.kind == kind && order.effect().closes == Some(side)
        };
        sim.book.open_conditionals().iter().filter(|order| order.is_waiting()).filter(fits).count()
    })
}

/// Closes and cancels everything, with alerts.
fn clear_up(rig: &Rig, scene: &Scene) {
    let port = rig.daemon().port;
    for account in 1..=scene.places.len() {
        let lines = [BARE, GUARDED].map(|base| {
            let pair = scene.pair(account, base);
            format!("a{account} {pair} cancel:all\na{account} {pair} close\n")
        });
        scene.send(port, &lines.concat()).expect("an answer");
        let body = exit(&scene.pair(account, BRACKETS), "LONG", 1_000_000).replacen('{', &format!("{{\"account\":\"a{account}\","), 1);
        scene.send(port, &body).expect("an answer");
    }
    rig.until_within(PATIENCE, "nothing is left", || nothing_left(rig).is_ok());
    rig.until_within(PATIENCE, "every trade is over", || {
        let memory = audit::memory(&rig.journal());
        memory.alerts.is_empty() && memory.orders.is_empty() && memory.trades.is_empty()
    });
}

fn nothing_left(rig: &Rig) -> Result<(), String> {
    for (account, at) in rig.accounts.iter().zip(1..) {
        for base in [BARE, GUARDED, BRACKETS] {
            let symbol = account.native(base);
            let (names, net) = (account.open_names(symbol.as_str()), account.net(symbol.as_str()));
            if !names.is_empty() || net != Decimal::ZERO {
                return Err(format!("a{at}: {net} of {symbol} is left, and {names:?}"));
            }
        }
    }
    Ok(())
}
