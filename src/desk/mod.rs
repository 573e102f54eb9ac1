//! The core: what to do. A plain struct that is told what happened and says what shall be done.
//!
//! It never waits, sleeps, reads a clock, or touches a file or a socket: time comes in with each event, everything
//! else goes out as effects, in order. An account has at most one call under way; what comes next is chosen by urgency
//! when the answer is there. Nothing is remembered as "to be sent": after each event every trade is looked at and its
//! next step follows from where it stands. So a restart needs no way of its own: it is the same look at what is known.

mod account;
mod close;
mod decide;
mod enter;
mod guard;
mod intake;
mod lane;
mod memory;
mod pace;
mod plan;
mod protect;
mod report;
mod settings;
mod status;
mod step;
mod text;
mod ticket;
mod trade;
mod watch;

use std::collections::{BTreeMap, BTreeSet};

pub use account::AccountSetup;
use account::{Account, Busy};
pub use intake::Admission;
pub use memory::{Accepted, Fingerprint, Memory, Notice, Outcome, Record, Seen};
pub use plan::{Plan, PlanError, Wanted, liquidation, plan};
pub use report::{AccountReport, HeldPosition};
pub use settings::{AccountRules, Rules};
pub use status::{AccountStatus, Status, TradeStatus};
use step::{Ctx, Outbox, Task};
pub use text::TextOrder;
pub use text::legs as sizes;
pub use text::turn::objection;
pub use ticket::{End, State, Ticket};
pub use trade::{ClosedTrade, Kind, Outturn, Phase, Prices, Trade, Which, Why};

use crate::alert::Signal;
use crate::exchange::{self, Reply, Request};
use crate::market::{Installation, Millis};

/// What the desk is told.
#[derive(Debug)]
pub enum Event {
    /// The record of this alert is on disk: act on it.
    OnDisk(u64),
    /// The answer to a call.
    Answer {
        /// The number the call was given.
        call: u64,
        /// What came back.
        result: exchange::Result<Reply>,
    },
    /// The time of [`Desk::next_wake`] has come.
    Wake,
}

/// What the desk wants done, in this order.
#[derive(Debug)]
pub enum Effect {
    /// To be appended to the journal.
    Record(Record),
    /// To be carried out on the account's worker.
    Call {
        /// Position of the account in the list given at the start.
        account: usize,
        /// Comes back with the answer.
        call: u64,
        /// What to do.
        request: Request,
        /// Not before every earlier record is on disk.
        durable: bool,
    },
    /// To be logged.
    Say(Line),
    /// What an account holds, to whom it asked.
    Report {
        /// The number given with the question.
        ask: u64,
        /// The account's answer.
        report: AccountReport,
    },
}

/// One line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Worth a warning (then it is also in the journal, as a notice).
    pub warn: bool,
    /// The account.
    pub account: String,
    /// The contract; empty if none is concerned.
    pub symbol: String,
    /// The alert or trade number; 0 = none.
    pub alert: u64,
    /// What happened.
    pub text: String,
}

/// The core. See the module's head.
pub struct Desk {
    home: Installation,
    rules: Rules,
    memory: Memory,
    accounts: Vec<Account>,
    /// Text alerts of this life whose senders have no answer yet, and when they came.
    untold: BTreeMap<u64, Millis>,
    /// Hosts with more accounts than can be watched every second.
    slow_hosts: BTreeSet<String>,
    calls: BTreeMap<u64, usize>,
    next_call: u64,
    paused: bool,
}

impl Desk {
    /// Takes over what the journal remembers. Trades and alerts of accounts that are not configured any more (another
    /// name, exchange, host or key) stay in the memory as orphans and are never acted on.
    pub fn new(home: Installation, rules: Rules, setups: Vec<AccountSetup>, memory: Memory) -> Desk {
        let accounts = setups.into_iter().map(|setup| Account::new(setup, &memory)).collect();
        Desk {
            home,
            rules,
            memory,
            accounts,
            untold: BTreeMap::new(),
            slow_hosts: BTreeSet::new(),
            calls: BTreeMap::new(),
            next_call: 1,
            paused: false,
        }
    }

