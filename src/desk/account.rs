//! One account: its link to the exchange, its waiting alerts, its trades, and the one call that is under way.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::lane::{self, Waiting};
use super::memory::{Accepted, Memory, Record};
use super::pace::{Pace, retry_delay_ms};
use super::plan::{PlanError, plan};
use super::report::{self, ReportPart, ReportWork};
use super::settings::AccountRules;
use super::step::{Choice, Ctx, Order, Outbox, Step, Task, Urgency};
use super::text::{self, Expected, TextOrder, TextStep};
use super::trade::{Phase, Trade};
use super::watch;
use crate::alert::symbol::SymbolError;
use crate::alert::{Command, Signal, SymbolName};
use crate::exchange::{Capabilities, ExchangeError, Reason, Reply, Request, Result};
use crate::market::{Instruments, Millis, Position, SECOND_MS, Symbol};

/// A position that can change is read at least this often.
pub(super) const WATCH_MS: Millis = SECOND_MS;
/// Contracts are read anew this often.
const REFRESH_MS: Millis = 4 * 3600 * SECOND_MS;
/// Position mode, leverage and margin modes are read anew this often: a user may change them by hand.
const REOPEN_MS: Millis = 600 * SECOND_MS;
/// After a restart nothing is known of the exchange yet; what was on its way is doubted for at least this long.
const FENCE_UNTIL_KNOWN_MS: Millis = 10 * SECOND_MS;

/// An account as configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountSetup {
    /// Its name.
    pub name: String,
    /// The exchange's name, for `/health`.
    pub venue: String,
    /// Exchange, host and key, hashed.
    pub identity: String,
    /// Accounts with the same host share its request budget.
    pub host: String,
    /// Its trading rules.
    pub rules: AccountRules,
}

/// The call under way.
pub(super) struct Busy {
    pub(super) task: Task,
    pub(super) sent_at: Millis,
}

/// One account at work.
pub(super) struct Account {
    pub(super) setup: AccountSetup,
    /// Position mode of the account.
    pub(super) hedge: bool,
    /// Position mode of contracts, as their position rows told.
    modes: BTreeMap<Symbol, bool>,
    pub(super) caps: Option<Capabilities>,
    pub(super) instruments: Option<Arc<Instruments>>,
    pub(super) restricted: Option<String>,
    pub(super) trades: Vec<Trade>,
    pub(super) waiting: Vec<Waiting>,
    /// Text orders at work, at most one on a contract.
    pub(super) orders: Vec<TextOrder>,
    /// What positions must be once the exchange has caught up with our text orders.
    pub(super) expected: BTreeMap<Symbol, Expected>,
    /// Reports that were asked for.
    pub(super) reports: Vec<ReportWork>,
    /// Contracts whose margin mode and leverage are known to be as wanted, since the account was last read.
    pub(super) prepared: BTreeSet<Symbol>,
    pub(super) busy: Option<Busy>,
    pub(super) wake: Option<Millis>,
    /// What is wrong with the link, if something is.
    pub(super) trouble: Option<String>,
    /// When a call last succeeded.
    pub(super) alive_at: Millis,
    opened: bool,
    /// The next try to read account or contracts, after one that failed.
    setup_pace: Pace,
    hold: Pace,
    watch_at: Millis,
    /// The last call was the regular look.
    looked_last: bool,
    refresh_at: Millis,
    reopen_at: Millis,
    strangers_noticed: bool,
}

impl Account {
    pub(super) fn new(setup: AccountSetup, memory: &Memory) -> Account {
        let is_ours = |name: &str, identity: &str| name == setup.name && identity == setup.identity;
        let mut trades: Vec<Trade> = memory.trades.values().filter(|trade| is_ours(&trade.account, &trade.identity)).cloned().collect();
        for trade in &mut trades {
            trade.live.restored = true;
        }
        let mut orders: Vec<TextOrder> = memory.orders.values().filter(|order| is_ours(&order.account, &order.identity)).cloned().collect();
        for order in &mut orders {
            order.live.restored = true;
        }
        let carried = |number: u64| {
            orders.iter().any(|order| order.id == number)
                || trades.iter().any(|trade| {
                    trade.exit_alert == Some(number)
                        || trade.tickets().any(|(_, ticket)| ticket.alert == number && !ticket.leg.is_conditional())
                })
        };
        let waiting = memory
            .alerts
            .values()
            .filter(|alert| is_ours(&alert.account, &alert.identity) && !carried(alert.number))
            .map(|alert| Waiting::new(alert.number, true))
            .collect();
        Account {
            setup,
            hedge: false,
            modes: BTreeMap::new(),
            caps: None,
            instruments: None,
            restricted: None,
            trades,
            waiting,
            orders,
            expected: BTreeMap::new(),
            reports: Vec::new(),
            prepared: BTreeSet::new(),
            busy: None,
            wake: None,
            trouble: Some("connecting".to_owned()),
            alive_at: 0,
            opened: false,
            setup_pace: Pace::default(),
            hold: Pace::default(),
            watch_at: 0,
            looked_last: false,
            refresh_at: 0,
            reopen_at: 0,
            strangers_noticed: false,
        }
    }

