//! Carries out the desk's effects, in order, and brings it what is heard: alerts, answers, the journal's reports, time.
//!
//! Promises kept here: an alert's sender hears "accepted" after its record is on disk, and only then is it acted on; a
//! call that needs its record waits for it; with a broken journal nothing opens, and everything that closes goes on.

use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use smol::channel::{Receiver, Sender};

use super::asks::Asks;
use super::health::health_of;
use super::slips::{Slip, line_print};
use crate::alert::Signal;
use crate::desk::{Admission, Desk, Effect, Event, Fingerprint, Line, Record};
use crate::exchange::courier::Courier;
use crate::exchange::paper::PaperHandle;
use crate::exchange::{ExchangeError, Reply, Request};
use crate::journal::{Seq, Told, Writer};
use crate::market::Millis;
use crate::time::now_ms;
use crate::web::{Health, Inbound, Message, Verdict};

/// How often a broken journal is begun anew.
const HEAL_EVERY_MS: Millis = 1000;
/// Text alerts whose answers are being written; the web room's caps keep it far below.
const ANSWERING_MAX: usize = 4096;

/// What the threads tell the executor.
pub(super) enum Heard {
    /// An exchange's answer.
    Answer { call: u64, result: crate::exchange::Result<Reply> },
    /// The journal's report.
    Journal(Told),
}

/// How the journal is.
enum Disk {
    Well,
    /// Records are kept, but nothing new shall begin.
    Low(String),
    /// Records are lost until a new segment is begun.
    Broken {
        reason: String,
        begin_at: Millis,
    },
}

/// An alert whose record is on its way to the disk, and everyone who waits to hear of it.
struct Unflushed {
    seq: Seq,
    number: u64,
    waiting: Vec<(Slip, Verdict)>,
}

/// A call that waits for its record.
struct Held {
    seq: Seq,
    account: usize,
    call: u64,
    request: Request,
}

/// The executor's state: the desk and everything that carries out its effects.
pub(super) struct Shell {
    desk: Desk,
    writer: Option<Writer>,
    couriers: Vec<Courier>,
    paper: Option<PaperHandle>,
    disk: Disk,
    last_seq: Seq,
    flushed: Seq,
    unflushed: VecDeque<Unflushed>,
    held: VecDeque<Held>,
    /// Text alerts whose answer the web room is writing out.
    answering: BTreeSet<u64>,
    asks: Asks,
    stopping: bool,
    effects: Vec<Effect>,
}

impl Shell {
    pub(super) fn new(desk: Desk, writer: Writer, couriers: Vec<Courier>, paper: Option<PaperHandle>) -> Shell {
        Shell {
            desk,
            writer: Some(writer),
            couriers,
            paper,
            disk: Disk::Well,
            last_seq: 0,
            flushed: 0,
            unflushed: VecDeque::new(),
            held: VecDeque::new(),
            answering: BTreeSet::new(),
            asks: Asks::default(),
            stopping: false,
            effects: Vec::new(),
        }
    }

    pub(super) fn start(&mut self, now: Millis) {
        let mut effects = std::mem::take(&mut self.effects);
        self.desk.start(now, &mut effects);
        self.carry_out(effects, now);
    }

    pub(super) fn stop(&mut self) {
        self.stopping = true;
        self.desk.pause();
        self.asks.stop();
    }

    fn has_work(&self) -> bool {
        self.desk.is_busy() || !self.unflushed.is_empty() || !self.answering.is_empty()
    }

    /// Writes what waits for the disk.
    pub(super) fn close(&mut self) {
        if self.writer.take().is_some_and(|writer| !writer.close()) {
            log::error!("the disk did not answer in time: the last records may be lost");
        }
    }

    /// The state of things, from memory alone.
    pub(super) fn health(&self, now: Millis) -> Health {
        let trouble = match &self.disk {
            _ if self.stopping => Some("shutting down".to_owned()),
            Disk::Low(reason) | Disk::Broken { reason, .. } => {
                Some(format!("journal: {reason}; open trades go on, new alerts are refused"))
            }
            Disk::Well => None,
        };
        health_of(&self.desk.status(now), trouble)
    }

    fn handle(&mut self, event: Event, now: Millis) {
        let mut effects = std::mem::take(&mut self.effects);
        self.desk.handle(event, now, &mut effects);
        self.carry_out(effects, now);
    }

