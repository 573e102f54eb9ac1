//! What the command line shows of the journal, read without its lock while the daemon runs.

use std::collections::BTreeMap;

use crate::cli::trades::{OpenRow, TradeRow};
use crate::config::Config;
use crate::desk::{ClosedTrade, Kind, Memory, Phase, Record, State, TextOrder, Ticket, Trade};
use crate::journal::{self, Replayed};
use crate::market::Decimal;

/// Closed trades, oldest first.
///
/// # Errors
/// In words: the state directory cannot be read.
pub fn closed_trades(config: &Config) -> Result<Vec<TradeRow>, String> {
    let mut rows = BTreeMap::new();
    read(config, &mut |closed| {
        rows.insert(closed.id, closed_row(closed));
    })?;
    Ok(rows.into_values().collect())
}

/// Trades that are not over, and text orders of which something has left; oldest first.
///
/// # Errors
/// In words: the state directory cannot be read.
pub fn open_trades(config: &Config) -> Result<Vec<OpenRow>, String> {
    let memory = read(config, &mut |_| {})?;
    let mut rows: Vec<OpenRow> = memory.trades.values().map(open_row).chain(memory.orders.values().map(order_row)).collect();
    rows.sort_by_key(|row| row.id);
    Ok(rows)
}

/// Adds the journal up to a memory, and shows every closed trade on the way.
fn read(config: &Config, each_closed: &mut dyn FnMut(&ClosedTrade)) -> Result<Memory, String> {
    let mut memory = Memory::default();
    let warnings = journal::read_history(&config.state_directory, &mut |_, replayed| match replayed {
        Replayed::Snapshot(text) => {
            if let Ok(snapshot) = serde_json::from_str::<Memory>(text) {
                for closed in &snapshot.closed {
                    each_closed(closed);
                }
                memory = snapshot;
            }
        }
        Replayed::Record(text) => {
            if let Ok(record) = serde_json::from_str::<Record>(text) {
                if let Record::Closed(closed) = &record {
                    each_closed(closed);
                }
                memory.apply(&record);
            }
        }
    })
    .map_err(|error| error.to_string())?;
    for warning in warnings {
        log::warn!("journal: {warning}");
    }
    Ok(memory)
}

fn closed_row(closed: &ClosedTrade) -> TradeRow {
    let result = closed.result.as_ref();
    TradeRow {
        id: closed.id,
        account: closed.account.clone(),
        symbol: closed.symbol.to_string(),
        side: closed.side,
        opened_at: closed.began_at,
        closed_at: closed.closed_at,
        qty: result.map_or(Decimal::ZERO, |sum| sum.entry_qty),
        entry_price: result.map(|sum| sum.entry_avg),
        exit_price: result.map(|sum| sum.exit_avg),
        profit: result.map(|sum| sum.profit + sum.fees),
        fees: result.map_or(Decimal::ZERO, |sum| sum.fees),
        naked_ms: closed.naked_ms,
        ending: closed.why.as_str().to_owned(),
        alert: closed.id,
    }
}

/// The position a guard protects is not written down, only that it is there.
fn open_row(trade: &Trade) -> OpenRow {
    let is_guard = trade.kind == Kind::Guard;
    let state = match trade.phase {
        Phase::Opening => "opening".to_owned(),
        Phase::Entering if is_guard => "waits for its limit order".to_owned(),
        Phase::Entering => "entering".to_owned(),
        Phase::Open if trade.is_protected() => "open, protected".to_owned(),
        Phase::Open => "open, no stop yet".to_owned(),
        Phase::Closing(why) => format!("closing: {}", why.as_str()),
    };
    OpenRow {
        id: trade.id,
        account: trade.account.clone(),
        symbol: trade.symbol.to_string(),
        side: Some(trade.side),
        state: if is_guard { format!("guard: {state}") } else { state },
        opened_at: trade.began_at,
        qty: (!is_guard).then(|| trade.entries.iter().map(|ticket| ticket.filled).sum()),
        entry_price: None,
        stop: resting(&trade.stop),
        target: resting(&trade.target),
        alert: trade.id,
    }
}