    /// Whether everything is known that trading needs.
    pub(super) fn is_ready(&self) -> bool {
        self.opened && self.instruments.is_some()
    }

    pub(super) fn fence_ms(&self) -> Millis {
        self.caps.map_or(FENCE_UNTIL_KNOWN_MS, |caps| caps.fence_ms)
    }

    /// What can be said about an alert without asking: contract and sizes, once the contracts are known.
    /// What the sender should know comes back.
    pub(super) fn can_take(&self, signal: &Signal) -> std::result::Result<Vec<String>, PlanError> {
        let Some(instruments) = &self.instruments else { return Ok(Vec::new()) };
        let fault = |error: SymbolError| PlanError { field: "symbol", reason: error.to_string() };
        match &signal.command {
            command if command.is_text() => {
                text::turn::contract(self, signal, instruments).map_err(fault)?;
                match text::turn::objection(command, self.caps.as_ref()) {
                    Some(reason) => Err(PlanError { field: "limit", reason }),
                    None => Ok(Vec::new()),
                }
            }
            Command::Enter(enter) => {
                let instrument = signal.symbol.resolve(instruments, &self.setup.rules.settle_coin).map_err(fault)?;
                plan(instrument, &self.setup.rules, enter).map(|plan| plan.warnings)
            }
            _ => self.symbol_to_close(instruments, &signal.symbol).map(|_| Vec::new()).map_err(fault),
        }
    }

    /// The contract an EXIT means: one of ours by name even if the exchange does not list it any more, or any that it lists.
    pub(super) fn symbol_to_close(&self, instruments: &Instruments, name: &SymbolName) -> std::result::Result<Symbol, SymbolError> {
        if let Some(trade) = self.trades.iter().find(|trade| name.is_native(trade.symbol.as_str())) {
            return Ok(trade.symbol.clone());
        }
        name.contract(instruments, &self.setup.rules.settle_coin).map(|instrument| instrument.symbol.clone())
    }

    /// The contract an alert means, if that can be told.
    pub(super) fn contract_of(&self, alert: &Accepted) -> Option<Symbol> {
        let instruments = self.instruments.as_ref().filter(|_| self.is_ready())?;
        self.symbol_to_close(instruments, &alert.signal.symbol).ok()
    }

    /// Whether a text order of this contract is at work.
    pub(super) fn has_order_on(&self, symbol: &Symbol) -> bool {
        self.orders.iter().any(|order| order.symbol == *symbol)
    }

    /// Whether these positions may be from before a text order of the trade's contract filled.
    pub(super) fn shows_late(&self, trade: u64, rows: &[Position], asked_at: Millis) -> bool {
        let trade = self.trades.iter().find(|candidate| candidate.id == trade);
        trade.is_some_and(|trade| text::shows_late(self, &trade.symbol, rows, asked_at))
    }

    /// Whether a call of this text order is under way.
    pub(super) fn is_calling_for(&self, order: u64) -> bool {
        matches!(&self.busy, Some(Busy { task: Task::Text(id, _), .. }) if *id == order)
    }