    fn carry_out(&mut self, mut effects: Vec<Effect>, now: Millis) {
        for effect in effects.drain(..) {
            match effect {
                Effect::Record(record) => self.record(&record, now),
                Effect::Call { account, call, request, durable } => self.call(account, call, request, durable, now),
                Effect::Say(line) => say(&line),
                Effect::Report { ask, report } => self.asks.hear(ask, report),
            }
        }
        // Kept for its capacity.
        if self.effects.is_empty() {
            self.effects = effects;
        }
    }

    fn record(&mut self, record: &Record, now: Millis) {
        let Some(writer) = &mut self.writer else { return };
        match serde_json::to_string(record) {
            Ok(text) => self.last_seq = writer.append(now, &text),
            Err(error) => log::error!("a record cannot be written: {error}"),
        }
    }

    fn call(&mut self, account: usize, call: u64, request: Request, durable: bool, now: Millis) {
        let held = Held { seq: self.last_seq, account, call, request };
        if durable && self.flushed < self.last_seq && !matches!(self.disk, Disk::Broken { .. }) {
            self.held.push_back(held);
        } else {
            self.send(held, durable, now);
        }
    }

    fn send(&mut self, held: Held, durable: bool, now: Millis) {
        let refused = match &self.disk {
            Disk::Broken { reason, .. } if durable && held.request.opens() => Some(format!("its record cannot be written: {reason}")),
            _ => match self.couriers.get(held.account).map(|courier| courier.send(held.call, held.request)) {
                Some(Ok(())) => None,
                _ => Some("the account's worker does not take calls".to_owned()),
            },
        };
        if let Some(reason) = refused {
            self.handle(Event::Answer { call: held.call, result: Err(ExchangeError::NeverSent(reason)) }, now);
        }
    }

    fn journal(&mut self, told: Told, now: Millis) {
        match told {
            Told::Flushed(seq) => self.on_disk(seq, now),
            Told::WantSnapshot => self.begin(now),
            Told::Low { reason } => {
                log::error!("journal: the disk is full ({reason}): open trades go on, new alerts are refused");
                self.disk = Disk::Low(reason);
            }
            Told::Healed => {
                log::info!("journal: well again");
                self.disk = Disk::Well;
            }
            Told::Broken { reason, from } => self.broken(reason, from, now),
        }
    }

    fn on_disk(&mut self, seq: Seq, now: Millis) {
        self.flushed = self.flushed.max(seq);
        while self.held.front().is_some_and(|held| held.seq <= seq) {
            if let Some(held) = self.held.pop_front() {
                self.send(held, true, now);
            }
        }
        while self.unflushed.front().is_some_and(|alert| alert.seq <= seq) {
            if let Some(alert) = self.unflushed.pop_front() {
                self.handle(Event::OnDisk(alert.number), now);
                for (slip, verdict) in alert.waiting {
                    self.give(slip, verdict, now);
                }
            }
        }
    }

    fn broken(&mut self, reason: String, from: Seq, now: Millis) {
        log::error!("journal: {reason}: new alerts are refused, open trades go on without their record");
        let lost = self.unflushed.iter().position(|alert| alert.seq >= from).unwrap_or(self.unflushed.len());
        let lost = self.unflushed.split_off(lost);
        self.disk = Disk::Broken { reason: reason.clone(), begin_at: now };
        for alert in lost {
            let mut effects = Vec::new();
            self.desk.retract(alert.number, &mut effects);
            self.carry_out(effects, now);
            for (slip, _) in alert.waiting {
                self.give(slip, Verdict::Unavailable(reason.clone()), now);
            }
        }
        for held in std::mem::take(&mut self.held) {
            self.send(held, true, now);
        }
    }

    /// Begins a new segment with everything that must outlive a crash.
    fn begin(&mut self, now: Millis) {
        let Some(writer) = &mut self.writer else { return };
        match super::snapshot(self.desk.memory()) {
            Ok(text) => writer.begin(now, text),
            Err(error) => log::error!("a snapshot cannot be written: {error}"),
        }
    }