fn order_row(order: &TextOrder) -> OpenRow {
    let legs = order.legs.iter().flatten();
    let running = order.ticket.as_ref().map_or(Decimal::ZERO, |ticket| ticket.filled);
    OpenRow {
        id: order.id,
        account: order.account.clone(),
        symbol: order.symbol.to_string(),
        side: legs.clone().find(|leg| !leg.rest().is_zero()).map(|leg| leg.side),
        state: format!("order: {}", order.command),
        opened_at: order.received_at,
        qty: Some(legs.map(|leg| leg.done).sum::<Decimal>() + running),
        entry_price: None,
        stop: None,
        target: None,
        alert: order.id,
    }
}

fn resting(ticket: &Option<Ticket>) -> Option<Decimal> {
    ticket.as_ref().filter(|ticket| ticket.state == State::Resting).map(|ticket| ticket.price)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alert::text::{Roster, parse};
    use crate::alert::{Command, Signal};
    use crate::desk::sizes::Leg;
    use crate::market::{Action, Side, Symbol};

    fn signal(line: &str) -> Signal {
        let roster = Roster { accounts: vec![("main".to_owned(), "USDT".to_owned())], default: Some(0) };
        parse(line.as_bytes(), &roster).unwrap().lines.remove(0).signal.unwrap()
    }

    fn order(command: Command, legs: Option<Vec<Leg>>) -> TextOrder {
        TextOrder {
            id: 7,
            account: "main".to_owned(),
            identity: String::new(),
            symbol: Symbol::new("ETHUSDT"),
            command,
            received_at: 5,
            began_at: 6,
            legs,
            leverage: None,
            guards: None,
            before: None,
            ticket: None,
            attempts: 1,
            sent_at: 6,
            live: Default::default(),
        }
    }

    fn guard(phase: Phase) -> Trade {
        Trade {
            id: 3,
            account: "main".to_owned(),
            identity: String::new(),
            symbol: Symbol::new("ETHUSDT"),
            side: Side::Long,
            kind: Kind::Guard,
            prices: None,
            phase,
            entries: Vec::new(),
            stop: None,
            target: None,
            retired: Vec::new(),
            close: None,
            began_at: 1,
            filled_at: None,
            naked_ms: 0,
            naked_since: None,
            stop_was_attached: false,
            replaced_stops: Vec::new(),
            exit_alert: None,
            live: Default::default(),
        }
    }

    #[test]
    fn a_text_order_is_shown_by_what_it_asks_and_what_is_executed() {
        let leg = |side, action, qty, done| Leg { side, action, qty: Decimal::new(qty, 1), done: Decimal::new(done, 1) };
        let legs = vec![leg(Side::Short, Action::Close, 5, 5), leg(Side::Long, Action::Open, 3, 1)];
        let row = order_row(&order(signal("ETHUSDT buy 0.8 x3 sl:2900").command, Some(legs)));
        assert_eq!((row.id, row.alert, row.opened_at, row.side), (7, 7, 5, Some(Side::Long)));
        assert_eq!((row.state.as_str(), row.qty), ("order: buy 0.8 x3 sl:2900", Some(Decimal::new(6, 1))));
        let undecided = order_row(&order(signal("ETHUSDT close").command, None));
        assert_eq!((undecided.state.as_str(), undecided.side, undecided.qty), ("order: close", None, Some(Decimal::ZERO)));
    }

    #[test]
    fn a_guard_is_named_so() {
        for (phase, state) in [
            (Phase::Entering, "guard: waits for its limit order"),
            (Phase::Open, "guard: open, protected"),
            (Phase::Closing(crate::desk::Why::Stop), "guard: closing: stop loss"),
        ] {
            let row = open_row(&guard(phase));
            assert_eq!((row.state.as_str(), row.qty), (state, None));
        }
        let bracket = open_row(&Trade { kind: Kind::Bracket, ..guard(Phase::Entering) });
        assert_eq!((bracket.state.as_str(), bracket.qty), ("entering", Some(Decimal::ZERO)));
    }
}
