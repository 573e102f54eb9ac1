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
