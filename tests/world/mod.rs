//! The pure desk, the real adapter and the simulated exchange in one process and in virtual time.
//!
//! What the shell does with threads and a disk happens here in one loop with a clock of our own: a call leaves, is
//! executed half a round trip later and answered after another half; a record is on disk when it is waited for, or when
//! chance wills it; a crash forgets everything but the records that were on disk.

#![allow(dead_code, unreachable_pub)]

pub mod audit;
mod begin;
mod bodies;
mod story;
pub mod wire;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[allow(unused_imports, reason = "not every test asks for it")]
pub use begin::account_name;
use begin::{connect, line, new_desk};
#[allow(unused_imports, reason = "not every test sends JSON alerts")]
pub use bodies::{entry, exit};
use perphook::alert;
use perphook::alert::{AlertError, Signal};
use perphook::desk::{AccountRules, Admission, Desk, Effect, Event, Fingerprint, Line as LogLine, Memory, Record, Rules};
use perphook::exchange::{self, Capabilities, Exchange, ExchangeError, Reason, Reply, Request, carry_out};
use perphook::market::{Decimal, Installation, Millis, OrderStatus, Side, Symbol};

use crate::sim::{Faults, Kind, SharedSim, Sim};

pub const START: Millis = 1_764_547_200_000;

/// How a world begins.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Accounts, each with a book of its own on the one market.
    pub accounts: usize,
    /// Where they are.
    pub exchange: Kind,
    pub hedge: bool,
    pub rtt_ms: Millis,
    pub rules: Rules,
    pub account: AccountRules,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            accounts: 1,
            exchange: Kind::Binance,
            hedge: false,
            rtt_ms: 40,
            rules: Rules::default(),
            account: AccountRules::default(),
        }
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
    /// Whose; `None`: everybody's.
    pub account: Option<usize>,
}

impl Trouble {
    pub fn of_all(from: Millis, to: Millis) -> Trouble {
        Trouble { from, to, account: None }
    }
}

/// One account: its exchange, and the one call that may be under way.
pub struct Line {
    pub sim: SharedSim,
    exchange: Box<dyn Exchange>,
    latency: Arc<AtomicU64>,
    flight: Option<Flight>,
    /// How late the exchange showed things at the worst time of the day.
    pub late_ms: Millis,
}

pub struct World {
    pub now: Millis,
    pub lines: Vec<Line>,
    pub desk: Desk,
    pub steps: u64,
    pub said: Vec<String>,
    /// Text orders that were accepted.
    pub texts: BTreeMap<u64, Signal>,
    /// Positions were changed by hand or by protection: a text order may have found less than it expected.
    pub disturbed: bool,
    /// Alerts whose sender was told "accepted".
    pub acknowledged: BTreeMap<u64, Millis>,
    pub troubles: Vec<Trouble>,
    pub crashes: u32,
    setting: Setting,
    clock: Arc<AtomicU64>,
    home: Installation,
    /// All accounts have the same host and key, so they share one line.
    one_key: bool,
    journal: Vec<Record>,
    on_disk: usize,
    /// The world is looked at after every step.
    pub watch: bool,
    /// A call for which the adapter has nothing to ask takes no time; otherwise it takes a round trip like any other.
    pub exact: bool,
}

impl World {
    pub fn new(setting: Setting) -> World {
        World::begin(setting, false)
    }

    /// All accounts have the same host and key, as those that differ in the settle coin only.
    pub fn with_one_key(setting: Setting) -> World {
        World::begin(setting, true)
    }