    fn message(&mut self, inbound: Inbound, now: Millis) {
        let verdict = match inbound.message {
            Message::Alert { signal, fingerprint } => {
                self.alert(signal, Fingerprint(fingerprint), Slip::single(inbound.respond.clone()), now);
                None
            }
            Message::Lines { lines, fingerprint } => {
                let slips = Slip::lines(inbound.respond.clone(), lines.len());
                for ((line, signal), slip) in lines.into_iter().zip(slips) {
                    self.alert(signal, line_print(&fingerprint, line), slip, now);
                }
                None
            }
            Message::Told { alerts, written } => {
                self.told(alerts, written, now);
                None
            }
            Message::Report { account } => self.report(account.as_deref(), &inbound.respond, now),
            Message::Invalid { reason } => {
                self.record_invalid(&reason, now);
                None
            }
            Message::PaperPrice { symbol, price } => Some(match &self.paper {
                Some(paper) => match paper.set_price(&symbol, price) {
                    Ok(()) => Verdict::Done,
                    Err(error) => Verdict::Refused { field: "symbol".to_owned(), reason: error.to_string() },
                },
                None => Verdict::Refused { field: String::new(), reason: "prices can only be moved in paper mode".to_owned() },
            }),
        };
        if let Some(verdict) = verdict {
            let _ = inbound.respond.try_send(verdict);
        }
    }

    /// An alert, or a line of one, that asks for something. It has its verdict at once, or when its record is on disk.
    fn alert(&mut self, signal: Signal, print: Fingerprint, slip: Slip, now: Millis) {
        match self.admit(signal, print, now) {
            Verdict::Accepted { number, warnings } => {
                let waiting = vec![(slip, Verdict::Accepted { number, warnings })];
                self.unflushed.push_back(Unflushed { seq: self.last_seq, number, waiting });
            }
            Verdict::Duplicate(number) => match self.unflushed.iter_mut().find(|alert| alert.number == number) {
                // Its twin is not on disk yet: both hear the same.
                Some(twin) => twin.waiting.push((slip, Verdict::Duplicate(number))),
                None => self.give(slip, Verdict::Duplicate(number), now),
            },
            verdict => self.give(slip, verdict, now),
        }
    }

    fn admit(&mut self, signal: Signal, print: Fingerprint, now: Millis) -> Verdict {
        if self.stopping {
            return Verdict::Unavailable("shutting down".to_owned());
        }
        if let Disk::Low(reason) | Disk::Broken { reason, .. } = &self.disk {
            return Verdict::Unavailable(format!("the journal cannot take alerts: {reason}"));
        }
        let mut effects = Vec::new();
        let admission = self.desk.admit(signal, print, now, &mut effects);
        self.carry_out(effects, now);
        match admission {
            Admission::Accept { number, warnings } => Verdict::Accepted { number, warnings },
            Admission::Duplicate(number) => Verdict::Duplicate(number),
            Admission::Refuse { field, reason } => Verdict::Refused { field: field.to_owned(), reason },
            Admission::Full(reason) => Verdict::Unavailable(reason),
        }
    }

    /// Gives a verdict to its sender. If it was the last one of a text alert and the sender is gone, the desk learns of it.
    fn give(&mut self, slip: Slip, verdict: Verdict, now: Millis) {
        let Some(sent) = slip.give(verdict) else { return };
        match sent.heard {
            true => self.answering.extend(sent.alerts),
            false => self.told(sent.alerts, false, now),
        }
        while self.answering.len() > ANSWERING_MAX {
            self.answering.pop_first();
        }
    }

    /// What became of the answer that spoke of these text alerts.
    fn told(&mut self, alerts: Vec<u64>, written: bool, now: Millis) {
        if alerts.is_empty() {
            return;
        }
        self.answering.retain(|number| !alerts.contains(number));
        let mut effects = Vec::new();
        self.desk.told(alerts, written, &mut effects);
        self.carry_out(effects, now);
    }

