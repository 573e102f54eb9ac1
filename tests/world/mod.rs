//! The pure desk, the real adapter and the simulated exchange in one process and in virtual time.
//!
//! What the shell does with threads and a disk happens here in one loop with a clock of our own: a call leaves, is
//! executed half a round trip later and answered after another half; a record is on disk when it is waited for, or when
//! chance wills it; a crash forgets everything but the records that were on disk.

#![allow(dead_code, unreachable_pub)]

pub mod audit;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use perphook::alert;
use perphook::desk::{AccountRules, AccountSetup, Admission, Desk, Effect, Event, Fingerprint, Line, Memory, Record, Rules};
use perphook::exchange::binance::Binance;
use perphook::exchange::catalogue::Catalogue;
use perphook::exchange::{self, Exchange, ExchangeError, Reply, Request, carry_out};
use perphook::market::{Decimal, Installation, Millis, OrderStatus, Side, Symbol};
use perphook::secret::Secret;

use crate::sim::{Faults, SharedSim, Sim, SimConfig, SimHttp};

pub const START: Millis = 1_764_547_200_000;
pub const ACCOUNT: &str = "binance";

/// How a world begins.
#[derive(Clone, Debug)]
pub struct Setting {
    pub hedge: bool,
    pub rtt_ms: Millis,
    pub rules: Rules,
    pub account: AccountRules,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting { hedge: false, rtt_ms: 40, rules: Rules::default(), account: AccountRules::default() }
    }
}

/// A call under way.
struct Flight {
    call: u64,
    request: Request,
    left_at: Millis,
    executes_at: Millis,
    answer: Option<(Millis, exchange::Result<Reply>)>,
}

/// A time in which the exchange or we ourselves were not at our best; protection may take longer then.
#[derive(Clone, Copy, Debug)]
pub struct Trouble {
    pub from: Millis,
    pub to: Millis,
}

pub struct World {
    pub now: Millis,
    pub sim: SharedSim,
    pub desk: Desk,
    pub steps: u64,
    pub said: Vec<String>,
    /// Alerts whose sender was told "accepted".
    pub acknowledged: BTreeMap<u64, Millis>,
    pub troubles: Vec<Trouble>,
    pub crashes: u32,
    /// How late the exchange showed things at the worst time of the day.
    pub late_ms: Millis,
    setting: Setting,
    exchange: Box<dyn Exchange>,
    clock: Arc<AtomicU64>,
    latency: Arc<AtomicU64>,
    home: Installation,
    journal: Vec<Record>,
    on_disk: usize,
    flight: Option<Flight>,
    /// The world is looked at after every step.
    pub watch: bool,
}

