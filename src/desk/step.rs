//! The steps a trade can take, and how the most urgent one is chosen.

use super::memory::{Memory, Notice, Outcome, Record};
use super::report::ReportPart;
use super::settings::Rules;
use super::text::TextStep;
use super::trade::Which;
use super::{Effect, Line};
use crate::exchange::{Capabilities, Covers, Habit, Request, Second};
use crate::market::{Installation, Millis, ProtectionKind};

/// What a call under way is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Task {
    /// Read the account.
    Open,
    /// Read the contracts.
    Instruments,
    /// Read all positions.
    Watch,
    /// A step of this trade.
    Trade(u64, Step),
    /// A step of this text order.
    Text(u64, TextStep),
    /// A part of the report for whoever asked with this number.
    Report(u64, ReportPart),
}

/// One step of one trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Read the symbol's positions.
    Look,
    /// Read the symbol's open orders.
    List,
    /// Set margin mode and leverage.
    Prepare,
    /// Send the entries that are idle.
    Place,
    /// Send a protective order.
    Protect(ProtectionKind),
    /// Ask about one order.
    Ask(Which),
    /// Cancel one order.
    Cancel(Which),
    /// Close at market.
    Close,
    /// Read the executions.
    Fills,
}

/// How urgent a step is; the smaller number goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// Getting out.
    Close,
    /// Getting protected.
    Protect,
    /// The regular look.
    Watch,
    /// Finding out what is true of an order.
    Ask,
    /// Getting in.
    Enter,
    /// Everything that can wait.
    Tidy,
    /// What was done just now.
    Last,
}

/// What goes to the exchange for a task.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) request: Request,
    /// Not before the records so far are on disk.
    pub(super) durable: bool,
}

/// The best step so far: the most urgent one that is due, and the earliest that is not.
#[derive(Debug)]
pub(super) struct Choice {
    now: Millis,
    due: Option<(Urgency, Task)>,
    next: Option<Millis>,
}

impl Choice {
    pub(super) fn new(now: Millis) -> Choice {
        Choice { now, due: None, next: None }
    }

    /// Offers a step that may be taken from `at` on.
    pub(super) fn offer(&mut self, at: Millis, urgency: Urgency, task: Task) {
        if at > self.now {
            self.wake_at(at);
        } else if self.due.as_ref().is_none_or(|(best, _)| urgency < *best) {
            self.due = Some((urgency, task));
        }
    }

    /// Something must be looked at again at this time.
    pub(super) fn wake_at(&mut self, at: Millis) {
        self.next = Some(self.next.map_or(at, |next| next.min(at)));
    }

    /// The step to take now.
    pub(super) fn due(&self) -> Option<Task> {
        self.due.as_ref().map(|(_, task)| task.clone())
    }

    /// When to look again.
    pub(super) fn wake(&self) -> Option<Millis> {
        self.next
    }
}

/// What every decision may look at.
pub(super) struct Ctx<'a> {
    pub(super) now: Millis,
    /// When the question that is being answered left; `now` outside of answers.
    pub(super) asked_at: Millis,
    pub(super) rules: &'a Rules,
    /// The account's `ALERT_TIMEOUT`.
    pub(super) alert_timeout_ms: Millis,
    /// How long an order of this account without a trustworthy answer could still be executed, or be unseen.
    pub(super) fence_ms: Millis,
    /// What the account's exchange can do; `None` until it was read.
    pub(super) caps: Option<Capabilities>,
    pub(super) home: &'a Installation,
}

impl Ctx<'_> {
    /// How a protective order of a kind exists at the exchange.
    pub(super) fn habit(&self, kind: ProtectionKind) -> Habit {
        match (self.caps, kind) {
            (Some(caps), ProtectionKind::StopLoss) => caps.stop,
            (Some(caps), ProtectionKind::TakeProfit) => caps.target,
            (None, _) => Habit { covers: Covers::Position, second: Second::Refused },
        }
    }

    /// Whether orders that open can carry their stop.
    pub(super) fn attaches_stop(&self) -> bool {
        self.caps.is_some_and(|caps| caps.attaches_stop)
    }

    /// Whether a market close can be refused for a stop or a target.
    pub(super) fn guards_hold_up_close(&self) -> bool {
        self.caps.is_some_and(|caps| caps.guards_hold_up_close)
    }

    /// Whether stops and targets may outlive their position.
    pub(super) fn guards_may_stay(&self) -> bool {
        self.caps.is_some_and(|caps| !caps.guards_end_with_position)
    }
}

/// Where records and log lines go. A record changes the memory and the journal alike.
pub(super) struct Outbox<'a> {
    pub(super) memory: &'a mut Memory,
    pub(super) out: &'a mut Vec<Effect>,
}

impl Outbox<'_> {
    pub(super) fn record(&mut self, record: Record) {
        self.memory.apply(&record);
        self.out.push(Effect::Record(record));
    }

    pub(super) fn say(&mut self, account: &str, symbol: &str, alert: u64, text: impl Into<String>) {
        self.line(false, account, symbol, alert, text.into());
    }

    /// A warning: logged, journalled and counted.
    pub(super) fn notice(&mut self, account: &str, symbol: &str, alert: u64, text: &str) {
        self.line(true, account, symbol, alert, text.to_owned());
        self.record(Record::Notice(Notice { account: account.to_owned(), symbol: symbol.to_owned(), alert, text: text.to_owned() }));
    }

    /// Ends an alert.
    pub(super) fn verdict(&mut self, account: &str, symbol: &str, alert: u64, outcome: Outcome) {
        if !self.memory.alerts.contains_key(&alert) {
            return;
        }
        match &outcome {
            Outcome::Done => self.say(account, symbol, alert, "alert done"),
            Outcome::Nothing(why) => self.say(account, symbol, alert, format!("nothing to do: {why}")),
            Outcome::Refused(why) => self.notice(account, symbol, alert, &format!("alert refused: {why}")),
        }
        self.record(Record::Verdict { alert, outcome });
    }

    fn line(&mut self, warn: bool, account: &str, symbol: &str, alert: u64, text: String) {
        self.out.push(Effect::Say(Line { warn, account: account.to_owned(), symbol: symbol.to_owned(), alert, text }));
    }
}
