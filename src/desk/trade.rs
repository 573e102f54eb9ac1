//! A trade: the bracket that one ENTRY began (or the closing that a lone EXIT began), as it is journalled.

use serde::{Deserialize, Serialize};

use super::pace::Pace;
use super::ticket::{State, Ticket};
use crate::market::{Decimal, Leg, Millis, ProtectionKind, SECOND_MS, Side, Symbol};

/// How long an empty or small read of a position may still mean that the exchange shows a fill late.
pub(super) const LATE_FILL_MS: Millis = 5 * SECOND_MS;
/// A position that was asked for so long after a fill is taken to show it, as far as the size of a stop is concerned: one that
/// is too large may be worth as little as none.
const LATE_READ_MS: Millis = SECOND_MS;

/// One trade of one account, symbol and side. Everything that must outlive a crash; what need not is in `Live`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trade {
    /// The alert that began it.
    pub id: u64,
    /// The account's name.
    pub account: String,
    /// Exchange, host and key, hashed: a trade of another identity is never acted on.
    pub identity: String,
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub side: Side,
    /// What it is there for.
    #[serde(default)]
    pub kind: Kind,
    /// Prices as the alert gave them; only a bracket has them.
    pub prices: Option<Prices>,
    /// Where it stands.
    pub phase: Phase,
    /// Entry orders; for a lone EXIT: entries of ours that were found resting.
    pub entries: Vec<Ticket>,
    /// The stop loss, if one is wanted.
    pub stop: Option<Ticket>,
    /// The take profit, if one is wanted.
    pub target: Option<Ticket>,
    /// Stops and targets that others have replaced, until they are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub retired: Vec<Ticket>,
    /// The newest market close.
    pub close: Option<Ticket>,
    /// When it began (alert received).
    pub began_at: Millis,
    /// When the first fill was known.
    pub filled_at: Option<Millis>,
    /// Time with a position but without a resting stop, up to now or to `naked_since`.
    pub naked_ms: Millis,
    /// Since when it is naked, if it is.
    pub naked_since: Option<Millis>,
    /// The stop came with the entries and was seen: there was no moment without it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stop_was_attached: bool,
    /// Prices of stops of ours that others have replaced. An order that still carries one may bring it back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced_stops: Vec<Decimal>,
    /// The EXIT that closes it.
    pub exit_alert: Option<u64>,
    /// What need not outlive a crash.
    #[serde(skip)]
    pub live: Live,
}

/// What a trade is there for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An ENTRY: entries, stop, target.
    #[default]
    Bracket,
    /// A lone EXIT: closes what is there, whoever opened it.
    Exit,
    /// Stop and target for a position that text orders build.
    Guard,
}

/// The four prices of a bracket, as given (not rounded).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prices {
    /// First entry.
    pub entry: Decimal,
    /// Second entry.
    pub second: Option<Decimal>,
    /// Stop loss.
    pub stop: Option<Decimal>,
    /// Take profit.
    pub target: Option<Decimal>,
}

impl Prices {
    /// Whether two alerts speak of the same pair of entries.
    pub fn same_entries(&self, entry: Decimal, second: Option<Decimal>) -> bool {
        self.entry == entry && self.second == second
    }
}

/// Where a trade stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Looking before the first order leaves. Not journalled: the alert is.
    Opening,
    /// Entries are out, nothing has filled.
    Entering,
    /// There is, or was, a position.
    Open,
    /// The closing procedure.
    Closing(Why),
}

/// Why a trade is being closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// An EXIT alert.
    Exit,
    /// The stop fired, or its price was already passed.
    Stop,
    /// The target fired.
    Target,
    /// The position is gone: closed by hand, or liquidated.
    Gone,
    /// No stop could be placed in time.
    Unprotected,
    /// Entries rested longer than `ENTRY_TIMEOUT`.
    Timeout,
    /// The entries ended (cancelled by hand) without a fill.
    NoFill,
    /// A text order took the position down.
    Order,
}

impl Why {
    /// In words, for history and log.
    pub fn as_str(self) -> &'static str {
        match self {
            Why::Exit => "exit",
            Why::Stop => "stop loss",
            Why::Target => "take profit",
            Why::Gone => "closed by hand",
            Why::Unprotected => "no stop possible",
            Why::Timeout => "entry timeout",
            Why::NoFill => "entries cancelled",
            Why::Order => "closed by an order",
        }
    }
}