impl World {
    pub fn new(setting: Setting) -> World {
        let sim = Sim::new(SimConfig { hedge: setting.hedge, ..SimConfig::default() }, START);
        let sim: SharedSim = Arc::new(Mutex::new(sim));
        let clock = Arc::new(AtomicU64::new(START));
        let home = Installation::from_random([7; 8]);
        let (exchange, latency) = connect(&sim, &clock);
        let desk = new_desk(&home, &setting, Memory::default());
        let mut world = World {
            now: START,
            sim,
            desk,
            steps: 0,
            said: Vec::new(),
            acknowledged: BTreeMap::new(),
            troubles: Vec::new(),
            crashes: 0,
            late_ms: 0,
            setting,
            exchange,
            clock,
            latency,
            home,
            journal: Vec::new(),
            on_disk: 0,
            flight: None,
            watch: true,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        let mut effects = Vec::new();
        self.desk.start(self.now, &mut effects);
        self.carry_out(effects);
    }

    /// Sends an alert as it would come over HTTP, and acts on it at once if it is accepted.
    pub fn alert(&mut self, body: &str) -> Admission {
        let signal = alert::json::parse(body.as_bytes()).expect("readable").signal.expect("valid");
        let print = Fingerprint(u128::from(fnv(body.as_bytes())).to_be_bytes());
        let mut effects = Vec::new();
        let admission = self.desk.admit(signal, print, self.now, &mut effects);
        self.carry_out(effects);
        if let Admission::Accept { number, .. } = admission {
            self.on_disk = self.journal.len();
            self.acknowledged.insert(number, self.now);
            self.tell(Event::OnDisk(number));
        }
        admission
    }

    /// Moves the market.
    pub fn price(&mut self, symbol: &str, price: Decimal) {
        self.book(|sim, now| {
            let _ = sim.set_price(symbol, price, now);
        });
        self.look();
    }

    /// Looks into, or reaches into, the exchange.
    pub fn book<T>(&self, act: impl FnOnce(&mut Sim, Millis) -> T) -> T {
        let mut sim = self.sim.lock().expect("nobody panicked");
        sim.pass(self.now);
        act(&mut sim, self.now)
    }

    /// Replaces the exchange's fault plan.
    pub fn faults(&mut self, plan: Faults) {
        let now = &plan.conditions;
        self.late_ms = self.late_ms.max(now.late_positions_ms + now.unseen_position_ms + now.late_orders_ms);
        self.book(|sim, now| sim.set_faults(plan, now));
    }

    pub fn position(&self, symbol: &str, side: Side) -> Decimal {
        self.book(|sim, _| sim.book.position(&Symbol::new(symbol), side))
    }

    /// The next time at which anything happens by itself.
    pub fn next_event(&self) -> Option<Millis> {
        let flight = self.flight.as_ref().map(|flight| flight.answer.as_ref().map_or(flight.executes_at, |(at, _)| *at));
        flight.into_iter().chain(self.desk.next_wake()).min().map(|at| at.max(self.now))
    }

    /// Lets time pass, at most `steps_max` steps of the desk. True if the time was reached.
    pub fn run_until(&mut self, until: Millis, steps_max: u64) -> bool {
        let last = self.steps + steps_max;
        while let Some(at) = self.next_event().filter(|at| *at <= until) {
            if self.steps >= last {
                return false;
            }
            self.move_to(at);
            self.step();
        }
        self.move_to(until.max(self.now));
        true
    }

    pub fn run_for(&mut self, ms: Millis) {
        let until = self.now + ms;
        assert!(self.run_until(until, 100_000), "the desk never rests");
    }

    /// Runs until nothing is under way and no trade or alert is open, or the time is over. True if it came to rest.
    pub fn run_until_quiet(&mut self, ms: Millis) -> bool {
        let until = self.now + ms;
        while !(self.desk.memory().alerts.is_empty() && self.desk.memory().trades.is_empty() && self.flight.is_none()) {
            match self.next_event().filter(|at| *at <= until) {
                Some(at) => {
                    self.move_to(at);
                    self.step();
                }
                None => return false,
            }
        }
        true
    }

    pub fn move_to(&mut self, at: Millis) {
        self.now = at.max(self.now);
        self.clock.store(self.now, Ordering::Relaxed);
    }

    fn step(&mut self) {
        self.steps += 1;
        assert!(self.steps < 30_000, "the desk never rests\n{}", self.story());
        match &mut self.flight {
            Some(flight) if flight.answer.is_none() && flight.executes_at <= self.now => self.execute(),
            Some(Flight { answer: Some((at, _)), .. }) if *at <= self.now => self.land(),
            _ => self.tell(Event::Wake),
        }
        self.look();
    }

    fn execute(&mut self) {
        self.latency.store(0, Ordering::Relaxed);
        let Some(flight) = &mut self.flight else { return };
        let result = carry_out(self.exchange.as_mut(), &flight.request);
        let late_ms = self.latency.load(Ordering::Relaxed);
        flight.answer = Some((self.now + self.setting.rtt_ms / 2 + late_ms, result));
    }

    fn land(&mut self) {
        let Some(Flight { call, left_at, answer: Some((_, result)), .. }) = self.flight.take() else { return };
        let failed = match &result {
            // A refusal, or a market order that found nobody to trade with.
            Ok(Reply::Placed(results)) => {
                results.iter().any(|result| result.as_ref().map_or(true, |order| order.status == OrderStatus::Expired))
            }
            Ok(_) => false,
            Err(_) => true,
        };
        if failed || self.now > left_at + self.setting.rtt_ms {
            let back_off_ms = if failed { back_off_ms(&result) } else { 0 };
            self.troubles.push(Trouble { from: left_at, to: self.now + back_off_ms });
        }
        self.tell(Event::Answer { call, result });
    }

    fn tell(&mut self, event: Event) {
        let mut effects = Vec::new();
        self.desk.handle(event, self.now, &mut effects);
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Record(record) => self.journal.push(record),
                Effect::Say(line) => self.hear(&line),
                Effect::Report { .. } => {}
                Effect::Call { call, request, durable, .. } => {
                    if durable {
                        self.on_disk = self.journal.len();
                    }
                    assert!(self.flight.is_none(), "two calls of one account at one time");
                    let executes_at = self.now + self.setting.rtt_ms / 2;
                    self.flight = Some(Flight { call, request, left_at: self.now, executes_at, answer: None });
                }
            }
        }
    }

    fn hear(&mut self, line: &Line) {
        if self.said.len() < 4000 {
            let mark = if line.warn { "!" } else { " " };
            self.said.push(format!("{:>8} {mark} {} #{} {}", self.now - START, line.symbol, line.alert, line.text));
        }
    }

    /// Something to be read in the story of a failing day.
    pub fn remark(&mut self, text: &str) {
        if self.said.len() < 4000 {
            self.said.push(format!("{:>8} - {text}", self.now - START));
        }
    }

    /// The disk catches up.
    pub fn flush(&mut self) {
        self.on_disk = self.journal.len();
    }

    /// kill -9 and a new start `down_ms` later. A call under way is executed before the end, or never.
    pub fn crash(&mut self, executed: bool, down_ms: Millis) {
        if executed && self.flight.as_ref().is_some_and(|flight| flight.answer.is_none()) {
            self.execute();
        }
        self.crashes += 1;
        self.flight = None;
        self.journal.truncate(self.on_disk);
        let mut memory = Memory::default();
        for record in &self.journal {
            let text = serde_json::to_string(record).expect("a record is JSON");
            memory.apply(&serde_json::from_str(&text).expect("a record reads back"));
        }
        let snapshot = serde_json::to_string(&memory).expect("a memory is JSON");
        let memory: Memory = serde_json::from_str(&snapshot).expect("a memory reads back");
        let from = self.now;
        self.said.push(format!("{:>8} ! crash (call executed: {executed})", self.now - START));
        self.move_to(self.now + down_ms);
        self.troubles.push(Trouble { from, to: self.now + audit::FENCE_MS + 2_000 });
        let (exchange, latency) = connect(&self.sim, &self.clock);
        (self.exchange, self.latency) = (exchange, latency);
        self.desk = new_desk(&self.home, &self.setting, memory);
        self.start();
    }

    /// What the memory is when the journal is read back.
    pub fn replayed(&self) -> Memory {
        let mut memory = Memory::default();
        self.journal.iter().for_each(|record| memory.apply(record));
        memory
    }

    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    fn look(&self) {
        if self.watch {
            audit::after_step(self);
        }
    }

    /// The last lines of the log, for a failing test.
    pub fn story(&self) -> String {
        let from = self.said.len().saturating_sub(120);
        let log = self.book(|sim, _| {
            let entries = sim.log.entries.iter().rev().take(110).collect::<Vec<_>>();
            entries
                .into_iter()
                .rev()
                .map(|entry| {
                    let named = |name: &str| entry.params.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
                    format!(
                        "{:>8} {} {} {} {} -> {} {:?} {:?}",
                        entry.at as i64 - START as i64,
                        entry.method,
                        entry.path,
                        named("symbol"),
                        [named("newClientOrderId"), named("origClientOrderId"), named("clientAlgoId"), named("batchOrders")].concat(),
                        entry.status,
                        entry.code,
                        entry.fault
                    )
                })
                .collect::<Vec<_>>()
        });
        let trades: Vec<String> = self.desk.memory().trades.values().map(|trade| format!("{trade:?}")).collect();
        let said = self.said.get(from..).unwrap_or_default().join("\n");
        format!("log:\n{said}\nexchange:\n{}\ntrades:\n{}", log.join("\n"), trades.join("\n"))
    }
}