    /// Begins to work: reads every account, and says which remembered trades have no account.
    pub fn start(&mut self, now: Millis, out: &mut Vec<Effect>) {
        let mut outbox = Outbox { memory: &mut self.memory, out };
        let known: Vec<(&str, &str)> =
            self.accounts.iter().map(|account| (account.setup.name.as_str(), account.setup.identity.as_str())).collect();
        lane::refuse_orphaned_alerts(&known, &mut outbox);
        for (id, account, symbol) in status::orphans(outbox.memory, &known) {
            outbox.notice(
                &account,
                &symbol,
                id,
                "is not looked after: its account is not configured any more with this exchange, host and key; close it by hand",
            );
        }
        self.handle(Event::Wake, now, out);
    }

    /// Decides about a new alert, without asking an exchange. An accepted one is numbered; its record must be on disk
    /// before its sender hears of it and before [`Event::OnDisk`].
    pub fn admit(&mut self, signal: Signal, print: Fingerprint, now: Millis, out: &mut Vec<Effect>) -> Admission {
        let account = match intake::account_of(&self.accounts, &self.rules, signal.account.as_deref()) {
            Ok(account) => account,
            Err(reason) => return Admission::Refuse { field: "account", reason },
        };
        let name = account.setup.name.clone();
        if let Some(repeat) = intake::repeat_of(&self.memory, &self.untold, &self.rules, &name, &signal, &print, now) {
            return repeat;
        }
        let warnings = match account.can_take(&signal) {
            Ok(warnings) => warnings,
            Err(refusal) => {
                let text = format!("alert refused: {refusal}");
                Outbox { memory: &mut self.memory, out }.notice(&name, signal.symbol.shown(), 0, &text);
                return Admission::Refuse { field: refusal.field, reason: refusal.reason };
            }
        };
        if let Err(reason) = intake::room_for(&self.memory, &self.rules, &signal.command, now) {
            return Admission::Full(reason);
        }
        let number = self.memory.newest + 1;
        let identity = account.setup.identity.clone();
        if signal.command.is_text() {
            self.untold.insert(number, now);
        }
        let accepted = Accepted { number, at: now, account: name, identity, signal, fingerprint: print };
        Outbox { memory: &mut self.memory, out }.record(Record::Alert(accepted));
        Admission::Accept { number, warnings }
    }

    /// Hears whether the answer to these text alerts was written out. If not, the same body is a resend.
    pub fn told(&mut self, alerts: Vec<u64>, written: bool, out: &mut Vec<Effect>) {
        self.untold.retain(|number, _| !alerts.contains(number));
        if written {
            Outbox { memory: &mut self.memory, out }.record(Record::Told { alerts });
        }
    }

    /// Asks accounts what they hold, for the sender of `GET /whook`: one account, or all. An [`Effect::Report`] comes for
    /// each. Returns how many were asked; zero = there is no such account.
    pub fn report(&mut self, account: Option<&str>, ask: u64, now: Millis, out: &mut Vec<Effect>) -> usize {
        let mut asked = 0;
        for each in self.accounts.iter_mut().filter(|each| account.is_none_or(|name| each.setup.name.eq_ignore_ascii_case(name))) {
            report::begin(each, ask);
            asked += 1;
        }
        self.handle(Event::Wake, now, out);
        asked
    }

    /// Takes an accepted alert back: its record did not reach the disk, so its sender is told to come again.
    pub fn retract(&mut self, number: u64, out: &mut Vec<Effect>) {
        self.untold.remove(&number);
        Outbox { memory: &mut self.memory, out }.record(Record::Retracted { alert: number });
    }

    /// Keeps an alert in the history that was refused before it could be understood.
    pub fn note_refusal(&mut self, reason: &str, out: &mut Vec<Effect>) {
        Outbox { memory: &mut self.memory, out }.notice("", "", 0, &format!("alert refused: {reason}"));
    }

    /// From now on nothing new is sent; answers are still taken in.
    pub fn pause(&mut self) {
        self.paused = true;
    }

    /// Takes in one event and says what shall be done.
    pub fn handle(&mut self, event: Event, now: Millis, out: &mut Vec<Effect>) {
        let mut first = 0;
        match event {
            Event::OnDisk(number) => self.arrived(number),
            Event::Answer { call, result } => {
                // Whoever had the line comes last, so that accounts which share one take turns.
                first = self.calls.get(&call).map_or(0, |at| at + 1);
                self.answered(call, &result, now, out);
            }
            Event::Wake => {}
        }
        for at in 0..self.accounts.len() {
            self.advance((first + at) % self.accounts.len(), now, out);
        }
    }