    /// Takes in an answer.
    pub(super) fn absorb(&mut self, task: &Task, result: &Result<Reply>, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
        self.feel(result, ctx, outbox);
        if let Ok(Reply::Positions(rows)) = result {
            self.learn_modes(rows);
        }
        match (task, result) {
            (Task::Open, Ok(Reply::Opened(mode, caps))) => {
                if std::mem::replace(&mut self.hedge, mode.hedge) != mode.hedge {
                    self.modes.clear();
                }
                self.caps = Some(*caps);
                self.restricted = mode.restricted.clone();
                self.opened = true;
                // What adapters remember of settings is read anew, so what was set for an order to come is set again.
                self.prepared.clear();
                self.trades.iter_mut().for_each(|trade| trade.live.prepared = false);
                self.orders.iter_mut().for_each(|order| order.live.prepared = false);
                self.reopen_at = ctx.now + REOPEN_MS;
                self.setup_pace = Pace::default();
                let ctx = &Ctx { caps: Some(*caps), fence_ms: caps.fence_ms, ..*ctx };
                for trade in self.trades.iter_mut().filter(|trade| trade.live.restored) {
                    watch::wake_up(trade, ctx);
                }
                for order in self.orders.iter_mut().filter(|order| order.live.restored) {
                    order.live.restored = false;
                    order.wake_up(ctx);
                    self.expected.insert(order.symbol.clone(), Expected::unknown(ctx.now));
                }
            }
            (Task::Instruments, Ok(Reply::Instruments(instruments))) => {
                self.instruments = Some(instruments.clone());
                self.prepared.clear();
                self.setup_pace = Pace::default();
                self.refresh_at = ctx.now + REFRESH_MS;
            }
            (Task::Watch, Ok(Reply::Positions(rows))) => {
                let late: Vec<bool> = self.trades.iter().map(|trade| text::shows_late(self, &trade.symbol, rows, ctx.asked_at)).collect();
                for (trade, late) in self.trades.iter_mut().zip(late) {
                    watch::observe_rows(trade, rows, late, ctx);
                }
            }
            (Task::Open | Task::Instruments, Err(_)) => self.setup_pace.again(ctx.now, retry_delay_ms),
            (Task::Trade(id, step), result) => lane::absorb(self, *id, *step, result, ctx, outbox),
            (Task::Text(id, step), result) => text::absorb(self, *id, *step, result, ctx, outbox),
            (Task::Report(ask, part), result) => report::absorb(self, *ask, *part, result, outbox),
            _ => {}
        }
    }

    /// Whether long and short of a contract are held side by side.
    pub(super) fn is_hedge(&self, symbol: &Symbol) -> bool {
        self.modes.get(symbol).copied().unwrap_or(self.hedge)
    }

    fn learn_modes(&mut self, rows: &[Position]) {
        for row in rows {
            self.modes.insert(row.symbol.clone(), row.hedge);
        }
    }

    /// How the link feels: every failure holds the account back for a while, a success frees it.
    fn feel(&mut self, result: &Result<Reply>, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
        let inner = match result {
            Ok(Reply::Placed(results)) => results.iter().find_map(|result| result.as_ref().err()),
            Ok(_) => None,
            Err(error) => Some(error),
        };
        let Some(error) = inner else {
            if self.trouble.take().is_some() && self.is_ready() {
                outbox.say(&self.setup.name, "", 0, "exchange connected");
            }
            self.hold = Pace::due(ctx.now);
            self.alive_at = ctx.now;
            return;
        };
        match error {
            ExchangeError::Refused(refusal) => match refusal.reason {
                Reason::RateLimited { until } | Reason::Banned { until } => {
                    self.hold.again(ctx.now, retry_delay_ms);
                    self.hold.at = self.hold.at.max(until).max(ctx.now + SECOND_MS);
                }
                Reason::Busy | Reason::Maintenance | Reason::ClockSkew => self.hold.again(ctx.now, retry_delay_ms),
                Reason::PositionMode => self.opened = false,
                Reason::Credentials | Reason::IpNotAllowed => self.hold.again(ctx.now, retry_delay_ms),
                // A plain no is an answer like any other: the link is well.
                _ => {
                    self.hold = Pace::due(ctx.now);
                    self.alive_at = ctx.now;
                    return;
                }
            },
            ExchangeError::NeverSent(_) | ExchangeError::Unknown { .. } => self.hold.again(ctx.now, retry_delay_ms),
        }
        if self.trouble.is_none() || self.hold.tries == 1 {
            outbox.say(&self.setup.name, "", 0, format!("exchange trouble: {error}"));
        }
        self.trouble = Some(error.to_string());
    }

    /// Alerts become trades or verdicts; trades that ended are recorded and make room.
    pub(super) fn settle(&mut self, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) {
        text::settle(self, ctx, outbox);
        lane::settle_trades(self, ctx, outbox);
        lane::consider_waiting(self, ctx, outbox);
    }

