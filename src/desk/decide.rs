//! What an alert leads to: an ENTRY opens a trade, joins one, waits, or is refused; an EXIT closes whatever is there.
//!
//! This is the table of the contract, decided from what the desk knows. What the exchange knows is looked at next, by
//! [`enter`](super::enter), before the first order leaves.

use super::account::Account;
use super::enter::{self, OTHER_SIDE_WAIT_MS};
use super::lane::{Waiting, begin_closing};
use super::memory::{Accepted, Outcome};
use super::pace::Pace;
use super::plan::{Plan, Wanted, plan};
use super::step::{Ctx, Outbox, Step};
use super::text::{self, TextOrder};
use super::ticket::{End, State, Ticket};
use super::trade::{ClosedTrade, Kind, Live, Phase, Prices, Trade, Why};
use crate::alert::{Command, Enter};
use crate::market::{Decimal, Instrument, Leg, Millis, Side, Symbol};

/// What becomes of a waiting alert.
pub(super) enum Fate {
    /// A trade carries it now.
    Carried,
    /// It has its verdict.
    Ended(Outcome),
    /// Not yet.
    Waits,
}

fn nothing(why: impl Into<String>) -> Fate {
    Fate::Ended(Outcome::Nothing(why.into()))
}

fn refused(why: impl Into<String>) -> Fate {
    Fate::Ended(Outcome::Refused(why.into()))
}