    /// When to call [`Desk::handle`] with [`Event::Wake`] if nothing else happens before.
    pub fn next_wake(&self) -> Option<Millis> {
        self.accounts.iter().filter_map(|account| account.wake).min()
    }

    /// Everything that must outlive a crash, for a snapshot.
    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Whether a call is under way.
    pub fn is_busy(&self) -> bool {
        !self.calls.is_empty()
    }

    /// The state of things, for `/health` and `perphook status`.
    pub fn status(&self, now: Millis) -> Status {
        status::of(&self.accounts, &self.memory, now)
    }

    fn arrived(&mut self, number: u64) {
        let Some(accepted) = self.memory.alerts.get(&number) else { return };
        if let Some(account) = self.accounts.iter_mut().find(|account| account.setup.name == accepted.account) {
            account.waiting.push(lane::Waiting::new(number, false));
        }
    }

    fn answered(&mut self, call: u64, result: &exchange::Result<Reply>, now: Millis, out: &mut Vec<Effect>) {
        let Some(at) = self.calls.remove(&call) else { return };
        let Some(account) = self.accounts.get_mut(at) else { return };
        let Some(busy) = account.busy.take() else { return };
        let (alert_timeout_ms, fence_ms, caps) = (account.setup.rules.alert_timeout_ms, account.fence_ms(), account.caps);
        let ctx = Ctx { now, asked_at: busy.sent_at, rules: &self.rules, alert_timeout_ms, fence_ms, caps, home: &self.home };
        let mut outbox = Outbox { memory: &mut self.memory, out };
        account.absorb(&busy.task, result, &ctx, &mut outbox);
        if matches!(busy.task, Task::Open) {
            self.notice_slow_watch(at, out);
        }
    }

    /// Says once for each host that its accounts are so many that positions are read less often.
    fn notice_slow_watch(&mut self, at: usize, out: &mut Vec<Effect>) {
        let interval_ms = account::watch_interval_ms(&self.accounts, at);
        let Some(account) = self.accounts.get(at) else { return };
        let host = &account.setup.host;
        if interval_ms > account::WATCH_MS && self.slow_hosts.insert(host.clone()) {
            let text = format!(
                "positions of each account at {host} are read every {} s: its accounts share one request budget, of which watching may use half",
                interval_ms.div_ceil(1000)
            );
            Outbox { memory: &mut self.memory, out }.notice(&account.setup.name, "", 0, &text);
        }
    }

    /// Moves one account on: alerts become trades, ended trades are recorded, and the most urgent step is taken.
    fn advance(&mut self, at: usize, now: Millis, out: &mut Vec<Effect>) {
        let watch_ms = account::watch_interval_ms(&self.accounts, at);
        let taken = account::lane_is_taken(&self.accounts, at);
        let Some(account) = self.accounts.get_mut(at) else { return };
        let (alert_timeout_ms, fence_ms, caps) = (account.setup.rules.alert_timeout_ms, account.fence_ms(), account.caps);
        let ctx = Ctx { now, asked_at: now, rules: &self.rules, alert_timeout_ms, fence_ms, caps, home: &self.home };
        let mut outbox = Outbox { memory: &mut self.memory, out };
        account.settle(&ctx, &mut outbox);
        let mut call = None;
        if !taken && !self.paused {
            let choice = account.choose(&ctx);
            account.wake = choice.wake();
            if let Some(task) = choice.due() {
                call = account.take(&task, watch_ms, &ctx).map(|order| (task, order));
            }
        } else {
            account.wake = lane::deadline(account, &ctx);
        }
        account.journal(&mut outbox);
        if let Some((task, order)) = call {
            account.busy = Some(Busy { task, sent_at: now });
            account.wake = lane::deadline(account, &ctx);
            let call = self.next_call;
            self.next_call += 1;
            self.calls.insert(call, at);
            out.push(Effect::Call { account: at, call, request: order.request, durable: order.durable });
        }
    }
}