    /// The most urgent step of this account.
    pub(super) fn choose(&self, ctx: &Ctx<'_>) -> Choice {
        let mut choice = Choice::new(ctx.now);
        if let Some(at) = lane::deadline(self, ctx) {
            choice.wake_at(at);
        }
        if self.hold.at > ctx.now {
            choice.wake_at(self.hold.at);
            return choice;
        }
        if !self.opened {
            choice.offer(self.setup_pace.at, Urgency::Close, Task::Open);
            return choice;
        }
        if self.instruments.is_none() {
            choice.offer(self.setup_pace.at, Urgency::Close, Task::Instruments);
            return choice;
        }
        choice.offer(self.refresh_at.max(self.setup_pace.at), Urgency::Tidy, Task::Instruments);
        choice.offer(self.reopen_at.max(self.setup_pace.at), Urgency::Tidy, Task::Open);
        if self.trades.iter().any(|trade| trade.phase != Phase::Opening) {
            // An answer may take longer than the time between two looks: then everything else has its turn between them.
            let urgency = if self.looked_last { Urgency::Last } else { Urgency::Watch };
            choice.offer(self.watch_at, urgency, Task::Watch);
        }
        for trade in &self.trades {
            lane::offer_steps(self, trade, ctx, &mut choice);
        }
        for order in &self.orders {
            let mut offer = |at: Millis, urgency: Urgency, step: TextStep| choice.offer(at, urgency, Task::Text(order.id, step));
            text::offer(order, &self.setup.rules, &mut offer);
        }
        if let Some((ask, part)) = self.reports.iter().find_map(ReportWork::next) {
            choice.offer(ctx.now, Urgency::Tidy, Task::Report(ask, part));
        }
        choice
    }

    /// Turns a task into a request; marks what is on its way as sent.
    pub(super) fn take(&mut self, task: &Task, watch_ms: Millis, ctx: &Ctx<'_>) -> Option<Order> {
        let read = |request| Some(Order { request, durable: false });
        self.looked_last = *task == Task::Watch;
        match task {
            Task::Open => read(Request::Open),
            Task::Instruments => read(Request::Instruments),
            Task::Watch => {
                self.watch_at = ctx.now + watch_ms;
                read(Request::Positions(None))
            }
            Task::Trade(id, step) => {
                let Account { setup, trades, instruments, .. } = self;
                let trade = trades.iter_mut().find(|trade| trade.id == *id)?;
                let instrument = instruments.as_ref().and_then(|list| list.get(trade.symbol.as_str()));
                lane::request(setup, trade, instrument, *step, ctx)
            }
            Task::Text(id, step) => text::request(self, *id, *step, ctx),
            Task::Report(_, ReportPart::Positions) => read(Request::Positions(None)),
            Task::Report(_, ReportPart::Balance) => read(Request::Balance),
        }
    }

    /// Journals every trade and text order that differs from what the memory has of it.
    pub(super) fn journal(&self, outbox: &mut Outbox<'_>) {
        for trade in self.trades.iter().filter(|trade| trade.phase != Phase::Opening) {
            if outbox.memory.trades.get(&trade.id) != Some(trade) {
                outbox.record(Record::Trade(Box::new(trade.clone())));
            }
        }
        for order in self.orders.iter().filter(|order| order.has_left()) {
            if outbox.memory.orders.get(&order.id) != Some(order) {
                outbox.record(Record::Order(Box::new(order.clone())));
            }
        }
    }

    /// Makes the regular look happen no later than now: something may have filled.
    pub(super) fn look_soon(&mut self, now: Millis) {
        self.watch_at = self.watch_at.min(now);
    }

    /// Says once that another installation works on this account.
    pub(super) fn notice_strangers(&mut self, symbol: &str, outbox: &mut Outbox<'_>) {
        if !std::mem::replace(&mut self.strangers_noticed, true) {
            outbox.notice(
                &self.setup.name,
                symbol,
                0,
                "open orders of another perphook installation were seen; two installations on one account get into each other's way",
            );
        }
    }

    pub(super) fn is_busy_with(&self, id: u64, is: fn(&Step) -> bool) -> bool {
        matches!(&self.busy, Some(Busy { task: Task::Trade(trade, step), .. }) if *trade == id && is(step))
    }
}

/// How often positions are read: once a second, slower when accounts share a host whose budget half of that would pass.
pub(super) fn watch_interval_ms(accounts: &[Account], at: usize) -> Millis {
    let Some(account) = accounts.get(at) else { return WATCH_MS };
    let per_minute = account.caps.map_or(60, |caps| u64::from(caps.watch_per_minute_max.max(1)));
    let shares = |other: &&Account| other.setup.host == account.setup.host && account.caps.is_none_or(|caps| caps.budget_is_shared);
    let sharing = accounts.iter().filter(shares).count().max(1) as u64;
    WATCH_MS.max(60 * SECOND_MS * sharing / per_minute)
}

/// Whether a call of this account, or of another one with the same host and key, is under way: those share one line.
pub(super) fn lane_is_taken(accounts: &[Account], at: usize) -> bool {
    let Some(account) = accounts.get(at) else { return true };
    accounts.iter().any(|other| other.busy.is_some() && other.setup.identity == account.setup.identity)
}