/// What a trade knows for now; forgotten in a crash and found out again.
#[derive(Clone, Debug, Default)]
pub struct Live {
    /// Read back from the journal and not looked at since.
    pub restored: bool,
    /// The first fill was told to the log.
    pub announced: bool,
    /// It is over: to be removed.
    pub gone: bool,
    /// When resting orders were last read.
    pub audited_at: Millis,
    /// The position on our side as last read, base coin.
    pub position: Decimal,
    /// When that was asked.
    pub read_at: Millis,
    /// Its average entry price as last read.
    pub entry_price: Decimal,
    /// The exchange's time of its last change as last read.
    pub changed_at: Millis,
    /// Closing: the position was read since the last thing that could have changed it.
    pub fresh: bool,
    /// Whether a position was ever read on our side.
    pub had_position: bool,
    /// Closed by market closes so far, base coin.
    pub closed_qty: Decimal,
    /// Mark price as last read; zero = not known.
    pub mark: Decimal,
    /// First of an unbroken row of empty reads.
    pub flat_since: Option<Millis>,
    /// Two empty reads far enough apart, with no order that could fill: the trade is flat.
    pub flat_proven: bool,
    /// The symbol was flat before our entries left (or they are known to be ours): what fills is ours.
    pub flat_before: bool,
    /// Leverage and margin mode are set.
    pub prepared: bool,
    /// Open orders must be listed before opening (or, for a lone EXIT, before the end).
    pub list_due: bool,
    /// A position read is wanted at this time.
    pub look: Pace,
    /// The next market close.
    pub close: Pace,
    /// How often a market close was refused as if something else were closing the position already.
    pub held_up: u32,
    /// The next reading of resting orders.
    pub audit: Pace,
    /// The position has changed: what the next reading shows may be older than that.
    pub audit_again: bool,
    /// Readings in a row that found the stop resting although its price has been passed.
    pub overdue: u32,
    /// The next reading of executions for the profit.
    pub fills: Pace,
    /// The executions were read (or given up).
    pub accounted: bool,
    /// Profit and averages, once read.
    pub result: Option<Outturn>,
    /// A notice that is given once: no stop could be placed, and the position stays.
    pub unprotected_notice: bool,
    /// A notice that is given once: the target cannot be placed.
    pub target_notice: bool,
    /// Stops and targets that outlived the position were looked for.
    pub swept: bool,
    /// The protective order that closed the position, where executions say so.
    pub ended_by: Option<ProtectionKind>,
    /// Guard: what was held before its limit order, base coin; any other quantity is a reason to ask about that order.
    pub baseline: Decimal,
    /// Guard: what the last order of a text alert did to its side.
    pub ordered: Option<Ordered>,
    /// Newest time at which an entry of ours was seen to fill.
    pub last_fill: Millis,
}

/// What an order of a text alert did to the position that a guard stands for, base coin. Reads may still show it as it was.
#[derive(Clone, Debug)]
pub struct Ordered {
    /// Held before it.
    pub before: Decimal,
    /// Held after it.
    pub after: Decimal,
    /// When its end was seen.
    pub at: Millis,
}

impl PartialEq for Live {
    fn eq(&self, _: &Live) -> bool {
        true
    }
}

impl Eq for Live {}

/// What a trade brought, from the exchange's list of executions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outturn {
    /// Bought (long) or sold (short) in all, base coin.
    pub entry_qty: Decimal,
    /// Average entry price.
    pub entry_avg: Decimal,
    /// Closed in all, base coin.
    pub exit_qty: Decimal,
    /// Average exit price.
    pub exit_avg: Decimal,
    /// Profit after fees, in the settle coin.
    pub profit: Decimal,
    /// Fees paid in the settle coin.
    pub fees: Decimal,
    /// Whether fees in another coin were left out.
    #[serde(default)]
    pub fees_elsewhere: bool,
    /// When the first entry filled, by the exchange's account.
    #[serde(default)]
    pub first_fill_at: Millis,
}

/// A trade that ended flat, as history keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClosedTrade {
    /// The alert that began it.
    pub id: u64,
    /// The account's name.
    pub account: String,
    /// The contract.
    pub symbol: Symbol,
    /// Long or short.
    pub side: Side,
    /// Prices as the alert gave them.
    pub prices: Option<Prices>,
    /// When it began.
    pub began_at: Millis,
    /// When it was proven flat and clean.
    pub closed_at: Millis,
    /// What ended it.
    pub why: Why,
    /// Time with a position but without a resting stop.
    pub naked_ms: Millis,
    /// A text order has traded on the contract since: another EXIT is no repetition.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub overtaken: bool,
    /// What it brought; `None` when nothing filled, or the executions could not be read.
    pub result: Option<Outturn>,
}