    /// A question about what accounts hold: answered later, unless it cannot be asked.
    fn report(&mut self, wanted: Option<&str>, respond: &Sender<Verdict>, now: Millis) -> Option<Verdict> {
        if self.stopping {
            return Some(Verdict::Unavailable("shutting down".to_owned()));
        }
        let unknown = || Verdict::Refused { field: "response".to_owned(), reason: "no such account is configured".to_owned() };
        let mut names: Vec<String> = self.desk.status(now).accounts.into_iter().map(|account| account.name).collect();
        names.retain(|name| wanted.is_none_or(|wanted| name.eq_ignore_ascii_case(wanted)));
        let account = wanted.and(names.first().cloned());
        if names.is_empty() {
            return Some(unknown());
        }
        let Some(ask) = self.asks.open(names, respond.clone(), now) else {
            return Some(Verdict::Unavailable("too many questions of this kind are under way".to_owned()));
        };
        let mut effects = Vec::new();
        let asked = self.desk.report(account.as_deref(), ask, now, &mut effects);
        self.carry_out(effects, now);
        if asked == 0 {
            self.asks.drop(ask);
            return Some(unknown());
        }
        self.handle(Event::Wake, now);
        None
    }

    fn record_invalid(&mut self, reason: &str, now: Millis) {
        let mut effects = Vec::new();
        self.desk.note_refusal(reason, &mut effects);
        self.carry_out(effects, now);
    }

    /// The next time something must happen without being told.
    fn wake_at(&self) -> Option<Millis> {
        let heal = match &self.disk {
            Disk::Broken { begin_at, .. } => Some(*begin_at),
            _ => None,
        };
        self.desk.next_wake().into_iter().chain(heal).chain(self.asks.wake_at()).min()
    }

    fn wake(&mut self, now: Millis) {
        if let Disk::Broken { begin_at, .. } = &mut self.disk
            && now >= *begin_at
        {
            *begin_at = now + HEAL_EVERY_MS;
            self.begin(now);
        }
        self.asks.expire(now);
        self.handle(Event::Wake, now);
    }
}

/// One thing to react to.
enum Next {
    Heard(Heard),
    Inbound(Inbound),
    Time,
    Over,
}

/// Reacts until a channel is gone, which it never is.
pub(super) async fn work(shell: &RefCell<Shell>, heard: &Receiver<Heard>, inbound: &Receiver<Inbound>) {
    while turn(shell, heard, inbound).await {}
}

/// After [`Shell::stop`]: reacts until no call is under way and no sender waits for its alert to be on disk.
pub(super) async fn finish(shell: &RefCell<Shell>, heard: &Receiver<Heard>, inbound: &Receiver<Inbound>) {
    loop {
        // Let go of before the turn, which takes the shell for itself.
        let has_work = shell.borrow().has_work();
        if !has_work || !turn(shell, heard, inbound).await {
            return;
        }
    }
}

async fn turn(shell: &RefCell<Shell>, heard: &Receiver<Heard>, inbound: &Receiver<Inbound>) -> bool {
    let wake_at = shell.borrow().wake_at();
    let next = next(wake_at, heard, inbound).await;
    let now = now_ms();
    let mut shell = shell.borrow_mut();
    match next {
        Next::Heard(Heard::Answer { call, result }) => shell.handle(Event::Answer { call, result }, now),
        Next::Heard(Heard::Journal(told)) => shell.journal(told, now),
        Next::Inbound(inbound) => shell.message(inbound, now),
        Next::Time => shell.wake(now),
        Next::Over => return false,
    }
    true
}

async fn next(wake_at: Option<Millis>, heard: &Receiver<Heard>, inbound: &Receiver<Inbound>) -> Next {
    // What the threads say goes before what the web asks: an answer may make room.
    if let Ok(heard) = heard.try_recv() {
        return Next::Heard(heard);
    }
    let from_threads = async { heard.recv().await.map_or(Next::Over, Next::Heard) };
    let from_web = async { inbound.recv().await.map_or(Next::Over, Next::Inbound) };
    let from_clock = async {
        match wake_at {
            Some(at) => {
                smol::Timer::after(Duration::from_millis(at.saturating_sub(now_ms()))).await;
                Next::Time
            }
            None => smol::future::pending().await,
        }
    };
    smol::future::or(from_threads, smol::future::or(from_web, from_clock)).await
}

fn say(line: &Line) {
    let Line { warn, account, symbol, alert, text } = line;
    let mut place = String::new();
    for (name, value) in [("account", account), ("symbol", symbol)] {
        if !value.is_empty() {
            place += &format!("{name}={value} ");
        }
    }
    if *alert > 0 {
        place += &format!("alert={alert} ");
    }
    match warn {
        true => log::warn!("{place}{text}"),
        false => log::info!("{place}{text}"),
    }
}

#[cfg(test)]
mod tests;