fn back_off_ms(result: &exchange::Result<Reply>) -> Millis {
    let inner = match result {
        Ok(Reply::Placed(results)) => results.iter().find_map(|result| result.as_ref().err()),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    match inner {
        None => 5_500,
        Some(ExchangeError::Unknown { .. }) => 7_000,
        Some(_) => 5_500,
    }
}

fn connect(sim: &SharedSim, clock: &Arc<AtomicU64>) -> (Box<dyn Exchange>, Arc<AtomicU64>) {
    let ticking = Arc::clone(clock);
    let clock: exchange::Clock = Arc::new(move || ticking.load(Ordering::Relaxed));
    let http = SimHttp::new(Arc::clone(sim), clock.clone());
    let latency = http.latency();
    let config = SimConfig::default();
    (
        Box::new(Binance::new(Box::new(http), Secret::new(config.key), Secret::new(config.secret), clock, "USDT", Catalogue::default())),
        latency,
    )
}

fn new_desk(home: &Installation, setting: &Setting, memory: Memory) -> Desk {
    let setup = AccountSetup {
        name: ACCOUNT.to_owned(),
        venue: ACCOUNT.to_owned(),
        identity: "binance:test".to_owned(),
        host: "sim".to_owned(),
        rules: setting.account.clone(),
    };
    Desk::new(home.clone(), setting.rules.clone(), vec![setup], memory)
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// An ENTRY body; `None` prices are null.
pub fn entry(symbol: &str, side: &str, subtype: &str, prices: [Option<&str>; 4], bar: u64) -> String {
    let [entry, second, stop, target] = prices.map(|price| price.unwrap_or("null"));
    format!(
        r#"{{"token":"t","event":"ENTRY","order_subtype":"{subtype}","signal_side":"{side}","symbol":"{symbol}","entry_price":{entry},"second_entry_price":{second},"stop_loss":{stop},"take_profit":{target},"bar_index":{bar}}}"#
    )
}

/// An EXIT body.
pub fn exit(symbol: &str, side: &str, bar: u64) -> String {
    format!(r#"{{"token":"t","event":"EXIT","order_subtype":"reduce_only","signal_side":"{side}","symbol":"{symbol}","bar_index":{bar}}}"#)
}