/// Names one ticket inside a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// An entry, by position in the list.
    Entry(usize),
    /// The stop loss.
    Stop,
    /// The take profit.
    Target,
    /// A stop or target that was replaced, by position in the list.
    Retired(usize),
    /// The newest market close.
    Close,
}

impl Trade {
    /// The ticket with that name, if there is one.
    pub fn ticket(&self, which: Which) -> Option<&Ticket> {
        match which {
            Which::Entry(at) => self.entries.get(at),
            Which::Stop => self.stop.as_ref(),
            Which::Target => self.target.as_ref(),
            Which::Retired(at) => self.retired.get(at),
            Which::Close => self.close.as_ref(),
        }
    }

    /// The ticket with that name, to be changed.
    pub fn ticket_mut(&mut self, which: Which) -> Option<&mut Ticket> {
        match which {
            Which::Entry(at) => self.entries.get_mut(at),
            Which::Stop => self.stop.as_mut(),
            Which::Target => self.target.as_mut(),
            Which::Retired(at) => self.retired.get_mut(at),
            Which::Close => self.close.as_mut(),
        }
    }

    /// All tickets with their names, entries first.
    pub fn tickets(&self) -> impl Iterator<Item = (Which, &Ticket)> {
        let entries = self.entries.iter().enumerate().map(|(at, ticket)| (Which::Entry(at), ticket));
        let rest = [(Which::Stop, &self.stop), (Which::Target, &self.target), (Which::Close, &self.close)];
        let retired = self.retired.iter().enumerate().map(|(at, ticket)| (Which::Retired(at), ticket));
        entries.chain(rest.into_iter().filter_map(|(which, ticket)| Some((which, ticket.as_ref()?)))).chain(retired)
    }

    /// All tickets, to be changed.
    pub fn tickets_mut(&mut self) -> impl Iterator<Item = &mut Ticket> {
        let rest = self.stop.as_mut().into_iter().chain(self.target.as_mut()).chain(self.close.as_mut());
        self.entries.iter_mut().chain(rest).chain(&mut self.retired)
    }

    /// The entry of that leg.
    pub fn entry_of(&self, leg: Leg) -> Option<&Ticket> {
        self.entries.iter().find(|ticket| ticket.leg == leg)
    }

    /// Whether it is being closed.
    pub fn is_closing(&self) -> bool {
        matches!(self.phase, Phase::Closing(_))
    }

    /// Whether it is a guard whose position is gone: it goes off duty and closes nothing any more.
    pub fn is_leaving(&self) -> bool {
        self.kind == Kind::Guard && matches!(self.phase, Phase::Closing(Why::Gone | Why::Order)) && self.close.is_none()
    }

    /// Whether a position of ours is known: read, or reported as a fill.
    pub fn is_filled(&self) -> bool {
        self.live.position > Decimal::ZERO && self.live.flat_before || self.entries.iter().any(|ticket| ticket.filled > Decimal::ZERO)
    }

    /// Whether an order of ours could still build a position.
    pub fn can_fill(&self) -> bool {
        self.entries.iter().any(Ticket::may_exist)
    }

    /// Whether the wanted stop rests (or none is wanted). Stops with a quantity may do it together, replaced ones among them.
    pub fn is_protected(&self) -> bool {
        let Some(stop) = &self.stop else { return true };
        if matches!(stop.state, State::Attached | State::Foreign) {
            return true;
        }
        let resting = || self.retired.iter().filter(|old| old.leg == stop.leg).chain([stop]).filter(|stop| stop.state == State::Resting);
        let covered: Decimal = resting().map(|stop| stop.qty).sum();
        resting().any(|stop| stop.qty.is_zero() || covered >= self.live.position)
    }

    /// What a protective order with a quantity must cover, base coin. Fills count before the position shows them.
    pub fn exposure(&self) -> Decimal {
        let filled: Decimal = self.entries.iter().map(|ticket| ticket.filled).sum();
        let position = self.live.position;
        let may_miss = |at: Millis| self.live.read_at < at + LATE_READ_MS;
        match &self.live.ordered {
            Some(ordered) if ordered.before == position && may_miss(ordered.at) => position.max(ordered.after),
            _ if may_miss(self.live.last_fill) || position.is_zero() => position.max(filled),
            _ => position,
        }
    }
}

impl Which {
    /// The ticket of a protective order.
    pub fn of(kind: ProtectionKind) -> Which {
        match kind {
            ProtectionKind::StopLoss => Which::Stop,
            ProtectionKind::TakeProfit => Which::Target,
        }
    }
}