    fn begin(setting: Setting, one_key: bool) -> World {
        let clock = Arc::new(AtomicU64::new(START));
        let home = Installation::from_random([7; 8]);
        let lines = (0..setting.accounts).map(|_| line(&setting, &clock)).collect();
        let desk = new_desk(&home, &setting, one_key, Memory::default());
        let mut world = World {
            now: START,
            lines,
            desk,
            steps: 0,
            said: Vec::new(),
            texts: BTreeMap::new(),
            disturbed: false,
            acknowledged: BTreeMap::new(),
            troubles: Vec::new(),
            crashes: 0,
            setting,
            clock,
            home,
            one_key,
            journal: Vec::new(),
            on_disk: 0,
            watch: true,
            exact: true,
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
        let body = self.in_its_coin(body);
        let signal = alert::json::parse(body.as_bytes()).expect("readable").signal.expect("valid");
        self.take(signal, &body)
    }

    /// Tests speak of USDT; the exchange's contracts may be in another coin.
    fn in_its_coin(&self, words: &str) -> String {
        words.replace("USDT", self.setting.exchange.settle())
    }

    /// A line of a text alert; its sender hears of it at once.
    pub fn text(&mut self, line: &str) -> Admission {
        self.try_text(line).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    /// The same, of a line that may not be readable.
    pub fn try_text(&mut self, line: &str) -> Result<Admission, AlertError> {
        let line = &self.in_its_coin(line);
        let accounts = (0..self.setting.accounts).map(|at| (account_name(at), self.setting.exchange.settle().to_owned())).collect();
        let text = alert::text::parse(line.as_bytes(), &alert::text::Roster { accounts, default: Some(0) })?;
        let signal = text.lines.into_iter().next().expect("one line").signal?;
        let admission = self.take(signal.clone(), line);
        if let Admission::Accept { number, .. } = admission {
            self.texts.insert(number, signal);
            let mut effects = Vec::new();
            self.desk.told(vec![number], true, &mut effects);
            self.carry_out(effects);
        }
        Ok(admission)
    }

    fn take(&mut self, signal: Signal, body: &str) -> Admission {
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

    /// What the exchange calls a pair as alerts write it (`ETHUSDT`).
    pub fn native(&self, pair: &str) -> Symbol {
        let base = pair.strip_suffix("USDT").or_else(|| pair.strip_suffix(self.setting.exchange.settle()));
        self.book(0, |sim, _| sim.symbol(base.unwrap_or(pair)))
    }

    /// Moves the market.
    pub fn price(&mut self, pair: &str, price: Decimal) {
        let symbol = self.native(pair);
        for at in 0..self.lines.len() {
            self.book(at, |sim, now| {
                let _ = sim.set_price(symbol.as_str(), price, now);
            });
        }
        self.look();
    }

    /// Looks into, or reaches into, an account's exchange.
    pub fn book<T>(&self, account: usize, act: impl FnOnce(&mut Sim, Millis) -> T) -> T {
        let mut sim = self.lines[account].sim.lock().expect("nobody panicked");
        sim.pass(self.now);
        act(&mut sim, self.now)
    }

    /// Replaces an account's fault plan.
    pub fn faults(&mut self, account: usize, plan: Faults) {
        let now = &plan.conditions;
        let line = &mut self.lines[account];
        line.late_ms = line.late_ms.max(now.late_positions_ms + now.unseen_position_ms + now.late_orders_ms);
        self.book(account, |sim, now| sim.set_faults(plan, now));
    }

    pub fn position(&self, account: usize, pair: &str, side: Side) -> Decimal {
        let symbol = self.native(pair);
        self.book(account, |sim, _| sim.book.position(&symbol, side))
    }

    /// The next time at which anything happens by itself.
    pub fn next_event(&self) -> Option<Millis> {
        let flights = self.lines.iter().filter_map(|line| line.flight.as_ref());
        let calls = flights.map(|flight| flight.answer.as_ref().map_or(flight.executes_at, |(at, _)| *at));
        calls.chain(self.desk.next_wake()).min().map(|at| at.max(self.now))
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
        self.run_until_so(ms, |world| {
            let memory = world.desk.memory();
            memory.alerts.is_empty() && memory.trades.is_empty() && !world.desk.is_busy()
        })
    }

    /// Runs until it is so, or the time is over. True if it became so.
    pub fn run_until_so(&mut self, ms: Millis, so: impl Fn(&World) -> bool) -> bool {
        let until = self.now + ms;
        while !so(self) {
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

    /// The next thing happens. False if nothing ever will by itself.
    pub fn run_step(&mut self) -> bool {
        let Some(at) = self.next_event() else { return false };
        self.move_to(at);
        self.step();
        true
    }

    pub fn move_to(&mut self, at: Millis) {
        self.now = at.max(self.now);
        self.clock.store(self.now, Ordering::Relaxed);
    }

    fn step(&mut self) {
        self.steps += 1;
        assert!(self.steps < 30_000, "the desk never rests\n{}", self.story());
        let due = |line: &Line| match &line.flight {
            Some(Flight { answer: None, executes_at, .. }) => *executes_at <= self.now,
            Some(Flight { answer: Some((at, _)), .. }) => *at <= self.now,
            None => false,
        };
        match self.lines.iter().position(due) {
            Some(at) if self.lines[at].flight.as_ref().is_some_and(|flight| flight.answer.is_none()) => self.execute(at),
            Some(at) => self.land(at),
            None => self.tell(Event::Wake),
        }
        self.look();
    }

    fn execute(&mut self, account: usize) {
        let line = &mut self.lines[account];
        line.latency.store(0, Ordering::Relaxed);
        let Some(flight) = &mut line.flight else { return };
        let asked = || line.sim.lock().expect("nobody panicked").log.entries.len();
        let before = asked();
        let result = carry_out(line.exchange.as_mut(), &flight.request);
        // What was known already was not asked for.
        let back_ms = if self.exact && asked() == before { 0 } else { self.setting.rtt_ms / 2 };
        flight.answer = Some((self.now + back_ms + line.latency.load(Ordering::Relaxed), result));
    }

    fn land(&mut self, account: usize) {
        let Some(Flight { call, left_at, answer: Some((_, result)), .. }) = self.lines[account].flight.take() else { return };
        let failed = match &result {
            // A refusal, or a market order that found nobody to trade with.
            Ok(Reply::Placed(results)) => {
                results.iter().any(|result| result.as_ref().map_or(true, |order| order.status == OrderStatus::Expired))
            }
            // The same, told later.
            Ok(Reply::Order(Some(order))) => !order.conditional && order.status.is_final() && order.status != OrderStatus::Filled,
            Ok(_) => false,
            Err(_) => true,
        };
        if failed || self.now > left_at + self.setting.rtt_ms {
            let back_off_ms = if failed { back_off_ms(&result, self.fence_ms(), self.now) } else { 0 };
            self.troubles.push(Trouble { from: left_at, to: self.now + back_off_ms, account: Some(account) });
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
                Effect::Call { account, call, request, durable } => {
                    if durable {
                        self.on_disk = self.journal.len();
                    }
                    let taken = |at: usize| (at == account || self.one_key) && self.lines[at].flight.is_some();
                    assert!(!(0..self.lines.len()).any(taken), "two calls of one account at one time");
                    let there_ms = if self.exact && self.changes_nothing(account, &request) { 0 } else { self.setting.rtt_ms / 2 };
                    let executes_at = self.now + there_ms;
                    self.lines[account].flight = Some(Flight { call, request, left_at: self.now, executes_at, answer: None });
                }
            }
        }
    }

    fn hear(&mut self, line: &LogLine) {
        if self.said.len() < 4000 {
            let mark = if line.warn { "!" } else { " " };
            self.said.push(format!("{:>8} {mark} {} {} #{} {}", self.now - START, line.account, line.symbol, line.alert, line.text));
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
        for at in 0..self.lines.len() {
            if executed && self.lines[at].flight.as_ref().is_some_and(|flight| flight.answer.is_none()) {
                self.execute(at);
            }
            self.lines[at].flight = None;
        }
        self.crashes += 1;
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
        self.troubles.push(Trouble::of_all(from, self.now + self.fence_ms() + 2_000));
        for line in &mut self.lines {
            let (exchange, latency) = connect(&line.sim, &self.clock);
            (line.exchange, line.latency) = (exchange, latency);
        }
        self.desk = new_desk(&self.home, &self.setting, self.one_key, memory);
        self.start();
    }

    /// How long an order without an answer may still be executed.
    pub fn fence_ms(&self) -> Millis {
        self.capabilities().fence_ms
    }

    /// What the exchange can do.
    pub fn capabilities(&self) -> Capabilities {
        self.lines[0].exchange.capabilities()
    }

    /// What the memory is when the journal is read back.
    pub fn replayed(&self) -> Memory {
        let mut memory = Memory::default();
        self.journal.iter().for_each(|record| memory.apply(record));
        memory
    }

    /// Everything that was recorded and not lost.
    pub fn records(&self) -> impl Iterator<Item = &Record> {
        self.journal.iter()
    }

    pub fn setting(&self) -> &Setting {
        &self.setting
    }

    fn look(&self) {
        if self.watch {
            audit::after_step(self);
        }
    }
}

fn back_off_ms(result: &exchange::Result<Reply>, fence_ms: Millis, now: Millis) -> Millis {
    let inner = match result {
        Ok(Reply::Placed(results)) => results.iter().find_map(|result| result.as_ref().err()),
        Ok(_) => None,
        Err(error) => Some(error),
    };
    match inner.map(|error| (error, error.reason())) {
        None => 5_500,
        Some((_, Some(Reason::RateLimited { until } | Reason::Banned { until }))) => until.saturating_sub(now) + 5_500,
        Some((ExchangeError::Unknown { .. }, _)) => fence_ms + 1_000,
        Some(_) => 5_500,
    }
}

fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