/// Decides about one waiting alert.
pub(super) fn consider(account: &mut Account, alert: &Accepted, waiting: &Waiting, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> Fate {
    let maybe_sent = waiting.maybe_sent && !alert.signal.command.is_text();
    let too_old = ctx.now >= alert.at + ctx.alert_timeout_ms;
    let Some(instruments) = account.instruments.clone().filter(|_| account.is_ready()) else {
        return match too_old && !maybe_sent {
            true => refused(format!("the exchange could not be reached for {} s", ctx.alert_timeout_ms / 1000)),
            false => Fate::Waits,
        };
    };
    let name = &alert.signal.symbol;
    match &alert.signal.command {
        Command::Exit { side } => match account.symbol_to_close(&instruments, name) {
            Ok(symbol) => exit(account, alert, &symbol, *side, maybe_sent, ctx, outbox),
            Err(error) => refused(format!("symbol: {error}")),
        },
        Command::Order(_) | Command::Close { .. } | Command::Cancel(_) | Command::ChangeLeverage(_) => {
            let fate = match (too_old, &waiting.symbol) {
                (true, _) => Fate::Waits,
                (false, Some(symbol)) => text::turn::consider(account, alert, symbol, ctx, outbox),
                (false, None) => match text::turn::contract(account, &alert.signal, &instruments) {
                    Ok(_) => Fate::Waits,
                    Err(error) => refused(format!("symbol: {error}")),
                },
            };
            match fate {
                Fate::Waits if too_old => refused("it waited longer than ALERT_TIMEOUT for its turn"),
                fate => fate,
            }
        }
        Command::Enter(enter) => {
            let instrument = match name.resolve(&instruments, &account.setup.rules.settle_coin) {
                Ok(instrument) => instrument,
                Err(error) => return refused(format!("symbol: {error}")),
            };
            let fate = enter_fate(account, alert, enter, instrument, maybe_sent, ctx, outbox);
            match fate {
                Fate::Waits if too_old && !maybe_sent => refused("it waited longer than ALERT_TIMEOUT for its turn"),
                fate => fate,
            }
        }
    }
}

fn enter_fate(
    account: &mut Account,
    alert: &Accepted,
    enter: &Enter,
    instrument: &Instrument,
    maybe_sent: bool,
    ctx: &Ctx<'_>,
    outbox: &mut Outbox<'_>,
) -> Fate {
    let plan = match plan(instrument, &account.setup.rules, enter) {
        Ok(plan) => plan,
        Err(error) => return refused(error.to_string()),
    };
    let symbol = &instrument.symbol;
    let of_side = |side: Side| account.trades.iter().position(|trade| trade.symbol == *symbol && trade.side == side);
    if let Some(at) = of_side(enter.side) {
        return join(account, at, alert, enter, &plan, maybe_sent, ctx);
    }
    if enter.second_only {
        if account.setup.rules.total_entries < 2 {
            return nothing("TOTAL_ENTRIES is 1: second entries are never placed");
        }
        if let Some(closed) = outbox.memory.closed.iter().rev().find(|closed| {
            closed.account == alert.account
                && closed.symbol == *symbol
                && closed.side == enter.side
                && closed.prices.as_ref().is_some_and(|prices| prices.same_entries(enter.entry, enter.second))
        }) {
            return nothing(format!("belongs to trade {}, which is closed", closed.id));
        }
    }
    if let (false, Some(other)) = (account.is_hedge(symbol), of_side(enter.side.other()).and_then(|at| account.trades.get(at))) {
        // What may have left already is asked about, whatever else is there.
        match other.is_closing() || ctx.now < alert.at + OTHER_SIDE_WAIT_MS {
            _ if maybe_sent => {}
            true => return Fate::Waits,
            false => return refused(format!("trade {} of the other side is open, and the account is in one-way mode", other.id)),
        }
    }
    if let Some(why) = &account.restricted {
        return refused(format!("the account may not open positions: {why}"));
    }
    for warning in &plan.warnings {
        outbox.notice(&account.setup.name, symbol.as_str(), alert.number, warning);
    }
    let trade = open(account, alert, enter, symbol, &plan, maybe_sent, ctx);
    account.trades.push(trade);
    Fate::Carried
}

/// An ENTRY of a side that has a trade already.
fn join(account: &mut Account, at: usize, alert: &Accepted, enter: &Enter, plan: &Plan, maybe_sent: bool, ctx: &Ctx<'_>) -> Fate {
    let fence = ctx.now + account.fence_ms();
    let Account { setup, trades, .. } = account;
    let Some(trade) = trades.get_mut(at) else { return Fate::Waits };
    let same = trade.prices.as_ref().is_some_and(|prices| prices.same_entries(enter.entry, enter.second));
    let (leg, wanted) = if enter.second_only { (Leg::Second, plan.second) } else { (Leg::Entry, plan.entry) };
    if trade.is_closing() {
        return match same && enter.second_only {
            true => nothing(format!("belongs to trade {}, which is being closed", trade.id)),
            false => Fate::Waits,
        };
    }
    if !same && !trade.is_filled() && !enter.second_only {
        let age_s = ctx.now.saturating_sub(trade.began_at) / 1000;
        return refused(format!(
            "trade {} of this side, {age_s} s old, still waits for its entry at other prices; EXIT it first",
            trade.id
        ));
    }
    if !same {
        return nothing(format!("duplicate: trade {} of this side is there", trade.id));
    }
    let had = trade.entry_of(leg).is_some_and(|ticket| !matches!(ticket.state, State::Ended(End::Refused(_))));
    if had || (leg == Leg::Second && setup.rules.total_entries < 2) {
        return nothing(format!("belongs to trade {}: recorded only", trade.id));
    }
    let Some(wanted) = wanted else { return nothing(format!("belongs to trade {}", trade.id)) };
    trade.entries.retain(|ticket| ticket.leg != leg);
    trade.entries.push(ticket(ctx, &setup.name, alert.number, leg, wanted, maybe_sent.then_some(fence)));
    Fate::Carried
}

fn ticket(ctx: &Ctx<'_>, account: &str, alert: u64, leg: Leg, wanted: Wanted, doubt: Option<Millis>) -> Ticket {
    let mut ticket = Ticket::new(ctx.home, account, alert, leg, wanted.price, wanted.qty);
    if let Some(fence) = doubt {
        ticket.doubt(fence, ctx.now);
    }
    ticket
}

fn open(account: &Account, alert: &Accepted, enter: &Enter, symbol: &Symbol, plan: &Plan, maybe_sent: bool, ctx: &Ctx<'_>) -> Trade {
    let name = &account.setup.name;
    let doubt = maybe_sent.then(|| ctx.now + account.fence_ms());
    let legs = [(Leg::Entry, plan.entry), (Leg::Second, plan.second)];
    let entries = legs.into_iter().filter_map(|(leg, wanted)| Some(ticket(ctx, name, alert.number, leg, wanted?, doubt))).collect();
    let guard = |leg: Leg, price: Option<Decimal>| Some(Ticket::new(ctx.home, name, alert.number, leg, price?, Decimal::ZERO));
    let prices = Prices { entry: enter.entry, second: enter.second, stop: enter.stop, target: enter.target };
    Trade {
        entries,
        stop: guard(Leg::Stop, plan.stop),
        target: guard(Leg::Target, plan.target),
        prices: Some(prices),
        live: Live { prepared: account.prepared.contains(symbol), ..Live::default() },
        ..empty(account, alert.number, alert.at, symbol, enter.side, Phase::Opening)
    }
}

/// A trade without orders.
pub(super) fn empty(account: &Account, id: u64, began_at: Millis, symbol: &Symbol, side: Side, phase: Phase) -> Trade {
    Trade {
        id,
        kind: Kind::Bracket,
        account: account.setup.name.clone(),
        identity: account.setup.identity.clone(),
        symbol: symbol.clone(),
        side,
        prices: None,
        phase,
        entries: Vec::new(),
        stop: None,
        target: None,
        retired: Vec::new(),
        close: None,
        began_at,
        filled_at: None,
        naked_ms: 0,
        naked_since: None,
        stop_was_attached: false,
        replaced_stops: Vec::new(),
        exit_alert: None,
        live: Live::default(),
    }
}

/// What became of the trade that an EXIT found.
pub(super) enum Found {
    /// There is none.
    Nothing,
    /// It is being closed already.
    Closing(u64),
    /// It is being closed from now on.
    Begun,
    /// None of its orders had left; they never will.
    Withdrawn,
}

/// Closes the trade of that side, if there is one.
pub(super) fn leave(account: &mut Account, alert: u64, symbol: &Symbol, side: Side, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> Found {
    let Some(at) = account.trades.iter().position(|trade| trade.symbol == *symbol && trade.side == side) else { return Found::Nothing };
    let placing = account.trades.get(at).is_some_and(|trade| account.is_busy_with(trade.id, |step| *step == Step::Place));
    let name = account.setup.name.clone();
    let Some(trade) = account.trades.get_mut(at) else { return Found::Nothing };
    if trade.is_leaving() {
        // A guard that goes off duty closes nothing any more, and there may be something to close by now.
        trade.phase = Phase::Open;
    } else if trade.is_closing() {
        return Found::Closing(trade.id);
    }
    if trade.phase != Phase::Opening || placing || trade.entries.iter().any(|ticket| ticket.state != State::Idle) {
        begin_closing(trade, Why::Exit, ctx);
        trade.exit_alert = Some(alert);
        return Found::Begun;
    }
    for ticket in &mut trade.entries {
        ticket.give_up("an EXIT arrived before its first order left");
    }
    enter::verdicts(trade, &name, outbox);
    account.trades.remove(at);
    Found::Withdrawn
}

/// An EXIT: closes the trade of that side, or whatever else is there.
fn exit(
    account: &mut Account,
    alert: &Accepted,
    symbol: &Symbol,
    side: Side,
    maybe_sent: bool,
    ctx: &Ctx<'_>,
    outbox: &mut Outbox<'_>,
) -> Fate {
    match leave(account, alert.number, symbol, side, ctx, outbox) {
        Found::Closing(id) => return nothing(format!("trade {id} is being closed already")),
        Found::Begun => return Fate::Carried,
        Found::Nothing | Found::Withdrawn => {}
    }
    let name = account.setup.name.clone();
    let cooled = outbox.memory.closed.iter().rev().find(|closed| closed.account == name && closed.symbol == *symbol && closed.side == side);
    let in_cooldown =
        |closed: &&ClosedTrade| closed.why == Why::Exit && !closed.overtaken && ctx.now < closed.closed_at + ctx.rules.exit_cooldown_ms;
    if let (Some(closed), false) = (cooled.filter(in_cooldown), maybe_sent) {
        return nothing(format!("trade {} was closed by an EXIT within EXIT_COOLDOWN", closed.id));
    }
    if ctx.now >= alert.at + ctx.alert_timeout_ms && !maybe_sent {
        return refused("it waited longer than ALERT_TIMEOUT, and no trade of ours is there to close");
    }
    let mut trade = lone_exit(account, alert.number, alert.at, symbol, side, ctx);
    trade.live.list_due = true;
    account.trades.push(trade);
    Fate::Carried
}

/// The closing procedure for a position that no trade looks after.
fn lone_exit(account: &Account, alert: u64, at: Millis, symbol: &Symbol, side: Side, ctx: &Ctx<'_>) -> Trade {
    let mut trade = empty(account, alert, at, symbol, side, Phase::Closing(Why::Exit));
    trade.kind = Kind::Exit;
    trade.exit_alert = Some(alert);
    trade.live.look = Pace::due(ctx.now);
    trade
}

/// A text order's close that is held up becomes an EXIT, which also takes away what is in its way, and gives the verdict.
pub(super) fn take_over(account: &mut Account, order: &TextOrder, side: Side, ctx: &Ctx<'_>, outbox: &mut Outbox<'_>) -> Found {
    let found = leave(account, order.id, &order.symbol, side, ctx, outbox);
    let is_here = |trade: &Trade| trade.id == order.id;
    if matches!(found, Found::Closing(_) | Found::Begun) || account.trades.iter().any(is_here) {
        return found;
    }
    let trade = lone_exit(account, order.id, order.received_at, &order.symbol, side, ctx);
    account.trades.push(trade);
    Found::Begun
}
